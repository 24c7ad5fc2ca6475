"""The state of the quarter: what is public, what has been changed since, and what is due or late."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from portal.analysis import progress
from portal.checks import plausibility
from portal.core import periods
from portal.core.model import Content, Release
from portal.data import assembly
from portal.desk.context import Desk
from portal.desk.known_state import KnownState
from portal.desk.work import Tell
from portal.releases import change_report, embargo
from portal.releases.releasing import Project

LATE, SOON, FINE = "late", "soon", "fine"
_OLD_MONTHS = 9  # a package of figures without a newer month for so long is worth a look
_SILENT_MONTHS = 6  # two quarters


@dataclass(frozen=True)
class Due:
    """Something that needs attention: what, the newest date it has, its state in words, and where to deal with it."""

    what: str
    about: str
    up_to: str
    state: str
    words: str
    action: str
    address: str


@dataclass(frozen=True)
class Quarter:
    """The state of the quarter. `problems` counts what stops reading the packages; the rest is then empty."""

    problems: int = 0
    release: Release | None = None
    waiting: tuple[Release, ...] = ()
    figures: int = 0
    texts: int = 0
    counted: str = ""
    due: tuple[Due, ...] = ()
    releases: tuple[Release, ...] = ()


def quarter(desk: Desk, tell: Tell) -> Quarter:
    """Read the packages and return the state of the quarter today."""
    tell("Reading the data packages")
    known = desk.states.known()
    if known is None:
        read, problems = desk.read()
        if problems:
            return Quarter(problems=len(problems))
        known = KnownState(Project(desk.settings, read, assembly.assemble(read)))
    project, content = known.project, known.project.content
    tell("Comparing with the last release")
    # Which pages there are is known only after the audit, which takes longer than anyone waits for this page.
    changes = known.changes_of_tables
    kinds = Counter[str]()
    for change in changes:
        kinds[change.kind] += change.count
    figures = sum(kinds[k] for k in ("new", "revised", "withdrawn", "rolled"))
    due = sorted(
        _due(content, {p.kind: p.name for p in project.packages}, periods.today()),
        key=lambda d: (LATE, SOON, FINE).index(d.state),
    )
    public = embargo.public_releases(project)
    return Quarter(
        release=public[-1] if public else None,
        waiting=tuple(embargo.waiting(project)),
        figures=figures,
        texts=kinds["words"],
        counted=change_report.counted(change_report.report(changes, content)),
        due=tuple(due),
        releases=tuple(reversed(content.releases)),
    )


def _due(content: Content, names: Mapping[str, str], today: date) -> Iterator[Due]:
    yield from _calendar(content, today)
    yield from _promises(content, today)
    yield from _figures(content, today)
    yield from _contacts(content, names, today)


def _calendar(content: Content, today: date) -> Iterator[Due]:
    released = {r.name for r in content.releases}
    coming = sorted((p for p in content.promises if p.release not in released), key=lambda p: p.promised)
    for promise in coming[:3]:
        late = (today - promise.promised).days
        state = LATE if late > 0 else SOON
        words = f"{late} days late" if late > 0 else "Due today" if late == 0 else f"In {-late} days"
        day = periods.day(promise.promised)
        yield Due(
            f"Release {promise.release}", "Promised in the calendar", day, state, words, "Check", "/check"
        )
    if not coming:
        address = "/tables/releases/calendar/new"
        yield Due(
            "Release calendar",
            "Readers cannot see when to come back",
            "",
            SOON,
            "No date promised",
            "Add a date",
            address,
        )


def _promises(content: Content, today: date) -> Iterator[Due]:
    for plan in content.plans:
        if progress.ended(plan, today) or not plan.actions:
            continue
        silent, newest = 0, ""
        for action in plan.actions:
            updates = [u for u in plan.updates if u.action == action.id]
            found = progress.of_action(plan, action, updates, today)
            silent += found.silent is not None and found.silent >= _SILENT_MONTHS
            newest = max(newest, found.updated)
        state, words = (
            (LATE, f"{silent} of {len(plan.actions)} silent for 6 months") if silent else (FINE, "Up to date")
        )
        up_to = periods.loose_date(newest) if newest else "No report"
        yield Due(
            f"Progress of {plan.short_title}",
            "Actions of the plan",
            up_to,
            state,
            words,
            "Report progress",
            "/progress",
        )


def _figures(content: Content, today: date) -> Iterator[Due]:
    for package, imports in content.imports.items():
        ids = {i.indicator for i in imports}
        ends = [o.period_end for i in ids for o in content.observations.get(i, ()) if o.period_end]
        if not ends:
            continue
        months = progress.months_since(f"{max(ends):%Y-%m}", today)
        state = LATE if months >= _OLD_MONTHS else FINE
        title = package.replace("-", " ").capitalize()
        yield Due(
            title,
            "Figures from published files",
            periods.month(max(ends)),
            state,
            f"{months} months old",
            "Bring in a newer file",
            "/bring-in",
        )


def _contacts(content: Content, names: Mapping[str, str], today: date) -> Iterator[Due]:
    for name, contacts, kind in (
        ("Ways to report", content.routes, "routes"),
        ("Support services", content.services, "services"),
    ):
        current = [c for c in contacts if c.state != "historic"]
        if not current:
            continue
        days = [(today - periods.last_day(c.checked_on)).days for c in current]
        old = sum(d > plausibility.DAYS_VERIFIED for d in days)
        oldest = min(current, key=lambda c: c.checked_on).checked_on
        words = (
            f"{old} of {len(current)} not checked for {plausibility.DAYS_VERIFIED} days"
            if old
            else "All checked"
        )
        yield Due(
            name,
            "Oldest check of a contact",
            periods.loose_date(oldest),
            LATE if old else FINE,
            words,
            "Check a contact",
            f"/tables/{names[kind]}/{kind}",
        )
