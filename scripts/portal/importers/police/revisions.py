"""Measure how far later files of the police change the newest figures of earlier ones, and try that on other files.

A band is measured on one pair of files, an older and a newer one, and tried on pairs that were not used for it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd

from portal.core.problems import PortalError, Problem

SPANS = (3, 12)  # months of figures that are published: of a quarter, and of a year
_FEWEST = 6  # months that two files must share for the band of a year
_INSIDE = 0.95  # of the figures that a band is measured on
# Bands in per cent that are tried, the narrowest first. None is narrower than those that held for wards and boroughs
# in every pair of files from 2023 to 2026, since one pair of files can be an unusually quiet one.
_LADDER = (*(n / 2 for n in range(3, 21)), *range(11, 101))
_NARROWEST = {3: 4.0, 12: 1.5}

Wide = pd.DataFrame  # a row for each series and area, a column for each month
Reader = Callable[[Path], pd.DataFrame]


@dataclass(frozen=True)
class FilePair:
    """The newest figures of an older file, and what a newer file has for the same months. Index: series and area."""

    months: int
    before: "pd.Series[float]"
    after: "pd.Series[float]"


def measure(reader: Reader, newest: tuple[Path, Path], others: Sequence[tuple[Path, Path]]) -> pd.DataFrame:
    """Return the band of each series and number of months, measured on `newest` and tried on the `others`.

    Columns: series, months, shared (the months that the two files share, at most `months`), areas, percent (the
    narrowest band, up or down, with at least 95% of areas inside), tried (figures of the other pairs) and inside (the
    share of these inside the band, in per cent; empty if there are none). A change by 1 is inside every band.

    Raises:
        PortalError: the files share too few months.
    """
    read: dict[Path, Wide] = {}
    for path in dict.fromkeys(chain(newest, *others)):
        read[path] = reader(path).pivot_table("count", ["series", "area"], "month", "sum")
    rows = []
    for months in SPANS:
        newest_pair = pair(read[newest[0]], read[newest[1]], months)
        if newest_pair is None:
            message = f"{newest[0].name} and {newest[1].name} share too few months."
            raise PortalError(
                [Problem("FILE", code="months", message=message, fix="Choose files that overlap.")]
            )
        tried = [p for one, other in others if (p := pair(read[one], read[other], months))]
        for series in sorted(set(newest_pair.before.index.get_level_values(0))):
            percent = band(newest_pair, series, months)
            hits = [inside(p, series, percent) for p in tried]
            count = sum(len(h) for h in hits)
            share = 100 * sum(int(h.sum()) for h in hits) / count if count else float("nan")
            areas = int((newest_pair.before.index.get_level_values(0) == series).sum())
            rows.append((series, months, newest_pair.months, areas, percent, count, round(share, 1)))
    return pd.DataFrame(rows, columns=["series", "months", "shared", "areas", "percent", "tried", "inside"])


def pair(older: Wide, newer: Wide, months: int) -> FilePair | None:
    """Return the sums of the newest `months` of the older file in both; None if the newer one has too few of them.

    For a year, at least 6 months will do, the newest of those that both files have.
    """
    wanted = [m for m in older.columns[-months:] if m in newer.columns]
    if len(wanted) < min(months, _FEWEST):
        return None
    both = older.index.intersection(newer.index)
    sums = [frame.loc[both, wanted].sum(axis=1) for frame in (older, newer)]
    return FilePair(len(wanted), sums[0], sums[1])


def inside(compared: FilePair, series: str, percent: float) -> "pd.Series[bool]":
    """Return for each area whether the figure changed by no more than `percent`, or by no more than 1."""
    is_of_series = compared.before.index.get_level_values(0) == series
    before, after = compared.before[is_of_series], compared.after[is_of_series]
    reach = np.maximum(1.0, np.ceil(before * percent / 100 - 1e-9))
    return (after - before).abs() <= reach


def band(compared: FilePair, series: str, months: int) -> float:
    """Return the narrowest band of the ladder with at least 95% of the areas inside; the widest if none has them."""
    ladder = [p for p in _LADDER if p >= _NARROWEST[months]]
    return next((p for p in ladder if inside(compared, series, p).mean() >= _INSIDE), float(ladder[-1]))


def as_rows(measured: pd.DataFrame, indicators: Mapping[str, str]) -> pd.DataFrame:
    """Return what was measured with the indicator of each series in place of it; series without one are left out."""
    named = measured.assign(indicator=measured["series"].map(indicators))
    return named[named["indicator"].notna()].drop(columns="series")
