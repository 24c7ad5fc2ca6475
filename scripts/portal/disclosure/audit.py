"""Work out what a reader can learn about withheld figures from everything that is published.

The audit sees what the reader sees, and never the true value of a withheld figure. Each figure is a sum of atoms; a
ward in a month is one atom. For each withheld figure, two integer programmes find its smallest and largest possible
value, as in Fischetti and Salazar-González (2001), Management Science 47(7).

Every withheld figure must be protected against two readers:

1. A reader who knows every published figure, and that counts are whole and not negative. This reader finds `least`
   and `greatest`, which must be at least `width` apart.
2. A reader who also knows the rules: some figures are withheld because they are small (under `under`), and others
   only where needed to protect them. This reader assumes that as few figures as possible are not small, so the audit
   examines every reading of the table with the fewest figures that are not small. In each reading a small figure must
   still be able to take every value from 0 to `under` − 1, and any other guarded figure at least as many values. An
   import knows the true counts (`small` is set), so there the audit examines the true reading as well. If the rules
   alone leave fewer values, without any published number, no more can be asked for: if a borough is withheld as under
   5, each of its wards is under 5 too.

Five withheld wards that sum to 45 pass the first test, because each could be 0 to 45. They fail the second: if all
are under 10, each is 9.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from functools import cache, partial
from math import inf
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse.csgraph import connected_components

from portal.core.problems import PortalError, Problem
from portal.disclosure.whole_numbers import Floats, minimise

_SLACK = 1e-6
_MOST_NAMED = 6  # name at most this many figures that contradict each other
_MOST_READINGS = 24  # the most readings to examine for one group of figures
# The most nodes in the search for the next reading; after that, take the best result so far.
_MOST_NODES = 500
_MOST_INTERVALS = 480  # the most intervals for all readings of a group; large groups get fewer readings
_FINITE_LIMIT = 1e6  # a finite limit for programmes that cannot take an infinite one


@dataclass(frozen=True)
class PublishedFigure:
    """A figure that is the sum of its atoms, each multiplied by its entry in `signs` if those are given.

    The figure lies between `low` and `high`. Both equal the figure if it is published exactly, and differ if it is
    rounded; one is None if nothing is known about that end. If both are None the figure is withheld, and its interval
    must be at least `width` wide. A published difference has signs 1 and -1; a published percentage of a withheld count
    has a fraction. Messages call the figure `words`.

    Readers know that a withheld figure less than `under` is small; 0 if small counts of it are not withheld. `small`
    says whether it really is small, for an audit that knows the true counts; None if not known. A figure that is exact
    `by_definition` is no news to anybody: a total less all its parts is zero.
    """

    key: Hashable
    atoms: tuple[Hashable, ...]
    low: float | None
    high: float | None
    width: int = 0
    words: str = ""
    signs: tuple[float, ...] = ()
    under: int = 0
    small: bool | None = None
    by_definition: bool = False

    @property
    def withheld(self) -> bool:
        """Return True if nothing is published about the figure."""
        return self.low is None and self.high is None

    @property
    def name(self) -> str:
        """Return the figure's name and what is published about it, for messages."""
        low, high = ("" if end is None else f"{end:.10g}" for end in (self.low, self.high))
        value = low if low == high else f"{low or 'any number'} to {high or 'any number'}"
        return f"{self.words or self.key} ({value or 'withheld'})"


class Reading(NamedTuple):
    """The smallest and largest value of a figure in one reading, and how far apart they are by the rules alone."""

    least: float
    greatest: float
    by_rules: float = inf


@dataclass(frozen=True)
class Interval:
    """The smallest and largest value that a withheld figure can have; infinite if nothing bounds it.

    `readings` are the values left to a reader who knows which figures are small: one pair of smallest and largest
    value for each reading of the table that the audit examined. All of them lie within the interval.
    """

    published: PublishedFigure
    least: float
    greatest: float
    readings: tuple[Reading, ...] = ()

    @property
    def exposed(self) -> tuple[float, float] | None:
        """Return the narrowest pair of smallest and largest value that breaks the rule; None if the figure is protected."""
        too_narrow = (
            [(self.least, self.greatest)] if self.greatest - self.least < self.published.width else []
        )
        too_narrow += [
            (r.least, r.greatest)
            for r in self.readings
            if r.greatest - r.least < min(self.published.under - 1, r.by_rules)
        ]
        return min(too_narrow, key=lambda r: r[1] - r[0], default=None)


