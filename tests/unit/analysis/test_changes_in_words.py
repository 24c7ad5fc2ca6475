"""Changes in words, rates that can be shown, tests of many changes at once, and the band of a provisional figure."""

from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from portal.analysis import changes_in_words, funnels, headlines, measures, progress, significance
from portal.analysis.measures import Change, IndicatorSummary
from portal.core.model import Break, Observation, Population
from portal.core.vocabulary import Direction, NoChange, Status
from test_measures import indicator, released, year


def change(
    earlier: int,
    later: int,
    direction: str = "",
    interval: tuple[float, float] | None = None,
    p: float | None = None,
) -> Change:
    percent = None if earlier < 50 else Decimal(round((later - earlier) * 100 / earlier))
    return Change(
        year(earlier, 2019), year(later, 2020), Decimal(later - earlier), percent, Direction(direction), p, interval
    )  # fmt: skip


def summary(
    of: Change | None, why: NoChange = NoChange.COMPARED, cut: Break | None = None, **more: object
) -> IndicatorSummary:
    return IndicatorSummary(
        indicator(**more), year(120, 2020), of.earlier if of else None, of, why, None, cut
    )


POLICE = "police-activity"


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (summary(change(100, 120, "rose", (5.0, 36.0))), "up 20% (5% to 36%)"),
        (summary(change(100, 80, "fell", (-32.0, -6.0))), "down 20% (6% to 32%)"),
        (summary(change(100, 80, "fell", (-32.0, 0.0))), "down 20%"),
        (summary(change(100, 120, "rose", (20.1, 20.2))), "up 20%"),
        (summary(change(20, 45, "rose")), "up by 25"),
        (summary(change(45, 20, "fell")), "down by 25"),
        (summary(change(100, 104, "no clear change")), "no clear change"),
        (summary(change(100, 104)), "4 more, not tested"),
        (summary(change(104, 100)), "4 fewer, not tested"),
        (summary(change(100, 100)), "the same"),
        (summary(change(100, 104), unit="pounds"), "up by £4"),
        (summary(change(100, 120, "rose", (5.0, 36.0)), polarity=POLICE), "20% more recorded (5% to 36%)"),
        (summary(change(100, 80, "fell"), polarity=POLICE), "20% fewer recorded"),
        (summary(change(20, 45, "rose"), polarity=POLICE), "25 more recorded"),
        (summary(change(45, 20, "fell"), polarity=POLICE), "25 fewer recorded"),
        (summary(change(100, 104, "no clear change"), polarity=POLICE), "no clear change"),
        (summary(None, NoChange.NO_EARLIER), "no figure to compare with"),
        (summary(None, NoChange.NO_NUMBER), "cannot be shown"),
        (summary(None, NoChange.BREAK, Break("s", "l", "thefts", date(2024, 3, 1), "New", "")), "not comparable: recording changed in March 2024"),
    ],
)  # fmt: skip
def test_a_change_in_a_few_words(found: IndicatorSummary, words: str) -> None:
    assert changes_in_words.change_in_words(found) == words


@pytest.mark.parametrize(
    ("found", "unit", "words"),
    [
        (change(100, 127), "count", "27 more (27%)"),
        (change(100, 73), "count", "27 fewer (27%)"),
        (change(20, 46), "count", "26 more"),
        (change(20, 20), "count", "the same"),
        (change(20, 46), "percent", "up by 26 percentage points"),
        (change(1000, 1004), "count", "4 more (under 1%)"),
        (change(1000, 1), "count", "999 fewer (over 99%)"),
        (change(1000, 0), "count", "1,000 fewer (100%)"),
        (change(1000, 2000), "count", "1,000 more (100%)"),
        (change(1000, 995), "count", "5 fewer (1%)"),
    ],
)
def test_a_difference_says_how_large_it_is_whatever_a_test_says(found: Change, unit: str, words: str) -> None:
    assert changes_in_words.difference_in_words(found, unit) == words


def test_a_clear_change_has_both_figures_and_what_cannot_be_compared_has_none() -> None:
    found = summary(change(100, 120, "rose"))
    assert changes_in_words.change_with_figures(found) == "Thefts: up 20%, from 100 to 120"
    alone = summary(None, NoChange.NO_EARLIER)
    assert changes_in_words.change_with_figures(alone) == "Thefts: no figure to compare with"


def test_only_clear_changes_are_listed_and_the_police_record_what_they_find() -> None:
    rose, fell, same = change(100, 150, "rose"), change(150, 100, "fell"), change(100, 101, "no clear change")
    several = [
        summary(rose, short_title="Violence"), summary(fell, short_title="Burglary"), summary(fell, short_title="Robbery"),
        summary(same, short_title="Arson"), summary(None, NoChange.NO_EARLIER, short_title="Theft"), summary(rose, short_title="Drugs", polarity=POLICE),
    ]  # fmt: skip
    assert changes_in_words.describe_clear_changes(several) == (
        "Violence rose. Burglary and robbery fell. Drugs: the police recorded more. Nothing else clearly changed."
    )
    assert changes_in_words.describe_clear_changes(several[3:5]) == "No type of crime clearly rose or fell."


# --- tests of many changes at once


