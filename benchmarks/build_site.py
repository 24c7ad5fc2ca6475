# ruff: noqa: T201
"""How long a whole build takes beside plain mkdocs on the same Markdown, and a rebuild beside a whole build.

    .venv/bin/python benchmarks/build_site.py [FILE [PAGES …]]

FILE is one of “MPS Ward Level Crime”, or else PORTAL_WARDS names it; of it larger portals are made, of 300, 1,000 and
3,000 pages or of as many as are said. Without it only this repository's own portal is measured.

The floor is `mkdocs build` alone, on the pages, settings and theme that the portal has made: no checks, charts, search,
sheets or verification. Seconds of the processor are those of all processes together. A whole build is one with
`--fresh`: cold is with no drawing or sheet in the cache, warm with all of them.
"""

import csv
import gzip
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import portals
from selectolax.lexbor import LexborHTMLParser
from stopwatch import Spent, spent

SIZES = (300, 1000, 3000)
TIMES = 3


def main() -> None:
    """Measure this repository's portal and larger ones, and print a row of the table for each."""
    told = sys.argv[1:] or [f for f in [os.environ.get("PORTAL_WARDS", "")] if f]
    with tempfile.TemporaryDirectory() as folder:
        measure("own", portals.own(Path(folder, "own")))
        for pages in map(int, told[1:]) if told[1:] else SIZES if told else ():
            measure(f"{pages:,}", portals.grown(Path(folder, str(pages)), pages, Path(told[0])))


def measure(name: str, root: Path) -> None:
    """Build a portal in every way that is timed, the floor beside each, and print what came of it."""
    cold = build(root, "--fresh")
    pairs = [(floor(root), build(root, "--fresh")) for _ in range(TIMES if name == "own" else 1)]
    plain = min((f for f, _ in pairs), key=lambda s: s.seconds)
    warm = min((w for _, w in pairs), key=lambda s: s.seconds)
    nothing = build(root)
    figure = build(root, before=lambda: change_figure(root))
    word = build(root, before=lambda: change_word(root))
    site = root / "build" / "site"
    pages = sum(1 for _ in site.resolve().rglob("*.html"))
    print(
        f"\n{name}: {pages} pages, {size(site) / 1e6:.1f} MB; the index of the search {size(site / 'pagefind') / 1e6:.2f} MB"
    )
    print(f"  a first visit loads {first_visit(site) / 1e3:.0f} kB compressed")
    for what, found, base in (
        ("mkdocs alone (the floor)", plain, plain), ("whole build, warm", warm, plain), ("whole build, cold", cold, plain),
        ("nothing changed", nothing, warm), ("one figure changed", figure, warm), ("one word changed", word, warm),
    ):  # fmt: skip
        beside = "the floor" if base is plain else "a whole build"
        print(
            f"  {what:26}{found.seconds:7.1f} s  {found.seconds / base.seconds:5.2f} of {beside};"
            f"{found.processor:7.1f} s of the processor, {found.processor / base.processor:5.2f};"
            f" {found.memory / 1e6:5.0f} MB", flush=True,
        )  # fmt: skip


def build(root: Path, *arguments: str, before: Callable[[], None] = lambda: None) -> Spent:
    """What a build takes, start-up included."""
    before()
    return spent([sys.executable, "-m", "portal.cli", "--project", str(root), "build", *arguments])


def floor(root: Path) -> Spent:
    """What plain mkdocs takes for the pages that the portal made last."""
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


def change_figure(root: Path) -> None:
    """Make the newest count of all offences in one place one more than it was."""
    for data in sorted((root / "data_packages").glob("*/data")):
        names, path = data / "indicators.csv", data / "observations.csv"
        totals = {row["part_of"] for row in rows(names)} - {""} if names.exists() else set()
        if totals:
            told = rows(path)
            row = next(r for r in reversed(told) if r["indicator"] in totals and r["value"])
            row["value"] = str(int(row["value"]) + 1)
            with path.open("w", newline="") as out:
                writer = csv.DictWriter(out, list(row), lineterminator="\n")
                writer.writeheader()
                writer.writerows(told)
            return


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of a table."""
    with path.open(newline="") as lines:
        return list(csv.DictReader(lines))


def change_word(root: Path) -> None:
    """Change a word in the text of one update of a plan."""
    path = next(
        p for p in sorted((root / "data_packages").glob("*/data/updates.csv")) if " the " in p.read_text()
    )
    path.write_text(path.read_text().replace(" the ", " every ", 1))


def size(folder: Path) -> int:
    """The bytes of all files in a folder."""
    return sum(p.stat().st_size for p in folder.resolve().rglob("*") if p.is_file())


def first_visit(site: Path) -> int:
    """The bytes, compressed, that the first page asks for: itself, its style sheets, scripts, pictures and icon."""
    page = site / "index.html"
    tree = LexborHTMLParser(page.read_text())
    named = [n.attributes.get("href") for n in tree.css("link[rel=stylesheet], link[rel=icon]")]
    named += [n.attributes.get("src") for n in tree.css("script[src], img[src]")]
    files = {page, *((page.parent / str(name)).resolve() for name in named)}
    return sum(len(gzip.compress(f.read_bytes(), 9)) for f in files)


if __name__ == "__main__":
    main()
