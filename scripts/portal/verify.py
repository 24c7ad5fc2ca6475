"""Reads the built HTML and says what must not be published: broken links, foreign requests, unnamed pictures,
charts without a table, active content that the project did not put there, and pages that give away what was read.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from portal.problems import Problem

_LOADING = {
    "script": "src",
    "img": "src",
    "source": "srcset",
    "link": "href",
    "iframe": "src",
    "object": "data",
    "embed": "src",
    "video": "src",
    "audio": "src",
}
_FORBIDDEN = ("iframe", "object", "embed", "form", "base", "frame")
# What a script is that only holds data, for search engines.
DATA = "application/ld+json"
# What scripts may be served. Anything else got into the HTML by a way that was not meant.
SCRIPTS = ("assets/js/portal.js", "assets/js/search.js")


@dataclass(frozen=True)
class _Built:
    """A built site: its folder, whole; the path below its host that it will have, ending in a slash; what it may say."""

    folder: Path
    base: str
    exits: frozenset[str]
    words: tuple[str, ...]


def verify(
    site: Path, exits: frozenset[str], words: tuple[str, ...] = (), address: str = ""
) -> tuple[Problem, ...]:
    """Every fault of the built site in `site`, which will have the public `address`, if that is known.

    `exits` are the addresses on other hosts that pages may link to; nothing may be loaded from another host. `words`
    may not stand where others can see them after a page was left: in its title, its address and what describes it.
    """
    built = _Built(site.resolve(), f"{urlsplit(address).path.rstrip('/')}/", exits, words)
    found = [p for page in sorted(built.folder.rglob("*.html")) for p in _page(built, page)]
    return tuple(_once(found))


def unlinked(site: Path) -> tuple[str, ...]:
    """The addresses of the pages of a built site that no other page links to; it has passed `verify`."""
    pages = {p.relative_to(site).as_posix().removesuffix("index.html") for p in site.rglob("index.html")}
    built = _Built(site.resolve(), "/", frozenset(), ())
    linked = set()
    for page in built.folder.rglob("*.html"):
        for node in LexborHTMLParser(page.read_text(encoding="utf-8")).css("a[href]"):
            address = urldefrag(node.attributes["href"] or "").url
            target = _target(built, page, address) if address else page
            if target and target != page and target.is_relative_to(built.folder):
                linked.add(target.relative_to(built.folder).as_posix().removesuffix("index.html"))
    return tuple(sorted(pages - linked))


def _once(problems: list[Problem]) -> Iterator[Problem]:
    """A fault of the page frame is told once, with the number of pages that have it."""
    pages = Counter(p.message for p in problems)
    told: set[str] = set()
    for problem in problems:
        if problem.message not in told:
            told.add(problem.message)
            more = pages[problem.message] - 1
            yield replace(problem, file=f"{problem.file} and {more} more pages") if more else problem


def _page(built: _Built, page: Path) -> Iterator[Problem]:
    file = page.relative_to(built.folder).as_posix()
    tree = LexborHTMLParser(page.read_text(encoding="utf-8"))

    def wrong(message: str, fix: str) -> Problem:
        return Problem(f"(built) {file}", code="verify", message=message, fix=fix)

    for node in tree.css("*"):
        yield from (wrong(*told) for told in _node(built, page, node))
    titles = [t.text(strip=True) for t in tree.css("head > title")]
    if len(titles) != 1 or not titles[0]:
        yield wrong("The page has no title.", "Give it a heading.")
    if len(tree.css("h1")) != 1:
        yield wrong(f"The page has {len(tree.css('h1'))} main headings.", "Give it one.")
    ids = [n.attributes["id"] for n in tree.css("[id]")]
    for twice in sorted({i for i in ids if i and ids.count(i) > 1}):
        yield wrong(f"The id {twice} stands twice.", "Give one of the two another id.")
    for chart in tree.css("figure.chart"):
        caption = chart.css_first("figcaption")
        if caption is None or not caption.text(strip=True) or not tree.css("table"):
            yield wrong("A chart has no sentence or no table beside it.", "Show both with every chart.")
    if tree.css("body style"):
        yield wrong("There is an inline style sheet.", "Put it into a file of the site.")
    for given in _given_away(file, tree, built.words):
        yield wrong(f"{given} gives away what was read.", "Use neutral words there.")


def _given_away(file: str, tree: LexborHTMLParser, words: tuple[str, ...]) -> Iterator[str]:
    """What would say to others, in the history, in a tab or in a preview, that a page was about one of these words."""
    seen = [
        (f"The link {h}", urldefrag(h).fragment) for n in tree.css("a[href]") if (h := n.attributes["href"])
    ]
    if tree.css("#exit"):
        seen.append(("The address", file))
        seen += [("The title", n.text()) for n in tree.css("head > title")]
        for node in tree.css("head > meta[content]"):
            name = node.attributes.get("property") or node.attributes.get("name")
            seen.append((f"The description {name}", node.attributes["content"] or ""))
        seen += [("The description for machines", n.text()) for n in tree.css(f'script[type="{DATA}"]')]
    telling = re.compile("|".join(rf"\b{re.escape(w)}" for w in words) or r"(?!)", re.IGNORECASE)
    yield from (where for where, text in seen if telling.search(re.sub(r"[-_/.+]", " ", unquote(text))))


def _node(built: _Built, page: Path, node: LexborNode) -> Iterator[tuple[str, str]]:
    tag, has = node.tag, node.attributes
    if tag in _FORBIDDEN:
        yield f"There is a <{tag}> in the page.", "Take it out; pages hold text, links, pictures and tables."
    for name in has:
        if name.startswith("on"):
            yield f"A <{tag}> has the active attribute {name}.", "Take it out."
        if name == "style":
            yield f"A <{tag}> has a style attribute, which browsers will not obey here.", "Use a class."
    if tag == "script" and not has.get("src") and not _is_data(node):
        yield "There is an inline script.", "Take it out."
    if tag == "img" and has.get("alt") is None:
        yield f"The picture {has.get('src')} has no alternative text.", "Write what it shows."
    if tag == "a" and "href" in has:
        fault = _link(built, page, has["href"] or "")
        if fault:
            yield fault, "Correct the link."
    loads = has.get(_LOADING.get(tag or "", ""))
    if loads and not (tag == "link" and has.get("rel") == "canonical"):
        target = _target(built, page, loads.split()[0])
        if target is None:
            yield f"<{tag}> would load {loads} from another host.", "Serve it from this site."
        elif not target.is_file():
            yield (
                f"<{tag}> loads {_name(built, target)}, which is not there.",
                "Put the file there, or take the reference out.",
            )
        elif tag == "script" and _name(built, target) not in SCRIPTS:
            yield f"The script {_name(built, target)} is not one of the site's.", "Take it out."


def _is_data(node: LexborNode) -> bool:
    """Whether a script is data of ours, which no browser runs: of that type, in the head, where no table's text gets."""
    told = node.text()
    return (
        node.attributes == {"type": DATA}
        and node.parent is not None
        and node.parent.tag == "head"
        and not re.search("[<>&]", told)
        and _is_json(told)
    )


