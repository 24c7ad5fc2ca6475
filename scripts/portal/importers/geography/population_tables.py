"""Read how many people live in each area from any of the layouts in which they are published."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from portal.core.model import Area
from portal.core.places import Lsoa
from portal.core.problems import PortalError, Problem
from portal.core.text import listed
from portal.importers.geography import vintages
from portal.importers.geography.geojson import name_of
from portal.importers.shared import loose_tables, published_workbooks
from portal.importers.shared.loose_tables import LooseTable, Row
from portal.importers.shared.published_files import Finding, stop
from portal.importers.shared.repeated_faults import gathered

CENSUS_2021 = "Census, usual residents on 21 March 2021"
COLUMNS = ["area", "year", "population", "basis", "source", "locator"]
_CODE = re.compile(r"[A-Z]\d{8}")
_COUNT = re.compile(r"\d{1,9}(\.0+)?")
_YEAR = re.compile(r"\b(20[0-4]\d)\b")
# Headings of the columns with codes and with everybody, in the order in which they are looked for.
_CODES = (
    "area code",
    "geography code",
    "ward code",
    "code",
    "local authority code",
    "la code",
    "lad code",
    "lsoa code",
)
_DATED_CODE = re.compile(r"(ward|lad|lsoa|la|local authority) (20\d\d) code")
_TOTALS = (
    "all ages",
    "all usual residents",
    "total: all usual residents",
    "all persons",
    "population",
    "total",
    "all residents",
)
EVERYBODY = ("persons", "all persons", "all", "total")
_PARTS = (
    "ethnic group",
    "age",
    "sex",
    "age group",
    "religion",
)  # columns whose categories add up to everybody


@dataclass(frozen=True)
class People:
    """Residents by the code or name of an area, the year, what kind of count it is, and how the table is laid out."""

    residents: Mapping[str, int]
    year: int
    basis: str
    layout: str


def is_table(path: Path) -> bool:
    """Return True if a file has the headings of a table of populations."""
    try:
        return any(table_in(path.name, rows) for rows in sheets(path))
    except PortalError:
        return False


def is_header_of(rows: Sequence[Row]) -> bool:
    """Return True if the first rows of a table have the headings of a table of populations."""
    return any(_is_header([loose_tables.plain(c) for c in row]) for row in rows[: loose_tables.TITLE_ROWS])


def read(
    path: Path, areas: Mapping[str, Area], lsoas: Sequence[Lsoa], borough: str, source: str
) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """Return the resource `populations` for the wards and boroughs of `areas` that a table covers.

    A ward that the table does not have is the sum of its LSOAs, where the table has all of them and `lsoas` say
    which; a borough is the sum of its LSOAs, or of its present wards. Only areas of the table's own year are summed:
    the LSOAs of 2011 and of 2021 are never mixed.

    Raises:
        PortalError: the file has no such table, cells that are no numbers of people, or none of the areas.
    """
    people = people_of(path)
    if people is None:
        message = "No row has the headings of a table of residents: a code for each area, and a column for all residents."
        fix = "Use a table of the Office for National Statistics, Nomis or the Greater London Authority as it was published."
        raise PortalError([Problem(path.name, 1, code="column", message=message, fix=fix)])
    totals = dict(totals_of(people, areas, lsoas, borough))
    if borough not in totals and not any(areas[a].kind == "ward" for a in totals):
        message = (
            f"The table has {len(people.residents):,} areas, but none of {areas[borough].name} ({borough})."
        )
        stop([Problem(path.name, 0, "", "missing", message, "Use a table that holds this district.")])
    cells = [(a, str(people.year), str(n), people.basis, source, where) for a, (n, where) in totals.items()]
    return pd.DataFrame(cells, columns=COLUMNS, dtype=object), tuple(
        _findings(path.name, people, totals, areas, borough)
    )


def people_of(path: Path) -> People | None:
    """Return the residents of each area of the first table in a file that has them; None if none has.

    Raises:
        PortalError: the file cannot be read, or cells are no numbers of people.
    """
    return next((p for rows in sheets(path) if (p := _people(path.name, rows))), None)


def sheets(path: Path) -> Iterator[Sequence[Row]]:
    """Yield the rows of a CSV file, or of each sheet of a workbook."""
    if published_workbooks.is_workbook(path):
        yield from published_workbooks.sheets_of(path).values()
    else:
        rows = loose_tables.rows_of(path)
        loose_tables.stop_at_split_numbers(path.name, rows, _is_header)
        yield rows


def table_in(file: str, rows: Sequence[Row]) -> LooseTable | None:
    """Return the table of residents in some rows, or None."""
    return loose_tables.found(file, rows, _is_header)


def _is_header(row: Row) -> bool:
    """Return True for a row of plain headings with areas and residents in one of the layouts."""
    return bool(
        code_column(row) is not None and (total_column(row) is not None or value_column(row))
    ) or _is_named(row)


def code_column(row: Row) -> int | None:
    """Return the place of the areas' codes. Nomis writes `E01017975 : Cambridge 001A` under the name of the kind of area."""
    for name in _CODES:
        if name in row:
            return row.index(name)
    for place, heading in enumerate(row):
        dated = vintages.vintage(heading.replace(" ", "_"))
        if _DATED_CODE.fullmatch(heading) or (dated and dated.part == "code") or heading.endswith(" code"):
            return place
    kinds = ("super output area", "local authority", "ward", "electoral division")
    return 0 if row and any(k in row[0] for k in kinds) and total_column(row) is not None else None


