"""Read a sentence: which of its numbers are about an indicator, and what each says of which area and period."""

import re
from dataclasses import dataclass, field, replace
from datetime import date

from portal.core.vocabulary import Unit
from portal.disclosure.clearing import ClearedContent
from portal.quotes import dates, names, numbers
from portal.quotes.dates import NamedPeriod
from portal.quotes.names import AREA, INDICATOR, OTHER_PLACE, OTHER_SUBJECT, Mention, Vocabulary
from portal.quotes.numbers import PER_1000, PERCENT, PLAIN, POUNDS, TIMES, Quantity

LEVEL, DIFFERENCE, CHANGE, RATE, SHARE = "level", "difference", "change", "rate", "share"
_UP = r"rose|risen|rise|rises|rising|increas\w+|up|grew|grown|growth|grow\w*|higher|more|jump\w*|soar\w*|surg\w+|climb\w*|gone up|went up|upturn|extra|additional|greater|uplift|worse\w*"
_DOWN = r"fell|fallen|fall|falls|falling|drop\w*|decreas\w+|down|reduc\w+|lower|fewer|less|declin\w+|cut|cuts|plung\w+|slump\w*|went down|gone down|improv\w+|shrank|shrunk|dip\w*|decline|halv\w+"
_MOVES = re.compile(rf"\b(?:(?P<up>{_UP})|(?P<down>{_DOWN}))\b", re.IGNORECASE)
_BEFORE_CHANGE = re.compile(
    rf"\b(?:(?P<up>{_UP})|(?P<down>{_DOWN}))\b(?: (?:back|again|sharply|slightly|further|significantly|year on year|borough[- ]wide|overall|only|just|also|steadily|dramatically|substantially|decrease|increase))*(?: change)?(?:,? (?:by|of|was|is|showing|shown|at|a|an|some|over the [a-z ]+? by)){{0,3}}:? *[(]?$",
    re.IGNORECASE,
)
_LOOSE_BEFORE = re.compile(rf"\b(?!(?:more|less|fewer|higher|lower|up|down|cut)\b)(?:(?P<up>{_UP})|(?P<down>{_DOWN}))\b[^.;,]{{0,60}}?\b(?:by|of|was|is)(?: a| an)? *[(]?$", re.IGNORECASE)  # fmt: skip
_AFTER_CHANGE = re.compile(
    rf"^[)\s-]*(?:year[- ]on[- ]year |annual |overall |net |percentage point )?(?:(?P<up>{_UP})|(?P<down>{_DOWN}))\b", re.IGNORECASE
)
_MORE = re.compile(r"^\s*(?:(?P<up>more|extra|additional)|(?P<down>fewer|less))\b(?! than \d)", re.IGNORECASE)
_BASE = re.compile(r"(?:\b(?:from|compared (?:with|to)|against|than(?: the)?|instead of|previously|versus|vs\.?|was|were)(?: the| just| only| a| some)? *|[(]was )$", re.IGNORECASE)
_BASE_STRICT = re.compile(r"\b(?:from|compared (?:with|to)|against|than(?: the)?|instead of|versus|vs\.?)(?: the| just| only)? *$", re.IGNORECASE)
_LEVEL_BEFORE = re.compile(
    r"(?:\b(?:to|at|was|were|is|are|of|totall?ed|total|reached|reach|hit|numbered|stood at|stands at|recorded|saw|had|with|from|than|with|against|only|just|counted|logged|reported|made up|came to|now|and|be)|[:=(–-])\s*(?:only |just |a total of |as many as |a record )?$",
    re.IGNORECASE,
)
_GOES_ON = re.compile(
    rf"^\W*(?:but |and |so |however,? |overall,? |in total,? |of these,? |previously,? |the year before,? )?(?:it|this|that|these|those|they|there (?:were|was|had)|(?:the )?(?:number|figure|total|rate|offence|crime|incident|search|level)(?:s|es)?|(?:a|an|the) (?:{_UP}|{_DOWN})|{_UP}|{_DOWN}|compared|\s*(?:,|there were)|in\s+[,a-z]*\s*(?:it|there))\b",
    re.IGNORECASE,
)
# A number that somebody wants to reach is no figure.
_AIM = re.compile(
    r"(?:^\W*|\b(?:to|will|would|should|could|must|can|and|in order to|aim of|target of|goal of) (?:help )?)(?:cut|reduce|reducing|cutting|lower|bring down|increase|raise|achieve|achieving|deliver|secure|halve|halving|double|see)\b(?! the (?:year|12))"
    r"|\b(?:targets?|aims?|aiming|aspires?|goals?|ambitions?|pledge\w*|promis\w+|committed to|want to|hopes? to|forecast\w*|predict\w*|estimate that|could (?:rise|fall)|if)\b",
    re.IGNORECASE,
)
_FILLERS = frozenset("recorded reported more fewer new separate further extra additional police such of total all these different individual known local alleged confirmed the incidents incident offences offence reports report cases case crimes crime counts instances allegations occurrences people person men women young other less acts act".split())  # fmt: skip
_GENERIC = frozenset("offence crime incident search".split())
_LOOSE = frozenset("report case time allegation occurrence complaint record victim instance discharge exclusion outcome figure".split())
_MADE_UP = re.compile(r"\b(?:account\w*(?: for)?|ma(?:de|kes?|king) up|compris\w+|represent\w+)(?: about| around| nearly| almost| some| just| only| over| more than)* *$", re.IGNORECASE)  # fmt: skip
_CHANGE_OF = re.compile(rf"\b(?:{_UP}|{_DOWN})\b (?:back |again |sharply |slightly )*(?:by|of)(?: a| an)? *$", re.IGNORECASE)
_OF = re.compile(r"^\s*of\b", re.IGNORECASE)
_IN = re.compile(r"\b(?:in|out of)\b", re.IGNORECASE)
_BESIDE = 24  # characters between a number and its own period, at most: “826 offences in the year”
_CLAUSE = re.compile(r"[;.]|, (?:while|whereas|but|and|with)\b|\b(?:while|whereas|but|although|though)\b", re.IGNORECASE)
_PERIOD_BASE = re.compile(r"\b(?:since|than(?: in| for| during)?|compared (?:with|to)|against|from|on|over|versus|vs|relative to|between)(?: the| those in| that in| those for| levels in| figures for| in| for| figure for| same)*\s*[(]?$", re.IGNORECASE)  # fmt: skip


