"""Read a sentence: which of its numbers are about an indicator, and what each says of which area and period."""

import re
from dataclasses import replace
from fractions import Fraction

from portal.core.vocabulary import Unit
from portal.disclosure.clearing import ClearedContent
from portal.quotes import (
    dates,
    names,
    numbers,
    sentence_areas,
    sentence_periods,
    stances,
    table_rows,
    word_lists,
)
from portal.quotes.dates import NamedPeriod
from portal.quotes.names import AREA, INDICATOR, OTHER_SUBJECT, KnownNames, Mention
from portal.quotes.numbers import PER_1000, PERCENT, POUNDS, TIMES, Quantity
from portal.quotes.sentences import (
    CHANGE,
    CLAUSE,
    DIFFERENCE,
    DOWN,
    LEVEL,
    MOVES,
    RATE,
    SHARE,
    UP,
    Context,
    Memory,
    NumberReading,
    Sentence,
    clean,
    next_number,
)

_BEFORE_CHANGE = re.compile(
    rf"\b(?:(?P<up>{UP})|(?P<down>{DOWN}))\b(?: (?:back|again|sharply|slightly|further|significantly|year on year|borough[- ]wide|overall|only|just|also|steadily|dramatically|substantially|decrease|increase))*(?: change)?(?:,? (?:by|of|was|is|showing|shown|at|a|an|some|over the [a-z ]+? by)){{0,3}}:? *[(]?$",
    re.IGNORECASE,
)
_LOOSE_BEFORE = re.compile(rf"\b(?!(?:more|less|fewer|higher|lower|up|down|cut)\b)(?:(?P<up>{UP})|(?P<down>{DOWN}))\b(?:[^.;,]|[.,](?=\d)){{0,60}}?\b(?:by|of|was|is)(?: a| an)? *[(]?$", re.IGNORECASE)  # fmt: skip
_AFTER_CHANGE = re.compile(
    rf"^[)\s-]*(?:year[- ]on[- ]year |annual |overall |net |percentage point )?(?:(?P<up>{UP})|(?P<down>{DOWN}))\b",
    re.IGNORECASE,
)
_MORE = re.compile(r"^\s*(?:(?P<up>more|extra|additional)|(?P<down>fewer|less))\b(?! than \d)", re.IGNORECASE)
_BASE_STRICT = re.compile(
    r"\b(?:from|compared (?:with|to)|against|than(?: the)?|instead of|versus|vs\.?|(?:well |far |just )?(?:below|above))(?: the| just| only)? *$",
    re.IGNORECASE,
)
_LEVEL_BEFORE = re.compile(
    r"(?:\b(?:topp?(?:ed|ing)|pass(?:ed|ing)|exceed(?:ed|ing|s)|reaching|hitting|totall?ing|standing at|numbers?|totals?|below|above|suffered|experienced|faced|includ(?:ed|ing)|to|at|was|were|is|are|of|totall?ed|total|as (?:many|much|high) as the|reached|reach|hit|numbered|stood at|stands at|recorded|saw|had|with|from|than|with|against|only|just|counted|logged|reported|made up|came to|now|and|be|which)|[:=(–-])\s*(?:only |just |a total of |as many as |a record |the )?$",
    re.IGNORECASE,
)
_GOES_ON = re.compile(
    rf"^\W*(?:but |and |so |however,? |overall,? |in total,? |of these,? |previously,? |the year before,? )?(?:it|this|that|these|those|they|there (?:were|was|had)|(?:the )?(?:number|figure|total|rate|offence|crime|incident|search|level)(?:s|es)?|(?:a|an|the) (?:{UP}|{DOWN})|{UP}|{DOWN}|compared|\s*(?:,|there were)|in\s+[,a-z]*\s*(?:it|there))\b",
    re.IGNORECASE,
)
_FILLERS = word_lists.words("fillers")
_GENERIC = word_lists.words("generic-nouns")
_PERSONS = frozenset(("people", "person", "men", "women"))
_LOOSE = word_lists.words("loose-nouns")
_MADE_UP = re.compile(r"\b(?:account\w*(?: for)?|ma(?:de|kes?|king) up|compris\w+|represent\w+)(?: about| around| nearly| almost| some| just| only| over| more than)* *$", re.IGNORECASE)  # fmt: skip
_CHANGE_OF = re.compile(
    rf"\b(?:{UP}|{DOWN})\b (?:back |again |sharply |slightly )*(?:by|of)(?: a| an)? *$", re.IGNORECASE
)
_OF = re.compile(r"^\s*of\b", re.IGNORECASE)
_IN = re.compile(r"\b(?:in|out of)\b", re.IGNORECASE)


