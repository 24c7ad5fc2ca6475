"""Check every number about an indicator in a text against the published figures.

The answers follow the Standards for the Public Use of Statistics, Data and Wider Analysis, which are part of the Code of
Practice for Statistics: a number in public has a source that everyone can look up, is up to date, has its context, and
is not selected so that it misleads. Everything is rules and a search in the figures; nothing leaves this computer.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from fractions import Fraction
from itertools import product

from portal.analysis import claims, measures
from portal.core import periods
from portal.core.model import Observation
from portal.core.text import number
from portal.core.vocabulary import ClaimKind, Outcome, Unit
from portal.disclosure.clearing import ClearedContent
from portal.quotes import figures, names, reading, wording
from portal.quotes.figures import Figures, Pair, Shown
from portal.quotes.sentences import CHANGE, DIFFERENCE, LEVEL, RATE, SHARE, Context, Memory, NumberReading


class Judgement(StrEnum):
    """What the checker says about a number."""

    RIGHT = "right"
    OUT_OF_DATE = "out of date"
    ACROSS_BREAK = "right, but across a break"
    CHOSEN_PERIOD = "right, but a chosen period"
    NO_SOURCE = "no source"
    WRONG = "wrong"


@dataclass(frozen=True)
class CheckedNumber:
    """What the checker says about one number in a text.

    `paragraph` counts the lines with text, from 1. `start` and `end` are the place of the number in `sentence`. `message`
    says why, with the figure. `advice` says what to write instead, and is empty if the number is right. `indicator` is
    the id of the indicator, and `source` the title and place of the source of the figure; empty if there is none.
    """

    paragraph: int
    sentence: str
    start: int
    end: int
    outcome: Judgement
    message: str
    advice: str = ""
    indicator: str = ""
    source: str = ""

    @property
    def quoted(self) -> str:
        """Return the number as the text has it."""
        return self.sentence[self.start : self.end].strip()


@dataclass(frozen=True)
class _Answer:
    """The answer of one indicator, before the best of several is chosen."""

    outcome: Judgement
    message: str
    advice: str = ""
    indicator: str = ""
    figure: Observation | None = None
    withheld: bool = False


# The best answer first. A number that two indicators of the same name can mean is right if one of them has it.
_RANK = (
    Judgement.RIGHT,
    Judgement.ACROSS_BREAK,
    Judgement.CHOSEN_PERIOD,
    Judgement.OUT_OF_DATE,
    Judgement.WRONG,
    Judgement.NO_SOURCE,
)
_RECENT = 2  # years in which a change that is quoted now can have been the newest one
_OLD = 400  # days; figures that much older than others of the same name are those of an old report
_WITHHELD = "We do not publish this figure, to protect people."
_LEAVE_OUT = "Take the number out, or use the figure for a larger area or a longer period."
_SENTENCE_END = re.compile(r"(?<=[.!?])[”\"’)\]*]*\s+(?=[“\"‘(*A-Z0-9])")
_NO_END = re.compile(r"\b(?:c|approx|e\.g|i\.e|no|cllr|mr|mrs|dr|st|vs|inc|pp?)\.$", re.IGNORECASE)
_MARKUP = re.compile(r"\*\*|__|</?[a-z][^<>]{0,40}>|\\(?=\*)", re.IGNORECASE)
_LONGEST_CELL, _LONGEST_HEADING = 60, 80  # characters; a longer cell is prose
_BULLET = re.compile(r"^[\s\-•*□–>#\d.)(]{1,8}(?=[A-Za-z£])")


def check(text: str, released: ClearedContent, on: date | None = None) -> tuple[CheckedNumber, ...]:
    """Return a finding for each number about an indicator, in the order of the text.

    `on` is the day on which the text was or will be published, today if None: only figures up to that day count. Each
    line is a paragraph; a line with tabs or `|` is a row of a table.
    """
    context = Context(released, names.vocabulary(released), Memory(), on or periods.today())
    return tuple(f for n, line in _lines(text) for f in _of_line(n, line, context))


def _lines(text: str) -> Iterator[tuple[int, str]]:
    plain = _MARKUP.sub("", text.replace("\\pounds", "£").replace("(s)", "s"))
    lines = [" ".join(line.split(" ")).strip() for line in plain.splitlines()]
    return enumerate((line for line in lines if line), 1)


def _of_line(n: int, line: str, context: Context) -> Iterator[CheckedNumber]:
    memory, released = context.memory, context.released
    cells = [c.strip() for c in re.split(r"\t|\|", line.strip("|"))]
    is_row = len(cells) > 1 and all(len(c) < _LONGEST_CELL for c in cells)
    is_heading = not is_row and len(line) < _LONGEST_HEADING and not re.search(r"[.!?:;,]$", line)
    if not is_row and not memory.heading:
        memory.forget()
    parts = [" \t ".join(cells)] if is_row else [s for c in cells for s in _sentences(c)]
    for sentence in parts:
        found, miscounted = reading.read(sentence, context, is_row)
        answers = [(r, _judged(released, r, context.on)) for r in found]
        for r, answer in _reckoned(answers):
            yield _finding(n, sentence, r, answer, released)
        for p in miscounted:
            message = f"“{p.text}” is {p.miscounted} months."
            yield CheckedNumber(
                n, sentence, p.start, p.end, Judgement.WRONG, message, "Correct the months or their number."
            )
    memory.heading = is_heading or is_row


def _sentences(line: str) -> list[str]:
    parts: list[str] = []
    for part in _SENTENCE_END.split(line):
        if parts and _NO_END.search(parts[-1]):
            parts[-1] += f" {part}"
        else:
            parts.append(part)
    return [
        _BULLET.sub(lambda m: " " * len(m[0]) if re.search(r"\d", m[0]) is None else m[0], p) for p in parts
    ]


def _finding(
    n: int, sentence: str, r: NumberReading, answer: _Answer, released: ClearedContent
) -> CheckedNumber:
    source = ""
    if answer.figure is not None and answer.figure.source in released.content.sources:
        source = f"{released.content.sources[answer.figure.source].title}: {answer.figure.locator}"
    return CheckedNumber(
        n, sentence, r.quantity.start, r.quantity.end, answer.outcome, answer.message, answer.advice,
        answer.indicator, source,
    )  # fmt: skip


def _judged(released: ClearedContent, r: NumberReading, on: date) -> _Answer:
    """Return the best answer of the indicators and areas that a reading can mean."""
    if r.other:
        return _Answer(
            Judgement.NO_SOURCE,
            f"We publish no figures about {r.other}.",
            "Name the source of the number, or take it out.",
        )
    areas = r.areas or (released.area,)
    if len(areas) > 1 and names.is_ward(released.content, areas[0]):
        areas = _valid(released, areas, r.later[0][1] if r.later else on)
    parts = dict(r.parts) or dict.fromkeys(r.indicators, "")
    options = [
        k
        for i, a in product(r.indicators, areas)
        if i in parts and (k := Figures(released, i, a, parts[i], on)).known
    ]
    newest = max((k.age for k in options), default=date.min)
    answers = [a for k in options if (a := _dated(_judge(k, r), k, r, newest)) is not None]
    if hidden := next((a for a in answers if a.withheld), None):
        return hidden
    if not answers:
        return _none(released, r, areas, on)
    if (known_error := _contradicted(released, r)) is not None:
        return known_error
    best = min(answers, key=lambda a: _RANK.index(a.outcome))
    if best.outcome in (Judgement.WRONG, Judgement.OUT_OF_DATE):
        same = [a for a in answers if a.outcome == best.outcome]
        best = max(same, key=lambda a: (a.figure.period_end or date.min) if a.figure else date.min)
    return best


def _contradicted(released: ClearedContent, r: NumberReading) -> _Answer | None:
    """Return the answer about a number of a document that its own figures contradict; None if there is no such claim."""
    if r.kind != LEVEL:
        return None
    for claim in released.content.claims:
        if (
            claim.indicator in r.indicators
            and claim.kind == ClaimKind.VALUE
            and claim.stated == r.quantity.value
        ):
            verdict = claims.judge(released, claim)
            if verdict.outcome == Outcome.DIFFERS:
                figure = next((o for o in released.content.observations[claim.indicator] if (o.area, o.period_end) == (claim.area, claim.period_end)), None)  # fmt: skip
                words = f"{claim.statement} But {verdict.working}."
                return _Answer(
                    Judgement.WRONG, words, "Ask which of the two is right.", claim.indicator, figure
                )
    return None


def _dated(answer: _Answer | None, known: Figures, r: NumberReading, newest: date) -> _Answer | None:
    """Return an answer from the figures of an old report as what it is: out of date if a text of now quotes it."""
    if answer is None or answer.withheld or r.later or r.base or (newest - known.age).days < _OLD:
        return answer
    if answer.outcome in (Judgement.RIGHT, Judgement.CHOSEN_PERIOD, Judgement.ACROSS_BREAK):
        return replace(answer, outcome=Judgement.OUT_OF_DATE, message=f"There are newer figures. {answer.message}", advice="Use the newest figure, or say which period you mean.")  # fmt: skip
    return answer if answer.outcome == Judgement.OUT_OF_DATE else None


def _valid(released: ClearedContent, areas: Sequence[str], day: date) -> tuple[str, ...]:
    content = released.content
    fit = tuple(
        a
        for a in areas
        if (content.areas[a].valid_from or date.min) <= day <= (content.areas[a].valid_to or date.max)
    )
    return fit or tuple(areas)


def _none(released: ClearedContent, r: NumberReading, areas: Sequence[str], on: date) -> _Answer:
    """Return the answer if no figure exists for what the text says."""
    indicator = released.content.indicators[r.indicators[0]]
    where = released.content.areas[areas[0]].name
    when = f" for {r.period_words}" if r.period_words else ""
    parts = dict(r.parts)
    newest = next(
        (
            s
            for i in r.indicators
            for a in areas
            if (s := Figures(released, i, a, parts.get(i, ""), on).newest())
        ),
        None,
    )
    advice = "Name the source of the number, or take it out."
    if newest is not None and newest.value is not None:
        advice = f"The newest figure is {wording.said(released, newest.o)}."
    return _Answer(Judgement.NO_SOURCE, f"We publish no such figure about {indicator.short_title} in {where}{when}.", advice, indicator.id)  # fmt: skip


def _judge(known: Figures, r: NumberReading) -> _Answer | None:
    """Return the answer of one indicator and area; None if it has no figure that the text can mean."""
    if r.kind == LEVEL:
        return _level(known, r)
    if r.kind == RATE:
        return _rate(known, r)
    if r.kind == SHARE:
        return _share(known, r)
    if known.unit == Unit.PERCENT_CHANGE:
        return _printed_change(known, r)
    return _change(known, r) if known.unit in (Unit.COUNT, Unit.POUNDS, Unit.PERCENT) else None


# --- levels


def _pairs(known: Figures, r: NumberReading, base: Sequence[figures.Span]) -> Iterator[Pair]:
    return figures.pairs(
        known, r.later, base, r.months, figures.Before(r.just_before, r.years_before, r.base_year)
    )


def _candidates(known: Figures, r: NumberReading) -> list[Shown]:
    """Return the figures that a level can be, the likeliest first."""
    if r.is_base and not r.base:
        return [p.base for p in _pairs(known, r, ())]
    spans = known.spans(r.base if r.is_base else r.later)
    dated = [s for span in spans if (s := known.during(*span))]
    if r.is_base and not dated and spans:
        dated = [p.base for p in figures.pairs(known, r.later, spans, r.months)]
    if dated or (spans and not r.months):
        return dated
    return [*known.all_newest(r.months), *known.undated]


def _level(known: Figures, r: NumberReading) -> _Answer | None:
    if known.unit in (Unit.PERCENT_CHANGE, Unit.PER_1000) or (known.unit == Unit.PERCENT) != (
        r.quantity.kind == "percent"
    ):
        return None
    found = _candidates(known, r)
    if figures.withheld(found[:1]):
        return _hidden(known)
    numbers = [s for s in found if s.value is not None]
    if not numbers:
        return None
    fitting = next((s for s in numbers if s.value is not None and r.fits(s.value, s.days)), None)
    if fitting is not None:
        return _right(known, r, fitting)
    main = numbers[0]
    for shown in numbers:
        if any(r.fits(v, shown.days) for v in known.earlier_values(shown)):
            return _Answer(Judgement.OUT_OF_DATE, f"This was the figure before it was revised. It is {wording.said(known.released, shown.o)}.", f"Write {wording.written(known, shown.o)}.", known.indicator, shown.o)  # fmt: skip
    undated = (r.months > 0 or not (r.base if r.is_base else r.later)) and not (r.is_base and r.later)
    if undated and not r.is_base:
        old = next((s for s in known.older(12 if r.per_days else r.months) if s.value is not None and not s.withheld and r.fits(s.value, s.days)), None)  # fmt: skip
        if old is not None:
            return _Answer(Judgement.OUT_OF_DATE, f"This is the figure for {wording.when(known, old.o)}. The newest is {wording.said(known.released, main.o)}.", f"Write {wording.written(known, main.o)}, or say which period you mean.", known.indicator, main.o)  # fmt: skip
    return _Answer(Judgement.WRONG, f"The figure is {wording.said(known.released, main.o)}{wording.average(r, main)}.", f"Write {wording.written(known, main.o)}.", known.indicator, main.o)  # fmt: skip


def _right(known: Figures, r: NumberReading, shown: Shown) -> _Answer:
    note = f"{wording.said(known.released, shown.o)}{wording.average(r, shown)}."
    if not (r.later or r.base or r.months or r.is_base):
        note += " Say which period it is for."
    return _Answer(Judgement.RIGHT, note, "", known.indicator, shown.o)


def _hidden(known: Figures) -> _Answer:
    return _Answer(Judgement.NO_SOURCE, _WITHHELD, _LEAVE_OUT, known.indicator, None, withheld=True)


# --- rates and shares


def _rate(known: Figures, r: NumberReading) -> _Answer | None:
    if known.unit == Unit.PER_1000:
        shown = [*known.undated, *known.all_newest(r.months)]
        return _compare(known, r, [(s, s.value) for s in shown if s.value is not None])
    found = _candidates(known, r)
    if figures.withheld(found[:1]):
        return _hidden(known)
    rates = [
        (s, Fraction(rate.value))
        for s in found
        if s.value is not None and (rate := measures.rate(known.released, s.o))
    ]
    answer = _compare(known, r, rates)
    if answer is not None and answer.outcome == Judgement.WRONG and not r.later:
        for s in known.older(r.months or 12):
            rate = measures.rate(known.released, s.o) if s.value is not None else None
            if rate and r.quantity.fits(Fraction(rate.value)):
                return replace(answer, outcome=Judgement.OUT_OF_DATE, message=f"This is the rate for {wording.when(known, s.o)}. {answer.message}")  # fmt: skip
    return answer


def _compare(known: Figures, r: NumberReading, options: Sequence[tuple[Shown, Fraction]]) -> _Answer | None:
    """Return right or wrong for a rate or share computed from figures; None if there is none."""
    if not options:
        return None
    fitting = next(((s, v) for s, v in options if r.quantity.fits(v)), None)
    shown, value = fitting or options[0]
    unit = "%" if r.kind == SHARE else " per 1,000 people"
    said = f"{number(measures.rounded(value, 1))}{unit} in {wording.when(known, shown.o)}"
    if fitting:
        return _Answer(Judgement.RIGHT, f"{said}.", "", known.indicator, shown.o)
    return _Answer(Judgement.WRONG, f"The figure is {said}.", f"Write {number(measures.rounded(value, 1))}{unit}.", known.indicator, shown.o)  # fmt: skip


def _share(known: Figures, r: NumberReading) -> _Answer | None:
    """Compare a share of one figure in another with both, over the same period."""
    options: list[tuple[Shown, Fraction]] = []
    older: list[tuple[Shown, Fraction]] = []
    for whole in r.whole:
        rest = Figures(known.released, whole, known.area, "", known.on)
        if whole == known.indicator and not known.part:
            continue
        if not rest.known and known.part:
            rest = replace(rest, indicator=known.indicator)
        for s in _candidates(known, r):
            if (
                s.o.period_start
                and s.o.period_end
                and (all_ := rest.during(s.o.period_start, s.o.period_end))
            ):
                if s.withheld or all_.withheld:
                    return _hidden(known)
                if s.value is not None and all_.value:
                    options.append((s, s.value / all_.value * 100))
        for s in known.older(12) if not r.later else ():
            all_ = (
                rest.during(s.o.period_start, s.o.period_end) if s.o.period_start and s.o.period_end else None
            )
            if s.value is not None and all_ and all_.value:
                older.append((s, s.value / all_.value * 100))
    answer = _compare(known, r, options)
    if answer is not None and answer.outcome == Judgement.WRONG:
        old = next((s for s, v in older if r.quantity.fits(v)), None)
        if old is not None:
            return replace(answer, outcome=Judgement.OUT_OF_DATE, message=f"This is the share for {wording.when(known, old.o)}. {answer.message}")  # fmt: skip
    return answer


# --- changes


def _signed(r: NumberReading, pair: Pair) -> bool:
    """Return True if a number can stand for the change between two figures, with its direction."""
    if r.kind == DIFFERENCE:
        true = pair.difference
    elif r.quantity.kind == "times":
        true = (
            pair.later.value / pair.base.value if pair.later.value is not None and pair.base.value else None
        )
        return true is not None and r.quantity.fits(true)
    else:
        true = pair.percent
    return true is not None and r.quantity.fits(true * r.direction if r.direction else true)


def _change(known: Figures, r: NumberReading) -> _Answer | None:
    if known.unit == Unit.PERCENT and r.kind == CHANGE:
        return None
    options = list(_pairs(known, r, () if r.year_before else r.base))
    if any(p.withheld for p in options[:1]):
        return _hidden(known)
    computed = [p for p in options if p.difference is not None and not p.withheld]
    if not computed:
        return None
    fitting = next((p for p in computed if _signed(r, p)), None)
    if fitting is not None:
        return _fitting_change(known, r, fitting)
    main = computed[0]
    if not r.later:
        old = next(
            (p for p in figures.earlier_pairs(known, r.months, _RECENT) if not p.withheld and _signed(r, p)),
            None,
        )
        if old is not None and not r.base:
            return _Answer(Judgement.OUT_OF_DATE, f"This is the change to {wording.when(known, old.later.o)}. The newest: {wording.moved(known, main)}.", f"Write {wording.movement(known, r, main)}.", known.indicator, main.later.o)  # fmt: skip
    cut = figures.between(main, known)
    return _Answer(Judgement.WRONG, f"The figures say: {wording.moved(known, main)}.", "Do not compare them: recording changed." if cut else f"Write {wording.movement(known, r, main)}.", known.indicator, main.later.o)  # fmt: skip


def _fitting_change(known: Figures, r: NumberReading, pair: Pair) -> _Answer:
    """Return the answer about a change that the figures confirm: right, across a break, or between chosen periods."""
    if cut := figures.between(pair, known):
        return _Answer(Judgement.ACROSS_BREAK, f"{wording.moved(known, pair)}. But {cut.title[:1].lower()}{cut.title[1:]} ({periods.day(cut.date)}), so the two cannot be compared.", "Do not compare them, or compare only figures after the break.", known.indicator, pair.later.o)  # fmt: skip
    if (usual := figures.fairer(pair, known)) is not None:
        return _Answer(Judgement.CHOSEN_PERIOD, f"{wording.moved(known, pair)}. The picture over the last 12 months is different: {wording.moved(known, usual)}.", "Give the change over the last 12 months, or both.", known.indicator, pair.later.o)  # fmt: skip
    return _Answer(Judgement.RIGHT, f"{wording.moved(known, pair)}.", "", known.indicator, pair.later.o)


def _printed_change(known: Figures, r: NumberReading) -> _Answer | None:
    """Compare a change with the changes that a document printed without the figures behind them."""
    if r.kind != CHANGE or ((r.base or r.later) and not known.last):
        return None
    shown = [Shown(o) for o in known.known]
    if figures.withheld(shown[:1]):
        return _hidden(known)
    values = [(s, s.value) for s in shown if s.value is not None]
    if not values:
        return None
    for s, v in values:
        if v is not None and r.quantity.fits(v * r.direction if r.direction else v):
            note = next((f" But see: {d.title}." for d in known.released.content.disagreements if d.indicator == known.indicator), "")  # fmt: skip
            return _Answer(
                Judgement.RIGHT, f"{wording.said(known.released, s.o)}.{note}", "", known.indicator, s.o
            )
    return _Answer(Judgement.WRONG, f"The figure is {wording.said(known.released, values[-1][0].o)}.", f"Write {wording.written(known, values[-1][0].o)}.", known.indicator, values[-1][0].o)  # fmt: skip


def _reckoned(answers: Sequence[tuple[NumberReading, _Answer]]) -> Iterator[tuple[NumberReading, _Answer]]:
    """Yield the answers, and call a change wrong that does not follow from the two counts beside it."""
    for n, (r, answer) in enumerate(answers):
        counts = [x.quantity.value for x, _ in answers[:n] if x.kind == LEVEL and x.indicators == r.indicators and x.quantity.kind == "plain"][-2:]  # fmt: skip
        after = [x.quantity.value for x, _ in answers[n + 1 :] if x.kind == LEVEL and x.indicators == r.indicators and x.quantity.kind == "plain"][:2]  # fmt: skip
        both = counts if len(counts) == 2 else after
        is_pair = len(both) == 2 and any(x.is_base for x, _ in answers) and r.kind == CHANGE
        if not is_pair or answer.withheld or r.quantity.kind != "percent" or not r.indicators:
            yield r, answer
            continue
        base_first = next(
            (x.is_base for x, _ in answers if x.kind == LEVEL and x.quantity.value == both[0]), True
        )
        old, new = both if base_first else both[::-1]
        true = (new - old) / old * 100 if old else None
        if (
            true is None
            or r.quantity.fits(true * r.direction if r.direction else true)
            or r.quantity.fits(abs(true))
        ):
            yield r, answer
            continue
        exact = number(measures.rounded(true, 1), signed=True)
        message = (
            f"From {number(measures.rounded(old, 0))} to {number(measures.rounded(new, 0))} is {exact}%."
        )
        if (
            answer.outcome in (Judgement.RIGHT, Judgement.ACROSS_BREAK, Judgement.CHOSEN_PERIOD)
            and r.quantity.value
        ):
            message += f" {answer.message}"
        yield (
            r,
            _Answer(
                Judgement.WRONG, message, "Correct the change or the counts.", answer.indicator, answer.figure
            ),
        )
