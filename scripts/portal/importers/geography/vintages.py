"""Columns named after a kind of area and a year, such as WD25CD: the Office for National Statistics names them so."""

import re
from collections.abc import Iterable
from typing import NamedTuple

_NAMED = re.compile(
    r"(wd|lad|ltla|lsoa|msoa|csp|pfa)(\d\d) ?_?(cd|nm|code|name)(?:[ _]proposed)?", re.IGNORECASE
)
_KINDS = {"wd": "ward", "lad": "district", "ltla": "district"}
_PARTS = {"cd": "code", "nm": "name", "code": "code", "name": "name"}


class Vintage(NamedTuple):
    """What a column holds: the kind of area (ward, district, lsoa …), its year, and whether codes or names."""

    kind: str
    year: int
    part: str


def vintage(heading: str) -> Vintage | None:
    """Return what a heading such as WD25CD, wd16nm or lsoa11_code says, or None."""
    match = _NAMED.fullmatch(heading.replace("\ufeff", "").strip())
    if match is None:
        return None
    kind = match[1].lower()
    return Vintage(_KINDS.get(kind, kind), 2000 + int(match[2]), _PARTS[match[3].lower()])


def columns(header: Iterable[str]) -> dict[Vintage, int]:
    """Return the place of each column of a header that is named so."""
    return {v: place for place, heading in enumerate(header) if (v := vintage(heading))}


def newest(found: Iterable[Vintage], kind: str, part: str = "code") -> Vintage | None:
    """Return the column of the newest year for a kind of area, or None."""
    return max((v for v in found if (v.kind, v.part) == (kind, part)), key=lambda v: v.year, default=None)
