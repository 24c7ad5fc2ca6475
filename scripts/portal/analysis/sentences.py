"""The one sentence that each chart says, from the same values that it draws."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

from portal.analysis.claims import verdicts
from portal.analysis.measures import (
    NO_CLEAR_CHANGE,
    Change,
    IndicatorSummary,
    breaks_of,
    broken,
    compared,
    latest_change,
    rounded,
    standing,
)
from portal.core import periods
from portal.core.model import Indicator, Observation
from portal.core.periods import running
from portal.core.text import MARKERS, amount, counted, listed, number, upper_first
from portal.core.vocabulary import ADDED
from portal.disclosure.clearing import ClearedContent, when

# A sentence names no more figures than this; the table has them all.
_NAMED = 8
_LARGEST = 3
# Breakdowns whose parts are no kinds of one thing, so that nothing can be "recorded as" one of them.
_NO_KIND = ("measure", "item", "window")


def cell(o: Observation | None, unit: str = "count") -> str:
    """Return a figure as a table prints it, with its marker; a dash where there is none."""
    if o is None:
        return "–"
    shown = "" if o.value is None else amount(o.value, unit)
    return " ".join(filter(None, (shown, f"[{o.status}]" if o.status else "")))


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
        return periods.short(self.indicator.period_type, o.period_start, o.period_end)

    def tick(self, o: Observation) -> str:
        """Return the period for an axis on which all periods are of one length: where it ends."""
        short = self.short(o)
        return f"to {short.partition(' months to ')[2]}" if " months to " in short else short

    def period(self, o: Observation) -> tuple[date | None, date | None]:
        """Return the first and last day of a figure."""
        return o.period_start, o.period_end

    def same_period(self, one: Observation, other: Observation) -> bool:
        """Return True if two figures are of the same days."""
        return self.period(one) == self.period(other)

    def place(self, o: Observation) -> str:
        """Return the name of the area of a figure, with its code where another area here has the same name."""
        name = self.released.content.areas[o.area].name
        return f"{name} ({o.area})" if self._names.count(name) > 1 else name

    @cached_property
    def _names(self) -> list[str]:
        return [
            self.released.content.areas[code].name for code in dict.fromkeys(o.area for o in self.figures)
        ]

    def elsewhere(self, figures: Iterable[Observation]) -> str:
        """Return the name of the one area of these figures, where it is not the site's own; else nothing."""
        areas = {o.area: o for o in figures}
        return self.place(*areas.values()) if len(areas) == 1 and self.released.area not in areas else ""

    def part(self, name: str) -> str:
        """Return the name of a part, or what all parts together are called."""
        return name or "All"

    def name(self, o: Observation) -> str:
        """Return the part of a figure, with its area where there are several."""
        return f"{self.part(o.part)}, {self.place(o)}" if len(self._names) > 1 else self.part(o.part)

    def full(self, o: Observation) -> str:
        """Return what a figure is of, as far as it is not the same for all of them: part, area and period."""
        part = self.part(o.part) if self.indicator.breakdown else ""
        area = self.place(o) if len(self._names) > 1 else ""
        return ", ".join(filter(None, (part, area, self.label(o))))

    def cell(self, o: Observation | None) -> str:
        """Return a figure as a table prints it, with its marker."""
        return cell(o, self.indicator.unit)

    def said(self, o: Observation) -> str:
        """Return a figure as a sentence says it: with its unit, or why there is none."""
        if o.value is None:
            return f"no figure ({MARKERS[o.status]})"
        if self.indicator.unit in ("count", "per-1000") and not self.own_units:
            return counted(o.value, self.indicator.unit_label)
        return amount(o.value, self.indicator.unit)

    def bare(self, o: Observation) -> str:
        """Return a figure for a sentence that has named the unit already."""
        return self.said(o) if o.value is None else amount(o.value, self.indicator.unit)

    @property
    def own_units(self) -> bool:
        """Return True if each part counts something else, so that no one unit fits."""
        return self.indicator.breakdown == "measure"

    @property
    def parts(self) -> tuple[str, ...]:
        """Return the parts of the breakdown in the order of the data."""
        return tuple(
            dict.fromkeys(o.part for o in self.released.content.observations.get(self.indicator.id, ()))
        )

    @property
    def times(self) -> tuple[Observation, ...]:
        """Return one figure for each period, in order of time."""
        return tuple({(o.period_start, o.period_end): o for o in reversed(self.figures)}.values())[::-1]


