"""Spreadsheet files as grids of typed cells, each with its place. Reads .xlsx, .ods and .csv."""

import io
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from portal import tables
from portal.importers import unpacking
from portal.problems import PortalError, Problem

MOST_ROWS, MOST_COLUMNS, MOST_CELLS = 50_000, 200, 400_000
LONGEST = 32_767  # Excel's own limit
Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell that holds something.

    `kind` is text, number, date, boolean, error or formula (one without a result). A number is as precise as
    spreadsheets are, 15 digits; `decimals` is how many of them its format shows, `width` how many digits that format
    fills up with zeros. `day` says whether a date is shown with its day.
    """

    kind: str
    text: str = ""
    number: Decimal = Decimal(0)
    day: date | None = None
    percent: bool = False
    decimals: int | None = None
    width: int = 0
    shows_day: bool = True


@dataclass(frozen=True)
class Sheet:
    """One sheet: its filled cells by row and column from 1, the areas that are merged, and what is hidden."""

    name: str
    cells: Mapping[Place, Cell]
    merged: tuple[tuple[int, int, int, int], ...] = ()
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    hidden: bool = False


@dataclass(frozen=True)
class Workbook:
    """The sheets of a file. `file` is what problems call it; a CSV has one sheet and no cells with letters."""

    file: str
    kind: str
    sheets: tuple[Sheet, ...]

    def problem(self, spot: "Spot", message: str, fix: str, code: str = "cell") -> Problem:
        """A problem with a cell of this file, or with the row or sheet where the spot has no more than these."""
        if self.kind == "csv":
            return Problem(self.file, spot.row, spot.name, code, message, fix)
        place = f"sheet {spot.sheet}"
        if spot.row:
            cell = f", cell {letters(spot.column)}{spot.row}"
            place += cell if spot.column else f", row {spot.row}"
        return Problem(self.file, 0, place, code, message, fix)


@dataclass(frozen=True)
class Spot:
    """A place in a workbook: a sheet, and in it a row, and in that a column by number and by name, as far as known."""

    sheet: str
    row: int = 0
    column: int = 0
    name: str = ""


def letters(column: int) -> str:
    """The letters of a column as spreadsheets name it: A, Z, AA."""
    found = ""
    while column:
        column, rest = divmod(column - 1, 26)
        found = chr(65 + rest) + found
    return found


def read(path: Path) -> Workbook:
    """Read a spreadsheet file; raise `PortalError` where it cannot be read or is larger than any table here."""
    kind, raw = unpacking.opened(path)
    if kind == "csv":
        return Workbook(path.name, kind, (_csv(path),))
    reader = {"xlsx": _xlsx, "ods": _ods}[kind]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Workbook(path.name, kind, tuple(reader(path, raw)))
    except PortalError:
        raise
    except Exception:  # whatever the library stumbles over, the file is what is broken
        fix = "Open it in a spreadsheet program and save it again."
        raise unpacking.wrong(path, "The file is damaged or not a spreadsheet.", fix) from None


class _Bounds:
    """Counts the filled cells of a file and refuses more than a table of this portal has."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._left = MOST_CELLS

    def add(self, row: int, column: int, cell: Cell) -> None:
        self._left -= 1
        if row > MOST_ROWS or column > MOST_COLUMNS or self._left < 0:
            found = f"A sheet has filled cells beyond row {MOST_ROWS:,} or column {MOST_COLUMNS}, or more than {MOST_CELLS:,}."
            raise unpacking.wrong(self._path, found, "Copy the rows that you need into a new file.")
        if len(cell.text) > LONGEST:
            found = f"The cell {letters(column)}{row} holds more than {LONGEST:,} letters."
            raise unpacking.wrong(self._path, found, "Shorten it.")


def _csv(path: Path) -> Sheet:
    rows, faults = tables.rows_of(path, path.name)
    if rows is None:
        raise PortalError(faults)
    bounds, cells = _Bounds(path), {}
    for r, row in enumerate(rows, 1):
        for c, text in enumerate(row, 1):
            if text.strip():
                cells[r, c] = Cell("text", text)
                bounds.add(r, c, cells[r, c])
    return Sheet(path.stem, cells)


# --- .xlsx


