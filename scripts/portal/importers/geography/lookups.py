"""Read which wards a district has, and which ward each small area of the Census (LSOA) counts for."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from portal.core.model import Area
from portal.core.places import Lsoa
from portal.core.problems import PortalError, Problem, did_you_mean
from portal.core.text import listed
from portal.core.vocabulary import AreaKind
from portal.importers.geography import geojson
from portal.importers.geography.geojson import name_of
from portal.importers.geography.vintages import Vintage, columns, newest
from portal.importers.shared import loose_tables
from portal.importers.shared.published_files import Finding, stop

AREA_COLUMNS = ["code", "name", "kind", "parent", "valid_from", "valid_to", "source", "locator"]
LSOA_COLUMNS = ["code", "census", "name", "area", "source", "locator"]
CENSUSES = (2011, 2021)
_FRESH = "Download the lookup of the year in which the wards of the geography package were in force."


@dataclass(frozen=True)
class Lookup:
    """A table of codes: `rows` have the cells of each column named after a kind of area and a year."""

    file: str
    columns: tuple[Vintage, ...]
    rows: tuple[Mapping[Vintage, str], ...]

    def has(self, *kinds: str) -> bool:
        """Return True if the table has codes of all these kinds of area."""
        return set(kinds) <= {v.kind for v in self.columns if v.part == "code"}

    def column(self, kind: str, part: str = "code") -> Vintage | None:
        """Return the column of the newest year for a kind of area."""
        return newest(self.columns, kind, part)


def read(path: Path) -> Lookup:
    """Read a lookup table (CSV or Excel) or the properties of a GeoJSON file.

    Raises:
        PortalError: the file cannot be read, or no heading names a kind of area and a year.
    """
    if path.suffix.lower() in (".geojson", ".json"):
        properties = geojson.properties(path)
        header = list(dict.fromkeys(name for row in properties for name in row))
        cells = [[row.get(name, "") for name in header] for row in properties]
    else:
        table = loose_tables.read(path, is_header, "a lookup of areas")
        header, cells = list(table.header), [list(row) for _, row in table.rows]
    places = columns(header)
    if not places:
        message = "No column is named after a kind of area and a year, such as WD25CD."
        raise PortalError(
            [Problem(path.name, 1, code="column", message=message, fix="Use the file as it was published.")]
        )
    rows = tuple({v: row[place].strip() for v, place in places.items()} for row in cells)
    return Lookup(path.name, tuple(places), rows)


def is_header(row: Sequence[str]) -> bool:
    """Return True for a row of headings with at least two columns named after a kind of area and a year."""
    return len(columns(row)) > 1


def wards(
    paths: Sequence[Path], areas: Mapping[str, Area], borough: str, source: str
) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """Return the resource `areas`: those of `areas` and the wards of the district `borough` that a lookup or outlines have.

    Raises:
        PortalError: the files have no ward of the district, or do not say in which district a ward is.
    """
    found: dict[str, str] = {}
    years, problems = set(), []
    for lookup in map(read, paths):
        ward, district = lookup.column("ward"), lookup.column("district")
        if ward is None or district is None:
            message = "The file does not say which ward is in which district: it needs columns such as WD25CD and LAD25CD."
            problems.append(
                Problem(
                    lookup.file, 1, code="column", message=message, fix="Use a lookup of wards to districts."
                )
            )
            continue
        name = Vintage("ward", ward.year, "name")
        years.add(ward.year)
        for row in lookup.rows:
            if row[district] == borough and row[ward]:
                found[row[ward]] = _name(row.get(name, ""), areas[borough].name) or row[ward]
        if not found:
            there = {row[district] for row in lookup.rows}
            problems.append(_not_there(lookup.file, areas[borough], there))
    stop(problems)
    locator = f"Wards of {', '.join(map(str, sorted(years)))}"
    fresh = [
        Area(source, locator, code, name, AreaKind.WARD, borough, None, None)
        for code, name in sorted(found.items())
        if code not in areas
    ]
    cells = [[getattr(a, c) or "" for c in AREA_COLUMNS] for a in (*areas.values(), *fresh)]
    frame = pd.DataFrame(cells, columns=AREA_COLUMNS, dtype=object)
    return frame, tuple(_ward_findings(geojson.name_of_files(paths), found, fresh, areas, borough))


def _name(name: str, district: str) -> str:
    """Return a ward's name without the district that some tables add to it in brackets."""
    return name.removesuffix(f"({district})").strip()


def _not_there(file: str, district: Area, there: Iterable[str]) -> Problem:
    message = f"There is no ward of {district.name} ({district.code}) in this file."
    return Problem(file, 0, "", "areas", message, did_you_mean(district.code, list(there)[:400]))


def _ward_findings(
    file: str, found: Mapping[str, str], fresh: Sequence[Area], areas: Mapping[str, Area], borough: str
) -> Iterator[Finding]:
    named = f": {listed([a.name for a in fresh])}." if fresh else "."
    words = f"{file} has {len(found)} wards of {areas[borough].name}, {len(fresh)} of them new{named}"
    yield Finding("wards", words, {"wards": len(found), "new": len(fresh)})
    gone = [
        a
        for a in areas.values()
        if (a.kind, a.parent, a.valid_to) == ("ward", borough, None) and a.code not in found
    ]
    if gone:
        words = (
            f"Wards that the file does not have: {listed([name_of(a.code, areas) for a in gone])}. If they no longer exist, "
            "write their last day in valid_to in the table of areas, and the first day of the new ones in valid_from."
        )
        yield Finding("gone", words, {"wards": len(gone)})


