"""Outlines, postcodes and populations: what the readers make of the files, and what they say about damaged ones."""

import csv
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from portal.core.model import Area
from portal.core.problems import PortalError
from portal.core.vocabulary import AreaKind
from portal.importers.geography import boundaries, populations, postcodes
from portal.importers.geography.boundaries import Boundaries, Plane
from portal.importers.police import wards
from portal.importers.shared.published_files import Finding
from project import ROOT, SHARED

CASES = ROOT / "tests" / "importers"
UPSTREAM = SHARED / "upstream"
real = pytest.mark.skipif(not UPSTREAM.is_dir(), reason="the upstream files are not in ../shared/upstream")
LAST_OLD, FIRST_NEW = date(2022, 5, 4), date(2022, 5, 5)


def area(code: str, name: str, kind: str, parent: str = "") -> Area:
    former = kind == "ward" and code.startswith("E050000")
    start = FIRST_NEW if kind == "ward" and not former else None
    return Area("", "", code, name, AreaKind(kind), parent, start, LAST_OLD if former else None)


NORTHBOROUGH = {
    a.code: a
    for a in (
        area("E23000099", "Testshire Police", "police-force"),
        area("E09000099", "Northborough", "borough", "E23000099"),
        area("E09000098", "Southborough", "borough", "E23000099"),
        area("E05000001", "Upper", "ward", "E09000099"),
        area("E05000002", "Lower", "ward", "E09000099"),
        area("E05000101", "North", "ward", "E09000099"),
        area("E05000102", "East", "ward", "E09000099"),
        area("E05000103", "South", "ward", "E09000099"),
        area("E05000104", "West", "ward", "E09000099"),
    )
}
MEMBERS = {"E05000201": "E09000098", "E05000202": "E09000098"}


def of_boundaries(path: Path) -> str:
    only = {"E09000099"} if path.parent.name == "borough" else NORTHBOROUGH.keys()
    found = boundaries.read(path, {c: NORTHBOROUGH[c] for c in only})
    return told(found.findings, boundaries.table(found, "outlines"))


def told(findings: tuple[Finding, ...], frame: object) -> str:
    assert hasattr(frame, "to_csv")
    lines = [f"[{f.code}] {f}" for f in findings]
    return "\n".join([*lines, "", frame.to_csv(index=False, lineterminator="\n")])


READERS: dict[str, Callable[[Path], str]] = {
    "boundaries": of_boundaries,
    "postcodes": lambda path: told(*postcodes.read(path, NORTHBOROUGH, "lookup")[::-1]),
    "wards": lambda path: told(*wards.read(path, NORTHBOROUGH, "E09000099", "ward-file")[::-1]),
    "populations": lambda path: told(*populations.read(path, NORTHBOROUGH, MEMBERS, "census")[::-1]),
}


def found_in(kind: str, path: Path) -> str:
    """What a reader makes of a file, as the expected.txt of a case has it."""
    try:
        return READERS[kind](path)
    except PortalError as error:
        return "".join(f"{p}\n" for p in error.problems)


@pytest.mark.parametrize(
    "case",
    sorted(p for k in READERS for p in (CASES / k).iterdir()),
    ids=lambda p: f"{p.parent.name}-{p.name}",
)
def test_a_file_gives_what_its_case_expects(case: Path) -> None:
    path = next(p for p in case.iterdir() if p.stem == "input")
    assert found_in(case.parent.name, path) == (case / "expected.txt").read_text()


GOOD = {kind: next((CASES / kind / "good").glob("input.*")) for kind in READERS}


