"""Make the maps of neighbourhoods: for each indicator that has figures for parts of wards, one of rates and one of counts."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import cast

from portal.analysis import measures
from portal.charts import map_shading, ward_maps
from portal.charts.area_charts import current_wards, recorded_indicators
from portal.charts.map_shading import MISSING, UNFIT, WITHHELD, BaseMap, MapFigure, ShadedMap
from portal.core.model import Indicator, Observation
from portal.core.text import address_part, amount
from portal.core.vocabulary import AreaKind, Status
from portal.pages import map_pages
from portal.pages.figure_views import NeighbourhoodRow, NeighbourhoodsPage, WithinWard
from portal.pages.map_pages import PER_1000
from portal.pages.page import WARDS, Page, PageContext, cited_in
from portal.pages.plan_views import Link

_FROM = "../"  # from the page of a map to the folder of wards
RATES, COUNTS = "rates", "counts"


def path_of(indicator: Indicator, shows: str = RATES) -> str:
    """Return the address of a map of neighbourhoods."""
    return f"{WARDS}parts-{indicator.slug}{'-counts' if shows == COUNTS else ''}/"


def path_if_any(context: PageContext, indicator: Indicator) -> str:
    """Return the address of the map of neighbourhoods of an indicator; empty if it has none."""
    rows = neighbourhood_rows(context, indicator)
    return (
        path_of(indicator, RATES if any(r.rate for r in rows) else COUNTS) if _is_drawn(context, rows) else ""
    )


def neighbourhood_pages(context: PageContext, home: Link) -> Iterator[Page]:
    """Yield the maps of neighbourhoods, for counts and, where residents are known, for rates."""
    for indicator in recorded_indicators(context.released):
        rows = neighbourhood_rows(context, indicator)
        if not _is_drawn(context, rows):
            continue
        shown = [RATES] * any(r.rate for r in rows) + [COUNTS]
        names = {RATES: f"Rate {PER_1000}", COUNTS: "Number"}
        choices = tuple(Link(names[s], path_of(indicator, s)) for s in shown)
        for shows in shown:
            content = NeighbourhoodsPage(
                indicator=indicator,
                path=context.figures[indicator.id].path,
                unit=PER_1000 if shows == RATES else indicator.unit_label,
                drawing=_drawing(context, indicator, rows, shows),
                choices=choices,
                here=path_of(indicator, shows),
                rows=rows,
                newer=_newer(context, indicator, rows),
            )
            cited = cited_in(
                (r.figure for r in rows),
                (r.area for r in rows),
                (p for r in rows if (p := context.content.populations.get(r.area.code))),
                context.content.surroundings,
            )
            label = f"{indicator.short_title} within wards"
            title = f"{label}, {names[shows].lower()}: map of neighbourhoods"
            above = (home, Link(indicator.title, context.figures[indicator.id].path))
            yield Page(path_of(indicator, shows), label, content, above, title, cited=cited)


def within(context: PageContext, ward: str) -> Iterator[WithinWard]:
    """Yield each indicator that has a figure for more than one part of a ward."""
    for indicator in recorded_indicators(context.released):
        rows = tuple(r for r in neighbourhood_rows(context, indicator) if r.area.parent == ward)
        if len(rows) > 1 and (path := path_if_any(context, indicator)):
            yield WithinWard(indicator=indicator, path=path, rows=rows)


def neighbourhood_rows(context: PageContext, indicator: Indicator) -> tuple[NeighbourhoodRow, ...]:
    """Return the neighbourhoods of today's wards with their newest 12 months, by ward from A to Z."""
    key, known = ("neighbourhoods", indicator.id), context.released.remembered
    if key not in known:
        known[key] = _rows(context, indicator)
    return cast(tuple[NeighbourhoodRow, ...], known[key])


