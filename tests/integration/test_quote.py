"""`portal quote` says what is wrong with a document, and its exit code tells whether something must change."""

import json
from pathlib import Path

import pytest
from project import make_project, run


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_project(tmp_path / "portal")


def test_a_right_document_ends_with_0_and_a_wrong_one_with_1(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "post.txt").write_text("We met 12 residents.")
    assert run(root, "quote", str(root / "post.txt")) == 0
    assert "no numbers about our indicators" in capsys.readouterr().out
    (root / "post.md").write_text("Modern slavery has doubled.")
    out = root / "found.json"
    assert run(root, "quote", str(root / "post.md"), "--json", str(out)) == 1
    shown = capsys.readouterr().out
    assert "doubled: no source." in shown
    assert "1 number about our indicators: 1 no source." in shown
    (found,) = json.loads(out.read_text())
    assert (found["quoted"], found["outcome"], found["paragraph"]) == ("doubled", "no source", 1)


def test_a_document_that_cannot_be_read_is_a_problem(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(root, "quote", str(root / "missing.docx")) == 1
    assert "missing.docx" in capsys.readouterr().err


def test_a_wrong_date_is_wrong_use(root: Path) -> None:
    with pytest.raises(SystemExit) as stopped:
        run(root, "quote", "post.txt", "--date", "yesterday")
    assert stopped.value.code == 2
