"""Remember which files passed the checks, and with which warnings, so that the same files are checked once a day.

`portal check` is usually followed by `portal build`, and the desk reads a project again for each step. The digest covers
every input of a build, the program and the date. Continuous integration never reads or writes what is remembered.
"""

from collections.abc import Sequence
from dataclasses import asdict

from portal.core.problems import Problem
from portal.core.remembered import Remembered
from portal.core.settings import Settings
from portal.site import build_inputs

FILE = "passed.json"


def mark(settings: Settings) -> str:
    """Return a digest of all files of a project as they are now, and of the program; "" if one cannot be read."""
    public = settings.packages_folder if settings.public else None
    try:
        files = build_inputs.fingerprint(settings.root, folder=public)
    except OSError:
        return ""
    return ",".join((files, *settings.packages))


def warnings(settings: Settings, mark_before: str) -> tuple[Problem, ...] | None:
    """Return the warnings about files that passed; None if they are not known to have passed."""
    found = _memory(settings).get(mark_before) if mark_before else None
    try:
        return None if found is None else tuple(Problem(**row) for row in found)
    except (TypeError, ValueError):  # a damaged file
        return None


def remember(settings: Settings, mark_before: str, found: Sequence[Problem]) -> None:
    """Remember that files passed, with these warnings, unless they have changed since `mark_before` was taken."""
    digest = mark_before.partition(" ")[0]
    if digest and digest == mark(settings):
        memory = _memory(settings)
        memory.add(mark_before, [asdict(problem) for problem in found])
        memory.keep()


def _memory(settings: Settings) -> Remembered:
    return Remembered(settings.build_folder / "cache" / FILE)
