"""Make the pages about figures: one for each indicator, and overviews of all of them."""

from collections import Counter
from collections.abc import Iterator
from datetime import date

from portal.analysis import claims, measures
from portal.analysis.claims import Verdict
from portal.analysis.group_rates import GroupRates, NoGroupRates, group_rates
from portal.analysis.measures import IndicatorSummary
from portal.analysis.outcomes import outcome_shares, statuses
from portal.analysis.part_changes import changes_by_part
from portal.analysis.sentences import ChartInput, describe_doubt
from portal.core import periods
from portal.core.citations import Cited
from portal.core.model import Break, Indicator, Observation, Target
from portal.core.text import MARKERS
from portal.core.vocabulary import ChartKind, NoChange, Outcome, Unit
from portal.pages.archive_pages import archived
from portal.pages.figure_views import (
    CheckedClaim,
    CoveragePage,
    DashboardLink,
    DashboardPage,
    DashboardsPage,
    DisagreePage,
    FigurePage,
    FiguresPage,
    IndicatorLine,
    JudgedTarget,
    ListedFigure,
    OtherDisagreement,
    OutcomesView,
    PlanCoverage,
    PriorityCoverage,
    TargetsPage,
    UsedBy,
)
from portal.pages.local_pages import line_of, recorded_parts, stop_indicators
from portal.pages.page import DATA, EXPLORE, FIGURES, Page, PageContext, cited_in
from portal.pages.plan_pages import SHOWS
from portal.pages.plan_views import FigureView, Link, PlanView
from portal.pages.release_pages import revisions
from portal.pages.views import RecordedPage

# A series is historic if its last figure is more months than this older than the newest figure of the site.
RECENT = 36
# If a page has more locators than this, they are left to the download.
MANY = 15
IN_DOWNLOAD = "see the download for where each figure is"
_GROUP_KINDS = {"ethnicity": "ethnic group", "age": "age", "gender": "sex"}
POLARITY = {
    "lower-is-better": "A lower number is better.",
    "higher-is-better": "A higher number is better.",
    "more-reports-may-be-good": "A higher number is not always worse. Many people never report this. A rise can mean that more of them came forward.",
    "police-activity": "The police find most of these themselves. A rise can mean that they searched more.",
    "neutral": "",
}


def figure_pages(context: PageContext, plans: tuple[PlanView, ...]) -> Iterator[Page]:
    """Yield the list of figures, a page for each indicator, and the overviews."""
    home = Link("The figures", FIGURES)
    verdicts = claims.verdicts(context.released)
    content = FiguresPage(
        topics=tuple(_listed(context)),
        disagreements=sum(v.outcome == Outcome.DIFFERS for v in verdicts),
        more=_more(context),
    )
    yield Page(
        FIGURES,
        home.label,
        content,
        title=f"Crime and safety figures for {context.settings.site.place}",
        cited=cited_in(*context.content.observations.values()),
    )
    for _, views in context.topics():
        for view in views:
            yield _figure_page(context, view, views, plans, verdicts)
    yield from _overview_pages(context, plans, verdicts, home)


def _listed(context: PageContext) -> Iterator[tuple[str, tuple[ListedFigure, ...]]]:
    """Yield each topic with its indicators for the list of all figures."""
    ends = _newest_days(context)
    newest = max(ends.values(), default=date.min)
    short = Counter(v.indicator.short_title for v in context.figures.values())
    for name, views in context.topics():
        yield (
            name,
            tuple(
                ListedFigure(
                    view=view,
                    name=i.short_title if short[(i := view.indicator).short_title] == 1 else i.title,
                    line=(line := _newest_line(context, view)),
                    others=0 if line else len(_newest_figures(context, view.indicator)),
                    upto=periods.month(ends[view.indicator.id]) if view.indicator.id in ends else "",
                    is_historic=view.indicator.id in ends and _is_historic(ends[view.indicator.id], newest),
                )
                for view in views
            ),
        )


def _newest_figures(context: PageContext, indicator: Indicator) -> tuple[Observation, ...]:
    """Return the figures of an indicator for its newest period; those without a date if none has one."""
    known = measures.series(context.released, indicator.id)
    end = max((o.period_end for o in known if o.period_end), default=None)
    return tuple(o for o in known if o.period_end == end)


