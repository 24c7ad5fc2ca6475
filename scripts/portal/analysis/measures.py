"""What the figures mean: sums over months, rates, change and direction of travel.

Pure functions over observations. A withheld figure makes whatever is computed from it withheld.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import wraps
from typing import ParamSpec, TypeVar, cast

from portal.analysis import significance
from portal.core.model import Break, Indicator, Observation
from portal.core.periods import first_day, month_end
from portal.core.vocabulary import ADDED, Status
from portal.disclosure.clearing import ClearedContent, when

# Under this, a percentage says more about chance than about change.
SMALLEST_BASE = 50
NO_CLEAR_CHANGE = "no clear change"
# How far a newest 12-month figure has moved when later releases revised it, as shares, by kind of area (releases of
# 2024 to 2026). A direction is only claimed where it survives that.
REVISION = {"ward": (-0.01, 0.01), "borough": (0.0, 0.05)}

P = ParamSpec("P")
Found = TypeVar("Found")


@dataclass(frozen=True)
class Change:
    """From one figure to a later one.

    `percent` is in whole per cent, and None where the earlier count is under 50; `interval` are the ends of its 95%
    interval, not rounded, None where none is known. `p` is the p-value of the two counts, None where it cannot be tested.
    `direction` is "rose", "fell" or "no clear change", and empty where there is no test.
    """

    earlier: Observation
    later: Observation
    difference: Decimal
    percent: Decimal | None
    direction: str
    p: float | None = None
    interval: tuple[float, float] | None = None


def series(
    released: ClearedContent, indicator: str, area: str = "", part: str | None = None
) -> tuple[Observation, ...]:
    """The figures of an indicator in order of time; of one area or part where given."""
    if area:
        known = released.series.get((indicator, area), ())
    else:
        known = tuple(sorted(released.content.observations.get(indicator, ()), key=when))
    return known if part is None else tuple(o for o in known if o.part == part)


def breaks_of(released: ClearedContent, indicator: str) -> tuple[Break, ...]:
    """The breaks in an indicator's series, earliest first."""
    return tuple(
        sorted((b for b in released.content.breaks if b.indicator == indicator), key=lambda b: b.date)
    )


def broken(earlier: Observation, later: Observation, breaks: tuple[Break, ...]) -> Break | None:
    """The break that stands between two periods or inside one of them, if any."""
    if earlier.period_start is None or later.period_end is None:
        return None
    return next((b for b in breaks if earlier.period_start < b.date <= later.period_end), None)


@dataclass(frozen=True)
class Spread:
    """How much two counts differ by themselves: their dispersion, and how far the later one may still be revised."""

    dispersion: float
    revision: tuple[float, float] = (0.0, 0.0)


def change(
    indicator: Indicator,
    earlier: Observation,
    later: Observation,
    breaks: tuple[Break, ...] = (),
    spread: Spread | None = None,
) -> Change | None:
    """Return the change between two periods, or None where there is none to state.

    None: a figure is withheld or missing, the periods overlap or differ in length, or a break lies between them.
    Counts are tested with their `spread`; without one there is no direction. The direction has to hold for every value
    that the later figure may be revised to.
    """
    if earlier.value is None or later.value is None or broken(earlier, later, breaks):
        return None
    if earlier.period_end is None or later.period_start is None or earlier.period_end >= later.period_start:
        return None
    if earlier.months != later.months:
        return None
    difference = later.value - earlier.value
    if indicator.unit != "count" or min(earlier.value, later.value) < 0:
        return Change(earlier, later, difference, None, "")
    percent = rounded(Fraction(difference) / Fraction(earlier.value) * 100, 0) if earlier.value >= SMALLEST_BASE else None  # fmt: skip
    if spread is None:
        return Change(earlier, later, difference, percent, "")
    before, after = int(earlier.value), int(later.value)
    revised = [after, *(round(after * (1 + share)) for share in spread.revision)]
    p = max(_p_value(before, after, moved, spread.dispersion) for moved in revised)
    ends = significance.interval(before, after, spread.dispersion)
    return Change(earlier, later, difference, percent, _direction(p, difference), p, ends)


def _p_value(earlier: int, later: int, moved: int, dispersion: float) -> float:
    """The p-value where the later count moves to another value; 1 where that turns the change round."""
    if (later - earlier) * (moved - earlier) < 0:
        return 1.0
    return significance.p_value(earlier, moved, dispersion)


def _direction(p: float, difference: Decimal) -> str:
    if p >= significance.LEVEL or not difference:
        return NO_CLEAR_CHANGE
    return "rose" if difference > 0 else "fell"


def spread_of(released: ClearedContent, indicator: str, area: str, newest: bool = False) -> Spread | None:
    """Return how much an indicator's counts differ by themselves in an area; None where that is not known."""
    kind = released.content.areas[area].kind if area in released.content.areas else ""
    known = released.content.dispersions.get((indicator, kind))
    if known is None:
        return None
    return Spread(float(known.dispersion), REVISION.get(kind, (0.0, 0.0)) if newest else (0.0, 0.0))


