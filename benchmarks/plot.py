"""Draw how build time grows with the number of pages into docs/explanation/benchmarks.svg, with the portal's charts.

    .venv/bin/python benchmarks/plot.py

The figures are those of benchmarks/sizes.csv, which build_site.py writes.
"""

import csv
from pathlib import Path

from portal.charts import grammar, style
from portal.charts.axes import tick_texts, value_axis, value_ends, value_ticks
from portal.charts.drawing import draw_svg
from portal.charts.grammar import Box, Figure, Label, Panel, Scale

ROOT = Path(__file__).resolve().parent.parent
WIDTH, HEIGHT = style.WIDE, 400
BOX = Box(56, 40, WIDTH - 190, HEIGHT - 52)


def main() -> None:
    """Draw the figure and write it."""
    with (ROOT / "benchmarks" / "sizes.csv").open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    (ROOT / "docs" / "explanation" / "benchmarks.svg").write_bytes(draw_svg(drawn(rows)))


def drawn(rows: list[dict[str, str]]) -> Figure:
    """Return a figure with a line for each measurement, labelled at its end."""
    ends = [value_ends(float(r[column]) for r in rows) for column in ("pages", "seconds")]
    x, y = Scale(*ends[0], BOX.left, BOX.right), Scale(*ends[1], BOX.bottom, BOX.top)
    lines = []
    labels = [
        Label(text="Seconds", x=1, y=16, size=14),
        Label(text="Pages", x=BOX.right, y=HEIGHT - 12, size=14, across="right"),
    ]
    for colour, name in zip(style.COLOURS, dict.fromkeys(r["what"] for r in rows), strict=False):
        own = sorted((int(r["pages"]), float(r["seconds"])) for r in rows if r["what"] == name)
        lines.append({
            "type": "scatter", "mode": "lines+markers", "x": [p for p, _ in own], "y": [s for _, s in own],
            "line": {"color": colour, "width": 3}, "marker": {"size": 8, "color": colour},
        })  # fmt: skip
        labels.append(Label(text=name, x=x(own[-1][0]) + 10, y=y(own[-1][1]), size=14, colour=colour))
    across, up = (value_ticks(*e, 8) for e in ends)
    axes = [value_axis(t, tick_texts(t), e) for t, e in zip((across, up), ends, strict=True)]
    panel = Panel(box=BOX, x=x, y=y, x_axis={**axes[0], "showgrid": False}, y_axis=axes[1])
    apart = grammar.spread_out(labels[2:], BOX.top, BOX.bottom)
    return grammar.compose((WIDTH, HEIGHT), [panel], lines, [*labels[:2], *apart])


if __name__ == "__main__":
    main()
