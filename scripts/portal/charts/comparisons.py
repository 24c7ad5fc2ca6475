"""Draw areas beside each other: rates over time, changes as arrows, and one area among all of its kind."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from portal.analysis import measures, sentences
from portal.analysis.measures import IndicatorSummary, Rate, standing
from portal.analysis.sentences import ChartInput
from portal.charts.charts import Chart, ChartTable, Note
from portal.charts.grammar import (
    COLOURS,
    CONTEXT,
    GRID,
    INK,
    LINE,
    NARROW,
    OURS,
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
    compose,
    escape_texts,
    tick_texts,
    value_axis,
    value_ends,
    value_ticks,
)
from portal.charts.text_metrics import text_width
from portal.charts.time_axis import span
from portal.charts.time_charts import Around, Line, Point, cuts_of, draw_lines
from portal.core import periods
from portal.core.model import Area, Indicator, Observation
from portal.core.text import MARKERS, json_number, upper_first
from portal.core.vocabulary import Direction, Meaning, Unit
from portal.disclosure.clearing import ClearedContent

# Colours of a clear change, by what it means: worse, better, or neither.
MEANING_COLOURS = {Meaning.WORSE: COLOURS[2], Meaning.BETTER: "#1B6E66", Meaning.NEUTRAL: OURS}


# --- rates over time


def rates_chart(released: ClearedContent, indicator: Indicator, areas: Sequence[Area]) -> Chart | None:
    """Return the rates per 1,000 people of some areas in rolling years, the first area in front; None without two areas.

    `areas` begin with the one that the chart is about. All years use the same population.
    """
    rows = {a: own for a in areas if len(own := _rates(released, indicator, a)) > 1}
    if len(rows) < 2 or areas[0] not in rows:
        return None
    ours = areas[0]
    lines = [_line(area.name, rates, released, indicator) for area, rates in rows.items() if area is not ours]
    lines.append(_line(ours.name, rows[ours], released, indicator, is_ours=True))
    subject = ChartInput(released, indicator, tuple(o for o, _ in rows[ours]))
    beside = Around(cuts_of(subject))
    population = rows[ours][-1][1]
    return Chart(
        wide=escape_texts(draw_lines(lines, WIDE, Unit.PER_1000, beside)),
        narrow=escape_texts(draw_lines(lines, NARROW, Unit.PER_1000, beside)),
        headline=f"{indicator.short_title} beside other areas",
        subtitle=f"{upper_first(indicator.unit_label)} per 1,000 people, 12 months to each point",
        finding="",
        notes=(
            *(f"{n}: {cut.title}." for n, cut in enumerate(beside.cuts, 1) if len(beside.cuts) > 1),
            f"Every year is divided by the population of {population.year}, so rates of other years are approximate.",
        ),
        table=_rates_table(indicator, rows),
    )


Rated = tuple[Observation, Rate]


def _rates(released: ClearedContent, indicator: Indicator, area: Area) -> list[Rated]:
    windows = measures.rolling(released, indicator.id, area.code)
    return [(o, rate) for o in windows if (rate := measures.rate(released, o))]


def _line(
    name: str,
    rates: Sequence[Rated],
    released: ClearedContent,
    indicator: Indicator,
    *,
    is_ours: bool = False,
) -> Line:
    breaks = measures.breaks_of(released, indicator.id)
    points: list[Point] = []
    for n, (o, rate) in enumerate(rates):
        at = span(o)[1]
        if n and measures.broken(rates[n - 1][0], o, breaks):
            points.append(Point((points[-1].at + at) / 2, None, ""))
        period = periods.label("rolling-months", o.period_start, o.period_end)
        points.append(Point(at, json_number(rate.value), f"{name}, {period}: {rate.value}"))
    return Line(points=tuple(points), last=str(rates[-1][1].value), name=name, is_ours=is_ours)


def _rates_table(indicator: Indicator, rows: dict[Area, list[Rated]]) -> ChartTable:
    by_area = {a: {o.period_end: rate for o, rate in rates} for a, rates in rows.items()}
    ends = sorted({e for rates in by_area.values() for e in rates if e}, reverse=True)
    cells = tuple(
        (f"12 months to {periods.month(e)}", *(str(rates[e].value) if e in rates else sentences.cell(None) for rates in by_area.values()))
        for e in ends
    )  # fmt: skip
    is_missing = any(sentences.cell(None) in row for row in cells)
    notes = (Note(sentences.cell(None), "no figure for these 12 months"),) if is_missing else ()
    return ChartTable(caption=f"{indicator.title}: rate per 1,000 people", columns=("Period", *(a.name for a in rows)), rows=cells, notes=notes)  # fmt: skip


# --- changes as arrows


@dataclass(frozen=True, kw_only=True)
class ArrowRow:
    """One arrow: the name of its row, and the figures that it joins."""

    name: str
    summary: IndicatorSummary


def changes_chart(rows: Sequence[ArrowRow], title: str, unit_label: str) -> Chart | None:
    """Return the changes of some rows from a year before as arrows, in the order given; None if no row has a figure.

    Only a clear change has a colour. A figure that is withheld is named in words.
    """
    known = [r for r in rows if r.summary.latest.value is not None]
    if not known:
        return None
    newest = known[0].summary.latest
    period = periods.label("rolling-months", newest.period_start, newest.period_end)
    unit = upper_first(unit_label)
    has_arrows = any(r.summary.earlier for r in known)
    return Chart(
        wide=escape_texts(draw_arrows(rows, WIDE)),
        narrow=escape_texts(draw_arrows(rows, NARROW)),
        headline=title,
        subtitle=f"{unit}, from the 12 months before to the {period}" if has_arrows else f"{unit}, {period}",
        finding="",
        notes=("Coloured arrows are clear changes. Grey ones could be normal ups and downs.",)
        if has_arrows
        else (),
        table=_changes_table(rows, title),
    )


def _changes_table(rows: Sequence[ArrowRow], title: str) -> ChartTable:
    used = {o.status for r in rows for o in (r.summary.latest, r.summary.earlier) if o and o.status}
    return ChartTable(
        caption=title,
        columns=("Area", "12 months before", "Latest 12 months", "Change"),
        rows=tuple((r.name, sentences.cell(r.summary.earlier), sentences.cell(r.summary.latest), sentences.change_in_words(r.summary)) for r in rows),
        notes=tuple(Note(mark, meaning) for mark, meaning in MARKERS.items() if mark in used),
    )  # fmt: skip


def draw_arrows(rows: Sequence[ArrowRow], width: int) -> Figure:
    """Draw an arrow for each row, from the earlier figure to the later one, with the later figure and a clear change in words."""
    ends = value_ends(json_number(o.value) for r in rows for o in (r.summary.latest, r.summary.earlier) if o)
    beside = max(text_width(r.name, TEXT) for r in rows) + 12
    is_beside = width == WIDE
    texts = [_arrow_text(r, is_short=not is_beside) for r in rows]
    right = max(text_width(t, TICK, True) for t in texts) + 14
    step = 26.0 if is_beside else 42.0
    box = Box(beside if is_beside else 4, 4, width - right, 4 + step * len(rows))
    x = Scale(*ends, box.left, box.right)
    is_count = rows[0].summary.indicator.unit == Unit.COUNT
    ticks = value_ticks(*ends, 5 if width == WIDE else 3, whole=is_count)
    labels: list[Label] = []
    marks: list[Rule] = []
    heads: dict[str, list[tuple[float, float, str, str]]] = {"from": [], "to": []}
    for n, (row, text) in enumerate(zip(rows, texts, strict=True)):
        y = box.top + step * (n + 0.5) + (0 if is_beside else 8)
        latest, earlier = row.summary.latest, row.summary.earlier
        words = f"{row.name}: {sentences.cell(earlier)}, then {sentences.cell(latest)}"
        at_name = (beside - 10, y, "right") if is_beside else (1, y - 16, "left")
        labels.append(Label(text=row.name, x=at_name[0], y=at_name[1], across=at_name[2], hover=words))
        start, end = (None if o is None or o.value is None else x(float(o.value)) for o in (earlier, latest))
        colour = _arrow_colour(row)
        if start is not None and end is not None:
            marks.append(Rule((start, y), (end, y), colour, 2.5))
        if start is not None and earlier and earlier.value is not None:
            heads["from"].append((float(earlier.value), y, f"{row.name}, 12 months before: {sentences.cell(earlier)}", colour))  # fmt: skip
        if end is not None and latest.value is not None:
            heads["to"].append((float(latest.value), y, f"{row.name}, latest 12 months: {sentences.cell(latest)}", colour))  # fmt: skip
        is_clear = colour != CONTEXT
        at = max((p for p in (start, end) if p is not None), default=x(0))
        labels.append(Label(text=text, x=at + 10, y=y, size=TICK, bold=is_clear, colour=colour if is_clear else QUIET, hover=words))  # fmt: skip
    tos = [_head(row) for row in rows if row.summary.latest.value is not None]
    height = box.bottom + LINE + 10
    panel = Panel(
        box=box, x=x, y=Scale(box.bottom, box.top, box.bottom, box.top),
        x_axis={**value_axis(ticks, tick_texts(ticks), ends), "gridcolor": GRID},
    )  # fmt: skip
    traces = [_heads(heads["from"], ["circle"] * len(heads["from"]), 6), _heads(heads["to"], tos, 11)]
    return compose((width, height), [panel], traces, labels, marks)


def _heads(points: Sequence[tuple[float, float, str, str]], symbols: Sequence[str], size: int) -> Figure:
    return {
        "type": "scatter", "mode": "markers", "x": [p[0] for p in points], "y": [p[1] for p in points], "cliponaxis": False,
        "marker": {"symbol": list(symbols), "size": size, "color": [p[3] for p in points], "opacity": 1},
        "customdata": [p[2] for p in points], "hovertemplate": "%{customdata}<extra></extra>",
    }  # fmt: skip


def _head(row: ArrowRow) -> str:
    """Return the symbol at the end of an arrow: a triangle in its direction, or a dot if nothing changed."""
    latest, earlier = row.summary.latest.value, row.summary.earlier.value if row.summary.earlier else None
    if latest is None or earlier is None or latest == earlier:
        return "circle"
    return "triangle-right" if latest > earlier else "triangle-left"


def _arrow_colour(row: ArrowRow) -> str:
    change = row.summary.change
    if change is None or change.direction not in (Direction.ROSE, Direction.FELL):
        return CONTEXT
    return MEANING_COLOURS[measures.meaning(row.summary)]


def _arrow_text(row: ArrowRow, *, is_short: bool) -> str:
    figure = sentences.cell(row.summary.latest)
    change = row.summary.change
    if change is None or change.direction not in (Direction.ROSE, Direction.FELL):
        return figure
    words = sentences.change_in_words(row.summary)
    return f"{figure}, {words.partition(' (')[0] if is_short else words}"


# --- one area among all of its kind


class _Spot(NamedTuple):
    """The rate of an area, and its name."""

    rate: Rate
    area: Area


def places_chart(
    released: ClearedContent, indicators: Sequence[Indicator], ours: Area, areas: Sequence[Area]
) -> Chart | None:
    """Return the rates of an area among all of its kind: a strip of dots for each indicator, ours large and named.

    None if no indicator has a rate in three areas. An indicator that has no rate in our area is left out.
    """
    strips = []
    for indicator in indicators:
        summaries = ((standing(released, indicator, a.code), a) for a in areas)
        spots = [_Spot(s.rate, a) for s, a in summaries if s and s.rate]
        if len(spots) >= _FEWEST and any(spot.area is ours for spot in spots):
            strips.append((indicator, spots))
    if not strips:
        return None
    rows = tuple(
        (i.short_title, *(str(next((p.rate.value for p in spots if p.area is a), sentences.cell(None))) for a in areas))
        for i, spots in strips
    )  # fmt: skip
    return Chart(
        wide=escape_texts(draw_strips(strips, ours, WIDE)),
        narrow=escape_texts(draw_strips(strips, ours, NARROW)),
        headline=f"{ours.name} among the wards",
        subtitle="Offences per 1,000 people in the latest 12 months; each dot is a ward",
        finding="",
        notes=("Each strip has its own scale. People who come to shop, work or travel are not counted as residents.",),
        table=ChartTable(caption="Rates per 1,000 people", columns=("Measure", *(a.name for a in areas)), rows=rows, notes=()),
    )  # fmt: skip


_FEWEST = 3


def draw_strips(strips: Sequence[tuple[Indicator, Sequence[_Spot]]], ours: Area, width: int) -> Figure:
    """Draw a strip of dots for each indicator on a scale of its own, with our area's rate and the ends of the scale in words."""
    is_beside = width == WIDE
    beside = max(text_width(i.short_title, TEXT) for i, _ in strips) + 14
    step = 40.0 if is_beside else 64.0
    box = Box(beside if is_beside else 6, 2, width - 52, 2 + step * len(strips))
    labels: list[Label] = []
    marks: list[Rule] = []
    others: list[tuple[float, float, str, str]] = []
    own: list[tuple[float, float, str, str]] = []
    for n, (indicator, spots) in enumerate(strips):
        y = box.top + step * n + (step * 0.6 if is_beside else step * 0.72)
        highest = max(float(p.rate.value) for p in spots) or 1.0
        x = Scale(0, highest, box.left, box.right)
        labels.append(Label(text=indicator.short_title, x=1, y=y if is_beside else y - 34))
        marks.append(Rule((box.left, y), (box.right, y), GRID, 2, above=False))
        for spot in spots:
            words = f"{indicator.short_title}, {spot.area.name}: {spot.rate.value} per 1,000"
            at = x(float(spot.rate.value))
            (own if spot.area is ours else others).append(
                (at, y, words, OURS if spot.area is ours else CONTEXT)
            )
            if spot.area is ours:
                labels.append(Label(text=str(spot.rate.value), x=at, y=y - 9, across="center", down="bottom", bold=True, colour=OURS, hover=words))  # fmt: skip
        labels.append(Label(text=f"{highest:g}", x=box.right + 10, y=y, size=SMALL, colour=QUIET, hover=f"The highest rate: {highest:g}"))  # fmt: skip
    panel = Panel(box=box, x=Scale(box.left, box.right, box.left, box.right), y=Scale(box.bottom, box.top, box.bottom, box.top))  # fmt: skip
    faint = _heads(others, ["line-ns-open" for _ in others], 12)
    faint["marker"] |= {"symbol": ["circle"] * len(others), "size": 8, "opacity": 0.55}
    strong = _heads(own, ["circle"] * len(own), 13)
    strong["marker"] |= {"line": {"color": INK, "width": 1}}
    return compose((width, box.bottom + 4), [panel], [faint, strong], labels, marks)
