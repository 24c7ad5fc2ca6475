"""The cells of a spreadsheet around its problems and questions, as rows for a page where they can be corrected."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from portal.core.problems import Problem
from portal.importers.spreadsheets.columns import HELP, LISTS
from portal.importers.spreadsheets.grid import Cell, Place, Sheet, letters
from portal.importers.spreadsheets.readings import squeezed
from portal.importers.spreadsheets.workbooks import CellEdit, Workbook

_PLACE = re.compile(r"(?:^|, )sheet (?P<sheet>.+?)(?:, cell (?P<column>[A-Z]{1,3})(?P<row>\d+)|, row (?P<only>\d+))?(?: and [\d,]+ more)?(?:, column .*)?$")  # fmt: skip
_AROUND = 1  # rows shown above and below one with a problem
_MOST_ROWS, _MOST_COLUMNS = 120, 30
_HEADER_DEPTH = 40


@dataclass(frozen=True)
class GridCell:
    """One cell of the page: its name such as B4, its text, its problems, and whether it can be typed in."""

    name: str
    field: str
    text: str
    problems: tuple[Problem, ...] = ()
    edited: bool = False

    @property
    def is_open(self) -> bool:
        """Return True if it can be corrected here."""
        return bool(self.problems) or self.edited


@dataclass(frozen=True)
class GridRow:
    """A row of the page; `gap` is True if rows before it are left out."""

    number: int
    cells: tuple[GridCell, ...]
    gap: bool


@dataclass(frozen=True)
class SheetGrid:
    """One sheet of the page: its columns, its rows, and how many rows with problems do not fit."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[GridRow, ...]
    left_out: int = 0


def place_of(problem: Problem, book: Workbook) -> tuple[str, int, int] | None:
    """Return the sheet, row and column of a problem, 0 for a column that it does not name; None if it has no cell."""
    if book.kind == "csv":
        sheet = book.sheets[0]
        return (sheet.name, problem.row, _column(sheet, problem.row, problem.field)) if problem.row else None
    return place_in_words(problem.field)


def place_in_words(words: str) -> tuple[str, int, int] | None:
    """Return the sheet, row and column that a place names, as `Workbook.problem` writes it; None if it names no row."""
    found = _PLACE.search(words)
    if found is None or not (found["row"] or found["only"]):
        return None
    return found["sheet"], int(found["row"] or found["only"]), number_of(found["column"] or "")


def _column(sheet: Sheet, row: int, name: str) -> int:
    wanted = squeezed(name).casefold()
    for (r, c), cell in sorted(sheet.cells.items()):
        if r > min(row, _HEADER_DEPTH):
            break
        if squeezed(cell.text).casefold() == wanted:
            return c
    return number_of(name) if re.fullmatch("[A-Z]{1,3}", name) else 0  # of a crossed table


def number_of(column: str) -> int:
    """Return the number of a column from its letters: 1 for A, 27 for AA; 0 for no letters."""
    number = 0
    for letter in column:
        number = number * 26 + ord(letter) - 64
    return number


def field_of(sheet: int, row: int, column: int) -> str:
    """Return the name of the form field of a cell, by the number of its sheet."""
    return f"cell-{sheet}-{row}-{column}"


def edits_of(form: Mapping[str, str], book: Workbook) -> tuple[CellEdit, ...]:
    """Return the cells of a form whose text differs from what the workbook has."""
    edits = []
    for name, text in form.items():
        found = re.fullmatch(r"cell-(\d{1,3})-(\d{1,7})-(\d{1,4})", name)
        if found is None or int(found[1]) >= len(book.sheets):
            continue
        sheet = book.sheets[int(found[1])]
        at = int(found[2]), int(found[3])
        if squeezed(text) != squeezed(words(sheet.cells.get(at))):
            edits.append(CellEdit(sheet.name, *at, text))
    return tuple(edits)


def words(cell: Cell | None) -> str:
    """Return a cell as people see it; empty if there is none."""
    if cell is None:
        return ""
    if cell.shown is not None:
        return cell.shown
    if cell.kind == "number":
        return f"{cell.number.normalize():f}"
    return cell.day.isoformat() if cell.day else cell.text


def grids(
    book: Workbook, problems: Iterable[Problem], asked: Iterable[str], edits: Sequence[CellEdit]
) -> tuple[SheetGrid, ...]:
    """Return each sheet that has a problem, a question or a correction. `asked` are the places of questions."""
    by_sheet: dict[str, dict[Place, list[Problem]]] = {}
    for problem in problems:
        if at := place_of(problem, book):
            by_sheet.setdefault(at[0], {}).setdefault(at[1:], []).append(problem)
    for at in filter(None, map(place_in_words, asked)):
        by_sheet.setdefault(at[0], {}).setdefault(at[1:], [])
    typed = {(e.sheet, (e.row, e.column)) for e in edits}
    for sheet_name, place in typed:
        by_sheet.setdefault(sheet_name, {}).setdefault(place, [])
    wanted = [(n, s) for n, s in enumerate(book.sheets) if s.name in by_sheet and s.name not in (HELP, LISTS)]
    return tuple(
        _Builder(n, s, by_sheet[s.name], frozenset(p for name, p in typed if name == s.name)).grid()
        for n, s in wanted
    )


@dataclass(frozen=True)
class _Builder:
    number: int
    sheet: Sheet
    problems: Mapping[Place, Sequence[Problem]]
    typed: frozenset[Place]

    def grid(self) -> SheetGrid:
        last = max((r for r, _ in self.sheet.cells), default=1)
        marked = sorted({r for r, _ in self.problems})
        near = {r + d for r in marked[:_MOST_ROWS] for d in range(-_AROUND, _AROUND + 1)}
        shown = sorted(r for r in {*near, *range(1, min(3, last + 1))} if 1 <= r <= max(last, *marked, 1))
        columns = sorted({c for _, c in self.sheet.cells} | {c for _, c in self.problems if c})[
            :_MOST_COLUMNS
        ]
        rows = []
        for before, r in zip([0, *shown], shown, strict=False):
            rows.append(GridRow(r, tuple(self._cell(r, c) for c in columns), r > before + 1))
        return SheetGrid(
            self.sheet.name, tuple(map(letters, columns)), tuple(rows), max(0, len(marked) - _MOST_ROWS)
        )

    def _cell(self, row: int, column: int) -> GridCell:
        return GridCell(
            f"{letters(column)}{row}",
            field_of(self.number, row, column),
            words(self.sheet.cells.get((row, column))),
            tuple(self.problems.get((row, column), ())),
            (row, column) in self.typed,
        )
