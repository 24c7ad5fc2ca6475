"""Has mkdocs make HTML of the pages: in two processes at once, and only of pages whose HTML is not there already.

The processes are started while the data are still being checked, since mkdocs takes a while to load (`mkdocs_part`). Where
one of them fails, or mkdocs has anything to say, all is made anew by one plain `mkdocs build --strict`, which also finds
the words for what is wrong.

The HTML of the last build is kept in one file with a digest of its Markdown, under a digest of all else that goes into it:
navigation, theme, settings, the names of all files, and mkdocs. Where that file is not as it was written, all is made anew.
"""

import hashlib
import json
import os
import shutil
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple, cast

from portal.core import operating_system
from portal.core.problems import PortalError, Problem
from portal.core.settings import FILE as SETTINGS_FILE
from portal.core.settings import Settings
from portal.site.social_images import Card
from portal.site.staging import Tree, mkdocs_settings

KEPT = "rendered.zip"
_PAGES = "pages"
_RECORD = "record.json"
_MADE_BY = ("mkdocs", "mkdocs-material", "markdown", "jinja2", "pymdown-extensions", "pyyaml")
_AT_ONCE = 2  # a machine with fewer processors loses little
_WORTH_IT = 100  # pages that take longer to make than another mkdocs takes to start
_BY_ITSELF, _COPIED = (
    200_000,
    20_000,
)  # bytes of Markdown that take as long as a page without any, and as copying a file
_FEW = 30  # pages that one makes as fast as two that are ready
# What reading a zip file can end with, by which of its bytes were changed.
_DAMAGED = (
    OSError,
    EOFError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
)
_PROGRAM = "portal.site.mkdocs_process"
_PROGRAMS = ("rendering.py", "mkdocs_process.py")
_QUIET = {"NO_MKDOCS_2_WARNING": "1"}
_HTML, _MARKDOWN = "index.html", "index.md"


@dataclass(frozen=True)
class StagedSite:
    """A tree that stands in `build/pages`: the digest of each page's Markdown, the size of each other file by its path,
    and what is to be made of the HTML.
    """

    pages: Mapping[str, str]
    sizes: Mapping[str, int]
    newest: str
    sheets: Mapping[str, str] = field(default_factory=dict)
    cards: Mapping[str, Card] = field(default_factory=dict)


# What makes HTML of a tree in a folder.
Run = Callable[[Settings, StagedSite, Path], None]
if TYPE_CHECKING:
    Process = subprocess.Popen[str]


class Written(NamedTuple):
    """What is known of a file in `build/pages`: the digest of a page's Markdown, or the size of any other file."""

    digest: str = ""
    size: int = 0


def write(settings: Settings, name: str, content: bytes) -> Written:
    """Write a file for mkdocs, unless it is there."""
    path = settings.build_folder / _PAGES / name
    if not (path.is_file() and path.read_bytes() == content):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return Written(_digest(content)) if name.endswith(_MARKDOWN) else Written(size=len(content))


def stage(settings: Settings, grown: Tree[Written], made: Path) -> StagedSite:
    """Make ready what mkdocs reads: nothing of an earlier build stays beside it, or in the folder `made`."""
    folder = settings.build_folder / _PAGES
    if made.exists():
        shutil.rmtree(made)
    there = (p for p in folder.rglob("*") if p.is_file())
    for old in [p for p in there if p.relative_to(folder).as_posix() not in grown.files]:
        old.unlink()
    told = mkdocs_settings(settings, grown, made.name)
    (settings.build_folder / "mkdocs.yml").write_text(told, encoding="utf-8")
    pages = {name: file.digest for name, file in grown.files.items() if file.digest}
    sizes = {name: file.size for name, file in grown.files.items() if not file.digest}
    return StagedSite(pages, sizes, grown.newest, grown.sheets, grown.cards)


@contextmanager
def ready(root: Path, fresh: bool) -> Iterator[Run]:
    """Start what makes the HTML of the project in `root`, of every page if `fresh`, and yield it; stopped with the block.

    It makes the HTML of a tree, which stands in `build/pages`, in a folder. It raises `PortalError` with what mkdocs finds
    wrong.
    """
    many = len(_known(root / "build" / KEPT)["pages"]) > _WORTH_IT
    waiting = [_started() for _ in range(_AT_ONCE if many else 1)]
    try:
        yield partial(_render, waiting, fresh)
    finally:
        _stop(waiting)


def _stop(waiting: "list[Process]") -> None:
    for process in waiting:
        process.kill()
        process.communicate()
    waiting.clear()


def _render(waiting: "list[Process]", fresh: bool, settings: Settings, laid: StagedSite, made: Path) -> None:
    file = settings.build_folder / KEPT
    mark = _mark(settings, laid)
    known = _known(file)
    before = {} if fresh or known["mark"] != mark else known["pages"]
    there = frozenset(page for page, digest in laid.pages.items() if before.get(page) == digest)
    if not _at_once(waiting, settings, laid, made, there):
        _stop(waiting)  # one of them may still be at work in the same folder
        operating_system.clear(made)
        _plain(settings, laid)
    _keep(file, {"mark": mark, "pages": laid.pages}, made)


def environment(laid: StagedSite) -> Mapping[str, str]:
    """For a renderer: the clock is set to the newest source, so that builds are the same."""
    return {**os.environ, **_clock(laid)}


def _clock(laid: StagedSite) -> Mapping[str, str]:
    moment = datetime.strptime(f"{laid.newest}-01-01"[:10], "%Y-%m-%d").replace(tzinfo=UTC)
    return {"SOURCE_DATE_EPOCH": str(int(moment.timestamp())), **_QUIET}


