"""What all pages of the desk share: the project, its journal, and who is at the desk."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from portal.core import periods
from portal.core.problems import PortalError, Problem
from portal.core.settings import Settings, load
from portal.desk.journal import Journal
from portal.desk.safety import Door, Session
from portal.desk.work import USUAL, Pace, Tell, Work, Workshop

if TYPE_CHECKING:  # what reads tables is slow to import, and the first page does without it
    from portal.data.packages import Package
    from portal.desk.drafts import DraftStore
    from portal.desk.known_state import StateReader

Do = Callable[[Tell], Any]


@dataclass(frozen=True)
class Step:
    """One of the five steps of an update."""

    name: str
    address: str
    about: str


STEPS = (
    Step(
        "Bring in", "/bring-in", "Drop a file or fill in a form. You see every row before anything changes."
    ),
    Step("Check", "/check", "Put right what is wrong, and give reasons for what is right but unusual."),
    Step("See", "/see", "The site as it will be, and everything that differs."),
    Step("Sign", "/sign", "One person prepares the update, another signs it."),
    Step("Publish", "/publish", "Now or at a set time. One click goes back."),
)


@dataclass
class Desk:
    """One desk: a project, and everything that its pages need."""

    root: Path
    door: Door
    journal: Journal
    workshop: Workshop
    register: Path | None = None
    latest: dict[str, tuple[str, Work]] = field(default_factory=dict)
    looking: threading.Lock = field(default_factory=threading.Lock)
    reading: threading.Lock = field(default_factory=threading.Lock)
    last_read: "tuple[str, tuple[Package, ...], tuple[Problem, ...]]" = ("", (), ())

    @cached_property
    def drafts(self) -> "DraftStore":
        """Return what was brought in and is not written yet."""
        from portal.desk.drafts import DraftStore  # noqa: PLC0415

        return DraftStore(self.root)

    @cached_property
    def states(self) -> "StateReader":
        """Return what reads and compares the project once for each state of its files."""
        from portal.desk.known_state import StateReader  # noqa: PLC0415

        return StateReader(self.root)

    @property
    def settings(self) -> Settings:
        """Return the settings as they are now.

        Raises:
            PortalError: they cannot be read.
        """
        return load(self.root)

    @property
    def site_name(self) -> str:
        """Return the name of the site; a plain word if the settings cannot be read."""
        try:
            return self.settings.site.name
        except PortalError:
            return "the portal"

    def moment(self, written: str) -> str:
        """Return a time such as `2026-11-29T14:05:00Z` in words, in the time zone of the site: `29 November 2026, 14:05`."""
        try:
            zone = ZoneInfo(self.settings.site.time_zone)
        except PortalError:
            zone = ZoneInfo("UTC")
        local = datetime.fromisoformat(written).astimezone(zone)
        return f"{periods.day(local.date())}, {local:%H:%M}"

    def packages(self) -> "tuple[Package, ...]":
        """Return the packages that can be read, as they are now; raise as `read`."""
        return self.read()[0]

    def read(self) -> "tuple[tuple[Package, ...], tuple[Problem, ...]]":
        """Return the packages that can be read, and every problem with them; they are read once for each version.

        Raises:
            PortalError: the settings cannot be read.
        """
        from portal.data import packages  # noqa: PLC0415

        with self.reading:
            version = self.journal.version()
            if self.last_read[0] != version:
                self.last_read = (version, *packages.read_all(self.root, self.settings.packages))
            return self.last_read[1:]

    def work(self, key: str, title: str, then: str, do: Do, pace: Pace = USUAL) -> Work:
        """Start work and remember it under a key, with the version of the packages that it begins with."""
        version = self.journal.version()
        work = self.workshop.start(title, then, do, pace=pace)
        self.latest[key] = (version, work)
        return work

    def known(self, key: str) -> Work | None:
        """Return the last work under a key, None if there is none or the packages have changed since it began."""
        version, work = self.latest.get(key, ("", None))
        return work if work is not None and version == self.journal.version() else None

    def ensure(self, key: str, title: str, then: str, do: Do, pace: Pace = USUAL) -> Work:
        """Return the work under a key, started now if it is not known or was made for other packages."""
        with self.looking:
            return self.known(key) or self.work(key, title, then, do, pace)


def make(root: Path, door: Door, register: Path | None = None) -> Desk:
    """Return the desk of a project; `register` is a table of public addresses in place of the program's."""
    return Desk(root, door, Journal(root), Workshop(root), register)


def shown(session: Session) -> str:
    """Return the message for the next page, which is shown once."""
    notice, session.notice = session.notice, ""
    return notice


def typed(form: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return what was typed into a form, without its hidden fields, so that it is not lost."""
    return tuple(
        (name, text) for name, text in form.items() if text.strip() and name not in ("token", "version")
    )
