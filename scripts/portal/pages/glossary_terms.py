"""Explain each abbreviation and each word of the glossary where a page first uses it."""

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise

from portal.core.model import Term
from portal.core.text import safe

# Where nothing can be inserted: front matter, headings, links, HTML tags, and inside some elements.
_KEEP = re.compile(
    r"\A---\n.*?\n---\n|^#+ [^\n]*$|<(nav|table|h[1-6]|a|script|style|svg|button|select|label|legend|summary|small|dt)\b.*?</\1>"
    r'|<p class="years">.*?</p>|<[^>]+>|\[[^\]]*\]\([^)]*\)',
    re.DOTALL | re.MULTILINE,
)
_HEADING = re.compile(r"^#+ [^\n]*$|<(h[1-6])\b.*?</\1>", re.DOTALL | re.MULTILINE)
# A hyphen, slash or ampersand, written as an entity, joins words: MARAC-like does not contain the abbreviation MARAC.
_NOT_BEFORE = r"(?<!\w)(?<!\w&#45;)(?<!\w&#47;)(?<!\w&#38;)"
_NOT_AFTER = r"(?!\w|&#(?:45|47|38);\w)"


def explain(markdown: str, terms: Iterable[Term], glossary: str = "") -> str:
    """Return the page with terms explained after their first use in running text.

    An abbreviation gets its expansion in brackets, unless the page spells it out already. With the address of the
    `glossary`, every term that has a meaning also becomes a link to its entry, which a script turns into a button that
    shows the meaning. Terms that the page uses only in headings, links or tables are left alone.
    """
    open_spans = _open(markdown)
    open_text = "\n".join(markdown[start:end] for start, end in open_spans)  # tables are most of some pages
    running = _Running(markdown)
    changes: list[_Change] = []
    for term in _patterns(tuple(terms)):
        if term.short not in open_text:
            continue
        spells_out = term.spell_out and not running.has(term.long.lower())
        links = glossary and term.meaning
        if not (spells_out or links):
            continue
        match = _first_use(term, markdown, open_spans, changes)
        if match is None:
            continue
        text = match[0]
        if links:
            text = f'<a class="term" href="{glossary}#{term_id(term.short)}" data-meaning="{term.meaning}">{text}</a>'
        if spells_out:
            text += f" &#40;{term.long if match[0] == term.short else _plural(term.long)}&#41;"
            running.added += term.long.lower()
        changes.append(_Change(match.start(), match.end(), text))
    for change in sorted(changes, key=lambda c: -c.start):
        markdown = markdown[: change.start] + change.text + markdown[change.end :]
    return markdown


def _plural(noun: str) -> str:
    """Return the plural of an expansion, which may be one already: `dispatches`, `schools`, `proceedings`."""
    if noun.endswith("s"):
        return noun
    return noun + ("es" if noun.endswith(("ch", "sh", "x", "z")) else "s")


def term_id(term: str) -> str:
    """Return the id of a term's entry in the glossary."""
    return "term-" + re.sub("[^a-z0-9]+", "-", html.unescape(term).lower()).strip("-")


@dataclass
class _Running:
    """The text of a page without its headings, in lower case, and what was added to it.

    Headings are taken out only for an expansion that is in the page, because that takes longer than all the rest.
    """

    markdown: str
    added: str = ""

    @cached_property
    def whole(self) -> str:
        return self.markdown.lower()

    @cached_property
    def text(self) -> str:
        return _HEADING.sub("", self.markdown).lower()

    def has(self, expansion: str) -> bool:
        return expansion in self.added or (expansion in self.whole and expansion in self.text)


@dataclass(frozen=True)
class _Change:
    """A span of a page and what replaces it."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class _Pattern:
    """A term as a page writes it, its expansion and its meaning, encoded, and the pattern that matches its uses."""

    short: str
    long: str
    meaning: str
    spell_out: bool
    use: re.Pattern[str]


@lru_cache(4)
def _patterns(terms: tuple[Term, ...]) -> tuple[_Pattern, ...]:
    """Return the terms to explain, the longest first, so that the CCG in SEL CCG is not explained a second time."""
    patterns = []
    for t in sorted(terms, key=lambda t: -len(safe(t.term))):
        short, long, meaning = str(safe(t.term)), str(safe(t.expansion)), str(safe(t.meaning))
        said = f"{long}&#46; {meaning}" if long and meaning else meaning
        use = re.compile(f"{_NOT_BEFORE}{re.escape(short)}s?{_NOT_AFTER}")
        patterns.append(_Pattern(short, long, said, bool(t.explain and long), use))
    return tuple(patterns)


def _open(markdown: str) -> tuple[tuple[int, int], ...]:
    """Return the spans in which text can be inserted."""
    protected = [(k.start(), k.end()) for k in _KEEP.finditer(markdown)]
    return tuple(pairwise((0, *(at for span in protected for at in span), len(markdown))))[::2]


def _first_use(
    term: _Pattern, markdown: str, spans: tuple[tuple[int, int], ...], changes: list[_Change]
) -> re.Match[str] | None:
    """Return the first match in the spans that is not inside a longer term."""
    for start, end in spans:
        if markdown.find(term.short, start, end) < 0:
            continue
        for match in term.use.finditer(markdown, start, end):
            if not any(c.start < match.end() and match.start() < c.end for c in changes):
                return match
    return None
