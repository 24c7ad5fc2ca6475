"""Make the pages about places: each ward, all wards compared, and recorded crime in the borough now."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import cast

from markupsafe import Markup

from portal.analysis import measures
from portal.analysis.funnels import Funnel, funnel_of
from portal.analysis.measures import standing
from portal.analysis.same_months import same_six_months
from portal.charts import ward_maps
from portal.charts.area_charts import (
    current_wards,
    is_crime,
    places_of,
    recorded_indicators,
    total_indicator,
)
from portal.core import periods
from portal.core.model import Area, Indicator, Observation
from portal.core.periods import MONTHS_OF_YEAR
from portal.core.small_counts import is_guarded
from portal.core.text import address_part
from portal.disclosure.clearing import ClearedContent
from portal.pages import map_pages, neighbourhood_pages
from portal.pages.figure_views import IndicatorLine
from portal.pages.page import CRIME, FIGURES, WARDS, Page, PageContext, cited_in
from portal.pages.plan_views import FigureView, Link
from portal.pages.views import (
    AreaRate,
    BriefingPage,
    ComparePage,
    CrimeGroup,
    CrimePage,
    FormerArea,
    PeriodRates,
    PlaceSummary,
    RateRange,
    Rates,
    RecordedParts,
    RecordsWithoutWard,
    StopTotal,
    WardPage,
    WardsPage,
    WardSummary,
    WardView,
    WithoutRate,
)

WINDOWS = (12, 6, 3)
STOPS = "stop-and-search"
WIDE, PHONE = 640, 340  # pixels
MOST = 60  # with more wards than this, the page of a ward does not list the others
TREND = 8  # quarters in the sparkline of a table row


def ward_pages(context: PageContext) -> Iterator[Page]:
    """Yield the overview of wards, their comparison, and a page and a one-page summary to print for each."""
    views = ward_views(context.released)
    if not views:
        return
    home = Link("Your ward", WARDS)
    unplaced = tuple(_unplaced(context))
    finder = f"{WARDS}postcodes.json" if context.content.postcodes else ""
    figures = (
        o for i in recorded_indicators(context.released) for o in context.content.observations.get(i.id, ())
    )
    cited = cited_in(figures, context.content.surroundings)
    shown = tuple(map_pages.map_page(context, home))
    overview = WardsPage(
        wards=views,
        maps=_maps(context, views),
        total=total_indicator(context.released),
        postcodes=finder,
        unplaced=unplaced,
        map=map_pages.MAP if shown else "",
    )
    yield Page(WARDS, home.label, overview, title=f"The wards of {context.settings.site.place}", cited=cited)
    yield Page(f"{WARDS}compare/", "Compare wards", _compare(context, views), (home,), cited=cited)
    yield from shown
    yield from neighbourhood_pages.neighbourhood_pages(context, home)
    for view in views:
        content = _ward(context, view, views, unplaced)
        overlaps = (o for o in context.content.overlaps if o.area == view.area.code)
        unfit = (n for n in context.content.no_rates.values() if n.area == view.area.code)
        cited_here = cited_in(content.figures, overlaps, unfit, context.content.surroundings)
        name = f"{view.area.name} ward"
        yield Page(view.path, name, content, (home,), cited=cited_here)
        briefing = BriefingPage(ward=content, date=_newest(content.figures))
        trail = (home, Link(name, view.path))
        yield Page(content.printable, f"{name}: one-page summary", briefing, trail, cited=cited_here)


@measures.memoised
def ward_views(released: ClearedContent) -> tuple[WardView, ...]:
    """Return today's wards of the borough that have figures, ordered by code."""
    whole = total_indicator(released)
    return tuple(
        WardView(
            area=a,
            path=f"{WARDS}{address_part(a.name)}/",
            total=standing(released, whole, a.code) if whole else None,
            population=released.content.populations.get(a.code),
        )
        for a in current_wards(released)
    )


def line_of(context: PageContext, indicator: Indicator, area: str, months: int = 12) -> IndicatorLine | None:
    """Return the summary of an indicator in an area over its newest months, with its quarters; None if it has no figure."""
    summary = standing(context.released, indicator, area, months)
    if summary is None:
        return None
    known = {o.period_end: o for o in measures.series(context.released, indicator.id, area, "") if o.months == 3}  # fmt: skip
    last = summary.latest.period_end
    ends = [periods.month_end(last, -3 * n) for n in range(TREND)][::-1] if last else []
    present = [i for i, end in enumerate(ends) if end in known]
    trend = tuple(known.get(end) for end in ends[present[0] : present[-1] + 1]) if present else ()
    return IndicatorLine(summary=summary, path=context.figures[indicator.id].path, trend=trend)


