"""Take screenshots of the built site.

python scripts/screenshots.py --readme             docs/images/screenshot.png
python scripts/screenshots.py FOLDER [PAGE …]      each page at 360 and 1280 pixels
"""

import argparse
import sys
from base64 import b64encode
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
PAGES = (
    "",
    "plans/plan-2016-17/priority-1/",
    "plans/strategy-2021-26/priority-1/action-1-4/",
    "report/police-101/",
    "figures/knife-crime/",
)
# A wide and a narrow page side by side, one of them in dark colours. As pictures, because the site forbids framing its pages.
_VIEWS: tuple[tuple[str, int, Literal["light", "dark"]], ...] = (
    ("", 1180, "light"),
    ("figures/recorded-knife-crime/", 360, "dark"),
)
_SHEET = """<!doctype html><style>body { display: flex; gap: 24px; margin: 0; padding: 24px; background: #c9d0d6 }</style>"""


def main() -> None:
    """Take the screenshots that the command line names."""
    from browser import opened, served  # noqa: PLC0415

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("pages", nargs="*", default=PAGES)
    parser.add_argument("--readme", action="store_true")
    options = parser.parse_args()
    with served(ROOT / "build" / "site") as address, opened() as browser:
        if options.readme:
            images = ""
            for path, width, scheme in _VIEWS:
                page = browser.new_page(viewport={"width": width, "height": 860}, color_scheme=scheme)
                page.goto(address + path)
                images += f'<img src="data:image/png;base64,{b64encode(page.screenshot()).decode()}" alt="">'
            page = browser.new_page(viewport={"width": 1612, "height": 908})
            page.set_content(_SHEET + images)
            page.screenshot(path=ROOT / "docs" / "images" / "screenshot.png")
            print("docs/images/screenshot.png")
        if options.folder is None:
            return
        options.folder.mkdir(parents=True, exist_ok=True)
        for width in (360, 1280):
            page = browser.new_page(viewport={"width": width, "height": 800})
            for path in options.pages:
                page.goto(address + path)
                name = path.strip("/").replace("/", "-") or "home"
                page.screenshot(path=options.folder / f"{name}-{width}.png", full_page=True)
                print(options.folder / f"{name}-{width}.png")


if __name__ == "__main__":
    main()
