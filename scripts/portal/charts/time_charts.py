"""Draw figures over time as lines on a true time scale."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from portal.analysis.measures import breaks_of, broken, revision_band
from portal.analysis.sentences import ChartInput, describe_point, describe_revisions
from portal.charts import axes, style
from portal.charts.grammar import (
    Band,
    Box,
    Figure,
    Label,
    Panel,
    Rule,
    Scale,
    around,
    boxes_of_line,
    compose,
    first_free,
    interrupted,
    note_in,
    spread_out,
    stacked,
)
from portal.charts.text_metrics import text_width, wrap_text
from portal.charts.time_axis import gaps_of, middle, overlap, span
from portal.charts.time_marks import (
    BreakMark,
    Goal,
    PlanPeriod,
    break_marks,
    break_notes,
    break_number,
    goal_marks,
    goal_notes,
    goals_of,
    lanes_of,
    numbers_apart,
    plan_periods,
)
from portal.core.model import Observation
from portal.core.text import MARKERS, json_number
from portal.core.vocabulary import Status, Unit

# More columns than this are hard to distinguish on a phone, so a line is drawn.
MOST_BARS = 12
# Marks beside a number of a figure that may still change.
UNSETTLED = (Status.PROVISIONAL, Status.ESTIMATED)
_DOTS = 24  # with more points than this, only the last has a dot
PLOT_HEIGHT = 236  # of the plot, in pixels


class Point(NamedTuple):
    """A point of a line: its time in months, its value (None is a gap), and the text that is shown for it.

    `more` is shown under the text when a reader points at it: its change and its status.
    """

    at: float
    value: float | int | None
    words: str
    settled: bool = True
    more: str = ""
    band: int = 0


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a chart. `name` is written at its end, with the text of its last value."""

    points: tuple[Point, ...]
    last: str
    name: str = ""
    is_ours: bool = True

    @property
    def end(self) -> Point | None:
        """Return the last point with a value."""
        return next((p for p in reversed(self.points) if p.value is not None), None)


class Hidden(NamedTuple):
    """A figure without a number: its time, its marker, and its text."""

    at: float
    mark: str
    words: str


class Around(NamedTuple):
    """What is drawn around lines: breaks in series, the periods of plans, figures without a number, and targets."""

    breaks: Sequence[BreakMark] = ()
    plans: Sequence[PlanPeriod] = ()
    hidden: Sequence[Hidden] = ()
    goals: Sequence[Goal] = ()


# --- what is drawn from an indicator


_NOTHING = Around()


def draw_line(s: ChartInput, width: int) -> Figure:
    """Draw a line on a true time scale, cut at each break and gap, with its last value at its end."""
    known = [o for o in s.figures if o.value is not None]
    line = Line(points=tuple(_points(s)), last=s.cell(known[-1]) if known else "")
    return draw_lines(
        [line], width, s.indicator.unit, Around(break_marks(s), plan_periods(s), _hidden(s), goals_of(s))
    )


def _points(s: ChartInput) -> Iterable[Point]:
    """Yield the points of the figures, with an empty one in each gap and at each break."""
    breaks = breaks_of(s.released, s.indicator.id)
    gaps = gaps_of(s.figures)
    place = _place(s.figures)
    for i, o in enumerate(s.figures):
        if i and (gaps[i - 1] or broken(s.figures[i - 1], o, breaks)):
            yield Point((place(s.figures[i - 1]) + place(o)) / 2, None, "")
        settled, band = o.status not in UNSETTLED, revision_band(s.released, o)
        yield Point(place(o), json_number(o.value), hover_text(s, o), settled, describe_point(s, o), band)


def _place(figures: Sequence[Observation]) -> Callable[[Observation], float]:
    """Return the function that places a figure in time: at its end where periods overlap, else in its middle."""
    return (lambda o: span(o)[1]) if overlap(figures) else middle


def hover(more: Sequence[str]) -> Figure:
    """Return the settings of a trace for what a reader sees when pointing: the words of a point, and more below them."""
    if not any(more):
        return {"hovertemplate": "%{customdata}<extra></extra>"}
    lines = ["".join(f"<br>{line}" for line in wrap_text(m, 260, style.TEXT)) if m else "" for m in more]
    return {"hovertemplate": "%{customdata}%{hovertext}<extra></extra>", "hovertext": lines}


