"""The published content as frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from portal.core.citations import Cited
from portal.core.periods import months_between
from portal.core.plans import Plan
from portal.core.vocabulary import (
    AreaKind,
    ChangeKind,
    ChartKind,
    ClaimKind,
    ContactState,
    PeriodType,
    Polarity,
    Status,
    Unit,
    WithdrawalKind,
)


class FigureKey(NamedTuple):
    """Identifies one figure: no two observations have the same indicator, area, part and period.

    `part` is empty for a figure that is not broken down. `start` and `end` are None if the source states no period.
    """

    indicator: str
    area: str
    part: str
    start: date | None
    end: date | None

    def __repr__(self) -> str:
        """Return the values alone, without their names: short in messages, and quick, since suppression sorts by it."""
        return tuple.__repr__(self)


@dataclass(frozen=True)
class Source:
    """A document or dataset."""

    id: str
    title: str
    short_title: str
    publisher: str
    kind: str
    published: str
    url: str
    licence: str
    open_publication: bool
    note: str


@dataclass(frozen=True)
class Area(Cited):
    """A region, borough or ward, by GSS code."""

    code: str
    name: str
    kind: AreaKind
    parent: str
    valid_from: date | None
    valid_to: date | None


@dataclass(frozen=True)
class Population(Cited):
    """How many people lived in an area when they were counted."""

    area: str
    year: int
    population: int
    basis: str


@dataclass(frozen=True)
class Outline(Cited):
    """One ring of an area's boundary: longitude and latitude in turn, parted by spaces; ring 1 is the outer one."""

    area: str
    polygon: int
    ring: int
    points: str


@dataclass(frozen=True)
class Overlap(Cited):
    """How much of an area's land, in per cent, was in an earlier area."""

    area: str
    former: str
    share: int


@dataclass(frozen=True)
class NoRate(Cited):
    """That an indicator has no rate per resident in an area, and why: a town centre to which people come from elsewhere."""

    area: str
    indicator: str
    reason: str


@dataclass(frozen=True)
class Postcode:
    """The ward of a postcode."""

    postcode: str
    area: str
    source: str


@dataclass(frozen=True)
class Term(Cited):
    """An abbreviation or word that needs explaining."""

    term: str
    expansion: str
    meaning: str
    spelled_out: bool
    explain: bool


@dataclass(frozen=True)
class Indicator:
    """Something that is counted; its figures are observations."""

    id: str
    slug: str
    title: str
    short_title: str
    topic: str
    definition: str
    unit: Unit
    unit_label: str
    period_type: PeriodType
    polarity: Polarity
    chart: ChartKind
    breakdown: str
    sensitive: bool
    protected: bool
    part_of: str
    caveat: str
    period_note: str


@dataclass(frozen=True)
class Import:
    """Which series of an upstream file goes into which indicator, for which kinds of area."""

    format: str
    series: str
    indicator: str
    part: str
    kinds: str
    windows: int | None


@dataclass(frozen=True)
class Observation(Cited):
    """One figure. `part` is its cell in the indicator's breakdown column; empty for all together."""

    indicator: str
    area: str
    period_start: date | None
    period_end: date | None
    part: str
    value: Decimal | None
    status: Status

    @property
    def key(self) -> FigureKey:
        """Identify this figure among all others."""
        return FigureKey(self.indicator, self.area, self.part, self.period_start, self.period_end)

    @property
    def months(self) -> int:
        """Count the calendar months of its period; 0 if it is not stated or not made of whole months."""
        return months_between(self.period_start, self.period_end)


@dataclass(frozen=True)
class Claim(Cited):
    """What a document says about its own figures. `part` as for an observation."""

    id: str
    indicator: str
    kind: ClaimKind
    area: str
    period_start: date | None
    period_end: date | None
    base_period_start: date | None
    base_period_end: date | None
    part: str
    other_indicator: str
    stated: Decimal | None
    decimals: int | None
    statement: str


@dataclass(frozen=True)
class Break(Cited):
    """The day from which a series is counted in a new way."""

    indicator: str
    date: date
    title: str
    explanation: str


@dataclass(frozen=True)
class Dispersion(Cited):
    """How much an indicator's counts vary by themselves in a kind of area: their variance divided by their mean.

    Measured on the figures from `period_start` to `period_end`; `note` names the series where it is another one.
    """

    indicator: str
    level: str
    dispersion: Decimal
    period_start: date
    period_end: date
    note: str


@dataclass(frozen=True)
class Target(Cited):
    """What was to be reached by when, and what was."""

    id: str
    indicator: str
    title: str
    baseline: str
    baseline_value: Decimal | None
    unit: Unit
    target_value: Decimal
    due: str
    result_value: Decimal | None
    why: str


@dataclass(frozen=True)
class Thread:
    """A subject that runs through several plans."""

    id: str
    title: str
    summary: str
    sensitive: bool


@dataclass(frozen=True)
class ThreadEntry:
    """What belongs to a thread: a priority or action of a plan, an indicator, or somebody who helps."""

    thread: str
    plan: str
    priority: str
    action: str
    indicator: str
    service: str
    note: str


@dataclass(frozen=True)
class Dashboard(Cited):
    """A part of the data programme: what it is to show, what is published now and what is not."""

    id: str
    number: int
    title: str
    shows: str
    published: str
    missing: str
    indicators: str
    sensitive: bool


