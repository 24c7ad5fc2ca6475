# ruff: noqa: T201
"""Measure the desk on this portal: until it opens, each page, and a drop of 100,000 rows.

.venv/bin/python benchmarks/desk.py

The desk runs on a copy of the project, so nothing here changes. Each page is asked for as a browser does, and the time is
until the page is there, with its result: the first time, when it is worked out, and again. It is compared with a page
that reads nothing.
"""

import csv
import io
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from stopwatch import timed

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "scripts")]

from portal.core import settings as config  # noqa: E402
from portal.data import packages  # noqa: E402
from served_desk import Visitor, enter, served  # noqa: E402

ROWS = 100_000
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


def rows(root: Path) -> tuple[str, bytes]:
    """Return the package with the most figures, and its table with other rows at its end, 100,000 in all."""
    read, _ = packages.read_all(root, config.load(root).packages)
    package = max((p for p in read if "observations" in p.tables), key=lambda p: len(p.tables["observations"].frame))
    table = package.tables["observations"]
    known = list(table.rows)
    out = io.StringIO()
    writer = csv.DictWriter(out, table.schema.names, lineterminator="\n")
    writer.writeheader()
    for number in range(ROWS):
        writer.writerow(known[number % len(known)])
    return package.name, out.getvalue().encode()


def result_of(visitor: Visitor, path: str) -> Callable[[], object]:
    """Return the work of asking for a page until its result is there."""
    return lambda: visitor.read(visitor.get(path))


def main() -> None:
    """Measure each, and print it."""
    with tempfile.TemporaryDirectory() as folder:
        root = copied(Path(folder) / "project")
        began = time.perf_counter()
        with served(root) as address:
            print(f"until the desk opens   {time.perf_counter() - began:.2f} s")
            visitor = enter(address)
            print(f"until its first page   {time.perf_counter() - began:.2f} s")
            _, nothing = timed(lambda: visitor.get("/who"))
            print(f"a page that reads nothing  {nothing:.3f} s")
            for path in PAGES:
                _, first = timed(result_of(visitor, path))
                _, again = timed(result_of(visitor, path))
                print(f"{path:16} first {first:6.2f} s, again {again:.3f} s")
            name, data = rows(root)
            answer, took = timed(lambda: visitor.read(visitor.drop("/bring-in", {f"{name}.csv": data})))
            said = "read" if "beyond row" not in answer.body else "refused"
            print(f"a drop of {ROWS:,} rows, {len(data) / 1e6:.0f} MB: {said} in {took:.1f} s")


if __name__ == "__main__":
    main()
