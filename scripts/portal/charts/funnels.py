"""Draw a funnel: the rate of each area by its number of residents, with the limits within which rates are usual."""

import math
from collections.abc import Sequence

from portal.analysis.funnels import UNUSUAL, USUAL, Funnel, FunnelPoint
from portal.charts import axes, style
from portal.charts.charts import Chart, ChartTable
from portal.charts.grammar import (
    Box,
    Figure,
    Label,
    Panel,
    Rule,
    Scale,
    around,
    compose,
    escape_texts,
    first_free,
)
from portal.charts.text_metrics import text_width
from portal.core import periods
from portal.core.text import listed, lower_first, number, upper_first

_STEPS = 40  # points of a curve
_WORDS = "unusual for a place like this"


def funnel_chart(funnel: Funnel, kind: str) -> Chart:
    """Return the funnel of areas of a kind, such as “ward”, from A to Z in its table."""
    indicator, newest = funnel.indicator, funnel.points[0].figure
    period = periods.label("rolling-months", newest.period_start, newest.period_end)
    points = sorted(funnel.points, key=lambda p: p.area.name)
    rates = [p.rate.value for p in points]
    return Chart(
        draw=lambda width: escape_texts(draw_funnel(funnel, width)),
        headline=_headline(funnel, kind),
        subtitle=f"{upper_first(indicator.unit_label)} per 1,000 people by the number of residents, {period}",
        finding="",
        notes=(
            f"Each dot is a {kind}. Between the curves, rates are usual for places that differ as much as these do. "
            "Small places vary more, so the curves are further apart for them. "
            f"Rates go from {min(rates)} to {max(rates)}.",
            *(f"{p.area.name}: {lower_first(p.caveat)}" for p in points if p.is_unusual and p.caveat),
        ),
        table=ChartTable(
            caption=f"{indicator.short_title}: rates and what is usual, {period}",
            columns=(upper_first(kind), "Number", "Residents", "Per 1,000 people", "Usual", "Compared"),
            rows=tuple(_row(funnel, p) for p in points),
            notes=(),
        ),
    )


def compared_in_words(point: FunnelPoint) -> str:
    """Return whether an area is unusual, in the standard words."""
    if not point.is_unusual:
        return "Usual"
    return f"{'High' if point.z > 0 else 'Low'}: {_WORDS}"


def _headline(funnel: Funnel, kind: str) -> str:
    found = funnel.unusual
    subject = funnel.indicator.short_title
    if not found:
        return f"{subject}: no {kind} has an unusual rate for a place like this"
    named = [
        f"{side} in {listed(names)}"
        for side, names in (
            ("high", sorted(p.area.name for p in found if p.z > 0)),
            ("low", sorted(p.area.name for p in found if p.z < 0)),
        )
        if names
    ]
    return f"{subject}: {' and '.join(named)}, {_WORDS}"


def _row(funnel: Funnel, point: FunnelPoint) -> tuple[str, ...]:
    low, high = funnel.limits(point.population)
    return (
        point.area.name,
        number(point.count),
        number(point.population),
        str(point.rate.value),
        f"{low:.1f} to {high:.1f}",
        compared_in_words(point),
    )


def draw_funnel(funnel: Funnel, width: int) -> Figure:
    """Draw the dots, the common rate, and the limits for 95% and 99.8% of areas."""
    is_wide = width == style.WIDE
    low, high = _ends_of_populations(funnel)
    along = [low + (high - low) * n / _STEPS for n in range(_STEPS + 1)]
    curves = _limits(funnel, along)
    top = max([float(p.rate.value) for p in funnel.points] + [v for _, curve in curves for v in curve])
    ends = axes.value_ends([0.0, top])
    ticks = axes.value_ticks(*ends, 5)
    box = Box(
        max(text_width(t, style.TICK) for t in axes.tick_texts(ticks)) + 12,
        10,
        width - 12,
        330 if is_wide else 300,
    )
    x, y = Scale(low, high, box.left, box.right), Scale(*ends, box.bottom, box.top)
    panel = Panel(
        box=box,
        x=x,
        y=y,
        x_axis=_residents_axis(low, high, 6 if is_wide else 3),
        y_axis=axes.value_axis(ticks, axes.tick_texts(ticks), ends),
    )
    common = 1000 * funnel.rate
    marks = [Rule((box.left, y(common)), (box.right, y(common)), style.QUIET, 1, "dot")]
    unusual = sorted(funnel.unusual, key=lambda p: -abs(p.z))
    traces = [
        *(_curve(along, curve, is_outer=reach == UNUSUAL) for reach, curve in curves),
        _points([p for p in funnel.points if not p.is_unusual], style.CONTEXT),
        _points(unusual, style.OURS),
    ]
    height = box.bottom + 2 * style.LINE + 14
    return compose((width, height), [panel], traces, _labels(funnel, unusual, panel), marks)


