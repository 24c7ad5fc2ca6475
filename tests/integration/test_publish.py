"""Whatever fails, the site in place is the old one or the new one, whole; and it can be checked and taken back."""

import errno
import json
import os
import resource
import shutil
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from portal.cli import commands
from portal.cli.arguments import OK, PROBLEMS
from portal.core import operating_system
from portal.core.problems import PortalError
from portal.opendata import bundles
from portal.site import building, headers, publishing
from portal.site.verification import verify
from project import HELD, ROOT, make_project, tree_of

Count = Callable[[str, object], None]
OLD = "old.0"
ERRORS = (errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EIO)
# A fault in these does no harm: what was to be made is there already, or what was to be deleted may stay.
HARMLESS = {"social_images.draw_all", "pdf_sheets.print_all", "publishing.alone", "publishing._keep", "publishing.forget", "chromium.make_missing", "headers.for_nginx", "operating_system.clear", "bundles.pack"}  # fmt: skip


# --- a disk that fails


@dataclass
class Workshop:
    """A project whose builds fail when they are told to, with an old site in place."""

    root: Path
    child: subprocess.Popen[str]

    @property
    def live(self) -> Path:
        """The link to the site in place."""
        return self.root / "build" / "site"

    def build(self, **order: object) -> dict[str, Any]:
        """How a build went, with this fault."""
        assert self.child.stdin
        assert self.child.stdout
        self.child.stdin.write(json.dumps(order) + "\n")
        self.child.stdin.flush()
        told: dict[str, Any] = json.loads(self.child.stdout.readline())
        return told

    def put_back(self) -> dict[str, bytes]:
        """Have the old site in place again, and nothing for nginx; what the site holds."""
        old = self.root / "build" / "sites" / OLD
        old.mkdir(parents=True, exist_ok=True)
        (old / "index.html").write_text("the old site")
        publishing.seal(old)
        shutil.rmtree(self.root / "build" / "hosting", ignore_errors=True)  # so that the build writes it
        self.live.unlink(missing_ok=True)
        self.live.symlink_to(f"sites/{OLD}")
        return tree_of(old)


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    root = make_project(tmp_path_factory.mktemp("faulty") / "tiny")
    command = [sys.executable, str(ROOT / "tests" / "faulty.py"), str(root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdin
        assert child.stdout
        assert child.stdout.readline() == "ready\n"
        yield Workshop(root, child)
        child.stdin.close()


@pytest.fixture(scope="module")
def whole(workshop: Workshop) -> tuple[list[list[str]], dict[str, bytes]]:
    """What a build does to the disk, and the site that it makes."""
    for _ in range(2):  # the second finds what the first has left
        workshop.put_back()
        told = workshop.build()
        assert told["code"] == 0
    return told["seen"], tree_of(workshop.live)


def steps(seen: list[list[str]], most: int) -> list[list[object]]:
    """Operations of a build in their order: of each kind that leads to a new site being in place, and of others in turn."""
    found = Counter((event, caller) for event, caller in seen)
    near = [(e, c, 1) for e, c in found if c.startswith("publishing.") or c == "headers.for_nginx"]
    far = [(e, c, (n + 1) // 2) for (e, c), n in found.items() if (e, c, 1) not in near]
    more = far[:: -(-len(far) // (most - len(near)))]
    order = list(found)
    return [list(s) for s in sorted({*near, *more}, key=lambda s: order.index(s[:2]))]


@pytest.mark.thorough
def test_a_fault_of_the_disk_is_a_problem_and_leaves_a_whole_site(
    workshop: Workshop, whole: tuple[list[list[str]], dict[str, bytes]], record_property: Count
) -> None:
    """Each build but the last follows one that failed earlier on its way, so that it also shows that nothing bad was left."""
    seen, new = whole
    chosen = steps(seen, 27)
    assert len(chosen) >= 20
    told_of = 0
    for n, at in enumerate(chosen):
        old = workshop.put_back()
        told = workshop.build(at=at, error=ERRORS[n % len(ERRORS)])
        said, event, caller = told["said"], *at[:2]
        assert at[:2] in told["seen"], at
        assert "Traceback" not in said, at
        assert "error in this program" not in said, at
        now = tree_of(workshop.live)
        assert publishing.intact(workshop.live) == (), at
        if told["code"] == OK:
            assert caller in HARMLESS, at
            assert now == new, at
        else:
            told_of += 1
            assert told["code"] == PROBLEMS, at
            assert "  Found: " in said, at
            assert now == (new if caller == "headers.for_nginx" else old), at
            assert not (workshop.root / "build" / "work").exists() or event == "shutil.rmtree", at
    assert told_of >= 15
    workshop.put_back()
    assert workshop.build()["code"] == OK
    assert tree_of(workshop.live) == new
    record_property("counted faults of the disk injected", len(chosen))


@pytest.mark.thorough
def test_a_power_cut_leaves_a_whole_site_and_the_next_build_goes_on(
    workshop: Workshop, whole: tuple[list[list[str]], dict[str, bytes]], record_property: Count
) -> None:
    seen, new = whole
    chosen = steps(seen, 16)
    assert len(chosen) >= 12
    found = set()
    for at in chosen:
        old = workshop.put_back()
        assert workshop.build(at=at)["code"] == 137, at
        now = tree_of(workshop.live)
        assert now in (old, new), at
        assert publishing.intact(workshop.live) == (), at
        found.add(now == new)
        if str(at[1]).startswith("publishing."):
            assert workshop.build()["code"] == OK, at
            assert tree_of(workshop.live) == new, at
    assert found == {True, False}
    assert workshop.build()["code"] == OK
    assert tree_of(workshop.live) == new
    record_property("counted power cuts injected", len(chosen))


@pytest.mark.parametrize(
    ("order", "finding"),
    [
        (
            {"at": ["open", "mkdocs_pages.make", 3], "error": errno.EFBIG, "renders": True},
            "larger than is allowed",
        ),
        ({"limits": {"FSIZE": 100_000}}, "larger than is allowed"),
        ({"limits": {"NOFILE": 9}}, "Too many files"),
    ],
    ids=["files of mkdocs too large", "files too large", "too many open files"],
)
def test_a_limit_of_the_machine_is_a_problem(
    workshop: Workshop, order: dict[str, object], finding: str, record_property: Count
) -> None:
    old = workshop.put_back()
    shutil.rmtree(
        workshop.root / "build" / "pages", ignore_errors=True
    )  # so that all of it has to be written
    told = workshop.build(**order)
    assert told["code"] == PROBLEMS, told["said"]
    assert finding in told["said"]
    assert "Traceback" not in told["said"]
    assert tree_of(workshop.live) == old
    record_property("counted faults of the disk injected", 1)


def test_a_chromium_that_cannot_write_is_a_problem(workshop: Workshop, record_property: Count) -> None:
    old = workshop.put_back()
    cache = workshop.root / "build" / "cache"
    shared = cache.readlink()
    cache.unlink()
    try:
        told = workshop.build(below={"FSIZE": 3_000_000, "NOFILE": 30})
    finally:
        shutil.rmtree(cache)
        cache.symlink_to(shared)
    assert told["code"] == PROBLEMS, told["said"]
    assert "Chromium could not" in told["said"]
    assert tree_of(workshop.live) == old
    record_property("counted faults of the disk injected", 1)


def run(
    root: Path, *command: str, umask: int = -1, memory: int = 0, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run `portal` in a process of its own that is held to the permissions of files, and to limits."""

    def limit() -> None:
        if memory:
            resource.setrlimit(resource.RLIMIT_AS, (memory * 2**20, memory * 2**20))

    done = subprocess.run(
        [*HELD, sys.executable, "-m", "portal", "--project", str(root), *command],
        capture_output=True, text=True, check=False, umask=umask, preexec_fn=limit, env={**os.environ, **more},
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert "error in this program" not in done.stderr
    return done


@contextmanager
def unwritable(path: Path) -> Iterator[None]:
    path.chmod(0o555)
    try:
        yield
    finally:
        path.chmod(0o755)


@pytest.mark.parametrize(
    "folder",
    [
        ".",
        "build",
        "build/sites",
        *(pytest.param(p, marks=pytest.mark.thorough) for p in ("build/cache", "build/pages")),
    ],
)
def test_a_folder_that_may_not_be_written_to_is_a_problem(
    built: Path, folder: str, record_property: Count
) -> None:
    before = tree_of(built / "build" / "site")
    if folder == "build/cache":
        (built / folder).unlink()
        (built / folder).mkdir()
    shutil.rmtree(built / "build" / "pages")
    (built / "build" / "pages").mkdir()
    if folder == ".":
        shutil.rmtree(built / "build")
        before = {}
    with unwritable(built / folder):
        done = run(built, "build", "--fresh")
    assert done.returncode == PROBLEMS
    assert "You do not have permission" in done.stderr
    place = "build" if folder == "." else folder
    assert [line for line in done.stderr.splitlines() if line.startswith(place)]
    assert ".part" not in done.stderr
    assert (tree_of(built / "build" / "site") if before else {}) == before
    record_property("counted folders that could not be written to", 1)


def test_settings_for_nginx_that_cannot_be_written_are_a_problem_until_they_can(built: Path) -> None:
    hosting = built / "build" / "hosting"
    right = tree_of(hosting)
    with unwritable(hosting):
        assert run(built, "build").returncode == OK, "nothing has to be written"
    (hosting / headers.NGINX).unlink()
    for _ in range(2):
        with unwritable(hosting):
            done = run(built, "build")
        assert done.returncode == PROBLEMS
        assert f"build/hosting/{headers.NGINX}\n  Found: You do not have permission" in done.stderr
        assert "The site is in place" in done.stderr
    assert run(built, "build").returncode == OK
    assert tree_of(hosting) == right


@pytest.mark.thorough
@pytest.mark.parametrize("umask", [0o077, 0o777])
def test_a_web_server_can_read_the_site_whatever_the_umask(
    tiny: Path, umask: int, record_property: Count
) -> None:
    shutil.rmtree(tiny / "build")
    cache = tiny / "build" / "cache"
    cache.parent.mkdir()
    cache.symlink_to(ROOT / "build" / "cache")
    tiny.joinpath("build").chmod(0o700)
    assert run(tiny, "build", umask=umask).returncode == OK
    live = tiny / "build" / "site"
    for path in (live.parent, live.resolve().parent, live.resolve(), *live.resolve().rglob("*")):
        wanted = 0o555 if path.is_dir() else 0o444
        assert path.stat().st_mode & wanted == wanted, path
    assert not live.parent.stat().st_mode & 0o022, "nobody else may write"
    assert run(tiny, "build").returncode == OK, "the next build is not kept out by what this one left"
    record_property("counted umasks", 1)


def test_a_site_that_waits_is_left_to_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        held = hold(tmp_path, "secret")
    finally:
        os.umask(before)
    assert not [p for p in (held, *held.rglob("*")) if p.stat().st_mode & 0o077]


@pytest.mark.thorough
@pytest.mark.parametrize("memory", [30, 510, 560])
def test_too_little_memory_is_a_problem(built: Path, memory: int, record_property: Count) -> None:
    before = tree_of(built / "build" / "site")
    for command in (["check"], ["build", "--fresh"]):
        done = run(built, *command, memory=memory)
        assert done.returncode == OK or "memory" in done.stderr, done.stderr
        assert done.returncode in (OK, PROBLEMS)
        assert memory >= 512 or done.returncode == PROBLEMS
    assert tree_of(built / "build" / "site") == before
    record_property("counted limits on memory", 2)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("ImportError('x.so: failed to map segment from shared object')", "failed to map segment"),
        ("MemoryError()", "The computer says: MemoryError."),
        ("OSError(12, 'Cannot allocate memory')", "Cannot allocate memory"),
        ("ImportError(\"No module named 'x'\")", ""),
        ("ImportError(\"cannot import name 'x'\")", ""),
    ],
)
def test_too_little_memory_to_load_the_program_is_told(tmp_path: Path, fault: str, told: str) -> None:
    (tmp_path / "unicodedata.py").write_text(f"raise {fault}\n")
    done = subprocess.run(
        [sys.executable, "-m", "portal", "check"],
        capture_output=True, encoding="utf-8", env={**os.environ, "PYTHONPATH": str(tmp_path)}, check=False,
    )  # fmt: skip
    assert done.returncode == PROBLEMS
    assert told in done.stderr
    assert ("too little memory" in done.stderr) == bool(told)
    assert ("Traceback" in done.stderr) == (not told)


@pytest.mark.parametrize(
    ("error", "short"),
    [
        (MemoryError(), True),
        (RuntimeError("can't start new thread"), True),
        (ImportError("x.so: failed to map segment from shared object"), True),
        (ImportError("x.so: cannot allocate memory in static TLS block"), True),
        (ImportError("No module named 'x'"), False),
        (RuntimeError("something else"), False),
    ],
)
def test_what_a_lack_of_memory_looks_like(error: Exception, short: bool) -> None:
    assert bool(operating_system.memory_problem(error)) == short
    outer = ImportError("Unable to import required dependency")
    outer.__cause__ = error
    assert bool(operating_system.memory_problem(outer)) == short


@pytest.mark.parametrize("home", ["", "/nonexistent"])
def test_no_home_is_needed(built: Path, home: str) -> None:
    assert run(built, "check", HOME=home, TMPDIR="/nonexistent").returncode == OK


def test_of_two_builds_at_once_one_wins(tiny: Path) -> None:
    command = [sys.executable, "-m", "portal", "--project", str(tiny), "build", "--fresh"]
    both = [
        subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [child.communicate()[1] for child in both]
    assert sorted(child.returncode for child in both) == [OK, PROBLEMS]
    assert ["Another build of this site is running" in s for s in said].count(True) == 1
    assert publishing.intact(tiny / "build" / "site") == ()


@pytest.mark.parametrize("number", [*operating_system._BY_ERROR_NUMBER, 9999])
def test_every_fault_is_told_with_its_place_and_a_remedy(number: int, tmp_path: Path) -> None:
    told = operating_system.problem(OSError(number, "strange", str(tmp_path / "build" / "x")), tmp_path)
    assert told.file == "build/x"
    assert told.code == "disk"
    assert told.message
    assert told.fix
    assert operating_system.problem(OSError(number, "strange"), tmp_path).file == "build"


@pytest.mark.parametrize("name", ["build", "build/site", "build/work", "build/cache"])
def test_a_link_to_itself_is_told_before_any_work(name: str, tmp_path: Path) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).symlink_to((tmp_path / name).name)
    with pytest.raises(PortalError) as caught, publishing.alone(tmp_path):
        pass
    assert [(p.file, p.message) for p in caught.value.problems] == [
        (name, "This link points back to itself.")
    ]


def test_a_link_without_its_folder_does_not_stop_a_build(tmp_path: Path) -> None:
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "site").symlink_to("sites/gone")
    with publishing.alone(tmp_path):
        pass


def test_the_last_words_of_another_program_are_understood() -> None:
    said = "Traceback\n  ...\nOSError: [Errno 28] No space left on device: '/srv/x y.html'\n"
    fault = operating_system.error_in_output(said)
    assert fault
    assert (fault.errno, fault.filename) == (errno.ENOSPC, "/srv/x y.html")
    assert operating_system.error_in_output("WARNING - a link leads nowhere") is None
    for text in ("MemoryError\n", "ImportError: x.so: failed to map segment from shared object"):
        short = operating_system.error_in_output(text)
        assert short
        assert short.errno == errno.ENOMEM


def test_a_file_that_cannot_be_written_keeps_its_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "x"
    operating_system.write_atomically(file, b"old")

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="full"):
        operating_system.write_atomically(file, b"new")
    assert tree_of(tmp_path) == {"x": b"old"}


# --- what is on the disk when


def small(folder: Path, text: str = "x") -> Path:
    """A finished site of two files."""
    (folder / "a").mkdir(parents=True)
    (folder / "index.html").write_text(text)
    (folder / "a" / "index.html").write_text(text)
    publishing.seal(folder)
    return folder


def test_all_of_a_site_is_on_the_disk_before_the_link_leads_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    live = tmp_path / "build" / "site"
    made = small(live.with_name("work"))
    names = {str(p): str(p.relative_to(made)) for p in (made, *made.rglob("*"))}
    real_sync, real_rename, real_replace = os.fsync, os.rename, os.replace

    def sync(handle: int) -> None:
        path = str(Path(f"/proc/self/fd/{handle}").readlink())
        done.append(f"on disk {names.get(path, Path(path).name)}")
        real_sync(handle)

    def rename(old: str, new: str) -> None:
        done.append(f"renamed {Path(old).name}")
        real_rename(old, new)

    def replace(old: str, new: str) -> None:
        done.append(f"in place {Path(new).name}")
        real_replace(old, new)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(os, "rename", rename)
    monkeypatch.setattr(os, "replace", replace)
    publishing.put(made, live, "mark")
    at = done.index("renamed work")
    assert sorted(done[:at]) == sorted(f"on disk {n}" for n in names.values())
    assert done[at + 1 :] == ["on disk sites", "in place site", "on disk build"]


# --- the manifest


def test_a_site_lists_all_its_files_and_two_builds_list_the_same(tiny_site: Path, tiny: Path) -> None:
    live = tiny_site / "build" / "site"
    listed = json.loads((live / publishing.MANIFEST).read_text())["files"]
    files = tree_of(live)
    del files[publishing.MANIFEST]
    assert {n: f["size"] for n, f in listed.items()} == {n: len(c) for n, c in files.items()}
    assert publishing.intact(live) == ()
    building.build(tiny, lambda step: None)
    assert publishing.digest(tiny / "build" / "site") == publishing.digest(live)


def test_every_difference_from_the_manifest_is_told(tmp_path: Path) -> None:
    folder = small(tmp_path / "site")
    (folder / "b.html").write_text("b")
    publishing.seal(folder)
    (folder / "index.html").write_text("y")
    (folder / "a" / "index.html").unlink()
    (folder / ".htaccess").write_text("mine")
    (folder / "b.html").unlink()
    (folder / "b.html").symlink_to("index.html")
    told = {Path(p.file).relative_to(folder).as_posix(): p.message for p in publishing.intact(folder)}
    assert told == {
        "index.html": "The file is not as it was built.",
        "a/index.html": "The file is missing.",
        ".htaccess": "The file does not belong to the site.",
        "b.html": "The file is not as it was built.",
    }
    assert all(p.fix for p in publishing.intact(folder))


def test_a_link_is_never_part_of_a_site(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "index.html").write_text("secret")
    folder = small(tmp_path / "site")
    (folder / "file.html").symlink_to(secret / "index.html")
    (folder / "folder").symlink_to(secret)
    (folder / "nowhere").symlink_to("nothing")
    os.mkfifo(folder / "pipe")
    publishing.seal(folder)
    odd = {"file.html", "folder", "nowhere", "pipe"}
    assert {Path(p.file).name for p in publishing.intact(folder)} == odd, (
        "even where its list of files names them"
    )
    assert {p.file for p in verify(folder, frozenset()) if "a link" in p.message} == {
        f"(built) {n}" for n in odd
    }
    bundles.zip_site(folder)
    with zipfile.ZipFile(folder / bundles.WHOLE) as packed:
        assert sorted(packed.namelist()) == ["a/index.html", "index.html", publishing.MANIFEST]


def test_a_link_among_the_pages_of_an_earlier_build_is_not_followed(built: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "index.md").write_text("# Secret")
    (outside / "secret.txt").write_text("secret")
    pages = built / "build" / "pages"
    (pages / "folder").symlink_to(outside)
    shutil.rmtree(pages / "about")
    (pages / "about").symlink_to(outside)
    before = tree_of(built / "build" / "site")
    building.build(built, lambda step: None, fresh=True)
    assert tree_of(built / "build" / "site") == before
    assert tree_of(outside) == {"index.md": b"# Secret", "secret.txt": b"secret"}


@pytest.mark.parametrize("content", [None, b"", b"\xff", b"[]", b"{}", b'{"files": []}', b"[" * 100_000])
def test_a_manifest_that_is_none_is_a_problem(tmp_path: Path, content: bytes | None) -> None:
    folder = small(tmp_path / "site")
    (folder / publishing.MANIFEST).unlink()
    if content is not None:
        (folder / publishing.MANIFEST).write_bytes(content)
    assert [Path(p.file).name for p in publishing.intact(folder)] == [publishing.MANIFEST]


def test_the_command_says_whether_a_site_is_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = small(tmp_path / "build" / "site")
    assert commands.main(["--project", str(tmp_path), "verify"]) == OK
    assert publishing.digest(folder) in capsys.readouterr().out
    (folder / "index.html").unlink()
    assert commands.main(["--project", str(tmp_path), "verify", str(folder)]) == PROBLEMS
    assert "index.html\n  Found: The file is missing." in capsys.readouterr().err


# --- back, and not yet


def put(root: Path, text: str) -> Path:
    live = root / "build" / "site"
    return publishing.put(small(live.with_name("work"), text), live, text)


def hold(root: Path, text: str) -> Path:
    live = root / "build" / "site"
    return publishing.hold(small(live.with_name("work"), text), live, text)


def kept(root: Path) -> set[str]:
    return {p.name for p in (root / "build" / "sites").iterdir()}


def test_the_site_before_comes_back_and_twice_is_forth_again(tmp_path: Path) -> None:
    live = tmp_path / "build" / "site"
    for text in ("one", "two", "three"):
        put(tmp_path, text)
    assert publishing.previous(tmp_path).name == "two.0"
    assert (live / "index.html").read_text() == "two"
    assert publishing.previous(tmp_path).name == "three.0"
    publishing.previous(tmp_path)
    put(tmp_path, "four")
    assert publishing.previous(tmp_path).name == "two.0", "three was taken back, and two was what people saw"


def test_only_a_whole_site_comes_back(tmp_path: Path) -> None:
    put(tmp_path, "one")
    with pytest.raises(PortalError, match="No earlier site"):
        publishing.previous(tmp_path)
    put(tmp_path, "two")
    (tmp_path / "build" / "sites" / "one.0" / "index.html").write_text("changed")
    with pytest.raises(PortalError, match="not as it was built"):
        publishing.previous(tmp_path)
    assert (tmp_path / "build" / "site" / "index.html").read_text() == "two"


def test_a_site_that_waits_is_kept_and_never_seen(tmp_path: Path) -> None:
    live, waiting = tmp_path / "build" / "site", tmp_path / "build" / publishing.WAITING
    hold(tmp_path, "secret")
    with pytest.raises(PortalError, match="No earlier site"):
        publishing.previous(tmp_path)
    for text in ("one", "two"):
        put(tmp_path, text)
    held = hold(tmp_path, "later")
    assert waiting.resolve() == held
    assert kept(tmp_path) == {"one.0", "two.0", "later.held.0"}, "who was to wait before is gone"
    assert (live / "index.html").read_text() == "two"
    for text in ("three", "four", "five"):
        put(tmp_path, text)
    assert kept(tmp_path) == {"three.0", "four.0", "five.0", "later.held.0"}
    assert {publishing.previous(tmp_path).name for _ in range(4)} == {"four.0", "five.0"}
    publishing.drop(live)
    assert kept(tmp_path) == {"three.0", "four.0", "five.0"}
    assert not waiting.is_symlink()


def test_what_links_lead_to_is_never_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "KEPT", 1)
    put(tmp_path, "one")
    for text in ("two", "three", "four"):
        hold(tmp_path, text)
        assert kept(tmp_path) == {"one.0", f"{text}.held.0"}


def test_a_folder_in_the_way_comes_back_where_the_link_cannot_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = tmp_path / "build" / "site"
    live.mkdir(parents=True)
    (live / "mine.txt").write_text("mine")

    def full(self: Path, other: Path) -> Path:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="full"):
        put(tmp_path, "one")
    assert (live / "mine.txt").read_text() == "mine"


def test_a_site_that_was_half_deleted_is_not_taken_for_an_earlier_one(built: Path) -> None:
    first = building.build(built, lambda step: None).folder.resolve()
    building.build(built, lambda step: None, fresh=True)
    half = built / "build" / "sites" / publishing._GONE
    half.mkdir()
    (half / "index.html").write_text("half of a site")
    assert publishing.previous(built) == first
    publishing.forget(built / "build" / "site")
    assert not half.exists()
