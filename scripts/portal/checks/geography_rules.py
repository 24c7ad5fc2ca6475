"""Rules about areas: how long they exist, outlines that can be drawn, and populations that rates can be worked out from."""

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise

from portal.checks.valid_rows import ValidRow, ValidRows
from portal.core import field_types
from portal.core.problems import Problem
from portal.core.text import address_part
from portal.core.vocabulary import AreaKind

_WARD_CODE = re.compile(r"[EW]05[0-9]{6}")  # in England and Wales
# The United Kingdom with its islands, in degrees.
_LONGITUDES, _LATITUDES = (-9.0, 2.5), (49.0, 61.5)


def _outlines(checked: ValidRows) -> Iterator[Problem]:
    """Check that each ring of an outline encloses land of the United Kingdom."""
    drawn = (*checked.rows("geography", "boundaries"), *checked.rows("geography", "surroundings"))
    for row in (r for r in drawn if r["points"]):
        numbers = [float(n) for n in row["points"].split()]
        points = list(zip(numbers[::2], numbers[1::2], strict=True))
        if not all(_is_in(x, _LONGITUDES) and _is_in(y, _LATITUDES) for x, y in points):
            message = "This outline leaves the United Kingdom."
            fix = "Write degrees, the longitude before the latitude: -0.02074 51.44125. Importing the published file again does that."
            yield row.problem("points", "geography", message, fix)
        elif not _area(points):
            message = "This outline encloses no land: all its points are on one line."
            yield row.problem(
                "points", "geography", message, "Import the outlines from the published file again."
            )


def _is_in(value: float, ends: tuple[float, float]) -> bool:
    return ends[0] <= value <= ends[1]


def _area(points: list[tuple[float, float]]) -> float:
    """Return twice the area of a ring in square degrees, rounded to what five decimals can tell."""
    closed = [*points, points[0]]
    return round(abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(closed))), 12)


def _populations(checked: ValidRows) -> Iterator[Problem]:
    """Check that people live in each area that has a population: rates divide by it."""
    for row in checked.rows("geography", "populations"):
        if field_types.number_or_none(row["population"]) == 0:
            message = "The population is 0, so no rate for each 1,000 people can be worked out."
            yield row.problem(
                "population", "geography", message, "Write the number of residents, or remove the row."
            )


def _codes_of_wards(checked: ValidRows) -> Iterator[Problem]:
    """Check that what has the code of a ward is one: smaller counts may be published of any other kind of area."""
    for row in checked.rows("geography", "areas"):
        if _WARD_CODE.fullmatch(row["code"]) and row.has("kind") and row["kind"] != AreaKind.WARD:
            message = f"{row['code']} is the code of a ward, but its kind is {row['kind']}."
            yield row.problem(
                "kind", "geography", message, "If it is a ward, write ward. If not, correct the code."
            )


def _lives(checked: ValidRows) -> Iterator[Problem]:
    """Check that no area ends before it begins."""
    for row in checked.rows("geography", "areas"):
        if row["valid_from"] and row["valid_to"] and row["valid_to"] < row["valid_from"]:
            message = f"This area ends on {row['valid_to']}, before it begins on {row['valid_from']}."
            yield row.problem("valid_to", "geography", message, "Correct the day that is wrong.")


# Pages beside those of the wards.
_OTHER_WARD_PAGES = ("compare", "map", "pack")


def _ward_pages(checked: ValidRows) -> Iterator[Problem]:
    """Check that each of today's wards has an address for its page that nothing else has."""
    taken: dict[str, str] = dict.fromkeys(_OTHER_WARD_PAGES, "another page")
    for row in checked.rows("geography", "areas"):
        if row["kind"] != AreaKind.WARD or row["parent"] != checked.settings.site.area or row["valid_to"]:
            continue
        address = address_part(row["name"])
        if address in taken:  # one without letters has a problem of its own
            message = f"The page of this ward would have the address wards/{address}/, which is that of {taken[address]}."
            fix = "Correct the name. If one ward followed the other, write the last day of the old one in valid_to."
            yield row.problem("name", "geography", message, fix)
        if address:
            taken[address] = row["code"]