def total_column(row: Row) -> int | None:
    """Return the place of the column with everybody; None if there is none."""
    for name in _TOTALS:
        if name in row:
            return row.index(name)
    # Nomis: “Age: Total”, “Sex: All persons; measures: Value”
    part = re.compile(r".*: ?(total|all persons|all usual residents|all categories.*)(;.*)?")
    return next((n for n, heading in enumerate(row) if part.fullmatch(heading)), None)


def value_column(row: Row) -> str:
    """Return the column of numbers of a table with a row for each area and category; empty if there is none."""
    if "observation" in row:
        return "observation"
    return "value" if "value" in row and any(p in row for p in (*_PARTS, "indicator")) else ""


def _is_named(row: Row) -> bool:
    """Return True for a table by the names of boroughs."""
    return {"borough", "year", "population"} <= set(row)


def _people(file: str, rows: Sequence[Row]) -> People | None:
    table = table_in(file, rows)
    if table is None:
        return None
    header = [loose_tables.plain(h) for h in table.header]
    if _is_named(header):
        return _by_name(table)
    code = code_column(header)
    if code is None:
        return None
    total = total_column(header)
    if total is None:
        return _by_category(table, header, code)
    kept = [(n, row) for n, row in table.rows if area_of(row[code])]
    if "sex" in header:
        of_all = [(n, r) for n, r in kept if loose_tables.plain(r[header.index("sex")]) in EVERYBODY]
        kept = of_all or kept  # without a row for everybody, women and men add up
    kept, year = newest_year(kept, header, table.title)
    return sum_by_area(
        table.file, ((n, area_of(r[code]), r[total]) for n, r in kept), year, table.header[total]
    )


def area_of(cell: str) -> str:
    """Return the code at the start of a cell such as `E01017975 : Cambridge 001A`; empty if there is none."""
    match = _CODE.match(cell)
    return match[0] if match else ""


def newest_year(
    rows: list[tuple[int, tuple[str, ...]]], header: Sequence[str], title: Sequence[str]
) -> tuple[list[tuple[int, tuple[str, ...]]], int]:
    """Return the rows of the newest year and that year; the title says it where no column does."""
    place = next((header.index(n) for n in ("period", "date", "year") if n in header), None)
    if place is not None:
        years = {int(m[1]) for _, r in rows if (m := _YEAR.search(r[place]))}
        if years:
            last = max(years)
            return [(n, r) for n, r in rows if str(last) in r[place]], last
    dated = {int(m) for line in title for m in _YEAR.findall(line) if line.strip() == m}
    return rows, max(dated, default=2021)


