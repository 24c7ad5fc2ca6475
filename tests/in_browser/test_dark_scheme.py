"""The dark scheme that a device asks for: pages, drawings, maps and charts that are drawn in the browser follow it."""

import json
import re
from pathlib import Path

import pytest
from axe import Seen, read
from browser import Tabs
from playwright.sync_api import Page, expect
from portal.charts import grammar
from portal.charts.dark_scheme import DARK
from project import ROOT
from test_drawings import contrast

SEEN = Seen()
# One page of each kind, with what is drawn on it.
KINDS = {
    "home": "",
    "figure": "figures/recorded-knife-crime/",
    "figures": "figures/",
    "strips": "figures/figure-41/",
    "ward": "wards/evelyn/",
    "map": "wards/map/",
    "plan": "plans/strategy-2021-26/",
    "late": "plans/progress/",
    "report": "report/",
    "Easy Read": "report/easy-read/",
    "crime": "crime/",
    "explore": "explore/",
    "search": "search/",
    "open data": "about/open-data/",
    "not found": "404.html",
}
# Each token on each ground, with the least contrast: 4.5 for letters and 3 for marks.
LETTERS, MARKS = 4.5, 3.0
TOKENS = [
    *((t, g, LETTERS) for t in ("ink", "quiet", "brand", "good", "bad") for g in ("paper", "sheet", "sand")),
    ("on-brand", "brand", LETTERS),
    ("on-brand", "deep", LETTERS),
    ("on-bad", "bad", LETTERS),
    ("warn-ink", "warn", LETTERS),
    ("ink", "warn", LETTERS),
    ("focus-ink", "focus", LETTERS),
    ("on-foot", "foot", LETTERS),
    *((t, g, MARKS) for t in ("series", "edge", "good", "bad", "quiet") for g in ("paper", "sheet")),
    *(("map-ink", f"map-{n}", LETTERS) for n in (1, 2, 3, "none", "plain", "ground")),
    *(("map-light", f"map-{n}", LETTERS) for n in (4, 5)),
    ("map-light", "map-halo", LETTERS),
    ("map-ink", "paper", LETTERS),
    ("map-symbol", "map-plain", MARKS),
    ("map-quiet", "map-plain", MARKS),
    ("map-stripe", "map-ground", MARKS),
    ("map-edge", "paper", MARKS),
]
EXPLORE = [
    *((f"x-{n}", "paper", MARKS) for n in range(6)),
    *((f"x-{n}", "paper", LETTERS) for n in (0, 2, 4)),
    *((f"x-t{n}", "paper", LETTERS) for n in (1, 3, 5)),
    ("x-hatch", "x-blank", MARKS),
    ("x-edge", "paper", MARKS),
]
VALUES = """([selector, names]) => {
  const style = getComputedStyle(document.querySelector(selector));
  const canvas = document.createElement("canvas").getContext("2d");
  return Object.fromEntries(names.map(name => {
    canvas.fillStyle = style.getPropertyValue("--" + name).trim();
    return [name, canvas.fillStyle];
  }));
}"""


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest, tab: Tabs) -> tuple[str, Page]:
    return request.param, tab(color_scheme=request.param)


@pytest.fixture
def dark(tab: Tabs) -> Page:
    return tab(color_scheme="dark")


@pytest.mark.parametrize("name", KINDS)
def test_every_text_of_a_dark_page_has_contrast(dark: Page, address: str, name: str) -> None:
    dark.goto(address + KINDS[name])
    if name == "explore":
        dark.wait_for_selector("[data-state=shown]")
    dark.locator("details:not(.menu)").evaluate_all("all => all.forEach(d => (d.open = true))")
    assert dark.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 24, 30)"
    for width in (360, 1280):
        dark.set_viewport_size({"width": width, "height": 800})
        found = read(dark, SEEN, again=width != 360, only_colours=True)
        assert found.wrong == ()
        assert found.looks > 10


