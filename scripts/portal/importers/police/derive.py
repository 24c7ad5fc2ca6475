"""Turn monthly counts into the figures that are published: which periods, which areas, and what is withheld.

Most indicators get counts of three months. If a ward's figures could identify a person they are for 12 months, and
then the borough has 12 months too, so that small ward figures can be withheld.
"""

from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd

from portal.core import small_counts
from portal.core.model import Content, Import, Observation
from portal.core.periods import MONTHS_OF_YEAR
from portal.core.settings import Settings
from portal.core.vocabulary import PeriodType, Status
from portal.disclosure.families import EarlierRelease
from portal.disclosure.withholding import Withheld, withhold
from portal.importers.shared.published_files import Counts
from portal.importers.shared.published_periods import FiguresOfPeriods

# The newest months, which the next files change most.
UNSETTLED_MONTHS = 3
Span = tuple[str, str]  # first and last month, such as 2025-04 and 2025-06


@dataclass(frozen=True)
class Origin:
    """The rows that say which series goes to which indicator, the id of the source, and the last month to use.

    `is_provisional` says that the publisher still changes the newest months.
    """

    imports: tuple[Import, ...]
    source: str
    until: str = ""
    is_provisional: bool = False


def figures(
    counts: Counts | FiguresOfPeriods,
    origin: Origin,
    content: Content,
    settings: Settings,
    past: Sequence[EarlierRelease] = (),
) -> Withheld:
    """Return the figures to publish, after small ones are withheld, also from readers of the `past` releases.

    Raises `PortalError` if one cannot be hidden.
    """
    published = published_of(origin, content)
    borough = settings.site.area
    if isinstance(counts, FiguresOfPeriods):
        return withhold(
            published_drafts(counts, origin, content, borough), content, settings.disclosure, published, past
        )
    fresh = beside(published, drafts(counts, origin, content, borough), content)
    withheld = _without_splits(
        withhold(fresh, content, settings.disclosure, published, past), published, content
    )
    if not origin.is_provisional:
        return withheld
    newest = _newest(counts, published, content)
    marked = tuple(_provisional(o, newest, content) for o in withheld.observations)
    return replace(withheld, observations=marked)


def _without_splits(withheld: Withheld, published: Sequence[Observation], content: Content) -> Withheld:
    """Return the figures without any that split a withheld part, such as searches whose ethnic group is not stated."""
    fresh = {o.key for o in withheld.observations}
    every = (*withheld.observations, *(o for o in published if o.key not in fresh))
    telling = {
        (o.indicator, o.area, o.period_start, o.period_end)
        for o in small_counts.splits_of_withheld(content, every)
    }
    kept = tuple(
        o for o in withheld.observations if (o.indicator, o.area, o.period_start, o.period_end) not in telling
    )
    return replace(withheld, observations=kept)


def _newest(counts: Counts, published: Iterable[Observation], content: Content) -> dict[str, str]:
    """Return the newest month by kind of area, in the files and in what is published."""
    newest: dict[str, str] = {}
    in_files = counts.frame.groupby("area")["month"].max()
    ends = [(str(a), str(m)) for a, m in in_files.items()]
    ends += [(o.area, f"{o.period_end:%Y-%m}") for o in published if o.period_end]
    for area, month in ends:
        kind = content.areas[area].kind
        newest[kind] = max(newest.get(kind, ""), month)
    return newest


def _provisional(o: Observation, newest: Mapping[str, str], content: Content) -> Observation:
    """Return a figure marked as provisional if one of the newest three months is in it."""
    if o.value is None or o.period_end is None or o.status != Status.PLAIN:
        return o
    age = _number(newest[content.areas[o.area].kind]) - _number(f"{o.period_end:%Y-%m}")
    return replace(o, status=Status.PROVISIONAL) if age < UNSETTLED_MONTHS else o


def published_of(origin: Origin, content: Content) -> tuple[Observation, ...]:
    """Return the published figures of the indicators that an import is about."""
    named = {row.indicator for row in origin.imports}
    return tuple(o for i in content.indicators if i in named for o in content.observations.get(i, ()))


