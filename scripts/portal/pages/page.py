"""A page of the site, and what all pages draw on while they are made."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count

from portal.charts.area_charts import AreaChart
from portal.core.citations import Cited
from portal.core.model import Content, Indicator
from portal.core.settings import Settings
from portal.disclosure.clearing import ClearedContent
from portal.pages.plan_views import FigureView, Link

# The parts of the site, in the order of the menu.
PLANS, SUBJECTS, FIGURES = "plans/", "subjects/", "figures/"
REPORT, HELP, ABOUT = "report/", "help/", "about/"
# Where pages help to report or to get help. Whoever looks over a reader's shoulder, or at the list of pages that were
# visited, must not learn that from a title.
PRIVATE = (REPORT, HELP)
# Charts that other sites may show in their own pages.
EMBEDS = "embed/"
DATA, WARDS, CRIME = "data/", "wards/", "crime/"


@dataclass(frozen=True)
class Page:
    """A page of the site.

    `path` is its address below the site, ending in a slash; `label` its heading and its name in menus; `title`
    the browser's title where it is not the heading; `cited` the ids of its sources. A page with an `exit` offers to
    leave at once. A translation has its `language`, and is `of` the English page at that address. What is found on
    a page counts by its `weight` in the search.
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
        """Whether it helps to report or to get help, so that its title must not give that away."""
        return (self.of or self.path).startswith(PRIVATE)

    @property
    def template(self) -> str:
        """The template that goes with the content: `ActionPage` is drawn by `action.md.jinja`."""
        return f"{type(self.content).__name__.removesuffix('Page').lower()}.md.jinja"


@dataclass
class PageContext:
    """What all pages draw on while they are made."""

    settings: Settings
    released: ClearedContent
    area_charts: Mapping[str, tuple[AreaChart, ...]]
    figures: dict[str, FigureView] = field(default_factory=dict)

    @property
    def content(self) -> Content:
        return self.released.content

    def is_guarded(self, indicator: Indicator) -> bool:
        """Return True if the topic of an indicator is one that pages get a way out for."""
        return _about(self.settings.topics.get(indicator.topic, ""), self.settings.site.exit_words)

    @property
    def topic_of(self) -> Iterator[tuple[str, tuple[FigureView, ...]]]:
        for topic, name in self.settings.topics.items():
            found = tuple(f for f in self.figures.values() if f.indicator.topic == topic)
            if found:
                yield name, found


def _about(text: str, words: Iterable[str]) -> bool:
    """Return True if a heading has one of the words, whatever is between their parts."""
    telling = "|".join(rf"\b{re.escape(w)}" for w in words) or r"(?!)"
    return bool(re.search(telling, re.sub("[-_\\s]+", " ", text), re.IGNORECASE))


def cited_in(*things: Iterable[Cited]) -> frozenset[str]:
    """The ids of the sources of everything given."""
    return frozenset(c.source for group in things for c in group)


def with_exits(pages: Iterable[Page], words: tuple[str, ...]) -> Iterator[Page]:
    """Give a way out to the pages that help to report or to get help, and to those about one of the `words`.

    A page is about what its heading says, or the heading of a page above it. What it merely mentions does not count.
    """
    for page in pages:
        about = any(_about(heading, words) for heading in (page.label, *(label for label, _ in page.trail)))
        yield replace(page, exit=page.exit or page.private or about)


def with_titles(pages: Iterable[Page]) -> tuple[Page, ...]:
    """Give every page a title of its own.

    Where pages have the same one, the names of the pages above them are added, the nearest first, until they differ;
    where that is not enough they are numbered. Titles of private pages are only numbered.
    """
    found = [replace(p, title=p.title or p.label) for p in pages]
    deepest = max((len(p.trail) for p in found), default=0)
    for up in range(1, deepest + 1):
        same = _repeated(found)
        found = [
            replace(p, title=f"{p.title}, {p.trail[-up][0]}")
            if p.title.casefold() in same and len(p.trail) >= up and not p.private
            else p
            for p in found
        ]
    taken, seen = {p.title.casefold() for p in found}, set[str]()
    for n, p in enumerate(found):
        title = p.title
        if title.casefold() in seen:
            numbered = (f"{p.title} ({number})" for number in count(2))
            title = next(t for t in numbered if t.casefold() not in taken)
            found[n] = replace(p, title=title)
        taken.add(title.casefold())
        seen.add(title.casefold())
    return tuple(found)


def _repeated(pages: Iterable[Page]) -> frozenset[str]:
    """The titles that more than one page has, in small letters."""
    return frozenset(
        title for title, times in Counter(p.title.casefold() for p in pages).items() if times > 1
    )
