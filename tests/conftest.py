"""What the tests share: the real portal, the tiny one, one build of each, and a browser that reads the real one."""

import contextlib
import fcntl
import os
import pickle
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from browser import SLOW, Tabs, kept_tabs, opened, served
from playwright.sync_api import Browser, Page
from portal.core.remembered import Remembered
from portal.core.settings import Settings
from portal.data import tables
from portal.disclosure.clearing import ClearedContent
from portal.importers.shared import published_workbooks
from portal.site import building, publishing
from project import ROOT, THOROUGH, is_thorough, make_project

Read = Callable[..., Any]

# No example is held to a time: the first one may have to load a library, and then fails on a slow or busy machine.
# How fast the machine is at the moment decides nothing: neither a deadline, nor how long examples take to make.
hypothesis.settings.register_profile(
    "portal", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("portal")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="write the golden tree anew instead of comparing"
    )
    parser.addoption(
        "--thorough", action="store_true", help="run the tests marked thorough too, and try more examples"
    )
    parser.addoption(
        "--slow-browser", action="store_true", help="find tests that read a page before it is ready"
    )


# Memory in place of a disk, where Linux has it; what the tests write there comes to 1 GB.
_MEMORY, _ROOM = Path("/dev/shm"), 4_000_000_000  # bytes


def _has_memory_for_files() -> bool:
    """Return True if files can be kept in memory, and programs among them run."""
    if not _MEMORY.is_dir():
        return False
    look = os.statvfs(_MEMORY)
    return look.f_bavail * look.f_frsize > _ROOM and not look.f_flag & os.ST_NOEXEC


def pytest_configure(config: pytest.Config) -> None:
    if "TMPDIR" not in os.environ and _has_memory_for_files():
        os.environ["TMPDIR"] = tempfile.tempdir = str(_MEMORY)
    if config.getoption("--thorough"):
        os.environ[THOROUGH] = "yes"
    if config.getoption("--slow-browser"):
        os.environ[SLOW] = "yes"
    if config.getoption("--update-golden") and os.environ.get("CI"):
        sys.exit(
            "--update-golden is not for CI: look at the differences, update on your own machine and commit."
        )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out tests marked thorough, unless they are asked for."""
    if not is_thorough():
        left_out = [i for i in items if i.get_closest_marker("thorough")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [i for i in items if i not in left_out]


@contextlib.contextmanager
def in_turn(name: str, run: str) -> Iterator[Path]:
    """Let the processes of a run in one at a time; yield the file in which the first leaves for the others what it made.

    The name of the run is part of the file's, so that what an earlier run made is never taken for this one's.
    """
    notes = ROOT / "build" / "tests"
    notes.mkdir(parents=True, exist_ok=True)
    with (notes / name).open("a") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        note = notes / f"{name}-{run}"
        for other in notes.glob(f"{name}-*"):
            if other != note:
                other.unlink()
        yield note


@pytest.fixture(scope="session")
def checked(request: pytest.FixtureRequest, testrun_uid: str) -> tuple[Settings, ClearedContent]:
    """The settings and content of this repository's own packages, checked by the first of the processes that test.

    The others know from then on which tables passed, and what follows from their figures. Where some test needs the
    site, it is built first, because that leaves what the check found.
    """
    if any("real_site" in getattr(item, "fixturenames", ()) for item in request.session.items):
        request.getfixturevalue("real_site")
    with in_turn("check", testrun_uid) as note:
        if not note.exists():
            note.write_bytes(pickle.dumps((building.check(ROOT), Remembered._here)))
        found: tuple[Settings, ClearedContent]
        found, remembered = pickle.loads(note.read_bytes())
    Remembered._here.update(remembered)
    return found


@pytest.fixture(scope="session")
def real(checked: tuple[Settings, ClearedContent]) -> ClearedContent:
    """The content of this repository's own packages."""
    return checked[1]


@pytest.fixture(scope="session")
def real_site(testrun_uid: str) -> Path:
    """This repository's site, built by the first of the processes that test; the others wait for it and use it.

    The command builds it, which uses both processors; a process that tests has several threads, and cannot.
    """
    with in_turn("site", testrun_uid) as note:
        if not note.exists() or publishing.intact(Path(note.read_text())) != ():
            with in_turn("check", testrun_uid) as found:
                command = [sys.executable, str(ROOT / "tests" / "built.py"), str(ROOT), str(found)]
                subprocess.run(command, check=True)
            note.write_text(str((ROOT / "build" / "site").resolve()))
        return Path(note.read_text())


