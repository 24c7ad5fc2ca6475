"""Say why a row has more cells than its header: most often a number has a comma between its thousands, or a text has one.

`1,250` without quotation marks becomes two cells, and every cell after it moves one column to the right. To shorten such
a row would leave 1, or a figure under the wrong heading. So this one problem replaces all those with its cells.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from portal.core import field_types
from portal.core.field_types import Json
from portal.core.problems import Fault
from portal.core.text import MINUS, listed

_FIRST = re.compile(rf"\(?[+\-{MINUS}–]?[£$€]? ?[0-9]{{1,3}}", re.ASCII)
_MIDDLE = re.compile(r"[0-9]{3}", re.ASCII)
_LAST = re.compile(r"[0-9]{3}(\.[0-9]+)?\)?%?", re.ASCII)
_MOST_JOINS = 12  # commas in the numbers of one row
_MOST_READINGS = 200
_MOST_TRIED = 5_000


@dataclass(frozen=True)
class _Number:
    """A number that was split: its cells as one text, and the place that it has when all numbers are whole again."""

    written: str
    place: int

    @property
    def digits(self) -> str:
        """Return the number as a table has it."""
        plain = re.sub(r"[^0-9.+-]", "", self.written.replace(MINUS, "-").replace("–", "-"))
        return f"-{plain}" if self.written.startswith("(") else plain


def fault(cells: Sequence[str], fields: Sequence[Json | None]) -> Fault | None:
    """Return why a row is wider than the header and what to do; None if only empty cells follow the last column.

    `fields` are those of the header's columns, each None if nothing is known about it.
    """
    if split := split_numbers(cells, fields) or _split_text(cells, fields):
        return split
    width, filled = len(fields), _filled(cells)
    if filled <= width:
        return None
    more = filled - width
    message = f"The row has {_cells(more)} more than the header."
    fix = (
        "Find the comma in it that separates nothing, and put the text or number with that comma between quotation "
        "marks. Do not delete a cell before you know which one is too many: the cells after it are one column too far "
        "to the right."
    )
    return Fault(message, fix)


def split_numbers(cells: Sequence[str], fields: Sequence[Json | None]) -> Fault | None:
    """Return what to do about numbers with commas between their thousands that make a row too wide; None if none do."""
    row = [c.strip() for c in cells]
    for end in dict.fromkeys((_filled(row), len(row))):
        if readings := _readings(row[:end], fields) if end > len(fields) else ():
            return _of_numbers(end, len(fields), readings)
    return None


def _split_text(cells: Sequence[str], fields: Sequence[Json | None]) -> Fault | None:
    """Return what to do about a text with commas that makes a row too wide; None unless that makes the row right."""
    width, more = len(fields), len(cells) - len(fields)
    if more > _MOST_JOINS or (_filled(cells) <= width and _fits(cells[:width], fields)):
        return None
    texts: list[str] = []
    for start in range(width):
        whole = cells[start : start + more + 1]
        row = [*cells[:start], ",".join(whole), *cells[start + more + 1 :]]
        if all(c.strip() for c in whole) and _fits(row, fields):
            texts.append(",".join(whole))
    as_people_write = [t for t in texts if all(part[:1] == " " for part in t.split(",")[1:])]
    texts = as_people_write or texts
    if not texts or (_filled(cells) > width and len(as_people_write) != 1):
        return None  # a cell more can be a figure that is there twice
    message = f"The row has {_cells(more)} more than the header, because "
    stay = "Change nothing else in the row: the other cells only moved to the right."
    if len(texts) > 1:
        message += "a text in it has a comma and no quotation marks."
        fix = f"See in the source which text is meant ({' or '.join(texts)}), and put it between quotation marks. {stay}"
        return Fault(message, fix)
    message += f"“{texts[0]}” has a comma and no quotation marks."
    return Fault(message, f'Write "{texts[0]}", with the quotation marks. {stay}')


def split_among(cells: Sequence[str], fields: Sequence[Json | None]) -> Fault | None:
    """Return what to do about split numbers in a row that is not too wide, because cells at its end were left out; or None.

    The row must be right when they are whole again.
    """
    row = [c.strip() for c in cells[: _filled(cells)]]
    if _fits([*row, *[""] * (len(fields) - len(row))], fields):
        return None
    for joins in range(1, min(_MOST_JOINS, len(row)) + 1):
        shorter = fields[: len(row) - joins]
        rest = fields[len(shorter) :]
        if any(f and field_types.cell_fault("", f) for f in rest):
            return None
        if readings := [r for r in _readings(row, shorter) if _fits(_joined(row, r), shorter)]:
            return _of_numbers(len(row), len(shorter), readings, is_wide=False)
    return None


def _filled(cells: Sequence[str]) -> int:
    """Return the number of cells up to the last that is not empty."""
    return len(cells) - next((n for n, c in enumerate(reversed(cells)) if c.strip()), len(cells))


def _of_numbers(count: int, width: int, readings: Sequence[Sequence[_Number]], is_wide: bool = True) -> Fault:
    than = "the header" if is_wide else "it should have"
    message = f"The row has {_cells(count - width)} more than {than}, because "
    if len(readings) > 1:
        message += "a number in it has a comma between its thousands and no quotation marks."
        possible = sorted({n.written for numbers in readings for n in numbers})
        fix = f"See in the source which number is meant ({' or '.join(possible)}), and write it in digits alone, without a comma."
        return Fault(message, fix)
    numbers = readings[0]
    have = "have a comma" if len(numbers) > 1 else "has a comma"
    message += f"{listed([n.written for n in numbers])} {have} between the thousands and no quotation marks."
    fix = f"Write {listed([n.digits for n in numbers])}, without a comma. Change nothing else in the row: the other cells only moved to the right."
    return Fault(message, fix)


def _cells(number: int) -> str:
    return "1 cell" if number == 1 else f"{number:,} cells"


def _readings(row: Sequence[str], fields: Sequence[Json | None]) -> Sequence[Sequence[_Number]]:
    """Return each way to join cells to numbers so that the row has as many cells as the header, each cell of its type."""
    joins = len(row) - len(fields)
    if joins > _MOST_JOINS:
        return ()
    tried = islice(_split_numbers(row, 0, 0, joins), _MOST_TRIED)
    possible = [numbers for numbers in tried if all(_is_number(fields[n.place]) for n in numbers)]
    known = [numbers for numbers in possible if _fits(_joined(row, numbers), fields)]
    return (known or possible)[:_MOST_READINGS]


def _split_numbers(row: Sequence[str], start: int, place: int, joins: int) -> Iterator[tuple[_Number, ...]]:
    """Yield the numbers from `start` on for each way to remove `joins` commas from between their cells."""
    if not joins:
        yield ()
        return
    for first in range(start, len(row) - 1):
        if not _FIRST.fullmatch(row[first]):
            continue
        for last in range(first + 1, min(first + joins, len(row) - 1) + 1):
            if _LAST.fullmatch(row[last]):
                number = _Number(",".join(row[first : last + 1]), place + first - start)
                rest = _split_numbers(row, last + 1, number.place + 1, joins - (last - first))
                yield from ((number, *others) for others in rest)
            if not _MIDDLE.fullmatch(row[last]):
                break


def _is_number(field: Json | None) -> bool:
    return field is None or field["type"] in ("integer", "number")


def _joined(row: Sequence[str], numbers: Sequence[_Number]) -> list[str]:
    """Return the row with each number in one cell."""
    whole, at = list[str](), 0
    by_place: Mapping[int, _Number] = {n.place: n for n in numbers}
    while at < len(row):
        number = by_place.get(len(whole))
        whole.append(number.digits if number else row[at])
        at += number.written.count(",") + 1 if number else 1
    return whole


def _fits(row: Sequence[str], fields: Sequence[Json | None]) -> bool:
    pairs = zip(row, fields, strict=True)
    return not any(f and field_types.cell_fault(cell, f) for cell, f in pairs)
