"""Build charts. Each has a headline, a subtitle, a drawing, a finding in a sentence, notes and a table.

A drawing is a Plotly figure as a plain dictionary, in two widths: one for phones and one for wider screens. Its values
equal those in the sentence and the table. Headline, subtitle and notes are text of the page, so that they wrap and can
be read aloud.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import NamedTuple

from portal.analysis import sentences
from portal.analysis.changes_in_words import cell
from portal.analysis.headlines import headline
from portal.analysis.measures import figures_of, series, yearly
from portal.analysis.sentences import ChartInput
from portal.charts import columns, row_charts, small_multiples, style, time_charts
from portal.charts.grammar import Figure, escape_texts
from portal.charts.time_axis import overlap
from portal.core.model import Indicator, Observation
from portal.core.periods import MONTHS_OF_YEAR, inside_sentence
from portal.core.text import MARKERS, upper_first
from portal.disclosure.clearing import ClearedContent

# What a table prints where no figure has been published.
MISSING_CELL = cell(None)


class Note(NamedTuple):
    """A marker in a table, and its meaning."""

    mark: str
    meaning: str


@dataclass(frozen=True, kw_only=True)
class ChartTable:
    """A table as text. The first column names the row; `notes` explain the markers in it."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[Note, ...]


class DrawingError(Exception):
    """Carry the `error` of a drawing through the template that shows it, which would otherwise be blamed for it."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A drawing, and the words and the table that go with it.

    `draw` is a function that returns the drawing, with its texts escaped, in a width in pixels; it is None if there is
    nothing to draw. It is called when a page shows the chart, so that worker processes share the work. A chart with
    `only_narrow` has no wide drawing.

    `headline` is the longest true comparison, empty if there is none. `subtitle` says what is counted, where and when.
    `finding` is the newest figure and the one before in a sentence. `shorter` is the same chart for shorter periods;
    None if there is none.
    """

    draw: Callable[[int], Figure] | None
    only_narrow: bool = False
    headline: str = ""
    subtitle: str = ""
    finding: str
    notes: tuple[str, ...] = ()
    table: ChartTable
    shorter: "Chart | None" = None

    @cached_property
    def wide(self) -> Figure | None:
        """Return the drawing for wider screens; None if there is none.

        Raises:
            DrawingError: with any error of `draw`.
        """
        return None if self.only_narrow else self._drawn(style.WIDE)

    @cached_property
    def narrow(self) -> Figure | None:
        """Return the drawing for phones; None if there is none.

        Raises:
            DrawingError: with any error of `draw`.
        """
        return self._drawn(style.NARROW)

    def _drawn(self, width: int) -> Figure | None:
        try:
            return self.draw(width) if self.draw else None
        except Exception as error:
            raise DrawingError(error) from error


def build_chart(released: ClearedContent, indicator: Indicator) -> Chart:
    """Build the chart of an indicator, of the kind that its column `chart` names.

    If it adds shorter periods to years and none is whole yet, only its table has something: the shorter periods.
    """
    figures = figures_of(released, indicator)
    subject = ChartInput(released, indicator, figures)
    kind = CHARTS[indicator.chart]
    if not figures:
        finding = _no_finding(released, indicator)
        short = replace(subject, figures=series(released, indicator.id, released.area, ""))
        return Chart(draw=None, finding=finding, table=chart_table(short))
    is_recorded = indicator.chart == "recorded"
    # A sentence compares years that do not overlap.
    compared = (
        replace(subject, figures=yearly(released, indicator.id, released.area)) if is_recorded else subject
    )
    return Chart(
        draw=kind.draw and partial(_escaped, kind.draw, subject),
        headline=headline(released, indicator, released.area) if is_recorded else "",
        subtitle=subtitle(subject),
        finding=kind.describe(compared),
        notes=kind.notes(subject),
        table=chart_table(subject),
        shorter=_shorter(released, indicator) if is_recorded else None,
    )


def _escaped(draw: Callable[[ChartInput, int], Figure], subject: ChartInput, width: int) -> Figure:
    figure: Figure = escape_texts(draw(subject, width))
    return figure


