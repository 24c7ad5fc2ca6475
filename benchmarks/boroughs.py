# ruff: noqa: T201
"""Measure what a portal of each of several districts takes, each from one command and the same folder of files.

    benchmarks/boroughs.py FILES OUT [--build EVERY] [AREA …]

FILES is a folder of published files, such as `portal new --from` takes; OUT gets the portals. AREA are codes of districts
(default: the 32 boroughs of London). Each is begun, filled and checked; with `--build EVERY` the first of every so many
is also built. Prints a row for each, and what all took after half of them and after all: twice as much if the work is
linear in the number of districts.
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BOROUGHS = tuple(f"E090000{n:02}" for n in range(2, 34))
HEADS = ("area", "name", "figures", "new s", "new cpu s", "check s", "build s", "build cpu s", "pages", "MB")


@dataclass(frozen=True)
class Run:
    """What a command took: seconds, processor seconds, and the peak memory of its largest process in bytes."""

    seconds: float
    processor: float
    memory: int


def run(*words: str) -> Run:
    """Run a command of the portal and wait for it. Raises: SystemExit if it fails."""
    start = time.perf_counter()
    child = os.fork()
    if not child:
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.execv(sys.executable, [sys.executable, "-m", "portal", *words])  # noqa: S606
    _, status, used = os.wait4(child, 0)
    if code := os.waitstatus_to_exitcode(status):
        raise SystemExit(f"{' '.join(words)} ended with {code}")
    return Run(time.perf_counter() - start, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)


def row(area: str, files: Path, out: Path, is_built: bool) -> tuple[object, ...]:
    """Make, check and perhaps build the portal of one district."""
    folder = out / area
    new = run("new", "--area", area, "--from", str(files), "--folder", str(folder))
    if not (folder / "node_modules").exists():
        (folder / "node_modules").symlink_to((ROOT / "node_modules").resolve())
    check = run("--project", str(folder), "check")
    build = run("--project", str(folder), "build") if is_built else None
    figures = sum(
        len(p.read_text(encoding="utf-8").splitlines()) - 1
        for p in (folder / "data_packages").glob("*/data/observations.csv")
    )
    areas = (folder / "data_packages" / "geography" / "data" / "areas.csv").read_text(encoding="utf-8")
    name = next(line.split(",")[1] for line in areas.splitlines() if line.startswith(f"{area},"))
    pages = len([*(folder / "build" / "site").rglob("index.html")]) if build else ""
    most = max(r.memory for r in (new, check, build) if r)
    times = [f"{s:.1f}" for s in (new.seconds, new.processor, check.seconds)]
    built = [f"{build.seconds:.1f}", f"{build.processor:.1f}"] if build else ["", ""]
    return (area, name, figures, *times, *built, pages, round(most / 1e6))


def main(words: Sequence[str]) -> None:
    """Read the options, and print a row for each district as it is done."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("areas", nargs="*", default=[*BOROUGHS])
    parser.add_argument("--build", type=int, default=0)
    options = parser.parse_args(words)
    print(" | ".join(HEADS), flush=True)
    totals = [0.0]
    for number, area in enumerate(options.areas):
        is_built = bool(options.build) and number % options.build == 0
        one = row(area, options.files, options.out, is_built)
        print(" | ".join(map(str, one)), flush=True)
        totals.append(totals[-1] + float(str(one[4])))
    half = len(options.areas) // 2
    if half:
        ratio = totals[-1] / totals[half] * half / len(options.areas)
        print(
            f"Processor seconds of new: {totals[half]:.0f} for {half}, {totals[-1]:.0f} for {len(options.areas)};"
        )
        print(f"{ratio:.2f} times what a linear loop would take.")


if __name__ == "__main__":
    main(sys.argv[1:])
