"""Write the sentence that goes with each chart, from the same values that the chart draws."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

from portal.analysis.changes_in_words import cell, change_in_words, size_of, words_for_change
from portal.analysis.claims import verdicts
from portal.analysis.measures import (
    IndicatorSummary,
    breaks_of,
    broken,
    compared,
    is_clear_over_years,
    latest_change,
    revision_band,
    revision_of,
    rounded,
)
from portal.core import periods
from portal.core.model import Indicator, Observation
from portal.core.periods import inside_sentence
from portal.core.text import MARKERS, amount, counted, listed, lower_first, number, upper_first
from portal.core.vocabulary import (
    ADDABLE_UNITS,
    ChartKind,
    ClaimKind,
    Direction,
    Outcome,
    Status,
    Unit,
)
from portal.disclosure.clearing import ClearedContent, period_order

# The most figures that a sentence names; the table has the rest.
_NAMED = 8
_LARGEST = 3
# Parts of records that do not say what is asked.
_UNSAID = ("Not stated", "Not recorded")
_UNSETTLED = {Status.PROVISIONAL: "provisional", Status.ESTIMATED: "estimated"}
# Breakdowns whose parts are not kinds of one thing, so that nothing is "recorded as" one of them.
NO_KIND = ("measure", "item", "window", "result")


@dataclass(frozen=True)
class ChartInput:
    """What a chart is drawn from."""

    released: ClearedContent
    indicator: Indicator
    figures: tuple[Observation, ...]

    def label(self, o: Observation) -> str:
        """Return the period of a figure in words."""
        return periods.label(self.indicator.period_type, o.period_start, o.period_end)

    def short(self, o: Observation) -> str:
        """Return the period of a figure for an axis."""
        return periods.short_label(self.indicator.period_type, o.period_start, o.period_end)

    def tick(self, o: Observation) -> str:
        """Return the end of a period, for an axis on which all periods have the same length."""
        short = self.short(o)
        return f"to {short.partition(' months to ')[2]}" if " months to " in short else short

    def period(self, o: Observation) -> tuple[date | None, date | None]:
        """Return the first and last day of a figure."""
        return o.period_start, o.period_end

    def same_period(self, one: Observation, other: Observation) -> bool:
        """Return True if two figures are for the same days."""
        return self.period(one) == self.period(other)

    def place(self, o: Observation) -> str:
        """Return the name of a figure's area, with its code if another area in the chart has the same name."""
        name = self.released.content.areas[o.area].name
        return f"{name} ({o.area})" if self._names.count(name) > 1 else name

    @cached_property
    def _names(self) -> list[str]:
        return [
            self.released.content.areas[code].name for code in dict.fromkeys(o.area for o in self.figures)
        ]

    def in_place(self, o: Observation) -> str:
        """Return the name of a figure's area for a sentence: `Abertawe`, `the Barton area`."""
        place = self.place(o)
        return f"the {place}" if place.endswith((" area", " region")) else place

    def elsewhere(self, figures: Iterable[Observation]) -> str:
        """Return the name of the area of these figures if they share one and it is not the site's own; else empty."""
        areas = {o.area: o for o in figures}
        return self.place(*areas.values()) if len(areas) == 1 and self.released.area not in areas else ""

    def part(self, name: str) -> str:
        """Return the name of a part; "All" for all parts together."""
        return name or "All"

    def name(self, o: Observation) -> str:
        """Return the part of a figure, with its area if the chart has several."""
        return f"{self.part(o.part)}, {self.place(o)}" if len(self._names) > 1 else self.part(o.part)

    def full(self, o: Observation) -> str:
        """Return part, area and period of a figure, without a part or area that all figures of the chart share."""
        part = self.part(o.part) if self.indicator.breakdown else ""
        area = self.place(o) if len(self._names) > 1 else ""
        return ", ".join(filter(None, (part, area, self.label(o))))

    def cell(self, o: Observation | None) -> str:
        """Return a figure as a table prints it, with its marker."""
        return cell(o, self.indicator.unit)

    def with_unit(self, o: Observation) -> str:
        """Return a figure for a sentence, with its unit and mark, or the reason why there is no number."""
        return f"{self.without_mark(o)}{self.mark(o)}"

    def without_mark(self, o: Observation) -> str:
        """Return a figure for a sentence that has its mark elsewhere."""
        if o.value is None:
            return f"no figure ({MARKERS[o.status]})"
        if self.indicator.unit in (Unit.COUNT, Unit.PER_1000) and not self.has_unit_per_part:
            return counted(o.value, self.indicator.unit_label)
        return amount(o.value, self.indicator.unit)

    def mark(self, o: Observation) -> str:
        """Return ` (provisional)` or ` (estimated)` for such a figure; else empty."""
        return f" ({_UNSETTLED[o.status]})" if o.status in _UNSETTLED and o.value is not None else ""

    def without_unit(self, o: Observation) -> str:
        """Return a figure for a sentence that has already named the unit."""
        return self.with_unit(o) if o.value is None else amount(o.value, self.indicator.unit)

    @property
    def has_unit_per_part(self) -> bool:
        """Return True if each part counts something different, so that no unit fits all of them."""
        return self.indicator.breakdown == "measure"

    @property
    def parts(self) -> tuple[str, ...]:
        """Return the parts of the breakdown in the order of the data."""
        return tuple(
            dict.fromkeys(o.part for o in self.released.content.observations.get(self.indicator.id, ()))
        )

    @cached_property
    def _by_end(self) -> dict[tuple[str, str, int, date | None], Observation]:
        return {(o.area, o.part, o.months, o.period_end): o for o in self.figures}

    def a_year_before(self, o: Observation) -> Observation | None:
        """Return the figure of the same length that ended a year before, or as long before as its period is longer."""
        if o.period_end is None or not o.months:
            return None
        return self._by_end.get(
            (o.area, o.part, o.months, periods.month_end(o.period_end, -max(12, o.months)))
        )

    @property
    def times(self) -> tuple[Observation, ...]:
        """Return one figure for each period, earliest first."""
        return tuple({(o.period_start, o.period_end): o for o in reversed(self.figures)}.values())[::-1]


