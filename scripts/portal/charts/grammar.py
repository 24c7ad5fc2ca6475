"""The grammar that all charts share: boxes, scales, labels, marks, and the Plotly figure that they become.

A chart is composed in pixels, from the top left of the picture. Each panel has a box and two scales, so the place of
every label is known before anything is drawn: labels are measured, moved apart, and kept inside the picture. Plotly
draws the data and the axes; labels and lines are annotations and shapes in the coordinates of the whole picture.
"""

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, NamedTuple

from portal.charts import style
from portal.charts.text_metrics import text_width, wrap_text

Figure = dict[str, Any]

# plotly.js interprets a few tags in texts, including links. Only the two that we use are left as they are.
_TAG = re.compile(r"<(?!br>|/?extra>)")
_ENTITY = re.compile(r"&(?=#?\w+;)")


def escape_texts(drawing: Any) -> Any:
    """Return a drawing with its texts escaped, so that plotly.js shows them literally."""
    if isinstance(drawing, str):
        return (
            _TAG.sub("&lt;", _ENTITY.sub("&amp;", drawing)) if "<" in drawing or "&" in drawing else drawing
        )
    if isinstance(drawing, dict):
        return {key: escape_texts(value) for key, value in drawing.items()}
    return [escape_texts(value) for value in drawing] if isinstance(drawing, list | tuple) else drawing


class Box(NamedTuple):
    """A rectangle in pixels, from the top left of the picture."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Return the width in pixels."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Return the height in pixels."""
        return self.bottom - self.top

    def touches(self, other: "Box") -> bool:
        """Return True if two boxes have a point in common."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )

    def inside(self, other: "Box") -> bool:
        """Return True if this box lies within another."""
        return (
            self.left >= other.left
            and self.right <= other.right
            and self.top >= other.top
            and self.bottom <= other.bottom
        )


@dataclass(frozen=True)
class Scale:
    """A linear scale from values to pixels: `low` is drawn at `start`, `high` at `end`."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return the pixel at which a value is drawn."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


@dataclass(frozen=True, kw_only=True)
class Panel:
    """A box with data in it, its scales, and the settings of its axes. `number` is 1 for the first panel."""

    box: Box
    x: Scale
    y: Scale
    x_axis: Figure = field(default_factory=dict)
    y_axis: Figure = field(default_factory=dict)
    number: int = 1

    @property
    def suffix(self) -> str:
        """Return what Plotly adds to the names of this panel's axes."""
        return "" if self.number == 1 else str(self.number)


@dataclass(frozen=True, kw_only=True)
class Label:
    """Lines of text at a point in pixels.

    `across` ("left", "center", "right") and `down` ("top", "middle", "bottom") say which part of the text is at the
    point. `hover` is shown when a reader points at it.
    """

    text: str
    x: float
    y: float
    across: str = "left"
    down: str = "middle"
    size: float = style.TEXT
    colour: str = style.INK
    bold: bool = False
    hover: str = ""

    @property
    def box(self) -> Box:
        """Return the space that the text takes."""
        lines = self.text.split("<br>")
        width = max(text_width(line, self.size, self.bold) for line in lines)
        height = style.LINE_HEIGHT * self.size * len(lines)
        left = self.x - width * {"left": 0.0, "center": 0.5, "right": 1.0}[self.across]
        top = self.y - height * {"top": 0.0, "middle": 0.5, "bottom": 1.0}[self.down]
        return Box(left, top, left + width, top + height)


class Rule(NamedTuple):
    """A straight line between two points in pixels, in front of the data unless `above` is False."""

    start: tuple[float, float]
    end: tuple[float, float]
    colour: str = style.QUIET
    width: float = 1
    dash: str = "solid"
    above: bool = True


class Band(NamedTuple):
    """A filled rectangle, behind the data unless `above`."""

    box: Box
    colour: str = style.SAND
    above: bool = False


def compose(
    picture: tuple[int, float],
    panels: Sequence[Panel],
    traces: Iterable[Figure],
    labels: Iterable[Label] = (),
    marks: Iterable[Rule | Band] = (),
) -> Figure:
    """Return the Plotly figure of a chart; `picture` is its width and height in pixels.

    Labels are moved inside the picture if they would be cut off.
    """
    width, height = picture
    size = (float(width), float(math.ceil(height)))
    layout: Figure = {
        "width": width,
        "height": math.ceil(height),
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0, "pad": 0, "autoexpand": False},
        "paper_bgcolor": style.PAPER,
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": style.FONT, "size": style.TEXT, "color": style.INK},
        "showlegend": False,
        "hovermode": "closest",
        "hoverlabel": {"font": {"family": style.FONT, "size": style.TEXT}, "align": "left"},
        "annotations": [_annotation(kept_inside(label, size), size) for label in labels],
        "shapes": [_shape(mark, size) for mark in marks],
    }
    for panel in panels:
        layout[f"xaxis{panel.suffix}"] = _axis(panel, size, "x")
        layout[f"yaxis{panel.suffix}"] = _axis(panel, size, "y")
    return {"data": list(traces), "layout": layout}


