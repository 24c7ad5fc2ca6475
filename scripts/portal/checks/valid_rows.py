"""What rules look at: every table, row by row, without the cells that already have a problem."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from portal.core.problems import Problem, did_you_mean
from portal.core.settings import Settings
from portal.data.packages import Package, contract
from portal.data.tables import Table


@dataclass(frozen=True)
class ValidRow:
    """One row as a spreadsheet counts it, without the cells that already have a problem."""

    table: Table
    number: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        """The text of a cell; empty where it is empty, not there, or has a problem of its own."""
        return self.cells.get(column, "")

    def wrong(self, column: str, code: str, message: str, fix: str) -> Problem:
        """A problem with one cell of this row."""
        return Problem(self.table.file, self.number, column, code, message, fix)

    def dangling(self, column: str, known: Collection[str], what: str) -> Problem:
        """A problem with a cell that points to something which is not there."""
        return self.wrong(
            column,
            "reference",
            f"“{self[column]}” is not among the {what}.",
            did_you_mean(self[column], known),
        )


@dataclass(frozen=True)
class ValidRows:
    """What a rule looks at."""

    packages: tuple[Package, ...]
    settings: Settings

    def rows(self, kind: str, resource: str) -> Iterator[ValidRow]:
        """The rows of one resource in all packages of a kind."""
        for package in self.packages:
            if package.kind == kind and resource in package.tables:
                yield from rows(package.tables[resource])

    def read(self, kind: str, resource: str) -> bool:
        """Whether every table of this resource could be read.

        Where one could not, that is a problem of its own, and rules that look things up in it are silent: what
        they would say follows from it.
        """
        if len(self.packages) < len(self.settings.packages):
            return False
        required = contract(kind)["resources"][resource]["required"]
        return all(resource in p.tables or not required for p in self.packages if p.kind == kind)

    def values(self, kind: str, resource: str, column: str) -> frozenset[str]:
        """Every value of a column, over all packages."""
        return frozenset(row[column] for row in self.rows(kind, resource) if row[column])

    def doubtful(self) -> frozenset[str] | None:
        """The indicators whose figures have problems of their own; None where figures could not be read at all.

        What rules would say about the figures of such an indicator follows from those problems.
        """
        tables = [p.tables["observations"] for p in self.packages if "observations" in p.tables]
        if not self.read("indicators", "observations"):
            return None
        if any(not set(t.schema.names) <= t.columns for t in tables):
            return None
        bad = [t.frame.loc[sorted({n for n, _ in t.bad} & set(t.frame.index)), "indicator"] for t in tables]
        return frozenset(str(name) for names in bad for name in names)


def rows(table: Table) -> Iterator[ValidRow]:
    """Each row of a table."""
    return (ValidRow(table, number, cells) for number, cells in table.records)
