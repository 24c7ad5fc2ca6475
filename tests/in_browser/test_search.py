"""The search finds what people mean, by mouse and by keyboard, and sends their query to no one."""

import csv
import gzip
import json
import re
import shutil
import sys
import unicodedata
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from axe import Seen, read
from browser import BOTH, Tabs, served, tab_to
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Locator, Page, expect
from portal.core.problems import PortalError
from portal.pages import search
from portal.site import building, parsed_pages, search_index
from project import ROOT, examples, make_project, tree_of
from selectolax.lexbor import LexborHTMLParser

SEEN = Seen()
PAGE = search.SEARCH
GOOD = '[[same]]\nwords = ["mugging", "robbery"]\nfirst = ["help/"]\n'


# --- synonyms


def write(root: Path, text: str | bytes) -> Path:
    path = root / search.FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return root


@pytest.mark.parametrize(
    ("text", "finding", "fix"),
    [
        ("[[same]\n", "not valid TOML", "Correct that line"),
        (b"words = \xff", "not encoded as UTF-8", "Save the file as UTF-8"),
        ("same = 3", "same is not a list", "[[same]]"),
        ("[[sane]]\nwords = ['a']", "Unknown key sane", "Did you mean same?"),
        ("[[same]]\nword = ['a']", "Unknown key word", "Did you mean words?"),
        ("[[same]]\nwords = 'a'", "words is 'a'", "a list of texts"),
        ("[[same]]\nwords = ['a', ' ']", "words is ['a', ' ']", "a list of texts"),
        ("[[same]]\nwords = []", "no words", "remove it"),
        ("[[same]]\nwords = ['a']\nfirst = [1]", "first is [1]", "a list of texts"),
        ("ignored = [1]", "ignored is [1]", "a list of texts"),
    ],
)
def test_a_fault_in_the_synonyms_is_reported_with_its_remedy(
    tmp_path: Path, text: str | bytes, finding: str, fix: str
) -> None:
    words, problems = search.read_synonyms(write(tmp_path, text))
    assert words == search.NO_WORDS
    assert [p.file for p in problems] == [search.FILE] * len(problems)
    assert finding in problems[0].message
    assert fix in problems[0].fix


def test_check_and_build_report_all_faults_at_once(tiny: Path) -> None:
    write(tiny, "[[same]]\nwords = 'a'\nfist = []\n[[same]]\nfirst = ['help/']\n")
    for command in (lambda: building.check(tiny), lambda: building.build(tiny, print)):
        with pytest.raises(PortalError) as caught:
            command()
        assert [p.field for p in caught.value.problems if p.code == "synonyms"] == [
            "list 1", "list 1, words", "list 2",
        ]  # fmt: skip


def test_a_project_does_not_need_synonyms(tmp_path: Path) -> None:
    assert search.read_synonyms(tmp_path) == (search.NO_WORDS, ())


def test_synonyms_for_a_missing_page_stop_the_build(tiny: Path) -> None:
    write(tiny, GOOD.replace("help/", "hepl/"))
    with pytest.raises(PortalError, match="no page hepl/") as caught:
        building.build(tiny, lambda step: None)
    assert caught.value.problems[0].fix == "Did you mean help/?"


@settings(
    max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.integers(0, 500), st.integers(0, 8), st.binary(max_size=6))
def test_any_damage_to_the_synonyms_is_a_problem_or_harmless(
    tmp_path: Path, at: int, cut: int, piece: bytes
) -> None:
    good = GOOD.encode()
    words, problems = search.read_synonyms(write(tmp_path, good[: at % len(good)] + piece + good[at + cut :]))
    assert words == search.NO_WORDS or not problems
    assert all(p.message and p.fix for p in problems)


def told(built: Path) -> Any:
    return json.loads((built / PAGE / search.WORDS).read_text())


