"""The fifth step: make the signed release, build the public site, and go back."""

from dataclasses import dataclass
from datetime import datetime

from portal.core import periods
from portal.core import settings as config
from portal.core.model import Release
from portal.core.problems import PortalError, Problem
from portal.desk import copies, embargo_work, sign_pages
from portal.desk.context import Desk
from portal.desk.work import Tell
from portal.releases import change_report, embargo, signing
from portal.releases.releasing import ReleaseRequest
from portal.site import build_inputs, building, publishing, targets
from portal.site.building import FinishedBuild
from portal.site.targets import DryRun


@dataclass(frozen=True)
class Standing:
    """What is public: the digest of the built site, the releases that wait, and what each target would get.

    `ends` is when the last embargo ends, None if nothing waits. `is_early` is True if the built site shows what waits,
    `is_old` if it was built from other tables than those of now.
    """

    digest: str
    waiting: tuple[Release, ...]
    ends: datetime | None
    targets: tuple[DryRun, ...]
    releases: tuple[Release, ...]
    is_early: bool
    is_old: bool

    @property
    def until(self) -> str:
        """Return when the last embargo ends, in words."""
        return f"{periods.day(self.ends.date())}, {self.ends:%H:%M %Z}" if self.ends else ""

    @property
    def left(self) -> str:
        """Return how long that is from now, in words."""
        return periods.duration(self.ends - periods.now()) if self.ends else ""


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
    state = desk.states.read(tell)
    project = state.project
    tell("Comparing with the signed list")
    changes = state.changes
    signed = sign_pages.kept(root)
    if signed is None:
        raise PortalError(
            [
                Problem(
                    "sign", code="signed", message="Nobody has signed.", fix="Sign the list of changes first."
                )
            ]
        )
    if faults := list(signing.problems("sign", signed, signing.digest(changes, project))):
        raise PortalError(faults)
    draft = building.draft(project, request)
    files = {**embargo_work.record(root, request.id, signed), **draft.files}
    tell("Checking the release")
    copies.check(root, files, "releases")
    desk.journal.write(files, f"Released {request.name}", by.name, by.version)
    return building.build(root, tell)


def standing(desk: Desk, tell: Tell) -> Standing:
    """Return what is public and what publishing would do to each target."""
    root, project = desk.root, desk.states.read(tell).project
    tell("Looking at what is public")
    site = root / "build" / "site"
    built = (site / publishing.MANIFEST).is_file()
    wanted = targets.read(config.load(root).targets)
    waiting = tuple(embargo.waiting(project))
    return Standing(
        publishing.digest(site) if built else "",
        waiting,
        embargo.until(project),
        tuple(targets.look(site, t) for t in wanted) if built else (),
        tuple(reversed(project.content.releases)),
        publishing.is_early(site),
        built and not waiting and not publishing.shows(site, build_inputs.fingerprint(root)),
    )


def build(desk: Desk, tell: Tell) -> FinishedBuild:
    """Build the site of what is released.

    Raises:
        PortalError: something has changed since the last release, or the site cannot be built.
    """
    state = desk.states.read(tell)
    tell("Comparing with the last release")
    project, changed = state.project, state.changes_of_tables
    if changed and project.content.releases and not embargo.waiting(project):
        counted = change_report.counted(change_report.report(changed, project.content))
        message = f"Not released yet: {counted}."
        fix = "Sign the changes and release them, or undo them. Then build the site."
        raise PortalError([Problem("publish", code="signed", message=message, fix=fix)])
    return building.build(desk.root, tell)