def read(
    sentence: str, context: Context, row: bool = False
) -> tuple[tuple[NumberReading, ...], tuple[NamedPeriod, ...]]:
    """Return what the numbers of a sentence say that are about an indicator, and the periods whose length it miscounts.

    `row` is True for a row of a table, whose cells are separated by tabs. The memory is updated for the next sentence.
    """
    periods = dates.find_periods(sentence, context.on)
    text = sentence
    for p in periods:
        text = text[: p.start] + " " * (p.end - p.start) + text[p.end :]
    mentions = context.words.find(sentence)
    named = [m for m in mentions if not any(p.start <= m.start < p.end for p in periods)]
    seen = Sentence(text, sentence, tuple(named), periods, numbers.find_quantities(text), row)
    found = [r for q in seen.quantities if (r := _about(seen, q, context)) is not None]
    if row:
        found = table_rows.as_row(found, seen, context.memory)
    _remember(context.memory, seen)
    return tuple(found), tuple(p for p in periods if p.miscounted)


def _remember(memory: Memory, seen: Sentence) -> None:
    subjects = seen.of(INDICATOR, OTHER_SUBJECT)
    if subjects:
        memory.indicators = subjects[-1].ids if subjects[-1].kind == INDICATOR else ()
        memory.other = "" if subjects[-1].kind == INDICATOR else subjects[-1].text
    if areas := seen.of(AREA):
        memory.areas = areas[-1].ids
    dated = [p for p in seen.periods if p.options or p.months]
    if dated:
        memory.later = dated[0]


def _about(s: Sentence, q: Quantity, context: Context) -> NumberReading | None:
    """Return what one number says; None if it is not about an indicator."""
    released, words, memory = context.released, context.words, context.memory
    subject = _subject(s, q, words, memory)
    if s.row and memory.table:
        in_table = Mention(0, 0, INDICATOR, "", memory.table)
        subject = in_table if _parts(s, q, in_table, words) else subject
    units = (
        {released.content.indicators[i].unit for i in subject.ids}
        if subject and subject.kind == INDICATOR
        else set()
    )
    kind, direction = _kind(s, q, units, words, subject)
    if not kind or subject is None or (not s.row and not stances.is_stated(s, q, kind)):
        return None
    areas, other_place = sentence_areas.area_of(s, q, memory)
    if kind == CHANGE and (rival := sentence_areas.compared_with(s, q)) is not None:
        if rival.kind == AREA:
            return None
        other_place = rival.text
    reading = NumberReading(q, kind, subject.ids, areas, direction=direction, other="" if subject.kind == INDICATOR else subject.text)  # fmt: skip
    if other_place and not reading.other:
        reading = replace(reading, other=other_place)
    if kind == SHARE:
        if (shared := _shares(s, q, reading, released)) is None:
            return None
        reading = shared
    named_first = next((m for m in s.of(INDICATOR) if m.ids == subject.ids and m.end <= q.start), subject)
    reading = replace(reading, parts=_parts(s, q, named_first if _is_whole(s, q) else subject, words))
    if kind == LEVEL and q.kind == numbers.PLAIN:
        reading = replace(reading, per_days=_days_of_average(s, q))
    is_base = kind == LEVEL and bool(_BASE_STRICT.search(clean(s.text[: q.start])) or _goes_to(s, q))
    return sentence_periods.with_periods(s, q, replace(reading, is_base=is_base), memory)


