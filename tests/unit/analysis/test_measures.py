"""Change, direction and the judging of claims."""

import re
from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import comb

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from portal.analysis import changes_in_words, claims, measures, significance
from portal.analysis.measures import Change, IndicatorSummary
from portal.core import periods
from portal.core.model import Break, Claim, Content, Indicator, Observation, Population, Target
from portal.core.periods import first_day, month_end
from portal.core.text import amount
from portal.core.vocabulary import ADDABLE_UNITS, ClaimKind, Direction, NoChange, Status, Unit
from portal.disclosure.clearing import ClearedContent
from portal.pages.figure_views import JudgedTarget


def indicator(**more: object) -> Indicator:
    base = {
        "id": "thefts", "slug": "thefts", "title": "Thefts", "short_title": "Thefts", "topic": "crime", "definition": "", "unit": "count",
        "unit_label": "offences", "period_type": "rolling-months", "polarity": "lower-is-better", "chart": "pair", "breakdown": "",
        "sensitive": False, "protected": False, "part_of": "", "caveat": "", "period_note": "",
    }  # fmt: skip
    return Indicator(**{**base, **more})  # type: ignore[arg-type]


def year(value: object, end: int, months: int = 12) -> Observation:
    start = date(end - 1, 8, 1) if months == 12 else date(end, 2, 1)
    return Observation(
        "s",
        "l",
        "thefts",
        "E1",
        start,
        date(end, 7, 31),
        "",
        None if value is None else Decimal(str(value)),
        Status("" if value is not None else "c"),
    )


def claim(kind: str, stated: object, decimals: int) -> Claim:
    now, before = year(1, 2016), year(1, 2015)
    return Claim(
        "s",
        "l",
        "c1",
        "thefts",
        ClaimKind(kind),
        "E1",
        now.period_start,
        now.period_end,
        before.period_start,
        before.period_end,
        "",
        "",
        Decimal(str(stated)),
        decimals,
        "",
    )


def released(
    *figures: Observation, breaks: tuple[Break, ...] = (), unit: str = "count", **more: object
) -> ClearedContent:
    empty: dict[str, object] = {f.name: () for f in fields(Content)}
    empty |= {
        "breakdowns": {},
        "areas": {},
        "dispersions": {},
        "revisions": {},
        "outcomes": {},
        "sources": {},
        "indicators": {"thefts": indicator(unit=unit)},
    }
    empty |= more
    return ClearedContent(Content(**{**empty, "observations": {"thefts": figures}, "breaks": breaks}))  # type: ignore[arg-type]


@given(st.integers(0, 150), st.integers(0, 150))
def test_direction_of_independent_events_is_the_exact_test(earlier: int, later: int) -> None:
    total, least = earlier + later, min(earlier, later)
    p = min(Fraction(1), 2 * Fraction(sum(comb(total, k) for k in range(least + 1)), 2**total))
    expected = (
        "no clear change" if total == 0 or p >= Fraction(1, 20) else "rose" if later > earlier else "fell"
    )
    found = measures.change(indicator(), year(earlier, 2015), year(later, 2016), (), measures.Spread(1.0))
    assert found is not None
    assert found.direction == expected


def test_no_percentage_from_a_small_base() -> None:
    small = measures.change(indicator(), year(49, 2015), year(80, 2016))
    large = measures.change(indicator(), year(50, 2015), year(80, 2016))
    assert small is not None
    assert small.percent is None
    assert large is not None
    assert large.percent == Decimal("60.0")


@given(st.integers(50, 10**6), st.integers(1, 10**6), st.floats(1.0, 15.0))
def test_an_interval_beside_a_clear_change_never_includes_none(a: int, b: int, phi: float) -> None:
    """The words, too: rounding makes no 0% of a change that is clear, and no 100% of a fall that leaves some."""
    assume(a != b)
    found = Change(year(a, 2019), year(b, 2020), Decimal(b - a), Decimal(round(100 * (b - a) / a)), Direction.ROSE if b > a else Direction.FELL, 0.01, significance.interval(a, b, phi))  # fmt: skip
    said = changes_in_words.change_in_words(
        IndicatorSummary(indicator(), found.later, found.earlier, found, NoChange.COMPARED, None)
    )
    assert not re.search(r"\b0%", said)
    assert b > a or not re.search(r"\b100%", said)
    if found.interval and found.interval[0] * found.interval[1] <= 0:
        assert "(" not in said


