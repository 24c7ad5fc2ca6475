"""What the search page goes by: words that mean the same, the wards of postcodes, and the index of the built pages.

Pagefind makes the index. Its program takes messages in base64, each ended by a comma, and answers each in turn. It is
told the pages one by one, because left to find them itself it numbers them as the disk lists them, and two builds
would differ. It is asked for its files, because it says that it has written them before they are whole.
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
from typing import Any, BinaryIO, cast

from selectolax.lexbor import LexborHTMLParser, LexborNode

from portal.core import input_files, processes
from portal.core.model import Postcode, Term
from portal.core.problems import PortalError, Problem, did_you_mean

SEARCH = "search/"
FILE = "site_src/synonyms.toml"
FOLDER = "pagefind/"
WORDS = "words.json"
COMMAND = (sys.executable, "-m", "pagefind_bin")
_LONGEST = 600  # seconds for all pages
_AHEAD = 8  # pages that it is told of before it has answered; their answers are far from filling a pipe
_LANGUAGE = "en"  # of the whole site, as mkdocs.yml says
# Pagefind brings faces of its own for the search; ours needs its engine only.
_ENGINE = ("pagefind.js", "pagefind-entry.json", "wasm.", "pagefind.", "index/", "fragment/")
# What is on a page without being said by it: ways to other pages, sources, figures and controls.
_NOT_TEXT = ".trail, .years, .tag, .jump, .around, .made-from, .cite, .map, .finder, .chooser, .noprint, picture, table"
_NOT_PAGES = ".sheet, .citations, [data-search]"  # sheets and citations repeat the page that they belong to


@dataclass(frozen=True)
class Synonyms:
    """Words that mean the same, and the addresses of the pages to show first to whoever types one of them."""

    words: tuple[str, ...]
    first: tuple[str, ...] = ()


@dataclass(frozen=True)
class SearchWords:
    """Lists of words that mean the same, and words that say nothing of what is looked for."""

    same: tuple[Synonyms, ...] = ()
    ignored: tuple[str, ...] = ()


NO_WORDS = SearchWords()


def read_synonyms(root: Path) -> tuple[SearchWords, tuple[Problem, ...]]:
    """The words of a project, and every problem of their file; nothing where it has none."""
    path = root / FILE
    if not path.exists() and not path.is_symlink():
        return NO_WORDS, ()
    try:
        raw = input_files.from_toml(input_files.read(path, root))
    except input_files.UnreadableError as fault:
        return NO_WORDS, (Problem(FILE, fault.row, "", "synonyms", fault.message, fault.fix),)
    lists = raw.get("same", [])
    problems = [*_faults("", raw, ("ignored", "same"), ("ignored",))]
    if not isinstance(lists, list) or not all(isinstance(one, dict) for one in lists):
        problems.append(_problem("same", "same is not a list.", "Begin each list of words with [[same]]."))
        lists = []
    texts = ("words", "first")
    problems += [p for n, one in enumerate(lists, 1) for p in _faults(f"list {n}", one, texts, texts)]
    for place in (n for n, one in enumerate(lists, 1) if not one.get("words")):
        problems.append(
            _problem(f"list {place}", "The list has no words.", 'Write words = ["…", "…"], or remove it.')
        )
    if problems:
        return NO_WORDS, tuple(problems)
    same = tuple(Synonyms(tuple(one["words"]), tuple(one.get("first", ()))) for one in lists)
    return SearchWords(same, tuple(raw.get("ignored", ()))), ()


def _faults(
    place: str, one: Mapping[str, object], known: tuple[str, ...], texts: tuple[str, ...]
) -> Iterator[Problem]:
    for key in one.keys() - set(known):
        yield _problem(place, f"Unknown key {key}.", did_you_mean(key, known))
    for key in texts:
        told = one.get(key, [])
        if not isinstance(told, list) or not all(isinstance(t, str) and t.strip() for t in told):
            where = ", ".join(filter(None, (place, key)))
            yield _problem(where, f"{key} is {told!r}.", 'Write a list of texts: ["…", "…"].')


def _problem(field: str, message: str, fix: str) -> Problem:
    return Problem(FILE, field=field, code="synonyms", message=message, fix=fix)


def unknown_pages(same: Iterable[Synonyms], pages: Iterable[str]) -> Iterator[Problem]:
    """The pages that the lists of words send people to and that are not there."""
    known = frozenset(pages)
    for place, one in enumerate(same, 1):
        for path in (p for p in one.first if p not in known):
            yield _problem(f"list {place}, first", f"There is no page {path}.", did_you_mean(path, known))


def glossary_synonyms(terms: Iterable[Term]) -> tuple[Synonyms, ...]:
    """The abbreviations of a glossary, each with what it stands for."""
    return tuple(Synonyms((t.term, t.expansion)) for t in terms if t.expansion)


def wards_by_district(postcodes: Iterable[Postcode], areas: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """The codes of the areas in which each first half of a postcode lies, those with most postcodes first."""
    wanted = frozenset(areas)
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for p in postcodes:
        if p.area in wanted:
            found[p.postcode.split()[0]][p.area] += 1
    return {d: tuple(sorted(c, key=lambda a: (-c[a], a))) for d, c in sorted(found.items())}


def version() -> str:
    """What Pagefind calls itself; nothing where it does not run on this machine."""
    try:
        done = subprocess.run(
            [*COMMAND, "--version"], capture_output=True, text=True, timeout=20, check=False
        )
    except (FileNotFoundError, subprocess.SubprocessError):
        return ""
    return "" if done.returncode else done.stdout.strip()


def build_index(site: Path) -> int:
    """Put the index of the built pages into the site; return how many pages it has.

    Raises `PortalError` where Pagefind stops.
    """
    pages = sorted(site.rglob("index.html"))
    said = [one for one in processes.all_of([partial(_said, page) for page in pages]) if one]
    try:
        with _started() as pagefind:
            for n, (page, html, _) in enumerate(said):
                address = f"/{page.parent.relative_to(site).as_posix()}/".replace("/./", "/")
                body = f"<html lang={_LANGUAGE}><body data-pagefind-body>{html}"
                pagefind.tell("AddFile", index_id=pagefind.index, url=address, file_contents=body)
                if n >= _AHEAD:
                    pagefind.answer()
            for _ in said[-_AHEAD:]:
                pagefind.answer()
            files = pagefind.ask("GetFiles", index_id=pagefind.index)["files"]
    except (OSError, EOFError, ValueError, KeyError) as error:
        message = f"Pagefind stopped while it made the index of the search: {error!r}."
        fix = (
            "Build once more. If it stays so, take pagefind_bin away: the site is then built without search."
        )
        raise PortalError([Problem("build", code="search", message=message, fix=fix)]) from None
    engine = {site / FOLDER / f["path"]: f["content"] for f in files if f["path"].startswith(_ENGINE)}
    for folder in sorted({path.parent for path in engine}):
        folder.mkdir(parents=True, exist_ok=True)
    for path, content in engine.items():
        path.write_bytes(b64decode(content))
    _look_for_what_is_there(site / SEARCH / WORDS, " ".join(plain for _, _, plain in said))
    return len(said)


def _look_for_what_is_there(file: Path, said: str) -> None:
    """Of words that mean the same, the browser need only look for those that some page has."""
    told = json.loads(file.read_text(encoding="utf-8"))
    for one in told["same"]:
        found = [w for w in one["words"] if _plain(w) in said]
        if found != one["words"]:
            one["found"] = found
    file.write_bytes(_json(told))


def _plain(text: str) -> str:
    """The words of a text as the browser takes them apart, each after a space."""
    joined = re.sub(r"['’]|(?<=[^\W\d_])&(?=[^\W\d_])", "", text.lower())
    return "".join(f" {word}" for word in re.findall(r"[^\W_]+", joined))


def lookup_json(
    words: SearchWords, labels: Mapping[str, str], wards: Mapping[str, tuple[tuple[str, str], ...]]
) -> bytes:
    """What the browser goes by besides the index, as JSON: words, names of pages, wards of postcodes."""
    same = [{"words": s.words, "first": s.first} for s in words.same]
    return _json({"same": same, "ignored": words.ignored, "labels": labels, "districts": wards})


def _json(told: object) -> bytes:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def _said(page: Path) -> tuple[Path, str, str] | None:
    """What a page says, as Pagefind is to take it, and in plain words; None where it is not to be found."""
    text = LexborHTMLParser(page.read_text(encoding="utf-8")).css_first("#content > article")
    if text is None or text.css_first(_NOT_PAGES):
        return None
    for node in text.css(_NOT_TEXT):
        node.decompose()
    for node in (u for u in text.css("ul") if _only_links(u)):
        node.decompose()
    for node in text.css("dt"):
        node.insert_after(": ")  # or a term and its meaning become one word
    return page, text.html or "", _plain(text.text(separator=" "))


def _only_links(node: LexborNode) -> bool:
    """Whether a list has nothing but links: it leads on, and says nothing."""
    items = node.css("li")
    links = [(i, i.css_first("a")) for i in items]
    return bool(items) and all(a is not None and a.text(strip=True) == i.text(strip=True) for i, a in links)


@dataclass
class _Pagefind:
    """A Pagefind at the other end of two pipes."""

    say: BinaryIO
    hear: BufferedReader
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    index: int = 0
    rest: bytes = b""

    def ask(self, kind: str, **parameters: object) -> Mapping[str, Any]:
        """Give an order and wait for its answer; `ValueError` with Pagefind's words where it refuses."""
        self.tell(kind, **parameters)
        return self.answer()

    def tell(self, kind: str, **parameters: object) -> None:
        """Give an order."""
        order = {"message_id": next(self.numbers), "payload": {"type": kind, **parameters}}
        self.say.write(b64encode(json.dumps(order).encode()) + b",")
        self.say.flush()

    def answer(self) -> Mapping[str, Any]:
        """Wait for the answer to the first order that has none."""
        while b"," not in self.rest:
            more = self.hear.read1(1 << 20)
            if not more:
                raise EOFError("it ended without an answer")
            self.rest += more
        heard, _, self.rest = self.rest.partition(b",")
        answer: Mapping[str, Any] = json.loads(b64decode(heard))["payload"]
        if answer["type"] == "Error":
            raise ValueError(answer.get("message", ""))
        return answer


@contextmanager
def _started() -> Iterator[_Pagefind]:
    """Pagefind with a new index; stopped in the end whatever happens."""
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
