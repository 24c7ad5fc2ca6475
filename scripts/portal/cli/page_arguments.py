"""The options of the commands that show pages on this computer, and of publishing."""

import argparse
from collections.abc import Callable
from pathlib import Path

# Makes the parser of a command from its name, a short and a long help text.
NewCommand = Callable[[str, str, str], argparse.ArgumentParser]


def add(command: NewCommand) -> None:
    """Add these commands."""
    serve = command(
        "serve",
        "preview the site on this computer",
        "Build the site and show it at an address that only this computer can open. When you save a table, page, template\n"
        "or picture, the site is built again: reload the page in your browser to see it. Press Ctrl-C to stop.",
    )
    serve.add_argument(
        "--port", type=int, default=8000, help="the port number at the end of the address (default: 8000)"
    )
    _of_publishing(
        command(
            "publish",
            "publish the built site to the targets of the settings",
            "Copy build/site to each target of the settings, check every file there, and only then make it public. Targets are in\n"
            "site_src/portal.toml, under [targets]: folder:PATH keeps earlier sites and changes one link, zip:PATH is one file.",
        )
    )
    _of_an_embargo(
        command(
            "embargo",
            "end an embargo for good",
            "Say which release waits and until when. With end, it becomes public with the next build. With give-up, it is\n"
            "never published: every table goes back to the newest public release, and a copy stays in build/given-up.",
        )
    )
    _of_the_desk(
        command(
            "desk",
            "do the whole quarterly update in the browser",
            "Open a page on which you bring in files, check, see, sign and publish, without further commands. The page is on this\n"
            "computer only, and the address that opens it works once. If the desk is open already, open another window of it.\n"
            "Press Ctrl-C to stop.",
        )
    )


def _of_publishing(publish: argparse.ArgumentParser) -> None:
    """Add which target to publish to, and how."""
    publish.add_argument("target", nargs="?", default="", metavar="TARGET", help="only this one")
    publish.add_argument("--dry-run", action="store_true", help="only show what would change")
    publish.add_argument("--back", action="store_true", help="restore the previous site; twice undoes it")


def _of_an_embargo(embargo: argparse.ArgumentParser) -> None:
    """Add how an embargo ends, who decided it and why."""
    embargo.add_argument(
        "how", nargs="?", choices=("end", "give-up"), help="how it ends (default: only say what waits)"
    )
    embargo.add_argument("--reason", default="", metavar="WORDS", help="who decided it, and why")
    embargo.add_argument(
        "--by", default="", metavar="NAME", help="who writes this; kept in the history of the desk"
    )
    embargo.add_argument("--yes", action="store_true", help="write without asking for confirmation")


def _of_the_desk(desk: argparse.ArgumentParser) -> None:
    """Add the options of the desk."""
    desk.add_argument(
        "--starter",
        action="store_true",
        help="write a file into the project that opens the desk by a double click",
    )
    desk.add_argument(
        "--register",
        type=Path,
        metavar="FILE",
        help="another table of addresses to fetch from, with the same columns",
    )
    desk.add_argument("--no-browser", action="store_true", help="only print the address")
    desk.add_argument(
        "--port", type=int, default=0, help="the port number of the address (default: any that is free)"
    )
    desk.add_argument(
        "--lock-after",
        type=int,
        default=30,
        metavar="MINUTES",
        help="lock after this many minutes without use (default: 30)",
    )
