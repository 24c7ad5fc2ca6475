"""A large table with one mistake in every row is checked in seconds, and its problems can be read."""

import difflib
from pathlib import Path

import pytest
from project import make_project, run

TABLE = "data_packages/figures/data/observations.csv"
ROW = "calls,{area},2020-01-01,2020-01-31,,12,,{source},Table 1\n"


def checked(root: Path, rows: str, capsys: pytest.CaptureFixture[str]) -> str:
    with (root / TABLE).open("a") as table:
        table.write(rows)
    assert run(root, "check") == 1
    return capsys.readouterr().err


def test_many_equal_rows_are_not_listed_one_by_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    same = ROW.format(area="E09999999", source="report") * 3000
    told = checked(make_project(tmp_path / "tiny"), same, capsys)
    assert "2 problems:" in told
    assert told.count("An earlier row has the same") == 1
    assert "observations.csv, rows 25 to 1024, column" in told
    assert "The table has 1,000 problems with rows, or more." in told


def test_the_name_that_was_meant_is_looked_for_in_the_first_rows_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each search takes milliseconds: 49,000 rows took as many searches."""
    searches: list[str] = []
    search = difflib.get_close_matches

    def counted(word: str, *more: object, **named: object) -> list[str]:
        searches.append(word)
        return search(word, *more, **named)  # type: ignore[call-overload,no-any-return]

    monkeypatch.setattr(difflib, "get_close_matches", counted)
    rows = "".join(
        ROW.format(area=f"E0{n}", source=f"report{n}").replace("2020", f"{1000 + n}") for n in range(500)
    )
    told = checked(make_project(tmp_path / "tiny"), rows, capsys)
    assert "Did you mean report?" in told
    assert "400 more problems of this kind." in told
    assert len(searches) == 200
