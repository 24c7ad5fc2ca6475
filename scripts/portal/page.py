"""A page of the site, and what all pages draw on while they are made."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from portal.citations import Cited
from portal.config import Settings
from portal.disclosure import Release
from portal.model import Content
from portal.plan_views import FigureView, Link

# The parts of the site, in the order of the menu.
PLANS, SUBJECTS, FIGURES = "plans/", "subjects/", "figures/"
REPORT, HELP, ABOUT = "report/", "help/", "about/"
# Charts that other sites may show in their own pages.
EMBEDS = "embed/"
DATA, WARDS, CRIME = "data/", "wards/", "crime/"


@dataclass(frozen=True)
class Page:
    """A page of the site.

    `path` is its address below the site, ending in a slash; `label` its heading and its name in menus; `title`
    the browser's title, which gives nothing away on a sensitive page; `cited` the ids of its sources. A translation
    has its `language`, and is `of` the English page at that address.
    """

    path: str
    label: str
    content: object
    trail: tuple[Link, ...] = ()
    title: str = ""
    sensitive: bool = False
    cited: frozenset[str] = frozenset()
    language: str = ""
    of: str = ""

    @property
    def template(self) -> str:
        """The template that goes with the content: `ActionPage` is drawn by `action.md.jinja`."""
        return f"{type(self.content).__name__.removesuffix('Page').lower()}.md.jinja"


@dataclass
class Maker:
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


def cited_in(*things: Iterable[Cited]) -> frozenset[str]:
    """The ids of the sources of everything given."""
    return frozenset(c.source for group in things for c in group)
