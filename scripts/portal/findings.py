"""The one sentence that each chart says, from the same values that it draws."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from portal import periods
from portal.claims import verdicts
from portal.disclosure import Release
from portal.measures import (
    NO_CLEAR_CHANGE,
    Change,
    Standing,
    breaks_of,
    broken,
    compared,
    latest_change,
    standing,
)
from portal.model import Indicator, Observation
from portal.text import amount, listed, lower_first, number

MARKERS: Mapping[str, str] = {
    "c": "withheld, to protect people",
    "x": "not available",
    "z": "does not apply",
    "low": "too low to show, but not zero",
    "p": "provisional, may still change",
    "r": "revised since it was first published",
    "e": "estimated",
    "b": "counted in a new way from here on",
}


def cell(o: Observation | None, unit: str = "count") -> str:
    """A figure as a table prints it, with its marker; a dash where there is none."""
    if o is None:
        return "–"
    shown = "" if o.value is None else amount(o.value, unit)
    return " ".join(filter(None, (shown, f"[{o.status}]" if o.status else "")))


@dataclass(frozen=True)
class Subject:
    """What a chart is drawn from."""

    released: Release
    indicator: Indicator
    figures: tuple[Observation, ...]

    def label(self, o: Observation) -> str:
        """The period of a figure in words."""
        return periods.label(self.indicator.period_type, o.period_start, o.period_end)

    def short(self, o: Observation) -> str:
        """The period of a figure for an axis."""
        return periods.short(self.indicator.period_type, o.period_start, o.period_end)

    def place(self, o: Observation) -> str:
        """The name of the area of a figure."""
        return self.released.content.areas[o.area].name

    def cell(self, o: Observation | None) -> str:
        """A figure as a table prints it, with its marker."""
        return cell(o, self.indicator.unit)

    def said(self, o: Observation) -> str:
        """A figure as a sentence says it: with its unit, or that it is withheld."""
        if o.value is None:
            return f"no figure ({MARKERS[o.status]})"
        unit = (
            f" {self.indicator.unit_label}"
            if self.indicator.unit in ("count", "per-1000") and not self.own_units
            else ""
        )
        return amount(o.value, self.indicator.unit) + unit

    @property
    def own_units(self) -> bool:
        """Whether each part counts something else, so that no one unit fits."""
        return self.indicator.breakdown == "measure"

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts of the breakdown in the order of the data."""
        return tuple(
            dict.fromkeys(o.part for o in self.released.content.observations.get(self.indicator.id, ()))
        )

    @property
    def times(self) -> tuple[Observation, ...]:
        """One figure for each period, in order of time."""
        return tuple({(o.period_start, o.period_end): o for o in reversed(self.figures)}.values())[::-1]


def latest(s: Subject) -> str:
    """`Gun crime: no clear change. 75 offences in the 12 months to July 2016, against 91 offences in …`."""
    if len(s.figures) == 1:
        return each(s)
    earlier, later = s.figures[-2:]
    cut = broken(earlier, later, breaks_of(s.released, s.indicator.id))
    both = f"{s.said(later)}{_when(s, later)}, {'and' if cut else 'against'} {s.said(earlier)}{_when(s, earlier)}"
    more = _doubt(s, earlier, later) or _since_first(s)
    return f"{s.indicator.short_title}: {_verdict(s, earlier, later)}{both}.{more}"


def _verdict(s: Subject, earlier: Observation, later: Observation) -> str:
    """How the two compare, or why they cannot be; nothing where no test applies or the document is in doubt."""
    hit = broken(earlier, later, breaks_of(s.released, s.indicator.id))
    if hit:
        return "the last two figures cannot be compared. "
    found = latest_change(s.released, s.indicator)
    if found is None or not found.direction or _doubt(s, earlier, later):
        return ""
    return f"{_change_in_words(found)}. "


