"""The files of the Metropolitan Police: what the readers make of them, and what they say about damaged ones."""

import csv
import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from portal.core.model import Area
from portal.core.problems import PortalError
from portal.core.vocabulary import AreaKind
from portal.importers import importing
from portal.importers.police import derive, mps_crime, mps_dashboard, mps_extract, mps_parts, mps_records
from portal.importers.police.mps_checks import plain
from portal.importers.shared import published_files
from portal.importers.shared.published_files import Counts
from project import ROOT, SHARED, examples

CASES = ROOT / "tests" / "importers"
UPSTREAM = SHARED / "upstream"
WARD24 = UPSTREAM / "mps_ward" / "ward24_202402-202601.csv"
WARD25 = UPSTREAM / "mps_ward" / "ward25_202403-202603.csv"
HISTORY = UPSTREAM / "mps_ward" / "ward_hist_201004-202402_3boroughs.csv"
BOROUGH24 = UPSTREAM / "mps_borough" / "borough24_202303-202502.csv"
BOROUGHS = UPSTREAM / "mps_borough" / "borough_hist_201004-202302.csv"
DASHBOARD = (
    UPSTREAM / "mps_dashboard" / "MPS_MonthlyCrimeDashboard_OtherCrimeData_202108-202507_3boroughs.csv"
)
real = pytest.mark.skipif(not UPSTREAM.is_dir(), reason="the upstream files are not in ../shared/upstream")


def area(code: str, name: str, kind: str, parent: str = "", until: date | None = None) -> Area:
    return Area("", "", code, name, AreaKind(kind), parent, None, until)


MARSH = {
    a.code: a
    for a in (
        area("E23000099", "Marsh Police", "police-force"),
        area("E09000098", "Northmarsh", "borough", "E23000099"),
        area("E09000097", "Eastmarsh", "borough", "E23000099"),
        area("E05098001", "Alder", "ward", "E09000098", until=date(2022, 5, 4)),
        area("E05099001", "Alder Green", "ward", "E09000098"),
        area("E05099002", "Beacon Hill", "ward", "E09000098"),
        area("rest", "Northmarsh, no ward", "rest", "E09000098"),
    )
}
GROUPS = {
    "arson-and-criminal-damage", "burglary", "drug-offences", "fraud", "miscellaneous-crimes", "possession-of-weapons",
    "public-order", "robbery", "sexual-offences", "theft", "vehicle-offences", "violence",
}  # fmt: skip
# What is part of one of the groups, and so not added to all offences again.
WITHIN = "theft-without-shoplifting"
LEWISHAM = "E09000023"
WARDS = [f"E050{n}" for n in range(13714, 13733)]


@pytest.fixture(scope="module")
def lewisham() -> dict[str, Area]:
    """The borough with its 19 wards, an old one, the police force and the rest."""
    found = {
        code: Area("", "", code, code, AreaKind.WARD, LEWISHAM, date(2022, 5, 5), None) for code in WARDS
    }
    found["E05000448"] = area("E05000448", "Lewisham Central", "ward", LEWISHAM, date(2022, 5, 4))
    found[LEWISHAM] = area(LEWISHAM, "Lewisham", "borough")
    found["E23000001"] = area("E23000001", "Metropolitan Police", "police-force")
    found["rest"] = area("rest", "Lewisham, no ward", "rest", LEWISHAM)
    return found


READERS: dict[str, Callable[[Sequence[Path], dict[str, Area]], Counts]] = {
    "mps-ward": mps_crime.read_wards,
    "mps-borough": mps_crime.read_boroughs,
    "mps-dashboard": mps_dashboard.read,
}


def found_in(format_: str, paths: Sequence[Path], areas: dict[str, Area] = MARSH) -> str:
    """What a reader says about files, as the expected.txt of a case has it."""
    try:
        counts = READERS[format_](paths, areas)
    except PortalError as error:
        return "".join(f"{p}\n" for p in error.problems)
    findings = [f"[{f.code}] {f}" for f in counts.findings]
    by_month = counts.frame.pivot(index=["series", "area"], columns="month", values="count")
    table = by_month.astype("Int64").to_csv(na_rep="-", lineterminator="\n")
    return "\n".join([*findings, "", table])


@pytest.mark.parametrize(
    "case",
    sorted(p for f in READERS for p in (CASES / f).iterdir()),
    ids=lambda p: f"{p.parent.name}/{p.name}",
)
def test_a_case_gives_what_it_should(case: Path) -> None:
    assert found_in(case.parent.name, sorted(case.glob("*.csv"))) == (case / "expected.txt").read_text()


# ---- the maps ----


