"""Spreadsheet files as grids of typed cells, each with its place. Reads .xlsx, .ods and .csv."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from portal.core.problems import PortalError, Problem
from portal.data import damaged_tables, tables
from portal.importers.spreadsheets import unpacking
from portal.importers.spreadsheets.grid import Bounds, Cell, Place, Sheet, letters

DEEPEST_HEADER = 40  # titles and notes above it


@dataclass(frozen=True)
class Workbook:
    """The sheets of a file. `file` is what problems call it; a CSV has one sheet and no cells with letters."""

    file: str
    kind: str
    sheets: tuple[Sheet, ...]

    def problem(self, spot: "Spot", message: str, fix: str, code: str = "cell") -> Problem:
        """Return a problem with a cell of this file, or with the row or sheet where the spot has no more than these."""
        origin = self._origin(spot)
        if self.kind == "csv":
            column = letters(origin.column) if origin != spot else origin.name
            return Problem(self.file, origin.row, column, code, message, fix)
        spot = origin
        place = f"sheet {spot.sheet}" if spot.sheet else ""
        if spot.row:
            cell = f", cell {letters(spot.column)}{spot.row}"
            place += cell if spot.column else f", row {spot.row}"
        return Problem(self.file, 0, place, code, message, fix)

    def _origin(self, spot: "Spot") -> "Spot":
        """Return the place in the file of a row that was made from a crossed table."""
        origins = next((s.origins for s in self.sheets if s.name == spot.sheet), {})
        row, column = origins.get((spot.row, 0), (spot.row, spot.column))
        return Spot(spot.sheet, row, column, spot.name)


@dataclass(frozen=True)
class Spot:
    """A place in a workbook: a sheet, and in it a row, and in that a column by number and by name, as far as known."""

    sheet: str
    row: int = 0
    column: int = 0
    name: str = ""


@dataclass(frozen=True)
class CellEdit:
    """A text to read in place of what a cell of the file has; an empty text empties the cell."""

    sheet: str
    row: int
    column: int
    text: str


def edited(book: Workbook, edits: Iterable[CellEdit]) -> Workbook:
    """Return the workbook with cells corrected, each as if the text had been typed there."""
    by_sheet: dict[str, dict[Place, str]] = {}
    for edit in edits:
        by_sheet.setdefault(edit.sheet, {})[edit.row, edit.column] = edit.text.strip()
    if not by_sheet:
        return book
    return replace(book, sheets=tuple(_typed(s, by_sheet.get(s.name, {})) for s in book.sheets))


def _typed(sheet: Sheet, texts: dict[Place, str]) -> Sheet:
    fresh = {at: Cell("text", text) for at, text in texts.items() if text}
    return replace(sheet, cells={at: c for at, c in sheet.cells.items() if at not in texts} | fresh)


def renamed(book: Workbook, read_as: Mapping[str, str]) -> Workbook:
    """Return the workbook with texts read as others, such as the heading “Offence desc” as “indicator”.

    Capitals and spaces around a text do not count. A heading that is read as an empty text is left out with all cells
    below it.
    """
    known = {words_of(words): text for words, text in read_as.items()}
    return replace(book, sheets=tuple(_renamed(s, known) for s in book.sheets)) if known else book


def words_of(text: str) -> str:
    """Return a text as it is compared with others: without capitals and more than one space."""
    return " ".join(text.split()).casefold()


def _renamed(sheet: Sheet, known: Mapping[str, str]) -> Sheet:
    cells: dict[Place, Cell] = {}
    gone: dict[int, int] = {}
    for (row, column), cell in sorted(sheet.cells.items()):
        text = known.get(words_of(cell.text)) if cell.kind == "text" else None
        if text == "" and row <= DEEPEST_HEADER:
            gone.setdefault(column, row)
        elif row < gone.get(column, row + 1):
            cells[row, column] = replace(cell, text=text) if text else cell
    return replace(sheet, cells=cells)


def read(path: Path) -> Workbook:
    """Read a spreadsheet file; raise `PortalError` where it cannot be read or is larger than any table here."""
    kind, raw = unpacking.opened(path)
    if kind == "csv":
        return Workbook(path.name, kind, (_csv(path, raw),))
    from portal.importers.spreadsheets import ods, xlsx  # noqa: PLC0415 - other importers need neither

    reader = {"xlsx": xlsx.sheets, "ods": ods.sheets}[kind]
    try:
        return Workbook(path.name, kind, tuple(reader(path.name, raw)))
    except PortalError:
        raise
    except Exception:  # whatever the library stumbles over, the file is what is broken
        fix = "Open it in a spreadsheet program and save it again."
        raise unpacking.wrong(path.name, "The file is damaged or not a spreadsheet.", fix) from None


def _csv(path: Path, raw: bytes) -> Sheet:
    rows, faults = tables.read_rows(path, path.name, any_separator=True)
    if rows is None:
        raise PortalError(faults)
    bounds = Bounds(path.name)
    cells: dict[Place, Cell] = {}
    is_foreign = damaged_tables.separator_of(raw.decode(tables.encoding_of(raw), "replace")) == ";"
    commas = damaged_tables.decimal_commas(rows) if is_foreign else ""
    for r, row in enumerate(rows, 1):
        for c, text in enumerate(row, 1):
            if text.strip():
                cells[r, c] = Cell("text", text, commas=commas)
                bounds.add(r, c, cells[r, c])
    return Sheet(path.stem, cells)