def lsoas(
    paths: Sequence[Path], areas: Mapping[str, Area], known: Sequence[Lsoa], borough: str, source: str
) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """Return the resource `lsoas`: the LSOAs of the district `borough` and the ward that each counts for.

    Files are lookups of LSOAs to wards, of any year, and of LSOAs of 2011 to those of 2021. An LSOA of 2011 that was
    split or merged counts for a ward if all LSOAs of 2021 that it became are in that ward; else for no ward. `known`
    are the LSOAs that the geography package has.

    Raises:
        PortalError: another kind of file, no LSOA of the district, or wards that the geography package does not have.
    """
    tables = [read(path) for path in paths]
    kept = {(entry.code, entry.census): entry for entry in known}
    problems: list[Problem] = []
    for table in tables:
        if table.has("lsoa", "ward"):
            kept |= {(e.code, e.census): e for e in _of_wards(table, areas, borough, source, problems)}
    for table in tables:
        codes = [v for v in table.columns if (v.kind, v.part) == ("lsoa", "code")]
        if len(codes) > 1:
            kept |= {(e.code, e.census): e for e in _changed(table, areas, kept, borough, source)}
        elif not table.has("lsoa", "ward"):
            message = "The file does not say which ward an LSOA is in: it needs columns such as LSOA21CD and WD25CD."
            problems.append(
                Problem(table.file, 1, code="column", message=message, fix="Use a lookup of LSOAs to wards.")
            )
    if not kept and not problems:
        problems.append(_not_there(geojson.name_of_files(paths), areas[borough], ()))
    stop(problems)
    rows = [
        [getattr(e, c) for c in LSOA_COLUMNS]
        for _, e in sorted(kept.items(), key=lambda p: (p[0][1], p[0][0]))
    ]
    return pd.DataFrame(rows, columns=LSOA_COLUMNS, dtype=object), tuple(
        _lsoa_findings(kept.values(), areas, borough)
    )


def _of_wards(
    table: Lookup, areas: Mapping[str, Area], borough: str, source: str, problems: list[Problem]
) -> Iterator[Lsoa]:
    """Yield the LSOAs of a lookup that names the ward of each."""
    lsoa, ward, district = table.column("lsoa"), table.column("ward"), table.column("district")
    if lsoa is None or ward is None:
        return
    ours = {a.code for a in areas.values() if (a.kind, a.parent) == ("ward", borough)}
    rows = [r for r in table.rows if (r[district] == borough if district else r[ward] in ours)]
    strange = sorted({r[ward] for r in rows} - ours)
    if strange or not rows:
        message = (
            f"The wards {listed(strange[:5])} are not in the geography package." if strange
            else f"There is no LSOA of {areas[borough].name} ({borough}) in this file."
        )  # fmt: skip
        problems.append(
            Problem(
                table.file,
                0,
                "",
                "areas",
                message,
                f"Import the wards first. {_FRESH}" if strange else _FRESH,
            )
        )
        return
    name = Vintage("lsoa", lsoa.year, "name")
    locator = f"LSOAs of {lsoa.year} by ward of {ward.year}"
    for row in rows:
        yield Lsoa(source, locator, row[lsoa], lsoa.year, row.get(name, "") or row[lsoa], row[ward])


def _changed(
    table: Lookup, areas: Mapping[str, Area], known: Mapping[tuple[str, int], Lsoa], borough: str, source: str
) -> Iterator[Lsoa]:
    """Yield the LSOAs of 2011 of a table of changes, each with the ward of all LSOAs of 2021 that it became."""
    old, new = (Vintage("lsoa", year, "code") for year in CENSUSES)
    if not {old, new} <= set(table.columns):
        return
    district = table.column("district")
    became: dict[str, set[str]] = defaultdict(set)
    names: dict[str, str] = {}
    for row in table.rows:
        if row[old] and ((row[new], new.year) in known or (district and row[district] == borough)):
            became[row[old]].add(row[new])
            names[row[old]] = row.get(Vintage("lsoa", old.year, "name"), "") or row[old]
    for code, children in became.items():
        wards_of = {known[c, new.year].area if (c, new.year) in known else borough for c in children}
        area = wards_of.pop() if len(wards_of) == 1 else borough
        yield Lsoa(source, "LSOAs of 2011 by what they became in 2021", code, old.year, names[code], area)


def _lsoa_findings(kept: Iterable[Lsoa], areas: Mapping[str, Area], borough: str) -> Iterator[Finding]:
    for census in CENSUSES:
        of_census = [e for e in kept if e.census == census]
        if not of_census:
            continue
        wards_of = {e.area for e in of_census} - {borough}
        split = sum(e.area == borough for e in of_census)
        words = f"LSOAs of {census} in {areas[borough].name}: {len(of_census)}, in {len(wards_of)} wards."
        if split:
            words += f" In several wards, and counted for none of them: {split}."
        yield Finding(
            "lsoas",
            words,
            {"census": census, "lsoas": len(of_census), "wards": len(wards_of), "split": split},
        )


def is_lookup(path: Path) -> bool:
    """Return True if a CSV file or workbook has a header with kinds of area and years, such as WD25CD."""
    try:
        return (
            loose_tables.found(path.name, loose_tables.rows_of(path)[: loose_tables.TITLE_ROWS], is_header)
            is not None
        )
    except PortalError:
        return False