def kept_inside(label: Label, size: tuple[float, float]) -> Label:
    """Return a label moved by as much as it would reach beyond the picture."""
    box = label.box
    right = max(0.0, box.right - size[0] + 1)
    down = max(0.0, box.bottom - size[1])
    return replace(
        label,
        x=label.x - right + max(0.0, right - box.left if box.left < right else -box.left),
        y=label.y - down + max(0.0, -box.top),
    )


def _annotation(label: Label, size: tuple[float, float]) -> Figure:
    font: Figure = {"size": label.size, "color": label.colour}
    if label.bold:
        font["weight"] = 700
    drawn: Figure = {
        "text": label.text,
        "showarrow": False,
        "xref": "paper",
        "yref": "paper",
        "x": _share(label.x, size[0]),
        "y": _share(size[1] - label.y, size[1]),
        "xanchor": label.across,
        "yanchor": label.down,
        "align": label.across,
        "borderpad": 0,
        "font": font,
    }
    return {**drawn, "hovertext": label.hover} if label.hover else drawn


def _shape(mark: Rule | Band, size: tuple[float, float]) -> Figure:
    layer = "above" if mark.above else "below"
    if isinstance(mark, Rule):
        (x0, y0), (x1, y1) = mark.start, mark.end
        line = {"color": mark.colour, "width": mark.width, "dash": mark.dash}
        look: Figure = {"type": "line", "line": line, "layer": layer}
    else:
        x0, y0, x1, y1 = mark.box
        look = {"type": "rect", "fillcolor": mark.colour, "line": {"width": 0}, "layer": layer}
    return {
        **look,
        "xref": "paper",
        "yref": "paper",
        "x0": _share(x0, size[0]),
        "x1": _share(x1, size[0]),
        "y0": _share(size[1] - y0, size[1]),
        "y1": _share(size[1] - y1, size[1]),
    }


def _axis(panel: Panel, size: tuple[float, float], name: str) -> Figure:
    scale, own, other = (panel.x, panel.x_axis, "y") if name == "x" else (panel.y, panel.y_axis, "x")
    box = panel.box
    ends = (
        (box.left, box.right, size[0]) if name == "x" else (size[1] - box.bottom, size[1] - box.top, size[1])
    )
    return {
        "domain": [_share(ends[0], ends[2]), _share(ends[1], ends[2])],
        "range": [scale.low, scale.high],
        "anchor": f"{other}{panel.suffix}",
        "fixedrange": True,
        "showgrid": False,
        "zeroline": False,
        "showline": False,
        "ticks": "",
        "automargin": False,
        "showticklabels": "tickvals" in own,
        "tickangle": 0,
        "tickfont": {"size": style.TICK, "color": style.QUIET},
        **own,
    }


def _share(pixels: float, whole: float) -> float:
    return round(min(1.0, max(0.0, pixels / whole)), 5)


# --- labels that do not touch


def spread_out(labels: Sequence[Label], top: float, bottom: float) -> list[Label]:
    """Return labels moved up and down so that none touches the next; their order by height stays.

    Labels that are too close become a group, which is centred on its mean and kept between `top` and `bottom`.
    """
    ordered = sorted(labels, key=lambda label: label.y)
    groups: list[list[Label]] = []
    for label in ordered:
        groups.append([label])
        while len(groups) > 1 and _bottom(groups[-2], top, bottom) > _top(groups[-1], top, bottom):
            last = groups.pop()
            groups[-1] += last
    moved: dict[int, Label] = {}
    for group in groups:
        at = _top(group, top, bottom)
        for label in group:
            height = label.box.height
            moved[id(label)] = replace(label, y=at + height / 2, down="middle")
            at += height
    return [moved[id(label)] for label in labels]


def _height(group: Sequence[Label]) -> float:
    return sum(label.box.height for label in group)