def test_changes_that_were_looked_at_together_are_clear_only_if_that_could_hardly_be_chance() -> None:
    """Of twenty changes one has p just under 5% by chance alone, so it is not clear; alone it would be."""
    doubtful, others = change(100, 130, "rose", p=0.04), [change(100, 101, "no clear change", p=0.5)] * 19
    assert [c.direction for c in measures.tested_together([doubtful]) if c] == ["rose"]
    assert {c.direction for c in measures.tested_together([doubtful, *others]) if c} == {"no clear change"}
    mixed = [change(100, 200, "rose", p=0.0001), None, change(200, 100, "fell", p=0.0002), change(100, 90)]
    found = measures.tested_together([*mixed, *others])
    assert [c.direction if c else None for c in found[:4]] == ["rose", None, "fell", ""]
    assert found[3] is mixed[3]


def test_a_p_value_is_never_above_one_and_the_same_both_ways() -> None:
    for a, b in ((0, 0), (5, 5), (5, 6), (100, 101), (30, 60)):
        assert 0 <= significance.p_value(a, b, 1.0) <= 1
        assert significance.p_value(a, b, 1.0) == pytest.approx(significance.p_value(b, a, 1.0))
    assert significance.p_value(50, 50, 1.0) == 1
    assert significance.p_value(30, 60, 1.0) < 0.01


# --- rates, bands, and progress


def test_a_rate_needs_a_count_people_and_a_place_where_it_means_something() -> None:
    people = {"E1": Population("s", "l", "E1", 2020, 2_500, "")}
    count = year(25, 2020)
    found = measures.rate(released(count, populations=people, no_rates={}), count)
    assert found
    assert (found.value, found.population, found.year) == (Decimal("10.0"), 2_500, 2020)
    zero = measures.rate(released(year(0, 2020), populations=people, no_rates={}), year(0, 2020))
    assert zero
    assert zero.value == 0
    for figures, more in (
        (count, {"no_rates": {("E1", "thefts"): "Visitors."}}),
        (count, {"populations": {}}),
        (year(None, 2020), {}),
        (year(-1, 2020), {}),
        (count, {"unit": "percent"}),
    ):
        told: dict[str, Any] = {"populations": people, "no_rates": {}} | more
        assert measures.rate(released(figures, **told), figures) is None


def test_the_smallest_band_of_a_provisional_figure_is_one() -> None:
    def band(value: object, percent: str, status: Status = Status.PROVISIONAL, unit: str = "count") -> int:
        one = year(value, 2020)
        provisional = Observation(**{**vars(one), "status": status})
        revision = SimpleNamespace(percent=Decimal(percent))
        ward = SimpleNamespace(kind="ward")
        known = released(
            provisional, revisions={("thefts", "ward", 12): revision}, areas={"E1": ward}, unit=unit
        )
        return measures.revision_band(known, provisional)

    assert (band(200, "2.5"), band(201, "2.5"), band(3, "0.1"), band(0, "2.5")) == (5, 6, 1, 1)
    assert band(None, "2.5") == 0
    assert band(200, "2.5", Status.PLAIN) == 0
    assert band(200, "0") == 0
    assert band(Decimal("40.5"), "2.5", unit="percent") == 0


def test_months_without_a_report_are_whole_and_never_negative() -> None:
    today = date(2026, 3, 15)
    loose = ("2026-03-15", "2026-02-15", "2026-02-16", "2026-02", "2026-01", "2025", "2027", "2026-04")
    assert [progress.months_since(day, today) for day in loose] == [0, 1, 0, 0, 1, 2, 0, 0]


def test_the_size_of_a_change_is_a_number_where_a_share_would_mislead() -> None:
    assert headlines._size(change(20, 45, "rose")) == "25"
    assert headlines._size(change(0, 45, "rose")) == "45"
    assert headlines._size(change(100, 120, "rose"), in_fractions=False) == "20%"


def test_the_limits_of_a_funnel_are_around_its_rate_and_wider_for_fewer_people() -> None:
    funnel = funnels.Funnel(indicator(), (), 0.01, 0.1)
    low, high = funnel.limits(10_000, funnels.USUAL)
    assert low < 10 < high
    assert funnel.limits(1_000, funnels.USUAL)[0] < low
    assert funnel.limits(1_000, funnels.USUAL)[1] > high
    assert funnel.limits(10_000, funnels.UNUSUAL)[1] > high


def test_a_difference_of_one_has_its_way_too() -> None:
    """Recorded drug offences depend on the police, so they were recorded more or less often, even by one."""
    more, fewer = change(10, 11, "rose"), change(11, 10, "fell")
    assert [changes_in_words.difference_in_words(c) for c in (more, fewer)] == ["1 more", "1 fewer"]


def test_only_a_provisional_figure_with_known_revisions_has_a_band() -> None:
    plain = year(120, 2020)
    assert measures.revision_band(released(plain), plain) == 0


def test_only_areas_with_the_newest_months_are_compared() -> None:
    areas = ["E1", "E2"]
    assert measures.in_same_months(released(), indicator(), areas) == {}
    known = measures.in_same_months(
        released(year(100, 2019), year(120, 2020), populations={}, no_rates={}), indicator(), areas
    )
    assert [(code, s.latest.value) for code, s in known.items()] == [("E1", Decimal(120))]
