# ruff: noqa: T201
"""Time the withholding of small counts in a table of all London wards, and the audit of the result.

    .venv/bin/python benchmarks/suppress_wards.py

The table is made up, in the shape that the portal publishes: counts of three years that follow each other, of 679
wards and the records without a ward, and of their 33 boroughs, whose totals everybody knows. Quarters by ward are
in the sums and never published. The audit is timed apart, since every build runs it and only an import suppresses.
"""

import random
from collections.abc import Hashable

from portal.disclosure.audit import PublishedFigure, intervals
from portal.disclosure.suppression import CountCell, Relation, suppress
from stopwatch import peak, timed

WARDS, BOROUGHS, PERIODS, LENGTH, SEED = 679, 33, 3, 4, 20260401
UNDER = WIDTH = 5
# Offences in a typical ward and year: from rare kinds with many small counts to common kinds with none.
TYPICAL = (3, 6, 12, 30, 300)


def main() -> None:
    """Suppress and audit a table for each typical count, and print what it took."""
    for typical in TYPICAL:
        cells, relations, atoms = table(typical)
        hidden, chosen_in = timed(lambda: chosen(cells, relations))  # noqa: B023 - called at once
        shown = [c for c in cells if c.width or c.fixed]
        cells_read = [published(c, c.key in hidden, atoms) for c in shown]
        bounds, audited_in = timed(lambda: intervals(cells_read))  # noqa: B023
        primary = sum(c.primary for c in shown)
        secondary = sum(c.key in hidden for c in shown) - primary
        narrowest = min((i.greatest - i.least for i in bounds), default=None)
        memory = max(
            peak(lambda: chosen(cells, relations)),  # noqa: B023
            peak(lambda: intervals(cells_read)),  # noqa: B023
        )
        print(
            f"typical count of a ward {typical}: {len(shown):,} published cells, {primary} small, {secondary} more"
        )
        print(f"  narrowest interval {narrowest}, suppress {chosen_in:.1f} s, audit {audited_in:.1f} s")
        print(f"  audit takes {audited_in / chosen_in:.2f} times as long; peak memory {memory / 1e6:.0f} MB")


def chosen(cells: list[CountCell], relations: list[Relation]) -> frozenset[Hashable]:
    """Suppress, with the same random choices each time."""
    return suppress(cells, relations, random.Random(SEED))


def table(usual: int) -> tuple[list[CountCell], list[Relation], dict[object, tuple[object, ...]]]:
    """Return cells, relations and the quarters of each cell, the same each time."""
    rng = random.Random(SEED)
    ends = range(LENGTH, LENGTH * (PERIODS + 1), LENGTH)
    quarters = range(LENGTH * PERIODS)
    cells: list[CountCell] = []
    relations: list[Relation] = []
    atoms: dict[object, tuple[object, ...]] = {}
    for borough in range(BOROUGHS):
        own = [w for w in range(WARDS) if w * BOROUGHS // WARDS == borough]
        places: list[object] = [*own, f"without a ward {borough}"]
        counts = {p: [_count(rng, usual) for _ in quarters] for p in places}
        cells += [CountCell((p, q), counts[p][q], True, 0) for p in places for q in quarters]
        for end in ends:
            span = range(end - LENGTH, end)
            for p in places:
                value = sum(counts[p][q] for q in span)
                cells.append(CountCell((p, "year", end), value, value < UNDER, WIDTH, under=UNDER))
                atoms[p, "year", end] = tuple((p, q) for q in span)
                relations.append(Relation((p, "year", end), atoms[p, "year", end]))
            total = ("borough", borough, end)
            cells.append(
                CountCell(total, sum(counts[p][q] for p in places for q in span), False, 0, fixed=True)
            )
            relations.append(Relation(total, tuple((p, "year", end) for p in places)))
            atoms[total] = tuple((p, q) for p in places for q in span)
    return cells, relations, atoms


def _count(rng: random.Random, usual: int) -> int:
    """Return the offences of a ward in a quarter: some wards have many times as many as others."""
    return int(rng.lognormvariate(0, 0.6) * usual / LENGTH + rng.random())


def published(cell: CountCell, withheld: bool, atoms: dict[object, tuple[object, ...]]) -> PublishedFigure:
    """Return a cell as a reader sees it."""
    value = None if withheld else cell.value
    return PublishedFigure(
        cell.key,
        atoms[cell.key],
        value,
        value,
        cell.width if withheld else 0,
        under=cell.under if withheld else 0,
    )


if __name__ == "__main__":
    main()
