"""The pages of places: each ward, all of them side by side, and the borough as the police record it now."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

from markupsafe import Markup

from portal.analysis import measures
from portal.analysis.measures import IndicatorSummary, Rate, standing
from portal.charts import area_charts, maps
from portal.core import periods
from portal.core.model import Area, Indicator, Observation
from portal.core.small_counts import guarded
from portal.core.text import address_part
from portal.pages.page import CRIME, FIGURES, WARDS, Maker, Page, cited_in
from portal.pages.plan_views import FigureView
from portal.pages.views import (
    BriefingPage,
    ComparePage,
    CrimePage,
    IndicatorLine,
    Rates,
    Unplaced,
    WardPage,
    WardsPage,
    WardView,
)

WINDOWS = (12, 6, 3)
STOPS = "stop-and-search"
PHONE = 340  # pixels
MOST = 60  # wards that are listed on the page of each; with more, only their own page has them all
TREND = 8  # quarters, or years, in the small drawing of a table's row


def ward_pages(maker: Maker) -> Iterator[Page]:
    """The wards of the borough, a page and a sheet to print for each, and all of them side by side."""
    views = ward_views(maker)
    if not views:
        return
    home = ("Your ward", WARDS)
    unplaced = tuple(_unplaced(maker))
    finder = f"{WARDS}postcodes.json" if maker.content.postcodes else ""
    cited = frozenset(o.source for i in recorded(maker) for o in maker.content.observations.get(i.id, ()))
    overview = WardsPage(views, _maps(maker, views), total(maker), finder, unplaced)
    yield Page(WARDS, home[0], overview, title=f"The wards of {maker.settings.site.place}", cited=cited)
    yield Page(f"{WARDS}compare/", "Compare wards", _compare(maker, views), (home,), cited=cited)
    for view in views:
        content = _ward(maker, view, views, unplaced)
        overlaps = (o for o in maker.content.overlaps if o.area == view.area.code)
        unfit = (n for n in maker.content.no_rates.values() if n.area == view.area.code)
        mine = cited_in(content.figures, overlaps, unfit)
        name = f"{view.area.name} ward"
        yield Page(view.path, name, content, (home,), cited=mine)
        briefing = BriefingPage(content, _newest(content.figures))
        trail = (home, (name, view.path))
        yield Page(content.printable, f"{name}: one-page summary", briefing, trail, cited=mine)


def ward_views(maker: Maker) -> tuple[WardView, ...]:
    """The wards of the borough that there are now and that have figures, in the order of their codes."""
    whole = total(maker)
    return tuple(
        WardView(
            a,
            f"{WARDS}{_slug(a)}/",
            standing(maker.released, whole, a.code) if whole else None,
            maker.content.populations.get(a.code),
        )
        for a in area_charts.wards(maker.released)
    )


def _slug(area: Area) -> str:
    return address_part(area.name)


def recorded(maker: Maker) -> list[Indicator]:
    """The indicators that have figures for many areas."""
    return area_charts.recorded(maker.released)


def total(maker: Maker) -> Indicator | None:
    """The indicator that others are part of: all recorded crime."""
    return area_charts.total(maker.released)


def line_of(maker: Maker, indicator: Indicator, area: str, months: int = 12) -> IndicatorLine | None:
    """Return how an indicator stands in an area over its newest months, with its quarters; None where it has no figure."""
    found = standing(maker.released, indicator, area, months)
    if found is None:
        return None
    known = {o.period_end: o for o in measures.series(maker.released, indicator.id, area, "") if o.months == 3}  # fmt: skip
    last = found.latest.period_end
    ends = [periods.month_end(last, -3 * n) for n in range(TREND)][::-1] if last else []
    there = [i for i, end in enumerate(ends) if end in known]
    trend = tuple(known.get(end) for end in ends[there[0] : there[-1] + 1]) if there else ()
    return IndicatorLine(found, maker.figures[indicator.id].path, trend)


def _ward(
    maker: Maker, view: WardView, views: tuple[WardView, ...], unplaced: tuple[Unplaced, ...]
) -> WardPage:
    code, whole = view.area.code, total(maker)
    lines = [n for i in recorded(maker) if i is not whole and (n := line_of(maker, i, code))]
    former = {o.former: o.share for o in maker.content.overlaps if o.area == code}
    figures = [o for i in maker.content.indicators for o in measures.series(maker.released, i, code)]
    return WardPage(
        view,
        maker.content.areas[view.area.parent],
        line_of(maker, whole, code) if whole else None,
        tuple(_charts(maker, view)),
        tuple(n for n in lines if not guarded(n.standing.indicator)),
        tuple(n for n in lines if guarded(n.standing.indicator)),
        _by_period(_rates(maker, (view.area, maker.content.areas[view.area.parent], *_forces(maker)))),
        unplaced,
        tuple((maker.content.areas[f], s) for f, s in sorted(former.items(), key=lambda p: -p[1])),
        tuple(figures),
        tuple(v for v in views if v is not view) if len(views) <= MOST else (),
        f"{view.path}briefing/",
        _unfit(maker, code),
    )


def _unfit(maker: Maker, area: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The kinds of crime that have no rate in an area, by the reason."""
    found: dict[str, list[str]] = {}
    for n in maker.content.no_rates.values():
        if n.area == area:
            found.setdefault(n.reason, []).append(maker.content.indicators[n.indicator].short_title)
    return tuple((reason, tuple(names)) for reason, names in found.items())


