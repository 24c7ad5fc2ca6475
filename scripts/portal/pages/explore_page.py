"""Make the page on which readers choose a measure, areas, periods and a view; the browser draws it from the API."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from portal.charts import ward_maps
from portal.core.vocabulary import AreaKind
from portal.pages.figure_views import TopicFigures
from portal.pages.page import EXPLORE, FIGURES, Page, PageContext, cited_in
from portal.pages.plan_views import Link

# The file beside the page with the outlines of areas.
OUTLINES = "outlines.json"
# The template of the same view for other sites.
EMBED = "explore_embed.html.jinja"


@dataclass(frozen=True, kw_only=True)
class ExplorePage:
    """All indicators by topic, the code of the area to begin with, and outlines as rings of degrees by area code."""

    topics: tuple[TopicFigures, ...]
    area: str
    outlines: ward_maps.Outlines


def explore_page(context: PageContext) -> Iterator[Page]:
    """Yield the page, if there are figures to explore. It has a way out if some of them are about guarded topics."""
    topics = context.topics()
    if not topics:
        return
    areas = context.content.areas
    # Parts of wards would lie on their wards, so they are in the lists and tables only.
    drawn = (o for o in context.content.outlines if areas[o.area].kind != AreaKind.NEIGHBOURHOOD)
    content = ExplorePage(
        topics=topics,
        area=context.released.area,
        outlines=ward_maps.outlines_by_code(drawn),
    )
    guarded = any(context.is_guarded(v.indicator) for _, views in topics for v in views)
    yield Page(
        EXPLORE,
        "Explore the figures",
        content,
        (Link("The figures", FIGURES),),
        exit=guarded,
        cited=cited_in(*context.content.observations.values()),
    )


def outlines_json(page: ExplorePage) -> bytes:
    """Return the outlines of areas as JSON: by code, a list of rings, each a list of longitude and latitude."""
    return json.dumps(page.outlines, separators=(",", ":")).encode()
