"""Make some pages of the site with mkdocs, in this process.

Markdown would take HTML elements apart and put them together again unchanged. On pages with long tables that is most
of its work, so those elements are taken out of the page first and put back afterwards.
"""

import io
import logging
import os
import re
import traceback
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import BasePlugin
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

from portal.pages.templates import CompiledTemplates

# mkdocs says this of every build that leaves pages out.
_EXPECTED = "A 'dirty' build"
# Elements that Markdown passes on unchanged, if they are at the beginning of a line, and their start and end tags.
_KEPT = ("div", "table", "ul", "ol", "dl", "nav", "article", "aside", "details", "section", "figure")
_START = re.compile(rf"^<({'|'.join(_KEPT)})(?=[\s/>])[^<>\n]*>", re.MULTILINE)
_TAGS = {tag: re.compile(rf"<(/?){tag}(?=[\s/>])[^<>]*>", re.IGNORECASE) for tag in _KEPT}
# HTML in which every "<" begins a tag that ends at the next ">": no comment, no script, no tag in an attribute.
_PLAIN_TAGS = re.compile(
    r"""(?:[^<]++
        |<title>[^<]*+</title>
        |</?(?!script|style|textarea|title)[a-z][^<>"']*+(?:"[^"<>]*+"[^<>"']*+)*+>
        )*+""",
    re.IGNORECASE | re.VERBOSE,
)
_NAME = re.compile(r"<(/?)([a-zA-Z][^\s/>]*)(?:[^<>]*[^<>/])?>")  # of a tag that is not empty
# Half of an entity, after which Markdown garbles what follows.
_HALF_ENTITY = re.compile(r"&#(?!\d|x[0-9a-f])", re.IGNORECASE)
_SPACES = re.compile(r"(?<=\n) +\n")  # Markdown removes them
_PLACEHOLDER = "<{} id=kept-{}></{}>"  # without quotation marks, because it can be inside an attribute
_PLACEHOLDERS = re.compile(r"<[a-z]+ id=kept-(\d+)></[a-z]+>")
_FAILURES = 50  # starts without a certain end: a page with more is left to Markdown, or its time would grow with their square
# The extensions of Markdown that leave elements as they are.
_EXTENSIONS = {"attr_list", "fenced_code", "tables", "toc"}
_PLUGIN = "selected-pages"
# Pages with these are left to Markdown: code and comments can contain text that only looks like HTML, and tabs become spaces.
_NOT_HERE = ("`", "<!", "<?", "\t")


def _theme_files(folders: Iterable[str]) -> list[str]:
    """Return the files of a theme, without its hidden folders, such as thousands of icons, which mkdocs does not copy."""
    found: set[str] = set()
    for top in folders:
        for folder, below, names in os.walk(top):
            if folder == top:
                below[:] = [name for name in below if not name.startswith(".")]
            found.update(Path(folder, name).relative_to(top).as_posix() for name in names)
    return sorted(found)


def without_elements(markdown: str) -> tuple[str, list[str]]:
    """Return Markdown with a placeholder for each HTML element that can be taken out, and these elements."""
    if any(mark in markdown for mark in _NOT_HERE):
        return markdown, []
    markdown = _SPACES.sub("\n", markdown)
    rest: list[str] = []
    elements: list[str] = []
    at = failures = 0
    outside: Counter[str] = Counter()  # tags that are open where an element starts
    while failures < _FAILURES and (start := _START.search(markdown, at)):
        rest.append(markdown[at : start.start()])
        _ends_more(rest[-1], outside)
        tag, end = start[1], _end(markdown, start, is_inside=any(n > 0 for n in outside.values()))
        if end:
            rest.append(_PLACEHOLDER.format(tag, len(elements), tag))
            elements.append(markdown[start.start() : end])
        else:
            rest.append(start[0])
            outside[tag] += 1
            failures += 1
        at = end or start.end()
    return "".join([*rest, markdown[at:]]), elements


def with_elements(html: str, elements: Sequence[str]) -> str | None:
    """Return HTML with each element in place of its placeholder; None if a placeholder was lost or moved."""
    parts = _PLACEHOLDERS.split(html)
    if parts[1::2] != [str(n) for n in range(len(elements))]:
        return None
    parts[1::2] = elements
    return "".join(parts)


def _end(markdown: str, start: re.Match[str], *, is_inside: bool) -> int:
    """Return where the element that starts there ends; 0 if it has no end, or if that is not certain.

    If it `is_inside` others, it must not end any of them.
    """
    depth = 0
    for tag in _TAGS[start[1]].finditer(markdown, start.start()):
        if tag[0].endswith("/>"):
            return 0
        depth += -1 if tag[1] else 1
        if depth <= 0:
            element = markdown[start.start() : tag.end()]
            is_certain = _PLAIN_TAGS.fullmatch(element) and not _HALF_ENTITY.search(element)
            return tag.end() if is_certain and not (is_inside and _ends_more(element, Counter())) else 0
    return 0


