"""The identity of a figure, the same in every room."""

from datetime import date
from typing import NamedTuple


class FigureKey(NamedTuple):
    """The identity of a figure: no two observations have the same indicator, area, part and period.

    `part` is empty for a figure that is not broken down. `start` and `end` are None if the source states no period.
    """

    indicator: str
    area: str
    part: str
    start: date | None
    end: date | None

    def __repr__(self) -> str:
        """Return the values alone, without their names: short in messages, and quick, since suppression sorts by it."""
        return tuple.__repr__(self)
