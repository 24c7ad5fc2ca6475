"""Draw a measure on the map of wards: shaded by value, and with symbols for clear changes.

The SVG has no styles, only classes besides those of `maps`: `map__class--1` to `map__class--5` (the outline of a ward in
a class), `map__class--withheld`, `map__class--unfit` and `map__class--missing` (a ward without one), `map__stripe`
(a line of the pattern), `map__text`, `map__text--light` and `map__text--clear` (a label on a pale class, a dark class or stripes), `map__value`,
`map__up`, `map__down` and `map__same` (the symbols of changes), `map__mark`
and `map__mark--wide` (a light line on a wider dark one around an area, which is seen on every colour).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from markupsafe import Markup

from portal.charts.label_placement import (
    Point,
    Rings,
    box_height_at,
    largest_box,
    nearest_free_box,
    outer_lines,
    sides_of,
)
from portal.charts.map_classes import MapClass, class_of, sort_into_classes
from portal.charts.ward_maps import (
    EMPTY,
    LETTERS,
    LINE,
    Boxes,
    Links,
    Outlines,
    boxes_of_pointer,
    coordinate,
    draw_edge,
    draw_land,
    draw_link,
    draw_path,
    draw_pointer,
    draw_svg,
    fit_name,
    halved,
    land_around,
    name_land,
    projected,
    size_of,
)
from portal.core.text import safe

WIDE, PHONE = 640, 340  # pixels
DARK = 4  # labels on this class and darker ones are light
WITHHELD, UNFIT, MISSING = "withheld", "unfit", "missing"
_SYMBOL = 8  # half the width of a triangle, whatever the size of the change
_SYMBOLS = {"rose": "map__up", "fell": "map__down", "no clear change": "map__same"}


@dataclass(frozen=True, kw_only=True)
class MapFigure:
    """What a map shows for one area.

    `value` is rounded as it is printed, and None if the area has no class; `reason` is then "withheld", "unfit" (a rate
    means little there) or "missing". `printed` is the figure in a table, `words` the text when pointing at the area, and
    `direction` the tested change: "rose", "fell" or "no clear change"; empty if there is none.
    """

    value: Decimal | None
    reason: str
    printed: str
    words: str
    direction: str


class LegendEntry(NamedTuple):
    """An entry of the legend: the end of its class name, its words, and how many areas it has."""

    kind: str
    words: str
    areas: int


class KeyEntry(NamedTuple):
    """A row of the key of the map for phones: the name of an area, its address, and its figure as printed."""

    name: str
    address: str
    printed: str


@dataclass(frozen=True, kw_only=True)
class ShadedMap:
    """The maps of a measure for wide screens and phones, its legend, and the map of changes with its legend.

    The map for phones has numbers, which `key` explains: its first row is number 1. The map of changes is empty if no
    change could be tested.
    """

    wide: Markup
    narrow: Markup
    key: tuple[KeyEntry, ...]
    legend: tuple[LegendEntry, ...]
    changes: Markup
    symbols: tuple[LegendEntry, ...]


class _Label(NamedTuple):
    """Where the label of an area is: its lines, the centre of them and the value, and a line to the area if it is outside.

    A number of the key has no value under it.
    """

    lines: tuple[str, ...]
    middle: Point
    pointer: str
    has_value: bool = True


@dataclass(frozen=True, kw_only=True)
class BaseMap:
    """The outlines and the places of labels at one width, the same for every measure.

    `land` is the drawing of the districts around, and `names` those of them that have space; both can be empty.
    """

    size: Point
    links: Links
    drawn: Outlines
    edge: str
    labels: Mapping[str, _Label]
    land: str = ""
    names: tuple[str, ...] = ()


def build_base_map(
    outlines: Outlines,
    links: Links,
    longest: str,
    width: int,
    around: Outlines = EMPTY,
) -> BaseMap | None:
    """Return the base of all maps at one width; None if an area has no outline.

    `longest` is the longest printed value. A label is the name and the value if both fit on the area. Other labels are
    beside the map with a line to their area. On a phone hardly a name fits, so areas are numbered in the order of their
    codes; if `longest` is empty, they are at every width. `around` are the districts around, by their names.
    """
    if not links or any(code not in outlines for code in links):
        return None
    drawn, height = projected(outlines, width)
    lines = outer_lines(drawn.values())
    edge = [side for line in lines for side in pairwise(line)]
    labels: dict[str, _Label] = {}
    taken: list[Point] = []
    boxes: Boxes = []
    names = {code: name for code, (name, _) in sorted(links.items())}
    sizes = [_beside(halved(n), longest) for n in names.values()]
    box = max(wide for wide, _ in sizes), max(high for _, high in sizes)
    for number, (code, name) in enumerate(names.items(), 1):
        if not longest or width < WIDE:
            labels[code] = _Label((str(number),), largest_box(drawn[code], 1.0)[0], "", has_value=False)
            continue
        words, middle, fits = fit_name(name, drawn[code], (longest,))
        place = None if fits else nearest_free_box(edge, middle, box, (width, height), taken)
        if fits:
            labels[code] = _Label(words, middle, "")
        elif place:
            taken.append(place)
            halves = halved(name)
            boxes += boxes_of_pointer(place, box, middle)
            labels[code] = _Label(halves, place, draw_pointer(place, _beside(halves, longest), middle))
        else:
            labels[code] = _value_label(drawn[code], longest)
    land = land_around(outlines, around, width)
    return BaseMap(
        size=(width, height),
        links=links,
        drawn=drawn,
        edge=draw_edge(lines),
        labels=labels,
        land=draw_land(land),
        names=tuple(name_land(land, boxes)),
    )


def _beside(lines: tuple[str, ...], value: str) -> Point:
    """Return the width and height of a label beside the map, clear of the outlines and of its line."""
    wide, high = size_of((*lines, value))
    return wide + 10, high + 8


def _value_label(rings: Rings, longest: str) -> _Label:
    wide, high = size_of((longest,))
    middle, _ = largest_box(rings, wide / high)
    centre, _ = largest_box(rings, 1.0)
    return _Label((), centre if box_height_at(rings, centre, wide / high) >= high else middle, "")


def draw_shaded_map(
    wide: BaseMap, narrow: BaseMap, figures: Mapping[str, MapFigure], label: str, unfit: str
) -> ShadedMap:
    """Return the maps of one measure. `unfit` says in the legend why some areas have no rate."""
    classes = sort_into_classes([f.value for f in figures.values() if f.value is not None])
    known = {code: f.direction for code, f in figures.items() if f.direction in _SYMBOLS}
    return ShadedMap(
        wide=_shaded(wide, figures, classes, label),
        narrow=_shaded(narrow, figures, classes, label),
        key=tuple(
            KeyEntry(name, to, figures[code].printed) for code, (name, to) in sorted(narrow.links.items())
        ),
        legend=tuple(_legend(classes, figures, unfit)),
        changes=_changes(narrow, figures, known, f"{label}: change") if known else Markup(),
        symbols=tuple(
            LegendEntry(css.removeprefix("map__"), words, sum(d == direction for d in known.values()))
            for (direction, css), words in zip(
                _SYMBOLS.items(), ("Clearly rose", "Clearly fell", "No clear change"), strict=True
            )
        ),
    )


def draw_marked_map(base: BaseMap, figures: Mapping[str, MapFigure], here: str, label: str) -> Markup:
    """Return a map of one measure without names, with a thick line around one area."""
    mark = draw_path("map__mark map__mark--wide", base.drawn[here]) + draw_path("map__mark", base.drawn[here])
    plain = replace(
        base,
        edge=base.edge + mark,
        labels=dict.fromkeys(base.links, _Label((), (0.0, 0.0), "", has_value=False)),
        names=(),
    )
    classes = sort_into_classes([f.value for f in figures.values() if f.value is not None])
    return _shaded(plain, figures, classes, label)


def draw_locator(
    outlines: Outlines, links: Links, here: str, width: int = 240, around: Outlines = EMPTY
) -> Markup:
    """Return a small map that marks one area and links its neighbours; empty if it has no outline."""
    if here not in outlines:
        return Markup()
    drawn, height = projected(outlines, width)
    beside = neighbours(outlines, here)
    parts = [draw_land(land_around(outlines, around, width))]
    parts += [draw_path("map__other", drawn[c]) for c in sorted(drawn.keys() - {here, *beside})]
    parts += [
        draw_link(links[c], draw_path("map__area", drawn[c]))
        if c in links
        else draw_path("map__other", drawn[c])
        for c in beside
    ]
    parts.append(draw_path("map__here", drawn[here]))
    name = links[here][0] if here in links else ""
    return draw_svg((width, height), f"Where {name} is", [*parts, draw_edge(outer_lines(drawn.values()))])


def neighbours(outlines: Outlines, here: str) -> tuple[str, ...]:
    """Return the areas that share a border with an area, not only a corner, ordered by code."""
    sides_here = {frozenset(side) for side in sides_of(outlines.get(here, ()))}
    return tuple(
        code
        for code, rings in sorted(outlines.items())
        if code != here and any(frozenset(side) in sides_here for side in sides_of(rings))
    )


def _shaded(
    base: BaseMap, figures: Mapping[str, MapFigure], classes: Sequence[MapClass], label: str
) -> Markup:
    pattern = f"stripes-{base.size[0]:.0f}"
    parts = [_stripes(pattern)] if any(f.reason == WITHHELD for f in figures.values()) else []
    parts.append(base.land)
    parts += [draw_path("map__other", base.drawn[c]) for c in sorted(base.drawn.keys() - base.links.keys())]
    texts = [*base.names]
    for code, (_, address) in sorted(base.links.items()):
        figure = figures[code]
        kind = _kind(figure, classes)
        fill = f' fill="url(#{pattern})"' if kind == WITHHELD else ""
        area = draw_path(f"map__shade map__class--{kind}", base.drawn[code], fill)
        parts.append(draw_link((figure.words, address), area))
        texts.append(_text(base.labels[code], figure, _text_class(base, code, figure, kind)))
    group = '<g class="map__names" aria-hidden="true" pointer-events="none" text-anchor="middle"'
    labels = f'{group} font-size="{LETTERS}">{"".join(texts)}</g>'
    return draw_svg(base.size, label, [*parts, base.edge, labels])


def _kind(figure: MapFigure, classes: Sequence[MapClass]) -> str:
    """Return the end of the class name of an area: the colour of its class, or why it has none."""
    return figure.reason if figure.value is None else str(class_of(figure.value, classes).colour)


def _text_class(base: BaseMap, code: str, figure: MapFigure, kind: str) -> str:
    if base.labels[code].pointer:
        return "map__text map__beside" if base.land else "map__text"
    if figure.reason == WITHHELD:
        return "map__text map__text--clear"
    return "map__text--light" if figure.value is not None and int(kind) >= DARK else "map__text"


def _text(label: _Label, figure: MapFigure, css: str) -> str:
    value = (figure.printed,) if figure.value is not None and label.has_value else ()
    lines = (*label.lines, *value)
    x, top = coordinate(label.middle[0]), label.middle[1] - (len(lines) - 1) * LINE / 2 + LETTERS * 0.36
    spans = [
        f'<tspan{" class=" + chr(34) + "map__value" + chr(34) if n >= len(label.lines) else ""} x="{x}" '
        f'y="{coordinate(top + n * LINE)}">{safe(line)}</tspan>'
        for n, line in enumerate(lines)
    ]
    return f'{label.pointer}<text class="{css}">{"".join(spans)}</text>' if lines else ""


def _stripes(name: str) -> str:
    line = '<path class="map__stripe" d="M-2 2L2 -2M0 8L8 0M6 10L10 6"/>'
    ground = '<rect class="map__ground" width="8" height="8"/>'
    return f'<defs><pattern id="{name}" width="8" height="8" patternUnits="userSpaceOnUse">{ground}{line}</pattern></defs>'


def _legend(classes: Sequence[MapClass], figures: Mapping[str, MapFigure], unfit: str) -> list[LegendEntry]:
    """Return an entry for each class, in the words of the printed figures, and for each reason to have none."""
    printed = {f.value: f.printed for f in figures.values() if f.value is not None}
    entries = []
    for c in classes:
        words = printed[c.low] if c.low == c.high else f"{printed[c.low]} to {printed[c.high]}"
        areas = sum(f.value is not None and c.low <= f.value <= c.high for f in figures.values())
        entries.append(LegendEntry(str(c.colour), words, areas))
    for reason, words in (
        (WITHHELD, "Withheld because of small numbers"),
        (UNFIT, unfit),
        (MISSING, "No figure"),
    ):
        if areas := sum(f.reason == reason for f in figures.values()):
            entries.append(LegendEntry(reason, words, areas))
    return entries


def _changes(base: BaseMap, figures: Mapping[str, MapFigure], known: Mapping[str, str], label: str) -> Markup:
    parts = [base.land]
    parts += [draw_path("map__other", base.drawn[c]) for c in sorted(base.drawn.keys() - base.links.keys())]
    for code, (_, address) in sorted(base.links.items()):
        symbol = _symbol(known[code], largest_box(base.drawn[code], 1.0)[0]) if code in known else ""
        area = draw_path("map__shade map__plain", base.drawn[code])
        parts.append(draw_link((figures[code].words, address), area + symbol))
    return draw_svg(base.size, label, [*parts, base.edge])


def _symbol(direction: str, middle: Point) -> str:
    """Return a triangle for a clear change, or a dot; the size says nothing."""
    x, y, css = *middle, _SYMBOLS[direction]
    if css == "map__same":
        return f'<circle class="{css}" cx="{coordinate(x)}" cy="{coordinate(y)}" r="3"/>'
    tip = -_SYMBOL if direction == "rose" else _SYMBOL
    corners = ((x, y + tip), (x + _SYMBOL, y - tip * 0.75), (x - _SYMBOL, y - tip * 0.75))
    line = "L".join(f"{coordinate(a)} {coordinate(b)}" for a, b in corners)
    return f'<path class="{css}" d="M{line}Z"/>'