_PER = re.compile(r"^[^.;,]{0,70}?(?<!\bin )\b(?:a|an|per|every|each) (?P<unit>hour|day|night|week|month)\b(?! (?:ago|later|earlier|before|to|long))", re.IGNORECASE)  # fmt: skip
_DAYS = {"hour": Fraction(1, 24), "day": Fraction(1), "night": Fraction(1), "week": Fraction(7), "month": Fraction(1461, 48)}  # fmt: skip


def _days_of_average(s: Sentence, q: Quantity) -> Fraction:
    """Return the days that an average is of: 1 for “83 crimes a day”; 0 if a number is no average."""
    m = _PER.search(clean(s.whole[q.end : next_number(s, q)]))
    adjective = re.search(r"\b(?P<unit>hour|dai|day|week|month)ly average (?:of|was|is)\W*$", s.text[: q.start], re.IGNORECASE)  # fmt: skip
    unit = (m or adjective)["unit"].lower() if (m or adjective) else ""  # type: ignore[index]
    return _DAYS.get({"dai": "day"}.get(unit, unit), Fraction(0))


def _goes_to(s: Sentence, q: Quantity) -> bool:
    """Return True if a number goes to another one: “(10 offences to 13 this year)”."""
    following = next((x for x in s.quantities if x.start >= q.end), None)
    gap = s.text[q.end : following.start] if following else ""
    return bool(re.fullmatch(r"\s*(?:[a-z]+ ){0,2}\s*to\s+(?:just |only )?", gap))


def _subject(s: Sentence, q: Quantity, words: KnownNames, memory: Memory) -> Mention | None:
    """Return the indicator, or the subject without figures, that a number is about."""
    named = [m for m in s.of(INDICATOR, OTHER_SUBJECT) if _is_beside(s, q, m)]
    if inside := [m for m in named if q.start <= m.start and m.end <= q.end]:
        return inside[0]
    after = [m for m in named if m.start >= q.end]
    before = [m for m in named if m.end <= q.start]
    noun = _noun(s.text[q.end :], words.describing)
    if noun in names.COUNTED_INSTEAD and not s.row and named:
        return _of_noun(noun, named, after, words)
    if after and _leads_to(s, q, before, after[0]):
        return after[0]
    if before or after:
        return before[-1] if before else after[0]
    if s.row:
        return Mention(0, 0, INDICATOR, "", memory.table) if memory.table else None
    if noun == "offence" and not memory.indicators and s.of(AREA) and (all_ := words.names.get(("crime",))):
        return Mention(q.end, q.end + 1, INDICATOR, "", all_[1])
    if not _GOES_ON.match(s.text):
        return None
    if memory.indicators:
        return Mention(0, 0, INDICATOR, "", memory.indicators)
    return Mention(0, 0, OTHER_SUBJECT, memory.other) if memory.other else None


def _of_noun(noun: str, named: list[Mention], after: list[Mention], words: KnownNames) -> Mention:
    """Return what a number of victims, arrests or the like is about: an indicator or a part of one, or no figure of ours."""
    counted_by_noun = [m for m in named if m.kind == INDICATOR and noun in names.stems(m.text)]
    counted_by_noun += [
        m for m in named if any(noun in part for i in m.ids for part in words.parts.get(i, {}).values())
    ]
    if counted_by_noun:
        return counted_by_noun[-1]
    near = next((m for m in after if m.kind == OTHER_SUBJECT), None)
    return near or Mention(named[0].start, named[0].end, OTHER_SUBJECT, f"{noun}s ({named[0].text})")


