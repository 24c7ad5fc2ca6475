"""Compute what figures mean: sums over months, rates, changes and their direction.

These are pure functions of observations. Anything computed from a withheld figure is withheld.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import wraps
from typing import ParamSpec, TypeVar, cast

from portal.analysis import significance
from portal.core.measured import Revision
from portal.core.model import Break, Indicator, Observation
from portal.core.periods import first_day, month_end
from portal.core.small_counts import WARD_KINDS
from portal.core.vocabulary import (
    ADDABLE_UNITS,
    ChartKind,
    Direction,
    Meaning,
    NoChange,
    PeriodType,
    Polarity,
    Status,
    Unit,
)
from portal.disclosure.clearing import ClearedContent, period_order

# Below this, a percentage reflects chance more than change.
SMALLEST_BASE = 50
# How far later releases revised the newest 12-month figure, as shares, by kind of area (releases of 2024 to 2026).
# Claim a direction only if it survives such a revision.
REVISION = {"ward": (-0.01, 0.01), "borough": (0.0, 0.05)}
# A figure is compared with its first, its highest and its lowest year, besides the year before.
_LONG_COMPARISONS = 3

P = ParamSpec("P")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Change:
    """The change from one figure to a later one.

    `difference` is in the unit of the figures. `percent` is in whole per cent, and None if the earlier count is under
    50. `interval` holds the ends of its 95% interval in per cent, not rounded; None if not known. `p` is the p-value of
    the two counts; None if they cannot be tested.
    """

    earlier: Observation
    later: Observation
    difference: Decimal
    percent: Decimal | None
    direction: Direction
    p: float | None = None
    interval: tuple[float, float] | None = None


def series(
    released: ClearedContent, indicator: str, area: str = "", part: str | None = None
) -> tuple[Observation, ...]:
    """Return the figures of an indicator, earliest first; only of `area` and `part` if given ("" is all parts together)."""
    if area:
        known = released.series.get((indicator, area), ())
    else:
        known = tuple(sorted(released.content.observations.get(indicator, ()), key=period_order))
    return known if part is None else tuple(o for o in known if o.part == part)


def breaks_of(released: ClearedContent, indicator: str) -> tuple[Break, ...]:
    """Return the breaks in an indicator's time series, earliest first."""
    return tuple(
        sorted((b for b in released.content.breaks if b.indicator == indicator), key=lambda b: b.date)
    )


def broken(earlier: Observation, later: Observation, breaks: tuple[Break, ...]) -> Break | None:
    """Return the first break between two periods or inside one of them; None if there is none.

    `date` is the first day of the new way of recording, so a break on the first day of `earlier` does not count.
    """
    if earlier.period_start is None or later.period_end is None:
        return None
    return next((b for b in breaks if earlier.period_start < b.date <= later.period_end), None)


@dataclass(frozen=True)
class Spread:
    """How much counts vary without real change.

    `dispersion` is variance divided by mean; `revision` is how far the later count may be revised, as shares down and up.
    """

    dispersion: float
    revision: tuple[float, float] = (0.0, 0.0)


def change(
    indicator: Indicator,
    earlier: Observation,
    later: Observation,
    breaks: tuple[Break, ...] = (),
    spread: Spread | None = None,
) -> Change | None:
    """Return the change between two periods.

    None if a figure is withheld or missing, the periods overlap or differ in length, or there is a break between them.
    Counts are tested with their `spread`; without one there is no direction. The direction must hold for every value
    that the later figure may be revised to.
    """
    if earlier.value is None or later.value is None or broken(earlier, later, breaks):
        return None
    if earlier.period_end is None or later.period_start is None or earlier.period_end >= later.period_start:
        return None
    if earlier.months != later.months:
        return None
    difference = later.value - earlier.value
    if indicator.unit != Unit.COUNT or min(earlier.value, later.value) < 0:
        return Change(earlier, later, difference, None, Direction.UNTESTED)
    percent = rounded(Fraction(difference) / Fraction(earlier.value) * 100, 0) if earlier.value >= SMALLEST_BASE else None  # fmt: skip
    if spread is None:
        return Change(earlier, later, difference, percent, Direction.UNTESTED)
    before, after = int(earlier.value), int(later.value)
    revised = [after, *(round(after * (1 + share)) for share in spread.revision)]
    p = max(_p_value(before, after, count, spread.dispersion) for count in revised)
    ends = significance.interval(before, after, spread.dispersion)
    return Change(earlier, later, difference, percent, _direction(p, difference), p, ends)


def _p_value(earlier: int, later: int, revised: int, dispersion: float) -> float:
    """Return the p-value if the later count is revised to `revised`; 1 if that reverses the change."""
    if (later - earlier) * (revised - earlier) < 0:
        return 1.0
    return significance.p_value(earlier, revised, dispersion)


