"""The desk in Chromium: the keyboard alone, no script, and axe on each page at two widths."""

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe import READY, Seen, read
from playwright.sync_api import Browser, Page, expect
from project import ROOT, edit
from served_desk import made_with_target, served

sys.path.insert(0, str(ROOT / "scripts"))
import desk_guide
from desk_guide import Update, Walk

PHONE, WIDE = 360, 1280
SEEN = Seen()  # on the pages of the desk that this process has read
PATIENCE = 120_000  # milliseconds for the longest step, on a busy machine
HEAD = ("indicator", "area", "period_start", "period_end", "type", "value", "status", "source", "locator")
UPDATE = Update(
    "recorded",
    (
        ("rec-theft", "E09999999", "2021-01-01", "2021-03-31", "420", None, "returns", "Made up"),
        ("rec-thefts", "E09999999", "2020-10-01", "2020-12-31", "38", "r", "returns", "Made up"),
    ),
    "cell-{sheet}-2-1",
    "rec-thefts",
    "420",
    "42",
    "2027 Q2",
    "website",
)
ADDED = "rec-thefts,E09999999,2021-01-01,2021-03-31,42,,returns,Made up\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A folder with a project that has one release, a site, and a target; and a copy of it."""
    folder = tmp_path_factory.mktemp("desk")
    made_with_target(folder, released=True)
    return folder, Path(shutil.copytree(folder, f"{folder}-kept", symlinks=True))


@pytest.fixture
def root(made: tuple[Path, Path]) -> Path:
    """The project as it was made."""
    folder, kept = made
    shutil.rmtree(folder)
    shutil.copytree(kept, folder, symlinks=True)
    return folder / "project"


@pytest.fixture
def address(root: Path) -> Iterator[str]:
    with served(root) as at:
        yield at


def inspect(page: Page, name: str) -> None:
    """Check a page with axe at two widths, that it is not wider than the screen, and that it says what it is."""
    expect(page).to_have_title(re.compile("."), timeout=PATIENCE)
    for width in (PHONE, WIDE):
        page.set_viewport_size({"width": width, "height": 800})
        assert read(page, SEEN, again=width == WIDE).wrong == (), (name, width)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, (name, width)
    assert page.locator("h1").count() == 1, name


@pytest.mark.browser
def test_every_other_page_passes_axe(chromium: Browser, root: Path, address: str, tmp_path: Path) -> None:
    context = chromium.new_context()
    context.add_init_script(READY)
    page = context.new_page()
    page.goto(address)
    inspect(page, "who")
    page.get_by_role("button", name="Start").click()
    inspect(page, "who, without a name")
    assert page.locator("#name[aria-invalid=true]").count() == 1
    page.get_by_label("Your name").fill("Ada")
    enter(page)
    page.get_by_role("heading", name="What needs attention").wait_for(timeout=PATIENCE)
    base = address.partition("/open/")[0]
    for path in (
        "/bring-in",
        "/fetch",
        "/changes",
        "/tables",
        "/tables/plan/actions",
        "/tables/routes/routes/2",
        "/tables/plan/updates/new",
        "/progress",
        "/progress/plan/action-1-1",
        "/add/plan",
        "/correct",
        "/correct?q=bikes",
        "/rollback",
        "/withdraw",
        "/sign",
        "/see/page/",
        "/see",
        "/nothing",
        "/see/changes",
        "/publish",
    ):
        page.goto(base + path)
        page.locator("[data-events]").wait_for(state="detached", timeout=120_000)
        inspect(page, path)
    page.goto(f"{base}/withdraw")
    page.get_by_label("Indicator").fill("bikes")
    page.get_by_label("Why", exact=True).fill("It was of another area.")
    press(page, "See what this changes")
    inspect(page, "what taking figures back changes")
    page.goto(f"{base}/withdraw")
    page.get_by_label("Indicator").fill("bike")
    page.get_by_label("Why", exact=True).fill("It was of another area.")
    press(page, "See what this changes")
    inspect(page, "a withdrawal with problems")
    page.goto(f"{base}/rollback")
    page.get_by_label("Why", exact=True).fill(" ")
    press(page, "See what this changes")
    inspect(page, "a rollback without a reason")
    page.goto(f"{base}/add/plan")
    press(page, "Check and write")
    inspect(page, "a plan with problems")
    page.goto(f"{base}/tables/plan/updates/new")
    press(page, "Check and write")
    inspect(page, "a row with problems")
    table = tmp_path / "team.csv"
    table.write_text(
        "Offence desc,BCU,Mth,Tot,Remarks\nBicycle crime,Exampleton,Year to June 2021,70,checked\n"
    )
    page.goto(f"{base}/bring-in")
    page.get_by_label("Choose or drop a file").set_input_files(table)
    press(page, "Bring in")
    inspect(page, "a file that is not known")
    page.get_by_role("link", name="Say what each column is").click()
    inspect(page, "which package")
    page.get_by_label("Package").select_option("figures")
    press(page, "Look at the columns")
    page.get_by_label("Offence desc").select_option("indicator")
    press(page, "Read it like this")
    inspect(page, "what each column is")
    page.locator("#name-1").select_option("bikes")
    press(page, "Read it like this")
    inspect(page, "a table of which everything was said")
    page.goto(f"{base}/tables/routes/routes/2")
    page.evaluate("document.querySelector('[name=version]').value = 'old'")
    press(page, "Check and write")
    inspect(page, "something else changed")
    page.goto(f"{base}/tables/routes/routes/2")
    page.evaluate("document.querySelector('[name=token]').value = 'guess'")
    press(page, "Check and write")
    inspect(page, "a form that is refused")
    edit(root, "2019-06-30,,61,,report", "2019-06-30,,61,,reprot")
    page.goto(f"{base}/check")
    page.locator("[data-events]").wait_for(state="detached", timeout=120_000)
    inspect(page, "check with a problem")
    page.goto(address)
    inspect(page, "locked")
    context.close()


