"""List what a site is built from, and work out a digest of it, so that an unchanged site is not built again."""

import errno
import hashlib
import os
import stat
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from portal.charts import svg
from portal.core import periods, program_files
from portal.data import tables
from portal.site import chromium, fonts, renderers, search_index

# The program, which can be in another folder than the project.
PROGRAM = Path(__file__).parents[1]
# The chart library and the fonts, which npm installs.
INSTALLED = (svg.LIBRARY, *fonts.FONTS.values())
_PACKAGES, _PROGRAM_NAME = "data_packages", "scripts/portal"
INPUTS = (_PACKAGES, "site_src", _PROGRAM_NAME, "mkdocs.yml", *map(str, INSTALLED))


class _Input(NamedTuple):
    """A file that a site is built from: its name within the project, and where it is."""

    name: str
    path: str
    size: int  # bytes
    changed: int  # ns


def fingerprint(root: Path, renderer: str = renderers.USUAL, folder: Path | None = None) -> str:
    """Return a digest of all inputs and tools of a build; `folder` has the packages if they are not in the project.

    It includes today's date, because pages say how old the latest news about a promise is, and whether it is late. The
    code of the program counts as it was when this process first asked, because that is what runs.
    """
    digest = hashlib.sha256(f"{periods.today()}\n{_versions(renderer)}\n".encode())
    digest.update(f"{sys.version_info[:2]} {chromium.find_browser()} {search_index.version()}\n".encode())
    digest.update(_code(PROGRAM))
    for file in _inputs(root, folder):
        _add(digest, file)
    for link in (*_links(folder or root / _PACKAGES), *_links(root / "site_src")):
        digest.update(link.encode(errors="surrogateescape"))
    return digest.hexdigest()[:16]


def _links(path: Path) -> Iterator[str]:
    """Yield each link in a folder and where it leads: the check refuses some, even if the content is the same."""
    for place, folders, names in os.walk(path):
        for link in sorted(p for n in (*folders, *names) if os.path.islink(p := os.path.join(place, n))):  # noqa: PTH114, PTH118 - as in _below
            yield f"{os.path.relpath(link, path)} {os.readlink(link)}\n"  # noqa: PTH115 - as in _below


def inputs(root: Path) -> Iterator[Path]:
    """Yield every input file of a project in a fixed order."""
    return (Path(file.path) for file in (*_inputs(root), *_below(_PROGRAM_NAME, PROGRAM, True)))


@cache
def _versions(renderer: str) -> str:
    """Return the versions of the libraries that a build depends on, each on a line."""
    libraries = (
        f"{name} {metadata.version(name)}" for name in ("markdown", "jinja2", "pandas", "frictionless")
    )
    return "\n".join((*libraries, *renderers.versions(renderer)))


@cache
def _code(program: Path) -> bytes:
    """Return a digest of the code in the folder of the program."""
    digest = hashlib.sha256()
    for file in _below(_PROGRAM_NAME, program, True):
        _add(digest, file)
    return digest.digest()


def _add(digest: "hashlib._Hash", file: _Input) -> None:
    """Add a file to a digest, unless it was deleted since it was listed."""
    try:
        # Tables of this size are rejected, and no other input is so large.
        large = file.size > tables.LARGEST_FILE
        if large:
            content = str(file.changed).encode()
        else:
            with open(file.path, "rb") as opened:  # noqa: PTH123 - a text rather than a path, as in _below
                content = opened.read()
    except FileNotFoundError:
        return
    digest.update(f"{file.name} {file.size}\n".encode(errors="surrogateescape"))
    digest.update(content)


def _inputs(root: Path, folder: Path | None = None) -> Iterator[_Input]:
    """Yield every input file but the code; `folder` has the packages if they are not in the project."""
    elsewhere = {_PACKAGES: folder, _PROGRAM_NAME: PROGRAM}
    for name in INPUTS:
        code = False if name == _PROGRAM_NAME else None
        yield from _below(name, elsewhere.get(name) or root / name, code)
    for name in program_files.LOOK:
        if not (path := program_files.find(root, name)).is_relative_to(root):
            yield from _below(name, path)


def _below(name: str, path: Path, code: bool | None = None) -> Iterator[_Input]:
    """Yield the file at a path, or every file below that folder, in a fixed order.

    Of a folder these are only the files with code if `code` is True, and only the others if it is False.
    """
    if not path.is_dir():
        yield from _files([(name, str(path))])
        return
    # With texts rather than paths, because this runs several times in each command.
    start = len(str(path))
    for place, folders, names in os.walk(path):
        folders[:] = sorted(f for f in folders if f != "__pycache__")
        within = name + place[start:].replace(os.sep, "/")
        wanted = sorted(n for n in names if code is None or n.endswith(".py") == code)
        yield from _files((f"{within}/{n}", os.path.join(place, n)) for n in wanted)  # noqa: PTH118 - as above


def _files(listed: Iterable[tuple[str, str]]) -> Iterator[_Input]:
    """Yield those that are files and still there, given the name and place of each."""
    for name, path in listed:
        try:
            look = os.stat(path)  # noqa: PTH116 - as above
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            if error.errno == errno.ELOOP:  # a link to itself
                continue
            raise
        if stat.S_ISREG(look.st_mode):
            yield _Input(name, path, look.st_size, look.st_mtime_ns)