def test_postcode_districts_lead_to_the_wards_of_their_postcodes(real_site: Path) -> None:
    data = ROOT / "data_packages" / "geography" / "data"
    with (data / "areas.csv").open() as file:
        names = {r["code"]: r["name"] for r in csv.DictReader(file)}
    found = defaultdict(set)
    with (data / "postcodes.csv").open() as file:
        for row in csv.DictReader(file):
            found[row["postcode"].split()[0]].add(names[row["area"]])
    shown = told(real_site)["districts"]
    assert {d: {name for name, _ in wards} for d, wards in shown.items()} == found
    assert shown["SE23"][0] == ["Perry Vale", "wards/perry-vale/"], (
        "the ward with most of its postcodes first"
    )
    assert all((real_site / path / "index.html").is_file() for wards in shown.values() for _, path in wards)


def test_the_browser_searches_only_for_synonyms_on_some_page(real_site: Path) -> None:
    lists = {one["words"][0]: one for one in told(real_site)["same"]}
    assert "mugging" in lists["robbery"]["words"]
    assert lists["robbery"]["found"] == ["robbery"]
    assert {"domestic abuse", "domestic violence", "DV"} <= set(lists["domestic abuse"]["found"])
    assert lists["MARAC"]["words"] == ["MARAC", "multi-agency risk assessment conference"], (
        "from the glossary"
    )


# --- the index


def fragments(built: Path) -> dict[str, str]:
    """Return the text of each page in the index, by its address."""
    found = {}
    for path in (built / search_index.FOLDER / "fragment").iterdir():
        page = json.loads(gzip.decompress(path.read_bytes()).partition(b"pagefind_dcd")[2])
        found[page["url"].lstrip("/")] = page["content"]
    return found


def test_every_page_is_indexed_with_its_own_text_only(real_site: Path) -> None:
    found = fragments(real_site)
    pages = {p.parent.relative_to(real_site).as_posix() + "/" for p in real_site.rglob("index.html")}
    pages = {"" if p == "./" else p for p in pages}
    aside = {p for p in pages if p.endswith(("/briefing/", "/cite/", "/pack/")) or p.startswith("embed/")}
    aside |= {p for p in pages if p.startswith("releases/") and p.endswith("/figures/")}
    assert pages - found.keys() == {PAGE, *aside}
    assert found.keys() <= pages
    everything = " ".join(found.values())
    for frame in (
        "Skip to the text",
        "Crime figures only count crime",
        "Words and abbreviations Get",
    ):
        assert frame not in everything
    ward = found["wards/evelyn/"]
    assert ward.startswith("Evelyn ward. All recorded crime, theft and theft without shoplifting rose.")
    assert "Per 1,000 people" not in ward, "a table"
    assert "Telegraph Hill" not in ward, "the list of other wards"
    assert "ASB: anti-social behaviour" in found["about/words/"], "a term and its meaning are two words"


def test_only_the_engine_is_published_and_it_is_complete(real_site: Path) -> None:
    files = tree_of(real_site / search_index.FOLDER)
    assert {n for n in files if n.endswith((".js", ".css"))} == {"pagefind.js"}
    assert files["pagefind.js"].rstrip().endswith(b"search};"), "not cut off"
    entry = json.loads(files["pagefind-entry.json"])
    assert entry["languages"]["en"]["page_count"] == len(fragments(real_site))
    assert f"pagefind.{entry['languages']['en']['hash']}.pf_meta" in files


def test_the_index_does_not_depend_on_the_order_of_the_files(tiny_site: Path, tmp_path: Path) -> None:
    built = tiny_site / "build" / "site"
    made = []
    for name, order in (("one", 1), ("other", -1)):
        copy = tmp_path / name
        for path in sorted(p for p in built.rglob("*") if p.suffix in (".html", ".json"))[::order]:
            if path.relative_to(built).parts[0] != search_index.FOLDER.strip("/"):
                (copy / path.relative_to(built)).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, copy / path.relative_to(built))
        texts = {name: page.text for name, page in parsed_pages.parse_all(copy).items() if page.text}
        assert search_index.build_index(copy, texts) > 40
        made.append(tree_of(copy))
    assert made[0] == made[1]
    assert {n: c for n, c in tree_of(built).items() if n.startswith(search_index.FOLDER)} == {
        n: c for n, c in made[0].items() if n.startswith(search_index.FOLDER)
    }


