"""Report what people wrote beside the cells of a sheet, and which cells they struck through."""

from collections.abc import Iterator

from portal.importers.spreadsheets.grid import Cell, Sheet, letters
from portal.importers.spreadsheets.readings import squeezed

_LONGEST = 60  # characters of a text that a line quotes


def lines(sheet: Sheet, header: int = 0, of_template: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield a line for each note and each struck-through cell; without the template's notes, which are in its header."""
    for (r, c), words in sorted(sheet.notes.items()):
        if not (r == header and of_template and words.startswith(of_template)):
            yield f"Sheet {sheet.name}, cell {letters(c)}{r} has a note: “{short(squeezed(words))}”."
    for (r, c), cell in sorted(sheet.cells.items()):
        if cell.struck:
            yield f"Sheet {sheet.name}, cell {letters(c)}{r} is struck through: “{short(in_words(cell))}”."


def in_words(cell: Cell) -> str:
    """Return a cell in words, as a question shows it."""
    if cell.kind == "number":
        return f"{cell.number.normalize():f}"
    return cell.day.isoformat() if cell.day else squeezed(cell.text)


def short(words: str) -> str:
    """Return the beginning of a text, as much as a line quotes."""
    return words[:_LONGEST] + "…" if len(words) > _LONGEST else words
