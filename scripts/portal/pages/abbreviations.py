"""Explain each abbreviation where a page first uses it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise

from portal.core.model import Term
from portal.core.text import safe

# Where nothing can be inserted: front matter, headings, links, HTML tags, and inside some elements.
_KEEP = re.compile(
    r"\A---\n.*?\n---\n|^#+ [^\n]*$|<(nav|table|h[1-6]|a|script|style|svg|button|summary|small|dt)\b.*?</\1>"
    r'|<p class="years">.*?</p>|<[^>]+>|\[[^\]]*\]\([^)]*\)',
    re.DOTALL | re.MULTILINE,
)
_HEADING = re.compile(r"^#+ [^\n]*$|<(h[1-6])\b.*?</\1>", re.DOTALL | re.MULTILINE)
# A hyphen, slash or ampersand, written as an entity, joins words: MARAC-like does not contain the abbreviation MARAC.
_NOT_BEFORE = r"(?<!\w)(?<!\w&#45;)(?<!\w&#47;)(?<!\w&#38;)"
_NOT_AFTER = r"(?!\w|&#(?:45|47|38);\w)"


def explain(markdown: str, terms: Iterable[Term]) -> str:
    """Return the page with the expansion in brackets after the first use of each abbreviation in running text.

    An abbreviation that the page spells out already, or uses only in headings, links or tables, is not explained.
    """
    text = _Text(markdown)
    for short, long, use in _abbreviations(tuple(terms)):
        if short in text.markdown and long.lower() not in text.running:
            text = _insert_after_first(text, use, short, long)
    return text.markdown


@lru_cache(4)
def _abbreviations(terms: tuple[Term, ...]) -> tuple[tuple[str, str, re.Pattern[str]], ...]:
    """Return each abbreviation to explain, its expansion, and the pattern that matches it.

    The longest come first, so that the CCG in SEL CCG is not explained a second time.
    """
    texts = [(str(safe(t.term)), str(safe(t.expansion))) for t in terms if t.explain]
    texts.sort(key=lambda t: -len(t[0]))
    return tuple((s, x, re.compile(f"{_NOT_BEFORE}{re.escape(s)}s?{_NOT_AFTER}")) for s, x in texts)


@dataclass(frozen=True)
class _Text:
    """A page, whose protected spans and running text are computed once for all terms."""

    markdown: str

    @cached_property
    def running(self) -> str:
        return _HEADING.sub("", self.markdown).lower()

    @cached_property
    def open(self) -> tuple[tuple[int, int], ...]:
        """Return the spans in which text can be inserted."""
        protected = [(k.start(), k.end()) for k in _KEEP.finditer(self.markdown)]
        return tuple(pairwise((0, *(at for span in protected for at in span), len(self.markdown))))[::2]


def _insert_after_first(text: _Text, use: re.Pattern[str], short: str, long: str) -> _Text:
    """Return the text with the expansion after the first use; in the plural after a use in the plural."""
    for start, end in text.open:
        if match := use.search(text.markdown, start, end):
            at = match.end()
            plural = "s" if match[0] != short and not long.endswith("s") else ""
            return _Text(f"{text.markdown[:at]} &#40;{long}{plural}&#41;{text.markdown[at:]}")
    return text