Column = tuple[tuple[int, float], ...]  # the rows that contain an unknown whole number, with its sign in each
LinearForm = dict[
    int, float
]  # a linear form: coefficients by number of column; the constant is under _CONSTANT
_CONSTANT = -1


@dataclass(frozen=True)
class _System:
    """Figures as sums of unknown whole numbers, each with a lower limit; `low` and `high` bound the sums."""

    figures: tuple[PublishedFigure, ...]
    columns: dict[Column, float]
    low: Floats
    high: Floats


def exposed_only(intervals_: Iterable[Interval]) -> tuple[Interval, ...]:
    """Return the intervals of the figures that are not protected."""
    return tuple(i for i in intervals_ if i.exposed)


def intervals(
    published: Iterable[PublishedFigure], free: Set[Hashable] = frozenset()
) -> tuple[Interval, ...]:
    """Return the interval of each withheld figure, in the order given.

    Atoms are whole numbers, and zero or more unless they are in `free`. A figure may be given more than once, as each
    release and each document published it: everything that was ever published counts.

    Raises:
        ValueError: signs do not match atoms.
        PortalError: figures cannot all be true; the problem names them.
    """
    distinct = {(f.atoms, f.signs, f.low, f.high, i * f.withheld): f for i, f in enumerate(published)}
    system = _build_system(tuple(distinct.values()), free)
    solved = {i.published: i for i in _solve(system, _merge_rows(system))}
    return tuple(solved[f] for f in system.figures if f.withheld)


def _build_system(figures: tuple[PublishedFigure, ...], free: Set[Hashable]) -> _System:
    """Return the system with one column for all atoms that occur in the same figures; only their sum matters."""
    uses: dict[Hashable, LinearForm] = {}
    for row, figure in enumerate(figures):
        for atom, sign in zip(figure.atoms, figure.signs or (1,) * len(figure.atoms), strict=True):
            signs = uses.setdefault(atom, {})
            signs[row] = signs.get(row, 0) + sign
    columns: dict[Column, float] = {}
    for atom, signs in uses.items():
        column = tuple((row, sign) for row, sign in signs.items() if sign)
        columns[column] = min(columns.get(column, 0.0), -inf if atom in free else 0.0)
    return _System(figures, columns, *_limits(figures))


def _limits(figures: tuple[PublishedFigure, ...]) -> tuple[Floats, Floats]:
    """Return the lower and upper limits of all figures, tightened to whole numbers where the figure is a whole number."""
    low = np.array([-inf if f.low is None else f.low for f in figures], dtype=float)
    high = np.array([inf if f.high is None else f.high for f in figures], dtype=float)
    whole = np.array([all(float(s).is_integer() for s in f.signs) for f in figures], dtype=bool)
    return np.where(whole, np.ceil(low - _SLACK), low), np.where(whole, np.floor(high + _SLACK), high)


def _merge_rows(system: _System) -> _System:
    """Return an equivalent system with fewer columns, merging exact figures whose atoms are in the same other figures.

    If only the borough's months distinguish the months within a ward's quarter, only the sums over quarters matter: a
    table of whole numbers with given margins always exists.
    """
    low, high, columns = system.low.copy(), system.high.copy(), system.columns
    members: dict[int, list[Column]] = {}
    rows_by_rest: dict[frozenset[Column], list[int]] = {}
    for column in columns:
        for row, _ in column:
            members.setdefault(row, []).append(column)
    for row, members_of_row in members.items():
        rest = frozenset(tuple(e for e in c if e[0] != row) for c in members_of_row)
        plain = len(rest) == len(members_of_row) and all(
            (row, 1) in c and not columns[c] for c in members_of_row
        )
        if plain and low[row] == high[row] >= 0:
            rows_by_rest.setdefault(rest, []).append(row)
    merged: dict[Column, Column] = {}
    for rows in (rows for rows in rows_by_rest.values() if len(rows) > 1):
        members_of_row = [c for row in rows for c in members[row]]
        if not any(c in merged for c in members_of_row):
            merged |= {
                c: tuple(sorted((rows[0] if r in rows else r, s) for r, s in c)) for c in members_of_row
            }
            low[rows[0]] = high[rows[0]] = low[rows].sum()
            low[rows[1:]] = high[rows[1:]] = 0
    pooled = {merged.get(c, c): floor for c, floor in columns.items()}
    return _merge_rows(_System(system.figures, pooled, low, high)) if merged else system


