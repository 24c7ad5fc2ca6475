"""Outlines as some programs leave them: too narrow to be rounded, with tiny islands, nested, or around another district."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
import shapely
from portal.core.model import Area
from portal.core.problems import PortalError
from portal.core.vocabulary import AreaKind
from portal.importers.geography import boundaries

Ring = Sequence[tuple[float, float]]


def ring(west: float, south: float, east: float, north: float) -> Ring:
    return [(west, south), (east, south), (east, north), (west, north), (west, south)]


WHOLE = ring(0, 0, 0.03, 0.03)
MIDDLE = ring(0.01, 0.01, 0.02, 0.02)
# Its notch ends a quarter of a metre over the lower border, on which it lies once degrees are rounded.
NARROW = [(0, 0), (0.02, 0), (0.02, 0.01), (0.0100004, 0.0000023), (0, 0.01), (0, 0)]
NOTCH = [(0.0100004, 0.0000023), (0.02, 0.01), (0, 0.01), (0.0100004, 0.0000023)]
SPECK = [(0.0310001, 0), (0.0310021, 0.0000012), (0.0310012, 0.0000021), (0.0310001, 0)]


def read(path: Path, *shapes: Sequence[Sequence[Ring]]) -> boundaries.Boundaries:
    """Read areas, each of polygons, each of rings, which are moved to England."""
    features, areas = [], {}
    for number, shape in enumerate(shapes):
        code = f"E0509900{number}"
        areas[code] = Area("", "", code, f"Ward {number}", AreaKind.WARD, "E07000099", None, None)
        moved = [[[(0.1 + x, 52.2 + y) for x, y in one] for one in polygon] for polygon in shape]
        geometry = {"type": "MultiPolygon", "coordinates": moved}
        features.append({"type": "Feature", "properties": {"WD25CD": code}, "geometry": geometry})
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return boundaries.read(path, areas)


@pytest.mark.parametrize(
    "shapes",
    [
        pytest.param(([[NARROW]], [[NOTCH]]), id="narrow"),
        pytest.param(([[WHOLE], [SPECK]],), id="speck"),
        pytest.param(([[WHOLE], [MIDDLE]], [[MIDDLE]]), id="nested"),
        pytest.param(([[WHOLE, MIDDLE]],), id="enclave"),
    ],
)  # fmt: skip
def test_outlines_stay_whole_and_share_their_borders(
    shapes: Sequence[Sequence[Sequence[Ring]]], tmp_path: Path
) -> None:
    found = read(tmp_path / "wards.geojson", *shapes)
    small = [*found.simplified.values()]
    assert shapely.is_valid(small).all()
    assert shapely.coverage_is_valid(small)
    for exact, simple in zip(found.exact.values(), small, strict=True):
        assert simple.area == pytest.approx(exact.area, rel=0.01)
    assert shapely.union_all(small).area == pytest.approx(sum(s.area for s in small), rel=1e-9)


def test_a_gap_between_areas_that_is_smaller_than_any_of_them_is_refused(tmp_path: Path) -> None:
    left = [(0, 0), (0.03, 0), (0.03, 0.012), (0.028, 0.015), (0.03, 0.018), (0.03, 0.03), (0, 0.03), (0, 0)]
    with pytest.raises(PortalError, match="between them are in no area"):
        read(tmp_path / "wards.geojson", [[left]], [[ring(0.03, 0, 0.06, 0.03)]])
