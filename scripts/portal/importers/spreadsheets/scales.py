"""Figures that are a hundred or a thousand times too small or too large for their series: 0.811 among percentages around 80."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from statistics import median

from portal.core.field_types import number_or_none
from portal.data.tables import Table
from portal.importers.spreadsheets.columns import SheetRow
from portal.importers.spreadsheets.merging import key_of, records
from portal.importers.spreadsheets.readings import CellQuestion

_APART = (
    "period_start",
    "period_end",
    "value",
    "status",
    "source",
    "locator",
)  # what differs within a series
_NEAR, _FAR = 2, 3  # times as much as the series at most to be near it, and at least to be far from it
_WAYS = {"times-100": Decimal(100), "times-1000": Decimal(1000), "over-100": 1 / Decimal(100), "over-1000": 1 / Decimal(1000)}  # fmt: skip
_WORDS = {"times-100": "a hundred times as much", "times-1000": "a thousand times as much", "over-100": "a hundredth of it", "over-1000": "a thousandth of it"}  # fmt: skip


def doubts(table: Table, lines: Sequence[SheetRow], units: Mapping[str, str]) -> Mapping[int, CellQuestion]:
    """Return a question for each line whose figure is on another scale than its series, by the `id` of the line.

    A figure is compared with the one that it replaces and with the others of its series in the package. If the package has
    none, it is compared with the other lines of the series, or, if it is a percentage, with the other parts of its indicator.
    """
    fresh = {key_of(table, x.texts) for x in lines}
    known: dict[tuple[str, ...], list[Decimal]] = {}
    replaced: dict[tuple[str, ...], Decimal] = {}
    of_indicator: dict[str, list[Decimal]] = {}
    for row in records(table):
        if value := _number(row["value"]):
            of_indicator.setdefault(row["indicator"], []).append(abs(value))
            if (key := key_of(table, row)) in fresh:
                replaced[key] = abs(value)
            else:
                known.setdefault(_series(row), []).append(abs(value))
    in_file: dict[tuple[str, ...], list[tuple[int, Decimal]]] = {}
    for line in lines:
        if value := _number(line.texts.get("value", "")):
            in_file.setdefault(_series(line.texts), []).append((id(line), abs(value)))
    questions: dict[int, CellQuestion] = {}
    for line in lines:
        value = _number(line.texts.get("value", ""))
        indicator, series = line.texts.get("indicator", ""), _series(line.texts)
        if value:
            unit, before = units.get(indicator, ""), replaced.get(key_of(table, line.texts))
            peers = [*known.get(series, ()), *([before] if before else ())]
            peers = peers or [v for i, v in in_file[series] if i != id(line)]
            peers = peers or (of_indicator.get(indicator, []) if unit == "percent" else [])
            if unit == "percent-change":  # these differ too much from each other
                peers = [before] if before in (abs(value) * 100, abs(value) / 100) else []
            doubt = _doubt(indicator, value, peers, unit)
            if doubt:
                questions[id(line)] = doubt
    return questions | _fractions(lines, known, units)


def _number(cell: str) -> Decimal | None:
    """Return the number in a cell as the check reads it; None if it is not one."""
    try:
        return number_or_none(cell)
    except ValueError:
        return None


def _series(row: Mapping[str, str]) -> tuple[str, ...]:
    """Return what the figures of a series share: indicator, area and part."""
    return tuple(f"{n}={v}" for n, v in sorted(row.items()) if n not in _APART and v)


def _doubt(indicator: str, value: Decimal, peers: Sequence[Decimal], unit: str) -> CellQuestion | None:
    ways = ("times-100", "over-100") if unit.startswith("percent") else ("times-1000", "over-1000")
    size = abs(value)
    for way in ways if peers else ():
        far = size * _FAR < min(peers) if way.startswith("times") else size > max(peers) * _FAR
        middle = Decimal(median(peers))
        if far and middle / _NEAR <= size * _WAYS[way] <= middle * _NEAR:
            near = f"{min(peers):f} to {max(peers):f}" if min(peers) < max(peers) else f"{min(peers):f}"
            question = (
                f"{value:f} is far from the other figures of its series: {near}. Which number is meant?"
            )
            return _asked(f"scale:{indicator}:{way}", question, value, way)
    if unit == "count" and value != value.to_integral():
        question = f"{value:f} is a count with decimals. Which number is meant?"
        places = -int(value.as_tuple().exponent)  # 1.228 can be 1,228 in thousands, or with its comma turned
        return _asked(f"scale:{indicator}:decimals", question, value, "times-1000" if places == 3 else "")
    return None


def _asked(key: str, question: str, value: Decimal, way: str) -> CellQuestion:
    answers = {"as-written": (f"as written, {value:f}", f"{value:f}")}
    if way:
        changed = f"{value * _WAYS[way]:f}"
        changed = changed.rstrip("0").rstrip(".") if "." in changed else changed
        answers[way] = (f"{_WORDS[way]}, {changed}", changed)
    return CellQuestion(key, question, answers)


def _fractions(
    lines: Iterable[SheetRow], known: Mapping[tuple[str, ...], Sequence[Decimal]], units: Mapping[str, str]
) -> dict[int, CellQuestion]:
    """Return questions about new percentages that are all below 1: they can be shares of 1."""
    published = {s for series in known for s in series if s.startswith("indicator=")}
    percentages: dict[str, list[tuple[SheetRow, Decimal]]] = {}
    for line in lines:
        name, value = line.texts.get("indicator", ""), _number(line.texts.get("value", ""))
        if value and units.get(name, "") == "percent" and f"indicator={name}" not in published:
            percentages.setdefault(name, []).append((line, value))
    questions: dict[int, CellQuestion] = {}
    for name, figures in percentages.items():
        if all(abs(v) <= 1 for _, v in figures):
            for line, value in figures:
                question = f"{value:f} is a percentage below 1. Is it a share, such as 0.5 for 50%?"
                questions[id(line)] = _asked(f"scale:{name}:times-100", question, value, "times-100")
    return questions
