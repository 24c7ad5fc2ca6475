"""What all importers share: the table as it came, what was noticed about it, and what they hand on."""

import csv
import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

import pandas as pd

from portal.core.problems import PortalError, Problem
from portal.data import tables, wide_rows
from portal.importers.shared import published_workbooks


@dataclass(frozen=True)
class Finding:
    """Something about a file that whoever imports it should know. `figures` are the numbers in the message."""

    code: str
    message: str
    figures: Mapping[str, int | float | str]

    def __str__(self) -> str:
        """Return the message."""
        return self.message


@dataclass(frozen=True)
class Counts:
    """Monthly counts as an upstream file has them. They may point to people: never write them as they are.

    `frame` has the columns `series` (an id of ours, such as burglary), `area` (GSS code), `month` (ISO, such as
    2024-04) and `count` (whole numbers, zeros written out), one row for each of their combinations.
    """

    frame: pd.DataFrame
    findings: tuple[Finding, ...]


# The formats whose files are told apart by their columns: the map of columns of each, and what its files are called.
KNOWN_FORMATS: Mapping[str, tuple[str, str]] = {
    "mps-ward": ("police/mps_ward.columns.csv", "ward level crime"),
    "mps-borough": ("police/mps_borough.columns.csv", "borough level crime"),
    "mps-dashboard": ("police/mps_dashboard.columns.csv", "the monthly crime dashboard"),
    "stop-and-search": ("police/stop_and_search.columns.csv", "stop and search"),
}


@dataclass(frozen=True)
class PublishedTable:
    """A published file as text. `file` is what problems call it; the header is row 1 and the first record row 2."""

    file: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def read(path: Path, wanted: Mapping[str, tuple[str, ...]], optional: Sequence[str] = ()) -> PublishedTable:
    """Read the CSV or Excel file at `path`; `wanted` maps each column's name here to the headers that files give it.

    Columns in `wanted` get our names, whatever their capitals, spaces and underscores; all others keep theirs. Those in
    `optional` may be missing.

    Raises:
        PortalError: with every problem: not a table, a table of another format that we know, a column missing or
            there twice, rows with more or fewer cells than the header (the file was cut off).
    """
    known = {plain_heading(alias): ours for ours, aliases in wanted.items() for alias in aliases}

    needed = set(wanted) - set(optional)

    def ours(row: Iterable[str]) -> tuple[str, ...]:
        return tuple(known.get(plain_heading(c), c.strip()) for c in row)

    if published_workbooks.is_workbook(path):
        rows = published_workbooks.rows_of(path, lambda row: needed <= set(ours(row)))
    else:
        read_rows, faults = tables.read_rows(path, path.name)
        if read_rows is None:
            raise PortalError(faults)
        rows = read_rows
    header = ours(rows[0])
    stop(_another_format(path.name, rows[0], wanted))
    problems = [
        Problem(
            path.name, 1, c, "column", f"The column {c} is there twice.", "Use the file as it was published."
        )
        for c in sorted({c for c in header if header.count(c) > 1})
    ]
    for column in [c for c in wanted if c in needed and c not in header]:
        fix = _instead(wanted[column][0], [c for c in header if c not in wanted])
        message = f"There is no column {wanted[column][0]}."
        problems.append(Problem(path.name, 1, wanted[column][0], "column", message, fix))
    # Spreadsheet programs leave rows of empty cells at the end.
    filled = (i for i, row in enumerate(reversed(rows)) if any(c.strip() for c in row))
    body = rows[1 : len(rows) - next(filled, 0)]
    for number, row in enumerate(body, 2):
        if len(row) != len(header):
            fault = len(row) > len(header) and wide_rows.fault(row, [None] * len(header))
            message = f"The row has {len(row)} cells where the header has {len(header)}."
            fix = "The file may have been cut off: fetch it again."
            problems.append(Problem(path.name, number, "", "row", *(fault or (message, fix))))
    if problems:
        raise PortalError(problems)
    return PublishedTable(path.name, header, tuple(map(tuple, body)))


def plain_heading(heading: str) -> str:
    """Return a heading as headings are compared: publishers change capitals, spaces and underscores."""
    return " ".join(heading.replace("_", " ").casefold().split())


def format_of(header: Iterable[str]) -> str:
    """Return the format of `KNOWN_FORMATS` whose columns a header has, the one with most columns; empty if none."""
    here = {plain_heading(c) for c in header}
    fitting = {}
    for name, (columns, _) in KNOWN_FORMATS.items():
        needed = {ours: theirs for ours, theirs in aliases(columns).items() if ours}
        if all(here & {plain_heading(t) for t in theirs} for theirs in needed.values()):
            fitting[name] = len(needed)
    return max(fitting, key=lambda name: fitting[name], default="")


def _another_format(
    file: str, header: Sequence[str], wanted: Mapping[str, tuple[str, ...]]
) -> Iterator[Problem]:
    name = format_of(header)
    if not name:
        return
    theirs = set(aliases(KNOWN_FORMATS[name][0])) - {""}
    here = {plain_heading(c) for c in header}
    only_here = {c for c, heads in wanted.items() if here & {plain_heading(h) for h in heads}} - theirs
    # A column that only the wanted format has shows that the file is of this format, and something is missing.
    if theirs != set(wanted) and (not only_here or len(theirs) > len(only_here | theirs & set(wanted))):
        message = f"This is a file of {KNOWN_FORMATS[name][1]}, judging by its columns."
        yield Problem(file, 1, "", "format", message, f"Import it with the format {name}.")


def _instead(wanted: str, others: list[str]) -> str:
    """Return what to do about a missing column; `others` are the columns of the file that we do not use."""
    near = difflib.get_close_matches(wanted, others, n=1)
    if near:
        return f"Is it the one called {near[0]}? Use the file as it was published."
    return "This may be a file of another kind or of another police force. Use the one that the format is named after."


@cache
def mapped(name: str) -> tuple[Mapping[str, str], ...]:
    """Return the rows of one of the maps beside the importers, such as `police/mps_ward.columns.csv`."""
    text = (resources.files("portal.importers") / name).read_text("utf-8")
    return tuple(csv.DictReader(text.splitlines()))


def aliases(name: str) -> dict[str, tuple[str, ...]]:
    """Return a map of columns as `read` takes it: the column `ours` to its `theirs`, in the order of the file."""
    theirs: dict[str, tuple[str, ...]] = {}
    for row in mapped(name):
        theirs[row["ours"]] = (*theirs.get(row["ours"], ()), row["theirs"])
    return theirs


def stop(problems: Iterable[Problem]) -> None:
    """Raise `PortalError` with the problems, if there are any."""
    listed = tuple(problems)
    if listed:
        raise PortalError(listed)


# In 55 real files of searches at most 2.6% of the records repeat another, for people who are searched together; in one
# of few records a group can be more. No Crime ID is in a real file of crimes twice.
_MOST_REPEATED, _FEWEST_RECORDS = 0.1, 100


def repeat_problems(file: str, records: pd.Series) -> Iterator[Problem]:
    """Yield a problem if so many records of a file are those of earlier rows that it seems to have them twice."""
    again = int(records.duplicated().sum())
    if len(records) >= _FEWEST_RECORDS and again > _MOST_REPEATED * len(records):
        message = f"{again:,} of {len(records):,} records are the same as an earlier one, so the file seems to have them twice."
        fix = "Fetch the file again. If you put files together, leave out the records that another of them has too."
        yield Problem(file, 0, "", "twice", message, fix)
