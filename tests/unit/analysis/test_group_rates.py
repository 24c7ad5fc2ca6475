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

YEAR = (date(2023, 9, 1), date(2024, 8, 31))
# The searches in Lewisham in July 2024 by self-defined ethnic group, told as if they were those of 12 months.
JULY = {"Asian": 6, "Black": 117, "Mixed": 22, "Not stated": 107, "Other": 11, "White": 96}


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
