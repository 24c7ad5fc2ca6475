"""Read a figure with what is written beside it in its cell: 228 [r], 228 (p), [c], <5, 5-9, 228 [note 1]."""

import re
from dataclasses import dataclass

from portal.core.vocabulary import STATUS_WORDS

BESIDE = frozenset({"p", "r", "e", "b"})  # statuses that a figure can have; the others stand instead of one
UNCLEAR = frozenset({"u", "w", "f"})  # marks of government statistics that no status says
_BRACKETED = re.compile(r"[\[(] ?([^\[\]()]*?) ?[\])]")
_RANGE = re.compile(
    r"(?:[<≤] ?=? ?\d+|(?:less|fewer|lower|under|up) ?(?:than|to)? \d+|\d+ ?(?:-|–|—|to) ?\d+|\d+ or (?:less|fewer|under))",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class MarkedText:
    """What a cell says: the number as text (empty if there is none), a status, a mark without one, and notes."""

    number: str
    status: str = ""
    unclear: str = ""
    notes: tuple[str, ...] = ()


def split(words: str) -> MarkedText | None:
    """Return the parts of a text with marks in brackets; None if it has none, or something else in brackets."""
    inside = [m[1] for m in _BRACKETED.finditer(words)]
    rest = _BRACKETED.sub("", words).strip()
    square = "[" in words
    if not inside or "[" in rest or "(" in rest or (not rest and not square):
        return None
    status, unclear, notes = "", "", []
    for mark in inside:
        key = mark.casefold().strip()
        if key in STATUS_WORDS and not status:
            status = STATUS_WORDS[key]
        elif key in UNCLEAR and not unclear:
            unclear = key
        elif note := re.fullmatch(r"(?:foot)?notes? ?[:.]? ?(\w[\w ,&]*)", key):
            notes.append(f"note {note[1]}")
        elif square and re.fullmatch(r"\d{1,2}", key) and rest:
            notes.append(f"note {key}")
        else:
            return None
    return MarkedText(rest, status, unclear, tuple(notes))


def statuses(words: str) -> tuple[str, ...]:
    """Return the statuses that a text has in brackets, such as p for Jul-20 (p), or the one that it is, such as Provisional."""
    if alone := status_alone(words):
        return (alone,)
    keys = (m[1].casefold().strip() for m in _BRACKETED.finditer(words))
    return tuple(dict.fromkeys(STATUS_WORDS[k] for k in keys if k in STATUS_WORDS))


def status_alone(words: str) -> str:
    """Return the status of figures that a text without figures names, such as p for Provisional; empty if it names none."""
    key = re.sub(r" (?:figures?|data|numbers?)$", "", words.strip(" ()[]:*").casefold())
    status = STATUS_WORDS.get(key, "") if len(key) > 1 else ""
    return status if status in BESIDE else ""


def is_range(words: str) -> bool:
    """Return True if a text says that a number is small or between two others, such as <5 or 5-9."""
    return _RANGE.fullmatch(words) is not None
