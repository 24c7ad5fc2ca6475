"""mkdocs, for some of the pages. A program: it takes a while to load, so it is started early and then waits to be told.

    python -m portal.mkdocs_part < one line of JSON
    {"settings": FILE, "folder": SITE, "pages": [...], "files": true, "environment": {...}}

Makes these pages, and copies all other files if so told. Ends with 0 if mkdocs had nothing to say of them.
"""

import json
import logging
import os
import sys

from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import BasePlugin
from mkdocs.structure.files import Files

# Said of every build that is not of all pages.
_EXPECTED = "A 'dirty' build"


class Part(BasePlugin):  # type: ignore[no-untyped-call, type-arg]
    """Has mkdocs pass over all that is not its part, as `--dirty` has it do with what is newer in the site."""

    def __init__(self, pages: frozenset[str], files: bool) -> None:
        self.pages, self.files = pages, files

    def on_files(self, files: Files, *, config: MkDocsConfig) -> Files:
        """Mark what is not to be made."""
        for file in files:
            page = file.is_documentation_page()
            if (page and file.src_uri not in self.pages) or not (page or self.files):
                file.is_modified = lambda: False  # type: ignore[method-assign]
        return files


class Heard(logging.Handler):
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
    heard = Heard()
    logging.getLogger("mkdocs").addHandler(heard)
    logging.getLogger("mkdocs").propagate = False
    settings = load_config(order["settings"], site_dir=order["folder"])
    settings.plugins["part"] = Part(frozenset(order["pages"]), order["files"])
    build(settings, dirty=True)
    return int(heard.any)


if __name__ == "__main__":
    sys.exit(main())
