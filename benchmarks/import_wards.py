# ruff: noqa: T201
"""Time the reading of all wards of a police force, against plain pandas.

    .venv/bin/python benchmarks/import_wards.py [FILE]

Without FILE it makes one of full size in the published format: 679 wards, 24 months, about 18,700 rows.
"""

import random
import resource
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from portal.importers.police import mps_crime
from portal.importers.shared import published_files
from stopwatch import best, peak

WARDS, BOROUGHS, SEED, TIMES = 679, 32, 20260401, 3
MONTHS = pd.period_range("2024-02", "2026-01", freq="M").strftime("%Y%m").tolist()
HEAD = ["MajorText", "MinorText", "WardName", "WardCode", "LookUp_BoroughName"]
# The share of wards with a row of a rare label; nearly all wards have one of each common label.
RARE = {
    "HOMICIDE": 0.2,
    "VIOLENT DISORDER": 0.13,
    "FRAUD AND FORGERY": 0.2,
    "DEATH SERIOUS INJURY ILLEGAL DRIVING": 0.3,
}


def main() -> None:
    """Read the file, or a made-up one, and print what it took."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(sys.argv[1]) if len(sys.argv) > 1 else made_up(Path(folder) / "wards.csv")
        frame = mps_crime.read_wards([path], None).frame
        ours = best(lambda: mps_crime.read_wards([path], None), TIMES)
        plain = best(lambda: pd.read_csv(path), TIMES)
        memory = peak(lambda: mps_crime.read_wards([path], None))
        lines = path.read_bytes().count(b"\n")
        print(f"file       {path.stat().st_size / 1e6:.1f} MB, {lines - 1:,} rows")
        print(
            f"counts     {len(frame):,}: {frame['area'].nunique()} wards, {frame['month'].nunique()} months"
        )
        print(f"reading    {ours:.2f} s, best of {TIMES}, checks and findings included")
        print(f"pandas     {plain:.2f} s for pandas.read_csv alone: {ours / plain:.1f} times as long")
        print(f"memory     {memory / 1e6:.0f} MB at the peak of reading")
        print(
            f"process    {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:.0f} MB at most, all included"
        )


def made_up(path: Path) -> Path:
    """Write a made-up file of full size, the same one each time."""
    rng = random.Random(SEED)
    lines = [",".join([*HEAD, *MONTHS]), *rows(rng)]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def rows(rng: random.Random) -> Iterator[str]:
    """Yield a row for each ward and label, sorted like the published file."""
    labels = [r for r in published_files.mapped("mps_offences.csv") if not r["until"]]
    for ward in range(WARDS):
        borough = f"Borough {ward * BOROUGHS // WARDS + 1}"
        for label in labels:
            if rng.random() < RARE.get(label["minor"], 0.98):
                usual = rng.choice([0.2, 1, 3, 8, 20])
                counts = [str(min(999, int(rng.expovariate(1 / usual)))) for _ in MONTHS]
                text = [f'"{t}"' if "," in t else t for t in (label["major"], label["minor"])]
                yield ",".join([*text, f"Ward {ward + 1}", f"E05{90000 + ward:06}", borough, *counts])


if __name__ == "__main__":
    main()
