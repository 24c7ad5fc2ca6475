"""Withhold small counts, and enough others to protect them, in imports, which know the true counts."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from itertools import pairwise
from random import SystemRandom
from typing import NamedTuple

from portal.core.model import Content, FigureKey, Observation
from portal.core.problems import PortalError
from portal.core.settings import SmallCountSettings
from portal.core.small_counts import WARD_KINDS, is_guarded, is_guarded_figure, minimum_for, top_total
from portal.core.vocabulary import Status
from portal.disclosure import suppression
from portal.disclosure.families import EarlierRelease
from portal.disclosure.suppression import CountCell, Relation

# Withhold a figure of a borough or larger area to protect others only if nothing else protects them.
_COST_OF_TOTAL = 20


@dataclass(frozen=True)
class Withheld:
    """The figures as they may be published, with counts of figures.

    `cells` are guarded, `primary` are withheld because they are small, `secondary` to protect others.
    """

    observations: tuple[Observation, ...]
    cells: int
    primary: int
    secondary: int


def withhold(
    drafts: Iterable[Observation],
    content: Content,
    policy: SmallCountSettings,
    published: Iterable[Observation] = (),
    archives: Sequence[EarlierRelease] = (),
) -> Withheld:
    """Withhold small counts among `drafts`, and enough others of the same totals to hide them.

    `drafts` hold true counts; `published` are figures that are public already, `archives` those of earlier releases. Only
    guarded indicators and their totals change. These are totals: a borough of its wards and the records without a
    ward; a figure of its parts; an indicator of those that are part of it, level by level; a period of the shorter
    periods that fill it.

    Figures that were withheld before stay withheld: two choices for the same counts would give both away. The other
    choices are random.

    Raises:
        PortalError: a count cannot be protected.
    """
    drafts_by_key, published = {o.key: o for o in drafts}, tuple(published)
    archived = tuple(o for archive in archives for o in archive.observations)
    known = {o.key: o for o in published if o.value is not None} | drafts_by_key
    roots = {top_total(content, i.id) for i in content.indicators.values() if is_guarded(i)}
    counts = {
        k: o for k, o in known.items() if o.value is not None and top_total(content, o.indicator) in roots
    }
    protect = partial(_TableToProtect, content, policy, counts, known)
    shown_before = {o.key: o.value for o in archived if o.value is not None}
    kept: Set[Hashable] = _withheld_before(published, archived) & drafts_by_key.keys()
    if already_public := {k for k, o in drafts_by_key.items() if shown_before.get(k) == o.value}:
        not_public = protect(drafts_by_key.keys() - already_public, kept - already_public)
        kept |= _hidden_from_archives(not_public) & drafts_by_key.keys()
    table = protect(drafts_by_key.keys(), kept)
    hidden = table.hidden() & drafts_by_key.keys()
    primary = {k for k, c in table.cells.items() if c.small and not c.fixed}
    cleared = tuple(
        replace(o, value=None, status=Status.WITHHELD) if k in hidden else o for k, o in drafts_by_key.items()
    )
    return Withheld(
        cleared,
        sum(is_guarded_figure(content, o) for o in drafts_by_key.values()),
        len(primary),
        len(hidden - primary),
    )


def _withheld_before(published: Iterable[Observation], archived: Sequence[Observation]) -> Set[FigureKey]:
    """Return the figures that are withheld now, or that an earlier release withheld and no release published."""
    shown = {o.key for o in archived if o.value is not None}
    withheld = {o.key for o in archived if o.status == Status.WITHHELD} - shown
    return withheld | {o.key for o in published if o.status == Status.WITHHELD}


def _hidden_from_archives(table: "_TableToProtect") -> Set[Hashable]:
    """Return what to withhold from readers who have the earlier releases; nothing if it is too late to protect it."""
    try:
        return table.hidden()
    except PortalError:
        return frozenset()


@dataclass(frozen=True)
class _TableToProtect:
    """The counts that matter: those that can be withheld (`open`), and those that were withheld before (`kept`)."""

    content: Content
    policy: SmallCountSettings
    counts: Mapping[FigureKey, Observation]
    known: Mapping[FigureKey, Observation]
    open: Set[Hashable]
    kept: Set[Hashable]

    @property
    def cells(self) -> dict[Hashable, CountCell]:
        """Return the cells of the counts."""
        return {k: self._cell(k, o) for k, o in self.counts.items()}

    def hidden(self) -> frozenset[Hashable]:
        """Return the keys of the figures to withhold."""
        cells = self.cells
        relations = tuple(_relations(self.content, self.known, cells))
        loose = {k: c for r in relations for k, c in _unpublished_remainders(cells, r)}
        cells |= loose
        sums = (
            CountCell(r.total, _sum_of_parts(cells, r), primary=False, width=0, fixed=True) for r in relations
        )
        cells = {c.key: c for c in sums} | cells
        return suppression.suppress(tuple(cells.values()), relations, SystemRandom())

    def _cell(self, k: FigureKey, o: Observation) -> CountCell:
        least, count = minimum_for(self.content, self.policy, o), max(int(o.value or 0), 0)
        fixed, careful = k not in self.open, is_guarded_figure(self.content, o)
        small = careful and count < least
        fine = o.part or self.content.areas[o.area].kind in WARD_KINDS
        return CountCell(
            k, count, (small or k in self.kept) and not fixed, least, fixed=fixed,
            under=least if careful and not fixed else 0, kept=k in self.kept and not fixed, cost=1 if fine else _COST_OF_TOTAL,
        )  # fmt: skip


def _unpublished_remainders(
    cells: Mapping[Hashable, CountCell], relation: Relation
) -> Iterator[tuple[Hashable, CountCell]]:
    """Yield the unpublished records without a ward: the borough's count less those of its wards."""
    for k in relation.parts:
        if k not in cells:
            left = cells[relation.total].value - sum(cells[p].value for p in relation.parts if p in cells)
            yield k, CountCell(k, left, primary=True, width=0, kept=True)