def _ward(
    context: PageContext,
    view: WardView,
    views: tuple[WardView, ...],
    unplaced: tuple[RecordsWithoutWard, ...],
) -> WardPage:
    code, whole = view.area.code, total_indicator(context.released)
    next_to = map_pages.neighbours(context, view)
    lines = [
        n
        for i in recorded_indicators(context.released)
        if i is not whole and (n := line_of(context, i, code))
    ]
    open_ = [n for n in lines if not is_guarded(n.summary.indicator)]
    former = {o.former: o.share for o in context.content.overlaps if o.area == code}
    figures = [o for i in context.content.indicators for o in measures.series(context.released, i, code)]
    return WardPage(
        view=view,
        total=line_of(context, whole, code) if whole else None,
        charts=tuple(_charts(context, view)),
        lines=tuple(n for n in open_ if is_crime(context.released, n.summary.indicator, whole)),
        others=tuple(n for n in open_ if not is_crime(context.released, n.summary.indicator, whole)),
        careful=tuple(n for n in lines if is_guarded(n.summary.indicator)),
        compared=_by_period(
            _rates(context, (view.area, context.content.areas[view.area.parent], *_forces(context)))
        ),
        unplaced=unplaced,
        former=tuple(
            FormerArea(context.content.areas[f], s) for f, s in sorted(former.items(), key=lambda p: -p[1])
        ),
        figures=tuple(figures),
        neighbours=tuple(v for v in views if v is not view) if len(views) <= MOST else (),
        printable=f"{view.path}briefing/",
        unfit=_unfit(context, code),
        among=context.charts.among_wards.get(code),
        locator=map_pages.draw_locator(context, view),
        beside=tuple(v for v in views if v.area.code in next_to),
        unusual=tuple(p for f in funnels_of_wards(context) for p in f.unusual if p.area.code == code),
        within=tuple(neighbourhood_pages.within(context, code)),
    )


def funnels_of_wards(context: PageContext) -> tuple[Funnel, ...]:
    """Return the funnel of each indicator that has one: of those that small counts do not guard."""
    known = context.released.remembered
    if "funnels" not in known:
        wards = [v.area for v in ward_views(context.released)]
        plain = (i for i in recorded_indicators(context.released) if not is_guarded(i))
        known["funnels"] = tuple(f for i in plain if (f := funnel_of(context.released, i, wards)))
    return cast(tuple[Funnel, ...], known["funnels"])


def ranges_of_wards(context: PageContext, beside: PeriodRates) -> Mapping[str, RateRange]:
    """Return the lowest and the highest rate of all wards by indicator, over the months of a ward's rates.

    Wards without a meaningful rate and those whose figure is withheld are left out; an indicator that fewer than two
    wards have a rate for is missing.
    """
    wards = tuple(v.area for v in ward_views(context.released))
    known = context.released.remembered
    found: dict[str, RateRange] = {}
    for row in beside.rows:
        of_ward = row.rates[0].summary
        end = of_ward.latest.period_end if of_ward else None
        if end is None:
            continue
        key = ("rates_of_wards", row.indicator.id, end)
        if key not in known:
            summaries = (s for s, _ in _rates_in(context, row.indicator, wards, end).rates)
            known[key] = sorted(s.rate.value for s in summaries if s and s.rate)
        rates = cast(list[Decimal], known[key])
        if len(rates) > 1:
            found[row.indicator.id] = RateRange(rates[0], rates[-1], len(rates))
    return found


def _unfit(context: PageContext, area: str) -> tuple[WithoutRate, ...]:
    """Return the types of crime that have no rate in an area, by reason."""
    by_reason: dict[str, list[str]] = {}
    for n in context.content.no_rates.values():
        if n.area == area:
            by_reason.setdefault(n.reason, []).append(context.content.indicators[n.indicator].short_title)
    return tuple(WithoutRate(reason, tuple(names)) for reason, names in by_reason.items())


