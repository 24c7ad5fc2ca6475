"""Measure the time and memory of a piece of work."""

import ctypes
import os
import resource
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

Result = TypeVar("Result")


def timed(work: Callable[[], Result]) -> tuple[Result, float]:
    """Return the result of a run, and its duration in seconds."""
    start = time.perf_counter()
    result = work()
    return result, time.perf_counter() - start


def best(work: Callable[[], object], times: int) -> float:
    """Return the duration of the shortest of several runs in seconds: the one least disturbed."""
    return min(timed(work)[1] for _ in range(times))


def peak(work: Callable[[], object]) -> int:
    """Return the peak memory of a run in bytes, beyond what was in use before."""
    tracemalloc.start()
    work()
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak_bytes


@dataclass(frozen=True)
class Spent:
    """What a program and its child processes took: seconds, processor seconds, and peak memory in bytes.

    On Linux this includes children that outlive their parents, such as those of a Chromium that is killed.
    """

    seconds: float
    processor: float
    memory: int


def spent(command: Sequence[str]) -> Spent:
    """Run a program to its end, once what other programs wrote is on the disk. Raises: SystemExit if it fails."""
    _adopt_orphans()
    if hasattr(os, "sync"):
        os.sync()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    most = [0]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        threading.Thread(target=_watch, args=(process, most), daemon=True).start()
        said = process.communicate()[1]
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}:\n{said.decode()[-2000:]}")
    took = time.perf_counter() - start
    _wait_for_orphans()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Spent(took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, most[0])


def _adopt_orphans() -> None:
    """Become the parent of every process below this one whose own parent ends, so that its time is counted here."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


def _wait_for_orphans() -> None:
    with suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)


def _watch(process: "subprocess.Popen[bytes]", most: list[int]) -> None:
    """Record the peak memory of a program and its children; shared memory is divided among them (PSS).

    Looking takes time from the program, and more the larger it is: every tenth of a second, it made builds a tenth slower.
    """
    while process.returncode is None:
        most[0] = max(most[0], sum(_held(pid) for pid in _family(process.pid)))
        time.sleep(0.5)


def _family(pid: int) -> Iterator[int]:
    yield pid
    try:
        children = [
            p for task in Path(f"/proc/{pid}/task").iterdir() for p in (task / "children").read_text().split()
        ]
    except OSError:  # the process has ended
        return
    for child in children:
        yield from _family(int(child))


def _held(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("Pss:")), 0)
