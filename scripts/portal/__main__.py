"""Run the command `portal`, also as `python -m portal`."""

import sys
from typing import NoReturn

_NO_MODULE = "No module named"


def run() -> NoReturn:
    """Run one command. If there is too little memory to load the program, say so and exit with 1, as for any problem."""
    try:
        from portal.cli.commands import program  # noqa: PLC0415 - this is what can fail
    except (ImportError, MemoryError) as error:
        if _NO_MODULE in str(error):
            raise
        sys.exit(
            f"The program cannot be loaded. There is probably too little memory for it here. Close other programs, or raise the limit (ulimit -v), then try again. The computer says: {error}."
        )
    program()


if __name__ == "__main__":
    run()
