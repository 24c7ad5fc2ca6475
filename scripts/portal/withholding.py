"""Withholds small counts, and enough others that nobody can work them out. For importers, who hold true counts."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise

from portal import suppression
from portal.config import Disclosure
from portal.disclosure import Key, guarded, guards, key, of_total, small
from portal.model import Content, Observation
from portal.suppression import Cell, Relation


@dataclass(frozen=True)
class Withheld:
    """What `suppress` did: the figures as they may be published, how many of them are guarded, and how many of these
    are withheld because they are small (primary) or so that others cannot be worked out (secondary).
    """

    observations: tuple[Observation, ...]
    cells: int
    primary: int
    secondary: int


def suppress(
    drafts: Iterable[Observation], content: Content, policy: Disclosure, published: Iterable[Observation] = ()
) -> Withheld:
    """Withhold small counts among `drafts`, and enough others of the same totals to hide them.

    `drafts` carry true counts; `published` are figures that everybody has already. Only guarded indicators and their
    totals are touched. Raises `PortalError` where a count cannot be hidden. Totals are: a borough over its wards and
    the records without a ward; a figure over its parts; an indicator over those that are part of it; a period over
    the shorter ones that fill it.
    """
    own = {key(o): o for o in drafts}
    known = {key(o): o for o in published if o.value is not None} | own
    totals = {i.part_of for i in content.indicators.values() if guarded(i)} - {""}
    cells: dict[Hashable, Cell] = {
        k: _cell(content, policy, o, fixed=k not in own)
        for k, o in known.items()
        if o.value is not None and (guards(content, o) or of_total(content, o) in totals)
    }
    relations = tuple(_relations(content, known, cells))
    sums = (Cell(r.total, _sum(cells, r), primary=False, width=0, fixed=True) for r in relations)
    cells = {c.key: c for c in sums} | cells
    hidden = suppression.suppress(tuple(cells.values()), relations)
    primary = {k for k, c in cells.items() if c.primary}
    safe = tuple(replace(o, value=None, status="c") if k in hidden else o for k, o in own.items())
    return Withheld(safe, sum(guards(content, o) for o in own.values()), len(primary), len(hidden - primary))


def _cell(content: Content, policy: Disclosure, o: Observation, fixed: bool) -> Cell:
    least = small(content, policy, o.indicator, content.areas[o.area].kind)
    count = int(o.value or 0)
    primary = guards(content, o) and count < least and not fixed
    return Cell(key(o), max(count, 0), primary, least, fixed=fixed)


def _sum(cells: Mapping[Hashable, Cell], relation: Relation) -> int:
    return sum(cells[k].value for k in relation.parts)


def _relations(
    content: Content, known: Mapping[Key, Observation], cells: Mapping[Hashable, Cell]
) -> Iterator[Relation]:
    """Which of the figures are sums of others.

    Where the wards add up to more than their borough, their sum stands for it as a figure that everybody knows.
    """
    for whole, parts in _parts(content, known).items():
        total = whole[1]
        if not {total, *parts} <= cells.keys():
            continue
        counts = {k: known[k].value or 0 for k in (total, *parts)}
        if min(counts.values()) < 0:
            yield Relation(("wards of", *total), tuple(k for k in parts if counts[k] >= 0))
        elif counts[total] == sum(counts[k] for k in parts):  # of another extract: the audit will tell
            yield Relation(total, tuple(parts))


def _parts(content: Content, known: Mapping[Key, Observation]) -> Mapping[tuple[str, Key], list[Key]]:
    """Each total with its parts, of those that are complete."""
    found: dict[tuple[str, Key], list[Key]] = defaultdict(list)
    for figure in known:
        indicator, area, part, start, end = figure
        if content.areas[area].kind in ("ward", "rest"):
            found["areas", (indicator, content.areas[area].parent, part, start, end)].append(figure)
        if part:
            found["parts", (indicator, area, "", start, end)].append(figure)
    complete = {whole: parts for whole, parts in found.items() if _complete(content, whole, parts)}
    spans = {("periods", whole): parts for whole, parts in _spans(known)}
    return complete | spans | dict(_members(content, known))


def _complete(content: Content, whole: tuple[str, Key], parts: list[Key]) -> bool:
    """Without the records that name no ward, wards do not add up to their borough."""
    return whole[0] != "areas" or any(content.areas[k[1]].kind == "rest" for k in parts)


def _members(
    content: Content, known: Mapping[Key, Observation]
) -> Iterator[tuple[tuple[str, Key], list[Key]]]:
    """Each total over indicators, with their figures of the same period, or of the shorter ones that fill it."""
    members: dict[str, list[str]] = defaultdict(list)
    for indicator in content.indicators.values():
        members[indicator.part_of].append(indicator.id)
    alike = _alike(known)
    for whole in (k for k in known if k[0] in members):
        parts = []
        for member in members[whole[0]]:
            same: Key = (member, *whole[1:])
            filling = [same] if same in known else _filling(same, alike.get(same[:3], []))
            if not filling:
                break
            parts += filling
        else:
            yield ("members", whole), parts


def _alike(known: Iterable[Key]) -> dict[tuple[str, str, str], list[Key]]:
    """Figures by indicator, area and part: those that differ only in their period."""
    found: dict[tuple[str, str, str], list[Key]] = defaultdict(list)
    for figure in known:
        found[figure[:3]].append(figure)
    return found


def _spans(known: Iterable[Key]) -> Iterator[tuple[Key, list[Key]]]:
    """Each figure whose period is filled by the shorter periods of others, with these."""
    for own in _alike(known).values():
        for whole in own:
            parts = _filling(whole, own)
            if len(parts) > 1:
                yield whole, parts


def _filling(whole: Key, own: list[Key]) -> list[Key]:
    """The shorter figures that fill a period without gap or overlap; none where they do not."""
    start, end = whole[3:]
    if start is None or end is None:
        return []
    inside = sorted(k for k in own if k != whole and k[3] and k[4] and start <= k[3] and k[4] <= end)
    days = [(k[3], k[4]) for k in inside]
    joined = all(a[1] + timedelta(days=1) == b[0] for a, b in pairwise(days) if a[1] and b[0])
    return inside if inside and joined and (days[0][0], days[-1][1]) == (start, end) else []
