"""Work out what figures are made of: the largest pieces, called atoms, that never straddle a published figure.

An atom is one indicator without parts, one place, one part of its breakdown and one span of months. An indicator that
has figures for a borough only is still made of its wards if its total has figures for those, and of the parts of the
total's breakdown: what is published about the total bounds it.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from itertools import product

from portal.core.model import Content, FigureKey, Observation
from portal.core.small_counts import WARD_KINDS, sum_if_known

_DAY = timedelta(days=1)
_REMAINDER = "*"  # marks the remainder of a total beyond its known parts


@dataclass(frozen=True)
class Atoms:
    """The division of figures into the largest pieces that never straddle a figure.

    If `apart` is True, each indicator is made only of the wards and parts of its own figures.
    """

    content: Content
    figures: tuple[Observation, ...]
    apart: bool = False

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
    def _members(self) -> dict[str, list[str]]:
        members: dict[str, list[str]] = defaultdict(list)
        for i in self.content.indicators.values():
            if i.part_of:
                members[i.part_of].append(i.id)
        return members

    @cached_property
    def _with_sums(self) -> dict[FigureKey, float]:
        """Return the published figures with the sums of all parts of an indicator where it has no figure itself."""
        values = dict(self._values)
        if self.apart:
            return values
        for indicator, (first, *others) in self._members.items():
            for k in (k for k in self._values if k.indicator == first):
                sum_ = self._added([k, *(k._replace(indicator=i) for i in others)])
                if sum_ is not None:
                    values.setdefault(k._replace(indicator=indicator), sum_)
        return values

    @cached_property
    def _leaves(self) -> dict[str, tuple[str, ...]]:
        """Return the indicators without parts that make up each indicator, over all levels."""
        members = self._members

        def leaves(indicator: str, above: tuple[str, ...] = ()) -> tuple[str, ...]:
            inside = [m for m in members.get(indicator, ()) if m not in above]
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

    def _around(self, leaf: str) -> tuple[str, ...]:
        """Return the indicators that contain an indicator without parts, itself first, then the nearest total."""
        return (leaf,) if self.apart else (leaf, *self._totals.get(leaf, ()))

    @cached_property
    def _totals(self) -> dict[str, tuple[str, ...]]:
        totals: dict[str, list[str]] = defaultdict(list)
        for indicator, leaves in sorted(self._leaves.items(), key=lambda item: (len(item[1]), item[0])):
            for leaf in leaves:
                if leaf != indicator:
                    totals[leaf].append(indicator)
        return {leaf: tuple(indicators) for leaf, indicators in totals.items()}

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
        for figure, total in self._with_sums.items():
            indicator, area = figure.indicator, figure.area
            inner = [figure._replace(area=w) for w in self._inside.get((indicator, area), ())]
            known = [v for k in inner if (v := self._values.get(k)) is not None]
            if inner and (len(known) == len(inner) or sum(known) > total >= 0):
                excesses[indicator, area].append(sum(known) - total)
            inner_sources = {sources[k] for k in inner if k in sources}
            if inner_sources and sources.get(figure, "") not in ("", *inner_sources):
                from_elsewhere.add((indicator, area))
        for k in (*from_elsewhere, *self._parts_from_elsewhere):
            if not excesses[k] or any(excesses[k]):
                excesses[k].append(1)
        return excesses

    @cached_property
    def _parts_from_elsewhere(self) -> frozenset[tuple[str, str]]:
        """Return the indicators and areas whose inner areas have no source in common with the parts of the indicator there."""
        if self.apart:
            return frozenset()
        sources: dict[tuple[str, str], set[str]] = defaultdict(set)
        for o in self.figures:
            for leaf in self._leaves[o.indicator]:
                sources[leaf, o.area].add(o.source)
        inner_sources: dict[tuple[str, str], set[str]] = defaultdict(set)
        for o in self.figures:
            inner_sources[o.indicator, self.content.areas[o.area].parent].add(o.source)
        return frozenset(
            (indicator, area)
            for indicator, area in self._inside
            if (outer := set().union(*(sources[leaf, area] for leaf in self._leaves[indicator])))
            and not outer & inner_sources[indicator, area]
        )

    def _places(self, leaf: str, area: str) -> tuple[str, ...]:
        """Return the places that make up an area, such as a borough's wards and the remainder outside all wards."""
        own = self._inside.get((leaf, area), ())
        sums = self._evidence_of_areas.get((leaf, area), [])
        if own and (self._has_rest(own) or (sums and not any(sums))):
            return tuple(p for w in own for p in self._places(leaf, w))
        around = self._around(leaf)
        inner = tuple(dict.fromkeys(w for i in around for w in self._inside.get((i, area), ())))
        if not inner:
            return (area,)
        sums = next((s for i in around if (s := self._evidence_of_areas.get((i, area)))), [])
        places = tuple(p for w in inner for p in self._places(leaf, w))
        is_whole = not any(sums) and (bool(sums) or self._has_rest(inner))
        return places if is_whole else (*places, f"{area}{_REMAINDER}")

    def _has_rest(self, inner: Iterable[str]) -> bool:
        """Return True if the records without a ward are among some areas, which then make up the one around them."""
        return any(self.content.areas[w].kind == "rest" for w in inner)

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
        home = self._home(area)
        return next((p for i in self._around(leaf) if (p := self._parts_of.get((i, home)))), ("",))

    @cached_property
    def _parts_of(self) -> dict[tuple[str, str], tuple[str, ...]]:
        gaps: dict[tuple[str, str], list[float]] = defaultdict(list)
        for figure, total in self._with_sums.items():
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
