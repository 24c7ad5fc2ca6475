"""The real site in Debian's Chromium: with and without JavaScript, on a phone and on a wide screen."""

import re

import pytest
from browser import BOTH, Tabs
from playwright.sync_api import Page, expect

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
    "wards": "wards/",
    "ward": "wards/rushey-green/",
    "briefing": "wards/rushey-green/briefing/",
    "compare": "wards/compare/",
    "crime": "crime/",
    "recorded": "figures/recorded-burglary/",
    "new recording": "figures/figure-42/",
    "withheld": "figures/stops-by-outcome/",
}
# Numbers everything that the Tab key should reach, and notes what it does reach.
STOPS = """() => {
  const all = [...document.querySelectorAll("a[href], button, input, select, summary, [tabindex='0']")];
  const shown = all.filter(e => !e.disabled && !(e.type === "radio" && !e.checked) && e.checkVisibility({visibilityProperty: true}));
  shown.forEach((e, i) => e.dataset.stop = i);
  window.walked = [];
  addEventListener("focusin", e => walked.push(Number(e.target.dataset.stop ?? -1)));
  return shown.length;
}"""
# With everything that a page can have: a way out, a chooser, a finder, tables, charts and what is folded. The others
# are alike: test_every_page reaches every stop of them, and none is out of turn.
ALIKE = {"action", "route", "months", "break", "percentages", "help", "words", "subject", "scorecard", "dashboard", "updates", "written", "school years", "briefing", "recorded", "new recording", "withheld", "coverage", "disagree", "crime"}  # fmt: skip
FEW = [pytest.param(name, marks=pytest.mark.thorough if name in ALIKE else ()) for name in PAGES]
WALKED = {"home", "choose", "wards", "ward", "compare"}
CHARTS = ("indicator", "months", "break", "areas", "percentages", "recorded", "new recording", "withheld")
ELSEWHERE = re.compile("^https:")


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


@pytest.mark.parametrize("name", FEW)
def test_without_javascript_everything_is_there(tab: Tabs, address: str, name: str) -> None:
    page = tab(java_script_enabled=False)
    page.goto(address + PAGES[name])
    page.locator(".menu > summary").click()
    assert page.get_by_role("navigation", name="Main menu").get_by_role("link").count() == 8
    page.locator(".menu > summary").click()
    assert page.locator("h1").is_visible()
    if name in CHARTS:
        assert page.locator("figure.chart img").first.is_visible()
        assert page.locator("figure.chart figcaption").first.inner_text()
        folded = page.locator("details.folded summary")
        if folded.count():
            folded.first.click()
        assert page.locator("table").first.is_visible()
    page.locator(".menu > summary").click()
    page.get_by_role("link", name="Get help").first.click()
    expect(page.locator("h1")).to_have_text("Get help")


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


@BOTH
def test_the_keyboard_reaches_the_text_and_every_menu_item(page: Page, address: str) -> None:
    page.goto(address)
    menu = ["What was promised", "By subject", "Your ward", "The figures", "Report hate crime", "Get help", "About"]  # fmt: skip
    if page.locator(".menu > summary").is_visible():
        menu = ["Menu", "Home", *menu]
    names = []
    for _ in range(3 + len(menu)):
        page.keyboard.press("Tab")
        names.append(page.evaluate("document.activeElement.textContent.trim()"))
        if names[-1] == "Menu":
            page.keyboard.press("Enter")
    assert names[0] == "Skip to the text"
    assert names[2:] == ["Search", *menu]


# The forms, the map and the folded parts of the site are on these.
@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=() if n in WALKED else pytest.mark.thorough) for n in PAGES],
)
def test_the_tab_key_walks_the_page_from_top_to_end_and_back(tab: Tabs, address: str, name: str) -> None:
    page = tab()
    page.goto(address + PAGES[name])
    stops = page.evaluate(STOPS)
    for _ in range(stops):
        page.keyboard.press("Tab")
    for _ in range(stops - 1):
        page.keyboard.press("Shift+Tab")
    there = list(range(stops))
    assert page.evaluate("walked") == there + there[-2::-1]