def test_the_twelve_groups_are_those_of_the_map_and_no_label_appears_twice() -> None:
    rows = published_files.mapped("police/mps_offences.csv")
    assert {r["series"] for r in rows} == GROUPS
    assert len(mps_extract.offences()) == len(rows)
    for row in rows:
        assert re.fullmatch(r"(\d{4}-\d{2})?", row["since"]), row
        assert re.fullmatch(r"(\d{4}-\d{2})?", row["until"]), row


def test_parts_of_the_dashboard_lie_inside_series_that_there_are() -> None:
    rows = published_files.mapped("police/mps_dashboard.series.csv")
    series = [r["series"] for r in rows if r["series"]]
    offences = [r["series"] for r in rows if r["measure"] == "Offences"]
    assert len(offences) == len(set(offences)) == 23
    outcomes = {r["series"] for r in rows if r["measure"] != "Offences"}
    assert outcomes == {f"{s}{mps_records.OUTCOMES}" for s in offences}
    inside = mps_dashboard.wholes()
    assert set(inside.values()) <= set(series)
    # Going from part to whole ends: four steps are more than there are levels.
    reached = set(inside)
    for _ in range(4):
        reached = {inside[part] for part in reached if part in inside}
    assert not reached


def test_labels_are_alike_whatever_their_capitals_and_punctuation() -> None:
    assert plain("Public Fear,  Alarm or Distress") == plain("PUBLIC FEAR ALARM OR DISTRESS")
    assert plain("BURGLARY - RESIDENTIAL") == plain("Burglary Residential")
    assert plain("ARSON") != plain("ARSONS")


# ---- the real files ----


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8-sig") as lines:
        return list(csv.DictReader(lines))


def by_hand(path: Path, code: str, major: str, first: str, last: str) -> int:
    """The records of a ward, summed cell by cell."""
    return sum(
        int(cell)
        for row in rows_of(path)
        if row["WardCode"] == code and row["MajorText"] == major
        for head, cell in row.items()
        if head.isdigit() and first <= head <= last
    )


def read_sum(counts: Counts, series: str, code: str, first: str, last: str) -> int:
    f = counts.frame
    return int(
        f[(f["series"] == series) & (f["area"] == code) & f["month"].between(first, last)]["count"].sum()
    )


@pytest.fixture(scope="module")
def ward24(lewisham: dict[str, Area]) -> Counts:
    return mps_crime.read_wards([WARD24], lewisham)


@pytest.fixture(scope="module")
def dashboard(lewisham: dict[str, Area]) -> Counts:
    return mps_dashboard.read([DASHBOARD], lewisham)


@real
@pytest.mark.parametrize(
    ("series", "major", "code", "typed"),
    [
        ("theft", "THEFT", "E05013730", 599),
        ("violence", "VIOLENCE AGAINST THE PERSON", "E05013714", 548),
        ("burglary", "BURGLARY", "E05013732", 73),
        ("vehicle-offences", "VEHICLE OFFENCES", "E05013729", 167),
        ("public-order", "PUBLIC ORDER OFFENCES", "E05013719", 172),
        ("robbery", "ROBBERY", "E05013727", 72),
        ("sexual-offences", "SEXUAL OFFENCES", "E05013720", 49),
    ],
)
def test_a_year_of_a_ward_is_what_the_file_adds_up_to(
    ward24: Counts, series: str, major: str, code: str, typed: int
) -> None:
    assert by_hand(WARD24, code, major, "202502", "202601") == typed
    assert read_sum(ward24, series, code, "2025-02", "2026-01") == typed


@real
def test_the_whole_of_a_ward_is_all_its_offences(ward24: Counts) -> None:
    assert read_sum(ward24, "all-offences", "E05013727", "2025-02", "2026-01") == 2075
    frame = ward24.frame
    groups = frame[frame["series"].isin(GROUPS)].groupby(["area", "month"])["count"].sum()
    whole = frame[frame["series"] == "all-offences"].set_index(["area", "month"])["count"]
    assert set(frame["series"]) == GROUPS | {"all-offences", WITHIN}
    assert groups.equals(whole.sort_index().astype(groups.dtype).rename("count"))


@real
def test_theft_without_shoplifting_is_theft_less_the_rows_of_shoplifting(ward24: Counts) -> None:
    with WARD24.open(newline="", encoding="utf-8") as lines:
        rows = [
            r for r in csv.DictReader(lines) if r["WardCode"] in WARDS and r["MinorText"] == "SHOPLIFTING"
        ]
    frame = ward24.frame.pivot(index=["area", "month"], columns="series", values="count")
    shoplifting = frame["theft"] - frame[WITHIN]
    months = sorted(set(frame.index.get_level_values("month")))
    for code in WARDS:
        own = [r for r in rows if r["WardCode"] == code]
        assert [int(shoplifting[code, m]) for m in months] == [sum(int(r[m.replace("-", "")]) for r in own) for m in months]  # fmt: skip


