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
    sheet that is not empty as it is, so that the caller can say what its header does not have.

    Raises:
        PortalError: the file cannot be read.
    """
    sheets = [rows for _, rows in _sheets(path)]
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


def _sheets(path: Path) -> list[tuple[str, list[list[str]]]]:
    """Return the title of each sheet of a workbook, and its rows as text.

    Raises:
        PortalError: the file cannot be read.
    """
    from openpyxl import load_workbook  # noqa: PLC0415 - most imports are of CSV files

    found = []
    try:
        raw = input_files.read(path)
        with zipfile.ZipFile(io.BytesIO(raw)) as parts:
            if sum(p.file_size for p in parts.infolist()) > LARGEST_INSIDE:
                raise _unreadable(path, "The workbook is too large to be read.")
        for sheet in load_workbook(io.BytesIO(raw), read_only=True, data_only=True).worksheets:
            sheet.reset_dimensions()  # some programs write a wrong size into the file
            found.append((sheet.title, list(_texts(sheet.iter_rows(values_only=True)))))
    except input_files.UnreadableError as fault:
        raise PortalError([Problem(path.name, code="file", message=fault.message, fix=fault.fix)]) from None
    except PortalError:
        raise
    except Exception:  # whatever error the library raises, the cause is a damaged file
        raise _unreadable(path, "The file is damaged or not an Excel workbook.") from None
    return found


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


def sheets_of(path: Path) -> dict[str, list[list[str]]]:
    """Return every sheet of a workbook as text, by name without spaces around it.

    Raises:
        PortalError: the file cannot be read.
    """
    return {title.strip(): [_trimmed(row) for row in rows] for title, rows in _sheets(path)}


_TABLES = "urn:oasis:names:tc:opendocument:xmlns:table:1.0"
_WORDS = "urn:oasis:names:tc:opendocument:xmlns:text:1.0"
_WIDEST = 500  # columns of a published table; repeated empty cells fill a sheet to its right edge


def ods_sheets(path: Path) -> Iterator[tuple[str, Iterator[list[str]]]]:
    """Yield the name and rows of each sheet of an .ods file, read as a stream: some have more than a gigabyte of XML.

    The rows of a sheet must be read before the next sheet is asked for.

    Raises:
        PortalError: the file cannot be read.
    """
    from lxml import etree  # noqa: PLC0415 - most imports are of CSV files

    try:
        with zipfile.ZipFile(path) as parts, parts.open("content.xml") as content:
            events = etree.iterparse(
                content, ("start", "end"), resolve_entities=False, no_network=True, huge_tree=True
            )
            for event, element in events:
                if event == "start" and element.tag == f"{{{_TABLES}}}table":
                    yield element.get(f"{{{_TABLES}}}name", "").strip(), _ods_rows(events, element)
    except PortalError:
        raise
    except Exception:  # whatever the libraries stumble over, the file is what is broken
        raise _unreadable(path, "The file is damaged or not an OpenDocument spreadsheet.") from None


def _ods_rows(events: Iterator[Any], table: Any) -> Iterator[list[str]]:
    """Yield the rows of the sheet that has begun, and forget each, until the sheet ends."""
    row_tag, cell_tag = f"{{{_TABLES}}}table-row", f"{{{_TABLES}}}table-cell"
    for event, element in events:
        if event != "end":
            continue
        if element is table:
            return
        if element.tag == row_tag:
            cells: list[str] = []
            for cell in element.iter(cell_tag):
                times = min(int(cell.get(f"{{{_TABLES}}}number-columns-repeated", "1")), _WIDEST - len(cells))
                words = " ".join("".join(p.itertext()) for p in cell.iter(f"{{{_WORDS}}}p"))
                cells.extend([words] * max(times, 0))
            yield _trimmed(cells)
            table.clear()
