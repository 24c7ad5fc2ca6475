"""Grids of typed cells: what every kind of spreadsheet file is read into."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from portal.core.problems import PortalError
from portal.importers.spreadsheets import unpacking

MOST_ROWS, MOST_COLUMNS, MOST_CELLS = 50_000, 200, 400_000
LONGEST = 32_767  # characters in a cell of Excel
Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell that holds something.

    `kind` is text, number, date, boolean, error or formula (one without a result). A number is as precise as
    spreadsheets are, 15 digits. `shown` is the text that the number format makes of it, None where the format shows
    it as it is; `percent` says that this is a hundred times the number, `decimals` how many digits it has after the
    point, `width` how many digits are filled up with zeros. `shows_day` says whether a date is shown with its day.
    `hidden` says why people cannot see the text; `struck` is True where it is struck through. `commas` says what those
    in the numbers of a CSV with semicolons are.
    """

    kind: str
    text: str = ""
    number: Decimal = Decimal(0)
    day: date | None = None
    percent: bool = False
    decimals: int | None = None
    width: int = 0
    shows_day: bool = True
    shown: str | None = None
    hidden: str = ""
    struck: bool = False
    commas: str = ""


@dataclass(frozen=True)
class Sheet:
    """One sheet: its filled cells by row and column from 1, the merged areas, what is hidden, and the notes on cells.

    `origins` has the cell of the file for each row that was made from a crossed table, under the row and column 0.
    """

    name: str
    cells: Mapping[Place, Cell]
    merged: tuple[tuple[int, int, int, int], ...] = ()
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    hidden: bool = False
    notes: Mapping[Place, str] = field(default_factory=dict)
    origins: Mapping[Place, Place] = field(default_factory=dict)


class Bounds:
    """Counts the filled cells of a file and refuses more than a table of this portal has."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._left = MOST_CELLS

    def add(self, row: int, column: int, cell: Cell) -> None:
        """Count a cell; raise `PortalError` where it is beyond the limits."""
        self._left -= 1
        if row > MOST_ROWS or column > MOST_COLUMNS or self._left < 0:
            message = f"A sheet has filled cells beyond row {MOST_ROWS:,} or column {MOST_COLUMNS}, or more than {MOST_CELLS:,}."
            raise self._wrong(message, "Copy the rows that you need into a new file.")
        if len(cell.text) > LONGEST:
            message = f"The cell {letters(column)}{row} contains more than {LONGEST:,} characters."
            raise self._wrong(message, "Shorten it.")

    def _wrong(self, message: str, fix: str) -> PortalError:
        return unpacking.wrong(self._file, message, fix)


def letters(column: int) -> str:
    """Return the letters of a column as spreadsheets name it: A, Z, AA."""
    name = ""
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def column_of(name: str) -> int:
    """Return the number of a column from its letters."""
    column = 0
    for letter in name:
        column = column * 26 + ord(letter) - 64
    return column


def numeric(value: float, shown: str | None, percent: bool, hidden: str = "", struck: bool = False) -> Cell:
    """Return the cell of a number and the text that its format shows."""
    number = precise(value)
    if number is None:
        return Cell("error", str(value))
    if shown is None:
        return Cell("number", number=number, hidden=hidden, struck=struck)
    plain = shown.strip().rstrip("%").strip()
    places = re.search(r"\.(\d+)$", plain)
    filled = re.fullmatch(r"0\d+", plain)
    decimals = (len(places[1]) if places else 0) if plain[-1:].isdigit() and "E" not in plain else None
    return Cell(
        "number", number=number, percent=percent, decimals=decimals, width=len(plain) if filled else 0,
        shown=shown, hidden=hidden, struck=struck,
    )  # fmt: skip


def stored_number(text: str) -> float:
    """Return the number that a file has in a cell. Raises `ValueError` if it is not written in the digits 0 to 9."""
    if not text.isascii() or "_" in text:  # which `float` takes for a number
        raise ValueError(text)
    return float(text)


def precise(value: float) -> Decimal | None:
    """Return the number to the 15 digits that spreadsheets keep, without the noise after them; None if infinite."""
    number = Decimal(f"{value:.15g}")
    return number if number.is_finite() else None


def moved_digits(text: str, position: str) -> str:
    """Return text that is raised or lowered as plain text: its digits are the mark of a note, not part of a number.

    `position` is "superscript" or "subscript"; other text stays as it is.
    """
    digits = {"superscript": "⁰¹²³⁴⁵⁶⁷⁸⁹", "subscript": "₀₁₂₃₄₅₆₇₈₉"}.get(position)
    return text.translate(str.maketrans("0123456789", digits)) if digits else text
