"""Reads data packages: descriptors, tables, and what is wrong with them.

The only importer of frictionless. The contract of each kind of package stands in `schemas/<kind>.json`.
"""

import csv
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import pandas as pd

from portal import text
from portal.problems import Problem, did_you_mean

Json = dict[str, Any]
_SCHEME = re.compile(r"^[a-zA-Z][a-zA-Z0-9+.-]*:|^//|^\\\\")
_LARGEST_CELL = 100_000


@dataclass(frozen=True)
class Table:
    """One CSV as text: a frame of strings whose index is the row as a spreadsheet counts it (from 2)."""

    file: str
    fields: tuple[Json, ...]
    primary_key: tuple[str, ...]
    frame: pd.DataFrame
    bad: frozenset[tuple[int, str]] = frozenset()  # cells that already have a problem

    @property
    def columns(self) -> frozenset[str]:
        """The columns that the file really has."""
        return frozenset(self.frame.columns)


@dataclass(frozen=True)
class Package:
    """One data package as read, before its rows are given types."""

    name: str
    kind: str
    file: str
    portal: Mapping[str, Any]
    tables: Mapping[str, Table]
    breakdowns: Mapping[str, str] = field(default_factory=dict)


@cache
def contract(kind: str) -> Json:
    """The contract of a kind: its resources, fields, and what `portal` in the descriptor must say."""
    found: Json = json.loads((resources.files("portal") / "schemas" / f"{kind}.json").read_text("utf-8"))
    return found


@cache
def kinds() -> tuple[str, ...]:
    """The kinds of package there are."""
    folder = resources.files("portal") / "schemas"
    return tuple(sorted(p.name.removesuffix(".json") for p in folder.iterdir() if p.name.endswith(".json")))


def read_all(root: Path, names: tuple[str, ...]) -> tuple[tuple[Package, ...], tuple[Problem, ...]]:
    """Read the packages `names` below `root/data_packages`, in that order.

    Returns what could be read and every problem with structure, types and constraints; nothing is raised for
    what a user can get wrong.
    """
    problems: list[Problem] = []
    folder = root / "data_packages"
    for extra in sorted(p.name for p in folder.iterdir() if p.is_dir()) if folder.is_dir() else []:
        if extra not in names:
            problems.append(
                Problem(
                    f"data_packages/{extra}",
                    code="package",
                    message="This folder is not in the list of packages, so it would not be published.",
                    fix=f"Add {extra} to `packages` in site_src/portal.toml, or move the folder away.",
                )
            )
    found = [package for name in names if (package := _read(root, name, problems))]
    return tuple(found), tuple(problems)


