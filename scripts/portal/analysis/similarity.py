"""Find the areas of a region that are most similar to one area, by who lives there and not by crime.

The page about comparisons explains the method. Crime is left out: if areas were chosen because they have as much crime,
none of them could turn out to have an unusual amount.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from statistics import fmean, median, pstdev

from portal.core.places import Profile

MOST = 4  # areas that are called similar
# Areas with fewer people than this share of the median are too small to compare: their shares are extreme.
SMALLEST = 0.1
# Themes whose measures are numbers of people; they are compared as shares of the people in the theme.
_SHARES = ("age", "ethnic-group")
_POPULATION = "population"
COMPARED = (*_SHARES, "deprivation", _POPULATION)  # other themes are for rates of groups


@dataclass(frozen=True)
class Similar:
    """An area, and its mean rank over all combinations of themes (1 is the most similar).

    It is among the `MOST` most similar areas in `times` of `of` combinations.
    """

    code: str
    name: str
    rank: float
    times: int
    of: int


@lru_cache(maxsize=8)
def ranked(profiles: tuple[Profile, ...], area: str) -> tuple[Similar, ...]:
    """Return all other areas, the most similar first; empty if the area has no profile.

    Each measure is standardised over the areas (mean 0, standard deviation 1). The distance of two areas in a theme is
    the mean of the squared differences of its measures. For each combination of themes the distances are added, so that
    themes count equally, and the areas are ranked. Areas are then ordered by the mean of their ranks, so that no single
    choice of themes decides.
    """
    values = _standardised(profiles)
    if area not in values:
        return ()
    names = {p.area: p.name for p in profiles}
    themes = sorted({theme for theme, _ in values[area]})
    distances = {
        theme: {code: _distance(values[area], values[code], theme) for code in values if code != area}
        for theme in themes
    }
    orders = [
        sorted(values.keys() - {area}, key=lambda code: (sum(distances[t][code] for t in chosen), code))
        for size in range(1, len(themes) + 1)
        for chosen in combinations(themes, size)
    ]
    places = {code: [order.index(code) + 1 for order in orders] for code in values if code != area}
    found = (
        Similar(code, names[code], fmean(ranks), sum(r <= MOST for r in ranks), len(orders))
        for code, ranks in places.items()
    )
    return tuple(sorted(found, key=lambda s: (s.rank, s.code)))


def similar_areas(profiles: tuple[Profile, ...], area: str) -> tuple[Similar, ...]:
    """Return the areas that are called similar, the most similar first; empty if there are no profiles."""
    return ranked(profiles, area)[:MOST]


_Values = Mapping[tuple[str, str], float]


def _standardised(profiles: Iterable[Profile]) -> dict[str, _Values]:
    """Return the standardised measures of each area that is large enough and has every measure."""
    raw: dict[str, dict[tuple[str, str], float]] = {}
    for p in (p for p in profiles if p.theme in COMPARED):
        raw.setdefault(p.area, {})[p.theme, p.measure] = float(p.value)
    sizes = {
        code: sum(v for (theme, _), v in own.items() if theme == _POPULATION) for code, own in raw.items()
    }
    smallest = SMALLEST * median(sizes.values()) if sizes else 0
    comparable = {code: dict(_comparable(own)) for code, own in raw.items() if sizes[code] >= smallest}
    measures = {key for own in comparable.values() for key in own}
    whole = {code: own for code, own in comparable.items() if own.keys() == measures}
    spread = {m: _mean_and_deviation(own[m] for own in whole.values()) for m in measures} if whole else {}
    return {
        code: {m: (own[m] - spread[m][0]) / spread[m][1] for m in sorted(measures) if spread[m][1]}
        for code, own in whole.items()
    }


def _comparable(own: _Values) -> Iterator[tuple[tuple[str, str], float]]:
    """Yield the measures of an area, with numbers of people as shares, so that areas of different sizes can be compared."""
    totals: dict[str, float] = {}
    for (theme, _), value in own.items():
        totals[theme] = totals.get(theme, 0.0) + value
    for (theme, measure), value in own.items():
        if theme in _SHARES:
            yield (theme, measure), value / totals[theme] if totals[theme] else 0.0
        elif theme == _POPULATION:
            yield (theme, measure), math.log(value) if value > 0 else 0.0
        else:
            yield (theme, measure), value


def _mean_and_deviation(values: Iterable[float]) -> tuple[float, float]:
    known = list(values)
    return fmean(known), pstdev(known)


def _distance(one: _Values, other: _Values, theme: str) -> float:
    return fmean((one[m] - other[m]) ** 2 for m in one if m[0] == theme)
