"""How many people are of each age group, sex and ethnic group, from every layout in which they are published."""

import csv
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest
from portal.core.model import Area
from portal.core.places import Lsoa, Profile
from portal.core.vocabulary import AreaKind
from portal.importers.geography import population_groups
from project import SHARED

MORE = SHARED / "upstream" / "more"
real = pytest.mark.skipif(not MORE.is_dir(), reason="the upstream files are not in ../shared/upstream/more")
LEWISHAM, CAMBRIDGE, TRAFFORD = "E09000023", "E07000008", "E08000009"
TOWN, NORTH, SOUTH = "E07000099", "E05099001", "E05099002"


def area(code: str, name: str, kind: str, parent: str = "") -> Area:
    return Area("s", "l", code, name, AreaKind(kind), parent, None, None)


TOWN_AREAS = {
    a.code: a
    for a in (area(TOWN, "Exampleton", "borough"), area(NORTH, "North", "ward", TOWN), area(SOUTH, "South", "ward", TOWN))
}  # fmt: skip


def groups(
    path: Path, district: str, areas: Mapping[str, Area], lsoas: tuple[Lsoa, ...] = ()
) -> dict[tuple[str, str], int]:
    """The residents by theme and group that a file gives a district."""
    frame = population_groups.read(path, areas, lsoas, district, "s")
    return {
        (theme, group): int(people)
        for theme, group, people in zip(frame["theme"], frame["measure"], frame["value"], strict=True)
    }


def of_lookup(district: str) -> tuple[dict[str, Area], tuple[Lsoa, ...]]:
    """The wards and LSOAs of a real district."""
    with (MORE / "lookups" / "lsoa21_wd25_lad25_bestfit_v2_6lads.csv").open(encoding="utf-8-sig") as file:
        rows = [r for r in csv.DictReader(file) if r["LAD25CD"] == district]
    areas = {district: area(district, rows[0]["LAD25NM"], "borough")}
    areas |= {r["WD25CD"]: area(r["WD25CD"], r["WD25NM"], "ward", district) for r in rows}
    return areas, tuple(Lsoa("s", "l", r["LSOA21CD"], 2021, r["LSOA21NM"], r["WD25CD"]) for r in rows)


@real
@pytest.mark.parametrize(
    ("file", "district", "expected"),
    [
        ("census2021_TS007_age101_wards_lewisham.csv", LEWISHAM, {("age-group", "Under 18"): 64736, ("age-group", "18 to 24"): 24628, ("age-group", "Over 34"): 152741}),
        ("census2021_TS008_sex_wards_lewisham.csv", LEWISHAM, {("sex", "Female"): 157820, ("sex", "Male"): 142734}),
        ("census2021_TS021_lsoa_nomis_cambridge.csv", CAMBRIDGE, {("ethnic-group", "Black"): 3545, ("ethnic-group", "White"): 108573}),
        ("census2021_ethnic20_ltla_london_plus_demographr.csv", CAMBRIDGE, {("ethnic-group", "Black"): 3561, ("ethnic-group", "Other"): 4507}),
        ("census2021_ethnic_group_wards_london_gla.csv", LEWISHAM, {("ethnic-group", "Black"): 80463, ("ethnic-group", "Mixed"): 24218}),
        ("census2021_TS007A_ltla_london_plus.csv", CAMBRIDGE, {("age-group", "25 to 34"): 29820, ("age-group", "Over 34"): 64324}),
        ("trafford_mid-year_2024_ward.csv", TRAFFORD, {("age-group", "10 to 17"): 27821, ("sex", "Male"): 117656}),
        ("gm_mid-year_2024_local_authority.csv", TRAFFORD, {("age-group", "10 to 17"): 27821, ("sex", "Male"): 117656}),
    ],
)  # fmt: skip
def test_real_tables_give_the_groups_that_they_have(
    file: str, district: str, expected: Mapping[tuple[str, str], int]
) -> None:
    found = groups(MORE / "population" / file, district, *of_lookup(district))
    assert expected.items() <= found.items()


@real
def test_groups_add_up_to_everybody() -> None:
    areas, lsoas = of_lookup(TRAFFORD)
    found = groups(MORE / "population" / "gm_mid-year_2024_local_authority.csv", TRAFFORD, areas, lsoas)
    ages = ("Under 18", "18 to 24", "25 to 34", "Over 34")
    assert sum(found["age-group", a] for a in ages) == found["sex", "Female"] + found["sex", "Male"] == 241025
    assert found["age-group", "Under 10"] + found["age-group", "10 to 17"] == found["age-group", "Under 18"]


@real
def test_bands_of_five_years_give_only_the_groups_that_they_add_up_to() -> None:
    areas, lsoas = of_lookup(CAMBRIDGE)
    found = groups(MORE / "population" / "census2021_TS007A_ltla_london_plus.csv", CAMBRIDGE, areas, lsoas)
    assert {group for _, group in found} == {"Under 10", "25 to 34", "Over 34"}


def test_a_split_that_lacks_a_group_or_an_area_gives_nothing(tmp_path: Path) -> None:
    path = tmp_path / "ethnic.csv"
    head = "Area code,All usual residents,Asian,Black,Mixed,White,Other ethnic group\n"
    path.write_text(f"{head}{NORTH},50,10,10,10,10,10\n{SOUTH},15,1,2,3,4,5\n")
    found = groups(path, TOWN, TOWN_AREAS)
    assert list(found.values()) == [11, 12, 13, 14, 15]
    path.write_text(f"{head}{NORTH},50,10,10,10,10,10\n")
    assert groups(path, TOWN, TOWN_AREAS) == {}
    path.write_text(f"{head.replace(',Black', '')}{NORTH},40,10,10,10,10\n{SOUTH},13,1,3,4,5\n")
    assert groups(path, TOWN, TOWN_AREAS) == {}


def test_detailed_ethnic_groups_stay_and_other_groups_are_replaced(tmp_path: Path) -> None:
    def known(theme: str, measure: str, value: int) -> Profile:
        return Profile("old", "l", TOWN, "Exampleton", theme, measure, Decimal(value))

    path = tmp_path / "both.csv"
    path.write_text(
        "Area code,Sex,All ages,Asian,Black,Mixed,White,Other ethnic group\n"
        f"{TOWN},Persons,15,1,2,3,4,5\n{TOWN},Females,8,0,1,2,2,3\n{TOWN},Males,7,1,1,1,2,2\n"
    )
    fresh = population_groups.read(path, TOWN_AREAS, (), TOWN, "new")
    detail = [known("ethnic-group", "White: Irish", 4), known("sex", "Male", 99)]
    rows = {
        (r.theme, r.measure): (r.value, r.source)
        for r in population_groups.merged(detail, fresh).itertuples()
    }
    assert rows == {
        ("ethnic-group", "White: Irish"): ("4", "old"),
        ("sex", "Female"): ("8", "new"),
        ("sex", "Male"): ("7", "new"),
    }