def _neighbourhoods(checked: ValidRows) -> Iterator[Problem]:
    """Check that each neighbourhood is in a ward and made of more than one LSOA, all of them in that ward."""
    areas = {row["code"]: row for row in checked.rows("geography", "areas")}
    ward_of = {row["code"]: row["area"] for row in checked.rows("geography", "lsoas")}
    again = (
        "If the wards or their LSOAs changed, divide the wards again: `portal import neighbourhoods` with the outlines and "
        "the residents of LSOAs. It asks before it takes out figures of neighbourhoods that change."
    )
    lsoas: dict[str, int] = {}
    placed = {row["lsoa"] for row in checked.rows("geography", "neighbourhoods")}
    for row in checked.rows("geography", "neighbourhoods"):
        area = areas.get(row["area"])
        if area is None or row["lsoa"] not in ward_of:
            continue  # a dangling reference, which has its own problem
        lsoas[row["area"]] = lsoas.get(row["area"], 0) + 1
        if area["kind"] != AreaKind.NEIGHBOURHOOD:
            message = f"{area['name']} is not a neighbourhood."
            yield row.problem("area", "geography", message, "Write the code of a neighbourhood.")
        elif area["parent"] != ward_of[row["lsoa"]]:
            message = f"This LSOA is not in the ward of {area['name']}."
            yield row.problem("lsoa", "geography", message, again)
    for code, area in areas.items():
        if area["kind"] != AreaKind.NEIGHBOURHOOD:
            continue
        ward = areas.get(area["parent"])
        if ward is None or ward["kind"] != AreaKind.WARD:
            message = "A neighbourhood must be inside a ward."
            yield area.problem("parent", "geography", message, "Write the code of its ward.")
        elif lsoas.get(code, 0) < 2 and _is_part(areas, area):
            message = f"This part of a ward has {lsoas.get(code, 0)} of the Census's small areas (LSOAs), and needs at least two."
            yield area.problem("code", "geography", message, again)
    divided = {a["parent"] for a in areas.values() if a["kind"] == AreaKind.NEIGHBOURHOOD}
    for row in checked.rows("geography", "lsoas"):
        if row["census"] == "2021" and row["area"] in divided and row["code"] not in placed:
            message = "This LSOA is in no neighbourhood, although others of its ward are: the ward's figure less theirs would give it away."
            yield row.problem("code", "geography", message, again)


def _is_part(areas: Mapping[str, ValidRow], area: ValidRow) -> bool:
    """Return True if the ward of a neighbourhood has others."""
    beside = [a for a in areas.values() if (a["kind"], a["parent"]) == (area["kind"], area["parent"])]
    return len(beside) > 1


def _geography(checked: ValidRows) -> Iterator[Problem]:
    yield from _lives(checked)
    yield from _codes_of_wards(checked)
    yield from _ward_pages(checked)
    yield from _outlines(checked)
    yield from _populations(checked)
    yield from _neighbourhoods(checked)


# A column of a table that names another row of the same table, and what the rows are called.
_HIERARCHIES = (
    ("geography", "areas", "code", "parent", "area"),
    ("indicators", "indicators", "id", "part_of", "indicator"),
)


def _hierarchies(checked: ValidRows) -> Iterator[Problem]:
    """Check that no area contains itself and no indicator is part of itself, over any number of levels."""
    for kind, resource, key, column, noun in _HIERARCHIES:
        by_key: dict[str, ValidRow] = {row[key]: row for row in checked.rows(kind, resource) if row[key]}
        for row in by_key.values():  # without those whose key has a problem already
            above, seen = row[column], {row[key]}
            while above in by_key and above not in seen:
                seen.add(above)
                above = by_key[above][column]
            if above == row[key]:
                message = f"This would make the {noun} {row[key]} part of itself."
                yield row.problem(
                    column, "hierarchies", message, "Clear the cell of the one that is highest."
                )


RULES: Mapping[str, Callable[[ValidRows], Iterator[Problem]]] = {
    "geography": _geography,
    "hierarchies": _hierarchies,
}
