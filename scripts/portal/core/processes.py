"""Work that a second process does at the same time, by fork: it has all that is known here without being handed it.

What it comes to must fit into a pickle, and doing it twice must do no harm: where the second process fails it says
nothing, and the work is done here, which also finds the words for what is wrong. So it is where there is no fork, or only
one processor, or where other threads run, which could hold a lock that nobody in the second process ever lets go.
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
_WAITING = 1024  # numbers that any pipe takes before somebody reads them
AT_ONCE = 2 if sys.platform == "linux" and len(os.sched_getaffinity(0)) > 1 else 1


@contextmanager
def run_in_child(work: Callable[[], Found]) -> Iterator[Callable[[], Found]]:
    """Begin a piece of work; what is yielded waits for it and says what it came to. It ends with the block."""
    if not _can():
        yield work
        return
    reads, writes = os.pipe()
    gc.freeze()  # else collecting would touch, and so copy, all that the two share
    child = os.fork()
    if not child:
        _answer(work, writes)
    os.close(writes)
    try:
        with os.fdopen(reads, "rb") as told:

            def wait() -> Found:
                try:
                    found: Found = pickle.load(told)  # noqa: S301 - our own process says it
                except (pickle.UnpicklingError, EOFError):
                    return work()
                return found

            yield wait
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        gc.unfreeze()


def all_of(jobs: Sequence[Callable[[], Found]]) -> list[Found]:
    """What each job comes to, in their order; either process takes the next one when it is done with the last."""
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
    """Do the work in a new process, say what it came to, and end there and then."""
    try:
        found = work()
        with os.fdopen(pipe, "wb") as out:
            pickle.dump(found, out, pickle.HIGHEST_PROTOCOL)  # piece by piece, so that it is not held twice
    finally:
        os._exit(0)
