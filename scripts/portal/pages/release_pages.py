"""The pages about releases: what is new, each release, the corrections log, and warnings that were accepted."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from portal.core import field_types, periods
from portal.core.model import (
    AcceptedWarning,
    Content,
    PromisedRelease,
    Release,
    ReleaseChange,
    WithdrawnFigure,
)
from portal.core.small_counts import Key, key
from portal.core.text import MARKERS
from portal.pages.page import Page, PageContext
from portal.pages.plan_views import Link
from portal.pages.views import Revision
from portal.releases import change_report, comparison, withdrawal
from portal.releases.change_report import WordedChange
from portal.releases.exposure import in_words

RELEASES = "releases/"
CORRECTIONS, UNUSUAL = f"{RELEASES}corrections/", f"{RELEASES}unusual/"
# More changes of one kind are not listed one by one: the download has them.
MANY = 60


@dataclass(frozen=True)
class WithdrawalNotice:
    """A figure that was taken back: the day, the figure and the reason in words, without its number."""

    day: date
    told: WordedChange
    link: Link | None


@dataclass(frozen=True)
class WithdrawalGroup:
    """Figures that were taken back on one day for one reason; what they have in common, and each of them."""

    day: date
    became: str
    reason: str
    figures: tuple[WithdrawalNotice, ...]


@dataclass(frozen=True)
class CalendarEntry:
    """A promise and the release that kept it, with how many days late it was; neither where it is not kept yet."""

    promise: PromisedRelease
    edition: Release | None
    link: Link | None

    @property
    def late(self) -> int:
        """The days between the promised day and the release; 0 or less where it was in time."""
        return (self.edition.released_on - self.promise.promised).days if self.edition else 0


@dataclass(frozen=True)
class ReleasesPage:
    """What is new, newest first, and what is promised. `summaries` are the counts of each release in words."""

    editions: tuple[tuple[Release, Link, str], ...]
    calendar: tuple[CalendarEntry, ...]
    accepted: int
    corrections: int


@dataclass(frozen=True)
class ReleasePage:
    """One release: its changes by kind, with the number of each kind and whether all are listed."""

    edition: Release
    groups: tuple[tuple[str, str, int, tuple[tuple[WordedChange, Link | None], ...], bool], ...]
    before: Link | None
    put_back: Link | None
    log: tuple[ReleaseChange, ...]
    marks: tuple[tuple[str, str], ...]
    taken_back: tuple[WithdrawalGroup, ...]


@dataclass(frozen=True)
class CorrectionsPage:
    """Every figure that was ever revised or withdrawn, by release, newest first, with how many are not listed.

    Those that were `taken_back` out of all releases come first.
    """

    editions: tuple[tuple[Release, Link, tuple[tuple[WordedChange, Link | None], ...], int], ...]
    marks: tuple[tuple[str, str], ...]
    taken_back: tuple[WithdrawalGroup, ...]
    rows: tuple[WithdrawnFigure, ...]


@dataclass(frozen=True)
class UnusualPage:
    """Warnings that were looked at and accepted: in words, by who accepted them, when and why."""

    groups: tuple[tuple[AcceptedWarning, tuple[tuple[str, str], ...]], ...]


def release_pages(context: PageContext, about: Link) -> Iterator[Page]:
    """What is new, a page for each release, the log of corrections, and the accepted warnings, below the page `about`."""
    content, home = context.content, ("What’s new", RELEASES)
    links = {e.id: (e.name, f"{RELEASES}{e.id}/") for e in content.editions}
    newest = content.editions[::-1]
    yield Page(
        RELEASES,
        home[0],
        ReleasesPage(
            tuple((e, links[e.id], summary(content, e)) for e in newest),
            tuple(_calendar_entry(content, p) for p in content.promises),
            len(content.accepted),
            sum(c.count for c in content.changes if comparison.needs_reason(c)),
        ),
        (about,),
        "What’s new: every release of figures",
    )
    for before, edition in zip((None, *content.editions), content.editions, strict=False):
        own = changes_of(content, edition)
        page = ReleasePage(
            edition,
            tuple(
                _group(context, kind, own) for kind in change_report.KINDS if any(c.kind == kind for c in own)
            ),
            links[before.id] if before else None,
            links.get(edition.put_back),
            own,
            marks(own),
            causes(
                taken_back(context, (w for w in content.withdrawals if edition.id in w.releases.split(";")))
            ),
        )
        yield Page(links[edition.id][1], f"What changed: {edition.name}", page, (about, home))
    corrections = tuple((e, links[e.id], *_corrected(context, changes_of(content, e))) for e in newest)
    yield Page(
        CORRECTIONS,
        "Corrections",
        CorrectionsPage(
            tuple(c for c in corrections if c[2]),
            marks(filter(comparison.needs_reason, content.changes)),
            causes(taken_back(context, content.withdrawals)),
            content.withdrawals,
        ),
        (about, home),
        "Corrections to our figures",
    )
    yield Page(
        UNUSUAL, "Unusual figures that we have checked", UnusualPage(tuple(_unusual(content))), (about, home)
    )


def changes_of(content: Content, edition: Release, indicator: str = "") -> tuple[ReleaseChange, ...]:
    """What a release changed, in all figures or in those of one indicator.

    Of a figure that is withheld by now, or is gone, no number is repeated; nor is anything of a release whose
    archive was withdrawn.
    """
    own = [c for c in content.changes if c.release == edition.id and indicator in ("", c.indicator)]
    used = {c.indicator for c in own if _of_one_figure(c)}
    now = {key(o): o.status for i in used for o in content.observations.get(i, ())}
    found = (_without_hidden(c, now) for c in own)
    return tuple(replace(c, old="", new="") if edition.withdrawn else c for c in found)


def _without_hidden(change: ReleaseChange, now: Mapping[Key, str]) -> ReleaseChange:
    """A change without the numbers of a figure that is withheld now, or is not there any more."""
    if not _of_one_figure(change):
        return change
    status = now.get((change.indicator, change.area, change.part, change.period_start, change.period_end))
    if status == comparison.WITHHELD:
        return replace(change, old="", new="", new_status=status)
    return change if status is not None else replace(change, old="", new="", old_status="", new_status="")


def taken_back(context: PageContext, withdrawals: Iterable[WithdrawnFigure]) -> tuple[WithdrawalNotice, ...]:
    """Figures that were taken back, the newest first."""
    found = sorted(withdrawals, key=lambda w: (w.withdrawn_on, w.number), reverse=True)
    return tuple(_taken_back(context, w) for w in found)


def causes(taken_back: Iterable[WithdrawalNotice]) -> tuple[WithdrawalGroup, ...]:
    """Return figures that were taken back by day and reason, in the order in which the first of each comes."""
    found: dict[tuple[date, str, str], list[WithdrawalNotice]] = {}
    for t in taken_back:
        found.setdefault((t.day, t.told.became, t.told.reason), []).append(t)
    return tuple(WithdrawalGroup(*cause, tuple(own)) for cause, own in found.items())


def _taken_back(context: PageContext, w: WithdrawnFigure) -> WithdrawalNotice:
    view = context.figures.get(w.indicator)
    told = WordedChange(
        in_words(context.content, withdrawal.of(w)), "the number was taken back", f"Why: {w.reason}"
    )
    return WithdrawalNotice(w.withdrawn_on, told, (view.indicator.title, view.path) if view else None)


def _of_one_figure(change: ReleaseChange) -> bool:
    return (
        change.kind in ("new", "revised", "withdrawn", "rolled") and change.count == 1 and bool(change.area)
    )


def marks(changes: Iterable[ReleaseChange]) -> tuple[tuple[str, str], ...]:
    """The marks that stand beside the figures of these changes, and what they mean."""
    used = {status for c in changes for status in (c.old_status, c.new_status)} - {comparison.WITHHELD}
    return tuple((mark, words) for mark, words in MARKERS.items() if mark in used)


def summary(content: Content, edition: Release) -> str:
    """`12 new figures, 2 revised figures`, as a release changed."""
    counts: Counter[str] = Counter()
    for c in changes_of(content, edition):
        counts[c.kind] += c.count
    told = [
        f"{n:,} {change_report.KINDS[kind][n != 1]}" for kind in change_report.KINDS if (n := counts[kind])
    ]
    return ", ".join(told)


def revisions(context: PageContext, indicator: str) -> tuple[Revision, ...]:
    """Return how the figures of an indicator were revised or withdrawn, newest release first; in short where many were.

    Figures that were taken back for one reason are one revision with a list.
    """
    own_back = (w for w in context.content.withdrawals if w.indicator == indicator)
    corrections = ("Corrections", CORRECTIONS)
    found = [_together(corrections, cause) for cause in causes(taken_back(context, own_back))]
    for edition in context.content.editions[::-1]:
        own = [c for c in changes_of(context.content, edition, indicator) if comparison.needs_reason(c)]
        link = (edition.name, f"{RELEASES}{edition.id}/")
        lines = (
            [change_report.line(c, context.content) for c in own] if len(own) <= MANY else list(in_short(own))
        )
        found += (Revision(edition.released_on, link, line) for line in lines)
    return tuple(found)


def _together(corrections: Link, cause: WithdrawalGroup) -> Revision:
    if len(cause.figures) == 1:
        return Revision(cause.day, corrections, cause.figures[0].told)
    told = WordedChange(f"{len(cause.figures)} figures", "the numbers were taken back", cause.reason)
    return Revision(cause.day, corrections, told, tuple(t.told.about for t in cause.figures))


def in_short(changes: Sequence[ReleaseChange]) -> Iterator[WordedChange]:
    """Many revisions as one line for each reason."""
    for (kind, reason), count in Counter((c.kind, c.reason) for c in changes).items():
        became = "revised" if kind == "revised" else "withdrawn"
        yield WordedChange(f"{count:,} {'figure' if count == 1 else 'figures'}", became, f"Why: {reason}")


# What the first word of a warning's name says about a figure.
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
    "same-figure": "the same number under another name",
    "total": "a number that could be a total",
    "rate": "a rate that could be of this number",
    "addends": "numbers that could add up to another",
    "coincidence": "numbers that fit a withheld figure, as others would by chance",
    "unlinked": "no other page links here",
}


def _unusual(content: Content) -> Iterator[tuple[AcceptedWarning, tuple[tuple[str, str], ...]]]:
    """The accepted warnings with the same reason together."""
    groups: dict[tuple[str, date, str], list[AcceptedWarning]] = {}
    for a in content.accepted:
        groups.setdefault((a.reason, a.accepted_on, a.accepted_by), []).append(a)
    for own in groups.values():
        yield own[0], tuple(_in_words(content, a.warning) for a in own)


def _in_words(content: Content, warning: str) -> tuple[str, str]:
    """Return `Theft, Exampleton, March to May 2020` and `a sudden jump`, from the name of a warning.

    A name that ends in * is of all warnings that begin like it, so the * is left out.
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
    return ", ".join(words), _LOOKED.get(kind, kind)


