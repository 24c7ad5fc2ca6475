"""Whatever passes the check can be drawn and worded: every value in the table of a chart is readable in its drawing.

Indicators of all kinds are made up, with values, gaps, statuses and names that a careless table might have. Each
either gets a message from the check, or its drawing, sentence and table are held against its figures.
"""

import csv
import html
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import plotly.graph_objects as go
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from portal.analysis import changes_in_words, measures
from portal.analysis.changes_in_words import cell
from portal.charts import charts
from portal.charts.charts import Chart
from portal.checks import figure_rules, rules, unseen_areas
from portal.checks.valid_rows import ValidRow
from portal.cli import commands
from portal.core import settings as config
from portal.core.model import Break, Indicator, Observation, Target
from portal.core.periods import first_day, inside_sentence, label, month_end
from portal.core.vocabulary import Status, Unit
from portal.data import packages
from portal.disclosure.clearing import ClearedContent
from portal.opendata import records
from portal.releases.history import NO_HISTORY
from portal.site import building
from project import make_project

Cells = dict[str, str]
KINDS = ("line", "bars", "pair", "small-multiples", "ranked-bars", "areas", "recorded", "none")
UNITS = ("count", "pounds", "percent", "per-1000", "percent-change")
PERIODS = ("month", "year-to", "calendar-year", "academic-year", "rolling-months", "not-stated")
AREAS = ("E09999999", "E12999999", "E09999998", "E23999999")
PARTS = (
    "Muslim", "Irish Traveller", "Welsh speakers", "2 to 5", "100%", "A & B < C", "%{y}", "x" * 70,
    "Incidents in which a victim, or anybody else, believed that it was motivated by hostility to a faith",
)  # fmt: skip
VALUES = (
    "0", "1", "7", "55", "99.5", "100", "135.5", "1234567", "-3", "-1200.5", "12.50", "0.001", "123456789012345",
)  # fmt: skip
STATUSES = ("c", "x", "z", "low")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> ClearedContent:
    """Return the content of the tiny portal, to which made-up indicators are added."""
    return building.check(make_project(tmp_path_factory.mktemp("base") / "tiny"))[1]


def indicator(**cells: str) -> Cells:
    told = {
        "id": "made-up", "slug": "made-up", "title": "Made up", "short_title": "Made up", "topic": "crime", "definition": "Made up.",
        "unit": "count", "unit_label": "offences", "period_type": "year-to", "polarity": "neutral", "chart": "none", "breakdown": "",
        "sensitive": "false", "protected": "false", "part_of": "", "caveat": "", "period_note": "",
    }  # fmt: skip
    return {**told, **cells}


def figure(value: str, start: str = "", end: str = "", part: str = "", area: str = AREAS[0]) -> Cells:
    """Return a row of figures; a value that is a status becomes its status."""
    status = value if value in STATUSES else ""
    return {
        "indicator": "made-up", "area": area, "period_start": start, "period_end": end, "type": part,
        "value": "" if status else value, "status": status, "source": "report", "locator": "Table 1",
    }  # fmt: skip


def years(*values: str, first: int = 2013, **more: str) -> list[Cells]:
    """Return a figure for each year to March, from the one that ends in `first`."""
    return [figure(v, f"{y - 1}-04-01", f"{y}-03-31", **more) for y, v in enumerate(values, first)]


def as_model(
    base: ClearedContent, one: Cells, own: list[Cells], breaks: tuple[Break, ...] = ()
) -> ClearedContent:
    made = {k: v == "true" if k in ("sensitive", "protected") else v for k, v in one.items()}
    figures = tuple(
        Observation(
            r["source"], r["locator"], r["indicator"], r["area"],
            date.fromisoformat(r["period_start"]) if r["period_start"] else None,
            date.fromisoformat(r["period_end"]) if r["period_end"] else None,
            r["type"], Decimal(r["value"]) if r["value"] else None, Status(r["status"]),
        )
        for r in own
    )  # fmt: skip
    content = replace(
        base.content,
        indicators={one["id"]: Indicator(**made)},  # type: ignore[arg-type]
        observations={one["id"]: figures},
        breaks=breaks,
        claims=(),
    )
    return ClearedContent(content, base.area)


