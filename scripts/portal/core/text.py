"""Text that is safe to put into Markdown, HTML and front matter, and numbers as people read them.

A cell of a data package can never become markup: every ASCII punctuation character is written as a numeric
entity, which Markdown, HTML text and HTML attributes all show as the plain character.
"""

import html
import json
import re
import string
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from decimal import Decimal
from functools import lru_cache
from urllib.parse import quote

from markupsafe import Markup

_ENTITIES = {ord(c): f"&#{ord(c)};" for c in string.punctuation}
_SPACE = re.compile(r"\s+")
_TAG = re.compile(r"<[^>]*>")
# Assets that the site serves as they are, and that people can read.
TEXT_FILES = (".svg", ".txt", ".csv", ".json", ".html", ".xml", ".md")
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST = rf"({_LABEL}\.)+(?=[A-Za-z0-9-]*[A-Za-z]){_LABEL}"  # the last part is not a number, so this is not an IP address
_ADDRESS = re.compile(
    rf"https://{_HOST.replace('A-Z', '')}(/([A-Za-z0-9/_.~?&=+,;:@!-]|%[0-9A-Fa-f]{{2}})*)?"
)
_EMAIL = re.compile(rf"[A-Za-z0-9_%+-]+(\.[A-Za-z0-9_%+-]+)*@{_HOST}")
_PHONE = re.compile(r"[0-9]+( [0-9]+)*")
_LONG_NUMBER = 7  # digits; shorter ones, such as 101 and 85258, are dialled as they are
# The first noun of a unit: the last word before a preposition, relative pronoun or conjunction.
_HEAD_NOUN = re.compile(
    r"((?:[\w'’-]+ )*?)([\w'’-]+)(?=$|,| \(| (?:per|of|in|on|with|without|to|from|at|by|who|that|which|for|or|and)\b)"
)
_OR = " or "
_IRREGULAR = {"people": "person", "children": "child", "men": "man", "women": "woman", "knives": "knife", "lives": "life",
              "thieves": "thief", "series": "series", "buses": "bus", "analyses": "analysis", "crises": "crisis"}  # fmt: skip
# Endings of plurals and their singulars; the first match counts.
_ENDINGS = (
    (r"ies$", "y"),
    (r"(?<=ss)es$|(?<=sh)es$|(?<=ch)es$|(?<=x)es$|(?<=zz)es$", ""),
    (r"(?<![sui])s$", ""),
)
MINUS = "\u2212"  # the minus sign
# What each status of a figure means, in the order of a table's notes.
MARKERS: Mapping[str, str] = {
    "c": "withheld, to protect people",
    "x": "not available",
    "z": "does not apply",
    "low": "too low to show, but not zero",
    "p": "provisional, may still change",
    "r": "revised since it was first published",
    "e": "estimated",
    "b": "not comparable with earlier figures: recording changed",
}


def safe(value: object) -> Markup:
    """Encode a value for Markdown or HTML; text already marked as safe passes."""
    if isinstance(value, Markup):
        return value
    return _encoded("" if value is None else str(value))


@lru_cache(1 << 16)  # the same names and figures are on many pages
def _encoded(text: str) -> Markup:
    return Markup(" ".join(text.split()).translate(_ENTITIES))  # noqa: S704


def escaped(value: str) -> Markup:
    """Encode a value for a cell of an HTML table or an attribute, which Markdown does not process."""
    return Markup(html.escape(" ".join(value.split())))  # noqa: S704


def visible_text(value: str) -> str:
    """Return what people read of HTML or SVG: without tags, and with the characters that entities stand for."""
    return html.unescape(_TAG.sub(" ", value))


def front_matter(value: str) -> Markup:
    """Return a YAML scalar whose text is safe even if mkdocs prints it unescaped into HTML."""
    return Markup(json.dumps(html.escape(_SPACE.sub(" ", value).strip()), ensure_ascii=False))  # noqa: S704


def is_address(value: str) -> bool:
    """Return True if a page can link to a web address: https, a plain host, a plain path."""
    return bool(_ADDRESS.fullmatch(value))


