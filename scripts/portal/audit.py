"""Works out what a reader can learn about the withheld figures from all that is published.

Independent of how they were chosen: this sees what the reader sees, and no true value of a withheld figure. Each
figure is a sum of atoms, such as a ward in a month. Two programmes for each withheld figure find its least and
greatest possible value, as in Fischetti and Salazar-González (2001), Management Science 47(7), in whole counts.
"""

from collections.abc import Hashable, Iterable, Iterator, Sequence, Set
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


Column = tuple[tuple[int, float], ...]  # the rows that an unknown whole number is in, with its sign in each
Form = dict[int, float]  # a sum of columns by their number, each times so much, and of _ONE
_ONE = -1


@dataclass(frozen=True)
class _System:
    """Figures as sums of unknown whole numbers, each with its floor; `low` and `high` bound the sums."""

    figures: tuple[Published, ...]
    columns: dict[Column, float]
    low: Floats
    high: Floats


def too_narrow(found: Iterable[Interval]) -> tuple[Interval, ...]:
    """The intervals that are narrower than their figure's `width`."""
    return tuple(i for i in found if i.greatest - i.least < i.published.width)


def intervals(published: Iterable[Published], free: Set[Hashable] = frozenset()) -> tuple[Interval, ...]:
    """The interval of each withheld figure, in the order given.

    Atoms are whole numbers, and zero or more unless they are among the `free`. The same figure may be given more
    than once, as each release and each document published it: all that was ever published counts.

    Raises `ValueError` where signs do not match atoms, and `PortalError` naming figures that cannot all be true.
    """
    told = {(f.atoms, f.signs, f.low, f.high, i * f.withheld): f for i, f in enumerate(published)}
    system = _system(tuple(told.values()), free)
    found = dict(_solved(system, _pooled(system)))
    return tuple(Interval(f, *found[row]) for row, f in enumerate(system.figures) if f.withheld)


def _system(figures: tuple[Published, ...], free: Set[Hashable]) -> _System:
    """One column for all atoms that occur in the same figures alike: only their sum matters."""
    uses: dict[Hashable, Form] = {}
    for row, figure in enumerate(figures):
        for atom, sign in zip(figure.atoms, figure.signs or (1,) * len(figure.atoms), strict=True):
            own = uses.setdefault(atom, {})
            own[row] = own.get(row, 0) + sign
    columns: dict[Column, float] = {}
    for atom, own in uses.items():
        column = tuple((row, sign) for row, sign in own.items() if sign)
        columns[column] = min(columns.get(column, 0.0), -inf if atom in free else 0.0)
    return _System(figures, columns, *_limits(figures))


def _limits(figures: tuple[Published, ...]) -> tuple[Floats, Floats]:
    """Both ends of every figure, drawn in to whole numbers where the figure is one."""
    low = np.array([-inf if f.low is None else f.low for f in figures], dtype=float)
    high = np.array([inf if f.high is None else f.high for f in figures], dtype=float)
    whole = np.array([all(float(s).is_integer() for s in f.signs) for f in figures], dtype=bool)
    return np.where(whole, np.ceil(low - _SLACK), low), np.where(whole, np.floor(high + _SLACK), high)


def _pooled(system: _System) -> _System:
    """The same with fewer columns, where exact figures each take one of the same sets of atoms.

    If only months of the borough tell the months of a ward's quarter apart, the sums over quarters are all that
    matters: a table of whole numbers with given margins always exists.
    """
    low, high, columns = system.low.copy(), system.high.copy(), system.columns
    members: dict[int, list[Column]] = {}
    kin: dict[frozenset[Column], list[int]] = {}
    for column in columns:
        for row, _ in column:
            members.setdefault(row, []).append(column)
    for row, own in members.items():
        rest = frozenset(tuple(e for e in c if e[0] != row) for c in own)
        plain = len(rest) == len(own) and all((row, 1) in c and not columns[c] for c in own)
        if plain and low[row] == high[row] >= 0:
            kin.setdefault(rest, []).append(row)
    new: dict[Column, Column] = {}
    for rows in (rows for rows in kin.values() if len(rows) > 1):
        own = [c for row in rows for c in members[row]]
        if not any(c in new for c in own):
            new |= {c: tuple(sorted((rows[0] if r in rows else r, s) for r, s in c)) for c in own}
            low[rows[0]] = high[rows[0]] = low[rows].sum()
            low[rows[1:]] = high[rows[1:]] = 0
    pooled = {new.get(c, c): floor for c, floor in columns.items()}
    return _pooled(_System(system.figures, pooled, low, high)) if new else system


