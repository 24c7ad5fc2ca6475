"""Ask whoever runs a command, on the terminal."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol


class PlannedFiles(Protocol):
    """Files that can be written, such as those of a planned import or a changed entry."""

    @property
    def files(self) -> Mapping[Path, object]:
        """The new content of each file."""

    def write(self) -> None:
        """Write every file, or none."""


def write(root: Path, plan: PlannedFiles, *, agreed: bool) -> None:
    """Write planned files and say so; unless it was agreed beforehand, ask first and write nothing without a yes."""
    names = ", ".join(p.relative_to(root).as_posix() for p in plan.files)
    if not (agreed or is_yes(f"Write {names}? (y/n) ")):
        print("Nothing was written. Add --yes to write without being asked.")
        return
    plan.write()
    print(f"Written: {names}")


def answer(question: str, answers: Mapping[str, str]) -> str:
    """Return the answer chosen on the terminal; empty if nobody can answer or none is chosen."""
    if not sys.stdin.isatty():
        return ""
    keys = list(answers)
    print(question)
    for number, words in enumerate(answers.values(), 1):
        print(f"  {number}  {words}")
    while options := typed(f"1 to {len(keys)}, or Enter to stop: "):
        if options.isdecimal() and 1 <= int(options) <= len(keys):
            return keys[int(options) - 1]
    return ""


def is_yes(question: str) -> bool:
    """Return True if the answer is yes; False if nobody can answer."""
    return sys.stdin.isatty() and typed(question).lower() in ("y", "yes")


def typed(question: str) -> str:
    """Return what is typed; empty if the terminal is closed."""
    try:
        return input(question).strip()
    except EOFError:  # Ctrl-D
        return ""
