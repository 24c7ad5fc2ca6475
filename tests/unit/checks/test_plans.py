"""The evidence for measures, updates and statuses of plans, and how many of each there are."""

import re
from collections import Counter
from pathlib import Path

import pytest
from portal.core.plans import Plan
from portal.disclosure.clearing import ClearedContent
from portal.pages.plan_pages import placed_updates
from selectolax.lexbor import LexborHTMLParser

# How many measures of each plan have an indicator that is the same or close, none, or cannot be counted.
NEARNESS = {
    "strategy-2021-26": {"close": 2, "none": 22, "not-a-count": 5},
    "public-health": {"same": 2, "close": 14, "none": 81, "not-a-count": 47},
    "plan-2016-17": {"same": 13, "close": 11, "none": 2},
    "plan-2014-15": {"same": 3, "close": 11, "none": 3, "not-a-count": 8},
    "plan-2019": {},
}


def plan(real: ClearedContent, slug: str) -> Plan:
    return next(p for p in real.content.plans if p.slug == slug)


@pytest.mark.parametrize("slug", NEARNESS)
def test_every_measure_names_the_nearness_of_its_indicator(real: ClearedContent, slug: str) -> None:
    assert Counter(m.nearness for m in plan(real, slug).measures) == NEARNESS[slug]


def test_no_measure_is_shown_by_figures_from_before_its_plan_only(real: ClearedContent) -> None:
    for own in real.content.plans:
        for measure in (m for m in own.measures if m.nearness in ("same", "close")):
            ends = [o.period_end for o in real.content.observations[measure.indicator] if o.period_end]
            assert not ends or str(max(ends))[: len(own.starts)] >= own.starts, measure


# How many priorities and actions of each plan have a figure about them.
CONNECTED = {
    "strategy-2021-26": (5, 5),
    "public-health": (8, 5),
    "plan-2019": (4, 7),
    "plan-2016-17": (4, 7),
    "plan-2014-15": (3, 17),
}
# Priorities without a published figure: other boroughs, national policy, and safe spaces.
WITHOUT = {
    "plan-2019": {"priority-4", "priority-6"},
    "public-health": {"workstream-7"},
}


@pytest.mark.parametrize("slug", CONNECTED)
def test_priorities_and_actions_name_the_figures_about_them(real: ClearedContent, slug: str) -> None:
    own = plan(real, slug)
    priorities = {c.priority for c in own.connections if c.priority}
    actions = {c.action for c in own.connections if c.action}
    assert (len(priorities), len(actions)) == CONNECTED[slug]
    assert {p.id for p in own.priorities} - priorities == WITHOUT.get(slug, set())


def test_the_strategy_begins_with_police_figures_where_it_promised_them(real: ClearedContent) -> None:
    found = plan(real, "strategy-2021-26").connections
    assert next(c.indicator for c in found if c.action == "action-5-7") == "recorded-domestic-abuse"
    assert next(c.indicator for c in found if c.priority == "priority-1") == "recorded-domestic-abuse"
    assert next(c.indicator for c in found if c.priority == "priority-2") == "recorded-domestic-abuse"
    assert "hub-follow-up" in [c.indicator for c in found if c.action == "action-5-3"]
    assert {c.action for c in found if c.indicator == "staff-training" and c.action} == {
        "action-1-4",
        "action-3-2",
    }


POLICE = ("anti-social-behaviour",)  # of the police too, though they do not record it as crime


def test_every_subject_begins_with_its_newest_police_figures(real: ClearedContent) -> None:
    for thread in real.content.threads:
        found = [e.indicator for e in real.content.entries if e.thread == thread.id and e.indicator]
        current = [name.startswith("recorded-") or name in POLICE for name in found]
        assert current[0], thread
        assert current == sorted(current, reverse=True), thread
        assert all(e.note for e in real.content.entries if e.thread == thread.id and e.indicator)


# How many reports the table of each plan has. Each is counted once, even if it is shown in several places.
REPORTS = {
    "strategy-2021-26": 26,
    "public-health": 42,
    "plan-2019": 18,
    "plan-2016-17": 39,
    "plan-2014-15": 0,
}


@pytest.mark.parametrize("slug", REPORTS)
def test_an_update_is_counted_once(real: ClearedContent, slug: str) -> None:
    own = plan(real, slug)
    assert sum(u.kind == "report" for u in own.updates) == REPORTS[slug]
    texts = Counter(u.text for u in own.updates if u.kind == "report")
    assert max(texts.values(), default=1) == 1


def test_an_update_is_shown_under_each_of_its_actions(real: ClearedContent) -> None:
    placed = placed_updates(real.content.plans, plan(real, "strategy-2021-26"))
    found = {(u.title, action) for u, _, action in placed}
    assert {action for title, action in found if title == "92 staff trained in 2021"} == {
        "action-1-4",
        "action-3-2",
    }
    assert {action for title, action in found if title == "Extra training on working with men"} == {
        "action-1-4",
        "action-4-5",
    }
    assert ("Community sessions on FGM and abuse within families were planned", "action-1-5") in found
    placed = placed_updates(real.content.plans, plan(real, "plan-2016-17"))
    assert {action for u, _, action in placed if u.id == "update-1-2"} == {
        f"action-1-{n}" for n in range(1, 14)
    }
    placed = placed_updates(real.content.plans, plan(real, "plan-2019"))
    assert {
        where
        for u, where, _ in placed
        if u.id == "update-1-1" and u.kind == "report" and u.title.startswith("Progress")
    } == {f"priority-{n}" for n in range(1, 7)}


