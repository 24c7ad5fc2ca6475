"""Draw areas beside each other: rates over time, changes as arrows, and one area among all of its kind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from portal.analysis import changes_in_words, measures
from portal.analysis.measures import IndicatorSummary, Rate
from portal.analysis.sentences import ChartInput
from portal.charts import axes, style
from portal.charts.charts import Chart, ChartTable, Note
from portal.charts.grammar import Box, Figure, Label, Panel, Rule, Scale, compose, escape_texts
from portal.charts.text_metrics import text_width
from portal.charts.time_axis import gaps_of, span
from portal.charts.time_charts import Around, Line, Point, draw_lines
from portal.charts.time_marks import break_marks, break_notes
from portal.core import periods
from portal.core.model import Area, Break, Indicator, Observation
from portal.core.text import MARKERS, json_number, upper_first
from portal.core.vocabulary import Direction, Meaning, Unit
from portal.disclosure.clearing import ClearedContent

# Colours of a clear change, by what it means.
MEANING_COLOURS = {Meaning.WORSE: style.WORSE, Meaning.BETTER: style.BETTER, Meaning.NEUTRAL: style.OURS}
_FEWEST = 3  # areas in a strip of dots


# --- rates over time


class Rated(NamedTuple):
    """A figure and its rate per 1,000 people."""

    figure: Observation
    rate: Rate


def rates_chart(released: ClearedContent, indicator: Indicator, areas: Sequence[Area]) -> Chart | None:
    """Return the rates per 1,000 people of some areas over rolling 12 months, the first area in front.

    None unless the first area and one other have two rates. All years use the same population.
    """
    rows = {a: rates for a in areas if len(rates := _rates(released, indicator, a)) > 1}
    ours = areas[0]
    if len(rows) < 2 or ours not in rows:
        return None
    breaks = measures.breaks_of(released, indicator.id)
    order = (*(a for a in rows if a is not ours), ours)
    lines = [_line(a.name, rows[a], breaks, is_ours=a is ours) for a in order]
    marks = break_marks(ChartInput(released, indicator, tuple(r.figure for r in rows[ours])))
    return Chart(
        draw=lambda width: escape_texts(draw_lines(lines, width, Unit.PER_1000, Around(marks))),
        headline=f"{indicator.short_title} compared with other areas",
        subtitle=f"{upper_first(indicator.unit_label)} per 1,000 people, rolling 12 months",
        finding="",
        notes=(
            *break_notes(marks),
            f"Every year is divided by the population of {rows[ours][-1].rate.year}, so rates of other years are approximate.",
        ),
        table=_rates_table(indicator, rows),
    )


def _rates(released: ClearedContent, indicator: Indicator, area: Area) -> list[Rated]:
    windows = measures.rolling(released, indicator.id, area.code)
    return [Rated(o, rate) for o in windows if (rate := measures.rate(released, o))]


def _line(name: str, rates: Sequence[Rated], breaks: tuple[Break, ...], *, is_ours: bool) -> Line:
    """Return the line of an area, cut at breaks and where 12 months have no rate."""
    figures = [r.figure for r in rates]
    gaps = [False, *gaps_of(figures)]
    points: list[Point] = []
    for n, (o, rate) in enumerate(rates):
        at = span(o)[1]
        if n and (gaps[n] or measures.broken(figures[n - 1], o, breaks)):
            points.append(Point((points[-1].at + at) / 2, None, ""))
        period = periods.label("rolling-months", o.period_start, o.period_end)
        points.append(Point(at, json_number(rate.value), f"{name}, {period}: {rate.value}"))
    return Line(points=tuple(points), last=str(rates[-1].rate.value), name=name, is_ours=is_ours)


def _rates_table(indicator: Indicator, rows: Mapping[Area, Sequence[Rated]]) -> ChartTable:
    by_area = {a: {r.figure.period_end: r.rate for r in rates} for a, rates in rows.items()}
    ends = sorted({e for rates in by_area.values() for e in rates if e}, reverse=True)
    cells = tuple(
        (
            f"12 months to {periods.month(e)}",
            *(
                str(rates[e].value) if e in rates else changes_in_words.cell(None)
                for rates in by_area.values()
            ),
        )
        for e in ends
    )
    is_missing = any(changes_in_words.cell(None) in row for row in cells)
    notes = (Note(changes_in_words.cell(None), "no figure for these 12 months"),) if is_missing else ()
    return ChartTable(
        caption=f"{indicator.title}: rate per 1,000 people",
        columns=("Period", *(a.name for a in rows)),
        rows=cells,
        notes=notes,
    )


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
        draw=lambda width: escape_texts(draw_arrows(rows, width)),
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
        rows=tuple(
            (
                r.name,
                changes_in_words.cell(r.summary.earlier),
                changes_in_words.cell(r.summary.latest),
                changes_in_words.change_in_words(r.summary),
            )
            for r in rows
        ),
        notes=tuple(Note(mark, meaning) for mark, meaning in MARKERS.items() if mark in used),
    )


class _Dot(NamedTuple):
    """A dot or an arrowhead: where it is on the axes of its panel, its text, and its looks."""

    x: float
    y: float
    words: str
    colour: str
    symbol: str = "circle"


def draw_arrows(rows: Sequence[ArrowRow], width: int) -> Figure:
    """Draw an arrow for each row, from the earlier figure to the later one, with the later figure and a clear change in words."""
    ends = axes.value_ends(
        json_number(o.value) for r in rows for o in (r.summary.latest, r.summary.earlier) if o
    )
    is_wide = width == style.WIDE
    names = max(text_width(r.name, style.TEXT) for r in rows) + 12
    texts = [_arrow_text(r, is_short=not is_wide) for r in rows]
    step = 26.0 if is_wide else 42.0  # on phones a name is above its arrow
    right = width - max(text_width(t, style.TICK, True) for t in texts) - 14
    box = Box(names if is_wide else 4, 4, right, 4 + step * len(rows))
    x = Scale(*ends, box.left, box.right)
    is_count = rows[0].summary.indicator.unit == Unit.COUNT
    ticks = axes.value_ticks(*ends, 5 if is_wide else 3, whole=is_count)
    labels: list[Label] = []
    marks: list[Rule] = []
    dots: list[_Dot] = []
    heads: list[_Dot] = []
    for n, (row, text) in enumerate(zip(rows, texts, strict=True)):
        y = box.top + step * (n + 0.5) + (0 if is_wide else 8)
        latest, earlier, colour = row.summary.latest, row.summary.earlier, _arrow_colour(row)
        words = f"{row.name}: {changes_in_words.cell(earlier)}, then {changes_in_words.cell(latest)}"
        start, end = (None if o is None or o.value is None else float(o.value) for o in (earlier, latest))
        if is_wide:
            labels.append(Label(text=row.name, x=names - 10, y=y, across="right", hover=words))
        else:
            labels.append(Label(text=row.name, x=1, y=y - 16, hover=words))
        if start is not None:
            said = f"{row.name}, 12 months before: {changes_in_words.cell(earlier)}"
            dots.append(_Dot(start, y, said, colour))
        if end is not None:
            said = f"{row.name}, latest 12 months: {changes_in_words.cell(latest)}"
            heads.append(_Dot(end, y, said, colour, _head(start, end)))
        if start is not None and end is not None:
            marks.append(Rule((x(start), y), (x(end), y), colour, 2.5))
        at = x(max((v for v in (start, end) if v is not None), default=0.0))
        is_clear = colour != style.CONTEXT
        shade = colour if is_clear else style.QUIET
        labels.append(
            Label(text=text, x=at + 10, y=y, size=style.TICK, bold=is_clear, colour=shade, hover=words)
        )
    panel = Panel(
        box=box,
        x=x,
        y=Scale(box.bottom, box.top, box.bottom, box.top),
        x_axis=axes.value_axis(ticks, axes.tick_texts(ticks), ends),
    )
    return compose(
        (width, box.bottom + style.LINE + 10), [panel], [_dots(dots, 6), _dots(heads, 11)], labels, marks
    )


def _dots(dots: Sequence[_Dot], size: int) -> Figure:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [d.x for d in dots],
        "y": [d.y for d in dots],
        "cliponaxis": False,
        "marker": {
            "symbol": [d.symbol for d in dots],
            "size": size,
            "color": [d.colour for d in dots],
            "opacity": 1,
        },
        "customdata": [d.words for d in dots],
        "hovertemplate": "%{customdata}<extra></extra>",
    }


def _head(start: float | None, end: float) -> str:
    """Return the symbol at the end of an arrow: a triangle in its direction, or a dot if nothing changed."""
    if start is None or start == end:
        return "circle"
    return "triangle-right" if end > start else "triangle-left"


def _arrow_colour(row: ArrowRow) -> str:
    change = row.summary.change
    if change is None or change.direction not in (Direction.ROSE, Direction.FELL):
        return style.CONTEXT
    return MEANING_COLOURS[measures.meaning(row.summary)]


def _arrow_text(row: ArrowRow, *, is_short: bool) -> str:
    figure = changes_in_words.cell(row.summary.latest)
    change = row.summary.change
    if change is None or change.direction not in (Direction.ROSE, Direction.FELL):
        return figure
    words = changes_in_words.change_in_words(row.summary)
    return f"{figure}, {words.partition(' (')[0] if is_short else words}"


# --- one area among all of its kind


class _Strip(NamedTuple):
    """The rates of an indicator, by area."""

    indicator: Indicator
    rates: Mapping[Area, Rate]

    def words(self, area: Area) -> str:
        """Return the text of an area's dot."""
        return f"{self.indicator.short_title}, {area.name}: {self.rates[area].value} per 1,000"