def _newest_line(context: PageContext, view: FigureView) -> IndicatorLine | None:
    """Return the newest figure of an indicator in the borough with its change; None if it is not one figure."""
    indicator, borough = view.indicator, context.released.area
    if indicator.chart == ChartKind.RECORDED:
        return line_of(context, indicator, borough)
    own = [o for o in _newest_figures(context, indicator) if o.area == borough and not o.part]
    if len(own) != 1:
        return None
    change = measures.latest_change(context.released, indicator)
    shown = ChartInput(context.released, indicator, measures.figures_of(context.released, indicator))
    if change and describe_doubt(shown, change.earlier, change.later):
        change = None  # its page says what the document and its figures give
    summary = IndicatorSummary(
        indicator=indicator,
        latest=own[0],
        earlier=change.earlier if change else None,
        change=change,
        no_change=NoChange.COMPARED if change else NoChange.NO_EARLIER,
        rate=None,
    )
    return IndicatorLine(summary=summary, path=view.path, trend=())


def _newest_days(context: PageContext) -> dict[str, date]:
    """Return the last day of the newest figure of each indicator that has one with a date."""
    figures = context.content.observations
    ends = {name: [o.period_end for o in own if o.period_end] for name, own in figures.items()}
    return {name: max(days) for name, days in ends.items() if days}


def _is_historic(end: date, newest: date) -> bool:
    """Return True if a series ended more than `RECENT` months before the newest figure of the site."""
    return end < periods.month_end(newest, -RECENT)


def _figure_page(
    context: PageContext,
    view: FigureView,
    topic: tuple[FigureView, ...],
    plans: tuple[PlanView, ...],
    verdicts: tuple[Verdict, ...],
) -> Page:
    """Return the page of an indicator; `topic` are all indicators of its topic."""
    indicator = view.indicator
    figures = measures.series(context.released, indicator.id)
    breaks = measures.breaks_of(context.released, indicator.id)
    of_indicator = tuple(v for v in verdicts if v.claim.indicator == indicator.id)
    by_group = _by_group(context, indicator)
    content = FigurePage(
        view=view,
        polarity=POLARITY[indicator.polarity],
        breaks=breaks,
        verdicts=of_indicator,
        used_by=tuple(_uses(indicator.id, plans)),
        related=tuple(v for v in topic if v is not view),
        figures=figures,
        citations=_citations(figures, breaks),
        revisions=revisions(context, indicator.id),
        outcomes=tuple(_outcomes(context, indicator.id)),
        archived=archived(context.history, indicator.id),
        by_part=changes_by_part(context.released, indicator),
        by_group=by_group,
        group_kind=_GROUP_KINDS.get(indicator.breakdown, ""),
    )
    is_recorded = indicator.chart == "recorded"
    return Page(
        view.path,
        indicator.title,
        RecordedPage(page=content, parts=recorded_parts(context, indicator)) if is_recorded else content,
        (Link("The figures", FIGURES),),
        exit=context.is_guarded(indicator),
        cited=cited_in(
            figures,
            (v.claim for v in of_indicator),
            by_group.residents if isinstance(by_group, GroupRates) else (),
        ),
    )


def _by_group(context: PageContext, indicator: Indicator) -> GroupRates | NoGroupRates | None:
    """Return the rates of groups of people, for indicators of stop and search only."""
    if indicator.id not in stop_indicators(context):
        return None
    return group_rates(context.released, indicator)


def _outcomes(context: PageContext, indicator: str) -> Iterator[OutcomesView]:
    """Yield what became of offences, on the pages of the offences and of the outcomes."""
    for link in context.content.outcomes.values():
        shares = (
            outcome_shares(context.released, link) if indicator in (link.indicator, link.offences) else ()
        )
        if shares:
            views = [context.figures[i] for i in (link.offences, link.indicator)]
            offences, outcomes = (Link(v.indicator.short_title, v.path) for v in views)
            marks = tuple((str(mark), MARKERS[mark]) for mark in statuses(shares))
            yield OutcomesView(
                offences=offences, outcomes=outcomes, note=link.note, shares=shares, marks=marks
            )


def _uses(indicator: str, plans: tuple[PlanView, ...]) -> Iterator[UsedBy]:
    """Yield the priorities with measures that an indicator shows."""
    for plan in plans:
        for priority in plan.priorities:
            link = Link(
                f"{plan.plan.short_title}, {plan.plan.priority_word} {priority.priority.number}",
                priority.path,
            )
            titles = tuple(
                m.title
                for m in plan.plan.measures
                if m.indicator == indicator and m.nearness in SHOWS and m.priority == priority.priority.id
            )
            if titles:
                yield UsedBy(link, titles)