def describe_point(s: ChartInput, o: Observation) -> str:
    """Return what a chart says about a figure besides its value: the change from a year before, and its status.

    The change is a plain difference; whether it is a clear one is said in the finding. Empty if there is nothing to say.
    """
    status = f"{upper_first(MARKERS[o.status])}." if o.status else ""
    return " ".join(filter(None, (_difference(s, o), status)))


def _difference(s: ChartInput, o: Observation) -> str:
    if o.value is None or o.period_end is None or not o.months or s.indicator.unit == Unit.PERCENT_CHANGE:
        return ""
    ended = periods.month_end(o.period_end, -max(12, o.months))
    begun = periods.first_day(ended, o.months)
    if any(begun < b.date <= o.period_end for b in breaks_of(s.released, s.indicator.id)):
        return "Not comparable with a year before: recording changed."
    earlier = s.a_year_before(o)
    if earlier is None or earlier.value is None:
        return ""
    before = the_period(s, earlier)
    difference = o.value - earlier.value
    if not difference:
        return f"The same as in {before}."
    unit, size = s.indicator.unit, abs(difference)
    words = counted(size, "percentage points") if unit == Unit.PERCENT else amount(size, unit)
    lower = "less" if unit in (Unit.PERCENT, Unit.POUNDS) else "fewer"
    return f"{words} {'more' if difference > 0 else lower} than in {before}."


def describe_share(s: ChartInput, o: Observation, whole: Observation) -> str:
    """Return a part as a percentage of the whole, in whole per cent: `33%`, `under 1%`; empty without two numbers."""
    if o.value is None or not whole.value:
        return ""
    share = rounded(Fraction(o.value) / Fraction(whole.value) * 100, 0)
    if o.value and not share:
        return "under 1%"
    return "over 99%" if share == 100 and o.value != whole.value else f"{share}%"


def describe_latest(s: ChartInput) -> str:
    """Compare the newest figure with the one before: `Gun crime: no clear change. 75 offences in …, compared with 91 in …`.

    If there is a break between them, say so instead: `Not comparable with …: recording changed in …`.
    """
    if len(s.figures) == 1:
        return describe_all_figures(s)
    earlier, later = s.figures[-2:]
    title = f"{s.indicator.short_title}{_elsewhere(s, s.figures)}"
    newest = f"{s.without_mark(later)}{_when(s, later)}{s.mark(later)}"
    before = s.with_unit(earlier) if later.value is None else s.without_unit(earlier)
    if earlier.period_start:
        before = f"{before} in {just_before(s, earlier, later) or the_period(s, earlier)}"
    cut = broken(earlier, later, breaks_of(s.released, s.indicator.id))
    if cut:
        why = f"recording changed in {periods.month(cut.date)}"
        return f"{title}: {newest}. Not comparable with {before}: {why}."
    addition = describe_doubt(s, earlier, later) or _since_first(s)
    return f"{title}: {_verdict(s, earlier, later)}{newest}, compared with {before}.{addition}"


