"""Other sites can embed a chart with its title, finding and source, without a script, and no other page of the site."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe import READY, Seen, read
from browser import served
from playwright.sync_api import Browser, Page
from portal.site import headers
from portal.site.preview import PreviewHandler
from selectolax.lexbor import LexborHTMLParser

SEEN = Seen()


@pytest.fixture(scope="module")
def site(tiny_site: Path) -> Path:
    return (tiny_site / "build/site").resolve()


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    with served(site, PreviewHandler) as at:
        yield at


def framed(browser: Browser, tmp_path: Path, target: str) -> Page:
    """Open a page of another host that shows the target in a frame."""
    (tmp_path / "index.html").write_text(
        f'<!doctype html><title>Another site</title><iframe src="{target}" width=600 height=600></iframe>'
    )
    page = browser.new_page()
    with served(tmp_path) as other:
        page.goto(other.replace("127.0.0.1", "localhost"))
        page.wait_for_load_state("networkidle")
    return page


def test_a_chart_is_shown_in_a_page_of_another_host(chromium: Browser, address: str, tmp_path: Path) -> None:
    page = framed(chromium, tmp_path, f"{address}embed/thefts/")
    inside = page.frames[1]
    assert inside.locator("h1").inner_text() == "Thefts"
    assert "161 offences in the 12 months to June 2020" in inside.locator("figcaption").inner_text()
    assert inside.evaluate("document.querySelector('img').naturalWidth") > 100
    assert "Source: Annual report & plan" in inside.locator("footer").inner_text()
    assert inside.locator("footer a").get_attribute("target") == "_top"
    assert inside.locator("script").count() == 0
    page.close()


def test_no_other_page_can_be_framed(chromium: Browser, address: str, tmp_path: Path) -> None:
    for path in ("", "figures/thefts/", "help/"):
        page = framed(chromium, tmp_path, f"{address}{path}")
        assert page.frames[1].locator("h1").count() == 0, path
        page.close()


def test_every_chart_has_a_page_a_drawing_and_a_picture(site: Path) -> None:
    pages = sorted(p.parent.name for p in site.glob("figures/*/chart.json"))
    assert pages
    for slug in pages:
        folder = site / "embed" / slug
        tree = LexborHTMLParser((folder / "index.html").read_text())
        shown = LexborHTMLParser((site / "figures" / slug / "index.html").read_text())
        assert bool(tree.css("#exit")) == bool(shown.css("#exit"))
        assert (folder / "chart-wide.svg").read_bytes() == (
            site / "figures" / slug / "chart-wide.svg"
        ).read_bytes()
        assert (folder / "chart.png").read_bytes().startswith(b"\x89PNG")


def test_a_picture_is_not_blank(chromium: Browser, site: Path) -> None:
    page = chromium.new_page()
    for picture in sorted(site.glob("embed/*/chart.png")):
        page.goto(picture.as_uri())
        seen = page.evaluate("""() => { const i = document.images[0], c = document.createElement('canvas');
          return [i.naturalWidth, i.naturalHeight]; }""")
        assert seen == [1200, 900]
        colours = len(set(page.screenshot()))
        assert colours > 50, picture
    page.close()


def test_the_headers_allow_frames_only_for_embeds(site: Path) -> None:
    rules = headers.parse((site / headers.FILE).read_text())
    for path in (
        "/",
        "/figures/thefts/",
        "/embed/thefts/",
        "/embed/thefts/chart.png",
        "/assets/css/portal.css",
    ):
        found = headers.of(rules, path)
        own = path.startswith("/embed/")
        assert found.get("X-Frame-Options") == (None if own else "DENY")
        assert found["Cross-Origin-Resource-Policy"] == ("cross-origin" if own else "same-origin")


# What is right at 320 pixels and at 1,280 is rarely wrong at 360.
@pytest.mark.parametrize("width", [320, pytest.param(360, marks=pytest.mark.thorough), 1280])
def test_axe_finds_nothing(chromium: Browser, address: str, site: Path, width: int) -> None:
    with chromium.new_context(viewport={"width": width, "height": 700}) as context:
        context.add_init_script(READY)
        page = context.new_page()
        for slug in sorted(p.name for p in (site / "embed").iterdir()):
            page.goto(f"{address}embed/{slug}/")
            assert read(page, SEEN, again=width == 1280).wrong == (), slug
            assert page.evaluate("document.documentElement.scrollWidth") <= width, slug
