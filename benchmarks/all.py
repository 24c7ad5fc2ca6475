# ruff: noqa: T201
"""Runs every benchmark, one after the other; each prints what it measures beside something run in the same minutes.

    make benchmarks [WARDS=FILE]

FILE is one of “MPS Ward Level Crime”, of which larger portals are made; without it only this one is built.
"""

import platform
import subprocess
import sys
from datetime import datetime
from os import cpu_count, getloadavg
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
EACH = ("start_up", "check_table", "import_wards", "suppress_wards", "peers", "build_site")
TAKES_FILE = ("import_wards", "build_site")


def main() -> None:
    """Run each in a process of its own, and go on where one fails."""
    now, load = datetime.now().astimezone(), getloadavg()[0]
    print(
        f"{now:%-d %B %Y}, {platform.machine()}, {cpu_count()} cores, Python {platform.python_version()}, load {load:.1f}"
    )
    failed = []
    for name in EACH:
        print(f"\n== {name}", flush=True)
        files = sys.argv[1:2] if name in TAKES_FILE else []
        if subprocess.run([sys.executable, str(FOLDER / f"{name}.py"), *files], check=False).returncode:
            failed.append(name)
    sys.exit(f"Failed: {', '.join(failed)}" if failed else 0)


if __name__ == "__main__":
    main()