_OF_A_NAME = re.compile(
    r"\b(?:in|of|for)\b(?: the| all| total| recorded| reported| overall| both| number of| level of| rate of| reports of| incidents of| non[- ]\w+| its)*\s*$",
    re.IGNORECASE,
)


def _leads_to(s: Sentence, q: Quantity, before: list[Mention], name: Mention) -> bool:
    """Return True if the name after a number is what it is about: “12 robberies”, “a 6% fall in robbery”."""
    gap = s.text[q.end : name.start]
    between = re.findall(r"[A-Za-z’']+", gap)
    if re.search(r"[;:•·|]|[^\x00-\u024f\u2010-\u2027\u20ac]", gap):
        return False  # a sign or a picture begins another statement
    if not re.search(r"[,(]", gap) and len(between) <= 4 and all(w.lower() in _FILLERS for w in between):
        return True
    if len(between) <= 12 and _OF_A_NAME.search(gap) and (MOVES.search(gap) or q.kind in (PERCENT, PER_1000)):
        joined = before and not CLAUSE.search(s.text[before[-1].end : q.start])
        if not joined or (MOVES.search(gap) and not re.search(r"\bof\b\s*$|\b(?:to|from)\b", gap)):
            return True
    return len(between) <= 10 and bool(
        re.search(r"\bof (?:people|residents|those|respondents|adults)\b", gap)
    )


def _is_beside(s: Sentence, q: Quantity, m: Mention) -> bool:
    """Return True unless a name is in brackets that the number is not in."""
    opened, closed = s.text.rfind("(", 0, m.start), s.text.rfind(")", 0, m.start)
    if opened <= closed:
        return True
    end = s.text.find(")", m.end)
    return opened <= q.start and (end < 0 or q.end <= end)


def _kind(
    s: Sentence, q: Quantity, units: set[Unit], words: KnownNames, subject: Mention | None
) -> tuple[str, int]:
    """Return what a number is, and the direction of a change; "" if it is not about the subject."""
    is_own = subject is not None and subject.end > subject.start
    if q.kind == TIMES:
        falls = q.value < 1
        if re.match(r"^\s*(?:as (?:many|much|high|often) )?as (?:the |in )?(?:\d|[A-Z])", s.text[q.end :]):
            return "", 0  # two places, not two years: “twice as many as the 1,092 in Camden”
        moved = re.search(
            r"\b(?:doubl|trebl|tripl|quadrupl|halv|fold|twice|times as many|half)", q.text, re.IGNORECASE
        )
        return (CHANGE, -1 if falls else 1) if moved and is_own and not re.search(r"double[- ](?:decker|check|glaz|sided)", s.text, re.IGNORECASE) else ("", 0)  # fmt: skip
    if q.kind == PER_1000:
        return (RATE, 0) if subject is not None else ("", 0)
    if q.kind == POUNDS:
        return (LEVEL, 0) if Unit.POUNDS in units and is_own else ("", 0)
    if q.kind == PERCENT:
        return _percent(s, q, units, is_own)
    return _plain(s, q, words, subject)