def _xlsx(path: Path, raw: bytes) -> Iterator[Sheet]:
    """Row by row, with openpyxl's own parser of a sheet: its ready-made sheets fill every cell of a merged area."""
    from openpyxl import load_workbook  # noqa: PLC0415
    from openpyxl.utils import range_boundaries  # noqa: PLC0415
    from openpyxl.worksheet._reader import FORMULA_TAG, VALUE_TAG, WorkSheetParser  # noqa: PLC0415

    class Parser(WorkSheetParser):  # type: ignore[misc]
        def parse_cell(self, element: Any) -> dict[str, Any]:
            found: dict[str, Any] = super().parse_cell(element)
            bare = element.find(VALUE_TAG) is None or element.get("t") != "str"
            return found | {"formula": bare and element.find(FORMULA_TAG) is not None}

    book = load_workbook(io.BytesIO(raw), read_only=True, data_only=True, keep_links=False)
    bounds = _Bounds(path)
    for sheet in book.worksheets:
        cells: dict[Place, Cell] = {}
        with sheet._get_source() as source:
            parser = Parser(
                source, sheet._shared_strings, True, book.epoch, book._date_formats, book._timedelta_formats
            )
            for _, row in parser.parse():
                for told in row:
                    cell = _xlsx_cell(told, book)
                    if cell:
                        bounds.add(told["row"], told["column"], cell)
                        cells[told["row"], told["column"]] = cell
        columns = [
            (int(a["min"]), min(int(a["max"]), MOST_COLUMNS))
            for a in parser.column_dimensions.values()
            if a.get("hidden") in ("1", "true")
        ]
        merged = getattr(parser.merged_cells, "mergeCell", None) or ()
        areas = (range_boundaries(m.ref) for m in merged)
        yield Sheet(
            sheet.title,
            cells,
            tuple((top, left, bottom, right) for left, top, right, bottom in areas),
            frozenset(int(r) for r, a in parser.row_dimensions.items() if a.get("hidden") in ("1", "true")),
            frozenset(c for first, last in columns for c in range(first, last + 1)),
            sheet.sheet_state != "visible",
        )


def _xlsx_cell(told: Mapping[str, Any], book: Any) -> Cell | None:
    value, kind = told["value"], told["data_type"]
    if value is None:
        return Cell("formula") if told["formula"] else None
    if kind == "e":
        return Cell("error", str(value))
    if isinstance(value, bool):
        return Cell("boolean", "true" if value else "false")
    form = _format(book, told["style_id"])
    if isinstance(value, (date, datetime)):
        day = value.date() if isinstance(value, datetime) else value
        return Cell("date", day=day, shows_day="d" in form)
    if isinstance(value, (int, float)):
        return _numeric(value, form)
    text = str(value).replace("_x000D_", "")
    return Cell("text", text) if text.strip() else None


def _format(book: Any, style: int) -> str:
    """The number format of a cell, without what it only writes beside the number."""
    from openpyxl.styles.numbers import BUILTIN_FORMATS  # noqa: PLC0415

    number = book._cell_styles[style].numFmtId
    form = BUILTIN_FORMATS.get(number, "General") if number < 164 else book._number_formats[number - 164]
    return re.sub(r'"[^"]*"|\[[^\]]*\]|\\.|_.|\*.', "", form).partition(";")[0].lower()


def _numeric(value: float, form: str) -> Cell:
    number = _precise(value)
    if number is None:
        return Cell("error", str(value))
    places = re.search(r"\.([0#?]+)", form)
    whole = re.search(r"[0#?]", form) and "e" not in form and "/" not in form
    filled = re.match(r"0+", form)
    return Cell(
        "number",
        number=number,
        percent="%" in form,
        decimals=(len(places[1]) if places else 0) if whole else None,
        width=len(filled[0]) if filled and whole else 0,
    )


def _precise(value: float) -> Decimal | None:
    """The number to the 15 digits of which spreadsheets are sure, without the noise after them."""
    number = Decimal(f"{value:.15g}")
    return number if number.is_finite() else None


# --- .ods

_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_CALC = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"


