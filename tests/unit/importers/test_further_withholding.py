"""Wards beyond the first choice are withheld until nothing can be worked out, and left out only if nothing helps."""

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from portal.core.model import Area, Content, Indicator, Observation
from portal.core.problems import PortalError, Problem
from portal.core.small_counts import figure_name
from portal.core.vocabulary import AreaKind, Status
from portal.disclosure.withholding import Withheld
from portal.importers.further_withholding import STEPS, Audit, Protected, WithholdingDemand, protect

WARDS = tuple(f"E0509900{n}" for n in range(1, 9))
TOWN = "E09000099"
NO_WARD = "X09000099"


def content() -> Content:
    """A borough with eight wards, and two indicators: one that is sensitive and one that is not."""
    empty: dict[str, object] = {f.name: {} if "Mapping" in str(f.type) else () for f in fields(Content)}
    plain: dict[str, Any] = {f.name: "" for f in fields(Indicator)}
    plain |= {"unit": "count", "period_type": "year-to", "protected": False}
    kinds = {TOWN: AreaKind.BOROUGH, NO_WARD: AreaKind.REST, **dict.fromkeys(WARDS, AreaKind.WARD)}
    empty |= {
        "indicators": {
            i: Indicator(**{**plain, "id": i, "sensitive": i == "hate"}) for i in ("hate", "open")
        },
        "areas": {
            c: Area("s", "l", c, c, kind, "" if c == TOWN else TOWN, None, None) for c, kind in kinds.items()
        },
    }
    return Content(**empty)  # type: ignore[arg-type]


CONTENT = content()
YEAR = date(2025, 1, 1), date(2025, 12, 31)


def figure(area: str, value: int = 40, indicator: str = "hate") -> Observation:
    return Observation("s", "l", indicator, area, *YEAR, "", Decimal(value), Status.PLAIN)


DRAFTS = (*(figure(w) for w in WARDS), figure(TOWN, 400), figure(WARDS[0], 40, "open"))


def choose(demand: WithholdingDemand) -> Withheld:
    """What an import does: the demanded figures are withheld or not there, the others as they are."""
    kept = [o for o in DRAFTS if o.key not in demand.left_out]
    shown = (replace(o, value=None, status=Status.WITHHELD) if o.key in demand.withheld else o for o in kept)
    return Withheld(tuple(shown), len(WARDS), 0, 0)


def complains_below(hidden: int, about: Observation = DRAFTS[0]) -> Audit:
    """An audit that has a problem with one figure until so many of its wards are withheld or it is not there."""

    def audit(figures: tuple[Observation, ...]) -> frozenset[Problem]:
        own = [o for o in figures if o.indicator == "hate" and o.area in WARDS]
        is_safe = not own or sum(o.value is None for o in own) >= hidden
        name = f"observations of {figure_name(CONTENT, about)}"
        return frozenset() if is_safe else frozenset({Problem(name, code="disclosure", message="m", fix="f")})

    return audit


def done(audit: Audit, content: Content = CONTENT) -> Protected:
    return protect(DRAFTS, content, choose, [audit], draws=2)


@pytest.mark.parametrize(("needed", "withheld"), [(0, 0), (1, 1), (2, 2), (3, 4), (7, 7)])
def test_as_few_further_wards_as_the_steps_allow_are_withheld(needed: int, withheld: int) -> None:
    found = done(complains_below(needed))
    assert not found.problems
    assert len(found.demand.withheld) == withheld
    assert not found.demand.left_out
    assert {k.indicator for k in found.demand.withheld} <= {"hate"}
    assert {k.area for k in found.demand.withheld} <= set(WARDS)


def test_if_nothing_helps_the_wards_of_that_period_are_left_out_and_nothing_else() -> None:
    found = done(complains_below(STEPS[-1] + 1))
    assert not found.problems
    assert {k.area for k in found.demand.left_out} == set(WARDS)
    assert {(o.indicator, o.area) for o in found.result.observations} == {("hate", TOWN), ("open", WARDS[0])}


def test_a_problem_with_an_indicator_that_needs_no_protection_stays() -> None:
    found = done(complains_below(1, about=figure(WARDS[0], 40, "open")))
    assert found.problems
    assert found.demand == WithholdingDemand()


def test_a_problem_with_records_without_a_ward_that_have_no_row_is_one_of_the_wards() -> None:
    found = done(complains_below(2, about=figure(NO_WARD)))
    assert not found.problems
    assert len(found.demand.withheld) == 2


def test_a_slow_audit_is_asked_only_about_what_the_faster_one_accepts_and_about_what_stays() -> None:
    asked: list[int] = []

    def slow(figures: tuple[Observation, ...]) -> frozenset[Problem]:
        asked.append(sum(o.value is None for o in figures))
        return complains_below(4)(figures)

    found = protect(DRAFTS, CONTENT, choose, [complains_below(2), slow], draws=2)
    assert not found.problems
    assert asked[0] == 2
    assert asked[-1] == 4
    asked.clear()
    stays = complains_below(1, about=figure(WARDS[0], 40, "open"))
    assert len(protect(DRAFTS, CONTENT, choose, [stays, slow], draws=2).problems) == 2
    assert asked == [0]


def test_which_wards_are_withheld_is_left_to_chance() -> None:
    assert len({done(complains_below(1)).demand.withheld for _ in range(40)}) > 3


def test_a_count_that_cannot_be_protected_leaves_its_wards_out_and_others_are_a_problem() -> None:
    def refused(area: str) -> Callable[[WithholdingDemand], Withheld]:
        key = figure(area).key

        def one(demand: WithholdingDemand) -> Withheld:
            if key not in demand.left_out:
                raise PortalError([Problem(str(key), code="disclosure", message="m", fix="f")])
            return choose(demand)

        return one

    found = protect(DRAFTS, CONTENT, refused(WARDS[3]), [complains_below(0)], draws=2)
    assert {k.area for k in found.demand.left_out} == set(WARDS)
    with pytest.raises(PortalError):
        protect(DRAFTS, CONTENT, refused(TOWN), [complains_below(0)], draws=2)
