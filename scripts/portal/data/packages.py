"""Read data packages: their descriptors, their tables, and the problems with them.

The contract of each kind of package, with the schemas of its tables, is `schemas/<kind>.json`.
"""

import codecs
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, TypeGuard

from portal.core import field_types, input_files, text
from portal.core.problems import Fault, Problem, did_you_mean, nearest
from portal.core.remembered import Remembered
from portal.data import descriptors, tables, validation
from portal.data.descriptors import MARKERS
from portal.data.tables import Json, Schema, Table

_PATH = re.compile(r"[A-Za-z0-9_. -]+(/[A-Za-z0-9_. -]+)*\.csv", re.ASCII)


@dataclass(frozen=True)
class Package:
    """One data package as read, before its rows are given types.

    `schemas` includes the schemas of tables that cannot be read.
    """

    name: str
    kind: str
    file: str
    portal: Mapping[str, Any]
    tables: Mapping[str, Table]
    breakdowns: Mapping[str, str] = field(default_factory=dict)
    schemas: Mapping[str, Schema] = field(default_factory=dict)


@cache
def contract(kind: str) -> Json:
    """Return the contract of a kind of package: its resources, their fields, and the `portal` part of the descriptor."""
    schema: Json = json.loads(
        (resources.files("portal.data") / "schemas" / f"{kind}.json").read_text("utf-8")
    )
    return schema


@cache
def kinds() -> tuple[str, ...]:
    """Return the kinds of package that exist."""
    folder = resources.files("portal.data") / "schemas"
    return tuple(sorted(p.name.removesuffix(".json") for p in folder.iterdir() if p.name.endswith(".json")))


def read_all(root: Path, names: tuple[str, ...]) -> tuple[tuple[Package, ...], tuple[Problem, ...]]:
    """Read the packages `names` below `root/data_packages`, in that order.

    Return the packages that could be read, and every problem with structure, types and constraints. A user's mistakes
    raise nothing.
    """
    faulty = tuple(input_files.folder_problems(root, "data_packages"))
    unreadable = tuple(f"{p.file}/" for p in faulty if not (root / p.file).exists())
    problems: list[Problem] = []
    folder = root / "data_packages"
    there = sorted(p.name for p in folder.iterdir() if p.is_dir()) if folder.is_dir() else []
    missing = set(names) - set(there)
    for extra in (name for name in there if name not in names):
        meant = nearest(extra, missing)
        missing.discard(meant)
        problems.append(_unlisted(extra, meant))
    passed = Remembered(root / "build" / "cache" / validation.FILE)
    listed = [name for name in names if name in there or name in missing]
    packages = [package for name in listed if (package := _read_package(root, name, passed, problems))]
    passed.keep()
    # What is below a link that leads nowhere has no problem of its own.
    own = (p for p in problems if not p.file.startswith(unreadable))
    return tuple(packages), tuple(dict.fromkeys((*faulty, *own)))


def _unlisted(name: str, meant: str) -> Problem:
    """Return the problem of a folder that is not in the list of packages; `meant` is a similar name there without a folder."""
    message = "This folder is not in the list of packages, so it would not be published."
    fix = f"Add {name} to `packages` in site_src/portal.toml, or move the folder away."
    if meant:
        message = (
            f"This folder is not in the list of packages, and the folder of the package {meant} is missing."
        )
        fix = f"If they are the same, write {name} in `packages` in site_src/portal.toml, or rename the folder {meant}."
    return Problem(f"data_packages/{name}", code="package", message=message, fix=fix)


@dataclass(frozen=True)
class _PackageContents:
    """A package while it is read: its folder, the name of its descriptor in problems, and its breakdowns."""

    folder: Path
    file: str
    breakdowns: Mapping[str, str]


