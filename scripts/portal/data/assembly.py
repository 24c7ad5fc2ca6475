"""Turn the rows of valid packages into the dataclasses of the model."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from datetime import date
from decimal import Decimal
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_type_hints

from portal.core import field_types
from portal.core.contacts import Route, RouteConnection, Service
from portal.core.duties import Duty, Evidence
from portal.core.measured import Dispersion, OutcomeOf, Revision
from portal.core.meetings import Meeting, MeetingSubject, Paper, PolicePriority, PoliceTeam, Question
from portal.core.model import (
    AcceptedWarning,
    Area,
    Break,
    Claim,
    Content,
    Dashboard,
    Disagreement,
    Import,
    Indicator,
    Minimums,
    Observation,
    Outline,
    Population,
    PromisedRelease,
    ReasonForChange,
    Release,
    ReleaseChange,
    Section,
    Source,
    Surrounding,
    Target,
    Term,
    Thread,
    ThreadEntry,
    WithdrawnFigure,
)
from portal.core.places import Lsoa, NeighbourhoodLsoa, NoRate, Overlap, Postcode, Profile
from portal.core.plans import (
    Action,
    ActionStatus,
    Connection,
    Measure,
    Milestone,
    Plan,
    Priority,
    Update,
    UpdateAction,
)
from portal.data.packages import Package
from portal.data.tables import Table

T = TypeVar("T")


def assemble(packages: tuple[Package, ...]) -> Content:
    """Return the content of packages, which must have passed the checks."""

    def rows(kind: str, resource: str, row: type[T], part: bool = False) -> list[T]:
        return [r for p in packages if p.kind == kind for r in _rows(p, resource, row, part)]

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
        entries=tuple(rows("threads", "entries", ThreadEntry)),
        dashboards=tuple(sorted(rows("dashboards", "dashboards", Dashboard), key=lambda d: d.number)),
        sections=tuple(rows("sources", "sections", Section)),
        breakdowns={k: v for p in packages for k, v in p.breakdowns.items()},
        imports={p.name: tuple(_rows(p, "imports", Import)) for p in packages if "imports" in p.tables},
        routes=tuple(sorted(rows("routes", "routes", Route), key=lambda r: r.number)),
        services=tuple(sorted(rows("services", "services", Service), key=lambda s: s.number)),
        areas={a.code: a for a in rows("geography", "areas", Area)},
        populations={p.area: p for p in sorted(rows("geography", "populations", Population), key=_year)},
        outlines=tuple(rows("geography", "boundaries", Outline)),
        surroundings=tuple(rows("geography", "surroundings", Surrounding)),
        overlaps=tuple(rows("geography", "overlaps", Overlap)),
        no_rates={(n.area, n.indicator): n for n in rows("geography", "no_rates", NoRate)},
        postcodes=tuple(rows("geography", "postcodes", Postcode)),
        lsoas=tuple(rows("geography", "lsoas", Lsoa)),
        neighbourhoods=tuple(rows("geography", "neighbourhoods", NeighbourhoodLsoa)),
        minimums={i.id: m for p in packages for m in _minimums(p) for i in _rows(p, "indicators", Indicator)},
        sources={s.id: s for s in rows("sources", "sources", Source)},
        terms=tuple(rows("glossary", "terms", Term)),
        releases=tuple(rows("releases", "releases", Release)),
        changes=tuple(rows("releases", "changes", ReleaseChange)),
        promises=tuple(sorted(rows("releases", "calendar", PromisedRelease), key=lambda p: p.promised)),
        reasons=tuple(rows("releases", "reasons", ReasonForChange)),
        accepted=tuple(rows("releases", "accepted", AcceptedWarning)),
        dispersions={(d.indicator, d.level): d for d in rows("indicators", "dispersion", Dispersion)},
        outcomes={o.indicator: o for o in rows("indicators", "outcomes", OutcomeOf)},
        revisions={(r.indicator, r.level, r.months): r for r in rows("indicators", "revisions", Revision)},
        disagreements=tuple(rows("sources", "disagreements", Disagreement)),
        route_connections=tuple(rows("routes", "connections", RouteConnection)),
        withdrawals=tuple(rows("releases", "withdrawals", WithdrawnFigure)),
        profiles=tuple(rows("geography", "profiles", Profile)),
        duties=tuple(sorted(rows("duties", "duties", Duty), key=lambda d: d.number)),
        evidence=tuple(rows("duties", "evidence", Evidence)),
        meetings=tuple(sorted(rows("meetings", "meetings", Meeting), key=lambda m: (m.date, m.starts))),
        papers=tuple(sorted(rows("meetings", "papers", Paper), key=lambda p: p.number)),
        questions=tuple(rows("meetings", "questions", Question)),
        meeting_subjects=tuple(rows("meetings", "subjects", MeetingSubject)),
        police_teams=tuple(rows("meetings", "police_teams", PoliceTeam)),
        police_priorities=tuple(
            sorted(rows("meetings", "police_priorities", PolicePriority), key=lambda p: p.number)
        ),
    )


def _year(p: Population) -> int:
    return p.year


def _minimums(package: Package) -> Iterator[Minimums]:
    """Yield the package's own minimums, if it has figures; 0 leaves them to the settings."""
    if package.kind == "indicators":
        about = package.portal
        yield Minimums(about.get("ward_minimum", 0), about.get("borough_minimum", 0))


def _plan(package: Package) -> Plan:
    about = package.portal
    return Plan(
        title=about["title"],
        **{k: about[k] for k in ("slug", "short_title", "summary", "starts", "ends", "state")},
        **{k: about.get(k, "") for k in ("measures_note", "state_note", "ends_note", "lead_note")},
        priority_word=about.get("priority_word", "priority"),
        priorities=tuple(sorted(_rows(package, "priorities", Priority), key=lambda p: p.number)),
        actions=tuple(sorted(_rows(package, "actions", Action), key=lambda a: a.number)),
        measures=tuple(_rows(package, "measures", Measure)),
        updates=tuple(_rows(package, "updates", Update)),
        connections=tuple(_rows(package, "connections", Connection)),
        update_actions=tuple(_rows(package, "update_actions", UpdateAction)),
        milestones=tuple(sorted(_rows(package, "milestones", Milestone), key=lambda m: m.due)),
        statuses=tuple(sorted(_rows(package, "statuses", ActionStatus), key=lambda s: s.date)),
    )


def _rows(package: Package, resource: str, kind: type[T], part: bool = False) -> Iterator[T]:
    if resource not in package.tables:
        return
    table: Table = package.tables[resource]
    hints = get_type_hints(kind)
    names = [f.name for f in fields(kind) if f.name != "part" or not part]  # type: ignore[arg-type]
    typed = [(n, *_reader_of(hints[n])) for n in names]
    for row in table.rows:
        typed_cells = {n: None if none and not row[n] else read(row[n]) for n, read, none in typed}
        if part:
            typed_cells["part"] = next((row[b] for b in package.breakdowns if row.get(b)), "")
        yield kind(**typed_cells)


def _reader_of(kind: Any) -> tuple[Callable[[str], Any], bool]:
    """Return the reader of a field's type, and whether an empty cell is None."""
    options = get_args(kind) if isinstance(kind, UnionType) else (kind,)
    if issubclass(options[0], StrEnum):
        return options[0], NoneType in options
    return _READERS.get(options[0], str), NoneType in options


_READERS: Mapping[Any, Callable[[str], Any]] = {
    bool: field_types.read_boolean,
    int: field_types.read_integer,
    Decimal: field_types.read_number,
    date: field_types.read_date,
}
