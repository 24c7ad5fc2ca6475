"""Check the built HTML for what must not be published.

That is: broken links, requests to other hosts, pictures without alternative text, charts without a table, active
content that is not the project's, and pages that reveal sensitive reading in their title, address or description. Each
page is parsed once into a `BuiltPage`; everything else follows from that and the names of files.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from posixpath import dirname, join, normpath
from sys import intern
from urllib.parse import unquote, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from portal.core.problems import Problem

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
# The type of a script that only holds data, for search engines.
DATA = "application/ld+json"
# The only scripts that the site can load. Any other got into the HTML by mistake or attack.
SCRIPTS = (
    "assets/js/portal.js",
    "assets/js/charts.js",
    "assets/js/search.js",
    "assets/js/cite.js",
    "assets/js/explore.js",
    "assets/js/maps.js",
    "assets/js/since.js",
)
_INSIDE = "index.html"

Fault = tuple[str, str]  # the finding and the remedy


@dataclass(frozen=True)
class BuiltPage:
    """What verification needs of one page: its own faults, ids, links, loads and the text that others can see.

    `links` are addresses as written. `loads` are pairs of tag and address as written. `seen` are pairs of a place in the
    page and the text there. A page that has `moved` only redirects to its new address.
    """

    faults: tuple[Fault, ...]
    ids: frozenset[str]
    links: tuple[str, ...]
    loads: tuple[tuple[str, str], ...]
    seen: tuple[tuple[str, str], ...]
    moved: bool = False


@dataclass(frozen=True)
class BuiltSite:
    """A built site: the names of its files and folders, and its pages by name, sorted.

    `odd` are the names of what is neither a file nor a folder, such as symbolic links.
    """

    files: frozenset[str]
    folders: frozenset[str]
    pages: Mapping[str, BuiltPage]
    odd: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Rules:
    """Rules for one site.

    `base` is its path on the host, ending in a slash; `exits` are the addresses on other hosts to which it can link.
    Pages in the folders `private` must not reveal words that match `telling`.
    """

    base: str
    exits: frozenset[str]
    telling: re.Pattern[str]
    private: tuple[str, ...]


def page_files(site: Path) -> Mapping[str, Path]:
    """Return the HTML files of the built site in the folder `site` by their names, sorted."""
    return dict(
        sorted((p.relative_to(site).as_posix(), p) for p in site.rglob("*.html") if not p.is_symlink())
    )


def read(site: Path) -> Mapping[str, BuiltPage]:
    """Parse every page of the built site in the folder `site`; return the pages by name."""
    files = page_files(site)
    return {name: facts_of(LexborHTMLParser(p.read_text(encoding="utf-8"))) for name, p in files.items()}


def listed(site: Path, pages: Mapping[str, BuiltPage], *coming: str) -> BuiltSite:
    """Return the site in the folder `site` with its parsed `pages`; count the names `coming` as files that exist."""
    odd, there = [], list(coming)
    for path in site.rglob("*"):
        name = path.relative_to(site).as_posix()
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            odd.append(name)
        elif path.is_file():
            there.append(name)
    names = frozenset(there)
    folders = {"."}
    for name in names:
        while (name := dirname(name)) and name not in folders:
            folders.add(name)
    return BuiltSite(names, frozenset(folders), pages, tuple(sorted(odd)))


def verify(
    site: Path | BuiltSite,
    exits: frozenset[str],
    words: tuple[str, ...] = (),
    address: str = "",
    private: tuple[str, ...] = (),
) -> tuple[Problem, ...]:
    """Return every fault of a built site.

    `exits` are the addresses on other hosts to which pages can link; nothing can be loaded from another host. The title,
    address and description of pages in the folders `private`, which others can see later in the history, must not
    contain the sensitive `words`. `address` is the public address of the site; "" means that it is unknown.
    """
    built = listed(site, read(site)) if isinstance(site, Path) else site
    telling = re.compile("|".join(rf"\b{re.escape(w)}" for w in words) or r"(?!)", re.IGNORECASE)
    rules = _Rules(f"{urlsplit(address).path.rstrip('/')}/", exits, telling, private)
    faults = [
        Problem(f"(built) {name}", code="verify", message=message, fix=fix)
        for name, page in built.pages.items()
        for message, fix in _faults(built, rules, name, page)
    ]
    return (*(_not_a_file(name) for name in built.odd), *_once(faults))


def _not_a_file(name: str) -> Problem:
    message = (
        "This is a link, or something else that is not a file: it could publish what is outside the site."
    )
    fix = "Put the file itself in its place, then build again."
    return Problem(f"(built) {name}", code="verify", message=message, fix=fix)


def unlinked(built: BuiltSite) -> tuple[str, ...]:
    """Return the addresses of pages to which no other page links, in a built site that has passed `verify`."""
    linked: set[str | None] = set()
    for name, page in built.pages.items():
        linked |= {
            _target(built, "/", name, link) for link in {link.partition("#")[0] for link in page.links}
        } - {name}
    there = (n for n, page in built.pages.items() if not page.moved)
    alone = (n for n in there if n.rpartition("/")[2] == _INSIDE and n not in linked)
    return tuple(sorted(n.removesuffix(_INSIDE) for n in alone))


def _once(problems: list[Problem]) -> Iterator[Problem]:
    """Yield each fault once; one that several pages share names the first page and counts the others."""
    pages = Counter(p.message for p in problems)
    reported: set[str] = set()
    for problem in problems:
        if problem.message not in reported:
            reported.add(problem.message)
            more = pages[problem.message] - 1
            yield replace(problem, file=f"{problem.file} and {more} more pages") if more else problem


# --- one page alone


def facts_of(tree: LexborHTMLParser) -> BuiltPage:
    """Return what verification needs of a parsed page."""
    nodes = [(n.tag or "", n.attributes) for n in tree.css("*")]
    ids = [i for _, has in nodes if (i := has.get("id"))]
    # Pages share most of these, so keep each text once.
    links = [intern(has["href"] or "") for tag, has in nodes if tag == "a" and "href" in has]
    loads = [
        (intern(tag), intern(what)) for tag, has in nodes
        if (what := has.get(_LOADING.get(tag, ""))) and not (tag == "link" and has.get("rel") == "canonical")
    ]  # fmt: skip
    seen = [("The title", n.text()) for n in tree.css("head > title")]
    for node in tree.css("head > meta[content]"):
        name = node.attributes.get("property") or node.attributes.get("name")
        seen.append((f"The description {name}", node.attributes["content"] or ""))
    seen += [("The description for machines", n.text()) for n in tree.css(f'script[type="{DATA}"]')]
    faults = [fault for tag, has in nodes for fault in _node(tag, has)]
    faults += _whole(tree, Counter(ids))
    moved = tree.css_first('meta[http-equiv="refresh"]')
    if moved is not None:  # readers are taken there without a link
        links.append(intern((moved.attributes.get("content") or "").partition("url=")[2]))
    return BuiltPage(
        tuple(faults), frozenset(ids), tuple(links), tuple(loads), tuple(seen), moved is not None
    )


def _node(tag: str, has: Mapping[str, str | None]) -> Iterator[Fault]:
    if tag in _FORBIDDEN:
        yield f"There is a <{tag}> in the page.", "Take it out; pages hold text, links, pictures and tables."
    for name in has:
        if name.startswith("on"):
            yield f"A <{tag}> has the active attribute {name}.", "Take it out."
        if name == "style":
            yield f"A <{tag}> has a style attribute, which browsers will not obey here.", "Use a class."
    if tag == "img" and has.get("alt") is None:
        yield f"The picture {has.get('src')} has no alternative text.", "Write what it shows."


def _whole(tree: LexborHTMLParser, ids: Mapping[str, int]) -> Iterator[Fault]:
    if not all(n.attributes.get("src") or _is_data(n) for n in tree.css("script")):
        yield "There is an inline script.", "Take it out."
    titles = [t.text(strip=True) for t in tree.css("head > title")]
    if len(titles) != 1 or not titles[0]:
        yield "The page has no title.", "Give it a heading."
    if len(tree.css("h1")) != 1:
        yield f"The page has {len(tree.css('h1'))} main headings.", "Give it one."
    for twice in sorted(i for i, count in ids.items() if count > 1):
        yield f"The id {twice} appears twice.", "Give one of the two another id."
    for chart in tree.css("figure.chart"):
        if _silent(chart) or not tree.css("table"):
            yield "A chart has no sentence or no table beside it.", "Show both with every chart."
    for picture in tree.css("figure img[alt]"):
        if not (picture.attributes["alt"] or "").strip():
            what = f"The picture {picture.attributes.get('src')} in a figure has an empty alternative text."
            yield what, "Write what it shows."
    if tree.css("body style"):
        yield "There is an inline style sheet.", "Put it into a file of the site."


def _silent(chart: LexborNode) -> bool:
    caption = chart.css_first("figcaption")
    return caption is None or not caption.text(strip=True)


# --- a page among the others


def _faults(built: BuiltSite, rules: _Rules, name: str, page: BuiltPage) -> Iterator[Fault]:
    yield from page.faults
    for link in dict.fromkeys(page.links):
        fault = _link(built, rules, name, link)
        if fault:
            yield fault, "Correct the link."
    for tag, what in page.loads:
        yield from _load(built, rules, name, tag, what)
    for place in _given_away(built, rules, name, page):
        yield f"{place} gives away what was read.", "Use neutral words there."


def _is_data(node: LexborNode) -> bool:
    """Return True if a script is our own data, which no browser runs.

    It has that type, contains no markup and is in the head, where no text of a table is written.
    """
    text = node.text()
    return (
        node.attributes == {"type": DATA}
        and node.parent is not None
        and node.parent.tag == "head"
        and not re.search("[<>&]", text)
        and _is_json(text)
    )


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _given_away(built: BuiltSite, rules: _Rules, name: str, page: BuiltPage) -> Iterator[str]:
    """Yield each place that would reveal to others, in the history, a tab or a preview, the subject of a private page."""
    is_private = name.startswith(rules.private)
    seen = [("The address", name), *page.seen] if is_private else []
    for link in (n for n in page.links if "#" in n):
        plain, _, anchor = link.partition("#")
        target = _target(built, rules.base, name, plain) if plain else name
        if target and target.startswith(rules.private):
            seen.append((f"The link {link}", anchor))
    for where, text in seen:
        if rules.telling.search(re.sub(r"[-_/.+]", " ", unquote(text))):
            yield where


def _load(built: BuiltSite, rules: _Rules, name: str, tag: str, what: str) -> Iterator[Fault]:
    target = _target(built, rules.base, name, (what.split() or [""])[0])
    if target is None:
        yield f"<{tag}> would load {what} from another host.", "Serve it from this site."
    elif target not in built.files:
        fix = "Put the file there, or take the reference out."
        yield f"<{tag}> loads {target}, which is not there.", fix
    elif tag == "script" and target not in SCRIPTS:
        yield f"The script {target} is not one of the site's.", "Take it out."


def _target(built: BuiltSite, base: str, page: str, address: str) -> str | None:
    """Return the name of the file to which an address on a page leads, even if it is missing; None for another host."""
    path = address
    if ":" in address or "?" in address or address.startswith("//"):
        parts = urlsplit(address)
        if parts.scheme or parts.netloc:
            return None
        path = parts.path
    path = unquote(path) if "%" in path else path
    whole = path.removeprefix(base).lstrip("/") if path.startswith("/") else join(dirname(page), path)
    target = normpath(whole)
    inside = path.endswith("/") or path in ("", ".", "..") or target in built.folders
    return normpath(join(target, _INSIDE)) if inside else target


def _link(built: BuiltSite, rules: _Rules, page: str, address: str) -> str:
    """Return what is wrong with a link; "" if nothing is."""
    plain, _, anchor = address.partition("#")
    if ":" in plain or plain.startswith("//"):
        scheme = urlsplit(address).scheme.lower()
        if scheme in ("tel", "mailto"):
            return ""
        if scheme or plain.startswith("//"):
            known = address in rules.exits
            return "" if known else f"The link {address} leads to another host that the packages do not name."
    target = page if not plain else _target(built, rules.base, page, plain)
    if target is None or target not in built.files:
        return f"The link {address} leads nowhere."
    if "=" in anchor:  # a choice that the page's script reads, such as since=2026-11-22
        return ""
    if anchor and (target not in built.pages or anchor not in built.pages[target].ids):
        return f"The link {address} leads to a place that is not on that page."
    return ""
