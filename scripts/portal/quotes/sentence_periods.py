"""Say for which period a number is, and which one it is compared with, from the periods that its sentence names."""

import re
from dataclasses import replace

from portal.quotes.dates import NamedPeriod
from portal.quotes.numbers import Quantity
from portal.quotes.sentences import (
    CHANGE,
    CLAUSE,
    DIFFERENCE,
    LEVEL,
    MOVES,
    Memory,
    NumberReading,
    Sentence,
    clean,
    next_number,
)

# “since its peak of 4,165 offences in the year to December 2019”, “since 2021, when there were 658”
_TO_A_POINT = r"\b(?:from|since|than|compared (?:with|to)|against|below|above) (?:(?:the|its|a|an|their|last year['’]s|previous|all[- ]time|record|recent|pandemic) )*(?:peak|high|low|record|total|figure|level|number|rate)s?\b"
_AT_A_POINT = re.compile(
    _TO_A_POINT + r"(?: of| at| was)? *$|\b(?:well|far|just|still) (?:below|above|short of) (?:the )?$",
    re.IGNORECASE,
)
_AFTER_A_POINT = re.compile(_TO_A_POINT + r"[^.;]{0,40}$", re.IGNORECASE)
_AFTER_FAR_BELOW = re.compile(
    r"\b(?:well|far|just|still) (?:below|above|short of) (?:the )?[\d,]+ [^.;\d]{0,24}$", re.IGNORECASE
)
_WHEN = re.compile(r"\bwhen(?: (?:there (?:were|was)|it (?:was|stood at|reached)|the (?:figure|number|total|rate) (?:was|stood at)|(?:the )?police recorded|we had|they (?:were|recorded)))? *$", re.IGNORECASE)  # fmt: skip
# A year before is the base of a comparison only where there is one: the other number, or a word such as “than”.
_AND = re.compile(r"^,? and\s", re.IGNORECASE)
_COMPARES = re.compile(r"\d[^.]*\d|\b(?:than|compared|against|from)\b", re.IGNORECASE)
_BESIDE = 24  # characters between a number and its own period, at most: “826 offences in the year”
_PERIOD_BASE = re.compile(r"\b(?:since|than(?: in| for| during)?|compared (?:with|to)|against|from|on|over|versus|vs|relative to|between)(?: the| those in| that in| those for| levels in| figures for| in| for| figure for| same)*\s*[(]?$", re.IGNORECASE)  # fmt: skip
_BASE = re.compile(
    r"(?:\b(?:from|compared (?:with|to)|against|than(?: the)?|instead of|previously|versus|vs\.?|was|were)(?: the| just| only| a| some)? *|[(]was )$",
    re.IGNORECASE,
)


def with_periods(s: Sentence, q: Quantity, reading: NumberReading, memory: Memory) -> NumberReading:
    """Return a reading with the periods that its sentence, or the one before, states for it."""
    base: list[NamedPeriod] = []
    other: list[NamedPeriod] = []
    for p in s.periods:
        if not (p.options or p.months or p.year_before or p.just_before):
            continue
        before = clean(s.text[: p.start])
        if _is_of_another(s, q, p):
            continue
        is_from = bool(re.search(r"\bfrom\s*$", before)) and reading.kind in (CHANGE, DIFFERENCE)
        lead = p.text.lower().split(" ")[0]
        is_first_of_two = (
            lead == "between"
            and _AND.match(s.text[p.end :])
            and any(x.start > p.end and x.options for x in s.periods)
        )
        is_first_of_two = is_first_of_two or (reading.kind in (CHANGE, DIFFERENCE) and _from_to(s, p))
        marked = (
            is_first_of_two
            or _AFTER_FAR_BELOW.search(before)
            or _PERIOD_BASE.search(before)
            or _AFTER_A_POINT.search(before)
            or lead in ("since", "than")
            or p.year_before
            or p.just_before
        )
        if re.search(r"\b(?:on|over)\s*$", before) and not p.year_before and not is_from:
            marked = bool(re.search(r"\bon\s*$", before)) and reading.kind in (CHANGE, DIFFERENCE)
        if re.search(r"\bfrom\s*$", before) and not is_from:
            marked = False
        (base if marked else other).append(p)
    year_before, just_before = any(p.year_before for p in base), any(p.just_before for p in base)
    for p in (p for p in base if p.years_before != 1 or p.base_year):
        reading = replace(reading, years_before=p.years_before, base_year=p.base_year)
    base_options = tuple(o for p in base if p.options for o in p.options)
    if reading.kind == LEVEL and base and (point := _point(s, q, base)) is not None:
        return replace(reading, later=point.options, is_base=False, period_words=point.text)
    in_brackets = any(p.year_before and s.text[p.end : q.start].strip() == "(" for p in base)
    if reading.is_base or (reading.kind == LEVEL and base and (in_brackets or _is_nearest(s, q, base))):
        beside = [
            p
            for p in (*base, *other)
            if p.options and 0 <= p.start - q.end <= _BESIDE and p.start < next_number(s, q)
        ]
        own = beside[0] if beside else None if year_before else next((p for p in base if p.options), None)
        later = _nearest(s, q, [p for p in other if p is not own], False) or (
            None if own or other else memory.later
        )
        return replace(
            reading, is_base=True, later=later.options if later else (), base=own.options if own else (),
            months=later.months if later else 0, year_before=True, just_before=just_before, period_words=own.text if own else "",
        )  # fmt: skip
    own = _nearest(s, q, other, False)
    if own is None and reading.quantity and not s.row:
        own = memory.later
    return replace(
        reading, later=own.options if own and not own.months else (own.options if own and own.options else ()),
        months=own.months if own else 0, base=base_options, year_before=year_before, just_before=just_before, period_words=own.text if own else "",
    )  # fmt: skip


