"""What stands on each kind of page. The template of a page is named after its class: `PlanPage` and `plan.md.jinja`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from markupsafe import Markup

from portal.analysis.claims import Verdict
from portal.analysis.measures import NO_CLEAR_CHANGE, IndicatorSummary, Rate, rounded
from portal.core.citations import Cited
from portal.core.model import (
    Area,
    Break,
    Contact,
    Dashboard,
    Disagreement,
    Indicator,
    Observation,
    Population,
    PromisedRelease,
    Route,
    Service,
    Source,
    Target,
    Term,
    Thread,
)
from portal.pages.plan_views import ActionView, FigureView, Link, NearFigure, PlanView, PriorityView
from portal.pages.search import SearchWords
from portal.releases.change_report import WordedChange

# --- figures


@dataclass(frozen=True)
class FiguresPage:
    """All indicators by topic; `disagreements` counts the claims that differ; `more` leads to pages about all."""

    topics: tuple[tuple[str, tuple[FigureView, ...]], ...]
    disagreements: int
    more: tuple[Link, ...]


@dataclass(frozen=True)
class Revision:
    """One figure that a release revised or withdrew, in words; or several with one reason, which `figures` names."""

    day: date
    release: Link
    line: WordedChange
    figures: tuple[str, ...] = ()


@dataclass(frozen=True)
class FigurePage:
    """One indicator: finding, chart, table, definition, caveats, claims, sources."""

    view: FigureView
    polarity: str
    breaks: tuple[Break, ...]
    verdicts: tuple[Verdict, ...]
    used_by: tuple[tuple[str, Link], ...]
    related: tuple[FigureView, ...]
    figures: tuple[Observation, ...]
    citations: tuple[Cited, ...]
    revisions: tuple[Revision, ...]


@dataclass(frozen=True)
class DisagreePage:
    """Every claim recomputed: those that differ first, then those that cannot be checked.

    `others` are contradictions that are no claims, each with its figure where it is about one.
    """

    differs: tuple[tuple[Verdict, FigureView], ...]
    unchecked: tuple[tuple[Verdict, FigureView], ...]
    agrees: int
    others: tuple[tuple[Disagreement, Link | None], ...] = ()


@dataclass(frozen=True)
class TargetsPage:
    """Every target with its result in a word, and its indicator where it has one."""

    targets: tuple[tuple[Target, str, Link | None], ...]


@dataclass(frozen=True)
class CoveragePage:
    """How many measures of each plan and priority have a figure."""

    plans: tuple[tuple[PlanView, int, int, tuple[tuple[PriorityView, int, int], ...]], ...]


@dataclass(frozen=True)
class DashboardsPage:
    """The parts of the data programme."""

    dashboards: tuple[tuple[Dashboard, str], ...]


@dataclass(frozen=True)
class DashboardPage:
    """One part of the data programme, with the figures that there are."""

    dashboard: Dashboard
    figures: tuple[FigureView, ...]


# --- places


@dataclass(frozen=True)
class IndicatorLine:
    """One indicator in one area: its standing, the page about it, and its newest figures in order of time.

    In `trend` there is None for a quarter between others that has no figure.
    """

    summary: IndicatorSummary
    path: str
    trend: tuple[Observation | None, ...]


@dataclass(frozen=True)
class WardView:
    """A ward, its address, and how all recorded crime stands there."""

    area: Area
    path: str
    total: IndicatorSummary | None
    population: Population | None


@dataclass(frozen=True)
class Rates:
    """One indicator's rates per 1,000 people in several areas over the same 12 months, in the order of the areas."""

    indicator: Indicator
    path: str
    rates: tuple[tuple[IndicatorSummary | None, Area], ...]


@dataclass(frozen=True)
class RecordsWithoutWard:
    """How many records of a borough name no ward, of how many, and for which months."""

    title: str
    count: Observation
    borough: Observation

    @property
    def percent(self) -> Decimal | None:
        """The share in per cent; None where a figure is withheld or there are no records."""
        if self.count.value is None or not self.borough.value:
            return None
        return rounded(Fraction(self.count.value) * 100 / Fraction(self.borough.value), 1)


@dataclass(frozen=True)
class WardsPage:
    """All wards on a map, for wide and narrow screens, and in a table."""

    wards: tuple[WardView, ...]
    maps: tuple[Markup, Markup]
    total: Indicator | None
    postcodes: str
    unplaced: tuple[RecordsWithoutWard, ...]