def _shorter(released: ClearedContent, indicator: Indicator) -> Chart | None:
    """Return the chart of the months, or other short periods, that rolling years are made of.

    The shortest length is taken of which there is more than a year without overlaps; None if there is none.
    """
    home_figures = series(released, indicator.id, released.area, "")
    for months in sorted({o.months for o in home_figures if 0 < o.months < MONTHS_OF_YEAR}):
        known = tuple(o for o in home_figures if o.months == months)
        if len(known) <= MONTHS_OF_YEAR // months or overlap(known):
            continue
        subject = ChartInput(released, indicator, known)
        return Chart(
            draw=partial(
                _escaped, partial(columns.draw_all_columns, newest=MONTHS_OF_YEAR // months), subject
            ),
            subtitle=subtitle(subject),
            finding=f"Every {months} months" if months > 1 else "Every month",
            notes=time_charts.notes_under(subject, has_goals=False),
            table=chart_table(subject),
        )
    return None


def subtitle(s: ChartInput) -> str:
    """Return the unit, the area if it is not the site's own, and the period if all figures share it or are rolling years."""
    periods_shown = {s.period(o) for o in s.figures}
    newest = s.figures[-1]
    shared = inside_sentence(s.label(newest)) if len(periods_shown) == 1 and newest.period_start else ""
    rolling = (
        _years(s) if len(periods_shown) > 1 and {o.months for o in s.figures} == {MONTHS_OF_YEAR} else ""
    )
    rolling = rolling if "/" not in s.short(newest) and s.indicator.period_type != "calendar-year" else ""
    return ", ".join(
        filter(None, (upper_first(s.indicator.unit_label), s.elsewhere(s.figures), shared, rolling))
    )


def _years(s: ChartInput) -> str:
    """Return what to call several periods of 12 months, by whether they overlap and when they end."""
    if overlap(s.times):
        return "rolling 12 months"
    ends = {o.period_end.month for o in s.times if o.period_end}
    return f"years to {s.times[-1].period_end:%B}" if len(ends) == 1 else "12 months each"


def _no_finding(released: ClearedContent, indicator: Indicator) -> str:
    """Return the sentence for an indicator that has nothing to show."""
    if indicator.chart == "recorded" and released.content.observations.get(indicator.id):
        return "No figure for a whole 12 months has been published yet."
    return "No figure has been published."


def chart_table(s: ChartInput) -> ChartTable:
    """Return the table of a chart."""
    used = {o.status for o in s.figures if o.status}
    body = _split_rows(s) if s.indicator.breakdown else _plain_rows(s)
    notes = [Note(mark, meaning) for mark, meaning in MARKERS.items() if mark in used]
    if any(MISSING_CELL in row for row in body.rows):
        notes.append(Note(MISSING_CELL, "no figure has been published"))
    return ChartTable(
        caption=_caption(s), columns=(body.head, *body.columns), rows=tuple(body.rows), notes=tuple(notes)
    )


def _caption(s: ChartInput) -> str:
    """Return the title, with the area if it is not the site's own and the period if the rows do not name it."""
    shared = {s.period(o) for o in s.figures}
    period = inside_sentence(s.label(s.figures[0])) if len(shared) == 1 and s.figures[0].period_start else ""
    return ", ".join(
        filter(None, (s.indicator.title, s.elsewhere(s.figures), period if s.indicator.breakdown else ""))
    )


class _TableBody(NamedTuple):
    """The heading of the first column, those of the others, and the rows."""

    head: str
    columns: list[str]
    rows: list[tuple[str, ...]]


def _plain_rows(s: ChartInput) -> _TableBody:
    """Return one row for each figure, named by its period, and by its area if there are several."""
    many = len({o.area for o in s.figures}) > 1
    names = [f"{s.place(o)}, {inside_sentence(s.label(o))}" if many else s.label(o) for o in s.figures]
    body: list[tuple[str, ...]] = [(name, s.cell(o)) for name, o in zip(names, s.figures, strict=True)]
    return _TableBody("Area and period" if many else "Period", [upper_first(s.indicator.unit_label)], body)


def _split_rows(s: ChartInput) -> _TableBody:
    """Return one row for each part, with a column for each period, each area or each pair of the two."""
    head = s.released.content.breakdowns[s.indicator.breakdown]
    by_key = {(o.part, o.area, *s.period(o)): o for o in s.figures}
    across = {(o.area, *s.period(o)): o for o in s.figures}
    if len(across) == 1:
        unit = "Figure" if s.has_unit_per_part else upper_first(s.indicator.unit_label)
        return _TableBody(head, [unit], [(s.part(o.part), s.cell(o)) for o in s.figures])
    areas, periods = len({o.area for o in s.figures}) > 1, len({s.period(o) for o in s.figures}) > 1
    columns = [
        ", ".join(filter(None, (s.place(o) if areas else "", _head(s, o) if periods else "")))
        for o in across.values()
    ]
    rows = [(s.part(p), *(s.cell(by_key.get((p, *k))) for k in across)) for p in s.parts]
    return _TableBody(head, columns, rows)


def _head(s: ChartInput, o: Observation) -> str:
    """Return the period as a column heading. Months are shortened, because there are many of them."""
    return s.short(o) if s.indicator.period_type == "month" and o.period_start else s.label(o)


def _no_notes(_: ChartInput) -> tuple[str, ...]:
    return ()


class ChartFunctions(NamedTuple):
    """How a kind of chart is drawn in a width (None if it has no drawing), how its finding is worded, and its notes."""

    draw: Callable[[ChartInput, int], Figure] | None
    describe: Callable[[ChartInput], str]
    notes: Callable[[ChartInput], tuple[str, ...]] = _no_notes


# Drawings with a time axis can have breaks, plans and provisional figures, which notes explain.
CHARTS: Mapping[str, ChartFunctions] = {
    "pair": ChartFunctions(row_charts.draw_pair, sentences.describe_latest),
    "bars": ChartFunctions(columns.draw_columns, sentences.describe_latest, time_charts.notes_under),
    "line": ChartFunctions(time_charts.draw_line, sentences.describe_latest, time_charts.notes_under),
    "small-multiples": ChartFunctions(
        small_multiples.draw_small_multiples,
        sentences.describe_largest_parts_now,
        small_multiples.panel_notes,
    ),
    "ranked-bars": ChartFunctions(row_charts.draw_ranked_bars, sentences.describe_largest_parts),
    "areas": ChartFunctions(row_charts.draw_areas, sentences.describe_areas),
    "recorded": ChartFunctions(columns.draw_years, sentences.describe_latest, time_charts.notes_under),
    "none": ChartFunctions(None, sentences.describe_all_figures),
}
