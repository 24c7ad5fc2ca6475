"""Place periods on a time axis, whose unit is a month."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from itertools import pairwise

from portal.core import periods
from portal.core.model import Observation


def position(day: date) -> float:
    """Return the start of a day, in months since year 0."""
    return day.year * 12 + day.month - 1 + (day.day - 1) / periods.month_end(day, 0).day


def span(o: Observation) -> tuple[float, float]:
    """Return the start and end of the period of a figure; (0, 1) for a figure without a period."""
    if o.period_start is None or o.period_end is None:
        return 0.0, 1.0
    return position(o.period_start), position(o.period_end) + 1 / periods.month_end(o.period_end, 0).day


def middle(o: Observation) -> float:
    """Return the middle of the period of a figure, in months."""
    start, end = span(o)
    return (start + end) / 2


def overlap(figures: Sequence[Observation]) -> bool:
    """Return True if a period begins before the previous one has ended."""
    return any(span(b)[0] < span(a)[1] - 0.05 for a, b in pairwise(figures))


def gaps_of(figures: Sequence[Observation]) -> list[bool]:
    """Return, for each figure and the next, True if a period is missing between them.

    If periods overlap, such as rolling 12 months, a period is missing where the step is longer than usual.
    """
    steps = [span(b)[1] - span(a)[1] for a, b in pairwise(figures)]
    usual = Counter(round(s, 2) for s in steps).most_common(1)[0][0] if steps else 0
    rolling = overlap(figures)
    return [
        span(b)[0] > span(a)[1] + 0.05 or (rolling and step > usual + 0.05)
        for (a, b), step in zip(pairwise(figures), steps, strict=True)
    ]
