"""Say which area a number is about, from the places that its sentence names."""

import re

from portal.quotes import word_lists
from portal.quotes.names import AREA, INDICATOR, OTHER_PLACE, Mention
from portal.quotes.numbers import Quantity
from portal.quotes.sentences import CLAUSE, Memory, Sentence


def area_of(s: Sentence, q: Quantity, memory: Memory) -> tuple[tuple[str, ...], str]:
    """Return the codes of the area that a number is about, or the name of a place without figures."""
    named = s.of(AREA, OTHER_PLACE)
    after = [m for m in named if m.start >= q.end and not _leaves_brackets(s, q, m)]
    before = [m for m in named if m.end <= q.start]
    following = next((x.start for x in s.quantities if x.start >= q.end), len(s.text))
    if before and not s.text[before[-1].end : q.start].strip(" :"):
        after = []  # “Camden 3.6, Barnet 6.5”
    chosen = None
    if after and after[0].start < following and not CLAUSE.search(s.text[q.end : after[0].start]):
        gap = s.text[q.end : after[0].start]
        if not re.search(r"\b(?:than|compared|against|from|when)\b", gap):
            chosen = after[0]
    if chosen is None and before:
        chosen = before[-1]
    if (
        chosen is None
        and after
        and not re.search(r"\b(?:than|compared|against|when)\b", s.text[q.end : after[0].start])
    ):
        chosen = after[0]
    if chosen is None or chosen.kind == AREA:
        unknown = _unknown_place(s, q, chosen)
        if unknown:
            return (), unknown
    if chosen is None:
        return memory.areas, ""
    return (chosen.ids, "") if chosen.kind == AREA else ((), chosen.text)


_PLACE = re.compile(r"\b(?i:in|across|around) ((?:[A-Z][a-z]+)(?:[ -](?:and |upon |on )?[A-Z][a-z]+)*)")
# “Greenwich saw 25,412 crimes”: a single name with a capital at the start, with a verb of recording
_NAME = r"[A-Z][a-z]+(?: [A-Z][a-z]+)*"
_PLACE_FIRST = re.compile(
    rf"^\W*(?:Neighbouring |Nearby )?((?:[A-Z][a-z]+(?<!s))|(?:[A-Z][a-z]+(?: [A-Z][a-z]+)+)|{_NAME} and {_NAME})(?= (?:both |each )?(?:saw|recorded|had|has had|has seen|have seen|experienced)\b(?! that))"
)
_PLACE_OWNS = re.compile(rf"^\W*({_NAME})['’]s (?=[a-z])")  # “Haringey's burglary rate”
_NO_PLACE = word_lists.words("no-place")


def _unknown_place(s: Sentence, q: Quantity, known: Mention | None) -> str:
    """Return the name of a place that a sentence names near a number and that is none of ours; "" if there is none."""
    owners = [m for m in _PLACE_OWNS.finditer(s.text) if any(x.start == m.end() for x in s.of(INDICATOR))]
    for m in (*_PLACE_FIRST.finditer(s.text), *owners, *_PLACE.finditer(s.text)):
        start, end = m.span(1)
        if any(x.start < end and start < x.end for x in s.mentions) or m[1].split()[0].lower() in _NO_PLACE:
            continue
        if known is None or abs(start - q.start) < abs(known.start - q.start):
            return m[1]
    return ""


def _leaves_brackets(s: Sentence, q: Quantity, m: Mention) -> bool:
    """Return True if a number is in brackets that end before a name: “Bellingham (549, +7%) and Deptford”."""
    return s.text.rfind("(", 0, q.start) > s.text.rfind(")", 0, q.start) and ")" in s.text[q.end : m.start]


_THAN = re.compile(r"^\s*(?:higher|lower|more|less|fewer|above|below|greater|worse|better) (?:than )?(?:in |for |the |that of |those in |that in )*$", re.IGNORECASE)  # fmt: skip


def compared_with(s: Sentence, q: Quantity) -> Mention | None:
    """Return the place that a percentage compares with: “40% higher than the national average”; None if it is no place."""
    return next(
        (m for m in s.of(AREA, OTHER_PLACE) if m.start >= q.end and _THAN.match(s.text[q.end : m.start])),
        None,
    )