@pytest.mark.parametrize("kind", READERS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_a_damaged_file_gives_problems_and_never_a_traceback(
    kind: str, tmp_path: Path, data: st.DataObject
) -> None:
    whole = GOOD[kind].read_bytes()
    start = data.draw(st.integers(0, len(whole)))
    length = data.draw(st.integers(0, 40))
    instead = data.draw(st.binary(max_size=8) | st.text(max_size=8).map(str.encode))
    path = tmp_path / GOOD[kind].name
    path.write_bytes(whole[:start] + instead + whole[start + length :])
    assert found_in(kind, path).endswith("\n")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    part=st.sampled_from(["all", "features", "feature", "properties", "geometry", "coordinates"]), junk=JSON
)
def test_any_json_gives_problems_and_never_a_traceback(part: str, junk: object, tmp_path: Path) -> None:
    content = json.loads(GOOD["boundaries"].read_text())
    feature = content["features"][0]
    match part:
        case "all":
            content = junk
        case "features":
            content["features"] = junk
        case "feature":
            content["features"][0] = junk
        case "coordinates":
            feature["geometry"]["coordinates"] = junk
        case _:
            feature[part] = junk
    path = tmp_path / "input.geojson"
    path.write_text(json.dumps(content))
    with pytest.raises(PortalError):
        boundaries.read(path, NORTHBOROUGH)


def test_what_overlaps_is_told_by_share_of_the_new_area() -> None:
    new = boundaries.read(GOOD["boundaries"], NORTHBOROUGH)
    old = boundaries.read(CASES / "boundaries" / "former-wards" / "input.geojson", NORTHBOROUGH)
    shares = {(r.area, r.former): int(str(r.share)) for r in boundaries.overlaps(new, old, "s").itertuples()}
    assert shares == {
        ("E05000101", "E05000001"): 91,  # Lower has a piece of three tenths by three tenths of North
        ("E05000101", "E05000002"): 9,
        ("E05000102", "E05000001"): 100,
        ("E05000103", "E05000002"): 100,
        ("E05000104", "E05000002"): 100,
    }


# --- the real files


@pytest.fixture(scope="module")
def areas() -> dict[str, Area]:
    """The areas of this repository's own geography package."""

    def day(cell: str) -> date | None:
        return date.fromisoformat(cell) if cell else None

    table = (ROOT / "data_packages" / "geography" / "data" / "areas.csv").read_text().splitlines()
    return {
        r["code"]: Area(
            r["source"],
            r["locator"],
            r["code"],
            r["name"],
            AreaKind(r["kind"]),
            r["parent"],
            day(r["valid_from"]),
            day(r["valid_to"]),
        )
        for r in csv.DictReader(table)
    }


@pytest.fixture(scope="module")
def new(areas: dict[str, Area]) -> Boundaries:
    return boundaries.read(UPSTREAM / "boundaries" / "wards2022_lbl_simplified_wgs84.geojson", areas)


@pytest.fixture(scope="module")
def old(areas: dict[str, Area]) -> Boundaries:
    return boundaries.read(UPSTREAM / "boundaries" / "wards2018_lewisham_simplified3m_wgs84.geojson", areas)


def figures(findings: tuple[Finding, ...], code: str) -> dict[str, object]:
    return dict(next(f.figures for f in findings if f.code == code))


@real
def test_the_present_wards(new: Boundaries) -> None:
    assert list(new.simplified) == [f"E050{n}" for n in range(13714, 13733)]
    assert new.key == "id"
    # The council has simplified them already, more than we would.
    assert figures(new.findings, "points") == {"before": 401, "after": 401}
    assert figures(new.findings, "change")["percent"] == -0.04  # by rounding to five decimals
    assert {f.code for f in new.findings} == {"areas", "points", "change"}


@real
def test_the_former_wards(old: Boundaries) -> None:
    assert list(old.simplified) == [f"E05000{n}" for n in range(437, 455)]
    assert old.key == "GSS_CODE"
    # Each ward was simplified by itself, so that neighbours cross each other; that is mended.
    assert figures(old.findings, "mended") == {"slivers": 76, "square_metres": 9130, "largest": 1284}
    assert figures(old.findings, "points") == {"before": 1502, "after": 1219}
    assert abs(float(str(figures(old.findings, "change")["percent"]))) <= 0.1


@real
@pytest.mark.parametrize("tolerance", [5.0, 15.0, 60.0, 150.0])
def test_neighbours_share_their_borders_however_much_is_simplified(
    tolerance: float, areas: dict[str, Area]
) -> None:
    path = UPSTREAM / "boundaries" / "wards2018_lewisham_simplified3m_wgs84.geojson"
    found = boundaries.read(path, areas, tolerance)
    shapes = list(found.simplified.values())
    whole = shapely.union_all(shapes)
    assert shapely.coverage_is_valid(shapes)
    assert shapely.is_valid(shapes).all()
    assert len(shapely.get_parts(whole)) == 1
    assert not whole.interiors
    assert whole.area == pytest.approx(sum(s.area for s in shapes))


