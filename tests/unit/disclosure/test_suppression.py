"""Which cells are withheld with the small ones: by hand, at least cost, and so that nothing can be worked out."""

import os
import random
import subprocess
import sys
from collections.abc import Hashable, Iterator, Sequence, Set
from dataclasses import replace
from itertools import combinations, product
from math import inf

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from portal.core.problems import PortalError
from portal.disclosure.audit import Interval, PublishedFigure, exposed_only, intervals
from portal.disclosure.suppression import CountCell, Relation, suppress
from project import examples

Table = tuple[list[CountCell], list[Relation]]


def line(values: dict[str, int], width: int = 10, under: int = 5, total_fixed: bool = True) -> Table:
    """Parts of one total; those under a limit are primary."""
    cells = [CountCell(k, v, v < under, width) for k, v in values.items()]
    total = CountCell("all", sum(values.values()), False, width, fixed=total_fixed)
    return [*cells, total], [Relation("all", tuple(values))]


def grid(rows: Sequence[Sequence[int]], width: int, under: int, fixed: str = "") -> Table:
    """A two-way table with margins; `fixed` names the margins that everybody knows: r, c or t (the grand total)."""
    down, across = range(len(rows)), range(len(rows[0]))
    values = {(i, j): rows[i][j] for i in down for j in across}
    relations = [Relation((i, "*"), tuple((i, j) for j in across)) for i in down]
    relations += [Relation(("*", j), tuple((i, j) for i in down)) for j in across]
    relations.append(Relation(("*", "*"), tuple((i, "*") for i in down)))
    for r in relations:
        values[r.total] = sum(values[p] for p in r.parts)
    relations.append(Relation(("*", "*"), tuple(("*", j) for j in across)))
    kinds = {(False, True): "r", (True, False): "c", (True, True): "t"}
    known = [kinds.get((k[0] == "*", k[1] == "*"), "-") in fixed for k in values]
    cells = [
        CountCell(k, v, v < under and not f, width, fixed=f)
        for (k, v), f in zip(values.items(), known, strict=True)
    ]
    return cells, relations


def rolling(counts: Sequence[Sequence[int]], length: int, width: int, under: int) -> Table:
    """Sums over as many months for each ward, each month's end; months by ward are never published, sums of wards are."""
    months = range(len(counts[0]))
    cells = [CountCell((w, m), own[m], True, 0) for w, own in enumerate(counts) for m in months]
    relations = []
    for end in range(length, len(months) + 1):
        span = range(end - length, end)
        for w, own in enumerate(counts):
            value = sum(own[m] for m in span)
            cells.append(CountCell(("sum", w, end), value, value < under, width))
            relations.append(Relation(("sum", w, end), tuple((w, m) for m in span)))
        parts = tuple(("sum", w, end) for w in range(len(counts)))
        cells.append(
            CountCell(("all", end), sum(own[m] for own in counts for m in span), False, 0, fixed=True)
        )
        relations.append(Relation(("all", end), parts))
    return cells, relations


def as_published(table: Table, withheld: frozenset[object]) -> list[PublishedFigure]:
    """What a reader sees: every cell as a sum of those that are no total."""
    cells, relations = table
    parts = {r.total: r.parts for r in reversed(relations)}

    def atoms(key: object) -> tuple[object, ...]:
        return tuple(a for p in parts[key] for a in atoms(p)) if key in parts else (key,)

    unseen = {c.key for c in cells if c.primary and not c.width}
    shown = [(c, None if c.key in withheld else c.value) for c in cells if c.key not in unseen]
    return [PublishedFigure(c.key, atoms(c.key), value, value, c.width) for c, value in shown]


def audited(table: Table, withheld: frozenset[object]) -> tuple[Interval, ...]:
    return intervals(as_published(table, withheld))


def lost(table: Table) -> set[str]:
    """The small cells that stay exposed with everything withheld that can be: what is exposed itself and not small cannot."""
    small = {c.key for c in table[0] if c.primary}
    withheld = frozenset(c.key for c in table[0] if not c.fixed)
    while exposed := {i.published.key for i in exposed_only(audited(table, withheld))} - small:
        withheld -= exposed
    return {str(i.published.key) for i in exposed_only(audited(table, withheld))}


