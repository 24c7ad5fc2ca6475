"""Draw a map of wards as inline SVG. Each ward is a link, with its name on it, beside it or in a key.

The SVG has no styles, only classes: `map` (the drawing), `map__ward` (a link), `map__area` (the outline or tile of a
ward), `map__other` (the outline of an area without a link), `map__edge` (the outer edge), `map__names` (the labels),
`map__line` (from a label beside the map to its ward), `map__row` and `map__key` (a row of the key and its text),
`map__land` and `map__around` (a neighbouring district and its name), `map__beside` (a label beside the map, on such land).
"""

import hashlib
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from itertools import groupby, pairwise
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

from markupsafe import Markup

from portal.charts import label_placement, text_metrics
from portal.charts.label_placement import (
    Point,
    Ring,
    Rings,
    box_height_at,
    clipped,
    largest_box,
    nearest_free_box,
    outer_lines,
    roomiest_box,
)
from portal.charts.text_metrics import text_width, wrap_text
from portal.core import operating_system
from portal.core.model import Outline, Surrounding
from portal.core.text import safe

Outlines: TypeAlias = Mapping[str, Rings]  # by GSS code, in degrees or in the units of the drawing
Boxes: TypeAlias = list[tuple[Point, Point]]  # the centres and sizes of labels
Links: TypeAlias = Mapping[str, tuple[str, str]]  # by GSS code: name and address

LETTERS = 13  # height of letters, in units of the drawing, which are pixels at full width
LINE = 15
_APART = 10  # units between the name of a district around and its outline, in both directions together
ROW = 26  # height of a row of the key, large enough to touch
MARGIN = 4
EMPTY: Outlines = MappingProxyType({})
MOST_BESIDE = 3  # labels beside the map; if more do not fit on their wards, a key is easier to read


def outlines_by_code(rows: Iterable[Outline]) -> Outlines:
    """Return the rows of the resource `boundaries` as outlines: by GSS code, rings of (longitude, latitude) in degrees."""
    by_area: dict[str, dict[tuple[int, int], Ring]] = defaultdict(dict)
    for row in rows:
        numbers = [float(n) for n in row.points.split()]
        ring = tuple(zip(numbers[::2], numbers[1::2], strict=True))
        by_area[row.area][row.polygon, row.ring] = ring
    return {area: tuple(ring for _, ring in sorted(rings.items())) for area, rings in sorted(by_area.items())}


def land_by_name(rows: Iterable[Surrounding]) -> Outlines:
    """Return the rows of the resource `surroundings` by the name of the district, in degrees."""
    rows = tuple(rows)
    names = {row.area: row.name for row in rows}
    return {names[code]: rings for code, rings in outlines_by_code(rows).items()}


def draw_ward_map(
    outlines: Outlines,
    links: Links,
    width: int = 640,
    label: str = "Map of the wards",
    around: Outlines = EMPTY,
) -> Markup:
    """Return the map of wards as SVG, on the land of the districts `around`, by their names.

    `width` is the full width in pixels; labels are readable down to about four fifths of it. Wards are ordered by code.
    If many names do not fit, the wards are numbered in that order and a key is added below. If a ward has no outline,
    all wards are drawn as tiles.
    """
    if not links or any(code not in outlines for code in links):
        return draw_tile_map(links, width=width, label=label)
    drawn, height = projected(outlines, width)
    lines = outer_lines(drawn.values())
    names = {code: name for code, (name, _) in sorted(links.items())}
    land = land_around(outlines, around, width)
    marks, taken = _written(names, drawn, lines, (width, height), bool(land))
    rows, below = _key(names, width, height) if marks is None else ({}, 0.0)
    parts = [draw_land(land)]
    parts += [draw_path("map__other", drawn[code]) for code in sorted(drawn.keys() - links.keys())]
    parts += [draw_link(links[c], draw_path("map__area", drawn[c]) + rows.get(c, "")) for c in names]
    texts = [*name_land(land, taken), *(marks or _numbered(names, drawn))]
    return draw_svg((width, height + below), label, [*parts, draw_edge(lines), _group(texts)])


