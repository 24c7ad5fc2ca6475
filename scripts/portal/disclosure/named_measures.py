"""Find measures that name a withheld count and leave a small number for it, although no other figure shows that they fit.

A name that has the words of the withheld subject and a word such as “fewer than the year before”, “gap”, “average” or “except”
says how the measure was worked out. We work that out backwards. If the count would be small, that is enough to ask: we do not
wait for a second year as proof. If the same calculation gives a wrong number where the count is published, it does not apply.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from math import ceil, floor

from portal.core import text
from portal.core.model import Area, Indicator, Observation
from portal.core.small_counts import minimum_for, top_total
from portal.core.vocabulary import Unit
from portal.disclosure import measure_words as words
from portal.disclosure.addends import Slot, slot
from portal.disclosure.other_measures import MeasureSearch, Name, OtherMeasure

Pairs = Sequence[tuple[Slot, Slot]]
Span = tuple[float, float]
_SLACK = 1e-6
_SHORTEST = 4  # letters of a word that can stand for the name of a ward
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")


@dataclass(frozen=True)
class NamedSearch:
    """The figures in which to look for measures that name a withheld count; `measures` reads what is published."""

    measures: MeasureSearch

    def found(self, o: Observation, pairs: Pairs) -> Iterator[OtherMeasure]:
        """Yield measures from which a withheld count follows by the calculation that their names say.

        `pairs` are the places of the count's own series with those of the figures before them.
        """
        place, least = slot(o), minimum_for(self.measures.content, self.measures.policy, o)
        around = self._around(place)
        later = [after for before, after in pairs if before == place]
        beside = [n for at in (place, around, *later) for n in self.measures.beside.get(at, ())]
        for name in sorted({self._whole_series(o, n) for n in beside}):
            is_named = self._names(o, name)
            if not is_named and not self._has_parts_of(o, name):
                continue
            one = _OneMeasure(self.measures, name, (o.indicator, o.part), tuple(pairs), is_named)
            own = one.own
            for how, spans in one.counts(place, own).items():
                if not any(is_small(low, high, least) for low, high in spans):
                    continue
                checks = [(v, one.counts(s, own).get(how, ())) for s, v in own.items()]
                if all(any(low - _SLACK <= v <= high + _SLACK for low, high in c) for v, c in checks if c):
                    yield OtherMeasure(name, how, None, 0, is_named=True)

    def undated(self, o: Observation) -> Iterator[OtherMeasure]:
        """Yield figures without a period that name a withheld count and would make it small: their period can be this one."""
        own = {s: v for s, (v, _) in self.measures.series.get((o.indicator, o.part), {}).items()}
        here = [v for s, v in own.items() if s[0] == o.area]
        years = {str(d.year) for d in (o.period_start, o.period_end) if d}
        for name in self.measures.beside.get((o.area, None, None), ()):
            indicator = self.measures.content.indicators[name[0]]
            stated = set(_YEAR.findall(f"{indicator.title} {name[1]}"))
            can_refer = not stated or not years or stated & years
            if not self._names(o, name, any_part=True) or o.part not in ("", name[1]) or not can_refer:
                continue
            if self._leaves_small(o, indicator, *self.measures.series[name][o.area, None, None], here):
                words_ = "this count, or its rate or change, for a period that is not stated"
                yield OtherMeasure(name, words_, None, 0, is_named=True)

    def _names(self, o: Observation, name: Name, *, any_part: bool = False) -> bool:
        """Return True if a series of another family has all words of the count's subject in its name."""
        content = self.measures.content
        if top_total(content, name[0]) == top_total(content, o.indicator):
            return False
        own, title = (text.subject_words(content.indicators[i].title) for i in (o.indicator, name[0]))
        return bool(own) and own <= title and (any_part or bool(o.part) or not name[1])

    def _whole_series(self, o: Observation, name: Name) -> Name:
        """Return a series, and for percentages of other parts than a figure's their indicator as a whole."""
        is_share = self.measures.content.indicators[name[0]].unit == Unit.PERCENT
        return (name[0], "") if o.part and is_share and name[1] != o.part else name

    def _has_parts_of(self, o: Observation, name: Name) -> bool:
        """Return True if percentages are of two or more parts that the count's own breakdown has, in the same place."""
        series, place = self.measures.series, slot(o)
        if not o.part or name[1] or self.measures.content.indicators[name[0]].unit != Unit.PERCENT:
            return False
        both = (p for i, p in self.measures.beside.get(place, ()) if i == name[0] and place in series.get((o.indicator, p), ()))  # fmt: skip
        return len([p for p in both if p != o.part]) > 1

    def _around(self, place: Slot) -> Slot:
        return (self.measures.content.areas[place[0]].parent, *place[1:])

    def _leaves_small(
        self, o: Observation, indicator: Indicator, value: float, half: float, here: list[float]
    ) -> bool:
        """Return True if a figure without a period leaves a small count, and no published count of the area explains it."""
        least = minimum_for(self.measures.content, self.measures.policy, o)
        unit = words.measured(indicator)
        if unit == Unit.COUNT:
            return 0 <= value < least and value not in here
        if unit == Unit.PER_1000:
            population = self.measures.content.populations.get(o.area)
            if not population:
                return True
            each = population.population / words.people_per_rate(indicator)
            is_explained = any(abs(v / each - value) <= half + 0.06 for v in here)
            return not is_explained and is_small((value - half) * each, (value + half) * each, least)
        if unit == Unit.PERCENT_CHANGE or (unit == Unit.PERCENT and words.says(indicator, words.BEFORE)):
            share = 100 + value if unit == Unit.PERCENT_CHANGE else value
            if any(abs(b * share / 100 - v) <= b * (half + 0.01) / 100 for b in here for v in here):
                return False
            return not here or any(
                is_small(b * (share - half) / 100, b * (share + half) / 100, least) for b in here
            )
        return False