def _direction(p: float, difference: Decimal) -> Direction:
    if p >= significance.LEVEL or not difference:
        return Direction.NO_CLEAR_CHANGE
    return Direction.ROSE if difference > 0 else Direction.FELL


def is_clear_over_years(change: Change | None) -> bool:
    """Return True if the change from an earlier year is clear, although two other years could have been chosen.

    Three comparisons are looked at together, so each must hold at a third of the usual level.
    """
    if change is None or change.p is None or change.direction not in (Direction.ROSE, Direction.FELL):
        return False
    return change.p * _LONG_COMPARISONS < significance.LEVEL


def spread_of(released: ClearedContent, indicator: str, area: str, newest: bool = False) -> Spread | None:
    """Return how much an indicator's counts in an area vary without real change; None if not known."""
    kind = released.content.areas[area].kind if area in released.content.areas else ""
    known = released.content.dispersions.get((indicator, kind))
    if known is None:
        return None
    return Spread(float(known.dispersion), REVISION.get(kind, (0.0, 0.0)) if newest else (0.0, 0.0))


def revision_of(released: ClearedContent, o: Observation) -> Revision | None:
    """Return how far later files usually change a provisional figure; None for other figures, or if it is not known."""
    if o.status != Status.PROVISIONAL or o.value is None:
        return None
    return released.content.revisions.get((o.indicator, released.content.areas[o.area].kind, o.months))


def revision_band(released: ClearedContent, o: Observation) -> int:
    """Return by how many a provisional count is usually changed at most, up or down, at least 1.

    0 if it is not changed, if that is not known, or if the figure is no count.
    """
    known = revision_of(released, o)
    is_count = released.content.indicators[o.indicator].unit == Unit.COUNT
    if known is None or not known.percent or o.value is None or not is_count:
        return 0
    return max(1, math.ceil(Fraction(abs(o.value)) * Fraction(known.percent) / 100))


def compared(
    released: ClearedContent,
    indicator: Indicator,
    earlier: Observation,
    later: Observation,
    newest: bool = False,
) -> Change | None:
    """Return the change between two figures of an indicator, using its breaks and its dispersion for that kind of area.

    Set `newest` if the later figure is the newest one, which is likely to be revised. None as for `change`.
    """
    spread = spread_of(released, indicator.id, later.area, newest)
    return change(indicator, earlier, later, breaks_of(released, indicator.id), spread)


def yearly(released: ClearedContent, indicator: str, area: str) -> tuple[Observation, ...]:
    """Return figures for 12 months each that do not overlap, earliest first; the last ends with the newest figure."""
    ends = sorted({o.period_end for o in series(released, indicator, area, "") if o.period_end}, reverse=True)
    years: list[Observation] = []
    for end in ends:
        if years and years[-1].period_start and end >= years[-1].period_start:
            continue
        year = window(released, indicator, area, end, 12)
        if year:
            years.append(year)
    return tuple(years[::-1])


def rolling(released: ClearedContent, indicator: str, area: str) -> tuple[Observation, ...]:
    """Return the figures for 12 months up to each date with a figure, earliest first.

    Leave out windows with a break in series inside, because they mix two ways of counting; but keep the newest.
    """
    ends = sorted({o.period_end for o in series(released, indicator, area, "") if o.period_end})
    windows = [o for end in ends if (o := window(released, indicator, area, end, 12))]
    breaks = breaks_of(released, indicator)
    return tuple(o for o in windows if o is windows[-1] or not broken(o, o, breaks))


def quarters(
    released: ClearedContent, indicator: str, area: str, months: int = 24
) -> tuple[Observation, ...]:
    """Return the figures of three months each that fill the newest `months` months, oldest first; empty if one is missing."""
    known = {
        o.period_end: o for o in series(released, indicator, area, "")
        if o.period_end and o.period_start == first_day(o.period_end, 3)
    }  # fmt: skip
    last = newest(released, indicator, area)
    ends = [month_end(last, -n) for n in range(0, months, 3)] if last else []
    return tuple(known[e] for e in reversed(ends)) if known.keys() >= set(ends) else ()


def figures_of(released: ClearedContent, indicator: Indicator) -> tuple[Observation, ...]:
    """Return the figures that the chart of an indicator shows.

    These are all its figures, or the rolling 12 months of the borough if it is recorded everywhere. A chart of areas
    leaves out wards beside boroughs, and shows the newest of several years.
    """
    if indicator.chart == ChartKind.RECORDED:
        return rolling(released, indicator.id, released.area)
    figures = series(released, indicator.id)
    if indicator.chart == ChartKind.AREAS:
        figures = (
            tuple(o for o in figures if released.content.areas[o.area].kind not in WARD_KINDS) or figures
        )
        if indicator.period_type == PeriodType.YEAR_TO:
            newest = max((o.period_end for o in figures if o.period_end), default=None)
            figures = tuple(o for o in figures if o.period_end == newest)
    return figures


