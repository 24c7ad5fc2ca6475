"""Outlines of the districts around a district, for the background of its maps."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from portal.charts import ward_maps
from portal.core.model import Content, Outline, Surrounding
from portal.core.problems import PortalError
from portal.importers.geography import surroundings
from portal.importers.geography.boundaries import Plane
from portal.importers.geography.surroundings import AROUND
from test_import_elsewhere import AREAS, NORTH, TOWN, content

BOROUGH = (0.10, 52.20, 0.14, 52.22)  # west, south, east, north: one ward
SQUARES: Mapping[str, tuple[float, float, float, float]] = {
    "Westby": (0.05, 52.15, 0.10, 52.25),
    "Eastby": (0.14, 52.15, 0.20, 52.25),
    "Farby": (0.50, 52.15, 0.60, 52.25),
    "Overby": (0.13, 52.15, 0.20, 52.25),
}
CODES = {name: f"E0700001{n}" for n, name in enumerate(SQUARES)}


def known() -> Content:
    west, south, east, north = BOROUGH
    ring = f"{west:.5f} {south:.5f} {east:.5f} {south:.5f} {east:.5f} {north:.5f} {west:.5f} {north:.5f}"
    return replace(content(AREAS), outlines=(Outline("s", "l", NORTH, 1, 1, ring),))


def file_of(folder: Path, *names: str, **properties: object) -> Path:
    """A file of two wards for each district: its lower and its upper half."""
    features = []
    for name in names:
        west, south, east, north = SQUARES[name]
        middle = (south + north) / 2
        for low, high in ((south, middle), (middle, north)):
            its_own = {"WD25CD": "E05000001", "LAD25CD": CODES[name], "LAD25NM": name, **properties}
            shape = shapely.geometry.mapping(shapely.box(west, low, east, high))
            features.append({"type": "Feature", "properties": its_own, "geometry": shape})
    path = folder / f"{'-'.join(names)}.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def shapes(frame: pd.DataFrame) -> dict[str, shapely.Polygon]:
    points = {
        r["name"]: np.array(r["points"].split(), dtype=float).reshape(-1, 2) for _, r in frame.iterrows()
    }
    return {name: shapely.Polygon(ring) for name, ring in points.items()}


def test_the_wards_of_each_district_are_joined_and_cut_to_what_is_near(tmp_path: Path) -> None:
    files = [file_of(tmp_path, "Westby"), file_of(tmp_path, "Eastby", "Farby")]
    frame, findings = surroundings.read(files, known(), TOWN, "outlines-2025")
    assert list(frame["name"]) == ["Westby", "Eastby"]
    assert list(frame["locator"]) == [
        "Westby.geojson: LAD25CD E07000010",
        "Eastby-Farby.geojson: LAD25CD E07000011",
    ]
    assert [f.code for f in findings] == ["areas", "points", "elsewhere"]
    plane = Plane.around([shapely.box(*BOROUGH)])
    district = plane.metres(shapely.box(*BOROUGH))
    for shape in shapes(frame).values():
        flat = plane.metres(shape)
        reach = max(shapely.distance(district.envelope, shapely.points(xy)) for xy in flat.exterior.coords)
        assert reach < AROUND * 1.5  # a corner is further away than a side
        assert 0 < flat.intersection(district).area / district.area < 0.03  # a strip, so that no gap shows


@pytest.mark.parametrize(
    ("names", "properties", "code"),
    [
        (("Farby",), {}, "areas"),
        (("Overby",), {}, "overlap"),
        (("Westby",), {"LAD25NM": ""}, "code"),
        (("Westby",), {"LAD25CD": None, "LAD25NM": None}, "code"),
    ],
)
def test_a_wrong_file_is_a_problem(
    names: tuple[str, ...], properties: dict[str, object], code: str, tmp_path: Path
) -> None:
    with pytest.raises(PortalError) as error:
        surroundings.read([file_of(tmp_path, *names, **properties)], known(), TOWN, "s")
    assert {p.code for p in error.value.problems} == {code}


def test_files_without_districts_or_with_the_same_one_are_problems(tmp_path: Path) -> None:
    bare = tmp_path / "bare.geojson"
    bare.write_text(
        '{"type": "FeatureCollection", "features": [{"properties": {"WD25CD": "E05000001"}, "geometry": null}]}'
    )
    westby = file_of(tmp_path, "Westby")
    for paths, code in (([bare], "column"), ([westby, westby], "twice")):
        with pytest.raises(PortalError) as error:
            surroundings.read(paths, known(), TOWN, "s")
        assert {p.code for p in error.value.problems} == {code}
    with pytest.raises(PortalError, match=r"no outlines of Exampleton"):
        surroundings.read([westby], replace(known(), outlines=()), TOWN, "s")


def test_every_wrong_file_is_named_at_once(tmp_path: Path) -> None:
    wrong = [tmp_path / "one.geojson", tmp_path / "two.geojson"]
    for path in wrong:
        path.write_text("{}")
    with pytest.raises(PortalError) as refused:
        surroundings.read([*wrong, file_of(tmp_path, "Farby")], known(), TOWN, "s")
    assert [p.file for p in refused.value.problems] == ["one.geojson", "two.geojson", "Farby.geojson"]


def test_maps_name_the_land_around_where_there_is_space_and_never_outside_the_picture(tmp_path: Path) -> None:
    frame, _ = surroundings.read([file_of(tmp_path, "Westby", "Eastby")], known(), TOWN, "s")
    rows = [
        Surrounding(r["source"], r["locator"], r["area"], 1, 1, r["points"], r["name"])
        for _, r in frame.iterrows()
    ]
    # A ward as wide as the picture above a narrow one, with space at both sides of that.
    top = ((0.10, 52.22), (0.14, 52.22), (0.14, 52.215), (0.10, 52.215))
    foot = ((0.119, 52.215), (0.121, 52.215), (0.121, 52.20), (0.119, 52.20))
    beside = ((0.05, 52.1), (0.118, 52.1), (0.118, 52.21), (0.05, 52.21))
    links = {"E1": ("A", "a/"), "E2": ("B", "b/")}
    svg = ward_maps.draw_ward_map({"E1": (top,), "E2": (foot,)}, links, 640, around={"Westby": (beside,)})
    assert re.findall('class="map__around">.*?>(.*?)<', svg) == ["Westby"]
    numbers = [
        float(n)
        for n in svg.split('class="map__land"')[1].split('d="M')[1].split("Z")[0].replace("L", " ").split()
    ]
    assert min(numbers) >= 0
    assert max(numbers[::2]) <= 640
    # On the strip of land that is left beside a whole square no name fits.
    square = {"E1": (((0.10, 52.20), (0.14, 52.20), (0.14, 52.22), (0.10, 52.22)),)}
    plain = ward_maps.draw_ward_map(square, {"E1": ("A", "a/")}, 640, around=ward_maps.land_by_name(rows))
    assert 'class="map__land"' in plain
    assert "map__around" not in plain
    assert "map__land" not in ward_maps.draw_ward_map(square, {"E1": ("A", "a/")}, 640)
