"""What stands on the pages of plans: promises, how far they have come, and the figures nearest to them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from portal.analysis.progress import STEPS, Progress
from portal.charts.charts import Chart
from portal.core.model import Indicator
from portal.core.plans import Action, Measure, Milestone, Plan, Priority, Update

Link = tuple[str, str]  # a label and the path of a page


@dataclass(frozen=True)
class FigureView:
    """An indicator with its chart, and its address.

    `shown` names the chart's pictures by their path; empty for those beside the page.
    """

    indicator: Indicator
    path: str
    chart: Chart
    shown: str = ""

    @property
    def picture(self) -> str:
        """Return the path of its pictures, without their width."""
        return self.shown or f"{self.path}chart"


@dataclass(frozen=True)
class NearFigure:
    """A figure that is about a page, and why."""

    view: FigureView
    reason: str


@dataclass(frozen=True)
class ActionView:
    """An action with what belongs to it, and its address."""

    action: Action
    path: str
    updates: tuple[Update, ...]
    measures: tuple["MeasureView", ...]
    figures: tuple[NearFigure, ...]
    milestones: tuple[Milestone, ...]
    progress: Progress


@dataclass(frozen=True)
class MeasureView:
    """A measure, and the finding and address of its nearest indicator.

    `figure` is an indicator that shows the measure or comes close; `related` one that does not, where nothing that
    does is published.
    """

    measure: Measure
    figure: Link | None
    related: Link | None
    finding: str


@dataclass(frozen=True)
class PriorityView:
    """A priority with its actions, measures and the updates that are about it as a whole."""

    priority: Priority
    path: str
    groups: tuple[tuple[str, tuple[ActionView, ...]], ...]
    measures: tuple[MeasureView, ...]
    updates: tuple[Update, ...]
    figures: tuple[NearFigure, ...]

    @property
    def publishers(self) -> tuple[str, ...]:
        """Who could publish the figures that its measures lack, each once."""
        return tuple(dict.fromkeys(m.measure.publisher for m in self.measures if m.measure.publisher))

    @property
    def actions(self) -> tuple[ActionView, ...]:
        """Its actions, whatever heading they stand under."""
        return tuple(a for _, group in self.groups for a in group)

    @property
    def countable(self) -> tuple[MeasureView, ...]:
        """Its measures that could have a figure: those that a number could show."""
        return tuple(m for m in self.measures if m.measure.nearness != "not-a-count")

    @property
    def background(self) -> tuple[Update, ...]:
        """What came before the plan, or explains it."""
        return tuple(u for u in self.updates if u.kind == "background")

    @property
    def news(self) -> tuple[Update, ...]:
        """What has been reported about it as a whole since."""
        return tuple(u for u in self.updates if u.kind != "background")

    @property
    def tally(self) -> "ProgressTally":
        """How many of its actions have come how far."""
        return ProgressTally.of(self.actions)


@dataclass(frozen=True)
class ProgressTally:
    """How many actions have come how far: the count of each step in order with its words, and of all together.

    `late` and `quiet` are among them: past their due date, and without an update for half a year or more.
    """

    steps: tuple[tuple[str, str, int], ...]
    total: int
    late: int
    quiet: int

    @classmethod
    def of(cls, actions: Iterable[ActionView]) -> "ProgressTally":
        """Return the tally of these actions."""
        found = [a.progress for a in actions]
        steps = tuple((s, words, sum(p.status == s for p in found)) for s, words in STEPS.items())
        return cls(steps, len(found), sum(p.late for p in found), sum(p.quiet for p in found))


@dataclass(frozen=True)
class PlanView:
    """A plan with its priorities, its years in words, and its address; `ended` once its last day has passed."""

    plan: Plan
    path: str
    years: str
    newest: str
    priorities: tuple[PriorityView, ...]
    ended: bool

    @property
    def tally(self) -> ProgressTally:
        """How many of its actions have come how far."""
        return ProgressTally.of(a for q in self.priorities for a in q.actions)


@dataclass(frozen=True)
class PlansPage:
    """All plans."""

    plans: tuple[PlanView, ...]
    gaps: tuple[str, ...]


@dataclass(frozen=True)
class PlanPage:
    """One plan and its priorities."""

    view: PlanView


@dataclass(frozen=True)
class ProgressPage:
    """Every promise of every plan at a glance, the current plan first, as of the day `today`."""

    plans: tuple[PlanView, ...]
    today: date

    @property
    def tally(self) -> ProgressTally:
        """How many actions of all plans have come how far."""
        return ProgressTally.of(a for _, a in self._actions())

    @property
    def current(self) -> ProgressTally:
        """The same for plans that have not ended, the only ones of which a promise can be late or silent."""
        return ProgressTally.of(a for p, a in self._actions() if not p.ended)

    @property
    def due(self) -> int:
        """How many actions of plans that have not ended have a due date."""
        return sum(bool(a.action.due) for p, a in self._actions() if not p.ended)

    @property
    def leads(self) -> tuple[tuple[str, ProgressTally], ...]:
        """Who leads actions of plans that have not ended, with how far these have come: those most late or silent first."""
        found: dict[str, list[ActionView]] = {}
        for plan in (p for p in self.plans if not p.ended):
            for q in plan.priorities:
                for a in q.actions:
                    found.setdefault(a.action.lead or q.priority.lead, []).append(a)
        tallies = ((name, ProgressTally.of(own)) for name, own in found.items())
        return tuple(sorted(tallies, key=lambda t: (-t[1].late, -t[1].quiet, t[0])))

    def _actions(self) -> Iterator[tuple[PlanView, ActionView]]:
        return ((p, a) for p in self.plans for q in p.priorities for a in q.actions)


@dataclass(frozen=True)
class UpdatesPage:
    """Every update that says more than that work is under way, newest plan first, with where it belongs."""

    plans: tuple[tuple[PlanView, tuple[tuple[Update, Link], ...]], ...]


@dataclass(frozen=True)
class PriorityPage:
    """One priority and its actions; `elsewhere` is the plan that holds them, where another does."""

    plan: PlanView
    view: PriorityView
    elsewhere: PlanView | None


@dataclass(frozen=True)
class ActionPage:
    """One action: what was promised, what has happened, who leads, which measures belong to it."""

    plan: PlanView
    priority: PriorityView
    view: ActionView
    before: Link | None
    after: Link | None
