"""Write changes so that a crash loses nothing that was confirmed, and undo them until they are released.

A change is first stored whole, with the bytes before and after it, then confirmed by one rename, then carried out. When
the desk starts, `recover` finishes what was confirmed and not carried out. Bytes are kept once, named by their digest.
"""

import hashlib
import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from portal.core import operating_system, periods
from portal.core.problems import PortalError, Problem
from portal.core.settings import FILE as SETTINGS_FILE
from portal.data import csv_editing

FOLDER = Path("build") / "desk"
PACKAGES = "data_packages"
Result = TypeVar("Result")
_CONFIRMED, _DONE = "entry.json", "done"


class StaleError(Exception):
    """The packages have changed since the page with this form was made, so nothing was written."""


@dataclass(frozen=True)
class WrittenFile:
    """A file of a change: its path in the project, and the digests before and after; empty where there is no file."""

    path: str
    before: str
    after: str


@dataclass(frozen=True)
class Entry:
    """One change: what was done, by whom, when (UTC), and after which releases.

    `undoes` is the number of the change that it takes back, or 0.
    """

    number: int
    what: str
    who: str
    when: str
    released: str
    files: tuple[WrittenFile, ...]
    undoes: int = 0


@dataclass(frozen=True)
class Listed:
    """An entry and its state: whether it has been taken back, and why it cannot be, if it cannot."""

    entry: Entry
    undone: bool
    obstacle: str


