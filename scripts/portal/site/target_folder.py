"""Publish to a folder on this computer, in which a link leads to the site, or to a zip file."""

import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from portal.core import file_system, operating_system
from portal.core.problems import PortalError
from portal.site import publishing
from portal.site.target import Published, PublishingTarget, Tell

LINK = "site"
_KEPT = 2  # the public site and the one before: no other can come back


class Folder:
    """A folder with a subfolder for each site; renaming the link `site` changes all pages at once."""

    def refusal(self, place: str) -> tuple[str, str] | None:
        """Return why a place cannot be a target, and what to write instead; None if it can."""
        return _not_absolute("folder", place)

    def look(self, target: PublishingTarget, scratch: Path) -> Published:
        """Return what is public now."""
        live = target.path / LINK
        if not (live / publishing.MANIFEST).is_file():
            return Published({})
        return Published(publishing.listed(live), publishing.digest(live), len(_kept(target.path)) > 1)

    def put(self, site: Path, target: PublishingTarget, scratch: Path, tell: Tell) -> None:
        """Copy the site, compare every file, then change the link."""
        digest = publishing.digest(site)
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

    def before(self, target: PublishingTarget, scratch: Path) -> Path | None:
        """Return the previous site; None if none is kept."""
        live = (target.path / LINK).resolve()
        return next((f for f in _kept(target.path) if f != live), None)

    def back(self, target: PublishingTarget, scratch: Path) -> None:
        """Change the link to the previous site.

        Raises:
            PortalError: that site is not complete.
        """
        folder = self.before(target, scratch)
        assert folder is not None  # noqa: S101 - whoever calls this has asked for it before
        if problems := publishing.intact(folder):
            raise PortalError(problems)
        os.utime(folder)
        file_system.replace_link(target.path / LINK, folder)

    def forget(self, target: PublishingTarget, scratch: Path) -> None:
        """Delete every site but the public one."""
        live = (target.path / LINK).resolve()
        for folder in (f for f in _kept(target.path) if f != live):
            operating_system.delete_folder(folder)


class Zip:
    """A zip file, which is written atomically. It keeps no previous site."""

    def refusal(self, place: str) -> tuple[str, str] | None:
        """Return why a place cannot be a target, and what to write instead; None if it can."""
        return _not_absolute("zip", place)

    def look(self, target: PublishingTarget, scratch: Path) -> Published:
        """Return what is in the file now."""
        try:
            with zipfile.ZipFile(target.path) as packed:
                raw = packed.read(publishing.MANIFEST)
            files: Mapping[str, Any] = json.loads(raw)["files"]
        except (OSError, KeyError, ValueError, zipfile.BadZipFile):
            return Published({})
        return Published(files, hashlib.sha256(raw).hexdigest())

    def put(self, site: Path, target: PublishingTarget, scratch: Path, tell: Tell) -> None:
        """Write the site as a zip file, and read it back to check it."""
        path = target.path
        part = path.with_name(f"{path.name}.part")
        path.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as packed:
            for file in sorted(p for p in site.rglob("*") if p.is_file()):
                packed.write(file, file.relative_to(site).as_posix())
        with zipfile.ZipFile(part) as packed:
            if packed.testzip() is not None:
                fix = "Check that the disk is not full, then try again."
                raise target.problem("The zip file is not complete.", fix)
        part.replace(path)

    def before(self, target: PublishingTarget, scratch: Path) -> Path | None:
        """Return None: a zip file keeps no previous site."""
        return None

    def back(self, target: PublishingTarget, scratch: Path) -> None:
        """Do nothing: a zip file has no previous site to restore."""

    def forget(self, target: PublishingTarget, scratch: Path) -> None:
        """Do nothing: there is no previous site."""


def _not_absolute(kind: str, place: str) -> tuple[str, str] | None:
    if Path(place).is_absolute():
        return None
    return f"“{place}” is not a whole path.", f"Write it like {kind}:/srv/portal."


def _kept(folder: Path) -> list[Path]:
    """Return the sites of a target, the newest first."""
    found = [p for p in folder.glob("site.*") if p.is_dir() and not file_system.is_link(p)]
    return sorted(found, key=lambda p: p.stat().st_mtime_ns, reverse=True)


def _forget(folder: Path) -> None:
    live = (folder / LINK).resolve()
    for old in _kept(folder)[_KEPT:]:
        if old != live:
            operating_system.delete_folder(old)