def _read(root: Path, name: str, problems: list[Problem]) -> Package | None:
    folder = root / "data_packages" / name
    file = f"data_packages/{name}/datapackage.json"
    descriptor = _descriptor(folder, file, problems)
    if descriptor is None:
        return None

    def wrong(message: str, fix: str) -> None:
        problems.append(Problem(file, code="descriptor", message=message, fix=fix))

    portal = descriptor.get("portal")
    kind = portal.get("kind") if isinstance(portal, dict) else None
    if not isinstance(portal, dict) or not isinstance(kind, str) or kind not in kinds():
        wrong(f"The kind of package is {kind!r}.", f"Set portal.kind. {did_you_mean(str(kind), kinds())}")
        return None
    if descriptor.get("name") != name:
        wrong(f"The package calls itself {descriptor.get('name')!r}.", f'Write "name": "{name}", as the folder.')
    spec = contract(kind)
    for problem in _portal_problems(portal, spec["portal"]):
        wrong(*problem)
    title = descriptor.get("title")
    if not isinstance(title, str) or not title.strip():
        wrong("The package has no title.", 'Write "title": the name that readers see.')
    breakdowns = portal.get("breakdowns", {})
    if not isinstance(breakdowns, dict) or not all(isinstance(v, str) for v in breakdowns.values()):
        wrong("breakdowns is not a table of columns and their names.", 'Write "breakdowns": {"column": "Name"}.')
        breakdowns = {}
    for taken in sorted(breakdowns.keys() & {f["name"] for r in spec["resources"].values() for f in r["schema"]["fields"]}):
        wrong(f"The breakdown {taken} has the name of another column.", "Call it something else, such as type.")
    tables: dict[str, Table] = {}
    listed = descriptor.get("resources")
    for resource in listed if isinstance(listed, list) else []:
        rname = resource.get("name") if isinstance(resource, dict) else None
        if not isinstance(rname, str) or rname not in spec["resources"]:
            wrong(f"Unknown resource {rname!r}.", did_you_mean(str(rname), spec["resources"]))
            continue
        if rname in tables:
            wrong(f"The resource {rname} stands twice.", "Keep one.")
            continue
        table = _table(folder, name, resource, spec["resources"][rname], tuple(breakdowns), problems)
        if table is not None:
            tables[rname] = table
    named = {r.get("name") for r in listed if isinstance(r, dict)} if isinstance(listed, list) else set()
    for rname, r in spec["resources"].items():
        if r["required"] and rname not in named:
            wrong(f"The resource {rname} is missing.", f"Add data/{rname}.csv and name it under resources.")
    return Package(name, kind, file, {**portal, "title": title}, tables, breakdowns)


def _descriptor(folder: Path, file: str, problems: list[Problem]) -> Json | None:
    def wrong(message: str, fix: str, row: int = 0) -> None:
        problems.append(Problem(file, row=row, code="descriptor", message=message, fix=fix))

    if not folder.is_dir():
        wrong("The package is not there.", "Put the folder back, or take its name out of site_src/portal.toml.")
        return None
    path = folder / "datapackage.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        wrong("The file datapackage.json is not there.", "Put it back; each package needs one.")
    except UnicodeDecodeError:
        wrong("The file is not saved as UTF-8.", "Save it again with the encoding UTF-8.")
    except (json.JSONDecodeError, RecursionError) as error:
        at, why = (error.lineno, error.msg) if isinstance(error, json.JSONDecodeError) else (0, "nested too deep")
        wrong(f"The file is not valid JSON: {why}.", "Look at that line for a missing comma or bracket.", at)
    else:
        if isinstance(found, dict):
            return found
        wrong("The file does not hold one object in braces.", "Start from another package's datapackage.json.")
    return None


def _portal_problems(portal: Json, spec: Json) -> Iterator[tuple[str, str]]:
    known = {"kind", *spec}
    for key in portal:
        if key not in known:
            yield f"portal.{key} is not known.", did_you_mean(key, known)
    for key, rule in spec.items():
        value = portal.get(key)
        if value is None:
            if rule.get("required"):
                yield f"portal.{key} is missing.", f"Write it: {rule['title']}."
        elif rule["type"] == "string" and (
            not isinstance(value, str) or not re.fullmatch(rule.get("pattern", r"(?s).+"), value)
        ):
            yield f"portal.{key} is {value!r}.", f"Write {rule['title']}."