def _top(group: Sequence[Label], top: float, bottom: float) -> float:
    middle = sum(label.y for label in group) / len(group)
    return max(top, min(bottom - _height(group), middle - _height(group) / 2))


def _bottom(group: Sequence[Label], top: float, bottom: float) -> float:
    return _top(group, top, bottom) + _height(group)


Points = Sequence[tuple[float, float]]


def boxes_of_line(points: Points, thickness: float = 4) -> list[Box]:
    """Return small boxes that cover a line through points in pixels, so that a label can avoid it."""
    boxes = []
    for (x0, y0), (x1, y1) in pairwise(points):
        steps = max(1, math.ceil(max(abs(x1 - x0), abs(y1 - y0)) / 4))
        for n in range(steps + 1):
            x, y = x0 + (x1 - x0) * n / steps, y0 + (y1 - y0) * n / steps
            boxes.append(Box(x - thickness / 2, y - thickness / 2, x + thickness / 2, y + thickness / 2))
    if len(points) == 1:
        ((x, y),) = points
        boxes.append(Box(x - thickness, y - thickness, x + thickness, y + thickness))
    return boxes


def interrupted(line: Rule, taken: Iterable[Box]) -> list[Rule]:
    """Return an upright or level line in pieces, with a gap at each box that it would cross or nearly touch."""
    (x, y), is_upright = line.start, line.start[0] == line.end[0]
    near = [
        Box(b.left - style.CLEAR, b.top - style.CLEAR, b.right + style.CLEAR, b.bottom + style.CLEAR)
        for b in taken
    ]
    crossed = [b for b in near if (b.left < x < b.right if is_upright else b.top < y < b.bottom)]
    gaps = sorted((b.top, b.bottom) if is_upright else (b.left, b.right) for b in crossed)
    start, end = (y, line.end[1]) if is_upright else (x, line.end[0])

    def piece(first: float, last: float) -> Rule:
        ends = ((x, first), (x, last)) if is_upright else ((first, y), (last, y))
        return line._replace(start=ends[0], end=ends[1])

    pieces = []
    for gap_start, gap_end in gaps:
        if gap_start > start:
            pieces.append(piece(start, min(gap_start, end)))
        start = max(start, gap_end)
    return [*pieces, piece(start, end)] if start < end else pieces


def first_free(candidates: Iterable[Label], taken: Sequence[Box], within: Box) -> Label | None:
    """Return the first label that lies inside a box and touches nothing that is taken; None if none does."""
    return next(
        (c for c in candidates if c.box.inside(within) and not any(c.box.touches(other) for other in taken)),
        None,
    )


def around(point: tuple[float, float], text: str, **look: Any) -> Iterator[Label]:
    """Yield places for the label of a point: above it, below it, then farther away and to its sides."""
    x, y = point
    for far in (9, 16, 24, 34, 46):
        for down, side in (("bottom", -1), ("top", 1)):
            for across in ("center", "left", "right"):
                yield Label(text=text, x=x, y=y + side * far, across=across, down=down, **look)


def stacked(labels: Sequence[Label], taken: Sequence[Box] = (), top: float = 0) -> list[Label]:
    """Return labels moved up until none overlaps a space that is taken or an earlier label.

    A label that would be above `top` is moved down instead.
    """
    placed: list[Label] = []
    for label in labels:
        boxes = [*taken, *(p.box for p in placed)]
        height = style.LINE_HEIGHT * label.size
        moved = [
            replace(label, y=label.y + way * n * height) for way in (-1, 1) for n in range(len(boxes) + 1)
        ]
        inside = [m for m in moved if m.box.top >= top]
        placed.append(next((m for m in inside if not any(m.box.touches(b) for b in boxes)), label))
    return placed


def note_in(text: str, box: Box, taken: Sequence[Box], size: float = style.TICK) -> Label:
    """Return a note wrapped to the width of a box, in its free space; at the bottom first, then the place with least overlap."""
    lines = wrap_text(text, box.width, size)
    note = Label(
        text="<br>".join(lines),
        x=(box.left + box.right) / 2,
        y=box.bottom,
        across="center",
        down="bottom",
        size=size,
        colour=style.QUIET,
    )
    space = note.box  # measured once, because each of many places is tried
    steps = range(0, max(1, int(box.height - space.height)), 8)

    def overlaps(y: float) -> int:
        moved = space._replace(top=y - space.height, bottom=y)
        return sum(moved.touches(other) for other in taken)

    return replace(note, y=min((box.bottom - 2 - up for up in steps), key=overlaps, default=note.y))