def _since_first(s: Subject) -> str:
    """The clear change since the first figure, where there are more than two and no break stands between."""
    first, last = s.figures[0], s.figures[-1]
    found = compared(s.released, s.indicator, first, last)
    if len(s.figures) < 3 or found is None or found.direction not in ("rose", "fell"):
        return ""
    by = f" by {number(abs(found.percent))}%" if found.percent is not None else ""
    return f" Since {_the(s, first)}, when there were {s.said(first)}, it {found.direction}{by}."


def _doubt(s: Subject, earlier: Observation, later: Observation) -> str:
    """What to add where the document states another change than its figures give."""
    for v in verdicts(s.released, s.indicator.id):
        same = (v.claim.base_period_start, v.claim.period_start) == (earlier.period_start, later.period_start)
        change_differs = same and v.outcome == "differs" and v.claim.kind == "change-percent"
        if change_differs and v.claim.stated is not None and v.recomputed is not None:
            stated, given = (amount(n, "percent-change") for n in (v.claim.stated, v.recomputed))
            return f" The document calls this a change of {stated}; its figures give {given}."
    return ""


def running(label: str) -> str:
    """A period as it stands inside a sentence."""
    return label[0].lower() + label[1:] if label.startswith(("Year", "Period")) else label


def small_multiples(s: Subject) -> str:
    """The two largest parts in the latest period."""
    last = s.times[-1]
    now = [o for o in s.figures if o.period_end == last.period_end and o.part and o.value is not None]
    if len(now) < 2:
        return f"Figures run from {s.label(s.times[0])} to {s.label(last)}."
    first, second = sorted(now, key=lambda o: -(o.value or 0))[:2]
    return (
        f"In {s.label(last)} the largest number is for “{first.part}”, with {s.said(first)}. "
        f"Next is “{second.part}”, with {s.cell(second)}."
    )


def ranked(s: Subject) -> str:
    """The largest and the smallest part."""
    known = sorted((o for o in s.figures if o.part and o.value is not None), key=lambda o: -(o.value or 0))
    if not known:
        return "All figures are withheld."
    most, least = known[0], known[-1]
    if any(o.part and o.value is None for o in s.figures):
        return f"Highest, at {s.cell(most)}: “{most.part}”. Some numbers are withheld, to protect people."
    return f"Highest, at {s.cell(most)}: “{most.part}”. Lowest, at {s.cell(least)}: “{least.part}”."


def areas(s: Subject) -> str:
    """One sentence for the first and one for the last part, all areas in each."""
    ends = dict.fromkeys((s.parts[0], s.parts[-1]))
    return " ".join(
        f"{p}: {listed([f'{_moved(s, o)} in {s.place(o)}' for o in s.figures if o.part == p])}." for p in ends
    )


def _moved(s: Subject, o: Observation) -> str:
    """A figure in words; a published change as the way it went."""
    if o.value is None or s.indicator.unit != "percent-change":
        return s.said(o)
    return _went(o.value)


def _went(value: Decimal) -> str:
    return f"{'up' if value > 0 else 'down'} {number(abs(value))}%" if value else "no change"


def each(s: Subject) -> str:
    """Every figure in a row of words, for what has no chart."""
    title = s.indicator.short_title
    own = [o for o in s.figures if o.area == s.released.area]
    if len(own) == 1 and len(s.figures) > 5:
        return f"{title}: {_one(s, own[0])}."
    if len(s.figures) == 1 and s.indicator.unit == "percent-change" and not s.indicator.breakdown:
        only = s.figures[0]
        source = s.released.content.sources[only.source].short_title
        moved = "no figure" if only.value is None else _went(only.value)
        when = _when(s, only) or ", without saying over which period"
        return f"{title}: {moved}{when}, the {source} says."
    return f"{title}: {listed([_one(s, o) for o in s.figures])}."


def _one(s: Subject, o: Observation) -> str:
    """A figure and what it is of: `23 sessions held`, `£300,000 (pot for …)` or `up 10% in …`."""
    if s.own_units and o.value is not None:
        return f"{s.cell(o)} {lower_first(o.part)}"
    return _moved(s, o) + _where(s, o)