def test_a_missing_page_has_the_sites_own_words(page: Page, address: str) -> None:
    answer = page.goto(address + "figures/nothing/here/")
    assert answer
    assert answer.status == 404
    assert page.locator("h1").inner_text() == "Page not found"
    page.get_by_role("link", name="Go to the home page").click()
    expect(page).to_have_url(address)


def test_a_postcode_leads_to_its_ward_and_is_sent_nowhere(page: Page, address: str) -> None:
    requests: list[str] = []
    page.on("request", lambda r: requests.append(r.url + (r.post_data or "")))
    page.goto(address + PAGES["wards"])
    assert not any("postcodes" in r for r in requests), "the list is loaded before anybody asks for it"
    box = page.get_by_label("Find your ward by postcode")
    box.fill("se6 4ru")
    box.press("Enter")
    page.wait_for_selector(".finder__found a, .finder__found:has-text('not in the list')")
    box.fill("BR1 4BY")
    page.get_by_role("button", name="Find").click()
    link = page.get_by_role("status").get_by_role("link", name="Downham ward")
    link.wait_for()
    assert not any(re.search("br1|4by|se6", r, re.IGNORECASE) for r in requests)
    link.click()
    expect(page).to_have_url(address + "wards/downham/")


@pytest.mark.parametrize(
    ("typed", "told"), [("SE13", "Type a whole postcode"), ("ZZ99 9ZZ", "is not in the list")]
)
def test_a_postcode_that_is_not_known_is_said_to_be_so(
    page: Page, address: str, typed: str, told: str
) -> None:
    page.goto(address + PAGES["wards"])
    page.get_by_label("Find your ward by postcode").fill(typed)
    page.get_by_role("button", name="Find").click()
    page.wait_for_selector(f".finder__found:has-text('{told}')")


@BOTH
def test_two_wards_stand_side_by_side(page: Page, address: str) -> None:
    page.goto(address + PAGES["compare"])
    heads = page.locator(".compare thead th:visible")
    assert heads.all_inner_texts()[1:] == ["Lewisham", "Bellingham"]
    page.get_by_label("First").select_option(label="Evelyn")
    page.get_by_label("Second").select_option(label="Deptford")
    assert heads.all_inner_texts()[1:] == ["Deptford", "Evelyn"]
    assert page.get_by_text("The table shows Evelyn and Deptford.").get_attribute("role") == "status"
    page.get_by_role("button", name="Show all").click()
    assert heads.count() == 21


@BOTH
def test_the_map_can_be_walked_by_keyboard(page: Page, address: str) -> None:
    page.goto(address + PAGES["wards"])
    ward = page.locator(".map:visible a").first
    ward.focus()
    assert ward.evaluate("a => getComputedStyle(a.querySelector('.map__area')).fill") == "rgb(255, 221, 0)"
    page.keyboard.press("Enter")
    page.wait_for_url(address + "wards/bellingham/")


def test_the_briefing_prints_on_one_sheet_without_the_frame(page: Page, address: str) -> None:
    page.goto(address + PAGES["briefing"])
    page.emulate_media(media="print")
    assert page.locator("h1").inner_text() == "Rushey Green ward: briefing"
    for hidden in (".top", ".bottom", ".exit", ".preview", ".trail"):
        assert not page.locator(hidden).first.is_visible()
    height = page.evaluate("document.querySelector('.sheet').getBoundingClientRect().height")
    assert height > 100


def cells(page: Page, caption: str) -> list[list[str]]:
    """Return the texts of a table, row by row."""
    found: list[list[str]] = page.locator(f"table:has(#{caption}) tr").evaluate_all(
        "rows => rows.map(r => [...r.cells].map(c => c.textContent.trim()))"
    )
    return found


