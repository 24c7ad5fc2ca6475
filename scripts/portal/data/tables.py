"""Read one CSV file against its schema: return the rows as text, and every problem with them."""

import codecs
import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from portal.core import field_types, input_files, text
from portal.core.problems import Fault, Problem, nearest
from portal.core.remembered import Remembered
from portal.data import damaged_tables, validation, wide_rows
from portal.data.validation import ValidationError

Json = dict[str, Any]
LARGEST_FILE = input_files.LARGEST_FILE
_LARGEST_CELL = 100_000
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x85\u2028\u2029]")


@dataclass(frozen=True)
class Schema:
    """The fields of a table, as in Table Schema, and its primary key.

    `resource` is the package's description of the table, and `others` are those of the tables in its foreign keys.
    """

    fields: tuple[Json, ...]
    primary_key: tuple[str, ...]
    resource: Json = field(default_factory=dict)
    others: Mapping[Path, Json] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the column names, in order."""
        return tuple(f["name"] for f in self.fields)

    def described(self, header: Sequence[str]) -> Json:
        """Return the description of the table for frictionless: the package's own, or one in the order of a different header."""
        plain = {
            "name": "table",
            "type": "table",
            "encoding": "utf-8",
            "schema": {"fields": self._plain(self.fields), "primaryKey": list(self.primary_key)},
        }
        if tuple(header) == self.names:
            return self.resource or plain
        known = {f["name"]: f for f in self._plain(self.fields)}
        fields = [known.get(c, {"name": c or f"_{i}", "type": "any"}) for i, c in enumerate(header)]
        key = {"primaryKey": list(self.primary_key)} if set(self.primary_key) <= set(header) else {}
        return {**plain, "schema": {"fields": fields, **key}}

    @staticmethod
    def _plain(fields: Iterable[Json]) -> list[Json]:
        return [{k: f[k] for k in ("name", "type", "constraints") if k in f} for f in fields]


@dataclass(frozen=True)
class Table:
    """One CSV as text: its cells by column, and the number of each row in a spreadsheet (from 2)."""

    file: str
    schema: Schema
    cells: Mapping[str, Sequence[str]]
    numbers: Sequence[int]
    bad: frozenset[tuple[int, str]] = frozenset()  # cells that already have a problem

    @cached_property
    def columns(self) -> frozenset[str]:
        """Return the columns that the file has."""
        return frozenset(self.cells)

    @cached_property
    def records(self) -> tuple[tuple[int, Mapping[str, str]], ...]:
        """Return each row's number and its cells, without those that have a problem."""
        numbered = zip(self.numbers, self.rows, strict=True)
        if not self.bad:
            return tuple(numbered)
        return tuple((n, {k: v for k, v in row.items() if (n, k) not in self.bad}) for n, row in numbered)

    @cached_property
    def rows(self) -> tuple[Mapping[str, str], ...]:
        """Return the cells of each row, by column."""
        rows = zip(*self.cells.values(), strict=True)
        return tuple(dict(zip(self.cells, row, strict=True)) for row in rows)

    def values(self, column: str) -> frozenset[str]:
        """Return every text in a column, including cells with a problem."""
        return self._values[column]

    @cached_property
    def _values(self) -> Mapping[str, frozenset[str]]:
        """Return every text of each column; several rules ask for those of all."""
        return {c: frozenset(cells) for c, cells in self.cells.items()}


def read(
    path: Path, file: str, schema: Schema, passed: Remembered | None = None
) -> tuple[Table | None, tuple[Problem, ...]]:
    """Read the CSV at `path`, which problems call `file`; the table is None if the file cannot be split into rows.

    `passed` are the tables that frictionless has already validated.
    """
    passed = passed or Remembered()
    rows, fault = read_rows(path, file, schema.names)
    if rows is None:
        return None, fault
    if header_problem := damaged_tables.header_problem(file, rows, schema.fields):
        return None, (header_problem,)
    header = rows[0]
    if not set(header) & set(schema.names):
        return None, tuple(_header_problems(file, rows, schema.names))
    digest = _digest(path, schema)
    width = len(header)
    if tuple(header) == schema.names and passed.get(digest) and all(len(row) == width for row in rows):
        columns = list(zip(*rows[1:], strict=True)) or [()] * len(header)
        return Table(file, schema, dict(zip(header, columns, strict=True)), range(2, len(rows) + 1)), ()
    place = {c: i for i, c in reversed(list(enumerate(header)))}
    body = [(n, row) for n, row in enumerate(rows[1:], 2) if any(map(str.strip, row))]
    even = (row if len(row) == width else [*row, *[""] * width][:width] for _, row in body)
    columns = list(zip(*even, strict=True)) if body else [()] * width
    cells = {c: columns[place[c]] for c in schema.names if c in place}
    numbers = [n for n, _ in body]
    in_cells = tuple(_cell_problems(file, cells, numbers, schema))
    in_rows = tuple({(p.row, p.field): p for p in _row_problems(path, file, rows, schema, in_cells)}.values())
    problems = (*_header_problems(file, rows, schema.names), *in_rows)
    if not problems:
        passed.add(digest, True)
    bad = frozenset(
        (p.row, c)
        for p in in_rows
        for c in (schema.names if p.code == damaged_tables.WHOLE_ROW else (p.field,))
    )
    return Table(file, schema, cells, numbers, bad), damaged_tables.merge_reformatting(
        file, rows, problems, schema.fields
    )


