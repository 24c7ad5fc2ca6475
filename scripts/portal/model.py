"""The published content as frozen values, made from packages that have passed every check."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_type_hints

from portal.packages import Package
from portal.tables import Table


@dataclass(frozen=True)
class Cited:
    """Whatever comes out of a document: which one, and where in it."""

    source: str
    locator: str


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
    kind: str
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
    listed: str


@dataclass(frozen=True)
class Measure(Cited):
    """How a plan said that success would be judged."""

    id: str
    priority: str
    action: str
    kind: str
    title: str
    indicator: str


@dataclass(frozen=True)
class Update(Cited):
    """What has been reported since."""

    id: str
    priority: str
    action: str
    date: str
    kind: str
    title: str
    text: str


@dataclass(frozen=True)
class Plan:
    """A published plan or strategy."""

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


@dataclass(frozen=True)
class Indicator:
    """Something that is counted; its figures are observations."""

    id: str
    slug: str
    title: str
    short_title: str
    topic: str
    definition: str
    unit: str
    unit_label: str
    period_type: str
    polarity: str
    chart: str
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
    status: str


@dataclass(frozen=True)
class Claim(Cited):
    """What a document says about its own figures. `part` as for an observation."""

    id: str
    indicator: str
    kind: str
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
class Target(Cited):
    """What was to be reached by when, and what was."""

    id: str
    indicator: str
    title: str
    baseline: str
    baseline_value: Decimal | None
    unit: str
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
class Entry:
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
    state: str
    check_note: str
    checked_on: str
    checked_in: str


@dataclass(frozen=True)
class Route(Contact):
    """A way to report hate crime."""

    how: str
    anonymous: str
    suits: str


@dataclass(frozen=True)
class Service(Contact):
    """A service that helps."""

    topic: str


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
    entries: tuple[Entry, ...]
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


T = TypeVar("T")


def assemble(packages: tuple[Package, ...]) -> Content:
    """Give every row its type. The packages must have passed the checks."""

    def rows(kind: str, resource: str, row: type[T], part: bool = False) -> list[T]:
        found = [p for p in packages if p.kind == kind]
        return [r for p in found for r in _rows(p, resource, row, part)]

    observations: dict[str, list[Observation]] = {}
    for o in rows("indicators", "observations", Observation, part=True):
        observations.setdefault(o.indicator, []).append(o)
    return Content(
        plans=tuple(_plan(p) for p in packages if p.kind == "plan"),
        indicators={i.id: i for i in rows("indicators", "indicators", Indicator)},
        observations={k: tuple(v) for k, v in observations.items()},
        claims=tuple(rows("indicators", "claims", Claim, part=True)),
        breaks=tuple(rows("indicators", "breaks", Break)),
        targets=tuple(rows("indicators", "targets", Target)),
        threads=tuple(rows("threads", "threads", Thread)),
        entries=tuple(rows("threads", "entries", Entry)),
        dashboards=tuple(sorted(rows("dashboards", "dashboards", Dashboard), key=lambda d: d.number)),
        sections=tuple(rows("sources", "sections", Section)),
        breakdowns={k: v for p in packages for k, v in p.breakdowns.items()},
        imports={p.name: tuple(_rows(p, "imports", Import)) for p in packages if "imports" in p.tables},
        routes=tuple(sorted(rows("routes", "routes", Route), key=lambda r: r.number)),
        services=tuple(sorted(rows("services", "services", Service), key=lambda s: s.number)),
        areas={a.code: a for a in rows("geography", "areas", Area)},
        populations={p.area: p for p in sorted(rows("geography", "populations", Population), key=_year)},
        outlines=tuple(rows("geography", "boundaries", Outline)),
        overlaps=tuple(rows("geography", "overlaps", Overlap)),
        postcodes=tuple(rows("geography", "postcodes", Postcode)),
        minimums={i.id: m for p in packages for m in _minimums(p) for i in _rows(p, "indicators", Indicator)},
        sources={s.id: s for s in rows("sources", "sources", Source)},
        terms=tuple(rows("glossary", "terms", Term)),
    )


def _year(p: Population) -> int:
    return p.year


def _minimums(package: Package) -> Iterator[Minimums]:
    """The package's own minimums, if it is one of figures; 0 where it leaves them to the settings."""
    if package.kind == "indicators":
        about = package.portal
        yield Minimums(about.get("ward_minimum", 0), about.get("borough_minimum", 0))


def _plan(package: Package) -> Plan:
    about = package.portal
    return Plan(
        title=about["title"],
        **{k: about[k] for k in ("slug", "short_title", "summary", "starts", "ends", "state")},
        measures_note=about.get("measures_note", ""),
        priority_word=about.get("priority_word", "priority"),
        priorities=tuple(sorted(_rows(package, "priorities", Priority), key=lambda p: p.number)),
        actions=tuple(sorted(_rows(package, "actions", Action), key=lambda a: a.number)),
        measures=tuple(_rows(package, "measures", Measure)),
        updates=tuple(_rows(package, "updates", Update)),
    )


def _rows(package: Package, resource: str, kind: type[T], part: bool = False) -> Iterator[T]:
    if resource not in package.tables:
        return
    table: Table = package.tables[resource]
    hints = get_type_hints(kind)
    names = [f.name for f in fields(kind) if f.name != "part" or not part]  # type: ignore[arg-type]
    for row in table.frame.to_dict("records"):
        values = {n: _typed(hints[n], row[n]) for n in names}
        if part:
            values["part"] = next((row[b] for b in package.breakdowns if row.get(b)), "")
        yield kind(**values)


def _typed(kind: Any, cell: str) -> Any:
    options = get_args(kind) if isinstance(kind, UnionType) else (kind,)
    if cell == "" and NoneType in options:
        return None
    match options[0].__name__:
        case "bool":
            return cell == "true"
        case "int":
            return int(cell)
        case "Decimal":
            return Decimal(cell)
        case "date":
            return date.fromisoformat(cell)
    return cell
