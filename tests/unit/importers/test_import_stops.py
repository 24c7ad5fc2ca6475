"""Stop and search: where records are placed, how they are counted, and what is said about damaged files."""

import json
import re
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from portal.core.model import Area, Content
from portal.core.problems import PortalError
from portal.core.vocabulary import AreaKind
from portal.importers.geography import boundaries
from portal.importers.geography.boundaries import Boundaries, Plane
from portal.importers.police import stop_and_search, stop_records
from portal.importers.police.stop_and_search import Stops
from portal.importers.police.stop_records import KINDS, LABELS, labels
from portal.importers.shared import published_files
from portal.site import building
from project import ROOT, SHARED

CASES = ROOT / "tests" / "importers" / "stop-and-search"
OUTLINES = ROOT / "tests" / "importers" / "boundaries"
UPSTREAM = SHARED / "upstream"
JULY = UPSTREAM / "stop_and_search" / "2024-07-metropolitan-stop-and-search.csv"
real = pytest.mark.skipif(not UPSTREAM.is_dir(), reason="the upstream files are not in ../shared/upstream")
BOROUGH = "E09000099"


def ward(code: str, name: str, since: date | None = None, until: date | None = None) -> Area:
    return Area("", "", code, name, AreaKind.WARD, BOROUGH, since, until)


LAST_OLD, FIRST_NEW = date(2022, 5, 4), date(2022, 5, 5)
NORTHBOROUGH = {
    a.code: a
    for a in (
        Area("", "", BOROUGH, "Northborough", AreaKind.BOROUGH, "", None, None),
        ward("E05000001", "Upper", until=LAST_OLD),
        ward("E05000002", "Lower", until=LAST_OLD),
        ward("E05000101", "North", FIRST_NEW),
        ward("E05000102", "East", FIRST_NEW),
        ward("E05000103", "South", FIRST_NEW),
        ward("E05000104", "West", FIRST_NEW),
    )
}


def outlines_of(case: str) -> Boundaries:
    return boundaries.read(OUTLINES / case / "input.geojson", NORTHBOROUGH)


NEW, OLD = outlines_of("good").exact, outlines_of("former-wards").exact


def found_in(case: Path) -> str:
    """What the reader makes of a folder's files, as its expected.txt has it; parts that are zero are left out."""
    try:
        files = sorted([*case.glob("*.csv"), *case.glob("*.json")])
        stops = stop_and_search.read(files, NORTHBOROUGH, {**OLD, **NEW})
    except PortalError as error:
        return "".join(f"{p}\n" for p in error.problems)
    frame = stop_and_search.tables(stops, BOROUGH)
    kept = frame[(frame["count"] > 0) | (frame["part"] == "")]
    findings = "\n".join(f"[{f.code}] {f}" for f in stops.findings)
    return f"{findings}\n\n{kept.to_csv(index=False, lineterminator=chr(10))}"


@pytest.mark.parametrize("case", sorted(CASES.iterdir()), ids=lambda p: p.name)
def test_files_give_what_their_case_expects(case: Path) -> None:
    assert found_in(case) == (case / "expected.txt").read_text()


GOOD = next((CASES / "good").glob("*.csv"))


def test_the_api_and_the_archive_give_the_same_figures() -> None:
    of_api, of_archive = (found_in(CASES / case).split("\n\n")[1] for case in ("api", "good"))
    assert of_api == of_archive


def test_the_api_says_false_where_nothing_was_found(tmp_path: Path) -> None:
    """As its documentation says; an empty text is an outcome that was not given."""
    searches = json.loads(next((CASES / "api").glob("*.json")).read_text())
    for search, outcome in zip(searches, (False, ""), strict=False):
        search["outcome"] = outcome
    path = tmp_path / next((CASES / "api").glob("*.json")).name
    path.write_text(json.dumps(searches))
    frame, problems = stop_records.read(path)
    assert problems == ()
    assert list(frame["outcome"][:2]) == ["No further action", "Not recorded"]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_a_damaged_file_of_the_api_gives_problems_and_never_a_traceback(
    tmp_path: Path, data: st.DataObject
) -> None:
    whole = next((CASES / "api").glob("*.json")).read_bytes()
    start, length = data.draw(st.integers(0, len(whole))), data.draw(st.integers(0, 60))
    instead = data.draw(st.binary(max_size=8) | st.text(max_size=12).map(str.encode))
    (tmp_path / "2024-07.json").write_bytes(whole[:start] + instead + whole[start + length :])
    assert found_in(tmp_path).endswith("\n")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_a_damaged_file_gives_problems_and_never_a_traceback(tmp_path: Path, data: st.DataObject) -> None:
    whole = GOOD.read_bytes()
    start = data.draw(st.integers(0, len(whole)))
    length = data.draw(st.integers(0, 60))
    instead = data.draw(st.binary(max_size=8) | st.text(max_size=12).map(str.encode))
    (tmp_path / GOOD.name).write_bytes(whole[:start] + instead + whole[start + length :])
    assert found_in(tmp_path).endswith("\n")