def _percent(s: Sentence, q: Quantity, units: set[Unit], is_own: bool) -> tuple[str, int]:
    """Return whether a percentage is a level, a change or a share, and the direction of a change."""
    before, after = clean(s.text[: q.start]), clean(s.text[q.end :])
    to_level = bool(re.search(r"\b(?:to|at|from|was|were|than)\s*$", before)) and not re.search(
        r"\b(?:up|down)\s*$", before
    )
    is_share_unit = Unit.PERCENT in units
    if is_own and _MADE_UP.search(before):
        return SHARE, 0
    if is_share_unit and to_level:
        return LEVEL, 0
    if re.match(r"^\s*(?:percentage )?points?\b", after) or "point" in q.text or q.text.endswith("pp"):
        return _points(before) if is_share_unit and is_own else ("", 0)
    if not re.search(r"\bto\s*$", before):
        for pattern, part in ((_BEFORE_CHANGE, before), (_AFTER_CHANGE, after), (_LOOSE_BEFORE, before)):
            if (m := pattern.search(part)) and (is_own or pattern is not _LOOSE_BEFORE):
                return CHANGE, 1 if m["up"] else -1
    if is_own and (carried := _carried_change(before, q)):
        return CHANGE, carried
    if q.signed:
        near = MOVES.search(before[-40:])
        return CHANGE, q.signed if q.signed < 0 or not (near and near["down"]) else -1
    if is_share_unit and is_own:
        return LEVEL, 0
    if is_own and (
        _OF_THEM.match(after)
        or (_OF_ALL.match(s.text) and re.match(r"^\s*(?:were|was|are|is)\b", after))
        or _of_named_part(s, q)
        or (_OF.match(after) and _names_whole(s, q))
        or (_IN.search(q.text) and (_subject_follows(s, q) or _inside(s, q)))
    ):
        return SHARE, 0
    if s.row and is_own:
        return CHANGE, 1
    if Unit.PERCENT_CHANGE in units and is_own and re.search(r"\bchange of\s*$", before):
        return CHANGE, 1
    return "", 0


def _points(before: str) -> tuple[str, int]:
    """Return a change in percentage points and its direction: “fell by 8 percentage points”."""
    moved = list(MOVES.finditer(before))
    return (DIFFERENCE, 1 if moved[-1]["up"] else -1) if moved else ("", 0)


_CARRIES = re.compile(rf"\b(?:{UP}|{DOWN})\b[^.;]*?\d[^;]*?(?:,? or|\([^)]*|(?:,|\band)\s[A-Za-z -]+\bby)(?: about| around| nearly| almost| just)?\s*$|\b(?:{UP}|{DOWN})\b[^.;]*\bbut (?:only )?by\s*$", re.IGNORECASE)  # fmt: skip


def _carried_change(before: str, q: Quantity) -> int:
    """Return the direction of the change before a percentage that says it again or goes on: “by 88, or 30%”; 0 if none.

    “Drug offences are down by 15%, public order by 2% and criminal damage by 5%” goes on with the same direction.
    """
    if q.signed or not _CARRIES.search(before):
        return 0
    last = list(MOVES.finditer(before))[-1]
    return 1 if last["up"] else -1


_OF_THEM = re.compile(
    r"^\s*of (?:them|these|those(?! (?:who|asked|surveyed|present))|which|whom|the total)\b", re.IGNORECASE
)


def _of_named_part(s: Sentence, q: Quantity) -> bool:
    """Return True for a share in brackets after its part: “most of the 721 offences were racist (84%)”."""
    before = clean(s.text[: q.start])
    return before.endswith("(") and bool(
        re.search(r"\bof (?:the|all|these|those)\b[^.;]*\b(?:were|was|are|is)\b[^.;(]*[(]$", before)
    )


def _names_whole(s: Sentence, q: Quantity) -> bool:
    """Return True if a share is one of an indicator: “30% of all recorded crime”, “a third of the 359 searches”."""
    after = next((m for m in s.of(INDICATOR) if m.start >= q.end), None)
    if after is None:
        return False
    gap = re.findall(r"[A-Za-z’']+", s.text[q.end : after.start])
    return len(gap) <= 7 and all(
        w.lower() in _FILLERS or w.lower() in ("in", "our", "every", "borough") for w in gap
    )


def _inside(s: Sentence, q: Quantity) -> list[Mention]:
    """Return the indicators that a share names itself: “one crime in every 20”."""
    return [m for m in s.of(INDICATOR) if q.start <= m.start and m.end <= q.end]


def _subject_follows(s: Sentence, q: Quantity) -> bool:
    """Return True if the name of an indicator follows a share directly: “one in five crimes”."""
    return any(0 <= m.start - q.end <= 12 for m in s.of(INDICATOR))


_PER_1000_BEFORE = re.compile(r"\b(?:per|for every) (?:1,?000|thousand)\b", re.IGNORECASE)