def latest(s: ChartInput) -> str:
    """Return the newest figure and the one before: `Gun crime: no clear change. 75 offences in …, compared with 91 in …`.

    Across a break the older figure is told apart, with the reason: `Not comparable with …: recording changed in …`.
    """
    if len(s.figures) == 1:
        return each(s)
    earlier, later = s.figures[-2:]
    title = f"{s.indicator.short_title}{_elsewhere(s, s.figures)}"
    now = f"{s.said(later)}{_when(s, later)}"
    before = (
        f"{s.bare(earlier)} in {_just_before(s, earlier, later) or _the(s, earlier)}"
        if earlier.period_start
        else s.bare(earlier)
    )
    cut = broken(earlier, later, breaks_of(s.released, s.indicator.id))
    if cut:
        why = f"recording changed in {periods.month(cut.date)}"
        return f"{title}: {now}. Not comparable with {before}: {why}.{_doubt(s, earlier, later)}"
    more = _doubt(s, earlier, later) or _since_first(s)
    return f"{title}: {_verdict(s, earlier, later)}{now}, compared with {before}.{more}"


def _just_before(s: ChartInput, earlier: Observation, later: Observation) -> str:
    """Return `the 12 months before`, where a period is as long as the next and ends the day before it; else nothing."""
    if not (earlier.period_start and earlier.period_end and later.period_start and later.period_end):
        return ""
    length = periods.months_between(earlier.period_start, earlier.period_end)
    same = length == periods.months_between(later.period_start, later.period_end)
    if not length or not same or earlier.period_end + timedelta(days=1) != later.period_start:
        return ""
    if length == 1:
        return "the month before"
    return f"the {length} months before" if " months to " in s.label(later) else "the year before"


def here(s: ChartInput, now: IndicatorSummary) -> str:
    """Return how an indicator stands in one area: `Violence in Rushey Green: up 20% (7% to 34%). 954 offences in …`.

    The change is that of the tables of the area, which allows for looking at all its indicators at once.
    """
    title = f"{s.indicator.short_title}{_elsewhere(s, [now.latest])}"
    newest = f"{s.said(now.latest)}{_when(s, now.latest)}"
    if now.earlier is None:
        return f"{title}: {newest}."
    earlier = s.said(now.earlier) if now.earlier.value is None else s.cell(now.earlier)
    return f"{title}: {changed(now)}. {upper_first(newest)}, {earlier} the year before."


def _verdict(s: ChartInput, earlier: Observation, later: Observation) -> str:
    """Return how the two compare; nothing where no test applies or the document is in doubt."""
    found = latest_change(s.released, s.indicator)
    if found is None or not found.direction or _doubt(s, earlier, later):
        return ""
    return f"{_change_in_words(found)}. "


def _since_first(s: ChartInput) -> str:
    """Return the clear change since the first figure, where there are more than two and there is no break between."""
    first, last = s.figures[0], s.figures[-1]
    found = compared(s.released, s.indicator, first, last)
    if len(s.figures) < 3 or found is None or found.direction not in ("rose", "fell"):
        return ""
    way = "Up" if found.direction == "rose" else "Down"
    by = f" {_by(found)}" if found.percent is not None else ""
    return f" {way}{by} since {_the(s, first)}, from {s.said(first)}."


def _doubt(s: ChartInput, earlier: Observation, later: Observation) -> str:
    """Return what to add where the document states another change than its figures give."""
    for v in verdicts(s.released, s.indicator.id):
        base = (v.claim.area, v.claim.part, v.claim.base_period_start, v.claim.base_period_end)
        now = (v.claim.area, v.claim.part, v.claim.period_start, v.claim.period_end)
        same = (base, now) == (_claimed(earlier), _claimed(later))
        change_differs = same and v.outcome == "differs" and v.claim.kind == "change-percent"
        if change_differs and v.claim.stated is not None and v.recomputed is not None:
            stated, given = (amount(n, "percent-change") for n in (v.claim.stated, v.recomputed))
            return f" The document gives the change as {stated}; its own figures give {given}."
    return ""


