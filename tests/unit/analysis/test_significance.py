"""The test of change: what it gives, how often it is wrong, and that the shipped dispersion can be measured again."""

import csv
import math
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from portal.analysis import significance
from portal.cli import commands
from portal.cli.arguments import PROBLEMS
from portal.importers.police import calibration
from project import ROOT, SHARED
from scipy.stats import betabinom, binomtest

UPSTREAM = SHARED / "upstream"
real = pytest.mark.skipif(not UPSTREAM.is_dir(), reason="the upstream files are not in ../shared/upstream")
counts = st.integers(0, 5000)
dispersions = st.floats(1.0, 20.0)


@given(counts, counts, dispersions)
def test_a_p_value_is_a_share_and_the_order_does_not_matter(a: int, b: int, phi: float) -> None:
    p = significance.p_value(a, b, phi)
    assert 0 <= p <= 1
    assert p == pytest.approx(significance.p_value(b, a, phi))


@given(counts, counts)
def test_independent_events_have_the_exact_binomial_test(a: int, b: int) -> None:
    expected = 1.0 if a + b == 0 else binomtest(a, a + b).pvalue
    assert significance.p_value(a, b, 1.0) == pytest.approx(expected, rel=1e-6, abs=1e-12)


@given(st.integers(1, 2000), st.integers(1, 2000), st.floats(1.5, 15.0))
def test_more_dispersion_never_makes_a_change_clearer(a: int, b: int, phi: float) -> None:
    assert significance.p_value(a, b, phi) >= significance.p_value(a, b, 1.0) - 1e-9


@pytest.mark.parametrize("phi", [1e3, 1e12, 1e300])
def test_an_interval_is_finite_whatever_the_dispersion(phi: float) -> None:
    ends = significance.interval(1, 10**15, phi)
    assert ends is not None
    assert all(map(math.isfinite, ends))


def test_the_tail_is_that_of_the_beta_binomial() -> None:
    """Written out by the formula: 2 × P(X ≤ 20), X beta-binomial (80, 57.1…, 57.1…) for a dispersion of 1.7."""
    shape = 80 / 1.4
    by_hand = 2 * sum(betabinom.pmf(k, 80, shape, shape) for k in range(21))
    assert significance.p_value(20, 60, 1.7) == pytest.approx(by_hand)
    assert significance.p_value(20, 60, 1.7) < 0.05 < significance.p_value(50, 70, 1.7)
    assert significance.p_value(0, 0, 3.0) == 1.0


