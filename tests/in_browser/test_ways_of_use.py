"""Ways of reading that axe-core does not try: the tree that screen readers get, high contrast, paper."""

from collections.abc import Iterator

import pytest
from browser import Tabs
from playwright.sync_api import Page
from test_browser import CHARTS, PAGES

# From the end to the start, so that the page scrolls up and each comes to the top.
COVERED = """() => {
  const bar = document.querySelector("#exit");
  const stops = [...document.querySelectorAll("article a[href]")].filter(e => e.checkVisibility({visibilityProperty: true})).reverse();
  const covered = stops.filter(e => {
    e.focus();
    return document.activeElement !== e || e.getBoundingClientRect().top < bar.getBoundingClientRect().bottom - 1;
  });
  return [stops.length, covered.map(e => e.textContent)];
}"""
# Parts without an edge, and links that look the same with the focus.
FORCED = """() => {
  const width = style => parseFloat(style.borderTopWidth) + parseFloat(style.borderLeftWidth);
  const flat = [...document.querySelectorAll(".exit, .card, .tag, .urgent, .button")].filter(e => !(width(getComputedStyle(e)) > 0));
  const links = [...document.querySelectorAll("a[href]")].filter(e => e.checkVisibility({visibilityProperty: true}) && e.getClientRects().length);
  const unseen = links.slice(0, 12).filter(e => {
    e.focus();
    const style = getComputedStyle(e);
    return style.outlineStyle !== "solid" || !(parseFloat(style.outlineWidth) >= 2);
  });
  return [links.length, flat.map(e => e.className), unseen.map(e => e.textContent)];
}"""
MOVING = """() => [...document.querySelectorAll("*")].filter(e => {
  const s = getComputedStyle(e);
  return s.transitionDuration.split(", ").some(d => parseFloat(d) > 0) || s.animationName !== "none" || s.scrollBehavior === "smooth";
}).map(e => `${e.tagName} ${e.className}`)"""


@pytest.fixture
def phone(tab: Tabs) -> Page:
    return tab()


