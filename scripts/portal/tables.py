"""Reads one CSV file against its schema: the rows as text, and everything that is wrong with them in words.

The only importer of frictionless.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from portal import quick, text
from portal.problems import Problem, did_you_mean

Json = dict[str, Any]
LARGEST = 100_000_000  # bytes of a file; a table of that size takes a computer's whole memory
_LARGEST_CELL = 100_000
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x85\u2028\u2029]")
_PLAIN_NUMBER = re.compile(r"-?\d+(\.\d+)?")


@dataclass(frozen=True)
class Schema:
    """The fields of a table, each as Table Schema describes one, and the columns that tell rows apart."""

    fields: tuple[Json, ...]
    primary_key: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(f["name"] for f in self.fields)


@dataclass(frozen=True)
class Table:
    """One CSV as text: a frame of strings whose index is the row as a spreadsheet counts it (from 2)."""

    file: str
    schema: Schema
    frame: pd.DataFrame
    bad: frozenset[tuple[int, str]] = frozenset()  # cells that already have a problem

    @property
    def columns(self) -> frozenset[str]:
        """The columns that the file really has."""
        return frozenset(self.frame.columns)

    @cached_property
    def records(self) -> tuple[tuple[int, Mapping[str, str]], ...]:
        """Each row's number and its cells, without those that have a problem. Made once, since every rule reads them."""
        told = ((int(n), row) for n, row in zip(self.frame.index, self.rows, strict=True))
        if not self.bad:
            return tuple(told)
        return tuple((n, {k: v for k, v in row.items() if (n, k) not in self.bad}) for n, row in told)

    @cached_property
    def rows(self) -> tuple[Mapping[str, str], ...]:
        """The cells of each row, by column."""
        names = [str(c) for c in self.frame.columns]
        cells = zip(*(self.frame[c].tolist() for c in names), strict=True)
        return tuple(dict(zip(names, row, strict=True)) for row in cells)

    def values(self, column: str) -> frozenset[str]:
        """Every text that a column has, also that of cells with a problem."""
        return frozenset(self.frame[column].tolist())


def read(path: Path, file: str, schema: Schema) -> tuple[Table | None, tuple[Problem, ...]]:
    """Read the CSV at `path`, which problems call `file`; no table where its rows cannot be told apart."""
    rows, fault = rows_of(path, file)
    if rows is None:
        return None, fault
    if columns := quick.clean(rows, schema.fields, schema.primary_key):
        lines = range(2, len(rows) + 1)
        return Table(
            file, schema, pd.DataFrame({c: columns[c] for c in schema.names}, index=lines, dtype=object)
        ), ()
    header = rows[0]
    place = {c: i for i, c in reversed(list(enumerate(header)))}
    width = len(header)
    body = [(n, row) for n, row in enumerate(rows[1:], 2) if any(row)]
    even = (row if len(row) == width else [*row, *[""] * width][:width] for _, row in body)
    cells = list(zip(*even, strict=True)) if body else [()] * width
    columns = {c: cells[place[c]] for c in schema.names if c in place}
    frame = pd.DataFrame(columns, index=[n for n, _ in body], dtype=object)
    found = (*_number_problems(file, frame, schema), *_row_problems(path, file, header, schema))
    in_rows = tuple({(p.row, p.field): p for p in found}.values())
    problems = (*_header_problems(file, header, schema.names), *in_rows)
    return Table(file, schema, frame, frozenset((p.row, p.field) for p in in_rows)), problems


def _number_problems(file: str, frame: pd.DataFrame, schema: Schema) -> Iterator[Problem]:
    """Numbers in forms that frictionless takes and people do not write, such as NaN and 1e9."""
    for field in schema.fields:
        if field["type"] in ("number", "integer") and field["name"] in frame:
            for row, cell in frame[field["name"]].items():
                if cell and not _PLAIN_NUMBER.fullmatch(cell):
                    yield Problem(file, int(str(row)), field["name"], "cell", *_cell_in_words(cell, field))


