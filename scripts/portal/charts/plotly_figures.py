"""Draw charts as Plotly figures in plain dictionaries, for a given width in pixels."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import pairwise
from textwrap import wrap
from typing import Any, NamedTuple

from portal.analysis.measures import breaks_of, broken
from portal.analysis.sentences import ChartInput
from portal.charts.time_axis import gaps_of, middle, overlap, position, span
from portal.core import periods
from portal.core.model import Break, Observation
from portal.core.text import upper_first
from portal.core.vocabulary import ADDED

Figure = dict[str, Any]

# The colours of the UK government's analysis function, in its order; TINT is the first, lightened.
COLOURS = ("#12436D", "#28A197", "#801650", "#F46A25", "#3D3D3D", "#A285D1")
TINT = "#718EA7"
INK, QUIET, GRID = "#1a1a1a", "#4a4f55", "#d5dade"
FONT = "Arial, Helvetica, sans-serif"
WIDE, NARROW = 720, 340
# More bars than this are hard to distinguish on a phone.
MOST_BARS = 12
_CHARACTER = 0.56  # average width of a character, as a share of the font size
_NOTHING = "–"  # the name of a bar for which no figure has been published
# plotly.js interprets a few tags in texts, including links. Only the two that we use are left as they are.
_TAG = re.compile(r"<(?!br>|/?extra>)")
_ENTITY = re.compile(r"&(?=#?\w+;)")


def escape_texts(drawing: Any) -> Any:
    """Return a drawing with its texts escaped, so that plotly.js shows them literally."""
    if isinstance(drawing, dict):
        return {key: escape_texts(value) for key, value in drawing.items()}
    if isinstance(drawing, list | tuple):
        return [escape_texts(value) for value in drawing]
    return _TAG.sub("&lt;", _ENTITY.sub("&amp;", drawing)) if isinstance(drawing, str) else drawing


def _layout(s: ChartInput, width: int, height: int, **more: Any) -> Figure:
    """Return the common layout, with unit, area and period in a strip above the drawing that adds to its height."""
    words = _wrapped(_strip(s), width - 8, 13)
    strip = 7 + 17 * len(words)
    margin = {"l": 8, "r": 8, "t": 16, "b": 36, **more.pop("margin", {})}
    return {
        "width": width,
        "height": height + strip,
        "margin": {**margin, "t": margin["t"] + strip},
        "title": {
            "text": "<br>".join(words),
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


def _strip(s: ChartInput) -> str:
    """Return the unit, and the area and period if all figures share them; the site's own area is not named."""
    only = s.figures[0] if len({s.period(o) for o in s.figures}) == 1 else None
    period = periods.running(s.label(only)) if only and only.period_start else ""
    return ", ".join(filter(None, (upper_first(s.indicator.unit_label), s.elsewhere(s.figures), period)))


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


def _range(values: Iterable[int | float | None], room: float, length: float) -> list[float]:
    """Return the ends of an axis that includes zero and all values, with space for a label beyond each end.

    `room` is the size of a label and `length` that of the axis, both in pixels.
    """
    known = [float(v) for v in values if v is not None]
    low, high = min([0.0, *known]), max([0.0, *known])
    if low == high:
        high = 1.0
    below, above = low < 0, high > 0
    step = (high - low) / max(length - room * (below + above), length / 4)
    return [low - step * room * below, high + step * room * above]


def _zero(ends: Sequence[float]) -> Figure:
    """Return the axis settings that draw a line at zero if there are negative values."""
    return {"zeroline": ends[0] < 0, "zerolinecolor": INK, "zerolinewidth": 2}


def _pixels(words: str, size: int) -> float:
    return len(words) * size * _CHARACTER


def _wrapped(words: str, length: float, size: int) -> list[str]:
    """Return the words in lines of at most `length` pixels."""
    return wrap(words, max(8, int(length / (size * _CHARACTER)))) or [""]


