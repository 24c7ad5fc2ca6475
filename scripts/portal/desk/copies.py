"""Copies of the project in `build/desk`: one to check what a change would make of it, one to build the preview from."""

import filecmp
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from portal.core import operating_system
from portal.desk.journal import FOLDER
from portal.editing import planned_changes
from portal.releases.releasing import Project
from portal.site import building

_COPIED = ("data_packages", "site_src", "mkdocs.yml")
_LINKED = ("node_modules", "build/cache")
# Packages that hold no figures and nothing that is computed from them: the audit of small counts has nothing to find.
_WITHOUT_FIGURES = ("routes", "services", "glossary", "sources", "releases")


@contextmanager
def candidate(root: Path, files: Mapping[Path, bytes | None]) -> Iterator[Path]:
    """Yield the folder of a copy of the project in which files have other bytes, or are gone where these are None."""
    folder = root / FOLDER / "candidate"
    operating_system.delete_folder(folder)
    try:
        refresh(root, folder)
        planned_changes.write_into_copy(files, root, folder)
        yield folder
    finally:
        operating_system.delete_folder(folder)


def check(root: Path, files: Mapping[Path, bytes | None], kind: str = "") -> Project:
    """Return the project as it would be with these files, after every check of `portal check`.

    `kind` is the kind of the only package that changes, if there is only one.

    Raises:
        PortalError: with every problem.
    """
    with candidate(root, files) as folder:
        project = building.project(folder)
        if kind not in _WITHOUT_FIGURES:
            building.allowed(project)
        return project


def refresh(root: Path, folder: Path) -> None:
    """Make a folder a copy of the project: what differs is copied, what is gone is removed."""
    for name in _COPIED:
        _mirror(root / name, folder / name)
    for name in _LINKED:
        target, link = root / name, folder / name
        if target.exists() and not link.exists():
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(target.resolve(), target_is_directory=True)


def _mirror(source: Path, target: Path) -> None:
    if source.is_dir():
        target.mkdir(parents=True, exist_ok=True)
        names = {p.name for p in source.iterdir()}
        for extra in [p for p in target.iterdir() if p.name not in names]:
            operating_system.delete_folder(extra) if extra.is_dir() else extra.unlink()
        for path in source.iterdir():
            _mirror(path, target / path.name)
    elif source.is_file() and not (target.is_file() and filecmp.cmp(source, target, shallow=False)):
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