def _eliminate(system: _System) -> tuple[dict[int, LinearForm], dict[Column, tuple[float, float]]]:
    """Return each withheld figure as a linear form, and the limits, after Gauss–Jordan elimination with the exact figures.

    Each exact figure expresses one column as a sum of the others, in whole numbers, which must not be below the
    column's lower limit.
    """
    rows: list[LinearForm] = [{} for _ in system.figures]
    for number, column in enumerate(system.columns):
        for row, sign in column:
            rows[row][number] = sign
    sums: dict[int, LinearForm] = {}
    # For each column, the columns whose sums may contain it: looking through all sums each time takes minutes.
    used_in: dict[int, set[int]] = {}
    exact = (i for i, _ in enumerate(rows) if system.low[i] == system.high[i])
    for row in sorted(exact, key=lambda i: len(rows[i])):
        form = _substitute(rows[row] | {_CONSTANT: -system.low[row]}, sums)
        units = [c for c, sign in form.items() if c != _CONSTANT and abs(sign) == 1]
        if units and all(float(sign).is_integer() for sign in rows[row].values()):
            pivot = units[0]
            sign = form.pop(pivot)
            sums[pivot] = {c: -times / sign for c, times in form.items()}
            changed = [c for c in used_in.pop(pivot, ()) if pivot in sums[c]]
            sums |= {c: _substitute(sums[c], {pivot: sums[pivot]}) for c in changed}
            for changed_column in (pivot, *changed):
                for other in sums[changed_column]:
                    used_in.setdefault(other, set()).add(changed_column)
    limits: dict[Column, tuple[float, float]] = {(): (-inf, inf)}
    floors = ((sums[c], floor, inf) for c, floor in enumerate(system.columns.values()) if c in sums)
    stated = zip((_substitute(form, sums) for form in rows), system.low, system.high, strict=True)
    for form, low, high in (*floors, *stated):
        key, one = tuple(sorted((c, t) for c, t in form.items() if c != _CONSTANT)), form.get(_CONSTANT, 0)
        least, most = limits.get(key, (-inf, inf))
        limits[key] = max(least, low - one), min(most, high - one)
    return {i: _substitute(rows[i], sums) for i, f in enumerate(system.figures) if f.withheld}, limits


def _substitute(form: LinearForm, sums: dict[int, LinearForm]) -> LinearForm:
    """Return the form with each column replaced by its sum, where `sums` has one."""
    substituted: LinearForm = {}
    for column, times in form.items():
        for other, share in sums.get(column, {column: 1}).items():
            substituted[other] = substituted.get(other, 0) + times * share
    return {column: times for column, times in substituted.items() if times}


@dataclass(frozen=True)
class _Part:
    """Withheld figures that depend on each other, as sums of unknown whole numbers with limits.

    A figure is `known` plus its row of `aims` (figures × unknowns) times the unknowns. Figures with equal values in
    `alike` are interchangeable. `by_rules` makes the same figures without anything that is published.
    """

    figures: tuple[PublishedFigure, ...]
    aims: Floats
    known: Floats
    bounds: Bounds
    within: tuple[LinearConstraint, ...]
    alike: tuple[Hashable, ...]
    by_rules: "Callable[[], _Part] | None" = None

    def interval(self, place: int, *more: LinearConstraint) -> tuple[float, float]:
        """Return the smallest and largest value of the figure at `place`; (inf, -inf) if nothing fits."""
        aim, known, limits = self.aims[place], float(self.known[place]), (*self.within, *more)
        return known + minimise(aim, self.bounds, limits), known - minimise(-aim, self.bounds, limits)

    def fits(self, *more: LinearConstraint) -> bool:
        """Return True if any whole numbers are within the limits."""
        return minimise(np.zeros(self.aims.shape[1]), self.bounds, (*self.within, *more)) < inf


def _solve(system: _System, reduced: _System) -> Iterator[Interval]:
    """Yield the interval of each withheld figure."""
    for part in _split(system, reduced):
        if part.aims.shape[1] and not part.fits():
            raise PortalError([_contradiction(system)])
        ranges = [part.interval(place) for place in range(len(part.figures))]
        readings = _readings(part, ranges)
        for figure, (least, greatest), of_figure in zip(part.figures, ranges, readings, strict=True):
            yield Interval(figure, least, greatest, of_figure)