def _table(
    folder: Path, name: str, resource: Json, spec: Json, breakdowns: tuple[str, ...], problems: list[Problem]
) -> Table | None:
    """Read and check one resource; None where nothing could be read."""
    descriptor = f"data_packages/{name}/datapackage.json"
    path = resource.get("path")
    if not isinstance(path, str) or _leaves(folder, path):
        problems.append(
            Problem(
                descriptor,
                code="path",
                message=f"The path of {resource['name']} is {path!r}, which is not a file inside this package.",
                fix=f"Write data/{resource['name']}.csv and put the file there.",
            )
        )
        return None
    file = f"data_packages/{name}/{path}"
    fields, key = _schema(resource, spec, breakdowns, descriptor, problems)
    rows = _rows(folder / path, file, problems)
    if rows is None:
        return None
    header = rows[0]
    problems.extend(_header_problems(file, header, [f["name"] for f in fields]))
    wide = {c: i for i, c in reversed(list(enumerate(header)))}
    frame = pd.DataFrame(
        {
            f["name"]: [row[i] if (i := wide[f["name"]]) < len(row) else "" for row in rows[1:]]
            for f in fields
            if f["name"] in wide
        },
        index=range(2, len(rows) + 1),
        dtype=object,
    )
    frame = frame[[any(row) for row in rows[1:]]] if len(rows) > 1 else frame
    found = tuple(_row_problems(folder, path, file, header, fields, key))
    problems.extend(found)
    return Table(file, fields, key, frame, frozenset((p.row, p.field) for p in found))


def _leaves(folder: Path, path: str) -> bool:
    """Whether a resource's path points anywhere but into its package."""
    if not path.isprintable() or _SCHEME.match(path) or Path(path).is_absolute() or "\\" in path:
        return True
    return not (folder / path).resolve().is_relative_to(folder.resolve())


def _schema(
    resource: Json, spec: Json, breakdowns: tuple[str, ...], file: str, problems: list[Problem]
) -> tuple[tuple[Json, ...], tuple[str, ...]]:
    """The fields to check by: the contract's, the declared breakdowns, and constraints that the package adds."""
    own = resource.get("schema")
    own_fields = own.get("fields") if isinstance(own, dict) else None
    given = {
        f["name"]: f for f in own_fields or [] if isinstance(f, dict) and isinstance(f.get("name"), str)
    }
    wanted = [*spec["schema"]["fields"]]
    splits = breakdowns if spec.get("breakdowns") else ()
    wanted += [{"name": b, "type": "string", "title": f"Breakdown by {b}; empty for all"} for b in splits]

    def wrong(message: str, fix: str) -> None:
        problems.append(Problem(file, field=resource["name"], code="schema", message=message, fix=fix))

    names = [f["name"] for f in wanted]
    for extra in [n for n in given if n not in names]:
        wrong(f"The schema has a column {extra} that is not known.", did_you_mean(extra, names))
    for f in wanted:
        mine = given.get(f["name"])
        rules = f.get("constraints", {})
        if mine is None:
            wrong(f"The schema lacks the column {f['name']}.", f"Add it, with type {f['type']}.")
        elif mine.get("type") != f["type"] or {k: v for k, v in rules.items() if mine.get("constraints", {}).get(k) != v}:
            wrong(
                f"The schema describes the column {f['name']} in another way than portal does.",
                f"Write type {f['type']}" + (f" and constraints {json.dumps(rules)}." if rules else "."),
            )
    key = [*spec["schema"]["primaryKey"]]
    if spec.get("breakdowns") and "value" in names:
        key += splits
    return tuple(wanted), tuple(key)


def _rows(path: Path, file: str, problems: list[Problem]) -> list[list[str]] | None:
    """The rows of a CSV as text, header first."""

    def wrong(message: str, fix: str, row: int = 0) -> None:
        problems.append(Problem(file, row=row, code="file", message=message, fix=fix))

    try:
        raw = path.read_bytes()
    except OSError:
        wrong("The file is not there or cannot be read.", "Put it back, or take it out of datapackage.json.")
        return None
    try:
        content = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        wrong("A letter in this row is not saved as UTF-8.", "Save the file as “CSV UTF-8” and try again.", line)
        return None
    if not content.strip():
        wrong("The file is empty.", "Put the header row and the figures back.")
        return None
    first = content.splitlines()[0]
    if "," not in first and (";" in first or "\t" in first):
        wrong("The columns are not parted by commas.", "Save the file as “CSV UTF-8 (comma delimited)”.", 1)
        return None
    if "\0" in content:
        wrong("The file holds a character that no table has (NUL).", "Save the file as “CSV UTF-8” again.")
        return None
    csv.field_size_limit(_LARGEST_CELL)
    try:
        return list(csv.reader(content.splitlines(keepends=True), strict=True))
    except csv.Error as error:
        wrong(f"The rows cannot be told apart: {error}.", "Look for a quotation mark that is not closed.")
        return None


