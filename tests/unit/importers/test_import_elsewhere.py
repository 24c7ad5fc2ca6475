"""Files of any district: crime by place, partnership tables, surveys, lookups, outlines and populations."""

import csv
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from portal.cli import arguments
from portal.core.model import Area, Content
from portal.core.places import Lsoa
from portal.core.problems import PortalError
from portal.core.vocabulary import AreaKind, Status
from portal.data import packages
from portal.importers import importing, recognition, source_rows
from portal.importers.formats import formats
from portal.importers.geography import boundaries, lookups, population_tables, postcodes, vintages
from portal.importers.geography.vintages import Vintage
from portal.importers.police import csp, derive, public_attitudes, street_crime, vawg
from portal.importers.shared import published_files
from portal.importers.shared.published_files import Counts
from project import SHARED

pytestmark = pytest.mark.usefixtures("read_once")

MORE = SHARED / "upstream" / "more"
real = pytest.mark.skipif(not MORE.is_dir(), reason="the upstream files are not in ../shared/upstream/more")
TOWN, REST, NORTH, SOUTH = "E07000099", "X07000099", "E05099001", "E05099002"
FORCE = "E23000099"


def area(code: str, name: str, kind: str, parent: str = "") -> Area:
    return Area("s", "l", code, name, AreaKind(kind), parent, None, None)


AREAS = {
    a.code: a
    for a in (
        area(TOWN, "Exampleton", "borough"), area(REST, "Exampleton, no ward recorded", "rest", TOWN),
        area(NORTH, "North", "ward", TOWN), area(SOUTH, "South", "ward", TOWN), area(FORCE, "Exampleshire", "police-force"),
    )
}  # fmt: skip
LSOAS = (
    Lsoa("s", "l", "E01000001", 2021, "Exampleton 001A", NORTH),
    Lsoa("s", "l", "E01000002", 2021, "Exampleton 001B", SOUTH),
    Lsoa("s", "l", "E01000001", 2011, "Exampleton 001A", NORTH),
    Lsoa("s", "l", "E01000003", 2011, "Exampleton 001C", TOWN),
)


def wards_in(file: Path, areas: Mapping[str, Area], home: str) -> dict[str, Area]:
    """The wards of a district by their codes, as a lookup or outlines name them."""
    frame, _ = lookups.wards([file], dict(areas), home, "s")
    rows = [r for r in frame.to_dict("records") if r["kind"] == "ward"]
    return {r["code"]: area(r["code"], r["name"], "ward", home) for r in rows}


def content(areas: Mapping[str, Area] = AREAS, known: tuple[Lsoa, ...] = LSOAS) -> Content:
    """Content with only areas and LSOAs."""
    empty: dict[str, object] = {f.name: {} if "Mapping" in str(f.type) else () for f in fields(Content)}
    return Content(**{**empty, "areas": areas, "lsoas": known})  # type: ignore[arg-type]


HEADER = "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Crime type,Last outcome category,Context\r\n"


def street(path: Path, *rows: tuple[str, str, str, str]) -> Path:
    """A street file of month, LSOA, category and outcome; a row without an LSOA has no place."""
    names = {"E01000001": "Exampleton 001A", "E01000002": "Exampleton 001B", "E01000003": "Exampleton 001C"}
    lines = [
        f"id{n},{month},Exampleshire,Exampleshire,,,,{lsoa},{names.get(lsoa, 'Elsewhere 001A' if lsoa else '')},{kind},{outcome},\r\n"
        for n, (month, lsoa, kind, outcome) in enumerate(rows)
    ]
    path.write_text(HEADER + "".join(lines), newline="")
    return path


def total(counts: Counts, series: str, code: str) -> int:
    frame = counts.frame
    return int(frame[(frame["series"] == series) & (frame["area"] == code)]["count"].sum())


def findings(counts: Counts) -> dict[str, str]:
    return {f.code: f.message for f in counts.findings}


def months_of(path: Path, *months: str) -> list[Path]:
    """A street file for each month, with 20 thefts in one LSOA."""
    return [street(path / f"{m}-a-street.csv", *[(m, "E01000001", *THEFT)] * 20) for m in months]


THEFT, ASB = ("Shoplifting", "Under investigation"), ("Anti-social behaviour", "")


def test_a_file_with_its_crimes_twice_is_refused(tmp_path: Path) -> None:
    path = street(tmp_path / "2024-01-a-street.csv", *[("2024-01", "E01000001", *THEFT)] * 100)
    assert "repeated" not in findings(street_crime.counts([path], content(), TOWN))
    with path.open("a", newline="") as file:
        file.write(path.read_text().removeprefix(HEADER.replace("\r\n", "\n")).replace("\n", "\r\n"))
    with pytest.raises(PortalError, match="100 of 200 records are the same as an earlier one"):
        street_crime.counts([path], content(), TOWN)