def _split(system: _System, reduced: _System) -> Iterator[_Part]:
    """Yield the withheld figures in groups that depend on each other."""
    aims, limits = _eliminate(reduced)
    if any(a > b + _SLACK or (not key and max(a, -b) > _SLACK) for key, (a, b) in limits.items()):
        raise PortalError([_contradiction(system)])
    floors, ends = np.array(list(reduced.columns.values())), np.array(list(limits.values()))
    withheld_forms = [tuple((c, t) for c, t in aim.items() if c != _CONSTANT) for aim in aims.values()]
    known = np.array([float(aim.get(_CONSTANT, 0)) for aim in aims.values()])
    matrix = _matrix([*limits, *withheld_forms], len(floors))
    labels = connected_components(abs(matrix).T @ abs(matrix), directed=False)[1]
    group_of = np.array([labels[key[0][0]] if key else -1 for key in (*limits, *withheld_forms)])
    alike, rows_of_aims = _interchangeable(system, set(aims)), list(aims)
    for group in dict.fromkeys(group_of[len(limits) :]):
        rows, columns = np.flatnonzero(group_of[: len(limits)] == group), np.flatnonzero(labels == group)
        places = np.flatnonzero(group_of[len(limits) :] == group)
        withheld_rows = [rows_of_aims[place] for place in places]
        yield _Part(
            tuple(system.figures[row] for row in withheld_rows),
            matrix[places + len(limits)][:, columns].toarray(),
            known[places],
            Bounds(floors[columns], inf),
            (LinearConstraint(matrix[rows][:, columns], *ends[rows].T),),
            tuple(alike[row] for row in withheld_rows),
            partial(_by_rules, system, withheld_rows),
        )


def _by_rules(system: _System, rows: Sequence[int]) -> _Part:
    """Return withheld figures as sums of unknown whole numbers that only definitions limit."""
    definitions = [row for row, f in enumerate(system.figures) if f.by_definition]
    place = {row: n for n, row in enumerate((*rows, *definitions))}
    floors: dict[Column, float] = {}
    for column, floor in system.columns.items():
        shared = tuple((place[row], sign) for row, sign in column if row in place)
        if shared:
            floors[shared] = min(floors.get(shared, 0.0), floor)
    matrix = _matrix(list(floors), len(place)).T.toarray()
    within = (LinearConstraint(matrix[len(rows) :], 0, 0),) if definitions else ()
    figures = tuple(system.figures[row] for row in rows)
    bounds = Bounds(np.array(list(floors.values())), inf)
    return _Part(figures, matrix[: len(rows)], np.zeros(len(rows)), bounds, within, figures)


def _interchangeable(system: _System, withheld: Set[int]) -> dict[int, Hashable]:
    """Return a value for each withheld figure that is equal for interchangeable ones: the sums that contain it."""
    memberships: dict[int, list[Column]] = {row: [] for row in withheld}
    for column in system.columns:
        for row, sign in column:
            if row in memberships:
                memberships[row].append(((_CONSTANT, sign), *(e for e in column if e[0] != row)))
    return {row: (tuple(sorted(sums)), system.figures[row].under) for row, sums in memberships.items()}


def _readings(part: _Part, ranges: Sequence[tuple[float, float]]) -> list[tuple[Reading, ...]]:
    """Return the smallest and largest value of each figure in each reading of which figures are small."""
    places = [i for i, f in enumerate(part.figures) if f.under]
    readings: dict[int, list[Reading]] = {i: [] for i in range(len(part.figures))}
    by_rules = cache(part.by_rules) if part.by_rules else None
    for small in _readings_to_examine(part, places, ranges) if places and part.aims.shape[1] else ():
        limits = _limits_of_reading(part, places, small)
        for i in places:
            least, greatest = part.interval(i, limits)
            width = inf
            if by_rules and greatest - least < part.figures[i].under - 1:
                low, high = by_rules().interval(i, _limits_of_reading(by_rules(), places, small))
                width = high - low
            readings[i].append(Reading(least, greatest, width))
    return [tuple(of_figure) for of_figure in readings.values()]


def _limits_of_reading(part: _Part, places: Sequence[int], small: Set[int]) -> LinearConstraint:
    """Return the limits that follow from knowing that the figures in `small` are small and the others are not."""
    under = np.array([part.figures[i].under for i in places])
    is_small = np.array([i in small for i in places])
    low, high = np.where(is_small, -inf, under), np.where(is_small, under - 1, inf)
    return LinearConstraint(part.aims[places], low - part.known[places], high - part.known[places])