@pytest.mark.parametrize("name", ["recorded", "months", "areas"])
def test_the_points_of_a_chart_are_read_with_the_arrow_keys(page: Page, address: str, name: str) -> None:
    """Each point is spoken with its period and value, and the last of them are those of the table."""
    page.goto(address + PAGES[name])
    chart = page.locator("figure.chart").first
    chart.focus()
    spoken = chart.locator(".chart__said")
    page.keyboard.press("End")
    chart.locator(".chart__said:not(:empty)").wait_for()
    heard = [spoken.text_content() or ""]
    for key in ("ArrowLeft", "ArrowLeft", "Home", "ArrowRight"):
        page.keyboard.press(key)
        expect(spoken).not_to_have_text(heard[-1])
        heard.append(spoken.text_content() or "")
    assert len(set(heard)) > 1
    more = [h.partition(". ")[2] for h in heard]
    if name == "recorded":
        assert "than in the 12 months to" in more[0], "the change from a year before"
        assert not more[3], "nothing before it"
    heard = [h.partition(". ")[0] for h in heard]
    values = {c for row in cells(page, "figures") for c in row[1:]}
    assert all(h.rpartition(": ")[2] in values for h in heard), heard
    if name == "recorded":
        rows = cells(page, "figures")
        assert heard[0] == f"{rows[-1][0]}: {rows[-1][1]}"
        assert heard[1] == f"{rows[-2][0]}: {rows[-2][1]}"
        assert heard[3] == f"{rows[1][0]}: {rows[1][1]}"
    assert page.locator(".hoverlayer text").count() > 0


def test_the_data_and_the_address_of_a_chart_are_copied(page: Page, address: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(address + PAGES["recorded"])
    chart = page.locator("figure.chart").first
    chart.get_by_role("button", name="Copy data").click()
    chart.locator(".chart__said", has_text="copied").wait_for()
    copied = [line.split("\t") for line in page.evaluate("navigator.clipboard.readText()").splitlines()]
    assert copied == cells(page, "figures")
    chart.get_by_role("button", name="Copy link").click()
    chart.locator(".chart__said", has_text="link").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == f"{address}{PAGES['recorded']}#chart-chart"


def test_a_chart_can_be_heard(page: Page, address: str) -> None:
    page.goto(address + PAGES["recorded"])
    chart = page.locator("figure.chart").first
    chart.get_by_role("button", name="Hear the chart").click()
    chart.locator(".chart__said", has_text="Higher tones are higher values").wait_for()


@pytest.mark.parametrize("lost", ["plotly-basic.min.js", "chart.json", "charts.js"])
@pytest.mark.parametrize("reach", ["sound", "key"])
def test_a_chart_that_cannot_be_loaded_says_so_and_keeps_its_picture(
    page: Page, address: str, lost: str, reach: str
) -> None:
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.route(f"**/{lost}", lambda route: route.abort())
    page.goto(address + PAGES["recorded"])
    chart = page.locator("figure.chart").first
    if reach == "sound":
        chart.get_by_role("button", name="Hear the chart").click()
    else:
        chart.focus()
        page.keyboard.press("End")
    chart.locator(".chart__said", has_text="could not be loaded").wait_for()
    assert chart.locator("picture img").is_visible()
    assert faults == []
    if (
        lost != "charts.js"
    ):  # a browser keeps a module that could not be loaded until the page is loaded again
        page.unroute(f"**/{lost}")
        chart.focus()
        page.keyboard.press("End")
        chart.locator(".chart__said", has_text="12 months to").wait_for()


def test_shorter_periods_are_shown_by_a_switch_without_script(tab: Tabs, address: str) -> None:
    page = tab(java_script_enabled=False)
    page.goto(address + PAGES["recorded"])
    years, quarters = page.locator("#chart-chart"), page.locator("#chart-shorter")
    assert years.is_visible()
    assert not quarters.is_visible()
    page.get_by_label("Every 3 months").check()
    assert quarters.is_visible()
    assert not years.is_visible()
