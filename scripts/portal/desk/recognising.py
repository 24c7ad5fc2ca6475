"""Say what a dropped file is: a published file of a known format, or rows for a package and for which one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from portal.core.problems import PortalError
from portal.data.packages import Package
from portal.desk.drafts import Draft, changed
from portal.importers import importing, recognition
from portal.importers.formats import formats
from portal.importers.spreadsheets import columns, workbooks
from portal.importers.spreadsheets.columns import WantedTable
from portal.importers.spreadsheets.workbooks import Workbook

_LOOKED_AT = 5_000  # cells from which the package of a table is guessed
_NEVER = ("releases",)  # nobody brings in the list of releases


@dataclass(frozen=True)
class Recognised:
    """What files are: a format of `portal import` with the newest month they are about, or the reason why none is known."""

    format: str
    newest: str = ""
    why: str = ""


def recognised(paths: Sequence[Path]) -> Recognised:
    """Return what files are; several must be of one kind."""
    found = [recognition.recognise(path) for path in paths]
    kinds = {f.format for f in found}
    if kinds == {""}:
        return Recognised("", why=found[0].why)
    if len(kinds) > 1:
        words = [f"{f.path.name} ({formats()[f.format].label if f.format else f.why})" for f in found[:3]]
        return Recognised("", why=f"the files are of different kinds: {', '.join(words)}")
    return Recognised(kinds.pop(), max(f.newest for f in found))


def guessed(draft: Draft, paths: Sequence[Path], packages: Iterable[Package]) -> Draft:
    """Return a new draft with what its files seem to be; unchanged where nothing fits."""
    known = recognised(paths)
    package = _package(paths[0], packages) if len(paths) == 1 else ""
    if package and (not known.format or paths[0].stem == package):
        return changed(draft, format=importing.TABLE, package=package)
    return changed(draft, format=known.format)


def _package(path: Path, packages: Iterable[Package]) -> str:
    """Return the package that a spreadsheet fits best, by its columns and by the ids in its cells; empty if none fits."""
    try:
        book = workbooks.read(path)
    except PortalError:
        return ""
    texts = _texts(book)
    fits = {p.name: _fit(book, texts, p, path.stem) for p in packages if p.kind not in _NEVER}
    best = max(fits, key=lambda name: fits[name], default="")
    return best if best and fits[best] > (0, 0, 0) else ""


def _fit(book: Workbook, texts: frozenset[str], package: Package, stem: str) -> tuple[int, int, int]:
    try:
        layouts = columns.locate(book, WantedTable(package))
    except PortalError:
        return (0, 0, 0)
    named = sum(len(layout.columns) for layout in layouts)
    ids = {
        row[k]
        for t in package.tables.values()
        for _, row in t.records
        for k in ("id", "indicator")
        if row.get(k)
    }
    return (int(stem == package.name), named, len(texts & ids))


def _texts(book: Workbook) -> frozenset[str]:
    cells = (c.text.strip() for s in book.sheets for c in s.cells.values() if c.kind == "text")
    return frozenset(islice(cells, _LOOKED_AT))