def _charts(maker: Maker, view: WardView) -> Iterator[FigureView]:
    """The charts of a ward, each with where its picture is and the page about its indicator."""
    for c in area_charts.charts_of(maker.released, view.area.code):
        path = maker.figures[c.indicator.id].path
        yield FigureView(c.indicator, path, c.chart, f"{view.path}{c.indicator.slug}")


def _forces(maker: Maker) -> tuple[Area, ...]:
    return tuple(a for a in maker.content.areas.values() if a.kind == "police-force")


def _rates(maker: Maker, areas: tuple[Area, ...]) -> Iterator[Rates]:
    """Rates of the newest 12 months that the first of the areas shares with the second."""
    for indicator in recorded(maker):
        end = _shared(maker, indicator, areas[0].code, areas[1].code)
        if end is None or indicator.unit != "count":
            continue
        found = tuple((standing(maker.released, indicator, a.code, 12, end), a) for a in areas)
        if all(s is not None and s.rate is not None for s, _ in found[:2]):
            yield Rates(indicator, maker.figures[indicator.id].path, found)


def _by_period(rows: Iterator[Rates]) -> tuple[tuple[Observation, tuple[Rates, ...]], ...]:
    """Rows of rates by their months, those of most indicators first, each with a figure of those months."""
    found: dict[date, list[Rates]] = {}
    for row in rows:
        of_ward = row.rates[0][0]
        if of_ward and of_ward.latest.period_end:
            found.setdefault(of_ward.latest.period_end, []).append(row)
    told = [tuple(rows) for _, rows in sorted(found.items(), key=lambda p: (-len(p[1]), p[0]))]
    return tuple((r[0].rates[0][0].latest, r) for r in told if r[0].rates[0][0])


def _shared(maker: Maker, indicator: Indicator, one: str, other: str) -> date | None:
    ends = {o.period_end for o in measures.series(maker.released, indicator.id, other, "") if o.period_end}
    both = (
        e for e in sorted(ends, reverse=True)
        if measures.window(maker.released, indicator.id, one, e, 12)
        and measures.window(maker.released, indicator.id, other, e, 12)
    )  # fmt: skip
    return next(both, None)


def _unplaced(maker: Maker) -> Iterator[Unplaced]:
    """The share of records without a ward, as published, or as the borough less its wards."""
    borough = maker.released.area
    rests = [a.code for a in maker.content.areas.values() if a.kind == "rest" and a.parent == borough]
    for indicator in (i for i in recorded(maker) if i.unit == "count"):
        for code in rests:
            last = measures.newest(maker.released, indicator.id, code)
            whole = measures.window(maker.released, indicator.id, borough, last, 12) if last else None
            count = measures.window(maker.released, indicator.id, code, last, 12) if last else None
            if whole and count:
                yield Unplaced(indicator.short_title, count, whole)
    yield from _left_over(maker)


def _left_over(maker: Maker) -> Iterator[Unplaced]:
    """All plain groups together: the borough's records less those of its wards, over months that both have."""
    whole = total(maker)
    groups = [i for i in recorded(maker) if whole and i.part_of == whole.id and not guarded(i)]
    if any(i.unit != "count" for i in groups):
        return
    known = [both for i in groups if (both := _both(maker, i))]
    if not known or len(known) < len(groups) or len({whole.period_end for whole, _ in known}) > 1:
        return
    borough = sum((w.value for w, _ in known if w.value is not None), Decimal(0))
    inside = sum((n for _, n in known), Decimal(0))
    sample = known[0][0]
    yield Unplaced(
        "All the other types of crime",
        replace(sample, value=borough - inside),
        replace(sample, value=borough),
    )


def _both(maker: Maker, indicator: Indicator) -> tuple[Observation, Decimal] | None:
    """The borough's newest 12 months that all wards have too, and the records in its wards."""
    wards = [v.area.code for v in ward_views(maker)]
    end = _shared(maker, indicator, wards[0], maker.released.area) if wards else None
    if end is None:
        return None
    whole = measures.window(maker.released, indicator.id, maker.released.area, end, 12)
    own = [measures.window(maker.released, indicator.id, w, end, 12) for w in wards]
    if whole is None or whole.value is None or any(o is None or o.value is None for o in own):
        return None
    return whole, sum((o.value for o in own if o and o.value is not None), Decimal(0))


