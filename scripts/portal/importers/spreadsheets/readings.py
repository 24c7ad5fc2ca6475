"""The results of reading a cell: the text for its table, a question if there are several ways, or a fault."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field

from portal.data.tables import Json


@dataclass(frozen=True)
class Column:
    """The field of a column, and the texts that the package already has in it.

    `titles` maps each id and title, in lower case, to the ids that it can mean.
    """

    field: Json
    known: frozenset[str] = frozenset()
    titles: Mapping[str, tuple[str, ...]] = dataclass_field(default_factory=dict)

    @property
    def name(self) -> str:
        """Return the name of the column."""
        return str(self.field["name"])

    @property
    def rules(self) -> Json:
        """Return the constraints on its cells."""
        constraints: Json = self.field.get("constraints", {})
        return constraints


@dataclass(frozen=True)
class ReadRow:
    """The rest of a cell's row: the unit of its figure and the unit's label, its status, and the earlier text of the cell.

    `figure` is True if the cell is the figure of its row, so that a status can replace it.
    """

    unit: str = ""
    status: str = ""
    before: str = ""
    figure: bool = False
    label: str = ""


@dataclass(frozen=True)
class CellQuestion:
    """A cell that can be read in several ways: for each answer, its meaning and the text that it gives."""

    key: str
    question: str
    answers: Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class CellFault:
    """A cell that cannot be read: what is wrong and what to do."""

    message: str
    fix: str


Settled = str | CellQuestion | CellFault


def squeezed(words: str) -> str:
    """Return the text without spaces around it, and with one plain space for several or unusual ones."""
    return re.sub(r"[\s\u00a0\u200b\ufeff]+", " ", words).strip()
