"""What readers can work out about withheld figures from everything that is published, now and in earlier releases.

Every figure is taken as the sum of atoms: one indicator that has no parts, one place, one part of its breakdown and
one stretch of months each. `audit` then finds what each withheld figure can be.

Withheld is not only what has the status c. A guarded figure that is not available, `low` or simply left out, where
everything around it is published, can be worked out as well, and must not be if it could be small.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from itertools import pairwise, product
from typing import TYPE_CHECKING

from portal.core.model import Content, FigureKey, Indicator, Observation
from portal.core.problems import PortalError
from portal.core.settings import SmallCountSettings
from portal.core.small_counts import FINE, added, guards, least_of, of_total, small, words
from portal.disclosure import missing_rows

if TYPE_CHECKING:
    from portal.disclosure.audit import Interval, PublishedFigure

_DAY = timedelta(days=1)
_REST = "*"  # what a total has besides its known parts
Generation = tuple[date | None, date | None]
Place = tuple[str, date | None, date | None]


@dataclass(frozen=True)
class EarlierRelease:
    """What an earlier release published: its name, its figures, and the indicators that there are no more."""

    name: str
    observations: tuple[Observation, ...]
    indicators: Mapping[str, Indicator]


@dataclass(frozen=True)
class Leak:
    """A withheld figure that is not protected: what it can be, and how readers get there.

    `status` is that of the figure, or what `left_out` has for it. `release` names an earlier release that they need.
    """

    interval: "Interval"
    status: str
    release: str = ""


@dataclass(frozen=True)
class Inferences:
    """What can be worked out: the interval of each withheld figure, the leaks among them, and what is lost.

    `lost` names the withheld figures that no longer can be protected, since an earlier release published them, or
    published what gives them away.
    """

    intervals: "tuple[Interval, ...]"
    leaks: tuple[Leak, ...]
    lost: Mapping[FigureKey, str]


def known(content: Content, policy: SmallCountSettings, past: Sequence[EarlierRelease] = ()) -> Inferences:
    """Work out what readers can know about each withheld figure.

    What is published now has to protect the figures on its own, for readers who have no earlier release. Then come
    readers who kept every release. Figures may have been revised between releases, so the figures of each release
    are one table of their own, to which is added whatever the other releases say about figures that it withholds or
    does not have.
    """
    now = tuple(o for i in content.indicators for o in content.observations.get(i, ()))
    today = _Table(content, policy, now)
    found = dict(today.found())
    leaks = {k: Leak(i, today.status[k]) for k, i in found.items() if today.leaks(k, i)}
    if not past:
        return Inferences(
            tuple(i for k, i in found.items() if today.status[k] == "c"), tuple(leaks.values()), {}
        )
    whole = replace(content, indicators={**_gone(past), **content.indicators})
    old = [(p.name, p.observations) for p in past]
    memo = {today.core: today}
    lost = _lost(whole, policy, old, memo)
    for name, table in _combined(whole, policy, [*old, ("", now)], memo):
        for k, interval in table.found():
            if k not in lost and k not in leaks and table.leaks(k, interval):
                leaks[k] = Leak(interval, table.status[k], name)
            if k in found and k not in lost:
                found[k] = min(found[k], interval, key=lambda i: i.greatest - i.least)
    shown = {o.key for o in now if o.value is not None}
    leaks = {k: leak for k, leak in leaks.items() if k not in shown}
    hidden = tuple(i for k, i in found.items() if today.status[k] == "c")
    return Inferences(hidden, tuple(leaks.values()), {k: v for k, v in lost.items() if k in found})


def intervals(
    content: Content, policy: SmallCountSettings, past: Sequence[EarlierRelease] = ()
) -> "tuple[Interval, ...]":
    """Return the least and greatest that each withheld count can be."""
    return known(content, policy, past).intervals


def shown_before(content: Content, past: Sequence[EarlierRelease]) -> dict[str, int]:
    """Return how many figures that are withheld now each earlier release published."""
    hidden = {o.key for own in content.observations.values() for o in own if o.status == "c"}
    counts = {p.name: sum(o.value is not None and o.key in hidden for o in p.observations) for p in past}
    return {name: count for name, count in counts.items() if count}


def _gone(past: Sequence[EarlierRelease]) -> dict[str, Indicator]:
    return {k: i for p in past for k, i in p.indicators.items()}


_Releases = Sequence[tuple[str, tuple[Observation, ...]]]


def _lost(
    content: Content, policy: SmallCountSettings, old: _Releases, memo: "dict[frozenset[Observation], _Table]"
) -> dict[FigureKey, str]:
    """The figures that earlier releases published, or that can be worked out from them alone, and the release."""
    lost: dict[FigureKey, str] = {}
    for name, figures in old:
        for o in figures:
            if o.value is not None:
                lost.setdefault(o.key, name)
    for name, table in _combined(content, policy, old, memo):
        for k, interval in table.found():
            if table.leaks(k, interval):
                lost.setdefault(k, name)
    return lost


def _combined(
    content: Content,
    policy: SmallCountSettings,
    releases: _Releases,
    memo: "dict[frozenset[Observation], _Table]",
) -> "Iterator[tuple[str, _Table]]":
    """Each release's own table, with what the other releases say about figures that it does not show.

    Where they do not fit together, since figures were revised, each other release is tried alone. With each table
    comes the release that it needs. `memo` has the tables that were audited before, by their figures.
    """
    for name, own in releases:
        shown = {o.key for o in own if o.value is not None}
        extra = {
            other: [o for o in figures if o.value is not None and o.key not in shown]
            for other, figures in releases
            if other != name
        }
        every = [o for more in extra.values() for o in more]
        tries = [every] if _one_each(every) else []
        for more in [*tries, *extra.values()]:
            hidden = {o.key for o in more}
            table = _Table(content, policy, (*(o for o in own if o.key not in hidden), *more))
            table = memo.setdefault(table.core, table)
            if table.fits:
                yield name or next((other for other, some in extra.items() if some), ""), table
                if more is every:
                    break


def _one_each(figures: Iterable[Observation]) -> bool:
    """Whether no figure is there with two values."""
    values: dict[FigureKey, object] = {}
    return all(values.setdefault(o.key, o.value) == o.value for o in figures)


@dataclass(frozen=True)
class _Table:
    """Figures that are all true at once, and what can be worked out from them."""

    content: Content
    policy: SmallCountSettings
    figures: tuple[Observation, ...]

    @cached_property
    def core(self) -> frozenset[Observation]:
        """The figures that matter, to tell tables apart."""
        return frozenset(
            replace(o, source="", locator="") for o in self.counts if self._root(o) in self.roots
        )

    @cached_property
    def counts(self) -> tuple[Observation, ...]:
        """The counts among the figures, with one more for each that is left out."""
        counts = [o for o in self.figures if self.content.indicators[o.indicator].unit == "count"]
        return (*counts, *missing_rows.stand_ins(self.content, counts))

    @cached_property
    def status(self) -> dict[FigureKey, str]:
        """The status of each withheld figure."""
        return {o.key: o.status for o in self.counts if self._hidden(o)}

    @cached_property
    def roots(self) -> frozenset[str]:
        """The topmost totals whose families have a withheld figure."""
        return frozenset(self._root(o) for o in self.counts if self._hidden(o) and guards(self.content, o))

    @cached_property
    def fits(self) -> bool:
        """Whether the figures can all be true."""
        try:
            return len(tuple(self.found())) >= 0
        except PortalError:
            return False

    def leaks(self, k: FigureKey, interval: "Interval") -> bool:
        """Return True if the figure is not protected; what is merely not there only needs it if it could be small."""
        if not interval.exposed:
            return False
        return self.status[k] == "c" or interval.exposed[0] < self._least(k)

    def found(self) -> "Iterator[tuple[FigureKey, Interval]]":
        """Yield the interval of each withheld figure; raise `PortalError` if figures contradict each other."""
        yield from self._found.items()

    @cached_property
    def _found(self) -> "dict[FigureKey, Interval]":
        from portal.disclosure import audit  # noqa: PLC0415 - SciPy takes a while to load, and most sites need none of it

        found: dict[FigureKey, audit.Interval] = {}
        for root in sorted(self.roots):
            family = [o for o in self.counts if self._root(o) == root]
            generations = {g for o in family for g in self._generation(o)} or {(None, None)}
            for generation in sorted(generations, key=repr):
                own = [o for o in family if generation in (self._generation(o) or {generation})]
                atoms = _Atoms(self.content, tuple(own))
                told = [self._published(atoms, o) for o in own]
                for i in audit.intervals(told, atoms.free):
                    k: FigureKey = i.published.key  # type: ignore[assignment]
                    found[k] = min(found.get(k, i), i, key=lambda x: x.greatest - x.least)
        return found

    def _generation(self, o: Observation) -> set[Generation]:
        """Since when and until when a ward is as it is: wards of two generations are two tables."""
        area = self.content.areas[o.area]
        return {(area.valid_from, area.valid_to)} if area.kind == "ward" else set()

    def _root(self, o: Observation) -> str:
        return of_total(self.content, o.indicator)

    def _hidden(self, o: Observation) -> bool:
        return o.value is None and (o.status == "c" or guards(self.content, o))

    def _least(self, k: FigureKey) -> int:
        return small(self.content, self.policy, k[0], self.content.areas[k[1]].kind)

    def _published(self, atoms: "_Atoms", o: Observation) -> "PublishedFigure":
        from portal.disclosure.audit import PublishedFigure  # noqa: PLC0415

        value = None if o.value is None else float(o.value)
        width = least_of(self.content, self.policy, o) if self._hidden(o) else 0
        under = width if guards(self.content, o) and o.status != missing_rows.BETWEEN else 0
        return PublishedFigure(
            o.key, atoms.made_of(o), value, value, width, words(self.content, o), under=under
        )


# --- what figures are made of


@dataclass(frozen=True)
class _Atoms:
    """How figures fall into the finest pieces that any of them tells apart."""

    content: Content
    figures: tuple[Observation, ...]

    @cached_property
    def free(self) -> frozenset[Hashable]:
        """The atoms that may be under zero: what is left of a borough where its wards add up to more than it has.

        Wards and borough then come from different files and do not quite fit. So do figures that are below zero.
        """
        below = [a for o in self.figures if o.value is not None and o.value < 0 for a in self.made_of(o)]
        loose = [a for o in self.figures for a in self.made_of(o) if a[1] in self._loose]  # type: ignore[index]
        return frozenset((*below, *loose))

    @cached_property
    def _loose(self) -> frozenset[str]:
        found = self._evidence_of_areas
        return frozenset(f"{area}{_REST}" for (_, area), sums in found.items() if any(s > 0 for s in sums))

    def made_of(self, o: Observation) -> tuple[Hashable, ...]:
        """Return the atoms of a figure."""
        return tuple(
            (leaf, place, part, span)
            for leaf, span in product(self._leaves[o.indicator], self._spans(o))
            for place in self._places(leaf, o.area)
            for part in ((o.part,) if o.part else self._parts(leaf, o.area))
        )

    def _spans(self, o: Observation) -> list[Hashable]:
        if not (o.period_start and o.period_end):
            return ["not stated"]
        return [a for a, b in pairwise(self._cuts) if o.period_start <= a and b <= o.period_end + _DAY]

    @cached_property
    def _cuts(self) -> tuple[date, ...]:
        days = {d for o in self.figures if o.period_end for d in (o.period_start, o.period_end + _DAY)}
        return tuple(sorted(d for d in days if d))

    @cached_property
    def _values(self) -> dict[FigureKey, float]:
        return {o.key: float(o.value) for o in self.figures if o.value is not None}

    def _added(self, keys: Iterable[FigureKey]) -> float | None:
        """The sum of some figures; None where one is not published."""
        return added([self._values.get(k) for k in keys])

    # indicators

    @cached_property
    def _leaves(self) -> dict[str, tuple[str, ...]]:
        """The indicators without parts that each indicator is made of, over all levels."""
        members: dict[str, list[str]] = defaultdict(list)
        for i in self.content.indicators.values():
            if i.part_of:
                members[i.part_of].append(i.id)

        def leaves(indicator: str, above: tuple[str, ...] = ()) -> tuple[str, ...]:
            inside = [m for m in members[indicator] if m not in above]
            gaps = [
                whole - total
                for k, total in self._values.items()
                if k.indicator == indicator and inside
                if (whole := self._added(k._replace(indicator=m) for m in inside)) is not None
            ]
            if not inside or any(g > 0 for g in gaps):
                return (indicator,)
            found = [leaf for m in inside for leaf in leaves(m, (*above, indicator))]
            more = [f"{indicator}{_REST}"] if any(g < 0 for g in gaps) else []
            return (*found, *more)

        return {i: leaves(i) for i in {o.indicator for o in self.figures}}

    # areas

    @cached_property
    def _inside(self) -> dict[tuple[str, str], tuple[str, ...]]:
        """The wards of each borough, and the boroughs of each region, that an indicator has figures for."""
        found: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
        for o in self.figures:
            area = self.content.areas[o.area]
            if area.kind in (*FINE, "borough") and area.parent:
                found[o.indicator, area.parent][o.area] = None
        return {k: tuple(v) for k, v in found.items()}

    @cached_property
    def _evidence_of_areas(self) -> dict[tuple[str, str], list[float]]:
        """By how much the inner areas add up to more than the outer one, wherever all of them are published.

        Where the two come from different sources, they may do so anywhere.
        """
        found: dict[tuple[str, str], list[float]] = defaultdict(list)
        sources = {o.key: o.source for o in self.figures}
        for figure, total in self._values.items():
            indicator, area = figure.indicator, figure.area
            inner = [figure._replace(area=w) for w in self._inside.get((indicator, area), ())]
            whole = self._added(inner)
            if inner and whole is not None:
                found[indicator, area].append(whole - total)
            own = {sources[k] for k in inner if k in sources}
            if own and sources[figure] not in own:
                found[indicator, area].append(1)
        return found

    def _places(self, leaf: str, area: str) -> tuple[str, ...]:
        """The places that an area is made of: a borough's wards and whatever is in none of them, for one."""
        inner = self._inside.get((leaf, area), ())
        if not inner:
            return (area,)
        complete = any(self.content.areas[w].kind == "rest" for w in inner)
        sums = self._evidence_of_areas.get((leaf, area), [])
        exact = bool(sums) and not any(sums)
        places = tuple(p for w in inner for p in self._places(leaf, w))
        return places if complete or exact else (*places, f"{area}{_REST}")

    # breakdowns

    @cached_property
    def _split(self) -> dict[tuple[str, str], tuple[str, ...]]:
        """The parts of each indicator in a borough with its wards, or in another area."""
        found: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
        for o in self.figures:
            if o.part:
                found[o.indicator, self._home(o.area)][o.part] = None
        return {k: tuple(v) for k, v in found.items()}

    def _home(self, area: str) -> str:
        own = self.content.areas.get(area)
        return own.parent if own and own.kind in FINE else area

    def _parts(self, leaf: str, area: str) -> tuple[str, ...]:
        """The parts of an indicator's total in an area; with something besides them where they make up less."""
        return self._parts_of.get((leaf, self._home(area)), ("",))

    @cached_property
    def _parts_of(self) -> dict[tuple[str, str], tuple[str, ...]]:
        gaps: dict[tuple[str, str], list[float]] = defaultdict(list)
        for figure, total in self._values.items():
            leaf, area = figure.indicator, figure.area
            parts = self._split.get((leaf, self._home(area)), ())
            whole = self._added(figure._replace(part=p) for p in parts)
            if not figure.part and parts and whole is not None:
                gaps[leaf, self._home(area)].append(whole - total)
        found = {}
        for k, parts in self._split.items():
            less, more = any(g < 0 for g in gaps[k]), any(g > 0 for g in gaps[k])
            found[k] = ("",) if more else (*parts, _REST) if less else parts
        return found
