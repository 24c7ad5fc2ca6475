"""The file that opens the desk by a double click."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from portal.desk import starter


@pytest.mark.parametrize(
    "name", ["plain", "with a space", "quo'te", 'dou"ble', "per%cent", "dol$lar", "back\\slash"]
)
def test_each_system_starts_the_desk_of_this_folder(tmp_path: Path, name: str) -> None:
    root = tmp_path / name
    root.mkdir()
    mac = starter.write(root, "darwin")
    line = mac.read_text().splitlines()[1]
    assert shlex.split(line) == ["cd", str(root), "&&", "exec", sys.executable, "-m", "portal", "desk"]
    linux = starter.write(root, "linux")
    entry = dict(line.split("=", 1) for line in linux.read_text().splitlines()[1:])
    # A value is read once as a string of the file, then as a command with the quotes of a shell.
    command = entry["Exec"].replace("\\\\", "\\").replace("%%", "%")
    words = subprocess.run(
        ["sh", "-c", f"printf '%s\\n' {command}"], capture_output=True, text=True, check=True
    ).stdout
    assert words.splitlines() == [sys.executable, "-m", "portal", "--project", str(root), "desk"]
    assert entry["Terminal"] == "true"
    if os.name != "nt":
        assert all(path.stat().st_mode & 0o111 for path in (mac, linux))
    windows = starter.write(root, "win32")
    assert b"-m portal desk\r\n" in windows.read_bytes()