def _readings_to_examine(
    part: _Part, places: Sequence[int], ranges: Sequence[tuple[float, float]]
) -> Iterator[frozenset[int]]:
    """Yield the readings to examine, as sets of places that are small.

    These are the true reading, if known, and all readings with the fewest figures that are not small. Readings that
    differ only in interchangeable figures are examined once; there are at most `_MOST`.
    """
    if all(part.figures[i].small is not None for i in places):
        yield frozenset(i for i in places if part.figures[i].small)
    everything = frozenset(places)
    if part.fits(_limits_of_reading(part, places, everything)):
        yield everything
        return
    seen: list[frozenset[int]] = []
    while len(seen) < max(1, min(_MOST_READINGS, _MOST_INTERVALS // len(places))):
        large = _fewest_large(part, places, ranges, seen)
        if large is None or (seen and len(large) > len(seen[0])):
            return
        yield everything - large
        seen.append(large)


def _fewest_large(
    part: _Part, places: Sequence[int], ranges: Sequence[tuple[float, float]], seen: Sequence[frozenset[int]]
) -> frozenset[int] | None:
    """Return the smallest set of figures that are not small in a table that fits, leaving out the sets in `seen`.

    Of interchangeable figures, take the first ones. None if there are no more sets.
    """
    width, count = part.aims.shape[1], len(places)
    under = np.array([part.figures[i].under for i in places], dtype=float)
    room = np.maximum(np.array([min(ranges[i][1], _FINITE_LIMIT) for i in places]) - under + 1, 0)
    aims, known = part.aims[places], part.known[places]
    rows = [
        LinearConstraint(sparse.hstack([c.A, sparse.csr_array((c.A.shape[0], count))]), c.lb, c.ub)
        for c in part.within
    ]
    rows.append(LinearConstraint(np.hstack([aims, -np.diag(room)]), -inf, under - 1 - known))
    rows.append(LinearConstraint(np.hstack([aims, -np.diag(under)]), -known, inf))
    for taken in seen:
        chosen = np.array([float(i in taken) for i in places])
        rows.append(LinearConstraint(np.concatenate([np.zeros(width), chosen])[None], -inf, len(taken) - 1))
    for first, second in _neighbours([part.alike[i] for i in places]):
        order = np.zeros(width + count)
        order[width + first], order[width + second] = 1, -1
        rows.append(LinearConstraint(order[None], 0, inf))
    bounds = Bounds([*part.bounds.lb, *np.zeros(count)], [*np.full(width, inf), *np.ones(count)])
    cost = [*np.zeros(width), *np.ones(count)]
    answer = milp(
        cost,
        integrality=1,
        bounds=bounds,
        constraints=rows,
        options={"mip_rel_gap": 0, "node_limit": _MOST_NODES},
    )
    if answer.x is None:
        return None
    return frozenset(places[i] for i in np.flatnonzero(answer.x[width:] > 0.5).tolist())


def _neighbours(alike: Sequence[Hashable]) -> Iterator[tuple[int, int]]:
    """Yield each place with the next one that is interchangeable with it."""
    last: dict[Hashable, int] = {}
    for place, kind in enumerate(alike):
        if kind in last:
            yield last[kind], place
        last[kind] = place


def _matrix(keys: Sequence[Column], width: int) -> Any:
    entries = [(times, row, column) for row, key in enumerate(keys) for column, times in key]
    times, rows, columns = zip(*entries, strict=True) if entries else ((), (), ())
    return sparse.csr_array((times, (rows, columns)), (len(keys), width), dtype=float)


def _contradiction(system: _System) -> Problem:
    """Return the problem that names the figures that cannot all be true.

    They are the figures on which the smallest total deviation depends; its multipliers prove the contradiction
    (Farkas' lemma). A contradiction that arises only in whole numbers has no such proof; then all figures count.
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
    names = "; ".join(f.name for f in figures[:_MOST_NAMED]) + (
        "; and others" if len(figures) > _MOST_NAMED else ""
    )
    message = f"These published figures cannot all be true: {names}."
    fix = "Compare them with their sources. If one was revised, revise its totals too, here and in later releases."
    return Problem(str(figures[0].words or figures[0].key), 0, "", "contradiction", message, fix)