@dataclass(frozen=True)
class Reading:
    """What a number says: its kind, the indicators it can be about, the area, the periods and the direction.

    `later` and `base` are the periods that the words can mean; empty if the text states none. `months` is the length of
    a period that ends with the newest figure. `whole` are the indicators of the whole that a share is of. `other` is a
    subject or a place for which no figure is published.
    """

    quantity: Quantity
    kind: str
    indicators: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    later: tuple[dates.Span, ...] = ()
    base: tuple[dates.Span, ...] = ()
    months: int = 0
    direction: int = 0
    is_base: bool = False
    year_before: bool = False
    parts: tuple[tuple[str, str], ...] = ()
    whole: tuple[str, ...] = ()
    other: str = ""
    period_words: str = ""


@dataclass
class Memory:
    """What the sentences before spoke of, for those that go on without naming it again."""

    indicators: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    later: NamedPeriod | None = None
    other: str = ""
    heading: bool = False
    columns: dict[int, NamedPeriod] = field(default_factory=dict)
    table: tuple[str, ...] = ()

    def forget(self) -> None:
        """Begin a new paragraph that no heading introduces."""
        self.indicators, self.areas, self.later, self.other, self.columns = (), (), None, "", {}
        self.table = ()


@dataclass(frozen=True)
class _Sentence:
    """A sentence with what was found in it; `text` has spaces where its periods are."""

    text: str
    whole: str
    mentions: tuple[Mention, ...]
    periods: tuple[NamedPeriod, ...]
    quantities: tuple[Quantity, ...]
    row: bool

    def of(self, *kinds: str) -> tuple[Mention, ...]:
        return tuple(m for m in self.mentions if m.kind in kinds)


