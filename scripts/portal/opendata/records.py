"""Write figures as CSV and JSON, each with its unit, status, source, locator and releases."""

import csv
import hashlib
import io
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import TypeVar

from portal.core import periods
from portal.core.field_types import date_or_none, number_or_none
from portal.core.model import Content, Indicator, Observation, Release
from portal.core.settings import SiteSettings
from portal.core.text import MARKERS, json_number
from portal.releases.comparison import WITHHELD
from portal.releases.history import Key, PastRelease, ReleaseHistory, key

T = TypeVar("T")
K = TypeVar("K")
# The unit column of a download, for figures that are not counts.
UNITS = {"percent": "per cent", "per-1000": "per 1,000 people", "percent-change": "per cent change"}
COLUMNS = ("indicator", "area_code", "area", "period", "period_start", "period_end")
MORE_COLUMNS = ("value", "unit", "status", "source", "locator")
# The page for citing figures, below the page of their indicator.
CITE = "cite/"


@dataclass(frozen=True)
class FigureRecord:
    """One figure with its metadata.

    `place` is the name of the area. `start` and `end` are ISO dates, empty if the figure has no period. `first` and
    `changed` are the ids of the releases that first published and last changed it, or empty.
    """

    slug: str
    title: str
    area: str
    place: str
    part: str
    period: str
    start: str
    end: str
    value: Decimal | None
    unit: str
    status: str
    source: str
    locator: str
    first: str = ""
    changed: str = ""

    @property
    def anchor(self) -> str:
        """Return the name of its anchor on the citation page."""
        return anchor(self.area, self.part, self.start, self.end)

    @property
    def cited(self) -> str:
        """Return the path for citing it, with its anchor."""
        return cited_at(self.slug, self.anchor)

    @property
    def meaning(self) -> str:
        """Return the meaning of its status in words."""
        return MARKERS.get(self.status, self.status)


def cited_at(slug: str, name: str) -> str:
    """Return the path for citing the figure of an indicator that has the anchor `name`."""
    return f"figures/{slug}/{CITE}#{name}"


def anchor(area: str, part: str, start: str, end: str) -> str:
    """Return the anchor of a figure. It does not change when other figures are added, and does not reveal the part."""
    return "-".join(filter(None, (area, _sign(part), start or "undated", end)))


@lru_cache(1 << 12)  # few parts have many figures each
def _sign(part: str) -> str:
    return f"p{hashlib.sha256(part.encode()).hexdigest()[:8]}" if part else ""


def current_records(content: Content, history: ReleaseHistory) -> Mapping[Key, FigureRecord]:
    """Return every figure that is published now, those of each indicator in order of time."""
    return dict(_now(content, history))


def _now(content: Content, history: ReleaseHistory) -> Iterator[tuple[Key, FigureRecord]]:
    for indicator in content.indicators.values():
        figures = content.observations.get(indicator.id, ())
        for o in sorted(figures, key=lambda o: (o.period_end or date.min, o.period_start or date.min)):
            yield key(o), make_record(content, history, indicator, o)


def make_record(
    content: Content, history: ReleaseHistory, indicator: Indicator, o: Observation
) -> FigureRecord:
    """Return the record of a figure, or of a sum of figures."""
    k = key(o)
    return FigureRecord(
        indicator.slug, indicator.title, o.area, content.areas[o.area].name, o.part,
        periods.label(indicator.period_type, o.period_start, o.period_end), k[3], k[4],
        o.value, UNITS.get(indicator.unit, indicator.unit_label), o.status, content.sources[o.source].title, o.locator,
        _id(history.first, k), _id(history.changed, k),
    )  # fmt: skip


def _id(releases: Mapping[Key, Release], k: Key) -> str:
    return releases[k].id if k in releases else ""


def withheld_keys(content: Content) -> frozenset[Key]:
    """Return the keys of the figures that are withheld now to protect people."""
    figures = (o for series in content.observations.values() for o in series)
    return frozenset(key(o) for o in figures if o.status == WITHHELD)


def past_records(
    release: PastRelease, history: ReleaseHistory, hidden: frozenset[Key]
) -> Mapping[str, tuple[FigureRecord, ...]]:
    """Return every figure as a release published it, by the slug of its indicator, without the values of those `hidden`."""
    asked = "past_records", release.release.id, hidden
    if asked not in history.remembered:
        history.remembered[asked] = group_by(_then(release, history, hidden), lambda r: r.slug)
    found: Mapping[str, tuple[FigureRecord, ...]] = history.remembered[asked]
    return found