@real
def test_every_combination_is_there_once_with_whole_numbers(ward24: Counts) -> None:
    frame = ward24.frame
    assert list(frame.columns) == ["series", "area", "month", "count"]
    assert len(frame) == 14 * 19 * 24 == len(frame.drop_duplicates(["series", "area", "month"]))
    assert sorted(set(frame["area"])) == WARDS
    assert frame["count"].dtype == "int64"
    assert int(frame["count"].min()) == 0


@real
def test_releases_are_joined_and_the_later_one_counts(lewisham: dict[str, Area], ward24: Counts) -> None:
    both = mps_crime.read_wards([WARD25, WARD24], lewisham)
    revised = next(f for f in both.findings if f.code == "revised")
    assert {k: revised.figures[k] for k in ("differ", "shared", "differ_kept", "shared_kept", "largest")} == {
        "differ": 577,
        "shared": 12_259,
        "differ_kept": 166,
        "shared_kept": 11_726,
        "largest": 7,
    }
    assert "577 of them differ" in str(revised)
    # March 2024 is nearly empty in the newer file, so that the older one's stays.
    march = [read_sum(c, "all-offences", w, "2024-03", "2024-03") for c in (both, ward24) for w in WARDS]
    assert march[:19] == march[19:]
    assert sum(march[:19]) > 2000
    assert read_sum(both, "theft", "E05013730", "2025-04", "2026-03") == 639
    assert by_hand(WARD25, "E05013730", "THEFT", "202504", "202603") == 639
    assert sorted(set(both.frame["month"]))[0] == "2024-02"
    assert sorted(set(both.frame["month"]))[-1] == "2026-03"


@real
def test_the_nearly_empty_first_month_is_left_out_and_that_is_said(lewisham: dict[str, Area]) -> None:
    counts = mps_crime.read_wards([WARD25], lewisham)
    thin = next(f for f in counts.findings if f.code == "thin-month")
    assert (thin.figures["month"], thin.figures["records"], thin.figures["dropped"]) == ("2024-03", 47, 1)
    assert sorted(set(counts.frame["month"]))[0] == "2024-04"
    assert counts.frame["month"].nunique() == 24


@real
def test_sixteen_years_come_from_history_and_two_releases(lewisham: dict[str, Area]) -> None:
    counts = mps_crime.read_wards([HISTORY, WARD24, WARD25], lewisham)
    codes = [f.code for f in counts.findings]
    assert len(counts.frame) == 14 * 19 * 192
    assert codes.count("revised") == 2
    assert {"cast-back", "label-changed", "new-category", "removed-category", "absent-ward"} <= set(codes)
    months = [m for m in rows_of(HISTORY)[0] if m.isdigit() and "201101" <= m <= "201112"]
    burglary = [r for r in rows_of(HISTORY) if (r["wardcode"], r["majortext"]) == (WARDS[0], "BURGLARY")]
    assert read_sum(counts, "burglary", WARDS[0], "2011-01", "2011-12") == sum(
        int(r[m]) for r in burglary for m in months
    )


@real
def test_all_wards_of_the_file_are_read_by_their_codes() -> None:
    counts = mps_crime.read_wards([WARD24], None)
    rows = rows_of(WARD24)
    months = [m for m in rows[0] if m.isdigit()]
    assert counts.frame["area"].nunique() == 679
    whole = counts.frame[counts.frame["series"] == "all-offences"]
    assert int(whole["count"].sum()) == sum(int(r[m]) for r in rows for m in months)


@real
@pytest.mark.parametrize("sample", sorted((UPSTREAM / "mps_ward").glob("SAMPLE_*.csv")), ids=lambda p: p.stem)
def test_the_newest_header_is_read(sample: Path) -> None:
    counts = mps_crime.read_wards([sample], None)
    rows = rows_of(sample)
    months = [m for m in rows[0] if m.isdigit()]
    whole = counts.frame[counts.frame["series"] == "all-offences"]["count"].sum()
    assert int(whole) == sum(int(r[m]) for r in rows for m in months)


NEWEST_BOROUGHS = UPSTREAM / "more" / "mps_borough" / "borough24_group-subgroup_202407-202606.csv"


@real
def test_the_newest_borough_file_is_read(lewisham: dict[str, Area]) -> None:
    counts = mps_crime.read_boroughs([NEWEST_BOROUGHS], lewisham)
    assert read_sum(counts, "all-offences", LEWISHAM, "2024-07", "2024-07") == 2834
    whole = sum(int(r["202606"]) for r in rows_of(NEWEST_BOROUGHS))
    assert read_sum(counts, "all-offences", "E23000001", "2026-06", "2026-06") == whole


