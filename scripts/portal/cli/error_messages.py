"""Say on the terminal what went wrong: problems of files, and faults of the program."""

import sys
import traceback
from collections import Counter
from dataclasses import replace
from pathlib import Path

from portal.core.problems import PortalError

# How many problems of one kind in one column are listed.
_MOST_LISTED = 100


def listed(error: PortalError) -> str:
    """Return the problems as text, with their number; of a kind that is in many rows of a column, only the first."""
    count = len(error.problems)
    head = "1 problem:" if count == 1 else f"{count:,} problems:"
    kinds = Counter((p.file, p.field, p.code) for p in error.problems)
    seen: Counter[tuple[str, str, str]] = Counter()
    texts = []
    for p in error.problems:
        kind = p.file, p.field, p.code
        seen[kind] += 1
        if seen[kind] <= _MOST_LISTED:
            texts.append(str(p))
        elif seen[kind] == _MOST_LISTED + 1:
            place = replace(p, row=0).place
            texts.append(f"{place}\n  Found: {kinds[kind] - _MOST_LISTED:,} more problems of this kind.")
    return "\n\n".join([head, *texts])


def logged(root: Path) -> str:
    """Write the traceback of a fault in the program to a file, and return what to tell people."""
    log = root / "build" / "portal-error.log"
    try:
        log.parent.mkdir(exist_ok=True)
        log.write_text(traceback.format_exc(), encoding="utf-8", newline="\n")
    except OSError:
        return f"An error in this program: {sys.exc_info()[1]}. The site in build/site has not changed."
    return f"An error in this program. Details are in {log}: please send that file to the maintainers. The site in build/site has not changed."
