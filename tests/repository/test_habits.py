"""The same checks run everywhere: in make lint, before a commit and in continuous integration."""

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import hypothesis
import yaml
from project import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
MAKEFILE = (ROOT / "Makefile").read_text()
SYSTEMS = yaml.safe_load((ROOT / ".github" / "workflows" / "systems.yml").read_text())["jobs"]
UNCHECKED_FILES = 11  # how many files mypy may leave out: this number only goes down


def commands_of(target: str) -> list[str]:
    rule = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    assert rule
    return [line.strip().replace("$(BIN)", ".venv/bin") for line in rule[1].splitlines()]


def test_pre_commit_runs_the_checks_of_make_lint() -> None:
    (repo,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert repo["repo"] == "local"
    assert [hook["entry"] for hook in repo["hooks"]] == commands_of("lint")
    assert all(hook["language"] == "system" and not hook["pass_filenames"] for hook in repo["hooks"])


def test_every_supported_python_and_system_is_tried() -> None:
    oldest = PROJECT["project"]["requires-python"].removeprefix(">=")
    for job in SYSTEMS.values():
        assert job["strategy"]["fail-fast"] is False
        assert job["strategy"]["matrix"]["python"] == [oldest, "3.13", "3.x"]
    assert SYSTEMS["versions"]["runs-on"].startswith("ubuntu")
    assert SYSTEMS["systems"]["strategy"]["matrix"]["system"] == ["macos-latest", "windows-latest"]


def test_systems_without_make_install_what_make_site_installs() -> None:
    commands = [step["run"] for step in SYSTEMS["systems"]["steps"] if "run" in step]
    assert "python -m pip install --require-hashes -r requirements.lock" in commands
    for name in ("check", "build", "verify"):
        assert f"python -m portal {name}" in commands
    assert not [command for command in commands if "make" in command.split()]


def overrides() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = PROJECT["tool"]["mypy"]["overrides"]
    return found


def test_mypy_checks_more_files_and_never_fewer() -> None:
    assert PROJECT["tool"]["mypy"]["strict"] is True
    (left_out,) = [o["module"] for o in overrides() if o.get("ignore_errors")]
    assert len(left_out) <= UNCHECKED_FILES
    for module in left_out:
        path = Path(*module.split(".")).with_suffix(".py").as_posix()
        assert any(next((ROOT / part).rglob(path), None) for part in ("tests", "benchmarks")), module


def test_coverage_is_measured_with_branches_and_held_before_anything_is_published() -> None:
    assert PROJECT["tool"]["coverage"]["run"]["branch"] is True
    assert PROJECT["tool"]["coverage"]["report"]["fail_under"] >= 85
    assert any("--thorough --cov" in command for command in commands_of("coverage"))
    published = yaml.safe_load((ROOT / ".github" / "workflows" / "publish.yml").read_text())["jobs"]
    assert "make coverage" in [step.get("run") for step in published["test"]["steps"]]
    assert "test" in published["deploy"]["needs"]


def test_the_package_says_that_it_is_typed() -> None:
    assert (ROOT / "scripts" / "portal" / "py.typed").exists()


def test_no_example_of_hypothesis_has_a_deadline() -> None:
    assert hypothesis.settings().deadline is None


def test_the_changelog_has_unreleased_changes_first_and_a_heading_for_the_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text()
    versions = re.findall(r"^## (\S+)", text, re.MULTILINE)
    assert versions[0] == "Unreleased"
    assert PROJECT["project"]["version"] in versions
    groups = re.findall(r"^### (.*)", text, re.MULTILINE)
    assert set(groups) <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_every_link_from_the_files_at_the_top_leads_to_a_file() -> None:
    for path in ROOT.glob("*.md"):
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text()):
            assert (ROOT / target).exists(), (path.name, target)


def test_no_link_is_committed() -> None:
    """A link would name a path of one machine, and systems without links would make a file of it."""
    listed = subprocess.run(
        ["git", "ls-files", "--stage"], cwd=ROOT, capture_output=True, encoding="utf-8", check=True
    )
    assert [line for line in listed.stdout.splitlines() if line.startswith("120000")] == []
