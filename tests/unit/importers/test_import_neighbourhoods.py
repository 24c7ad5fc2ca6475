"""Wards divided into neighbourhoods, and crime counted in them."""

import csv
import io
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import shapely
from portal.core.model import Content, Observation
from portal.core.places import Lsoa, NeighbourhoodLsoa
from portal.core.problems import PortalError
from portal.core.settings import Settings
from portal.core.vocabulary import AreaKind
from portal.data import packages
from portal.disclosure.clearing import ClearedContent
from portal.disclosure.neighbourhoods import FormerPart
from portal.importers import importing, recognition
from portal.importers.geography import neighbourhoods
from portal.importers.geography.neighbourhoods import Division
from portal.importers.police import street_crime
from project import ROOT
from test_import_elsewhere import AREAS, ASB, MORE, NORTH, SOUTH, TOWN, area, content, real, street, total

SIDE = 0.006  # degrees
# Eight LSOAs on a grid: their name, ward, column and row from the south-west, and residents.
PLACES: Mapping[str, tuple[str, str, int, int, int]] = {
    "E01000001": ("Exampleton 001A", NORTH, 0, 2, 3_000),
    "E01000002": ("Exampleton 001B", NORTH, 0, 1, 3_000),
    "E01000003": ("Exampleton 002A", NORTH, 1, 2, 2_900),
    "E01000004": ("Exampleton 002B", NORTH, 1, 1, 2_200),
    "E01000005": ("Exampleton 003A", NORTH, 2, 1, 1_000),
    "E01000006": ("Exampleton 004A", SOUTH, 0, 0, 2_000),
    "E01000007": ("Exampleton 004B", SOUTH, 1, 0, 2_500),
    "E01000008": ("Exampleton 005A", SOUTH, 2, 0, 1_500),
}


def known() -> Content:
    lsoas = tuple(Lsoa("s", "l", code, 2021, p[0], p[1]) for code, p in PLACES.items())
    return content(AREAS, lsoas)


def outlines(path: Path, places: Sequence[str] = (*PLACES,)) -> Path:
    features = []
    for code in places:
        _, _, across, up, _ = PLACES[code]
        x, y = 0.1 + across * SIDE, 52.2 + up * SIDE
        ring = [[x, y], [x + SIDE, y], [x + SIDE, y + SIDE], [x, y + SIDE], [x, y]]
        properties = {"LSOA21CD": code, "LSOA21NM": PLACES[code][0]}
        features.append(
            {
                "type": "Feature",
                "properties": properties,
                "geometry": {"type": "Polygon", "coordinates": [ring]},
            }
        )
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def residents(path: Path, places: Sequence[str] = (*PLACES,)) -> Path:
    rows = "".join(f"{code},{PLACES[code][4]}\n" for code in places)
    path.write_text(f"LSOA21CD,All usual residents\n{rows}")
    return path


def read(
    folder: Path, smallest: int = 5_000, on: Content | None = None, former: tuple[FormerPart, ...] = ()
) -> Mapping[str, Sequence[Mapping[str, str]]]:
    files = [outlines(folder / "lsoas.geojson"), residents(folder / "residents.csv")]
    tables, _ = neighbourhoods.read(files, on or known(), TOWN, "source", Division(smallest, former))
    return {
        name: [{str(k): str(v) for k, v in r.items()} for r in t.to_dict("records")]
        for name, t in tables.items()
    }


def made(tables: Mapping[str, Sequence[Mapping[str, str]]]) -> dict[str, set[str]]:
    """The LSOAs of each neighbourhood by its name."""
    names = {r["code"]: r["name"] for r in tables["areas"] if r["kind"] == "neighbourhood"}
    return {n: {r["lsoa"] for r in tables["neighbourhoods"] if r["area"] == c} for c, n in names.items()}


def test_a_ward_is_divided_by_the_areas_of_the_census_where_each_part_is_large_enough(tmp_path: Path) -> None:
    tables = read(tmp_path)
    assert made(tables) == {
        "North, west": {"E01000001", "E01000002"},
        "North, east": {"E01000003", "E01000004", "E01000005"},
        "South, whole ward": {"E01000006", "E01000007", "E01000008"},
    }
    people = {r["area"]: int(r["population"]) for r in tables["populations"]}
    codes = {r["name"]: (r["code"], r["parent"]) for r in tables["areas"]}
    assert people[codes["North, west"][0]] == 6_000
    assert people[codes["North, east"][0]] == 6_100
    assert codes["South, whole ward"][1] == SOUTH
    assert {r["code"] for r in tables["areas"] if r["kind"] != "neighbourhood"} == AREAS.keys()


