"""The headline of a chart follows its written rules: what is compared, what is clear, and how its size is said."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from portal.analysis import measures
from portal.analysis.headlines import headline, in_words
from portal.core.model import Break, Observation
from portal.core.periods import first_day, month_end
from portal.core.vocabulary import Direction, Polarity, Status
from portal.disclosure.clearing import ClearedContent

LAST = date(2025, 2, 28)


def recorded(
    real: ClearedContent,
    values: Sequence[int | None],
    broken_in: date | None = None,
    polarity: Polarity | None = None,
) -> tuple[ClearedContent, str]:
    """Return the content with the figures of robbery in the borough replaced: one for each 12 months, to February 2025."""
    indicator = real.content.indicators["recorded-robbery"]
    ends = [month_end(LAST, -12 * n) for n in range(len(values))][::-1]
    figures = tuple(
        Observation(
            "mps-borough-2025-02", "made up", indicator.id, real.area, first_day(end, 12), end, "",
            None if v is None else Decimal(v), Status.WITHHELD if v is None else Status.PLAIN,
        )
        for end, v in zip(ends, values, strict=True)
    )  # fmt: skip
    breaks = (
        (Break("mps-borough-2025-02", "made up", indicator.id, broken_in, "Changed", ""),)
        if broken_in
        else ()
    )
    key = indicator.id, "borough"
    poisson = replace(real.content.dispersions[key], dispersion=Decimal(1))
    content = replace(
        real.content,
        indicators={indicator.id: replace(indicator, polarity=polarity or indicator.polarity)},
        observations={indicator.id: figures},
        breaks=breaks,
        dispersions={key: poisson},
    )
    return ClearedContent(content, real.area), indicator.id


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ((1000, 1000), "Robbery: no clear change in a year"),
        ((1000, 1400), "Robbery: up by 40% in a year"),
        ((1000, 500), "Robbery: down by half in a year"),
        ((600, 990, 1000), "Robbery: levelled off after a rise of two-thirds since 2023"),
        ((1500, 1010, 1000), "Robbery: levelled off after a fall of a third since 2023"),
        ((900, 600, 800, 1000), "Robbery: up by a quarter in a year, and by two-thirds since 2023"),
        ((2000, 1600, 800, 1000), "Robbery: up by a quarter in a year, but still down by half since 2022"),
        ((100, 104, 98), "Robbery: no clear change in a year"),
        ((10, 40, 42), "Robbery: levelled off after a rise of 32 since 2023"),
        ((1000,), ""),
        ((1000, None), ""),
        ((None, 1000), ""),
    ],
)
def test_a_headline_tells_the_longest_clear_comparison(
    real: ClearedContent, values: tuple[int | None, ...], words: str
) -> None:
    released, indicator = recorded(real, values)
    assert headline(released, released.content.indicators[indicator], real.area) == words


def test_years_before_a_break_are_never_compared(real: ClearedContent) -> None:
    released, indicator = recorded(real, (600, 700, 1200, 1210), date(2023, 3, 1))
    assert (
        headline(released, released.content.indicators[indicator], real.area)
        == "Robbery: no clear change in a year"
    )
    released, indicator = recorded(real, (600, 700, 1200), date(2024, 3, 1))
    only = headline(released, released.content.indicators[indicator], real.area)
    assert only == "Robbery: not comparable with the years before March 2024"
    released, indicator = recorded(real, (600, 700, 1200), date(2024, 6, 1))  # within the newest year
    only = headline(released, released.content.indicators[indicator], real.area)
    assert only == "Robbery: not comparable with the years before June 2024"


def test_what_the_police_find_themselves_is_recorded_more_or_less(real: ClearedContent) -> None:
    for values, words in (
        ((1000, 1500), "Robbery: 50% more recorded than a year before"),
        ((1000, 1010), "Robbery: no clear change in the number recorded"),
    ):
        released, indicator = recorded(real, values, polarity=Polarity.POLICE_ACTIVITY)
        assert headline(released, released.content.indicators[indicator], real.area) == words


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (Fraction(2, 3), "two-thirds"), (Fraction(65, 100), "nearly two-thirds"), (Fraction(68, 100), "just over two-thirds"),
        (Fraction(1, 2), "half"), (Fraction(48, 100), "nearly half"), (Fraction(1, 10), "a tenth"), (Fraction(11, 100), "11%"),
        (Fraction(42, 100), "42%"), (Fraction(3, 1000), "under 1%"), (Fraction(-998, 1000), "over 99%"), (Fraction(-2, 3), "two-thirds"), (Fraction(17, 10), "170%"),
    ],
)  # fmt: skip
def test_shares_are_in_words_only_where_they_are_near(share: Fraction, words: str) -> None:
    assert in_words(share) == words


def test_every_direction_in_a_headline_of_the_site_passes_the_test(real: ClearedContent) -> None:
    """Up, down, rise and fall come with a clear change in a year, or since an earlier year at a third of the level."""
    seen = 0
    for indicator in real.content.indicators.values():
        if indicator.chart != "recorded":
            continue
        words = headline(real, indicator, real.area)
        now = measures.standing(real, indicator, real.area)
        if " in a year" in words and "no clear change" not in words:
            assert now
            assert now.change
            assert now.change.direction in (Direction.ROSE, Direction.FELL)
        if " since " in words:
            year = words.rpartition(" since ")[2][:4]
            *earlier, newest = measures.yearly(real, indicator.id, real.area)
            start = next(o for o in earlier if o.period_end and str(o.period_end.year) == year)
            change = measures.compared(real, indicator, start, newest, newest=True)
            assert change
            assert change.direction in (Direction.ROSE, Direction.FELL)
            seen += 1
    assert seen > 5