def check_safe(table: Table, withheld: frozenset[object]) -> None:
    """Every interval is wide enough, and holds the true value."""
    found = audited(table, withheld)
    assert not exposed_only(found)
    truth = {c.key: c.value for c in table[0]}
    assert all(i.least <= truth[i.published.key] <= i.greatest for i in found)


def names(problems: PortalError) -> list[str]:
    return [p.file for p in problems.problems]


def test_a_primary_cell_that_is_in_no_total_needs_no_company() -> None:
    assert suppress([CountCell("a", 3, True, 10), CountCell("b", 4, False, 10)], []) == {"a"}
    assert suppress([], []) == frozenset()


def test_nothing_is_withheld_where_nothing_is_small() -> None:
    assert suppress(*line({"a": 30, "b": 20})) == frozenset()


def company(table: Table) -> set[str]:
    """What is withheld besides the small cells, when nothing is left to chance."""
    return {str(k) for k in suppress(*table) - {c.key for c in table[0] if c.primary}}


def test_one_small_part_takes_one_other_that_is_wide_enough() -> None:
    for d in (6, 5):  # 3 + 6 is under 10
        (other,) = company(line({"a": 3, "b": 60, "c": 12, "d": d}))
        assert other in "bc"
    (other,) = company(line({"a": 4, "b": 60, "c": 12, "d": 6}))
    assert other in "bcd"


def test_a_zero_is_a_count_and_gives_no_room() -> None:
    assert len(company(line({"zero": 0, "b": 40, "c": 11}))) == 1
    assert suppress(*line({"zero": 0, "nought": 0, "b": 40})) == {"zero", "nought", "b"}


def test_two_small_parts_whose_sum_is_too_small_take_a_third() -> None:
    (other,) = company(line({"a": 2, "b": 3, "c": 40, "d": 9}))
    assert other in "cd"
    assert suppress(*line({"a": 2, "b": 3, "c": 40, "d": 9}, width=5)) == {"a", "b"}


def test_a_total_that_is_not_known_elsewhere_can_be_company() -> None:
    cells, relations = line({"a": 3, "b": 600}, total_fixed=False)
    fixed = [CountCell("b", 600, False, 10, fixed=True) if c.key == "b" else c for c in cells]
    assert suppress(fixed, relations) == {"a", "all"}


def test_one_small_cell_of_a_two_way_table_takes_the_corners_of_a_rectangle() -> None:
    table = grid([[3, 12, 40], [50, 60, 70], [14, 13, 80]], width=10, under=5, fixed="rct")
    withheld = suppress(*table)
    assert len(withheld) == 4
    assert (0, 0) in withheld
    check_safe(table, withheld)


def test_a_year_is_not_given_away_by_the_years_that_overlap_it() -> None:
    table = rolling(
        [[0, 1, 2, 0, 1], [4, 3, 6, 2, 5], [3, 3, 1, 2, 2], [9, 8, 7, 9, 9]], length=3, width=5, under=5
    )
    withheld = suppress(*table)
    small = frozenset(c.key for c in table[0] if c.primary)
    assert exposed_only(audited(table, small))
    assert withheld > small
    check_safe(table, withheld)


def test_months_that_are_never_published_protect_nobody_by_themselves() -> None:
    """A width of 0 asks for nothing, so the months come back withheld and no sum with them."""
    months = [CountCell(m, 2, True, 0) for m in "abc"]
    assert suppress([*months, CountCell("sum", 6, False, 10)], [Relation("sum", tuple("abc"))]) == {*"abc"}


def test_a_cell_that_cannot_be_protected_is_named() -> None:
    cells, relations = line({"a": 3, "b": 60, "c": 2, "d": 80})
    known = [CountCell(c.key, c.value, c.primary, 10, fixed=not c.primary) for c in cells]
    with pytest.raises(PortalError) as stopped:
        suppress(known, relations)
    assert names(stopped.value) == ["a", "c"]
    assert all("Withhold the total" in p.fix for p in stopped.value.problems)


