"""The charts of one area, such as a ward: all recorded crime there, and the kind that says most about it."""

from dataclasses import dataclass

from portal.analysis import measures, sentences
from portal.analysis.measures import IndicatorSummary, standing
from portal.analysis.sentences import ChartInput
from portal.charts import plotly_figures
from portal.charts.charts import Chart, chart_table
from portal.core.model import Area, Indicator, Observation
from portal.core.small_counts import guarded
from portal.disclosure.clearing import ClearedContent


@dataclass(frozen=True)
class AreaChart:
    """The chart of one indicator in one area."""

    indicator: Indicator
    area: Area
    chart: Chart


def recorded_indicators(released: ClearedContent) -> list[Indicator]:
    """Return the indicators that have figures for many areas."""
    return [i for i in released.content.indicators.values() if i.chart == "recorded"]


def total_indicator(released: ClearedContent) -> Indicator | None:
    """Return the indicator that others are part of: all recorded crime."""
    totals = {i.part_of for i in recorded_indicators(released)} - {""}
    return next((i for i in recorded_indicators(released) if i.id in totals), None)


def current_wards(released: ClearedContent) -> list[Area]:
    """Return the wards of the site's own area that there are now and that have figures, in the order of their codes."""
    with_figures = {
        o.area for i in recorded_indicators(released) for o in released.content.observations.get(i.id, ())
    }
    return sorted(
        (
            a for a in released.content.areas.values()
            if a.kind == "ward" and a.parent == released.area and a.valid_to is None and a.code in with_figures
        ),
        key=lambda a: a.code,
    )  # fmt: skip


def build_area_charts(released: ClearedContent, area: str) -> tuple[AreaChart, ...]:
    """Return the charts of an area: the total, and the largest kind that clearly changed, or else the largest of all.

    Figures that are shown with care, by 12 months only, are never among them. None where there is nothing to draw.
    """
    whole = total_indicator(released)
    found = [
        s for i in recorded_indicators(released) if not guarded(i) and (s := standing(released, i, area))
    ]
    kinds = [s for s in found if s.latest.value is not None and s.indicator is not whole]
    clear = [s for s in kinds if s.change and s.change.direction in ("rose", "fell")]
    largest = sorted(clear or kinds, key=lambda s: s.latest.value or 0, reverse=True)[:1]
    chosen = (*(s for s in found if s.indicator is whole), *largest)
    drawn = (_build_area_chart(released, s) for s in chosen)
    return tuple(c for c in drawn if c)


def _build_area_chart(released: ClearedContent, now: IndicatorSummary) -> AreaChart | None:
    """Return the chart of an indicator in an area, for phones only; None where there are not two figures to draw."""
    area = now.latest.area
    figures = _figures(released, now)
    if sum(o.value is not None for o in figures) < 2:
        return None
    subject = ChartInput(released, now.indicator, figures)
    drawing = plotly_figures.escape_texts(plotly_figures.draw_for_area(subject, plotly_figures.NARROW))
    chart = Chart(None, drawing, sentences.here(subject, now), chart_table(subject))
    return AreaChart(now.indicator, released.content.areas[area], chart)


def _figures(released: ClearedContent, now: IndicatorSummary) -> tuple[Observation, ...]:
    """Return the years of an area, or its quarters where there are no more than two years."""
    area, indicator = now.latest.area, now.indicator.id
    years = measures.yearly(released, indicator, area)
    return years if len(years) > 2 else measures.quarters(released, indicator, area) or years
