"""Cache the results of slow checks, keyed by a digest of everything that they depend on.

Results are kept in memory, and in a small file in `build/cache` for the next process. Continuous integration neither
reads nor writes the file, so it runs every check.
"""

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

from portal.core import operating_system

_MOST_KEPT = 2_000  # number of results in the file


class Remembered:
    """Results by digest, from this process and, if there is a path, from earlier ones. Results are JSON values, never None."""

    _here: ClassVar[dict[str, Any]] = {}

    def __init__(self, path: Path | None = None) -> None:
        self._path = path if path and not os.environ.get("CI") else None
        self._before = _read(self._path) if self._path else {}
        self._used: dict[str, Any] = {}

    @classmethod
    def forget(cls) -> None:
        """Forget the results of this process. Only tests need this."""
        cls._here.clear()

    def get(self, digest: str) -> Any | None:
        """Return the result for a digest; None if there is none."""
        result = self._here.get(digest, self._before.get(digest))
        if result is not None:
            self._used[digest] = result
        return result

    def add(self, digest: str, result: Any) -> None:
        """Remember a result."""
        self._here[digest] = self._used[digest] = result

    def keep(self) -> None:
        """Write the results for the next process, those just used first. Do nothing if the folder is not writable."""
        if self._path is None or self._used.items() <= self._before.items():
            return
        others = ((d, r) for d, r in _read(self._path).items() if d not in self._used)
        kept = dict([*self._used.items(), *others][:_MOST_KEPT])
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            operating_system.write_atomically(self._path, json.dumps(kept).encode())


def _read(path: Path) -> dict[str, Any]:
    """Return the results in the file; none if it is missing or damaged."""
    with suppress(OSError, ValueError, RecursionError):
        results = json.loads(path.read_bytes()) if path.is_file() else {}
        if isinstance(results, dict):
            return results
    return {}