def refused(one: Cells, own: list[Cells]) -> str:
    """Return the first message of the check, empty if it accepts the indicator."""
    rows = [ValidRow(None, n, cells) for n, cells in enumerate(own)]  # type: ignore[arg-type]
    found = figure_rules._chart_fault(ValidRow(None, 0, one), rows)  # type: ignore[arg-type]
    return f"{found[0]}. {found[1]}" if found else ""


def chart_of(base: ClearedContent, one: Cells, own: list[Cells], breaks: tuple[Break, ...] = ()) -> Chart:
    assert not refused(one, own)
    released = as_model(base, one, own, breaks)
    return charts.build_chart(released, released.content.indicators["made-up"])


# --- made up


def made_up(random: Random) -> tuple[Cells, list[Cells]]:
    """Return a made-up indicator and its figures, with everything that can be unusual about them."""
    kind, unit, period_type = random.choice(KINDS), random.choice(UNITS), random.choice(PERIODS)
    split = random.random() < (0.9 if kind in ("small-multiples", "ranked-bars", "areas") else 0.15)
    parts = random.sample([*PARTS, ""], random.randint(1, 5)) if split else [""]
    areas = random.sample(AREAS, random.choice((1, 1, 1, 2, 4)))
    most = 2 if kind == "pair" else 1 if kind in ("ranked-bars", "areas") else random.choice((1, 2, 3, 8, 14))
    spans = list(stretches(random, period_type, most))
    values = [v for v in VALUES if unit in ("pounds", "percent-change") or not v.startswith("-")]
    full = random.random() < 0.5
    own = [
        figure(random.choice(values if random.random() < 0.8 else STATUSES), *span, part, area)
        for span in spans
        for area in areas
        for part in parts
        if full or random.random() < 0.8
    ]
    one = indicator(
        unit=unit, period_type=period_type, chart=kind, breakdown="type" if split else "",
        unit_label=random.choice(("offences", "NHS calls", "people " * 20)),
        title=random.choice(("Made up", "A title that is so long that it goes on and on " * 3)),
    )  # fmt: skip
    return one, own


def stretches(random: Random, kind: str, most: int) -> Iterator[tuple[str, str]]:
    """Yield consecutive periods, some with a gap and a few of another length."""
    if kind == "not-stated":
        yield "", ""
        return
    usual = {"month": 1, "rolling-months": random.choice((1, 3, 12))}.get(kind, 12)
    first = {"calendar-year": 12, "academic-year": 8}.get(kind, random.randint(1, 12))
    end = month_end(date(random.randint(1990, 2018), 1, 31), first - 1)
    step = random.choice((usual, usual, usual, 1)) if kind == "rolling-months" else usual
    for _ in range(most):
        if end.year > 2025:  # figures of days to come are refused
            return
        months = 6 if kind == "rolling-months" and random.random() < 0.02 else usual
        yield first_day(end, months).isoformat(), end.isoformat()
        end = month_end(end, step * (1 if random.random() < 0.85 else random.randint(2, 7)))


def readings(drawing: Mapping[str, Any]) -> Iterator[str]:
    """Yield the text of each figure in a drawing: beside it, or when a reader points at it."""
    for trace in drawing["data"]:
        for i, said in enumerate(trace["customdata"]):
            text = trace["text"][i] if trace.get("text") else ""
            yield (
                trace["hovertemplate"]
                .replace("<extra></extra>", "")
                .replace("%{customdata}", said)
                .replace("%{text}", text)
                .replace("%{hovertext}", "")
            )
    for note in drawing["layout"]["annotations"]:
        yield note["text"].replace("<br>", " ")
        yield note.get("hovertext", "")


def plain(words: str) -> str:
    return "".join(html.unescape(words).split()).lower()


