"""Grows the tiny portal's pages with changed templates. Run as a program by test_hostile, never imported.

    grown.py PROJECT < one JSON a line: {"file": "figure.md.jinja", "text": "..."}

Answers each line with one JSON: what was wrong, and which files were read outside of the project and of the program.
"""

import json
import sys
import traceback
from dataclasses import replace
from pathlib import Path
from typing import Any

from portal.charts.svg import LIBRARY, Pictures
from portal.core import processes
from portal.core.problems import PortalError
from portal.site import building, staging
from project import ROOT


def main(root: Path) -> None:
    """Answer each line."""
    processes.WORKERS = 1  # what a worker process opens would not be seen here
    settings, released = building.check(root)
    grown = Pictures(root / LIBRARY, prints=True)
    site = staging.plan_site(settings, released)
    staging.write_files(site, grown, lambda *_: None)  # imports and reads everything that it will ever need
    site = replace(
        site, pages=tuple({p.template: p for p in site.pages}.values())
    )  # one of each kind is enough
    outside: list[str] = []
    packages = [
        p for p in sys.path if p.endswith("site-packages")
    ]  # they need not be in the environment itself
    own = (root, root / "build" / "cache", ROOT / "scripts", sys.prefix, sys.base_prefix, *packages)
    mine = tuple(str(p.resolve()) for p in map(Path, map(str, own)))

    def watch(event: str, given: tuple[Any, ...]) -> None:
        if (
            event == "open"
            and isinstance(given[0], str)
            and not str(Path(given[0]).resolve()).startswith(mine)
        ):
            outside.append(given[0])

    sys.addaudithook(watch)
    for line in sys.stdin:
        order = json.loads(line)
        path = root / "site_src" / "templates" / order["file"]
        good = path.read_bytes()
        path.write_bytes(order["text"].encode())
        outside.clear()
        told: dict[str, Any] = {"problems": [], "crash": ""}
        try:
            staging.write_files(site, grown, lambda *_: None)
        except PortalError as error:
            told["problems"] = [[p.file, p.row, p.code, p.message, p.fix] for p in error.problems]
        except Exception:
            told["crash"] = traceback.format_exc()
        read = list(outside)
        path.write_bytes(good)
        sys.stdout.write(json.dumps({**told, "outside": read}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
