"""Find a number in text: in digits, with or without commas, or in words."""

import re
from collections.abc import Collection
from decimal import Decimal

_SMALL = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_WORDS = {word: n for n, word in enumerate(_SMALL)} | {
    f"{tens}{joined}": 10 * t + n
    for t, tens in enumerate(_TENS, 2)
    for n, joined in [(0, ""), *((n, f"{mark}{_SMALL[n]}") for n in range(1, 10) for mark in "- ")]
}
_WORD = re.compile(rf"\b(?:{'|'.join(sorted(_WORDS, key=len, reverse=True))})\b")
_NUMBER = re.compile(r"(?<![\d.,])\d+(?:[, \u00a0\u2009\u202f]\d{3})*(?:\.\d+)?(?![\d])")
_DATE = re.compile(r"\b\d{4}-\d{2}(?:-\d{2})?\b")
_PLACE = re.compile(
    r"\b(?:tables?|pages?|pp?\.|rows?|sheets?|columns?|cells?|lines?|figures?|charts?|sections?|chapters?|annex|appendix|paragraphs?|item|no\.|number)\s*\d+(?:\.\d+)*(?:\s*(?:,|-|–|to|and)\s*\d+)*",
    re.IGNORECASE,
)


def mentions(text: str, values: Collection[Decimal], places: bool = True) -> bool:
    """Return True if the text contains one of the values as a separate number.

    Dates such as 2020-06-30 do not count. If `places` is False, nor do numbers that refer to a place in a document,
    such as "Table 7".
    """
    if not text or not values:
        return False
    text = _DATE.sub(" ", text)
    text = text if places else _PLACE.sub(" ", text)
    wanted = {abs(v) for v in values}
    if any(Decimal(re.sub(r"[^\d.]", "", m)) in wanted for m in _NUMBER.findall(text)):
        return True
    return any(Decimal(_WORDS[m]) in wanted for m in _WORD.findall(text.lower()))