def _claimed(o: Observation) -> tuple[str, str, date | None, date | None]:
    return o.area, o.part, o.period_start, o.period_end


def small_multiples(s: ChartInput) -> str:
    """Return the largest parts in the latest period."""
    last = s.times[-1]
    return _largest(s, [o for o in s.figures if s.same_period(o, last)])


def ranked(s: ChartInput) -> str:
    """Return the largest parts, and of how many in all where the total is there."""
    return _largest(s, s.figures)


def _largest(s: ChartInput, figures: Sequence[Observation]) -> str:
    """`Stops in July 2024: of 359 stops, 117 were recorded as Black, 107 as Not stated and 96 as White.`

    Things of different kinds, and what is not a count, are only named: `81% (Acting on the advice) and 77% (…)`.
    """
    parts = [o for o in figures if o.part]
    known = sorted((o for o in parts if o.value is not None), key=lambda o: -(o.value or 0))
    total = next((o for o in figures if not o.part and o.value is not None), None)
    one_area = len({o.area for o in figures}) == 1
    whole = s.said(total) if total and one_area and s.indicator.unit in ADDED else ""
    kinds = s.indicator.unit == "count" and s.indicator.breakdown not in _NO_KIND
    if known and one_area and kinds and not any(s.name(o)[:1].isdigit() for o in known):
        told = f"{f'of {whole}, ' if whole else ''}{_recorded_as(s, known[:_LARGEST], bool(whole))}. "
    else:
        named = listed(_named_once(s, [(o, s.name(o)) for o in known[:_LARGEST]]))
        some = f"{named}, of {whole} in all" if named and whole else named
        told = f"{some}. " if some else f"{s.said(total)} in all. " if total else ""
    return f"{s.indicator.short_title}{_where(s, figures)}: {told}{_not_there(parts)}".strip()


def _recorded_as(s: ChartInput, figures: Sequence[Observation], of_all: bool) -> str:
    """`52 crimes were recorded as Racial, 10 as Homophobic and 7 as Faith`; without the unit where it was named."""
    first, *others = figures
    were = "was" if first.value == 1 else "were"
    begin = f"{s.bare(first) if of_all else s.said(first)} {were} recorded as {s.name(first)}"
    return listed([begin, *(f"{s.bare(o)} as {s.name(o)}" for o in others)])


def _named_once(s: ChartInput, figures: Sequence[tuple[Observation, str]]) -> list[str]:
    """Return figures with their names in brackets, the unit only with the first that has a number."""
    named, begun = [], False
    for o, name in figures:
        named.append(f"{s.bare(o) if begun else s.said(o)} ({name})")
        begun = begun or o.value is not None
    return named


def _not_there(figures: Sequence[Observation]) -> str:
    """Return how many figures have no number and why, each reason in its own words."""
    told = []
    for mark, words in MARKERS.items():
        count = sum(o.value is None and o.status == mark for o in figures)
        some = f"{count} of {len(figures)} figures" if count < len(figures) else "The figures"
        if count:
            told.append(f"{some} {_reason(mark, words, count == 1 < len(figures))}.")
    return " ".join(told)


def _reason(mark: str, words: str, one: bool) -> str:
    if mark == "z":
        return words if one else words.replace("does", "do", 1)
    return f"{'is' if one else 'are'} {words}"


def areas(s: ChartInput) -> str:
    """Return one sentence for the first and one for the last part, all areas in each."""
    period = _when(s, s.figures[0])
    ends = {p: [o for o in s.figures if o.part == p] for p in (s.parts[0], s.parts[-1])}
    return " ".join(
        f"{s.part(p)}{period}: {listed([f'{_moved(s, o)} in {s.place(o)}' for o in own])}."
        for p, own in ends.items()
    )


def _moved(s: ChartInput, o: Observation) -> str:
    """Return a figure in words; a published change as the way it went."""
    if o.value is None or s.indicator.unit != "percent-change":
        return s.said(o)
    return _went(o.value)


def _went(value: Decimal) -> str:
    return f"{'up' if value > 0 else 'down'} {number(abs(value))}%" if value else "no change"