def heard(page: Page) -> list[dict[str, object]]:
    """What Chromium tells a screen reader of the page: role, name and place of each node, in reading order."""
    session = page.context.new_cdp_session(page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    session.detach()
    names = {n["nodeId"]: n for n in nodes}

    def walk(node: dict[str, object], inside: tuple[str, ...]) -> Iterator[dict[str, object]]:
        role = node["role"]["value"] if "role" in node else ""  # type: ignore[index]
        name = node.get("name", {}).get("value", "")  # type: ignore[attr-defined]
        if not node["ignored"]:
            yield {"role": role, "name": name, "inside": inside}
            inside = (*inside, str(role))
        for child in node.get("childIds", ()):  # type: ignore[attr-defined]
            if child in names:
                yield from walk(names[child], inside)

    return list(walk(nodes[0], ()))


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_is_one_named_picture_in_a_figure_with_its_finding(
    phone: Page, address: str, name: str
) -> None:
    phone.goto(address + PAGES[name])
    tree = heard(phone)
    pictures = [n for n in tree if n["role"] == "image" and "figure" in n["inside"]]  # type: ignore[operator]
    figures = phone.locator("figure.chart:visible")
    assert len(pictures) == figures.count()
    for picture in pictures:
        assert str(picture["name"]).startswith("Chart of ")
        assert str(picture["name"]).endswith("The table below has the same figures.")
    captions = [n for n in tree if n["role"] == "Figcaption"]
    assert len(captions) == figures.count() + phone.locator("#wardmap figcaption").count()
    said = "".join(str(n["name"]) for n in tree if n["role"] == "StaticText" and "Figcaption" in n["inside"])  # type: ignore[operator]
    for figure in figures.all():
        assert figure.locator(".chart__headline").inner_text() in said
    roles = [n["role"] for n in tree]
    assert roles.index("image") < roles.index("table"), "the table comes after the picture that it explains"


@pytest.mark.parametrize("name", ["months", "areas", "withheld", "ward", "crime", "disagree", "compare"])
def test_a_table_has_a_name_and_a_head_for_each_of_its_cells(phone: Page, address: str, name: str) -> None:
    phone.goto(address + PAGES[name])
    tree = heard(phone)
    tables = [n for n in tree if n["role"] == "table"]
    assert tables
    assert all(n["name"] for n in tables)
    assert [n["role"] for n in tree].count("columnheader") >= 2 * len(tables)
    heads = phone.evaluate("""() => [...document.querySelectorAll("table")].map(table => {
      const rows = [...table.rows].filter(r => r.parentElement.tagName === "TBODY" && r.cells[0].scope !== "rowgroup");
      const heads = [...table.tHead.rows[0].cells];
      return rows.every(row => {
        let column = 0;
        return [...row.cells].every(cell => {
          const own = heads.slice(column, column += cell.colSpan);
          return own.length === cell.colSpan && (cell.tagName === "TH" || own.every(head => head.scope === "col"));
        }) && column === heads.length;
      });
    })""")
    assert all(heads)


def test_withheld_figures_are_said_and_not_left_blank(phone: Page, address: str) -> None:
    phone.goto(address + PAGES["withheld"])
    cells = [str(n["name"]) for n in heard(phone) if n["role"] == "cell"]
    assert "[c]" in cells
    assert "" not in cells
    assert phone.get_by_text("[c]").last.is_visible()
    assert (
        "not shown" in phone.locator("article").inner_text()
        or "withheld" in phone.locator("article").inner_text()
    )


@pytest.mark.parametrize("name", ["home", "ward", "wards", "choose", "indicator", "scorecard"])
def test_in_forced_colours_everything_keeps_its_edge_and_the_focus_is_seen(
    tab: Tabs, address: str, name: str
) -> None:
    page = tab(1280, forced_colors="active")
    page.goto(address + PAGES[name])
    assert page.evaluate("matchMedia('(forced-colors: active)').matches")
    links, flat, unseen = page.evaluate(FORCED)
    assert links > 12
    assert flat == []
    assert unseen == []


@pytest.mark.parametrize("name", ["home", "ward", "wards", "indicator", "search"])
def test_nothing_moves_for_those_who_ask_for_less_motion(tab: Tabs, address: str, name: str) -> None:
    page = tab(1280, reduced_motion="reduce")
    page.goto(address + PAGES.get(name, f"{name}/"))
    assert page.evaluate(MOVING) == []


@pytest.mark.parametrize("name", ["home", "action", "wards", "indicator", "search"])
def test_no_single_key_does_anything(phone: Page, address: str, name: str) -> None:
    phone.goto(address + PAGES.get(name, f"{name}/"))
    before = phone.url, phone.evaluate("[scrollY, document.activeElement.tagName]")
    for key in "fs/np?ghj.,":
        phone.keyboard.press(key)
    assert (phone.url, phone.evaluate("[scrollY, document.activeElement.tagName]")) == before


@pytest.mark.parametrize("name", ["action", "choose", "help"])
def test_the_way_out_covers_nothing_that_has_the_focus(phone: Page, address: str, name: str) -> None:
    """It stays at the top of the window while the page scrolls under it."""
    phone.emulate_media(reduced_motion="reduce")
    phone.goto(address + PAGES[name])
    phone.evaluate("scrollTo({top: document.body.scrollHeight, behavior: 'instant'})")
    reached, covered = phone.evaluate(COVERED)
    assert reached > 5
    assert covered == []


@pytest.mark.parametrize("name", ["home", "ward", "indicator", "action", "help"])
def test_on_paper_there_is_the_text_and_not_the_controls(phone: Page, address: str, name: str) -> None:
    phone.goto(address + PAGES[name])
    phone.emulate_media(media="print")
    assert phone.locator("h1").is_visible()
    for hidden in (".exit", ".skip", ".top nav", ".top__search", ".trail", ".finder", ".history", "button"):
        assert not any(e.is_visible() for e in phone.locator(hidden).all()), hidden