def test_without_pagefind_the_site_is_built_without_search_and_says_so(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for command in (("/no/such/program",), (sys.executable, "-m", "no_such_module")):
        monkeypatch.setattr(search_index, "COMMAND", command)
        steps: list[str] = []
        made = building.build(tiny, steps.append, fresh=True)
        built, new = made.folder, made.new
        assert new
        assert "Pagefind does not run here, so the site has no search" in steps
        assert not (built / search_index.FOLDER).exists()
        page = (built / PAGE / "index.html").read_text()
        assert "This copy of the site has no search" in page
        assert "search.js" not in page
        assert 'href="../help/"' in page


def test_a_pagefind_that_stops_is_a_problem_and_the_site_stays(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (built / "build" / "site").readlink()
    for answer in ("", "bm90IGpzb24=,", "eyJwYXlsb2FkIjp7InR5cGUiOiJFcnJvciIsIm1lc3NhZ2UiOiJmdWxsIn19,"):
        told = f"import sys; print('1') if '--version' in sys.argv else print({answer!r}, end='')"
        monkeypatch.setattr(search_index, "COMMAND", (sys.executable, "-c", told))
        with pytest.raises(PortalError, match="Pagefind stopped") as caught:
            building.build(built, lambda step: None, fresh=True)
        assert caught.value.problems[0].code == "search"
        assert (built / "build" / "site").readlink() == before


# --- in the browser


@pytest.fixture
def phone(tab: Tabs, address: str) -> Page:
    opened = tab()
    opened.goto(address + PAGE)
    return opened


@pytest.fixture
def searching(tab: Tabs, address: str) -> Page:
    """The search that the test before used, cleared: its program is loaded anew with each load of the page."""
    opened = tab()
    if opened.url != address + PAGE:
        opened.goto(address + PAGE)
    opened.get_by_label("What are you looking for?").fill("")
    expect(opened.get_by_role("status")).to_be_empty()
    expect(results(opened)).to_have_count(0)
    return opened


def look_for(page: Page, words: str) -> str:
    """Type the words, press Enter, and return the announcement of the result."""
    page.get_by_label("What are you looking for?").fill(words)
    page.keyboard.press("Enter")
    status = page.get_by_role("status")
    page.locator(".search__said:not(:empty)", has_not_text="Searching").wait_for()
    return status.inner_text()


def links(page: Page, heading: str = "") -> list[str]:
    """Return the addresses of the results, or of those below one heading."""
    lists = page.locator(".search__found h2", has_text=heading).locator("+ ul") if heading else page
    found: list[str] = lists.locator("h3 a").evaluate_all("all => all.map(a => a.getAttribute('href'))")
    return [re.sub(r"^http://[^/]+/", "", a) for a in found]


def results(page: Page) -> Locator:
    return page.locator(".search__found li")


@pytest.mark.parametrize(
    ("words", "first", "among"),
    [
        ("DV", "help/", "subjects/subject-3/"),
        ("domestic violence", "help/", "subjects/subject-3/"),
        ("Domestic Abuse", "help/", "subjects/subject-3/"),
        ("mugging", "figures/recorded-robbery/", "figures/robbery/"),
        ("muggings", "figures/recorded-robbery/", "figures/robbery/"),
        ("stabbing", "subjects/knives/", "figures/knife-crime/"),
        ("break-in", "figures/recorded-burglary/", "wards/downham/"),
        ("ASB", "subjects/anti-social-behaviour/", "plans/plan-2014-15/priority-3/action-3-1/"),
        ("antisocial behaviour", "subjects/anti-social-behaviour/", "plans/plan-2014-15/priority-3/"),
        ("homophobia", "report/", "figures/figure-5/"),
        ("Evelyn", "wards/evelyn/", "wards/deptford/"),
        ("lewisham central ward", "wards/lewisham-central/", "wards/rushey-green/"),
        ("how do I report a mugging?", "figures/recorded-robbery/", "report/"),
        ("A&E", "plans/plan-2016-17/priority-2/action-2-2/", "about/words/"),
        ("multi-agency risk assessment conference", "", "about/words/"),
    ],
)
def test_people_find_what_they_mean(searching: Page, words: str, first: str, among: str) -> None:
    said = look_for(searching, words)
    assert re.search(r"\d+ pages? (found|with some)", said), said
    found = links(searching)
    if first:
        assert found[0] == first
    while among not in found:
        searching.get_by_role("button", name="Show more pages").click()
        results(searching).nth(len(found)).wait_for()
        found = links(searching)


@pytest.mark.parametrize(
    ("words", "current"),
    [
        ("knife crime", {"subjects/knives/", "figures/recorded-knife-crime/"}),
        ("hate crime", {"report/", "subjects/subject-4/", "figures/figure-42/"}),
        ("robbery", {"figures/recorded-robbery/"}),
        ("burglary", {"figures/recorded-burglary/"}),
        ("domestic abuse", {"help/", "subjects/subject-3/", "figures/figure-44/"}),
        ("weapons", {"figures/recorded-weapons/"}),
        ("public order", {"figures/recorded-public-order/"}),
        ("police", {"help/", "report/"}),
    ],
)
def test_current_figures_come_before_documents_of_earlier_years(
    searching: Page, words: str, current: set[str]
) -> None:
    look_for(searching, words)
    assert set(links(searching)[: len(current)]) == current


@pytest.mark.parametrize(
    "words",
    [
        "policía", "policia", "ayuda", "odio", "violencia", "przemoc", "PRZEMOC", "pomoc", "nienawisc", "Hilfe", "Gewalt", "polizia",
        "aiuto", "polícia", "ajuda", "haine", "aide", "ajutor", "poliție", "politie", "yardım", "yardim", "şiddet", "cảnh sát", "canh sat",
        "bạo lực", "شرطة", "مساعدة", "警察", "帮助", "幫助", "காவல்துறை", "உதவி", "পুলিশ", "помощ", "ПОЛИЦИЯ", "interpreter",
    ],
)  # fmt: skip
def test_a_word_in_another_language_leads_to_the_page_about_languages(searching: Page, words: str) -> None:
    assert re.match(r"\d+ pages? found", look_for(searching, words))
    assert links(searching)[0] == "help/languages/"


def test_a_letter_with_its_accent_apart_is_the_same_letter(searching: Page) -> None:
    for words in ("policía", "bạo lực", "yardım"):
        look_for(searching, unicodedata.normalize("NFD", words))
        assert links(searching)[0] == "help/languages/"


def test_english_words_do_not_lead_to_the_page_about_languages(searching: Page) -> None:
    for words in ("police", "violence", "help", "hate"):
        look_for(searching, words)
        assert links(searching)[0] != "help/languages/"


def test_words_in_other_languages_are_marked_as_such_and_lead_to_help(real_site: Path) -> None:
    page = LexborHTMLParser((real_site / "help/languages/index.html").read_text())
    words = page.css("dl.words dd")
    assert len(words) >= 10
    for line in words:
        spans = line.css("span")
        assert len(spans) == 4
        assert len({s.attributes["lang"] for s in spans} - {"en", None}) == 1
        assert line.text(strip=True).replace(",", "").replace(" ", "") == "".join(s.text().replace(" ", "") for s in spans)  # fmt: skip
    assert {s.attributes["dir"] for s in page.css('span[lang="ar"]')} == {"rtl"}
    leads = {a.attributes["href"] for a in page.css("article a")}
    assert {"../", "../../report/", "../../report/choose/"} <= leads
    assert page.css_first("#exit") is not None


def test_a_longer_word_hides_those_inside_it(searching: Page) -> None:
    look_for(searching, "domestic violence")
    assert links(searching, "Start here") == ["help/", "subjects/subject-3/", "figures/figure-44/"], (
        "and not what leads from violence"
    )
    look_for(searching, "violence")
    assert links(searching, "Start here") == ["figures/recorded-violence/"]


@pytest.mark.parametrize("words", ["xqzzyv", "elephant", "burglry", "elephants burglry", "E1 5QQQ9"])
def test_nonsense_has_no_results_and_the_page_says_so(searching: Page, words: str) -> None:
    said = look_for(searching, words)
    assert (
        said == "Nothing found. Check the spelling, try another word, or start from one of the pages below."
    )
    assert results(searching).count() == 0


def test_an_empty_query_asks_for_a_word_and_loads_nothing(phone: Page) -> None:
    requests: list[str] = []
    phone.on("request", lambda r: requests.append(r.url) if not r.url.endswith("icon.svg") else None)
    box = phone.get_by_label("What are you looking for?")
    for empty in ("", "  ", "?!"):
        box.evaluate("(box, text) => (box.value = text)", empty)
        phone.get_by_role("button", name="Search").click()
        assert phone.get_by_role("status").inner_text() == "Type a word, a ward or a postcode first."
    assert requests == []


def test_words_that_no_page_has_together_find_pages_with_some(searching: Page) -> None:
    said = look_for(searching, "burglary schizophrenia probation hairdresser")
    assert "with some of these words" in said
    assert searching.get_by_role("heading", name="Pages with some of these words").is_visible()


@pytest.mark.parametrize(
    ("typed", "heading", "first", "count"),
    [
        ("SE6", "SE6 is in these wards", "wards/rushey-green/", 7),
        ("se23", "SE23 is in these wards", "wards/perry-vale/", 3),
        ("SE3", "SE3 is in this ward", "wards/blackheath/", 1),
        ("SE13 6AA", "SE13 6AA is in this ward", "wards/lewisham-central/", 1),
        ("se136aa", "SE13 6AA is in this ward", "wards/lewisham-central/", 1),
        ("br1 4by", "BR1 4BY is in this ward", "wards/downham/", 1),
        ("SE13 6", "SE13 6 is in these wards", "wards/lewisham-central/", 4),
        ("burglary in SE6", "SE6 is in these wards", "wards/rushey-green/", 7),
    ],
)
def test_a_postcode_or_a_part_of_one_leads_to_its_wards_first(
    searching: Page, typed: str, heading: str, first: str, count: int
) -> None:
    said = look_for(searching, typed)
    assert f"{count} ward" in said
    assert links(searching, heading)[0] == links(searching)[0] == first
    assert len(links(searching, heading)) == count
    if typed.startswith("burglary"):
        assert links(searching, "Start here") == ["figures/recorded-burglary/"]
    if typed == "SE6":  # as for any other
        results(searching).locator("a").first.click()
        expect(searching.locator("h1")).to_have_text("Rushey Green ward")


def test_the_page_says_that_a_postcode_is_unknown(searching: Page) -> None:
    said = look_for(searching, "ZZ99 9ZZ")
    assert said == "ZZ99 9ZZ is not in the list of postcodes. It may be outside the borough, or new."


def test_nothing_is_loaded_before_use_and_the_query_is_not_sent(page: Page, address: str) -> None:
    requests: list[str] = []
    errors: list[str] = []
    page.on("request", lambda r: requests.append(f"{r.url} {r.post_data or ''} {r.headers}".lower()))
    page.on("console", lambda m: errors.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda e: errors.append(str(e)))
    page.goto(address + PAGE)
    page.get_by_label("What are you looking for?").focus()
    assert not any(re.search(r"pagefind|words\.json|postcodes", r) for r in requests)
    before = page.evaluate("[history.length, location.href, document.title]")
    for words in ("domestic abuse", "SE13 6AA"):
        look_for(page, words)
        results(page).first.wait_for()
    assert any("pagefind" in r for r in requests)
    assert all(r.startswith(address) for r in requests)
    assert not any(re.search(r"domestic|abuse|\b6aa\b|se13", r) for r in requests)
    assert page.evaluate("[history.length, location.href, document.title]") == before
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    assert page.evaluate("indexedDB.databases().then(all => all.length)") == 0
    assert page.context.cookies() == []
    assert errors == []
    box = page.get_by_label("What are you looking for?")
    assert box.get_attribute("autocomplete") == "off", "the browser does not keep it"
    assert box.get_attribute("spellcheck") == "false", "and sends it to no spelling service"
    assert page.title() == "Search – Safer Lewisham"


def test_the_postcodes_are_loaded_only_for_a_postcode(phone: Page) -> None:
    requests: list[str] = []
    phone.on("request", lambda r: requests.append(r.url))
    look_for(phone, "SE6")
    assert not any("postcodes" in r for r in requests)
    look_for(phone, "SE6 4RU")
    assert any("postcodes" in r for r in requests)


def test_clearing_the_search_leaves_nothing_on_the_page(phone: Page) -> None:
    look_for(phone, "DV")
    phone.get_by_label("What are you looking for?").fill("")
    assert results(phone).count() == 0
    assert phone.get_by_role("status").inner_text() == ""


@BOTH
def test_results_are_reached_and_opened_by_keyboard_alone(page: Page, address: str) -> None:
    page.goto(address)
    focused = "document.activeElement"
    tab_to(page, f"{focused}.textContent", "Search")
    page.keyboard.press("Enter")
    page.wait_for_url(address + PAGE)
    tab_to(page, f"{focused}.id", "sought")
    page.keyboard.type("robbery")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Show more pages").wait_for()
    assert page.evaluate(f"{focused}.id") == "sought", "the focus stays where it was"
    status = page.get_by_role("status")
    assert re.fullmatch(r"\d+ pages found\. The first 10 are below\.", status.inner_text())
    page.keyboard.press("Tab")
    assert page.evaluate(f"{focused}.textContent") == "Search"
    reached = []
    for _ in range(results(page).count()):
        page.keyboard.press("Tab")
        reached.append(page.evaluate(f"{focused}.getAttribute('href')"))
        assert page.evaluate(f"{focused}.getBoundingClientRect().top >= 0"), "the focus is on the screen"
    assert [re.sub(r"^http://[^/]+/", "", r) for r in reached] == links(page)
    page.keyboard.press("Tab")
    assert page.evaluate(f"{focused}.textContent") == "Show more pages"
    count = results(page).count()
    page.keyboard.press("Enter")
    results(page).nth(count).wait_for()
    assert page.evaluate(
        f"{focused}.closest('li') === document.querySelectorAll('.search__found li')[{count}]"
    )
    assert status.inner_text().startswith("Pages 11 to 20 of ")
    to = page.evaluate(f"{focused}.href")
    page.keyboard.press("Enter")
    page.wait_for_url(to)
    assert page.locator("h1").is_visible()


def test_a_result_has_its_place_and_a_sentence_with_the_words_marked(searching: Page) -> None:
    look_for(searching, "perpetrators hub")
    result = results(searching).first
    assert result.locator("a").inner_text() == "Set up an advisory hub on working with perpetrators"
    assert result.locator(".count").inner_text().startswith("What was promised › 2021–26 strategy ›")
    assert "hub" in " ".join(result.locator("mark").all_inner_texts()).lower()
    assert 8 <= len(result.locator("p").last.inner_text().split()) <= 32


LOADED = {
    "**/pagefind/pagefind.js*": "robbery",
    "**/pagefind/wasm*": "robbery",
    "**/pagefind/*.pf_meta": "robbery",
    "**/pagefind/index/*": "robbery",
    "**/pagefind/fragment/*": "robbery",
    "**/search/words.json": "robbery",
    "**/wards/postcodes.json": "SE13 6AA",
}
# Pagefind loads its parts in one way, and our script what is ours.
ALIKE = {"**/pagefind/wasm*", "**/pagefind/*.pf_meta", "**/pagefind/index/*", "**/wards/postcodes.json"}


@pytest.mark.parametrize(
    ("broken", "words", "how"),
    [
        *((broken, words, "no connection") for broken, words in LOADED.items()),
        *(
            pytest.param(broken, words, "not there", marks=pytest.mark.thorough if broken in ALIKE else ())
            for broken, words in LOADED.items()
        ),
    ],
)
def test_a_failure_to_load_is_announced_and_can_be_retried(
    phone: Page, broken: str, words: str, how: str
) -> None:
    phone.route(
        broken, lambda route: route.abort() if how == "no connection" else route.fulfill(status=404, body="")
    )
    said = look_for(phone, words)
    assert said.startswith("The search could not be loaded. Check your connection and try again")
    assert results(phone).count() == 0
    phone.unroute(broken)
    assert "found" in look_for(phone, "robbery")
    assert results(phone).count() > 5


def test_a_failure_to_load_more_results_is_announced(phone: Page) -> None:
    look_for(phone, "robbery")
    count = results(phone).count()
    phone.route("**/pagefind/fragment/*", lambda route: route.abort())
    more = phone.get_by_role("button", name="Show more pages")
    more.click()
    phone.locator(".search__said", has_text="could not be loaded").wait_for()
    phone.unroute("**/pagefind/fragment/*")
    assert results(phone).count() == count
    assert "found" in look_for(phone, "knife crime")


@BOTH
@pytest.mark.parametrize("words", ["", "DV", "SE6", "robbery", "elephant"])
def test_axe_finds_nothing_and_nothing_sticks_out(page: Page, address: str, words: str) -> None:
    page.goto(address + PAGE)
    if words:
        look_for(page, words)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    found = read(page, SEEN)
    assert found.wrong == ()
    assert len(found.passed) > 20


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_moves_when_the_script_has_loaded(chromium: Browser, address: str, width: int) -> None:
    with chromium.new_context(viewport={"width": width, "height": 800}) as context:
        page = context.new_page()
        page.add_init_script(
            "window.moved = 0; new PerformanceObserver(l => l.getEntries().forEach(e => moved += e.value))"
            ".observe({type: 'layout-shift', buffered: true})"
        )
        page.goto(address + PAGE)
        page.get_by_label("What are you looking for?").wait_for()
        assert page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done)))") is None
        assert page.evaluate("moved") == 0