def _upright(cells: Iterable[str], slot: float, sizes: Sequence[int]) -> tuple[Figure, float]:
    """Return the settings for labels of vertical bars, and the pixels that a label needs beyond its bar.

    Labels get the largest of the `sizes` at which they fit beside each other, or are rotated if none fits.
    """
    longest = max(cells, key=len, default="")
    for size in sizes:
        if _pixels(longest, size) <= slot:
            return {"textfont": {"size": size, "color": INK}, "textangle": 0}, size + 10
    size = sizes[-1]
    return {"textfont": {"size": size, "color": INK}, "textangle": -90}, _pixels(longest, size) + 12


def _note(text: str, **where: Any) -> Figure:
    return {"text": text, "showarrow": False, "xref": "x", "yref": "y", "font": {"size": 14}, **where}


class _Cut(NamedTuple):
    """The position of a break in series on the time axis, and its title."""

    at: float
    title: str


def _cuts(s: ChartInput) -> list[_Cut]:
    """Return every break between or inside the periods of the series."""
    breaks = breaks_of(s.released, s.indicator.id)
    within = [b for b in breaks if any(broken(one, next_, (b,)) for one, next_ in pairwise(s.figures))]
    times = Counter(b.title for b in within)
    return [_Cut(position(b.date), _named(b, times[b.title] > 1)) for b in within]


def _named(b: Break, dated: bool) -> str:
    return f"{b.title} ({periods.month(b.date)})" if dated else b.title


def _cut_lines(cuts: Iterable[_Cut]) -> list[Figure]:
    return [
        {"type": "line", "xref": "x", "yref": "paper", "x0": at, "x1": at, "y0": 0, "y1": 1.02, "line": {"color": COLOURS[4], "width": 2, "dash": "dot"}}
        for at, _ in cuts
    ]  # fmt: skip


def _cut_notes(cuts: Iterable[_Cut], ends: Sequence[float], width: int) -> tuple[list[Figure], int]:
    """Return the notes on breaks, stacked, and the pixels that they need above the drawing."""
    notes, up = [], 0
    for at, title in cuts:
        share = min(1.0, max(0.0, (at - ends[0]) / (ends[1] - ends[0])))
        left = share < 0.5
        lines = _wrapped(title, width * (1 - share if left else share) - 16, 13)
        where = {"x": at, "y": 1.02, "yref": "paper", "yanchor": "bottom", "yshift": up}
        notes.append(_note("<br>".join(lines), **where, xanchor="left" if left else "right", align="left" if left else "right", font={"size": 13}))  # fmt: skip
        up += 17 * len(lines) + 6
    return notes, up


def _ends_named(first: str, last: str, length: float, size: int, **where: Any) -> list[Figure]:
    """Return the names of the first and last period at the ends of an axis; one name if they are the same."""
    at = {
        "xref": "x domain",
        "yref": "y domain",
        "y": 0,
        "yanchor": "top",
        "yshift": -4,
        "font": {"size": size},
        **where,
    }
    words = ["<br>".join(_wrapped(name, length, size)) for name in (first, last)]
    if first == last:
        return [_note(words[0], **at, x=0.5, xanchor="center")]
    sides = ((0, "left"), (1, "right"))
    return [_note(w, **at, x=x, xanchor=side, align=side) for w, (x, side) in zip(words, sides, strict=True)]


def _hover(s: ChartInput, o: Observation) -> str:
    """Return the text shown when a reader points at a figure."""
    return f"{s.full(o)}: {s.cell(o)}"


def _hidden(s: ChartInput, figures: Iterable[Observation]) -> list[Figure]:
    """Return a marker for each figure without a value, which shows the gap and its reason."""
    return [
        _note(f"[{o.status}]", x=middle(o), y=0, yanchor="bottom", hovertext=_hover(s, o))
        for o in figures
        if o.value is None
    ]


# --- the kinds of chart


