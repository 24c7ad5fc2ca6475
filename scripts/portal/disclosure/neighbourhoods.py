"""What may be shown for neighbourhoods, the parts of a ward: counts with nothing to protect, and never a part alone.

A neighbourhood lies in one ward, so every sum or difference of published figures is about wards or whole neighbourhoods,
and none is about a smaller area. Its figures are counts of 12 months of indicators that have nothing to protect: else
the wards, which are withheld against each other, would be split a second time.

If a neighbourhood has a count under the minimum, every neighbourhood of its ward is withheld for these months. That
depends only on whether one is small, so a reader learns this and the count of the ward, and nothing else: any table
with the same ward and a small count could have led to the same choice. A neighbourhood that is a whole ward says
nothing that the figure of the ward does not say, and is shown like it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date
from itertools import combinations

from portal.core.model import Area, Content, FigureKey, Observation
from portal.core.periods import MONTHS_OF_YEAR
from portal.core.problems import Problem
from portal.core.settings import SmallCountSettings
from portal.core.small_counts import (
    could_identify,
    forbidden_figure,
    minimum_for,
    periods_overlap,
    top_total,
)
from portal.core.vocabulary import AreaKind, Status, Unit

_TAKE_BACK = (
    "Take the rows of neighbourhoods out, and out of the earlier releases with `portal withdraw`. In the table of imports, "
    "take neighbourhood out of the kinds of area."
)
DIVIDE_AGAIN = (
    "Divide the wards again: `portal import neighbourhoods` with the outlines and the residents of LSOAs. It asks before it "
    "takes out figures of neighbourhoods that change."
)
_TOGETHER = "Clear the values of all neighbourhoods of the ward for these months, and write c under status."


@dataclass(frozen=True)
class FormerPart:
    """A number that an earlier release published for a neighbourhood: its code and name, and the LSOAs that it had then."""

    indicator: str
    code: str
    name: str
    lsoas: frozenset[str]
    start: date | None
    end: date | None


def in_ward(content: Content, ward: str) -> tuple[Area, ...]:
    """Return the neighbourhoods of a ward, ordered by code."""
    inside = (a for a in content.areas.values() if (a.kind, a.parent) == (AreaKind.NEIGHBOURHOOD, ward))
    return tuple(sorted(inside, key=lambda a: a.code))


def is_neighbourhood(content: Content, o: Observation) -> bool:
    """Return True for the figure of a neighbourhood."""
    return content.areas[o.area].kind == AreaKind.NEIGHBOURHOOD


@dataclass(frozen=True)
class TogetherWithheld:
    """Figures after those of neighbourhoods were withheld: how many because they are small, and how many beside them."""

    observations: tuple[Observation, ...]
    small: int
    beside: int


def withhold(
    figures: Sequence[Observation],
    content: Content,
    policy: SmallCountSettings,
    before: Iterable[Observation] = (),
) -> TogetherWithheld:
    """Withhold the neighbourhoods of each ward and period in which one has a count under the minimum.

    `before` are the figures that are public, or were in an earlier release: what was withheld there stays withheld,
    since a reader of both would know that a count is just over the minimum.
    """
    kept = {o.key for o in before if o.status == Status.WITHHELD}
    hidden: set[FigureKey] = set()
    small: set[FigureKey] = set()
    for group in _together(content, figures).values():
        if len(in_ward(content, content.areas[group[0].area].parent)) == 1:
            continue
        under = {o.key for o in group if o.value is not None and o.value < minimum_for(content, policy, o)}
        if under or any(o.key in kept for o in group):
            small |= under
            hidden |= {o.key for o in group}
    cleared = (replace(o, value=None, status=Status.WITHHELD) if o.key in hidden else o for o in figures)
    return TogetherWithheld(tuple(cleared), len(small), len(hidden - small))


def _together(
    content: Content, figures: Iterable[Observation]
) -> dict[tuple[object, ...], list[Observation]]:
    """Return the figures of neighbourhoods by indicator, ward and period."""
    groups: dict[tuple[object, ...], list[Observation]] = defaultdict(list)
    for o in figures:
        if is_neighbourhood(content, o):
            ward = content.areas[o.area].parent
            groups[o.indicator, ward, o.part, o.period_start, o.period_end].append(o)
    return groups


def forbidden_figures(content: Content, policy: SmallCountSettings) -> Iterator[Problem]:
    """Yield a problem for each figure of a neighbourhood that is too detailed or about too few people, or is shown alone."""
    guarded = {top_total(content, i.id) for i in content.indicators.values() if could_identify(i)}
    for indicator in content.indicators.values():
        own = content.observations.get(indicator.id, ())
        figures = [o for o in own if is_neighbourhood(content, o)]
        if figures and top_total(content, indicator.id) in guarded:
            which = "is" if could_identify(indicator) else "belongs to others that are"
            message = (
                f"The indicator {which} protected, so its {len(figures)} figures of neighbourhoods must be withdrawn: "
                "they split wards a second time."
            )
            yield forbidden_figure(content, figures[0], message, _TAKE_BACK)
            continue
        for o in figures:
            yield from _too_detailed(content, policy, o)
        yield from _overlapping(content, figures)
        for group in _together(content, figures).values():
            yield from _alone(content, policy, group)


def divided_otherwise(
    content: Content, earlier: Iterable[tuple[str, Iterable[FormerPart]]]
) -> Iterator[Problem]:
    """Yield a problem for each number of an earlier release that gives away a part of a neighbourhood of today.

    It does if the LSOAs of both overlap and neither has all of the other, or if they overlap and the periods do
    without being the same. `earlier` are the names of releases and what they published for neighbourhoods.
    """
    now: dict[str, set[str]] = defaultdict(set)
    for row in content.neighbourhoods:
        now[row.area].add(row.lsoa)
    releases: dict[FormerPart, str] = {}
    for release, parts in earlier:
        for part in parts:
            releases.setdefault(part, release)
    shown = {
        i: [o for o in content.observations.get(i, ()) if o.area in now and o.value is not None]
        for i in {part.indicator for part in releases}
    }
    found: dict[tuple[str, str], tuple[Observation, FormerPart]] = {}
    for part in releases:
        telling = next((o for o in shown[part.indicator] if _tells(part, o, now[o.area])), None)
        if telling:
            found.setdefault((part.indicator, part.code), (telling, part))
    for o, part in found.values():
        message = (
            f"The release {releases[part]} has a figure of {part.name} ({part.code}), which had other areas of the Census or other "
            "months then. Together with this figure it gives away a smaller area, or a few months."
        )
        fix = f'Take it back first: portal withdraw {part.indicator} --area {part.code} --reason "Neighbourhoods were divided again."'
        yield forbidden_figure(content, o, message, fix)


def _tells(part: FormerPart, o: Observation, lsoas: Set[str]) -> bool:
    """Return True if a number of an earlier release and one of today give away a smaller area or a few months."""
    if None in (part.start, part.end, o.period_start, o.period_end) or not part.lsoas & lsoas:
        return False
    if (part.start, part.end) == (o.period_start, o.period_end):
        return not (part.lsoas <= lsoas or lsoas <= part.lsoas)
    return part.start <= o.period_end and o.period_start <= part.end  # type: ignore[operator]


def _too_detailed(content: Content, policy: SmallCountSettings, o: Observation) -> Iterator[Problem]:
    if content.indicators[o.indicator].unit != Unit.COUNT or o.months != MONTHS_OF_YEAR or o.part:
        message = "A figure for a neighbourhood must be a count of exactly 12 months, and not split by type."
        yield forbidden_figure(content, o, message, "Take the row out.")
    people = content.populations.get(o.area)
    is_whole = len(in_ward(content, content.areas[o.area].parent)) == 1
    if not is_whole and (people is None or people.population < policy.smallest_area):
        known = (
            f"has {people.population:,} residents"
            if people
            else "has no residents in the table of populations"
        )
        message = (
            f"This neighbourhood {known}, and a part of a ward must have at least {policy.smallest_area:,}."
        )
        yield forbidden_figure(content, o, message, DIVIDE_AGAIN)


def _overlapping(content: Content, figures: Sequence[Observation]) -> Iterator[Problem]:
    """Yield periods of a neighbourhood that overlap: their difference is a count of a few months."""
    by_area: dict[str, list[Observation]] = defaultdict(list)
    for o in figures:
        by_area[o.area].append(o)
    for rows in by_area.values():
        for a, b in combinations(rows, 2):
            if a.key != b.key and periods_overlap(a, b):
                message = f"These 12 months overlap those up to {a.period_end}. Together they give away a few months."
                yield forbidden_figure(content, b, message, "Keep only one of the two.")


def _alone(content: Content, policy: SmallCountSettings, group: Sequence[Observation]) -> Iterator[Problem]:
    """Yield a problem if neighbourhoods of a ward are shown although another is small, withheld or left out."""
    inside = in_ward(content, content.areas[group[0].area].parent)
    shown = [o for o in group if o.value is not None]
    if len(inside) == 1 or not shown:
        return
    for o in shown:
        if o.value is not None and o.value < (least := minimum_for(content, policy, o)):
            message = f"A count of {o.value} in a part of a ward is under {least}."
            yield forbidden_figure(content, o, message, _TOGETHER)
    if len(shown) < len(inside):
        message = "Another neighbourhood of this ward is withheld or left out, and follows from this one and the ward."
        yield forbidden_figure(content, shown[0], message, _TOGETHER)
