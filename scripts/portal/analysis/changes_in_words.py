"""Put changes of an indicator in an area, and its rates, into a few words."""

from collections.abc import Sequence
from fractions import Fraction

from portal.analysis.measures import Change, IndicatorSummary, latest_change, rounded, standing
from portal.core import periods
from portal.core.model import Indicator, Observation
from portal.core.text import amount, counted, listed, lower_first, number, upper_first
from portal.core.vocabulary import ChartKind, Direction, NoChange, Polarity, Unit
from portal.disclosure.clearing import ClearedContent


def cell(o: Observation | None, unit: str = "count") -> str:
    """Return a figure as a table prints it, with its marker; a dash for None."""
    if o is None:
        return "–"
    shown = "" if o.value is None else amount(o.value, unit)
    return " ".join(filter(None, (shown, f"[{o.status}]" if o.status else "")))


_NO_CHANGE = {
    NoChange.NO_EARLIER: "no figure to compare with",
    NoChange.NO_NUMBER: "cannot be shown",
    NoChange.COMPARED: "",
}


# The police find most crimes of some kinds themselves, so a rise in them says more about the police.
_CLEAR_CHANGES = {
    "rose": "{} rose.",
    "fell": "{} fell.",
    "by police rose": "{}: the police recorded more.",
    "by police fell": "{}: the police recorded fewer.",
}


def change_in_words(s: IndicatorSummary) -> str:
    """Return the change in a few words: `up 9% (3% to 16%)`, `no clear change`, or why the figures cannot be compared."""
    if s.change is None:
        if s.cut:
            return f"not comparable: recording changed in {periods.month(s.cut.date)}"
        return _NO_CHANGE[s.no_change]
    if s.indicator.polarity == Polarity.POLICE_ACTIVITY and s.indicator.unit == Unit.COUNT:
        return _recorded(s.change)
    if not s.change.direction and s.change.difference and s.indicator.unit == Unit.COUNT:
        return f"{_more_or_fewer(s.change)}, not tested"
    return words_for_change(s.change, s.indicator.unit)


def last_change_in_words(released: ClearedContent, indicator: Indicator) -> str:
    """Return the last change of an indicator in the borough, in a few words to follow its name and a colon."""
    if indicator.chart == ChartKind.RECORDED:
        summary = standing(released, indicator, released.area)
        return _after_colon(change_in_words(summary)) if summary else "no figure"
    change = latest_change(released, indicator)
    return words_for_change(change, indicator.unit) if change else "one date only"


def _after_colon(words: str) -> str:
    """Return words that may have a colon without it: `not comparable (recording changed in March 2024)`."""
    first, colon, reason = words.partition(": ")
    return f"{first} ({reason})" if colon else words


def words_for_change(c: Change, unit: str = "count") -> str:
    """Return `up 9% (3% to 16%)`, `down by 12` or `no clear change`; without a test, only the difference."""
    if c.direction == Direction.NO_CLEAR_CHANGE:
        return c.direction.value
    if not c.direction:
        return _untested(c, unit)
    way = "up" if c.direction == Direction.ROSE else "down"
    if c.percent is None:
        return f"{way} by {number(abs(c.difference))}"
    return f"{way} {size_of(c)}{_between(c)}"


def difference_in_words(c: Change, unit: str = "count") -> str:
    """Return a difference and its size, whatever a test says: `156 more (27%)`, or `26 more` than a small number."""
    if unit != Unit.COUNT or not c.difference:
        return _untested(c, unit)
    return _more_or_fewer(c) + (f" ({size_of(c)})" if c.percent is not None else "")


def _recorded(c: Change) -> str:
    """Return the change in crime that the police find themselves: how much more or less they recorded."""
    if c.direction == Direction.NO_CLEAR_CHANGE:
        return c.direction.value
    if c.percent is None:
        return f"{_more_or_fewer(c)} recorded"
    return f"{size_of(c)} {'more' if c.difference > 0 else 'fewer'} recorded{_between(c)}"


def _more_or_fewer(c: Change) -> str:
    return f"{number(abs(c.difference))} {'more' if c.difference > 0 else 'fewer'}"


def _between(c: Change) -> str:
    """Return the interval behind a percentage in brackets, the smaller change first; empty if it includes no change."""
    if c.interval is None or c.interval[0] * c.interval[1] <= 0:
        return ""
    low, high = (per_cent(Fraction(end)) for end in sorted(c.interval, key=abs))
    return f" ({low} to {high})" if low != high else ""


def size_of(c: Change) -> str:
    """Return the size of a change in per cent."""
    return per_cent(Fraction(c.difference) * 100 / Fraction(c.earlier.value or 1))


def per_cent(exact: Fraction) -> str:
    """Return the size of a change in whole per cent: "under 1%" rather than 0%, "over 99%" for a fall that is not to zero."""
    whole = rounded(abs(exact), 0)
    if exact and not whole:
        return "under 1%"
    return "over 99%" if whole == 100 and -100 < exact < 0 else f"{number(whole)}%"


def _untested(c: Change, unit: str) -> str:
    """Return the difference in the unit of the figures, for a change without a test."""
    if not c.difference:
        return "the same"
    way = "up" if c.difference > 0 else "down"
    size = abs(c.difference)
    if unit in (Unit.PERCENT, Unit.PERCENT_CHANGE):
        return f"{way} by {counted(size, 'percentage points')}"
    return f"{way} by {amount(size, unit)}"


def per_1000(released: ClearedContent, s: IndicatorSummary | None) -> str:
    """Return a rate per 1,000 people as a table prints it: "not meaningful" if it would mislead, a dash if there is none."""
    if s is None or s.rate is None:
        unfit = s and (s.latest.area, s.indicator.id) in released.content.no_rates
        return "not meaningful" if unfit else "–"
    return str(s.rate.value)


def describe_clear_changes(summaries: Sequence[IndicatorSummary]) -> str:
    """Describe which of these clearly changed: `Violence rose. Burglary and robbery fell. Nothing else clearly changed`."""
    titles: dict[str, list[str]] = {}
    for s in summaries:
        if s.change and s.change.direction in (Direction.ROSE, Direction.FELL):
            by = "by police " if s.indicator.polarity == Polarity.POLICE_ACTIVITY else ""
            titles.setdefault(by + s.change.direction, []).append(lower_first(s.indicator.short_title))
    changes = [
        upper_first(words.format(listed(titles[way])))
        for way, words in _CLEAR_CHANGES.items()
        if way in titles
    ]
    if not changes:
        return "No type of crime clearly rose or fell."
    return " ".join([*changes, "Nothing else clearly changed."])


def change_with_figures(s: IndicatorSummary) -> str:
    """Return a clear change with both figures: `Robbery: down 19%, from 102 to 83`."""
    if s.change is None or s.earlier is None:
        return f"{s.indicator.short_title}: {_after_colon(change_in_words(s))}"
    return f"{s.indicator.short_title}: {change_in_words(s)}, from {cell(s.earlier, s.indicator.unit)} to {cell(s.latest, s.indicator.unit)}"
