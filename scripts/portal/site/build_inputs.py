"""List what a site is built from, and work out a digest of it, so that an unchanged site is not built again."""

import hashlib
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from portal.charts import svg
from portal.core import periods, program_files
from portal.data import tables
from portal.site import chromium, fonts, renderers, search_index

# The program, which can be in another folder than the project.
PROGRAM = Path(__file__).parents[1]
# The chart library and the fonts, which npm installs.
INSTALLED = (svg.LIBRARY, *fonts.FONTS.values())
INPUTS = ("data_packages", "site_src", "scripts/portal", "mkdocs.yml", *map(str, INSTALLED))


def fingerprint(root: Path, renderer: str = renderers.USUAL, folder: Path | None = None) -> str:
    """Return a digest of all inputs and tools of a build; `folder` has the packages if they are not in the project.

    It includes today's date, because pages say how old the latest news about a promise is, and whether it is late.
    """
    digest = hashlib.sha256(f"{periods.today()}\n".encode())
    for name in ("markdown", "jinja2", "pandas", "frictionless"):
        digest.update(f"{name} {metadata.version(name)}\n".encode())
    digest.update("\n".join(renderers.versions(renderer)).encode())
    digest.update(f"{sys.version_info[:2]} {chromium.find_browser()} {search_index.version()}\n".encode())
    for path in inputs(root, folder):
        try:
            look = path.stat()
        except FileNotFoundError:  # deleted since it was listed
            continue
        bases = (*((folder.parent,) if folder else ()), root, PROGRAM.parent, program_files.home())
        below = path.relative_to(next(b for b in bases if path.is_relative_to(b)))
        digest.update(f"{below.as_posix()} {look.st_size}\n".encode())
        # Tables of this size are rejected, and no other input is so large.
        if look.st_size > tables.LARGEST_FILE:
            digest.update(str(look.st_mtime_ns).encode())
            continue
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def inputs(root: Path, folder: Path | None = None) -> Iterator[Path]:
    """Yield every input file in a fixed order; `folder` has the packages if they are not in the project."""
    program = () if (root / "scripts" / "portal").exists() else (PROGRAM,)
    look = (
        path
        for name in program_files.LOOK
        if not (path := program_files.find(root, name)).is_relative_to(root)
    )
    for path in (folder or root / INPUTS[0], *(root / name for name in INPUTS[1:]), *program, *look):
        paths = sorted(path.rglob("*")) if path.is_dir() else [path]
        yield from (p for p in paths if p.is_file() and "__pycache__" not in p.parts)