class Journal:
    """The journal of one project. One thread writes at a time."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._writing = threading.Lock()

    @cached_property
    def _folder(self) -> Path:
        folder = self._root / FOLDER
        for name in ("journal", "bytes"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        return folder

    # --- what is there

    def version(self) -> str:
        """Return a digest of the packages and the settings: it differs after any change to them, whoever made it."""
        digest = hashlib.sha256()
        for path in (*sorted((self._root / PACKAGES).rglob("*")), self._root / SETTINGS_FILE):
            if path.is_file() and not path.name.endswith((".part", ".new")):
                name = path.relative_to(self._root).as_posix()
                digest.update(f"{name} {_digest(path.read_bytes())}\n".encode())
        return digest.hexdigest()[:24]

    def released(self) -> str:
        """Return the ids of all releases: a change made before the last of them can no longer be undone."""
        lists = sorted((self._root / PACKAGES).glob("*/data/releases.csv"))
        return ";".join(
            row.get("id", "") for path in lists for row in csv_editing.read_rows(path.read_bytes())
        )

    def entries(self) -> tuple[Entry, ...]:
        """Return every confirmed change, the oldest first."""
        return tuple(_entry(path) for path in self._confirmed())

    def listed(self) -> tuple[Listed, ...]:
        """Return every change with its state, the newest first."""
        released, entries = self.released(), self.entries()
        undone: set[int] = set()
        for entry in reversed(entries):
            if entry.undoes and entry.number not in undone:
                undone.add(entry.undoes)
        return tuple(
            Listed(e, e.number in undone, self._obstacle(e, e.number in undone, released))
            for e in reversed(entries)
        )

    def _obstacle(self, entry: Entry, undone: bool, released: str) -> str:
        if undone:
            return "It has been undone."
        if not entry.files:
            return "There is nothing to undo here: it is written down so that you know what was done."
        if entry.released != released:
            changes_releases = any(f.path.endswith("/releases.csv") for f in entry.files)
            return (
                "It changed the list of releases, which cannot be undone here."
                if changes_releases
                else "It is part of a release, and a release is never changed."
            )
        if any(self._now(f.path) != f.after for f in entry.files):
            return "A later change is on top of it. Undo that first."
        if any(f.before and not self._path_of(f.before).exists() for f in entry.files):
            return "What was there before has been deleted, because figures were withdrawn since."
        return ""

    # --- writing

    def write(
        self, files: Mapping[Path, bytes | None], what: str, who: str, version: str | None = None
    ) -> Entry | None:
        """Write files, None for one to remove, as one change; return it, or None if all files are like this already.

        `version` is what `version` returned when the form was made; None writes whatever it is now.

        Raises:
            StaleError: the packages have changed since then.
        """
        with self._writing:
            if version is not None and version != self.version():
                raise StaleError
            return self._write(files, what, who)

    def record(self, do: Callable[[], Result], what: str, who: str, version: str | None = None) -> Result:
        """Do something that writes its files by itself, and write down that it was done; return its result.

        It cannot be undone here, so no bytes of it are kept. `version` is as in `write`.

        Raises:
            StaleError: as `write`. Nothing was done.
        """
        with self._writing:
            if version is not None and version != self.version():
                raise StaleError
            result = do()
            self._confirm(what, who, ())
            return result

    def forget(self) -> None:
        """Delete the bytes of every change, because they can hold figures that are withdrawn; the list of changes stays."""
        with self._writing:
            for path in (self._folder / "bytes").iterdir():
                path.unlink()

    def undo(self, number: int, who: str, version: str | None = None) -> Entry:
        """Take a change back: each of its files gets the bytes that it had before.

        Raises:
            StaleError: as `write`.
            PortalError: there is no such change, or it cannot be undone.
        """
        with self._writing:
            if version is not None and version != self.version():
                raise StaleError
            found = next((x for x in self.listed() if x.entry.number == number), None)
            obstacle = found.obstacle if found else "There is no such change."
            if found is None or obstacle:
                fix = "Look at the list of changes."
                raise PortalError([Problem("journal", code="undo", message=obstacle, fix=fix)])
            entry = found.entry
            before = {self._root / f.path: self._kept(f.before) if f.before else None for f in entry.files}
            done = self._write(before, f"Undone: {entry.what}", who, entry.number)
            assert done is not None  # noqa: S101 - the files differ, or there would have been an obstacle
            return done

    def recover(self) -> tuple[Problem, ...]:
        """Finish every change that was confirmed and not carried out.

        Return a problem for each file that someone has changed in between, which stays as it is.
        """
        problems: list[Problem] = []
        for path in self._confirmed():
            if not (path / _DONE).exists():
                problems += self._carry_out(_entry(path))
        return tuple(problems)

    def _write(
        self, files: Mapping[Path, bytes | None], what: str, who: str, undoes: int = 0
    ) -> Entry | None:
        written = []
        for path, content in files.items():
            name = path.relative_to(self._root).as_posix()
            before, after = self._keep_now(name), self._keep(content)
            if before != after:
                written.append(WrittenFile(name, before, after))
        if not written:
            return None
        entry = self._confirm(what, who, written, undoes)
        self._carry_out(entry)
        return entry

    def _confirm(self, what: str, who: str, written: Iterable[WrittenFile], undoes: int = 0) -> Entry:
        number = max((int(p.name) for p in (self._folder / "journal").iterdir()), default=0) + 1
        when = f"{periods.now():%Y-%m-%dT%H:%M:%SZ}"
        entry = Entry(number, what, who, when, self.released(), tuple(written), undoes)
        home = self._home(number)
        home.mkdir()
        text = json.dumps(asdict(entry), ensure_ascii=False, indent=1)
        operating_system.write_atomically(home / _CONFIRMED, text.encode())  # from here on it counts
        return entry

    def _carry_out(self, entry: Entry) -> Iterator[Problem]:
        problems = []
        for file in entry.files:
            now = self._now(file.path)
            path = self._root / file.path
            if now == file.before and now != file.after:
                if file.after:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    operating_system.write_atomically(path, self._kept(file.after))
                else:
                    path.unlink()
            elif now != file.after:
                message = f"“{entry.what}” was interrupted, and the file has been changed since."
                fix = "Check the file. What should have been written is kept in build/desk/bytes."
                problems.append(Problem(file.path, code="journal", message=message, fix=fix))
        operating_system.write_atomically(self._home(entry.number) / _DONE, b"")
        return iter(problems)

    # --- files

    def _home(self, number: int) -> Path:
        return self._folder / "journal" / f"{number:06}"

    def _confirmed(self) -> list[Path]:
        return sorted(p for p in (self._folder / "journal").iterdir() if (p / _CONFIRMED).exists())

    def _now(self, name: str) -> str:
        path = self._root / name
        return _digest(path.read_bytes()) if path.is_file() else ""

    def _keep_now(self, name: str) -> str:
        path = self._root / name
        return self._keep(path.read_bytes() if path.is_file() else None)

    def _keep(self, content: bytes | None) -> str:
        if content is None:
            return ""
        digest = _digest(content)
        path = self._path_of(digest)
        if not path.exists():
            operating_system.write_atomically(path, content)
        return digest

    def _kept(self, digest: str) -> bytes:
        return self._path_of(digest).read_bytes()

    def _path_of(self, digest: str) -> Path:
        return self._folder / "bytes" / digest


def _entry(home: Path) -> Entry:
    raw = json.loads((home / _CONFIRMED).read_text(encoding="utf-8"))
    return Entry(**{**raw, "files": tuple(WrittenFile(**f) for f in raw["files"])})


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
