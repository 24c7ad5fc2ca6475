"""The published content, as frozen dataclasses. Most fields are the columns of a table in `data/schemas`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property

from portal.core.citations import Cited
from portal.core.contacts import Route, RouteConnection, Service
from portal.core.duties import Duty, Evidence
from portal.core.figure_key import FigureKey as FigureKey  # noqa: PLC0414 - rooms take it from here, with the rest of the model
from portal.core.measured import Dispersion, OutcomeOf, Revision
from portal.core.meetings import Meeting, MeetingSubject, Paper, PolicePriority, PoliceTeam, Question
from portal.core.periods import months_between
from portal.core.places import Lsoa, NeighbourhoodLsoa, NoRate, Overlap, Postcode, Profile
from portal.core.plans import Plan
from portal.core.vocabulary import (
    AreaKind,
    ChangeKind,
    ChartKind,
    ClaimKind,
    PeriodType,
    Polarity,
    Status,
    Unit,
    WithdrawalKind,
)


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
    """One ring of an area's boundary: longitude and latitude in turn, separated by spaces; ring 1 is the outer one."""

    area: str
    polygon: int
    ring: int
    points: str


@dataclass(frozen=True)
class Surrounding(Outline):
    """One ring of the land of a neighbouring district around the wards, as in `Outline`, and the name of the district."""

    name: str


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
    """A series of a published file, the indicator that it feeds, and the kinds of area to import."""

    format: str
    series: str
    indicator: str
    part: str
    kinds: str
    windows: int | None


@dataclass(frozen=True)
class Observation(Cited):
    """One figure. `part` is its value in the indicator's breakdown column; empty for the total."""

    indicator: str
    area: str
    period_start: date | None
    period_end: date | None
    part: str
    value: Decimal | None
    status: Status

    @cached_property
    def key(self) -> FigureKey:
        """Identify this figure among all others."""
        return FigureKey(self.indicator, self.area, self.part, self.period_start, self.period_end)

    @property
    def months(self) -> int:
        """Count the calendar months of its period; 0 if it is not stated or not made of whole months."""
        return months_between(self.period_start, self.period_end)


@dataclass(frozen=True)
class Claim(Cited):
    """A statement of a document about its own figures. `part` as for an observation."""

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
    """A break in series: the date from which figures are recorded in a new way."""

    indicator: str
    date: date
    title: str
    explanation: str


@dataclass(frozen=True)
class Target(Cited):
    """What a plan set out to reach by a date, and the result."""

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
    """A subject that several plans deal with."""

    id: str
    title: str
    summary: str
    sensitive: bool


@dataclass(frozen=True)
class ThreadEntry:
    """What belongs to a thread: a priority or action of a plan, an indicator, or a service."""

    thread: str
    plan: str
    priority: str
    action: str
    indicator: str
    service: str
    note: str


@dataclass(frozen=True)
class Dashboard(Cited):
    """A planned dashboard: what it should show, what is published now and what is missing."""

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
    """A section of a document, and the pages that show it, or why it was left out."""

    source: str
    number: int
    heading: str
    pages: str
    left_out: str


@dataclass(frozen=True)
class Disagreement(Cited):
    """A contradiction within a document or between two, other than a claim that we can compute.

    `other_source` and `other_locator` are the second place; empty if both statements are in one place.
    """

    id: str
    title: str
    statement: str
    indicator: str
    other_source: str
    other_locator: str


@dataclass(frozen=True)
class Release:
    """Everything that was published at one time, kept as an archive that only `portal withdraw` rewrites.

    It is not public before its `embargo`, in local time. `put_back` is the release whose data a rollback restored.
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
    """A change in a release: `count` new figures of an indicator, one figure revised or withdrawn, a text or a page."""

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
    old_status: str
    new: str
    new_status: str
    count: int
    reason: str

    @property
    def key(self) -> FigureKey:
        """Identify the figure that changed, if it was a single one."""
        return FigureKey(self.indicator, self.area, self.part, self.period_start, self.period_end)


@dataclass(frozen=True)
class PromisedRelease:
    """A release announced for a date, and the indicators that it will bring."""

    release: str
    promised: date
    indicators: str
    note: str


@dataclass(frozen=True)
class ReasonForChange:
    """Why figures were revised or withdrawn. Empty columns match any figure. `release` is the release that used it."""

    indicator: str
    area: str
    period_end: date | None
    reason: str
    release: str


@dataclass(frozen=True)
class WithdrawnFigure:
    """A figure that was withdrawn, without its number: why, and from which `releases`, separated by semicolons."""

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
    """A plausibility warning that a person has checked, and why the data is right."""

    warning: str
    reason: str
    accepted_on: date
    accepted_by: str


@dataclass(frozen=True)
class Minimums:
    """The smallest counts that a package's indicators publish, by ward and by borough; 0 leaves it to the settings."""

    ward: int
    borough: int


@dataclass(frozen=True)
class Content:
    """Everything in the data packages, in the order of the packages and their rows."""

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
    # By indicator, kind of area and months.
    revisions: Mapping[tuple[str, str, int], Revision] = field(default_factory=dict)
    outcomes: Mapping[str, OutcomeOf] = field(default_factory=dict)  # by the indicator of the outcomes
    route_connections: tuple[RouteConnection, ...] = ()
    disagreements: tuple[Disagreement, ...] = ()
    withdrawals: tuple[WithdrawnFigure, ...] = ()
    no_rates: Mapping[tuple[str, str], NoRate] = field(default_factory=dict)  # by area and indicator
    lsoas: tuple[Lsoa, ...] = ()
    neighbourhoods: tuple[NeighbourhoodLsoa, ...] = ()
    surroundings: tuple[Surrounding, ...] = ()
    profiles: tuple[Profile, ...] = ()
    duties: tuple[Duty, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    meetings: tuple[Meeting, ...] = ()  # by date
    papers: tuple[Paper, ...] = ()
    questions: tuple[Question, ...] = ()
    meeting_subjects: tuple[MeetingSubject, ...] = ()
    police_teams: tuple[PoliceTeam, ...] = ()
    police_priorities: tuple[PolicePriority, ...] = ()

    @property
    def urls(self) -> Iterator[str]:
        """Yield every web address that a page links to; some are empty."""
        yield from (c.url for c in (*self.routes, *self.services))
        yield from (s.url for s in self.sources.values())
        yield from (e.url for e in self.evidence)
        yield from (m.url for m in self.meetings)
        yield from (p.url for p in self.papers)
        yield from (t.url for t in self.police_teams)