def beside(
    published: Sequence[Observation], fresh: tuple[Observation, ...], content: Content
) -> tuple[Observation, ...]:
    """Return the fresh figures without years that overlap a published year of an indicator with years by ward.

    Two overlapping years of a ward would give away a few months of it, and to replace a published year would take it
    back. So the years that are published stay, and new ones follow them.
    """
    by_ward = _with_years_by_ward(published, content)
    years: dict[tuple[str, str, str], list[Observation]] = {}
    for o in published:
        if o.months == MONTHS_OF_YEAR and o.indicator in by_ward:
            years.setdefault((o.indicator, o.area, o.part), []).append(o)

    def fits(o: Observation) -> bool:
        others = years.get((o.indicator, o.area, o.part), ()) if o.months == MONTHS_OF_YEAR else ()
        return all(o.key == p.key or not _crosses(o, p) for p in others)

    return tuple(o for o in fresh if fits(o))


def _with_years_by_ward(published: Iterable[Observation], content: Content) -> set[str]:
    """Return the indicators of which a figure of 12 months by ward is published."""
    return {
        o.indicator
        for o in published
        if o.months == MONTHS_OF_YEAR and content.areas[o.area].kind in small_counts.WARD_KINDS
    }


def year_ends(content: Content, indicator: str) -> tuple[str, ...]:
    """Return the last months of the published 12 months of an indicator: of those by ward, or else of all."""
    years = [o for o in content.observations.get(indicator, ()) if o.months == MONTHS_OF_YEAR]
    by_ward = [o for o in years if content.areas[o.area].kind in small_counts.WARD_KINDS]
    return tuple(sorted({f"{o.period_end:%Y-%m}" for o in by_ward or years}))


def drafts(counts: Counts, origin: Origin, content: Content, borough: str) -> tuple[Observation, ...]:
    """Return the figures with their true counts, not to be published. `borough` is the code of the site's borough."""
    frame = counts.frame
    if "part" not in frame:
        frame = frame.assign(part="")
    if origin.until:
        frame = frame[frame["month"] <= origin.until]
    return tuple(o for row in origin.imports for o in _of_series(frame, row, origin, content, borough))


def _of_series(
    frame: pd.DataFrame, row: Import, origin: Origin, content: Content, borough: str
) -> Iterator[Observation]:
    of_series = frame[frame["series"] == row.series]
    by_month = of_series.pivot_table("count", ["area", "part"], "month", "sum", fill_value=0)
    months = [str(m) for m in by_month.columns]
    cuts = [f"{b.date:%Y-%m}" for b in content.breaks if b.indicator == row.indicator]
    cuts += after_gaps(months)
    running = np.cumsum(by_month.to_numpy(), axis=1)
    known = {(a, m) for a, m in frame[["area", "month"]].drop_duplicates().itertuples(index=False)}
    for line, (area, part) in enumerate(by_month.index):
        kind = content.areas[area].kind
        if not _wanted(row.kinds, kind, area == borough):
            continue
        lengths = _lengths(content, row.indicator, kind)
        for length in lengths[:1] if row.windows else lengths:
            ends = year_ends(content, row.indicator) if length == MONTHS_OF_YEAR and not row.windows else ()
            one_grid = length < MONTHS_OF_YEAR and _in_a_total(content, row.indicator)
            chosen = list(spans(months, length, cuts, ends, one_grid))[: row.windows]
            if length == MONTHS_OF_YEAR and not row.windows and kind not in small_counts.WARD_KINDS:
                chosen += [s for s in _published_years(content, row, (area, part), cuts) if s not in chosen]
            for first, last in chosen:
                if not {first, last} <= set(months):
                    continue
                end = months.index(last)
                if end < length - 1 or months[end - length + 1] != first:
                    continue  # a month between them is missing
                if not all((area, m) in known for m in months[end - length + 1 : end + 1]):
                    continue  # the files have nothing about this area in a month; that does not mean zero
                value = running[line, end] - (running[line, end - length] if end >= length else 0)
                place = f"{row.series.replace('-', ' ').capitalize()}, {content.areas[area].name}"
                when = f"months {first} to {last}" if first != last else f"month {first}"
                yield Observation(
                    source=origin.source, locator=f"{place}, {when}", indicator=row.indicator, area=area, period_start=_first(first),
                    period_end=_last(last), part=part if row.part == "*" else row.part, value=Decimal(int(value)), status=Status.PLAIN,
                )  # fmt: skip


