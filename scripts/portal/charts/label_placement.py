"""Place labels in a drawing: inside an outline, or in the free space beside all outlines. Pure geometry.

Coordinates are in the units of the drawing, x to the right and y down.
"""

import heapq
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Point: TypeAlias = tuple[float, float]
Side: TypeAlias = tuple[Point, Point]
Ring: TypeAlias = tuple[Point, ...]  # the first point is not repeated at the end
Rings: TypeAlias = tuple[Ring, ...]  # the outlines and holes of one area
Numbers: TypeAlias = NDArray[np.float64]
_AT_ONCE = 32  # positions tried in one call
_GRID = 8  # units between the positions tried for a label on the land around


@cache
def largest_box(rings: Rings, aspect: float) -> tuple[Point, float]:
    """Return the centre and the height of the largest box inside an area.

    `aspect` is the width of the box divided by its height. The search is that of Mapbox's polylabel, for boxes instead
    of circles: squares that cannot hold a better centre than the best so far are dropped, and the others are divided
    into four. The result is within one unit of the best.
    """
    squeezed = tuple(tuple((x / aspect, y) for x, y in ring) for ring in rings)
    lines = _lines(sides_of(squeezed))
    xs, ys = zip(*(p for ring in squeezed for p in ring), strict=True)
    half = max(max(xs) - min(xs), max(ys) - min(ys)) / 2
    best = (-math.inf, (0.0, 0.0))
    squares = [(-math.inf, half, ((min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2))]
    while squares and -squares[0][0] > best[0] + 0.5:
        _, half, (x, y) = heapq.heappop(squares)
        half /= 2
        middles = [(x + i * half, y + j * half) for i in (-1, 1) for j in (-1, 1)]
        for middle, half_width in zip(middles, _half_widths_at(middles, lines), strict=True):
            best = max(best, (half_width, middle))
            heapq.heappush(squares, (-half_width - half, half, middle))
    half_height, (x, y) = best
    return (x * aspect, y), 2 * half_height


def box_height_at(rings: Rings, middle: Point, aspect: float) -> float:
    """Return the height of the largest box with this aspect around a point; negative if the point is outside the area."""
    squeezed = tuple(tuple((x / aspect, y) for x, y in ring) for ring in rings)
    return 2 * half_width_at((middle[0] / aspect, middle[1]), sides_of(squeezed))


def nearest_free_box(
    edge: Iterable[Side], near: Point, box: Point, drawing: Point, taken: Iterable[Point]
) -> Point | None:
    """Return the centre of the free box nearest to a point, outside the edge and inside the drawing.

    `box` and `drawing` are widths and heights. `taken` are the centres of boxes of the same size that the new one must
    not touch. Return None if there is no space.
    """
    wide, high = box
    aspect = wide / high
    lines = _lines(((a / aspect, b), (c / aspect, d)) for (a, b), (c, d) in edge)
    across = range(math.ceil(wide / 2), math.floor(drawing[0] - wide / 2) + 1, 8)
    down = range(math.ceil(high / 2), math.floor(drawing[1] - high / 2) + 1, 8)
    taken = tuple(taken)
    places = sorted(((x, y) for x in across for y in down), key=lambda p: (math.dist(p, near), p))
    clear = [(x, y) for x, y in places if all(abs(x - a) > wide or abs(y - b) > high for a, b in taken)]
    for first in range(0, len(clear), _AT_ONCE):
        some = clear[first : first + _AT_ONCE]
        reaches = _half_widths_at([(x / aspect, y) for x, y in some], lines)
        for (x, y), half_width in zip(some, reaches, strict=True):
            if -half_width > high / 2:
                return float(x), float(y)
    return None


def roomiest_box(rings: Rings, box: Point, taken: Iterable[tuple[Point, Point]]) -> Point | None:
    """Return the centre of a box inside an area, as far from its outline as possible; None if there is no space.

    `box` is its width and height. It touches none of the `taken` boxes, each a centre and a size.
    """
    wide, high = box
    aspect = wide / high
    squeezed = tuple(tuple((x / aspect, y) for x, y in ring) for ring in rings)
    xs, ys = zip(*(p for ring in squeezed for p in ring), strict=True)
    across, down = (range(math.ceil(min(v)), math.floor(max(v)) + 1, _GRID) for v in (xs, ys))
    others = tuple(taken)
    clear = [
        (float(x), float(y))
        for x in across
        for y in down
        if all(2 * abs(x * aspect - a) >= wide + w or 2 * abs(y - b) >= high + h for (a, b), (w, h) in others)
    ]
    if not clear:
        return None
    reach, (x, y) = max(zip(_half_widths_at(clear, _lines(sides_of(squeezed))), clear, strict=True))
    return (x * aspect, y) if 2 * reach >= high else None


def clipped(rings: Rings, drawing: Point) -> Rings:
    """Return the part of an area inside a drawing of this width and height, by Sutherland and Hodgman's method."""
    for axis, edge, sign in ((0, 0.0, 1), (0, drawing[0], -1), (1, 0.0, 1), (1, drawing[1], -1)):
        rings = tuple(kept for ring in rings if len(kept := _cut(ring, axis, edge, sign)) > 2)
    return rings


def _cut(ring: Ring, axis: int, edge: float, sign: int) -> Ring:
    """Return the part of a ring on one side of a level or upright line."""
    kept: list[Point] = []
    for a, b in pairwise((*ring, ring[0])):
        before, after = (sign * (p[axis] - edge) for p in (a, b))
        if before >= 0:
            kept.append(a)
        if before * after < 0:
            share = before / (before - after)
            kept.append((a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])))
    return tuple(kept)


