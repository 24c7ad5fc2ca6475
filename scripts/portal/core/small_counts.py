"""The policy on small counts: which figures are guarded, and the smallest count that can be published."""

from collections.abc import Sequence

from portal.core.model import Content, Indicator, Observation
from portal.core.periods import label
from portal.core.problems import Problem
from portal.core.settings import SmallCountSettings

# A lower minimum protects nobody: with 2, a withheld count can only be 0 or 1.
LEAST_MINIMUM = 3
# Kinds of area that count as wards.
FINE = ("ward", "rest")


def small(content: Content, policy: SmallCountSettings, indicator: str, kind: str) -> int:
    """Return the smallest count that can be published for a kind of area; a package can only raise it.

    Records that name no ward count as a ward; areas larger than a borough count as a borough.
    """
    own = content.minimums.get(indicator)
    ward, borough = (own.ward, own.borough) if own else (0, 0)
    return max(policy.ward_minimum, ward) if kind in FINE else max(policy.borough_minimum, borough)


def least_of(content: Content, policy: SmallCountSettings, o: Observation) -> int:
    """Return the smallest count that can be published in a figure's area."""
    return small(content, policy, o.indicator, content.areas[o.area].kind)


def is_careful(indicator: Indicator) -> bool:
    """Return True if the indicator's figures could identify a person, whatever their unit."""
    return indicator.sensitive or indicator.protected


def guarded(indicator: Indicator) -> bool:
    """Return True if small counts of the indicator are withheld."""
    return is_careful(indicator) and indicator.unit == "count"


def guards(content: Content, o: Observation) -> bool:
    """Return True if a figure must be withheld if it is small."""
    return guarded(content.indicators[o.indicator])


def of_total(content: Content, indicator: str) -> str:
    """Return the top-level total that an indicator is part of, or the indicator itself."""
    seen = {indicator}
    while (
        (above := content.indicators[indicator].part_of) and above in content.indicators and above not in seen
    ):
        seen.add(indicator := above)
    return indicator


def yearly(content: Content, indicator: str) -> bool:
    """Return True if wards can only have 12-month figures: it is sensitive, or a total with a sensitive part."""
    return content.indicators[indicator].sensitive or any(
        i.sensitive and indicator in _above(content, i.id) for i in content.indicators.values()
    )


def _above(content: Content, indicator: str) -> list[str]:
    """Return the totals of an indicator over all levels, the nearest first."""
    totals: list[str] = []
    while (above := content.indicators[indicator].part_of) in content.indicators and above not in totals:
        totals.append(above)
        indicator = above
    return totals


def closed(content: Content, indicator: str) -> list[Observation]:
    """Return the figures of an indicator that are not repeated from an open publication."""
    figures = content.observations.get(indicator, ())
    return [o for o in figures if not is_open(content, o.source)]


def is_open(content: Content, source: str) -> bool:
    """Return True if a source has itself been published openly."""
    return source in content.sources and content.sources[source].open_publication


def added(values: Sequence[float | None]) -> float | None:
    """Return the sum of values, or None if one of them is not published."""
    known = [v for v in values if v is not None]
    return sum(known) if len(known) == len(values) else None


def overlap(a: Observation, b: Observation) -> bool:
    """Return True if two stated periods share a day."""
    if not (a.period_start and a.period_end and b.period_start and b.period_end):
        return False
    return a.period_start <= b.period_end and b.period_start <= a.period_end


def words(content: Content, o: Observation) -> str:
    """Return a figure's name in messages."""
    when = label(content.indicators[o.indicator].period_type, o.period_start, o.period_end)
    place = ", ".join(filter(None, (content.areas[o.area].name, when, o.part)))
    return f"{o.indicator}: {place}"


def forbidden(content: Content, o: Observation, message: str, fix: str) -> Problem:
    """Return the problem that a figure must not be published."""
    return Problem(f"observations of {words(content, o)}", code="disclosure", message=message, fix=fix)
