"""Families of figures: an indicator with everything that adds up to the same topmost total. Nothing outside adds up with them."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace

from portal.core.model import Content, Indicator, Observation
from portal.core.small_counts import top_total


@dataclass(frozen=True)
class EarlierRelease:
    """What an earlier release published: its name, its figures, and the indicators that no longer exist."""

    name: str
    observations: tuple[Observation, ...]
    indicators: Mapping[str, Indicator]


def removed_indicators(archives: Sequence[EarlierRelease]) -> Mapping[str, Indicator]:
    """Return the indicators that earlier releases had and that no longer exist, by id."""
    return {k: i for p in archives for k, i in p.indicators.items()}


def only(
    about: Set[str], content: Content, archives: Sequence[EarlierRelease]
) -> tuple[Content, tuple[EarlierRelease, ...]]:
    """Return what is published now and in earlier releases without the figures of families that have none of these indicators.

    An indicator can have had other totals in an earlier release, so families are those of all releases together.
    """
    indicators = {**removed_indicators(archives), **content.indicators}
    every = replace(content, indicators=indicators)
    root_of = {i: top_total(every, i) for i in indicators}
    roots = {root_of[i] for i in about}
    now = {i: own for i, own in content.observations.items() if root_of.get(i) in roots}
    before = (
        replace(a, observations=tuple(o for o in a.observations if root_of[o.indicator] in roots))
        for a in archives
    )
    return replace(content, observations=now), tuple(before)