def _read_package(root: Path, name: str, passed: Remembered, problems: list[Problem]) -> Package | None:
    folder = root / "data_packages" / name
    file = f"data_packages/{name}/datapackage.json"
    descriptor = _read_descriptor(root, folder, file, problems)
    if descriptor is None:
        return None
    portal = descriptor.get("portal")
    kind = portal.get("kind") if isinstance(portal, dict) else None
    if not isinstance(portal, dict) or not isinstance(kind, str) or kind not in kinds():
        fix = f"Set portal.kind. {did_you_mean(str(kind), kinds())}"
        problems.append(
            Problem(file, code="descriptor", message=f"The kind of package is {_shown(kind)}.", fix=fix)
        )
        return None
    contract_ = contract(kind)
    descriptor_problems = [
        Problem(file, code="descriptor", message=message, fix=fix)
        for message, fix in (
            *_descriptor_problems(descriptor, name, contract_),
            *_resource_problems(descriptor, contract_),
        )
    ]
    package = _PackageContents(folder, file, _breakdowns(portal))
    by_name = {str(r.get("name")): r for r in reversed(_resources(descriptor))}
    to_check = {
        n: _schema_and_resource(package, by_name[n], r, descriptor_problems)
        for n, r in contract_["resources"].items()
        # With wrong breakdowns nobody knows the columns of the tables that are split by them.
        if n in by_name and not (r.get("breakdowns") and _has_wrong_breakdowns(portal, contract_))
    }
    paths = {n: p for n, (_, r) in to_check.items() if (p := _path(package, n, r, descriptor_problems))}
    paths = _of_one_table(package, paths, descriptor_problems)
    described = [r for _, r in to_check.values()]
    digest = validation.digest(b"descriptor", json.dumps([descriptor, described], default=str).encode())
    if descriptor_problems or not passed.get(digest):
        found = tuple(descriptors.standard_problems(file, descriptor, name, described, descriptor_problems))
        if not descriptor_problems and not found:
            passed.add(digest, True)
        descriptor_problems += found
    problems += descriptor_problems
    readable = _read_tables(package, to_check, paths, passed, problems)
    about_package = {**portal, "title": descriptor.get("title")}
    schemas = {n: s for n, (s, _) in to_check.items()}
    return Package(name, kind, file, about_package, readable, package.breakdowns, schemas)


def _read_tables(
    package: _PackageContents,
    to_check: Mapping[str, tuple[Schema, Json]],
    paths: Mapping[str, Path],
    passed: Remembered,
    problems: list[Problem],
) -> dict[str, Table]:
    """Return every table that can be read, checked; one with foreign keys together with the tables that it refers to."""
    all_readable = len(paths) == len(to_check) and not any(map(input_files.file_fault, paths.values()))
    readable: dict[str, Table] = {}
    for name, path in paths.items():
        schema, resource = to_check[name]
        keys = resource["schema"].get("foreignKeys")
        if keys and all_readable:
            schema = replace(schema, others={p: to_check[n][1] for n, p in paths.items() if n != name})
        elif keys:  # a table that it refers to cannot be read, which is reported separately
            without_keys = {k: v for k, v in resource["schema"].items() if k != "foreignKeys"}
            schema = replace(schema, resource={**resource, "schema": without_keys})
        table, table_problems = tables.read(
            path, f"data_packages/{package.folder.name}/{resource['path']}", schema, passed
        )
        problems.extend(tables.gather_columns(table, table_problems) if table else table_problems)
        if table is not None:
            readable[name] = table
    return readable


def _shown(value: object) -> str:
    """Return the start of a value as the descriptor has it."""
    return json.dumps(value, ensure_ascii=False)[:80]


def _breakdowns(portal: Json) -> dict[str, str]:
    """Return the breakdowns that a package declares; none if they are malformed, which is reported separately."""
    breakdowns = portal.get("breakdowns")
    return dict(breakdowns) if _is_names_by_column(breakdowns) else {}


def _is_names_by_column(value: object) -> TypeGuard[dict[str, str]]:
    return isinstance(value, dict) and all(isinstance(v, str) for v in value.values())


def _resources(descriptor: Json) -> list[Json]:
    listed = descriptor.get("resources")
    return [r for r in listed if isinstance(r, dict)] if isinstance(listed, list) else []


def _descriptor_problems(descriptor: Json, name: str, spec: Json) -> Iterator[Fault]:
    """Yield problems with the package's name, title and `portal` part."""
    if descriptor.get("name") != name:
        yield Fault(
            f"The package is named {_shown(descriptor.get('name'))}.",
            f'Write "name": "{name}", like the folder.',
        )
    title = descriptor.get("title")
    if not isinstance(title, str) or not title.strip():
        yield Fault("The package has no title.", 'Write "title": the name that readers see.')
    for key, address in _links(descriptor):
        if (scheme := _SCHEME.match(address)) and scheme[1].lower() not in ("http", "https"):
            yield Fault(
                f"The address under {key} is {_shown(address)}.",
                "Write a web address that begins with https://.",
            )
    yield from _portal_problems(descriptor["portal"], spec["portal"])
    if not _is_names_by_column(descriptor["portal"].get("breakdowns", {})):
        yield Fault(
            "breakdowns is not a table of columns and their names.",
            'Write "breakdowns": {"column": "Name"}.',
        )
    for taken in _taken_names(descriptor["portal"], spec):
        yield Fault(
            f"The breakdown {taken} has the name of another column.",
            "Call it something else, such as type.",
        )


