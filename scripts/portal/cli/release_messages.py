"""Messages of the commands that make, restore and withdraw releases."""

from collections.abc import Iterator
from datetime import datetime

from portal.core import periods
from portal.releases.rollback import Rollback
from portal.releases.withdrawal import PlannedWithdrawal
from portal.site.building import FinishedBuild


def moment(until: datetime | None) -> str:
    """Return a date and time in words, with the time zone: `1 December 2030, 09:30 GMT`."""
    return f"{periods.day(until.date())}, {until:%H:%M %Z}" if until else ""


def lifted(built: FinishedBuild) -> str:
    """Return a warning about a site that was published before its embargo ends."""
    return (
        f"It shows figures under embargo until {moment(built.until)}. This applies to this build only: the next build "
        "before then removes them again, unless you repeat --embargo-lifted."
    )


def waiting(built: FinishedBuild) -> Iterator[str]:
    """Yield what is under embargo and until when, and the next steps."""
    if not built.folder.is_dir():
        yield f"No release is public yet, so there is no site in build/{built.folder.name}."
    yield (
        f"{', '.join(built.waiting)} {'is' if len(built.waiting) == 1 else 'are'} under embargo until {moment(built.until)}. "
        "The site shows what was public before. To see the new one, run portal serve. It is in build/waiting: do not copy "
        "that folder anywhere."
    )
    yield (
        "Once the embargo has ended, run portal build to publish it. If something urgent comes up before then, change the "
        "tables and make a release without --embargo."
    )


def next_steps(name: str, until: datetime | None) -> Iterator[str]:
    """Yield what happens after a release under embargo has been made."""
    yield f"The release {name} is made. It is under embargo until {moment(until)}. What happens next:"
    yield "- portal build keeps the figures of the public site, updates its contact details, and makes the new site beside it."
    yield "- Pages, settings and other files in site_src do not wait: what you change there is public with the next build."
    yield "- portal serve shows the new site on this computer only."
    yield "- Once the embargo has ended, portal build publishes the new site. If a server builds it, schedule a build for that time."
    yield "- If something urgent comes up before then, change the tables and make a release without --embargo. It contains only that change."
    yield "- The tables already contain the new figures. Keep them and the archive out of any public repository until then."


def put_back(plan: Rollback) -> Iterator[str]:
    """Yield what does not change and what is cancelled when a release is restored."""
    contacts = "are restored too" if plan.contacts else "do not change (--contacts restores them too)"
    yield f"\nContact details (ways to report, support services) {contacts}."
    if plan.kept:
        what = (
            "1 figure that is withdrawn or withheld now stays that way."
            if plan.kept == 1
            else f"{plan.kept} figures that are withdrawn or withheld now stay that way."
        )
        yield what
    if plan.given_up:
        names = ", ".join(e.name for e in plan.given_up)
        yield (
            f"Not public yet and now cancelled: {names}, with its accepted warnings and its notes in the calendar. "
            "If you need it after all, make it again. A copy of the archive goes to build/given-up."
        )


def withdrawn(plan: PlannedWithdrawal) -> Iterator[str]:
    """Yield what will be withdrawn, from which releases, and what a person must check."""
    yield "To be withdrawn:"
    yield from (f"- {name}" for name in plan.names)
    if plan.releases:
        yield f"From the releases: {', '.join(plan.releases)}. Their archives and all later ones are made again."
    if plan.look:
        yield "The number can also appear here. Check, and rewrite what reveals it:"
        yield from (f"- {place}" for place in plan.look)
    if plan.revealed:
        yield "The number can still be worked out for:"
        yield from (f"- {name}" for name in plan.revealed)
        if plan.others:
            yield "Withdraw these too, with --others:"
            yield from (f"- {name}" for name in plan.other_names)
        else:
            yield "Withdrawing a few other figures would not hide it. Withdraw the whole table, or its totals."
    yield "Copies that other people made, and the history of the repository, still contain the number."
