"""Compare the parts of a figure, such as the strands of hate crime, between two periods."""

from collections.abc import Sequence
from dataclasses import dataclass

from portal.analysis import measures
from portal.analysis.changes_in_words import difference_in_words, size_of
from portal.analysis.measures import Change
from portal.analysis.sentences import ChartInput, just_before, the_period
from portal.core import periods
from portal.core.model import Break, Indicator, Observation
from portal.core.text import MARKERS, listed, lower_first
from portal.core.vocabulary import Direction, Polarity, Unit
from portal.disclosure.clearing import ClearedContent

# Shorter periods have seasons, so only the same months of two years could be compared.
_SHORTEST = 12
_TELLS = {
    Direction.ROSE: "rose",
    Direction.FELL: "fell",
    Direction.NO_CLEAR_CHANGE: "no clear change",
    Direction.UNTESTED: "not tested",
}
# The police discover most crimes of some kinds themselves, so a rise in them can mean more police work.
_TELLS_OF_POLICE = {**_TELLS, Direction.ROSE: "more recorded", Direction.FELL: "fewer recorded"}


@dataclass(frozen=True)
class PartChange:
    """One part in two periods. A figure is None if it is not published; the change is None if a figure has no number.

    `difference` is the change in words, and `tells` what its significance test shows; both are empty without a change.
    """

    name: str
    earlier: Observation | None
    later: Observation | None
    change: Change | None
    difference: str
    tells: str


@dataclass(frozen=True, kw_only=True)
class PartChanges:
    """The changes of all parts of an indicator between two periods.

    `kind` is what the breakdown is called, such as `strand`. `earlier` and `later` name the periods. `scope` says which
    periods are compared and why not newer ones, `verdict` which changes are clear, and `sentence` both with percentages.
    `marks` are the marks of the figures, each with its meaning.
    """

    kind: str
    earlier: str
    later: str
    parts: tuple[PartChange, ...]
    scope: str
    verdict: str
    sentence: str
    marks: tuple[tuple[str, str], ...]
    smallest_base: int = measures.SMALLEST_BASE


def changes_by_part(released: ClearedContent, indicator: Indicator) -> PartChanges | None:
    """Return the changes of an indicator's parts in the site's own area, tested together.

    The last two periods are compared that have the same length of 12 months or more, do not overlap, and have no break
    in series between them or inside. None if there are none, if no part has a number in both, or without a breakdown.
    """
    figures = measures.series(released, indicator.id, released.area)
    if not indicator.breakdown or indicator.unit == Unit.PERCENT_CHANGE:
        return None
    s = ChartInput(released, indicator, figures)
    breaks = measures.breaks_of(released, indicator.id)
    times = [o for o in s.times if o.months >= _SHORTEST]
    pair = _last_pair(times, breaks)
    if pair is None:
        return None
    parts = _parts(s, *pair, is_newest=pair[1] is times[-1])
    if not any(p.change for p in parts):
        return None
    kind = lower_first(released.content.breakdowns[indicator.breakdown])
    later, before = the_period(s, pair[1]), just_before(s, *pair) or the_period(s, pair[0])
    verdict = _verdict(kind, parts)
    used = {o.status for p in parts for o in (p.earlier, p.later) if o}
    return PartChanges(
        kind=kind,
        earlier=s.label(pair[0]),
        later=s.label(pair[1]),
        parts=parts,
        scope=f"This compares {later} with {before}{_why_not_newer(pair[1], times[-1], breaks)}.",
        verdict=verdict,
        sentence=f"By {kind}, in {later} compared with {before}: {listed(_sizes(parts)) or 'too few for percentages'}. {verdict}",
        marks=tuple((m, words) for m, words in MARKERS.items() if m in used),
    )


def _last_pair(
    times: Sequence[Observation], breaks: tuple[Break, ...]
) -> tuple[Observation, Observation] | None:
    """Return a figure of each of the last two periods that can be compared; `times` has one for each, earliest first."""
    for later in reversed(times):
        for earlier in reversed(times):
            follows = earlier.period_end and later.period_start and earlier.period_end < later.period_start
            if follows and earlier.months == later.months and not measures.broken(earlier, later, breaks):
                return earlier, later
    return None


def _parts(
    s: ChartInput, earlier: Observation, later: Observation, *, is_newest: bool
) -> tuple[PartChange, ...]:
    by_key = {(o.part, *s.period(o)): o for o in s.figures}
    pairs = {p: (by_key.get((p, *s.period(earlier))), by_key.get((p, *s.period(later)))) for p in s.parts}
    pairs = {p: pair for p, pair in pairs.items() if any(pair)}
    changes = measures.tested_together([
        measures.compared(s.released, s.indicator, one, other, is_newest) if one and other else None
        for one, other in pairs.values()
    ])  # fmt: skip
    is_found_by_police = s.indicator.polarity == Polarity.POLICE_ACTIVITY
    tells = _TELLS_OF_POLICE if is_found_by_police else _TELLS
    return tuple(
        PartChange(
            s.part(part), one, other, change,
            difference_in_words(change, s.indicator.unit) if change else "",
            tells[change.direction] if change else "",
        )
        for (part, (one, other)), change in zip(pairs.items(), changes, strict=True)
    )  # fmt: skip


def _why_not_newer(later: Observation, newest: Observation, breaks: tuple[Break, ...]) -> str:
    """Return why newer figures are not compared, as the end of a sentence; empty if there are none."""
    if later is newest:
        return ""
    cut = measures.broken(later, newest, breaks)
    if cut is None:
        return ", because there are no earlier figures to compare newer ones with"
    return (
        f", because newer figures are counted in another way: recording changed in {periods.month(cut.date)}"
    )


def _sizes(parts: Sequence[PartChange]) -> list[str]:
    """Return the changes that have a percentage, such as `27% more (Racist)`."""
    changes = [(p.name, p.change) for p in parts if p.change and p.change.percent is not None]
    return [
        f"{size_of(c)} {'more' if c.difference > 0 else 'fewer'} ({name})"
        if c.difference
        else f"the same ({name})"
        for name, c in changes
    ]


def _verdict(kind: str, parts: Sequence[PartChange]) -> str:
    """Return a sentence on which parts clearly changed."""
    tested = [p for p in parts if p.change and p.change.direction != Direction.UNTESTED]
    if not tested:
        return "We could not test whether these changes are more than normal ups and downs."
    clear: dict[str, list[str]] = {}
    for p in tested:
        if p.tells != _TELLS[Direction.NO_CLEAR_CHANGE]:
            clear.setdefault(p.tells, []).append(p.name)
    if not clear:
        return f"No {kind} clearly rose or fell."
    return " ".join(f"Clearly {tells}: {listed(names)}." for tells, names in clear.items())
