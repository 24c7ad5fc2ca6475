"""The title of each page in tabs and browser history, and the pages with a way out."""

import csv
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from portal.core import settings
from portal.pages import page
from portal.pages.page import Page, with_exits, with_titles
from portal.pages.plan_views import Link
from project import ROOT
from selectolax.lexbor import LexborHTMLParser

HELPS = ("help/", "report/")
# The words that titles of private pages can have. None reveals the subject of the page.
NEUTRAL = re.compile(
    r"(Help(: Easy Read)?|Words in other languages|Ways to report(: (Easy Read|choose|by phone|online|by phone or online|by phone or email|by email|by text|in person|another way))?)( \(\d+\))?"
)


def pages(site: Path) -> dict[str, LexborHTMLParser]:
    found = sorted(site.rglob("*.html"))
    return {
        p.relative_to(site).as_posix().removesuffix("index.html"): LexborHTMLParser(p.read_text())
        for p in found
    }


@pytest.fixture(scope="module")
def read(real_site: Path) -> dict[str, LexborHTMLParser]:
    """Every page of the real site, parsed."""
    return pages(real_site)


def title_of(html: LexborHTMLParser) -> str:
    node = html.css_first("head > title")
    assert node is not None
    return node.text().removesuffix(" – Safer Lewisham")


def heading_of(html: LexborHTMLParser) -> str:
    node = html.css_first("h1")
    assert node is not None
    return " ".join(node.text().split())


def words(text: str) -> set[str]:
    return {w for w in re.findall(r"[^\W_]+", text.casefold()) if len(w) > 3 or w.isdigit()}


# --- titles


def test_every_page_has_a_unique_title(read: dict[str, LexborHTMLParser]) -> None:
    titles = Counter(title_of(html).casefold() for html in read.values())
    assert len(read) > 500
    assert [t for t, count in titles.items() if count > 1] == []


def test_titles_are_neutral_only_on_private_pages(read: dict[str, LexborHTMLParser]) -> None:
    helping = 0
    for path, html in read.items():
        title, heading = title_of(html), heading_of(html)
        if path.startswith(HELPS):
            helping += 1
            assert NEUTRAL.fullmatch(title), (path, title)
        elif path not in ("", "404.html"):
            said = words(title)
            assert said & words(heading) or not words(heading) or len(said) > 1, (path, title, heading)
            assert not re.search(
                r"\b(figure|subject|dashboard|priority|action|workstream) \d", title, re.IGNORECASE
            )
    assert helping > 15


def test_a_page_about_a_figure_a_promise_or_a_subject_has_its_name_in_its_title(
    read: dict[str, LexborHTMLParser],
) -> None:
    named = 0
    for path, html in read.items():
        if re.fullmatch(r"(figures|data|embed|subjects|wards)/[^/]+/|plans/.*/.*/", path):
            named += path not in ("figures/targets/", "wards/compare/")
            if path not in ("figures/targets/", "figures/coverage/", "figures/disagree/"):
                assert heading_of(html) in title_of(html), path
    assert named > 250


def test_previews_of_a_page_show_its_title(read: dict[str, LexborHTMLParser]) -> None:
    for path, html in read.items():
        shared = html.css_first('head > meta[property="og:title"]')
        if shared is not None and path not in ("", "404.html"):
            assert shared.attributes["content"] == title_of(html), path


def made(path: str, label: str, *trail: str, title: str = "") -> Page:
    return Page(path, label, None, tuple(Link(name, f"{name}/") for name in trail), title)


def test_titles_that_repeat_get_the_labels_of_the_pages_above() -> None:
    found = with_titles(
        [
            made("a/", "Train staff", "Plans", "Plan 2019", "Prevent"),
            made("b/", "Train staff", "Plans", "Plan 2021", "Prevent"),
            made("c/", "Prevent", "Plans"),
        ]
    )
    assert [p.title for p in found] == [
        "Train staff, Prevent, Plan 2019", "Train staff, Prevent, Plan 2021", "Prevent",
    ]  # fmt: skip


