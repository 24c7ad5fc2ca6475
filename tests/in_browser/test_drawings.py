"""Every drawing of the site, measured in Chromium: its texts are inside, apart and large enough, and its times are named."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from itertools import combinations, islice
from random import Random
from typing import Any

import plotly.graph_objects as go
import pytest
from playwright.sync_api import Browser, Page
from portal.charts import area_charts, style
from portal.charts.axes import time_ticks, value_ticks
from portal.charts.charts import Chart, build_chart
from portal.charts.dark_scheme import DARK
from portal.charts.drawing import draw_svg
from portal.charts.grammar import Box, Label, first_free, spread_out
from portal.charts.svg import LIBRARY
from portal.charts.text_metrics import text_width, wrap_text
from portal.core.model import Break
from portal.disclosure.clearing import ClearedContent
from portal.site import building
from project import ROOT, examples, is_thorough, make_project
from test_every_value import as_model, made_up, refused

Figure = dict[str, Any]
SMALLEST = 11  # pixels
# How far our picture may place a text from where plotly.js does, and how far a mark, in pixels.
NEAR_TEXT, NEAR_MARK = 1.3, 2
# The share of pixels whose colour may be off by more than this, of 255. The edges of sloping lines differ a little.
OFF = {20: 0.0015, 60: 0.0}
# Have plotly.js draw each figure beside our picture of it. Return the texts of both with their boxes and sizes, in pixels
# of the picture, and how many pixels, without the texts, have a colour that is farther than each tolerance from every colour
# between those of the other drawing nearby.
MEASURE = """async ([pairs, near, tolerances]) => {
  const [place, ours] = [document.createElement("div"), document.createElement("div")];
  document.body.replaceChildren(place, ours);
  const textsOf = element => {
    const picture = element.querySelector("svg").getBoundingClientRect();
    return [...element.querySelectorAll("svg text")].filter(t => t.textContent.trim()).map(t => {
      const [box, style] = [t.getBoundingClientRect(), getComputedStyle(t)];
      return {
        text: t.textContent, size: parseFloat(style.fontSize), look: [style.fontSize, style.fontWeight, style.fill, style.fontFamily],
        tick: Boolean(t.closest(".xtick")), turned: Math.abs(t.getScreenCTM().b) > 0.01,
        box: [box.left - picture.left, box.top - picture.top, box.right - picture.left, box.bottom - picture.top],
      };
    });
  };
  const pixels = async (svgs, {width, height}) => {
    const context = Object.assign(document.createElement("canvas"), {width, height}).getContext("2d", {willReadFrequently: true});
    context.fillStyle = "white";
    context.fillRect(0, 0, width, height);
    for (const svg of svgs) {
      const image = new Image();
      // plotly.js cuts lines and outlines in half at the edges of a panel, and sharpens some lines by its style sheet.
      const bare = svg.replace(/<text.*?<\\/text>| clip-path="[^"]*"/gs, "")
        .replaceAll(/ class="[^"]*crisp"/g, ' shape-rendering="crispEdges"');
      image.src = "data:image/svg+xml," + encodeURIComponent(bare);
      await image.decode();
      context.drawImage(image, 0, 0);
    }
    return context.getImageData(0, 0, width, height).data;
  };
  const strange = (one, other, {width, height}, tolerance) => {
    let count = 0;
    for (let i = 0; i < one.length; i += 4) {
      if (Math.abs(one[i] - other[i]) <= tolerance && Math.abs(one[i + 1] - other[i + 1]) <= tolerance
        && Math.abs(one[i + 2] - other[i + 2]) <= tolerance) continue;
      const [x, y] = [i / 4 % width, Math.floor(i / 4 / width)];
      const [least, most] = [[255, 255, 255], [0, 0, 0]];
      for (let v = Math.max(0, y - near); v <= Math.min(height - 1, y + near); v++)
        for (let u = Math.max(0, x - near); u <= Math.min(width - 1, x + near); u++)
          for (const n of [0, 1, 2]) {
            const value = other[4 * (v * width + u) + n];
            least[n] = Math.min(least[n], value);
            most[n] = Math.max(most[n], value);
          }
      count += [0, 1, 2].some(n => one[i + n] < least[n] - tolerance || one[i + n] > most[n] + tolerance);
    }
    return count;
  };
  const measured = [];
  for (const [figure, picture] of pairs) {
    await Plotly.newPlot(place, figure.data, figure.layout, {staticPlot: true});
    ours.innerHTML = picture;
    const {width, height} = figure.layout;
    const drawn = [...place.querySelectorAll(".main-svg")].map(svg => new XMLSerializer().serializeToString(svg));
    const [one, other] = [await pixels(drawn, {width, height}), await pixels([picture], {width, height})];
    const box = place.querySelector("svg").getBoundingClientRect();
    measured.push({
      width: box.width, height: box.height, texts: textsOf(place), ours: textsOf(ours),
      strange: tolerances.map(t => strange(one, other, {width, height}, t) + strange(other, one, {width, height}, t)),
    });
  }
  return measured;
}"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[Page]:
    """Return a page with plotly.js."""
    if not (ROOT / LIBRARY).exists():
        pytest.skip("needs plotly.js")
    path = tmp_path_factory.mktemp("drawings") / "page.html"
    path.write_text(
        f'<!doctype html><meta charset="utf-8"><body><script src="{(ROOT / LIBRARY).as_uri()}"></script>'
    )
    page = chromium.new_page(viewport={"width": 900, "height": 900})
    page.goto(path.as_uri())
    yield page
    page.close()