def test_crime_counts_for_the_ward_of_its_lsoa_and_rows_without_place_are_only_counted_as_such(
    tmp_path: Path,
) -> None:
    path = street(
        tmp_path / "2024-01-a-street.csv",
        *[("2024-01", "E01000001", *THEFT)] * 3, ("2024-01", "E01000002", *ASB), ("2024-01", "", *THEFT), ("2024-01", "E01099999", *THEFT),
    )  # fmt: skip
    got = street_crime.counts([path], content(), TOWN)
    assert [total(got, "all-crime", a) for a in (TOWN, NORTH, SOUTH, REST)] == [3, 3, 0, 0]
    assert [total(got, "anti-social-behaviour", a) for a in (TOWN, NORTH, SOUTH)] == [1, 0, 1]
    assert "1 (16.7%)" in findings(got)["nowhere"]
    assert findings(got)["elsewhere"].endswith("1.")
    parts = got.frame[got.frame["series"] == "crime-by-outcome"].set_index("part")["count"].to_dict()
    assert parts == {"": 3, "Still under investigation": 3}


def test_months_without_a_file_are_named_as_spans(tmp_path: Path) -> None:
    paths = months_of(tmp_path, "2023-06", "2024-01", "2024-02", "2024-04")
    got = street_crime.counts(paths, content(), TOWN)
    assert findings(got)["gaps"].endswith("no figure is made: July 2023 to December 2023 and March 2024.")


def test_a_type_that_is_not_known_is_counted_nowhere_and_cannot_be_worked_out(tmp_path: Path) -> None:
    """A new type may be sensitive: all crime less the known types would give it away, so its month has no total."""
    old = street(tmp_path / "2024-01-a-street.csv", *[("2024-01", "E01000001", *THEFT)] * 9)
    new = street(
        tmp_path / "2024-02-a-street.csv",
        *[("2024-02", "E01000001", *THEFT)] * 8, ("2024-02", "E01000001", "Stalking", "Under investigation"), ("2024-02", "E01000002", *ASB),
    )  # fmt: skip
    got = street_crime.counts([old, new], content(), TOWN)
    months = got.frame.groupby("series")["month"].unique().map(sorted).to_dict()
    assert months["shoplifting"] == ["2024-01", "2024-02"]
    assert months["all-crime"] == months["crime-by-outcome"] == ["2024-01"]
    assert total(got, "shoplifting", TOWN) == 17
    assert street_crime.UNKNOWN not in months
    said = findings(got)[street_crime.UNKNOWN_TYPE]
    assert "“Stalking” (1 row), in February 2024" in said
    assert street_crime.UNKNOWN_TYPE in importing.DOUBTS
    elsewhere = street(
        tmp_path / "2024-03-a-street.csv",
        *[("2024-03", "E01000001", *THEFT)] * 8, ("2024-03", "E01099999", "Stalking", ""),
    )  # fmt: skip
    assert street_crime.UNKNOWN_TYPE not in findings(street_crime.counts([elsewhere], content(), TOWN))


def test_a_file_of_types_that_are_all_unknown_is_another_file(tmp_path: Path) -> None:
    path = street(tmp_path / "2024-01-a-street.csv", ("2024-01", "E01000001", "Burglery", ""))
    with pytest.raises(PortalError, match="is not known"):
        street_crime.counts([path], content(), TOWN)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_order_capitals_and_line_ends_of_columns_change_nothing(tmp_path: Path, mark: str, end: str) -> None:
    path = street(tmp_path / "2024-01-a-street.csv", *[("2024-01", "E01000001", *THEFT)] * 3)
    before = street_crime.counts([path], content(), TOWN)
    with path.open(newline="") as file:
        rows = list(csv.reader(file))
    rows = [[h.lower() for h in rows[0]], *rows[1:]]
    path.write_text(mark + "".join(",".join(reversed(row)) + end for row in rows), newline="")
    assert street_crime.counts([path], content(), TOWN).frame.equals(before.frame)


def test_each_month_uses_the_lsoas_of_one_census(tmp_path: Path) -> None:
    old = street(
        tmp_path / "2021-01-a-street.csv", ("2021-01", "E01000001", *ASB), ("2021-01", "E01000003", *ASB)
    )
    new = street(
        tmp_path / "2024-01-a-street.csv", ("2024-01", "E01000001", *ASB), ("2024-01", "E01000002", *ASB)
    )
    got = street_crime.counts([old, new], content(), TOWN)
    assert [total(got, "anti-social-behaviour", a) for a in (TOWN, NORTH, SOUTH, REST)] == [4, 2, 1, 1]
    assert "never mixed" in findings(got)["censuses"]
    assert "in several wards" in findings(got)["between"]
    mixed = street(
        tmp_path / "2023-06-a-street.csv", ("2023-06", "E01000002", *ASB), ("2023-06", "E01000003", *ASB)
    )
    with pytest.raises(PortalError, match="of 2011 and of 2021"):
        street_crime.counts([mixed], content(), TOWN)


