"""Draw figures as rows of bars from zero: two figures, the parts of a whole, areas next to each other, small panels."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NamedTuple

from portal.analysis.sentences import NO_KIND, ChartInput, describe_point, describe_share
from portal.charts.columns import axis_names
from portal.charts.grammar import (
    COLOURS,
    EARLIER,
    GRID,
    INK,
    LINE,
    OURS,
    QUIET,
    SMALL,
    TEXT,
    WIDE,
    Band,
    Box,
    Figure,
    Label,
    Panel,
    Rule,
    Scale,
    compose,
    interrupted,
    stacked,
    value_ends,
)
from portal.charts.text_metrics import text_width, wrap_text
from portal.charts.time_axis import middle, span
from portal.charts.time_charts import hover
from portal.charts.time_marks import Cut, cuts_of
from portal.core.model import Observation
from portal.core.text import json_number
from portal.core.vocabulary import ADDABLE_UNITS, Unit

_NOTHING = "–"  # what is written where no figure has been published
_BAR = 20  # pixels
_BESIDE = 0.34  # the share of a wide picture that names beside the bars can take


@dataclass(frozen=True, kw_only=True)
class Row:
    """A bar: its name, its value (None has no bar), the text of its value, and what is shown when a reader points at it.

    `more` is shown below that.
    """

    name: str
    value: float | int | None
    text: str
    words: str
    more: str = ""
    colour: str = OURS
    is_ours: bool = False


@dataclass(frozen=True)
class Group:
    """Rows under one heading; no heading if it is empty."""

    rows: tuple[Row, ...]
    heading: str = ""


def draw_rows(
    groups: Sequence[Group], width: int, *, least: float = 0, whole: float = 0, below: Sequence[str] = ()
) -> Figure:
    """Draw bars from zero, each with its name and value; `least` is a value that the scale includes.

    If there is a `whole`, a pale bar of its length is behind each bar.

    Names are beside the bars if they are short and the picture is wide, or else above them. `below` are lines of text.
    """
    rows = [r for g in groups for r in g.rows]
    low, high = value_ends([*(r.value for r in rows), least, whole])
    beside = max((text_width(r.name, TEXT, r.is_ours) for r in rows), default=0) + 12
    is_beside = width == WIDE and beside <= width * _BESIDE
    left = beside if is_beside else 2.0
    texts = max((text_width(r.text, TEXT + 1, True) for r in rows), default=0) + 12
    room_left = texts if low < 0 else 0.0
    x = Scale(low, high, left + room_left, width - (texts if high > 0 else 2))
    labels: list[Label] = []
    marks: list[Rule | Band] = []
    places: list[float] = []
    y = 2.0
    for group in groups:
        if group.heading:
            lines = wrap_text(group.heading, width - 4, TEXT + 1, bold=True)
            y += 4 + (10 if places else 0)
            labels.append(Label(text="<br>".join(lines), x=1, y=y, down="top", size=TEXT + 1, bold=True))
            y += (LINE + 1) * len(lines) + 4
        start = y
        for row in group.rows:
            if not is_beside:
                lines = wrap_text(row.name, width - 4, TEXT, bold=row.is_ours)
                labels.append(
                    Label(text="<br>".join(lines), x=1, y=y, down="top", bold=row.is_ours, hover=row.words)
                )
                y += LINE * len(lines) + 2
            middle_ = y + _BAR / 2
            if is_beside:
                labels.append(
                    Label(
                        text=row.name,
                        x=left - 10,
                        y=middle_,
                        across="right",
                        bold=row.is_ours,
                        hover=row.words,
                    )
                )
            places.append(middle_)
            if whole:
                marks.append(Band(Box(x(0), y, x(whole), y + _BAR), GRID))
            labels.append(_value(row, x, middle_))
            y += _BAR + 8
        marks.append(Rule((x(0), start - 2), (x(0), y - 6), INK if low < 0 else QUIET, 2 if low < 0 else 1))
    for text in below:
        lines = wrap_text(text, width - 4, TEXT)
        labels.append(Label(text="<br>".join(lines), x=1, y=y + 4, down="top"))
        y += LINE * len(lines) + 4
    height = y + 2
    bars = {
        "type": "bar",
        "orientation": "h",
        "x": [r.value for r in rows],
        "y": places,
        "width": [_BAR] * len(rows),
        "marker": {"color": [r.colour for r in rows]},
        "customdata": [r.words for r in rows],
        **hover([r.more for r in rows]),
    }
    wide = Box(x.start, 0, x.end, height)
    panel = Panel(box=wide, x=x, y=Scale(height, 0, height, 0))
    return compose((width, height), [panel], [bars], labels, marks)


def _value(row: Row, x: Scale, y: float) -> Label:
    """Return the value of a bar, beyond its end; a mark at zero where it has none."""
    at = x(row.value or 0)
    is_left = row.value is not None and row.value < 0
    colour = OURS if row.is_ours else INK
    return Label(
        text=row.text,
        x=at - 6 if is_left else at + 6,
        y=y,
        across="right" if is_left else "left",
        size=TEXT + 1,
        bold=True,
        colour=colour,
        hover=row.words,
    )


def _row(s: ChartInput, o: Observation, name: str, colour: str = OURS, *, is_ours: bool = False) -> Row:
    return Row(
        name=name,
        value=json_number(o.value),
        text=s.cell(o),
        words=f"{s.full(o)}: {s.cell(o)}",
        more=describe_point(s, o),
        colour=colour,
        is_ours=is_ours,
    )


def draw_pair(s: ChartInput, width: int) -> Figure:
    """Draw two figures, before and after, as bars from zero; the later one is darker."""
    rows = [_row(s, o, s.label(o), EARLIER) for o in s.figures[:-1]]
    rows += [_row(s, o, s.label(o), is_ours=True) for o in s.figures[-1:]]
    return draw_rows([Group(tuple(rows))], width)


def draw_ranked_bars(s: ChartInput, width: int) -> Figure:
    """Draw parts (and areas, if there are several) as bars from zero, the longest first, with the totals below.

    If the parts are kinds of one published whole, each bar is drawn on the whole, with its share in per cent. A part
    without a number has only its marker, so nothing shows how much is left for it.
    """
    ranked = sorted((o for o in s.figures if o.part), key=lambda o: (o.value is None, -(o.value or 0)))
    totals = [f"{s.name(o)}: {s.cell(o)}" for o in s.figures if not o.part]
    least = 100 if s.indicator.unit == Unit.PERCENT else 0
    whole = _whole(s)
    if whole is None:
        return draw_rows(
            [Group(tuple(_row(s, o, s.name(o)) for o in ranked))], width, least=least, below=totals
        )
    rows = []
    for o in ranked:
        share, row = describe_share(s, o, whole), _row(s, o, s.name(o))
        if share:
            row = replace(row, text=f"{row.text} ({share})", more=f"{share} of all. {row.more}".strip())
        rows.append(row)
    below = [f"Each pale bar is the whole. {totals[0]}"]
    return draw_rows([Group(tuple(rows))], width, whole=float(whole.value or 0), below=below)


def _whole(s: ChartInput) -> Observation | None:
    """Return the published figure that all parts are kinds of; None if there is none, or a part is larger."""
    totals = [o for o in s.figures if not o.part]
    is_added = s.indicator.unit in ADDABLE_UNITS and s.indicator.breakdown not in NO_KIND
    if len(totals) != 1 or not totals[0].value or not is_added or len({o.area for o in s.figures}) > 1:
        return None
    highest = totals[0].value
    fits = all(o.value is None or 0 <= o.value <= highest for o in s.figures)
    return totals[0] if fits else None


def draw_areas(s: ChartInput, width: int) -> Figure:
    """Draw the areas next to each other for each part, each with its name and figure; the site's own area is darker."""
    by_key = {(o.area, o.part): o for o in s.figures}
    names = {o.area: s.place(o) for o in s.figures}
    groups = []
    for part in s.parts:
        rows = [
            Row(
                name=name,
                value=None,
                text=_NOTHING,
                words=f"{f'{s.part(part)}, ' if s.indicator.breakdown else ''}{name}: {_NOTHING}",
            )
            if (o := by_key.get((area, part))) is None
            else _row(
                s, o, name, OURS if area == s.released.area else EARLIER, is_ours=area == s.released.area
            )
            for area, name in names.items()
        ]
        groups.append(Group(tuple(rows), s.part(part) if s.indicator.breakdown else ""))
    return draw_rows(groups, width)


