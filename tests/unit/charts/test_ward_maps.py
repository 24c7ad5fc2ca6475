"""The map of wards: its content, and the positions of its labels."""

import json
import math
import re
import xml.etree.ElementTree as ET
from decimal import Decimal
from itertools import combinations, pairwise

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup
from playwright.sync_api import Browser, expect
from portal.charts import label_placement, map_classes, map_shading, ward_maps
from portal.charts.map_shading import MapFigure
from portal.charts.ward_maps import Links, Outlines
from portal.core.model import Area, Outline
from portal.core.vocabulary import AreaKind
from portal.importers.geography import boundaries
from project import SHARED

OUTLINES = SHARED / "upstream" / "boundaries"
real = pytest.mark.skipif(not OUTLINES.is_dir(), reason="the upstream files are not in ../shared/upstream")
FILES = {
    "present": ("wards2022_lbl_simplified_wgs84.geojson", "id", "name"),
    "former": ("wards2018_lewisham_simplified3m_wgs84.geojson", "GSS_CODE", "NAME"),
}
SVG = "{http://www.w3.org/2000/svg}"


def square(x: float, y: float, size: float = 1.0) -> label_placement.Ring:
    return ((x, y), (x, y + size), (x + size, y + size), (x + size, y))


# Four wards around a crossing, at the equator so that a degree is as wide as high.
FOUR: Outlines = {
    "E1": (square(0, 0),), "E2": (square(1, 0),), "E3": (square(0, -1),), "E4": (square(1, -1),),
}  # fmt: skip
LINKS: Links = {
    "E1": ("North Moor", "north/"), "E2": ("Eastbridge", "east/"), "E3": ("West", "west/"), "E4": ("South Bank", "south/"),
}  # fmt: skip


def tree(svg: Markup) -> ET.Element:
    return ET.fromstring(str(svg).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))


def texts(svg: Markup) -> list[str]:
    """Return the labels on the map, in order."""
    group = tree(svg).find(f"{SVG}g")
    assert group is not None
    return [" ".join(s.text or "" for s in text) for text in group.findall(f"{SVG}text")]


def rings_of(path: ET.Element) -> list[list[tuple[float, float]]]:
    return [
        [(float(x), float(y)) for x, y in re.findall(r"(-?[\d.]+) (-?[\d.]+)", loop)]
        for loop in path.attrib["d"].strip("M").split("M")
    ]


def test_each_ward_is_a_link_with_its_outline_and_name() -> None:
    root = tree(ward_maps.draw_ward_map(FOUR, LINKS))
    assert root.attrib["role"] == "group"
    assert root.attrib["aria-label"]
    links = root.findall(f"{SVG}a")
    assert [a.attrib["href"] for a in links] == ["north/", "east/", "west/", "south/"]
    assert [a.findtext(f"{SVG}title") for a in links] == [name for name, _ in LINKS.values()]
    assert [len(a.findall(f"{SVG}path[@class='map__area']")) for a in links] == [1, 1, 1, 1]
    assert {a.attrib["class"] for a in links} == {"map__ward"}


def test_north_is_up_and_the_whole_width_is_used() -> None:
    root = tree(ward_maps.draw_ward_map(FOUR, LINKS, 400))
    corners = [rings_of(p)[0] for p in root.iter(f"{SVG}path") if p.attrib["class"] == "map__area"]
    assert root.attrib["viewBox"] == "0 0 400 400"
    assert set(corners[0]) == {(4, 4), (200, 4), (4, 200), (200, 200)}
    assert set(corners[3]) == {(200, 200), (396, 200), (200, 396), (396, 396)}


def test_a_degree_of_longitude_is_as_wide_as_it_is_at_the_middle_latitude() -> None:
    away = {c: tuple(tuple((x, y + 60) for x, y in ring) for ring in rings) for c, rings in FOUR.items()}
    root = tree(ward_maps.draw_ward_map(away, LINKS, 400))
    assert float(root.attrib["height"]) == pytest.approx(8 + 392 / math.cos(math.radians(60)), abs=1)


def test_the_map_has_no_style_and_no_line_break() -> None:
    for svg in (
        ward_maps.draw_ward_map(FOUR, LINKS),
        ward_maps.draw_ward_map(FOUR, LINKS, 120),
        ward_maps.draw_tile_map(LINKS),
    ):
        assert "style" not in svg
        assert "\n" not in svg
        assert isinstance(svg, Markup)


