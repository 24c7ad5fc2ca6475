"""Read a row of a table: a number alone in its cell, with the period of its column."""

import re
from dataclasses import replace

from portal.quotes import names, word_lists
from portal.quotes.names import INDICATOR
from portal.quotes.numbers import Quantity
from portal.quotes.sentences import CHANGE, LEVEL, Memory, NumberReading, Sentence

_FILLERS = word_lists.words("fillers")
_CELL = re.compile(r"[\s*£+−–-]*\d[\d,.]*\s*%?[\s*]*")


def as_row(found: list[NumberReading], s: Sentence, memory: Memory) -> list[NumberReading]:
    """Return the readings of a row of a table; one that has periods and no counts is remembered as its header.

    A number must be alone in its cell. Its period is that of its column; a column without one (a total) is not read if
    others have one. A row of an earlier count, a later count and their change needs no header.
    """
    ends = [m.start() for m in re.finditer("\t", s.text)]

    def column(place: int) -> int:
        return sum(e < place for e in ends)

    cells = s.text.split("\t")
    dated = {
        column(p.start): p for p in s.periods if p.options and "total" not in cells[column(p.start)].lower()
    }
    if len(dated) > 1 and not [q for q in s.quantities if _CELL.fullmatch(_cell(s, q))]:
        subjects = s.of(INDICATOR)
        memory.columns, memory.table = dated, subjects[0].ids if subjects else ()
        return []
    if (
        len(
            [
                w
                for w in names.stems(cells[0])
                if w not in _FILLERS and not any(w in names.stems(m.text) for m in s.mentions)
            ]
        )
        > 2
    ):
        return []
    alone = [r for r in found if _CELL.fullmatch(_cell(s, r.quantity))]
    if memory.columns:
        return [
            replace(r, later=memory.columns[c].options, base=(), months=0, year_before=False, is_base=False, period_words=memory.columns[c].text)
            for r in alone if (c := column(r.quantity.start)) in memory.columns and (r.parts or s.of(INDICATOR))
        ]  # fmt: skip
    if [r.kind for r in alone] == [LEVEL, LEVEL, CHANGE]:
        return [replace(alone[0], is_base=True, year_before=True, base=()), *alone[1:]]
    return [r for r in alone if not r.other]


def _cell(s: Sentence, q: Quantity) -> str:
    start = s.text.rfind("\t", 0, q.start) + 1
    end = s.text.find("\t", q.end)
    return s.text[start : end if end >= 0 else len(s.text)]
