"""A word of the glossary explains itself: by click, by keyboard, to screen readers, and without script by a link."""

import re
from pathlib import Path

import pytest
from browser import BOTH, Tabs
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
ADDRESS = "report/"


@pytest.fixture
def reader(page: Page, address: str) -> Page:
    """A page that uses a term."""
    page.goto(address + ADDRESS)
    return page


@BOTH
def test_a_click_shows_the_meaning_and_another_hides_it(reader: Page) -> None:
    term = reader.locator(".term").first
    meaning = term.locator("xpath=following-sibling::span[1]")
    expect(meaning).to_be_hidden()
    term.click()
    expect(meaning).to_contain_text(str(term.get_attribute("data-meaning")))
    expect(term).to_have_attribute("aria-expanded", "true")
    assert reader.evaluate("document.documentElement.scrollWidth <= innerWidth")
    term.click()
    expect(meaning).to_be_hidden()


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_keys_open_and_escape_closes(reader: Page, key: str) -> None:
    term = reader.locator(".term").first
    term.focus()
    reader.keyboard.press(key)
    meaning = reader.get_by_role("status").filter(has_text=str(term.get_attribute("data-meaning")))
    expect(meaning).to_be_visible()
    reader.keyboard.press("Tab")
    expect(meaning.get_by_role("link")).to_be_focused()
    reader.keyboard.press("Escape")
    expect(meaning).to_be_hidden()
    expect(term).to_be_focused()
    assert reader.url.endswith(ADDRESS)


def test_the_accessibility_tree_says_that_it_is_a_button(reader: Page) -> None:
    word = reader.locator(".term").first.inner_text()
    expect(reader.get_by_role("button", name=word, exact=True).first).to_be_visible()


def test_without_script_the_word_leads_to_its_entry(tab: Tabs, address: str) -> None:
    page = tab(1280, java_script_enabled=False)
    page.goto(address + ADDRESS)
    term = page.locator(".term").first
    word = term.inner_text()
    term.click()
    expect(page).to_have_url(re.compile(f"^{re.escape(address)}about/words/#"))
    assert page.locator("dt:target").inner_text().rstrip("s") == word.rstrip("s")


def test_every_link_to_an_entry_has_one(real_site: Path) -> None:
    entries = set(re.findall(r'<dt id="([^"]+)"', (real_site / "about/words/index.html").read_text()))
    assert len(entries) > 100
    used = {
        anchor
        for page in real_site.rglob("index.html")
        for anchor in re.findall(r'class="term" href="[^"#]*#([^"]+)"', page.read_text())
    }
    assert len(used) > 50
    assert used <= entries