def _is_json(told: str) -> bool:
    try:
        return isinstance(json.loads(told), dict)
    except ValueError:
        return False


def _name(built: _Built, target: Path) -> str:
    inside = target.is_relative_to(built.folder)
    return target.relative_to(built.folder).as_posix() if inside else str(target)


def _target(built: _Built, page: Path, address: str) -> Path | None:
    """The file that an address means; None for another host."""
    parts = urlsplit(address)
    if parts.scheme or parts.netloc:
        return None
    path = unquote(parts.path)
    whole = built.folder / path.removeprefix(built.base).lstrip("/")
    target = (whole if path.startswith("/") else page.parent / path).resolve()
    return (
        target / "index.html" if path.endswith("/") or path in ("", ".", "..") or target.is_dir() else target
    )


def _link(built: _Built, page: Path, address: str) -> str:
    """What is wrong with a link, or nothing."""
    plain, anchor = urldefrag(address)
    if not plain and anchor in _anchors(page, page.stat().st_mtime_ns):
        return ""
    scheme = urlsplit(address).scheme.lower()
    if scheme in ("tel", "mailto"):
        return ""
    if scheme or address.startswith("//"):
        return (
            ""
            if address in built.exits
            else f"The link {address} leads to another host that the packages do not name."
        )
    target = page if not plain else _target(built, page, plain)
    if target is None or not target.is_relative_to(built.folder) or not target.is_file():
        return f"The link {address} leads nowhere."
    if anchor and anchor not in _anchors(target.resolve(), target.stat().st_mtime_ns):
        return f"The link {address} leads to a place that is not on that page."
    return ""


@cache
def _anchors(page: Path, changed: int) -> frozenset[str]:
    tree = LexborHTMLParser(page.read_text(encoding="utf-8"))
    return frozenset(i for n in tree.css("[id]") if (i := n.attributes["id"]))
