"""Merge the rows of a sheet into a table: what changes, and whether the package would still pass its checks."""

import csv
import io
import re
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from portal.checks import plausibility, rules
from portal.checks.valid_rows import ValidRows
from portal.core import periods
from portal.core.problems import PortalError, Problem
from portal.core.settings import Settings
from portal.core.text import listed_runs
from portal.data import assembly, tables
from portal.data.packages import Package
from portal.data.tables import Table
from portal.disclosure import clearing
from portal.importers.spreadsheets.columns import SheetRow
from portal.importers.spreadsheets.grid import Place, letters
from portal.importers.spreadsheets.headings import FIGURES, INDICATOR
from portal.importers.spreadsheets.workbooks import Spot, Workbook
from portal.releases import releasing
from portal.releases.releasing import Project

Unsure = tuple[str, int, str]  # the sheet, row and column of a cell that could not be read or is in doubt
SHOWN = 20  # rows of each table in the preview


def records(table: Table) -> list[dict[str, str]]:
    """Return the rows of a table unchanged, including cells that have a problem."""
    names = table.schema.names
    return [{n: row.get(n, "") for n in names} for row in table.rows]


def key_of(table: Table, row: Mapping[str, str]) -> tuple[str, ...]:
    """Return the primary key of a row."""
    return tuple(row.get(k, "") for k in table.schema.primary_key)


@dataclass(frozen=True)
class Merged:
    """A table after the import: each row with its line in the sheet, if it has one."""

    table: Table
    rows: tuple[tuple[Mapping[str, str], SheetRow | None], ...]
    changes: tuple[str, ...]
    counts: tuple[int, int, int]
    others: int

    @property
    def csv(self) -> str:
        """Return the whole table."""
        out = io.StringIO()
        writer = csv.DictWriter(out, list(self.table.schema.names), lineterminator="\n")
        writer.writeheader()
        writer.writerows(row for row, _ in self.rows)
        return out.getvalue()

    def changed(self, column: str) -> frozenset[str]:
        """Return what a column has in the rows that are added, changed or removed, before or after."""
        before, after = (
            {tuple(row.items()): row[column] for row in rows}
            for rows in (records(self.table), (row for row, _ in self.rows))
        )
        return frozenset(
            text
            for rows in (before, after)
            for row, text in rows.items()
            if not (row in before and row in after)
        )

    def cells_of(self, unsure: frozenset[Unsure]) -> frozenset[tuple[int, str]]:
        """Return the cells of the table that were read from these cells of the sheets."""
        lines = [(n, line) for n, (_, line) in enumerate(self.rows, 2) if line]
        columns = {(sheet, row): set[str]() for sheet, row, _ in unsure}
        for sheet, row, column in unsure:
            columns[sheet, row].add(column)
        return frozenset((n, c) for n, x in lines for c in columns.get((x.layout.sheet.name, x.row), ()))

    def preview(self, replaced: bool) -> Iterator[str]:
        """Yield the lines that show what would change."""
        name = Path(self.table.file).stem
        added, changed, removed = self.counts
        same = len(self.rows) - added - changed
        yield f"{name}: {added} added, {changed} changed, {removed} removed, {same} as before."
        yield from (f"  {line}" for line in self.changes[:SHOWN])
        if len(self.changes) > SHOWN:
            yield f"  … and {len(self.changes) - SHOWN:,} more."
        if self.others and not replaced:
            yield f"  Rows of the package that are not in the sheet stay: {self.others}. --replace would remove them."
        elif removed:
            yield f"  The sheet is the whole table. Rows that are not in it are removed: {removed}."