def _ends_more(html: str, open_tags: Counter[str]) -> bool:
    """Return True if HTML ends a tag that is not among the open ones, to which it adds those that it begins."""
    ends_more = False
    for is_end, name in _NAME.findall(html):
        if is_end and open_tags[name.lower()] <= 0:
            ends_more = True
        else:
            open_tags[name.lower()] += -1 if is_end else 1
    return ends_more


class SelectedPages(BasePlugin):  # type: ignore[no-untyped-call, type-arg]
    """Let mkdocs make only some pages, and only parse what is Markdown in them.

    `cache` is a folder for the compiled templates of the theme.
    """

    def __init__(self, pages: Collection[str], with_files: bool, cache: Path) -> None:
        self.pages, self.with_files = frozenset(pages), with_files
        self.compiled = CompiledTemplates(str(cache), "%s.theme")
        self.takes_out = False
        self.original: dict[str, str] = {}
        self.elements: dict[str, list[str]] = {}

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        """Have the theme compile its templates once, and list only the files that mkdocs needs."""
        theme, get_env = config.theme, config.theme.get_env

        def environment() -> Any:
            made: Any = get_env()
            made.bytecode_cache = self.compiled
            made.loader.list_templates = partial(_theme_files, theme.dirs)
            return made

        theme.get_env = environment  # type: ignore[method-assign]
        # Other extensions and plugins can change what is inside an element, and a check of anchors needs its ids.
        self.takes_out = (
            set(config.markdown_extensions) <= _EXTENSIONS
            and not set(config.plugins) - {_PLUGIN}
            and config.validation.links.anchors < logging.WARNING
        )
        return config

    def on_files(self, files: Files, *, config: MkDocsConfig) -> Files:
        """Mark everything else as unchanged, which a `--dirty` build skips."""
        for file in files:
            is_page = file.is_documentation_page()
            if (is_page and file.src_uri not in self.pages) or not (is_page or self.with_files):
                file.is_modified = lambda: False  # type: ignore[method-assign]
        return files

    def on_page_markdown(self, markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
        """Replace HTML elements by placeholders, where the settings of mkdocs let them pass unchanged."""
        rest, elements = without_elements(markdown) if self.takes_out else (markdown, [])
        self.original[page.file.src_uri], self.elements[page.file.src_uri] = markdown, elements
        return rest

    def on_page_content(self, html: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
        """Put the elements back; where a placeholder was lost, have mkdocs make the whole page."""
        original, elements = self.original.pop(page.file.src_uri), self.elements.pop(page.file.src_uri)
        whole = with_elements(html, elements)
        if whole is not None:
            return whole
        page.markdown = original
        page.render(config, files)
        return page.content or ""


class _Warnings(logging.Handler):
    """Collect what mkdocs warns about."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a message."""
        if not record.getMessage().startswith(_EXPECTED):
            self.messages.append(record.getMessage())


def make(settings_file: Path, site: Path, pages: Collection[str], with_files: bool) -> list[str]:
    """Make these pages, and copy all other files if `with_files`; return what is wrong with the pages or the theme.

    Raises: `OSError` and `MemoryError`.
    """
    with _collected() as messages:
        config = load_config(str(settings_file), site_dir=str(site.resolve()))
        config.plugins[_PLUGIN] = SelectedPages(pages, with_files, settings_file.parent / "cache")
        build(config, dirty=True)
    return messages


def check_settings(settings: str, file: Path, pages: Path) -> list[str]:
    """Return what mkdocs finds wrong with settings, as it reads them from `file`, which need not exist.

    `pages` is a folder that exists, in place of that of the pages.

    Raises: `OSError` and `MemoryError`.
    """
    source = io.StringIO(settings)
    source.name = str(file)
    with _collected() as messages:
        load_config(source, docs_dir=str(pages), site_dir=str(pages.with_name("site")))
    return messages


@contextmanager
def _collected() -> Iterator[list[str]]:
    """Collect what mkdocs warns about, and why it stops."""
    log, warnings = logging.getLogger("mkdocs"), _Warnings()
    propagate, log.propagate = log.propagate, False
    log.addHandler(warnings)
    messages = warnings.messages
    try:
        yield messages
    except (OSError, MemoryError):
        raise
    except SystemExit as stopped:
        if not messages:
            messages.append(f"mkdocs stopped without a reason (code {stopped.code}).")
    except Exception as error:
        messages.append(_in_words(error))
    finally:
        log.removeHandler(warnings)
        log.propagate = propagate


def _in_words(error: Exception) -> str:
    """Return an error with the template in which it occurred, if any."""
    # Errors of Jinja have both.
    place, line = getattr(error, "filename", None), getattr(error, "lineno", None)
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename.endswith(".html"):
            place, line = frame.filename, frame.lineno
    return f"{type(error).__name__}{f' in {place}, line {line}' if place else ''}: {error}"
