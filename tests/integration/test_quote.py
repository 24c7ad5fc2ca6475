"""`portal quote` says what is wrong with a document, and its exit code tells whether something must change."""

import json
from pathlib import Path

import pytest
from portal.disclosure.clearing import ClearedContent
from portal.quotes.checking import Judgement, check
from project import SHARED, make_project, run

SOURCES = SHARED / "sources"


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


@pytest.mark.skipif(not SOURCES.is_dir(), reason="the source documents are not beside this repository")
@pytest.mark.parametrize(
    ("name", "errors"),
    [
        ("000_6ff44df3524e6a5d", {"1.036", "12.7%", "2569", "3203", "8.7%"}),
        ("003_b4e39798ac2b15bc", {"six month period March to September", "84%"}),
    ],
)
def test_the_known_errors_of_the_source_documents_are_found(
    real: ClearedContent, name: str, errors: set[str]
) -> None:
    found = check((SOURCES / f"{name}.txt").read_text(encoding="utf-8"), real)
    assert {f.quoted for f in found if f.outcome == Judgement.WRONG} == errors
    assert sum(f.outcome == Judgement.RIGHT for f in found) >= 6