@pytest.mark.parametrize(
    ("earlier", "later", "ends", "said"),
    [
        (1000, 1090, (0.3, 18.2), "up 9% (under 1% to 18%)"),
        (1000, 910, (-18.2, -0.3), "down 9% (under 1% to 18%)"),
        (1000, 1090, (-0.3, 18.2), "up 9%"),
        (10**6, 10**6 + 4000, (0.1, 0.4), "up under 1%"),
        (1000, 3, (-99.8, -99.1), "down over 99% (99% to over 99%)"),
    ],
)
def test_small_ends_of_an_interval_are_told_in_words(
    earlier: int, later: int, ends: tuple[float, float], said: str
) -> None:
    difference = Decimal(later - earlier)
    way = "rose" if later > earlier else "fell"
    found = Change(year(earlier, 2019), year(later, 2020), difference, Decimal(0), Direction(way), 0.01, ends)
    assert (
        changes_in_words.change_in_words(
            IndicatorSummary(indicator(), found.later, found.earlier, found, NoChange.COMPARED, None)
        )
        == said
    )


def test_withheld_propagates() -> None:
    assert measures.change(indicator(), year(None, 2015), year(80, 2016)) is None
    assert (
        claims.judge(released(year(None, 2015), year(80, 2016)), claim("change-percent", 5, 0)).outcome
        == "cannot be checked"
    )


def test_nothing_is_compared_across_a_break_or_over_other_lengths() -> None:
    cut = (Break("s", "l", "thefts", date(2015, 9, 1), "New way", ""),)
    assert measures.change(indicator(), year(60, 2015), year(80, 2016), cut) is None
    assert measures.change(indicator(), year(60, 2015), year(80, 2016)) is not None
    assert measures.change(indicator(), year(60, 2015), year(80, 2016, months=6)) is None
    assert measures.change(indicator(), year(60, 2016), year(80, 2016)) is None


@given(st.integers(1, 5000), st.integers(0, 5000), st.integers(0, 3))
def test_a_correctly_rounded_claim_always_agrees(earlier: int, later: int, decimals: int) -> None:
    exact = Fraction(later - earlier, earlier) * 100
    stated = Decimal(round(exact * 10**decimals)).scaleb(-decimals)
    verdict = claims.judge(
        released(year(earlier, 2015), year(later, 2016)), claim("change-percent", stated, decimals)
    )
    assert verdict.outcome == "agrees"


@given(st.integers(1, 5000), st.integers(0, 5000), st.integers(0, 2), st.sampled_from([-1, 1]))
def test_a_claim_that_is_off_by_more_than_rounding_differs(
    earlier: int, later: int, decimals: int, side: int
) -> None:
    exact = Fraction(later - earlier, earlier) * 100
    stated = Decimal(round(exact * 10**decimals) + 2 * side).scaleb(-decimals)
    verdict = claims.judge(
        released(year(earlier, 2015), year(later, 2016)), claim("change-percent", stated, decimals)
    )
    assert verdict.outcome == "differs"


@pytest.mark.parametrize(
    ("earlier", "later", "stated"),
    [(200, 201, "0.5"), (400, 401, "0.3"), (400, 401, "0.2"), (800, 803, "0.4")],
)
def test_a_half_may_be_rounded_either_way(earlier: int, later: int, stated: str) -> None:
    assert (
        claims.judge(
            released(year(earlier, 2015), year(later, 2016)), claim("change-percent", stated, 1)
        ).outcome
        == "agrees"
    )


