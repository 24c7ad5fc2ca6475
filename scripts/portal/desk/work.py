"""Run slow work in a thread, and report how far it is."""

import secrets
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from portal.core import operating_system
from portal.core.problems import PortalError, Problem
from portal.desk.journal import StaleError

Tell = Callable[[str], None]
_KEPT = 40
_TICK, _LONGEST = 0.2, 50.0  # seconds
PATIENCE = 0.4  # seconds that a page waits for work before it shows its progress


@dataclass
class Work:
    """Something that is being done: its title, where to go afterwards, its steps so far, and its result."""

    id: str
    title: str
    then: str
    steps: list[tuple[str, float]] = field(default_factory=list)
    finished: threading.Event = field(default_factory=threading.Event)
    result: Any = None
    typed: Any = None
    problems: tuple[Problem, ...] = ()

    @property
    def is_done(self) -> bool:
        """Return True if it has ended, well or not."""
        return self.finished.is_set()

    def tell(self, step: str) -> None:
        """Begin a step."""
        self.steps.append((step, time.monotonic()))

    def progress(self, longest: float = _LONGEST) -> Iterator[tuple[str, ...] | None]:
        """Yield the steps so far at once, each time that one begins and at the end, for at most `longest` seconds.

        Yield None in between, so that whoever follows can notice that nobody listens any more.
        """
        until, shown = time.monotonic() + longest, -1
        while not self.finished.is_set() and time.monotonic() < until:
            began, shown = len(self.steps) != shown, len(self.steps)
            yield tuple(step for step, _ in self.steps) if began else None
            self.finished.wait(_TICK)
        yield tuple(step for step, _ in self.steps)


@dataclass(frozen=True)
class Pace:
    """For how many seconds to wait for work, and whether it waits for other work first: it need not if it only reads."""

    patience: float = PATIENCE
    in_turn: bool = True


USUAL = Pace()


class Workshop:
    """Runs one piece of work after the other, so that no two of them read and write at once. Some only look, at any time."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._turn = threading.Lock()
        self._all: dict[str, Work] = {}

    def start(
        self,
        title: str,
        then: str,
        do: Callable[[Tell], Any],
        typed: Any = None,
        pace: Pace = USUAL,
    ) -> Work:
        """Start work and return it, finished if it was quick. `then` is the address to go to afterwards."""
        work = Work(secrets.token_hex(8), title, then, typed=typed)
        for old in [w.id for w in self._all.values() if w.is_done][:-_KEPT]:
            del self._all[old]
        self._all[work.id] = work
        threading.Thread(
            target=self._run, args=(work, do, self._turn if pace.in_turn else nullcontext()), daemon=True
        ).start()
        work.finished.wait(pace.patience)
        return work

    def find(self, id_: str) -> Work | None:
        """Return work by its id, None if it is not known."""
        return self._all.get(id_)

    def is_busy(self) -> bool:
        """Return True if something is being done."""
        return any(not w.is_done for w in self._all.values())

    def _run(self, work: Work, do: Callable[[Tell], Any], turn: AbstractContextManager[object]) -> None:
        with turn:
            try:
                work.result = do(work.tell)
            except PortalError as error:
                work.problems = error.problems
            except StaleError:
                fix = "Look at what changed, then send the form again: what you typed is still in it."
                work.problems = (
                    Problem("desk", code="stale", message="Something else changed in the meantime.", fix=fix),
                )
            except OSError as error:
                work.problems = (operating_system.problem(error, self._root),)
            except Exception as error:
                work.problems = (operating_system.memory_problem(error) or logged_fault(self._root),)
            finally:
                work.finished.set()


def logged_fault(root: Path) -> Problem:
    """Write the error that is being handled to a file, and return what to tell people."""
    log = root / "build" / "portal-error.log"
    log.parent.mkdir(exist_ok=True)
    log.write_text(traceback.format_exc(), encoding="utf-8", newline="\n")
    fix = "Send the file build/portal-error.log to the maintainers. Nothing was written."
    return Problem("desk", code="fault", message="This is an error in the program.", fix=fix)
