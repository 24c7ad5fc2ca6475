"""The content of the pages about figures: each indicator, and the overviews."""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from portal.analysis.claims import Verdict
from portal.analysis.group_rates import GroupRates, NoGroupRates
from portal.analysis.measures import IndicatorSummary, Rate
from portal.analysis.outcomes import OutcomeShare
from portal.analysis.part_changes import PartChanges
from portal.charts.map_shading import ShadedMap
from portal.core.citations import Cited
from portal.core.model import (
    Area,
    Break,
    Dashboard,
    Disagreement,
    Indicator,
    Observation,
    Population,
    Target,
)
from portal.core.vocabulary import Unit
from portal.pages.plan_views import FigureView, Link, PlanView, PriorityView
from portal.releases.change_report import WordedChange


class TopicFigures(NamedTuple):
    """The name of a topic and its indicators."""

    name: str
    figures: tuple[FigureView, ...]


@dataclass(frozen=True, kw_only=True)
class IndicatorLine:
    """One indicator in one area: its summary, the path of its page, and its newest quarters in order of time.

    A quarter without a figure is None in `trend`.
    """

    summary: IndicatorSummary
    path: str
    trend: tuple[Observation | None, ...]


class ListedFigure(NamedTuple):
    """An indicator in the list of all figures.

    `name` is its short title, or its title if others have the same short one. `line` is its newest figure in the borough, and how that compares with the one before. It is None if the newest
    figures are for parts or other areas; `others` is then how many there are. `upto` is their month, or "".
    """

    view: FigureView
    name: str
    line: IndicatorLine | None
    others: int
    upto: str
    is_historic: bool


@dataclass(frozen=True, kw_only=True)
class NeighbourhoodRow:
    """A neighbourhood in the table beside its map: its number on the map, its ward, residents, and newest 12 months.

    `earlier` are the 12 months before; `unfit` says that a rate means little in its ward.
    """

    number: int
    area: Area
    ward: Link
    people: Population | None
    figure: Observation
    earlier: Observation | None
    rate: Rate | None
    unfit: bool

    @property
    def printed_rate(self) -> str:
        """Return the rate per 1,000 people as a table prints it."""
        return str(self.rate.value) if self.rate else "not meaningful" if self.unfit else "–"


@dataclass(frozen=True, kw_only=True)
class WithinWard:
    """An indicator in the neighbourhoods of one ward, with the address of its map."""

    indicator: Indicator
    path: str
    rows: tuple[NeighbourhoodRow, ...]


@dataclass(frozen=True, kw_only=True)
class NeighbourhoodsPage:
    """An indicator on the map of neighbourhoods, with links to the same map of rates and of counts; `here` is this one.

    `newer` is a figure of a whole ward for months after those of the map; None if there is none.
    """

    indicator: Indicator
    path: str
    unit: str
    drawing: ShadedMap
    choices: tuple[Link, ...]
    here: str
    rows: tuple[NeighbourhoodRow, ...]
    newer: Observation | None


@dataclass(frozen=True, kw_only=True)
class FiguresPage:
    """All indicators by topic.

    `disagreements` is the number of claims that differ from their figures, and `more` links to pages about all figures.
    """

    topics: tuple[tuple[str, tuple[ListedFigure, ...]], ...]
    disagreements: int
    more: tuple[Link, ...]

    @property
    def has_historic(self) -> bool:
        """Return True if a figure is historic, so that readers can choose."""
        return any(f.is_historic for _, listed in self.topics for f in listed)

    @property
    def summaries(self) -> tuple[IndicatorSummary, ...]:
        """Return the summaries whose figures are in the list."""
        return tuple(f.line.summary for _, listed in self.topics for f in listed if f.line)


@dataclass(frozen=True, kw_only=True)
class FigureRevision:
    """A figure that a release revised or withdrew, in words, or several figures with one reason, named by `figures`."""

    day: date
    release: Link
    line: WordedChange
    figures: tuple[str, ...] = ()


class UsedBy(NamedTuple):
    """A priority, and the titles of its measures that an indicator shows."""

    priority: Link
    measures: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class OutcomesView:
    """What became of offences: the newest share of each area, with links to the figures that it is made from.

    `marks` are the marks of the counts in the table, each with its meaning.
    """

    offences: Link
    outcomes: Link
    note: str
    shares: tuple[OutcomeShare, ...]
    marks: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class FigurePage:
    """One indicator: finding, chart, table, definition, caveats, claims, sources, and its figures in each release.

    `by_part` are the changes of its parts; None if it is not split or no two of its periods can be compared.
    `by_group` are the rates of groups of people, or why there are none; None if it is not split by such groups, which
    `group_kind` names.
    """

    view: FigureView
    polarity: str
    breaks: tuple[Break, ...]
    verdicts: tuple[Verdict, ...]
    used_by: tuple[UsedBy, ...]
    related: tuple[FigureView, ...]
    figures: tuple[Observation, ...]
    citations: tuple[Cited, ...]
    revisions: tuple[FigureRevision, ...]
    outcomes: tuple[OutcomesView, ...] = ()
    archived: tuple[Link, ...] = ()
    by_part: PartChanges | None = None
    by_group: GroupRates | NoGroupRates | None = None
    group_kind: str = ""


class CheckedClaim(NamedTuple):
    """The verdict on a claim, and its indicator."""

    verdict: Verdict
    figure: FigureView


class OtherDisagreement(NamedTuple):
    """A contradiction between sources, and its indicator; None if it is not about one."""

    disagreement: Disagreement
    figure: Link | None


@dataclass(frozen=True, kw_only=True)
class DisagreePage:
    """Claims checked against their figures: those that differ, those that cannot be checked, and how many agree.

    `others` are contradictions that are not about a claim.
    """

    differs: tuple[CheckedClaim, ...]
    unchecked: tuple[CheckedClaim, ...]
    agrees: int
    others: tuple[OtherDisagreement, ...] = ()


class JudgedTarget(NamedTuple):
    """A target, whether it was met, in a word, its indicator, None if it has none, and that indicator's unit."""

    target: Target
    outcome: str
    figure: Link | None
    unit: str

    @property
    def unit_to_reach(self) -> str:
        """Return the unit of the target and its result: a change in per cent, or that of the indicator."""
        return self.target.unit if self.target.unit == Unit.PERCENT_CHANGE else self.unit


@dataclass(frozen=True, kw_only=True)
class TargetsPage:
    """Every target, and whether it was met."""

    targets: tuple[JudgedTarget, ...]


class PriorityCoverage(NamedTuple):
    """How many measures of a priority have a figure, of how many that could have one."""

    priority: PriorityView
    shown: int
    countable: int


class PlanCoverage(NamedTuple):
    """The same for a plan, and for each of its priorities with a measure that could have a figure."""

    plan: PlanView
    shown: int
    countable: int
    priorities: tuple[PriorityCoverage, ...]


@dataclass(frozen=True, kw_only=True)
class CoveragePage:
    """How many measures of each plan and priority have a figure."""

    plans: tuple[PlanCoverage, ...]


class DashboardLink(NamedTuple):
    """A planned dashboard and the path of its page."""

    dashboard: Dashboard
    path: str


@dataclass(frozen=True, kw_only=True)
class DashboardsPage:
    """All planned dashboards."""

    dashboards: tuple[DashboardLink, ...]


@dataclass(frozen=True, kw_only=True)
class DashboardPage:
    """One planned dashboard, with the figures that have been published on its subject."""

    dashboard: Dashboard
    figures: tuple[FigureView, ...]
