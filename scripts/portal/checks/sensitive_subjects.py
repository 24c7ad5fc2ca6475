"""Find figures about sensitive subjects whose small counts nothing protects."""

import re
from collections.abc import Iterable, Iterator, Mapping

from portal.checks.valid_rows import ValidRow, ValidRows, rows
from portal.core import field_types
from portal.core.problems import Problem
from portal.core.small_counts import WARD_KINDS
from portal.core.vocabulary import Unit

# Beginnings of words that name a subject which could identify a person, in English and Welsh. The settings can add words.
_BEGINNINGS = re.compile(
    r"\b(?:domestic(?:ally)? (?:abus|violen|incident|crime|homicid|murder|offence|assault|victim|related|call|servitude)|rap(?:e|es|ed|ing|ist|ists)\b"
    r"|sexual|sex (?:offen|crime|work|attack|assault)|sexting|hate\b|hatred|racis[mt]|racial|religiously|antisemit|anti semit|(?:islamo|homo|trans|bi|xeno)phob"
    r"|misogyn|disability (?:motivated|related)|stalk|forced (?:marriage|labour)|honour (?:based|kill|crime|abus|violen)|(?:female )?genital mutilation|fgm\b"
    r"|vawg\b|violence against women|intimate (?:partner|image)|coerc|controlling behaviour|revenge porn|upskirt|voyeur|indecent|incest|prostitut|brothel"
    r"|grooming|child(?:ren)?(?: \w+)? (?:abus|exploit|cruelty)|(?:abuse|exploitation) of (?:child|adult|people)|(?<!drug )(?<!drugs )traffick(?!\w* (?:of|in) (?:drug|them|controlled))|slavery|spik(?:ing|ed)\b|suicid|self harm"
    r"|trais (?:domestig|rhywiol|yn y cartref|yn erbyn menywod)|(?:cam drin|cam driniaeth) domestig|rhywiol|casineb|treisi|stelc|caethwas|masnachu pobl"
    r"|priodas(?:au)? dan orfod|anrhydedd|strangulation|suffocation|anti (?:trans|muslim|islam|gyps|roma|traveller|jew|lgbt|gay|black|asian|sikh|hindu|christian|migrant)"
    r"|transgender|(?:faith|religion) (?:motivated|based|related)|clare s law|cuckooing|nudes?\b|hiv\b)\w*"
)
# Abbreviations that are only meant in capital letters.
_ABBREVIATIONS = re.compile(
    r"\b(?:DA|DV|DVA|DVPN|DVPO|DAPN|DAPO|DVDS|HBA|HBV|IDVA|ISVA|MARAC|SARC|CCE|CSE|CSA|RASSO)\b"
)
# A unit whose figures say nothing about a person, if its label says the same.
_HARMLESS, _HARMLESS_LABEL = "pounds", re.compile("pound|£", re.IGNORECASE)
# What can come before the subject at the beginning of a definition; further on, it is only mentioned.
_BEFORE = re.compile(
    r"^(?:(?:the|all|every|any|number|count|of|recorded|reported|offences?|crimes?|incidents?|cases?|reports?|victims?) )+",
    re.IGNORECASE,
)
_FIX = "Write true under sensitive."
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
    parts = _sensitive_parts(checked)
    for row in indicators.values():
        if is_guarded(row) or _is_harmless(row) or row["id"] not in not_open:
            continue
        words = checked.settings.site.sensitive_words
        word = sensitive_word(row["title"], words) or sensitive_word(row["short_title"], words)
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
    """Return the first sensitive word in a text, ignoring case and punctuation; empty if there is none."""
    plain = _plain(text)
    if match := _BEGINNINGS.search(plain) or _ABBREVIATIONS.search(text):
        return match[0]
    return next((w for w in more if _plain(w) and f" {_plain(w)} " in f" {plain} "), "")


def _plain(text: str) -> str:
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