def each(s: ChartInput) -> str:
    """Return every figure in a row of words, for what has no chart; of many those of the own area."""
    title = s.indicator.short_title
    if len(s.figures) == 1 and s.indicator.unit == "percent-change" and not s.indicator.breakdown:
        only = s.figures[0]
        source = s.released.content.sources[only.source].short_title
        moved = s.said(only) if only.value is None else _went(only.value)
        begin = f"{title}{_elsewhere(s, s.figures)}: {moved}"
        if not only.period_start:
            return f"{begin}. The {source} does not say over which period."
        return f"{begin}{_when(s, only)}, according to the {source}."
    figures = s.figures
    if len(figures) > _NAMED:
        last = s.times[-1]
        own = [o for o in figures if o.area == s.released.area]
        newest = [o for o in own if s.same_period(o, max(own, key=when))] if own else []
        if not 0 < len(newest) <= _NAMED:
            ends = dict.fromkeys(running(s.label(o)) for o in (s.times[0], last))
            return f"{title}: {len(figures)} figures, {' to '.join(ends)}. The table has them all."
        return f"{title}{_where(s, newest)}: {listed(_row(s, newest))}."
    return f"{title}{_where(s, figures)}: {listed(_row(s, figures))}."


def _row(s: ChartInput, figures: Sequence[Observation]) -> list[str]:
    """Return figures with what tells them apart: `20 offences (Muslim, Abertawe, 2022)` or `up 10% in 2020`."""
    many = len({f.area for f in figures}) > 1
    dated = len({s.period(f) for f in figures}) > 1
    if not s.indicator.breakdown:
        return [
            _moved(s, o) + (f" in {s.place(o)}" if many else "") + (_when(s, o) if dated else "")
            for o in figures
        ]
    names = [
        ", ".join(
            filter(None, (s.part(o.part), s.place(o) if many else "", running(s.label(o)) if dated else ""))
        )
        for o in figures
    ]
    if s.indicator.unit == "percent-change":
        return [f"{_moved(s, o)} ({name})" for o, name in zip(figures, names, strict=True)]
    return _named_once(s, list(zip(figures, names, strict=True)))


def _where(s: ChartInput, figures: Sequence[Observation]) -> str:
    """Return the area, where it is one other than the site's own, and the period, where figures share them."""
    shared = {s.period(f) for f in figures}
    return _elsewhere(s, figures) + (_when(s, figures[0]) if len(shared) == 1 else "")


def _elsewhere(s: ChartInput, figures: Sequence[Observation]) -> str:
    """` in Abertawe`, where all figures are of one area and that is not the site's own."""
    place = s.elsewhere(figures)
    return f" in {place}" if place else ""


def _when(s: ChartInput, o: Observation) -> str:
    return f" in {_the(s, o)}" if o.period_start else ""


def _the(s: ChartInput, o: Observation) -> str:
    """Return a period as a sentence names it: `July 2024`, `the 12 months to July 2016`."""
    label = running(s.label(o))
    return f"the {label}" if " months to " in label or "year" in label else label


# --- how an indicator stands in an area

_WHY = {
    "none": "no figure to compare with",
    "hidden": "cannot be shown",
    "": "",
}
# What a change of these is called: the police find most of them themselves.
_BY_POLICE = "police-activity"
_MOVED = {
    "rose": "{} rose.",
    "fell": "{} fell.",
    "by police rose": "{}: the police recorded more.",
    "by police fell": "{}: the police recorded fewer.",
}


def changed(s: IndicatorSummary) -> str:
    """Return the change in a few words: `up 9% (3% to 16%)`, `no clear change`, or why there is none to state."""
    if s.change is None:
        if s.cut:
            return f"not comparable: recording changed in {periods.month(s.cut.date)}"
        return _WHY[s.why]
    if s.indicator.polarity == _BY_POLICE:
        return _recorded(s.change)
    return _change_in_words(s.change, s.indicator.unit)


def way_of(released: ClearedContent, indicator: Indicator) -> str:
    """Return which way an indicator of the borough went last, in a few words; the newest period where nothing can be said."""
    if indicator.chart == "recorded":
        now = standing(released, indicator, released.area)
        return changed(now) if now else "no figure"
    change = latest_change(released, indicator)
    return _change_in_words(change, indicator.unit) if change else "one date only"


