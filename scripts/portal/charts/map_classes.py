"""Sort the figures of areas into at most five classes for a map.

Figures are rounded first, as they are printed, and then sorted, so that the colour of an area and its label agree.
"""

from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from itertools import accumulate
from typing import NamedTuple

MOST_CLASSES = 5


class MapClass(NamedTuple):
    """One class: its colour from 1 (palest) to 5, and its lowest and highest printed figure."""

    colour: int
    low: Decimal
    high: Decimal


def sort_into_classes(values: Sequence[Decimal], most: int = MOST_CLASSES) -> tuple[MapClass, ...]:
    """Return the classes for figures that are already rounded, lowest first. No class is empty, and none overlap.

    These are natural breaks: the classes with the smallest sum of squared differences from their means (Fisher, 1958,
    "On Grouping for Maximum Homogeneity"). Equal figures are always in the same class, so that few different figures
    give few classes, which then use colours that are far apart.
    """
    ordered = sorted(values)
    distinct = sorted(set(ordered))
    count = min(most, len(distinct))
    if not count:
        return ()
    ends = [0, *accumulate(ordered.count(v) for v in distinct)]
    sums = [Decimal(0), *accumulate(ordered)]
    squares = [Decimal(0), *accumulate(v * v for v in ordered)]

    @cache
    def scatter(start: int, stop: int) -> Decimal:
        """Return the sum of squared differences from the mean of the distinct figures from `start` up to `stop`."""
        a, b = ends[start], ends[stop]
        return squares[b] - squares[a] - (sums[b] - sums[a]) ** 2 / (b - a)

    # best[n]: the least scatter of the first n distinct figures in the classes so far, and where each class starts.
    best: dict[int, tuple[Decimal, tuple[int, ...]]] = {
        n: (scatter(0, n), (0,)) for n in range(1, len(distinct) + 1)
    }
    for k in range(2, count + 1):
        best = {
            n: min((best[m][0] + scatter(m, n), (*best[m][1], m)) for m in range(k - 1, n))
            for n in range(k, len(distinct) + 1)
        }
    starts = best[len(distinct)][1]
    stops = (*starts[1:], len(distinct))
    return tuple(
        MapClass(colour, distinct[start], distinct[stop - 1])
        for colour, start, stop in zip(_colours(count, most), starts, stops, strict=True)
    )


def class_of(value: Decimal, classes: Sequence[MapClass]) -> MapClass:
    """Return the class of a figure that was among those sorted."""
    return next(c for c in classes if c.low <= value <= c.high)


def _colours(count: int, most: int) -> list[int]:
    """Return the colours of some classes, spread over all of them; of a single class the one in the middle."""
    if count == 1:
        return [(most + 1) // 2]
    return [1 + (2 * n * (most - 1) + count - 1) // (2 * (count - 1)) for n in range(count)]