@pytest.fixture(scope="session")
def address(real_site: Path) -> Iterator[str]:
    """Where this repository's site is served, ending in a slash."""
    with served(real_site) as at:
        yield at


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with opened() as browser:
        yield browser


@pytest.fixture(scope="session")
def tab(chromium: Browser) -> Tabs:
    """Return an empty tab of a width, a height and other options, which the tests of this process use one after the other."""
    return kept_tabs(chromium)


@pytest.fixture(params=[360, pytest.param(1280, marks=pytest.mark.thorough)], ids=["phone", "wide"])
def page(request: pytest.FixtureRequest, tab: Tabs) -> Page:
    """An empty page on a phone; in a thorough run, and in tests marked BOTH (tests/browser.py), on a wide screen too."""
    return tab(request.param)


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A copy of the tiny portal that a test may change."""
    return make_project(tmp_path / "tiny")


@pytest.fixture(scope="session")
def tiny_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny portal's project folder, built once; not to be changed."""
    root = make_project(tmp_path_factory.mktemp("built") / "tiny")
    building.build(root, lambda step: None)
    return root


@pytest.fixture
def built(tiny_site: Path, tmp_path: Path) -> Path:
    """A copy of the tiny portal with its site in place, which a test may change."""
    return Path(shutil.copytree(tiny_site, tmp_path / "built", symlinks=True))


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny portal, for tests that write nothing into it."""
    return make_project(tmp_path_factory.mktemp("untouched") / "tiny")


@pytest.fixture(params=("xlsx", "ods"))
def kind(request: pytest.FixtureRequest) -> str:
    """The ending of a spreadsheet file: the test runs once for each."""
    return str(request.param)


@pytest.fixture(scope="module")
def read_once() -> Iterator[None]:
    """Read a table or a large workbook once in a test file: a file with the same content is the same file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "read", _remembered(tables.read, lambda file, schema, *_: (file, str(schema))))
        patch.setattr(published_workbooks, "_sheets", _remembered(published_workbooks._sheets))
        yield


def _remembered(read: Read, told: Callable[..., tuple[object, ...]] = lambda *_: ()) -> Read:
    """Return a function that reads a path again only if the content differs, or what it is `told` besides."""
    known: dict[tuple[object, ...], Any] = {}

    def remembered(path: Path, *more: Any) -> Any:
        if not path.is_file():
            return read(path, *more)
        key = (path.read_bytes(), path.name, *told(*more))
        if key not in known:
            known[key] = read(path, *more)
        return known[key]

    return remembered


TRIED_AGAIN = pytest.StashKey[list[str]]()


@pytest.hookimpl(optionalhook=True)
def pytest_handlecrashitem(crashitem: str, report: pytest.TestReport, sched: Any) -> None:
    """Try a test again, once, if its process hung or ended.

    One test hung in one run of many, for a reason that is not known. The output says what each thread was doing, and the
    summary names the test.
    """
    tried = sched.config.stash.setdefault(TRIED_AGAIN, [])
    if crashitem not in tried:
        tried.append(crashitem)
        sched.mark_test_pending(crashitem)
        report.outcome = "rerun"  # type: ignore[assignment] # a word of pytest-xdist


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What the tests counted, added up over all of them; of a name that ends in (max), the greatest; and what hung."""
    found: dict[str, list[int]] = {}
    for report in terminalreporter.getreports("passed"):
        for name, number in report.user_properties:
            if name.startswith("counted ") and report.when == "call":
                found.setdefault(name.removeprefix("counted "), []).append(int(str(number)))
    for name in terminalreporter.config.stash.get(TRIED_AGAIN, []):
        terminalreporter.write_line(f"Hung or ended its process, and was tried again: {name}", red=True)
    for name, numbers in sorted(found.items()):
        total = max(numbers) if name.endswith("(max)") else sum(numbers)
        terminalreporter.write_line(f"{total:>9,} {name.removesuffix(' (max)')}")
