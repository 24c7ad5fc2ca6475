"""What a cell can be read as: the text for its table, a question where there are several ways, or a fault."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as made

from portal.data.tables import Json


@dataclass(frozen=True)
class Column:
    """The field of a column, and the texts that the package already has in it.

    `titles` are the ids that the column can name, by each id and title without capitals.
    """

    field: Json
    known: frozenset[str] = frozenset()
    titles: Mapping[str, tuple[str, ...]] = made(default_factory=dict)

    @property
    def name(self) -> str:
        """Return the name of the column."""
        return str(self.field["name"])

    @property
    def rules(self) -> Json:
        """Return what constrains its cells."""
        found: Json = self.field.get("constraints", {})
        return found


@dataclass(frozen=True)
class ReadRow:
    """What else is known of the row of a cell: the unit of its figure, its status, and the text that was there before.

    `figure` says that it is the figure of its row, so that a status can stand instead of it.
    """

    unit: str = ""
    status: str = ""
    before: str = ""
    figure: bool = False


@dataclass(frozen=True)
class CellQuestion:
    """A cell that can be read in several ways: for each answer what it means, and the text that comes of it."""

    key: str
    question: str
    answers: Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class CellFault:
    """A cell that cannot be read: what stands there and what to do."""

    message: str
    fix: str


Settled = str | CellQuestion | CellFault


def squeezed(words: str) -> str:
    """Text without spaces around it, and with one plain space where there are several or unusual ones."""
    return re.sub(r"[\s\u00a0\u200b\ufeff]+", " ", words).strip()