def _sum_of_parts(cells: Mapping[Hashable, CountCell], relation: Relation) -> int:
    return sum(cells[k].value for k in relation.parts)


def _relations(
    content: Content, known: Mapping[FigureKey, Observation], cells: Mapping[Hashable, CountCell]
) -> Iterator[Relation]:
    """Yield which figures are sums of others.

    If the wards add up to more than their borough, treat their sum as a published total instead of the borough's.
    """
    for (kind, total), parts in _parts_of_totals(content, known).items():
        if not {total, *parts} <= cells.keys():
            continue
        counts = {k: known[k].value or 0 for k in (total, *parts)}
        if kind == "areas" and not _includes_rest(content, parts):
            left = counts[total] - sum(counts[k] for k in parts)
            if left >= 0 and known[total].source in {known[k].source for k in parts}:
                yield Relation(total, (*parts, ("without a ward", *total)))
        elif min(counts.values()) < 0:
            yield Relation(("wards of", *total), tuple(k for k in parts if counts[k] >= 0))
        elif counts[total] == sum(counts[k] for k in parts):  # else from another extract: the audit checks it
            yield Relation(total, tuple(parts))


class _Total(NamedTuple):
    """A figure that is the sum of others, and what those are: "areas", "parts", "periods" or "members"."""

    kind: str
    key: FigureKey


def _parts_of_totals(
    content: Content, known: Mapping[FigureKey, Observation]
) -> Mapping[_Total, list[FigureKey]]:
    """Return the parts of each total."""
    parts: dict[_Total, list[FigureKey]] = defaultdict(list)
    for figure in known:
        area = content.areas[figure.area]
        if area.kind in ("ward", "rest"):
            parts[_Total("areas", figure._replace(area=area.parent))].append(figure)
        if figure.part:
            parts[_Total("parts", figure._replace(part=""))].append(figure)
    periods = {_Total("periods", whole): shorter for whole, shorter in _filled_periods(known)}
    return parts | periods | dict(_members(content, known))


def _includes_rest(content: Content, parts: Sequence[FigureKey]) -> bool:
    """Return True if the records without a ward are included; without them wards do not add up to their borough."""
    return any(content.areas[k[1]].kind == "rest" for k in parts)


def _members(
    content: Content, known: Mapping[FigureKey, Observation]
) -> Iterator[tuple[_Total, list[FigureKey]]]:
    """Yield each total of indicators with their figures for the same period, or for shorter periods that fill it."""
    members: dict[str, list[str]] = defaultdict(list)
    for indicator in content.indicators.values():
        members[indicator.part_of].append(indicator.id)
    alike = _by_series(known)
    for whole in (k for k in known if k[0] in members):
        parts = []
        for member in members[whole[0]]:
            same = whole._replace(indicator=member)
            filling = [same] if same in known else _filling_periods(same, alike.get(same[:3], []))
            if not filling:
                break
            parts += filling
        else:
            yield _Total("members", whole), parts


def _by_series(known: Iterable[FigureKey]) -> dict[tuple[str, str, str], list[FigureKey]]:
    """Group figures that differ only in their period, by indicator, area and part."""
    by_series: dict[tuple[str, str, str], list[FigureKey]] = defaultdict(list)
    for figure in known:
        by_series[figure[:3]].append(figure)
    return by_series


def _filled_periods(known: Iterable[FigureKey]) -> Iterator[tuple[FigureKey, list[FigureKey]]]:
    """Yield each figure whose period is filled by shorter periods, with the figures for those."""
    for figures in _by_series(known).values():
        for whole in figures:
            parts = _filling_periods(whole, figures)
            if len(parts) > 1:
                yield whole, parts


def _filling_periods(whole: FigureKey, figures: list[FigureKey]) -> list[FigureKey]:
    """Return the figures for shorter periods that fill a period without gap or overlap; empty if none do."""
    start, end = whole[3:]
    if start is None or end is None:
        return []
    inside = sorted(k for k in figures if k != whole and k[3] and k[4] and start <= k[3] and k[4] <= end)
    days = [(k[3], k[4]) for k in inside]
    joined = all(a[1] + timedelta(days=1) == b[0] for a, b in pairwise(days) if a[1] and b[0])
    return inside if inside and joined and (days[0][0], days[-1][1]) == (start, end) else []
