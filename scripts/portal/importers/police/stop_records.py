"""Read one file of stop-and-search records from data.police.uk in our words; `stop_and_search` places them in wards."""

import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from portal.core.problems import Problem, did_you_mean
from portal.importers.geography.boundaries import UK
from portal.importers.shared import published_files
from portal.importers.shared.repeated_faults import gathered

COLUMNS, LABELS = "police/stop_and_search.columns.csv", "police/stop_and_search.labels.csv"
KINDS = ("type", "outcome", "object", "age", "gender", "ethnicity_self", "ethnicity_officer")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?")
_NAMED = re.compile(r"(\d{4}-\d\d)-")


def read(path: Path) -> tuple[pd.DataFrame, tuple[Problem, ...]]:
    """Return the records of a file and what is wrong with them. Raises `PortalError` if it is another table.

    Columns: those of `KINDS` in our words (missing where unknown), `month` and `day` (ISO, by the clock in the United
    Kingdom), `x` and `y` (degrees east and north, missing where there are none), `record` (the row as published). The
    index is the row as a spreadsheet counts it.
    """
    names = published_files.aliases(COLUMNS)
    sheet = published_files.read(path, names)
    raw = pd.DataFrame(
        sheet.rows, columns=list(sheet.header), index=range(2, len(sheet.rows) + 2), dtype=object
    )
    raw = raw[list(names)].apply(lambda cells: cells.str.strip())
    frame = pd.DataFrame({column: raw[column].map(labels(column)) for column in KINDS})
    frame["day"] = _days(raw["date"], path.name)
    frame["month"] = frame["day"].str[:7]
    frame["x"] = pd.to_numeric(raw["longitude"], errors="coerce")
    frame["y"] = pd.to_numeric(raw["latitude"], errors="coerce")
    frame["record"] = ["\x1f".join(row) for row in sheet.rows]
    return frame, tuple(_problems(path.name, raw, frame))


def labels(column: str) -> dict[str, str]:
    """Return a column's labels as files write them, mapped to our words."""
    return {r["theirs"]: r["ours"] for r in published_files.mapped(LABELS) if r["column"] == column}


def _days(times: pd.Series, file: str) -> pd.Series:
    """Return the day of each record by the clock in the United Kingdom.

    Times are given in UTC, so the first hour of July is written as June. But some files use the clock: if the month
    in a file's name fits the day as written and not the converted one, keep the day as written.
    """
    zoned = times.str.contains(r"T.*(?:Z|[+-]\d\d:\d\d)$", na=False)
    instants = pd.to_datetime(times, utc=True, errors="coerce", format="ISO8601")
    clock = instants.dt.tz_convert("Europe/London").dt.strftime("%Y-%m-%d").astype(object)
    written = times.str[:10]
    named = _NAMED.match(file)
    month = named[1] if named else ""
    as_written = ~zoned | ((written.str[:7] == month) & (clock.str[:7] != month))
    return written.where(as_written & instants.notna(), clock)


def _problems(file: str, raw: pd.DataFrame, frame: pd.DataFrame) -> Iterator[Problem]:
    if frame.empty:
        yield Problem(file, code="file", message="There are no records.", fix="Fetch the file again.")
        return
    for column in KINDS:
        yield from _unknown_labels(file, column, raw[column])
    timeless = frame["day"].isna() | ~raw["date"].str.fullmatch(_TIME)
    yield from _bad_cells(file, raw["date"][timeless], "is not a date and time")
    for column, values in (("latitude", frame["y"]), ("longitude", frame["x"])):
        yield from _bad_cells(file, raw[column][(raw[column] != "") & values.isna()], "is not a coordinate")
        other = "longitude" if column == "latitude" else "latitude"
        alone = (raw[column] == "") & (raw[other] != "")
        yield from _bad_cells(file, raw[column][alone], f"is in a row that has a {other}")
    away = frame["x"].notna() & frame["y"].notna() & ~_inside(frame["x"], frame["y"])
    turned = away & _inside(frame["y"], frame["x"])
    yield from _bad_cells(file, raw["latitude"][turned], "looks like a longitude")
    yield from _bad_cells(
        file, raw["latitude"][away & ~turned], "is, with its longitude, not in the United Kingdom"
    )


def _bad_cells(file: str, cells: pd.Series, what: str) -> Iterator[Problem]:
    """Yield one problem for cells of a column that have the same fault."""
    heading = published_files.aliases(COLUMNS)[str(cells.name)][0]
    fix = "Use the file as it was published."
    yield from gathered(
        list(cells.index),
        lambda row: Problem(
            file,
            row,
            heading,
            "cell",
            f"“{cells[row]}” {what}." if cells[row] else f"An empty cell {what}.",
            fix,
        ),
    )


def _inside(x: pd.Series, y: pd.Series) -> pd.Series:
    return x.between(UK[0], UK[2]) & y.between(UK[1], UK[3])


def _unknown_labels(file: str, column: str, cells: pd.Series) -> Iterator[Problem]:
    known = labels(column)
    strange = cells[~cells.isin(list(known))]

    def unknown(row: int) -> Problem:
        fix = did_you_mean(strange[row], [k for k in known if k])
        fix = f"{fix} If it is new, add it to scripts/portal/importers/{LABELS}."
        heading = published_files.aliases(COLUMNS)[column][0]
        return Problem(file, row, heading, "label", f"“{strange[row]}” is not known.", fix)

    each = [list(rows.index) for _, rows in strange.groupby(strange, sort=False)]
    # More unknown labels than known ones: it is another column, so report it once.
    for rows in [list(strange.index)] if len(each) > len(known) else each:
        yield from gathered(rows, unknown)
