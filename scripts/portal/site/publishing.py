"""Put a finished site in place atomically, keep earlier sites, and check sites against their manifests.

`build/site` is a symbolic link to a folder in `build/sites`. A finished folder is never written to again, and one
rename replaces the link when everything is on the disk. So the link always leads to a complete site, the old one or the
new one, even after a power cut. A site under embargo has its own link, `build/waiting`.
"""

import hashlib
import json
import os
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import Any

from portal.core import file_system, input_files, operating_system, periods
from portal.core.problems import PortalError, Problem
from portal.data import csv_editing
from portal.opendata import bundles
from portal.releases import comparison, identities, redaction, releasing
from portal.releases.archives import Contents

KEPT = 3
_READABLE, _SEARCHABLE = 0o444, 0o555  # permissions for all users, of files and of folders
MANIFEST = "manifest.json"
SITES, WAITING = "sites", "waiting"
Entries = Mapping[str, Mapping[str, object]]  # of a manifest, by the name of the file
_NONE: Entries = MappingProxyType({})
# Sites that are being deleted.
_GONE = ".gone"
# Part of the name of a site under embargo. It has never been public, so only its own link can lead to it.
_HELD = "held"
# Part of the name of a site published before its embargo ended, before the end as a Unix time in seconds.
_EARLY = "early-"


@contextmanager
def alone(root: Path) -> Iterator[None]:
    """Refuse to build while another build of the same project is running, or if a link in `build` leads nowhere else."""
    folder = root / "build"
    if circular := tuple(input_files.circular_links(root, "build")):
        raise PortalError(circular)
    folder.mkdir(exist_ok=True)
    message, fix = "Another build of this site is running.", "Wait until it has finished, then try again."
    with ExitStack() as held:
        try:
            held.enter_context(file_system.exclusive_lock(folder / ".lock"))
        except BlockingIOError:
            raise PortalError([Problem("build", code="busy", message=message, fix=fix)]) from None
        yield


# --- the manifest


def described(site: Path, names: Iterable[str]) -> Entries:
    """Return the entries in the manifest of files of a site."""
    return {name: _described(site / name) for name in names}


def seal(site: Path, known: Entries = _NONE) -> None:
    """Write the manifest of a finished site: the size and the SHA-256 of every other file.

    `known` are entries of files that have not changed since `described` made them.
    """
    files = {n: known.get(n) or _described(path) for n, path in _files(site).items() if n != MANIFEST}
    manifest = json.dumps({"files": files}, ensure_ascii=False, indent=1, sort_keys=True)
    (site / MANIFEST).write_text(manifest + "\n", encoding="utf-8", newline="\n")


def intact(site: Path) -> tuple[Problem, ...]:
    """Return a problem for each file that is missing, changed or unexpected according to the manifest of a site."""
    listed = _manifest(site)
    if isinstance(listed, Problem):
        return (listed,)
    files = {name: path for name, path in _files(site).items() if name != MANIFEST}
    missing = [_wrong(site, n, "The file is missing.") for n in listed.keys() - files.keys()]
    extra = [
        _wrong(site, n, "The file does not belong to the site.", "Remove it.")
        for n in files.keys() - listed.keys()
    ]
    changed = [
        _wrong(site, n, "The file is not as it was built.")
        for n in listed.keys() & files.keys()
        if _described(files[n]) != listed[n] or not _is_plain(files[n])
    ]
    return tuple(sorted([*missing, *extra, *changed]))


def digest(site: Path) -> str:
    """Return the SHA-256 of the manifest of a site, which is equal for two equal sites."""
    return hashlib.sha256((site / MANIFEST).read_bytes()).hexdigest()


def listed(site: Path) -> Mapping[str, Any]:
    """Return the files of a site by name, with their size and SHA-256, as its manifest lists them.

    Raises:
        PortalError: the manifest cannot be read.
    """
    files = _manifest(site)
    if isinstance(files, Problem):
        raise PortalError([files])
    return files


def _manifest(site: Path) -> Mapping[str, Any] | Problem:
    try:
        files = json.loads((site / MANIFEST).read_text(encoding="utf-8"))["files"]
    except FileNotFoundError:
        return _wrong(site, MANIFEST, "The list of the site's files is missing.")
    except (ValueError, LookupError, TypeError, RecursionError):
        return _wrong(site, MANIFEST, "The list of the site's files cannot be read.")
    return files if isinstance(files, dict) else _wrong(site, MANIFEST, "It does not list any files.")