def _by_category(table: LooseTable, header: Sequence[str], code: int) -> People:
    """Return the sums over the categories of each area, or its row for everybody."""
    value = header.index(value_column(header))
    rows = [(n, r) for n, r in table.rows if area_of(r[code])]
    if "measure" in header:
        rows = [(n, r) for n, r in rows if loose_tables.plain(r[header.index("measure")]) == "count"]
    part = next((p for p in _PARTS if p in header), "indicator" if "indicator" in header else "")
    if part:
        kind = [loose_tables.plain(r[header.index(part)]) for _, r in rows]
        everybody = [row for row, k in zip(rows, kind, strict=True) if k in EVERYBODY]
        numbers = [row for row, k in zip(rows, kind, strict=True) if "(percent)" not in k and "(%)" not in k]
        rows = everybody or numbers
    rows, year = newest_year(rows, header, table.title)
    label = "sum of the categories" if value_column(header) == "observation" or part else "value"
    return sum_by_area(table.file, ((n, area_of(r[code]), r[value]) for n, r in rows), year, label)


def _by_name(table: LooseTable) -> People:
    records = [(n, r) for n, r in table.records() if r["borough"]]
    last = max((int(r["year"]) for _, r in records if r["year"].isdigit()), default=0)
    rows = ((n, r["borough"], r["population"]) for n, r in records if r["year"] == str(last))
    return sum_by_area(table.file, rows, last, "population by name of borough")


def sum_by_area(file: str, rows: Iterator[tuple[int, str, str]], year: int, layout: str) -> People:
    """Return the sums of rows of number, area and residents."""
    residents: dict[str, int] = defaultdict(int)
    wrong: list[tuple[int, str]] = []
    for number, area, cell in rows:
        plain_cell = cell.replace(",", "")
        if _COUNT.fullmatch(plain_cell):
            residents[area] += int(float(plain_cell))
        else:
            wrong.append((number, cell))
    fix = "Use the file as it was published."
    stop(
        gathered(
            wrong,
            lambda w: Problem(
                file, w[0], code="cell", message=f"“{w[1]}” is not a number of people.", fix=fix
            ),
        )
    )
    basis = CENSUS_2021 if year == 2021 else f"Estimate for 30 June {year}"
    return People(residents, year, basis, layout)


def totals_of(
    people: People, areas: Mapping[str, Area], lsoas: Sequence[Lsoa], borough: str
) -> Iterator[tuple[str, tuple[int, str]]]:
    """Yield the residents of each area that the table covers, with the locator, in the order of `areas`."""
    for code, area in areas.items():
        wards = [a.code for a in areas.values() if (a.kind, a.parent, a.valid_to) == ("ward", code, None)]
        key = area.name if area.name in people.residents and area.kind == "borough" else code
        if key in people.residents:
            yield code, (people.residents[key], f"Row {key}, {people.layout}")
            continue
        for census in (2021, 2011):
            of_census = [e for e in lsoas if e.census == census]
            inside = (
                [e.code for e in of_census if e.area == code]
                if area.kind == "ward"
                else [e.code for e in of_census] * (code == borough)
            )
            if inside and all(e in people.residents for e in inside):
                words = f"The sum of {len(inside)} LSOAs of {census}"
                yield code, (sum(people.residents[e] for e in inside), words)
                break
        else:
            if wards and all(w in people.residents for w in wards):
                yield code, (sum(people.residents[w] for w in wards), f"The sum of {len(wards)} wards")


def _findings(
    file: str, people: People, totals: Mapping[str, tuple[int, str]], areas: Mapping[str, Area], borough: str
) -> Iterator[Finding]:
    words = f"{file}: {people.basis}. It has {len(people.residents):,} areas, and gives the residents of {len(totals):,} areas of this portal."
    yield Finding("residents", words, {"areas": len(people.residents), "year": people.year})
    wards_now = [a for a in areas.values() if a.parent == borough and a.kind == "ward" and a.valid_to is None]
    left = [name_of(a.code, areas) for a in wards_now if a.code not in totals]
    if wards_now and len(left) == len(wards_now):
        yield Finding(
            "missing",
            "The table has no wards of the district, so wards get no rates from it.",
            {"wards": len(left)},
        )
    elif left:
        yield Finding(
            "missing", f"No residents are known for {listed(left)}, which get no rates.", {"wards": len(left)}
        )
    summed = sum(totals[a.code][0] for a in wards_now if a.code in totals)
    if borough in totals and wards_now and not left and summed != totals[borough][0]:
        words = f"The wards have {summed:,} residents together and the whole {totals[borough][0]:,}: tables are rounded or best-fit."
        yield Finding("differs", words, {"wards": summed, "whole": totals[borough][0]})
