"""Figures as others read them: as CSV and JSON, each with its unit, status, source, place in it and releases."""

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
from portal.core.field_types import date_or_none, decimal
from portal.core.model import Content, Indicator, Observation, Release
from portal.core.settings import SiteSettings
from portal.core.text import MARKERS
from portal.releases.comparison import WITHHELD
from portal.releases.history import Key, PastRelease, ReleaseHistory, key

T = TypeVar("T")
# What the unit column of a download says where the figures do not simply count something.
UNITS = {"percent": "per cent", "per-1000": "per 1,000 people", "percent-change": "per cent change"}
COLUMNS = ("indicator", "area_code", "area", "period", "period_start", "period_end")
MORE_COLUMNS = ("value", "unit", "status", "source", "locator")
# Where every figure of an indicator can be cited, below the page of the indicator.
CITE = "cite/"


@dataclass(frozen=True)
class FigureRecord:
    """One figure with all that is said of it. `first` and `changed` are the ids of releases, or empty."""

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
        """Where it stands on the page that cites it."""
        return anchor(self.area, self.part, self.start, self.end)

    @property
    def cited(self) -> str:
        """Where it can be cited: the path below the site, with its place on that page."""
        return f"figures/{self.slug}/{CITE}#{self.anchor}"

    @property
    def meaning(self) -> str:
        """What its status means."""
        return MARKERS.get(self.status, self.status)


def anchor(area: str, part: str, start: str, end: str) -> str:
    """The name of a figure in an address. It stays when others come, and a part says nothing there."""
    return "-".join(filter(None, (area, _sign(part), start or "undated", end)))


@lru_cache(1 << 12)  # there are few parts, and many figures of each
def _sign(part: str) -> str:
    return f"p{hashlib.sha256(part.encode()).hexdigest()[:8]}" if part else ""


def current_records(content: Content, history: ReleaseHistory) -> Mapping[Key, FigureRecord]:
    """Every figure that is published now, each indicator's in order of time."""
    return dict(_now(content, history))


def _now(content: Content, history: ReleaseHistory) -> Iterator[tuple[Key, FigureRecord]]:
    for indicator in content.indicators.values():
        own = content.observations.get(indicator.id, ())
        for o in sorted(own, key=lambda o: (o.period_end or date.min, o.period_start or date.min)):
            yield key(o), make_record(content, history, indicator, o)


def make_record(
    content: Content, history: ReleaseHistory, indicator: Indicator, o: Observation
) -> FigureRecord:
    """A figure, or a sum of several, with all that is said of it."""
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
    """The figures that are withheld now, to protect people."""
    figures = (o for own in content.observations.values() for o in own)
    return frozenset(key(o) for o in figures if o.status == WITHHELD)


def past_records(
    release: PastRelease, history: ReleaseHistory, hidden: Collection[Key]
) -> tuple[FigureRecord, ...]:
    """Every figure as a release published it; those that are `hidden` without their number."""
    return tuple(_then(release, history, hidden))


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
            decimal(row["value"]) if kept else None, UNITS.get(indicator["unit"], indicator["unit_label"]),
            row["status"] if kept else WITHHELD, sources[row["source"]]["title"], row["locator"],
            _id(history.first, k), _id(history.changed, k),
        )  # fmt: skip


def group_by(records: Iterable[T], by: Callable[[T], str]) -> Mapping[str, tuple[T, ...]]:
    """The figures that have the same indicator, area or whatever is asked for."""
    found: dict[str, list[T]] = {}
    for record in records:
        found.setdefault(by(record), []).append(record)
    return {name: tuple(own) for name, own in found.items()}


def columns(split: str) -> tuple[str, ...]:
    """The columns of a CSV; `split` is what the parts are called, or empty where there are none."""
    return (*COLUMNS, *([split] if split else []), *MORE_COLUMNS)


def as_csv(records: Iterable[FigureRecord], split: str) -> bytes:
    """Figures as CSV, one a row, each with its source and its place in it."""
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
    """What a JSON file says of itself: its own address and that of the page about it, its title, and the release."""

    path: str
    page: str
    title: str
    release: Release | None


def site_root(site: SiteSettings, path: str) -> str:
    """The address of the site, as a file says it: its public one if it has one, else relative to the file."""
    return site.address or "../" * path.count("/")


def as_json(
    records: Iterable[FigureRecord], file: FileDescription, site: SiteSettings, pages: Collection[str]
) -> bytes:
    """Figures as JSON. Indicators in `pages` have a page on which each figure can be cited."""
    found, top = list(records), site_root(site, file.path)
    told = {
        "self": f"{top}{file.path}",
        "page": f"{top}{file.page}",
        "title": file.title,
        "release": _release(file.release),
        "indicators": {
            r.slug: {"title": r.title, "unit": r.unit, "page": _page(r, top, pages)} for r in found
        },
        "areas": {r.area: r.place for r in found},
        "statuses": {r.status: r.meaning for r in found if r.status},
        "figures": [_figure(r, top, pages) for r in found],
    }
    return to_json(told)


def _release(edition: Release | None) -> dict[str, str] | None:
    if edition is None:
        return None
    return {"id": edition.id, "name": edition.name, "released_on": edition.released_on.isoformat()}


def _page(record: FigureRecord, top: str, pages: Collection[str]) -> str | None:
    return f"{top}figures/{record.slug}/" if record.slug in pages else None


def _figure(r: FigureRecord, top: str, pages: Collection[str]) -> dict[str, object]:
    page = _page(r, top, pages)
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
        "cite": f"{top}{r.cited}" if page else None,
    }


def json_number(value: Decimal | None) -> int | float | None:
    """A number as JSON has it: whole where it is whole."""
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)


def to_json(told: object) -> bytes:
    """JSON that says the same with the same bytes."""
    return (json.dumps(told, ensure_ascii=False, separators=(",", ":")) + "\n").encode()
