"""mkdocs, for some of the pages. A program: it takes a while to load, so it is started early and then waits to be told.

    python -m portal.mkdocs_part < one line of JSON
    {"settings": FILE, "folder": SITE, "pages": [...], "files": true, "environment": {...}}

Makes these pages, and copies all other files if so told. Ends with 0 if mkdocs had nothing to say of them. What is
HTML already, above all tables, is kept from it while it reads a page: reading that is most of its work.
"""

import json
import logging
import os
import re
import sys
from functools import partial

import yaml
from mkdocs.commands.build import build
from mkdocs.config import defaults, load_config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import BasePlugin
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page
from mkdocs.utils.yaml import get_yaml_loader

# Said of every build that is not of all pages.
_EXPECTED = "A 'dirty' build"
# Elements that Markdown passes on as they are, from their line to their end. Tables alone are most of many pages.
_WHOLE = re.compile(
    r"^<(table|ul|ol|dl|nav|article|aside|details|section|figure)\b.*?</\1>", re.DOTALL | re.MULTILINE
)
_PLACE = '<{} id="kept-{}"></{}>'
_KEPT = re.compile(r'<[a-z]+ id="kept-(\d+)"></[a-z]+>')
_CODE = "`"  # marks what is not HTML, though it may look like it


class SelectedPages(BasePlugin):  # type: ignore[no-untyped-call, type-arg]
    """Has mkdocs pass over all that is not its part, as `--dirty` has it do with what is newer in the site."""

    def __init__(self, pages: frozenset[str], files: bool) -> None:
        self.pages, self.files = pages, files
        self.kept: dict[str, list[str]] = {}

    def on_files(self, files: Files, *, config: MkDocsConfig) -> Files:
        """Mark what is not to be made."""
        for file in files:
            page = file.is_documentation_page()
            if (page and file.src_uri not in self.pages) or not (page or self.files):
                file.is_modified = lambda: False  # type: ignore[method-assign]
        return files

    def on_page_markdown(self, markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
        """Keep what is HTML already, unless the page has code, which may only look like it."""
        kept: list[str] = []

        def place(found: re.Match[str]) -> str:
            element, tag = found[0], found[1]
            if element.count(f"<{tag}") > 1:  # its end is that of one inside
                return element
            kept.append(element)
            return _PLACE.format(tag, len(kept) - 1, tag)

        self.kept[page.file.src_uri] = kept
        return markdown if _CODE in markdown else _WHOLE.sub(place, markdown)

    def on_page_content(self, html: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
        """Put it back; raises `ValueError` where the place of an element is not there once, and in order."""
        parts = _KEPT.split(html)
        kept = self.kept.pop(page.file.src_uri)
        if parts[1::2] != [str(n) for n in range(len(kept))]:
            raise ValueError(page.file.src_uri)
        parts[1::2] = kept
        return "".join(parts)


class LogListener(logging.Handler):
    """Remembers whether there was a warning."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.any = False

    def emit(self, record: logging.LogRecord) -> None:
        """Take note of a message."""
        self.any = self.any or not record.getMessage().startswith(_EXPECTED)


def main() -> int:
    """Wait for the order and carry it out."""
    line = sys.stdin.readline()
    if not line:  # it was not needed
        return 0
    order = json.loads(line)
    os.environ.update(order["environment"])
    heard = LogListener()
    logging.getLogger("mkdocs").addHandler(heard)
    logging.getLogger("mkdocs").propagate = False
    # The settings name every page, and the loader that mkdocs takes is ten times as slow as the one in C.
    loader = getattr(yaml, "CLoader", yaml.Loader)
    defaults.get_yaml_loader = partial(get_yaml_loader, loader)  # type: ignore[attr-defined]
    settings = load_config(order["settings"], site_dir=order["folder"])
    settings.plugins["part"] = SelectedPages(frozenset(order["pages"]), order["files"])
    build(settings, dirty=True)
    return int(heard.any)


if __name__ == "__main__":
    sys.exit(main())