def test_names_are_on_their_wards() -> None:
    assert texts(ward_maps.draw_ward_map(FOUR, LINKS)) == ["North Moor", "Eastbridge", "West", "South Bank"]


def test_wards_are_numbered_with_a_key_below_if_names_do_not_fit() -> None:
    svg = ward_maps.draw_ward_map({**FOUR}, LINKS, 70)
    root = tree(svg)
    assert texts(svg) == ["1", "2", "3", "4"]
    keys = [[s.text for s in a.iterfind(f"{SVG}text/{SVG}tspan")] for a in root.findall(f"{SVG}a")]
    assert keys == [["1", "North Moor"], ["2", "Eastbridge"], ["3", "West"], ["4", "South Bank"]]
    rows = [float(r.attrib["y"]) for r in root.iter(f"{SVG}rect")]
    assert rows == sorted(rows)
    assert min(rows) > 70
    assert float(root.attrib["height"]) >= max(rows) + ward_maps.ROW
    assert all(t.attrib["aria-hidden"] == "true" for t in root.iter(f"{SVG}text") if "class" in t.attrib)


def test_an_area_without_a_link_is_drawn_without_one() -> None:
    root = tree(ward_maps.draw_ward_map(FOUR, {c: LINKS[c] for c in ("E1", "E2")}))
    assert len(root.findall(f"{SVG}a")) == 2
    assert len(root.findall(f"{SVG}path[@class='map__other']")) == 2


@pytest.mark.parametrize("outlines", [{}, {"E1": FOUR["E1"]}])
def test_wards_are_tiles_if_an_outline_is_missing(outlines: Outlines) -> None:
    root = tree(ward_maps.draw_ward_map(outlines, LINKS))
    assert [a.attrib["href"] for a in root.findall(f"{SVG}a")] == ["north/", "east/", "west/", "south/"]
    assert len(root.findall(f"{SVG}a/{SVG}rect")) == 4


def test_tiles_are_equal_and_ordered_by_code() -> None:
    links = {f"E{n:02}": (f"Ward {n}", f"{n}/") for n in reversed(range(1, 20))}
    root = tree(ward_maps.draw_tile_map(links, columns=5))
    tiles = [
        tuple(float(r.attrib[k]) for k in ("y", "x", "width", "height"))
        for r in root.findall(f"{SVG}a/{SVG}rect")
    ]
    assert [a.attrib["href"] for a in root.findall(f"{SVG}a")] == [f"{n}/" for n in range(1, 20)]
    assert tiles == sorted(tiles)
    assert len({t[2:] for t in tiles}) == 1
    assert len({t[1] for t in tiles}) == 5
    assert max(t[0] + t[3] for t in tiles) <= float(root.attrib["height"])


def test_no_tile_is_narrower_than_its_longest_word() -> None:
    links = {"E1": ("Llanfairpwllgwyngyll", "a/"), "E2": ("Bank", "b/"), "E3": ("Ash", "c/")}
    root = tree(ward_maps.draw_tile_map(links, columns=3, width=340))
    assert {float(r.attrib["width"]) for r in root.iter(f"{SVG}rect")} == {166.0}


def test_no_wards_is_an_empty_map() -> None:
    assert len(tree(ward_maps.draw_ward_map({}, {})).findall(f"{SVG}a")) == 0


words = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Zl", "Zp")), min_size=1, max_size=30)


@given(st.lists(st.tuples(words, words), min_size=4, max_size=4), st.sampled_from([60, 200, 640]))
@settings(max_examples=60, deadline=None)
def test_any_name_and_address_stays_text(pairs: list[tuple[str, str]], width: int) -> None:
    links = dict(zip(FOUR, pairs, strict=True))
    for svg in (ward_maps.draw_ward_map(FOUR, links, width), ward_maps.draw_tile_map(links, width=width)):
        root = tree(svg)
        tags = {e.tag.removeprefix(SVG) for e in root.iter()}
        assert tags <= {"svg", "a", "title", "path", "rect", "g", "text", "tspan", "circle"}
        plain = [tuple(" ".join(s.split()) for s in pair) for pair in pairs]
        found = [(a.findtext(f"{SVG}title"), a.attrib["href"]) for a in root.findall(f"{SVG}a")]
        assert [(t or "", h) for t, h in found] == plain


def test_the_outer_edge_has_no_inner_borders() -> None:
    lines = label_placement.outer_lines(FOUR.values())
    assert sum(math.dist(a, b) for line in lines for a, b in pairwise(line)) == 8
    assert (1, 0) not in {p for line in lines for p in line}


