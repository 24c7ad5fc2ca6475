"""Decide whether the rate of an area is unusual among areas of its kind, allowing for the differences between them.

Rates of small areas vary more by chance, and areas differ for reasons that no figure shows. So the limits of a funnel are
wider for small areas, and wider for all areas by as much as these differ from each other beyond chance: additive
overdispersion on the log scale (Spiegelhalter 2005, Quality and Safety in Health Care 14, 347-351).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, quantiles

from portal.analysis import measures
from portal.analysis.measures import Rate
from portal.core.model import Area, Indicator, Observation
from portal.core.vocabulary import Unit
from portal.disclosure.clearing import ClearedContent

FEWEST = 10  # with fewer areas, the differences between them cannot be estimated
TRIM = 10  # per cent of the areas at each end, which are winsorised: their distance counts as that of the next area
# What to say of an unusual rate where residents are not the people who are there, such as in a town centre.
VISITED = "Many people come here who live elsewhere, and the rate counts only residents."
USUAL, UNUSUAL = 1.96, 3.09  # standard deviations of the limits that contain 95% and 99.8% of areas by chance


@dataclass(frozen=True)
class FunnelPoint:
    """An area in a funnel: its count, its rate, and how many standard deviations it is from the common rate.

    `is_visited` says that other kinds of crime have no rate there, because many people come who live elsewhere.
    """

    figure: Observation
    area: Area
    count: int
    rate: Rate
    z: float
    is_visited: bool = False

    @property
    def population(self) -> int:
        """Return the number of residents of the area."""
        return self.rate.population

    @property
    def is_unusual(self) -> bool:
        """Return True if the area is outside the wider limits."""
        return abs(self.z) > UNUSUAL

    @property
    def caveat(self) -> str:
        """Return what must be said wherever this rate is called unusual; empty if there is nothing."""
        return VISITED if self.is_visited else ""


@dataclass(frozen=True)
class Funnel:
    """The rates of areas of one kind over the same months.

    `rate` is their common rate per resident, and `between` the standard deviation between areas on the log scale.
    """

    indicator: Indicator
    points: tuple[FunnelPoint, ...]
    rate: float
    between: float

    def limits(self, population: float, reach: float = UNUSUAL) -> tuple[float, float]:
        """Return the lower and upper limit of the rate per 1,000 people for an area with this many residents."""
        expected = self.rate * population
        width = reach * math.sqrt(1 / expected + self.between**2)
        low = (expected + 0.5) * math.exp(-width) - 0.5
        high = (expected + 0.5) * math.exp(width) - 0.5
        return 1000 * max(low, 0.0) / population, 1000 * high / population

    @property
    def unusual(self) -> tuple[FunnelPoint, ...]:
        """Return the areas outside the limits."""
        return tuple(p for p in self.points if p.is_unusual)


def funnel_of(
    released: ClearedContent, indicator: Indicator, areas: Sequence[Area], months: int = 12
) -> Funnel | None:
    """Return the funnel of an indicator over the newest months that the areas share.

    None unless it is a count, and at least ten areas have both a count and a population. Areas without a meaningful rate, such
    as town centres, and areas whose figure is withheld are left out.
    """
    if indicator.unit != Unit.COUNT:
        return None
    by_code = {a.code: a for a in areas}
    summaries = measures.in_same_months(released, indicator, by_code, months)
    known = {
        code: (s.latest, int(s.latest.value), s.rate)
        for code, s in summaries.items()
        if s.rate and s.rate.population and s.latest.value is not None and s.latest.value >= 0
    }
    counts = {code: (count, rate.population) for code, (_, count, rate) in known.items()}
    if len(counts) < FEWEST or not sum(c for c, _ in counts.values()):
        return None
    common, between, z = distances(counts)
    visited = {n.area for n in released.content.no_rates.values()}
    points = tuple(
        FunnelPoint(figure, by_code[code], count, rate, z[code], code in visited)
        for code, (figure, count, rate) in known.items()
    )
    return Funnel(indicator, points, common, between)


def distances(counts: Mapping[str, tuple[int, int]]) -> tuple[float, float, dict[str, float]]:
    """Return the common rate, the deviation between areas, and each area's distance from the rate.

    `counts` are the count and the residents of each area. The deviation between areas comes from the squares of
    2 (√count - √expected), whose ends are winsorised so that an unusual area does not hide itself.
    """
    rate = sum(c for c, _ in counts.values()) / sum(n for _, n in counts.values())
    expected = {code: rate * people for code, (_, people) in counts.items()}
    scores = {code: 2 * (math.sqrt(count) - math.sqrt(expected[code])) for code, (count, _) in counts.items()}
    cuts = quantiles(scores.values(), n=100, method="inclusive")
    low, high = cuts[TRIM - 1], cuts[-TRIM]
    spread = fmean(min(max(score, low), high) ** 2 for score in scores.values())
    whole, size = sum(expected.values()), len(counts)
    slack = whole - sum(e * e for e in expected.values()) / whole
    between = math.sqrt(max(0.0, (size * spread - (size - 1)) / slack))
    z = {
        code: math.log((count + 0.5) / (expected[code] + 0.5)) / math.sqrt(1 / expected[code] + between**2)
        for code, (count, _) in counts.items()
    }
    return rate, between, z
