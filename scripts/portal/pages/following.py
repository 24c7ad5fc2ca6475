"""Make the feeds of wards, subjects and figures, and the calendar of promised releases."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from portal.charts.area_charts import current_wards
from portal.core.model import Content, ReleaseChange
from portal.core.settings import SiteSettings
from portal.core.text import address_part, number
from portal.disclosure.clearing import ClearedContent
from portal.opendata.calendar_files import Event, write_calendar
from portal.pages.page import FIGURES, SUBJECTS, WARDS
from portal.pages.release_pages import RELEASES
from portal.releases import comparison
from portal.releases.feed import atom

FEED = "feed.xml"
CALENDAR = f"{RELEASES}calendar.ics"
_FIGURES = ("new", "revised", "withdrawn")  # kinds of change that concern figures


def followed(released: ClearedContent) -> Mapping[str, str]:
    """Return the name of each page that has its own feed, by its path: figures, wards and subjects."""
    content = released.content
    names = {f"{FIGURES}{i.slug}/": i.title for i in content.indicators.values()}
    names |= {f"{WARDS}{address_part(a.name)}/": f"{a.name} ward" for a in current_wards(released)}
    return names | {f"{SUBJECTS}{t.id}/": t.title for t in content.threads}


def feed_files(released: ClearedContent, site: SiteSettings) -> Iterator[tuple[str, bytes]]:
    """Yield the feed of each of these pages, by path: the releases that changed its figures, the newest first.

    They count changes and state no number, so that nothing is left in them when a figure is withdrawn. The note of a
    release is about the whole release and can state numbers. It is on the page of the release, to which they link.
    """
    content = released.content
    by_page = changes_by_page(released)
    for path, name in followed(released).items():
        counts_of_page = by_page.get(path, {})
        entries = [
            (replace(release, note=""), f"{RELEASES}{release.id}/", counts_of_page[release.id])
            for release in reversed(content.releases)
            if release.id in counts_of_page
        ]
        yield f"{path}{FEED}", atom(site, path, entries, name)


def changes_by_page(released: ClearedContent) -> Mapping[str, Mapping[str, str]]:
    """Return how many figures each release changed, in words, by the path of a followed page and the release's id."""
    by_page: dict[str, dict[str, list[ReleaseChange]]] = defaultdict(lambda: defaultdict(list))
    concerned = _Concerned(released)
    for change in (c for c in released.content.changes if c.kind in _FIGURES):
        for path in concerned.pages(change):
            by_page[path][change.release].append(change)
    return {path: {id: _in_words(changes) for id, changes in own.items()} for path, own in by_page.items()}


def calendar_file(content: Content, site: SiteSettings) -> Iterator[tuple[str, bytes]]:
    """Yield the calendar of promised releases, by path, even if it is empty."""
    events = (
        Event(
            id=f"release {p.release}",
            title=f"{site.name}: {p.release}",
            starts=p.promised,
            ends=None,
            changed=p.promised,
            words=p.note,
            address=f"{site.address}{RELEASES}" if site.address else "",
        )
        for p in content.promises
    )
    yield CALENDAR, write_calendar(f"{site.area} {site.partnership}", f"Releases: {site.name}", events)


class _Concerned:
    """Find the pages with feeds that a change of figures concerns."""

    def __init__(self, released: ClearedContent) -> None:
        content = released.content
        self._figures = {i.id: f"{FIGURES}{i.slug}/" for i in content.indicators.values()}
        self._subjects: dict[str, list[str]] = defaultdict(list)
        for e in content.entries:
            if e.indicator:
                self._subjects[e.indicator].append(f"{SUBJECTS}{e.thread}/")
        self._wards = {a.code: f"{WARDS}{address_part(a.name)}/" for a in current_wards(released)}
        self._of_indicator: dict[str, set[str]] = defaultdict(set)
        for name, figures in content.observations.items():
            self._of_indicator[name] = {o.area for o in figures} & self._wards.keys()

    def pages(self, change: ReleaseChange) -> Iterator[str]:
        """Yield the paths of the figure, its subjects, and its ward, or all wards with such figures if none is named."""
        if change.indicator in self._figures:
            yield self._figures[change.indicator]
        yield from dict.fromkeys(self._subjects[change.indicator])
        wards = {change.area} & self._wards.keys() if change.area else self._of_indicator[change.indicator]
        yield from (self._wards[code] for code in sorted(wards))


def _in_words(changes: Iterable[ReleaseChange]) -> str:
    """Return how many figures are new, and how many were revised or withdrawn."""
    listed = list(changes)
    new = sum(c.count for c in listed if c.kind == "new")
    corrected = sum(c.count for c in listed if comparison.needs_reason(c))
    parts = (
        (new, "new figure", "new figures"),
        (corrected, "figure revised or withdrawn", "figures revised or withdrawn"),
    )
    return ", ".join(f"{number(n)} {one if n == 1 else many}" for n, one, many in parts if n) or "Changed"
