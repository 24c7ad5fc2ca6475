"""Nobody can learn a withheld figure by asking the quote checker about it."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from functools import cache

import pytest
import quoted
from portal.core import periods
from portal.core.model import Content, Observation, ReleaseChange
from portal.core.vocabulary import ChangeKind, Status, Unit
from portal.disclosure.clearing import ClearedContent
from portal.quotes.checking import Judgement, check
from project import is_thorough

GUESSES = (0, 1, 2, 3, 4, 5, 7, 9, 12, 20, 60)
# One phrase for each way to say a number: alone, as a change from and to it, as a share, a rate and a difference.
PHRASES = (
    "{place} had {n} {subject} offences in {period}.",
    "{subject} in {place}: {n} in {period}.",
    "In {place}, {subject} rose from {n} to 40 in {period}.",
    "In {place}, {subject} went up by {n}% in {period}.",
    "In {place}, {subject} doubled in {period}.",
    "In {place}, there were {n} more {subject} offences in {period} than in the year before.",
    "In {place}, {subject} stands at {n}.5 per 1,000 people in {period}.",
    "{subject} made up {n}% of all crime in {place} in {period}.",
    "About {n} {subject} offences were recorded in {place} in {period}.",
)


def withheld() -> Iterator[Observation]:
    """Yield the withheld figures of the copy that a text can name: of a ward or the borough, with a period."""
    content = quoted.figures().content
    for figures in content.observations.values():
        for o in figures:
            is_nameable = o.period_end and not o.part and content.areas[o.area].kind == "ward"
            if (
                o.status == Status.WITHHELD
                and is_nameable
                and content.indicators[o.indicator].unit == Unit.COUNT
            ):
                yield o


def texts(o: Observation, guess: int) -> str:
    content = quoted.figures().content
    indicator = content.indicators[o.indicator]
    period = periods.inside_sentence(periods.label(indicator.period_type, o.period_start, o.period_end))
    words = {
        "place": content.areas[o.area].name,
        "subject": indicator.short_title,
        "period": f"the {period}",
        "n": guess,
    }
    return "\n".join(phrase.format(**words) for phrase in PHRASES)


def said(content: Content, text: str) -> list[tuple[str, str, str]]:
    """Return the answers without the number that was asked about."""
    return [
        (f.outcome, f.message, f.advice)
        for f in check(text, ClearedContent(content, quoted.BOROUGH), quoted.ON)
    ]


@cache
def secret(content_with: int | None, key: Observation) -> Content:
    """Return the content as it would be if the program still held the number of a withheld figure, and of its revisions."""
    content = quoted.figures().content
    if content_with is None:
        return content
    figures = tuple(
        replace(o, value=Decimal(content_with)) if o == key else o
        for o in content.observations[key.indicator]
    )
    change = ReleaseChange("r", 1, ChangeKind.REVISED, key.indicator, key.area, "", key.period_start, key.period_end, "", str(content_with), "", "", "c", 1, "")  # fmt: skip
    return replace(content, observations={**content.observations, key.indicator: figures}, changes=(change,))


def test_there_are_withheld_figures_to_ask_about() -> None:
    assert len({o.indicator for o in withheld()}) >= 3


@pytest.mark.parametrize("guess", GUESSES if is_thorough() else GUESSES[::6])
def test_the_answer_is_the_same_whatever_the_withheld_figure_is(guess: int) -> None:
    """Not only is the number not in the cleared content: if it were, by a fault, the answers would not change."""
    for o in withheld():
        text = texts(o, guess)
        answers = {tuple(said(secret(value, o), text)) for value in (None, 0, 4, guess, guess + 1)}
        assert len(answers) == 1, text


@pytest.mark.thorough
def test_the_answer_to_a_plain_question_is_the_same_whatever_number_is_asked_about() -> None:
    for o in withheld():
        answers = {
            tuple(said(quoted.figures().content, texts(o, guess).splitlines()[0])) for guess in GUESSES
        }
        assert len(answers) == 1
        ((outcome, message, _),) = answers.pop()
        assert outcome == Judgement.NO_SOURCE
        assert "protect people" in message
