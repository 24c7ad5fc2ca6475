"""Find the numbers in a text that could be counts: digits, words, Roman numerals and tallies, but no dates, ages or places."""

import calendar
import re
import unicodedata
from collections.abc import Iterable, Iterator

NUMBER = re.compile(
    r"\b(\d[\d,]*|zero|nil|none|nought|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|"
    r"sixteen|seventeen|eighteen|nineteen|(?:a )?(?:score|hundred)|[x×]\d+|\d+s|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[- ]\w+)?|(?:half a |a )?dozen|"
    r"a couple|a pair|(?:a )?single|once|twice|thrice|(?:no|both) (?:\w+ )?(?:offences?|crimes?|incidents?|cases?|reports?|victims?|people)|"
    r"nobody|no[- ]one|half of (?:all|the|them|those)|"
    r"chwech|chwe|saith|wyth|naw|dau|dwy|tair|pedwar|pedair|pump|deg|dim (?:trosedd(?:au)?|digwyddiad(?:au)?|achos(?:ion)?)|"
    r"(?-i:I{2,20}|I[VX]|VI{1,3}|XI{0,3}V?)|(?-i:i{2,3}|i[vx]|vi{1,3}|xi{1,3})|"
    r"(?:first|second|third|1st|2nd|3rd) (?:\w+ )?(?:offence|crime|incident|case|report|victim|person)|\d+(?:st|nd|rd|th)|"
    r"fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth)\b"
    r"|\|{3,}|([✓✔✗●○■□▪◆★☆•])(?:\s?\2)+",
    re.IGNORECASE,
)
_MONTH = "|".join(calendar.month_name[1:])
# Numbers that say where a figure is in its document, or which time, age or period it is about.
_NOT_COUNT = re.compile(
    r"\b(?:pages?|pp?\.|tables?|sheets?|rows?|columns?|cells?|(?-i:F)igures?|charts?|slides?|lines?|(?:foot)?notes?|annex|section|chapter|part|appendix)\s*"
    rf"(?:[A-Z]?\d+[a-z]?(?:\s*(?:-|–|to|and|,)\s*\d+)*|[IVX]+\b)|\b(?:(?:\d{{1,2}}(?:st|nd|rd|th)?\s+(?:to|and)\s+)?\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?)?(?:{_MONTH})\b(?:\s+\d{{4}})?"
    r"|\b\d{4}(?:-\d\d){1,2}\b|\b(?:19|20)\d\d(?:/\d\d)?\b|\b(?:\d+\s+to\s+)?\d+\s+(?:months?|years?|days?)\b"
    r"|\baged?\s+\d+(?:\s+to\s+\d+)?|\b(?:under|over)\s+\d\d+|\bQ[1-4]\b|\b[A-Z]\d{8}\b",
    re.IGNORECASE,
)


def count_in(text: str, names: Iterable[str] = ()) -> str:
    """Return the first number in a text that could be a count; empty if there is none. Numbers within `names` are ignored."""
    return next(counts_in(text, names), "")


def counts_in(text: str, names: Iterable[str] = ()) -> Iterator[str]:
    """Yield the numbers in a text that could be counts, as they are written, except those within `names`."""
    text = unicodedata.normalize("NFKC", text)  # raised, circled and full-width digits
    for name in sorted(filter(None, names), key=len, reverse=True):
        text = re.sub(re.escape(name), "", text, flags=re.IGNORECASE)
    return (m[0] for m in NUMBER.finditer(_NOT_COUNT.sub("", text)))
