"""Find other measures of a withheld count that no table relates to it: a multiple, a share of a whole, a rise, a rounding.

Readers know the count from a mean a month, the pounds spent on each case or a percentage of a published whole as well
as from the count itself. Every series of figures, in any unit, is tried against the published values of the withheld
count's own series. It fits if it agrees with them wherever both are published, within its rounding.

The chance that an unrelated series fits is estimated as `addends` does: the first value could be any from 0 to its
size, and later ones vary by the spread of counts of that size. A multiple is only known from its first value.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import product
from math import gcd, pi, prod, sqrt

from portal.core.model import Content, Observation
from portal.core.settings import SmallCountSettings
from portal.core.small_counts import minimum_for, top_total
from portal.core.vocabulary import Unit
from portal.disclosure.addends import Slot, slot

Name = tuple[str, str]  # an indicator and a part of its breakdown
_ROUNDING = 1e-9
_LEAST_SHARED = 3  # places in which a series must be a rounding, or differ by a fixed number
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class OtherMeasure:
    """A series that looks like another measure of a withheld count.

    `chance` is the expected number of series that would fit as well by chance, `beside` the number that were tried.
    It is None if no place could be compared, so that only the names can tell. `whole` is the count of which it would be a
    share, or its part, as `relation` says. If `needs_chance` is True, few numbers beside it are not enough to be sure.
    `least` is the smallest count that it would show, where that is worked out. If `is_named` is True, its name says enough.
    """

    name: Name
    words: str
    chance: float | None
    beside: int
    whole: Name | None = None
    relation: str = "in"
    needs_chance: bool = False
    least: float | None = None
    is_named: bool = False


@dataclass(frozen=True)
class MeasureSearch:
    """The published figures in which to look for other measures of withheld counts."""

    content: Content
    policy: SmallCountSettings

    @cached_property
    def series(self) -> Mapping[Name, dict[Slot, tuple[float, float]]]:
        """Return each published value with half the unit of its last digit, by indicator and part and by place."""
        series: dict[Name, dict[Slot, tuple[float, float]]] = defaultdict(dict)
        for figures in self.content.observations.values():
            for o in figures:
                if o.value is not None:
                    half = 0.0 if self.counts(o.indicator) and o.value % 1 == 0 else (
                        10.0 ** int(Decimal(o.value).as_tuple().exponent) / 2
                    )  # fmt: skip
                    series[o.indicator, o.part][slot(o)] = float(o.value), half
        return series

    @cached_property
    def beside(self) -> Mapping[Slot, list[Name]]:
        """Return the series that are published in each place."""
        names: dict[Slot, list[Name]] = defaultdict(list)
        for name, values in self.series.items():
            for place in values:
                names[place].append(name)
        return names

    def counts(self, indicator: str) -> bool:
        """Return True if an indicator counts something."""
        return self.content.indicators[indicator].unit == Unit.COUNT

    def others(self, o: Observation) -> list[Name]:
        """Return the series published beside a withheld figure, without counts that `part_of` relates to it."""
        root = top_total(self.content, o.indicator)
        return [
            n
            for n in self.beside.get(slot(o), ())
            if not (self.counts(n[0]) and top_total(self.content, n[0]) == root)
        ]

    def counts_of(self, area: str) -> list[Name]:
        """Return the series of counts that are published for an area, in any period."""
        return self._counts_of_area.get(area, [])

    @cached_property
    def _counts_of_area(self) -> Mapping[str, list[Name]]:
        names: dict[str, dict[Name, None]] = defaultdict(dict)
        for name, values in self.series.items():
            if self.counts(name[0]):
                for place in values:
                    names[place[0]][name] = None
        return {area: list(of_area) for area, of_area in names.items()}

    def multiples(self, o: Observation) -> Iterator[OtherMeasure]:
        """Yield the series that are the same multiple of the count, in its area or everywhere."""
        count_values = self.series.get((o.indicator, o.part), {})
        others, least = self.others(o), minimum_for(self.content, self.policy, o)
        for name in others:
            values = self.series[name]
            shared = [s for s in count_values if s in values and count_values[s][0] > 0 and values[s][0] > 0]
            for places in (shared, [s for s in shared if s[0] == o.area]):
                pairs = [(count_values[s][0], *values[s]) for s in places]
                ratios = common_ratio(pairs)
                # Equal counts are copies, and a series that never changes says nothing of a ratio.
                if ratios is None or len({a for a, _, _ in pairs}) < 2:
                    continue
                if self.counts(name[0]) and all(a == x for a, x, _ in pairs):
                    continue
                value, half = values[slot(o)]
                known_within = (value + half) / ratios[0] - (value - half) / ratios[1]
                if value >= 0 and known_within < least:
                    chance = len(others) * prod(
                        chance_of_repeating(a, x, h + pairs[0][2] * a / pairs[0][0]) for a, x, h in pairs[1:]
                    )
                    fewest = (value - half) / ratios[1]
                    yield OtherMeasure(
                        name, "a fixed multiple of this count", chance, len(others), least=fewest
                    )
                    break

    def altered(self, o: Observation) -> Iterator[OtherMeasure]:
        """Yield the series of counts that are the count rounded, or it plus, or taken from, a fixed number."""
        own, place = self.series.get((o.indicator, o.part), {}), slot(o)
        others, least = (
            [n for n in self.others(o) if self.counts(n[0])],
            minimum_for(self.content, self.policy, o),
        )
        for name in others:
            values = self.series[name]
            shared = [(own[s][0], values[s][0]) for s in own if s in values]
            # Two places always have some number between them that one in ten unrelated series repeats.
            if (
                len(shared) < _LEAST_SHARED
                or len({a for a, _ in shared}) < 2
                or all(a == x for a, x in shared)
            ):
                continue
            value, again = values[place][0], prod(chance_of_repeating(a, a, 0.5) for a, _ in shared[1:])
            for sign, words in (
                (1, "this count plus a fixed number"),
                (-1, "a fixed number less this count"),
            ):
                constants = {x - sign * a for a, x in shared}
                if len(constants) == 1 and 0 <= sign * (value - min(constants)) < least:
                    yield OtherMeasure(name, words, 2 * len(others) * again, len(others))
            unit = gcd(*(int(x) for x, _ in values.values() if x % 1 == 0))
            if unit > 1 and all(abs(x - a) <= unit / 2 for a, x in shared):
                fewest, most = max(0.0, value - unit / 2), min(value + unit / 2, least - 1)
                if fewest <= most < fewest + least - 1:
                    chance = len(others) * prod(
                        min(1, (unit + 1) * chance_of_repeating(a, a, 0.5)) for a, _ in shared
                    )
                    yield OtherMeasure(name, "a rounding of this count", chance, len(others))

    def moves(self, o: Observation) -> Iterator[OtherMeasure]:
        """Yield the series of longer periods of which two differ by this count, or by it less another of its own series."""
        own = self.series.get((o.indicator, o.part), {})
        here = {s: v for s, (v, _) in own.items() if s[0] == o.area}
        root, least = top_total(self.content, o.indicator), minimum_for(self.content, self.policy, o)
        others = [w for w in self._windows.get(o.area, ()) if top_total(self.content, w.name[0]) != root]
        for windows in others:
            wanted = windows.difference(here, slot(o))
            if wanted is None or not 0 <= wanted < least:
                continue
            known = [(v, windows.difference(here, s)) for s, v in here.items()]
            shared = [(v, w) for v, w in known if w is not None]
            if all(v == w for v, w in shared):
                chance = (
                    len(others) * prod(chance_of_repeating(v, v, 0.5) for v, _ in shared) if shared else None
                )
                words = "a series whose overlapping periods differ by this count"
                yield OtherMeasure(windows.name, words, chance, len(others))

    @cached_property
    def _windows(self) -> Mapping[str, list["_Windows"]]:
        """Return the counts of each area in periods that share a first or last day, or lie back to back, by area."""
        windows: dict[str, dict[Name, _Windows]] = defaultdict(dict)
        for name, values in self.series.items():
            for (area, start, end), (value, _) in values.items():
                if self.counts(name[0]) and isinstance(start, date) and isinstance(end, date):
                    windows[area].setdefault(name, _Windows(name)).add(start, end, value)
        return {area: list(by_name.values()) for area, by_name in windows.items()}

    def shares(self, o: Observation) -> Iterator[OtherMeasure]:
        """Yield the percentages that are the count's share of a whole published for its area, or the area around it."""
        own, place = self.series.get((o.indicator, o.part), {}), slot(o)
        least = minimum_for(self.content, self.policy, o)
        outer = (self.content.areas[o.area].parent, *place[1:])
        wholes = [
            (n, around)
            for around in (False, True)
            for n in self.beside.get(outer if around else place, ())
            if self.counts(n[0])
        ]
        percentages = [
            n for n in self.beside.get(place, ()) if self.content.indicators[n[0]].unit == Unit.PERCENT
        ]
        tried = len(wholes) * len(percentages)
        for name in percentages:
            values = self.series[name]
            for whole, is_around in wholes:
                totals = {
                    s: t
                    for s in (*own, place)
                    if (
                        t := self.series[whole].get(
                            (self.content.areas[s[0]].parent, *s[1:]) if is_around else s
                        )
                    )
                }
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
                    yield OtherMeasure(name, "the share of this count", chance, tried, whole)

    def rises(self, o: Observation, pairs: Iterable[tuple[Slot, Slot]]) -> Iterator[OtherMeasure]:
        """Yield the series of counts that are the rise in number from the first place of each pair to the second."""
        own, place = self.series.get((o.indicator, o.part), {}), slot(o)
        pairs = list(pairs)
        after = [later for base, later in pairs if place in (base, later)]
        others = {n for later in after for n in self.beside.get(later, ()) if self.counts(n[0])}
        root = top_total(self.content, o.indicator)
        for name in sorted(n for n in others if top_total(self.content, n[0]) != root):
            values = self.series[name]
            known = [(b, s) for b, s in pairs if s in values and b in own and s in own]
            # With one earlier figure, the periods between which a rise is meant are tried too.
            if known and all(own[s][0] - own[b][0] == values[s][0] for b, s in known):
                chance = len(others) * prod(chance_of_repeating(own[b][0], own[b][0], 0.5) for b, _ in known)
                yield OtherMeasure(name, "the rise in number of this count", chance, len(others))


