"""Turn monthly counts into the figures that are published: which periods, which areas, and what is withheld.

Most indicators get counts of three months. If a ward's figures could identify a person they are for 12 months, and
then the borough has 12 months too, so that small ward figures can be withheld.
"""

from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd

from portal.core import small_counts
from portal.core.model import Content, Import, Observation
from portal.core.settings import Settings
from portal.core.vocabulary import Status
from portal.disclosure.inference import EarlierRelease
from portal.disclosure.withholding import Withheld, withhold
from portal.importers.shared.published_files import Counts
from portal.importers.shared.published_periods import FiguresOfPeriods

Span = tuple[str, str]  # first and last month, such as 2025-04 and 2025-06


@dataclass(frozen=True)
class Origin:
    """The rows that say which series goes to which indicator, the id of the source, and the last month to use."""

    imports: tuple[Import, ...]
    source: str
    until: str = ""


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
    borough = settings.site.area
    fresh = (
        drafts(counts, origin, content, borough)
        if isinstance(counts, Counts)
        else published_drafts(counts, origin, content, borough)
    )
    named = {row.indicator for row in origin.imports}
    published = [o for i in content.indicators if i in named for o in content.observations.get(i, ())]
    return withhold(fresh, content, settings.disclosure, published, past)


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
    for line, (area, part) in enumerate(by_month.index):
        kind = content.areas[area].kind
        if not _wanted(row.kinds, kind, area == borough):
            continue
        lengths = _lengths(content, row.indicator, kind)
        for length in lengths[:1] if row.windows else lengths:
            for first, last in list(spans(months, length, cuts))[: row.windows]:
                end = months.index(last)
                value = running[line, end] - (running[line, end - length] if end >= length else 0)
                place = f"{row.series.replace('-', ' ').capitalize()}, {content.areas[area].name}"
                when = f"months {first} to {last}" if first != last else f"month {first}"
                yield Observation(
                    source=origin.source, locator=f"{place}, {when}", indicator=row.indicator, area=area, period_start=_first(first),
                    period_end=_last(last), part=part if row.part == "*" else row.part, value=Decimal(int(value)), status=Status.PLAIN,
                )  # fmt: skip


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
    if content.indicators[indicator].period_type == "month":
        return (1,)
    careful = small_counts.is_yearly_by_ward(content, indicator) or small_counts.is_guarded(
        content.indicators[indicator]
    )
    if kind in ("ward", "rest"):
        return (12,) if careful else (3,)
    return (12, 3) if careful else (3,)


def spans(months: Iterable[str], length: int, cuts: Iterable[str] = ()) -> Iterator[Span]:
    """Yield spans of `length` months, the newest first, that do not overlap or cross a break (`cuts` are first months after one)."""
    edges = sorted(cuts)
    runs: dict[int, list[str]] = {}
    for month in months:
        runs.setdefault(sum(month >= e for e in edges), []).append(month)
    for run in sorted(runs.values(), reverse=True):
        for end in range(len(run), length - 1, -length):
            yield run[end - length], run[end - 1]


def merged(published: tuple[Observation, ...], fresh: tuple[Observation, ...]) -> tuple[Observation, ...]:
    """Return the published figures, with fresh ones in place of those of the same area, part and months.

    A figure that differs from the published one is marked as revised, with the symbol of UK statistics. Drop a
    yearly figure that overlaps a fresh one: the difference of the two would be a figure for a few months.
    """
    old = {o.key: o for o in published}
    new = {o.key: _marked(o, old.get(o.key)) for o in fresh}
    kept = [o for o in published if o.key not in new and not _overlapped(o, fresh)]
    return (*kept, *new.values())


def _marked(fresh: Observation, old: Observation | None) -> Observation:
    if old is None or old.value is None or fresh.value is None:
        return fresh
    if old.value == fresh.value:
        return replace(fresh, status=old.status)
    return replace(fresh, status=Status.REVISED)


def _overlapped(o: Observation, fresh: tuple[Observation, ...]) -> bool:
    if o.months != 12:
        return False
    same = (
        n for n in fresh if (n.indicator, n.area, n.part) == (o.indicator, o.area, o.part) and n.months == 12
    )
    return any(_crosses(o, n) for n in same)


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
