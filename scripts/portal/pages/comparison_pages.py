"""Make the page that explains how places are compared, which are similar, and which rates are unusual."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from portal.analysis import funnels, similarity
from portal.analysis.funnels import Funnel
from portal.core.places import Profile
from portal.core.text import lower_first
from portal.pages.local_pages import funnels_of_wards
from portal.pages.page import ABOUT, FIGURES, Page, PageContext, cited_in
from portal.pages.plan_views import Link

COMPARISONS = f"{ABOUT}comparisons/"
_SHOWN = 10  # areas in the table of similar ones
# The themes in words, in the order of the page.
_THEMES = {
    "age": "age",
    "ethnic-group": "ethnic group",
    "deprivation": "deprivation",
    "population": "number of people",
}


@dataclass(frozen=True, kw_only=True)
class SimilarView:
    """An area in the table of similar ones: the mean of its ranks, and how often it is among the nearest."""

    name: str
    rank: Decimal
    times: int
    of: int
    is_similar: bool
    has_figures: bool


@dataclass(frozen=True, kw_only=True)
class FunnelView:
    """The funnel of one indicator, its page, and the areas outside its limits in words."""

    funnel: Funnel
    link: Link
    unusual: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ComparisonsPage:
    """How places are compared.

    `themes` are what areas are compared by, `compared` how many areas, and `fewest` the areas that a funnel needs.
    `caveats` are the wards of which something must be said where their rate is called unusual, each with what to say.
    """

    name: str
    similar: tuple[SimilarView, ...]
    themes: tuple[str, ...]
    compared: int
    of_wards: tuple[FunnelView, ...]
    caveats: tuple[tuple[str, str], ...] = ()
    fewest: int = funnels.FEWEST
    most: int = similarity.MOST


def comparison_pages(context: PageContext, above: Link) -> Iterator[Page]:
    """Yield the page, if areas can be compared: with profiles of areas, or with enough wards."""
    content, area = context.content, context.released.area
    order = similarity.ranked(content.profiles, area)
    found = funnels_of_wards(context)
    if not order and not found:
        return
    views = tuple(
        FunnelView(
            funnel=f,
            link=Link(f.indicator.short_title, f"{FIGURES}{f.indicator.slug}/"),
            unusual=tuple(f"{p.area.name} ({'high' if p.z > 0 else 'low'})" for p in f.unusual),
        )
        for f in found
    )
    page = ComparisonsPage(
        name=content.areas[area].name if area in content.areas else context.settings.site.place,
        similar=tuple(_view(context, s, n) for n, s in enumerate(order[:_SHOWN])),
        themes=_themes(content.profiles),
        compared=len(order),
        of_wards=views,
        caveats=tuple(
            sorted({(p.area.name, lower_first(p.caveat)) for f in found for p in f.unusual if p.caveat})
        ),
    )
    figures = (p.figure for f in found for p in f.points)
    of_places = tuple(p for p in content.profiles if p.theme in similarity.COMPARED)
    cited = cited_in(of_places if order else (), figures, content.no_rates.values())
    yield Page(COMPARISONS, "How we compare places", page, (above,), cited=cited)


def _view(context: PageContext, similar: similarity.Similar, place: int) -> SimilarView:
    return SimilarView(
        name=similar.name,
        rank=Decimal(str(round(similar.rank, 1))),
        times=similar.times,
        of=similar.of,
        is_similar=place < similarity.MOST,
        has_figures=similar.code in context.content.areas,
    )


def _themes(profiles: tuple[Profile, ...]) -> tuple[str, ...]:
    known = {p.theme for p in profiles}
    return tuple(words for theme, words in _THEMES.items() if theme in known)
