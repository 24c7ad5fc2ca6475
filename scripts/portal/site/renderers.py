"""Choose what renders the generated Markdown as HTML: mkdocs with the theme Material, or Zensical, on trial.

Each renderer is an entry in `RENDERERS`. Zensical reads the settings of mkdocs but interprets some of them differently;
see docs/explanation/renderers.md.
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
PINNED = "0.0.73"  # the version of Zensical that is tested; keep it equal to pyproject.toml
_MODULES = {"mkdocs-material": "material"}  # packages whose module has a different name
# Settings of Zensical in addition to those of mkdocs. Its variant classic looks like the theme Material.
_ZENSICAL = {"INHERIT": "mkdocs.yml", "theme": {"variant": "classic"}}
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_WARNED = re.compile(r"(?:Warning|Error): (.+)\n.*?\[ (\S+?):(\d+):\d+ \]")
# Zensical puts a skip link first on every page. Our pages have their own, after the exit button.
_SKIP = re.compile(r'<div data-md-component="skip">.*?</div>', re.DOTALL)
_OWN_INDEX = "search.json"  # Zensical's search index, which we do not use: Pagefind makes ours


@dataclass(frozen=True)
class Renderer:
    """A function that makes HTML, and the packages that it needs."""

    render: Render
    made_of: tuple[str, ...]


def check(name: str) -> None:
    """Check that a renderer is installed.

    Raises:
        PortalError: one of its packages is missing.
    """
    missing = [p for p in RENDERERS[name].made_of if not find_spec(_MODULES.get(p, p))]
    if missing:
        message = f"The renderer {name} is not installed here."
        fix = f"Run: .venv/bin/python -m pip install {_wanted(name)}. Or build without --renderer."
        raise PortalError([Problem("--renderer", code="renderer", message=message, fix=fix)])


def versions(name: str) -> Iterator[str]:
    """Yield the name of an installed renderer, then each of its packages with the version."""
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
    """Run a Python module with the clock set to the newest source, so that builds are reproducible.

    Raises:
        OSError: the module failed and its output names a fault of the disk.
    """
    environment = {**os.environ, **rendering.environment(staged), "PYTHONUTF8": "1", **more}
    finished = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=settings.root, env=environment, capture_output=True, check=False,
        encoding="utf-8", errors="replace",  # Windows would decode with its own code page
    )  # fmt: skip
    fault = (
        operating_system.error_in_output(finished.stdout + finished.stderr) if finished.returncode else None
    )
    if fault:
        raise fault
    return finished


def _in_words(output: str, code: int) -> Iterable[Problem]:
    """Return the output of a failed Zensical as problems: each warning with its page and line, or else its last line."""
    fix = "Correct the page or link that it names."
    warned = [
        Problem(f"(made) {file}", int(row), code="zensical", message=f"Zensical says: {message.strip()}.", fix=fix)
        for message, file, row in _WARNED.findall(output)
    ]  # fmt: skip
    last = (output.strip().splitlines() or [f"It stopped without saying why (code {code})."])[-1]
    fix = "If it names a template, correct that. Otherwise build without --renderer."
    return warned or [Problem("site_src", code="zensical", message=f"Zensical says: {last[:300]}", fix=fix)]


def _lost(staged: StagedSite, folder: Path) -> Iterator[Problem]:
    """Yield a problem for each page or file that Zensical left out, which it does not report."""
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