def assert_readable(released: ClearedContent, chart: Chart) -> None:
    """Check that every figure of the table is readable in both drawings, with its part, area and period."""
    one = released.content.indicators["made-up"]
    figures = measures.figures_of(released, one)
    many = len({o.area for o in figures}) > 1
    for drawing in (chart.wide, chart.narrow):
        assert drawing is not None
        json.dumps(drawing, allow_nan=False)
        strip = plain(chart.subtitle)
        found = [plain(r) for r in readings(drawing)]
        for o in figures:
            wanted = [
                f"{plain(o.part or 'All')}" if one.breakdown else "",
                plain(released.content.areas[o.area].name) if many or o.area != released.area else "",
                plain(inside_sentence(label(one.period_type, o.period_start, o.period_end)))
                if o.period_start
                else "",
            ]
            said = plain(cell(o, one.unit))
            assert any(r.endswith(said) and all(w in r or w in strip for w in wanted) for r in found), (
                o,
                found,
            )
    cells = [c for row in chart.table.rows for c in row[1:] if c != "–"]
    assert sorted(cells) == sorted(cell(o, one.unit) for o in figures)


@settings(max_examples=200)
@given(st.randoms(use_true_random=False))
def test_accepted_figures_are_readable_in_the_drawing(base: ClearedContent, random: Random) -> None:
    one, own = made_up(random)
    if not own or refused(one, own):
        return
    released = as_model(base, one, own)
    chart = charts.build_chart(released, released.content.indicators["made-up"])
    assert chart.finding
    assert "E+" not in f"{chart.finding} {chart.table}"
    hidden = {o.status for o in released.content.observations["made-up"]}
    assert ("withheld" in chart.finding) <= ("c" in hidden)
    if one["chart"] != "none" and measures.figures_of(released, released.content.indicators["made-up"]):
        assert_readable(released, chart)


def test_made_up_indicators_are_of_every_kind_and_most_are_drawn(base: ClearedContent) -> None:
    """Each kind of chart is drawn for some made-up indicators, and refused for others."""
    seen: dict[str, set[bool]] = {}
    for seed in range(400):
        one, own = made_up(Random(seed))
        if not own or refused(one, own):
            seen.setdefault(one["chart"], set()).add(False)
            continue
        released = as_model(base, one, own)
        chart = charts.build_chart(released, released.content.indicators["made-up"])
        if chart.wide:
            seen.setdefault(one["chart"], set()).add(True)
            go.Figure(chart.wide)
    assert {k for k, drawn in seen.items() if True in drawn} == {*KINDS} - {"none"}


def test_an_area_that_a_chart_leaves_out_is_a_warning(base: ClearedContent) -> None:
    """Every chart but that of rolling years, whose page compares areas, shows each area or is warned about."""
    kinds = {c: ValidRow(None, 0, {"kind": a.kind, "name": a.name}) for c, a in base.content.areas.items()}  # type: ignore[arg-type]
    left_out = 0
    for seed in range(600):
        one, own = made_up(Random(seed))
        if one["chart"] == "areas" and own and seed % 2:
            one = {**one, "period_type": "year-to", "breakdown": ""}
            own = [{**r, "type": ""} for r in years("5", "6", area=AREAS[seed % 3])]
            own += [{**r, "area": AREAS[3]} for r in years("7", first=2013 + seed % 4)]
        if not own or one["chart"] == "recorded" or refused(one, own):
            continue
        released = as_model(base, one, own)
        shown = {o.area for o in measures.figures_of(released, released.content.indicators["made-up"])}
        by_area = {r["area"]: [ValidRow(None, 0, x) for x in own if x["area"] == r["area"]] for r in own}  # type: ignore[arg-type]
        is_areas = one["chart"] == "areas" and one["period_type"] == "year-to"
        warned = [*unseen_areas._of_older_years(by_area, kinds)] if is_areas else []
        assert {r["area"] for r in own} - shown == {code for codes, _ in warned for code in codes}
        left_out += bool(warned)
    assert left_out > 5


@pytest.mark.parametrize("seed", [1, 2])
def test_a_portal_of_made_up_indicators_is_refused_or_built(seed: int, tmp_path: Path) -> None:
    root = make_project(tmp_path / "tiny")
    random = Random(seed)
    made = [made_up(random) for _ in range(40)]
    named = [
        ({**one, "id": f"made-up-{n}", "slug": f"made-up-{n}"}, own) for n, (one, own) in enumerate(made)
    ]
    refused_ = write(root, [(one, [{**r, "indicator": one["id"]} for r in own]) for one, own in named])
    assert 5 < len(refused_) < 35
    kept = [(one, own) for one, own in named if one["id"] not in refused_]
    assert not write(root, [(one, [{**r, "indicator": one["id"]} for r in own]) for one, own in kept])
    assert commands.main(["--project", str(root), "build"]) == 0
    for one, own in kept:
        page = plain((root / "build/site/figures" / one["slug"] / "index.html").read_text())
        shown = [r for r in own if one["chart"] != "recorded"]
        assert all(plain(cell(as_one(r), one["unit"])) in page for r in shown), one


