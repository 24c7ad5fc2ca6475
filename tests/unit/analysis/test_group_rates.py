"""How often people of each group were searched: rates, intervals, and what is not stated."""

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from portal.analysis import group_rates, significance
from portal.analysis.group_rates import GroupRates, NoGroupRates
from portal.core.model import Observation
from portal.core.vocabulary import Status
from portal.disclosure.clearing import ClearedContent
from portal.importers.police import stop_and_search
from project import SHARED

YEAR = (date(2023, 9, 1), date(2024, 8, 31))
# The searches in Lewisham in July 2024 by self-defined ethnic group, told as if they were those of 12 months.
JULY = {"Asian": 6, "Black": 117, "Mixed": 22, "Not stated": 107, "Other": 11, "White": 96}
OFFICERS = "stops-not-stated-by-officer"
# The groups that officers recorded for the 107 who did not state their own.
REST = "Another group, or none recorded"
OF_OFFICERS = {"Asian": 11, "Black": 55, "White": 29, REST: 12}
UPSTREAM = SHARED / "upstream"


def with_ethnic_groups(
    real: ClearedContent, counts: Mapping[str, int | None], period: tuple[date, date] = YEAR
) -> ClearedContent:
    """The real content with other figures of searches by ethnic group; None is withheld."""
    total = sum(n or 0 for n in counts.values())
    figures = tuple(
        Observation("s", "l", "stops-by-ethnicity", real.area, *period, part, None if n is None else Decimal(n), Status.WITHHELD if n is None else Status.PLAIN)
        for part, n in (("", total), *counts.items())
    )  # fmt: skip
    observations = {**real.content.observations, "stops-by-ethnicity": figures}
    return replace(real, content=replace(real.content, observations=observations))


def with_officers(released: ClearedContent, counts: Mapping[str, int | None]) -> ClearedContent:
    """The content with the groups that officers recorded for people who did not state their own, for the same months."""
    total = sum(n or 0 for n in counts.values())
    figures = tuple(
        Observation("s", "l", OFFICERS, released.area, *YEAR, part, None if n is None else Decimal(n), Status.WITHHELD if n is None else Status.PLAIN)
        for part, n in (("", total), *counts.items())
    )  # fmt: skip
    observations = {**released.content.observations, OFFICERS: figures}
    return replace(released, content=replace(released.content, observations=observations))


def rates_of(released: ClearedContent, indicator: str) -> GroupRates | NoGroupRates | None:
    return group_rates.group_rates(released, released.content.indicators[indicator])


def test_rates_by_age_and_sex_follow_from_the_figures_and_the_census(real: ClearedContent) -> None:
    ages, sexes = (rates_of(real, f"stops-in-12-months-by-{kind}") for kind in ("age", "gender"))
    assert isinstance(ages, GroupRates)
    assert isinstance(sexes, GroupRates)
    assert [(r.figure.part, r.rate, r.most) for r in ages.rows] == [
        ("Under 18", Decimal("8.4"), Decimal("16.0")),
        ("18 to 24", Decimal("35.4"), Decimal("55.5")),
        ("25 to 34", Decimal("12.9"), Decimal("21.4")),
        ("Over 34", Decimal("7.4"), Decimal("10.6")),
    ]
    assert (ages.unstated, ages.unstated_parts, ages.percent) == (494, ("Not recorded",), Decimal("13.0"))
    assert {r.figure.part: r.rate for r in sexes.rows} == {"Female": Decimal("2.5"), "Male": Decimal("21.7")}
    assert sexes.unstated == 20 + 273  # the Census has no number for the third
    assert not any(r.ratio for r in (*ages.rows, *sexes.rows))


def test_one_month_by_ethnic_group_gives_no_rates_and_says_why(real: ClearedContent) -> None:
    assert rates_of(real, "stops-by-ethnicity") == NoGroupRates(months=1, has_residents=True)
    assert rates_of(real, "stops-in-12-months-by-outcome") is None
    bare = replace(real, content=replace(real.content, profiles=()))
    assert rates_of(bare, "stops-in-12-months-by-age") == NoGroupRates(months=12, has_residents=False)


def test_ratios_have_the_bounds_of_what_is_not_stated(real: ClearedContent) -> None:
    found = rates_of(with_ethnic_groups(real, JULY), "stops-by-ethnicity")
    assert isinstance(found, GroupRates)
    black = next(r.ratio for r in found.rows if r.figure.part == "Black")
    assert black is not None
    assert (black.least, black.most) == (Decimal("1.1"), Decimal("4.5"))  # as others worked them out
    assert (black.value, black.low, black.high) == (Decimal("2.3"), Decimal("1.8"), Decimal("3.1"))
    assert found.base == "White"
    assert found.percent == Decimal("29.8")
    assert next(r for r in found.rows if r.figure.part == "White").ratio is None


