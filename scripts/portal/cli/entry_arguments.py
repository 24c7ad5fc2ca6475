"""The options of the commands that change single entries of the packages."""

import argparse

from portal.cli.page_arguments import NewCommand


def add(command: NewCommand) -> None:
    """Add these commands."""
    _of_reasons(
        command(
            "accept",
            "accept a warning, with the reason",
            "Accept a warning by the name that portal check prints. The reason and the team are published. A name that ends\n"
            "in * accepts every warning that begins like it.",
        ),
        command(
            "reason",
            "say why figures were revised",
            "Give the reason for figures that were revised or withdrawn since the last release. Readers see it. Without options\n"
            "it counts for every such figure.",
        ),
    )
    _of_entries(
        command(
            "add",
            "add a source, plan, indicator, route, service or another entry",
            "Add one entry: source, plan, indicator, claim, target, break, priority, action, milestone, measure, update, route,\n"
            "service, term or date (a promised release). Without values, list the values that it has. Everything is checked\n"
            "with the new entry; nothing is written if that fails. For example:\n"
            '  portal add source title="Annual report" publisher="Exampleton Council" kind=document …',
        ),
        command("change", "change an entry", "Change values of one entry. NAME= clears a value."),
        command(
            "remove",
            "remove an entry",
            "Remove one entry. What still refers to it is listed, and then nothing is written.",
        ),
    )
    of_status = command(
        "status",
        "record the status of an action, with its evidence",
        "Record how far an action is, with the update that is the evidence. With title and text the update is added too; or\n"
        "name one that exists with update=ID. Without STATUS only the update is added. For example:\n"
        '  portal status plan-2027 action-1-1 done date=2027-03-31 title="…" text="…" reason="…" source=report locator="p. 4"',
    )
    of_status.add_argument("package", metavar="PLAN", help="the package or address of the plan")
    of_status.add_argument("action", metavar="ACTION", help="the id of the action")
    of_status.add_argument(
        "values",
        nargs="+",
        metavar="[STATUS] NAME=VALUE",
        help="not-started, under-way, substantially-done or done; then date, title, text, update, reason, source, locator",
    )
    of_status.add_argument("--yes", action="store_true", help="write without asking for confirmation")


def _of_reasons(accept: argparse.ArgumentParser, reason: argparse.ArgumentParser) -> None:
    """Add the options of the commands that give reasons."""
    accept.add_argument("warning", metavar="NAME", help="the name of the warning, as portal check prints it")
    accept.add_argument(
        "--reason", default="", metavar="WORDS", help="why the data is right as it is, for readers"
    )
    accept.add_argument("--by", default="", metavar="TEAM", help="the team that accepts it")
    accept.add_argument("--remove", action="store_true", help="take back an acceptance")
    reason.add_argument("reason", metavar="WORDS", help="why, in words that readers understand")
    reason.add_argument(
        "--indicator", default="", metavar="ID", help="the indicator (default: every revised figure)"
    )
    reason.add_argument(
        "--area", default="", metavar="CODE", help="the code of the area (default: every area)"
    )
    reason.add_argument(
        "--period", default="", metavar="LAST-DAY", help="the last day of the period (default: every period)"
    )
    for one in (accept, reason):
        one.add_argument("--yes", action="store_true", help="write without asking for confirmation")


def _of_entries(
    add: argparse.ArgumentParser, change: argparse.ArgumentParser, remove: argparse.ArgumentParser
) -> None:
    """Add the options of the commands that change one entry."""
    for one in (add, change, remove):
        one.add_argument("kind", metavar="KIND", help="what it is, such as source, route or action")
    for one in (change, remove):
        one.add_argument("id", metavar="ID", help="its id, or the parts of its key with slashes between")
    add.add_argument("values", nargs="*", metavar="NAME=VALUE", help="its values; none: list what there is")
    change.add_argument("values", nargs="+", metavar="NAME=VALUE", help="the new values")
    for one in (add, change, remove):
        one.add_argument(
            "--package", default="", metavar="NAME", help="the package, if several have such entries"
        )
        one.add_argument("--yes", action="store_true", help="write without asking for confirmation")