@pytest.mark.parametrize(
    ("earlier", "later", "stated", "outcome"),
    [
        (71, 77, 1, "agrees"),
        (77, 71, 1, "differs"),
        (0, 4, 1, "agrees"),
        (0, 4, -1, "differs"),
        (4, 0, -1, "agrees"),
        (0, 0, 0, "agrees"),
        (0, 0, 1, "differs"),
        (235, 236, 0, "agrees"),
        (100, 200, 1, "agrees"),
        (200, 100, -1, "agrees"),
        (100, 200, 0, "differs"),
    ],
)
def test_a_direction_is_that_of_the_figures_whatever_chance_could_do(
    earlier: int, later: int, stated: int, outcome: str
) -> None:
    verdict = claims.judge(released(year(earlier, 2015), year(later, 2016)), claim("direction", stated, 0))
    assert verdict.outcome == outcome


@pytest.mark.parametrize(
    ("earlier", "later", "working"),
    [
        ((0, ""), (4, ""), "From 0 to 4: a percentage change from zero cannot be worked out."),
        (
            (-100, ""),
            (-50, ""),
            "From −100 to −50: a percentage change from a number below zero cannot be worked out.",
        ),
        ((None, "c"), (4, ""), "One of the figures behind it is withheld, to protect people."),
        ((5, ""), (None, "x"), "One of the figures behind it is not available."),
        ((5, ""), (None, "low"), "One of the figures behind it is too low to show, but not zero."),
        ((None, "z"), (4, ""), "One of the figures behind it does not apply."),
    ],
)
def test_what_cannot_be_checked_says_why(
    earlier: tuple[int | None, str], later: tuple[int | None, str], working: str
) -> None:
    figures = [replace(year(v, end), status=Status(s)) for (v, s), end in ((earlier, 2015), (later, 2016))]
    verdict = claims.judge(released(*figures), claim("change-percent", 400, 0))
    assert (verdict.outcome, verdict.recomputed, verdict.working) == ("cannot be checked", None, working)


@pytest.mark.parametrize("kind", ["direction", "change-percent", "change-percent-without", "value", "total"])
def test_a_document_does_not_contradict_itself_by_figures_of_another(kind: str) -> None:
    figures = [replace(year(v, end), source="other") for v, end in ((100, 2015), (150, 2016))]
    verdict = claims.judge(released(*figures), replace(claim(kind, 40, 0), other_indicator="thefts"))
    assert verdict.outcome == "cannot be checked"
    assert verdict.working == "The document does not print the figures behind it."


@pytest.mark.parametrize(("unit", "figure", "stated", "shown"), [("pounds", "12.50", 13, "£12.50"), ("percent", "60", 61, "60%")])  # fmt: skip
def test_a_stated_value_is_compared_with_the_figure_as_it_is_printed(
    unit: str, figure: str, stated: int, shown: str
) -> None:
    verdict = claims.judge(released(year(Decimal(figure), 2016), unit=unit), claim("value", stated, 0))
    assert verdict.working == f"elsewhere the document prints {shown}"


@pytest.mark.parametrize("kind", ["direction", "change-percent", "change-percent-without", "value", "total"])
@pytest.mark.parametrize("unit", list(Unit))
@pytest.mark.parametrize(("earlier", "later"), [(-100, -50), (0, 4), (4, 12), (1200, 900)])
def test_each_figure_behind_a_claim_has_the_mark_of_its_unit(
    kind: str, unit: Unit, earlier: int, later: int
) -> None:
    known = released(year(earlier, 2015), year(later, 2016))
    of_unit = {"thefts": replace(known.content.indicators["thefts"], unit=unit)}
    known = replace(known, content=replace(known.content, indicators=of_unit))
    stated = claim(kind, later, 0)
    if kind == "change-percent-without":
        stated = replace(stated, other_indicator="thefts")
    working = claims.judge(known, stated).working
    first, last = (amount(Decimal(n), unit) for n in (earlier, later))
    if kind in ("value", "total"):
        added = kind == "total" and unit not in ADDABLE_UNITS
        assert added or working.endswith(f" {last}")
    elif kind == "change-percent-without":
        assert working.lower().startswith(f"from {first} − {first} to {last} − {last}")
    else:
        assert working.lower().startswith(f"from {first} to {last}")


