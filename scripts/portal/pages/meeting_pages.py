"""Make the pages about meetings, with papers, questions and answers, and find what concerns other pages."""

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from portal.charts.area_charts import current_wards
from portal.core import periods
from portal.core.meetings import Meeting, MeetingSubject, Paper, Question
from portal.core.model import Content
from portal.core.settings import SiteSettings
from portal.core.text import address_part
from portal.disclosure.clearing import ClearedContent
from portal.opendata.calendar_files import Event, write_calendar
from portal.pages.page import FIGURES, PLANS, WARDS, Page, PageContext, cited_in
from portal.pages.plan_views import Link

MEETINGS = "meetings/"
CALENDAR = "meetings.ics"


class MeetingQuestion(NamedTuple):
    """A question, the path and the day of its meeting, and the pages that it is about."""

    question: Question
    path: str
    day: date
    subjects: tuple[Link, ...]


@dataclass(frozen=True, kw_only=True)
class MeetingView:
    """A meeting, the path of its page, the pages that it is about, and its papers and questions."""

    meeting: Meeting
    path: str
    is_over: bool
    subjects: tuple[Link, ...]
    papers: tuple[Paper, ...]
    questions: tuple[MeetingQuestion, ...]


@dataclass(frozen=True, kw_only=True)
class MeetingsPage:
    """All meetings: those to come, the next first, those that are over, the newest first, and the open questions."""

    coming: tuple[MeetingView, ...]
    over: tuple[MeetingView, ...]
    open: tuple[MeetingQuestion, ...]
    calendar: str
    wards: tuple[Link, ...]  # wards, each with its own calendar


@dataclass(frozen=True, kw_only=True)
class MeetingPage:
    """One meeting."""

    view: MeetingView


@dataclass(frozen=True, kw_only=True)
class MeetingsOfPage:
    """What concerns one page: the meetings to come, and the questions about it without an answer.

    `calendar` is the path of its calendar file, empty if it has none.
    """

    coming: tuple[MeetingView, ...]
    open: tuple[MeetingQuestion, ...]
    calendar: str = ""


def meeting_pages(context: PageContext, above: Link) -> Iterator[Page]:
    """Yield the list of meetings, below the page `above`, and a page for each; nothing if no package has meetings."""
    views = meeting_views(context.released)
    if not views:
        return
    home = Link("Meetings, questions and answers", MEETINGS)
    wards = tuple(Link(a.name, f"{_ward_path(a.name)}{CALENDAR}") for a in current_wards(context.released))
    content = MeetingsPage(
        coming=tuple(v for v in views if not v.is_over),
        over=tuple(reversed([v for v in views if v.is_over])),
        open=open_questions(views),
        calendar=f"{MEETINGS}{CALENDAR}",
        wards=wards,
    )
    all_cited = cited_in(context.content.meetings, context.content.papers, context.content.questions)
    exit_ = any(_is_guarded(context, v) for v in views)
    yield Page(MEETINGS, home.label, content, (above,), exit=exit_, cited=all_cited)
    for view in views:
        cited = cited_in([view.meeting], view.papers, (q.question for q in view.questions))
        label = f"{view.meeting.title}, {periods.day(view.meeting.date)}"
        exit_ = _is_guarded(context, view)
        yield Page(view.path, label, MeetingPage(view=view), (above, home), exit=exit_, cited=cited)


def _is_guarded(context: PageContext, view: MeetingView) -> bool:
    """Return True if a meeting or one of its questions is about a figure whose page has “Leave this page”."""
    named = {s.indicator for s in context.content.meeting_subjects if s.meeting == view.meeting.id}
    return any(context.is_guarded(context.content.indicators[i]) for i in named if i)


def meeting_views(released: ClearedContent) -> tuple[MeetingView, ...]:
    """Return every meeting, by date, with everything about it."""
    content, today = released.content, periods.today()
    wards = frozenset(a.code for a in current_wards(released)) if content.meetings else frozenset()
    views = []
    for meeting in content.meetings:
        path = f"{MEETINGS}{meeting.id}/"
        about = [s for s in content.meeting_subjects if s.meeting == meeting.id]
        questions = tuple(
            MeetingQuestion(
                q, path, meeting.date, _links(content, wards, (s for s in about if s.question == q.id))
            )
            for q in content.questions
            if q.meeting == meeting.id
        )
        views.append(
            MeetingView(
                meeting=meeting,
                path=path,
                is_over=meeting.date < today,
                subjects=_links(content, wards, (s for s in about if not s.question)),
                papers=tuple(p for p in content.papers if p.meeting == meeting.id),
                questions=questions,
            )
        )
    return tuple(views)


