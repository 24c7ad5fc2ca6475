"""Run `portal fetch`: download published files, show what is new, and import it with a preview."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from portal.core import periods
from portal.core.model import Content, Source
from portal.core.problems import PortalError, Problem
from portal.core.settings import Settings
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
        PortalError: with a problem for each entry that failed; the others are in the cache all the same.
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
        ImportJob(one.entry.format, one.files, row["id"]), _with_source(content, row), read_packages, settings
    )
    table = _table_of_sources(root, settings, read_packages)
    return replace(
        planned, files={table: source_rows.added(table.read_text(encoding="utf-8"), row), **planned.files}
    )


def _public(address: str) -> str:
    """Return an address that can be a link; empty for one on this computer."""
    return address if address.startswith("https://") else ""


def _with_source(content: Content, row: Mapping[str, str]) -> Content:
    words = {k: v for k, v in row.items() if k in Source.__dataclass_fields__ and k != "open_publication"}
    source = Source(**words, open_publication=False)
    return replace(content, sources={**content.sources, source.id: source})


def _table_of_sources(root: Path, settings: Settings, known: Sequence[packages.Package]) -> Path:
    name = next((p.name for p in known if p.kind == "sources"), "")
    if not name:
        message = "There is no package of sources."
        raise PortalError(
            [Problem("data_packages", code="source", message=message, fix="Add one, as portal new does.")]
        )
    return settings.packages_folder / name / "data" / "sources.csv"
