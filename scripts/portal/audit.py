"""Tries to work out withheld figures from what is published, by linear programmes. It never sees their true values.

Whoever attacks a table knows every published figure, that each is a sum of counts, and that no count is below zero.
The least and the greatest that a withheld figure can then be are two linear programmes (Fischetti and Salazar-González
2001, section 2). This knows nothing of how cells were chosen, so that it can judge the choice.
"""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from math import ceil, inf

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from portal.problems import PortalError, Problem

_SLACK = 1e-6  # HiGHS takes a constraint as met within 1e-7


@dataclass(frozen=True)
class Published:
    """A figure as it is published: the sum of `atoms`, the finest pieces that any figure tells apart.

    `low` and `high` are both its value; they differ for a rounded figure and are None for one that is withheld, whose
    interval must be `width` wide. `signs` are 1 or -1 for each atom, for a published difference. `words` name it.
    """

    key: Hashable
    atoms: tuple[Hashable, ...]
    low: float | None
    high: float | None
    width: int = 0
    words: str = ""
    signs: tuple[int, ...] = ()

    @property
    def withheld(self) -> bool:
        """Whether its value is not published."""
        return self.low is None and self.high is None


@dataclass(frozen=True)
class Interval:
    """The least and the greatest whole number that a withheld figure can be; the greatest may be infinite."""

    published: Published
    least: float
    greatest: float


def intervals(
    published: Iterable[Published], free: frozenset[Hashable] = frozenset()
) -> tuple[Interval, ...]:
    """The interval of each withheld figure, in the order given.

    Atoms are zero or more, but those in `free` may be below. A figure may occur more than once, as when an earlier
    release had it: all hold at once. Raises `PortalError` where published figures contradict each other.
    """
    told = tuple(published)
    found = {id(i.published): i for group in _groups(told) for i in _of_group(group, free)}
    return tuple(found[id(p)] for p in told if p.withheld)


def too_narrow(found: Iterable[Interval]) -> tuple[Interval, ...]:
    """Those whose interval is narrower than it must be."""
    return tuple(i for i in found if i.greatest - i.least < i.published.width)


def _groups(told: tuple[Published, ...]) -> Iterable[list[Published]]:
    """The figures that share atoms, directly or through others, where any of them is withheld."""
    leader: dict[Hashable, Hashable] = {}

    def top(atom: Hashable) -> Hashable:
        while leader.setdefault(atom, atom) != atom:
            leader[atom] = leader[leader[atom]]
            atom = leader[atom]
        return atom

    for p in told:
        for atom in p.atoms[1:]:
            leader[top(atom)] = top(p.atoms[0])
    groups: dict[Hashable, list[Published]] = {}
    for p in told:
        if p.atoms:
            groups.setdefault(top(p.atoms[0]), []).append(p)
    return [g for g in groups.values() if any(p.withheld for p in g)]


def _of_group(group: list[Published], free: frozenset[Hashable]) -> Iterable[Interval]:
    atoms = {a: i for i, a in enumerate(dict.fromkeys(a for p in group for a in p.atoms))}
    known = [p for p in group if not p.withheld]
    rows = _matrix(known, atoms)
    low = np.array([-inf if p.low is None else p.low for p in known])
    high = np.array([inf if p.high is None else p.high for p in known])
    exact = low == high
    shape: dict[str, object] = {
        "A_eq": rows[exact], "b_eq": low[exact], "bounds": [(None if a in free else 0, None) for a in atoms],
        "A_ub": sparse.vstack([rows[~exact], -rows[~exact]]), "b_ub": np.concatenate([high[~exact], -low[~exact]]),
    }  # fmt: skip
    for p in (p for p in group if p.withheld):
        goal = _matrix([p], atoms).toarray()[0]
        yield Interval(p, _end(goal, shape, known), -_end(-goal, shape, known))


def _matrix(figures: list[Published], atoms: dict[Hashable, int]) -> sparse.csr_array:
    """A row for each figure, with the sign of each atom that it is made of."""
    cells = [
        (i, atoms[a], s)
        for i, p in enumerate(figures)
        for a, s in zip(p.atoms, p.signs or (1,) * len(p.atoms), strict=True)
    ]
    at = [c[0] for c in cells], [c[1] for c in cells]
    return sparse.csr_array(([float(c[2]) for c in cells], at), shape=(len(figures), len(atoms)))


def _end(goal: np.ndarray, shape: dict[str, object], known: list[Published]) -> float:
    """The least value of a sum of atoms, as a whole number."""
    done = linprog(goal, method="highs", **shape)
    if done.status == 2:
        raise PortalError([_contradiction(known)])
    if done.status == 3:
        return -inf
    value = float(done.fun)
    return float(ceil(value - _SLACK))


def _contradiction(known: list[Published]) -> Problem:
    names = "; ".join(p.words or str(p.key) for p in known[:4])
    message = f"Published figures contradict each other, so that no counts fit them all. Among them: {names}."
    fix = "Import the files again, all of one extract, or correct the figures."
    return Problem("observations", code="disclosure", message=message, fix=fix)
