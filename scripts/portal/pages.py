"""Which pages there are, where they stand, and how each is filled."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby

from portal import charts, measures, periods
from portal.config import Settings
from portal.disclosure import Release
from portal.model import Cited, Content, Measure, Plan, Priority, Update
from portal.views import (
    ActionPage,
    ActionView,
    ChoosePage,
    DisagreePage,
    FigurePage,
    FiguresPage,
    FigureView,
    GlossaryPage,
    HelpPage,
    HomePage,
    Link,
    MeasureView,
    PlanPage,
    PlansPage,
    PlanView,
    PriorityPage,
    PriorityView,
    ReportPage,
    RoutePage,
    SourcesPage,
    UpdatesPage,
    WrittenPage,
)

# The parts of the site, in the order of the menu.
PLANS, FIGURES, REPORT, HELP, ABOUT = "plans/", "figures/", "report/", "help/", "about/"


@dataclass(frozen=True)
class Page:
    """A page of the site.

    `path` is its address below the site, ending in a slash; `label` its heading and its name in menus; `title`
    the browser's title, which gives nothing away on a sensitive page; `cited` the ids of its sources.
    """

    path: str
    label: str
    content: object
    trail: tuple[Link, ...] = ()
    title: str = ""
    sensitive: bool = False
    cited: frozenset[str] = frozenset()

    @property
    def template(self) -> str:
        """The template that goes with the content: `ActionPage` is drawn by `action.md.jinja`."""
        return f"{type(self.content).__name__.removesuffix('Page').lower()}.md.jinja"


# What each answer of the page that helps to choose suits, in the order in which a frightened person needs it.
QUESTIONS = {
    "danger-now": ("You are in danger now", "Do not wait. Call 999."),
    "cannot-speak": ("You are deaf, or cannot speak", "You can ask for help without talking."),
    "tell-police": (
        "You want to tell the police",
        "You may be the victim or a witness, or help somebody else.",
    ),
    "online": ("You would rather write than talk", "These can be used on a phone or computer."),
    "not-police": (
        "You do not want to go to the police yourself",
        "Others can listen, and can pass a report on if you wish.",
    ),
    "anonymous": ("You do not want to give your name", "Say what you know without saying who you are."),
    "on-behalf": ("You report for somebody else", "You need not be the victim."),
    "in-person": ("You want to talk to somebody face to face", "You can go with a friend."),
    "any-hour": ("You need somebody at night or at a weekend", "These say that they answer at every hour."),
}
HELP_TOPICS = {
    "emergency": ("In danger now", "Call 999 if you can. If you cannot speak, there is another way."),
    "domestic-abuse": (
        "Domestic abuse",
        "For anybody who is hurt, threatened or controlled at home or by a partner.",
    ),
    "own-behaviour": ("Worried about how you treat somebody", "For people who want to stop hurting others."),
    "hate-crime": ("Hate crime", "For anybody attacked or abused for who they are."),
    "crime": ("Telling somebody about a crime", "You can do it without giving your name."),
    "drugs-and-alcohol": ("Drugs and alcohol", "For you, or somebody you worry about."),
}
POLARITY = {
    "lower-is-better": "A lower number is better.",
    "higher-is-better": "A higher number is better.",
    "more-reports-may-be-good": "A higher number is not always worse. Much of this is never reported, so a rise can mean that more people came forward.",
    "neutral": "",
}


@dataclass
class _Maker:
    """What all pages draw on while they are made."""

    settings: Settings
    released: Release
    figures: dict[str, FigureView] = field(default_factory=dict)

    @property
    def content(self) -> Content:
        return self.released.content

    @property
    def topic_of(self) -> Iterator[tuple[str, tuple[FigureView, ...]]]:
        for topic, name in self.settings.topics.items():
            found = tuple(f for f in self.figures.values() if f.indicator.topic == topic)
            if found:
                yield name, found


def all_pages(settings: Settings, released: Release, written: Mapping[str, str]) -> tuple[Page, ...]:
    """Every page, in the order of the menu. `written` maps the paths of hand-written pages to their Markdown."""
    maker = _Maker(settings, released)
    for indicator in maker.content.indicators.values():
        own = maker.content.observations.get(indicator.id, ())
        maker.figures[indicator.id] = FigureView(
            indicator,
            f"{FIGURES}{indicator.slug}/",
            charts.chart(released, indicator),
            tuple(dict.fromkeys(o.source for o in own)),
        )
    plans = tuple(_plan_view(maker, p) for p in maker.content.plans)
    pages = [
        _home(maker, plans),
        *_plan_pages(maker, plans),
        *_figure_pages(maker, plans),
        *_report_pages(maker),
        _help(maker),
        *_about(maker, written),
    ]
    return tuple(pages)


def _cited(*things: Iterable[Cited]) -> frozenset[str]:
    return frozenset(c.source for group in things for c in group)


def _any_sensitive(plans: tuple[PlanView, ...]) -> bool:
    return any(p.sensitive for view in plans for p in view.plan.priorities)


def _home(maker: _Maker, plans: tuple[PlanView, ...]) -> Page:
    verdicts = measures.verdicts(maker.released)
    doubtful = {
        v.claim.indicator for v in verdicts if v.outcome == "differs" and v.claim.kind == "change-percent"
    }
    directions = {"rose": 0, "fell": 0, "no clear change": 0}
    periods_seen = []
    for indicator in maker.content.indicators.values():
        latest = measures.latest_change(maker.released, indicator)
        lower = indicator.polarity == "lower-is-better" and indicator.id not in doubtful
        if latest and latest.direction and lower and latest.later.period_end:
            directions[latest.direction] += 1
            periods_seen.append(latest.later.period_end)
    actions = [a for p in plans for q in p.priorities for a in q.actions]
    updates = [u for p in plans for u in p.plan.updates]
    content = HomePage(
        directions,
        periods.month(max(periods_seen)) if periods_seen else "",
        plans,
        sum(a.action.listed == "plan" for a in actions),
        sum(a.action.listed == "update" for a in actions),
        {s: sum(a.standing == s for a in actions) for s in ("reported", "mentioned", "silent")},
        sum(u.kind == "report" for u in updates),
        periods.day(max(u.date for u in updates)) if updates else "",
        sum(v.outcome == "differs" for v in verdicts),
        sum(v.outcome != "cannot be checked" for v in verdicts),
        maker.settings.site.gaps,
    )
    cited = _cited(*(p.plan.priorities for p in plans), *maker.content.observations.values())
    return Page("", maker.settings.site.name, content, cited=cited)


def _updates_page(plans: tuple[PlanView, ...], home: Link) -> Page:
    """All updates on one page, in the order of their plans."""

    def place(view: PlanView, update: Update) -> Link:
        own = next(q for q in view.priorities if q.priority.id == update.priority)
        action = next((a for a in own.actions if a.action.id == update.action), None)
        return (action.action.title, action.path) if action else (own.priority.title, own.path)

    told = tuple((v, tuple((u, place(v, u)) for u in v.plan.updates if u.kind == "report")) for v in plans)
    cited = _cited(*(v.plan.updates for v in plans))
    return Page(f"{PLANS}updates/", "What has been reported", UpdatesPage(told), (home,), "", True, cited)


def _plan_view(maker: _Maker, plan: Plan) -> PlanView:
    path = f"{PLANS}{plan.slug}/"
    dates = [u.date for u in plan.updates]
    return PlanView(
        plan, path, _years(plan), periods.day(max(dates)) if dates else "",
        tuple(_priority_view(maker, plan, p, f"{path}{p.id}/") for p in plan.priorities),
    )  # fmt: skip


def _years(plan: Plan) -> str:
    return f"{periods.loose_date(plan.starts)} to {periods.loose_date(plan.ends)}"


def _priority_view(maker: _Maker, plan: Plan, priority: Priority, path: str) -> PriorityView:
    actions = [a for a in plan.actions if a.priority == priority.id]
    views = [
        ActionView(
            a, f"{path}{a.id}/",
            tuple(u for u in plan.updates if u.action == a.id),
            tuple(_measure_view(maker, m) for m in plan.measures if m.action == a.id),
        )
        for a in actions
    ]  # fmt: skip
    return PriorityView(
        priority, path,
        tuple((name, tuple(group)) for name, group in groupby(views, key=lambda v: v.action.group)),
        tuple(_measure_view(maker, m) for m in plan.measures if m.priority == priority.id),
        tuple(u for u in plan.updates if u.priority == priority.id and not u.action),
    )  # fmt: skip


def _measure_view(maker: _Maker, measure: Measure) -> MeasureView:
    figure = maker.figures.get(measure.indicator)
    if figure is None:
        return MeasureView(measure, None, "")
    return MeasureView(measure, (figure.indicator.title, figure.path), figure.chart.finding)


def _plan_pages(maker: _Maker, plans: tuple[PlanView, ...]) -> Iterator[Page]:
    home = ("What was promised", PLANS)
    yield Page(
        PLANS,
        home[0],
        PlansPage(plans, maker.settings.site.gaps),
        sensitive=_any_sensitive(plans),
        cited=_cited(*(p.plan.priorities for p in plans)),
    )
    yield _updates_page(plans, home)
    for view in plans:
        plan = view.plan
        here = (plan.short_title, view.path)
        sensitive = any(p.sensitive for p in plan.priorities)
        yield Page(
            view.path,
            plan.title,
            PlanPage(view),
            (home,),
            f"The {plan.short_title}",
            sensitive,
            _cited(plan.priorities),
        )
        for priority in view.priorities:
            p = priority.priority
            title = f"The {plan.short_title}, priority {p.number}" if p.sensitive else p.title
            yield Page(
                priority.path, p.title, PriorityPage(view, priority), (home, here), title, p.sensitive,
                _cited([p], (a.action for a in priority.actions), priority.updates),
            )  # fmt: skip
            links = [(a.action.title, a.path) for a in priority.actions]
            for i, a in enumerate(priority.actions):
                yield Page(
                    a.path, a.action.title,
                    ActionPage(view, priority, a, links[i - 1] if i else None, links[i + 1] if i + 1 < len(links) else None),
                    (home, here, (p.title, priority.path)),
                    f"The {plan.short_title}, action {p.number}.{a.action.number}" if p.sensitive else a.action.title,
                    p.sensitive, _cited([a.action], a.updates, (m.measure for m in a.measures)),
                )  # fmt: skip


def _figure_pages(maker: _Maker, plans: tuple[PlanView, ...]) -> Iterator[Page]:
    home = ("The figures", FIGURES)
    verdicts = measures.verdicts(maker.released)
    differs = sum(v.outcome == "differs" for v in verdicts)
    yield Page(
        FIGURES,
        home[0],
        FiguresPage(tuple(maker.topic_of), differs),
        sensitive=any(i.sensitive for i in maker.content.indicators.values()),
        cited=_cited(*maker.content.observations.values()),
    )
    for _, views in maker.topic_of:
        for view in views:
            indicator = view.indicator
            figures = measures.series(maker.released, indicator.id)
            claims = tuple(v for v in verdicts if v.claim.indicator == indicator.id)
            breaks = measures.breaks_of(maker.released, indicator.id)
            used = tuple(
                (m.title, (f"{p.plan.short_title}, priority {q.priority.number}", q.path))
                for p in plans for q in p.priorities for m in p.plan.measures
                if m.indicator == indicator.id and m.priority == q.priority.id
            )  # fmt: skip
            citations = tuple({(c.source, c.locator): c for c in (*figures, *breaks)}.values())
            yield Page(
                view.path, indicator.title,
                FigurePage(view, POLARITY[indicator.polarity], breaks, claims, used, tuple(v for v in views if v is not view), figures, citations),
                (home,), indicator.slug.replace("-", " ").capitalize() if indicator.sensitive else indicator.title, indicator.sensitive,
                _cited(figures, (v.claim for v in claims)),
            )  # fmt: skip
    by_outcome = {
        o: tuple((v, maker.figures[v.claim.indicator]) for v in verdicts if v.outcome == o)
        for o in ("differs", "cannot be checked", "agrees")
    }
    yield Page(
        f"{FIGURES}disagree/", "Figures that disagree",
        DisagreePage(by_outcome["differs"], by_outcome["cannot be checked"], len(by_outcome["agrees"])), (home,),
        sensitive=any(maker.content.indicators[c.indicator].sensitive for c in maker.content.claims),
        cited=_cited(maker.content.claims),
    )  # fmt: skip


def _report_pages(maker: _Maker) -> Iterator[Page]:
    routes = tuple((r, f"{REPORT}{r.id}/") for r in maker.content.routes)
    if not routes:
        return
    home = ("Report hate crime", REPORT)
    cited = _cited(maker.content.routes)
    yield Page(REPORT, home[0], ReportPage(routes), (), "Ways to report", True, cited)
    questions = tuple(
        (
            question,
            words,
            tuple((r, p) for r, p in routes if tag in r.suits.split(";") and r.state != "historic"),
        )
        for tag, (question, words) in QUESTIONS.items()
    )
    yield Page(
        f"{REPORT}choose/",
        "Which way is right for you?",
        ChoosePage(tuple(q for q in questions if q[2])),
        (home,),
        "Ways to report: choose",
        True,
        cited,
    )
    for route, path in routes:
        yield Page(
            path,
            route.name,
            RoutePage(route, tuple(o for o in routes if o[0] is not route)),
            (home,),
            f"Ways to report, {route.number}",
            True,
            _cited([route]),
        )


def _help(maker: _Maker) -> Page:
    topics = tuple(
        (name, words, tuple(s for s in maker.content.services if s.topic == topic))
        for topic, (name, words) in HELP_TOPICS.items()
    )
    return Page(
        HELP,
        "Get help",
        HelpPage(tuple(t for t in topics if t[2])),
        (),
        "Help",
        True,
        _cited(maker.content.services),
    )


def _about(maker: _Maker, written: Mapping[str, str]) -> Iterator[Page]:
    label, _, body = written.get(ABOUT, "# About this site\n").partition("\n")
    home = (label.lstrip("# "), ABOUT)
    yield Page(ABOUT, home[0], WrittenPage(body))
    yield Page(
        f"{ABOUT}sources/",
        "Where it all comes from",
        SourcesPage(tuple(maker.content.sources.values()), maker.settings.site.gaps),
        (home,),
        cited=frozenset(maker.content.sources),
    )
    letters = groupby(
        sorted(maker.content.terms, key=lambda t: t.term.lower()), key=lambda t: t.term[0].upper()
    )
    yield Page(
        f"{ABOUT}words/",
        "Words and abbreviations",
        GlossaryPage(tuple((a, tuple(g)) for a, g in letters)),
        (home,),
        sensitive=True,
        cited=_cited(maker.content.terms),
    )
    for path in sorted(written.keys() - {ABOUT}):
        label, _, body = written[path].partition("\n")
        yield Page(path, label.lstrip("# "), WrittenPage(body), (home,))
