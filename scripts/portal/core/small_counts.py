"""The policy on small counts: which figures are guarded, and the smallest count that can be published."""

from collections.abc import Sequence

from portal.core.model import Content, Indicator, Observation
from portal.core.periods import label
from portal.core.problems import Problem
from portal.core.settings import SmallCountSettings
from portal.core.vocabulary import Status

# A lower minimum protects nobody: with 2, a withheld count can only be 0 or 1.
LEAST_MINIMUM = 3
# Breakdowns that split one part of another breakdown: the other breakdown, and its part. Their total is that part.
SPLITS_OF_PARTS = {"officer_ethnicity": ("ethnicity", "Not stated")}
# Kinds of area that count as wards.
WARD_KINDS = ("ward", "rest", "neighbourhood")
# The lowest setting for the residents of a part of a ward: an LSOA has at most about 3,000, so a part is never just one.
LEAST_RESIDENTS = 3_000


def minimum_for_kind(content: Content, policy: SmallCountSettings, indicator: str, kind: str) -> int:
    """Return the smallest count that can be published for a kind of area; a package can only raise it.

    Records that name no ward and parts of wards count as a ward; areas larger than a borough count as a borough.
    """
    package = content.minimums.get(indicator)
    ward, borough = (package.ward, package.borough) if package else (0, 0)
    return max(policy.ward_minimum, ward) if kind in WARD_KINDS else max(policy.borough_minimum, borough)


def minimum_for(content: Content, policy: SmallCountSettings, o: Observation) -> int:
    """Return the smallest count that can be published in a figure's area."""
    return minimum_for_kind(content, policy, o.indicator, content.areas[o.area].kind)


def could_identify(indicator: Indicator) -> bool:
    """Return True if the indicator's figures could identify a person, whatever their unit."""
    return indicator.sensitive or indicator.protected


def is_guarded(indicator: Indicator) -> bool:
    """Return True if small counts of the indicator are withheld."""
    return could_identify(indicator) and indicator.unit == "count"


def is_guarded_figure(content: Content, o: Observation) -> bool:
    """Return True if a figure must be withheld if it is small."""
    return is_guarded(content.indicators[o.indicator])


def top_total(content: Content, indicator: str) -> str:
    """Return the top-level total that an indicator is part of, or the indicator itself."""
    passed = {indicator}
    while (
        (total := content.indicators[indicator].part_of)
        and total in content.indicators
        and total not in passed
    ):
        passed.add(indicator := total)
    return indicator


def is_yearly_by_ward(content: Content, indicator: str) -> bool:
    """Return True if wards can only have 12-month figures: it is sensitive, or a total with a sensitive part."""
    return content.indicators[indicator].sensitive or any(
        i.sensitive and indicator in _totals_above(content, i.id) for i in content.indicators.values()
    )


def _totals_above(content: Content, indicator: str) -> list[str]:
    """Return the totals of an indicator over all levels, the nearest first."""
    totals: list[str] = []
    while (total := content.indicators[indicator].part_of) in content.indicators and total not in totals:
        totals.append(total)
        indicator = total
    return totals


def not_openly_published(content: Content, indicator: str) -> list[Observation]:
    """Return the figures of an indicator that are not repeated from an open publication."""
    figures = content.observations.get(indicator, ())
    return [o for o in figures if not is_openly_published(content, o.source)]


def is_openly_published(content: Content, source: str) -> bool:
    """Return True if a source has itself been published openly."""
    return source in content.sources and content.sources[source].open_publication


def splits_of_withheld(content: Content, figures: Sequence[Observation]) -> list[Observation]:
    """Return the figures that split a part which is withheld among the same figures: their sum would give it away."""
    breakdowns = {i.id: i.breakdown for i in content.indicators.values()}
    withheld = {
        (breakdowns[o.indicator], o.part, o.area, o.period_start, o.period_end)
        for o in figures
        if o.value is None and o.status == Status.WITHHELD
    }
    return [
        o
        for o in figures
        if o.value is not None
        and (split := SPLITS_OF_PARTS.get(breakdowns[o.indicator]))
        and (*split, o.area, o.period_start, o.period_end) in withheld
    ]


def sum_if_known(values: Sequence[float | None]) -> float | None:
    """Return the sum of values, or None if one of them is not published."""
    known = [v for v in values if v is not None]
    return sum(known) if len(known) == len(values) else None


def periods_overlap(a: Observation, b: Observation) -> bool:
    """Return True if two stated periods share a day."""
    if not (a.period_start and a.period_end and b.period_start and b.period_end):
        return False
    return a.period_start <= b.period_end and b.period_start <= a.period_end


def figure_name(content: Content, o: Observation) -> str:
    """Return a figure's name in messages."""
    when = label(content.indicators[o.indicator].period_type, o.period_start, o.period_end)
    place = ", ".join(filter(None, (content.areas[o.area].name, when, o.part)))
    return f"{o.indicator}: {place}"


def forbidden_figure(content: Content, o: Observation, message: str, fix: str) -> Problem:
    """Return the problem that a figure must not be published."""
    return Problem(f"observations of {figure_name(content, o)}", code="disclosure", message=message, fix=fix)
