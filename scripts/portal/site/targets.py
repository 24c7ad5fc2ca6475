"""Publish a finished site to the targets of the settings: a folder with a swap, or a zip file.

A target is written as its kind and an absolute path, such as `folder:/srv/portal`. In a folder, each site has a folder of
its own, and the link `site` leads to one of them: the web server serves that link, and one rename changes all pages at
once. The site before stays beside it, to go back to.
"""

import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portal.core import file_system, operating_system
from portal.core.problems import PortalError, Problem, did_you_mean
from portal.core.settings import FILE as SETTINGS_FILE
from portal.site import publishing

Tell = Callable[[str], None]
FOLDER, ZIP = "folder", "zip"
_KINDS = (FOLDER, ZIP)
LINK = "site"
_KEPT = 3


@dataclass(frozen=True)
class Target:
    """Where the site is published: its name, its kind and its path."""

    name: str
    kind: str
    path: Path


@dataclass(frozen=True)
class DryRun:
    """What publishing would do to a target: the files added, changed and removed.

    `now` is the digest of the site that is there, empty if there is none. `can_go_back` is True if it keeps one before.
    """

    target: Target
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    now: str = ""
    can_go_back: bool = False

    @property
    def is_same(self) -> bool:
        """Return True if the target has this site already."""
        return not (self.added or self.changed or self.removed)


def read(targets: Mapping[str, str]) -> tuple[Target, ...]:
    """Return the targets of the settings.

    Raises:
        PortalError: one is not a kind and an absolute path.
    """
    problems, found = [], []
    for name, words in targets.items():
        kind, _, path = words.partition(":")
        if kind not in _KINDS:
            message, fix = f"“{kind}” is not a kind of target.", did_you_mean(kind, _KINDS)
            problems.append(
                Problem(SETTINGS_FILE, field=f"targets.{name}", code="target", message=message, fix=fix)
            )
        elif not Path(path).is_absolute():
            message, fix = f"“{path}” is not a whole path.", f"Write it like {kind}:/srv/portal."
            problems.append(
                Problem(SETTINGS_FILE, field=f"targets.{name}", code="target", message=message, fix=fix)
            )
        found.append(Target(name, kind, Path(path)))
    if problems:
        raise PortalError(problems)
    return tuple(found)


def compare(site: Path, target: Target) -> DryRun:
    """Return what publishing a site to a target would do. Nothing is written."""
    new = publishing.listed(site)
    old, now = _there(target)
    return DryRun(
        target,
        tuple(sorted(new.keys() - old.keys())),
        tuple(sorted(n for n in new.keys() & old.keys() if new[n] != old[n])),
        tuple(sorted(old.keys() - new.keys())),
        now,
        target.kind == FOLDER and len(_kept(target.path)) > 1,
    )


def _there(target: Target) -> tuple[Mapping[str, Any], str]:
    """Return the files that a target has now, and the digest of their list; nothing if it has no complete site."""
    if target.kind == FOLDER:
        live = target.path / LINK
        return (
            (publishing.listed(live), publishing.digest(live))
            if (live / publishing.MANIFEST).is_file()
            else ({}, "")
        )
    try:
        with zipfile.ZipFile(target.path) as packed:
            raw = packed.read(publishing.MANIFEST)
        files: Mapping[str, Any] = json.loads(raw)["files"]
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        return {}, ""
    return files, hashlib.sha256(raw).hexdigest()


def publish(site: Path, target: Target, tell: Tell) -> str:
    """Publish a site to a target, compare what is there with the list of its files, and return its digest.

    Raises:
        PortalError: the site or its copy is not complete; what was public before stays.
    """
    if problems := publishing.intact(site):
        raise PortalError(problems)
    site = site.resolve()
    digest = publishing.digest(site)
    with operating_system.errors_as_problems(target.path):
        tell(f"Copying to {target.name}")
        if target.kind == ZIP:
            _pack(site, target.path)
            return digest
        target.path.mkdir(parents=True, exist_ok=True)
        folder = target.path / f"site.{digest[:16]}"
        if not folder.is_dir():
            part = target.path / f"part.{digest[:16]}"
            operating_system.delete_folder(part)
            shutil.copytree(site, part)
            part.rename(folder)
        tell(f"Checking what is in {target.name}")
        if problems := publishing.intact(folder):
            raise PortalError(problems)
        os.utime(folder)
        file_system.replace_link(target.path / LINK, folder)
        _forget(target.path)
    return digest


def back(target: Target) -> str:
    """Put the site before in place again and return its digest; a second call undoes the first.

    Raises:
        PortalError: the target keeps no other site, or that one is not complete.
    """
    live = (target.path / LINK).resolve()
    before = [f for f in _kept(target.path) if f != live] if target.kind == FOLDER else []
    if not before:
        message = f"{target.name} keeps no site before this one."
        fix = "Go back to an earlier release, then publish."
        raise PortalError([Problem(str(target.path), code="target", message=message, fix=fix)])
    if problems := publishing.intact(before[0]):
        raise PortalError(problems)
    with operating_system.errors_as_problems(target.path):
        os.utime(before[0])
        file_system.replace_link(target.path / LINK, before[0])
    return publishing.digest(before[0])


def _kept(folder: Path) -> list[Path]:
    """Return the sites of a target, the one that was last put in place first."""
    found = [p for p in folder.glob("site.*") if p.is_dir() and not file_system.is_link(p)]
    return sorted(found, key=lambda p: p.stat().st_mtime_ns, reverse=True)


def _forget(folder: Path) -> None:
    live = (folder / LINK).resolve()
    for old in _kept(folder)[_KEPT:]:
        if old != live:
            operating_system.delete_folder(old)


def _pack(site: Path, path: Path) -> None:
    """Write a site as a zip file, all at once."""
    part = path.with_name(f"{path.name}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in sorted(p for p in site.rglob("*") if p.is_file()):
            packed.write(file, file.relative_to(site).as_posix())
    with zipfile.ZipFile(part) as packed:
        if packed.testzip() is not None:
            message, fix = "The zip file is not complete.", "Check that the disk is not full, then try again."
            raise PortalError([Problem(str(path), code="target", message=message, fix=fix)])
    part.replace(path)