def just_before(s: ChartInput, earlier: Observation, later: Observation) -> str:
    """Return `the 12 months before` if a period is as long as the next and ends the day before it; else empty."""
    if not (earlier.period_start and earlier.period_end and later.period_start and later.period_end):
        return ""
    length = periods.months_between(earlier.period_start, earlier.period_end)
    same = length == periods.months_between(later.period_start, later.period_end)
    if not length or not same or earlier.period_end + timedelta(days=1) != later.period_start:
        return ""
    if length == 1:
        return "the month before"
    return f"the {length} months before" if " months to " in s.label(later) else "the year before"


def describe_area(s: ChartInput, summary: IndicatorSummary) -> tuple[str, str]:
    """Return a headline on an indicator in one area, `Violence in Rushey Green: up 20% (7% to 34%)`, and its figures.

    The change is the one in the area's tables: it allows for looking at all indicators of the area at once.
    """
    title = f"{s.indicator.short_title}{_elsewhere(s, [summary.latest])}"
    newest = f"{s.without_mark(summary.latest)}{_when(s, summary.latest)}{s.mark(summary.latest)}"
    if summary.earlier is None:
        return title, f"{upper_first(newest)}."
    earlier = s.with_unit(summary.earlier) if summary.earlier.value is None else s.cell(summary.earlier)
    return f"{title}: {change_in_words(summary)}", f"{upper_first(newest)}, {earlier} the year before."


def _verdict(s: ChartInput, earlier: Observation, later: Observation) -> str:
    """Return how two figures compare; empty if no test applies or the document contradicts its own figures."""
    change = latest_change(s.released, s.indicator)
    if change is None or not change.direction or describe_doubt(s, earlier, later):
        return ""
    return f"{words_for_change(change)}. "


def _since_first(s: ChartInput) -> str:
    """Return the clear change since the first figure, by the rule of the headlines; else empty.

    It is empty too with fewer than three figures, or across a break.
    """
    first, last = s.figures[0], s.figures[-1]
    is_newest = s.indicator.chart == ChartKind.RECORDED
    change = compared(s.released, s.indicator, first, last, newest=is_newest)
    if len(s.figures) < 3 or change is None or not is_clear_over_years(change):
        return ""
    way = "Up" if change.direction == Direction.ROSE else "Down"
    by = f" {size_of(change)}" if change.percent is not None else ""
    return f" {way}{by} since {the_period(s, first)}, from {s.with_unit(first)}."


def describe_doubt(s: ChartInput, earlier: Observation, later: Observation) -> str:
    """Return a note if the document states a different change from the one that its figures give; else empty."""
    for v in verdicts(s.released, s.indicator.id):
        base = (v.claim.area, v.claim.part, v.claim.base_period_start, v.claim.base_period_end)
        now = (v.claim.area, v.claim.part, v.claim.period_start, v.claim.period_end)
        same = (base, now) == (_claimed(earlier), _claimed(later))
        change_differs = same and v.outcome == Outcome.DIFFERS and v.claim.kind == ClaimKind.CHANGE_PERCENT
        if change_differs and v.claim.stated is not None and v.recomputed is not None:
            stated, recomputed = (amount(n, "percent-change") for n in (v.claim.stated, v.recomputed))
            return f" The document gives the change as {stated}; its own figures give {recomputed}."
    return ""


def _claimed(o: Observation) -> tuple[str, str, date | None, date | None]:
    return o.area, o.part, o.period_start, o.period_end


def describe_largest_parts_now(s: ChartInput) -> str:
    """Describe the largest parts in the latest period."""
    last = s.times[-1]
    return _largest(s, [o for o in s.figures if s.same_period(o, last)])


def describe_largest_parts(s: ChartInput) -> str:
    """Describe the largest parts, with the total if there is one."""
    return _largest(s, s.figures)