def records(tmp_path: Path, rows: Sequence[tuple[str, float, float]], name: str = "stops.csv") -> Path:
    """A file with a record for each day and place (east, north)."""
    header, line = GOOD.read_text().splitlines()[:2]
    path = tmp_path / name
    lines = [
        re.sub(r"2024.*?,False,,.*?,.*?,", f"{d}T12:00:00+00:00,False,,{y},{x},", line) for d, x, y in rows
    ]
    path.write_text("\n".join([header, *lines]) + "\n")
    return path


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(st.floats(-0.01, 0.03), st.floats(51.39, 51.43)), min_size=1, max_size=30))
def test_every_record_is_in_the_ward_that_holds_its_point_or_nowhere(
    tmp_path: Path, points: list[tuple[float, float]]
) -> None:
    points = [(round(x, 6), round(y, 6)) for x, y in points] + [(0.005, 51.415)]
    path = records(tmp_path, [("2024-07-01", x, y) for x, y in points])
    stops = stop_and_search.read([path], NORTHBOROUGH, NEW)
    inside = [p for p in points if shapely.union_all(list(NEW.values())).covers(shapely.Point(p))]
    counted = stop_and_search.tables(stops, BOROUGH)
    whole = counted[(counted["series"] == "stops") & (counted["part"] == "")].set_index("area")["count"]
    assert whole[BOROUGH] == len(inside) == whole.drop(BOROUGH).sum()
    for code, shape in NEW.items():
        within = sum(bool(shape.contains(shapely.Point(p))) for p in points)
        touched = sum(bool(shape.covers(shapely.Point(p))) for p in points)
        assert within <= whole[code] <= touched


def test_a_point_on_a_common_border_is_counted_once(tmp_path: Path) -> None:
    path = records(tmp_path, [("2024-07-01", 0.01, 51.41), ("2024-07-01", 0.01, 51.415)])
    assert list(stop_and_search.read([path], NORTHBOROUGH, NEW).frame["area"]) == ["E05000101"] * 2


def test_a_month_is_counted_on_the_wards_of_its_last_day(tmp_path: Path) -> None:
    days = ("2022-04-30", "2022-05-01", "2022-05-31")
    path = records(tmp_path, [(day, 0.005, 51.415) for day in days])
    stops = stop_and_search.read([path], NORTHBOROUGH, {**OLD, **NEW})
    assert dict(stops.wards) == {"2022-04": tuple(OLD), "2022-05": tuple(NEW)}
    assert list(stops.frame["area"]) == ["E05000002", "E05000101", "E05000101"]  # Lower has a piece there


def test_a_point_in_the_borough_but_in_no_ward_counts_for_the_borough(tmp_path: Path) -> None:
    outlines = {c: s for c, s in NEW.items() if c != "E05000104"} | {
        BOROUGH: shapely.union_all(list(NEW.values()))
    }
    path = records(tmp_path, [("2024-07-01", 0.005, 51.405), ("2024-07-01", 0.005, 51.415)])
    stops = stop_and_search.read([path], NORTHBOROUGH, outlines)
    assert list(stops.frame["area"]) == [BOROUGH, "E05000101"]
    assert {f.code: f.figures for f in stops.findings}["between"] == {"records": 1}


def test_the_table_of_boundaries_places_as_the_outlines_do(tmp_path: Path) -> None:
    path = records(tmp_path, [("2022-04-01", x / 1000, 51.415) for x in range(-1, 26)])
    by_table = stop_and_search.read([path], NORTHBOROUGH, boundaries.table(outlines_of("former-wards"), "s"))
    by_shapes = stop_and_search.read([path], NORTHBOROUGH, OLD)
    assert by_table.frame.equals(by_shapes.frame)
    assert set(by_table.frame["area"]) == set(OLD)


