"""Say on the terminal what went wrong: problems of files, and faults of the program."""

import sys
import traceback
from pathlib import Path

from portal.core.problems import PortalError


def listed(error: PortalError) -> str:
    """Return all problems as text, with their number."""
    count = len(error.problems)
    head = "1 problem:" if count == 1 else f"{count} problems:"
    return "\n\n".join([head, *map(str, error.problems)])


def logged(root: Path) -> str:
    """Write the traceback of a fault in the program to a file, and return what to tell people."""
    log = root / "build" / "portal-error.log"
    try:
        log.parent.mkdir(exist_ok=True)
        log.write_text(traceback.format_exc(), encoding="utf-8", newline="\n")
    except OSError:
        return f"An error in this program: {sys.exc_info()[1]}. The site in build/site has not changed."
    return f"An error in this program. Details are in {log}: please send that file to the maintainers. The site in build/site has not changed."