def _taken_names(portal: Json, spec: Json) -> list[str]:
    """Return the breakdowns that have the name of another column."""
    columns = {f["name"] for r in spec["resources"].values() for f in r["schema"]["fields"]}
    return sorted(_breakdowns(portal).keys() & columns)


def _has_wrong_breakdowns(portal: Json, spec: Json) -> bool:
    return not _is_names_by_column(portal.get("breakdowns", {})) or bool(_taken_names(portal, spec))


_SCHEME = re.compile(r"\s*([A-Za-z][A-Za-z0-9+.-]*):")


def _links(descriptor: Json) -> Iterator[tuple[str, str]]:
    """Yield each address in a descriptor with its place: other programs show them as links."""
    for key in ("homepage", "image"):
        if isinstance(descriptor.get(key), str):
            yield key, descriptor[key]
    for key in ("licenses", "sources", "contributors"):
        for holder in (descriptor, *_resources(descriptor)):
            entries = holder.get(key)
            for entry in entries if isinstance(entries, list) else ():
                if isinstance(entry, dict) and isinstance(entry.get("path"), str):
                    yield key, entry["path"]


def _resource_problems(descriptor: Json, spec: Json) -> Iterator[Fault]:
    """Yield resources that are unknown, appear twice or are missing."""
    names = [str(r.get("name")) for r in _resources(descriptor)]
    for name in dict.fromkeys(names):
        if name not in spec["resources"]:
            yield Fault(f"Unknown resource {_shown(name)}.", did_you_mean(name, spec["resources"]))
        elif names.count(name) > 1:
            yield Fault(f"The resource {name} appears twice.", "Keep one.")
    for name, resource in spec["resources"].items():
        if resource["required"] and name not in names:
            yield Fault(
                f"The resource {name} is missing.", f"Add data/{name}.csv and name it under resources."
            )


def _read_descriptor(root: Path, folder: Path, file: str, problems: list[Problem]) -> Json | None:
    def report(message: str, fix: str, row: int = 0) -> None:
        problems.append(Problem(file, row=row, code="descriptor", message=message, fix=fix))

    if not folder.is_dir():
        report(
            "The package folder is missing.",
            "Put the folder back, or remove its name from site_src/portal.toml.",
        )
        return None
    path = folder / "datapackage.json"
    if not path.exists() and not path.is_symlink():
        report("The file datapackage.json is missing.", "Put it back; each package needs one.")
        return None
    try:
        raw = input_files.read(path, root)
        if raw.startswith(codecs.BOM_UTF8):
            message = "The file begins with the mark of UTF-8 (BOM), which other programs cannot read in a datapackage.json."
            report(message, "Save it as “UTF-8”, not as “UTF-8 with BOM”.")
            return None
        descriptor = input_files.parse_json(raw)
    except input_files.UnreadableError as fault:
        report(fault.message, fault.fix, fault.row)
        return None
    if isinstance(descriptor, dict):
        return descriptor
    report("The file does not hold one object in braces.", "Start from another package's datapackage.json.")
    return None


def _portal_problems(portal: Json, spec: Json) -> Iterator[Fault]:
    known = {"kind", *spec}
    for key in portal:
        if key not in known:
            yield Fault(f"portal.{key} is not known.", did_you_mean(key, known))
    for key, rule in spec.items():
        value = portal.get(key)
        if value is None:
            if rule.get("required"):
                yield Fault(f"portal.{key} is missing.", f"Write it: {rule['title']}.")
        elif rule["type"] == "string" and (
            not isinstance(value, str)
            or not value.strip()
            or field_types.cell_fault(value, _as_field(key, rule))
        ):
            yield Fault(f"portal.{key} is {_shown(value)}.", f"Write {rule['title']}.")
        elif rule["type"] == "integer" and (type(value) is not int or value < 0):
            yield Fault(f"portal.{key} is {_shown(value)}.", f"Write a whole number: {rule['title']}.")


