"""Protects people where numbers are small, and decides what later stages may see.

So far this refuses; it does not yet suppress. A sensitive figure that the policy would withhold stops the
build unless its source has itself been published openly: repeating a printed number tells nobody anything new,
and this site says where it stands in print.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from portal.config import Disclosure
from portal.model import Content, Observation
from portal.periods import label, months_between
from portal.problems import PortalError, Problem


@dataclass(frozen=True)
class Release:
    """Content that the policy allows to be published: the only thing that later stages accept."""

    content: Content


def release(content: Content, policy: Disclosure) -> Release:
    """Let the content through, or raise `PortalError` with every figure that the policy forbids."""
    problems = tuple(check(content, policy))
    if problems:
        raise PortalError(problems)
    return Release(content)


def check(content: Content, policy: Disclosure) -> Iterator[Problem]:
    """Every sensitive figure that is too fine or too small to be published, and every withheld one given away."""
    for indicator in content.indicators.values():
        if not indicator.sensitive:
            continue
        own = [
            o
            for o in content.observations.get(indicator.id, ())
            if not content.sources[o.source].open_publication
        ]
        for o in own:
            when = label(indicator.period_type, o.period_start, o.period_end)
            words = (content.areas[o.area].name, when, o.part)
            where = f"observations of {indicator.id}: {', '.join(filter(None, words))}"
            ward = content.areas[o.area].kind == "ward"
            if ward and (o.part or not _rolling_year(o)):
                yield _forbidden(
                    where,
                    "By ward a sensitive figure may only be for 12 months, and not split by type.",
                    "Take the row out.",
                )
            minimum = policy.ward_minimum if ward else policy.borough_minimum
            if indicator.unit == "count" and o.value is not None and o.value < minimum:
                yield _forbidden(
                    where,
                    f"A sensitive count of {o.value} is under {minimum}.",
                    "Empty the value and write c under status.",
                )
        yield from _lone(own, indicator.id, indicator.breakdown)


def _rolling_year(o: Observation) -> bool:
    return bool(o.period_start and o.period_end) and months_between(o.period_start, o.period_end) == 12  # type: ignore[arg-type]


def _lone(own: list[Observation], indicator: str, breakdown: str) -> Iterator[Problem]:
    """A single withheld part beside a published total can be worked out by taking away."""
    for total in (o for o in own if breakdown and not o.part and o.value is not None):
        same = [
            o
            for o in own
            if o.part
            and (o.area, o.period_start, o.period_end) == (total.area, total.period_start, total.period_end)
        ]
        hidden = [o for o in same if o.status == "c"]
        if len(hidden) == 1:
            yield _forbidden(
                f"observations of {indicator}: {hidden[0].part}",
                "It is the only withheld part of a published total, so anybody can work it out.",
                "Withhold another part or the total as well.",
            )


def _forbidden(where: str, message: str, fix: str) -> Problem:
    return Problem(where, code="disclosure", message=message, fix=fix)
