"""Explains each abbreviation where a page first uses it."""

import re
from collections.abc import Iterable

from portal.model import Term
from portal.text import safe

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
    for term in terms:
        if not term.explain:
            continue
        short, long = str(safe(term.term)), str(safe(term.expansion))
        if short not in markdown or long.lower() in _HEADING.sub("", markdown).lower():
            continue
        use = re.compile(f"{_NOT_BEFORE}{re.escape(short)}s?{_NOT_AFTER}")
        markdown = _first(markdown, use, f" &#40;{long}&#41;")
    return markdown


def _first(markdown: str, use: re.Pattern[str], more: str) -> str:
    at = 0
    for kept in [*_KEEP.finditer(markdown), None]:
        end = kept.start() if kept else len(markdown)
        found = use.search(markdown, at, end)
        if found:
            return markdown[: found.end()] + more + markdown[found.end() :]
        at = kept.end() if kept else end
    return markdown