def as_one(row: Cells) -> Observation:
    value = Decimal(row["value"]) if row["value"] else None
    return Observation("", "", "", "", None, None, "", value, Status(row["status"]))


def write(root: Path, made: list[tuple[Cells, list[Cells]]]) -> set[str]:
    """Replace the indicators of a tiny portal; return those that the check refuses."""
    folder = root / "data_packages/figures/data"
    ids: list[str] = []
    for name, rows in (
        ("indicators", [m[0] for m in made]),
        ("observations", [r for m in made for r in m[1]]),
    ):
        path = folder / f"{name}.csv"
        with path.open(newline="") as lines:
            old = [
                r
                for r in csv.DictReader(lines)
                if not r.get("id", r.get("indicator", "")).startswith("made-up")
            ]
        with path.open("w", newline="") as out:
            table = csv.DictWriter(out, list(old[0]), lineterminator="\n")
            table.writeheader()
            table.writerows([*old, *rows])
        if name == "indicators":
            ids = [r["id"] for r in (*old, *rows)]
    project = config.load(root)
    found, problems = packages.read_all(root, project.packages)
    assert not problems
    told = rules.check(found, project)
    assert {p.code for p in told} <= {"chart"}, told
    return {ids[p.row - 2] for p in told}


# --- cases from real tables


def line(chart: Chart) -> list[tuple[float, Any]]:
    assert chart.wide
    trace = chart.wide["data"][0]
    return list(zip(trace["x"], trace["y"], strict=True))


def written(chart: Chart) -> list[str]:
    assert chart.wide
    return [a["text"].replace("<br>", " ") for a in chart.wide["layout"]["annotations"]]


def dashed(chart: Chart) -> int:
    """Count the dashed lines, which are breaks in series. A line that would cross a value is in several pieces."""
    assert chart.wide
    shapes = chart.wide["layout"]["shapes"]
    return len({s["x0"] for s in shapes if s["type"] == "line" and s["line"]["dash"] == "dash"})


def test_percentages_by_month_are_not_added_up_to_a_year() -> None:
    own = [figure("81", f"2024-{m:02}-01", month_end(date(2024, m, 1), 0).isoformat()) for m in range(1, 13)]
    for unit in ("percent", "per-1000", "percent-change"):
        one = indicator(unit=unit, period_type="month", chart="recorded")
        assert "cannot be added up. Choose line, bars or none" in refused(one, own)
    assert not refused(indicator(unit="pounds", period_type="month", chart="recorded"), own)


def test_calls_of_twelve_months_are_not_those_of_january(base: ClearedContent) -> None:
    own = [figure("100", f"2024-{m:02}-01", month_end(date(2024, m, 1), 0).isoformat()) for m in range(1, 13)]
    chart = chart_of(base, indicator(unit_label="calls", period_type="month", chart="recorded"), own)
    assert chart.finding == "Made up in the 12 months to December 2024: 1,200 calls."
    assert chart.table.rows == (("12 months to December 2024", "1,200"),)
    assert chart.wide
    assert chart.wide["data"][0]["customdata"] == ["12 months to December 2024: 1,200"]
    released = as_model(base, indicator(period_type="month", chart="recorded"), own)
    one = released.content.indicators["made-up"]
    told = records.make_record(released.content, NO_HISTORY, one, *measures.figures_of(released, one))
    assert (told.period, told.start, told.end) == ("12 months to December 2024", "2024-01-01", "2024-12-31")
    short = chart_of(base, indicator(period_type="month", chart="recorded"), own[:5])
    assert short.finding == "No figure for a whole 12 months has been published yet."