class _PlacedStrip(NamedTuple):
    """A strip in a picture: its labels and line, and the dot of each area, with escaped words, at its index in `places`."""

    strip: _Strip
    labels: Sequence[Label]
    line: Rule
    dots: list[_Dot]
    places: Mapping[Area, int]


def places_charts(
    released: ClearedContent, indicators: Sequence[Indicator], areas: Sequence[Area]
) -> dict[str, Chart]:
    """Return for each area, by code, its rates among those of all: a strip of dots for each indicator, its own dot large.

    Indicators with rates in fewer than three areas are left out, and so are, in each chart, those
    without a rate in its area. An area without any strip has no chart.
    """
    strips = []
    for indicator in indicators:
        summaries = measures.in_same_months(released, indicator, (a.code for a in areas))
        rates = {a: s.rate for a in areas if (s := summaries.get(a.code)) and s.rate}
        if len(rates) >= _FEWEST:
            strips.append(_Strip(indicator, rates))
    # Nearly all areas have the same strips. Place those once: for each area anew, the time would grow with their square.
    alike: dict[tuple[int, ...], list[Area]] = {}
    for area in areas:
        alike.setdefault(tuple(n for n, s in enumerate(strips) if area in s.rates), []).append(area)
    groups = [([strips[n] for n in numbers], group) for numbers, group in alike.items() if numbers]
    charts = {code: c for shown, group in groups for code, c in _among(shown, group, areas).items()}
    return {a.code: charts[a.code] for a in areas if a.code in charts}


