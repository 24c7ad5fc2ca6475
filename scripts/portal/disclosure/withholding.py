"""Withhold small counts, and enough others to protect them, in imports, which know the true counts."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise
from random import SystemRandom

from portal.core.model import Content, FigureKey, Observation
from portal.core.problems import PortalError
from portal.core.settings import SmallCountSettings
from portal.core.small_counts import FINE, guarded, guards, least_of, of_total
from portal.core.vocabulary import Status
from portal.disclosure import suppression
from portal.disclosure.inference import EarlierRelease
from portal.disclosure.suppression import CountCell, Relation

# Withhold a figure of a borough or larger area to protect others only if nothing else protects them.
_DEAR = 20


@dataclass(frozen=True)
class Withheld:
    """The figures as they may be published, with counts of figures.

    `cells` are guarded, `primary` are withheld because they are small, `secondary` to protect others.
    """

    observations: tuple[Observation, ...]
    cells: int
    primary: int
    secondary: int


def suppress(
    drafts: Iterable[Observation],
    content: Content,
    policy: SmallCountSettings,
    published: Iterable[Observation] = (),
    past: Sequence[EarlierRelease] = (),
) -> Withheld:
    """Withhold small counts among `drafts`, and enough others of the same totals to hide them.

    `drafts` hold true counts; `published` are figures that are public already, `past` those of earlier releases. Only
    guarded indicators and their totals change. These are totals: a borough of its wards and the records without a
    ward; a figure of its parts; an indicator of those that are part of it, level by level; a period of the shorter
    periods that fill it.

    Figures that were withheld before stay withheld: two choices for the same counts would give both away. The other
    choices are random.

    Raises:
        PortalError: a count cannot be protected.
    """
    own, published = {o.key: o for o in drafts}, tuple(published)
    known = {o.key: o for o in published if o.value is not None} | own
    roots = {of_total(content, i.id) for i in content.indicators.values() if guarded(i)}
    counts = {
        k: o for k, o in known.items() if o.value is not None and of_total(content, o.indicator) in roots
    }
    old = [o for p in past for o in p.observations]
    shown = {o.key: o.value for o in old if o.value is not None}
    withheld = {o.key for o in published if o.status == Status.WITHHELD} | {
        o.key for o in old if o.status == Status.WITHHELD
    } - shown.keys()
    kept: Set[Hashable] = withheld & own.keys()
    if out := {k for k, o in own.items() if shown.get(k) == o.value}:
        kept = kept | (
            _beside_the_past(_TableToProtect(content, policy, counts, known, own.keys() - out, kept - out))
            & own.keys()
        )
    job = _TableToProtect(content, policy, counts, known, own.keys(), kept)
    hidden = job.hidden() & own.keys()
    primary = {k for k, c in job.cells.items() if c.small and not c.fixed}
    safe = tuple(replace(o, value=None, status=Status.WITHHELD) if k in hidden else o for k, o in own.items())
    return Withheld(safe, sum(guards(content, o) for o in own.values()), len(primary), len(hidden - primary))


def _beside_the_past(job: "_TableToProtect") -> Set[Hashable]:
    """Return what to withhold from readers who have the earlier releases; nothing if it is too late to protect it."""
    try:
        return job.hidden()
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
        loose = {k: c for r in relations for k, c in _unseen(cells, r)}
        cells |= loose
        sums = (CountCell(r.total, _sum(cells, r), primary=False, width=0, fixed=True) for r in relations)
        cells = {c.key: c for c in sums} | cells
        return suppression.suppress(tuple(cells.values()), relations, SystemRandom())

    def _cell(self, k: FigureKey, o: Observation) -> CountCell:
        least, count = least_of(self.content, self.policy, o), max(int(o.value or 0), 0)
        fixed, careful = k not in self.open, guards(self.content, o)
        small = careful and count < least
        fine = o.part or self.content.areas[o.area].kind in FINE
        return CountCell(
            k, count, (small or k in self.kept) and not fixed, least, fixed=fixed,
            under=least if careful and not fixed else 0, kept=k in self.kept and not fixed, cost=1 if fine else _DEAR,
        )  # fmt: skip


def _unseen(cells: Mapping[Hashable, CountCell], relation: Relation) -> Iterator[tuple[Hashable, CountCell]]:
    """Yield the unpublished records without a ward: the borough's count less those of its wards."""
    for k in relation.parts:
        if k not in cells:
            left = cells[relation.total].value - sum(cells[p].value for p in relation.parts if p in cells)
            yield k, CountCell(k, left, primary=True, width=0, kept=True)


