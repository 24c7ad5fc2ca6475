"""Whatever passes the check can be drawn and said: every value of a chart's table is readable in its drawing.

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
from portal import charts, cli, config, figure_rules, measures, packages, rules, site
from portal.charts import Chart
from portal.checked import Row
from portal.disclosure import Release
from portal.findings import cell
from portal.model import Break, Indicator, Observation
from portal.periods import first_day, label, month_end, running
from project import make_project

Cells = dict[str, str]
KINDS = ("line", "bars", "pair", "small-multiples", "ranked-bars", "areas", "recorded", "none")
UNITS = ("count", "pounds", "percent", "per-1000", "percent-change")
PERIODS = ("month", "year-to", "calendar-year", "academic-year", "rolling-months", "not-stated")
AREAS = ("E09999999", "E12999999", "E09999998", "E23999999")
PARTS = (
    "Muslim", "Irish Traveller", "Welsh speakers", "2 to 5", "100%", "A & B <i>", "%{y}", "x" * 70,
    "Incidents in which a victim, or anybody else, believed that it was motivated by hostility to a faith",
)  # fmt: skip
VALUES = (
    "0", "1", "7", "55", "99.5", "100", "135.5", "1234567", "-3", "-1200.5", "12.50", "0.001", "123456789012345678901234567890",
)  # fmt: skip
STATUSES = ("c", "x", "z", "low")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """The tiny portal's content, which made-up indicators are added to."""
    return site.check(make_project(tmp_path_factory.mktemp("base") / "tiny"))[1]


def indicator(**cells: str) -> Cells:
    told = {
        "id": "made-up", "slug": "made-up", "title": "Made up", "short_title": "Made up", "topic": "crime", "definition": "Made up.",
        "unit": "count", "unit_label": "offences", "period_type": "year-to", "polarity": "neutral", "chart": "none", "breakdown": "",
        "sensitive": "false", "protected": "false", "part_of": "", "caveat": "", "period_note": "",
    }  # fmt: skip
    return {**told, **cells}


def figure(value: str, start: str = "", end: str = "", part: str = "", area: str = AREAS[0]) -> Cells:
    """A row of figures; a value that is a status is one."""
    status = value if value in STATUSES else ""
    return {
        "indicator": "made-up", "area": area, "period_start": start, "period_end": end, "type": part,
        "value": "" if status else value, "status": status, "source": "report", "locator": "Table 1",
    }  # fmt: skip


def years(*values: str, first: int = 2013, **more: str) -> list[Cells]:
    """A figure for each year to March, from the one that ends in `first`."""
    return [figure(v, f"{y - 1}-04-01", f"{y}-03-31", **more) for y, v in enumerate(values, first)]