def test_months_that_fill_no_year_are_in_the_table(base: ClearedContent) -> None:
    own = [figure("100", f"2024-{m:02}-01", month_end(date(2024, m, 1), 0).isoformat()) for m in range(1, 13)]
    elsewhere = figure("9", "2024-01-01", "2024-01-31", area="E09000001")
    for known in (own[:3], [*own[:5], *own[6:]], [*own[:2], elsewhere]):
        chart = chart_of(base, indicator(period_type="month", chart="recorded"), known)
        ours = [o for o in known if o is not elsewhere]
        names = [label("month", *map(date.fromisoformat, (o["period_start"], o["period_end"]))) for o in ours]
        assert chart.draw is None
        assert chart.table.rows == tuple((name, "100") for name in names)


def test_each_bar_names_its_area_where_there_are_several(base: ClearedContent) -> None:
    own = [
        figure(v, "2024-04-01", "2025-03-31", part, area)
        for v, part, area in (
            ("20", "Robbery", AREAS[0]),
            ("55", "Theft", AREAS[0]),
            ("62", "Theft", AREAS[1]),
        )
    ]
    for kind in ("ranked-bars", "small-multiples"):
        chart = chart_of(base, indicator(chart=kind, breakdown="type"), own)
        assert {"Theft, Exampleton", "Theft, Exampleshire", "Robbery, Exampleton"} <= set(written(chart))
        assert chart.finding == (
            "Made up in the year to March 2025: 62 offences (Theft, Exampleshire), 55 (Theft, Exampleton) "
            "and 20 (Robbery, Exampleton)."
        )


@pytest.mark.parametrize("kind", ["pair", "line", "bars"])
def test_two_areas_are_never_before_and_after(kind: str) -> None:
    own = [*years("100"), *years("400", first=2014, area=AREAS[1])]
    assert "without a breakdown. Choose none, whose table names each area." in refused(
        indicator(chart=kind), own
    )


def test_areas_with_the_same_name_are_distinguished_and_other_areas_are_named(base: ClearedContent) -> None:
    areas = {**base.content.areas, AREAS[1]: replace(base.content.areas[AREAS[1]], name="Exampleton")}
    same = ClearedContent(replace(base.content, areas=areas), base.area)
    chart = chart_of(same, indicator(), [*years("1"), *years("2", area=AREAS[1])])
    assert [r[0] for r in chart.table.rows] == [
        "Exampleton (E09999999), year to March 2013", "Exampleton (E12999999), year to March 2013",
    ]  # fmt: skip
    elsewhere = chart_of(base, indicator(chart="bars"), years("1", "2", area=AREAS[1]))
    assert elsewhere.finding.startswith(
        "Made up in Exampleshire: 2 offences in the year to March 2014, compared with 1 in the year before."
    )
    assert elsewhere.table.caption == "Made up, Exampleshire"
    assert elsewhere.subtitle == "Offences, Exampleshire, years to March"


def test_a_table_names_area_and_period_where_both_differ(base: ClearedContent) -> None:
    own = [r for p in ("Muslim", "Jewish") for a in AREAS[:2] for r in years("20", "21", part=p, area=a)]
    chart = chart_of(base, indicator(breakdown="type"), own)
    assert chart.table.columns == (
        "Type", "Exampleton, Year to March 2013", "Exampleshire, Year to March 2013", "Exampleton, Year to March 2014",
        "Exampleshire, Year to March 2014",
    )  # fmt: skip
    assert "21 (Muslim, Exampleton, year to March 2014)" in chart.finding


def test_a_cell_without_a_row_is_a_dash_with_a_note(base: ClearedContent) -> None:
    own = [*years("1", "2", part="A"), *years("3", part="B")]
    chart = chart_of(base, indicator(chart="small-multiples", breakdown="type"), own)
    assert ("B", "3", "–") in chart.table.rows
    assert chart.table.notes == (("–", "no figure has been published"),)
    assert "–" in written(chart)


