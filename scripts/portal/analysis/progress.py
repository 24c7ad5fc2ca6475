"""Work out how far each promise of a plan has come, from dated statuses and updates, as of a given day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from portal.core import periods
from portal.core.plans import Action, ActionStatus, Plan, Update

NO_EVIDENCE = "no-evidence"
DONE = "done"
# The five steps and their labels.
STEPS = {
    NO_EVIDENCE: "No evidence published",
    "not-started": "Not started",
    "under-way": "Under way",
    "substantially-done": "Substantially done",
    DONE: "Done",
}
# A promise without an update for this many months is called silent.
QUIET = 6


@dataclass(frozen=True)
class ActionProgress:
    """How far an action has come.

    `status` is one of `STEPS`. `current` is the row that says so, None without evidence; `history` holds all such rows,
    newest first. `updated` is the date of the last report on the action, empty if there is none. `silent` is the number
    of whole months since then, or since the start of the plan if there is no report; None if the action is done or its
    plan has ended. `late` is True if the due date has passed and the action is not done; never after the plan has ended.
    """

    status: str
    current: ActionStatus | None
    history: tuple[ActionStatus, ...]
    updated: str
    silent: int | None
    late: bool

    @property
    def words(self) -> str:
        """Return the status in words."""
        return STEPS[self.status]

    @property
    def quiet(self) -> bool:
        """Return True if there has been no report for six months or more."""
        return self.silent is not None and self.silent >= QUIET


def of_action(plan: Plan, action: Action, updates: Iterable[Update], today: date) -> ActionProgress:
    """Return how far an action of a plan has come on the day `today`; `updates` are those that report on it."""
    history = tuple(sorted((s for s in plan.statuses if s.action == action.id), key=_dated, reverse=True))
    current = history[0] if history else None
    status = current.status if current else NO_EVIDENCE
    updated = max((u.date for u in updates if u.kind == "report"), default="")
    over = status == DONE or ended(plan, today)
    silent = None if over else months_since(updated or plan.starts, today)
    late = not over and bool(action.due) and periods.last_day(action.due) < today
    return ActionProgress(status, current, history, updated, silent, late)


def _dated(status: ActionStatus) -> str:
    return status.date


def ended(plan: Plan, today: date) -> bool:
    """Return True if a plan has ended; a plan that ends in a month or year lasts until its last day."""
    return periods.last_day(plan.ends) < today


def months_since(loose: str, today: date) -> int:
    """Return the number of whole months since a date, which can be a day, a month or a year; 0 for a future date.

    Count a year or a month from its last day, so that nothing seems older than it can be.
    """
    day = periods.last_day(loose)
    months = (today.year - day.year) * 12 + today.month - day.month - (today.day < day.day)
    return max(months, 0)