def _header_problems(file: str, header: list[str], wanted: list[str]) -> Iterator[Problem]:
    def wrong(column: str, message: str, fix: str) -> Problem:
        return Problem(file, row=1, field=column, code="header", message=message, fix=fix)

    for column in [c for c in wanted if c not in header]:
        yield wrong(column, f"The column {column} is missing.", "Add it to the header, with a cell in each row.")
    for column in [c for c in dict.fromkeys(header) if c not in wanted]:
        name = column or "(no name)"
        spare = [c for c in wanted if c not in header]
        fix = f"Remove it. {did_you_mean(column, spare)}" if spare else "Remove it."
        yield wrong(name, f"There is a column “{name}” that does not belong here.", fix)
    for column in sorted({c for c in header if header.count(c) > 1}):
        yield wrong(column, f"The column {column} stands twice.", "Keep one of the two.")


def _row_problems(
    folder: Path, path: str, file: str, header: list[str], fields: tuple[Json, ...], key: tuple[str, ...]
) -> Iterator[Problem]:
    """What frictionless finds in the rows, in words."""
    from frictionless import Dialect, FrictionlessException, Resource, Schema, system  # noqa: PLC0415
    from frictionless.formats import CsvControl  # noqa: PLC0415

    known = {f["name"]: f for f in fields}
    ordered = [known.get(c, {"name": c or f"_{i}", "type": "any"}) for i, c in enumerate(header)]
    names = [f["name"] for f in ordered]
    if len(set(names)) < len(names):
        return
    # Plain facts only: titles and our own notes are of no use to frictionless.
    schema: Json = {"fields": [{k: f[k] for k in ("name", "type", "constraints") if k in f} for f in ordered]}
    if set(key) <= set(names):
        schema["primaryKey"] = list(key)
    try:
        with system.use_context(trusted=True):
            resource = Resource(
                path=path,
                basepath=str(folder),
                encoding="utf-8-sig",
                schema=Schema.from_descriptor(schema),
                dialect=Dialect(controls=[CsvControl(delimiter=",")]),
            )
            report = resource.validate(limit_errors=1_000_000)
    except FrictionlessException as error:
        yield Problem(file, code="file", message=f"The table cannot be read: {error.error.note}.", fix="Save it as “CSV UTF-8” again.")
        return
    errors = [e for task in report.tasks for e in task.errors]
    blank = {e.row_number for e in errors if e.type == "blank-row"}
    seen: set[tuple[int, str]] = set()
    for error in errors:
        problem = _in_words(file, error, known, key)
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
            file, row, " + ".join(key), "duplicate",
            f"An earlier row has the same {text.listed([k.replace('_', ' ') for k in key])}.",
            "Remove one of the two rows, or correct what tells them apart.",
        )
    if error.type == "blank-row":
        return Problem(file, row, "", "blank-row", "The row is blank.", "Delete the row.")
    if error.type == "extra-cell":
        return Problem(
            file, row, "", "extra-cell", f"The row has more cells than the header: {cell!r}.",
            "Put text that holds a comma between quotation marks, or remove the cell.",
        )
    if error.type == "missing-cell" and column in known:
        return Problem(
            file, row, column, "missing-cell", "The row ends before this column.",
            "Add the missing cells; an empty cell is two commas with nothing between.",
        )
    if error.type in ("missing-cell", "missing-label", "extra-label", "incorrect-label", "blank-label", "duplicate-label", "blank-header"):
        return None  # told by the header check, with a nearest match
    return Problem(file, row, column, "file", str(error.note or error.title), "Compare this row with the ones around it.")


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
