"""The rules about plans: how near a measure's indicator is, and what its connections and statuses rest on."""

from collections.abc import Callable, Iterator, Mapping

from portal.checked import Checked
from portal.problems import Problem

# For each nearness, the columns that it needs and those that it cannot have.
_NEARNESS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "same": (("indicator",), ("difference", "publisher")),
    "close": (("indicator", "difference"), ("publisher",)),
    "none": (("publisher",), ("difference",)),
    "not-a-count": ((), ("indicator", "difference", "publisher")),
}
_NEEDED = {
    "indicator": "Name the published indicator, or write none and who could publish one.",
    "difference": "Write in one sentence why the indicator is not the same.",
    "publisher": "Write who could publish a figure, as a role or body.",
}


def _nearness(checked: Checked) -> Iterator[Problem]:
    """A measure says what it must about its nearest indicator, and nothing that contradicts it."""
    for row in checked.rows("plan", "measures"):
        nearness = row["nearness"]
        needed, barred = _NEARNESS.get(nearness, ((), ()))
        for column in needed:
            if column in row.cells and not row[column]:
                message = f"The nearness is {nearness}, but {column} is empty."
                yield row.wrong(column, "nearness", message, _NEEDED[column])
        for column in barred:
            if row[column]:
                message = f"The nearness is {nearness}, but {column} says “{row[column][:80]}”."
                fix = f"Empty the cell, or choose another nearness than {nearness}."
                yield row.wrong(column, "nearness", message, fix)


def _connections(checked: Checked) -> Iterator[Problem]:
    """A connection says what its figure is about."""
    for row in checked.rows("plan", "connections"):
        if {"priority", "action"} <= row.cells.keys() and not row["priority"] and not row["action"]:
            message = "Neither a priority nor an action is named."
            yield row.wrong(
                "priority",
                "connections",
                message,
                "Name the priority or the action that the figure is about.",
            )


RULES: Mapping[str, Callable[[Checked], Iterator[Problem]]] = {
    "nearness": _nearness,
    "connections": _connections,
}