def test_without_outlines_no_record_is_in_any_ward() -> None:
    with pytest.raises(PortalError, match="None of the 39 records is in any of the wards"):
        stop_and_search.read([GOOD], NORTHBOROUGH, {})


def test_one_file_given_twice_is_read_once() -> None:
    once = stop_and_search.read([GOOD], NORTHBOROUGH, NEW)
    assert len(stop_and_search.read([GOOD, GOOD], NORTHBOROUGH, NEW).frame) == len(once.frame)


def check_sums(counted: pd.DataFrame) -> None:
    """Parts add up to the total of their series, and every series to the same total; every part is there."""
    whole = counted[counted["series"] == "stops"].groupby("month")["count"].first()
    for series, column in stop_and_search.SERIES.items():
        rows = counted[counted["series"] == series]
        assert (rows[rows["part"] != ""].groupby("month")["count"].sum() == whole).all()
        assert (rows[rows["part"] == ""].set_index("month")["count"] == whole).all()
        assert set(rows["part"]) == {"", *labels(column).values()}
        assert not rows.duplicated(["area", "month", "part"]).any()


def test_parts_add_up_to_their_total_in_every_month() -> None:
    files = sorted((CASES / "two-months").glob("*.csv"))
    check_sums(stop_and_search.tables(stop_and_search.read(files, NORTHBOROUGH, NEW), BOROUGH))


def test_the_map_of_labels_is_whole() -> None:
    rows = published_files.mapped(LABELS)
    assert {r["column"] for r in rows} == set(KINDS)
    assert len({(r["column"], r["theirs"]) for r in rows}) == len(rows)
    assert all("" in labels(column) for column in KINDS)
    assert set(labels("ethnicity_self").values()) == {
        "Asian",
        "Black",
        "Mixed",
        "Other",
        "White",
        "Not stated",
    }


# --- the real file


@pytest.fixture(scope="module")
def areas() -> dict[str, Area]:
    features = json.loads((UPSTREAM / "boundaries" / "wards2022_lbl_simplified_wgs84.geojson").read_text())
    found = {
        f["properties"]["id"]: Area("", "", f["properties"]["id"], f["properties"]["name"], AreaKind.WARD, "E09000023", None, None)
        for f in features["features"]
    }  # fmt: skip
    return found | {"E09000023": Area("", "", "E09000023", "Borough", AreaKind.BOROUGH, "", None, None)}


@pytest.fixture(scope="module")
def wards(areas: dict[str, Area]) -> Boundaries:
    return boundaries.read(UPSTREAM / "boundaries" / "wards2022_lbl_simplified_wgs84.geojson", areas)


@pytest.fixture(scope="module")
def july(areas: dict[str, Area], wards: Boundaries) -> Stops:
    return stop_and_search.read([JULY], areas, wards.exact)


@real
def test_what_is_said_of_the_real_file(july: Stops) -> None:
    told = {f.code: dict(f.figures) for f in july.findings}
    assert told["records"] == {"records": 8824, "months": 1}  # though the first hour is written as 30 June
    assert told["nowhere"] == {"records": 756, "percent": 8.6}
    assert told["repeated"] == {"records": 117}
    assert told["placed"] == {"records": 359}
    assert told["near"] == {"records": 21}
    assert told["points"] == {"points": 244, "many": 0, "most": 7}
    assert told["vehicles"] == {"records": 6}
    assert told["blank"]["ethnicity_self"] == 107
    assert not {"other-months", "days", "between"} & told.keys()


@real
def test_days_without_a_record_are_said_once_for_all_files(
    areas: dict[str, Area], wards: Boundaries, tmp_path: Path
) -> None:
    """A place with few searches has such days in every month."""
    head, *rows = JULY.read_text().splitlines(keepends=True)
    for month in ("2024-07", "2024-08"):
        kept = [
            r.replace("2024-07-", f"{month}-")
            for r in rows
            if r.split(",")[1][8:10] in {"01", "02", "30", "31"}
        ]
        (tmp_path / f"{month}-metropolitan-stop-and-search.csv").write_text(head + "".join(kept))
    found = stop_and_search.read(sorted(tmp_path.glob("*.csv")), areas, wards.exact)
    quiet = [f for f in found.findings if f.code == "days"]
    assert [dict(f.figures) for f in quiet] == [
        {"days": 52, "months": 2}
    ]  # the last hour of the 2nd is the 3rd


