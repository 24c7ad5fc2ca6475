"""A filled-in spreadsheet as rows of a package: read, ask, compare, check, and say what would be written."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from portal import packages
from portal.config import Settings
from portal.importers import cells, columns, workbooks
from portal.importers.columns import Layout, Line
from portal.importers.merging import Outcome, Unsure, key_of, merge, records
from portal.importers.run import Plan
from portal.importers.workbooks import Spot, Workbook
from portal.packages import Package
from portal.problems import PortalError, Problem, did_you_mean
from portal.tables import Table

QUESTIONS: Mapping[str, tuple[str, ...]] = {
    "dates": ("day-first", "month-first"),
    "decimals": ("shown", "stored"),
    "missing": ("x", "z", "c"),
    "percent": ("shown", "stored"),
    "serials": ("1900", "1904"),
    "zeros": ("add", "keep"),
}


@dataclass(frozen=True)
class Job:
    """What is asked for: a file (more are a problem), the package it goes into, and how to read it.

    `assumed` answers questions; `replaced` says that the sheet is the whole table, so that other rows go.
    """

    paths: tuple[Path, ...]
    package: str
    resource: str = ""
    sheet: str = ""
    replaced: bool = False
    assumed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Question:
    """Something that the file leaves open, asked once for all cells that it concerns."""

    key: str
    place: str
    text: str
    answers: Mapping[str, str]


Ask = Callable[[Question], str]


@dataclass
class _Reading:
    """What is gathered while the cells are read."""

    book: Workbook
    answers: Mapping[str, str]
    lines: list[Line] = field(default_factory=list)
    faults: list[Problem] = field(default_factory=list)
    doubts: dict[str, list[tuple[cells.Doubt, str]]] = field(default_factory=dict)
    unsure: set[Unsure] = field(default_factory=set)


def plan(job: Job, settings: Settings, ask: Ask) -> Plan:
    """Read the file and say what importing it would do; nothing is written.

    `ask` puts a question to whoever imports and returns the answer, or nothing. Raises `PortalError` with everything
    that is wrong with the job, its file, or the package as it would become.
    """
    found, problems = packages.read_all(settings.root, settings.packages)
    package, answers = _package(job, found, problems), _answers(job.assumed)
    book = workbooks.read(job.paths[0])
    layouts = columns.found(book, columns.Wanted(package, job.resource, job.sheet))
    reading = _read(book, layouts, found, package, answers)
    while reading.doubts and not reading.faults:
        told = {q.key: ask(q) for q in _questions(reading)}
        if not all(told.values()):
            break
        answers |= told
        reading = _read(book, layouts, found, package, answers)
    merged = [merge(package.tables[r], reading.lines, r, job.replaced) for r in _resources(layouts, reading)]
    changed = tuple(m for m in merged if m.changes)
    outcome = Outcome(book, package, changed, (found, problems), settings)
    if reading.faults or reading.doubts:
        unanswered = (_unanswered(book, q) for q in _questions(reading))
        raise PortalError([*reading.faults, *unanswered, *outcome.mistakes(frozenset(reading.unsure))])
    outcome.judge()
    report = (*_notes(book, layouts), *(line for m in merged for line in m.told(job.replaced)))
    return Plan(report, {settings.root / m.table.file: m.csv for m in changed})


def _package(job: Job, found: Iterable[Package], problems: Iterable[Problem]) -> Package:
    """The package, whose tables could be read, with the resource that is asked for."""
    if len(job.paths) > 1:
        message = f"A table is read from one file at a time, and there are {len(job.paths)}."
        raise PortalError([Problem("FILE", code="file", message=message, fix="Import one after the other.")])
    known = {p.name: p for p in found}
    if job.package not in known:
        own = [p for p in problems if p.file.startswith(f"data_packages/{job.package}/")]
        message = f"There is no package “{job.package}”."
        fix = did_you_mean(job.package, known)
        raise PortalError(own or [Problem("--package", code="package", message=message, fix=fix)])
    package = known[job.package]
    if job.resource and job.resource not in package.tables:
        message = f"The package {job.package} has no table “{job.resource}”."
        fix = did_you_mean(job.resource, package.tables)
        raise PortalError([Problem("--resource", code="resource", message=message, fix=fix)])
    return package


def _answers(assumed: Iterable[str]) -> dict[str, str]:
    """The answers given with the command; raise `PortalError` where there is no such question or answer."""
    told, problems = {}, []
    for words in assumed:
        key, _, answer = words.partition("=")
        known = QUESTIONS.get(key.partition(":")[0])
        fix = did_you_mean(key, QUESTIONS) if known is None else f"Write one of: {', '.join(known)}."
        if known is None or answer not in known:
            message = f"“{words}” answers no question."
            problems.append(Problem("--assume", code="assume", message=message, fix=fix))
        told[key] = answer
    if problems:
        raise PortalError(problems)
    return told


# --- cells


def _read(
    book: Workbook,
    layouts: Iterable[Layout],
    found: Iterable[Package],
    package: Package,
    answers: Mapping[str, str],
) -> _Reading:
    """Every row of every table, with what could not be read and what is to be asked."""
    reading = _Reading(book, answers)
    kept = [r for p in found if "indicators" in p.tables for _, r in p.tables["indicators"].records]
    units = {r["id"]: r.get("unit", "") for r in kept if "id" in r}
    for layout in sorted(layouts, key=lambda x: x.resource != "indicators"):
        reader = _Rows(reading, layout, package.tables[layout.resource], units)
        for row in layout.rows:
            line = reader.line(row)
            reading.lines.append(line)
            if layout.resource == "indicators":
                units[line.texts.get("id", "")] = line.texts.get("unit", "")
    return reading


@dataclass(frozen=True)
class _Rows:
    """Reads the rows of one sheet."""

    reading: _Reading
    layout: Layout
    table: Table
    units: Mapping[str, str]

    @cached_property
    def _columns(self) -> dict[str, cells.Column]:
        known = {c: frozenset(self.table.frame[c]) - {""} for c in self.table.columns}
        return {
            f["name"]: cells.Column(f, known.get(f["name"], frozenset())) for f in self.table.schema.fields
        }

    @cached_property
    def _before(self) -> dict[tuple[str, ...], Mapping[str, str]]:
        good = dict(self.table.records)  # a cell with a problem must not stay as it is
        rows = zip(self.table.frame.index, records(self.table), strict=True)
        return {key_of(self.table, r): good[int(str(n))] for n, r in rows}

    def line(self, row: int) -> Line:
        """The row as texts. Its key comes first, since what stood there before helps with the rest."""
        texts: dict[str, str] = {}
        first = [
            c for c in (*self.table.schema.primary_key, "status", "unit", "kind") if c in self.layout.columns
        ]
        for column in dict.fromkeys((*first, *self.layout.columns)):
            before = self._before.get(key_of(self.table, texts), {}) if column not in first else {}
            unit = (
                self._unit(texts)
                if column in ("value", "stated", "target_value", "result_value", "baseline_value")
                else "other"
            )
            told = cells.Row(unit, texts.get("status", ""), before.get(column, ""))
            texts[column] = self._text(row, column, told)
        mark = texts.get("value", "")
        if mark in cells.SHORTHAND:
            texts |= {"value": "", "status": cells.SHORTHAND[mark]}
        return Line(self.layout, row, texts)

    def _unit(self, texts: Mapping[str, str]) -> str:
        """The unit of a row's figures: its own, that of what it claims, or that of its indicator."""
        if texts.get("kind", "").startswith("change-percent"):
            return "percent-change"
        return texts.get("unit") or self.units.get(texts.get("indicator", ""), "")

    def _text(self, row: int, column: str, told: cells.Row) -> str:
        at = (row, self.layout.columns[column])
        found = cells.settle(self.layout.sheet.cells.get(at), self._columns[column], told)
        if isinstance(found, str):
            return found
        book, spot = self.reading.book, Spot(self.layout.sheet.name, *at, column)
        if isinstance(found, cells.Fault):
            self.reading.unsure.add((spot.sheet, row, column))
            self.reading.faults.append(book.problem(spot, found.message, found.fix))
            return ""
        answers = self.reading.answers
        answer = answers.get(found.key) or answers.get(found.key.partition(":")[0], "")
        if answer in found.answers:
            return found.answers[answer][1]
        place = book.problem(spot, "", "").place.removeprefix(f"{book.file}, ")
        self.reading.unsure.add((spot.sheet, row, column))
        self.reading.doubts.setdefault(found.key, []).append((found, place))
        return ""


