"""Join the months of several files: nearly empty months, revisions and changed categories."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, takewhile

import numpy as np
import numpy.typing as npt
import pandas as pd

from portal.core.model import Area
from portal.importers.police.mps_checks import in_spans, in_words, many, missing, some
from portal.importers.shared.published_files import Counts, Finding

# A month with less than this share of the usual month is incomplete.
THIN = 0.1
GAP = "missing-files"  # the finding about months between files, which is asked about before an import is written


@dataclass(frozen=True)
class MonthsOfFile:
    """The monthly counts of one file for our areas.

    `cells` has one row for each series, label and area (its index, in this order) and one column for each month
    of the file; absent rows are zero. `series` and `areas` are those that appear in the file: for
    others nothing is known. `thin` names the months of a series that are nearly empty and must not
    be used. `labels` are the categories of the whole file. `within` are the series that are made of others, by the
    labels that count in them too.
    """

    file: str
    cells: pd.DataFrame
    series: tuple[str, ...]
    areas: tuple[str, ...]
    thin: Mapping[str, tuple[str, ...]]
    labels: frozenset[str]
    findings: tuple[Finding, ...]
    within: Mapping[str, frozenset[str]] = field(default_factory=dict)


def in_use(area: Area, first: str) -> bool:
    """Return True if an area had not been abolished before the month `first`."""
    return area.valid_to is None or area.valid_to.isoformat()[:7] >= first


def joined(parts: Iterable[MonthsOfFile], total: str = "", names: Mapping[str, str] | None = None) -> Counts:
    """Return the counts of all files, each month from the file that ends last.

    `total` names the sum of all series, `names` are those of areas by code, for findings. Months that no file has are a
    finding, `GAP`.
    """
    order = sorted(parts, key=lambda p: p.cells.columns[-1])
    together = pd.concat([_long(p, total) for p in order], ignore_index=True)
    frame = together.drop_duplicates(["series", "area", "month"], keep="last")
    frame = frame.sort_values(["series", "area", "month"], ignore_index=True)
    between = [f for older, newer in pairwise(order) for f in _between(older, newer, names or {})]
    return Counts(frame, (*(f for p in order for f in p.findings), *between, *_gaps(frame)))


def _gaps(frame: pd.DataFrame) -> Iterator[Finding]:
    """Yield the months between the first and the last of a series that no file has."""
    gone = {m for _, months in frame.groupby("series")["month"] for m in missing(months)}
    if gone:
        words = (
            f"No file has {in_spans(sorted(gone))}. Figures are made before and after, and none across these months, so lines can "
            "get a gap. To close it, add the file that has them."
        )
        yield Finding(GAP, words, {"months": len(gone)})


def _long(part: MonthsOfFile, total: str) -> pd.DataFrame:
    """Return a row for each series, area and month about which the file says something."""
    summed = part.cells.groupby(level=["series", "area"]).sum()
    by_month = summed.reindex(pd.MultiIndex.from_product([part.series, part.areas]), fill_value=0)
    if total:
        sums = by_month.groupby(level=1).sum()
        sums.index = pd.MultiIndex.from_product([[total], sums.index])
        by_month = pd.concat([by_month, sums])
    for series, labels in part.within.items():
        inside = part.cells[part.cells.index.isin(labels, level="label")].groupby(level="area").sum()
        again = inside.reindex(part.areas, fill_value=0)
        again.index = pd.MultiIndex.from_product([[series], again.index])
        by_month = pd.concat([by_month, again])
    by_month.index.names = ["series", "area"]
    full = _full([part], by_month.index.get_level_values("series"), by_month.columns)
    return by_month.reset_index().melt(["series", "area"], var_name="month", value_name="count")[
        full.T.ravel()
    ]


def _full(
    parts: Sequence[MonthsOfFile], series: Iterable[str], months: Iterable[str]
) -> npt.NDArray[np.bool_]:
    """Return True where no part has a nearly empty month: an array of series by months."""
    columns, names = list(months), list(series)
    thin = {s: {m for p in parts for m in p.thin.get(s, ())} for s in set(names)}
    flags = {s: [m not in gone for m in columns] for s, gone in thin.items()}
    return np.array([flags[s] for s in names], dtype=np.bool_).reshape(len(names), len(columns))


def thin_months(totals: pd.DataFrame, least: int) -> dict[str, tuple[str, ...]]:
    """Return the months in which a column of `totals` (months by groups) has under a tenth of its usual month.

    The usual month is the median of the months with records; groups whose median is under `least` are too small to judge.
    """
    usual = _usual(totals)
    judged = {group: float(usual[group]) for group in map(str, totals.columns) if usual[group] >= least}
    return {g: tuple(totals.index[totals[g] < THIN * middle]) for g, middle in judged.items()}


def _usual(totals: pd.DataFrame) -> "pd.Series[float]":
    return totals.where(totals > 0).median()


def at_the_ends(months: Sequence[str], thin: Sequence[str]) -> tuple[str, ...]:
    """Return the thin months with which the file begins or ends."""
    first = list(takewhile(thin.__contains__, months))
    last = list(takewhile(thin.__contains__, reversed(months)))
    return tuple(sorted({*first, *last}))


def dropped_months(totals: pd.DataFrame, least: int) -> dict[str, tuple[str, ...]]:
    """Return the thin months at either end by group: those that a file has not yet, or no longer, in full."""
    thin = thin_months(totals, least)
    return {group: at_the_ends(list(totals.index), months) for group, months in thin.items()}


def thin_findings(file: str, totals: pd.DataFrame, least: int) -> Iterator[Finding]:
    """Yield a finding for each thin month of a group: left out at either end of the file, doubtful in between."""
    usual, dropped = _usual(totals), dropped_months(totals, least)
    for group, months in thin_months(totals, least).items():
        for month in months:
            count, median, out = int(totals[group][month]), float(usual[group]), month in dropped[group]
            then = "It is left out." if out else "It is in the middle of the file and is kept: check it."
            message = (
                f"{file}: {in_words(month)} is nearly empty, with {many(count, 'record')}{group and f' of {group}'}; "
                f"a usual month has {median:,.0f}. {then}"
            )
            figures = {"records": count, "median": median, "dropped": int(out)}
            yield Finding("thin-month", message, {"month": month, "group": group, **figures})


def _between(older: MonthsOfFile, newer: MonthsOfFile, names: Mapping[str, str]) -> Iterator[Finding]:
    """Yield how a later file differs from an earlier one."""
    yield from _categories("new-category", newer, older)
    yield from _categories("removed-category", older, newer)
    months = [m for m in older.cells.columns if m in newer.cells.columns]
    if months and older.labels & newer.labels and set(older.areas) & set(newer.areas):
        yield _revised(older, newer, months, names)


def _categories(code: str, having: MonthsOfFile, lacking: MonthsOfFile) -> Iterator[Finding]:
    only = sorted(having.labels - lacking.labels)
    if only:
        words = f"{len(only)} {'category' if len(only) == 1 else 'categories'}"
        message = f"{having.file} has {words} that {lacking.file} does not have: {some(only)}."
        yield Finding(code, message, {"categories": len(only)})


def _revised(
    older: MonthsOfFile, newer: MonthsOfFile, months: list[str], names: Mapping[str, str]
) -> Finding:
    """Return how far two files differ in the cells that both have: same label, area and month; absent is zero."""
    labels, areas = older.labels & newer.labels, set(older.areas) & set(newer.areas)
    index = older.cells.index.union(newer.cells.index)
    index = index[index.isin(labels, level="label") & index.isin(areas, level="area")]
    before, after = (p.cells.reindex(index, fill_value=0)[months].to_numpy() for p in (older, newer))
    difference = np.abs(after - before)
    full = _full([older, newer], index.get_level_values("series"), months)
    differ, compared = int((difference > 0).sum()), int(full.sum())
    figures: dict[str, int | float | str] = {"differ": differ, "shared": difference.size}
    message = (
        f"{newer.file} and {older.file} share {difference.size:,} figures by category, area and month; "
        f"{differ:,} of them differ."
    )
    if compared < difference.size:
        figures |= {"differ_kept": int(((difference > 0) & full).sum()), "shared_kept": compared}
        message += f" Without nearly empty months, {figures['differ_kept']:,} of {compared:,} do."
    row, column = divmod(int((difference * full).argmax()) if difference.size else 0, max(1, len(months)))
    if compared and difference[row, column] and full[row, column]:
        (_, label, area), month, most = index[row], months[column], int(difference[row, column])
        figures |= {"largest": most, "label": label, "area": area, "month": month}
        message += (
            f" The largest difference is {most:,}: {label} in {names.get(area, area)}, {in_words(month)}."
        )
    return Finding("revised", message, figures)
