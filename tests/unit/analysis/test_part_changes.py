"""The parts of a figure in two periods: which periods are compared, what the test says, and that nothing is given away."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from portal.analysis import measures, significance
from portal.analysis.part_changes import PartChanges, changes_by_part
from portal.core.measured import Dispersion
from portal.core.model import Area, Break, Observation
from portal.core.periods import first_day
from portal.core.vocabulary import AreaKind, Direction, Polarity, Status
from portal.disclosure.clearing import ClearedContent
from test_measures import indicator, released

BREAK = Break("s", "l", "thefts", date(2018, 9, 1), "New system", "Do not compare.")
Counts = Mapping[str, int | None]


def year(part: str, end: int, value: int | None, months: int = 12) -> Observation:
    """A figure for the months to August of a year; withheld without a value."""
    start = first_day(date(end, 8, 31), months)
    number = None if value is None else Decimal(value)
    return Observation(
        "s", "l", "thefts", "E1", start, date(end, 8, 31), part, number, Status("c" if value is None else "")
    )


def compare(
    *years: tuple[int, Counts], breaks: tuple[Break, ...] = (), dispersion: str = "1", **more: object
) -> PartChanges | None:
    figures = tuple(year(part, end, value) for end, counts in years for part, value in counts.items())
    return changes_by_part(content(figures, breaks, dispersion), indicator(breakdown="kind", **more))


def content(
    figures: tuple[Observation, ...], breaks: tuple[Break, ...] = (), dispersion: str = "1"
) -> ClearedContent:
    spread = Dispersion(
        "s", "l", "thefts", "borough", Decimal(dispersion or "1"), date(2010, 1, 1), date(2015, 1, 1), ""
    )
    return released(
        *figures, breaks=breaks, breakdowns={"kind": "Kind"}, dispersions={("thefts", "borough"): spread} if dispersion else {}, areas={"E1": Area("s", "l", "E1", "Abertawe", AreaKind.BOROUGH, "", None, None)},
    )  # fmt: skip


def test_the_last_pair_on_one_side_of_a_break_is_compared() -> None:
    years = [(end, {"a": 100 + end, "b": 60}) for end in (2016, 2017, 2018, 2019)]
    found = compare(*years, breaks=(BREAK,))
    assert found is not None
    assert (found.earlier, found.later) == ("12 months to August 2017", "12 months to August 2018")
    assert found.scope == (
        "This compares the 12 months to August 2018 with the 12 months before, because newer figures are counted in another way: recording changed in September 2018."
    )
    unbroken = compare(*years)
    assert unbroken is not None
    assert "because" not in unbroken.scope


def test_months_and_years_of_another_length_are_never_compared() -> None:
    months = [year("a", end, 80, length) for end, length in ((2016, 12), (2017, 11), (2018, 6), (2019, 6))]
    assert changes_by_part(content(tuple(months)), indicator(breakdown="kind")) is None
    assert compare((2018, {"a": 5}), (2019, {"a": 9}), breaks=(BREAK,)) is None
    assert changes_by_part(content((year("", 2016, 9), year("", 2017, 9))), indicator()) is None


def test_a_withheld_figure_has_no_difference_and_nothing_is_said_of_it() -> None:
    found = compare((2016, {"a": None, "b": 60, "c": 70}), (2017, {"a": 18, "b": 90, "c": None}))
    assert found is not None
    assert [(p.change, p.difference, p.tells) for p in found.parts if p.name != "b"] == [(None, "", "")] * 2
    assert "(a)" not in found.sentence
    assert "(c)" not in found.sentence
    assert [mark for mark, _ in found.marks] == ["c"]
    assert compare((2016, {"a": None}), (2017, {"a": 18})) is None


def test_percentages_need_a_base_and_small_differences_are_only_counted() -> None:
    found = compare((2016, {"a": 49, "b": 50, "c": 50}), (2017, {"a": 98, "b": 25, "c": 50}))
    assert found is not None
    assert [p.difference for p in found.parts] == ["49 more", "25 fewer (50%)", "the same"]
    assert found.sentence.startswith(
        "By kind, in the 12 months to August 2017 compared with the 12 months before: 50% fewer (b) and the same (c)."
    )


@pytest.mark.parametrize(
    ("polarity", "verdict"),
    [
        (Polarity.LOWER_IS_BETTER, "Clearly rose: a. Clearly fell: c."),
        (Polarity.POLICE_ACTIVITY, "Clearly more recorded: a. Clearly fewer recorded: c."),
    ],
)
def test_the_verdict_names_clear_changes(polarity: str, verdict: str) -> None:
    years = (2016, {"a": 100, "b": 60, "c": 200}), (2017, {"a": 300, "b": 61, "c": 50})
    found = compare(*years, polarity=polarity)
    assert found is not None
    assert found.verdict == verdict
    still = compare(*years, dispersion="100")
    assert still is not None
    assert still.verdict == "No kind clearly rose or fell."
    untested = compare(*years, dispersion="")
    assert untested is not None
    assert {p.tells for p in untested.parts} == {"not tested"}
    assert untested.verdict.startswith("We could not test")


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), min_size=1, max_size=8))
def test_parts_are_tested_together(counts: list[tuple[int, int]]) -> None:
    """Benjamini and Hochberg's procedure by its definition: the largest k with p(k) at most 5% of k out of m."""
    years: list[Counts] = [{str(n): pair[end] for n, pair in enumerate(counts)} for end in (0, 1)]
    # A newer year behind a break: so the compared one is no longer revised.
    found = compare((2017, years[0]), (2018, years[1]), (2019, years[1]), breaks=(BREAK,))
    assert found is not None
    p = sorted(significance.p_value(one, two, 1) for one, two in counts)
    level = max((v for n, v in enumerate(p, 1) if v < 0.05 * n / len(p)), default=-1)
    for part, (one, two) in zip(found.parts, counts, strict=True):
        is_clear = significance.p_value(one, two, 1) <= level and one != two
        assert part.change is not None
        assert (part.change.direction in (Direction.ROSE, Direction.FELL)) == is_clear


def test_hate_crime_by_strand_is_compared_as_the_plan_promised(real: ClearedContent) -> None:
    strands = real.content.indicators["recorded-hate-crime-strands"]
    found = changes_by_part(real, strands)
    assert found is not None
    (cut,) = measures.breaks_of(real, strands.id)
    for part in found.parts:
        figures = [o for o in (part.earlier, part.later) if o]
        assert all(o.area == real.area and o.period_end and o.period_end < cut.date for o in figures)
        for one, two in pairwise(figures):
            if part.change:
                assert part.change.difference == (two.value or 0) - (one.value or 0)
            else:
                assert None in (one.value, two.value)
    assert found.kind == "type"
    assert found.verdict in found.sentence
