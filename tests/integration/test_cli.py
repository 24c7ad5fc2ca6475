"""The command tells what it does, and its exit codes are those of its help."""

import csv
import re
import subprocess
import sys
from pathlib import Path

import pytest
from portal.cli import arguments, commands
from portal.cli.arguments import BUG, OK, PROBLEMS, STOPPED
from portal.site import building
from project import ROOT


@pytest.mark.parametrize(
    "command", [[], *[[c] for c in commands.COMMANDS]], ids=lambda c: "-".join(c) or "portal"
)
def test_help_is_for_people(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        commands.main([*command, "--help"])
    told = capsys.readouterr().out
    assert done.value.code == 0
    assert "Exit codes:" in told
    for code in (OK, PROBLEMS, arguments.USAGE, BUG, STOPPED):
        assert re.search(rf"(?m)^  {code} +\w", told)


@pytest.mark.parametrize(
    ("whose", "differ"), [("tiny", 1), pytest.param("real", 4, marks=pytest.mark.thorough)]
)
def test_check_says_how_many_figures_and_statements(
    whose: str, differ: int, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = project if whose == "tiny" else ROOT
    assert commands.main(["--project", str(root), "check"]) == 0
    told = capsys.readouterr().out
    tables = [path.read_text() for path in root.glob("data_packages/*/data/observations.csv")]
    assert f"{sum(len(list(csv.DictReader(t.splitlines()))) for t in tables)} figures" in told
    assert re.search(rf"{differ} +differs", told)


def test_a_wrong_command_is_code_2() -> None:
    with pytest.raises(SystemExit) as done:
        commands.main(["bild"])
    assert done.value.code == arguments.USAGE


def test_a_fault_of_the_program_is_code_3_and_goes_to_the_log(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(building, "project", broken)
    assert commands.main(["--project", str(tiny), "check"]) == BUG
    assert "Traceback" not in capsys.readouterr().err
    assert "ZeroDivisionError" in (tiny / "build" / "portal-error.log").read_text()


def test_progress_names_each_step(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["--project", str(tiny), "build"]) == 0
    told = capsys.readouterr().err
    for step in ("Checking", "Writing", "Making", "Verifying"):
        assert re.search(rf"{step}.* … \d+\.\d s", told)


def test_the_folder_of_another_thing_is_told_in_words(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "portal", "check"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Run portal in the project's folder" in done.stderr


def test_every_command_option_and_make_target_is_documented() -> None:
    page = (ROOT / "docs" / "reference" / "commands.md").read_text()
    parts = re.findall(r"^### (`portal [^\n]*`)\n(.*?)(?=^##|\Z)", page, re.MULTILINE | re.DOTALL)
    sections = {command: part for names, part in parts for command in re.findall(r"`portal ([a-z]+)`", names)}
    assert sections.keys() == set(commands.COMMANDS)
    for command, section in sections.items():
        listed = subprocess.run(
            [sys.executable, "-m", "portal", command, "--help"], capture_output=True, text=True, check=True
        )
        options = set(re.findall(r"^  (?:-h, )?(--[a-z-]+)", listed.stdout, re.MULTILINE)) - {"--help"}
        assert set(re.findall(r"^\| `(--[a-z-]+)`", section, re.MULTILINE)) == options, command
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert sorted(re.findall(r"^\| `make ([a-z-]+)`", page, re.MULTILINE)) == sorted(targets)
    readme = (ROOT / "README.md").read_text()
    for target in ("make site", "make test", "make serve", "make docs"):
        assert target in readme


def test_a_reader_that_goes_away_is_no_fault_of_the_program(tiny: Path) -> None:
    command = [sys.executable, "-m", "portal", "--project", str(tiny), "check"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout
        assert child.stderr
        child.stdout.close()
        assert "error in this program" not in child.stderr.read()
        assert child.wait() == STOPPED
    assert not (tiny / "build" / "portal-error.log").exists()
