# ruff: noqa: T201
"""Measure `portal import table` with a file of 10 MB, as CSV and as a workbook.

    .venv/bin/python benchmarks/import_spreadsheet.py

The file has a count for each of 300 wards and each month of some 40 years, and goes into the tiny portal of the tests.
The import reads it, compares every row with the table that is there, and shows what would change. Nothing is written.
"""

import calendar
import random
import sys
import tempfile
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import openpyxl
from stopwatch import spent

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from project import make_project

SIZE, SEED, FIRST_YEAR = 10_000_000, 20260401, 1980
WARDS = [f"E0599{n:04}" for n in range(300)]
HEADER: list[object] = [
    "indicator",
    "area",
    "period_start",
    "period_end",
    "type",
    "value",
    "status",
    "source",
    "locator",
]


def main() -> None:
    """Make the files, import each and print what it took."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        project = make_project(folder / "project")
        with (project / "data_packages/geography/data/areas.csv").open("a", encoding="utf-8") as areas:
            areas.writelines(f"{code},Ward {code[-4:]},ward,E09999999,,,report,Table 1\n" for code in WARDS)
        counts = list(rows())
        text = "".join(",".join(map(str, row)) + "\n" for row in [HEADER, *counts])
        table, workbook = folder / "counts.csv", folder / "counts.xlsx"
        table.write_text(text, "utf-8")
        book = openpyxl.Workbook(write_only=True)
        sheet = book.create_sheet("observations")
        for row in [HEADER, *counts]:
            sheet.append(row)
        book.save(workbook)
        print(f"rows       {len(counts):,}")
        for path in (table, workbook):
            command = ("import", "table", str(path), "--package", "figures", "--resource", "observations")
            took = spent([sys.executable, "-m", "portal", "--project", str(project), *command])
            print(
                f"{path.suffix:<10} {path.stat().st_size / 1e6:.1f} MB: {took.seconds:.1f} s, {took.processor:.1f} s of "
                f"processor time, {took.memory / 1e6:.0f} MB at most"
            )


def rows() -> Iterator[list[object]]:
    """Yield rows of counts until they fill the file."""
    rng, size = random.Random(SEED), 0
    for year, month, ward in product(range(FIRST_YEAR, 2020), range(1, 13), WARDS):
        end = f"{year}-{month:02}-{calendar.monthrange(year, month)[1]}"
        row = [
            "calls",
            ward,
            f"{year}-{month:02}-01",
            end,
            "",
            rng.randrange(20, 400),
            "",
            "report",
            "Table 1",
        ]
        size += len(",".join(map(str, row))) + 1
        if size > SIZE:
            return
        yield row


if __name__ == "__main__":
    main()
