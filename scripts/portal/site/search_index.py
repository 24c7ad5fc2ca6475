"""Index the text of the built pages with Pagefind.

Pagefind runs as a service that reads messages in base64, each ended by a comma, and answers each in turn. Pages are
sent one by one, because Pagefind numbers pages in the order of the disk if it finds them itself, and two builds would
differ. Its files are requested, because it reports them as written before they are complete.
"""

import json
import re
import subprocess
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from io import BufferedReader
from itertools import count
from pathlib import Path, PurePosixPath
from threading import Timer
from typing import Any, BinaryIO, NamedTuple, cast

from selectolax.lexbor import LexborHTMLParser, LexborNode

from portal.core.problems import PortalError, Problem
from portal.pages.search import SEARCH, WORDS, to_json


def _program() -> str:
    """Return where Pagefind is; its bare name if it did not come with the libraries of the program."""
    try:
        from pagefind_bin import get_executable  # noqa: PLC0415 - it can be missing

        return str(get_executable())
    except (ImportError, FileNotFoundError):
        return "pagefind"


FOLDER = "pagefind/"
COMMAND = (_program(),)
_LONGEST = 600  # seconds before Pagefind is killed
_AHEAD = 8  # pages sent before the first answer is read; their answers are far too small to fill a pipe
_LANGUAGE = "en"  # of the whole site, as mkdocs.yml says
# The files of the search engine. Pagefind also has user interfaces, which we do not use.
_ENGINE = ("pagefind.js", "pagefind-entry.json", "wasm.", "pagefind.", "index/", "fragment/")
# Parts of a page that are not its own text: links to other pages, sources, figures and controls.
_NOT_TEXT = ".trail, .years, .tag, .jump, .around, .made-from, .cite, .map, .finder, .chooser, .noprint, picture, table"
_NOT_PAGES = ".sheet, .citations, [data-search]"  # sheets and citations repeat the page they belong to


class SearchText(NamedTuple):
    """The text of a page: its HTML for Pagefind, and its words, each after a space."""

    html: str
    words: str


def version() -> str:
    """Return the version of Pagefind; empty if it does not run on this machine."""
    try:
        return _version(COMMAND)
    except (FileNotFoundError, subprocess.SubprocessError):
        return ""


@cache  # a process asks many times; where Pagefind did not run, it is tried again
def _version(command: tuple[str, ...]) -> str:
    asked = [*command, "--version"]
    return subprocess.run(asked, capture_output=True, encoding="utf-8", timeout=20, check=True).stdout.strip()


def build_index(site: Path, texts: Mapping[str, SearchText]) -> int:
    """Write the index of the texts, by the name of their page's file, into the site; return the number of pages in it.

    Raises:
        PortalError: if Pagefind stops.
    """
    ordered = sorted(texts.items(), key=lambda item: PurePosixPath(item[0]))
    indexed = [(name, text) for name, text in ordered if PurePosixPath(name).name == "index.html"]
    try:
        with _started() as pagefind:
            for n, (name, text) in enumerate(indexed):
                address = f"/{PurePosixPath(name).parent}/".replace("/./", "/")
                body = f"<html lang={_LANGUAGE}><body data-pagefind-body>{text.html}"
                pagefind.send("AddFile", index_id=pagefind.index, url=address, file_contents=body)
                if n >= _AHEAD:
                    pagefind.answer()
            for _ in indexed[-_AHEAD:]:
                pagefind.answer()
            files = pagefind.ask("GetFiles", index_id=pagefind.index)["files"]
    except (BrokenPipeError, EOFError, ValueError, KeyError) as error:
        message = f"Pagefind stopped while it built the search index: {error!r}."
        fix = "Build again. If it fails again, uninstall pagefind_bin: the site is then built without search."
        raise PortalError([Problem("build", code="search", message=message, fix=fix)]) from None
    engine = {site / FOLDER / f["path"]: f["content"] for f in files if f["path"].startswith(_ENGINE)}
    for folder in sorted({path.parent for path in engine}):
        folder.mkdir(parents=True, exist_ok=True)
    for path, content in engine.items():
        path.write_bytes(b64decode(content))
    _keep_present_words(site / SEARCH / WORDS, " ".join(text.words for _, text in indexed))
    return len(indexed)


def _keep_present_words(file: Path, text: str) -> None:
    """Tell the browser which synonyms are on any page, so that it searches only for those."""
    lookup = json.loads(file.read_text(encoding="utf-8"))
    for synonyms in lookup["same"]:
        present = [w for w in synonyms["words"] if _plain(w) in text]
        if present != synonyms["words"]:
            synonyms["found"] = present
    file.write_bytes(to_json(lookup))


def _plain(text: str) -> str:
    """Return the words of a text, split as the browser does, each after a space."""
    joined = re.sub(r"['’]|(?<=[^\W\d_])&(?=[^\W\d_])", "", text.lower())
    return "".join(f" {word}" for word in re.findall(r"[^\W_]+", joined))


def text_of(tree: LexborHTMLParser) -> SearchText | None:
    """Return the text of a parsed page; None if the search leaves it out. Removes everything else from the tree."""
    text = tree.css_first("#content > article")
    if text is None or text.css_first(_NOT_PAGES):
        return None
    for node in text.css(_NOT_TEXT):
        node.decompose()
    for node in (u for u in text.css("ul") if _only_links(u)):
        node.decompose()
    for node in text.css("dt"):
        node.insert_after(": ")  # otherwise a term and its meaning become one word
    return SearchText(text.html or "", _plain(text.text(separator=" ")))


def _only_links(node: LexborNode) -> bool:
    """Return True if a list has only links, and so no text of its own."""
    items = node.css("li")
    links = [(i, i.css_first("a")) for i in items]
    return bool(items) and all(a is not None and a.text(strip=True) == i.text(strip=True) for i, a in links)


@dataclass
class _Pagefind:
    """A connection to a Pagefind process over two pipes."""

    say: BinaryIO
    hear: BufferedReader
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    index: int = 0
    rest: bytes = b""

    def ask(self, kind: str, **parameters: object) -> Mapping[str, Any]:
        """Send a request and return the answer.

        Raises:
            ValueError: with the message of Pagefind, if it refuses.
        """
        self.send(kind, **parameters)
        return self.answer()

    def send(self, kind: str, **parameters: object) -> None:
        """Send a request without waiting for the answer."""
        request = {"message_id": next(self.numbers), "payload": {"type": kind, **parameters}}
        self.say.write(b64encode(json.dumps(request).encode()) + b",")
        self.say.flush()

    def answer(self) -> Mapping[str, Any]:
        """Return the answer to the oldest request that has none yet."""
        while b"," not in self.rest:
            more = self.hear.read1(1 << 20)
            if not more:
                raise EOFError("it ended without an answer")
            self.rest += more
        message, _, self.rest = self.rest.partition(b",")
        answer: Mapping[str, Any] = json.loads(b64decode(message))["payload"]
        if answer["type"] == "Error":
            raise ValueError(answer.get("message", ""))
        return answer


@contextmanager
def _started() -> Iterator[_Pagefind]:
    """Start Pagefind with a new index, and kill it at the end in every case."""
    process = subprocess.Popen(
        [*COMMAND, "--service"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    late = Timer(_LONGEST, process.kill)
    late.start()
    try:
        pagefind = _Pagefind(cast(BinaryIO, process.stdin), cast(BufferedReader, process.stdout))
        pagefind.index = pagefind.ask("NewIndex", config=None)["index_id"]
        yield pagefind
    finally:
        late.cancel()
        late.join()  # or its thread could still be there when the next worker processes start
        process.kill()
        process.communicate()