def rows_of(path: Path, file: str) -> tuple[list[list[str]] | None, tuple[Problem, ...]]:
    """The rows of a CSV as text, header first, or the one problem that keeps them from being read."""

    def wrong(message: str, fix: str, row: int = 0) -> tuple[None, tuple[Problem, ...]]:
        return None, (Problem(file, row=row, code="file", message=message, fix=fix),)

    fault = unreadable(path)
    if fault:
        return wrong(*fault)
    try:
        raw = path.read_bytes()
        content = raw.decode("utf-8-sig")
    except OSError:
        return wrong(
            "The file is not there or cannot be read.", "Put it back, or take it out of datapackage.json."
        )
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        return wrong(
            "A letter in this row is not saved as UTF-8.", "Save the file as “CSV UTF-8” and try again.", line
        )
    fault = _not_a_table(content)
    if fault:
        return wrong(*fault)
    csv.field_size_limit(_LARGEST_CELL)
    try:
        return list(csv.reader(io.StringIO(content, newline=""), strict=True)), ()
    except csv.Error as error:
        return wrong(
            f"The rows cannot be told apart: {error}.", "Look for a quotation mark that is not closed."
        )


def unreadable(path: Path) -> tuple[str, str] | None:
    """Why a file should not even be opened: it is none, or it is too large."""
    if path.exists() and not path.is_file():
        return "This is not a file.", "Put a file there."
    if path.is_file() and (size := path.stat().st_size) > LARGEST:
        found = f"The file has {size / 1e6:,.0f} MB. Files of more than {LARGEST / 1e6:,.0f} MB are not read."
        return found, "Look whether it is the right file, or part it in two packages."
    return None


def _not_a_table(content: str) -> tuple[str, str] | None:
    if not content.strip():
        return "The file is empty.", "Put the header row and the figures back."
    first = re.split(r"[\r\n]", content, maxsplit=1)[0]
    if "," not in first and (";" in first or "\t" in first):
        return "The columns are not parted by commas.", "Save the file as “CSV UTF-8 (comma delimited)”."
    control = _CONTROL.search(content)
    if control:
        found = f"The file holds a character that no table has (code {ord(control.group())})."
        return found, "Remove it, or save the file as “CSV UTF-8” again."
    return None


def _header_problems(file: str, header: list[str], wanted: tuple[str, ...]) -> Iterator[Problem]:
    def wrong(column: str, message: str, fix: str) -> Problem:
        return Problem(file, row=1, field=column, code="header", message=message, fix=fix)

    for column in [c for c in wanted if c not in header]:
        yield wrong(
            column, f"The column {column} is missing.", "Add it to the header, with a cell in each row."
        )
    for column in [c for c in dict.fromkeys(header) if c not in wanted]:
        name = column or "(no name)"
        spare = [c for c in wanted if c not in header]
        fix = f"Remove it. {did_you_mean(column, spare)}" if spare else "Remove it."
        yield wrong(name, f"There is a column “{name}” that does not belong here.", fix)
    for column in sorted({c for c in header if header.count(c) > 1}):
        yield wrong(column, f"The column {column} stands twice.", "Keep one of the two.")


def _row_problems(path: Path, file: str, header: list[str], schema: Schema) -> Iterator[Problem]:
    """What frictionless finds in the rows, in words."""
    from frictionless import Dialect, FrictionlessException, Resource, system  # noqa: PLC0415
    from frictionless import Schema as FrictionlessSchema  # noqa: PLC0415
    from frictionless.formats import CsvControl  # noqa: PLC0415

    known = {f["name"]: f for f in schema.fields}
    ordered = [known.get(c, {"name": c or f"_{i}", "type": "any"}) for i, c in enumerate(header)]
    names = [f["name"] for f in ordered]
    if len(set(names)) < len(names):
        return
    # Plain facts only: titles and our own notes are of no use to frictionless.
    plain: Json = {"fields": [{k: f[k] for k in ("name", "type", "constraints") if k in f} for f in ordered]}
    if set(schema.primary_key) <= set(names):
        plain["primaryKey"] = list(schema.primary_key)
    try:
        with system.use_context(trusted=True):
            resource = Resource(
                path=path.name,
                basepath=str(path.parent),
                encoding="utf-8-sig",
                schema=FrictionlessSchema.from_descriptor(plain),
                dialect=Dialect(controls=[CsvControl(delimiter=",")]),
            )
            report = resource.validate(limit_errors=1_000_000)
    except FrictionlessException as fault:
        note = f"The table cannot be read: {fault.error.note}."
        yield Problem(file, code="file", message=note, fix="Save it as “CSV UTF-8” again.")
        return
    errors = [e for task in report.tasks for e in task.errors]
    blank = {getattr(e, "row_number", 0) for e in errors if e.type == "blank-row"}
    seen: set[tuple[int, str]] = set()
    for error in errors:
        problem = _in_words(file, error, known, schema.primary_key)
        follows = problem is not None and problem.row in blank and problem.code != "blank-row"
        if problem and not follows and (problem.row, problem.field) not in seen:
            seen.add((problem.row, problem.field))
            yield problem


