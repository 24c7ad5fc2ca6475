"""Find figures about sensitive subjects whose small counts nothing protects."""

import functools
import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import resources

from portal.checks.valid_rows import ValidRow, ValidRows, rows
from portal.core import field_types
from portal.core.problems import Problem
from portal.core.small_counts import WARD_KINDS
from portal.core.vocabulary import Unit

# A unit whose figures say nothing about a person, if its label says the same.
_HARMLESS, _HARMLESS_LABEL = "pounds", re.compile("pound|£", re.IGNORECASE)
# What can come before the subject at the beginning of a definition; further on, it is only mentioned.
_BEFORE = re.compile(
    r"^(?:(?:an?|the|all|every|any|how|many|often|number|count|times|that|of|by|for|recorded|reported|offences?|crimes?|incidents?"
    r"|cases?|reports?|victims?|people|persons?|residents|who|whom|were|was|are|is|have|has|had|been|being|someone|anyone) )+",
    re.IGNORECASE,
)
# How the first letter of a Welsh word may change.
_MUTATIONS = {"ll": "ll?", "rh": "rh?", "c": "(?:c|g|ch|ngh)", "p": "(?:p|b|ph|mh)", "t": "(?:t|d|th|nh)", "g": "(?:n?g)?", "b": "[bfm]", "d": "(?:dd?|n)", "m": "[mf]"}  # fmt: skip
_FIX = "Write true under sensitive."
# Letters with dots between them, such as D.V., and where two words are joined, as in DomesticAbuse.
_DOTTED = re.compile(r"\b(?:[^\W\d_]\.)+[^\W\d_]\b\.?")
_JOINED = re.compile(r"(?<=[a-z])(?=[A-Z])")
# What says that a definition leaves out the subject that follows, or that it is only a part of what is counted.
_LEAVES_OUT = re.compile(
    r"\b(?:not|no|without|except|exclud(?:es?|ing)|other than|leaves? out|instead of|includ(?:es?|ing))\b[^.;]*",
    re.IGNORECASE,
)


def find_problems(checked: ValidRows) -> Iterator[Problem]:
    """Yield each indicator that is sensitive by its name, by a part of it, or by its total, and that is not guarded.

    An indicator whose figures have all been published openly need not be guarded.
    """
    open_sources = {r["id"] for r in checked.rows("sources", "sources") if is_true(r["open_publication"])}
    not_open = {
        r["indicator"] for r in checked.rows("indicators", "observations") if r["source"] not in open_sources
    }
    not_open |= checked.values("indicators", "imports", "indicator")
    indicators = {r["id"]: r for r in checked.rows("indicators", "indicators")}
    topics = checked.settings.topics
    parts = _sensitive_parts(checked)
    for row in indicators.values():
        is_unread = not row.has("sensitive", "protected")  # which has its own problem
        if is_unread or is_guarded(row) or _is_harmless(row) or row["id"] not in not_open:
            continue
        words = checked.settings.site.sensitive_words
        names = (row["title"], row["short_title"], row["unit_label"], topics.get(row["topic"], ""))
        word = next(filter(None, (sensitive_word(name, words) for name in names)), "")
        word = word or _defined_as(row["definition"], words)
        total = _guarded_total(indicators, row)
        if word or row["id"] in parts:
            name = word or parts[row["id"]]
            message = f"“{name}” is a sensitive subject, and nothing protects small counts of this indicator."
            yield row.problem("sensitive", "sensitive", message, _FIX)
        elif total and row["unit"] == "count":
            message = (
                f"This is part of {total}, whose small counts are protected, and nothing protects its own."
            )
            fix = "Write true under sensitive or protected, as for the total."
            yield row.problem("sensitive", "sensitive", message, fix)


def find_warnings(checked: ValidRows) -> Iterator[Problem]:
    """Yield each indicator with small counts that nothing protects, whose definition mentions a sensitive subject."""
    open_sources = {r["id"] for r in checked.rows("sources", "sources") if is_true(r["open_publication"])}
    kinds = {r["code"]: r["kind"] for r in checked.rows("geography", "areas")}
    policy = checked.settings.disclosure
    small: set[str] = set()
    for r in checked.rows("indicators", "observations"):
        minimum = policy.ward_minimum if kinds.get(r["area"]) in WARD_KINDS else policy.borough_minimum
        value = field_types.number_or_none(r["value"])
        if value is not None and value < minimum and r["source"] not in open_sources:
            small.add(r["indicator"])
    for row in checked.rows("indicators", "indicators"):
        if row["id"] not in small or row["unit"] != Unit.COUNT or is_guarded(row):
            continue
        for column in ("definition", "caveat"):
            word = sensitive_word(_LEAVES_OUT.sub("", row[column]), checked.settings.site.sensitive_words)
            if word:
                message = (
                    f"The text mentions “{word}”, and nothing protects the small counts of this indicator."
                )
                fix = "If the counts are of that subject, write true under sensitive. If not, accept this."
                yield row.warning(column, message, fix, f"mention:{row['id']}")
                break


