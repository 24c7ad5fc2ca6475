"""Distinguish a real change between two counts from the normal ups and downs of recorded crime.

Crimes cluster: one series of burglaries, one bad weekend. Counts therefore vary more than independent events would,
and a test for independent (Poisson) events calls too many changes real. The tests here allow for that with the
dispersion: how many times larger the variance of a count is than its mean. 1 means independent events.
"""

import math
from collections.abc import Sequence

LEVEL = 0.05  # the share of unchanged series that may be called changed
LARGE = 10**6  # above this the normal distribution is as good, and the exact one is slow
_NEARLY_ONE = 1 + 1e-6
_FARTHEST = 300.0  # on the log scale; with 709 a number is too large for a float


def p_value(earlier: int, later: int, dispersion: float) -> float:
    """Return the two-sided p-value of two counts over equally long periods, if nothing had changed.

    The counts are taken as negative binomial with variance `dispersion` times the mean (NB1). Given their sum n, the
    later one is then beta-binomial with both shapes n / (2 (dispersion - 1)); with a dispersion of 1 (or less, which
    counts as 1) it is binomial, the test of Przyborowski and Wilenski (1940), Biometrika 31, 313-323. The p-value is
    twice the smaller tail, at most 1; it is 1 for two zeros. Together over a million, they are taken as normal.
    """
    from scipy.special import bdtr  # noqa: PLC0415 - slow to import, and only builds need it

    total, smaller = earlier + later, min(earlier, later)
    if total == 0:
        return 1.0
    if total > LARGE:
        return math.erfc(math.sqrt((later - earlier) ** 2 / total / max(dispersion, 1.0) / 2))
    if dispersion <= _NEARLY_ONE:
        tail = bdtr(smaller, total, 0.5)
    else:
        tail = _beta_binomial(smaller, total, total / (2 * (dispersion - 1)))
    return min(1.0, 2 * float(tail))


def _beta_binomial(most: int, total: int, shape: float) -> float:
    """Return the probability of at most so many of `total`, with both shapes the same.

    It equals `scipy.stats.betabinom.cdf`; importing `scipy.stats` takes about a second.
    """
    import numpy as np  # noqa: PLC0415
    from scipy.special import betaln  # noqa: PLC0415

    each = np.arange(most + 1)
    ways = -math.log(total + 1) - betaln(total - each + 1, each + 1)
    return float(np.exp(ways + betaln(each + shape, total - each + shape) - betaln(shape, shape)).sum())


def interval(earlier: int, later: int, dispersion: float) -> tuple[float, float] | None:
    """Return the 95% interval of the change in per cent; None if a count is zero or negative.

    It is that of the ratio (see `ratio_interval`), as a change in per cent.
    """
    if earlier <= 0 or later <= 0:
        return None
    low, high = ratio_interval(earlier, later, dispersion)
    return 100 * (low - 1), 100 * (high - 1)


def ratio_interval(earlier: int, later: int, dispersion: float = 1.0) -> tuple[float, float]:
    """Return the 95% interval of the ratio of two counts over zero.

    It is later / earlier × exp(±1.96 √(dispersion (1 / earlier + 1 / later))), on the log scale.
    """
    reach = min(1.96 * math.sqrt(max(dispersion, 1.0) * (1 / earlier + 1 / later)), _FARTHEST)
    ratio = later / earlier
    return ratio * math.exp(-reach), ratio * math.exp(reach)


def adjusted(p_values: Sequence[float]) -> tuple[float, ...]:
    """Return the p-values adjusted for looking at all of them at once, in the same order.

    Of the changes whose adjusted value is under 5%, about 5% are expected to be chance (Benjamini and Hochberg 1995,
    Journal of the Royal Statistical Society B 57, 289-300).
    """
    count = len(p_values)
    ranked = sorted(range(count), key=lambda i: p_values[i], reverse=True)
    result, least = [1.0] * count, 1.0
    for passed, i in enumerate(ranked):
        least = result[i] = min(least, p_values[i] * count / (count - passed))
    return tuple(result)


def poisson_interval(count: int) -> tuple[float, float]:
    """Return the exact 95% interval of a count (Garwood 1936)."""
    from scipy.special import chdtri  # noqa: PLC0415 - slow to import, and only builds need it

    low = float(chdtri(2 * count, 0.975)) / 2 if count else 0.0
    return low, float(chdtri(2 * count + 2, 0.025)) / 2