def test_company_that_cannot_itself_be_protected_is_no_company() -> None:
    """The other part would have to be 100 wide, which 3 and 60 do not give."""
    cells = [
        CountCell("a", 3, True, 10),
        CountCell("b", 60, False, 100),
        CountCell("all", 63, False, 10, fixed=True),
    ]
    with pytest.raises(PortalError) as stopped:
        suppress(cells, [Relation("all", ("a", "b"))])
    assert names(stopped.value) == ["a"]


def test_every_part_of_a_table_that_cannot_be_protected_is_told_at_once() -> None:
    lines = [
        (
            [
                CountCell(f"{c.key}{n}", c.value, c.primary, 10, fixed=not c.primary)
                for c in line({"a": 3, "b": 60})[0]
            ]
        )
        for n in "12"
    ]
    relations = [Relation(f"all{n}", (f"a{n}", f"b{n}")) for n in "12"]
    with pytest.raises(PortalError) as stopped:
        suppress([c for cells in lines for c in cells], relations)
    assert names(stopped.value) == ["a1", "a2"]


def test_totals_that_do_not_add_up_and_small_counts_that_are_known_are_problems() -> None:
    cells = [
        CountCell("a", 3, True, 10, fixed=True),
        CountCell("b", 60, False, 10),
        CountCell("all", 64, False, 10),
    ]
    with pytest.raises(PortalError) as stopped:
        suppress(cells, [Relation("all", ("a", "b"))])
    assert [(p.file, p.message) for p in stopped.value.problems] == [
        ("all", "The total is 64, but its parts add up to 63."),
        ("a", "This count must be withheld, but it is already published elsewhere."),
    ]


@pytest.mark.parametrize(
    ("cells", "relations"),
    [
        ([CountCell("a", 3, True, 10)], [Relation("all", ("a",))]),
        ([CountCell("a", 3, True, 10), CountCell("all", 6, False, 10)], [Relation("all", ("a", "a"))]),
        ([CountCell("a", 3, True, 10), CountCell("a", 3, True, 10)], []),
        ([CountCell("a", -1, True, 10)], []),
        ([CountCell("a", 3, True, -1)], []),
        ([CountCell("a", 3, True, 10, under=-1)], []),
    ],
)
def test_what_a_programmer_gets_wrong(cells: list[CountCell], relations: list[Relation]) -> None:
    with pytest.raises(ValueError, match=r"twice|under zero"):
        suppress(cells, relations)


counts = st.integers(0, 3) | st.integers(0, 30)
grids = st.builds(
    grid,
    st.tuples(st.integers(1, 4), st.integers(2, 4)).flatmap(
        lambda size: st.lists(
            st.lists(counts, min_size=size[1], max_size=size[1]), min_size=size[0], max_size=size[0]
        )
    ),
    width=st.integers(1, 8),
    under=st.integers(1, 6),
    fixed=st.sampled_from(["", "t", "r", "rc", "rct"]),
)


@settings(deadline=None, max_examples=examples(60))
@given(grids)
@example(grid([[0, 1], [0, 2], [3, 0]], width=3, under=1, fixed="rc"))
def test_nothing_that_is_withheld_can_be_worked_out(table: Table) -> None:
    try:
        withheld = suppress(*table)
    except PortalError as stopped:
        assert set(names(stopped)) <= lost(table)
        return
    assert withheld >= {c.key for c in table[0] if c.primary}
    assert not any(c.key in withheld for c in table[0] if c.fixed)
    check_safe(table, withheld)


