"""The site speaks as the partnership that publishes it, and never as an outsider who reads its documents."""

import csv
import re
from collections.abc import Iterator

import pytest
from portal.disclosure.clearing import ClearedContent
from project import ROOT

# Columns of the packages that are shown as our own words.
OURS = [
    "title",
    "text",
    "reason",
    "promise",
    "summary",
    "difference",
    "how",
    "who",
    "next",
    "anonymity",
    "shows",
    "published",
    "missing",
    "why",
]
TEMPLATES = [
    *["_parts", "plans", "plan", "priority", "action", "updates", "progress", "targets"],
    *["disagree", "route", "report", "choose", "help", "dashboard", "dashboards"],
]
PLANS = ["strategy-2021-26", "public-health", "plan-2019", "plan-2016-17", "plan-2014-15"]
FAMILIES = [*PLANS, "reporting-routes", "support-services", "data-programme"]
OUTSIDER = re.compile(
    r"counted in a new way since|documents? that we have|as far as our documents go|among our documents|[Oo]ur copy"
    r"|[Tt]he (?:slides?|draft|report)s?(?: of (?:March 2022|September 2016|2014))? (?:says?|prints?|lists?|names?|calls?)\b"
    r"|\b(?:somebody|anybody|whom|seldom|anew)\b|last plan that we know"
)


def words() -> Iterator[tuple[str, str]]:
    """Each text of the plans, the ways to report, the help and the dashboards, with its place."""
    for name in TEMPLATES:
        yield name, (ROOT / "site_src" / "templates" / f"{name}.md.jinja").read_text()
    for family in FAMILIES:
        for path in sorted((ROOT / "data_packages" / family / "data").glob("*.csv")):
            with path.open(newline="") as file:
                for number, row in enumerate(csv.DictReader(file), 2):
                    yield f"{family}/{path.name}, row {number}", " ".join(row.get(c) or "" for c in OURS)


def test_no_text_looks_at_the_partnership_from_outside() -> None:
    found = [f"{place}: {hit[0]}" for place, text in words() if (hit := OUTSIDER.search(text))]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("slug", ["strategy-2021-26", "public-health"])
def test_a_plan_whose_slides_name_officers_says_so_and_names_none(real: ClearedContent, slug: str) -> None:
    note = next(p for p in real.content.plans if p.slug == slug).lead_note
    assert "name an officer" in note
    assert "We show roles, not names." in note