@real
def test_simplifying_more_leaves_fewer_points(areas: dict[str, Area]) -> None:
    path = UPSTREAM / "boundaries" / "wards2018_lewisham_simplified3m_wgs84.geojson"
    after = [
        figures(boundaries.read(path, areas, t).findings, "points")["after"] for t in (5.0, 15.0, 60.0, 150.0)
    ]
    assert after == sorted(after, key=lambda n: -int(str(n)))
    assert int(str(after[-1])) < 350


@real
def test_areas_in_metres_are_those_that_the_file_states(old: Boundaries) -> None:
    path = UPSTREAM / "boundaries" / "wards2018_lewisham_simplified3m_wgs84.geojson"
    stated = {
        f["properties"]["GSS_CODE"]: f["properties"]["HECTARES"]
        for f in json.loads(path.read_text())["features"]
    }
    plane = Plane.around(old.exact.values())
    for code, shape in old.exact.items():
        assert plane.metres(shape).area / 10_000 == pytest.approx(stated[code], rel=0.003)


PLACES = {
    "Horniman Museum": (51.4411, -0.0608, "Forest Hill"),
    "Deptford station": (51.4788, -0.0262, "Deptford"),
    "All Saints' Church, Blackheath": (51.4689, 0.0085, "Blackheath"),
    "Town Hall, Catford": (51.4452, -0.0207, "Rushey Green"),
    "Manor House Gardens": (51.4566, 0.0045, "Lee Green"),
    "Pepys Park": (51.4875, -0.0364, "Evelyn"),
    "Telegraph Hill Park": (51.4690, -0.0460, "Telegraph Hill"),
    "Ladywell Fields": (51.4530, -0.0205, "Ladywell"),
}


@real
@pytest.mark.parametrize("place", PLACES)
def test_a_known_place_is_in_its_ward(place: str, new: Boundaries, areas: dict[str, Area]) -> None:
    north, east, ward = PLACES[place]
    for shapes in (new.exact, new.simplified):
        assert [areas[c].name for c, s in shapes.items() if s.covers(shapely.Point(east, north))] == [ward]


@real
def test_the_table_gives_the_outlines_back(old: Boundaries) -> None:
    frame = boundaries.table(old, "former")
    assert list(frame.columns) == ["area", "polygon", "ring", "points", "source", "locator"]
    assert frame["points"].str.fullmatch(r"-?\d+\.\d{5}( -?\d+\.\d{5}){5,}").all()
    assert not frame["points"].str.contains("-0.00000").any()
    for row in frame.itertuples():
        numbers = np.array(str(row.points).split(), dtype=float).reshape(-1, 2)
        assert tuple(numbers[0]) != tuple(numbers[-1])
        assert shapely.Polygon(numbers).equals(old.simplified[str(row.area)])


@real
def test_former_wards_that_a_ward_is_made_of(
    new: Boundaries, old: Boundaries, areas: dict[str, Area]
) -> None:
    frame = boundaries.overlaps(new, old, "outlines")
    found: dict[str, dict[str, int]] = {}
    for row in frame.itertuples():
        found.setdefault(areas[str(row.area)].name, {})[areas[str(row.former)].name] = int(str(row.share))
    assert found["Hither Green"] == {"Whitefoot": 42, "Lewisham Central": 33, "Catford South": 23}
    assert found["Deptford"] == {"New Cross": 66, "Evelyn": 25, "Brockley": 8}
    assert found["Forest Hill"] == {"Forest Hill": 98}
    assert all(95 <= sum(shares.values()) <= 101 for shares in found.values())
    assert set(found) == {areas[c].name for c in new.exact}