def _wrong(site: Path, name: str, message: str, fix: str = "") -> Problem:
    again = "Copy the site here again; if this is where it was built, run portal build --fresh."
    return Problem((site / name).as_posix(), code="manifest", message=message, fix=fix or again)


def _files(site: Path) -> Mapping[str, Path]:
    """Return every file and link in a site, by its path in the site."""
    return {p.relative_to(site).as_posix(): p for p in site.rglob("*") if p.is_symlink() or not p.is_dir()}


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _described(path: Path) -> Mapping[str, object]:
    """Return the entry of a file in the manifest; it is empty for a link, which no site contains."""
    if not _is_plain(path):
        return {}
    content = path.read_bytes()
    return {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}


# --- in place


def put(work: Path, live: Path, mark: str, until: datetime | None = None) -> Path:
    """Keep a finished site, point the link `live` to it and return its new folder.

    `until` is the end of its embargo, or None. Before that time, the site is not reused for a build with the same mark
    and no rollback returns to it.
    """
    _let_all_read(work)
    make_room(live)
    folder = _keep(work, live, f"early.{mark}.{_EARLY}{int(until.timestamp())}" if until else mark)
    for above in (folder.parent, live.parent):
        with suppress(PermissionError):  # it belongs to another user, who has to change it
            _add(above, _SEARCHABLE)
    _point(live, folder)
    forget(live)
    return folder


def hold(work: Path, live: Path, mark: str) -> Path:
    """Keep a finished site without publishing it: point `build/waiting` to it, leave `live` alone, return its folder.

    A site that was waiting before is deleted, because it must not be seen. The umask decides who can read the new one.
    """
    folder = _keep(work, live, f"{mark}.{_HELD}")
    _point(live.with_name(WAITING), folder)
    forget(live)
    return folder


def shows(link: Path, mark: str) -> bool:
    """Return True if the link leads to a site built from inputs with this mark, as `build_inputs.fingerprint` returns it."""
    return file_system.is_link(link) and link.is_dir() and link.resolve().name.partition(".")[0] == mark


def is_early(link: Path) -> bool:
    """Return True if the link leads to a site that shows a release whose embargo has not ended."""
    return link.is_dir() and _too_early(link.resolve())


def purge(live: Path) -> None:
    """Delete every kept site to which no link leads, because those sites show withdrawn figures."""
    linked = {link.resolve() for link in (live, live.with_name(WAITING)) if file_system.is_link(link)}
    for folder in (f for f in _kept(live) if f not in linked):
        operating_system.delete_folder(folder)


def drop(live: Path) -> None:
    """Delete the site that is waiting, if there is one."""
    live.with_name(WAITING).unlink(missing_ok=True)
    forget(live)


def previous(root: Path) -> Path:
    """Put the previous site back in place and return its folder; a second call undoes the first.

    Raises:
        PortalError: no earlier site is kept, it is incomplete, or it shows figures that are withheld now.
    """
    live = root / "build" / "site"
    with operating_system.errors_as_problems(root), alone(root):
        before = [f for f in _kept(live) if f != live.resolve() and not _waits(f) and not _too_early(f)]
        if not before:
            raise PortalError(
                [
                    Problem(
                        "build/sites",
                        code="rollback",
                        message="No earlier site is kept here.",
                        fix="Put the earlier tables back and run portal build.",
                    )
                ]
            )
        problems = intact(before[0]) or tuple(given_away(before[0], live))
        if problems:
            raise PortalError(problems)
        _point(live, before[0])
        return before[0]


def _let_all_read(site: Path) -> None:
    """Let every user, and so the web server, read a public site, whatever the umask was."""
    for path in (site, *site.rglob("*")):
        _add(path, _SEARCHABLE if path.is_dir() else _READABLE)


def _add(path: Path, permissions: int) -> None:
    mode = path.stat().st_mode & 0o7777
    if mode & permissions != permissions:
        path.chmod(mode | permissions)


def _too_early(folder: Path) -> bool:
    """Return True if a site was published before its embargo ended, and the embargo has still not ended."""
    second = next(
        (part.removeprefix(_EARLY) for part in folder.name.split(".") if part.startswith(_EARLY)), "0"
    )
    return periods.now().timestamp() < int(second)


