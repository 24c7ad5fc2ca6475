"""Old addresses redirect to the new ones: on any server, on hosts that read `_redirects`, and in nginx."""

import json
import shutil
from pathlib import Path

import pytest
from browser import served
from playwright.sync_api import Page
from portal.core import settings
from portal.core.problems import PortalError
from portal.pages import redirects
from portal.site import building, headers
from project import ROOT, set_site
from selectolax.lexbor import LexborHTMLParser
from test_hosting import nginx
from test_search import fragments

OLD = {
    "plans/first/": "plans/plan-2020/",
    "subjects/old-name/": "help/",
    "thefts/": "figures/thefts/",
    "a/": "help/",
    "start/": "",
}


def redirecting(root: Path, lines: dict[str, str]) -> Path:
    file = root / settings.FILE
    told = "".join(f"{json.dumps(old)} = {json.dumps(new)}\n" for old, new in lines.items())
    file.write_text(f"{file.read_text()}\n[redirects]\n{told}")
    return root


def problems(root: Path) -> list[tuple[str, str, str]]:
    with pytest.raises(PortalError) as caught:
        building.build(root, lambda step: None)
    return [(p.field, p.message, p.fix) for p in caught.value.problems]


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory, tiny_site: Path) -> Path:
    """Build the tiny portal with old addresses."""
    root = tmp_path_factory.mktemp("moved") / "tiny"
    shutil.copytree(tiny_site, root, symlinks=True)
    set_site(root, address="https://safer.example/")
    return building.build(redirecting(root, OLD), lambda step: None).folder.resolve()


def test_a_moved_page_redirects_and_has_a_link(moved: Path) -> None:
    for old, new in OLD.items():
        page = LexborHTMLParser((moved / old / "index.html").read_text())
        up = "../" * old.count("/")
        refresh = page.css_first('meta[http-equiv="refresh"]')
        link, canonical = page.css_first("main a"), page.css_first('link[rel="canonical"]')
        assert refresh is not None
        assert link is not None
        assert canonical is not None
        assert refresh.attributes["content"] == f"0; url={up}{new}"
        assert link.attributes["href"] == f"{up}{new}"
        assert canonical.attributes["href"] == f"https://safer.example/{new}"
        policy = page.css_first('meta[http-equiv="Content-Security-Policy"]')
        assert policy is not None
        assert "script-src 'self'" in str(policy.attributes["content"])


def test_titles_of_pages_that_moved_are_distinct_and_as_neutral_as_the_new_ones(moved: Path) -> None:
    titles = [LexborHTMLParser((moved / old / "index.html").read_text()).css_first("title") for old in OLD]
    told = {t.text() for t in titles if t is not None}
    assert len(told) == len(OLD)
    assert {t for t in told if "Help" in t} == {
        "Moved: Help – Exampleton & Safe", "Moved: Help (2) – Exampleton & Safe",
    }  # fmt: skip


def test_a_reader_with_an_old_link_sees_the_new_page(page: Page, moved: Path) -> None:
    said: list[str] = []
    page.on("console", lambda m: said.append(m.text))
    with served(moved) as address:
        for old, new in OLD.items():
            page.goto(f"{address}{old}")
            page.wait_for_url(f"{address}{new}")
            assert page.locator("article h1").count() == 1
    assert said == []


def test_old_addresses_are_in_no_list_of_pages(moved: Path) -> None:
    listed = (moved / "sitemap.xml").read_text()
    assert "plans/plan-2020/" in listed
    assert [old for old in OLD if f"https://safer.example/{old}<" in listed] == []
    assert fragments(moved).keys() & OLD.keys() == set()
    assert b"old-name" not in (moved / "search" / "words.json").read_bytes()


def test_there_is_no_warning_that_nothing_links_to_an_old_address(tiny: Path) -> None:
    built = building.build(redirecting(tiny, OLD), lambda step: None)
    assert not [w for w in built.warnings if w.code == "unlinked"]


def test_hosts_get_the_same_rules(moved: Path) -> None:
    rules = (moved / redirects.FILE).read_text().splitlines()
    assert rules == [f"/{old} /{new} 301" for old, new in sorted(OLD.items())]
    snippet = (moved.parents[1] / "hosting" / headers.NGINX).read_text()
    for old, new in OLD.items():
        assert f"location = /{old} {{ return 301 /{new}; }}" in snippet


