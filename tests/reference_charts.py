"""Charts of every kind with made-up data, easy and hard: what the reference pictures show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from portal.charts import area_charts
from portal.charts.charts import Chart, build_chart
from portal.core.model import Break, Target
from portal.core.periods import first_day, month_end
from portal.core.vocabulary import Unit
from portal.disclosure.clearing import ClearedContent
from test_every_value import AREAS, Cells, as_model, figure, indicator, years

LONG = "Incidents in which a victim, or anybody else, believed that it was motivated by hostility to a faith"
ARABIC, HEBREW = "بلاغات عن جرائم الكراهية ضد المسلمين", "אנטישמיות"


@dataclass(frozen=True, kw_only=True)
class Case:
    """A chart of the reference: its heading, what is hard about its data, and the chart."""

    title: str
    hard: str
    chart: Chart


def months(values: Sequence[str], end: date, length: int = 1, step: int = 1, **more: str) -> list[Cells]:
    """Return a figure for each value, the last of which ends at `end`; each has `length` months."""
    ends = [month_end(end, -step * n) for n in range(len(values))][::-1]
    return [
        figure(v, first_day(e, length).isoformat(), e.isoformat(), **more)
        for v, e in zip(values, ends, strict=True)
    ]


def marked(rows: list[Cells], status: str) -> list[Cells]:
    """Return rows that have a number and this status."""
    return [{**r, "status": status} for r in rows]


def wave(number: int, middle: int, high: int) -> list[str]:
    """Return numbers that rise and fall, the same each time."""
    return [
        str(middle + (n * 37 % 101 - 50) * high // 50 + high * (n % 12 in (5, 6, 7)) // 3)
        for n in range(number)
    ]


def cut(title: str, *days: date) -> tuple[Break, ...]:
    return tuple(Break("report", "l", "made-up", d, title, "") for d in days)


def target(value: str, due: str) -> Target:
    return Target(
        "report", "l", "t", "made-up", "Made up", "", None, Unit.COUNT, Decimal(value), due, None, ""
    )  # fmt: skip


def cases(base: ClearedContent) -> Mapping[str, Case]:
    """Return every case by the name of its pictures."""
    found: dict[str, Case] = {}

    def add(
        name: str,
        title: str,
        hard: str,
        one: Cells,
        own: list[Cells],
        breaks: tuple[Break, ...] = (),
        *goals: Target,
    ) -> None:
        released = as_model(base, one, own, breaks)
        released = replace(released, content=replace(released.content, targets=goals))
        chart = build_chart(released, released.content.indicators["made-up"])
        found[name] = Case(title=title, hard=hard, chart=chart)
        if chart.shorter:
            found[f"{name}-shorter"] = Case(title=f"{title}: shorter periods", hard="", chart=chart.shorter)

    newest = date(2024, 3, 31)
    line, bars = indicator(chart="line"), indicator(chart="bars")
    split = indicator(chart="ranked-bars", breakdown="type")
    monthly = indicator(period_type="month", chart="recorded")
    changes = indicator(unit="percent-change", unit_label="change", chart="line")
    add("line", "Line", "one break, and a figure that may still change", line,
        [*years("480", "510", "640", "630", "720", "690", "760"), *marked(years("702", first=2020), "p")],
        cut("Recording of grievous bodily harm changed", date(2016, 4, 1)))  # fmt: skip
    add("line-many", "Line of 200 points", "200 months, with three breaks", indicator(period_type="month", chart="line"),
        months(wave(200, 1500, 400), newest), cut("Recording changed", date(2010, 4, 1), date(2014, 11, 1), date(2015, 4, 1)))  # fmt: skip
    add("line-one", "Line of one point", "nothing to join", line, years("7"))
    add("line-zero", "Line of zeros", "no scale of its own", line, years("0", "0", "0", "0", "0", "0"))
    add("line-negative", "Line below zero", "changes on both sides of zero", changes, years("-12.5", "4", "0", "-30.2", "18.1", "9"))  # fmt: skip
    add("line-withheld", "Line with figures that have no number", "withheld, not available, and a missing year", line,
        [*years("12", "c", "14", "x", "c", "11"), *years("19", "17", first=2021)])  # fmt: skip
    add("line-target", "Line with a target", "a target under the line", line,
        years("480", "510", "540", "530", "520", "590"), (), target("400", "2021-03"))  # fmt: skip
    add("columns", "Columns", "a break, a withheld figure, zero, and one that may still change", bars,
        [*years("101", "c", "85", "0"), *marked(years("77", first=2017), "p")], cut("Recording changed", date(2015, 4, 1)))  # fmt: skip
    add("columns-target", "Columns with a target", "a target among the values", bars, years("101", "93", "85"), (), target("90", "2016-03"))  # fmt: skip
    add("columns-negative", "Columns below zero", "all hang from the top", {**changes, "chart": "bars"}, years("-12.5", "-4", "low", "-30.2"))  # fmt: skip
    add("recorded", "Rolling 12 months", "a break, so a year of windows is left out", monthly, months(wave(60, 120, 40), newest),
        cut("Recording changed", date(2021, 4, 1)))  # fmt: skip
    add("pair", "Two figures", "before and after", indicator(chart="pair"), years("1234567", "0"))
    add("shares", "Parts of a whole", "withheld parts, one under 1%, a long name, right-to-left names", split,
        [f for part, v in (("", "2400"), ("Black", "1170"), (LONG, "962"), (ARABIC, "220"), (HEBREW, "c"), ("White", "c"), ("Other", "3"))
         for f in years(v, part=part)])  # fmt: skip
    add("ranked", "Parts without a whole", "a word of 70 letters, zero", split,
        [f for part, v in (("Racial", "52"), ("x" * 70, "10"), ("A & B < C", "0"), ("100%", "c")) for f in years(v, part=part)])  # fmt: skip
    add("areas", "Areas beside each other", "negative, withheld and missing", {**changes, "chart": "areas", "breakdown": "type"},
        [*years("-12.4", part="All ages"), *years("10.1", part="All ages", area=AREAS[1]), *years("c", part="Under 25"),
         *years("3.5", part="Under 25", area=AREAS[3])])  # fmt: skip
    add("small-multiples", "Small panels", "a part with few, one with none, a long name", {**monthly, "chart": "small-multiples", "breakdown": "type"},
        [f for part, values in (("Racial", "52 41 47 38"), ("Faith", "7 c 4 0"), (LONG, "1 0 0 2"), (ARABIC, "c c c c"), ("Disability", "3 2 6 4"))
         for f in months(values.split(), date(2016, 7, 31), part=part)])  # fmt: skip
    return {**found, **_of_areas(base)}


def _of_areas(base: ClearedContent) -> Mapping[str, Case]:
    """Return the charts that compare areas, of the small portal with longer names."""
    names = {"E05999992": "St. Katharine’s & Wapping Riverside", "E05999993": "Bow"}
    areas = {code: replace(a, name=names.get(code, a.name)) for code, a in base.content.areas.items()}
    released = ClearedContent(replace(base.content, areas=areas), base.area)
    charts = area_charts.build_site_charts(released)
    return {
        "rates": Case(title="Rates beside other areas", hard="lines that end close together", chart=charts.rates["rec-all"]),
        "arrows": Case(title="Changes as arrows", hard="clear and unclear changes, a long name", chart=charts.by_ward["rec-thefts"]),
        "arrows-withheld": Case(title="Changes as arrows, withheld", hard="withheld figures", chart=charts.by_ward["rec-abuse"]),
        "strips": Case(title="One area among all", hard="few areas", chart=charts.among_wards["E05999991"]),
        "heat": Case(title="Strips of a table", hard="small numbers and zero", chart=charts.heat["rec-drugs"]),
    }  # fmt: skip
