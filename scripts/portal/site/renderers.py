"""What makes HTML of the generated tree: mkdocs with its theme Material, or their successor Zensical, to try it.

Either runs in a process of its own and is an entry in `RENDERERS`. Zensical reads the settings of mkdocs, but not all
of them mean the same to it; what is different stands in docs/explanation/renderers.md.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import yaml

from portal.core import operating_system
from portal.core.problems import PortalError, Problem
from portal.core.settings import Settings
from portal.site import rendering
from portal.site.rendering import Render, StagedSite

USUAL = "mkdocs"
PINNED = "0.0.73"  # the version of Zensical that the tests hold; pyproject.toml has the same
_MODULES = {"mkdocs-material": "material"}  # packages whose module is called otherwise
# Zensical's settings beside those of mkdocs. Its look called classic is that of the theme Material.
_ZENSICAL = {"INHERIT": "mkdocs.yml", "theme": {"variant": "classic"}}
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_WARNED = re.compile(r"(?:Warning|Error): (.+)\n.*?\[ (\S+?):(\d+):\d+ \]")
# Zensical gives every page a link to its own text, before all else. Pages here have one, after the way out.
_SKIP = re.compile(r'<div data-md-component="skip">.*?</div>', re.DOTALL)
_OWN_INDEX = "search.json"  # all text of the site in one file; Pagefind makes the index here


@dataclass(frozen=True)
class Renderer:
    """A program that makes HTML, and the packages that it consists of."""

    render: Render
    made_of: tuple[str, ...]


def check(name: str) -> None:
    """Raise `PortalError` where a renderer is not installed."""
    missing = [p for p in RENDERERS[name].made_of if not find_spec(_MODULES.get(p, p))]
    if missing:
        message = f"The renderer {name} is not installed here."
        fix = f"Run: .venv/bin/python -m pip install {_wanted(name)}. Or build without --renderer."
        raise PortalError([Problem("--renderer", code="renderer", message=message, fix=fix)])


def versions(name: str) -> Iterator[str]:
    """Yield a renderer and the version of each of its parts; all of them are installed."""
    yield name
    yield from (f"{p} {metadata.version(p)}" for p in RENDERERS[name].made_of)


def _wanted(name: str) -> str:
    return f"zensical=={PINNED}" if name == "zensical" else " ".join(RENDERERS[name].made_of)


def _zensical(settings: Settings, staged: StagedSite, folder: Path) -> None:
    file = settings.build_folder / "zensical.yml"
    file.write_text(yaml.safe_dump(_ZENSICAL), encoding="utf-8")
    command = ["zensical", "build", "--strict", "--clean", "-f", str(file)]
    finished = _run(
        command, settings, staged, PYTHONHASHSEED="0"
    )  # it puts the Markdown extensions into a set
    if finished.returncode:
        raise PortalError(_in_words(_COLOURS.sub("", finished.stdout + finished.stderr), finished.returncode))
    if lost := tuple(_lost(staged, folder)):
        raise PortalError(lost)
    (folder / _OWN_INDEX).unlink(missing_ok=True)
    for page in folder.rglob("*.html"):
        page.write_text(_SKIP.sub("", page.read_text(encoding="utf-8"), count=1), encoding="utf-8")


def _run(
    command: Sequence[str], settings: Settings, staged: StagedSite, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run a module of Python, with the clock set to the newest source so that two builds are the same.

    A fault of the disk that it names is raised as `OSError`.
    """
    environment = {**os.environ, **rendering.environment(staged), **more}
    finished = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=settings.root, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    fault = (
        operating_system.in_what_was_said(finished.stdout + finished.stderr) if finished.returncode else None
    )
    if fault:
        raise fault
    return finished


def _in_words(output: str, code: int) -> Iterable[Problem]:
    """Return what Zensical said when it stopped: each warning with its page and line, or else its last line."""
    fix = "Mend the page or link that it names."
    warned = [
        Problem(f"(made) {file}", int(row), code="zensical", message=f"Zensical says: {message.strip()}.", fix=fix)
        for message, file, row in _WARNED.findall(output)
    ]  # fmt: skip
    last = (output.strip().splitlines() or [f"It stopped without saying why (code {code})."])[-1]
    fix = "If it names a template, mend that. Else build without --renderer."
    return warned or [Problem("site_src", code="zensical", message=f"Zensical says: {last[:300]}", fix=fix)]


def _lost(staged: StagedSite, folder: Path) -> Iterator[Problem]:
    """Pages and files that Zensical was given and did not make, of which it says nothing itself."""
    wanted = {
        **{f"{page.removesuffix('.md')}.html": (page, None) for page in staged.pages},
        **{n: (n, size) for n, size in staged.sizes.items()},
    }
    for html, (name, size) in wanted.items():
        path = folder / html
        if not path.is_file() or size not in (None, path.stat().st_size):
            fix = "Build without --renderer."
            yield Problem(f"(made) {name}", code="zensical", message="Zensical left this out.", fix=fix)


RENDERERS: Mapping[str, Renderer] = {
    USUAL: Renderer(rendering.render, ("mkdocs", "mkdocs-material")),
    "zensical": Renderer(_zensical, ("zensical",)),
}
