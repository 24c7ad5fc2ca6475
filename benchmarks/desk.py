# ruff: noqa: T201
"""Measure the desk on this portal: until it opens, each page, and drops of 100,000 rows.

.venv/bin/python benchmarks/desk.py

The desk runs on a copy of the project, so nothing here changes. At first it has no results of earlier checks; the second
start has those of the first. Each page is asked for as a browser does, and the time is until the page is there, with its
result: the first time, when it is worked out, and again. It is compared with a page that reads nothing.
"""

import csv
import io
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from stopwatch import timed

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "scripts")]

from portal.core import settings as config  # noqa: E402
from portal.data import packages  # noqa: E402
from selectolax.lexbor import LexborHTMLParser  # noqa: E402
from served_desk import Visitor, enter, served  # noqa: E402

ROWS = 100_000
ONE_MONTH = ("2026-01",)
A_YEAR = tuple(
    f"{year}-{month:02}"
    for year, month in [(2025, m) for m in range(7, 13)] + [(2026, m) for m in range(1, 7)]
)
TYPES = ("Anti-social behaviour", "Burglary")
HEADINGS = (
    "Crime ID", "Month", "Reported by", "Falls within", "Longitude", "Latitude", "Location", "LSOA code", "LSOA name",
    "Crime type", "Last outcome category", "Context",
)  # fmt: skip
PAGES = (
    "/", "/bring-in", "/fetch", "/tables", "/progress", "/changes", "/check", "/see", "/see/changes", "/sign", "/publish",
    "/correct", "/rollback", "/withdraw",
)  # fmt: skip
COPIED = ("data_packages", "site_src", "mkdocs.yml", "package.json")
LINKED = ("scripts", "node_modules")


def copied(folder: Path) -> Path:
    """Return a copy of the project."""
    folder.mkdir()
    for name in COPIED:
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    for name in LINKED:
        (folder / name).symlink_to(ROOT / name)
    return folder


def crimes(root: Path, months: Sequence[str]) -> dict[str, bytes]:
    """Return months of street crime as data.police.uk publishes them, with 100,000 rows in areas of this portal."""
    read, _ = packages.read_all(root, config.load(root).packages)
    areas = [r for p in read if "lsoas" in p.tables for r in p.tables["lsoas"].rows]
    files = {}
    for month in months:
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(HEADINGS)
        for number in range(ROWS // len(months)):
            area = areas[number % len(areas)]
            police = "Metropolitan Police Service"
            place = (-0.01, 51.4, "On or near A Street", area["code"], area["name"])
            writer.writerow(
                (
                    f"{number:064x}",
                    month,
                    police,
                    police,
                    *place,
                    TYPES[number % 2],
                    "Under investigation",
                    "",
                )
            )
        files[f"{month}-metropolitan-street.csv"] = out.getvalue().encode()
    return files


def result_of(visitor: Visitor, path: str) -> Callable[[], object]:
    """Return the work of asking for a page until its result is there."""
    return lambda: visitor.read(visitor.get(path))


def opened(began: float, address: str) -> Visitor:
    """Say how long it takes from the start until each thing is there, and return who came in."""
    print(f"until the desk opens                  {time.perf_counter() - began:5.2f} s")
    visitor = enter(address)
    print(f"until a name is given                 {time.perf_counter() - began:5.2f} s")
    assert 'type="file"' in visitor.get("/").body
    print(f"until files can be dropped at home    {time.perf_counter() - began:5.2f} s")
    visitor.read(visitor.get("/"))
    print(f"until home says where the quarter is  {time.perf_counter() - began:5.2f} s")
    return visitor


def drop(visitor: Visitor, root: Path, months: Sequence[str]) -> None:
    """Drop 100,000 rows, and print how long it takes until the page says what they would change."""
    files = crimes(root, months)
    answer, took = timed(lambda: visitor.read(visitor.drop("/bring-in", files)))
    node = LexborHTMLParser(answer.body).css_first("h1 ~ *")
    said = " ".join(node.text().split())[:160] if node else ""
    size = sum(map(len, files.values())) / 1e6
    print(f"a drop of {ROWS:,} rows, {len(files)} files, {size:.0f} MB: {took:.1f} s. The page says: {said}")


def main() -> None:
    """Measure each, and print it."""
    with tempfile.TemporaryDirectory() as folder:
        root = copied(Path(folder) / "project")
        began = time.perf_counter()
        with served(root) as address:
            visitor = opened(began, address)
            for months in (A_YEAR, ONE_MONTH):
                drop(visitor, root, months)
            _, nothing = timed(lambda: visitor.get("/who"))
            print(f"a page that reads nothing  {nothing:.3f} s")
            for path in PAGES:
                _, first = timed(result_of(visitor, path))
                _, again = timed(result_of(visitor, path))
                print(f"{path:16} first {first:6.2f} s, again {again:.3f} s")
            drop(visitor, root, A_YEAR)
        print("Started again:")
        began = time.perf_counter()
        with served(root) as address:
            opened(began, address)


if __name__ == "__main__":
    main()
