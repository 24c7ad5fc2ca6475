"""The commands work on Linux, macOS and Windows: what the others lack is taken away, and their own calls are put in."""

import errno
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from portal.core import file_system
from project import ROOT, make_project, tree_of

PROGRAM = ROOT / "tests" / "other_system.py"


def run(system: str, root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run portal as on another system, in a project."""
    command = (sys.executable, str(PROGRAM), system, "--project", str(root), *arguments)
    return subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", check=False, stdin=subprocess.DEVNULL
    )


@pytest.mark.parametrize(
    ("system", "commands"),
    [
        ("windows", (["check"], ["build"], ["build", "--fresh"], ["verify"], ["diff"])),
        # A build checks first; the next test checks and compares.
        pytest.param("macos", (["build"], ["verify"]), marks=pytest.mark.thorough),
    ],
)
def test_check_build_and_verify_work_on_every_system(
    system: str, commands: tuple[list[str], ...], tmp_path: Path
) -> None:
    root = make_project(tmp_path / "project")
    for arguments in commands:
        done = run(system, root, *arguments)
        assert done.returncode == 0, (arguments, done.stdout[-2000:], done.stderr[-2000:])
    assert (root / "build" / "site" / "index.html").is_file()
    assert not list((root / "build").glob("*.new"))


@pytest.mark.thorough
def test_a_project_with_the_line_ends_of_windows_gives_the_same_results(tmp_path: Path) -> None:
    root = make_project(tmp_path / "project")
    for path in (p for kind in ("csv", "json", "md", "toml", "yml") for p in root.glob(f"[ds]*/**/*.{kind}")):
        path.write_bytes(path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
    for arguments in (["check"], ["diff"]):
        usual = run("macos", make_project(tmp_path / arguments[0]), *arguments)
        done = run("windows", root, *arguments)
        assert (done.returncode, done.stdout) == (usual.returncode, usual.stdout)


def test_import_works_where_there_are_no_unix_modules(tmp_path: Path) -> None:
    root = make_project(tmp_path / "project")
    before = tree_of(root / "data_packages")
    table = root / "data_packages" / "figures" / "data" / "observations.csv"
    arguments = ("import", "table", str(table), "--package", "figures", "--resource", "observations", "--yes")
    done = run("windows", root, *arguments)
    assert done.returncode == 0, done.stderr
    assert tree_of(root / "data_packages") == before


def test_text_that_a_windows_console_cannot_encode_is_printed_as_utf_8(tmp_path: Path) -> None:
    done = run("windows", tmp_path / "Łódź", "check")
    assert done.returncode == 1
    assert "…" in done.stderr


def test_a_locked_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / ".lock"
    with (
        file_system.exclusive_lock(path),
        pytest.raises(BlockingIOError),
        file_system.exclusive_lock(path),
    ):
        pass
    with file_system.exclusive_lock(path):
        pass


def test_a_locked_file_is_refused_on_windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    def locking(handle: int, mode: int, size: int) -> None:
        calls.append(mode)
        if mode == 2 and calls.count(2) > 1:
            raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(file_system, "fcntl", None)
    monkeypatch.setattr(file_system, "msvcrt", SimpleNamespace(LK_NBLCK=2, LK_UNLCK=0, locking=locking))
    path = tmp_path / ".lock"
    with file_system.exclusive_lock(path), pytest.raises(BlockingIOError), file_system.exclusive_lock(path):
        pass
    assert calls == [2, 2, 0]


def test_a_link_is_replaced_and_never_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = tmp_path / "site"
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "page").write_text(name, encoding="utf-8")
        file_system.replace_link(link, tmp_path / name)
        assert (link / "page").read_text(encoding="utf-8") == name
    assert not link.readlink().is_absolute()
    monkeypatch.setattr(file_system, "_winapi", SimpleNamespace(CreateJunction=os.symlink))
    file_system.replace_link(link, tmp_path / "one")
    assert (link / "page").read_text(encoding="utf-8") == "one"
    assert link.readlink().is_absolute()
    assert (tmp_path / "two" / "page").exists()


def test_no_module_needs_one_system_to_be_imported() -> None:
    unix = re.compile(r"^(import|from) (fcntl|resource|pwd|grp|termios|msvcrt|winreg)\b", re.MULTILINE)
    found = [p.name for p in (ROOT / "scripts" / "portal").rglob("*.py") if unix.search(p.read_text("utf-8"))]
    assert found == []


def test_every_text_file_is_written_in_utf_8() -> None:
    call = re.compile(
        r"\.(?:read|write)_text\((?!\s*\")(?P<given>[^()]*(?:\([^()]*(?:\([^()]*\))?[^()]*\)[^()]*)*)\)"
    )
    for path in (ROOT / "scripts" / "portal").rglob("*.py"):
        for found in call.finditer(path.read_text("utf-8")):
            assert "utf-8" in found["given"], (path.name, found[0])
