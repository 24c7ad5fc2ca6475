"""Run the commands that change single entries: `add`, `change`, `remove`, `status`, `accept` and `reason`."""

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from portal.cli import asking
from portal.cli.arguments import OK
from portal.cli.progress_line import ProgressLine
from portal.core import periods
from portal.core.problems import PortalError, Problem

if TYPE_CHECKING:
    from portal.editing.planned_changes import PlannedChange


def _add(root: Path, options: argparse.Namespace, progress: ProgressLine) -> int:
    from portal.editing import entries  # noqa: PLC0415

    if not options.values:
        print("\n".join(_form(options.kind, entries.form(options.kind))))
        return OK
    progress("Checking the packages with the new entry")
    return _written(
        root, options, progress, entries.add(root, options.kind, _cells(options.values), options.package)
    )


def _form(kind: str, values: Iterable[tuple[str, str, bool]]) -> Iterator[str]:
    """Yield the values that an entry can have."""
    yield f"Give each value as NAME=VALUE. For example: portal add {kind} title=“…”"
    for name, title, required in values:
        yield f"  {name:20} {title}{'' if required else ' (can be left out)'}"
    yield "An id, a number or an address that is left out is made from the rest."


def _change(root: Path, options: argparse.Namespace, progress: ProgressLine) -> int:
    from portal.editing import entries  # noqa: PLC0415

    progress("Checking the packages with the change")
    cells = _cells(options.values)
    return _written(
        root, options, progress, entries.change(root, options.kind, options.id, cells, options.package)
    )


def _remove(root: Path, options: argparse.Namespace, progress: ProgressLine) -> int:
    from portal.editing import entries  # noqa: PLC0415

    progress("Checking the packages without the entry")
    return _written(root, options, progress, entries.remove(root, options.kind, options.id, options.package))


def _status(root: Path, options: argparse.Namespace, progress: ProgressLine) -> int:
    from portal.editing import entries  # noqa: PLC0415

    progress("Checking the packages with the status")
    first = options.values[0]
    cells = _cells(options.values if "=" in first else options.values[1:])
    cells |= {} if "=" in first else {"status": first}
    return _written(root, options, progress, entries.status(root, options.package, options.action, cells))


def _accept(root: Path, options: argparse.Namespace, progress: ProgressLine) -> int:
    from portal.editing import reasons  # noqa: PLC0415

    progress("Checking the data packages")
    if options.remove:
        return _written(root, options, progress, reasons.take_back(root, options.warning))
    plan = reasons.accept(root, options.warning, options.reason, options.by, periods.today())
    return _written(root, options, progress, plan)


def _reason(root: Path, options: argparse.Namespace, progress: ProgressLine) -> int:
    from portal.editing import reasons  # noqa: PLC0415

    progress("Comparing with the last release")
    plan = reasons.explain(root, options.reason, options.indicator, options.area, options.period)
    return _written(root, options, progress, plan)


def _cells(values: Iterable[str]) -> dict[str, str]:
    """Return the values by name.

    Raises:
        PortalError: one has no equals sign, or a name is given twice.
    """
    cells: dict[str, str] = {}
    for value in values:
        name, equals, text = value.partition("=")
        if not equals:
            fix = 'Write NAME=VALUE, with quotation marks around words: title="Annual report".'
            raise PortalError(
                [Problem("NAME=VALUE", code="entry", message=f"“{value}” has no name.", fix=fix)]
            )
        if name in cells:
            raise PortalError(
                [Problem(name, code="entry", message=f"{name} is given twice.", fix="Give it once.")]
            )
        cells[name] = text
    return cells


def _written(root: Path, options: argparse.Namespace, progress: ProgressLine, plan: "PlannedChange") -> int:
    """Show a planned change, ask, and write it."""
    if plan.problems:
        raise PortalError(plan.problems)
    progress.end()
    print(plan.summary)
    if plan.warnings:
        print("\n\n".join(["This brings warnings:", *map(str, plan.warnings)]))
    asking.write(root, plan, agreed=options.yes)
    return OK


COMMANDS = {
    "accept": _accept,
    "reason": _reason,
    "add": _add,
    "change": _change,
    "remove": _remove,
    "status": _status,
}
