"""Meetings of the partnership and of those who hold it to account, with their papers, questions and answers."""

from dataclasses import dataclass
from datetime import date

from portal.core.citations import Cited


@dataclass(frozen=True)
class Meeting(Cited):
    """A meeting that was held or announced.

    `starts` and `ends` are local times such as 18:30, empty if no source says. `open_to_all` is None if no source says
    whether anyone can come.
    """

    id: str
    date: date
    starts: str
    ends: str
    title: str
    body: str
    place: str
    url: str
    open_to_all: bool | None
    cancelled: bool
    note: str


@dataclass(frozen=True)
class Paper(Cited):
    """An agenda, report or minutes of a meeting; `url` is empty if it is not on the web."""

    meeting: str
    number: int
    title: str
    url: str


@dataclass(frozen=True)
class Question(Cited):
    """A question that was asked at a meeting, by a role and not a named person, and its answer, empty while it is open."""

    id: str
    meeting: str
    asked_by: str
    question: str
    answer: str
    answered_on: date | None
    answered_by: str

    @property
    def is_open(self) -> bool:
        """Return True if there is no answer yet."""
        return not self.answer


@dataclass(frozen=True)
class PoliceTeam(Cited):
    """The police team of a ward; `phone`, `email` and `url` are empty if no source says. It names no officer."""

    area: str
    name: str
    phone: str
    email: str
    url: str
    checked_on: date


@dataclass(frozen=True)
class PolicePriority(Cited):
    """A problem that the police team of a ward works on; `action` is empty, and `action_on` None, if no source says."""

    area: str
    number: int
    issue: str
    set_on: date
    action: str
    action_on: date | None


@dataclass(frozen=True)
class MeetingSubject:
    """A ward, figure or action that a meeting or one of its questions is about; an empty `question` means the meeting."""

    meeting: str
    question: str
    area: str
    indicator: str
    plan: str
    action: str