def meetings_by_page(released: ClearedContent) -> Mapping[str, MeetingsOfPage]:
    """Return what concerns each page, by the path of a ward, a figure or an action, or a plan's priority.

    A meeting that names no ward concerns every ward. A question concerns the pages that it names.
    """
    views = meeting_views(released)
    found: dict[str, MeetingsOfPage] = {}
    wards = {_ward_path(a.name): a.code for a in current_wards(released)} if views else {}
    of_ward = {path: concerning(released.content, views, code) for path, code in wards.items()}
    paths = {link.path for v in views for q in v.questions for link in q.subjects}
    paths |= {link.path for v in views if not v.is_over for link in v.subjects}
    for path in (*wards, *sorted(paths - wards.keys() - {""})):
        coming = (v for v in of_ward.get(path, views) if not v.is_over and not v.meeting.cancelled)
        if path not in wards:
            coming = (v for v in coming if path in {link.path for link in v.subjects})
        open_ = tuple(q for q in open_questions(views) if path in {link.path for link in q.subjects})
        calendar = f"{path}{CALENDAR}" if path in wards else ""
        found[path] = MeetingsOfPage(coming=tuple(coming), open=open_, calendar=calendar)
    return {path: m for path, m in found.items() if m.coming or m.open or m.calendar}


def calendar_files(released: ClearedContent, site: SiteSettings) -> Iterator[tuple[str, bytes]]:
    """Yield the calendar of all meetings and that of each ward, by path; nothing if there are no meetings."""
    views = meeting_views(released)
    if not views:
        return
    yield f"{MEETINGS}{CALENDAR}", _calendar(released.content, site, f"Meetings: {site.name}", views)
    for area in current_wards(released):
        ward_meetings = concerning(released.content, views, area.code)
        yield (
            f"{_ward_path(area.name)}{CALENDAR}",
            _calendar(released.content, site, f"Meetings: {area.name} ward", ward_meetings),
        )


def _calendar(content: Content, site: SiteSettings, name: str, views: Iterable[MeetingView]) -> bytes:
    return write_calendar(f"{site.area} {site.partnership}", name, (_event(content, site, v) for v in views))


def _event(content: Content, site: SiteSettings, view: MeetingView) -> Event:
    meeting = view.meeting
    known_since = periods.last_day(content.sources[meeting.source].published)
    starts = _moment(site, meeting.date, meeting.starts)
    words = "\n".join(filter(None, (meeting.body, meeting.note)))
    return Event(
        id=f"meeting {meeting.id}",
        title=meeting.title,
        starts=starts or meeting.date,
        ends=_moment(site, meeting.date, meeting.ends) if starts else None,
        changed=known_since,
        place=meeting.place,
        words=words,
        address=f"{site.address}{view.path}" if site.address else meeting.url,
        is_cancelled=meeting.cancelled,
    )


def _moment(site: SiteSettings, day: date, time: str) -> datetime | None:
    """Return a local time of a day as a moment; None if the time is not known."""
    if not time:
        return None
    return datetime.fromisoformat(f"{day.isoformat()}T{time}").replace(tzinfo=ZoneInfo(site.time_zone))


def concerning(content: Content, views: Iterable[MeetingView], ward: str) -> tuple[MeetingView, ...]:
    """Return the meetings about a ward, or about no ward in particular."""
    named: dict[str, set[str]] = {}
    for s in content.meeting_subjects:
        if s.area and not s.question:
            named.setdefault(s.meeting, set()).add(s.area)
    return tuple(v for v in views if ward in named.get(v.meeting.id, {ward}))


def open_questions(views: Iterable[MeetingView]) -> tuple[MeetingQuestion, ...]:
    """Return the questions that have no answer, the oldest first."""
    return tuple(q for v in views for q in v.questions if q.question.is_open)


def _ward_path(name: str) -> str:
    return f"{WARDS}{address_part(name)}/"


def _links(content: Content, wards: Set[str], subjects: Iterable[MeetingSubject]) -> tuple[Link, ...]:
    """Return the pages of the wards, figures and actions that are named, each once; a ward has one if it is in `wards`."""
    return tuple(dict.fromkeys(link for s in subjects for link in _links_of(content, wards, s)))


def _links_of(content: Content, wards: Set[str], subject: MeetingSubject) -> Iterator[Link]:
    if subject.area:
        name = content.areas[subject.area].name
        yield Link(f"{name} ward", _ward_path(name) if subject.area in wards else "")
    if subject.indicator:
        indicator = content.indicators[subject.indicator]
        yield Link(indicator.title, f"{FIGURES}{indicator.slug}/")
    if subject.action:
        plan = next(p for p in content.plans if p.slug == subject.plan)
        action = next(a for a in plan.actions if a.id == subject.action)
        yield Link(action.title, f"{PLANS}{plan.slug}/{action.priority}/{action.id}/")