def gather_columns(table: Table, problems: Sequence[Problem]) -> Iterator[Problem]:
    """Yield the problems of a table; of a column in which no cell is right, only the first, because that is one mistake."""
    wrong: dict[str, set[int]] = {}
    for p in (p for p in problems if p.code == "cell"):
        wrong.setdefault(p.field, set()).add(p.row)
    whole = {
        name
        for name, rows in wrong.items()
        if len(rows) > damaged_tables.MOST_SINGLE_PROBLEMS
        and name in table.cells
        and all(n in rows for n, cell in zip(table.numbers, table.cells[name], strict=True) if cell.strip())
    }
    told: set[str] = set()
    for p in problems:
        if p.code != "cell" or p.field not in whole:
            yield p
        elif p.field not in told:
            told.add(p.field)
            others = f"The other {len(wrong[p.field]) - 1:,} cells of this column are not right either."
            yield replace(p, message=f"{p.message.removesuffix('.')}. {others}")


def _digest(path: Path, schema: Schema) -> str:
    """Return the digest of everything that validation depends on: the table, its description and the tables it refers to."""
    described = json.dumps([schema.fields, schema.primary_key, schema.resource], sort_keys=True, default=str)
    others = [
        part
        for p, r in schema.others.items()
        for part in (json.dumps(r, sort_keys=True).encode(), p.read_bytes())
    ]
    return validation.digest(path.read_bytes(), described.encode(), *others)


def _cell_problems(
    file: str, table: Mapping[str, Sequence[str]], numbers: Sequence[int], schema: Schema
) -> Iterator[Problem]:
    """Yield cells that are not of their type or break a rule of their column; each distinct text is checked once."""
    for column in schema.fields:
        name = column["name"]
        if name not in table:
            continue
        cells = table[name]
        faults = {cell: fault for cell in set(cells) if (fault := field_types.cell_fault(cell, column))}
        if not faults:
            continue
        for row, cell in zip(numbers, cells, strict=True):
            if cell in faults:
                yield Problem(file, row, name, "cell", *faults[cell])


