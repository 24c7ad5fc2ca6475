"""Ask publishers for what has no fixed address: the newest edition of a data set, and the rows of a layer for a district."""

import csv
import hashlib
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from portal.core.problems import PortalError, Problem
from portal.importers.fetching.downloads import Download

Get = Callable[[str, str], Download]
_URI = re.compile(r"(/[a-z0-9-]+)+")
_FILE = re.compile(r"[\w-][\w.-]*(\.xlsx|\.xls|\.ods|\.csv)")
_AREA = re.compile(r"[EW]\d{8}")
_ROWS = 2_000  # of a page, the most that the geoportal gives
_MOST_PAGES = 100
_OPEN = "Open the address in a browser. If the publisher has changed it, correct the register."


@dataclass(frozen=True)
class Publisher:
    """An address to ask, what its files are called in the `cache`, and what fetches an address into it."""

    address: str
    name: str
    cache: Path
    get: Get


def newest_edition(publisher: Publisher) -> Download:
    """Fetch the file of the newest edition of a data set of the Office for National Statistics.

    The address describes all editions, the newest first, with the path of each; `{path}/data` describes its files.

    Raises:
        PortalError: a description is none, or a download failed.
    """
    address, name, cache, get = publisher.address, publisher.name, publisher.cache, publisher.get
    host = "{0.scheme}://{0.netloc}".format(urlsplit(address))
    editions = _json(get(address, f"{name}-editions.json"), cache, address)
    uri = _text(editions, "datasets", "uri", _URI, address)
    of_edition = f"{host}{uri}/data"
    file = _text(
        _json(get(of_edition, f"{name}-edition.json"), cache, of_edition),
        "downloads",
        "file",
        _FILE,
        of_edition,
    )
    return get(f"{host}/file?uri={uri}/{file}", f"{name}{Path(file).suffix.lower()}")


def rows_of_district(publisher: Publisher, pick: str, area: str) -> Download:
    """Fetch the rows of a district from a layer of the ONS geoportal, page by page, into one CSV file in the cache.

    `pick` are the columns, separated by semicolons. One that names a kind of area, such as `LAD`, is that of the newest
    year that the layer has (`LAD26CD`); the columns of districts begin with LAD.

    Raises:
        PortalError: this is not the code of a district, the layer has no such column or district, or a download failed.
    """
    address, name, cache, get = publisher.address, publisher.name, publisher.cache, publisher.get
    if not _AREA.fullmatch(area):
        raise _problem("--area", f"“{area}” is not the code of a district.", "Write it like E07000008.")
    layer = _json(get(f"{address}?f=json", f"{name}-layer.json"), cache, address)
    columns = [_column(layer, wanted, address) for wanted in pick.split(";")]
    district = next(c for c in columns if c.startswith("LAD"))
    pages: list[Download] = []
    rows: list[tuple[str, ...]] = []
    is_more = True
    while is_more:
        query = _query(district, area, columns, len(rows))
        page = get(f"{address}/query?{query}", f"{name}-{len(pages)}.json")
        answer = _json(page, cache, address)
        fresh = [*_rows(answer, columns, address)]
        is_more = answer.get("exceededTransferLimit") is True
        if (is_more and not fresh) or (rows and fresh and fresh[0] in rows) or len(pages) >= _MOST_PAGES:
            raise _problem(address, "The server does not give the rows page by page.", _OPEN)
        pages.append(page)
        rows += fresh
    if not rows:
        raise _problem(address, f"The layer has no row of the district {area}.", "Check the code.")
    return _kept(rows, columns, pages, cache / f"{name}.csv", address)


def _query(district: str, area: str, columns: Sequence[str], offset: int) -> str:
    values = {
        "where": f"{district}='{area}'",
        "outFields": ",".join(columns),
        "orderByFields": columns[0],
        "returnGeometry": "false",
        "resultOffset": str(offset),
        "resultRecordCount": str(_ROWS),
        "f": "json",
    }
    return "&".join(f"{key}={quote(value, safe='')}" for key, value in values.items())


def _kept(
    rows: Sequence[Sequence[str]], columns: Sequence[str], pages: Sequence[Download], path: Path, address: str
) -> Download:
    """Write the rows as CSV, whole or not at all, and return the download of all pages."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    data = out.getvalue().encode()
    fresh = path.with_suffix(".new")
    fresh.write_bytes(data)
    fresh.replace(path)
    return replace(
        pages[0],
        address=address,
        file=path.name,
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        changed=any(p.changed for p in pages),
    )


def _rows(answer: Mapping[str, Any], columns: Sequence[str], address: str) -> Iterator[tuple[str, ...]]:
    features = answer.get("features")
    if not isinstance(features, list):
        raise _problem(address, "The answer has no rows.", _OPEN)
    for feature in features:
        cells = feature.get("attributes") if isinstance(feature, dict) else None
        if not isinstance(cells, dict):
            raise _problem(address, "A row of the answer has no cells.", _OPEN)
        yield tuple("" if cells.get(c) is None else str(cells[c]) for c in columns)


def _column(layer: Mapping[str, Any], wanted: str, address: str) -> str:
    """Return the column of a layer that is called so, or that has the codes of this kind of area for the newest year."""
    fields = layer.get("fields")
    names = [str(f.get("name")) for f in fields if isinstance(f, dict)] if isinstance(fields, list) else []
    of_year = re.compile(rf"{re.escape(wanted)}\d\dCD")
    found = [n for n in names if n == wanted] or sorted(n for n in names if of_year.fullmatch(n))
    if not found:
        has = f" It has: {', '.join(names[:20])}." if names else ""
        raise _problem(address, f"The layer has no column {wanted}.{has}", _OPEN)
    return found[-1]


def _json(download: Download, cache: Path, address: str) -> Mapping[str, Any]:
    """Return a description; the geoportal says with the status 200 that it could not answer."""
    try:
        content = json.loads((cache / download.file).read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict) or "error" in content:
        raise _problem(address, "The answer is not the description of a data set.", _OPEN)
    return content


def _text(content: Mapping[str, Any], key: str, inner: str, form: re.Pattern[str], address: str) -> str:
    """Return the text `inner` of the first entry of a list."""
    entries = content.get(key)
    first = entries[0] if isinstance(entries, list) and entries else None
    found = first.get(inner) if isinstance(first, dict) else None
    if not isinstance(found, str) or not form.fullmatch(found):
        raise _problem(address, f"The description names no {inner} under {key}.", _OPEN)
    return found


def _problem(place: str, message: str, fix: str) -> PortalError:
    return PortalError([Problem(place, code="fetch", message=message, fix=fix)])
