"""Sums that no table declares: published counts that, with a withheld one, add up to another count.

Among many counts some always fit by chance: of 33 unrelated ones in one place, a thousand sums of up to four leave a
number under 10. So each sum is held against all places. It fits a place where the withheld count is left with a number
that it could be, or where all of it is published and it is right. It fails where its published terms exceed the total.

How many sums would fit as well by chance: in the first place, what terms leave of a total of T could be any number from
0 to T, each as likely. So it is one of m numbers that the withheld figure could be (one where that is known) with a
chance of m / (T + 1). Other places are much like the first one, since a count changes little from year to year. There it
differs by the spread of two counts that add up to T each, √(2T), and is one of the m with a chance of at most
m / √(2π · 2T). These chances are multiplied, then by the number of ways to choose the places that fit among those where
it could be seen, and then by the number of sums tried.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from math import comb, exp, pi

import numpy as np
from numpy.typing import NDArray

from portal.core.model import Content, Observation
from portal.core.settings import SmallCountSettings
from portal.core.small_counts import least_of, of_total

Floats = NDArray[np.float64]
Slot = tuple[str, object, object]  # an area and a period
_TERMS = 3  # as many known figures are taken from a total at most
_FEW = 40  # indicators beside a withheld one, beyond which only pairs are tried
_FAILS = 0.1  # of the places where a sum can be tried, where figures may have been revised or counted in another way


@dataclass(frozen=True)
class Sum:
    """A withheld figure, the total and the terms beside it, what these leave, and how far that can be trusted.

    `beside` counts the published counts of that place, `chance` the sums that would fit as well by chance, `fails` the
    places where this one does not fit.
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
class Sums:
    """The sums that the withheld figures of one indicator could belong to. `series` has what is published."""

    content: Content
    policy: SmallCountSettings
    hidden: Sequence[Observation]
    series: Mapping[str, Mapping[Slot, float]]

    def found(self) -> Iterator[Sum]:
        """Yield every sum that fits a withheld figure, and fails hardly anywhere."""
        for n, terms in self._combinations:
            judged: dict[int, tuple[NDArray[np.bool_], Floats, NDArray[np.int64]]] = {}
            for column, o in enumerate(self.hidden):
                values = self._values[:, column]
                with np.errstate(invalid="ignore"):
                    sums = np.where((values[terms] > 0).all(axis=1), values[terms].sum(axis=1), np.nan)
                beside = int(np.isfinite(values).sum())
                tried = beside * comb(max(beside - 1, 0), n)
                for total in np.flatnonzero(np.isfinite(values)):
                    left = values[total] - sums
                    fits = np.flatnonzero((left >= 0) & (left < self._least[column]))
                    fits = fits[~(terms[fits] == total).any(axis=1)]
                    fits = fits[~self._declared(int(total), terms[fits])]
                    if len(fits):
                        # A sum is held against all places once, however many withheld figures it fits.
                        yield from (
                            Sum(o, self._names[total], tuple(self._names[i] for i in terms[k]), float(left[k]), beside, tried * odds, fails)
                            for k, odds, fails in self._judged(judged, int(total), terms, fits)
                        )  # fmt: skip

    def _judged(
        self,
        judged: dict[int, tuple[NDArray[np.bool_], Floats, NDArray[np.int64]]],
        total: int,
        terms: NDArray[np.int64],
        fits: NDArray[np.int64],
    ) -> Iterator[tuple[int, float, int]]:
        """Yield the sums that hold in nearly all places, with the chance that unrelated numbers do, and their fails."""
        done, odds, fails = judged.setdefault(
            total, (np.zeros(len(terms), bool), np.full(len(terms), np.nan), np.zeros(len(terms), np.int64))
        )
        fresh = fits[~done[fits]]
        if len(fresh):
            done[fresh] = True
            odds[fresh], fails[fresh] = self._odds(total, terms[fresh])
        yield from ((int(k), float(odds[k]), int(fails[k])) for k in fits if np.isfinite(odds[k]))

    def _odds(self, total: int, terms: NDArray[np.int64]) -> tuple[Floats, NDArray[np.int64]]:
        """Return the chance of fitting so well for each sum, NaN where one fails too often; and how often each fails."""
        whole, own = self._values[total], self._own
        parts = self._values[terms]  # sums × terms × places
        known = np.isfinite(parts).all(axis=1) & np.isfinite(whole)
        left = whole - parts.sum(axis=1)
        exact = known & np.isfinite(own)
        small = known & ~np.isfinite(own) & (left >= 0) & (left < self._least)
        least_sum = np.nansum(parts, axis=1) + np.nan_to_num(own)
        fails = (exact & (left != own)) | (np.isfinite(whole) & (least_sum > whole) & ~self._negative)
        fits = (exact | small) & ~fails
        large = (
            known & ~np.isfinite(own) & (left >= self._least) & (self._least > 0)
        )  # withheld to hide others
        misses, hits = fails.sum(axis=1), fits.sum(axis=1)
        can_be, t = np.where(exact, 1, self._least), np.maximum(np.nan_to_num(whole), 0)
        again = np.log(np.where(fits, np.minimum(can_be / np.sqrt(2 * pi * 2 * np.maximum(t, 1)), 1), 1))
        first = np.log(np.where(fits, np.minimum(can_be / (t + 1), 1), 1)) - again
        logs = again.sum(axis=1) + first.min(axis=1, initial=0)
        seen = zip(misses + large.sum(axis=1), hits, strict=True)
        odds = np.array([comb(int(m + h), int(h)) * exp(x) for (m, h), x in zip(seen, logs, strict=True)])
        return np.where(misses <= _FAILS * (misses + hits), odds, np.nan), misses

    def _declared(self, total: int, terms: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether the tables say how all of these belong to the withheld figure; then the audit knows it."""
        root = self._roots == of_total(self.content, self.hidden[0].indicator)
        return root[total] & root[terms].all(axis=1) if len(terms) else np.zeros(0, bool)

    @cached_property
    def _names(self) -> list[str]:
        """The other indicators that publish a count beside one of the withheld ones."""
        places = {slot(o) for o in self.hidden}
        own = self.hidden[0].indicator
        return sorted(i for i, values in self.series.items() if i != own and not places.isdisjoint(values))

    @cached_property
    def _roots(self) -> NDArray[np.str_]:
        return np.array([of_total(self.content, i) for i in self._names])

    @cached_property
    def _combinations(self) -> list[tuple[int, NDArray[np.int64]]]:
        """The terms that are tried, as numbers of indicators, by how many they are."""
        most = _TERMS if len(self._names) <= _FEW else 1
        numbers = range(len(self._names))
        return [
            (n, np.array(list(combinations(numbers, n)), np.int64))
            for n in range(1, min(most, len(numbers) - 1) + 1)
        ]

    @cached_property
    def _places(self) -> list[Slot]:
        """The places of the withheld figures, in their order, then all others."""
        own = [slot(o) for o in self.hidden]
        names = (*self._names, self.hidden[0].indicator)
        return [*own, *sorted({s for i in names for s in self.series.get(i, ())} - set(own), key=str)]

    @cached_property
    def _values(self) -> Floats:
        """What each indicator publishes in each place; NaN where it does not."""
        found = [[self.series[i].get(s, np.nan) for s in self._places] for i in self._names]
        return np.array(found, float).reshape(len(self._names), len(self._places))

    @cached_property
    def _own(self) -> Floats:
        own = self.series.get(self.hidden[0].indicator, {})
        return np.array([own.get(s, np.nan) for s in self._places], float)

    @cached_property
    def _negative(self) -> NDArray[np.bool_]:
        """Where a count is below zero, as a difference of two sources can be: parts may exceed their total there."""
        return (np.nan_to_num(self._values) < 0).any(axis=0) | (np.nan_to_num(self._own) < 0)

    @cached_property
    def _least(self) -> Floats:
        """The smallest count that may be published in the place of each withheld figure; 0 where none is withheld."""
        own = [least_of(self.content, self.policy, o) for o in self.hidden]
        return np.array([*own, *[0] * (len(self._places) - len(own))], float)


def by_indicator(hidden: Sequence[Observation]) -> Mapping[str, list[Observation]]:
    """Return withheld figures that are no parts of others, by indicator."""
    found: dict[str, list[Observation]] = defaultdict(list)
    for o in hidden:
        if not o.part:
            found[o.indicator].append(o)
    return found