def given_away(before: Path, live: Path) -> Iterator[Problem]:
    """Yield a problem if an earlier site shows figures that the current site withholds, lists as withdrawn or leaves out."""
    then, now = _contents(before), _contents(live)
    (names,) = identities.names_now([then], now)
    current = comparison.keyed(now)
    gone = _listed(live / releasing.WITHDRAWN, lambda _: True)
    careful = comparison.careful_indicators(then) | comparison.careful_indicators(now)
    left_out: set[comparison.Figure] = set()
    for path in (live / "releases").glob("*/changes.csv"):
        left_out |= _listed(path, lambda row: row["kind"] == "withdrawn")

    def is_hidden(k: comparison.Figure) -> bool:
        own = names.figure(k)
        if own in current and current[own]["status"] == comparison.WITHHELD:
            return True
        is_left_out = own not in current and careful & {k[0], own[0]} and left_out & {k, own}
        return bool(gone & {k, own} or is_left_out)

    shown = [k for k, row in comparison.keyed(then).items() if row["value"] and is_hidden(k)]
    if shown:
        what = "a figure that is" if len(shown) == 1 else f"{len(shown)} figures that are"
        message = f"The previous site shows {what} withheld by now, such as one of {shown[0][0]}."
        fix = "Name the release to go back to: portal rollback NAME keeps them withheld. Then build."
        yield Problem(before.name, code="rollback", message=message, fix=fix)


def _listed(path: Path, fits: Callable[[csv_editing.Row], bool]) -> set[comparison.Figure]:
    """Return the figures of a list of withdrawals or changes in a site, in rows that fit."""
    rows = csv_editing.read_rows(path.read_bytes()) if path.is_file() else ()
    return {redaction.of_change(row) for row in rows if fits(row)}


def _contents(site: Path) -> Contents:
    """Return every package that can be downloaded from a site."""
    files: dict[str, bytes] = {}
    for path in sorted((site / bundles.FOLDER / "packages").glob("*.zip")):
        with zipfile.ZipFile(path) as packed:
            files |= {f"{path.stem}/{name}": packed.read(name) for name in packed.namelist()}
    return Contents(files, {})


def _keep(work: Path, live: Path, mark: str) -> Path:
    """Flush a finished site to the disk, move it to a new folder in `build/sites` and return that folder."""
    sites = live.with_name(SITES)
    sites.mkdir(exist_ok=True)
    folder = next(f for n in count() if not (f := sites / f"{mark}.{n}").exists())
    _flush(work)
    work.rename(folder)
    file_system.flush(sites)
    return folder


def _point(link: Path, folder: Path) -> None:
    """Point a link to a kept site by one rename."""
    os.utime(folder)  # kept sites are sorted by the time at which they were last in place
    aside = _aside(link)
    try:
        file_system.replace_link(link, folder)
    except OSError:
        if aside:
            aside.rename(link)
        raise
    file_system.flush(link.parent)


def _aside(link: Path) -> Path | None:
    """Rename a folder that is where the link must go: the portal did not make it, so it is never deleted.

    Return its new path, or None if there is no such folder.
    """
    if not link.is_dir() or file_system.is_link(link):
        return None
    aside = next(p for n in count() if not (p := link.with_name(f"{link.name}.before.{n}")).exists())
    return link.rename(aside)


def make_room(live: Path) -> None:
    """Delete the oldest kept site if there are so many that a new one would be too many."""
    operating_system.delete_folder(_set_aside(live, KEPT - 1))


def forget(live: Path) -> None:
    """Delete every kept site except the last 3 and those to which a link leads."""
    operating_system.delete_folder(_set_aside(live, KEPT))


def _set_aside(live: Path, number: int) -> Path:
    """Move every kept site except the last `number` and those to which a link leads into a folder to delete; return it."""
    linked = {link.resolve() for link in (live, live.with_name(WAITING)) if file_system.is_link(link)}
    kept = _kept(live)
    last = [f for f in kept if not _waits(f)][:number]
    gone = live.with_name(SITES) / _GONE
    operating_system.delete_folder(gone)
    for folder in (f for f in kept if f not in last and f not in linked):
        with suppress(OSError):  # it is then kept until the next build
            gone.mkdir(exist_ok=True)
            folder.rename(gone / folder.name)  # or a half-deleted folder would look like the newest site
    return gone


def _kept(live: Path) -> list[Path]:
    """Return the kept sites, the one most recently in place first."""
    sites = live.with_name(SITES).resolve()
    folders = [p for p in sites.iterdir() if p.is_dir() and p.name != _GONE] if sites.is_dir() else []
    return sorted(folders, key=lambda p: (p.stat().st_mtime_ns, p.name), reverse=True)


def _waits(folder: Path) -> bool:
    return _HELD in folder.name.split(".")


def _flush(folder: Path) -> None:
    """Flush every file and folder to the disk.

    Raises:
        OSError: the disk failed.
    """
    file_system.flush_all()  # all at once first, or each of the following calls would wait for the disk
    for path in (folder, *folder.rglob("*")):
        file_system.flush(path)
