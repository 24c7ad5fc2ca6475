"""Whether a document agrees with itself: what it states about its figures, worked out again from them."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from portal.disclosure import Release
from portal.measures import rounded, series
from portal.model import Claim, Observation, Target
from portal.text import amount, number

_WAYS = {1: "a rise", 0: "no clear change", -1: "a fall"}


@dataclass(frozen=True)
class Verdict:
    """A claim beside what its figures give: "agrees", "differs" or "cannot be checked", and how it was worked out."""

    claim: Claim
    outcome: str
    recomputed: Decimal | None
    working: str


def verdicts(released: Release, indicator: str = "") -> tuple[Verdict, ...]:
    """Every claim recomputed, of one indicator where given."""
    return tuple(judge(released, c) for c in released.content.claims if indicator in ("", c.indicator))


def judge(released: Release, claim: Claim) -> Verdict:
    """Recompute what a document states from the figures that it prints.

    The two agree where the recomputed number, rounded to the decimals that the document prints, is the stated
    one; a half may be rounded either way.
    """
    unit = (
        "percent-change"
        if claim.kind.startswith("change-percent")
        else released.content.indicators[claim.indicator].unit
    )
    if claim.kind == "direction":
        return _judge_direction(released, claim)
    if claim.kind in ("rank", "comparison"):
        return Verdict(claim, "cannot be checked", None, "The printed figures are not enough to work it out.")
    undated = claim.period_start is None and claim.kind != "total"
    if undated or claim.stated is None or claim.decimals is None:
        return Verdict(claim, "cannot be checked", None, "The document does not print the figures behind it.")
    found = _exactly(released, claim)
    if found is None:
        return Verdict(claim, "cannot be checked", None, "A figure that it needs is withheld or missing.")
    exact, working = found
    half = Fraction(1, 2 * 10**claim.decimals)
    agrees = abs(exact - Fraction(claim.stated)) <= half
    recomputed = rounded(exact, claim.decimals)
    return Verdict(
        claim, "agrees" if agrees else "differs", recomputed, f"{working} {amount(recomputed, unit)}"
    )


def _judge_direction(released: Release, claim: Claim) -> Verdict:
    """Whether figures went the way a document says: by the exact test, or by the sign of a printed change."""
    later = _value(released, claim.indicator, claim, claim.period_start, claim.period_end)
    earlier = _value(released, claim.indicator, claim, claim.base_period_start, claim.base_period_end)
    if later is None or claim.stated is None or (claim.base_period_start and earlier is None):
        return Verdict(claim, "cannot be checked", None, "The document does not print the figures behind it.")
    if claim.base_period_start and earlier is not None:
        way = (later > earlier) - (later < earlier)
        working = f"from {number(earlier)} to {number(later)} is {_WAYS[way]}"
    else:
        way = (later > 0) - (later < 0)
        working = f"it prints {number(later, signed=True)}%, which is {_WAYS[way]}"
    return Verdict(claim, "agrees" if way == claim.stated else "differs", None, working)


def outcome_of(target: Target, newest: str) -> str:
    """Whether a target was met: "met", "missed", "not yet due" or "cannot be judged".

    `newest` is the date of the newest source, as far as known: a target that is due after it is not yet due.

    A target below zero is a cut, which a result that is as low or lower meets. Where no document prints a result
    the target cannot be judged, however long ago it was due.
    """
    if target.result_value is None:
        return "not yet due" if target.due > newest[: len(target.due)] else "cannot be judged"
    down = target.target_value < 0
    met = target.result_value <= target.target_value if down else target.result_value >= target.target_value
    return "met" if met else "missed"


def _exactly(released: Release, claim: Claim) -> tuple[Fraction, str] | None:
    """The recomputed number without rounding, and the working in words."""
    if claim.kind == "total":
        parts = [
            o.value
            for o in series(released, claim.indicator, claim.area)
            if claim.part in ("", o.part) and _inside(o, claim)
        ]
        if not parts or None in parts:
            return None
        values = [v for v in parts if v is not None]
        return Fraction(sum(values)), f"{len(values)} figures add up to"
    if claim.kind == "value":
        found = _value(released, claim.indicator, claim, claim.period_start, claim.period_end)
        return None if found is None else (Fraction(found), "elsewhere the document prints")
    pair = _pair(released, claim.indicator, claim)
    if pair is None:
        return None
    earlier, later = pair
    words = f"from {number(earlier)} to {number(later)} is"
    if claim.kind == "change-percent-without":
        less = _pair(released, claim.other_indicator, claim)
        if less is None:
            return None
        words = f"from {number(earlier)} − {number(less[0])} to {number(later)} − {number(less[1])} is"
        earlier, later = earlier - less[0], later - less[1]
    if earlier == 0:
        return None
    return Fraction(later - earlier) / Fraction(earlier) * 100, words


def _pair(released: Release, indicator: str, claim: Claim) -> tuple[Decimal, Decimal] | None:
    """The figures of an indicator for a claim's two periods, or None where one is withheld or missing."""
    earlier = _value(released, indicator, claim, claim.base_period_start, claim.base_period_end)
    later = _value(released, indicator, claim, claim.period_start, claim.period_end)
    return None if earlier is None or later is None else (earlier, later)


def _value(
    released: Release, indicator: str, claim: Claim, start: date | None, end: date | None
) -> Decimal | None:
    found = [
        o.value
        for o in released.content.observations.get(indicator, ())
        if (o.area, o.part, o.period_start, o.period_end) == (claim.area, claim.part, start, end)
    ]
    return found[0] if found else None


def _inside(o: Observation, claim: Claim) -> bool:
    if claim.period_start is None:
        return o.period_start is None
    if not (o.period_start and o.period_end and claim.period_start and claim.period_end):
        return False
    return claim.period_start <= o.period_start and o.period_end <= claim.period_end
