"""Read the synonyms of the search, and prepare what the browser needs besides the index of the pages."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from portal.core import input_files
from portal.core.model import Term
from portal.core.places import Postcode
from portal.core.problems import Problem, did_you_mean

SEARCH = "search/"
FILE = "site_src/synonyms.toml"
WORDS = "words.json"


@dataclass(frozen=True)
class Synonyms:
    """Words with the same meaning, and the paths of the pages to show first when one of them is typed."""

    words: tuple[str, ...]
    first: tuple[str, ...] = ()


@dataclass(frozen=True)
class SearchWords:
    """Lists of synonyms, and words that the search ignores."""

    same: tuple[Synonyms, ...] = ()
    ignored: tuple[str, ...] = ()


NO_WORDS = SearchWords()


def read_synonyms(root: Path) -> tuple[SearchWords, tuple[Problem, ...]]:
    """Read the synonyms of a project; return them with every problem of their file.

    Without the file there are no synonyms and no problems.
    """
    path = root / FILE
    if not path.exists() and not path.is_symlink():
        return NO_WORDS, ()
    try:
        raw = input_files.parse_toml(input_files.read(path, root))
    except input_files.UnreadableError as fault:
        return NO_WORDS, (Problem(FILE, fault.row, "", "synonyms", fault.message, fault.fix),)
    lists = raw.get("same", [])
    problems = [*_faults("", raw, ("ignored", "same"), ("ignored",))]
    if not isinstance(lists, list) or not all(isinstance(entry, dict) for entry in lists):
        problems.append(_problem("same", "same is not a list.", "Begin each list of words with [[same]]."))
        lists = []
    texts = ("words", "first")
    problems += [p for n, entry in enumerate(lists, 1) for p in _faults(f"list {n}", entry, texts, texts)]
    for place in (n for n, entry in enumerate(lists, 1) if not entry.get("words")):
        problems.append(
            _problem(f"list {place}", "The list has no words.", 'Write words = ["…", "…"], or remove it.')
        )
    if problems:
        return NO_WORDS, tuple(problems)
    same = tuple(Synonyms(tuple(entry["words"]), tuple(entry.get("first", ()))) for entry in lists)
    return SearchWords(same, tuple(raw.get("ignored", ()))), ()


def _faults(
    place: str, entry: Mapping[str, object], known: tuple[str, ...], texts: tuple[str, ...]
) -> Iterator[Problem]:
    for key in entry.keys() - set(known):
        yield _problem(place, f"Unknown key {key}.", did_you_mean(key, known))
    for key in texts:
        entries = entry.get(key, [])
        if not isinstance(entries, list) or not all(isinstance(t, str) and t.strip() for t in entries):
            where = ", ".join(filter(None, (place, key)))
            yield _problem(where, f"{key} is {entries!r}.", 'Write a list of texts: ["…", "…"].')


def _problem(field: str, message: str, fix: str) -> Problem:
    return Problem(FILE, field=field, code="synonyms", message=message, fix=fix)


def unknown_pages(same: Iterable[Synonyms], pages: Iterable[str]) -> Iterator[Problem]:
    """Yield a problem for each page that a list of synonyms leads to and that does not exist."""
    known = frozenset(pages)
    for place, synonyms in enumerate(same, 1):
        for path in (p for p in synonyms.first if p not in known):
            yield _problem(f"list {place}, first", f"There is no page {path}.", did_you_mean(path, known))


def glossary_synonyms(terms: Iterable[Term]) -> tuple[Synonyms, ...]:
    """Return the abbreviations of a glossary, each with its expansion as a synonym."""
    return tuple(Synonyms((t.term, t.expansion)) for t in terms if t.expansion)


def wards_by_district(postcodes: Iterable[Postcode], areas: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """Return the codes of the areas in each postcode district, such as SE13, those with most postcodes first."""
    wanted = frozenset(areas)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for p in postcodes:
        if p.area in wanted:
            counts[p.postcode.split()[0]][p.area] += 1
    return {d: tuple(sorted(c, key=lambda a: (-c[a], a))) for d, c in sorted(counts.items())}


def lookup_json(
    words: SearchWords, labels: Mapping[str, str], wards: Mapping[str, tuple[tuple[str, str], ...]]
) -> bytes:
    """Return what the browser needs besides the index, as JSON: synonyms, names of pages, wards of postcodes."""
    same = [{"words": s.words, "first": s.first} for s in words.same]
    return to_json({"same": same, "ignored": words.ignored, "labels": labels, "districts": wards})


def to_json(value: object) -> bytes:
    """Serialise to compact, deterministic JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
