"""Plan a change of the packages: check everything as it would become, and write only if that passes."""

import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from portal.core import operating_system
from portal.core.problems import PortalError, Problem
from portal.core.settings import Settings
from portal.releases import releasing
from portal.releases.releasing import Project
from portal.site import building

Rename = Callable[[Problem], Problem]


@dataclass(frozen=True)
class PlannedChange:
    """A change that can be written: what it does in words, and the new bytes of each file.

    With `problems` it cannot be written. `warnings` are those that the change brings. `before` is what each file had
    when the change was planned; None for a new file.
    """

    summary: str
    files: Mapping[Path, bytes]
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    before: Mapping[Path, bytes | None] | None = None

    def write(self) -> None:
        """Write every file, or none.

        Raises:
            PortalError: the change has problems, or a file was changed since it was planned.
        """
        if self.problems:
            raise PortalError(self.problems)
        for path, data in (self.before or {}).items():
            if _bytes_of(path) != data:
                message = "The file was changed after this change was planned."
                raise PortalError([Problem(path.name, code="changed", message=message, fix="Try again.")])
        with releasing.restored(self.files):
            for path in self.files:
                path.parent.mkdir(parents=True, exist_ok=True)
            releasing.write(self.files)


@dataclass(frozen=True)
class CurrentState:
    """The packages before a change: the project if it can be read, else all of its problems.

    Whether its small counts are protected is checked only if they are not after the change, because it takes longest.
    """

    settings: Settings
    project: Project | None
    problems: tuple[Problem, ...] = ()


def look(settings: Settings) -> CurrentState:
    """Return the state of the packages now."""
    try:
        return CurrentState(settings, building.project_of(settings))
    except PortalError as error:
        return CurrentState(settings, None, error.problems)


def _problems_before(now: CurrentState) -> tuple[Problem, ...]:
    """Return every problem that the packages had before a change."""
    if now.project is None:
        return now.problems
    try:
        building.allowed(now.project)
    except PortalError as error:
        return error.problems
    return ()


def refused(summary: str, problems: Iterable[Problem]) -> PlannedChange:
    """Return a change that cannot be written, because of these problems."""
    return PlannedChange(summary, {}, tuple(problems))


def plan(
    now: CurrentState,
    summary: str,
    files: Mapping[Path, bytes],
    named: Rename,
    package: str = "",
) -> PlannedChange:
    """Return the change with the problems and warnings that it would bring.

    Problems that were there before do not count unless they are in a file that changes. `named` puts the place of a
    problem in words that whoever makes the change knows. `package` is the name of a package that is added.
    """
    before = {path: _bytes_of(path) for path in files}
    names = {path.relative_to(now.settings.root).as_posix() for path in files}
    problems, warnings = _outcome(now, files, package)
    known = _problems_before(now) if problems else ()
    fresh = [p for p in problems if p not in known or p.file in names]
    return PlannedChange(summary, files, tuple(map(named, fresh)), warnings, before)


def _outcome(
    now: CurrentState, files: Mapping[Path, bytes], package: str
) -> tuple[tuple[Problem, ...], tuple[Problem, ...]]:
    """Return the problems of the packages with these files, and the warnings that they did not have before.

    The packages are checked in a copy, so nothing is written where a build would read it.
    """
    build = now.settings.build_folder
    build.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=build, prefix="planned-"))
    try:
        shutil.copytree(now.settings.packages_folder, folder / "data_packages")
        write_into_copy(files, now.settings.packages_folder, folder / "data_packages")
        listed = (*now.settings.packages, package) if package else now.settings.packages
        project = building.project_of(replace(now.settings, public=folder, packages=listed))
        building.allowed(project)
        if now.project is None:
            return (), ()
        known = {p.name for p in building.warnings(now.project)}
        return (), tuple(p for p in building.warnings(project) if p.name not in known)
    except PortalError as error:
        return error.problems, ()
    finally:
        operating_system.delete_folder(folder)


def write_into_copy(files: Mapping[Path, bytes | None], folder: Path, copy: Path) -> None:
    """Make files as they would be in a copy of a folder: with their new bytes, or gone where these are None.

    Files outside the folder are left alone.
    """
    for path, data in files.items():
        if not path.is_relative_to(folder):
            continue
        copied = copy / path.relative_to(folder)
        if data is None:
            copied.unlink(missing_ok=True)
        else:
            copied.parent.mkdir(parents=True, exist_ok=True)
            copied.write_bytes(data)


def _bytes_of(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None