def draw_small_multiples(s: ChartInput, width: int) -> Figure:
    """Draw a panel of columns for each part and area, the largest first, all on the same scale and time axis.

    A break is a dashed line in each panel; `panel_notes` explains it.
    """
    across = 4 if width == WIDE else 2
    between, full = 18.0, 104.0
    names = {(o.part, o.area): s.name(o) for o in s.figures}
    keys, times = sorted(names, key=lambda k: -_size(s, k)), s.times
    wide = (width - 4 - between * (across - 1)) / across
    titles = {k: wrap_text(name, wide, TEXT, bold=True) for k, name in names.items()}
    by_key = {(o.part, o.area, *s.period(o)): o for o in s.figures}
    ends = (span(times[0])[0] - 0.1, span(times[-1])[1] + 0.1)
    length = min(span(t)[1] - span(t)[0] for t in times)
    texts = [s.cell(o) for o in s.figures]
    slot = wide * length / (ends[1] - ends[0])
    size = SMALL if max(text_width(t, SMALL) for t in texts) <= slot else 0
    low, high = value_ends(json_number(o.value) for o in s.figures)
    room = (high - low) * (0.16 if size else 0.04)
    shown = axis_names(s, times)
    first, last = shown[0], shown[-1]
    cuts = cuts_of(s)
    panels: list[Panel] = []
    labels: list[Label] = []
    marks: list[Rule | Band] = []
    traces: list[Figure] = []
    top = 2.0
    for start in range(0, len(keys), across):
        in_row = keys[start : start + across]
        head = LINE * max(len(titles[k]) for k in in_row)
        in_figures = [json_number(o.value) for o in s.figures if (o.part, o.area) in in_row]
        least, most = value_ends(
            [*in_figures, (high - low) * 0.2]
        )  # a column has the same height in every row
        height = full * (most - least + room) / (high - low + room)
        for column, key in enumerate(in_row):
            left = 2 + column * (wide + between)
            box = Box(left, top + head + 6, left + wide, top + head + 6 + height)
            panel = Panel(
                box=box,
                x=Scale(*ends, box.left, box.right),
                y=Scale(least - room * (least < 0), most + room * (most > 0), box.bottom, box.top),
                number=len(panels) + 1,
            )
            panels.append(panel)
            figures = [by_key.get((*key, *s.period(t))) for t in times]
            words = [f"{names[key]}, {s.label(t)}: {s.cell(o)}" for t, o in zip(times, figures, strict=True)]
            traces.append(_columns(s, panel, _Slots(times, length * 0.85, size), figures, words))
            labels.append(
                Label(text="<br>".join(titles[key]), x=box.left, y=top + head, down="bottom", bold=True)
            )
            labels += _first_and_last(first, last, box)
            without_number = stacked(
                [
                    Label(
                        text=f"[{o.status}]" if o else _NOTHING,
                        x=panel.x(middle(t)),
                        y=panel.y(0) - 2,
                        across="center",
                        down="bottom",
                        size=SMALL,
                        hover=said,
                    )
                    for t, o, said in zip(times, figures, words, strict=True)
                    if o is None or o.value is None
                ]
            )
            labels += without_number
            marks.append(Rule((box.left, panel.y(0)), (box.right, panel.y(0))))
            marks += _cut_lines(
                cuts, panel, [x.box for x in [*without_number, *_values(s, panel, times, figures, size)]]
            )
        top += head + 6 + height + 34
    return compose((width, top - 8), panels, traces, labels, marks)


