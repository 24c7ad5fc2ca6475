"""Work out what readers can learn about withheld figures from all that is published, now and in earlier releases.

Every figure is a sum of atoms. An atom is one indicator without parts, one place, one part of its breakdown and one
span of months. `audit` then finds the possible values of each withheld figure.

Figures with the status c are not the only ones to protect. A guarded figure that is not available, `low` or has no
row can also be worked out if everything around it is published, and must not be if it could be small.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING

from portal.core.model import Content, FigureKey, Observation
from portal.core.problems import PortalError
from portal.core.remembered import Remembered
from portal.core.settings import SmallCountSettings
from portal.core.small_counts import (
    WARD_KINDS,
    figure_name,
    is_guarded_figure,
    minimum_for,
    minimum_for_kind,
    sum_if_known,
    top_total,
)
from portal.disclosure import families, missing_rows
from portal.disclosure.families import EarlierRelease

if TYPE_CHECKING:
    from portal.disclosure.audit import Interval, PublishedFigure

_DAY = timedelta(days=1)
_REMAINDER = "*"  # marks the remainder of a total beyond its known parts
Generation = tuple[date | None, date | None]
Place = tuple[str, date | None, date | None]


@dataclass(frozen=True)
class Leak:
    """A withheld figure that is not protected, with its possible values.

    `status` is the status of the figure, or the one that `missing_rows` gives it. `release` names the earlier release
    that readers need to work it out; empty if they need none.
    """

    interval: "Interval"
    status: str
    release: str = ""


@dataclass(frozen=True)
class Inferences:
    """What readers can work out: the interval of each withheld figure, and the figures that leak.

    `lost` holds the withheld figures that can no longer be protected, with the name of the earlier release that
    published them or gave them away.
    """

    intervals: "tuple[Interval, ...]"
    leaks: tuple[Leak, ...]
    lost: Mapping[FigureKey, str]


def infer(
    content: Content,
    policy: SmallCountSettings,
    archives: Sequence[EarlierRelease] = (),
    memory: Remembered | None = None,
    about: Set[str] | None = None,
) -> Inferences:
    """Work out what readers can know about each withheld figure.

    The figures published now must protect the withheld ones from readers who have no earlier release. They must also
    protect them from readers who kept every release. Figures may have been revised between releases, so each release
    forms its own table, completed with what other releases say about figures that it withholds or does not contain.

    `memory` is the cache of earlier audits; None caches nothing beyond this one. `about` are indicators: only they, and
    what adds up with them, are looked at, because nothing else depends on them. None looks at everything.
    """
    if about is not None:
        content, archives = families.only(about, content, archives)
    now = tuple(o for i in content.indicators for o in content.observations.get(i, ()))
    audited = _Audited(memory or Remembered())
    table_now = _Table(content, policy, now, audited)
    narrowest = dict(table_now.intervals())
    leaks = {k: Leak(i, table_now.status[k]) for k, i in narrowest.items() if table_now.leaks(k, i)}
    if not archives:
        return Inferences(
            tuple(i for k, i in narrowest.items() if table_now.status[k] == "c"), tuple(leaks.values()), {}
        )
    with_removed = replace(
        content, indicators={**families.removed_indicators(archives), **content.indicators}
    )
    releases = (*archives, EarlierRelease("", now, {}))
    public_before = _already_public(with_removed, policy, archives, audited)
    for name, table in _completed_tables(with_removed, policy, releases, audited):
        for k, interval in table.intervals():
            if k not in public_before and k not in leaks and table.leaks(k, interval):
                leaks[k] = Leak(interval, table.status[k], name)
            if k in narrowest and k not in public_before:
                narrowest[k] = min(narrowest[k], interval, key=lambda i: i.greatest - i.least)
    shown = {o.key for o in now if o.value is not None}
    leaks = {k: leak for k, leak in leaks.items() if k not in shown}
    hidden = tuple(i for k, i in narrowest.items() if table_now.status[k] == "c")
    return Inferences(
        hidden, tuple(leaks.values()), {k: v for k, v in public_before.items() if k in narrowest}
    )


def shown_before(content: Content, archives: Sequence[EarlierRelease]) -> dict[str, int]:
    """Return how many of the figures withheld now each earlier release published, by name of the release."""
    hidden = {o.key for figures in content.observations.values() for o in figures if o.status == "c"}
    counts = {p.name: sum(o.value is not None and o.key in hidden for o in p.observations) for p in archives}
    return {name: count for name, count in counts.items() if count}


def _already_public(
    content: Content,
    policy: SmallCountSettings,
    archives: Sequence[EarlierRelease],
    audited: "_Audited",
) -> dict[FigureKey, str]:
    """Return the figures that earlier releases published or that follow from them alone, with the release."""
    public: dict[FigureKey, str] = {}
    for archive in archives:
        for o in archive.observations:
            if o.value is not None:
                public.setdefault(o.key, archive.name)
    for name, table in _completed_tables(content, policy, archives, audited):
        for k, interval in table.intervals():
            if table.leaks(k, interval):
                public.setdefault(k, name)
    return public


def _completed_tables(
    content: Content,
    policy: SmallCountSettings,
    releases: Sequence[EarlierRelease],
    audited: "_Audited",
) -> "Iterator[tuple[str, _Table]]":
    """Yield the table of each release, completed with what other releases say about figures that it does not show.

    If the releases contradict each other because figures were revised, complete it from each other release alone. Each
    table comes with the name of the release it needs; what is published now has the empty name.
    """
    for release in releases:
        shown = {o.key for o in release.observations if o.value is not None}
        extra = {
            other.name: [o for o in other.observations if o.value is not None and o.key not in shown]
            for other in releases
            if other.name != release.name
        }
        every = [o for more in extra.values() for o in more]
        tries = [every] if _is_consistent(every) else []
        for more in [*tries, *extra.values()]:
            hidden = {o.key for o in more}
            kept = (o for o in release.observations if o.key not in hidden)
            table = _Table(content, policy, (*kept, *more), audited)
            if table.fits:
                yield release.name or next((name for name, some in extra.items() if some), ""), table
                if more is every:
                    break


def _is_consistent(figures: Iterable[Observation]) -> bool:
    """Return True if no figure has two values."""
    values: dict[FigureKey, object] = {}
    return all(values.setdefault(o.key, o.value) == o.value for o in figures)


@dataclass(frozen=True)
class _Audited:
    """Results of earlier audits, and of this one for each family of figures in a table.

    The key of a family is its indicators and figures. Its result is the intervals, or the contradiction in it.
    """

    memory: Remembered
    families: "dict[Hashable, tuple[Interval, ...] | PortalError]" = field(default_factory=dict)


@dataclass(frozen=True)
class _Table:
    """Figures that can all be true at the same time, and what readers can work out from them.

    `audited` holds the results of other tables: most families of figures are the same in several tables.
    """

    content: Content
    policy: SmallCountSettings
    figures: tuple[Observation, ...]
    audited: "_Audited"

    @cached_property
    def counts(self) -> tuple[Observation, ...]:
        """Return the counts among the figures, with a stand-in for each that has no row."""
        counts = [o for o in self.figures if self.content.indicators[o.indicator].unit == "count"]
        return (*counts, *missing_rows.stand_ins(self.content, counts))

    @cached_property
    def status(self) -> dict[FigureKey, str]:
        """Return the status of each withheld figure."""
        return {o.key: o.status for o in self.counts if self._hidden(o)}

    @cached_property
    def roots(self) -> frozenset[str]:
        """Return the topmost totals whose families have a withheld figure."""
        return frozenset(
            top_total(self.content, o.indicator)
            for o in self.counts
            if self._hidden(o) and is_guarded_figure(self.content, o)
        )

    @cached_property
    def fits(self) -> bool:
        """Return True if the figures do not contradict each other."""
        try:
            return len(tuple(self.intervals())) >= 0
        except PortalError:
            return False

    def leaks(self, k: FigureKey, interval: "Interval") -> bool:
        """Return True if the figure is not protected; a figure without status c only needs protection if it could be small."""
        if not interval.exposed:
            return False
        return self.status[k] == "c" or interval.exposed[0] < self._least(k)

    def intervals(self) -> "Iterator[tuple[FigureKey, Interval]]":
        """Yield the interval of each withheld figure.

        Raises:
            PortalError: figures contradict each other.
        """
        yield from self._intervals.items()

    @cached_property
    def _intervals(self) -> "dict[FigureKey, Interval]":
        narrowest: dict[FigureKey, Interval] = {}
        families: dict[str, list[Observation]] = {root: [] for root in sorted(self.roots)}
        root_of = {i: top_total(self.content, i) for i in self.content.indicators}
        generation_of = {area: self._generation(area) for area in self.content.areas}
        for o in self.counts:
            if (root := root_of[o.indicator]) in families:
                families[root].append(o)
        for root, family in families.items():
            found = {generation_of[area] for area in {o.area for o in family}} - {None}
            for generation in sorted(found or {(None, None)}, key=repr):
                figures = [o for o in family if generation_of[o.area] in (None, generation)]
                for i in self._of_family(root, figures):
                    k: FigureKey = i.published.key  # type: ignore[assignment]
                    narrowest[k] = min(narrowest.get(k, i), i, key=lambda x: x.greatest - x.least)
        return narrowest

    def _of_family(self, root: str, figures: Sequence[Observation]) -> "tuple[Interval, ...]":
        """Return the intervals of figures that have one topmost total; they depend on nothing outside their family."""
        from portal.disclosure import audit_memory  # noqa: PLC0415 - SciPy is slow to import, and most sites do not need it

        members = tuple(i for i in self.content.indicators if top_total(self.content, i) == root)
        shown = frozenset((o.key, o.value, o.source) for o in figures if o.value is not None)
        hidden = frozenset((o.key, o.status, o.source) for o in figures if o.value is None)
        known_as = members, shown, hidden
        results = self.audited.families
        if known_as not in results:
            atoms = _Atoms(self.content, tuple(figures))
            published = [self._published(atoms, o) for o in figures]
            try:
                results[known_as] = audit_memory.intervals(published, atoms.free, self.audited.memory)
            except PortalError as error:
                results[known_as] = error
        found = results[known_as]
        if isinstance(found, PortalError):
            raise found
        return found

    def _generation(self, code: str) -> Generation | None:
        """Return the validity of a ward's boundary; None for other areas.

        Wards with different boundaries form separate tables.
        """
        area = self.content.areas[code]
        return (area.valid_from, area.valid_to) if area.kind == "ward" else None

    def _hidden(self, o: Observation) -> bool:
        return o.value is None and (o.status == "c" or is_guarded_figure(self.content, o))

    def _least(self, k: FigureKey) -> int:
        return minimum_for_kind(self.content, self.policy, k[0], self.content.areas[k[1]].kind)

    def _published(self, atoms: "_Atoms", o: Observation) -> "PublishedFigure":
        from portal.disclosure.audit import PublishedFigure  # noqa: PLC0415

        value = None if o.value is None else float(o.value)
        width = minimum_for(self.content, self.policy, o) if self._hidden(o) else 0
        under = width if is_guarded_figure(self.content, o) and o.status != missing_rows.BETWEEN else 0
        return PublishedFigure(
            o.key, atoms.made_of(o), value, value, width, figure_name(self.content, o), under=under
        )


# --- what figures are made of


@dataclass(frozen=True)
class _Atoms:
    """The division of figures into the largest pieces that never straddle a figure."""

    content: Content
    figures: tuple[Observation, ...]

    @cached_property
    def free(self) -> frozenset[Hashable]:
        """Return the atoms that may be negative.

        These are the remainder of a borough whose wards add up to more than its total, because the two come from
        different files, and the atoms of published figures below zero.
        """
        below = [a for o in self.figures if o.value is not None and o.value < 0 for a in self.made_of(o)]
        if not self._loose:
            return frozenset(below)
        loose = [a for o in self.figures for a in self.made_of(o) if a[1] in self._loose]  # type: ignore[index]
        return frozenset((*below, *loose))

    @cached_property
    def _loose(self) -> frozenset[str]:
        evidence = self._evidence_of_areas
        return frozenset(
            f"{area}{_REMAINDER}" for (_, area), sums in evidence.items() if any(s > 0 for s in sums)
        )

    def made_of(self, o: Observation) -> tuple[Hashable, ...]:
        """Return the atoms of a figure, each as (indicator, place, part, span)."""
        made = self._made.get(o.key)
        if made is None:
            made = self._made[o.key] = tuple(
                (leaf, place, part, span)
                for leaf, span in product(self._leaves[o.indicator], self._spans(o))
                for place, part in self._cells(leaf, o.area, o.part)
            )
        return made

    @cached_property
    def _made(self) -> dict[FigureKey, tuple[Hashable, ...]]:
        return {}

    def _cells(self, leaf: str, area: str, part: str) -> tuple[tuple[str, str], ...]:
        """Return the places of an area, each with each part of the indicator there, or with `part` if that is given."""
        cells = self._known_cells.get((leaf, area, part))
        if cells is None:
            parts = (part,) if part else self._parts(leaf, area)
            cells = tuple(product(self._places(leaf, area), parts))
            self._known_cells[leaf, area, part] = cells
        return cells

    @cached_property
    def _known_cells(self) -> dict[tuple[str, str, str], tuple[tuple[str, str], ...]]:
        return {}

    def _spans(self, o: Observation) -> list[Hashable]:
        if not (o.period_start and o.period_end):
            return ["not stated"]
        first = bisect_left(self._cuts, o.period_start)
        return list(self._cuts[first : bisect_left(self._cuts, o.period_end + _DAY)])

    @cached_property
    def _cuts(self) -> tuple[date, ...]:
        days = {d for o in self.figures if o.period_end for d in (o.period_start, o.period_end + _DAY)}
        return tuple(sorted(d for d in days if d))

    @cached_property
    def _values(self) -> dict[FigureKey, float]:
        return {o.key: float(o.value) for o in self.figures if o.value is not None}

    def _added(self, keys: Iterable[FigureKey]) -> float | None:
        """Return the sum of some figures; None if one of them is not published."""
        return sum_if_known([self._values.get(k) for k in keys])

    # indicators

    @cached_property
    def _leaves(self) -> dict[str, tuple[str, ...]]:
        """Return the indicators without parts that make up each indicator, over all levels."""
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
            from_members = [leaf for m in inside for leaf in leaves(m, (*above, indicator))]
            remainder = [f"{indicator}{_REMAINDER}"] if any(g < 0 for g in gaps) else []
            return (*from_members, *remainder)

        return {i: leaves(i) for i in {o.indicator for o in self.figures}}

    # areas

    @cached_property
    def _inside(self) -> dict[tuple[str, str], tuple[str, ...]]:
        """Return the wards of each borough and the boroughs of each region that have figures, by indicator and area."""
        inner_areas: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
        for o in self.figures:
            area = self.content.areas[o.area]
            if area.kind in (*WARD_KINDS, "borough") and area.parent:
                inner_areas[o.indicator, area.parent][o.area] = None
        return {k: tuple(v) for k, v in inner_areas.items()}

    @cached_property
    def _evidence_of_areas(self) -> dict[tuple[str, str], list[float]]:
        """Return the excess of the inner areas' sum over the outer area, for each period in which all are published.

        If inner and outer figures come from different sources, the sum may exceed the total in any period; that adds 1,
        unless the two agree wherever both are published, so that readers will take it that they agree here too.
        """
        excesses: dict[tuple[str, str], list[float]] = defaultdict(list)
        from_elsewhere: set[tuple[str, str]] = set()
        sources = {o.key: o.source for o in self.figures}
        for figure, total in self._values.items():
            indicator, area = figure.indicator, figure.area
            inner = [figure._replace(area=w) for w in self._inside.get((indicator, area), ())]
            known = [v for k in inner if (v := self._values.get(k)) is not None]
            if inner and (len(known) == len(inner) or sum(known) > total >= 0):
                excesses[indicator, area].append(sum(known) - total)
            inner_sources = {sources[k] for k in inner if k in sources}
            if inner_sources and sources[figure] not in inner_sources:
                from_elsewhere.add((indicator, area))
        for k in from_elsewhere:
            if not excesses[k] or any(excesses[k]):
                excesses[k].append(1)
        return excesses

    def _places(self, leaf: str, area: str) -> tuple[str, ...]:
        """Return the places that make up an area, such as a borough's wards and the remainder outside all wards."""
        inner = self._inside.get((leaf, area), ())
        if not inner:
            return (area,)
        complete = any(self.content.areas[w].kind == "rest" for w in inner)
        sums = self._evidence_of_areas.get((leaf, area), [])
        exact = bool(sums) and not any(sums)
        places = tuple(p for w in inner for p in self._places(leaf, w))
        return places if complete or exact else (*places, f"{area}{_REMAINDER}")

    # breakdowns

    @cached_property
    def _split(self) -> dict[tuple[str, str], tuple[str, ...]]:
        """Return the parts of each indicator's breakdown, by indicator and area; a borough includes its wards."""
        parts: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
        for o in self.figures:
            if o.part:
                parts[o.indicator, self._home(o.area)][o.part] = None
        return {k: tuple(v) for k, v in parts.items()}

    def _home(self, area: str) -> str:
        area_ = self.content.areas.get(area)
        return area_.parent if area_ and area_.kind in WARD_KINDS else area

    def _parts(self, leaf: str, area: str) -> tuple[str, ...]:
        """Return the parts of an indicator's total in an area, with a remainder if they sum to less than the total."""
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
        parts_of = {}
        for k, parts in self._split.items():
            less, more = any(g < 0 for g in gaps[k]), any(g > 0 for g in gaps[k])
            parts_of[k] = ("",) if more else (*parts, _REMAINDER) if less else parts
        return parts_of
