"""Find counts of a ward or smaller place that are entered under a larger area: the name or the part says the place."""

import re
from collections.abc import Iterator, Sequence

from portal.core.model import Content, Indicator, Observation
from portal.core.problems import Problem
from portal.core.settings import SmallCountSettings
from portal.core.small_counts import (
    WARD_KINDS,
    forbidden_figure,
    is_guarded,
    is_yearly_by_ward,
    minimum_for_kind,
    not_openly_published,
)
from portal.disclosure.measure_words import has_name

# Breakdowns whose parts are places inside a borough.
_BY_PLACE = re.compile(
    r"\b(?:by|fesul) (?:ward|neighbourhood|street|road|estate|postcode|parish|village|small area|lsoa|output area|school|stryd|cymdogaeth)",
    re.IGNORECASE,
)
_FIX = (
    "Enter the count under the ward. If it is too small for a ward, clear the value and write c under status."
)


def forbidden_figures(content: Content, policy: SmallCountSettings) -> Iterator[Problem]:
    """Yield a problem for each guarded count of a larger area whose name says a smaller place and breaks the rules for one."""
    names = _ward_names(content)
    for indicator in content.indicators.values():
        if not is_guarded(indicator):
            continue
        minimum = minimum_for_kind(content, policy, indicator.id, "ward")
        title = f"{indicator.title} / {indicator.short_title}"
        in_title = [n for n in names if has_name(title, n)]
        is_yearly = is_yearly_by_ward(content, indicator.id)
        for o in not_openly_published(content, indicator.id):
            if o.value is None or content.areas[o.area].kind in WARD_KINDS:
                continue
            place = _place(o, indicator, in_title, names)
            if place and o.value < minimum:
                message = f"This count is of “{place}”, a place no larger than a ward, and under {minimum}."
                yield forbidden_figure(content, o, message, _FIX)
            elif place and is_yearly and o.months not in (0, 12):
                message = (
                    f"This count is of “{place}”. A sensitive figure for a ward must cover exactly 12 months."
                )
                yield forbidden_figure(content, o, message, "Take the row out.")


def _place(o: Observation, indicator: Indicator, in_title: Sequence[str], names: Sequence[str]) -> str:
    """Return the name of the smaller place that a figure is about; empty if it names none."""
    if o.part:
        if _BY_PLACE.search(indicator.title) or _BY_PLACE.search(indicator.short_title):
            return o.part
        in_part = [n for n in names if has_name(o.part, n) and len(o.part) <= len(n) + len(" ward")]
        in_title = [*in_part, *in_title]
    return in_title[0] if in_title else ""


def _ward_names(content: Content) -> list[str]:
    """Return the names of wards and their parts, without those that are words of a larger area's name."""
    larger = [a.name for a in content.areas.values() if a.kind not in WARD_KINDS]
    names = dict.fromkeys(a.name for a in content.areas.values() if a.kind in WARD_KINDS and a.kind != "rest")
    return [n for n in names if not any(has_name(name, n) for name in larger)]
