"""The choice of what else to withhold: enough, no more than needed, and the same every time."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from portal import audit
from portal.audit import Published
from portal.problems import PortalError
from portal.suppression import Cell, Relation, suppress

WIDTH = 10


def cells_of(values: list[int], fixed_total: bool = True) -> tuple[list[Cell], list[Relation]]:
    """A row of counts and their total; counts under ten must be withheld."""
    cells = [Cell(i, v, v < WIDTH, WIDTH) for i, v in enumerate(values)]
    total = Cell("total", sum(values), primary=False, width=WIDTH, fixed=fixed_total)
    return [*cells, total], [Relation("total", tuple(range(len(values))))]


def widths(values: list[int], hidden: frozenset[object]) -> list[float]:
    """How wide the interval of each withheld count is to an attacker who knows the total."""
    told = [
        Published(i, (i,), None if i in hidden else v, None if i in hidden else v, WIDTH)
        for i, v in enumerate(values)
    ]
    whole = float(sum(values))
    found = audit.intervals([*told, Published("total", tuple(range(len(values))), whole, whole)])
    return [i.greatest - i.least for i in found]


def test_a_lone_small_count_gets_the_smallest_company_that_is_enough() -> None:
    assert suppress(*cells_of([3, 40, 12, 25])) == {0, 2}


def test_zero_is_a_small_count() -> None:
    assert suppress(*cells_of([0, 40, 12, 25])) == {0, 2}


def test_two_small_counts_whose_sum_is_too_small_need_a_third() -> None:
    assert suppress(*cells_of([3, 4, 12, 25])) == {0, 1, 2}


def test_small_counts_that_hide_each_other_need_no_company() -> None:
    assert suppress(*cells_of([7, 8, 12, 25])) == {0, 1}


def test_nothing_small_withholds_nothing() -> None:
    assert suppress(*cells_of([30, 40, 12])) == frozenset()


def test_a_count_in_no_total_needs_no_company() -> None:
    assert suppress([Cell("alone", 2, True, WIDTH)], []) == {"alone"}


def test_what_cannot_be_hidden_is_a_problem() -> None:
    cells = [
        Cell("a", 3, True, WIDTH),
        Cell("b", 20, False, WIDTH, fixed=True),
        Cell("t", 23, False, WIDTH, fixed=True),
    ]
    with pytest.raises(PortalError) as error:
        suppress(cells, [Relation("t", ("a", "b"))])
    assert all(p.fix for p in error.value.problems)


def test_a_table_with_two_margins() -> None:
    values = [[2, 30, 14], [25, 17, 40], [33, 21, 19]]
    cells = [Cell((r, c), v, v < WIDTH, WIDTH) for r, row in enumerate(values) for c, v in enumerate(row)]
    cells += [Cell(("row", r), sum(row), False, WIDTH, fixed=True) for r, row in enumerate(values)]
    cells += [
        Cell(("column", c), sum(col), False, WIDTH, fixed=True)
        for c, col in enumerate(zip(*values, strict=True))
    ]
    relations = [Relation(("row", r), tuple((r, c) for c in range(3))) for r in range(3)]
    relations += [Relation(("column", c), tuple((r, c) for r in range(3))) for c in range(3)]
    hidden = suppress(cells, relations)
    assert (0, 0) in hidden
    assert len(hidden) == 4
    shown = {c.key: c.value for c in cells if c.key not in hidden}
    told = [
        Published(c.key, (c.key,), shown.get(c.key), shown.get(c.key), WIDTH)
        for c in cells
        if not isinstance(c.key[0], str)
    ]
    told += [Published(r.total, r.parts, float(shown[r.total]), float(shown[r.total])) for r in relations]
    assert not audit.too_narrow(audit.intervals(told))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 30), min_size=2, max_size=6))
def test_every_withheld_count_is_hidden_at_least_cost(values: list[int]) -> None:
    cells, relations = cells_of(values)
    try:
        hidden = suppress(cells, relations)
    except PortalError:
        assert sum(values) < WIDTH  # then even the whole row does not hide them
        return
    assert {i for i, v in enumerate(values) if v < WIDTH} <= hidden
    assert all(w >= WIDTH for w in widths(values, hidden))
    price = {c.key: c.price for c in cells}
    cost = sum(price[k] for k in hidden)
    for size in range(len(values) + 1):
        for other in map(frozenset, itertools.combinations(range(len(values)), size)):
            small = {i for i, v in enumerate(values) if v < WIDTH} <= other
            if small and sum(price[k] for k in other) < cost:
                assert any(w < WIDTH for w in widths(values, other))
    assert suppress(list(reversed(cells)), relations) == hidden
