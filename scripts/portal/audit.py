"""Works out what a reader can learn about the withheld figures from all that is published.

Independent of how they were chosen: this sees what the reader sees, and no true value of a withheld figure.
Every figure is a sum of atoms, the finest pieces that the published figures have in common (such as a ward in a
month); two programmes for each withheld figure find its least and greatest possible value, as in the attacker
subproblems of Fischetti and Salazar-González (2001), Management Science 47(7), and in whole counts.
"""

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse.csgraph import connected_components

from portal.problems import PortalError, Problem

Floats = NDArray[np.float64]
_SLACK = 1e-6
_NAMED = 6  # of the figures that contradict each other
_UNBOUNDED = 3  # the status of scipy.optimize.milp


@dataclass(frozen=True)
class Published:
    """A figure that is the sum of its atoms, or of its atoms times `signs` where these are given.

    It lies between `low` and `high`: both are the figure itself where it is published as it is, and further apart
    where it is rounded; one is None where nothing is said of that end. A figure of which both are None is withheld,
    and its interval must be `width` wide. A published difference has signs 1 and -1; one of two withheld counts to
    which a published percentage applies has a fraction. `words` name it in messages.
    """

    key: Hashable
    atoms: tuple[Hashable, ...]
    low: float | None
    high: float | None
    width: int = 0
    words: str = ""
    signs: tuple[float, ...] = ()

    @property
    def withheld(self) -> bool:
        return self.low is None and self.high is None

    @property
    def name(self) -> str:
        low, high = ("" if end is None else f"{end:.10g}" for end in (self.low, self.high))
        value = low if low == high else f"{low or 'any number'} to {high or 'any number'}"
        return f"{self.words or self.key} ({value or 'withheld'})"


@dataclass(frozen=True)
class Interval:
    """The least and greatest value that a withheld figure can have; infinite where nothing bounds it."""

    published: Published
    least: float
    greatest: float


@dataclass(frozen=True)
class _System:
    """Figures (rows) as sums of unknown whole numbers (columns), each of which is at least its floor."""

    figures: tuple[Published, ...]
    matrix: Any
    low: Floats
    high: Floats
    floors: Floats


def too_narrow(found: Iterable[Interval]) -> tuple[Interval, ...]:
    """The intervals that are narrower than their figure's `width`."""
    return tuple(i for i in found if i.greatest - i.least < i.published.width)


def intervals(
    published: Iterable[Published], free: frozenset[Hashable] = frozenset()
) -> tuple[Interval, ...]:
    """The interval of each withheld figure, in the order given.

    Atoms are whole numbers, and zero or more unless they are among the `free`. The same figure may be given more
    than once, as each release and each document published it: all that was ever published counts.

    Raises `ValueError` where signs do not match atoms, and `PortalError` naming figures that cannot all be true.
    """
    system = _system(tuple(published), free)
    values = _known(system)
    found = dict(_solved(system, values))
    return tuple(Interval(f, *found[row]) for row, f in enumerate(system.figures) if f.withheld)


def _system(figures: tuple[Published, ...], free: frozenset[Hashable]) -> _System:
    """One column for all atoms that occur in the same figures alike: only their sum matters."""
    uses: dict[Hashable, dict[int, float]] = {}
    for row, figure in enumerate(figures):
        for atom, sign in zip(figure.atoms, figure.signs or (1,) * len(figure.atoms), strict=True):
            own = uses.setdefault(atom, {})
            own[row] = own.get(row, 0) + sign
    columns: dict[tuple[tuple[int, float], ...], float] = {}
    for atom, own in uses.items():
        column = tuple((row, sign) for row, sign in own.items() if sign)
        columns[column] = min(columns.get(column, 0.0), -inf if atom in free else 0.0)
    entries = [(sign, row, i) for i, column in enumerate(columns) for row, sign in column]
    signs, rows, places = zip(*entries, strict=True) if entries else ((), (), ())
    matrix = sparse.csr_array((signs, (rows, places)), shape=(len(figures), len(columns)), dtype=float)
    return _System(figures, matrix, *_limits(figures), np.array(list(columns.values())))


def _limits(figures: tuple[Published, ...]) -> tuple[Floats, Floats]:
    """Both ends of every figure, drawn in to whole numbers where the figure is one."""
    low = np.array([-inf if f.low is None else f.low for f in figures], dtype=float)
    high = np.array([inf if f.high is None else f.high for f in figures], dtype=float)
    whole = np.array([all(float(s).is_integer() for s in f.signs) for f in figures], dtype=bool)
    return np.where(whole, np.ceil(low - _SLACK), low), np.where(whole, np.floor(high + _SLACK), high)