def _largest(s: ChartInput, figures: Sequence[Observation]) -> str:
    """Return `Stops in July 2024: of 359 stops, 117 were recorded as Black, 107 as Not stated and 96 as White`.

    If the parts are not kinds of one thing, or not counts, only list them: `81% (acting on the advice) and 77% (…)`.
    """
    parts = [o for o in figures if o.part]
    known = sorted((o for o in parts if o.value is not None), key=lambda o: -(o.value or 0))
    total = next((o for o in figures if not o.part and o.value is not None), None)
    one_area = len({o.area for o in figures}) == 1
    whole = s.with_unit(total) if total and one_area and s.indicator.unit in ADDABLE_UNITS else ""
    kinds = s.indicator.unit == Unit.COUNT and s.indicator.breakdown not in NO_KIND
    if known and one_area and kinds and not any(s.name(o)[:1].isdigit() for o in known):
        listing = f"{f'of {whole}, ' if whole else ''}{_recorded_as(s, known[:_LARGEST], bool(whole))} "
    else:
        named = listed(_named_once(s, [(o, s.name(o)) for o in _first(known)]))
        entries = f"{named}, of {whole} in all" if named and whole else named
        listing = f"{entries}. " if entries else f"{s.with_unit(total)} in all. " if total else ""
    return f"{s.indicator.short_title}{_where(s, figures)}: {listing}{_without_number(parts)}".strip()


def _recorded_as(s: ChartInput, figures: Sequence[Observation], of_all: bool) -> str:
    """Return `52 crimes were recorded as Racial and 10 as Faith. For 7, it was not stated.`; without the unit if `of_all`."""
    unsaid = [o for o in figures if s.name(o) in _UNSAID]
    first, *others = [o for o in figures if o not in unsaid] or unsaid
    were = "was" if first.value == 1 else "were"
    begin = f"{s.without_unit(first) if of_all else s.with_unit(first)} {were} recorded as {s.name(first)}"
    known = listed([begin, *(f"{s.without_unit(o)} as {s.name(o)}" for o in others)])
    rest = [f"For {s.without_unit(o)}, it was {lower_first(s.name(o))}." for o in unsaid]
    return " ".join([f"{known}.", *(rest if first not in unsaid else ())])


def _first(figures: Sequence[Observation]) -> list[Observation]:
    """Return the three largest figures of some in that order, or the two largest and the smallest if that is below zero."""
    is_below = len(figures) > _LARGEST and (figures[-1].value or 0) < 0
    return [*figures[: _LARGEST - is_below], *(figures[-1:] if is_below else ())]


def _named_once(s: ChartInput, figures: Sequence[tuple[Observation, str]]) -> list[str]:
    """Return figures with their names in brackets; only the first with a number has the unit."""
    named, has_unit = [], False
    for o, name in figures:
        named.append(f"{s.without_unit(o) if has_unit else s.with_unit(o)} ({name})")
        has_unit = has_unit or o.value is not None
    return named


def _without_number(figures: Sequence[Observation]) -> str:
    """Return how many figures have no number, a sentence for each reason."""
    reasons = []
    for mark, words in MARKERS.items():
        count = sum(o.value is None and o.status == mark for o in figures)
        some = f"{count} of {len(figures)} figures" if count < len(figures) else "The figures"
        if count:
            reasons.append(f"{some} {_reason(mark, words, count == 1 < len(figures))}.")
    return " ".join(reasons)


def _reason(mark: str, words: str, one: bool) -> str:
    if mark == Status.NOT_APPLICABLE:
        return words if one else words.replace("does", "do", 1)
    return f"{'is' if one else 'are'} {words}"


def describe_areas(s: ChartInput) -> str:
    """Describe the first and the last part, in a sentence each with all areas."""
    period = _when(s, s.figures[0])
    ends = {p: [o for o in s.figures if o.part == p] for p in (s.parts[0], s.parts[-1])}
    title = s.part if s.indicator.breakdown else lambda _: s.indicator.short_title
    parts = {p: own for p, own in ends.items() if own}
    return " ".join(f"{title(p)}{period}{_in_areas(s, own)}." for p, own in parts.items())


def _in_areas(s: ChartInput, figures: Sequence[Observation]) -> str:
    """Return `: 75 offences in Abertawe and 91 in Barton`, the site's own area first; a mark that all share is first of all."""
    if s.indicator.unit == Unit.PERCENT_CHANGE:
        return f": {listed([f'{_figure_or_change(s, o)} in {s.in_place(o)}' for o in figures])}"
    shared = s.mark(figures[0]) if len({s.mark(o) for o in figures}) == 1 else ""
    named, has_unit = [], False
    for o in sorted(figures, key=lambda o: o.area != s.released.area):
        words = s.without_unit(o) if has_unit else s.without_mark(o)
        named.append(f"{words}{'' if shared else s.mark(o)} in {s.in_place(o)}")
        has_unit = has_unit or o.value is not None
    return f"{shared}: {listed(named)}"


