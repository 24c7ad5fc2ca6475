"""Parse each page of a built site once, for every later step."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser

from portal.core import processes
from portal.site import headers, search_index, verification
from portal.site.headers import InlineCode
from portal.site.search_index import SearchText
from portal.site.verification import BuiltPage


@dataclass(frozen=True, kw_only=True)
class ParsedPage:
    """What verification needs of a page, the inline code that its policy must allow, and its text for the search.

    `text` is None for a page that the search does not find.
    """

    facts: BuiltPage
    inline: frozenset[InlineCode]
    text: SearchText | None


def parse_all(site: Path) -> Mapping[str, ParsedPage]:
    """Return every page of the built site by the name of its file, sorted."""
    paths = verification.page_files(site)
    pages = processes.run_all([partial(_parse, path) for path in paths.values()])
    return dict(zip(paths, pages, strict=True))


def _parse(path: Path) -> ParsedPage:
    tree = LexborHTMLParser(path.read_text(encoding="utf-8"))
    facts, inline = verification.facts_of(tree), headers.inline_code(tree)
    return ParsedPage(
        facts=facts, inline=inline, text=search_index.text_of(tree)
    )  # last, because it changes the tree
