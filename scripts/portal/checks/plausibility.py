"""Plausibility checks: warnings about data that is valid but unlikely. Each is one function and one entry in `CHECKS`.

They run on packages that have passed every rule. A warning has a name, by which it can be accepted with a reason.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import groupby, pairwise
from statistics import median
from typing import Any

from portal.checks import sensitive_subjects, unseen_areas, written_numbers
from portal.checks.valid_rows import ValidRow, ValidRows
from portal.core import periods
from portal.core.field_types import number_or_none
from portal.core.field_types import read_date as read_day
from portal.core.model import AcceptedWarning, Target
from portal.core.problems import Problem
from portal.core.targets import outcome_of
from portal.core.text import number, plain_name
from portal.core.vocabulary import TargetOutcome

DAYS_VERIFIED = 90
# Iglewicz and Hoaglin (1993), How to Detect and Handle Outliers: modified z-scores above this are outliers.
OUTLIER = 3.5
# The median absolute deviation of a normal distribution times this is its standard deviation.
_TO_SIGMA = 1.4826
_LEAST_CHANGES = 4  # earlier changes needed to judge a new one
# A rise of counts by less than a quarter, or a fall by less than a fifth, is not a jump.
_LEAST_JUMP = math.log(1.25)
_LARGE_JUMP = 4  # times as much is a jump in a short series
_CHANCE = 0.001  # probability that counts are equal by chance


@dataclass(frozen=True)
class PlausibilityInput:
    """What the checks use: the valid packages and today's date."""

    checked: ValidRows
    today: date

    @cached_property
    def figures(self) -> "tuple[Figure, ...]":
        """Return every figure with a stated period."""
        return tuple(
            Figure(
                r,
                read_day(r["period_start"]),
                read_day(r["period_end"]),
                number_or_none(r["value"]),
            )
            for r in self.checked.rows("indicators", "observations")
            if r["period_start"]
        )


@dataclass(frozen=True)
class Figure:
    """One figure with its row, so that a warning can say where it is."""

    row: ValidRow
    start: date
    end: date
    value: Decimal | None

    @cached_property
    def part(self) -> str:
        """Return its part of the breakdown; empty for the total."""
        return self.row.part

    @property
    def name(self) -> str:
        """Return its identity, for the name of a warning."""
        cells = (self.row["indicator"], self.row["area"], self.part, f"{self.start}/{self.end}")
        return ":".join(filter(None, cells))


def find_warnings(checked: ValidRows, today: date) -> tuple[Problem, ...]:
    """Return every warning, by file and row."""
    data = PlausibilityInput(checked, today)
    return tuple(sorted(p for check in CHECKS.values() for p in check(data)))


def unaccepted(
    warnings: Iterable[Problem], accepted: Iterable[AcceptedWarning], file: str
) -> tuple[Problem, ...]:
    """Return the warnings that have not been accepted, and one for each acceptance in `file` that is no longer needed.

    An accepted name that ends in * matches every name that begins like it.
    """
    warned, names = list(warnings), [a.warning for a in accepted]
    not_accepted = [w for w in warned if not any(_matches(n, w.name) for n in names)]
    no_longer_needed = [n for n in names if not any(_matches(n, w.name) for w in warned)]
    return (*not_accepted, *(_spent_acceptance(file, n) for n in no_longer_needed))


def unlinked_page(page: str) -> Problem:
    """Return the warning about a built page that no other page links to."""
    fix = "Link to it from a page where readers would look for it."
    return Problem(
        f"(built) {page}", 0, "", "unlinked", "No other page links to this one.", fix, f"unlinked:{page}"
    )


def _matches(accepted: str, name: str) -> bool:
    return name.startswith(accepted[:-1]) if accepted.endswith("*") else name == accepted


def _spent_acceptance(file: str, name: str) -> Problem:
    message = f"The warning {name} was accepted, but no longer appears."
    return Problem(file, 0, "warning", "spent", message, "Remove the row.", f"spent:{name}")


# --- figures


def _units(data: PlausibilityInput) -> Mapping[str, str]:
    """Return the unit of each indicator."""
    return {r["id"]: r["unit"] for r in data.checked.rows("indicators", "indicators")}


