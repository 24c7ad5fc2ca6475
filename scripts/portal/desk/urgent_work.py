"""What does not wait for the quarter: go back to an earlier release, take a figure back, and end an embargo early."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from portal.core import operating_system, periods
from portal.core.model import Release
from portal.core.problems import PortalError, Problem
from portal.desk import embargo_work
from portal.desk.context import Desk
from portal.desk.drafts import DraftStore
from portal.desk.embargo_work import EmbargoEnd
from portal.desk.journal import FOLDER, Journal, StaleError
from portal.desk.publishing_work import By
from portal.desk.work import Tell
from portal.releases import change_report, embargo, rollback, withdrawal
from portal.releases.change_report import ChangeReport
from portal.releases.rollback import Rollback
from portal.releases.withdrawal import PlannedWithdrawal, WithdrawalRequest
from portal.site import building, publishing, targets
from portal.site.building import FinishedBuild


@dataclass(frozen=True)
class AskedRollback:
    """What was asked for: the release to go back to, why, and whether its contact details come back too."""

    name: str
    reason: str
    contacts: bool = False


@dataclass(frozen=True)
class RollbackPreview:
    """What going back would do, and the version of the packages that it was found out for."""

    plan: Rollback
    report: ChangeReport
    version: str


@dataclass(frozen=True)
class WithdrawalPreview:
    """What taking figures back would do, and the version of the packages that it was found out for."""

    plan: PlannedWithdrawal
    version: str


@dataclass(frozen=True)
class Choices:
    """What can be chosen: the public releases, the newest first, the indicators by title and the areas by name."""

    releases: Sequence[Release]
    indicators: Sequence[tuple[str, str]]
    areas: Sequence[tuple[str, str]]


def choices(desk: Desk, tell: Tell) -> Choices:
    """Return what can be gone back to or taken back.

    Raises:
        PortalError: the packages have problems.
    """
    project = desk.states.read(tell).project
    content = project.content
    titles = sorted((i.title, i.id) for i in content.indicators.values())
    names = sorted((a.name, code) for code, a in content.areas.items())
    return Choices(
        tuple(reversed(embargo.public_releases(project))),
        tuple((id_, title) for title, id_ in titles),
        tuple((code, name) for name, code in names),
    )


# --- go back to a release by its name


def look_back(desk: Desk, asked: AskedRollback, tell: Tell) -> RollbackPreview:
    """Return what going back to a release would change. Nothing is written.

    Raises:
        PortalError: there is no such release, no reason is given, or it has other packages.
    """
    version = desk.journal.version()
    project = desk.states.read(tell).project
    tell("Looking for the release")
    plan = rollback.put_back(project, asked.name, asked.reason, asked.contacts)
    report = replace(
        change_report.report(plan.changes, project.content),
        since=f"Going back to {plan.release.name} changes:",
        lacking=0,
        gone=0,
    )
    return RollbackPreview(plan, report, version)


def go_back(desk: Desk, asked: AskedRollback, by: By, tell: Tell) -> FinishedBuild:
    """Put the data of a release back, as `portal rollback NAME` does, and build the site.

    Raises:
        PortalError: as `look_back`, or the project has problems afterwards. All files are then as before.
        StaleError: the packages have changed since the preview.
    """
    if by.version != desk.journal.version():
        raise StaleError
    tell(f"Putting the data of {asked.name} back")
    project = building.project(desk.root)
    plan = rollback.put_back(project, asked.name, asked.reason, asked.contacts)
    desk.journal.record(
        lambda: building.roll_back(desk.root, plan),
        f"Went back to {plan.release.name}: {asked.reason}",
        by.name,
        by.version,
    )
    return building.build(desk.root, tell)


# --- take figures back


def look_at_withdrawal(desk: Desk, asked: WithdrawalRequest, tell: Tell) -> WithdrawalPreview:
    """Return what taking figures back would change. Nothing is written.

    Raises:
        PortalError: a figure is unknown, the reason is missing or gives the number away, or nothing is left to take back.
    """
    version = desk.journal.version()
    project = desk.states.read(tell).project
    tell("Looking for the figures and for other places that reveal them")
    plan = withdrawal.plan(project, asked, periods.today())
    if not plan.withdrawals:
        message = "These figures have no number in the tables or in any release."
        fix = "There is nothing to do. Check the indicator, the area and the period."
        raise PortalError([Problem("indicator", code="withdraw", message=message, fix=fix)])
    return WithdrawalPreview(plan, version)


def withdraw(desk: Desk, asked: WithdrawalRequest, by: By, tell: Tell) -> FinishedBuild:
    """Take figures back from everything, as `portal withdraw` does, and build the site.

    Raises:
        PortalError: as `look_at_withdrawal`, or the project has problems afterwards. All files are then as before.
        StaleError: the packages have changed since the preview.
    """
    if by.version != desk.journal.version():
        raise StaleError
    tell("Taking the figures back")
    plan = withdrawal.plan(building.project(desk.root), asked, periods.today())
    desk.journal.record(
        lambda: building.withdraw(desk.root, plan),
        f"Took back: {'; '.join(plan.names)}. {asked.reason}",
        by.name,
        by.version,
    )
    desk.latest.clear()
    forget_numbers(desk.root, desk.journal)
    built = building.build(desk.root, tell)
    publishing.purge(desk.root / "build" / "site")
    return built


def forget_numbers(root: Path, journal: Journal) -> None:
    """Delete every copy of tables and sites that the desk keeps, because they can hold figures that were taken back.

    Files that were brought in and are not written yet stay: nobody has looked at them, and they are read again.
    """
    operating_system.delete_folder(root / "build" / targets.FOLDER)
    folder = root / FOLDER
    if not folder.is_dir():
        return
    journal.forget()
    for name in ("preview", "candidate"):
        operating_system.delete_folder(folder / name)
    drafts = DraftStore(root)
    for draft in drafts.all():
        drafts.drop_plan(draft)


# --- end an embargo early


def end_embargo(desk: Desk, asked: EmbargoEnd, by: By, tell: Tell) -> FinishedBuild | None:
    """End the embargo as `portal embargo` does, and build the site; None if what waits is given up.

    Giving up puts the tables back to what is public already, so no site is built.

    Raises:
        PortalError: as `embargo_work.end`, or the site cannot be built.
        StaleError: the packages have changed since the form was made.
    """
    tell("Checking what this changes")
    embargo_work.end(desk.root, desk.journal, asked, by.version)
    return None if asked.is_given_up else building.build(desk.root, tell)
