"""Write the settings of mkdocs, and run it on the written files, with half of the pages in each of two processes."""

import html
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from portal.core import operating_system, processes, program_files
from portal.core.problems import PortalError, Problem
from portal.core.settings import FILE as SETTINGS_FILE
from portal.core.settings import Settings
from portal.pages.messages import theme_words
from portal.site import social_images
from portal.site.social_images import Card
from portal.site.staging import Tree

_PAGES = "pages"
_HTML, _MARKDOWN = "index.html", "index.md"
_MANY = 100  # with more pages than this, two processes are faster than one
# How long mkdocs takes: as much again as for an empty page for each so many bytes, and this part of it to copy a file.
_BYTES, _COPY = 200_000, 0.1


@dataclass(frozen=True)
class StagedSite:
    """The files in `build/pages`: the names of the pages, and the size of every other file in bytes.

    `newest` is the date of the newest source. `sheets` and `cards` name the PDF sheets and preview pictures to make
    from the finished HTML.
    """

    pages: tuple[str, ...]
    sizes: Mapping[str, int]
    newest: str
    sheets: Mapping[str, str] = field(default_factory=dict)
    cards: Mapping[str, Card] = field(default_factory=dict)


# Render a staged site as HTML in a folder; raise `PortalError` for faults in a page or the theme.
Render = Callable[[Settings, StagedSite, Path], None]


class RenderedFile(NamedTuple):
    """A file in `build/pages`."""

    is_page: bool
    size: int  # in bytes


def write(settings: Settings, name: str, content: bytes) -> RenderedFile:
    """Write a file for mkdocs, unless it already has this content."""
    path = settings.build_folder / _PAGES / name
    if not (path.is_file() and path.read_bytes() == content):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return RenderedFile(name.endswith(_MARKDOWN), len(content))


def stage(settings: Settings, tree: Tree[RenderedFile], target: Path) -> StagedSite:
    """Write the settings of mkdocs, and delete what earlier builds left in `build/pages` and in `target`.

    `target` is the folder where the HTML will be made.
    """
    folder = settings.build_folder / _PAGES
    if target.exists():
        shutil.rmtree(target)
    existing = (p for p in folder.rglob("*") if p.is_file())
    for old in [p for p in existing if p.relative_to(folder).as_posix() not in tree.files]:
        old.unlink()
    content = mkdocs_settings(settings, tree, target.name)
    _settings_file(settings).write_text(content, encoding="utf-8")
    pages = tuple(name for name, file in tree.files.items() if file.is_page)
    sizes = {name: file.size for name, file in tree.files.items() if not file.is_page}
    return StagedSite(pages, sizes, tree.newest, tree.sheets, tree.cards)


def environment(staged: StagedSite) -> Mapping[str, str]:
    """Return environment variables for a renderer: the clock is set to the newest source, so that builds are reproducible."""
    moment = datetime.strptime(f"{staged.newest}-01-01"[:10], "%Y-%m-%d").replace(tzinfo=UTC)
    return {"SOURCE_DATE_EPOCH": str(int(moment.timestamp())), "NO_MKDOCS_2_WARNING": "1"}


def check(settings: Settings) -> Iterator[Problem]:
    """Yield what mkdocs finds wrong with the project's mkdocs.yml."""
    path = settings.root / program_files.MKDOCS
    if not path.exists():
        return
    content = mkdocs_settings(settings, Tree({}, (), ""), "site", settings.root)
    for message in _settings_faults(content, path, path.read_bytes()):
        fix = "Correct the setting, or restore the file."
        yield Problem(program_files.MKDOCS, code="mkdocs", message=_shortened(message), fix=fix)


_good_settings: set[tuple[str, bytes]] = set()  # those that mkdocs has read in this process without a fault


def _settings_faults(content: str, path: Path, own: bytes) -> tuple[str, ...]:
    """Return what mkdocs says of the generated settings `content`, and of the bytes `own` of the file that they extend."""
    from portal.site import mkdocs_pages  # noqa: PLC0415 - the import takes 0.5 s

    if (content, own) in _good_settings:
        return ()
    found = mkdocs_pages.check_settings(content, path, path.parent / "data_packages")
    if not found:
        _good_settings.add((content, own))
    return tuple(dict.fromkeys(found))


