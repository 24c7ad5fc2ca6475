"""The formats of `portal import`: what each is called, where its files are published, and in which order to import them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from portal.importers.shared import published_files


@dataclass(frozen=True, kw_only=True)
class Format:
    """A format of published files, one row of `formats.csv`.

    `label` is what the desk calls it, `wanted` what to get and where, in the words for a new portal. `region` says for
    which places it is published: `london`, `elsewhere` or `everywhere`. `is_revised` is True if each new file changes
    the newest months of the one before. The others are the cells of the row of its source.
    """

    label: str
    wanted: str
    region: str
    is_revised: bool
    title: str
    short_title: str
    publisher: str
    licence: str
    url: str
    note: str


@cache
def formats() -> Mapping[str, Format]:
    """Return every format by its name, in the order of imports: places first, then whole areas before their wards."""
    rows = published_files.mapped("formats.csv")
    return MappingProxyType({r["format"]: _format(r) for r in rows})


def _format(row: Mapping[str, str]) -> Format:
    texts = {name: cell for name, cell in row.items() if name not in ("format", "revised")}
    return Format(**texts, is_revised=row["revised"] == "true")
