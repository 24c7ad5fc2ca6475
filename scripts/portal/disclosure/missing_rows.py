"""Find guarded figures that have no row although the figures around them do; readers could work these out."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from portal.core.model import Content, FigureKey, Observation
from portal.core.periods import months_between
from portal.core.small_counts import WARD_KINDS, is_guarded, periods_overlap

_DAY = timedelta(days=1)
_INNER_KINDS = (*WARD_KINDS, "borough")
LEFT_OUT = "left out"  # the status of a stand-in for a figure that has no row
NO_ROW = "no row"  # the status of a stand-in for a period that a whole series leaves out
BETWEEN = "between"  # the status of a stand-in for the months by which two published periods differ


def stand_ins(content: Content, figures: Sequence[Observation]) -> Iterator[Observation]:
    """Yield a stand-in for each guarded figure that has no row although the figures around it have one."""
    existing = {o.key for o in figures}
    by_indicator: dict[str, list[Observation]] = defaultdict(list)
    for o in figures:
        by_indicator[o.indicator].append(o)
    missing: dict[FigureKey, Observation] = {}
    for indicator in (i.id for i in content.indicators.values() if is_guarded(i)):
        figures_of_indicator = by_indicator.get(indicator, [])
        for o in (
            *_areas(content, figures_of_indicator),
            *_parts(figures_of_indicator),
            *_members(content, indicator, by_indicator),
            *_differences(figures_of_indicator),
        ):
            if o.key not in existing:
                missing.setdefault(o.key, o)
    yield from missing.values()


def skipped_periods(
    content: Content, figures: Sequence[Observation], places: Mapping[str, Iterable[tuple[date, date]]]
) -> Iterator[Observation]:
    """Yield a stand-in for each period of the same months of the year that a guarded series has no row for.

    `places` are the periods to look at, by area. Nothing else says that the series has a count then, so readers can only
    know it from another series that agrees with this one elsewhere.
    """
    series: dict[tuple[str, str, str], dict[tuple[date, date], Observation]] = defaultdict(dict)
    for o in figures:
        if o.period_start and o.period_end and is_guarded(content.indicators[o.indicator]):
            series[o.indicator, o.area, o.part][o.period_start, o.period_end] = o
    for (_, area, _), rows in series.items():
        seasons = {(start.month, end.month, months_between(start, end)) for start, end in rows}
        like = next(iter(rows.values()))
        for start, end in places.get(area, ()):
            is_alike = (start.month, end.month, months_between(start, end)) in seasons
            if is_alike and (start, end) not in rows:
                yield _stand_in(like, NO_ROW, period_start=start, period_end=end)


def unpublished_wards(content: Content, figures: Sequence[Observation]) -> Iterator[FigureKey]:
    """Yield each guarded figure that has no row for a ward although its borough or another ward has one.

    A ward has no row beside others of the same period, or none of the indicator at all. Such a figure need not follow
    from others, but a text can state it.
    """
    groups: dict[FigureKey, list[Observation]] = defaultdict(list)
    areas: dict[str, set[str]] = defaultdict(set)
    for o in figures:
        if is_guarded(content.indicators[o.indicator]) and not o.part:
            area = content.areas[o.area]
            areas[o.indicator].add(o.area)
            groups[o.key._replace(area=area.parent if area.kind in WARD_KINDS else o.area)].append(o)
    wards: dict[str, list[str]] = defaultdict(list)
    for a in content.areas.values():
        if a.kind == "ward":
            wards[a.parent].append(a.code)
    for key, rows in groups.items():
        existing = {o.area for o in rows}
        beside = inner_areas(content, key.area, rows) - existing if existing - {key.area} else set()
        for code in wards[key.area]:
            if code in beside or code not in areas[key.indicator]:
                yield key._replace(area=code)


def _stand_in(like: Observation, status: str = LEFT_OUT, **more: object) -> Observation:
    return replace(like, value=None, status=status, **more)  # type: ignore[arg-type]


def _areas(content: Content, figures: Sequence[Observation]) -> Iterator[Observation]:
    """Yield the wards, the records without a ward and the boroughs that have no row although others and their total do.

    A total from another source than the rows is passed over, unless the two agree wherever all rows are published.
    """
    groups: dict[tuple[object, ...], list[Observation]] = defaultdict(list)
    totals: dict[tuple[object, ...], Observation] = {}
    for o in figures:
        area, when = content.areas[o.area], (o.part, o.period_start, o.period_end)
        if area.kind in _INNER_KINDS:
            groups[area.parent, *when].append(o)
        totals[o.area, *when] = o
    agreeing = _agreeing(content, groups, totals)
    for k, rows in groups.items():
        total = totals.get(k)
        if total is None or ({o.source for o in rows} != {total.source} and k[0] not in agreeing):
            continue
        for code in sorted(inner_areas(content, k[0], rows)):
            yield _stand_in(rows[0], area=code)


def inner_areas(content: Content, outer: object, rows: Sequence[Observation]) -> set[str]:
    """Return the areas inside another that can have rows beside some others; wards only of the same boundaries."""
    kinds = [content.areas[o.area] for o in rows]
    eras = {(a.valid_from, a.valid_to) for a in kinds if a.kind == "ward"}
    return {
        a.code
        for a in content.areas.values()
        if a.parent == outer
        and (a.kind in ("rest", "borough") or (a.kind == "ward" and (a.valid_from, a.valid_to) in eras))
    }


def _agreeing(
    content: Content,
    groups: Mapping[tuple[object, ...], list[Observation]],
    totals: Mapping[tuple[object, ...], Observation],
) -> set[object]:
    """Return the areas whose total is the sum of all inner areas wherever it and all of them are published."""
    agree: dict[object, bool] = {}
    for k, rows in groups.items():
        values = [o.value for o in rows]
        total = totals[k].value if k in totals else None
        is_complete = None not in values and inner_areas(content, k[0], rows) <= {o.area for o in rows}
        known = sum(v for v in values if v is not None)
        if total is not None and (known > total >= 0 or is_complete):
            agree[k[0]] = agree.get(k[0], True) and known == total
    return {area for area, is_equal in agree.items() if is_equal}


def _parts(figures: Sequence[Observation]) -> Iterator[Observation]:
    """Yield the parts that have no row although other parts and their total do, and that have a row elsewhere."""
    all_parts = dict.fromkeys(o.part for o in figures if o.part)
    groups: dict[tuple[object, ...], dict[str, Observation]] = defaultdict(dict)
    for o in figures:
        groups[o.area, o.period_start, o.period_end][o.part] = o
    for rows in groups.values():
        if "" in rows and len(rows) > 1:
            yield from (_stand_in(rows[""], part=p) for p in all_parts if p not in rows)


def _members(
    content: Content, indicator: str, by_indicator: Mapping[str, list[Observation]]
) -> Iterator[Observation]:
    """Yield the figures for which an indicator has no row although its total and another part of that total have one.

    A period with a break of the indicator inside has no row whatever its count is, so its absence does not say that
    the count is small; readers could still work the count out.
    """
    total = content.indicators[indicator].part_of
    siblings = [i.id for i in content.indicators.values() if i.part_of == total and total]
    breaks = [b.date for b in content.breaks if b.indicator == indicator]
    of_siblings = {o.key[1:] for s in siblings if s != indicator for o in by_indicator.get(s, ())}
    for o in by_indicator.get(total, ()) if total else ():
        if o.key[1:] in of_siblings:
            inside = any(
                o.period_start and o.period_end and o.period_start < b <= o.period_end for b in breaks
            )
            yield _stand_in(o, BETWEEN if inside else LEFT_OUT, indicator=indicator)


def _differences(figures: Sequence[Observation]) -> Iterator[Observation]:
    """Yield the spans by which published periods differ: a longer one less shorter ones, or two that overlap in part."""
    series: dict[tuple[str, str], list[Observation]] = defaultdict(list)
    for o in figures:
        if o.period_start and o.period_end:
            series[o.area, o.part].append(o)
    for rows in series.values():
        ordered = sorted(rows, key=lambda o: (o.period_start, o.period_end))
        starts = [o.period_start for o in ordered]
        for o in rows:
            begun = ordered[bisect_left(starts, o.period_start) : bisect_right(starts, o.period_end)]  # type: ignore[type-var]
            inside = [i for i in begun if i is not o and _is_within(i, o)]
            if inside:
                yield from _gap(o, inside)
        for n, a in enumerate(ordered):
            for b in ordered[n + 1 :]:
                if not periods_overlap(a, b):
                    break
                if not _is_within(a, b) and not _is_within(b, a):
                    yield _stand_in(a, BETWEEN, period_end=b.period_start - _DAY)  # type: ignore[operator]
                    yield _stand_in(b, BETWEEN, period_start=a.period_end + _DAY)  # type: ignore[operator]


def _is_within(inner: Observation, outer: Observation) -> bool:
    a, b, c, d = outer.period_start, inner.period_start, inner.period_end, outer.period_end
    return bool(a and b and c and d and a <= b and c <= d)


def _gap(longer: Observation, inside: Sequence[Observation]) -> Iterator[Observation]:
    """Yield the months that shorter periods leave of a longer one, if they are a single span."""
    gaps, start = [], longer.period_start
    for o in sorted(inside, key=lambda o: (o.period_start, o.period_end)):
        if start and o.period_start and o.period_end:
            if o.period_start > start:
                gaps.append((start, o.period_start - _DAY))
            start = max(start, o.period_end + _DAY)
    if start and longer.period_end and start <= longer.period_end:
        gaps.append((start, longer.period_end))
    if len(gaps) == 1:
        yield _stand_in(longer, period_start=gaps[0][0], period_end=gaps[0][1])
