"""How long a piece of work takes, and how much memory."""

import time
import tracemalloc
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")


def timed(work: Callable[[], Found]) -> tuple[Found, float]:
    """What a run returns, and its duration in seconds."""
    start = time.perf_counter()
    found = work()
    return found, time.perf_counter() - start


def best(work: Callable[[], object], times: int) -> float:
    """The shortest of several runs in seconds, which is the one least disturbed."""
    return min(timed(work)[1] for _ in range(times))


def peak(work: Callable[[], object]) -> int:
    """The most bytes that a run holds at once beyond what was there before."""
    tracemalloc.start()
    work()
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found
