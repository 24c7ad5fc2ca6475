"""Turn tables with headings across and down into one row for each figure, each with the cell that it comes from."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise

from portal.core.problems import PortalError, Problem, did_you_mean
from portal.core.text import listed
from portal.data.packages import Package
from portal.importers.spreadsheets import cells, headings, marks, written_periods
from portal.importers.spreadsheets.grid import Cell, Place, Sheet, letters
from portal.importers.spreadsheets.headings import (
    AREA,
    FIGURES,
    INDICATOR,
    PERIOD,
    TOTAL,
    UNKNOWN,
    VALUE,
    Meaning,
    Vocabulary,
)
from portal.importers.spreadsheets.readings import CellQuestion, squeezed
from portal.importers.spreadsheets.workbooks import Spot, Workbook

_QUARTERS, _SPANS, _UNKNOWN_KEY = "quarters", "spans", "unknown"
_ENOUGH = 4  # names of another table that a row has if it is the header of that
_MOST_HEADINGS = 4  # rows of headings above figures
_SHOWN = 8
_EARLIEST, _LATEST = 1990, 2040  # numbers that can be years in a row of headings
_LIKE_A_FIGURE = re.compile(r"[-−–+£]? ?[\d,. ]*\d[\d,.]*%?", re.ASCII)


@dataclass
class Unpivoted:
    """A workbook whose crossed tables are long, with questions and what to report; faults stop the import."""

    book: Workbook
    report: list[str] = field(default_factory=list)
    doubts: dict[str, list[tuple[CellQuestion, Problem]]] = field(default_factory=dict)
    faults: list[Problem] = field(default_factory=list)


@dataclass(frozen=True)
class _Block:
    """A crossed table: its row of headings and those above it, the columns of labels and figures, and its rows."""

    top: tuple[int, ...]
    labels: Mapping[int, str]
    figures: tuple[int, ...]
    rows: tuple[int, ...]


@dataclass(frozen=True)
class Known:
    """What is known besides the file: the packages, the one that the figures go into, answers, and values given for it.

    `given` has values for columns that the sheet does not say. `sheet` is the one to look at, or nothing.
    """

    packages: tuple[Package, ...]
    package: Package
    answers: Mapping[str, str]
    given: Mapping[str, str]
    sheet: str = ""


def unpivot(book: Workbook, known: Known) -> Unpivoted:
    """Return the workbook with each crossed table of figures as rows; sheets that have none stay as they are."""
    done = Unpivoted(book)
    if FIGURES not in known.package.tables:
        return done
    names = headings.vocabulary(known.packages, known.package)
    sheets = []
    for sheet in book.sheets:
        wanted = not sheet.hidden and known.sheet in ("", sheet.name) and not _is_long(sheet, known.package)
        blocks = _blocks(sheet, names) if wanted else ()
        sheets.append(_Unpivoting(done, sheet, names, known).long(blocks) if blocks else sheet)
    return replace(done, book=replace(book, sheets=tuple(sheets)))


def _is_long(sheet: Sheet, package: Package) -> bool:
    """Return True if a row of the sheet names the columns of the table of figures, or of another table."""
    rows: dict[int, set[str]] = {}
    for (row, _), cell in sheet.cells.items():
        if cell.kind == "text":
            words = squeezed(cell.text).rstrip("*").strip().casefold().replace(" ", "_")
            rows.setdefault(row, set()).add(words)
    others = [set(t.schema.names) for name, t in package.tables.items() if name != FIGURES]
    return any(
        {"period_start", "period_end"} & found or any(len(found & names) >= _ENOUGH for names in others)
        for found in rows.values()
    )


# --- where the tables are


def _spread(sheet: Sheet) -> dict[Place, Cell]:
    """Return the cells with what merged areas show in each of their cells."""
    spread = dict(sheet.cells)
    for top, left, bottom, right in sheet.merged:
        cell = sheet.cells.get((top, left))
        if (
            cell is not None
            and cell.kind in ("text", "date")
            and (bottom - top + 1) * (right - left + 1) <= 10_000
        ):
            for row in range(top, bottom + 1):
                for column in range(left, right + 1):
                    spread.setdefault((row, column), cell)
    return spread


def _is_figure(cell: Cell | None) -> bool:
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


def _is_year_row(row: Mapping[int, Cell], names: Vocabulary) -> bool:
    """Return True if the numbers of a row are years next to each other, so that they are headings.

    One year alone is a heading if the row has nothing else, or names a column of labels.
    """
    found = [c for c in row.values() if _is_figure(c)]
    texts = [f"{c.number:f}" if c.kind == "number" else squeezed(c.text) for c in found]
    if not texts or not all(re.fullmatch(r"(?:19|20)\d\d", t) for t in texts):
        return False
    years = list(map(int, texts))
    steps = {b - a for a, b in pairwise(years)}
    in_order = len(years) > 1 and (steps <= {0, 1} or steps <= {0, -1}) and steps != {0}
    alone = len(row) == 1 or any(names.column(c) for c in row.values())
    return all(_EARLIEST <= y <= _LATEST for y in years) and (in_order or (len(set(years)) == 1 and alone))


def _blocks(sheet: Sheet, names: Vocabulary) -> tuple[_Block, ...]:
    """Return the crossed tables of a sheet, from the top."""
    spread = _spread(sheet)
    by_row: dict[int, dict[int, Cell]] = {}
    for (row, column), cell in sorted(spread.items()):
        by_row.setdefault(row, {})[column] = cell
    heads = [r for r in by_row if _is_head(by_row, r, names)]
    lowest = [r for r in heads if _has_figures_below(by_row, r, names)]
    blocks: list[_Block] = []
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


def _is_context(row: Mapping[int, Cell], names: Vocabulary) -> bool:
    return any(names.meaning(c).dimension not in (UNKNOWN, TOTAL) for c in row.values())


def _is_head(by_row: Mapping[int, Mapping[int, Cell]], row: int, names: Vocabulary) -> bool:
    """Return True if a row has headings: names of columns, periods, areas or parts, and no figures."""
    here = by_row[row]
    if any(map(_is_figure, here.values())) and not _is_year_row(here, names):
        return False
    known = [c for c, x in here.items() if names.meaning(x).dimension not in (UNKNOWN, TOTAL)]
    named = [c for c, x in here.items() if names.column(x)]
    return len(known) > 1 or (bool(named) and len(here) > 1)


def _has_figures_below(by_row: Mapping[int, Mapping[int, Cell]], row: int, names: Vocabulary) -> bool:
    """Return True if the next filled row below has a figure under a heading, and is no row of headings itself."""
    below = [r for r in by_row if r > row][:1]
    if not below or below[0] - row > 2:
        return False
    figures = {c for c, x in by_row[below[0]].items() if _is_figure(x)}
    return bool(figures & set(by_row[row])) and not _is_year_row(by_row[below[0]], names)


def _block(
    by_row: Mapping[int, Mapping[int, Cell]], top: tuple[int, ...], after: Iterable[int], names: Vocabulary
) -> _Block | None:
    """Return the table below headings: which columns have figures, which labels, and which rows are its rows."""
    head, rows = by_row[top[-1]], list(after)
    figures, labels = [], {}
    for column in sorted({c for r in (*top, *rows) for c in by_row[r]}):
        filled = [by_row[r][column] for r in rows if column in by_row[r]]
        named = names.column(head.get(column))
        count = sum(map(_is_figure, filled))
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
    return _Block(top, labels, tuple(figures), tuple(kept)) if figures and kept and labels else None


def _has_digit(cell: Cell) -> bool:
    return cell.kind == "number" or any(c.isdigit() for c in cell.text)


def _is_row(
    row: Mapping[int, Cell], figures: Iterable[int], labels: Iterable[int], names: Vocabulary
) -> bool:
    """Return True if a row has a figure, or something in the place of one beside a label that is known."""
    filled = [c for c in figures if c in row]
    known = any(c in row and names.meaning(row[c]).dimension not in (UNKNOWN, TOTAL) for c in labels)
    return any(_is_figure(row[c]) for c in filled) or (bool(filled) and known)


def _of_most(dimensions: list[str]) -> str:
    """Return the dimension that most labels of a column have; nothing if none has any."""
    known = [d for d in dimensions if d not in (UNKNOWN, TOTAL, VALUE)]
    return max(dict.fromkeys(known), key=known.count, default="")


# --- what each figure is about


@dataclass(frozen=True)
class _Unpivoting:
    """A sheet while its tables are turned."""

    done: Unpivoted
    sheet: Sheet
    names: Vocabulary
    known: Known

    def long(self, blocks: Iterable[_Block]) -> Sheet:
        """Return the sheet with a row for each figure."""
        columns = self.known.package.tables[FIGURES].schema.names
        cells_: dict[Place, Cell] = {(1, n): Cell("text", name) for n, name in enumerate(columns, 1)}
        origins: dict[Place, Place] = {}
        hidden: set[int] = set()
        strange: dict[Place, str] = {}
        totals, used, empty, row = set[Place](), set[int](), 0, 1
        spread = _spread(self.sheet)
        for block in blocks:
            used |= {*block.top, *block.rows}
            stacks = {c: self._stack(spread, block, c) for c in block.figures}
            spans = self._spans(block, spread, stacks)
            for r in block.rows:
                about_row = self._labels(spread, block, r)
                for c in block.figures:
                    cell = self.sheet.cells.get((r, c))
                    meanings = [*about_row, *stacks[c]]
                    if any(m.dimension == TOTAL for _, m in meanings):
                        totals |= {p for p, m in meanings if m.dimension == TOTAL}
                        continue
                    if unknown := [p for p, m in meanings if m.dimension == UNKNOWN]:
                        strange |= {p: squeezed(spread[p].text) for p in unknown}
                        continue
                    if cell is None:
                        empty += 1
                        continue
                    texts = self._texts(spread, block, (r, c), meanings, spans)
                    row += 1
                    origins[row, 0] = (r, c)
                    if r in self.sheet.hidden_rows or c in self.sheet.hidden_columns:
                        hidden.add(row)
                    for n, name in enumerate(columns, 1):
                        if name == "value":
                            cells_[row, n] = cell
                        elif texts.get(name):
                            cells_[row, n] = Cell("text", texts[name])
        self._ask_unknown(strange)
        self._report(used, totals, empty, row - 1)
        return replace(
            self.sheet, cells=cells_, merged=(), hidden_rows=frozenset(hidden), hidden_columns=frozenset(),
            notes={}, origins=origins,
        )  # fmt: skip

    def _stack(self, spread: Mapping[Place, Cell], block: _Block, column: int) -> list[tuple[Place, Meaning]]:
        """Return what the headings above a column mean; a heading counts for empty cells to its right."""
        found: list[tuple[Place, Meaning]] = []
        for row in block.top:
            lowest = row == block.top[-1]
            place = (row, column)
            while not lowest and place not in spread and place[1] > min(block.figures):
                place = (row, place[1] - 1)
            if place in spread:
                meaning = self.names.meaning(spread[place])
                if lowest or meaning.dimension != UNKNOWN:
                    found.append((place, meaning))
        return found

    def _labels(self, spread: Mapping[Place, Cell], block: _Block, row: int) -> list[tuple[Place, Meaning]]:
        """Return what the labels of a row mean."""
        found = []
        for column, dimension in block.labels.items():
            cell = spread.get((row, column))
            if cell is None:
                continue
            meaning = self.names.meaning(cell)
            is_free = dimension in self.known.package.breakdowns or dimension in (
                "source",
                "locator",
                "status",
            )
            if is_free and meaning.dimension != TOTAL:
                meaning = Meaning(dimension, (squeezed(cell.text) or f"{cell.number:f}",))
            elif dimension and meaning.dimension not in (dimension, TOTAL):
                meaning = Meaning(UNKNOWN)
            found.append(((row, column), meaning))
        return found

    def _corner(self, spread: Mapping[Place, Cell], block: _Block) -> Iterator[tuple[Place, Meaning]]:
        """Yield the period that stands where the labels have their name, such as “FY2009/10”."""
        for row in block.top:
            for column in block.labels:
                cell = spread.get((row, column))
                if cell is not None and (m := self.names.meaning(cell)).dimension == PERIOD:
                    yield (row, column), m

    def _spans(
        self, block: _Block, spread: Mapping[Place, Cell], stacks: Mapping[int, list[tuple[Place, Meaning]]]
    ) -> int:
        """Return how many months a heading that names a month stands for: 1, unless the months are 3 or 12 apart."""
        found = [m for s in stacks.values() for m in s]
        found += [m for r in block.rows for m in self._labels(spread, block, r)]
        months = sorted(
            {m.period.start for _, m in found if m.period and m.period.is_month and m.period.start}
        )
        gaps = {(b.year - a.year) * 12 + b.month - a.month for a, b in pairwise(months)}
        smallest = min(gaps, default=1)
        if smallest not in (3, 12):
            return 1
        place = next(p for p, m in found if m.period and m.period.is_month)
        words = "three" if smallest == 3 else "twelve"
        doubt = CellQuestion(
            _SPANS,
            f"The months are {smallest} apart. Is each figure for one month, or for the {words} months that end with it?",
            {"month": ("for one month", "1"), "ending": (f"for {words} months", str(smallest))},
        )
        answer = self._answered(doubt, place)
        return int(doubt.answers[answer][1]) if answer else 1

    def _texts(
        self,
        spread: Mapping[Place, Cell],
        block: _Block,
        at: Place,
        meanings: list[tuple[Place, Meaning]],
        span: int,
    ) -> dict[str, str]:
        """Return the texts of a figure's row, without its value."""
        row, column = at
        texts = dict(self.known.given)
        corner = list(self._corner(spread, block))
        stated = [(p, m) for p, m in meanings if m.dimension == PERIOD]
        whole = written_periods.joined(m.period for _, m in stated if m.period)
        if whole is None or not whole.is_whole:
            whole = written_periods.joined(m.period for _, m in (*stated, *corner) if m.period)
        if whole is not None and whole.either and stated:
            whole = written_periods.settled(whole, self._is_financial(stated[0][0], spread))
        if whole is not None and whole.is_whole:
            if whole.is_month and span > 1:
                whole = written_periods.lengthened(whole, span)
            texts["period_start"], texts["period_end"] = (d.isoformat() for d in whole.days())
        elif stated or not {"period_start", "period_end"} <= texts.keys():
            place = stated[0][0] if stated else (row, column)
            what = "does not say the year" if whole else "says no period, or two that do not fit"
            self._fault(place, f"The heading {what}.", "Write the month or quarter with its year.")
        for dimension in (AREA, INDICATOR, *self.known.package.breakdowns, "source", "status", "locator"):
            self._id(texts, dimension, [(p, m) for p, m in meanings if m.dimension == dimension])
        cell = f"sheet {self.sheet.name}, cell {letters(column)}{row}"
        texts["locator"] = (
            f"{texts['locator']}, cell {letters(column)}{row}" if texts.get("locator") else cell
        )
        return texts

    def _id(self, texts: dict[str, str], dimension: str, found: list[tuple[Place, Meaning]]) -> None:
        """Write the id that the headings name into the texts; two that differ, or a name of two areas, are faults."""
        if not found:
            return
        sets = [set(m.ids) for _, m in found]
        shared = [i for i in found[0][1].ids if all(i in s for s in sets)]
        if dimension == AREA and len(shared) > 1:
            shared = list(
                self.names.existing(shared, texts.get("period_start", ""), texts.get("period_end", ""))
            )
        if len(shared) == 1:
            texts[dimension] = shared[0]
        elif not shared:
            self._fault(
                found[-1][0], "Two headings of this figure name different things.", "Correct one of them."
            )
        else:
            fix = f"Write its code: {', '.join(shared)}."
            self._fault(found[0][0], f"The name can be several: {', '.join(shared)}.", fix)

    def _is_financial(self, place: Place, spread: Mapping[Place, Cell]) -> bool:
        words = squeezed(spread[place].text)
        doubt = CellQuestion(
            _QUARTERS,
            f"“{words}” can be a quarter of the calendar year or of the financial year. Which one?",
            {
                "calendar": ("of the calendar year: Q1 is January to March", "calendar"),
                "financial": ("of the financial year: Q1 is April to June", "financial"),
            },
        )
        return self._answered(doubt, place) == "financial"

    def _ask_unknown(self, strange: Mapping[Place, str]) -> None:
        if not strange:
            return
        names = list(dict.fromkeys(strange.values()))
        some = listed([f"“{n[:40]}”" for n in names[:_SHOWN]]) + (
            f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        )
        doubt = CellQuestion(
            _UNKNOWN_KEY,
            f"The portal has no area, indicator, part or period with the name {some}. Leave these figures out?",
            {"leave-out": ("yes, leave them out", "")},
        )
        if self._answered(doubt, next(iter(strange))):
            self.done.report.append(f"Sheet {self.sheet.name}: figures of {some} are left out.")

    def _answered(self, doubt: CellQuestion, place: Place) -> str:
        answer = self.known.answers.get(doubt.key, "")
        if answer in doubt.answers:
            return answer
        spot = Spot(self.sheet.name, *place, "")
        self.done.doubts.setdefault(doubt.key, []).append(
            (doubt, self.done.book.problem(spot, "", "", "question"))
        )
        return ""

    def _fault(self, place: Place, message: str, fix: str) -> None:
        problem = self.done.book.problem(Spot(self.sheet.name, *place, ""), message, fix, "header")
        if problem not in self.done.faults:
            self.done.faults.append(problem)

    def _report(self, used: set[int], totals: set[Place], empty: int, count: int) -> None:
        name = self.sheet.name
        self.done.report.append(f"Sheet {name}: {count} figures are read from a table with headings across.")
        if totals:
            words = dict.fromkeys(
                squeezed(self.sheet.cells[p].text) for p in sorted(totals) if p in self.sheet.cells
            )
            self.done.report.append(f"Sheet {name}: totals are left out: {listed(list(words))}.")
        if empty:
            self.done.report.append(f"Sheet {name}: {empty} empty cells give no figure.")
        left = sorted({r for r, _ in self.sheet.cells} - used)
        if left:
            texts = [
                squeezed(x.text)
                for (r, _), x in sorted(self.sheet.cells.items())
                if r in left[:_SHOWN] and x.kind == "text"
            ]
            self.done.report.append(
                f"Sheet {name}: titles and notes are left out, {len(left)} rows: "
                + "; ".join(f"“{t[:50]}”" for t in texts[:_SHOWN])
                + "."
            )


def constants(given: Iterable[str], package: Package) -> dict[str, str]:
    """Return the values that are given for columns which a sheet does not say.

    Raises:
        PortalError: the table of figures has no such column.
    """
    columns = package.tables[FIGURES].schema.names if FIGURES in package.tables else ()
    values: dict[str, str] = {}
    problems = []
    for words in given:
        name, equals, text = words.partition("=")
        if not equals or name not in columns or name == VALUE:
            message = f"“{words}” names no column of the figures."
            fix = did_you_mean(name, [c for c in columns if c != VALUE])
            problems.append(Problem("--set", code="set", message=message, fix=fix))
        values[name] = text.strip()
    if problems:
        raise PortalError(problems)
    return values