def as_model(base: Release, one: Cells, own: list[Cells], breaks: tuple[Break, ...] = ()) -> Release:
    made = {k: v == "true" if k in ("sensitive", "protected") else v for k, v in one.items()}
    figures = tuple(
        Observation(
            r["source"], r["locator"], r["indicator"], r["area"],
            date.fromisoformat(r["period_start"]) if r["period_start"] else None,
            date.fromisoformat(r["period_end"]) if r["period_end"] else None,
            r["type"], Decimal(r["value"]) if r["value"] else None, r["status"],
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
    return Release(content, base.area)


def refused(one: Cells, own: list[Cells]) -> str:
    """What the check says of it; empty where nothing."""
    rows = [Row(None, n, cells) for n, cells in enumerate(own)]  # type: ignore[arg-type]
    found = figure_rules._unsuited(Row(None, 0, one), rows)  # type: ignore[arg-type]
    return f"{found[0]}. {found[1]}" if found else ""


def chart_of(base: Release, one: Cells, own: list[Cells], breaks: tuple[Break, ...] = ()) -> Chart:
    assert not refused(one, own)
    released = as_model(base, one, own, breaks)
    return charts.chart(released, released.content.indicators["made-up"])


# --- made up


def made_up(random: Random) -> tuple[Cells, list[Cells]]:
    """An indicator and its figures, with what can be odd about them."""
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
    """Periods of a kind that follow each other, some with a gap, a few of another length."""
    if kind == "not-stated":
        yield "", ""
        return
    usual = {"month": 1, "rolling-months": random.choice((1, 3, 12))}.get(kind, 12)
    first = {"calendar-year": 12, "academic-year": 8}.get(kind, random.randint(1, 12))
    end = month_end(date(random.randint(1990, 2018), 1, 31), first - 1)
    step = random.choice((usual, usual, usual, 1)) if kind == "rolling-months" else usual
    for _ in range(most):
        months = 6 if kind == "rolling-months" and random.random() < 0.02 else usual
        yield first_day(end, months).isoformat(), end.isoformat()
        end = month_end(end, step * (1 if random.random() < 0.85 else random.randint(2, 7)))


def readings(drawing: Mapping[str, Any]) -> Iterator[str]:
    """What can be read of each figure in a drawing: beside it, or when somebody points at it."""
    for trace in drawing["data"]:
        for i, said in enumerate(trace["customdata"]):
            text = trace["text"][i] if "text" in trace else ""
            yield (
                trace["hovertemplate"]
                .replace("<extra></extra>", "")
                .replace("%{customdata}", said)
                .replace("%{text}", text)
            )
    for note in drawing["layout"]["annotations"]:
        yield note["text"].replace("<br>", " ")
        yield note.get("hovertext", "")


def plain(words: str) -> str:
    return "".join(html.unescape(words).split()).lower()


def assert_readable(released: Release, chart: Chart) -> None:
    """Every figure of the table can be read in both drawings, with its part, area and period."""
    one = released.content.indicators["made-up"]
    figures = measures.figures_of(released, one)
    many = len({o.area for o in figures}) > 1
    for drawing in (chart.wide, chart.narrow):
        assert drawing is not None
        json.dumps(drawing, allow_nan=False)
        strip = plain(drawing["layout"]["title"]["text"].replace("<br>", " "))
        found = [plain(r) for r in readings(drawing)]
        for o in figures:
            wanted = [
                f"{plain(o.part or 'All')}" if one.breakdown else "",
                plain(released.content.areas[o.area].name) if many or o.area != released.area else "",
                plain(running(label(one.period_type, o.period_start, o.period_end)))
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
def test_what_is_not_refused_is_readable_in_the_drawing(base: Release, random: Random) -> None:
    one, own = made_up(random)
    if not own or refused(one, own):
        return
    released = as_model(base, one, own)
    chart = charts.chart(released, released.content.indicators["made-up"])
    assert chart.finding
    assert "E+" not in f"{chart.finding} {chart.table}"
    hidden = {o.status for o in released.content.observations["made-up"]}
    assert ("withheld" in chart.finding) <= ("c" in hidden)
    if one["chart"] != "none" and measures.figures_of(released, released.content.indicators["made-up"]):
        assert_readable(released, chart)


def test_made_up_indicators_are_of_every_kind_and_most_are_drawn(base: Release) -> None:
    """The property above is not empty: each kind of chart is drawn, and each is refused where it does not suit."""
    seen: dict[str, set[bool]] = {}
    for seed in range(400):
        one, own = made_up(Random(seed))
        if not own or refused(one, own):
            seen.setdefault(one["chart"], set()).add(False)
            continue
        released = as_model(base, one, own)
        chart = charts.chart(released, released.content.indicators["made-up"])
        if chart.wide:
            seen.setdefault(one["chart"], set()).add(True)
            go.Figure(chart.wide)
    assert {k for k, drawn in seen.items() if True in drawn} == {*KINDS} - {"none"}


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
    assert cli.main(["--project", str(root), "build"]) == 0
    for one, own in kept:
        page = plain((root / "build/site/figures" / one["slug"] / "index.html").read_text())
        shown = [r for r in own if one["chart"] != "recorded"]
        assert all(plain(cell(as_one(r), one["unit"])) in page for r in shown), one


def as_one(row: Cells) -> Observation:
    value = Decimal(row["value"]) if row["value"] else None
    return Observation("", "", "", "", None, None, "", value, row["status"])


def write(root: Path, made: list[tuple[Cells, list[Cells]]]) -> set[str]:
    """Put indicators into a tiny portal, instead of those from before; returns those that the check refuses."""
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
