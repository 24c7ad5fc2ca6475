"""Explains each abbreviation where a page first uses it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise

from portal.core.model import Term
from portal.core.text import safe

# Where nothing may be inserted: front matter, headings, links, HTML tags, and the insides of some elements.
_KEEP = re.compile(
    r"\A---\n.*?\n---\n|^#+ [^\n]*$|<(nav|table|h[1-6]|a|script|style|svg|button|summary|small|dt)\b.*?</\1>"
    r'|<p class="years">.*?</p>|<[^>]+>|\[[^\]]*\]\([^)]*\)',
    re.DOTALL | re.MULTILINE,
)
_HEADING = re.compile(r"^#+ [^\n]*$|<(h[1-6])\b.*?</\1>", re.DOTALL | re.MULTILINE)
# A hyphen, slash or ampersand, written as an entity, joins words; so MARAC is not found in MARAC-like.
_NOT_BEFORE = r"(?<!\w)(?<!\w&#45;)(?<!\w&#47;)(?<!\w&#38;)"
_NOT_AFTER = r"(?!\w|&#(?:45|47|38);\w)"


def explain(markdown: str, terms: Iterable[Term]) -> str:
    """Write the expansion in brackets behind the first use of each abbreviation in running text.

    A page whose text spells the abbreviation out already, or uses it only in headings, links or tables, stays as
    it is.
    """
    text = _Text(markdown)
    for short, long, use in _uses(tuple(terms)):
        if short in text.markdown and long.lower() not in text.running:
            text = _first(text, use, f" &#40;{long}&#41;")
    return text.markdown


@lru_cache(4)
def _uses(terms: tuple[Term, ...]) -> tuple[tuple[str, str, re.Pattern[str]], ...]:
    """Each abbreviation to explain as it is written, what it stands for, and how to find it."""
    told = [(str(safe(t.term)), str(safe(t.expansion))) for t in terms if t.explain]
    return tuple((s, x, re.compile(f"{_NOT_BEFORE}{re.escape(s)}s?{_NOT_AFTER}")) for s, x in told)


@dataclass(frozen=True)
class _Text:
    """A page, in which the places to keep and what is not a heading are looked for once for all terms."""

    markdown: str

    @cached_property
    def running(self) -> str:
        return _HEADING.sub("", self.markdown).lower()

    @cached_property
    def open(self) -> tuple[tuple[int, int], ...]:
        """The stretches into which something may be inserted."""
        kept = [(k.start(), k.end()) for k in _KEEP.finditer(self.markdown)]
        return tuple(pairwise((0, *(at for span in kept for at in span), len(self.markdown))))[::2]


def _first(text: _Text, use: re.Pattern[str], more: str) -> _Text:
    for start, end in text.open:
        if found := use.search(text.markdown, start, end):
            at = found.end()
            return _Text(text.markdown[:at] + more + text.markdown[at:])
    return text