def outlines_in(rows: list[dict[str, str]]) -> list[Outline]:
    """Return rows of the table as the model represents them."""
    return [Outline("s", "", r["area"], int(r["polygon"]), int(r["ring"]), r["points"]) for r in rows]


def test_rows_of_the_table_become_outlines() -> None:
    rows = [
        {
            "area": "E2",
            "polygon": "1",
            "ring": "1",
            "points": "0.00000 51.00000 1.00000 51.00000 1.00000 52.00000",
        },
        {"area": "E1", "polygon": "10", "ring": "1", "points": "5.0 5.0 6.0 5.0 6.0 6.0"},
        {"area": "E1", "polygon": "2", "ring": "2", "points": "1.0 1.0 2.0 1.0 2.0 2.0"},
        {"area": "E1", "polygon": "2", "ring": "1", "points": "0.0 0.0 9.0 0.0 9.0 9.0"},
    ]
    found = ward_maps.outlines_by_code(outlines_in(rows))
    assert list(found) == ["E1", "E2"]
    assert [ring[0] for ring in found["E1"]] == [(0, 0), (1, 1), (5, 5)]
    assert found["E2"] == (((0, 51), (1, 51), (1, 52)),)


@st.composite
def stars(draw: st.DrawFn) -> label_placement.Ring:
    """Draw an outline that goes round a point once."""
    count = draw(st.integers(3, 12))
    radii = draw(st.lists(st.floats(20, 100), min_size=count, max_size=count))
    turns = [2 * math.pi * n / count for n in range(count)]
    return tuple((r * math.cos(t), r * math.sin(t)) for r, t in zip(radii, turns, strict=True))


@given(stars(), st.floats(0.5, 6))
@settings(max_examples=80, deadline=None)
def test_the_largest_box_is_inside_and_no_other_is_much_larger(
    ring: label_placement.Ring, aspect: float
) -> None:
    shape = shapely.Polygon(ring)
    (x, y), height = label_placement.largest_box((ring,), aspect)
    half = height / 2 - 1e-6
    assert shape.covers(shapely.box(x - half * aspect, y - half, x + half * aspect, y + half))
    assert label_placement.box_height_at((ring,), (x, y), aspect) == pytest.approx(height)
    west, south, east, north = shape.bounds
    for i in range(1, 10):
        for j in range(1, 10):
            other = (west + (east - west) * i / 10, south + (north - south) * j / 10)
            assert label_placement.box_height_at((ring,), other, aspect) <= height + 1.01


def test_no_label_is_placed_in_a_hole() -> None:
    outer, hole = square(0, 0, 100), square(20, 20, 60)
    (x, y), height = label_placement.largest_box((outer, hole), 1.0)
    assert height == pytest.approx(20, abs=1)
    assert not shapely.Polygon(hole).intersects(shapely.Point(x, y))


# --- the real wards


def drawn(kind: str) -> tuple[Outlines, Links]:
    """Return outlines and links of the real wards, through the importer and its table."""
    file, code, name = FILES[kind]
    rows = [f["properties"] for f in json.loads((OUTLINES / file).read_text())["features"]]
    areas = {r[code]: Area("", "", r[code], r[name], AreaKind.WARD, "B", None, None) for r in rows}
    table = boundaries.table(boundaries.read(OUTLINES / file, areas), "s")
    links = {c: (a.name, f"wards/{c}/") for c, a in areas.items()}
    return ward_maps.outlines_by_code(outlines_in(table.to_dict("records"))), links  # type: ignore[arg-type]


@real
@pytest.mark.parametrize(("kind", "beside"), [("present", ["Lewisham Central"]), ("former", [])])
def test_every_name_is_on_its_own_ward_or_beside_the_map(kind: str, beside: list[str]) -> None:
    outlines, links = drawn(kind)
    root = tree(ward_maps.draw_ward_map(outlines, links, 640))
    shapes = {
        str(a.findtext(f"{SVG}title")): shapely.Polygon(rings_of(next(a.iter(f"{SVG}path")))[0])
        for a in root.findall(f"{SVG}a")
    }
    group = root.find(f"{SVG}g")
    assert group is not None
    boxes, outside = {}, []
    for text in group.findall(f"{SVG}text"):
        lines = [s.text or "" for s in text]
        name = " ".join(lines)
        first, last = text[0].attrib, text[-1].attrib
        half = max(ward_maps._width(line) for line in lines) / 2
        x, top, bottom = float(first["x"]), float(first["y"]) - 10, float(last["y"]) + 3
        boxes[name] = shapely.box(x - half, top, x + half, bottom)
        if not shapes[name].contains(boxes[name]):
            assert not any(s.intersects(boxes[name]) for s in shapes.values())
            outside.append(name)
    assert list(boxes) == [name for _, (name, _) in sorted(links.items())]
    assert outside == beside
    assert not any(a.intersects(b) for a, b in combinations(boxes.values(), 2))
    whole = shapely.box(0, 0, *map(float, root.attrib["viewBox"].split()[2:]))
    assert all(whole.contains(box) for box in boxes.values())


