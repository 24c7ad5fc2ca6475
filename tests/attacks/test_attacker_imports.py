"""Two files of the police that differ only in what is withheld leave the same project, and neither gives it away."""

import csv
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from attacker.harvest import public
from attacker.made_up import NORTH, SOUTH, WEST
from attacker.report import leaks
from project import Told, ask, describe_package, make_project, tree_of

NAMES = {NORTH: "North & Quay", SOUTH: "South", WEST: "West Field"}
MONTHS = [f"{y}{m:02}" for y in (2023, 2024) for m in range(1, 13)]
BOROUGH = "E09999999"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The tiny portal, in which a sensitive indicator is imported by ward or with its borough."""
    root = make_project(tmp_path / "tiny")
    package = root / "data_packages" / "recorded"
    (package / "data" / "imports.csv").write_text(
        "format,series,indicator,part,kinds,windows\n"
        "mps-ward,sexual-offences,rec-abuse,,ward,\nmps-dashboard,hate-crime,rec-abuse,,borough;ward;rest,\n"
    )
    rows = package / "data" / "observations.csv"
    kept = [line for line in rows.read_text().splitlines(keepends=True) if not line.startswith("rec-abuse")]
    rows.write_text("".join(kept))
    describe_package(package)
    return root


def ward_file(path: Path, counts: Mapping[str, Mapping[str, int]]) -> Path:
    """A file by ward with counts in some months."""
    with path.open("w", newline="") as lines:
        out = csv.writer(lines, lineterminator="\n")
        out.writerow(["MajorText", "MinorText", "WardName", "WardCode", "LookUp_BoroughName", *MONTHS])
        for ward, own in counts.items():
            cells = [own.get(m, 0) for m in MONTHS]
            out.writerow(
                ["SEXUAL OFFENCES", "OTHER SEXUAL OFFENCES", NAMES[ward], ward, "Exampleton", *cells]
            )
    return path


def dashboard(path: Path, counts: Mapping[str, int]) -> Path:
    """A file of the dashboard with counts of every month of 2024."""
    with path.open("w", newline="") as lines:
        out = csv.writer(lines, lineterminator="\n")
        out.writerow(["Month_Year", "Area Type", "Borough_SNT", "Area Name", "Area Code", "Crime Type", "Crime Subtype", "Measure", "Financial Year", "FY_FYIndex", "Count", "Refresh Date"])  # fmt: skip
        for n, month in enumerate(MONTHS[12:], 1):
            for area, count in counts.items():
                name = NAMES.get(area, "Exampleton")
                kind = "Borough" if area == BOROUGH else "Safer Neighbourhood Teams"
                place = "Exampleton" if area == BOROUGH else f"Exampleton {name}"
                here = count // 12 + (n <= count % 12)
                if here:
                    out.writerow([f"{month[:4]}-{month[4:]}-01", kind, place, name, area, "Hate crime", "Hate crime", "Offences", "fy24-25", f"24-25_{n:02}", here, "2025-02-02"])  # fmt: skip
    return path


def run_import(root: Path, format_: str, path: Path) -> Told:
    """Import a file with the command, which writes what is right."""
    return ask(root, "import", format_, str(path), "--source", "returns", "--yes")


def imported(root: Path, format_: str, path: Path) -> bool:
    """Import a file; return False if it was refused for what would follow from it."""
    done = run_import(root, format_, path)
    assert done.returncode == 0 or (done.returncode == 1 and "rec-abuse" in done.stderr), done.stderr
    return done.returncode == 0


def test_two_files_that_differ_in_what_is_withheld_leave_the_same(project: Path, tmp_path: Path) -> None:
    """Two small counts of one ward, in other months too, and a ward that is not in the file at all."""
    plain = {NORTH: dict.fromkeys(MONTHS, 4), WEST: dict.fromkeys(MONTHS, 5)}
    variants: list[dict[str, dict[str, int]]] = [
        {SOUTH: {"202403": 2}},
        {SOUTH: {"202407": 5, "202412": 4, "202305": 1}},
        {SOUTH: {}},
    ]
    before = {p: (project / "data_packages" / p).read_bytes() for p in tree_of(project / "data_packages")}
    found = []
    for n, variant in enumerate(variants):
        for name, data in before.items():
            (project / "data_packages" / name).write_bytes(data)
        assert imported(project, "mps-ward", ward_file(tmp_path / f"{n}.csv", plain | variant))
        found.append(tree_of(project / "data_packages"))
    assert found[0] == found[1] == found[2]
    assert b"rec-abuse,E05999992,2024-01-01,2024-12-31,,c," in found[0]["recorded/data/observations.csv"]


@pytest.mark.parametrize("counts", [(7, 40, 50, 3), (0, 25, 31, 14), (9, 9, 60, 30), (12, 9, 60, 0)])
def test_an_import_with_its_borough_gives_nothing_away(
    project: Path, tmp_path: Path, counts: tuple[int, ...]
) -> None:
    """Wards, the borough, and records of it that name no ward. A ward without any is not in the file."""
    own = dict(zip((NORTH, SOUTH, WEST), counts, strict=False)) | {BOROUGH: sum(counts)}
    imported(project, "mps-dashboard", dashboard(tmp_path / "dashboard.csv", own))
    found = [
        str(leak)
        for leak in leaks(public(project / "data_packages", 10, 5))
        if leak.key.indicator == "rec-abuse"
    ]
    assert found == []


def test_the_same_file_again_withholds_the_same(project: Path, tmp_path: Path) -> None:
    """Two choices for one table say more than one: a number that only one of them withholds gives another away."""
    own = {NORTH: 7, SOUTH: 40, WEST: 50, BOROUGH: 130}
    found = []
    for _ in range(3):
        assert imported(project, "mps-dashboard", dashboard(tmp_path / "dashboard.csv", own))
        found.append(hidden(project))
    assert found == [found[0]] * 3
    assert len(found[0]) > 1


def hidden(root: Path) -> set[tuple[str, str]]:
    """The area and last day of each figure that is withheld."""
    with (root / "data_packages/recorded/data/observations.csv").open(newline="") as lines:
        return {(r["area"], r["period_end"]) for r in csv.DictReader(lines) if r["status"] == "c"}


def test_a_revision_of_the_others_does_not_show_what_was_withheld(project: Path, tmp_path: Path) -> None:
    """Nor does a file in which the borough and one ward changed: with the first it would give another one away."""
    first = {NORTH: 7, SOUTH: 40, WEST: 50, BOROUGH: 130}
    for own in (first, first | {WEST: 61, BOROUGH: 141}, first | {SOUTH: 44, WEST: 61, BOROUGH: 149}):
        assert imported(project, "mps-dashboard", dashboard(tmp_path / "dashboard.csv", own))
    with_first = hidden(project)
    assert (NORTH, "2024-12-31") in with_first
    found = [
        str(leak)
        for leak in leaks(public(project / "data_packages", 10, 5))
        if leak.key.indicator == "rec-abuse"
    ]
    assert found == []


TOTALS_FIRST = "import this file, and then import the ward file again"


def test_totals_before_wards_are_safe_and_wards_before_totals_get_the_advice(
    project: Path, tmp_path: Path
) -> None:
    """A ward of 7 is withheld. Without totals nothing gives it away; with totals that come later, it is the difference."""
    package = project / "data_packages" / "recorded"
    (package / "data" / "imports.csv").write_text(
        "format,series,indicator,part,kinds,windows\n"
        "mps-ward,sexual-offences,rec-abuse,,ward,\nmps-dashboard,hate-crime,rec-abuse,,borough;rest,\n"
    )
    describe_package(package)
    counts = {NORTH: 7, SOUTH: 40, WEST: 50}
    wards = ward_file(tmp_path / "wards.csv", {a: {"202312": 60, "202412": n} for a, n in counts.items()})
    totals = dashboard(tmp_path / "totals.csv", counts | {BOROUGH: 130})
    rows = package / "data" / "observations.csv"
    empty = rows.read_text()

    assert imported(project, "mps-ward", wards)
    assert {area for area, day in hidden(project) if day == "2024-12-31"} == {NORTH}
    with_wards = rows.read_text()
    assert TOTALS_FIRST in refusal(project, "mps-dashboard", totals)
    assert rows.read_text() == with_wards

    # What the advice says: without the wards of that period, the totals and then the wards.
    kept = [r for r in with_wards.splitlines(keepends=True) if not re.match("rec-abuse,E05.*,2024-01-01,", r)]
    rows.write_text("".join(kept))
    assert imported(project, "mps-dashboard", totals)
    assert imported(project, "mps-ward", wards)
    assert_ward_is_protected(project)

    rows.write_text(empty)
    assert imported(project, "mps-dashboard", totals)
    assert imported(project, "mps-ward", wards)
    assert_ward_is_protected(project)


def refusal(root: Path, format_: str, path: Path) -> str:
    """Return what the command says when it refuses a file."""
    done = run_import(root, format_, path)
    assert done.returncode == 1
    return done.stderr


def assert_ward_is_protected(root: Path) -> None:
    """Check that the small ward and another one are withheld, so that the total gives neither away."""
    withheld = {area for area, day in hidden(root) if day == "2024-12-31"}
    assert NORTH in withheld
    assert len(withheld) >= 2
    assert [k for k in leaks(public(root / "data_packages", 10, 5)) if k.key.indicator == "rec-abuse"] == []
