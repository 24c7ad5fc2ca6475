"""Read published tables that come as .xlsx, as the text that a CSV of the same table would have.

These files are larger than any spreadsheet that people fill in, so they are streamed by openpyxl, values only, and
what `importers.spreadsheets` reads of them (formats, notes, hidden cells) is left alone.
"""

import io
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from portal.core import input_files
from portal.core.problems import PortalError, Problem

LARGEST_INSIDE = 1_000_000_000  # bytes of XML; a year of all of London's wards has 40 million
_TITLE_ROWS = 30  # above a header, at most
_SAVE = "Open it in a spreadsheet program, save the sheet as “CSV UTF-8”, and import that file."

Header = Sequence[str]


def is_workbook(path: Path) -> bool:
    """Return True if a file is named as an Excel workbook."""
    return path.suffix.lower() in (".xlsx", ".xlsm")


def rows_of(path: Path, is_header: Callable[[Header], bool]) -> list[list[str]]:
    """Return the table of a workbook as text, header first: the rows under the first row that `is_header` accepts.

    If several sheets have the same header, their rows follow each other. If no sheet has the header, return the first
    sheet that is not empty as it is, so that the caller can say what its header lacks.

    Raises:
        PortalError: the file cannot be read.
    """
    try:
        raw = input_files.read(path)
        with zipfile.ZipFile(io.BytesIO(raw)) as parts:
            if sum(p.file_size for p in parts.infolist()) > LARGEST_INSIDE:
                raise _unreadable(path, "The workbook is too large to be read.")
        sheets = [list(_texts(rows)) for rows in _sheets(raw)]
    except input_files.UnreadableError as fault:
        raise PortalError([Problem(path.name, code="file", message=fault.message, fix=fault.fix)]) from None
    except PortalError:
        raise
    except Exception:  # whatever the library stumbles over, the file is what is broken
        raise _unreadable(path, "The file is damaged or not an Excel workbook.") from None
    whole: list[list[str]] = []
    for rows in sheets:
        start = next((n for n, row in enumerate(rows[:_TITLE_ROWS]) if is_header(row)), None)
        if start is None:
            continue
        header = _trimmed(rows[start])
        if not whole:
            whole.append(header)
        if header == whole[0]:
            whole.extend(_fitted(row, len(header)) for row in rows[start + 1 :] if any(row))
    return whole or next((rows for rows in sheets if rows), [[]])


def _sheets(raw: bytes) -> Iterator[Iterable[Sequence[Any]]]:
    from openpyxl import load_workbook  # noqa: PLC0415 - most imports are of CSV files

    book = load_workbook(io.BytesIO(raw), read_only=True, data_only=True)
    for sheet in book.worksheets:
        sheet.reset_dimensions()  # some programs write a wrong size into the file
        yield sheet.iter_rows(values_only=True)


def _texts(rows: Iterable[Sequence[Any]]) -> Iterator[list[str]]:
    for row in rows:
        yield [_text(cell) for cell in row]


def _text(cell: Any) -> str:
    """Return a cell as a CSV has it: whole numbers without a point, dates in ISO."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell)
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == datetime.min.time() else cell.isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell)


def _trimmed(row: list[str]) -> list[str]:
    """Return a row without the empty cells at its end."""
    filled = len(row)
    while filled and not row[filled - 1].strip():
        filled -= 1
    return row[:filled]


def _fitted(row: list[str], width: int) -> list[str]:
    """Return a row as wide as the header: cells that the sheet leaves out are empty, and empty ones beyond it go."""
    return [*row, *[""] * (width - len(row))][: max(width, len(_trimmed(row)))]


def _unreadable(path: Path, message: str) -> PortalError:
    return PortalError([Problem(path.name, code="file", message=message, fix=_SAVE)])
