"""Describe a spreadsheet to fill in: a sheet for each table of a package, and what each column accepts."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from portal.checks.rules import REFERENCES, SOURCES
from portal.core.problems import PortalError, Problem, did_you_mean
from portal.core.settings import Settings
from portal.core.text import listed
from portal.data.packages import Package
from portal.data.tables import Json, Table

INTRODUCTION = (
    "Each sheet after this one is a table. Write one row for each thing, below the names of the columns.",
    "You do not need to copy what is already published: rows that you leave out stay as they are.",
    "Leave a sheet empty if nothing in it is new. The examples below are only examples: nothing here is imported.",
)
_STATUSES = {
    "p": "provisional", "r": "revised", "c": "withheld to protect people", "x": "not available", "z": "not applicable",
    "low": "too low to show, but not zero", "e": "estimated", "b": "a break in the series",
}  # fmt: skip
_ID = "^[a-z0-9]+(-[a-z0-9]+)*$"


@dataclass(frozen=True)
class Ask:
    """One column: its field, the values it offers, whether it accepts only those, and an example from the package."""

    field: Json
    allowed: tuple[str, ...]
    strict: bool
    example: str

    @property
    def name(self) -> str:
        """Return the name of the column."""
        return str(self.field["name"])

    @property
    def title(self) -> str:
        """Return what the column is."""
        return str(self.field.get("title", self.name))

    @property
    def required(self) -> bool:
        """Return True if it must be filled in."""
        return bool(self.field.get("constraints", {}).get("required"))

    @property
    def words(self) -> str:
        """Return what it can contain, in words."""
        rules = self.field.get("constraints", {})
        if self.allowed and self.name == "status":
            return f"One of: {', '.join(f'{a} ({_STATUSES[a]})' if a in _STATUSES else a for a in self.allowed)}."
        if self.allowed and self.strict:
            return f"One of: {', '.join(self.allowed)}."
        if self.allowed:
            return f"Choose from the list in the cell: {len(self.allowed)} to choose from."
        match self.field["type"]:
            case "date":
                return "A date with the year first: 2016-07-31."
            case "integer":
                return "A whole number" + (f", {rules['minimum']} or more." if "minimum" in rules else ".")
            case "number":
                return "Only a number, without a sign or unit."
        if rules.get("pattern") == _ID:
            return "Lower-case letters, digits and hyphens" + (
                f", such as {self.example}." if self.example else "."
            )
        if "pattern" in rules and self.example:
            return f"Text of the same form as {self.example}."
        return "Text of the same form as the other rows." if "pattern" in rules else "Text."

    @property
    def note(self) -> str:
        """Return everything about the column, for a note in its header."""
        return f"{self.title}. {'Must be filled in.' if self.required else 'May be empty.'} {self.words}"


@dataclass(frozen=True)
class SpreadsheetForm:
    """The sheets of a package to fill in: for each table its name, its columns and its primary key."""

    package: str
    sheets: tuple[tuple[str, tuple[Ask, ...], tuple[str, ...]], ...]

    @property
    def help(self) -> tuple[tuple[str, ...], ...]:
        """Return the rows of the sheet that explains the others."""
        lines = [(line,) for line in INTRODUCTION]
        for name, _, key in self.sheets:
            lines.append((f"{name}: a row replaces the published one with the same {listed(key)}.",))
        head = ("Sheet", "Column", "What it is", "Must be filled in", "What to write", "Example")
        rows = [
            (name, a.name, a.title, "yes" if a.required else "no", a.words, a.example)
            for name, asks, _ in self.sheets
            for a in asks
        ]
        return (("How to fill in these sheets",), *lines, (), head, *rows)


def form(name: str, packages: tuple[Package, ...], settings: Settings) -> SpreadsheetForm:
    """Return the form of the package `name`.

    Raises: `PortalError` if there is no such package.
    """
    known = {p.name: p for p in packages}
    if name not in known:
        fix = did_you_mean(name, known)
        raise PortalError(
            [Problem("PACKAGE", code="package", message=f"There is no package “{name}”.", fix=fix)]
        )
    package = known[name]
    packages = (
        package,
        *(p for p in packages if p is not package),
    )  # its values come first in the drop-downs
    sheets = (
        (resource, tuple(_asks(package, resource, table, packages, settings)), table.schema.primary_key)
        for resource, table in package.tables.items()
    )
    return SpreadsheetForm(name, tuple(sheets))


def _asks(
    package: Package, resource: str, table: Table, packages: tuple[Package, ...], settings: Settings
) -> Iterator[Ask]:
    for field in table.schema.fields:
        allowed = tuple(str(v) for v in field.get("constraints", {}).get("enum", ()))
        if field["type"] == "boolean":
            allowed = ("true", "false")
        pointed = () if allowed else tuple(_pointed(package, resource, field["name"], packages, settings))
        yield Ask(field, allowed or pointed, bool(allowed), _example(table, field["name"]))


def _pointed(
    package: Package, resource: str, column: str, packages: Iterable[Package], settings: Settings
) -> Iterable[str]:
    """Return the values that a column with a reference accepts, in the order of the tables."""
    if column == "source" and package.kind != "sources":
        return _values(packages, *SOURCES)
    target = REFERENCES.get((package.kind, resource, column))
    if target:
        return _values(packages, *target)
    if package.kind == "plan" and (column, resource) in _OF_PLANS:
        return _values([package], "plan", {"priority": "priorities", "action": "actions"}[column], "id")
    if (package.kind, resource) == ("indicators", "indicators"):
        return {"topic": settings.topics, "breakdown": package.breakdowns}.get(column, ())
    return ()


_OF_PLANS = {
    ("priority", "actions"), ("priority", "measures"), ("priority", "updates"), ("action", "measures"), ("action", "updates")
}  # fmt: skip


def _values(packages: Iterable[Package], kind: str, resource: str, column: str) -> Iterable[str]:
    tables = [p.tables[resource] for p in packages if p.kind == kind and resource in p.tables]
    return dict.fromkeys(row[column] for t in tables for _, row in t.records if row.get(column))


def _example(table: Table, column: str) -> str:
    """Return the first filled cell of the column, or nothing if the package has none."""
    return next((row[column] for _, row in table.records if row.get(column)), "")
