"""The commands of the desk and of publishing: open pages on this computer, and put the built site on its targets."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from portal.cli.arguments import OK

if TYPE_CHECKING:
    from portal.cli.progress_line import ProgressLine


def _desk(root: Path, options: argparse.Namespace, progress: "ProgressLine") -> int:
    from portal.cli import desk_command  # noqa: PLC0415

    desk_command.run(root, options, _say)
    return OK


def _publish(root: Path, options: argparse.Namespace, progress: "ProgressLine") -> int:
    from portal.cli import publish_command  # noqa: PLC0415

    for line in publish_command.run(root, options, progress):
        progress.end()
        _say(line)
    return OK


def _embargo(root: Path, options: argparse.Namespace, progress: "ProgressLine") -> int:
    from portal.cli import embargo_command  # noqa: PLC0415

    progress("Checking the data packages")
    for line in embargo_command.run(root, options, progress.end):
        progress.end()
        _say(line)
    return OK


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


COMMANDS = {"desk": _desk, "publish": _publish, "embargo": _embargo}