def _then(release: PastRelease, history: ReleaseHistory, hidden: Collection[Key]) -> Iterator[FigureRecord]:
    indicators = release.rows("indicators", "id")
    areas, sources = release.rows("areas", "code"), release.rows("sources", "id")
    for k, row in sorted(release.figures.items(), key=lambda f: (f[0][0], f[0][4], f[0][3])):
        indicator = indicators[k[0]]
        start, end = map(date_or_none, k[3:])
        kept = k not in hidden
        yield FigureRecord(
            indicator["slug"], indicator["title"], k[1], areas[k[1]]["name"], k[2],
            periods.label(indicator["period_type"], start, end), k[3], k[4],
            number_or_none(row["value"]) if kept else None, UNITS.get(indicator["unit"], indicator["unit_label"]),
            row["status"] if kept else WITHHELD, sources[row["source"]]["title"], row["locator"],
            _id(history.first, k), _id(history.changed, k),
        )  # fmt: skip


def group_by(records: Iterable[T], by: Callable[[T], K]) -> Mapping[K, tuple[T, ...]]:
    """Return the records grouped by the value of a function, in the order of their first record."""
    groups: dict[K, list[T]] = {}
    for record in records:
        groups.setdefault(by(record), []).append(record)
    return {name: tuple(group) for name, group in groups.items()}


def columns(split: str) -> tuple[str, ...]:
    """Return the columns of a CSV file. `split` is the name of the column of parts, or empty if there are none."""
    return (*COLUMNS, *([split] if split else []), *MORE_COLUMNS)


def as_csv(records: Iterable[FigureRecord], split: str) -> bytes:
    """Return figures as CSV, one per row, each with its source and locator."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(columns(split))
    for r in records:
        part = [r.part] if split else []
        value = "" if r.value is None else r.value
        rows.writerow(
            [r.title, r.area, r.place, r.period, r.start, r.end, *part, value, r.unit, r.status, r.source, r.locator]
        )  # fmt: skip
    return out.getvalue().encode()


@dataclass(frozen=True)
class FileDescription:
    """The header of a JSON file: its path, the path of the page about it, its title, and its release."""

    path: str
    page: str
    title: str
    release: Release | None


def site_root(site: SiteSettings, path: str) -> str:
    """Return the address of the site for use in a file: the public address, or else a path relative to the file."""
    return site.address or "../" * path.count("/")


def as_json(
    records: Iterable[FigureRecord],
    file: FileDescription,
    site: SiteSettings,
    pages: Collection[str],
    citable: Collection[str] | None = None,
) -> bytes:
    """Return figures as JSON.

    `pages` are the slugs of indicators with a page on which figures can be cited, and `citable` the paths of the
    figures that it has; None if it has each of these.
    """
    rows, top = list(records), site_root(site, file.path)
    cited = [r.slug in pages and (citable is None or r.cited in citable) for r in rows]
    document = {
        "self": f"{top}{file.path}",
        "page": f"{top}{file.page}",
        "title": file.title,
        "release": _release(file.release),
        "indicators": {
            r.slug: {"title": r.title, "unit": r.unit, "page": _page(r, top, pages)} for r in rows
        },
        "areas": {r.area: r.place for r in rows},
        "statuses": {r.status: r.meaning for r in rows if r.status},
        "figures": [_figure(r, top, is_citable=c) for r, c in zip(rows, cited, strict=True)],
    }
    return to_json(document)


def _release(release: Release | None) -> dict[str, str] | None:
    if release is None:
        return None
    return {"id": release.id, "name": release.name, "released_on": release.released_on.isoformat()}


def _page(record: FigureRecord, top: str, pages: Collection[str]) -> str | None:
    return f"{top}figures/{record.slug}/" if record.slug in pages else None


def _figure(r: FigureRecord, top: str, *, is_citable: bool) -> dict[str, object]:
    return {
        "indicator": r.slug,
        "area": r.area,
        "part": r.part or None,
        "period": {"label": r.period, "start": r.start or None, "end": r.end or None},
        "value": json_number(r.value),
        "unit": r.unit,
        "status": {"mark": r.status, "meaning": r.meaning} if r.status else None,
        "source": {"title": r.source, "locator": r.locator},
        "releases": {"first": r.first or None, "changed": r.changed or None},
        "cite": f"{top}{r.cited}" if is_citable else None,
    }


def to_json(value: object) -> bytes:
    """Serialise to deterministic JSON."""
    return (json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n").encode()
