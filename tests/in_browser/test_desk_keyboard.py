"""The keyboard alone adds a source, reports on an action, checks, signs with a second person, releases and publishes."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from portal.site import publishing
from project import make_project, run
from served_desk import served
from test_desk import PATIENCE, WIDE, enter, tab_to


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with one release and a target."""
    made = make_project(tmp_path / "project")
    settings = made / "site_src/portal.toml"
    settings.write_text(settings.read_text() + f'\n[targets]\nwebsite = "folder:{tmp_path}/www"\n')
    assert run(made, "release", "2027 Q1", "--yes") == 0
    return made


@pytest.fixture
def page(chromium: Browser, root: Path) -> Iterator[Page]:
    """A person at the desk who has given a name, and has no mouse."""
    with served(root) as address:
        opened = chromium.new_page(viewport={"width": WIDE, "height": 800})
        opened.set_default_timeout(PATIENCE)
        opened.goto(address)
        assert opened.evaluate("document.activeElement.id") == "name"
        opened.keyboard.type("Ada Prepares")
        go(opened)
        yield opened
        opened.close()


def go(page: Page) -> None:
    """Press Enter, and wait for the page with the result."""
    enter(page)
    page.wait_for_load_state()
    page.locator("[data-events]").wait_for(state="detached")


def follow(page: Page, words: str) -> None:
    """Go to a link or button with Tab, and press Enter."""
    tab_to(page, words)
    go(page)


def fill_in(page: Page, texts: Mapping[str, str]) -> None:
    """Go through the fields of a form in its order; a text for a list is the beginning of what to choose."""
    for field, text in texts.items():
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.id") == field:
                break
        assert page.evaluate("document.activeElement.id") == field
        page.keyboard.type(text)


def said(page: Page, words: str) -> None:
    """Expect a message, which has the focus, so that it is read out and Tab goes on from there."""
    page.get_by_text(words).first.wait_for()
    assert "said" in page.evaluate("document.activeElement.className"), words


@pytest.mark.thorough
@pytest.mark.browser
def test_the_keyboard_alone_does_a_whole_update(page: Page, root: Path, tmp_path: Path) -> None:
    follow(page, "^Bring in$")
    follow(page, "^Add or change a single row")
    follow(page, "^Add a source$")
    follow(page, "^Check and write$")
    # The list of problems has the focus, and its links lead to the fields.
    assert "summary" in page.evaluate("document.activeElement.className")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#field-title"
    page.keyboard.press("Shift+Tab")
    source = {
        "field-title": "A new report", "field-short_title": "New report", "field-publisher": "The council",
        "field-kind": "document", "field-published": "2020-09", "field-licence": "All rights reserved",
        "field-open_publication": "No", "field-note": "Made up.",
    }  # fmt: skip
    fill_in(page, source)
    follow(page, "^Check and write$")
    said(page, "You can undo this")
    follow(page, "^Bring in$|^Bring in more$")
    follow(page, "^Add or change a single row")
    follow(page, "^Report progress on an action")
    tab_to(page, "Add or change a row")
    page.keyboard.press("Tab")
    go(page)
    report = {
        "field-status": "Und", "field-date": "2020-10", "field-title": "Work began", "field-text": "Work on it began.",
        "field-reason": "The report says so.", "field-source": "New report", "field-locator": "Page 3",
    }  # fmt: skip
    fill_in(page, report)
    go(page)  # Enter in a field sends the form
    said(page, "You can undo this")
    follow(page, "^Next: check")
    follow(page, "^Next: see the site")
    follow(page, "^Only list the changes")
    follow(page, "^Next: sign")
    code = page.locator(".code").inner_text()
    follow(page, "have prepared this")
    said(page, "ready to be signed")
    fill_in(page, {"signer": "Grace Signs", "code": code})
    go(page)
    said(page, "Signed by Grace Signs.")
    follow(page, "^Next: publish")
    fill_in(page, {"name": "2027 Q2"})
    go(page)
    said(page, "2027 Q2 is made")
    follow(page, "^Publish to website$")
    said(page, "every file is there")
    assert publishing.digest(tmp_path / "www/site") == publishing.digest(root / "build/site")
    assert "New report" in (tmp_path / "www/site/about/sources/index.html").read_text()
