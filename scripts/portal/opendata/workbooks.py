"""Say what is on each sheet of the workbooks for download, by the Analysis Function's guidance on accessible spreadsheets.

A workbook begins with a cover, a list of its sheets and, if it needs one, a sheet of notes. Each further sheet has one
table, with its title in the first cell. `workbook_files` writes the same workbook as .xlsx and .ods.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from portal.core.text import MARKERS
from portal.opendata.records import FigureRecord

Cell = str | Decimal
# These markers replace the number in its cell; other markers are in the column beside it.
_INSTEAD = frozenset(("c", "x", "z", "low"))
NO_MARK, NOT_STATED = "No mark", "Not stated"
_LONGEST_NAME = 31  # characters in the name of a sheet


@dataclass(frozen=True, kw_only=True)
class TableSheet:
    """A sheet with one table: its name, its title, what it says above the table, the headings and the rows.

    `marks` are the marks that its cells use, with their meanings.
    """

    name: str
    title: str
    notes: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    marks: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class DownloadWorkbook:
    """A workbook: its title, the lines of its cover and its tables.

    `publisher` and `language` are metadata. `day` is the day of its release in ISO, or empty.
    """

    title: str
    cover: tuple[str, ...]
    tables: tuple[TableSheet, ...]
    publisher: str
    language: str
    day: str

    @property
    def marks(self) -> tuple[tuple[str, str], ...]:
        """Return the marks of all its tables with their meanings, each once."""
        return tuple(dict.fromkeys(m for t in self.tables for m in t.marks))

    @property
    def contents(self) -> tuple[tuple[str, str], ...]:
        """Return the name and title of each sheet after the list of sheets."""
        notes = (("Notes", "Marks used in the tables"),) if self.marks else ()
        return (*notes, *((t.name, t.title) for t in self.tables))


def figures_sheet(title: str, records: Iterable[FigureRecord], split: str) -> TableSheet:
    """Return a sheet with figures, one a row. `split` names the column of parts, if any."""
    listed = tuple(records)
    part = (split.capitalize(),) if split else ()
    columns = ("Indicator", "Area code", "Area", "Period", "First day", "Last day", *part, "Value", "Unit", "Mark", "Source", "Place in the source")  # fmt: skip
    marks = tuple(
        (f"[{mark}]", meaning) for mark, meaning in MARKERS.items() if any(r.status == mark for r in listed)
    )
    notes = ["This sheet has one table."]
    if marks:
        notes.append("Some cells have marks, which are explained on the sheet Notes.")
    return TableSheet(
        name="Figures",
        title=title,
        notes=tuple(notes),
        columns=columns,
        rows=tuple(_row(r, bool(split)) for r in listed),
        marks=marks,
    )


def _row(r: FigureRecord, split: bool) -> tuple[Cell, ...]:
    mark = f"[{r.status}]" if r.status else NO_MARK
    value: Cell = r.value if r.value is not None and r.status not in _INSTEAD else mark if r.status else "[x]"
    part = (r.part or "All",) if split else ()
    return (r.title, r.area, r.place, r.period, r.start or NOT_STATED, r.end or NOT_STATED, *part, value, r.unit, mark, r.source, r.locator)  # fmt: skip


def table_sheet(name: str, title: str, rows: Sequence[Sequence[str]]) -> TableSheet:
    """Return a sheet with a table of a package as it is; the first row has its headings."""
    notes = ["This sheet has one table. All its cells are text, as in the package."]
    if any(not cell for row in rows[1:] for cell in row):
        notes.append("A blank cell means that the table has no value there.")
    return TableSheet(
        name=name, title=title, notes=tuple(notes), columns=tuple(rows[0]), rows=tuple(map(tuple, rows[1:]))
    )


def sheet_names(names: Iterable[str]) -> Mapping[str, str]:
    """Return a unique name for the sheet of each table, short enough for every spreadsheet program."""
    used: dict[str, str] = {}
    for name in names:
        short, n = name[:_LONGEST_NAME], 1
        while short.lower() in {u.lower() for u in used.values()} | {"cover", "contents", "notes", "history"}:
            n += 1
            short = f"{name[: _LONGEST_NAME - 3]} {n}"
        used[name] = short
    return used


@dataclass(frozen=True, kw_only=True)
class WrittenSheet:
    """A sheet as it is written: its rows from the top, and the row of the headings of its table, None on a cover.

    Rows and columns count from 0. `linked` is True if the first column of the table names other sheets.
    """

    name: str
    rows: tuple[tuple[Cell, ...], ...]
    heading: int | None
    linked: bool = False

    @property
    def width(self) -> int:
        """Return the number of columns."""
        return max(map(len, self.rows))


def sheets_of(book: DownloadWorkbook) -> Iterator[WrittenSheet]:
    """Yield every sheet of a workbook in order."""
    one_table = ("This sheet has one table.",)
    yield WrittenSheet(name="Cover", rows=((book.title,), *((line,) for line in book.cover)), heading=None)
    contents = (("Contents",), one_table, ("WrittenSheet", "What it has"), *book.contents)
    yield WrittenSheet(name="Contents", rows=contents, heading=2, linked=True)
    if book.marks:
        marks = (("Marks used in the tables",), one_table, ("Mark", "Meaning"), *book.marks)
        yield WrittenSheet(name="Notes", rows=marks, heading=2)
    for t in book.tables:
        above = ((t.title,), *((note,) for note in t.notes))
        yield WrittenSheet(name=t.name, rows=(*above, t.columns, *t.rows), heading=len(above))
