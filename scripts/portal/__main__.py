"""Run the command `portal`, as `python -m portal`."""

from portal.cli.commands import program

program()