def _plain(s: Sentence, q: Quantity, words: KnownNames, subject: Mention | None) -> tuple[str, int]:
    """Return whether a number without a unit is a level or a difference, and the direction of that."""
    before, after = clean(s.text[: q.start]), clean(s.text[q.end :])
    if subject is None:
        return "", 0
    is_own = subject.end > subject.start
    if s.row:
        return (LEVEL, 0) if subject.start < q.start else ("", 0)
    gap_is_name = is_own and subject.start >= q.end and all(
        w.lower() in _FILLERS for w in re.findall(r"[A-Za-z’']+", s.text[q.end : subject.start])
    ) and not re.search(r"[,;:(]", s.text[q.end : subject.start])  # fmt: skip
    noun = _noun(after, words.describing)
    is_suffered = is_own and subject.start >= q.end and _suffers(s.text[q.end : subject.start], subject.text)
    is_part = bool(noun) and any(
        noun in part for i in subject.ids for part in words.parts.get(i, {}).values()
    )
    is_rate = any(x.kind == PER_1000 for x in s.quantities) or _PER_1000_BEFORE.search(s.whole[: q.start])
    if re.search(r"\d\.\d", q.text) and is_rate:
        return RATE, 0
    is_noun = (
        noun in _GENERIC
        or noun in words.nouns
        or (is_own and (is_part or (noun in _LOOSE and subject.end <= q.start)))
    )
    moved_by = is_own and not noun and subject.end <= q.start and _CHANGE_OF.search(before)
    if not (
        gap_is_name
        or is_noun
        or is_suffered
        or (is_own and _MORE.match(after) and not noun)
        or (is_own and _OF_ALL.match(s.text) and _VERB.match(after.strip()))
        or (noun in _PERSONS and subject.text.lower().endswith("searched"))
        or moved_by
        or (is_own and not noun and _LEVEL_BEFORE.search(before) and subject.end <= q.start)
    ):
        return "", 0
    if not is_own and not (noun in _GENERIC or noun in words.nouns):
        return "", 0
    if m := _MORE.match(after):
        return DIFFERENCE, 1 if m["up"] else -1
    if (m := _CHANGE_OF.search(before)) and (w := MOVES.search(m[0])):
        return DIFFERENCE, 1 if w["up"] else -1
    return LEVEL, 0


# “1,535 homes and businesses were burgled”: the verb names the indicator
_SUFFERS = re.compile(r"(?:were|was|been|being|caught|carrying)\b", re.IGNORECASE)


def _suffers(gap: str, name: str) -> bool:
    """Return True if the words between a number and a name say that something happened to the number of people or things."""
    return not re.search(r"[,;:.]", gap) and bool(
        _SUFFERS.match(name) or re.search(r"\bwere (?:the )?victims of\s*$", gap, re.IGNORECASE)
    )


_VERB = re.compile(
    r"(?:ended|led|resulted|involved|took|happened|occurred|came|went|concerned|related)", re.IGNORECASE
)
_OF_ALL = re.compile(r"^\W*(?:out )?of (?:the|all|these|those)\b", re.IGNORECASE)


def _noun(after: str, describing: frozenset[str]) -> str:
    """Return the stemmed noun that a number counts, without the words `describing` it; "" if a preposition, verb or the end of the clause follows."""
    m = re.match(r"^\s*((?:[A-Za-z][\w’'-]* ?){0,5})", after)
    stopped = word_lists.words("end-of-noun")
    last = ""
    for n, word in enumerate(m[1].split() if m and m[1] else []):
        if n == 0 and _VERB.fullmatch(word):
            break
        low, stemmed = word.lower(), names.stem(word)
        if low in stopped:
            break
        if stemmed in _GENERIC or stemmed in _LOOSE or (low not in _FILLERS and stemmed not in describing):
            return stemmed
        last = low if low in _PERSONS else ""
    return last


