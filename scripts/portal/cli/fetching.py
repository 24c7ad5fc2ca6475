"""Run `portal fetch`: download published files, show what is new, and import it with a preview."""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from portal.core import periods
from portal.core.problems import PortalError, Problem
from portal.data import packages
from portal.importers import importing, recognition, source_rows
from portal.importers.fetching import register
from portal.importers.fetching.register import Fetched, PublicAddress
from portal.importers.importing import ImportJob, PlannedImport
from portal.site import building

CACHE = Path("build") / "fetched"
Tell = Callable[[str], None]


def listing(entries: Mapping[str, PublicAddress]) -> str:
    """Return the register as a table for the terminal."""
    widest = max(map(len, entries))
    return "\n".join(f"{e.id:{widest}}  {e.what}" for e in entries.values())


def fetched(root: Path, options: argparse.Namespace, tell: Tell) -> list[Fetched]:
    """Download what the options name.

    Raises:
        PortalError: with a problem for each entry that failed; the other downloads are kept in the cache.
    """
    known = register.entries(options.register)
    values = {"month": options.month, "force": options.force, "area": options.area or _area(root)}
    cache = options.cache or root / CACHE
    done: list[Fetched] = []
    problems: list[Problem] = []
    for entry in register.named(options.ids, known):
        tell(f"Fetching {entry.id}")
        try:
            done.append(register.fetch(entry, values, cache, known))
        except PortalError as error:
            problems += error.problems
    if problems:
        raise PortalError(problems)
    return done


def _area(root: Path) -> str:
    """Return the area of the portal in a folder; empty if there is none."""
    try:
        settings, _ = building.read(root)
    except (PortalError, OSError):
        return ""
    return settings.site.area


def news(one: Fetched) -> str:
    """Return a line about a download: whether it is new, its size and its digest."""
    found = one.download
    state = "new" if found.changed else "nothing has changed since"
    when = "" if found.changed else f" {periods.loose_date(found.fetched)}"
    return f"{one.entry.id}: {state}{when}; {found.size / 1e6:,.1f} MB, SHA-256 {found.sha256[:16]}…, {len(one.files)} files for {one.entry.format}"


def plan(root: Path, one: Fetched) -> PlannedImport:
    """Return the import of what was fetched, with the row of its source, which writes itself. Nothing is written."""
    settings, content = building.read(root)
    read_packages, _ = packages.read_all(root, settings.packages)
    newest = max((recognition.recognise(path).newest for path in one.files), default="")
    row = source_rows.row(one.entry.format, newest, one.download.fetched, _public(one.download.address))
    planned = importing.plan(
        ImportJob(one.entry.format, one.files, row["id"]),
        source_rows.with_source(content, row),
        read_packages,
        settings,
    )
    table = source_rows.table_of_sources(settings, read_packages)
    return replace(
        planned, files={table: source_rows.added(table.read_text(encoding="utf-8"), row), **planned.files}
    )


def _public(address: str) -> str:
    """Return an address that can be a link; empty for one on this computer."""
    return address if address.startswith("https://") else ""
