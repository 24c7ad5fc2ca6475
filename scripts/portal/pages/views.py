"""The content of the pages about places and subjects, and of all other pages.

A template is named after its class: `WardPage` is rendered by `ward.md.jinja`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from markupsafe import Markup

from portal.analysis.funnels import FunnelPoint
from portal.analysis.measures import IndicatorSummary, Rate, rounded
from portal.charts.charts import Chart
from portal.charts.map_shading import ShadedMap
from portal.core.contacts import Contact, Route, Service
from portal.core.model import (
    Area,
    Break,
    Indicator,
    Observation,
    Population,
    PromisedRelease,
    Source,
    Term,
    Thread,
)
from portal.core.vocabulary import Direction
from portal.pages.figure_views import FigurePage, IndicatorLine, WithinWard
from portal.pages.plan_views import ActionView, FigureView, Link, NearFigure, PlanView, PriorityView
from portal.pages.search import SearchWords

# --- places


@dataclass(frozen=True, kw_only=True)
class WardView:
    """A ward, the path of its page, and its summary of all recorded crime."""

    area: Area
    path: str
    total: IndicatorSummary | None
    population: Population | None


class AreaRate(NamedTuple):
    """The summary of an indicator in an area, with its rate; None if the area has no figure."""

    summary: IndicatorSummary | None
    area: Area


@dataclass(frozen=True, kw_only=True)
class Rates:
    """The rates of one indicator per 1,000 people in several areas over the same 12 months."""

    indicator: Indicator
    path: str
    rates: tuple[AreaRate, ...]


class PeriodRates(NamedTuple):
    """The rates of several indicators over the same 12 months, with a figure of those months."""

    sample: Observation
    rows: tuple[Rates, ...]


class RateRange(NamedTuple):
    """The lowest and the highest rate per 1,000 people among areas of a kind, and how many areas have a rate."""

    low: Decimal
    high: Decimal
    areas: int


class FormerArea(NamedTuple):
    """An area before a boundary change, and the percentage of its land that is in the ward."""

    area: Area
    percent: int


class WithoutRate(NamedTuple):
    """The types of crime for which a rate per resident would mislead, and why."""

    reason: str
    names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RecordsWithoutWard:
    """Records of a borough that have no ward: their count, and all records of the borough over the same months."""

    title: str
    count: Observation
    borough: Observation

    @property
    def percent(self) -> Decimal | None:
        """Return the percentage; None if a figure is withheld or there are no records."""
        if self.count.value is None or not self.borough.value:
            return None
        return rounded(Fraction(self.count.value) * 100 / Fraction(self.borough.value), 1)


@dataclass(frozen=True, kw_only=True)
class WardsPage:
    """All wards on a map, for wide and narrow screens, and in a table.

    `postcodes` is the path of the list that finds a ward, empty if there is none.
    """

    wards: tuple[WardView, ...]
    maps: tuple[Markup, Markup]
    total: Indicator | None
    postcodes: str
    unplaced: tuple[RecordsWithoutWard, ...]
    map: str = ""  # the path of the page with all maps; empty if there is none


@dataclass(frozen=True, kw_only=True)
class WardPage:
    """One ward.

    `lines` are the types of crime, `careful` the guarded indicators and `others` what is no part of recorded crime. `charts` show all
    recorded crime and the type that changed most clearly. `compared` has the rates of the ward, the borough and the
    police force over the newest 12 months that ward and borough share. `former` are the areas that the ward is made of
    since the boundary change. `printable` is the path of the sheet to print. `among` is the chart of this ward among all.
    """

    view: WardView
    total: IndicatorLine | None
    charts: tuple[FigureView, ...]
    lines: tuple[IndicatorLine, ...]
    careful: tuple[IndicatorLine, ...]
    others: tuple[IndicatorLine, ...]
    compared: tuple[PeriodRates, ...]
    unplaced: tuple[RecordsWithoutWard, ...]
    former: tuple[FormerArea, ...]
    figures: tuple[Observation, ...]
    neighbours: tuple[WardView, ...]
    printable: str
    unfit: tuple[WithoutRate, ...] = ()
    among: Chart | None = None
    locator: Markup | None = None  # where the ward is; empty if it has no outline
    beside: tuple[WardView, ...] = ()  # the wards that share a border with it
    unusual: tuple[FunnelPoint, ...] = ()  # the rates that are unusual for a place like this
    within: tuple[WithinWard, ...] = ()  # figures for the parts of the ward

    @property
    def all(self) -> tuple[IndicatorLine, ...]:
        """Return all recorded crime, each type, and everything else that is recorded."""
        return (*((self.total,) if self.total else ()), *self.lines, *self.others, *self.careful)

    @property
    def clear(self) -> tuple[IndicatorLine, ...]:
        """Return the types that clearly rose or fell, in the order of the table."""
        return tuple(
            n
            for n in self.lines
            if n.summary.change and n.summary.change.direction in (Direction.ROSE, Direction.FELL)
        )

    @property
    def steady(self) -> tuple[IndicatorLine, ...]:
        """Return the types with no clear change."""
        changes = ((n, n.summary.change) for n in self.lines)
        return tuple(n for n, c in changes if c and c.direction == Direction.NO_CLEAR_CHANGE)


@dataclass(frozen=True, kw_only=True)
class BriefingPage:
    """A one-page summary of a ward, to print for a meeting; `date` is the newest month of its figures."""

    ward: WardPage
    date: str


@dataclass(frozen=True, kw_only=True)
class ComparePage:
    """The rate of every indicator in every ward and in the borough; `links` are the paths of the wards by code."""

    areas: tuple[Area, ...]
    rows: tuple[Rates, ...]
    links: Mapping[str, str]


class CrimeGroup(NamedTuple):
    """A group of indicators, each over the newest 12, 6 and 3 months; None for months without a figure."""

    name: str
    rows: tuple[tuple[IndicatorLine | None, ...], ...]


class StopTotal(NamedTuple):
    """The newest number of stops and searches in an area, with its rate; None if there is no rate."""

    figure: Observation
    area: Area
    rate: Rate | None


@dataclass(frozen=True, kw_only=True)
class CrimePage:
    """What the police record in the borough now, and rates in other areas."""

    groups: tuple[CrimeGroup, ...]
    rates: tuple[Rates, ...]
    stops: tuple[StopTotal, ...]
    stop_breaks: tuple[Break, ...]
    more: tuple[Link, ...]


class PlaceSummary(NamedTuple):
    """The summary of an indicator in a borough or police force."""

    summary: IndicatorSummary
    area: Area


class WardSummary(NamedTuple):
    """The summary of an indicator in a ward."""

    summary: IndicatorSummary
    ward: WardView


@dataclass(frozen=True, kw_only=True)
class WardMap:
    """An indicator on the map of wards: the maps, the unit of their values, and the summaries that they show."""

    indicator: Indicator
    drawing: ShadedMap
    unit: str
    summaries: tuple[IndicatorSummary, ...]


@dataclass(frozen=True, kw_only=True)
class MapPage:
    """One indicator on the map, with links to the maps of all of them; `path` is the page of the one shown."""

    map: WardMap
    choices: tuple[Link, ...]
    path: str


@dataclass(frozen=True, kw_only=True)
class RecordedParts:
    """The sections that only indicators recorded everywhere have.

    `changes` are over 12, 6 and 3 months in the borough, and `seasons` the same six months of each year. `rates` is the
    chart beside other areas, `by_ward` that of the changes in all wards, and `heat` that of every three months in them;
    None if there is none. `ward_seasons` are the same six months of three years by the code of each ward.
    """

    changes: tuple[IndicatorSummary, ...]
    seasons: tuple[IndicatorSummary, ...]
    places: tuple[PlaceSummary, ...]
    wards: tuple[WardSummary, ...]
    rates: Chart | None
    by_ward: Chart | None
    heat: Chart | None = None
    map: WardMap | None = None
    funnel: Chart | None = None  # the rates of all wards, with what is usual
    borough_funnel: Chart | None = None  # those of all boroughs
    ward_seasons: Mapping[str, tuple[Observation, ...]] = field(default_factory=dict)
    within_wards: str = ""  # the address of the map of neighbourhoods

    @property
    def drawings(self) -> Mapping[str, Chart | None]:
        """Return the charts by the names of their files."""
        return {
            "rates": self.rates,
            "wards": self.by_ward,
            "heat": self.heat,
            "funnel": self.funnel,
            "borough-funnel": self.borough_funnel,
        }


@dataclass(frozen=True, kw_only=True)
class RecordedPage:
    """One indicator that is recorded everywhere: the borough over time, other areas, and the wards."""

    page: FigurePage
    parts: RecordedParts


# --- subjects


class SubjectLink(NamedTuple):
    """A subject, the path of its page, in how many plans it appears, and its first figure; None if none is recorded now."""

    thread: Thread
    path: str
    plans: int
    newest: IndicatorLine | None


@dataclass(frozen=True, kw_only=True)
class SubjectsPage:
    """The subjects that appear in several plans."""

    subjects: tuple[SubjectLink, ...]


class SubjectPriority(NamedTuple):
    """A priority, and why it belongs to the subject; empty if its title says so."""

    priority: PriorityView
    reason: str


class SubjectPlan(NamedTuple):
    """What a plan promised about a subject: whole priorities and single actions."""

    plan: PlanView
    priorities: tuple[SubjectPriority, ...]
    actions: tuple[ActionView, ...]


class IndicatorBreak(NamedTuple):
    """The short title of an indicator, and a break in its series."""

    indicator: str
    break_: Break


@dataclass(frozen=True, kw_only=True)
class SubjectPage:
    """One subject: what each plan promised about it, its figures, and where to get help.

    `current` are the figures that the police still publish.
    """

    thread: Thread
    plans: tuple[SubjectPlan, ...]
    current: tuple[NearFigure, ...]
    earlier: tuple[NearFigure, ...]
    breaks: tuple[IndicatorBreak, ...]
    helpers: tuple[Contact, ...]


# --- report, help, about


class RouteLink(NamedTuple):
    """A way to report and the path of its page."""

    route: Route
    path: str


@dataclass(frozen=True, kw_only=True)
class ReportPage:
    """All ways to report, notes (including ways that have closed), and how much is recorded."""

    routes: tuple[RouteLink, ...]
    notes: tuple[RouteLink, ...]
    figures: tuple[NearFigure, ...]


@dataclass(frozen=True, kw_only=True)
class Situation:
    """A situation, a sentence about it, the ways to report that suit it, notes, and a page that says more.

    If it is about giving a name, each way says how far people can stay anonymous.
    """

    situation: str
    explanation: str
    routes: tuple[RouteLink, ...]
    notes: tuple[RouteLink, ...]
    page: Link | None = None
    is_about_names: bool = False


@dataclass(frozen=True, kw_only=True)
class ChoosePage:
    """Situations, each with the ways to report that suit it."""

    choices: tuple[Situation, ...]


@dataclass(frozen=True, kw_only=True)
class RoutePage:
    """One way to report, and figures on what people report that way."""

    route: Route
    figures: tuple[NearFigure, ...]


class HelpTopic(NamedTuple):
    """A need, a sentence about it, and the services for it."""

    name: str
    explanation: str
    services: tuple[Service, ...]


@dataclass(frozen=True, kw_only=True)
class HelpPage:
    """Where to get help, by need."""

    topics: tuple[HelpTopic, ...]


@dataclass(frozen=True, kw_only=True)
class SourcesPage:
    """Every source, and what the site does not have."""

    sources: tuple[Source, ...]
    gaps: tuple[str, ...]


class LetterTerms(NamedTuple):
    """A letter and the terms that begin with it."""

    letter: str
    terms: tuple[Term, ...]


@dataclass(frozen=True, kw_only=True)
class GlossaryPage:
    """Words and abbreviations by their first letter."""

    letters: tuple[LetterTerms, ...]


@dataclass(frozen=True, kw_only=True)
class SearchPage:
    """The search, and links to the parts of the site for readers without JavaScript.

    `labels` are the names of parent pages and of pages that a synonym leads to, by path. `districts` are the wards of
    each postcode district, such as SE13. `postcodes` is the path of the list that finds a ward, empty if there is none.
    """

    parts: tuple[Link, ...]
    words: SearchWords
    labels: Mapping[str, str]
    districts: Mapping[str, tuple[Link, ...]]
    postcodes: str


class NewestRelease(NamedTuple):
    """The newest release and its day."""

    release: Link
    day: date


@dataclass(frozen=True, kw_only=True)
class HomePage:
    """What residents look for first: their ward, the main figures, the promises, help, and what is new.

    `figures` are the headline figures of the borough. `postcodes` is the path of the list that finds a ward, empty if
    there is none. `crime` is the path of the page about crime now. `next` is the next promised release, or None.
    """

    figures: tuple[IndicatorLine, ...]
    plans: tuple[PlanView, ...]
    postcodes: str
    crime: str
    gaps: tuple[str, ...]
    news: NewestRelease | None
    next: PromisedRelease | None


@dataclass(frozen=True, kw_only=True)
class WrittenPage:
    """A hand-written page: its Markdown below the heading."""

    markdown: str