def address_advice(value: str) -> str:
    """Return what to change in a web address that a page cannot link to."""
    if not value.startswith("https://"):
        return "Write a web address that begins with https://, such as https://www.example.org/."
    if re.search(r"\s", value):
        return "Remove the spaces, or write %20 for each one that belongs to the address."
    host, slash, path = re.split("([/?#])", value.removeprefix("https://") + "/", maxsplit=1)
    path = (slash + path)[:-1]
    plain = host.rpartition("@")[2].partition(":")[0].lower()
    with suppress(UnicodeError):
        plain = plain.encode("idna").decode()
    kept = quote(path.partition("#")[0].removeprefix("/"), safe="/?&=+,;:@!%~")
    better = f"https://{plain}/{kept}"
    if not is_address(better):
        return (
            "Copy the whole address from a browser. It must have the name of a host, such as www.example.org."
        )
    if "@" in host:
        return f"Remove what is before the @, which is the name of a user: {better}"
    if ":" in host:
        return f"Remove the number of the port: {better}"
    if "#" in path:
        return f"Remove the # and what follows it: {better}"
    return f"Write {better}"


def is_email(value: str) -> bool:
    """Return True if this is an email address in the everyday form."""
    return bool(_EMAIL.fullmatch(value))


def is_phone(value: str) -> bool:
    """Return True if this is a phone number as people dial it: digits and spaces, with the 0 or + of a long one.

    Spreadsheets take the 0 away. The prefixes 18000 to 18002, of the relay service for deaf people, have none.
    """
    digits = sum(c.isdigit() for c in value)
    is_whole = digits < _LONG_NUMBER or value.strip().startswith(("0", "+", "1800"))
    return bool(_PHONE.fullmatch(value)) and 3 <= digits <= 15 and is_whole


def number(value: Decimal | int, signed: bool = False) -> str:
    """Return `1,036`, or with a sign `+6.5` and `−17.6`: all digits of the value and its decimals, no exponent."""
    text = f"{value.copy_abs():,f}" if isinstance(value, Decimal) else f"{abs(value):,}"
    if value < 0:
        return MINUS + text
    return f"+{text}" if signed and value > 0 else text


def json_number(value: Decimal | None) -> int | float | None:
    """Return a number for JSON, as an integer if it is whole; None if there is no value."""
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)


def amount(value: Decimal, unit: str) -> str:
    """Return a figure with the mark of its unit: `1,036`, `81%`, `+10.4%`, `£12`, `−£1,200.50`."""
    if unit == "percent":
        return number(value) + "%"
    if unit == "pounds":
        return _pounds(value)
    if unit == "percent-change":
        return number(value, signed=True) + "%"
    return number(value)


def singular(noun: str) -> str:
    """Return the singular of an English plural as units write it: `offence`, `person`, `crime per 1,000 people`.

    Only the first noun changes where more words follow (`of`, `per`, `in` and the like end it), and one after an `or`.
    """
    head = _HEAD_NOUN.match(noun)
    if head is None:
        return noun
    start, word = head[1], head[2]
    replaced = _IRREGULAR.get(word.lower())
    if replaced is None:
        replaced = next((re.sub(ends, to, word) for ends, to in _ENDINGS if re.search(ends, word)), word)
    rest = noun[head.end() :]
    other = rest.startswith(_OR)
    return start + replaced + (_OR + singular(rest.removeprefix(_OR)) if other else rest)


def noun_for(value: Decimal, noun: str) -> str:
    """Return a noun, given in the plural, as it follows a number: `offence` after 1, `offences` after 0, 2 and 1.0."""
    return singular(noun) if number(value.copy_abs()) == "1" else noun


def counted(value: Decimal, noun: str) -> str:
    """Return a count with its noun, given in the plural: `1 offence`, `1,036 offences`, `−1 offence`."""
    return f"{number(value)} {noun_for(value, noun)}"


@lru_cache(1 << 16)  # a map on each page links to every ward
def address_part(name: str) -> str:
    """Return a name as part of a web address: lower-case letters and digits, with hyphens between the words."""
    return "-".join("".join(c if c.isalnum() else " " for c in name.lower()).split())


