"""Draw the mark of a partnership: the outlines of its wards, small enough to go beside its name."""

import math
from itertools import pairwise

from portal.charts.area_charts import current_wards
from portal.charts.label_placement import Point, Ring, Rings
from portal.charts.ward_maps import Outlines, outlines_by_code
from portal.disclosure.clearing import ClearedContent

HEIGHT = 60  # in units of the drawing; twice as many as the pixels that the frame of a page gives it
_STEP = 0.5  # points are moved to a grid of this size, so that neighbours still share their borders
_COLOURS = ("#12436D", "#3F7198", "#28A197", "#7FA6C4")
_BARS = (
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 {HEIGHT}">'
    '<path fill="#12436D" d="M2 36h12v22H2z"/><path fill="#28A197" d="M18 22h12v36H18z"/>'
    '<path fill="#3F7198" d="M34 4h12v54H34z"/></svg>'
)


def draw_mark(cleared: ClearedContent) -> str:
    """Return the mark of the partnership as SVG: today's wards, or three bars if there are no outlines."""
    wards = {a.code for a in current_wards(cleared)}
    outlines = outlines_by_code(o for o in cleared.content.outlines if o.area in wards)
    return draw_outlines(outlines) if outlines else _BARS


def draw_outlines(outlines: Outlines) -> str:
    """Return some areas as SVG in which neighbours differ in colour."""
    drawn, width = _fitted(outlines)
    fills = _fills(drawn)
    paths = (
        f'<path fill="{_COLOURS[fills[code]]}" d="{"".join(map(_loop, drawn[code]))}"/>'
        for code in sorted(drawn)
    )
    start = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_written(width)} {HEIGHT}">'
    return f'{start}<g fill-rule="evenodd" stroke="#fff" stroke-width=".8">{"".join(paths)}</g></svg>'


def _fitted(outlines: Outlines) -> tuple[dict[str, Rings], float]:
    """Return the outlines in units of the drawing, on its grid, and the width of the drawing."""
    xs, ys = zip(*(p for rings in outlines.values() for ring in rings for p in ring), strict=True)
    squeeze = math.cos(math.radians((min(ys) + max(ys)) / 2))
    scale = HEIGHT / max(max(ys) - min(ys), (max(xs) - min(xs)) * squeeze)
    top = (HEIGHT - (max(ys) - min(ys)) * scale) / 2

    def place(point: Point) -> Point:
        x, y = (point[0] - min(xs)) * squeeze * scale, top + (max(ys) - point[1]) * scale
        return round(x / _STEP) * _STEP, round(y / _STEP) * _STEP

    drawn = {
        code: tuple(r for r in (_without_repeats(tuple(map(place, ring))) for ring in rings) if len(r) > 2)
        for code, rings in outlines.items()
    }
    return drawn, (max(xs) - min(xs)) * squeeze * scale


def _without_repeats(ring: Ring) -> Ring:
    closed = (*ring, ring[0])
    return tuple(a for a, b in pairwise(closed) if a != b)


def _fills(drawn: dict[str, Rings]) -> dict[str, int]:
    """Return the number of the colour of each area: the first that no neighbour before it has."""
    corners = {code: {p for ring in rings for p in ring} for code, rings in drawn.items()}
    fills: dict[str, int] = {}
    for code in sorted(drawn):
        taken = {n for other, n in fills.items() if len(corners[code] & corners[other]) > 1}
        free = (n for n in range(len(_COLOURS)) if n not in taken)
        fills[code] = next(free, len(fills) % len(_COLOURS))
    return fills


def _loop(ring: Ring) -> str:
    return f"M{'L'.join(f'{_written(x)} {_written(y)}' for x, y in ring)}Z"


def _written(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
