"""Draws charts as SVG with the same plotly.js that the browser uses, in one headless Chromium.

A picture is kept in a folder under the content of its figure, so that only new figures are drawn. Where there is
no Chromium there are no pictures, and the reader's browser draws.
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
from urllib.parse import unquote

from portal.charts import chromium
from portal.charts.chromium import Chromium

Figure = dict[str, Any]
LIBRARY = Path("node_modules/plotly.js-basic-dist-min/plotly-basic.min.js")
# Random numbers are seeded: plotly.js names the parts of a drawing by them, and two builds must be the same.
_DRAW = """(async figure => {
  let seed = 1;
  Math.random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  const place = document.createElement("div");
  document.body.replaceChildren(place);
  await Plotly.newPlot(place, figure.data, figure.layout, {staticPlot: true});
  return Plotly.toImage(place, {format: "svg", width: figure.layout.width, height: figure.layout.height});
})"""
_STYLED = re.compile(r'<[A-Za-z][^<>]*? style="[^"<>]*"[^<>]*>')
_DECLARATION = re.compile(r'\s*([a-z-]+)\s*:\s*((?:"[^"]*"|[^;"])+)')


@dataclass(frozen=True)
class Pictures:
    """The library that draws, and the pictures there are, by the key of their figure."""

    library: Path
    drawn: Mapping[str, bytes]
    prints: bool = False  # whether this machine can also print pages

    def of(self, figure: Figure | None) -> bytes | None:
        """The picture of a figure as SVG, if there is one."""
        return None if figure is None else self.drawn.get(key(figure, self.library))


def key(figure: Figure, library: Path) -> str:
    """The name of a figure's picture: a digest of its content and of the library that draws it."""
    told = json.dumps(figure, sort_keys=True, separators=(",", ":")).encode()
    return hashlib.sha256(told + library.stat().st_size.to_bytes(8, "big")).hexdigest()[:24]


def draw(figures: Iterable[Figure], library: Path, cache: Path) -> Pictures:
    """The pictures of the figures; none where they cannot be drawn here."""
    if chromium.browser() is None:
        return Pictures(library, {})
    wanted = {key(f, library): f for f in figures}
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder, "page.html")
        script = library.resolve().as_uri()
        page.write_text(
            f'<!doctype html><meta charset="utf-8"><body><script src="{script}"></script>', encoding="utf-8"
        )

        def drawn(told: Chromium, name: str) -> bytes:
            told.open(page)
            url: str = told.run(f"{_DRAW}({json.dumps(wanted[name])})")
            return without_styles(unquote(url.partition(",")[2])).encode()

        kept = chromium.keep(wanted, cache, ".plain.svg", drawn)
    return Pictures(library, {k: path.read_bytes() for k, path in kept.items()}, prints=True)


def without_styles(svg: str) -> str:
    """A drawing with its style attributes as attributes of their own.

    The site's policy forbids style attributes, and Firefox holds a drawing to the policy even in an <img>.
    """
    return _STYLED.sub(lambda tag: _attributes(tag[0]), svg)


def _attributes(tag: str) -> str:
    head, style, rest = re.split(r' style="([^"]*)"', tag, maxsplit=1)
    for name, value in _DECLARATION.findall(unescape(style)):
        if name == "white-space":  # which browsers do not know as an attribute
            name, value = "xml:space", "preserve" if value.strip() == "pre" else "default"  # noqa: PLW2901
        head, rest = (re.sub(rf' {name}="[^"]*"', "", part) for part in (head, rest))
        head += f' {name}="{escape(value.strip())}"'
    return head + rest