def _is_harmless(row: ValidRow) -> bool:
    return row["unit"] == _HARMLESS and bool(_HARMLESS_LABEL.search(row["unit_label"]))


def _defined_as(definition: str, words: Iterable[str]) -> str:
    """Return the sensitive subject with which a definition begins; empty if it begins with another."""
    subject = " ".join(_BEFORE.sub("", definition.strip()).split()[:3])
    word = sensitive_word(subject, words)
    return word if word and _plain(subject).startswith(_plain(word)) else ""


def is_true(cell: str) -> bool:
    """Return True if a cell says yes, including how spreadsheets write it."""
    return field_types.BOOLEANS.get(cell, False)


def is_guarded(row: ValidRow) -> bool:
    """Return True if an indicator's row says that small counts are to be protected."""
    return is_true(row["sensitive"]) or is_true(row["protected"])


def sensitive_word(text: str, more: Iterable[str] = ()) -> str:
    """Return the first sensitive word in a text, ignoring case, accents and punctuation; empty if there is none."""
    text = _respelled(text)
    plain = _plain(text)
    if match := _names().search(plain) or _abbreviations().search(text):
        return match[0]
    return next((w for w in more if _plain(w) and f" {_plain(w)} " in f" {plain} "), "")


@functools.cache
def _names() -> re.Pattern[str]:
    """Return the pattern of `sensitive_subjects.toml`, for text without punctuation in lower case."""
    listed = _lists()
    english = [entry for entries in listed["english"].values() for entry in entries]
    welsh = [_in_welsh(entry) for entries in listed["welsh"].values() for entry in entries]
    return re.compile(rf"\b(?:{_without_marks('|'.join(english + welsh))})\w*")


@functools.cache
def _abbreviations() -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(_lists()['abbreviations']['all'])})s?\b")


def _lists() -> Mapping[str, Mapping[str, Sequence[str]]]:
    return tomllib.loads((resources.files("portal.checks") / "sensitive_subjects.toml").read_text("utf-8"))


def _in_welsh(entry: str) -> str:
    """Return a pattern for Welsh words that matches their mutated forms too."""
    return " ".join(_mutated(word) for word in entry.split())


def _mutated(word: str) -> str:
    first = next((f for f in _MUTATIONS if word.startswith(f)), "")
    return _MUTATIONS[first] + word[len(first) :] if first else "h?" + word


def _respelled(text: str) -> str:
    """Return a text in the usual letters: no accents, invisible characters or dots in abbreviations, and words apart."""
    text = _without_marks(text)
    return _JOINED.sub(" ", _DOTTED.sub(lambda m: m[0].replace(".", ""), text))


def _without_marks(text: str) -> str:
    """Return a text without accents, soft hyphens and other invisible characters, and with letters of ordinary width."""
    letters = unicodedata.normalize("NFKD", text)
    return "".join(c for c in letters if unicodedata.category(c) not in ("Mn", "Cf"))


def _plain(text: str) -> str:
    text = _respelled(text)
    return " ".join("".join(c.lower() if c.isalnum() else " " for c in text).split())


def _sensitive_parts(checked: ValidRows) -> Mapping[str, str]:
    """Return the first sensitive word among the parts of each indicator's breakdown."""
    parts: dict[str, str] = {}
    known: dict[str, str] = {}
    for package in (p for p in checked.packages if p.kind == "indicators" and "observations" in p.tables):
        for row in rows(package.tables["observations"]):
            for cell in filter(None, (row[b] for b in package.breakdowns)):
                if cell not in known:
                    known[cell] = sensitive_word(cell, checked.settings.site.sensitive_words)
                if known[cell]:
                    parts.setdefault(row["indicator"], known[cell])
    return parts


def _guarded_total(indicators: Mapping[str, ValidRow], row: ValidRow) -> str:
    """Return the nearest guarded indicator that this one is part of, over all levels; empty if there is none."""
    passed = {row["id"]}
    while (total := row["part_of"]) in indicators and total not in passed:
        passed.add(total)
        row = indicators[total]
        if is_guarded(row):
            return total
    return ""