def _questions(reading: _Reading) -> Iterator[Question]:
    for key, doubts in reading.doubts.items():
        first, place = doubts[0]
        more = f" and {len(doubts) - 1:,} more" if len(doubts) > 1 else ""
        answers = {a: words for a, (words, _) in first.answers.items()}
        yield Question(key, place + more, first.question, answers)


def _unanswered(book: Workbook, question: Question) -> Problem:
    ways = [f"--assume {_quoted(f'{question.key}={a}')} ({words})" for a, words in question.answers.items()]
    fix = f"Add {', or '.join(ways)}. Or write it so that it is clear."
    return Problem(book.file, 0, question.place, "question", question.text, fix)


def _quoted(words: str) -> str:
    return words if re.fullmatch(r"[\w=:./-]+", words) else f'"{words}"'


def _resources(layouts: Iterable[Layout], reading: _Reading) -> list[str]:
    """The tables of which there are rows; an empty sheet of a template says nothing about its table."""
    filled = {line.layout.resource for line in reading.lines}
    return [r for r in dict.fromkeys(x.resource for x in layouts) if r in filled]


def _notes(book: Workbook, layouts: tuple[Layout, ...]) -> Iterator[str]:
    """What to know about the sheets besides their rows."""
    for layout in (x for x in layouts if x.rows):
        sheet = layout.sheet
        rows = [r for r in layout.rows if r in sheet.hidden_rows]
        hidden = [workbooks.letters(c) for c in sorted(sheet.hidden_columns & set(layout.columns.values()))]
        yield f"Sheet {sheet.name} is read as the table {layout.resource}, below row {layout.header}."
        if layout.absent:
            yield f"Sheet {sheet.name} has no column {', '.join(layout.absent)}. Rows that are in the package keep what they have there."
        if sheet.hidden:
            yield f"Sheet {sheet.name} is hidden. It is read all the same."
        if rows:
            listed = ", ".join(map(str, rows[:10])) + (" and more" if len(rows) > 10 else "")
            yield f"Sheet {sheet.name}: hidden rows are read all the same: {listed}."
        if hidden:
            yield f"Sheet {sheet.name}: hidden columns are read all the same: {', '.join(hidden)}."
    if not any(layout.rows for layout in layouts):
        yield "No sheet has rows below the names of its columns."
    used = {layout.sheet.name for layout in layouts}
    for sheet in book.sheets:
        if sheet.cells and sheet.name not in {*used, columns.HELP, columns.LISTS}:
            yield f"Sheet {sheet.name} is left out."
