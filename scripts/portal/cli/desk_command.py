"""Run `portal desk`: say at which address the desk is, and serve it."""

import argparse
from collections.abc import Callable
from pathlib import Path

from portal.desk import serving, starter

_MINUTE = 60


def run(root: Path, options: argparse.Namespace, say: Callable[[str], None]) -> None:
    """Serve the desk of a project until interrupted, or write its starter; `say` prints."""
    if options.starter:
        path = starter.write(root)
        say(f"Written: {path.name}. Double-click it to open the desk; you can copy it to your desktop.")
        return

    def ready(address: str) -> None:
        say(f"The desk is at {address}\nThis address works once. Press Ctrl-C to stop the desk.")

    start = serving.Start(
        options.port, not options.no_browser, options.lock_after * _MINUTE, options.register
    )
    serving.run(root, start, ready)
