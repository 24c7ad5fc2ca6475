"""Read which ward each postcode is in, from a postcode lookup such as that of the Office for National Statistics."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from portal.core.model import Area
from portal.core.problems import Problem, did_you_mean
from portal.core.text import listed
from portal.importers.geography import vintages
from portal.importers.geography.geojson import name_of
from portal.importers.shared import loose_tables, published_files
from portal.importers.shared.published_files import Finding, PublishedTable
from portal.importers.shared.repeated_faults import gathered

COLUMNS = "geography/postcodes.columns.csv"
_POSTCODE = re.compile(r"[A-Z]{1,2}[0-9][0-9A-Z]? [0-9][A-Z]{2}")
_ENDED = re.compile(r"(\d{6}(\.0)?)?")  # year and month, or nothing


@dataclass(frozen=True)
class _PostcodeRow:
    number: int
    postcode: str
    area: str
    ended: str
    district: str


def read(path: Path, areas: Mapping[str, Area], source: str = "") -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """Read the resource `postcodes`: those in use in the present wards of `areas`; `source` is the id of a dataset.

    Postcodes of other districts are left out if the file names their district. Raises `PortalError`: missing columns,
    invalid or repeated postcodes, unknown or ended wards, a ward without any postcode, invalid dates.
    """
    names = published_files.aliases(COLUMNS)
    header = loose_tables.rows_of(path)[:1]
    wanted = {
        "postcode": _first(header, names["postcode"]),
        "area": _newest(header, "ward", names["area"]),
    }
    ends = _first(header, names["ended"])
    if ends[1:]:
        ends = ()
    sheet = published_files.read(path, wanted | ({"ended": ends} if ends else {}))
    if not ends:
        sheet = replace(sheet, header=(*sheet.header, "ended"), rows=tuple((*row, "") for row in sheet.rows))
    wards = {a.code for a in areas.values() if a.kind == "ward" and a.valid_to is None}
    districts = {"", *(areas[w].parent for w in wards)}
    rows = _rows(sheet, _newest([sheet.header], "district", names["district"]))
    near = [r for r in rows if r.district in districts or r.area in wards]
    used = [r for r in near if not r.ended]
    published_files.stop(_problems(path.name, near, wards, areas))
    cells = sorted((r.postcode, r.area, source) for r in used)
    frame = pd.DataFrame(cells, columns=["postcode", "area", "source"], dtype=object)
    return frame, tuple(_findings(rows, near, used))


def _first(header: Sequence[Sequence[str]], names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the first of some headings that a file has, as the file writes it; all of them if it has none."""
    here = {c.strip().casefold(): c.strip() for row in header for c in row}
    return next(((here[n.casefold()],) for n in names if n.casefold() in here), names)


def _newest(header: Sequence[Sequence[str]], kind: str, listed_names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the headings that can hold the code of a ward or district, the one that this file has first.

    Of columns named after a year, such as WD25CD, take the newest.
    """
    here = [c.strip() for row in header for c in row]
    dated = vintages.columns(here)
    newest = vintages.newest(dated, kind)
    return (here[dated[newest]],) if newest else _first(header, listed_names)


def _spaced(postcode: str) -> str:
    """Return a postcode with one space before its last three characters, however a file writes it."""
    letters = "".join(postcode.split()).upper()
    return f"{letters[:-3]} {letters[-3:]}" if len(letters) > 4 else letters


def _rows(sheet: PublishedTable, districts: tuple[str, ...]) -> list[_PostcodeRow]:
    at = sheet.header.index
    district = next((at(c) for c in districts if c in sheet.header), None)
    return [
        _PostcodeRow(
            number,
            _spaced(cells[at("postcode")]),
            cells[at("area")].strip(),
            cells[at("ended")].strip(),
            "" if district is None else cells[district].strip(),
        )
        for number, cells in enumerate(sheet.rows, 2)
    ]


def _problems(
    file: str, rows: list[_PostcodeRow], wards: set[str], areas: Mapping[str, Area]
) -> Iterator[Problem]:
    """Yield what is wrong with the rows of our districts."""

    def wrong(row: _PostcodeRow, ours: str, code: str, message: str, fix: str) -> Problem:
        return Problem(file, row.number, published_files.aliases(COLUMNS)[ours][0], code, message, fix)

    def unknown(row: _PostcodeRow) -> Problem:
        message = f"{name_of(row.area, areas)} is not a ward now."
        return wrong(row, "area", "ward", message, did_you_mean(row.area, wards))

    published, again = (
        "Use the file as it was published.",
        "The file may have been cut off: download it again.",
    )
    used = [r for r in rows if not r.ended]
    invalid = [r for r in used if not _POSTCODE.fullmatch(r.postcode)]
    yield from gathered(
        invalid, lambda r: wrong(r, "postcode", "cell", f"“{r.postcode}” is not a postcode.", published)
    )
    undated = [r for r in rows if not _ENDED.fullmatch(r.ended)]
    month = "is not a year and month, such as 202202."
    yield from gathered(undated, lambda r: wrong(r, "ended", "cell", f"“{r.ended}” {month}", published))
    strange = [r for r in used if r.area not in wards]
    names = list(dict.fromkeys(r.area for r in strange))
    # More unknown wards than known ones: it is another column, so report it once.
    for those in (
        [strange] if len(names) > len(wards) else [[r for r in strange if r.area == n] for n in names]
    ):
        yield from gathered(those, unknown)
    count = Counter(r.postcode for r in used)
    twice = [r for r in used if count[r.postcode] > 1]
    keep = "Keep only the correct row."
    yield from gathered(
        twice, lambda r: wrong(r, "postcode", "twice", f"{r.postcode} appears more than once.", keep)
    )
    empty = [name_of(w, areas) for w in sorted(wards - {r.area for r in used})]
    if strange:
        return
    if len(empty) == len(wards):
        fix = "Use the file of this district."
        yield Problem(file, 0, "", "missing", "No postcode in use is in any of the wards.", fix)
    elif empty:
        yield Problem(file, 0, "", "missing", f"No postcode in use is in {listed(empty)}.", again)


def _findings(
    rows: list[_PostcodeRow], near: list[_PostcodeRow], used: list[_PostcodeRow]
) -> Iterator[Finding]:
    by_ward = Counter(r.area for r in used)
    least, most = min(by_ward.values()), max(by_ward.values())
    words = f"Postcodes in use: {len(used):,} in {len(by_ward)} wards, from {least:,} to {most:,} in a ward."
    yield Finding(
        "postcodes", words, {"postcodes": len(used), "wards": len(by_ward), "least": least, "most": most}
    )
    ended = len(near) - len(used)
    yield Finding("ended", f"Postcodes that have ended and were left out: {ended:,}.", {"postcodes": ended})
    away = len(rows) - len(near)
    if away:
        yield Finding(
            "elsewhere", f"Postcodes of other districts that were left out: {away:,}.", {"postcodes": away}
        )
