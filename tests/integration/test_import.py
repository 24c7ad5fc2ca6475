"""An import from the command line to the package: what it reports, what it writes, and what it never writes."""

import csv
import itertools
import re
from pathlib import Path

import pytest
from portal.site import building
from project import Told, ask, describe_package, make_project, tree_of

WARDS = {"E05999991": "North & Quay", "E05999992": "South", "E05999993": "West Field"}
MONTHS = [f"{y}{m:02}" for y in (2019, 2020) for m in range(1, 13)]
MAP = "format,series,indicator,part,kinds,windows\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The tiny portal, ready for ward files: theft is plain, sexual offences are sensitive."""
    root = make_project(tmp_path / "tiny")
    package = root / "data_packages" / "recorded"
    (package / "data" / "imports.csv").write_text(
        MAP + "mps-ward,theft,rec-thefts,,ward,\nmps-ward,sexual-offences,rec-abuse,,ward,\n"
    )
    # The borough's own figures of the tiny portal do not fit the wards that these tests make up.
    rows = package / "data" / "observations.csv"
    lines = rows.read_text().splitlines(keepends=True)
    rows.write_text("".join(line for line in lines if not line.startswith("rec-abuse")))
    describe_package(package)
    return root


def ward_file(path: Path, thefts: dict[str, int], others: dict[str, int]) -> Path:
    """A ward file in which every month of a ward has the same count."""
    with path.open("w", newline="") as lines:
        out = csv.writer(lines, lineterminator="\n")
        out.writerow(["MajorText", "MinorText", "WardName", "WardCode", "LookUp_BoroughName", *MONTHS])
        for major, minor, counts in (
            ("THEFT", "SHOPLIFTING", thefts),
            ("SEXUAL OFFENCES", "OTHER SEXUAL OFFENCES", others),
        ):
            out.writerows(
                [major, minor, WARDS[w], w, "Exampleton", *[n] * len(MONTHS)] for w, n in counts.items()
            )
    return path


def run(project: Path, *arguments: str) -> Told:
    return ask(project, "import", *arguments)


def import_wards(project: Path, thefts: dict[str, int], others: dict[str, int], *more: str) -> Told:
    """Import a ward file with these counts in every month; nothing is written without --yes."""
    path = ward_file(project.parent / "w.csv", thefts, others)
    return run(project, "mps-ward", str(path), "--source", "returns", *more)


def observations(project: Path) -> list[dict[str, str]]:
    with (project / "data_packages/recorded/data/observations.csv").open(newline="") as lines:
        return list(csv.DictReader(lines))


THEFTS = {"E05999991": 3, "E05999992": 5, "E05999993": 4}
OTHERS = {"E05999991": 2, "E05999992": 0, "E05999993": 4}


def test_nothing_is_written_before_yes(project: Path, tmp_path: Path) -> None:
    before = tree_of(project / "data_packages")
    done = import_wards(project, THEFTS, OTHERS)
    assert done.returncode == 0, done.stderr
    assert "Nothing was written" in done.stdout
    assert "24 months from January 2019 to December 2020" in done.stdout
    assert tree_of(project / "data_packages") == before


def test_plain_counts_by_quarter_and_sensitive_ones_by_year_with_small_ones_withheld(
    project: Path, tmp_path: Path
) -> None:
    done = import_wards(project, THEFTS, OTHERS, "--yes")
    assert done.returncode == 0, done.stderr
    rows = [r for r in observations(project) if r["locator"].startswith(("Theft", "Sexual"))]
    theft = [r for r in rows if r["indicator"] == "rec-thefts"]
    assert len(theft) == 3 * 8
    assert {r["value"] for r in theft if r["area"] == "E05999992"} == {"15"}
    abuse = {
        (r["area"], r["period_end"]): (r["value"], r["status"]) for r in rows if r["indicator"] == "rec-abuse"
    }
    assert abuse == {
        ("E05999991", "2019-12-31"): ("24", ""), ("E05999991", "2020-12-31"): ("24", "p"),
        ("E05999992", "2019-12-31"): ("", "c"), ("E05999992", "2020-12-31"): ("", "c"),
        ("E05999993", "2019-12-31"): ("48", ""), ("E05999993", "2020-12-31"): ("48", "p"),
    }  # fmt: skip
    assert "Withheld: 2 because they are small, 0 more" in done.stdout


