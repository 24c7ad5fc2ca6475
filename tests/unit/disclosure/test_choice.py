"""A reader who has the program: what its choice of withheld cells says about the small counts."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from portal.core.problems import PortalError
from portal.disclosure.suppression import CountCell, Relation, suppress
from project import examples

Table = tuple[list[CountCell], list[Relation]]


def line(counts: Sequence[int], under: int, kept: Sequence[int] = ()) -> Table:
    """Wards of a borough whose total everybody knows."""
    cells = [
        CountCell(n, c, c < under or n in kept, under, under=under, kept=n in kept)
        for n, c in enumerate(counts)
    ]
    total = CountCell("all", sum(counts), False, 0, fixed=True)
    return [*cells, total], [Relation("all", tuple(range(len(counts))))]


def square(rows: Sequence[Sequence[int]], under: int) -> Table:
    """A table whose margins everybody knows."""
    down, across = range(len(rows)), range(len(rows[0]))
    cells = [
        CountCell((i, j), rows[i][j], rows[i][j] < under, under, under=under)
        for i, j in product(down, across)
    ]
    relations = [Relation(("row", i), tuple((i, j) for j in across)) for i in down]
    relations += [Relation(("column", j), tuple((i, j) for i in down)) for j in across]
    values = {c.key: c.value for c in cells}
    totals = [CountCell(r.total, sum(values[p] for p in r.parts), False, 0, fixed=True) for r in relations]
    return [*cells, *totals], relations


def fits(table: Table, withheld: frozenset[object], labels: bool) -> Iterator[Mapping[object, int]]:
    """Every table that agrees with what is published; and, with `labels`, has the same small cells."""
    cells, relations = table
    values = {c.key: c.value for c in cells}
    hidden = sorted(withheld, key=repr)
    known = [(tuple(p for p in r.parts if p in withheld), values[r.total] - sum(values[p] for p in r.parts if p not in withheld)) for r in relations]  # fmt: skip
    caps = {k: min(left for parts, left in known if k in parts) for k in hidden}
    ranges = []
    for k in hidden:
        cell = next(c for c in cells if c.key == k)
        every = range(caps[k] + 1)
        ranges.append([v for v in every if not labels or (v < cell.under) == cell.small])
    for guess in product(*ranges[:-1]):
        so_far = dict(zip(hidden, guess, strict=False))
        last = hidden[-1]
        left = {want - sum(so_far[p] for p in parts if p != last) for parts, want in known if last in parts}
        if len(left) == 1 and (value := left.pop()) in ranges[-1]:
            found = so_far | {last: value}
            if all(sum(found[p] for p in parts) == want for parts, want in known):
                yield found


def check_nothing_is_ruled_out(table: Table, withheld: frozenset[object]) -> None:
    """Even who knows which cells are small finds every small count possible, and as many of the others."""
    tables = list(fits(table, withheld, labels=True))
    for cell in table[0]:
        if cell.key in withheld:
            possible = {t[cell.key] for t in tables}
            if cell.small:
                assert possible == set(range(cell.under)), (cell, withheld)
            else:
                assert max(possible) - min(possible) >= cell.under - 1, (cell, withheld)


def check_choice(table: Table, seed: int) -> None:
    """Withhold cells of a table by chance, and check what a reader can rule out; a table that cannot be protected passes."""
    try:
        withheld = suppress(*table, Random(seed))
    except PortalError:
        return
    if withheld:
        check_nothing_is_ruled_out(table, withheld)


@settings(deadline=None, max_examples=examples(20))
@given(
    st.lists(st.integers(0, 3) | st.integers(0, 12), min_size=3, max_size=5), st.integers(3, 4), st.integers()
)
def test_no_small_count_of_a_line_is_ruled_out(counts: list[int], under: int, seed: int) -> None:
    check_choice(line(counts, under), seed)


@pytest.mark.thorough  # the next tests have tables that were found in this way
@settings(deadline=None, max_examples=examples(8))
@given(st.lists(st.lists(st.integers(0, 9), min_size=3, max_size=3), min_size=2, max_size=2), st.integers())
def test_no_small_count_of_a_square_is_ruled_out(rows: list[list[int]], seed: int) -> None:
    check_choice(square(rows, under=3), seed)


@pytest.mark.parametrize(
    "counts",
    [
        (9, 9, 9, 9, 9, 12, 40), (8, 9, 9, 50, 60, 20), (9, 9, 50, 60, 70, 20), (0, 0, 0, 50, 60, 12), (7, 15, 15, 15, 15),
        (7, 31, 33, 70), (9, 10, 11, 10, 30), (7, 40, 50, 3), (0, 5, 100, 50), (4, 4, 4, 4, 228), (14, 10, 8, 10, 6, 2), (2, 4, 23, 2, 13, 4),
    ],
)  # fmt: skip
def test_tables_that_gave_small_counts_away(counts: tuple[int, ...]) -> None:
    for seed in range(4):
        table = line(counts, 10)
        withheld = suppress(*table, Random(seed))
        small = [c for c in table[0] if c.small and not c.fixed]
        left = sum(c.value for c in table[0] if c.key in withheld)
        large = [c for c in table[0] if c.key in withheld and not c.small]
        for cell in small:  # of a line the extremes say all: nothing else is small, or everything else is
            others = [c for c in small if c is not cell]
            assert left - 9 >= 10 * len(large)
            assert left <= 9 * len(others) or large
            assert cell.key in withheld


@pytest.mark.parametrize("counts", [(7, 15, 15, 15, 15), (7, 31, 33, 60), (7, 40, 50, 12), (9, 10, 11, 30)])
def test_running_the_program_on_every_table_rules_no_small_count_out(counts: tuple[int, ...]) -> None:
    """For each value that the small count could have, chance can lead to the very cells that are withheld."""
    rng = Random(1)
    withheld = suppress(*line(counts, 10), rng)
    other = max((n for n in withheld if n), key=lambda n: counts[n])  # type: ignore[call-overload]
    for small in range(10):
        guess = [small, *counts[1:]]
        guess[other] += counts[0] - small  # type: ignore[call-overload]
        assert any(suppress(*line(guess, 10), rng) == withheld for _ in range(400)), small


def test_what_was_withheld_before_stays_withheld_and_nothing_is_added() -> None:
    counts = (7, 15, 22, 15, 15)
    for seed in range(20):
        assert suppress(*line(counts, 10, kept=(0, 2)), Random(seed)) == {0, 2}


def test_the_choice_is_left_to_chance() -> None:
    table = line((7, 20, 21, 22, 23, 24), 10)
    found = {suppress(*table, Random(seed)) for seed in range(60)}
    assert {frozenset({0, n}) for n in range(1, 6)} <= found
    assert max(map(len, found)) > 2