def _citations(figures: tuple[Observation, ...], breaks: tuple[Break, ...]) -> tuple[Cited, ...]:
    """Return the sources and locators of figures and breaks, each once.

    If there are many, figures are cited by source only, because the download has the locator of each.
    """
    places = {(c.source, c.locator): Cited(c.source, c.locator) for c in (*figures, *breaks)}
    if len(places) > MANY:
        download = {o.source: Cited(o.source, IN_DOWNLOAD) for o in figures}
        of_breaks = {(b.source, b.locator): Cited(b.source, b.locator) for b in breaks}
        places = {(c.source, c.locator): c for c in (*download.values(), *of_breaks.values())}
    return tuple(places.values())


def _more(context: PageContext) -> tuple[Link, ...]:
    """Return links to the overviews of all figures."""
    more = [
        Link("Figures that disagree", f"{FIGURES}disagree/"),
        Link("Which measures have a figure", f"{FIGURES}coverage/"),
    ]
    if context.content.targets:
        more.insert(0, Link("Targets", f"{FIGURES}targets/"))
    if context.content.dashboards:
        more.append(Link("Planned dashboards", DATA))
    if context.topics():
        more.insert(0, Link("Explore the figures", EXPLORE))
    return tuple(more)


def _overview_pages(
    context: PageContext, plans: tuple[PlanView, ...], verdicts: tuple[Verdict, ...], home: Link
) -> Iterator[Page]:
    """Yield the overviews: where figures disagree, which measures have one, which targets were met."""
    by_outcome = {
        o: tuple(CheckedClaim(v, context.figures[v.claim.indicator]) for v in verdicts if v.outcome == o)
        for o in Outcome
    }
    others = tuple(
        OtherDisagreement(d, _figure_link(context, d.indicator)) for d in context.content.disagreements
    )
    yield Page(
        f"{FIGURES}disagree/",
        "Figures that disagree",
        DisagreePage(
            differs=by_outcome[Outcome.DIFFERS],
            unchecked=by_outcome[Outcome.UNCHECKED],
            agrees=len(by_outcome[Outcome.AGREES]),
            others=others,
        ),
        (home,),
        cited=cited_in(context.content.claims, context.content.disagreements),
    )
    yield Page(
        f"{FIGURES}coverage/",
        "Which measures have a figure",
        CoveragePage(plans=tuple(_coverage(p) for p in plans)),
        (home,),
        cited=cited_in(*(p.plan.measures for p in plans)),
    )
    if context.content.targets:
        newest = max(s.published for s in context.content.sources.values())
        targets = tuple(
            JudgedTarget(
                t,
                claims.outcome_of(t, newest, _polarity(context, t.indicator)),
                _figure_link(context, t.indicator),
                _unit(context, t),
            )
            for t in context.content.targets
        )
        yield Page(
            f"{FIGURES}targets/",
            "Targets",
            TargetsPage(targets=targets),
            (home,),
            "Targets, and whether they were met",
            cited=cited_in(context.content.targets),
        )


def _polarity(context: PageContext, indicator: str) -> str:
    row = context.content.indicators.get(indicator)
    return row.polarity if row else ""


def _unit(context: PageContext, target: Target) -> str:
    """Return the unit of a target's indicator; a count if it has none."""
    row = context.content.indicators.get(target.indicator)
    return row.unit if row else Unit.COUNT


def _figure_link(context: PageContext, indicator: str) -> Link | None:
    view = context.figures.get(indicator)
    return Link(view.indicator.title, view.path) if view else None


def _coverage(view: PlanView) -> PlanCoverage:
    rows = []
    for q in view.priorities:
        rows.append(PriorityCoverage(q, sum(m.figure is not None for m in q.countable), len(q.countable)))
    return PlanCoverage(
        view,
        sum(r.shown for r in rows),
        sum(r.countable for r in rows),
        tuple(r for r in rows if r.countable),
    )


def data_pages(context: PageContext) -> Iterator[Page]:
    """Yield the list of planned dashboards and a page for each."""
    dashboards = tuple(DashboardLink(d, f"{DATA}{d.id}/") for d in context.content.dashboards)
    if not dashboards:
        return
    figures = Link("The figures", FIGURES)
    home = Link("Planned dashboards", DATA)
    yield Page(
        DATA,
        home.label,
        DashboardsPage(dashboards=dashboards),
        (figures,),
        "Dashboards that were planned",
        cited=cited_in(context.content.dashboards),
    )
    for dashboard, path in dashboards:
        views = tuple(context.figures[i] for i in dashboard.indicators.split(";") if i)
        yield Page(
            path,
            dashboard.title,
            DashboardPage(dashboard=dashboard, figures=views),
            (figures, home),
            f"{dashboard.title}: what the dashboard was to show",
            exit=dashboard.sensitive,
            cited=cited_in([dashboard]),
        )
