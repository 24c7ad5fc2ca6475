"""A copy of a spreadsheet in which each cell with a problem is coloured and has a note that says what to do."""

import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from portal.core.problems import Problem
from portal.desk import grid
from portal.importers.spreadsheets.workbooks import CellEdit, Workbook

_COLOUR = "FFE08A"
_AUTHOR = "portal"
_LONGEST = 32_000


def painted(path: Path, book: Workbook, problems: Iterable[Problem], edits: Iterable[CellEdit] = ()) -> bytes:
    """Return the file as a painted .xlsx workbook, with the cells that were corrected in the page.

    `path` is the file as it was brought in, `book` how it was read, with the corrections in `edits`.
    """
    import openpyxl  # noqa: PLC0415 - slow to import
    from openpyxl.comments import Comment  # noqa: PLC0415
    from openpyxl.styles import PatternFill  # noqa: PLC0415

    copy = openpyxl.load_workbook(path) if book.kind == "xlsx" else _copied(book)
    for edit in edits:
        if edit.sheet in copy.sheetnames:
            corrected = copy[edit.sheet].cell(edit.row, edit.column)
            corrected.value = edit.text or None
            if edit.text:
                corrected.data_type = "s"  # never a formula
    notes: dict[tuple[str, int, int], list[str]] = {}
    for problem in problems:
        if at := grid.place_of(problem, book):
            notes.setdefault((at[0], at[1], max(at[2], 1)), []).append(f"{problem.message} {problem.fix}")
    for (sheet, row, column), words in notes.items():
        if sheet in copy.sheetnames:
            cell = copy[sheet].cell(row, column)
            cell.fill = PatternFill("solid", fgColor=_COLOUR)
            cell.comment = Comment("\n".join(words)[:_LONGEST], _AUTHOR, width=360, height=140)
    out = io.BytesIO()
    copy.save(out)
    return out.getvalue()


def _copied(book: Workbook) -> Any:
    """Return a new workbook with the texts of another kind of file, never as formulas."""
    import openpyxl  # noqa: PLC0415
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE  # noqa: PLC0415

    copy = openpyxl.Workbook()
    copy.remove(copy.worksheets[0])
    for sheet in book.sheets:
        target = copy.create_sheet(sheet.name[:31])
        for (row, column), cell in sheet.cells.items():
            made = target.cell(row, column)
            made.value = ILLEGAL_CHARACTERS_RE.sub("", grid.words(cell))
            made.data_type = "s"
    return copy