def _charts(context: PageContext, view: WardView) -> Iterator[FigureView]:
    """Yield the charts of a ward, each with the path of its picture and of the page about its indicator."""
    for c in context.charts.of_areas[view.area.code]:
        path = context.figures[c.indicator.id].path
        yield FigureView(
            indicator=c.indicator, path=path, chart=c.chart, shown=f"{view.path}{c.indicator.slug}"
        )


def _forces(context: PageContext) -> tuple[Area, ...]:
    return tuple(a for a in context.content.areas.values() if a.kind == "police-force")


def _rates(context: PageContext, areas: tuple[Area, ...]) -> Iterator[Rates]:
    """Yield the rates in all areas over the newest 12 months that the first two of them share."""
    for indicator in recorded_indicators(context.released):
        end = _shared(context, indicator, areas[0].code, areas[1].code)
        if end is None or indicator.unit != "count":
            continue
        rates = _rates_in(context, indicator, areas, end)
        if all(s is not None and s.rate is not None for s, _ in rates.rates[:2]):
            yield rates


def _by_period(rows: Iterator[Rates]) -> tuple[PeriodRates, ...]:
    """Return rows of rates by their months, the months with most rows first."""
    by_end: dict[date, list[Rates]] = {}
    for row in rows:
        of_ward = row.rates[0].summary
        if of_ward and of_ward.latest.period_end:
            by_end.setdefault(of_ward.latest.period_end, []).append(row)
    groups = [tuple(rows) for _, rows in sorted(by_end.items(), key=lambda p: (-len(p[1]), p[0]))]
    return tuple(PeriodRates(s.latest, rows) for rows in groups if (s := rows[0].rates[0].summary))


def _shared(context: PageContext, indicator: Indicator, one: str, other: str) -> date | None:
    ends = {o.period_end for o in measures.series(context.released, indicator.id, other, "") if o.period_end}
    both = (
        e for e in sorted(ends, reverse=True)
        if measures.window(context.released, indicator.id, one, e, 12)
        and measures.window(context.released, indicator.id, other, e, 12)
    )  # fmt: skip
    return next(both, None)


def _unplaced(context: PageContext) -> Iterator[RecordsWithoutWard]:
    """Yield the records without a ward, as published, or as the borough minus its wards."""
    borough = context.released.area
    rests = [a.code for a in context.content.areas.values() if a.kind == "rest" and a.parent == borough]
    for indicator in (i for i in recorded_indicators(context.released) if i.unit == "count"):
        for code in rests:
            last = measures.newest(context.released, indicator.id, code)
            whole = measures.window(context.released, indicator.id, borough, last, 12) if last else None
            count = measures.window(context.released, indicator.id, code, last, 12) if last else None
            if whole and count:
                yield RecordsWithoutWard(title=indicator.short_title, count=count, borough=whole)
    yield from _left_over(context)


def _left_over(context: PageContext) -> Iterator[RecordsWithoutWard]:
    """Yield all unguarded types together: the records of the borough minus those of its wards, over shared months."""
    whole = total_indicator(context.released)
    groups = [
        i
        for i in recorded_indicators(context.released)
        if whole and i.part_of == whole.id and not is_guarded(i)
    ]
    if any(i.unit != "count" for i in groups):
        return
    known = [both for i in groups if (both := _both(context, i))]
    if not known or len(known) < len(groups) or len({whole.period_end for whole, _ in known}) > 1:
        return
    borough = sum((w.value for w, _ in known if w.value is not None), Decimal(0))
    inside = sum((n for _, n in known), Decimal(0))
    sample = known[0][0]
    yield RecordsWithoutWard(
        title="All the other types of crime",
        count=replace(sample, value=borough - inside),
        borough=replace(sample, value=borough),
    )


def _both(context: PageContext, indicator: Indicator) -> tuple[Observation, Decimal] | None:
    """Return the figure of the borough over the newest 12 months that all wards have, and the sum of its wards.

    Return None if they share no 12 months or a figure has no value.
    """
    wards = [v.area.code for v in ward_views(context.released)]
    end = _shared(context, indicator, wards[0], context.released.area) if wards else None
    if end is None:
        return None
    whole = measures.window(context.released, indicator.id, context.released.area, end, 12)
    by_ward = [measures.window(context.released, indicator.id, w, end, 12) for w in wards]
    if whole is None or whole.value is None or any(o is None or o.value is None for o in by_ward):
        return None
    return whole, sum((o.value for o in by_ward if o and o.value is not None), Decimal(0))


