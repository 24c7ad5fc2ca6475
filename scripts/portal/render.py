"""Has mkdocs make HTML of the pages: in two processes at once, and only of pages whose HTML is not there already.

mkdocs itself passes over a page whose file in the site is newer than its Markdown (`--dirty`). So whatever is not to be
made stands in the site before it begins. Where any of that goes wrong, or mkdocs has anything to say, all is made anew
by one plain `mkdocs build --strict`, which also finds the words for what is wrong.

The HTML of the last build is kept with digests of itself and of its Markdown, under a digest of all else that goes into
it: navigation, theme, settings, the names of all files, and mkdocs. What does not fit its digest is not used.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from portal import disk
from portal.config import FILE as SETTINGS_FILE
from portal.config import Settings
from portal.problems import PortalError, Problem
from portal.tree import Tree

KEPT = "rendered"
_RECORD = "record.json"
_MADE_BY = ("mkdocs", "mkdocs-material", "markdown", "jinja2", "pymdown-extensions", "pyyaml")
_AT_ONCE = 2  # a machine with fewer processors loses little
_WORTH_IT = 100  # pages that take longer to make than another mkdocs takes to start
_SAID_BY_DIRTY = "A 'dirty' build is being performed"
_HTML, _MARKDOWN = "index.html", "index.md"


@dataclass(frozen=True)
class _Kept:
    """What is known of the HTML of the last build: what it goes by, and for each page digests of Markdown and HTML."""

    mark: str
    pages: Mapping[str, tuple[str, str]]


def render(settings: Settings, grown: Tree, made: Path, fresh: bool) -> None:
    """Make the HTML of the tree, which stands in `build/pages`, in the folder `made`; if `fresh`, of every page.

    Raises `PortalError` with what mkdocs finds wrong.
    """
    folder = settings.build_folder / KEPT
    pages = {name: _digest(content) for name, content in grown.files.items() if name.endswith(_MARKDOWN)}
    mark = _mark(settings, grown)
    there = {} if fresh else _there(folder, mark, pages)
    if not _at_once(settings, grown, made, frozenset(there)):
        there = {}
        disk.clear(made)
        _plain(settings, grown)
    fresh_ones = {page: digest for page, digest in pages.items() if page not in there}
    _keep(folder, _Kept(mark, {**there, **_kept(folder, fresh_ones, made)}))


def _html(page: str) -> str:
    return page.removesuffix(_MARKDOWN) + _HTML


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


# --- what is there already


def _mark(settings: Settings, grown: Tree) -> str:
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
        Path(__file__).read_bytes(),
        f"{sys.version_info[:2]} {grown.newest}".encode(),
        "\n".join(sorted(grown.files)).encode(),
    ]
    return _digest(b"".join(hashlib.sha256(p).digest() for p in parts))


def _read(folder: Path, mark: str) -> _Kept:
    """What is known of the HTML that is kept; nothing where it goes by something else."""
    try:
        told = json.loads((folder / _RECORD).read_text(encoding="utf-8"))
        pages = {str(name): (str(text), str(html)) for name, (text, html) in told["pages"].items()}
        return _Kept(mark, pages if told["mark"] == mark else {})
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return _Kept(mark, {})


def _there(folder: Path, mark: str, pages: Mapping[str, str]) -> Mapping[str, tuple[str, str]]:
    """What is known of each page whose Markdown is what it was, and whose HTML is whole."""
    known = _read(folder, mark).pages
    same = {page: known[page] for page, digest in pages.items() if known.get(page, ("",))[0] == digest}
    return {page: told for page, told in same.items() if _whole(folder / _html(page), told[1])}


def _whole(path: Path, digest: str) -> bool:
    return path.is_file() and _digest(path.read_bytes()) == digest


def _kept(folder: Path, pages: Mapping[str, str], made: Path) -> Mapping[str, tuple[str, str]]:
    """Keep the HTML of new pages, and say what is known of them."""
    known = {}
    for page, digest in pages.items():
        content = (made / _html(page)).read_bytes()
        known[page] = digest, _digest(content)
        path = folder / _html(page)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return known


def _keep(folder: Path, kept: _Kept) -> None:
    """Write down what is known; until then what was known before holds, as far as it fits the digests."""
    wanted = {_html(page) for page in kept.pages}
    for path in [p for p in folder.rglob(_HTML) if p.relative_to(folder).as_posix() not in wanted]:
        path.unlink()
    told = {"mark": kept.mark, "pages": kept.pages}
    disk.write(folder / _RECORD, json.dumps(told, sort_keys=True).encode())


# --- mkdocs


def _at_once(settings: Settings, grown: Tree, made: Path, there: Set[str]) -> bool:
    """Make the pages that are not there; whether that went without a word."""
    wanted = [name for name in grown.files if name.endswith(_MARKDOWN) and name not in there]
    parts = _AT_ONCE if len(wanted) > _WORTH_IT else 1
    if not there and parts == 1:
        return False
    shares = [wanted[n::parts] for n in range(parts)]
    asides = [made.with_name(f"{made.name}.{n}") for n in range(1, parts)]
    try:
        _lay_out(made, there, settings.build_folder / KEPT)
        _pass_over(made, set(wanted) - set(shares[0]))
        for aside, share in zip(asides, shares[1:], strict=True):
            disk.clear(aside)
            _pass_over(aside, set(grown.files) - set(share))
        if not _all_silent([_started(settings, grown, folder) for folder in (made, *asides)]):
            return False
        for aside, share in zip(asides, shares[1:], strict=True):
            for page in share:
                (aside / _html(page)).replace(made / _html(page))
        return True
    except OSError:
        return False
    finally:
        for aside in asides:
            disk.clear(aside)


def _lay_out(made: Path, there: Iterable[str], folder: Path) -> None:
    """Put the HTML that is kept into the site."""
    for page in there:
        path = made / _html(page)
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / _html(page), path)


def _pass_over(folder: Path, names: Iterable[str]) -> None:
    """Put empty files where this mkdocs is to make none: another one does."""
    for name in names:
        path = folder / (_html(name) if name.endswith(_MARKDOWN) else name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def _command(settings: Settings, *more: str) -> Sequence[str]:
    return (sys.executable, "-m", "mkdocs", "build", "-f", str(settings.build_folder / "mkdocs.yml"), *more)


def environment(grown: Tree) -> Mapping[str, str]:
    """For a renderer: the clock is set to the newest source, so that builds are the same."""
    moment = datetime.strptime(f"{grown.newest}-01-01"[:10], "%Y-%m-%d").replace(tzinfo=UTC)
    return {**os.environ, "SOURCE_DATE_EPOCH": str(int(moment.timestamp())), "NO_MKDOCS_2_WARNING": "1"}


def _started(settings: Settings, grown: Tree, folder: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        _command(settings, "--dirty", "-d", str(folder.resolve())), cwd=settings.root, env=environment(grown),
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def _all_silent(processes: "Sequence[subprocess.Popen[str]]") -> bool:
    """Whether each ends well, and warns of nothing but that it does not make all."""
    try:
        said = [p.communicate()[1] for p in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    lines = [line for text in said for line in text.splitlines() if not line.startswith("INFO")]
    odd = [line for line in lines if _SAID_BY_DIRTY not in line and line.strip()]
    return not odd and not any(p.returncode for p in processes)


def _plain(settings: Settings, grown: Tree) -> None:
    done = subprocess.run(
        _command(settings, "--strict", "--quiet"), cwd=settings.root, env=environment(grown), capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        fault = disk.in_what_was_said(done.stdout + done.stderr)
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