@real
def test_months_between_two_files_are_a_question_and_no_figure_is_made_across_them(
    lewisham: dict[str, Area],
) -> None:
    """The history ends in March 2024 and the newest file begins in July."""
    history = NEWEST_BOROUGHS.parent / "borough_hist_201004-202403.csv"
    counts = mps_crime.read_boroughs([NEWEST_BOROUGHS, history], lewisham)
    gap = next(f for f in counts.findings if f.code == mps_parts.GAP)
    assert "No file has April 2024 to June 2024." in str(gap)
    assert gap.code in importing.DOUBTS
    months = sorted(set(counts.frame["month"]))
    assert (months[0], months[-1], len(months)) == ("2010-04", "2026-06", 168 + 24)
    assert derive.after_gaps(months) == ["2024-07"]
    quarters = list(derive.spans(months, 3, derive.after_gaps(months)))
    assert ("2024-07", "2024-09") in quarters
    assert ("2024-01", "2024-03") in quarters
    assert not [q for q in quarters if q[0] <= "2024-06" and q[1] >= "2024-04"]


def workbook(source: Path, target: Path, title: bool = False) -> Path:
    """The table of a CSV as an Excel workbook: numbers as numbers, first days of months as dates."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    if title:
        sheet.append(["Recorded crime: monthly counts"])
        sheet.append([])
    with source.open(newline="", encoding="utf-8") as lines:
        for row in csv.reader(lines):
            sheet.append(
                [
                    int(c)
                    if c.isdigit()
                    else date.fromisoformat(c)
                    if re.fullmatch(r"\d{4}(-\d\d){2}", c)
                    else c
                    for c in row
                ]
            )
    book.save(target)
    return target


@pytest.mark.parametrize("title", [False, True])
@pytest.mark.parametrize("format_", READERS)
def test_a_workbook_gives_what_its_csv_gives(tmp_path: Path, format_: str, title: bool) -> None:
    (source,) = (CASES / format_ / "plain").glob("*.csv")
    same = workbook(source, tmp_path / f"{source.stem}.xlsx", title)
    assert found_in(format_, [same]) == found_in(format_, [source]).replace(source.name, same.name)


def test_headings_that_became_dates_are_months(tmp_path: Path) -> None:
    source = tmp_path / "ward.csv"
    source.write_text(
        re.sub(r"(2024)(0\d)", r"\1-\2-01", (CASES / "mps-ward" / "plain" / "ward.csv").read_text())
    )
    same = workbook(source, tmp_path / "ward.xlsx")
    assert (
        found_in("mps-ward", [same]).split("\n\n")[1]
        == ((CASES / "mps-ward" / "plain" / "expected.txt").read_text().split("\n\n")[1])
    )


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"<html>"])
def test_a_damaged_workbook_is_a_problem(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ward.xlsx"
    path.write_bytes(content)
    assert "damaged or not an Excel workbook" in found_in("mps-ward", [path])


@real
def test_a_label_with_and_without_a_comma_is_one(lewisham: dict[str, Area]) -> None:
    sample = UPSTREAM / "mps_ward" / "SAMPLE_hist2026_group-subgroup_202007-202406.csv"
    counts = mps_crime.read_wards([sample], lewisham)
    assert any(f.code == "label-changed" and "PUBLIC FEAR, ALARM" in str(f) for f in counts.findings)
    assert read_sum(counts, "public-order", "E05013725", "2024-02", "2024-06") == 8 + 1 + 11 + 2 + 9 + 12


@real
def test_boroughs_and_the_police_force_are_what_the_file_adds_up_to(lewisham: dict[str, Area]) -> None:
    counts = mps_crime.read_boroughs([BOROUGHS, BOROUGH24], lewisham)
    assert read_sum(counts, "robbery", LEWISHAM, "2024-03", "2025-02") == 1077
    assert read_sum(counts, "all-offences", "E23000001", "2025-02", "2025-02") == 68_661
    assert len(counts.frame) == 14 * 2 * 179
    other = next(f for f in counts.findings if f.code == "other-names")
    assert other.figures["names"] == 32 + 2 - 1  # with the airports and “Unknown”, without our own


@real
def test_the_borough_is_not_the_sum_of_its_wards(lewisham: dict[str, Area], ward24: Counts) -> None:
    boroughs = mps_crime.read_boroughs([BOROUGH24], lewisham)
    found = mps_crime.compare(ward24, boroughs, lewisham)
    off = {}
    for month in [f"2024{m:02}" for m in range(2, 13)] + ["202501", "202502"]:
        borough = sum(int(r[month]) for r in rows_of(BOROUGH24) if r["BoroughName"] == "Lewisham")
        wards = sum(int(r[month]) for r in rows_of(WARD24) if r["WardCode"] in WARDS)
        off[month] = borough - wards
    assert found.code == "does-not-add-up"
    figures = (found.figures["least"], found.figures["most"], found.figures["total"], found.figures["months"])
    assert figures == (min(off.values()), max(off.values()), sum(off.values()), 13) == (3, 79, 575, 13)


def test_wards_that_add_up_are_said_to() -> None:
    borough, ward = (
        Counts(pd.DataFrame({"series": "all-offences", "area": a, "month": "2024-04", "count": [n]}), ())
        for a, n in (("E05099001", 7), ("E09000098", 7))
    )
    assert mps_crime.compare(borough, ward, MARSH).code == "adds-up"
    assert mps_crime.compare(borough, borough, MARSH).figures == {"months": 0}


@real
def test_the_dashboard_is_what_its_rows_say(dashboard: Counts) -> None:
    assert read_sum(dashboard, "hate-crime", LEWISHAM, "2024-08", "2025-07") == 721
    assert read_sum(dashboard, "domestic-abuse", "E05013727", "2024-08", "2025-07") == 144
    wanted: dict[tuple[str, str, str], int] = defaultdict(int)
    names = {
        (plain(t), plain(s)): r["series"] for (t, s, m), r in mps_records.kinds().items() if m == "OFFENCES"
    }
    for row in rows_of(DASHBOARD):
        series = names.get((plain(row["Crime Type"]), plain(row["Crime Subtype"])))
        if row["Measure"] == "Offences" and series and row["Area Code"] in {LEWISHAM, *WARDS}:
            wanted[series, row["Area Code"], row["Month_Year"][:7]] += int(row["Count"])
    frame = dashboard.frame[dashboard.frame["area"] != "rest"]
    got = {
        (s, a, m): n
        for s, a, m, n in frame.itertuples(index=False)
        if n and not s.endswith(mps_records.OUTCOMES) and s != mps_dashboard.TOTAL
    }
    assert got == dict(wanted)
    # No positive outcome of either kind of knife injury victims; and the sum of all offences.
    assert frame["series"].nunique() == 46 - 2 + 1
    assert len(frame) == frame["series"].nunique() * 20 * 48


@real
def test_what_is_left_of_the_borough_is_an_area_of_its_own(dashboard: Counts) -> None:
    wide = dashboard.frame.pivot(index=["series", "month"], columns="area", values="count")
    assert (wide["rest"] == wide[LEWISHAM] - wide[WARDS].sum(axis=1)).all()
    assert read_sum(dashboard, "hate-crime", "rest", "2021-08", "2025-07") == 16
    lost = next(f for f in dashboard.findings if f.code == "no-ward")
    assert lost.figures["hate-crime"] == 16
    assert "hate-crime-racist" not in lost.figures


@real
def test_an_old_ward_in_the_dashboard_is_counted_to_none(dashboard: Counts) -> None:
    old = next(f for f in dashboard.findings if f.code == "not-active")
    assert (old.figures["records"], old.figures["outcomes"], old.figures["rows"]) == (3, 0, 3)
    assert "E05000448" not in set(dashboard.frame["area"])
    nested = {(f.figures["part"], f.figures["cells"]) for f in dashboard.findings if "part" in f.figures}
    assert nested == {
        ("hate-crime-racist-and-religious", 18),
        ("hate-crime-homophobic", 3),
        ("hate-crime-racist-and-religious-positive-outcomes", 6),
        ("hate-crime-transphobic-positive-outcomes", 1),
    }


@real
def test_findings_about_small_counts_name_no_count_of_a_ward(dashboard: Counts) -> None:
    for finding in dashboard.findings:
        if finding.code not in ("size", "absent-ward", "not-active"):
            assert not re.search(r"E05\d{6}", str(finding)), finding


# ---- what must not matter ----


def edited(
    path: Path, folder: Path, change: Callable[[list[list[str]]], object], newline: str = "\n"
) -> Path:
    """A copy of a CSV whose rows, header first, were changed in place."""
    with path.open(newline="", encoding="utf-8-sig") as lines:
        rows = list(csv.reader(lines))
    change(rows)
    copy = folder / path.name
    with copy.open("w", newline="", encoding="utf-8") as out:
        csv.writer(out, lineterminator=newline).writerows(rows)
    return copy


def shuffle(rows: list[list[str]]) -> None:
    body = rows[1:]
    random.Random(7).shuffle(body)
    rows[1:] = body


def without_zero_rows(rows: list[list[str]]) -> None:
    rows[:] = [r for r in rows if any(c != "0" for c in r[5:])]


def columns_in_another_order(rows: list[list[str]]) -> None:
    rows[:] = [[r[3], r[0], r[2], r[1], r[4], *r[5:]] for r in rows]


@real
@pytest.mark.parametrize("change", [shuffle, without_zero_rows, columns_in_another_order])
def test_order_line_ends_and_rows_of_zeros_do_not_matter(
    tmp_path: Path, lewisham: dict[str, Area], ward24: Counts, change: Callable[[list[list[str]]], None]
) -> None:
    copy = edited(WARD24, tmp_path, change, "\r\n")
    pd.testing.assert_frame_equal(mps_crime.read_wards([copy], lewisham).frame, ward24.frame)


# ---- damaged copies of the real files ----


@pytest.fixture(scope="module")
def pieces(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The rows of a few areas of the real files, as they are, so that forty damaged copies are quick to read."""
    folder = tmp_path_factory.mktemp("pieces")
    ward = edited(
        WARD24, folder, lambda rows: keep(rows, "LookUp_BoroughName", "(Lewisham|Bromley|Aviation.*)")
    )
    dashboard = edited(DASHBOARD, folder, lambda rows: keep(rows, "Borough_SNT", "Lewisham.*"))
    return {"ward": ward, "dashboard": dashboard, "borough": BOROUGH24}