def test_revisions_are_counted_marked_and_the_largest_is_named(project: Path, tmp_path: Path) -> None:
    first = import_wards(project, THEFTS, OTHERS, "--yes")
    assert first.returncode == 0
    again = import_wards(project, THEFTS, OTHERS, "--yes")
    assert "30 figures: 0 new, 30 as before, 0 revised" in again.stdout
    later = import_wards(project, {**THEFTS, "E05999993": 6}, OTHERS, "--yes")
    assert "0 new, 22 as before, 8 revised" in later.stdout
    assert re.search(r"The largest revision: .*, West Field, .*: from 12 to 18", later.stdout)
    assert "from 12 to 18" in later.stdout
    changed = [
        (r["value"], r["status"])
        for r in observations(project)
        if r["area"] == "E05999993" and r["indicator"] == "rec-thefts" and r["period_end"] >= "2020-09-30"
    ]
    assert changed == [("18", "r"), ("18", "p")]  # the newest quarter is still provisional


def test_until_ends_the_periods_with_that_month(project: Path, tmp_path: Path) -> None:
    options = ("--until", "2020-05", "--yes", "--assume", "other-quarters=yes")
    assert import_wards(project, THEFTS, OTHERS, *options).returncode == 0
    ends = {
        r["period_end"]
        for r in observations(project)
        if r["indicator"] == "rec-thefts" and r["locator"].startswith("Theft") and r["area"] == "E05999991"
    }
    assert {"2020-05-31", "2020-02-29", "2019-05-31"} <= ends


def test_other_quarters_are_a_question_and_replace_those_that_they_overlap(
    project: Path, tmp_path: Path
) -> None:
    path, before = ward_file(tmp_path / "w.csv", THEFTS, OTHERS), observations(project)
    command = ("mps-ward", str(path), "--source", "returns", "--until", "2020-05", "--yes")
    asked = run(project, *command)
    assert asked.returncode == 1
    assert "The quarters of these files end in February, May, August and November." in asked.stdout
    assert "--assume other-quarters=yes" in asked.stdout
    assert observations(project) == before
    assert run(project, *command, "--assume", "other-quarters=yes").returncode == 0
    quarters = sorted(
        (r["period_start"], r["period_end"])
        for r in observations(project)
        if r["indicator"] == "rec-thefts" and r["area"] == "E05999991"
    )
    assert quarters == sorted(set(quarters))
    assert all(end < start for (_, end), (start, _) in itertools.pairwise(quarters))


def test_an_older_file_is_a_question(project: Path, tmp_path: Path) -> None:
    newest = ward_file(tmp_path / "w.csv", THEFTS, OTHERS)
    assert run(project, "mps-ward", str(newest), "--source", "returns", "--yes").returncode == 0
    before = observations(project)
    changed = ward_file(tmp_path / "w.csv", {**THEFTS, "E05999993": 6}, OTHERS)
    command = ("mps-ward", str(changed), "--source", "returns", "--until", "2020-09", "--yes")
    asked = run(project, *command)
    assert asked.returncode == 1
    assert "end in September 2020, but figures to December 2020 are published" in asked.stdout
    assert re.search(r"for example .*West Field.* from 12 to 18", asked.stdout)
    assert observations(project) == before
    assert run(project, *command, "--assume", "older-file=yes").returncode == 0
    wrong = run(project, *command, "--assume", "older-files=yes")
    assert wrong.returncode == 1
    assert "Did you mean older-file=yes?" in wrong.stderr + wrong.stdout