def _compare(maker: Maker, views: tuple[WardView, ...]) -> ComparePage:
    """The newest 12 months that the borough and its wards share, or else those of the wards."""
    borough = maker.content.areas[maker.released.area]
    areas = (borough, *(v.area for v in views))
    rows = []
    for indicator in recorded(maker):
        ward = views[0].area.code
        end = _shared(maker, indicator, ward, borough.code) or measures.newest(
            maker.released, indicator.id, ward
        )
        if end and indicator.unit == "count":
            path = maker.figures[indicator.id].path
            found = tuple((standing(maker.released, indicator, a.code, 12, end), a) for a in areas)
            rows.append(Rates(indicator, path, found))
    return ComparePage(areas, tuple(rows), {v.area.code: v.path for v in views})


def _maps(maker: Maker, views: tuple[WardView, ...]) -> tuple[Markup, Markup]:
    """The wards as links, for wide screens and for phones: their outlines where there are any, else tiles."""
    links = {v.area.code: (v.area.name, v.path.removeprefix(WARDS)) for v in views}
    outlines = maps.outline_of(o for o in maker.content.outlines if o.area in links)
    cache = maker.settings.build_folder / "cache"
    return maps.kept(cache, outlines, links), maps.kept(cache, outlines, links, PHONE)


def _newest(figures: tuple[Observation, ...]) -> str:
    ends = [o.period_end for o in figures if o.period_end]
    return periods.month(max(ends)) if ends else ""


def crime_pages(maker: Maker) -> Iterator[Page]:
    """What the police record in the borough now, in one place."""
    now = recorded(maker)
    lines = {i.id: tuple(line_of(maker, i, maker.released.area, months) for months in WINDOWS) for i in now}
    known = {k: v for k, v in lines.items() if v[0]}
    if not known:
        return
    plain = tuple(known[i.id] for i in now if i.id in known and not guarded(i))
    careful = tuple(known[i.id] for i in now if i.id in known and guarded(i))
    borough = maker.content.areas[maker.released.area]
    rates = tuple(_rates_of(maker, (borough, *_others(maker))))
    stops = {r.indicator for rows in maker.content.imports.values() for r in rows if r.format == STOPS}
    more = tuple((maker.content.indicators[i].title, maker.figures[i].path) for i in sorted(stops))
    groups = (("Types of crime", plain), ("Weapons, hate crime and abuse", careful))
    yield Page(
        CRIME,
        "Crime now",
        CrimePage(tuple(g for g in groups if g[1]), rates, tuple(_stops(maker, stops)), more),
        (("The figures", FIGURES),),
        f"Crime in {borough.name} now",
        cited=cited_in(*(maker.content.observations.get(i.id, ()) for i in now)),
    )


def _stops(maker: Maker, indicators: set[str]) -> Iterator[tuple[Observation, Area, Rate | None]]:
    """The newest totals of stop and search for the borough and the police force, with their rates."""
    for indicator in sorted(indicators):
        if maker.content.indicators[indicator].breakdown:
            continue
        for area in (maker.content.areas[maker.released.area], *_forces(maker)):
            own = measures.series(maker.released, indicator, area.code)
            if own:
                yield own[-1], area, measures.rate(maker.released, own[-1])


def _others(maker: Maker) -> tuple[Area, ...]:
    """The other boroughs in the order of the alphabet, then the police force."""
    others = [
        a for a in maker.content.areas.values() if a.kind == "borough" and a.code != maker.released.area
    ]
    return (*sorted(others, key=lambda a: a.name), *_forces(maker))


def _rates_of(maker: Maker, areas: tuple[Area, ...]) -> Iterator[Rates]:
    """Rates of the borough's newest 12 months, and of other areas where they have the same months."""
    for indicator in recorded(maker):
        last = measures.newest(maker.released, indicator.id, areas[0].code)
        if last and indicator.unit == "count":
            found = tuple((standing(maker.released, indicator, a.code, 12, last), a) for a in areas)
            yield Rates(indicator, maker.figures[indicator.id].path, found)


def recorded_parts(
    maker: Maker, indicator: Indicator
) -> tuple[
    tuple[IndicatorSummary, ...],
    tuple[IndicatorSummary, ...],
    tuple[tuple[IndicatorSummary, Area], ...],
    tuple[tuple[IndicatorSummary, WardView], ...],
]:
    """What a page about one indicator shows: changes, the same six months of each year, other areas, and wards."""
    borough, released = maker.released.area, maker.released
    last = measures.newest(released, indicator.id, borough)
    changes = tuple(s for m in WINDOWS if (s := standing(released, indicator, borough, m)))
    ends = [periods.month_end(last, -12 * n) for n in range(40)] if last else []
    earlier = [s for e in ends[1:] if (s := measures.alone(released, indicator, borough, 6, e))]
    seasons = (
        *(s for e in ends[:1] if (s := standing(released, indicator, borough, 6, e))),
        *measures.together(earlier),
    )
    areas = (maker.content.areas[borough], *_others(maker))
    places = tuple((s, a) for a in areas if last and (s := standing(released, indicator, a.code, 12, last)))
    wards = tuple((s, v) for v in ward_views(maker) if (s := standing(released, indicator, v.area.code)))
    return changes, seasons, places, wards
