"""Make pictures for other sites: previews of shared pages, and charts with their title, finding and source."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

from portal.site import chromium
from portal.site.chromium import Chromium

NAME, POSTER = "card.png", "chart.png"
WIDTH, HEIGHT = 1200, 630  # shown without cropping by readers of the Open Graph protocol
TALL = 900  # height of a chart with its title and source
# Colours as in portal.css. The text stays legible at a third of the width.
_PAGE = """<style>
body {{ background: #fff; border-top: 24px solid #12436d; box-sizing: border-box; color: #1a1a1a; font-family: Arial, "Liberation Sans", sans-serif; height: {height}px; margin: 0; overflow: hidden; padding: 36px 64px; position: relative; width: {width}px; }}
p {{ font-size: 38px; line-height: 1.3; margin: 24px 0 0; }}
.name {{ color: #12436d; font-size: 32px; font-weight: 700; margin: 0; }}
h1 {{ font-size: 64px; letter-spacing: -.01em; line-height: 1.1; margin: 28px 0 0; }}
img {{ bottom: 24px; height: 270px; left: 64px; position: absolute; }}
.chart h1 {{ font-size: 46px; margin-top: 18px; }} .chart p:not(.name) {{ font-size: 30px; margin-top: 14px; }}
.poster h1 {{ font-size: 40px; margin: 0; }} .poster p:not(.name) {{ font-size: 24px; margin-top: 10px; }}
.poster img {{ display: block; height: 580px; margin-top: 16px; object-fit: contain; object-position: left top; position: static; width: 100%; }}
.poster .source {{ bottom: 20px; color: #4a4f55; left: 64px; position: absolute; right: 64px; }}
.poster .source.source {{ font-size: 17px; }}
</style><body class="{kind}">{above}<h1>{title}</h1><p>{words}</p>{chart}{below}"""
# One page for all pictures: loading one for each takes three times as long.
_SHOW = """(async page => {
  document.documentElement.innerHTML = page;
  await Promise.all([...document.images].map(image => image.decode()));
  return 0;
})"""


@dataclass(frozen=True)
class Card:
    """The text of a picture; `chart` is the path of a drawing in the site, or "".

    One with a `source` is a chart for reuse; others are small pictures of a page.
    """

    name: str
    title: str
    words: str
    chart: str = ""
    source: str = ""

    @property
    def height(self) -> int:
        """Return the height of the picture in pixels."""
        return TALL if self.source else HEIGHT


def draw_all(site: Path, cards: Mapping[str, Card], cache: Path) -> list[str]:
    """Write the picture for each path into the built site; return the paths of those that could not be made."""
    keys = {address: _key(site, card) for address, card in cards.items()}
    wanted = {keys[address]: card for address, card in cards.items()}
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder, "page.html")
        page.write_text('<!doctype html><meta charset="utf-8">', encoding="utf-8")

        def drawn(browser: Chromium, key: str) -> bytes:
            browser.open(page)
            browser.run(f"{_SHOW}({json.dumps(_html(site, wanted[key]))})")
            return browser.picture(WIDTH, wanted[key].height)

        kept = chromium.make_missing(wanted, cache, ".png", drawn, frames=True)
    failed = []
    for address, key in keys.items():
        if picture := kept.get(key):
            shutil.copyfile(picture, site / address)
        else:
            failed.append(address)
    return failed


def _key(site: Path, card: Card) -> str:
    chart = (site / card.chart).read_bytes() if card.chart else b""
    return hashlib.sha256(f"{_PAGE}{card}".encode() + chart).hexdigest()[:24]


def _html(site: Path, card: Card) -> str:
    chart = f'<img src="{(site / card.chart).resolve().as_uri()}" alt="">' if card.chart else ""
    name = escape(card.name)
    kind = "poster" if card.source else "chart" if card.chart else ""
    above = "" if card.source else f'<p class="name">{name}</p>'
    below = f'<p class="source">{escape(card.source)} {name}.</p>' if card.source else ""
    texts = {"title": escape(card.title), "words": escape(card.words), "above": above, "below": below}
    return _PAGE.format(width=WIDTH, height=card.height, kind=kind, chart=chart, **texts)