@real
def test_the_real_file_counts_by_ward_and_part(july: Stops, areas: dict[str, Area]) -> None:
    counted = stop_and_search.tables(july, "E09000023")
    check_sums(counted)
    by_ward = counted[(counted["series"] == "stops") & (counted["area"] != "E09000023")]
    assert len(by_ward) == 19
    assert by_ward["count"].sum() == 359
    assert by_ward.set_index("area")["count"].rename(index=lambda c: areas[c].name)["Rushey Green"] == 63
    outcomes = counted[counted["series"] == "stops-by-outcome"].set_index("part")["count"]
    assert (outcomes["No further action"], outcomes["Arrest"]) == (244, 75)


@real
def test_the_outline_of_the_borough_adds_records_that_no_ward_holds(
    areas: dict[str, Area], wards: Boundaries
) -> None:
    path = UPSTREAM / "boundaries" / "lewisham_outline_wgs84.geojson"
    borough = boundaries.read(path, {"E09000023": areas["E09000023"]})
    stops = stop_and_search.read([JULY], areas, {**wards.exact, **borough.exact})
    assert {f.code: f.figures for f in stops.findings}["between"] == {"records": 2}
    assert stop_and_search.tables(stops, "E09000023")["count"].iloc[0] == 361


@real
def test_placing_agrees_with_looking_at_each_point(july: Stops, wards: Boundaries) -> None:
    """An independent way: the even-odd rule, point by point."""

    def inside(x: float, y: float, ring: list[tuple[float, float]]) -> bool:
        found = False
        for (ax, ay), (bx, by) in pairwise(ring):
            if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
                found = not found
        return found

    rings = {code: list(shape.exterior.coords) for code, shape in wards.exact.items()}
    rows = pd.read_csv(JULY, usecols=["Latitude", "Longitude"]).dropna()
    held = [
        c
        for r in rows.itertuples()
        for c, ring in rings.items()
        if inside(float(str(r.Longitude)), float(str(r.Latitude)), ring)
    ]
    assert sorted(held) == sorted(july.frame["area"])


@real
def test_shortened_and_moved_real_files(tmp_path: Path, areas: dict[str, Area], wards: Boundaries) -> None:
    lines = JULY.read_text().splitlines(keepends=True)
    copy = tmp_path / JULY.name
    copy.write_text("".join(lines[:3000]))
    with pytest.raises(PortalError, match="no whole month"):  # it ends on 11 July
        stop_and_search.read([copy], areas, wards.exact)
    copy.write_text("".join(lines)[:-20])
    with pytest.raises(PortalError, match="The row has 13 cells where the header has 15"):
        stop_and_search.read([copy], areas, wards.exact)
    again = tmp_path / "copy of it.csv"
    shutil.copy(JULY, again)
    with pytest.raises(PortalError, match="records are also in"):
        stop_and_search.read([JULY, again], areas, wards.exact)


@real
def test_how_near_the_border_is_the_distance_in_metres(july: Stops, wards: Boundaries) -> None:
    plane = Plane.around(wards.exact.values())
    rows = pd.read_csv(JULY, usecols=["Latitude", "Longitude"]).dropna()
    flat = {code: plane.metres(shape) for code, shape in wards.exact.items()}
    near = 0
    for row in rows.itertuples():
        point = plane.metres(shapely.Point(row.Longitude, row.Latitude))
        near += any(
            s.contains(point) and s.exterior.distance(point) < stop_and_search.NEAR for s in flat.values()
        )
    assert near == dict(next(f for f in july.findings if f.code == "near").figures)["records"]


MONTHS = sorted(
    (UPSTREAM / "more" / "stop_and_search" / "csv_met_plus_city_no_ethnicity").glob("2024-0*.csv")
)
API = sorted((UPSTREAM / "more" / "stop_and_search" / "api_json").glob("*.json"))