def test_years_by_ward_follow_those_that_are_published(project: Path, tmp_path: Path) -> None:
    """Rolling on by two months withdraws no year and loses none; the next year comes when it is complete."""
    file = ward_file(tmp_path / "w.csv", THEFTS, dict.fromkeys(WARDS, 30))
    base = ("mps-ward", str(file), "--source", "returns", "--yes", "--assume", "older-file=yes")

    def years() -> set[tuple[str, str]]:
        return {
            (r["period_start"], r["period_end"])
            for r in observations(project)
            if r["indicator"] == "rec-abuse" and r["area"] in WARDS
        }

    assert run(project, *base, "--until", "2020-06").returncode == 0
    first = years()
    assert first == {("2019-07-01", "2020-06-30")}
    assert run(project, *base, "--until", "2020-09").returncode == 0
    assert years() == first


def test_what_was_published_and_must_now_be_withheld_is_said(project: Path, tmp_path: Path) -> None:
    assert import_wards(project, THEFTS, {**OTHERS, "E05999992": 3}, "--yes").returncode == 0
    done = import_wards(project, THEFTS, OTHERS)
    assert (
        "2 figures that were published before are now withheld. Earlier releases still show them: take them back with portal withdraw."
        in done.stdout
    )


def test_wrong_calls_are_problems_all_at_once(project: Path, tmp_path: Path) -> None:
    path = ward_file(tmp_path / "w.csv", THEFTS, OTHERS)
    done = run(project, "mps-wards", str(path), "--source", "return", "--until", "May")
    assert done.returncode == 1
    assert "3 problems" in done.stderr
    for told in ("Did you mean mps-ward?", "Did you mean returns?", "Write it like 2025-02."):
        assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_that_is_not_there_is_a_problem(project: Path) -> None:
    done = run(project, "mps-ward", "nowhere.csv", "--source", "returns")
    assert done.returncode == 1
    assert "The file is not there" in done.stderr


def test_what_is_imported_passes_the_checks(project: Path, tmp_path: Path) -> None:
    assert import_wards(project, THEFTS, {**OTHERS, "E05999992": 2}, "--yes").returncode == 0
    _, released = building.check(project)
    assert len(released.content.observations["rec-abuse"]) == 6


def test_what_is_published_already_is_reckoned_with(project: Path, tmp_path: Path) -> None:
    """The borough and the records without a ward are known: one withheld ward would be the difference."""
    rows = project / "data_packages/recorded/data/observations.csv"
    known = [("E09999999", 84), ("X09999999", 12)]
    rows.write_text(
        rows.read_text()
        + "".join(f"rec-abuse,{a},2020-01-01,2020-12-31,{n},,returns,Table 9\n" for a, n in known)
    )
    done = import_wards(project, THEFTS, OTHERS, "--yes")
    assert done.returncode == 0, done.stderr
    assert re.search(r"Withheld: \d because they are small, [1-9] more", done.stdout)
    hidden = [
        r["area"] for r in observations(project) if r["status"] == "c" and r["period_end"] == "2020-12-31"
    ]
    assert {"E05999992"} < set(hidden) <= {"E05999991", "E05999992", "E05999993"}


def test_an_import_that_does_not_fit_what_is_published_is_refused(project: Path, tmp_path: Path) -> None:
    rows = project / "data_packages/recorded/data/observations.csv"
    known = [("E09999999", 50), ("X09999999", 2)]
    rows.write_text(
        rows.read_text()
        + "".join(f"rec-abuse,{a},2020-01-01,2020-12-31,{n},,returns,Table 9\n" for a, n in known)
    )
    before = rows.read_text()
    done = import_wards(project, THEFTS, OTHERS, "--yes")
    assert done.returncode == 1
    assert "rec-abuse: Exampleton, 12 months to December 2020" in done.stderr
    assert rows.read_text() == before
