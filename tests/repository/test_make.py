"""Every make target works on a clean clone: its commands can be listed, and what it installs first can be installed."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from project import ROOT

MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE)
LOCKS = ("package-lock.json", "benchmarks/package-lock.json")
# What each target installs before its first command of its own.
INSTALLED = {".venv/ready", ".venv/ready-dev", "node_modules/ready", "node_modules/ready-dev", "benchmarks/node_modules/ready"}  # fmt: skip

pytestmark = pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the files that make reads, and nothing that was installed or built."""
    folder = tmp_path_factory.mktemp("clone")
    names = ["Makefile", "pyproject.toml", "package.json", *LOCKS, "benchmarks/package.json"]
    names += [path.name for path in ROOT.glob("requirements*.lock")]
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    return folder


def run_make(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHON": sys.executable},
    )


def test_every_target_is_phony() -> None:
    phony = re.search(r"^\.PHONY: (.*)", MAKEFILE, re.MULTILINE)
    assert phony
    assert sorted(phony[1].split()) == sorted(TARGETS)


@pytest.mark.parametrize("target", TARGETS)
def test_make_can_list_the_commands_of_every_target(clone: Path, target: str) -> None:
    listed = run_make(clone, "-n", target)
    assert listed.returncode == 0, listed.stderr
    assert listed.stdout.strip()


@pytest.mark.parametrize("target", TARGETS)
def test_a_target_that_runs_installed_programs_installs_them_first(target: str) -> None:
    rule = re.search(rf"^{target}:(?P<needs>.*)\n(?P<commands>(?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    assert rule, target
    needs = set(rule["needs"].split())
    assert needs <= INSTALLED | {"lint"}
    if "$(BIN)" in rule["commands"]:
        assert needs & {".venv/ready", ".venv/ready-dev"}
    if "benchmarks/phone.py" in rule["commands"] or "benchmarks/all.py" in rule["commands"]:
        assert "benchmarks/node_modules/ready" in needs


@pytest.mark.parametrize("target", TARGETS)
def test_the_files_that_a_target_names_are_in_the_repository(target: str) -> None:
    rule = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    assert rule, target
    named = re.findall(r"\b(?:scripts|tests|benchmarks|docs)/[\w/]+\.py\b|\b[\w-]+\.(?:yml|toml)\b", rule[1])
    assert [name for name in named if not (ROOT / name).is_file()] == []


def test_the_first_step_of_every_target_makes_an_environment(clone: Path) -> None:
    made = run_make(clone, ".venv/bin/python")
    assert made.returncode == 0, made.stderr
    assert (clone / ".venv/bin/python").exists()


def test_an_old_python_is_refused_with_a_remedy(clone: Path, tmp_path: Path) -> None:
    old = tmp_path / "python2"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    refused = subprocess.run(
        ["make", "-B", ".venv/bin/python", f"PYTHON={old}"], cwd=clone, capture_output=True, text=True, check=False
    )  # fmt: skip
    assert refused.returncode == 2
    assert "needs Python 3.11 or newer" in refused.stdout


@pytest.mark.skipif(not shutil.which("node"), reason="Node is not installed")
def test_the_check_of_the_node_version_gives_an_answer() -> None:
    script = re.search(r"^NODE_IS_NEW = node -e '(.*)'", MAKEFILE, re.MULTILINE)
    assert script
    for version, is_new in (("20.20.2", False), ("22.18.9", False), ("22.19.0", True), ("24.0.0", True)):
        program = script[1].replace("$$", "$").replace("process.versions.node", f"'{version}'")
        assert (subprocess.run(["node", "-e", program], check=False).returncode == 0) is is_new, version


# --- npm ci refuses a lock file that leaves out a package, also one for another system


def missing_packages(packages: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each package that a lock file needs and does not list, after the package that needs it."""
    for place, entry in packages.items():
        optional_peers = {
            n for n, meta in entry.get("peerDependenciesMeta", {}).items() if meta.get("optional")
        }
        needed = {*entry.get("dependencies", ()), *entry.get("optionalDependencies", ())}
        needed |= set(entry.get("peerDependencies", ())) - optional_peers
        needed |= set(entry.get("devDependencies", ())) if not place else set()
        parents = place.split("/node_modules/") if place else []
        folders = ["/node_modules/".join(parents[:depth]) for depth in range(len(parents), 0, -1)]
        places = [*(f"{folder}/node_modules/" for folder in folders), "node_modules/"]
        yield from ((place, name) for name in sorted(needed) if not any(p + name in packages for p in places))


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_file_lists_every_package_for_every_system(lock: str) -> None:
    written = json.loads((ROOT / lock).read_text())
    described = json.loads((ROOT / lock).with_name("package.json").read_text())
    assert list(missing_packages(written["packages"])) == []
    for kind in ("dependencies", "devDependencies"):
        assert written["packages"][""].get(kind, {}) == described.get(kind, {})
    assert "resolved" not in (ROOT / lock).read_text(), "no address of a registry"


def test_a_lock_file_without_a_package_for_another_system_is_found() -> None:
    packages = {
        "": {"devDependencies": {"bundler": "1.0.0"}},
        "node_modules/bundler": {
            "optionalDependencies": {"bundler-linux": "1.0.0", "bundler-windows": "1.0.0"}
        },
        "node_modules/bundler/node_modules/bundler-linux": {},
    }
    assert list(missing_packages(packages)) == [("node_modules/bundler", "bundler-windows")]
