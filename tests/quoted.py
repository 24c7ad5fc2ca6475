"""The labelled sentences of the quote checker, and the figures that they quote: a copy that stays as it is.

`quotes/figures` holds figures as they were published in November 2026, so that no new release changes a label.
"""

import csv
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import date
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any, NamedTuple, TypeVar, get_args, get_type_hints

from portal.core import field_types
from portal.core.measured import OutcomeOf
from portal.core.model import Area, Break, Claim, Content, Indicator, Observation, Population, Source, Term
from portal.core.places import NoRate
from portal.disclosure.clearing import ClearedContent
from portal.quotes.checking import Judgement, check

FOLDER = Path(__file__).parent / "quotes"
BOROUGH, ON = "E09000023", date(2026, 11, 1)
T = TypeVar("T")
# What a label can say, in the order of the table; a number that is not about an indicator has no label.
LABELS: Mapping[str, Judgement] = {
    "right": Judgement.RIGHT,
    "out of date": Judgement.OUT_OF_DATE,
    "across a break": Judgement.ACROSS_BREAK,
    "chosen period": Judgement.CHOSEN_PERIOD,
    "no source": Judgement.NO_SOURCE,
    "wrong": Judgement.WRONG,
}
NONE = "nothing"


class Labelled(NamedTuple):
    """A sentence, the part of the set that it belongs to, and the label of each number that is about an indicator."""

    part: str
    sentence: str
    expected: tuple[tuple[str, str], ...]


def labelled() -> tuple[Labelled, ...]:
    """Read every labelled sentence."""
    with (FOLDER / "sentences.csv").open(encoding="utf-8", newline="") as file:
        return tuple(Labelled(r["part"], r["sentence"], _labels(r["expected"])) for r in csv.DictReader(file))


def _labels(cell: str) -> tuple[tuple[str, str], ...]:
    pairs = (label.rsplit(" = ", 1) for label in cell.split("; ") if label)
    return tuple((number, outcome) for number, outcome in pairs)


@cache
def scored(part: str) -> tuple[Counter[tuple[str, str]], list[str]]:
    """Return how often a number with a label was given each answer, and each mistake in words.

    `NONE` stands for a number that is not about an indicator, or that the checker did not find.
    """
    words = {outcome: label for label, outcome in LABELS.items()}
    table: Counter[tuple[str, str]] = Counter()
    mistakes = []
    for _, sentence, expected in (s for s in labelled() if s.part == part):
        findings = list(check(sentence, figures(), ON))
        answers = []
        for number, label in expected:
            found = next(
                (
                    f
                    for f in findings
                    if number.lower() in f.quoted.lower() or f.quoted.lower() in number.lower()
                ),
                None,
            )
            if found:
                findings.remove(found)
            answers.append((number, label, words[found.outcome] if found else NONE))
        answers += [(f.quoted, NONE, words[f.outcome]) for f in findings]
        if not expected and not findings:
            answers.append(("", NONE, NONE))
        table.update((label, answer) for _, label, answer in answers)
        mistakes += [
            f"{sentence} {n}: {answer}, not {label}" for n, label, answer in answers if answer != label
        ]
    return table, mistakes


@cache
def figures() -> ClearedContent:
    """Return the copy of the figures, as cleared content."""
    content: dict[str, Any] = {f.name: () for f in fields(Content)}
    content |= {
        n: {}
        for n in ("breakdowns", "imports", "minimums", "dispersions", "revisions", "no_rates", "outcomes")
    }
    observations: dict[str, list[Observation]] = {}
    for o in _rows("observations", Observation):
        observations.setdefault(o.indicator, []).append(o)
    content |= {
        "indicators": {i.id: i for i in _rows("indicators", Indicator)},
        "observations": {name: tuple(found) for name, found in observations.items()},
        "areas": {a.code: a for a in _rows("areas", Area)},
        "populations": {p.area: p for p in _rows("populations", Population)},
        "no_rates": {(n.area, n.indicator): n for n in _rows("no_rates", NoRate)},
        "outcomes": {o.indicator: o for o in _rows("outcomes", OutcomeOf)},
        "sources": {s.id: s for s in _rows("sources", Source)},
        "breaks": tuple(_rows("breaks", Break)),
        "claims": tuple(_rows("claims", Claim)),
        "terms": tuple(_rows("terms", Term)),
    }
    return ClearedContent(Content(**content), BOROUGH)


def _rows(name: str, kind: type[T]) -> list[T]:
    """Read a table of the copy; columns that it leaves out are empty."""
    hints = get_type_hints(kind)
    with (FOLDER / "figures" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        kind(**{f.name: _value(hints[f.name], row.get(f.name, "")) for f in fields(kind)})  # type: ignore[arg-type]
        for row in rows
    ]


def _value(hint: Any, cell: str) -> Any:
    kind = get_args(hint)[0] if isinstance(hint, UnionType) else hint
    if not cell:
        return (
            None
            if isinstance(hint, UnionType)
            else False
            if kind is bool
            else kind()
            if kind in (str, int)
            else kind("")
        )
    readers: dict[type, Callable[[str], Any]] = {
        bool: field_types.read_boolean,
        int: field_types.read_integer,
        date: field_types.read_date,
    }
    if kind.__name__ == "Decimal":
        return field_types.read_number(cell)
    return readers[kind](cell) if kind in readers else kind(cell)
