"""The files of a chart: its figure as JSON for plotly.js, and its pictures as SVG.

Pictures are drawn by `charts/drawing.py` on every machine, so they need no cache. plotly.js draws the chart again when a
reader points at it.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape, unescape
from pathlib import Path
from typing import Any

from portal.charts.charts import Chart
from portal.charts.dark_scheme import darken
from portal.charts.drawing import draw_svg

Figure = dict[str, Any]
DARK_COPY = "-dark.svg"  # the end of the name of a picture in dark colours
LIBRARY = Path("node_modules/plotly.js-basic-dist-min/plotly-basic.min.js")
_STYLED = re.compile(r'<[A-Za-z][^<>]*? style="[^"<>]*"[^<>]*>')
_DECLARATION = re.compile(r'\s*([a-z-]+)\s*:\s*((?:"[^"]*"|[^;"])+)')


@dataclass(frozen=True)
class Pictures:
    """The plotly.js library for readers' browsers; `prints` is True if this machine can print pages."""

    library: Path
    prints: bool = False

    def of(self, figure: Figure | None) -> bytes | None:
        """Return the picture of a figure as SVG; None if there is no figure."""
        return None if figure is None else draw_svg(figure)


def chart_files(
    drawing: Chart | None, pictures: Pictures, name: str = "chart", *, in_both: bool = True
) -> dict[str, bytes]:
    """Return the files of a chart: its drawings as JSON and as pictures, and those of its shorter periods.

    With `in_both`, each picture has a copy for the dark scheme.
    """
    if drawing is None or drawing.wide is None:
        return {}
    both = {"wide": drawing.wide, "narrow": drawing.narrow}
    text = json.dumps(both, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    svgs = {f"{name}-{width}.svg": svg for width, figure in both.items() if (svg := pictures.of(figure))}
    shorter = chart_files(drawing.shorter, pictures, "shorter", in_both=in_both)
    return {f"{name}.json": text.encode(), **(in_both_schemes(svgs) if in_both else svgs), **shorter}


def in_both_schemes(svgs: Mapping[str, bytes | None]) -> dict[str, bytes]:
    """Return pictures by file name, and beside each its copy in dark colours; leave out those that are not drawn."""
    drawn = {name: svg for name, svg in svgs.items() if svg}
    return drawn | {f"{name.removesuffix('.svg')}{DARK_COPY}": darken(svg) for name, svg in drawn.items()}


def styles_to_attributes(svg: str) -> str:
    """Return a drawing with each declaration of its style attributes as a presentation attribute.

    The content security policy of the site forbids style attributes, and Firefox applies it even to an <img>.
    """
    return _STYLED.sub(lambda tag: _attributes(tag[0]), svg)


def _attributes(tag: str) -> str:
    head, style, rest = re.split(r' style="([^"]*)"', tag, maxsplit=1)
    for name, value in _DECLARATION.findall(unescape(style)):
        if name == "white-space":  # not a presentation attribute
            name, value = "xml:space", "preserve" if value.strip() == "pre" else "default"  # noqa: PLW2901
        head, rest = (re.sub(rf' {name}="[^"]*"', "", part) for part in (head, rest))
        head += f' {name}="{escape(value.strip())}"'
    return head + rest
