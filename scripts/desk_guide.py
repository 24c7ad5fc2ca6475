"""Follow docs/tutorial/update-by-clicks.md in a browser, as a person would, and take its pictures.

python scripts/desk_guide.py CHECKOUT     CHECKOUT is a copy to practise in; the pictures go to docs/tutorial/pictures
"""

import re
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "tutorial" / "pictures"
_LONG = 900_000  # milliseconds until the longest step, the build of a whole site, must be done

Camera = Callable[[str], None]


@dataclass(frozen=True)
class Update:
    """What the guide brings in: the package, the rows with their mistakes, and what is typed to put these right.

    `wrong` is the id of the cell with the mistake in the grid, `right` what is typed there. `unlikely` is a figure that is
    warned about, and `likely` what it should be.
    """

    package: str
    rows: Sequence[Sequence[str | None]]
    wrong: str
    right: str
    unlikely: str
    likely: str
    release: str = "2027 Q1"
    target: str = ""


PRACTICE = Update(
    "figures-2016",
    (
        ("serious-youth-violense", "E09000023", "2016-08-01", "2017-07-31", None, "2280", None, "source-000", "Made up, for practice"),
        ("serious-youth-violence", "E09000023", "2015-08-01", "2016-07-31", None, "238", "r", "source-000", "Made up, for practice"),
    ),
    "cell-{sheet}-2-1",
    "serious-youth-violence",
    "2,280",
    "228",
)  # fmt: skip


class Walk:
    """A person at the desk. Each step is one that the guide describes; `camera` is called with the name of a picture."""

    def __init__(
        self, page: Any, address: str, update: Update, camera: Camera, patience: float = _LONG
    ) -> None:
        self.page = page
        self.base = address.partition("/open/")[0]
        self.address = address
        self.update = update
        self.camera = camera
        page.set_default_timeout(patience)

    def start(self, name: str) -> None:
        """Open the address, and give a name."""
        self.page.goto(self.address)
        self.page.get_by_label("Your name").fill(name)
        self.press("Start")
        self.page.get_by_role("heading", name="What needs attention").wait_for()
        self.camera("desk-home")

    def fill_in(self, folder: Path) -> Path:
        """Get the spreadsheet of the package, and fill it in."""
        self.page.get_by_role("link", name="Bring in", exact=True).first.click()
        self.page.get_by_label("For", exact=True).select_option(self.update.package)
        with self.page.expect_download() as download:
            self.press("For Excel", waits=False)
        book = folder / f"{self.update.package}.xlsx"
        download.value.save_as(book)
        loaded = openpyxl.load_workbook(book)
        for number, row in enumerate(self.update.rows, 2):
            for column, text in enumerate(row, 1):
                if text:
                    loaded["observations"].cell(number, column, text)
        loaded.save(book)
        return book

    def bring_in(self, book: Path) -> None:
        """Bring the file in, put the mistake right in the page, and write the rows."""
        self.page.get_by_label("Choose or drop a file").set_input_files(book)
        self.press("Bring in")
        self.page.get_by_role("heading", name=re.compile("problem")).wait_for()
        self.camera("desk-mistake")
        sheet = re.search(
            r"cell-(\d+)-", self.page.locator("input[aria-invalid]").first.get_attribute("id") or ""
        )
        self.page.locator(f"#{self.update.wrong.format(sheet=sheet[1] if sheet else 0)}").fill(
            self.update.right
        )
        self.press("Read it again")
        self.page.get_by_role("heading", name="What it would change").wait_for()
        self.camera("desk-rows")
        self.press("Write this")
        self.camera("desk-changes")

    def check(self) -> None:
        """Put right the figure that is warned about, and say why the other one was revised."""
        self.go("Check")
        self.page.get_by_role("heading", name="some things to explain").wait_for()
        self.camera("desk-check")
        warning = self.page.locator(".finding", has_text=self.update.unlikely).first
        warning.get_by_role("link", name=re.compile("Put it right")).click()
        self.page.locator("#field-value").fill(self.update.likely)
        self.camera("desk-row")
        self.press("Check and write")
        self.go("Check")
        self.page.get_by_label("Why it changed").fill("Two offences were recorded late.")
        self.press("Keep these reasons")
        self.page.get_by_text("You can undo this").wait_for()

    def see(self) -> None:
        """Build the site as it will be, and look at a page."""
        self.go("See")
        self.press("Build the site to look at")
        self.page.get_by_role("link", name="Look at the site").wait_for()
        self.camera("desk-see")

    def sign(self, second: str) -> None:
        """Say that the list is ready, and enter the signature of a second person with the code of the list."""
        self.go("Sign")
        code = self.page.locator(".code").inner_text()
        self.press(re.compile("have prepared this"))
        self.camera("desk-sign")
        self.page.get_by_label("Who signed").fill(second)
        self.page.get_by_label("The code that they sent you").fill(code)
        self.press("Enter the signature")
        self.page.get_by_role("heading", name="Signed", exact=True).wait_for()

    def publish(self) -> None:
        """Make the release, build the site, and publish it to the target, if there is one."""
        self.go("Publish")
        self.page.get_by_label("Name", exact=True).fill(self.update.release)
        self.camera("desk-publish")
        self.press("Release and build the site")
        self.page.get_by_text("is made, and the site is built").wait_for()
        if self.update.target:
            self.press(f"Publish to {self.update.target}")
            self.page.get_by_text("every file is there").wait_for()
        self.camera("desk-published")

    def go(self, step: str) -> None:
        """Go to a step by the menu."""
        menu = self.page.locator(".menu > summary")
        if menu.is_visible():
            menu.click()
        link = self.page.get_by_role("navigation", name="Main menu").get_by_role(
            "link", name=step, exact=True
        )
        self.follow(link)

    def home(self) -> None:
        """Go to the start of the desk."""
        self.follow(self.page.get_by_role("link", name="Update desk"))

    def follow(self, link: Any) -> None:
        """Follow a link, and wait for its page."""
        with self.page.expect_navigation():
            link.click()
        self._wait()

    def press(self, name: Any, waits: bool = True) -> None:
        """Press a button, and wait for the page that follows unless it is a download."""
        button = self.page.get_by_role("button", name=name).first
        if not waits:
            button.click()
            return
        with self.page.expect_navigation():
            button.click()
        self._wait()

    def _wait(self) -> None:
        """Wait until the page is no page of progress."""
        self.page.wait_for_load_state()
        self.page.locator("[data-events]").wait_for(state="detached")


def steps(walk: Walk, folder: Path, first: str, second: str) -> Sequence[tuple[str, Callable[[], Any]]]:
    """Return the steps of the guide with their names, in order."""
    return (
        ("start", lambda: walk.start(first)),
        ("fill in and bring in", lambda: walk.bring_in(walk.fill_in(folder))),
        ("check", walk.check),
        ("see", walk.see),
        ("sign", lambda: walk.sign(second)),
        ("publish", walk.publish),
    )


def _take_pictures(checkout: Path) -> None:
    sys.path.insert(0, str(ROOT / "tests"))
    from browser import opened  # noqa: PLC0415
    from served_desk import served  # noqa: PLC0415

    with served(checkout) as address, opened() as browser, tempfile.TemporaryDirectory() as folder:
        page = browser.new_page(viewport={"width": 1000, "height": 760})

        def camera(name: str) -> None:
            page.screenshot(path=PICTURES / f"{name}.png")

        walk = Walk(page, address, PRACTICE, camera)
        for _, step in steps(walk, Path(folder), "Sam Prepares", "Robin Signs"):
            step()


if __name__ == "__main__":
    _take_pictures(Path(sys.argv[1]).resolve())
