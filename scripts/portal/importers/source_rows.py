"""Write the row of the table of sources for a published file: title, publisher, date, address and licence."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from portal.core.periods import loose_date
from portal.importers.shared import published_files

KNOWN = "published_sources.csv"
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
    known = next(r for r in published_files.mapped(KNOWN) if r["format"] == format_)
    to = f" to {loose_date(newest)}" if newest else ""
    note = f"{known['note']} Fetched on {loose_date(extracted)}." if extracted else known["note"]
    return {
        "id": "-".join(filter(None, (format_, newest))), "title": f"{known['title']}{to}", "short_title": f"{known['short_title']}{to}",
        "publisher": known["publisher"], "kind": "dataset", "published": newest or extracted, "url": url or known["url"],
        "licence": known["licence"], "open_publication": "false", "note": note,
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


def write(path: Path, rows: Sequence[Mapping[str, str]]) -> None:
    """Add rows to the file of a table of sources."""
    text = path.read_text(encoding="utf-8")
    for fresh in rows:
        text = added(text, fresh)
    path.write_text(text, encoding="utf-8", newline="\n")


def plain_id(words: str) -> str:
    """Return words as an id: small letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")