def test_a_half_that_a_document_rounds_down_is_shown_as_a_half() -> None:
    verdict = claims.judge(released(year(200, 2015), year(201, 2016)), claim("change-percent", 0, 0))
    assert (verdict.outcome, verdict.working) == ("agrees", "from 200 to 201 is +0.5%")


# --- sums


def month(number: int, value: object, status: str = "", months: int = 1, **more: object) -> Observation:
    """A figure of the months that end with a month of 2020, counted from 1."""
    end = month_end(date(2020, 1, 31), number - 1)
    known = None if value is None else Decimal(str(value))
    o = Observation("s", "l", "thefts", "E1", first_day(end, months), end, "", known, Status(status))
    return replace(o, **more)  # type: ignore[arg-type]


def months(*values: object) -> tuple[Observation, ...]:
    return tuple(month(n, v) for n, v in enumerate(values, 1))


DECEMBER = date(2020, 12, 31)


@pytest.mark.parametrize("unit", ["count", "pounds", "percent", "per-1000", "percent-change"])
def test_only_counts_and_pounds_are_added_up(unit: str) -> None:
    content = released(*months(*range(12)), unit=unit)
    whole = measures.window(content, "thefts", "E1", DECEMBER, 12)
    assert (whole.value if whole else None) == (66 if unit in ("count", "pounds") else None)
    one = measures.window(content, "thefts", "E1", DECEMBER, 1)
    assert one is not None
    assert one.value == 11  # what is printed for the whole period needs no sum
    assert len(measures.yearly(content, "thefts", "E1")) == (unit in ("count", "pounds"))


@pytest.mark.parametrize("kind", ["month", "calendar-year", "academic-year", "year-to", "rolling-months"])
def test_a_sum_is_named_by_the_months_that_it_is_of(kind: str) -> None:
    whole = measures.window(released(*months(*range(12))), "thefts", "E1", DECEMBER, 12)
    assert whole is not None
    assert (whole.period_start, whole.period_end) == (date(2020, 1, 1), DECEMBER)
    for name in (periods.label(kind, whole.period_start, whole.period_end), periods.short_label(kind, whole.period_start, whole.period_end)):  # fmt: skip
        assert name in (
            "12 months to December 2020",
            "Year to December 2020",
            "2020",
            "to Dec 2020",
            "Dec 2020",
        )
        assert (name == "Dec 2020") <= (kind == "year-to")
    half = measures.window(released(*months(*range(12))), "thefts", "E1", DECEMBER, 6)
    assert half is not None
    assert periods.label(kind, half.period_start, half.period_end) == "6 months to December 2020"


def test_a_window_is_made_of_the_longest_periods_that_fill_it() -> None:
    """A shorter period that is revised does not change a longer one that was printed."""
    figures = (*months(*[1] * 12), month(12, 30, months=3), month(9, 50, months=6))
    whole = measures.window(released(*figures), "thefts", "E1", DECEMBER, 12)
    assert whole is not None
    assert whole.value == 30 + 50 + 3
    # The longest is left where nothing fills the rest.
    figures = (month(12, 7, months=9), month(12, 30, months=6), month(6, 50, months=6))
    whole = measures.window(released(*figures), "thefts", "E1", DECEMBER, 12)
    assert whole is not None
    assert whole.value == 80
    assert measures.window(released(*figures[:2]), "thefts", "E1", DECEMBER, 12) is None


@pytest.mark.parametrize(
    ("statuses", "wanted"),
    [
        ("p", "p"), ("r", "r"), ("e", "e"), ("b", "b"), ("pr", "p"), ("re", "e"), ("pb", "b"), ("", ""),
        ("c", "c"), ("x", "x"), ("cx", "c"), ("xp", "x"), ("z", "x"), ("l", "x"), ("zx", "x"), ("lp", "x"),
    ],
)  # fmt: skip
def test_marks_survive_in_a_sum(statuses: str, wanted: str) -> None:
    marked = {n: "low" if s == "l" else s for n, s in enumerate(statuses, 4)}
    figures = [
        replace(
            o,
            status=Status(marked.get(n, "")),
            value=None if marked.get(n) in ("c", "x", "z", "low") else o.value,
        )
        for n, o in enumerate(months(*[5] * 12))
    ]
    whole = measures.window(released(*figures), "thefts", "E1", DECEMBER, 12)
    assert whole is not None
    assert whole.status == wanted
    assert (whole.value is None) == (wanted in ("c", "x"))


