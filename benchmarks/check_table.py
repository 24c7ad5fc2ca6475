# ruff: noqa: T201
"""Time the check of a table of 100,000 figures, against frictionless alone and pandas reading the file.

    .venv/bin/python benchmarks/check_table.py [ROWS]

The table has the columns and constraints that every package's observations have, and no errors. Frictionless is set to
read all of it; by default it stops after many errors.
"""

import csv
import sys
import tempfile
from datetime import date
from pathlib import Path

import pandas as pd
from frictionless import Resource, Schema, system
from portal.core import periods
from portal.core.remembered import Remembered
from portal.data import packages, tables
from stopwatch import best

TIMES = 3


def main() -> None:
    """Make the table, check it in each way, and print rows per second."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    spec = packages.contract("indicators")["resources"]["observations"]["schema"]
    schema = tables.Schema(tuple(spec["fields"]), tuple(spec["primaryKey"]))
    with tempfile.TemporaryDirectory() as folder:
        path = made_up(Path(folder, "observations.csv"), schema, rows)
        table, problems = tables.read(path, path.name, schema)
        if table is None or problems:
            sys.exit(f"The table is not valid: {problems[:3]}")
        ours = best(lambda: tables.read(path, path.name, schema), TIMES)
        first = best(lambda: first_time(path, schema), 1)
        pandas = best(lambda: pd.read_csv(path, dtype=str, keep_default_na=False), TIMES)
        alone = best(lambda: by_frictionless(path, schema), 1)
    for name, took in (
        ("portal, later", ours),
        ("portal, the first time", first),
        ("pandas.read_csv", pandas),
        ("frictionless", alone),
    ):
        print(f"{name:24}{took:7.2f} s {rows / took:12,.0f} rows per second {took / ours:8.2f} times as long")


def made_up(path: Path, schema: tables.Schema, rows: int) -> Path:
    """Write a table with this many rows: months of many areas and indicators."""
    first = date(2000, 1, 31)
    with path.open("w", newline="") as out:
        writer = csv.DictWriter(out, schema.names, restval="", lineterminator="\n")
        writer.writeheader()
        for n in range(rows):
            end = periods.month_end(first, n % 240)
            writer.writerow({
                "indicator": f"indicator-{n // 24_000}", "area": f"E05{n // 240 % 100:06}", "period_start": end.replace(day=1),
                "period_end": end, "value": n % 977, "source": "returns", "locator": f"Table {n % 50}, row {n}",
            })  # fmt: skip
    return path


def first_time(path: Path, schema: tables.Schema) -> None:
    """Check a table that has not passed before."""
    Remembered.forget()
    tables.read(path, path.name, schema)


def by_frictionless(path: Path, schema: tables.Schema) -> None:
    """Check a table with frictionless alone."""
    plain = [{k: f[k] for k in ("name", "type", "constraints") if k in f} for f in schema.fields]
    described = Schema.from_descriptor({"fields": plain, "primaryKey": list(schema.primary_key)})
    with system.use_context(trusted=True):
        report = Resource(path=path.name, basepath=str(path.parent), schema=described).validate(
            limit_errors=1_000_000
        )
    if not report.valid:
        sys.exit("Frictionless finds something wrong.")


if __name__ == "__main__":
    main()