def _series(data: PlausibilityInput) -> Iterator[list[Figure]]:
    """Yield each time series: one indicator, area, part and length of period, in order of time, split at breaks in series."""
    breaks: dict[str, list[date]] = defaultdict(list)
    for r in data.checked.rows("indicators", "breaks"):
        breaks[r["indicator"]].append(read_day(r["date"]))
    series: dict[tuple[object, ...], list[Figure]] = defaultdict(list)
    for f in data.figures:
        era = sum(f.start >= day for day in breaks[f.row["indicator"]])
        length = periods.months_between(f.start, f.end)
        series[f.row["indicator"], f.row["area"], f.part, length, era].append(f)
    yield from (sorted(figures, key=lambda f: f.end) for figures in series.values())


def _parts_and_totals(data: PlausibilityInput) -> Iterator[Problem]:
    """Warn if the parts of a breakdown do not add up to their total."""
    overlapping = {i for p in data.checked.packages for i in p.portal.get("overlapping", "").split(";") if i}
    units = _units(data)
    groups: dict[tuple[str, ...], list[Figure]] = defaultdict(list)
    for f in (f for f in data.figures if units[f.row["indicator"]] in ("count", "pounds")):
        groups[f.row["indicator"], f.row["area"], str(f.start), str(f.end)].append(f)
    for (indicator, *_), figures in groups.items():
        total = next((f for f in figures if not f.part), None)
        parts = [f for f in figures if f.part]
        if total and total.value is not None and parts and indicator not in overlapping:
            yield from _compare_sum(total, parts, complete=True)
    yield from _members_and_totals(data, groups)


def _members_and_totals(
    data: PlausibilityInput, groups: Mapping[tuple[str, ...], list[Figure]]
) -> Iterator[Problem]:
    """Do the same for indicators that are part of another, which need not be all of its parts."""
    members: dict[str, list[str]] = defaultdict(list)
    units = _units(data)
    for r in data.checked.rows("indicators", "indicators"):
        members[r["part_of"]].append(r["id"])
    for (indicator, *place), figures in groups.items():
        total = next((f for f in figures if not f.part), None)
        if total and total.value is not None:
            addable = [m for m in members.get(indicator, ()) if units[m] == units[indicator]]
            by_member = [groups.get((m, *place), []) for m in addable]
            parts = [next(f for f in group if not f.part) for group in by_member if any(not f.part for f in group)]  # fmt: skip
            if parts:
                yield from _compare_sum(total, parts, complete=False)


def _compare_sum(total: Figure, parts: Sequence[Figure], complete: bool) -> Iterator[Problem]:
    known = [p.value for p in parts if p.value is not None]
    summed, whole = sum(known, Decimal(0)), total.value or Decimal(0)
    fix = "Compare the parts and the total with the source. Accept it if the source gives them like this."
    if summed > whole:
        message = f"The parts add up to {number(summed)}, more than their total of {number(whole)}."
        yield total.row.warning("value", message, fix, f"sum:{total.name}")
    elif complete and len(known) == len(parts) and summed < whole:
        message = f"The parts add up to {number(summed)}, less than their total of {number(whole)}."
        yield total.row.warning("value", message, fix, f"sum:{total.name}")


def _jumps(data: PlausibilityInput) -> Iterator[Problem]:
    """Warn if a figure changes much more than it did before in its time series."""
    units = _units(data)
    for series in _series(data):
        figures = [f for f in series if f.value is not None]
        counts = units[series[0].row["indicator"]] == "count"
        changes: list[float] = []
        for a, b in pairwise(figures):
            change = _change(a, b, counts)
            if _implausible(change, changes, _noise(a, b) if counts else 0.0, counts):
                values = [number(f.value or Decimal(0)) for f in (a, b)]
                message = f"{values[0]} is followed by {values[1]}, a larger jump than any before in this time series."
                fix = "Compare it with the source. Is there a digit too many, or a month's figure in place of a year's?"
                yield b.row.warning("value", message, fix, f"jump:{b.name}")
            changes.append(change)


def _change(a: Figure, b: Figure, counts: bool) -> float:
    """Return the change: for counts the log of the ratio, so that doubling and halving are equally far; else the difference."""
    if counts:
        return math.log(_count(b) + 0.5) - math.log(_count(a) + 0.5)
    return float((b.value or Decimal(0)) - (a.value or Decimal(0)))


