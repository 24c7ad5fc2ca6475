"""Plans as frozen values: what was promised, how it was to be judged and what became of it."""

from dataclasses import dataclass

from portal.core.citations import Cited
from portal.core.vocabulary import Nearness, Progress, UpdateKind


@dataclass(frozen=True)
class Priority(Cited):
    """What a plan puts first."""

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
    """What was promised."""

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
    """How a plan said that success would be judged, and the published indicator that is nearest to it.

    `nearness` is "same", "close" (`difference` says why it is not the same), "none" (`publisher` could publish a
    figure, and the indicator is only related), or "not-a-count" where no number could show it.
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
    """A published indicator that is about a priority, or about one action, and why."""

    priority: str
    action: str
    indicator: str
    reason: str


@dataclass(frozen=True)
class Update(Cited):
    """What has been reported since."""

    id: str
    priority: str
    action: str
    date: str
    kind: UpdateKind
    title: str
    text: str


@dataclass(frozen=True)
class UpdateAction:
    """Where an update belongs as well: a priority, or one of its actions, of the plan at the address `plan`.

    An empty `plan` is the plan of the update.
    """

    update: str
    plan: str
    priority: str
    action: str


@dataclass(frozen=True)
class Milestone(Cited):
    """A step of an action that a source gives a date for."""

    id: str
    action: str
    title: str
    due: str


@dataclass(frozen=True)
class ActionStatus(Cited):
    """How far an action had come when a report said so: "not-started", "under-way", "substantially-done" or "done".

    `update` is the report that is the evidence. An action that has none of these has no evidence.
    """

    action: str
    date: str
    status: Progress
    update: str
    reason: str


@dataclass(frozen=True)
class Plan:
    """A published plan or strategy.

    `state_note` is what became of it, and `ends_note` says where its years are a reading of ours.
    `lead_note` says who leads an action for which no team is named.
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
