"""Ways to report and services that help, as frozen dataclasses."""

from dataclasses import dataclass

from portal.core.citations import Cited
from portal.core.vocabulary import ContactState


@dataclass(frozen=True)
class Contact(Cited):
    """A person or organisation that readers can contact, and when and where the details were checked."""

    id: str
    number: int
    name: str
    summary: str
    who: str
    phone: str
    phone_hours: str
    textphone: str
    email: str
    url: str
    state: ContactState
    check_note: str
    checked_on: str
    checked_in: str


@dataclass(frozen=True)
class Route(Contact):
    """A way to report hate crime. With the state "note" it is advice and not a way to report.

    `anonymous` is "yes", "partly", "no" or "not-stated", and `anonymity` explains it. `next` is what happens after a
    report, if a source says so.
    """

    how: str
    anonymous: str
    anonymity: str
    next: str
    suits: str

    @property
    def is_offered(self) -> bool:
        """Return True if people can use it to report."""
        return self.state not in ("historic", "note")


@dataclass(frozen=True)
class RouteConnection:
    """An indicator of what is reported by a route, and why; an empty `route` means every route."""

    route: str
    indicator: str
    reason: str


@dataclass(frozen=True)
class Service(Contact):
    """A service that helps."""

    topic: str