@real
def test_a_line_leads_from_a_name_beside_the_map_to_its_ward() -> None:
    outlines, links = drawn("present")
    root = tree(ward_maps.draw_ward_map(outlines, links, 640))
    line = next(p for p in root.iter(f"{SVG}path") if p.attrib["class"] == "map__line")
    ward = next(a for a in root.findall(f"{SVG}a") if a.findtext(f"{SVG}title") == "Lewisham Central")
    start, end = rings_of(line)[0]
    shape = shapely.Polygon(rings_of(next(ward.iter(f"{SVG}path")))[0])
    assert shape.contains(shapely.Point(end))
    assert not shape.contains(shapely.Point(start))


@real
def test_on_a_phone_the_wards_are_numbered_each_inside_itself() -> None:
    outlines, links = drawn("present")
    svg = ward_maps.draw_ward_map(outlines, links, 340)
    root = tree(svg)
    assert texts(svg) == [str(n) for n in range(1, 20)]
    group = root.find(f"{SVG}g")
    assert group is not None
    for link, text in zip(root.findall(f"{SVG}a"), group.findall(f"{SVG}text"), strict=True):
        shape = shapely.Polygon(rings_of(next(link.iter(f"{SVG}path")))[0])
        x, y = float(text[0].attrib["x"]), float(text[0].attrib["y"])
        half = ward_maps._width(text[0].text or "") / 2
        assert shape.contains(shapely.box(x - half, y - 10, x + half, y))


@real
@pytest.mark.parametrize("kind", FILES)
def test_neighbouring_wards_still_touch_when_drawn(kind: str) -> None:
    outlines, links = drawn(kind)
    root = tree(ward_maps.draw_ward_map(outlines, links, 640))
    shapes = [shapely.Polygon(rings_of(next(a.iter(f"{SVG}path")))[0]) for a in root.findall(f"{SVG}a")]
    whole = shapely.union_all(shapes)
    assert len(shapely.get_parts(whole)) == 1
    # Places are rounded to a tenth of a pixel, which can close a narrow inlet.
    assert whole.area == pytest.approx(sum(s.area for s in shapes), abs=2)
    assert sum(shapely.Polygon(gap).area for gap in whole.interiors) < 2
    edge = next(p for p in root.iter(f"{SVG}path") if p.attrib["class"] == "map__edge")
    length = sum(shapely.LineString(r).length for r in rings_of(edge))
    assert length == pytest.approx(whole.exterior.length, rel=0.01)


@real
def test_the_map_is_small_and_deterministic() -> None:
    outlines, links = drawn("present")
    first = ward_maps.draw_ward_map(outlines, links)
    label_placement.largest_box.cache_clear()
    assert (
        ward_maps.draw_ward_map(dict(reversed([*outlines.items()])), dict(reversed([*links.items()])))
        == first
    )
    assert len(first) < 12_000


# --- maps of measures


def decimals(texts_: str) -> list[Decimal]:
    return [Decimal(t) for t in texts_.split()]


figures_in_tenths = st.lists(st.integers(0, 400).map(lambda n: Decimal(n) / 10), min_size=1, max_size=40)


@given(figures_in_tenths)
@settings(max_examples=150, deadline=None)
def test_every_figure_has_one_class_and_no_class_is_empty(values: list[Decimal]) -> None:
    classes = map_classes.sort_into_classes(values)
    assert len(classes) == min(5, len(set(values)))
    for value in values:
        assert sum(c.low <= value <= c.high for c in classes) == 1
    for c in classes:
        assert {c.low, c.high} <= set(values)
    assert all(a.high < b.low and a.colour < b.colour for a, b in pairwise(classes))
    assert {c.colour for c in classes} <= {1, 2, 3, 4, 5}


