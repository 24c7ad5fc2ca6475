"""Make the pages for reusing figures: one to cite each figure, and one about what can be downloaded."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from markupsafe import Markup

from portal.core import periods, text
from portal.core.model import Release, ReleaseChange, WithdrawnFigure
from portal.core.settings import Settings
from portal.core.text import amount, noun_for
from portal.opendata import records
from portal.opendata.api import PackageName
from portal.opendata.records import CITE, FigureRecord
from portal.pages.page import ABOUT, FIGURES, Page, PageContext, cited_in
from portal.pages.plan_views import FigureView, Link
from portal.pages.release_pages import CORRECTIONS, Marker, changes_of, release_link, withdrawal_notices
from portal.releases import change_report, comparison, identities
from portal.releases.change_report import WordedChange
from portal.releases.history import NO_HISTORY, Key

OPEN_DATA = f"{ABOUT}open-data/"
# Packages of this kind hold the releases, each of which has its own download.
RECORD = "releases"


# Table cells need only HTML escaping, and Markdown is many times faster without an entity for each full stop.
Cell = Markup


class EarlierVersion(NamedTuple):
    """A change to a figure in words, and the release (or the page of corrections) that made it."""

    release: Link
    change: WordedChange


class CitableFigure(NamedTuple):  # unpacking is faster in a template than attributes, and there are many
    """One figure, the releases that first published and last changed it, and its earlier versions.

    `id` is its anchor, `about` its part and period, and `said` its value. `line` is the citation, empty if the figure
    is no longer published.
    """

    id: Cell
    about: Cell
    said: Cell
    first: Link | None
    changed: Link | None
    before: tuple[EarlierVersion, ...]
    line: Cell


class PlaceFigures(NamedTuple):
    """The name of an area and its figures."""

    name: str
    figures: tuple[CitableFigure, ...]


@dataclass(frozen=True, kw_only=True)
class OpenDataPage:
    """What can be downloaded, and code examples, which use the figures of `example` in `area`."""

    packages: tuple[PackageName, ...]
    example: FigureView | None
    area: str


@dataclass(frozen=True, kw_only=True)
class _CitationContext:
    """What all citations need: releases by id, and of each figure the changes with their release, and the withdrawals."""

    context: PageContext
    releases: Mapping[str, Release]
    changes: Mapping[Key, tuple[tuple[Release, ReleaseChange], ...]]
    withdrawals: Mapping[Key, tuple[WithdrawnFigure, ...]]

    def link(self, release: str) -> Link | None:
        """Return the link to a release; None if there is no release with this id."""
        return release_link(self.releases[release]) if release in self.releases else None


@dataclass(frozen=True, kw_only=True)
class CitePage:
    """Every figure of an indicator, including withdrawn ones: those published `now`, and the keys of all that `changed`."""

    citations: _CitationContext
    view: FigureView
    now: Mapping[Key, FigureRecord]
    changed: tuple[Key, ...]

    @property
    def places(self) -> tuple[PlaceFigures, ...]:
        """Return the figures of each area, those of the portal's own area first.

        There are many, so they are worded only when the page is rendered.
        """
        by_place: dict[str, list[CitableFigure]] = {}
        for k, record in self.now.items():
            by_place.setdefault(record.place, []).append(_citable(self.citations, self.view, k, record))
        for k in self.changed:
            if k not in self.now:
                area = self.citations.context.content.areas.get(k[1])
                by_place.setdefault(area.name if area else k[1], []).append(
                    _withdrawn(self.citations, self.view, k)
                )
        cleared = self.citations.context.released
        home_area = cleared.content.areas.get(cleared.area)
        ordered = sorted(by_place.items(), key=lambda place: home_area is None or place[0] != home_area.name)
        return tuple(PlaceFigures(name, tuple(figures)) for name, figures in ordered)

    @property
    def marks(self) -> tuple[Marker, ...]:
        """Return the markers of its figures, with their meanings."""
        used = {r.status for r in self.now.values()}
        return tuple(Marker(mark, words) for mark, words in text.MARKERS.items() if mark in used)


def leaves_an_entry(change: ReleaseChange) -> bool:
    """Return True if a figure keeps its entry on a citation page after this change, whatever becomes of it."""
    return comparison.needs_reason(change) or change.kind == "rolled"


def cite_pages(context: PageContext, now: Mapping[Key, FigureRecord] | None = None) -> Iterator[Page]:
    """Yield a page for each indicator on which each of its figures can be cited.

    `now` are all figures with their releases; without them no release is named.
    """
    content = context.content
    changes: dict[Key, list[tuple[Release, ReleaseChange]]] = {}
    for release in content.releases:
        for c in filter(leaves_an_entry, changes_of(content, release)):
            days = (d.isoformat() if d else "" for d in (c.period_start, c.period_end))
            changes.setdefault((c.indicator, c.area, c.part, *days), []).append((release, c))  # type: ignore[arg-type]
    citations = _CitationContext(
        context=context,
        releases={e.id: e for e in content.releases},
        changes={k: tuple(of_figure) for k, of_figure in changes.items()},
        withdrawals=records.group_by(content.withdrawals, identities.withdrawn_figure),
    )
    figures = records.current_records(content, NO_HISTORY) if now is None else now
    by_indicator = records.group_by(figures.items(), lambda r: r[0][0])
    changed: dict[str, list[Key]] = {}
    for k in changes:
        changed.setdefault(k[0], []).append(k)
    shown = {view.indicator.id for _, views in context.topics() for view in views}
    for name, view in context.figures.items():
        if name in shown:
            yield _cite_page(citations, view, dict(by_indicator.get(name, ())), changed.get(name, ()))


def _cite_page(
    citations: _CitationContext, view: FigureView, now: Mapping[Key, FigureRecord], changed: Iterable[Key]
) -> Page:
    indicator = view.indicator
    return Page(
        f"{view.path}{CITE}",
        f"Cite a figure: {indicator.title}",
        CitePage(citations=citations, view=view, now=now, changed=tuple(changed)),
        (Link("The figures", FIGURES), Link(indicator.title, view.path)),
        exit=citations.context.is_guarded(indicator),
        cited=cited_in(citations.context.content.observations.get(indicator.id, ())),
    )


def _citable(citations: _CitationContext, view: FigureView, k: Key, record: FigureRecord) -> CitableFigure:
    shown = "" if record.value is None else amount(record.value, view.indicator.unit)
    mark = f"[{record.status}]" if record.status else ""
    return CitableFigure(
        text.escaped(record.anchor),
        _about(record.part, record.period),
        text.escaped(f"{shown} {mark}"),
        citations.link(record.first),
        citations.link(record.changed),
        _before(citations, k),
        text.escaped(_line(citations, view, record, shown)),
    )


def _about(part: str, period: str) -> Cell:
    return text.escaped(", ".join(filter(None, (part, period))))


def _before(citations: _CitationContext, k: Key) -> tuple[EarlierVersion, ...]:
    """Return the changes to a figure, the newest first."""
    changes = citations.changes.get(k, ())[::-1]
    content = citations.context.content
    notices = withdrawal_notices(citations.context, citations.withdrawals.get(k, ()))
    return (
        *(EarlierVersion(Link(periods.day(n.day), CORRECTIONS), n.change) for n in notices),
        *(EarlierVersion(release_link(e), change_report.line(c, content)) for e, c in changes),
    )


def _withdrawn(citations: _CitationContext, view: FigureView, k: Key) -> CitableFigure:
    """Return the entry of a figure that is no longer published. Its anchor stays valid."""
    release, change = citations.changes[k][-1]
    period = periods.label(view.indicator.period_type, change.period_start, change.period_end)
    link = citations.link(release.id)
    return CitableFigure(
        text.escaped(records.anchor(*k[1:])),
        _about(k[2], period),
        text.escaped("Replaced by a later period" if change.kind == "rolled" else "Withdrawn"),
        None,
        link,
        _before(citations, k),
        text.escaped(""),
    )


def _line(citations: _CitationContext, view: FigureView, record: FigureRecord, shown: str) -> str:
    """Return the citation of a figure in one line."""
    site = citations.context.settings.site
    unit = ""
    if record.value is not None and view.indicator.unit in ("count", "per-1000"):
        unit = f" {noun_for(record.value, record.unit)}"
    what = ", ".join(filter(None, (record.title, record.place, record.part, record.period)))
    said = (
        f"{shown}{unit} ({record.meaning})" if shown and record.status else f"{shown}{unit}" or record.meaning
    )
    release = citations.releases.get(record.changed)
    when = (
        f"Release {release.name}, {periods.day(release.released_on)}" if release else "Not yet in a release"
    )
    source = f"{record.source}, {record.locator}".rstrip(".")
    return (
        f"{site.partnership}, {site.name}. {what}: {said}. {when}. From: {source}. "
        f"{site.address or '/'}{record.cited}"
    )


def open_data_page(context: PageContext, about: Link) -> Page:
    """Return the page about what can be downloaded and how to use it."""
    figures = context.content.observations
    known = [v for v in context.figures.values() if _simple(v) and figures.get(v.indicator.id)]
    example = max(known, key=lambda v: len(figures[v.indicator.id]), default=None)
    content = OpenDataPage(
        packages=tuple(packages(context.settings)), example=example, area=context.released.area
    )
    return Page(OPEN_DATA, "Open data", content, (about,))


def _simple(view: FigureView) -> bool:
    i = view.indicator
    return i.unit == "count" and not (i.sensitive or i.protected or i.breakdown)


def packages(settings: Settings) -> Iterator[PackageName]:
    """Yield the title and name of each package that can be downloaded."""
    for name in settings.packages:
        descriptor = json.loads((settings.packages_folder / name / "datapackage.json").read_text("utf-8-sig"))
        if descriptor["portal"]["kind"] != RECORD:
            yield PackageName(descriptor.get("title", name), name)
