"""An embargo ends for good: what waits becomes public, or is given up; by the command and at the desk alike."""

from pathlib import Path

import pytest
from project import edit, make_project, run, tree_of
from served_desk import enter, served
from test_desk_urgent import REASON, REVISED, YEAR, page, send, two_releases

WAITS = ",63,"


def waiting(root: Path) -> Path:
    """A project whose third release waits, with a figure that is not public yet."""
    made = two_releases(root)
    edit(made, REVISED, REVISED.replace(",62,", WAITS))
    reasons = made / "data_packages/releases/data/reasons.csv"
    reasons.write_text(reasons.read_text() + REASON.replace("One was", "Two were"))
    assert run(made, "release", "2027 Q3", "--embargo", f"{YEAR}-01-01T09:30", "--yes") == 0
    return made


def record(root: Path) -> dict[str, bytes]:
    """The record of releases."""
    return tree_of(root / "data_packages/releases")


def test_what_waits_can_be_given_up_by_the_command_and_at_the_desk(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    by_command, by_clicks = waiting(tmp_path / "command"), waiting(tmp_path / "clicks")
    table = "data_packages/figures/data/observations.csv"
    figures = (by_command / table).read_bytes()
    archive = (by_command / "data_packages/releases/archives/2027-q3.zip").read_bytes()
    public = (two_releases(tmp_path / "public") / table).read_bytes()
    capsys.readouterr()
    assert run(by_command, "embargo") == 0
    assert f"2027 Q3 waits until {YEAR}-01-01 09:30" in capsys.readouterr().out
    assert run(by_command, "embargo", "give-up", "--yes") == 1
    assert "The reason is missing" in capsys.readouterr().err
    assert run(by_command, "embargo", "give-up", "--reason", "The board said no.", "--yes") == 0
    assert "2027 Q3 is given up" in capsys.readouterr().out
    with served(by_clicks) as at:
        ada = enter(at)
        form = {"give-up-reason": "The board said no."}
        done = send(ada, page(ada, "/publish"), "/publish/give-up", **form)
        assert "It is given up" in done.body
        assert "A copy of what waited is in the folder build/given-up" in done.body
        assert "Gave up 2027 Q3: The board said no." in page(ada, "/changes").body
    assert record(by_command) == record(by_clicks)
    assert "2027-q3" not in (by_command / "data_packages/releases/data/releases.csv").read_text()
    # No build can show it any more, on this machine or where the site is published from.
    assert (by_command / table).read_bytes() == (by_clicks / table).read_bytes() == public != figures
    for root in (by_command, by_clicks):
        aside = root / "build/given-up/2027-q3"
        assert (aside / table).read_bytes() == figures
        assert (aside / "data_packages/releases/archives/2027-q3.zip").read_bytes() == archive
    assert run(by_command, "build") == 0
    assert not any(WAITS.encode() in p.read_bytes() for p in (by_command / "build/site").rglob("*.csv"))
    assert run(by_command, "embargo", "give-up", "--reason", "Again.", "--yes") == 1


def test_a_first_release_is_not_given_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = make_project(tmp_path / "project")
    assert run(made, "release", "2027 Q1", "--embargo", f"{YEAR}-01-01T09:30", "--yes") == 0
    before = tree_of(made / "data_packages")
    assert run(made, "embargo", "give-up", "--reason", "No.", "--yes") == 1
    assert "the first release" in capsys.readouterr().err
    assert tree_of(made / "data_packages") == before


def test_an_embargo_ends_before_its_time_by_the_command(tmp_path: Path) -> None:
    root = waiting(tmp_path / "project")
    assert run(root, "embargo", "end", "--reason", "The board decided it.", "--yes") == 0
    assert run(root, "build") == 0
    assert any(WAITS in p.read_text() for p in (root / "build/site").rglob("*.csv"))
