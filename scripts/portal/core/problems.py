"""Problems with a user's files, as values: place, finding and remedy."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

_MOST_LISTED = 20  # words in advice


class Fault(NamedTuple):
    """What is wrong and what to do about it: a problem whose place is not known yet."""

    message: str
    fix: str


@dataclass(frozen=True, order=True)
class Problem:
    """A mistake or a warning: where it is, what is wrong and what to do.

    `file` is relative to the project's folder. `row` counts as in a spreadsheet: the header is row 1, and 0 means no
    row. A problem with a `name` is a warning: it does not stop a build, and can be accepted by that name.
    """

    file: str
    row: int = 0
    field: str = ""
    code: str = ""
    message: str = ""
    fix: str = ""
    name: str = ""

    @property
    def place(self) -> str:
        """Return the place in words, such as `plan/data/actions.csv, row 4, column lead`."""
        parts = [self.file]
        if self.row:
            parts.append(f"row {self.row}")
        if self.field:
            parts.append(f"column {self.field}" if self.file.endswith(".csv") else self.field)
        return ", ".join(parts)

    def __str__(self) -> str:
        """Return three lines for the terminal, and the name of a warning."""
        name = f"\n  Name:  {self.name}" if self.name else ""
        return f"{self.place}\n  Found: {self.message}\n  To do: {self.fix}{name}"


class PortalError(Exception):
    """Stops a command, with every problem that was found; two checks can find the same one, which is told once."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple({replace(p, code=""): p for p in reversed(tuple(problems))}.values())[::-1]
        super().__init__("\n".join(map(str, self.problems)))

    def __reduce__(self) -> tuple[type["PortalError"], tuple[tuple[Problem, ...]]]:
        """Keep the problems when a worker process hands the error to its parent."""
        return type(self), (self.problems,)


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the known word that is closest to another; empty if none is close."""
    import difflib  # noqa: PLC0415 - rarely needed, and slow to import

    known = sorted(known)
    near = [k for k in known if k.casefold() == word.casefold()]
    return next(iter(near or difflib.get_close_matches(word, known, n=1, cutoff=0.6)), "")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return advice that names the nearest known word, or lists them all if none is close."""
    known = sorted(filter(None, known))
    if near := nearest(word, known):
        return f"Did you mean {near}?"
    if len(known) == 1:
        return f"Write {known[0]}."
    return write_one_of(word, known) if known else "Remove it."


def write_one_of(word: str, known: Iterable[str]) -> str:
    """Return advice that lists the known words, or the nearest if there are many."""
    import difflib  # noqa: PLC0415 - rarely needed, and slow to import

    known = sorted(filter(None, known))
    if len(known) <= _MOST_LISTED:
        return f"Write one of: {', '.join(known)}."
    near = difflib.get_close_matches(word, known, n=5, cutoff=0)
    return f"Write one that exists, such as {', '.join(near)}. There are {len(known):,}."