def test_lsoas_of_a_census_that_is_not_known_are_a_problem_that_says_which_lookup_to_import(
    tmp_path: Path,
) -> None:
    old = street(tmp_path / "2021-01-a-street.csv", ("2021-01", "E01000003", *ASB))
    only_new = tuple(e for e in LSOAS if e.census == 2021)
    with pytest.raises(PortalError, match="lookup of the LSOAs of 2011"):
        street_crime.counts([old], content(known=only_new), TOWN)
    whole = street_crime.counts([old], content(known=()), TOWN)
    assert total(whole, "anti-social-behaviour", TOWN) == 1
    assert "no-wards" in findings(whole)


def test_no_period_is_made_across_a_missing_or_nearly_empty_month(tmp_path: Path) -> None:
    months = [f"2024-{m:02}" for m in range(1, 8)]
    rows = [(m, "E01000001", *ASB) for m in months for _ in range(1 if m == "2024-04" else 30)]
    got = street_crime.counts([street(tmp_path / "x-street.csv", *rows)], content(), TOWN)
    assert "April 2024 (1 row)" in findings(got)["thin"]
    kept = sorted(set(got.frame["month"]))
    assert derive.after_gaps(kept) == ["2024-05"]
    assert list(derive.spans(kept, 3, derive.after_gaps(kept))) == [
        ("2024-05", "2024-07"),
        ("2024-01", "2024-03"),
    ]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([("2024-01", "E01000001", "Shop lifting", "")], "Did you mean Shoplifting"),
        ([("2024-1", "E01000001", *ASB)], "is not a month"),
        ([("2024-01", "Exampleton", *ASB)], "is not the code of an LSOA"),
        ([("2024-01", "E01000001", "Burglary", "Let off")], "“Let off” is not known"),
        ([("2024-01", "E01099999", *ASB)], "None of the 1 rows is in Exampleton"),
        ([], "not a month without crime"),
    ],
)
def test_what_is_wrong_with_a_street_file_is_a_problem(
    rows: list[tuple[str, str, str, str]], words: str, tmp_path: Path
) -> None:
    with pytest.raises(PortalError, match=words):
        street_crime.counts([street(tmp_path / "2024-01-a-street.csv", *rows)], content(), TOWN)


def test_the_same_month_of_a_force_twice_is_a_problem(tmp_path: Path) -> None:
    files = [
        street(tmp_path / name, ("2024-01", "E01000001", *ASB)) for name in ("a-street.csv", "b-street.csv")
    ]
    with pytest.raises(PortalError, match=r"January 2024 is also in a-street\.csv"):
        street_crime.counts(files, content(), TOWN)


def test_a_force_that_publishes_nothing_is_said_so(tmp_path: Path) -> None:
    path = street(tmp_path / "2024-01-greater-manchester-street.csv")
    with pytest.raises(PortalError, match="Do not read an empty answer as no crime"):
        street_crime.counts([path], content(), TOWN)
    assert "July 2019" in street_crime.is_silent("E08000009")
    assert street_crime.is_silent("E07000008") == ""


# Figures recomputed from the raw files, row by row, without any code of the importers.
CAMBRIDGE = MORE / "street_other_forces" / "cambridgeshire_cambridge_2024"
OF_2024 = {
    ("Anti-social behaviour", ""): 2325, ("Shoplifting", ""): 2838, ("Bicycle theft", ""): 1094,
    ("Violence and sexual offences", ""): 4533, ("Robbery", ""): 170, ("Burglary", ""): 687, ("Drugs", ""): 325,
    ("Vehicle crime", ""): 630, ("Public order", ""): 1258, ("Criminal damage and arson", ""): 1214,
    ("Anti-social behaviour", "E05013057"): 469, ("Anti-social behaviour", "E05013058"): 37, ("Anti-social behaviour", "E05013050"): 243,
}  # fmt: skip


@real
@pytest.mark.parametrize(("kind", "ward"), OF_2024)
def test_cambridge_has_the_counts_of_its_raw_rows(
    kind: str, ward: str, cambridge: tuple[Content, Counts]
) -> None:
    with (MORE / "lookups" / "lsoa21_wd25_lad25_bestfit_v2_6lads.csv").open(encoding="utf-8-sig") as lines:
        ward_of = {r["LSOA21CD"]: r["WD25CD"] for r in csv.DictReader(lines)}
    counted: Counter[str] = Counter()
    for path in sorted(CAMBRIDGE.glob("*-street.csv")):
        with path.open() as lines:
            counted.update(
                r["Crime type"] for r in csv.DictReader(lines) if not ward or ward_of[r["LSOA code"]] == ward
            )
    series = {r["theirs"]: r["series"] for r in published_files.mapped(street_crime.CATEGORIES)}[kind]
    assert counted[kind] == OF_2024[kind, ward]
    assert total(cambridge[1], series, ward or "E07000008") == counted[kind]


