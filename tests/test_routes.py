"""What the pages about ways to report say to people who need them."""

import pytest
from portal.checks import rules
from portal.core.model import Route
from portal.disclosure.clearing import ClearedContent


def route(real: ClearedContent, name: str) -> Route:
    return next(r for r in real.content.routes if r.id == name)


def test_every_way_that_is_offered_can_be_reached(real: ClearedContent) -> None:
    for contact in (*real.content.routes, *real.content.services):
        if contact.state in ("current", "check-first"):
            assert any(getattr(contact, by) for by in rules.REACHED_BY), contact.id
    notes = {r.id for r in real.content.routes if r.state == "note"}
    assert notes == {"trusted-place", "council", "helpline-c", "local-team"}


@pytest.mark.parametrize(
    ("name", "anonymous"),
    [("emergency", "partly"), ("police-101", "partly"), ("online-form", "yes"), ("trusted-place", "yes"), ("anonymous-line", "yes"), ("helpline-a", "not-stated")],
)  # fmt: skip
def test_each_way_says_if_people_can_stay_anonymous(real: ClearedContent, name: str, anonymous: str) -> None:
    own = route(real, name)
    assert own.anonymous == anonymous
    assert bool(own.anonymity) == (anonymous != "not-stated")


def test_no_way_to_report_promises_that_the_police_will_investigate(real: ClearedContent) -> None:
    told = " ".join(f"{r.summary} {r.how} {r.next}" for r in real.content.routes)
    assert "no longer investigates hate incidents that are not crimes" in route(real, "police-101").next
    assert "will investigate" not in told
    assert "will be investigated" not in told


def test_deaf_people_have_a_way_outside_an_emergency(real: ClearedContent) -> None:
    assert {r.id for r in real.content.routes if "deaf" in r.suits.split(";")} == {
        "police-101",
        "online-form",
    }
    assert "18001 101" in route(real, "police-101").textphone
    assert "18000" in route(real, "emergency").textphone
