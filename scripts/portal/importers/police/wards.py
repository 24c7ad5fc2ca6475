"""Read which wards a borough has from a file of ward level crime."""

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
    path: Path, areas: Mapping[str, Area], borough_code: str, source: str
) -> tuple[pd.DataFrame, tuple[Finding, ...]]:
    """Return the resource `areas`: those of `areas` and the new wards of the borough `borough_code`, with findings.

    The file has the borough's name as in `areas`. Raises `PortalError`: another kind of file, or no ward of this borough.
    """
    sheet = published_files.read(path, published_files.aliases(COLUMNS))
    code, ward, borough = (sheet.header.index(c) for c in ("code", "ward", "borough"))
    names = Counter(row[borough] for row in sheet.rows)
    published_files.stop(_problems(path.name, areas[borough_code].name, names))
    names_of_wards = {
        row[code]: row[ward]
        for row in sheet.rows
        if row[borough] == areas[borough_code].name
        and row[code].startswith(_CODE)
        and "NOT ACTIVE" not in row[ward].upper()
    }
    fresh = [
        Area(source, LOCATOR, c, name, AreaKind.WARD, borough_code, None, None)
        for c, name in sorted(names_of_wards.items())
        if c not in areas
    ]
    columns = ["code", "name", "kind", "parent", "valid_from", "valid_to", "source", "locator"]
    cells = [[getattr(a, c) or "" for c in columns] for a in (*areas.values(), *fresh)]
    return pd.DataFrame(cells, columns=columns, dtype=object), tuple(
        _findings(path.name, len(names_of_wards), fresh)
    )


def _problems(file: str, name: str, names: Mapping[str, int]) -> Iterator[Problem]:
    if name not in names:
        fix = f"Write the name in the table of areas as the police write it. {did_you_mean(name, names)}"
        yield Problem(file, 0, "", "areas", f"There is no borough {name} in this file.", fix)


def _findings(file: str, count: int, fresh: list[Area]) -> Iterator[Finding]:
    message = f"{file} has {many(count, 'ward')} of the borough, {len(fresh)} of them new"
    named = f": {listed([a.name for a in fresh])}." if fresh else "."
    yield Finding("wards", message + named, {"wards": count, "new": len(fresh)})
