"""Make the maps of wards: one for each indicator that is recorded everywhere, a page to choose one, and locators."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple, cast

from markupsafe import Markup

from portal.analysis import changes_in_words
from portal.analysis.measures import IndicatorSummary, in_same_months
from portal.charts import map_shading, ward_maps
from portal.charts.area_charts import current_wards, recorded_indicators, total_indicator
from portal.charts.map_shading import MISSING, UNFIT, WITHHELD, BaseMap, MapFigure
from portal.charts.ward_maps import Outlines
from portal.core.model import Indicator
from portal.core.text import address_part
from portal.core.vocabulary import Status
from portal.disclosure.clearing import ClearedContent
from portal.pages.page import WARDS, Page, PageContext, cited_in
from portal.pages.plan_views import Link
from portal.pages.views import MapPage, WardMap, WardView

MAP = f"{WARDS}map/"
PER_1000 = "per 1,000 people"
# A page with a map is two folders deep, so that these links also work where a script moves a map to another page.
UP = "../../"


def map_page(context: PageContext, home: Link) -> Iterator[Page]:
    """Yield the page that shows a measure on the map and links the maps of all others; nothing without a map."""
    indicators = [i for i in recorded_indicators(context.released) if ward_map(context, i)]
    whole = total_indicator(context.released)
    first = whole if whole in indicators else next(iter(indicators), None)
    shown = ward_map(context, first) if first else None
    if first is None or shown is None:
        return
    choices = tuple(Link(i.short_title, context.figures[i.id].path) for i in indicators)
    content = MapPage(map=shown, choices=choices, path=context.figures[first.id].path)
    everything = context.content
    cited = cited_in(
        (s.latest for s in shown.summaries),
        (o for o in everything.outlines if o.area in {w.code for w in current_wards(context.released)}),
        everything.surroundings,
        everything.populations.values(),
    )
    yield Page(
        MAP,
        "Map of wards",
        content,
        (home,),
        f"Map of wards in {context.settings.site.place}",
        cited=cited,
    )


def ward_map(context: PageContext, indicator: Indicator) -> WardMap | None:
    """Return the newest 12 months of an indicator on the map of wards.

    None if fewer than two wards have a figure, or a ward has no outline. Counts are shown as rates, if there are any.
    """
    key, known = ("ward_map", indicator.id), context.released.remembered
    if key not in known:
        known[key] = _ward_map(context.released, indicator)
    return cast(WardMap | None, known[key])


def draw_locator(context: PageContext, ward: WardView, to_wards: str = "../") -> Markup:
    """Return the small map that marks a ward, with links to its neighbours; `to_wards` leads to the folder of wards."""
    outlines, links = _outlines(context.released), _links(context.released, to_wards)
    around = land_around(context.released)
    return map_shading.draw_locator(outlines, links, ward.area.code, around=around)


def draw_marked_map(
    context: PageContext, indicator: Indicator, ward: WardView, to_wards: str = "../"
) -> Markup:
    """Return the small map of the newest 12 months of an indicator that marks a ward.

    It has the classes and the legend of the map that `ward_map` returns; it is empty if a ward has no outline. `to_wards` leads to the folder of wards.
    """
    bases = _bases(context.released)
    if bases is None:
        return Markup()
    base = replace(bases[1], links=_links(context.released, to_wards))
    figures = _measure(context.released, indicator).figures
    label = f"{indicator.title} in each ward, with {ward.area.name} marked"
    return map_shading.draw_marked_map(base, figures, ward.area.code, label)


def neighbours(context: PageContext, ward: WardView) -> frozenset[str]:
    """Return the codes of the wards that share a border with a ward."""
    return frozenset(map_shading.neighbours(_outlines(context.released), ward.area.code))


class _Measure(NamedTuple):
    """An indicator in the wards over their newest 12 months: its figures by ward code, and their unit."""

    summaries: Mapping[str, IndicatorSummary]
    figures: Mapping[str, MapFigure]
    unit: str


def _measure(released: ClearedContent, indicator: Indicator) -> _Measure:
    wards = current_wards(released)
    summaries = in_same_months(released, indicator, (w.code for w in wards))
    is_rate = indicator.unit == "count" and any(s.rate for s in summaries.values())
    figures = {w.code: _figure(released, w.name, summaries.get(w.code), is_rate) for w in wards}
    return _Measure(summaries, figures, PER_1000 if is_rate else indicator.unit_label)


def _ward_map(released: ClearedContent, indicator: Indicator) -> WardMap | None:
    bases, measure = _bases(released), _measure(released, indicator)
    if bases is None or sum(f.value is not None for f in measure.figures.values()) < 2:
        return None
    label = f"{indicator.title} in each ward"
    drawing = map_shading.draw_shaded_map(*bases, measure.figures, label, "A rate is not meaningful here")
    return WardMap(
        indicator=indicator, drawing=drawing, unit=measure.unit, summaries=tuple(measure.summaries.values())
    )


def _figure(released: ClearedContent, name: str, s: IndicatorSummary | None, is_rate: bool) -> MapFigure:
    if s is None:
        return MapFigure(value=None, reason=MISSING, printed="–", words=f"{name}: no figure", direction="")
    printed, change = changes_in_words.cell(s.latest, s.indicator.unit), changes_in_words.change_in_words(s)
    direction = s.change.direction if s.change else ""
    if s.latest.value is None:
        reason = WITHHELD if s.latest.status == Status.WITHHELD else MISSING
        words = "withheld because of small numbers" if reason == WITHHELD else "no figure"
        return MapFigure(value=None, reason=reason, printed=printed, words=f"{name}: {words}", direction="")
    value: Decimal | None = s.latest.value
    words = f"{printed}, {change}"
    if is_rate:
        value = s.rate.value if s.rate else None
        rate = f"{value} {PER_1000}" if s.rate else "a rate is not meaningful here"
        words = f"{rate} ({words})"
        printed = str(value) if s.rate else changes_in_words.per_1000(released, s)
    unfit = (s.latest.area, s.indicator.id) in released.content.no_rates
    reason = "" if value is not None else UNFIT if unfit else MISSING
    return MapFigure(
        value=value, reason=reason, printed=printed, words=f"{name}: {words}", direction=direction
    )


def _outlines(released: ClearedContent) -> Outlines:
    codes = {w.code for w in current_wards(released)}
    return ward_maps.outlines_by_code(o for o in released.content.outlines if o.area in codes)


def land_around(released: ClearedContent) -> Outlines:
    """Return the districts around by their names, in degrees; empty if the portal does not have them."""
    return ward_maps.land_by_name(released.content.surroundings)


def _links(released: ClearedContent, up: str) -> Mapping[str, tuple[str, str]]:
    return {w.code: (w.name, f"{up}{address_part(w.name)}/") for w in current_wards(released)}


def _bases(released: ClearedContent) -> tuple[BaseMap, BaseMap] | None:
    """Return the base maps for wide screens and phones; None if a ward has no outline."""
    known = released.remembered
    if "base_maps" not in known:
        outlines, links = _outlines(released), _links(released, f"{UP}{WARDS}")
        measures = (_measure(released, i) for i in recorded_indicators(released))
        printed = (f.printed for m in measures for f in m.figures.values() if f.value is not None)
        longest, around = max(printed, key=len, default=""), land_around(released)
        known["base_maps"] = tuple(
            map_shading.build_base_map(outlines, links, longest, width, around)
            for width in (map_shading.WIDE, map_shading.PHONE)
        )
    wide, narrow = cast(tuple[BaseMap | None, BaseMap | None], known["base_maps"])
    return (wide, narrow) if wide and narrow else None