# The one in C is ten times as fast, where it was installed.
_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def mkdocs_settings(settings: Settings, tree: Tree[Any], site_folder: str, folder: Path | None = None) -> str:
    """Return the generated settings of mkdocs, which extend mkdocs.yml.

    `folder` is where they will be read from, if not from the project's `build`: paths in them are relative to it.
    """
    site = settings.site
    folder = folder or settings.build_folder

    def path_of(name: str) -> str:
        path = program_files.find(settings.root, name)
        inside = path.is_relative_to(settings.root)
        return Path(os.path.relpath(path, folder) if inside else path).as_posix()

    content = {
        "INHERIT": path_of(program_files.MKDOCS),
        "site_name": html.escape(site.name),
        "site_description": html.escape(site.description),
        "site_url": site.address or None,
        "docs_dir": "pages",
        "site_dir": site_folder,
        "nav": list(tree.navigation),
        "theme": {"custom_dir": path_of(program_files.THEME)},
        "extra": {
            "banner": html.escape(settings.banner),
            "exit_to": html.escape(site.exit_to),
            "partnership": html.escape(site.partnership),
            "card": social_images.NAME if social_images.NAME in tree.cards else "",
            "language": tree.messages.language,
            "direction": tree.messages.direction,
            "words": theme_words(tree.messages, program_files.find(settings.root, program_files.THEME)),
        },
    }
    return f"# Made by portal from {SETTINGS_FILE} and the data packages. Do not edit.\n" + yaml.dump(
        content, Dumper=_DUMPER, sort_keys=False, allow_unicode=True
    )


def render(settings: Settings, staged: StagedSite, target: Path) -> None:
    """Have mkdocs make the HTML of a staged site in the folder `target`.

    Raises:
        PortalError: mkdocs warned; each warning is one problem.
        OSError: a fault of the disk.
    """
    parts = processes.WORKERS if len(staged.pages) > _MANY else 1
    folders = [target, *(target.with_name(f"{target.name}.{n}") for n in range(1, parts))]
    shares = _shares(settings, staged, parts)
    try:
        jobs = [
            partial(_make, settings, staged, f, s, f is target) for f, s in zip(folders, shares, strict=True)
        ]
        warnings = [message for messages in processes.run_all(jobs) for message in messages]
        if warnings:
            raise PortalError(map(_problem, dict.fromkeys(warnings)))
        for folder, share in zip(folders[1:], shares[1:], strict=True):
            for page in share:
                path = target / _html(page)
                path.parent.mkdir(parents=True, exist_ok=True)
                (folder / _html(page)).replace(path)
    finally:
        for folder in folders[1:]:
            operating_system.delete_folder(folder)


def _make(
    settings: Settings, staged: StagedSite, folder: Path, pages: list[str], with_files: bool
) -> list[str]:
    operating_system.delete_folder(folder)
    with _changed(environment(staged)):
        from portal.site import mkdocs_pages  # noqa: PLC0415 - the import takes 0.5 s, here in parallel in each process

        return mkdocs_pages.make(_settings_file(settings), folder, pages, with_files)


@contextmanager
def _changed(variables: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables within the block, then restore them."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _shares(settings: Settings, staged: StagedSite, parts: int) -> list[list[str]]:
    """Divide the pages into lists that take about the same time, one for each process; the first also copies the files."""
    sizes = {page: (settings.build_folder / _PAGES / page).stat().st_size for page in staged.pages}
    work = [_COPY * len(staged.sizes), *[0.0] * (parts - 1)]
    shares: list[list[str]] = [[] for _ in work]
    for page in sorted(sizes, key=lambda page: (-sizes[page], page)):
        least = work.index(min(work))
        shares[least].append(page)
        work[least] += 1 + sizes[page] / _BYTES
    return shares


def _settings_file(settings: Settings) -> Path:
    return settings.build_folder / "mkdocs.yml"


def _html(page: str) -> str:
    return page.removesuffix(_MARKDOWN) + _HTML


def _problem(warning: str) -> Problem:
    file = SETTINGS_FILE if "config" in warning.lower() else "site_src"
    fix = "Correct the page or link that it names."
    if ".html, line" in warning:
        fix = "Correct the template that it names, or the setting in mkdocs.yml that the template reads."
    return Problem(file, code="mkdocs", message=_shortened(warning), fix=fix)


def _shortened(message: str) -> str:
    """Return a message on one line, without the traceback that mkdocs adds to some."""
    first, traceback, rest = message.partition('  File "')
    kept = f"{first} {rest.strip().splitlines()[-1]}" if traceback else message
    return " ".join(kept.split())[:300]