def keep(rows: list[list[str]], head: str, pattern: str) -> None:
    place = rows[0].index(head)
    rows[1:] = [r for r in rows[1:] if re.fullmatch(pattern, r[place])]


def exchange(*heads: str) -> Callable[[list[list[str]]], None]:
    def change(rows: list[list[str]]) -> None:
        a, b = (rows[0].index(h) for h in heads)
        rows[0][a], rows[0][b] = rows[0][b], rows[0][a]

    return change


def put(row: int, head: str, text: str) -> Callable[[list[list[str]]], None]:
    def change(rows: list[list[str]]) -> None:
        rows[row - 1][rows[0].index(head)] = text

    return change


def repeat(row: int, head: str = "", text: str = "") -> Callable[[list[list[str]]], None]:
    def change(rows: list[list[str]]) -> None:
        again = list(rows[row - 1])
        if head:
            again[rows[0].index(head)] = text
        rows.append(again)

    return change


def drop_column(head: str) -> Callable[[list[list[str]]], None]:
    def change(rows: list[list[str]]) -> None:
        place = rows[0].index(head)
        for row in rows:
            del row[place]

    return change


def add_column(rows: list[list[str]]) -> None:
    for number, row in enumerate(rows):
        row.append("x" if number else "WardNmae")


def of_another_force(rows: list[list[str]]) -> None:
    place = rows[0].index("WardCode")
    for row in rows[1:]:
        row[place] = "E06" + row[place][3:]


