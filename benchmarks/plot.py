"""Draw how build time grows with the number of pages into docs/explanation/benchmarks.svg, with the portal's charts.

    .venv/bin/python benchmarks/plot.py

The figures are those of benchmarks/sizes.csv, which build_site.py writes.
"""

import csv
import sys
from pathlib import Path

from portal.charts import grammar, svg

ROOT = Path(__file__).resolve().parent.parent
WIDTH, HEIGHT = grammar.WIDE, 400


def main() -> None:
    """Draw the figure and write it."""
    with (ROOT / "benchmarks" / "sizes.csv").open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    figure = drawn(rows)
    made = svg.draw_pictures([figure], ROOT / svg.LIBRARY, ROOT / "build" / "cache").of(figure)
    if made is None:
        sys.exit("Chromium is not here, so nothing was drawn.")
    (ROOT / "docs" / "explanation" / "benchmarks.svg").write_text(made.decode(), encoding="utf-8")


def drawn(rows: list[dict[str, str]]) -> svg.Figure:
    """Return a figure with a line for each measurement, labelled at its end."""
    names = list(dict.fromkeys(r["what"] for r in rows))
    lines, notes = [], []
    for colour, name in zip(grammar.COLOURS, names, strict=False):
        own = sorted((int(r["pages"]), float(r["seconds"])) for r in rows if r["what"] == name)
        lines.append({
            "type": "scatter", "mode": "lines+markers", "x": [p for p, _ in own], "y": [s for _, s in own],
            "line": {"color": colour, "width": 3}, "marker": {"size": 8},
        })  # fmt: skip
        notes.append({
            "text": name, "x": own[-1][0], "y": own[-1][1], "xanchor": "left", "xshift": 10, "showarrow": False,
            "font": {"size": 14, "color": colour},
        })  # fmt: skip
    axis = {"zeroline": False, "rangemode": "tozero", "gridcolor": grammar.GRID, "fixedrange": True}
    layout = {
        "width": WIDTH, "height": HEIGHT, "margin": {"l": 56, "r": 190, "t": 40, "b": 52}, "showlegend": False,
        "paper_bgcolor": "#ffffff", "plot_bgcolor": "#ffffff", "annotations": notes,
        "font": {"family": grammar.FONT, "size": 14, "color": grammar.INK},
        "title": {"text": "Seconds", "x": 0.01, "font": {"size": 14}},
        "xaxis": {**axis, "title": {"text": "Pages"}, "showgrid": False, "showline": True}, "yaxis": axis,
    }  # fmt: skip
    return {"data": lines, "layout": layout}


if __name__ == "__main__":
    main()
