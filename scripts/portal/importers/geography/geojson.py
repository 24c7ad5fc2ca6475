"""Read a GeoJSON file of areas: which feature is which area. `boundaries` reads the outlines."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portal.core import input_files
from portal.core.model import Area
from portal.core.problems import PortalError, Problem, did_you_mean
from portal.core.text import listed
from portal.importers.shared import published_files

Json = dict[str, Any]
_GSS = re.compile(r"[EWSN]\d{8}")
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


def read(path: Path, areas: Mapping[str, Area]) -> Features:
    """Find the area of each feature; leave out unknown ones in districts without any of `areas`.

    Raises `PortalError` if no feature can be identified; what is wrong with single ones is in `problems`.
    """
    features = _features(path)
    rows = [{str(k).upper(): str(v) for k, v in _properties(f).items()} for f in features]
    names = published_files.aliases(COLUMNS)
    key = _key(path.name, rows, names["code"], areas)
    districts = [next((r[n.upper()] for n in names["district"] if r.get(n.upper())), "") for r in rows]
    around = {"", *(a.parent for a in areas.values())}
    away = [d not in around and r.get(key.upper()) not in areas for d, r in zip(districts, rows, strict=True)]
    kept = tuple(
        Feature(number, row.get(key.upper(), ""), feature.get("geometry"))
        for number, (feature, row, elsewhere) in enumerate(zip(features, rows, away, strict=True), 1)
        if not elsewhere
    )
    return Features(key, kept, sum(away), tuple(_problems(path.name, key, kept, areas)))


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


def _properties(feature: Json) -> Json:
    properties = feature.get("properties")
    return properties if isinstance(properties, dict) else {}


def _key(file: str, rows: list[dict[str, str]], names: tuple[str, ...], areas: Mapping[str, Area]) -> str:
    """Return the property that has the codes.

    Files of wards also have the borough, and a borough's outline can have the code of one of its wards. So take the
    property with each area of one kind and time once, or else the one with most of the known areas.
    """
    found = {n: [r.get(n.upper(), "") for r in rows] for n in names}
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

    def group(a: Area) -> object:
        return a.kind, a.parent, a.valid_from, a.valid_to

    most = Counter(group(areas[c]) for c in sorted(codes) if c in areas).most_common(1)
    return {a.code for a in areas.values() if most and group(a) == most[0][0]}


def _problems(file: str, key: str, kept: tuple[Feature, ...], areas: Mapping[str, Area]) -> Iterator[Problem]:
    """Yield codes that are unknown, repeated or missing."""
    count = Counter(f.code for f in kept)
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