def _count(f: Figure) -> float:
    """Return a count for statistics: not negative, and finite."""
    return min(max(float(f.value or 0), 0.0), 1e300)


def _noise(a: Figure, b: Figure) -> float:
    """Return the standard deviation of the log of the ratio of two counts (Poisson, delta method)."""
    return math.sqrt(sum(1 / (_count(f) + 0.5) for f in (a, b)))


def _implausible(change: float, before: Sequence[float], noise: float, counts: bool) -> bool:
    if len(before) < _LEAST_CHANGES:
        return counts and abs(change) > max(math.log(_LARGE_JUMP), OUTLIER * noise)
    middle = median(before)
    spread = _TO_SIGMA * median(abs(c - middle) for c in before)
    scale = max(spread, noise)
    far = scale > 0 and abs(change - middle) / scale > OUTLIER
    return far and (not counts or abs(change) > _LEAST_JUMP)


def _fractions(data: PlausibilityInput) -> Iterator[Problem]:
    """Warn if a count is not a whole number."""
    units = _units(data)
    for f in data.figures:
        if units[f.row["indicator"]] == "count" and f.value is not None and f.value % 1:
            message = f"The unit is a count, and {number(f.value)} is not a whole number."
            fix = "Compare it with the source. Is it a rate or a percentage, or is the point a comma between thousands?"
            yield f.row.warning("value", message, fix, f"fraction:{f.name}")


def _gaps(data: PlausibilityInput) -> Iterator[Problem]:
    """Warn if a period is missing from a regular time series."""
    for series in _series(data):
        steps = [_months_apart(a, b) for a, b in pairwise(series)]
        step = _usual_step(steps)
        covered_to = series[0].end
        for (a, b), months in zip(pairwise(series), steps, strict=True):
            if (step and months > step) or (len(series) > 2 and b.start > covered_to + timedelta(days=1)):
                message = f"There is a figure up to {a.end} and one up to {b.end}, but none in between."
                fix = "Add the missing period. Where the source has no figure, add the row with the status x."
                yield b.row.warning("period_end", message, fix, f"gap:{b.name}")
            covered_to = max(covered_to, b.end)


def _months_apart(a: Figure, b: Figure) -> int:
    return (b.end.year - a.end.year) * 12 + b.end.month - a.end.month


def _usual_step(steps: Sequence[int]) -> int:
    """Return the months between nearly all neighbouring figures of a series; 0 if it is not regular."""
    step, often = Counter(steps).most_common(1)[0] if steps else (0, 0)
    return step if often > 2 and often >= 0.8 * len(steps) else 0


def _repeats(data: PlausibilityInput) -> Iterator[Problem]:
    """Warn if a figure stays the same for longer than chance explains.

    Two Poisson counts with mean n are equal with a probability of about 1 / (2 √(π n)).
    """
    units = _units(data)
    for series in _series(data):
        apart = _without_overlap([f for f in series if f.value])
        for _, run in groupby(apart, key=lambda f: f.value):
            repeats = list(run)
            last = repeats[-1]
            counts = units[last.row["indicator"]] == "count"
            chance = 1 / (2 * math.sqrt(math.pi * max(_count(last), 1))) if counts else 0.1
            if len(repeats) > 2 and chance ** (len(repeats) - 1) < _CHANCE:
                message = (
                    f"The figure is {number(last.value or Decimal(0))} for {len(repeats)} periods in a row."
                )
                fix = "Check whether an old figure was copied instead of entering the new one."
                yield last.row.warning("value", message, fix, f"same:{last.name}")


def _without_overlap(figures: Iterable[Figure]) -> list[Figure]:
    """Return the figures whose periods do not overlap with the one before."""
    kept: list[Figure] = []
    for f in figures:
        if not kept or f.start > kept[-1].end:
            kept.append(f)
    return kept