@dataclass(frozen=True)
class _Windows:
    """The counts of one series in one area, by the first and by the last day of their periods."""

    name: Name
    by_start: dict[date, list[tuple[date, float]]] = field(default_factory=lambda: defaultdict(list))
    by_end: dict[date, list[tuple[date, float]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, start: date, end: date, value: float) -> None:
        self.by_start[start].append((end, value))
        self.by_end[end].append((start, value))

    def difference(self, own: Mapping[Slot, float], place: Slot) -> float | None:
        """Return the count of a place from two longer periods, of which one has it at its end or beginning; None if none do.

        What the other period has at its other end must be known too.
        """
        area, start, end = place
        if not (isinstance(start, date) and isinstance(end, date)):
            return None
        # The place is the end of one period, and the other ends where it begins.
        for (a, x), (c, y) in product(self.by_end.get(end, ()), self.by_end.get(start - _DAY, ())):
            dropped = 0.0 if c == a else own.get((area, c, a - _DAY))
            if c <= a < start and dropped is not None:
                return x - y + dropped
        # The place is the beginning of one period, and the other begins where it ends.
        for (b, x), (d, y) in product(self.by_start.get(start, ()), self.by_start.get(end + _DAY, ())):
            added = 0.0 if d == b else own.get((area, b + _DAY, d))
            if d >= b > end and added is not None:
                return x - y + added
        return None


def common_ratio(pairs: list[tuple[float, float, float]]) -> tuple[float, float] | None:
    """Return the least and greatest ratio that every (count, value, half a unit) allows; None if there is none."""
    if not pairs:
        return None
    least, greatest = max((x - h) / a for a, x, h in pairs), min((x + h) / a for a, x, h in pairs)
    return (least, greatest) if 0 < least <= greatest * (1 + _ROUNDING) else None


def chance_of_repeating(count: float, value: float, half: float) -> float:
    """Return the chance that an unrelated value comes within half a unit where one of that size is expected."""
    spread = value * sqrt(2 / max(count, 1))
    return min(1, (2 * half or 1) / (sqrt(2 * pi) * spread)) if spread else 1
