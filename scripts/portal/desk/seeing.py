"""The third step: build the site as it will be, find the pages that differ from the public one, and mark what differs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser, LexborNode

from portal.core.problems import Problem
from portal.desk import copies
from portal.desk.journal import FOLDER
from portal.desk.known_state import StateReader
from portal.desk.work import Tell
from portal.releases import change_report, signing
from portal.releases.change_report import ChangeReport
from portal.site import building, publishing

NEW, CHANGED, GONE = "new", "changed", "gone"
_BLOCKS = "h1, h2, h3, h4, p, li, td, th, dt, dd, figcaption, caption, summary"
_MARK = "desk-differs"
_STYLES = '<link rel="stylesheet" href="/look/css/marks.css">'


@dataclass(frozen=True)
class DifferentPage:
    """A page that differs from the public site: its address, its title, and how: new, changed or gone."""

    address: str
    title: str
    kind: str
    parts: int = 0  # how many parts of a changed page differ


@dataclass(frozen=True)
class Seen:
    """The site as it will be: its folder, the pages that differ, how many there are in all, and what is not accepted."""

    folder: Path
    pages: tuple[DifferentPage, ...]
    total: int
    compared: bool
    warnings: tuple[Problem, ...]


@dataclass(frozen=True)
class ListOfChanges:
    """Everything that changes, for the person who signs: the report, its counts in words, its page, and its digest."""

    report: ChangeReport
    counted: str
    html: str
    text: str
    digest: str


def see(root: Path, tell: Tell) -> Seen:
    """Build the site of the packages as they are, beside the public one, and compare the two.

    Raises:
        PortalError: the site cannot be built.
    """
    folder = root / FOLDER / "preview"
    tell("Copying the project")
    copies.refresh(root, folder)
    built = building.build(folder, tell, lifted=True)
    tell("Comparing with the public site")
    public = root / "build" / "site"
    compared = (public / publishing.MANIFEST).is_file()
    site = built.folder.resolve()
    pages = _html(site)
    different = tuple(_different(public, site)) if compared else ()
    return Seen(site, different, len(pages), compared, built.warnings)


def changes(states: StateReader, tell: Tell) -> ListOfChanges:
    """Return everything that changes since the last release.

    Raises:
        PortalError: the packages have problems.
    """
    state = states.read(tell)
    project = state.project
    tell("Comparing with the last release")
    report = change_report.report(state.whole_changes, project.content, None)
    digest = signing.digest(state.changes, project)
    html = change_report.as_html(report, project.settings.site.name, signing.code(digest))
    return ListOfChanges(report, change_report.counted(report), html, change_report.as_text(report), digest)


def _html(site: Path) -> list[str]:
    return [n for n in publishing.listed(site) if n.endswith(".html") and not n.startswith("embed/")]


def _different(public: Path, site: Path) -> Iterator[DifferentPage]:
    """Yield the pages that differ in their text, not only in their frame."""
    old, new = publishing.listed(public), publishing.listed(site)
    for name in _html(site):
        if name not in old:
            yield DifferentPage(_address(name), title(site / name), NEW)
        elif old[name] != new[name] and (
            parts := len(list(_fresh(_tree(public / name), _tree(site / name))))
        ):
            yield DifferentPage(_address(name), title(site / name), CHANGED, parts)
    for name in _html(public):
        if name not in new:
            yield DifferentPage(_address(name), title(public / name), GONE)


def _address(name: str) -> str:
    return name.removesuffix("index.html")


def _tree(path: Path) -> LexborHTMLParser:
    return LexborHTMLParser(path.read_text(encoding="utf-8"))


def title(path: Path) -> str:
    """Return the heading of a page, or the name of its folder."""
    node = _tree(path).css_first("h1")
    return _words(node) if node else path.parent.name


def _words(node: LexborNode) -> str:
    return " ".join(node.text(separator=" ").split())


def _fresh(old: LexborHTMLParser, new: LexborHTMLParser) -> Iterator[LexborNode]:
    """Yield each innermost element of a page whose text is not on the public page."""
    known = {_words(n) for n in old.css(_BLOCKS)}
    for article in new.css("article"):
        for node in article.css(_BLOCKS):
            if node.css(_BLOCKS)[1:]:
                continue  # the first is the node itself
            words = _words(node)
            if words and words not in known:
                yield node


def marked(public: Path, page: Path, name: str) -> bytes:
    """Return a page of the preview in which the parts that the public page does not have are marked."""
    tree = _tree(page)
    before = _tree(public / name) if (public / name).is_file() else LexborHTMLParser("<article></article>")
    for node in list(_fresh(before, tree)):
        node.attrs["class"] = f"{node.attributes.get('class') or ''} {_MARK}".strip()
    return (tree.html or "").replace("</head>", f"{_STYLES}</head>", 1).encode()


def file_of(site: Path, listed: Mapping[str, object], address: str) -> Path | None:
    """Return the file of an address in a site, only if its manifest lists it; None otherwise."""
    for name in (address, f"{address}index.html" if not address or address.endswith("/") else ""):
        if name and name in listed:
            return site / name
    return None
