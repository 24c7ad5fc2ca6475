"""Find the periods that a sentence names: “12 months to July 2025”, “2023/24”, “April to June 2026”, “last year”."""

import calendar
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from portal.core.periods import first_day, month_end
from portal.quotes.numbers import in_words

Span = tuple[date, date]
_MONTHS = tuple(calendar.month_name[n].lower() for n in range(1, 13))
_NUMBERS = {m[:n]: i for i, m in enumerate(_MONTHS, 1) for n in (3, 4, len(m))}
_M = rf"(?:{'|'.join(sorted(_NUMBERS, key=len, reverse=True))})\b\.?"
_Y = r"(?:(?:19|20)\d\d)"
_SHORT_Y = rf"(?:{_Y}|['’]?\d\d(?!\d))"
_D = r"(?:\d{1,2}(?:st|nd|rd|th)? )"
_COUNT = r"(?:\d{1,2}|twelve|eleven|ten|nine|eight|seven|six|five|four|three|two)"
_TO = r"(?: to | until | and | through to |\s?[-–—]\s?)"
_SEASONS = {"spring": (3, 5), "summer": (6, 8), "autumn": (9, 11), "winter": (12, 2)}


@dataclass(frozen=True)
class NamedPeriod:
    """A period that a text names: its place, and the first and last days that the words can mean, the likeliest first.

    `months` is the length of a period that ends with the newest figure (“the last 12 months”), 0 for a dated one.
    `year_before` is True for words such as “on the year before”, which name the base of a comparison; `just_before` for “the
    previous three months”. `years_before` says how many years earlier the base is (“in four years”), and `base_year` in
    which year its months are (“the same period in 2025”). `miscounted` is the true number of months if the text gives another (“the six months from March to September”).
    """

    start: int
    end: int
    text: str
    options: tuple[Span, ...] = ()
    months: int = 0
    year_before: bool = False
    just_before: bool = False
    years_before: int = 1
    base_year: int = 0
    miscounted: int = 0


def find_periods(sentence: str, on: date) -> tuple[NamedPeriod, ...]:
    """Return every period that a sentence, published `on` a day, names; in order, and none inside another."""
    found: list[NamedPeriod] = []
    for pattern, read in _FORMS:
        for m in pattern.finditer(sentence):
            if any(m.start() < p.end and p.start < m.end() for p in found):
                continue
            if (period := read(m, on)) is not None:
                found.append(period)
    return tuple(sorted(found, key=lambda p: p.start))


def _make(m: "re.Match[str]", *options: Span, **more: int | bool) -> NamedPeriod:
    return NamedPeriod(m.start(), m.end(), m[0], options, **more)  # type: ignore[arg-type]


def _month(word: str) -> int:
    return _NUMBERS.get(word.lower().strip(". "), 0) or _NUMBERS[word.lower().strip(". ")[:3]]


def _year(word: str | None, number: int, on: date) -> int:
    """Return the year that was written, or the newest in which the month was over or running."""
    if word:
        digits = int(word.strip("'’ "))
        return digits if digits > 99 else 2000 + digits
    return on.year if number <= on.month else on.year - 1


def _between(m: "re.Match[str]", on: date) -> NamedPeriod | None:
    first, last = _month(m["m1"]), _month(m["m2"])
    last_year = _year(m["y2"], last, on)
    first_year = _year(m["y1"], first, on) if m["y1"] else last_year - (first > last)
    start, end = date(first_year, first, 1), month_end(date(last_year, last, 1), 0)
    if start > end:
        return None
    months = (end.year - start.year) * 12 + end.month - start.month + 1
    said = in_words(m["n"]) if m["n"] else None
    return _make(m, (start, end), miscounted=months if said and said != months else 0)


def _months_to(m: "re.Match[str]", on: date) -> NamedPeriod | None:
    number = _month(m["m"])
    said = m["n"]
    months = (
        12
        if "year" in said.lower()
        else 3
        if "quarter" in said.lower()
        else int(in_words(re.split(r"[ -]", said)[0]) or 0)
    )
    end = month_end(date(_year(m["y"], number, on), number, 1), 0)
    return _make(m, (first_day(end, months), end)) if 0 < months <= 60 else None


def _days(m: "re.Match[str]", on: date) -> NamedPeriod | None:
    try:
        start, end = _day(m["a"]), _day(m["b"])
    except ValueError:
        return None
    return _make(m, (start, end)) if start <= end else None


