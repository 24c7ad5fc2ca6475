"""Chooses which other counts to withhold so that the small ones cannot be worked out, at least cost.

The method is Fischetti and Salazar-González (2001), "Solving the cell suppression problem on tabular data with
linear constraints", Management Science 47(7), 1008–1027, in a plain form: an integer programme chooses the cells,
linear programmes play the attacker, and each success of the attacker becomes a constraint on the next choice.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse.csgraph import connected_components

from portal.problems import PortalError, Problem

Key = Hashable
Floats = NDArray[np.float64]
_COLUMNS = 4000  # of one programme, so that it stays small
_SLACK = 1e-6  # HiGHS takes a constraint as met within 1e-7


@dataclass(frozen=True)
class Cell:
    """A count of a table: true `value` (zero or more), and how `width` wide its interval must be if withheld.

    A `primary` cell must be withheld. A `fixed` one is known to everybody and cannot be. `cost` is what it costs
    to withhold the cell; by default little more for a large count than for a small one, so that few cells are
    withheld and of these the small ones.
    """

    key: Key
    value: int
    primary: bool
    width: int
    cost: float | None = None
    fixed: bool = False

    @property
    def price(self) -> float:
        """The cost: as given, else 8 and one more for each doubling of the count."""
        return 8.0 + self.value.bit_length() if self.cost is None else self.cost


@dataclass(frozen=True)
class Relation:
    """A total that is the sum of its parts, as everybody knows."""

    total: Key
    parts: tuple[Key, ...]


@dataclass(frozen=True)
class _Block:
    """Cells that depend on each other: `matrix` (relations × cells) times their counts is the same always."""

    cells: tuple[Cell, ...]
    matrix: Any
    values: Floats
    widths: Floats


def suppress(cells: Iterable[Cell], relations: Iterable[Relation]) -> frozenset[Key]:
    """The keys of all cells to withhold: the primary ones and, at least cost, enough others.

    Whoever knows every other cell, the relations, and that counts are whole and not negative, can bring no withheld
    cell into an interval (greatest less least possible value) narrower than its `width`. Neither the order of the
    cells nor of the relations matters.

    Raises `ValueError` for a relation with an unknown key, for a key given twice and for a count under zero, and
    `PortalError` naming the totals that are not the sum of their parts and the cells that cannot be protected.
    """
    known = _known(cells)
    rules = sorted(set(relations), key=repr)
    _check(known, rules)
    found = {c.key for c in known.values() if c.primary}
    problems: list[Problem] = []
    for block in _blocks(known, rules):
        chosen = _choose(block)
        if chosen is None:
            problems += _hopeless(block)
        else:
            found |= {block.cells[i].key for i in chosen}
    if problems:
        raise PortalError(problems)
    return frozenset(found)


def _known(cells: Iterable[Cell]) -> dict[Key, Cell]:
    ordered = sorted(cells, key=lambda c: repr(c.key))
    known = {c.key: c for c in ordered}
    wrong = [c for c in ordered if known[c.key] is not c or c.value < 0 or c.width < 0 or c.price < 0]
    if wrong:
        raise ValueError(f"given twice, or with a number under zero: {wrong[0]!r}")
    return known


def _check(known: Mapping[Key, Cell], relations: Sequence[Relation]) -> None:
    problems = []
    for relation in relations:
        missing = [k for k in (relation.total, *relation.parts) if k not in known]
        if missing:
            raise ValueError(f"no cell has the key {missing[0]!r} of {relation!r}")
        total, parts = known[relation.total].value, sum(known[k].value for k in relation.parts)
        if total != parts:
            message = f"The total is {total}, but its parts add up to {parts}."
            problems.append(_problem(relation.total, message, "Correct the total, or add the missing part."))
    for cell in known.values():
        if cell.primary and cell.fixed:
            message = "The count must be withheld, but is published elsewhere."
            problems.append(_problem(cell.key, message, "Have it taken down there, or say that it is open."))
    if problems:
        raise PortalError(problems)


def _problem(key: Key, message: str, fix: str) -> Problem:
    return Problem(str(key), code="disclosure", message=message, fix=fix)


def _blocks(known: Mapping[Key, Cell], relations: Sequence[Relation]) -> Iterator[_Block]:
    """The cells that can be withheld, parted where none depends on another; only parts with a primary cell."""
    cells = [c for c in known.values() if not c.fixed]
    column = {c.key: i for i, c in enumerate(cells)}
    matrix = sparse.lil_array((len(relations), len(cells)))
    for row, relation in enumerate(relations):
        for key, sign in [(relation.total, -1), *((k, 1) for k in relation.parts)]:
            if key in column:
                matrix[row, column[key]] += sign
    matrix = matrix.tocsr()
    for columns in _components(matrix):
        own = tuple(cells[i] for i in columns)
        if any(c.primary for c in own):
            part = matrix[:, columns]
            values, widths = np.array([(c.value, c.width) for c in own], dtype=float).T
            yield _Block(own, part[np.diff(part.indptr) > 0], values, widths)


def _components(matrix: Any) -> list[list[int]]:
    """Columns that share rows, directly or through others, in order of their first."""
    graph = abs(matrix).T @ abs(matrix)
    groups: dict[int, list[int]] = {}
    for column, label in enumerate(connected_components(graph, directed=False)[1]):
        groups.setdefault(int(label), []).append(column)
    return list(groups.values())


def _choose(block: _Block) -> list[int] | None:
    """The cheapest sound choice of a block's cells, or None where there is none."""
    cuts = list(_first_cuts(block))
    sound: set[tuple[int, ...]] = set()
    while True:
        chosen = _cheapest(block, cuts)
        if chosen is None:
            return None
        found = [cut for _, cut in _narrow(block, chosen, sound)]
        if not found:
            return chosen
        cuts += found


