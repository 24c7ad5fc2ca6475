"""A whole quarter at the desk by clicks, from a fetched file to an earlier release that is put back. No terminal after the start."""

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from playwright.sync_api import Browser, Page
from portal.site import publishing
from project import ROOT
from served_desk import made_with_target, served
from test_desk import PATIENCE, WIDE, inspect
from test_fetch import Server, _wards, own_register, ranges

sys.path.insert(0, str(ROOT / "scripts"))
from desk_guide import Update, Walk

BOROUGH = "E09999999"
# Thirteen rows, each with a mistake of another kind; the column and text that put it right come last.
MISTAKES: tuple[tuple[tuple[Any, ...], Any, Any], ...] = (
    (("rec-theft", BOROUGH, "2021-01-01", "2021-03-31", 40, None, "returns", "R"), 1, "rec-thefts"),
    (("rec-thefts", "E0999999", "2021-04-01", "2021-06-30", 41, None, "returns", "R"), 2, BOROUGH),
    (("rec-thefts", BOROUGH, "2021-07-01", "2021-09-30", "many", None, "returns", "R"), 5, "41"),
    (("rec-thefts", BOROUGH, "2021-09-31", "2021-12-31", 42, None, "returns", "R"), 3, "2021-10-01"),
    (("rec-thefts", BOROUGH, "2022-03-31", "2022-01-01", 43, None, "returns", "R"), (3, 4), ("2022-01-01", "2022-03-31")),
    (("rec-thefts", BOROUGH, "2022-04-01", "2022-06-30", 43, "zz", "returns", "R"), 6, "p"),
    (("rec-thefts", BOROUGH, "2022-07-01", "2022-09-30", 44, None, "retruns", "R"), 7, "returns"),
    (("rec-thefts", BOROUGH, "2022-10-01", "2022-12-31", 45, None, "returns", None), 8, "R"),
    (("rec-thefts", BOROUGH, "2023-01-01", "2023-03-31", -46, None, "returns", "R"), 5, 46),
    (("rec-thefts", BOROUGH, "2023-04-15", "2023-06-30", 46, None, "returns", "R"), 3, "2023-04-01"),
    (("rec-thefts", BOROUGH, "2022-10-01", "2022-12-31", 47, None, "returns", "R"), (3, 4), ("2023-07-01", "2023-09-30")),
    (("rec-thefts", BOROUGH, "2023-10-01", "2023-12-31", None, None, "returns", "R"), 5, 48),
    (("rec-thefts", BOROUGH, "2024-01-01", "2024-03-31", "#REF!", None, "returns", "R"), 5, 49),
)  # fmt: skip
IN_THE_PAGE = 3
REVISED = ("rec-thefts", BOROUGH, "2020-10-01", "2020-12-31", 38, "r", "returns", "Made up")
UPDATE = Update("recorded", tuple(row for row, _, _ in MISTAKES), "", "", "", "", "2027 Q2", "website")
NEWEST = b",2024-01-01,2024-03-31,49,"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with one release, a site, and a target."""
    return made_with_target(tmp_path, released=True)


@pytest.fixture
def publisher() -> Iterator[Server]:
    one = Server()
    yield one
    one.stop()


class Quarter:
    """A person at the desk, with what the guide does not do."""

    def __init__(self, walk: Walk, folder: Path) -> None:
        self.walk = walk
        self.page: Page = walk.page
        self.folder = folder

    def fetch(self) -> None:
        """Download a published file from its publisher, and write it."""
        self.walk.go("Bring in")
        self.follow("Choose one")
        self.walk.press("Fetch")
        self.page.get_by_text("Postcodes and their wards").first.wait_for()
        self.walk.press("Write this")
        self.page.get_by_text("Written: ").wait_for()

    def spreadsheet(self) -> None:
        """Bring in thirteen mistakes, put three right in the page, and the others in the painted workbook."""
        book = self.walk.fill_in(self.folder)
        loaded = openpyxl.load_workbook(book)
        for number, text in enumerate(REVISED, 1):
            loaded["observations"].cell(len(MISTAKES) + 2, number, text)
        loaded.save(book)
        self.drop(book)
        self.page.get_by_role("heading", name="13 problems to put right").wait_for()
        inspect(self.page, "thirteen problems")
        for row, (_, column, text) in enumerate(MISTAKES[:IN_THE_PAGE], 2):
            self.page.locator(f"[id^=cell-][id$='-{row}-{column}']").first.fill(str(text))
        self.walk.press("Read it again")
        self.page.get_by_role("heading", name="10 problems to put right").wait_for()
        with self.page.expect_download() as download:
            self.page.get_by_role("link", name="download a painted copy").click()
        copy = self.folder / "painted.xlsx"
        download.value.save_as(copy)
        loaded = openpyxl.load_workbook(copy)
        sheet = loaded["observations"]
        assert sum(c.comment is not None for r in sheet.iter_rows() for c in r) >= len(MISTAKES) - IN_THE_PAGE
        for row, (_, columns, texts) in enumerate(MISTAKES[IN_THE_PAGE:], 2 + IN_THE_PAGE):
            pairs = zip(columns, texts, strict=True) if isinstance(columns, tuple) else ((columns, texts),)
            for column, text in pairs:
                sheet.cell(row, column, text)
        loaded.save(copy)
        self.walk.go("Bring in")
        self.drop(copy)
        self.page.get_by_role("heading", name="What it would change").wait_for()
        inspect(self.page, "rows")
        self.walk.press("Write this")

    def drop(self, file: Path) -> None:
        """Bring a file in."""
        self.page.get_by_label("Choose or drop a file").set_input_files(file)
        self.walk.press("Bring in")

    def source(self) -> None:
        """Add a source by its form."""
        self.rows()
        self.follow("Add a source")
        cells = {"title": "A new report", "short_title": "New report", "publisher": "The council", "note": "Made up.", "published": "2020-09", "licence": "All rights reserved"}  # fmt: skip
        for name, text in cells.items():
            self.page.locator(f"#field-{name}").fill(text)
        self.page.locator("#field-kind").select_option("document")
        self.page.locator("#field-open_publication").select_option("false")
        self.walk.press("Check and write")
        self.page.get_by_text("You can undo this").wait_for()

    def status(self) -> None:
        """Report on an action, with its status."""
        self.rows()
        self.follow("Report progress on an action")
        inspect(self.page, "actions")
        with self.page.expect_navigation():
            self.page.locator("main a[href^='/progress/plan/']").first.click()
        self.page.locator("#field-status").select_option("under-way")
        self.page.locator("#field-source").select_option("report")
        cells = {"date": "2020-10", "title": "Work began", "text": "Work on it began.", "reason": "The report says so.", "locator": "Page 3"}  # fmt: skip
        for name, text in cells.items():
            self.page.locator(f"#field-{name}").fill(text)
        inspect(self.page, "report on an action")
        self.walk.press("Check and write")
        self.page.get_by_text("You can undo this").wait_for()

    def rows(self) -> None:
        """Go to the forms of single rows."""
        self.walk.go("Bring in")
        self.follow("Add or change a single row")

    def reasons(self) -> None:
        """Say why the figure was revised, and accept a warning."""
        self.walk.go("Check")
        self.page.get_by_label("Why it changed").fill("Two offences were recorded late.")
        self.page.get_by_label("It is right, because").first.fill("The document gives none.")
        self.walk.press("Keep these reasons")
        self.page.get_by_text("You can undo this").wait_for()

    def wait(self) -> None:
        """Make the release, to become public later, and publish what is public until then."""
        self.walk.go("Publish")
        self.page.get_by_label("Name", exact=True).fill("2027 Q2")
        self.page.get_by_label("Day").fill(f"{time.gmtime().tm_year + 5}-01-01")
        self.page.get_by_label("Time").fill("09:30")
        self.walk.press("Release and build the site")
        self.page.get_by_role("heading", name="2027 Q2 is waiting").wait_for()
        inspect(self.page, "a release that waits")
        self.publish()

    def publish(self) -> None:
        """Publish to the target."""
        self.walk.press("Publish to website")
        self.page.get_by_text("every file is there").wait_for()

    def lift(self) -> None:
        """End the embargo before its time."""
        self.page.get_by_text("End the embargo now").click()
        self.page.get_by_label("why it cannot wait").fill("The board decided it.")
        self.walk.press("End the embargo")
        self.page.get_by_role("heading", name="Now publish the site").wait_for()
        self.publish()

    def correct(self) -> None:
        """Correct a figure by the short path."""
        self.walk.home()
        self.follow("Correct something")
        inspect(self.page, "correct")
        self.page.get_by_label("What is wrong?").fill("bikes 2019-06-30 61")
        self.walk.press("Find")
        with self.page.expect_navigation():
            self.page.locator("main a[href*='/observations/']").first.click()
        self.page.locator("#field-value").fill("62")
        self.page.locator("#field-status").select_option("r")
        self.walk.press("Check and write")
        self.walk.go("Check")
        self.page.get_by_label("Why it changed").fill("One was recorded late.")
        self.walk.press("Keep these reasons")
        self.walk.sign("Grace Signs")
        self.walk.home()
        self.follow("Correct something")
        self.follow("Release the correction and publish it")
        self.walk.press("Release and build the site")
        self.page.get_by_text("is made, and the site is built").wait_for()
        self.publish()

    def back(self) -> None:
        """Put the first release back."""
        self.walk.home()
        self.follow("Go back to an earlier release")
        self.page.get_by_label("Release", exact=True).select_option("2027 Q1")
        self.page.get_by_label("Why", exact=True).fill("The returns were wrong.")
        self.walk.press("See what this changes")
        inspect(self.page, "what going back changes")
        self.walk.press("Go back to 2027 Q1 and build the site")
        self.page.get_by_text("The data of 2027 Q1 are restored").wait_for()
        self.publish()

    def follow(self, name: str) -> None:
        """Follow a link of the page."""
        self.walk.follow(self.page.locator("main").get_by_role("link", name=name).first)


@pytest.mark.thorough  # tests/in_browser/test_desk.py and tests/integration/test_desk_release.py do its parts
@pytest.mark.browser
def test_a_whole_quarter_by_clicks(
    chromium: Browser, root: Path, publisher: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = own_register(tmp_path / "register.csv", publisher, format="postcodes", what="Postcodes of a test")
    body = "pcds,wd25cd\n" + "".join(f"EX1 {n}AA,{c}\n" for n, c in enumerate(sorted(_wards(root)), 1))
    publisher.answers = [ranges('"v1"', body.encode())]
    before = (root / "data_packages/recorded/data/observations.csv").read_bytes()
    errors: list[str] = []
    took: list[str] = []
    www = tmp_path / "www/site"

    def is_public() -> bool:
        assert publishing.digest(www) == publishing.digest(root / "build/site")
        return any(NEWEST in p.read_bytes() for p in www.rglob("*.csv"))

    with served(root, "--register", str(own)) as address:
        page = chromium.new_page(viewport={"width": WIDE, "height": 800})
        page.on("pageerror", lambda error: errors.append(str(error)))
        walk = Walk(page, address, UPDATE, lambda name: None, PATIENCE)
        quarter = Quarter(walk, tmp_path)

        def step(name: str, do: Callable[[], object]) -> None:
            began = time.monotonic()
            do()
            took.append(f"  {name}: {time.monotonic() - began:.1f} s")

        step("start", lambda: walk.start("Ada Prepares"))
        step("fetch a published file", quarter.fetch)
        step("a spreadsheet with 13 mistakes", quarter.spreadsheet)
        step("a new source", quarter.source)
        step("the status of an action", quarter.status)
        step("reasons", quarter.reasons)
        step("see the site as it will be", walk.see)
        step("sign", lambda: walk.sign("Grace Signs"))
        step("release under embargo, and publish", quarter.wait)
        assert not is_public()
        step("end the embargo, and publish", quarter.lift)
        assert is_public()
        step("correct, and publish", quarter.correct)
        assert is_public()
        step("go back to the first release, and publish", quarter.back)
        page.close()
    with capsys.disabled():
        sys.stdout.write("\n".join(["", *took, ""]))
    assert errors == []
    assert (root / "data_packages/recorded/data/observations.csv").read_bytes() == before
    releases = (root / "data_packages/releases/data/releases.csv").read_text()
    assert "Return to 2027 Q1" in releases
    assert "Correction of " in releases
    assert not is_public()
