"""A headless Chromium and a server of the built site, for the browser tests and the screenshots."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, expect, sync_playwright
from portal.site.chromium import find_browser as chromium
from portal.site.preview import Server, SiteHandler

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
SLOW = "PORTAL_TESTS_SLOW_BROWSER"  # set in the environment where pytest was given --slow-browser
# For tests of what a wide screen can show in another way than a phone.
BOTH = pytest.mark.parametrize("page", [360, 1280], ids=["phone", "wide"], indirect=True)
Tabs = Callable[..., Page]  # see kept_tabs
expect.set_options(timeout=30_000)  # milliseconds: as long as Playwright waits for everything else
NOTHING = "assets/images/icon.svg"  # on every site


class Late:
    """Answers of a server that come after 200 ms."""

    def parse_request(self) -> bool:
        time.sleep(0.2)
        return super().parse_request()  # type: ignore[misc,no-any-return]


@contextmanager
def served(folder: Path, handler: type[SimpleHTTPRequestHandler] = SiteHandler) -> Iterator[str]:
    """Serve a folder on this machine, with the headers of the site; yields the address, ending in a slash."""
    if SLOW in os.environ:
        handler = type("Late", (Late, handler), {})
    with Server(("127.0.0.1", 0), partial(handler, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()


@contextmanager
def opened() -> Iterator[Browser]:
    """Start Debian's Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        if SLOW in os.environ:
            slow_down(browser)
        try:
            yield browser
        finally:
            browser.close()


def slow_down(browser: Browser) -> None:
    """Let every page that this browser opens compute four times as slowly.

    A test that reads a page before it is ready passes on a quick machine by chance. Here it fails.
    """

    def slow(page: Page) -> None:
        session = page.context.new_cdp_session(page)
        session.send("Emulation.setCPUThrottlingRate", {"rate": 4})

    def new_context(**options: Any) -> BrowserContext:
        context = made(**options)
        context.on("page", slow)
        return context

    def new_page(**options: Any) -> Page:
        return new_context(**options).new_page()

    made = browser.new_context
    browser.new_context, browser.new_page = new_context, new_page  # type: ignore[method-assign]


def kept_tabs(browser: Browser) -> Tabs:
    """Return a function that returns an empty tab of a width, a height, a script for every page, and options of a context.

    A tab of the same kind is the same one, emptied. Chromium starts a process for each new tab, and for each new server
    in it, which takes it three times as long as to open a page. What is not taken back: listeners and scripts for every
    page. A test that leaves those needs a context of its own. The tabs end with the browser.
    """
    tabs: dict[str, Page] = {}

    def tab(width: int = 360, height: int = 800, script: str = "", **options: Any) -> Page:
        size: Any = {"width": width, "height": height}
        kind = repr((width, height, script, sorted(options.items())))
        if kind in tabs:
            try:
                empty(tabs[kind])
                tabs[kind].set_viewport_size(size)
            except Error:  # it was closed, or is on its way to a server that has ended
                tabs.pop(kind).context.close()
        if kind not in tabs:
            tabs[kind] = browser.new_context(viewport=size, **options).new_page()
            tabs[kind].add_init_script(script)
        return tabs[kind]

    return tab


def empty(page: Page) -> None:
    """Make a tab as it was when it was opened, but for its listeners, its history, its files and the page that is open."""
    page.unroute_all()
    for other in page.context.pages:
        if other != page:
            other.close()
    if "#" in page.url:  # or the same address would not load the page again
        leave(page)
    page.context.set_offline(False)
    page.emulate_media(media="null")
    page.mouse.move(-1, -1)
    page.context.clear_cookies()
    page.context.clear_permissions()


def leave(page: Page) -> None:
    """Leave the page that is open for a file of its server that does nothing, so that the process stays the same."""
    at = urlsplit(page.url)
    if at.scheme == "http":
        page.goto(f"http://{at.netloc}/{NOTHING}")


def tab_to(page: Page, script: str, wanted: str) -> None:
    """Press Tab until a script in the page returns what is wanted; fail if no stop of the page does."""
    for _ in range(500):
        if page.evaluate(script) == wanted:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never came to where {script} is {wanted}")
