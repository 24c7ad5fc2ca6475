"""From figures to a chart: drawing, one-sentence finding and table, always the three together.

A drawing is a plain Plotly figure in two widths, one for phones and one for wider screens. The figures that go
into it are the same values that the sentence and the table print.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from textwrap import wrap
from typing import Any

from portal import periods
from portal.disclosure import Release
from portal.measures import Change, breaks_of, broken, latest_change, series, verdicts
from portal.model import Indicator, Observation
from portal.text import amount, listed, number

Figure = dict[str, Any]

# The colours of the UK government's analysis function, in its order; TINT is the first, lightened.
COLOURS = ("#12436D", "#28A197", "#801650", "#F46A25", "#3D3D3D", "#A285D1")
TINT = "#718EA7"
INK, GRID = "#1a1a1a", "#d5dade"
FONT = "Arial, Helvetica, sans-serif"
WIDE, NARROW = 720, 340

MARKERS = {
    "c": "withheld, to protect people",
    "x": "not available",
    "z": "does not apply",
    "low": "too low to show, but not zero",
    "p": "provisional, may still change",
    "r": "revised since it was first published",
    "e": "estimated",
    "b": "counted in a new way from here on",
}


@dataclass(frozen=True)
class Table:
    """Rows of text for people. The first column names the row; `notes` explain the markers that are used."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Chart:
    """A drawing (or none), what it shows in a sentence, and its figures in a table."""

    wide: Figure | None
    narrow: Figure | None
    finding: str
    table: Table


def chart(released: Release, indicator: Indicator) -> Chart:
    """The chart of an indicator, of the kind that its row names."""
    figures = series(released, indicator.id)
    subject = Subject(released, indicator, figures)
    draw, say = CHARTS[indicator.chart]
    return Chart(
        draw(subject, WIDE) if draw else None,
        draw(subject, NARROW) if draw else None,
        say(subject) if figures else "No figure has been published.",
        _table(subject),
    )


