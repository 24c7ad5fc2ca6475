"""Make a page for each release with its figures as they were published, and how to cite each.

It shows the same figures as the files of the release: those that were withdrawn or are withheld now are left out.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from portal.core import periods
from portal.core.model import Release
from portal.core.text import MARKERS, amount, noun_for
from portal.opendata import api, records
from portal.opendata.records import FigureRecord
from portal.pages.page import FIGURES, Page, PageContext
from portal.pages.plan_views import Link
from portal.pages.release_pages import RELEASES, Marker, archive_link, release_link
from portal.releases.history import Key, PastRelease, ReleaseHistory


@dataclass(frozen=True, kw_only=True)
class ArchivedIndicator:
    """An indicator in a release: its slug and title at the time, and how many figures it had.

    `about` is the period of its newest figure for the whole area, and `said` is that figure with its marker; both are
    empty if there was none. `now` links to the current figures; None if there are none. `line` is the citation.
    """

    slug: str
    title: str
    count: int
    about: str
    said: str
    now: Link | None
    csv: str
    json: str
    line: str


@dataclass(frozen=True, kw_only=True)
class ArchivePage:
    """The figures of a release as they were published, without those `hidden`, and whether it is the newest release."""

    context: PageContext
    past: PastRelease
    hidden: frozenset[Key]
    is_newest: bool

    @property
    def release(self) -> Release:
        return self.past.release

    @property
    def link(self) -> Link:
        return release_link(self.release)

    @cached_property
    def figures(self) -> tuple[ArchivedIndicator, ...]:
        """Return the indicators from A to Z by title.

        They have many figures, so they are read only when the page is rendered.
        """
        groups = records.past_records(self.past, self.context.history, self.hidden)
        units = {row["slug"]: row["unit"] for row in self.past.rows("indicators", "id").values()}
        figures = (_archived(self.context, self.release, own, units[slug]) for slug, own in groups.items())
        return tuple(sorted(figures, key=lambda f: f.title.casefold()))

    @property
    def marks(self) -> tuple[Marker, ...]:
        """Return the markers of the newest figures, with their meanings."""
        shown = {f.said.rpartition("[")[2].rstrip("]") for f in self.figures}
        return tuple(Marker(mark, words) for mark, words in MARKERS.items() if mark in shown)

    @property
    def count(self) -> int:
        """Return the number of figures in the release."""
        return sum(f.count for f in self.figures)


def archive_pages(context: PageContext, about: Link) -> Iterator[Page]:
    """Yield a page of figures for each release whose archive can be downloaded, below the page `about`."""
    hidden = records.withheld_keys(context.content)
    for past in context.history.releases:
        if not past.slugs:
            continue
        is_newest = past is context.history.releases[-1]
        content = ArchivePage(context=context, past=past, hidden=hidden, is_newest=is_newest)
        title = f"Figures as published: {past.release.name}"
        above = (about, Link("What’s new", RELEASES), content.link)
        yield Page(archive_link(past.release).path, title, content, above)


def archived(history: ReleaseHistory, indicator: str) -> tuple[Link, ...]:
    """Return links to the figures of an indicator as each release published them, the newest first."""
    return tuple(
        Link(past.release.name, f"{archive_link(past.release).path}#{past.slugs[indicator]}")
        for past in reversed(history.releases)
        if indicator in past.slugs
    )


def _archived(
    context: PageContext, release: Release, figures: tuple[FigureRecord, ...], unit: str
) -> ArchivedIndicator:
    slug, title = figures[0].slug, figures[0].title
    whole = [r for r in figures if r.area == context.released.area and not r.part]
    newest = max(whole, key=lambda r: (r.end, r.start), default=None)
    names: Mapping[str, str] = {i.slug: i.title for i in context.content.indicators.values()}
    return ArchivedIndicator(
        slug=slug,
        title=title,
        count=len(figures),
        about=newest.period if newest else "",
        said=_said(newest, unit) if newest else "",
        now=Link(names[slug], f"{FIGURES}{slug}/") if slug in names else None,
        csv=api.release_path(release.id, slug, "csv"),
        json=api.release_path(release.id, slug, "json"),
        line=_line(context, release, figures, newest, unit),
    )


def _said(record: FigureRecord, unit: str) -> str:
    shown = "" if record.value is None else amount(record.value, unit)
    return f"{shown} [{record.status}]".strip() if record.status else shown


def _line(
    context: PageContext,
    release: Release,
    figures: tuple[FigureRecord, ...],
    newest: FigureRecord | None,
    unit: str,
) -> str:
    """Return a one-line citation of an indicator in a release, with its newest figure if it had one."""
    site, title, count = context.settings.site, figures[0].title, len(figures)
    what, source = f"{title}: {count:,} {'figure' if count == 1 else 'figures'}", ""
    if newest and newest.value is not None:
        noun = f" {noun_for(newest.value, newest.unit)}" if unit in ("count", "per-1000") else ""
        mark = f" ({newest.meaning})" if newest.status else ""
        what = f"{title}, {newest.place}, {newest.period}: {amount(newest.value, unit)}{noun}{mark}"
        source = f" From: {newest.source}, {newest.locator}".rstrip(".") + "."
    when = f"Release {release.name}, {periods.day(release.released_on)}, as published then"
    address = f"{site.address or '/'}{archive_link(release).path}#{figures[0].slug}"
    return f"{site.partnership}, {site.name}. {what}. {when}.{source} {address}"