def read_rows(
    path: Path, file: str, names: Sequence[str] = (), *, any_separator: bool = False
) -> tuple[list[list[str]] | None, tuple[Problem, ...]]:
    """Return the rows of a CSV as text, header first, or None and the problem that prevents reading.

    `names` are the columns of a table of a package, which is UTF-8 with commas. Without them the file comes from
    elsewhere, and may be what Excel calls “Unicode text”: UTF-16 that says so in its first bytes, with tabs or commas.
    With `any_separator` its columns can also be separated by semicolons, tabs or vertical bars.
    """

    def unreadable_file(message: str, fix: str, row: int = 0) -> tuple[None, tuple[Problem, ...]]:
        return None, (Problem(file, row=row, code="file", message=message, fix=fix),)

    try:
        raw = input_files.read(path)
        if fault := damaged_tables.spreadsheet_fault(raw, file):
            return unreadable_file(*fault)
        if fault := _encoding_fault(raw):
            return unreadable_file(*fault)
        encoding = encoding_of(raw)
        is_utf16 = encoding == "utf-16"
        if is_utf16 and names:
            message = "The file is saved as UTF-16, which spreadsheet programs call “Unicode text”."
            return unreadable_file(message, damaged_tables.import_advice(file))
        content = raw.decode(encoding)
        content = content if names else content.removeprefix("\ufeff")  # some programs write the mark twice
    except input_files.UnreadableError as unreadable:
        is_deleted = names and not path.exists() and not path.is_symlink()
        return unreadable_file(
            unreadable.message,
            "Put it back, or take it out of datapackage.json." if is_deleted else unreadable.fix,
        )
    except UnicodeDecodeError as error:
        if fault := damaged_tables.encoding_fault(raw, names, file):
            return unreadable_file(*fault)
        line = raw[: error.start].count(b"\n") + 1
        return unreadable_file(
            f"A character in this row is not encoded as {encoding.removesuffix('-sig').upper()}.",
            "Save the file as “CSV UTF-8” and try again.",
            line,
        )
    first = next((line for line in content[:_LARGEST_CELL].splitlines() if line.strip()), "")
    separator = damaged_tables.separator_of(content) if any_separator else ","
    separator = "\t" if is_utf16 and "\t" in first else separator
    if merge := input_files.merge_fault(content):
        return unreadable_file(*merge[0], merge[1])
    if names and (quoted := damaged_tables.quoted_header(content, names)):
        return unreadable_file(*quoted[1], quoted[0])
    fault = None if any_separator else damaged_tables.separator_fault(content, names, file)
    fault = _not_a_table(content) or (fault if separator == "," else None)
    if fault:
        return unreadable_file(*fault)
    csv.field_size_limit(_LARGEST_CELL)
    reader = csv.reader(io.StringIO(content, newline=""), strict=True, delimiter=separator)
    try:
        rows = list(reader)
    except csv.Error as error:
        fix = _advice_on_splitting(str(error), reader.line_num)
        return unreadable_file(f"The file cannot be split into rows: {error}.", fix)
    if any_separator and (unsplit := damaged_tables.unsplit_row(rows, separator)):
        message = f"The whole row is in one cell: “{unsplit[1][:60]}”."
        fix = "Separate its cells as in the other rows, and remove quotation marks around the whole row."
        return unreadable_file(message, fix, unsplit[0])
    return rows, ()


def _advice_on_splitting(error: str, line: int) -> str:
    """Return where to look if a file cannot be split into rows, as the reader of CSV says."""
    fix = "Look for a quotation mark that is not closed."
    if "expected after" in error:
        fix += (
            f" If there is none, line {line} of the file has more after a quotation mark that closes a text."
        )
    if "field larger" in error:
        fix += f" If there is none, shorten the text: a cell can have {_LARGEST_CELL:,} characters."
    return fix


def encoding_of(raw: bytes) -> str:
    """Return the encoding of a text file by its first bytes: UTF-16 if they say so, else UTF-8."""
    return "utf-16" if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"


_SAVE_AS_UTF8 = "Open it in the program that made it, and save it as “CSV UTF-8”."
_UTF_32 = Fault("The file is saved as UTF-16 or UTF-32, and cannot be read so.", _SAVE_AS_UTF8)


def _encoding_fault(raw: bytes) -> Fault | None:
    """Return why the first bytes of a file are not those of an encoding that is read."""
    if raw.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return _UTF_32
    if (
        encoding_of(raw) == "utf-16" and b"\0" not in raw and len(raw) > len(codecs.BOM_UTF16_LE)
    ):  # which every comma and line end has there
        return Fault("The file begins with the mark of UTF-16, but the rest is not UTF-16.", _SAVE_AS_UTF8)
    return None


_OTHER_FORMAT = re.compile(r"""\s*(?:(?P<json>\{\s*["}]|\[\s*[{\["])|<(?:[?!]|[a-z]+[\s>]))""", re.IGNORECASE)


def _not_a_table(content: str) -> Fault | None:
    if content.startswith("\ufeff"):
        message = "The file begins with the mark of UTF-8 twice, which is part of the first heading then."
        return Fault(message, "Open it in a spreadsheet program and save it as “CSV UTF-8”.")
    if content.startswith("version https://git-lfs"):
        message = "The file is a pointer of Git LFS in place of the table."
        return Fault(message, "Run `git lfs pull`, which fetches the table.")
    if not content.strip():
        return Fault("The file is empty.", "Put the header row and the figures back.")
    if other := _OTHER_FORMAT.match(content):
        kind = "JSON" if other["json"] else "a web page or other XML"
        return Fault(f"The file is {kind}, not a table.", "Put the table there, as “CSV UTF-8”.")
    control = _CONTROL.search(content)
    if content.count("\0") * 3 > len(content):
        return _UTF_32
    if control:
        message = f"The file contains a control character (code {ord(control.group())})."
        return Fault(message, "Remove it, or save the file as “CSV UTF-8” again.")
    return None


