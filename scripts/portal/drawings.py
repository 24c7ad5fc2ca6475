"""Draws figures as plain Plotly dictionaries, for a given width in pixels."""

import re
from collections.abc import Iterable
from decimal import Decimal
from itertools import pairwise
from textwrap import wrap
from typing import Any

from portal.findings import Subject
from portal.measures import breaks_of, broken
from portal.model import Observation

Figure = dict[str, Any]

# The colours of the UK government's analysis function, in its order; TINT is the first, lightened.
COLOURS = ("#12436D", "#28A197", "#801650", "#F46A25", "#3D3D3D", "#A285D1")
TINT = "#718EA7"
INK, QUIET, GRID = "#1a1a1a", "#4a4f55", "#d5dade"
FONT = "Arial, Helvetica, sans-serif"
WIDE, NARROW = 720, 340
# The library takes a few tags in texts for what they are, links among them; of these only our own two may stay.
_TAG = re.compile(r"<(?!br>|/?extra>)")
_ENTITY = re.compile(r"&(?=#?\w+;)")


def plain(drawing: Any) -> Any:
    """A drawing whose texts the library shows as they stand."""
    if isinstance(drawing, dict):
        return {key: plain(value) for key, value in drawing.items()}
    if isinstance(drawing, list | tuple):
        return [plain(value) for value in drawing]
    return _TAG.sub("&lt;", _ENTITY.sub("&amp;", drawing)) if isinstance(drawing, str) else drawing


def _layout(s: Subject, width: int, height: int, **more: Any) -> Figure:
    """The common layout; the unit stands above the drawing, in a strip that is added to its height."""
    strip = 24
    margin = {"l": 8, "r": 8, "t": 16, "b": 36, **more.pop("margin", {})}
    return {
        "width": width,
        "height": height + strip,
        "margin": {**margin, "t": margin["t"] + strip},
        "title": {
            "text": s.indicator.unit_label[:1].upper() + s.indicator.unit_label[1:],
            "x": 0,
            "xref": "paper",
            "xanchor": "left",
            "y": 1 - 4 / (height + strip),
            "yanchor": "top",
            "font": {"size": 13, "color": QUIET},
        },
        "paper_bgcolor": "#ffffff",
        "plot_bgcolor": "#ffffff",
        "font": {"family": FONT, "size": 15 if width == WIDE else 14, "color": INK},
        "showlegend": False,
        "hovermode": "closest",
        "bargap": 0.25,
        **more,
    }


def _axis(**more: Any) -> Figure:
    return {
        "fixedrange": True,
        "showgrid": False,
        "zeroline": False,
        "showline": False,
        "ticks": "",
        "automargin": True,
        **more,
    }


def _values(figures: Iterable[Observation | None]) -> list[int | float | None]:
    return [_plain(o.value) if o is not None and o.value is not None else None for o in figures]


