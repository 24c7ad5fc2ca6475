"""Read how many people live in each area from a Census table by ward and type of residence."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from portal.core.model import Area
from portal.core.problems import Problem, did_you_mean
from portal.core.text import listed
from portal.data import tables
from portal.importers.geography.geojson import name_of
from portal.importers.shared import published_files
from portal.importers.shared.published_files import Finding, PublishedTable
from portal.importers.shared.repeated_faults import gathered

COLUMNS = "geography/populations.columns.csv"
YEAR = "2021"
BASIS = "Census, usual residents on 21 March 2021"
_COUNT = re.compile(r"[0-9]{1,9}")
_BOROUGH_ROW = "E09"  # a borough with a single row has its own police force
_BY_WARD = "Usual residents by 2022 ward"


def is_by_residence(path: Path) -> bool:
    """Return True if a CSV file is the Census table by ward and type of residence, with codes for both."""
    rows, _ = tables.read_rows(path, path.name)
    wanted = published_files.aliases(COLUMNS)
    return rows is not None and set(wanted["type"]) <= {c.strip() for c in rows[0]}


@dataclass(frozen=True)
class _PopulationRow:
    number: int
    area: str
    kind: str
    count: str


def read(
    path: Path, areas: Mapping[str, Area], members: Mapping[str, str] | None = None, source: str = ""
) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """Read the resource `populations` for the wards, boroughs and police forces among `areas`.

    The file holds the whole of one police force's area. `members` maps the wards of other boroughs to their borough's
    code; a borough with no known ward is left out, with a finding. Raises `PortalError`: missing columns,
    invalid counts, a ward without all its types of residence, missing wards.
    """
    sheet = published_files.read(path, published_files.aliases(COLUMNS))
    rows = _rows(sheet)
    of_borough = {w.code: w.parent for w in areas.values() if w.kind == "ward" and w.valid_to is None}
    wards = {**(members or {}), **of_borough}
    published_files.stop(_problems(path.name, rows, wards, areas))
    people: Counter[str] = Counter()
    for row in rows:
        people[row.area] += int(row.count)
    totals = _totals(people, wards, areas)
    cells = [(a, YEAR, str(n), BASIS, source, where) for a, (n, where) in totals.items()]
    columns = ["area", "year", "population", "basis", "source", "locator"]
    return pd.DataFrame(cells, columns=columns, dtype=object), tuple(_findings(people, totals, areas))


def _rows(sheet: PublishedTable) -> list[_PopulationRow]:
    at = [sheet.header.index(c) for c in ("area", "type", "count")]
    return [
        _PopulationRow(number, *(cells[i].strip() for i in at)) for number, cells in enumerate(sheet.rows, 2)
    ]


def _problems(
    file: str, rows: list[_PopulationRow], wards: Mapping[str, str], areas: Mapping[str, Area]
) -> Iterator[Problem]:
    def wrong(row: _PopulationRow, ours: str, code: str, message: str, fix: str) -> Problem:
        return Problem(file, row.number, published_files.aliases(COLUMNS)[ours][0], code, message, fix)

    published, again = (
        "Use the file as it was published.",
        "The file may have been cut off: download it again.",
    )
    invalid = [r for r in rows if not _COUNT.fullmatch(r.count)]
    yield from gathered(
        invalid, lambda r: wrong(r, "count", "cell", f"“{r.count}” is not a number of people.", published)
    )
    count = Counter((r.area, r.kind) for r in rows)
    twice = [r for r in rows if count[r.area, r.kind] > 1]
    message = "appears more than once with the same type of residence."
    yield from gathered(twice, lambda r: wrong(r, "type", "twice", f"“{r.area}” {message}", published))
    kinds = {r.kind for r in rows}
    cut = [r for r in rows if any((r.area, k) not in count for k in kinds)]
    parts = f"does not have all of the {len(kinds)} types of residence."
    yield from gathered(cut, lambda r: wrong(r, "type", "missing", f"“{r.area}” {parts}", again))
    there = {r.area for r in rows}
    missing = sorted(wards.keys() - there)
    if missing:
        fix = did_you_mean(missing[0], there - wards.keys()) if len(missing) == 1 else again
        if len(missing) == len(wards):
            fix = "Use the table by ward that holds this district."
        message = f"There are no rows for {listed([name_of(w, areas) for w in missing])}."
        yield Problem(file, 0, "", "missing", message, fix)


def _totals(
    people: Mapping[str, int], wards: Mapping[str, str], areas: Mapping[str, Area]
) -> dict[str, tuple[int, str]]:
    """Return the residents of each area that the file covers, with the locator, in the order of `areas`."""
    totals: dict[str, tuple[int, str]] = {}
    for code, area in areas.items():
        inside = [w for w, borough in wards.items() if borough == code]
        if code in people:
            totals[code] = people[code], _BY_WARD
        elif area.kind == "borough" and inside:
            totals[code] = sum(people[w] for w in inside), f"{_BY_WARD}: the sum of {len(inside)} wards"
        elif area.kind == "police-force":
            force = [n for c, n in people.items() if not c.startswith(_BOROUGH_ROW)]
            totals[code] = sum(force), f"{_BY_WARD}: the sum of {len(force)} wards"
    return totals


def _findings(
    people: Mapping[str, int], totals: Mapping[str, object], areas: Mapping[str, Area]
) -> Iterator[Finding]:
    every = sum(people.values())
    words = f"Residents: {every:,} in {len(people):,} areas."
    yield Finding("residents", words, {"areas": len(people), "residents": every})
    boroughs = [c for c in people if c.startswith(_BOROUGH_ROW)]
    if boroughs:
        words = f"{listed(sorted(boroughs))} has a single row and is not counted in the police force."
        yield Finding("apart", words, {"areas": len(boroughs), "residents": sum(people[c] for c in boroughs)})
    left = [name_of(c, areas) for c, a in areas.items() if a.kind == "borough" and c not in totals]
    if left:
        words = f"No wards are known for {listed(left)}, which get no population."
        yield Finding("unknown-wards", words, {"boroughs": len(left)})
