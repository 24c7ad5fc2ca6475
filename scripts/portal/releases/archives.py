"""Store releases as archives: one file with everything that was published at one time.

An archive that is public is rewritten only by `portal withdraw`, without the withdrawn figures, and then all later ones.
One that waits is packed again when something urgent is released before it.

An archive is itself a data package: a zip with `datapackage.json`, the packages as they were in `packages/`, the
changes of the release in `changes.csv`, and its pages in `pages.json`. It records the checksum of the archive before
it, so that no archive can be removed or changed unnoticed.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from portal.core.problems import PortalError, Problem
from portal.data import csv_editing

FOLDER = "archives"
CHANGES, PAGES, DESCRIPTOR = "changes.csv", "pages.json", "datapackage.json"
# Tables of the package of releases that are archived with a release, because their text is published too.
LISTS = ("accepted.csv", "calendar.csv")
_PACKAGES = "packages/"
_LARGEST = 200_000_000  # bytes of an archive when it is unpacked
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class ArchivedTable:
    """One table of a package: the columns of its primary key, and its rows as text."""

    package: str
    name: str
    key: tuple[str, ...]
    rows: tuple[Mapping[str, str], ...]


@dataclass(frozen=True)
class Contents:
    """Everything published at one time: `files` of packages by path, `pages` (names by address), `lists` by file name.

    Archives from earlier versions have no lists.
    """

    files: Mapping[str, bytes]
    pages: Mapping[str, str]
    lists: Mapping[str, bytes] = field(default_factory=dict)

    @cached_property
    def packages(self) -> tuple[str, ...]:
        """Return the names of the packages."""
        return tuple(sorted({name.split("/")[0] for name in self.files}))

    @cached_property
    def tables(self) -> tuple[ArchivedTable, ...]:
        """Return every table of every package."""
        return tuple(_tables(self))

    def descriptor(self, package: str) -> Any:
        """Return the descriptor of a package."""
        return json.loads(self.files[f"{package}/{DESCRIPTOR}"])


def _tables(contents: Contents) -> Iterator[ArchivedTable]:
    for package in contents.packages:
        for resource in contents.descriptor(package)["resources"]:
            data = contents.files[f"{package}/{resource['path']}"]
            yield _table(package, resource["name"], tuple(resource["schema"]["primaryKey"]), data)


# Tables that are in use. Most tables of a release are those of the release before it, and are read once for both.
_read: WeakValueDictionary[tuple[str, str, tuple[str, ...], bytes], ArchivedTable] = WeakValueDictionary()


def _table(package: str, name: str, key: tuple[str, ...], data: bytes) -> ArchivedTable:
    found = _read.get((package, name, key, data))
    if found is None:
        found = ArchivedTable(package, name, key, tuple(csv_editing.read_rows(data)))
        _read[package, name, key, data] = found
    return found


def gather(root: Path, names: tuple[str, ...], pages: Mapping[str, str]) -> Contents:
    """Return what is published now: the packages `names` of the project in `root`, which must have passed every check."""
    files: dict[str, bytes] = {}
    for name in names:
        folder = root / "data_packages" / name
        files[f"{name}/{DESCRIPTOR}"] = (folder / DESCRIPTOR).read_bytes()
        for resource in json.loads(files[f"{name}/{DESCRIPTOR}"])["resources"]:
            files[f"{name}/{resource['path']}"] = (folder / resource["path"]).read_bytes()
    return Contents(files, pages)


@dataclass(frozen=True)
class About:
    """An archive's description of itself: id, title, date, and the id and checksum of the archive before it.

    `withdrawn` names each figure that was withdrawn from this archive, without its number. `embargo` is the moment until
    which the release had to wait when it was made; empty if it had no embargo.
    """

    id: str
    title: str
    created: str
    before: str = ""
    before_sha256: str = ""
    withdrawn: tuple[Mapping[str, str], ...] = ()
    embargo: str = ""


def pack(about: About, contents: Contents, changes: str) -> bytes:
    """Return the archive as bytes; the same input always gives the same bytes."""
    files = {f"{_PACKAGES}{name}": data for name, data in contents.files.items()} | dict(contents.lists)
    files[CHANGES] = changes.encode()
    files[PAGES] = _json(dict(contents.pages))
    files[DESCRIPTOR] = _json(_described(about, contents, files))
    return zipped(files)


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Return files as one zip file; the same input always gives the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in sorted(files):
            packed.writestr(entry(name), files[name])
    return out.getvalue()


def entry(name: str, stored: bool = False) -> zipfile.ZipInfo:
    """Return the zip entry for a file, without the time or the user that packed it."""
    info = zipfile.ZipInfo(name, _EPOCH)
    info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    return info


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


def _described(about: About, contents: Contents, files: Mapping[str, bytes]) -> dict[str, Any]:
    """Return the descriptor of the whole archive: every table with its schema and checksum."""
    resources = []
    for package in contents.packages:
        for resource in contents.descriptor(package)["resources"]:
            path = f"{_PACKAGES}{package}/{resource['path']}"
            copied = {"name": f"{package}-{resource['name']}", "path": path, **checksum(files[path])}
            resources.append({**resource, **copied})
    others = [name for name in files if name in (CHANGES, PAGES, *LISTS) or name.endswith(DESCRIPTOR)]
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": f"release-{about.id}",
        "title": about.title,
        "created": f"{about.created}T00:00:00Z",
        "portal": {
            "release": about.id,
            "before": {"release": about.before, "sha256": about.before_sha256} if about.before else None,
            **({"embargo": about.embargo} if about.embargo else {}),
            **({"withdrawn": [dict(w) for w in about.withdrawn]} if about.withdrawn else {}),
            "files": {name: checksum(files[name])["hash"] for name in sorted(others)},
        },
        "resources": resources,
    }


def checksum(data: bytes) -> dict[str, Any]:
    """Return the size and checksum of a file in the form of a data package."""
    return {"bytes": len(data), "hash": f"sha256:{sha256(data)}"}


def sha256(data: bytes) -> str:
    """Return the SHA-256 checksum of an archive in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