def cut(rows: list[list[str]]) -> None:
    del rows[900:]
    rows[-1] = rows[-1][:9]


def several(rows: list[list[str]]) -> None:
    put(5, "202405", "")(rows)
    put(700, "MinorText", "SHOP LIFTING")(rows)
    put(900, "WardCode", "E0501371")(rows)
    put(901, "202501", "−3")(rows)


WARD_DAMAGE: dict[str, tuple[Callable[[list[list[str]]], None], list[str]]] = {
    "cut-off": (cut, ["row 900", "The row has 9 cells where the header has 29.", "fetch it again"]),
    "code-and-name": (exchange("WardCode", "WardName"), ["column WardCode", "is not the code of a ward", "cells of this column are wrong", "swapped"]),
    "code-and-borough": (exchange("WardCode", "LookUp_BoroughName"), ["column WardCode", "is not the code of a ward"]),
    "ward-and-borough": (exchange("WardName", "LookUp_BoroughName"), ["row 1, column LookUp_BoroughName", "more borough names"]),
    "major-and-minor": (exchange("MajorText", "MinorText"), ["column MinorText", "kinds of offence are not known", "swapped"]),
    "minor-and-month": (exchange("MinorText", "202405"), ["column 202405", "“ARSON” is not a count", "kinds of offence are not known"]),
    "two-months": (exchange("202405", "202406"), ["column 202405", "202406 comes before 202405"]),
    "text": (put(77, "202405", "n/a"), ["row 77, column 202405", "“n/a” is not a count."]),
    "negative": (put(77, "202405", "-3"), ["row 77, column 202405", "below zero"]),
    "fraction": (put(77, "202405", "2.5"), ["row 77, column 202405", "not a whole number"]),
    "empty": (put(77, "202405", ""), ["row 77, column 202405", "The cell is empty."]),
    "twice": (repeat(50), ["row 1173", "This row repeats row 50."]),
    "twice-but-different": (repeat(50, "202405", "99"), ["row 1173", "This row repeats row 50, with different counts."]),
    "other-force": (of_another_force, ["None of the wards in the geography package is in this file."]),
    "no-column": (drop_column("WardCode"), ["There is no column WardCode."]),
    "extra-column": (add_column, ["row 1, column WardNmae", "not known", "Did you mean WardName?"]),
    "month-gone": (drop_column("202406"), ["row 1", "1 month is missing: June 2024."]),
    "label": (put(77, "MinorText", "CRIMINAL DAMAGES"), ["row 77, column MinorText", "not known (in 1 row)", "Write one of: "]),
    "several": (several, ["row 5, column 202405", "row 700", "row 900, column WardCode", "row 901, column 202501"]),
}  # fmt: skip


