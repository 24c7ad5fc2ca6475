"""Check whether a document agrees with its own figures by recomputing what it states about them.

Figures of another document say nothing about that, so a claim about them cannot be checked.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import chain

from portal.analysis import significance
from portal.analysis.measures import breaks_of, rounded, series, spread_of, tiles
from portal.core import periods
from portal.core.model import Claim, Observation
from portal.core.targets import outcome_of as outcome_of  # noqa: PLC0414 - pages take it from here
from portal.core.text import MARKERS, amount
from portal.core.vocabulary import ADDABLE_UNITS, ClaimKind, Outcome, Unit
from portal.disclosure.clearing import ClearedContent

_WAYS = {1: "a rise", 0: "no change", -1: "a fall"}
_NOT_PRINTED = "The document does not print the figures behind it."
_NO_PERIOD = "The document does not say for which period it is."
_MISSING = "One of the figures behind it is missing."


@dataclass(frozen=True)
class Verdict:
    """The result of checking a claim, with the working in words.

    `recomputed` is rounded to the decimals that the document prints; None if there is no number.
    """

    claim: Claim
    outcome: Outcome
    recomputed: Decimal | None
    working: str


def verdicts(released: ClearedContent, indicator: str = "") -> tuple[Verdict, ...]:
    """Return the verdict on every claim, or on every claim about `indicator` if given."""
    return tuple(judge(released, c) for c in released.content.claims if indicator in ("", c.indicator))


def judge(released: ClearedContent, claim: Claim) -> Verdict:
    """Recompute what a document states from the figures that it prints.

    The two agree if the recomputed number, rounded to the decimals that the document prints, is the stated one. A half
    can be rounded either way. Figures that a break in series separates are not compared.
    """
    unit = (
        "percent-change"
        if claim.kind.startswith("change-percent")
        else released.content.indicators[claim.indicator].unit
    )
    if claim.kind == ClaimKind.DIRECTION:
        return _judge_direction(released, claim)
    if claim.kind in (ClaimKind.RANK, ClaimKind.COMPARISON):
        return Verdict(claim, Outcome.UNCHECKED, None, "The printed figures are not enough to check it.")
    undated = claim.period_start is None and claim.kind != ClaimKind.TOTAL
    if undated or claim.stated is None or claim.decimals is None:
        return Verdict(claim, Outcome.UNCHECKED, None, _NOT_PRINTED)
    result = _exactly(released, claim)
    if isinstance(result, str):
        return Verdict(claim, Outcome.UNCHECKED, None, result)
    exact, working = result
    half = Fraction(1, 2 * 10**claim.decimals)
    agrees = abs(exact - Fraction(claim.stated)) <= half
    recomputed = rounded(exact, claim.decimals)
    # If a half was rounded the other way, show the half.
    shown = rounded(exact, claim.decimals + 1) if agrees and recomputed != claim.stated else recomputed
    words = working if claim.kind == ClaimKind.VALUE else f"{working} {amount(shown, unit)}"
    return Verdict(claim, Outcome.AGREES if agrees else Outcome.DIFFERS, recomputed, words)


def _judge_direction(released: ClearedContent, claim: Claim) -> Verdict:
    """Judge whether figures moved as a document says, by the two figures or by the sign of a printed change.

    Whether a change could be chance is a separate question. But if a document says that nothing changed, a change in a
    count that is no larger than chance agrees.
    """
    if claim.base_period_start is None:
        return _judge_sign(released, claim)
    pair = _pair(released, claim.indicator, claim)
    if isinstance(pair, str) or claim.stated is None:
        return Verdict(claim, Outcome.UNCHECKED, None, pair if isinstance(pair, str) else _NOT_PRINTED)
    earlier, later = pair
    way = (later > earlier) - (later < earlier)
    counts = released.content.indicators[claim.indicator].unit == Unit.COUNT
    steady = claim.stated == 0 and way and counts and _within_chance(released, claim, earlier, later)
    both = f"from {_shown(released, claim.indicator, earlier)} to {_shown(released, claim.indicator, later)}"
    working = f"{both} is no more than normal ups and downs" if steady else f"{both} is {_WAYS[way]}"
    return Verdict(claim, Outcome.AGREES if way == claim.stated or steady else Outcome.DIFFERS, None, working)


def _judge_sign(released: ClearedContent, claim: Claim) -> Verdict:
    """Judge a direction by a change that the document prints; no other single figure can show it."""
    unit = released.content.indicators[claim.indicator].unit
    change = _value(released, claim.indicator, claim, claim.period_start, claim.period_end)
    if isinstance(change, str) or claim.stated is None or unit != Unit.PERCENT_CHANGE:
        return Verdict(claim, Outcome.UNCHECKED, None, _NOT_PRINTED)
    way = (change > 0) - (change < 0)
    working = f"it prints {amount(change, unit)}, which is {_WAYS[way]}"
    return Verdict(claim, Outcome.AGREES if way == claim.stated else Outcome.DIFFERS, None, working)


def _within_chance(released: ClearedContent, claim: Claim, earlier: Decimal, later: Decimal) -> bool:
    """Return True if normal ups and downs can explain the difference; assume independent events if no dispersion is known."""
    spread = spread_of(released, claim.indicator, claim.area)
    dispersion = spread.dispersion if spread else 1.0
    return significance.p_value(int(earlier), int(later), dispersion) >= significance.LEVEL


def _exactly(released: ClearedContent, claim: Claim) -> tuple[Fraction, str] | str:
    """Return the exact recomputed number with the working in words, or the reason why there is none."""
    if claim.kind == ClaimKind.TOTAL:
        return _total(released, claim)
    if claim.kind == ClaimKind.VALUE:
        printed = _value(released, claim.indicator, claim, claim.period_start, claim.period_end)
        if isinstance(printed, str):
            return printed
        words = f"elsewhere the document prints {_shown(released, claim.indicator, printed)}"
        return Fraction(printed), words
    pair = _pair(released, claim.indicator, claim)
    if isinstance(pair, str):
        return pair
    earlier, later = pair
    before, after = (_shown(released, claim.indicator, n) for n in pair)
    words = f"from {before} to {after} is"
    if claim.kind == ClaimKind.CHANGE_PERCENT_WITHOUT:
        other = _pair(released, claim.other_indicator, claim)
        if isinstance(other, str):
            return other
        less, then_less = (_shown(released, claim.other_indicator, n) for n in other)
        words = f"from {before} − {less} to {after} − {then_less} is"
        before, after = f"{before} − {less}", f"{after} − {then_less}"
        earlier, later = earlier - other[0], later - other[1]
    if earlier == 0:
        return f"From {before} to {after}: a percentage change from zero cannot be worked out."
    if earlier < 0:
        return f"From {before} to {after}: a percentage change from a number below zero cannot be worked out."
    return Fraction(later - earlier) / Fraction(earlier) * 100, words


def _shown(released: ClearedContent, indicator: str, value: Decimal) -> str:
    """Return a figure of an indicator with the mark of its unit."""
    return amount(value, released.content.indicators[indicator].unit)


def _total(released: ClearedContent, claim: Claim) -> tuple[Fraction, str] | str:
    """Add up the parts that a document gives a total of: each part once, and each day once.

    Leave out the row for all parts together if there are parts. If a figure is missing, the others can confirm the
    total but not contradict it. Figures from before and after a break in series cannot be added up.
    """
    if released.content.indicators[claim.indicator].unit not in ADDABLE_UNITS:
        return "Percentages and rates cannot be added up."
    known = [
        o
        for o in series(released, claim.indicator, claim.area)
        if claim.part in ("", o.part) and o.source == claim.source
    ]
    if not known:
        return _NOT_PRINTED
    parts = dict.fromkeys(o.part for o in known if o.part) or {"": None}
    by_part = [
        _apart([o for o in known if o.part == part], claim.period_start, claim.period_end) for part in parts
    ]
    figures = [o for pieces, _ in by_part for o in pieces]
    hidden = next((o for o in figures if o.value is None), None)
    if hidden:
        return _no_number(hidden)
    if not figures:
        return _NO_PERIOD if known and claim.period_start is None else _MISSING
    spans = {(o.period_start, o.period_end) for o in figures}
    changed = _recording_changed(released, claim.indicator, chain(*spans)) if len(spans) > 1 else ""
    if changed:
        return f"The figures cannot be added up: {changed}."
    total = sum((o.value for o in figures if o.value is not None), Decimal(0))
    if total != claim.stated and not all(complete for _, complete in by_part):
        return _MISSING
    return Fraction(total), f"{len(figures)} figures add up to"


def _apart(
    known: list[Observation], start: date | None, end: date | None
) -> tuple[tuple[Observation, ...], bool]:
    """Return figures of a period that share no day, and whether they fill it; without a period, the figures without one."""
    if start is None or end is None:
        undated = tuple(o for o in known if o.period_start is None)
        return undated, bool(undated)
    if whole := tiles(known, start, end):
        return whole, True
    taken: list[Observation] = []
    inside = [
        (o.period_start, o.period_end, o) for o in known
        if o.period_start and o.period_end and start <= o.period_start and o.period_end <= end
    ]  # fmt: skip
    for first, last, o in sorted(inside, key=lambda f: (f[0] - f[1], f[0])):  # the longest first
        if all(
            last < p.period_start or first > p.period_end for p in taken if p.period_start and p.period_end
        ):
            taken.append(o)
    return tuple(taken), False


def _no_number(o: Observation) -> str:
    return (
        f"One of the figures behind it is {MARKERS[o.status]}."
        if o.status != "z"
        else "One of the figures behind it does not apply."
    )


def _pair(released: ClearedContent, indicator: str, claim: Claim) -> tuple[Decimal, Decimal] | str:
    """Return the figures of an indicator for a claim's two periods, or the reason why they cannot be compared."""
    earlier = _value(released, indicator, claim, claim.base_period_start, claim.base_period_end)
    later = _value(released, indicator, claim, claim.period_start, claim.period_end)
    if isinstance(earlier, str):
        return earlier
    if isinstance(later, str):
        return later
    days = (claim.base_period_start, claim.base_period_end, claim.period_start, claim.period_end)
    changed = _recording_changed(released, indicator, days)
    return f"Not comparable: {changed}." if changed else (earlier, later)


def _recording_changed(released: ClearedContent, indicator: str, days: Iterable[date | None]) -> str:
    """Return that recording changed between the first and the last of these days, in words; empty if it did not."""
    ends = sorted(filter(None, days))
    breaks = breaks_of(released, indicator) if ends else ()
    cut = next((b for b in breaks if ends[0] < b.date <= ends[-1]), None)
    return f"recording changed in {periods.month(cut.date)}" if cut else ""


def _value(
    released: ClearedContent, indicator: str, claim: Claim, start: date | None, end: date | None
) -> Decimal | str:
    """Return the figure of an indicator for a period of a claim, or the reason why there is no number."""
    figure = next(
        (
            o
            for o in released.content.observations.get(indicator, ())
            if (o.area, o.part, o.period_start, o.period_end) == (claim.area, claim.part, start, end)
        ),
        None,
    )
    if figure is None:
        return _MISSING
    if figure.source != claim.source:
        return _NOT_PRINTED
    return _no_number(figure) if figure.value is None else figure.value
