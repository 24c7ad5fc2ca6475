"""Choose the ends, ticks and names of the axes of charts: of values, and of time."""

import calendar
import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from portal.charts import style
from portal.charts.grammar import Figure
from portal.charts.text_metrics import text_width
from portal.core.text import MINUS


def value_ends(values: Iterable[float | None]) -> tuple[float, float]:
    """Return the ends of an axis that includes zero and all values; None is no value."""
    known = [float(v) for v in values if v is not None]
    low, high = min([0.0, *known]), max([0.0, *known])
    return (low, high) if low < high else (0.0, 1.0)


def value_ticks(low: float, high: float, most: int, *, whole: bool = False) -> list[float]:
    """Return round numbers within an axis: the smallest step of 1, 2 or 5 times a power of ten that needs at most `most` steps.

    With `whole`, a step is at least 1, as for counts.
    """
    size = high - low
    power = 10.0 ** math.floor(math.log10(size / most))
    step = next(m * power for m in (1, 2, 5, 10, 20) if size / (m * power) <= most)
    step = max(step, 1.0) if whole else step
    return [n * step for n in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def tick_texts(ticks: Sequence[float], before: str = "", after: str = "") -> list[str]:
    """Return ticks as text, all with the same decimals, thousands commas and a true minus sign."""
    steps = [abs(b - a) for a, b in pairwise(ticks)] or [1.0]
    decimals = max(0, -math.floor(math.log10(min(steps)) + 1e-9))
    return [f"{MINUS if t < 0 else ''}{before}{abs(t):,.{decimals}f}{after}" for t in ticks]


def value_axis(ticks: Sequence[float], texts: Sequence[str], ends: tuple[float, float]) -> Figure:
    """Return the settings of an axis of values: light grid lines, and a dark line at zero where values are on both sides."""
    return {
        "tickvals": list(ticks),
        "ticktext": list(texts),
        "showgrid": True,
        "gridcolor": style.GRID,
        "gridwidth": 1,
        "zeroline": True,
        "zerolinecolor": style.INK if ends[0] < 0 else style.QUIET,
        "zerolinewidth": 2 if ends[0] < 0 else 1,
    }


_TIME_STEPS = (12, 24, 60, 120, 240, 600, 36, 48, 96, 180, 6, 3, 1)  # in months; whole years are tried first
_FEWEST_TICKS = 3


class TimeTick(NamedTuple):
    """A label on a time axis, and its place in months since year 0."""

    at: float
    text: str


def time_ticks(low: float, high: float, pixels: float) -> list[TimeTick]:
    """Return the labels of a time axis in months: years at 1 January, or months if fewer than three years fit.

    Labels are at least a third of a label apart.
    """
    best: list[TimeTick] = []
    for step in _TIME_STEPS:
        ticks = [
            TimeTick(at, str(at // 12) if step >= 12 else _month(at))
            for at in range(math.ceil(low / step - 1e-9) * step, math.floor(high + 1e-9) + 1, step)
        ]
        label = text_width("2026", style.TICK)
        fits = step / (high - low) * pixels >= label * 1.3
        if fits and len(ticks) > len(best):
            best = ticks
        if len(best) >= _FEWEST_TICKS:
            return best
    return _ends_and_middle(low, high) if high - low > 1 else best


def _month(at: int) -> str:
    """Return the label of a month, counted since year 0: its name over its year."""
    return f"{calendar.month_abbr[at % 12 + 1]}<br>{at // 12}"


def _ends_and_middle(low: float, high: float) -> list[TimeTick]:
    """Return three months as labels: near the start, in the middle and near the end."""
    places = [math.floor(low + (high - low) * share) for share in (0.1, 0.5, 0.9)]
    return [TimeTick(at + 0.5, _month(at)) for at in dict.fromkeys(places)]
