"""Compare a package's description of its tables with the schema of its kind; frictionless checks the rest."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from portal.core.problems import Problem, did_you_mean
from portal.data import validation
from portal.data.tables import Json, Schema

Wrong = Callable[[str, str], None]
PROFILES = "https://datapackage.org/profiles/"


def _holds(constraints: object, rules: Json) -> bool:
    """Return True if the constraints in a package include those of the portal's schema."""
    if not isinstance(constraints, dict):
        return not rules
    return all(constraints.get(name) == value for name, value in rules.items())


# Properties that could make frictionless read a file or cell differently from portal, and their allowed values.
_RESOURCE_MAY_SAY: Mapping[str, tuple[Any, ...]] = {
    "type": (None, "table"),
    "encoding": ("utf-8", "UTF-8", "utf8"),
    "format": (None, "csv"),
    "scheme": (None, "file"),
    "mediatype": (None, "text/csv"),
    "profile": (None, "data-resource", "tabular-data-resource"),
    **dict.fromkeys(
        ("data", "url", "compression", "innerpath", "extrapaths", "control", "layout", "detector"), (None,)
    ),
    **dict.fromkeys(("checklist", "pipeline", "profiles", "stats", "hashing", "basepath"), (None,)),
}
_DIALECT_MAY_SAY: Json = {"delimiter": ",", "quoteChar": '"', "doubleQuote": True, "skipInitialSpace": False, "header": True, "headerRows": [1]}  # fmt: skip
_LINE_ENDS = ("\n", "\r\n")
_FIELD_MAY_SAY: Mapping[str, tuple[Any, ...]] = {
    "bareNumber": (None, True),
    "floatNumber": (None, False),
    **dict.fromkeys(("trueValues", "falseValues", "decimalChar", "groupChar"), (None,)),
    "missingValues": (None, [""]),
}


def asked(
    file: str, resource: Json, wanted: list[Json], key: list[str], problems: list[Problem]
) -> tuple[Schema, Json]:
    """Return the schema to check a table against, and the resource to give to frictionless.

    The package must describe its columns and primary key as the portal's schema does, so that others can check the table
    without portal, and nothing in it can make other programs read the table differently. It can add constraints of its
    own, which are checked too.
    """
    own = resource.get("schema") if isinstance(resource.get("schema"), dict) else None
    own_fields = own.get("fields") if own else None
    listed = own_fields if isinstance(own_fields, list) else []
    given = {f["name"]: f for f in listed if isinstance(f, dict) and isinstance(f.get("name"), str)}

    def wrong(message: str, fix: str) -> None:
        problems.append(Problem(file, field=resource["name"], code="schema", message=message, fix=fix))

    if own is None:
        wrong(
            "The table has no schema.", 'Write "schema": {"fields": […]}, as in a package of the same kind.'
        )
    names = [f["name"] for f in wanted]
    for extra in [n for n in given if n not in names]:
        wrong(f"The schema has a column {extra} that is not known.", did_you_mean(extra, names))
    for f in wanted:
        mine = given.get(f["name"])
        rules = f.get("constraints", {})
        if mine is None:
            if own is not None:
                wrong(f"The schema has no column {f['name']}.", f"Add it, with type {f['type']}.")
        elif mine.get("type") != f["type"] or not _holds(mine.get("constraints"), rules):
            wrong(
                f"The schema describes the column {f['name']} differently from portal.",
                f"Write type {f['type']}" + (f" and constraints {_shown(rules, f)}." if rules else "."),
            )
    if len(given) == len(listed) == len(names) and list(given) != names and set(given) == set(names):
        wrong(
            "The columns of the schema are in another order than in portal.",
            f"Write them as: {', '.join(names)}.",
        )
    elif len(listed) > len(given):
        wrong("The schema has a column twice, or one without a name.", "Keep one of the two, with its name.")
    fields = [_merged(f, given.get(f["name"], {}), wrong) for f in wanted]
    schema = _schema_of(own or {}, fields, key, wrong)
    told = {k: v for k, v in resource.items() if _may_say(k, v, wrong)}
    if "encoding" not in resource:
        wrong("The encoding of the table is not stated.", 'Write "encoding": "utf-8".')
    told = {**told, "encoding": "utf-8", "schema": schema}
    return Schema(tuple(fields), tuple(key), told), told


def _shown(rules: Json, field: Json) -> str:
    """Return constraints as a descriptor writes them; a pattern is not shown, but named by its column."""
    if "pattern" not in rules:
        return json.dumps(rules)
    plain = {k: v for k, v in rules.items() if k != "pattern"}
    return f"{json.dumps(plain)} and the pattern that other packages of this kind have for {field['name']}"


