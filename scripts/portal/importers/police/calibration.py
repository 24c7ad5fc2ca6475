"""Measure how much recorded crime varies without real change, and how often a test of change is wrong.

Two years of one series are compared quarter by quarter, so that the season and the change from one year to the next
drop out; what is left is the variation that a test must allow for.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from portal.analysis.significance import LEVEL, p_value
from portal.core.model import Area
from portal.core.problems import PortalError, Problem
from portal.core.vocabulary import AreaKind
from portal.importers.police import mps_crime, mps_extract, mps_records

Floats = NDArray[np.float64]
QUARTERS = 4
_FEWEST = 4  # records in two years; with fewer there is nothing to measure
_DRAWS = 40  # ways of swapping blocks that are tried, where there are more


@dataclass(frozen=True)
class TwoYears:
    """Series over two years: `earlier` and `later` have a row for each series and a column for each of 12 months."""

    series: tuple[str, ...]
    earlier: Floats
    later: Floats


@dataclass(frozen=True)
class Calibration:
    """What was measured: one row for each series, with its dispersion and how often each test was wrong, in per cent."""

    table: pd.DataFrame

    def __str__(self) -> str:
        """Return the table as text, for the terminal."""
        return self.table.to_string(float_format=lambda value: f"{value:.2f}")


def calibrate(
    format_: str, paths: Sequence[Path], fit: Sequence[str] = (), held_out: Sequence[str] = ()
) -> Calibration:
    """Measure the dispersion of every series in published files, and how often the tests of change are wrong on them.

    `format_` is a key of `READERS`. `fit` are the first months (such as 2010-04) of the pairs of years that the
    dispersion is measured on, `held_out` those that the tests are tried on; by default all pairs that fit into the
    files, for both. Raises `PortalError` for files that cannot be read, and for pairs of years
    that they do not have or in which there is nothing to measure.
    """
    counts = pd.concat([READERS[format_](path) for path in paths], ignore_index=True)
    counts = counts.drop_duplicates(["series", "area", "month"], keep="last")
    if counts.empty:
        raise PortalError([_without_figures(f"The files contain no figures for the format {format_}.")])
    every = starts(counts)
    _check([*fit, *held_out], counts)
    measured = dispersion(_measurable(counts, fit or every))
    wrong = error_rates(_measurable(counts, held_out or every), measured)
    return Calibration(pd.DataFrame({"dispersion": measured}).join(wrong))


def _check(starts_wanted: Sequence[str], counts: pd.DataFrame) -> None:
    months = set(counts["month"])
    problems = []
    for start in starts_wanted:
        try:
            there = {str(m) for m in pd.period_range(start, periods=24, freq="M")} <= months
        except ValueError:
            there = False
        if not there:
            message = f"The files do not have the 24 months from {start}."
            fix = f"Write a month from {min(months)} on, such as {min(months)}, with two years of figures after it."
            problems.append(Problem("--fit, --held-out", code="months", message=message, fix=fix))
    if not starts_wanted and not starts(counts):
        message = f"The files have {len(months)} months; two whole years are needed."
        problems.append(Problem("FILE", code="months", message=message, fix="Add the file with the history."))
    if problems:
        raise PortalError(problems)


def _measurable(counts: pd.DataFrame, first_months: Sequence[str]) -> list[TwoYears]:
    """Return the pairs of years in which there is a series to measure.

    Raises:
        PortalError: there is none.
    """
    windows = [window for start in first_months if (window := two_years(counts, start)).series]
    if not windows:
        message = f"No series has figures for all 24 months from {', '.join(first_months)}, and {_FEWEST} records in them."
        raise PortalError([_without_figures(message)])
    return windows


def _without_figures(message: str) -> Problem:
    return Problem(
        "FILE", code="months", message=message, fix="Add files with more figures, or choose other months."
    )


def _wards(path: Path) -> pd.DataFrame:
    return mps_crime.read_wards([path], None).frame


def _boroughs(path: Path) -> pd.DataFrame:
    names = sorted(
        set(mps_extract.load(path, "police/mps_borough.columns.csv").rows["borough"]) - _NO_BOROUGHS
    )
    areas = {name: Area("", "", name, name, AreaKind.BOROUGH, "", None, None) for name in names}
    return mps_crime.read_boroughs([path], areas).frame


def _dashboard(path: Path, kind: str) -> pd.DataFrame:
    rows = mps_records.load(path).rows
    offences = rows[(rows["kind"] == kind) & (rows["series"] != "") & (rows["code"] != mps_records.NO_CODE)]
    named = offences.rename(columns={"code": "area"})
    by_month = named.pivot_table("count", ["series", "area"], "month", "sum", fill_value=0)
    return by_month.reset_index().melt(["series", "area"], var_name="month", value_name="count")


# The formats that can be measured, as `portal calibrate` names them, and what reads one file of each.
READERS: Mapping[str, Callable[[Path], pd.DataFrame]] = {
    "mps-ward": _wards,
    "mps-borough": _boroughs,
    "mps-dashboard-ward": lambda path: _dashboard(path, mps_records.WARD),
    "mps-dashboard-borough": lambda path: _dashboard(path, mps_records.BOROUGH),
}
# Names in the borough files that are not boroughs.
_NO_BOROUGHS = {
    "Unknown",
    "Other / NK",
    "London Heathrow and London City Airports",
    "Aviation Security (SO18)",
}


def two_years(counts: pd.DataFrame, start: str) -> TwoYears:
    """Return the 24 months from `start` (such as 2022-04) of monthly counts with the columns series, area, month, count.

    Series with fewer than 4 records, and those with a missing month, are left out.
    """
    months = [str(m) for m in pd.period_range(start, periods=24, freq="M")]
    by_month = counts[counts["month"].isin(months)].pivot_table("count", ["series", "area"], "month", "sum")
    by_month = by_month.reindex(columns=months).dropna()
    by_month = by_month[by_month.sum(axis=1) >= _FEWEST]
    values = by_month.to_numpy(dtype=float)
    return TwoYears(tuple(by_month.index.get_level_values("series")), values[:, :12], values[:, 12:])


def starts(counts: pd.DataFrame) -> list[str]:
    """Return the first months of all pairs of years that fit into the counts without overlap, the newest last."""
    months = pd.period_range(counts["month"].min(), counts["month"].max(), freq="M")
    return [str(months[end - 24]) for end in range(len(months), 23, -24)][::-1]


def dispersion(windows: Sequence[TwoYears]) -> "pd.Series[float]":
    """Return the dispersion by series, pooled over areas and pairs of years; at least 1.

    For each area, d is the difference between the two years in each of the four quarters, and 4 / 3 of the sum of
    squares of d around its mean estimates the variance of the whole difference. The dispersion is the sum of these
    over the sum of the counts: Pearson's, for a quasi-Poisson model (McCullagh and Nelder 1989, section 6.2).
    """
    parts = []
    for window in windows:
        differences = (window.later - window.earlier).reshape(len(window.series), QUARTERS, -1).sum(axis=2)
        around = differences - differences.mean(axis=1, keepdims=True)
        variance = (around**2).sum(axis=1) * QUARTERS / (QUARTERS - 1)
        size = window.earlier.sum(axis=1) + window.later.sum(axis=1)
        parts.append(pd.DataFrame({"series": window.series, "variance": variance, "size": size}))
    sums = pd.concat(parts).groupby("series")[["variance", "size"]].sum()
    return (sums["variance"] / sums["size"]).clip(lower=1.0)


def error_rates(windows: Sequence[TwoYears], dispersions: "pd.Series[float]", seed: int = 1) -> pd.DataFrame:
    """Return how often each series is called changed where nothing changed, in per cent: without and with dispersion.

    Half of the quarters of the two years are swapped, in all ways or in 40 of them. That keeps clusters together and
    leaves nothing to find, so every change that a test finds is an error; 5% are allowed.
    """
    trials = []
    for window in windows:
        for swapped in _swaps(seed):
            mask = np.repeat(swapped, 12 // QUARTERS)
            first = np.where(mask, window.later, window.earlier).sum(axis=1).astype(int)
            second = np.where(mask, window.earlier, window.later).sum(axis=1).astype(int)
            for name, a, b in zip(window.series, first, second, strict=True):
                if name in dispersions.index:
                    with_it = p_value(int(a), int(b), float(dispersions[name])) < LEVEL
                    trials.append((name, p_value(int(a), int(b), 1.0) < LEVEL, with_it))
    rates = pd.DataFrame(trials, columns=["series", "independent", "clustered"])
    return 100 * rates.groupby("series").mean()


def _swaps(seed: int) -> Iterator[NDArray[np.bool_]]:
    """Yield masks of half of the quarters: every way, or `_DRAWS` of them."""
    ways = list(itertools.combinations(range(QUARTERS), QUARTERS // 2))
    order = np.random.default_rng(seed).permutation(len(ways))[:_DRAWS]
    for way in sorted(order):
        yield np.isin(np.arange(QUARTERS), ways[way])
