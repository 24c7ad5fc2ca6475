"""From the months of one file to those of several: nearly empty months, revisions and changed categories."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile

import numpy as np
import numpy.typing as npt
import pandas as pd

from portal.core.model import Area
from portal.importers.police.mps_checks import gap_problems, in_words, many, some
from portal.importers.shared.published_files import Counts, Finding, stop

# A month with less than this share of the usual month is not complete.
THIN = 0.1


@dataclass(frozen=True)
class MonthsOfFile:
    """What one file says about our areas.

    `cells` has one row for each series, label and area (its index, in this order) and one column for each month
    of the file; rows that are not there are zero. `series` and `areas` are those that the file has at all: where
    it is silent about one, nothing is known. `thin` names the months of a series that are nearly empty and not to
    be used. `labels` are the categories of the whole file.
    """

    file: str
    cells: pd.DataFrame
    series: tuple[str, ...]
    areas: tuple[str, ...]
    thin: Mapping[str, tuple[str, ...]]
    labels: frozenset[str]
    findings: tuple[Finding, ...]


def in_use(area: Area, first: str) -> bool:
    """Whether an area had not been abolished before the month `first`."""
    return area.valid_to is None or area.valid_to.isoformat()[:7] >= first


def joined(parts: Iterable[MonthsOfFile], total: str = "") -> Counts:
    """The counts of all files, each month from the extract that ends last; `total` names the sum of all series.

    Raises `PortalError` where a month is missing between them.
    """
    order = sorted(parts, key=lambda p: p.cells.columns[-1])
    together = pd.concat([_long(p, total) for p in order], ignore_index=True)
    frame = together.drop_duplicates(["series", "area", "month"], keep="last")
    frame = frame.sort_values(["series", "area", "month"], ignore_index=True)
    every = {tuple(months.unique()) for _, months in frame.groupby("series")["month"]}
    stop({p for months in every for p in gap_problems(order[-1].file, months, 0)})
    between = [f for older, newer in pairwise(order) for f in _between(older, newer)]
    return Counts(frame, (*(f for p in order for f in p.findings), *between))


def _long(part: MonthsOfFile, total: str) -> pd.DataFrame:
    """One row for each series, area and month that the file can tell of."""
    summed = part.cells.groupby(level=["series", "area"]).sum()
    wide = summed.reindex(pd.MultiIndex.from_product([part.series, part.areas]), fill_value=0)
    if total:
        sums = wide.groupby(level=1).sum()
        sums.index = pd.MultiIndex.from_product([[total], sums.index])
        wide = pd.concat([wide, sums])
    wide.index.names = ["series", "area"]
    full = _full([part], wide.index.get_level_values("series"), wide.columns)
    return wide.reset_index().melt(["series", "area"], var_name="month", value_name="count")[full.T.ravel()]


def _full(
    parts: Sequence[MonthsOfFile], series: Iterable[str], months: Iterable[str]
) -> npt.NDArray[np.bool_]:
    """Whether no part has the month of a series as nearly empty: an array of series by months."""
    columns, names = list(months), list(series)
    thin = {s: {m for p in parts for m in p.thin.get(s, ())} for s in set(names)}
    flags = {s: [m not in gone for m in columns] for s, gone in thin.items()}
    return np.array([flags[s] for s in names], dtype=np.bool_).reshape(len(names), len(columns))


def thin_months(totals: pd.DataFrame, least: int) -> dict[str, tuple[str, ...]]:
    """The months in which a column of `totals` (months by groups) has under a tenth of its usual month.

    That is the median of its months with records; groups where it is under `least` are too small to tell.
    """
    usual = _usual(totals)
    judged = {group: float(usual[group]) for group in map(str, totals.columns) if usual[group] >= least}
    return {g: tuple(totals.index[totals[g] < THIN * middle]) for g, middle in judged.items()}


def _usual(totals: pd.DataFrame) -> "pd.Series[float]":
    return totals.where(totals > 0).median()


def at_the_ends(months: Sequence[str], thin: Sequence[str]) -> tuple[str, ...]:
    """Those of the thin months with which the file begins or ends."""
    first = list(takewhile(thin.__contains__, months))
    last = list(takewhile(thin.__contains__, reversed(months)))
    return tuple(sorted({*first, *last}))


def dropped_months(totals: pd.DataFrame, least: int) -> dict[str, tuple[str, ...]]:
    """The thin months at either end, by group: what an extract has not yet, or no longer, in full."""
    thin = thin_months(totals, least)
    return {group: at_the_ends(list(totals.index), months) for group, months in thin.items()}


def thin_findings(file: str, totals: pd.DataFrame, least: int) -> Iterator[Finding]:
    """One finding for each thin month of a group: left out at either end of the file, doubtful between."""
    usual, dropped = _usual(totals), dropped_months(totals, least)
    for group, months in thin_months(totals, least).items():
        for month in months:
            count, median, out = int(totals[group][month]), float(usual[group]), month in dropped[group]
            then = "It is left out." if out else "It stands between others and is kept: look at it."
            message = (
                f"{file}: {in_words(month)} is nearly empty, with {many(count, 'record')}{group and f' of {group}'} where "
                f"a usual month has {median:,.0f}. {then}"
            )
            figures = {"records": count, "median": median, "dropped": int(out)}
            yield Finding("thin-month", message, {"month": month, "group": group, **figures})


def _between(older: MonthsOfFile, newer: MonthsOfFile) -> Iterator[Finding]:
    """What a later file does to an earlier one."""
    yield from _categories("new-category", newer, older)
    yield from _categories("removed-category", older, newer)
    months = [m for m in older.cells.columns if m in newer.cells.columns]
    if months and older.labels & newer.labels and set(older.areas) & set(newer.areas):
        yield _revised(older, newer, months)


def _categories(code: str, having: MonthsOfFile, lacking: MonthsOfFile) -> Iterator[Finding]:
    only = sorted(having.labels - lacking.labels)
    if only:
        words = f"{len(only)} {'category' if len(only) == 1 else 'categories'}"
        message = f"{having.file} has {words} that {lacking.file} has not: {some(only)}."
        yield Finding(code, message, {"categories": len(only)})


def _revised(older: MonthsOfFile, newer: MonthsOfFile, months: list[str]) -> Finding:
    """How far two files differ in the cells that both have: same label, area and month; absent is zero."""
    labels, areas = older.labels & newer.labels, set(older.areas) & set(newer.areas)
    index = older.cells.index.union(newer.cells.index)
    index = index[index.isin(labels, level="label") & index.isin(areas, level="area")]
    before, after = (p.cells.reindex(index, fill_value=0)[months].to_numpy() for p in (older, newer))
    off = np.abs(after - before)
    full = _full([older, newer], index.get_level_values("series"), months)
    differ, compared = int((off > 0).sum()), int(full.sum())
    figures: dict[str, int | float | str] = {"differ": differ, "shared": off.size}
    message = (
        f"{newer.file} and {older.file} share {off.size:,} figures by category, area and month; "
        f"{differ:,} of them differ."
    )
    if compared < off.size:
        figures |= {"differ_kept": int(((off > 0) & full).sum()), "shared_kept": compared}
        message += f" Without nearly empty months, {figures['differ_kept']:,} of {compared:,} do."
    row, column = divmod(int((off * full).argmax()) if off.size else 0, max(1, len(months)))
    if compared and off[row, column] and full[row, column]:
        (_, label, area), month, most = index[row], months[column], int(off[row, column])
        figures |= {"largest": most, "label": label, "area": area, "month": month}
        message += f" The largest difference is {most:,}: {label} in {area}, {in_words(month)}."
    return Finding("revised", message, figures)