def _cheapest(block: _Block, cuts: list[Any]) -> list[int] | None:
    least = np.array([float(c.primary) for c in block.cells])
    rows = [LinearConstraint(sparse.vstack(cuts), lb=0)] if cuts else []
    answer = milp(
        [c.price for c in block.cells],
        integrality=np.ones(len(least)),
        bounds=Bounds(least, 1),
        constraints=rows,
        options={"mip_rel_gap": 0},
    )
    return None if answer.x is None else [int(i) for i in np.flatnonzero(answer.x > 0.5)]


def _first_cuts(block: _Block) -> Iterator[Any]:
    """What one relation alone says: a part can rise no further than its withheld fellows can fall."""
    matrix = block.matrix
    for row in range(matrix.shape[0]):
        multiplier = np.zeros(matrix.shape[0])
        span = slice(*matrix.indptr[row : row + 2])
        for cell, sign in zip(matrix.indices[span], matrix.data[span], strict=True):
            if not block.widths[cell]:
                continue
            multiplier[row] = 1 / sign
            cut = _cut(block, cell, multiplier, 0 * multiplier)
            if cut is None:
                cut = _cut(block, cell, multiplier, -multiplier)
            if cut is not None:
                yield cut


def _cut(block: _Block, cell: int, up: Floats, down: Floats) -> Any:
    """The constraint on what is withheld that follows from multipliers of the relations, by weak duality.

    With r = e − Aᵀλ the cell can rise by no more than the sum of r·(rise of i) over r > 0 and −r·(count of i) over
    r < 0, over the withheld i; likewise down. Together this must reach the cell's width. No coefficient need be
    greater than what is wanted. None where the cell by itself already meets the constraint.
    """
    unit = np.zeros(len(block.cells))
    unit[cell] = 1
    reach = np.zeros(len(block.cells))
    for aim, multiplier in ((unit, up), (-unit, down)):
        rest = aim - block.matrix.T @ multiplier
        rest[abs(rest) < 1e-9] = 0
        reach += np.where(rest > 0, np.inf, -rest * block.values)
    wanted = block.widths[cell] - reach[cell]
    if not wanted > _SLACK:
        return None
    row = np.minimum(reach / wanted, 1)
    row[cell] = -1
    return sparse.csr_array(row[None, :])


def _narrow(block: _Block, chosen: Sequence[int], sound: set[tuple[int, ...]]) -> Iterator[tuple[int, Any]]:
    """Each withheld cell whose interval is too narrow, and a constraint that this choice breaks.

    `sound` collects the groups of withheld cells that are known to protect each other.
    """
    for places in _components(block.matrix[:, list(chosen)]):
        group = tuple(chosen[i] for i in places)
        if group not in sound:
            found = list(_attack(block, group))
            yield from found
            if not found:
                sound.add(group)


@dataclass(frozen=True)
class _Move:
    """How far one cell can go up (`sign` 1) or down (-1), with the change of every cell and the multipliers."""

    place: int
    sign: int
    reach: float
    step: Floats
    multipliers: Floats

    @property
    def whole(self) -> bool:
        return bool(np.all(abs(self.step - np.rint(self.step)) < _SLACK))