def merge(table: Table, lines: Iterable[SheetRow], resource: str, replaced: bool) -> Merged:
    """Return the table in which lines of the sheet replace the rows with the same key, and new ones are added at the end."""
    fresh: dict[tuple[str, ...], list[SheetRow]] = {}
    for line in (x for x in lines if x.layout.resource == resource):
        fresh.setdefault(key_of(table, line.texts), []).append(line)
    rows: list[tuple[Mapping[str, str], SheetRow | None]] = []
    lines_by_change: dict[str, list[str]] = {"changed": [], "added": [], "removed": []}
    others = 0
    for row in records(table):
        updates = fresh.pop(key_of(table, row), None)
        others += updates is None
        if updates is None and replaced:
            lines_by_change["removed"].append(f"removed: {_named(table, row)}")
        elif updates is None:
            rows.append((row, None))
        for line in updates or ():
            rows.append(({**row, **line.texts}, line))
            lines_by_change["changed"] += _difference(table, row, line.texts)
    for line in (x for some in fresh.values() for x in some):
        row = {n: line.texts.get(n, "") for n in table.schema.names}
        rows.append((row, line))
        lines_by_change["added"].append(f"added: {_named(table, row)}: {_filled(table, row)}")
    counts = (len(lines_by_change["added"]), len(lines_by_change["changed"]), len(lines_by_change["removed"]))
    return Merged(
        table,
        tuple(rows),
        (*lines_by_change["changed"], *lines_by_change["added"], *lines_by_change["removed"]),
        counts,
        others,
    )


def _named(table: Table, row: Mapping[str, str]) -> str:
    return ", ".join(filter(None, key_of(table, row)))


def _filled(table: Table, row: Mapping[str, str]) -> str:
    """Return the first cells of a new row that are not part of its key."""
    rest = [(n, v) for n, v in row.items() if v and n not in table.schema.primary_key]
    return ", ".join(f"{n} {_short(v)}" for n, v in rest[:3])


def _difference(table: Table, row: Mapping[str, str], texts: Mapping[str, str]) -> list[str]:
    """Return one line about a row whose cells differ, or nothing if none do."""
    cells_ = [f"{n} {_short(row[n])} → {_short(v)}" for n, v in texts.items() if row[n] != v]
    return [f"changed: {_named(table, row)}: {', '.join(cells_)}"] if cells_ else []


def _short(words: str) -> str:
    return words[:40] + "…" if len(words) > 40 else words or "(empty)"


# --- the package as it would become


@dataclass(frozen=True)
class MergedPackage:
    """A package after the import, with the other packages and the existing problems."""

    book: Workbook
    package: Package
    merged: tuple[Merged, ...]
    read: tuple[tuple[Package, ...], tuple[Problem, ...]]
    settings: Settings

    def judge(self) -> None:
        """Run every check of `portal check`.

        Raises: `PortalError` with the problems, each at the cell of the sheet that causes it.
        """
        would_be, problems = self._checked(frozenset())
        self._stop(problems)
        warnings = plausibility.find_warnings(ValidRows(would_be, self.settings), periods.today())
        self._stop(p for p in warnings if not p.name)
        project = Project(self.settings, would_be, assembly.assemble(would_be))
        self._stop(releasing.check(project))
        policy, memory = self.settings.disclosure, clearing.remembered_audits(self.settings)
        self._stop(
            clearing.problems(project.content, policy, project.earlier, memory, self._changed_indicators)
        )

    @property
    def _changed_indicators(self) -> frozenset[str] | None:
        """Return the indicators whose figures change; None if another table changes too, such as that of the indicators."""
        if any(m.table is not self.package.tables.get(FIGURES) for m in self.merged):
            return None
        return frozenset().union(*(m.changed(INDICATOR) for m in self.merged))

    def _stop(self, problems: Iterable[Problem]) -> None:
        if problems_in_cells := in_sheets(self.book, self._files, problems):
            raise PortalError(problems_in_cells)

    def mistakes(self, unsure: frozenset[Unsure]) -> Sequence[Problem]:
        """Return the problems of the cells that could be read, if others could not."""
        rows = {(sheet, row) for sheet, row, _ in unsure}
        kept = []
        for problem in self._checked(unsure)[1]:
            line = origin(self._files, problem.file, problem.row)
            sheet = line.layout.sheet.name if line else ""
            follows = problem.code == "duplicate" and line and (sheet, line.row) in rows
            if line and not follows and (sheet, line.row, problem.field) not in unsure:
                kept.append(problem)
        return in_sheets(self.book, self._files, kept)

    @cached_property
    def _files(self) -> dict[str, Merged]:
        return {m.table.file: m for m in self.merged}

    def _checked(self, unsure: frozenset[Unsure]) -> tuple[tuple[Package, ...], tuple[Problem, ...]]:
        """Return all packages with the new tables, and every problem; rules ignore unsure cells."""
        packages, before = self.read
        problems = [p for p in before if p.file not in self._files]
        fresh: dict[str, Table] = {}
        for m in self.merged:
            table, faults = _table(m)
            problems += faults
            if table:
                fresh[table.file] = replace(table, bad=table.bad | m.cells_of(unsure))
        tables = {name: fresh.get(t.file, t) for name, t in self.package.tables.items()}
        would_be = tuple(replace(p, tables=tables) if p.name == self.package.name else p for p in packages)
        return would_be, tuple(sorted([*problems, *rules.check(would_be, self.settings)]))


