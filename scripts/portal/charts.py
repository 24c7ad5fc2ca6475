"""From figures to a chart: drawing, one-sentence finding and table, always the three together.

A drawing is a plain Plotly figure in two widths, one for phones and one for wider screens. The values in it are
the same that the sentence and the table print.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from portal import drawings, findings
from portal.disclosure import Release
from portal.drawings import NARROW, WIDE, Figure
from portal.findings import MARKERS, Subject
from portal.measures import series
from portal.model import Indicator, Observation


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


def _table(s: Subject) -> Table:
    indicator = s.indicator
    caption = indicator.title
    across = {(o.area, o.period_start, o.period_end) for o in s.figures}
    many_areas = len({o.area for o in s.figures}) > 1
    if indicator.breakdown and len(across) > 1:
        heads = sorted(
            across,
            key=lambda h: (
                str(h[1] or ""),
                list(s.released.content.areas).index(h[0])
                if not many_areas
                else [o.area for o in s.figures].index(h[0]),
            ),
        )
        own = {(o.part, o.area, o.period_start, o.period_end): o for o in s.figures}
        first = {h: next(o for o in s.figures if (o.area, o.period_start, o.period_end) == h) for h in heads}
        columns = [s.place(first[h]) if many_areas else _head(s, first[h]) for h in heads]
        body = [(p or "All", *(s.cell(own.get((p, *h))) for h in heads)) for p in s.parts]
        head = s.released.content.breakdowns[indicator.breakdown]
    elif indicator.breakdown:
        columns, head = (
            [indicator.unit_label.capitalize() if not s.own_units else "Figure"],
            s.released.content.breakdowns[indicator.breakdown],
        )
        body = [(o.part or "All", s.cell(o)) for o in s.figures]
    else:
        columns, head = [indicator.unit_label.capitalize()], "Period"
        body = [(s.label(o), s.cell(o)) for o in s.figures]
    used = {o.status for o in s.figures if o.status}
    notes = tuple((m, words) for m, words in MARKERS.items() if m in used)
    return Table(caption, (head, *columns), tuple(body), notes)


def _head(s: Subject, o: Observation) -> str:
    """A period as the head of a column: months are shortened, since there are many of them."""
    return s.short(o) if s.indicator.period_type == "month" else s.label(o)


# The kinds of chart: how it is drawn, and what it says.
CHARTS: Mapping[str, tuple[Callable[[Subject, int], Figure] | None, Callable[[Subject], str]]] = {
    "pair": (drawings.pair, findings.latest),
    "bars": (drawings.bars, findings.latest),
    "line": (drawings.line, findings.latest),
    "small-multiples": (drawings.small_multiples, findings.small_multiples),
    "ranked-bars": (drawings.ranked_bars, findings.ranked),
    "areas": (drawings.areas, findings.areas),
    "none": (None, findings.each),
}
