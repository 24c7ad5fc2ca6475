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