def sides_of(rings: Rings) -> list[Side]:
    """Return the sides of an area, in order."""
    return [side for ring in rings for side in pairwise((*ring, ring[0]))]


def outer_lines(areas: Iterable[Rings]) -> list[list[Point]]:
    """Return the outer edge of areas that share borders: the sides that belong to only one area, joined into lines."""
    sides = [side for rings in areas for side in sides_of(rings)]
    count = Counter(frozenset(side) for side in sides)
    onward: dict[Point, list[Point]] = defaultdict(list)
    for start, end in sides:
        if count[frozenset((start, end))] == 1:
            onward[start].append(end)
    lines = []
    for start in list(onward):
        while onward[start]:
            line = [start]
            while onward.get(line[-1]):
                line.append(onward[line[-1]].pop())
            lines.append(line)
    return lines


def half_width_at(middle: Point, sides: Iterable[Side]) -> float:
    """Return half the width of the largest square around a point that no side enters; negative outside the area."""
    return _half_widths_at([middle], _lines(sides))[0]


class _Lines(NamedTuple):
    """Sides as arrays: where each starts, and how far it goes, in x, y, x - y and x + y.

    `along` is never 0: where a side does not move in that direction, it is infinite, so that nothing is crossed.
    """

    start: Numbers
    moves: Numbers
    along: Numbers


def _lines(sides: Iterable[Side]) -> _Lines:
    x, y, dx, dy = np.array([(ax, ay, bx - ax, by - ay) for (ax, ay), (bx, by) in sides], dtype=float).T
    moves = np.array([dx, dy, dx - dy, dx + dy])[:, None, :]
    return _Lines(np.array([x, y])[:, None, :], moves, np.where(moves == 0, np.inf, moves))


def _half_widths_at(middles: Sequence[Point], lines: _Lines) -> list[float]:
    """Return `half_width_at` for each point, computed together because a map needs thousands."""
    x, y = lines.start - np.array(middles, dtype=float).T[:, :, None]
    dx, dy = lines.moves[:2]
    end_x, end_y = x + dx, y + dy
    crosses = ((y > 0) != (end_y > 0)) & (x - y * dx / lines.along[1] > 0)
    inside = crosses.sum(axis=1) % 2 == 1
    # In this metric the nearest point of a side is an end, or where the side crosses an axis or a diagonal.
    least = np.minimum(_far(x, y), _far(end_x, end_y))
    share = np.array([x, y, x - y, x + y]) / -lines.along
    share = np.minimum(np.maximum(share, 0, out=share), 1, out=share)
    nearest = np.minimum(least, _far(x + share * dx, y + share * dy).min(axis=0)).min(axis=1)
    half_widths: list[float] = np.where(inside, nearest, -nearest).tolist()
    return half_widths


def _far(x: Numbers, y: Numbers) -> Numbers:
    return np.maximum(np.abs(x), np.abs(y))
