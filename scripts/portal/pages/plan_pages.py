"""Make the pages about plans, progress, and the subjects that appear in several plans."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from portal.analysis import measures, progress
from portal.analysis.part_changes import changes_by_part
from portal.core import periods
from portal.core.model import Thread
from portal.core.plans import Measure, Plan, Priority, Update
from portal.pages.figure_views import IndicatorLine
from portal.pages.local_pages import line_of
from portal.pages.page import PLANS, SUBJECTS, Page, PageContext, cited_in
from portal.pages.plan_views import (
    ActionGroup,
    ActionPage,
    ActionView,
    Link,
    MeasureView,
    NearFigure,
    PlacedUpdate,
    PlanPage,
    PlansPage,
    PlanUpdates,
    PlanView,
    PriorityPage,
    PriorityView,
    ProgressPage,
    UpdatesPage,
)
from portal.pages.views import (
    IndicatorBreak,
    SubjectLink,
    SubjectPage,
    SubjectPlan,
    SubjectPriority,
    SubjectsPage,
)

# The nearness of an indicator that shows a measure.
SHOWS = ("same", "close")
# The kind of chart of indicators that the police record everywhere and still publish.
RECORDED = "recorded"


def plan_view(context: PageContext, plan: Plan) -> PlanView:
    """Return a plan with its priorities, actions, measures and updates."""
    path = f"{PLANS}{plan.slug}/"
    reports = [p.update for p in placed_updates(context.content.plans, plan) if p.update.kind != "background"]
    return PlanView(
        plan=plan,
        path=path,
        years=_years(plan),
        newest=periods.loose_date(max(u.date for u in reports)) if reports else "",
        priorities=tuple(_priority_view(context, plan, p, f"{path}{p.id}/") for p in plan.priorities),
        ended=progress.ended(plan, periods.today()),
    )


class UpdateOn(NamedTuple):
    """An update, and the ids of the priority and the action that it reports on; empty if it is about neither."""

    update: Update
    priority: str
    action: str


def placed_updates(plans: Iterable[Plan], plan: Plan) -> tuple[UpdateOn, ...]:
    """Return the updates on a plan with the priority and the action that each reports on.

    An update that reports on several actions, of this plan or from another one, is returned once for each.
    """
    direct = [UpdateOn(u, u.priority, u.action) for u in plan.updates]
    linked = []
    for other in plans:
        updates = {u.id: u for u in other.updates}
        linked += [
            UpdateOn(updates[a.update], a.priority, a.action)
            for a in other.update_actions
            if (a.plan or other.slug) == plan.slug
        ]
    return (*direct, *linked)


def _years(plan: Plan) -> str:
    return f"{periods.loose_date(plan.starts)} to {periods.loose_date(plan.ends)}"


def _priority_view(context: PageContext, plan: Plan, priority: Priority, path: str) -> PriorityView:
    actions = [a for a in plan.actions if a.priority == priority.id]
    placed = placed_updates(context.content.plans, plan)
    views = [
        ActionView(
            action=a,
            path=f"{path}{a.id}/",
            updates=tuple(u for u, _, action in placed if action == a.id),
            measures=tuple(_measure_view(context, m) for m in plan.measures if m.action == a.id),
            figures=_near(context, plan, "", a.id),
            milestones=tuple(m for m in plan.milestones if m.action == a.id),
            progress=progress.of_action(plan, a, (u for u, _, action in placed if action == a.id), periods.today()),
        )
        for a in actions
    ]  # fmt: skip
    return PriorityView(
        priority=priority,
        path=path,
        groups=tuple(ActionGroup(name, tuple(group)) for name, group in groupby(views, key=lambda v: v.action.group)),
        measures=tuple(_measure_view(context, m) for m in plan.measures if m.priority == priority.id),
        updates=tuple(u for u, where, action in placed if where == priority.id and not action),
        figures=_near(context, plan, priority.id, ""),
    )  # fmt: skip


def _near(context: PageContext, plan: Plan, priority: str, action: str) -> tuple[NearFigure, ...]:
    """Return the figures that are about one action, or about a priority as a whole, the nearest first."""
    connections = (c for c in plan.connections if c.action == action and (action or c.priority == priority))
    return tuple(NearFigure(view=context.figures[c.indicator], reason=c.reason) for c in connections)


def _measure_view(context: PageContext, measure: Measure) -> MeasureView:
    figure = context.figures.get(measure.indicator)
    if figure is None:
        return MeasureView(measure=measure, figure=None, related=None, finding="")
    link = Link(figure.indicator.title, figure.path)
    shows = measure.nearness in SHOWS
    by_part = changes_by_part(context.released, figure.indicator) if shows else None
    return MeasureView(
        measure=measure,
        figure=link if shows else None,
        related=None if shows else link,
        finding=figure.chart.finding,
        by_part=by_part.sentence if by_part else "",
    )


def plan_pages(context: PageContext, plans: tuple[PlanView, ...]) -> Iterator[Page]:
    """Yield the list of plans, the overviews of progress and reports, and a page for each plan, priority and action."""
    home = Link("What was promised", PLANS)
    yield Page(
        PLANS,
        home.label,
        PlansPage(plans=plans, gaps=context.settings.site.gaps),
        title="Our plans and what they promised",
        cited=cited_in(*(p.plan.priorities for p in plans)),
    )
    current_first = tuple(sorted(plans, key=lambda p: p.ended))
    yield Page(
        f"{PLANS}progress/",
        "Every promise at a glance",
        ProgressPage(plans=current_first, today=periods.today()),
        (home,),
        "Every promise and how far it has come",
        cited=cited_in(*(p.plan.actions for p in plans)),
    )
    yield _updates_page(plans, home)
    by_slug = {v.plan.slug: v for v in plans}
    for view in plans:
        plan = view.plan
        here = Link(plan.short_title, view.path)
        yield Page(
            view.path,
            plan.title,
            PlanPage(view=view),
            (home,),
            cited=cited_in(plan.priorities),
        )
        for priority in view.priorities:
            p = priority.priority
            yield Page(
                priority.path, p.title, PriorityPage(plan=view, view=priority, elsewhere=by_slug.get(p.same_as)), (home, here),
                f"{p.title} ({plan.short_title})", p.sensitive,
                cited_in([p], (a.action for a in priority.actions), priority.updates),
            )  # fmt: skip
            links = [Link(a.action.title, a.path) for a in priority.actions]
            for i, a in enumerate(priority.actions):
                yield Page(
                    a.path, a.action.title,
                    ActionPage(
                        plan=view, priority=priority, view=a,
                        before=links[i - 1] if i else None, after=links[i + 1] if i + 1 < len(links) else None,
                    ),
                    (home, here, Link(p.title, priority.path)),
                    f"{a.action.title} ({plan.short_title})",
                    p.sensitive, cited_in([a.action], a.updates, (m.measure for m in a.measures)),
                )  # fmt: skip


def _updates_page(plans: tuple[PlanView, ...], home: Link) -> Page:
    """Return the page with all updates, by plan."""

    def place(view: PlanView, update: Update) -> Link:
        priority = next(q for q in view.priorities if q.priority.id == update.priority)
        action = next((a for a in priority.actions if a.action.id == update.action), None)
        return (
            Link(action.action.title, action.path) if action else Link(priority.priority.title, priority.path)
        )

    by_plan = tuple(
        PlanUpdates(v, tuple(PlacedUpdate(u, place(v, u)) for u in v.plan.updates if u.kind == "report"))
        for v in plans
    )
    cited = cited_in(*(v.plan.updates for v in plans))
    return Page(
        f"{PLANS}updates/",
        "What has been reported",
        UpdatesPage(plans=by_plan),
        (home,),
        "What has been reported on our plans",
        cited=cited,
    )


def subject_pages(context: PageContext, plans: tuple[PlanView, ...]) -> Iterator[Page]:
    """Yield the list of subjects and a page for each."""
    threads = context.content.threads
    if not threads:
        return
    home = Link("By subject", SUBJECTS)
    pages = [_subject_page(context, plans, t, home) for t in threads]
    counts = [len({e.plan for e in context.content.entries if e.thread == t.id and e.plan}) for t in threads]
    subjects = tuple(
        SubjectLink(t, page.path, count, _newest(context, page.content))
        for t, page, count in zip(threads, pages, counts, strict=True)
    )
    cited = frozenset(s for page in pages for s in page.cited)
    yield Page(
        SUBJECTS,
        home.label,
        SubjectsPage(subjects=subjects),
        title="Plans and figures by subject",
        cited=cited,
    )
    yield from pages


def _newest(context: PageContext, subject: object) -> IndicatorLine | None:
    """Return the newest figure of the first indicator of a subject that the police still record; None if there is none."""
    current = subject.current if isinstance(subject, SubjectPage) else ()
    return line_of(context, current[0].view.indicator, context.released.area) if current else None


def _subject_page(context: PageContext, plans: tuple[PlanView, ...], thread: Thread, home: Link) -> Page:
    entries = [e for e in context.content.entries if e.thread == thread.id]
    promises = []
    for view in sorted(plans, key=lambda p: p.plan.starts, reverse=True):
        in_plan = [e for e in entries if e.plan == view.plan.slug]
        whole = {e.priority: e.note for e in in_plan if not e.action}
        single = {e.action for e in in_plan if e.action}
        priorities = tuple(
            SubjectPriority(q, whole[q.priority.id]) for q in view.priorities if q.priority.id in whole
        )
        actions = tuple(a for q in view.priorities for a in q.actions if a.action.id in single)
        if priorities or actions:
            promises.append(SubjectPlan(view, priorities, actions))
    figures = tuple(
        NearFigure(view=context.figures[e.indicator], reason=e.note) for e in entries if e.indicator
    )
    breaks = {
        (b.date, b.title): IndicatorBreak(f.indicator.short_title, b)
        for f in (n.view for n in figures)
        for b in measures.breaks_of(context.released, f.indicator.id)
        if any(o.period_end and o.period_end >= b.date for o in context.content.observations[f.indicator.id])
    }
    helpers = {c.id: c for c in (*context.content.services, *context.content.routes)}
    content = SubjectPage(
        thread=thread,
        plans=tuple(promises),
        current=tuple(f for f in figures if f.view.indicator.chart == RECORDED),
        earlier=tuple(f for f in figures if f.view.indicator.chart != RECORDED),
        breaks=tuple(breaks[k] for k in sorted(breaks)),
        helpers=tuple(helpers[e.service] for e in entries if e.service),
    )
    cited = cited_in(
        (q.priority.priority for p in promises for q in p.priorities),
        (a.action for p in promises for a in p.actions),
        *(measures.series(context.released, f.view.indicator.id) for f in figures),
    )
    title = f"{thread.title}: plans and figures"
    return Page(f"{SUBJECTS}{thread.id}/", thread.title, content, (home,), title, thread.sensitive, cited)
