"""Find sums that no table declares: published counts that add up, with a withheld one, to another published count.

Some sums always fit by chance: among 33 unrelated counts for one place, a thousand sums of up to four terms leave a
number under 10. So each sum is tested in every place, where a place is an area in a period. A sum fits a place if the
remainder is a value that the withheld count could have, or if every count is published and the sum is correct. It
fails if its published terms exceed the total.

Estimate how many sums would fit as well by chance as follows. In the first place, the remainder of a total T is taken
to be equally likely to be any number from 0 to T. The withheld figure can have m values (one if it is known), so the
remainder is one of them with probability m / (T + 1). Other places resemble the first one, because a count changes
little from year to year. There the remainder varies with the spread of two counts that each sum to T, √(2T), and is
one of the m values with probability at most m / √(2π · 2T). Multiply these probabilities, then the number of ways to
choose the places that fit among those where the sum could be tested, then the number of sums tried.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from math import comb, exp, pi

import numpy as np
from numpy.typing import NDArray

from portal.core.model import Content, Observation
from portal.core.settings import SmallCountSettings
from portal.core.small_counts import minimum_for, top_total

Floats = NDArray[np.float64]
Slot = tuple[str, object, object]  # an area and a period
_MOST_TERMS = 3  # the most known figures to subtract from a total
_MOST_INDICATORS = 40  # try only pairs if more indicators than this are published beside a withheld figure
# The share of places in which a sum may fail, because figures were revised or counted differently.
_MOST_FAILURES = 0.1


@dataclass(frozen=True)
class PossibleSum:
    """A possible sum: `total` less `terms` leaves `left` for the withheld figure `hidden`.

    `beside` is the number of counts published in that place. `chance` is the expected number of sums that would fit as
    well by chance. `fails` is the number of places in which this sum does not hold.
    """

    hidden: Observation
    total: str
    terms: tuple[str, ...]
    left: float
    beside: int
    chance: float
    fails: int


def slot(o: Observation) -> Slot:
    """Return the area and period of a figure."""
    return (o.area, o.period_start, o.period_end)


@dataclass(frozen=True)
class SumSearch:
    """The sums that the withheld figures of one indicator may belong to; `series` holds the published values.

    If `totals` are given, only they are tried as totals, and only the other series as terms.
    """

    content: Content
    policy: SmallCountSettings
    hidden: Sequence[Observation]
    series: Mapping[str, Mapping[Slot, float]]
    totals: frozenset[str] = frozenset()

    def possible_sums(self) -> Iterator[PossibleSum]:
        """Yield every sum that fits a withheld figure and fails in at most a tenth of the other places."""
        for n, terms in self._combinations:
            judged: dict[int, tuple[NDArray[np.bool_], Floats, NDArray[np.int64]]] = {}
            for column, o in enumerate(self.hidden):
                values = self._values[:, column]
                with np.errstate(invalid="ignore"):
                    sums = np.where((values[terms] > 0).all(axis=1), values[terms].sum(axis=1), np.nan)
                known = np.isfinite(values)
                beside = int(known.sum())
                tried = beside * comb(max(beside - 1, 0), n)
                if self.totals:
                    tried = int((known & self._is_total).sum()) * comb(
                        int((known & ~self._is_total).sum()), n
                    )
                for total in np.flatnonzero(known & self._is_total if self.totals else known):
                    left = values[total] - sums
                    fits = np.flatnonzero((left >= 0) & (left < self._least[column]))
                    fits = fits[~(terms[fits] == total).any(axis=1)]
                    fits = fits[~self._declared(int(total), terms[fits])]
                    if len(fits):
                        # Test each sum in all places only once, however many withheld figures it fits.
                        yield from (
                            PossibleSum(o, self._names[total], tuple(self._names[i] for i in terms[k]), float(left[k]), beside, tried * odds, fails)
                            for k, odds, fails in self._judged(judged, int(total), terms, fits)
                        )  # fmt: skip

    def _judged(
        self,
        judged: dict[int, tuple[NDArray[np.bool_], Floats, NDArray[np.int64]]],
        total: int,
        terms: NDArray[np.int64],
        fits: NDArray[np.int64],
    ) -> Iterator[tuple[int, float, int]]:
        """Yield each sum that holds in nearly all places, as (row of `terms`, chance that unrelated numbers fit, failures)."""
        done, odds, fails = judged.setdefault(
            total, (np.zeros(len(terms), bool), np.full(len(terms), np.nan), np.zeros(len(terms), np.int64))
        )
        fresh = fits[~done[fits]]
        if len(fresh):
            done[fresh] = True
            odds[fresh], fails[fresh] = self._odds(total, terms[fresh])
        yield from ((int(k), float(odds[k]), int(fails[k])) for k in fits if np.isfinite(odds[k]))

    def _odds(self, total: int, terms: NDArray[np.int64]) -> tuple[Floats, NDArray[np.int64]]:
        """Return for each sum the chance of fitting this well (NaN if it fails too often) and the number of failures."""
        totals, values = self._values[total], self._own
        parts = self._values[terms]  # sums × terms × places
        known = np.isfinite(parts).all(axis=1) & np.isfinite(totals)
        left = totals - parts.sum(axis=1)
        exact = known & np.isfinite(values)
        small = known & ~np.isfinite(values) & (left >= 0) & (left < self._least)
        least_sum = np.nansum(parts, axis=1) + np.nan_to_num(values)
        fails = (exact & (left != values)) | (np.isfinite(totals) & (least_sum > totals) & ~self._negative)
        fits = (exact | small) & ~fails
        large = (
            known & ~np.isfinite(values) & (left >= self._least) & (self._least > 0)
        )  # withheld only to protect others
        misses, hits = fails.sum(axis=1), fits.sum(axis=1)
        can_be, t = np.where(exact, 1, self._least), np.maximum(np.nan_to_num(totals), 0)
        again = np.log(np.where(fits, np.minimum(can_be / np.sqrt(2 * pi * 2 * np.maximum(t, 1)), 1), 1))
        first = np.log(np.where(fits, np.minimum(can_be / (t + 1), 1), 1)) - again
        logs = again.sum(axis=1) + first.min(axis=1, initial=0)
        seen = zip(misses + large.sum(axis=1), hits, strict=True)
        odds = np.array([comb(int(m + h), int(h)) * exp(x) for (m, h), x in zip(seen, logs, strict=True)])
        return np.where(misses <= _MOST_FAILURES * (misses + hits), odds, np.nan), misses

    def _declared(self, total: int, terms: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return for each row of terms whether `part_of` already relates all of it to the withheld figure.

        The audit covers those.
        """
        root = self._roots == top_total(self.content, self.hidden[0].indicator)
        return root[total] & root[terms].all(axis=1) if len(terms) else np.zeros(0, bool)

    @cached_property
    def _names(self) -> list[str]:
        """Return the ids of other indicators that publish a count in the same place as a withheld figure."""
        places = {slot(o) for o in self.hidden}
        hidden_indicator = self.hidden[0].indicator
        return sorted(
            i for i, values in self.series.items() if i != hidden_indicator and not places.isdisjoint(values)
        )

    @cached_property
    def _is_total(self) -> NDArray[np.bool_]:
        return np.array([i in self.totals for i in self._names], bool)

    @cached_property
    def _roots(self) -> NDArray[np.str_]:
        return np.array([top_total(self.content, i) for i in self._names])

    @cached_property
    def _combinations(self) -> list[tuple[int, NDArray[np.int64]]]:
        """Return the combinations of terms to try, as (number of terms, array of indexes into `_names`)."""
        numbers = np.flatnonzero(~self._is_total).tolist()
        most = _MOST_TERMS if len(numbers) <= _MOST_INDICATORS else 1
        return [
            (n, np.array(list(combinations(numbers, n)), np.int64))
            for n in range(1, min(most, len(numbers) - 1) + 1)
        ]

    @cached_property
    def _places(self) -> list[Slot]:
        """Return the places of the withheld figures in their order, followed by all others."""
        hidden_places = [slot(o) for o in self.hidden]
        names = (*self._names, self.hidden[0].indicator)
        return [
            *hidden_places,
            *sorted({s for i in names for s in self.series.get(i, ())} - set(hidden_places), key=str),
        ]

    @cached_property
    def _values(self) -> Floats:
        """Return the published values (indicators × places); NaN where nothing is published."""
        values = [[self.series[i].get(s, np.nan) for s in self._places] for i in self._names]
        return np.array(values, float).reshape(len(self._names), len(self._places))

    @cached_property
    def _own(self) -> Floats:
        series = self.series.get(self.hidden[0].indicator, {})
        return np.array([series.get(s, np.nan) for s in self._places], float)

    @cached_property
    def _negative(self) -> NDArray[np.bool_]:
        """Return the places with a count below zero, such as a difference between two sources; parts may exceed their total there."""
        return (np.nan_to_num(self._values) < 0).any(axis=0) | (np.nan_to_num(self._own) < 0)

    @cached_property
    def _least(self) -> Floats:
        """Return the smallest count that may be published for each withheld figure; 0 for places without one."""
        minimums = [minimum_for(self.content, self.policy, o) for o in self.hidden]
        return np.array([*minimums, *[0] * (len(self._places) - len(minimums))], float)


