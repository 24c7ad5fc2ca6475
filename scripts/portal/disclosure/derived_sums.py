"""Sums that readers can make from what is published under one indicator: of its parts, its wards or its shorter periods.

Such a sum can be a withheld count of another indicator, or what that count adds up to, although no row states it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from portal.core.model import Content, FigureKey, Observation
from portal.core.small_counts import WARD_KINDS

_DAY = timedelta(days=1)


def sums(
    content: Content, figures: Sequence[Observation], hidden: Sequence[Observation]
) -> Iterator[Observation]:
    """Yield the sums of published counts that no row states, in the areas and periods of the withheld figures' indicators."""
    existing = {o.key for o in figures}
    groups: dict[FigureKey, list[Observation]] = defaultdict(list)
    for o in figures:
        area = content.areas[o.area]
        if o.part:
            groups[o.key._replace(part="")].append(o)
        if area.kind in WARD_KINDS and area.parent:
            groups[o.key._replace(area=area.parent)].append(o)
    wanted = _periods_by_area(content, figures, hidden)
    series: dict[tuple[str, str, str], list[Observation]] = defaultdict(list)
    for o in figures:
        if o.area in wanted:
            series[o.indicator, o.area, o.part].append(o)
    for (indicator, code, part), rows in series.items():
        for start, end in wanted[code]:
            groups[FigureKey(indicator, code, part, start, end)].extend(tiles(rows, start, end))
    for k, group in groups.items():
        values = [o.value for o in group if o.value is not None]
        if k not in existing and len(values) == len(group) > 1:
            total = sum(values, Decimal(0))
            yield replace(
                group[0], area=k.area, part=k.part, period_start=k.start, period_end=k.end, value=total
            )


def _periods_by_area(
    content: Content, figures: Sequence[Observation], hidden: Sequence[Observation]
) -> Mapping[str, set[tuple[date, date]]]:
    """Return the periods for which the indicators of withheld figures have rows, by area and by the area around it."""
    series = {(o.indicator, o.area) for o in hidden}
    periods: dict[str, set[tuple[date, date]]] = defaultdict(set)
    for o in figures:
        if (o.indicator, o.area) in series and o.period_start and o.period_end:
            for code in (o.area, content.areas[o.area].parent):
                periods[code].add((o.period_start, o.period_end))
    return periods


def tiles(rows: Iterable[Observation], start: date, end: date) -> list[Observation]:
    """Return the figures whose periods follow each other from the first day to the last; none if they leave a gap.

    Of periods that begin on the same day, the longest is taken.
    """
    by_start: dict[date, Observation] = {}
    for o in rows:
        if o.period_start and o.period_end and start <= o.period_start and o.period_end <= end:
            longest = by_start.get(o.period_start)
            if longest is None or (longest.period_end or date.min) < o.period_end:
                by_start[o.period_start] = o
    found: list[Observation] = []
    while start <= end:
        if (tile := by_start.get(start)) is None or not tile.period_end:
            return []
        found.append(tile)
        start = tile.period_end + _DAY
    return found


def is_within(inner: Observation, outer: Observation) -> bool:
    """Return True if the period of one figure lies within that of another."""
    a, b, c, d = outer.period_start, inner.period_start, inner.period_end, outer.period_end
    return bool(a and b and c and d and a <= b and c <= d)
