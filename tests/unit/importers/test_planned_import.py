"""An import that cannot write one of its files leaves all of them as they were."""

from pathlib import Path

import pytest
from portal.importers.importing import PlannedImport


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
