"""What all importers share: the table as it came, what was noticed about it, and what they hand on."""

import csv
import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

import pandas as pd

from portal.core.problems import PortalError, Problem
from portal.data import tables


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


@dataclass(frozen=True)
class PublishedTable:
    """A CSV file as text. `file` is what problems call it; the header is row 1 and the first record row 2."""

    file: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def read(path: Path, wanted: Mapping[str, tuple[str, ...]]) -> PublishedTable:
    """Read the CSV at `path`; `wanted` maps each column's name here to the headers that files give it.

    Columns in `wanted` get our names; all others keep theirs.

    Raises: `PortalError` with every problem: not a table, a column missing or there twice, rows with more or fewer
    cells than the header (the file was cut off).
    """
    rows, faults = tables.read_rows(path, path.name)
    if rows is None:
        raise PortalError(faults)
    known = {alias: ours for ours, aliases in wanted.items() for alias in aliases}
    header = tuple(known.get(c.strip(), c.strip()) for c in rows[0])
    problems = [
        Problem(
            path.name, 1, c, "column", f"The column {c} is there twice.", "Use the file as it was published."
        )
        for c in sorted({c for c in header if header.count(c) > 1})
    ]
    for ours in [c for c in wanted if c not in header]:
        fix = _instead(wanted[ours][0], [c for c in header if c not in wanted])
        problems.append(
            Problem(path.name, 1, wanted[ours][0], "column", f"There is no column {wanted[ours][0]}.", fix)
        )
    body = rows[1 : len(rows) - next((i for i, row in enumerate(reversed(rows)) if row), 0)]
    for number, row in enumerate(body, 2):
        if len(row) != len(header):
            message = f"The row has {len(row)} cells where the header has {len(header)}."
            fix = "The file may have been cut off: fetch it again."
            problems.append(Problem(path.name, number, "", "row", message, fix))
    if problems:
        raise PortalError(problems)
    return PublishedTable(path.name, header, tuple(map(tuple, body)))


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
