"""Builds a project while the disk fails at chosen moments. Run as a program by test_publish, never imported.

Everything is imported once, then each build runs in a process of its own made by fork: it begins in milliseconds,
and dies without harm to the others. Steps that write nothing themselves are done once and answered from memory.

    faulty.py PROJECT < one JSON a line
    {}                                                     build, and count
    {"at": ["os.mkdir", "rendering.write", 3], "error": 28}    fail at the third of these operations
    {"at": ["os.mkdir", "rendering.write", 3]}                 cut the power there
    {"limits": {"NOFILE": 16}}                             limits for the build
    {"below": {"FSIZE": 4096}}                             limits for the programs that it starts
    {"renders": true}                                      mkdocs runs, whose pages are otherwise copied

Says that it is ready, and answers each line with one JSON: the exit code, what was said, and the operations that the
build made.
"""

import io
import json
import os
import resource
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from portal.cli import commands
from portal.core import operating_system, processes
from portal.site import building, parsed_pages, renderers, rendering, staging, verification

MOVES = (
    "os.rename", "os.mkdir", "os.symlink", "os.remove", "os.rmdir", "os.utime", "subprocess.Popen",
    "shutil.copyfile", "shutil.rmtree", "tempfile.mkdtemp",
)  # fmt: skip
ELSEWHERE = ("/dev/null", "/dev/tty", "/dev/urandom", "/proc/")  # no disk
SCRIPTS = str(Path(building.__file__).parents[1])
Limits = dict[str, int]


def caller() -> str:
    """The function of the portal that is at work, or the one that asked for it where `disk` does it."""
    frame: FrameType | None = sys._getframe(1)
    while frame and (
        not frame.f_code.co_filename.startswith(SCRIPTS)
        or frame.f_code is operating_system.write_atomically.__code__
    ):
        frame = frame.f_back
    return f"{Path(frame.f_code.co_filename).stem}.{frame.f_code.co_name}" if frame else ""


class Disk:
    """Counts what a build does to the disk and fails, or has the power cut, at one of these moments."""

    def __init__(self, at: list[Any], error: int) -> None:
        self.at, self.error = at, error
        self.seen: list[tuple[str, str]] = []
        self.busy = False

    def __call__(self, event: str, given: tuple[Any, ...]) -> None:
        writes = event == "open" and isinstance(given[2], int) and given[2] & (os.O_WRONLY | os.O_RDWR)
        if self.busy or not (writes or event in MOVES) or str(given[0]).startswith(ELSEWHERE):
            return
        self.busy = True
        try:
            move = event, caller()
            self.seen.append(move)
            if [*move, self.seen.count(move)] != self.at:
                return
            if not self.error:
                os._exit(137)
            raise OSError(self.error, os.strerror(self.error), str(given[0]))
        finally:
            self.busy = False


def limit(limits: Limits) -> None:
    """Limit this process and those below it."""
    for name, most in limits.items():
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (most, most))


def attempt(root: str, order: dict[str, Any], answers: int) -> None:
    """One build; says how it went through the pipe `answers`."""
    watch = Disk(order.get("at", []), order.get("error", 0))
    if "below" in order:
        limited = partial(subprocess.Popen, preexec_fn=partial(limit, order["below"]))
        subprocess.Popen = limited  # type: ignore[assignment, misc]
    limit(order.get("limits", {}))
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        sys.addaudithook(watch)
        code = commands.main(["--project", root, "build", "--fresh"])
    watch.busy = True
    os.write(answers, json.dumps({"code": code, "said": said.getvalue(), "seen": watch.seen}).encode())
    os._exit(0)


def main(root: Path) -> None:
    """Answer each line."""
    os.sync = os.fsync = lambda *_: None  # type: ignore[assignment] # no power is cut in earnest, so nobody need wait for it
    made, kept = root / "build" / "work", root / "build" / "kept"
    processes.WORKERS = 1  # what a worker process does would not be counted
    settings, released = building.check(root)
    site = staging.plan_site(settings, released)
    pictures = building._pictures(settings, lambda step: None)
    contents = staging.write_files(site, pictures, lambda _, content: content)

    def write_files(*arguments: Any) -> staging.Tree[rendering.RenderedFile]:
        keep = arguments[2]
        return replace(
            contents, files={name: keep(name, content) for name, content in contents.files.items()}
        )

    staged = rendering.stage(settings, write_files(None, None, partial(rendering.write, settings)), made)
    usual = renderers.RENDERERS[renderers.USUAL]
    usual.render(settings, staged, made)
    pages = parsed_pages.parse_all(made)
    made.rename(kept)

    def copied(*_: object) -> None:
        subprocess.run(["cp", "-r", kept, made], check=True)

    staging.write_files = write_files  # type: ignore[assignment]
    staging.write_open_data = lambda *_: {}  # type: ignore[assignment] # `write_files` above writes these too
    parsed_pages.parse_all = lambda _: pages  # type: ignore[assignment]
    verification.listed = lambda *_: None  # type: ignore[assignment, return-value]
    verification.verify = verification.unlinked = lambda *_: ()  # type: ignore[assignment]
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        order = json.loads(line)
        render = usual.render if order.get("renders") else copied
        renderers.RENDERERS[renderers.USUAL] = replace(usual, render=render)  # type: ignore[index]
        reads, writes = os.pipe()
        child = os.fork()
        if not child:
            attempt(str(root), order, writes)
        os.close(writes)
        with os.fdopen(reads, "rb") as told:
            answer = told.read().decode()
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        sys.stdout.write((answer or json.dumps({"code": code})) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
