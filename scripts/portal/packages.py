"""Reads data packages: their descriptors, their tables, and what is wrong with them.

The contract of each kind of package stands in `schemas/<kind>.json`.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from portal import tables
from portal.problems import Problem, did_you_mean
from portal.tables import Json, Schema, Table

_SCHEME = re.compile(r"^[a-zA-Z][a-zA-Z0-9+.-]*:|^//|^\\\\")


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


@dataclass(frozen=True)
class _Found:
    """A package while it is read: its folder, what problems call its descriptor, and its breakdowns."""

    folder: Path
    file: str
    breakdowns: Mapping[str, str]


def _read(root: Path, name: str, problems: list[Problem]) -> Package | None:
    folder = root / "data_packages" / name
    file = f"data_packages/{name}/datapackage.json"
    descriptor = _descriptor(folder, file, problems)
    if descriptor is None:
        return None
    portal = descriptor.get("portal")
    kind = portal.get("kind") if isinstance(portal, dict) else None
    if not isinstance(portal, dict) or not isinstance(kind, str) or kind not in kinds():
        fix = f"Set portal.kind. {did_you_mean(str(kind), kinds())}"
        problems.append(
            Problem(file, code="descriptor", message=f"The kind of package is {kind!r}.", fix=fix)
        )
        return None
    spec = contract(kind)
    problems += [
        Problem(file, code="descriptor", message=message, fix=fix)
        for message, fix in (*_about_problems(descriptor, name, spec), *_resource_problems(descriptor, spec))
    ]
    breakdowns = portal.get("breakdowns")
    package = _Found(
        folder,
        file,
        dict(breakdowns) if isinstance(breakdowns, dict) and _is_table_of_names(breakdowns) else {},
    )
    read: dict[str, Table] = {}
    for resource in _resources(descriptor):
        rname = str(resource.get("name"))
        if rname in spec["resources"] and rname not in read:
            table = _table(package, resource, spec["resources"][rname], problems)
            if table is not None:
                read[rname] = table
    return Package(name, kind, file, {**portal, "title": descriptor.get("title")}, read, package.breakdowns)


def _is_table_of_names(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(v, str) for v in value.values())


def _resources(descriptor: Json) -> list[Json]:
    listed = descriptor.get("resources")
    return [r for r in listed if isinstance(r, dict)] if isinstance(listed, list) else []


def _about_problems(descriptor: Json, name: str, spec: Json) -> Iterator[tuple[str, str]]:
    """What is wrong with the package's names and its `portal` part."""
    if descriptor.get("name") != name:
        yield (
            f"The package calls itself {descriptor.get('name')!r}.",
            f'Write "name": "{name}", as the folder.',
        )
    title = descriptor.get("title")
    if not isinstance(title, str) or not title.strip():
        yield "The package has no title.", 'Write "title": the name that readers see.'
    yield from _portal_problems(descriptor["portal"], spec["portal"])
    breakdowns = descriptor["portal"].get("breakdowns", {})
    if not _is_table_of_names(breakdowns):
        yield (
            "breakdowns is not a table of columns and their names.",
            'Write "breakdowns": {"column": "Name"}.',
        )
        return
    columns = {f["name"] for r in spec["resources"].values() for f in r["schema"]["fields"]}
    for taken in sorted(breakdowns.keys() & columns):
        yield (
            f"The breakdown {taken} has the name of another column.",
            "Call it something else, such as type.",
        )


def _resource_problems(descriptor: Json, spec: Json) -> Iterator[tuple[str, str]]:
    """Resources that are unknown, named twice or missing."""
    names = [str(r.get("name")) for r in _resources(descriptor)]
    for name in dict.fromkeys(names):
        if name not in spec["resources"]:
            yield f"Unknown resource {name!r}.", did_you_mean(name, spec["resources"])
        elif names.count(name) > 1:
            yield f"The resource {name} stands twice.", "Keep one."
    for name, resource in spec["resources"].items():
        if resource["required"] and name not in names:
            yield f"The resource {name} is missing.", f"Add data/{name}.csv and name it under resources."


def _descriptor(folder: Path, file: str, problems: list[Problem]) -> Json | None:
    def wrong(message: str, fix: str, row: int = 0) -> None:
        problems.append(Problem(file, row=row, code="descriptor", message=message, fix=fix))

    if not folder.is_dir():
        wrong(
            "The package is not there.", "Put the folder back, or take its name out of site_src/portal.toml."
        )
        return None
    path = folder / "datapackage.json"
    fault = tables.unreadable(path)
    if fault:
        wrong(*fault)
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        wrong("The file datapackage.json is not there.", "Put it back; each package needs one.")
    except UnicodeDecodeError:
        wrong("The file is not saved as UTF-8.", "Save it again with the encoding UTF-8.")
    except (json.JSONDecodeError, RecursionError) as error:
        at, why = (
            (error.lineno, error.msg) if isinstance(error, json.JSONDecodeError) else (0, "nested too deep")
        )
        wrong(f"The file is not valid JSON: {why}.", "Look at that line for a missing comma or bracket.", at)
    else:
        if isinstance(found, dict):
            return found
        wrong(
            "The file does not hold one object in braces.", "Start from another package's datapackage.json."
        )
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
        elif rule["type"] == "integer" and (type(value) is not int or value < 0):
            yield f"portal.{key} is {value!r}.", f"Write a whole number: {rule['title']}."


