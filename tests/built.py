"""Builds this repository's site with the command, and keeps what its check found. Run as a program by conftest.

    built.py PROJECT FILE

Many tests need what the check found and remembers, and it takes as long as a third of the build. The file is not written
if the site was already there.
"""

import pickle
import sys
from pathlib import Path

from portal.cli import commands
from portal.core.remembered import Remembered
from portal.disclosure.clearing import ClearedContent
from portal.releases.releasing import Project
from portal.site import building


def main(root: str, file: Path) -> int:
    """Run `portal build`, and return its exit code."""
    allowed = building.allowed

    def kept(whole: Project) -> ClearedContent:
        cleared = allowed(whole)
        if whole.settings.public is None:
            file.write_bytes(pickle.dumps(((whole.settings, cleared), Remembered._here)))
        return cleared

    building.allowed = kept
    return commands.main(["--project", root, "build"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
