"""What the plans' measures, updates and statuses rest on, and how much of each there is."""

from collections import Counter

import pytest
from portal.disclosure import Release
from portal.model import Plan

# How many measures of each plan have an indicator that is the same or close, none, or cannot be counted.
NEARNESS = {
    "strategy-2021-26": {"close": 2, "none": 22, "not-a-count": 5},
    "public-health": {"same": 2, "close": 12, "none": 65, "not-a-count": 42},
    "plan-2016-17": {"same": 13, "close": 9, "none": 4},
    "plan-2014-15": {"same": 3, "close": 10, "none": 4, "not-a-count": 8},
    "plan-2019": {},
}


def plan(real: Release, slug: str) -> Plan:
    return next(p for p in real.content.plans if p.slug == slug)


@pytest.mark.parametrize("slug", NEARNESS)
def test_every_measure_says_how_near_its_indicator_is(real: Release, slug: str) -> None:
    assert Counter(m.nearness for m in plan(real, slug).measures) == NEARNESS[slug]


def test_no_measure_is_shown_by_figures_that_all_lie_before_its_plan(real: Release) -> None:
    for own in real.content.plans:
        for measure in (m for m in own.measures if m.nearness in ("same", "close")):
            ends = [o.period_end for o in real.content.observations[measure.indicator] if o.period_end]
            assert not ends or str(max(ends))[: len(own.starts)] >= own.starts, measure


# How many of each plan's priorities and actions have a figure that is about them.
CONNECTED = {
    "strategy-2021-26": (5, 4),
    "public-health": (7, 5),
    "plan-2019": (2, 6),
    "plan-2016-17": (4, 6),
    "plan-2014-15": (3, 11),
}
# Priorities about which no published figure is: trauma-informed work, other boroughs, the Mayor's office, national
# policy, community engagement and safe spaces.
WITHOUT = {
    "plan-2019": {"priority-2", "priority-4", "priority-5", "priority-6"},
    "public-health": {"workstream-5", "workstream-7"},
}


@pytest.mark.parametrize("slug", CONNECTED)
def test_priorities_and_actions_name_the_figures_about_them(real: Release, slug: str) -> None:
    own = plan(real, slug)
    priorities = {c.priority for c in own.connections if c.priority}
    actions = {c.action for c in own.connections if c.action}
    assert (len(priorities), len(actions)) == CONNECTED[slug]
    assert {p.id for p in own.priorities} - priorities == WITHOUT.get(slug, set())


def test_the_strategy_begins_with_police_figures_where_it_promised_them(real: Release) -> None:
    found = plan(real, "strategy-2021-26").connections
    assert next(c.indicator for c in found if c.action == "action-5-7") == "recorded-domestic-abuse"
    assert next(c.indicator for c in found if c.priority == "priority-1") == "recorded-domestic-abuse"
    assert next(c.indicator for c in found if c.priority == "priority-2") == "recorded-domestic-abuse"
    assert "hub-follow-up" in [c.indicator for c in found if c.action == "action-5-3"]
    assert {c.action for c in found if c.indicator == "staff-training" and c.action} == {
        "action-1-4",
        "action-3-2",
    }


def test_every_subject_begins_with_its_newest_police_figures(real: Release) -> None:
    for thread in real.content.threads:
        found = [e.indicator for e in real.content.entries if e.thread == thread.id and e.indicator]
        current = [name.startswith("recorded-") for name in found]
        assert current[0], thread
        assert current == sorted(current, reverse=True), thread
        assert all(e.note for e in real.content.entries if e.thread == thread.id and e.indicator)
