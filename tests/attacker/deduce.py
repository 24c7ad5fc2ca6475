"""Work out what each withheld count can be, with whole numbers and every sum that is declared or evident.

Each figure is an unknown whole number of zero or more. Sums tie them together: over areas, over parts, over periods
that fill a longer one or overlap, over indicators that are part of another on any level, and over indicators that
nobody declared but whose figures add up wherever all of them are known. The rules say more: a withheld count is
either small (under the minimum) or not, and in what hangs together at least one is small, or nothing would be
withheld.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from itertools import combinations, pairwise
from math import ceil, floor, inf

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp

from attacker.harvest import Figure, Key, Public

Floats = NDArray[np.float64]
EVIDENCE = 3  # places or periods in which a sum that nobody declared has to hold
Series = tuple[str, str]  # an indicator, and a part of it or nothing
Place = tuple[str, str, str]  # an area, and the first and last day


@dataclass(frozen=True)
class Sum:
    """`total` is at least or exactly the weighted sum of parts; weights are 1 unless a rate or change says otherwise."""

    total: Key
    parts: tuple[Key, ...]
    exact: bool = True
    why: str = ""


@dataclass(frozen=True)
class Bound:
    """What a claim, rate or target says of a count: it lies between two numbers."""

    key: Key
    low: float
    high: float
    why: str


Span = tuple[int, float]


@dataclass(frozen=True)
class Deduced:
    """What a withheld count can be: from and to where it is small, and where it is not; None where it cannot be that.

    Without the rules there is one span, in `large`.
    """

    key: Key
    small: Span | None
    large: Span | None

    @property
    def values(self) -> float:
        """How many values are left; infinite where nothing bounds it."""
        return sum(high - low + 1 for low, high in filter(None, (self.small, self.large)))

    def __str__(self) -> str:
        spans = " or ".join(f"{low}..{high}" for low, high in filter(None, (self.small, self.large)))
        k = self.key
        return f"{k.indicator}, {k.area}{k.part and f', {k.part}'}, {k.start} to {k.end}: {spans}"


@dataclass(frozen=True)
class Knowledge:
    """Everything that is known of the figures that hang together with withheld ones."""

    known: Mapping[Key, int]
    hidden: tuple[Key, ...]
    sums: tuple[Sum, ...]
    minimum: Mapping[Key, int]
    bounds: tuple[Bound, ...] = ()
    labels: Mapping[Key, bool] = field(default_factory=dict)

    def with_labels(self, labels: Mapping[Key, bool]) -> "Knowledge":
        """The same for an attacker who also knows which of the withheld counts are small."""
        return Knowledge(self.known, self.hidden, self.sums, self.minimum, self.bounds, labels)

    def groups(self) -> list[tuple[Key, ...]]:
        """Withheld counts that depend on each other."""
        home = {k: k for k in self.hidden}

        def root(k: Key) -> Key:
            while home[k] != k:
                k = home[k]
            return k

        for s in self.sums:
            own = [k for k in (s.total, *s.parts) if k in home]
            for a, b in pairwise(own):
                home[root(a)] = root(b)
        found: dict[Key, list[Key]] = defaultdict(list)
        for k in self.hidden:
            found[root(k)].append(k)
        return [tuple(v) for v in found.values()]


# --- what adds up to what


def knowledge(
    public: Public, figures: Mapping[Key, Figure], hidden: Iterable[Key], bounds: Iterable[Bound] = ()
) -> Knowledge:
    """What these figures say of the hidden ones. Unknowns are also the figures that nobody published but that sums need."""
    hidden = tuple(hidden)
    counts = {
        k: int(f.value)
        for k, f in figures.items()
        if f.value is not None and k.start and k.indicator in public.indicators and public.counts(k.indicator)
    }
    for k in hidden:
        counts.pop(k, None)
    every = _Every({*counts, *hidden})
    sums = [*_periods(every), *_areas(public, every), *_parts(every), *_declared(public, every)]
    sums += _evident(every.figures, counts)
    # Sums that are wrong wherever they can be checked are no sums: strands overlap, files differ.
    sums = [s for s in sums if _may_hold(s, counts)]
    near = _near(sums, hidden)
    sums = [s for s in sums if near & {s.total, *s.parts}]
    unknown = {k for s in sums for k in (s.total, *s.parts) if k not in counts}
    known = {k: counts[k] for s in sums for k in (s.total, *s.parts) if k in counts}
    own = tuple(sorted({*hidden} | unknown))
    minimum = {k: public.minimum(k) for k in hidden}
    return Knowledge(known, own, tuple(sums), minimum, tuple(b for b in bounds if b.key in own))


def _near(sums: list[Sum], hidden: tuple[Key, ...]) -> set[Key]:
    """The figures within reach of the hidden ones, through any number of sums."""
    uses = defaultdict(list)
    for s in sums:
        for k in (s.total, *s.parts):
            uses[k].append(s)
    found, left = set(hidden), list(hidden)
    while left:
        for s in uses[left.pop()]:
            fresh = {s.total, *s.parts} - found
            found |= fresh
            left += fresh
    return found


def _may_hold(s: Sum, counts: Mapping[Key, int]) -> bool:
    if s.total not in counts:
        return True
    told = sum(counts.get(k, 0) for k in s.parts)
    if all(k in counts for k in s.parts):
        return told == counts[s.total] if s.exact else told <= counts[s.total]
    return told <= counts[s.total]


class _Every:
    """The figures that there are, known or not, and what fills a period that has none of its own."""

    def __init__(self, figures: set[Key]) -> None:
        self.figures = figures
        self.series: dict[tuple[str, str, str], list[Key]] = defaultdict(list)
        for k in sorted(figures, key=lambda k: (k.start, k.end)):
            self.series[k.indicator, k.area, k.part].append(k)

    def filling(self, k: Key) -> tuple[Key, ...]:
        """The figures of the same series that fill a period one after the other, or none."""
        own = self.series.get((k.indicator, k.area, k.part), ())
        inside = [o for o in own if k.start <= o.start and o.end <= k.end]
        joined = all(_after(a.end) == b.start for a, b in pairwise(inside))
        fills = inside and joined and (inside[0].start, inside[-1].end) == (k.start, k.end)
        return tuple(inside) if fills else ()

    def reached(self, k: Key) -> list[Sum] | None:
        """The sums that a figure needs to be among the others: none if it is one of them; None if it cannot be."""
        if k in self.figures:
            return []
        filling = self.filling(k)
        return [Sum(k, filling, why="periods")] if filling else None


def _periods(every: _Every) -> Iterator[Sum]:
    """Each figure as the sum of the shortest pieces into which all periods of its series cut the time."""
    for own in every.series.values():
        days = sorted({d for k in own for d in (k.start, _after(k.end))})
        for k in own:
            pieces = [
                Key(k.indicator, k.area, k.part, a, _before(b))
                for a, b in pairwise(days)
                if k.start <= a and b <= _after(k.end)
            ]
            if len(pieces) > 1:
                yield Sum(k, tuple(pieces), why="periods")


def _areas(public: Public, every: _Every) -> Iterator[Sum]:
    """A borough as the sum of its wards and the records without a ward; at least the wards where these are unknown."""
    groups = defaultdict(list)
    for k in every.figures:
        row = public.areas[k.area]
        if row["kind"] in ("ward", "rest"):
            groups[Key(k.indicator, row["parent"], k.part, k.start, k.end)].append(k)
    for total, own in groups.items():
        needed = every.reached(total)
        if needed is not None:
            yield from needed
            rest = any(public.areas[k.area]["kind"] == "rest" for k in own)
            yield Sum(total, tuple(own), exact=rest, why="areas")


def _parts(every: _Every) -> Iterator[Sum]:
    """A figure as the sum of its parts."""
    groups = defaultdict(list)
    for k in every.figures:
        if k.part:
            groups[Key(k.indicator, k.area, "", k.start, k.end)].append(k)
    for total, own in groups.items():
        needed = every.reached(total)
        if needed is not None:
            yield from needed
            yield Sum(total, tuple(own), why="parts")


def _declared(public: Public, every: _Every) -> Iterator[Sum]:
    """An indicator as the sum of those that say they are part of it, on every level of them."""
    members = defaultdict(list)
    for i, row in public.indicators.items():
        if row["part_of"]:
            members[row["part_of"]].append(i)

    def below(total: Key, depth: int = 0) -> list[Sum] | None:
        """The sum of the members of a total, and of theirs where they have no figures of their own."""
        own = [Key(m, total.area, total.part, total.start, total.end) for m in members[total.indicator]]
        found = [Sum(total, tuple(own), why="part of")]
        for k in own:
            needed = every.reached(k)
            if needed is None and k.indicator in members and depth < 9:
                needed = below(k, depth + 1)
            if needed is None:
                return None
            found += needed
        return found

    for total in every.figures:
        if total.indicator in members:
            yield from below(total) or ()


def _evident(every: set[Key], counts: Mapping[Key, int]) -> Iterator[Sum]:
    """Sums of indicators or of parts that nobody declared: they hold wherever all of their figures are known.

    A series here is an indicator, or a part of one. Looks for one series that repeats another, for one that is the
    sum of two, and for one that is the sum of all parts of another indicator, where one of them has a withheld figure.
    """
    series: dict[Series, dict[Place, Key]] = defaultdict(dict)
    for k in every:
        series[k.indicator, k.part][k.area, k.start, k.end] = k
    places = {(k.area, k.start, k.end) for k in every if k not in counts}
    there = {name for name, own in series.items() if own.keys() & places}
    wanted = {
        name for name in there if any(series[name][p] not in counts for p in series[name].keys() & places)
    }
    for total in sorted(there):
        for parts in _candidates(total, sorted(there - {total})):
            if wanted & {total, *parts}:
                yield from _held(series, total, parts, counts)


def _candidates(total: Series, others: list[Series]) -> Iterator[tuple[Series, ...]]:
    yield from ((n,) for n in others)
    yield from combinations(others, 2)
    for indicator in {n[0] for n in others if n[1] and n[0] != total[0]}:
        yield tuple(n for n in others if n[0] == indicator and n[1])


def _held(
    series: Mapping[Series, Mapping[Place, Key]],
    total: Series,
    parts: tuple[Series, ...],
    counts: Mapping[Key, int],
) -> Iterator[Sum]:
    """The sum in the places where a figure is missing, if it holds in all where none is; a repetition, in most of them.

    What repeats another may be that other as it was before it was revised.
    """
    places = set.intersection(*(set(series[n]) for n in (total, *parts)))
    full = [p for p in places if all(series[n][p] in counts for n in (total, *parts))]
    holds = [p for p in full if counts[series[total][p]] == sum(counts[series[n][p]] for n in parts)]
    if len(holds) < len(full) * (0.8 if len(parts) == 1 else 1):
        return
    telling = [p for p in holds if all(counts[series[n][p]] for n in parts)]
    if len({counts[series[total][p]] for p in telling}) >= EVIDENCE:
        for p in places - set(full):
            yield Sum(series[total][p], tuple(series[n][p] for n in parts), why="evident")


@cache
def _after(day: str) -> str:
    return str(date.fromisoformat(day) + timedelta(days=1))


@cache
def _before(day: str) -> str:
    return str(date.fromisoformat(day) - timedelta(days=1))


# --- what each can be


def deduced(told: Knowledge, thresholds: bool = True) -> dict[Key, Deduced]:
    """What each withheld count that has a minimum can be; without `thresholds` as before the rules are known.

    Raises `ValueError` where what is told contradicts itself.
    """
    found: dict[Key, Deduced] = {}
    for group in told.groups():
        if any(k in told.minimum for k in group):
            found.update(_Programme.of(told, group, thresholds).solved())
    return found


@dataclass(frozen=True)
class _Programme:
    """Whole numbers within limits: the counts of a group, then for each with a minimum 1 if it is small and 0 if not."""

    group: tuple[Key, ...]
    judged: tuple[Key, ...]
    asked: tuple[Key, ...]
    low: Floats
    high: Floats
    limits: list[LinearConstraint]
    most: float

    @classmethod
    def of(cls, told: Knowledge, group: tuple[Key, ...], thresholds: bool) -> "_Programme":
        column = {k: i for i, k in enumerate(group)}
        judged = tuple(k for k in group if told.minimum.get(k, 0)) if thresholds else ()
        width = len(group) + len(judged)
        # More than any count of what hangs together: an unknown that reaches it has no limit.
        most = 10_000.0 + 2 * sum(told.known.get(k, 0) for s in told.sums for k in (s.total, *s.parts))
        low, high = np.zeros(width), np.full(width, most)
        high[len(group) :] = 1
        rows: list[tuple[Mapping[int, float], float, float]] = []
        for s in told.sums:
            if column.keys() & {s.total, *s.parts}:
                weights: dict[int, float] = defaultdict(float)
                known = 0.0
                for sign, k in ((-1, s.total), *((1, k) for k in s.parts)):
                    if k in column:
                        weights[column[k]] += sign
                    else:
                        known += sign * told.known[k]
                rows.append((weights, -known if s.exact else -inf, -known))
        for b in told.bounds:
            if b.key in column:
                at = column[b.key]
                low[at], high[at] = max(low[at], ceil(b.low - 1e-9)), min(high[at], floor(b.high + 1e-9))
        for small, k in enumerate(judged, len(group)):
            if k in told.labels:
                low[small] = high[small] = float(told.labels[k])
            rows.append(({column[k]: 1, small: most}, -inf, told.minimum[k] - 1 + most))
            rows.append(({column[k]: 1, small: told.minimum[k]}, told.minimum[k], inf))
        if judged:
            rows.append((dict.fromkeys(range(len(group), width), 1), 1, inf))
        matrix = np.zeros((len(rows), width))
        for row, (weights, _, _) in enumerate(rows):
            for at, weight in weights.items():
                matrix[row, at] = weight
        limits = [LinearConstraint(matrix, *zip(*((a, b) for _, a, b in rows), strict=True))] if rows else []
        return cls(group, judged, tuple(k for k in group if k in told.minimum), low, high, limits, most)

    def solved(self) -> Iterator[tuple[Key, Deduced]]:
        for k in self.asked:
            at = self.group.index(k)
            small = large = None
            if k in self.judged:
                label = len(self.group) + self.judged.index(k)
                small, large = (self._span(at, {label: is_small}) for is_small in (1.0, 0.0))
            else:
                large = self._span(at, {})
            if small is None and large is None:
                raise ValueError(f"what is published contradicts itself: {k}")
            yield k, Deduced(k, small, large)

    def _span(self, at: int, fixed: Mapping[int, float]) -> Span | None:
        """From and to what a count can be, where some unknowns are fixed; None where they cannot be that."""
        low, high = self.low.copy(), self.high.copy()
        for column, value in fixed.items():
            if not low[column] <= value <= high[column]:
                return None
            low[column] = high[column] = value
        if (low > high).any():
            return None
        ends = []
        for sign in (1, -1):
            goal = np.zeros(len(low))
            goal[at] = sign
            answer = milp(
                goal,
                integrality=1,
                bounds=Bounds(low, high),
                constraints=self.limits,
                options={"mip_rel_gap": 0},
            )
            if answer.x is None:
                return None
            ends.append(round(float(answer.x[at])))
        return ends[0], inf if ends[1] >= self.most else ends[1]
