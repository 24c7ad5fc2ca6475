"""Draw charts as SVG in headless Chromium, with the same plotly.js that readers' browsers use.

Pictures are cached by the content of their figure, so that only new figures are drawn. Without Chromium there are no
pictures, and the reader's browser draws the charts.
"""

import hashlib
import json
import re
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape, unescape
from pathlib import Path
from typing import Any

from portal.charts import chromium
from portal.charts.charts import Chart
from portal.charts.chromium import Chromium
from portal.charts.dark_scheme import darken

Figure = dict[str, Any]
DARK_COPY = "-dark.svg"  # the end of the name of a picture in dark colours
LIBRARY = Path("node_modules/plotly.js-basic-dist-min/plotly-basic.min.js")
# Given a figure instead of a drawing, plotly.js draws it once and not twice. It uses random ids. They are seeded, so that two builds give the same bytes.
_DRAW = """(async figure => {
  let seed = 1;
  Math.random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  const {width, height} = figure.layout;
  return Plotly.toImage({...figure, config: {staticPlot: true}}, {format: "svg", width, height, imageDataOnly: true});
})"""
_STYLED = re.compile(r'<[A-Za-z][^<>]*? style="[^"<>]*"[^<>]*>')
_DECLARATION = re.compile(r'\s*([a-z-]+)\s*:\s*((?:"[^"]*"|[^;"])+)')


@dataclass(frozen=True)
class Pictures:
    """The plotly.js library, and the pictures by `picture_key` of their figure."""

    library: Path
    drawn: Mapping[str, bytes]
    prints: bool = False  # True if this machine can also print pages

    def of(self, figure: Figure | None) -> bytes | None:
        """Return the picture of a figure as SVG; None if there is none."""
        return None if figure is None else self.drawn.get(picture_key(figure, self.library))


def picture_key(figure: Figure, library: Path) -> str:
    """Return the name of a picture: a digest of the figure and of the library that draws it."""
    content = json.dumps(figure, sort_keys=True, separators=(",", ":")).encode()
    return hashlib.sha256(content + library.stat().st_size.to_bytes(8, "big")).hexdigest()[:24]


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


def draw_pictures(figures: Iterable[Figure], library: Path, cache: Path) -> Pictures:
    """Return the pictures of the figures, or none if Chromium is not installed."""
    if chromium.find_browser() is None:
        return Pictures(library, {})
    wanted = {picture_key(f, library): f for f in figures}
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder, "page.html")
        script = library.resolve().as_uri()
        page.write_text(
            f'<!doctype html><meta charset="utf-8"><body><script src="{script}"></script>', encoding="utf-8"
        )

        def draw(browser: Chromium, name: str) -> bytes:
            browser.open(page)
            return styles_to_attributes(browser.run(f"{_DRAW}({json.dumps(wanted[name])})")).encode()

        kept = chromium.make_missing(wanted, cache, ".plain.svg", draw)
    return Pictures(library, {k: path.read_bytes() for k, path in kept.items()}, prints=True)


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
