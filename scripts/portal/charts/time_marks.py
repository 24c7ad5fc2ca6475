"""Draw what goes with figures over time: breaks in series, targets and the periods of plans."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

from portal.analysis.measures import breaks_of, broken
from portal.analysis.sentences import ChartInput
from portal.charts import axes, style
from portal.charts.grammar import Band, Box, Label, Rule, Scale, first_free, interrupted
from portal.charts.text_metrics import text_width, wrap_text
from portal.charts.time_axis import position
from portal.core import periods
from portal.core.text import amount
from portal.core.vocabulary import Nearness, Unit

_LANE = 18  # height of the bar of a plan, in pixels


class BreakMark(NamedTuple):
    """A break in series: the time from which recording changed, and what changed."""

    at: float
    title: str


class PlanPeriod(NamedTuple):
    """A period that is marked under the years, such as that of a plan."""

    start: float
    end: float
    name: str


class Goal(NamedTuple):
    """A target that a plan set for these figures: its value, and its date and value in words."""

    value: float
    due: str
    text: str


def break_marks(s: ChartInput) -> list[BreakMark]:
    """Return every break between or inside the periods of the figures."""
    breaks = breaks_of(s.released, s.indicator.id)
    within = [b for b in breaks if any(broken(one, next_, (b,)) for one, next_ in pairwise(s.figures))]
    is_dated = len(within) > 1
    return [
        BreakMark(position(b.date), f"{b.title} ({periods.month(b.date)})" if is_dated else b.title)
        for b in within
    ]


def goals_of(s: ChartInput) -> list[Goal]:
    """Return the targets for an indicator that are numbers in its unit, which `count` says too; none for other areas.

    A target that is a change, such as a cut by 20%, is not drawn on a chart of counts: the level would be our own sum.
    """
    if any(o.area != s.released.area for o in s.figures):
        return []
    return [
        Goal(float(t.target_value), periods.loose_date(t.due), amount(t.target_value, s.indicator.unit))
        for t in s.released.content.targets
        if t.indicator == s.indicator.id and t.unit in (s.indicator.unit, Unit.COUNT)
    ]


def plan_periods(s: ChartInput) -> list[PlanPeriod]:
    """Return the periods of the plans that measure success by an indicator."""
    fits = (Nearness.SAME, Nearness.CLOSE)
    return [
        PlanPeriod(
            position(periods.earliest_day(p.starts)), position(periods.last_day(p.ends)), p.short_title
        )
        for p in s.released.content.plans
        if p.starts
        and p.ends
        and any(m.indicator == s.indicator.id and m.nearness in fits for m in p.measures)
    ]


def goal_marks(
    goals: Sequence[Goal], y: Scale, box: Box, taken: Sequence[Box]
) -> tuple[list[Rule | Band], list[Label]]:
    """Return a dotted line across the plot at each target, and its name where there is space beside the line.

    `taken` is what the line and its name must not cross. The notes under the chart name every target.
    """
    marks: list[Rule | Band] = []
    names: list[Label] = []
    for goal in goals:
        at = y(goal.value)
        text = f"Target for {goal.due}: {goal.text}"
        places = (
            Label(
                text=text,
                x=box.left + 6 + step,
                y=at + side * 4,
                down=down,
                size=style.TICK,
                colour=style.INK,
            )
            for down, side in (("bottom", -1), ("top", 1))
            for step in range(0, int(box.width), 12)
        )
        name = first_free(places, [*taken, *(n.box for n in names)], box._replace(top=1))
        names += [name] if name else []
        marks += interrupted(Rule((box.left, at), (box.right, at), style.INK, 1.5, "dot", above=False), taken)
    return marks, names


def goal_notes(goals: Sequence[Goal]) -> list[str]:
    """Return a note for each target that is drawn."""
    return [f"Dotted line: the target for {g.due}, {g.text}." for g in goals]


def break_lines(
    breaks: Sequence[BreakMark], x: Scale, ends: tuple[float, float], width: float, taken: Sequence[Box]
) -> list[Rule | Band]:
    """Return a dashed line for each break, from top to bottom between `ends` in pixels, with a gap at each box that is taken."""
    return [
        piece
        for b in breaks
        for piece in interrupted(
            Rule((x(b.at), ends[0]), (x(b.at), ends[1]), style.COLOURS[4], width, "dash"), taken
        )
    ]


def break_number(number: int, at: float, mark: BreakMark) -> Label:
    """Return the number of a break above its line."""
    return Label(
        text=str(number), x=at, y=1, across="center", down="top", size=style.TICK, bold=True, hover=mark.title
    )


def numbers_apart(numbers: Sequence[Label]) -> list[Label]:
    """Return the numbers of breaks, joined where they would touch: `1, 2`."""
    joined: list[Label] = []
    for label in numbers:
        last = joined[-1] if joined else None
        if last is None or label.box.left >= last.box.right + 2:
            joined.append(label)
            continue
        texts, hovers = f"{last.text}, {label.text}", f"{last.hover}; {label.hover}"
        joined[-1] = replace(last, text=texts, x=(last.x + label.x) / 2, hover=hovers)
    return joined


def break_notes(breaks: Sequence[BreakMark]) -> list[str]:
    """Return a note for each break that has a number in the drawing; a single break has its words there."""
    return [f"{n}: {b.title}." for n, b in enumerate(breaks, 1)] if len(breaks) > 1 else []


class Lanes(NamedTuple):
    """The bars of plans under the years, their names, and where they end."""

    marks: list[Rule | Band]
    labels: list[Label]
    bottom: float


def lanes_of(plans: Sequence[PlanPeriod], x: Scale, box: Box, years: Sequence[axes.TimeTick]) -> Lanes:
    """Return a bar for each plan, in as few rows as their names allow."""
    top = box.bottom + 11 + style.LINE * (2 if any("<br>" in t.text for t in years) else 1)
    marks: list[Rule | Band] = []
    labels: list[Label] = []
    rows: list[list[Box]] = []
    for plan in plans:
        start, end = max(box.left, x(plan.start)), min(box.right, x(plan.end))
        name = " ".join(wrap_text(plan.name, box.right - box.left, style.SMALL)[:1])
        needed = text_width(name, style.SMALL)
        if needed + 8 <= end - start:
            text = (start + 4, "left")
        elif end + 4 + needed <= box.right + 60:
            text = (end + 4, "left")
        else:
            text = (start - 4, "right")
        taken = Box(
            min(start, text[0] - needed * (text[1] == "right")) - 6,
            0,
            max(end, text[0] + needed * (text[1] == "left")) + 6,
            1,
        )
        row = next((n for n, boxes in enumerate(rows) if not any(taken.touches(b) for b in boxes)), len(rows))
        if row == len(rows):
            rows.append([])
        rows[row].append(taken)
        y = top + 4 + row * _LANE
        is_inside = start <= text[0] <= end and text[1] == "left" and needed + 8 <= end - start
        bar = Box(start, y, end, y + 14) if is_inside else Box(start, y + 5, end, y + 9)
        marks.append(Band(bar, style.SAND if is_inside else style.EARLIER, above=True))
        labels.append(
            Label(text=name, x=text[0], y=y + 7, across=text[1], size=style.SMALL, colour=style.QUIET)
        )
    return Lanes(marks, labels, top + len(rows) * _LANE)