def _breaks(data: PlausibilityInput) -> Iterator[Problem]:
    """Warn if a period or a claimed change crosses a break in series."""
    breaks = [(r["indicator"], read_day(r["date"])) for r in data.checked.rows("indicators", "breaks")]
    fix = "Mark it with the status b, or remove the figure. If the date is wrong, correct it in breaks.csv."
    for f in data.figures:
        for indicator, day in breaks:
            if f.row["indicator"] == indicator and f.start < day <= f.end and f.row["status"] != "b":
                message = f"Recording changed on {day}, in the middle of this period."
                yield f.row.warning("period_start", message, fix, f"break:{f.name}")
    for r in data.checked.rows("indicators", "claims"):
        for indicator, day in breaks:
            if r["indicator"] == indicator and r["base_period_start"] < str(day) <= r["period_end"] and r["base_period_start"]:  # fmt: skip
                message = (
                    f"The statement compares figures from before and after {day}, when recording changed."
                )
                accept = "Accept it if the document says so; the page says that it cannot be checked."
                yield r.warning("base_period_start", message, accept, f"break:{r['id']}")


def _former_areas(data: PlausibilityInput) -> Iterator[Problem]:
    """Warn of figures for an area that did not exist any more: one that followed can have the same name.

    Figures from before an area existed are usual, since sources work them out for today's areas.
    """
    ended = {r["code"]: r for r in data.checked.rows("geography", "areas") if r["valid_to"]}
    found: dict[str, list[Figure]] = defaultdict(list)
    for f in data.figures:
        if f.row["area"] in ended and read_day(ended[f.row["area"]]["valid_to"]) < f.start:
            found[f.row["area"]].append(f)
    for code, figures in found.items():
        others = {1: "", 2: " So is one more."}.get(len(figures), f" So are {len(figures) - 1:,} more.")
        message = f"{ended[code]['name']} existed until {ended[code]['valid_to']}, and this figure is for a later time.{others}"
        fix = "Compare the code with the source: the area that followed can have the same name."
        yield figures[0].row.warning("area", message, fix, f"former:{code}")


_NUMBER_OF = re.compile(r"(the )?(number|count) of\b", re.IGNORECASE)
_SHARE_OF = re.compile(r"%|\bper ?cent(age)?s?\b|\bproportion of\b", re.IGNORECASE)
_RATE_OF = re.compile(r"\bper (1|10|100),?000\b|\bper (thousand|head)\b", re.IGNORECASE)
# What is counted, without the words that make it a share or a rate.
_COUNTED = frozenset({"offences", "crimes", "incidents", "reports", "calls", "victims", "searches", "stops", "arrests", "people"})  # fmt: skip


def _unit_words(data: PlausibilityInput) -> Iterator[Problem]:
    """Warn if the words of an indicator say that its figures have another unit."""
    for r in data.checked.rows("indicators", "indicators"):
        titles, label = (r["title"], r["short_title"]), r["unit_label"]
        is_count = label.casefold() in _COUNTED or any(map(_NUMBER_OF.match, titles))
        share = next(filter(None, map(_SHARE_OF.search, (*titles, label))), None)
        rate = next(filter(None, map(_RATE_OF.search, (*titles, label))), None)
        clashing = {"count": share or rate, "percent": None if share else rate, "per-1000": None if rate else share}  # fmt: skip
        other = clashing.get(r["unit"])
        if other or (is_count and not share and not rate and r["unit"] in ("percent", "per-1000")):
            said = f"“{other[0]}”" if other else "that something is counted"
            message = f"The unit is {r['unit']}, and the title or unit_label says {said}."
            fix = "Compare both with the source, and correct the one that is wrong: figures are shown with the unit, and added up and compared by it."
            yield r.warning("unit", message, fix, f"unit:{r['id']}")


# --- promises, contacts


def _targets(data: PlausibilityInput) -> Iterator[Problem]:
    """Warn if a target has no baseline, which is worse where nothing else says which direction was meant."""
    polarities = {r["id"]: r["polarity"] for r in data.checked.rows("indicators", "indicators")}
    for r in data.checked.rows("indicators", "targets"):
        if not r["baseline_value"]:
            outcome = outcome_of(_target(r), str(data.today), polarities.get(r["indicator"], ""))
            is_judged = r["result_value"] and outcome != TargetOutcome.UNCLEAR
            unclear = "" if is_judged else ", so nobody can say whether it was met"
            message = f"The target has no figure to measure it from{unclear}."
            fix = "Add the baseline. Accept it if no document gives one."
            yield r.warning("baseline_value", message, fix, f"target:{r['id']}")