BOROUGH_DAMAGE: dict[str, tuple[Callable[[list[list[str]]], None], list[str]]] = {
    "name-and-label": (exchange("BoroughName", "MinorText"), ["column MinorText", "kinds of offence are not known"]),
    "negative": (put(9, "202405", "-1"), ["row 9, column 202405", "below zero"]),
    "twice": (repeat(9), ["row 1015", "This row repeats row 9."]),
    "month-gone": (drop_column("202406"), ["June 2024"]),
}  # fmt: skip


DASHBOARD_DAMAGE: dict[str, tuple[Callable[[list[list[str]]], None], list[str]]] = {
    "type-and-subtype": (exchange("Crime Type", "Crime Subtype"), ["column Crime Subtype", "kinds of record are not known", "swapped"]),
    "code-and-name": (exchange("Area Code", "Area Name"), ["column Area Code", "is not the code of an area", "swapped"]),
    "place-and-name": (exchange("Borough_SNT", "Area Name"), ["row 1, column Borough_SNT", "shorter than the ward's name"]),
    "count-and-month": (exchange("Count", "Month_Year"), ["column Month_Year", "is not the first day of a month", "column Count"]),
    "text": (put(77, "Count", "low"), ["row 77, column Count", "“low” is not a count."]),
    "negative": (put(77, "Count", "-2"), ["row 77, column Count", "below zero"]),
    "fraction": (put(77, "Count", "2.5"), ["row 77, column Count", "not a whole number"]),
    "empty": (put(77, "Count", ""), ["row 77, column Count", "empty"]),
    "twice": (repeat(50), ["row 14797", "This row repeats row 50."]),
    "twice-but-different": (repeat(50, "Count", "99"), ["row 14797", "with different counts"]),
    "no-column": (drop_column("Area Code"), ["There is no column Area Code."]),
    "label": (put(77, "Measure", "Offense"), ["row 77, column Measure", "Did you mean OFFENCES?"]),
}  # fmt: skip


DAMAGE = {
    "ward": (mps_crime.read_wards, WARD_DAMAGE),
    "borough": (mps_crime.read_boroughs, BOROUGH_DAMAGE),
    "dashboard": (mps_dashboard.read, DASHBOARD_DAMAGE),
}


@real
@pytest.mark.parametrize(
    ("kind", "damage"), [(kind, name) for kind, (_, known) in DAMAGE.items() for name in known]
)
def test_a_damaged_file_gives_place_and_remedy(
    tmp_path: Path, lewisham: dict[str, Area], pieces: dict[str, Path], kind: str, damage: str
) -> None:
    read, known = DAMAGE[kind]
    change, told = known[damage]
    path = edited(pieces[kind], tmp_path, change)
    with pytest.raises(PortalError) as error:
        read([path], lewisham)
    assert all(words in str(error.value) for words in told), str(error.value)
    assert all(p.fix and p.file == path.name for p in error.value.problems)
    assert len(error.value.problems) <= 6


@real
def test_a_real_file_that_was_cut_off_anywhere_is_told(tmp_path: Path, lewisham: dict[str, Area]) -> None:
    whole = WARD24.read_bytes()
    copy = tmp_path / WARD24.name
    for size in (1_500_000, 1_500_060):
        copy.write_bytes(whole[:size])
        with pytest.raises(PortalError, match=r"fetch it again|Download the file again"):
            mps_crime.read_wards([copy], lewisham)


@pytest.mark.parametrize("format_", READERS)
def test_no_file_and_a_file_that_is_not_there_are_told(format_: str, tmp_path: Path) -> None:
    assert "No file was given." in found_in(format_, [])
    assert "The file is not there" in found_in(format_, [tmp_path / "gone.csv"])


def test_the_problems_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    for name in ("one.csv", "two.csv"):
        (tmp_path / name).write_text(f"{HEAD}\nTHEFT,SHOPLIFTING,Alder Green,E05099001,Northmarsh,x,1\n")
    told = found_in("mps-ward", [tmp_path / "one.csv", tmp_path / "two.csv"])
    assert "one.csv, row 2, column 202404" in told
    assert "two.csv, row 2, column 202404" in told


