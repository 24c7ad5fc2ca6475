"""The same six months of three years, where areas have figures for more than two years and less than three."""

from collections.abc import Iterable, Mapping

from portal.analysis import measures
from portal.core import periods
from portal.core.model import Indicator, Observation
from portal.core.periods import MONTHS_OF_YEAR
from portal.disclosure.clearing import ClearedContent

MONTHS, YEARS = 6, 3


def same_six_months(
    released: ClearedContent, indicator: Indicator, areas: Iterable[str]
) -> Mapping[str, tuple[Observation, ...]]:
    """Return the newest six months of every area with the same months of the two years before, the earliest first.

    Nothing if an area does not have one of the three, if a break in series lies between them, or if all have three whole years,
    since 12 months say more.
    """
    codes = tuple(areas)
    end = measures.newest(released, indicator.id, codes[0]) if codes else None
    if end is None:
        return {}
    ends = [periods.month_end(end, -MONTHS_OF_YEAR * n) for n in range(YEARS)][::-1]
    if all(measures.window(released, indicator.id, c, ends[0], MONTHS_OF_YEAR) for c in codes):
        return {}
    found: dict[str, tuple[Observation, ...]] = {}
    for code in codes:
        windows = [measures.window(released, indicator.id, code, e, MONTHS) for e in ends]
        known = tuple(o for o in windows if o and o.value is not None)
        if len(known) < YEARS or measures.broken(
            known[0], known[-1], measures.breaks_of(released, indicator.id)
        ):
            return {}
        found[code] = known
    return found
