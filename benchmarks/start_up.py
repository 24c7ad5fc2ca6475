# ruff: noqa: T201
"""Compare `portal --help` with Python doing nothing.

.venv/bin/python benchmarks/start_up.py
"""

import sys

from stopwatch import spent

TIMES = 7


def main() -> None:
    """Start both in turn, and print the shortest time of each."""
    pairs = [
        (spent([sys.executable, "-c", "pass"]), spent([sys.executable, "-m", "portal", "--help"]))
        for _ in range(TIMES)
    ]
    bare = min(b.seconds for b, _ in pairs)
    ours = min(o.seconds for _, o in pairs)
    print(f"python -c pass  {bare:.3f} s")
    print(f"portal --help   {ours:.3f} s: {ours - bare:.3f} s more, {ours / bare:.1f} times as long")


if __name__ == "__main__":
    main()
