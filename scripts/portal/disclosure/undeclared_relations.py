"""Find undeclared relations: figures that give a withheld one away although no table relates them.

Readers can see that numbers fit, whatever the tables call them: the same figure under another indicator, a total
published under another indicator, two indicators that add up to a third. Look for such numbers beside each withheld
figure, in the same area and period. Sums that readers can make count as published (see `derived_sums`), and so do
other measures, such as a percentage of a published whole (see `other_measures`). Ignore them if other areas or periods show that they do not fit.

Some of the others fit by chance. A match is a problem if fewer than one such match is expected by chance among all
that were tried. It is also a problem if only a few counts are published in that place, or if the names match too: then
we protect before we are sure. A problem stops the build until someone accepts it by name, with the reason why the
numbers are unrelated. Any other match is a warning, one for each indicator, about the most likely numbers.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from itertools import pairwise, permutations
from math import prod

from portal.core import text
from portal.core.model import Content, Indicator, Observation
from portal.core.periods import months_between
from portal.core.problems import Problem
from portal.core.settings import SmallCountSettings
from portal.core.small_counts import (
    WARD_KINDS,
    figure_name,
    is_guarded_figure,
    minimum_for,
    top_total,
)
from portal.core.vocabulary import Unit
from portal.disclosure import addends, derived_sums, missing_rows
from portal.disclosure.addends import Slot, SumSearch, by_indicator, slot
from portal.disclosure.derived_measures import DerivedSearch
from portal.disclosure.measure_words import measured, people_per_rate
from portal.disclosure.missing_rows import LEFT_OUT, NO_ROW
from portal.disclosure.named_measures import NamedSearch
from portal.disclosure.other_measures import MeasureSearch, OtherMeasure
from portal.disclosure.possible_totals import TotalSearch

_FEW_COUNTS = 8  # if at most this many counts are published beside a withheld one, every match is a problem
_FIX_OF_TOTALS = (
    "Withhold another of these figures, or their total. If they do not add up to it, accept this by its name in accepted.csv "
    "and say why."
)
_ROUNDED = 0.51  # percentage points: a change is often published without decimals


@dataclass(frozen=True)
class Suspicion:
    """Numbers that look related, with the number of such matches expected by `chance`.

    If `is_supported` is True the chance does not matter: there is other evidence, or only a few numbers were tried.
    """

    problem: Problem
    indicator: str
    chance: float = 0
    is_supported: bool = True

    @property
    def is_sure(self) -> bool:
        """Return True if the match stops the build."""
        return self.is_supported or self.chance < 1


def find_problems(content: Content, policy: SmallCountSettings) -> tuple[Problem, ...]:
    """Return a problem for each withheld figure that other numbers beside it give away; each has a name."""
    return tuple({s.problem.name: s.problem for s in _suspicions(content, policy) if s.is_sure}.values())


def find_warnings(
    content: Content, policy: SmallCountSettings, with_problems: bool = False
) -> tuple[Problem, ...]:
    """Return a warning for each indicator with withheld figures beside numbers that fit, perhaps by chance.

    With `with_problems`, return the problems too, before the warnings; looking for both at once takes half the time.
    """
    sure: dict[str, Problem] = {}
    best: dict[str, Suspicion] = {}
    for s in _suspicions(content, policy):
        if s.is_sure:
            sure[s.problem.name] = s.problem
        elif s.indicator not in best or s.chance < best[s.indicator].chance:
            best[s.indicator] = s
    return (*(sure.values() if with_problems else ()), *(_as_warning(s) for s in best.values()))


def _as_warning(s: Suspicion) -> Problem:
    chance = f"About {s.chance:,.0f} would" if s.chance >= 1.5 else "One would"
    message = f"{s.problem.message} {chance} fit as well by chance, so this stops nothing."
    fix = "If these indicators do belong together, say so under part_of, and withhold more. If not, accept this warning."
    return replace(s.problem, message=message, fix=fix, code="coincidence", name=f"coincidence:{s.indicator}")


def _suspicions(content: Content, policy: SmallCountSettings) -> Iterator[Suspicion]:
    published = _PublishedCounts(content, policy)
    for o in published.hidden:
        yield from published.copies(o)
        yield from (Suspicion(p, o.indicator) for p in (*published.rates(o), *published.changes(o)))
        yield from published.measures(o)
    for o in published.skipped:
        yield from (s for s in published.of_skipped(o) if s.is_sure)
    yield from published.sums()
    yield from (Suspicion(p, "") for p in (*published.totals(), *published.differences()))


@dataclass(frozen=True)
class _PublishedCounts:
    """The published figures by area and period."""

    content: Content
    policy: SmallCountSettings

    @cached_property
    def counts(self) -> tuple[Observation, ...]:
        """Return every count."""
        units = {i.id for i in self.content.indicators.values() if i.unit == "count"}
        return tuple(o for i, figures in self.content.observations.items() if i in units for o in figures)

    @cached_property
    def hidden(self) -> tuple[Observation, ...]:
        """Return the withheld figures of guarded indicators."""
        return tuple(o for o in self.counts if o.value is None and is_guarded_figure(self.content, o))

    @cached_property
    def skipped(self) -> tuple[Observation, ...]:
        """Return stand-ins for the periods that guarded series leave out, of which other figures of the area are published."""
        places: dict[str, set[tuple[date, date]]] = defaultdict(set)
        for area, start, end in self._measures.beside:
            if isinstance(start, date) and isinstance(end, date):
                places[area].add((start, end))
        return tuple(missing_rows.skipped_periods(self.content, self.counts, places))

    def of_skipped(self, o: Observation) -> Iterator[Suspicion]:
        """Yield figures that show a small count of a period without a row: they agree with its series wherever both are published."""
        least = minimum_for(self.content, self.policy, o)
        yield from self.copies(o)
        yield from (Suspicion(p, o.indicator) for p in (*self.rates(o), *self.changes(o)))
        for m in (*self._measures.multiples(o), *self._derived_measures.multiples_of_one(o)):
            if m.chance is not None and m.least is not None and m.least < least:
                yield self._of_measure(o, m, is_supported=False)

    @cached_property
    def slots(self) -> Mapping[Slot, list[Observation]]:
        """Return the published counts of each area and period."""
        by_slot: dict[Slot, list[Observation]] = defaultdict(list)
        for o in self.counts:
            if o.value is not None:
                by_slot[slot(o)].append(o)
        return by_slot

    @cached_property
    def series(self) -> Mapping[tuple[str, str], dict[Slot, float]]:
        """Return the published values of each indicator and part, by area and period."""
        values: dict[tuple[str, str], dict[Slot, float]] = defaultdict(dict)
        for figures in self.content.observations.values():
            for o in figures:
                if o.value is not None:
                    values[o.indicator, o.part][slot(o)] = float(o.value)
        return values

    @cached_property
    def derived(self) -> Mapping[Slot, list[Observation]]:
        """Return the sums that readers can make, by area and period."""
        by_slot: dict[Slot, list[Observation]] = defaultdict(list)
        for o in derived_sums.sums(self.content, self.counts, self.hidden):
            by_slot[slot(o)].append(o)
        return by_slot

    @cached_property
    def with_derived(self) -> Mapping[tuple[str, str], dict[Slot, float]]:
        """Return the published values with the sums that readers can make, by indicator and part and by place."""
        values = defaultdict(dict, {name: dict(places) for name, places in self.series.items()})
        for o in (o for sums in self.derived.values() for o in sums):
            values[o.indicator, o.part].setdefault(slot(o), float(o.value or 0))
        return values

    def copies(self, o: Observation) -> Iterator[Suspicion]:
        """Yield figures that may be the same under another indicator or part: equal in all places, or of the same name."""
        least = minimum_for(self.content, self.policy, o)
        root = top_total(self.content, o.indicator)
        # The audit covers sums within the withheld figure's own family.
        derived = [d for d in self.derived.get(slot(o), ()) if top_total(self.content, d.indicator) != root]
        beside = [*self.slots.get(slot(o), ()), *derived]
        for other in beside:
            if (other.indicator, other.part) == (o.indicator, o.part):
                continue
            is_small = other.value is not None and other.value < least
            # Without a row, the count need not be small.
            if o.status == NO_ROW and (not is_small or top_total(self.content, other.indicator) == root):
                continue
            shared = self._where_equal(o, other)
            if shared is None:
                continue
            alike = self._alike(o, other)
            same = not shared and alike and (is_small or text.have_the_same_subject(*self._titles(o, other)))
            same = same and o.status != NO_ROW
            if shared or same:
                other_name = f"{other.indicator}, {other.part}" if other.part else other.indicator
                message = f"{other_name} looks like the same figure, and says {other.value}."
                problem = self._problem(o, "same-figure", message, (other.indicator, other.part))
                chance = len(beside) * prod(1 / (max(value, 0) + 1) for value in shared)
                is_supported = alike or (len(beside) <= _FEW_COUNTS and o.status != NO_ROW)
                yield Suspicion(problem, o.indicator, chance, is_supported)

    def _where_equal(self, o: Observation, other: Observation) -> list[float] | None:
        """Return the values that two series share; None if published values differ in one of the places of both.

        That a sum differs proves nothing: one of its terms may not be published.
        """
        own, beside = ((x.indicator, x.part) for x in (o, other))
        shared = []
        for place, value in self.with_derived.get(own, {}).items():
            if (value_beside := self.with_derived[beside].get(place)) is None:
                continue
            if value_beside == value:
                shared.append(value)
            elif place in self.series[own] and place in self.series[beside]:
                return None
        return shared

    def _alike(self, o: Observation, other: Observation) -> bool:
        a, b = self._titles(o, other)
        return o.part == other.part and text.are_alike(a, b)

    def _titles(self, *figures: Observation) -> list[str]:
        return [self.content.indicators[o.indicator].title for o in figures]

    def sums(self) -> Iterator[Suspicion]:
        """Yield totals that a few figures and a withheld one may add up to, which would make the withheld one small."""
        plain = {i: own for (i, part), own in self.series.items() if not part and self._counts(i)}
        for own in by_indicator(self.hidden).values():
            for s in SumSearch(self.content, self.policy, own, plain).possible_sums():
                total = s.total, slot(s.hidden)
                if self._is_explained(total, s.terms, s.left):
                    continue
                sum_ = " and ".join([*s.terms, s.hidden.indicator])
                message = f"{sum_} could add up to {s.total}; then it is {s.left:g}."
                problem = self._problem(s.hidden, "addends", message, (s.total, *s.terms))
                is_supported = not s.fails and (s.beside <= _FEW_COUNTS or self._named_so(s.hidden, s.total))
                yield Suspicion(problem, s.hidden.indicator, s.chance, is_supported)
        yield from self._sums_of_wards()

    def _sums_of_wards(self) -> Iterator[Suspicion]:
        """Yield figures of a whole area that a withheld ward and some others may add up to, unless by chance.

        So many wards can be added up that some sum always fits one figure: only one that fits in several periods counts.
        """
        by_ward: dict[tuple[str, str], list[Observation]] = defaultdict(list)
        for o in self.hidden:
            if not o.part and self.content.areas[o.area].kind in WARD_KINDS:
                by_ward[o.indicator, o.area].append(o)
        around: dict[str, list[Observation]] = defaultdict(list)
        for o in (o for o in self.counts if by_ward and o.value is not None and not o.part):
            area = self.content.areas[o.area]
            around[f"{area.parent} {o.indicator}" if area.kind in WARD_KINDS else area.code].append(o)
        for (indicator, code), own in by_ward.items():
            parent = self.content.areas[code].parent
            beside = (*around[f"{parent} {indicator}"], *around[parent])
            for s in addends.sums_of_wards(self.content, self.policy, own, beside):
                if s.chance < 1:
                    message = (
                        f"with {text.listed(s.terms)} it could add up to {s.total}; then it is {s.left:g}."
                    )
                    problem = self._problem(s.hidden, "wards", message, (s.total, *s.terms))
                    yield Suspicion(problem, s.hidden.indicator, s.chance, is_supported=False)

    def _counts(self, indicator: str) -> bool:
        return self.content.indicators[indicator].unit == "count"

    def _named_so(self, o: Observation, total: str) -> bool:
        """Return True if the name of the total covers the withheld figure."""
        general, specific = (_subject_words(self.content.indicators[i]) for i in (total, o.indicator))
        return general <= specific

    def _is_explained(self, total: tuple[str, Slot], names: Sequence[str], left: float) -> bool:
        """Return True if the total less the terms equals its other published parts."""
        members = [i.id for i in self.content.indicators.values() if i.part_of == total[0]]
        others = [i for i in members if i not in names]
        values = [self.series.get((i, ""), {}).get(total[1]) for i in others]
        return (
            bool(members)
            and set(names) <= set(members)
            and None not in values
            and sum(k for k in values if k is not None) == left
        )

    def rates(self, o: Observation) -> Iterator[Problem]:
        """Yield rates that may be the rate of the withheld count: they fit wherever both are published."""
        least = minimum_for(self.content, self.policy, o)
        rates = [i for i in self.content.indicators.values() if measured(i) == Unit.PER_1000]
        for indicator in rates:
            stated = self.series.get((indicator.id, o.part), {})
            counts = self.series.get((o.indicator, o.part), {})
            if slot(o) not in stated:
                continue
            people = {
                area: p.population / people_per_rate(indicator)
                for area, p in self.content.populations.items()
            }
            rounded = 0.51 if indicator.unit == Unit.COUNT else 0.06
            fits = [
                abs(counts[s] / people[s[0]] - stated[s]) < rounded
                for s in counts
                if s in stated and s[0] in people
            ]
            name = _subject_words(self.content.indicators[o.indicator]) <= _subject_words(indicator) | {
                "rate"
            }
            if o.status == NO_ROW and not (
                any(fits) and o.area in people and stated[slot(o)] * people[o.area] < least
            ):
                continue
            if all(fits) if fits else name:
                message = f"{indicator.id} looks like the rate of this count."
                yield self._problem(o, "rate", message, (indicator.id,))

    def changes(self, o: Observation) -> Iterator[Problem]:
        """Yield percentage changes that may be those of the withheld count: they fit wherever both are published.

        A change that is published for a period is taken to be since the figure before it, or since a year before.
        """
        pairs, counts = (
            self._successive(o),
            self.series.get((o.indicator, o.part), {}),
        )
        for indicator in (i for i in self.content.indicators.values() if i.unit == Unit.PERCENT_CHANGE):
            stated = self.series.get((indicator.id, o.part), {})
            known = [(base, later) for base, later in pairs if later in stated]
            fits = [
                abs(100 * (counts[later] / counts[base] - 1) - stated[later]) < _ROUNDED
                for base, later in known
                if counts.get(base) and later in counts
            ]
            name = _subject_words(self.content.indicators[o.indicator]) <= _subject_words(indicator)
            if o.status == NO_ROW and not (any(fits) and self._is_small_after(o, pairs, stated)):
                continue
            # Also between two withheld counts: few pairs of small numbers have a given ratio.
            if any(slot(o) in pair for pair in known) and (all(fits) if fits else name):
                message = f"{indicator.id} looks like the change of this count."
                yield self._problem(o, "change", message, (indicator.id,))

    def _is_small_after(
        self, o: Observation, pairs: Iterable[tuple[Slot, Slot]], stated: Mapping[Slot, float]
    ) -> bool:
        """Return True if a change makes a count of a period without a row small, after a published count."""
        counts, place = self.series.get((o.indicator, o.part), {}), slot(o)
        bases = [counts[base] for base, later in pairs if later == place and base in counts]
        least = minimum_for(self.content, self.policy, o)
        return place in stated and any(b * (100 + stated[place]) / 100 < least for b in bases)

    @cached_property
    def _measures(self) -> MeasureSearch:
        return MeasureSearch(self.content, self.policy)

    @cached_property
    def _derived_measures(self) -> DerivedSearch:
        return DerivedSearch(self._measures)

    @cached_property
    def _named_measures(self) -> NamedSearch:
        return NamedSearch(self._measures)

    def measures(self, o: Observation) -> Iterator[Suspicion]:
        """Yield multiples, shares, rises, means and ranks of the withheld count: they fit wherever both are published."""
        search, pairs = self._measures, self._successive(o)
        for m in (
            *search.multiples(o),
            *search.altered(o),
            *search.shares(o),
            *search.rises(o, pairs),
            *search.moves(o),
            *self._derived_measures.found(o),
            *self._named_measures.found(o, pairs),
            *self._named_measures.undated(o),
        ):
            alike = m.is_named or self._covers_names(o, m)
            if m.chance is not None or alike:
                yield self._of_measure(o, m, alike or (m.beside <= _FEW_COUNTS and not m.needs_chance))

    def _of_measure(self, o: Observation, m: OtherMeasure, is_supported: bool) -> Suspicion:
        other = ", ".join(filter(None, m.name))
        of_whole = f"{m.relation} {', '.join(filter(None, m.whole))}" if m.whole else ""
        message = f"{other} looks like {' '.join(filter(None, (m.words, of_whole.strip())))}."
        problem = self._problem(o, "measure", message, (*m.name, *(m.whole or ())))
        return Suspicion(problem, o.indicator, m.chance or 0, is_supported)

    def _covers_names(self, o: Observation, m: OtherMeasure) -> bool:
        """Return True if the title of a measure names the withheld count, and the whole if it has one."""
        own, title = (_subject_words(self.content.indicators[i]) for i in (o.indicator, m.name[0]))
        if not own or not own <= title or o.part != m.name[1]:
            return False
        return not m.whole or _subject_words(self.content.indicators[m.whole[0]]) <= title

    def differences(self) -> Iterator[Problem]:
        """Yield guarded counts of the same name and of periods that differ by a span in which little happened."""
        guarded: dict[tuple[str, str], list[Observation]] = defaultdict(list)
        for o in self.counts:
            if o.value is not None and o.period_start and o.period_end and is_guarded_figure(self.content, o):
                guarded[o.area, o.part].append(o)
        for figures in guarded.values():
            by_end: dict[tuple[str, object], list[Observation]] = defaultdict(list)
            for o in figures:
                by_end["from", o.period_start].append(o)
                by_end["to", o.period_end].append(o)
            for together in by_end.values():
                for a, b in permutations(together, 2):
                    left = float(a.value or 0) - float(b.value or 0)
                    is_inside = derived_sums.is_within(b, a) and a.key[3:] != b.key[3:]
                    if not is_inside or not 0 <= left < minimum_for(self.content, self.policy, a):
                        continue
                    if top_total(self.content, a.indicator) == top_total(self.content, b.indicator):
                        continue
                    if self._alike(a, b):
                        other = f"{b.indicator} ({b.value}, up to {b.period_end})"
                        message = f"Less {other}, this figure could leave a count of {left:g} for the months between."
                        yield replace(self._problem(a, "difference", "", (b.indicator,)), message=message)

    @cached_property
    def _by_name(self) -> Mapping[tuple[str, str], list[Observation]]:
        """Return the figures of each indicator and part."""
        by_name: dict[tuple[str, str], list[Observation]] = defaultdict(list)
        for figures in self.content.observations.values():
            for o in figures:
                by_name[o.indicator, o.part].append(o)
        return by_name

    def _successive(self, of: Observation) -> Sequence[tuple[Slot, Slot]]:
        """Return, for the series of a figure and the figure itself, each figure's place with that of the figure before it for as many months, and of the one a year before."""
        series: dict[tuple[str, int], list[Observation]] = defaultdict(list)
        stand_in = (of,) if of.status == NO_ROW else ()
        for o in (*self._by_name.get((of.indicator, of.part), ()), *stand_in):
            if o.period_start and o.period_end:
                series[o.area, months_between(o.period_start, o.period_end)].append(o)
        pairs: set[tuple[Slot, Slot]] = set()
        for figures in series.values():
            figures.sort(key=lambda o: str(o.period_end))
            pairs |= {(slot(a), slot(b)) for a, b in pairwise(figures)}
            by_month = {(o.period_end.year, o.period_end.month): o for o in figures if o.period_end}
            earlier = ((by_month.get((year - 1, month)), o) for (year, month), o in by_month.items())
            pairs |= {(slot(a), slot(b)) for a, b in earlier if a}
        return list(pairs)

    def totals(self) -> Iterator[Problem]:
        """Yield totals of areas, parts or periods that are not published as such, or that do not always agree."""
        search = TotalSearch(
            self.content, self.policy, self.counts, self.hidden, self.slots, self.series, self.derived
        )
        for hidden, total, size in search.totals():
            what = f"{total.indicator}, {total.part}" if total.part else total.indicator
            message = f"{what} ({total.value}) could be the total of {size} figures, of which this is one."
            problem = self._problem(hidden, "total", message, (total.indicator, total.part))
            yield replace(problem, fix=_FIX_OF_TOTALS) if total.indicator == hidden.indicator else problem

    def _problem(self, o: Observation, kind: str, message: str, others: tuple[str, ...]) -> Problem:
        parts = (kind, o.indicator, o.area, o.part, f"{o.period_start}/{o.period_end}", *others)
        fix = (
            "If the indicators are related, say how under part_of, and withhold more. If the numbers have nothing to do "
            "with each other, accept this by its name in accepted.csv and say why."
        )
        if o.status == NO_ROW:
            fix = (
                "If this is the same subject, take that figure out as well. If the numbers have nothing to do with each "
                "other, accept this by its name in accepted.csv and say why."
            )
        state = {LEFT_OUT: "is left out", NO_ROW: "has no row"}.get(o.status, "is withheld")
        place = f"observations of {figure_name(self.content, o)}"
        name = ":".join(filter(None, parts))
        return Problem(place, 0, "", "disclosure", f"This figure {state}, but {message}", fix, name)


def _subject_words(indicator: Indicator) -> frozenset[str]:
    """Return the words in an indicator's title that say what it is about."""
    return text.subject_words(indicator.title)
