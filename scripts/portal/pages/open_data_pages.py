"""The pages for those who build on the figures: each figure to be cited, and what there is to download."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from markupsafe import Markup

from portal.core import periods, text
from portal.core.model import Release, ReleaseChange
from portal.core.text import amount, noun_for
from portal.opendata import records
from portal.opendata.records import CITE, FigureRecord
from portal.pages.page import ABOUT, FIGURES, Maker, Page, cited_in
from portal.pages.plan_views import FigureView, Link
from portal.pages.release_pages import CORRECTIONS, RELEASES, changes_of, taken_back
from portal.releases import change_report, comparison, withdrawal
from portal.releases.change_report import WordedChange
from portal.releases.history import NO_HISTORY, Key

OPEN_DATA = f"{ABOUT}open-data/"
# Packages of this kind are the record of releases, each of which can be downloaded by itself.
RECORD = "releases"


# In a table HTML alone has to be escaped, and Markdown is many times faster without an entity for each full stop.
Cell = Markup


class Citable(NamedTuple):  # a template takes the many of them apart faster than it asks for each field
    """One figure: what it says, the releases it was first in and last changed in, and what it was before.

    `line` is how to cite it, with its source; empty where the figure is not published any more.
    """

    id: Cell
    about: Cell
    said: Cell
    first: Link | None
    changed: Link | None
    before: tuple[tuple[Link, WordedChange], ...]
    line: Cell


@dataclass(frozen=True)
class OpenDataPage:
    """What there is to download, and examples of how to use it, which read the figures at `example`."""

    packages: tuple[Link, ...]
    example: FigureView | None
    area: str


@dataclass(frozen=True)
class _Citing:
    """What the citations of all figures draw on."""

    maker: Maker
    releases: Mapping[str, Release]
    changes: Mapping[Key, tuple[tuple[Release, ReleaseChange], ...]]

    def link(self, release: str) -> Link | None:
        """The name and address of a release."""
        found = self.releases.get(release)
        return (found.name, f"{RELEASES}{found.id}/") if found else None


@dataclass(frozen=True)
class CitePage:
    """Every figure of an indicator by area, also those that were withdrawn: what is published `now`, and what `changed`."""

    citing: _Citing
    view: FigureView
    now: Mapping[Key, FigureRecord]
    changed: tuple[Key, ...]

    @property
    def places(self) -> tuple[tuple[str, tuple[Citable, ...]], ...]:
        """The figures of each place. There are many, so they are put into words only where the page is made."""
        found: dict[str, list[Citable]] = {}
        for k, record in self.now.items():
            found.setdefault(record.place, []).append(_citable(self.citing, self.view, k, record))
        for k in self.changed:
            if k not in self.now:
                area = self.citing.maker.content.areas.get(k[1])
                found.setdefault(area.name if area else k[1], []).append(
                    _withdrawn(self.citing, self.view, k)
                )
        return tuple((name, tuple(own)) for name, own in found.items())

    @property
    def marks(self) -> tuple[tuple[str, str], ...]:
        """The markers that its figures carry, and what they mean."""
        used = {r.status for r in self.now.values()}
        return tuple((mark, words) for mark, words in text.MARKERS.items() if mark in used)


def cite_pages(maker: Maker, now: Mapping[Key, FigureRecord] | None = None) -> Iterator[Page]:
    """A page for each indicator that has one, on which each of its figures can be cited.

    `now` are all figures, with their releases; without it no release is named.
    """
    content = maker.content
    changes: dict[Key, list[tuple[Release, ReleaseChange]]] = {}
    for release in content.releases:
        for c in (
            c for c in changes_of(content, release) if comparison.needs_reason(c) or c.kind == "rolled"
        ):
            days = (d.isoformat() if d else "" for d in (c.period_start, c.period_end))
            changes.setdefault((c.indicator, c.area, c.part, *days), []).append((release, c))  # type: ignore[arg-type]
    citing = _Citing(
        maker, {e.id: e for e in content.releases}, {k: tuple(own) for k, own in changes.items()}
    )
    figures = records.now(content, NO_HISTORY) if now is None else now
    own = records.grouped(figures.items(), lambda r: r[0][0])
    gone: dict[str, list[Key]] = {}
    for k in changes:
        gone.setdefault(k[0], []).append(k)
    shown = {view.indicator.id for _, views in maker.topic_of for view in views}
    for name, view in maker.figures.items():
        if name in shown:
            yield _cite_page(citing, view, dict(own.get(name, ())), gone.get(name, ()))


def _cite_page(
    citing: _Citing, view: FigureView, now: Mapping[Key, FigureRecord], changed: Iterable[Key]
) -> Page:
    indicator = view.indicator
    return Page(
        f"{view.path}{CITE}",
        f"Cite a figure: {indicator.title}",
        CitePage(citing, view, now, tuple(changed)),
        (("The figures", FIGURES), (indicator.title, view.path)),
        exit=citing.maker.is_guarded(indicator),
        cited=cited_in(citing.maker.content.observations.get(indicator.id, ())),
    )


def _citable(citing: _Citing, view: FigureView, k: Key, record: FigureRecord) -> Citable:
    shown = "" if record.value is None else amount(record.value, view.indicator.unit)
    mark = f"[{record.status}]" if record.status else ""
    return Citable(
        text.escaped(record.anchor),
        _about(record.part, record.period),
        text.escaped(f"{shown} {mark}"),
        citing.link(record.first),
        citing.link(record.changed),
        _before(citing, k),
        text.escaped(_line(citing, view, record, shown)),
    )


def _about(part: str, period: str) -> Cell:
    return text.escaped(", ".join(filter(None, (part, period))))


def _before(citing: _Citing, k: Key) -> tuple[tuple[Link, WordedChange], ...]:
    """What a figure was before each change, and why it changed; the newest change first."""
    found = citing.changes.get(k, ())[::-1]
    content = citing.maker.content
    back = taken_back(citing.maker, (w for w in content.withdrawals if withdrawal.of(w) == k))
    return (
        *(((periods.day(t.day), CORRECTIONS), t.told) for t in back),
        *(((e.name, f"{RELEASES}{e.id}/"), change_report.line(c, content)) for e, c in found),
    )


def _withdrawn(citing: _Citing, view: FigureView, k: Key) -> Citable:
    """A figure that is not published any more: its place stays, and says so."""
    release, change = citing.changes[k][-1]
    period = periods.label(view.indicator.period_type, change.period_start, change.period_end)
    link = citing.link(release.id)
    return Citable(
        text.escaped(records.anchor(*k[1:])),
        _about(k[2], period),
        text.escaped("Replaced by a later period" if change.kind == "rolled" else "Withdrawn"),
        None,
        link,
        _before(citing, k),
        text.escaped(""),
    )


def _line(citing: _Citing, view: FigureView, record: FigureRecord, shown: str) -> str:
    """How to cite a figure, in one line."""
    site = citing.maker.settings.site
    unit = ""
    if record.value is not None and view.indicator.unit in ("count", "per-1000"):
        unit = f" {noun_for(record.value, record.unit)}"
    what = ", ".join(filter(None, (record.title, record.place, record.part, record.period)))
    said = (
        f"{shown}{unit} ({record.meaning})" if shown and record.status else f"{shown}{unit}" or record.meaning
    )
    release = citing.releases.get(record.changed)
    when = (
        f"Release {release.name}, {periods.day(release.released_on)}" if release else "Not yet in a release"
    )
    source = f"{record.source}, {record.locator}".rstrip(".")
    return (
        f"{site.partnership}, {site.name}. {what}: {said}. {when}. From: {source}. "
        f"{site.address or '/'}{record.cited}"
    )


def open_data_page(maker: Maker, about: Link) -> Page:
    """The page that says what can be downloaded and how to use it."""
    figures = maker.content.observations
    known = [v for v in maker.figures.values() if _simple(v) and figures.get(v.indicator.id)]
    example = max(known, key=lambda v: len(figures[v.indicator.id]), default=None)
    content = OpenDataPage(tuple(packages(maker)), example, maker.released.area)
    return Page(OPEN_DATA, "Open data", content, (about,))


def _simple(view: FigureView) -> bool:
    i = view.indicator
    return i.unit == "count" and not (i.sensitive or i.protected or i.breakdown)


def packages(maker: Maker) -> Iterator[Link]:
    """The title and name of each package that can be downloaded."""
    settings = maker.settings
    for name in settings.packages:
        told = json.loads((settings.packages_folder / name / "datapackage.json").read_text("utf-8-sig"))
        if told["portal"]["kind"] != RECORD:
            yield told.get("title", name), name
