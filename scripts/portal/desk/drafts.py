"""Files that were brought in and are not written to the packages yet, with everything that was chosen about them.

Each is a folder below `build/desk/drafts`, so that nothing is lost when the desk or the computer stops.
"""

import json
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO

from portal.core import input_files, operating_system, periods
from portal.core.problems import PortalError, Problem
from portal.desk.journal import FOLDER
from portal.importers.importing import PlannedImport
from portal.importers.spreadsheets.workbooks import CellEdit

_ID = re.compile(r"[0-9a-f]{16}")
_CHUNK = 1 << 20
MOST_FILES = 40


@dataclass(frozen=True)
class Draft:
    """What was brought in: its files, and how to read them.

    `format` is a format of `portal import`, empty while it is not known. `answers` are answers to questions by their
    key, `edits` cells to read otherwise. `source` is the id of a source, empty for a new one. `fetched` is the day on which
    the desk downloaded it from `url`; both are empty for a file that was dropped. `read_as` says as what to read headings and
    names of a table that is not ours, `given` what it does not say.
    """

    id: str
    files: tuple[str, ...]
    added: str
    format: str = ""
    package: str = ""
    resource: str = ""
    sheet: str = ""
    replaced: bool = False
    source: str = ""
    until: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)
    edits: tuple[CellEdit, ...] = ()
    fetched: str = ""
    url: str = ""
    read_as: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Return what to call it: the name of its file, and how many more there are."""
        more = len(self.files) - 1
        return self.files[0] + (f" and {more} more" if more else "")


@dataclass(frozen=True)
class KeptPlan:
    """What a draft would write, as it was shown, and the version of the packages that it was made for."""

    version: str
    report: tuple[str, ...]
    files: Mapping[str, str]  # by the path in the project


class DraftStore:
    """The drafts of one project."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._folder = root / FOLDER / "drafts"

    def add(self, files: Iterable[tuple[str, IO[bytes]]]) -> Draft:
        """Keep files that were dropped, each under its own name without any folder.

        Raises:
            PortalError: there is no file, there are too many, or one is too large or empty.
        """
        id_ = secrets.token_hex(8)
        home = self._folder / id_
        home.mkdir(parents=True)
        names: list[str] = []
        try:
            for name, stream in files:
                names.append(_store(home, _plain_name(name, names), stream))
                if len(names) > MOST_FILES:
                    fix = "Bring them in a few at a time."
                    raise PortalError([_wrong(f"There are more than {MOST_FILES} files.", fix)])
            if not names:
                raise PortalError([_wrong("No file was chosen.", "Choose a file, then press the button.")])
        except BaseException:
            operating_system.delete_folder(home)
            raise
        draft = Draft(id_, tuple(names), f"{periods.now():%Y-%m-%dT%H:%M:%SZ}")
        self.keep(draft)
        return draft

    def keep(self, draft: Draft) -> None:
        """Write down what was chosen."""
        text = json.dumps(asdict(draft), ensure_ascii=False, indent=1)
        operating_system.write_atomically(self._folder / draft.id / "draft.json", text.encode())

    def find(self, id_: str) -> Draft | None:
        """Return a draft, None if there is none with this id."""
        path = self._folder / id_ / "draft.json"
        if not _ID.fullmatch(id_) or not path.is_file():
            return None
        raw = json.loads(path.read_text(encoding="utf-8"))
        lists = {"files": tuple(raw["files"]), "edits": tuple(CellEdit(**e) for e in raw["edits"])}
        return Draft(**{**raw, **lists})

    def all(self) -> tuple[Draft, ...]:
        """Return every draft, the newest first."""
        folders = self._folder.iterdir() if self._folder.is_dir() else ()
        found = [d for p in folders if (d := self.find(p.name))]
        return tuple(sorted(found, key=lambda d: (d.added, d.id), reverse=True))

    def paths(self, draft: Draft) -> tuple[Path, ...]:
        """Return the files of a draft."""
        return tuple(self._folder / draft.id / "files" / name for name in draft.files)

    def remove(self, draft: Draft) -> None:
        """Delete a draft and its files."""
        operating_system.delete_folder(self._folder / draft.id)

    def keep_plan(self, draft: Draft, plan: PlannedImport, version: str) -> None:
        """Keep what a draft would write, so that exactly what was shown is what is written."""
        files = {p.relative_to(self._root).as_posix(): text for p, text in plan.files.items()}
        kept = {"version": version, "report": plan.report, "files": files}
        path = self._folder / draft.id / "plan.json"
        operating_system.write_atomically(path, json.dumps(kept, ensure_ascii=False).encode())

    def drop_plan(self, draft: Draft) -> None:
        """Forget what a draft would write, because it is read otherwise now."""
        (self._folder / draft.id / "plan.json").unlink(missing_ok=True)

    def plan(self, draft: Draft) -> KeptPlan | None:
        """Return what a draft would write, None if that is not known."""
        path = self._folder / draft.id / "plan.json"
        if not path.is_file():
            return None
        raw = json.loads(path.read_text(encoding="utf-8"))
        return KeptPlan(raw["version"], tuple(raw["report"]), raw["files"])


def changed(draft: Draft, **choices: object) -> Draft:
    """Return a draft with other choices."""
    return replace(draft, **choices)  # type: ignore[arg-type]


def _plain_name(name: str, taken: Iterable[str]) -> str:
    """Return the name of a file without folders and without characters that a file system could read otherwise."""
    last = re.split(r"[/\\]", name)[-1]
    plain = re.sub(r"[^\w .()+-]", "_", last).strip(" .")[-100:].lstrip(". ") or "file"
    return plain if plain not in set(taken) else f"{secrets.token_hex(2)}-{plain}"


def _store(home: Path, name: str, stream: IO[bytes]) -> str:
    folder = home / "files"
    folder.mkdir(exist_ok=True)
    size = 0
    with (folder / name).open("wb") as file:
        while chunk := stream.read(_CHUNK):
            size += len(chunk)
            if size > input_files.LARGEST_FILE:
                most = f"{input_files.LARGEST_FILE // 1_000_000} MB"
                raise PortalError(
                    [_wrong(f"{name} is larger than {most}.", "Check that it is the right file.")]
                )
            file.write(chunk)
    if not size:
        raise PortalError([_wrong(f"{name} is empty.", "Choose the file again.")])
    return name


def _wrong(message: str, fix: str) -> Problem:
    return Problem("file", code="upload", message=message, fix=fix)
