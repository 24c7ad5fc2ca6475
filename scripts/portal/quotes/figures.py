"""Look up what a number in a text can stand for among the published figures, and compare it with them.

Only cleared content is read, and a figure that is withheld ends the search before any number is compared: the answer
about it is the same whatever it is, and whatever the text says.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from portal.analysis import measures
from portal.core.model import Break, Observation
from portal.core.periods import earliest_day, first_day, month_end, months_between
from portal.core.vocabulary import PeriodType, Status, Unit
from portal.disclosure.clearing import ClearedContent

Span = tuple[date, date]


@dataclass(frozen=True)
class Shown:
    """A published figure, or a sum of published figures; `o.value` is None if it is withheld or there is no number."""

    o: Observation

    @property
    def withheld(self) -> bool:
        """Return True if it is withheld, whatever else it holds."""
        return self.o.status in (Status.WITHHELD, Status.LOW)

    @property
    def days(self) -> int:
        """Return the length of its period in days; 0 if it has none."""
        if not (self.o.period_start and self.o.period_end):
            return 0
        return (self.o.period_end - self.o.period_start).days + 1

    @property
    def value(self) -> Fraction | None:
        """Return the number; None if there is none or it must not be shown."""
        return None if self.withheld or self.o.value is None else Fraction(self.o.value)


@dataclass(frozen=True)
class Figures:
    """The published figures of one indicator, area and part, up to the day `on` which a text was published."""

    released: ClearedContent
    indicator: str
    area: str
    part: str
    on: date

    @property
    def unit(self) -> Unit:
        """Return the unit of the indicator."""
        return self.released.content.indicators[self.indicator].unit

    @property
    def known(self) -> tuple[Observation, ...]:
        """Return the figures as published, earliest first."""
        series = measures.series(self.released, self.indicator, self.area, self.part)
        return tuple(o for o in series if (o.period_end or self._published(o)) <= self.on)

    def _published(self, o: Observation) -> date:
        """Return the day on which the source of a figure without a period was published."""
        source = self.released.content.sources.get(o.source)
        return earliest_day(source.published) if source and source.published else date.min

    @property
    def age(self) -> date:
        """Return how new the figures are: the last day of the newest, or the day when the source was published."""
        return self.last or max(map(self._published, self.known), default=date.min)

    @property
    def undated(self) -> tuple[Shown, ...]:
        """Return the figures whose source states no period."""
        return tuple(Shown(o) for o in self.known if o.period_end is None)

    @property
    def last(self) -> date | None:
        """Return the last day of the newest figure; None if there is none."""
        return max((o.period_end for o in self.known if o.period_end), default=None)

    def spans(self, options: Sequence[Span]) -> tuple[Span, ...]:
        """Return the periods that the words can mean for this indicator: “2020” of school figures is 2020/21."""
        if self.released.content.indicators[self.indicator].period_type != PeriodType.ACADEMIC_YEAR:
            return tuple(options)
        years = [s.year for s, e in options if (s.month, e.month, e.year) == (1, 12, s.year)]
        return (*options, *((date(y, 9, 1), date(y + 1, 8, 31)) for y in years))

    def during(self, start: date, end: date) -> Shown | None:
        """Return the figure for a period, as published or as the sum of shorter ones; None if there is none."""
        if end > self.on:
            return None
        exact = next((o for o in self.known if (o.period_start, o.period_end) == (start, end)), None)
        if exact:
            return Shown(exact)
        months = months_between(start, end)
        if not months:
            return None
        if not self.part:
            summed = measures.window(self.released, self.indicator, self.area, end, months)
            return Shown(summed) if summed else None
        pieces = measures.tiles(self.known, start, end)
        if not pieces or self.unit not in (Unit.COUNT, Unit.POUNDS):
            return None
        if any(Shown(o).withheld or o.value is None for o in pieces):
            return Shown(replace(pieces[0], period_start=start, value=None, status=Status.WITHHELD))
        total = sum((o.value for o in pieces if o.value is not None), Decimal(0))
        return Shown(replace(pieces[0], period_start=start, value=total))

    def ending(self, end: date, months: int) -> Shown | None:
        """Return the figure for the `months` months to a day."""
        return self.during(first_day(end, months), end)

    def lengths(self, months: int = 0) -> tuple[int, ...]:
        """Return the lengths in months that a figure without a stated period can have, the likeliest first."""
        if months:
            return (months,)
        published_lengths = sorted({o.months for o in self.known if o.months}, reverse=True)
        return tuple(dict.fromkeys((12, *published_lengths)))

    def newest(self, months: int = 0) -> Shown | None:
        """Return the newest figure: for 12 months, or the longest period that is published; None if there is none."""
        last = self.last
        return next((s for n in self.lengths(months) if last and (s := self.ending(last, n))), None)

    def all_newest(self, months: int = 0) -> tuple[Shown, ...]:
        """Return the newest figure of each length that it can have."""
        last = self.last
        return tuple(s for n in self.lengths(months) if last and (s := self.ending(last, n)))

    def older(self, months: int = 0) -> Iterator[Shown]:
        """Yield every older figure, the newest first."""
        last = self.last
        ends = sorted({o.period_end for o in self.known if o.period_end}, reverse=True)
        for end in ends:
            for n in self.lengths(months):
                if end != last and (s := self.ending(end, n)):
                    yield s

    def earlier_values(self, shown: Shown) -> tuple[Fraction, ...]:
        """Return what earlier releases said of a figure before it was revised; nothing for one that is withheld."""
        if shown.withheld or shown.o.value is None:
            return ()
        return tuple(
            Fraction(Decimal(c.old))
            for c in self.released.content.changes
            if c.kind == "revised" and c.old and c.key == shown.o.key
        )

    def breaks(self) -> tuple[Break, ...]:
        """Return the breaks in the series of the indicator."""
        return measures.breaks_of(self.released, self.indicator)

    def years_to(self, end: date) -> tuple[Shown, ...]:
        """Return the figures for 12 months that end in the same month of each year up to `end`, earliest first."""
        years = (self.ending(month_end(end, -12 * n), 12) for n in range(40))
        return tuple(reversed([s for s in years if s and s.value is not None]))


@dataclass(frozen=True)
class Pair:
    """Two figures that a change is computed from."""

    base: Shown
    later: Shown

    @property
    def withheld(self) -> bool:
        """Return True if one of them is withheld."""
        return self.base.withheld or self.later.withheld

    @property
    def percent(self) -> Fraction | None:
        """Return the change in per cent; None if it cannot be worked out."""
        if self.base.value is None or self.later.value is None or self.base.value <= 0:
            return None
        return (self.later.value - self.base.value) / self.base.value * 100

    @property
    def difference(self) -> Fraction | None:
        """Return the later figure less the earlier one; None if it cannot be worked out."""
        if self.base.value is None or self.later.value is None:
            return None
        return self.later.value - self.base.value


class Before(NamedTuple):
    """Which earlier figure a text compares with: so many `years` before, the same months of a `year`, or the one `just_before`."""

    just_before: bool = False
    years: int = 1
    year: int = 0


_A_YEAR_BEFORE = Before()


def pairs(
    figures: Figures,
    later: Sequence[Span],
    base: Sequence[Span],
    months: int = 0,
    before: Before = _A_YEAR_BEFORE,
) -> Iterator[Pair]:
    """Yield the pairs of figures that a change can be between, the likeliest first.

    `later` and `base` are the periods that the words can mean; empty means the newest figure, and the same months a
    year earlier, or what `before` says. A year that is named as the base (“since 2019”) can be the calendar year,
    or the 12 months that end in that year in the same month as the later figure.
    """
    later, base = figures.spans(later), figures.spans(base)
    latest = [s for span in later if (s := figures.during(*span))]
    if not latest and (not later or months):
        latest = list(figures.all_newest(months))
    for new in latest:
        end, length = new.o.period_end, new.o.months
        if end is None or not length:
            continue
        spans = [*base]
        for start, last in base:
            if months_between(start, last) == 12 and start.month == 1:
                spans.append((first_day(_same_month(end, last.year), length), _same_month(end, last.year)))
        if not base:
            earlier = month_end(end, -length if before.just_before else -12 * before.years)
            earlier = _same_month(end, before.year) if before.year else earlier
            spans = [(first_day(earlier, length), earlier)]
        for span in spans:
            if span[1] < end and (old := figures.during(*span)):
                yield Pair(old, new)


def _same_month(end: date, year: int) -> date:
    return month_end(date(year, end.month, 1), 0)


def earlier_pairs(figures: Figures, months: int, years: int) -> Iterator[Pair]:
    """Yield the change in a year to each older figure of the last `years` years, the newest first."""
    for new in figures.older(months or 12):
        end = new.o.period_end
        if (
            end
            and figures.last
            and end >= month_end(figures.last, -12 * years)
            and (old := figures.ending(month_end(end, -12), new.o.months))
        ):
            yield Pair(old, new)


def withheld(shown: Iterable[Shown]) -> bool:
    """Return True if one of the figures is withheld."""
    return any(s.withheld for s in shown)


def between(pair: Pair, figures: Figures) -> Break | None:
    """Return the break in the series that a change goes across; None if there is none."""
    return measures.broken(pair.base.o, pair.later.o, figures.breaks())


def fairer(pair: Pair, figures: Figures) -> Pair | None:
    """Return the comparison that a fair text would make, if it says something else than `pair`; None if it does not.

    A change is a chosen one if it compares less than 12 months while 12 months are published, or takes the highest or
    lowest year as its base; and the change in the last 12 months goes the other way, or is less than half as large.
    The Code of Practice for Statistics asks for that: context for figures, and no selection that misleads.
    """
    end, percent = pair.later.o.period_end, pair.percent
    if end is None or percent is None:
        return None
    years = figures.years_to(end)
    if len(years) < 2 or years[-1].o.period_end != end or years[-2].o.period_end != month_end(end, -12):
        return None
    usual = Pair(years[-2], years[-1])
    if usual.percent is None or between(usual, figures):
        return None
    other_way = usual.percent * percent < 0 or abs(usual.percent) < abs(percent) / 2
    if not other_way:
        return None
    if pair.later.o.months < 12:
        return usual
    values = [y.value for y in years if y.value is not None]
    extreme = max(values) if percent < 0 else min(values)
    is_old = pair.base.o.period_end != month_end(end, -12)
    return usual if is_old and len(values) >= 4 and pair.base.value is not None and _reaches(pair.base.value, extreme, percent) else None  # fmt: skip


def _reaches(base: Fraction, extreme: Fraction, percent: Fraction) -> bool:
    """Return True if the base is the highest year before a fall, or the lowest before a rise, or nearly so."""
    return base >= extreme * Fraction(98, 100) if percent < 0 else base <= extreme * Fraction(102, 100)
