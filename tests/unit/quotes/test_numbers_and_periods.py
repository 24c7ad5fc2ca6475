"""Numbers are read as digits, words, shares and multiples with their hedges, and periods in all their usual forms."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from portal.quotes.dates import find_periods
from portal.quotes.numbers import find_quantities, in_words

ON = date(2026, 11, 1)


@pytest.mark.parametrize(
    ("text", "kind", "value", "fits", "does_not"),
    [
        ("1,683 offences", "plain", 1683, [1683], [1682, 1684]),
        ("1,700 offences", "plain", 1700, [1650, 1750], [1640, 1760]),
        ("30,000 crimes", "plain", 30000, [28500, 31500], [28000, 33000]),
        ("about 400 offences", "plain", 400, [380, 420], [379, 430]),
        ("nearly 400 offences", "plain", 400, [360, 399], [400, 401, 350]),
        ("more than 400 offences", "plain", 400, [401, 460], [400, 399]),
        ("at least 400 offences", "plain", 400, [401], [399]),
        ("12%", "percent", 12, [Fraction(23, 2), Fraction(25, 2)], [11, 13]),
        ("6.5 per cent", "percent", Fraction(13, 2), [Fraction("6.47")], [Fraction("6.6")]),
        ("5.2 per 1,000 people", "per-1000", Fraction(26, 5), [Fraction("5.21")], [Fraction("5.3")]),
        ("a third of", "percent", Fraction(100, 3), [33, 35], [25, 40]),
        ("two-thirds of", "percent", Fraction(200, 3), [66, 69], [60, 75]),
        ("one in five", "percent", 20, [20, 22], [25, 15]),
        ("1 in 5", "percent", 20, [20], [25]),
        ("twenty-five offences", "plain", 25, [25], [24]),
        ("a hundred and six offences", "plain", 106, [106], [100]),
        ("1.2 million pounds", "plain", 1_200_000, [1_200_000], [1_300_000]),
        ("£152,500", "pounds", 152_500, [152_500], [150_000]),
        ("has doubled", "times", 2, [2, Fraction(19, 10)], [Fraction(3, 2), 3]),
        ("has more than doubled", "times", 2, [Fraction(21, 10)], [2, Fraction(19, 10)]),
        ("has halved", "times", Fraction(1, 2), [Fraction(1, 2)], [Fraction(3, 4)]),
        ("three times as many", "times", 3, [3], [2]),
    ],
)  # fmt: skip
def test_a_number_stands_for_a_range_of_true_values(
    text: str, kind: str, value: Fraction, fits: list[Fraction], does_not: list[Fraction]
) -> None:
    (quantity,) = find_quantities(text)
    assert (quantity.kind, quantity.value) == (kind, value)
    assert all(quantity.fits(Fraction(v)) for v in fits)
    assert not any(quantity.fits(Fraction(v)) for v in does_not)


@pytest.mark.parametrize(
    "text",
    [
        "young people aged 16 to 24", "under 25s", "18-year-olds", "Section 17 of the Act", "at 7pm", "call 101 or 999.",
        "020 8314 9569", "the 3rd meeting", "page 12", "priority 1", "24/7", "Covid-19", "SE13 6LG", "a third party",
        "see www.example.org/2026/12", "zero tolerance",
    ],
)  # fmt: skip
def test_ages_references_times_and_telephone_numbers_are_no_quantities(text: str) -> None:
    assert find_quantities(text) == ()


@given(st.integers(0, 999_999_999))
def test_digits_with_commas_are_read_back(number: int) -> None:
    assert in_words(f"{number:,}") == in_words(str(number)) == number


@given(st.text(max_size=200))
def test_any_text_is_read_without_an_error(text: str) -> None:
    for quantity in find_quantities(text):
        assert quantity.low <= quantity.high
    for period in find_periods(text, ON):
        assert all(start <= end for start, end in period.options)


def days(*iso: str) -> tuple[tuple[date, date], ...]:
    ends = [date.fromisoformat(d) for d in iso]
    return tuple(zip(ends[::2], ends[1::2], strict=True))


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("the 12 months to July 2025", days("2024-08-01", "2025-07-31")),
        ("the year ending 31 March 2026", days("2025-04-01", "2026-03-31")),
        ("in the year to June", days("2025-07-01", "2026-06-30")),
        ("the three months to June 2026", days("2026-04-01", "2026-06-30")),
        ("between April 2024 and March 2025", days("2024-04-01", "2025-03-31")),
        ("April to June 2026", days("2026-04-01", "2026-06-30")),
        ("October 2025 to March 2026", days("2025-10-01", "2026-03-31")),
        ("November to January 2026", days("2025-11-01", "2026-01-31")),
        ("1 April 2024 to 31 March 2025", days("2024-04-01", "2025-03-31")),
        ("01/04/2024 to 31/03/2025", days("2024-04-01", "2025-03-31")),
        ("2023/24", days("2023-04-01", "2024-03-31", "2023-09-01", "2024-08-31")),
        ("the academic year 2020/21", days("2020-09-01", "2021-08-31", "2020-04-01", "2021-03-31")),
        ("Q1 2026", days("2026-01-01", "2026-03-31")),
        ("Q1 2025/26", days("2025-04-01", "2025-06-30")),
        ("the second quarter of 2026", days("2026-04-01", "2026-06-30")),
        ("in 2024", days("2024-01-01", "2024-12-31")),
        ("in July 2024", days("2024-07-01", "2024-07-31")),
        ("Jul-24", days("2024-07-01", "2024-07-31")),
        ("in July", days("2026-07-01", "2026-07-31")),
        ("in December", days("2025-12-01", "2025-12-31")),
        ("summer 2025", days("2025-06-01", "2025-08-31")),
    ],
)
def test_periods_are_read_in_their_usual_forms(text: str, options: tuple[tuple[date, date], ...]) -> None:
    (period,) = find_periods(text, ON)
    assert period.options == options


@pytest.mark.parametrize(
    ("text", "months"),
    [("the last 12 months", 12), ("the past year", 12), ("last quarter", 3), ("last month", 1)],
)
def test_periods_that_end_now_have_a_length(text: str, months: int) -> None:
    (period,) = find_periods(text, ON)
    assert (period.months, period.options) == (months, ())


@pytest.mark.parametrize("text", ["on last year", "on the previous year", "than a year ago", "year on year", "compared with the same period last year"])  # fmt: skip
def test_the_year_before_is_the_base_of_a_comparison(text: str) -> None:
    assert [p.year_before for p in find_periods(text, ON)] == [True]


def test_a_period_that_miscounts_its_months_is_noticed() -> None:
    (period,) = find_periods("the six month period March to September 2020", ON)
    assert period.miscounted == 7
    assert not find_periods("the seven months March to September 2020", ON)[0].miscounted
