"""Plans as frozen dataclasses: their priorities, actions, measures of success, and progress since."""

from dataclasses import dataclass

from portal.core.citations import Cited
from portal.core.vocabulary import Nearness, Progress, UpdateKind


@dataclass(frozen=True)
class Priority(Cited):
    """A priority of a plan."""

    id: str
    number: int
    title: str
    summary: str
    lead: str
    data_sources: str
    frequency: str
    same_as: str
    sensitive: bool


@dataclass(frozen=True)
class Action(Cited):
    """An action that a plan promised."""

    id: str
    priority: str
    number: int
    group: str
    title: str
    promise: str
    lead: str
    due: str
    listed: str


@dataclass(frozen=True)
class Measure(Cited):
    """How a plan would judge success, and the closest published indicator.

    `difference` says why an indicator that is close is not the same. `publisher` could publish a figure where there is
    none; the indicator is then only related.
    """

    id: str
    priority: str
    action: str
    kind: str
    title: str
    indicator: str
    nearness: Nearness
    difference: str
    publisher: str


@dataclass(frozen=True)
class Connection:
    """A published indicator about a priority or an action, and why."""

    priority: str
    action: str
    indicator: str
    reason: str


@dataclass(frozen=True)
class Update(Cited):
    """A report about a priority or action."""

    id: str
    priority: str
    action: str
    date: str
    kind: UpdateKind
    title: str
    text: str


@dataclass(frozen=True)
class UpdateAction:
    """Another priority or action that an update belongs to.

    `plan` is the slug of its plan; empty for the update's own plan.
    """

    update: str
    plan: str
    priority: str
    action: str


@dataclass(frozen=True)
class Milestone(Cited):
    """A step of an action, with the date that a source gives for it."""

    id: str
    action: str
    title: str
    due: str


@dataclass(frozen=True)
class ActionStatus(Cited):
    """How far an action had come when a report was written.

    `update` is the report that is the evidence. An action without a status has no evidence.
    """

    action: str
    date: str
    status: Progress
    update: str
    reason: str


@dataclass(frozen=True)
class Plan:
    """A published plan or strategy.

    `state_note` says what became of it, and `ends_note` whether its years are our interpretation.
    `lead_note` says who leads an action without a named team.
    """

    slug: str
    title: str
    short_title: str
    summary: str
    starts: str
    ends: str
    state: str
    measures_note: str
    priority_word: str
    priorities: tuple[Priority, ...]
    actions: tuple[Action, ...]
    measures: tuple[Measure, ...]
    updates: tuple[Update, ...]
    connections: tuple[Connection, ...] = ()
    update_actions: tuple[UpdateAction, ...] = ()
    milestones: tuple[Milestone, ...] = ()
    statuses: tuple[ActionStatus, ...] = ()
    state_note: str = ""
    ends_note: str = ""
    lead_note: str = ""