def _plain(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def _note(text: str, **where: Any) -> Figure:
    return {"text": text, "showarrow": False, "xref": "x", "yref": "y", "font": {"size": 14}, **where}


def pair(s: Subject, width: int) -> Figure:
    """Before and after as two bars from zero, the later one darker."""
    names = [s.label(o) for o in s.figures]
    bars = {
        "type": "bar", "orientation": "h", "x": _values(s.figures), "y": names,
        "text": [s.cell(o) for o in s.figures], "textposition": "outside", "cliponaxis": False,
        "textfont": {"size": 18, "color": INK}, "marker": {"color": [TINT, COLOURS[0]]},
        "hovertemplate": "%{y}: %{x:,}<extra></extra>", "width": 0.6,
    }  # fmt: skip
    top = max([o.value for o in s.figures if o.value is not None] or [Decimal(1)])
    names_above = [
        _note(_marked(n, o), x=0, y=i, xanchor="left", yanchor="bottom", yshift=26, font={"size": 15})
        for i, (n, o) in enumerate(zip(names, s.figures, strict=True))
    ]
    layout = _layout(
        s, width, 190, margin={"l": 4, "r": 64, "t": 26, "b": 8}, annotations=names_above,
        xaxis=_axis(range=[0, float(top)], showticklabels=False), yaxis=_axis(type="category", autorange="reversed", showticklabels=False),
    )  # fmt: skip
    return {"data": [bars], "layout": layout}


def bars(s: Subject, width: int) -> Figure:
    """A few years as bars from zero, each labelled; a line where the way of counting changed."""
    names = [s.short(o) for o in s.figures]
    bars = {
        "type": "bar", "x": names, "y": _values(s.figures), "text": [s.cell(o) for o in s.figures],
        "textposition": "outside", "cliponaxis": False, "textfont": {"size": 16, "color": INK},
        "marker": {"color": [TINT] * (len(names) - 1) + [COLOURS[0]]}, "hovertemplate": "%{x}: %{y:,}<extra></extra>",
    }  # fmt: skip
    cuts = _cuts(s)
    layout = _layout(
        s, width, 340, margin={"l": 8, "r": 8, "t": 64 if cuts else 28, "b": 36},
        xaxis=_axis(type="category", showline=True, linecolor=INK, range=[-0.5, len(names) - 0.5]),
        yaxis=_axis(rangemode="tozero", showticklabels=False),
        shapes=[_cut_line(i) for i, _ in cuts],
        annotations=[_cut_note(i, title, width) for i, title in cuts] + _hidden(s.figures, names),
    )  # fmt: skip
    return {"data": [bars], "layout": layout}


def years(s: Subject, width: int) -> Figure:
    """Many years as a line, few as bars."""
    return line(s, width) if len(s.figures) > 5 else bars(s, width)


def line(s: Subject, width: int) -> Figure:
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
    direct = (
        [
            _note(
                s.cell(ends[-1][2]),
                x=ends[-1][0],
                y=ends[-1][1],
                xanchor="left",
                xshift=8,
                font={"size": 16, "color": COLOURS[0]},
            )
        ]
        if ends
        else []
    )
    shown = [names[0], names[-1]] if width == NARROW or len(names) > 6 else names
    layout = _layout(
        s, width, 320, margin={"l": 8, "r": 56, "t": 64 if cuts else 20, "b": 36},
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
    words = "<br>".join(wrap(title, 60 if width == WIDE else 30))
    return _note(
        words,
        x=at,
        y=1.02,
        yref="paper",
        yanchor="bottom",
        xanchor="left" if at < 2 else "right",
        align="left",
        font={"size": 13},
    )


def _hidden(figures: Iterable[Observation], names: list[str]) -> list[Figure]:
    """Markers where there is no value, so that a gap is seen to be one and why."""
    return [
        _note(f"[{o.status}]", x=n, y=0, yanchor="bottom")
        for o, n in zip(figures, names, strict=True)
        if o.value is None
    ]


def _marked(name: str, o: Observation | None) -> str:
    """The name of a bar, with the marker beside it where there is no value, for such a bar has no length."""
    return f"{name} [{o.status}]" if o is not None and o.value is None else name


def small_multiples(s: Subject, width: int) -> Figure:
    """A panel of bars for each part, the largest first, all on one scale."""
    columns = 4 if width == WIDE else 2
    size = {p: sum(o.value for o in s.figures if o.part == p and o.value is not None) for p in s.parts}
    parts, times = sorted(s.parts, key=lambda p: -size[p]), s.times
    lines = -(-len(parts) // columns)
    gap_x, gap_y, height = 0.05, 40, 118
    total = lines * height + (lines - 1) * gap_y + 30
    grid = {(o.part, o.period_start): o for o in s.figures}
    tops = [float(o.value) for o in s.figures if o.value is not None]
    scale = [0, max(tops or [1]) * 1.18]
    layout = _layout(
        s, width, total + 30, margin={"l": 4, "r": 4, "t": 30, "b": 30}, bargap=0.15, annotations=[]
    )
    data: list[Figure] = []
    ends = (times[0], times[-1])
    names = [s.short(t).split()[0] if t in ends else "" for t in times]
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
        ticks = {
            "tickvals": places,
            "ticktext": names,
            "tickangle": 0,
            "tickfont": {"size": 10 if width == WIDE else 11},
        }
        layout[f"xaxis{n}"] = _axis(
            domain=[x0, x0 + w],
            anchor=f"y{n}",
            showline=True,
            linecolor=INK,
            automargin=False,
            range=[-0.6, len(times) - 0.4],
            **ticks,
        )
        layout[f"yaxis{n}"] = _axis(domain=[y0, y1], anchor=f"x{n}", range=scale, showticklabels=False)
        layout["annotations"].append(
            {"text": part, "x": x0, "y": y1, "xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom", "showarrow": False, "font": {"size": 13, "weight": 700}}
        )  # fmt: skip
        layout["annotations"] += [
            _note(f"[{o.status}]", x=p, y=0, yanchor="bottom", xref=f"x{n}", yref=f"y{n}", font={"size": 10})
            for p, o in zip(places, own, strict=True)
            if o is not None and o.value is None
        ]
    return {"data": data, "layout": layout}


def ranked_bars(s: Subject, width: int) -> Figure:
    """Parts as bars from zero, the longest first, each with its words above it."""
    ranked = sorted((o for o in s.figures if o.part), key=lambda o: -(o.value if o.value is not None else -1))
    names = ["<br>".join(wrap(_marked(o.part, o), 80 if width == WIDE else 40)) for o in ranked]
    bars = {
        "type": "bar", "orientation": "h", "x": _values(ranked), "y": list(range(len(ranked))),
        "text": [s.cell(o) for o in ranked], "textposition": "outside", "cliponaxis": False,
        "textfont": {"size": 16, "color": INK}, "marker": {"color": COLOURS[0]}, "width": 0.34,
        "customdata": [o.part for o in ranked], "hovertemplate": "%{customdata}: %{x}<extra></extra>",
    }  # fmt: skip
    top = (
        100.0
        if s.indicator.unit == "percent"
        else max([float(o.value) for o in ranked if o.value is not None] or [1.0])
    )
    layout = _layout(
        s, width, 72 * len(ranked) + 30, margin={"l": 4, "r": 48, "t": 34, "b": 4},
        xaxis=_axis(range=[0, top], showticklabels=False), yaxis=_axis(autorange="reversed", showticklabels=False),
        annotations=[_note(n, x=0, y=i, xanchor="left", yanchor="bottom", yshift=12, align="left") for i, n in enumerate(names)],
    )  # fmt: skip
    return {"data": [bars], "layout": layout}


def areas(s: Subject, width: int) -> Figure:
    """Areas beside each other for each part, as bars from a line at zero, each with its name and figure."""
    names = tuple(dict.fromkeys(o.area for o in s.figures))
    own = {(o.area, o.part): o for o in s.figures}
    step = len(names) + 1
    bars, notes = [], []
    for i, area in enumerate(names):
        mine = [own.get((area, p)) for p in s.parts]
        name = s.released.content.areas[area].name
        bars.append(
            {
                "type": "bar",
                "orientation": "h",
                "name": name,
                "x": _values(mine),
                "y": [n * step + i + 1 for n in range(len(s.parts))],
                "text": [s.cell(o) for o in mine],
                "textposition": "outside",
                "cliponaxis": False,
                "constraintext": "none",
                "textfont": {"size": 15, "color": INK},
                "width": 0.8,
                "marker": {"color": COLOURS[i]},
                "hovertemplate": "%{fullData.name}: %{text}<extra></extra>",
            }
        )
        notes += [
            _note(_marked(name, o), x=0, xref="paper", xanchor="left", y=n * step + i + 1, font={"size": 14})
            for n, o in enumerate(mine)
        ]
    heads = [
        _note(p, x=0, xref="paper", xanchor="left", y=n * step, font={"size": 15, "weight": 700})
        for n, p in enumerate(s.parts)
    ]
    left = 90 if width == NARROW else 120
    ends = [0.0, *(float(o.value) for o in s.figures if o.value is not None)]
    least, most = min(ends), max(ends)
    layout = _layout(
        s,
        width,
        34 * step * len(s.parts) + 20,
        margin={"l": 4, "r": 60, "t": 8, "b": 8},
        bargap=0,
        barmode="overlay",
        xaxis=_axis(
            domain=[left / width, 1],
            range=[least - (most - least) * (0.35 if width == NARROW else 0.16), most],
            showticklabels=False,
            zeroline=True,
            zerolinecolor=INK,
            zerolinewidth=2,
        ),
        yaxis=_axis(autorange="reversed", showticklabels=False),
        annotations=[*heads, *notes],
    )
    return {"data": bars, "layout": layout}
