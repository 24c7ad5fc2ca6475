"""Draw figures over time as columns."""

import math
from collections.abc import Sequence
from dataclasses import replace

from portal.analysis.measures import revision_band
from portal.analysis.sentences import ChartInput, describe_point
from portal.charts.grammar import (
    COLOURS,
    EARLIER,
    INK,
    LINE,
    OURS,
    PAPER,
    QUIET,
    SMALL,
    TEXT,
    TICK,
    WIDE,
    Box,
    Figure,
    Label,
    Panel,
    Rule,
    Scale,
    TimeTick,
    compose,
    interrupted,
    stacked,
    tick_texts,
    time_ticks,
    value_axis,
    value_ends,
    value_ticks,
)
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
from portal.charts.time_marks import Cut, Goal, break_number, cuts_of, goal_marks, goals_of, numbers_apart
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


def draw_all_columns(s: ChartInput, width: int, newest: int, goals: Sequence[Goal] = ()) -> Figure:
    """Draw every period as a column, the `newest` last ones darker. One that may still change has only an outline."""
    spans = [span(o) for o in s.figures]
    length = min(end - start for start, end in spans)
    ends = (spans[0][0] - length * 0.1, spans[-1][1] + length * 0.1)
    cells = [s.cell(o) for o in s.figures]
    values = [json_number(o.value) for o in s.figures]
    bands = [revision_band(s.released, o) for o in s.figures]
    tops = [v + b for v, b in zip(values, bands, strict=True) if v is not None]
    low, high = value_ends([*values, *tops, *(g.value for g in goals)])
    slot = (width - 12) * length / (ends[1] - ends[0]) * 0.95
    size = next((n for n in (TEXT + 2, TEXT, TICK, SMALL) if max(text_width(c, n) for c in cells) <= slot), 0)
    ticks = (
        []
        if size
        else value_ticks(low, high, 5 if width == WIDE else 4, whole=s.indicator.unit == Unit.COUNT)
    )
    texts = tick_texts(ticks, *unit_signs(s.indicator.unit)) if ticks else []
    left = max((text_width(t, TICK) for t in texts), default=0) + (8 if texts else 2)
    cuts = cuts_of(s)
    x = Scale(*ends, left, width - MARGIN)
    note = [_note_above(cuts[0], x(cuts[0].at), x)] if len(cuts) == 1 else []
    top = max([14.0, *(n.box.bottom + 4 for n in note)])
    box = Box(left, top, width - MARGIN, top + PLOT_HEIGHT)
    room = (high - low) * ((size + 8) / PLOT_HEIGHT if size else 0.05)
    y = Scale(low - room * (low < 0), high + room * (high > 0), box.bottom, box.top)
    marked = [
        hidden_mark(Hidden(middle(o), f"[{o.status}]", hover_text(s, o)), x, y)
        for o in s.figures
        if o.value is None
    ]
    hidden = stacked(marked, top=-math.inf)
    # Columns that all hang from the top leave no room above zero: then the plot moves down.
    above = 19.0 if len(cuts) > 1 else note[0].box.bottom + 2 if note else 1.0
    down = max([0.0, *(above - h.box.top for h in hidden)])
    box = box._replace(top=box.top + down, bottom=box.bottom + down)
    y = replace(y, start=box.bottom, end=box.top)
    hidden = [replace(h, y=h.y + down) for h in hidden]
    names = _names_below(s, [middle(o) for o in s.figures], x, x(length) - x(0))
    colours = [EARLIER] * (len(cells) - newest) + [OURS] * newest
    bars = {
        "type": "bar",
        "x": [middle(o) for o in s.figures],
        "y": values,
        "width": [length * 0.8] * len(cells),
        "text": ["" if v is None or b else c for c, v, b in zip(cells, values, bands, strict=True)]
        if size
        else [],
        "textposition": "outside",
        "cliponaxis": False,
        "constraintext": "none",
        "textfont": {"size": size or SMALL, "color": INK},
        "textangle": 0,
        "marker": {
            "color": [PAPER if o.status in UNSETTLED else c for o, c in zip(s.figures, colours, strict=True)],
            "line": {"color": colours, "width": [1.5 if o.status in UNSETTLED else 0 for o in s.figures]},
        },
        "customdata": [hover_text(s, o) for o in s.figures],
        **hover([describe_point(s, o) for o in s.figures]),
    }
    ranges = [
        Range(middle(o), v, b, c if size else "")
        for o, v, b, c in zip(s.figures, values, bands, cells, strict=True)
        if v is not None and b
    ]
    written = [_value_box(c, size, x(middle(o)), y(v + b), is_negative=v < 0) for c, o, v, b in zip(cells, s.figures, values, bands, strict=True) if size and v is not None]  # fmt: skip
    marks = [
        piece
        for c in cuts
        for piece in interrupted(
            Rule((x(c.at), 14), (x(c.at), box.bottom), COLOURS[4], 1.5, "dash"),
            [*written, *(h.box for h in hidden)],
        )
    ]
    half = (x(length) - x(0)) * 0.4
    filled = [
        Box(x(middle(o)) - half, min(y(v), y(0)), x(middle(o)) + half, max(y(v), y(0)))
        for o, v in zip(s.figures, values, strict=True)
        if v is not None
    ]
    targets, names_of_targets = goal_marks(goals, y, box, [*written, *filled, *(h.box for h in hidden)])
    notes = (
        numbers_apart([break_number(n, x(c.at), c) for n, c in enumerate(cuts, 1)]) if len(cuts) > 1 else note
    )
    panel = Panel(
        box=box,
        x=x,
        y=y,
        y_axis=value_axis(ticks, texts, (low, high)),
        x_axis={
            "tickvals": [t.at for t in names],
            "ticktext": [t.text for t in names],
            "ticklabelstandoff": 4,
        },
    )
    lines = max((t.text.count("<br>") + 1 for t in names), default=0)
    return compose(
        (width, box.bottom + 12 + LINE * lines),
        [panel],
        [bars, *range_bars(ranges, QUIET, size or SMALL)],
        [*notes, *hidden, *names_of_targets],
        [*marks, *targets],
    )


