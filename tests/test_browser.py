"""The real site in Debian's Chromium: with and without JavaScript, on a phone and on a wide screen."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import opened, served
from playwright.sync_api import Browser, Page
from project import ROOT

PAGES = {
    "home": "",
    "priority": "plans/plan-2016-17/priority-3/",
    "action": "plans/strategy-2021-26/priority-1/action-1-4/",
    "route": "report/police-101/",
    "indicator": "figures/knife-crime/",
    "months": "figures/figure-5/",
    "break": "figures/serious-youth-violence/",
    "areas": "figures/figure-8/",
    "percentages": "figures/figure-10/",
    "disagree": "figures/disagree/",
    "choose": "report/choose/",
    "help": "help/",
    "words": "about/words/",
    "subject": "subjects/subject-2/",
    "scorecard": "plans/public-health/workstream-3/",
    "targets": "figures/targets/",
    "coverage": "figures/coverage/",
    "dashboard": "data/dashboard-4/",
    "updates": "plans/updates/",
    "written": "about/governance/",
    "school years": "figures/permanent-exclusions/",
}
CHARTS = ("indicator", "months", "break", "areas", "percentages")
ELSEWHERE = re.compile("^https:")
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="module")
def address(real_site: Path) -> Iterator[str]:
    with served(real_site) as at:
        yield at


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with opened() as browser:
        yield browser


@pytest.fixture(params=[360, 1280], ids=["phone", "wide"])
def page(request: pytest.FixtureRequest, chromium: Browser) -> Iterator[Page]:
    with chromium.new_context(viewport={"width": request.param, "height": 800}) as context:
        yield context.new_page()


@pytest.mark.parametrize("name", PAGES)
def test_no_console_error_no_other_host_no_sideways_scroll(page: Page, address: str, name: str) -> None:
    errors: list[str] = []
    requests: list[str] = []
    page.on("console", lambda m: errors.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda e: errors.append(str(e)))
    page.on("request", lambda r: requests.append(r.url))
    page.goto(address + PAGES[name])
    assert errors == []
    assert requests
    assert all(url.startswith((address, "data:")) for url in requests)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.context.cookies() == []
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    assert not any("plotly" in url for url in requests), (
        "the chart library is loaded before anybody reaches for a chart"
    )


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_is_a_picture_and_answers_when_reached_for(page: Page, address: str, name: str) -> None:
    page.goto(address + PAGES[name])
    chart = page.locator("figure.chart").first
    assert chart.locator("img").evaluate("i => i.complete && i.naturalWidth > 0")
    before = chart.bounding_box()
    chart.dispatch_event("pointerenter")
    page.wait_for_selector("figure.chart[data-state=drawn] svg.main-svg")
    assert chart.get_by_role("img").first.get_attribute("aria-label")
    after = chart.bounding_box()
    assert before
    assert after
    assert abs(before["height"] - after["height"]) < 40


@pytest.mark.parametrize("name", PAGES)
def test_without_javascript_everything_is_there(chromium: Browser, address: str, name: str) -> None:
    with chromium.new_context(java_script_enabled=False, viewport={"width": 360, "height": 800}) as context:
        page = context.new_page()
        page.goto(address + PAGES[name])
        assert page.get_by_role("navigation", name="Main menu").get_by_role("link").count() == 7
        assert page.locator("h1").is_visible()
        if name in CHARTS:
            assert page.locator("figure.chart img").is_visible()
            assert page.locator("figure.chart figcaption").inner_text()
            assert page.locator("table").first.is_visible()
        page.get_by_role("link", name="Get help").first.click()
        assert page.locator("h1").inner_text() == "Get help"


def test_a_chart_is_drawn_by_the_browser_where_there_is_no_picture(page: Page, address: str) -> None:
    page.route(
        "**/figures/knife-crime/",
        lambda route: route.fulfill(body=_without_picture(route.fetch().text()), content_type="text/html"),
    )
    page.goto(address + "figures/knife-crime/")
    page.wait_for_selector("figure.chart[data-state=drawn] svg.main-svg")


def _without_picture(html: str) -> str:
    start, end = html.index("<picture>"), html.index("</picture>") + len("</picture>")
    return html[:start] + '<div class="chart__place" role="img" aria-label="Chart"></div>' + html[end:]


def test_the_way_out_is_first_and_works_by_mouse_and_by_shift(page: Page, address: str) -> None:
    page.route(
        ELSEWHERE, lambda route: route.fulfill(body="<title>Weather</title>", content_type="text/html")
    )
    page.goto(address)
    page.goto(address + PAGES["action"])
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "exit"
    page.keyboard.press("Enter")
    page.wait_for_url(ELSEWHERE)
    page.go_back()
    assert page.url == address, "the page that was left is not in the tab's history"
    page.goto(address + PAGES["route"])
    for key in ("Shift", "Shift", "a", "Shift", "Shift"):
        page.keyboard.press(key)
    assert page.url.startswith(address)
    page.keyboard.press("Shift")
    page.wait_for_url(ELSEWHERE)


def test_pages_without_need_have_no_way_out(page: Page, address: str) -> None:
    page.goto(address + "figures/knife-crime/")
    assert page.locator("#exit").count() == 0


def test_the_keyboard_reaches_the_text_and_every_menu_item(page: Page, address: str) -> None:
    page.goto(address)
    names = []
    for _ in range(9):
        page.keyboard.press("Tab")
        names.append(page.evaluate("document.activeElement.textContent.trim()"))
    assert names[0] == "Skip to the text"
    assert names[2:9] == [
        "Home",
        "What was promised",
        "By subject",
        "The figures",
        "Report hate crime",
        "Get help",
        "About",
    ]


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(page: Page, address: str, name: str) -> None:
    page.goto(address + PAGES[name])
    page.add_script_tag(path=AXE)
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = page.evaluate("tags => axe.run(document, {runOnly: tags})", tags)
    assert [(v["id"], [n["target"] for n in v["nodes"]]) for v in found["violations"]] == []
    assert len(found["passes"]) > 20


def test_a_missing_page_has_the_sites_own_words(page: Page, address: str) -> None:
    answer = page.goto(address + "figures/nothing/here/")
    assert answer
    assert answer.status == 404
    assert page.locator("h1").inner_text() == "Page not found"
    page.get_by_role("link", name="Start from the home page").click()
    assert page.url == address
