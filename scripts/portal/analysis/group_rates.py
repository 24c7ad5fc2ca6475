"""Work out how often people of each ethnic group, age or sex were searched, for every 1,000 residents of that group.

Only for 12 months, only where the number of residents is known, and never without what is not stated: a search whose
group is not stated could be of anyone, so each rate comes with the highest that it could be.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from portal.analysis import measures, significance
from portal.core.model import Indicator, Observation
from portal.core.periods import MONTHS_OF_YEAR
from portal.core.places import Profile
from portal.disclosure.clearing import ClearedContent

# The breakdown of an indicator, and the theme of the profiles that has the residents of its parts.
THEMES = {"ethnicity": "ethnic-group", "age": "age-group", "gender": "sex"}
_COMPARED_WITH = {"ethnicity": "White"}


@dataclass(frozen=True, kw_only=True)
class Ratio:
    """How many times the rate of one group is that of another: the 95% interval, and the bounds of what is not stated.

    At `least`, all searches whose group is not stated were of the other group; at `most`, all were of this one.
    """

    value: Decimal
    low: Decimal
    high: Decimal
    least: Decimal
    most: Decimal


@dataclass(frozen=True, kw_only=True)
class GroupRate:
    """The rate of one group per 1,000 residents: its 95% interval, and the rate if everyone not stated were in it.

    All are None if the count is withheld; `most` is None too if the number not stated is. `ratio` compares it with the
    group that the others are compared with.
    """

    figure: Observation
    population: int
    rate: Decimal | None
    low: Decimal | None
    high: Decimal | None
    most: Decimal | None
    ratio: Ratio | None = None


@dataclass(frozen=True, kw_only=True)
class GroupRates:
    """The rates of all groups over the newest 12 months.

    `unstated` counts the searches whose group is not stated or has no known number of residents, `unstated_parts` names
    these parts, and `percent` is their share; None if one of them is withheld. `base` is the group that the others are
    compared with; empty if there is none. `residents` are the rows that the numbers of residents come from.
    """

    total: Observation
    rows: tuple[GroupRate, ...]
    unstated: int | None
    unstated_parts: tuple[str, ...]
    percent: Decimal | None
    base: str
    residents: tuple[Profile, ...]


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
    )


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


def _ratio(one: tuple[int, int], other: tuple[int, int], unstated: int) -> Ratio:
    """Return the ratio of two rates with its 95% interval, and its bounds."""
    (a, people), (b, others) = one, other
    scale = Fraction(others, people)
    low, high = significance.ratio_interval(b, a)
    return Ratio(
        value=_rounded(Fraction(a, b) * scale),
        low=_rounded(Fraction(low) * scale),
        high=_rounded(Fraction(high) * scale),
        least=_rounded(Fraction(a, b + unstated) * scale),
        most=_rounded(Fraction(a + unstated, b) * scale),
    )


def _rounded(value: Fraction) -> Decimal:
    return measures.rounded(value, 1)
