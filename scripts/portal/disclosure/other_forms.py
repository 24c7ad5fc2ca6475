"""Check the other forms of a guarded figure: rates, percentages, changes, claims and targets can each reveal a count."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from portal.core.model import Claim, Content, FigureKey, Observation, Target
from portal.core.problems import Problem
from portal.core.settings import SmallCountSettings
from portal.core.small_counts import (
    WARD_KINDS,
    could_identify,
    forbidden_figure,
    is_guarded,
    is_openly_published,
    minimum_for,
    minimum_for_kind,
    not_openly_published,
    periods_overlap,
)
from portal.core.text import plain_name
from portal.core.vocabulary import AreaKind, ClaimKind, Unit

RATES = ("per-1000", "percent", "percent-change")
# Claims without a number from which a count could be worked out.
_WORDS_ONLY = ("direction", "rank", "comparison")
# Claims whose number is a count.
_COUNTS = (ClaimKind.VALUE, ClaimKind.TOTAL)


def forbidden_forms(content: Content, policy: SmallCountSettings) -> Iterator[Problem]:
    """Yield a problem for each rate, percentage, change, claim and target that reveals a guarded count."""
    hidden = {
        o.key: o for figures in content.observations.values() for o in figures if _is_withheld(content, o)
    }
    for indicator in content.indicators.values():
        if could_identify(indicator) and indicator.unit in RATES:
            for o in not_openly_published(content, indicator.id):
                if o.value is not None:
                    yield from _rate(content, policy, o, list(hidden.values()))
    for claim in content.claims:
        yield from _claim(content, policy, claim, hidden)
    for target in content.targets:
        yield from _target(content, policy, target, list(hidden.values()))


def _is_withheld(content: Content, o: Observation) -> bool:
    return o.value is None and is_guarded(content.indicators[o.indicator])


# --- rates


def _rate(
    content: Content, policy: SmallCountSettings, o: Observation, hidden: list[Observation]
) -> Iterator[Problem]:
    fix = "Take the row out. The site works out rates and changes itself, where the counts may be shown."
    if content.areas[o.area].kind in WARD_KINDS:
        message = "For wards, publish only counts of a guarded subject: a rate, percentage or change gives a small count away."
        yield forbidden_figure(content, o, message, fix)
        return
    same_subject = [h for h in hidden if _is_about_same(content, o, h) and periods_overlap(o, h)]
    if same_subject:
        message = f"From this figure and others, the withheld count of {same_subject[0].indicator} can be worked out."
        yield forbidden_figure(content, o, message, fix)
        return
    least, known_from = _least_count(content, o)
    if least is None and content.indicators[o.indicator].unit == "per-1000":
        message = (
            "The population behind this rate is not known, so we cannot check that the count is not small."
        )
        yield forbidden_figure(content, o, message, "Add the population of the area, or take the row out.")
    elif least is not None and least < minimum_for(content, policy, o):
        message = (
            f"With {known_from}, this figure can stand for a count under {minimum_for(content, policy, o)}."
        )
        yield forbidden_figure(content, o, message, fix)


def _is_about_same(content: Content, o: Observation, count: Observation) -> bool:
    """Return True if a count is about the same place and subject."""
    same = content.indicators[o.indicator].topic == content.indicators[count.indicator].topic
    return same and o.area == count.area


def _least_count(content: Content, o: Observation) -> tuple[Decimal | None, str]:
    """Return the smallest count that a figure can represent, and the name of what readers need to work it out.

    The count is None if nothing published allows that.
    """
    unit, value = content.indicators[o.indicator].unit, o.value or Decimal(0)
    half = Decimal(1).scaleb(int(value.as_tuple().exponent)) / 2
    if unit == "per-1000":
        population = content.populations.get(o.area)
        return ((value - half) * population.population / 1000 if population else None), "the population"
    counts = [
        c
        for i in content.indicators.values()
        if is_guarded(i)
        for c in content.observations.get(i.id, ())
        if c.value is not None and _is_about_same(content, o, c)
    ]
    if unit == "percent":
        bases = [
            ((value - half) * c.value / 100, c)
            for c in counts
            if c.value is not None and periods_overlap(c, o)
        ]
    else:
        bases = [
            ((100 + value - half) * c.value / 100, c)
            for c in counts
            if c.value is not None and c.period_end and o.period_start and c.period_end < o.period_start
        ]
    if not bases:
        return None, ""
    least, count = min(bases, key=lambda f: f[0])
    return least, f"the count of {count.indicator}"


# --- claims and targets


def _claim(
    content: Content, policy: SmallCountSettings, claim: Claim, hidden: dict[FigureKey, Observation]
) -> Iterator[Problem]:
    if claim.kind in _WORDS_ONLY or claim.stated is None:
        return
    spans = ((claim.period_start, claim.period_end), (claim.base_period_start, claim.base_period_end))
    for subject in filter(None, (claim.indicator, claim.other_indicator)):
        # A statement that names no period can be about any.
        for start, end in (s for s in spans if s[0] or s is spans[0]):
            about = (subject, claim.area, claim.part)
            hidden_figures = [
                h
                for h in hidden.values()
                if (h.indicator, h.area, h.part) == about
                or _adds_to_unpublished(content, h, about, start, end)
            ]
            if any(not start or _is_within(h, start, end) for h in hidden_figures):
                message = (
                    f"Readers can work out the withheld count of {subject} from the number in this statement."
                )
                yield _stated_count("claims", claim.id, message)
                return
    indicator = content.indicators[claim.indicator]
    minimum = (
        minimum_for_kind(content, policy, indicator.id, content.areas[claim.area].kind) if claim.area else 0
    )
    if (
        claim.kind in _COUNTS
        and is_guarded(indicator)
        and not is_openly_published(content, claim.source)
        and claim.stated < minimum
    ):
        message = f"The statement has a count of {claim.stated}, but counts under {minimum} must be withheld."
        yield _stated_count("claims", claim.id, message)


def _adds_to_unpublished(
    content: Content, o: Observation, about: tuple[str, str, str], start: date | None, end: date | None
) -> bool:
    """Return True if a figure is part of a total that has no figure of its own, so that the audit does not cover it."""
    indicator, area, part = about
    is_inside = o.area == area or content.areas[o.area].parent == area
    same_period = not start or (o.period_start, o.period_end) == (start, end)
    if o.indicator != indicator or not is_inside or part not in ("", o.part) or not same_period:
        return False
    return FigureKey(indicator, area, part, o.period_start, o.period_end) not in {
        f.key for f in content.observations.get(indicator, ())
    }


def _is_within(o: Observation, start: date | None, end: date | None) -> bool:
    """Return True if a figure's period is stated and lies within another."""
    if not (start and end and o.period_start and o.period_end):
        return False
    return start <= o.period_start and o.period_end <= end