def _shares(
    s: Sentence, q: Quantity, reading: NumberReading, released: ClearedContent
) -> NumberReading | None:
    """Return a share with its part and its whole; None if the sentence does not name both."""
    named = s.of(INDICATOR)
    after = [m for m in named if m.start >= q.end]
    before = [m for m in named if m.end <= q.start]
    if before and after and _OF_ALL.match(s.text):
        return replace(reading, indicators=after[0].ids, whole=before[0].ids, other="")
    if before and re.match(r"^\s*of the total\b", s.text[q.end :], re.IGNORECASE):
        totals = {released.content.indicators[i].part_of for i in before[-1].ids} - {""}
        return replace(reading, indicators=before[-1].ids, whole=tuple(sorted(totals)), other="")
    if before and (_OF_THEM.match(s.text[q.end :]) or _of_named_part(s, q)):
        return replace(reading, indicators=before[-1].ids, whole=before[-1].ids, other="")
    if after and (inside := _inside(s, q)):
        return replace(reading, indicators=after[0].ids, whole=inside[0].ids, other="")
    if not after or not (re.match(r"^[^.;,]{0,40}\bof\b", s.text[q.end :]) or _IN.search(q.text)):
        return None
    whole = after[0]
    part = before[-1] if before else after[1] if len(after) > 1 else None
    if part is not None and part.ids != whole.ids:
        return replace(reading, indicators=part.ids, whole=whole.ids, other="")
    outcomes = tuple(o.indicator for o in released.content.outcomes.values() if o.offences in whole.ids)
    if outcomes and re.search(r"\bpositive outcomes?\b|\bsolved\b|\boutcome\b", s.text, re.IGNORECASE):
        return replace(reading, indicators=outcomes, whole=whole.ids, other="")
    return replace(reading, whole=whole.ids, other="")


_A_PART_OF = re.compile(
    r"(?:\d[^.;]{0,20}|\b(?:most|many|majority|half|thirds?|quarters?|all|none|some|few|proportion|share|per ?cent)) of (?:the|all|these|those|our) *$",
    re.IGNORECASE,
)


def _close(s: Sentence, q: Quantity, subject: Mention) -> str:
    """Return the words around a number and its subject that can name a part, up to the numbers before and after."""
    following = next_number(s, q)
    end = subject.end + 40
    if subject.end <= following < len(s.text) and not _is_whole(s, q):
        end = min(end, max(following, subject.end))
    around = s.text[max(0, subject.start - 40) : end]
    return f"{around} {clean(s.text[q.end : following])[:50]}"


def _is_whole(s: Sentence, q: Quantity) -> bool:
    """Return True if a number is a part of another that follows: “117 of the 359 searches”."""
    return bool(re.match(r"^\s*of (?:the|all|these|those)\b", s.text[q.end :]))


def _parts(s: Sentence, q: Quantity, subject: Mention, words: KnownNames) -> tuple[tuple[str, str], ...]:
    """Return the part of each breakdown that a sentence names near a number, such as a strand of hate crime.

    Pairs of an indicator and its part; empty if no part is named.
    """
    if _A_PART_OF.search(clean(s.text[: q.start])):
        return ()  # the whole that a part is of: “117 of the 359 searches”, “most of the 721 offences”
    near = names.stems(s.text.split("\t")[0] if s.row else _close(s, q, subject))
    beside = names.stems(clean(s.text[q.end : next_number(s, q)])[:50])[
        :3
    ]  # “117 Black people and 96 white people”
    found = []
    for name in subject.ids:
        parts = words.parts.get(name, {})
        named = [p for p, stem in parts.items() if stem and beside[: len(stem)] == stem] or [
            p
            for p, stem in parts.items()
            if stem and any(near[n : n + len(stem)] == stem for n in range(len(near)))
        ]
        if named:
            found.append((name, max(named, key=len)))
    return tuple(found)
