"""Small projects for the tests: the tiny portal in a folder of its own, with this repository's templates and theme."""

import contextlib
import io
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import describe
import pytest
from portal.cli import commands
from portal.site import build_inputs
from selectolax.lexbor import LexborHTMLParser, LexborNode

ROOT = Path(__file__).resolve().parent.parent
TINY = ROOT / "tests" / "tiny"
SHARED = ROOT.parent / "shared"
# Before a command that must be held to permissions: root is not, so it gives that up.
HELD = (
    ("setpriv", "--inh-caps=-all", "--bounding-set=-dac_override,-dac_read_search,-fowner")
    if getattr(os, "geteuid", lambda: 1)() == 0  # Windows has no such call
    else ()
)
THOROUGH = "PORTAL_TESTS_THOROUGH"  # set in the environment where pytest was given --thorough


def is_thorough() -> bool:
    """Return True if the tests are to take their time."""
    return THOROUGH in os.environ


def examples(number: int) -> int:
    """Return how many examples a property is tried on: `number` in a thorough run, else a quarter, but at least three."""
    return number if is_thorough() else max(3, number // 4)


def copy_tiny(folder: Path) -> Path:
    """Copy the settings and packages of the tiny portal into `folder`, but nothing that a command run there left behind."""
    return Path(
        shutil.copytree(
            TINY,
            folder,
            dirs_exist_ok=True,
            ignore=shutil.ignore_patterns("build"),
            copy_function=shutil.copyfile,
        )
    )


def make_project(folder: Path, overlay: Path | None = None) -> Path:
    """Copy the tiny portal into `folder`, then the files of `overlay` over it; `remove.txt` there names files to delete."""
    copy_tiny(folder)
    for part in ("templates", "theme", "assets"):
        shutil.copytree(
            ROOT / "site_src" / part,
            folder / "site_src" / part,
            dirs_exist_ok=True,
            copy_function=shutil.copyfile,
        )
    shutil.copy(ROOT / "mkdocs.yml", folder)
    (folder / "scripts").mkdir(exist_ok=True)
    (folder / "scripts" / "portal").symlink_to(ROOT / "scripts" / "portal")
    for path in build_inputs.INSTALLED:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, folder / path)
    # Drawings are named by what they show, so all projects can share them.
    cache = ROOT / "build" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    (folder / "build").mkdir(exist_ok=True)
    if not (folder / "build" / "cache").exists():
        (folder / "build" / "cache").symlink_to(cache)
    if overlay:
        shutil.copytree(
            overlay, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("expected.txt", "remove.txt")
        )
        removed = overlay / "remove.txt"
        for name in removed.read_text().split() if removed.exists() else []:
            path = folder / name
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    return folder


def tree_of(folder: Path) -> dict[str, bytes]:
    """Every file below a folder with its content."""
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()
    }


def first(place: LexborHTMLParser | LexborNode, selector: str) -> LexborNode:
    """Return the first element of a page, or within an element, that a CSS selector selects."""
    found = place.css_first(selector)
    assert found is not None, selector
    return found


def run(root: Path, *arguments: str) -> int:
    """Run a command in a project and return its exit code."""
    return commands.main(["--project", str(root), *arguments])


@dataclass(frozen=True)
class Told:
    """What a command ended with and what it printed."""

    returncode: int
    stdout: str
    stderr: str


def ask(root: Path, *arguments: str) -> Told:
    """Run a command in a project, with nobody there to answer its questions."""
    out, errors = io.StringIO(), io.StringIO()
    with (
        Path(os.devnull).open() as nobody,
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(errors),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(sys, "stdin", nobody)
        code = run(root, *arguments)
    return Told(code, out.getvalue(), errors.getvalue())


def describe_package(folder: Path) -> None:
    """Bring the descriptor of a package up to date with its tables."""
    describe.main([str(folder)])


def set_site(root: Path, **values: str) -> None:
    """Add settings to the part `site` of a project's settings, such as its public address."""
    lines = "".join(f'{name} = "{value}"\n' for name, value in values.items())
    edit(root, "[site]\n", f"[site]\n{lines}", "site_src/portal.toml")


def edit(root: Path, old: str, new: str, file: str = "data_packages/figures/data/observations.csv") -> None:
    """Replace a text that a file of a project has."""
    text = (root / file).read_text()
    assert old in text
    (root / file).write_text(text.replace(old, new))