def test_classes_are_natural_breaks() -> None:
    classes = map_classes.sort_into_classes(decimals("1 1.1 1.2 5 5.1 20 20.1 40 60 61"))
    assert [(c.low, c.high) for c in classes] == [
        tuple(decimals(t)) for t in ("1 1.2", "5 5.1", "20 20.1", "40 40", "60 61")
    ]


def test_few_different_figures_use_colours_far_apart() -> None:
    assert [c.colour for c in map_classes.sort_into_classes(decimals("1 2"))] == [1, 5]
    assert [c.colour for c in map_classes.sort_into_classes(decimals("1 2 3"))] == [1, 3, 5]
    assert [c.colour for c in map_classes.sort_into_classes(decimals("7 7"))] == [3]
    assert map_classes.sort_into_classes([]) == ()


def figure(value: str = "", reason: str = "", direction: str = "") -> MapFigure:
    number = Decimal(value) if value else None
    return MapFigure(value=number, reason=reason, printed=value or "[c]", words="Ward", direction=direction)


def shaded(figures: dict[str, MapFigure]) -> map_shading.ShadedMap:
    wide, narrow = (map_shading.build_base_map(FOUR, LINKS, "000.0", width) for width in (640, 340))
    assert wide
    assert narrow
    return map_shading.draw_shaded_map(wide, narrow, figures, "Measure", "Not meaningful")


def kinds_of(svg: Markup) -> list[str]:
    """Return the class of each ward, in order."""
    paths = [next(a.iter(f"{SVG}path")) for a in tree(svg).findall(f"{SVG}a")]
    return [p.attrib["class"].removeprefix("map__shade map__class--") for p in paths]


def test_withheld_wards_have_stripes_and_no_class() -> None:
    found = shaded(
        {
            "E1": figure("1.0"),
            "E2": figure(reason="withheld"),
            "E3": figure("9.0"),
            "E4": figure(reason="unfit"),
        }
    )
    for svg in (found.wide, found.narrow):
        assert kinds_of(svg) == ["1", "withheld", "5", "unfit"]
        filled = [
            p.attrib.get("fill") for p in tree(svg).iter(f"{SVG}path") if "withheld" in p.attrib["class"]
        ]
        names = [p.attrib["id"] for p in tree(svg).iter(f"{SVG}pattern")]
        assert filled == [f"url(#{names[0]})"]
        assert "[c]" not in " ".join(texts(svg))
    assert [(e.kind, e.areas) for e in found.legend] == [("1", 1), ("5", 1), ("withheld", 1), ("unfit", 1)]
    assert "style" not in found.wide + found.narrow + found.changes


def test_on_a_phone_the_wards_are_numbered_and_a_key_has_their_names_and_figures() -> None:
    found = shaded(
        {"E1": figure("1.0"), "E2": figure(reason="withheld"), "E3": figure("9.0"), "E4": figure("4")}
    )
    assert texts(found.narrow) == ["1", "2", "3", "4"]
    assert [(e.name, e.address) for e in found.key] == [LINKS[c] for c in sorted(FOUR)]
    assert [e.printed for e in found.key] == ["1.0", "[c]", "9.0", "4"]
    assert "9.0" in " ".join(texts(found.wide))


def test_only_clear_changes_are_triangles_and_all_are_of_one_size() -> None:
    found = shaded(
        {
            "E1": figure("1.0", direction="rose"),
            "E2": figure("99.0", direction="rose"),
            "E3": figure("9.0", direction="fell"),
            "E4": figure("9.0", direction="no clear change"),
        }
    )
    root = tree(found.changes)
    up = [rings_of(p)[0] for p in root.iter(f"{SVG}path") if p.attrib["class"] == "map__up"]
    down = [p for p in root.iter(f"{SVG}path") if p.attrib["class"] == "map__down"]
    dots = [c for c in root.iter(f"{SVG}circle") if c.attrib["class"] == "map__same"]
    assert (len(up), len(down), len(dots)) == (2, 1, 1)
    assert len({shapely.Polygon(u).area for u in up}) == 1
    assert [e.areas for e in found.symbols] == [2, 1, 1]


def test_a_ward_without_a_tested_change_has_no_symbol() -> None:
    found = shaded({c: figure("1.0") for c in FOUR})
    assert found.changes == ""


