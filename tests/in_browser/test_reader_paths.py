"""Six readers with a question each: how many taps it takes them from the home page, on a phone and on a wide screen.

`docs/explanation/reader-paths.md` lists the same paths; the first screen of the last page must hold the answer.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from browser import Tabs
from playwright.sync_api import Page, TimeoutError
from project import ROOT

FIRST_SCREEN = """() => [...document.querySelectorAll("main :is(h1, h2, p, li, td, th, dt, dd, summary, figcaption, output, b, strong)")]
  .filter(e => { const b = e.getBoundingClientRect(); return b.width && b.top < innerHeight && b.bottom > 0 && e.checkVisibility(); })
  .map(e => e.innerText).join("\\n")"""
ANSWERED = f"answer => new RegExp(answer, 'is').test(({FIRST_SCREEN})())"


@dataclass(frozen=True, kw_only=True)
class Path:
    """A question, the taps that lead to its answer, and what the first screen then says (a regular expression)."""

    question: str
    taps: tuple[str, ...]
    type_first: tuple[str, str] | None = None
    answer: str


PATHS = (
    Path(
        question="Is knife crime getting better?",
        taps=("Knife crime",),
        answer=r"515\s+in the 12 months to January 2026",
    ),
    Path(
        question="Can I report a hate crime without giving my name?",
        taps=("Report hate crime", "Find the right way for you", "You do not want to give your name"),
        answer=r"You do not want to give your name.*True Vision.*Crimestoppers",
    ),
    Path(
        question="What became of the promise to train staff?",
        taps=("See every promise", "Train staff to spot abuse"),
        answer=r"Under way as of 3 March 2022.*Staff who work in Lewisham will get training",
    ),
    Path(
        question="Is my ward like the borough?",
        type_first=("Find your ward by postcode", "SE6 4RU"),
        taps=("Find", "Rushey Green", "Compared with the borough"),
        answer=r"Compared with the borough.*per 1,000 people.*Rushey Green.*Lewisham",
    ),
    Path(
        question="Who is late?",
        taps=("See every promise",),
        answer=r"Who is late\?.*We cannot say: none of the 29 promises in our current plans has a due date",
    ),
    Path(
        question="Which figures can I not trust?",
        taps=("Figures that disagree",),
        answer=r"50 claims match the figures, 4 do not, and 22 cannot be checked",
    ),
)


def tap(page: Page, name: str, *, sends: bool) -> None:
    """Press the button of this name, or the first link or folded part whose name begins like this."""
    main, begins = page.locator("main"), re.compile(f"^{re.escape(name)}")
    if sends:
        main.get_by_role("button", name=name, exact=True).click()
    else:
        folded = main.locator("summary").filter(has_text=begins)
        main.get_by_role("link", name=begins).or_(folded).first.click()


@pytest.mark.parametrize("width", [360, 1280], ids=["phone", "wide"])
@pytest.mark.parametrize("path", PATHS, ids=lambda p: p.question)
def test_the_answer_is_on_the_first_screen_after_these_taps(
    tab: Tabs, address: str, path: Path, width: int, record_property: Callable[[str, object], None]
) -> None:
    # Without motion, or a page scrolls past the answer on its way to another place.
    page = tab(width, reduced_motion="reduce")
    page.goto(address)
    if path.type_first:
        page.get_by_label(path.type_first[0]).fill(path.type_first[1])
    for number, name in enumerate(path.taps):
        tap(page, name, sends=path.type_first is not None and number == 0)
    try:
        page.wait_for_function(ANSWERED, arg=path.answer)
    except TimeoutError:
        pytest.fail(page.evaluate(FIRST_SCREEN))
    record_property("counted taps of readers on the way to an answer", len(path.taps))


def test_the_docs_list_these_paths() -> None:
    page = (ROOT / "docs" / "explanation" / "reader-paths.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("| ") and "?" in line]
    assert rows == [f"| {p.question} | {len(p.taps)} | {' → '.join(p.taps)} |" for p in PATHS]
