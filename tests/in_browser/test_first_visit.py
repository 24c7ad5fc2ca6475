"""What a phone loads that has never been here: all that it asks for before somebody reaches for anything, compressed."""

import gzip
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from browser import Tabs
from playwright.sync_api import Request

BUDGET = 150_000  # bytes
PAGES = {
    "home": "",
    "a subject": "subjects/knives/",
    "a sensitive subject": "subjects/subject-3/",
    "a priority": "plans/strategy-2021-26/priority-1/",
    "an action": "plans/strategy-2021-26/priority-1/action-1-4/",
    "a plan": "plans/plan-2016-17/",
    "every promise": "plans/progress/",
    "a ward": "wards/evelyn/",
    "all wards": "wards/",
    "a figure": "figures/recorded-knife-crime/",
    "all figures": "figures/",
    "how to report": "report/",
    "one way to report": "report/police-101/",
    "help": "help/",
    "other languages": "help/languages/",
    "search": "search/",
    "explore": "explore/",
}


# What a wide screen loads besides is a larger drawing; these have the largest.
WIDE = {"home", "all wards", "a ward", "a figure"}


@pytest.mark.parametrize(
    ("name", "width"),
    [
        *((name, 360) for name in PAGES),
        *(pytest.param(name, 1280, marks=() if name in WIDE else pytest.mark.thorough) for name in PAGES),
    ],
)
def test_a_first_visit_is_light(
    tab: Tabs,
    address: str,
    real_site: Path,
    name: str,
    width: int,
    record_property: Callable[[str, object], None],
) -> None:
    page = tab(width)
    browser = page.context.new_cdp_session(page)
    browser.send("Network.setCacheDisabled", {"cacheDisabled": True})  # as if it had never been here
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    page.on("request", note)
    page.goto(address + PAGES[name])
    page.wait_for_load_state("networkidle")  # what scripts ask for when they have begun
    page.remove_listener("request", note)
    browser.detach()
    kinds = {e.rpartition(".")[2] for e in asked}
    paths = {unquote(urlsplit(a).path).lstrip("/") for a in asked}
    files = {p: real_site / (f"{p}index.html" if p.endswith("/") or not p else p) for p in paths}
    assert {"css", "js"} <= kinds, "the frame of the page counts too"
    sizes = {p: len(gzip.compress(file.read_bytes(), 6, mtime=0)) for p, file in files.items()}
    record_property(f"counted bytes of a first visit to {name}, compressed (max)", sum(sizes.values()))
    heaviest = sorted(sizes.items(), key=lambda s: -s[1])[:4]
    assert sum(sizes.values()) <= BUDGET, heaviest
