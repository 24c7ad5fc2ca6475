"""Draws charts as SVG with the same plotly.js that the browser uses, in one headless Chromium.

A picture is kept in a folder under the content of its figure, so that only new figures are drawn. Where there is
no Chromium there are no pictures, and the reader's browser draws.
"""

import hashlib
import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote

Figure = dict[str, Any]
LIBRARY = Path("node_modules/plotly.js-basic-dist-min/plotly-basic.min.js")
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = (
    "--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
_DUMP = (*QUIET, "--virtual-time-budget=600000", "--dump-dom")
# Random numbers are seeded: plotly.js names the parts of a drawing by them, and two builds must be the same.
_PAGE = """<!doctype html><meta charset="utf-8"><body><script src="{library}"></script><script>
(async () => {{
  const drawn = [];
  for (const figure of {figures}) {{
    let seed = 1;
    Math.random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
    const place = document.createElement("div");
    document.body.append(place);
    await Plotly.newPlot(place, figure.data, figure.layout, {{staticPlot: true}});
    drawn.push(await Plotly.toImage(place, {{format: "svg", width: figure.layout.width, height: figure.layout.height}}));
    place.remove();
  }}
  const out = document.createElement("pre");
  out.textContent = JSON.stringify(drawn);
  document.body.replaceChildren(out);
}})();
</script>"""


@dataclass(frozen=True)
class Pictures:
    """The library that draws, and the pictures there are, by the key of their figure."""

    library: Path
    drawn: Mapping[str, bytes]
    prints: bool = False  # whether this machine can also print pages

    def of(self, figure: Figure | None) -> bytes | None:
        """The picture of a figure as SVG, if there is one."""
        return None if figure is None else self.drawn.get(key(figure, self.library))


def browser() -> str | None:
    """The Chromium of this machine, if it has one."""
    return next(filter(None, map(shutil.which, _BROWSERS)), None)


def key(figure: Figure, library: Path) -> str:
    """The name of a figure's picture: a digest of its content and of the library that draws it."""
    told = json.dumps(figure, sort_keys=True, separators=(",", ":")).encode()
    return hashlib.sha256(told + library.stat().st_size.to_bytes(8, "big")).hexdigest()[:24]


def draw(figures: Iterable[Figure], library: Path, cache: Path) -> Pictures:
    """The pictures of the figures; none where they cannot be drawn here."""
    chromium = browser()
    if chromium is None:
        return Pictures(library, {})
    wanted = {key(f, library): f for f in figures}
    missing = {k: f for k, f in wanted.items() if not (cache / f"{k}.svg").exists()}
    if missing:
        cache.mkdir(parents=True, exist_ok=True)
        for k, svg in zip(missing, _drawn(list(missing.values()), library, chromium), strict=False):
            part = cache / f"{k}.part"
            part.write_bytes(svg)
            part.replace(cache / f"{k}.svg")
    kept = {k: cache / f"{k}.svg" for k in wanted}
    return Pictures(library, {k: path.read_bytes() for k, path in kept.items() if path.exists()}, prints=True)


def _drawn(figures: list[Figure], library: Path, chromium: str) -> list[bytes]:
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder, "page.html")
        told = json.dumps(figures).replace("</", "<\\/")
        page.write_text(_PAGE.format(library=library.resolve().as_uri(), figures=told), encoding="utf-8")
        for done in attempts(chromium, _DUMP, page, folder):
            html = done.decode("utf-8", "replace")
            start, end = html.find("<pre>"), html.rfind("</pre>")
            if 0 <= start < end:
                urls = json.loads(unescape(html[start + 5 : end]))
                return [unquote(u.partition(",")[2]).encode() for u in urls]
    return []


def attempts(chromium: str, options: Iterable[str], page: Path, folder: str) -> Iterator[bytes]:
    """What Chromium prints when it opens a page, first with its sandbox, then without: as root it needs that."""
    profile = f"--user-data-dir={folder}/profile"
    for sandbox in ((), ("--no-sandbox",)):
        command = [chromium, *options, profile, *sandbox, page.resolve().as_uri()]
        yield subprocess.run(command, capture_output=True, timeout=300, check=False).stdout