@pytest.mark.parametrize("kind", ["pair", "bars", "line", "recorded"])
def test_amounts_below_zero_have_bars_on_their_side_of_zero(base: ClearedContent, kind: str) -> None:
    chart = chart_of(
        base, indicator(unit="pounds", unit_label="pounds", chart=kind), years("-500", "-1200.5")
    )
    assert chart.table.rows == (("Year to March 2013", "−£500"), ("Year to March 2014", "−£1,200.50"))
    assert "−£1,200.50 in the year to March 2014, compared with −£500 in the year before" in chart.finding
    for drawing in (chart.wide, chart.narrow):
        assert drawing
        axis = drawing["layout"]["xaxis" if kind == "pair" else "yaxis"]
        assert axis["range"][0] <= -1200.5
        assert axis["range"][1] == 0


def test_a_percentage_over_100_has_a_whole_bar_and_its_number(base: ClearedContent) -> None:
    own = [figure(v, "2024-04-01", "2025-03-31", p) for v, p in (("135.5", "Shoplifting"), ("55", "Theft"))]
    chart = chart_of(base, indicator(unit="percent", chart="ranked-bars", breakdown="type"), own)
    assert chart.wide
    assert written(chart)[1::2] == ["135.5%", "55%"]
    assert chart.wide["layout"]["xaxis"]["range"][1] >= 135.5


def test_periods_under_small_panels_are_distinct(base: ClearedContent) -> None:
    for kind, own, ends in (
        ("year-to", years("1", "2", part="A"), {"2013", "2014"}),
        ("rolling-months", years("1", "2", part="A"), {"2013", "2014"}),
        ("rolling-months", [figure("1", "2024-07-01", "2024-09-30", "A"), figure("2", "2024-10-01", "2024-12-31", "A")], {"to Sep 2024", "to Dec 2024"}),
    ):  # fmt: skip
        chart = chart_of(base, indicator(period_type=kind, chart="small-multiples", breakdown="type"), own)
        assert ends <= set(written(chart))
    assert chart.finding == "Made up in the 3 months to December 2024: 2 offences were recorded as A."


