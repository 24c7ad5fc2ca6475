"""Find undeclared relations: figures that give a withheld one away although no table relates them.

Readers can see that numbers fit, whatever the tables call them: the same figure under another indicator, a total
published under another indicator, two indicators that add up to a third. Look for such numbers beside each withheld
figure, in the same area and period. Ignore them if other areas or periods show that they do not fit.

Some of the others fit by chance. A match is a problem if fewer than one such match is expected by chance among all
that were tried. It is also a problem if only a few counts are published in that place, or if the names match too: then
we protect before we are sure. A problem stops the build until someone accepts it by name, with the reason why the
numbers are unrelated. Any other match is a warning, one for each indicator, about the most likely numbers.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING

from portal.core.model import Content, Indicator, Observation
from portal.core.problems import Problem
from portal.core.settings import SmallCountSettings
from portal.core.small_counts import FINE, added, guards, least_of, words
from portal.disclosure.addends import Slot, Sums, by_indicator, slot

if TYPE_CHECKING:
    from portal.disclosure.audit import PublishedFigure

_ALWAYS = 8  # if at most this many counts are published beside a withheld one, every match is a problem
_PLAIN = frozenset({"recorded", "by", "the", "police", "of", "in", "and", "a", "to", "with", "for", "all"})


@dataclass(frozen=True)
class Suspicion:
    """Numbers that look related, with the number of such matches expected by `chance`.

    If `told` is True the chance does not matter: there is other evidence, or only a few numbers were tried.
    """

    problem: Problem
    indicator: str
    chance: float = 0
    told: bool = True

    @property
    def is_sure(self) -> bool:
        """True if the match stops the build."""
        return self.told or self.chance < 1


def check(content: Content, policy: SmallCountSettings) -> tuple[Problem, ...]:
    """Return a problem for each withheld figure that other numbers beside it give away; each has a name."""
    return tuple({s.problem.name: s.problem for s in _suspicions(content, policy) if s.is_sure}.values())


def look(content: Content, policy: SmallCountSettings) -> tuple[Problem, ...]:
    """Return a warning for each indicator with withheld figures beside numbers that fit, perhaps by chance."""
    found: dict[str, Suspicion] = {}
    for s in _suspicions(content, policy):
        if not s.is_sure and (s.indicator not in found or s.chance < found[s.indicator].chance):
            found[s.indicator] = s
    return tuple(_maybe(s) for s in found.values())


def _maybe(s: Suspicion) -> Problem:
    chance = f"About {s.chance:,.0f} would" if s.chance >= 1.5 else "One would"
    message = f"{s.problem.message} {chance} fit as well by chance, so this stops nothing."
    fix = "If these indicators do belong together, say so under part_of, and withhold more. If not, accept this warning."
    return replace(s.problem, message=message, fix=fix, code="coincidence", name=f"coincidence:{s.indicator}")


def _suspicions(content: Content, policy: SmallCountSettings) -> Iterator[Suspicion]:
    looked = _Examined(content, policy)
    for o in looked.hidden:
        yield from looked.copies(o)
        yield from (Suspicion(p, o.indicator) for p in looked.rates(o))
    yield from looked.sums()
    yield from (Suspicion(p, "") for p in looked.totals())


@dataclass(frozen=True)
class _Examined:
    """The published figures by area and period."""

    content: Content
    policy: SmallCountSettings

    @cached_property
    def counts(self) -> tuple[Observation, ...]:
        """Return every count."""
        units = {i.id for i in self.content.indicators.values() if i.unit == "count"}
        return tuple(o for i, own in self.content.observations.items() if i in units for o in own)

    @cached_property
    def hidden(self) -> tuple[Observation, ...]:
        """Return the withheld figures of guarded indicators."""
        return tuple(o for o in self.counts if o.value is None and guards(self.content, o))

    @cached_property
    def slots(self) -> Mapping[Slot, list[Observation]]:
        """Return the published counts of each area and period."""
        found: dict[Slot, list[Observation]] = defaultdict(list)
        for o in self.counts:
            if o.value is not None:
                found[slot(o)].append(o)
        return found

    @cached_property
    def series(self) -> Mapping[tuple[str, str], dict[Slot, float]]:
        """Return the published values of each indicator and part, by area and period."""
        found: dict[tuple[str, str], dict[Slot, float]] = defaultdict(dict)
        for own in self.content.observations.values():
            for o in own:
                if o.value is not None:
                    found[o.indicator, o.part][slot(o)] = float(o.value)
        return found

    def copies(self, o: Observation) -> Iterator[Suspicion]:
        """Yield figures that may be the same under another indicator or part: equal in all places, or of the same name."""
        least = least_of(self.content, self.policy, o)
        mine, beside = self.series.get((o.indicator, o.part), {}), self.slots.get(slot(o), ())
        for other in beside:
            if (other.indicator, other.part) == (o.indicator, o.part):
                continue
            theirs = self.series[other.indicator, other.part]
            both = [s for s in mine if s in theirs]
            equal = both and all(mine[s] == theirs[s] for s in both)
            alike = self._alike(o, other)
            same = not both and other.value is not None and other.value < least and alike
            if equal or same:
                what = f"{other.indicator}, {other.part}" if other.part else other.indicator
                message = f"{what} looks like the same figure, and says {other.value}."
                problem = self._problem(o, "same-figure", message, (other.indicator, other.part))
                chance = len(beside) * prod(1 / (max(mine[s], 0) + 1) for s in both)
                yield Suspicion(problem, o.indicator, chance, alike or len(beside) <= _ALWAYS)

    def _alike(self, o: Observation, other: Observation) -> bool:
        a, b = (_words(self.content.indicators[x.indicator]) for x in (o, other))
        return o.part == other.part and bool(a & b) and (a <= b or b <= a)

    def sums(self) -> Iterator[Suspicion]:
        """Yield totals that a few figures and a withheld one may add up to, which would make the withheld one small."""
        plain = {i: own for (i, part), own in self.series.items() if not part and self._counts(i)}
        for own in by_indicator(self.hidden).values():
            for s in Sums(self.content, self.policy, own, plain).found():
                total = s.total, slot(s.hidden)
                if self._is_explained(total, s.terms, s.left):
                    continue
                sum_ = " and ".join([*s.terms, s.hidden.indicator])
                message = f"{sum_} could add up to {s.total}; then it is {s.left:g}."
                problem = self._problem(s.hidden, "addends", message, (s.total, *s.terms))
                told = not s.fails and (s.beside <= _ALWAYS or self._named_so(s.hidden, s.total))
                yield Suspicion(problem, s.hidden.indicator, s.chance, told)

    def _counts(self, indicator: str) -> bool:
        return self.content.indicators[indicator].unit == "count"

    def _named_so(self, o: Observation, total: str) -> bool:
        """Return True if the name of the total covers the withheld figure."""
        general, own = (_words(self.content.indicators[i]) for i in (total, o.indicator))
        return general <= own

    def _is_explained(self, total: tuple[str, Slot], names: Sequence[str], left: float) -> bool:
        """Return True if the total less the terms equals its other published parts."""
        own = [i.id for i in self.content.indicators.values() if i.part_of == total[0]]
        rest = [i for i in own if i not in names]
        known = [self.series.get((i, ""), {}).get(total[1]) for i in rest]
        return (
            bool(own)
            and set(names) <= set(own)
            and None not in known
            and sum(k for k in known if k is not None) == left
        )

    def rates(self, o: Observation) -> Iterator[Problem]:
        """Yield rates that may be the rate of the withheld count: they fit wherever both are published."""
        if o.part:
            return
        for indicator in (i for i in self.content.indicators.values() if i.unit == "per-1000"):
            series = self.series.get((indicator.id, ""), {})
            mine = self.series.get((o.indicator, ""), {})
            both = [s for s in mine if s in series and s[0] in self.content.populations]
            fits = [
                abs(mine[s] * 1000 / self.content.populations[s[0]].population - series[s]) < 0.06
                for s in both
            ]
            name = _words(self.content.indicators[o.indicator]) <= _words(indicator) | {"rate"}
            if slot(o) in series and (all(fits) if fits else name):
                message = f"{indicator.id} looks like the rate of this count."
                yield self._problem(o, "rate", message, (indicator.id,))

    def totals(self) -> Iterator[Problem]:
        """Yield totals of wards or parts that are published under another indicator but not under their own."""
        groups: dict[tuple[object, ...], list[Observation]] = defaultdict(list)
        for o in self.counts:
            area = self.content.areas[o.area]
            if o.part:
                groups["parts", o.indicator, o.area, o.period_start, o.period_end].append(o)
            elif area.kind in FINE:
                groups["areas", o.indicator, area.parent, o.period_start, o.period_end].append(o)
        there: set[tuple[object, ...]] = {o.key for o in self.counts}
        for (kind, indicator, where, start, end), own in groups.items():
            hidden = [o for o in own if o.value is None and guards(self.content, o)]
            if not hidden or len(own) == 1 or (indicator, where, "", start, end) in there:
                continue
            known = sum(float(o.value) for o in own if o.value is not None)
            for total in self.slots.get((str(where), start, end), ()):
                left = float(total.value or 0) - known
                if total.indicator == indicator or left < 0:
                    continue
                seen = self._seen_elsewhere(str(kind), str(indicator), total, own)
                most = sum(least_of(self.content, self.policy, o) - 1 for o in hidden)
                if seen is not False and (seen or left <= most) and self._narrow(hidden, left):
                    what = f"{total.indicator}, {total.part}" if total.part else total.indicator
                    message = f"{what} ({total.value}) could be the total of {len(own)} figures, of which this is one."
                    yield self._problem(hidden[0], "total", message, (total.indicator, total.part))

    def _seen_elsewhere(
        self, kind: str, indicator: str, total: Observation, own: Sequence[Observation]
    ) -> bool | None:
        """Return True if the group has that total wherever both are published in full; None if they never are."""
        sums: list[bool] = []
        for place, value in self.series[total.indicator, total.part].items():
            if kind == "parts":
                values = [self.series.get((indicator, o.part), {}).get(place) for o in own]
            elif place[0] == total.area:
                values = [self.series.get((indicator, ""), {}).get((o.area, *place[1:])) for o in own]
            else:
                continue
            if (whole := added(values)) is not None:
                sums.append(whole == value)
        return all(sums) if sums else None

    def _narrow(self, hidden: Sequence[Observation], left: float) -> bool:
        """Return True if withheld figures with this sum would not be protected."""
        from portal.disclosure import audit  # noqa: PLC0415 - SciPy takes a while to load

        told: list[PublishedFigure] = [audit.PublishedFigure("sum", tuple(range(len(hidden))), left, left)]
        for n, o in enumerate(hidden):
            least = least_of(self.content, self.policy, o)
            told.append(audit.PublishedFigure(n, (n,), None, None, least, under=least))
        return bool(audit.too_narrow(audit.intervals(told)))

    def _problem(self, o: Observation, kind: str, message: str, others: tuple[str, ...]) -> Problem:
        parts = (kind, o.indicator, o.area, o.part, f"{o.period_start}/{o.period_end}", *others)
        fix = (
            "If the indicators are related, say how under part_of, and withhold more. If the numbers have nothing to do "
            "with each other, accept this by its name in accepted.csv and say why."
        )
        place = f"observations of {words(self.content, o)}"
        return Problem(
            place,
            0,
            "",
            "disclosure",
            f"This figure is withheld, but {message}",
            fix,
            ":".join(filter(None, parts)),
        )


def _words(indicator: Indicator) -> frozenset[str]:
    """Return the words in an indicator's title that say what it is about."""
    told = "".join(c.lower() if c.isalnum() else " " for c in indicator.title)
    return frozenset(told.split()) - _PLAIN
