"""Say what each column of a stranger's table of figures is, with guesses, and remember it for the next one.

Nothing here reads figures: what was said becomes `read_as` and `given` of the job, as the options of `portal import table`.
"""

import difflib
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from portal.core import operating_system
from portal.core.problems import PortalError
from portal.data.packages import Package
from portal.desk.drafts import Draft, changed
from portal.desk.journal import FOLDER
from portal.importers import importing
from portal.importers.spreadsheets import columns, crossed_tables, headings, workbooks, written_periods
from portal.importers.spreadsheets.grid import Cell, Sheet
from portal.importers.spreadsheets.readings import squeezed
from portal.importers.spreadsheets.workbooks import DEEPEST_HEADER, Workbook, words_of

FILE = FOLDER / "mappings.json"
LEFT_OUT = "leave-out"
_SAMPLE = 400  # rows from which the meaning of a column is guessed
_SHOWN = 3
_MOST_NAMES = 100
_CLOSE = 0.6
_OF_ONE_TIME = (headings.FIRST_DAY, headings.LAST_DAY)  # what was given for one table and not for the next
# What a column can be, and the word by which the reader of spreadsheets knows it.
_MEANINGS = {
    headings.INDICATOR: "Which indicator",
    headings.AREA: "Which area",
    headings.PERIOD: "Which month, quarter or year",
    headings.FIRST_DAY: "The first day of the period",
    headings.LAST_DAY: "The last day of the period",
    headings.VALUE: "The figures",
    "status": "The status of a figure",
    "source": "The source",
    "locator": "Where it is in the source",
}


@dataclass(frozen=True)
class Choice:
    """One thing that can be chosen in a form: its value, and its words."""

    value: str
    words: str


@dataclass(frozen=True)
class AskedColumn:
    """The columns of the table with one heading: its words, some cells, what it is taken for, and how many have it."""

    words: str
    examples: tuple[str, ...]
    value: str
    is_guess: bool
    count: int = 1


@dataclass(frozen=True)
class AskedName:
    """A name that the portal does not know: its words, how many rows have it, what kind of name it is, and a guess.

    The kind is empty for a label beside figures in a column without a heading: it can name an indicator or an area.
    """

    words: str
    count: int
    kind: str
    value: str


@dataclass(frozen=True)
class Asked:
    """What is to be said about a table: its columns and names, and the fields that none of its columns has."""

    columns: tuple[AskedColumn, ...]
    names: tuple[AskedName, ...]
    missing: tuple[str, ...]
    meanings: tuple[Choice, ...]
    indicators: tuple[Choice, ...]
    areas: tuple[Choice, ...]


def packages_of(packages: Sequence[Package]) -> tuple[str, ...]:
    """Return the packages that figures can go into."""
    return tuple(p.name for p in packages if headings.FIGURES in p.tables)


def asked(book: Workbook, draft: Draft, packages: tuple[Package, ...]) -> Asked | None:
    """Return what to ask about a table; None if the draft has no package for figures, or no sheet has a table."""
    package = next((p for p in packages if p.name == draft.package and headings.FIGURES in p.tables), None)
    sheets = _sheets(book, draft)
    if package is None or not sheets:
        return None
    names = headings.vocabulary(packages, package)
    tables = [_Table(sheet, _header(sheet), names, draft.read_as) for sheet in sheets]
    found = _once(c for table in tables for c in table.columns())
    known = {c.value for c in found}
    fields = package.tables[headings.FIGURES].schema.names
    missing = [n for n in (headings.INDICATOR, headings.AREA, "source") if n in fields and n not in known]
    if headings.PERIOD not in known and not any(table.has_periods_across for table in tables):
        missing += [n for n in _OF_ONE_TIME if n not in known]
    parts = [Choice(name, label) for name, label in package.breakdowns.items()]
    indicators = sorted(
        {
            i: Choice(i, r.get("title") or i) for r in _rows(package, "indicators") if (i := r.get("id", ""))
        }.values(),
        key=lambda c: c.words,
    )
    areas = [
        Choice(r["code"], r["name"]) for p in packages if p.kind == "geography" for r in _rows(p, "areas")
    ]
    meanings = [
        Choice(v, w) for v, w in _MEANINGS.items() if v in (headings.PERIOD, headings.VALUE) or v in fields
    ]
    return Asked(
        found, _most_frequent(n for table in tables for n in table.unknown_names(found)), tuple(missing), (*meanings, *parts), tuple(indicators), tuple(areas)
    )  # fmt: skip