def _day(text: str) -> date:
    if "/" in text:
        day, month, year = (int(p) for p in text.split("/"))
        return date(year, month, day)
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return date.fromisoformat(text)
    day_, month_, year_ = text.split()
    return date(int(year_), _month(month_), int(re.sub(r"\D", "", day_)))


def _split_year(m: "re.Match[str]", on: date) -> NamedPeriod | None:
    first = int(m["a"])
    if (first + 1) % 100 != int(m["b"][-2:]):
        return None
    academic = (date(first, 9, 1), date(first + 1, 8, 31))
    financial = (date(first, 4, 1), date(first + 1, 3, 31))
    if m["q"]:
        quarter = int(in_words(_ordinal(m["q"])) or 0)
        start = date(first + (quarter == 4), (4, 7, 10, 1)[quarter - 1], 1)
        return _make(m, (start, month_end(start, 2)))
    school = bool(re.search(r"academic|school", m[0], re.IGNORECASE))
    return _make(m, *((academic, financial) if school else (financial, academic)))


def _ordinal(word: str) -> str:
    return {"first": "1", "second": "2", "third": "3", "fourth": "4", "last": "4", "final": "4"}.get(
        word.lower(), word[-1]
    )


def _quarter(m: "re.Match[str]", on: date) -> NamedPeriod | None:
    quarter, year = int(_ordinal(m["q"])), int(m["y"])
    start = date(year, 3 * quarter - 2, 1)
    return _make(m, (start, month_end(start, 2)))


def _one_month(m: "re.Match[str]", on: date) -> NamedPeriod | None:
    number = _month(m["m"])
    if not m["y"] and (m["m"].lower() in ("may", "mar", "march", "jan", "dec", "sep", "sept", "oct", "nov") and not m["lead"]):  # fmt: skip
        return None
    end = month_end(date(_year(m["y"], number, on), number, 1), 0)
    return _make(m, (first_day(end, 1), end))


def _season(m: "re.Match[str]", on: date) -> NamedPeriod | None:
    first, last = _SEASONS[m["s"].lower()]
    year = int(m["y"])
    return _make(m, (date(year, first, 1), month_end(date(year + (last < first), last, 1), 0)))


def _calendar(m: "re.Match[str]", on: date) -> NamedPeriod | None:
    year = int(m["y"])
    return _make(m, (date(year, 1, 1), date(year, 12, 31))) if 1990 <= year <= on.year + 1 else None


def _last_months(m: "re.Match[str]", on: date) -> NamedPeriod | None:
    said = m["n"].lower()
    number = in_words(re.split(r"[ -]", said)[0])
    months = {"year": 12, "quarter": 3, "month": 1}.get(said) or int(number or 0) * (
        12 if "year" in said else 1
    )
    return _make(m, months=months) if 0 < months <= 120 else None


def _this_year(m: "re.Match[str]", on: date) -> NamedPeriod | None:
    return _make(m, (date(on.year, 1, 1), month_end(on, 0)), months=12)


def _last_year(m: "re.Match[str]", on: date) -> NamedPeriod | None:
    return _make(m, (date(on.year - 1, 1, 1), date(on.year - 1, 12, 31)), months=12)


def _year_before(m: "re.Match[str]", on: date) -> NamedPeriod | None:
    return _make(m, year_before=True)


def _years_before(m: "re.Match[str]", on: date) -> NamedPeriod | None:
    years = 10 if m["n"] == "decade" else int(in_words(m["n"]) or 0)
    return _make(m, year_before=True, years_before=years) if 1 < years <= 20 else _make(m)


def _same_months(m: "re.Match[str]", on: date) -> NamedPeriod | None:
    """Return the base of “the same period in 2025”: the months of the later figure in that year."""
    return _make(m, year_before=True, base_year=int(m["y"]))


def _rolling(m: "re.Match[str]", on: date) -> NamedPeriod | None:
    return _make(m, months=12)


def _length(m: "re.Match[str]", on: date) -> NamedPeriod | None:
    """Return a mere length of time, which names no period but is no quantity of an indicator either."""
    return _make(m)


def _just_before(m: "re.Match[str]", on: date) -> NamedPeriod | None:
    return _make(m, just_before=True)


def _compiled(*forms: tuple[str, Callable[["re.Match[str]", date], NamedPeriod | None]]) -> Iterator[tuple["re.Pattern[str]", Callable[["re.Match[str]", date], NamedPeriod | None]]]:  # fmt: skip
    for form, read in forms:
        yield re.compile(form, re.IGNORECASE), read


