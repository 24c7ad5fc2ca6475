"""Police figures, from the files of the Metropolitan Police and data.police.uk."""