@settings(deadline=None, max_examples=examples(30))
@given(
    st.lists(st.lists(st.integers(0, 4), min_size=6, max_size=6), min_size=2, max_size=4), st.integers(1, 6)
)
def test_nothing_can_be_worked_out_from_sums_that_overlap(months: list[list[int]], width: int) -> None:
    table = rolling(months, length=3, width=width, under=4)
    try:
        withheld = suppress(*table)
    except PortalError as stopped:
        everything = frozenset(c.key for c in table[0] if not c.fixed)
        assert set(names(stopped)) <= {str(i.published.key) for i in exposed_only(audited(table, everything))}
        return
    check_safe(table, withheld)


def tables_that_fit(rows: int, columns: int, seen: dict[object, int]) -> Iterator[dict[object, int]]:
    """Every table of whole numbers that agrees with what is published, by trying them all."""

    def fill(keys: list[tuple[int, int]], so_far: dict[object, int]) -> Iterator[dict[object, int]]:
        if not keys:
            yield so_far
            return
        key, *later = keys
        used = sum(v for (i, _), v in so_far.items() if i == key[0])  # type: ignore[misc]
        tries = [seen[key]] if key in seen else range(seen[key[0], "*"] - used + 1)
        for value in tries:
            yield from fill(later, so_far | {key: value})

    for table in fill([(i, j) for i in range(rows) for j in range(columns)], {}):
        across = all(sum(table[i, j] for j in range(columns)) == seen[i, "*"] for i in range(rows))
        if across and all(sum(table[i, j] for i in range(rows)) == seen["*", j] for j in range(columns)):
            yield table


@settings(deadline=None, max_examples=examples(40))
@given(
    st.lists(st.lists(st.integers(0, 4), min_size=3, max_size=3), min_size=2, max_size=3), st.integers(1, 4)
)
def test_intervals_after_suppression_are_those_of_every_table_that_fits(
    rows: list[list[int]], width: int
) -> None:
    table = grid(rows, width=width, under=2, fixed="rct")
    try:
        withheld = suppress(*table)
    except PortalError:
        return
    seen = {c.key: c.value for c in table[0] if c.key not in withheld}
    fits = list(tables_that_fit(len(rows), 3, seen))
    truth = {c.key: c.value for c in table[0]}
    for i in audited(table, withheld):
        values = [t[i.published.key] for t in fits]
        assert (min(values), max(values)) == (i.least, i.greatest)
        assert i.least <= truth[i.published.key] <= i.greatest
        assert max(values) - min(values) >= width


@settings(deadline=None, max_examples=examples(15))
@given(
    st.lists(st.lists(st.integers(0, 9), min_size=2, max_size=2), min_size=2, max_size=2),
    st.integers(2, 6),
    st.sampled_from(["t", "rt", "rct"]),
)
def test_no_smaller_choice_is_safe(rows: list[list[int]], width: int, fixed: str) -> None:
    table = grid(rows, width=width, under=3, fixed=fixed)
    cells = [c for c in table[0] if not c.fixed]
    small = {c.key for c in cells if c.primary}
    others = [c.key for c in cells if not c.primary]
    choices = [small | set(more) for n in range(len(others) + 1) for more in combinations(others, n)]
    safe = (len(c) for c in choices if not exposed_only(audited(table, frozenset(c))))
    least = next(safe, inf)
    try:
        assert len(suppress(*table)) == least
    except PortalError:
        assert least == inf


@settings(deadline=None, max_examples=examples(30))
@given(grids)
def test_each_cell_withheld_for_company_is_needed(table: Table) -> None:
    try:
        withheld = suppress(*table)
    except PortalError:
        return
    for cell in table[0]:
        if cell.key in withheld and not cell.primary:
            assert exposed_only(audited(table, withheld - {cell.key}))


@settings(deadline=None, max_examples=examples(30))
@given(grids, st.randoms(use_true_random=False))
def test_the_order_of_what_is_given_does_not_matter(table: Table, rng: random.Random) -> None:
    def outcome(cells: list[CountCell], relations: list[Relation]) -> object:
        try:
            return suppress(cells, relations)
        except PortalError as stopped:
            return stopped.problems

    cells, relations = (
        list(table[0]),
        [Relation(r.total, tuple(rng.sample(r.parts, len(r.parts)))) for r in table[1]],
    )
    rng.shuffle(cells)
    rng.shuffle(relations)
    assert outcome(cells, relations) == outcome(*table)