def hover_text(s: ChartInput, o: Observation) -> str:
    """Return the text that is shown when a reader points at a figure: what it is of, and its value."""
    return f"{s.full(o)}: {s.cell(o)}"


def _hidden(s: ChartInput) -> list[Hidden]:
    place = _place(s.figures)
    return [Hidden(place(o), f"[{o.status}]", hover_text(s, o)) for o in s.figures if o.value is None]


# --- lines


def draw_lines(lines: Sequence[Line], width: int, unit: str, beside: Around = _NOTHING) -> Figure:
    """Draw lines from zero, ours in front, each with its name and last value at its end.

    At a break the line has a gap, shaded and with a note. The plans of the time are bars under the years.
    """
    reached = [v for line in lines for p in line.points for v in _reach(p)]
    ends = axes.value_ends([*reached, *(g.value for g in beside.goals)])
    times = [p.at for line in lines for p in line.points]
    first, last = min(times), max(times)
    pad = (last - first) * 0.01 or 1.0
    ticks = axes.value_ticks(*ends, 5 if width == style.WIDE else 4, whole=unit == Unit.COUNT)
    texts = axes.tick_texts(ticks, *unit_signs(unit))
    left = max(text_width(t, style.TICK) for t in texts) + 8
    names = [_end_name(line, width) for line in lines]
    right = min(_widest_name(lines, names) + 16, width * 0.45)
    box = Box(left, 18, width - right, 18 + PLOT_HEIGHT)
    x = Scale(first - pad, last + pad, box.left, box.right)
    room = (ends[1] - ends[0]) * 0.06
    y = Scale(ends[0] - room * (ends[0] < 0), ends[1] + room * (ends[1] > 0), box.bottom, box.top)
    years = axes.time_ticks(first - pad, last + pad, box.width)
    lanes = lanes_of([p for p in beside.plans if p.start < last and p.end > first], x, box, years)
    labels, marks = _annotations(lines, names, beside, Panel(box=box, x=x, y=y))
    panel = Panel(box=box, x=x, y=y, y_axis=axes.value_axis(ticks, texts, ends), x_axis=_year_axis(years))
    return compose(
        (width, lanes.bottom + 4),
        [panel],
        [*map(_trace, lines), *(bars for line in lines for bars in _ranges(line))],
        [*labels, *lanes.labels],
        [*marks, *lanes.marks],
    )


def _widest_name(lines: Sequence[Line], names: Sequence[str]) -> float:
    """Return the width in pixels of the widest of the names at the ends of lines."""
    return max(
        text_width(part, style.TEXT, line.is_ours)
        for name, line in zip(names, lines, strict=True)
        for part in name.split("<br>")
    )


def _year_axis(years: Sequence[axes.TimeTick]) -> Figure:
    """Return the settings of an axis of years."""
    return {
        "tickvals": [t.at for t in years],
        "ticktext": [t.text for t in years],
        "ticks": "outside",
        "ticklen": 4,
        "ticklabelstandoff": 3,
        "tickcolor": style.QUIET,
    }


def _annotations(
    lines: Sequence[Line], names: Sequence[str], beside: Around, panel: Panel
) -> tuple[list[Label], list[Rule | Band]]:
    """Return the labels and marks around lines, none over another or over a line.

    What is placed first leaves less space for the next: the names at the ends, the notes of breaks, the names of
    targets, the highest and lowest value of a single line, and the marks of figures without a number.
    """
    x, y, box = panel.x, panel.y, panel.box
    drawn = [_drawn(line, x, y) for line in lines]
    taken = [b for pieces in drawn for piece in pieces for b in boxes_of_line(piece)]
    labels, end_boxes = _end_labels(lines, names, x, y, box)
    taken += end_boxes
    marks, notes = _break_pieces(beside.breaks, lines, x, box, taken)
    taken += [n.box for n in notes]
    dashes = [Box(x(c.at) - 2, box.top, x(c.at) + 2, box.bottom) for c in beside.breaks]
    targets, names_of_targets = goal_marks(beside.goals, y, box, [*taken, *dashes])
    taken += [n.box for n in names_of_targets]
    extremes = _extremes(lines[-1], x, y, box, [*taken, *dashes]) if len(lines) == 1 else []
    labels += [*notes, *names_of_targets, *extremes]
    taken += [label.box for label in extremes]
    hidden = stacked([hidden_mark(h, x, y) for h in beside.hidden], [*taken, *(n.box for n in labels)])
    marks = [piece for m in [*marks, *targets] for piece in _around(m, [h.box for h in hidden])]
    return [*labels, *hidden], marks