def _known(system: _System) -> Floats:
    """The value of each column that follows from one figure after another by taking away; nan for the others."""
    values = np.full(len(system.floors), np.nan)
    exact = system.low == system.high
    while True:
        unknown = np.isnan(values)
        open_ = system.matrix[:, unknown]
        rest = system.matrix @ np.nan_to_num(values)
        count = np.diff(open_.indptr)
        outside = (count == 0) & ((rest < system.low - _SLACK) | (rest > system.high + _SLACK))
        outside |= system.low > system.high
        rows = np.flatnonzero(exact & (count == 1))
        if outside.any():
            raise PortalError([_clash(system, np.flatnonzero(outside))])
        if not len(rows):
            return values
        first = open_.indptr[rows]
        columns = np.flatnonzero(unknown)[open_.indices[first]]
        found = (system.low[rows] - rest[rows]) / open_.data[first]
        values[columns] = np.rint(found)
        wrong = (values[columns] < system.floors[columns]) | (abs(found - np.rint(found)) > _SLACK)
        if wrong.any():
            raise PortalError([_clash(system, rows[wrong])])


def _solved(system: _System, values: Floats) -> Iterator[tuple[int, tuple[float, float]]]:
    """The row of each withheld figure with its least and greatest value, part by part of what hangs together."""
    unknown = np.flatnonzero(np.isnan(values))
    rest = system.matrix @ np.nan_to_num(values)
    open_ = system.matrix[:, unknown]
    hidden = np.array([f.withheld for f in system.figures], dtype=bool)
    labels = connected_components(abs(open_).T @ abs(open_), directed=False)[1]
    homes = np.full(len(system.figures), -1)  # the part that each row belongs to; -1 where all is known
    filled = np.diff(open_.indptr) > 0
    homes[filled] = labels[open_.indices[open_.indptr[:-1][filled]]]
    yield from ((int(row), (float(rest[row]), float(rest[row]))) for row in np.flatnonzero(hidden & ~filled))
    for home in np.unique(homes[hidden & filled]):
        rows, columns = np.flatnonzero((homes == home) & ~hidden), np.flatnonzero(labels == home)
        bounds = Bounds(system.floors[unknown[columns]], inf)
        limits = LinearConstraint(
            open_[rows][:, columns], (system.low - rest)[rows], (system.high - rest)[rows]
        )
        if _least(np.zeros(len(columns)), bounds, limits) == inf:
            raise PortalError([_clash(system, rows)])
        for row in np.flatnonzero((homes == home) & hidden):
            aim = open_[[row]][:, columns].toarray()[0]
            least, most = _least(aim, bounds, limits), -_least(-aim, bounds, limits)
            yield int(row), (float(rest[row] + least), float(rest[row] + most))


def _least(aim: Floats, bounds: Bounds, limits: LinearConstraint) -> float:
    """The least sum that `aim` weighs of whole numbers within the limits; infinite where there are none."""
    for whole in (0, 1):
        answer = milp(aim, integrality=whole, bounds=bounds, constraints=limits, options={"mip_rel_gap": 0})
        if answer.status == _UNBOUNDED:
            return -inf
        if answer.x is None:
            return inf
        near = np.rint(answer.x)
        if abs(answer.x - near).max() < _SLACK:
            return float(aim @ near)
    return float(answer.fun)


def _clash(system: _System, rows: NDArray[np.intp]) -> Problem:
    """The figures that cannot all be true: those on which the least sum of departures from the limits depends.

    By Farkas' lemma the multipliers of that programme prove the contradiction. Where only whole numbers are
    contradictory there are none, and the figures in `rows` are named.
    """
    high, low = np.isfinite(system.high), np.isfinite(system.low)
    sides = sparse.vstack([system.matrix[high], -system.matrix[low]])
    limits = np.concatenate([system.high[high], -system.low[low]])
    owners = np.concatenate([np.flatnonzero(high), np.flatnonzero(low)])
    departures = sparse.hstack([sides, -sparse.eye_array(len(owners))])
    cost = np.concatenate([np.zeros(len(system.floors)), np.ones(len(owners))])
    least = np.concatenate([system.floors, np.zeros(len(owners))])
    answer = linprog(
        cost, A_ub=departures, b_ub=limits, bounds=np.column_stack([least, np.full(len(least), inf)])
    )
    guilty = np.unique(owners[abs(answer.ineqlin.marginals) > _SLACK])
    figures = [system.figures[i] for i in (guilty if len(guilty) else rows)]
    names = "; ".join(f.name for f in figures[:_NAMED]) + ("; and others" if len(figures) > _NAMED else "")
    found = f"These published figures cannot all be true: {names}."
    fix = "Compare them with their sources. Where one was revised, its totals and later releases need it too."
    return Problem(str(figures[0].words or figures[0].key), 0, "", "contradiction", found, fix)
