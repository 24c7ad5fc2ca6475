"""Run the command `portal`, also as `python -m portal`."""

import sys
from typing import NoReturn

# What errors say if a library cannot be loaded into the memory that is left. `core/operating_system.py` knows these
# too, but cannot be loaded either then.
_NO_MEMORY = ("failed to map segment", "cannot allocate memory", "Cannot allocate memory")


def run() -> NoReturn:
    """Run one command. If there is too little memory to load the program, say so and exit with 1, as for any problem."""
    try:
        from portal.cli.commands import program  # noqa: PLC0415 - this is what can fail
    except (ImportError, MemoryError, OSError) as error:
        if not isinstance(error, MemoryError) and not any(words in str(error) for words in _NO_MEMORY):
            raise
        sys.exit(
            f"The program cannot be loaded. There is probably too little memory for it here. Close other programs, or raise the limit (ulimit -v), then try again. The computer says: {str(error) or type(error).__name__}."
        )
    program()


if __name__ == "__main__":
    run()
