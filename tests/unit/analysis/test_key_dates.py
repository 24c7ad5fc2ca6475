"""How far a promise has come: what is late, what is silent, and which key dates passed without a report."""

from dataclasses import replace
from datetime import date

import pytest
from portal.analysis import progress
from portal.core.plans import Plan
from portal.disclosure.clearing import ClearedContent


@pytest.fixture
def strategy(real: ClearedContent) -> Plan:
    return next(p for p in real.content.plans if p.slug == "strategy-2021-26")


def unreported(plan: Plan, action: str, today: date) -> list[str]:
    """Return the ids of the milestones of an action that passed without a report since."""
    own = next(a for a in plan.actions if a.id == action)
    return [
        m.id
        for m in progress.of_action(
            plan, own, (u for u in plan.updates if u.action == action), today
        ).unreported
    ]


def test_a_milestone_is_open_from_the_day_after_its_date_until_a_report(strategy: Plan) -> None:
    starts, ends = "schools-programme-starts", "schools-programme-ends"  # 1 April 2022, and March 2023
    assert unreported(strategy, "action-1-3", date(2022, 4, 1)) == []
    assert unreported(strategy, "action-1-3", date(2022, 4, 2)) == [starts]
    assert unreported(strategy, "action-1-3", date(2023, 3, 31)) == [starts]
    assert unreported(strategy, "action-1-3", date(2023, 4, 1)) == [starts, ends]
    latest = next(u for u in strategy.updates if u.action == "action-1-3")
    later = replace(strategy, updates=(*strategy.updates, replace(latest, id="later", date="2022-10-01")))
    assert unreported(later, "action-1-3", date(2023, 4, 1)) == [ends]


def test_a_milestone_of_a_year_is_not_open_before_the_year_is_over(strategy: Plan) -> None:
    assert unreported(strategy, "action-5-3", date(2022, 12, 31)) == []
    assert unreported(strategy, "action-5-3", date(2023, 1, 1)) == ["hub-evaluation"]