@pytest.mark.parametrize("phi", [1.0, 4.0])
def test_large_counts_are_tested_as_well(phi: float) -> None:
    half = significance.LARGE // 2
    edge = round(1.96 * (phi * significance.LARGE) ** 0.5)
    exact = significance.p_value(half - edge // 2, half + edge // 2, phi)
    normal = significance.p_value(half - edge // 2, half + edge // 2 + 2, phi)
    assert exact == pytest.approx(0.05, abs=0.002)
    assert normal == pytest.approx(exact, abs=0.002)
    assert significance.p_value(10**29, 2 * 10**29, phi) == 0.0
    assert significance.p_value(10**29, 10**29 + 10**14, phi) > 0.05
    assert significance.interval(10**29, 2 * 10**29, phi) == pytest.approx((100, 100))


def test_the_interval_is_the_one_of_the_method() -> None:
    low, high = significance.interval(1999, 1683, 5.26) or (0, 0)
    assert (round(low, 1), round(high, 1)) == (-27.4, -2.3)
    assert significance.interval(0, 5, 2.0) is None
    assert significance.interval(5, 0, 2.0) is None


def test_looking_at_many_makes_each_less_clear() -> None:
    assert significance.adjusted([0.01, 0.04, 0.03]) == pytest.approx((0.03, 0.04, 0.04))
    assert significance.adjusted([]) == ()


@pytest.mark.parametrize("phi", [1.0, 2.0, 5.0, 15.0])
@pytest.mark.parametrize("mean", [20, 200, 3000])
def test_counts_that_do_not_change_are_seldom_called_changed(phi: float, mean: int) -> None:
    """4,000 pairs of counts with the same mean and this dispersion: at most 6 in 100 are called changed."""
    random, size = np.random.default_rng(20261128), 4_000
    spread = random.poisson(mean, (size, 2))
    if phi > 1:
        spread = random.negative_binomial(mean / (phi - 1), 1 / phi, (size, 2))
    wrong = sum(significance.p_value(int(a), int(b), phi) < 0.05 for a, b in spread)
    assert wrong / size < 0.06


def shipped(package: str, level: str) -> dict[str, float]:
    path = ROOT / "data_packages" / package / "data" / "dispersion.csv"
    with path.open(newline="") as lines:
        return {r["indicator"]: float(r["dispersion"]) for r in csv.DictReader(lines) if r["level"] == level}


# The series of the files, and the indicator of each.
SERIES = {
    "all-offences": "recorded-all-offences", "violence": "recorded-violence", "sexual-offences": "recorded-sexual-offences",
    "robbery": "recorded-robbery", "burglary": "recorded-burglary", "theft": "recorded-theft", "theft-without-shoplifting": "recorded-theft-without-shoplifting", "vehicle-offences": "recorded-vehicle-offences",
    "arson-and-criminal-damage": "recorded-criminal-damage", "public-order": "recorded-public-order", "drug-offences": "recorded-drug-offences",
    "possession-of-weapons": "recorded-weapons", "miscellaneous-crimes": "recorded-other", "fraud": "recorded-fraud",
}  # fmt: skip
PAIRS = ["2010-04", "2012-04", "2014-04", "2016-04", "2018-03", "2022-03"]


@real
@pytest.mark.parametrize(
    ("format_", "level", "path"),
    [
        ("mps-ward", "ward", UPSTREAM / "mps_ward" / "ward_hist_201004-202402_3boroughs.csv"),
        ("mps-borough", "borough", UPSTREAM / "more" / "mps_borough" / "borough_hist_201004-202403.csv"),
    ],
)
def test_the_shipped_dispersion_is_what_the_files_give(format_: str, level: str, path: Path) -> None:
    counts_ = calibration.READERS[format_](path)
    found = calibration.dispersion([calibration.two_years(counts_, start) for start in PAIRS])
    mine = shipped("recorded-crime", level)
    assert {SERIES[str(s)]: round(float(v), 2) for s, v in found.items()} == mine


@pytest.mark.thorough
@real
def test_held_out_years_are_seldom_called_changed() -> None:
    """Fitted on 2010 to 2024, tried on the wards of all London from April 2024 to March 2026."""
    path = UPSTREAM / "mps_ward" / "ward25_202403-202603.csv"
    window = calibration.two_years(calibration.READERS["mps-ward"](path), "2024-04")
    fitted = {s: shipped("recorded-crime", "ward")[i] for s, i in SERIES.items()}
    rates = calibration.error_rates([window], pd.Series(fitted))
    usual = rates.drop(index=["fraud"], errors="ignore")
    assert usual["independent"].max() > 20
    assert usual["clustered"].max() < 8.5
    assert usual["clustered"].median() < 5


@real
def test_the_command_prints_the_rates(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = UPSTREAM / "mps_ward" / "ward_hist_201004-202402_3boroughs.csv"
    table = tmp_path / "table.csv"
    code = commands.main(["calibrate", "mps-ward", str(path), "--fit", "2010-04", "--held-out", "2022-03", "--csv", str(table)])  # fmt: skip
    assert code == 0
    assert "burglary" in capsys.readouterr().out
    assert table.read_text().startswith("series,dispersion,independent,clustered\n")


@real
def test_years_that_are_not_there_are_a_problem(capsys: pytest.CaptureFixture[str]) -> None:
    path = UPSTREAM / "mps_ward" / "ward_hist_201004-202402_3boroughs.csv"
    assert commands.main(["calibrate", "mps-ward", str(path), "--fit", "2023-04"]) == 1
    assert "do not have the 24 months from 2023-04" in capsys.readouterr().err


@pytest.mark.parametrize("format_", calibration.READERS)
@pytest.mark.parametrize(
    ("content", "finding"),
    [
        (b"", "The file is empty."),
        (b"a,b\n1,2\n", "There is no column "),
        (b"a,b\n\xe9,2\n", "not encoded as UTF-8"),
        (b"a\0b,c\n", "a control character"),
        (b'"a\n1', "cannot be split into rows"),
        (b"a,b\n" + b"9" * 200_000, "cannot be split into rows"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_measured_is_a_problem(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], format_: str, content: bytes, finding: str
) -> None:
    path = tmp_path / "figures.csv"
    path.write_bytes(content)
    assert commands.main(["calibrate", format_, str(path)]) == PROBLEMS
    said = capsys.readouterr().err
    assert "figures.csv" in said
    assert finding in said


@pytest.mark.parametrize("kind", ["missing", "folder", "pipe", "large", "link to itself"])
def test_what_is_no_file_of_figures_is_a_problem(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    path = tmp_path / "figures.csv"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "large":
        with path.open("wb") as file:
            file.truncate(3_000_000_000)
    elif kind == "link to itself":
        path.symlink_to(path.name)
    assert commands.main(["calibrate", "mps-ward", str(path)]) == PROBLEMS
    assert "figures.csv\n  Found: " in capsys.readouterr().err


MONTHS = [f"{year}{month:02}" for year in (2023, 2024) for month in range(1, 13)]


@pytest.mark.parametrize(
    "rows",
    [
        [(MONTHS, 0)],
        [([*MONTHS[:3], *MONTHS], 0)],
        [(MONTHS[:12], 5), ([f"2030{month:02}" for month in range(1, 13)], 5)],
    ],
    ids=["no records", "a month twice", "years apart"],
)
def test_files_without_a_series_to_measure_are_a_problem(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], rows: list[tuple[list[str], int]]
) -> None:
    paths = [tmp_path / f"{n}.csv" for n in range(len(rows))]
    for path, (months, count) in zip(paths, rows, strict=True):
        with path.open("w", newline="") as file:
            header = ["MajorText", "MinorText", "WardName", "WardCode", "LookUp_BoroughName"]
            figures = ["THEFT", "SHOPLIFTING", "A", "E05000001", "X"]
            csv.writer(file).writerows([[*header, *months], [*figures, *[count] * len(months)]])
    assert commands.main(["calibrate", "mps-ward", *map(str, paths)]) == PROBLEMS
    assert "Found: " in capsys.readouterr().err


def test_a_dashboard_file_without_the_areas_to_measure_is_a_problem(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "dashboard.csv"
    header = "Month_Year,Area Type,Borough_SNT,Area Name,Area Code,Crime Type,Crime Subtype,Measure,Financial Year,FY_FYIndex,Count,Refresh Date"
    row = "2024-01-01,Borough,Exampleton,Exampleton,E09999999,Hate crime,Hate crime,Offences,fy23-24,23-24_10,5,2025-02-02"
    path.write_text(f"{header}\n{row}\n")
    assert commands.main(["calibrate", "mps-dashboard-ward", str(path)]) == PROBLEMS
    assert "no figures for the format mps-dashboard-ward" in capsys.readouterr().err
