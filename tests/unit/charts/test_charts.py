"""Every drawing is a valid Plotly figure, starts at zero and uses the house colours."""

import json
import re

import plotly.graph_objects as go
import pytest
from portal.charts import charts, style
from portal.charts.row_charts import Group, Row, draw_rows
from portal.disclosure.clearing import ClearedContent


def test_plotly_accepts_every_figure(real: ClearedContent) -> None:
    drawn = 0
    for indicator in real.content.indicators.values():
        chart = charts.build_chart(real, indicator)
        for figure in (chart.wide, chart.narrow):
            if figure:
                go.Figure(figure)
                assert "template" not in figure["layout"]
                drawn += 1
    assert drawn > 30


def test_bars_start_at_zero_and_use_the_house_colours(real: ClearedContent) -> None:
    for indicator in real.content.indicators.values():
        chart = charts.build_chart(real, indicator)
        for figure in filter(None, (chart.wide, chart.narrow)):
            for name, axis in figure["layout"].items():
                if name.startswith(("xaxis", "yaxis")):
                    assert axis["fixedrange"]
                    assert axis.get("rangemode", "tozero") == "tozero"
            used = set(re.findall(r"#\w{6}", json.dumps(figure["data"])))
            assert used
            assert used <= style.PALETTE


def test_every_small_panel_has_a_dashed_line_at_a_break_that_a_note_explains(real: ClearedContent) -> None:
    strands = real.content.indicators["recorded-hate-crime-strands"]
    chart = charts.build_chart(real, strands)
    parts = {o.part for o in real.content.observations[strands.id]}
    for figure in filter(None, (chart.wide, chart.narrow)):
        dashed = [s for s in figure["layout"]["shapes"] if s["line"].get("dash") == "dash"]
        assert len({(s["x0"], s["y1"]) for s in dashed}) >= len(parts)
        written = [a for a in figure["layout"]["annotations"] if a["text"].startswith("[")]
        assert written  # a withheld figure stays beside its line
    assert [n.partition(":")[0] for n in chart.notes] == ["Dashed line"]
    assert chart.subtitle == "Offences, 12 months each"
    in_2016 = charts.build_chart(real, real.content.indicators["hate-crime-by-month"])
    assert not in_2016.notes  # it ends long before the break


@pytest.mark.parametrize("width", [style.WIDE, style.NARROW])
@pytest.mark.parametrize(
    "values",
    [(-3, 123_456_789_012_345), (-1_234_567_890_123, 1_234_567_890_123), (-5, -1), (5, None), (-5, None), (0, 0), (None,)],
)  # fmt: skip
def test_bars_have_room_however_long_their_values_are(values: tuple[int | None, ...], width: int) -> None:
    rows = [Row(name="A", value=v, text=f"£{v:,}" if v is not None else "[x]", words="A") for v in values]
    figure = draw_rows([Group(tuple(rows))], width)
    left, right = figure["layout"]["xaxis"]["domain"]
    assert 0 <= left < left + 20 / width < right <= 1
    for label in figure["layout"]["annotations"]:
        assert 0 <= label["x"] <= 1
