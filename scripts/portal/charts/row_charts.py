"""Draw figures as rows of bars from zero: two figures, the parts of a whole, areas next to each other."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from portal.analysis.sentences import NO_KIND, ChartInput, describe_point, describe_share
from portal.charts import axes, style
from portal.charts.grammar import Band, Box, Figure, Label, Panel, Rule, Scale, compose
from portal.charts.text_metrics import text_width, wrap_text
from portal.charts.time_charts import hover
from portal.core.model import Observation
from portal.core.text import json_number
from portal.core.vocabulary import ADDABLE_UNITS, Unit

_BAR, _LEAST = 20, 40  # pixels: how thick a bar is, and how much room bars have at least
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
    colour: str = style.OURS
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
    low, high = axes.value_ends([*(r.value for r in rows), least, whole])
    beside = max((text_width(r.name, style.TEXT, r.is_ours) for r in rows), default=0) + 12
    left = beside if width == style.WIDE and beside <= width * _BESIDE else 0.0
    start = (left or 2.0) + _room(r for r in rows if _is_negative(r))
    end = width - max(2, _room(r for r in rows if not _is_negative(r)))
    end = min(max(end, start + _LEAST), width - 2)
    x = Scale(low, high, min(start, end - _LEAST), end)
    placed = _place_groups(groups, width, left)
    notes, height = _notes_below(below, width, placed[-1].bottom if placed else 2.0)
    bars = {
        "type": "bar",
        "orientation": "h",
        "x": [r.value for r in rows],
        "y": [r.middle for g in placed for r in g.rows],
        "width": [_BAR] * len(rows),
        "marker": {"color": [r.colour for r in rows]},
        "customdata": [r.words for r in rows],
        **hover([r.more for r in rows]),
    }
    labels = [
        label
        for g in placed
        for label in (*g.heading, *(part for r in g.rows for part in (r.name, _value(r.row, x, r.middle))))
    ]
    marks = [mark for g in placed for mark in _behind_bars(g, x, whole)]
    panel = Panel(box=Box(x.start, 0, x.end, height), x=x, y=Scale(height, 0, height, 0))
    return compose((width, height), [panel], [bars], [*labels, *notes], marks)


def _room(rows: Iterable[Row]) -> float:
    """Return the width that the values of rows need beyond their bars; 0 without rows."""
    return max((text_width(r.text, style.TEXT + 1, True) + 12 for r in rows), default=0)


def _is_negative(row: Row) -> bool:
    return row.value is not None and row.value < 0


class _PlacedRow(NamedTuple):
    """A row with the label of its name, and the middle of its bar in pixels from the top."""

    row: Row
    name: Label
    middle: float


class _PlacedGroup(NamedTuple):
    """A group with its heading and rows, and where they begin and end in pixels from the top."""

    heading: list[Label]
    rows: list[_PlacedRow]
    top: float
    bottom: float


def _place_groups(groups: Sequence[Group], width: int, left: float) -> list[_PlacedGroup]:
    """Return groups one below the other. Names are beside the bars, which begin at `left`, or above them if that is 0."""
    placed: list[_PlacedGroup] = []
    y = 2.0
    for group in groups:
        heading: list[Label] = []
        if group.heading:
            lines = wrap_text(group.heading, width - 4, style.TEXT + 1, bold=True)
            y += 4 + (10 if any(g.rows for g in placed) else 0)
            heading.append(
                Label(text="<br>".join(lines), x=1, y=y, down="top", size=style.TEXT + 1, bold=True)
            )
            y += (style.LINE + 1) * len(lines) + 4
        top, rows = y, list[_PlacedRow]()
        for row in group.rows:
            if left:
                name = Label(text=row.name, x=left - 10, y=y + _BAR / 2, across="right", bold=row.is_ours, hover=row.words)  # fmt: skip
            else:
                lines = wrap_text(row.name, width - 4, style.TEXT, bold=row.is_ours)
                name = Label(text="<br>".join(lines), x=1, y=y, down="top", bold=row.is_ours, hover=row.words)
                y += style.LINE * len(lines) + 2
            rows.append(_PlacedRow(row, name, y + _BAR / 2))
            y += _BAR + 8
        placed.append(_PlacedGroup(heading, rows, top, y))
    return placed


def _notes_below(texts: Sequence[str], width: int, y: float) -> tuple[list[Label], float]:
    """Return lines of text from `y` downwards, and the height of the picture that they end."""
    notes = []
    for text in texts:
        lines = wrap_text(text, width - 4, style.TEXT)
        notes.append(Label(text="<br>".join(lines), x=1, y=y + 4, down="top"))
        y += style.LINE * len(lines) + 4
    return notes, y + 2


def _behind_bars(group: _PlacedGroup, x: Scale, whole: float) -> list[Rule | Band]:
    """Return a pale bar of the length of the whole, if there is one, for each bar, and the line at zero.

    The line is dark where bars can be on both sides of it.
    """
    half, has_both_sides = _BAR / 2, x.low < 0
    wholes = [
        Band(Box(x(0), r.middle - half, x(whole), r.middle + half), style.GRID) for r in group.rows if whole
    ]
    zero = Rule(
        (x(0), group.top - 2),
        (x(0), group.bottom - 6),
        style.INK if has_both_sides else style.QUIET,
        2 if has_both_sides else 1,
    )
    return [*wholes, zero]


def _value(row: Row, x: Scale, y: float) -> Label:
    """Return the value of a bar, beyond its end; a mark at zero where it has none."""
    at = x(row.value or 0)
    is_left = _is_negative(row)
    colour = style.OURS if row.is_ours else style.INK
    return Label(
        text=row.text,
        x=at - 6 if is_left else at + 6,
        y=y,
        across="right" if is_left else "left",
        size=style.TEXT + 1,
        bold=True,
        colour=colour,
        hover=row.words,
    )


def _row(s: ChartInput, o: Observation, name: str, colour: str = style.OURS, *, is_ours: bool = False) -> Row:
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
    rows = [_row(s, o, s.label(o), style.EARLIER) for o in s.figures[:-1]]
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
                text=style.NOTHING,
                words=f"{f'{s.part(part)}, ' if s.indicator.breakdown else ''}{name}: {style.NOTHING}",
            )
            if (o := by_key.get((area, part))) is None
            else _row(
                s,
                o,
                name,
                style.OURS if area == s.released.area else style.EARLIER,
                is_ours=area == s.released.area,
            )
            for area, name in names.items()
        ]
        groups.append(Group(tuple(rows), s.part(part) if s.indicator.breakdown else ""))
    return draw_rows(groups, width)
