"""Reads which wards a borough has from a file of ward level crime, where the police name both."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd

from portal.core.model import Area
from portal.core.problems import Problem, did_you_mean
from portal.core.text import listed
from portal.core.vocabulary import AreaKind
from portal.importers.police.mps_checks import many
from portal.importers.shared import published_files
from portal.importers.shared.published_files import Finding

COLUMNS = "police/mps_ward.columns.csv"
_CODE = "E05"  # the codes of wards in England
LOCATOR = "Names and codes of the wards"


def read(
    path: Path, areas: Mapping[str, Area], own: str, source: str
) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """Read the resource `areas`: all there are already, and the wards of the borough `own` that are new.

    The borough is found by its name in `areas`. Raises `PortalError`: not such a file, or no ward of this borough.
    """
    sheet = published_files.read(path, published_files.aliases(COLUMNS))
    code, ward, borough = (sheet.header.index(c) for c in ("code", "ward", "borough"))
    names = Counter(row[borough] for row in sheet.rows)
    published_files.stop(_problems(path.name, areas[own].name, names))
    found = {
        row[code]: row[ward]
        for row in sheet.rows
        if row[borough] == areas[own].name
        and row[code].startswith(_CODE)
        and "NOT ACTIVE" not in row[ward].upper()
    }
    fresh = [
        Area(source, LOCATOR, c, name, AreaKind.WARD, own, None, None)
        for c, name in sorted(found.items())
        if c not in areas
    ]
    columns = ["code", "name", "kind", "parent", "valid_from", "valid_to", "source", "locator"]
    cells = [[getattr(a, c) or "" for c in columns] for a in (*areas.values(), *fresh)]
    return pd.DataFrame(cells, columns=columns, dtype=object), tuple(_findings(path.name, found, fresh))


def _problems(file: str, name: str, names: Mapping[str, int]) -> Iterator[Problem]:
    if name not in names:
        fix = f"Write the name in the table of areas as the police write it. {did_you_mean(name, names)}"
        yield Problem(file, 0, "", "areas", f"There is no borough {name} in this file.", fix)


def _findings(file: str, found: Mapping[str, str], fresh: list[Area]) -> Iterator[Finding]:
    message = f"{file} has {many(len(found), 'ward')} of the borough, {len(fresh)} of them new"
    named = f": {listed([a.name for a in fresh])}." if fresh else "."
    yield Finding("wards", message + named, {"wards": len(found), "new": len(fresh)})