def _published_years(
    content: Content, row: Import, of: tuple[str, str], cuts: Sequence[str]
) -> Iterator[Span]:
    """Yield the published 12 months of an area and part, which a newer file revises although its own years end otherwise.

    Only those of whole districts and forces: otherwise they would stay as an older file had them, beside newer quarters.
    """
    area, part = of
    for o in content.observations.get(row.indicator, ()):
        of_part = o.part == (part if row.part == "*" else row.part)
        if o.area == area and of_part and o.months == MONTHS_OF_YEAR and o.period_start and o.period_end:
            first, last = f"{o.period_start:%Y-%m}", f"{o.period_end:%Y-%m}"
            if not any(first < c <= last for c in cuts):
                yield first, last


def after_gaps(months: Sequence[str]) -> list[str]:
    """Return the months before which at least one is missing: no period is made across them."""
    numbers = [int(m[:4]) * 12 + int(m[5:]) for m in months]
    return [months[n] for n in range(1, len(months)) if numbers[n] != numbers[n - 1] + 1]


def published_drafts(
    table: FiguresOfPeriods, origin: Origin, content: Content, borough: str
) -> tuple[Observation, ...]:
    """Return the figures of a file that has periods of its own, with their true counts: not to be published."""
    found = []
    for row in origin.imports:
        for f in table.figures:
            if f.series != row.series or not _wanted(
                row.kinds, content.areas[f.area].kind, f.area == borough
            ):
                continue
            if origin.until and f"{f.end:%Y-%m}" > origin.until:
                continue
            part = f.part if row.part == "*" else row.part
            found.append(
                Observation(
                    source=origin.source, locator=f.locator, indicator=row.indicator, area=f.area, period_start=f.start,
                    period_end=f.end, part=part, value=f.value, status=f.status,
                )
            )  # fmt: skip
        if row.windows:
            ends = sorted(
                {o.period_end for o in found if o.indicator == row.indicator and o.period_end}, reverse=True
            )
            found = [o for o in found if o.indicator != row.indicator or o.period_end in ends[: row.windows]]
    return tuple(found)


def _wanted(kinds: str, kind: str, is_sites_borough: bool) -> bool:
    return kind in kinds.split(";") or (is_sites_borough and "own" in kinds.split(";"))


def _lengths(content: Content, indicator: str, kind: str) -> tuple[int, ...]:
    """Return how many months the figures of an indicator are for in this kind of area."""
    if content.indicators[indicator].period_type == PeriodType.MONTH:
        return (1,)
    if content.indicators[indicator].period_type == PeriodType.YEAR_TO:
        return (MONTHS_OF_YEAR,)
    careful = small_counts.is_yearly_by_ward(content, indicator) or small_counts.is_guarded(
        content.indicators[indicator]
    )
    if kind in ("ward", "rest"):
        return (12,) if careful else (3,)
    return (12, 3) if careful else (3,)


def _in_a_total(content: Content, indicator: str) -> bool:
    return bool(content.indicators[indicator].part_of) or any(
        i.part_of == indicator for i in content.indicators.values()
    )


