"""Bring the tables of an archive into the form that this version of the program reads.

Columns are added to the tables of a kind of package over the years, and lists of choices grow. An archive keeps the
descriptors of its day. Whoever puts its data back, or shows them while a newer release waits, needs them in the form of
today: the new columns are there, and empty.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from portal.data import csv_editing
from portal.data.packages import contract, describe_resource, kinds
from portal.releases.archives import DESCRIPTOR, Contents


def in_the_form_of_today(contents: Contents) -> Contents:
    """Return archived contents with the columns that tables of their kind have today.

    A table in which nothing is missing stays as it is, byte for byte. What a package adds to its own schema stays, and
    so do columns that are no longer known: the check names those.
    """
    files = dict(contents.files)
    for package in contents.packages:
        descriptor = contents.descriptor(package)
        about = descriptor.get("portal", {})
        if about.get("kind") not in kinds():
            continue
        known, breakdowns = contract(about["kind"])["resources"], about.get("breakdowns", {})
        resources = [
            _described(r, describe_resource(r["name"], known[r["name"]], breakdowns)["schema"])
            if r["name"] in known
            else r
            for r in descriptor["resources"]
        ]
        for before, now in zip(descriptor["resources"], resources, strict=True):
            names = [f["name"] for f in now["schema"]["fields"]]
            if names != [f["name"] for f in before["schema"]["fields"]]:
                path = f"{package}/{now['path']}"
                files[path] = csv_editing.with_columns(files[path], names)
        if resources != descriptor["resources"]:
            text = json.dumps({**descriptor, "resources": resources}, indent=2, ensure_ascii=False)
            files[f"{package}/{DESCRIPTOR}"] = f"{text}\n".encode()
    return replace(contents, files=files)


def _described(resource: Mapping[str, Any], today: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an archived resource with the columns, types and constraints that its schema has today."""
    schema = resource["schema"]
    then = {f["name"]: f for f in schema["fields"]}
    today_by_name = {f["name"]: f for f in today["fields"]}
    unknown = [f for name, f in then.items() if name not in today_by_name]
    fields = [_merged(then.get(name, {}), field) for name, field in today_by_name.items()]
    if [*fields, *unknown] == schema["fields"] and schema.get("primaryKey") == today["primaryKey"]:
        return resource
    return {
        **resource,
        "schema": {**schema, "fields": [*fields, *unknown], "primaryKey": today["primaryKey"]},
    }


def _merged(then: Mapping[str, Any], today: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a column as today, or as it was if it includes all that it must include today."""
    constraints = {**then.get("constraints", {}), **today.get("constraints", {})}
    fits = then.get("type") == today["type"] and then.get("constraints", {}) == constraints
    return then if fits else {**then, **today, **({"constraints": constraints} if constraints else {})}