_FAR_BELOW = re.compile(
    r"\b(?:well|far|just|still) (?:below|above|under|over|short of) (?:the )?$|\b(?:down|up) from (?:the )?$",
    re.IGNORECASE,
)


def _is_of_another(s: Sentence, q: Quantity, p: NamedPeriod) -> bool:
    """Return True for a period that only a later number has: “1,535, well below the 2,697 in the year to June 2019”."""
    owner = next((x for x in reversed(s.quantities) if x.end <= p.start), None)
    return (
        owner is not None
        and owner.start > q.start
        and p.start - owner.end <= _BESIDE
        and _FAR_BELOW.search(clean(s.text[: owner.start])) is not None
    )


def _from_to(s: Sentence, p: NamedPeriod) -> bool:
    """Return True for the first period of “from 4,063 in 2023 to 3,867 in 2024”."""
    following = next((x for x in s.periods if x.start >= p.end and x.options), None)
    if following is None or not p.options:
        return False
    return bool(
        re.search(r"\bfrom [^a-z.;]*\d[^.;]*$", s.text[: p.start], re.IGNORECASE)
        and re.match(r"^\s*to [^a-z.;]*\d", s.text[p.end : following.start], re.IGNORECASE)
    )


def _point(s: Sentence, q: Quantity, base: list[NamedPeriod]) -> NamedPeriod | None:
    """Return the dated period in the past that a number is the level of: “from its peak of 4,165 in 2019”; None if none."""
    before = clean(s.text[: q.start])
    if _AT_A_POINT.search(before):
        return next((p for p in base if p.options and p.start >= q.end), None)
    if _WHEN.search(before):
        return next((p for p in reversed(base) if p.options and p.end <= q.start), None)
    return next((p for p in base if p.options and s.text[p.end : q.start].strip() == "("), None)


def _is_nearest(s: Sentence, q: Quantity, base: list[NamedPeriod]) -> bool:
    """Return True if a number is directly followed by the period of a comparison: “75 victims the year before”."""
    near = [p for p in base if 0 <= p.start - q.end <= _BESIDE and p.start < next_number(s, q)]
    if any(
        p.years_before == 1
        and p.year_before
        and re.fullmatch(r"\s*(?:\w+ ?){0,2}\s*", s.text[q.end : p.start])
        for p in near
    ):
        return not MOVES.search(s.text[max(0, q.start - 12) : q.end]) and _COMPARES.search(s.text) is not None
    return len(s.quantities) > 1 and bool(near) and _BASE.search(clean(s.text[: q.start])) is not None


def _nearest(s: Sentence, q: Quantity, periods: list[NamedPeriod], strict: bool) -> NamedPeriod | None:
    """Return the period that belongs to a number: the one that follows before the next number, or the last before it."""
    if not periods:
        return None
    following = next((x.start for x in s.quantities if x.start >= q.end), len(s.text))
    after = [
        p for p in periods if q.end <= p.start < following and not CLAUSE.search(s.text[q.end : p.start])
    ]
    if after:
        return after[0]
    before = [p for p in periods if p.end <= q.start]
    if before:
        return before[-1]
    later = [p for p in periods if p.start >= q.end]
    return later[0] if later else None
