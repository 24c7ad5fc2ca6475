"""Import wards, outlines, postcodes and populations into the geography package. All but wards replace the existing rows."""

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


def _wards(paths: list[Path], content: Content, borough: str, source: str) -> tuple[Report, Tables]:
    """Read the new wards of the site's `borough`; the table also has all existing areas."""
    frame, findings = wards.read(paths[0], content.areas, borough, source)
    return _words(findings), {"areas": frame}


def _boundaries(paths: list[Path], content: Content, borough: str, source: str) -> tuple[Report, Tables]:
    """Read the outlines of the first file; with a second, of earlier areas, also how much they overlap."""
    first, *others = (boundaries.read(p, content.areas) for p in paths[:2])
    tables = {"boundaries": boundaries.table(first, source)}
    for old in others:
        tables["overlaps"] = boundaries.overlaps(first, old, source)
    return _words(first.findings, *(o.findings for o in others)), tables


def _postcodes(paths: list[Path], content: Content, borough: str, source: str) -> tuple[Report, Tables]:
    frame, findings = postcodes.read(paths[0], content.areas, source)
    return _words(findings), {"postcodes": frame}


def _populations(paths: list[Path], content: Content, borough: str, source: str) -> tuple[Report, Tables]:
    """Read the population of each area; a second file, of ward level crime, gives the wards of the other boroughs."""
    members = _members(paths[1], content) if len(paths) > 1 else {}
    frame, findings = populations.read(paths[0], content.areas, members, source)
    return _words(findings), {"populations": frame}


def _members(path: Path, content: Content) -> dict[str, str]:
    """Return the borough of each ward in a file of ward level crime, if the areas have a borough of that name."""
    codes = {a.name: a.code for a in content.areas.values() if a.kind == "borough"}
    sheet = published_files.read(path, published_files.aliases("police/mps_ward.columns.csv"))
    ward, borough = sheet.header.index("code"), sheet.header.index("borough")
    return {row[ward]: codes[row[borough]] for row in sheet.rows if row[borough] in codes}


def _words(*findings: tuple[Finding, ...]) -> Report:
    return tuple(str(f) for group in findings for f in group)


FORMATS: Mapping[str, Callable[[list[Path], Content, str, str], tuple[Report, Tables]]] = {
    "wards": _wards,
    "boundaries": _boundaries,
    "postcodes": _postcodes,
    "populations": _populations,
}
