"""Single rows of the packages: find one, describe its form, and say what the table becomes when it changes."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from portal.core import field_types
from portal.core.problems import Problem
from portal.core.settings import Settings
from portal.data import csv_editing
from portal.data.packages import Package
from portal.data.tables import Table
from portal.importers.spreadsheets import forms
from portal.importers.spreadsheets.forms import Ask

_LONG = ("summary", "text", "promise", "note", "reason", "caveat", "definition", "quote", "how", "who", "next", "anonymity", "check_note", "words")  # fmt: skip
_LONG_FROM = 70  # characters from which a column has a box of several lines
_MOST_IN_LIST = 60
NEW = 0
_PLACE_IN_WORDS = re.compile(r"(?P<package>[a-z0-9-]+), table (?P<table>[a-z0-9_-]+), row (?P<row>\d+)")
_NOT_BY_HAND = frozenset({"releases", "changes", "withdrawals"})  # tables that only commands write


@dataclass(frozen=True)
class FormField:
    """One field of a row's form: its column, the text in it, how to ask for it, and its problems."""

    ask: Ask
    text: str
    kind: str  # select, list, date, long or line
    problems: tuple[Problem, ...] = ()

    @property
    def id(self) -> str:
        """Return the id of its control."""
        return f"field-{self.ask.name}"

    @property
    def label(self) -> str:
        """Return the name of the column in words, as the spreadsheets call it."""
        return self.ask.name.replace("_", " ").capitalize()

    @property
    def hint(self) -> str:
        """Return what to write; empty if the label says that already."""
        title = self.ask.title[:1].upper() + self.ask.title[1:]
        about = "" if title.casefold() == self.label.casefold() else f"{title.removesuffix('.')}."
        more = "" if self.kind in ("select", "date") or self.ask.words == "Text." else self.ask.words
        return f"{about} {more}".strip()


@dataclass(frozen=True)
class TableOf:
    """A table with its package."""

    package: Package
    resource: str
    table: Table

    @property
    def address(self) -> str:
        """Return the address of its page."""
        return f"/tables/{self.package.name}/{self.resource}"

    @property
    def title(self) -> str:
        """Return what to call it."""
        return f"{self.package.portal.get('title') or self.package.name}: {self.resource.replace('_', ' ')}"


@dataclass(frozen=True)
class RowChange:
    """A row to write: its number in the table, 0 for a new one, its texts, and whether to remove it."""

    row: int
    texts: Mapping[str, str]
    removed: bool = False


def tables(packages: Sequence[Package]) -> Iterator[TableOf]:
    """Yield every table that can be changed by hand."""
    for package in packages:
        for name, table in package.tables.items():
            if package.kind != "releases" or name not in _NOT_BY_HAND:
                yield TableOf(package, name, table)


def find(packages: Sequence[Package], package: str, resource: str) -> TableOf | None:
    """Return a table, None if there is none of these names."""
    return next((t for t in tables(packages) if (t.package.name, t.resource) == (package, resource)), None)


def text_of(table: Table, row: int) -> Mapping[str, str] | None:
    """Return the texts of a row by its number in the table, None if there is no such row."""
    at = dict(zip(table.numbers, table.rows, strict=True))
    return at.get(row)


def search(table: Table, words: str) -> list[tuple[int, Mapping[str, str]]]:
    """Return the rows that have each of some words, with their numbers, in the order of the table."""
    wanted = words.casefold().split()
    numbered = zip(table.numbers, table.rows, strict=True)
    return [(n, r) for n, r in numbered if all(w in " ".join(r.values()).casefold() for w in wanted)]


def label(table: Table, row: Mapping[str, str]) -> str:
    """Return what to call a row: its name or title, or else its key."""
    named = next((row[c] for c in ("name", "title", "term", "short_title") if row.get(c)), "")
    return named or ", ".join(filter(None, (row.get(k, "") for k in table.schema.primary_key))) or "(no name)"


def form(
    where: TableOf,
    packages: Sequence[Package],
    settings: Settings,
    texts: Mapping[str, str],
    problems: Sequence[Problem] = (),
) -> tuple[FormField, ...]:
    """Return the fields of the form of a row."""
    asks = next(
        a
        for name, a, _ in forms.form(where.package.name, tuple(packages), settings).sheets
        if name == where.resource
    )
    return tuple(
        FormField(
            a,
            texts.get(a.name, ""),
            _kind(a, where.table, texts.get(a.name, "")),
            tuple(p for p in problems if p.field == a.name),
        )
        for a in asks
    )


def _kind(ask: Ask, table: Table, text: str) -> str:
    if ask.allowed and (ask.strict or len(ask.allowed) <= _MOST_IN_LIST):
        return "select"
    if ask.allowed:
        return "list"
    if ask.field["type"] == "date" and (not text or field_types.is_date(text)):
        return "date"
    longest = max(map(len, table.values(ask.name)), default=0) if ask.name in table.columns else 0
    return "long" if ask.name in _LONG or longest > _LONG_FROM else "line"


def after(root: Path, where: TableOf, change: RowChange) -> tuple[Path, bytes]:
    """Return the file of a table and its bytes after a change; all other rows stay as they are, byte for byte."""
    path = root / where.table.file
    data = path.read_bytes()
    if change.row == NEW:
        return path, csv_editing.add_rows(data, [change.texts])
    old = text_of(where.table, change.row)
    seen = iter((True,))

    def changed(row: Mapping[str, str]) -> Mapping[str, str] | None:
        if row == old and next(seen, False):
            return None if change.removed else {**row, **change.texts}
        return row

    return path, csv_editing.edit_rows(data, changed)


def faults(where: TableOf, texts: Mapping[str, str], made: Collection[str] = ()) -> tuple[Problem, ...]:
    """Return what is wrong with the cells of a row whatever the other rows say; `made` are columns that can stay empty.

    This is quick, so people who forgot a field see it at once, without waiting for a check of the whole site.
    """
    row = next_row(where.table)
    return tuple(
        Problem(where.table.file, row, field["name"], "cell", fault.message, fault.fix)
        for field in where.table.schema.fields
        if (text := texts.get(field["name"], "")) or field["name"] not in made
        if (fault := field_types.cell_fault(text, field))
    )


def next_row(table: Table) -> int:
    """Return the number that a new row of a table gets."""
    return max(table.numbers, default=1) + 1


def address_in_words(place: str) -> str:
    """Return the address of the page of a row that is named as “package, table name, row 5”; empty for another place."""
    found = _PLACE_IN_WORDS.fullmatch(place)
    return f"/tables/{found['package']}/{found['table']}/{found['row']}" if found else ""


def address_of(problem: Problem) -> str:
    """Return the address of the page where the cell of a problem can be changed; empty if there is none."""
    parts = problem.file.split("/")
    if len(parts) != 4 or parts[0] != "data_packages" or not parts[3].endswith(".csv"):
        return ""
    resource = parts[3].removesuffix(".csv")
    if parts[1] == "releases" and resource in _NOT_BY_HAND:
        return ""
    row = f"/{problem.row}" if problem.row > 1 else ""
    field = f"#field-{problem.field}" if row and problem.field else ""
    return f"/tables/{parts[1]}/{resource}{row}{field}"
