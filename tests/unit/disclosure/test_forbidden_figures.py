"""Which figures must not be published at all: too small, too detailed, or in two periods whose difference says more."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from portal.core.model import Content, Observation, Population
from portal.core.vocabulary import Status, Unit
from portal.disclosure import clearing, other_forms
from test_withholding import POLICY, content

YEAR = (date(2023, 1, 1), date(2023, 12, 31))


def figure(
    value: int | str | None,
    place: str = "North",
    period: tuple[date, date] = YEAR,
    part: str = "",
    of: str = "harm",
) -> Observation:
    number = None if value is None else Decimal(value)
    return Observation(
        "s", "l", of, place, *period, part, number, Status.WITHHELD if value is None else Status.PLAIN
    )


def with_figures(*figures: Observation, **more: object) -> Content:
    plain = content()
    names = dict.fromkeys(("harm", *(o.indicator for o in figures)))
    indicators = {i: replace(plain.indicators["harm"], id=i, title=i, topic="crime") for i in names}
    told: dict[str, object] = {
        "indicators": indicators, "observations": {i: tuple(o for o in figures if o.indicator == i) for i in names}, "populations": {},
    }  # fmt: skip
    return replace(plain, **told | more)  # type: ignore[arg-type]


def messages(of: Content) -> list[str]:
    return [p.message for p in clearing.forbidden_figures(of, POLICY)]


def test_a_count_under_the_minimum_of_its_kind_of_area_is_forbidden() -> None:
    assert messages(with_figures(figure(10), figure(5, "Borough"))) == []
    assert messages(with_figures(figure(9))) == ["A count of 9 that must be protected is under 10."]
    assert messages(with_figures(figure(4, "Borough"))) == ["A count of 4 that must be protected is under 5."]
    assert messages(with_figures(figure(None))) == []
    assert len(messages(with_figures(figure(0)))) == 1


QUARTER, HALF = (date(2023, 1, 1), date(2023, 3, 31)), (date(2023, 1, 1), date(2023, 6, 30))


def test_a_ward_has_only_whole_years_of_all_parts_together() -> None:
    detailed = "A sensitive figure for a ward must cover exactly 12 months and must not be split by type."
    assert messages(with_figures(figure(40, period=HALF))) == [detailed]
    assert messages(with_figures(figure(40, part="Race"))) == [detailed]
    assert messages(with_figures(figure(40, "Borough", HALF), figure(40, "Borough", part="Race"))) == []


@pytest.mark.parametrize(
    ("other", "is_crossed"),
    [
        ((date(2023, 4, 1), date(2024, 3, 31)), True),
        ((date(2022, 2, 1), date(2023, 1, 31)), True),
        ((date(2024, 1, 1), date(2024, 12, 31)), False),  # one after the other
        ((date(2022, 1, 1), date(2022, 12, 31)), False),
    ],
)
def test_two_years_of_a_ward_that_overlap_in_part_give_a_few_months_away(
    other: tuple[date, date], is_crossed: bool
) -> None:
    found = messages(with_figures(figure(40), figure(50, period=other)))
    assert (len(found) == 1) is is_crossed
    assert all("This period overlaps the one up to" in m for m in found)
    # In another ward, or in the borough, it is another matter.
    assert messages(with_figures(figure(40), figure(50, "South", other))) == []
    assert messages(with_figures(figure(40, "Borough"), figure(50, "Borough", other))) == []


def test_a_period_inside_another_does_not_count_as_crossed() -> None:
    for inner in (QUARTER, HALF, (date(2023, 10, 1), date(2023, 12, 31)), YEAR):
        assert clearing._is_nested(figure(1), figure(1, period=inner))
        assert clearing._is_nested(figure(1, period=inner), figure(1))
    assert not clearing._is_nested(
        figure(1, period=HALF), figure(1, period=(date(2023, 3, 1), date(2023, 9, 30)))
    )


# --- rates and percentages that stand for a count


def least(
    value: str, unit: str, *counts: Observation, people: Mapping[str, Population] | None = None
) -> Decimal | None:
    """The smallest count that a rate or percentage of the borough can stand for."""
    rate = figure(value, "Borough", of="rate")
    of = with_figures(rate, *counts, populations=people or {})
    indicators = {**of.indicators, "rate": replace(of.indicators["rate"], unit=Unit(unit))}
    return other_forms._least_count(replace(of, indicators=indicators), rate)[0]


def test_a_rate_stands_for_the_smallest_count_that_rounds_to_it() -> None:
    people = {"Borough": Population("s", "l", "Borough", 2023, 10_000, "")}
    assert least("0.5", "per-1000", people=people) == Decimal("4.5")  # 0.45 of 10 thousand
    assert least("2", "per-1000", people=people) == 15
    assert least("2", "per-1000") is None


def test_a_percentage_stands_for_a_share_of_a_count_of_the_same_months() -> None:
    whole, later = figure(200, "Borough"), figure(20, "Borough", (date(2024, 1, 1), date(2024, 12, 31)))
    assert least("5", "percent", whole, later) == 9  # 4.5% of 200
    assert least("5.0", "percent", whole) == Decimal("9.9")
    assert least("5", "percent", figure(200, "North")) is None
    assert least("5", "percent", figure(None, "Borough")) is None


def test_a_change_stands_for_a_count_of_later_months_than_its_base() -> None:
    before = figure(40, "Borough", (date(2022, 1, 1), date(2022, 12, 31)))
    assert least("-50", "percent-change", before) == Decimal("19.8")  # 49.5% of 40
    assert least("-50", "percent-change", figure(40, "Borough")) is None
