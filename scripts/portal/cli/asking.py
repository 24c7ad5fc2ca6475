"""Ask whoever runs a command, on the terminal."""

import sys
import time
from collections.abc import Mapping


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


def agreed(question: str) -> bool:
    """Return True if the answer is yes; False if nobody can answer."""
    return sys.stdin.isatty() and typed(question).lower() in ("y", "yes")


def typed(question: str) -> str:
    """Return what is typed; empty if the terminal is closed."""
    try:
        return input(question).strip()
    except EOFError:  # Ctrl-D
        return ""


class ProgressLine:
    """Show on the terminal the step that is running and how long each step took."""

    def __init__(self) -> None:
        self._since = 0.0

    def __call__(self, step: str) -> None:
        """Begin a step."""
        self.end()
        print(f"{step} …", end="", file=sys.stderr, flush=True)
        self._since = time.monotonic()

    def end(self) -> None:
        """End the current step, if there is one."""
        if self._since:
            print(f" {time.monotonic() - self._since:.1f} s", file=sys.stderr)
            self._since = 0.0
