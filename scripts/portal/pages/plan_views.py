"""The content of the pages of plans: promises, their progress, and the figures nearest to them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from portal.analysis.progress import STEPS, ActionProgress
from portal.charts.charts import Chart
from portal.core.model import Indicator
from portal.core.plans import Action, Measure, Milestone, Plan, Priority, Update


class Link(NamedTuple):
    """A label and the path of a page."""

    label: str
    path: str


@dataclass(frozen=True, kw_only=True)
class FigureView:
    """An indicator with its chart, and the path of its page.

    `shown` is the path of the pictures of the chart without their width, empty if they are in the folder of the page.
    """

    indicator: Indicator
    path: str
    chart: Chart
    shown: str = ""

    @property
    def picture(self) -> str:
        """Return the path of the pictures of its chart, without their width."""
        return self.shown or f"{self.path}chart"


@dataclass(frozen=True, kw_only=True)
class NearFigure:
    """A figure on the subject of a page, and how it relates to it."""

    view: FigureView
    reason: str


@dataclass(frozen=True, kw_only=True)
class ActionView:
    """An action with everything about it, and the path of its page."""

    action: Action
    path: str
    updates: tuple[Update, ...]
    measures: tuple["MeasureView", ...]
    figures: tuple[NearFigure, ...]
    milestones: tuple[Milestone, ...]
    progress: ActionProgress

    @property
    def publishers(self) -> tuple[str, ...]:
        """Return the bodies that could publish the figures missing for its measures."""
        return _bodies(self.measures)


@dataclass(frozen=True, kw_only=True)
class MeasureView:
    """A measure, with its nearest indicator and the finding of that indicator.

    `figure` is an indicator that shows the measure or comes close. `related` is one that does not, if no figure that
    does is published. At least one of the two is None. `by_part` says how the parts of the figure changed; empty if it
    is not split or no two of its periods can be compared.
    """

    measure: Measure
    figure: Link | None
    related: Link | None
    finding: str
    by_part: str = ""


def _bodies(measures: Iterable[MeasureView]) -> tuple[str, ...]:
    """Return who could publish figures for measures, each body once and without its teams and sources."""
    return tuple(dict.fromkeys(m.measure.publisher.split(",")[0] for m in measures if m.measure.publisher))


class ActionGroup(NamedTuple):
    """A heading and the actions under it; the heading is empty if the plan has none."""

    name: str
    actions: tuple[ActionView, ...]


@dataclass(frozen=True, kw_only=True)
class PriorityView:
    """A priority with its actions by group, its measures, and the updates about it as a whole."""

    priority: Priority
    path: str
    groups: tuple[ActionGroup, ...]
    measures: tuple[MeasureView, ...]
    updates: tuple[Update, ...]
    figures: tuple[NearFigure, ...]

    @property
    def publishers(self) -> tuple[str, ...]:
        """Return the bodies that could publish the figures missing for its measures."""
        return _bodies(self.measures)

    @property
    def actions(self) -> tuple[ActionView, ...]:
        """Return all its actions."""
        return tuple(a for _, group in self.groups for a in group)

    @property
    def countable(self) -> tuple[MeasureView, ...]:
        """Return its measures that could have a figure, because a number could show them."""
        return tuple(m for m in self.measures if m.measure.nearness != "not-a-count")

    @property
    def background(self) -> tuple[Update, ...]:
        """Return updates about the time before the plan, or about its reasons."""
        return tuple(u for u in self.updates if u.kind == "background")

    @property
    def news(self) -> tuple[Update, ...]:
        """Return reports about the priority as a whole since the plan began."""
        return tuple(u for u in self.updates if u.kind != "background")

    @property
    def tally(self) -> "ProgressTally":
        """Return the number of its actions at each step."""
        return ProgressTally.of(self.actions)


class StepCount(NamedTuple):
    """A status of progress, its words, and the number of actions that have it."""

    status: str
    words: str
    actions: int


@dataclass(frozen=True, kw_only=True)
class ProgressTally:
    """The number of actions at each step of progress, in order, and in total.

    `late` counts actions past their due date, and `quiet` those without an update for half a year or more.
    """

    steps: tuple[StepCount, ...]
    total: int
    late: int
    quiet: int

    @classmethod
    def of(cls, actions: Iterable[ActionView]) -> "ProgressTally":
        """Count these actions."""
        progress = [a.progress for a in actions]
        return cls(
            steps=tuple(
                StepCount(s, words, sum(p.status == s for p in progress)) for s, words in STEPS.items()
            ),
            total=len(progress),
            late=sum(p.late for p in progress),
            quiet=sum(p.quiet for p in progress),
        )


@dataclass(frozen=True, kw_only=True)
class PlanView:
    """A plan with its priorities and the path of its page.

    `years` and `newest`, the date of its newest update, are in words. `ended` is True once its last day has passed.
    """

    plan: Plan
    path: str
    years: str
    newest: str
    priorities: tuple[PriorityView, ...]
    ended: bool

    @property
    def tally(self) -> ProgressTally:
        """Return the number of its actions at each step."""
        return ProgressTally.of(a for q in self.priorities for a in q.actions)


@dataclass(frozen=True, kw_only=True)
class PlansPage:
    """All plans, and what the site does not have."""

    plans: tuple[PlanView, ...]
    gaps: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PlanPage:
    """One plan and its priorities."""

    view: PlanView


class LeadTally(NamedTuple):
    """Who leads actions, and how many of them are at each step.

    `lead` is empty if no team is named; `is_officer` says that the source then names an officer, whom we do not show.
    """

    lead: str
    tally: ProgressTally
    is_officer: bool = False


@dataclass(frozen=True, kw_only=True)
class ProgressPage:
    """Every promise of every plan, the current plan first, as of the day `today`."""

    plans: tuple[PlanView, ...]
    today: date

    @property
    def tally(self) -> ProgressTally:
        """Return the number of actions at each step, in all plans."""
        return ProgressTally.of(a for _, a in self._actions())

    @property
    def current(self) -> ProgressTally:
        """Return the number of actions at each step, in plans that have not ended; only their promises can be late."""
        return ProgressTally.of(a for p, a in self._actions() if not p.ended)

    @property
    def due(self) -> int:
        """Return how many actions of plans that have not ended have a due date."""
        return sum(bool(a.action.due) for p, a in self._actions() if not p.ended)

    @property
    def leads(self) -> tuple[LeadTally, ...]:
        """Return who leads actions of plans that have not ended, those with most late or quiet actions first."""
        by_lead: dict[tuple[str, bool], list[ActionView]] = {}
        for plan in (p for p in self.plans if not p.ended):
            for q in plan.priorities:
                for a in q.actions:
                    name = a.action.lead or q.priority.lead
                    by_lead.setdefault((name, not name and bool(plan.plan.lead_note)), []).append(a)
        tallies = (
            LeadTally(name, ProgressTally.of(actions), is_officer)
            for (name, is_officer), actions in by_lead.items()
        )
        return tuple(sorted(tallies, key=lambda t: (-t.tally.late, -t.tally.quiet, t.lead)))

    def _actions(self) -> Iterator[tuple[PlanView, ActionView]]:
        return ((p, a) for p in self.plans for q in p.priorities for a in q.actions)


class PlacedUpdate(NamedTuple):
    """An update, and the page of the action or priority that it reports on."""

    update: Update
    place: Link


class PlanUpdates(NamedTuple):
    """A plan and the updates on it."""

    plan: PlanView
    updates: tuple[PlacedUpdate, ...]


@dataclass(frozen=True, kw_only=True)
class UpdatesPage:
    """Every update that says more than that work is under way, by plan."""

    plans: tuple[PlanUpdates, ...]


@dataclass(frozen=True, kw_only=True)
class PriorityPage:
    """One priority and its actions; `elsewhere` is the plan that has them, if it is another one, else None."""

    plan: PlanView
    view: PriorityView
    elsewhere: PlanView | None


@dataclass(frozen=True, kw_only=True)
class ActionPage:
    """One action; `before` and `after` link to the actions beside it, or are None at the ends."""

    plan: PlanView
    priority: PriorityView
    view: ActionView
    before: Link | None
    after: Link | None