def _sum(cells: Mapping[Hashable, CountCell], relation: Relation) -> int:
    return sum(cells[k].value for k in relation.parts)


def _relations(
    content: Content, known: Mapping[FigureKey, Observation], cells: Mapping[Hashable, CountCell]
) -> Iterator[Relation]:
    """Yield which figures are sums of others.

    If the wards add up to more than their borough, treat their sum as a published total instead of the borough's.
    """
    for whole, parts in _parts(content, known).items():
        total = whole[1]
        if not {total, *parts} <= cells.keys():
            continue
        counts = {k: known[k].value or 0 for k in (total, *parts)}
        if whole[0] == "areas" and not _complete(content, parts):
            left = counts[total] - sum(counts[k] for k in parts)
            if left >= 0 and known[total].source in {known[k].source for k in parts}:
                yield Relation(total, (*parts, ("without a ward", *total)))
        elif min(counts.values()) < 0:
            yield Relation(("wards of", *total), tuple(k for k in parts if counts[k] >= 0))
        elif counts[total] == sum(counts[k] for k in parts):  # else from another extract: the audit checks it
            yield Relation(total, tuple(parts))


def _parts(
    content: Content, known: Mapping[FigureKey, Observation]
) -> Mapping[tuple[str, FigureKey], list[FigureKey]]:
    """Return the parts of each total, by kind of total and key."""
    found: dict[tuple[str, FigureKey], list[FigureKey]] = defaultdict(list)
    for figure in known:
        area = content.areas[figure.area]
        if area.kind in ("ward", "rest"):
            found["areas", figure._replace(area=area.parent)].append(figure)
        if figure.part:
            found["parts", figure._replace(part="")].append(figure)
    spans = {("periods", whole): parts for whole, parts in _spans(known)}
    return found | spans | dict(_members(content, known))


def _complete(content: Content, parts: Sequence[FigureKey]) -> bool:
    """Return True if the records without a ward are included; without them wards do not add up to their borough."""
    return any(content.areas[k[1]].kind == "rest" for k in parts)


def _members(
    content: Content, known: Mapping[FigureKey, Observation]
) -> Iterator[tuple[tuple[str, FigureKey], list[FigureKey]]]:
    """Yield each total of indicators with their figures for the same period, or for shorter periods that fill it."""
    members: dict[str, list[str]] = defaultdict(list)
    for indicator in content.indicators.values():
        members[indicator.part_of].append(indicator.id)
    alike = _alike(known)
    for whole in (k for k in known if k[0] in members):
        parts = []
        for member in members[whole[0]]:
            same = whole._replace(indicator=member)
            filling = [same] if same in known else _filling(same, alike.get(same[:3], []))
            if not filling:
                break
            parts += filling
        else:
            yield ("members", whole), parts


def _alike(known: Iterable[FigureKey]) -> dict[tuple[str, str, str], list[FigureKey]]:
    """Group figures that differ only in their period, by indicator, area and part."""
    found: dict[tuple[str, str, str], list[FigureKey]] = defaultdict(list)
    for figure in known:
        found[figure[:3]].append(figure)
    return found


def _spans(known: Iterable[FigureKey]) -> Iterator[tuple[FigureKey, list[FigureKey]]]:
    """Yield each figure whose period is filled by shorter periods, with the figures for those."""
    for own in _alike(known).values():
        for whole in own:
            parts = _filling(whole, own)
            if len(parts) > 1:
                yield whole, parts


def _filling(whole: FigureKey, own: list[FigureKey]) -> list[FigureKey]:
    """Return the figures for shorter periods that fill a period without gap or overlap; empty if none do."""
    start, end = whole[3:]
    if start is None or end is None:
        return []
    inside = sorted(k for k in own if k != whole and k[3] and k[4] and start <= k[3] and k[4] <= end)
    days = [(k[3], k[4]) for k in inside]
    joined = all(a[1] + timedelta(days=1) == b[0] for a, b in pairwise(days) if a[1] and b[0])
    return inside if inside and joined and (days[0][0], days[-1][1]) == (start, end) else []