def _reduced(system: _System) -> tuple[dict[int, Form], dict[Column, tuple[float, float]]]:
    """What each withheld figure is, and the limits, after Gauss–Jordan elimination with the exact figures.

    Each of these gives one column as a sum of the others, in whole numbers, which must not be under its floor.
    """
    rows: list[Form] = [{} for _ in system.figures]
    for number, column in enumerate(system.columns):
        for row, sign in column:
            rows[row][number] = sign
    sums: dict[int, Form] = {}
    exact = (i for i, _ in enumerate(rows) if system.low[i] == system.high[i])
    for row in sorted(exact, key=lambda i: len(rows[i])):
        form = _put(rows[row] | {_ONE: -system.low[row]}, sums)
        units = [c for c, sign in form.items() if c != _ONE and abs(sign) == 1]
        if units and all(float(sign).is_integer() for sign in rows[row].values()):
            sign = form.pop(units[0])
            sums[units[0]] = {c: -times / sign for c, times in form.items()}
            sums = {c: _put(own, sums) if units[0] in own else own for c, own in sums.items()}
    limits: dict[Column, tuple[float, float]] = {(): (-inf, inf)}
    floors = ((sums[c], floor, inf) for c, floor in enumerate(system.columns.values()) if c in sums)
    stated = zip((_put(form, sums) for form in rows), system.low, system.high, strict=True)
    for form, low, high in (*floors, *stated):
        key, one = tuple(sorted((c, t) for c, t in form.items() if c != _ONE)), form.get(_ONE, 0)
        least, most = limits.get(key, (-inf, inf))
        limits[key] = max(least, low - one), min(most, high - one)
    return {i: _put(rows[i], sums) for i, f in enumerate(system.figures) if f.withheld}, limits


def _put(form: Form, sums: dict[int, Form]) -> Form:
    """The form with the sums put in the place of their columns."""
    found: Form = {}
    for column, times in form.items():
        for other, share in sums.get(column, {column: 1}).items():
            found[other] = found.get(other, 0) + times * share
    return {column: times for column, times in found.items() if times}


def _solved(system: _System, reduced: _System) -> Iterator[tuple[int, tuple[float, float]]]:
    """The row of each withheld figure with its least and greatest value, part by part of what hangs together."""
    aims, limits = _reduced(reduced)
    if any(a > b + _SLACK or (not key and max(a, -b) > _SLACK) for key, (a, b) in limits.items()):
        raise PortalError([_clash(system)])
    floors, ends = np.array(list(reduced.columns.values())), np.array(list(limits.values()))
    asked = [tuple((c, t) for c, t in aim.items() if c != _ONE) for aim in aims.values()]
    matrix = _matrix([*limits, *asked], len(floors))
    labels = connected_components(abs(matrix).T @ abs(matrix), directed=False)[1]
    homes = np.array([labels[key[0][0]] if key else -1 for key in (*limits, *asked)])
    for home in dict.fromkeys(homes[len(limits) :]):
        rows, columns = np.flatnonzero(homes[: len(limits)] == home), np.flatnonzero(labels == home)
        bounds = Bounds(floors[columns], inf)
        within = LinearConstraint(matrix[rows][:, columns], *ends[rows].T)
        if home >= 0 and _least(np.zeros(len(columns)), bounds, within) == inf:
            raise PortalError([_clash(system)])
        for place in np.flatnonzero(homes[len(limits) :] == home):
            row = list(aims)[place]
            aim = matrix[[len(limits) + place]][:, columns].toarray()[0]
            known = float(aims[row].get(_ONE, 0))
            yield row, (known + _least(aim, bounds, within), known - _least(-aim, bounds, within))


def _matrix(keys: Sequence[Column], width: int) -> Any:
    entries = [(times, row, column) for row, key in enumerate(keys) for column, times in key]
    times, rows, columns = zip(*entries, strict=True) if entries else ((), (), ())
    return sparse.csr_array((times, (rows, columns)), (len(keys), width), dtype=float)


def _least(aim: Floats, bounds: Bounds, limits: LinearConstraint) -> float:
    """The least sum that `aim` weighs of whole numbers within the limits; infinite where there are none."""
    if not len(aim):
        return 0.0
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


def _clash(system: _System) -> Problem:
    """The figures that cannot all be true: those on which the least sum of departures from them depends.

    Its multipliers prove the contradiction (Farkas). One of whole numbers only has none: then all are named.
    """
    matrix = _matrix(list(system.columns), len(system.figures)).T.tocsr()
    high, low = np.isfinite(system.high), np.isfinite(system.low)
    limits = np.concatenate([system.high[high], -system.low[low]])
    owners = np.concatenate([np.flatnonzero(high), np.flatnonzero(low)])
    departures = sparse.hstack([sparse.vstack([matrix[high], -matrix[low]]), -sparse.eye_array(len(owners))])
    cost = np.concatenate([np.zeros(len(system.columns)), np.ones(len(owners))])
    bounds = [(floor, None) for floor in (*system.columns.values(), *(0 for _ in owners))]
    answer = linprog(cost, A_ub=departures, b_ub=limits, bounds=bounds)
    guilty = owners[abs(answer.ineqlin.marginals) > _SLACK]
    figures = [system.figures[i] for i in np.unique(guilty if len(guilty) else owners)]
    names = "; ".join(f.name for f in figures[:_NAMED]) + ("; and others" if len(figures) > _NAMED else "")
    found = f"These published figures cannot all be true: {names}."
    fix = "Compare them with their sources. Where one was revised, its totals and later releases need it too."
    return Problem(str(figures[0].words or figures[0].key), 0, "", "contradiction", found, fix)