def _value_box(text: str, size: float, x: float, y: float, *, is_negative: bool) -> Box:
    """Return the space of the value of a column, beyond its end at `y`."""
    half, height = text_width(text, size) / 2 + 2, size * 1.3 + 4
    return Box(x - half, y, x + half, y + height) if is_negative else Box(x - half, y - height, x + half, y)


def _note_above(cut: Cut, at: float, x: Scale) -> Label:
    """Return the note of a break above its line, on the side with more space."""
    is_right = at < (x.start + x.end) / 2
    lines = wrap_text(cut.title, min(190, (x.end - at if is_right else at - x.start) - 6), TICK)
    return Label(
        text="<br>".join(lines),
        x=at + 5 if is_right else at - 5,
        y=1,
        across="left" if is_right else "right",
        down="top",
        size=TICK,
        colour=QUIET,
    )


def _names_below(s: ChartInput, places: Sequence[float], x: Scale, slot: float) -> list[TimeTick]:
    """Return the names of the columns: of each in at most three lines, or else the years."""
    names = axis_names(s, s.figures)
    widest = max(text_width(word, TICK) for name in names for word in name.split() or [""])
    wrapped = ["<br>".join(wrap_text(name, slot, TICK)) for name in names]
    if widest + 3 <= slot and max(name.count("<br>") for name in wrapped) < 3:
        return [TimeTick(at, name) for at, name in zip(places, wrapped, strict=True)]
    ticks = time_ticks(x.low, x.high, x.end - x.start)
    reach = [max(text_width(line, TICK) for line in t.text.split("<br>")) / 2 for t in ticks]
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