def test_colours_contrast_in_both_schemes(scheme: tuple[str, Page], address: str) -> None:
    """Of letters, lines, status marks, small trends, maps and what “Explore” draws."""
    name, page = scheme
    page.goto(address + "explore/")
    page.goto(address + "wards/map/")
    seen = {}
    for path, selector, pairs in (("wards/map/", ":root", TOKENS), ("explore/", ".explore", EXPLORE)):
        page.goto(address + path)
        names = sorted({n for one, other, _ in pairs for n in (one, other)})
        seen = page.evaluate(VALUES, [selector, names])
        faint = [
            (one, other, round(contrast(seen[one], seen[other]), 2))
            for one, other, least in pairs
            if contrast(seen[one], seen[other]) < least
        ]
        assert faint == [], name
    assert (contrast(seen["paper"], "#000000") < 2) == (name == "dark")


def test_drawings_are_dark_on_a_dark_page_and_light_on_paper(dark: Page, address: str) -> None:
    dark.goto(address + KINDS["figure"])
    picture = dark.locator(".chart picture img").first
    own = f"{address}{KINDS['figure']}"
    for width, drawing in ((360, "narrow"), (1280, "wide")):
        dark.set_viewport_size({"width": width, "height": 800})
        expect(picture).to_have_js_property("currentSrc", f"{own}chart-{drawing}-dark.svg")
    assert picture.evaluate("i => i.decode().then(() => i.naturalWidth)") > 0
    saved = dark.locator(".chart__tools a").first.get_attribute("href")
    assert saved
    assert saved.endswith("chart-wide.svg")
    dark.emulate_media(media="print", color_scheme="dark")
    expect(picture).to_have_js_property("currentSrc", f"{own}chart-wide.svg")
    assert dark.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert dark.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"


def test_a_chart_that_the_browser_draws_follows_the_scheme(dark: Page, address: str) -> None:
    dark.goto(address + KINDS["figure"])
    dark.locator(".chart").first.press("ArrowLeft")
    dark.wait_for_selector(".chart[data-state=drawn] svg.main-svg")
    paper = dark.locator(".chart[data-state=drawn] .main-svg").first
    expect(paper).to_have_css("background-color", rgb(DARK[grammar.PAPER]))
    assert colours_of(dark).isdisjoint(map(rgb, DARK))
    dark.emulate_media(color_scheme="light")
    expect(paper).to_have_css("background-color", rgb(grammar.PAPER))
    assert colours_of(dark).isdisjoint(map(rgb, DARK.values()))


def colours_of(page: Page) -> set[str]:
    """Return the colours in which a chart that the browser drew is painted, without what is shown at the pointer."""
    found: list[str] = page.evaluate("""() =>
      [...document.querySelectorAll(".chart[data-state=drawn] .main-svg, .chart[data-state=drawn] .main-svg :is(text, path, rect)")]
        .filter(e => !e.closest(".hoverlayer")).flatMap(e => { const s = getComputedStyle(e); return [s.fill, s.stroke, s.backgroundColor]; })""")
    assert len(found) > 50
    return set(found)


def rgb(colour: str) -> str:
    """Return a colour as browsers write it."""
    return f"rgb({', '.join(str(int(colour[n : n + 2], 16)) for n in (1, 3, 5))})"


def test_every_drawing_has_a_dark_copy_in_the_colours_of_the_dark_scheme(real_site: Path) -> None:
    colour, known = re.compile(r"#[0-9A-Fa-f]{6}"), {c.lower() for c in DARK.values()}
    seen = 0
    for path in real_site.rglob("*-dark.svg"):
        dark, light = path.read_text(), path.with_name(path.name.replace("-dark.svg", ".svg")).read_text()
        assert {c.lower() for c in colour.findall(dark)} <= known, path
        assert colour.sub("", dark) == colour.sub("", light), path
        seen += 1
    assert seen == len(list(real_site.glob("figures/*/*-wide.svg"))) * 2 + len(
        [p for p in real_site.glob("wards/**/*.svg") if not p.name.endswith("-dark.svg")]
    )
    assert not list((real_site / "embed").rglob("*-dark.svg"))


def test_the_browser_has_the_same_colours_as_the_drawings() -> None:
    script = (ROOT / "site_src" / "assets" / "js" / "charts.js").read_text()
    found = re.search(r"const DARK = (\{.*?\});", script, re.DOTALL)
    assert found
    assert json.loads(re.sub(r",\s*\}", "}", found[1])) == dict(DARK)
    assert {c.lower() for c in grammar.PALETTE} == set(DARK)
