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
from portal.opendata.api import PackageName
from portal.opendata.records import CITE, FigureRecord
from portal.pages.page import ABOUT, FIGURES, Page, PageContext, cited_in
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


class CitableFigure(NamedTuple):  # a template takes the many of them apart faster than it asks for each field
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

    packages: tuple[PackageName, ...]
    example: FigureView | None
    area: str


@dataclass(frozen=True)
class _CitationContext:
    """What the citations of all figures draw on."""

    context: PageContext
    editions: Mapping[str, Release]
    changes: Mapping[Key, tuple[tuple[Release, ReleaseChange], ...]]

    def link(self, release: str) -> Link | None:
        """The name and address of a release."""
        found = self.editions.get(release)
        return (found.name, f"{RELEASES}{found.id}/") if found else None


@dataclass(frozen=True)
class CitePage:
    """Every figure of an indicator by area, also those that were withdrawn: what is published `now`, and what `changed`."""

    citations: _CitationContext
    view: FigureView
    now: Mapping[Key, FigureRecord]
    changed: tuple[Key, ...]

    @property
    def places(self) -> tuple[tuple[str, tuple[CitableFigure, ...]], ...]:
        """The figures of each place. There are many, so they are put into words only where the page is made."""
        found: dict[str, list[CitableFigure]] = {}
        for k, record in self.now.items():
            found.setdefault(record.place, []).append(_citable(self.citations, self.view, k, record))
        for k in self.changed:
            if k not in self.now:
                area = self.citations.context.content.areas.get(k[1])
                found.setdefault(area.name if area else k[1], []).append(
                    _withdrawn(self.citations, self.view, k)
                )
        return tuple((name, tuple(own)) for name, own in found.items())

    @property
    def marks(self) -> tuple[tuple[str, str], ...]:
        """The markers that its figures carry, and what they mean."""
        used = {r.status for r in self.now.values()}
        return tuple((mark, words) for mark, words in text.MARKERS.items() if mark in used)


def cite_pages(context: PageContext, now: Mapping[Key, FigureRecord] | None = None) -> Iterator[Page]:
    """A page for each indicator that has one, on which each of its figures can be cited.

    `now` are all figures, with their releases; without it no release is named.
    """
    content = context.content
    changes: dict[Key, list[tuple[Release, ReleaseChange]]] = {}
    for edition in content.editions:
        for c in (
            c for c in changes_of(content, edition) if comparison.needs_reason(c) or c.kind == "rolled"
        ):
            days = (d.isoformat() if d else "" for d in (c.period_start, c.period_end))
            changes.setdefault((c.indicator, c.area, c.part, *days), []).append((edition, c))  # type: ignore[arg-type]
    citations = _CitationContext(
        context, {e.id: e for e in content.editions}, {k: tuple(own) for k, own in changes.items()}
    )
    figures = records.current_records(content, NO_HISTORY) if now is None else now
    own = records.group_by(figures.items(), lambda r: r[0][0])
    gone: dict[str, list[Key]] = {}
    for k in changes:
        gone.setdefault(k[0], []).append(k)
    shown = {view.indicator.id for _, views in context.topic_of for view in views}
    for name, view in context.figures.items():
        if name in shown:
            yield _cite_page(citations, view, dict(own.get(name, ())), gone.get(name, ()))


def _cite_page(
    citations: _CitationContext, view: FigureView, now: Mapping[Key, FigureRecord], changed: Iterable[Key]
) -> Page:
    indicator = view.indicator
    return Page(
        f"{view.path}{CITE}",
        f"Cite a figure: {indicator.title}",
        CitePage(citations, view, now, tuple(changed)),
        (("The figures", FIGURES), (indicator.title, view.path)),
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


def _before(citations: _CitationContext, k: Key) -> tuple[tuple[Link, WordedChange], ...]:
    """What a figure was before each change, and why it changed; the newest change first."""
    found = citations.changes.get(k, ())[::-1]
    content = citations.context.content
    back = taken_back(citations.context, (w for w in content.withdrawals if withdrawal.of(w) == k))
    return (
        *(((periods.day(t.day), CORRECTIONS), t.told) for t in back),
        *(((e.name, f"{RELEASES}{e.id}/"), change_report.line(c, content)) for e, c in found),
    )


def _withdrawn(citations: _CitationContext, view: FigureView, k: Key) -> CitableFigure:
    """A figure that is not published any more: its place stays, and says so."""
    edition, change = citations.changes[k][-1]
    period = periods.label(view.indicator.period_type, change.period_start, change.period_end)
    link = citations.link(edition.id)
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
    """How to cite a figure, in one line."""
    site = citations.context.settings.site
    unit = ""
    if record.value is not None and view.indicator.unit in ("count", "per-1000"):
        unit = f" {noun_for(record.value, record.unit)}"
    what = ", ".join(filter(None, (record.title, record.place, record.part, record.period)))
    said = (
        f"{shown}{unit} ({record.meaning})" if shown and record.status else f"{shown}{unit}" or record.meaning
    )
    release = citations.editions.get(record.changed)
    when = (
        f"Release {release.name}, {periods.day(release.released_on)}" if release else "Not yet in a release"
    )
    source = f"{record.source}, {record.locator}".rstrip(".")
    return (
        f"{site.partnership}, {site.name}. {what}: {said}. {when}. From: {source}. "
        f"{site.address or '/'}{record.cited}"
    )


def open_data_page(context: PageContext, about: Link) -> Page:
    """The page that says what can be downloaded and how to use it."""
    figures = context.content.observations
    known = [v for v in context.figures.values() if _simple(v) and figures.get(v.indicator.id)]
    example = max(known, key=lambda v: len(figures[v.indicator.id]), default=None)
    content = OpenDataPage(tuple(packages(context)), example, context.released.area)
    return Page(OPEN_DATA, "Open data", content, (about,))


def _simple(view: FigureView) -> bool:
    i = view.indicator
    return i.unit == "count" and not (i.sensitive or i.protected or i.breakdown)


def packages(context: PageContext) -> Iterator[PackageName]:
    """The title and name of each package that can be downloaded."""
    settings = context.settings
    for name in settings.packages:
        told = json.loads((settings.packages_folder / name / "datapackage.json").read_text("utf-8-sig"))
        if told["portal"]["kind"] != RECORD:
            yield PackageName(told.get("title", name), name)
