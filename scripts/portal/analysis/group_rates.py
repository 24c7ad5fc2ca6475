"""Work out how often people of each ethnic group, age or sex were searched, for every 1,000 residents of that group.

Only for 12 months, only where the number of residents is known, and never without what is not stated: a search whose
group is not stated could be of anyone, so each rate comes with the highest that it could be. Where the officer recorded
an ethnic group for people who did not state one, there is also a ratio with these searches in the officer's group.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from portal.analysis import measures, significance
from portal.core import small_counts
from portal.core.model import Indicator, Observation
from portal.core.periods import MONTHS_OF_YEAR
from portal.core.places import Profile
from portal.disclosure.clearing import ClearedContent

# The breakdown of an indicator, and the theme of the profiles that has the residents of its parts.
THEMES = {"ethnicity": "ethnic-group", "age": "age-group", "gender": "sex"}
_COMPARED_WITH = {"ethnicity": "White"}
# The breakdown of the indicator that splits what is not stated in another breakdown, by what the officer recorded.
_FILLED_BY = {whole: split for split, (whole, _) in small_counts.SPLITS_OF_PARTS.items()}


@dataclass(frozen=True, kw_only=True)
class Ratio:
    """How many times the rate of one group is that of another: the 95% interval, and the bounds of what is not stated.

    At `least`, all searches whose group is not stated were of the other group; at `most`, all were of this one. They are
    None for a ratio in which the groups that officers recorded fill what is not stated.
    """

    value: Decimal
    low: Decimal
    high: Decimal
    least: Decimal | None = None
    most: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class GroupRate:
    """The rate of one group per 1,000 residents: its 95% interval, and the rate if everyone not stated were in it.

    All are None if the count is withheld; `most` is None too if the number not stated is. `ratio` compares it with the
    group that the others are compared with. `filled` counts in this group also the searches without a stated group for
    which the officer recorded it, and `filled_ratio` compares these; None if a count is withheld or there are none.
    """

    figure: Observation
    population: int
    rate: Decimal | None
    low: Decimal | None
    high: Decimal | None
    most: Decimal | None
    ratio: Ratio | None = None
    filled: int | None = None
    filled_rate: Decimal | None = None
    filled_ratio: Ratio | None = None


@dataclass(frozen=True, kw_only=True)
class GroupRates:
    """The rates of all groups over the newest 12 months.

    `unstated` counts the searches whose group is not stated or has no known number of residents, `unstated_parts` names
    these parts, and `percent` is their share; None if one of them is withheld. `base` is the group that the others are
    compared with; empty if there is none. `residents` are the rows that the numbers of residents come from. `by_officer`
    are the figures that fill what is not stated, from the total on; empty if there are none for these 12 months.
    """

    total: Observation
    rows: tuple[GroupRate, ...]
    unstated: int | None
    unstated_parts: tuple[str, ...]
    percent: Decimal | None
    base: str
    residents: tuple[Profile, ...]
    by_officer: tuple[Observation, ...] = ()

    @property
    def still_unstated(self) -> int | None:
        """Return how many searches have no group from the person or the officer; None if that is withheld."""
        known = {o.part: o.value for o in self.by_officer}
        values = [
            v for part, v in known.items() if part and not any(r.figure.part == part for r in self.rows)
        ]
        return None if not values or None in values else int(sum(v for v in values if v is not None))


@dataclass(frozen=True, kw_only=True)
class NoGroupRates:
    """Why there are no rates: no 12 months of figures (`months` is the longest period), or no residents by group."""

    months: int
    has_residents: bool


def group_rates(released: ClearedContent, indicator: Indicator) -> GroupRates | NoGroupRates | None:
    """Return the rates of the parts of an indicator, or why there are none; None if it is not split by such groups."""
    theme = THEMES.get(indicator.breakdown)
    if theme is None:
        return None
    rows_of_theme = tuple(p for p in released.content.profiles if (p.area, p.theme) == (released.area, theme))
    residents = _by_group(rows_of_theme)
    figures = measures.series(released, indicator.id, released.area)
    totals = [
        o for o in measures.series(released, indicator.id, released.area, "") if o.months == MONTHS_OF_YEAR
    ]
    breaks = measures.breaks_of(released, indicator.id)
    whole = [o for o in totals if o.value and not measures.broken(o, o, breaks)]
    if not whole or not residents:
        return NoGroupRates(
            months=max((o.months or 0 for o in figures), default=0), has_residents=bool(residents)
        )
    total = whole[-1]
    parts = [
        o
        for o in figures
        if o.part and (o.period_start, o.period_end) == (total.period_start, total.period_end)
    ]
    rest = [o for o in parts if o.part not in residents]
    unstated = (
        None if any(o.value is None for o in rest) else sum(int(o.value) for o in rest if o.value is not None)
    )
    base = next((o for o in parts if o.part == _COMPARED_WITH.get(indicator.breakdown)), None)
    order = list(residents)  # ages from the youngest on, as the table of residents has them
    known = sorted((o for o in parts if o.part in residents), key=lambda o: order.index(o.part))
    rows = tuple(_rate(o, residents, unstated, base) for o in known)
    by_officer = _by_officer(released, indicator, total, rest)
    rows = _filled(rows, by_officer, base.part if base else "")
    if not rows:
        return NoGroupRates(months=MONTHS_OF_YEAR, has_residents=False)
    return GroupRates(
        total=total,
        rows=rows,
        unstated=unstated,
        unstated_parts=tuple(o.part for o in rest),
        percent=None
        if unstated is None or not total.value
        else _rounded(Fraction(100 * unstated) / Fraction(total.value)),
        base=base.part if base and base.value else "",
        residents=rows_of_theme,
        by_officer=by_officer,
    )


def _by_officer(
    released: ClearedContent, indicator: Indicator, total: Observation, rest: Sequence[Observation]
) -> tuple[Observation, ...]:
    """Return the figures that split what is not stated by the group that the officer recorded, the total first.

    Only those of the same place and period whose total is the number not stated: others are of other searches.
    """
    breakdown = _FILLED_BY.get(indicator.breakdown)
    beside = (i for i in released.content.indicators.values() if breakdown and i.breakdown == breakdown)
    for splitting in beside:
        figures = [
            o
            for o in measures.series(released, splitting.id, total.area)
            if (o.period_start, o.period_end) == (total.period_start, total.period_end)
        ]
        whole = [o for o in figures if not o.part]
        if whole and any(whole[0].value is not None and whole[0].value == o.value for o in rest):
            return (*whole, *(o for o in figures if o.part))
    return ()


def _filled(
    rows: tuple[GroupRate, ...], by_officer: Sequence[Observation], base: str
) -> tuple[GroupRate, ...]:
    """Return the rates with what the officers recorded for people who did not state their group."""
    more = {o.part: o.value for o in by_officer}
    filled = {
        r.figure.part: (int(r.figure.value + extra), r.population)
        for r in rows
        if r.figure.value is not None and (extra := more.get(r.figure.part)) is not None
    }
    return tuple(replace(r, **_with_officer(filled, r.figure.part, base)) for r in rows)


def _with_officer(filled: Mapping[str, tuple[int, int]], part: str, base: str) -> dict[str, Any]:
    """Return the fields of `GroupRate` about what officers recorded, for one group; none if a count is withheld."""
    if part not in filled:
        return {}
    count, people = filled[part]
    compared = part != base and count and filled.get(base, (0, 0))[0]
    return {
        "filled": count,
        "filled_rate": _rounded(Fraction(1000 * count, people)),
        "filled_ratio": _ratio(filled[part], filled[base]) if compared else None,
    }


def _by_group(profiles: tuple[Profile, ...]) -> Mapping[str, int]:
    """Return the residents by group; the Census's ethnic groups are added up to the five main ones."""
    found: dict[str, int] = {}
    for p in profiles:
        group = p.measure.partition(" ")[0].rstrip(",:") if p.theme == "ethnic-group" else p.measure
        found[group] = found.get(group, 0) + int(p.value)
    return {group: people for group, people in found.items() if people > 0}


