"""Follow indicators, areas and parts through the releases, so that a figure is known under every name that it has had.

Ids are changed, swapped and given to other indicators; codes of areas and names of parts change. So the address and the
title of an indicator decide before its id, and the figures of both decide where words do not.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, fields
from decimal import Decimal

from portal.core import field_types, text
from portal.core.model import Content, Indicator, Observation, WithdrawnFigure
from portal.core.vocabulary import AreaKind, Status
from portal.releases import comparison
from portal.releases.archives import Contents
from portal.releases.comparison import Figure, Row

_MOSTLY = 0.5  # share of equal figures from which something without a name in common counts as renamed
_FEW = 3  # numbers for the same places and periods from which none being equal means another subject


@dataclass(frozen=True)
class NamesNow:
    """The names that what a release published has now, where they differ from those in the release.

    `parts` are by the indicator and the part in the release. What no longer exists keeps its last name, unless something
    else has that name now; then it gets one that nothing has.
    """

    indicators: Mapping[str, str] = field(default_factory=dict)
    areas: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def figure(self, figure: Figure) -> Figure:
        """Return the key that a figure of the release has now."""
        indicator, area, part, start, end = figure
        return self.indicator(indicator), self.area(area), self.parts.get((indicator, part), part), start, end

    def indicator(self, name: str) -> str:
        """Return the id that an indicator of the release has now."""
        return self.indicators.get(name, name)

    def area(self, code: str) -> str:
        """Return the code that an area of the release has now."""
        return self.areas.get(code, code)


UNCHANGED = NamesNow()


def around(names: Mapping[str, NamesNow]) -> Mapping[str, tuple[NamesNow, NamesNow]]:
    """Return the names in which the changes of each release are written: those of the release before it, and its own."""
    own = [*names.values()]
    return dict(zip(names, zip([*own[:1], *own], own, strict=False), strict=True))


def withdrawn_figure(withdrawal: WithdrawnFigure) -> Figure:
    """Return the key of a withdrawn figure as the list has it, with dates as text."""
    days = (d.isoformat() if d else "" for d in (withdrawal.period_start, withdrawal.period_end))
    return (withdrawal.indicator, withdrawal.area, withdrawal.part, *days)  # type: ignore[return-value]


def withdrawn_now(withdrawal: WithdrawnFigure, names: Mapping[str, NamesNow]) -> Set[Figure]:
    """Return the keys that a withdrawn figure has now; `names` are those of each release, by its id."""
    listed = withdrawn_figure(withdrawal)
    named = [names[i] for i in withdrawal.releases.split(";") if i in names]
    return {n.figure(listed) for n in named} or {listed, *(n.figure(listed) for n in names.values())}


# --- following


@dataclass(frozen=True)
class _Seen:
    """An indicator, an area or a part as one release has it: its name, its other words, and its numbers."""

    name: str
    words: tuple[str, ...]
    row: Row
    figures: Mapping[tuple[object, ...], str]


@dataclass(frozen=True)
class _Agreement:
    """For how many places and periods two things both have a number, and how many of these are equal."""

    shared: int
    equal: int
    not_zero: int

    @property
    def share(self) -> float:
        return self.equal / self.shared if self.shared else 0

    @property
    def is_mostly(self) -> bool:
        return bool(self.not_zero) and self.share >= _MOSTLY

    @property
    def is_none(self) -> bool:
        return self.shared >= _FEW and not self.equal


def names_now(past: Sequence[Contents], now: Contents) -> tuple[NamesNow, ...]:
    """Return the names that what each release published has now; the releases are in their order."""
    all_contents = [*past, now]
    rows = [comparison.keyed(c) for c in all_contents]
    areas = _followed([_areas(c) for c in all_contents], _likeness_of_areas)
    figures = [_by_indicator(r, a) for r, a in zip(rows, areas, strict=True)]
    indicators = _followed(
        [_indicators(c, f) for c, f in zip(all_contents, figures, strict=True)], _likeness_of_indicators
    )
    parts = _parts(indicators, figures)
    return tuple(
        NamesNow(ids, codes, own)
        for ids, codes, own in zip(_changed(indicators), _changed(areas), parts, strict=True)
    )


def _followed(
    levels: Iterable[Mapping[str, _Seen]],
    likeness: Callable[[_Seen, _Seen], float],
    by_elimination: bool = False,
) -> list[dict[str, int]]:
    """Return a number for each name of each level: what is the same has the same number in all of them.

    What is missing from some levels can come back later. With `by_elimination`, the only new name of a level is that of
    the only one that is missing since the level before, unless their numbers differ.
    """
    newest: list[_Seen] = []
    found: list[dict[str, int]] = []
    before: Set[int] = frozenset()
    for level in levels:
        last = {seen.name: n for n, seen in enumerate(newest)}
        at = {k: last[k] for k, new in level.items() if k in last and newest[last[k]].words == new.words}
        left = [n for n in range(len(newest)) if n not in set(at.values())]
        pairs = [(likeness(newest[n], new), -n, k) for n in left for k, new in level.items() if k not in at]
        for alike, n, k in sorted(pairs, reverse=True):
            if alike > 0 and k not in at and -n in left:
                at[k] = -n
                left.remove(-n)
        fresh, missing = [k for k in level if k not in at], [n for n in left if n in before]
        if by_elimination and len(fresh) == len(missing) == 1:
            old, new = newest[missing[0]], level[fresh[0]]
            if old.figures.keys() & new.figures.keys() and not _agreement(old, new).is_none:
                at[fresh[0]] = missing[0]
        for k, new in level.items():
            if k not in at:
                at[k] = len(newest)
                newest.append(new)
            newest[at[k]] = new
        before = frozenset(at.values()) or before
        found.append(at)
    return found


def _changed(levels: Sequence[Mapping[str, int]]) -> Iterator[dict[str, str]]:
    """Yield the names that differ from those of the last level, with the name there, for each level before it."""
    *past, now = levels
    last = {n: k for level in levels for k, n in level.items()}
    taken = set(now)
    for n in (n for n in last if n not in now.values()):
        while last[n] in taken:
            last[n] = f"{last[n]} (earlier)"
        taken.add(last[n])
    for level in past:
        yield {k: last[n] for k, n in level.items() if last[n] != k}


def _agreement(old: _Seen, new: _Seen) -> _Agreement:
    both = [
        (field_types.read_number(old.figures[k]), field_types.read_number(new.figures[k]))
        for k in old.figures.keys() & new.figures.keys()
        if old.figures[k] and new.figures[k]
    ]
    equal = [a for a, b in both if a == b]
    return _Agreement(len(both), len(equal), sum(bool(a) for a in equal))


def _likeness_of_indicators(old: _Seen, new: _Seen) -> float:
    """Return how sure it is that two indicators are the same; 0 if they are not.

    Without an address or title in common, half of the figures that both have must be equal, or one of them if the words
    of one title are in the other. An id alone is not enough if all of some figures differ.
    """
    figures = _agreement(old, new)
    (slug, title), (new_slug, new_title) = old.words, new.words
    named = 2 * (slug == new_slug != "") + 2 * text.have_the_same_subject(title, new_title)
    if named or (old.name == new.name and not figures.is_none):
        return named + (old.name == new.name) + 4 * figures.share
    is_same = figures.is_mostly or (figures.not_zero and text.are_alike(title, new_title))
    return 4 * figures.share if is_same else 0


def _likeness_of_areas(old: _Seen, new: _Seen) -> float:
    """Return how sure it is that two areas are the same; 0 if they are not.

    An area with the name of another is that one under a new code only if both can exist at one time: where boundaries
    change, one ends and the other begins. Parts of wards get new codes whenever they are divided again.
    """
    named = (
        text.plain_name(old.words[0]) == text.plain_name(new.words[0]) != ""
        and old.row.get("kind") != AreaKind.NEIGHBOURHOOD
        and old.row.get("kind") == new.row.get("kind")
        and all(
            not a.get("valid_to") or not b.get("valid_from") or b["valid_from"] <= a["valid_to"]
            for a, b in ((old.row, new.row), (new.row, old.row))
        )
    )
    parent = named and old.row.get("parent") == new.row.get("parent")
    return 2 * named + parent / 2 + (old.name == new.name)


def _likeness_of_parts(old: _Seen, new: _Seen) -> float:
    figures = _agreement(old, new)
    named = text.plain_name(old.name) == text.plain_name(new.name)
    return 2 * named + 4 * figures.share * figures.is_mostly


def _areas(contents: Contents) -> dict[str, _Seen]:
    rows = (row for t in contents.tables if t.name == "areas" for row in t.rows)
    return {row["code"]: _Seen(row["code"], (row.get("name", ""),), row, {}) for row in rows}


_Numbers = Mapping[str, Mapping[tuple[object, ...], str]]


def _by_indicator(rows: Mapping[Figure, Row], areas: Mapping[str, int]) -> _Numbers:
    """Return the numbers of each indicator by area, part and period; an area is the same under each of its codes."""
    numbers: dict[str, dict[tuple[object, ...], str]] = defaultdict(dict)
    for (indicator, area, part, start, end), row in rows.items():
        numbers[indicator][areas.get(area, area), part, start, end] = row["value"]
    return numbers


def _indicators(contents: Contents, figures: _Numbers) -> dict[str, _Seen]:
    rows = (row for t in contents.tables if t.name == "indicators" for row in t.rows)
    return {
        r["id"]: _Seen(r["id"], (r.get("slug", ""), r.get("title", "")), r, figures.get(r["id"], {}))
        for r in rows
    }


def _parts(
    indicators: Sequence[Mapping[str, int]], figures: Sequence[_Numbers]
) -> Iterator[dict[tuple[str, str], str]]:
    """Yield the parts that have another name now, by indicator and part, for each release."""
    by_number: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for n, level in enumerate(indicators):
        for name, number in level.items():
            by_number[number].append((n, name))
    found: list[dict[tuple[str, str], str]] = [{} for _ in indicators]
    for places in by_number.values():
        levels = [_parts_of(figures[n].get(name, {})) for n, name in places]
        if any(level.keys() != levels[0].keys() for level in levels):
            known = _followed(levels, _likeness_of_parts, by_elimination=True)
            for (n, name), changed in zip(places, _changed(known), strict=False):
                found[n] |= {(name, part): now for part, now in changed.items()}
    yield from found[:-1]


def _parts_of(numbers: Mapping[tuple[object, ...], str]) -> dict[str, _Seen]:
    parts: dict[str, dict[tuple[object, ...], str]] = defaultdict(dict)
    for (area, part, *days), value in numbers.items():
        parts[str(part)][area, *days] = value
    return {part: _Seen(part, (), {}, own) for part, own in parts.items() if part}


# --- what a release published


def indicators_of(contents: Contents) -> Mapping[str, Indicator]:
    """Return the indicators of a release, by id."""
    return {row["id"]: _indicator(row) for t in contents.tables if t.name == "indicators" for row in t.rows}


def _indicator(row: Mapping[str, str]) -> Indicator:
    """Return an indicator from a row of an archive."""
    flags = {n: field_types.BOOLEANS.get(row.get(n, ""), False) for n in ("sensitive", "protected")}
    texts = {f.name: row.get(f.name, "") for f in fields(Indicator) if f.name not in flags}
    return Indicator(**texts, **flags)  # type: ignore[arg-type]


def published(content: Content, contents: Contents, names: NamesNow = UNCHANGED) -> Iterator[Observation]:
    """Yield the figures that a release published about areas that still exist, under the names that they have now."""
    then = indicators_of(contents)
    for row, part in comparison.observations(contents):
        key = row["indicator"], row["area"], part, row["period_start"], row["period_end"]
        indicator, area, part_now, start, end = names.figure(key)
        if area in content.areas and row["indicator"] in then:
            days = field_types.date_or_none(start), field_types.date_or_none(end)
            value: Decimal | None = field_types.number_or_none(row["value"])
            yield Observation(
                row["source"], row["locator"], indicator, area, *days, part_now, value, Status(row["status"])
            )
