"""Find sums within a breakdown: parts that are the total, a subtotal or a second grouping of other parts.

The audit takes the parts of a breakdown for disjoint. Readers see from their names, or from the numbers in other areas
and periods, that "All" or "Knives and guns" is a sum of others, and that men and women are as many as all ages together.

Names: "All" and "Total" are the sum of all others; a name that joins those of other parts is their sum; one whose words
are in several longer names, such as "Knives" beside "Kitchen knives" and "Other knives", is theirs. Parts named after
sexes, ages and ethnic groups are groupings of the same people.

Numbers: a part that is the sum of some others in nearly all places where they are published, unless some such sum would
fit as well by chance. Each place in which unrelated numbers of the size n fit has the probability 1 / √(4πn).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import pi, sqrt

import numpy as np

from portal.core import text
from portal.core.small_counts import sum_if_known

MOST_FAILURES = (
    0.2  # the share of places in which a sum may fail, because figures were revised or counted differently
)
_MOST_PARTS = 12  # try no sums by numbers if there are more parts
_LEAST_CHANCE = 0.1  # a sum counts if fewer than this many such sums would fit by chance
_FIRST_OF_TOTALS = frozenset(
    {"all", "any", "every", "everyone", "everything", "grand", "overall", "sum", "total", "whole"}
    | {"cyfanswm", "holl", "pawb", "pob"}
)
_LAST_OF_TOTALS = frozenset({"altogether", "combined", "cyfanswm", "overall", "total", "totals", "together"})
_NOT_OF_TOTALS = frozenset(
    {
        "but",
        "else",
        "except",
        "excluding",
        "not",
        "other",
        "others",
        "remaining",
        "rest",
        "unknown",
        "arall",
        "eraill",
    }
)
_NO_SUBJECT = _NOT_OF_TOTALS | {"another", "none", "no", "or", "something", "stated"}
_JOINS = re.compile(r"[,;/+&]|\b(?:and|or|a|ac|neu)\b")
_SEXES = frozenset({"boy", "female", "girl", "male", "man", "woman"})
_ETHNIC_GROUPS = frozenset({"arab", "asian", "black", "mixed", "white"})
_AGE = re.compile(r"\d+s?")
_AGE_WORDS = frozenset(
    {
        "age",
        "aged",
        "and",
        "less",
        "more",
        "old",
        "older",
        "or",
        "over",
        "plus",
        "to",
        "under",
        "year",
        "younger",
    }
)
Values = Mapping[str, float | None]  # the figures of one place by part; "" is the total


@dataclass(frozen=True)
class PartSum:
    """Parts `whole` that add up to the same as the parts `terms`; `is_sure` if names or numbers leave no doubt."""

    whole: tuple[str, ...]
    terms: tuple[str, ...]
    is_sure: bool = False


def sums(parts: Sequence[str], places: Sequence[Values]) -> Iterator[PartSum]:
    """Yield the sums among the parts of a breakdown that no place where all of them are published contradicts."""
    for s in dict.fromkeys(_by_names(parts)):
        fits = [known[0] == known[1] for p in places if (known := _sides(p, s))]
        if not fits or sum(fits) >= len(fits) * (1 - MOST_FAILURES):
            yield PartSum(s.whole, s.terms, s.is_sure or bool(fits))
    if 3 <= len(parts) <= _MOST_PARTS:
        yield from _by_numbers(parts, places)
        yield from _equal_groupings(parts, places)


def _sides(values: Values, s: PartSum) -> tuple[float, float] | None:
    """Return the sums of both sides in a place; None if one of the parts is not published."""
    whole, terms = (sum_if_known([values.get(p) for p in side]) for side in (s.whole, s.terms))
    return None if whole is None or terms is None else (whole, terms)


# --- names


def _by_names(parts: Sequence[str]) -> Iterator[PartSum]:
    totals = [p for p in parts if _is_total(p)]
    joined = {p: terms for p in parts if p not in totals and (terms := _joined(p, parts))}
    nested = {p: terms for p in parts if p not in (*totals, *joined) and (terms := _inside(p, parts))}
    yield from (PartSum((p,), terms) for p, terms in (joined | nested).items())
    if totals or joined or nested:
        for leave_out in (joined, joined | nested):  # a part with words of others can be a kind of its own
            single = tuple(p for p in parts if p not in totals and p not in leave_out)
            yield from (
                PartSum((p,), single, is_sure=not nested)
                for p in ("", *totals)
                if 1 < len(single) < len(parts)
            )
    groupings = _groupings(parts)
    yield from (PartSum(("",), g) for g in groupings if len(groupings) > 1)
    yield from (PartSum(a, b) for a in groupings for b in groupings if a != b)


def _is_total(part: str) -> bool:
    words = text.plain_name(part).split()
    return (
        bool(words)
        and (words[0] in _FIRST_OF_TOTALS or words[-1] in _LAST_OF_TOTALS)
        and _NOT_OF_TOTALS.isdisjoint(words)
    )


def _joined(part: str, parts: Sequence[str]) -> tuple[str, ...]:
    """Return the parts whose names a name joins, such as "Knives and guns"; none if one of them is no part."""
    names = [text.subject_words(words) for words in _JOINS.split(part.casefold()) if words.strip()]
    by_words = {text.subject_words(p): p for p in parts if p != part}
    found = [by_words.get(words, "") for words in names]
    return tuple(found) if len(found) > 1 and all(found) and len(set(found)) == len(found) else ()


def _inside(part: str, parts: Sequence[str]) -> tuple[str, ...]:
    """Return the parts whose names have all words of a name and more, if there are several."""
    words = text.subject_words(part)
    if words <= _NO_SUBJECT:
        return ()
    found = tuple(p for p in parts if words < text.subject_words(p) and not _joined(p, parts))
    return found if len(found) > 1 else ()


def _groupings(parts: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the parts that are named after sexes, after ages and after ethnic groups, if there are several of them."""
    kinds = {p: _kind(p) for p in parts}
    groupings = [tuple(p for p in parts if kinds[p] == kind) for kind in ("sex", "age", "ethnic group")]
    return [g for g in groupings if len(g) > 1]


