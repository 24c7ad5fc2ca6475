"""Make the pages about releases: what is new, each release, corrections, and accepted warnings."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

from portal.core import field_types, periods
from portal.core.model import (
    AcceptedWarning,
    Content,
    FigureKey,
    PromisedRelease,
    Release,
    ReleaseChange,
    WithdrawnFigure,
)
from portal.core.text import MARKERS
from portal.core.vocabulary import Status
from portal.pages.figure_views import FigureRevision
from portal.pages.page import Page, PageContext
from portal.pages.plan_views import Link
from portal.pages.views import NewestRelease
from portal.releases import change_report, comparison, identities
from portal.releases.change_report import WordedChange
from portal.releases.exposure import in_words

RELEASES = "releases/"
CORRECTIONS, UNUSUAL = f"{RELEASES}corrections/", f"{RELEASES}unusual/"
# If there are more changes of one kind than this, they are not listed one by one; the download has them.
MANY = 60


@dataclass(frozen=True, kw_only=True)
class WithdrawalNotice:
    """A withdrawn figure: the day, the figure and the reason in words, without its number."""

    day: date
    change: WordedChange
    link: Link | None


@dataclass(frozen=True, kw_only=True)
class WithdrawalGroup:
    """Figures withdrawn on one day for one reason."""

    day: date
    became: str
    reason: str
    figures: tuple[WithdrawalNotice, ...]


@dataclass(frozen=True, kw_only=True)
class CalendarEntry:
    """A promised release, and the release that kept the promise; None if it has not been published yet."""

    promise: PromisedRelease
    release: Release | None
    link: Link | None

    @property
    def late(self) -> int:
        """Return the days from the promised day to the release; 0 or less if it was on time or is not published."""
        return (self.release.released_on - self.promise.promised).days if self.release else 0


class ReleaseSummary(NamedTuple):
    """A release, its page, and the counts of its changes in words."""

    release: Release
    link: Link
    summary: str


class LinkedChange(NamedTuple):
    """A change in words, and the page of its figures; None if there is no such page."""

    change: WordedChange
    link: Link | None


class ListedChanges(NamedTuple):
    """The changes of one kind: the kind, its name, how many changes, those listed, and True if all are listed."""

    kind: str
    name: str
    total: int
    listed: tuple[LinkedChange, ...]
    is_complete: bool


class Corrected(NamedTuple):
    """The corrections of a release: those listed, and how many are not listed one by one."""

    release: Release
    link: Link
    listed: tuple[LinkedChange, ...]
    unlisted: int


class Marker(NamedTuple):
    """A marker beside a figure, and its meaning."""

    mark: str
    meaning: str


class CheckedWarning(NamedTuple):
    """The figures of an accepted warning in words, and what looked unusual."""

    figures: str
    finding: str


class AcceptedGroup(NamedTuple):
    """Warnings accepted together, with the first of them for the reason, the day and who accepted them."""

    accepted: AcceptedWarning
    warnings: tuple[CheckedWarning, ...]


@dataclass(frozen=True, kw_only=True)
class ReleasesPage:
    """All releases, newest first, the calendar of promised releases, and the numbers of warnings and corrections."""

    releases: tuple[ReleaseSummary, ...]
    calendar: tuple[CalendarEntry, ...]
    accepted: int
    corrections: int


@dataclass(frozen=True, kw_only=True)
class ReleasePage:
    """One release: its changes by kind, the figures withdrawn from it, and the page of its figures if there is one."""

    release: Release
    groups: tuple[ListedChanges, ...]
    before: Link | None
    put_back: Link | None
    archive: Link | None
    log: tuple[ReleaseChange, ...]
    marks: tuple[Marker, ...]
    withdrawals: tuple[WithdrawalGroup, ...]


@dataclass(frozen=True, kw_only=True)
class CorrectionsPage:
    """Every figure that was revised or withdrawn, by release, newest first.

    `withdrawals` are the figures that were withdrawn from all releases, and `rows` their rows in the table.
    """

    releases: tuple[Corrected, ...]
    marks: tuple[Marker, ...]
    withdrawals: tuple[WithdrawalGroup, ...]
    rows: tuple[WithdrawnFigure, ...]


@dataclass(frozen=True, kw_only=True)
class UnusualPage:
    """Warnings that were checked and accepted, by who accepted them, when and why."""

    groups: tuple[AcceptedGroup, ...]


def release_pages(context: PageContext, about: Link) -> Iterator[Page]:
    """Yield the list of releases, a page for each, the corrections, and the accepted warnings, below the page `about`."""
    content, home = context.content, Link("What’s new", RELEASES)
    links = {e.id: release_link(e) for e in content.releases}
    newest = content.releases[::-1]
    yield Page(
        RELEASES,
        home.label,
        ReleasesPage(
            releases=tuple(ReleaseSummary(e, links[e.id], summary(content, e)) for e in newest),
            calendar=tuple(_calendar_entry(content, p) for p in content.promises),
            accepted=len(content.accepted),
            corrections=sum(c.count for c in content.changes if comparison.needs_reason(c)),
        ),
        (about,),
        "What’s new: every release of figures",
    )
    for before, release in zip((None, *content.releases), content.releases, strict=False):
        page = _release_page(context, release, before)
        yield Page(links[release.id].path, f"What changed: {release.name}", page, (about, home))
    corrections = tuple(_corrected(context, e) for e in newest)
    yield Page(
        CORRECTIONS,
        "Corrections",
        CorrectionsPage(
            releases=tuple(c for c in corrections if c.listed),
            marks=marks(filter(comparison.needs_reason, content.changes)),
            withdrawals=group_withdrawals(withdrawal_notices(context, content.withdrawals)),
            rows=content.withdrawals,
        ),
        (about, home),
        "Corrections to our figures",
    )
    yield Page(
        UNUSUAL,
        "Unusual figures that we have checked",
        UnusualPage(groups=tuple(_unusual(content))),
        (about, home),
    )


def _release_page(context: PageContext, release: Release, before: Release | None) -> ReleasePage:
    """Return the content of the page of a release; `before` is the previous one, or None."""
    content, changes = context.content, changes_of(context.content, release)
    has_archive = any(p.release.id == release.id and p.slugs for p in context.history.releases)
    kinds = (kind for kind in change_report.KINDS if any(c.kind == kind for c in changes))
    withdrawn = (w for w in content.withdrawals if release.id in w.releases.split(";"))
    return ReleasePage(
        release=release,
        groups=tuple(_group(context, kind, changes) for kind in kinds),
        before=release_link(before) if before else None,
        put_back=next((release_link(e) for e in content.releases if e.id == release.put_back), None),
        archive=archive_link(release) if has_archive else None,
        log=changes,
        marks=marks(changes),
        withdrawals=group_withdrawals(withdrawal_notices(context, withdrawn)),
    )


def archive_link(release: Release) -> Link:
    """Return the name of a release and the path of the page of its figures."""
    return Link(release.name, f"{RELEASES}{release.id}/figures/")


def release_link(release: Release) -> Link:
    """Return the name of a release and the path of its page."""
    return Link(release.name, f"{RELEASES}{release.id}/")


def changes_of(content: Content, release: Release) -> tuple[ReleaseChange, ...]:
    """Return what a release changed.

    Values are left out if the figure is withheld now, no longer published, or from a release whose archive was
    withdrawn.
    """
    return _public_changes(content, release, [c for c in content.changes if c.release == release.id])


def _public_changes(
    content: Content, release: Release, changes: Sequence[ReleaseChange]
) -> tuple[ReleaseChange, ...]:
    """Return changes of a release as `changes_of` does."""
    used = {c.indicator for c in changes if _of_one_figure(c)}
    now = {o.key: o.status for i in used for o in content.observations.get(i, ())}
    public = (_without_hidden(c, now) for c in changes)
    return tuple(replace(c, old="", new="") if release.withdrawn else c for c in public)


def _without_hidden(change: ReleaseChange, now: Mapping[FigureKey, Status]) -> ReleaseChange:
    """Return a change without its values, if its figure is withheld now or no longer published."""
    if not _of_one_figure(change):
        return change
    status = now.get(change.key)
    if status == comparison.WITHHELD:
        return replace(change, old="", new="", new_status=status)
    return (
        change
        if status is not None
        else replace(change, old="", new="", old_status=Status.PLAIN, new_status=Status.PLAIN)
    )


def withdrawal_notices(
    context: PageContext, withdrawals: Iterable[WithdrawnFigure]
) -> tuple[WithdrawalNotice, ...]:
    """Return withdrawn figures in words, the newest first."""
    newest_first = sorted(withdrawals, key=lambda w: (w.withdrawn_on, w.number), reverse=True)
    return tuple(_withdrawal_notice(context, w) for w in newest_first)


def group_withdrawals(notices: Iterable[WithdrawalNotice]) -> tuple[WithdrawalGroup, ...]:
    """Group withdrawn figures by day and reason, in the order of the first of each group."""
    by_cause: dict[tuple[date, str, str], list[WithdrawalNotice]] = {}
    for t in notices:
        by_cause.setdefault((t.day, t.change.became, t.change.reason), []).append(t)
    return tuple(
        WithdrawalGroup(day=day, became=became, reason=reason, figures=tuple(figures))
        for (day, became, reason), figures in by_cause.items()
    )


def _withdrawal_notice(context: PageContext, w: WithdrawnFigure) -> WithdrawalNotice:
    view = context.figures.get(w.indicator)
    change = WordedChange(
        in_words(context.content, identities.withdrawn_figure(w)),
        "the number was taken back",
        f"Why: {w.reason}",
    )
    return WithdrawalNotice(
        day=w.withdrawn_on, change=change, link=Link(view.indicator.title, view.path) if view else None
    )


def _of_one_figure(change: ReleaseChange) -> bool:
    return (
        change.kind in ("new", "revised", "withdrawn", "rolled") and change.count == 1 and bool(change.area)
    )


def marks(changes: Iterable[ReleaseChange]) -> tuple[Marker, ...]:
    """Return the markers of the figures in these changes, with their meanings."""
    used = {status for c in changes for status in (c.old_status, c.new_status)} - {comparison.WITHHELD}
    return tuple(Marker(mark, words) for mark, words in MARKERS.items() if mark in used)


def summary(content: Content, release: Release) -> str:
    """Return the changes of a release in short, such as `12 new figures, 2 revised figures`."""
    counts: Counter[str] = Counter()
    for c in changes_of(content, release):
        counts[c.kind] += c.count
    parts = [
        f"{n:,} {change_report.KINDS[kind][n != 1]}" for kind in change_report.KINDS if (n := counts[kind])
    ]
    return ", ".join(parts)


def revisions(context: PageContext, indicator: str) -> tuple[FigureRevision, ...]:
    """Return how the figures of an indicator were revised or withdrawn, newest release first.

    If there are many in one release, they are summarised by reason. Figures withdrawn for one reason are one revision.
    """
    withdrawn = (w for w in context.content.withdrawals if w.indicator == indicator)
    corrections = Link("Corrections", CORRECTIONS)
    result = [
        _as_revision(corrections, group)
        for group in group_withdrawals(withdrawal_notices(context, withdrawn))
    ]
    of_release: dict[str, list[ReleaseChange]] = defaultdict(list)
    for change in context.content.changes:
        if change.indicator == indicator and comparison.needs_reason(change):
            of_release[change.release].append(change)
    for release in context.content.releases[::-1]:
        changes = _public_changes(context.content, release, of_release[release.id])
        lines = (
            [change_report.line(c, context.content) for c in changes]
            if len(changes) <= MANY
            else list(summarise_by_reason(changes))
        )
        result += (
            FigureRevision(day=release.released_on, release=release_link(release), line=line)
            for line in lines
        )
    return tuple(result)


def _as_revision(corrections: Link, cause: WithdrawalGroup) -> FigureRevision:
    if len(cause.figures) == 1:
        return FigureRevision(day=cause.day, release=corrections, line=cause.figures[0].change)
    change = WordedChange(f"{len(cause.figures)} figures", "the numbers were taken back", cause.reason)
    return FigureRevision(
        day=cause.day, release=corrections, line=change, figures=tuple(t.change.about for t in cause.figures)
    )


def summarise_by_reason(changes: Sequence[ReleaseChange]) -> Iterator[WordedChange]:
    """Yield one line for each kind and reason of many revisions."""
    for (kind, reason), count in Counter((c.kind, c.reason) for c in changes).items():
        became = "revised" if kind == "revised" else "withdrawn"
        yield WordedChange(f"{count:,} {'figure' if count == 1 else 'figures'}", became, f"Why: {reason}")


# What looked unusual about a figure, by the first word of the name of a warning.
_LOOKED = {
    "sum": "parts do not add up to the total",
    "jump": "a sudden jump",
    "gap": "no figure for the period before",
    "same": "the same number several times running",
    "break": "a change in recording",
    "target": "no figure to measure it against",
    "contact": "contact details not checked recently",
    "overdue": "later than promised",
    "released": "withheld now, but shown in an earlier release",
    "number": "a number beside a withheld figure",
    "name": "two areas with one name",
    "same-figure": "the same number under another name",
    "total": "a number that could be a total",
    "rate": "a rate that could be of this number",
    "measure": "a percentage, multiple or rise that could be of this number",
    "difference": "two numbers that differ by few cases",
    "addends": "numbers that could add up to another",
    "coincidence": "numbers that fit a withheld figure, as others would by chance",
    "unlinked": "no other page links here",
}


def _unusual(content: Content) -> Iterator[AcceptedGroup]:
    """Yield accepted warnings, grouped by reason, day and who accepted them."""
    groups: dict[tuple[str, date, str], list[AcceptedWarning]] = {}
    for a in content.accepted:
        groups.setdefault((a.reason, a.accepted_on, a.accepted_by), []).append(a)
    for accepted in groups.values():
        yield AcceptedGroup(accepted[0], tuple(_in_words(content, a.warning) for a in accepted))


def _in_words(content: Content, warning: str) -> CheckedWarning:
    """Return a warning in words, such as `Theft, Exampleton, March to May 2020` and `a sudden jump`.

    A name that ends in * stands for all warnings that begin with it; the * is left out.
    """
    kind, *about = warning.split(":")
    about = [a for a in about if a != "*"]
    names = {a.code: a.name for a in content.areas.values()} | {
        i.id: i.title for i in content.indicators.values()
    }
    names |= {t.id: t.title for t in content.targets} | {
        c.id: c.name for c in (*content.routes, *content.services)
    }
    words = [_span(w) if "/" in w and w[:1].isdigit() else names.get(w, w) for w in about]
    return CheckedWarning(", ".join(words), _LOOKED.get(kind, kind))


def _span(days: str) -> str:
    """Return the period in the name of a warning in words."""
    start, end = (field_types.read_date(d) for d in days.split("/"))
    return periods.label("rolling-months", start, end)


def _calendar_entry(content: Content, promise: PromisedRelease) -> CalendarEntry:
    release = next((e for e in content.releases if e.name == promise.release), None)
    return CalendarEntry(promise=promise, release=release, link=release_link(release) if release else None)


def _group(context: PageContext, kind: str, changes: tuple[ReleaseChange, ...]) -> ListedChanges:
    of_kind = [c for c in comparison.condensed(changes, change_report.GATHERED) if c.kind == kind]
    count = sum(c.count for c in of_kind)
    listed = tuple(_linked(context, c) for c in of_kind[:MANY])
    return ListedChanges(kind, change_report.KINDS[kind][count != 1], count, listed, len(of_kind) <= MANY)


def _corrected(context: PageContext, release: Release) -> Corrected:
    """Return the corrections of a release one by one, or by reason if there are many."""
    link, changes = release_link(release), changes_of(context.content, release)
    corrections = [c for c in changes if comparison.needs_reason(c)]
    if len(corrections) <= MANY:
        return Corrected(release, link, tuple(_linked(context, c) for c in corrections), 0)
    lines = tuple(LinkedChange(line, None) for line in summarise_by_reason(corrections))
    return Corrected(release, link, lines, len(corrections))


def _linked(context: PageContext, change: ReleaseChange) -> LinkedChange:
    """Return a change in words, with the page of its figures."""
    view = context.figures.get(change.indicator)
    link = Link(view.indicator.title, view.path) if view else None
    return LinkedChange(change_report.line(change, context.content), link)


def newest_release(content: Content) -> NewestRelease | None:
    """Return the newest release; None before the first release."""
    if not content.releases:
        return None
    e = content.releases[-1]
    return NewestRelease(release_link(e), e.released_on)
