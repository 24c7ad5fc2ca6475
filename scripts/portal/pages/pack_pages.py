"""Make the board's pack: for the whole area and for each ward, what members need for a meeting, on at most four sheets."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from markupsafe import Markup

from portal.analysis import measures
from portal.analysis.outcomes import OutcomeShare, outcome_shares
from portal.analysis.questions import Findings, RaisedQuestion, raise_questions
from portal.analysis.similarity import similar_areas
from portal.charts.area_charts import recorded_indicators, total_indicator
from portal.core import periods
from portal.core.meetings import PolicePriority, PoliceTeam
from portal.core.model import AcceptedWarning, Area, Indicator, Observation
from portal.core.periods import MONTHS_OF_YEAR
from portal.core.small_counts import is_guarded
from portal.pages import map_pages
from portal.pages.figure_views import IndicatorLine
from portal.pages.local_pages import (
    funnels_of_wards,
    line_of,
    ranges_of_wards,
    rates_beside,
    stop_indicators,
    stop_totals,
)
from portal.pages.meeting_pages import MeetingQuestion, MeetingView, concerning, meeting_views, open_questions
from portal.pages.page import ABOUT, WARDS, Page, PageContext, cited_in
from portal.pages.plan_views import ActionView, FigureView, Link, PlanView
from portal.pages.views import PeriodRates, RateRange, StopTotal, WardMap, WardPage
from portal.releases import comparison

PACK = "pack/"
_SURVEY = "pas"  # the format of the survey of confidence and trust
_MOST = 6  # promises, open questions and priorities of the police in a list


@dataclass(frozen=True, kw_only=True)
class PackPromise:
    """A promise of a current plan, its plan, and how far it has come."""

    view: ActionView
    plan: str


@dataclass(frozen=True, kw_only=True)
class SurveyResult:
    """The newest result of a question about confidence and trust, and the one a year earlier, if there is one."""

    indicator: Indicator
    latest: Observation
    earlier: Observation | None


@dataclass(frozen=True, kw_only=True)
class PackPage:
    """The pack of a ward, or of the whole area if `ward` is None.

    `lines` all cover the same months, `others` months of their own, and `careful` are guarded.

    `past` is the day of the last meeting, None if we know of none; `revised` counts figures that were revised or
    withdrawn since then, or in all releases. `promises` concern the ward by name, or are late; `unlisted` more are not
    in the list. `rates` are beside those of the area as a whole and of similar places. `is_judged` says whether rates
    could be compared with what is usual, and `ranges` are the lowest and highest rates of all wards, by indicator. `similar` names the places that are similar to
    the whole area, and `unseen` those of them that have no figures here.
    `shaded` is what the map `drawn` shows; without it, the map only says where the ward is. `team` is the police team of the ward, None if it is not published, and
    `priorities` are its newest priorities.
    """

    name: str
    path: str
    ward: WardPage | None
    total: IndicatorLine | None
    lines: tuple[IndicatorLine, ...]
    careful: tuple[IndicatorLine, ...]
    others: tuple[IndicatorLine, ...]
    charts: tuple[FigureView, ...]
    drawn: Markup
    shaded: WardMap | None
    outcomes: tuple[OutcomeShare, ...]
    stops: tuple[StopTotal, ...]
    survey: tuple[SurveyResult, ...]
    promises: tuple[PackPromise, ...]
    unlisted: int
    past: date | None
    revised: int
    questions: tuple[RaisedQuestion, ...]
    next: MeetingView | None
    open: tuple[MeetingQuestion, ...]
    rates: PeriodRates | None
    is_judged: bool = False
    ranges: Mapping[str, RateRange] = field(default_factory=dict)
    similar: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    team: PoliceTeam | None = None
    priorities: tuple[PolicePriority, ...] = ()

    @property
    def upto(self) -> str:
        """Return the newest month of its figures."""
        ends = [
            n.summary.latest.period_end
            for n in (*self.lines, *self.careful, *self.others)
            if n.summary.latest.period_end
        ]
        return periods.month(max(ends)) if ends else ""


def pack_pages(context: PageContext, plans: tuple[PlanView, ...], wards: tuple[Page, ...]) -> Iterator[Page]:
    """Yield the pack of the whole area and of each ward; `wards` are the pages of the wards."""
    pages = [p for p in wards if isinstance(p.content, WardPage)]
    whole = _whole(context, plans)
    if whole is None:
        return
    trail = (Link("Your ward", WARDS),) if pages else (Link("About", ABOUT),)
    yield Page(whole.path, f"Pack for a meeting: {whole.name}", whole, trail, cited=_cited(context, whole))
    for page in pages:
        content = page.content
        assert isinstance(content, WardPage)  # noqa: S101 - for the type; the list above has no others
        pack = _of_ward(context, plans, content)
        label = f"Pack for a meeting: {pack.name}"
        above = (*page.trail, Link(page.label, page.path))
        yield Page(pack.path, label, pack, above, cited=page.cited | _cited(context, pack))


def _cited(context: PageContext, pack: PackPage) -> frozenset[str]:
    figures = (n.summary.latest for n in (*pack.lines, *pack.careful, *pack.others))
    outcomes = (o for s in pack.outcomes for o in (s.offences, s.outcomes))
    meetings = [pack.next.meeting] if pack.next else []
    return cited_in(
        figures,
        outcomes,
        (s.figure for s in pack.stops),
        (s.latest for s in pack.survey),
        (p.view.action for p in pack.promises),
        meetings,
        (q.question for q in pack.open),
        [pack.team] if pack.team else [],
        pack.priorities,
    )


def _whole(context: PageContext, plans: tuple[PlanView, ...]) -> PackPage | None:
    """Return the pack of the whole area; None if nothing is recorded for it."""
    released, area = context.released, context.released.area
    now = recorded_indicators(released)
    total = total_indicator(released)
    lines = [n for i in now if i is not total and (n := line_of(context, i, area))]
    sum_line = line_of(context, total, area) if total else None
    if area not in context.content.areas or not (lines or sum_line):
        return None
    promises = list(_promises(plans))
    late = [p for p in promises if p.view.progress.late]
    views = meeting_views(released)
    plain = tuple(n for n in lines if not is_guarded(n.summary.indicator))
    first = sum_line if total else plain[0] if plain else None
    newest = first.summary.latest.period_end if first else None
    same = tuple(n for n in plain if n.summary.latest.period_end == newest)
    past, revised = _since(context, views, area)
    similar = similar_areas(released.content.profiles, area)
    shown = total or (plain[0].summary.indicator if plain else None)
    charts = [context.figures[shown.id]] if shown and shown.id in context.figures else []
    drawn = map_pages.ward_map(context, shown) if shown else None
    findings = Findings(
        place=context.content.areas[area].name,
        lines=[n.summary for n in plain],
        unusual=(),
        late=_late(promises),
        silent=sum(p.view.progress.quiet for p in promises),
        promises=len(promises),
        revised=revised,
        checked=_checked(context, area),
    )
    return PackPage(
        name=context.content.areas[area].name,
        path=f"{WARDS}{PACK}",
        ward=None,
        total=sum_line,
        lines=same,
        careful=tuple(n for n in lines if is_guarded(n.summary.indicator)),
        others=tuple(n for n in plain if n not in same),
        charts=tuple(charts),
        drawn=drawn.drawing.wide if drawn else Markup(),
        shaded=drawn,
        outcomes=tuple(_outcomes(context, area)),
        stops=stop_totals(context),
        survey=tuple(_survey(context)),
        promises=tuple(late[:_MOST]),
        unlisted=max(len(late) - _MOST, 0),
        past=past,
        revised=revised,
        questions=raise_questions(findings),
        next=_next(views),
        open=open_questions(views)[:_MOST],
        rates=next(iter(rates_beside(context)), None),
        similar=tuple(s.name for s in similar),
        unseen=tuple(s.name for s in similar if s.code not in context.content.areas),
    )


def _of_ward(context: PageContext, plans: tuple[PlanView, ...], ward: WardPage) -> PackPage:
    """Return the pack of a ward."""
    area = ward.view.area
    views = concerning(context.content, meeting_views(context.released), area.code)
    past, revised = _since(context, views, area.code)
    named = [
        p for p in _promises(plans) if _names(area.name, f"{p.view.action.title} {p.view.action.promise}")
    ]
    findings = Findings(
        place=area.name,
        lines=[n.summary for n in ward.clear],
        unusual=[(context.content.indicators[p.figure.indicator], p) for p in ward.unusual],
        late=_late(named),
        revised=revised,
        checked=_checked(context, area.code),
    )
    funnels = funnels_of_wards(context)
    mapped = _mapped(context, ward)
    beside = ward.compared[0] if ward.compared else None
    about = [q for q in open_questions(views) if ward.view.path in {link.path for link in q.subjects}]
    return PackPage(
        name=f"{area.name} ward",
        path=f"{ward.view.path}{PACK}",
        ward=ward,
        total=ward.total,
        lines=ward.lines,
        careful=ward.careful,
        others=ward.others,
        charts=ward.charts,
        drawn=map_pages.draw_marked_map(context, mapped.indicator, ward.view, "../../")
        if mapped
        else map_pages.draw_locator(context, ward.view, "../../"),
        shaded=mapped,
        outcomes=tuple(_outcomes(context, area.code)),
        stops=tuple(_stops_in(context, ward.view.area)),
        survey=(),
        promises=tuple(named[:_MOST]),
        unlisted=max(len(named) - _MOST, 0),
        past=past,
        revised=revised,
        questions=raise_questions(findings),
        next=_next(views),
        open=tuple(about[:_MOST]),
        rates=beside,
        ranges=ranges_of_wards(context, beside) if beside else {},
        is_judged=any(p.area.code == area.code for f in funnels for p in f.points),
        team=next((t for t in context.content.police_teams if t.area == area.code), None),
        priorities=_priorities(context, area.code),
    )


def _promises(plans: tuple[PlanView, ...]) -> Iterator[PackPromise]:
    """Yield every action of the plans that have not ended."""
    for view in plans:
        if not view.ended:
            yield from (
                PackPromise(view=a, plan=view.plan.short_title) for p in view.priorities for a in p.actions
            )


def _late(promises: Iterable[PackPromise]) -> list[tuple[str, str]]:
    """Return the title and the due date, in words, of each promise that is late."""
    actions = [p.view.action for p in promises if p.view.progress.late]
    return [(a.title, periods.loose_date(a.due)) for a in actions]


def _outcomes(context: PageContext, area: str) -> Iterator[OutcomeShare]:
    """Yield what became of the offences recorded in an area."""
    for link in context.content.outcomes.values():
        yield from (s for s in outcome_shares(context.released, link) if s.area == area)


def _next(views: tuple[MeetingView, ...]) -> MeetingView | None:
    """Return the next meeting that is not cancelled; None if none is announced."""
    return next((v for v in views if not v.is_over and not v.meeting.cancelled), None)


def _stops_in(context: PageContext, area: Area) -> Iterator[StopTotal]:
    """Yield the newest 12 months of stop and search in a ward.

    Without a rate: people are searched where they are, and residents of one ward say little about who is there.
    """
    for indicator in sorted(stop_indicators(context)):
        if not context.content.indicators[indicator].breakdown:
            years = [
                o
                for o in measures.series(context.released, indicator, area.code)
                if o.months == MONTHS_OF_YEAR
            ]
            yield from (StopTotal(o, area, None) for o in years[-1:])


def _mapped(context: PageContext, ward: WardPage) -> WardMap | None:
    """Return the map of all recorded crime, or else of the first kind of crime of the ward that has a map."""
    total = total_indicator(context.released)
    kinds = [n.summary.indicator for n in (ward.total, *ward.lines) if n]
    return next((m for i in (total, *kinds) if i and (m := map_pages.ward_map(context, i))), None)


def _priorities(context: PageContext, area: str) -> tuple[PolicePriority, ...]:
    """Return the newest priorities of the police team of a ward, the newest first."""
    of_ward = [p for p in context.content.police_priorities if p.area == area]
    return tuple(sorted(of_ward, key=lambda p: p.set_on, reverse=True)[:_MOST])


def _names(name: str, text: str) -> bool:
    """Return True if a text contains the name of a ward as whole words."""
    return bool(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text))


def _since(context: PageContext, views: tuple[MeetingView, ...], area: str) -> tuple[date | None, int]:
    """Return the day of the last meeting, and how many figures of an area were revised or withdrawn after it.

    Without a meeting, all releases count.
    """
    past = max((v.meeting.date for v in views if v.is_over and not v.meeting.cancelled), default=None)
    later = {e.id for e in context.content.releases if past is None or e.released_on > past}
    found = (
        c
        for c in context.content.changes
        if c.release in later and c.area == area and comparison.needs_reason(c)
    )
    return past, sum(c.count for c in found)


def _checked(context: PageContext, area: str) -> list[tuple[Indicator, AcceptedWarning]]:
    """Return the accepted warnings about single figures of an area, with their indicators: those of what is recorded now and not guarded."""
    found = []
    for accepted in context.content.accepted:
        about = accepted.warning.split(":")
        indicator = next(
            (context.content.indicators[a] for a in about if a in context.content.indicators), None
        )
        if area in about and indicator and indicator.chart == "recorded" and not is_guarded(indicator):
            found.append((indicator, accepted))
    return found


def _survey(context: PageContext) -> Iterator[SurveyResult]:
    """Yield the newest results of the survey of confidence and trust for the whole area."""
    names = {r.indicator for rows in context.content.imports.values() for r in rows if r.format == _SURVEY}
    for indicator in (i for i in context.content.indicators.values() if i.id in names):
        series = measures.series(context.released, indicator.id, context.released.area, "")
        if not series:
            continue
        latest = series[-1]
        ends = {o.period_end: o for o in series}
        before = periods.month_end(latest.period_end, -12) if latest.period_end else None
        cut = measures.breaks_of(context.released, indicator.id)
        earlier = ends.get(before)
        comparable = earlier and earlier.months == latest.months and not measures.broken(earlier, latest, cut)
        yield SurveyResult(indicator=indicator, latest=latest, earlier=earlier if comparable else None)
