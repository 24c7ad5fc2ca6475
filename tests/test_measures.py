"""Change, direction and the judging of claims."""

from dataclasses import fields
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st
from portal import claims, measures
from portal.disclosure import Release
from portal.model import Break, Claim, Content, Indicator, Observation, Target


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
        "" if value is not None else "c",
    )


def claim(kind: str, stated: object, decimals: int) -> Claim:
    now, before = year(1, 2016), year(1, 2015)
    return Claim(
        "s",
        "l",
        "c1",
        "thefts",
        kind,
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


def released(*figures: Observation, breaks: tuple[Break, ...] = ()) -> Release:
    empty: dict[str, object] = {f.name: () for f in fields(Content)}
    empty |= {"breakdowns": {}, "areas": {}, "sources": {}, "indicators": {"thefts": indicator()}}
    return Release(Content(**{**empty, "observations": {"thefts": figures}, "breaks": breaks}))  # type: ignore[arg-type]


@given(st.integers(0, 150), st.integers(0, 150))
def test_direction_is_the_exact_test(earlier: int, later: int) -> None:
    total, least = earlier + later, min(earlier, later)
    p = min(Fraction(1), 2 * Fraction(sum(comb(total, k) for k in range(least + 1)), 2**total))
    expected = (
        "no clear change" if total == 0 or p >= Fraction(1, 20) else "rose" if later > earlier else "fell"
    )
    assert measures.direction_of(earlier, later) == expected


def test_no_percentage_from_a_small_base() -> None:
    small = measures.change(indicator(), year(49, 2015), year(80, 2016))
    large = measures.change(indicator(), year(50, 2015), year(80, 2016))
    assert small is not None
    assert small.percent is None
    assert large is not None
    assert large.percent == Decimal("60.0")


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
        (71, 77, 1, "differs"),
        (235, 236, 0, "agrees"),
        (100, 200, 1, "agrees"),
        (200, 100, -1, "agrees"),
        (100, 200, 0, "differs"),
    ],
)
def test_a_direction_is_judged_by_the_exact_test(earlier: int, later: int, stated: int, outcome: str) -> None:
    verdict = claims.judge(released(year(earlier, 2015), year(later, 2016)), claim("direction", stated, 0))
    assert verdict.outcome == outcome


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
        (10, None, "2022-03", "cannot be judged"),
        (10, None, "2022-04", "not yet due"),
        (10, None, "2023", "not yet due"),
    ],
)
def test_targets(aim: int, result: int | None, due: str, outcome: str) -> None:
    reached = None if result is None else Decimal(result)
    target = Target("s", "l", "t", "", "", "", None, "percent-change", Decimal(aim), due, reached, "")
    assert claims.outcome_of(target, "2022-03-03") == outcome