def _as_field(key: str, rule: Json) -> Json:
    """Return a part of a contract's `portal` as a field, so that it is checked like a cell."""
    form = {"form": rule["form"]} if "form" in rule else {}
    pattern = {"pattern": rule["pattern"]} if "pattern" in rule else {}
    return {"name": key, "type": "string", "title": rule["title"], "constraints": pattern, **form}


def _schema_and_resource(
    package: _PackageContents, resource: Json, spec: Json, problems: list[Problem]
) -> tuple[Schema, Json]:
    """Return the schema to check a table against, and the resource to give to frictionless."""
    fields, key = _fields(spec, package.breakdowns), _key(spec, package.breakdowns)
    return descriptors.schema_to_check(package.file, resource, fields, key, problems)


def _path(package: _PackageContents, name: str, resource: Json, problems: list[Problem]) -> Path | None:
    """Return the file of a table, or None and a problem if it is not inside the package."""
    path = resource.get("path")
    if isinstance(path, str) and not _is_outside(package.folder, path):
        return package.folder / path
    problems.append(
        Problem(
            package.file,
            code="path",
            message=f"The path of {name} is {_shown(path)}, which is not a file inside this package.",
            fix=f"Write data/{name}.csv and put the file there.",
        )
    )
    return None


def _of_one_table(
    package: _PackageContents, paths: Mapping[str, Path], problems: list[Problem]
) -> dict[str, Path]:
    """Return the files that belong to one table; report those that are described as several."""
    tables_of: dict[str, list[str]] = {}
    for name, path in paths.items():
        tables_of.setdefault(str(path).casefold(), []).append(name)
    unclear = set[str]()
    for names in (n for n in tables_of.values() if len(n) > 1):
        own = [n for n in names if paths[n].stem == n]
        wrong = [n for n in names if n not in own]
        unclear |= {*wrong, *(own if len(own) > 1 else ())}
        message = f"The tables {text.listed(names)} have the same path."
        fix = f"Write data/{wrong[0] if wrong else names[0]}.csv for one of them, and put its file there."
        problems.append(Problem(package.file, code="path", message=message, fix=fix))
    return {n: p for n, p in paths.items() if n not in unclear}


def _is_outside(folder: Path, path: str) -> bool:
    """Return True if a resource's path is not a CSV file inside its package, with a name that every computer can store."""
    if not _PATH.fullmatch(path) or not all(field_types.is_storable(part) for part in path.split("/")):
        return True
    try:
        return not (folder / path).resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):  # a circular link, which is reported as such
        return False
    except ValueError:
        return True


def _fields(spec: Json, breakdowns: Iterable[str]) -> list[Json]:
    """Return the fields of a resource: those of the contract, with the package's breakdowns before the value."""
    fields = list(spec["schema"]["fields"])
    if spec.get("breakdowns"):
        names = [f["name"] for f in fields]
        position = names.index("value" if "value" in names else "other_indicator")
        breakdown_fields = [
            {"name": b, "type": "string", "title": f"Breakdown by {b}; empty for all"} for b in breakdowns
        ]
        fields[position:position] = breakdown_fields
    return fields


def _key(spec: Json, breakdowns: Iterable[str]) -> list[str]:
    """Return the primary key: for figures with their breakdowns; claims have an id of their own."""
    figures = spec.get("breakdowns") and "value" in [f["name"] for f in spec["schema"]["fields"]]
    return [*spec["schema"]["primaryKey"], *(breakdowns if figures else ())]


def describe_resource(name: str, spec: Json, breakdowns: Iterable[str] = ()) -> Json:
    """Return the resource `name` as a descriptor describes it, from the contract and the package's breakdowns."""
    fields = [{k: v for k, v in f.items() if k not in MARKERS} for f in _fields(spec, breakdowns)]
    schema = {"fields": fields, "primaryKey": _key(spec, breakdowns)}
    return {
        "name": name,
        "type": "table",
        "path": f"data/{name}.csv",
        "encoding": "utf-8",
        "mediatype": "text/csv",
        "schema": {"$schema": "https://datapackage.org/profiles/2.0/tableschema.json", **schema},
    }
