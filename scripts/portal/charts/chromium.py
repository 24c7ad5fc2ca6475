"""One headless Chromium, which draws charts, prints sheets and takes pictures of pages while a site is built.

Starting it takes ten times as long as any of these, so one does many of those that are asked at a time. It is told what to do
through a pipe, in the language of its developer tools.
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

# The headless shell has no windows to set up, and does the same work in a sixth of the time.
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
# Moves our ends of the pipes to where Chromium looks for them, and becomes Chromium.
_MOVED = (
    "import os, sys; [os.dup2(int(sys.argv[i]), i + 2) for i in (1, 2)]; os.execv(sys.argv[3], sys.argv[3:])"
)
_LONGEST = 300  # seconds for all that is asked of one Chromium
_MOST = 200  # things that are asked of one Chromium
_AT_ONCE = 2  # Chromiums

Thing = TypeVar("Thing")


def browser() -> str | None:
    """Return the path of the Chromium to use; None if there is none, and on Windows."""
    return None if fcntl is None else next(filter(None, map(shutil.which, (*NAMES, *_ON_MACOS))), None)


@dataclass
class Chromium:
    """A Chromium at the other end of two pipes. Its messages end in a zero byte.

    Every method raises `OSError`, `EOFError` or `KeyError` where Chromium has gone or cannot do what it is told.
    """

    say: IO[bytes]
    hear: IO[bytes]
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    session: str = ""
    at: str = ""
    rest: bytes = b""

    def open(self, page: Path) -> None:
        """Show a page, unless it is shown already, and wait until all of it is there."""
        if not self.session:
            target = self._ask("Target.createTarget", url="about:blank")["targetId"]
            self.session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            self._ask("Page.enable")
        address = page.resolve().as_uri()
        if address != self.at:
            self._ask("Page.navigate", url=address)
            self._wait(lambda m: m.get("method") == "Page.loadEventFired")
            self.at = address

    def run(self, script: str) -> Any:
        """What a script in the page comes to, once it is done."""
        told = self._ask("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        return told["result"]["value"]

    def pdf(self) -> bytes:
        """The page on paper, of the size that its style sheet asks for."""
        return b64decode(self._ask("Page.printToPDF", preferCSSPageSize=True, generateTaggedPDF=True)["data"])

    def picture(self, width: int, height: int) -> bytes:
        """The top left of the page as PNG, in pixels."""
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        return b64decode(self._ask("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)["data"])

    def _ask(self, method: str, **parameters: object) -> Mapping[str, Any]:
        """Give an order and wait for its answer."""
        number = next(self.numbers)
        session = {"sessionId": self.session} if self.session else {}
        order = {"id": number, "method": method, "params": parameters, **session}
        self.say.write(json.dumps(order).encode() + b"\0")
        self.say.flush()
        answer: Mapping[str, Any] = self._wait(lambda m: m.get("id") == number)["result"]
        return answer

    def _wait(self, wanted: Callable[[Mapping[str, Any]], bool]) -> Mapping[str, Any]:
        """The next message that is wanted."""
        while True:
            while b"\0" not in self.rest:
                more = os.read(self.hear.fileno(), 1 << 16)
                if not more:
                    raise EOFError
                self.rest += more
            told, _, self.rest = self.rest.partition(b"\0")
            message: Mapping[str, Any] = json.loads(told)
            if wanted(message):
                return message


def keep(
    names: Iterable[str], cache: Path, ending: str, work: Callable[[Chromium, str], bytes]
) -> Mapping[str, Path]:
    """The files of these names in the cache; `work` makes those that are not there, as far as Chromium gets."""
    wanted = {name: cache / f"{name}{ending}" for name in names}
    cache.mkdir(parents=True, exist_ok=True)
    missing = [name for name, path in wanted.items() if not path.exists()]
    size = min(_MOST, -(-len(missing) // _AT_ONCE) or 1)

    def made(some: list[str]) -> None:
        for name, content in each(some, work):
            operating_system.write(wanted[name], content)

    with ThreadPoolExecutor(_AT_ONCE) as several:
        for _ in several.map(made, (missing[n : n + size] for n in range(0, len(missing), size))):
            pass
    return {name: path for name, path in wanted.items() if path.exists()}


def each(things: Iterable[Thing], work: Callable[[Chromium, Thing], bytes]) -> Iterator[tuple[Thing, bytes]]:
    """What `work` makes of each thing with one Chromium, as far as it gets; nothing where there is none."""
    left, program = list(things), browser()
    for sandbox in ((), ("--no-sandbox",)):  # as root Chromium starts only without its sandbox
        if program is None or not left:
            return
        with _started(program, sandbox) as told:
            while left and (made := _tried(told, left[0], work)):
                yield left.pop(0), made


def _tried(told: Chromium, thing: Thing, work: Callable[[Chromium, Thing], bytes]) -> bytes | None:
    try:
        return work(told, thing)
    except (OSError, EOFError, KeyError):
        return None


@contextmanager
def _started(chromium: str, sandbox: tuple[str, ...]) -> Iterator[Chromium]:
    """Chromium with our two pipes at 3 and 4, where it looks for them; stopped in the end whatever happens."""
    orders, ours = os.pipe()
    answers, theirs = os.pipe()
    high = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (orders, theirs)]
    for end in (orders, theirs):
        os.close(end)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        options = (*_OPTIONS, *sandbox, f"--user-data-dir={folder}")
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
        except BrokenPipeError:  # said while closing, to a Chromium that has gone
            return
        finally:
            late.cancel()
            process.kill()
            process.wait()
