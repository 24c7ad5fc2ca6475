"""Judge whether a target was met, by the result that a document prints."""

from decimal import Decimal

from portal.core import periods
from portal.core.model import Target
from portal.core.vocabulary import Polarity, TargetOutcome, Unit

# The good direction, by polarity. With any other polarity, only the target itself can say which it is.
_GOOD = {Polarity.LOWER_IS_BETTER.value: -1, Polarity.HIGHER_IS_BETTER.value: 1}


def outcome_of(target: Target, newest: str, polarity: str = "") -> TargetOutcome:
    """Return whether a target was met.

    `newest` is the date of the newest source, as far as known. `polarity` is that of the indicator, or empty.

    | the target                               | asks for  | is met where the result is |
    |------------------------------------------|-----------|----------------------------|
    | a change (percent-change) below 0        | a cut     | the target or lower        |
    | a change above 0                         | a rise    | the target or higher       |
    | a number under its baseline              | a cut     | the target or lower        |
    | a number over its baseline               | a rise    | the target or higher       |
    | no change, a number equal to its         | what the polarity calls better: lower or higher  |
    | baseline, or one without a baseline      | than the target is good enough                   |

    A result that is exactly the target meets it, whichever direction was meant. Otherwise it "cannot be judged" if
    nothing says which direction was meant, or if baseline and polarity say opposite things (to hold a rise under a
    limit, or to reach it?). A number below zero can only be a cut.

    Without a printed result a target is "not yet due" until a source is as new as its last day, then it cannot be judged.
    A result that falls short before the date is "not yet due" too.
    """
    due = periods.last_day(target.due) <= periods.last_day(newest)
    if target.result_value is None:
        return TargetOutcome.UNCLEAR if due else TargetOutcome.NOT_YET_DUE
    if target.result_value == target.target_value:
        return TargetOutcome.MET
    way = _aim(target, polarity)
    if not way:
        return TargetOutcome.UNCLEAR
    if (target.result_value > target.target_value) == (way > 0):
        return TargetOutcome.MET
    return TargetOutcome.MISSED if due else TargetOutcome.NOT_YET_DUE


def _aim(target: Target, polarity: str) -> int:
    """Return the direction that a target asks for: 1 up, -1 down, 0 if nothing says so."""
    start = Decimal(0) if target.unit == Unit.PERCENT_CHANGE else target.baseline_value
    good = _GOOD.get(polarity, 0)
    if start is None:
        return -1 if target.target_value < 0 else good
    way = (target.target_value > start) - (target.target_value < start)
    return way or good if way * good >= 0 else 0
