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

Thing = TypeVar("Thing")
Found = TypeVar("Found")

AT_ONCE = 2 if sys.platform == "linux" and len(os.sched_getaffinity(0)) > 1 else 1


@contextmanager
def aside(work: Callable[[], Found]) -> Iterator[Callable[[], Found]]:
    """Begin a piece of work; what is yielded waits for it and says what it came to. It ends with the block."""
    if not _can():
        yield work
        return
    reads, writes = os.pipe()
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


def halves(work: Callable[[Sequence[Thing]], Found], things: Sequence[Thing]) -> tuple[Found, ...]:
    """What a piece of work makes of each half of the things, the halves at once; of all of them where there is one process."""
    if not _can() or len(things) < 2:
        return (work(things),)
    with aside(lambda: work(things[1::2])) as other:
        return work(things[::2]), other()


def _can() -> bool:
    return AT_ONCE > 1 and threading.active_count() == 1


def _answer(work: Callable[[], object], pipe: int) -> None:
    """Do the work in a new process, say what it came to, and end there and then."""
    try:
        gc.disable()  # it would touch, and so copy, all that the two share
        found = work()
        with os.fdopen(pipe, "wb") as out:
            pickle.dump(found, out, pickle.HIGHEST_PROTOCOL)  # piece by piece, so that it is not held twice
    finally:
        os._exit(0)
