"""Run jobs in two worker processes at once, or one beside what the caller does.

Workers are forked, so that a job can use everything that its caller has in memory. Where Python cannot fork safely
(Windows, macOS, a process with several threads) or there is only one processor, the jobs run here, one after another.
"""

import gc
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from portal.core.problems import PortalError, Problem

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

Result = TypeVar("Result")

WORKERS = 2 if sys.platform == "linux" and len(os.sched_getaffinity(0)) > 1 else 1
_CHUNKS = 48  # for each worker: enough that both finish at about the same time
_jobs: Sequence[Callable[[], Any]] = ()  # inherited by the workers, because closures cannot be pickled


def run_all(jobs: Sequence[Callable[[], Result]]) -> list[Result]:
    """Return the result of each job, in their order.

    Results are pickled, and what a job changes in memory is lost.

    Raises: what a job raises; `PortalError` if a worker is killed.
    """
    if not _can_fork() or len(jobs) < 2:
        return [job() for job in jobs]
    with _workers(jobs, WORKERS) as pool:
        return list(pool.map(_run, range(len(jobs)), chunksize=-(-len(jobs) // (WORKERS * _CHUNKS))))


@contextmanager
def beside(job: Callable[[], Result]) -> Iterator[Callable[[], Result]]:
    """Run a job in a worker process beside the block; yield a function that waits for the job and returns its result.

    The result is pickled, and what the job changes in memory is lost. Where there is no worker, the job runs when its
    result is asked for. Jobs in `run_all` within the block run one after another.

    Raises: as `run_all` does.
    """
    if not _can_fork():
        yield job
        return
    with _workers([job], 1) as pool:
        yield pool.submit(_run, 0).result


@contextmanager
def _workers(jobs: Sequence[Callable[[], Result]], number: int) -> Iterator["ProcessPoolExecutor"]:
    """Yield an executor whose processes can run these jobs, by their index."""
    global _jobs  # noqa: PLW0603 - see there
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415 - only where there is fork: it needs parts of the system
    from concurrent.futures.process import BrokenProcessPool  # noqa: PLC0415

    _jobs = jobs
    gc.freeze()  # the collector would otherwise touch, and so copy, the memory that the workers share
    try:
        with ProcessPoolExecutor(
            number, mp_context=multiprocessing.get_context("fork"), initializer=_prepare_worker
        ) as pool:
            yield pool
    except BrokenProcessPool as error:
        message = "A worker process ended before its work was done."
        fix = "Check that there is enough memory, then try again."
        raise PortalError([Problem("build", code="worker", message=message, fix=fix)]) from error
    finally:
        _jobs = ()
        gc.unfreeze()


def _can_fork() -> bool:
    return WORKERS > 1 and threading.active_count() == 1


def _run(index: int) -> Any:
    return _jobs[index]()


def _prepare_worker() -> None:
    """Leave Ctrl-C to the parent, and make sure that the worker does not outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)