def _header_problems(
    file: str, rows: Sequence[Sequence[str]], expected: tuple[str, ...]
) -> Iterator[Problem]:
    header = list(rows[0])

    def problem(column: str, message: str, fix: str, code: str = "header") -> Problem:
        return Problem(file, row=1, field=column, code=code, message=message, fix=fix)

    while header and not header[-1].strip():
        header.pop()
    if len(header) < len(rows[0]) and not any(c.strip() for row in rows for c in row[len(header) :]):
        message = f"There are empty columns after the last one: {len(rows[0]) - len(header)}."
        yield problem("", message, "Delete them.", "blank-column")
    else:
        header = list(rows[0])
    missing = [c for c in expected if c not in header]
    for column in [c for c in dict.fromkeys(header) if c not in expected]:
        name = column or "(no name)"
        the_only_one = missing[0] if not column and len(missing) == 1 else ""
        if meant := nearest(column, missing) or the_only_one:
            missing.remove(meant)
            message = (
                f"There is a column “{name}” that is not expected here, and the column {meant} is missing."
            )
            fix = f"If they are the same, rename it {meant}. If not, remove it, and add {meant} with a cell in each row."
            yield problem(name, message, fix)
        else:
            yield problem(name, f"There is a column “{name}” that is not expected here.", "Remove it.")
    for column in missing:
        yield problem(
            column, f"The column {column} is missing.", "Add it to the header, with a cell in each row."
        )
    for column in sorted({c for c in header if header.count(c) > 1}):
        yield problem(column, f"The column {column or '(no name)'} appears twice.", "Keep one of the two.")
    if sorted(header) == sorted(expected) and tuple(header) != expected:
        fix = f"Move whole columns, so that the header is: {','.join(expected)}"
        yield problem("", "The columns are not in the order that datapackage.json gives.", fix)


def _row_problems(
    path: Path, file: str, rows: Sequence[Sequence[str]], schema: Schema, cell_problems: Sequence[Problem]
) -> Iterator[Problem]:
    """Yield the known problems with cells, and the others that frictionless finds."""
    header = rows[0]
    wide = {**dict(_no_rows(file, rows, cell_problems)), **dict(_too_wide(file, rows, schema, cell_problems))}
    only_spaces = [n for n, row in enumerate(rows[1:], 2) if any(row) and not any(map(str.strip, row))]
    wide |= {n: _blank_row(file, n) for n in only_spaces}
    yield from wide.values()
    yield from (p for p in cell_problems if p.row not in wide)
    if len(set(header)) < len(header):
        return
    faults = list(validation.table_faults(path, schema.described(header), schema.others))
    blank = {f.row for f in faults if f.kind == "blank-row"}
    reported = {(p.row, p.field) for p in cell_problems}
    # A key with a cell that cannot be read looks like a duplicate of every other such key.
    unread = {p.row for p in cell_problems if p.field in schema.primary_key}
    follows = wide.keys() | {f.row for f in faults if f.kind == "primary-key" and f.row in unread}
    for fault in (f for f in faults if f.row not in follows):
        problem = _explain_error(file, fault, schema)
        is_consequence = problem is not None and problem.row in blank and problem.code != "blank-row"
        if problem and not is_consequence and (problem.row, problem.field) not in reported:
            reported.add((problem.row, problem.field))
            yield problem
    if (
        faults and not reported and not wide and tuple(header) == schema.names
    ):  # no reason of ours explains it
        fix = "Compare the rows with the header, or restore the file."
        yield Problem(file, 0, "", "file", f"frictionless finds a mistake: {faults[0].note}", fix)


def _no_rows(
    file: str, rows: Sequence[Sequence[str]], cell_problems: Sequence[Problem]
) -> Iterator[tuple[int, Problem]]:
    """Yield each row with wrong cells that repeats the header or adds up others, by its number."""
    for number in sorted({p.row for p in cell_problems}):
        if fault := damaged_tables.row_fault(rows[number - 1], rows[0]):
            yield number, Problem(file, number, "", damaged_tables.WHOLE_ROW, *fault)


def _too_wide(
    file: str, rows: Sequence[Sequence[str]], schema: Schema, cell_problems: Sequence[Problem]
) -> Iterator[tuple[int, Problem]]:
    """Yield each row whose cells are under the wrong headings, by its number: too many, or a number among them was split."""
    known = {str(f["name"]): f for f in schema.fields}
    fields = [known.get(c) for c in rows[0]]
    wrong = {p.row for p in cell_problems}
    for number, row in enumerate(rows[1:], 2):
        fault = None
        if len(row) > len(fields):
            fault = wide_rows.fault(row, fields)
        elif number in wrong:
            fault = wide_rows.split_among(row, fields)
        if fault:
            yield number, Problem(file, number, "", damaged_tables.WHOLE_ROW, *fault)