@pytest.fixture(scope="module")
def cambridge() -> tuple[Content, Counts]:
    lookup = MORE / "lookups" / "lsoa21_wd25_lad25_bestfit_v2_6lads.csv"
    areas = {"E07000008": area("E07000008", "Cambridge", "borough")}
    areas |= wards_in(lookup, areas, "E07000008")
    table, _ = lookups.lsoas([lookup], areas, (), "E07000008", "s")
    known = tuple(
        Lsoa("s", "l", r["code"], r["census"], r["name"], r["area"]) for r in table.to_dict("records")
    )
    of_place = content(areas, known)
    return of_place, street_crime.counts(sorted(CAMBRIDGE.glob("*-street.csv")), of_place, "E07000008")


@real
def test_all_parts_of_cambridge_add_up(cambridge: tuple[Content, Counts]) -> None:
    every = cambridge[1].frame
    frame = every[every["series"] != "crime-by-outcome"]
    months = (
        frame[(frame["part"] == "") & (frame["area"] != "E07000008")]
        .groupby(["series", "month"])["count"]
        .sum()
    )
    whole = frame[(frame["part"] == "") & (frame["area"] == "E07000008")].set_index(["series", "month"])[
        "count"
    ]
    assert (months.sort_index() == whole.sort_index()).all()
    groups = whole.sort_index().drop(["all-crime", "anti-social-behaviour"]).groupby("month").sum()
    assert (groups == whole["all-crime"]).all()
    split = every[every["series"] == "crime-by-outcome"]
    for of_split in (split[split["part"] != ""], split[split["part"] == ""]):
        assert (of_split.groupby("month")["count"].sum() == whole["all-crime"]).all()


@real
@pytest.mark.parametrize(
    ("code", "series", "end", "value"),
    [
        ("E09000023", "all-offences", date(2024, 12, 31), 29808), ("E09000023", "all-offences", date(2023, 12, 31), 30131),
        ("E09000023", "all-offences-rate", date(2024, 12, 31), "99.8"), ("E07000008", "all-offences", date(2024, 12, 31), 15012),
        ("E09000022", "robbery", date(2024, 12, 31), 2321), ("E06000022", "shoplifting", date(2024, 12, 31), 2319),
        ("E06000060", "all-offences", date(2024, 12, 31), None),
    ],
)  # fmt: skip
def test_partnership_tables_give_the_cells_of_the_workbook(
    code: str, series: str, end: date, value: object
) -> None:
    path = MORE / "ons_crime_tables" / "policeforceareatablesyedecember2024.xlsx"
    got = csp.read([path], content({code: area(code, "X", "borough")}), code)
    figures = {(f.series, f.end): f.value for f in got.figures}
    if value is None:  # several partnerships: their sum, straight from the sheet
        rows = load_workbook(path, read_only=True)["Table C2"].iter_rows(values_only=True)
        value = sum(int(str(r[6])) for r in rows if r[4] == code)
    assert figures[series, end] == Decimal(str(value))


@real
def test_a_district_with_a_new_code_is_found_by_its_name_and_only_that_name() -> None:
    """Barnsley has another code since its boundary changed, and the tables are older."""
    path = MORE / "ons_crime_tables" / "policeforceareatablesyedecember2024.xlsx"
    got = csp.read([path], content({"E08000038": area("E08000038", "Barnsley", "borough")}), "E08000038")
    figures = {(f.series, f.end): f.value for f in got.figures}
    assert figures["all-offences", date(2024, 12, 31)] == 25667
    assert {f.message for f in got.findings if f.code == "other-code"} == {
        "The tables have Barnsley under the code E08000016, not E08000038. A district gets a new code when its boundary changes. The rows with its name are used."
    }
    with pytest.raises(PortalError, match="no row of Barns"):
        csp.read([path], content({"E08000038": area("E08000038", "Barns", "borough")}), "E08000038")


@real
def test_a_district_that_shares_its_partnership_has_no_figure_of_its_own() -> None:
    path = MORE / "ons_crime_tables" / "policeforceareatablesyedecember2024.xlsx"
    got = csp.read([path], content({"E07000040": area("E07000040", "East Devon", "borough")}), "E07000040")
    assert got.figures == ()
    assert "shares the partnership East and Mid Devon" in got.findings[0].message