def drawings(charts: Iterator[Chart]) -> dict[str, Figure]:
    """Return every drawing by a name."""
    found: dict[str, Figure] = {}
    for chart in charts:
        for width, figure in (("wide", chart.wide), ("narrow", chart.narrow)):
            if figure:
                found[f"{chart.table.caption} {chart.finding} {len(found)} {width}"] = figure
    return found


def faults(name: str, figure: Figure, measured: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with a drawing, by plotly.js and by us."""
    if measured["width"] not in (style.WIDE, style.NARROW):
        yield f"{name}: {measured['width']} pixels wide"
    yield from faults_of_texts(name, figure, measured, measured["texts"])
    yield from faults_of_texts(f"our picture of {name}", figure, measured, measured["ours"])
    yield from disagreements(name, figure, measured)
    lines = [t for t in figure["data"] if t["type"] == "scatter" and "lines" in t["mode"]]
    points = max((sum(y is not None for y in t["y"]) for t in lines), default=0)
    is_over_time = not any(t.get("name", "").startswith("Limit for") for t in figure["data"])
    named = sum(t["tick"] for t in measured["texts"])
    if is_over_time and points > 5 and named < 3:
        yield f"{name}: {named} times are named for {points} points"


def unseen(figure: Figure) -> set[str]:
    """Return the texts of upright bars that are shorter than a hundredth of a pixel.

    Whatever its sign, plotly.js places the text of such a bar sometimes above and sometimes below it.
    """
    found: set[str] = set()
    for t in figure["data"]:
        if t["type"] == "bar" and t.get("text"):
            axis = figure["layout"][f"yaxis{t.get('yaxis', 'y')[1:]}"]
            (low, high), (bottom, top) = axis["range"], axis["domain"]
            hundredth = (high - low) / ((top - bottom) * figure["layout"]["height"]) / 100
            found |= {text for y, text in zip(t["y"], t["text"], strict=True) if y and abs(y) < hundredth}
    return found


def disagreements(name: str, figure: Figure, measured: Mapping[str, Any]) -> Iterator[str]:
    """Yield how our picture differs from what plotly.js draws."""
    pixels = measured["width"] * measured["height"]
    if any(n > share * pixels for n, share in zip(measured["strange"], OFF.values(), strict=True)):
        yield f"{name}: {measured['strange']} pixels are not as plotly.js draws them"
    texts, ours = ([(t["text"], *t["look"]) for t in measured[key]] for key in ("texts", "ours"))
    if sorted(texts) != sorted(ours):
        yield f"{name}: other texts than plotly.js has: {set(texts) ^ set(ours)}"
        return
    alike: dict[tuple[Any, ...], list[list[float]]] = {}
    for o, look in zip(measured["ours"], ours, strict=True):
        alike.setdefault(look, []).append(o["box"])
    for t, look in zip(measured["texts"], texts, strict=True):
        sides = slice(0, None, 2 if t["text"] in unseen(figure) else 1)  # 2: left and right only
        far = min(
            max(abs(a - b) for a, b in zip(t["box"][sides], box[sides], strict=True)) for box in alike[look]
        )
        if far > NEAR_TEXT:
            yield f"{name}: “{t['text']}” is {far:.1f} pixels from where plotly.js draws it"


def faults_of_texts(
    name: str, figure: Figure, measured: Mapping[str, Any], texts: list[dict[str, Any]]
) -> Iterator[str]:
    """Yield what is wrong with the texts of a drawing."""
    for t in texts:
        left, top, right, bottom = t["box"]
        if left < -0.5 or top < -0.5 or right > measured["width"] + 0.5 or bottom > measured["height"] + 0.5:
            yield f"{name}: “{t['text']}” is cut off: {t['box']}"
        if t["size"] < SMALLEST:
            yield f"{name}: “{t['text']}” has {t['size']} pixels"
        if t["turned"]:
            yield f"{name}: “{t['text']}” is turned"
    boxes = sorted(((Box(*shrunk(t["box"])), t["text"]) for t in texts), key=lambda b: b[0].left)
    for n, (one, text) in enumerate(boxes, 1):
        for other, words in islice(boxes, n, None):
            if other.left >= one.right:
                break
            if one.touches(other):
                yield f"{name}: “{text}” touches “{words}”"
    shapes = figure["layout"]["shapes"]
    for n, one in enumerate(shapes):
        if one.get("line", {}).get("dash") in ("dash", "dot"):
            covers = [
                placed(s, measured) for s in shapes[n:] if s["type"] == "rect" and s["layer"] == "above"
            ]
            for t in texts:
                box = Box(*shrunk(t["box"]))
                if box.touches(beside(placed(one, measured))) and not any(box.touches(c) for c in covers):
                    yield f"{name}: a broken line crosses or touches “{t['text']}”"


def placed(shape: Mapping[str, Any], measured: Mapping[str, Any]) -> Box:
    """Return the box of a shape in pixels."""
    (left, right), (low, high) = (sorted((shape[a + "0"], shape[a + "1"])) for a in "xy")
    wide, height = measured["width"], measured["height"]
    return Box(left * wide, (1 - high) * height, right * wide, (1 - low) * height)


def beside(line: Box, clear: float = 2) -> Box:
    """Return the box of a line with the space on both sides in which a text would seem to touch it; not at its ends."""
    if line.width < line.height:
        return line._replace(left=line.left - clear, right=line.right + clear)
    return line._replace(top=line.top - clear, bottom=line.bottom + clear)


def shrunk(box: list[float]) -> tuple[float, float, float, float]:
    """Return a box without the space that a font leaves above and below its letters."""
    left, top, right, bottom = box
    return left + 0.5, top + (bottom - top) * 0.15, right - 0.5, bottom - (bottom - top) * 0.15


def measure(page: Page, figures: Mapping[str, Figure]) -> list[str]:
    pairs = [[figure, draw_svg(figure).decode()] for figure in figures.values()]
    results = page.evaluate(f"({MEASURE})", [pairs, NEAR_MARK, list(OFF)])
    return [
        f for (name, figure), m in zip(figures.items(), results, strict=True) for f in faults(name, figure, m)
    ]


@pytest.fixture(scope="module")
def every_drawing(real: ClearedContent) -> dict[str, Figure]:
    """Return every drawing of the site by a name."""
    found = drawings(area_charts.build_site_charts(real).all())
    assert len(found) > 200
    return found


def parts_of(figure: Figure) -> tuple[object, ...]:
    """Return what a drawing is made of: its width, the kinds of its traces and of its shapes."""
    traces = {
        (
            t["type"], t.get("mode"), t.get("orientation"), t.get("line", {}).get("dash"), "meta" in t, "error_y" in t,
            str(t.get("marker", {}).get("symbol"))[:20],
        )
        for t in figure["data"]
    }  # fmt: skip
    shapes = {(s["type"], s.get("line", {}).get("dash"), s.get("layer")) for s in figure["layout"]["shapes"]}
    return figure["layout"]["width"], frozenset(traces), frozenset(shapes)


def some(found: dict[str, Figure]) -> dict[str, Figure]:
    """Return every drawing in a thorough run; else those with the most texts of all that are made of the same.

    Of more than ten made of the same, such as those of wards, also those with the fewest.
    """
    if is_thorough():
        return found
    alike: dict[tuple[object, ...], list[str]] = {}
    for name in sorted(found, key=lambda n: len(found[n]["layout"]["annotations"])):
        alike.setdefault(parts_of(found[name]), []).append(name)
    assert len(alike) > 40
    chosen = {n for names in alike.values() for n in (names[-1], names[0 if len(names) > 10 else -1])}
    return {name: figure for name, figure in found.items() if name in chosen}


def test_every_text_of_every_drawing_is_inside_apart_and_large(
    every_drawing: dict[str, Figure], page: Page
) -> None:
    assert measure(page, some(every_drawing)) == []


def test_hard_data_is_drawn_as_cleanly(tmp_path_factory: pytest.TempPathFactory, page: Page) -> None:
    """Negative, zero, withheld, few and many values, long names and gaps, in every kind of chart."""
    base = building.check(make_project(tmp_path_factory.mktemp("hard") / "tiny"))[1]
    found: dict[str, Figure] = {}
    for seed in range(examples(250)):
        one, own = made_up(Random(seed))
        if own and not refused(one, own):
            released = as_model(base, one, own, made_up_breaks(Random(seed), own))
            chart = build_chart(released, released.content.indicators["made-up"])
            found |= drawings(iter(c for c in (chart, chart.shorter) if c))
    assert len(found) > examples(250) * 0.8
    assert measure(page, found) == []


def made_up_breaks(random: Random, own: list[dict[str, str]]) -> tuple[Break, ...]:
    """Return up to three breaks during the figures, at the start of a period or inside one."""
    days = sorted(date.fromisoformat(r[c]) for r in own for c in ("period_start", "period_end") if r[c])
    chosen = random.sample(days, min(len(days), random.choice((0, 0, 1, 3))))
    title = random.choice(("Recording changed", "Recording of grievous bodily harm changed in all forces"))
    return tuple(Break("report", "l", "made-up", day, title, "") for day in sorted(set(chosen)))


def test_plotly_knows_every_setting_of_every_drawing(every_drawing: dict[str, Figure]) -> None:
    for name, figure in some(every_drawing).items():
        go.Figure(json.loads(json.dumps(figure, allow_nan=False)))
        assert "template" not in figure["layout"], name


def test_a_harmed_drawing_is_noticed(every_drawing: dict[str, Figure], page: Page) -> None:
    name, figure = next((n, f) for n, f in every_drawing.items() if len(f["layout"]["annotations"]) > 3)
    for harm in ({"x": 1.2}, {"font": {"size": 8, "color": style.INK}}, {"textangle": 30}):
        notes = [{**figure["layout"]["annotations"][0], **harm}, *figure["layout"]["annotations"][1:]]
        harmed = {**figure, "layout": {**figure["layout"], "annotations": notes}}
        assert measure(page, {name: harmed}), harm
    one = figure["layout"]["annotations"][0]
    twice = {**figure, "layout": {**figure["layout"], "annotations": [one, one]}}
    assert any("touches" in f for f in measure(page, {name: twice}))


def test_a_picture_without_one_mark_or_with_a_moved_text_is_noticed(
    every_drawing: dict[str, Figure], page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, figure = min(every_drawing.items(), key=lambda drawn: len(draw_svg(drawn[1])))
    whole = draw_svg(figure).decode()
    shapes = [found[0] for found in re.finditer(r"<path [^>]*/>|<rect [^>]*/>", whole)][1:]
    texts = [found[0] for found in re.finditer(r"<text [^>]*>", whole)]
    moved = [re.sub(r' y="(\d+)', lambda y: f' y="{int(y[1]) + 3}', text, count=1) for text in texts]
    harmed = [
        *(whole.replace(shape, "", 1) for shape in shapes),
        *(whole.replace(text, other, 1) for text, other in zip(texts, moved, strict=True)),
    ]
    assert len(shapes) > 1
    assert len(texts) > 1
    pictures = iter(harmed)
    monkeypatch.setattr("test_drawings.draw_svg", lambda _: next(pictures).encode())
    found = measure(page, {f"<{n}>": figure for n in range(len(harmed))})
    assert [n for n in range(len(harmed)) if not any(f"<{n}>" in fault for fault in found)] == []


def contrast(colour: str, ground: str = style.PAPER) -> float:
    def light(c: str) -> float:
        parts = [int(c[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((light(colour), light(ground)))
    return (high + 0.05) / (low + 0.05)


def cells_of(figure: Figure) -> list[tuple[Box, str]]:
    """Return the shaded cells of a table of strips, in pixels, with their colours."""
    return [
        (Box(x - wide / 2, base + high, x + wide / 2, base), colour)
        for t in figure["data"]
        if "meta" in t
        for x, high, base, wide, colour in zip(
            t["x"], t["y"], t["base"], t["width"], t["marker"]["color"], strict=True
        )
    ]


@pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])
def test_marks_and_texts_contrast_with_the_paper(every_drawing: dict[str, Figure], is_dark: bool) -> None:
    def shown(colour: str) -> str:
        return DARK[colour.lower()] if is_dark else colour

    paper = shown(style.PAPER)
    cells_seen = 0
    for name, figure in every_drawing.items():
        cells = cells_of(figure)
        for trace in figure["data"]:
            if "markers" not in trace.get("mode", "markers"):
                assert trace["line" if "line" in trace else "error_y"]["color"] in style.PALETTE, name
                continue
            colours = trace["marker"]["color"]
            assert trace["marker"].get("opacity", 1) == 1, (
                name
            )  # a mark that lets the paper through has less contrast
            for colour in {colours} if isinstance(colours, str) else set(colours) - {style.PAPER}:
                # A cell says its number in letters; its shade only repeats it.
                assert contrast(shown(colour), paper) >= 3 or "meta" in trace, (name, colour)
                assert colour in style.PALETTE, (name, colour)
        wide, high = figure["layout"]["width"], figure["layout"]["height"]
        for note in figure["layout"]["annotations"]:
            at = Box(note["x"] * wide, (1 - note["y"]) * high, note["x"] * wide, (1 - note["y"]) * high)
            shades = [colour for cell, colour in cells if at.inside(cell)]
            cells_seen += len(shades)
            for ground in shades or (style.PAPER, style.SAND):
                assert contrast(shown(note["font"]["color"]), shown(ground)) >= 4.5, (name, note)
    assert cells_seen > 1000


# --- the grammar


@pytest.mark.parametrize(
    ("low", "high", "most", "ticks"),
    [
        (0, 1, 4, [0, 0.5, 1]),
        (0, 1689, 5, [0, 500, 1000, 1500]),
        (0, 9, 4, [0, 5]),
        (-1200.5, 0, 4, [-1000, -500, 0]),
        (0, 30024, 4, [0, 10000, 20000, 30000]),
        (0, 0.004, 4, [0, 0.001, 0.002, 0.003, 0.004]),
        (-5, 5, 5, [-4, -2, 0, 2, 4]),
    ],
)
def test_ticks_are_round(low: float, high: float, most: int, ticks: list[float]) -> None:
    assert value_ticks(low, high, most) == pytest.approx(ticks)


def test_time_is_named_by_years_or_else_by_months() -> None:
    start = 2011 * 12
    assert [t.text for t in time_ticks(start, start + 12 * 14, 280)] == [
        "2012",
        "2014",
        "2016",
        "2018",
        "2020",
        "2022",
        "2024",
    ]
    assert len(time_ticks(start, start + 12 * 14, 600)) == 15
    months = time_ticks(start + 8, start + 20, 280)
    assert len(months) >= 3
    assert "<br>" in months[0].text


def test_labels_move_apart_and_keep_their_order() -> None:
    labels = [Label(text=str(n), x=0, y=50 + n) for n in range(6)]
    moved = spread_out(labels, 0, 200)
    heights = [m.y for m in moved]
    assert heights == sorted(heights)
    assert all(not a.box.touches(b.box) for a, b in combinations(moved, 2))
    assert min(m.box.top for m in spread_out(labels, 60, 300)) >= 60


def test_a_label_without_a_free_place_is_left_out() -> None:
    within = Box(0, 0, 100, 40)
    label = Label(text="386", x=50, y=20, across="center")
    assert first_free([label], [], within) == label
    assert first_free([label], [Box(45, 15, 55, 25)], within) is None


def test_text_is_measured_and_wrapped_within_a_width() -> None:
    assert text_width("1,077", 12) == pytest.approx(12 * (4 * 0.556 + 0.278) * 1.03)
    for text in ("Recording of grievous bodily harm changed", "x" * 70, "مرحبا بالعالم", "犯罪統計", ""):
        lines = wrap_text(text, 90, 12)
        assert "".join("".join(lines).split()) == "".join(text.split())
        assert all(text_width(line, 12) <= 90 or len(line) == 1 for line in lines)


def test_the_widths_of_letters_are_those_of_the_browser(page: Page) -> None:
    for text in ("Metropolitan Police area 3.9", "12 months to February 2025", "−£1,200.50", "135.5%"):
        real: float = page.evaluate(
            """text => { const c = document.createElement("canvas").getContext("2d");
                 c.font = "13px Arial, Helvetica, sans-serif"; return c.measureText(text).width; }""",
            text,
        )
        assert real <= text_width(text, 13) <= real * 1.1