def read(
    sentence: str, released: ClearedContent, words: Vocabulary, memory: Memory, on: date, row: bool = False
) -> tuple[tuple[Reading, ...], tuple[NamedPeriod, ...]]:
    """Return what the numbers of a sentence say that are about an indicator, and the periods whose length it miscounts.

    `row` is True for a row of a table, whose cells are separated by tabs. `memory` is updated for the next sentence.
    """
    periods = dates.find_periods(sentence, on)
    text = sentence
    for p in periods:
        text = text[: p.start] + " " * (p.end - p.start) + text[p.end :]
    mentions = words.find(sentence)
    named = [m for m in mentions if not any(p.start <= m.start < p.end for p in periods)]
    seen = _Sentence(text, sentence, tuple(named), periods, numbers.find_quantities(text), row)
    found = [r for q in seen.quantities if (r := _about(seen, q, released, words, memory)) is not None]
    if row:
        found = _as_row(found, seen, memory)
    _remember(memory, seen)
    return tuple(found), tuple(p for p in periods if p.miscounted)


def _remember(memory: Memory, seen: _Sentence) -> None:
    subjects = seen.of(INDICATOR, OTHER_SUBJECT)
    if subjects:
        memory.indicators = subjects[-1].ids if subjects[-1].kind == INDICATOR else ()
        memory.other = "" if subjects[-1].kind == INDICATOR else subjects[-1].text
    if areas := seen.of(AREA):
        memory.areas = areas[-1].ids
    dated = [p for p in seen.periods if p.options or p.months]
    if dated:
        memory.later = dated[0]


def _about(s: _Sentence, q: Quantity, released: ClearedContent, words: Vocabulary, memory: Memory) -> Reading | None:
    """Return what one number says; None if it is not about an indicator."""
    subject = _subject(s, q, words, memory)
    if s.row and memory.table:
        in_table = Mention(0, 0, INDICATOR, "", memory.table)
        subject = in_table if _parts(s, q, in_table, words) else subject
    units = {released.content.indicators[i].unit for i in subject.ids} if subject and subject.kind == INDICATOR else set()
    kind, direction = _kind(s, q, units, words, subject)
    if not kind or subject is None or (not s.row and _is_aim(s, q, kind)):
        return None
    areas, other_place = _area(s, q, memory)
    reading = Reading(q, kind, subject.ids, areas, direction=direction, other="" if subject.kind == INDICATOR else subject.text)  # fmt: skip
    if other_place and not reading.other:
        reading = replace(reading, other=other_place)
    if kind == SHARE:
        if (shared := _shares(s, q, reading, released)) is None:
            return None
        reading = shared
    reading = replace(reading, parts=_parts(s, q, subject, words))
    is_base = kind == LEVEL and bool(_BASE_STRICT.search(_clean(s.text[: q.start])) or _goes_to(s, q))
    return _periods(s, q, replace(reading, is_base=is_base), memory)


def _is_aim(s: _Sentence, q: Quantity, kind: str) -> bool:
    """Return True if a number is what somebody wants or expects."""
    before = s.text[: q.start] if q.kind != TIMES else s.text[: q.start] + q.text
    clause = re.split(r"[;:]|, (?:but|and|while|after)\b", before)[-1]
    return kind in (CHANGE, DIFFERENCE) and bool(_AIM.search(clause))


def _goes_to(s: _Sentence, q: Quantity) -> bool:
    """Return True if a number goes to another one: “(10 offences to 13 this year)”."""
    following = next((x for x in s.quantities if x.start >= q.end), None)
    gap = s.text[q.end : following.start] if following else ""
    return bool(re.fullmatch(r"\s*(?:[a-z]+ ){0,2}\s*to\s+(?:just |only )?", gap))


def _clean(before: str) -> str:
    return re.sub(r"\s+", " ", before)