def spans(
    months: Iterable[str],
    length: int,
    cuts: Iterable[str] = (),
    ends: Iterable[str] = (),
    one_grid: bool = False,
) -> Iterator[Span]:
    """Yield spans of `length` months, the newest first, that do not overlap or cross a break (`cuts` are first months after one).

    The last span before a break, or of all, ends with the last month there is. Where `ends` has a month between the
    same breaks, a whole number of spans lies between the newest of them and the end of each span. With `one_grid`, a
    whole number of spans lies between all of them, so that series with different breaks have the same quarters and
    add up to their total.
    """
    edges, known = sorted(cuts), sorted(ends)
    runs: dict[int, list[str]] = {}
    for month in months:
        runs.setdefault(sum(month >= e for e in edges), []).append(month)
    for place, run in sorted(runs.items(), reverse=True):
        anchor = [e for e in known if sum(e >= edge for edge in edges) == place][-1:]
        if one_grid:
            anchor = [max(max(r) for r in runs.values())]
        over = (_number(run[-1]) - _number(anchor[0])) % length if anchor else 0
        for end in range(len(run) - over, length - 1, -length):
            yield run[end - length], run[end - 1]


def _number(month: str) -> int:
    """Return the months since year 0."""
    return int(month[:4]) * 12 + int(month[5:])


def merged(published: tuple[Observation, ...], fresh: tuple[Observation, ...]) -> tuple[Observation, ...]:
    """Return the published figures, with fresh ones in place of those of the same area, part and months.

    A figure that differs from the published one is marked as revised, with the symbol of UK statistics; a provisional
    one stays provisional, and is settled by a file in which it is no longer among the newest. Drop a
    published figure that overlaps a fresh one of as many months: the difference of the two would be a figure for a few
    months, and two sets of quarters cannot be one line.
    """
    old = {o.key: o for o in published}
    new = {o.key: _marked(o, old.get(o.key)) for o in fresh}
    gone = {o.key for o in overlapped(published, fresh)}
    return (*(o for o in published if o.key not in new and o.key not in gone), *new.values())


def within_windows(figures: Iterable[Observation], rows: Iterable[Import]) -> tuple[Observation, ...]:
    """Return the figures without periods that are older than an indicator's table of imports asks for."""
    asked: dict[str, list[int | None]] = {}
    for row in rows:
        asked.setdefault(row.indicator, []).append(row.windows)
    most = {i: max(n for n in windows if n) for i, windows in asked.items() if all(windows)}
    figures = tuple(figures)
    periods: dict[tuple[str, str, str], set[tuple[date, date]]] = {}
    for o in figures:
        if o.indicator in most and o.period_start and o.period_end:
            periods.setdefault((o.indicator, o.area, o.part), set()).add((o.period_end, o.period_start))
    kept = {series: sorted(ends, reverse=True)[: most[series[0]]] for series, ends in periods.items()}
    return tuple(
        o
        for o in figures
        if (o.period_end, o.period_start)
        in kept.get((o.indicator, o.area, o.part), [(o.period_end, o.period_start)])
    )


def _marked(fresh: Observation, old: Observation | None) -> Observation:
    if old is None or old.value is None or fresh.value is None:
        return fresh
    if fresh.status == Status.PROVISIONAL:
        return fresh
    if old.value == fresh.value:
        return replace(fresh, status=Status.PLAIN if old.status == Status.PROVISIONAL else old.status)
    return replace(fresh, status=Status.REVISED)


def overlapped(published: Iterable[Observation], fresh: Iterable[Observation]) -> tuple[Observation, ...]:
    """Return the published figures of several months that overlap other fresh figures of as many months."""
    by_series: dict[tuple[str, str, str, int | None], list[Observation]] = {}
    for n in fresh:
        by_series.setdefault((n.indicator, n.area, n.part, n.months), []).append(n)

    def beaten(o: Observation) -> bool:
        others = by_series.get((o.indicator, o.area, o.part, o.months), ())
        return bool(o.months) and all(n.key != o.key for n in others) and any(_crosses(o, n) for n in others)

    return tuple(o for o in published if beaten(o))


def _crosses(a: Observation, b: Observation) -> bool:
    ends = (a.period_start, a.period_end, b.period_start, b.period_end)
    if None in ends:
        return False
    return a.period_start <= b.period_end and b.period_start <= a.period_end  # type: ignore[operator]


def _first(month: str) -> date:
    return date.fromisoformat(f"{month}-01")


def _last(month: str) -> date:
    year, number = map(int, month.split("-"))
    return date(year, number, monthrange(year, number)[1])
