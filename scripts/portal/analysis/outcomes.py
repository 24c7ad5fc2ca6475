"""Work out what share of recorded offences had a positive outcome."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from portal.analysis.measures import rounded, yearly
from portal.core.model import Observation, OutcomeOf
from portal.disclosure.clearing import ClearedContent


@dataclass(frozen=True)
class OutcomeShare:
    """Offences and positive outcomes of one area in the same 12 months.

    `percent` is outcomes per 100 offences, rounded to one decimal; None if a count is withheld or missing, or if there
    were no offences. The outcomes are not only those of these offences: an outcome counts in the month it is recorded.
    """

    area: str
    place: str
    offences: Observation
    outcomes: Observation
    percent: Decimal | None


def outcome_shares(released: ClearedContent, link: OutcomeOf) -> tuple[OutcomeShare, ...]:
    """Return the newest share of each area that has both counts for the same 12 months, the site's own area first."""
    areas = dict.fromkeys(o.area for o in released.content.observations.get(link.indicator, ()))
    found = [s for area in areas if (s := _newest(released, link, area))]
    newest = max((s.outcomes.period_end for s in found if s.outcomes.period_end), default=None)
    same = [s for s in found if s.outcomes.period_end == newest]
    return tuple(sorted(same, key=lambda s: (s.area != released.area, s.place)))


def _newest(released: ClearedContent, link: OutcomeOf, area: str) -> OutcomeShare | None:
    offences = {(o.period_start, o.period_end): o for o in yearly(released, link.offences, area)}
    for o in reversed(yearly(released, link.indicator, area)):
        base = offences.get((o.period_start, o.period_end))
        if base is not None:
            return OutcomeShare(area, released.content.areas[area].name, base, o, _percent(base, o))
    return None


def _percent(offences: Observation, outcomes: Observation) -> Decimal | None:
    if not offences.value or outcomes.value is None:
        return None
    return rounded(Fraction(outcomes.value) / Fraction(offences.value) * 100, 1)