def _results(data: PlausibilityInput) -> Iterator[Problem]:
    """Warn if a target is past its date without a result, and nothing says why there is none."""
    for r in data.checked.rows("indicators", "targets"):
        if not r["result_value"] and not r["why"] and periods.last_day(r["due"]) < data.today:
            message = f"The target was due in {periods.loose_date(r['due'])}. It has no result, and nothing says why."
            fix = "Write the result. If no document gives one, say so under why."
            yield r.warning("why", message, fix, f"result:{r['id']}")


def _target(row: ValidRow) -> Target:
    numbers = ("baseline_value", "target_value", "result_value")
    cells: dict[str, Any] = {f.name: row[f.name] for f in fields(Target)}
    return Target(**{**cells, **{name: number_or_none(row[name]) for name in numbers}})


def _contacts(data: PlausibilityInput) -> Iterator[Problem]:
    """Warn if a contact has not been checked recently."""
    for kind in ("routes", "services"):
        for r in data.checked.rows(kind, kind):
            checked_on = periods.last_day(r["checked_on"])
            if r["state"] != "historic" and (data.today - checked_on).days > DAYS_VERIFIED:
                message = f"Last checked in {periods.loose_date(r['checked_on'])}, more than {DAYS_VERIFIED} days ago."
                fix = "Look it up again, and write when and where under checked_on and checked_in."
                yield r.warning("checked_on", message, fix, f"contact:{r['id']}")


def _overdue(data: PlausibilityInput) -> Iterator[Problem]:
    """Warn if an announced release is overdue."""
    released = data.checked.values("releases", "releases", "name")
    for r in data.checked.rows("releases", "calendar"):
        if r["release"] not in released and read_day(r["promised"]) < data.today:
            late = (data.today - read_day(r["promised"])) // timedelta(days=1)
            for subject in filter(None, r["indicators"].split(";")) if r["indicators"] else ("all",):
                message = f"{r['release']} was promised for {r['promised']}, {late} days ago" + (f", with new figures of {subject}." if subject != "all" else ".")  # fmt: skip
                fix = "Make the release, or say under note why it is late."
                yield r.warning("promised", message, fix, f"overdue:{r['release']}:{subject}")


def _names(data: PlausibilityInput) -> Iterator[Problem]:
    """Warn if readers cannot tell two areas apart: one kind, one place, one name, at one time."""
    alike: dict[tuple[str, str, str], list[ValidRow]] = defaultdict(list)
    for row in data.checked.rows("geography", "areas"):
        same = alike[row["kind"], row["parent"], plain_name(row["name"])]
        twin = next((r for r in same if _exist_together(r, row)), None)
        if twin:
            message = (
                f"Another {row['kind']} has this name at the same time: {twin['code']} in row {twin.number}."
            )
            fix = "Correct the name. If one followed the other, write the last day of the old one in valid_to and the first day of the new one in valid_from."
            yield row.warning("name", message, fix, f"name:{row['code']}")
        same.append(row)


def _exist_together(a: ValidRow, b: ValidRow) -> bool:
    return all(
        not r["valid_to"] or not s["valid_from"] or r["valid_to"] >= s["valid_from"]
        for r, s in ((a, b), (b, a))
    )


def _numbers(data: PlausibilityInput) -> Iterator[Problem]:
    """Warn if a text about a withheld figure contains a number that could be the figure."""
    return written_numbers.find_warnings(data.checked)


def _mentions(data: PlausibilityInput) -> Iterator[Problem]:
    """Warn if the definition of an indicator with small counts mentions a sensitive subject, and nothing protects them."""
    return sensitive_subjects.find_warnings(data.checked)


def _unseen(data: PlausibilityInput) -> Iterator[Problem]:
    """Warn if the chart of an indicator leaves out an area that has figures."""
    return unseen_areas.find_warnings(data.checked)


CHECKS: Mapping[str, Callable[[PlausibilityInput], Iterator[Problem]]] = {
    "sum": _parts_and_totals,
    "jump": _jumps,
    "fraction": _fractions,
    "gap": _gaps,
    "same": _repeats,
    "break": _breaks,
    "target": _targets,
    "result": _results,
    "contact": _contacts,
    "overdue": _overdue,
    "number": _numbers,
    "name": _names,
    "mention": _mentions,
    "unseen": _unseen,
    "unit": _unit_words,
    "former": _former_areas,
}
