"""Define a page of the site and the context in which pages are made, and give pages their titles and ways out."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count

from portal.charts.area_charts import SiteCharts
from portal.core.citations import Cited
from portal.core.model import Content, Indicator
from portal.core.settings import Settings
from portal.disclosure.clearing import ClearedContent
from portal.pages.figure_views import TopicFigures
from portal.pages.plan_views import FigureView, Link
from portal.releases.history import NO_HISTORY, ReleaseHistory

# The parts of the site, in the order of the menu.
PLANS, SUBJECTS, FIGURES = "plans/", "subjects/", "figures/"
REPORT, HELP, ABOUT = "report/", "help/", "about/"
# Pages that help people report or get help. Their titles must not reveal that to anyone who looks over a reader's
# shoulder, or at the history of the browser.
PRIVATE = (REPORT, HELP)
# Charts that other sites can embed.
EMBEDS = "embed/"
# The page on which readers choose what to see.
EXPLORE = "explore/"
DATA, WARDS, CRIME = "data/", "wards/", "crime/"


@dataclass(frozen=True)
class Page:
    """A page of the site.

    `path` is its address below the site and ends in a slash. `label` is its heading and its name in menus, and `title`
    the title in the browser if it differs. `trail` are the pages above it, and `cited` the ids of its sources. A page
    with an `exit` has the button “Leave this page”. A translation has its `language`, and is `of` the English page with
    that path. `weight` is how much the page counts in the search.
    """

    path: str
    label: str
    content: object
    trail: tuple[Link, ...] = ()
    title: str = ""
    exit: bool = False
    cited: frozenset[str] = frozenset()
    language: str = ""
    of: str = ""
    weight: float = 1

    @property
    def private(self) -> bool:
        """Return True if the page helps people report or get help, so that its title must not reveal it."""
        return (self.of or self.path).startswith(PRIVATE)

    @property
    def template(self) -> str:
        """Return the name of its template: `ActionPage` is rendered by `action.md.jinja`."""
        return f"{type(self.content).__name__.removesuffix('Page').lower()}.md.jinja"


@dataclass
class PageContext:
    """What all pages are made from.

    `figures` are filled in by `all_pages`, by the id of their indicator. `history` is what earlier releases published.
    """

    settings: Settings
    released: ClearedContent
    charts: SiteCharts
    figures: dict[str, FigureView] = field(default_factory=dict)
    history: ReleaseHistory = NO_HISTORY

    @property
    def content(self) -> Content:
        return self.released.content

    def is_guarded(self, indicator: Indicator) -> bool:
        """Return True if pages about the topic of an indicator have a way out."""
        return _about(self.settings.topics.get(indicator.topic, ""), self.settings.site.exit_words)

    def topics(self) -> tuple[TopicFigures, ...]:
        """Return the topics that have figures, in the order of the settings."""
        topics = (
            TopicFigures(name, tuple(f for f in self.figures.values() if f.indicator.topic == topic))
            for topic, name in self.settings.topics.items()
        )
        return tuple(t for t in topics if t.figures)


def _about(text: str, words: Iterable[str]) -> bool:
    """Return True if a heading contains one of the words, with any spaces, hyphens or underscores in it."""
    pattern = "|".join(rf"\b{re.escape(w)}" for w in words) or r"(?!)"
    return bool(re.search(pattern, re.sub("[-_\\s]+", " ", text), re.IGNORECASE))


def cited_in(*things: Iterable[Cited]) -> frozenset[str]:
    """Return the ids of the sources of all these things."""
    return frozenset(c.source for group in things for c in group)


def with_exits(pages: Iterable[Page], words: tuple[str, ...]) -> Iterator[Page]:
    """Give a way out to pages that help people report or get help, and to pages about one of the `words`.

    A page is about a word if its heading, or that of a page above it, contains the word. Its text does not count.
    """
    for page in pages:
        about = any(_about(heading, words) for heading in (page.label, *(label for label, _ in page.trail)))
        yield replace(page, exit=page.exit or page.private or about)


def with_titles(pages: Iterable[Page]) -> tuple[Page, ...]:
    """Give every page a unique title.

    To titles that repeat, the labels of the pages above are added, the nearest first, until they differ; the rest are
    numbered. Titles of private pages are only numbered.
    """
    titled = [replace(p, title=p.title or p.label) for p in pages]
    deepest = max((len(p.trail) for p in titled), default=0)
    for up in range(1, deepest + 1):
        same = _repeated(titled)
        titled = [
            replace(p, title=f"{p.title}, {p.trail[-up].label}")
            if p.title.casefold() in same and len(p.trail) >= up and not p.private
            else p
            for p in titled
        ]
    taken, seen = {p.title.casefold() for p in titled}, set[str]()
    for n, p in enumerate(titled):
        title = p.title
        if title.casefold() in seen:
            numbered = (f"{p.title} ({number})" for number in count(2))
            title = next(t for t in numbered if t.casefold() not in taken)
            titled[n] = replace(p, title=title)
        taken.add(title.casefold())
        seen.add(title.casefold())
    return tuple(titled)


def _repeated(pages: Iterable[Page]) -> frozenset[str]:
    """Return the titles of more than one page, case-folded."""
    return frozenset(
        title for title, times in Counter(p.title.casefold() for p in pages).items() if times > 1
    )
