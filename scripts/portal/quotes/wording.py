"""Put figures and changes into words for the answers of the quote checker."""

from fractions import Fraction

from portal.analysis import measures
from portal.core import periods
from portal.core.model import Observation
from portal.core.text import amount, counted, number
from portal.core.vocabulary import Unit
from portal.disclosure.clearing import ClearedContent
from portal.quotes.figures import Figures, Pair, Shown
from portal.quotes.sentences import DIFFERENCE, NumberReading


def when(known: Figures, o: Observation) -> str:
    """Return the period of a figure as written inside a sentence."""
    label = periods.label(
        known.released.content.indicators[o.indicator].period_type, o.period_start, o.period_end
    )
    return periods.inside_sentence(label)


def written(known: Figures, o: Observation) -> str:
    """Return the number of a figure with the mark of its unit; "" if there is none."""
    return amount(o.value, known.unit) if o.value is not None else ""


def said(released: ClearedContent, o: Observation) -> str:
    """Return a figure in words: `1,112, the figure of Robbery in Camden for the 12 months to June 2026`."""
    indicator = released.content.indicators[o.indicator]
    label = periods.inside_sentence(periods.label(indicator.period_type, o.period_start, o.period_end))
    part = f", {o.part}" if o.part else ""
    value = amount(o.value, indicator.unit) if o.value is not None else ""
    return f"{value} ({indicator.short_title}{part}, {released.content.areas[o.area].name}, {label})"


def moved(known: Figures, pair: Pair) -> str:
    """Return a change in words: from which figure to which, and by how much."""
    old, new = pair.base.o, pair.later.o
    percent = pair.percent
    by = f" ({number(measures.rounded(percent, 1), signed=True)}%)" if percent is not None else ""
    return f"{known.released.content.indicators[known.indicator].short_title}, {known.released.content.areas[known.area].name}: from {written(known, old)} in {when(known, old)} to {written(known, new)} in {when(known, new)}{by}"  # fmt: skip


def movement(known: Figures, r: NumberReading, pair: Pair) -> str:
    """Return a change as a text can write it, in quotation marks: `“up 12%”`."""
    is_difference = r.kind == DIFFERENCE or pair.percent is None
    true = pair.difference if is_difference else pair.percent
    word = "up" if true is not None and true > 0 else "down"
    size = measures.rounded(abs(true or Fraction(0)), 0)
    if not is_difference:
        return f"“{word} {number(size)}%”"
    of_percent = known.unit in (Unit.PERCENT, Unit.PERCENT_CHANGE)
    return f"“{word} {counted(size, 'percentage points') if of_percent else amount(size, known.unit)}”"


def average(r: NumberReading, shown: Shown) -> str:
    """Return the average that a text speaks of, such as `, on average 82.9 a day`; "" if it speaks of none."""
    if not r.per_days or shown.value is None or not shown.days:
        return ""
    unit = {Fraction(1, 24): "an hour", Fraction(1): "a day", Fraction(7): "a week"}.get(
        r.per_days, "a month"
    )
    return f", on average {number(measures.rounded(shown.value / shown.days * r.per_days, 1))} {unit}"
