"""Write the headline of a chart: the longest true comparison, by rules.

1. Years that a break in series separates are never compared. Of what is left, the newest 12 months are compared with
   the year before, with the first year, and with the highest and lowest year between them.
2. A year "rose" or "fell" only by the test of `measures.standing`. The three longer comparisons are tested together, so
   each must hold at a third of the usual level.
3. Of the longer comparisons that hold, the headline uses the one with the largest change.
4. "Levelled off" needs no clear change in the last year, and a difference of at most 5%.
5. A change within two percentage points of a common fraction is given as one: "two-thirds", "nearly two-thirds".
"""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from portal.analysis.changes_in_words import per_cent
from portal.analysis.measures import (
    SMALLEST_BASE,
    Change,
    breaks_of,
    broken,
    compared,
    is_clear_over_years,
    standing,
    yearly,
)
from portal.core import periods
from portal.core.model import Indicator, Observation
from portal.core.text import number
from portal.core.vocabulary import Direction, Polarity
from portal.disclosure.clearing import ClearedContent

_STEADY = Fraction(5, 100)  # a year that differs by no more than this has levelled off
_FRACTIONS = (
    (Fraction(1, 10), "a tenth"), (Fraction(1, 5), "a fifth"), (Fraction(1, 4), "a quarter"), (Fraction(1, 3), "a third"),
    (Fraction(1, 2), "half"), (Fraction(2, 3), "two-thirds"), (Fraction(3, 4), "three-quarters"),
)  # fmt: skip
_NEAR, _EXACT = Fraction(2, 100), Fraction(1, 200)


class _LongChange(NamedTuple):
    """A clear change since an earlier year: up or down, by how much in words, and since when."""

    is_up: bool
    size: str
    since: str


def headline(released: ClearedContent, indicator: Indicator, area: str) -> str:
    """Return the headline of an indicator that is recorded everywhere, in one area; empty if nothing can be compared."""
    years = yearly(released, indicator.id, area)
    breaks = breaks_of(released, indicator.id)
    if not years or years[-1].value is None:
        return ""
    newest = years[-1]
    comparable = [o for o in years if not broken(o, newest, breaks) and o.value is not None]
    name = indicator.short_title
    if len(comparable) < 2:
        cut = next((b for b in reversed(breaks) if newest.period_end and b.date <= newest.period_end), None)
        return f"{name}: not comparable with the years before {periods.month(cut.date)}" if cut else ""
    summary = standing(released, indicator, area)
    year = summary.change if summary else None
    since = _since(released, indicator, comparable)
    if year is None or not year.direction:
        return ""
    if indicator.polarity == Polarity.POLICE_ACTIVITY:
        return _recorded(name, year)
    if year.direction == Direction.NO_CLEAR_CHANGE:
        return _steady(name, year, since)
    is_up = year.direction == Direction.ROSE
    begin = f"{name}: {_way(is_up)} by {_size(year)} in a year"
    if since is None:
        return begin
    if since.is_up == is_up:
        return f"{begin}, and by {since.size} since {since.since}"
    return f"{begin}, but still {_way(since.is_up)} by {since.size} since {since.since}"


def _way(is_up: bool) -> str:
    return "up" if is_up else "down"


def _steady(name: str, year: Change, since: _LongChange | None) -> str:
    """Return the headline for a year without a clear change."""
    if since is None:
        return f"{name}: no clear change in a year"
    earlier = Fraction(year.earlier.value or 0)
    if earlier and abs(Fraction(year.difference)) <= _STEADY * earlier:
        return f"{name}: levelled off after a {'rise' if since.is_up else 'fall'} of {since.size} since {since.since}"
    return (
        f"{name}: {_way(since.is_up)} by {since.size} since {since.since}, no clear change in the last year"
    )


def _recorded(name: str, year: Change) -> str:
    """Return the headline for what the police find themselves: how much more or less they recorded."""
    if year.direction == Direction.NO_CLEAR_CHANGE:
        return f"{name}: no clear change in the number recorded"
    more = "more" if year.direction == Direction.ROSE else "fewer"
    return f"{name}: {_size(year, in_fractions=False)} {more} recorded than a year before"


def _since(
    released: ClearedContent, indicator: Indicator, comparable: Sequence[Observation]
) -> _LongChange | None:
    """Return the largest clear change since the first, highest or lowest earlier year; None if none is clear."""
    before, newest = comparable[:-2], comparable[-1]
    if not before:
        return None
    starts = dict.fromkeys((before[0], max(before, key=_value), min(before, key=_value)))
    changes = [c for o in starts if (c := compared(released, indicator, o, newest, newest=True))]
    clear = [c for c in changes if is_clear_over_years(c)]
    if not clear:
        return None
    largest = max(clear, key=lambda c: abs(c.difference))
    end = largest.earlier.period_end
    return _LongChange(largest.difference > 0, _size(largest), str(end.year) if end else "")


def _value(o: Observation) -> Decimal:
    return o.value or Decimal(0)


def _size(change: Change, *, in_fractions: bool = True) -> str:
    """Return the size of a change in words: a fraction, whole per cent, or a number if the earlier count is small."""
    earlier = change.earlier.value
    if not earlier or earlier < SMALLEST_BASE:
        return number(abs(change.difference))
    share = Fraction(change.difference) / Fraction(earlier)
    return in_words(share) if in_fractions else per_cent(share * 100)


def in_words(share: Fraction) -> str:
    """Return the size of a change as a common fraction if it is within two percentage points: `nearly two-thirds`.

    Otherwise return it in whole per cent. A share below zero is a fall.
    """
    fraction, words = min(_FRACTIONS, key=lambda pair: abs(pair[0] - abs(share)))
    distance = abs(share) - fraction
    if abs(distance) > _NEAR or (fraction == Fraction(1, 10) and abs(distance) > _EXACT):
        return per_cent(share * 100)
    if abs(distance) <= _EXACT:
        return words
    return f"nearly {words}" if distance < 0 else f"just over {words}"
