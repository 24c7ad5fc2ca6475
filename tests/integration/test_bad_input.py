"""Whatever a user can get wrong is told in words, all at once, and leaves the site as it was."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from portal.checks import rules
from portal.cli import commands
from project import ROOT, make_project, tree_of

CASES = sorted(p for p in (ROOT / "tests" / "bad").iterdir() if p.is_dir())


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_a_broken_package_gets_its_message_and_leaves_the_site_alone(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = make_project(tmp_path / "project", case)
    old = root / "build" / "sites" / "old.0"
    old.mkdir(parents=True)
    (old / "index.html").write_text("the old site")
    (root / "build" / "site").symlink_to("sites/old.0")
    before = tree_of(root / "build" / "site")

    code = commands.main(["--project", str(root), "build"])

    told = capsys.readouterr().err
    assert code == 1
    assert "Traceback" not in told
    assert re.split(r"(?m)^(?=\d+ problems?:)", told)[-1] == (case / "expected.txt").read_text()
    assert (root / "build" / "site").readlink() == Path("sites/old.0")
    assert tree_of(root / "build" / "site") == before


def test_no_message_shows_a_regular_expression() -> None:
    told = [(case.name, (case / "expected.txt").read_text()) for case in CASES]
    assert [
        name for name, text in told if re.search(r"\[a-z0-9]+-|\[0-9]|\\d|\(\?|\]\+|\^\[|\{\d", text)
    ] == []


def test_every_rule_has_a_broken_package() -> None:
    told = {path.name.split("-")[0] for path in CASES} | {path.name for path in CASES}
    assert set(rules.RULES) <= told


def test_several_mistakes_are_told_at_once() -> None:
    told = (ROOT / "tests" / "bad" / "several-at-once" / "expected.txt").read_text()
    for place in (
        "observations.csv, row 3, column indicator",
        "observations.csv, row 18, column value",
        "updates.csv, row 2, column date",
    ):
        assert place in told


def test_the_command_itself_ends_with_code_1_and_no_traceback(tmp_path: Path) -> None:
    root = make_project(tmp_path / "project", ROOT / "tests" / "bad" / "number-with-percent")
    done = subprocess.run(
        [sys.executable, "-m", "portal", "--project", str(root), "check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "row 18, column value" in done.stderr
    assert "Traceback" not in done.stderr
