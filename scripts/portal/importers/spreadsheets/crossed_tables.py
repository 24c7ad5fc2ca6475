"""Find crossed tables in a sheet: their rows of headings, their labels and their figures."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise

from portal.importers.spreadsheets import cells, marks, written_periods
from portal.importers.spreadsheets.grid import Cell, Place, Sheet
from portal.importers.spreadsheets.headings import TOTAL, UNKNOWN, VALUE, HeadingNames
from portal.importers.spreadsheets.readings import squeezed

_MOST_HEADINGS = 4  # rows of headings above figures
_EARLIEST, _LATEST = 1990, 2040  # numbers that can be years in a row of headings
_LIKE_A_FIGURE = re.compile(r"[-−–+£]? ?[\d,. ]*\d[\d,.]*%?", re.ASCII)

# Raised digits after words or a year; after another number they are no heading.
_RAISED = re.compile(
    r"\s*((?:19|20)\d\d|.*[A-Za-z].*?)\s*([⁰¹²³⁴-⁹]+(?:[, ]+[⁰¹²³⁴-⁹]+)*)\s*", re.ASCII | re.DOTALL
)


@dataclass(frozen=True)
class Block:
    """A crossed table: its row of headings and those above it, the columns of labels and figures, and its rows.

    `sections` are labels alone in a row, each of which is about the rows below it, by what they name.
    """

    top: tuple[int, ...]
    labels: Mapping[int, str]
    figures: tuple[int, ...]
    rows: tuple[int, ...]
    sections: Mapping[Place, str] = field(default_factory=dict)

    def sections_above(self, row: int) -> Iterator[Place]:
        """Yield the sections that a row is in, one for each thing that they name; the first kind there is contains the others.

        A section of an unknown name ends all others, because nobody can say what it is about.
        """
        order = list(dict.fromkeys(self.sections.values()))
        newest: dict[str, Place] = {}
        for place, dimension in sorted(self.sections.items()):
            if place[0] < row:
                outer = order[: order.index(dimension)] if UNKNOWN not in (dimension, *newest) else ()
                newest = {d: newest[d] for d in outer if d in newest} | {dimension: place}
        yield from newest.values()


def spread_out(sheet: Sheet) -> dict[Place, Cell]:
    """Return the cells with what merged areas show in each of their cells, and raised digits as the notes that they are."""
    cells_ = {at: _with_notes(cell) for at, cell in sheet.cells.items()}
    spread = dict(cells_)
    for top, left, bottom, right in sheet.merged:
        cell = cells_.get((top, left))
        if (
            cell is not None
            and cell.kind in ("text", "date")
            and (bottom - top + 1) * (right - left + 1) <= 10_000
        ):
            for row in range(top, bottom + 1):
                for column in range(left, right + 1):
                    spread.setdefault((row, column), cell)
    return spread


def _with_notes(cell: Cell) -> Cell:
    """Return a heading whose raised digits at the end are marks of notes, as in “2021 [note 2]” for 2021²."""
    raised = _RAISED.fullmatch(cell.text) if cell.kind == "text" else None
    if raised is None:
        return cell
    numbers = unicodedata.normalize("NFKC", raised[2]).replace(",", " ").split()
    return replace(cell, text=raised[1] + "".join(f" [note {n}]" for n in numbers))


def is_figure(cell: Cell | None) -> bool:
    """Return True if a cell can be a figure: a number, or what is written beside or instead of one."""
    if cell is None:
        return False
    if cell.kind in ("number", "error", "formula"):
        return True
    words = squeezed(cell.text)
    if cell.kind != "text" or (not words.isdecimal() and written_periods.in_text(words)):
        return False  # 2020-01 is a month, and no range
    marked = marks.split(words)
    number = marked.number if marked else words
    alone = words.casefold() in cells.SHORTHAND or words.casefold() in cells.MISSING
    return (
        alone
        or marks.is_range(number)
        or (marked is not None and not number)
        or bool(_LIKE_A_FIGURE.fullmatch(number))
    )


def has_number(cell: Cell) -> bool:
    """Return True if a cell has a number, and not only what is written instead of one."""
    words = squeezed(cell.text)
    marked = marks.split(words)
    return cell.kind == "number" or bool(_LIKE_A_FIGURE.fullmatch(marked.number if marked else words))


def _is_year_row(row: Mapping[int, Cell], names: HeadingNames) -> bool:
    """Return True if the numbers of a row are years, or months such as 202001, next to each other, so that they are headings.

    One alone is a heading if the row has nothing else, or names a column of labels.
    """
    found = [c for c in row.values() if is_figure(c)]
    texts = [f"{c.number:f}" if c.kind == "number" else squeezed(c.text) for c in found]
    is_months = bool(texts) and all(re.fullmatch(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])", t) for t in texts)
    if not is_months and (not texts or not all(re.fullmatch(r"(?:19|20)\d\d", t) for t in texts)):
        return False
    years = [int(t[:4]) for t in texts]
    places = [12 * int(t[:4]) + int(t[4:]) for t in texts] if is_months else years
    steps = {b - a for a, b in pairwise(places)}
    in_order = len(places) > 1 and (steps <= {0, 1} or steps <= {0, -1}) and steps != {0}
    alone = len(row) == 1 or any(names.column(c) for c in row.values())
    return all(_EARLIEST <= y <= _LATEST for y in years) and (in_order or (len(set(places)) == 1 and alone))


def find(sheet: Sheet, names: HeadingNames) -> tuple[Block, ...]:
    """Return the crossed tables of a sheet, from the top."""
    spread = spread_out(sheet)
    by_row: dict[int, dict[int, Cell]] = {}
    for (row, column), cell in sorted(spread.items()):
        by_row.setdefault(row, {})[column] = cell
    heads = [r for r in by_row if _is_head(by_row, r, names)]
    lowest = [r for r in heads if _has_figures_below(by_row, r, names)]
    blocks: list[Block] = []
    for number, row in enumerate(lowest):
        end = lowest[number + 1] if number + 1 < len(lowest) else max(by_row) + 1
        top = [r for r in range(max(1, row - _MOST_HEADINGS + 1), row) if r in by_row]
        while top and (top[-1] not in heads and not _is_context(by_row[top[-1]], names)):
            top.pop(0)
            if not top or not _run(top, row):
                top = []
        top = [r for r in top if _run(range(r, row), row) and all(q in by_row for q in range(r, row))]
        after = [r for r in by_row if row < r < end]
        block = _block(by_row, (*top, row), after, names)
        if block:
            blocks.append(block)
    return tuple(blocks)


def _run(rows: Iterable[int], end: int) -> bool:
    """Return True if rows are next to each other up to the end."""
    some = [*rows, end]
    return all(b - a == 1 for a, b in pairwise(some))


def _is_context(row: Mapping[int, Cell], names: HeadingNames) -> bool:
    return any(names.meaning(c).dimension not in (UNKNOWN, TOTAL) for c in row.values())


def _is_head(by_row: Mapping[int, Mapping[int, Cell]], row: int, names: HeadingNames) -> bool:
    """Return True if a row has headings: names of columns, periods, areas or parts, and no figures."""
    here = by_row[row]
    if any(map(is_figure, here.values())) and not _is_year_row(here, names):
        return False
    known = [c for c, x in here.items() if names.meaning(x).dimension not in (UNKNOWN, TOTAL)]
    named = [c for c, x in here.items() if names.column(x)]
    return len(known) > 1 or (bool(named) and len(here) > 1)


def _has_figures_below(by_row: Mapping[int, Mapping[int, Cell]], row: int, names: HeadingNames) -> bool:
    """Return True if the next filled row below has a figure under a heading, and is no row of headings itself."""
    below = [r for r in by_row if r > row][:2]
    if below and _section(by_row[below[0]], names) is not None:
        below.pop(0)
    if not below or below[0] - row > 2:
        return False
    figures = {c for c, x in by_row[below[0]].items() if is_figure(x)}
    return bool(figures & set(by_row[row])) and not _is_year_row(by_row[below[0]], names)


def _block(
    by_row: Mapping[int, Mapping[int, Cell]], top: tuple[int, ...], after: Iterable[int], names: HeadingNames
) -> Block | None:
    """Return the table below headings: which columns have figures, which labels, and which rows are its rows."""
    head, rows = by_row[top[-1]], list(after)
    alone = {(r, min(by_row[r])): d for r in rows if (d := _section(by_row[r], names)) is not None}
    rows = [r for r in rows if (r, min(by_row[r])) not in alone]
    figures: list[int] = []
    labels: dict[int, str] = {}
    for column in sorted({c for r in (*top, *rows) for c in by_row[r]}):
        filled = [by_row[r][column] for r in rows if column in by_row[r]]
        named = names.column(head.get(column))
        count = sum(map(is_figure, filled))
        meant = names.meaning(head[column]).dimension if column in head else UNKNOWN
        is_value = meant == VALUE
        is_known = meant not in (UNKNOWN, TOTAL) and (bool(figures) or any(map(_has_digit, filled)))
        if not filled:
            continue
        if named and named != VALUE and not is_value:
            labels[column] = named
        elif column in head and (count * 2 >= len(filled) or is_known):
            figures.append(column)
        elif not figures:
            labels[column] = _of_most([names.meaning(c).dimension for c in filled])
    kept = [r for r in rows if _is_row(by_row[r], figures, labels, names)]
    sections = {p: d for p, d in alone.items() if p[1] in labels} if any(alone.values()) else {}
    return Block(top, labels, tuple(figures), tuple(kept), sections) if figures and kept and labels else None


def _section(row: Mapping[int, Cell], names: HeadingNames) -> str | None:
    """Return what a text alone in a row names, empty if it is none of the names; None if the row has more, or a total."""
    if len(row) != 1 or (cell := next(iter(row.values()))).kind != "text" or is_figure(cell):
        return None
    dimension = names.meaning(cell).dimension
    return None if dimension in (TOTAL, VALUE) else dimension


def _has_digit(cell: Cell) -> bool:
    return cell.kind == "number" or any(c.isdigit() for c in cell.text)


def _is_row(
    row: Mapping[int, Cell], figures: Iterable[int], labels: Iterable[int], names: HeadingNames
) -> bool:
    """Return True if a row has a figure, or something in the place of one beside a label that is known."""
    filled = [c for c in figures if c in row]
    known = any(c in row and names.meaning(row[c]).dimension not in (UNKNOWN, TOTAL) for c in labels)
    return any(is_figure(row[c]) for c in filled) or (bool(filled) and known)


def _of_most(dimensions: list[str]) -> str:
    """Return the dimension that most labels of a column have; nothing if none has any."""
    known = [d for d in dimensions if d not in (UNKNOWN, TOTAL, VALUE)]
    return max(dict.fromkeys(known), key=known.count, default="")
