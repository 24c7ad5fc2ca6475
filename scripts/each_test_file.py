"""Run each file of tests in a process of its own, one after the other, and list those that fail there.

A file that passes only after another one depends on what that one left: a cache, a built site, a module that is loaded.
"""

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main(names: list[str]) -> int:
    """Run the files of these names, or all; return 0 where every one passes."""
    files = [Path(name) for name in names] or sorted((ROOT / "tests").glob("test_*.py"))
    failed = []
    for file in files:
        since = time.monotonic()
        command = [sys.executable, "-m", "pytest", "-n0", "-p", "no:cacheprovider", str(file)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        print(
            f"{'passes' if done.returncode == 0 else 'FAILS '} {time.monotonic() - since:6.1f} s  {file.name}",
            flush=True,
        )
        if done.returncode:
            failed.append(file.name)
            print("\n".join((done.stdout + done.stderr).splitlines()[-30:]), flush=True)
    print(f"{len(files) - len(failed)} of {len(files)} files pass on their own. {' '.join(failed)}".strip())
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
