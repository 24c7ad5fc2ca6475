"""Validate descriptors and tables with frictionless, the reference implementation of the Data Package standard.

Only this module imports frictionless. A table is not validated again if the same bytes passed before with the same
description, version of frictionless and checks. A small file records this; continuous integration ignores it.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any

from portal.core.problems import PortalError, Problem

Json = dict[str, Any]
FILE = "validated.json"
# With so many errors in one table they have one cause or few, and listing all would take minutes.
MOST_ERRORS = 1000
# frictionless keeps in one place for all threads whether it trusts absolute paths. The desk checks in several.
_ONE_AT_A_TIME = Lock()
_OUR_CHECKS = ("core/field_types.py", "data/tables.py", "data/validation.py")


@dataclass(frozen=True)
class ValidationError:
    """An error that frictionless reports: its type, where it is, and its message."""

    kind: str
    row: int = 0
    column: str = ""
    cell: str = ""
    note: str = ""


def descriptor_faults(descriptor: Json) -> tuple[str, ...]:
    """Return the errors in a descriptor, in words. It must not refer to another file or host."""
    try:
        import frictionless  # noqa: F401, PLC0415 - takes 0.2 s to import
    except ImportError as error:
        raise _not_installed() from error
    try:
        with _ONE_AT_A_TIME:
            return _faults_of_descriptor(json.dumps(descriptor))
    except Exception as error:  # frictionless fails on some values, all of them invalid
        return (_cannot_read(error),)


@lru_cache(maxsize=1000)  # the desk reads the same descriptors in each step
def _faults_of_descriptor(text: str) -> tuple[str, ...]:
    from frictionless import Package  # noqa: PLC0415

    return tuple(dict.fromkeys(_plain(e.note) for e in Package.metadata_validate(json.loads(text))))


def table_faults(path: Path, resource: Json, others: Mapping[Path, Json]) -> Iterator[ValidationError]:
    """Yield the errors that frictionless finds in the table at `path`, which `resource` describes.

    It stops after `MOST_ERRORS`, which is then an error of the kind "limit".
    `others` are the tables that its foreign keys can refer to.
    """
    try:
        from frictionless import FrictionlessException, Package, system  # noqa: PLC0415
    except ImportError as error:
        raise _not_installed() from error
    tables = [(path, resource), *others.items()]
    package = {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "package",
        "resources": [_with_header(description, table) for table, description in tables],
    }
    try:
        with _ONE_AT_A_TIME, system.use_context(trusted=True):
            report = (
                Package.from_descriptor(package)
                .get_resource(resource["name"])
                .validate(limit_errors=MOST_ERRORS)
            )
    except FrictionlessException as error:
        yield ValidationError("description", note=_plain(error.error.note))
        return
    except Exception as error:  # such as an invalid pattern
        yield ValidationError("description", note=_cannot_read(error))
        return
    for e in (e for task in report.tasks for e in task.errors):
        cell = getattr(e, "cell", "")
        yield ValidationError(
            e.type,
            getattr(e, "row_number", 0) or 0,
            getattr(e, "field_name", "") or "",
            "" if cell is None else str(cell),
            _plain(e.note or e.title),
        )
    if any(task.stats["errors"] >= MOST_ERRORS for task in report.tasks):
        yield ValidationError("limit")
    if not report.valid and not any(task.errors for task in report.tasks):
        yield ValidationError(
            "description", note=_plain("; ".join(e.note for e in report.errors) or "the table is not valid")
        )


def _with_header(description: Json, table: Path) -> Json:
    """Return the description of a table for frictionless, which must not look for its header below the first row.

    It would take the first row that is as wide as most rows are, and then report nothing about the rows.
    """
    dialect = {**description.get("dialect", {}), "headerRows": [1]}
    return {**description, "path": str(table.resolve()), "dialect": dialect}


def _cannot_read(error: Exception) -> str:
    return _plain(f"it has a part that cannot be read ({error})")


def _not_installed() -> PortalError:
    fix = "Run `make site`, which installs what requirements.lock lists."
    message = "The program frictionless, which checks every data package, is not installed."
    return PortalError([Problem("requirements.lock", code="frictionless", message=message, fix=fix)])


def _plain(note: str) -> str:
    """Return a message of frictionless on one line, without regular expressions and shortened."""
    plain = re.sub(r"does not match '.*?'(?= at property|$)", "is not written in the right form", note)
    plain = re.sub(r'constraint "pattern" is ".*"', "it is not written in the right form", plain)
    plain = " ".join(plain.split())
    return plain if len(plain) <= 300 else f"{plain[:300]}…"


# --- what passed before


def digest(*parts: bytes) -> str:
    """Return the digest of everything that validation depends on: the parts, frictionless and our own checks."""
    hash_ = hashlib.sha256(_version_of_checks())
    for part in parts:
        hash_.update(hashlib.sha256(part).digest())
    return hash_.hexdigest()


@cache
def _version_of_checks() -> bytes:
    """Return the version of frictionless and the source of our own checks."""
    try:
        frictionless_version = version("frictionless")
    except PackageNotFoundError as error:
        raise _not_installed() from error
    if find_spec("frictionless") is None:  # what it said earlier does not count without it
        raise _not_installed()
    return frictionless_version.encode() + b"".join(
        (Path(__file__).parents[1] / name).read_bytes() for name in _OUR_CHECKS
    )
