"""Run the command `portal` with what Windows and macOS lack taken away; test_every_system.py starts it as a program.

    python other_system.py windows|macos ARGUMENTS…

Windows has no fork, no Unix modules and no Unix calls. Symbolic links need a permission there, a junction cannot be
renamed over, and a folder cannot be flushed to the disk. The libraries are loaded first: they know the real system.
"""

import os
import stat
import sys
import urllib.request  # noqa: F401 # before the system changes: on macOS it needs a module that is only there
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import mkdocs.commands.build  # noqa: F401
import pandas  # noqa: F401
import plotly.graph_objects  # noqa: F401
from frictionless import Package  # noqa: F401

_UNIX_MODULES = ("fcntl", "resource", "pwd", "grp", "termios")
_UNIX_CALLS = (
    "fork",
    "sync",
    "geteuid",
    "getuid",
    "setpgid",
    "killpg",
    "getpgid",
    "setsid",
    "sched_getaffinity",
    "nice",
)


def become_macos() -> None:
    """Take away what macOS lacks."""
    sys.platform = "darwin"
    del os.sched_getaffinity


def become_windows() -> None:
    """Take away what Windows lacks, and add its own calls for locks and junctions."""
    sys.platform = "win32"
    for name in _UNIX_MODULES:
        sys.modules[name] = None  # type: ignore[assignment] # so that importing it fails
    for name in _UNIX_CALLS:
        delattr(os, name)
    real_symlink, real_fsync, real_replace = os.symlink, os.fsync, os.replace

    def no_symlink(*_: Any, **__: Any) -> None:
        raise OSError(1314, "A required privilege is not held by the client")

    def fsync(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise PermissionError(13, "Permission denied")
        real_fsync(handle)

    def replace(source: Any, target: Any, **named: Any) -> None:
        if Path(target).is_dir():
            raise PermissionError(13, "Access is denied", str(source))
        real_replace(source, target, **named)

    os.symlink, os.fsync, os.replace = no_symlink, fsync, replace  # type: ignore[assignment]
    sys.modules["msvcrt"] = SimpleNamespace(LK_NBLCK=2, LK_UNLCK=0, locking=lambda *_: None)  # type: ignore[assignment]
    sys.modules["_winapi"] = SimpleNamespace(CreateJunction=real_symlink)  # type: ignore[assignment]
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="cp1252")  # type: ignore[union-attr]


if __name__ == "__main__":
    {"windows": become_windows, "macos": become_macos}[sys.argv.pop(1)]()
    from portal.cli.commands import program

    program()
