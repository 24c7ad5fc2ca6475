"""End an embargo for good: publish what waits before its time, or give it up. The desk and the command call this."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from portal.core import operating_system
from portal.core.model import Release
from portal.core.problems import PortalError, Problem
from portal.desk import copies
from portal.desk.journal import Journal
from portal.releases import embargo, rollback, signing
from portal.releases.releasing import Project
from portal.releases.signing import SignedList
from portal.site import building, publishing

SIGNED = Path("signed")  # the folder of the lists that were signed, one for each release
_GIVEN_UP = Path("build") / "given-up"


def record(root: Path, release: str, signed: SignedList) -> Mapping[Path, bytes]:
    """Return the file, by its path, that says who prepared and who signed a release."""
    return {root / SIGNED / f"{release}.json": signing.as_json(signed).encode()}


@dataclass(frozen=True)
class EmbargoEnd:
    """How an embargo ends: why, who decided it, and whether what waits is given up and not published."""

    reason: str
    who: str
    is_given_up: bool = False


def end(root: Path, journal: Journal, asked: EmbargoEnd, version: str | None = None) -> tuple[Release, ...]:
    """End the embargo of every release that waits, and return these releases. Nothing is built.

    Giving up puts every table back to the newest public release, so that no later build shows what waited; contact
    details stay as they are. The tables as they were, and the archives, are kept in `build/given-up`. `version` is as in
    `Journal.write`.

    Raises:
        PortalError: no release is waiting, no reason is given, a release that would be given up is the first, or packages
            were added or removed since the newest public one.
        StaleError: the packages have changed since `version`.
    """
    project = building.project(root)
    waiting = embargo.waiting(project)
    if faults := list(_faults(root, project, waiting, asked)):
        raise PortalError(faults)
    files = _without(root, project, waiting, asked.reason) if asked.is_given_up else embargo.ended(project)
    copies.check(root, files, "" if asked.is_given_up else "releases")
    if asked.is_given_up:
        _keep_copies(root, files, root / _GIVEN_UP / waiting[-1].id)
    names = ", ".join(r.name for r in waiting)
    what = f"Gave up {names}" if asked.is_given_up else f"Ended the embargo of {names}"
    journal.write(files, f"{what}: {asked.reason}", asked.who, version)
    if asked.is_given_up:
        publishing.drop(root / "build" / "site")
    return waiting


def _faults(
    root: Path, project: Project, waiting: tuple[Release, ...], asked: EmbargoEnd
) -> Iterator[Problem]:
    if not waiting:
        message, fix = "No release is waiting.", "Build the site again: it shows everything that is released."
        yield Problem("embargo", code="embargo", message=message, fix=fix)
    if not asked.reason:
        message, fix = "The reason is missing.", "Write who decided it, and why."
        yield Problem("reason", code="embargo", message=message, fix=fix)
    if asked.is_given_up and waiting and not embargo.public_releases(project):
        message = f"{waiting[0].name} is the first release, so no earlier one would stay public."
        fix = "Publish it, then correct it with a release of its own."
        yield Problem("embargo", code="embargo", message=message, fix=fix)
    if asked.is_given_up and publishing.is_early(root / "build" / "site"):
        message = "The site that is built here shows what waits."
        yield Problem(
            "embargo",
            code="embargo",
            message=message,
            fix="Build the site again, which hides it, then give it up.",
        )


def _without(
    root: Path, project: Project, waiting: tuple[Release, ...], reason: str
) -> Mapping[Path, bytes | None]:
    """Return the tables and the record of releases without what waits, whose archives and signed lists are gone."""
    plan = rollback.put_back(project, embargo.public_releases(project)[-1].name, reason)
    signed = [p for r in waiting if (p := root / SIGNED / f"{r.id}.json").is_file()]
    return {**plan.files, **dict.fromkeys([*plan.archives_given_up, *signed])}


def _keep_copies(root: Path, files: Mapping[Path, bytes | None], folder: Path) -> None:
    """Keep a copy of each file that will change, below the folder."""
    for path, new in files.items():
        if path.is_file() and (old := path.read_bytes()) != new:
            aside = folder / path.relative_to(root)
            aside.parent.mkdir(parents=True, exist_ok=True)
            operating_system.write_atomically(aside, old)