def _change_in_words(c: Change, unit: str = "count") -> str:
    """`up 9% (3% to 16%)`, `down by 12`, `no clear change`; without a test only `9% more` or `12 fewer`."""
    if c.direction == NO_CLEAR_CHANGE:
        return c.direction
    if not c.direction:
        return _untested(c, unit)
    way = "up" if c.direction == "rose" else "down"
    if c.percent is None:
        return f"{way} by {number(abs(c.difference))}"
    return f"{way} {_by(c)}{_between(c)}"


def _recorded(c: Change) -> str:
    """Return a change of what the police find themselves: how much more or less they recorded."""
    if c.direction == NO_CLEAR_CHANGE:
        return "about as many recorded"
    if c.percent is None:
        return f"{number(abs(c.difference))} {'more' if c.difference > 0 else 'fewer'} recorded"
    return f"{_by(c)} {'more' if c.difference > 0 else 'fewer'} recorded{_between(c)}"


def _between(c: Change) -> str:
    """Return the interval behind a percentage, in brackets: the smaller change first; nothing where it spans both ways."""
    if c.interval is None or c.interval[0] * c.interval[1] <= 0:
        return ""
    low, high = (_per_cent(Fraction(end)) for end in sorted(c.interval, key=abs))
    return f" ({low} to {high})" if low != high else ""


def _by(c: Change) -> str:
    """Return how large a change is in per cent."""
    return _per_cent(Fraction(c.difference) * 100 / Fraction(c.earlier.value or 1))


def _per_cent(exact: Fraction) -> str:
    """Return the size of a change in whole per cent; a small one is not rounded to none, nor a large fall to all."""
    whole = rounded(abs(exact), 0)
    if exact and not whole:
        return "under 1%"
    return "over 99%" if whole == 100 and -100 < exact < 0 else f"{number(whole)}%"


def _untested(c: Change, unit: str) -> str:
    """Return a change that nothing tells from chance: only by how much, in the figure's own unit."""
    if not c.difference:
        return "the same"
    way = "up" if c.difference > 0 else "down"
    size = abs(c.difference)
    if unit in ("percent", "percent-change"):
        return f"{way} by {number(size)} percentage {'point' if size == 1 else 'points'}"
    return f"{way} by {amount(size, unit)}"


def per_1000(released: ClearedContent, s: IndicatorSummary | None) -> str:
    """Return a rate per 1,000 people as a table prints it, or in words that it would mean little; a dash for none."""
    if s is None or s.rate is None:
        unfit = s and (s.latest.area, s.indicator.id) in released.content.no_rates
        return "not meaningful" if unfit else "–"
    return str(s.rate.value)


def sense(s: IndicatorSummary) -> str:
    """Return what a change means by the indicator's polarity: "worse", "better" or "neutral"."""
    if s.change is None or s.change.direction not in ("rose", "fell"):
        return "neutral"
    good = {"lower-is-better": "fell", "higher-is-better": "rose"}.get(s.indicator.polarity)
    return "neutral" if good is None else "better" if s.change.direction == good else "worse"


def moved(standings: Sequence[IndicatorSummary]) -> str:
    """Return which of these clearly changed: `Violence rose. Burglary and Robbery fell. Nothing else clearly changed.`"""
    ways: dict[str, list[str]] = {}
    for s in standings:
        if s.change and s.change.direction in ("rose", "fell"):
            by = "by police " if s.indicator.polarity == _BY_POLICE else ""
            ways.setdefault(by + s.change.direction, []).append(s.indicator.short_title)
    told = [words.format(listed(ways[way])) for way, words in _MOVED.items() if way in ways]
    if not told:
        return "No type of crime clearly rose or fell."
    return " ".join([*told, "Nothing else clearly changed."])


def told(s: IndicatorSummary) -> str:
    """`Robbery: down 19%, from 102 to 83`, for a change that is clear."""
    if s.change is None or s.earlier is None:
        return f"{s.indicator.short_title}: {changed(s)}"
    return f"{s.indicator.short_title}: {changed(s)}, from {cell(s.earlier, s.indicator.unit)} to {cell(s.latest, s.indicator.unit)}"
