"""Read the outlines of the districts around a district, for the land that its maps show around the wards."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import shapely

from portal.core.model import Content
from portal.core.problems import PortalError, Problem
from portal.core.text import listed
from portal.core.vocabulary import AreaKind
from portal.importers.geography import boundaries, geojson, vintages
from portal.importers.geography.boundaries import DECIMALS, Plane, Shape
from portal.importers.shared.published_files import Finding, stop

COLUMNS = ["area", "name", "polygon", "ring", "points", "source", "locator"]
AROUND = 600.0  # metres around the wards that maps can show
TOLERANCE = 40.0  # metres, as in `boundaries.read`; these lines are quieter than those of wards
LEAST = 20_000.0  # square metres: smaller islands and piers would be specks
OVERLAP = 50.0  # metres that the land reaches into the district, where no gap may show between the two
LARGEST_OVERLAP = 1.0  # per cent of the district: outlines of another year or place overlap by more


@dataclass(frozen=True)
class _District:
    """A district around: its outline is in metres, or in degrees once it is drawn; `locator` is where the file has it."""

    code: str
    name: str
    shape: Shape
    locator: str


def read(
    paths: Sequence[Path], content: Content, borough: str, source: str
) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """Return the resource `surroundings`: the land of other districts that is at most `AROUND` metres from the wards.

    Each file has the outlines of wards or of whole districts with the code and name of the district, in degrees or on
    the British National Grid. The wards of a district are joined. Districts further away are left out.

    Raises:
        PortalError: the district has no outlines, or a file is no GeoJSON of districts, has none that is near, or
            has one that overlaps the district.
    """
    own = _own(paths[0].name, content, borough)
    plane = Plane.around([own])
    district = plane.metres(own)
    view = shapely.box(*shapely.buffer(shapely.box(*district.bounds), AROUND, join_style="mitre").bounds)
    land: dict[str, _District] = {}
    problems: list[Problem] = []
    away = 0
    for path in paths:
        try:
            found = [d for d in _districts(path, plane) if d.code != borough]
        except PortalError as error:
            problems += error.problems
            continue
        near = [replace(d, shape=part) for d in found if not (part := d.shape.intersection(view)).is_empty]
        away += len(found) - len(near)
        if not near:
            names = listed(sorted(d.name for d in found)[:3]) or content.areas[borough].name
            message = f"No district in this file is beside {content.areas[borough].name}: it has {names}."
            fix = "Leave out the file, or use that of a neighbouring district."
            problems.append(Problem(path.name, 0, "", "areas", message, fix))
        problems += _wrong(path.name, near, land, district)
        land |= {d.code: d for d in near}
    stop(problems)
    drawn = _drawn(land, district, view, plane)
    rows = [
        (d.code, d.name, number, ring, points, source, d.locator)
        for d in drawn
        for number, ring, points in boundaries.rings_as_text(d.shape)
    ]
    return pd.DataFrame(rows, columns=COLUMNS, dtype=object), tuple(_findings(drawn, away))


def _findings(drawn: Sequence[_District], away: int) -> Iterator[Finding]:
    names = listed(sorted(d.name for d in drawn))
    yield Finding("areas", f"Districts around: {names}.", {"areas": len(drawn)})
    points = int(shapely.get_num_coordinates([d.shape for d in drawn]).sum())
    yield Finding(
        "points", f"Points: {points:,} when simplified to {TOLERANCE:g} metres.", {"points": points}
    )
    if away:
        words = f"Districts further away that were left out: {away}."
        yield Finding("elsewhere", words, {"outlines": away})


def _own(file: str, content: Content, borough: str) -> Shape:
    """Return the outline of the district: its present wards, joined."""
    wards = {
        a.code
        for a in content.areas.values()
        if (a.kind, a.parent, a.valid_to) == (AreaKind.WARD, borough, None)
    }
    rows = [o for o in content.outlines if o.area in wards and o.ring == 1]
    if not rows:
        message = f"The geography package has no outlines of {content.areas[borough].name}."
        stop(
            [Problem(file, code="missing", message=message, fix="Import the boundaries of its wards first.")]
        )
    rings = [np.array(o.points.split(), dtype=float).reshape(-1, 2) for o in rows]
    return shapely.union_all([shapely.make_valid(shapely.Polygon(ring)) for ring in rings])


def _districts(path: Path, plane: Plane) -> Iterator[_District]:
    """Yield the districts of a file, with their outlines in metres."""
    rows, file = geojson.properties(path), path.name
    newest = vintages.newest([v for name in rows[0] if (v := vintages.vintage(name))], "district")
    code, name = (_heading(rows[0], newest, part) for part in ("code", "name"))
    if not code or not name:
        message = "No properties of the features hold the code and the name of a district."
        fix = "Use a file of wards or districts with properties such as LAD25CD and LAD25NM."
        stop([Problem(file, 0, "", "column", message, fix)])
    shapes, _, problems = boundaries.shapes_in_degrees(file, dict(enumerate(geojson.geometries(path), 1)))
    blank = [n for n, row in enumerate(rows, 1) if not (row.get(code) and row.get(name))]
    message, fix = "The code or name of the district is missing.", "Download the file again."
    stop([*problems, *(Problem(file, 0, f"feature {n}", "code", message, fix) for n in blank)])
    parts: dict[tuple[str, str], list[Shape]] = {}
    for number, row in enumerate(rows, 1):
        parts.setdefault((row[code], row[name]), []).append(plane.metres(shapes[number]))
    for (its_code, its_name), shape in parts.items():
        yield _District(its_code, its_name, shapely.union_all(shape), f"{file}: {code} {its_code}")


def _heading(row: Mapping[str, str], district: vintages.Vintage | None, part: str) -> str:
    wanted = district._replace(part=part) if district else None
    return next((name for name in row if wanted and vintages.vintage(name) == wanted), "")


def _wrong(
    file: str, near: Sequence[_District], before: Mapping[str, _District], own: Shape
) -> Iterator[Problem]:
    """Yield districts that another file has too, and those that cover some of the district itself."""
    for d in near:
        share = 100 * d.shape.intersection(own).area / own.area
        if d.code in before:
            yield Problem(
                file, 0, d.name, "twice", "Another file has this district too.", "Leave out one of them."
            )
        elif share > LARGEST_OVERLAP:
            message = f"This district covers {share:.0f}% of the land of the wards."
            fix = "Use outlines of the same year as those of the wards."
            yield Problem(file, 0, d.name, "overlap", message, fix)


def _drawn(land: Mapping[str, _District], own: Shape, view: Shape, plane: Plane) -> tuple[_District, ...]:
    """Return the land in degrees, simplified together, a little of it under the wards."""
    codes = sorted(land)
    flat = shapely.coverage_simplify(np.array([_polygons(land[c].shape) for c in codes]), TOLERANCE)
    wide = shapely.buffer(flat, OVERLAP, quad_segs=1)
    whole = shapely.union(flat, shapely.intersection(wide, shapely.buffer(own, OVERLAP / 2)))
    whole = shapely.simplify(shapely.intersection(whole, view), TOLERANCE / 8)
    rounded = shapely.normalize(shapely.make_valid(plane.degrees(whole, DECIMALS)))
    found = [replace(land[c], shape=_large(s, plane)) for c, s in zip(codes, rounded, strict=True)]
    return tuple(d for d in found if not d.shape.is_empty)


def _polygons(shape: Shape) -> Shape:
    """Return the polygons of a shape without the points and lines that cutting leaves."""
    return shapely.MultiPolygon([p for p in shapely.get_parts(shape) if p.geom_type == "Polygon"])


def _large(shape: Shape, plane: Plane) -> Shape:
    """Return a shape without small islands and without small holes, such as the mouth of a creek."""

    def is_large(ring: Shape) -> bool:
        return bool(plane.metres(shapely.Polygon(ring)).area >= LEAST)

    parts = (p for p in _polygons(shape).geoms if is_large(p.exterior))
    return shapely.MultiPolygon(
        [shapely.Polygon(p.exterior, [h for h in p.interiors if is_large(h)]) for p in parts]
    )