def _html(page: str) -> str:
    return page.removesuffix(_MARKDOWN) + _HTML


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


# --- what is there already


def _mark(settings: Settings, laid: StagedSite) -> str:
    """A digest of all that goes into the HTML of a page besides its Markdown."""
    theme = settings.source_folder / "theme"
    parts = [
        *(f"{name} {metadata.version(name)}".encode() for name in _MADE_BY),
        *(
            p.relative_to(theme).as_posix().encode() + p.read_bytes()
            for p in sorted(theme.rglob("*"))
            if p.is_file()
        ),
        *((f / "mkdocs.yml").read_bytes() for f in (settings.root, settings.build_folder)),
        *(Path(__file__).with_name(name).read_bytes() for name in _PROGRAMS),
        f"{sys.version_info[:2]} {laid.newest}".encode(),
        "\n".join(sorted([*laid.pages, *laid.sizes])).encode(),
    ]
    return _digest(b"".join(hashlib.sha256(p).digest() for p in parts))


def _known(file: Path) -> Mapping[str, Any]:
    """What is known of the HTML that is kept: the `mark`, and the digest of each page's Markdown."""
    with suppress(*_DAMAGED), zipfile.ZipFile(file) as kept:
        known = json.loads(kept.read(_RECORD))
        return {"mark": known["mark"], "pages": dict(known["pages"])}
    return {"mark": "", "pages": {}}


def _lay_out(file: Path, pages: Iterable[str], made: Path) -> None:
    """Put the HTML of pages that is kept into the site; raises one of `_DAMAGED` where it is not as it was written."""
    with zipfile.ZipFile(file) as kept:
        for page in pages:
            path = made / _html(page)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(kept.read(page))


def _keep(file: Path, known: Mapping[str, Any], made: Path) -> None:
    """Keep the HTML of every page, and what is known of it."""
    part = file.with_suffix(".part")
    with zipfile.ZipFile(part, "w") as kept:
        for page in known["pages"]:
            kept.writestr(page, (made / _html(page)).read_bytes())
        kept.writestr(_RECORD, json.dumps(known))
    part.replace(file)


# --- mkdocs


def _at_once(
    waiting: "list[Process]", settings: Settings, laid: StagedSite, made: Path, there: Set[str]
) -> bool:
    """Make the pages that are not there; whether that went without a word."""
    wanted = [name for name in laid.pages if name not in there]
    parts = _AT_ONCE if len(wanted) > _WORTH_IT else len(waiting) if len(wanted) > _FEW else 1
    shares = _shares(settings, laid, wanted, parts)
    folders = [made, *(made.with_name(f"{made.name}.{n}") for n in range(1, len(shares)))]
    try:
        waiting += [_started() for _ in range(len(shares) - len(waiting))]
        for process, folder, share in zip(waiting, folders, shares, strict=False):
            operating_system.clear(folder)
            where = {"settings": str(settings.build_folder / "mkdocs.yml"), "folder": str(folder.resolve())}
            _tell(process, {**where, "pages": share, "files": folder is made, "environment": _clock(laid)})
        if there:
            _lay_out(settings.build_folder / KEPT, there, made)
        codes = [process.wait() for process in waiting[: len(shares)]]
        if any(codes):
            return False
        for folder, share in zip(folders[1:], shares[1:], strict=True):
            for page in share:
                path = made / _html(page)
                path.parent.mkdir(parents=True, exist_ok=True)
                (folder / _html(page)).replace(path)
        return True
    except _DAMAGED:
        return False
    finally:
        for folder in folders[1:]:
            operating_system.clear(folder)


def _shares(settings: Settings, laid: StagedSite, pages: Iterable[str], parts: int) -> list[list[str]]:
    """Pages in parts that take about as long, by the size of their Markdown and what a page takes by itself."""
    sizes = {page: (settings.build_folder / _PAGES / page).stat().st_size + _BY_ITSELF for page in pages}
    shares: list[list[str]] = [[] for _ in range(parts)]
    loads = [len(laid.sizes) * _COPIED, *[0] * (parts - 1)]  # the first copies all that is no page
    for page in sorted(sizes, key=lambda p: (-sizes[p], p)):
        lightest = loads.index(min(loads))
        shares[lightest].append(page)
        loads[lightest] += sizes[page]
    return shares


def _started() -> "Process":
    return subprocess.Popen(
        (sys.executable, "-m", _PROGRAM), env={**os.environ, **_QUIET}, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip


def _tell(process: "Process", order: Mapping[str, object]) -> None:
    """Tell a mkdocs that waits what it is to make."""
    pipe = cast("IO[str]", process.stdin)
    pipe.write(json.dumps(order) + "\n")
    pipe.flush()


def _plain(settings: Settings, laid: StagedSite) -> None:
    settings_file = str(settings.build_folder / "mkdocs.yml")
    done = subprocess.run(
        (sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-f", settings_file),
        cwd=settings.root, env=environment(laid), capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        fault = operating_system.in_what_was_said(done.stdout + done.stderr)
        if fault:
            raise fault
        lines = [
            line
            for line in (done.stderr + done.stdout).splitlines()
            if line.strip() and not line.startswith("Traceback")
        ]
        raise PortalError(
            Problem(SETTINGS_FILE if "config" in line.lower() else "site_src", code="mkdocs", message=line.strip()[:300], fix="Mend the page or link that it names.")
            for line in lines[-10:] or [f"mkdocs stopped without saying why (code {done.returncode})."]
        )  # fmt: skip
