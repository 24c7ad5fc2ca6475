"""Compare a package's description of its tables with the schema of its kind; frictionless checks the rest."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from portal.core.problems import Problem, did_you_mean
from portal.data import validation
from portal.data.tables import Json, Schema

Report = Callable[[str, str], None]
PROFILES = "https://datapackage.org/profiles/"


def _includes(constraints: object, rules: Json) -> bool:
    """Return True if the constraints in a package include those of the portal's schema."""
    if not isinstance(constraints, dict):
        return not rules
    return all(constraints.get(name) == value for name, value in rules.items())


# Properties that could make frictionless read a file or cell differently from portal, and their allowed values.
_ALLOWED_IN_RESOURCE: Mapping[str, tuple[Any, ...]] = {
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
_ALLOWED_IN_DIALECT: Json = {"delimiter": ",", "quoteChar": '"', "doubleQuote": True, "skipInitialSpace": False, "header": True, "headerRows": [1]}  # fmt: skip
_LINE_ENDS = ("\n", "\r\n")
_ALLOWED_IN_FIELD: Mapping[str, tuple[Any, ...]] = {
    "bareNumber": (None, True),
    "floatNumber": (None, False),
    **dict.fromkeys(("trueValues", "falseValues", "decimalChar", "groupChar"), (None,)),
    "missingValues": (None, [""]),
}


def schema_to_check(
    file: str, resource: Json, contract_fields: list[Json], key: list[str], problems: list[Problem]
) -> tuple[Schema, Json]:
    """Return the schema to check a table against, and the resource to give to frictionless.

    The package must describe its columns and primary key as the portal's schema does, so that others can check the table
    without portal, and nothing in it can make other programs read the table differently. It can add constraints of its
    own, which are checked too.
    """

    def report(message: str, fix: str) -> None:
        problems.append(Problem(file, field=resource["name"], code="schema", message=message, fix=fix))

    package_schema = resource.get("schema") if isinstance(resource.get("schema"), dict) else None
    package_fields = package_schema.get("fields") if package_schema else None
    field_list = package_fields if isinstance(package_fields, list) else []
    fields_by_name = {
        f["name"]: f for f in field_list if isinstance(f, dict) and isinstance(f.get("name"), str)
    }
    if package_schema is None:
        fix = 'Write "schema": {"fields": […]}, as in a package of the same kind.'
        report("The table has no schema.", fix)
    else:
        _report_missing_columns(fields_by_name, contract_fields, report)
    _report_different_columns(fields_by_name, contract_fields, report)
    _report_order(fields_by_name, len(field_list), contract_fields, report)
    fields = [_merge_field(f, fields_by_name.get(f["name"], {}), report) for f in contract_fields]
    schema = _merge_schema(package_schema or {}, fields, key, report)
    described = {k: v for k, v in resource.items() if _is_allowed(k, v, report)}
    if "encoding" not in resource:
        report("The encoding of the table is not stated.", 'Write "encoding": "utf-8".')
    described = {**described, "encoding": "utf-8", "schema": schema}
    return Schema(tuple(fields), tuple(key), described), described


def _report_missing_columns(
    fields_by_name: Mapping[str, Json], contract_fields: Sequence[Json], report: Report
) -> None:
    for f in contract_fields:
        if f["name"] not in fields_by_name:
            report(f"The schema has no column {f['name']}.", f"Add it, with type {f['type']}.")


def _report_different_columns(
    fields_by_name: Mapping[str, Json], contract_fields: Sequence[Json], report: Report
) -> None:
    """Report columns that the contract does not have, or describes with another type or other constraints."""
    contract_by_name = {f["name"]: f for f in contract_fields}
    for name, package_field in fields_by_name.items():
        if name not in contract_by_name:
            report(f"The schema has a column {name} that is not known.", did_you_mean(name, contract_by_name))
            continue
        field = contract_by_name[name]
        rules = field.get("constraints", {})
        if package_field.get("type") != field["type"] or not _includes(
            package_field.get("constraints"), rules
        ):
            constraints = f" and constraints {_constraints_in_words(rules, field)}" if rules else ""
            message = f"The schema describes the column {name} differently from portal."
            report(message, f"Write type {field['type']}{constraints}.")


def _report_order(
    fields_by_name: Mapping[str, Json], count: int, contract_fields: Sequence[Json], report: Report
) -> None:
    """Report columns in another order; `count` also counts fields without a name, and those with the name of another."""
    names = [f["name"] for f in contract_fields]
    if (
        len(fields_by_name) == count
        and sorted(fields_by_name) == sorted(names)
        and list(fields_by_name) != names
    ):
        fix = f"Write them as: {', '.join(names)}."
        report("The columns of the schema are in another order than in portal.", fix)
    elif count > len(fields_by_name):
        report("The schema has a column twice, or one without a name.", "Keep one of the two, with its name.")


def _constraints_in_words(rules: Json, field: Json) -> str:
    """Return constraints as a descriptor writes them; a pattern is not shown, but named by its column."""
    if "pattern" not in rules:
        return json.dumps(rules)
    plain = {k: v for k, v in rules.items() if k != "pattern"}
    return f"{json.dumps(plain)} and the pattern that other packages of this kind have for {field['name']}"


def _is_allowed(key: str, value: Any, report: Report) -> bool:
    """Return True if a property of a resource leaves the table as portal reads it; report it otherwise."""
    if key == "$schema":
        is_allowed = isinstance(value, str) and value.startswith(PROFILES)
    elif key == "dialect":
        csv_dialect = value.get("csv", {}) if isinstance(value, dict) else None
        is_allowed = isinstance(csv_dialect, dict) and all(
            _is_allowed_in_dialect(k, v)
            for k, v in (*csv_dialect.items(), *((k, v) for k, v in value.items() if k != "csv"))
        )
    else:
        is_allowed = value in _ALLOWED_IN_RESOURCE.get(key, (value,))
    if not is_allowed:
        message = f"{key} makes other programs read the table differently from portal."
        fix = 'Write "encoding": "utf-8".' if key == "encoding" else f"Remove {key}."
        report(message, fix)
    return is_allowed


def _is_allowed_in_dialect(key: str, value: Any) -> bool:
    """Return True if a property of a dialect describes tables as portal reads them."""
    if key == "lineTerminator":
        return value in _LINE_ENDS
    if key.startswith("$"):
        return key == "$schema" and isinstance(value, str) and value.startswith(PROFILES)
    return bool(_ALLOWED_IN_DIALECT.get(key, ...) == value)


def _merge_field(field: Json, package_field: Json, report: Report) -> Json:
    """Return a field of the portal's schema with what the package adds to it."""
    added = dict(package_field)
    for name, allowed in _ALLOWED_IN_FIELD.items():
        if name in added and added[name] not in allowed:
            report(
                f"{name} makes other programs read the column {field['name']} differently from portal.",
                f"Remove {name}.",
            )
            del added[name]
    if "format" in added and added["format"] != "default" and field["type"] != "string":
        report(
            f"The format of the column {field['name']} is not the one that portal reads.", "Remove format."
        )
        del added["format"]
    package_constraints = package_field.get("constraints")
    extra_constraints = {**package_constraints} if isinstance(package_constraints, dict) else {}
    if "pattern" in extra_constraints and "pattern" not in field.get("constraints", {}):
        report(
            f"The column {field['name']} has a pattern of its own. Some patterns take hours to read one cell.",
            "Remove pattern. To allow certain words only, list them under enum.",
        )
        del extra_constraints["pattern"]
    constraints = {**extra_constraints, **field.get("constraints", {})}
    return {**added, **field, **({"constraints": constraints} if constraints else {})}


def _merge_schema(package_schema: Json, fields: list[Json], key: list[str], report: Report) -> Json:
    """Return the package's schema for frictionless, with the columns and primary key of the portal's schema."""
    stated = package_schema.get("primaryKey")
    if package_schema and stated != key:
        shown = json.dumps(key)
        report(
            "The primary key is not the one that portal uses." if stated else "The primary key is missing.",
            f'Write "primaryKey": {shown}.',
        )
    missing = package_schema.get("missingValues", [""])
    if missing != [""]:
        report(
            "missingValues makes other programs treat cells as empty that portal reads.",
            "Remove missingValues.",
        )
    if "$ref" in package_schema:
        report("The schema refers to another file, which portal does not read.", "Remove $ref.")
    profile = package_schema.get("$schema")
    if profile is not None and not (isinstance(profile, str) and profile.startswith(PROFILES)):
        report("The $schema of the table is not part of the Data Package standard.", "Remove it.")
    others = {k: v for k, v in package_schema.items() if k not in ("missingValues", "$schema", "$ref")}
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
    schema = f"{PROFILES}2.0/datapackage.json"
    as_it_is = () if known else validation.descriptor_faults({**descriptor, "$schema": schema})
    if not known and not as_it_is:
        return
    without_profiles = {k: v for k, v in descriptor.items() if k not in ("$schema", "profile", "profiles")}
    standard_form = {
        "$schema": schema,
        **without_profiles,
        "name": name,
        "title": "Title",
        "resources": [
            {**r, "path": "data/table.csv"} for r in resources if _has_distinct_columns(r)] or [{"name": "none", "path": "data/none.csv"}],
    }  # fmt: skip
    for note in validation.descriptor_faults(standard_form) or as_it_is:
        fix = "Correct it as the Data Package standard says, or copy that part from another package."
        yield Problem(file, code="descriptor", message=f"frictionless finds a mistake: {note}.", fix=fix)


def _has_distinct_columns(resource: Json) -> bool:
    """Return True if no two columns have the same name; a breakdown can have the name of a column."""
    names = [f["name"] for f in resource["schema"]["fields"]]
    return len(set(names)) == len(names)
