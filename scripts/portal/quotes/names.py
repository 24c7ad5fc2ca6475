"""Recognise what a text speaks of: indicators by their titles and everyday words, areas, and subjects without figures."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from importlib import resources

from portal.core.model import Area, Content
from portal.core.small_counts import WARD_KINDS
from portal.core.text import word_for_area
from portal.core.vocabulary import AreaKind, Unit
from portal.disclosure.clearing import ClearedContent
from portal.quotes import word_lists

INDICATOR, AREA, OTHER_SUBJECT, OTHER_PLACE = "indicator", "area", "other subject", "other place"
_WORD = re.compile(r"[A-Za-z0-9]+(?:['’][A-Za-z]+)?")
# What titles add to a name so that several tables can have an indicator of that name.
_TAIL = re.compile(
    r",? (?:recorded by the police|in the police dashboard|reported to the police|\d{4} (?:report|draft plan|slides)|second table)$"
    r"|,? \d{4}$| \(.*\)$| rate$|, under 25s?$"
)
_SPLIT = re.compile(r" by (?:type|strand|month and type|outcome|age|ethnicity|what was looked for|object|month)\b.*$", re.IGNORECASE)  # fmt: skip
_PART_OF_A_NAME = word_lists.words("part-of-a-name")
_QUALIFIERS = word_lists.words("qualifiers")
COUNTED_INSTEAD = word_lists.words("counted-instead")
_GENERIC_NOUNS = word_lists.words("not-describing")
_ONLY_SOME = re.compile(r"^ (?:type )?(?:offences? |crimes? )?\((?:non|excluding|except|under|over|aged|other than|without|not)\b|^ (?:with(?:out)? injury|excluding|other than|involving|among(?! (?:people|residents|those|local|adults|the public|londoners))|committed by|by young|against (?:women|girls|men|children|older))\b", re.IGNORECASE)  # fmt: skip
_PLACES = ("england and wales", "england", "wales", "the uk", "united kingdom", "nationally", "national average", "national figure", "the country", "great britain", "nationwide")  # fmt: skip


@dataclass(frozen=True)
class Mention:
    """A name in a text: its place, its kind, and the ids of the indicators or the codes of the areas that it can mean."""

    start: int
    end: int
    kind: str
    text: str
    ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class KnownNames:
    """Every name that the checker knows, as stemmed words, with what it can mean; and the nouns that units have."""

    names: Mapping[tuple[str, ...], tuple[str, tuple[str, ...]]]
    nouns: frozenset[str]
    describing: frozenset[
        str
    ]  # words of short names, which stand before a noun: “knife” of “12 knife offences”
    parts: Mapping[
        str, Mapping[str, tuple[str, ...]]
    ]  # by indicator: the stemmed words of each part, by its name

    def find(self, sentence: str) -> tuple[Mention, ...]:
        """Return every name in a sentence in order, the longest at each place."""
        words = [(m.start(), m.end(), stem(m[0])) for m in _WORD.finditer(sentence)]
        stems = [w for *_, w in words]
        found, n = [], 0
        while n < len(words):
            length = next((k for k in range(min(12, len(words) - n), 0, -1) if tuple(stems[n : n + k]) in self.names), 0)  # fmt: skip
            if not length:
                n += 1
                continue
            start, end = words[n][0], words[n + length - 1][1]
            kind, ids = self.names[tuple(stems[n : n + length])]
            following = stems[n + length] if n + length < len(words) else ""
            between = sentence[end : words[n + length][0]] if following else ""
            is_name = (
                kind in (INDICATOR, OTHER_SUBJECT)
                and between in (" ", "-")
                and following in _PART_OF_A_NAME
                and not sentence[words[n + length][0] :]
                .lower()
                .startswith(("numbers are", "numbers were", "numbers have", "numbers stand"))
            )
            is_act = (
                sentence[end:]
                .lower()
                .startswith((" and disorder", " & disorder", " reduction", " prevention"))
            )
            if not (is_name or (kind == INDICATOR and is_act)):
                found.append(
                    _narrowed(Mention(start, end, kind, sentence[start:end], ids), sentence, words, n, length)
                )
            n += length
        return tuple(found)


def _in_a_proper_name(sentence: str, words: list[tuple[int, int, str]], n: int) -> bool:
    """Return True for a word with a capital among others: “Crime” of “Lewes Crime, Enforcement and Regulation Service”."""
    start = words[n][0]
    if not n or not sentence[start].isupper() or re.search(r"[.:•\t|]\s*$", sentence[:start]):
        return False
    around = [w for w in (n - 1, n + 1) if 0 <= w < len(words)]
    return any(sentence[words[w][0]].isupper() and words[w][2] not in ("total", "all") for w in around) and sum(c.isupper() for c in sentence[start : words[n][1]]) == 1  # fmt: skip


def _narrowed(m: Mention, sentence: str, words: list[tuple[int, int, str]], n: int, length: int) -> Mention:
    """Return a mention of an indicator, or of another subject if the words around it say that it is only a part of it."""
    if m.kind != INDICATOR:
        return m
    before = words[n - 1] if n and m.text.split()[0].lower() not in ("were", "was", "been") else None
    if before and before[2] in _QUALIFIERS and sentence[before[1] : m.start] in (" ", "-", "–"):
        return Mention(before[0], m.end, OTHER_SUBJECT, sentence[before[0] : m.end])
    after = words[n + length] if n + length < len(words) else None
    if after and after[2] in COUNTED_INSTEAD and sentence[m.end : after[0]] in (" ", "-"):
        return Mention(m.start, after[1], OTHER_SUBJECT, sentence[m.start : after[1]])
    if some := _ONLY_SOME.match(sentence[m.end :]):
        return Mention(m.start, m.end, OTHER_SUBJECT, sentence[m.start : m.end + some.end()].replace("(", ""))
    return m


def vocabulary(released: ClearedContent) -> KnownNames:
    """Return the names of everything in the content, with everyday words and the abbreviations of the glossary."""
    content = released.content
    names: dict[tuple[str, ...], tuple[str, tuple[str, ...]]] = {}

    def add(words: str, kind: str, ids: Iterable[str]) -> None:
        key = stems(words)
        if key:
            known = names.get(key, (kind, ()))
            names[key] = known[0], tuple(dict.fromkeys((*known[1], *ids)))

    for indicator in content.indicators.values():
        for name in _names_of(indicator.title, indicator.short_title):
            add(name, INDICATOR, (indicator.id,))
    for row in _rows("everyday_words.csv"):
        meaning = names.get(stems(row["name"]))
        if meaning:
            known = names.get(stems(row["words"]), (INDICATOR, ()))[1]
            names[stems(row["words"])] = INDICATOR, tuple(dict.fromkeys((*known, *meaning[1])))
    for row in _rows(
        "everyday_words.csv"
    ):  # both words can name indicators, such as domestic violence and domestic abuse
        meaning = names.get(stems(row["words"]))
        if meaning and stems(row["name"]) in names:
            names[stems(row["name"])] = INDICATOR, tuple(dict.fromkeys((*names[stems(row["name"])][1], *meaning[1])))  # fmt: skip
    for term in content.terms:
        meaning = names.get(stems(term.expansion)) if term.expansion else None
        if meaning and meaning[0] == INDICATOR:
            add(term.term, INDICATOR, meaning[1])
    for row in _rows("other_subjects.csv"):
        names.setdefault(stems(row["words"]), (OTHER_SUBJECT, ()))
    for words, codes in _area_names(released).items():
        names[stems(words)] = AREA, codes
    for words in _PLACES:
        names.setdefault(stems(words), (OTHER_PLACE, ()))
    nouns = frozenset(
        w for i in content.indicators.values() if i.unit == Unit.COUNT for w in stems(i.unit_label)[-1:]
    )
    parts = _parts(content)
    described = {w for key, (kind, _) in names.items() if kind == INDICATOR and len(key) <= 3 for w in key}
    described |= {
        w for by_part in parts.values() for stemmed in by_part.values() if len(stemmed) == 1 for w in stemmed
    }
    nouns -= {"measure", "2021", "case", "people", "officer", "school", "time"}
    return KnownNames(names, nouns, frozenset(described - nouns - _GENERIC_NOUNS) | _QUALIFIERS, parts)


def _names_of(*titles: str) -> Iterator[str]:
    for title in titles:
        yield title
        short = title
        while (cut := _TAIL.sub("", short)) != short:
            short = cut
        yield short
        if split := _SPLIT.search(short):
            yield short[: split.start()]
        if short.startswith("All ") and "recorded" in title.lower():
            yield "recorded crime"
        if inside := re.search(r"\(([^)]+)\)$", title):
            yield inside[1]


def _area_names(released: ClearedContent) -> Mapping[str, tuple[str, ...]]:
    """Return the codes of the areas by name, the newest area of a name first."""
    areas = released.content.areas.values()
    by_name: dict[str, list[Area]] = {}
    for area in areas:
        if area.kind != AreaKind.REST:
            by_name.setdefault(area.name, []).append(area)
    names = {
        n: tuple(a.code for a in sorted(all_, key=lambda a: a.valid_from or date.min, reverse=True))
        for n, all_ in by_name.items()
    }
    for area in areas:
        if area.kind == AreaKind.REGION:
            force = [a.code for a in areas if a.kind == AreaKind.POLICE_FORCE and a.parent == area.code]
            names[area.name] = (area.code, *force)
            names[f"{area.name}ers"] = names[area.name]
            names |= {words: tuple(force) for words in word_lists.phrases("whole-force") if force}
            names["the capital"] = names[area.name]
    if released.area:
        home_areas = (released.area,)
        names |= {word_for_area(released.area): home_areas, f"{word_for_area(released.area)}wide": home_areas, f"{word_for_area(released.area)}-wide": home_areas}  # fmt: skip
    return names


def is_ward(content: Content, code: str) -> bool:
    """Return True for a ward, and for the records of a borough that name none."""
    return code in content.areas and content.areas[code].kind in WARD_KINDS


def _parts(content: Content) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    by_indicator: dict[str, dict[str, tuple[str, ...]]] = {}
    for name, figures in content.observations.items():
        for o in figures:
            if o.part:
                by_indicator.setdefault(name, {})[o.part] = stems(o.part)
    return by_indicator


@cache
def _rows(name: str) -> tuple[dict[str, str], ...]:
    text = (resources.files("portal.quotes") / name).read_text("utf-8")
    return tuple(csv.DictReader(text.splitlines()))


_SAME = {"racist": "racial", "racially": "racial", "islamophobia": "islamophobic", "anti": "anti", "homophobia": "homophobic", "transphobic": "transgender", "crimes": "crime", "thieves": "thief", "offenses": "offence"}  # fmt: skip


@lru_cache(maxsize=20_000)  # the names of a portal are the same for every text that is checked
def stems(words: str) -> tuple[str, ...]:
    """Return the words of a name in lower case, in the singular, without `the` in front."""
    found = tuple(stem(m[0]) for m in _WORD.finditer(words))
    return found[1:] if len(found) > 1 and found[0] == "the" else found


def stem(word: str) -> str:
    """Return a word in lower case without a plural or possessive ending."""
    word = re.sub(r"['’]s?$", "", word.lower())
    if word in _SAME:
        return _SAME[word]
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if re.search(r"(?:ss|sh|ch|x)es$", word):
        return word[:-2]
    return (
        word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word
    )