_DAY = rf"(?:\d{{1,2}}/\d{{1,2}}/\d{{4}}|\d{{4}}-\d\d-\d\d|\d{{1,2}}(?:st|nd|rd|th)? {_M} {_Y})"
_FORMS = tuple(_compiled(
    (rf"\b(?:between |from )?(?P<a>{_DAY}){_TO}(?P<b>{_DAY})", _days),
    (rf"\b(?:the )?(?:rolling |latest |last |past )?(?P<n>{_COUNT}[ -]months?|years?|quarter)(?: period| figures?)?,? (?:to|ending|ended|ending in|up to|until|to the end of)(?: the end of)? {_D}?(?P<m>{_M})(?:[ ,-]*(?P<y>{_SHORT_Y}))?", _months_to),
    (rf"\b(?:the )?(?:(?P<n>{_COUNT})[ -]months?(?: period)?,? )?(?:from |between )?{_D}?(?P<m1>{_M})(?: |-)?(?P<y1>{_SHORT_Y})?{_TO}{_D}?(?P<m2>{_M})(?:[ ,-]*(?P<y2>{_SHORT_Y}))?", _between),
    (rf"\b(?:Q(?P<q>[1-4]),? (?:of )?)?(?:the )?(?:financial year |academic year |school year |FY ?)?(?P<a>{_Y})\s?[/–-]\s?(?P<b>(?:20)?\d\d)(?! ?\d|[-/]\d)(?: (?:academic|financial|school) year)?", _split_year),
    (rf"\bthe (?P<q>first|second|third|fourth|last|final) quarter of (?:the )?(?:financial year )?(?P<a>{_Y})[/–-](?P<b>(?:20)?\d\d)", _split_year),
    (rf"\b(?:Q(?P<q>[1-4]) (?:of )?(?P<y>{_Y}))", _quarter),
    (rf"\b(?:the )?(?P<q>first|second|third|fourth|last|final) quarter of (?P<y>{_Y})", _quarter),
    (rf"\b(?P<s>spring|summer|autumn|winter) (?:of )?(?P<y>{_Y})", _season),
    (r"\b(?:on|from|than|over|compared (?:with|to)|against|than in|than for)?(?: ?the)? ?(?:same (?:months|period|quarter|month|time|12 months) (?:of |in )?(?:the )?(?:last year|a year (?:ago|earlier|before)|(?:year before|previous year|prior year|year earlier))|(?:the )?(?:previous|prior|preceding) (?:year|12 months|twelve months)|(?:the )?(?:year|12 months|twelve months) (?:before|earlier|previously)|a year (?:ago|earlier|before)|year[- ]on[- ]year|(?:on|than|from|compared with|compared to|against) last year|this time last year|annually)", _year_before),
    (rf"\b(?:in|over|within) (?:the (?:last|past|space of) )?(?:just |only )?(?:a )?(?P<n>{_COUNT}|decade)(?: years?)?\b(?<=years|ecade)", _years_before),
    (rf"\b(?:in |during |for |over |from |than |with )?(?:the )?same (?:months|period|quarter|month|time|{_COUNT} months) (?:of |in )?(?P<y>{_Y})", _same_months),
    (rf"\b(?:the )?(?:(?:previous|prior|preceding) (?:quarter|month|(?!12|twelve){_COUNT} months)|(?:quarter|month|(?:three|3|six|6) months) (?:before|earlier)\b)", _just_before),
    (rf"\b(?:the )?(?:last|past|latest|most recent|recent) (?P<n>{_COUNT} (?:months|years)|year|quarter|month)(?! (?:we|the))\b", _last_months),
    (r"\b(?P<n>rolling[ -]12[ -]months?|rolling[ -]year)\b", _rolling),
    (rf"\bover (?:the )?(?P<n>{_COUNT} months)\b", _last_months),
    (r"\b(?:last year)\b", _last_year),
    (r"\b(?:this year|so far this year|the year to date|year to date)\b", _this_year),
    (rf"(?P<lead>\b(?:in|during|for|since|throughout|of|on|to) )?(?:\b|(?<=\d)){_D}?\b(?P<m>{_M})(?:[ ,-]{{1,2}}(?P<y>{_SHORT_Y}))?\b", _one_month),
    (rf"\b(?P<y>{_Y})\b(?!,\d|\.\d|%)", _calendar),
    (rf"\b{_COUNT}[ -](?:months?|years?)\b(?![- ]olds?)", _length),
))  # fmt: skip
