"""Explains each abbreviation where a page first uses it."""

import re
from collections.abc import Iterable

from portal.model import Term
from portal.text import safe

# Where nothing may be inserted: front matter, headings, links, HTML tags, and the insides of some elements.
_KEEP = re.compile(
    r"\A---\n.*?\n---\n|^#+ [^\n]*$|<(nav|table|h[1-6]|a|script|style|svg|button|summary|dt)\b.*?</\1>|<[^>]+>|\[[^\]]*\]\([^)]*\)",
    re.DOTALL | re.MULTILINE,
)


def explain(markdown: str, terms: Iterable[Term]) -> str:
    """Write the expansion in brackets behind the first use of each abbreviation in running text.

    A page that spells the abbreviation out already, or uses it only in headings, links or tables, stays as it is.
    """
    for term in terms:
        if not term.expansion or not any(c.isupper() for c in term.term):
            continue
        short, long = str(safe(term.term)), str(safe(term.expansion))
        if short not in markdown or long.lower() in markdown.lower():
            continue
        # Not inside a longer word or abbreviation; a plural s may follow.
        use = re.compile(rf"(?<![\w;&/-]){re.escape(short)}s?(?![\w&/-])")
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
