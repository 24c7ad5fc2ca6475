"""Find totals that readers can take withheld figures to add up to although the audit does not take them for totals.

Such a total has another name, or is that of a police force, which contains boroughs although its area does not appear
as theirs. Or it is the figures' own total, but does not agree with them in every other place: the audit takes a
total that is too small anywhere for one of something else, while readers see that it agrees nearly everywhere. Or it is
among the parts of a breakdown (see `part_sums`).
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING

from portal.core import text
from portal.core.model import Content, FigureKey, Observation
from portal.core.settings import SmallCountSettings
from portal.core.small_counts import WARD_KINDS, is_guarded_figure, minimum_for, sum_if_known
from portal.core.vocabulary import AreaKind
from portal.disclosure import derived_sums, missing_rows, part_sums
from portal.disclosure.addends import Slot, slot
from portal.disclosure.part_sums import PartSum

if TYPE_CHECKING:
    from portal.disclosure.audit import PublishedFigure

Found = tuple[Observation, Observation, int]  # a withheld figure, its possible total, and of how many figures


@dataclass(frozen=True)
class TotalSearch:
    """The published figures in which to look for totals of the withheld ones, and the sums that readers can make."""

    content: Content
    policy: SmallCountSettings
    counts: Sequence[Observation]
    hidden: Sequence[Observation]
    slots: Mapping[Slot, list[Observation]]
    series: Mapping[tuple[str, str], dict[Slot, float]]
    derived: Mapping[Slot, list[Observation]]

    def totals(self) -> Iterator[Found]:
        """Yield a withheld figure of each group whose total would give it away."""
        possible = (*self._possible_totals(), *self._doubtful_totals())
        for total, group in (t for t in possible if any(o.value is None for o in t[1])):
            agreement = self._agreement(total, group)
            if agreement is None or agreement >= 1 - part_sums.MOST_FAILURES:
                yield from self._exposed(total, group, is_sure=agreement is not None)
        yield from self._of_parts()

    def _exposed(self, total: Observation, group: Sequence[Observation], is_sure: bool) -> Iterator[Found]:
        """Yield the first withheld figure of a group if the total leaves too few values; unsure, only if all can be small."""
        hidden = [o for o in group if o.value is None and is_guarded_figure(self.content, o)]
        left = float(total.value or 0) - sum(float(o.value) for o in group if o.value is not None)
        most = sum(minimum_for(self.content, self.policy, o) - 1 for o in hidden)
        if (
            hidden
            and len(group) > 1
            and left >= 0
            and (is_sure or left <= most)
            and self._narrow(hidden, left)
        ):
            yield hidden[0], total, len(group)

    def _doubtful_totals(self) -> Iterator[tuple[Observation, Sequence[Observation]]]:
        """Yield totals of the same name that disagree in some places, or that come from another source than the figures."""
        own = {o.key: o for o in self.counts if o.value is not None}
        inside, _ = self._groups()
        members: dict[FigureKey, list[Observation]] = defaultdict(list)
        roots = {o.indicator for o in self.hidden}
        for o in self.counts:
            whole = self.content.indicators[o.indicator].part_of
            if whole and roots & self._members(whole):
                members[o.key._replace(indicator=whole)].append(o)
        for k, group in (*inside.items(), *members.items()):
            total = own.get(k)
            if total is None:
                continue
            left_out = self._left_out(total, group)
            agreement = self._agreement(total, group)
            if (left_out and agreement is None) or agreement not in (None, 1):
                yield total, [*group, *left_out]

    def _members(self, whole: str) -> frozenset[str]:
        return frozenset(i.id for i in self.content.indicators.values() if i.part_of == whole)

    def _left_out(self, total: Observation, group: Sequence[Observation]) -> list[Observation]:
        """Return stand-ins for guarded wards that have no row beside the others, whose total comes from another source."""
        first = group[0]
        if first.part != total.part or first.area == total.area or not is_guarded_figure(self.content, first):
            return []
        if {o.source for o in group} == {total.source}:
            return []  # the audit has stand-ins for these
        missing = missing_rows.inner_areas(self.content, total.area, group) - {o.area for o in group}
        return [
            replace(first, area=code, value=None, status=missing_rows.LEFT_OUT)  # type: ignore[arg-type]
            for code in sorted(missing)
        ]

    def _of_parts(self) -> Iterator[Found]:
        """Yield what follows if parts of a breakdown are sums of others, such as a total, a subtotal or two groupings."""
        guarded = {o.indicator for o in self.counts if o.part and is_guarded_figure(self.content, o)}
        for indicator in sorted(guarded):
            tables: dict[Slot, dict[str, Observation]] = defaultdict(dict)
            for o in self.content.observations[indicator]:
                tables[slot(o)][o.part] = o
            parts = sorted({p for rows in tables.values() for p in rows if p})
            values = [{p: _float(o) for p, o in rows.items()} for rows in tables.values()]
            for s in part_sums.sums(parts, values):
                for rows in tables.values():
                    yield from self._of_part_sum(rows, s)

    def _of_part_sum(self, rows: Mapping[str, Observation], s: PartSum) -> Iterator[Found]:
        known = [rows[p] for p in s.terms if p in rows]
        whole = sum_if_known([_float(rows[p]) if p in rows else None for p in s.whole])
        if whole is not None and known:
            left_out = (
                replace(known[0], part=p, value=None, status=missing_rows.LEFT_OUT)  # type: ignore[arg-type]
                for p in s.terms
                if p not in rows
            )
            total = replace(rows[s.whole[0]], part=text.listed(s.whole), value=Decimal(whole))
            yield from self._exposed(total, [*known, *left_out], s.is_sure)

    def _possible_totals(self) -> Iterator[tuple[Observation, Sequence[Observation]]]:
        """Yield published counts, each with the figures of which it could be the total, some of them withheld.

        The audit covers what is published under the same indicator, but not a police force, which contains boroughs
        although its area does not appear as theirs.
        """
        existing, inside, of_force = {o.key for o in self.counts}, *self._groups()
        for k, group in inside.items():
            if k not in existing:
                place = k.area, k.start, k.end
                totals = (*self.slots.get(place, ()), *self.derived.get(place, ()))
                yield from ((total, group) for total in totals if total.indicator != k.indicator)
        for k, group in of_force.items():
            yield from (
                (total, group) for total in self.slots.get((k.area, k.start, k.end), ()) if not total.part
            )
        for o in self.hidden:
            for total in self._longer(o):
                key = o.key._replace(start=total.period_start, end=total.period_end)
                if total.indicator != o.indicator and key not in existing and total.part in ("", o.part):
                    group = self._tiles(o, slot(total))
                    if o in group:
                        yield total, group

    def _groups(self) -> tuple[Mapping[FigureKey, list[Observation]], Mapping[FigureKey, list[Observation]]]:
        """Return the figures inside each total by its key: its parts, wards or boroughs, and the boroughs of each force."""
        inside: dict[FigureKey, list[Observation]] = defaultdict(list)
        of_force: dict[FigureKey, list[Observation]] = defaultdict(list)
        forces: dict[str, list[str]] = defaultdict(list)
        for a in self.content.areas.values():
            if a.kind == AreaKind.POLICE_FORCE:
                forces[a.parent].append(a.code)
        guarded = {o.indicator for o in self.counts if is_guarded_figure(self.content, o)}
        for o in (o for i in sorted(guarded) for o in self.content.observations[i]):
            area = self.content.areas[o.area]
            if o.part:
                inside[o.key._replace(part="")].append(o)
            elif area.kind in (*WARD_KINDS, AreaKind.BOROUGH) and area.parent:
                inside[o.key._replace(area=area.parent)].append(o)
                for force in forces.get(area.parent, ()):
                    of_force[o.key._replace(area=force)].append(o)
        return inside, of_force

    @cached_property
    def _by_area(self) -> Mapping[str, list[list[Observation]]]:
        """Return the published counts of each area, those of a period together."""
        by_area: dict[str, list[list[Observation]]] = defaultdict(list)
        for figures in self.slots.values():
            by_area[figures[0].area].append(figures)
        return by_area

    def _longer(self, o: Observation) -> Iterator[Observation]:
        """Yield the published counts of the area for longer periods that contain the figure's own."""
        for figures in self._by_area.get(o.area, ()):
            if derived_sums.is_within(o, figures[0]) and slot(o) != slot(figures[0]):
                yield from figures

    def _tiles(self, like: Observation, place: Slot) -> list[Observation]:
        """Return the figures of the same indicator, part and area as another that make up a longer period."""
        _, start, end = place
        if not (isinstance(start, date) and isinstance(end, date)):
            return []
        rows = (
            o for o in self.content.observations[like.indicator] if (o.area, o.part) == (like.area, like.part)
        )
        return derived_sums.tiles(rows, start, end)

    def _agreement(self, total: Observation, group: Sequence[Observation]) -> float | None:
        """Return the share of places in which the group has that total, where both are published in full; None if there are none."""
        sums: list[bool] = []
        own_period = {slot(o)[1:] for o in group} == {slot(total)[1:]}
        for place, value in self.series[total.indicator, total.part].items():
            values: list[float | None] = []
            if not own_period:
                tiles = self._tiles(group[0], place) if place[0] == total.area else ()
                values = [None if o.value is None else float(o.value) for o in tiles]
            elif group[0].area == total.area or place[0] == total.area:
                moved = [place[0] if o.area == total.area else o.area for o in group]
                values = [
                    self.series.get((o.indicator, o.part), {}).get((area, *place[1:]))
                    for o, area in zip(group, moved, strict=True)
                ]
            if values and (whole := sum_if_known(values)) is not None:
                sums.append(whole == value)
        return sum(sums) / len(sums) if sums else None

    def _narrow(self, hidden: Sequence[Observation], left: float) -> bool:
        """Return True if withheld figures with this sum would not be protected."""
        from portal.disclosure import audit  # noqa: PLC0415 - SciPy takes a while to load

        published: list[PublishedFigure] = [
            audit.PublishedFigure("sum", tuple(range(len(hidden))), left, left)
        ]
        for n, o in enumerate(hidden):
            least = minimum_for(self.content, self.policy, o)
            published.append(audit.PublishedFigure(n, (n,), None, None, least, under=least))
        return bool(audit.exposed_only(audit.intervals(published)))


def _float(o: Observation) -> float | None:
    return None if o.value is None else float(o.value)