def _among(strips: Sequence[_Strip], group: Sequence[Area], areas: Sequence[Area]) -> dict[str, Chart]:
    """Return the chart of each area of a group that has the same strips, by code."""
    nothing = changes_in_words.cell(None)
    rows = [(s.indicator.short_title, *(str(s.rates[a].value) if a in s.rates else nothing for a in areas)) for s in strips]  # fmt: skip
    table = ChartTable(
        caption="Rates per 1,000 people",
        columns=("Measure", *(a.name for a in areas)),
        rows=tuple(rows),
        notes=(Note(nothing, "no rate"),) if any(nothing in row for row in rows) else (),
    )
    placed = {width: _placed(strips, width) for width in (style.WIDE, style.NARROW)}
    return {
        ours.code: Chart(
            draw=partial(_draw_among, placed, ours),
            headline=f"{ours.name} and the other wards",
            subtitle="Offences per 1,000 people in the latest 12 months; each dot is a ward",
            finding="",
            notes=(
                "Each strip has its own scale. People who come to shop, work or travel are not counted as residents.",
            ),
            table=table,
        )
        for ours in group
    }


def _draw_among(placed: Mapping[int, Sequence[_PlacedStrip]], ours: Area, width: int) -> Figure:
    return draw_dot_strips(placed[width], ours, width)