def test_what_does_not_apply_in_any_month_does_not_apply_in_the_year() -> None:
    figures = [month(n, None, "z") for n in range(1, 13)]
    whole = measures.window(released(*figures), "thefts", "E1", DECEMBER, 12)
    assert whole is not None
    assert whole.status == "z"


@given(st.lists(st.decimals(allow_nan=False, allow_infinity=False, places=2), min_size=12, max_size=12))
def test_a_sum_is_exact(values: list[Decimal]) -> None:
    whole = measures.window(released(*months(*values), unit="pounds"), "thefts", "E1", DECEMBER, 12)
    assert whole is not None
    assert whole.value is not None
    assert Fraction(whole.value) == sum(map(Fraction, values))


def test_a_rate_is_of_a_count_alone() -> None:
    lived = {"E1": Population("s", "l", "E1", 2021, 1000, "")}
    for unit, rate in (("count", Decimal("5.0")), ("pounds", None), ("percent", None)):
        found = measures.rate(released(month(1, 5), unit=unit, populations=lived), month(1, 5))
        assert (found.value if found else None) == rate
    assert measures.rate(released(populations=lived), month(1, -5)) is None


TOTAL = replace(claim("total", 66, 0), period_start=date(2020, 1, 1), period_end=DECEMBER)


@pytest.mark.parametrize(
    ("figures", "stated", "outcome"),
    [
        (months(*range(12)), 66, "agrees"),
        (months(*range(12)), 67, "differs"),
        (
            (*months(*range(12)), month(12, 66, months=12)),
            66,
            "agrees",
        ),  # printed as a year and by month: once
        (
            (*months(*range(12)), month(12, 60, months=12, part="A")),
            60,
            "agrees",
        ),  # the parts, without the row for all
        (months(*range(11)), 55, "agrees"),  # a month is missing: the others bear it out
        (months(*range(11)), 66, "cannot be checked"),  # … and cannot speak against it
        ((*months(*range(11)), month(12, None, "x")), 66, "cannot be checked"),
    ],
)
def test_a_total_counts_each_part_and_each_day_once(
    figures: tuple[Observation, ...], stated: int, outcome: str
) -> None:
    own = replace(TOTAL, stated=Decimal(stated))
    assert claims.judge(released(*figures), own).outcome == outcome
    of_percentages = claims.judge(released(*figures, unit="percent"), own)
    assert (of_percentages.outcome, of_percentages.working) == (
        "cannot be checked", "Percentages and rates cannot be added up.",
    )  # fmt: skip


# --- breaks


@pytest.mark.parametrize(
    ("day", "between"),
    [
        (date(2015, 7, 31), True),  # the last day of the earlier period
        (date(2015, 8, 1), True),  # the first day of the later one
        (date(2016, 7, 31), True),  # its last day
        (date(2016, 8, 1), False),  # the day after
        (date(2014, 8, 1), False),  # the first day of the earlier one: both are counted in the new way
        (date(2014, 8, 2), True),
        (date(2016, 1, 15), True),
    ],
)
def test_a_break_counts_from_its_first_day(day: date, between: bool) -> None:
    cut = (Break("s", "l", "thefts", day, "New way", ""),)
    assert (measures.change(indicator(), year(60, 2015), year(80, 2016), cut) is None) is between


def test_a_total_of_no_period_says_so_instead_of_missing_figures() -> None:
    undated = replace(claim("total", 66, 0), period_start=None, period_end=None)
    verdict = claims.judge(released(*months(*range(12))), undated)
    assert verdict.working == "The document does not say for which period it is."


