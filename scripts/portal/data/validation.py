"""Ask frictionless, the reference program of the Data Package standard, about descriptors and tables.

The only importer of frictionless. A table is not asked about again where the same bytes passed before under the same
description, the same frictionless and the same checks of ours; that is remembered in one small file, which continuous
integration never trusts.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from portal.core import operating_system
from portal.core.problems import PortalError, Problem

Json = dict[str, Any]
FILE = "validated.json"
_MOST = 2_000  # tables that are remembered
_OURS = ("core/field_types.py", "data/tables.py", "data/validation.py")


@dataclass(frozen=True)
class ValidationError:
    """What frictionless says about a table: the kind of its error, where it is, and its own words."""

    kind: str
    row: int = 0
    column: str = ""
    cell: str = ""
    note: str = ""


def descriptor_faults(descriptor: Json) -> tuple[str, ...]:
    """What is wrong with a descriptor, in words; nothing in it may lead to another file or host."""
    try:
        from frictionless import Package  # noqa: PLC0415 - it takes 0.2 s
    except ImportError as error:
        raise _missing() from error
    try:
        return tuple(dict.fromkeys(_plain(e.note) for e in Package.metadata_validate(descriptor)))
    except Exception as error:  # frictionless stumbles over some values, and none of them is a good one
        return (_unread(error),)


def table_faults(path: Path, resource: Json, others: Mapping[Path, Json]) -> Iterator[ValidationError]:
    """What frictionless says about the table at `path`, which `resource` describes.

    `others` are the tables that its foreign keys may name.
    """
    try:
        from frictionless import FrictionlessException, Package, system  # noqa: PLC0415
    except ImportError as error:
        raise _missing() from error
    listed = [(path, resource), *others.items()]
    told = {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "package",
        "resources": [{**one, "path": str(place.resolve())} for place, one in listed],
    }
    try:
        with system.use_context(trusted=True):
            report = (
                Package.from_descriptor(told).get_resource(resource["name"]).validate(limit_errors=1_000_000)
            )
    except FrictionlessException as error:
        yield ValidationError("description", note=_plain(error.error.note))
        return
    except Exception as error:  # such as a pattern that is none
        yield ValidationError("description", note=_unread(error))
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
    if not report.valid and not any(task.errors for task in report.tasks):
        yield ValidationError(
            "description", note=_plain("; ".join(e.note for e in report.errors) or "the table is not valid")
        )


def _unread(error: Exception) -> str:
    return _plain(f"it has a part that cannot be read ({error})")


def _missing() -> PortalError:
    fix = "Run `make site`, which installs what requirements.lock lists."
    message = "The program frictionless, which checks every data package, is not installed."
    return PortalError([Problem("requirements.lock", code="frictionless", message=message, fix=fix)])


def _plain(note: str) -> str:
    """A note of frictionless in one line, without regular expressions and without whole descriptors."""
    told = re.sub(r"does not match '.*?'(?= at property|$)", "is not written in the right form", note)
    told = re.sub(r'constraint "pattern" is ".*"', "it is not written in the right form", told)
    told = " ".join(told.split())
    return told if len(told) <= 300 else f"{told[:300]}…"


# --- what was asked before


class ValidatedTables:
    """The tables that have passed, by digest: those of this process, and those of earlier ones."""

    _here: set[str] = set()  # noqa: RUF012 - shared by all that this process checks

    def __init__(self, folder: Path | None = None) -> None:
        self._path = folder / FILE if folder and not os.environ.get("CI") else None
        self._before = _remembered(self._path) if self._path else []
        self._used: list[str] = []

    @classmethod
    def forget(cls) -> None:
        """Forget what this process knows, as a new one would."""
        cls._here.clear()

    def has(self, digest: str) -> bool:
        """Return True if frictionless found nothing wrong with a table of this digest."""
        found = digest in self._here or digest in self._before
        if found:
            self._used.append(digest)
        return found

    def add(self, digest: str) -> None:
        """Remember that frictionless found nothing wrong."""
        self._here.add(digest)
        self._used.append(digest)

    def keep(self) -> None:
        """Write what has passed, for the next time; a folder that cannot be written to does no harm."""
        if self._path is None or set(self._used) <= set(self._before):
            return
        kept = list(dict.fromkeys([*reversed(self._used), *_remembered(self._path)]))[:_MOST]
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            operating_system.write(self._path, json.dumps(kept).encode())


def _remembered(path: Path) -> list[str]:
    """The digests in the file; none where it is not there or damaged."""
    with suppress(OSError, ValueError, RecursionError):
        found = json.loads(path.read_bytes()) if path.is_file() else []
        if isinstance(found, list) and all(isinstance(one, str) for one in found):
            return found
    return []


def digest(*parts: bytes) -> str:
    """The digest of a table with all that a verdict on it depends on, besides the programs."""
    whole = hashlib.sha256(_programs())
    for part in parts:
        whole.update(hashlib.sha256(part).digest())
    return whole.hexdigest()


@cache
def _programs() -> bytes:
    """The version of frictionless, and our own checks."""
    try:
        told = version("frictionless")
    except PackageNotFoundError as error:
        raise _missing() from error
    return told.encode() + b"".join((Path(__file__).parents[1] / name).read_bytes() for name in _OURS)
