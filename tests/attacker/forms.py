"""Read counts off the other forms in which a site may show them: rates, percentages, changes, claims, targets, texts."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from fractions import Fraction

from attacker.deduce import EVIDENCE, Bound
from attacker.harvest import Figure, Key, Public, number

_WORDS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_NUMBER = rf"(?:\d[\d,]*|{'|'.join(_WORDS)})"
# A number that counts something in a text: followed by what is counted, or introduced as a value.
_COUNTED = r"\b(?P<number>{number})\b(?:\s*\(\d+\))?\s+(?:\w+\s+)?{what}"
_INTRODUCED = rf"\b(?:value|count|number|figure|total|were|was|recorded|only)\b\W+(?P<number>{_NUMBER})\b"


def readings(public: Public, figures: Mapping[Key, Figure]) -> list[Bound]:
    """What each of the other forms says of a count, whether the count has a row or not."""
    return [
        *_rates(public, figures),
        *_percentages(public, figures),
        *_changes(public, figures),
        *_altered(public, figures),
        *_claims(public, figures),
        *_targets(public, figures),
        *_texts(public, figures),
    ]


def _half(printed: str) -> Fraction:
    """Half of the last decimal that is printed: how far the exact number can be from it."""
    return Fraction(1, 2 * 10 ** len(printed.partition(".")[2]))


def _of_unit(public: Public, figures: Mapping[Key, Figure], unit: str) -> Iterator[Figure]:
    for k, f in figures.items():
        if f.value is not None and public.indicators[k.indicator]["unit"] == unit:
            yield f


def _counted(public: Public, figures: Mapping[Key, Figure]) -> dict[tuple[str, str, str], list[Figure]]:
    """Counts by area and period."""
    found = defaultdict(list)
    for k, f in figures.items():
        if public.counts(k.indicator):
            found[k.area, k.start, k.end].append(f)
    return found


def _rates(public: Public, figures: Mapping[Key, Figure]) -> Iterator[Bound]:
    """A rate times the population. It is of the count that it fits wherever both are printed, or of its own subject."""
    counted = _counted(public, figures)
    by_indicator: dict[str, list[tuple[Key, Fraction, Fraction]]] = defaultdict(list)
    for f in _of_unit(public, figures, "per-1000"):
        people = public.populations.get(f.key.area)
        if people and f.value is not None:
            low, high = (max(f.value + s * _half(f.printed), 0) * people / 1000 for s in (-1, 1))
            by_indicator[f.key.indicator].append((f.key, low, high))
    for indicator, own in by_indicator.items():
        fits: dict[str, list[bool]] = defaultdict(list)
        for k, low, high in own:
            for f in counted[k.area, k.start, k.end]:
                if f.value is not None:
                    fits[f.key.indicator].append(low <= f.value <= high)
        same = {i for i, seen in fits.items() if len(seen) >= EVIDENCE and all(seen)}
        for k, low, high in own:
            of = [
                f.key for f in counted[k.area, k.start, k.end] if f.key.indicator in same and f.value is None
            ]
            if public.guarded(indicator):
                of += [f.key for f in counted[k.area, k.start, k.end] if f.hidden] or [k]
            for key in dict.fromkeys(of):
                yield Bound(key, float(low), float(high), f"the rate of {indicator}")


def _percentages(public: Public, figures: Mapping[Key, Figure]) -> Iterator[Bound]:
    """A guarded percentage of any count of the same time, in the same area or the one around it."""
    counted = _counted(public, figures)
    for f in _of_unit(public, figures, "percent"):
        k = f.key
        if not public.guarded(k.indicator) or f.value is None:
            continue
        around = public.areas[k.area]["parent"]
        for base in (*counted[k.area, k.start, k.end], *counted[around, k.start, k.end]):
            if base.value:
                low, high = ((f.value + s * _half(f.printed)) * base.value / 100 for s in (-1, 1))
                yield Bound(k, float(low), float(high), f"{f.printed}% of {base.key.indicator}")


def _changes(public: Public, figures: Mapping[Key, Figure]) -> Iterator[Bound]:
    """A change in per cent from a count that is printed to one that is not, or the other way round."""
    series: dict[str, list[Figure]] = defaultdict(list)
    for k, f in figures.items():
        if public.counts(k.indicator) and public.guarded(k.indicator):
            series[k.area].append(f)
    for f in _of_unit(public, figures, "percent-change"):
        if not public.guarded(f.key.indicator) or f.value is None:
            continue
        ends = [(100 + f.value + s * _half(f.printed)) / 100 for s in (-1, 1)]
        for later in series[f.key.area]:
            if (later.key.start, later.key.end) != (f.key.start, f.key.end):
                continue
            for earlier in series[f.key.area]:
                alike = (earlier.key.indicator, earlier.key.part) == (later.key.indicator, later.key.part)
                if alike and earlier.key.end < later.key.start:
                    yield from _between(earlier, later, ends, f"the change of {f.key.indicator}")


def _between(earlier: Figure, later: Figure, ends: list[Fraction], why: str) -> Iterator[Bound]:
    if later.hidden and earlier.value:
        yield Bound(later.key, *(float(e * earlier.value) for e in ends), why)
    if earlier.hidden and later.value and min(ends) > 0:
        yield Bound(earlier.key, *(float(later.value / e) for e in reversed(ends)), why)


def _altered(public: Public, figures: Mapping[Key, Figure]) -> Iterator[Bound]:
    """A series that is the count times one number plus another, or rounded, wherever both are printed; four places at least."""
    series: dict[tuple[str, str], dict[tuple[str, str, str], Figure]] = defaultdict(dict)
    for k, f in figures.items():
        series[k.indicator, k.part][k.area, k.start, k.end] = f
    wanted = [f for f in figures.values() if f.hidden and public.counts(f.key.indicator)]
    fits: dict[tuple[tuple[str, str], tuple[str, str]], tuple[Fraction, Fraction, Fraction] | None] = {}
    for f in wanted:
        name, place = (f.key.indicator, f.key.part), (f.key.area, f.key.start, f.key.end)
        for other, own in series.items():
            seen = own.get(place)
            if other == name or seen is None or seen.value is None:
                continue
            if (name, other) not in fits:
                fits[name, other] = _line(series[name], own)
            if line := fits[name, other]:
                times, plus, within = line
                ends = [(seen.value - plus + s * within) / times for s in (-1, 1)]
                yield Bound(f.key, max(float(min(ends)), 0), float(max(ends)), f"{other[0]}, a form of it")


def _line(
    counts: Mapping[tuple[str, str, str], Figure], others: Mapping[tuple[str, str, str], Figure]
) -> tuple[Fraction, Fraction, Fraction] | None:
    """By what number the counts are multiplied, what is added, and how far that may be out; None if nothing fits."""
    both = [(f.value, others[p].value, _half(others[p].printed)) for p, f in counts.items() if p in others]
    told = [(a, x, h) for a, x, h in both if a is not None and x is not None]
    if len(told) <= EVIDENCE or len({a for a, _, _ in told}) < EVIDENCE:
        return None
    (a, x, _), (b, y, _) = min(told), max(told)
    if x != y:
        times = (y - x) / (b - a)
        within = max(h for *_, h in told) if any(v.denominator > 1 for _, v, _ in told) else Fraction(0)
        plus = x - times * a
        if all(abs(times * c + plus - z) <= within for c, z, _ in told):
            return times, plus, within
    for unit in (5, 10):
        if all(z % unit == 0 and abs(z - c) <= Fraction(unit, 2) for c, z, _ in told):
            return Fraction(1), Fraction(0), Fraction(unit, 2)
    return None


def _claims(public: Public, figures: Mapping[Key, Figure]) -> Iterator[Bound]:
    """What a claim states of a count, of the sum of several, or of the change between two."""
    for row in public.rows("claims"):
        stated = number(row["stated"]) if row["stated"] else None
        part = next((v for c, v in row.items() if c not in _CLAIM and v), "")
        if stated is None or row["indicator"] not in public.indicators:
            continue
        half = Fraction(1, 2 * 10 ** int(row["decimals"] or 0))
        own, base = (
            figures.get(
                Key(row["indicator"], row["area"], part, row[f"{w}period_start"], row[f"{w}period_end"])
            )
            for w in ("", "base_")
        )
        why = f"the claim {row['id']}"
        if row["kind"] == "value" and own and own.hidden:
            yield Bound(own.key, float(stated - half), float(stated + half), why)
        elif row["kind"] == "total":
            inside = [
                f for k, f in figures.items()
                if (k.indicator, k.area) == (row["indicator"], row["area"]) and part in ("", k.part)
                and row["period_start"] <= k.start and k.end <= row["period_end"]
            ]  # fmt: skip
            lost = [f for f in inside if f.value is None]
            known = sum((f.value for f in inside if f.value is not None), Fraction(0))
            if len(lost) == 1 and lost[0].hidden:
                yield Bound(lost[0].key, float(stated - half - known), float(stated + half - known), why)
        elif row["kind"] == "change-percent" and own and base:
            yield from _between(base, own, [(100 + stated + s * half) / 100 for s in (-1, 1)], why)


_CLAIM = {
    "id", "indicator", "kind", "area", "period_start", "period_end", "base_period_start", "base_period_end",
    "other_indicator", "stated", "decimals", "statement", "source", "locator",
}  # fmt: skip


def _targets(public: Public, figures: Mapping[Key, Figure]) -> Iterator[Bound]:
    """The result that a target prints for a time whose count is withheld."""
    for row in public.rows("targets"):
        stated = number(row["result_value"]) if row["result_value"] else None
        if stated is None or row["unit"] != "count":
            continue
        for k, f in figures.items():
            if f.hidden and k.indicator == row["indicator"] and k.end.startswith(row["due"]):
                yield Bound(k, float(stated), float(stated), f"the target {row['id']}")


def _texts(public: Public, figures: Mapping[Key, Figure]) -> Iterator[Bound]:
    """A number in words about a withheld count: in where it was found, or in what a claim or target says."""
    said: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for name, columns in (("claims", ("statement", "locator")), ("targets", ("title", "why", "locator"))):
        for row in public.rows(name):
            said[row["indicator"]] += [(f"the {name} {row['id']}", row[c]) for c in columns]
    for k, f in figures.items():
        if not f.hidden or not public.counts(k.indicator):
            continue
        row, place = public.indicators[k.indicator], public.areas[k.area]["name"]
        texts = [("the locator", f.locator)]
        texts += [
            (f"the {c} of the indicator", row[c]) for c in ("title", "definition", "caveat", "period_note")
        ]
        texts += said[k.indicator]
        for why, text in texts:
            own = why == "the locator" or place.lower() in text.lower() or (k.part and k.part in text)
            for found in _numbers(text, row["unit_label"]) if own else ():
                yield Bound(k, found, found, why)


def _numbers(text: str, what: str) -> Iterator[int]:
    """The numbers in a text that count something."""
    for pattern in (_COUNTED.format(number=_NUMBER, what=re.escape(what.rstrip("s"))), _INTRODUCED):
        for found in re.finditer(pattern, text, re.IGNORECASE):
            word = found["number"].lower().replace(",", "")
            yield _WORDS.index(word) if word in _WORDS else int(word)