def latest_change(released: ClearedContent, indicator: Indicator) -> Change | None:
    """Return the change between the last two periods of a series for one area without a breakdown; None if there is none."""
    figures = figures_of(released, indicator)
    if len(figures) < 2 or indicator.breakdown or len({o.area for o in figures}) > 1:
        return None
    if indicator.chart == ChartKind.RECORDED:
        now = standing(released, indicator, released.area)
        return now.change if now else None
    return compared(released, indicator, figures[-2], figures[-1])


def memoised(work: Callable[P, Result]) -> Callable[P, Result]:
    """Memoise a function per release; its other arguments must be hashable or have an `id`."""

    @wraps(work)
    def remembering(*args: P.args, **kwargs: P.kwargs) -> Result:
        released = cast(ClearedContent, args[0])
        key = work.__name__, *(getattr(a, "id", a) for a in args[1:]), *kwargs.items()
        if key not in released.remembered:
            released.remembered[key] = work(*args, **kwargs)
        return cast(Result, released.remembered[key])

    return remembering


@memoised
def window(released: ClearedContent, indicator: str, area: str, end: date, months: int) -> Observation | None:
    """Return the figure for the `months` months to `end`, as published or as the sum of shorter periods.

    None if shorter periods do not fill the months without gap or overlap, or if the figures cannot be added up.
    """
    pieces = tiles(series(released, indicator, area, ""), first_day(end, months), end)
    if pieces is None or len(pieces) == 1:
        return pieces[0] if pieces else None
    return _summed(pieces) if released.content.indicators[indicator].unit in ADDABLE_UNITS else None


def tiles(known: Sequence[Observation], start: date, end: date) -> tuple[Observation, ...] | None:
    """Return the figures that fill a period without gap or overlap, newest first; None if none do.

    Of figures that end on the same day, take the longest that allows the rest to be filled.
    """
    ending: dict[date, list[tuple[date, Observation]]] = {}
    for o in known:
        if o.period_start and o.period_end and o.period_start >= start:
            ending.setdefault(o.period_end, []).append((o.period_start, o))
    taken: list[Observation] = []
    # The figures still to try after each one taken: the longest first, and each last day only once.
    tries = [_longest_first(ending.pop(end, ()))]
    while tries:
        if not tries[-1]:
            tries.pop()
            taken = taken[: len(tries) - 1] if tries else []
            continue
        first, o = tries[-1].pop(0)
        taken.append(o)
        if first == start:
            return tuple(taken)
        tries.append(_longest_first(ending.pop(first - timedelta(days=1), ())))
    return None


def _longest_first(ending: Iterable[tuple[date, Observation]]) -> list[tuple[date, Observation]]:
    return sorted(ending, key=lambda start_and_figure: start_and_figure[0])


def _summed(pieces: Sequence[Observation]) -> Observation:
    """Return one figure for several periods that follow each other, newest first."""
    values = [o.value for o in pieces]
    value = None if None in values else sum((v for v in values if v is not None), Decimal(0))
    return replace(pieces[0], period_start=pieces[-1].period_start, value=value, status=_status(pieces))