def _compare(context: PageContext, views: tuple[WardView, ...]) -> ComparePage:
    """Return the rates of the newest 12 months that the borough and its wards share, or else of the wards."""
    borough = context.content.areas[context.released.area]
    areas = (borough, *(v.area for v in views))
    rows = []
    for indicator in recorded_indicators(context.released):
        ward = views[0].area.code
        end = _shared(context, indicator, ward, borough.code) or measures.newest(
            context.released, indicator.id, ward
        )
        if end and indicator.unit == "count":
            row = _rates_in(context, indicator, areas, end)
            if any(summary for summary, _ in row.rates):  # none has one without 12 months in a row
                rows.append(row)
    return ComparePage(areas=areas, rows=tuple(rows), links={v.area.code: v.path for v in views})


def _maps(context: PageContext, views: tuple[WardView, ...]) -> tuple[Markup, Markup]:
    """Return the map of wards for wide screens and for phones, with outlines if there are any, else tiles."""
    links = {v.area.code: (v.area.name, v.path.removeprefix(WARDS)) for v in views}
    outlines = ward_maps.outlines_by_code(o for o in context.content.outlines if o.area in links)
    cache = context.settings.build_folder / "cache"
    around = map_pages.land_around(context.released)
    wide, narrow = (
        ward_maps.cached_ward_map(cache, outlines, links, width, around) for width in (WIDE, PHONE)
    )
    return wide, narrow


def _newest(figures: tuple[Observation, ...]) -> str:
    ends = [o.period_end for o in figures if o.period_end]
    return periods.month(max(ends)) if ends else ""


def crime_pages(context: PageContext) -> Iterator[Page]:
    """Yield the page about what the police record in the borough now."""
    now = recorded_indicators(context.released)
    lines = {
        i.id: tuple(line_of(context, i, context.released.area, months) for months in WINDOWS) for i in now
    }
    known = {k: v for k, v in lines.items() if v[0]}
    if not known:
        return
    borough = context.content.areas[context.released.area]
    rates = tuple(_rates_of(context, places_of(context.released)))
    stops = stop_indicators(context)
    more = tuple(Link(context.content.indicators[i].title, context.figures[i].path) for i in sorted(stops))
    yield Page(
        CRIME,
        "Crime now",
        CrimePage(
            groups=tuple(_crime_groups(context.released, known)),
            rates=rates,
            stops=tuple(_stops(context, stops)),
            stop_breaks=tuple(
                {
                    (b.date, b.title): b
                    for i in sorted(stops)
                    for b in measures.breaks_of(context.released, i)
                }.values()
            ),
            more=more,
        ),
        (Link("The figures", FIGURES),),
        f"Crime in {borough.name} now",
        cited=cited_in(*(context.content.observations.get(i.id, ()) for i in now)),
    )


def stop_indicators(context: PageContext) -> set[str]:
    """Return the indicators that come from records of stop and search."""
    return {r.indicator for rows in context.content.imports.values() for r in rows if r.format == STOPS}


def stop_totals(context: PageContext) -> tuple[StopTotal, ...]:
    """Return the newest totals of stop and search for the borough and the police force, with their rates."""
    return tuple(_stops(context, stop_indicators(context)))


def rates_beside(context: PageContext) -> tuple[PeriodRates, ...]:
    """Return the rates of the borough beside similar ones, by their months, the months with most rows first."""
    return _by_period(_rates_of(context, places_of(context.released)))


def _crime_groups(
    released: ClearedContent, known: Mapping[str, tuple[IndicatorLine | None, ...]]
) -> Iterator[CrimeGroup]:
    """Yield everything that is recorded, in three groups: types of crime, crimes across types, and what is no crime."""
    whole = total_indicator(released)
    groups: dict[str, list[tuple[IndicatorLine | None, ...]]] = {
        "Types of crime": [],
        "Weapons, hate crime and abuse": [],
        "Incidents that may not be crimes": [],
    }
    types, across, incidents = groups.values()
    for i in recorded_indicators(released):
        if i.id not in known:
            continue
        if whole and i.unit_label != whole.unit_label:
            incidents.append(known[i.id])
        elif i is whole or (is_crime(released, i, whole) and not is_guarded(i)):
            types.append(known[i.id])
        else:
            across.append(known[i.id])
    yield from (CrimeGroup(name, tuple(rows)) for name, rows in groups.items() if rows)