def unit_signs(unit: str) -> tuple[str, str]:
    """Return what is written before and after the numbers of an axis."""
    return ("£" if unit == Unit.POUNDS else "", "%" if unit in (Unit.PERCENT, Unit.PERCENT_CHANGE) else "")


def hidden_mark(hidden: Hidden, x: Scale, y: Scale) -> Label:
    """Return the mark of a figure without a number, above the line at zero."""
    return Label(
        text=hidden.mark,
        x=x(hidden.at),
        y=y(0) - 2,
        across="center",
        down="bottom",
        size=style.TICK,
        hover=hidden.words,
    )


def _around(mark: Rule | Band, taken: Sequence[Box]) -> list[Rule | Band]:
    """Return a dashed line in pieces that cross no box, and anything else unchanged."""
    return [*interrupted(mark, taken)] if isinstance(mark, Rule) and mark.dash == "dash" else [mark]


def _end_name(line: Line, width: int) -> str:
    """Return the name at the end of a line with its last value, in lines that leave most of the width to the data."""
    return "<br>".join(wrap_text(f"{line.name} {line.last}", width * 0.27, style.TEXT, line.is_ours))


def _trace(line: Line) -> Figure:
    colour = style.OURS if line.is_ours else style.CONTEXT
    dotted = len(line.points) <= _DOTS and line.is_ours
    size = [7 if p is line.end and line.is_ours else 6 if dotted else 0 for p in line.points]
    size = [7 if not p.settled else n for p, n in zip(line.points, size, strict=True)]
    fill = [colour if p.settled else style.PAPER for p in line.points]
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": line.name,
        "x": [p.at for p in line.points],
        "y": [p.value for p in line.points],
        "connectgaps": False,
        "cliponaxis": False,
        "line": {"color": colour, "width": 3 if line.is_ours else 1.6},
        "marker": {
            "size": size,
            "color": fill,
            "opacity": 1,
            "line": {"color": colour, "width": [0 if p.settled else 2 for p in line.points]},
        },
        "customdata": [p.words for p in line.points],
        **hover([p.more for p in line.points]),
    }


def _reach(p: Point) -> tuple[float | int | None, ...]:
    """Return the values that a point needs space for: its own and the ends of its band."""
    return (p.value,) if p.value is None or not p.band else (p.value - p.band, p.value + p.band)


def _ranges(line: Line) -> list[Figure]:
    ranges = [Range(p.at, p.value, p.band) for p in line.points if p.band and p.value is not None]
    return range_bars(ranges, style.OURS if line.is_ours else style.CONTEXT)


class Range(NamedTuple):
    """A figure that may still change: its place on the time axis, its value, and how far it may go up or down."""

    at: float
    value: float
    band: int


def range_bars(ranges: Sequence[Range], colour: str) -> list[Figure]:
    """Return the thin bars of the ranges in which figures are usually revised; empty without any."""
    if not ranges:
        return []
    bars = {
        "type": "scatter",
        "mode": "none",
        "x": [r.at for r in ranges],
        "y": [r.value + r.band for r in ranges],
        "zorder": -1,  # below the mark of the figure
        "hoverinfo": "skip",
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": [0 for _ in ranges],
            "arrayminus": [2 * r.band for r in ranges],
            "color": colour,
            "thickness": 1.5,
            "width": 5,
        },
    }
    return [bars]


def _drawn(line: Line, x: Scale, y: Scale) -> list[list[tuple[float, float]]]:
    """Return the pieces of a line in pixels."""
    pieces: list[list[tuple[float, float]]] = [[]]
    for p in line.points:
        if p.value is None:
            pieces.append([])
        else:
            pieces[-1].append((x(p.at), y(p.value)))
    return [p for p in pieces if p]