@dataclass(frozen=True)
class WardPage:
    """One ward: what changed, each group of offences, the subjects where care is needed, and where it lies.

    `area` is the borough; `charts` are of all recorded crime here and of the kind that says most; `unfit` has the
    kinds of crime for which a rate per resident means little here, by the reason; `compared` has the rates of the ward, the borough and the police force over the newest 12
    months that ward and borough have, each with a figure of those months; `former` are the earlier areas it is made of, with per cent of its land.
    """

    view: WardView
    area: Area
    total: IndicatorLine | None
    charts: tuple[FigureView, ...]
    lines: tuple[IndicatorLine, ...]
    careful: tuple[IndicatorLine, ...]
    compared: tuple[tuple[Observation, tuple[Rates, ...]], ...]
    unplaced: tuple[RecordsWithoutWard, ...]
    former: tuple[tuple[Area, int], ...]
    figures: tuple[Observation, ...]
    neighbours: tuple[WardView, ...]
    printable: str
    unfit: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def all(self) -> tuple[IndicatorLine, ...]:
        """All recorded crime, each kind, and what is shown with care."""
        return (*((self.total,) if self.total else ()), *self.lines, *self.careful)

    @property
    def clear(self) -> tuple[IndicatorLine, ...]:
        """The groups that rose or fell by more than chance, in the order of the table."""
        return tuple(
            n for n in self.lines if n.summary.change and n.summary.change.direction in ("rose", "fell")
        )

    @property
    def steady(self) -> tuple[IndicatorLine, ...]:
        """The groups with no clear change."""
        changes = ((n, n.summary.change) for n in self.lines)
        return tuple(n for n, c in changes if c and c.direction == NO_CLEAR_CHANGE)


@dataclass(frozen=True)
class BriefingPage:
    """One sheet of paper about a ward, for a meeting."""

    ward: WardPage
    date: str


@dataclass(frozen=True)
class ComparePage:
    """Every indicator's rate in every ward and in the borough, to be looked at two by two."""

    areas: tuple[Area, ...]
    rows: tuple[Rates, ...]
    links: Mapping[str, str]


@dataclass(frozen=True)
class CrimePage:
    """What the police record in the borough now: changes over 12, 6 and 3 months, and rates beside other areas."""

    groups: tuple[tuple[str, tuple[tuple[IndicatorLine | None, ...], ...]], ...]
    rates: tuple[Rates, ...]
    stops: tuple[tuple[Observation, Area, Rate | None], ...]
    more: tuple[Link, ...]


@dataclass(frozen=True)
class RecordedPage:
    """One indicator that is recorded everywhere: the borough over time, beside other areas, and ward by ward."""

    page: "FigurePage"
    changes: tuple[IndicatorSummary, ...]
    seasons: tuple[IndicatorSummary, ...]
    places: tuple[tuple[IndicatorSummary, Area], ...]
    wards: tuple[tuple[IndicatorSummary, WardView], ...]


# --- subjects


@dataclass(frozen=True)
class SubjectsPage:
    """The subjects that run through several plans."""

    subjects: tuple[tuple[Thread, str, int], ...]


@dataclass(frozen=True)
class SubjectPage:
    """One subject: what each plan promised about it, its figures, and where to get help.

    A priority comes with why it belongs to the subject, where its title does not say so. `current` figures are those that
    the police still publish.
    """

    thread: Thread
    plans: tuple[tuple[PlanView, tuple[tuple[PriorityView, str], ...], tuple[ActionView, ...]], ...]
    current: tuple[NearFigure, ...]
    earlier: tuple[NearFigure, ...]
    breaks: tuple[tuple[str, Break], ...]
    helpers: tuple[Contact, ...]


# --- report, help, about


@dataclass(frozen=True)
class ReportPage:
    """All ways to report, what else to know (notes and ways of earlier years), and how much is recorded."""

    routes: tuple[tuple[Route, str], ...]
    notes: tuple[tuple[Route, str], ...]
    figures: tuple[NearFigure, ...]


@dataclass(frozen=True)
class ChoosePage:
    """Questions, and the ways to report that answer each, with the notes that belong there."""

    questions: tuple[tuple[str, str, tuple[tuple[Route, str], ...], tuple[tuple[Route, str], ...]], ...]


@dataclass(frozen=True)
class RoutePage:
    """One way to report, and figures on what it reports."""

    route: Route
    figures: tuple[NearFigure, ...]


@dataclass(frozen=True)
class HelpPage:
    """Where to get help, by need."""

    topics: tuple[tuple[str, str, tuple[Service, ...]], ...]


@dataclass(frozen=True)
class SourcesPage:
    """Every source, what is made from it, and what the site does not have."""

    sources: tuple[Source, ...]
    gaps: tuple[str, ...]


@dataclass(frozen=True)
class GlossaryPage:
    """Words and abbreviations by their first letter."""

    letters: tuple[tuple[str, tuple[Term, ...]], ...]


@dataclass(frozen=True)
class SearchPage:
    """The search, and the parts of the site for whoever goes without.

    `labels` are the names of the pages that others stand below, and of those that a search leads to first;
    `districts` has the names and paths of the wards in which each first half of a postcode lies.
    """

    parts: tuple[Link, ...]
    words: SearchWords
    labels: Mapping[str, str]
    districts: Mapping[str, tuple[Link, ...]]
    postcodes: str


@dataclass(frozen=True)
class HomePage:
    """What residents look for first: their ward, the main figures, the promises, help, and what is new.

    `figures` are the headline figures of the borough; `postcodes` is the path of the list that finds a ward, empty
    where there is none; `next` is the next promised release.
    """

    figures: tuple[IndicatorLine, ...]
    plans: tuple[PlanView, ...]
    postcodes: str
    crime: str
    gaps: tuple[str, ...]
    news: tuple[Link, date, str] | None
    next: PromisedRelease | None


@dataclass(frozen=True)
class WrittenPage:
    """A page that is written by hand: its Markdown below the heading."""

    markdown: str