@dataclass(frozen=True)
class _Game:
    """What the attacker faces: `matrix` times the change of the withheld `counts` is nought.

    A cell need go no further up than its width is `enough`.
    """

    matrix: Any
    counts: Floats
    enough: Floats

    def moves(self, places: Sequence[int]) -> list[tuple[_Move, _Move]]:
        """The furthest moves of each place, up and down: one programme for all, as each call has its price."""
        aims = [self._aim(place, sign) for place in places for sign in (1, -1)]
        whole = sparse.kron(sparse.eye_array(len(aims)), self.matrix, format="csr")
        bounds = np.vstack([np.column_stack(self._bounds(aim)) for aim in aims])
        answer = linprog(np.concatenate(aims), A_eq=whole, b_eq=np.zeros(whole.shape[0]), bounds=bounds)
        steps = answer.x.reshape(len(aims), -1)
        multipliers = -answer.eqlin.marginals.reshape(len(aims), -1)
        found = [
            _Move(places[i // 2], 1 - i % 2 * 2, -float(aim @ step), step, multiplier)
            for i, (aim, step, multiplier) in enumerate(zip(aims, steps, multipliers, strict=True))
        ]
        return list(zip(found[::2], found[1::2], strict=True))

    def in_wholes(self, move: _Move, enough: float) -> Floats:
        """The same move in whole counts, no further than is `enough`: the change of every cell."""
        aim = self._aim(move.place, move.sign)
        low, high = self._bounds(aim)
        high[move.place], low[move.place] = enough, max(low[move.place], -enough)
        rows, wholes = LinearConstraint(self.matrix, 0, 0), np.ones(len(aim))
        return np.rint(milp(aim, integrality=wholes, bounds=Bounds(low, high), constraints=rows).x)

    def _aim(self, place: int, sign: int) -> Floats:
        aim = np.zeros(len(self.counts))
        aim[place] = -sign
        return aim

    def _bounds(self, aim: Floats) -> tuple[Floats, Floats]:
        return -self.counts, np.where(aim == 0, np.inf, self.enough)


def _attack(block: _Block, group: tuple[int, ...]) -> Iterator[tuple[int, Any]]:
    """Play the attacker on a group of withheld cells that protect each other, with all others known."""
    members = list(group)
    rows = np.flatnonzero(np.diff(block.matrix[:, members].indptr))
    if not len(rows):
        return
    widths = block.widths[members]
    game = _Game(block.matrix[rows][:, members], block.values[members], widths)
    swings = np.zeros((2, len(members)))  # how far up and down each cell is known to go in whole counts
    size = max(1, _COLUMNS // len(members))
    left = np.flatnonzero(widths > 0)
    while len(left):
        pairs = game.moves(left[:size])
        for step in (np.rint(m.step) for pair in pairs for m in pair if m.whole):
            swings = np.maximum(swings, [step, -step])
        for pair in pairs:
            place = pair[0].place
            if sum(m.reach for m in pair) < widths[place] - _SLACK:
                yield group[place], _cut_by(block, group, rows, pair)
                continue
            for move, other in zip(pair, (1, 0), strict=True):
                if swings[:, place].sum() < widths[place]:
                    step = game.in_wholes(move, widths[place] - swings[other, place])
                    swings = np.maximum(swings, [step, -step])
            if swings[:, place].sum() < widths[place]:
                yield group[place], _company(block, group[place], group, rows)
        left = [p for p in left[size:] if swings[:, p].sum() < widths[p]]


def _cut_by(block: _Block, group: tuple[int, ...], rows: NDArray[np.intp], pair: tuple[_Move, _Move]) -> Any:
    """The constraint that these two moves together give."""
    cell = group[pair[0].place]
    multipliers = np.zeros((2, block.matrix.shape[0]))
    multipliers[:, rows] = [m.multipliers for m in pair]
    cut = _cut(block, cell, *multipliers)
    if cut is not None and cut[:, list(group)].sum() < -_SLACK:
        return cut
    return _company(block, cell, group, rows)  # the multipliers were too rough


def _company(block: _Block, cell: int, group: tuple[int, ...], rows: NDArray[np.intp]) -> Any:
    """A constraint that always holds: unless one more cell beside the group is withheld, nothing gets better."""
    beside = np.zeros(len(block.cells))
    beside[block.matrix[rows].indices] = 1
    beside[list(group)] = 0
    beside[cell] = -1
    return sparse.csr_array(beside[None, :])


def _hopeless(block: _Block) -> list[Problem]:
    """The primary cells that stay too narrow even if everything is withheld that can be protected itself.

    The more is withheld the wider every interval, so a cell that is too narrow now can never be withheld.
    """
    chosen = list(range(len(block.cells)))
    while True:
        narrow = {i for i, _ in _narrow(block, chosen, set())}
        secondary = {i for i in narrow if not block.cells[i].primary}
        if not secondary:
            break
        chosen = [i for i in chosen if i not in secondary]
    message = "The count must be withheld, but what everybody knows gives it away whatever else is withheld."
    fix = "Withhold the total that it is part of as well, also where that was fixed, or publish less detail."
    return [_problem(block.cells[i].key, message, fix) for i in sorted(narrow)]