def cached_ward_map(
    cache: Path, outlines: Outlines, links: Links, width: int = 640, around: Outlines = EMPTY
) -> Markup:
    """Return the map of wards, cached under a digest of its input and of the code that draws it."""
    programs = b"".join(
        Path(module).read_bytes() for module in (__file__, label_placement.__file__, text_metrics.__file__)
    )
    shown = repr((sorted(outlines.items()), sorted(links.items()), width, sorted(around.items()))).encode()
    path = cache / f"{hashlib.sha256(programs + shown).hexdigest()[:24]}.map.svg"
    drawn = operating_system.made_once(
        path, lambda: draw_ward_map(outlines, links, width, around=around).encode()
    )
    return Markup(drawn.decode())  # noqa: S704 (drawn above)


def draw_tile_map(
    links: Links, columns: int = 4, width: int = 640, label: str = "The wards in the order of their codes"
) -> Markup:
    """Return a map of equal tiles ordered by code, in at most this many columns, for wards without outlines."""
    names = [name for _, (name, _) in sorted(links.items())]
    longest = max((_width(word) for name in names for word in name.split()), default=0)
    columns = max(1, min(columns, len(names), int(width // (longest + 12))))
    across = width / columns
    lines = [tuple(wrap_text(name, across - 12, LETTERS)) for name in names]
    down = LINE * max(map(len, lines), default=1) + 30
    parts, marks = [], []
    for number, (_, link) in enumerate(sorted(links.items())):
        x, y = number % columns * across, number // columns * down
        box = f'x="{coordinate(x + 2)}" y="{coordinate(y + 2)}" width="{coordinate(across - 4)}" height="{coordinate(down - 4)}"'
        parts.append(draw_link(link, f'<rect class="map__area" {box}/>'))
        marks.append(_text(lines[number], (x + across / 2, y + down / 2)))
    return draw_svg((width, math.ceil(len(names) / columns) * down), label, [*parts, _group(marks)])


def draw_svg(size: Point, label: str, parts: Iterable[str]) -> Markup:
    """Return an SVG of this width and height with a label for screen readers; `parts` must be safe."""
    wide, high = map(coordinate, size)
    start = f'<svg class="map" role="group" aria-label="{safe(label)}" width="{wide}" height="{high}"'
    return Markup(f'{start} viewBox="0 0 {wide} {high}">{"".join(parts)}</svg>')  # noqa: S704 (texts went through `safe`)


def draw_link(link: tuple[str, str], inside: str) -> str:
    """Return a link with the name of an area around its outline."""
    name, address = link
    return f'<a class="map__ward" href="{safe(address)}"><title>{safe(name)}</title>{inside}</a>'


def _group(marks: Iterable[str]) -> str:
    """Return the labels, drawn above all outlines. They are hidden from screen readers, because the links have the names."""
    start = '<g class="map__names" aria-hidden="true" pointer-events="none" text-anchor="middle"'
    return f'{start} font-size="{LETTERS}">{"".join(marks)}</g>'


def _text(lines: tuple[str, ...], middle: Point, css: str = "") -> str:
    x, top = coordinate(middle[0]), middle[1] - (len(lines) - 1) * LINE / 2 + LETTERS * 0.36
    spans = (
        f'<tspan x="{x}" y="{coordinate(top + n * LINE)}">{safe(line)}</tspan>'
        for n, line in enumerate(lines)
    )
    kind = f' class="{css}"' if css else ""
    return f"<text{kind}>{''.join(spans)}</text>"


def draw_path(kind: str, rings: Rings, more: str = "") -> str:
    """Return the outline of an area; `more` are further attributes."""
    loops = "".join(f"{_line(ring)}Z" for ring in rings)
    return f'<path class="{kind}" fill-rule="evenodd"{more} d="{loops}"/>'


def draw_edge(lines: Iterable[Iterable[Point]]) -> str:
    """Return the outer edge of all areas."""
    return f'<path class="map__edge" fill="none" pointer-events="none" d="{"".join(map(_line, lines))}"/>'


def _line(points: Iterable[Point]) -> str:
    return f"M{'L'.join(f'{coordinate(x)} {coordinate(y)}' for x, y in points)}"


def coordinate(value: float) -> str:
    """Return a number of the drawing with at most one decimal."""
    return f"{value:.1f}".removesuffix(".0")


def projected(outlines: Outlines, width: float) -> tuple[dict[str, Rings], float]:
    """Return the outlines projected to the units of the drawing, and its height.

    The projection is equirectangular at the middle latitude.
    """
    place, height = _projection(outlines, width)
    # Points that round to the same place become one, here and in the ring of the neighbouring ward.
    return {code: _placed(rings, place) for code, rings in sorted(outlines.items())}, height


def land_around(outlines: Outlines, around: Outlines, width: float) -> Outlines:
    """Return the land of the districts around in the units of the drawing of some outlines, cut at its edges."""
    if not around:
        return {}
    place, height = _projection(outlines, width)
    drawn = {name: clipped(_placed(rings, place), (width, height)) for name, rings in sorted(around.items())}
    return {name: rings for name, rings in drawn.items() if rings}


def draw_land(land: Outlines) -> str:
    """Return the districts around, to draw before everything else."""
    return "".join(draw_path("map__land", rings) for rings in land.values())


def name_land(land: Outlines, taken: Boxes) -> list[str]:
    """Return the names of the districts around, where they have space beside the labels that are `taken`."""
    marks, boxes = [], [*taken]
    for name, rings in land.items():
        for lines in dict.fromkeys([(name,), halved(name)]):
            wide, high = size_of(lines)
            box = wide + _APART, high + _APART
            if middle := roomiest_box(rings, box, boxes):
                boxes.append((middle, box))
                marks.append(_text(lines, middle, "map__around"))
                break
    return marks


def boxes_of_pointer(place: Point, box: Point, ward: Point) -> Boxes:
    """Return what a label beside the map and the line to its ward take up, as boxes."""
    steps = max(1, math.ceil(math.dist(place, ward) / LINE))
    line = (
        (place[0] + (ward[0] - place[0]) * n / steps, place[1] + (ward[1] - place[1]) * n / steps)
        for n in range(steps + 1)
    )
    return [(place, box), *((point, (LINE, LINE)) for point in line)]


def _projection(outlines: Outlines, width: float) -> tuple[Callable[[Point], Point], float]:
    """Return the function that projects a point in degrees to the drawing of some outlines, and its height."""
    xs, ys = zip(*(p for rings in outlines.values() for ring in rings for p in ring), strict=True)
    squeeze = math.cos(math.radians((min(ys) + max(ys)) / 2))
    scale = (width - 2 * MARGIN) / ((max(xs) - min(xs)) * squeeze)
    min_x, max_y = min(xs), max(ys)

    def place(point: Point) -> Point:
        x, y = (point[0] - min_x) * squeeze * scale, (max_y - point[1]) * scale
        return round(MARGIN + x, 1), round(MARGIN + y, 1)

    return place, round((max_y - min(ys)) * scale + 2 * MARGIN)


def _placed(rings: Rings, place: Callable[[Point], Point]) -> Rings:
    return tuple(tuple(point for point, _ in groupby(map(place, ring))) for ring in rings)


def _written(
    names: Mapping[str, str], drawn: Outlines, lines: Iterable[list[Point]], size: Point, has_land: bool
) -> tuple[list[str] | None, Boxes]:
    """Return each name on its ward, or beside the map with a line to it, and the space that the ones beside it take up.

    None if too many do not fit on their wards.
    """
    best = {code: fit_name(name, drawn[code]) for code, name in names.items()}
    if sum(not fits for *_, fits in best.values()) > MOST_BESIDE:
        return None, []
    boxes: Boxes = []
    marks: list[str] = []
    taken: list[Point] = []
    edge = [side for line in lines for side in pairwise(line)]
    box = max(_width(half) for name in names.values() for half in halved(name)) + 10, 2 * LINE + 6
    for code, (words, middle, fits) in best.items():
        if fits:
            marks.append(_text(words, middle))
            continue
        place = nearest_free_box(edge, middle, box, size, taken)
        if place is None:
            return None, []
        taken.append(place)
        boxes += boxes_of_pointer(place, box, middle)
        css = "map__beside" if has_land else ""
        halves = halved(names[code])
        marks.append(draw_pointer(place, size_of(halves), middle) + _text(halves, place, css))
    return marks, boxes


def fit_name(name: str, rings: Rings, below: tuple[str, ...] = ()) -> tuple[tuple[str, ...], Point, bool]:
    """Return the way to break a name that has most space on its ward, its centre, and True if it fits.

    `below` are lines under the name, such as a figure: they count for the space but are not returned.
    """
    candidates = []
    for lines in dict.fromkeys([(name,), halved(name), tuple(name.split())]):
        wide, high = size_of((*lines, *below))
        middle, height = largest_box(rings, wide / high)
        candidates.append((height / high, lines, middle))
    most, lines, middle = max(candidates)
    wide, high = size_of((*lines, *below))
    # Prefer the middle of the ward if the words fit there.
    centre, _ = largest_box(rings, max(1.0, (wide / high) ** 0.5))
    return lines, centre if box_height_at(rings, centre, wide / high) >= high else middle, most >= 1


def size_of(lines: tuple[str, ...]) -> Point:
    """Return the width and height of some lines of text with a little space around them."""
    return max(map(_width, lines), default=0) + 4, LINE * len(lines) + 2


def draw_pointer(place: Point, box: Point, ward: Point) -> str:
    """Return a line from the edge of a label to a dot on its ward."""
    x, y = ward[0] - place[0], ward[1] - place[1]
    out = min(size / 2 / abs(d) for size, d in zip(box, (x, y), strict=True) if d)
    line = _line([(place[0] + x * out, place[1] + y * out), ward])
    dot = f'<circle cx="{coordinate(ward[0])}" cy="{coordinate(ward[1])}" r="2.5"/>'
    return f'<path class="map__line" fill="none" d="{line}"/>{dot}'


def _numbered(names: Iterable[str], drawn: Outlines) -> list[str]:
    """Return the number of each ward, placed where it has most space."""
    return [_text((str(n),), largest_box(drawn[code], 1.0)[0]) for n, code in enumerate(names, 1)]


def _key(names: Mapping[str, str], width: float, top: float) -> tuple[dict[str, str], float]:
    """Return the rows of the key by ward code, filled column by column, and the height of the key."""
    columns = max(1, min(3, int(width // (max(map(_width, names.values())) + 44))))
    deep = math.ceil(len(names) / columns)
    rows = {}
    for place, (code, name) in enumerate(names.items()):
        x, y = place // deep * width / columns, top + 8 + place % deep * ROW
        size = f'width="{coordinate(width / columns)}" height="{ROW}"'
        area = f'<rect class="map__row" x="{coordinate(x)}" y="{coordinate(y)}" {size} fill="none" pointer-events="all"/>'
        number = f'<tspan x="{coordinate(x + 22)}" text-anchor="end">{place + 1}</tspan>'
        words = f'{number}<tspan x="{coordinate(x + 30)}">{safe(name)}</tspan>'
        base = f'y="{coordinate(y + ROW / 2 + LETTERS * 0.36)}" font-size="{LETTERS + 1}"'
        rows[code] = f'{area}<text class="map__key" aria-hidden="true" {base}>{words}</text>'
    return rows, 8 + deep * ROW


def _width(words: str) -> float:
    return text_width(words, LETTERS)


def halved(name: str) -> tuple[str, ...]:
    """Return a name in two lines of about the same length, or in one line if it is one word."""
    words = name.split()
    halves = [(" ".join(words[:n]), " ".join(words[n:])) for n in range(1, len(words))]
    return min(halves, key=lambda h: max(map(_width, h)), default=(name,))
