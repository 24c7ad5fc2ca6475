"""Draw a small panel of columns for each part and area, all on one scale."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from portal.analysis.sentences import ChartInput
from portal.charts import axes, style
from portal.charts.columns import axis_names
from portal.charts.grammar import Band, Box, Figure, Label, Panel, Rule, Scale, compose, stacked
from portal.charts.text_metrics import text_width, wrap_text
from portal.charts.time_axis import middle, span
from portal.charts.time_marks import BreakMark, break_lines, break_marks
from portal.core.model import Observation
from portal.core.text import json_number
from portal.core.vocabulary import ADDABLE_UNITS

_BETWEEN = 18.0  # pixels between two panels
_FULL = 104.0  # the height of a panel with the whole scale, in pixels


def draw_small_multiples(s: ChartInput, width: int) -> Figure:
    """Draw a panel of columns for each part and area, the largest first, all on the same scale and time axis.

    A break is a dashed line in each panel; `panel_notes` explains it.
    """
    across = 4 if width == style.WIDE else 2
    wide = (width - 4 - _BETWEEN * (across - 1)) / across
    names = {(o.part, o.area): s.name(o) for o in s.figures}
    keys = sorted(names, key=lambda k: -_size(s, k))
    grid = _panel_grid(s, wide)
    titles = {k: wrap_text(name, wide, style.TEXT, bold=True) for k, name in names.items()}
    drawn: list[_DrawnPanel] = []
    top = 2.0
    for start in range(0, len(keys), across):
        in_row = keys[start : start + across]
        head = style.LINE * max(len(titles[k]) for k in in_row)
        ends = grid.ends_of_row([json_number(o.value) for o in s.figures if (o.part, o.area) in in_row])
        height = grid.height(ends)
        for column, key in enumerate(in_row):
            left = 2 + column * (wide + _BETWEEN)
            box = Box(left, top + head + 6, left + wide, top + head + 6 + height)
            title = Label(text="<br>".join(titles[key]), x=left, y=top + head, down="bottom", bold=True)
            panel = grid.panel(box, ends, len(drawn) + 1)
            drawn.append(_draw_panel(s, grid, panel, key, title))
        top += head + 6 + height + 34
    return compose(
        (width, top - 8),
        [d.panel for d in drawn],
        [d.trace for d in drawn],
        [label for d in drawn for label in d.labels],
        [mark for d in drawn for mark in d.marks],
    )


@dataclass(frozen=True, kw_only=True)
class _PanelGrid:
    """What all small panels share: their periods, the time axis, the ends of all values, the size of their texts, and breaks.

    `room` is the part of the scale that the values on the columns need; `size` is 0 where these do not fit.
    """

    times: Sequence[Observation]
    time_ends: tuple[float, float]
    length: float
    ends: tuple[float, float]
    room: float
    size: int
    breaks: Sequence[BreakMark]

    def ends_of_row(self, values: Sequence[float | int | None]) -> tuple[float, float]:
        """Return the ends of the values in one row of panels: a fifth of the whole scale at least."""
        return axes.value_ends([*values, (self.ends[1] - self.ends[0]) * 0.2])

    def height(self, ends: tuple[float, float]) -> float:
        """Return the height of a panel in pixels, so that a column has the same height in every row."""
        low, high = self.ends
        return _FULL * (ends[1] - ends[0] + self.room) / (high - low + self.room)

    def panel(self, box: Box, ends: tuple[float, float], number: int) -> Panel:
        """Return a panel in a box with the scales of its row."""
        low, high = ends
        y = Scale(low - self.room * (low < 0), high + self.room * (high > 0), box.bottom, box.top)
        return Panel(box=box, x=Scale(*self.time_ends, box.left, box.right), y=y, number=number)


def _panel_grid(s: ChartInput, wide: float) -> _PanelGrid:
    """Return what all panels share, each of which is `wide` pixels wide."""
    times = s.times
    time_ends = (span(times[0])[0] - 0.1, span(times[-1])[1] + 0.1)
    length = min(span(t)[1] - span(t)[0] for t in times)
    slot = wide * length / (time_ends[1] - time_ends[0])
    size = style.SMALL if max(text_width(s.cell(o), style.SMALL) for o in s.figures) <= slot else 0
    low, high = axes.value_ends(json_number(o.value) for o in s.figures)
    room = (high - low) * (0.16 if size else 0.04)
    return _PanelGrid(
        times=times,
        time_ends=time_ends,
        length=length,
        ends=(low, high),
        room=room,
        size=size,
        breaks=break_marks(s),
    )


class _DrawnPanel(NamedTuple):
    """A panel with its columns, its labels, and its lines."""

    panel: Panel
    trace: Figure
    labels: list[Label]
    marks: list[Rule | Band]


def _draw_panel(
    s: ChartInput, grid: _PanelGrid, panel: Panel, key: tuple[str, str], title: Label
) -> _DrawnPanel:
    """Draw the columns of one part and area, with its title above and the first and last period below."""
    times, box = grid.times, panel.box
    by_period = {s.period(o): o for o in s.figures if (o.part, o.area) == key}
    figures = [by_period.get(s.period(t)) for t in times]
    name = next(s.name(o) for o in by_period.values())
    words = [f"{name}, {s.label(t)}: {s.cell(o)}" for t, o in zip(times, figures, strict=True)]
    shown = axis_names(s, times)
    without_number = _without_number(panel, times, figures, words)
    written = [x.box for x in [*without_number, *_values(s, panel, times, figures, grid.size)]]
    zero = Rule((box.left, panel.y(0)), (box.right, panel.y(0)))
    return _DrawnPanel(
        panel,
        _columns(s, panel, _Slots(times, grid.length * 0.85, grid.size), figures, words),
        [title, *_first_and_last(shown[0], shown[-1], box), *without_number],
        [zero, *break_lines(grid.breaks, panel.x, (box.top, box.bottom), 1, written)],
    )


def _without_number(
    panel: Panel, times: Sequence[Observation], figures: Sequence[Observation | None], words: Sequence[str]
) -> list[Label]:
    """Return the marks of the periods that have no number, above the line at zero."""
    return stacked(
        [
            Label(
                text=f"[{o.status}]" if o else style.NOTHING,
                x=panel.x(middle(t)),
                y=panel.y(0) - 2,
                across="center",
                down="bottom",
                size=style.SMALL,
                hover=said,
            )
            for t, o, said in zip(times, figures, words, strict=True)
            if o is None or o.value is None
        ]
    )


def panel_notes(s: ChartInput) -> tuple[str, ...]:
    """Return the note under small panels that explains their dashed lines; none without a break."""
    breaks = break_marks(s)
    if len(breaks) < 2:
        return tuple(f"Dashed line: {c.title}. Do not compare figures before and after it." for c in breaks)
    names = "; ".join(c.title for c in breaks)
    return (f"Dashed lines, from left to right: {names}. Do not compare figures before and after them.",)


def _values(
    s: ChartInput,
    panel: Panel,
    times: Sequence[Observation],
    figures: Sequence[Observation | None],
    size: int,
) -> Iterable[Label]:
    """Yield the values as Plotly writes them at the ends of the columns; none if they do not fit."""
    for t, o in zip(times, figures, strict=True):
        value = json_number(o.value) if o else None
        if o and size and value is not None:
            down = "top" if value < 0 else "bottom"
            yield Label(
                text=s.cell(o),
                x=panel.x(middle(t)),
                y=panel.y(value),
                across="center",
                down=down,
                size=size + 2,
            )


class _Slots(NamedTuple):
    """The columns of a panel: one for each period, their width in months, and the size of their texts (0 for none)."""

    times: Sequence[Observation]
    width: float
    text: int


def _columns(
    s: ChartInput, panel: Panel, slots: _Slots, figures: Sequence[Observation | None], words: Sequence[str]
) -> Figure:
    number = len(slots.times)
    return {
        "type": "bar",
        "x": [middle(t) for t in slots.times],
        "y": [None if o is None else json_number(o.value) for o in figures],
        "xaxis": f"x{panel.suffix}",
        "yaxis": f"y{panel.suffix}",
        "width": [slots.width] * number,
        "constraintext": "none",
        "marker": {"color": [style.EARLIER] * (number - 1) + [style.OURS]},
        "text": [s.cell(o) if o and o.value is not None else "" for o in figures] if slots.text else [],
        "textposition": "outside",
        "cliponaxis": False,
        "textangle": 0,
        "textfont": {"size": slots.text or style.SMALL, "color": style.INK},
        "customdata": list(words),
        "hovertemplate": "%{customdata}<extra></extra>",
    }


def _first_and_last(first: str, last: str, box: Box) -> Iterable[Label]:
    """Yield the names of the first and last period under a panel; one above the other if they are too long."""
    below = box.bottom + 4
    if first == last:
        yield Label(
            text=first,
            x=(box.left + box.right) / 2,
            y=below,
            across="center",
            down="top",
            size=style.SMALL,
            colour=style.QUIET,
        )
        return
    fits = text_width(first, style.SMALL) + text_width(last, style.SMALL) + 8 <= box.width
    yield Label(text=first, x=box.left, y=below, down="top", size=style.SMALL, colour=style.QUIET)
    yield Label(
        text=last,
        x=box.right,
        y=below + (0 if fits else 13),
        across="right",
        down="top",
        size=style.SMALL,
        colour=style.QUIET,
    )


def _size(s: ChartInput, panel: tuple[str, str]) -> Decimal:
    """Return the size by which panels are ordered: the sum of counts and pounds, or the largest of other figures."""
    known = [o.value for o in s.figures if (o.part, o.area) == panel and o.value is not None]
    if not known:
        return Decimal("-Infinity")
    return sum(known, Decimal(0)) if s.indicator.unit in ADDABLE_UNITS else max(known)
