"""Find other measures of a withheld count that no table relates to it: a fixed multiple, a share of a whole, a rise.

Readers know the count from a mean a month, the pounds spent on each case or a percentage of a published whole as well
as from the count itself. Every series of figures, in any unit, is tried against the published values of the withheld
count's own series. It fits if it agrees with them wherever both are published, within its rounding.

The chance that an unrelated series fits is estimated as `addends` does: the first value could be any from 0 to its
size, and later ones vary by the spread of counts of that size. A multiple is only known from its first value.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from math import pi, prod, sqrt

from portal.core.model import Content, Observation
from portal.core.settings import SmallCountSettings
from portal.core.small_counts import minimum_for, top_total
from portal.core.vocabulary import Unit
from portal.disclosure.addends import Slot, slot

Name = tuple[str, str]  # an indicator and a part of its breakdown
_ROUNDING = 1e-9


@dataclass(frozen=True)
class OtherMeasure:
    """A series that looks like another measure of a withheld count.

    `chance` is the expected number of series that would fit as well by chance, `beside` the number that were tried.
    It is None if no place could be compared, so that only the names can tell. `whole` is the count of which it would be a share.
    """

    name: Name
    words: str
    chance: float | None
    beside: int
    whole: Name | None = None


@dataclass(frozen=True)
class MeasureSearch:
    """The published figures in which to look for other measures of withheld counts."""

    content: Content
    policy: SmallCountSettings

    @cached_property
    def _series(self) -> Mapping[Name, dict[Slot, tuple[float, float]]]:
        """Return each published value with half the unit of its last digit, by indicator and part and by place."""
        series: dict[Name, dict[Slot, tuple[float, float]]] = defaultdict(dict)
        for figures in self.content.observations.values():
            for o in figures:
                if o.value is not None:
                    half = 0.0 if self._counts(o.indicator) and o.value % 1 == 0 else (
                        10.0 ** int(Decimal(o.value).as_tuple().exponent) / 2
                    )  # fmt: skip
                    series[o.indicator, o.part][slot(o)] = float(o.value), half
        return series

    @cached_property
    def _beside(self) -> Mapping[Slot, list[Name]]:
        names: dict[Slot, list[Name]] = defaultdict(list)
        for name, values in self._series.items():
            for place in values:
                names[place].append(name)
        return names

    def _counts(self, indicator: str) -> bool:
        return self.content.indicators[indicator].unit == Unit.COUNT

    def _others(self, o: Observation) -> list[Name]:
        """Return the series published beside a withheld figure, without counts that `part_of` relates to it."""
        root = top_total(self.content, o.indicator)
        return [
            n
            for n in self._beside.get(slot(o), ())
            if not (self._counts(n[0]) and top_total(self.content, n[0]) == root)
        ]

    def multiples(self, o: Observation) -> Iterator[OtherMeasure]:
        """Yield the series that are the same multiple of the count, in its area or everywhere."""
        count_values = self._series.get((o.indicator, o.part), {})
        others, least = self._others(o), minimum_for(self.content, self.policy, o)
        for name in others:
            values = self._series[name]
            shared = [s for s in count_values if s in values and count_values[s][0] > 0 and values[s][0] > 0]
            for places in (shared, [s for s in shared if s[0] == o.area]):
                pairs = [(count_values[s][0], *values[s]) for s in places]
                ratios = _common_ratio(pairs)
                # Equal counts are copies, and a series that never changes says nothing of a ratio.
                if ratios is None or len({a for a, _, _ in pairs}) < 2:
                    continue
                if self._counts(name[0]) and all(a == x for a, x, _ in pairs):
                    continue
                value, half = values[slot(o)]
                known_within = (value + half) / ratios[0] - (value - half) / ratios[1]
                if value >= 0 and known_within < least:
                    chance = len(others) * prod(
                        _again(a, x, h + pairs[0][2] * a / pairs[0][0]) for a, x, h in pairs[1:]
                    )
                    yield OtherMeasure(name, "a fixed multiple", chance, len(others))
                    break

    def shares(self, o: Observation) -> Iterator[OtherMeasure]:
        """Yield the percentages that are the count's share of a whole published beside it."""
        own, place = self._series.get((o.indicator, o.part), {}), slot(o)
        least = minimum_for(self.content, self.policy, o)
        beside = self._beside.get(place, ())
        wholes = [n for n in beside if self._counts(n[0])]
        percentages = [n for n in beside if self.content.indicators[n[0]].unit == Unit.PERCENT]
        tried = len(wholes) * len(percentages)
        for name in percentages:
            values = self._series[name]
            for whole in wholes:
                totals = self._series[whole]
                if totals[place][0] * 2 * values[place][1] / 100 >= least:
                    continue
                shared = [s for s in own if s in values and s in totals and totals[s][0] > 0]
                fits = [
                    abs(100 * own[s][0] / totals[s][0] - values[s][0]) <= values[s][1] + _ROUNDING
                    for s in shared
                ]
                if all(fits):
                    odds = (min(1, 2 * values[s][1] / (values[s][0] + 2 * values[s][1])) for s in shared)
                    chance = tried * prod(odds) if shared else None
                    yield OtherMeasure(name, "the share", chance, tried, whole)

    def rises(self, o: Observation, pairs: Iterable[tuple[Slot, Slot]]) -> Iterator[OtherMeasure]:
        """Yield the series of counts that are the rise in number from the first place of each pair to the second."""
        own, place = self._series.get((o.indicator, o.part), {}), slot(o)
        pairs = list(pairs)
        after = [later for base, later in pairs if place in (base, later)]
        others = {n for later in after for n in self._beside.get(later, ()) if self._counts(n[0])}
        root = top_total(self.content, o.indicator)
        for name in sorted(n for n in others if top_total(self.content, n[0]) != root):
            values = self._series[name]
            known = [(b, s) for b, s in pairs if s in values and b in own and s in own]
            # With one earlier figure, the periods between which a rise is meant are tried too.
            if known and all(own[s][0] - own[b][0] == values[s][0] for b, s in known):
                chance = len(others) * prod(_again(own[b][0], own[b][0], 0.5) for b, _ in known)
                yield OtherMeasure(name, "the rise in number", chance, len(others))


def _common_ratio(pairs: list[tuple[float, float, float]]) -> tuple[float, float] | None:
    """Return the least and greatest ratio that every (count, value, half a unit) allows; None if there is none."""
    if not pairs:
        return None
    least, greatest = max((x - h) / a for a, x, h in pairs), min((x + h) / a for a, x, h in pairs)
    return (least, greatest) if 0 < least <= greatest * (1 + _ROUNDING) else None


def _again(count: float, value: float, half: float) -> float:
    """Return the chance that an unrelated value comes within half a unit where one of that size is expected."""
    spread = value * sqrt(2 / max(count, 1))
    return min(1, (2 * half or 1) / (sqrt(2 * pi) * spread)) if spread else 1