SCRIPT = """
import random
from portal.disclosure.suppression import CountCell as Cell, Relation, suppress
rng = random.Random(1)
keys = {f"{o}/{w}" for o in range(6) for w in range(9)}
values = {k: rng.randint(0, 25) for k in sorted(keys)}
cells = [Cell(k, v, v < 5, 10) for k, v in values.items()]
rows = [Relation(f"o{o}", tuple(k for k in keys if k.startswith(f"{o}/"))) for o in range(6)]
rows += [Relation(f"w{w}", tuple(k for k in keys if k.endswith(f"/{w}"))) for w in range(9)]
cells += [Cell(r.total, sum(values[p] for p in r.parts), False, 10) for r in rows]
print(sorted(suppress(cells, rows)))
"""


def test_two_processes_with_two_hash_seeds_choose_the_same_cells() -> None:
    runs = [
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert runs[0] == runs[1]
    assert "/" in runs[0]


def test_a_table_of_offences_by_ward_is_safe() -> None:
    rng = random.Random(7)
    rows = [
        [int(rng.expovariate(1 / mean)) for _ in range(19)]
        for mean in (3, 6, 10, 20, 30, 40, 60, 80, 90, 120, 150, 200)
    ]
    table = grid(rows, width=10, under=5)
    withheld = suppress(*table)
    check_safe(table, withheld)
    assert len(withheld) > sum(c.primary for c in table[0])


# --- tables in which everything is small

UNDER, UNDER_TOTAL = 4, 3


def small_table(wards: Sequence[int]) -> tuple[list[CountCell], Relation]:
    """Return the counts of wards, withheld under 4, and of their borough, withheld under 3, which can be withheld too."""
    cells = [CountCell(f"ward {n}", v, v < UNDER, UNDER, under=UNDER) for n, v in enumerate(wards)]
    total = sum(wards)
    whole = CountCell("borough", total, total < UNDER_TOTAL, UNDER_TOTAL, under=UNDER_TOTAL, cost=20)
    return [*cells, whole], Relation("borough", tuple(c.key for c in cells))


def left_over(cells: Sequence[CountCell], shown: Set[Hashable], most: int = 9) -> list[set[int]]:
    """Return what each count can be for a reader who knows which are small, and the counts that are shown."""
    possible: list[set[int]] = [set() for _ in cells]
    for wards in product(range(most), repeat=len(cells) - 1):
        values = (*wards, sum(wards))
        fits = all((v < c.under) == c.small for v, c in zip(values, cells, strict=True))
        if fits and all(v == c.value for v, c in zip(values, cells, strict=True) if c.key in shown):
            for n, v in enumerate(values):
                possible[n].add(v)
    return possible


@settings(max_examples=examples(100))
@given(st.lists(st.integers(0, UNDER - 1), min_size=1, max_size=4), st.integers(0, 1000))
def test_a_table_of_small_counts_alone_is_withheld_with_its_total(wards: list[int], seed: int) -> None:
    """Nothing that is shown tells more about a small count than the rules do: a borough under 3 has no ward of 3."""
    cells, relation = small_table(wards)
    hidden = suppress(cells, [relation], random.Random(seed))
    assert {c.key for c in cells if c.small} <= hidden
    shown = {c.key for c in cells} - hidden
    by_rules, by_all = left_over(cells, frozenset()), left_over(cells, shown)
    for cell, rules, everything in zip(cells, by_rules, by_all, strict=True):
        if cell.small:
            assert {v for v in rules if v < cell.under} <= everything, (wards, cell.key, hidden)


def test_a_published_total_of_small_counts_stops_their_import() -> None:
    cells, relation = small_table([3, 3, 3])
    fixed = [replace(c, fixed=True, under=0) if c.key == "borough" else c for c in cells]
    with pytest.raises(PortalError, match="Withhold the total that it is part of too"):
        suppress(fixed, [relation], random.Random(1))
