# ruff: noqa: T201
"""Run every benchmark in turn. Each compares what it measures with something else run in the same minutes.

    make benchmarks [WARDS=FILE]

FILE is a file of “MPS Ward Level Crime”, from which larger portals are made. Without it, only this portal is built.
"""

import platform
import subprocess
import sys
from datetime import datetime
from os import cpu_count, getloadavg
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
EACH = (
    "start_up",
    "check_table",
    "import_wards",
    "check_again",
    "suppress_wards",
    "peers",
    "build_site",
    "desk",
)
TAKES_FILE = ("import_wards", "build_site")


def main() -> None:
    """Run each in its own process, and continue if one fails."""
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
