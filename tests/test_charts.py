"""Chart, sentence, table and download carry the same numbers, and every figure is one that Plotly knows."""

import csv
import io
import json
import re
from decimal import Decimal
from html import unescape
from pathlib import Path

import plotly.graph_objects as go
import pytest
from portal import charts, claims, drawings, measures
from portal.disclosure import Release
from portal.model import Indicator
from portal.text import MINUS
from project import ROOT

INDICATORS = [p.parent.name for p in sorted((ROOT / "tests" / "golden" / "figures").glob("*/index.md"))]


def numbers(figure: dict) -> list[Decimal]:  # type: ignore[type-arg]
    """The values that a drawing shows, of whichever axis carries them."""
    found = []
    for trace in figure["data"]:
        values = trace["x"] if trace.get("orientation") == "h" else trace["y"]
        found += [Decimal(str(v)) for v in values if v is not None]
    return sorted(found)


def cells(table: charts.Table) -> list[Decimal]:
    plain = [re.sub(r"\[\w+\]|[%,+ £]", "", c).replace(MINUS, "-") for row in table.rows for c in row[1:]]
    return sorted(Decimal(p) for p in plain if p not in ("", "–"))


def _without_words(indicator: Indicator, finding: str) -> str:
    """The sentence without the numbers that are names: of the measure, its unit and its periods."""
    for name in (indicator.short_title, indicator.unit_label):
        finding = finding.replace(name, "")
    return re.sub(r"“[^”]*”|\d+ months?|20\d\d(/\d\d)?", "", finding)


def test_every_chart_of_the_real_site_carries_the_figures_of_its_package(
    real: Release, real_site: Path
) -> None:
    for indicator in real.content.indicators.values():
        chart = charts.chart(real, indicator)
        figures = measures.figures_of(real, indicator)
        expected = sorted(o.value for o in figures if o.value is not None)
        everything = sorted(o.value for o in measures.series(real, indicator.id) if o.value is not None)
        assert cells(chart.table) == expected, indicator.id
        folder = real_site / "figures" / indicator.slug
        rows = list(csv.DictReader(io.StringIO((folder / f"{indicator.slug}.csv").read_text())))
        assert sorted(Decimal(r["value"]) for r in rows if r["value"]) == everything, indicator.id
        html = unescape((folder / "index.html").read_text())
        for term in real.content.terms:  # written out behind an abbreviation's first use
            html = html.replace(f" ({term.expansion})", "")
        assert chart.finding in html
        said = {
            Decimal(n.replace(",", ""))
            for n in re.findall(r"\d[\d,]*(?:\.\d+)?", _without_words(indicator, chart.finding))
        }
        changes = {abs(v.recomputed) for v in claims.verdicts(real, indicator.id) if v.recomputed} | {
            abs(v.claim.stated) for v in claims.verdicts(real, indicator.id) if v.claim.stated
        }
        since = measures.change(indicator, figures[0], figures[-1])
        latest = measures.latest_change(real, indicator)
        changes |= {abs(c.percent) for c in (since, latest) if c and c.percent}
        assert said <= {abs(v) for v in expected} | changes, indicator.id
        if chart.wide and chart.narrow:
            parted = indicator.chart == "ranked-bars"  # which leaves out the total of its parts
            drawn = sorted(o.value for o in figures if o.value is not None and (o.part or not parted))
            assert numbers(chart.wide) == numbers(chart.narrow) == drawn, indicator.id
            told = json.loads((folder / "chart.json").read_text())
            assert numbers(told["wide"]) == drawn


def test_plotly_knows_every_figure(real: Release) -> None:
    drawn = 0
    for indicator in real.content.indicators.values():
        chart = charts.chart(real, indicator)
        for figure in (chart.wide, chart.narrow):
            if figure:
                go.Figure(figure)
                assert "template" not in figure["layout"]
                drawn += 1
    assert drawn > 30


def test_bars_start_at_zero_and_colours_are_the_agreed_ones(real: Release) -> None:
    for indicator in real.content.indicators.values():
        chart = charts.chart(real, indicator)
        for figure in filter(None, (chart.wide, chart.narrow)):
            for name, axis in figure["layout"].items():
                if name.startswith(("xaxis", "yaxis")):
                    assert axis["fixedrange"]
                    assert axis.get("rangemode", "tozero") == "tozero"
            used = json.dumps([t["marker"].get("color") or t["line"]["color"] for t in figure["data"]])
            assert set(re.findall(r"#\w{6}", used)) <= {*drawings.COLOURS, drawings.TINT}


@pytest.mark.parametrize("name", INDICATORS)
def test_a_withheld_figure_is_withheld_everywhere(name: str) -> None:
    folder = ROOT / "tests" / "golden" / "figures" / name
    rows = (
        list(csv.DictReader(io.StringIO((folder / f"{name}.csv").read_text())))
        if (folder / f"{name}.csv").exists()
        else []
    )
    missing = [r for r in rows if r["status"] in ("c", "x")]
    for row in missing:
        assert row["value"] == ""
    table = unescape((folder / "index.md").read_text())
    assert len(re.findall(r'<td class="n"[^>]*>\[[cx]\]</td>', table)) == len(missing)
    if any(r["area_code"] == "E09999999" for r in missing):
        figure = json.loads((folder / "chart.json").read_text())["wide"]
        marks = [a["text"] for a in figure["layout"]["annotations"] if a["text"] in ("[c]", "[x]")]
        assert len(marks) == len(missing)
        assert sum(v is None for t in figure["data"] for v in t["y"]) == len(missing)
