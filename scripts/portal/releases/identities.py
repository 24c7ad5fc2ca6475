"""Recognise the indicators and figures of an earlier release under the names that they have now."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from datetime import date

from portal.core import field_types, text
from portal.core.model import Content, Indicator, Observation
from portal.core.vocabulary import Status
from portal.releases import comparison
from portal.releases.archives import Contents

_MOSTLY = 0.75  # share of equal figures from which two indicators count as one that was renamed


def ids_now(content: Content, contents: Contents) -> Mapping[str, str]:
    """Return the id that each indicator of earlier contents has now, for those whose own id is gone; its own if no other fits."""
    then = indicators_of(contents)
    gone = [i for i in then if i not in content.indicators]
    figures = tuple(published(content, contents)) if gone else ()
    return {i: _renamed(content, then, i, figures) for i in gone}


def indicators_of(contents: Contents) -> Mapping[str, Indicator]:
    """Return the indicators of a release, by id."""
    return {row["id"]: _indicator(row) for t in contents.tables if t.name == "indicators" for row in t.rows}


def _indicator(row: Mapping[str, str]) -> Indicator:
    """Return an indicator from a row of an archive."""
    flags = {n: field_types.BOOLEANS.get(row.get(n, ""), False) for n in ("sensitive", "protected")}
    texts = {f.name: row.get(f.name, "") for f in fields(Indicator) if f.name not in flags}
    return Indicator(**texts, **flags)  # type: ignore[arg-type]


def _renamed(
    content: Content, then: Mapping[str, Indicator], old: str, figures: Iterable[Observation]
) -> str:
    """Return the id that an indicator of a release has now, or `old` if there is no match.

    Match by address or the words of the title, else by figures: 75% of those that both have must be equal, or one if
    the words of one title are in the other.
    """
    new, title = [i for i in content.indicators.values() if i.id not in then], then[old].title
    for indicator in new:
        if indicator.slug == then[old].slug or text.have_the_same_subject(indicator.title, title):
            return indicator.id
    before = {o.key[1:]: o.value for o in figures if o.indicator == old and o.value is not None}
    for indicator in new:
        own = content.observations.get(indicator.id, ())
        after = {o.key[1:]: o.value for o in own if o.value is not None}
        shared = before.keys() & after.keys()
        equal = sum(before[k] == after[k] for k in shared)
        least = 1 if text.are_alike(indicator.title, title) else _MOSTLY * len(shared)
        if equal and equal >= least:  # some can have been revised
            return indicator.id
    return old


def published(content: Content, contents: Contents) -> Iterator[Observation]:
    """Yield the figures that a release published about areas that still exist."""
    for row, part in comparison.observations(contents):
        if row["area"] in content.areas:
            yield Observation(
                row["source"], row["locator"], row["indicator"], row["area"],
                _day(row["period_start"]), _day(row["period_end"]), part, field_types.number_or_none(row["value"]), Status(row["status"]),
            )  # fmt: skip


def _day(cell: str) -> date | None:
    return field_types.date_or_none(cell)