def _subject(s: _Sentence, q: Quantity, words: Vocabulary, memory: Memory) -> Mention | None:
    """Return the indicator, or the subject without figures, that a number is about."""
    named = [m for m in s.of(INDICATOR, OTHER_SUBJECT) if _is_beside(s, q, m)]
    after = [m for m in named if m.start >= q.end]
    before = [m for m in named if m.end <= q.start]
    noun = _noun(s.text[q.end :], words.describing)
    own = [m for m in named if m.kind == INDICATOR and noun in names.stems(m.text)]
    if inside := [m for m in named if q.start <= m.start and m.end <= q.end]:
        return inside[0]
    if noun in names.COUNTED_INSTEAD and not s.row and named:
        own += [m for m in named if any(noun in part for i in m.ids for part in words.parts.get(i, {}).values())]
        if own:
            return own[-1]
        near = next((m for m in after if m.kind == OTHER_SUBJECT), None)
        return near or Mention(named[0].start, named[0].end, OTHER_SUBJECT, f"{noun}s ({named[0].text})")
    if after:
        gap = s.text[q.end : after[0].start]
        between = re.findall(r"[A-Za-z’']+", gap)
        if not re.search(r"[,;:(]", gap) and len(between) <= 4 and all(w.lower() in _FILLERS for w in between):
            return after[0]
        if not re.search(r"[;:]", gap) and len(between) <= 12 and re.search(r"\b(?:in|of|for)\b(?: the| all| total| recorded| reported| overall| both| number of| level of| rate of| reports of| incidents of| non[- ]\w+| its)*\s*$", gap, re.IGNORECASE) and (_MOVES.search(gap) or q.kind in (PERCENT, PER_1000)):  # fmt: skip
            before_words = before[-1] if before else None
            joined = before_words and not _CLAUSE.search(s.text[before_words.end : q.start])
            if not joined or (_MOVES.search(gap) and not re.search(r"\bof\b\s*$|\b(?:to|from)\b", gap)):
                return after[0]
        if len(between) <= 10 and re.search(r"\bof (?:people|residents|those|respondents|adults)\b", gap) and not re.search(r"[;:]", gap):  # fmt: skip
            return after[0]
    if before:
        return before[-1]
    if after:
        return after[0]
    if s.row:
        return Mention(0, 0, INDICATOR, "", memory.table) if memory.table else None
    if not _GOES_ON.match(s.text):
        return None
    if memory.indicators:
        return Mention(0, 0, INDICATOR, "", memory.indicators)
    return Mention(0, 0, OTHER_SUBJECT, memory.other) if memory.other else None


def _is_beside(s: _Sentence, q: Quantity, m: Mention) -> bool:
    """Return True unless a name is in brackets that the number is not in."""
    opened, closed = s.text.rfind("(", 0, m.start), s.text.rfind(")", 0, m.start)
    if opened <= closed:
        return True
    end = s.text.find(")", m.end)
    return opened <= q.start and (end < 0 or q.end <= end)


def _kind(s: _Sentence, q: Quantity, units: set[Unit], words: Vocabulary, subject: Mention | None) -> tuple[str, int]:
    """Return what a number is, and the direction of a change; "" if it is not about the subject."""
    before, after = _clean(s.text[: q.start]), _clean(s.text[q.end :])
    is_own = subject is not None and subject.end > subject.start
    if q.kind == TIMES:
        falls = q.value < 1
        moved = re.search(r"\b(?:doubl|trebl|tripl|quadrupl|halv|fold|twice|times as many|half)", q.text, re.IGNORECASE)
        return (CHANGE, -1 if falls else 1) if moved and is_own and not re.search(r"double[- ](?:decker|check|glaz|sided)", s.text, re.IGNORECASE) else ("", 0)  # fmt: skip
    if q.kind == PER_1000:
        return (RATE, 0) if subject is not None else ("", 0)
    if q.kind == POUNDS:
        return (LEVEL, 0) if Unit.POUNDS in units and is_own else ("", 0)
    if q.kind == PERCENT:
        return _percent(s, q, units, before, after, is_own)
    return _plain(s, q, before, after, words, subject)


