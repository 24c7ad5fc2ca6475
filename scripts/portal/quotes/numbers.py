"""Find the numbers in a sentence: as digits, in words, as shares and multiples, with the hedge before them.

Each number comes with the range of true values that it can stand for. “1,683” is exact, “12%” is anything that rounds
to it, “about 400” is within 5%, “nearly 400” is from 360 to 400, “more than 400” is from 401 to 460.
"""

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

PLAIN, PERCENT, POUNDS, PER_1000, TIMES = "plain", "percent", "pounds", "per-1000", "times"
_ONES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
         "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SMALL = {w: n for n, w in enumerate(_ONES)} | {w: 10 * (n + 2) for n, w in enumerate(_TENS)} | {"dozen": 12}
_SCALES = {"hundred": 100, "thousand": 1000, "million": 1_000_000}
_WORD = "|".join(sorted([*_SMALL, *_SCALES], key=len, reverse=True))
_IN_WORDS = rf"(?:an? (?=(?:hundred|thousand|million|dozen)\b))?(?:{_WORD})(?:(?:[ -]| and )(?:{_WORD}))*"
_DIGITS = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_PARTS = {"half": 2, "halves": 2, "third": 3, "quarter": 4, "fifth": 5, "sixth": 6, "eighth": 8, "tenth": 10}
_PART = "|".join(f"{p}s?" for p in _PARTS)
_MULTIPLES: dict[str, int | Fraction] = {"doubled": 2, "doubling": 2, "double": 2, "twice": 2, "trebled": 3, "tripled": 3, "treble": 3, "triple": 3, "quadrupled": 4, "halved": Fraction(1, 2), "halving": Fraction(1, 2)}  # fmt: skip