@dataclass(frozen=True)
class Subject:
    """What a chart is drawn from."""

    released: Release
    indicator: Indicator
    figures: tuple[Observation, ...]

    def label(self, o: Observation) -> str:
        """The period of a figure in words."""
        return periods.label(self.indicator.period_type, o.period_start, o.period_end)

    def short(self, o: Observation) -> str:
        """The period of a figure for an axis."""
        return periods.short(self.indicator.period_type, o.period_start, o.period_end)

    def place(self, o: Observation) -> str:
        """The name of the area of a figure."""
        return self.released.content.areas[o.area].name

    def cell(self, o: Observation | None) -> str:
        """A figure as a table prints it, with its marker."""
        if o is None:
            return "–"
        shown = "" if o.value is None else amount(o.value, self.indicator.unit)
        return " ".join(filter(None, (shown, f"[{o.status}]" if o.status else "")))

    def said(self, o: Observation) -> str:
        """A figure as a sentence says it: with its unit, or that it is withheld."""
        if o.value is None:
            return f"no figure ({MARKERS[o.status]})"
        unit = f" {self.indicator.unit_label}" if self.indicator.unit in ("count", "per-1000") and not self.own_units else ""
        return amount(o.value, self.indicator.unit) + unit

    @property
    def own_units(self) -> bool:
        """Whether each part counts something else, so that no one unit fits."""
        return self.indicator.breakdown == "measure"

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts of the breakdown in the order of the data."""
        return tuple(dict.fromkeys(o.part for o in self.released.content.observations[self.indicator.id]))

    @property
    def times(self) -> tuple[Observation, ...]:
        """One figure for each period, in order of time."""
        return tuple({(o.period_start, o.period_end): o for o in reversed(self.figures)}.values())[::-1]


# --- drawings


def _layout(width: int, height: int, **more: Any) -> Figure:
    return {
        "width": width,
        "height": height,
        "margin": {"l": 8, "r": 8, "t": 16, "b": 36},
        "paper_bgcolor": "#ffffff",
        "plot_bgcolor": "#ffffff",
        "font": {"family": FONT, "size": 15 if width == WIDE else 14, "color": INK},
        "showlegend": False,
        "hovermode": "closest",
        "bargap": 0.25,
        **more,
    }


def _axis(**more: Any) -> Figure:
    return {"fixedrange": True, "showgrid": False, "zeroline": False, "showline": False, "ticks": "", "automargin": True, **more}


def _values(figures: Iterable[Observation | None]) -> list[int | float | None]:
    return [_plain(o.value) if o is not None and o.value is not None else None for o in figures]


def _plain(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def _note(text: str, **where: Any) -> Figure:
    return {"text": text, "showarrow": False, "xref": "x", "yref": "y", "font": {"size": 14}, **where}


def _pair(s: Subject, width: int) -> Figure:
    """Before and after as two bars from zero, the later one darker."""
    names = [f"{s.label(o)}" for o in s.figures]
    bars = {
        "type": "bar", "orientation": "h", "x": _values(s.figures), "y": names,
        "text": [s.cell(o) for o in s.figures], "textposition": "outside", "cliponaxis": False,
        "textfont": {"size": 18, "color": INK}, "marker": {"color": [TINT, COLOURS[0]]},
        "hovertemplate": "%{y}: %{x:,}<extra></extra>", "width": 0.6,
    }  # fmt: skip
    top = max([o.value for o in s.figures if o.value is not None] or [Decimal(1)])
    names_above = [
        _note(n, x=0, y=i, xanchor="left", yanchor="bottom", yshift=26, font={"size": 15}) for i, n in enumerate(names)
    ]
    layout = _layout(
        width, 190, margin={"l": 4, "r": 64, "t": 26, "b": 8}, annotations=names_above,
        xaxis=_axis(range=[0, float(top)], showticklabels=False), yaxis=_axis(type="category", autorange="reversed", showticklabels=False),
    )  # fmt: skip
    return {"data": [bars], "layout": layout}


def _bars(s: Subject, width: int) -> Figure:
    """A few years as bars from zero, each labelled; a line where the way of counting changed."""
    names = [s.short(o) for o in s.figures]
    bars = {
        "type": "bar", "x": names, "y": _values(s.figures), "text": [s.cell(o) for o in s.figures],
        "textposition": "outside", "cliponaxis": False, "textfont": {"size": 16, "color": INK},
        "marker": {"color": [TINT] * (len(names) - 1) + [COLOURS[0]]}, "hovertemplate": "%{x}: %{y:,}<extra></extra>",
    }  # fmt: skip
    cuts = _cuts(s)
    layout = _layout(
        width, 340, margin={"l": 8, "r": 8, "t": 64 if cuts else 28, "b": 36},
        xaxis=_axis(type="category", showline=True, linecolor=INK), yaxis=_axis(rangemode="tozero", showticklabels=False),
        shapes=[_cut_line(i) for i, _ in cuts],
        annotations=[_cut_note(i, title, width) for i, title in cuts] + _hidden(s.figures, names),
    )  # fmt: skip
    return {"data": [bars], "layout": layout}


def _line(s: Subject, width: int) -> Figure:
    """Months as a line, cut at each break, with its last value written at its end."""
    names = [s.label(o) for o in s.figures]
    values = _values(s.figures)
    cuts = _cuts(s)
    xs: list[str | None] = []
    ys: list[int | float | None] = []
    for i, (name, value) in enumerate(zip(names, values, strict=True)):
        if any(at == i - 0.5 for at, _ in cuts):
            xs.append(names[i])
            ys.append(None)
        xs.append(name)
        ys.append(value)
    lines = {
        "type": "scatter", "mode": "lines+markers", "x": xs, "y": ys, "connectgaps": False,
        "line": {"color": COLOURS[0], "width": 3}, "marker": {"size": 6}, "hovertemplate": "%{x}: %{y:,}<extra></extra>",
    }  # fmt: skip
    ends = [(n, v, o) for n, v, o in zip(names, values, s.figures, strict=True) if v is not None]
    direct = [_note(s.cell(ends[-1][2]), x=ends[-1][0], y=ends[-1][1], xanchor="left", xshift=8, font={"size": 16, "color": COLOURS[0]})] if ends else []
    shown = [names[0], names[-1]] if width == NARROW or len(names) > 6 else names
    layout = _layout(
        width, 320, margin={"l": 8, "r": 56, "t": 64 if cuts else 20, "b": 36},
        xaxis=_axis(type="category", tickvals=shown, showline=True, linecolor=INK),
        yaxis=_axis(rangemode="tozero", showgrid=True, gridcolor=GRID, nticks=5),
        shapes=[_cut_line(i) for i, _ in cuts],
        annotations=[*direct, *[_cut_note(i, title, width) for i, title in cuts], *_hidden(s.figures, names)],
    )  # fmt: skip
    return {"data": [lines], "layout": layout}


def _cuts(s: Subject) -> list[tuple[float, str]]:
    """Where between two figures the series is broken, as positions on the axis, and why."""
    breaks = breaks_of(s.released, s.indicator.id)
    found: dict[str, float] = {}
    for i, (a, b) in enumerate(pairwise(s.figures)):
        hit = broken(a, b, breaks)
        if hit:
            found[hit.title] = i + 0.5
    return [(at, title) for title, at in found.items()]


def _cut_line(at: float) -> Figure:
    return {"type": "line", "xref": "x", "yref": "paper", "x0": at, "x1": at, "y0": 0, "y1": 1.02, "line": {"color": COLOURS[4], "width": 2, "dash": "dot"}}  # fmt: skip


def _cut_note(at: float, title: str, width: int) -> Figure:
    words = "<br>".join(wrap(title, 44 if width == WIDE else 30))
    return _note(words, x=at, y=1.02, yref="paper", yanchor="bottom", xanchor="left" if at < 2 else "right", align="left", font={"size": 13})


def _hidden(figures: Iterable[Observation], names: list[str]) -> list[Figure]:
    """Markers where there is no value, so that a gap is seen to be one and why."""
    return [_note(f"[{o.status}]", x=n, y=0, yanchor="bottom") for o, n in zip(figures, names, strict=True) if o.value is None]


def _small_multiples(s: Subject, width: int) -> Figure:
    """A panel of bars for each part, all on one scale."""
    columns = 4 if width == WIDE else 2
    parts, times = s.parts, s.times
    lines = -(-len(parts) // columns)
    gap_x, gap_y, height = 0.05, 40, 118
    total = lines * height + (lines - 1) * gap_y + 30
    grid = {(o.part, o.period_start): o for o in s.figures}
    tops = [float(o.value) for o in s.figures if o.value is not None]
    scale = [0, max(tops or [1]) * 1.18]
    layout = _layout(width, total + 30, margin={"l": 4, "r": 4, "t": 30, "b": 30}, bargap=0.15, annotations=[])
    data: list[Figure] = []
    names = [s.short(t)[0] if width == NARROW else s.short(t) for t in times]
    places = list(range(len(times)))
    for i, part in enumerate(parts):
        row, column = divmod(i, columns)
        n = "" if i == 0 else str(i + 1)
        w = (1 - gap_x * (columns - 1)) / columns
        x0 = column * (w + gap_x)
        y1 = 1 - row * (height + gap_y) / (total - 30)
        y0 = max(0.0, y1 - (height - 30) / (total - 30))
        own = [grid.get((part, t.period_start)) for t in times]
        data.append({
            "type": "bar", "x": places, "y": _values(own), "xaxis": f"x{n}", "yaxis": f"y{n}", "name": part,
            "text": [s.cell(o) for o in own], "textposition": "outside", "cliponaxis": False, "textangle": 0,
            "textfont": {"size": 11, "color": INK}, "marker": {"color": COLOURS[0]}, "constraintext": "none",
            "customdata": [s.label(t) for t in times], "hovertemplate": f"{part}, %{{customdata}}: %{{y:,}}<extra></extra>",
        })  # fmt: skip
        ticks = {"tickvals": places, "ticktext": names, "tickangle": 0, "tickfont": {"size": 10 if width == WIDE else 11}}
        layout[f"xaxis{n}"] = _axis(domain=[x0, x0 + w], anchor=f"y{n}", showline=True, linecolor=INK, automargin=False, range=[-0.6, len(times) - 0.4], **ticks)
        layout[f"yaxis{n}"] = _axis(domain=[y0, y1], anchor=f"x{n}", range=scale, showticklabels=False)
        layout["annotations"].append(
            {"text": f"<b>{part}</b>", "x": x0, "y": y1, "xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom", "showarrow": False, "font": {"size": 13}}
        )  # fmt: skip
        layout["annotations"] += [
            _note(f"[{o.status}]", x=p, y=0, yanchor="bottom", xref=f"x{n}", yref=f"y{n}", font={"size": 10}) for p, o in zip(places, own, strict=True) if o is not None and o.value is None
        ]
    return {"data": data, "layout": layout}


def _ranked_bars(s: Subject, width: int) -> Figure:
    """Parts as bars from zero, the longest first, each with its words above it."""
    ranked = sorted(s.figures, key=lambda o: -(o.value if o.value is not None else -1))
    names = ["<br>".join(wrap(o.part, 80 if width == WIDE else 40)) for o in ranked]
    bars = {
        "type": "bar", "orientation": "h", "x": _values(ranked), "y": list(range(len(ranked))),
        "text": [s.cell(o) for o in ranked], "textposition": "outside", "cliponaxis": False,
        "textfont": {"size": 16, "color": INK}, "marker": {"color": COLOURS[0]}, "width": 0.34,
        "customdata": [o.part for o in ranked], "hovertemplate": "%{customdata}: %{x}<extra></extra>",
    }  # fmt: skip
    top = 100.0 if s.indicator.unit == "percent" else max([float(o.value) for o in ranked if o.value is not None] or [1.0])
    layout = _layout(
        width, 72 * len(ranked) + 30, margin={"l": 4, "r": 48, "t": 34, "b": 4},
        xaxis=_axis(range=[0, top], showticklabels=False), yaxis=_axis(autorange="reversed", showticklabels=False),
        annotations=[_note(n, x=0, y=i, xanchor="left", yanchor="bottom", yshift=12, align="left") for i, n in enumerate(names)],
    )  # fmt: skip
    return {"data": [bars], "layout": layout}


def _areas(s: Subject, width: int) -> Figure:
    """Two or more areas side by side for each part, labelled, from a line at zero."""
    areas = tuple(dict.fromkeys(o.area for o in s.figures))
    own = {(o.area, o.part): o for o in s.figures}
    data = []
    for area, colour in zip(areas, COLOURS, strict=False):
        mine = [own.get((area, p)) for p in s.parts]
        data.append({
            "type": "bar", "name": s.released.content.areas[area].name, "x": list(s.parts), "y": _values(mine),
            "text": [s.cell(o) for o in mine], "textposition": "outside", "cliponaxis": False, "textfont": {"size": 15, "color": INK},
            "marker": {"color": colour}, "hovertemplate": "%{fullData.name}, %{x}: %{text}<extra></extra>",
        })  # fmt: skip
    ticks = ["<br>".join(wrap(p, 9)) if width == NARROW else p for p in s.parts]
    layout = _layout(
        width, 340, showlegend=True, legend={"orientation": "h", "x": 0, "y": 1.18, "itemclick": False, "itemdoubleclick": False}, margin={"l": 8, "r": 8, "t": 56, "b": 48},
        xaxis=_axis(type="category", tickvals=list(s.parts), ticktext=ticks, side="bottom", tickangle=0), yaxis=_axis(zeroline=True, zerolinecolor=INK, zerolinewidth=2, showticklabels=False),
    )  # fmt: skip
    return {"data": data, "layout": layout}


# --- sentences


def _say_latest(s: Subject) -> str:
    """`Robbery showed no clear change: 831 offences in the 12 months to July 2016, against 826 in …`."""
    if len(s.figures) == 1:
        return _say_each(s)
    earlier, later = s.figures[-2:]
    title = s.indicator.short_title
    both = f"{s.said(later)} in the {_running(s.label(later))}, against {s.said(earlier)} in the {_running(s.label(earlier))}"
    doubt = next((v for v in verdicts(s.released, s.indicator.id) if v.outcome == "differs" and v.claim.kind == "change-percent"), None)
    if doubt and doubt.claim.stated is not None and doubt.recomputed is not None:
        stated, given = (amount(n, "percent-change") for n in (doubt.claim.stated, doubt.recomputed))
        return f"{title}: {both}. The document calls this a change of {stated}; its figures give {given}."
    hit = broken(earlier, later, breaks_of(s.released, s.indicator.id))
    if hit:
        return f"{title}: {both}. The two cannot be compared: {hit.title[0].lower()}{hit.title[1:]}."
    found = latest_change(s.released, s.indicator)
    if found is None or not found.direction:
        return f"{title}: {both}."
    return f"{title} {_direction(found)}: {both}."


def _running(label: str) -> str:
    return label[0].lower() + label[1:] if label.startswith(("Year", "Period")) else label


def _direction(found: Change) -> str:
    if found.direction == "no clear change":
        return "showed no clear change"
    by = f" by {number(abs(found.percent))}%" if found.percent is not None else ""
    return f"{found.direction}{by}"


def _say_small_multiples(s: Subject) -> str:
    last = s.times[-1]
    now = [o for o in s.figures if o.period_end == last.period_end and o.part and o.value is not None]
    if len(now) < 2:
        return f"Figures run from {s.label(s.times[0])} to {s.label(last)}."
    first, second = sorted(now, key=lambda o: -(o.value or 0))[:2]
    return (
        f"In {s.label(last)} the largest number is for “{first.part}”, with {s.said(first)}. "
        f"Next is “{second.part}”, with {s.cell(second)}."
    )


def _say_ranked(s: Subject) -> str:
    known = sorted((o for o in s.figures if o.value is not None), key=lambda o: -(o.value or 0))
    if not known:
        return "All figures are withheld."
    most, least = known[0], known[-1]
    return f"Highest, at {s.cell(most)}: “{most.part}”. Lowest, at {s.cell(least)}: “{least.part}”."


def _say_areas(s: Subject) -> str:
    """One sentence for the first and one for the last part, all areas in each."""
    ends = dict.fromkeys((s.parts[0], s.parts[-1]))
    return " ".join(f"{p}: {listed([_moved(s, o) for o in s.figures if o.part == p])}." for p in ends)


def _moved(s: Subject, o: Observation) -> str:
    if o.value is None or s.indicator.unit != "percent-change":
        return f"{s.said(o)} in {s.place(o)}"
    return f"{_went(o.value)} in {s.place(o)}"


def _went(value: Decimal) -> str:
    return f"{'up' if value > 0 else 'down'} {number(abs(value))}%" if value else "no change"


def _say_each(s: Subject) -> str:
    """Every figure in a row of words, for what has no chart."""
    title = s.indicator.short_title
    if s.indicator.unit == "percent-change" and len(s.figures) == 1 and s.figures[0].value is not None:
        return f"{title}: {_went(s.figures[0].value)}."
    if s.indicator.breakdown:
        return f"{title}: {listed([f'{s.said(o)} ({_low(o.part)})' for o in s.figures])}."
    return f"{title}: {listed([f'{s.said(o)} in the {_running(s.label(o))}' for o in s.figures])}."


def _low(part: str) -> str:
    return part[:1].lower() + part[1:]


# --- table


def _table(s: Subject) -> Table:
    indicator = s.indicator
    caption = indicator.title
    across = {(o.area, o.period_start, o.period_end) for o in s.figures}
    many_areas = len({o.area for o in s.figures}) > 1
    if indicator.breakdown and len(across) > 1:
        heads = sorted(across, key=lambda h: (str(h[1] or ""), list(s.released.content.areas).index(h[0]) if not many_areas else [o.area for o in s.figures].index(h[0])))
        own = {(o.part, o.area, o.period_start, o.period_end): o for o in s.figures}
        first = {h: next(o for o in s.figures if (o.area, o.period_start, o.period_end) == h) for h in heads}
        columns = [s.place(first[h]) if many_areas else s.label(first[h]) for h in heads]
        body = [(p or "All", *(s.cell(own.get((p, *h))) for h in heads)) for p in s.parts]
        head = s.released.content.breakdowns[indicator.breakdown]
    elif indicator.breakdown:
        columns, head = [indicator.unit_label.capitalize() if not s.own_units else "Figure"], s.released.content.breakdowns[indicator.breakdown]
        body = [(o.part or "All", s.cell(o)) for o in s.figures]
    else:
        columns, head = [indicator.unit_label.capitalize()], "Period"
        body = [(s.label(o), s.cell(o)) for o in s.figures]
    used = {o.status for o in s.figures if o.status}
    notes = tuple((m, words) for m, words in MARKERS.items() if m in used)
    return Table(caption, (head, *columns), tuple(body), notes)


# The kinds of chart: how it is drawn, and what it says.
CHARTS: Mapping[str, tuple[Callable[[Subject, int], Figure] | None, Callable[[Subject], str]]] = {
    "pair": (_pair, _say_latest),
    "bars": (_bars, _say_latest),
    "line": (_line, _say_latest),
    "small-multiples": (_small_multiples, _say_small_multiples),
    "ranked-bars": (_ranked_bars, _say_ranked),
    "areas": (_areas, _say_areas),
    "none": (None, _say_each),
}
