"""Drive headless Chromium, which prints sheets and draws preview pictures during a build.

Starting Chromium takes ten times as long as any of these tasks, so one process does many of them. It is driven through
a pair of pipes with the Chrome DevTools Protocol.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from threading import Timer
from typing import IO, Any, TypeVar

from portal.core import operating_system

fcntl: Any
try:
    import fcntl
except ImportError:  # Windows, where a program cannot be handed our ends of two pipes by number
    fcntl = None

# In order of preference: the headless shell sets up no windows and needs a sixth of the time.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Where macOS keeps it: applications are not on the search path there.
_ON_MACOS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
_OPTIONS = (
    "--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--allow-file-access-from-files", "--remote-debugging-pipe",
)  # fmt: skip
# Run in the child: move the pipes to file descriptors 3 and 4, where Chromium expects them, and execute Chromium.
_MOVED = (
    "import os, sys; [os.dup2(int(sys.argv[i]), i + 2) for i in (1, 2)]; os.execv(sys.argv[3], sys.argv[3:])"
)
# A font loads when a text is first laid out in it. For print that is after the load event, which is too late.
_FONTS = "Promise.allSettled([...document.fonts].map(font => font.load())).then(() => 0)"
# The shell then draws no frames, which nobody would see: a third less work for a page that is printed.
_WITHOUT_FRAMES = "--enable-begin-frame-control"
_LONGEST = 300  # seconds before a Chromium process is killed
_MOST = 200  # tasks for one Chromium process
_AT_ONCE = 2  # Chromium processes
_FEWEST = 12  # tasks for one process: starting another takes as long as these

Thing = TypeVar("Thing")


def find_browser() -> str | None:
    """Return the path of the Chromium to use; None if there is none, and on Windows."""
    return None if fcntl is None else next(filter(None, map(shutil.which, (*NAMES, *_ON_MACOS))), None)


@dataclass
class Chromium:
    """A connection to a Chromium process over two pipes. Messages end in a zero byte.

    Raises:
        OSError, EOFError, KeyError: from every method, if Chromium has stopped or cannot carry out the command.
    """

    say: IO[bytes]
    hear: IO[bytes]
    frames: bool = True  # False if it draws nothing on a screen, and so takes no pictures
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    session: str = ""
    at: str = ""
    rest: bytes = b""
    window: tuple[int, int] = (0, 0)

    def open(self, page: Path) -> None:
        """Load a page with all its fonts, unless it is loaded already."""
        if not self.session:
            target = self._ask("Target.createTarget", url="about:blank")["targetId"]
            self.session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            self._ask("Page.enable")
            self._ask("Page.setLifecycleEventsEnabled", enabled=True)
            if not self.frames:  # a page is then laid out for paper only, and not for a screen before
                self._ask("Emulation.setEmulatedMedia", media="print")
        address = page.resolve().as_uri()
        if address != self.at:
            loader = self._ask("Page.navigate", url=address)["loaderId"]
            # The empty page of a new tab may not have finished loading until now.
            loaded = {"loaderId": loader, "name": "load"}
            self._wait(
                lambda m: m.get("method") == "Page.lifecycleEvent" and loaded.items() <= m["params"].items()
            )
            self.run(_FONTS)
            self.at = address

    def run(self, script: str) -> Any:
        """Run a script in the page, wait for its promise, and return its value."""
        answer = self._ask("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        return answer["result"]["value"]

    def pdf(self) -> bytes:
        """Return the page as a PDF, in the paper size that its style sheet sets."""
        return b64decode(self._ask("Page.printToPDF", preferCSSPageSize=True, generateTaggedPDF=True)["data"])

    def picture(self, width: int, height: int) -> bytes:
        """Return a PNG of the top left of the page; sizes are in pixels."""
        if self.window != (width, height):
            self.window = width, height
            size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
            self._ask("Emulation.setDeviceMetricsOverride", **size)
        return b64decode(self._ask("Page.captureScreenshot")["data"])

    def _ask(self, method: str, **parameters: object) -> Mapping[str, Any]:
        """Send a command and return its result."""
        number = next(self.numbers)
        session = {"sessionId": self.session} if self.session else {}
        command = {"id": number, "method": method, "params": parameters, **session}
        self.say.write(json.dumps(command).encode() + b"\0")
        self.say.flush()
        answer: Mapping[str, Any] = self._wait(lambda m: m.get("id") == number)["result"]
        return answer

    def _wait(self, wanted: Callable[[Mapping[str, Any]], bool]) -> Mapping[str, Any]:
        """Return the next message for which `wanted` is true."""
        while True:
            while b"\0" not in self.rest:
                more = os.read(self.hear.fileno(), 1 << 16)
                if not more:
                    raise EOFError
                self.rest += more
            line, _, self.rest = self.rest.partition(b"\0")
            message: Mapping[str, Any] = json.loads(line)
            if wanted(message):
                return message


def make_missing(
    names: Iterable[str],
    cache: Path,
    ending: str,
    work: Callable[[Chromium, str], bytes],
    frames: bool = False,
) -> Mapping[str, Path]:
    """Return the files of these names in the cache, after making those that are missing.

    `work` returns the content of one file; only with `frames` can it take pictures of a page. Files that Chromium could
    not make are left out of the result.
    """
    wanted = {name: cache / f"{name}{ending}" for name in names}
    cache.mkdir(parents=True, exist_ok=True)
    missing = [name for name, path in wanted.items() if not path.exists()]
    size = min(_MOST, max(_FEWEST, -(-len(missing) // _AT_ONCE)))

    def make(batch: list[str]) -> None:
        for name, content in run_each(batch, work, frames):
            operating_system.write_atomically(wanted[name], content)

    with ThreadPoolExecutor(_AT_ONCE) as executor:
        for _ in executor.map(make, (missing[n : n + size] for n in range(0, len(missing), size))):
            pass
    return {name: path for name, path in wanted.items() if path.exists()}


def run_each(
    things: Iterable[Thing], work: Callable[[Chromium, Thing], bytes], frames: bool = False
) -> Iterator[tuple[Thing, bytes]]:
    """Yield each thing with the result of `work` on it, all in one Chromium process.

    Stop at the first thing that fails. Yield nothing if Chromium is not installed. Without `frames`, no pictures can be
    taken, and the shell of Chromium, which can do that, draws no frames.
    """
    left, program = list(things), find_browser()
    if program is None:
        return
    # As root, Chromium starts only without its sandbox, and so it does in some containers.
    for sandbox in ((), ("--no-sandbox",)) if os.geteuid() else (("--no-sandbox",),):
        if not left:
            return
        frames = frames or not program.endswith(NAMES[0])
        with _started(program, (*sandbox, *(() if frames else (_WITHOUT_FRAMES,)))) as browser:
            browser.frames = frames
            while left and (result := _try(browser, left[0], work)):
                yield left.pop(0), result


def _try(browser: Chromium, thing: Thing, work: Callable[[Chromium, Thing], bytes]) -> bytes | None:
    try:
        return work(browser, thing)
    except (OSError, EOFError, KeyError):
        return None


@contextmanager
def _started(chromium: str, more: tuple[str, ...]) -> Iterator[Chromium]:
    """Start Chromium with our pipes as file descriptors 3 and 4, and kill it at the end in every case."""
    orders, ours = os.pipe()
    answers, theirs = os.pipe()
    high = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (orders, theirs)]
    for end in (orders, theirs):
        os.close(end)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        options = (*_OPTIONS, *more, f"--user-data-dir={folder}")
        command = [sys.executable, "-c", _MOVED, *map(str, high), chromium, *options]
        process = subprocess.Popen(
            command, pass_fds=high, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for end in high:
            os.close(end)
        late = Timer(_LONGEST, process.kill)
        late.start()
        try:
            with os.fdopen(ours, "wb", closefd=True) as say, os.fdopen(answers, "rb") as hear:
                yield Chromium(say, hear)
        except BrokenPipeError:  # raised on closing if Chromium has stopped
            return
        finally:
            late.cancel()
            process.kill()
            process.wait()
