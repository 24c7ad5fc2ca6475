"""Build the search: synonyms, the wards of postcodes, and the Pagefind index of the built pages.

Pagefind runs as a service that reads messages in base64, each ended by a comma, and answers each in turn. Pages are
sent one by one, because Pagefind numbers pages in the order of the disk if it finds them itself, and two builds would
differ. Its files are requested, because it reports them as written before they are complete.
"""

import json
import re
import subprocess
import sys
from base64 import b64decode, b64encode
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from io import BufferedReader
from itertools import count
from pathlib import Path
from threading import Timer
from typing import Any, BinaryIO, NamedTuple, cast

from selectolax.lexbor import LexborHTMLParser, LexborNode

from portal.core import input_files, processes
from portal.core.model import Postcode, Term
from portal.core.problems import PortalError, Problem, did_you_mean

SEARCH = "search/"
FILE = "site_src/synonyms.toml"
FOLDER = "pagefind/"
WORDS = "words.json"
COMMAND = (sys.executable, "-m", "pagefind_bin")
_LONGEST = 600  # seconds before Pagefind is killed
_AHEAD = 8  # pages sent before the first answer is read; their answers are far too small to fill a pipe
_LANGUAGE = "en"  # of the whole site, as mkdocs.yml says
# The files of the search engine. Pagefind also has user interfaces, which we do not use.
_ENGINE = ("pagefind.js", "pagefind-entry.json", "wasm.", "pagefind.", "index/", "fragment/")
# Parts of a page that are not its own text: links to other pages, sources, figures and controls.
_NOT_TEXT = ".trail, .years, .tag, .jump, .around, .made-from, .cite, .map, .finder, .chooser, .noprint, picture, table"
_NOT_PAGES = ".sheet, .citations, [data-search]"  # sheets and citations repeat the page they belong to


@dataclass(frozen=True)
class Synonyms:
    """Words with the same meaning, and the paths of the pages to show first when one of them is typed."""

    words: tuple[str, ...]
    first: tuple[str, ...] = ()


@dataclass(frozen=True)
class SearchWords:
    """Lists of synonyms, and words that the search ignores."""

    same: tuple[Synonyms, ...] = ()
    ignored: tuple[str, ...] = ()


NO_WORDS = SearchWords()


def read_synonyms(root: Path) -> tuple[SearchWords, tuple[Problem, ...]]:
    """Read the synonyms of a project; return them with every problem of their file.

    Without the file there are no synonyms and no problems.
    """
    path = root / FILE
    if not path.exists() and not path.is_symlink():
        return NO_WORDS, ()
    try:
        raw = input_files.from_toml(input_files.read(path, root))
    except input_files.UnreadableError as fault:
        return NO_WORDS, (Problem(FILE, fault.row, "", "synonyms", fault.message, fault.fix),)
    lists = raw.get("same", [])
    problems = [*_faults("", raw, ("ignored", "same"), ("ignored",))]
    if not isinstance(lists, list) or not all(isinstance(entry, dict) for entry in lists):
        problems.append(_problem("same", "same is not a list.", "Begin each list of words with [[same]]."))
        lists = []
    texts = ("words", "first")
    problems += [p for n, entry in enumerate(lists, 1) for p in _faults(f"list {n}", entry, texts, texts)]
    for place in (n for n, entry in enumerate(lists, 1) if not entry.get("words")):
        problems.append(
            _problem(f"list {place}", "The list has no words.", 'Write words = ["…", "…"], or remove it.')
        )
    if problems:
        return NO_WORDS, tuple(problems)
    same = tuple(Synonyms(tuple(entry["words"]), tuple(entry.get("first", ()))) for entry in lists)
    return SearchWords(same, tuple(raw.get("ignored", ()))), ()


def _faults(
    place: str, entry: Mapping[str, object], known: tuple[str, ...], texts: tuple[str, ...]
) -> Iterator[Problem]:
    for key in entry.keys() - set(known):
        yield _problem(place, f"Unknown key {key}.", did_you_mean(key, known))
    for key in texts:
        entries = entry.get(key, [])
        if not isinstance(entries, list) or not all(isinstance(t, str) and t.strip() for t in entries):
            where = ", ".join(filter(None, (place, key)))
            yield _problem(where, f"{key} is {entries!r}.", 'Write a list of texts: ["…", "…"].')


def _problem(field: str, message: str, fix: str) -> Problem:
    return Problem(FILE, field=field, code="synonyms", message=message, fix=fix)


def unknown_pages(same: Iterable[Synonyms], pages: Iterable[str]) -> Iterator[Problem]:
    """Yield a problem for each page that a list of synonyms leads to and that does not exist."""
    known = frozenset(pages)
    for place, synonyms in enumerate(same, 1):
        for path in (p for p in synonyms.first if p not in known):
            yield _problem(f"list {place}, first", f"There is no page {path}.", did_you_mean(path, known))


