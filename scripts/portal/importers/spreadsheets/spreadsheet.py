"""A filled-in spreadsheet as rows of a package: read, ask, compare, check, and say what would be written."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from portal.core.problems import PortalError, Problem, did_you_mean
from portal.core.settings import Settings
from portal.core.text import listed
from portal.data import damaged_tables, packages
from portal.data.packages import Package
from portal.data.tables import Table
from portal.importers.importing import PlannedImport
from portal.importers.spreadsheets import columns, crosstabs, headings, rows, workbooks
from portal.importers.spreadsheets.columns import Layout
from portal.importers.spreadsheets.merging import MergedPackage, merge
from portal.importers.spreadsheets.readings import CellQuestion
from portal.importers.spreadsheets.rows import ReadRows
from portal.importers.spreadsheets.workbooks import Workbook

REWRITTEN = "The file {} is written again with the same rows, without what was wrong around them."
_CELLS = 8  # that a problem names besides the first
QUESTIONS: Mapping[str, tuple[str, ...]] = {
    "centuries": ("2000", "1900"),
    "commas": ("decimals", "thousands"),
    "dates": ("day-first", "month-first"),
    "decimals": ("shown", "stored"),
    "from-to": ("first-last",),
    "hidden-cells": ("read", "leave-out"),
    "hidden-columns": ("read", "leave-out"),
    "hidden-rows": ("read", "leave-out"),
    "labels": ("above", "leave-out"),
    "missing": ("x", "z", "c"),
    "months": ("first", "last"),
    "notes": ("leave-out", "read"),
    "nothing": ("0", "x", "z", "c"),
    "mark": ("e", "x", "z", "low"),
    "parts": ("total",),
    "percent": ("shown", "stored"),
    "points": ("decimals", "thousands"),
    "quarters": ("calendar", "financial"),
    "range": ("c", "low", "x"),
    "scale": ("as-written", "times-100", "times-1000", "over-100", "over-1000"),
    "serials": ("1900", "1904"),
    "shown": ("stored", "shown", "c", "low", "x"),
    "spans": ("month", "ending"),
    "headers": ("leave-out", "read"),
    "totals": ("leave-out", "read"),
    "struck": ("read", "leave-out"),
    "unknown": ("leave-out",),
    "zeros": ("add", "keep"),
}


@dataclass(frozen=True)
class SpreadsheetJob:
    """What is asked for: a file (more are a problem), the package it goes into, and how to read it.

    `assumed` answers questions; `replaced` says that the sheet is the whole table, so that other rows go; `edits` are cells
    to read otherwise than the file has them. `given` are values of columns that the sheet does not have, such as
    source=returns. `read_as` says as what to read headings and names, such as “Offence desc” as indicator; a heading read
    as an empty text is left out with its column.
    """

    paths: tuple[Path, ...]
    package: str
    resource: str = ""
    sheet: str = ""
    replaced: bool = False
    assumed: tuple[str, ...] = ()
    edits: tuple[workbooks.CellEdit, ...] = ()
    given: tuple[str, ...] = ()
    read_as: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ImportQuestion:
    """Something that the file leaves open, asked once for all cells that it concerns; `where` is the first of them."""

    key: str
    where: Problem
    text: str
    answers: Mapping[str, str]

    @property
    def place(self) -> str:
        """Return where it is, without the name of the file."""
        return self.where.place.removeprefix(f"{self.where.file}, ")


Ask = Callable[[ImportQuestion], str]


def plan(job: SpreadsheetJob, settings: Settings, ask: Ask) -> PlannedImport:
    """Read the file and say what importing it would do; nothing is written.

    `ask` puts a question to whoever imports and returns the answer, or nothing. Raises `PortalError` with everything
    that is wrong with the job, its file, or the package as it would become.
    """
    packages_read, problems = packages.read_all(settings.root, settings.packages)
    readable = _package(job, packages_read, problems)
    package = _with_own_table(job, readable, settings)
    answers = _answers(job.assumed)
    book, turned = _turned(job, packages_read, package, answers, ask)
    layouts = columns.locate(book, columns.WantedTable(package, job.resource, job.sheet))
    reading = rows.read(book, layouts, packages_read, package, answers)
    while reading.doubts and not reading.faults:
        new_answers = {q.key: ask(q) for q in _questions(reading.doubts)}
        if not all(new_answers.values()) or all(answers.get(k) == v for k, v in new_answers.items()):
            break
        answers |= new_answers
        reading = rows.read(book, layouts, packages_read, package, answers)
    own = {name for name, t in package.tables.items() if _is_own(job, settings, t)}
    replaced = job.replaced or bool(own)  # a table that was saved by a spreadsheet program is still all of it
    resources = _resources(layouts, reading, own)
    merged = [merge(package.tables[r], reading.lines, r, replaced) for r in resources]
    # A table that cannot be read as it is becomes readable, even if it has no rows. One with right rows and wrong
    # commas or blank lines around them has no changes, but is another file when it is written again.
    lost = {package.tables[r].file for r in package.tables.keys() - readable.tables.keys()}
    hidden = {p.file for p in problems if p.code in damaged_tables.HIDDEN_BY_WRITING}
    wrong = {p.file for p in problems} - (set() if job.replaced and not own else hidden)
    rewritten = {m.table.file for m in merged if not m.changes and m.table.file in wrong - lost}
    changed = tuple(m for m in merged if m.changes or m.table.file in lost | rewritten)
    outcome = MergedPackage(book, package, changed, (packages_read, problems), settings)
    if reading.faults or reading.doubts:
        unanswered = (_unanswered(q) for q in _questions(reading.doubts))
        faults = (
            book.problem(s, f.message, f.fix) for s, f in zip(reading.spots, reading.faults, strict=True)
        )
        raise PortalError([*faults, *unanswered, *outcome.mistakes(frozenset(reading.unsure))])
    # Rows of the package that stay would be written without the cells that no column has.
    staying = () if replaced else {m.table.file for m in changed}
    cut = (p for p in problems if p.file in staying and p.code in damaged_tables.HIDDEN_BY_WRITING)
    if problems_of_rows := tuple(cut):
        raise PortalError(problems_of_rows)
    outcome.judge()
    report = (
        *turned,
        *_notes(book, layouts, package),
        *(line for m in merged for line in m.preview(replaced)),
        *(REWRITTEN.format(Path(file).name) for file in sorted(rewritten)),
    )
    return PlannedImport(report, {settings.root / m.table.file: m.csv for m in changed})


def read_as(words: Iterable[str]) -> Mapping[str, str]:
    """Return what to read otherwise from options such as `Offence desc=indicator`.

    Raises:
        PortalError: one has no equals sign, or nothing before it.
    """
    found = {w.rpartition("=")[0].strip(): w.rpartition("=")[2].strip() for w in words}
    if wrong := [w for w in words if not w.rpartition("=")[0].strip()]:
        message, fix = (
            f"“{wrong[0]}” does not say what is read as what.",
            'Write it like "Offence desc=indicator".',
        )
        raise PortalError([Problem("--read", code="read", message=message, fix=fix)])
    return found


def _turned(
    job: SpreadsheetJob,
    packages_read: tuple[Package, ...],
    package: Package,
    answers: dict[str, str],
    ask: Ask,
) -> tuple[Workbook, list[str]]:
    """Return the workbook with a row for each figure of crossed tables, and what to report about them.

    New answers are added to `answers`. Raises `PortalError` where a heading cannot be read or a question stays open.
    """
    book = workbooks.edited(workbooks.renamed(workbooks.read(job.paths[0]), job.read_as), job.edits)
    if job.resource not in ("", headings.FIGURES):
        return book, []
    given = _constants(job.given, package)
    while True:
        turned = crosstabs.unpivot(
            book, crosstabs.Known(packages_read, package, answers, given, job.sheet, bool(job.read_as))
        )
        if turned.faults:
            raise PortalError(_once(turned.faults))
        if not turned.doubts:
            return turned.book, turned.report
        questions = list(_questions(turned.doubts))
        new_answers = {q.key: ask(q) for q in questions}
        if not all(new_answers.values()) or all(answers.get(k) == v for k, v in new_answers.items()):
            raise PortalError(map(_unanswered, questions))
        answers |= new_answers


def _constants(given: Iterable[str], package: Package) -> dict[str, str]:
    """Return the values that are given for columns which a sheet does not say.

    Raises:
        PortalError: the table of figures has no such column.
    """
    fields = package.tables[headings.FIGURES].schema.names if headings.FIGURES in package.tables else ()
    values: dict[str, str] = {}
    problems = []
    for words in given:
        name, equals, text = words.partition("=")
        if not equals or name not in fields or name == headings.VALUE:
            message = f"“{words}” names no column of the figures."
            fix = did_you_mean(name, [f for f in fields if f != headings.VALUE])
            problems.append(Problem("--set", code="set", message=message, fix=fix))
        values[name] = text.strip()
    if problems:
        raise PortalError(problems)
    return values


def _once(faults: Iterable[Problem]) -> Iterator[Problem]:
    """Yield the problems of a crossed table; one that several headings have is one, which names the other cells."""
    alike: dict[tuple[str, str], list[Problem]] = {}
    for p in faults:
        alike.setdefault((p.message, p.fix), []).append(p)
    for first, *others in alike.values():
        cells = [p.field.rpartition("cell ")[2] for p in others]
        more = [f"{len(cells) - _CELLS:,} more"] if len(cells) > _CELLS else []
        also = f" The same applies to {listed([*cells[:_CELLS], *more])}." if others else ""
        yield replace(first, message=first.message + also)


def _with_own_table(job: SpreadsheetJob, package: Package, settings: Settings) -> Package:
    """Return the package with an empty table in place of the file that is imported, where its rows cannot be read as they are.

    Raises `PortalError` where another table that is asked for cannot be read: its rows would be lost.
    """
    tables = dict(package.tables)
    for name, schema in package.schemas.items():
        if name not in tables and isinstance(schema.resource.get("path"), str):
            keys = {k: v for k, v in schema.resource["schema"].items() if k != "foreignKeys"}
            plain = replace(schema, resource={**schema.resource, "schema": keys})
            file = f"data_packages/{package.name}/{schema.resource['path']}"
            lost = Table(file, plain, dict.fromkeys(schema.names, ()), ())
            if _is_own(job, settings, lost):
                tables[name] = lost
    if job.resource and job.resource not in tables:
        message = f"The table {job.resource} of the package {job.package} cannot be read as it is."
        fix = "Put it right first: `portal check` says what is wrong with it, and what to do."
        raise PortalError([Problem("--resource", code="resource", message=message, fix=fix)])
    return replace(package, tables=tables)


def _is_own(job: SpreadsheetJob, settings: Settings, table: Table) -> bool:
    """Return True if the file is the table of the package, saved by a spreadsheet program."""
    return job.paths[0].resolve() == (settings.root / table.file).resolve()


def _package(job: SpreadsheetJob, packages_read: Iterable[Package], problems: Iterable[Problem]) -> Package:
    """Return the package, whose tables could be read, with the resource that is asked for."""
    if len(job.paths) > 1:
        message = f"A table is read from one file at a time, and there are {len(job.paths)}."
        raise PortalError([Problem("FILE", code="file", message=message, fix="Import one after the other.")])
    known = {p.name: p for p in packages_read}
    if job.package not in known:
        faults = [p for p in problems if p.file.startswith(f"data_packages/{job.package}/")]
        message = f"There is no package “{job.package}”."
        fix = did_you_mean(job.package, known)
        raise PortalError(faults or [Problem("--package", code="package", message=message, fix=fix)])
    package = known[job.package]
    if job.resource and job.resource not in package.tables.keys() | package.schemas.keys():
        message = f"The package {job.package} has no table “{job.resource}”."
        fix = did_you_mean(job.resource, package.tables)
        raise PortalError([Problem("--resource", code="resource", message=message, fix=fix)])
    return package


def _answers(assumed: Iterable[str]) -> dict[str, str]:
    """Return the answers given with the command; raise `PortalError` where there is no such question or answer."""
    answers, problems = {}, []
    for words in assumed:
        key, _, answer = words.partition("=")
        known = QUESTIONS.get(key.partition(":")[0])
        fix = did_you_mean(key, QUESTIONS) if known is None else f"Write one of: {', '.join(known)}."
        if known is None or answer not in known:
            message = f"“{words}” answers no question."
            problems.append(Problem("--assume", code="assume", message=message, fix=fix))
        answers[key] = answer
    if problems:
        raise PortalError(problems)
    return answers


def _questions(asked: Mapping[str, list[tuple[CellQuestion, Problem]]]) -> Iterator[ImportQuestion]:
    for key, doubts in asked.items():
        first, where = doubts[0]
        more = f" and {len(doubts) - 1:,} more" if len(doubts) > 1 else ""
        answers = {a: words for a, (words, _) in first.answers.items()}
        yield ImportQuestion(key, replace(where, field=where.field + more), first.question, answers)


def _unanswered(question: ImportQuestion) -> Problem:
    ways = [f"--assume {_quoted(f'{question.key}={a}')} ({words})" for a, words in question.answers.items()]
    fix = f"Add {', or '.join(ways)}. Or write it so that it is clear."
    return replace(question.where, message=question.text, fix=fix)


def _quoted(words: str) -> str:
    return words if re.fullmatch(r"[\w=:./-]+", words) else f'"{words}"'


def _resources(layouts: Iterable[Layout], reading: ReadRows, own: set[str]) -> list[str]:
    """Return the tables of which there are rows; an empty sheet says nothing about its table, unless it is the table itself."""
    filled = {line.layout.resource for line in reading.lines} | own
    return [r for r in dict.fromkeys(x.resource for x in layouts) if r in filled]


def _notes(book: Workbook, layouts: tuple[Layout, ...], package: Package) -> Iterator[str]:
    """Yield what to know about the sheets besides their rows."""
    for layout in (x for x in layouts if x.rows):
        sheet = layout.sheet
        if sheet.origins:
            continue
        yield f"Sheet {sheet.name} is read as the table {layout.resource}, below row {layout.header}."
        above = sorted({r for r, _ in sheet.cells if r < layout.header})
        if above:
            listed = ", ".join(map(str, above[:10])) + (" and more" if len(above) > 10 else "")
            yield f"Sheet {sheet.name}: rows above the names of the columns are left out: {listed}."
        if layout.absent:
            yield f"Sheet {sheet.name} has no column {', '.join(layout.absent)}. Rows that are in the package keep what they have there."
        if sheet.hidden:
            yield f"Sheet {sheet.name} is hidden. It is read because --sheet names it."
    if not any(layout.rows for layout in layouts):
        yield "No sheet has rows below the names of its columns."
    used = {layout.sheet.name for layout in layouts}
    for sheet in book.sheets:
        if sheet.cells and sheet.name not in {*used, columns.HELP, columns.LISTS}:
            yield f"Sheet {sheet.name} is {'hidden, and ' if sheet.hidden else ''}left out."
    yield from rows.preview(layouts, package)