def plain_name(name: str) -> str:
    """Return a name for comparison: lower case, `and` for `&`, without punctuation."""
    words = unicodedata.normalize("NFKC", name).casefold().replace("&", " and ")
    return " ".join("".join(c if c.isalnum() else " " for c in words).split())


def _pounds(value: Decimal) -> str:
    """Return `£12`, `£12.50`, `−£1,200.50`: two digits for pence, if there are any."""
    size = value.copy_abs()
    if size == size.to_integral_value():
        digits = f"{size:,.0f}"
    elif size * 100 == (size * 100).to_integral_value():
        digits = f"{size:,.2f}"
    else:
        digits = f"{size:,f}"
    return f"{MINUS if value < 0 else ''}£{digits}"


def listed(words: list[str] | tuple[str, ...]) -> str:
    """Return words as a list in a sentence: `a`, `a and b`, `a, b and c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""


_MOST_RUNS = 6


def listed_runs(numbers: Iterable[int], name: Callable[[int], str] = str) -> str:
    """Return numbers in words, those in a row as one run: `2 to 5, 9 and 12`; of many runs, the first and how many more."""
    runs: list[list[int]] = []
    for number_ in sorted(set(numbers)):
        if runs and number_ == runs[-1][-1] + 1:
            runs[-1].append(number_)
        else:
            runs.append([number_])
    more = sum(map(len, runs[_MOST_RUNS:]))
    words = [f"{name(r[0])} to {name(r[-1])}" if len(r) > 1 else name(r[0]) for r in runs[:_MOST_RUNS]]
    return listed([*words, f"{more:,} more"] if more else words)


def word_for_area(code: str) -> str:
    """Return what people call the whole area of a portal: a borough in London and the big cities, elsewhere a district.

    Unitary authorities, in England and in Wales, are an “area”.
    """
    return {"E09": "borough", "E08": "borough", "E07": "district"}.get(code[:3], "area")


# Names of groups of people, which keep their capital.
_GROUPS = re.compile(
    r"(?:african|american|arab|asian|bangladeshi|bengali|black|british|buddhist|caribbean|chinese|christian|english|european|french|gypsy|"
    r"gypsies|hindu|indian|irish|islamic|jew|jewish|londoner|muslim|pakistani|polish|portuguese|roma|romani|scottish|sikh|somali|spanish|"
    r"tamil|turkish|vietnamese|welsh|white)s?\b",
    re.IGNORECASE,
)


def lower_first(words: str) -> str:
    """Return a title as it is inside a sentence: `theft from a person`.

    The capital stays in abbreviations (`ASB calls`), in names of groups of people (`Muslim women`), and where the second
    word has one too, as in names of places (`Loampit Vale thefts`).
    """
    first, *others = words.split(" ", 2)
    is_name = bool(others and others[0][:1].isupper() and others[0][1:].islower()) or _GROUPS.match(first)
    return words if is_name or first[1:] != first[1:].lower() else words[:1].lower() + words[1:]


def upper_first(words: str) -> str:
    """Return the words with a capital first letter; other capitals stay."""
    return words[:1].upper() + words[1:]


# Words of titles that say nothing of the subject.
_COMMON_WORDS = frozenset(
    {"recorded", "by", "the", "police", "of", "in", "and", "a", "to", "with", "for", "all"}
    | {"month", "monthly", "year", "yearly", "quarter", "quarterly"}
)


@lru_cache(1 << 12)
def subject_words(title: str) -> frozenset[str]:
    """Return the words of a title that say what it is about, in lower case and in the singular."""
    return frozenset(map(singular, plain_name(title).split())) - _COMMON_WORDS


def are_alike(title: str, other: str) -> bool:
    """Return True if one title has all words of the other that say what it is about."""
    a, b = subject_words(title), subject_words(other)
    return bool(a & b) and (a <= b or b <= a)


def have_the_same_subject(title: str, other: str) -> bool:
    """Return True if two titles have the same words that say what they are about, at least one."""
    return subject_words(title) == subject_words(other) != frozenset()