def draw_pair(s: ChartInput, width: int) -> Figure:
    """Draw two figures, before and after, as bars from zero; the later one is darker."""
    cells = [s.cell(o) for o in s.figures]
    values = _values(s.figures)
    ends = _range(values, max(_pixels(c, 18) for c in cells) + 10, width - 12)
    bars = {
        "type": "bar", "orientation": "h", "x": values, "y": list(range(len(cells))),
        "text": cells, "textposition": "outside", "cliponaxis": False, "constraintext": "none",
        "textfont": {"size": 18, "color": INK}, "marker": {"color": [TINT, COLOURS[0]]},
        "customdata": [s.full(o) for o in s.figures], "hovertemplate": "%{customdata}: %{text}<extra></extra>", "width": 0.6,
    }  # fmt: skip
    names_above = [
        _note(_marked(s.label(o), o), x=0, xref="paper", y=i, xanchor="left", yanchor="bottom", yshift=26, font={"size": 15}, hovertext=_hover(s, o))
        for i, o in enumerate(s.figures)
    ]  # fmt: skip
    layout = _layout(
        s, width, 190, margin={"l": 4, "r": 8, "t": 26, "b": 8}, annotations=names_above,
        xaxis=_axis(range=ends, showticklabels=False, **_zero(ends)),
        yaxis=_axis(range=[len(cells) - 0.5, -0.5], showticklabels=False),
    )  # fmt: skip
    return {"data": [bars], "layout": layout}


def draw_bars(s: ChartInput, width: int) -> Figure:
    """Draw a few periods as labelled bars from zero, with a dotted line at each break in series."""
    if len(s.figures) > MOST_BARS or overlap(s.figures):
        return draw_line(s, width)
    spans = [span(o) for o in s.figures]
    length = min(end - start for start, end in spans)
    ends = [spans[0][0] - length * 0.1, spans[-1][1] + length * 0.1]
    cells = [s.cell(o) for o in s.figures]
    slot = (width - 16) * length / (ends[1] - ends[0])
    written, room = _upright(cells, slot, (16, 14, 12, 11))
    cuts = _cuts(s)
    notes, above = _cut_notes(cuts, ends, width)
    upright = _range(_values(s.figures), room, 260)
    bars = {
        "type": "bar", "x": [middle(o) for o in s.figures], "y": _values(s.figures), "width": [length * 0.75] * len(cells),
        "text": cells, "textposition": "outside", "cliponaxis": False, "constraintext": "none", **written,
        "marker": {"color": [TINT] * (len(cells) - 1) + [COLOURS[0]]},
        "customdata": [s.full(o) for o in s.figures], "hovertemplate": "%{customdata}: %{text}<extra></extra>",
    }  # fmt: skip
    layout = _layout(
        s, width, 312 + above, margin={"l": 8, "r": 8, "t": 16 + above, "b": 36},
        xaxis=_axis(range=ends, tickvals=[middle(o) for o in s.figures], ticktext=[s.short(o) for o in s.figures], showline=True, linecolor=INK),
        yaxis=_axis(range=upright, showticklabels=False, **_zero(upright)),
        shapes=_cut_lines(cuts), annotations=[*notes, *_hidden(s, s.figures)],
    )  # fmt: skip
    return {"data": [bars], "layout": layout}


def draw_years(s: ChartInput, width: int) -> Figure:
    """Draw more than five years as a line, fewer as bars."""
    return draw_line(s, width) if len(s.figures) > 5 else draw_bars(s, width)


def draw_for_area(s: ChartInput, width: int) -> Figure:
    """Draw the figures of an area: two years as a pair, more as on the indicator's page.

    Quarters are bars, with those of the newest year darker.
    """
    if len(s.figures) == 2 and not _cuts(s):
        return draw_pair(s, width)
    if {o.months for o in s.figures} != {3}:
        return draw_years(s, width)
    drawing = draw_bars(s, width)
    drawing["data"][0]["marker"] = {"color": [TINT] * (len(s.figures) - 4) + [COLOURS[0]] * 4}
    layout, first, last = drawing["layout"], s.short(s.figures[0]), s.short(s.figures[-1])
    layout["xaxis"] |= {"tickvals": [], "ticktext": []}
    layout["annotations"] += _ends_named(first, last, width / 2 - 16, 13)
    return drawing


