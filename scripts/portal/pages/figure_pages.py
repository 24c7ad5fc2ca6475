"""The pages of figures: each indicator, and what is true of all of them."""

from collections.abc import Iterator

from portal.analysis import claims, measures
from portal.analysis.claims import Verdict
from portal.core.citations import Cited
from portal.pages.local_pages import recorded_parts
from portal.pages.page import DATA, FIGURES, Page, PageContext, cited_in
from portal.pages.plan_pages import SHOWS
from portal.pages.plan_views import Link, PlanView, PriorityView
from portal.pages.release_pages import revisions
from portal.pages.views import (
    CoveragePage,
    DashboardPage,
    DashboardsPage,
    DisagreePage,
    FigurePage,
    FiguresPage,
    RecordedPage,
    TargetsPage,
)

# More places in sources than this are not listed one by one.
MANY = 15
IN_DOWNLOAD = "see the download for where each figure is"
POLARITY = {
    "lower-is-better": "A lower number is better.",
    "higher-is-better": "A higher number is better.",
    "more-reports-may-be-good": "A higher number is not always worse. Many people never report this. A rise can mean that more of them came forward.",
    "police-activity": "The police find most of these themselves. A rise can mean that they searched more.",
    "neutral": "",
}


def figure_pages(context: PageContext, plans: tuple[PlanView, ...]) -> Iterator[Page]:
    """The list of figures, a page for each, and the pages about all of them."""
    home = ("The figures", FIGURES)
    verdicts = claims.verdicts(context.released)
    differs = sum(v.outcome == "differs" for v in verdicts)
    yield Page(
        FIGURES,
        home[0],
        FiguresPage(tuple(context.topic_of), differs, _more(context)),
        title=f"Crime and safety figures for {context.settings.site.place}",
        cited=cited_in(*context.content.observations.values()),
    )
    for _, views in context.topic_of:
        for view in views:
            indicator = view.indicator
            figures = measures.series(context.released, indicator.id)
            own = tuple(v for v in verdicts if v.claim.indicator == indicator.id)
            breaks = measures.breaks_of(context.released, indicator.id)
            used = tuple(
                (m.title, (f"{p.plan.short_title}, priority {q.priority.number}", q.path))
                for p in plans for q in p.priorities for m in p.plan.measures
                if m.indicator == indicator.id and m.nearness in SHOWS and m.priority == q.priority.id
            )  # fmt: skip
            places = {(c.source, c.locator): Cited(c.source, c.locator) for c in (*figures, *breaks)}
            if len(places) > MANY:  # each figure's own place is in the download
                download = {o.source: Cited(o.source, IN_DOWNLOAD) for o in figures}
                apart = {(b.source, b.locator): Cited(b.source, b.locator) for b in breaks}
                places = {(c.source, c.locator): c for c in (*download.values(), *apart.values())}
            citations = tuple(places.values())
            content = FigurePage(
                view,
                POLARITY[indicator.polarity],
                breaks,
                own,
                used,
                tuple(v for v in views if v is not view),
                figures,
                citations,
                revisions(context, indicator.id),
            )
            yield Page(
                view.path, indicator.title,
                RecordedPage(content, *recorded_parts(context, indicator)) if indicator.chart == "recorded" else content,
                (home,),
                exit=context.is_guarded(indicator),
                cited=cited_in(figures, (v.claim for v in own)),
            )  # fmt: skip
    yield from _overview_pages(context, plans, verdicts, home)


def _more(context: PageContext) -> tuple[Link, ...]:
    """The pages about all figures that there are."""
    more = [
        ("Figures that disagree", f"{FIGURES}disagree/"),
        ("Which measures have a figure", f"{FIGURES}coverage/"),
    ]
    if context.content.targets:
        more.insert(0, ("Targets", f"{FIGURES}targets/"))
    if context.content.dashboards:
        more.append(("Planned dashboards", DATA))
    return tuple(more)


def _overview_pages(
    context: PageContext, plans: tuple[PlanView, ...], verdicts: tuple[Verdict, ...], home: Link
) -> Iterator[Page]:
    """The pages about all figures: where they disagree, what they cover, which targets were met."""
    outcomes = ("differs", "cannot be checked", "agrees")
    told = {
        o: tuple((v, context.figures[v.claim.indicator]) for v in verdicts if v.outcome == o)
        for o in outcomes
    }
    others = tuple((d, _figure_link(context, d.indicator)) for d in context.content.disagreements)
    yield Page(
        f"{FIGURES}disagree/",
        "Figures that disagree",
        DisagreePage(told["differs"], told["cannot be checked"], len(told["agrees"]), others),
        (home,),
        cited=cited_in(context.content.claims, context.content.disagreements),
    )
    yield Page(
        f"{FIGURES}coverage/",
        "Which measures have a figure",
        CoveragePage(tuple(_coverage(p) for p in plans)),
        (home,),
        cited=cited_in(*(p.plan.measures for p in plans)),
    )
    if context.content.targets:
        newest = max(s.published for s in context.content.sources.values())
        targets = tuple(
            (
                t,
                claims.outcome_of(t, newest, _polarity(context, t.indicator)),
                _figure_link(context, t.indicator),
            )
            for t in context.content.targets
        )
        yield Page(
            f"{FIGURES}targets/",
            "Targets",
            TargetsPage(targets),
            (home,),
            "Targets, and whether they were met",
            cited=cited_in(context.content.targets),
        )


def _polarity(context: PageContext, indicator: str) -> str:
    found = context.content.indicators.get(indicator)
    return found.polarity if found else ""


def _figure_link(context: PageContext, indicator: str) -> Link | None:
    view = context.figures.get(indicator)
    return (view.indicator.title, view.path) if view else None


def _coverage(view: PlanView) -> tuple[PlanView, int, int, tuple[tuple[PriorityView, int, int], ...]]:
    """How many measures have a figure, of how many that could have one."""
    rows = []
    for q in view.priorities:
        rows.append((q, sum(m.figure is not None for m in q.countable), len(q.countable)))
    return view, sum(r[1] for r in rows), sum(r[2] for r in rows), tuple(r for r in rows if r[2])


def data_pages(context: PageContext) -> Iterator[Page]:
    """The data programme and a page for each of its parts."""
    found = tuple((d, f"{DATA}{d.id}/") for d in context.content.dashboards)
    if not found:
        return
    figures = ("The figures", FIGURES)
    home = ("Planned dashboards", DATA)
    yield Page(
        DATA,
        home[0],
        DashboardsPage(found),
        (figures,),
        "Dashboards that were planned",
        cited=cited_in(context.content.dashboards),
    )
    for dashboard, path in found:
        views = tuple(context.figures[i] for i in dashboard.indicators.split(";") if i)
        yield Page(
            path,
            dashboard.title,
            DashboardPage(dashboard, views),
            (figures, home),
            f"{dashboard.title}: what the dashboard was to show",
            exit=dashboard.sensitive,
            cited=cited_in([dashboard]),
        )