def _rate(
    o: Observation, residents: Mapping[str, int], unstated: int | None, base: Observation | None
) -> GroupRate:
    people = residents[o.part]
    if o.value is None:
        return GroupRate(figure=o, population=people, rate=None, low=None, high=None, most=None)
    count = int(o.value)
    low, high = significance.poisson_interval(count)
    ratio = None
    if base is not None and base.value and base.part != o.part and unstated is not None and count:
        ratio = _ratio((count, people), (int(base.value), residents[base.part]), unstated)
    return GroupRate(
        figure=o,
        population=people,
        rate=_rounded(Fraction(1000 * count, people)),
        low=_rounded(Fraction(1000 * low / people)),
        high=_rounded(Fraction(1000 * high / people)),
        most=None if unstated is None else _rounded(Fraction(1000 * (count + unstated), people)),
        ratio=ratio,
    )


def _ratio(one: tuple[int, int], other: tuple[int, int], unstated: int | None = None) -> Ratio:
    """Return the ratio of two rates with its 95% interval, and its bounds if some searches are not stated."""
    (a, people), (b, others) = one, other
    scale = Fraction(others, people)
    low, high = significance.ratio_interval(b, a)
    return Ratio(
        value=_rounded(Fraction(a, b) * scale),
        low=_rounded(Fraction(low) * scale),
        high=_rounded(Fraction(high) * scale),
        least=None if unstated is None else _rounded(Fraction(a, b + unstated) * scale),
        most=None if unstated is None else _rounded(Fraction(a + unstated, b) * scale),
    )


def _rounded(value: Fraction) -> Decimal:
    return measures.rounded(value, 1)