def _percent(s: _Sentence, q: Quantity, units: set[Unit], before: str, after: str, is_own: bool) -> tuple[str, int]:
    to_level = bool(re.search(r"\b(?:to|at|from|was|were|than)\s*$", before)) and not re.search(r"\b(?:up|down)\s*$", before)
    is_share_unit = Unit.PERCENT in units
    if is_own and _MADE_UP.search(before):
        return SHARE, 0
    if is_share_unit and to_level:
        return LEVEL, 0
    if re.match(r"^\s*(?:percentage )?points?\b", after) or "point" in q.text or q.text.endswith("pp"):
        return ("", 0)
    if not re.search(r"\bto\s*$", before):
        for pattern, part in ((_BEFORE_CHANGE, before), (_AFTER_CHANGE, after), (_LOOSE_BEFORE, before)):
            if (m := pattern.search(part)) and (is_own or pattern is not _LOOSE_BEFORE):
                return CHANGE, 1 if m["up"] else -1
    if q.signed:
        near = _MOVES.search(before[-40:])
        return CHANGE, q.signed if q.signed < 0 or not (near and near["down"]) else -1
    if is_share_unit and is_own:
        return LEVEL, 0
    if is_own and (_OF.match(after) and _names_whole(s, q) or (_IN.search(q.text) and _subject_follows(s, q))):
        return SHARE, 0
    if s.row and is_own:
        return CHANGE, 1
    if Unit.PERCENT_CHANGE in units and is_own and re.search(r"\bchange of\s*$", before):
        return CHANGE, 1
    return "", 0




def _names_whole(s: _Sentence, q: Quantity) -> bool:
    """Return True if a share is one of an indicator: “30% of all recorded crime”, “a third of the 359 searches”."""
    after = next((m for m in s.of(INDICATOR) if m.start >= q.end), None)
    if after is None:
        return False
    gap = re.findall(r"[A-Za-z’']+", s.text[q.end : after.start])
    return len(gap) <= 7 and all(w.lower() in _FILLERS or w.lower() in ("in", "our", "every", "borough") for w in gap)


def _subject_follows(s: _Sentence, q: Quantity) -> bool:
    """Return True if the name of an indicator follows a share directly: “one in five crimes”."""
    return any(0 <= m.start - q.end <= 12 for m in s.of(INDICATOR))


def _plain(s: _Sentence, q: Quantity, before: str, after: str, words: Vocabulary, subject: Mention | None) -> tuple[str, int]:  # fmt: skip
    if subject is None:
        return "", 0
    is_own = subject.end > subject.start
    if s.row:
        return (LEVEL, 0) if subject.start < q.start else ("", 0)
    gap_is_name = is_own and subject.start >= q.end and all(
        w.lower() in _FILLERS for w in re.findall(r"[A-Za-z’']+", s.text[q.end : subject.start])
    ) and not re.search(r"[,;:(]", s.text[q.end : subject.start])  # fmt: skip
    noun = _noun(after, words.describing)
    is_part = bool(noun) and any(noun in part for i in subject.ids for part in words.parts.get(i, {}).values())
    is_noun = noun in _GENERIC or noun in words.nouns or (is_own and (noun in _LOOSE or is_part))
    if not (gap_is_name or is_noun or (is_own and not noun and _LEVEL_BEFORE.search(before) and subject.end <= q.start)):
        return "", 0
    if not is_own and not (noun in _GENERIC or noun in words.nouns):
        return "", 0
    if m := _MORE.match(after):
        return DIFFERENCE, 1 if m["up"] else -1
    if (m := _CHANGE_OF.search(before)) and (w := _MOVES.search(m[0])):
        return DIFFERENCE, 1 if w["up"] else -1
    return LEVEL, 0


def _noun(after: str, describing: frozenset[str]) -> str:
    """Return the stemmed noun that a number counts, without the words `describing` it; "" if a preposition, verb or the end of the clause follows."""
    m = re.match(r"^\s*((?:[A-Za-z][\w’'-]* ?){0,5})", after)
    stopped = frozenset("in on to from for during across over between against compared than by and or was were is are as this last since until up down while with at per which who that when after before within of the year had have has it but a so if year".split())  # fmt: skip
    for word in m[1].split() if m and m[1] else []:
        low, stemmed = word.lower(), names.stem(word)
        if low in stopped:
            return ""
        if stemmed in _GENERIC or stemmed in _LOOSE or low not in _FILLERS and stemmed not in describing:
            return stemmed
    return ""