QUARTERLY = ["Financial Year", "Financial Quarter", "Police Force", "CSP Name", "Offence Description", "Offence Group", "Offence Subgroup", "Offence Code", "Offence Count"]  # fmt: skip
MADE_UP = [
    ["2025/26", "1", "Exampleshire", "Exampleton", "Shoplifting", "Theft offences", "Shoplifting", "46", "120"],
    ["2025/26", "1", "Exampleshire", "Exampleton", "Theft from the person", "Theft offences", "Theft from the person", "39", "30"],
    ["2025/26", "4", "Exampleshire", "Exampleton", "Robbery", "Robbery", "Robbery", "34A", "7"],
    ["2025/26", "4", "Exampleshire", "Exampleton", "Correction", "Drug offences", "Drugs", "92A", "-2"],
    ["2025/26", "1", "Exampleshire", "Unassigned Exampleshire", "Robbery", "Robbery", "Robbery", "34A", "55"],
    ["2025/26", "1", "Elsewhere", "Manchester Airport", "Robbery", "Robbery", "Robbery", "34A", "9"],
]  # fmt: skip


def quarterly(folder: Path, kind: str) -> Path:
    """The Home Office's table as its layout is described, with made-up rows."""
    rows = [["Police recorded crime", "", ""], QUARTERLY, *MADE_UP]
    if kind == "csv":
        path = folder / "prc-csp.csv"
        with path.open("w", newline="") as lines:
            csv.writer(lines).writerows(rows)
    elif kind == "xlsx":
        path, book = folder / "prc-csp.xlsx", Workbook()
        sheet = book.active
        assert sheet is not None
        for row in rows:
            sheet.append(row)
        book.save(path)
    else:
        from odfdo import Document, Table  # noqa: PLC0415

        path, document = folder / "prc-csp.ods", Document("spreadsheet")
        document.body.clear()
        notes, table = Table("Notes"), Table("2025_26")
        notes.set_values([["Kent: recorded under an unassigned group"]])
        table.set_values(rows)
        document.body.append(notes)
        document.body.append(table)
        document.save(path)
    return path


@pytest.mark.parametrize("kind", ["csv", "xlsx", "ods"])
def test_the_quarterly_table_gives_quarters_by_group(kind: str, tmp_path: Path) -> None:
    path = quarterly(tmp_path, kind)
    got = csp.read([path], content(), TOWN)
    figures = {(f.series, f.start, f.end): (f.value, f.status) for f in got.figures}
    spring, winter = (date(2025, 4, 1), date(2025, 6, 30)), (date(2026, 1, 1), date(2026, 3, 31))
    assert figures["theft", *spring] == (Decimal(150), Status.PLAIN)
    assert figures["all-offences", *spring] == (Decimal(150), Status.PLAIN)
    assert figures["robbery", *winter] == (Decimal(7), Status.PLAIN)
    assert figures["drug-offences", *winter] == (
        None,
        Status.NOT_AVAILABLE,
    )  # a correction below zero is no count
    assert "55" in {f.code: f.message for f in got.findings}["unassigned"]
    assert recognition.recognise(path).format == "csp"


def test_a_partnership_of_another_name_is_a_problem_with_the_nearest(tmp_path: Path) -> None:
    other = content({TOWN: area(TOWN, "Exampletown", "borough")})
    with pytest.raises(PortalError, match="Did you mean Exampleton"):
        csp.read([quarterly(tmp_path, "csv")], other, TOWN)


LONDON = {
    a.code: a
    for a in (
        area("E09000023", "Lewisham", "borough"), area("E09000027", "Richmond upon Thames", "borough"),
        area("E09000033", "Westminster", "borough"), area("E23000001", "Metropolitan Police area", "police-force"),
    )
}  # fmt: skip


@real
def test_the_survey_gives_confidence_and_trust() -> None:
    path = MORE / "mopac_pas" / "PAS_borough_to_Q3_2023-24_iso.csv"
    got = public_attitudes.read([path], content(LONDON), "E09000023")
    newest = {(f.series, f.area): f.value for f in got.figures if f.end == date(2023, 12, 31)}
    for series, ours, london in (("good-job", 45, 47), ("trust", 56, 69), ("fair", 50, 62)):
        assert [newest[series, "E09000023"], newest[series, "E23000001"]] == [Decimal(ours), Decimal(london)]
    assert {f.start for f in got.figures if f.end == date(2023, 12, 31)} == {date(2023, 1, 1)}
    assert (
        sum(f.series == "trust" and f.area == "E09000033" for f in got.figures) == 32
    )  # “City of Westminster”