def test_the_search_page_has_a_way_out_because_results_can_be_sensitive(phone: Page) -> None:
    assert phone.get_by_role("link", name="Leave this page").is_visible()


@BOTH
def test_the_search_is_one_link_on_every_page_and_no_item_of_the_menu(page: Page, address: str) -> None:
    for path in ("", "figures/knife-crime/", "no/such/page/"):
        page.goto(address + path)
        assert page.get_by_role("navigation", name="Main menu").get_by_text("Search").count() == 0
        page.get_by_role("banner").get_by_role("link", name="Search", exact=True).click()
        expect(page).to_have_url(address + PAGE)


def test_without_javascript_the_page_says_so_and_links_to_other_pages(tab: Tabs, address: str) -> None:
    page = tab(java_script_enabled=False)
    page.goto(address)
    page.get_by_role("link", name="Search", exact=True).click()
    page.locator("noscript p", has_text="Search needs JavaScript").wait_for()
    assert not page.locator("#sought").is_visible()
    parts = page.locator("article").get_by_role("link")
    ways = parts.evaluate_all("all => all.map(a => a.getAttribute('href'))")
    assert ways == [
        "../help/", "../report/", "../wards/", "../subjects/", "../figures/", "../plans/", "../about/words/", "../about/ask/",
    ]  # fmt: skip


def test_text_of_a_page_never_becomes_markup(tmp_path: Path, chromium: Browser) -> None:
    root = make_project(tmp_path / "tiny")
    written = "# About\n\nThe zebra says `<img src=x onerror=\"document.title='bad'\">` <b>and</b> goes on.\n"
    (root / "site_src" / "pages" / "about" / "index.md").write_text(written)
    built = building.build(root, lambda step: None).folder
    with served(built.resolve()) as at, chromium.new_context() as context:
        page = context.new_page()
        page.goto(at + PAGE)
        assert look_for(page, "zebra") == "1 page found."
        assert "<img src=x" in results(page).first.inner_text()
        assert results(page).locator("img, b").count() == 0
        assert page.title().startswith("Search")
