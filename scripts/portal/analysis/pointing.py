"""Write what a chart says about one of its figures when a reader points at it, besides its period and value."""

from fractions import Fraction

from portal.analysis.measures import breaks_of, rounded
from portal.analysis.sentences import ChartInput, the_period
from portal.core import periods
from portal.core.model import Observation
from portal.core.text import MARKERS, amount, upper_first
from portal.core.vocabulary import Unit


def describe_point(s: ChartInput, o: Observation) -> str:
    """Return what a chart says about a figure besides its value: the change from a year before, and its status.

    The change is a plain difference; whether it is a clear one is said in the finding. Empty if there is nothing to say.
    """
    status = f"{upper_first(MARKERS[o.status])}." if o.status else ""
    return " ".join(filter(None, (_difference(s, o), status)))


def _difference(s: ChartInput, o: Observation) -> str:
    if o.value is None or o.period_end is None or not o.months or s.indicator.unit == Unit.PERCENT_CHANGE:
        return ""
    ended = periods.month_end(o.period_end, -max(12, o.months))
    begun = periods.first_day(ended, o.months)
    if any(begun < b.date <= o.period_end for b in breaks_of(s.released, s.indicator.id)):
        return "Not comparable with a year before: recording changed."
    before_that = (o.area, o.part, o.months, ended)
    earlier = next((e for e in s.figures if (e.area, e.part, e.months, e.period_end) == before_that), None)
    if earlier is None or earlier.value is None:
        return ""
    before = the_period(s, earlier)
    difference = o.value - earlier.value
    if not difference:
        return f"The same as in {before}."
    points = " percentage points" if s.indicator.unit == Unit.PERCENT else ""
    unit = Unit.COUNT if points else s.indicator.unit
    return f"{amount(abs(difference), unit)}{points} {'more' if difference > 0 else 'less' if points or unit == Unit.POUNDS else 'fewer'} than in {before}."


def describe_share(s: ChartInput, o: Observation, whole: Observation) -> str:
    """Return a part as a percentage of the whole, in whole per cent: `33%`, `under 1%`; empty without two numbers."""
    if o.value is None or not whole.value:
        return ""
    share = rounded(Fraction(o.value) / Fraction(whole.value) * 100, 0)
    if o.value and not share:
        return "under 1%"
    return "over 99%" if share == 100 and o.value != whole.value else f"{share}%"