def _span(days: str) -> str:
    """A period as the name of a warning has it, in words."""
    start, end = (field_types.day(d) for d in days.split("/"))
    return periods.label("rolling-months", start, end)


def _calendar_entry(content: Content, promise: PromisedRelease) -> CalendarEntry:
    edition = next((e for e in content.editions if e.name == promise.release), None)
    return CalendarEntry(promise, edition, (edition.name, f"{RELEASES}{edition.id}/") if edition else None)


def _group(
    context: PageContext, kind: str, own: tuple[ReleaseChange, ...]
) -> tuple[str, str, int, tuple[tuple[WordedChange, Link | None], ...], bool]:
    mine = [c for c in comparison.condensed(own, change_report.GATHERED) if c.kind == kind]
    count = sum(c.count for c in mine)
    listed = tuple(_linked(context, c) for c in mine[:MANY])
    return kind, change_report.KINDS[kind][count != 1], count, listed, len(mine) <= MANY


def _corrected(
    context: PageContext, own: tuple[ReleaseChange, ...]
) -> tuple[tuple[tuple[WordedChange, Link | None], ...], int]:
    """The corrections of a release one by one, or by reason where there are many; and how many are not listed."""
    mine = [c for c in own if comparison.needs_reason(c)]
    if len(mine) <= MANY:
        return tuple(_linked(context, c) for c in mine), 0
    return tuple((line, None) for line in in_short(mine)), len(mine)


def _linked(context: PageContext, change: ReleaseChange) -> tuple[WordedChange, Link | None]:
    """A change in words, and the page of its figures where there is one."""
    view = context.figures.get(change.indicator)
    return change_report.line(change, context.content), (view.indicator.title, view.path) if view else None


def newest_release(content: Content) -> tuple[Link, date, str] | None:
    """The newest release: its name and address, its day, and what it changed in short."""
    if not content.editions:
        return None
    e = content.editions[-1]
    return (e.name, f"{RELEASES}{e.id}/"), e.released_on, summary(content, e)