def _may_say(key: str, value: Any, wrong: Wrong) -> bool:
    """Return True if a property of a resource leaves the table as portal reads it; report it otherwise."""
    if key == "$schema":
        good = isinstance(value, str) and value.startswith(PROFILES)
    elif key == "dialect":
        of_csv = value.get("csv", {}) if isinstance(value, dict) else None
        good = isinstance(of_csv, dict) and all(
            _dialect_may_say(k, v)
            for k, v in (*of_csv.items(), *((k, v) for k, v in value.items() if k != "csv"))
        )
    else:
        good = value in _RESOURCE_MAY_SAY.get(key, (value,))
    if not good:
        message = f"{key} makes other programs read the table differently from portal."
        fix = 'Write "encoding": "utf-8".' if key == "encoding" else f"Remove {key}."
        wrong(message, fix)
    return good


def _dialect_may_say(key: str, value: Any) -> bool:
    """Return True if a property of a dialect describes tables as portal reads them."""
    if key == "lineTerminator":
        return value in _LINE_ENDS
    if key.startswith("$"):
        return key == "$schema" and isinstance(value, str) and value.startswith(PROFILES)
    return bool(_DIALECT_MAY_SAY.get(key, ...) == value)


def _merged(field: Json, mine: Json, wrong: Wrong) -> Json:
    """Return a field of the portal's schema with what the package adds to it."""
    added = dict(mine)
    for name, allowed in _FIELD_MAY_SAY.items():
        if name in added and added[name] not in allowed:
            wrong(
                f"{name} makes other programs read the column {field['name']} differently from portal.",
                f"Remove {name}.",
            )
            del added[name]
    if "format" in added and added["format"] != "default" and field["type"] != "string":
        wrong(f"The format of the column {field['name']} is not the one that portal reads.", "Remove format.")
        del added["format"]
    own = mine.get("constraints")
    more = {**own} if isinstance(own, dict) else {}
    if "pattern" in more and "pattern" not in field.get("constraints", {}):
        wrong(
            f"The column {field['name']} has a pattern of its own. Some patterns take hours to read one cell.",
            "Remove pattern. To allow certain words only, list them under enum.",
        )
        del more["pattern"]
    constraints = {**more, **field.get("constraints", {})}
    return {**added, **field, **({"constraints": constraints} if constraints else {})}


def _schema_of(own: Json, fields: list[Json], key: list[str], wrong: Wrong) -> Json:
    """Return the package's schema for frictionless, with the columns and primary key of the portal's schema."""
    stated = own.get("primaryKey")
    if own and stated != key:
        shown = json.dumps(key)
        wrong(
            "The primary key is not the one that portal uses." if stated else "The primary key is missing.",
            f'Write "primaryKey": {shown}.',
        )
    missing = own.get("missingValues", [""])
    if missing != [""]:
        wrong(
            "missingValues makes other programs treat cells as empty that portal reads.",
            "Remove missingValues.",
        )
    if "$ref" in own:
        wrong("The schema refers to another file, which portal does not read.", "Remove $ref.")
    profile = own.get("$schema")
    if profile is not None and not (isinstance(profile, str) and profile.startswith(PROFILES)):
        wrong("The $schema of the table is not part of the Data Package standard.", "Remove it.")
    others = {k: v for k, v in own.items() if k not in ("missingValues", "$schema", "$ref")}
    plain = [{k: v for k, v in f.items() if k not in MARKERS} for f in fields]
    return {**others, "fields": plain, "primaryKey": key}


# Properties of fields in the portal's schemas that descriptors do not have.
MARKERS = ("form", "past")


def standard_problems(
    file: str, descriptor: Json, name: str, resources: list[Json], known: list[Problem]
) -> Iterator[Problem]:
    """Yield what frictionless finds in a descriptor, besides the problems that portal has found."""
    for key, allowed in (("$schema", None), ("profile", ("data-package", "tabular-data-package"))):
        value = descriptor.get(key)
        good = value is None or (
            isinstance(value, str) and (value in allowed if allowed else value.startswith(PROFILES))
        )
        if not good:
            yield Problem(
                file,
                code="descriptor",
                message=f"{key} is not part of the Data Package standard.",
                fix=f'Write "$schema": "{PROFILES}2.0/datapackage.json".'
                if key == "$schema"
                else f"Remove {key}.",
            )
    clean = {k: v for k, v in descriptor.items() if k not in ("$schema", "profile", "profiles")}
    seen = {
        "$schema": f"{PROFILES}2.0/datapackage.json",
        **clean,
        "name": name,
        "title": "Title",
        "resources": [
            {**r, "path": "data/table.csv"} for r in resources if _apart(r)] or [{"name": "none", "path": "data/none.csv"}],
    }  # fmt: skip
    found = validation.descriptor_faults(seen)
    if not found and not known:
        found = validation.descriptor_faults({**descriptor, "$schema": seen["$schema"]})
    for note in found:
        fix = "Correct it as the Data Package standard says, or copy that part from another package."
        yield Problem(file, code="descriptor", message=f"frictionless finds a mistake: {note}.", fix=fix)


def _apart(resource: Json) -> bool:
    """Return True if no two columns have the same name; a breakdown can have the name of a column."""
    names = [f["name"] for f in resource["schema"]["fields"]]
    return len(set(names)) == len(names)
