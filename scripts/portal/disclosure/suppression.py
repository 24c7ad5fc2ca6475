"""Choose which other counts to withhold to protect the small ones: as few as possible, at random.

The method is Fischetti and Salazar-González (2001), "Solving the cell suppression problem on tabular data with
linear constraints", Management Science 47(7), 1008–1027, in a simple form: an integer programme chooses the cells,
linear programmes play the attacker, and each successful attack becomes a constraint on the next choice.

A reader who has this program could run it on every table that fits the published figures, and keep the tables for
which it withholds the same cells. So the choice must reveal nothing about the counts. The cost of a cell does not
depend on its count, chance decides between choices of the same size, and chance adds cells that are not needed: none
in half of all cases, one in a quarter, two in an eighth, and so on. Whether a choice is good enough depends only on
what is published and on which cells are small, never on how small they are (see `audit`). So any table that fits and
has the same small cells could have led to the same choice, and a small count can still be any number under its limit.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse.csgraph import connected_components

from portal.core.problems import PortalError, Problem
from portal.disclosure import audit

Floats = NDArray[np.float64]
_SLACK = 1e-6  # larger than the tolerance of HiGHS
_EXTRA_PROBABILITY = 0.5  # the probability of one cell more than needed, and again of each further one
_DRAWS = 8  # how many random draws of a given number of cells to try before drawing more cells
# Columns in one linear programme: solve small ones together, because each call has overhead.
_MOST_COLUMNS = 4000


@dataclass(frozen=True)
class CountCell:
    """A count in a table: its true `value` (zero or more), and the `width` that its interval needs if it is withheld.

    A `primary` cell must be withheld (one of width 0 is just never published); a `fixed` cell cannot be. Readers know
    that counts `under` a limit are withheld; 0 if there is no limit. A primary cell that was withheld before is `kept`:
    it reveals nothing new. `cost` is the price of withholding the cell and must not depend on the count.
    """

    key: Hashable
    value: int
    primary: bool
    width: int
    fixed: bool = False
    under: int = 0
    kept: bool = False
    cost: float = 1

    @property
    def small(self) -> bool:
        """Return True if the count is under its limit."""
        return self.value < self.under


@dataclass(frozen=True)
class Relation:
    """A total that readers know to be the sum of its parts."""

    total: Hashable
    parts: tuple[Hashable, ...]


@dataclass(frozen=True)
class _Block:
    """Cells that depend on each other; `matrix` (relations × cells) times any consistent change of them is zero.

    `is_whole` says of each relation whether all its cells are here, because none of them is fixed.
    """

    cells: tuple[CountCell, ...]
    matrix: Any
    is_whole: NDArray[np.bool_]
    values: Floats
    widths: Floats


def suppress(
    cells: Iterable[CountCell], relations: Iterable[Relation], rng: Random | None = None
) -> frozenset[Hashable]:
    """Return the keys of all cells to withhold: the primary ones and the fewest others that protect them.

    A reader who knows every other cell, the relations, and that counts are whole and not negative cannot narrow a
    withheld cell to an interval (largest less smallest possible value) smaller than its `width`. A reader who also
    knows which cells are small cannot rule out any small count of a small cell. See `audit`.

    For anything to be published, pass an `rng` whose state nobody knows; sometimes it then withholds more cells than
    needed. Without one, the choice is the same every time, in whatever order the cells are given.

    Raises:
        ValueError: a relation has an unknown key, a key is given twice, or a number is negative.
        PortalError: totals are not the sums of their parts, or cells cannot be protected; every one is named.
    """
    ordered = sorted(cells, key=lambda c: repr(c.key))
    by_key = {c.key: c for c in ordered}
    ordered_relations = sorted(set(relations), key=repr)
    if len(by_key) < len(ordered) or any(min(c.value, c.width, c.under, c.cost) < 0 for c in ordered):
        raise ValueError("a key is given twice, or a number is under zero")
    problems = list(_contradictions(by_key, ordered_relations))
    withheld = {c.key for c in ordered if c.primary}
    for block in () if problems else _blocks(by_key, ordered_relations):
        chosen = _protect(block, rng)
        withheld |= {block.cells[i].key for i in chosen or ()}
        problems += [] if chosen else _unprotectable(block)
    if problems:
        raise PortalError(problems)
    return frozenset(withheld)


def _protect(block: _Block, rng: Random | None) -> list[int] | None:
    """Return the indexes of a block's cells to withhold, or None if no choice protects them.

    Keep an earlier choice that is good enough: two choices for the same table reveal more than one.
    """
    first = {i for i, c in enumerate(block.cells) if c.primary}
    kept = sorted(i for i in first if block.cells[i].kept)
    if len(kept) == len(first) and not _exposed(block, kept):
        return kept
    others = [i for i in range(len(block.cells)) if i not in first]
    plain = [i for i in others if block.cells[i].cost <= 1]
    for more in (_random_extra(rng), 0) if rng else (0,):
        must = first | set(rng.sample(plain, min(len(plain), more)) if rng else ())
        if chosen := _draw(block, must, (plain, others), rng):
            return chosen
    return None


def _draw(
    block: _Block, must: Set[int], pools: tuple[list[int], list[int]], rng: Random | None
) -> list[int] | None:
    """Return a choice with the cells in `must` and as few more as needed, drawn from the plain cells or from all."""
    plain, others = pools
    smallest = _cheapest(block, _prices(block, rng), must)
    for extra in _extra_counts(len(others)) if smallest else ():
        for _ in range(_DRAWS if rng else 1):
            pool = plain if extra <= len(plain) else others
            drawn = rng.sample(pool, min(extra, len(pool))) if rng else pool[:extra]
            chosen = _cheapest(block, _prices(block, rng), must | set(drawn))
            if chosen and not _exposed(block, chosen):
                return chosen
    return None


def _extra_counts(most: int) -> Iterator[int]:
    """Yield how many extra cells to try: 0, 1, 2, then steps that grow by half, and finally `most`."""
    count = 0
    while count < most:
        yield count
        count += max(1, count // 2)
    yield most


def _random_extra(rng: Random) -> int:
    """Return a random number of unneeded cells to withhold."""
    count = 0
    while rng.random() < _EXTRA_PROBABILITY:
        count += 1
    return count


def _prices(block: _Block, rng: Random | None) -> list[float]:
    """Return the cost of each cell, with a small random amount that decides between choices of the same size."""
    return [c.cost + (rng.random() / len(block.cells) if rng else 0) for c in block.cells]


def _exposed(block: _Block, chosen: Sequence[int]) -> frozenset[int]:
    """Return the withheld cells that the audit finds exposed, whether or not it knows which cells are small."""
    group = set(chosen)
    published = []
    for number, row in enumerate(block.matrix):
        cells_and_signs = [(i, sign) for i, sign in zip(row.indices, row.data, strict=True) if i in group]
        if cells_and_signs:
            places, signs = zip(*cells_and_signs, strict=True)
            total = float(sum(s * block.values[i] for i, s in cells_and_signs))
            is_known = bool(block.is_whole[number]) and len(cells_and_signs) == len(row.indices)
            published.append(
                audit.PublishedFigure(
                    ("relation", number), places, total, total, signs=signs, by_definition=is_known
                )
            )
    hidden = [(i, block.cells[i]) for i in sorted(group) if block.cells[i].width or block.cells[i].under]
    withheld = [
        audit.PublishedFigure(i, (i,), None, None, c.width, under=c.under, small=c.small) for i, c in hidden
    ]
    exposed = audit.exposed_only(audit.intervals([*published, *withheld]))
    return frozenset(hidden[withheld.index(i.published)][0] for i in exposed)


def _contradictions(by_key: Mapping[Hashable, CountCell], relations: Sequence[Relation]) -> Iterator[Problem]:
    for relation in relations:
        keys = {relation.total, *relation.parts}
        if len(keys) <= len(relation.parts) or not keys <= by_key.keys():
            raise ValueError(f"names a key twice, or one that no cell has: {relation!r}")
        total, parts = by_key[relation.total].value, sum(by_key[k].value for k in relation.parts)
        if total != parts:
            message = f"The total is {total}, but its parts add up to {parts}."
            yield Problem(str(relation.total), 0, "", "disclosure", message, "Correct the total or a part.")
    for cell in by_key.values():
        if cell.primary and cell.fixed:
            message = "This count must be withheld, but it is already published elsewhere."
            yield Problem(str(cell.key), 0, "", "disclosure", message, "Withhold it there too.")


def _blocks(by_key: Mapping[Hashable, CountCell], relations: Sequence[Relation]) -> Iterator[_Block]:
    """Yield the cells that can be withheld in independent blocks, leaving out blocks without a primary cell."""
    cells = [c for c in by_key.values() if not c.fixed]
    column = {c.key: i for i, c in enumerate(cells)}
    matrix = sparse.lil_array((len(relations), len(cells)))
    for row, relation in enumerate(relations):
        for key in column.keys() & {relation.total, *relation.parts}:
            matrix[row, column[key]] = -1 if key == relation.total else 1
    matrix = matrix.tocsr()
    is_whole = np.array([{r.total, *r.parts} <= column.keys() for r in relations], dtype=bool)
    for columns in _components(matrix):
        block_cells = tuple(cells[i] for i in columns)
        if any(c.primary for c in block_cells):
            part = matrix[:, columns]
            values, widths = np.array([(c.value, c.width) for c in block_cells], dtype=float).T
            rows = np.diff(part.indptr) > 0
            yield _Block(block_cells, part[rows], is_whole[rows], values, widths)


def _components(matrix: Any) -> list[list[int]]:
    """Return groups of columns that share rows, directly or through other columns."""
    count, labels = connected_components(abs(matrix).T @ abs(matrix), directed=False)
    return [np.flatnonzero(labels == i).tolist() for i in range(count)]


def _cheapest(block: _Block, prices: Sequence[float], must: Set[int]) -> list[int] | None:
    """Return the cheapest choice of a block's cells that includes `must` and withstands attack; None if there is none."""
    least = [float(i in must) for i in range(len(block.cells))]
    cuts, sound, exact = list(_first_cuts(block)), set[tuple[int, ...]](), {"mip_rel_gap": 0}
    while True:
        rows = [LinearConstraint(sparse.vstack(cuts), lb=0)] if cuts else []
        answer = milp(prices, integrality=1, bounds=Bounds(least, 1), constraints=rows, options=exact)
        if answer.x is None:
            return None
        chosen = [int(i) for i in np.flatnonzero(answer.x > 0.5)]
        new_cuts = [cut for _, cut in _attack_all(block, chosen, sound)]
        if not new_cuts:
            return chosen
        cuts += new_cuts


