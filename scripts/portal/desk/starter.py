"""Files that start the desk by a double click, for the system that they are made on."""

import os
import shlex
import sys
from pathlib import Path

_NAMES = {"win32": "Update desk.bat", "darwin": "Update desk.command"}
_OTHER = "update-desk.desktop"


def write(root: Path, system: str = sys.platform) -> Path:
    """Write the starter for a system (as `sys.platform` names it) into the project's folder, and return its path."""
    path = root / _NAMES.get(system, _OTHER)
    path.write_text(_text(root, system), encoding="utf-8", newline="\r\n" if system == "win32" else "\n")
    if os.name != "nt":
        path.chmod(0o755)
    return path


def _text(root: Path, system: str) -> str:
    """Return the text of the starter. It names the Python that runs now, which has the program installed."""
    if system == "win32":
        return f'@echo off\ncd /d "{root}"\n"{sys.executable}" -m portal desk\nif errorlevel 1 pause\n'
    if system == "darwin":
        return (
            f"#!/bin/sh\ncd {shlex.quote(str(root))} && exec {shlex.quote(sys.executable)} -m portal desk\n"
        )
    command = " ".join(
        _quoted(part) for part in (sys.executable, "-m", "portal", "--project", str(root), "desk")
    )
    return f"[Desktop Entry]\nType=Application\nName=Update desk\nComment=The quarterly update of the portal\nExec={command}\nPath={root}\nTerminal=true\n"


def _quoted(part: str) -> str:
    """Return an argument as the Desktop Entry Specification quotes it."""
    plain = part.replace("%", "%%")
    if all(c.isalnum() or c in "/._-%" for c in plain):
        return plain
    for special in ("\\", '"', "`", "$"):
        plain = plain.replace(special, f"\\{special}")
    return f'"{plain}"'.replace("\\", "\\\\")
