"""Imports into the geography package: wards, outlines, postcodes and populations. All but wards replace what it has."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd

from portal.core.model import Content
from portal.importers.geography import boundaries, populations, postcodes
from portal.importers.police import wards
from portal.importers.shared import published_files
from portal.importers.shared.published_files import Finding

Tables = Mapping[str, pd.DataFrame]
Report = tuple[str, ...]


def _wards(paths: list[Path], content: Content, own: str, source: str) -> tuple[Report, Tables]:
    """All areas that there are, and the wards of the site's borough `own` that are new."""
    frame, found = wards.read(paths[0], content.areas, own, source)
    return _words(found), {"areas": frame}


def _boundaries(paths: list[Path], content: Content, own: str, source: str) -> tuple[Report, Tables]:
    """The outlines of the first file; with a second, of earlier areas, how much of each they overlap."""
    first, *others = (boundaries.read(p, content.areas) for p in paths[:2])
    tables = {"boundaries": boundaries.table(first, source)}
    for old in others:
        tables["overlaps"] = boundaries.overlaps(first, old, source)
    return _words(first.findings, *(o.findings for o in others)), tables


def _postcodes(paths: list[Path], content: Content, own: str, source: str) -> tuple[Report, Tables]:
    frame, found = postcodes.read(paths[0], content.areas, source)
    return _words(found), {"postcodes": frame}


def _populations(paths: list[Path], content: Content, own: str, source: str) -> tuple[Report, Tables]:
    """The people of each area; a second file, of ward level crime, says which wards make up the other boroughs."""
    members = _members(paths[1], content) if len(paths) > 1 else {}
    frame, found = populations.read(paths[0], content.areas, members, source)
    return _words(found), {"populations": frame}


def _members(path: Path, content: Content) -> dict[str, str]:
    """The borough of each ward, where a file of ward level crime names it and the areas have a borough so called."""
    codes = {a.name: a.code for a in content.areas.values() if a.kind == "borough"}
    sheet = published_files.read(path, published_files.aliases("police/mps_ward.columns.csv"))
    ward, borough = sheet.header.index("code"), sheet.header.index("borough")
    return {row[ward]: codes[row[borough]] for row in sheet.rows if row[borough] in codes}


def _words(*found: tuple[Finding, ...]) -> Report:
    return tuple(str(f) for some in found for f in some)


FORMATS: Mapping[str, Callable[[list[Path], Content, str, str], tuple[Report, Tables]]] = {
    "wards": _wards,
    "boundaries": _boundaries,
    "postcodes": _postcodes,
    "populations": _populations,
}
