"""Takes pictures of pages of the built site: `python scripts/screenshots.py FOLDER [--width 360] [PAGE …]`."""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
PAGES = (
    "",
    "plans/plan-2016-17/priority-1/",
    "plans/strategy-2021-26/priority-1/action-1-4/",
    "report/police-101/",
    "figures/knife-crime/",
)


def main() -> None:
    """Picture each page at each width."""
    from browser import opened, served  # noqa: PLC0415

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("pages", nargs="*", default=PAGES)
    parser.add_argument("--width", type=int, action="append")
    parser.add_argument("--height", type=int, help="only the first screen, of this height")
    told = parser.parse_args()
    told.folder.mkdir(parents=True, exist_ok=True)
    with served(ROOT / "build" / "site") as address, opened() as browser:
        for width in told.width or (360, 1280):
            page = browser.new_page(viewport={"width": width, "height": told.height or 800})
            for path in told.pages:
                page.goto(address + path)
                name = path.strip("/").replace("/", "-") or "home"
                page.screenshot(path=told.folder / f"{name}-{width}.png", full_page=told.height is None)
                print(told.folder / f"{name}-{width}.png")


if __name__ == "__main__":
    main()