def test_with_a_higher_limit_no_ward_is_divided_and_there_are_no_neighbourhoods(tmp_path: Path) -> None:
    files = [outlines(tmp_path / "lsoas.geojson"), residents(tmp_path / "residents.csv")]
    tables, findings = neighbourhoods.read(files, known(), TOWN, "source", Division(6_200))
    assert len(tables["neighbourhoods"]) == len(tables["boundaries"]) == 0
    assert "No ward of Exampleton has two parts of 6,200 residents" in findings[0].message


def test_the_outlines_are_those_of_the_lsoas_without_overlap_or_gap(tmp_path: Path) -> None:
    tables = read(tmp_path)
    shapes = [
        shapely.Polygon([*zip(*[iter(map(float, r["points"].split()))] * 2, strict=True)])
        for r in tables["boundaries"]
    ]
    whole = shapely.union_all(shapes)
    assert whole.area == pytest.approx(sum(s.area for s in shapes), rel=1e-4)
    assert whole.area == pytest.approx(8 * SIDE**2, rel=1e-3)


def with_tables(
    on: Content, tables: Mapping[str, Sequence[Mapping[str, str]]], *figures: Observation
) -> Content:
    areas = {r["code"]: area(r["code"], r["name"], r["kind"], r["parent"]) for r in tables["areas"]}
    parts = tuple(NeighbourhoodLsoa("s", "l", r["lsoa"], r["area"]) for r in tables["neighbourhoods"])
    return replace(on, areas=areas, neighbourhoods=parts, observations={"asb": figures})


def test_reports_count_for_the_neighbourhood_of_their_lsoa_from_the_census_of_2021_on(tmp_path: Path) -> None:
    tables = read(tmp_path)
    on = with_tables(known(), tables)
    lsoas = ("E01000001", "E01000002", "E01000003", "E01000006")
    files = [
        street(tmp_path / f"{month}-x-street.csv", *((month, code, *ASB) for code in lsoas))
        for month in ("2024-01", "2024-02")
    ]
    counts = street_crime.counts(files, on, TOWN)
    codes = {a.name: a.code for a in on.areas.values() if a.kind == AreaKind.NEIGHBOURHOOD}
    assert {name: total(counts, "anti-social-behaviour", code) for name, code in codes.items()} == {
        "North, west": 4,
        "North, east": 2,
        "South, whole ward": 2,
    }
    assert total(counts, "anti-social-behaviour", NORTH) == 6
    # All crime has protected kinds in it, so it is counted in no neighbourhood.
    assert not set(counts.frame["area"][counts.frame["series"] == "all-crime"]) & set(codes.values())


def codes(tables: Mapping[str, Sequence[Mapping[str, str]]]) -> dict[str, set[str]]:
    """The LSOAs of each neighbourhood by its code."""
    found: dict[str, set[str]] = {}
    for row in tables["neighbourhoods"]:
        found.setdefault(row["area"], set()).add(row["lsoa"])
    return found