@dataclass(frozen=True)
class _OneMeasure:
    """A series `name` that names the count of a series `of`; if `is_named` is False, only its parts have the same names."""

    measures: MeasureSearch
    name: Name
    of: Name
    pairs: Pairs
    is_named: bool

    @cached_property
    def own(self) -> Mapping[Slot, float]:
        """Return the published values of the count's series."""
        return {s: v for s, (v, _) in self.measures.series.get(self.of, {}).items()}

    @cached_property
    def indicator(self) -> Indicator:
        return self.measures.content.indicators[self.name[0]]

    @cached_property
    def values(self) -> Mapping[Slot, Span]:
        return self.measures.series.get(self.name, {})

    def counts(self, place: Slot, own: Mapping[Slot, float]) -> dict[str, list[Span]]:
        """Return what the count of a place can be, by the words for each calculation; `own` holds the other counts."""
        others = {s: v for s, v in own.items() if s != place}
        found: dict[str, list[Span]] = {}
        by_name = (
            *self._since_before(place, others),
            *self._gaps(place, others),
            *self._without_part(place),
            *self._of_areas(place, others),
            *self._costs(place),
        )
        for how, span in (*(by_name if self.is_named else ()), *self._shares(place)):
            found.setdefault(how, []).append(span)
        return found

    def _since_before(self, place: Slot, others: Mapping[Slot, float]) -> Iterator[tuple[str, Span]]:
        """Yield the counts that follow from a rise or fall in number since the period before, or from a percentage of it."""
        unit = words.measured(self.indicator)
        is_compared = self._says(words.GAP) and self._says(words.BEFORE)
        is_rise = unit == Unit.COUNT and (self._says(words.RISE) or is_compared)
        is_percentage = unit == Unit.PERCENT and self._says(words.BEFORE)
        for before, after in self.pairs if is_rise or is_percentage else ():
            known = others.get(after if place == before else before)
            if place not in (before, after) or after not in self.values or known is None:
                continue
            value, half = self.values[after]
            if is_rise:
                yield from (("a rise or fall of this count", (v - half, v + half)) for v in (known - value, known + value))  # fmt: skip
            elif place == after:
                yield "a percentage of the count before", (known * (value - half) / 100, known * (value + half) / 100)  # fmt: skip
            elif value > half:
                yield "a percentage of the count before", (known * 100 / (value + half), known * 100 / (value - half))  # fmt: skip

    def _gaps(self, place: Slot, others: Mapping[Slot, float]) -> Iterator[tuple[str, Span]]:
        """Yield the counts that follow from the gap to another area; to those in its name if it has some."""
        if place not in self.values or not self.measures.counts(self.name[0]) or not self._says(words.GAP):
            return
        value, half = self.values[place]
        named = {a.code for a in self._named() if a.code != place[0]}
        for s, known in others.items():
            if s[1:] == place[1:] and (not named or s[0] in named):
                yield from (("the gap between this count and another", (v - half, v + half)) for v in (known - value, known + value))  # fmt: skip

    def _without_part(self, place: Slot) -> Iterator[tuple[str, Span]]:
        """Yield the count that is missing in a total of the other parts."""
        total = self.measures.series.get((self.of[0], ""), {}).get(place)
        is_named = bool(self.of[1]) and words.has_name(self.indicator.title, self.of[1])
        if is_named and total and place in self.values and self._says(words.WITHOUT):
            left = total[0] - self.values[place][0]
            yield "the total without this count", (left, left)

    def _of_areas(self, place: Slot, others: Mapping[Slot, float]) -> Iterator[tuple[str, Span]]:
        """Yield the counts that follow from figures of some areas together that are published for the area around them."""
        around = (self.measures.content.areas[place[0]].parent, *place[1:])
        if around not in self.values or not self.measures.counts(self.name[0]):
            return
        value, half = self.values[around]
        if self._says(words.MEAN):
            kind = self.measures.content.areas[place[0]].kind
            inside = [a for a in self._areas_beside(place) if a.kind in (kind, "ward")]
            for areas in (inside, self._areas_beside(place)):
                beside = [others.get((a.code, *place[1:])) for a in areas if a.code != place[0]]
                if beside and None not in beside:
                    # Without decimals, a mean may have been rounded.
                    left = len(areas) * value - sum(v for v in beside if v is not None)
                    slack = len(areas) * (half or 0.5)
                    yield "the average of this count and others", (left - slack, left + slack)
        named = [a for a in self._named() if a.parent == around[0]]
        if place[0] in {a.code for a in named}:
            beside = [others.get((a.code, *place[1:])) for a in named if a.code != place[0]]
            known = sum(v for v in beside if v is not None)
            if None in beside:
                return
            if not self._says(words.WITHOUT):
                yield "the count of the areas in its name", (value - known, value - known)
            elif around in others:
                left = others[around] - value - known
                yield "the count without the areas in its name", (left, left)

    def _shares(self, place: Slot) -> Iterator[tuple[str, Span]]:
        """Yield the counts of a part that follow from the shares of the other parts: these give the whole."""
        if not self.of[1] or words.measured(self.indicator) != Unit.PERCENT:
            return
        series, low, high, known = self.measures.series, 0.0, float("inf"), 0.0
        for (indicator, part), counts in series.items():
            if indicator != self.of[0] or not part or part == self.of[1] or place not in counts:
                continue
            count, (share, half) = counts[place][0], series.get((self.name[0], part), {}).get(place, (0.0, 0.0))  # fmt: skip
            known += count
            if share > half and count > 0:
                low, high = max(low, 100 * count / (share + half)), min(high, 100 * count / (share - half))
        if low <= high < float("inf"):
            yield "shares of the other parts, so of the whole with this count", (ceil(low - _SLACK) - known, floor(high + _SLACK) - known)  # fmt: skip

    def _costs(self, place: Slot) -> Iterator[tuple[str, Span]]:
        """Yield the counts that follow from a sum of money and the cost of one, which its name says."""
        if self.indicator.unit == Unit.POUNDS and place in self.values:
            value = Decimal(str(self.values[place][0]))
            for each in words.pounds_each(self.indicator):
                if value % each == 0:
                    count = float(value / each)
                    yield "the cost of this count", (count, count)

    def _says(self, wanted: re.Pattern[str]) -> bool:
        return words.says(self.indicator, wanted)

    def _named(self) -> list[Area]:
        """Return the areas that the title names, wards also by a word that no other area has in its name."""
        areas = self.measures.content.areas.values()
        uses = Counter(w for a in areas for w in set(text.plain_name(a.name).split()))
        title = self.indicator.title

        def is_named(area: Area) -> bool:
            own = text.plain_name(area.name).split() if area.kind == "ward" else []
            single = (w for w in own if uses[w] == 1 and len(w) >= _SHORTEST)
            return words.has_name(title, area.name) or any(words.has_name(title, w) for w in single)

        return [a for a in areas if is_named(a)]

    def _areas_beside(self, place: Slot) -> list[Area]:
        """Return the areas of the same larger one that exist together with that of a place."""
        areas = self.measures.content.areas
        own = areas[place[0]]
        same = [a for a in areas.values() if a.parent == own.parent and a.kind in ("ward", "rest")]
        return [a for a in same if own.kind == "rest" or a.kind == "rest" or (a.valid_from, a.valid_to) == (own.valid_from, own.valid_to)]  # fmt: skip


def is_small(low: float, high: float, least: int) -> bool:
    """Return True if the numbers between two limits are few, and a whole one from 0 to under the minimum is among them."""
    smallest, largest = max(ceil(low - _SLACK), 0), floor(high + _SLACK)
    return high - low < least - 1 and smallest <= largest and smallest < least
