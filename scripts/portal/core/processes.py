"""Run work in a forked worker process, which shares the memory of this one.

The result must be picklable, and the work must be safe to do twice: if the worker fails, this process does the work
itself, and reports the error. It also does so without fork, with a single processor, or while other threads run, since a
thread could hold a lock that the worker would wait for.
"""

import gc
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

Found = TypeVar("Found")

_NUMBER = 4  # bytes
_WAITING = 1024  # numbers that fit into any pipe before they are read
AT_ONCE = 2 if sys.platform == "linux" and len(os.sched_getaffinity(0)) > 1 else 1


@contextmanager
def run_in_child(work: Callable[[], Found]) -> Iterator[Callable[[], Found]]:
    """Start work in a worker process; yield a function that waits for its result. The worker is stopped with the block."""
    if not _can():
        yield work
        return
    reads, writes = os.pipe()
    gc.freeze()  # otherwise collection would touch, and so copy, the shared memory
    child = os.fork()
    if not child:
        _answer(work, writes)
    os.close(writes)
    try:
        with os.fdopen(reads, "rb") as told:

            def wait() -> Found:
                try:
                    found: Found = pickle.load(told)  # noqa: S301 - written by our own process
                except (pickle.UnpicklingError, EOFError):
                    return work()
                return found

            yield wait
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        gc.unfreeze()


def all_of(jobs: Sequence[Callable[[], Found]]) -> list[Found]:
    """Return the result of each job, in order; two processes take the next job as they finish."""
    if not _can() or len(jobs) < 2:
        return [job() for job in jobs]
    at_once = len(jobs) // _WAITING + 1
    waiting, writes = os.pipe()
    with os.fdopen(writes, "wb") as out:
        out.write(b"".join(n.to_bytes(_NUMBER, "big") for n in range(0, len(jobs), at_once)))

    def take() -> dict[int, Found]:
        found: dict[int, Found] = {}
        while first := os.read(waiting, _NUMBER):
            start = int.from_bytes(first, "big")
            found |= {n: jobs[n]() for n in range(start, min(start + at_once, len(jobs)))}
        return found

    try:
        with run_in_child(take) as other:
            found = take() | other()
            return [found[n] if n in found else jobs[n]() for n in range(len(jobs))]
    finally:
        os.close(waiting)


def _can() -> bool:
    return AT_ONCE > 1 and threading.active_count() == 1


def _answer(work: Callable[[], object], pipe: int) -> None:
    """Do the work in the worker, write the result to the pipe and exit."""
    try:
        found = work()
        with os.fdopen(pipe, "wb") as out:
            pickle.dump(found, out, pickle.HIGHEST_PROTOCOL)  # as a stream, so that it is not in memory twice
    finally:
        os._exit(0)