def _kind(part: str) -> str:
    words = {text.singular(w) for w in text.plain_name(part).split()}
    numbers = {w for w in words if _AGE.fullmatch(w)}
    found = [
        kind
        for kind, is_so in (
            ("sex", bool(words & _SEXES)),
            ("age", bool(words & {"adult", "child"} or (numbers and words - numbers <= _AGE_WORDS))),
            ("ethnic group", bool(words & _ETHNIC_GROUPS)),
        )
        if is_so
    ]
    return found[0] if len(found) == 1 else ""


# --- numbers


def _by_numbers(parts: Sequence[str], places: Sequence[Values]) -> Iterator[PartSum]:
    """Yield each part, or the total, that is the sum of some parts where all of them are published, unless by chance."""
    names = ("", *parts)
    values = np.array([[p.get(name) or np.nan for name in names] for p in places], dtype=float)
    values[~(values > 0)] = np.nan  # sums with a zero say nothing
    values = values[np.isfinite(values).sum(axis=1) > 2]
    masks = [m for m in range(1, 2 ** len(parts)) if m.bit_count() > 1]
    members = np.array([[m >> n & 1 for n in range(len(parts))] for m in masks], dtype=float)
    missing = ~np.isfinite(values[:, 1:])
    added = np.where(missing, 0, values[:, 1:]) @ members.T
    added[(missing @ members.T) > 0] = np.nan
    tried = len(masks) * len(names)
    for column, name in enumerate(names):
        whole = values[:, [column]]
        known, fits = np.isfinite(added) & np.isfinite(whole), added == whole
        odds = np.where(fits, -0.5 * np.log(4 * pi * np.where(fits, whole, 1)), 0).sum(axis=0)
        enough = fits.any(axis=0) & (fits.sum(axis=0) >= known.sum(axis=0) * (1 - MOST_FAILURES))
        for n in np.flatnonzero(enough & (np.log(tried) + odds < np.log(_LEAST_CHANCE))):
            terms = tuple(p for k, p in enumerate(parts) if members[n, k])
            if name not in terms and len(terms) < len(parts):
                yield PartSum((name,), terms, is_sure=True)


def _equal_groupings(parts: Sequence[str], places: Sequence[Values]) -> Iterator[PartSum]:
    """Yield each two groupings of all parts that have the same sum in nearly all places, unless by chance."""
    full = [[v for p in parts if (v := place.get(p)) is not None] for place in places]
    full = [values for values in full if len(values) == len(parts)]
    if len(full) < 2:
        return
    for size in range(2, len(parts) // 2 + 1):
        for grouping in combinations(range(len(parts)), size):
            halves = [(sum(v[n] for n in grouping), sum(v)) for v in full]
            fits = [half for half, whole in halves if 2 * half == whole]
            chance = 2.0 ** len(parts)
            for half in fits:
                chance *= min(1, 1 / sqrt(4 * pi * max(half, 1)))
            if len(fits) > 1 and len(fits) >= len(full) * (1 - MOST_FAILURES) and chance < 1:
                own = tuple(parts[n] for n in grouping)
                other = tuple(p for p in parts if p not in own)
                for whole, terms in ((own, other), (other, own), (("",), own), (("",), other)):
                    yield PartSum(whole, terms, is_sure=True)
