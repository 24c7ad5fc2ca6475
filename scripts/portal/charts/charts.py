"""From figures to a chart: drawing, one-sentence finding and table, always the three together.

A drawing is a plain Plotly figure in two widths, one for phones and one for wider screens. The values in it are
the same that the sentence and the table print.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from portal.analysis import sentences
from portal.analysis.measures import figures_of
from portal.analysis.sentences import ChartInput, cell
from portal.charts import plotly_figures
from portal.charts.plotly_figures import NARROW, WIDE, Figure
from portal.core.model import Indicator, Observation
from portal.core.periods import running
from portal.core.text import MARKERS, upper_first
from portal.disclosure.clearing import ClearedContent

# What a table prints where there is no row for a figure.
MISSING_CELL = cell(None)


@dataclass(frozen=True)
class ChartTable:
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
    table: ChartTable


def build_chart(released: ClearedContent, indicator: Indicator) -> Chart:
    """The chart of an indicator, of the kind that its row names."""
    figures = figures_of(released, indicator)
    subject = ChartInput(released, indicator, figures)
    draw, say = CHARTS[indicator.chart]
    return Chart(
        plotly_figures.escape_texts(draw(subject, WIDE)) if draw and figures else None,
        plotly_figures.escape_texts(draw(subject, NARROW)) if draw and figures else None,
        say(subject) if figures else _none(released, indicator),
        chart_table(subject),
    )


def _none(released: ClearedContent, indicator: Indicator) -> str:
    """What is said where there is nothing to show."""
    if indicator.chart == "recorded" and released.content.observations.get(indicator.id):
        return "No figure for a whole 12 months has been published yet."
    return "No figure has been published."


def chart_table(s: ChartInput) -> ChartTable:
    """Return the figures of a chart as a table."""
    used = {o.status for o in s.figures if o.status}
    head, columns, rows = _split_rows(s) if s.indicator.breakdown else _plain_rows(s)
    notes = [(m, words) for m, words in MARKERS.items() if m in used]
    if any(MISSING_CELL in row for row in rows):
        notes.append((MISSING_CELL, "no figure has been published"))
    return ChartTable(_caption(s), (head, *columns), tuple(rows), tuple(notes))


def _caption(s: ChartInput) -> str:
    """The title, with the area where it is not the site's own and the period where the rows do not name it."""
    shared = {s.period(o) for o in s.figures}
    period = running(s.label(s.figures[0])) if len(shared) == 1 and s.figures[0].period_start else ""
    return ", ".join(
        filter(None, (s.indicator.title, s.elsewhere(s.figures), period if s.indicator.breakdown else ""))
    )


Rows = tuple[str, list[str], list[tuple[str, ...]]]


def _plain_rows(s: ChartInput) -> Rows:
    """A row for each figure, named by its period, and by its area where there are several."""
    many = len({o.area for o in s.figures}) > 1
    names = [f"{s.place(o)}, {running(s.label(o))}" if many else s.label(o) for o in s.figures]
    body: list[tuple[str, ...]] = [(name, s.cell(o)) for name, o in zip(names, s.figures, strict=True)]
    return "Area and period" if many else "Period", [upper_first(s.indicator.unit_label)], body


def _split_rows(s: ChartInput) -> Rows:
    """A row for each part; a column for each period or area, or for both, where there is more than one."""
    head = s.released.content.breakdowns[s.indicator.breakdown]
    own = {(o.part, o.area, *s.period(o)): o for o in s.figures}
    across = {(o.area, *s.period(o)): o for o in s.figures}
    if len(across) == 1:
        unit = "Figure" if s.own_units else upper_first(s.indicator.unit_label)
        return head, [unit], [(s.part(o.part), s.cell(o)) for o in s.figures]
    areas, periods = len({o.area for o in s.figures}) > 1, len({s.period(o) for o in s.figures}) > 1
    columns = [
        ", ".join(filter(None, (s.place(o) if areas else "", _head(s, o) if periods else "")))
        for o in across.values()
    ]
    return head, columns, [(s.part(p), *(s.cell(own.get((p, *k))) for k in across)) for p in s.parts]


def _head(s: ChartInput, o: Observation) -> str:
    """A period as the head of a column: months are shortened, since there are many of them."""
    return s.short(o) if s.indicator.period_type == "month" and o.period_start else s.label(o)


# The kinds of chart: how it is drawn, and what it says.
CHARTS: Mapping[str, tuple[Callable[[ChartInput, int], Figure] | None, Callable[[ChartInput], str]]] = {
    "pair": (plotly_figures.draw_pair, sentences.latest),
    "bars": (plotly_figures.draw_bars, sentences.latest),
    "line": (plotly_figures.draw_line, sentences.latest),
    "small-multiples": (plotly_figures.draw_small_multiples, sentences.small_multiples),
    "ranked-bars": (plotly_figures.draw_ranked_bars, sentences.ranked),
    "areas": (plotly_figures.draw_areas, sentences.areas),
    "recorded": (plotly_figures.draw_years, sentences.latest),
    "none": (None, sentences.each),
}