def compared(
    released: ClearedContent,
    indicator: Indicator,
    earlier: Observation,
    later: Observation,
    newest: bool = False,
) -> Change | None:
    """Return the change between two figures of an indicator, with its breaks and its dispersion in that kind of area.

    `newest` says that the later figure is the newest one, which is likely to be revised.
    """
    spread = spread_of(released, indicator.id, later.area, newest)
    return change(indicator, earlier, later, breaks_of(released, indicator.id), spread)


def yearly(released: ClearedContent, indicator: str, area: str) -> tuple[Observation, ...]:
    """Figures of 12 months each that do not overlap, in order of time; the newest ends with the newest figure."""
    ends = sorted({o.period_end for o in series(released, indicator, area, "") if o.period_end}, reverse=True)
    found: list[Observation] = []
    for end in ends:
        if found and found[-1].period_start and end >= found[-1].period_start:
            continue
        whole = window(released, indicator, area, end, 12)
        if whole:
            found.append(whole)
    return tuple(found[::-1])


def quarters(
    released: ClearedContent, indicator: str, area: str, months: int = 24
) -> tuple[Observation, ...]:
    """Return the figures of three months each that fill the newest `months` months, oldest first; none where one is missing."""
    known = {
        o.period_end: o for o in series(released, indicator, area, "")
        if o.period_end and o.period_start == first_day(o.period_end, 3)
    }  # fmt: skip
    last = newest(released, indicator, area)
    ends = [month_end(last, -n) for n in range(0, months, 3)] if last else []
    return tuple(known[e] for e in reversed(ends)) if known.keys() >= set(ends) else ()


def figures_of(released: ClearedContent, indicator: Indicator) -> tuple[Observation, ...]:
    """The figures that the indicator's chart shows: all, or of one that is recorded everywhere those of the borough."""
    if indicator.chart == "recorded":
        return yearly(released, indicator.id, released.area)
    return series(released, indicator.id)


def latest_change(released: ClearedContent, indicator: Indicator) -> Change | None:
    """The change between the last two periods of a series that is of one area and not split, if there is one."""
    figures = figures_of(released, indicator)
    if len(figures) < 2 or indicator.breakdown or len({o.area for o in figures}) > 1:
        return None
    if indicator.chart == "recorded":
        now = standing(released, indicator, released.area)
        return now.change if now else None
    return compared(released, indicator, figures[-2], figures[-1])


def _once(work: Callable[P, Found]) -> Callable[P, Found]:
    """Has a function of a release, and of what can be told by name, work out nothing twice."""

    @wraps(work)
    def asked(*given: P.args, **named: P.kwargs) -> Found:
        released = cast(ClearedContent, given[0])
        known = work.__name__, *(getattr(g, "id", g) for g in given[1:]), *named.items()
        if known not in released.remembered:
            released.remembered[known] = work(*given, **named)
        return cast(Found, released.remembered[known])

    return asked


@_once
def window(released: ClearedContent, indicator: str, area: str, end: date, months: int) -> Observation | None:
    """Return the figure of `months` months up to `end`: as published, or as the sum of the shorter periods in them.

    None where they do not fill the months without gap or overlap, or where the figures cannot be added up.
    """
    found = tiles(series(released, indicator, area, ""), first_day(end, months), end)
    if found is None or len(found) == 1:
        return found[0] if found else None
    return _summed(found) if released.content.indicators[indicator].unit in ADDED else None


def tiles(known: Sequence[Observation], start: date, end: date) -> tuple[Observation, ...] | None:
    """Return the figures that fill a period without gap or overlap, newest first; None where none do.

    Of those that end on the same day the longest that leads to a whole is taken.
    """
    ending: dict[date, list[tuple[date, Observation]]] = {}
    for o in known:
        if o.period_start and o.period_end and o.period_start >= start:
            ending.setdefault(o.period_end, []).append((o.period_start, o))
    found: list[Observation] = []
    # The figures that are still to be tried after each one taken: the longest first, and each last day only once.
    tries = [_longest_first(ending.pop(end, ()))]
    while tries:
        if not tries[-1]:
            tries.pop()
            found = found[: len(tries) - 1] if tries else []
            continue
        first, o = tries[-1].pop(0)
        found.append(o)
        if first == start:
            return tuple(found)
        tries.append(_longest_first(ending.pop(first - timedelta(days=1), ())))
    return None


def _longest_first(ending: Iterable[tuple[date, Observation]]) -> list[tuple[date, Observation]]:
    return sorted(ending, key=lambda found: found[0])


def _summed(pieces: Sequence[Observation]) -> Observation:
    """Return one figure for several periods that follow each other, newest first."""
    values = [o.value for o in pieces]
    value = None if None in values else sum((v for v in values if v is not None), Decimal(0))
    return replace(pieces[0], period_start=pieces[-1].period_start, value=value, status=_status(pieces))