def _status(pieces: Sequence[Observation]) -> Status:
    """Return the status of a sum.

    It is withheld if one of its figures is. If another figure has no number, the sum is not available: "too low to show"
    or "does not apply" in one month says nothing about twelve. Otherwise it is the most important of the marks beside
    the numbers: not comparable, estimated, provisional, revised.
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
    """A count per 1,000 residents, rounded to one decimal, with the population and its year."""

    value: Decimal
    population: int
    year: int


def rate(released: ClearedContent, o: Observation) -> Rate | None:
    """Return the rate per 1,000 people; None if there is no count, no known population, or the rate means little."""
    if (o.area, o.indicator) in released.content.no_rates:
        return None
    residents = released.content.populations.get(o.area)
    if (
        o.value is None
        or o.value < 0
        or residents is None
        or released.content.indicators[o.indicator].unit != Unit.COUNT
    ):
        return None
    return Rate(
        rounded(Fraction(o.value) * 1000 / residents.population, 1), residents.population, residents.year
    )


@dataclass(frozen=True)
class IndicatorSummary:
    """The newest figure of an indicator in an area, the figure a year earlier, and how they compare.

    `earlier` is None if there is no figure for the same months a year earlier. `change` is None if the two cannot be
    compared, and `no_change` says why. `cut` is the break in series between them. `rate` is None as for `rate`.
    """

    indicator: Indicator
    latest: Observation
    earlier: Observation | None
    change: Change | None
    no_change: NoChange
    rate: Rate | None
    cut: Break | None = None


def standing(
    released: ClearedContent, indicator: Indicator, area: str, months: int = 12, end: date | None = None
) -> IndicatorSummary | None:
    """Return the newest figure for `months` months in an area, or the one up to `end`, with the change in a year.

    None if there is no figure. The direction of the newest one allows for looking at all indicators of the area at once.
    """
    if indicator.chart == ChartKind.RECORDED and end in (None, newest(released, indicator.id, area)):
        return standings(released, area, months).get(indicator.id)
    return alone(released, indicator, area, months, end)


@memoised
def standings(released: ClearedContent, area: str, months: int) -> Mapping[str, IndicatorSummary]:
    """Return the summary in an area of each indicator that is recorded in every area, by its id."""
    known = released.content.indicators
    recorded = [i for i in known.values() if i.chart == ChartKind.RECORDED]
    summaries = {i.id: s for i in recorded if (s := alone(released, i, area, months))}
    # A part of a type of crime would count that type twice, so it is tested without changing the results of the others.
    within = {i.id for i in recorded if i.part_of in known and known[i.part_of].part_of}
    family = [s for i, s in summaries.items() if i not in within]
    tested = {s.indicator.id: s for s in together(family)}
    return {i: tested.get(i) or together([*family, s])[-1] for i, s in summaries.items()}


def together(summaries: Sequence[IndicatorSummary]) -> list[IndicatorSummary]:
    """Return the summaries with directions that allow for multiple testing, as `tested_together` does."""
    changes = tested_together([s.change for s in summaries])
    return [replace(s, change=c) for s, c in zip(summaries, changes, strict=True)]


def tested_together(changes: Sequence[Change | None]) -> list[Change | None]:
    """Return changes with directions that allow for multiple testing; changes without a test are returned unchanged.

    By the procedure of Benjamini and Hochberg (1995): of the changes that are called clear, about one in twenty is chance.
    """
    adjusted = iter(significance.adjusted([c.p for c in changes if c and c.p is not None]))
    return [
        replace(c, direction=_direction(next(adjusted), c.difference)) if c and c.p is not None else c
        for c in changes
    ]


@memoised
def alone(
    released: ClearedContent, indicator: Indicator, area: str, months: int = 12, end: date | None = None
) -> IndicatorSummary | None:
    """Return the same as `standing`, but test the direction of this change alone."""
    last = end or newest(released, indicator.id, area)
    latest = window(released, indicator.id, area, last, months) if last else None
    if last is None or latest is None:
        return None
    earlier = window(released, indicator.id, area, month_end(last, -12), months)
    is_newest = last == newest(released, indicator.id, area)
    year_change = compared(released, indicator, earlier, latest, is_newest) if earlier else None
    # A break since the same months a year earlier can be the reason why there is no figure for them.
    begin = first_day(month_end(last, -12), months)
    cut = next((b for b in breaks_of(released, indicator.id) if begin < b.date <= last), None)
    no_change = (
        NoChange.COMPARED if year_change
        else NoChange.BREAK if cut
        else NoChange.NO_EARLIER if earlier is None
        else NoChange.NO_NUMBER
    )  # fmt: skip
    return IndicatorSummary(indicator, latest, earlier, year_change, no_change, rate(released, latest), cut)


def meaning(s: IndicatorSummary) -> Meaning:
    """Return what a clear change means by the indicator's polarity; `NEUTRAL` without a clear change."""
    if s.change is None or s.change.direction not in (Direction.ROSE, Direction.FELL):
        return Meaning.NEUTRAL
    good = {
        Polarity.LOWER_IS_BETTER.value: Direction.FELL,
        Polarity.HIGHER_IS_BETTER.value: Direction.ROSE,
    }.get(s.indicator.polarity)
    if good is None:
        return Meaning.NEUTRAL
    return Meaning.BETTER if s.change.direction == good else Meaning.WORSE


def newest(released: ClearedContent, indicator: str, area: str) -> date | None:
    """Return the last day of the newest figure of an area; None if there is none."""
    ends = [o.period_end for o in series(released, indicator, area, "") if o.period_end]
    return max(ends, default=None)


def in_same_months(
    released: ClearedContent, indicator: Indicator, areas: Iterable[str], months: int = 12
) -> dict[str, IndicatorSummary]:
    """Return the summaries of an indicator in areas over the newest `months` months that any of them has, by area code.

    Areas without these months are left out, so that no figures of different months are beside each other.
    """
    codes = tuple(areas)
    end = max((e for a in codes if (e := newest(released, indicator.id, a))), default=None)
    if end is None:
        return {}
    return {a: s for a in codes if (s := standing(released, indicator, a, months, end))}


def rounded(value: Fraction, decimals: int) -> Decimal:
    """Return a number rounded to `decimals` decimals, halves away from zero."""
    scaled = value * 10**decimals
    whole = int(abs(scaled) + Fraction(1, 2))
    return Decimal(whole if scaled >= 0 else -whole).scaleb(-decimals)