@real
def test_the_outline_of_the_borough_is_not_taken_for_one_of_its_wards(areas: dict[str, Area]) -> None:
    path = UPSTREAM / "boundaries" / "lewisham_outline_wgs84.geojson"  # names a ward too
    found = boundaries.read(path, {"E09000023": areas["E09000023"]})
    assert found.key == "LAD22CD"
    assert figures(found.findings, "points") == {"before": 2427, "after": 464}
    with pytest.raises(PortalError, match="There is no outline of Blackheath"):
        boundaries.read(path, {c: a for c, a in areas.items() if a.kind == "ward"})


LOOKUP = UPSTREAM / "lookups" / "lbl_postcode_oa11_lsoa11_msoa11_wd22.csv"


@real
def test_postcodes_in_use(areas: dict[str, Area]) -> None:
    frame, findings = postcodes.read(LOOKUP, areas, "lookup")
    assert figures(findings, "postcodes") == {"postcodes": 4969, "wards": 19, "least": 124, "most": 374}
    assert figures(findings, "ended") == {"postcodes": 3450}
    assert frame["postcode"].str.fullmatch(r"[A-Z]{1,2}[0-9][0-9A-Z]? [0-9][A-Z]{2}").all()
    assert frame["postcode"].is_unique
    assert set(frame["source"]) == {"lookup"}
    ward = frame.set_index("postcode")["area"]
    assert areas[ward["SE6 4RU"]].name == "Rushey Green"  # the council's offices


@real
def test_postcodes_agree_with_the_lookup_of_small_areas(areas: dict[str, Area]) -> None:
    """A postcode has the ward of its output area; whole lower-layer areas were fitted to one ward, so 4.5% differ."""
    frame, _ = postcodes.read(LOOKUP, areas)
    rows = csv.DictReader((UPSTREAM / "lookups" / "lbl_lsoa11_wd22_proposed.csv").read_text().splitlines())
    of_small = {r["LSOA11CD"]: r["WD22CD_proposed"] for r in rows}
    small = {r["PostcodeNatural"]: r["LSOA11CD"] for r in csv.DictReader(LOOKUP.read_text().splitlines())}
    same = sum(of_small[small[p]] == ward for p, ward in zip(frame["postcode"], frame["area"], strict=True))
    assert (same, len(frame)) == (4745, 4969)


CENSUS = UPSTREAM / "population" / "census2021_ward_population.csv"
# As they were typed from the same table before there was an importer.
TYPED = (11661, 16429, 17498, 17258, 15427, 17002, 18360, 14435, 15173, 15733, 20148, 15576, 15016, 8199, 11077,
         18657, 19019, 16975, 16915)  # fmt: skip


@real
def test_populations_are_those_that_were_typed(areas: dict[str, Area]) -> None:
    boroughs = {a.name: a.code for a in areas.values() if a.kind == "borough"}
    wards = (UPSTREAM / "mps_ward" / "ward24_202402-202601.csv").read_text().splitlines()
    members = {
        r["WardCode"]: boroughs[r["LookUp_BoroughName"]]
        for r in csv.DictReader(wards)
        if r["LookUp_BoroughName"] in boroughs
    }
    frame, findings = populations.read(CENSUS, areas, members, "census-2021")
    people = {r.area: int(str(r.population)) for r in frame.itertuples()}
    assert tuple(people[f"E050{n}"] for n in range(13714, 13733)) == TYPED
    assert people["E09000023"] == sum(TYPED) == 300_558
    forces = [a.code for a in areas.values() if a.kind == "police-force"]
    assert [people[c] for c in forces] == [8_799_716 - 8_583] * len(forces)  # without the City of London
    assert set(people) == {a.code for a in areas.values() if a.kind in ("ward", "borough", "police-force") and not a.valid_to}  # fmt: skip
    assert set(frame["basis"]) == {"Census, usual residents on 21 March 2021"}
    assert set(frame["year"]) == {"2021"}
    assert figures(findings, "apart") == {"areas": 1, "residents": 8_583}


@real
def test_boroughs_whose_wards_are_not_known_are_left_out_and_told(areas: dict[str, Area]) -> None:
    frame, findings = populations.read(CENSUS, areas)
    others = [a.code for a in areas.values() if a.kind == "borough" and a.code != "E09000023"]
    assert not set(others) & set(frame["area"])
    assert [f.figures for f in findings if f.code == "unknown-wards"] == [{"boroughs": len(others)}] * bool(
        others
    )
