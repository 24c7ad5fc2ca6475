"""Which figures must not be published at all: too small, too detailed, or in two periods whose difference says more."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from portal.core.model import Claim, Content, Observation, Population
from portal.core.vocabulary import ClaimKind, Status, Unit
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


OVERLAPPING = (date(2023, 2, 1), date(2024, 1, 31))


@pytest.mark.parametrize(
    ("titles", "more", "is_crossed"),
    [
        (("Hidden harm recorded", "Hidden harm recorded, newest"), [], True),
        (("Hidden harm recorded", "Recorded hidden harms"), [], True),
        (("Hidden harm recorded", "Hidden harm recorded with injury"), [], False),
        # Equal where both are published: the same series, whatever it is called.
        (("Hidden harm recorded", "Hidden harm of the north"), [40, 40], True),
        (("Hidden harm recorded", "Hidden harm of the north"), [40, 41], False),
        (("Hidden harm recorded", "Burglary"), [40, 40], False),
    ],
)
def test_years_that_overlap_count_over_indicators_of_one_subject(
    titles: tuple[str, str], more: list[int], is_crossed: bool
) -> None:
    earlier = (date(2021, 1, 1), date(2021, 12, 31))
    both = [figure(v, period=earlier, of=i) for v, i in zip(more, ("harm", "newer"), strict=False)]

    def found(newest: int | None) -> list[str]:
        of = with_figures(figure(40), figure(newest, period=OVERLAPPING, of="newer"), *both)
        named = {k: replace(i, title=t) for (k, i), t in zip(of.indicators.items(), titles, strict=True)}
        return messages(replace(of, indicators=named))

    assert found(49) == ["This period overlaps the one of harm up to 2023-12-31. Together they give away a figure for a few months."] * is_crossed  # fmt: skip
    assert found(None) == []


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


# --- what a name says, whatever the unit and the area

LATER = (date(2024, 1, 1), date(2024, 12, 31))


def named(*figures: Observation, **names: str) -> Content:
    """The figures of guarded counts; `names` gives a unit, title and unit label of an indicator, and `open` if it is not guarded."""
    of = with_figures(*figures)
    indicators = dict(of.indicators)
    for i, words in names.items():
        unit, title, label, *more = (*words.split(":"), "", "")
        indicators[i] = replace(
            indicators[i], unit=Unit(unit), title=title, unit_label=label,
            sensitive="open" not in more, topic=next((m for m in more if m not in ("", "open")), "crime"),
        )  # fmt: skip
    return replace(of, indicators=indicators)


def undated(of: str, value: int | str, part: str = "") -> Observation:
    return replace(figure(value, "Borough", of=of), period_start=None, period_end=None, part=part)


NAMED: dict[str, tuple[list[Observation], dict[str, str], str]] = {
    "a share of an open count": ([figure(250, "Borough", of="all"), figure("1.2", "Borough", of="x")], {"all": "count:All offences::open", "x": "percent:Harm"}, "With the count of all, this figure can stand for a count under 5."),
    "a share of a count of another topic": ([figure(250, "Borough"), figure("1.2", "Borough", of="x")], {"harm": "count:Harm", "x": "percent:Harm with a knife, share::police"}, "With the count of harm"),
    "a share of an open count that no whole number fits": ([figure(50, "Borough", of="all"), figure("1.2", "Borough", of="x")], {"all": "count:All offences::open", "x": "percent:Harm"}, ""),
    "a share of a large open count": ([figure(2500, "Borough", of="all"), figure("1.2", "Borough", of="x")], {"all": "count:All offences::open", "x": "percent:Harm"}, ""),
    "a share of an open count of something else": ([figure(250, "Borough", of="all"), figure("1.2", "Borough", of="x")], {"all": "count:Fires::open:fire", "x": "percent:Harm"}, ""),
    "a change of an open count": ([figure(10, "Borough", of="all"), figure("-70", "Borough", LATER, of="x")], {"all": "count:Harm::open", "x": "percent-change:Harm, change"}, "With the count of all"),
    "a change without a period": ([figure(10, "Borough"), undated("x", -70)], {"x": "percent-change:Change"}, "With the count of harm"),
    "a share without a period": ([figure(250, "Borough"), undated("x", "1.2")], {"x": "percent:Share"}, "With the count of harm"),
    "a share without a period of a withheld count": ([figure(None, "Borough"), undated("x", "40")], {"x": "percent:Share"}, "the withheld count of harm can be worked out"),
    "a rate in pounds by ward": ([figure(7)], {"harm": "pounds:Harm:offences"}, "For wards, publish only counts"),
    "a cost by ward": ([figure(3000)], {"harm": "pounds:Harm:pounds, £1,000 a victim"}, "For wards, publish only counts"),
    "a cost by borough": ([figure(3000, "Borough")], {"harm": "pounds:Harm:pounds"}, ""),
    "a rate as a count, by its title": ([figure(140)], {"harm": "count:Harm per 100,000 residents"}, "not a plain count"),
    "a rate as a count, by its unit label": ([figure(14)], {"harm": "count:Harm:per 10,000 people"}, "not a plain count"),
    "a percentage as a count": ([figure(35)], {"harm": "count:Harm:%"}, "not a plain count"),
    "an index as a count": ([figure(35)], {"harm": "count:Index of harm"}, "not a plain count"),
    "a count of people": ([figure(35)], {"harm": "count:Harm to a person:people"}, ""),
    "a ward in the title": ([figure(6, "Borough")], {"harm": "count:Harm in North ward"}, "This count is of “North”, a place no larger than a ward, and under 10."),
    "a ward in the title, for a quarter": ([figure(16, "Borough", QUARTER)], {"harm": "count:Harm, North"}, "must cover exactly 12 months"),
    "a ward in the title, large": ([figure(16, "Borough")], {"harm": "count:Harm, North"}, ""),
    "a direction in the title": ([figure(6, "Borough")], {"harm": "count:Harm in Northern places"}, ""),
    "a ward as a part": ([figure(6, "Borough", part="North ward"), figure(6, "Borough", part="North of the river")], {}, "This count is of “North”"),
    "a street as a part": ([figure(6, "Borough", part="Mill Road"), figure(7, "Borough")], {"harm": "count:Harm by neighbourhood"}, "This count is of “Mill Road”"),
    "a kind as a part": ([figure(6, "Borough", part="Knives")], {"harm": "count:Harm by kind"}, ""),
}  # fmt: skip


@pytest.mark.parametrize("case", NAMED)
def test_what_a_name_says_counts_whatever_the_unit_and_the_area(case: str) -> None:
    figures, names, told = NAMED[case]
    found = messages(named(*figures, **names))
    assert len(found) == bool(told), found
    assert all(told in m for m in found)


@pytest.mark.parametrize(
    ("label", "count"), [("", 20), ("offences per 1,000 people", 20), ("per 10,000", 2), ("per 100,000 people", Decimal("0.2"))]
)  # fmt: skip
def test_a_rate_is_for_as_many_people_as_its_name_says(label: str, count: Decimal | int) -> None:
    of = named(figure("2.0", "Borough", of="x"), x=f"per-1000:Rate:{label}")
    of = replace(of, populations={"Borough": Population("s", "l", "Borough", 2023, 10_000, "")})
    assert other_forms._least_count(of, of.observations["x"][0])[0] == count * Decimal("0.975")


def claim(stated: int, kind: str, period: tuple[date, date], base: tuple[date, date] | None = None) -> Claim:
    before, until = base or (None, None)
    return Claim(
        "s",
        "l",
        "c",
        "harm",
        ClaimKind(kind),
        "North",
        *period,
        before,
        until,
        "",
        "",
        Decimal(stated),
        0,
        "",
    )


BEFORE, BOTH = (date(2022, 1, 1), date(2022, 12, 31)), (date(2022, 1, 1), date(2023, 12, 31))


@pytest.mark.parametrize(
    ("figures", "stated", "is_small"),
    [
        ([figure(20, period=BEFORE)], claim(27, "total", BOTH), True),
        ([figure(20, period=BEFORE)], claim(20, "value", BOTH), True),  # none in the other year
        ([figure(20, period=BEFORE)], claim(30, "total", BOTH), False),
        ([figure(20, period=BEFORE)], claim(19, "total", BOTH), False),  # of another table
        ([figure(20, period=BEFORE), figure(17)], claim(37, "total", BOTH), False),  # nothing is left
        ([], claim(27, "total", BOTH), False),
        ([figure(20)], claim(13, "total", HALF), True),
        ([figure(33)], claim(13, "total", HALF), False),
        ([figure(20, period=BEFORE)], claim(-65, "change-percent", YEAR, BEFORE), True),
        ([figure(20, period=BEFORE)], claim(-35, "change-percent", YEAR, BEFORE), False),
        ([figure(20)], claim(186, "change-percent", YEAR, BEFORE), True),  # 7 before
        ([figure(20)], claim(-100, "change-percent", YEAR, BEFORE), False),
    ],
)  # fmt: skip
def test_a_statement_does_not_give_away_the_count_of_months_without_a_row(
    figures: list[Observation], stated: Claim, is_small: bool
) -> None:
    found = messages(with_figures(*figures, claims=(stated,)))
    assert len(found) == is_small, found
    assert all("gives the count of months that have no figure. It is under 10." in m for m in found)
