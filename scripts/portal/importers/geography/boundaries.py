"""Read the outlines of wards or boroughs and simplify them together, so that neighbours keep one border."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely

from portal.core.model import Area
from portal.core.problems import Problem
from portal.core.text import listed
from portal.importers.geography import geojson
from portal.importers.geography.geojson import name_of
from portal.importers.shared import published_files
from portal.importers.shared.published_files import Finding

Shape = Any  # a shapely Polygon or MultiPolygon; in degrees unless it says metres
UK = (-9.0, 49.5, 2.5, 61.0)  # west, south, east, north
GRID = (700_000, 1_300_000)  # metres east and north that the British National Grid has
TOLERANCE = 15.0  # metres
DECIMALS = 5  # of a published degree: about a metre
LARGEST_SLIVER = 2_500  # square metres: repair overlaps and gaps up to this; report larger ones
SMALLEST_SHARE = 2  # per cent: smaller overlaps come from how outlines are drawn


@dataclass(frozen=True)
class Boundaries:
    """Outlines by GSS code, in degrees (WGS 84): `exact` as in the file, repaired; `simplified` for small maps.

    `key` is the property that held the codes.
    """

    key: str
    exact: Mapping[str, Shape]
    simplified: Mapping[str, Shape]
    findings: tuple[Finding, ...]


def read(
    paths: Path | Sequence[Path], areas: Mapping[str, Area], tolerance_metres: float = TOLERANCE
) -> Boundaries:
    """Read the outlines of all areas of one kind, district and time, such as the present wards of a borough.

    They are in one GeoJSON file or in several, in degrees (WGS 84) or metres of the British National Grid.

    The tolerance is that of Visvalingam and Whyatt (1993): remove a corner if its triangle is smaller than the
    tolerance squared. Raises `PortalError`: not GeoJSON; unknown, repeated or missing codes; outlines that are
    in neither or not valid; gaps and overlaps larger than `LARGEST_SLIVER`.
    """
    drawn, exact = _as_published(paths, areas)
    small = simplified(exact.file, exact.shapes, areas, tolerance_metres)
    findings = (*_findings(drawn, small, areas, tolerance_metres), *exact.findings)
    return Boundaries(exact.key, exact.shapes, small, findings)


@dataclass(frozen=True)
class ExactOutlines:
    """Outlines by GSS code in degrees, repaired but not simplified; `file` names their files, `key` the property with the codes."""

    file: str
    key: str
    shapes: Mapping[str, Shape]
    findings: tuple[Finding, ...]


def read_exact(paths: Path | Sequence[Path], areas: Mapping[str, Area]) -> ExactOutlines:
    """Read the outlines of all areas of one kind without simplifying them.

    Raises:
        PortalError: as `read` does.
    """
    return _as_published(paths, areas)[1]


def _as_published(
    paths: Path | Sequence[Path], areas: Mapping[str, Area]
) -> tuple[Mapping[str, Shape], ExactOutlines]:
    """Return the outlines by code as they are drawn in the files, and the same repaired."""
    files = (paths,) if isinstance(paths, Path) else tuple(paths)
    file = geojson.name_of_files(files)
    features = geojson.read(files, areas)
    shapes, in_metres, problems = shapes_in_degrees(file, {f.number: f.geometry for f in features.features})
    published_files.stop((*features.problems, *problems))
    drawn = {f.code: shapes[f.number] for f in sorted(features.features, key=lambda f: f.code)}
    exact, findings = _repaired(file, drawn, areas)
    if features.elsewhere:
        words = f"Outlines of other districts that were left out: {features.elsewhere}."
        findings = (Finding("elsewhere", words, {"outlines": features.elsewhere}), *findings)
    if in_metres:
        words = "The coordinates are metres of the British National Grid. They were converted to degrees, to within 5 metres."
        findings = (Finding("national-grid", words, {"outlines": in_metres}), *findings)
    return drawn, ExactOutlines(file, features.key, exact, findings)


def table(outlines: Boundaries, source: str) -> pd.DataFrame:
    """Return the resource `boundaries`: a row for each ring of the simplified outlines; `source` is the id of a dataset."""
    rows = [
        (code, number, ring, points, source, f"{outlines.key} {code}")
        for code, shape in outlines.simplified.items()
        for number, ring, points in rings_as_text(shape)
    ]
    return pd.DataFrame(
        rows, columns=["area", "polygon", "ring", "points", "source", "locator"], dtype=object
    )


def rings_as_text(shape: Shape) -> Iterator[tuple[str, str, str]]:
    """Yield each ring of a shape in degrees: the number of its polygon, the largest first, its own, and its points."""
    for number, polygon in enumerate(sorted(shapely.get_parts(shape), key=lambda p: -p.area), 1):
        for ring, line in enumerate((polygon.exterior, *polygon.interiors), 1):
            points = " ".join(f"{v:.{DECIMALS}f}" for xy in line.coords[:-1] for v in xy)
            yield str(number), str(ring), points


def shapes_in_degrees(
    file: str, geometries: Mapping[int, Any]
) -> tuple[Mapping[int, Shape], int, tuple[Problem, ...]]:
    """Return the shapes of GeoJSON geometries in degrees by number, how many were in metres, and what is wrong with them."""
    shapes = {number: _shape(geometry) for number, geometry in geometries.items()}
    in_metres = [number for number, shape in shapes.items() if _is_national_grid(shape)]
    shapes |= {number: _degrees(shapes[number]) for number in in_metres}
    return shapes, len(in_metres), tuple(_outline_problems(file, shapes))


def overlaps(new: Boundaries, old: Boundaries, source: str = "") -> pd.DataFrame:
    """Return the resource `overlaps`: what percentage of each new area was in each former one, if it is 2 or more."""
    plane = Plane.around([*new.exact.values(), *old.exact.values()])
    before = {code: plane.metres(shape) for code, shape in old.exact.items()}
    rows = []
    for code, shape in new.exact.items():
        now = plane.metres(shape)
        for former, then in before.items():
            share = round(100 * now.intersection(then).area / now.area)
            if share >= SMALLEST_SHARE:
                rows.append((code, former, str(share), source, "Worked out from the outlines of both"))
    return pd.DataFrame(rows, columns=["area", "former", "share", "source", "locator"], dtype=object)


@dataclass(frozen=True)
class Plane:
    """An equirectangular plane of the WGS 84 ellipsoid, exact at one latitude: good enough for tens of kilometres."""

    across: float  # metres in a degree of longitude
    up: float  # metres in a degree of latitude

    @classmethod
    def around(cls, shapes: Iterable[Shape]) -> "Plane":
        """Return the plane at the middle latitude of some shapes."""
        bounds = shapely.total_bounds(list(shapes))
        middle = math.radians((bounds[1] + bounds[3]) / 2)
        radius, eccentricity = 6378137, 0.00669438  # of the equator in metres; squared
        flattened = 1 - eccentricity * math.sin(middle) ** 2
        normal = radius / math.sqrt(flattened)
        up = normal * (1 - eccentricity) / flattened
        return cls(math.radians(normal * math.cos(middle)), math.radians(up))

    def metres(self, shape: Shape) -> Shape:
        """Convert a shape or an array of them from degrees."""
        return shapely.transform(shape, lambda xy: xy * (self.across, self.up))

    def degrees(self, shape: Shape, decimals: int) -> Shape:
        """Convert a shape or an array of them to degrees with `decimals` decimals."""
        # Adding zero turns a rounded -0.0 into 0.0.
        return shapely.transform(shape, lambda xy: np.round(xy / (self.across, self.up), decimals) + 0.0)


def _shape(geometry: Any) -> Shape:
    """Return the polygon or polygons of a GeoJSON geometry; None if it is something else."""
    try:
        parts = geometry["coordinates"]
        if geometry["type"] not in ("Polygon", "MultiPolygon"):
            return None
        several = [parts] if geometry["type"] == "Polygon" else parts
        rings = [[[(0.0 + p[0], 0.0 + p[1]) for p in ring] for ring in part] for part in several]
        polygons = [shapely.Polygon(first, holes) for first, *holes in rings]
    except (TypeError, ValueError, LookupError, OverflowError, shapely.errors.ShapelyError):
        return None
    shape = polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)
    if shape.is_empty or not np.isfinite(shapely.get_coordinates(shape)).all():
        return None
    return _with_holes(shape)


def _with_holes(shape: Shape) -> Shape:
    """Return a shape in which a polygon inside another is a hole of it, and rings that touch themselves are two.

    Programs that simplify or convert outlines leave such shapes behind; what they enclose is clear.
    """
    if shapely.is_valid_reason(shape).startswith(("Nested shells", "Ring Self-intersection")):
        return shapely.make_valid(shape, method="linework")
    return shape


def _is_national_grid(shape: Shape) -> bool:
    """Return True if a shape lies on the British National Grid: metres east and north, in Great Britain."""
    if shape is None:
        return False
    west, south, east, north = shape.bounds
    return bool(west >= 0 and south >= 0 and 180 < east < GRID[0] and 180 < north < GRID[1])


def _degrees(shape: Shape) -> Shape:
    """Convert a shape from the British National Grid to degrees (WGS 84)."""
    from pyproj import Transformer  # noqa: PLC0415 - most files are in degrees

    grid = Transformer.from_crs("EPSG:27700", "EPSG:4326", always_xy=True)
    return shapely.transform(shape, lambda xy: np.column_stack(grid.transform(xy[:, 0], xy[:, 1])))


def _outline_problems(file: str, shapes: Mapping[int, Shape]) -> Iterator[Problem]:
    """Yield what is wrong with the outlines; report a fault that several share once."""
    faults = {number: _fault(shape) for number, shape in shapes.items()}
    for fault in dict.fromkeys(f for f in faults.values() if f):
        first, *others = [number for number, f in faults.items() if f == fault]
        also = f" and {len(others)} more" if others else ""
        yield Problem(file, 0, f"feature {first}{also}", "outline", *fault)


def _fault(shape: Shape) -> tuple[str, str] | None:
    if shape is None:
        return (
            "The geometry is not a polygon of numbers.",
            "Download the file again, as GeoJSON with polygons.",
        )
    west, south, east, north = shape.bounds
    degrees = "Download the file with longitude and latitude in degrees (WGS 84, EPSG:4326)."
    if max(map(abs, shape.bounds)) > 180:
        return "The coordinates are not degrees and not metres of the British National Grid.", degrees
    if west >= UK[1] and UK[0] <= south and north <= UK[2]:
        return "Latitude comes before longitude.", degrees
    if west < UK[0] or south < UK[1] or east > UK[2] or north > UK[3]:
        return "The outline is not in the United Kingdom.", degrees
    if not shape.is_valid:
        return f"The outline is not valid: {shapely.is_valid_reason(shape)}.", "Download the file again."
    return None


def _repaired(
    file: str, drawn: Mapping[str, Shape], areas: Mapping[str, Area]
) -> tuple[Mapping[str, Shape], tuple[Finding, ...]]:
    """Return the outlines without the small overlaps and gaps that come from simplifying each on its own."""
    plane = Plane.around(drawn.values())
    flat = plane.metres(np.array(list(drawn.values())))
    smallest = float(shapely.area(flat).min())
    # A gap as large as an area is another district inside this one; one inside a single area is a hole of its outline.
    slivers = [s for s in _slivers(list(drawn), flat) if s[0] != "gap" or (s[2] < smallest and len(s[3]) > 1)]
    fix = "Use a file whose neighbours share their borders."
    published_files.stop(
        Problem(
            file,
            0,
            listed([name_of(c, areas) for c in who]),
            kind,
            f"{size:,.0f} square metres {what}.",
            fix,
        )
        for kind, what, size, who in slivers
        if size > LARGEST_SLIVER
    )
    if not slivers and shapely.coverage_is_valid(flat):
        return drawn, ()
    widest = 2 * math.sqrt(LARGEST_SLIVER / math.pi)  # no gap that is small enough can be wider
    flat = shapely.coverage_clean(flat, gap_width=widest)
    sizes = [size for *_, size, _ in slivers] or [0.0]
    words = (
        f"Small overlaps and gaps between neighbours that were repaired: {len(slivers)}, {sum(sizes):,.0f} square "
        f"metres in all, the largest {max(sizes):,.0f}."
    )
    figures = {"slivers": len(slivers), "square_metres": round(sum(sizes)), "largest": round(max(sizes))}
    exact = dict(zip(drawn, plane.degrees(flat, DECIMALS + 2), strict=True))
    return exact, (Finding("mended", words, figures),)


def _slivers(codes: list[str], flat: Any) -> Iterator[tuple[str, str, float, list[str]]]:
    """Yield each overlap and gap of over half a square metre: its kind, in words, its size, and the areas around it."""
    for i, j in shapely.STRtree(flat).query(flat, predicate="intersects").T:
        shared = flat[i].intersection(flat[j]).area if i < j else 0.0
        if shared > 0.5:
            yield "overlap", "are in both", shared, [codes[i], codes[j]]
    for part in shapely.get_parts(shapely.union_all(flat)):
        for gap in map(shapely.Polygon, part.interiors):
            if gap.area > 0.5:
                around = [c for c, s in zip(codes, flat, strict=True) if s.distance(gap) < 0.01]
                yield "gap", "between them are in no area", gap.area, around


def simplified(
    file: str, exact: Mapping[str, Shape], areas: Mapping[str, Area], tolerance: float = TOLERANCE
) -> Mapping[str, Shape]:
    """Return outlines that touch each other in degrees, simplified together.

    Raises:
        PortalError: an outline is no longer valid.
    """
    plane = Plane.around(exact.values())
    small = shapely.coverage_simplify(plane.metres(np.array(list(exact.values()))), tolerance)
    small = shapely.normalize(_rounded(small, plane))
    fix = "Use a more detailed file of the outlines."
    fallen = [c for c, s in zip(exact, small, strict=True) if s.is_empty or not s.is_valid]
    if not shapely.coverage_is_valid(small) and not fallen:
        fallen = list(exact)[:1]
    message = f"At a tolerance of {tolerance:g} metres the outline is no longer valid."
    published_files.stop(Problem(file, 0, name_of(c, areas), "tolerance", message, fix) for c in fallen)
    return dict(zip(exact, small, strict=True))


def _rounded(flat: Any, plane: Plane) -> Any:
    """Return outlines in metres that touch each other as outlines in degrees with the published number of decimals.

    Rounding moves corners by up to a metre. Where an outline is narrower than that, it would cross itself: it is cut
    there, and an island that is smaller than that is left out. Neighbours keep one border.
    """
    rounded = plane.degrees(flat, DECIMALS)
    if shapely.is_valid(rounded).all():
        tidy = shapely.remove_repeated_points(rounded)
        if shapely.coverage_is_valid(tidy):
            return tidy
    exact = plane.degrees(flat, DECIMALS + 2)
    borders = shapely.union_all(shapely.boundary(exact), grid_size=10**-DECIMALS)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(borders)))
    tree = shapely.STRtree(exact)
    inside, of = tree.query(shapely.point_on_surface(faces), predicate="within")
    return np.array([shapely.union_all(faces[inside[of == n]]) for n in range(len(exact))])


def _findings(
    drawn: Mapping[str, Shape], small: Mapping[str, Shape], areas: Mapping[str, Area], tolerance: float
) -> tuple[Finding, ...]:
    """Return how many outlines there are, of how many points, and how simplifying changed their areas."""
    before, after = (int(shapely.get_num_coordinates(list(s.values())).sum()) for s in (drawn, small))
    changes = {code: 100 * (small[code].area / shape.area - 1) for code, shape in drawn.items()}
    most = max(changes, key=lambda code: abs(changes[code]))
    largest = round(changes[most], 2) + 0.0
    return (
        Finding("areas", f"Areas, each once: {len(drawn)}.", {"areas": len(drawn)}),
        Finding(
            "points",
            f"Points: {before:,} in the file, {after:,} when simplified to {tolerance:g} metres.",
            {"before": before, "after": after},
        ),
        Finding(
            "change",
            f"The greatest change to the size of an area is {largest:+.2f}%: {name_of(most, areas)}.",
            {"area": most, "percent": largest},
        ),
    )
