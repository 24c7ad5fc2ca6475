"""Find figures that were worked out from a withheld count together with others: an index, a mean of years, a share, a rank.

`other_measures` tries what says the count by itself. Here readers need a second figure: the count of the year that an index
is 100 in, the other year of a mean, the part of which a share is published, or the wards that rank before and after.

The chance that unrelated numbers fit is estimated in the same way. One place alone says little of a multiple, so the number
that follows must also be whole: of 21,000 pounds at 3,000 a case, one unrelated amount in 3,000 is.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise, product
from math import ceil, factorial, floor, inf, prod

from portal.core.model import Observation
from portal.core.small_counts import minimum_for
from portal.core.vocabulary import Unit
from portal.disclosure import measure_words
from portal.disclosure.addends import Slot, slot
from portal.disclosure.other_measures import (
    MeasureSearch,
    Name,
    OtherMeasure,
    chance_of_repeating,
    common_ratio,
)

_DAY = timedelta(days=1)
_SLACK = 1e-9
_MOST_YEARS = 5  # of a mean
_FEWEST_RANKED = 4  # published figures that a rank must put in the right order
_SURE = 0.1  # one place proves so little that chance must be this small


@dataclass(frozen=True)
class DerivedSearch:
    """The figures in which to look for what was worked out from withheld counts; `measures` reads what is published."""

    measures: MeasureSearch

    def found(self, o: Observation) -> Iterator[OtherMeasure]:
        """Yield every series that looks as if it was worked out from a withheld count and other published figures."""
        yield from self.multiples_of_one(o)
        yield from self.means(o)
        yield from self.wholes(o)
        yield from self.ranks(o)

    def _least(self, o: Observation) -> int:
        return minimum_for(self.measures.content, self.measures.policy, o)

    def _own(self, o: Observation) -> Mapping[Slot, tuple[float, float]]:
        return self.measures.series.get((o.indicator, o.part), {})

    # --- an index, or a cost of each

    def multiples_of_one(self, o: Observation) -> Iterator[OtherMeasure]:
        """Yield series that one published count shows to be its multiple: an index, or pounds at so much a case."""
        own, others, least = self._own(o), self.measures.others(o), self._least(o)
        for name in others:
            values = self.measures.series[name]
            for shared in self._shared(own, values, o):
                pairs = [(own[s][0], *values[s]) for s in shared]
                ratios = common_ratio(pairs)
                if ratios is None or len({a for a, _, _ in pairs}) > 1:
                    continue  # of more places `other_measures` knows more
                count, base, _ = pairs[0]
                value, half = values[slot(o)]
                low, high = max(value - half, 0) / ratios[1], (value + half) / ratios[0]
                if base == count or value < 0 or not _holds_small(low, high, least):
                    continue
                width = max(high - low, _step(count, base, 2 * half or 1.0))
                chance = len(others) * min(1, least / count) * min(1, width)
                if self._is_index(name, values, shared):
                    yield OtherMeasure(name, "an index of this count", 0, len(others), least=low)
                else:
                    # Of two counts, one is often a fraction of the other.
                    is_likely = chance < _SURE and not self.measures.counts(name[0])
                    words = "a fixed multiple of this count"
                    yield OtherMeasure(
                        name, words, chance if is_likely else None, len(others), needs_chance=True
                    )
                break

    @staticmethod
    def _shared(
        own: Mapping[Slot, tuple[float, float]], values: Mapping[Slot, tuple[float, float]], o: Observation
    ) -> Iterator[list[Slot]]:
        """Yield the places in which both series are above zero: of all areas, and of the figure's own."""
        shared = [s for s, (a, _) in own.items() if a > 0 and s in values and values[s][0] > 0]
        here = [s for s in shared if s[0] == o.area]
        yield from (places for places in (shared, here) if places)

    def _is_index(self, name: Name, values: Mapping[Slot, tuple[float, float]], shared: list[Slot]) -> bool:
        """Return True if a series calls itself an index and is 100 in one of the places."""
        return self._says(name, measure_words.INDEX) and any(values[s][0] == 100 for s in shared)

    def _says(self, name: Name, wanted: re.Pattern[str]) -> bool:
        """Return True if what a series is called has one of some words."""
        return measure_words.says(self.measures.content.indicators[name[0]], wanted)

    # --- a mean of years

    def means(self, o: Observation) -> Iterator[OtherMeasure]:
        """Yield series whose figures are means of this count over several periods, of which the others are published."""
        own, least = self._own(o), self._least(o)
        others = [n for n in self.measures.counts_of(o.area) if n != (o.indicator, o.part)]
        windows, place = self._windows(o), slot(o)
        for number, of_window in product(range(2, _MOST_YEARS + 1), (_covered, _last)):
            of_these = {of_window(w): w for w in windows[number]}
            here = {p for p, w in of_these.items() if place in w and sum(s in own for s in w) == number - 1}
            for name in others if here else ():
                values = self.measures.series[name]
                if here.isdisjoint(values):
                    continue
                # Without decimals, a mean may have been rounded.
                rounded = 0.5 if all(v % 1 == 0 for v, _ in values.values()) else 0.0
                left: list[float] = []
                known: list[tuple[float, float]] = []
                fits, slack = True, 0.0
                for at in of_these.keys() & values.keys():
                    value, half = values[at][0], values[at][1] or rounded
                    total = sum(own[s][0] for s in of_these[at] if s in own)
                    if at in here:
                        left.append(number * value - total)
                        slack = max(slack, number * half + _SLACK)
                    elif all(s in own for s in of_these[at]):
                        known.append((total / number, half))
                        fits &= abs(number * value - total) <= number * half + _SLACK
                # A count of the same name and period is more often the count in another source than a mean of it.
                if not known and of_window is _last and not self._says(name, measure_words.MEAN):
                    continue
                if fits and 2 * slack < least and any(-slack <= x < least for x in left):
                    odds = (chance_of_repeating(mean, mean, half) for mean, half in known)
                    chance = 2 * _MOST_YEARS * len(others) * prod(odds) if known else None
                    words = f"the mean of this count over {number} periods"
                    yield OtherMeasure(name, words, chance, len(others))

    def _windows(self, o: Observation) -> Mapping[int, list[list[Slot]]]:
        """Return the places of this count's own series that follow each other without a gap, by how many they are."""
        rows = [
            f
            for f in self.measures.content.observations[o.indicator]
            if (f.area, f.part) == (o.area, o.part) and f.period_start and f.period_end
        ]
        by_start = {f.period_start: f for f in sorted(rows, key=_length)}
        windows: dict[int, list[list[Slot]]] = defaultdict(list)
        for first in rows:
            window, last = [slot(first)], first
            while len(window) < _MOST_YEARS:
                after = by_start.get(last.period_end + _DAY) if last.period_end else None
                if after is None or abs(_length(after) - _length(first)) > 3:
                    break
                window, last = [*window, slot(after)], after
                windows[len(window)].append(window)
        return windows

    # --- the whole of a share

    def wholes(self, o: Observation) -> Iterator[OtherMeasure]:
        """Yield percentages that say which share of this count a published part of it is."""
        own, place, least = self._own(o), slot(o), self._least(o)
        here = [n for n in self.measures.beside.get(place, ()) if n != (o.indicator, o.part)]
        indicators = self.measures.content.indicators
        parts = [n for n in here if indicators[n[0]].unit == Unit.COUNT]
        percentages = [n for n in here if indicators[n[0]].unit == Unit.PERCENT]
        tried = len(parts) * len(percentages)
        for name in percentages:
            values = self.measures.series[name]
            value, half = values[place]
            for part in parts:
                pieces = self.measures.series[part]
                piece = pieces[place][0]
                if not 0 < value <= 100 or piece <= 0 or value <= half:
                    continue
                low, high = 100 * piece / (value + half), 100 * piece / (value - half)
                if not _holds_small(low, high, least):
                    continue
                shared = [s for s in own if s in values and s in pieces and own[s][0] > 0]
                fits = [
                    abs(100 * pieces[s][0] / own[s][0] - values[s][0]) <= values[s][1] + _SLACK
                    for s in shared
                ]
                if all(fits):
                    odds = (min(1, 2 * values[s][1] / (values[s][0] + 2 * values[s][1])) for s in shared)
                    chance = tried * prod(odds) if shared else None
                    yield OtherMeasure(
                        name, "the share that is, of this count,", chance, tried, part, relation=""
                    )

    # --- a rank

    def ranks(self, o: Observation) -> Iterator[OtherMeasure]:
        """Yield series that rank areas by this count and put it between two published ones that are close together."""
        areas, own, place = self.measures.content.areas, self._own(o), slot(o)
        alike = {
            a.code for a in areas.values() if (a.kind, a.parent) == (areas[o.area].kind, areas[o.area].parent)
        }
        others = self.measures.others(o)
        for name in others:
            rank_of = {
                s[0]: v
                for s, (v, _) in self.measures.series[name].items()
                if s[1:] == place[1:] and s[0] in alike
            }
            ranks = sorted(rank_of.values())
            if (
                len(set(ranks)) < len(ranks)
                or not ranks
                or ranks[0] < 1
                or ranks[-1] > len(alike)
                or any(r % 1 for r in ranks)
            ):
                continue
            counts = {a: own[a, *place[1:]][0] for a in rank_of if (a, *place[1:]) in own}
            if len(set(counts.values())) < _FEWEST_RANKED:
                continue
            for sign in (1, -1):
                order = sorted(counts, key=lambda a: sign * rank_of[a])
                if any(counts[a] < counts[b] for a, b in pairwise(order)):
                    continue
                before = [counts[a] for a in order if sign * rank_of[a] < sign * rank_of[o.area]]
                after = [counts[a] for a in order if sign * rank_of[a] > sign * rank_of[o.area]]
                if min(before, default=inf) - max(after, default=0) < self._least(o) - 1 and before and after:
                    chance = 2 * len(others) / factorial(len(set(counts.values())))
                    yield OtherMeasure(name, "the rank of this count", chance, len(others), needs_chance=True)


def _covered(window: list[Slot]) -> Slot:
    """Return the whole time of several periods."""
    return (window[0][0], window[0][1], window[-1][2])


def _last(window: list[Slot]) -> Slot:
    return window[-1]


def _length(o: Observation) -> int:
    assert isinstance(o.period_start, date) and isinstance(o.period_end, date)  # noqa: S101, PT018
    return (o.period_end - o.period_start).days


def _holds_small(low: float, high: float, least: int) -> bool:
    """Return True if the numbers between two limits are few, and the whole ones among them are small."""
    smallest, largest = ceil(low - _SLACK), floor(high + _SLACK)
    return high - low < least - 1 and smallest <= largest and smallest < least


def _step(count: float, base: float, unit: float) -> float:
    """Return the chance that a value in steps of `unit` stands for a whole number, if `base` stands for `count`."""
    each = (
        Fraction(count).limit_denominator(10**6)
        * Fraction(unit).limit_denominator(10**6)
        / Fraction(base).limit_denominator(10**6)
    )
    return 1 / each.denominator