def _figure_or_change(s: ChartInput, o: Observation) -> str:
    """Return a figure in words; a published change as `up 10%`."""
    if o.value is None or s.indicator.unit != Unit.PERCENT_CHANGE:
        return s.with_unit(o)
    return _published_change(o.value)


def _published_change(value: Decimal) -> str:
    return f"{'up' if value > 0 else 'down'} {number(abs(value))}%" if value else "no change"


def describe_all_figures(s: ChartInput) -> str:
    """List every figure, for an indicator without a chart; of many figures, the newest of the site's own area."""
    title = s.indicator.short_title
    if len(s.figures) == 1 and s.indicator.unit == Unit.PERCENT_CHANGE and not s.indicator.breakdown:
        only = s.figures[0]
        source = s.released.content.sources[only.source].short_title
        begin = f"{title}{_elsewhere(s, s.figures)}: {_figure_or_change(s, only)}"
        if not only.period_start:
            return f"{begin}. The {source} does not say which period this covers."
        return f"{begin}{_when(s, only)}, according to the {source}."
    figures = s.figures
    if len(figures) > _NAMED:
        last = s.times[-1]
        local = [o for o in figures if o.area == s.released.area]
        newest = [o for o in local if s.same_period(o, max(local, key=period_order))] if local else []
        if not 0 < len(newest) <= _NAMED:
            ends = dict.fromkeys(inside_sentence(s.label(o)) for o in (s.times[0], last))
            return f"{title}: {len(figures)} figures, {' to '.join(ends)}. The table shows them all."
        return f"{title}{_where(s, newest)}: {listed(_row(s, newest))}."
    return f"{title}{_where(s, figures)}: {listed(_row(s, figures))}."


def _row(s: ChartInput, figures: Sequence[Observation]) -> list[str]:
    """Return figures with what distinguishes them: `20 offences (Muslim, Abertawe, 2022)` or `up 10% in 2020`."""
    several_areas = len({f.area for f in figures}) > 1
    several_periods = len({s.period(f) for f in figures}) > 1
    if not s.indicator.breakdown:
        return [
            _figure_or_change(s, o)
            + (f" in {s.in_place(o)}" if several_areas else "")
            + (_when(s, o) if several_periods else "")
            for o in figures
        ]
    periods_named = [inside_sentence(s.label(o)) if several_periods else "" for o in figures]
    places_named = [s.place(o) if several_areas else "" for o in figures]
    labels = zip([s.part(o.part) for o in figures], places_named, periods_named, strict=True)
    names = [", ".join(filter(None, label)) for label in labels]
    if s.indicator.unit == Unit.PERCENT_CHANGE:
        return [f"{_figure_or_change(s, o)} ({name})" for o, name in zip(figures, names, strict=True)]
    return _named_once(s, list(zip(figures, names, strict=True)))


def _where(s: ChartInput, figures: Sequence[Observation]) -> str:
    """Return the area (unless it is the site's own) and the period, if the figures share them."""
    periods_shown = {s.period(f) for f in figures}
    return _elsewhere(s, figures) + (_when(s, figures[0]) if len(periods_shown) == 1 else "")


def _elsewhere(s: ChartInput, figures: Sequence[Observation]) -> str:
    """Return ` in Abertawe` if all figures are for one area and it is not the site's own; else empty."""
    return f" in {s.in_place(figures[0])}" if s.elsewhere(figures) else ""


def _when(s: ChartInput, o: Observation) -> str:
    return f" in {the_period(s, o)}" if o.period_start else ""


def the_period(s: ChartInput, o: Observation) -> str:
    """Return a period as a sentence names it: `July 2024`, `the 12 months to July 2016`."""
    label = inside_sentence(s.label(o))
    return f"the {label}" if " months to " in label or "year" in label else label


def describe_revisions(s: ChartInput, *, has_bar: bool = True) -> str:
    """Say how far provisional figures are usually changed; empty if none is provisional or nothing is known about it."""
    newest = [o for o in s.figures if o.status == Status.PROVISIONAL and o.value is not None]
    known = revision_of(s.released, newest[-1]) if newest else None
    if not newest or known is None:
        return ""
    begin = f"The figure for {the_period(s, newest[-1])} is provisional. Later files"
    if not known.percent:
        return f"{begin} did not change 95% of such figures."
    band = revision_band(s.released, newest[-1])
    bar = ": the thin bar shows that range" if has_bar else ""
    here = f", which is {number(Decimal(band))} here{bar}" if band else ""
    return f"{begin} changed 95% of such figures by no more than {number(known.percent)}%{here}."
