"""Draw the targets that plans set for the figures of a chart over time."""

from collections.abc import Sequence
from typing import NamedTuple

from portal.analysis.sentences import ChartInput
from portal.charts.grammar import INK, TICK, Band, Box, Label, Rule, Scale, first_free, interrupted
from portal.core import periods
from portal.core.text import amount


class Goal(NamedTuple):
    """A target that a plan set for these figures: its value, and its date and value in words."""

    value: float
    due: str
    text: str


def goals_of(s: ChartInput) -> list[Goal]:
    """Return the targets for an indicator that are numbers in the unit of its figures; none for other areas.

    A target that is a change, such as a cut by 20%, is not drawn on a chart of counts: the level would be our own sum.
    """
    if any(o.area != s.released.area for o in s.figures):
        return []
    return [
        Goal(float(t.target_value), periods.loose_date(t.due), amount(t.target_value, s.indicator.unit))
        for t in s.released.content.targets
        if t.indicator == s.indicator.id and t.unit == s.indicator.unit
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
            Label(text=text, x=box.left + 6 + step, y=at + side * 4, down=down, size=TICK, colour=INK)
            for down, side in (("bottom", -1), ("top", 1))
            for step in range(0, int(box.width), 12)
        )
        name = first_free(places, [*taken, *(n.box for n in names)], box._replace(top=1))
        names += [name] if name else []
        clear = [Box(b.left - 3, b.top, b.right + 3, b.bottom) for b in taken]
        marks += interrupted(Rule((box.left, at), (box.right, at), INK, 1.5, "dot", above=False), clear)
    return marks, names


def goal_notes(goals: Sequence[Goal]) -> list[str]:
    """Return a note for each target that is drawn."""
    return [f"Dotted line: the target for {g.due}, {g.text}." for g in goals]