_QUANTITY = re.compile(
    rf"(?P<out>\b(?P<few>\d+|{_IN_WORDS}) (?:(?:[a-z]+ ){{0,2}}(?=(?:in|out of) every))?(?:in|out of) (?:every )?(?P<many>\d+|{_IN_WORDS})\b(?! months| years| weeks| days))"
    rf"|(?P<part>\b(?P<times>an? |one |two[ -]|three[ -]|four[ -])?(?P<piece>{_PART})\b(?! (?:party|sector|time|year|of all time)))"
    rf"|(?P<multiple>\b(?:{'|'.join(_MULTIPLES)})\b|\b(?:\d+|{_IN_WORDS})(?: times as many|[ -]?fold\b))"
    rf"|(?P<pounds>£\s?)?(?P<sign>(?<![\w\d])[-−–+]|[↑▲⬆↓▼⬇]\ufe0f?\s?)?(?P<number>(?<![\w.,/])(?:{_DIGITS})(?![\d/])|\b(?:{_IN_WORDS})\b)"
    r"(?P<scale> ?(?:million|thousand|hundred|m|k)\b)?"
    r"(?P<unit>\s?%| ?per ?cent\b| percent\b| percentage points?\b|\s?pp\b)?"
    r"(?P<rate>[^.;,]{0,30}? (?:per|for every|in every) (?:1,?000|thousand)\b)?",
    re.IGNORECASE,
)
_APPROXIMATELY = (
    r"about|around|roughly|approximately|approx\.?|some|circa|c\.|in the region of|or so|close on"
)
_BELOW = r"nearly|almost|just under|under|fewer than|less than|close to|approaching|not quite|up to|just short of|just below|below"
_ABOVE = r"over|more than|just over|above|at least|in excess of|upwards of|just above|well over|no fewer than"
_HEDGE = re.compile(
    rf"\b(?:(?P<about>{_APPROXIMATELY})|(?P<below>{_BELOW})|(?P<above>{_ABOVE}))(?: an?)? ?$",
    re.IGNORECASE,
)
_SIGNS = {"-": -1, "−": -1, "–": -1, "↓": -1, "▼": -1, "⬇": -1, "+": 1, "↑": 1, "▲": 1, "⬆": 1}
# Hedges that say only that the true number is smaller, not that it is close.
_SMALLER = re.compile(r"^(?:under|fewer than|less than|below)", re.IGNORECASE)
# Digits that are no quantity: dates, years, ages, references, times of day, telephone numbers, ordinals.
_NO_QUANTITY = re.compile(
    r"\b(?:aged?|ages)(?: of)? (?:between )?\d+(?:(?: ?[-–] ?| to | and )\d+)?"
    r"|\b(?:under|over)[- ](?:the age of )?(?:1\d|2\d|6\d|7\d)s?\b(?= ?(?:s\b|year|-year|$|[,.;)]|and|were|was|in|who|or))"
    r"|\bunder (?:1\d|2\d)s\b"
    r"|\b\d+(?:(?: ?[-–] ?| to )\d+)?[- ]year[- ]olds?\b|\b\d+ years? old\b|\b\d+ to \d+ year"
    r"|(?<!['’])\b(?:section|sections|s|ss|priority|priorities|page|pages|pp?|item|items|agenda item|work-?stream|work stream|figure|fig|table|slide|slides|appendix|annex|paragraph|para|chapter|part|step|phase|stage|version|(?<!now )number|no|question|recommendation|objective|aim|minute|regulation|reg|article|room|floor|option|act|level|tier|band|zone|route|bus|class|grade|group|volume|note|footnote|source|source-|covid-?)\.? ?\d+(?:[.–-]\d+)*\b"
    r"|\b\d\d[-/]\d\d\b(?![-/]\d)|\b\d+ and \d+[- ]years?[- ]olds?\b|\bzero[- ]tolerance\b|\bone[- ](?:off|to-one|stop)\b"
    r"|\b\d{1,2}(?:[:.]\d\d)? ?(?:am|pm|noon)\b|\b\d{1,2}:\d\d\b"
    r"|\b0\d{2,4} ?\d{3,4} ?\d{3,4}\b|(?<![\d,.])(?:999|101|112|111)\b(?= (?:call|or|and|emergency|in an|number|service)|[.)])|\b(?:call|dial|ring|calling|on) (?:999|101|112|111)\b"
    r"|\b\d+(?:st|nd|rd|th)\b|\b24/7\b|\b24[- ]hours?\b|\b\d+[- ](?:hours?|minutes?|days?|weeks?|nights?|miles?|metres?|mph|km)\b"
    r"|\b[A-Z]{1,2}\d{1,2}[A-Z]? ?\d[A-Z]{2}\b|\bSE\d+\b|\b\d+(?:\.\d+){2,}\b|\bhttps?://\S+|\bwww\.\S+|\S+@\S+|#\w+"
    r"|\b(?:four|five|six|seven|eight|nine|ten|two|three|one)[- ](?:hours?|days?|weeks?|nights?|years?|priorit\w+|workstreams?)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Quantity:
    """A number in a text: its place, what it is, and the smallest and largest true value that it can stand for.

    `kind` is one of the constants of this module. Percentages are in per cent, shares and fractions too; a multiple
    (“doubled”) is the later figure divided by the earlier one. `signed` is -1 or 1 if the number has a sign, else 0.
    """

    start: int
    end: int
    text: str
    kind: str
    value: Fraction
    low: Fraction
    high: Fraction
    signed: int = 0

    def fits(self, true: Fraction) -> bool:
        """Return True if this number can stand for the true value."""
        return self.low <= true <= self.high


class _Written(NamedTuple):
    """A number as it was written: its value, the size of its last digit, and if it is in coarse words (“a third”)."""

    value: Fraction
    step: Fraction
    coarse: bool = False


def find_quantities(sentence: str) -> tuple[Quantity, ...]:
    """Return every quantity of a sentence in order. Years, ages, references and the like are not among them.

    Periods must have been replaced by spaces before, because “12 months” and “2025/26” look like quantities.
    """
    masked = _NO_QUANTITY.sub(lambda m: " " * len(m[0]), sentence)
    return tuple(q for m in _QUANTITY.finditer(masked) if (q := _quantity(masked, m)) is not None)


def _quantity(sentence: str, m: "re.Match[str]") -> Quantity | None:
    before = _HEDGE.search(sentence[: m.start()].rstrip() + " ")
    hedge = next((k for k, v in before.groupdict().items() if v), "") if before else ""
    written, kind = _read(m)
    is_loose = bool(before and _SMALLER.match(before[0].strip()))
    if written is None or (kind == PLAIN and re.match(r"\s?(?:-|–)?(?:st|nd|rd|th)\b", sentence[m.end() :])):
        return None
    low, high = _range(written, kind, hedge)
    if is_loose and kind == PERCENT:
        low = min(low, written.value - 1)
    sign = _SIGNS.get((m["sign"] or " ")[0], 0)
    start = before.start() if before else m.start()
    return Quantity(start, m.end(), sentence[start : m.end()].strip(), kind, written.value, low, high, sign)


def _read(m: "re.Match[str]") -> tuple[_Written | None, str]:
    if m["out"]:
        few, many = in_words(m["few"]), in_words(m["many"])
        if not many or few is None or few > many:
            return None, PLAIN
        return _Written(Fraction(100 * few) / many, Fraction(5), coarse=True), PERCENT
    if m["part"]:
        of = _PARTS.get(m["piece"].lower()) or _PARTS.get(m["piece"].lower().removesuffix("s"), 0)
        times = (
            in_words((m["times"] or "one").strip(" -").lower().replace("an", "one").replace("a", "one")) or 1
        )
        if m["times"] is None and of != 2 and not m["piece"].lower().startswith("quarters"):
            return None, PLAIN
        return (
            (_Written(Fraction(100 * times) / of, Fraction(5), coarse=True), PERCENT) if of else (None, PLAIN)
        )
    if m["multiple"]:
        word = m["multiple"].lower()
        times_ = (
            Fraction(_MULTIPLES[word])
            if word in _MULTIPLES
            else in_words(re.split(r" times| ?-?fold", word)[0])
        )
        return (_Written(Fraction(times_), Fraction(1, 2), coarse=True), TIMES) if times_ else (None, TIMES)
    value = in_words(m["number"])
    if value is None:
        return None, PLAIN
    scale = {"million": 10**6, "m": 10**6, "thousand": 1000, "k": 1000, "hundred": 100}.get((m["scale"] or "").strip().lower(), 1)  # fmt: skip
    kind = PER_1000 if m["rate"] else PERCENT if m["unit"] else POUNDS if m["pounds"] else PLAIN
    return _Written(value * scale, _step(m["number"], value) * scale), kind


def in_words(number: str) -> Fraction | None:
    """Return the value of a number in digits or English words, such as `1,683`, `twenty-five` or `a hundred and six`."""
    digits = number.replace(",", "")
    if re.fullmatch(r"\d+(\.\d+)?", digits):
        return Fraction(digits) if len(digits) <= 15 else None
    total, part, seen = 0, 0, False
    for word in re.split(r"[ -]+", number.lower()):
        if word in ("a", "an", "and"):
            continue
        if word in _SMALL:
            part, seen = part * (12 if word == "dozen" and part else 1) + (_SMALL[word] if not (word == "dozen" and part) else 0), True  # fmt: skip
        elif word == "hundred":
            part, seen = (part or 1) * 100, True
        elif word in _SCALES:
            total, part, seen = total + (part or 1) * _SCALES[word], 0, True
        else:
            return None
    return Fraction(total + part) if seen else None


def _step(number: str, value: Fraction) -> Fraction:
    """Return the size of the last digit that was written on purpose: 0.1 of 6.5, 100 of 1,700, 1 of 1,683."""
    if "." in number:
        return Fraction(1, 10 ** len(number.split(".")[1]))
    zeros = len(str(int(value))) - len(str(int(value)).rstrip("0")) if value else 0
    return Fraction(10**zeros)


def _range(written: _Written, kind: str, hedge: str) -> tuple[Fraction, Fraction]:
    """Return the smallest and largest true value that a written number can stand for."""
    value, step, coarse = written
    small = Fraction(1, 10**9)
    if coarse:
        near = Fraction(12, 100) * value if kind == TIMES else min(Fraction(3), value / 10 + Fraction(1, 2))
        if kind == TIMES:  # “more than halved” is less than half; “almost doubled” is not 1.5 times
            beyond = (
                (value + small, value * Fraction(7, 5))
                if value > 1
                else (value * Fraction(3, 5), value - small)
            )
            short = (value - near, value) if value > 1 else (value, value + near)
            return {"below": short, "above": beyond}.get(hedge, (value - near, value + near))
        wide = 2 * near
        return {"about": (value - wide, value + wide), "below": (value - wide, value),
                "above": (value + small, value * Fraction(13, 10))}.get(hedge, (value - near, value + near))  # fmt: skip
    exactness = {PERCENT: step if "." in str(float(step)) and step < 1 else Fraction(1), PER_1000: min(step, Fraction(1))}.get(kind, Fraction(0))  # fmt: skip
    half = exactness / 2
    if hedge == "about":
        near = max(half, value * Fraction(5, 100), Fraction(1) if kind == PERCENT else Fraction(0))
        return value - near, value + near
    if hedge == "below":
        return value * Fraction(9, 10), value + (
            half - small if kind == PERCENT else -small if kind == PLAIN else 0
        )
    if hedge == "above":
        return value - (half if kind == PERCENT else -small), value + max(
            value * Fraction(15, 100), min(step, value / 4)
        )
    rounded = step >= 100 and value >= 1000
    half = max(half, min(step / 2, value * Fraction(5, 100))) if rounded else half
    return value - half, value + half