def test_a_code_is_never_given_to_other_lsoas(tmp_path: Path) -> None:
    """Else a figure of another area would be a revision of the old one, and a withdrawn one could not come back."""
    before = read(tmp_path)
    old = codes(before)
    known_before = with_tables(known(), before)
    assert codes(read(tmp_path, on=known_before)) == old
    # One part had an LSOA less before, and this is published: the other keeps its code, and it gets a code that is free.
    east = next(code for code, lsoas in old.items() if "E01000005" in lsoas)
    less = tuple(r for r in known_before.neighbourhoods if r.lsoa != "E01000005")
    new = codes(read(tmp_path, on=replace(known_before, neighbourhoods=less)))
    assert east not in new
    assert sorted(map(sorted, new.values())) == sorted(map(sorted, old.values()))
    assert len(new.keys() & old.keys()) == len(old) - 1
    # The same if only an earlier release had it. The code of a part that was the same one comes back.
    (fresh,) = new.keys() - old.keys()
    published = [(east, old[east] - {"E01000005"}), (fresh, old[east])]
    former = tuple(FormerPart("asb", code, "", frozenset(e), None, None) for code, e in published)
    assert codes(read(tmp_path, former=former)) == new


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (("outlines",), "No table says how many people live in Exampleton 001A"),
        (("residents",), "no file with the outlines"),
        (("outlines", "few residents"), "No table says how many people live in Exampleton 005A"),
        (("few outlines", "residents"), "There is no outline of Exampleton 005A"),
    ],
)
def test_a_file_that_is_missing_or_not_whole_is_a_problem(
    files: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    few = (*PLACES,)[:-1]
    given = {
        "outlines": outlines(tmp_path / "a.geojson"), "few outlines": outlines(tmp_path / "b.geojson", few),
        "residents": residents(tmp_path / "a.csv"), "few residents": residents(tmp_path / "b.csv", few),
    }  # fmt: skip
    with pytest.raises(PortalError, match=words):
        neighbourhoods.read([given[f] for f in files], known(), TOWN, "source", Division(5_000))


def test_lsoas_of_no_known_ward_are_a_problem(tmp_path: Path) -> None:
    files = [outlines(tmp_path / "a.geojson"), residents(tmp_path / "a.csv")]
    with pytest.raises(PortalError, match="does not say which ward"):
        neighbourhoods.read(files, content(AREAS, ()), TOWN, "source", Division(5_000))
    assert recognition.recognise(files[0]).format == "neighbourhoods"


@real
def test_lewisham_is_divided_without_remainder_and_no_part_is_small() -> None:
    """Residents are added up here from the file of the Census, and wards from the lookup, by other means."""
    path = MORE / "lookups" / "lsoa21_wd25_lad25_bestfit_v2_6lads.csv"
    with path.open(encoding="utf-8-sig", newline="") as lines:
        rows = [r for r in csv.DictReader(lines) if r["LAD25CD"] == "E09000023"]
    ward_of = {r["LSOA21CD"]: r["WD25CD"] for r in rows}
    borough = {"E09000023": area("E09000023", "Lewisham", "borough")}
    wards = {r["WD25CD"]: area(r["WD25CD"], r["WD25NM"], "ward", "E09000023") for r in rows}
    lsoas = tuple(Lsoa("s", "l", r["LSOA21CD"], 2021, r["LSOA21NM"], r["WD25CD"]) for r in rows)
    table = MORE / "population" / "census2021_TS021_lsoa_nomis_lewisham.csv"
    tables, _ = neighbourhoods.read(
        [MORE / "boundaries" / "lsoa21_lewisham_wgs84.geojson", table], content(borough | wards, lsoas), "E09000023", "s", Division(5_000)
    )  # fmt: skip
    with table.open(encoding="utf-8-sig", newline="") as lines:
        people = {r[0][:9]: int(r[1]) for r in csv.reader(lines) if r and r[0].startswith("E01")}
    parts: dict[str, set[str]] = {}
    for r in tables["neighbourhoods"].to_dict("records"):
        parts.setdefault(r["area"], set()).add(r["lsoa"])
    assert set().union(*parts.values()) == ward_of.keys()
    assert sum(map(len, parts.values())) == len(ward_of) == 175
    parents = {r["code"]: r["parent"] for r in tables["areas"].to_dict("records")}
    assert all({ward_of[e] for e in inside} == {parents[code]} for code, inside in parts.items())
    in_ward = Counter(parents[code] for code in parts)
    assert (len(parts), sum(n == 1 for n in in_ward.values())) == (40, 2)
    assert min(sum(people[e] for e in parts[c]) for c in parts if in_ward[parents[c]] > 1) == 5_120


@real
def test_the_import_asks_before_it_takes_out_figures_of_neighbourhoods_that_change(
    checked: tuple[Settings, ClearedContent],
) -> None:
    settings, content = checked[0], checked[1].content
    read_packages, _ = packages.read_all(ROOT, settings.packages)
    files = (
        MORE / "boundaries" / "lsoa21_lewisham_wgs84.geojson",
        MORE / "population" / "census2021_TS021_lsoa_nomis_lewisham.csv",
    )
    job = importing.ImportJob("neighbourhoods", files, content.neighbourhoods[0].source)
    table = settings.packages_folder / "anti-social-behaviour" / "data" / "observations.csv"
    assert not importing.plan(job, content, read_packages, settings).doubts

    larger = replace(settings, disclosure=replace(settings.disclosure, smallest_area=7_000))
    plan = importing.plan(job, content, read_packages, larger)
    (doubt,) = plan.doubts
    assert doubt.key == importing.OTHER_NEIGHBOURHOODS
    assert "would be taken out of the tables" in doubt.question
    areas = {
        r["code"]
        for r in csv.DictReader(
            io.StringIO(plan.files[table.parents[2] / "geography" / "data" / "areas.csv"])
        )
    }
    before, after = ([*csv.DictReader(io.StringIO(t))] for t in (table.read_text(), plan.files[table]))
    assert after == [r for r in before if r["area"] in areas]
    assert 0 < len(before) - len(after) < len(before)
