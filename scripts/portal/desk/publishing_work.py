"""The fifth step: make the signed release, build the public site, and go back."""

from dataclasses import dataclass
from pathlib import Path

from portal.core import settings as config
from portal.core.model import Release
from portal.core.problems import PortalError, Problem
from portal.desk import copies, sign_pages
from portal.desk.context import Desk
from portal.desk.work import Tell
from portal.releases import embargo, releasing, signing
from portal.releases.releasing import ReleaseRequest
from portal.site import building, publishing, targets
from portal.site.building import FinishedBuild
from portal.site.targets import DryRun

SIGNED = Path("signed")  # the folder of the lists that were signed, one for each release


@dataclass(frozen=True)
class Standing:
    """What is public: the digest of the built site, the releases that wait, and what each target would get."""

    digest: str
    waiting: tuple[Release, ...]
    until: str
    targets: tuple[DryRun, ...]
    releases: tuple[Release, ...]


@dataclass(frozen=True)
class By:
    """Who asked for something, and the version of the packages that they saw."""

    name: str
    version: str


def release(desk: Desk, request: ReleaseRequest, by: By, tell: Tell) -> FinishedBuild:
    """Make a release of the signed changes, and build the site.

    Raises:
        PortalError: the list is not signed, or the release cannot be made. All files are then as before.
        StaleError: something has changed since the form was made.
    """
    root = desk.root
    tell("Checking the data packages")
    project = building.project(root)
    tell("Comparing with the signed list")
    changes = releasing.changes(project, building.addresses(project))
    signed = sign_pages.kept(root)
    if signed is None:
        raise PortalError(
            [
                Problem(
                    "sign", code="signed", message="Nobody has signed.", fix="Sign the list of changes first."
                )
            ]
        )
    if faults := list(signing.problems("sign", signed, signing.digest(changes, project.content.releases))):
        raise PortalError(faults)
    draft = building.draft(project, request)
    record = root / SIGNED / f"{request.id}.json"
    files = {record: signing.as_json(signed).encode(), **draft.files}
    tell("Checking the release")
    copies.check(root, files, "releases")
    desk.journal.write(files, f"Released {request.name}", by.name, by.version)
    return building.build(root, tell)


def standing(root: Path, tell: Tell) -> Standing:
    """Return what is public and what publishing would do to each target."""
    tell("Looking at what is public")
    project = building.project(root)
    site = root / "build" / "site"
    built = (site / publishing.MANIFEST).is_file()
    wanted = targets.read(config.load(root).targets)
    until = embargo.until(project)
    return Standing(
        publishing.digest(site) if built else "",
        tuple(embargo.waiting(project)),
        f"{until:%d %B %Y, %H:%M %Z}".lstrip("0") if until else "",
        tuple(targets.compare(site, t) for t in wanted) if built else (),
        tuple(reversed(project.content.releases)),
    )
