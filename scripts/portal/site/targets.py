"""Publish a finished site to the targets of the settings: a folder, a zip file, a server by rsync or SFTP, or a git branch.

A target is written as its kind and its place, such as `folder:/srv/portal`, `zip:/srv/backup/portal.zip`,
`rsync:web@server.example:/srv/portal`, `sftp:web@server.example:/srv/portal` or `git:origin#website`. Whatever the kind, readers see one whole site or the other.
"""

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from portal.core import operating_system
from portal.core.problems import PortalError, Problem, did_you_mean
from portal.core.settings import FILE as SETTINGS_FILE
from portal.site import publishing, target_git, target_rsync, target_sftp
from portal.site.target import Kind, PublishingTarget, Tell
from portal.site.target_folder import Folder, Zip

_KINDS: Mapping[str, Kind] = {
    "folder": Folder(),
    "zip": Zip(),
    "rsync": cast(Kind, target_rsync),
    "sftp": cast(Kind, target_sftp),
    "git": cast(Kind, target_git),
}
# What the place of each kind is called.
PLACES = {
    "folder": "The folder",
    "zip": "The zip file",
    "rsync": "The server",
    "sftp": "The server",
    "git": "The repository and branch",
}
FOLDER = "targets"  # below `build`: what the kinds need to keep or to compare


@dataclass(frozen=True)
class DryRun:
    """What publishing would do to a target: the files added, changed and removed.

    `now` is the digest of the site that is there, empty if there is none. `can_go_back` is True if it keeps one before.
    `problem` says why the target could not be looked at; the rest is then empty.
    """

    target: PublishingTarget
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    now: str = ""
    can_go_back: bool = False
    problem: Problem | None = None

    @property
    def is_same(self) -> bool:
        """Return True if the target has this site already."""
        return not (self.added or self.changed or self.removed or self.problem)

    @property
    def place(self) -> str:
        """Return the place of the target in words."""
        return f"{PLACES[self.target.kind]} {self.target.place}"


def read(targets: Mapping[str, str]) -> tuple[PublishingTarget, ...]:
    """Return the targets of the settings.

    Raises:
        PortalError: one is not a kind and a place of that kind.
    """
    problems, found = [], []
    for name, words in targets.items():
        kind, _, place = words.partition(":")
        wrong = (
            _KINDS[kind].refusal(place)
            if kind in _KINDS
            else (f"“{kind}” is not a kind of target.", did_you_mean(kind, _KINDS))
        )
        if wrong:
            message, fix = wrong
            problems.append(
                Problem(SETTINGS_FILE, field=f"targets.{name}", code="target", message=message, fix=fix)
            )
        found.append(PublishingTarget(name, kind, place))
    if problems:
        raise PortalError(problems)
    return tuple(found)


def compare(site: Path, target: PublishingTarget) -> DryRun:
    """Return what publishing a site to a target would change. Nothing is written to the target.

    Raises:
        PortalError: the target cannot be reached.
    """
    new, there = publishing.listed(site), _KINDS[target.kind].look(target, _scratch(site, target))
    old = there.files
    return DryRun(
        target,
        tuple(sorted(new.keys() - old.keys())),
        tuple(sorted(n for n in new.keys() & old.keys() if new[n] != old[n])),
        tuple(sorted(old.keys() - new.keys())),
        there.digest,
        there.can_go_back,
    )


def look(site: Path, target: PublishingTarget) -> DryRun:
    """Return the result of `compare`, or the problem if the target cannot be reached."""
    try:
        return compare(site, target)
    except PortalError as error:
        return DryRun(target, problem=error.problems[0])


def publish(site: Path, target: PublishingTarget, tell: Tell) -> str:
    """Publish a site to a target, check that what is public then matches the list of its files, and return its digest.

    If the previous site shows figures that are withheld or withdrawn by now, it is deleted there, so it cannot come back.

    Raises:
        PortalError: the site or its copy is not complete, or the target cannot be reached; what was public stays.
    """
    if problems := publishing.intact(site):
        raise PortalError(problems)
    kind, scratch = _KINDS[target.kind], _scratch(site, target)
    digest = publishing.digest(site)
    with operating_system.errors_as_problems(target.path):
        tell(f"Copying to {target.name}")
        kind.put(site.resolve(), target, scratch, tell)
        tell(f"Reading back what is public in {target.name}")
        if kind.look(target, scratch).digest != digest:
            message = f"{target.name} does not show the site that was sent to it."
            raise target.problem(
                message, "Check whether someone else publishes there too, then publish again."
            )
        before = kind.before(target, scratch)
        if before is not None and _shows_hidden(before, site):
            tell(f"Deleting the previous site in {target.name}: it shows figures that are withheld now")
            kind.forget(target, scratch)
    return digest


def _shows_hidden(before: Path, site: Path) -> bool:
    """Return True if the previous site has figures that the new one withholds or lists as withdrawn, or cannot be read."""
    try:
        return any(publishing.given_away(before, site))
    except (OSError, ValueError, LookupError, zipfile.BadZipFile):
        return True


def back(target: PublishingTarget, site: Path) -> str:
    """Restore the previous site and return its digest; a second call undoes the first.

    `site` is the newest site of the project: what it withholds or lists as withdrawn does not come back.

    Raises:
        PortalError: the target keeps no other site, that one is not complete, or it shows figures that are withheld now.
    """
    kind, scratch = _KINDS[target.kind], _scratch(site, target)
    with operating_system.errors_as_problems(target.path):
        before = kind.before(target, scratch)
        if before is None:
            message, fix = (
                f"{target.name} keeps no previous site.",
                "Go back to an earlier release, then publish.",
            )
            raise target.problem(message, fix)
        if (site / publishing.MANIFEST).is_file() and (wrong := tuple(publishing.given_away(before, site))):
            raise PortalError(wrong)
        digest = publishing.digest(before)
        kind.back(target, scratch)
        if kind.look(target, scratch).digest != digest:
            message = f"{target.name} does not show the previous site."
            raise target.problem(message, "Check whether someone else publishes there too, then try again.")
    return digest


def _scratch(site: Path, target: PublishingTarget) -> Path:
    """Return a folder on this computer for temporary files of a kind; it can be deleted at any time."""
    return site.parent / FOLDER / target.name
