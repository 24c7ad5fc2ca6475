"""Run `portal embargo`: end an embargo for good, by publishing what waits or by giving it up."""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

from portal.cli import asking
from portal.core import settings as config
from portal.desk import embargo_work
from portal.desk.embargo_work import EmbargoEnd
from portal.desk.journal import Journal
from portal.releases import embargo
from portal.site import building


def run(root: Path, options: argparse.Namespace, before_asking: Callable[[], None]) -> Iterator[str]:
    """End the embargo of what waits, or say what waits; yield lines to print.

    `before_asking` clears the line of progress.

    Raises:
        PortalError: no release is waiting, no reason is given, or the release cannot be given up.
    """
    project = building.project_of(config.load(root))
    names = ", ".join(r.name for r in embargo.waiting(project))
    if not options.how:
        until = embargo.until(project)
        yield f"{names} waits until {until:%Y-%m-%d %H:%M %Z}." if until else "No release is waiting."
        return
    asked = EmbargoEnd(" ".join(options.reason.split()), options.by, options.how == "give-up")
    question = f"Give up {names}?" if asked.is_given_up else f"End the embargo of {names}?"
    before_asking()
    if names and asked.reason and not (options.yes or asking.is_yes(f"{question} (y/n) ")):
        yield "Nothing was written. Add --yes to write without being asked."
        return
    embargo_work.end(root, Journal(root), asked)
    if asked.is_given_up:
        yield (
            f"{names} is given up. Every table is as in the newest public release; contact details stay as they were. "
            "The earlier tables and the archives are in build/given-up."
        )
    else:
        yield f"The embargo of {names} has ended. Build the site and publish it: portal build, portal publish."
