"""Prints pages to PDF in headless Chromium, so that a board member can take one sheet to a meeting.

A sheet is kept under the content of its page, so that only those that changed are printed again. One Chromium prints
all of them: starting it takes ten times as long as printing a page. It is told what to do through a pipe, in the
language of its developer tools.
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from base64 import b64decode
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from threading import Timer
from typing import IO, Any

from portal.pictures import QUIET, browser

NAME = "briefing.pdf"
_DATE = re.compile(rb"/(CreationDate|ModDate) \(D:\d{14}([+-]\d\d'\d\d')?\)")
# Moves our ends of the pipes to where Chromium looks for them, and becomes Chromium.
_MOVED = (
    "import os, sys; [os.dup2(int(sys.argv[i]), i + 2) for i in (1, 2)]; os.execv(sys.argv[3], sys.argv[3:])"
)
_LONGEST = 300  # seconds for all sheets


def print_all(site: Path, pages: Iterable[str], cache: Path) -> list[str]:
    """Print the built pages at the addresses `pages` beside themselves; return those that could not be printed."""
    wanted = [site / page / "index.html" for page in pages]
    style = b"".join(p.read_bytes() for p in sorted((site / "assets" / "css").glob("*.css")))
    kept = {p: cache / f"{hashlib.sha256(p.read_bytes() + style).hexdigest()[:24]}.pdf" for p in wanted}
    cache.mkdir(parents=True, exist_ok=True)
    for page, sheet in _printed([p for p in wanted if not kept[p].exists()]):
        fresh = kept[page].with_suffix(".new")
        fresh.write_bytes(_DATE.sub(_undated, sheet))
        fresh.replace(kept[page])
    for page in (p for p in wanted if kept[p].exists()):
        shutil.copyfile(kept[page], page.with_name(NAME))
    return [str(p.relative_to(site)) for p in wanted if not kept[p].exists()]


def _undated(found: re.Match[bytes]) -> bytes:
    """Without the time of day two builds are the same."""
    return b"/" + found[1] + b" (D:20000101000000" + (found[2] or b"") + b")"


def _printed(pages: list[Path]) -> Iterator[tuple[Path, bytes]]:
    """Each page as PDF, as far as Chromium gets."""
    chromium = browser()
    left = list(pages)
    for sandbox in ((), ("--no-sandbox",)):  # as root Chromium starts only without its sandbox
        if chromium is None or not left:
            return
        with _started(chromium, sandbox) as told:
            while left and (sheet := told.sheet(left[0])):
                yield left.pop(0), sheet


@dataclass
class _Chromium:
    """A Chromium at the other end of two pipes. Its messages end in a zero byte."""

    say: IO[bytes]
    hear: IO[bytes]
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    session: str = ""
    rest: bytes = b""

    def sheet(self, page: Path) -> bytes | None:
        """A page as PDF; None where Chromium has gone."""
        try:
            if not self.session:
                target = self.ask("Target.createTarget", url="about:blank")["targetId"]
                self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
                self.ask("Page.enable")
            self.ask("Page.navigate", url=page.resolve().as_uri())
            self.wait(lambda m: m.get("method") == "Page.loadEventFired")
            told = self.ask("Page.printToPDF", preferCSSPageSize=True, generateTaggedPDF=True)
            return b64decode(told["data"])
        except (OSError, EOFError, KeyError):
            return None

    def ask(self, method: str, **parameters: object) -> Mapping[str, Any]:
        """Give an order and wait for its answer."""
        number = next(self.numbers)
        session = {"sessionId": self.session} if self.session else {}
        order = {"id": number, "method": method, "params": parameters, **session}
        self.say.write(json.dumps(order).encode() + b"\0")
        self.say.flush()
        answer: Mapping[str, Any] = self.wait(lambda m: m.get("id") == number)["result"]
        return answer

    def wait(self, wanted: Any) -> Mapping[str, Any]:
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


@contextmanager
def _started(chromium: str, sandbox: tuple[str, ...]) -> Iterator[_Chromium]:
    """Chromium with our two pipes at 3 and 4, where it looks for them; stopped in the end whatever happens."""
    orders, ours = os.pipe()
    answers, theirs = os.pipe()
    high = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (orders, theirs)]
    for end in (orders, theirs):
        os.close(end)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        options = (*QUIET, *sandbox, "--remote-debugging-pipe", f"--user-data-dir={folder}")
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
                yield _Chromium(say, hear)
        except BrokenPipeError:  # said while closing, to a Chromium that has gone
            return
        finally:
            late.cancel()
            process.kill()
            process.wait()