def _table(merged: Merged) -> tuple[Table | None, tuple[Problem, ...]]:
    """Return the table as it will be read, and the problems of its cells."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / Path(merged.table.file).name
        path.write_text(merged.csv, encoding="utf-8", newline="")
        return tables.read(path, merged.table.file, merged.table.schema)


def in_sheets(book: Workbook, merged: Mapping[str, Merged], problems: Iterable[Problem]) -> Sequence[Problem]:
    """Return the problems with their places in the sheets; one mistake in many cells of a crossed table is one problem."""
    places: dict[Problem, set[Place]] = {}
    first: dict[Problem, Problem] = {}
    for problem in problems:
        told = at_cells(book, merged, problem)
        line = origin(merged, problem.file, problem.row)
        place = line.layout.sheet.origins.get((line.row, 0)) if line else None
        same = replace(told, row=0, field=line.layout.sheet.name) if line and place else told
        first.setdefault(same, told)
        places.setdefault(same, set()).update({place} if place else ())
    return [
        replace(told, message=f"{told.message} {_also_in(places[same])}") if len(places[same]) > 1 else told
        for same, told in first.items()
    ]


def _also_in(places: Collection[Place]) -> str:
    """Return where one mistake is that several cells have: `This applies to columns C to F, rows 2 to 9.`."""
    rows, columns_ = ({p[n] for p in places} for n in (0, 1))
    some = "" if len(places) == len(rows) * len(columns_) else f"{len(places)} cells of "
    across = f"column{'s' if len(columns_) > 1 else ''} {listed_runs(columns_, letters)}"
    return f"This applies to {some}{across}, row{'s' if len(rows) > 1 else ''} {listed_runs(rows)}."


def at_cells(book: Workbook, merged: Mapping[str, Merged], problem: Problem) -> Problem:
    """Return the problem with its place in the sheet; a problem in another row keeps its place.

    Where the sheet has no column that each row needs, this is one problem with the sheet, the same for each row.
    """
    message = re.sub(
        r"(data_packages/\S+\.csv), row (\d+)",
        lambda m: _where(book, origin(merged, m[1], int(m[2]))) or m[0],
        problem.message,
    )
    line = origin(merged, problem.file, problem.row)
    if line is None:
        return replace(problem, message=message)
    absent = problem.field in line.layout.absent
    if problem.code == "duplicate" and line.layout.sheet.origins:
        message = "The sheet has another figure of the same indicator, area, period and part."
        fix = "Remove the row or column that is there twice, or correct what it says."
        return book.problem(line.spot(problem.field), message, fix, problem.code)
    # A crossed table has no column for what it does not say.
    is_unsaid = absent or bool(line.layout.sheet.origins)
    if is_unsaid and problem.code == "cell" and problem.field and not line.texts.get(problem.field):
        title = problem.fix.removeprefix("Fill it in: ").removesuffix(".")
        message = f"There is no column {problem.field}, and each row needs it: {title}."
        is_figures = line.layout.resource == FIGURES
        same = f" If it is the same for all rows, add --set {problem.field}=… instead." if is_figures else ""
        return book.problem(Spot(line.layout.sheet.name), message, f"Add the column.{same}", problem.code)
    at_cell = book.problem(line.spot(problem.field), message, problem.fix, problem.code)
    absent = absent and book.kind != "csv"
    return replace(at_cell, field=f"{at_cell.field}, column {problem.field}") if absent else at_cell


def origin(merged: Mapping[str, Merged], file: str, row: int) -> SheetRow | None:
    """Return the line of the sheet from which a row was read, or None."""
    rows = merged[file].rows if file in merged else ()
    return rows[row - 2][1] if 2 <= row < len(rows) + 2 else None


def _where(book: Workbook, line: SheetRow | None) -> str:
    return book.problem(line.spot(), "", "").place if line else ""
