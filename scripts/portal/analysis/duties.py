"""Work out when each duty falls due next, and whether it has been met, as of a given day."""

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from portal.core import periods
from portal.core.duties import Duty, Evidence

# A duty that falls due within this many days is due soon: about one quarter, the time between two releases.
SOON = 92


class DutyState(StrEnum):
    """Whether a duty has been met, judged by the evidence that we have."""

    UP_TO_DATE = "up-to-date"
    DUE_SOON = "due-soon"
    PAST_DUE = "past-due"
    NO_SET_DATE = "no-set-date"
    NOT_PUBLISHED = "not-published"


@dataclass(frozen=True)
class DutyStanding:
    """A duty with its evidence, newest first, and when it is due next; `due` is None if that is not known."""

    duty: Duty
    evidence: tuple[Evidence, ...]
    due: date | None
    state: DutyState

    @property
    def last(self) -> Evidence | None:
        """Return the newest evidence; None if there is none."""
        return self.evidence[0] if self.evidence else None


def standing_of(duty: Duty, evidence: Iterable[Evidence], today: date) -> DutyStanding:
    """Return the state of a duty on the day `today`; `evidence` can include that of other duties.

    The duty is due `every_months` after the newest evidence. A date with only a year or month counts from its last day,
    so that nothing is called late too early.
    """
    newest_first = tuple(sorted((e for e in evidence if e.duty == duty.id), key=_last_day, reverse=True))
    if not newest_first:
        return DutyStanding(duty, newest_first, None, DutyState.NOT_PUBLISHED)
    if duty.every_months is None:
        return DutyStanding(duty, newest_first, None, DutyState.NO_SET_DATE)
    due = _months_later(_last_day(newest_first[0]), duty.every_months)
    if due < today:
        return DutyStanding(duty, newest_first, due, DutyState.PAST_DUE)
    is_soon = due <= today + timedelta(days=SOON)
    return DutyStanding(duty, newest_first, due, DutyState.DUE_SOON if is_soon else DutyState.UP_TO_DATE)


def _last_day(evidence: Evidence) -> date:
    return periods.last_day(evidence.date)


def _months_later(day: date, months: int) -> date:
    """Return the same day some months later; the last day of that month if it is shorter or `day` is the last of its own."""
    last = periods.month_end(day, months)
    if day.day == monthrange(day.year, day.month)[1]:
        return last
    return last.replace(day=min(day.day, last.day))
