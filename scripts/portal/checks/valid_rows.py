"""The input of the rules: every table, row by row, without cells that already have a problem."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from portal.core.problems import Problem, nearest, write_one_of
from portal.core.settings import Settings
from portal.data.packages import Package, contract
from portal.data.tables import Table

# The columns of every table of observations; the others are breakdowns.
_NOT_BREAKDOWNS = ("indicator", "area", "period_start", "period_end", "value", "status", "source", "locator")


_CODE = re.compile(r"[A-Z][0-9]{8}")  # of an area


def _alike(one: str, other: str) -> bool:
    """Return True if two ids differ only by their numbers."""
    return re.sub("[0-9]+", "0", one) == re.sub("[0-9]+", "0", other)


@dataclass(frozen=True)
class ValidRow:
    """One row, numbered as in a spreadsheet, without cells that already have a problem."""

    table: Table
    number: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        """Return the text of a cell; empty if the cell is empty, missing or already has a problem."""
        return self.cells.get(column, "")

    def has(self, *columns: str) -> bool:
        """Return True if none of these cells is missing or already has a problem; an empty cell is there."""
        return all(c in self.cells for c in columns)

    def problem(self, column: str, code: str, message: str, fix: str) -> Problem:
        """Return a problem with one cell of this row."""
        return Problem(self.table.file, self.number, column, code, message, fix)

    def warning(self, column: str, message: str, fix: str, name: str) -> Problem:
        """Return a warning about one cell of this row; people accept it by `name`, whose first part is its code."""
        return Problem(self.table.file, self.number, column, name.partition(":")[0], message, fix, name)

    @property
    def part(self) -> str:
        """Return the figure's part of its breakdown; empty if it is not broken down. The row must be an observation."""
        return next((v for k, v in self.cells.items() if k not in _NOT_BREAKDOWNS and v), "")

    def dangling(self, column: str, known: Collection[str] | None, what: str) -> Problem:
        """Return a problem with a cell that refers to something that does not exist; `known` is what can be meant, or None."""
        value = self[column]
        if known is None:
            fix = f"Write one of the {what}."
        elif _CODE.fullmatch(value):
            # Of codes the nearest is that of another area, and there can be hundreds.
            fix = f"Look the code up in the {what} of the geography package, or add a row for it there."
        elif (near := nearest(value, known)) and (
            near.casefold() == value.casefold() or not _alike(near, value)
        ):
            fix = f"Did you mean {near}?"
        elif len(known) == 1:
            fix = f"Add it to the {what}, or write {next(iter(known))} if that is meant."
        else:  # of numbered ids the nearest is another one
            fix = write_one_of(value, known) if known else "Remove it."
        return self.problem(column, "reference", f"“{self[column]}” is not among the {what}.", fix)


@dataclass(frozen=True)
class ValidRows:
    """All packages, as rules read them."""

    packages: tuple[Package, ...]
    settings: Settings

    def rows(self, kind: str, resource: str) -> Iterator[ValidRow]:
        """Yield the rows of one resource in all packages of a kind."""
        for package in self.packages:
            if package.kind == kind and resource in package.tables:
                yield from rows(package.tables[resource])

    def is_readable(self, kind: str, resource: str) -> bool:
        """Return True if every table of this resource could be read.

        If not, that is reported separately, and rules that look things up in it report nothing.
        """
        if len(self.packages) < len(self.settings.packages):
            return False
        required = contract(kind)["resources"][resource]["required"]
        return all(resource in p.tables or not required for p in self.packages if p.kind == kind)

    def values(self, kind: str, resource: str, column: str) -> frozenset[str]:
        """Return every value of a column, over all packages."""
        return frozenset(row[column] for row in self.rows(kind, resource) if row[column])

    def indicators_with_problems(self) -> frozenset[str] | None:
        """Return the indicators whose figures already have problems; None if figures could not be read at all.

        Rules report nothing more about the figures of these indicators.
        """
        own = [p for p in self.packages if "observations" in p.tables]
        tables = [p.tables["observations"] for p in own]
        if not self.is_readable("indicators", "observations"):
            return None
        if any(not set(t.schema.names) <= t.columns for t in tables):
            return None
        known = self.values("indicators", "indicators", "id")
        named = {p.name: _in_bad_rows(p.tables["observations"]) for p in own}
        # A row that does not say its indicator can be a figure of each one of its package.
        unclear = (p for p in own if not named[p.name] <= known and "indicators" in p.tables)
        every = (p.tables["indicators"].values("id") for p in unclear)
        return self.without_figures.union(*named.values(), *every)

    @property
    def without_figures(self) -> frozenset[str]:
        """Return the indicators of packages that have no figures at all; a rule of its own reports those that need some."""
        return frozenset(
            row["id"]
            for p in self.packages
            if "indicators" in p.tables
            and "observations" in p.tables
            and not p.tables["observations"].numbers
            for row in rows(p.tables["indicators"])
        )


def _in_bad_rows(figures: Table) -> frozenset[str]:
    """Return what the rows with problems have as their indicator, which can be any text."""
    bad = {row for row, _ in figures.bad}
    numbered = zip(figures.numbers, figures.cells["indicator"], strict=True) if bad else ()
    return frozenset(name for row, name in numbered if row in bad)


def ids(table: Table, column: str = "id") -> frozenset[str]:
    """Return the ids in a table, without those that have a problem."""
    return frozenset(row[column] for row in rows(table) if row[column])


def unread_ids(table: Table, column: str = "id") -> frozenset[str]:
    """Return the ids of rows that have a problem of their own, also those inside a row that is in one cell.

    What refers to such a row is right once the row is.
    """
    if not table.bad or column not in table.columns:
        return frozenset()
    numbered = zip(table.numbers, table.cells[column], strict=True)
    cells = [cell for number, cell in numbered if (number, column) in table.bad]
    return frozenset(piece.strip(' "') for cell in cells for piece in re.split(r"[,;\t|]", cell)) - {""}


def rows(table: Table) -> Iterator[ValidRow]:
    """Yield each row of a table."""
    return (ValidRow(table, number, cells) for number, cells in table.records)
