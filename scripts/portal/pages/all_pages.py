"""List all pages, in the order of the menu."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from portal.charts.area_charts import SiteCharts, build_site_charts, recorded_indicators
from portal.core.contacts import Route
from portal.core.problems import PortalError
from portal.core.settings import Settings
from portal.disclosure.clearing import ClearedContent
from portal.opendata.records import FigureRecord
from portal.pages.archive_pages import ArchivePage, archive_pages
from portal.pages.asking import ask_page
from portal.pages.comparison_pages import comparison_pages
from portal.pages.duty_pages import duty_pages
from portal.pages.easy_read import EasyreadPage, easy_help, easy_read_cited, easy_report
from portal.pages.explore_page import explore_page
from portal.pages.figure_pages import data_pages, figure_pages
from portal.pages.local_pages import crime_pages, line_of, ward_pages, ward_views
from portal.pages.meeting_pages import meeting_pages
from portal.pages.open_data_pages import cite_pages, open_data_page
from portal.pages.pack_pages import pack_pages
from portal.pages.page import (
    ABOUT,
    CRIME,
    FIGURES,
    HELP,
    PLANS,
    REPORT,
    SUBJECTS,
    WARDS,
    Page,
    PageContext,
    cited_in,
    with_exits,
    with_titles,
)
from portal.pages.plan_pages import plan_pages, plan_view, subject_pages
from portal.pages.plan_views import FigureView, Link, NearFigure, PlanPage, PlanView
from portal.pages.redirects import broken_redirects
from portal.pages.release_pages import RELEASES, newest_release, release_pages
from portal.pages.search import (
    NO_WORDS,
    SEARCH,
    SearchWords,
    Synonyms,
    glossary_synonyms,
    unknown_pages,
    wards_by_district,
)
from portal.pages.since_page import since_page
from portal.pages.views import (
    ChoosePage,
    GlossaryPage,
    HelpPage,
    HelpTopic,
    HomePage,
    LetterTerms,
    RecordedPage,
    ReportPage,
    RouteLink,
    RoutePage,
    SearchPage,
    Situation,
    SourcesPage,
    SubjectPage,
    WardsPage,
    WrittenPage,
)
from portal.releases.history import NO_HISTORY, Key, ReleaseHistory

# The situations on the page that helps people choose a way to report, most urgent first, by tag in the column `suits`.
SITUATIONS = {
    "danger-now": ("You are in danger now", "Do not wait. Call 999."),
    "cannot-speak": ("You are in danger and cannot speak", "You can ask for help without talking."),
    "deaf": (
        "You are deaf or find it hard to speak (not an emergency)",
        "You can report by textphone or in writing.",
    ),
    "tell-police": (
        "You want to tell the police",
        "You may be a victim or a witness, or be helping someone else.",
    ),
    "online": ("You would rather write than talk", "You can use these on a phone or computer."),
    "not-police": (
        "You do not want to go to the police yourself",
        "You can tell someone else. They can pass your report on if you want.",
    ),
    "anonymous": (
        "You do not want to give your name",
        "You can say what you know without saying who you are.",
    ),
    "on-behalf": ("You are reporting for someone else", "You do not have to be the victim."),
    "in-person": ("You want to talk to someone face to face", "You can go with a friend."),
    "other-language": ("You want to use another language", "You can ask for an interpreter when you call."),
    "any-hour": (
        "You need someone at night or at the weekend",
        "These lines are listed as open day and night.",
    ),
}
HELP_TOPICS = {
    "emergency": ("In danger now", "Call 999 if you can. If you cannot speak, there is another way."),
    "domestic-abuse": (
        "Domestic abuse",
        "For anyone who is hurt, threatened or controlled at home or by a partner.",
    ),
    "own-behaviour": ("Worried about how you treat someone", "For people who want to stop hurting others."),
    "hate-crime": ("Hate crime", "For anyone attacked or abused for who they are."),
    "crime": ("Telling someone about a crime", "You do not have to give your name."),
    "drugs-and-alcohol": ("Drugs and alcohol", "For you, or someone you are worried about."),
}
# The hand-written page for people who speak little English.
LANGUAGES = f"{HELP}languages/"
# Below the pages about reporting and help.
EASY_READ = "easy-read/"
# The parts of the site that the search page links to.
PARTS = (HELP, REPORT, WARDS, SUBJECTS, FIGURES, PLANS, f"{ABOUT}words/")


@dataclass(frozen=True, kw_only=True)
class PageInputs:
    """What pages are made from, besides the settings and the cleared content.

    `written` maps the paths of hand-written pages to their Markdown. `words` are the synonyms of the search. `figures`
    are all figures with their releases, for citations; without them no release is named. `history` is what earlier
    releases published; without it there is no page of their figures. `charts` are built here if they
    are None.
    """

    written: Mapping[str, str]
    words: SearchWords = NO_WORDS
    figures: Mapping[Key, FigureRecord] | None = None
    history: ReleaseHistory = NO_HISTORY
    charts: SiteCharts | None = None


def all_pages(settings: Settings, released: ClearedContent, inputs: PageInputs) -> tuple[Page, ...]:
    """Return every page, in the order of the menu, with its title and whether it has a way out.

    Raises:
        PortalError: if a search synonym or an old address leads to a page that does not exist.
    """
    charts = inputs.charts or build_site_charts(released)
    context = PageContext(settings, released, charts, history=inputs.history)
    for indicator in context.content.indicators.values():
        path = f"{FIGURES}{indicator.slug}/"
        context.figures[indicator.id] = FigureView(
            indicator=indicator, path=path, chart=charts.of_indicators[indicator.id]
        )
    plans = tuple(plan_view(context, p) for p in context.content.plans)
    about = tuple(_about(context, inputs.written))
    about_link = Link(about[0].label, ABOUT)
    languages = next((Link(p.label, p.path) for p in about if p.path == LANGUAGES), None)
    pages = [
        _home(context, plans),
        *plan_pages(context, plans),
        *subject_pages(context, plans),
        *(wards := tuple(ward_pages(context))),
        *pack_pages(context, plans, wards),
        *figure_pages(context, plans),
        *explore_page(context),
        *cite_pages(context, inputs.figures),
        *crime_pages(context),
        *data_pages(context),
        *_report_pages(context, languages),
        *_help(context),
        *about,
        *ask_page(context, about_link),
        *comparison_pages(context, about_link),
        *duty_pages(context, about_link),
        *meeting_pages(context, about_link),
        open_data_page(context, about_link),
        *release_pages(context, about_link),
        *since_page(context, (about_link, Link("What’s new", RELEASES))),
        *archive_pages(context, about_link),
    ]
    problems = (
        *unknown_pages(inputs.words.same, (p.path for p in pages)),
        *broken_redirects(settings.redirects, pages),
    )
    if problems:
        raise PortalError(problems)
    guarded = with_exits((*pages, _search(context, pages, inputs.words)), settings.site.exit_words)
    return with_titles(replace(p, weight=_weight(p.content)) for p in guarded)


def _weight(content: object) -> float:
    """Return how much a page counts in the search: most for current figures and subjects, least for plans that ended."""
    if isinstance(content, RecordedPage | SubjectPage):
        return 3
    view = content.view if isinstance(content, PlanPage) else getattr(content, "plan", None)
    if isinstance(content, ArchivePage):
        return 0.1
    return 0.5 if isinstance(view, PlanView) and view.ended else 1


def _home(context: PageContext, plans: tuple[PlanView, ...]) -> Page:
    now = recorded_indicators(context.released)
    chosen = context.settings.site.headlines or tuple(i.id for i in now[:5])
    lines = [line_of(context, i, context.released.area) for name in chosen for i in now if i.id == name]
    published = {e.name for e in context.content.releases}
    content = HomePage(
        figures=tuple(n for n in lines if n),
        plans=tuple(sorted(plans, key=lambda p: p.ended)),
        postcodes=f"{WARDS}postcodes.json"
        if context.content.postcodes and ward_views(context.released)
        else "",
        crime=CRIME if now else FIGURES,
        gaps=context.settings.site.gaps,
        news=newest_release(context.content),
        next=next((p for p in context.content.promises if p.release not in published), None),
    )
    cited = cited_in(*(p.plan.priorities for p in plans), *([n.summary.latest] for n in content.figures))
    return Page("", context.settings.site.name, content, cited=cited)


def _report_pages(context: PageContext, languages: Link | None) -> Iterator[Page]:
    routes = tuple(RouteLink(r, f"{REPORT}{r.id}/") for r in context.content.routes)
    if not routes:
        return
    home = Link("Report hate crime", REPORT)
    cited = cited_in(context.content.routes)
    offered = tuple(r for r in routes if r.route.is_offered)
    notes = tuple(r for r in routes if not r.route.is_offered)
    yield Page(
        REPORT,
        home.label,
        ReportPage(routes=offered, notes=notes, figures=_recorded_of(context, "")),
        (),
        "Ways to report",
        cited=cited,
    )
    choices = [
        Situation(
            situation=situation,
            explanation=explanation,
            routes=tuple(r for r in offered if tag in r.route.suits.split(";")),
            notes=tuple(r for r in notes if tag in r.route.suits.split(";") and r.route.state == "note"),
            page=languages if tag == "other-language" else None,
            is_about_names=tag == "anonymous",
        )
        for tag, (situation, explanation) in SITUATIONS.items()
    ]
    yield Page(
        f"{REPORT}choose/",
        "Find the right way for you",
        ChoosePage(choices=tuple(c for c in choices if c.routes or c.notes or c.page)),
        (home,),
        "Ways to report: choose",
        cited=cited,
    )
    yield _easy_read(REPORT, easy_report(REPORT, context.content.routes), home, "Ways to report: Easy Read")
    for route, path in routes:
        yield Page(
            path,
            route.name,
            RoutePage(route=route, figures=_recorded_of(context, route.id)),
            (home,),
            f"Ways to report: {_means(route)}",
            cited=cited_in([route]),
        )


def _means(route: Route) -> str:
    """Return how people use a way to report, in words that do not reveal what they report."""
    suits = route.suits.split(";")
    if route.url and ("online" in suits or not route.phone):
        return "by phone or online" if route.phone else "online"
    if route.phone:
        return "by phone or email" if route.email else "by phone"
    if route.email:
        return "by email"
    return "by text" if route.textphone else "in person" if "in-person" in suits else "another way"


def _recorded_of(context: PageContext, route: str) -> tuple[NearFigure, ...]:
    """Return the figures about a way to report, and those about all of them."""
    connections = (c for c in context.content.route_connections if c.route in ("", route))
    return tuple(NearFigure(view=context.figures[c.indicator], reason=c.reason) for c in connections)


def _easy_read(above: str, content: EasyreadPage, home: Link, title: str) -> Page:
    return Page(f"{above}{EASY_READ}", "Easy Read", content, (home,), title, cited=easy_read_cited(content))


def _help(context: PageContext) -> Iterator[Page]:
    topics = tuple(
        HelpTopic(name, words, tuple(s for s in context.content.services if s.topic == topic))
        for topic, (name, words) in HELP_TOPICS.items()
    )
    yield Page(
        HELP,
        "Get help",
        HelpPage(topics=tuple(t for t in topics if t.services)),
        (),
        "Help",
        cited=cited_in(context.content.services),
    )
    content = easy_help(HELP, context.content.services)
    if content.parts:
        yield _easy_read(HELP, content, Link("Get help", HELP), "Help: Easy Read")


def _about(context: PageContext, written: Mapping[str, str]) -> Iterator[Page]:
    label, _, body = written.get(ABOUT, "# About this site\n").partition("\n")
    home = Link(label.lstrip("# "), ABOUT)
    yield Page(ABOUT, home.label, WrittenPage(markdown=body), title="About this site")
    yield Page(
        f"{ABOUT}sources/",
        "Sources",
        SourcesPage(sources=tuple(context.content.sources.values()), gaps=context.settings.site.gaps),
        (home,),
        "Sources of our plans and figures",
        cited=frozenset(context.content.sources),
    )
    letters = groupby(
        sorted(context.content.terms, key=lambda t: t.term.lower()), key=lambda t: t.term[0].upper()
    )
    yield Page(
        f"{ABOUT}words/",
        "Words and abbreviations",
        GlossaryPage(letters=tuple(LetterTerms(letter, tuple(terms)) for letter, terms in letters)),
        (home,),
        cited=cited_in(context.content.terms),
    )
    for path in sorted(written.keys() - {ABOUT}):
        label, _, body = written[path].partition("\n")
        source_ids = re.match(r"\s*<!-- sources: ([a-z0-9, -]+) -->", body)
        cited = frozenset(s.strip() for s in source_ids[1].split(",")) if source_ids else frozenset()
        above = Link("Get help", HELP) if path.startswith(HELP) else home
        yield Page(
            path,
            label.lstrip("# "),
            WrittenPage(markdown=body),
            (above,),
            cited=cited & context.content.sources.keys(),
        )


def _search(context: PageContext, pages: Sequence[Page], words: SearchWords) -> Page:
    labels = {p.path: p.label for p in pages}
    overview = next((p.content for p in pages if isinstance(p.content, WardsPage)), None)
    wards = {w.area.code: Link(w.area.name, w.path) for w in overview.wards} if overview else {}
    same = (*(Synonyms((name,), (path,)) for name, path in wards.values()), *words.same)
    first = {path: labels[path] for s in same for path in s.first}
    above = {path: label for p in pages for label, path in p.trail}
    by_district = wards_by_district(context.content.postcodes, wards)
    content = SearchPage(
        parts=tuple(Link(labels[path], path) for path in PARTS if path in labels),
        words=SearchWords((*same, *glossary_synonyms(context.content.terms)), words.ignored),
        labels=first | above,
        districts={district: tuple(wards[a] for a in areas) for district, areas in by_district.items()},
        postcodes=overview.postcodes if overview else "",
    )
    # Results can be about anything, so the page has a way out.
    return Page(SEARCH, "Search", content, exit=True)