@real
def test_many_months_of_both_kinds_are_read_by_the_month_of_their_file() -> None:
    areas, table = _lewisham()
    stops = stop_and_search.read([*MONTHS, *API], areas, table)
    months = [p.name[:7] for p in (*MONTHS, *API)]
    assert sorted(stops.wards) == sorted(months)
    frame = stop_and_search.tables(stops, "E09000023")
    assert set(stops.filtered) == {p.name[:7] for p in API}
    assert set(frame[frame["series"] == "stops-by-age"]["month"]) == {p.name[:7] for p in MONTHS}
    assert "stops-by-ethnicity" not in set(
        frame["series"]
    )  # copies without it, or a part of the searches only
    assert not stops.whole  # every file is cut to one borough
    codes = {f.code: f for f in stops.findings}
    assert codes["cut"].figures["months"] == len(API) + len(MONTHS)
    assert codes["no-ethnicity"].figures["files"] == len(MONTHS)
    assert "March 2025" in str(codes["missing-months"])


@real
def test_the_file_of_a_whole_force_is_neither_cut_nor_a_part(july: Stops) -> None:
    assert dict(july.whole) == {"2024-07": (8824, 756)}
    assert not july.filtered


@cache
def of_this_site() -> Content:
    """The content of this repository's own packages."""
    return building.read(ROOT)[1]


@real
def test_a_part_of_the_searches_is_left_out_where_no_break_says_so() -> None:
    content = of_this_site()
    with_break = stop_and_search.counts([*MONTHS[-1:], *API], content, "E09000023")
    assert set(with_break.frame["month"]) == {p.name[:7] for p in (*MONTHS[-1:], *API)}
    without = replace(content, breaks=())
    found = stop_and_search.counts([*MONTHS[-1:], *API], without, "E09000023")
    assert set(found.frame["month"]) == {"2024-08"}
    assert "2024-09-01" in next(str(f) for f in found.findings if f.code == "no-break")
    with pytest.raises(PortalError, match="no break says so"):
        stop_and_search.counts(API, without, "E09000023")


def test_groups_add_up_to_what_they_group() -> None:
    stops = stop_and_search.read([GOOD], NORTHBOROUGH, NEW)
    frame = stop_and_search.tables(stops, BOROUGH).query("part != ''")
    for series in stop_and_search.GROUPED:
        fine = frame[frame["series"] == series.removesuffix("-group")]
        groups = frame[frame["series"] == series]
        assert groups["count"].sum() == fine["count"].sum()
        assert len(groups) < len(fine)
        assert not groups["part"].duplicated().any()


def test_a_file_with_its_records_twice_is_refused_and_people_searched_together_are_not(
    tmp_path: Path,
) -> None:
    each = [("2024-07-01", round(n / 10_000, 4), 51.415) for n in range(100)]
    together = stop_and_search.read([records(tmp_path, each + each[:5])], NORTHBOROUGH, NEW)
    assert {f.code: f.figures for f in together.findings}["repeated"] == {"records": 5}
    with pytest.raises(PortalError, match="100 of 200 records are the same as an earlier one"):
        stop_and_search.read([records(tmp_path, each + each)], NORTHBOROUGH, NEW)


@real
def test_a_file_that_ends_in_the_middle_of_a_month_is_left_out_and_named(tmp_path: Path) -> None:
    areas, table = _lewisham()
    half = tmp_path / MONTHS[1].name
    lines = MONTHS[1].read_text().splitlines(keepends=True)
    half.write_text("".join(lines[:1] + [x for x in lines[1:] if int(x.split(",")[1][8:10]) <= 17]))
    stops = stop_and_search.read([MONTHS[0], half], areas, table)
    assert list(stops.wards) == ["2024-01"]
    found = next(f for f in stops.findings if f.code == "half-month")
    assert "to 17 February 2024" in str(found)
    with pytest.raises(PortalError, match="no whole month"):
        stop_and_search.read([half], areas, table)


def test_an_empty_month_is_not_zero(tmp_path: Path) -> None:
    shutil.copy(GOOD, tmp_path / GOOD.name)
    (tmp_path / GOOD.name.replace("2024-07", "2024-08")).write_text(GOOD.read_text().splitlines()[0] + "\n")
    assert "[empty-month]" in found_in(tmp_path)
    assert "2024-08," not in found_in(tmp_path)


def _lewisham() -> tuple[dict[str, Area], pd.DataFrame]:
    """The areas of the site and their outlines."""
    content = of_this_site()
    return dict(content.areas), pd.DataFrame([vars(o) for o in content.outlines])