def test_a_site_without_old_addresses_has_no_rules(tiny_site: Path) -> None:
    assert not (tiny_site / "build/site" / redirects.FILE).exists()
    assert " 301 " not in (tiny_site / "build/hosting" / headers.NGINX).read_text()


def test_removed_rules_are_gone_after_a_build(tiny: Path) -> None:
    before = (tiny / settings.FILE).read_text()
    built = building.build(redirecting(tiny, OLD), lambda step: None).folder
    (tiny / settings.FILE).write_text(before)
    built = building.build(tiny, lambda step: None).folder
    assert not (built / "thefts/index.html").exists()
    assert not (built / redirects.FILE).exists()


@pytest.mark.parametrize(
    ("lines", "field", "message", "fix"),
    [
        ({"old/": "hepl/"}, "redirects.old/", "There is no page hepl/.", "Did you mean help/?"),
        ({"help/": "plans/"}, "redirects.help/", "There is a page at help/", "Remove this line"),
        ({"": "plans/"}, "redirects.", "'' cannot be the address of a page.", "end it with a slash"),
        ({"a/": "b/", "b/": "help/"}, "redirects.a/", "b/ is an old address itself.", "the end of the chain"),
        ({"a/": "b/", "b/": "a/"}, "redirects.a/", "b/ is an old address itself.", "the end of the chain"),
        ({"a/": "a/"}, "redirects.a/", "a/ is an old address itself.", "the end of the chain"),
        ({"figures/": "help/"}, "redirects.figures/", "There is a page at figures/", "Remove this line"),
        ({"embed/thefts/": "help/"}, "redirects.embed/thefts/", "There is a page at embed/thefts/", "Remove this line"),
    ],
)  # fmt: skip
def test_a_broken_redirect_stops_the_build(
    tiny: Path, lines: dict[str, str], field: str, message: str, fix: str
) -> None:
    found = problems(redirecting(tiny, lines))
    assert found[0][0] == field
    assert message in found[0][1]
    assert fix in found[0][2]


INVALID = (
    "/help/", "help", "https://other.example/", "//other.example/", "../help/", "Help/", "a b/", "a//b/", "help/index.html", "café/",
    "javascript:alert(1)/", "a/#b", "a/?b", "<b>/", '"/', "\n/", "a\n/", "-a/", "././", "x" * 5000,
)  # fmt: skip


@pytest.mark.parametrize("is_old", [True, False], ids=["old", "new"])
def test_the_check_refuses_an_invalid_address(tiny: Path, is_old: bool) -> None:
    lines = dict.fromkeys(INVALID, "help/") if is_old else {f"old-{n}/": a for n, a in enumerate(INVALID)}
    with pytest.raises(PortalError) as caught:
        building.check(redirecting(tiny, lines))
    found = caught.value.problems
    # One for each of them; a long field is cut off.
    assert sorted(str(p.field)[:50] for p in found) == sorted(f"redirects.{old}"[:50] for old in lines)
    for problem in found:
        assert problem.code == "settings"
        assert "cannot be the address" in problem.message
        assert len(problem.message) < 200


def test_every_fault_is_reported_at_once(tiny: Path) -> None:
    found = problems(redirecting(tiny, {"a/": "nowhere/", "help/": "plans/", "b/": "plans/x/"}))
    assert len(found) == 3


def test_pages_published_since_the_first_version_exist_or_redirect(real_site: Path) -> None:
    published = (ROOT / "tests" / "published_pages.txt").read_text().split()
    assert len(published) > 440
    assert [p for p in published if not (real_site / p / "index.html").is_file()] == []


def test_nginx_redirects_at_once(moved: Path, tmp_path: Path) -> None:
    with nginx(tmp_path, moved, moved.parents[1] / "hosting") as server:
        for old, new in OLD.items():
            answer = server.ask(f"/{old}")
            assert (answer.status, answer.headers["Location"]) == (301, f"/{new}")
        assert server.ask("/help/").status == 200