def test_what_officers_recorded_fills_what_is_not_stated(real: ClearedContent) -> None:
    found = rates_of(with_officers(with_ethnic_groups(real, JULY), OF_OFFICERS), "stops-by-ethnicity")
    assert isinstance(found, GroupRates)
    black, white = (next(r for r in found.rows if r.figure.part == part) for part in ("Black", "White"))
    assert (black.filled, white.filled, found.still_unstated) == (172, 125, 12)
    assert black.filled_ratio is not None
    assert (black.filled_ratio.value, black.filled_ratio.low, black.filled_ratio.high) == (
        Decimal("2.6"),
        Decimal("2.1"),
        Decimal("3.3"),
    )
    assert black.ratio is not None
    assert (black.ratio.least, black.ratio.most) == (Decimal("1.1"), Decimal("4.5"))
    assert black.filled_ratio.least is None


@pytest.mark.parametrize("part", ["Black", "White", REST])
def test_a_withheld_count_by_officer_fills_nothing(real: ClearedContent, part: str) -> None:
    whole = with_officers(with_ethnic_groups(real, JULY), OF_OFFICERS)
    shown = whole.content.observations[OFFICERS]
    hidden = tuple(replace(o, value=None, status=Status.WITHHELD) if o.part == part else o for o in shown)
    content = replace(whole.content, observations={**whole.content.observations, OFFICERS: hidden})
    found = rates_of(replace(whole, content=content), "stops-by-ethnicity")
    assert isinstance(found, GroupRates)
    if part == REST:
        assert found.still_unstated is None
    else:
        row = next(r for r in found.rows if r.figure.part == part)
        assert (row.filled, row.filled_rate, row.filled_ratio) == (None, None, None)
    if part == "White":
        assert not any(r.filled_ratio for r in found.rows)


def test_counts_by_officer_of_other_searches_fill_nothing(real: ClearedContent) -> None:
    other = with_officers(with_ethnic_groups(real, JULY), {**OF_OFFICERS, "White": 30})
    found = rates_of(other, "stops-by-ethnicity")
    assert isinstance(found, GroupRates)
    assert found.by_officer == ()
    assert all(r.filled is None for r in found.rows)


@pytest.mark.skipif(not UPSTREAM.is_dir(), reason="the upstream files are not in ../shared/upstream")
def test_the_published_file_gives_the_ratio_that_others_worked_out(real: ClearedContent) -> None:
    """July 2024, in the wards as they are drawn exactly: 2.7, from 2.1 to 3.4, and 1.1 to 4.5 unfilled."""
    file = UPSTREAM / "stop_and_search" / "2024-07-metropolitan-stop-and-search.csv"
    wards = UPSTREAM / "more" / "boundaries" / "wards2022_lbl_full_epsg27700.geojson"
    frame = stop_and_search.counts([file, wards], real.content, real.area).frame
    frame = frame[(frame["area"] == real.area) & (frame["part"] != "")]
    told, seen = (
        {str(p): int(n) for p, n in zip(own["part"], own["count"], strict=True)}
        for own in (frame[frame["series"] == s] for s in ("stops-by-ethnicity", OFFICERS))
    )
    found = rates_of(with_officers(with_ethnic_groups(real, told), seen), "stops-by-ethnicity")
    assert isinstance(found, GroupRates)
    black = next(r for r in found.rows if r.figure.part == "Black")
    assert black.ratio is not None
    assert black.filled_ratio is not None
    assert [str(n) for n in (black.filled_ratio.value, black.filled_ratio.low, black.filled_ratio.high)] == [
        "2.7",
        "2.1",
        "3.4",
    ]
    assert (black.ratio.least, black.ratio.most) == (Decimal("1.1"), Decimal("4.5"))


def test_there_is_no_rate_of_a_shorter_period_or_across_a_break(real: ClearedContent) -> None:
    for period in ((date(2024, 6, 1), date(2024, 8, 31)), (date(2023, 10, 1), date(2024, 9, 30))):
        found = rates_of(with_ethnic_groups(real, JULY, period), "stops-by-ethnicity")
        assert isinstance(found, NoGroupRates)


@pytest.mark.parametrize("part", ["Asian", "Not stated", "White"])
def test_a_withheld_count_gives_nothing_away(real: ClearedContent, part: str) -> None:
    found = rates_of(with_ethnic_groups(real, {**JULY, part: None}), "stops-by-ethnicity")
    assert isinstance(found, GroupRates)
    row = next((r for r in found.rows if r.figure.part == part), None)
    if row:
        assert (row.rate, row.low, row.high, row.most, row.ratio) == (None,) * 5
    if part == "Not stated":
        assert (found.unstated, found.percent) == (None, None)
        assert not any(r.most or r.ratio for r in found.rows)
    if part == "White":
        assert found.base == ""
        assert not any(r.ratio for r in found.rows)


@given(st.integers(0, 5000))
def test_the_interval_has_the_count_in_it_and_the_chances_that_it_says(count: int) -> None:
    """The chance of the count or fewer is 2.5% at the upper end, and of the count or more at the lower end."""
    low, high = significance.poisson_interval(count)
    assert low <= count < high
    assert math.isclose(_at_most(count, high), 0.025, rel_tol=1e-6)
    if count:
        assert math.isclose(1 - _at_most(count - 1, low), 0.025, rel_tol=1e-6)
    else:
        assert low == 0


def _at_most(count: int, mean: float) -> float:
    return math.fsum(math.exp(n * math.log(mean) - mean - math.lgamma(n + 1)) for n in range(count + 1))