def _first_cuts(block: _Block) -> Iterator[Any]:
    """Yield constraints from single relations: a part can rise only as far as the other withheld parts can fall."""
    for row in block.matrix:
        cells = row.indices
        needed = (block.widths - block.values)[cells, None]
        reach = np.where(np.equal.outer(row.data, row.data), block.values[cells], np.inf)
        cuts = np.zeros((len(cells), len(block.cells)))
        cuts[:, cells] = np.where(needed > 0, np.minimum(reach / np.maximum(needed, 1), 1), 1)
        cuts[range(len(cells)), cells] = -1
        yield sparse.csr_array(cuts[block.widths[cells] > 0])


def _attack_all(
    block: _Block, chosen: Sequence[int], sound: set[tuple[int, ...]]
) -> Iterator[tuple[int, Any]]:
    """Yield each withheld cell whose interval is too narrow, with a constraint that this choice breaks."""
    for places in _components(block.matrix[:, list(chosen)]):
        group = tuple(chosen[i] for i in places)
        attacks = [] if group in sound else list(_attack(block, group))
        yield from attacks
        if not attacks:
            sound.add(group)


def _attack(block: _Block, group: tuple[int, ...]) -> Iterator[tuple[int, Any]]:
    """Attack withheld cells that protect each other, first with fractions and, where needed, with whole counts."""
    members = list(group)
    rows = np.flatnonzero(np.diff(block.matrix[:, members].indptr))
    matrix, counts, widths = block.matrix[rows][:, members], block.values[members], block.widths[members]
    swings = np.zeros((2, len(members)))  # how far up and down each cell can certainly move in whole counts
    remaining = np.flatnonzero(widths * len(rows) > 0)
    while len(remaining):
        batch, remaining = np.split(remaining, [max(1, _MOST_COLUMNS // len(members))])
        moves, multipliers = _furthest_moves(matrix, counts, batch, widths[batch])
        swings = _widen(swings, moves)
        for place, (up, down), place_multipliers in zip(batch, moves, multipliers, strict=True):
            if up[place] - down[place] < widths[place] - _SLACK:
                yield group[place], _cut(block, group, rows, place, place_multipliers)
                continue
            for way in (0, 1):
                if swings[:, place].sum() < widths[place]:
                    enough = widths[place] - swings[1 - way, place]
                    swings = _widen(
                        swings,
                        _furthest_in_whole_counts(matrix, counts, place, (1, -1)[way], enough)[None, None],
                    )
            if swings[:, place].sum() < widths[place]:
                yield group[place], _withhold_one_more(block, group, rows, place)
        remaining = remaining[swings[:, remaining].sum(axis=0) < widths[remaining]]


def _furthest_moves(matrix: Any, counts: Floats, places: Any, caps: Floats) -> tuple[Floats, Floats]:
    """Return the moves (places × up and down × cells) that change each place most, and multipliers (× relations).

    `matrix` times a move is zero, no count becomes negative, and no place moves further than its cap.
    """
    shape = (len(places), 2, len(counts))
    aims, low, high = np.zeros(shape), np.tile(-counts, (*shape[:2], 1)), np.full(shape, np.inf)
    for i, (place, cap) in enumerate(zip(places, caps, strict=True)):
        aims[i, :, place] = -1, 1
        high[i, 0, place], low[i, 1, place] = cap, max(-counts[place], -cap)
    copies = sparse.kron(sparse.eye_array(2 * len(places)), matrix, format="csr")
    bounds, nought = np.column_stack([low.ravel(), high.ravel()]), np.zeros(copies.shape[0])
    answer = linprog(aims.ravel(), A_eq=copies, b_eq=nought, bounds=bounds)
    return answer.x.reshape(shape), -answer.eqlin.marginals.reshape(*shape[:2], -1)


def _furthest_in_whole_counts(matrix: Any, counts: Floats, place: int, sign: int, enough: float) -> Floats:
    """Return a move in whole counts that takes one place as far up (sign 1) or down (-1) as possible, up to `enough`."""
    last = len(
        counts
    )  # an extra column for the distance, which the place may exceed: it may move in steps of two
    far = sparse.csr_array(([sign, -1], ([0, 0], [place, last])), (1, last + 1))
    still = sparse.hstack([matrix, sparse.csr_array((matrix.shape[0], 1))])
    bounds = Bounds([*-counts, 0], [*np.full(last, np.inf), enough])
    rows = [LinearConstraint(still, 0, 0), LinearConstraint(far, lb=0)]
    answer = milp([*np.zeros(last), -1], integrality=1, bounds=bounds, constraints=rows)
    return np.asarray(answer.x[:last])


def _widen(swings: Floats, moves: Floats) -> Floats:
    """Return how far each cell can certainly move, counting those of the moves that are in whole counts."""
    steps = np.rint(moves[abs(moves - np.rint(moves)).max(axis=2) < _SLACK])
    return np.maximum(swings, [steps.max(axis=0, initial=0), -steps.min(axis=0, initial=0)])


def _cut(block: _Block, group: tuple[int, ...], rows: Any, place: int, multipliers: Floats) -> Any:
    """Return the constraint on the choice that follows from multipliers of the relations, by weak duality.

    With r = e − Aᵀλ, the cell can rise by no more than the sum, over the withheld i, of r times the rise of i where
    r > 0 and −r times the count of i where r < 0, and fall likewise. Both together must reach its width, which is
    the most that a coefficient need be.
    """
    cell, reach = group[place], np.zeros(len(block.cells))
    for sign, relation_multipliers in zip((1, -1), multipliers, strict=True):
        residual = -(relation_multipliers @ block.matrix[rows])
        residual[cell] += sign
        residual[abs(residual) < _SLACK] = 0
        reach += np.where(residual > 0, np.inf, -residual * block.values)
    needed = block.widths[cell] - reach[cell]
    if not needed > reach[list(group)].sum() - reach[cell] + _SLACK:  # the multipliers are too rough
        return _withhold_one_more(block, group, rows, place)
    cut = np.minimum(reach / needed, 1)
    cut[cell] = -1
    return sparse.csr_array(cut[None, :])


def _withhold_one_more(block: _Block, group: tuple[int, ...], rows: Any, place: int) -> Any:
    """Return a constraint that always holds: to protect the cell, withhold one more cell outside the group."""
    cut = np.zeros(len(block.cells))
    cut[block.matrix[rows].indices] = 1
    cut[list(group)], cut[group[place]] = 0, -1
    return sparse.csr_array(cut[None, :])


def _unprotectable(block: _Block) -> list[Problem]:
    """Return problems for the primary cells that stay exposed even with everything else withheld."""
    primary = {i for i, c in enumerate(block.cells) if c.primary}
    chosen, narrow = set(range(len(block.cells))), {-1}
    while narrow - primary:
        chosen -= narrow - primary
        narrow = {i for i, _ in _attack_all(block, sorted(chosen), set())}
    narrow |= _exposed(block, sorted(chosen)) & primary
    keys = [str(block.cells[i].key) for i in sorted(narrow or primary)]
    message = "This count must be withheld, but published figures give it away whatever else we withhold."
    fix = "Withhold the total that it is part of too, here and wherever else it appears, or publish less."
    return [Problem(key, 0, "", "disclosure", message, fix) for key in keys]
