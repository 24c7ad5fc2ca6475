# ruff: noqa: T201
"""Time the check of this portal: with every audit made again, and with what earlier ones found.

.venv/bin/python benchmarks/check_again.py
"""

from pathlib import Path

from portal.core.remembered import Remembered
from portal.site import building
from stopwatch import best

ROOT = Path(__file__).resolve().parent.parent
TIMES = 3


def main() -> None:
    """Check in both ways, and print how long each takes."""
    whole = best(from_the_beginning, TIMES)
    again = best(lambda: building.check(ROOT), TIMES)
    for name, took in (("everything", whole), ("with what was found before", again)):
        print(f"{name:28}{took:7.2f} s {took / again:8.2f} times as long")


def from_the_beginning() -> None:
    """Check without what this process or an earlier one has found."""
    Remembered.forget()
    for name in ("validated.json", "audited.json"):
        (ROOT / "build" / "cache" / name).unlink(missing_ok=True)
    building.check(ROOT)


if __name__ == "__main__":
    main()