@dataclass(frozen=True)
class Section:
    """A section of a document, and the pages that show it or why none does."""

    source: str
    number: int
    heading: str
    pages: str
    left_out: str


@dataclass(frozen=True)
class Disagreement(Cited):
    """Where a document contradicts itself or another source, other than in a claim that can be computed.

    `other_source` and `other_locator` are the second place; empty where one place says both.
    """

    id: str
    title: str
    statement: str
    indicator: str
    other_source: str
    other_locator: str


@dataclass(frozen=True)
class Contact(Cited):
    """Somebody whom a reader can turn to, and how sure the facts are."""

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
    """A way to report hate crime; with the state "note" it is something to know, and no way that is offered.

    `anonymous` is "yes", "partly", "no" or "not-stated", and `anonymity` what to know about it. `next` is what
    happens after a report, as far as a source says.
    """

    how: str
    anonymous: str
    anonymity: str
    next: str
    suits: str

    @property
    def is_offered(self) -> bool:
        """Whether somebody can use it to report."""
        return self.state not in ("historic", "note")


@dataclass(frozen=True)
class RouteConnection:
    """A published indicator that is about what a route reports, and why; an empty `route` is all of them."""

    route: str
    indicator: str
    reason: str


@dataclass(frozen=True)
class Service(Contact):
    """A service that helps."""

    topic: str


@dataclass(frozen=True)
class Release:
    """A release: everything that was published at one time, kept as an archive that only `portal withdraw` writes again.

    Not public before its `embargo`, in the time of the place. `put_back` is the release whose data it repeats.
    """

    id: str
    name: str
    released_on: date
    embargo: str
    put_back: str
    note: str
    figures: int
    sha256: str
    withdrawn: str


@dataclass(frozen=True)
class ReleaseChange:
    """What a release changed: `count` new figures of an indicator, one figure revised or withdrawn, words or a page."""

    release: str
    number: int
    kind: ChangeKind
    indicator: str
    area: str
    part: str
    period_start: date | None
    period_end: date | None
    place: str
    old: str
    old_status: Status
    new: str
    new_status: Status
    count: int
    reason: str

    @property
    def key(self) -> FigureKey:
        """Identify the figure that changed, if it was a single one."""
        return FigureKey(self.indicator, self.area, self.part, self.period_start, self.period_end)


@dataclass(frozen=True)
class PromisedRelease:
    """A release that is promised for a day, and the figures that it is to bring."""

    release: str
    promised: date
    indicators: str
    note: str


@dataclass(frozen=True)
class ReasonForChange:
    """Why figures were revised or withdrawn: all that fit whatever is not empty. `release` has used it."""

    indicator: str
    area: str
    period_end: date | None
    reason: str
    release: str


@dataclass(frozen=True)
class WithdrawnFigure:
    """A figure that was taken back, without its number: why, and out of which `releases`, separated by semicolons.

    `kind` is `protect` where the number must never come back, `wrong` where a corrected one may.
    """

    number: int
    withdrawn_on: date
    indicator: str
    area: str
    part: str
    period_start: date | None
    period_end: date | None
    kind: WithdrawalKind
    reason: str
    releases: str


@dataclass(frozen=True)
class AcceptedWarning:
    """A warning that somebody looked at, and why it is right as it is."""

    warning: str
    reason: str
    accepted_on: date
    accepted_by: str


@dataclass(frozen=True)
class Minimums:
    """Counts under these are withheld, by ward and by borough, for the indicators of one package."""

    ward: int
    borough: int


@dataclass(frozen=True)
class Content:
    """Everything that is published, in the order of the packages and their rows."""

    plans: tuple[Plan, ...]
    indicators: Mapping[str, Indicator]
    observations: Mapping[str, tuple[Observation, ...]]
    claims: tuple[Claim, ...]
    breaks: tuple[Break, ...]
    targets: tuple[Target, ...]
    threads: tuple[Thread, ...]
    entries: tuple[ThreadEntry, ...]
    dashboards: tuple[Dashboard, ...]
    sections: tuple[Section, ...]
    breakdowns: Mapping[str, str]
    imports: Mapping[str, tuple[Import, ...]]
    routes: tuple[Route, ...]
    services: tuple[Service, ...]
    areas: Mapping[str, Area]
    populations: Mapping[str, Population]
    outlines: tuple[Outline, ...]
    overlaps: tuple[Overlap, ...]
    postcodes: tuple[Postcode, ...]
    minimums: Mapping[str, Minimums]
    sources: Mapping[str, Source]
    terms: tuple[Term, ...]
    releases: tuple[Release, ...] = ()
    changes: tuple[ReleaseChange, ...] = ()
    promises: tuple[PromisedRelease, ...] = ()
    reasons: tuple[ReasonForChange, ...] = ()
    accepted: tuple[AcceptedWarning, ...] = ()
    dispersions: Mapping[tuple[str, str], Dispersion] = field(
        default_factory=dict
    )  # by indicator and kind of area
    route_connections: tuple[RouteConnection, ...] = ()
    disagreements: tuple[Disagreement, ...] = ()
    withdrawals: tuple[WithdrawnFigure, ...] = ()
    no_rates: Mapping[tuple[str, str], NoRate] = field(default_factory=dict)  # by area and indicator