def _stops(context: PageContext, indicators: set[str]) -> Iterator[StopTotal]:
    """Yield the newest totals of stop and search for the borough and the police force, with their rates."""
    for indicator in sorted(indicators):
        if context.content.indicators[indicator].breakdown:
            continue
        for area in (context.content.areas[context.released.area], *_forces(context)):
            if shown := _newest_total(context.released, indicator, area.code):
                yield StopTotal(shown, area, measures.rate(context.released, shown))


def _newest_total(released: ClearedContent, indicator: str, area: str) -> Observation | None:
    """Return the newest 12 months of an area; the newest figure if they are not all there or have a break inside."""
    figures = measures.series(released, indicator, area)
    if not figures or figures[-1].period_end is None:
        return None
    year = measures.window(released, indicator, area, figures[-1].period_end, MONTHS_OF_YEAR)
    if year is None or year.value is None:
        return figures[-1]
    return figures[-1] if measures.broken(year, year, measures.breaks_of(released, indicator)) else year


def _rates_of(context: PageContext, areas: tuple[Area, ...]) -> Iterator[Rates]:
    """Yield the rates of the newest 12 months in the borough, and in other areas that have the same months."""
    for indicator in recorded_indicators(context.released):
        last = measures.newest(context.released, indicator.id, areas[0].code)
        if last and indicator.unit == "count":
            yield _rates_in(context, indicator, areas, last)


def _rates_in(context: PageContext, indicator: Indicator, areas: tuple[Area, ...], end: date) -> Rates:
    """Return the rates of an indicator in these areas over the 12 months up to a day."""
    rates = tuple(AreaRate(standing(context.released, indicator, a.code, 12, end), a) for a in areas)
    return Rates(indicator=indicator, path=context.figures[indicator.id].path, rates=rates)


def recorded_parts(context: PageContext, indicator: Indicator) -> RecordedParts:
    """Return the sections that only indicators recorded everywhere have."""
    borough, released = context.released.area, context.released
    last = measures.newest(released, indicator.id, borough)
    changes = tuple(s for m in WINDOWS if (s := standing(released, indicator, borough, m)))
    ends = [periods.month_end(last, -12 * n) for n in range(40)] if last else []
    earlier = [s for e in ends[1:] if (s := measures.alone(released, indicator, borough, 6, e))]
    seasons = (
        *(s for e in ends[:1] if (s := standing(released, indicator, borough, 6, e))),
        *measures.together(earlier),
    )
    areas = places_of(released)
    places = tuple(
        PlaceSummary(s, a) for a in areas if last and (s := standing(released, indicator, a.code, 12, last))
    )
    wards = tuple(
        WardSummary(s, v) for v in ward_views(released) if (s := standing(released, indicator, v.area.code))
    )
    return RecordedParts(
        changes=changes,
        seasons=seasons,
        places=places,
        wards=wards,
        rates=context.charts.rates.get(indicator.id),
        by_ward=context.charts.by_ward.get(indicator.id),
        heat=context.charts.heat.get(indicator.id),
        map=map_pages.ward_map(context, indicator),
        funnel=context.charts.funnels.get(indicator.id),
        borough_funnel=context.charts.borough_funnels.get(indicator.id),
        ward_seasons=same_six_months(released, indicator, (v.area.code for v in ward_views(released))),
        within_wards=neighbourhood_pages.path_if_any(context, indicator),
    )


def postcodes_json(released: ClearedContent, page: WardsPage) -> bytes:
    """Return JSON with the wards, and for each postcode the position of its ward in that list.

    Postcodes are grouped by all but their last two letters.
    """
    places = {w.area.code: i for i, w in enumerate(page.wards)}
    by_district: dict[str, dict[str, int]] = {}
    for p in released.content.postcodes:
        if p.area in places:
            by_district.setdefault(p.postcode[:-2], {})[p.postcode[-2:]] = places[p.area]
    wards = [[w.area.name, w.path.removeprefix(WARDS)] for w in page.wards]
    content = {"wards": wards, "postcodes": by_district}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
