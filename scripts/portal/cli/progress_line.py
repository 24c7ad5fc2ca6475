"""Show on the terminal the step that is running."""

import sys
import time


class ProgressLine:
    """Show on the terminal the step that is running and how long each step took."""

    def __init__(self) -> None:
        self._since = 0.0

    def __call__(self, step: str) -> None:
        """Begin a step."""
        self.end()
        sys.stderr.write(f"{step} …")
        sys.stderr.flush()
        self._since = time.monotonic()

    def end(self) -> None:
        """End the current step, if there is one."""
        if self._since:
            sys.stderr.write(f" {time.monotonic() - self._since:.1f} s\n")
            self._since = 0.0
