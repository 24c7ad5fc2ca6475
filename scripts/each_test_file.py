"""Run each test file in its own process and list those that fail.

A file that only passes after another one depends on what that one left: a cache, a built site, a loaded module.
"""

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main(names: list[str]) -> int:
    """Run the named files, or all of them; return 0 if every file passes, else 1."""
    files = [Path(name) for name in names] or sorted((ROOT / "tests").rglob("test_*.py"))
    failed = []
    for file in files:
        started = time.monotonic()
        command = [sys.executable, "-m", "pytest", "-n0", "-p", "no:cacheprovider", "--thorough", str(file)]
        finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        print(
            f"{'passes' if finished.returncode == 0 else 'FAILS '} {time.monotonic() - started:6.1f} s  {file.name}",
            flush=True,
        )
        if finished.returncode:
            failed.append(file.name)
            print("\n".join((finished.stdout + finished.stderr).splitlines()[-30:]), flush=True)
    print(f"{len(files) - len(failed)} of {len(files)} files pass on their own. {' '.join(failed)}".strip())
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
