"""The pages of plans: what was promised, what has been reported, and subjects that run through several plans."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from portal.analysis import measures, progress
from portal.core import periods
from portal.core.model import Thread
from portal.core.plans import Measure, Plan, Priority, Update
from portal.pages.page import PLANS, SUBJECTS, Page, PageContext, cited_in
from portal.pages.plan_views import (
    ActionPage,
    ActionView,
    Link,
    MeasureView,
    NearFigure,
    PlanPage,
    PlansPage,
    PlanView,
    PriorityPage,
    PriorityView,
    ProgressPage,
    UpdatesPage,
)
from portal.pages.views import SubjectPage, SubjectsPage

# How near an indicator must be to show a measure.
SHOWS = ("same", "close")
# The chart of what the police record everywhere and still publish.
RECORDED = "recorded"


def plan_view(context: PageContext, plan: Plan) -> PlanView:
    """A plan with its priorities, actions, measures and updates put together."""
    path = f"{PLANS}{plan.slug}/"
    dates = [u.date for u, _, _ in placed_updates(context.content.plans, plan)]
    return PlanView(
        plan, path, _years(plan), periods.loose_date(max(dates)) if dates else "",
        tuple(_priority_view(context, plan, p, f"{path}{p.id}/") for p in plan.priorities),
        progress.ended(plan, periods.today()),
    )  # fmt: skip


def placed_updates(plans: Iterable[Plan], plan: Plan) -> tuple[tuple[Update, str, str], ...]:
    """Return the updates on a plan with the priority and the action that each reports on.

    An update can report on several, also on those of another plan. It is then here once for each.
    """
    own = [(u, u.priority, u.action) for u in plan.updates]
    linked = []
    for other in plans:
        updates = {u.id: u for u in other.updates}
        linked += [
            (updates[a.update], a.priority, a.action)
            for a in other.update_actions
            if (a.plan or other.slug) == plan.slug
        ]
    return (*own, *linked)


def _years(plan: Plan) -> str:
    return f"{periods.loose_date(plan.starts)} to {periods.loose_date(plan.ends)}"


def _priority_view(context: PageContext, plan: Plan, priority: Priority, path: str) -> PriorityView:
    actions = [a for a in plan.actions if a.priority == priority.id]
    placed = placed_updates(context.content.plans, plan)
    views = [
        ActionView(
            a, f"{path}{a.id}/",
            tuple(u for u, _, action in placed if action == a.id),
            tuple(_measure_view(context, m) for m in plan.measures if m.action == a.id),
            _near(context, plan, "", a.id),
            tuple(m for m in plan.milestones if m.action == a.id),
            progress.of_action(plan, a, (u for u, _, action in placed if action == a.id), periods.today()),
        )
        for a in actions
    ]  # fmt: skip
    return PriorityView(
        priority, path,
        tuple((name, tuple(group)) for name, group in groupby(views, key=lambda v: v.action.group)),
        tuple(_measure_view(context, m) for m in plan.measures if m.priority == priority.id),
        tuple(u for u, where, action in placed if where == priority.id and not action),
        _near(context, plan, priority.id, ""),
    )  # fmt: skip


def _near(context: PageContext, plan: Plan, priority: str, action: str) -> tuple[NearFigure, ...]:
    """Return the figures that are about one action, or about a priority as a whole, the nearest first."""
    own = (c for c in plan.connections if c.action == action and (action or c.priority == priority))
    return tuple(NearFigure(context.figures[c.indicator], c.reason) for c in own)


def _measure_view(context: PageContext, measure: Measure) -> MeasureView:
    figure = context.figures.get(measure.indicator)
    if figure is None:
        return MeasureView(measure, None, None, "")
    link = (figure.indicator.title, figure.path)
    shows = measure.nearness in SHOWS
    return MeasureView(measure, link if shows else None, None if shows else link, figure.chart.finding)


def plan_pages(context: PageContext, plans: tuple[PlanView, ...]) -> Iterator[Page]:
    """All plans, what has been reported, and a page for each plan, priority and action."""
    home = ("What was promised", PLANS)
    yield Page(
        PLANS,
        home[0],
        PlansPage(plans, context.settings.site.gaps),
        title="Our plans and what they promised",
        cited=cited_in(*(p.plan.priorities for p in plans)),
    )
    current_first = tuple(sorted(plans, key=lambda p: p.ended))
    yield Page(
        f"{PLANS}progress/",
        "Every promise at a glance",
        ProgressPage(current_first, periods.today()),
        (home,),
        "Every promise and how far it has come",
        cited=cited_in(*(p.plan.actions for p in plans)),
    )
    yield _updates_page(plans, home)
    by_slug = {v.plan.slug: v for v in plans}
    for view in plans:
        plan = view.plan
        here = (plan.short_title, view.path)
        yield Page(
            view.path,
            plan.title,
            PlanPage(view),
            (home,),
            cited=cited_in(plan.priorities),
        )
        for priority in view.priorities:
            p = priority.priority
            yield Page(
                priority.path, p.title, PriorityPage(view, priority, by_slug.get(p.same_as)), (home, here),
                f"{p.title} ({plan.short_title})", p.sensitive,
                cited_in([p], (a.action for a in priority.actions), priority.updates),
            )  # fmt: skip
            links = [(a.action.title, a.path) for a in priority.actions]
            for i, a in enumerate(priority.actions):
                yield Page(
                    a.path, a.action.title,
                    ActionPage(view, priority, a, links[i - 1] if i else None, links[i + 1] if i + 1 < len(links) else None),
                    (home, here, (p.title, priority.path)),
                    f"{a.action.title} ({plan.short_title})",
                    p.sensitive, cited_in([a.action], a.updates, (m.measure for m in a.measures)),
                )  # fmt: skip


def _updates_page(plans: tuple[PlanView, ...], home: Link) -> Page:
    """All updates on one page, in the order of their plans."""

    def place(view: PlanView, update: Update) -> Link:
        own = next(q for q in view.priorities if q.priority.id == update.priority)
        action = next((a for a in own.actions if a.action.id == update.action), None)
        return (action.action.title, action.path) if action else (own.priority.title, own.path)

    told = tuple((v, tuple((u, place(v, u)) for u in v.plan.updates if u.kind == "report")) for v in plans)
    cited = cited_in(*(v.plan.updates for v in plans))
    return Page(
        f"{PLANS}updates/",
        "What has been reported",
        UpdatesPage(told),
        (home,),
        "What has been reported on our plans",
        cited=cited,
    )


def subject_pages(context: PageContext, plans: tuple[PlanView, ...]) -> Iterator[Page]:
    """The subjects and a page for each, from the oldest plan to the newest."""
    threads = context.content.threads
    if not threads:
        return
    home = ("By subject", SUBJECTS)
    pages = [_subject_page(context, plans, t, home) for t in threads]
    counts = [len({e.plan for e in context.content.entries if e.thread == t.id and e.plan}) for t in threads]
    subjects = tuple((t, page.path, count) for t, page, count in zip(threads, pages, counts, strict=True))
    cited = frozenset(s for page in pages for s in page.cited)
    yield Page(SUBJECTS, home[0], SubjectsPage(subjects), title="Plans and figures by subject", cited=cited)
    yield from pages


def _subject_page(context: PageContext, plans: tuple[PlanView, ...], thread: Thread, home: Link) -> Page:
    entries = [e for e in context.content.entries if e.thread == thread.id]
    told = []
    for view in sorted(plans, key=lambda p: p.plan.starts, reverse=True):
        own = [e for e in entries if e.plan == view.plan.slug]
        whole = {e.priority: e.note for e in own if not e.action}
        single = {e.action for e in own if e.action}
        priorities = tuple((q, whole[q.priority.id]) for q in view.priorities if q.priority.id in whole)
        actions = tuple(a for q in view.priorities for a in q.actions if a.action.id in single)
        if priorities or actions:
            told.append((view, priorities, actions))
    figures = tuple(NearFigure(context.figures[e.indicator], e.note) for e in entries if e.indicator)
    breaks = {
        (b.date, b.title): (f.indicator.short_title, b)
        for f in (n.view for n in figures)
        for b in measures.breaks_of(context.released, f.indicator.id)
        if any(o.period_end and o.period_end >= b.date for o in context.content.observations[f.indicator.id])
    }
    helpers = {c.id: c for c in (*context.content.services, *context.content.routes)}
    content = SubjectPage(
        thread,
        tuple(told),
        tuple(f for f in figures if f.view.indicator.chart == RECORDED),
        tuple(f for f in figures if f.view.indicator.chart != RECORDED),
        tuple(breaks[k] for k in sorted(breaks)),
        tuple(helpers[e.service] for e in entries if e.service),
    )
    cited = cited_in(
        (q.priority for _, ps, _ in told for q, _ in ps),
        (a.action for *_, actions in told for a in actions),
        *(measures.series(context.released, f.view.indicator.id) for f in figures),
    )
    title = f"{thread.title}: plans and figures"
    return Page(f"{SUBJECTS}{thread.id}/", thread.title, content, (home,), title, thread.sensitive, cited)