def _table(package: _Found, resource: Json, spec: Json, problems: list[Problem]) -> Table | None:
    """Read and check one resource; None where nothing could be read."""
    path = resource.get("path")
    if not isinstance(path, str) or _leaves(package.folder, path):
        problems.append(
            Problem(
                package.file,
                code="path",
                message=f"The path of {resource['name']} is {path!r}, which is not a file inside this package.",
                fix=f"Write data/{resource['name']}.csv and put the file there.",
            )
        )
        return None
    schema = _schema(package, resource, spec, problems)
    file = f"data_packages/{package.folder.name}/{path}"
    table, found = tables.read(package.folder / path, file, schema)
    problems.extend(found)
    return table


def _leaves(folder: Path, path: str) -> bool:
    """Whether a resource's path points anywhere but into its package."""
    if not path or not path.isprintable() or _SCHEME.match(path) or Path(path).is_absolute() or "\\" in path:
        return True
    return not (folder / path).resolve().is_relative_to(folder.resolve())


def _holds(constraints: object, rules: Json) -> bool:
    """Whether the constraints that a package writes include those of the contract."""
    if not isinstance(constraints, dict):
        return not rules
    return all(constraints.get(name) == value for name, value in rules.items())


def _schema(package: _Found, resource: Json, spec: Json, problems: list[Problem]) -> Schema:
    """The schema to check by: the contract's fields and the declared breakdowns.

    The package must describe each of them as the contract does, so that others can check it without portal; it
    may add constraints of its own.
    """
    own = resource.get("schema")
    own_fields = own.get("fields") if isinstance(own, dict) else None
    given = {f["name"]: f for f in own_fields or [] if isinstance(f, dict) and isinstance(f.get("name"), str)}
    wanted = _fields(spec, package.breakdowns)

    def wrong(message: str, fix: str) -> None:
        problems.append(
            Problem(package.file, field=resource["name"], code="schema", message=message, fix=fix)
        )

    names = [f["name"] for f in wanted]
    for extra in [n for n in given if n not in names]:
        wrong(f"The schema has a column {extra} that is not known.", did_you_mean(extra, names))
    for f in wanted:
        mine = given.get(f["name"])
        rules = f.get("constraints", {})
        if mine is None:
            wrong(f"The schema lacks the column {f['name']}.", f"Add it, with type {f['type']}.")
        elif mine.get("type") != f["type"] or not _holds(mine.get("constraints"), rules):
            wrong(
                f"The schema describes the column {f['name']} in another way than portal does.",
                f"Write type {f['type']}" + (f" and constraints {json.dumps(rules)}." if rules else "."),
            )
    return Schema(tuple(wanted), tuple(_key(spec, package.breakdowns)))


def _fields(spec: Json, breakdowns: Iterable[str]) -> list[Json]:
    """The fields of a resource: those of the contract, with the package's breakdowns before the figure."""
    fields = list(spec["schema"]["fields"])
    if spec.get("breakdowns"):
        names = [f["name"] for f in fields]
        at = names.index("value" if "value" in names else "other_indicator")
        splits = [
            {"name": b, "type": "string", "title": f"Breakdown by {b}; empty for all"} for b in breakdowns
        ]
        fields[at:at] = splits
    return fields


def _key(spec: Json, breakdowns: Iterable[str]) -> list[str]:
    """The columns that tell rows apart: a figure's breakdowns too, while a claim has an id of its own."""
    figures = spec.get("breakdowns") and "value" in [f["name"] for f in spec["schema"]["fields"]]
    return [*spec["schema"]["primaryKey"], *(breakdowns if figures else ())]


def described(name: str, spec: Json, breakdowns: Iterable[str] = ()) -> Json:
    """The resource `name` as a descriptor tells it, from its part of the contract and the package's breakdowns."""
    schema = {"fields": _fields(spec, breakdowns), "primaryKey": _key(spec, breakdowns)}
    return {
        "name": name,
        "type": "table",
        "path": f"data/{name}.csv",
        "encoding": "utf-8",
        "mediatype": "text/csv",
        "schema": {"$schema": "https://datapackage.org/profiles/2.0/tableschema.json", **schema},
    }