def _once(columns: Iterable[AskedColumn]) -> tuple[AskedColumn, ...]:
    """Return the columns of all sheets, each heading once, with the first examples of all."""
    found: dict[str, AskedColumn] = {}
    for c in columns:
        before = found.get(words_of(c.words))
        examples = tuple(dict.fromkeys((*before.examples, *c.examples)))[:_SHOWN] if before else c.examples
        known = before or c
        count = c.count + (before.count if before else 0)
        found[words_of(c.words)] = replace(
            known, examples=examples, value=known.value or c.value, count=count
        )
    return tuple(found.values())


def _most_frequent(names: Iterable[AskedName]) -> tuple[AskedName, ...]:
    """Return the names of all sheets, each once for its kind, the most frequent first."""
    found: dict[tuple[str, str], AskedName] = {}
    for n in names:
        before = found.get((n.words, n.kind))
        found[n.words, n.kind] = replace(n, count=n.count + (before.count if before else 0))
    return tuple(sorted(found.values(), key=lambda n: -n.count)[:_MOST_NAMES])


def _rows(package: Package, table: str) -> Sequence[Mapping[str, str]]:
    return package.tables[table].rows if table in package.tables else ()


def chosen(book: Workbook, draft: Draft, form: Mapping[str, str]) -> Draft:
    """Return the draft as a form says: what is left open is read as the file has it, and all sheets alike."""
    read_as, given = dict(draft.read_as), dict(draft.given)
    answers = dict(draft.answers)
    for field, text in form.items():
        kind, _, words = field.partition(" ")
        if kind in ("column", "name") and words:
            read_as.pop(words, None)
            if kind == "column" and text == LEFT_OUT:
                read_as[words] = ""
            elif text and text != LEFT_OUT:
                read_as[words] = text
            if kind == "name" and text == LEFT_OUT:
                answers["unknown"] = LEFT_OUT
        elif kind == "given" and words:
            given.pop(words, None)
            if text.strip():
                given[words] = text.strip()
    package = form.get("package", draft.package)
    return changed(
        draft,
        format=importing.TABLE,
        package=package,
        resource=headings.FIGURES,
        sheet=draft.sheet or (columns.EVERY_SHEET if len(_sheets(book, draft)) > 1 else ""),
        read_as=read_as,
        given=given,
        answers=answers,
    )


# --- for the next time


def remember(root: Path, draft: Draft, book: Workbook) -> None:
    """Keep what was said about a table for the next one with these headings."""
    known = _kept(root)
    given = {k: v for k, v in draft.given.items() if k not in _OF_ONE_TIME}
    for sheet in _sheets(book, draft):
        known[_signature(sheet)] = {"package": draft.package, "read_as": dict(draft.read_as), "given": given}
    text = json.dumps(known, ensure_ascii=False, indent=1, sort_keys=True)
    operating_system.write_atomically(root / FILE, text.encode())


def recalled(root: Path, draft: Draft, paths: Sequence[Path], packages: Sequence[Package]) -> Draft:
    """Return a draft with what was said about the last table with these headings; unchanged if there was none."""
    known = _kept(root)
    if not known or len(paths) != 1:
        return draft
    try:
        book = workbooks.read(paths[0])
    except PortalError:
        return draft
    found = next((f for sheet in _sheets(book, draft) if (f := known.get(_signature(sheet)))), None)
    if not found or found["package"] not in packages_of(packages):
        return draft
    return changed(
        draft, format=importing.TABLE, package=found["package"], resource=headings.FIGURES, read_as=found["read_as"], given=found["given"]
    )  # fmt: skip


