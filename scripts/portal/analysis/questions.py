"""Choose the questions that the data raise about a place, each with the rule behind it.

A rule only suggests a question. It never says that something is wrong.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from portal.analysis import changes_in_words
from portal.analysis.funnels import FunnelPoint
from portal.analysis.measures import IndicatorSummary, meaning
from portal.core.model import AcceptedWarning, Indicator
from portal.core.periods import label
from portal.core.vocabulary import Direction, Meaning

MOST = 3
UNUSUAL = "A rate is outside the limits of what is usual for a place like this."
CHANGED = "The change over 12 months is larger than the normal ups and downs, also when we look at many figures at once."
LATE = "The date that we promised has passed, and no source says that it is done."
SILENT = "We have published no update on a promise of a current plan for six months or more."
REVISED = "Papers of the last meeting may show other numbers."
CHECKED = "Our checks flagged a figure as unlikely, and a person gave a reason to keep it."


@dataclass(frozen=True)
class RaisedQuestion:
    """A question, the rule that raised it, and the indicator that it is about; empty if it is about none."""

    question: str
    rule: str
    indicator: str = ""


@dataclass(frozen=True, kw_only=True)
class Findings:
    """The input of the rules: figures of a place, promises in words, and what was revised or checked.

    `late` are titles of promises with their due dates. `silent` counts promises without an update, of `promises`.
    """

    place: str
    lines: Sequence[IndicatorSummary]
    unusual: Sequence[tuple[Indicator, FunnelPoint]]
    late: Sequence[tuple[str, str]] = ()
    silent: int = 0
    promises: int = 0
    revised: int = 0
    checked: Sequence[tuple[Indicator, AcceptedWarning]] = ()


def raise_questions(found: Findings) -> tuple[RaisedQuestion, ...]:
    """Return at most three questions: the first of each rule in turn, then the second of each, and so on."""
    by_rule = (
        _unusual(found),
        _changed(found),
        _late(found),
        _revised(found),
        _checked(found),
        _silent(found),
    )
    rounds = zip_longest(*by_rule)
    return tuple(q for one in rounds for q in one if q)[:MOST]


def _unusual(found: Findings) -> Iterator[RaisedQuestion]:
    """Ask about the rates that are furthest outside the usual range."""
    for indicator, point in sorted(found.unusual, key=lambda pair: -abs(pair[1].z)):
        side, o = "high" if point.z > 0 else "low", point.figure
        months = label("rolling-months", o.period_start, o.period_end)
        yield RaisedQuestion(
            f"{indicator.short_title}: {point.rate.value} per 1,000 people in the {months} is {side}, and unusual for a "
            f"place like this. Why?{f' {point.caveat}' if point.caveat else ''}",
            UNUSUAL,
            indicator.id,
        )


def _changed(found: Findings) -> Iterator[RaisedQuestion]:
    """Ask about clear changes, those for the worse first, then in the order of the table."""
    clear = [s for s in found.lines if s.change and s.change.direction in (Direction.ROSE, Direction.FELL)]
    for s in sorted(clear, key=lambda s: meaning(s) != Meaning.WORSE):
        words = changes_in_words.change_with_figures(s)
        yield RaisedQuestion(f"{words}. What explains it?", CHANGED, s.indicator.id)


def _late(found: Findings) -> Iterator[RaisedQuestion]:
    for title, due in found.late:
        yield RaisedQuestion(f"“{title}” was due by {due}. When will it be done?", LATE)


def _silent(found: Findings) -> Iterator[RaisedQuestion]:
    if found.silent:
        how_many = "The promise" if found.promises == 1 else f"{found.silent} of {found.promises} promises"
        verb = "has" if found.silent == 1 else "have"
        yield RaisedQuestion(
            f"{how_many} in our current plans {verb} had no published update for six months. What has happened since?",
            SILENT,
        )


def _revised(found: Findings) -> Iterator[RaisedQuestion]:
    if found.revised:
        figures = "1 figure was" if found.revised == 1 else f"{found.revised} figures were"
        yield RaisedQuestion(f"{figures} revised or withdrawn since the last meeting. What changed?", REVISED)


def _checked(found: Findings) -> Iterator[RaisedQuestion]:
    for indicator, accepted in found.checked:
        yield RaisedQuestion(
            f"{indicator.short_title}: a figure looked unlikely, and we kept it. Our reason: “{accepted.reason}” "
            "Does that answer it?",
            CHECKED,
            indicator.id,
        )
