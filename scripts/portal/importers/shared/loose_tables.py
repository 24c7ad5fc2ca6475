"""Read tables with titles above the header and notes below it, as statistical offices publish them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from portal.core.problems import PortalError, Problem
from portal.data import tables, wide_rows
from portal.importers.shared import published_workbooks

TITLE_ROWS = 30  # above a header, at most
Row = Sequence[str]


@dataclass(frozen=True)
class LooseTable:
    """A table as text. `title` is what is above the header; `rows` have the number that a spreadsheet shows.

    Headings are compared by `plain`; columns without a heading are left out, and each row has a cell for each heading.
    """

    file: str
    title: tuple[str, ...]
    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]

    def column(self, *names: str) -> int | None:
        """Return the place of the first of these headings, whatever their capitals and spaces; None if there is none."""
        plain_header = [plain(h) for h in self.header]
        return next((plain_header.index(plain(n)) for n in names if plain(n) in plain_header), None)

    def records(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield each row's number and cells by plain heading."""
        names = [plain(h) for h in self.header]
        for number, row in self.rows:
            yield number, dict(zip(names, row, strict=True))


def plain(heading: str) -> str:
    """Return a heading in small letters with single spaces, without underscores and byte order mark."""
    return " ".join(heading.replace("_", " ").replace("\ufeff", "").casefold().split())


def rows_of(path: Path) -> list[list[str]]:
    """Return the rows of a CSV file, or of the first filled sheet of a workbook.

    Raises:
        PortalError: the file cannot be read.
    """
    if published_workbooks.is_workbook(path):
        return next((rows for rows in published_workbooks.sheets_of(path).values() if rows), [])
    found, faults = tables.read_rows(path, path.name)
    if found is None:
        raise PortalError(faults)
    return found


def read(path: Path, is_header: Callable[[Row], bool], what: str) -> LooseTable:
    """Return the table under the first row that `is_header` accepts, given its plain headings.

    `what` says what kind of table was expected, for the problem.

    Raises:
        PortalError: the file cannot be read, or has no such header in its first rows.
    """
    if published_workbooks.is_workbook(path):
        sheets: Iterable[Sequence[Row]] = published_workbooks.sheets_of(path).values()
    else:
        sheets = [rows := rows_of(path)]
        stop_at_split_numbers(path.name, rows, is_header)
    table = next((t for rows in sheets if (t := found(path.name, rows, is_header))), None)
    if table is None:
        message = f"This is not {what}: no row has its headings."
        fix = "Use the file as it was published, with its header."
        raise PortalError([Problem(path.name, 1, code="column", message=message, fix=fix)])
    return table


def found(file: str, rows: Sequence[Row], is_header: Callable[[Row], bool]) -> LooseTable | None:
    """Return the table under a header among the first rows, or None."""
    for place, row in enumerate(rows[:TITLE_ROWS]):
        if is_header([plain(c) for c in row]):
            named = [n for n, c in enumerate(row) if c.strip()]
            title = tuple(c.strip() for above in rows[:place] for c in above if c.strip())
            body = tuple(
                (number, tuple(cells[n].strip() if n < len(cells) else "" for n in named))
                for number, cells in enumerate(rows[place + 1 :], place + 2)
                if any(c.strip() for c in cells)
            )
            return LooseTable(file, title, tuple(row[n].strip() for n in named), body)
    return None


def stop_at_split_numbers(file: str, rows: Sequence[Row], is_header: Callable[[Row], bool]) -> None:
    """Raise `PortalError` if numbers like 1,250 have moved cells of a CSV beyond the header; notes there are ignored."""
    heads = (n for n, row in enumerate(rows[:TITLE_ROWS]) if is_header([plain(c) for c in row]))
    header = next(heads, len(rows))
    width = len(rows[header]) if header < len(rows) else 0
    wide = [(n, r) for n, r in enumerate(rows[header + 1 :], header + 2) if len(r) > width]
    faults = ((n, wide_rows.split_numbers(row, [None] * width)) for n, row in wide)
    if problems := [Problem(file, n, "", "row", *fault) for n, fault in faults if fault]:
        raise PortalError(problems)