@pytest.mark.parametrize(
    ("day", "between"),
    [
        (date(2014, 8, 1), False),
        (date(2014, 8, 2), True),
        (date(2016, 7, 31), True),
        (date(2016, 8, 1), False),
    ],
)
def test_a_claim_across_a_break_cannot_be_checked(day: date, between: bool) -> None:
    known = released(year(20, 2015), year(300, 2016), breaks=(Break("s", "l", "thefts", day, "New", ""),))
    both = replace(claim("total", 320, 0), period_start=date(2014, 8, 1))
    once = replace(claim("total", 300, 0), base_period_start=None, base_period_end=None)
    across = (claim("direction", 1, 0), claim("change-percent", 1400, 0), both)
    for verdict in (claims.judge(known, c) for c in across):
        assert verdict.outcome == ("cannot be checked" if between else "agrees")
        assert (f"recording changed in {periods.month(day)}" in verdict.working) is between
    for alone in (once, claim("value", 300, 0)):
        assert claims.judge(known, alone).outcome == "agrees"  # one period is no comparison


@pytest.mark.parametrize(("day", "why"), [(date(2016, 7, 31), "break"), (date(2016, 8, 1), "none")])
def test_a_break_on_the_last_day_of_the_newest_period_explains_why_there_is_no_change(
    day: date, why: str
) -> None:
    """The break also explains a missing earlier figure."""
    cut = (Break("s", "l", "thefts", day, "New way", ""),)
    known = released(year(80, 2016), breaks=cut, no_rates=frozenset(), populations={})
    summary = measures.alone(known, indicator(), "E1")
    assert summary is not None
    assert summary.no_change == why


# --- targets


@pytest.mark.parametrize(
    ("of_target", "of_indicator", "shown"),
    [("count", "pounds", "£90.25"), ("count", "percent", "90.25%"), ("count", "percent-change", "+90.25%"), ("percent-change", "count", "+90.25%")],
)  # fmt: skip
def test_a_target_is_told_in_the_unit_of_its_indicator_or_as_a_change(
    of_target: str, of_indicator: str, shown: str
) -> None:
    judged = JudgedTarget(replace(target(1, None), unit=Unit(of_target)), "", None, of_indicator)
    assert amount(Decimal("90.25"), judged.unit_to_reach) == shown


@pytest.mark.parametrize(
    ("aim", "result", "due", "outcome"),
    [
        (-20, -72, "2016", "met"),
        (-20, -20, "2016", "met"),
        (-20, -19, "2016", "missed"),
        (-20, 5, "2016", "missed"),
        (10, 12, "2016", "met"),
        (10, 9, "2016", "missed"),
        (10, None, "2016", "cannot be judged"),
        (10, None, "2022-02", "cannot be judged"),
        (10, None, "2022-03", "not yet due"),
        (10, None, "2022-04", "not yet due"),
        (10, None, "2023", "not yet due"),
    ],
)
def test_targets(aim: int, result: int | None, due: str, outcome: str) -> None:
    assert claims.outcome_of(target(aim, result, due=due), "2022-03-03") == outcome


def target(
    aim: object, result: object, baseline: object = None, unit: str = "percent-change", due: str = "2016"
) -> Target:
    start, goal, reached = (None if n is None else Decimal(str(n)) for n in (baseline, aim, result))
    return Target("s", "l", "t", "", "", "", start, Unit(unit), goal or Decimal(0), due, reached, "")


@pytest.mark.parametrize(
    ("aim", "result", "baseline", "polarity", "outcome"),
    [
        (100, 110, 120, "lower-is-better", "missed"),
        (100, 100, 120, "lower-is-better", "met"),
        (100, 90, 120, "", "met"),
        (100, 130, 120, "neutral", "missed"),
        (150, 140, 120, "higher-is-better", "missed"),
        (150, 160, 120, "more-reports-may-be-good", "met"),
        (120, 121, 120, "lower-is-better", "missed"),  # to hold it
        (120, 119, 120, "lower-is-better", "met"),
        (120, 119, 120, "higher-is-better", "missed"),
        (120, 121, 120, "", "cannot be judged"),
        (120, 120, 120, "", "met"),
        (100, 110, None, "lower-is-better", "missed"),
        (100, 90, None, "lower-is-better", "met"),
        (100, 110, None, "higher-is-better", "met"),
        (100, 110, None, "neutral", "cannot be judged"),
        (150, 140, 120, "lower-is-better", "cannot be judged"),  # a limit, or something to reach?
        (100, 90, 120, "higher-is-better", "cannot be judged"),
    ],
)
def test_a_number_to_reach_is_judged_from_its_baseline_or_else_by_what_is_better(
    aim: int, result: int, baseline: int | None, polarity: str, outcome: str
) -> None:
    assert claims.outcome_of(target(aim, result, baseline, "count"), "2022-03-03", polarity) == outcome