def _blank_row(file: str, number: int) -> Problem:
    return Problem(file, number, "", "blank-row", "The row is blank.", "Delete the row.")


_REPORTED_WITH_HEADER = frozenset({"missing-label", "extra-label", "incorrect-label", "blank-label", "duplicate-label", "blank-header", "unmatched-header", "missing-cell"})  # fmt: skip
_ABOUT_THE_FILE = frozenset({"hash-count", "byte-count", "row-count", "field-count"})


def _explain_error(file: str, fault: ValidationError, schema: Schema) -> Problem | None:
    fields_by_name = {f["name"]: f for f in schema.fields}
    column, note = fault.column, fault.note

    def problem(code: str, message: str, fix: str, field: str = column) -> Problem:
        return Problem(file, fault.row, field, code, message, fix)

    match fault.kind:
        case "type-error" | "constraint-error" if column in fields_by_name:
            return problem("cell", *_explain_constraint(fault.cell, fields_by_name[column], note))
        case "unique-error":
            fix = "Correct one of the two; datapackage.json says that no two rows have the same."
            return problem("cell", f"“{fault.cell[:60]}” also appears in another row.", fix)
        case "primary-key":
            key = text.listed([k.replace("_", " ") for k in schema.primary_key])
            fix = "Remove one of the two rows, or correct the cells that should differ."
            if schema.resource.get("name") == "breaks":  # several things can change on one day
                fix = (
                    f"If both are right, describe both changes in one row. If not, {fix[0].lower()}{fix[1:]}"
                )
            return problem(
                "duplicate", f"An earlier row has the same {key}.", fix, " + ".join(schema.primary_key)
            )
        case "foreign-key":
            fix = "Correct the cell, or add the row that it names. The rule is under foreignKeys in datapackage.json."
            return problem("reference", f"The row refers to something that does not exist: {note}", fix)
        case "blank-row":
            return _blank_row(file, fault.row)
        case "extra-cell":
            message = "The row ends in more empty cells than the header has."
            return problem("extra-cell", message, "Delete the commas at its end.", "")
        case "missing-cell" if column in fields_by_name:
            fix = "Add the missing cells; an empty cell is two commas with nothing between."
            return problem("missing-cell", "The row ends before this column.", fix)
        case kind if kind in _REPORTED_WITH_HEADER:
            return None
        case kind if kind in _ABOUT_THE_FILE:
            fix = "If the table is right, correct bytes, hash or rows in datapackage.json, or remove them."
            return problem("file", f"The table is not the one that datapackage.json describes: {note}", fix)
        case "limit":
            message = f"The table has {validation.MOST_ERRORS:,} problems with rows, or more."
            return problem("file", message, "Correct these first, and check again. They may have one cause.")
        case "description":
            fix = "Correct the part of this table in datapackage.json, or copy it from a package of the same kind."
            return problem("file", f"frictionless cannot use the description of this table: {note}", fix)
    return problem("file", note, "Compare this row with the ones around it, and with datapackage.json.")


def _explain_constraint(cell: str, field: Json, note: str) -> Fault:
    """Return what is wrong with a cell that breaks a constraint of the package, and what to write instead."""
    match_ = re.search(r'constraint "(\w+)" is "(.*)"', note)
    name, limit = (match_[1], match_[2]) if match_ else ("", "")
    shown = f"“{cell[:60]}…”" if len(cell) > 60 else f"“{cell}”"
    match name:
        case "minLength":
            return Fault(shown, f"Write at least {limit} letters.")
        case "maxLength":
            return Fault(shown, f"Write at most {limit} letters; there are {len(cell)}.")
        case "required":
            return field_types.cell_fault("", {**field, "constraints": {"required": True}}) or Fault(
                shown, "Fill it in."
            )
        case "exclusiveMinimum" | "exclusiveMaximum" | "minimum" | "maximum":
            side = "more than" if name == "exclusiveMinimum" else "less than" if name == "exclusiveMaximum" else "at least" if name == "minimum" else "at most"  # fmt: skip
            return Fault(shown, f"Write a value of {side} {limit}.")
    return field_types.explain_fault(cell, field)
