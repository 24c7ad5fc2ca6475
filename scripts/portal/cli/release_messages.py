"""What the commands about releases say on the terminal."""

from collections.abc import Iterator
from datetime import datetime

from portal.core import periods
from portal.releases.rollback import Rollback
from portal.releases.withdrawal import PlannedWithdrawal
from portal.site.building import FinishedBuild


def moment(until: datetime | None) -> str:
    """Return a day and time in words, with the zone: `1 December 2030, 09:30 GMT`."""
    return f"{periods.day(until.date())}, {until:%H:%M %Z}" if until else ""


def lifted(built: FinishedBuild) -> str:
    """Say what it means that a site was put in place before its time."""
    return (
        f"It shows what may only be public from {moment(built.until)}. That counts for this build alone: the next one "
        "before then takes it off again, unless you add --embargo-lifted again."
    )


def waiting(built: FinishedBuild) -> Iterator[str]:
    """Say what waits and until when, and what comes next."""
    if not built.folder.is_dir():
        yield f"No release is public yet, so there is no site in build/{built.folder.name}."
    yield (
        f"{', '.join(built.waiting)} {'is' if len(built.waiting) == 1 else 'are'} under embargo until {moment(built.until)}. "
        "The site shows what was public before. To look at the new one, run portal serve; it is in build/waiting, so copy "
        "that nowhere."
    )
    yield (
        "From that time on, portal build puts the new one in place. Something urgent meanwhile? Change the tables and make "
        "a release without --embargo."
    )


def next_steps(name: str, until: datetime | None) -> Iterator[str]:
    """Say what happens after a release under embargo was made."""
    yield f"The release {name} is made. It waits until {moment(until)}. What happens next:"
    yield "- portal build keeps the public site as it is, with the contact details as they are now, and makes the new one beside it."
    yield "- portal serve shows the new one to you alone."
    yield "- From that time on, portal build puts the new one in place. Where a server builds, let it do so at that time."
    yield "- Something urgent before then? Change the tables and make a release without --embargo: it holds that change only."
    yield "- The tables hold the new figures already. Keep them and the archive out of any public repository until then."


def put_back(plan: Rollback) -> Iterator[str]:
    """Say what stays and what is given up where a release is put back."""
    contacts = "go back too" if plan.contacts else "stay as they are now (--contacts puts them back too)"
    yield f"\nContact details, ways to report and services that help, {contacts}."
    if plan.kept:
        what = (
            "1 figure that was taken back, or is"
            if plan.kept == 1
            else f"{plan.kept} figures that were taken back, or are"
        )
        yield f"{what} withheld now, stay{'s' if plan.kept == 1 else ''} so."
    if plan.given_up:
        names = ", ".join(e.name for e in plan.given_up)
        yield (
            f"Not public yet, and given up: {names}, with warnings that were accepted and notes in the calendar that came with "
            "it. To have it after all, make it again. A copy of the archive goes to build/given-up."
        )


def withdrawn(plan: PlannedWithdrawal) -> Iterator[str]:
    """Say what is taken back, out of which releases, and what a person must look at."""
    yield "To be taken back:"
    yield from (f"- {name}" for name in plan.names)
    if plan.releases:
        yield f"Out of the releases: {', '.join(plan.releases)}. Their archives, and all after them, are packed again."
    if plan.look:
        yield "The number may also stand here. Look, and rewrite what gives it away:"
        yield from (f"- {place}" for place in plan.look)
    if plan.revealed:
        yield "The number can still be worked out, of:"
        yield from (f"- {name}" for name in plan.revealed)
        if plan.others:
            yield "Take these back too, with --others:"
            yield from (f"- {name}" for name in plan.other_names)
        else:
            yield "A few other figures would not hide it. Take the whole table back, or its totals."
    yield "Copies that others made, and the history of the repository, still have the number."