def draw_line(s: ChartInput, width: int) -> Figure:
    """Draw a line on a true time scale, cut at each break and gap, with its last value at its end."""
    cuts = _cuts(s)
    breaks = breaks_of(s.released, s.indicator.id)
    gaps = gaps_of(s.figures)
    xs: list[float] = []
    ys: list[int | float | None] = []
    hover_texts: list[str] = []
    for i, (o, value) in enumerate(zip(s.figures, _values(s.figures), strict=True)):
        if i and (gaps[i - 1] or broken(s.figures[i - 1], o, breaks)):
            xs.append((middle(s.figures[i - 1]) + middle(o)) / 2)
            ys.append(None)
            hover_texts.append("")
        xs.append(middle(o))
        ys.append(value)
        hover_texts.append(_hover(s, o))
    lines = {
        "type": "scatter", "mode": "lines+markers", "x": xs, "y": ys, "connectgaps": False, "cliponaxis": False,
        "line": {"color": COLOURS[0], "width": 3}, "marker": {"size": 6},
        "customdata": hover_texts, "hovertemplate": "%{customdata}<extra></extra>",
    }  # fmt: skip
    known = [o for o in s.figures if o.value is not None]
    last = s.cell(known[-1]) if known else ""
    direct = [
        _note(last, x=middle(o), y=_plain(o.value), xanchor="left", xshift=8, font={"size": 16, "color": COLOURS[0]})
        for o in known[-1:] if o.value is not None
    ]  # fmt: skip
    first, newest = middle(s.figures[0]), middle(s.figures[-1])
    pad = (newest - first) * 0.02 or 1.0
    ends = [first - pad, newest + pad]
    few = width == WIDE and len(s.figures) <= 6 and not any(gaps)
    ticks = s.figures if few else ()
    under = [] if few else _ends_named(s.label(s.figures[0]), s.label(s.figures[-1]), width / 2 - 30, 14)
    upright = _range(ys, 16, 248)
    notes, above = _cut_notes(cuts, ends, width)
    layout = _layout(
        s, width, 304 + above, margin={"l": 8, "r": int(max(56, _pixels(last, 16) + 16)), "t": 20 + above, "b": 48},
        xaxis=_axis(range=ends, tickvals=[middle(o) for o in ticks], ticktext=[s.short(o) for o in ticks], showline=True, linecolor=INK),
        yaxis=_axis(range=upright, showgrid=True, gridcolor=GRID, nticks=5, separatethousands=True, exponentformat="none", **_zero(upright)),
        shapes=_cut_lines(cuts), annotations=[*direct, *notes, *_hidden(s, s.figures), *under],
    )  # fmt: skip
    return {"data": [lines], "layout": layout}


def _marked(name: str, o: Observation | None) -> str:
    """Return the name of a bar, with a marker if it has no value, since such a bar has no length."""
    if o is None:
        return f"{name} {_NOTHING}"
    return f"{name} [{o.status}]" if o.value is None else name


