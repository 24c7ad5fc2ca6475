"""Read one file of stop-and-search records from data.police.uk in our words; `stop_and_search` places them in wards.

The files are the CSV of the archive or the JSON of the API.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from portal.core import input_files
from portal.core.problems import PortalError, Problem, did_you_mean
from portal.importers.geography.boundaries import UK
from portal.importers.shared import published_files
from portal.importers.shared.repeated_faults import gathered

COLUMNS, LABELS = "police/stop_and_search.columns.csv", "police/stop_and_search.labels.csv"
KINDS = ("type", "outcome", "object", "age", "gender", "ethnicity_self", "ethnicity_officer")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?")
_NAMED = re.compile(r"(\d{4}-(?:0[1-9]|1[0-2]))(?![0-9])")
# Some copies of the files leave out the ethnic groups.
OPTIONAL = ("ethnicity_self", "ethnicity_officer")
# The names that the API gives the columns.
_OF_API = {
    "type": "type", "date": "datetime", "gender": "gender", "age": "age_range", "outcome": "outcome",
    "ethnicity_self": "self_defined_ethnicity", "ethnicity_officer": "officer_defined_ethnicity",
    "object": "object_of_search",
}  # fmt: skip
_AGAIN = "Fetch the file again."


def is_of_api(path: Path) -> bool:
    """Return True if a file is JSON of the API, a list of searches, and not a map of outlines."""
    if path.suffix.lower() != ".json" or input_files.file_fault(path):
        return False
    with path.open("rb") as content:
        return content.read(1_000).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"[")


def month_of(path: Path) -> str:
    """Return the month in a file's name, such as 2024-07; empty if there is none."""
    named = _NAMED.match(path.name)
    return named[1] if named else ""


def read(path: Path) -> tuple[pd.DataFrame, tuple[Problem, ...]]:
    """Return the records of a file and what is wrong with them. Raises `PortalError` if it is another table.

    Columns: those of `KINDS` in our words (missing where unknown, and no column where the file leaves out ethnic
    groups), `month` and `day` (ISO, by the clock in the United Kingdom), `x` and `y` (degrees east and north, missing
    where there are none), `record` (the row as published). The index is the row as a spreadsheet counts it. `month` is
    the month of the file if its name has one, since the first and last hours of a month can be in the file of another.
    """
    raw, records = _of_api(path) if is_of_api(path) else _of_csv(path)
    kinds = [c for c in KINDS if c in raw]
    frame = pd.DataFrame({column: raw[column].map(labels(column)) for column in kinds}, index=raw.index)
    frame["day"] = _days(raw["date"], path)
    frame["month"] = month_of(path) or frame["day"].str[:7]
    frame["x"] = pd.to_numeric(raw["longitude"], errors="coerce")
    frame["y"] = pd.to_numeric(raw["latitude"], errors="coerce")
    frame["record"] = records
    return frame, tuple(_problems(path, raw, frame))


def _of_csv(path: Path) -> tuple[pd.DataFrame, list[str]]:
    """Return the cells of a CSV in our columns, and its rows as published."""
    names = published_files.aliases(COLUMNS)
    sheet = published_files.read(path, names, OPTIONAL)
    raw = pd.DataFrame(
        sheet.rows, columns=list(sheet.header), index=range(2, len(sheet.rows) + 2), dtype=object
    )
    raw = raw[[c for c in names if c in sheet.header]].apply(lambda cells: cells.str.strip())
    return raw, ["\x1f".join(row) for row in sheet.rows]


def _of_api(path: Path) -> tuple[pd.DataFrame, list[str]]:
    """Return the searches in a JSON file of the API in our columns, and each as text.

    Raises:
        PortalError: it is not a list of searches.
    """
    try:
        content = json.loads(input_files.read(path))
        searches = [(dict(s), dict(s.get("location") or {})) for s in content]
        rows = [
            {ours: s[theirs] for ours, theirs in _OF_API.items()}
            | {axis: place.get(axis) for axis in ("latitude", "longitude")}
            for s, place in searches
        ]
    except input_files.UnreadableError as fault:
        raise PortalError([Problem(path.name, code="file", message=fault.message, fix=fault.fix)]) from None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        message = "The file is not a list of searches as the API of data.police.uk gives it, or was cut off."
        raise PortalError([Problem(path.name, code="file", message=message, fix=_AGAIN)]) from None
    columns = [*_OF_API, "latitude", "longitude"]
    cells = [[_cell(row[c]) for c in columns] for row in rows]
    raw = pd.DataFrame(cells, columns=columns, index=range(1, len(rows) + 1), dtype=object)
    return raw, [json.dumps(s, sort_keys=True) for s, _ in searches]


def _cell(value: object) -> str:
    return "" if value is None else str(value).strip()


def labels(column: str) -> dict[str, str]:
    """Return a column's labels as files write them, mapped to our words."""
    return {r["theirs"]: r["ours"] for r in published_files.mapped(LABELS) if r["column"] == column}


def _days(times: pd.Series, path: Path) -> pd.Series:
    """Return the day of each record by the clock in the United Kingdom.

    Times are given in UTC, so the first hour of July is written as June. But some files use the clock: if the month
    in a file's name fits the day as written and not the converted one, keep the day as written.
    """
    zoned = times.str.contains(r"T.*(?:Z|[+-]\d\d:\d\d)$", na=False)
    instants = pd.to_datetime(times, utc=True, errors="coerce", format="ISO8601")
    clock = instants.dt.tz_convert("Europe/London").dt.strftime("%Y-%m-%d").astype(object)
    written = times.str[:10]
    month = month_of(path)
    as_written = ~zoned | ((written.str[:7] == month) & (clock.str[:7] != month))
    return written.where(as_written & instants.notna(), clock)


def _problems(path: Path, raw: pd.DataFrame, frame: pd.DataFrame) -> Iterator[Problem]:
    file = path.name
    if frame.empty:
        if not month_of(path):
            yield Problem(file, code="file", message="There are no records.", fix=_AGAIN)
        return
    yield from _other_month(path, frame["day"])
    for column in [c for c in KINDS if c in raw]:
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


def _other_month(path: Path, days: pd.Series) -> Iterator[Problem]:
    """Yield a problem if most records are of another month than the file's name."""
    month, written = month_of(path), days.dropna().str[:7]
    if month and len(written) and (written != month).mean() > 0.5:
        message = f"Most records are of {written.mode()[0]}, but the name of the file says {month}."
        yield Problem(path.name, 0, "", "month", message, "Rename the file, or fetch it again.")


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