@pytest.mark.parametrize(
    ("status", "some", "all_", "note"),
    [
        ("c", "1 of 2 figures is withheld, to protect people.", "The figures are withheld, to protect people.", "withheld, to protect people"),
        ("x", "1 of 2 figures is not available.", "The figures are not available.", "not available"),
        ("z", "1 of 2 figures does not apply.", "The figures do not apply.", "does not apply"),
        ("low", "1 of 2 figures is too low to show, but not zero.", "The figures are too low to show, but not zero.", "too low to show, but not zero"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["ranked-bars", "small-multiples"])
def test_each_reason_for_no_figure_has_its_own_words(
    base: ClearedContent, kind: str, status: str, some: str, all_: str, note: str
) -> None:
    one = indicator(chart=kind, breakdown="type")
    chart = chart_of(base, one, [*years("0", part="A"), *years(status, part="B")])
    assert chart.finding == f"Made up in the year to March 2013: 0 offences were recorded as A. {some}"
    assert chart.table.rows == (("A", "0"), ("B", f"[{status}]"))
    assert chart.table.notes == ((status, note),)
    assert f"[{status}]" in " ".join(written(chart))
    none = chart_of(base, one, [*years(status, part="A"), *years(status, part="B")])
    assert none.finding == f"Made up in the year to March 2013: {all_}"


def test_names_from_tables_keep_their_capitals(base: ClearedContent) -> None:
    own = [figure("20", "2023-01-01", "2023-12-31", p) for p in PARTS[:3]]
    chart = chart_of(
        base, indicator(unit_label="NHS calls", period_type="calendar-year", breakdown="type"), own
    )
    assert chart.finding == (
        "Made up in 2023: 20 NHS calls (Muslim), 20 (Irish Traveller) and 20 (Welsh speakers)."
    )
    assert chart.table.columns == ("Type", "NHS calls")


@pytest.mark.parametrize("kind", ["line", "bars", "pair", "small-multiples"])
def test_periods_of_two_lengths_are_not_on_one_line(kind: str) -> None:
    own = [figure("100", "2023-04-01", "2024-03-31", "A"), figure("26", "2024-04-01", "2024-06-30", "A")]
    split = kind == "small-multiples"
    own = [{**r, "type": "A" if split else ""} for r in own]
    one = indicator(period_type="rolling-months", chart=kind, breakdown="type" if split else "")
    assert "its periods differ in length (3 months and 12 months)" in refused(one, own)
    assert not refused({**one, "chart": "none"}, own)


def test_two_breaks_of_one_title_are_both_drawn_and_cut_the_line(base: ClearedContent) -> None:
    breaks = tuple(
        Break("report", "l", "made-up", date(y, 4, 1), "Recording changed", "") for y in (2014, 2016)
    )
    own = years("100", "120", "90", "80", "95", "70")
    chart = chart_of(base, indicator(chart="line"), own, breaks)
    assert {"1", "2"} <= set(written(chart))
    assert chart.notes == ("1: Recording changed (April 2014).", "2: Recording changed (April 2016).")
    assert dashed(chart) == 2
    assert [y for _, y in line(chart)] == [100, 120, None, 90, 80, None, 95, 70]


@pytest.mark.parametrize(
    ("day", "values"),
    [
        (
            date(2013, 4, 1),
            [1, None, 2, 3],
        ),  # the first day of a period: only the one before is of the old way
        (date(2014, 3, 31), [1, None, 2, None, 3]),  # its last day: the period is of both
        (date(2013, 9, 15), [1, None, 2, None, 3]),
        (date(2014, 4, 1), [1, 2, None, 3]),
        (date(2012, 4, 1), [1, 2, 3]),  # the first day of all
        (date(2015, 4, 1), [1, 2, 3]),  # after the last
    ],
)
def test_a_line_is_cut_where_figures_cannot_be_compared(
    base: ClearedContent, day: date, values: list[int | None]
) -> None:
    cut = (Break("report", "l", "made-up", day, "Recording changed", ""),)
    chart = chart_of(base, indicator(chart="line"), years("1", "2", "3"), cut)
    assert [y for _, y in line(chart)] == values
    assert dashed(chart) == (None in values)


def test_years_without_a_figure_are_a_gap_on_a_true_scale(base: ClearedContent) -> None:
    own = [*years("10", "11"), *years("19", "20", first=2020)]
    points = line(chart_of(base, indicator(chart="line"), own))
    assert [y for _, y in points] == [10, 11, None, 19, 20]
    assert points[1][0] - points[0][0] == pytest.approx(12)
    assert points[3][0] - points[1][0] == pytest.approx(6 * 12)
    bars = chart_of(base, indicator(chart="bars"), own).wide
    assert bars
    assert bars["data"][0]["x"][2] - bars["data"][0]["x"][1] == pytest.approx(6 * 12)
    # Rolling years overlap: there the step says whether one is missing.
    rolling = [figure(str(n), first_day(end, 12).isoformat(), end.isoformat()) for n in (1, 2, 3, 7, 8) for end in [month_end(date(2020, 1, 1), n)]]  # fmt: skip
    points = line(chart_of(base, indicator(period_type="rolling-months", chart="line"), rolling))
    assert [y for _, y in points] == [1, 2, 3, None, 7, 8]


def test_more_areas_than_colours_are_all_drawn(base: ClearedContent) -> None:
    one = base.content.areas[AREAS[0]]
    more = {f"E0900000{n}": replace(one, code=f"E0900000{n}", name=f"Borough {n}") for n in range(9)}
    base = replace(base, content=replace(base.content, areas={**base.content.areas, **more}))
    codes = list(more)
    own = [r for c in codes for p in ("A", "B") for r in years("5", area=c, part=p)]
    chart = chart_of(base, indicator(unit="percent-change", chart="areas", breakdown="type"), own)
    assert chart.wide
    assert len(chart.wide["data"][0]["x"]) == 18
    many = [{**r, "type": f"{r['type']}{n}"} for r in own for n in range(4)]
    assert "it shows at most 60 parts of areas, and there are 72" in refused(
        indicator(chart="areas", breakdown="type"), many
    )


def test_a_change_without_a_test_has_its_own_unit_and_direction(
    base: ClearedContent,
) -> None:
    for unit, first, last, words in (
        ("pounds", "100", "150.5", "up by £50.50"),
        ("pounds", "-50", "-100", "down by £50"),
        ("percent", "81", "80", "down by 1 percentage point"),
        ("per-1000", "3.5", "3.5", "the same"),
    ):
        own = years(first, last)
        released = as_model(base, indicator(unit=unit, chart="recorded"), own)
        found = measures.standing(released, released.content.indicators["made-up"], AREAS[0])
        assert found is not None
        assert changes_in_words.change_in_words(found) == words
        assert measures.meaning(found) == "neutral"


# --- shares, targets, and what may still change


def test_parts_of_a_published_whole_have_their_share(base: ClearedContent) -> None:
    split = indicator(chart="ranked-bars", breakdown="type")
    parts = {"": "1200", "A": "796", "B": "401", "C": "3", "D": "0", "E": "c"}
    chart = chart_of(base, split, [f for p, v in parts.items() for f in years(v, part=p)])
    assert {"796 (66%)", "401 (33%)", "3 (under 1%)", "0 (0%)", "[c]"} <= set(written(chart))
    assert chart.wide
    tracks = [s for s in chart.wide["layout"]["shapes"] if s["type"] == "rect"]
    assert len({s["x1"] for s in tracks}) == 1, (
        "the same whole for each part, whatever is left for those withheld"
    )
    assert len(tracks) == 5


@pytest.mark.parametrize(
    ("unit", "whole"),
    [("count", "c"), ("count", None), ("count", "0"), ("percent", "100"), ("count", "3")],
)
def test_there_is_no_share_without_a_number_that_is_the_whole(
    base: ClearedContent, unit: str, whole: str | None
) -> None:
    """A withheld or missing whole, zero, a percentage, and a whole that is less than a part."""
    split = indicator(chart="ranked-bars", breakdown="type", unit=unit)
    own = [*years("7", part="A"), *years("2", part="B"), *(years(whole) if whole else [])]
    assert not any("(" in text for text in written(chart_of(base, split, own)))


def with_target(base: ClearedContent, unit: Unit, kind: str) -> Chart:
    released = as_model(base, indicator(chart=kind), years("101", "93", "85"))
    goal = Target("report", "l", "t", "made-up", "Fewer", "", None, unit, Decimal(-20), "2016-03", None, "")
    goal = goal if unit == "percent-change" else replace(goal, target_value=Decimal(60))
    released = replace(released, content=replace(released.content, targets=(goal,)))
    return charts.build_chart(released, released.content.indicators["made-up"])


@pytest.mark.parametrize("kind", ["line", "bars"])
def test_only_a_target_in_the_unit_of_the_figures_is_drawn(base: ClearedContent, kind: str) -> None:
    chart = with_target(base, Unit.COUNT, kind)
    assert chart.notes == ("Dotted line: the target for March 2016, 60.",)
    assert chart.wide
    lines = [s for s in chart.wide["layout"]["shapes"] if s.get("line", {}).get("dash") == "dot"]
    assert lines
    assert len({s["y0"] for s in lines}) == 1
    assert chart.wide["layout"]["yaxis"]["range"][0] == 0
    change = with_target(base, Unit.PERCENT_CHANGE, kind)
    assert change.notes == ()
    assert change.wide
    assert not [s for s in change.wide["layout"]["shapes"] if s.get("line", {}).get("dash") == "dot"]


def test_pointing_says_the_change_from_a_year_before_and_the_status(base: ClearedContent) -> None:
    own = years("100", "120", "c", "90", "80.5", "80.5")
    own[-1]["status"] = "p"
    chart = chart_of(base, indicator(chart="line"), own, (Break("report", "l", "made-up", date(2016, 4, 1), "New", ""),))  # fmt: skip
    assert chart.wide
    trace = chart.wide["data"][0]
    by_words = {
        w.partition(":")[0]: m.replace("<br>", " ").strip()
        for w, m in zip(trace["customdata"], trace["hovertext"], strict=True)
    }
    assert by_words["Year to March 2013"] == ""
    assert by_words["Year to March 2014"] == "20 more than in the year to March 2013."
    assert by_words["Year to March 2015"] == "Withheld, to protect people."
    assert by_words["Year to March 2016"] == "", "nothing is worked out from a withheld figure"
    assert by_words["Year to March 2017"] == "Not comparable with a year before: recording changed."
    assert by_words["Year to March 2018"].startswith("The same as in")
    assert by_words["Year to March 2018"].endswith("Provisional, may still change.")