def test_titles_that_still_repeat_are_numbered_and_private_ones_reveal_nothing() -> None:
    found = with_titles(
        [
            made("a/", "Same"),
            made("b/", "same"),
            made("report/x/", "Report abuse by X", "Report abuse", title="Ways to report: by phone"),
            made("report/y/", "Report abuse by Y", "Report abuse", title="Ways to report: by phone"),
        ]
    )
    assert [p.title for p in found] == [
        "Same", "same (2)", "Ways to report: by phone", "Ways to report: by phone (2)",
    ]  # fmt: skip


LABELS = st.sampled_from(["A", "a", "B", "A (2)", "B, A", "a (2)"])


@given(st.lists(st.tuples(LABELS, st.lists(LABELS, max_size=3), st.booleans()), max_size=12))
def test_titles_are_always_distinct(rows: list[tuple[str, list[str], bool]]) -> None:
    given_ = [
        made(f"{'help' if helps else 'x'}/{n}/", label, *trail)
        for n, (label, trail, helps) in enumerate(rows)
    ]
    found = with_titles(given_)
    assert len({p.title.casefold() for p in found}) == len(rows)
    assert [p.path for p in found] == [p.path for p in given_]
    assert all("," not in p.title or "," in p.label for p in found if p.private)


# --- the way out


def flagged(kind: str, column: str = "id") -> set[str]:
    found = set()
    for file in (ROOT / "data_packages").glob(f"*/data/{kind}.csv"):
        with file.open() as rows:
            home = file.parts[-3]
            found |= {f"{home}/{r[column]}" for r in csv.DictReader(rows) if r["sensitive"] == "true"}
    return found


def test_only_pages_about_help_reporting_abuse_and_sexual_violence_have_a_way_out(
    read: dict[str, LexborHTMLParser],
) -> None:
    telling = re.compile("|".join(settings.load(ROOT).site.exit_words), re.IGNORECASE)
    priorities = {f"plans/{name}/" for name in flagged("priorities")}
    others = {name.partition("/")[2] for name in flagged("threads") | flagged("dashboards")}
    topics = {"figure-10", "figure-31", "figure-9"}  # under "Domestic abuse and sexual violence"
    found = {path for path, html in read.items() if html.css_first("#exit")}
    for path, html in read.items():
        above = " ".join(n.text() for n in html.css(".trail"))
        slug = path.split("/")[1] if "/" in path else ""
        wanted = (
            path.startswith((*HELPS, *priorities, "search/", "explore/"))
            or path == "embed/"  # the same choice of figures, in other sites
            or bool(telling.search(f"{heading_of(html)} {above}"))
            or (path.startswith(("subjects/", "data/")) and slug in others)
            or (path.startswith(("figures/", "embed/")) and slug in topics)
        )
        assert (path in found) == wanted, path
    assert len(found) > 80


@pytest.mark.parametrize(
    "path",
    [
        "", "wards/", "wards/deptford/", "wards/compare/", "about/", "about/words/", "about/sources/", "crime/", "figures/",
        "figures/disagree/", "figures/recorded-knife-crime/", "plans/", "plans/progress/", "plans/updates/", "subjects/",
        "subjects/knives/", "releases/", "404.html",
    ],
)  # fmt: skip
def test_pages_on_other_subjects_have_no_way_out(read: dict[str, LexborHTMLParser], path: str) -> None:
    assert read[path].css_first("#exit") is None


@pytest.mark.parametrize(
    ("heading", "above", "wanted"),
    [
        ("Domestic  abuse", "", True),
        ("DOMESTIC-ABUSE services", "", True),
        ("Train staff", "Violence against women and girls", True),
        ("Rapes recorded", "", True),
        ("Therapy and grapes", "", False),
        ("Hate crime", "", False),
        ("Burglary", "The figures", False),
    ],
)
def test_a_page_is_about_what_its_heading_or_one_above_says(heading: str, above: str, wanted: bool) -> None:
    (found,) = with_exits([made("x/", heading, *filter(None, [above]))], settings.EXIT_WORDS)
    assert found.exit == wanted
    (none,) = with_exits([made("x/", heading, *filter(None, [above]))], ())
    assert not none.exit


def test_private_pages_always_have_a_way_out() -> None:
    found = with_exits([made("help/", "Help"), made("report/x/", "X"), made("helpful/", "Y")], ())
    assert [p.exit for p in found] == [True, True, False]
    assert set(page.PRIVATE) == set(HELPS)