def _when(s: Subject, o: Observation) -> str:
    return f" in {_the(s, o)}" if o.period_start else ""


def _the(s: Subject, o: Observation) -> str:
    """A period as a sentence names it: `July 2024`, `the 12 months to July 2016`."""
    label = running(s.label(o))
    return label if s.indicator.period_type in ("month", "calendar-year") else f"the {label}"


def _where(s: Subject, o: Observation) -> str:
    """What tells a figure from the others beside it: its part, or else its area and period."""
    if s.indicator.breakdown:
        return f" ({lower_first(o.part)})"
    many = len({f.area for f in s.figures}) > 1
    return (f" in {s.place(o)}" if many else "") + _when(s, o)


# --- how an indicator stands in an area

_WHY = {
    "none": "no figure to compare with",
    "withheld": "cannot be shown",
    "": "",
}
# What a change of these is called: the police find most of them themselves.
_BY_POLICE = "police-activity"


def changed(s: Standing) -> str:
    """Return the change in a few words: `up 9% (3% to 16%)`, `no clear change`, or why there is none to state."""
    if s.change is None:
        if s.cut:
            return f"not comparable: recording changed in {periods.month(s.cut.date)}"
        return _WHY[s.why]
    if s.indicator.polarity == _BY_POLICE:
        return _recorded(s.change)
    return _change_in_words(s.change)


def way_of(released: Release, indicator: Indicator) -> str:
    """Return which way an indicator of the borough went last, in a few words; the newest period where nothing can be said."""
    if indicator.chart == "recorded":
        now = standing(released, indicator, released.area)
        return changed(now) if now else "no figure"
    change = latest_change(released, indicator)
    return _change_in_words(change) if change else "one date only"


def _change_in_words(c: Change) -> str:
    """`up 9% (3% to 16%)`, `down by 12`, `no clear change`; without a test only `9% more` or `12 fewer`."""
    if c.direction == NO_CLEAR_CHANGE:
        return c.direction
    if not c.direction:
        return _untested(c)
    way = "up" if c.direction == "rose" else "down"
    if c.percent is None:
        return f"{way} by {number(abs(c.difference))}"
    return f"{way} {number(abs(c.percent))}%{_between(c)}"


def _untested(c: Change) -> str:
    """A change that nothing tells from chance: only how many more or fewer."""
    if not c.difference:
        return "the same"
    size = f"{number(abs(c.percent))}%" if c.percent is not None else number(abs(c.difference))
    return f"{size} {'more' if c.difference > 0 else 'fewer'}"


def _recorded(c: Change) -> str:
    """A change of what the police find themselves: how much more or less they recorded."""
    if c.direction == NO_CLEAR_CHANGE:
        return "about as many recorded"
    if c.percent is None:
        return f"{number(abs(c.difference))} {'more' if c.difference > 0 else 'fewer'} recorded"
    return f"{number(abs(c.percent))}% {'more' if c.difference > 0 else 'fewer'} recorded{_between(c)}"


def _between(c: Change) -> str:
    """The interval behind a percentage, in brackets: the smaller change first; nothing where it spans both ways."""
    if c.interval is None or c.interval[0] * c.interval[1] < 0:
        return ""
    low, high = sorted(abs(end) for end in c.interval)
    return f" ({number(low)}% to {number(high)}%)"


def sense(s: Standing) -> str:
    """What a change means by the indicator's polarity: "worse", "better" or "neutral"."""
    if s.change is None or s.change.direction not in ("rose", "fell"):
        return "neutral"
    good = {"lower-is-better": "fell", "higher-is-better": "rose"}.get(s.indicator.polarity)
    return "neutral" if good is None else "better" if s.change.direction == good else "worse"


def told(s: Standing) -> str:
    """`Robbery: down 19%, from 102 to 83`, for a change that is clear."""
    if s.change is None or s.earlier is None:
        return f"{s.indicator.short_title}: {changed(s)}"
    return f"{s.indicator.short_title}: {changed(s)}, from {cell(s.earlier)} to {cell(s.latest)}"