def _target(
    content: Content, policy: SmallCountSettings, target: Target, hidden: list[Observation]
) -> Iterator[Problem]:
    if target.indicator not in content.indicators:
        return
    indicator = content.indicators[target.indicator]
    if not is_guarded(indicator):
        return
    hidden_figures = [h for h in hidden if h.indicator == indicator.id]
    is_change = target.unit == Unit.PERCENT_CHANGE and target.result_value is not None
    if is_change and any(_can_refer_to(target.due, h) for h in hidden_figures):
        message = (
            f"The result is a change to or from the withheld count of {indicator.id}, which follows from it."
        )
        yield _stated_count("targets", target.id, message)
        return
    published = {o.value for o in content.observations.get(indicator.id, ())}
    minimum = _minimum_of(content, policy, target)
    for name, value, when in (
        ("result", _result_count(target), target.due),
        ("baseline", target.baseline_value, target.baseline),
    ):
        if value is None or value in published:
            continue
        if any(_can_refer_to(when, h) for h in hidden_figures):
            message = f"The {name} may be the withheld count of {indicator.id}."
            yield _stated_count("targets", target.id, message)
        elif value < minimum and not is_openly_published(content, target.source):
            message = f"The {name} is a count of {value}, but counts under {minimum} must be withheld."
            yield _stated_count("targets", target.id, message)


def _result_count(target: Target) -> Decimal | None:
    """Return the count that is a target's result, or that follows from its baseline and change; None if neither."""
    baseline, result = target.baseline_value, target.result_value
    if target.unit == Unit.COUNT or result is None:
        return result
    return None if baseline is None else (baseline * (100 + result) / 100).quantize(Decimal(1))


def _minimum_of(content: Content, policy: SmallCountSettings, target: Target) -> int:
    """Return the smallest count that a target can state: that of a borough, or of an area in its title if it is stricter."""
    title = f" {plain_name(target.title)} "
    named = {a.kind for a in content.areas.values() if f" {plain_name(a.name)} " in title}
    return max(
        minimum_for_kind(content, policy, target.indicator, kind) for kind in {AreaKind.BOROUGH, *named}
    )


def _can_refer_to(when: str, o: Observation) -> bool:
    """Return True if words about a time can refer to a figure's period."""
    years = {str(d.year) for d in (o.period_start, o.period_end) if d}
    return not years or not any(c.isdigit() for c in when) or any(year in when for year in years)


def _stated_count(table: str, name: str, message: str) -> Problem:
    fix = "Take the row out, or the number out of it."
    return Problem(f"{table}: {name}", code="disclosure", message=message, fix=fix)
