"""Cache the results of the audit, so that only changed figures are audited again.

The key of a result is a digest of everything that the audit depends on: its input and its own source. A result with the
wrong structure is ignored, and continuous integration never reads the cache.
"""

import hashlib
from array import array
from collections.abc import Hashable, Sequence, Set
from dataclasses import asdict
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from portal.core.problems import PortalError, Problem
from portal.core.remembered import Remembered
from portal.disclosure import audit, whole_numbers
from portal.disclosure.audit import Interval, PublishedFigure, Reading


def intervals(
    published: Sequence[PublishedFigure], free: Set[Hashable], memory: Remembered
) -> tuple[Interval, ...]:
    """Return the result of `audit.intervals`, from the cache if the same figures were audited before.

    Raises:
        PortalError: the figures contradict each other; this result is cached too, under their names as well.
    """
    known_as = _digest(published, free)
    withheld = [f for f in published if f.withheld]
    found = _as_intervals(withheld, memory.get(known_as))
    if found is None:
        contradiction = _digest_of_names(known_as, published)
        if problems := _as_problems(memory.get(contradiction)):
            raise PortalError(problems)
        try:
            found = audit.intervals(published, free)
        except PortalError as error:
            memory.add(contradiction, [asdict(p) for p in error.problems])
            raise
        memory.add(known_as, [[i.least, i.greatest, [list(r) for r in i.readings]] for i in found])
    return found


def _as_problems(result: Any) -> tuple[Problem, ...]:
    """Return the problems of a contradiction that is in the cache; none if there is none, or it is damaged."""
    try:
        return tuple(Problem(**p) for p in result or ())
    except (TypeError, ValueError):
        return ()


def _digest_of_names(known_as: str, published: Sequence[PublishedFigure]) -> str:
    """Return the digest of figures with their names, which the problem of a contradiction has."""
    names = repr([(f.key, f.name) for f in published])
    return hashlib.sha256(f"{known_as} {names}".encode()).hexdigest()


def _as_intervals(withheld: Sequence[PublishedFigure], result: Any) -> tuple[Interval, ...] | None:
    try:
        return tuple(
            Interval(f, float(least), float(greatest), tuple(Reading(*map(float, r)) for r in readings))
            for f, (least, greatest, readings) in zip(withheld, result, strict=True)
        )
    except (TypeError, ValueError):
        return None


def _digest(published: Sequence[PublishedFigure], free: Set[Hashable]) -> str:
    """Return the digest of everything that the intervals depend on: the figures and their atoms, but not the names of the atoms."""
    numbers: dict[Hashable, int] = {}
    hash_ = hashlib.sha256(_version())
    for f in published:
        atoms = array("I", (numbers.setdefault(atom, len(numbers)) for atom in f.atoms))
        known = (len(atoms), f.low, f.high, f.width, f.signs, f.under, f.small, f.by_definition)
        hash_.update(repr(known).encode())
        hash_.update(atoms.tobytes())
    hash_.update(bytes(atom in free for atom in numbers))
    return hash_.hexdigest()


@cache
def _version() -> bytes:
    """Return the source code of the audit and the versions of the libraries that it computes with."""
    versions = ",".join(f"{name} {version(name)}" for name in ("scipy", "numpy"))
    sources = (Path(audit.__file__), Path(whole_numbers.__file__), Path(__file__))
    return versions.encode() + b"".join(path.read_bytes() for path in sources)