def press(page: Page, name: str) -> None:
    """Press a button that sends a form, and wait for the result."""
    with page.expect_navigation():
        page.get_by_role("button", name=name).first.click()
    page.locator("[data-events]").wait_for(state="detached", timeout=PATIENCE)


def enter(page: Page) -> None:
    """Press Enter where it sends a form or follows a link, and wait until the next page is there.

    The browser begins the navigation a moment after the key, and would give up another one that is asked for meanwhile.
    """
    with page.expect_navigation(timeout=120_000):
        page.keyboard.press("Enter")


def tab_to(page: Page, words: str) -> None:
    """Move the focus with the Tab key until it is on something of this name."""
    for _ in range(150):
        page.keyboard.press("Tab")
        name = page.evaluate(
            "() => { const e = document.activeElement; const l = e.labels && e.labels[0]; return ((l ? l.textContent : '') || e.getAttribute('aria-label') || e.textContent || e.value || '').trim() }"
        )
        if re.search(words, name):
            return
    pytest.fail(f"Tab never comes to {words}")


@pytest.mark.browser
def test_the_keyboard_alone_brings_in_fixes_and_writes(
    chromium: Browser, root: Path, address: str, tmp_path: Path
) -> None:
    page = chromium.new_page(viewport={"width": WIDE, "height": 800})
    page.goto(address)
    assert page.evaluate("document.activeElement.id") == "name"
    page.keyboard.type("Ada")
    enter(page)
    page.get_by_role("heading", name="What needs attention").wait_for(timeout=120_000)
    csv = tmp_path / "new.csv"
    csv.write_text(",".join(HEAD) + "\nbike,E09999999,2020-07-01,2021-06-30,,70,,report,Table 2\n")
    page.goto(address.partition("/open/")[0] + "/bring-in")
    page.get_by_label("Choose or drop a file").set_input_files(csv)  # what the dialog of the system does
    tab_to(page, "^Bring in$|Choose or drop")
    page.get_by_label("Choose or drop a file").focus()
    tab_to(page, "^Bring in$")
    enter(page)
    page.get_by_role("heading", name=re.compile("1 problem")).wait_for(timeout=120_000)
    # The focus is on the list of problems, which a screen reader reads out; its link leads to the cell.
    assert "summary" in page.evaluate("document.activeElement.className")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id || location.hash").endswith("cell-0-2-1")
    page.keyboard.press("Tab") if page.evaluate("document.activeElement.tagName") != "INPUT" else None
    assert page.evaluate("document.activeElement.id") == "cell-0-2-1"
    page.keyboard.press("Control+A")
    page.keyboard.type("bikes")
    tab_to(page, "Read it again")
    enter(page)
    page.get_by_role("heading", name="What it would change").wait_for(timeout=120_000)
    tab_to(page, "Write this")
    enter(page)
    page.get_by_text("Written: observations.csv").wait_for(timeout=120_000)
    assert "said" in page.evaluate("document.activeElement.className")
    assert (
        "2021-06-30,,70,,report,Table 2" in (root / "data_packages/figures/data/observations.csv").read_text()
    )
    tab_to(page, "^Undo")
    enter(page)
    page.get_by_text("as they were before").wait_for(timeout=120_000)
    assert "2021-06-30,,70," not in (root / "data_packages/figures/data/observations.csv").read_text()
    page.close()


@pytest.mark.browser
def test_everything_works_without_script(chromium: Browser, root: Path, address: str, tmp_path: Path) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    walk = Walk(page, address, UPDATE, lambda name: None, PATIENCE)
    for step in desk_guide.steps(walk, tmp_path, "Ada Prepares", "Grace Signs")[:3]:
        step[1]()
    assert ADDED in (root / "data_packages/recorded/data/observations.csv").read_text()
    context.close()
