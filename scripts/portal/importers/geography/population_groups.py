"""Read how many residents of the district are of each age group, sex and ethnic group, for rates of groups of people.

The groups are those in which the police record people. A table of populations that splits its residents by one of them
gives the numbers; one that does not gives none.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from portal.core.model import Area
from portal.core.places import Lsoa, Profile
from portal.importers.geography import population_tables as tables
from portal.importers.shared import loose_tables
from portal.importers.shared.loose_tables import LooseTable

COLUMNS = ["area", "name", "theme", "measure", "value", "source", "locator"]
OLDEST = 200  # the end of an open band, such as 85 and over
# The groups of people searched, and their first and last year of age.
_AGES = {
    "Under 10": (0, 9),
    "10 to 17": (10, 17),
    "Under 18": (0, 17),
    "18 to 24": (18, 24),
    "25 to 34": (25, 34),
    "Over 34": (35, OLDEST),
}
_ETHNIC = ("Asian", "Black", "Mixed", "White", "Other")
# The headings of whole groups; all others that begin with one of the words are parts of a group.
_WHOLE = re.compile(
    r"white|(asian|black), [^:]*|mixed or multiple( ethnic groups)?|other ethnic groups?|(asian|black|mixed|other)"
)
_SEXES = {"female": "Female", "females": "Female", "male": "Male", "males": "Male"}
_SPLITS = re.compile(r"(age|sex|ethnic group)( \(\d+[a-z]? categories\))?|ethnic group")
_AGE = re.compile(
    r"(?:aged )?(?:(?P<under>under 1)|(?P<first>\d+)(?: to |-)?(?P<last>\d+)?(?P<open>\+)?)( years?)?(?P<side> and (?:under|over))?"
)


class _Part(NamedTuple):
    """The residents of an area in one category, with the row of the table."""

    row: int
    area: str
    label: str
    cell: str


def read(
    path: Path, areas: Mapping[str, Area], lsoas: Sequence[Lsoa], borough: str, source: str
) -> pd.DataFrame:
    """Return rows of the resource `profiles` for the district: by age group, sex and ethnic group, where the table has them.

    Wards or LSOAs are added up to the district, as in `population_tables`. An age group that the ages of the table do
    not add up to is left out, and so is a split without one of its groups (women and men, or the five ethnic groups).

    Raises:
        PortalError: cells that are no numbers of people.
    """
    table = next((t for rows in tables.sheets(path) if (t := tables.table_in(path.name, rows))), None)
    numbers = dict(_of_district(table, areas, lsoas, borough)) if table else {}
    where = next((place for _, place in numbers.values()), "")
    counts = {label: count for label, (count, _) in numbers.items()}
    found = [
        *(("age-group", *pair) for pair in _age_groups(counts)),
        *(("sex", *pair) for pair in _sexes(counts)),
        *(("ethnic-group", *pair) for pair in _ethnic_groups(counts)),
    ]
    rows = [(borough, areas[borough].name, theme, group, str(n), source, where) for theme, group, n in found]
    return pd.DataFrame(rows, columns=COLUMNS, dtype=object)


def merged(known: Sequence[Profile], fresh: pd.DataFrame) -> pd.DataFrame:
    """Return the known profiles with those of `fresh` in place of the ones of the same area and theme.

    Ethnic groups in more detail stay: the detail adds up to the same groups, and places are compared by it.
    """
    detailed = {(p.area, p.theme) for p in known if ":" in p.measure}
    keys = list(zip(fresh["area"], fresh["theme"], strict=True))
    kept = fresh[[key not in detailed for key in keys]]
    replaced = set(zip(kept["area"], kept["theme"], strict=True))
    rows = [[str(getattr(p, c)) for c in COLUMNS] for p in known if (p.area, p.theme) not in replaced]
    return pd.concat([pd.DataFrame(rows, columns=COLUMNS, dtype=object), kept], ignore_index=True)


def _of_district(
    table: LooseTable, areas: Mapping[str, Area], lsoas: Sequence[Lsoa], borough: str
) -> Iterator[tuple[str, tuple[int, str]]]:
    """Yield the residents of the district by category, with the locator."""
    header = [loose_tables.plain(h) for h in table.header]
    code = tables.code_column(header)
    if code is None:
        return
    # A table of the whole country has many thousands of areas: only those of the district are added up.
    here = {borough, areas[borough].name, *(e.code for e in lsoas)}
    here |= {a.code for a in areas.values() if a.parent == borough}
    rows = tuple((n, row) for n, row in table.rows if tables.area_of(row[code]) in here)
    by_label: dict[str, list[_Part]] = defaultdict(list)
    for part in _parts(replace(table, rows=rows), header, code):
        by_label[part.label].append(part)
    for label, own in by_label.items():
        cells = ((p.row, p.area, p.cell) for p in own)
        people = tables.sum_by_area(table.file, cells, 2021, "by group")
        if found := dict(tables.totals_of(people, areas, lsoas, borough)).get(borough):
            yield label, found


def _parts(table: LooseTable, header: Sequence[str], code: int) -> Iterator[_Part]:
    """Yield the cells of all categories: a row for each category, or a column for each."""
    rows, _ = tables.newest_year([*table.rows], header, table.title)
    if "measure" in header:
        rows = [(n, r) for n, r in rows if loose_tables.plain(r[header.index("measure")]) == "count"]
    value = tables.value_column(header)
    split = next((n for n, h in enumerate(header) if n != code and _SPLITS.fullmatch(h)), None)
    if value:
        place = split if split is not None else header.index("indicator") if "indicator" in header else None
        for n, row in rows if place is not None else ():
            label = loose_tables.plain(row[place]) if place is not None else ""
            if "percent" not in label and "%" not in label:
                yield _Part(
                    n, tables.area_of(row[code]), label.removesuffix(" (number)"), row[header.index(value)]
                )
        return
    total = tables.total_column(header)
    sex = header.index("sex") if "sex" in header else None
    labels = {n: h.removeprefix("age: ").removeprefix("sex: ") for n, h in enumerate(header)}
    groups = {n: w for n, w in labels.items() if _band(w) or w in _SEXES or _ethnic_group(w)}
    for n, row in rows:
        area = tables.area_of(row[code])
        of_all = sex is None or loose_tables.plain(row[sex]) in tables.EVERYBODY
        if sex is not None and total is not None and not of_all:
            yield _Part(n, area, loose_tables.plain(row[sex]), row[total])
        for place, label in groups.items() if of_all else ():
            yield _Part(n, area, label, row[place])


def _band(label: str) -> tuple[int, int] | None:
    """Return the first and last year of age in a label such as “aged 5 to 9 years” or “90+”; None if it is no age."""
    found = _AGE.fullmatch(label)
    if found is None:
        return None
    if found["under"]:
        return 0, 0
    first = int(found["first"])
    if found["side"] == " and under":
        return 0, first
    if found["open"] or found["side"]:
        return first, OLDEST
    return first, int(found["last"] or first)


def _age_groups(counts: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    """Yield the age groups that bands of the table add up to exactly, from the narrowest bands that it has."""
    ends: dict[int, dict[int, int]] = defaultdict(dict)  # residents by the first and last year of a band
    for label, n in counts.items():
        if band := _band(label):
            ends[band[0]][band[1]] = n
    for group, (first, last) in _AGES.items():
        following, people = first, 0
        while following <= last and ends.get(following):
            end = min(ends[following])
            people += ends[following][end]
            following = end + 1
        if following == last + 1:
            yield group, people


def _sexes(counts: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    found = {_SEXES[label]: n for label, n in counts.items() if label in _SEXES}
    if len(found) == len(set(_SEXES.values())):
        yield from sorted(found.items())


def _ethnic_group(label: str) -> str:
    """Return the main ethnic group that a label begins with; empty if it is another label."""
    word = re.split(r"[ ,:]", label, maxsplit=1)[0]
    is_share = "percent" in label or "%" in label
    return next((g for g in _ETHNIC if g.casefold() == word and not is_share), "")


def _ethnic_groups(counts: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    """Yield the five main groups: as the table has them, or added up from its detailed groups."""
    whole: dict[str, int] = {}
    detail: dict[str, int] = defaultdict(int)
    for label, n in counts.items():
        group = _ethnic_group(label)
        if group and _WHOLE.fullmatch(label):
            whole[group] = n
        elif group:
            detail[group] += n
    found = {**detail, **whole}
    if set(found) == set(_ETHNIC):
        yield from ((group, found[group]) for group in _ETHNIC)
