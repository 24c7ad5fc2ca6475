# ruff: noqa: T201
"""Compare a whole build with plain mkdocs on the same Markdown, and a rebuild with a whole build.

    .venv/bin/python benchmarks/build_site.py [FILE [PAGES …]]

FILE is a file of “MPS Ward Level Crime”; the environment variable PORTAL_WARDS can name it instead. From it, larger
portals are made: of 300, 1,000 and 3,000 pages; the last has all 679 wards, and about 3,900 pages with embeds and
citations. Without it, only this portal is measured. With PAGES, only portals of these sizes are; 0 is this one.

The floor is `mkdocs build` alone, on the pages, settings and theme that the portal has made: no checks, charts, search,
sheets or verification. A whole build (`--fresh`) starts Python and does everything: cold, with nothing in the cache; warm
with sheets and pictures in it; and, of portals that are measured often, with all drawings anew, when sheets and
pictures are deleted from the cache and the results of earlier checks stay. Floor and warm builds take turns, and the
shortest of each counts. Rebuilds are compared with a warm build. Each time is given on the clock and as processor seconds of all processes: where
other programs run at the same time, only the latter can be compared.

Prints rows for the tables in docs/explanation/benchmarks.md. Without PAGES, writes seconds by pages to
benchmarks/sizes.csv for plot.py.
"""

import csv
import gzip
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import portals
from selectolax.lexbor import LexborHTMLParser
from stopwatch import Spent, spent

SIZES = (300, 1000, 3000)
TIMES, OFTEN = 3, ("this one", "300", "1,000")  # long runs vary less, so they are measured once
DRAWINGS = ("*.pdf", "*.png")  # what Chromium makes, in the cache
KEPT = Path(__file__).with_name("sizes.csv")
MEASURED = {"plain mkdocs": "floor", "whole build, warm": "warm", "whole build, cold": "cold"}


def main() -> None:
    """Measure this portal and larger ones, and print the table rows of each."""
    arguments = sys.argv[1:] or [f for f in [os.environ.get("PORTAL_WARDS", "")] if f]
    with tempfile.TemporaryDirectory() as folder:
        chosen = [int(pages) for pages in arguments[1:]]
        portals_measured = [
            measured(f"{pages:,}", portals.grown(Path(folder, str(pages)), pages, Path(arguments[0])))
            if pages
            else measured("this one", portals.own(Path(folder, "own")))
            for pages in chosen or (0, *(SIZES if arguments else ()))
        ]
    if chosen:
        return
    with KEPT.open("w", newline="") as out:
        rows = csv.writer(out, lineterminator="\n")
        rows.writerow(["what", "pages", "seconds"])
        rows.writerows(
            [w, f["pages"], f"{f[n].seconds:.1f}"] for w, n in MEASURED.items() for f in portals_measured
        )


def measured(name: str, root: Path) -> dict[str, Any]:
    """Build a portal in every way that is timed, and print the results."""
    cold = build(root, "--fresh")
    times = TIMES if name in OFTEN else 1
    pairs = [(floor(root), build(root, "--fresh")) for _ in range(times)]
    results: dict[str, Any] = {
        "cold": cold,
        **({"anew": build(root, "--fresh", before=lambda: forget_drawings(root))} if name in OFTEN else {}),
        "floor": min((f for f, _ in pairs), key=lambda s: s.seconds),
        "warm": min((w for _, w in pairs), key=lambda s: s.seconds),
        "nothing": min((build(root) for _ in range(TIMES)), key=lambda s: s.seconds),
        "figure": build(root, before=lambda: change_figure(root)),
        "word": build(root, before=lambda: change_word(root)),
    }
    site = root / "build" / "site"
    results["pages"] = sum(1 for _ in site.resolve().rglob("*.html"))
    base, warm = results["floor"], results["warm"]
    print(
        f"| {name} | {results['pages']:,} | floor | {base.seconds:.1f} s | 1 | {base.processor:.1f} s | 1 |"
    )
    for what in filter(results.__contains__, ("warm", "anew", "cold")):
        one = results[what]
        clock = f"{one.seconds:.1f} s | {one.seconds / base.seconds:.2f}"
        ratio = one.processor / base.processor
        print(f"| {name} | {results['pages']:,} | {what} | {clock} | {one.processor:.1f} s | {ratio:.2f} |")
    for what in ("nothing", "figure", "word"):
        one = results[what]
        clock = f"{one.seconds:.1f} s | {one.seconds / warm.seconds:.2f}"
        print(f"| {name} | {what} | {clock} | {one.processor:.1f} s | {one.processor / warm.processor:.2f} |")
    sizes = f"{size(site) / 1e6:.0f} MB | {size(site / 'pagefind') / 1e6:.2f} MB | {first_visit(site) / 1e3:.0f} kB"
    print(f"| {name} | {sizes} | {warm.memory / 1e6:.0f} MB | {cold.memory / 1e6:.0f} MB |", flush=True)
    return results


def build(root: Path, *arguments: str, before: Callable[[], None] = lambda: None) -> Spent:
    """Return what a build takes, including start-up."""
    before()
    return spent([sys.executable, "-m", "portal", "--project", str(root), "build", *arguments])


def floor(root: Path) -> Spent:
    """Return what plain mkdocs takes for the pages of the last build."""
    with tempfile.TemporaryDirectory() as folder:
        settings = root / "build" / "mkdocs.yml"
        return spent(
            [
                sys.executable,
                "-m",
                "mkdocs",
                "build",
                "--strict",
                "--quiet",
                "-f",
                str(settings),
                "-d",
                folder,
            ]
        )


def forget_drawings(root: Path) -> None:
    """Delete every sheet and picture from the cache, but not what earlier checks found."""
    for pattern in DRAWINGS:
        for path in (root / "build" / "cache").glob(pattern):
            path.unlink()


def change_figure(root: Path) -> None:
    """Increase the newest count of all offences in one place by one."""
    for data in sorted((root / "data_packages").glob("*/data")):
        names, path = data / "indicators.csv", data / "observations.csv"
        totals = {row["part_of"] for row in rows(names)} - {""} if names.exists() else set()
        if totals:
            figures = rows(path)
            row = next(r for r in reversed(figures) if r["indicator"] in totals and r["value"])
            row["value"] = str(int(row["value"]) + 1)
            with path.open("w", newline="") as out:
                writer = csv.DictWriter(out, list(row), lineterminator="\n")
                writer.writeheader()
                writer.writerows(figures)
            return


def rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a table."""
    with path.open(newline="") as lines:
        return list(csv.DictReader(lines))


def change_word(root: Path) -> None:
    """Change a word in the text of one update of a plan."""
    path = next(
        p for p in sorted((root / "data_packages").glob("*/data/updates.csv")) if " the " in p.read_text()
    )
    path.write_text(path.read_text().replace(" the ", " every ", 1))


def size(folder: Path) -> int:
    """Return the size of all files in a folder, in bytes."""
    return sum(p.stat().st_size for p in folder.resolve().rglob("*") if p.is_file())


def first_visit(site: Path) -> int:
    """Return the compressed size of the first page with its style sheets, scripts, pictures and icon, in bytes."""
    page = site / "index.html"
    tree = LexborHTMLParser(page.read_text())
    named = [n.attributes.get("href") for n in tree.css("link[rel=stylesheet], link[rel=icon]")]
    named += [n.attributes.get("src") for n in tree.css("script[src], img[src]")]
    files = {page, *((page.parent / str(name)).resolve() for name in named)}
    return sum(len(gzip.compress(f.read_bytes(), 9)) for f in files)


if __name__ == "__main__":
    main()