@given(
    st.integers(-50, 50), st.integers(-50, 50), st.none() | st.integers(-50, 50),
    st.sampled_from(["count", "percent-change"]),
    st.sampled_from(["", "neutral", "more-reports-may-be-good", "lower-is-better", "higher-is-better"]),
    st.sampled_from(["2016", "2023"]),
)  # fmt: skip
def test_a_target_is_only_met_by_what_meets_it(
    aim: int, result: int, baseline: int | None, unit: str, polarity: str, due: str
) -> None:
    """The decision table once more: the ways that a target may have meant, and what each says of the result."""
    start = 0 if unit == "percent-change" else baseline
    ways = {1, -1}
    if start is not None and aim != start:
        ways = {1 if aim > start else -1}
    elif start is None and aim < 0:
        ways = {-1}
    good = {"lower-is-better": {-1}, "higher-is-better": {1}}.get(polarity, {1, -1})
    meant = ways & good if start is not None or aim >= 0 else ways
    outcome = claims.outcome_of(target(aim, result, baseline, unit, due), "2022-03-03", polarity)
    if result == aim:
        assert outcome == "met"
    elif len(meant) != 1:
        assert outcome == "cannot be judged"
    else:
        met = (result - aim) * meant.pop() > 0
        assert outcome == ("met" if met else "missed" if due == "2016" else "not yet due")


@pytest.mark.parametrize(
    ("difference", "unit", "said"),
    [
        ("0", "count", "the same"),
        ("0", "percent", "the same"),
        ("-3", "count", "down by 3"),
        ("1", "percent", "up by 1 percentage point"),
        ("2.5", "percent", "up by 2.5 percentage points"),
        ("-12.5", "pounds", "down by £12.50"),
    ],
)
def test_a_change_without_a_test_is_told_by_its_size(difference: str, unit: str, said: str) -> None:
    found = Change(year(50, 2019), year(50, 2020), Decimal(difference), None, Direction(""))
    assert changes_in_words.words_for_change(found, unit) == said


def test_a_rate_that_would_mislead_is_told_apart_from_one_that_is_not_known() -> None:
    of = IndicatorSummary(indicator(), year(50, 2020), None, None, NoChange.COMPARED, None)
    misleading = released(no_rates={("E1", "thefts"): "Visitors."})
    assert changes_in_words.per_1000(misleading, of) == "not meaningful"
    elsewhere = released(no_rates={("E2", "thefts"): "Visitors.", ("E1", "other"): "Visitors."})
    assert changes_in_words.per_1000(elsewhere, of) == "–"
    assert changes_in_words.per_1000(misleading, None) == "–"


def test_figures_that_reach_out_of_the_period_of_a_claim_are_not_added() -> None:
    """Those that begin before it or end after it, and those without a period."""

    def figure(start: date, end: date, value: int) -> Observation:
        return replace(year(value, 2016), period_start=start, period_end=end)

    first = figure(date(2020, 1, 1), date(2020, 3, 31), 1)
    last = figure(date(2020, 7, 1), date(2020, 9, 30), 2)
    before = figure(date(2019, 12, 1), date(2020, 1, 31), 4)
    after = figure(date(2020, 9, 1), date(2020, 10, 31), 8)
    undated = replace(first, period_start=None, period_end=None)
    known = [before, first, last, after, undated]
    found, whole = claims._apart(known, date(2020, 1, 1), date(2020, 9, 30))
    assert (set(found), whole) == ({first, last}, False)
    assert claims._apart(known, None, None) == ((undated,), True)
