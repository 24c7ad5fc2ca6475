"""Draw a table of figures as strips of shaded cells: a row for each area, a column for each period."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from portal.analysis.changes_in_words import cell
from portal.analysis.measures import breaks_of, broken
from portal.analysis.sentences import ChartInput, describe_point
from portal.charts import style
from portal.charts.charts import Chart, ChartTable, Note
from portal.charts.columns import axis_names
from portal.charts.grammar import Box, Figure, Label, Panel, Scale, compose, escape_texts
from portal.charts.map_classes import class_of, sort_into_classes
from portal.charts.text_metrics import text_width
from portal.charts.time_charts import hover
from portal.core.model import Observation
from portal.core.text import MARKERS, json_number, upper_first

_CELL = 22  # height in pixels
_GAP = 1  # pixels between two cells
_MOST_NAMES = 0.34  # the share of the width that names beside the strips can take


@dataclass(frozen=True)
class Strip:
    """A row: its name and its figures, one for each column; None where no figure has been published."""

    name: str
    figures: tuple[Observation | None, ...]


def heat_chart(s: ChartInput, strips: Sequence[Strip], title: str) -> Chart | None:
    """Return the strips as a chart; None unless two rows have figures, and no break in series lies among the columns."""
    columns = _columns(strips)
    known = [r for r in strips if any(o is not None and o.value is not None for o in r.figures)]
    if (
        len(known) < 2
        or len(columns) < 2
        or broken(columns[0], columns[-1], breaks_of(s.released, s.indicator.id))
    ):
        return None
    used = {o.status for r in strips for o in r.figures if o and o.status}
    notes = [Note(mark, meaning) for mark, meaning in MARKERS.items() if mark in used]
    if any(o is None for r in strips for o in r.figures):
        notes.append(Note(cell(None), "no figure has been published"))
    return Chart(
        draw=lambda width: escape_texts(draw_strips(s, strips, width)),
        headline=title,
        subtitle=f"{upper_first(s.indicator.unit_label)}. The darker a cell, the higher its number.",
        finding="",
        notes=("These are numbers, not rates. More people live in, or come to, some wards than others.",),
        table=ChartTable(
            caption=title,
            columns=("Area", *(s.label(o) for o in columns)),
            rows=tuple((r.name, *(s.cell(o) for o in r.figures)) for r in strips),
            notes=tuple(notes),
        ),
    )


def _columns(strips: Sequence[Strip]) -> list[Observation]:
    """Return a figure for each column, which has its period."""
    whole = (
        next((o for o in column if o), None) for column in zip(*(r.figures for r in strips), strict=True)
    )
    return [o for o in whole if o]


def draw_strips(s: ChartInput, strips: Sequence[Strip], width: int) -> Figure:
    """Draw a cell for each figure, shaded in at most five classes, with its number if numbers fit."""
    names = axis_names(s, _columns(strips))
    texts = [[s.cell(o) for o in r.figures] for r in strips]
    widest = max(text_width(t, style.SMALL) for row in texts for t in row)
    beside = max(text_width(r.name, style.TEXT) for r in strips) + 12
    is_beside = (
        beside <= width * (_MOST_NAMES if width == style.WIDE else 0.5)
        and (width - beside) / len(names) > widest + 2
    )
    left = beside if is_beside else 1.0
    step = (width - 1 - left) / len(names)
    size = next((n for n in (style.TEXT, style.TICK, style.SMALL) if widest / style.SMALL * n + 2 <= step), 0)
    row_height = _CELL if is_beside else _CELL + style.LINE + 3
    heads = _broken_alike(names, step - 3)
    head = 13 * max(h.count("<br>") + 1 for h in heads) + 8
    box = Box(left, head, width - 1, head + row_height * len(strips))
    classes = sort_into_classes([o.value for r in strips for o in r.figures if o and o.value is not None])
    labels = _heads(heads, box, step)
    columns, traces = _columns(strips), []
    for n, (row, shown) in enumerate(zip(strips, texts, strict=True)):
        bottom = box.top + row_height * (n + 1)
        if is_beside:
            labels.append(Label(text=row.name, x=left - 8, y=bottom - _CELL / 2, across="right"))
        else:
            labels.append(Label(text=row.name, x=1, y=bottom - _CELL - 2, down="bottom"))
        cells: list[_Cell] = []
        for i, (o, text) in enumerate(zip(row.figures, shown, strict=True)):
            at = box.left + step * (i + 0.5)
            said = f"{row.name}, {s.label(columns[i])}: {text}"
            shade = class_of(o.value, classes).colour if o and o.value is not None else 0
            ink = style.PAPER if shade >= style.DARK_SHADE else style.INK if shade else style.QUIET
            if size or not shade:
                small = size or style.SMALL
                labels.append(Label(text=text, x=at, y=bottom - _CELL / 2, across="center", size=small, colour=ink, hover=said))  # fmt: skip
            if shade and o and o.value is not None:
                cells.append(_Cell(at, o.value, style.SHADES[shade - 1], said, describe_point(s, o)))
        if cells:
            traces.append(_trace(cells, bottom, step - _GAP))
    height = box.bottom + 2
    panel = Panel(box=Box(0, 0, width, height), x=Scale(0, width, 0, width), y=Scale(height, 0, height, 0))
    return compose((width, height), [panel], traces, labels)


class _Cell(NamedTuple):
    """A shaded cell: its middle, its value, its colour, and what is shown when a reader points at it."""

    at: float
    value: Decimal
    colour: str
    words: str
    more: str


def _trace(cells: Sequence[_Cell], bottom: float, wide: float) -> Figure:
    """Return the cells of a strip as bars. Their heights are in pixels, so `meta` has their values."""
    number = len(cells)
    return {
        "type": "bar",
        "x": [c.at for c in cells],
        "y": [-(_CELL - _GAP)] * number,
        "base": [bottom] * number,
        "width": [wide] * number,
        "offset": [-wide / 2] * number,
        "meta": {"values": [json_number(c.value) for c in cells]},
        "marker": {"color": [c.colour for c in cells]},
        "customdata": [c.words for c in cells],
        **hover([c.more for c in cells]),
    }


def _broken_alike(names: Sequence[str], wide: float) -> list[str]:
    """Return names in lines, all broken at the same places: nowhere, before the last word, or after each word."""
    ways = [list(names), [n.replace(" ", "<br>") for n in names]]
    ways.insert(1, ["<br>".join(n.rsplit(" ", 1)) for n in names])
    return next(
        (
            way
            for way in ways
            if all(text_width(line, style.SMALL) <= wide for n in way for line in n.split("<br>"))
        ),
        ways[-1],
    )


def _heads(heads: Sequence[str], box: Box, step: float) -> list[Label]:
    """Return the names of the columns above them; every second one, or fewer, if they would touch."""
    labels = [
        Label(text=text, x=box.left + step * (n + 0.5), y=box.top - 6, across="center", down="bottom", size=style.SMALL, colour=style.QUIET)
        for n, text in enumerate(heads)
    ]  # fmt: skip
    widest = max(label.box.width for label in labels)
    every = next((n for n in range(1, len(labels) + 1) if n * step >= widest + 3), len(labels))
    return labels[::-1][::every][::-1]