def _kept(root: Path) -> dict[str, dict[str, Any]]:
    path = root / FILE
    try:
        kept: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}


def _signature(sheet: Sheet) -> str:
    """Return a digest of the headings of a table, whatever their order and whichever periods they name."""
    row = _header(sheet)
    cells = (c for (r, _), c in sheet.cells.items() if r == row and c.kind == "text")
    words = sorted({words_of(c.text) for c in cells if written_periods.read(c) is None})
    return hashlib.sha256("\n".join(words).encode()).hexdigest()[:24]


# --- what the table looks like


def _sheets(book: Workbook, draft: Draft) -> tuple[Sheet, ...]:
    """Return the sheet that the draft names, or else the first that has a table and all with the same headings."""
    seen = [s for s in book.sheets if not s.hidden and s.name not in (columns.HELP, columns.LISTS)]
    named = (
        [s for s in seen if s.name == draft.sheet] if draft.sheet not in ("", columns.EVERY_SHEET) else seen
    )
    found = [s for s in named if _header(s)]
    return tuple(s for s in found if _signature(s) == _signature(found[0]))


def _header(sheet: Sheet) -> int:
    """Return the row of the headings: the first with two texts that has a figure in the next filled row; 0 without one."""
    by_row: dict[int, list[Cell]] = {}
    for (row, _), cell in sorted(sheet.cells.items()):
        if row <= 2 * DEEPEST_HEADER:
            by_row.setdefault(row, []).append(cell)
    order = sorted(by_row)
    for row, below in pairwise(order):
        texts = [c for c in by_row[row] if c.kind in ("text", "date") and not crossed_tables.is_figure(c)]
        if row <= DEEPEST_HEADER and len(texts) > 1 and any(map(crossed_tables.is_figure, by_row[below])):
            return row
    return 0


