"""Check the other forms of a guarded figure: rates, percentages, changes, claims and targets can each reveal a count."""

from collections.abc import Iterator
from decimal import Decimal

from portal.core.model import Claim, Content, FigureKey, Observation, Target
from portal.core.problems import Problem
from portal.core.settings import SmallCountSettings
from portal.core.small_counts import (
    FINE,
    closed,
    forbidden,
    guarded,
    is_careful,
    is_open,
    least_of,
    overlap,
    small,
)

RATES = ("per-1000", "percent", "percent-change")
# Claims without a number from which a count could be worked out.
_WORDS_ONLY = ("direction", "rank", "comparison")


def check(content: Content, policy: SmallCountSettings) -> Iterator[Problem]:
    """Yield a problem for each rate, percentage, change, claim and target that reveals a guarded count."""
    hidden = {o.key: o for own in content.observations.values() for o in own if _withheld(content, o)}
    for indicator in content.indicators.values():
        if is_careful(indicator) and indicator.unit in RATES:
            for o in closed(content, indicator.id):
                if o.value is not None:
                    yield from _rate(content, policy, o, list(hidden.values()))
    for claim in content.claims:
        yield from _claim(content, policy, claim, hidden)
    for target in content.targets:
        yield from _target(content, policy, target, list(hidden.values()))


def _withheld(content: Content, o: Observation) -> bool:
    return o.value is None and guarded(content.indicators[o.indicator])


# --- rates


def _rate(
    content: Content, policy: SmallCountSettings, o: Observation, hidden: list[Observation]
) -> Iterator[Problem]:
    fix = "Take the row out. The site works out rates and changes itself, where the counts may be shown."
    if content.areas[o.area].kind in FINE:
        message = "For wards, publish only counts of a guarded subject: a rate, percentage or change gives a small count away."
        yield forbidden(content, o, message, fix)
        return
    beside = [h for h in hidden if _beside(content, o, h) and overlap(o, h)]
    if beside:
        message = (
            f"From this figure and others, the withheld count of {beside[0].indicator} can be worked out."
        )
        yield forbidden(content, o, message, fix)
        return
    base, what = _least_base(content, o)
    if base is None and content.indicators[o.indicator].unit == "per-1000":
        message = (
            "The population behind this rate is not known, so we cannot check that the count is not small."
        )
        yield forbidden(content, o, message, "Add the population of the area, or take the row out.")
    elif base is not None and base < least_of(content, policy, o):
        message = f"With {what}, this figure can stand for a count under {least_of(content, policy, o)}."
        yield forbidden(content, o, message, fix)


def _beside(content: Content, o: Observation, count: Observation) -> bool:
    """Return True if a count is about the same place and subject."""
    same = content.indicators[o.indicator].topic == content.indicators[count.indicator].topic
    return same and o.area == count.area


def _least_base(content: Content, o: Observation) -> tuple[Decimal | None, str]:
    """Return the smallest count that a figure can represent, and the name of what readers need to work it out.

    The count is None if nothing published allows that.
    """
    unit, value = content.indicators[o.indicator].unit, o.value or Decimal(0)
    half = Decimal(1).scaleb(int(value.as_tuple().exponent)) / 2
    if unit == "per-1000":
        lived = content.populations.get(o.area)
        return ((value - half) * lived.population / 1000 if lived else None), "the population"
    counts = [
        c
        for i in content.indicators.values()
        if guarded(i)
        for c in content.observations.get(i.id, ())
        if c.value is not None and _beside(content, o, c)
    ]
    if unit == "percent":
        found = [((value - half) * c.value / 100, c) for c in counts if c.value is not None and overlap(c, o)]
    else:
        found = [
            ((100 + value - half) * c.value / 100, c)
            for c in counts
            if c.value is not None and c.period_end and o.period_start and c.period_end < o.period_start
        ]
    if not found:
        return None, ""
    least, count = min(found, key=lambda f: f[0])
    return least, f"the count of {count.indicator}"


# --- claims and targets


def _claim(
    content: Content, policy: SmallCountSettings, claim: Claim, hidden: dict[FigureKey, Observation]
) -> Iterator[Problem]:
    if claim.kind in _WORDS_ONLY or claim.stated is None:
        return
    spans = ((claim.period_start, claim.period_end), (claim.base_period_start, claim.base_period_end))
    for subject in filter(None, (claim.indicator, claim.other_indicator)):
        for start, end in (s for s in spans if s[0]):
            about = (subject, claim.area, claim.part)
            same = [h for h in hidden.values() if (h.indicator, h.area, h.part) == about]
            if any(h.period_start and start <= h.period_start and h.period_end <= end for h in same):  # type: ignore[operator]
                message = (
                    f"Readers can work out the withheld count of {subject} from the number in this statement."
                )
                yield _stated("claims", claim.id, message)
                return
    indicator = content.indicators[claim.indicator]
    least = small(content, policy, indicator.id, content.areas[claim.area].kind) if claim.area else 0
    if (
        claim.kind == "value"
        and guarded(indicator)
        and not is_open(content, claim.source)
        and claim.stated < least
    ):
        message = f"The statement has a count of {claim.stated}, but counts under {least} must be withheld."
        yield _stated("claims", claim.id, message)


def _target(
    content: Content, policy: SmallCountSettings, target: Target, hidden: list[Observation]
) -> Iterator[Problem]:
    if target.indicator not in content.indicators:
        return
    indicator = content.indicators[target.indicator]
    if not guarded(indicator) or target.unit != "count":
        return
    own = [h for h in hidden if h.indicator == indicator.id]
    shown = {o.value for o in content.observations.get(indicator.id, ())}
    for name, value, when in (
        ("result", target.result_value, target.due),
        ("baseline", target.baseline_value, target.baseline),
    ):
        if value is None or value in shown:
            continue
        least = small(content, policy, indicator.id, "borough")
        if any(_names(when, h) for h in own):
            message = f"The {name} may be the withheld count of {indicator.id}."
            yield _stated("targets", target.id, message)
        elif value < least and not is_open(content, target.source):
            message = f"The {name} is a count of {value}, but counts under {least} must be withheld."
            yield _stated("targets", target.id, message)


def _names(when: str, o: Observation) -> bool:
    """Return True if words about a time can refer to a figure's period."""
    years = {str(d.year) for d in (o.period_start, o.period_end) if d}
    return not years or not any(c.isdigit() for c in when) or any(year in when for year in years)


def _stated(table: str, name: str, message: str) -> Problem:
    fix = "Take the row out, or the number out of it."
    return Problem(f"{table}: {name}", code="disclosure", message=message, fix=fix)