def test_without_areas_only_wards_in_use_are_read() -> None:
    counts = mps_crime.read_wards([CASES / "mps-ward" / "rows-of-no-ward" / "ward.csv"], None)
    assert set(counts.frame["area"]) == {"E05099001", "E05099009", "E05099011"}
    assert [f.code for f in counts.findings][-2:] == ["no-ward", "not-active"]


# ---- properties ----

HEAD = "MajorText,MinorText,WardName,WardCode,LookUp_BoroughName,202404,202405"
PAIRS = [
    ("THEFT", "SHOPLIFTING"),
    ("Theft", "Theft from Person"),
    ("BURGLARY", "DOMESTIC BURGLARY"),
    ("ROBBERY", "ROBBERY OF BUSINESS PROPERTY"),
]
WARD_ROWS = st.lists(
    st.tuples(
        st.sampled_from(PAIRS),
        st.sampled_from(["E05099001", "E05099002", "E05099009"]),
        st.tuples(st.integers(0, 300), st.integers(0, 300)),
    ),
    min_size=1,
    max_size=10,
    unique_by=lambda row: row[:2],
)


@settings(
    max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(WARD_ROWS)
def test_sums_are_the_sums_of_the_cells(
    tmp_path: Path, rows: list[tuple[tuple[str, str], str, tuple[int, int]]]
) -> None:
    body = [f"{a},{b},Name,{code},Northmarsh,{x},{y}" for (a, b), code, (x, y) in rows]
    path = tmp_path / "ward.csv"
    path.write_text("\n".join([HEAD, *body]) + "\n")
    frame = mps_crime.read_wards([path], None).frame
    assert not frame.duplicated(["series", "area", "month"]).any()
    for place, month in enumerate(["2024-04", "2024-05"]):
        for code in {r[1] for r in rows}:
            cells = frame[(frame["area"] == code) & (frame["month"] == month)].set_index("series")["count"]
            if cells.empty:
                assert sum(r[2][place] for r in rows) * 10 < sum(r[2][1 - place] for r in rows)
                continue
            assert cells["all-offences"] == sum(r[2][place] for r in rows if r[1] == code)
            assert cells[cells.index.isin(GROUPS)].sum() == cells["all-offences"]
            others = [
                r
                for r in rows
                if r[1] == code and plain(r[0][0]) == "THEFT" and plain(r[0][1]) != "SHOPLIFTING"
            ]
            assert cells.get(WITHIN, 0) == sum(r[2][place] for r in others)


def mutations(text: str) -> Iterator[Callable[[random.Random], str]]:
    lines = text.split("\n")

    def cell(rng: random.Random, new: str) -> str:
        rows = [line.split(",") for line in lines]
        row = rng.randrange(len(rows))
        rows[row][rng.randrange(len(rows[row]))] = new
        return "\n".join(",".join(r) for r in rows)

    yield lambda rng: cell(
        rng, rng.choice(["", "0", "-1", "x", "1e9", "٣", "999999999999", "202404", "E05099001", "“"])
    )
    yield lambda rng: text[: rng.randrange(len(text))]
    yield lambda rng: "\n".join(rng.sample(lines, len(lines)))
    yield lambda rng: "\n".join([*lines, rng.choice(lines)])
    yield lambda rng: "\n".join(lines[:1] + rng.sample(lines[1:], rng.randrange(len(lines))))


@settings(
    max_examples=examples(80), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    case=st.sampled_from([("mps-ward", "plain"), ("mps-borough", "plain"), ("mps-dashboard", "plain")]),
    kind=st.integers(0, 4),
    seed=st.integers(0, 10_000),
)
def test_no_damage_gives_a_traceback(tmp_path: Path, case: tuple[str, str], kind: int, seed: int) -> None:
    source = next((CASES / case[0] / case[1]).glob("*.csv"))
    change = list(mutations(source.read_text().rstrip("\n")))[kind]
    path = tmp_path / source.name
    path.write_text(change(random.Random(seed)))
    assert found_in(case[0], [path])


def test_the_newest_month_can_come_first(tmp_path: Path) -> None:
    case = ROOT / "tests" / "importers" / "mps-ward" / "plain" / "ward.csv"
    with case.open(newline="") as file:
        rows = list(csv.reader(file))
    turned = tmp_path / "ward.csv"
    turned.write_text("".join(",".join(f'"{c}"' for c in reversed(row)) + "\n" for row in rows))
    before, after = (mps_crime.read_wards([path], None).frame for path in (case, turned))
    key = ["series", "area", "month"]
    assert (
        after.sort_values(key).reset_index(drop=True).equals(before.sort_values(key).reset_index(drop=True))
    )
