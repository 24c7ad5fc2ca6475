"""Draw a Plotly figure as SVG, without plotly.js and without a browser.

plotly.js draws the same figure when a reader points at the chart, so texts and marks are where it would place them.
Only what our charts have is drawn: bars, lines, points, ranges, axes with named ticks, shapes, and annotations. The
tests compare every chart of the site, and made-up ones, with what plotly.js draws.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from html import escape
from itertools import groupby
from typing import Any, NamedTuple

from portal.charts import style
from portal.charts.grammar import Box, Figure, Panel, Scale

# Heights above and below the baseline as shares of the font size: those of Arial and Liberation Sans. Browsers round both.
_ASCENT, _DESCENT = 0.905, 0.212
_FRAME = 1  # pixels around an annotation
_PAD = 3  # pixels between a bar and its value
_DASHES = {"dash": 3.0, "dot": 1.0}  # length of a dash and of a gap, in widths of the line
_LEAST_DASH = 3  # width for which the dashes of thinner lines are made
_ANCHORS = {"left": "start", "center": "middle", "right": "end"}


def draw_svg(figure: Figure) -> bytes:
    """Return the picture of a figure as SVG, without style attributes.

    Raises:
        KeyError: the figure has a kind of trace, point or text that is not drawn here.
    """
    layout = figure["layout"]
    width, height = layout["width"], layout["height"]
    panels = {name[5:]: _panel(layout, name[5:]) for name in layout if name.startswith("xaxis")}
    shapes = [(s["layer"], _shape(s, width, height)) for s in layout["shapes"]]
    traces = sorted(figure["data"], key=lambda t: (t.get("zorder", 0), t["type"] == "scatter"))
    family = escape(layout["font"]["family"])
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" font-family="{family}">',
        _element("rect", width=width, height=height, fill=layout["paper_bgcolor"]),
        *(drawn for layer, drawn in shapes if layer == "below"),
        *(_ground(panel) for panel in panels.values()),
        *(part for t in traces for part in _KINDS[t["type"]](t, panels[t.get("xaxis", "x")[1:]])),
        *(part for panel in panels.values() for part in _names(panel)),
        *(drawn for layer, drawn in shapes if layer == "above"),
        *(_annotation(note, width, height) for note in layout["annotations"]),
        "</svg>",
    ]
    return "".join(parts).encode()


def _element(name: str, content: str = "", /, **attributes: object) -> str:
    """Return an element without those attributes that are None; `_` in their names becomes `-`."""
    written = "".join(
        f' {key.replace("_", "-")}="{escape(value) if isinstance(value, str) else _number(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{written}>{content}</{name}>" if content else f"<{name}{written}/>"


def _number(value: Any) -> str:
    """Return a number with at most two decimals."""
    text = f"{value:.2f}".rstrip("0").rstrip(".") if value % 1 else str(int(value))
    return "0" if text == "-0" else text


def _at(x: float, y: float) -> str:
    return f"{_number(x)},{_number(y)}"


# --- texts


def _text(text: str, x: float, y: float, font: Mapping[str, Any], anchor: str) -> str:
    """Return a text whose first line has its baseline at `y`; "" if it has no letters."""
    size = font["size"]
    lines = [
        (
            escape(line.replace("&lt;", "<").replace("&amp;", "&"), quote=False),
            y + n * style.LINE_HEIGHT * size,
        )
        for n, line in enumerate(text.split("<br>"))  # as grammar.escape_texts writes it
        if line
    ]
    looks = {"text_anchor": anchor, "font_size": size, "font_weight": font.get("weight")}
    if len(lines) == 1:
        ((line, down),) = lines
        return _element("text", line, x=x, y=down, **looks, fill=font["color"])
    spans = "".join(_element("tspan", line, x=x, y=down) for line, down in lines)
    return _element("text", spans, **looks, fill=font["color"]) if lines else ""


def _heights(size: float) -> tuple[int, int]:
    """Return how far a text of a font size reaches above and below its baseline, in pixels."""
    return _rounded(_ASCENT * size), _rounded(_DESCENT * size)


def _rounded(value: float) -> int:
    """Return the nearest whole number, the higher one of two, as JavaScript rounds."""
    return math.floor(value + 0.5)


def _annotation(note: Figure, width: float, height: float) -> str:
    above, below = _heights(note["font"]["size"])
    further = note["text"].count("<br>") * style.LINE_HEIGHT * note["font"]["size"]
    whole = _rounded(further + above + below + 2 * _FRAME)
    top = height * (1 - note["y"]) - whole * {"top": 0.0, "middle": 0.5, "bottom": 1.0}[note["yanchor"]]
    x = width * note["x"] + {"left": _FRAME, "center": 0, "right": -_FRAME}[note["xanchor"]]
    return _text(note["text"], x, _rounded(top) + _FRAME + above, note["font"], _ANCHORS[note["xanchor"]])


# --- axes


def _panel(layout: Figure, suffix: str) -> Panel:
    """Return a panel of a figure by what Plotly adds to the names of its axes."""
    x, y = layout[f"xaxis{suffix}"], layout[f"yaxis{suffix}"]
    left, right = (share * layout["width"] for share in x["domain"])
    bottom, top = ((1 - share) * layout["height"] for share in y["domain"])
    return Panel(
        box=Box(left, top, right, bottom),
        x=Scale(x["range"][0], x["range"][1], left, right),
        y=Scale(y["range"][0], y["range"][1], bottom, top),
        x_axis=x,
        y_axis=y,
        number=int(suffix or 1),
    )


def _ground(panel: Panel) -> str:
    """Return the grid lines and the lines at zero, as sharp as the screen allows."""
    lines = []
    for axis, scale in ((panel.x_axis, panel.x), (panel.y_axis, panel.y)):
        zero = axis["zeroline"] and _has(axis, 0)
        if axis["showgrid"]:
            ends = [scale(end) for end in axis["range"]]
            # As plotly.js does, leave out lines at the ends.
            inside = [v for v, _ in _ticks(axis) if min(abs(scale(v) - end) for end in ends) > 1]
            grid = [v for v in inside if v or not zero]
            lines += [_across(panel, scale, v, axis["gridcolor"], axis["gridwidth"]) for v in grid]
        if zero:
            lines.append(_across(panel, scale, 0, axis["zerolinecolor"], axis["zerolinewidth"]))
    return _element("g", "".join(lines), shape_rendering="crispEdges") if lines else ""


def _across(panel: Panel, scale: Scale, value: float, colour: str, width: float) -> str:
    """Return a line through a panel at a value of one of its scales."""
    box, at = panel.box, scale(value)
    path = (
        f"M{_at(at, box.top)}V{_number(box.bottom)}"
        if scale is panel.x
        else f"M{_at(box.left, at)}H{_number(box.right)}"
    )
    return _element("path", d=path, stroke=colour, stroke_width=width)


def _names(panel: Panel) -> Iterator[str]:
    """Yield the names of the ticks, and the ticks if they are drawn."""
    box, axis = panel.box, panel.x_axis
    length = axis["ticklen"] if axis["ticks"] == "outside" else 0
    size = axis["tickfont"]["size"]
    # plotly.js leaves a pixel for a line at the axis, and a fifth of the font size below a tick.
    baseline = (
        box.bottom + 1 + length + (0.2 * size if length else 0) + size + axis.get("ticklabelstandoff", 0)
    )
    for value, text in _ticks(axis):
        at = panel.x(value)
        if length:
            path = f"M{_at(at, box.bottom + 1)}v{length}"
            yield _element("path", d=path, stroke=axis["tickcolor"], shape_rendering="crispEdges")
        yield _text(text, at, baseline, axis["tickfont"], "middle")
    axis = panel.y_axis
    for value, text in _ticks(axis):
        middle = 0.35 * axis["tickfont"]["size"]
        yield _text(text, box.left - 1, panel.y(value) + middle, axis["tickfont"], "end")


def _ticks(axis: Figure) -> Iterator[tuple[float, str]]:
    """Yield the ticks of an axis and their texts; none if it shows none."""
    if axis["showticklabels"]:
        yield from ((v, t) for v, t in zip(axis["tickvals"], axis["ticktext"], strict=True) if _has(axis, v))


def _has(axis: Figure, value: float) -> bool:
    low, high = sorted(axis["range"])
    little = (high - low) * 1e-6
    return bool(low - little <= value <= high + little)


# --- shapes


def _shape(shape: Figure, width: float, height: float) -> str:
    (x0, x1), (y0, y1) = (
        (shape["x0"] * width, shape["x1"] * width),
        ((1 - shape["y0"]) * height, (1 - shape["y1"]) * height),
    )
    line = shape["line"]
    if shape["type"] == "line":
        return _element("path", d=f"M{_at(x0, y0)}L{_at(x1, y1)}", **_stroke(line))
    return _element("path", d=_rectangle(x0, y0, x1, y1), fill=shape["fillcolor"])


def _stroke(line: Figure) -> dict[str, Any]:
    """Return the attributes of a line."""
    dash = _DASHES.get(line.get("dash", "solid"), 0) * max(_LEAST_DASH, line["width"])
    return {
        "stroke": line["color"],
        "stroke_width": line["width"],
        "stroke_dasharray": dash or None,
    }


def _rectangle(x0: float, y0: float, x1: float, y1: float) -> str:
    """Return the path of a rectangle."""
    return f"M{_at(x0, y0)}V{_number(y1)}H{_number(x1)}V{_number(y0)}Z"


# --- traces


class _Mark(NamedTuple):
    """A closed path and its colours; `line` is the width of its outline in pixels, 0 for none."""

    path: str
    fill: str
    edge: str
    line: float


def _together(marks: Iterable[_Mark]) -> Iterator[str]:
    """Yield marks as paths. Neighbours that look alike become one path."""
    for (fill, edge, line), alike in groupby(marks, key=lambda m: m[1:]):
        outline = {"stroke": edge, "stroke_width": line} if line else {}
        yield _element("path", d="".join(m.path for m in alike), fill=fill, **outline)


def _each(value: Any, number: int) -> Sequence[Any]:
    """Return a setting of a trace for each of its points."""
    return value if isinstance(value, list | tuple) else [value] * number


def _bars(trace: Figure, panel: Panel) -> Iterator[str]:
    """Yield the bars of a trace, then their texts."""
    is_level = trace.get("orientation") == "h"
    places, values = (trace["y"], trace["x"]) if is_level else (trace["x"], trace["y"])
    along, across = (panel.x, panel.y) if is_level else (panel.y, panel.x)
    number = len(values)
    edges = trace["marker"].get("line", {"color": "", "width": 0})
    colours = (_each(v, number) for v in (trace["marker"]["color"], edges["color"], edges["width"]))
    texts = trace.get("text") or [""] * number
    marks, said = [], []
    for n, (place, value, look) in enumerate(zip(places, values, zip(*colours, strict=True), strict=True)):
        if value is None:
            continue
        base, wide = _each(trace.get("base", 0), number)[n], trace["width"][n]
        start = place + _each(trace.get("offset", -wide / 2), number)[n]
        first, last = across(start), across(start + wide)
        zero, end = along(base), along(base + value)
        if value:
            path = _rectangle(zero, first, end, last) if is_level else _rectangle(first, zero, last, end)
            marks.append(_Mark(path, *look))
        if texts[n]:
            said.append(_value(trace, texts[n], (first + last) / 2, end, is_down=end > zero))
    return iter((*_together(marks), *said))


def _value(trace: Figure, text: str, x: float, end: float, *, is_down: bool) -> str:
    """Return the text beyond the end of an upright bar."""
    font = trace["textfont"]
    above, below = _heights(font["size"])
    further = text.count("<br>") * style.LINE_HEIGHT * font["size"]
    return _text(text, x, end + _PAD + above if is_down else end - _PAD - below - further, font, "middle")


def _points(trace: Figure, panel: Panel) -> Iterator[str]:
    """Yield the ranges, the lines and the points of a trace."""
    number, modes = len(trace["x"]), trace["mode"].split("+")
    places = [
        None if y is None else (panel.x(x), panel.y(y)) for x, y in zip(trace["x"], trace["y"], strict=True)
    ]
    if ranges := trace.get("error_y"):
        yield _ranges(trace, ranges, panel)
    if "lines" in modes:
        yield _line(trace, places, panel)
    if "markers" in modes:
        marker = trace["marker"]
        edges = marker.get("line", {"color": "", "width": 0})
        look = _Look(
            marker.get("symbol", "circle"), marker["size"], marker["color"], edges["color"], edges["width"]
        )
        looks = (_Look(*one) for one in zip(*(_each(part, number) for part in look), strict=True))
        yield from _together(_mark(at, one) for at, one in zip(places, looks, strict=True) if at and one.size)


def _ranges(trace: Figure, ranges: Figure, panel: Panel) -> str:
    """Return the ranges around values as upright lines with a short line at each end."""
    half, paths = ranges["width"], []
    for x, y, more, less in zip(trace["x"], trace["y"], ranges["array"], ranges["arrayminus"], strict=True):
        at, high, low = panel.x(x), panel.y(y + more), panel.y(y - less)
        ends = "".join(f"M{_at(at - half, end)}h{_number(2 * half)}" for end in (high, low))
        paths.append(f"{ends}M{_at(at, high)}V{_number(low)}")
    return _element("path", d="".join(paths), stroke=ranges["color"], stroke_width=ranges["thickness"])


def _line(trace: Figure, places: Sequence[tuple[float, float] | None], panel: Panel) -> str:
    """Return the line through points, with a gap at each that is None, and only as far as the panel reaches."""
    pieces = ["L".join(_at(*p) for p in piece if p) for known, piece in groupby(places, bool) if known]
    look = {"fill": "none", **_stroke(trace["line"]), "stroke_linejoin": "round"}
    box = panel.box
    left, top, right, bottom = box.left - 1, box.top - 1, box.right + 1, box.bottom + 1
    is_inside = all(left <= p[0] <= right and top <= p[1] <= bottom for p in places if p)
    if is_inside:
        return _element("path", d="".join(f"M{piece}" for piece in pieces), **look)
    name = f"panel{panel.suffix}"
    clip = _element("clipPath", _element("path", d=_rectangle(*box)), id=name)
    return clip + _element(
        "path", d="".join(f"M{piece}" for piece in pieces), clip_path=f"url(#{name})", **look
    )


class _Look(NamedTuple):
    """How a point looks: its symbol, its diameter in pixels, its colour, and the colour and width of its outline."""

    symbol: str
    size: float
    fill: str
    edge: str
    line: float


def _mark(at: tuple[float, float], look: _Look) -> _Mark:
    """Return the mark of a point. One with an open symbol has only an outline, of at least one pixel."""
    path = _SYMBOLS[look.symbol.removesuffix("-open")](*at, look.size / 2)
    is_open = look.symbol.endswith("-open")
    return _Mark(path, "none", look.fill, look.line or 1) if is_open else _Mark(path, *look[2:])


def _circle(x: float, y: float, radius: float) -> str:
    half = f"a{_at(radius, radius)} 0 1 1"
    return f"M{_at(x + radius, y)}{half} {_at(-2 * radius, 0)}{half} {_at(2 * radius, 0)}Z"


def _triangle(x: float, y: float, radius: float, to: int) -> str:
    """Return a triangle that points to the right if `to` is 1, and to the left if it is -1."""
    high = radius * 2 / math.sqrt(3)
    return f"M{_at(x - to * radius / 2, y - high)}V{_number(y + high)}L{_at(x + to * radius, y)}Z"


_SYMBOLS: Mapping[str, Callable[[float, float, float], str]] = {
    "circle": _circle,
    "triangle-left": partial(_triangle, to=-1),
    "triangle-right": partial(_triangle, to=1),
}
_KINDS = {"bar": _bars, "scatter": _points}