def sums_of_wards(
    content: Content, policy: SmallCountSettings, hidden: Sequence[Observation], counts: Sequence[Observation]
) -> Iterator[PossibleSum]:
    """Yield figures of an area that are the sum of a withheld ward and some others in it, published under another indicator.

    Such as a police neighbourhood of three wards. `hidden` are withheld figures of one indicator and ward, `counts` what
    is published of its wards and of the area around them. The terms of the sums are the names of wards.
    """
    first = hidden[0]
    inside = {a.code: a.name for a in content.areas.values() if a.parent == content.areas[first.area].parent}
    root, series = top_total(content, first.indicator), defaultdict[str, dict[Slot, float]](dict)
    totals = set[str]()
    for o in counts:
        place = (first.area, o.period_start, o.period_end)
        if o.indicator == first.indicator and o.area in inside:
            own = o.area == first.area
            series[first.indicator if own else inside[o.area]][place] = float(o.value or 0)
        elif o.area == content.areas[first.area].parent and top_total(content, o.indicator) != root:
            series[o.indicator][place] = float(o.value or 0)
            totals.add(o.indicator)
    model = content.indicators[first.indicator]
    wards = {n: replace(model, id=n, part_of="") for n in series if n not in content.indicators}
    of_wards = replace(content, indicators={**content.indicators, **wards})
    if totals:
        yield from SumSearch(of_wards, policy, hidden, series, frozenset(totals)).possible_sums()


def by_indicator(hidden: Sequence[Observation]) -> Mapping[str, list[Observation]]:
    """Group withheld figures by indicator, leaving out those of one part of a breakdown."""
    groups: dict[str, list[Observation]] = defaultdict(list)
    for o in hidden:
        if not o.part:
            groups[o.indicator].append(o)
    return groups
