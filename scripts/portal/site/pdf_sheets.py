"""Print pages to accessible PDF: briefings and packs for a meeting, and packs and other pages in large print.

A sheet is cached under a digest of its page and of everything that the page shows, so that a sheet is printed again if
only a chart on it changes, and not if nothing does.
"""

import hashlib
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from selectolax.lexbor import LexborHTMLParser

from portal.site import chromium
from portal.site.chromium import Chromium

BRIEFING, LARGE = "briefing.pdf", "large-print.pdf"
PACK, PACK_LARGE = "pack.pdf", "pack-large-print.pdf"
# Elements that load a file to show on the page, unlike links.
_SHOWS = "[src], [srcset], object[data], [poster], image, use"
_DATE = re.compile(rb"/(CreationDate|ModDate) \(D:\d{14}([+-]\d\d'\d\d')?\)")
# Chromium numbers the cells that headers refer to by all elements that it has seen, including those of earlier pages.
_ELEMENT = re.compile(rb"\(node(\d{8})\)")
# Links lead to the published site, never to the folder in which it was built; without an address they become plain text.
_LINKS = """
const published = document.querySelector("link[rel=canonical]");
for (const link of document.querySelectorAll("a[href]:not([href^='#'])")) {
  const href = link.getAttribute("href");
  if (new URL(href, location).protocol !== "file:") continue;
  if (published) link.setAttribute("href", new URL(href, published.href).href);
  else link.removeAttribute("href");
}
"""
# The style sheet defines large print. An open page may have been printed in large print before.
_SIZE = "document.documentElement.classList.toggle('large', {large});"
# The language of the page, and the text of the first link to each target.
_ABOUT = """
({
  language: document.documentElement.lang,
  links: Object.fromEntries([...document.querySelectorAll("a[href]")].reverse().map(link => [
    link.getAttribute("href").startsWith("#") ? link.getAttribute("href") : link.href,
    (link.ariaLabel || link.textContent.trim() || link.querySelector("img[alt]")?.alt || "").replace(/\\s+/g, " "),
  ])),
})
"""
_MAKE = {
    name: "".join(["{", _LINKS, _SIZE.format(large=str("large" in name).lower()), "}", _ABOUT])
    for name in (BRIEFING, LARGE, PACK, PACK_LARGE)
}


def print_all(site: Path, pages: Mapping[str, str], cache: Path) -> list[str]:
    """Print built pages as PDF files beside them; return the addresses of pages that could not be printed.

    `pages` has the address of the page for the path of each PDF, whose name says how to print it.
    """
    style = b"".join(p.read_bytes() for p in sorted((site / "assets" / "css").glob("*.css")))
    style += Path(__file__).with_name("accessible_pdf.py").read_bytes()
    keys: dict[str, tuple[Path, str]] = {}
    for path, address in pages.items():
        page, name = site / address / "index.html", path.rpartition("/")[2]
        digest = hashlib.sha256(page.read_bytes() + style + _shown(site, page) + _MAKE[name].encode())
        keys[digest.hexdigest()[:24]] = page, name

    def printed(browser: Chromium, key: str) -> bytes:
        from portal.site import accessible_pdf  # noqa: PLC0415 - takes 0.1 s to import, and most builds print nothing

        page, name = keys[key]
        browser.open(page)
        about = browser.run(_MAKE[name])
        return accessible_pdf.complete(_reproducible(browser.pdf()), **about)

    kept = chromium.make_missing(keys, cache, ".pdf", printed)
    for key, sheet in kept.items():
        page, name = keys[key]
        shutil.copyfile(sheet, page.with_name(name))
    return [page.parent.relative_to(site).as_posix() for key, (page, _) in keys.items() if key not in kept]


def _shown(site: Path, page: Path) -> bytes:
    """Return the digests of the files that a page shows, such as its charts."""
    names = []
    for element in LexborHTMLParser(page.read_bytes()).css(_SHOWS):
        for name in ("src", "srcset", "data", "poster", "href", "xlink:href"):
            names += [
                part.split()[0] for part in (element.attributes.get(name) or "").split(",") if part.split()
            ]
    paths = {_file(site, page, name) for name in names}
    return b"".join(hashlib.sha256(p.read_bytes()).digest() for p in sorted(p for p in paths if p))


def _file(site: Path, page: Path, address: str) -> Path | None:
    """Return the file of the site to which an address in a page leads; None if it leads to none."""
    parts = urlsplit(address)
    if parts.scheme or parts.netloc or not parts.path:
        return None
    above = site if parts.path.startswith("/") else page.parent
    path = (above / unquote(parts.path).lstrip("/")).resolve()
    return path if path.is_file() and path.is_relative_to(site.resolve()) else None


def _reproducible(sheet: bytes) -> bytes:
    """Return a PDF with its named elements renumbered from 1, in the same order and width, and its dates replaced."""
    numbers = {name: b"(node%08d)" % n for n, name in enumerate(sorted({*_ELEMENT.findall(sheet)}), 1)}
    return _DATE.sub(_undated, _ELEMENT.sub(lambda found: numbers[found[1]], sheet))


def _undated(match: re.Match[bytes]) -> bytes:
    """Replace the time in a PDF, so that builds are reproducible."""
    return b"/" + match[1] + b" (D:20000101000000" + (match[2] or b"") + b")"