def _ends_of_populations(funnel: Funnel) -> tuple[float, float]:
    """Return the ends of the axis of residents, a little beyond the smallest and the largest place."""
    people = [p.population for p in funnel.points]
    spare = (max(people) - min(people) or max(people)) * 0.08
    return max(min(people) - spare, 1), max(people) + spare


def _limits(funnel: Funnel, along: Sequence[float]) -> list[tuple[float, list[float]]]:
    """Return the lower and upper limit of usual and of not unusual rates, each with its rate at every population."""
    return [
        (reach, [funnel.limits(population, reach)[side] for population in along])
        for reach in (USUAL, UNUSUAL)
        for side in (0, 1)
    ]


def _labels(funnel: Funnel, unusual: Sequence[FunnelPoint], panel: Panel) -> list[Label]:
    """Return the name of the axis, and as many names of unusual places and the common rate as there is space for."""
    x, y, box = panel.x, panel.y, panel.box
    axis = Label(
        text="Residents",
        x=box.right,
        y=box.bottom + 2 * style.LINE + 4,
        across="right",
        size=style.SMALL,
        colour=style.QUIET,
    )
    labels = [axis]
    points = [(x(p.population), y(float(p.rate.value))) for p in funnel.points]
    taken = [Box(across - 6, down - 6, across + 6, down + 6) for across, down in points]
    for p in unusual:
        at = (x(p.population), y(float(p.rate.value)))
        label = first_free(
            around(at, p.area.name, size=style.TICK, bold=True, colour=style.OURS, hover=_said(p)), taken, box
        )
        if label:
            labels.append(label)
            taken.append(label.box)
    common = 1000 * funnel.rate
    own = Label(
        text=f"All together: {common:.1f}",
        x=box.right,
        y=y(common) - 3,
        across="right",
        down="bottom",
        size=style.SMALL,
        colour=style.QUIET,
    )
    return labels if any(own.box.touches(t) for t in taken) else [*labels, own]


def _residents_axis(low: float, high: float, most: int) -> Figure:
    step = next(
        s
        for power in range(2, 9)
        for s in (10**power, 2 * 10**power, 5 * 10**power)
        if (high - low) / s <= most
    )
    ticks = [step * n for n in range(math.ceil(low / step), math.floor(high / step) + 1)]
    texts = [number(int(t)) for t in ticks]
    return {"range": [low, high], "tickvals": ticks, "ticktext": texts, "showgrid": False}


def _curve(along: Sequence[float], curve: Sequence[float], *, is_outer: bool) -> Figure:
    share = "99.8%" if is_outer else "95%"
    return {
        "type": "scatter",
        "mode": "lines",
        "x": list(along),
        "y": list(curve),
        "line": {
            "color": style.QUIET if is_outer else style.GRID,
            "width": 1.5 if is_outer else 1,
            "dash": "solid",
        },
        "hoverinfo": "skip",
        "name": f"Limit for {share}",
    }


def _points(points: Sequence[FunnelPoint], colour: str) -> Figure:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [p.population for p in points],
        "y": [float(p.rate.value) for p in points],
        "cliponaxis": False,
        "marker": {"size": 10, "color": colour, "opacity": 1, "symbol": "circle"},
        "customdata": [_said(p) for p in points],
        "hovertemplate": "%{customdata}<extra></extra>",
    }


def _said(point: FunnelPoint) -> str:
    return f"{point.area.name}: {point.rate.value} per 1,000, {number(point.population)} residents. {compared_in_words(point)}"