def _in_words(file: str, error: Any, known: Mapping[str, Json], key: tuple[str, ...]) -> Problem | None:
    row = getattr(error, "row_number", 0) or 0
    column = getattr(error, "field_name", "") or ""
    cell = getattr(error, "cell", "")
    if error.type in ("type-error", "constraint-error") and column in known:
        message, fix = _cell_in_words("" if cell is None else str(cell), known[column])
        return Problem(file, row, column, "cell", message, fix)
    if error.type == "primary-key":
        return Problem(
            file,
            row,
            " + ".join(key),
            "duplicate",
            f"An earlier row has the same {text.listed([k.replace('_', ' ') for k in key])}.",
            "Remove one of the two rows, or correct what tells them apart.",
        )
    if error.type == "blank-row":
        return Problem(file, row, "", "blank-row", "The row is blank.", "Delete the row.")
    if error.type == "extra-cell":
        return Problem(
            file,
            row,
            "",
            "extra-cell",
            f"The row has more cells than the header: {cell!r}.",
            "Put text that holds a comma between quotation marks, or remove the cell.",
        )
    if error.type == "missing-cell" and column in known:
        return Problem(
            file,
            row,
            column,
            "missing-cell",
            "The row ends before this column.",
            "Add the missing cells; an empty cell is two commas with nothing between.",
        )
    if error.type in (
        "missing-cell",
        "missing-label",
        "extra-label",
        "incorrect-label",
        "blank-label",
        "duplicate-label",
        "blank-header",
    ):
        return None  # told by the header check, with a nearest match
    return Problem(
        file, row, column, "file", str(error.note or error.title), "Compare this row with the ones around it."
    )


def _cell_in_words(cell: str, field: Json) -> tuple[str, str]:
    """What is wrong with a cell, and what to write instead."""
    rules = field.get("constraints", {})
    title = field.get("title", field["name"])
    found = f"“{cell}”" if len(cell) <= 60 else f"“{cell[:60]}…”"
    if not cell.strip():
        return "The cell is empty.", f"Fill it in: {title}."
    if "enum" in rules:
        return found, did_you_mean(cell, rules["enum"])
    match field["type"]:
        case "number" | "integer":
            return found, _number_fix(cell, field["type"], rules)
        case "date":
            return found, _date_fix(cell)
        case "boolean":
            return found, "Write true or false."
    if "pattern" in rules:
        return found, f"{title}. It must look like this pattern: {rules['pattern']}"
    return found, f"{title}."


def _number_fix(cell: str, kind: str, rules: Json) -> str:
    plain = re.sub(r"[,%\s\u00a0£+]", "", cell).replace(text.MINUS, "-")
    if re.fullmatch(r"-?\d+(\.\d+)?", plain) and plain != cell:
        return f"Write the number alone, with no comma, percent sign or space: {plain}."
    if re.fullmatch(r"-?\d+(\.\d+)?", plain):
        if kind == "integer" and "." in plain:
            return "Write a whole number."
        return f"Write a number of at least {rules.get('minimum')}."
    return "Write a number. Where there is none, leave the cell empty and say why under status."


def _date_fix(cell: str) -> str:
    turned = re.fullmatch(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", cell.strip())
    if turned and int(turned[2]) <= 12:
        d, m, y = turned.groups()
        return f"Write the year first: {y}-{int(m):02d}-{int(d):02d}. Format the column as text so that it stays."
    return "Write a date that exists, year first, such as 2016-07-31."
