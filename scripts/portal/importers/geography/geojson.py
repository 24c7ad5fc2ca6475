"""Read a GeoJSON file of areas: which feature is which area. `boundaries` reads the outlines."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portal.core import input_files
from portal.core.model import Area
from portal.core.problems import PortalError, Problem, did_you_mean
from portal.core.text import listed
from portal.importers.geography import vintages
from portal.importers.shared import published_files

Json = dict[str, Any]
_GSS = re.compile(r"[EWSN]\d{8}")
_MANY_TIMES = 3  # as many unknown areas as known ones: the file is of a whole country
COLUMNS = "geography/boundaries.columns.csv"


@dataclass(frozen=True)
class Feature:
    """One feature: its place in the file from 1, the code of its area, and its geometry as in the file."""

    number: int
    code: str
    geometry: object


@dataclass(frozen=True)
class Features:
    """The features of the wanted areas, the property that held their codes, and how many others were left out."""

    key: str
    features: tuple[Feature, ...]
    elsewhere: int
    problems: tuple[Problem, ...]


def read(paths: Sequence[Path], areas: Mapping[str, Area]) -> Features:
    """Find the area of each feature of one or more files; leave out unknown ones in districts without any of `areas`.

    Some councils publish a file for each ward: their features are read as if they were in one file. Raises
    `PortalError` if no feature can be identified; what is wrong with single ones is in `problems`.
    """
    features = [feature for path in paths for feature in _features(path)]
    rows = [row for path in paths for row in properties(path)]
    file = name_of_files(paths)
    key = _key(file, rows, areas)
    away = _away(rows, key, areas)
    kept = tuple(
        Feature(number, row.get(key.upper(), ""), feature.get("geometry"))
        for number, (feature, row, elsewhere) in enumerate(zip(features, rows, away, strict=True), 1)
        if not elsewhere
    )
    return Features(key, kept, sum(away), tuple(_problems(file, key, kept, areas)))


def group_of(path: Path, areas: Mapping[str, Area]) -> object:
    """Return what most areas of a file have in common: their kind, district and time; None if it has none of `areas`."""
    rows = properties(path)
    codes = [row.get(_key(path.name, rows, areas).upper(), "") for row in rows]
    return _group(areas, codes)


def name_of_files(paths: Sequence[Path]) -> str:
    """Return what problems call several files that are read as one."""
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    return f"{paths[0].name}{more}"


def name_of(code: str, areas: Mapping[str, Area]) -> str:
    """Return the name of an area for a problem, with its code."""
    return f"{areas[code].name} ({code})" if code in areas else f"“{code}”"


def _features(path: Path) -> list[Json]:
    def unreadable(message: str, fix: str) -> PortalError:
        return PortalError([Problem(path.name, code="file", message=message, fix=fix)])

    try:
        content = input_files.parse_json(path.read_bytes())
    except OSError:
        raise unreadable("The file is not there or cannot be read.", "Put it back.") from None
    except input_files.UnreadableError:
        fix = "It may have been cut off, or be a web page or shapefile: download it again as GeoJSON."
        raise unreadable("The file is not JSON.", fix) from None
    features = content.get("features") if isinstance(content, dict) else None
    if not isinstance(features, list) or not features or not all(isinstance(f, dict) for f in features):
        raise unreadable("The file is JSON but has no features.", "Download it as GeoJSON.")
    return features


def properties(path: Path) -> list[dict[str, str]]:
    """Return the properties of each feature as text, with their names in capitals.

    Raises:
        PortalError: the file is not GeoJSON.
    """
    return [
        {str(k).upper(): "" if v is None else str(v) for k, v in _properties(f).items()}
        for f in _features(path)
    ]


def geometries(path: Path) -> list[object]:
    """Return the geometry of each feature as in the file.

    Raises:
        PortalError: the file is not GeoJSON.
    """
    return [feature.get("geometry") for feature in _features(path)]


def _names(rows: list[dict[str, str]], kind: str) -> tuple[str, ...]:
    """Return the properties that can hold the codes of areas, or of their districts."""
    listed_names = published_files.aliases(COLUMNS)[kind]
    wanted = {"code": ("ward", "district", "lsoa"), "district": ("district",)}[kind]
    dated = {
        n for row in rows for n in row if (v := vintages.vintage(n)) and v.part == "code" and v.kind in wanted
    }
    known = {n.upper() for n in listed_names}
    return (*listed_names, *sorted(dated - known, reverse=True))


def _away(rows: list[dict[str, str]], key: str, areas: Mapping[str, Area]) -> list[bool]:
    """Return True for each feature that is in another district, whose outlines are left out.

    Where a file of more than a few districts has no property for the district, every unknown area is elsewhere.
    """
    names = _names(rows, "district")
    districts = [next((r[n.upper()] for n in names if r.get(n.upper())), "") for r in rows]
    around = {"", *(a.parent for a in areas.values())}
    known = [r.get(key.upper()) in areas for r in rows]
    national = not any(districts) and sum(known) * _MANY_TIMES < len(rows)
    return [not k and (national or d not in around) for d, k in zip(districts, known, strict=True)]


def _properties(feature: Json) -> Json:
    properties = feature.get("properties")
    return properties if isinstance(properties, dict) else {}


def _key(file: str, rows: list[dict[str, str]], areas: Mapping[str, Area]) -> str:
    """Return the property that has the codes.

    Files of wards also have the borough, and a borough's outline can have the code of one of its wards. So take the
    property with each area of one kind and time once, or else the one with most of the known areas.
    """
    found = {n: [r.get(n.upper(), "") for r in rows] for n in _names(rows, "code")}
    found = {n: codes for n, codes in found.items() if any(map(_GSS.fullmatch, codes))}
    if not found:
        has = ", ".join(sorted({k for r in rows for k in r})) or "none"
        message = f"No property of the features holds area codes; they have: {has.lower()}."
        fix = f"Use a file with GSS codes, or add the name of its property to scripts/portal/importers/{COLUMNS}."
        raise PortalError([Problem(file, code="column", message=message, fix=fix)])

    def rank(name: str) -> tuple[bool, int]:
        known = set(found[name]) & areas.keys()
        return sorted(found[name]) == sorted(_together(known, areas)), len(known)

    return max(found, key=rank)


def _together(codes: Iterable[str], areas: Mapping[str, Area]) -> set[str]:
    """Return the areas that belong with these: of the kind, district and time of most of them."""

    group = _group(areas, codes)
    return {a.code for a in areas.values() if group and group_of_area(a) == group}


def _group(areas: Mapping[str, Area], codes: Iterable[str]) -> object:
    """Return the kind, district and time of most of these areas; None if none is known."""
    most = Counter(group_of_area(areas[c]) for c in sorted(codes) if c in areas).most_common(1)
    return most[0][0] if most else None


def group_of_area(area: Area) -> object:
    """Return what areas of one file have in common: kind, district and time."""
    return area.kind, area.parent, area.valid_from, area.valid_to


def _problems(file: str, key: str, kept: tuple[Feature, ...], areas: Mapping[str, Area]) -> Iterator[Problem]:
    """Yield codes that are unknown, repeated or missing."""
    count = Counter(f.code for f in kept)
    if not count.keys() & areas.keys():
        message = "None of the areas of the geography package is in this file."
        yield Problem(
            file, 0, key, "areas", message, "Use the file of this district, or import its wards first."
        )
        return
    wanted = _together([f.code for f in kept], areas)
    for feature in kept:
        if feature.code not in wanted:
            place = f"feature {feature.number}, {key}"
            message = f"{name_of(feature.code, areas)} does not belong with the other areas of this file."
            yield Problem(file, 0, place, "code", message, did_you_mean(feature.code, wanted or areas))
    for code in sorted(c for c in wanted if count[c] > 1):
        fix = "Keep one, or join its parts into one MultiPolygon."
        yield Problem(file, 0, key, "twice", f"{name_of(code, areas)} appears {count[code]} times.", fix)
    missing = [name_of(code, areas) for code in sorted(wanted - count.keys())]
    if missing:
        fix = "Download the whole file. If areas have changed, update the areas of the geography package."
        yield Problem(file, 0, key, "missing", f"There is no outline of {listed(missing)}.", fix)
