"""Write the row of the table of sources for a published file: title, publisher, date, address and licence."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from portal.core.model import Content, Source
from portal.core.periods import loose_date
from portal.core.problems import PortalError, Problem
from portal.core.settings import Settings
from portal.data.packages import Package
from portal.importers.formats import formats

COLUMNS = (
    "id",
    "title",
    "short_title",
    "publisher",
    "kind",
    "published",
    "url",
    "licence",
    "open_publication",
    "note",
)


def row(format_: str, newest: str, extracted: str = "", url: str = "") -> dict[str, str]:
    """Return the row for files of a format whose newest month or year is `newest`.

    `extracted` is the day on which the files were fetched, `url` their own address; both can be unknown.
    """
    known = formats()[format_]
    is_year = (
        re.fullmatch(r"[0-9]{4}", newest) is not None
    )  # as for outlines and residents, which have no months
    to = f", {newest}" if is_year else f" to {loose_date(newest)}" if newest else ""
    if known.title.endswith(newest):
        to = ""
    note = f"{known.note} Fetched on {loose_date(extracted)}." if extracted else known.note
    return {
        "id": "-".join(filter(None, (format_, newest))), "title": f"{known.title}{to}", "short_title": f"{known.short_title}{to}",
        "publisher": known.publisher, "kind": "dataset", "published": newest or extracted, "url": url or known.url,
        "licence": known.licence, "open_publication": "false", "note": note,
    }  # fmt: skip


def added(table: str, fresh: Mapping[str, str]) -> str:
    """Return a table of sources as CSV with a row added, or in place of the one with its id."""
    rows = list(csv.DictReader(io.StringIO(table)))
    names = rows[0].keys() if rows else COLUMNS
    kept = [r for r in rows if r["id"] != fresh["id"]]
    out = io.StringIO()
    writer = csv.DictWriter(out, list(names), restval="", lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows([*kept, fresh])
    return out.getvalue()


def with_source(content: Content, fresh: Mapping[str, str]) -> Content:
    """Return content that has the source of a row."""
    words = {k: v for k, v in fresh.items() if k in Source.__dataclass_fields__ and k != "open_publication"}
    source = Source(**words, open_publication=False)
    return replace(content, sources={**content.sources, source.id: source})


def table_of_sources(settings: Settings, known: Sequence[Package]) -> Path:
    """Return the file of the table of sources.

    Raises:
        PortalError: no package is for sources.
    """
    name = next((p.name for p in known if p.kind == "sources"), "")
    if not name:
        message = "There is no package of sources."
        fix = "Add one, as portal new does."
        raise PortalError([Problem("data_packages", code="source", message=message, fix=fix)])
    return settings.packages_folder / name / "data" / "sources.csv"


def write(path: Path, rows: Sequence[Mapping[str, str]]) -> None:
    """Add rows to the file of a table of sources."""
    text = path.read_text(encoding="utf-8")
    for fresh in rows:
        text = added(text, fresh)
    path.write_text(text, encoding="utf-8", newline="\n")


def plain_id(words: str) -> str:
    """Return words as an id: small letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")
