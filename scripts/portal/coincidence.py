"""Undeclared relations: figures that give a withheld one away although no table says that they belong together.

Readers see that numbers fit, whatever the tables call them: the same figure under another indicator, a total that
another indicator has, two indicators that add up to a third. This looks for such numbers beside each withheld figure,
in the same area and period. Where other areas or periods show that the numbers do not fit, they are passed over. The
rest is a problem, unless somebody accepts it by its name and says why the numbers have nothing to do with each other.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING

from portal.config import Disclosure
from portal.model import Content, Indicator, Observation
from portal.policy import FINE, added, guards, key, least_of, of_total, words
from portal.problems import Problem

if TYPE_CHECKING:
    from portal.audit import Published

_TERMS = 3  # as many known figures are taken from a total at most
_FEW = 40  # figures of one area and period, beyond which only pairs are tried
Slot = tuple[str, object, object]  # an area and a period
_PLAIN = frozenset({"recorded", "by", "the", "police", "of", "in", "and", "a", "to", "with", "for", "all"})


def check(content: Content, policy: Disclosure) -> Iterator[Problem]:
    """Yield a problem for each withheld figure that other numbers beside it give away; each has a name."""
    looked = _Looked(content, policy)
    found: dict[str, Problem] = {}
    for o in looked.hidden:
        for problem in (*looked.copies(o), *looked.sums(o), *looked.rates(o)):
            found.setdefault(problem.name, problem)
    for problem in looked.totals():
        found.setdefault(problem.name, problem)
    yield from found.values()


@dataclass(frozen=True)
class _Looked:
    """What is published, by area and period."""

    content: Content
    policy: Disclosure

    @cached_property
    def counts(self) -> tuple[Observation, ...]:
        """Every count."""
        units = {i.id for i in self.content.indicators.values() if i.unit == "count"}
        return tuple(o for i, own in self.content.observations.items() if i in units for o in own)

    @cached_property
    def hidden(self) -> tuple[Observation, ...]:
        """The withheld figures of guarded indicators."""
        return tuple(o for o in self.counts if o.value is None and guards(self.content, o))

    @cached_property
    def slots(self) -> Mapping[Slot, list[Observation]]:
        """The published counts of each area and period that has a withheld one, or could have the total of one."""
        found: dict[Slot, list[Observation]] = defaultdict(list)
        for o in self.counts:
            if o.value is not None:
                found[_slot(o)].append(o)
        return found

    @cached_property
    def series(self) -> Mapping[tuple[str, str], dict[Slot, float]]:
        """The published values of each indicator and part, by area and period."""
        found: dict[tuple[str, str], dict[Slot, float]] = defaultdict(dict)
        for own in self.content.observations.values():
            for o in own:
                if o.value is not None:
                    found[o.indicator, o.part][_slot(o)] = float(o.value)
        return found

    def copies(self, o: Observation) -> Iterator[Problem]:
        """The same figure under another indicator or part: equal wherever both are published, or of the same name."""
        least = least_of(self.content, self.policy, o)
        mine = self.series.get((o.indicator, o.part), {})
        for other in self.slots.get(_slot(o), ()):
            if (other.indicator, other.part) == (o.indicator, o.part):
                continue
            theirs = self.series[other.indicator, other.part]
            both = [slot for slot in mine if slot in theirs]
            equal = both and all(mine[s] == theirs[s] for s in both)
            same = not both and other.value is not None and other.value < least and self._alike(o, other)
            if equal or same:
                what = f"{other.indicator}, {other.part}" if other.part else other.indicator
                message = f"{what} looks like the same figure, and says {other.value}."
                yield self._problem(o, "same-figure", message, (other.indicator, other.part))

    def _alike(self, o: Observation, other: Observation) -> bool:
        a, b = (_words(self.content.indicators[x.indicator]) for x in (o, other))
        return o.part == other.part and bool(a & b) and (a <= b or b <= a)

    def sums(self, o: Observation) -> Iterator[Problem]:
        """A figure that a few others, with the withheld one, would add up to: then the withheld one is small."""
        if o.part:
            return
        least = least_of(self.content, self.policy, o)
        beside = [x for x in self.slots.get(_slot(o), ()) if not x.part and x.indicator != o.indicator]
        relatives = of_total(self.content, o.indicator)
        most = _TERMS if len(beside) <= _FEW else 1
        for total in beside:
            others = [
                x for x in beside if x is not total and (x.value or 0) <= (total.value or 0) and x.value
            ]
            for terms in (t for n in range(1, most + 1) for t in combinations(others, n)):
                left = float(total.value or 0) - sum(float(t.value or 0) for t in terms)
                if not 0 <= left < least:
                    continue
                names = [t.indicator for t in terms]
                family = {of_total(self.content, i) for i in (total.indicator, *names)}
                if family == {relatives} or self._is_explained(total, names, left):
                    continue
                if not self._is_contradicted(total.indicator, [*names, o.indicator]):
                    sum_ = " and ".join([*names, o.indicator])
                    message = f"{sum_} could add up to {total.indicator}; then it is {left:g}."
                    yield self._problem(o, "addends", message, (total.indicator, *names))

    def _is_explained(self, total: Observation, names: Sequence[str], left: float) -> bool:
        """Whether what the terms leave of the total is one of its own, published parts."""
        own = [i.id for i in self.content.indicators.values() if i.part_of == total.indicator]
        rest = [i for i in own if i not in names]
        known = [self.series.get((i, ""), {}).get(_slot(total)) for i in rest]
        return (
            bool(own)
            and set(names) <= set(own)
            and None not in known
            and sum(k for k in known if k is not None) == left
        )

    def _is_contradicted(self, total: str, names: Sequence[str]) -> bool:
        """Whether the terms do not add up to the total somewhere where all of them are published."""
        every = [self.series.get((i, ""), {}) for i in names]
        for slot, value in self.series[total, ""].items():
            own = [s.get(slot) for s in every]
            if added(own) not in (None, value):
                return True
        return False

    def rates(self, o: Observation) -> Iterator[Problem]:
        """A rate that is that of the withheld count: it fits the count wherever both are published."""
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
            if _slot(o) in series and (all(fits) if fits else name):
                message = f"{indicator.id} looks like the rate of this count."
                yield self._problem(o, "rate", message, (indicator.id,))

    def totals(self) -> Iterator[Problem]:
        """The total of wards, parts or months that another indicator has, and its own does not."""
        groups: dict[tuple[object, ...], list[Observation]] = defaultdict(list)
        for o in self.counts:
            area = self.content.areas[o.area]
            if o.part:
                groups["parts", o.indicator, o.area, o.period_start, o.period_end].append(o)
            elif area.kind in FINE:
                groups["areas", o.indicator, area.parent, o.period_start, o.period_end].append(o)
        there: set[tuple[object, ...]] = {key(o) for o in self.counts}
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
        """Whether such a group has that total wherever both are published in full; None if they never are."""
        sums: list[bool] = []
        for slot, value in self.series[total.indicator, total.part].items():
            if kind == "parts":
                values = [self.series.get((indicator, o.part), {}).get(slot) for o in own]
            elif slot[0] == total.area:
                values = [self.series.get((indicator, ""), {}).get((o.area, *slot[1:])) for o in own]
            else:
                continue
            if (whole := added(values)) is not None:
                sums.append(whole == value)
        return all(sums) if sums else None

    def _narrow(self, hidden: Sequence[Observation], left: float) -> bool:
        """Whether withheld figures with this sum would not be protected."""
        from portal import audit  # noqa: PLC0415 - SciPy takes a while to load

        told: list[Published] = [audit.Published("sum", tuple(range(len(hidden))), left, left)]
        for n, o in enumerate(hidden):
            least = least_of(self.content, self.policy, o)
            told.append(audit.Published(n, (n,), None, None, least, under=least))
        return bool(audit.too_narrow(audit.intervals(told)))

    def _problem(self, o: Observation, kind: str, message: str, others: tuple[str, ...]) -> Problem:
        parts = (kind, o.indicator, o.area, o.part, f"{o.period_start}/{o.period_end}", *others)
        fix = (
            "Say how the indicators belong together under part_of, and withhold more. If the numbers have nothing to do "
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


def _slot(o: Observation) -> Slot:
    return (o.area, o.period_start, o.period_end)


def _words(indicator: Indicator) -> frozenset[str]:
    """The words that say what an indicator is about."""
    told = "".join(c.lower() if c.isalnum() else " " for c in indicator.title)
    return frozenset(told.split()) - _PLAIN