def _area(s: _Sentence, q: Quantity, memory: Memory) -> tuple[tuple[str, ...], str]:
    """Return the codes of the area that a number is about, or the name of a place without figures."""
    named = s.of(AREA, OTHER_PLACE)
    after = [m for m in named if m.start >= q.end]
    before = [m for m in named if m.end <= q.start]
    following = next((x.start for x in s.quantities if x.start >= q.end), len(s.text))
    chosen = None
    if after and after[0].start < following and not _CLAUSE.search(s.text[q.end : after[0].start]):
        gap = s.text[q.end : after[0].start]
        if not re.search(r"\b(?:than|compared|against|from)\b", gap):
            chosen = after[0]
    if chosen is None and before:
        chosen = before[-1]
    if chosen is None and after and not re.search(r"\b(?:than|compared|against)\b", s.text[q.end : after[0].start]):
        chosen = after[0]
    if chosen is None or chosen.kind == AREA:
        unknown = _unknown_place(s, q, chosen)
        if unknown:
            return (), unknown
    if chosen is None:
        return memory.areas, ""
    return (chosen.ids, "") if chosen.kind == AREA else ((), chosen.text)


_PLACE = re.compile(r"\b(?:in|across|around) ((?:[A-Z][a-z]+)(?:[ -](?:and |upon |on )?[A-Z][a-z]+)*)")
_NO_PLACE = frozenset("january february march april may june july august september october november december spring summer autumn winter police council safer community priority total violence domestic knife gun hate our the london covid".split())  # fmt: skip


def _unknown_place(s: _Sentence, q: Quantity, known: Mention | None) -> str:
    """Return the name of a place that a sentence names near a number and that is none of ours; "" if there is none."""
    for m in _PLACE.finditer(s.text):
        start, end = m.span(1)
        if any(x.start < end and start < x.end for x in s.mentions) or m[1].split()[0].lower() in _NO_PLACE:
            continue
        if known is None or abs(start - q.start) < abs(known.start - q.start):
            return m[1]
    return ""


def _shares(s: _Sentence, q: Quantity, reading: Reading, released: ClearedContent) -> Reading | None:
    """Return a share with its part and its whole; None if the sentence does not name both."""
    named = s.of(INDICATOR)
    after = [m for m in named if m.start >= q.end]
    before = [m for m in named if m.end <= q.start]
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


def _parts(s: _Sentence, q: Quantity, subject: Mention, words: Vocabulary) -> tuple[tuple[str, str], ...]:
    """Return the part of each breakdown that a sentence names near a number, such as a strand of hate crime.

    Pairs of an indicator and its part; empty if no part is named.
    """
    if re.search(r"\d[^.;]{0,20} of (?:the|all|these) *$", s.text[: q.start]):
        return ()  # the whole that a part is of: “117 of the 359 searches”
    close = s.text.split("\t")[0] if s.row else f"{s.text[max(0, subject.start - 40) : subject.end + 40]} {s.text[q.end : q.end + 50]}"
    near = names.stems(close)
    found = []
    for name in subject.ids:
        parts = words.parts.get(name, {})
        named = [p for p, stem in parts.items() if stem and any(near[n : n + len(stem)] == stem for n in range(len(near)))]
        if named:
            found.append((name, max(named, key=len)))
    return tuple(found)


def _periods(s: _Sentence, q: Quantity, reading: Reading, memory: Memory) -> Reading:
    """Return a reading with the periods that its sentence, or the one before, states for it."""
    base, other = [], []
    for p in s.periods:
        if not (p.options or p.months or p.year_before):
            continue
        before = _clean(s.text[: p.start])
        is_from = bool(re.search(r"\bfrom\s*$", before)) and reading.kind in (CHANGE, DIFFERENCE)
        lead = p.text.lower().split(" ")[0]
        marked = _PERIOD_BASE.search(before) or lead in ("since", "than") or (p.year_before)
        if re.search(r"\b(?:on|over)\s*$", before) and not p.year_before and not is_from:
            marked = bool(re.search(r"\bon\s*$", before)) and reading.kind in (CHANGE, DIFFERENCE)
        if re.search(r"\bfrom\s*$", before) and not is_from:
            marked = False
        (base if marked else other).append(p)
    year_before = any(p.year_before for p in base)
    base_options = tuple(o for p in base if p.options for o in p.options)
    if reading.is_base or (reading.kind == LEVEL and base and _is_nearest(s, q, base)):
        beside = [p for p in (*base, *other) if p.options and 0 <= p.start - q.end <= _BESIDE and p.start < _next(s, q)]
        own = beside[0] if beside else None if year_before else next((p for p in base if p.options), None)
        later = _nearest(s, q, [p for p in other if p is not own], False) or (None if own or other else memory.later)
        return replace(
            reading, is_base=True, later=later.options if later else (), base=own.options if own else (),
            months=later.months if later else 0, year_before=True, period_words=own.text if own else "",
        )  # fmt: skip
    own = _nearest(s, q, other, False)
    if own is None and reading.quantity and not s.row:
        own = memory.later
    return replace(
        reading, later=own.options if own and not own.months else (own.options if own and own.options else ()),
        months=own.months if own else 0, base=base_options, year_before=year_before, period_words=own.text if own else "",
    )  # fmt: skip