def draw_small_multiples(s: ChartInput, width: int) -> Figure:
    """Draw a panel of bars for each part and area, the largest first, all on the same scale and time axis."""
    columns = 4 if width == WIDE else 2
    panels = {(o.part, o.area): s.name(o) for o in s.figures}
    keys, times = sorted(panels, key=lambda k: -_size(s, k)), s.times
    gap_x, height = 0.05, 118
    panel = (width - 8) * (1 - gap_x * (columns - 1)) / columns
    titles = {k: _wrapped(name, panel, 14) for k, name in panels.items()}
    above = 17 * max(len(lines) for lines in titles.values())
    gap_y = 23 + above
    rows = -(-len(keys) // columns)
    total = rows * height + (rows - 1) * gap_y
    grid = {(o.part, o.area, *s.period(o)): o for o in s.figures}
    ends = [span(times[0])[0] - 0.1, span(times[-1])[1] + 0.1]
    length = min(span(t)[1] - span(t)[0] for t in times)
    cells = [s.cell(o) for o in s.figures]
    written, room = _upright(cells, panel * length / (ends[1] - ends[0]), (11, 10))
    scale = _range(_values(s.figures), room, height)
    layout = _layout(s, width, total + above + 43, margin={"l": 4, "r": 4, "t": above + 13, "b": 30}, bargap=0.15, annotations=[])  # fmt: skip
    data: list[Figure] = []
    for i, key in enumerate(keys):
        row, column = divmod(i, columns)
        n = "" if i == 0 else str(i + 1)
        w = (1 - gap_x * (columns - 1)) / columns
        x0 = column * (w + gap_x)
        y1 = 1 - row * (height + gap_y) / total
        y0 = max(0.0, y1 - height / total)
        in_panel = [grid.get((*key, *s.period(t))) for t in times]
        data.append({
            "type": "bar", "x": [middle(t) for t in times], "y": _values(in_panel), "xaxis": f"x{n}", "yaxis": f"y{n}", "name": panels[key],
            "text": [s.cell(o) for o in in_panel], "textposition": "outside", "cliponaxis": False, **written,
            "width": [length * 0.85] * len(times), "marker": {"color": COLOURS[0]}, "constraintext": "none",
            "customdata": [f"{panels[key]}, {s.label(t)}" for t in times], "hovertemplate": "%{customdata}: %{text}<extra></extra>",
        })  # fmt: skip
        layout[f"xaxis{n}"] = _axis(
            domain=[x0, x0 + w], anchor=f"y{n}", showline=True, linecolor=INK, automargin=False, range=ends,
            showticklabels=False,
        )  # fmt: skip
        layout[f"yaxis{n}"] = _axis(domain=[y0, y1], anchor=f"x{n}", range=scale, showticklabels=False, **_zero(scale))  # fmt: skip
        layout["annotations"].append(
            {"text": "<br>".join(titles[key]), "x": x0, "y": y1, "xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom", "align": "left", "showarrow": False, "font": {"size": 13, "weight": 700}}
        )  # fmt: skip
        under = {"xref": f"x{n} domain", "yref": f"y{n} domain"}
        layout["annotations"] += _ends_named(s.tick(times[0]), s.tick(times[-1]), panel / 2, 10, **under)
        layout["annotations"] += [
            _note(f"[{o.status}]" if o else _NOTHING, x=middle(t), y=0, yanchor="bottom", xref=f"x{n}", yref=f"y{n}", font={"size": 10}, hovertext=f"{panels[key]}, {s.label(t)}: {s.cell(o)}")
            for t, o in zip(times, in_panel, strict=True)
            if o is None or o.value is None
        ]  # fmt: skip
    return {"data": data, "layout": layout}


def _size(s: ChartInput, panel: tuple[str, str]) -> Decimal:
    """Return the size by which panels are ordered: the sum of counts and pounds, or the largest of other figures."""
    known = [o.value for o in s.figures if (o.part, o.area) == panel and o.value is not None]
    if not known:
        return Decimal("-Infinity")
    return sum(known, Decimal(0)) if s.indicator.unit in ADDED else max(known)


def draw_ranked_bars(s: ChartInput, width: int) -> Figure:
    """Draw parts (and areas, if there are several) as bars from zero, the longest first, with the totals below."""
    ranked = sorted((o for o in s.figures if o.part), key=lambda o: (o.value is None, -(o.value or 0)))
    totals = [o for o in s.figures if not o.part]
    cells = [s.cell(o) for o in ranked]
    names = [_wrapped(_marked(s.name(o), o), width - 16, 14) for o in ranked]
    values = _values(ranked)
    least = [*values, 100] if s.indicator.unit == "percent" else values
    ends = _range(least, max((_pixels(c, 16) for c in cells), default=0) + 10, width - 12)
    bars = {
        "type": "bar", "orientation": "h", "x": values, "y": list(range(len(ranked))),
        "text": cells, "textposition": "outside", "cliponaxis": False, "constraintext": "none",
        "textfont": {"size": 16, "color": INK}, "marker": {"color": COLOURS[0]}, "width": 0.34,
        "customdata": [s.full(o) for o in ranked], "hovertemplate": "%{customdata}: %{text}<extra></extra>",
    }  # fmt: skip
    row = 54 + 18 * max((len(n) for n in names), default=1)
    notes = [
        _note("<br>".join(n), x=0, xref="paper", y=i, xanchor="left", yanchor="bottom", yshift=row * 0.17, align="left", hovertext=_hover(s, o))
        for i, (n, o) in enumerate(zip(names, ranked, strict=True))
    ]  # fmt: skip
    under = 0  # lines of totals
    for o in totals:
        lines = _wrapped(f"{s.name(o)}: {s.cell(o)}", width - 16, 14)
        notes.append(_note("<br>".join(lines), x=0, xref="paper", y=len(ranked) - 0.45, yshift=-20 * under, xanchor="left", yanchor="top", align="left", hovertext=_hover(s, o)))  # fmt: skip
        under += len(lines)
    rows = len(ranked) + under * 20 / row
    layout = _layout(
        s, width, int(row * (rows + 0.2)) + 12, margin={"l": 4, "r": 8, "t": 4, "b": 8},
        xaxis=_axis(range=ends, showticklabels=False, **_zero(ends)),
        yaxis=_axis(range=[rows - 0.5, -0.7], showticklabels=False), annotations=notes,
    )  # fmt: skip
    return {"data": [bars], "layout": layout}


def draw_areas(s: ChartInput, width: int) -> Figure:
    """Draw the areas next to each other for each part, as bars from a line at zero, each with its name and figure."""
    codes = {o.area: s.place(o) for o in s.figures}
    by_key = {(o.area, o.part): o for o in s.figures}
    left = 104 if width == NARROW else 130
    names = {(a, p): _wrapped(_marked(name, by_key.get((a, p))), left - 6, 14) for a, name in codes.items() for p in s.parts}  # fmt: skip
    heads = [_wrapped(s.part(p), width - 16, 16) for p in s.parts]
    row = max(34, 18 * max(map(len, names.values())) + 6)
    above = -(-(20 * max(map(len, heads)) + 14) // row)  # rows that the name of a part needs
    step = len(codes) + above
    cells = [s.cell(o) for o in s.figures]
    ends = _range(_values(s.figures), max(_pixels(c, 15) for c in cells) + 10, width - left - 12)
    bars, notes = [], []
    for i, (area, name) in enumerate(codes.items()):
        of_area = [by_key.get((area, p)) for p in s.parts]
        rows = [n * step + i + above for n in range(len(s.parts))]
        bars.append(
            {
                "type": "bar",
                "orientation": "h",
                "name": name,
                "x": _values(of_area),
                "y": rows,
                "text": [s.cell(o) for o in of_area],
                "textposition": "outside",
                "cliponaxis": False,
                "constraintext": "none",
                "textfont": {"size": 15, "color": INK},
                "width": 0.8,
                "marker": {"color": COLOURS[i % len(COLOURS)]},
                "customdata": [f"{s.part(p)}, {name}" for p in s.parts],
                "hovertemplate": "%{customdata}: %{text}<extra></extra>",
            }
        )
        notes += [
            _note("<br>".join(names[area, p]), x=0, xref="paper", xanchor="left", align="left", y=y, font={"size": 14}, hovertext=f"{s.part(p)}, {name}: {s.cell(o)}")
            for p, y, o in zip(s.parts, rows, of_area, strict=True)
        ]  # fmt: skip
    titles = [
        _note("<br>".join(lines), x=0, xref="paper", xanchor="left", align="left", y=n * step + (above - 1) / 2, font={"size": 15, "weight": 700})
        for n, lines in enumerate(heads)
    ]  # fmt: skip
    layout = _layout(
        s,
        width,
        row * step * len(s.parts) + 16,
        margin={"l": 4, "r": 8, "t": 8, "b": 8},
        bargap=0,
        barmode="overlay",
        xaxis=_axis(
            domain=[left / width, 1],
            range=ends,
            showticklabels=False,
            zeroline=True,
            zerolinecolor=INK,
            zerolinewidth=2,
        ),
        yaxis=_axis(range=[step * len(s.parts) - 0.5, -0.5], showticklabels=False),
        annotations=[*titles, *notes],
    )
    return {"data": bars, "layout": layout}