def _end_labels(
    lines: Sequence[Line], names: Sequence[str], x: Scale, y: Scale, box: Box
) -> tuple[list[Label], list[Box]]:
    """Return the names at the ends of lines, moved apart, and the boxes that they take."""
    labels = []
    for line, name in zip(lines, names, strict=True):
        if line.end is None or line.end.value is None:
            continue
        colour = style.OURS if line.is_ours else style.QUIET
        labels.append(
            Label(
                text=name,
                x=x(line.end.at) + 9,
                y=y(line.end.value),
                bold=line.is_ours,
                colour=colour,
                size=style.TEXT,
            )
        )
    labels = spread_out(labels, 2, box.bottom)
    return labels, [label.box for label in labels]


def _extremes(line: Line, x: Scale, y: Scale, box: Box, taken: Sequence[Box]) -> list[Label]:
    """Return the values of the first, the highest and the lowest point, where there is space beside the line."""
    known = [p for p in line.points if p.value is not None]
    if len(known) < 3:
        return []
    high, low = max(known, key=lambda p: p.value or 0), min(known, key=lambda p: p.value or 0)
    labels: list[Label] = []
    space = Box(box.left + 4, 2, box.right, box.bottom)
    for p in dict.fromkeys((high, low, known[0])):
        if p is known[-1] or p.value is None:
            continue
        places = around(
            (x(p.at), y(p.value)),
            p.words.rpartition(": ")[2],
            size=style.TICK,
            colour=style.QUIET,
            hover=p.words,
        )
        label = first_free(places, [*taken, *(n.box for n in labels)], space)
        if label:
            labels.append(label)
    return labels


def _break_pieces(
    breaks: Sequence[BreakMark], lines: Sequence[Line], x: Scale, box: Box, taken: Sequence[Box]
) -> tuple[list[Rule | Band], list[Label]]:
    """Return the gaps and dashed lines at breaks, and their notes in the free space of the plot.

    Several breaks have numbers above their lines; `break_notes` explains them.
    """
    marks: list[Rule | Band] = []
    notes: list[Label] = []
    for number, b in enumerate(breaks, 1):
        before = [p.at for line in lines for p in line.points if p.value is not None and p.at <= b.at]
        after = [p.at for line in lines for p in line.points if p.value is not None and p.at > b.at]
        at = min(box.right, max(box.left, x(b.at)))
        gap = (x(max(before, default=b.at)), x(min(after, default=b.at)))
        if gap[1] - gap[0] > 12:
            marks.append(Band(Box(gap[0] + 3, box.top, gap[1] - 3, box.bottom)))
        marks.append(Rule((at, box.top - 2), (at, box.bottom), style.COLOURS[4], 1.5, "dash"))
        if len(breaks) > 1:
            notes.append(break_number(number, at, b))
            continue
        wide = min(box.width, max(gap[1] - gap[0], 170))
        centre = min(box.right - wide / 2, max(box.left + wide / 2, (gap[0] + gap[1]) / 2))
        space = Box(centre - wide / 2, box.top, centre + wide / 2, box.bottom)
        note = note_in(b.title, space, [*taken, *(n.box for n in notes)])
        is_in_gap = note.box.left >= gap[0] and note.box.right <= gap[1]
        marks.append(Band(note.box, style.SAND if is_in_gap else style.PAPER, above=True))
        notes.append(note)
    return marks, numbers_apart(notes) if len(breaks) > 1 else notes


def notes_under(s: ChartInput, *, has_goals: bool = True, has_outlines: bool = True) -> tuple[str, ...]:
    """Return the notes under a chart over time: what its numbers, bars, dotted lines and outlines mean.

    A chart without outlines prints only the marker of a figure that may still change, and no bar for how far.
    """
    notes = [*break_notes(break_marks(s)), *(goal_notes(goals_of(s)) if has_goals else ())]
    if has_outlines and any(o.status in UNSETTLED for o in s.figures):
        notes.append("Only an outline: figures that may still change.")
    if how_far := describe_revisions(s, has_bar=has_outlines):
        notes.append(how_far)
    if any(o.status == Status.REVISED for o in s.figures):
        notes.append(f"[{Status.REVISED}]: {MARKERS[Status.REVISED]}.")
    if len(s.figures) > MOST_BARS and overlap(s.figures) and plan_periods(s):
        notes.append("Bars under the years: plans that measure their success by these figures.")
    return tuple(notes)
