"""Check the other forms of a guarded figure: rates, percentages, changes, claims and targets can each reveal a count."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from math import ceil

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
from portal.core.text import plain_name, subject_words
from portal.core.vocabulary import AreaKind, ClaimKind, Unit
from portal.disclosure import places_in_names
from portal.disclosure.measure_words import measured, people_per_rate

Span = tuple[date, date]  # the first and last day of a period
_DAY = timedelta(days=1)
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
        if could_identify(indicator) and measured(indicator) != Unit.COUNT:
            for o in not_openly_published(content, indicator.id):
                if o.value is not None:
                    yield from _rate(content, policy, o, list(hidden.values()))
    for claim in content.claims:
        yield from _claim(content, policy, claim, hidden)
    for target in content.targets:
        yield from _target(content, policy, target, list(hidden.values()))
    yield from places_in_names.forbidden_figures(content, policy)


def _is_withheld(content: Content, o: Observation) -> bool:
    return o.value is None and is_guarded(content.indicators[o.indicator])


# --- rates


def _rate(
    content: Content, policy: SmallCountSettings, o: Observation, hidden: list[Observation]
) -> Iterator[Problem]:
    indicator = content.indicators[o.indicator]
    unit = measured(indicator)
    fix = "Take the row out. The site works out rates and changes itself, where the counts may be shown."
    if content.areas[o.area].kind in WARD_KINDS:
        message = "For wards, publish only counts of a guarded subject: a rate, percentage, change or cost gives a small count away."
        if indicator.unit == Unit.COUNT:
            message += " The title or unit label says that this is not a plain count."
            fix = "Take the row out. If it is a plain count, change the title or unit label so that they say so."
        yield forbidden_figure(content, o, message, fix)
        return
    if unit == Unit.POUNDS:
        return
    same_subject = [h for h in hidden if _is_about_same(content, o, h) and _can_overlap(o, h)]
    if same_subject:
        message = f"From this figure and others, the withheld count of {same_subject[0].indicator} can be worked out."
        yield forbidden_figure(content, o, message, fix)
        return
    least, known_from = _least_count(content, o)
    if least is None and unit == Unit.PER_1000:
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


def _can_overlap(a: Observation, b: Observation) -> bool:
    """Return True if two periods share a day, or one is not stated and so can be any."""
    return None in (a.period_start, a.period_end, b.period_start, b.period_end) or periods_overlap(a, b)


def _can_follow(later: Observation, earlier: Observation) -> bool:
    """Return True if a period begins after another has ended, or one is not stated and so can be any."""
    if not later.period_start or not earlier.period_end:
        return True
    return earlier.period_end < later.period_start


def _least_count(content: Content, o: Observation) -> tuple[Decimal | None, str]:
    """Return the smallest count that a figure can represent, and the name of what readers need to work it out.

    The count is None if nothing published allows that.
    """
    indicator, value = content.indicators[o.indicator], o.value or Decimal(0)
    unit = measured(indicator)
    half = Decimal(1).scaleb(int(value.as_tuple().exponent)) / 2
    if unit == Unit.PER_1000:
        population, per = content.populations.get(o.area), people_per_rate(indicator)
        return ((value - half) * population.population / per if population else None), "the population"
    if unit not in (Unit.PERCENT, Unit.PERCENT_CHANGE):
        return None, ""
    percent, is_in_time = (value, _can_overlap) if unit == Unit.PERCENT else (100 + value, _can_follow)
    counts = []
    for count, is_sure in _bases(content, o, unit):
        if count.value is not None and is_in_time(o, count):
            low, high = ((percent + h) * count.value / 100 for h in (-half, half))
            # An unguarded count is a whole of many things, so a whole number must come out.
            if is_sure or ceil(low) <= high:
                counts.append((low if is_sure else Decimal(ceil(low)), count.indicator))
    if not counts:
        return None, ""
    least, name = min(counts)
    return least, f"the count of {name}"


def _bases(content: Content, o: Observation, unit: Unit) -> Iterator[tuple[Observation, bool]]:
    """Yield the counts of the same area to which a percentage can refer, and whether they are sure to be about its subject.

    Guarded counts of its topic are. Others are tried if its title names them, or as the whole if they have its topic.
    """
    own = content.indicators[o.indicator]
    words = subject_words(own.title)
    for i in content.indicators.values():
        is_of_topic, named = i.topic == own.topic, subject_words(i.title)
        is_named = bool(named) and named <= words
        is_tried = is_named or (is_of_topic and (unit == Unit.PERCENT or is_guarded(i)))
        if i.id != own.id and i.unit == Unit.COUNT and is_tried:
            is_sure = is_of_topic and is_guarded(i)
            yield from ((c, is_sure) for c in content.observations.get(i.id, ()) if c.area == o.area)


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
    elif (
        is_guarded(indicator)
        and not is_openly_published(content, claim.source)
        and any(0 <= left < minimum for left in _counts_left(content, claim))
    ):
        message = (
            "With the published figures, the number in this statement gives the count of months that have no figure. "
            f"It is under {minimum}."
        )
        yield _stated_count("claims", claim.id, message)


def _counts_left(content: Content, claim: Claim) -> Iterator[Decimal]:
    """Yield the counts of periods without a row that follow from the number in a claim and published counts."""
    figures = content.observations.get(claim.indicator, ())
    rows: dict[Span, Decimal | None] = {
        (o.period_start, o.period_end): o.value
        for o in figures
        if (o.area, o.part) == (claim.area, claim.part) and o.period_start and o.period_end
    }
    if claim.stated is None or not claim.period_start or not claim.period_end:
        return
    span = (claim.period_start, claim.period_end)
    if claim.kind in _COUNTS and span not in rows:
        known = {s: v for s, v in rows.items() if v is not None} | {span: claim.stated}
        for start, end in known:
            inside = [s for s in known if s != (start, end) and start <= s[0] and s[1] <= end]
            # Longer periods that have nothing to do with the claim are for the audit.
            if inside and span in (*inside, (start, end)):
                tiles = _tiles(inside)
                if sum((b - a + _DAY for a, b in tiles), timedelta()) < end - start + _DAY:
                    yield known[start, end] - sum(known[t] for t in tiles)
    if claim.kind == ClaimKind.CHANGE_PERCENT:
        base_start, base_end, percent = (
            claim.base_period_start,
            claim.base_period_end,
            (100 + claim.stated) / 100,
        )
        if not base_start or not base_end:
            return
        earlier, later = rows.get((base_start, base_end)), rows.get(span)
        if earlier is not None and span not in rows:
            yield (earlier * percent).quantize(Decimal(1))
        elif later is not None and (base_start, base_end) not in rows and percent > 0:
            yield (later / percent).quantize(Decimal(1))


def _tiles(spans: Iterable[Span]) -> list[Span]:
    """Return periods that do not overlap, from the first on; of those that begin on the same day, the longest."""
    tiles: list[Span] = []
    for start, end in sorted(spans, key=lambda s: (s[0], -s[1].toordinal())):
        if not tiles or start > tiles[-1][1]:
            tiles.append((start, end))
    return tiles


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
    if is_change and any(can_refer_to(target.due, h) for h in hidden_figures):
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
        if any(can_refer_to(when, h) for h in hidden_figures):
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


def can_refer_to(when: str, o: Observation) -> bool:
    """Return True if words about a time can refer to a figure's period."""
    years = {str(d.year) for d in (o.period_start, o.period_end) if d}
    return not years or not any(c.isdigit() for c in when) or any(year in when for year in years)


def _stated_count(table: str, name: str, message: str) -> Problem:
    fix = "Take the row out, or the number out of it."
    return Problem(f"{table}: {name}", code="disclosure", message=message, fix=fix)