def test_decimal_commas_day_first_dates_two_spellings_and_a_side_note_are_read(tmp_path: Path) -> None:
    path = tmp_path / "pas.csv"
    path.write_text(
        "Date,Survey,Borough,Measure,Proportion,MPS,,,,\n"
        '31/3/2023,PAS,Richmond Upon Thames,"""Good Job"" local","0,6",0.47000000000000003,,Trust,"0,71",\n'
        '30/6/2023,PAS,Richmond upon Thames,Trust MPS,"0,715","0,71",,,,\n'
        "30/6/2023,USS,Richmond upon Thames,Something else,x,x,,,,\n"
    )
    got = public_attitudes.read([path], content(LONDON), "E09000027")
    ours = {(f.series, f.end): f.value for f in got.figures if f.area == "E09000027"}
    assert ours == {
        ("good-job", date(2023, 3, 31)): Decimal(60),
        ("trust", date(2023, 6, 30)): Decimal("71.5"),
    }
    assert (
        "Richmond Upon Thames and Richmond upon Thames"
        in {f.code: f.message for f in got.findings}["spellings"]
    )


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("2023-12-30,PAS,Lewisham,Trust MPS,0.5,0.5", "not the last day of a month"),
        ("2023-02-31,PAS,Lewisham,Trust MPS,0.5,0.5", "not the last day of a month"),
        ("2023-12-31,PAS,Lewisham,Trust MPS,50,0.5", "not a share between 0 and 1"),
        ("2023-12-31,PAS,Lewisham,Trusts MPs,0.5,0.5", "is not known"),
        ("2023-12-31,PAS,Nowhere,Trust MPS,0.5,0.5", "None of the boroughs"),
        ("", "no row of a borough"),
        (
            "2023-12-31,PAS,Lewisham,Trust MPS,0.5,0.5\n2023-12-31,PAS,Lewisham,Trust MPS,0.6,0.5",
            "has 2 values",
        ),
    ],
)
def test_what_is_wrong_with_a_survey_is_a_problem(row: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "pas.csv"
    path.write_text(f"Date,Survey,Borough,Measure,Proportion,MPS\n{row}\n")
    with pytest.raises(PortalError, match=words):
        public_attitudes.read([path], content(LONDON), "E09000023")


def test_offences_against_women_are_summed_over_the_months_in_which_they_were_committed(
    tmp_path: Path,
) -> None:
    path = tmp_path / "vawg.csv"
    path.write_text(
        "BCU_Location,Borough_Name,Ward_Name_Clean_2,Recorded_Date_Months,Date_Committed_From_Date_Months,Count\n"
        "X,Exampleton,North,2026-01-01,2026-01-01,4\nX,Exampleton,North,2026-01-01,2003-05-01,1\n"
        "X,Exampleton,,2026-02-01,2026-02-01,2\nX,Elsewhere,North,2026-01-01,2026-01-01,9\n"
    )
    got = vawg.counts([path], content(), TOWN)
    assert [total(got, "vawg-offences", a) for a in (TOWN, NORTH, SOUTH, REST)] == [7, 5, 0, 2]
    kinds = tmp_path / "kinds.csv"
    kinds.write_text("recorded_date_months,count,vawg_offence\n2026-01-01,2,Murder.\n2026-01-01,1,murder\n")
    parts = vawg.counts([kinds], content(), TOWN).frame.set_index("part")["count"].to_dict()
    assert parts == {"Murder": 3}


@real
def test_the_wards_of_the_dashboard_add_up_to_the_borough() -> None:
    path = MORE / "mps_vawg" / "vawg_offences_location_lewisham_202103-202602.csv"
    with path.open() as lines:
        by_month = Counter[str]()
        for r in csv.DictReader(lines):
            by_month[r["recorded_date_months"][:7]] += int(r["count"])
    got = vawg.counts([path], content(LONDON), "E09000023").frame
    ours = got[got["area"] == "E09000023"].set_index("month")["count"].to_dict()
    assert ours == dict(by_month)
    assert 400 < by_month["2024-06"] < 600


@pytest.mark.parametrize(
    ("heading", "meaning"),
    [
        ("WD16CD", ("ward", 2016, "code")), ("wd25nm", ("ward", 2025, "name")), ("LAD23CD", ("district", 2023, "code")),
        ("lsoa11_code", ("lsoa", 2011, "code")), ("ltla22_name", ("district", 2022, "name")), ("WD22CD_proposed", ("ward", 2022, "code")),
        ("\ufeffLSOA21CD", ("lsoa", 2021, "code")), ("WD25NMW", None), ("WDCD", None), ("Crime type", None),
    ],
)  # fmt: skip
def test_headings_say_their_kind_of_area_and_year(heading: str, meaning: tuple[str, int, str] | None) -> None:
    assert vintages.vintage(heading) == (Vintage(*meaning) if meaning else None)


def test_an_lsoa_of_2011_counts_for_the_ward_of_all_it_became_or_for_none(tmp_path: Path) -> None:
    wards = tmp_path / "wards.csv"
    wards.write_text(
        f"LSOA21CD,LSOA21NM,WD25CD,LAD25CD\nE01000011,Exampleton 001A,{NORTH},{TOWN}\nE01000012,Exampleton 001B,{NORTH},{TOWN}\n"
        f"E01000013,Exampleton 001C,{SOUTH},{TOWN}\n"
    )
    changes = tmp_path / "changes.csv"
    changes.write_text(
        "lsoa11_code,lsoa11_name,change_code,lsoa21_code,ltla22_code\n"
        f"E01000001,Exampleton 001A,S,E01000011,{TOWN}\nE01000001,Exampleton 001A,S,E01000012,{TOWN}\n"
        f"E01000002,Exampleton 001B,S,E01000012,{TOWN}\nE01000002,Exampleton 001B,S,E01000013,{TOWN}\n"
    )
    frame, _ = lookups.lsoas([wards, changes], AREAS, (), TOWN, "s")
    assert {r["code"]: r["area"] for r in frame.to_dict("records") if r["census"] == 2011} == {
        "E01000001": NORTH,
        "E01000002": TOWN,
    }


SQUARE = [
    [537000.0, 173000.0],
    [538000.0, 173000.0],
    [538000.0, 174000.0],
    [537000.0, 174000.0],
    [537000.0, 173000.0],
]


def outline(path: Path, code: str, east: float, key: str = "WD16CD") -> Path:
    ring = [[x + east, y] for x, y in SQUARE]
    feature = {
        "type": "Feature",
        "properties": {key: code, "BNG_E": None},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    return path


@pytest.mark.parametrize("key", ["WD16CD", "wd16cd", "WD25CD"])
def test_outlines_on_the_national_grid_in_a_file_for_each_ward_become_degrees(
    key: str, tmp_path: Path
) -> None:
    paths = [
        outline(tmp_path / "a.geojson", NORTH, 0, key),
        outline(tmp_path / "b.geojson", SOUTH, 1000, key),
    ]
    got = boundaries.read(paths, AREAS)
    west, south, east, north = got.exact[NORTH].bounds
    assert -0.031 < west < east < -0.014
    assert 51.438 < south < north < 51.450
    assert got.exact[NORTH].distance(got.exact[SOUTH]) < 1e-9
    assert "national-grid" in {f.code for f in got.findings}


def test_the_grid_is_converted_as_in_the_example_of_the_ordnance_survey(tmp_path: Path) -> None:
    """Its guide to coordinate systems has 651409.804 313177.450 at 52° 39′ 28.8282″ N, 1° 42′ 57.8663″ E."""
    point = outline(tmp_path / "a.geojson", NORTH, 0)
    shape = json.loads(point.read_text())
    shape["features"][0]["geometry"]["coordinates"] = [
        [[651409.804 + x, 313177.450 + y] for x, y in ((0, 0), (500, 0), (500, 500), (0, 500), (0, 0))]
    ]
    point.write_text(json.dumps(shape))
    got = boundaries.read([point], {NORTH: AREAS[NORTH]}).exact[NORTH]
    corner = min(got.exterior.coords, key=lambda xy: xy[0] + xy[1])
    east, north = 1 + 42 / 60 + 57.8663 / 3600, 52 + 39 / 60 + 28.8282 / 3600
    assert abs(corner[0] - east) * 67_500 < 5  # metres in a degree there
    assert abs(corner[1] - north) * 111_300 < 5


@real
def test_the_full_outlines_of_the_council_agree_with_the_generalised_ones() -> None:
    full, plain = (
        MORE / "boundaries" / "wards2022_lbl_full_epsg27700.geojson",
        MORE / "boundaries" / "wards_lewisham_wgs84.geojson",
    )
    places = {"E09000023": area("E09000023", "Lewisham", "borough")}
    places |= wards_in(plain, places, "E09000023")
    exact, general = boundaries.read(full, places).exact, boundaries.read(plain, places).exact
    assert len(exact) == len(general) == 19
    for code, shape in exact.items():
        both = shape.intersection(general[code]).area / shape.union(general[code]).area
        assert both > 0.95, code


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            f"pcds,doterm,oslaua,osward\nEX1 1AA,,{TOWN},{NORTH}\nEX1 1AB,202001,{TOWN},{NORTH}\nEX2 1AA,,{TOWN},{SOUTH}\n",
            2,
        ),
        (
            f"PCD7,LAD25CD,WD25CD\nEX1  1AA,{TOWN},{NORTH}\nEX101AA,{TOWN},{SOUTH}\nZZ1 1ZZ,E07000001,E05000001\n",
            2,
        ),
        (f"pcd,laua,ward,doterm\nEX1 1AA,{TOWN},{NORTH},\nEX2 1AA,{TOWN},{SOUTH},\n", 2),
        (f"postcode,ward_code,la_code\nex1 1aa,{NORTH},{TOWN}\nEX2 1AA,{SOUTH},{TOWN}\n", 2),
    ],
)
def test_postcodes_come_in_several_layouts(text: str, expected: int, tmp_path: Path) -> None:
    path = tmp_path / "postcodes.csv"
    path.write_text(text)
    frame, _ = postcodes.read(path, AREAS)
    assert len(frame) == expected
    assert frame["postcode"].iloc[0] == "EX1 1AA"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Title,,\nONS Crown Copyright,,\nDate       :,2021,\n,,\n2021 super output area - lower layer,Total: All usual residents,%,%\n,,,\nE01000001 : Exampleton 001A,10,100,5\nE01000002 : Exampleton 001B,20,100,5\n,,,\n,In order to protect,,\n", {TOWN: 30, NORTH: 10, SOUTH: 20}),
        (f"date,geography,geography code,Age: Total,Age: Aged 4\n2021,Exampleton,{TOWN},40,3\n", {TOWN: 40}),
        (f"period,area_code,area_name,sex,all_ages,0\n2024-06-30,{NORTH},N,Persons,11,1\n2024-06-30,{NORTH},N,Females,6,1\n2024-06-30,{SOUTH},S,Persons,22,1\n", {TOWN: 33, NORTH: 11, SOUTH: 22}),
        (f"Source https://example.org,,,\nward code,ward name,local authority code,All usual residents,White British\n{NORTH},N,{TOWN},12,5\n{SOUTH},S,{TOWN},13,5\nTOTAL,,,25,10\n", {TOWN: 25, NORTH: 12, SOUTH: 13}),
        (f"Electoral wards and divisions Code,Electoral wards and divisions,Sex (2 categories) Code,Sex,Observation\n{NORTH},N,1,F,5\n{NORTH},N,2,M,6\n{SOUTH},S,1,F,7\n{SOUTH},S,2,M,8\n", {TOWN: 26, NORTH: 11, SOUTH: 15}),
        ("borough,year,population\nExampleton,2023,9\nExampleton,2024,10\nElsewhere,2024,11\n", {TOWN: 10}),
        (f"ltla21_code,ltla21_name,ethnic_group,value\n{TOWN},E,White (number),20.0\n{TOWN},E,White (percent),40\n{TOWN},E,Other (number),30\n", {TOWN: 50}),
        (f"area_code,area_name,period,indicator,measure,unit,value\n{NORTH},N,2021-03-21,All persons,Count,Persons,9\n{NORTH},N,2021-03-21,Female,Count,Persons,5\n{SOUTH},S,2021-03-21,All persons,Count,Persons,8\n", {TOWN: 17, NORTH: 9, SOUTH: 8}),
    ],
    ids=["nomis-download", "nomis-bulk", "mid-year", "gla", "ons-custom", "by-name", "numbers-and-percent", "tidy"],
)  # fmt: skip
def test_populations_come_in_several_layouts(text: str, expected: dict[str, int], tmp_path: Path) -> None:
    path = tmp_path / "population.csv"
    path.write_text(text)
    frame, _ = population_tables.read(path, AREAS, LSOAS, TOWN, "s")
    assert {r["area"]: int(r["population"]) for r in frame.to_dict("records")} == expected
    assert recognition.recognise(path).format == "populations"