def _box_of(strips: Sequence[_Strip], width: int) -> Box:
    """Return the box of strips below each other, beside their names; on phones a name is above its strip."""
    names = max(text_width(s.indicator.short_title, style.TEXT) for s in strips) + 14
    is_wide = width == style.WIDE
    return Box(names if is_wide else 6, 2, width - 52, 2 + _step(width) * len(strips))


def _step(width: int) -> float:
    return 40.0 if width == style.WIDE else 64.0


def _placed(strips: Sequence[_Strip], width: int) -> list[_PlacedStrip]:
    """Place strips in a picture, each on its own scale, with the dots of all areas."""
    is_wide, box, placed = width == style.WIDE, _box_of(strips, width), []
    for n, strip in enumerate(strips):
        y = box.top + _step(width) * (n + (0.6 if is_wide else 0.72))
        highest = max(float(r.value) for r in strip.rates.values())
        x = Scale(0, highest or 1.0, box.left, box.right)
        top = f"{highest:.1f}"
        labels = (
            Label(text=strip.indicator.short_title, x=1, y=y if is_wide else y - 34),
            Label(text=top, x=box.right + 10, y=y, size=style.SMALL, colour=style.QUIET, hover=f"The highest rate: {top}"),
        )  # fmt: skip
        line = Rule((box.left, y), (box.right, y), style.GRID, 2, above=False)
        dots = [
            _Dot(x(float(rate.value)), y, escape_texts(strip.words(area)), style.CONTEXT, "circle-open")
            for area, rate in strip.rates.items()
        ]
        placed.append(_PlacedStrip(strip, labels, line, dots, {a: place for place, a in enumerate(strip.rates)}))  # fmt: skip
    return placed


def draw_dot_strips(strips: Sequence[_PlacedStrip], ours: Area, width: int) -> Figure:
    """Draw a strip of dots for each indicator with our rate and the highest one; the figure's texts are escaped."""
    labels: list[Label] = []
    others: list[_Dot] = []
    own: list[_Dot] = []
    for strip, labels_of_strip, _, dots, places in strips:
        place, words = places[ours], strip.words(ours)
        others += dots[:place] + dots[place + 1 :]
        own.append(dots[place]._replace(words=words, colour=style.OURS, symbol="circle"))
        rate = Label(text=str(strip.rates[ours].value), x=own[-1].x, y=own[-1].y - 9, across="center", down="bottom", bold=True, colour=style.OURS, hover=words)  # fmt: skip
        labels += (*labels_of_strip, rate)
    box = _box_of([s.strip for s in strips], width)
    panel = Panel(
        box=box,
        x=Scale(box.left, box.right, box.left, box.right),
        y=Scale(box.bottom, box.top, box.bottom, box.top),
    )
    size, lines = (width, box.bottom + 4), [s.line for s in strips]
    figure: Figure = escape_texts(compose(size, [panel], [_dots(own, 13)], labels, lines))
    return {**figure, "data": [_dots(others, 8), *figure["data"]]}
