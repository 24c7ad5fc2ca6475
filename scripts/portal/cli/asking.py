"""Ask whoever runs a command, on the terminal."""

import sys
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