def _rows(context: PageContext, indicator: Indicator) -> tuple[NeighbourhoodRow, ...]:
    released = context.released
    wards = {w.code: w for w in current_wards(released)}
    inside = [
        a for a in context.content.areas.values() if a.kind == AreaKind.NEIGHBOURHOOD and a.parent in wards
    ]
    series = {a.code: measures.series(released, indicator.id, a.code) for a in inside}
    newest = max((own[-1].period_end for own in series.values() if own and own[-1].period_end), default=None)
    if newest is None:
        return ()
    rows: list[NeighbourhoodRow] = []
    for area in sorted(inside, key=lambda a: (wards[a.parent].name, a.name)):
        latest = next((o for o in series[area.code] if o.period_end == newest), None)
        if latest is None:
            continue
        before = [o for o in series[area.code] if o.period_end and o.period_end < newest]
        unfit = (area.parent, indicator.id) in context.content.no_rates
        rows.append(
            NeighbourhoodRow(
                number=len(rows) + 1,
                area=area,
                ward=Link(wards[area.parent].name, f"{WARDS}{address_part(wards[area.parent].name)}/"),
                people=context.content.populations.get(area.code),
                figure=latest,
                earlier=before[-1] if before else None,
                rate=None if unfit else measures.rate(released, latest),
                unfit=unfit,
            )
        )
    return tuple(rows)


def _newer(
    context: PageContext, indicator: Indicator, rows: tuple[NeighbourhoodRow, ...]
) -> Observation | None:
    """Return the newest figure of a ward, if it has months after the 12 months of its neighbourhoods."""
    own = [o for r in rows for o in measures.series(context.released, indicator.id, r.area.parent)]
    latest = max((o for o in own if o.period_end), key=lambda o: o.period_end or date.min, default=None)
    shown = rows[0].figure.period_end
    return latest if latest and latest.period_end and shown and latest.period_end > shown else None


def _is_drawn(context: PageContext, rows: tuple[NeighbourhoodRow, ...]) -> bool:
    """Return True if there is a map to draw: two neighbourhoods have a number, and all of them an outline."""
    drawn = {o.area for o in context.content.outlines}
    return sum(r.figure.value is not None for r in rows) > 1 and all(r.area.code in drawn for r in rows)


def _drawing(
    context: PageContext, indicator: Indicator, rows: tuple[NeighbourhoodRow, ...], shows: str
) -> ShadedMap:
    code = _codes(rows)
    figures: Mapping[str, MapFigure] = {code[r.area.code]: _figure(r, indicator, shows) for r in rows}
    wide, narrow = _bases(context, rows)
    label = f"{indicator.title} in each neighbourhood, {PER_1000 if shows == RATES else 'number'}"
    return map_shading.draw_shaded_map(wide, narrow, figures, label, "A rate is not meaningful here")


def _codes(rows: tuple[NeighbourhoodRow, ...]) -> Mapping[str, str]:
    """Return codes in the order of the table: the areas of a map are numbered in the order of their codes."""
    return {r.area.code: f"{r.number:04}" for r in rows}


def _bases(context: PageContext, rows: tuple[NeighbourhoodRow, ...]) -> tuple[BaseMap, BaseMap]:
    """Return the base maps of neighbourhoods for wide screens and phones, the same for every measure of them."""
    code, known = _codes(rows), context.released.remembered
    key = "neighbourhood_bases", tuple(code)
    if key not in known:
        outlines = {
            code[area]: rings
            for area, rings in ward_maps.outlines_by_code(
                o for o in context.content.outlines if o.area in code
            ).items()
        }
        links = {code[r.area.code]: (r.area.name, f"{_FROM}{r.ward.path.removeprefix(WARDS)}") for r in rows}
        around = map_pages.land_around(context.released)
        known[key] = tuple(
            map_shading.build_base_map(outlines, links, "", width, around)
            for width in (map_shading.WIDE, map_shading.PHONE)
        )
    return cast(tuple[BaseMap, BaseMap], known[key])  # every area has an outline


def _figure(row: NeighbourhoodRow, indicator: Indicator, shows: str) -> MapFigure:
    name, count = row.area.name, row.figure.value
    if count is None:
        reason = WITHHELD if row.figure.status == Status.WITHHELD else MISSING
        words = "withheld because of small numbers" if reason == WITHHELD else "no figure"
        return MapFigure(value=None, reason=reason, printed="–", words=f"{name}: {words}", direction="")
    printed = amount(count, indicator.unit)
    known = f"{row.rate.value} {PER_1000}" if row.rate else "no rate"
    words = f"{name}: {known} ({printed})" if shows == RATES else f"{name}: {printed} ({known})"
    value = count if shows == COUNTS else row.rate.value if row.rate else None
    reason = "" if value is not None else UNFIT if row.unfit else MISSING
    return MapFigure(
        value=value,
        reason=reason,
        printed=printed if shows == COUNTS else str(value),
        words=words,
        direction="",
    )