@dataclass(frozen=True)
class _Table:
    sheet: Sheet
    row: int
    names: headings.HeadingNames
    read_as: Mapping[str, str]

    @property
    def has_periods_across(self) -> bool:
        """Return True if a heading is a period."""
        return any(r == self.row and self.names.meaning(c).dimension == headings.PERIOD for (r, _), c in self.sheet.cells.items())  # fmt: skip

    def columns(self) -> Iterator[AskedColumn]:
        """Yield each heading that is neither a period nor known as one of the things across, once for all its columns."""
        said = {words_of(k): v for k, v in self.read_as.items()}
        days = self._first_and_last()
        by_words: dict[str, list[tuple[int, Cell]]] = {}
        for column, cell in self._headings():
            by_words.setdefault(words_of(cell.text), []).append((column, cell))
        for some in by_words.values():
            column, cell = some[0]
            words, below = " ".join(cell.text.split()), self._below(column)
            examples = tuple(dict.fromkeys(_text(c) for c in below))[:_SHOWN]
            if words_of(words) in said:
                yield AskedColumn(words, examples, said[words_of(words)] or LEFT_OUT, False, len(some))
            else:
                guess = days.get(column) or self._guess(cell, below)
                yield AskedColumn(words, examples, guess, True, len(some))

    def _first_and_last(self) -> Mapping[int, str]:
        """Return the columns of first and last days: just two are days or periods, and the second is never the earlier one."""
        heads = list(self._headings())
        named = {self.names.column(cell): column for column, cell in heads}
        found = [
            column
            for column, cell in heads
            if not self.names.column(cell) and self._guess(cell, self._below(column)) == headings.PERIOD
        ]
        one_day = [named[n] for n in _OF_ONE_TIME if n in named]
        if len(one_day) == len(found) == 1:
            found = [*one_day, *found] if headings.FIRST_DAY in named else [*found, *one_day]
        if len(found) != 2:
            return {}
        cells, rows = self.sheet.cells, range(self.row + 1, self.row + 1 + _SAMPLE)
        pairs = [(a, b) for r in rows if (a := cells.get((r, found[0]))) and (b := cells.get((r, found[1])))]
        starts = [
            tuple(p.start for c in pair if (p := written_periods.read(c)) and p.start) for pair in pairs
        ]
        whole = [s for s in starts if len(s) == 2]
        is_ordered = bool(whole) and all(a <= b for a, b in whole)
        return (
            dict(zip(found, _OF_ONE_TIME, strict=True))
            if is_ordered and any(_text(a) != _text(b) for a, b in pairs)
            else {}
        )

    def _headings(self) -> Iterator[tuple[int, Cell]]:
        for (row, column), cell in sorted(self.sheet.cells.items()):
            is_heading = row == self.row and cell.kind == "text" and squeezed(cell.text)
            if is_heading and self.names.meaning(cell).dimension in (headings.UNKNOWN, headings.VALUE):
                yield column, cell

    def _labels(self) -> int:
        """Return the column of the labels beside the figures if its heading says nothing about them; 0 otherwise."""
        left = min((c for r, c in self.sheet.cells if r > self.row), default=0)
        below = self._below(left)
        texts = sum(c.kind == "text" and not crossed_tables.is_figure(c) for c in below)
        asked = {column for column, _ in self._headings()}
        return left if left not in asked and below and 2 * texts > len(below) else 0

    def _below(self, column: int) -> list[Cell]:
        rows = range(self.row + 1, self.row + 1 + _SAMPLE)
        return [c for r in rows if (c := self.sheet.cells.get((r, column)))]

    def _guess(self, head: Cell, below: Sequence[Cell]) -> str:
        """Return what a column seems to be, by its heading or else by its cells; empty if nothing fits."""
        if named := self.names.column(head):
            return named
        if self.names.meaning(head).dimension == headings.VALUE:
            return headings.VALUE
        found = Counter(self.names.meaning(c).dimension for c in below)
        best = next((d for d, n in found.most_common() if d not in (headings.UNKNOWN, headings.TOTAL, headings.VALUE) and 2 * n > len(below)), "")  # fmt: skip
        if best:
            return best
        # Beside a column that is named as the figures, one of numbers is something else, such as a rate.
        if any(self.names.meaning(c).dimension == headings.VALUE for _, c in self._headings()):
            return ""
        return headings.VALUE if below and 2 * sum(map(crossed_tables.is_figure, below)) > len(below) else ""

    def unknown_names(self, found: Sequence[AskedColumn]) -> Iterator[AskedName]:
        """Yield the names in columns of indicators, areas and labels that the portal does not have, the most frequent first."""
        said = {words_of(k): v for k, v in self.read_as.items()}
        known = {
            headings.INDICATOR: self.names.indicators,
            headings.AREA: self.names.areas,
            "": {**self.names.areas, **self.names.indicators},
        }
        kinds = {words_of(c.words): c.value for c in found if c.value in (headings.INDICATOR, headings.AREA)}
        at = {
            c: kinds[words_of(x.text)]
            for (r, c), x in self.sheet.cells.items()
            if r == self.row and x.kind == "text" and words_of(x.text) in kinds
        }
        if labels := self._labels():
            at[labels] = ""
        count = Counter[tuple[str, str]]()
        for (row, column), cell in self.sheet.cells.items():
            if row <= self.row or column not in at or cell.kind != "text":
                continue
            kind, means = at[column], self.names.meaning(cell).dimension
            if means == headings.UNKNOWN or (kind and means not in (kind, headings.TOTAL)):
                count[" ".join(cell.text.split()), kind] += 1
        for (words, kind), n in count.most_common(_MOST_NAMES):
            guess = said.get(words_of(words)) or _closest(words, known[kind])
            yield AskedName(words, n, kind, guess)


def _closest(words: str, known: Mapping[str, tuple[str, ...]]) -> str:
    close = difflib.get_close_matches(words_of(words), known, 1, _CLOSE)
    ids = known[close[0]] if close else ()
    return ids[0] if len(ids) == 1 else ""


def _text(cell: Cell) -> str:
    if cell.shown is not None:
        return cell.shown
    if cell.kind == "number":
        return f"{cell.number.normalize():f}"
    return cell.day.isoformat() if cell.day else " ".join(cell.text.split())[:60]