@dataclass(frozen=True)
class Archive:
    """An archive as read: its description, its contents and its list of changes as CSV."""

    about: About
    contents: Contents
    changes: str


def read(path: Path, file: str, checksum: str) -> Archive:
    """Read the archive at `path`, which problems call `file`.

    Raises:
        PortalError: the archive is missing, its checksum differs from `checksum`, or it is too large.
    """
    try:
        data = path.read_bytes()
    except OSError:
        raise PortalError(
            [_problem(file, "The archive of this release is not there.", "Put it back from a copy.")]
        ) from None
    if sha256(data) != checksum:
        message = "The archive of this release is not the one that was published: its checksum differs."
        raise PortalError(
            [
                _problem(
                    file,
                    message,
                    "Put it back from a copy. If a figure was withdrawn since, use a copy made after that.",
                )
            ]
        )
    archive = _unpacked(data)
    if archive is None:
        message = "The archive is larger than any release can be."
        raise PortalError([_problem(file, message, "Put it back from a copy.")])
    return archive


def unpacked(data: bytes) -> Archive:
    """Return the contents of an archive that this program packed.

    Raises:
        PortalError: the archive is too large.
    """
    archive = _unpacked(data)
    if archive is None:
        raise PortalError(
            [
                _problem(
                    "NAME",
                    "The archive is larger than any release can be.",
                    "Leave out what is not published.",
                )
            ]
        )
    return archive


@lru_cache(maxsize=16)
def _unpacked(data: bytes) -> Archive | None:
    """Return the contents of an archive; None if it is too large. Cached, because a build reads each several times."""
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        if sum(i.file_size for i in packed.infolist()) > _LARGEST:
            return None
        files = {i.filename: packed.read(i) for i in packed.infolist()}
    descriptor = json.loads(files[DESCRIPTOR])
    before = descriptor["portal"]["before"] or {"release": "", "sha256": ""}
    about = About(
        descriptor["portal"]["release"], descriptor["title"], descriptor["created"][:10], before["release"], before["sha256"],
        tuple(descriptor["portal"].get("withdrawn", ())), descriptor["portal"].get("embargo", ""),
    )  # fmt: skip
    packages = {n.removeprefix(_PACKAGES): d for n, d in files.items() if n.startswith(_PACKAGES)}
    lists = {n: files[n] for n in LISTS if n in files}
    return Archive(about, Contents(packages, json.loads(files[PAGES]), lists), files[CHANGES].decode())


def _problem(file: str, message: str, fix: str) -> Problem:
    return Problem(file, code="archive", message=message, fix=fix)