@pytest.mark.parametrize(
    "text",
    ["a,b\n1,2\n", f"geography code,Age: Total\n{TOWN},many\n", "geography code,Age: Total\nE07000001,5\n"],
)
def test_a_table_without_the_district_or_with_odd_cells_is_a_problem(text: str, tmp_path: Path) -> None:
    path = tmp_path / "population.csv"
    path.write_text(text)
    with pytest.raises(PortalError):
        population_tables.read(path, AREAS, LSOAS, TOWN, "s")


def test_a_source_row_says_what_when_and_under_which_licence() -> None:
    row = source_rows.row("police-street", "2026-03", "2026-11-29", "https://data.police.uk/x.zip")
    assert row["id"] == "police-street-2026-03"
    assert row["title"].endswith("to March 2026")
    assert row["licence"] == "Open Government Licence v3.0"
    assert "Fetched on 29 November 2026" in row["note"]
    table = source_rows.added("id,title,note\nother,Other,\n", row)
    assert source_rows.added(table, row) == table


def test_every_format_of_files_is_described_recognised_and_in_the_schema_and_the_help(
    capsys: pytest.CaptureFixture[str],
) -> None:
    described = formats()
    assert set(described) == set(importing.FORMATS) - {importing.TABLE}
    assert {f.region for f in described.values()} == {"everywhere", "london", "elsewhere"}
    # Outlines and estimates of residents are recognised by other means than their headings.
    assert set(described) == {name for name, _ in recognition.TESTS} | {
        "boundaries",
        "neighbourhoods",
        "populations",
        "surroundings",
    }
    fields = packages.contract("indicators")["resources"]["imports"]["schema"]["fields"]
    allowed = next(f["constraints"]["enum"] for f in fields if f["name"] == "format")
    assert set(allowed) == set(importing.COUNTS)
    with pytest.raises(SystemExit):
        arguments.parser().parse_args(["import", "--help"])
    words = capsys.readouterr().out.replace("\n", " ")
    assert [name for name in importing.FORMATS if name not in words] == []
