"""Draw figures over time as columns."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from portal.analysis.measures import revision_band
from portal.analysis.sentences import ChartInput, describe_point
from portal.charts import axes, style
from portal.charts.grammar import Box, Figure, Label, Panel, Scale, compose, stacked
from portal.charts.text_metrics import text_width, wrap_text
from portal.charts.time_axis import middle, overlap, span
from portal.charts.time_charts import (
    MOST_BARS,
    PLOT_HEIGHT,
    UNSETTLED,
    Hidden,
    Range,
    draw_line,
    hidden_mark,
    hover,
    hover_text,
    range_bars,
    unit_signs,
)
from portal.charts.time_marks import (
    BreakMark,
    Goal,
    break_lines,
    break_marks,
    break_number,
    goal_marks,
    goals_of,
    numbers_apart,
)
from portal.core.model import Observation
from portal.core.text import json_number
from portal.core.vocabulary import Unit

MARGIN = 6  # pixels to the right of the columns


def draw_years(s: ChartInput, width: int) -> Figure:
    """Draw more than five figures as a line, fewer as columns."""
    return draw_line(s, width) if len(s.figures) > 5 else draw_columns(s, width)


def draw_columns(s: ChartInput, width: int) -> Figure:
    """Draw a few periods as columns from zero with their values on them, the newest darker.

    A break is a dashed line with a note. Where a value does not fit on its column, an axis has the scale. Many columns
    and overlapping periods are drawn as a line.
    """
    if len(s.figures) > MOST_BARS or overlap(s.figures):
        return draw_line(s, width)
    return draw_all_columns(s, width, newest=1, goals=goals_of(s))


@dataclass(frozen=True, kw_only=True)
class _Column:
    """A figure as a column: its place on the time axis, its value, how much revisions can add, its text and colour."""

    figure: Observation
    at: float
    value: float | int | None
    band: int
    text: str
    colour: str

    @property
    def top(self) -> float | None:
        """Return the value with what revisions can add; None without a value."""
        return None if self.value is None else self.value + self.band


@dataclass(frozen=True, kw_only=True)
class _Plot:
    """Where columns are drawn: a box, its scales, the length of a period, and the size of the values on the columns.

    `size` is 0 where the values do not fit on the columns, which then have an axis.
    """

    box: Box
    x: Scale
    y: Scale
    length: float
    size: int

    def moved(self, down: float) -> "_Plot":
        """Return the plot moved down by some pixels."""
        box = self.box._replace(top=self.box.top + down, bottom=self.box.bottom + down)
        return replace(self, box=box, y=replace(self.y, start=box.bottom, end=box.top))


def draw_all_columns(s: ChartInput, width: int, newest: int, goals: Sequence[Goal] = ()) -> Figure:
    """Draw every period as a column, the `newest` last ones darker. One that may still change has only an outline."""
    columns, breaks = _columns(s, newest), break_marks(s)
    ends = axes.value_ends(
        [*(c.value for c in columns), *(c.top for c in columns), *(g.value for g in goals)]
    )
    length, (start, end) = _time_axis(s)
    size = _size_of_values(columns, (width - 12) * length / (end - start) * 0.95)
    ticks = (
        []
        if size
        else axes.value_ticks(*ends, 5 if width == style.WIDE else 4, whole=s.indicator.unit == Unit.COUNT)
    )
    texts = axes.tick_texts(ticks, *unit_signs(s.indicator.unit)) if ticks else []
    left = max((text_width(t, style.TICK) for t in texts), default=0) + (8 if texts else 2)
    x = Scale(start, end, left, width - MARGIN)
    notes = _break_notes(breaks, x)
    plot = _plot(ends, x, length, size, notes if len(breaks) == 1 else [])
    plot, hidden = _with_hidden(s, columns, plot, _space_for_breaks(breaks, notes))
    names = _names_below(s, [c.at for c in columns], x, x(length) - x(0))
    values = _value_boxes(columns, plot)
    written = [*values, *(h.box for h in hidden)]
    targets, names_of_targets = goal_marks(
        goals, plot.y, plot.box, [*values, *_column_boxes(columns, plot), *(h.box for h in hidden)]
    )
    panel = Panel(
        box=plot.box,
        x=x,
        y=plot.y,
        y_axis=axes.value_axis(ticks, texts, ends),
        x_axis={
            "tickvals": [t.at for t in names],
            "ticktext": [t.text for t in names],
            "ticklabelstandoff": 4,
        },
    )
    lines = max((t.text.count("<br>") + 1 for t in names), default=0)
    return compose(
        (width, plot.box.bottom + 12 + style.LINE * lines),
        [panel],
        [_bars(s, columns, plot), *range_bars(_ranges(columns), style.QUIET)],
        [*notes, *hidden, *_values_at_ranges(columns, plot), *names_of_targets],
        [*break_lines(breaks, x, (14, plot.box.bottom), 1.5, written), *targets],
    )


def _columns(s: ChartInput, newest: int) -> list[_Column]:
    earlier = len(s.figures) - newest
    return [
        _Column(
            figure=o,
            at=middle(o),
            value=json_number(o.value),
            band=revision_band(s.released, o),
            text=s.cell(o),
            colour=style.EARLIER if n < earlier else style.OURS,
        )
        for n, o in enumerate(s.figures)
    ]


def _time_axis(s: ChartInput) -> tuple[float, tuple[float, float]]:
    """Return the length of the shortest period, and the ends of the time axis."""
    spans = [span(o) for o in s.figures]
    length = min(end - start for start, end in spans)
    return length, (spans[0][0] - length * 0.1, spans[-1][1] + length * 0.1)


def _size_of_values(columns: Sequence[_Column], slot: float) -> int:
    """Return the largest size in which every value fits on its column, which has `slot` pixels; 0 if none does."""
    sizes = (style.TEXT + 2, style.TEXT, style.TICK, style.SMALL)
    return next((n for n in sizes if max(text_width(c.text, n) for c in columns) <= slot), 0)


def _plot(ends: tuple[float, float], x: Scale, length: float, size: int, above: Sequence[Label]) -> _Plot:
    """Return the plot of values between `ends`, below the notes `above`, with room for the values on the columns."""
    low, high = ends
    top = max([14.0, *(n.box.bottom + 4 for n in above)])
    box = Box(x.start, top, x.end, top + PLOT_HEIGHT)
    room = (high - low) * ((size + 8) / PLOT_HEIGHT if size else 0.05)
    y = Scale(low - room * (low < 0), high + room * (high > 0), box.bottom, box.top)
    return _Plot(box=box, x=x, y=y, length=length, size=size)


def _with_hidden(
    s: ChartInput, columns: Sequence[_Column], plot: _Plot, above: float
) -> tuple[_Plot, list[Label]]:
    """Return the plot and the marks of figures without a number.

    Columns that all hang from the top leave no room above zero: then the plot moves down, so no mark is above `above`.
    """
    marks = [
        hidden_mark(Hidden(c.at, f"[{c.figure.status}]", hover_text(s, c.figure)), plot.x, plot.y)
        for c in columns
        if c.value is None
    ]
    hidden = stacked(marks, top=-math.inf)
    down = max([0.0, *(above - h.box.top for h in hidden)])
    return plot.moved(down), [replace(h, y=h.y + down) for h in hidden]


def _bars(s: ChartInput, columns: Sequence[_Column], plot: _Plot) -> Figure:
    """Return the trace of the columns. A value with a range of revisions has its text at the range instead."""
    texts = ["" if c.value is None or c.band else c.text for c in columns]
    return {
        "type": "bar",
        "x": [c.at for c in columns],
        "y": [c.value for c in columns],
        "width": [plot.length * 0.8] * len(columns),
        "text": texts if plot.size else [],
        "textposition": "outside",
        "cliponaxis": False,
        "constraintext": "none",
        "textfont": {"size": plot.size or style.SMALL, "color": style.INK},
        "textangle": 0,
        "marker": {
            "color": [style.PAPER if c.figure.status in UNSETTLED else c.colour for c in columns],
            "line": {
                "color": [c.colour for c in columns],
                "width": [1.5 if c.figure.status in UNSETTLED else 0 for c in columns],
            },
        },
        "customdata": [hover_text(s, c.figure) for c in columns],
        **hover([describe_point(s, c.figure) for c in columns]),
    }


def _ranges(columns: Sequence[_Column]) -> list[Range]:
    """Return the ranges that revisions can add."""
    return [Range(c.at, c.value, c.band) for c in columns if c.value is not None and c.band]


def _values_at_ranges(columns: Sequence[_Column], plot: _Plot) -> list[Label]:
    """Return the values of the columns that have a range, each above it; none if values are not on the columns."""
    return [
        Label(
            text=c.text, x=plot.x(c.at), y=plot.y(c.top) - 3, across="center", down="bottom", size=plot.size
        )
        for c in columns
        if plot.size and c.band and c.top is not None
    ]


def _value_boxes(columns: Sequence[_Column], plot: _Plot) -> list[Box]:
    """Return the space of each value on the columns."""
    return [
        _value_box(c.text, plot.size, plot.x(c.at), plot.y(c.top), is_negative=c.value < 0)
        for c in columns
        if plot.size and c.value is not None and c.top is not None
    ]


def _column_boxes(columns: Sequence[_Column], plot: _Plot) -> list[Box]:
    """Return the space of each column itself."""
    x, y = plot.x, plot.y
    half = (x(plot.length) - x(0)) * 0.4
    return [
        Box(x(c.at) - half, min(y(c.value), y(0)), x(c.at) + half, max(y(c.value), y(0)))
        for c in columns
        if c.value is not None
    ]


def _break_notes(breaks: Sequence[BreakMark], x: Scale) -> list[Label]:
    """Return the words of a single break above its line, or the numbers of several breaks."""
    if len(breaks) == 1:
        return [_note_above(breaks[0], x(breaks[0].at), x)]
    return numbers_apart([break_number(n, x(b.at), b) for n, b in enumerate(breaks, 1)])


def _space_for_breaks(breaks: Sequence[BreakMark], notes: Sequence[Label]) -> float:
    """Return how far down the notes of breaks reach, in pixels."""
    if len(breaks) == 1:
        return notes[0].box.bottom + 2
    return 19.0 if breaks else 1.0


def _value_box(text: str, size: float, x: float, y: float, *, is_negative: bool) -> Box:
    """Return the space of the value of a column, beyond its end at `y`."""
    half, height = text_width(text, size) / 2 + 2, size * 1.3 + 4
    return Box(x - half, y, x + half, y + height) if is_negative else Box(x - half, y - height, x + half, y)


def _note_above(mark: BreakMark, at: float, x: Scale) -> Label:
    """Return the note of a break above its line, on the side with more space."""
    is_right = at < (x.start + x.end) / 2
    lines = wrap_text(mark.title, min(190, (x.end - at if is_right else at - x.start) - 6), style.TICK)
    return Label(
        text="<br>".join(lines),
        x=at + 5 if is_right else at - 5,
        y=1,
        across="left" if is_right else "right",
        down="top",
        size=style.TICK,
        colour=style.QUIET,
    )


def _names_below(s: ChartInput, places: Sequence[float], x: Scale, slot: float) -> list[axes.TimeTick]:
    """Return the names of the columns: of each in at most three lines, or else the years."""
    names = axis_names(s, s.figures)
    widest = max(text_width(word, style.TICK) for name in names for word in name.split() or [""])
    wrapped = ["<br>".join(wrap_text(name, slot, style.TICK)) for name in names]
    if widest + 3 <= slot and max(name.count("<br>") for name in wrapped) < 3:
        return [axes.TimeTick(at, name) for at, name in zip(places, wrapped, strict=True)]
    ticks = axes.time_ticks(x.low, x.high, x.end - x.start)
    reach = [max(text_width(line, style.TICK) for line in t.text.split("<br>")) / 2 for t in ticks]
    return [t for t, half in zip(ticks, reach, strict=True) if x(t.at) + half <= x.end + MARGIN]


def axis_names(s: ChartInput, figures: Sequence[Observation]) -> list[str]:
    """Return the names of periods for an axis: only the year, where all are 12 months that end in the same month."""
    ends = [o.period_end for o in figures if o.period_end]
    is_yearly = len(ends) == len(figures) and {o.months for o in figures} == {12}
    if is_yearly and len({end.month for end in ends}) == 1 and len({end.year for end in ends}) == len(ends):
        return [
            short if "/" in (short := s.short(o)) else str(o.period_end.year) for o in figures if o.period_end
        ]
    return [s.tick(o) for o in figures]
