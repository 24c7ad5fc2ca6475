"""The look of the site: where a page begins, its menu, its contents, words in tables, more space, the mark, and what paper shows."""

import re

import pytest
from browser import Tabs
from playwright.sync_api import Browser, Page, expect
from portal.charts import mark
from project import ROOT
from test_browser import PAGES

FONTS = ROOT / "site_src" / "assets" / "fonts"
# Words of table cells whose letters are on more than one line, without those that a hyphen or dash divides.
BROKEN_WORDS = r"""() => {
  const broken = [];
  for (const cell of document.querySelectorAll("table :is(th, td)")) {
    if (!cell.checkVisibility()) continue;
    const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const node = texts.currentNode;
      for (const word of node.data.matchAll(/[\p{L}\p{N}]{4,}/gu)) {
        const range = document.createRange();
        range.setStart(node, word.index);
        range.setEnd(node, word.index + word[0].length);
        const tops = new Set([...range.getClientRects()].filter(b => b.width).map(b => Math.round(b.top)));
        if (tops.size > 1 && !node.parentElement.closest("code")) broken.push(word[0]);
      }
    }
  }
  return broken;
}"""
# WCAG 1.4.12: readers may set these, and nothing may be lost.
SPACING = """
* { letter-spacing: .12em !important; line-height: 1.5 !important; word-spacing: .16em !important; }
p { margin-bottom: 2em !important; }
"""
CLIPPED = """() => [...document.querySelectorAll("h1, h2, h3, p, li, a, td, th, label, button, summary, dt, dd, figcaption")]
  .filter(e => e.checkVisibility({visibilityProperty: true}) && !e.closest("svg, .skip, .table, thead"))
  .filter(e => e.getBoundingClientRect().right > innerWidth + 1 || (getComputedStyle(e).overflow === "hidden" && e.scrollHeight > e.clientHeight + 1))
  .map(e => e.textContent.trim().slice(0, 60))"""
SQUARES = {
    "W1": (((0.0, 51.0), (0.02, 51.0), (0.02, 51.01), (0.0, 51.01)),),
    "W2": (((0.02, 51.0), (0.04, 51.0), (0.04, 51.01), (0.02, 51.01)),),
    "W3": (((0.0, 51.01), (0.02, 51.01), (0.04, 51.01), (0.04, 51.02), (0.0, 51.02)),),
}


@pytest.fixture
def phone(tab: Tabs) -> Page:
    return tab(height=740)


@pytest.mark.parametrize("name", ["home", "help"])
def test_the_menu_of_a_phone_is_one_button(phone: Page, address: str, name: str) -> None:
    phone.goto(address + PAGES[name])
    button, menu = phone.locator(".menu > summary"), phone.get_by_role("navigation", name="Main menu")
    assert button.inner_text() == "Menu"
    assert not menu.is_visible()
    button.focus()
    phone.keyboard.press("Enter")
    assert menu.get_by_role("link").count() > 4
    phone.keyboard.press("Tab")
    phone.keyboard.press("Escape")
    assert not menu.is_visible()
    assert phone.evaluate("document.activeElement.tagName") == "SUMMARY"
    button.click()
    phone.mouse.click(4, 735)
    assert not menu.is_visible()


@pytest.mark.parametrize("width", [1000, 1135, 1136, 1280])
def test_the_menu_is_a_row_only_where_it_fits_on_one_line(tab: Tabs, address: str, width: int) -> None:
    page = tab(width, 740)
    page.goto(address)
    as_button = page.locator(".menu > summary").is_visible()
    lines = page.evaluate(
        "[...document.querySelectorAll('.menu li:not(:first-child) a')].map(a => a.getClientRects().length && a.offsetHeight)"
    )
    assert as_button == (width < 1136)
    assert as_button or len({height for height in lines if height}) == 1


def test_the_menu_and_the_contents_work_without_script(tab: Tabs, address: str) -> None:
    for width in (360, 1280):
        page = tab(width, java_script_enabled=False)
        page.goto(address + PAGES["ward"])
        if width == 360:
            page.locator(".menu > summary").click()
        assert page.get_by_role("link", name="Get help").first.is_visible()
        if width == 360:
            page.locator(".menu > summary").click()
            page.locator(".contents > summary").click()
        page.locator(".contents").get_by_role("link", name="Before you use these figures").click()
        expect(page).to_have_url(re.compile("#before-you-use-these-figures$"))


def test_the_contents_list_every_part_of_a_long_page(phone: Page, address: str) -> None:
    phone.goto(address + PAGES["help"])
    names = phone.locator(".contents ol a").all_text_contents()
    assert names == phone.locator("article > h2").all_text_contents()
    assert phone.locator(".contents").count() == 1
    phone.goto(address)
    assert phone.locator(".contents").count() == 0


def test_no_heading_of_a_column_runs_into_the_next(phone: Page, address: str) -> None:
    phone.goto(address + "crime/")
    headings = phone.evaluate(
        "[...document.querySelectorAll('.figures.steady thead th')].map(h => [h.textContent, h.scrollWidth - h.offsetWidth])"
    )
    assert len(headings) > 2
    assert [text for text, beyond in headings if beyond > 0] == []