def _ods(path: Path, raw: bytes) -> Iterator[Sheet]:
    """Row by row from the tree, since odfdo's own rows copy what is repeated, a million times where a file says so."""
    from odfdo import Document  # noqa: PLC0415

    root = Document(io.BytesIO(raw)).content.root._xml_element
    concealed = {
        s.get(f"{_STYLE}name")
        for s in root.iter(f"{_STYLE}style")
        if any(p.get(f"{_TABLE}display") == "false" for p in s)
    }
    bounds = _Bounds(path)
    for table in root.iter(f"{_TABLE}table"):
        cells: dict[Place, Cell] = {}
        merged: list[tuple[int, int, int, int]] = []
        hidden: set[int] = set()
        top = 1
        for row in table.iter(f"{_TABLE}table-row"):
            times = _times(row, "rows")
            filled, areas = _ods_row(row, top)
            merged += areas
            for r in range(top, top + (times if filled else 0)):
                for first, wide, cell in filled:
                    for c in range(first, first + wide):
                        bounds.add(r, c, cell)
                        cells[r, c] = cell
                if row.get(f"{_TABLE}visibility") in ("collapse", "filter"):
                    hidden.add(r)
            top += times
        yield Sheet(
            table.get(f"{_TABLE}name", ""),
            cells,
            tuple(merged),
            frozenset(hidden),
            frozenset(_hidden_columns(table)),
            table.get(f"{_TABLE}style-name") in concealed,
        )


def _times(element: Any, of: str) -> int:
    return max(1, int(element.get(f"{_TABLE}number-{of}-repeated", "1")))


def _hidden_columns(table: Any) -> Iterator[int]:
    at = 1
    for column in table.iter(f"{_TABLE}table-column"):
        times = _times(column, "columns")
        if column.get(f"{_TABLE}visibility") in ("collapse", "filter"):
            yield from range(at, min(at + times, MOST_COLUMNS + 1))
        at += times


def _ods_row(row: Any, top: int) -> tuple[list[tuple[int, int, Cell]], list[tuple[int, int, int, int]]]:
    """The filled cells of a row, each with its column and how often it is repeated, and the merged areas that begin in it."""
    filled, merged = [], []
    column = 1
    for element in row:
        if element.tag not in (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
            continue
        times = _times(element, "columns")
        cell = _ods_cell(element) if element.tag == f"{_TABLE}table-cell" else None
        if cell:
            filled.append((column, times, cell))
        high, wide = (int(element.get(f"{_TABLE}number-{of}-spanned", "1")) for of in ("rows", "columns"))
        if high > 1 or wide > 1:
            merged.append((top, column, top + high - 1, column + wide - 1))
        column += times
    return filled, merged


def _ods_cell(element: Any) -> Cell | None:
    kind = element.get(f"{_OFFICE}value-type")
    shown = "\n".join(_words(p) for p in element if p.tag == f"{_TEXT}p")
    if element.get(f"{_CALC}value-type") == "error":
        return Cell("error", shown)
    if kind is None or kind == "void":
        return Cell("formula") if element.get(f"{_TABLE}formula") is not None else None
    value = element.get(f"{_OFFICE}value", "")
    match kind:
        case "float" | "percentage" | "currency":
            return _ods_number(float(value), kind == "percentage", shown)
        case "date":
            day = datetime.fromisoformat(element.get(f"{_OFFICE}date-value")).date()
            return Cell("date", day=day, shows_day=bool(re.search(rf"(?<!\d)0?{day.day}(?!\d)", shown)))
        case "boolean":
            return Cell("boolean", element.get(f"{_OFFICE}boolean-value", ""))
    text = shown or element.get(f"{_OFFICE}string-value", "")
    return Cell("text", text) if text.strip() else None


def _ods_number(value: float, percent: bool, shown: str) -> Cell:
    number = _precise(value)
    if number is None:
        return Cell("error", str(value))
    plain = shown.strip().rstrip("%").strip()
    places = re.search(r"\.(\d+)$", plain)
    filled = re.fullmatch(r"0\d+", plain)
    decimals = (len(places[1]) if places else 0) if plain[-1:].isdigit() and "E" not in plain else None
    return Cell(
        "number", number=number, percent=percent, decimals=decimals, width=len(plain) if filled else 0
    )


def _words(paragraph: Any) -> str:
    """The text of a paragraph, in which runs of spaces, tabs and new lines are elements; notes are left out."""
    told = [paragraph.text or ""]
    for part in paragraph:
        if part.tag == f"{_TEXT}s":
            told.append(" " * min(int(part.get(f"{_TEXT}c", "1")), 8))
        elif part.tag in (f"{_TEXT}tab", f"{_TEXT}line-break"):
            told.append(" ")
        elif part.tag != f"{_OFFICE}annotation":
            told.append(_words(part))
        told.append(part.tail or "")
    return "".join(told)
