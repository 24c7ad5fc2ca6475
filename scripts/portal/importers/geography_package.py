"""Import wards, outlines, postcodes and populations into the geography package. All but wards replace the existing rows.

Rows of neighbourhoods are replaced by the format neighbourhoods alone.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd

from portal.core.model import Content
from portal.core.problems import Problem
from portal.core.settings import Settings
from portal.core.text import listed
from portal.core.vocabulary import AreaKind
from portal.disclosure.inference import EarlierRelease
from portal.importers.geography import (
    boundaries,
    geojson,
    lookups,
    neighbourhoods,
    population_groups,
    population_tables,
    populations,
    postcodes,
    surroundings,
)
from portal.importers.police import wards
from portal.importers.shared import published_files
from portal.importers.shared.published_files import Finding, stop

NEIGHBOURHOODS = "neighbourhoods"
_SPLITS = {"age-group": "age", "sex": "sex", "ethnic-group": "ethnic group"}
Tables = Mapping[str, pd.DataFrame]
Report = tuple[str, ...]


def _wards(paths: list[Path], content: Content, settings: Settings, source: str) -> tuple[Report, Tables]:
    """Read the new wards of the site's `borough`; the table also has all existing areas."""
    borough = settings.site.area
    if all(_is_geojson(p) or lookups.is_lookup(p) for p in paths):
        frame, findings = lookups.wards(paths, content.areas, borough, source)
    else:
        frame, findings = wards.read(paths[0], content.areas, borough, source)
    return _words(findings), {"areas": frame}


def _lsoas(paths: list[Path], content: Content, settings: Settings, source: str) -> tuple[Report, Tables]:
    """Read which ward each LSOA of the site's `borough` counts for; LSOAs of the other Census stay."""
    borough = settings.site.area
    frame, findings = lookups.lsoas(paths, content.areas, content.lsoas, borough, source)
    return _words(findings), {"lsoas": frame}


def _boundaries(
    paths: list[Path], content: Content, settings: Settings, source: str
) -> tuple[Report, Tables]:
    """Read the outlines of the first areas; if there are those of earlier areas too, also how much they overlap.

    Files with the same kind of areas, such as one file for each ward, are read as one.
    """
    groups: dict[object, list[Path]] = {}
    for path in paths:
        groups.setdefault(geojson.group_of(path, content.areas), []).append(path)
    present = sorted(groups, key=lambda group: group in _ended(content))
    stop(_only_former(paths, present[0] in _ended(content)))
    first, *others = (boundaries.read(groups[group], content.areas) for group in present[:2])
    tables = {"boundaries": _beside_neighbourhoods(boundaries.table(first, source), content)}
    for old in others:
        tables["overlaps"] = boundaries.overlaps(first, old, source)
    return _words(first.findings, *(o.findings for o in others)), tables


def _beside_neighbourhoods(outlines: pd.DataFrame, content: Content) -> pd.DataFrame:
    """Return outlines with those of the neighbourhoods, which only the format neighbourhoods replaces."""
    kept = [o for o in content.outlines if content.areas[o.area].kind == AreaKind.NEIGHBOURHOOD]
    cells = [[str(getattr(o, c)) for c in outlines.columns] for o in kept]
    return pd.concat(
        [outlines, pd.DataFrame(cells, columns=outlines.columns, dtype=object)], ignore_index=True
    )


def _neighbourhoods(
    paths: list[Path],
    content: Content,
    settings: Settings,
    source: str,
    past: Sequence[EarlierRelease] = (),
) -> tuple[Report, Tables]:
    """Divide the wards of the site's borough into neighbourhoods; the tables also have all other areas."""
    former = tuple(part for release in past for part in release.parts)
    rules = neighbourhoods.Division(settings.disclosure.smallest_area, former)
    tables, findings = neighbourhoods.read(paths, content, settings.site.area, source, rules)
    return _words(findings), tables


def _surroundings(
    paths: list[Path], content: Content, settings: Settings, source: str
) -> tuple[Report, Tables]:
    """Read the outlines of the districts around the site's borough, which maps show around the wards."""
    frame, findings = surroundings.read(paths, content, settings.site.area, source)
    return _words(findings), {"surroundings": frame}


def _ended(content: Content) -> set[object]:
    return {geojson.group_of_area(a) for a in content.areas.values() if a.valid_to}


def _only_former(paths: list[Path], is_former: bool) -> Iterator[Problem]:
    """Yield a problem if the outlines are those of areas that no longer exist: they would replace the present ones."""
    if is_former:
        message = "These are the outlines of areas that no longer exist. They would replace those of the present areas."
        fix = "Give the file of the present areas too, before this one: then the import works out how much they overlap."
        yield Problem(geojson.name_of_files(paths), 0, "", "former", message, fix)


def _postcodes(paths: list[Path], content: Content, settings: Settings, source: str) -> tuple[Report, Tables]:
    frame, findings = postcodes.read(paths[0], content.areas, source)
    return _words(findings), {"postcodes": frame}


def _populations(
    paths: list[Path], content: Content, settings: Settings, source: str
) -> tuple[Report, Tables]:
    """Read the population of each area; a second file, of ward level crime, gives the wards of the other boroughs.

    Areas that the file does not cover keep the population that they have.
    """
    borough = settings.site.area
    if populations.is_by_residence(paths[0]):
        members = _members(paths[1], content) if len(paths) > 1 else {}
        frame, findings = populations.read(paths[0], content.areas, members, source)
    else:
        frame, findings = population_tables.read(paths[0], content.areas, content.lsoas, borough, source)
    kept = [p for p in content.populations.values() if p.area not in set(frame["area"])]
    rows = [[str(getattr(p, c)) for c in frame.columns] for p in kept]
    whole = pd.concat([pd.DataFrame(rows, columns=frame.columns, dtype=object), frame], ignore_index=True)
    groups = population_groups.read(paths[0], content.areas, content.lsoas, borough, source)
    if groups.empty:
        return _words(findings), {"populations": whole}
    splits = listed([_SPLITS[theme] for theme in dict.fromkeys(groups["theme"])])
    words = f"{paths[0].name}: residents of {content.areas[borough].name} by {splits}, for rates of stop and search."
    profiles = population_groups.merged(content.profiles, groups)
    return (*_words(findings), words), {"populations": whole, "profiles": profiles}


def _is_geojson(path: Path) -> bool:
    return path.suffix.lower() in (".geojson", ".json")


def _members(path: Path, content: Content) -> dict[str, str]:
    """Return the borough of each ward in a file of ward level crime, if the areas have a borough of that name."""
    codes = {a.name: a.code for a in content.areas.values() if a.kind == "borough"}
    sheet = published_files.read(path, published_files.aliases("police/mps_ward.columns.csv"))
    ward, borough = sheet.header.index("code"), sheet.header.index("borough")
    return {row[ward]: codes[row[borough]] for row in sheet.rows if row[borough] in codes}


def _words(*findings: tuple[Finding, ...]) -> Report:
    return tuple(str(f) for group in findings for f in group)


# Of these, neighbourhoods also takes what earlier releases published.
FORMATS: Mapping[str, Callable[..., tuple[Report, Tables]]] = {
    "wards": _wards,
    "lsoas": _lsoas,
    "boundaries": _boundaries,
    "postcodes": _postcodes,
    "populations": _populations,
    NEIGHBOURHOODS: _neighbourhoods,
    "surroundings": _surroundings,
}
