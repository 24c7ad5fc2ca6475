"""How far later files of the police change the newest figures: measured on one pair of files, tried on others."""

import csv
from pathlib import Path

import pandas as pd
import pytest
from portal.core.problems import PortalError
from portal.importers.police import revisions
from portal.importers.police.calibration import READERS
from project import ROOT, SHARED

UPSTREAM = SHARED / "upstream"
real = pytest.mark.skipif(not UPSTREAM.is_dir(), reason="the upstream files are not in ../shared/upstream")
WARDS = UPSTREAM / "mps_ward"
BOROUGHS, MORE = UPSTREAM / "mps_borough", UPSTREAM / "more" / "mps_borough"
TABLE = ROOT / "data_packages" / "recorded-crime" / "data" / "revisions.csv"
SERIES = ROOT / "data_packages" / "recorded-crime" / "data" / "imports.csv"


def wide(counts: dict[str, list[int]], first: str = "2024-01") -> pd.DataFrame:
    """Thefts by area, a column for each month."""
    months = [str(m) for m in pd.period_range(first, periods=len(next(iter(counts.values()))), freq="M")]
    index = pd.MultiIndex.from_tuples([("theft", area) for area in counts], names=["series", "area"])
    return pd.DataFrame(list(counts.values()), index, months)


def test_a_pair_is_of_the_newest_months_of_the_older_file() -> None:
    older, newer = wide({"A": [10, 20, 30, 40]}), wide({"A": [21, 32, 44, 50]}, "2024-02")
    found = revisions.pair(older, newer, 3)
    assert found is not None
    assert (found.months, *found.before, *found.after) == (3, 90, 97)
    assert revisions.pair(older, wide({"A": [40]}, "2024-04"), 3) is None


@pytest.mark.parametrize(("after", "percent"), [(104, 4.0), (105, 4.5), (112, 12), (101, 4.0)])
def test_a_band_is_the_narrowest_that_holds_and_never_under_the_least(after: int, percent: float) -> None:
    found = revisions.pair(wide({"A": [0, 0, 100]}), wide({"A": [0, 0, after]}), 3)
    assert found is not None
    assert revisions.band(found, "theft", 3) == percent


def test_one_record_more_is_inside_every_band() -> None:
    found = revisions.pair(wide({"A": [0, 0, 2]}), wide({"A": [0, 0, 3]}), 3)
    assert found is not None
    assert revisions.inside(found, "theft", 0).all()


@real
def test_files_that_share_too_few_months_are_a_problem() -> None:
    pair = (BOROUGHS / "borough_hist_201004-202302.csv", MORE / "borough24_group-subgroup_202407-202606.csv")
    with pytest.raises(PortalError, match="share too few months"):
        revisions.measure(READERS["mps-borough"], pair, [])


def published(level: str) -> dict[tuple[str, int], dict[str, str]]:
    with TABLE.open(newline="", encoding="utf-8") as lines:
        return {(r["indicator"], int(r["months"])): r for r in csv.DictReader(lines) if r["level"] == level}


def indicators() -> dict[str, str]:
    with SERIES.open(newline="", encoding="utf-8") as lines:
        return {r["series"]: r["indicator"] for r in csv.DictReader(lines)}


@real
@pytest.mark.parametrize(
    ("level", "pairs"),
    [
        ("ward", [(UPSTREAM / "more/mps_ward/ward24_202310-202509_lewisham_and_nonborough.csv", WARDS / name)
                  for name in ("ward24_202402-202601.csv", "ward25_202403-202603.csv")]),
        ("borough", [(BOROUGHS / "borough_hist_201004-202302.csv", MORE / "borough_hist_201004-202403.csv"),
                     (MORE / "borough_hist_201004-202403.csv", BOROUGHS / "borough24_202303-202502.csv")]),
    ],
)  # fmt: skip
def test_nine_in_ten_figures_of_files_not_used_for_the_bands_are_inside(
    level: str, pairs: list[tuple[Path, Path]]
) -> None:
    bands, names = published(level), indicators()
    reader = READERS[f"mps-{level}"]
    hits: list[bool] = []
    for older, newer in pairs:
        before, after = (
            reader(p).pivot_table("count", ["series", "area"], "month", "sum") for p in (older, newer)
        )
        for months in revisions.SPANS:
            found = revisions.pair(before, after, months)
            assert found is not None
            for series in set(found.before.index.get_level_values(0)) & set(names):
                percent = float(bands[names[series], months]["percent"])
                hits += list(revisions.inside(found, series, percent))
    assert len(hits) > 1000
    assert sum(hits) / len(hits) >= 0.9