def _next(s: _Sentence, q: Quantity) -> int:
    """Return where the next number begins, or the end of the sentence."""
    return next((x.start for x in s.quantities if x.start >= q.end), len(s.text))


def _is_nearest(s: _Sentence, q: Quantity, base: list[NamedPeriod]) -> bool:
    """Return True if a number is directly followed by the period of a comparison: “826 in the year before”."""
    return any(0 <= p.start - q.end <= 3 and p.year_before for p in base) or any(0 <= p.start - q.end <= 22 and re.fullmatch(r"\s*(?:\w+ ?){0,2}(?:in|for|during|the)?\s*", s.text[q.end : p.start]) and not _MOVES.search(s.text[max(0, q.start - 12) : q.end]) and len(s.quantities) > 1 and _BASE.search(_clean(s.text[: q.start])) is not None for p in base)  # fmt: skip


def _nearest(s: _Sentence, q: Quantity, periods: list[NamedPeriod], strict: bool) -> NamedPeriod | None:
    """Return the period that belongs to a number: the one that follows before the next number, or the last before it."""
    if not periods:
        return None
    following = next((x.start for x in s.quantities if x.start >= q.end), len(s.text))
    after = [p for p in periods if q.end <= p.start < following and not _CLAUSE.search(s.text[q.end : p.start])]
    if after:
        return after[0]
    before = [p for p in periods if p.end <= q.start]
    if before:
        return before[-1]
    later = [p for p in periods if p.start >= q.end]
    return later[0] if later else None


_CELL = re.compile(r"[\s*£+−–-]*\d[\d,.]*\s*%?[\s*]*")


def _as_row(found: list[Reading], s: _Sentence, memory: Memory) -> list[Reading]:
    """Return the readings of a row of a table; one that has periods and no counts is remembered as its header.

    A number must be alone in its cell. Its period is that of its column; a column without one (a total) is not read if
    others have one. A row of an earlier count, a later count and their change needs no header.
    """
    ends = [m.start() for m in re.finditer("\t", s.text)]

    def column(place: int) -> int:
        return sum(e < place for e in ends)

    cells = s.text.split("\t")
    dated = {column(p.start): p for p in s.periods if p.options and "total" not in cells[column(p.start)].lower()}
    if len(dated) > 1 and not [q for q in s.quantities if _CELL.fullmatch(_cell(s, q))]:
        subjects = s.of(INDICATOR)
        memory.columns, memory.table = dated, subjects[0].ids if subjects else ()
        return []
    if len([w for w in names.stems(cells[0]) if w not in _FILLERS and not any(w in names.stems(m.text) for m in s.mentions)]) > 2:
        return []
    alone = [r for r in found if _CELL.fullmatch(_cell(s, r.quantity))]
    if memory.columns:
        return [
            replace(r, later=memory.columns[c].options, base=(), months=0, year_before=False, is_base=False, period_words=memory.columns[c].text)
            for r in alone if (c := column(r.quantity.start)) in memory.columns and (r.parts or r.indicators != memory.table)
        ]  # fmt: skip
    if [r.kind for r in alone] == [LEVEL, LEVEL, CHANGE]:
        return [replace(alone[0], is_base=True, year_before=True, base=()), *alone[1:]]
    return [r for r in alone if not r.other]


def _cell(s: _Sentence, q: Quantity) -> str:
    start = s.text.rfind("\t", 0, q.start) + 1
    end = s.text.find("\t", q.end)
    return s.text[start : end if end >= 0 else len(s.text)]