def panel_notes(s: ChartInput) -> tuple[str, ...]:
    """Return the note under small panels that explains their dashed lines; none without a break."""
    cuts = cuts_of(s)
    if len(cuts) < 2:
        return tuple(f"Dashed line: {c.title}. Do not compare figures before and after it." for c in cuts)
    names = "; ".join(c.title for c in cuts)
    return (f"Dashed lines, from left to right: {names}. Do not compare figures before and after them.",)


def _cut_lines(cuts: Sequence[Cut], panel: Panel, taken: Sequence[Box]) -> Iterable[Rule | Band]:
    """Yield a dashed line for each break, interrupted by what is written in the panel."""
    for cut in cuts:
        at, box = panel.x(cut.at), panel.box
        yield from interrupted(Rule((at, box.top), (at, box.bottom), COLOURS[4], 1, "dash"), taken)


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
        "marker": {"color": [EARLIER] * (number - 1) + [OURS]},
        "text": [s.cell(o) if o and o.value is not None else "" for o in figures] if slots.text else [],
        "textposition": "outside",
        "cliponaxis": False,
        "textangle": 0,
        "textfont": {"size": slots.text or SMALL, "color": INK},
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
            size=SMALL,
            colour=QUIET,
        )
        return
    fits = text_width(first, SMALL) + text_width(last, SMALL) + 8 <= box.width
    yield Label(text=first, x=box.left, y=below, down="top", size=SMALL, colour=QUIET)
    yield Label(
        text=last,
        x=box.right,
        y=below + (0 if fits else 13),
        across="right",
        down="top",
        size=SMALL,
        colour=QUIET,
    )


def _size(s: ChartInput, panel: tuple[str, str]) -> Decimal:
    """Return the size by which panels are ordered: the sum of counts and pounds, or the largest of other figures."""
    known = [o.value for o in s.figures if (o.part, o.area) == panel and o.value is not None]
    if not known:
        return Decimal("-Infinity")
    return sum(known, Decimal(0)) if s.indicator.unit in ADDABLE_UNITS else max(known)