@pytest.mark.parametrize("name", PAGES)
def test_the_heading_is_near_the_top_no_word_is_broken_and_nothing_is_lost_with_more_space(
    phone: Page, address: str, name: str
) -> None:
    phone.goto(address + PAGES[name])
    top = phone.evaluate("document.querySelector('h1').getBoundingClientRect().top")
    assert top <= 200 or name == "briefing"
    for width in (1280, 800, 360):
        phone.set_viewport_size({"width": width, "height": 740})
        assert phone.evaluate(BROKEN_WORDS) == [], width
    phone.evaluate(
        "css => { const s = new CSSStyleSheet(); s.replaceSync(css); document.adoptedStyleSheets = [s]; }",
        SPACING,
    )
    assert phone.evaluate("document.documentElement.scrollWidth") <= 360
    assert phone.evaluate(CLIPPED) == []


def test_every_promise_of_a_plan_has_a_mark_with_its_status_in_words(phone: Page, address: str) -> None:
    phone.goto(address + "plans/strategy-2021-26/")
    marks = phone.locator(".matrix ul a")
    rows = phone.locator(".promises tr[data-status]")
    assert marks.count() == rows.count() > 20
    for place in (0, marks.count() - 1):
        status = rows.nth(place).get_attribute("data-status")
        assert marks.nth(place).get_attribute("class") == f"step-{status}"
        assert str(marks.nth(place).text_content()).endswith(
            rows.nth(place).locator(".tag").first.inner_text()
        )
    shapes = {
        marks.nth(n).evaluate("a => JSON.stringify([...'borderStyle,backgroundImage'.split(',')].map(k => getComputedStyle(a, '::before')[k]))")
        for n in range(marks.count())
    }  # fmt: skip
    assert len(shapes) == len({r.get_attribute("data-status") for r in rows.all()})


def test_historic_figures_are_marked_and_can_be_left_out_without_script(tab: Tabs, address: str) -> None:
    page = tab(1280, java_script_enabled=False)
    page.goto(address + "figures/")
    figures = page.locator(".listing tbody tr")
    historic = page.locator(".listing tbody .is-historic")
    assert 0 < historic.count() < figures.count()
    assert all("Historic" in h.inner_text() for h in historic.all())
    page.get_by_label("Recent").check()
    assert not any(h.is_visible() for h in historic.all())
    assert page.get_by_role("link", name="Knife crime", exact=False).first.is_visible()
    page.get_by_label("Historic", exact=True).check()
    assert sum(f.is_visible() for f in figures.all()) == historic.count()


def test_a_citation_is_copied_at_a_click(chromium: Browser, address: str) -> None:
    with chromium.new_context(permissions=["clipboard-read", "clipboard-write"]) as context:
        page = context.new_page()
        page.goto(address + "figures/recorded-burglary/cite/")
        row = page.locator("details.place[open] tbody tr").first
        line = str(row.locator("td").last.get_attribute("data-line"))
        assert line
        assert line in row.inner_text()
        row.get_by_role("button").click()
        page.get_by_role("status").filter(has_text="Copied").wait_for(state="attached")
        assert page.evaluate("navigator.clipboard.readText()") == line
        hidden = page.locator("details.place:not([open]) tbody tr").last.get_attribute("id")
        page.goto(f"{address}figures/recorded-burglary/cite/#{hidden}")
        assert page.locator(f"[id='{hidden}']").is_visible()


def test_the_mark_has_each_ward_and_neighbours_differ() -> None:
    drawn = mark.draw_outlines(SQUARES)
    fills = re.findall(r'<path fill="(#\w+)"', drawn)
    assert len(fills) == len(SQUARES) == len(set(fills))
    assert drawn == mark.draw_outlines(dict(reversed(SQUARES.items())))
    assert len(drawn) < 1000


def test_the_fonts_are_few_and_come_with_their_licences() -> None:
    fonts = {p.name: p.read_bytes() for p in FONTS.glob("*.woff2")}
    assert sum(map(len, fonts.values())) < 60_000
    for name, data in fonts.items():
        assert data[:4] == b"wOF2"
        family = name.rpartition("-")[0]
        assert "SIL Open Font License" in (FONTS / f"{family}-LICENSE.txt").read_text()


@pytest.mark.parametrize("name", ["home", "ward", "recorded"])
def test_text_has_the_fonts_of_the_site(phone: Page, address: str, name: str) -> None:
    phone.goto(address + PAGES[name])
    loaded = phone.evaluate("document.fonts.ready.then(f => [...f].map(o => o.family + o.status))")
    assert {x for x in loaded if x.endswith("loaded")} >= {"Newsreaderloaded", "Source Sans 3loaded"}


def test_a_ward_prints_on_one_sheet(phone: Page, address: str) -> None:
    phone.goto(address + PAGES["ward"])
    phone.locator(".glance img").last.scroll_into_view_if_needed()
    sheets = phone.pdf(format="A4", prefer_css_page_size=True)
    assert len(re.findall(rb"/Type /Page\b", sheets)) == 1
    phone.emulate_media(media="print")
    for shown in ("h1", ".big", ".glance img", ".stack", ".only-print", ".made-from"):
        assert phone.locator(f"article {shown}").first.is_visible(), shown