def _status(pieces: Sequence[Observation]) -> Status:
    """Return the status of a sum.

    It is withheld where one of its figures is. Where another figure is not there, the sum is not available: what is
    too low to show, or does not apply, in one month says nothing of twelve. Otherwise the weightiest of the marks
    that stand beside a number: not comparable, estimated, provisional, revised.
    """
    statuses = {o.status for o in pieces}
    if Status.WITHHELD in statuses:
        return Status.WITHHELD
    if any(o.value is None for o in pieces):
        return Status.NOT_APPLICABLE if statuses == {Status.NOT_APPLICABLE} else Status.NOT_AVAILABLE
    marks = (Status.NOT_COMPARABLE, Status.ESTIMATED, Status.PROVISIONAL, Status.REVISED)
    return next((s for s in marks if s in statuses), Status.PLAIN)


@dataclass(frozen=True)
class Rate:
    """A count for every 1,000 people who lived there when they were counted."""

    value: Decimal
    population: int
    year: int


def rate(released: ClearedContent, o: Observation) -> Rate | None:
    """Return the rate per 1,000 people; None where there is no count, the population is not known, or it means little."""
    if (o.area, o.indicator) in released.content.no_rates:
        return None
    lived = released.content.populations.get(o.area)
    if (
        o.value is None
        or o.value < 0
        or lived is None
        or released.content.indicators[o.indicator].unit != "count"
    ):
        return None
    return Rate(rounded(Fraction(o.value) * 1000 / lived.population, 1), lived.population, lived.year)


@dataclass(frozen=True)
class IndicatorSummary:
    """How an indicator stands in an area: its newest months, the same months a year before, and how they compare.

    `why` says in a word why there is no change to state: "break", "hidden" (a figure without a number) or "none" (no
    earlier figure); `cut` is the break that lies between.
    """

    indicator: Indicator
    latest: Observation
    earlier: Observation | None
    change: Change | None
    why: str
    rate: Rate | None
    cut: Break | None = None


def standing(
    released: ClearedContent, indicator: Indicator, area: str, months: int = 12, end: date | None = None
) -> IndicatorSummary | None:
    """Return the newest figure of `months` months in an area, or the one up to `end`, with the change from a year before.

    None where there is none. The direction of the newest one allows for looking at all indicators of the area at once.
    """
    if indicator.chart == "recorded" and end in (None, newest(released, indicator.id, area)):
        return standings(released, area, months).get(indicator.id)
    return alone(released, indicator, area, months, end)


@_once
def standings(released: ClearedContent, area: str, months: int) -> Mapping[str, IndicatorSummary]:
    """Return how every indicator that is recorded everywhere stands in an area, by its id."""
    own = (i for i in released.content.indicators.values() if i.chart == "recorded")
    found = [s for i in own if (s := alone(released, i, area, months))]
    return {s.indicator.id: s for s in together(found)}


def together(found: Sequence[IndicatorSummary]) -> list[IndicatorSummary]:
    """Return the standings with directions that allow for looking at all of them at once.

    Benjamini and Hochberg's procedure: of the changes that are called clear, about one in twenty is chance.
    """
    tested = [s.change for s in found if s.change and s.change.p is not None]
    adjusted = dict(zip(map(id, tested), significance.adjusted([c.p for c in tested if c.p is not None]), strict=True))  # fmt: skip
    return [
        replace(
            s, change=replace(s.change, direction=_direction(adjusted[id(s.change)], s.change.difference))
        )
        if s.change and id(s.change) in adjusted
        else s
        for s in found
    ]


@_once
def alone(
    released: ClearedContent, indicator: Indicator, area: str, months: int = 12, end: date | None = None
) -> IndicatorSummary | None:
    """Return what `standing` does, with a direction for this change alone."""
    last = end or newest(released, indicator.id, area)
    latest = window(released, indicator.id, area, last, months) if last else None
    if last is None or latest is None:
        return None
    earlier = window(released, indicator.id, area, month_end(last, -12), months)
    is_newest = last == newest(released, indicator.id, area)
    found = compared(released, indicator, earlier, latest, is_newest) if earlier else None
    # A break since the same months a year before explains why they are not there.
    begin = first_day(month_end(last, -12), months)
    cut = next((b for b in breaks_of(released, indicator.id) if begin < b.date <= last), None)
    why = "" if found else "break" if cut else "none" if earlier is None else "hidden"
    return IndicatorSummary(indicator, latest, earlier, found, why, rate(released, latest), cut)


def newest(released: ClearedContent, indicator: str, area: str) -> date | None:
    """The last day of the newest figure of an area."""
    ends = [o.period_end for o in series(released, indicator, area, "") if o.period_end]
    return max(ends, default=None)


def rounded(value: Fraction, decimals: int) -> Decimal:
    """A number to so many decimals, halves away from zero."""
    scaled = value * 10**decimals
    whole = int(abs(scaled) + Fraction(1, 2))
    return Decimal(whole if scaled >= 0 else -whole).scaleb(-decimals)
