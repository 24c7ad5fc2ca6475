"""An import that cannot be right, or cannot write one of its files, leaves all of them as they were."""

import json
from pathlib import Path

import pytest
from portal.data import packages
from portal.importers.importing import PlannedImport
from project import ask, make_project, tree_of


def test_a_file_that_cannot_be_written_leaves_the_others_as_they_were(tmp_path: Path) -> None:
    there, new, lost = tmp_path / "a.csv", tmp_path / "b.csv", tmp_path / "gone" / "c.csv"
    there.write_text("before\n")
    with pytest.raises(FileNotFoundError):
        PlannedImport((), {there: "after\n", new: "new\n", lost: "never\n"}).write()
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == {"a.csv": "before\n"}


def test_every_file_is_written_as_it_is(tmp_path: Path) -> None:
    files = {tmp_path / "a.csv": "é,1\r\n", tmp_path / "b.csv": ""}
    PlannedImport((), files).write()
    assert {p: p.read_bytes().decode() for p in files} == files


def with_imports(root: Path, row: str) -> None:
    """Let the package of what is recorded take figures from files of the police."""
    folder = root / "data_packages/recorded"
    (folder / "data/imports.csv").write_text(f"format,series,indicator,part,kinds,windows\n{row}\n")
    path = folder / "datapackage.json"
    descriptor = json.loads(path.read_text())
    spec = packages.contract("indicators")["resources"]["imports"]
    descriptor["resources"].append(packages.describe_resource("imports", spec))
    path.write_text(json.dumps(descriptor))


@pytest.mark.parametrize("monthly", [2, 9])
def test_totals_that_do_not_fit_the_wards_are_refused_with_advice_that_changes_no_figure(
    tmp_path: Path, monthly: int
) -> None:
    """A file with some of the wards or boroughs alone, such as an extract of one day, would make totals too small."""
    root = make_project(tmp_path / "tiny")
    with_imports(root, "mps-borough,all-offences,rec-abuse,,borough,")
    months = ",".join(f"2020{month:02}" for month in range(1, 13))
    counts = ",".join([str(monthly)] * 12)
    file = tmp_path / "mps_borough.csv"
    file.write_text(f"MajorText,MinorText,BoroughName,{months}\nTHEFT,SHOPLIFTING,Exampleton,{counts}\n")
    before = tree_of(root / "data_packages")
    told = ask(root, "import", "mps-borough", str(file), "--source", "report", "--yes")
    assert told.returncode == 1
    assert f"rec-abuse: Exampleton, 12 months to December 2020 ({12 * monthly})." in told.stderr
    assert "rec-abuse: North & Quay, 12 months to December 2020 (55);" in told.stderr
    assert told.stderr.rstrip().endswith(
        "To do: Compare them with their sources. If one was revised, revise its totals too, here and in later releases. If the "
        "file has only some of the boroughs or wards, its totals are too small: import the whole file."
    )
    assert tree_of(root / "data_packages") == before