def test_no_action_lost_its_updates(real: ClearedContent) -> None:
    shown = {
        (p.slug, action)
        for p in real.content.plans
        for _, _, action in placed_updates(real.content.plans, p)
        if action
    }
    assert {
        ("public-health", "action-4-1"),
        ("public-health", "action-8-1"),
        ("plan-2019", "action-1-7"),
    } <= shown
    assert len(shown) == 102  # 99 before updates could belong to several actions, and three more since


# The statuses of actions of each plan by its newest report. All others have no evidence.
STATUSES = {
    "strategy-2021-26": {"under-way": 11},
    "public-health": {"not-started": 4, "under-way": 6},
    "plan-2019": {"not-started": 2, "under-way": 1},
    "plan-2016-17": {"not-started": 1, "under-way": 12, "substantially-done": 2},
    "plan-2014-15": {},
}


@pytest.mark.parametrize("slug", STATUSES)
def test_statuses_are_based_on_reports(real: ClearedContent, slug: str) -> None:
    own = plan(real, slug)
    assert Counter(s.status for s in own.statuses) == STATUSES[slug]
    placed = {(u.id, action): u for u, _, action in placed_updates(real.content.plans, own)}
    for status in own.statuses:
        update = placed[status.update, status.action]
        assert update.kind == "report"
        assert (status.date, status.source) == (update.date, update.source)


def test_a_recommendation_or_a_mention_is_not_evidence(real: ClearedContent) -> None:
    found = {s.action for s in plan(real, "strategy-2021-26").statuses}
    assert "action-3-2" in found
    assert not {"action-4-4", "action-4-3", "action-1-2"} & found
    assert not {s.update for s in plan(real, "plan-2016-17").statuses} & {"update-1-2"}


def test_dates_come_from_the_sources(real: ClearedContent) -> None:
    due = {(p.slug, a.id): a.due for p in real.content.plans for a in p.actions if a.due}
    assert len(due) == 8
    assert due["public-health", "action-3-2"] == "2021-11"
    assert due["plan-2016-17", "action-4-9"] == "2016-10"
    steps = [(m.action, m.due) for m in plan(real, "strategy-2021-26").milestones]
    assert steps == [("action-5-3", "2022"), ("action-1-3", "2022-04-01"), ("action-1-3", "2023-03")]


def test_all_routes_name_recorded_hate_crime_over_time_and_by_type(real: ClearedContent) -> None:
    found = [(c.route, c.indicator) for c in real.content.route_connections]
    assert found == [("", "recorded-hate-crime"), ("", "recorded-hate-crime-strands")]


def test_each_workstream_has_its_whole_scorecard(real: ClearedContent) -> None:
    own = plan(real, "public-health")
    first = Counter(m.kind for m in own.measures if m.priority == "workstream-1")
    assert first == {"aim": 5, "outcome": 6, "kpi": 12}
    assert {m.priority for m in own.measures} == {p.id for p in own.priorities}
    assert all(p.data_sources and p.frequency for p in own.priorities)


def test_plans_that_ended_say_so_and_mark_our_reading(real: ClearedContent) -> None:
    for own in real.content.plans:
        assert bool(own.state_note) == bool(own.ends_note) == (own.state != "current"), own.slug
    assert (
        plan(real, "plan-2014-15").state_note
        == "This plan ended in March 2015 without a published final report."
    )


@pytest.mark.parametrize("slug", CONNECTED)
def test_a_page_without_a_figure_says_so_and_who_could_publish_one_and_shows_the_closest(
    real: ClearedContent, real_site: Path, slug: str
) -> None:
    own = plan(real, slug)
    of_action = {c.action for c in own.connections if c.action}
    of_priority = {c.priority for c in own.connections if c.priority}
    pages = {p.id: f"plans/{slug}/{p.id}/" for p in own.priorities if p.id not in of_priority}
    pages |= {a.id: f"plans/{slug}/{a.priority}/{a.id}/" for a in own.actions if a.id not in of_action}
    of = {a.id: a.priority for a in own.actions}
    assert pages
    for row, address in pages.items():
        article = LexborHTMLParser((real_site / address / "index.html").read_text()).css_first("article")
        assert article
        words = " ".join(article.text().split())
        assert re.search(r"We publish no figure for this (action alone|priority|workstream)\.", words), (
            address
        )
        assert "It could come from" in words or "The plan set no measure" in words, address
        closest = re.search(r"The closest one is for the whole (priority|workstream)\. [A-Z]", words)
        assert bool(closest) == (of.get(row) in of_priority), address


def test_a_plan_without_reports_claims_none(real_site: Path) -> None:
    """Its draft tells what came before the plan; that is no report on it."""
    page = (real_site / "plans/plan-2014-15/priority-1/action-1-3/index.html").read_text()
    assert "No update was published." in page
    assert "latest report" not in page