def glossary_synonyms(terms: Iterable[Term]) -> tuple[Synonyms, ...]:
    """Return the abbreviations of a glossary, each with its expansion as a synonym."""
    return tuple(Synonyms((t.term, t.expansion)) for t in terms if t.expansion)


def wards_by_district(postcodes: Iterable[Postcode], areas: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """Return the codes of the areas in each postcode district, such as SE13, those with most postcodes first."""
    wanted = frozenset(areas)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for p in postcodes:
        if p.area in wanted:
            counts[p.postcode.split()[0]][p.area] += 1
    return {d: tuple(sorted(c, key=lambda a: (-c[a], a))) for d, c in sorted(counts.items())}


def version() -> str:
    """Return the version of Pagefind; empty if it does not run on this machine."""
    try:
        result = subprocess.run(
            [*COMMAND, "--version"], capture_output=True, text=True, timeout=20, check=False
        )
    except (FileNotFoundError, subprocess.SubprocessError):
        return ""
    return "" if result.returncode else result.stdout.strip()


def build_index(site: Path) -> int:
    """Write the index of the built pages into the site; return the number of pages in it.

    Raises:
        PortalError: if Pagefind stops.
    """
    pages = sorted(site.rglob("index.html"))
    indexed = [text for text in processes.all_of([partial(_page_text, page) for page in pages]) if text]
    try:
        with _started() as pagefind:
            for n, (page, html, _) in enumerate(indexed):
                address = f"/{page.parent.relative_to(site).as_posix()}/".replace("/./", "/")
                body = f"<html lang={_LANGUAGE}><body data-pagefind-body>{html}"
                pagefind.send("AddFile", index_id=pagefind.index, url=address, file_contents=body)
                if n >= _AHEAD:
                    pagefind.answer()
            for _ in indexed[-_AHEAD:]:
                pagefind.answer()
            files = pagefind.ask("GetFiles", index_id=pagefind.index)["files"]
    except (OSError, EOFError, ValueError, KeyError) as error:
        message = f"Pagefind stopped while it built the search index: {error!r}."
        fix = "Build again. If it fails again, uninstall pagefind_bin: the site is then built without search."
        raise PortalError([Problem("build", code="search", message=message, fix=fix)]) from None
    engine = {site / FOLDER / f["path"]: f["content"] for f in files if f["path"].startswith(_ENGINE)}
    for folder in sorted({path.parent for path in engine}):
        folder.mkdir(parents=True, exist_ok=True)
    for path, content in engine.items():
        path.write_bytes(b64decode(content))
    _keep_present_words(site / SEARCH / WORDS, " ".join(text.words for text in indexed))
    return len(indexed)


def _keep_present_words(file: Path, text: str) -> None:
    """Tell the browser which synonyms are on any page, so that it searches only for those."""
    lookup = json.loads(file.read_text(encoding="utf-8"))
    for synonyms in lookup["same"]:
        present = [w for w in synonyms["words"] if _plain(w) in text]
        if present != synonyms["words"]:
            synonyms["found"] = present
    file.write_bytes(_json(lookup))


def _plain(text: str) -> str:
    """Return the words of a text, split as the browser does, each after a space."""
    joined = re.sub(r"['’]|(?<=[^\W\d_])&(?=[^\W\d_])", "", text.lower())
    return "".join(f" {word}" for word in re.findall(r"[^\W_]+", joined))


def lookup_json(
    words: SearchWords, labels: Mapping[str, str], wards: Mapping[str, tuple[tuple[str, str], ...]]
) -> bytes:
    """Return what the browser needs besides the index, as JSON: synonyms, names of pages, wards of postcodes."""
    same = [{"words": s.words, "first": s.first} for s in words.same]
    return _json({"same": same, "ignored": words.ignored, "labels": labels, "districts": wards})


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


class PageText(NamedTuple):
    """The text of a page: its HTML for Pagefind, and its words, each after a space."""

    page: Path
    html: str
    words: str


def _page_text(page: Path) -> PageText | None:
    """Return the text of a built page; None if the search leaves it out."""
    text = LexborHTMLParser(page.read_text(encoding="utf-8")).css_first("#content > article")
    if text is None or text.css_first(_NOT_PAGES):
        return None
    for node in text.css(_NOT_TEXT):
        node.decompose()
    for node in (u for u in text.css("ul") if _only_links(u)):
        node.decompose()
    for node in text.css("dt"):
        node.insert_after(": ")  # otherwise a term and its meaning become one word
    return PageText(page, text.html or "", _plain(text.text(separator=" ")))


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
        process.kill()
        process.communicate()
