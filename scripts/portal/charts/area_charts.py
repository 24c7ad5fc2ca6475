"""Build the charts of areas, such as wards, and all charts of the site.

The charts of an area are all recorded crime, and the type of crime that changed most clearly.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from portal.analysis import measures, sentences
from portal.analysis.funnels import funnel_of
from portal.analysis.measures import IndicatorSummary, memoised, standing
from portal.analysis.sentences import ChartInput
from portal.analysis.similarity import similar_areas
from portal.charts import columns, row_charts, time_charts, time_marks
from portal.charts.charts import Chart, ChartTable, build_chart, chart_table, subtitle
from portal.charts.comparisons import ArrowRow, changes_chart, places_charts, rates_chart
from portal.charts.funnels import funnel_chart
from portal.charts.grammar import Figure, escape_texts
from portal.charts.heat_strips import Strip, heat_chart
from portal.core.model import Area, Indicator, Observation
from portal.core.small_counts import is_guarded, top_total
from portal.core.text import word_for_area
from portal.core.vocabulary import Direction
from portal.disclosure.clearing import ClearedContent


@dataclass(frozen=True, kw_only=True)
class AreaChart:
    """The chart of one indicator in one area."""

    indicator: Indicator
    area: Area
    chart: Chart


@dataclass(frozen=True, kw_only=True)
class SiteCharts:
    """Every chart of the site, by the id of its indicator or the code of its area.

    `rates` compare the borough with other areas, `by_ward` the changes in all wards, `heat` every three months in all
    wards, `among_wards` a ward with all others, and `funnels` the rates of all wards with what is usual;
    `borough_funnels` those of all boroughs.
    """

    of_indicators: Mapping[str, Chart]
    of_areas: Mapping[str, tuple[AreaChart, ...]]
    rates: Mapping[str, Chart]
    by_ward: Mapping[str, Chart]
    heat: Mapping[str, Chart]
    among_wards: Mapping[str, Chart]
    funnels: Mapping[str, Chart] = field(default_factory=dict)
    borough_funnels: Mapping[str, Chart] = field(default_factory=dict)

    def all(self) -> Iterator[Chart]:
        """Yield every chart."""
        for chart in self.of_indicators.values():
            yield from (c for c in (chart, chart.shorter) if c)
        yield from (c.chart for charts in self.of_areas.values() for c in charts)
        for charts in (
            self.rates, self.by_ward, self.heat, self.among_wards, self.funnels, self.borough_funnels,
        ):  # fmt: skip
            yield from charts.values()

    def figures(self) -> Iterator[Figure]:
        """Yield every drawing, in each width in which it is shown."""
        for chart in self.all():
            yield from (f for f in (chart.wide, chart.narrow) if f is not None)


def build_site_charts(released: ClearedContent) -> SiteCharts:
    """Build every chart of the site: those of each indicator, and those of each ward."""
    wards, recorded = current_wards(released), recorded_indicators(released)
    plain = [i for i in recorded if not is_guarded(i)]
    places = places_of(released)
    boroughs = [a for a in released.content.areas.values() if a.kind == "borough"]
    return SiteCharts(
        of_indicators={i.id: build_chart(released, i) for i in released.content.indicators.values()},
        of_areas={a.code: build_area_charts(released, a.code) for a in wards},
        rates={i.id: c for i in recorded if places and (c := rates_chart(released, i, places))},
        by_ward={i.id: c for i in recorded if (c := _changes(released, i, wards))},
        heat={i.id: c for i in plain if (c := _quarters(released, i, wards))},
        among_wards=places_charts(released, plain, wards),
        funnels={i.id: funnel_chart(f, "ward") for i in plain if (f := funnel_of(released, i, wards))},
        borough_funnels={
            i.id: funnel_chart(f, word_for_area(released.area))
            for i in recorded
            if (f := funnel_of(released, i, boroughs))
        },
    )


def blank_charts(released: ClearedContent) -> SiteCharts:
    """Return charts without drawings: enough to know which pages there are."""
    blank = Chart(draw=None, finding="", table=ChartTable(caption="", columns=(), rows=(), notes=()))
    return SiteCharts(
        of_indicators=dict.fromkeys(released.content.indicators, blank),
        of_areas={a.code: () for a in current_wards(released)},
        rates={},
        by_ward={},
        heat={},
        among_wards={},
    )


def _changes(released: ClearedContent, indicator: Indicator, wards: Sequence[Area]) -> Chart | None:
    """Return how an indicator changed in each ward, from A to Z; None if no ward has a figure."""
    summaries = measures.in_same_months(released, indicator, (a.code for a in wards))
    named = sorted((a for a in wards if a.code in summaries), key=lambda a: a.name)
    rows = [ArrowRow(name=a.name, summary=summaries[a.code]) for a in named]
    return changes_chart(rows, f"{indicator.short_title} in each ward", indicator.unit_label)


def _quarters(released: ClearedContent, indicator: Indicator, wards: Sequence[Area]) -> Chart | None:
    """Return an indicator in each ward, from A to Z, in the newest two years by quarter; None if two wards do not have them."""
    quarters_by_ward = {a: measures.quarters(released, indicator.id, a.code) for a in wards}
    newest = max(
        (f[-1].period_end for f in quarters_by_ward.values() if f and f[-1].period_end), default=None
    )
    strips = [
        Strip(a.name, figures)
        for a, figures in sorted(quarters_by_ward.items(), key=lambda pair: pair[0].name)
        if figures and figures[-1].period_end == newest
    ]
    subject = ChartInput(released, indicator, tuple(o for r in strips for o in r.figures if o))
    return (
        heat_chart(subject, strips, f"{indicator.short_title} in each ward, every three months")
        if strips
        else None
    )


def places_of(released: ClearedContent) -> tuple[Area, ...]:
    """Return the site's own area, similar boroughs from A to Z, and the police forces; empty without an area.

    All other boroughs count as similar if no package says who lives in them.
    """
    areas = released.content.areas
    if released.area not in areas:
        return ()
    similar = {s.code for s in similar_areas(released.content.profiles, released.area)} or areas.keys()
    others = (
        a for a in areas.values() if a.kind == "borough" and a.code != released.area and a.code in similar
    )
    forces = (a for a in areas.values() if a.kind == "police-force")
    return (areas[released.area], *sorted(others, key=lambda a: a.name), *forces)


def recorded_indicators(released: ClearedContent) -> list[Indicator]:
    """Return the indicators that are recorded for many areas."""
    return [i for i in released.content.indicators.values() if i.chart == "recorded"]


def total_indicator(released: ClearedContent) -> Indicator | None:
    """Return the indicator that others are part of, all recorded crime; None if there is none."""
    totals = {i.part_of for i in recorded_indicators(released)} - {""}
    return next((i for i in recorded_indicators(released) if i.id in totals), None)


def is_kind_of_crime(indicator: Indicator, whole: Indicator | None) -> bool:
    """Return True if an indicator is one of the types that add up to all recorded crime; always True if there is no total."""
    return whole is None or indicator.part_of == whole.id


def is_crime(released: ClearedContent, indicator: Indicator, whole: Indicator | None) -> bool:
    """Return True if an indicator is a type of recorded crime or a part of one; always True if there is no total."""
    return whole is None or top_total(released.content, indicator.id) == whole.id


@memoised
def current_wards(released: ClearedContent) -> tuple[Area, ...]:
    """Return today's wards of the site's own area that have figures, ordered by code."""
    with_figures = {
        o.area for i in recorded_indicators(released) for o in released.content.observations.get(i.id, ())
    }
    wards = (
        a for a in released.content.areas.values()
        if a.kind == "ward" and a.parent == released.area and a.valid_to is None and a.code in with_figures
    )  # fmt: skip
    return tuple(sorted(wards, key=lambda a: a.code))


def build_area_charts(released: ClearedContent, area: str) -> tuple[AreaChart, ...]:
    """Return the charts of an area: the total, and one type of crime.

    The type is the largest of those that clearly rose or fell, or the largest of all if none did. Guarded indicators,
    which are shown only for 12 months at a time, are left out. The tuple is empty if there is nothing to draw.
    """
    whole = total_indicator(released)
    summaries = [
        s for i in recorded_indicators(released) if not is_guarded(i) and (s := standing(released, i, area))
    ]
    kinds = [s for s in summaries if s.latest.value is not None and is_kind_of_crime(s.indicator, whole)]
    clear = [s for s in kinds if s.change and s.change.direction in (Direction.ROSE, Direction.FELL)]
    largest = sorted(clear or kinds, key=lambda s: s.latest.value or 0, reverse=True)[:1]
    chosen = (*(s for s in summaries if s.indicator is whole), *largest)
    charts = (_build_area_chart(released, s) for s in chosen)
    return tuple(c for c in charts if c)


def _build_area_chart(released: ClearedContent, now: IndicatorSummary) -> AreaChart | None:
    """Return the chart of an indicator in one area, in the narrow width only; None with fewer than two figures to draw."""
    area = now.latest.area
    figures = _figures(released, now)
    if sum(o.value is not None for o in figures) < 2:
        return None
    subject = ChartInput(released, now.indicator, figures)
    headline, finding = sentences.describe_area(subject, now)
    chart = Chart(
        draw=lambda width: escape_texts(draw_for_area(subject, width)),
        only_narrow=True,
        headline=headline,
        subtitle=subtitle(subject),
        finding=finding,
        notes=time_charts.notes_under(subject, has_outlines=not _is_pair(subject)),
        table=chart_table(subject),
    )
    return AreaChart(indicator=now.indicator, area=released.content.areas[area], chart=chart)


def _figures(released: ClearedContent, now: IndicatorSummary) -> tuple[Observation, ...]:
    """Return the yearly figures of an area, or its quarters if there are no more than two years."""
    area, indicator = now.latest.area, now.indicator.id
    years = measures.yearly(released, indicator, area)
    return years if len(years) > 2 else measures.quarters(released, indicator, area) or years


def _is_pair(s: ChartInput) -> bool:
    return len(s.figures) == 2 and not time_marks.break_marks(s)


def draw_for_area(s: ChartInput, width: int) -> Figure:
    """Draw the figures of an area: two years as a pair, quarters as columns, more years as on the indicator's page.

    The quarters of the newest year are darker.
    """
    if _is_pair(s):
        return row_charts.draw_pair(s, width)
    if {o.months for o in s.figures} != {3}:
        return columns.draw_years(s, width)
    return columns.draw_all_columns(s, width, newest=4)
