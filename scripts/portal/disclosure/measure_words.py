"""Words by which an indicator says what its numbers are: a rate, a share, an index, a mean, a rise or a gap.

A unit is chosen from a short list, so what is no plain count is often entered as one. Only its name and unit label tell.
"""

import re
from decimal import Decimal

from portal.core.model import Indicator
from portal.core.text import plain_name
from portal.core.vocabulary import Unit

_PER = re.compile(r"\b(?:per|for every|fesul) (\d[\d,]*)")
_SHARE = re.compile(
    r"(?:^|[\s(,])%(?=$|[\s),])|\bper ?cent|\bpercentages?\b|\bproportions?\b|\bshares?\b|\by cant\b|\bcanran\b"
)
_OTHER = re.compile(r"\bper\b|\brates?\b|\bratios?\b|\bind(ex|exed|ices)\b|\bfesul\b|\bcyfradd|\bmynegai\b")
INDEX = re.compile(r"\bindex|= ?100|\bmynegai\b")
MEAN = re.compile(r"mean|average|moving|rolling|cyfartaledd")
BEFORE = re.compile(
    r"\b(year|12 months|period) (before|earlier|ago)\b|\b(previous|prior|last|preceding) (year|12 months|period)\b|\bflwyddyn (flaenorol|cynt)"
)
_NUMBER = r"(?! than (?:one|two|three|four|five|\d))"  # “more than one victim” compares nothing
RISE = re.compile(
    rf"\b(rises?|rose|falls?|fell|increases?|decreases?|drops?|reductions?|growth|changed?|fewer{_NUMBER}|more{_NUMBER}|extra|cynnydd|gostyngiad|newid)\b"
)
GAP = re.compile(
    r"\b(gaps?|differences?|ahead of|behind|(above|below) the|than(?! (one|two|three|four|five|\d))|minus|highest|lowest|bwlch|gwahaniaeth)\b"
)
WITHOUT = re.compile(r"\b(except|excepting|excluding|without|outside|other than|apart from|not in|less|minus|ac eithrio|heblaw|y tu allan)\b")  # fmt: skip
_EACH = re.compile(r"£ ?(\d[\d,]*(?:\.\d+)?)")


def name_of(indicator: Indicator) -> str:
    """Return everything that an indicator is called, in lower case."""
    return f"{indicator.title} {indicator.short_title} {indicator.unit_label}".casefold()


def says(indicator: Indicator, words: re.Pattern[str]) -> bool:
    """Return True if what an indicator is called has one of some words."""
    return bool(words.search(name_of(indicator)))


def measured(indicator: Indicator) -> Unit | None:
    """Return the unit of an indicator's numbers, and for one declared as a count the unit that its name gives.

    None if the name says that the numbers are no counts, such as an index, but no unit fits.
    """
    if indicator.unit != Unit.COUNT:
        return indicator.unit
    if says(indicator, _PER):
        return Unit.PER_1000
    if says(indicator, _SHARE):
        return Unit.PERCENT
    return None if says(indicator, _OTHER) else Unit.COUNT


def people_per_rate(indicator: Indicator) -> int:
    """Return how many people a rate is for: 1,000 unless its name gives another number."""
    number = _PER.search(name_of(indicator))
    return (int(number[1].replace(",", "")) if number else 0) or 1000


def pounds_each(indicator: Indicator) -> list[Decimal]:
    """Return the sums of money that the name gives, such as the cost of one case."""
    sums = (Decimal(m.replace(",", "")) for m in _EACH.findall(name_of(indicator)))
    return [s for s in sums if s > 0]


def has_name(words: str, name: str) -> bool:
    """Return True if a name is among words, whole."""
    return f" {plain_name(name)} " in f" {plain_name(words)} "
