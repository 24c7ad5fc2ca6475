"""What the pages about ways to report say to people who need them."""

from pathlib import Path

import pytest
from portal.checks import rules
from portal.core.contacts import Route
from portal.disclosure.clearing import ClearedContent
from selectolax.lexbor import LexborHTMLParser


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


def test_the_chooser_covers_each_situation_and_says_how_far_a_name_is_needed(real_site: Path) -> None:
    page = LexborHTMLParser((real_site / "report/choose/index.html").read_text())
    parts = {h.text(strip=True): part for part in page.css("section.question") for h in part.css("h2")}
    for situation in ("deaf", "face to face", "for someone else", "not want to go to the police", "another language"):  # fmt: skip
        assert any(situation in words for words in parts), situation
    language = parts["You want to use another language"]
    assert "../../help/languages/" in {a.attributes["href"] for a in language.css("a")}
    unnamed = parts["You do not want to give your name"].text()
    assert "You do not have to give your details" in unnamed
    assert "report there without giving your name" in unnamed


def test_each_way_that_is_offered_says_what_happens_next(real: ClearedContent, real_site: Path) -> None:
    for own in real.content.routes:
        page = LexborHTMLParser((real_site / "report" / own.id / "index.html").read_text())
        heads = [h.text(strip=True).rstrip("¶") for h in page.css("h2")]
        assert ("What happens next" in heads) == (own.is_offered or bool(own.next)), own.id