def test_the_locator_links_neighbours_but_not_corners() -> None:
    root = tree(map_shading.draw_locator(FOUR, LINKS, "E1"))
    assert [a.findtext(f"{SVG}title") for a in root.findall(f"{SVG}a")] == ["Eastbridge", "West"]
    assert map_shading.neighbours(FOUR, "E1") == ("E2", "E3")
    assert len([p for p in root.iter(f"{SVG}path") if p.attrib["class"] == "map__here"]) == 1
    assert map_shading.draw_locator(FOUR, LINKS, "E9") == ""


# --- in a browser

PAGES = ("wards/map/", "figures/recorded-knife-crime/", "figures/recorded-burglary/")
MEASURE = """svg => {
  const box = e => { const r = e.getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom]; };
  return {whole: box(svg), sizes: [...svg.querySelectorAll("text")].map(t => parseFloat(getComputedStyle(t).fontSize) * svg.getScreenCTM().a),
          texts: [...svg.querySelectorAll("text")].map(box)};
}"""


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("width", [340, 360, 720, 1280])
def test_texts_are_inside_the_map_and_apart(chromium: Browser, address: str, path: str, width: int) -> None:
    with chromium.new_context(viewport={"width": width, "height": 800}) as context:
        page = context.new_page()
        page.goto(address + path)
        svg = page.locator("#wardmap .wardmap__main svg:visible")
        found = svg.evaluate(MEASURE)
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert found["texts"]
    whole = shapely.box(*found["whole"])
    boxes = [shapely.box(*t) for t in found["texts"]]
    assert all(whole.contains(box) for box in boxes)
    # The boxes of texts have space above and below their letters.
    assert not any(a.intersection(b).area > 1 for a, b in combinations(boxes, 2))
    assert min(found["sizes"]) >= 10.9


@pytest.mark.parametrize("path", PAGES)
def test_the_printed_value_of_each_ward_lies_in_its_class(chromium: Browser, address: str, path: str) -> None:
    with chromium.new_context(viewport={"width": 1280, "height": 800}) as context:
        page = context.new_page()
        page.goto(address + path)
        legend = {
            e.locator(".maplegend__box").get_attribute("class").rpartition("--")[2]: e.inner_text()  # type: ignore[union-attr]
            for e in page.locator(".wardmap__main .maplegend li").all()
        }
        wards = page.locator(".map--wide a.map__ward").evaluate_all(
            "all => all.map(a => [a.querySelector('title').textContent, a.querySelector('path').getAttribute('class').split('--')[1]])"
        )
    assert len(wards) > 10
    assert {kind for _, kind in wards} == legend.keys()
    for words, kind in wards:
        number = re.search(r": ([\d,.]+) per 1,000 people", words)
        assert bool(number) == kind.isdigit(), words
        if number:
            ends = [Decimal(n) for n in re.findall(r"\d+\.\d", legend[kind].partition("(")[0])]
            assert ends[0] <= Decimal(number[1]) <= ends[-1]


def test_the_picker_changes_the_map_in_place_and_is_links_without_script(
    chromium: Browser, address: str
) -> None:
    with chromium.new_context(viewport={"width": 1280, "height": 800}) as context:
        page = context.new_page()
        page.goto(address + "wards/map/")
        link = page.locator(".mappicker a", has_text="Burglary")
        link.focus()
        page.keyboard.press("Enter")
        page.locator("#wardmap figcaption strong", has_text="Burglary").wait_for()
        assert page.url == address + "wards/map/"
        assert link.get_attribute("aria-current") == "true"
        assert "Burglary" in page.locator(".mappicker__said").inner_text()
        ward = page.locator("#wardmap .map--wide a.map__ward").first
        ward.focus()
        page.keyboard.press("Enter")
        page.wait_for_url(f"{address}wards/*/")
        assert "ward" in page.locator("h1").inner_text()
    with chromium.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(address + "wards/map/")
        page.locator(".mappicker a", has_text="Burglary").click()
        page.wait_for_url(f"{address}figures/**")
        expect(page.locator("#wardmap")).to_have_count(1)


def test_every_ward_on_the_map_can_be_reached_by_keyboard(chromium: Browser, address: str) -> None:
    with chromium.new_context(viewport={"width": 1280, "height": 800}) as context:
        page = context.new_page()
        page.goto(address + "wards/map/")
        wards = page.locator(".map--wide a.map__ward")
        count = wards.count()
        wards.first.focus()
        seen = set()
        for _ in range(count):
            seen.add(page.evaluate("document.activeElement.querySelector('title').textContent"))
            page.keyboard.press("Tab")
    assert len(seen) == count
