"""Divide wards into neighbourhoods: groups of small areas of the Census (LSOAs) with enough residents to have figures.

An LSOA is named after the larger area of the Census (MSOA) that it is in: `Exampleton 012A` is in `Exampleton 012`. The
LSOAs of a ward that are in one MSOA and touch each other are a group. A group with too few residents is joined to the
one with which it shares most border, until every group of the ward is large enough or there is one only. A group that
is large enough for two is cut into the two most equal parts that are each in one piece.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, permutations
from math import atan2, degrees
from pathlib import Path
from typing import Any

import pandas as pd
import shapely

from portal.core.model import Area, Content
from portal.core.places import Lsoa
from portal.core.problems import Problem
from portal.core.small_counts import LEAST_RESIDENTS
from portal.core.text import listed
from portal.core.vocabulary import AreaKind
from portal.disclosure.neighbourhoods import FormerPart
from portal.importers.geography import boundaries, lookups, population_tables
from portal.importers.geography.boundaries import Boundaries, ExactOutlines, Plane, Shape
from portal.importers.geography.population_tables import People
from portal.importers.shared.published_files import Finding, stop

CENSUS = 2021
COLUMNS = ["lsoa", "area", "source", "locator"]
OUTLINES = (".geojson", ".json")
_MSOA = re.compile(r"(.* \d{3})[A-Z]{1,2}")
# Names of the parts of a ward, from the north clockwise, and the first letters of their codes in the same order.
_WAYS = ("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west")
_LETTERS = "ABCDFGHL"
_NUMBERED = "MOPQRTUVYZ"  # the codes of the parts of a ward that has more of them than there are ways
_TURN = 360 / len(_WAYS)
_AXES = ((1, 0), (0, 1), (1, 1), (1, -1))  # along which a large group is cut into two
_TOUCHING = 1.0  # metres of border that two LSOAs share at least if they touch


@dataclass(frozen=True)
class _Group:
    """LSOAs of a ward that belong together: their codes, residents, and outline in metres."""

    lsoas: tuple[str, ...]
    residents: int
    shape: Shape

    def is_enough(self, smallest: int) -> bool:
        """Return True if the group can have figures: with enough residents, and more than one LSOA."""
        return self.residents >= smallest and len(self.lsoas) > 1

    def joined(self, other: "_Group") -> "_Group":
        return _Group(
            tuple(sorted((*self.lsoas, *other.lsoas))),
            self.residents + other.residents,
            shapely.union(self.shape, other.shape),
        )


@dataclass(frozen=True)
class _Neighbourhood:
    """A neighbourhood that was made: its code, name, ward and LSOAs."""

    code: str
    name: str
    ward: str
    group: _Group


@dataclass(frozen=True)
class Division:
    """How to divide wards: the least number of residents of a part, and the neighbourhoods that earlier releases had.

    A code is only ever of the same LSOAs, so none of theirs is given to other ones.
    """

    smallest: int
    former: tuple[FormerPart, ...] = ()


def is_outlines(path: Path) -> bool:
    """Return True if a GeoJSON file has the outlines of LSOAs and not of wards."""
    if path.suffix.lower() not in OUTLINES:
        return False
    lookup = lookups.read(path)
    return lookup.has("lsoa") and not lookup.has("ward")


def read(
    paths: Sequence[Path], content: Content, borough: str, source: str, rules: Division
) -> tuple[Mapping[str, pd.DataFrame], tuple[Finding, ...]]:
    """Return the tables areas, neighbourhoods, boundaries and populations with the neighbourhoods of a district's wards.

    `paths` are the outlines of the LSOAs of 2021 and a table of their residents. Rows of other kinds of area stay as
    they are.

    Raises:
        PortalError: the wards of the LSOAs are not known, or an LSOA has no outline or residents.
    """
    lsoas = _lsoas(content, borough)
    outlines, people = _outlines(paths, lsoas, borough), _people(paths, lsoas)
    plane = Plane.around(outlines.shapes.values())
    made: list[_Neighbourhood] = []
    smallest = rules.smallest
    taken = {(p.code, p.lsoas) for p in rules.former} | {(c, e) for c, e in members(content).items()}
    for ward in sorted({e.area for e in lsoas}):
        shapes = {e.code: plane.metres(outlines.shapes[e.code]) for e in lsoas if e.area == ward}
        groups = _groups([e for e in lsoas if e.area == ward], people.residents, shapes, smallest)
        made += _coded([*_named(content.areas[ward], groups)], taken)
    if len(made) == len({m.ward for m in made}):
        made = []  # no ward is divided, so wards say the same
    exact = {m.code: plane.degrees(m.group.shape, boundaries.DECIMALS + 2) for m in made}
    areas = {
        m.code: Area(source, "", m.code, m.name, AreaKind.NEIGHBOURHOOD, m.ward, None, None) for m in made
    }
    simple = boundaries.simplified(paths[0].name, exact, areas) if made else {}
    drawn = Boundaries(outlines.key, exact, simple, ())
    tables = {
        "areas": _areas(content, made, source),
        "neighbourhoods": _members(made, source),
        "boundaries": _kept(
            content.outlines, boundaries.table(drawn, source).assign(locator=_LOCATOR), content
        ),
        "populations": _kept(content.populations.values(), _residents(made, people, source), content),
    }
    return tables, tuple(_findings(made, content, borough, smallest))


_LOCATOR = "Outlines of the LSOAs of 2021, joined"


def _lsoas(content: Content, borough: str) -> list[Lsoa]:
    """Return the LSOAs of 2021 that are in a present ward of the district."""
    wards = {
        a.code
        for a in content.areas.values()
        if (a.kind, a.parent, a.valid_to) == (AreaKind.WARD, borough, None)
    }
    found = [e for e in content.lsoas if e.census == CENSUS and e.area in wards]
    if not found:
        message = f"The geography package does not say which ward each LSOA of {CENSUS} is in."
        fix = "Import a lookup of LSOAs to wards with the format lsoas first."
        stop([Problem("lsoas", code="missing", message=message, fix=fix)])
    return found


def _outlines(paths: Sequence[Path], lsoas: Sequence[Lsoa], borough: str) -> ExactOutlines:
    files = [p for p in paths if p.suffix.lower() in OUTLINES]
    if not files:
        message = "There is no file with the outlines of LSOAs."
        fix = "Add the boundaries of the LSOAs of 2021 as GeoJSON."
        stop([Problem(paths[0].name, code="missing", message=message, fix=fix)])
    # As if the LSOAs were the wards of the district: all of them must be there, and no other one of it.
    places = {e.code: Area("", "", e.code, e.name, AreaKind.WARD, borough, None, None) for e in lsoas}
    return boundaries.read_exact(files, places)


def _people(paths: Sequence[Path], lsoas: Sequence[Lsoa]) -> People:
    tables = [p for p in paths if p.suffix.lower() not in OUTLINES]
    found = [people for p in tables if (people := population_tables.people_of(p))]
    best = max(found, key=lambda p: sum(e.code in p.residents for e in lsoas), default=None)
    without = [e.name for e in lsoas if best is None or e.code not in best.residents]
    if best is None or without:
        message = f"No table says how many people live in {listed(without[:3])}{' and others' if len(without) > 3 else ''}."
        fix = "Add a table of the Census with the residents of each LSOA of 2021, such as TS021 from Nomis."
        stop([Problem((tables or list(paths))[0].name, code="missing", message=message, fix=fix)])
    assert best is not None  # noqa: S101 - `stop` has raised
    return best


def _groups(
    lsoas: Sequence[Lsoa], residents: Mapping[str, int], shapes: Mapping[str, Shape], smallest: int
) -> list[_Group]:
    """Return the neighbourhoods of a ward: LSOAs of one MSOA that touch, joined or halved to have enough residents."""
    by_msoa: dict[str, list[_Group]] = {}
    for e in sorted(lsoas, key=lambda e: e.code):
        match = _MSOA.fullmatch(e.name)
        by_msoa.setdefault(match[1] if match else e.code, []).append(
            _Group((e.code,), residents[e.code], shapes[e.code])
        )
    singles = {g.lsoas[0]: g for parts in by_msoa.values() for g in parts}
    groups = [g for parts in by_msoa.values() for g in _touching(parts)]
    while len(groups) > 1:
        least = min(groups, key=lambda g: (g.is_enough(smallest), g.residents, g.lsoas))
        if least.is_enough(smallest):
            break
        others = [g for g in groups if g is not least]
        nearest = max(others, key=lambda g: (_border(least, g), -least.shape.distance(g.shape), g.lsoas))
        groups = [*(g for g in others if g is not nearest), least.joined(nearest)]
    while pair := next(((g, h) for g in groups if (h := _halves(g, singles, smallest))), None):
        groups = [*(g for g in groups if g is not pair[0]), *pair[1]]
    return sorted(groups, key=lambda g: g.lsoas)


def _halves(group: _Group, singles: Mapping[str, _Group], smallest: int) -> tuple[_Group, _Group] | None:
    """Return the two most equal parts of a group, each in one piece and large enough; None if there are no two."""
    if group.residents < 2 * smallest:
        return None
    middles = {c: singles[c].shape.centroid for c in group.lsoas}
    found: dict[tuple[int, tuple[str, ...]], tuple[_Group, _Group]] = {}
    for across, up in _AXES:
        order = sorted(group.lsoas, key=lambda c: (across * middles[c].x + up * middles[c].y, c))
        for n in range(2, len(order) - 1):
            sides = [_touching([singles[c] for c in side]) for side in (order[:n], order[n:])]
            if all(len(side) == 1 and side[0].is_enough(smallest) for side in sides):
                first, second = sides[0][0], sides[1][0]
                found[abs(first.residents - second.residents), first.lsoas] = first, second
    return found[min(found)] if found else None


def _touching(parts: Sequence[_Group]) -> list[_Group]:
    """Return the parts joined where they share a border."""
    groups = list(parts)
    while pair := next((p for p in combinations(groups, 2) if _border(*p) >= _TOUCHING), None):
        groups = [*(g for g in groups if g not in pair), pair[0].joined(pair[1])]
    return groups


def _border(a: _Group, b: _Group) -> float:
    """Return how many metres of border two groups share."""
    return float(shapely.intersection(a.shape, b.shape).length)


def _named(ward: Area, groups: Sequence[_Group]) -> Iterator[_Neighbourhood]:
    """Yield the neighbourhoods of a ward, named after where in the ward they are."""
    if len(groups) == 1:
        yield _Neighbourhood(
            f"{_LETTERS[0]}{ward.code[1:]}", f"{ward.name}, whole ward", ward.code, groups[0]
        )
        return
    if len(groups) > len(_NUMBERED) or len(groups) > len(_WAYS) - 2:
        ordered = sorted(groups, key=lambda g: -g.shape.centroid.y)
        for number, (letter, group) in enumerate(zip(_codes(len(groups)), ordered, strict=True), 1):
            yield _Neighbourhood(f"{letter}{ward.code[1:]}", f"{ward.name}, part {number}", ward.code, group)
        return
    turns = [_turn(g, groups) for g in groups]
    chosen = min(
        permutations(range(len(_WAYS)), len(groups)),
        key=lambda ways: sum(_apart(turn, way * _TURN) ** 2 for turn, way in zip(turns, ways, strict=True)),
    )
    for way, group in sorted(zip(chosen, groups, strict=True), key=lambda pair: pair[0]):
        yield _Neighbourhood(
            f"{_LETTERS[way]}{ward.code[1:]}", f"{ward.name}, {_WAYS[way]}", ward.code, group
        )


def _codes(count: int) -> str:
    return (_NUMBERED + _LETTERS)[:count]


def _turn(group: _Group, groups: Sequence[_Group]) -> float:
    """Return in which direction a group lies from the middle of the others, in degrees clockwise from the north."""
    others = shapely.union_all([g.shape for g in groups if g is not group]).centroid
    here = group.shape.centroid
    return degrees(atan2(here.x - others.x, here.y - others.y)) % 360


def _apart(a: float, b: float) -> float:
    return abs((a - b + 180) % 360 - 180)


def _coded(
    made: Sequence[_Neighbourhood], taken: Iterable[tuple[str, frozenset[str]]]
) -> Iterator[_Neighbourhood]:
    """Yield the neighbourhoods of a ward with codes that were never those of other LSOAs.

    One that was there before keeps its code. Another gets the code of its place in the ward, or the next that is free.
    """
    before: dict[str, set[frozenset[str]]] = {}
    for code, lsoas in taken:
        before.setdefault(code, set()).add(lsoas)
    own = {m.code: frozenset(m.group.lsoas) for m in made}
    kept = {
        lsoas: code
        for lsoas in own.values()
        for code, others in sorted(before.items())
        if others == {lsoas} and code[1:] == made[0].ward[1:]
    }
    used = set(kept.values())
    for m in made:
        free = (f"{letter}{m.ward[1:]}" for letter in f"{m.code[0]}{_NUMBERED}{_LETTERS}")
        code = kept.get(own[m.code]) or next(c for c in free if c not in used and c not in before)
        used.add(code)
        yield replace(m, code=code)


def members(content: Content) -> dict[str, frozenset[str]]:
    """Return the LSOAs of each neighbourhood, by its code."""
    found: dict[str, set[str]] = {}
    for row in content.neighbourhoods:
        found.setdefault(row.area, set()).add(row.lsoa)
    return {code: frozenset(lsoas) for code, lsoas in found.items()}


def _areas(content: Content, made: Sequence[_Neighbourhood], source: str) -> pd.DataFrame:
    kept = [a for a in content.areas.values() if a.kind != AreaKind.NEIGHBOURHOOD]
    names = {e.code: e.name for e in content.lsoas}
    fresh = [
        Area(source, f"LSOAs of {CENSUS}: {', '.join(names[c] for c in m.group.lsoas)}. The name and code are our own", m.code, m.name, AreaKind.NEIGHBOURHOOD, m.ward, None, None)
        for m in made
    ]  # fmt: skip
    cells = [[getattr(a, c) or "" for c in lookups.AREA_COLUMNS] for a in (*kept, *fresh)]
    return pd.DataFrame(cells, columns=lookups.AREA_COLUMNS, dtype=object)


def _members(made: Sequence[_Neighbourhood], source: str) -> pd.DataFrame:
    rows = [(c, m.code, source, "Our own grouping") for m in made for c in m.group.lsoas]
    return pd.DataFrame(rows, columns=COLUMNS, dtype=object)


def _residents(made: Sequence[_Neighbourhood], people: People, source: str) -> pd.DataFrame:
    rows = [
        (m.code, str(people.year), str(m.group.residents), people.basis, source, f"The sum of {len(m.group.lsoas)} LSOAs of {CENSUS}")
        for m in made
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=population_tables.COLUMNS, dtype=object)


def _kept(rows: Iterable[Any], fresh: pd.DataFrame, content: Content) -> pd.DataFrame:
    """Return the rows of other kinds of area, followed by the fresh ones."""
    others = [r for r in rows if content.areas[r.area].kind != AreaKind.NEIGHBOURHOOD]
    cells = [[str(getattr(r, c)) for c in fresh.columns] for r in others]
    return pd.concat([pd.DataFrame(cells, columns=fresh.columns, dtype=object), fresh], ignore_index=True)


def _findings(
    made: Sequence[_Neighbourhood], content: Content, borough: str, smallest: int
) -> Iterator[Finding]:
    if not made:
        words = (
            f"No ward of {content.areas[borough].name} has two parts of {smallest:,} residents, so there are no neighbourhoods. "
            f"The setting smallest_area can be lowered, to {LEAST_RESIDENTS:,} at least."
        )
        yield Finding("neighbourhoods", words, {"parts": 0, "whole": 0, "least": 0})
        return
    parts = [m for m in made if sum(o.ward == m.ward for o in made) > 1]
    whole = [m for m in made if m not in parts]
    least = min((m.group.residents for m in parts), default=0)
    words = (
        f"Neighbourhoods of {content.areas[borough].name}: {len(made)}, of which {len(parts)} are parts of a ward, with at least "
        f"{least:,} residents, and {len(whole)} whole wards, which have no two parts of {smallest:,} residents."
    )
    yield Finding("neighbourhoods", words, {"parts": len(parts), "whole": len(whole), "least": least})
