"""The page “Explore” shows any figures by line, bars, map or table, keeps the choice in its address, and never misstates a figure."""

import csv
import gzip
import io
import json
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from axe import Seen, read
from browser import BOTH, Tabs, served, tab_to
from playwright.sync_api import Page, Route, expect
from portal.analysis import measures
from portal.disclosure.clearing import ClearedContent
from project import ROOT

SEEN = Seen()
SCRIPT = ROOT / "site_src/assets/js/explore.js"
OWN_LIMIT, PAGE_LIMIT = 60_000, 250_000  # bytes: of our script, and of the page compressed
HOME = "E09999999"
WARDS = ("E05999991", "E05999992", "E05999993")
CELLS = "trs => trs.map(tr => [...tr.cells].map(c => c.textContent.trim()))"
VIEWS = {
    "line": "?measure=rec-all&area=E09999999&area=E05999991&length=3&view=line",
    "bars": "?measure=figure-1&view=bars",
    "map": "?measure=rec-all&view=map&as=rate",
    "table": "?measure=bikes&view=table",
}


@pytest.fixture(scope="module")
def site(tiny_site: Path) -> Path:
    return (tiny_site / "build/site").resolve()


@pytest.fixture(scope="module")
def here(site: Path) -> Iterator[str]:
    with served(site) as at:
        yield at


def opened(page: Page, address: str) -> Page:
    page.goto(address)
    return ready(page)


def ready(page: Page) -> Page:
    page.wait_for_selector("[data-explore][data-state=shown]")
    return page


def choose(page: Page, control: str, value: str) -> None:
    """Choose an option of a list, and wait until the address has it."""
    before = page.url
    page.locator(control).select_option(value)
    page.wait_for_url(lambda url: url != before)


def rows(page: Page) -> list[list[str]]:
    """Return the cells of the table, the row of headings first."""
    found: list[list[str]] = page.locator(".explore__result table tr").evaluate_all(CELLS)
    return found


def api(site: Path, slug: str) -> list[Mapping[str, Any]]:
    figures: list[Mapping[str, Any]] = json.loads((site / f"figures/{slug}/figures.json").read_text())["figures"]  # fmt: skip
    return figures


def downloaded(page: Page) -> list[dict[str, str]]:
    """Return the rows of the download of what is shown."""
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download what is shown").click()
    return list(csv.DictReader(io.StringIO(saved.value.path().read_text(encoding="utf-8"))))


def said_in(page: Page) -> str:
    """Return the words in the drawing."""
    return page.locator(".explore__svg").text_content() or ""


def number(text: str) -> Decimal:
    """Return the number of a cell, without its mark."""
    return Decimal(text.partition(" [")[0].replace(",", "").replace("−", "-"))


# --- the choice and its address


def test_a_choice_is_in_the_address_and_survives_reload_and_back(page: Page, here: str) -> None:
    opened(page, f"{here}explore/")
    first = page.url
    assert "?" not in first, "an address changes only when the reader chooses"
    choose(page, "#explore-measure", "rec-thefts")
    page.locator("#explore-view-table").check()
    page.wait_for_url(lambda url: "view=table" in url)
    shown, chosen = rows(page), page.url
    assert parse_qs(urlsplit(chosen).query)["measure"] == ["rec-thefts"]
    page.reload()
    ready(page)
    assert rows(page) == shown
    assert page.locator("#explore-measure").input_value() == "rec-thefts"
    page.go_back()
    page.wait_for_url(lambda url: "view=table" not in url)
    page.wait_for_selector(".explore__svg")
    page.go_back()
    page.wait_for_url(lambda url: "?" not in url)
    expect(page.locator("#explore-measure")).not_to_have_value("rec-thefts")
    page.go_forward()
    expect(page.locator("#explore-measure")).to_have_value("rec-thefts")


def test_the_link_to_share_and_the_frame_show_the_same(tab: Tabs, here: str, tmp_path: Path) -> None:
    page = opened(tab(1280), here + "explore/" + VIEWS["line"])
    shown = rows(page)
    page.get_by_text("Share or embed this view").click()
    link = page.get_by_label("Link to this view").input_value()
    frame = page.get_by_label("To show it on your own site").input_value()
    opened(page, link)
    assert rows(page) == shown
    (tmp_path / "index.html").write_text(f"<!doctype html><title>Another site</title>{frame}")
    with served(tmp_path) as other:
        page.goto(other.replace("127.0.0.1", "localhost"))
        inside = page.frame_locator("iframe")
        inside.locator("[data-state=shown]").wait_for()
        inside.get_by_text("The figures", exact=True).click()
        assert inside.locator("table tr").evaluate_all(CELLS) == shown
        assert inside.get_by_text("Choose other figures on").get_attribute("href") == link


def test_the_frame_works_in_a_page_of_another_host_and_the_page_itself_does_not(
    tab: Tabs, here: str, tmp_path: Path
) -> None:
    sources = [f"{here}embed/{VIEWS['map']}", f"{here}explore/{VIEWS['map']}"]
    frames = "".join(f'<iframe src="{s}" width=400 height=600></iframe>' for s in sources)
    (tmp_path / "index.html").write_text(f"<!doctype html><title>Another site</title>{frames}")
    page = tab(1280)
    with served(tmp_path) as other:
        page.goto(other.replace("127.0.0.1", "localhost"))
        expect(page.frames[1].locator(".explore__svg")).to_have_count(1)
        assert page.frames[2].locator("[data-explore]").count() == 0


@pytest.mark.parametrize(
    "query",
    [
        "?measure=nothing&view=line", "?measure=rec-all&area=E00000000&length=99&from=x&to=y&period=z&with=z&view=pie",
        "?measure=calls&view=map", "?measure=rates&view=line&as=rate", "?measure=figure-1&part=Nothing", "?measure=__proto__&area=constructor",
        "?measure=rec-all&from=2020-10-01_2020-12-31&to=2019-01-01_2019-03-31&length=3&view=table",
    ],
)  # fmt: skip
def test_an_address_with_a_choice_that_does_not_exist_still_shows_figures(
    tab: Tabs, here: str, query: str
) -> None:
    page = tab(1280)
    faults: list[str] = []
    page.on("pageerror", lambda e: faults.append(str(e)))
    opened(page, f"{here}explore/{query}")
    assert len(rows(page)) > 1
    assert not faults


# --- the figures


def test_every_number_equals_the_api(tab: Tabs, here: str, site: Path) -> None:
    page = tab(1280)
    index = json.loads((site / "api/index.json").read_text())
    places = {a["code"]: a["name"] for a in index["areas"]}
    checked = 0
    for indicator in index["indicators"]:
        slug = indicator["slug"]
        figures = api(site, slug)
        every = "".join(f"&area={a}" for a in sorted({f["area"] for f in figures}))
        opened(page, f"{here}explore/?measure={slug}{every}&view=table")
        lengths = page.locator("#explore-length option").evaluate_all("os => os.map(o => o.value)") or [""]
        shown: dict[tuple[str, str, str, str], str] = {}
        for length in lengths:
            opened(page, f"{here}explore/?measure={slug}{every}&length={length}&view=table")
            for row in downloaded(page):
                part = row.get(indicator["parts"] or "", "")
                key = row["area_code"], part, row["period_start"], row["period_end"]
                if not row["note"].startswith(("sum of", "Not published")):
                    shown[key] = row["value"]
                    assert row["area"] == places[row["area_code"]]
                    assert row["source"]
                    assert row["locator"]
        for f in figures:
            key = f["area"], f["part"] or "", f["period"]["start"] or "", f["period"]["end"] or ""
            assert shown.pop(key) == ("" if f["value"] is None else str(f["value"])), (slug, key)
            checked += 1
        assert not shown
    assert checked > 100


@pytest.mark.parametrize("view", VIEWS)
def test_the_download_has_exactly_what_the_table_shows(page: Page, here: str, view: str) -> None:
    opened(page, here + "explore/" + VIEWS[view])
    (_, *names), *body = rows(page)
    cells = {(name, first): cell for first, *line in body for name, cell in zip(names, line, strict=True)}
    saved = downloaded(page)
    assert len(saved) == len(cells)
    for row in saved:
        label = row.get("type") or row["area"]
        found = [c for (a, b), c in cells.items() if {row["period"], label} <= {a, b, b.partition(". ")[2]}]
        assert len(found) == 1, row
        if row["value"]:
            assert number(found[0]) == Decimal(row["value"])
        else:
            assert not found[0][:1].isdigit()
            assert row["note"]


def test_sums_and_rates_equal_those_of_the_pages(tab: Tabs, address: str, real: ClearedContent) -> None:
    content = real.content
    slugs = {i.slug: i for i in content.indicators.values()}
    page = tab(1280)
    checked = rated = 0
    for slug in ("recorded-burglary", "recorded-theft", "recorded-knife-crime", "figure-42"):
        every = "".join(f"&area={a}" for a in content.areas)
        opened(page, f"{address}explore/?measure={slug}{every}&length=12&view=table&as=rate")
        for row in downloaded(page):
            end = date.fromisoformat(row["period_end"])
            own = measures.rolling(real, slugs[slug].id, row["area_code"])
            o = next((o for o in own if o.period_end == end), None)
            if o is None:
                assert row["note"].startswith("Not published")
                continue
            checked += 1
            assert row["count"] == ("" if o.value is None else str(o.value)), row
            assert row["status"] == o.status
            rate = measures.rate(real, o)
            assert row["value"] == ("" if rate is None else f"{rate.value}".removesuffix(".0")), row
            rated += rate is not None
    assert checked > 400
    assert rated > 300


@pytest.mark.parametrize("view", ["bars", "table"])
def test_a_withheld_figure_is_shown_in_words(page: Page, here: str, site: Path, view: str) -> None:
    withheld = [f for f in api(site, "figure-1") if f["status"] and f["status"]["mark"] == "c"]
    assert withheld
    opened(page, f"{here}explore/?measure=figure-1&view={view}")
    shown = [c for line in rows(page) for c in line]
    assert "withheld" in shown
    assert "0" not in shown
    assert "Withheld does not mean zero" in page.locator(".explore__notes").inner_text()
    assert "withheld" in (page.locator(".explore__said").text_content() or "")
    if view == "bars":
        assert "Withheld, to protect people" in said_in(page)
        bars = page.locator(".explore__bar").count()
        assert bars == sum(c.partition(" [")[0].isdigit() for line in rows(page)[1:] for c in line[1:])


def test_a_withheld_figure_leaves_no_gap_without_words_in_a_line_or_a_map(tab: Tabs, here: str) -> None:
    """A copy of the answer of the API has a withheld figure in the middle of a series, and one on the map."""
    page = tab(1280)

    def withhold(route: Route) -> None:
        document = route.fetch().json()
        document["statuses"]["c"] = "withheld, to protect people"
        for f in document["figures"]:
            if f["area"] == WARDS[0] and f["period"]["end"] in ("2019-12-31", "2020-12-31"):
                f |= {"value": None, "status": {"mark": "c", "meaning": "withheld, to protect people"}}
        route.fulfill(json=document)

    page.route("**/figures/rec-all/figures.json", withhold)
    opened(page, f"{here}explore/?measure=rec-all&area={WARDS[0]}&length=3&view=line")
    drawing = page.locator(".explore__svg")
    assert "Withheld, to protect people" in said_in(page)
    assert drawing.locator("circle").count() == 6
    assert drawing.locator("path[fill=none]").count() == 2, "the line is cut where the figure is"
    opened(page, f"{here}explore/?measure=rec-all&length=3&view=map")
    assert "Withheld, to protect people" in page.locator(".explore__key").inner_text()
    assert page.locator(".explore__area[fill^=url]").count() == 2  # the ward and the key
    opened(page, f"{here}explore/?measure=rec-all&area={WARDS[0]}&length=12&view=table")
    assert all(line[1] in ("withheld", "not published") for line in rows(page)[1:] if "2019" not in line[0])


def test_a_break_cuts_the_line_and_is_named(page: Page, here: str) -> None:
    opened(page, f"{here}explore/?measure=bikes&view=line")
    assert "Break 1" in said_in(page)
    notes = page.locator(".explore__notes").inner_text()
    assert "Break 1. Not comparable: New way of recording, 1 January 2018." in notes
    # The 12 months to June 2018 have the break inside, so no line joins them to those before or after.
    assert page.locator(".explore__svg path[fill=none]").count() == 0
    assert "Not available" in said_in(page)


def test_years_with_a_break_inside_are_not_added_up(tab: Tabs, address: str, real: ClearedContent) -> None:
    """As on the pages of figures: only the newest year is kept, and every other point is part of a line."""
    broken = measures.breaks_of(real, "recorded-violence")
    assert len(broken) > 1
    page = opened(
        tab(1280),
        f"{address}explore/?measure=recorded-violence&length=12&view=line&area={real.area}",
    )
    on_the_page = measures.rolling(real, "recorded-violence", real.area)
    shown = [line[1] for line in rows(page)[1:] if line[1] != "not published"]
    assert len(shown) == len(on_the_page)
    joined = page.locator(".explore__svg path[fill=none]").evaluate_all(
        "paths => paths.reduce((n, path) => n + path.getAttribute('d').split('L').length, 0)"
    )
    assert joined >= len(shown) - 1


def test_a_missing_month_cuts_the_line(page: Page, here: str) -> None:
    opened(page, f"{here}explore/?measure=calls&view=line")
    assert page.locator(".explore__svg circle").count() == 4
    assert page.locator(".explore__svg path[fill=none]").count() == 2


def test_a_provisional_figure_is_marked(page: Page, here: str) -> None:
    opened(page, f"{here}explore/?measure=thefts&view=line")
    assert page.locator(".explore__hollow").count() == 1
    assert "161 [p]" in [c for line in rows(page) for c in line]
    assert "[p]: provisional, may still change." in page.locator(".explore__notes").inner_text()


def test_an_estimated_figure_is_drawn_like_a_provisional_one(page: Page, here: str) -> None:
    """As in the charts of the site."""

    def estimated(route: Route) -> None:
        file = route.fetch().json() | {"statuses": {"e": "estimated"}}
        for figure in file["figures"]:
            if figure["status"] and figure["status"]["mark"] == "p":
                figure["status"]["mark"] = "e"
        route.fulfill(json=file)

    page.route("**/figures/thefts/figures.json", estimated)
    opened(page, f"{here}explore/?measure=thefts&view=line")
    assert page.locator(".explore__hollow").count() == 1
    assert "Hollow points are estimated." in page.locator(".explore__notes").inner_text()


def test_periods_of_different_lengths_are_never_shown_together(tab: Tabs, address: str) -> None:
    page = opened(tab(1280), f"{address}explore/?measure=recorded-all-offences&view=table")
    lengths = page.locator("#explore-length option").evaluate_all("os => os.map(o => o.textContent)")
    assert {"3 months", "12 months"} <= set(lengths)
    for length in ("3", "12"):
        if page.locator("#explore-length").input_value() != length:
            choose(page, "#explore-length", length)
        assert all(row[0].startswith(f"{length} months to") for row in rows(page)[1:])


def test_the_newest_period_that_all_areas_share_comes_first(tab: Tabs, address: str) -> None:
    page = tab(1280)
    opened(page, f"{address}explore/?measure=recorded-burglary&area=E09000023&area=E05013714&length=12&view=bars")  # fmt: skip
    assert all(cell.removesuffix(" [p]").replace(",", "").isdigit() for _, cell in rows(page)[1:])
    newest = page.locator("#explore-period option").first
    assert "(not for all)" in (newest.text_content() or "")
    assert newest.get_attribute("value") != page.locator("#explore-period").input_value()


def test_there_is_no_rate_where_the_packages_give_none(page: Page, here: str) -> None:
    opened(page, f"{here}explore/?measure=rec-thefts&area={HOME}&area={WARDS[0]}&view=bars&as=rate")
    by_area = dict(rows(page)[1:])
    assert by_area["North & Quay"] == "no rate"
    assert number(by_area["Exampleton"]) > 0
    assert "No rate for North & Quay. The market is here." in page.locator(".explore__notes").inner_text()
    opened(page, f"{here}explore/?measure=figure-1&view=bars&as=rate")
    assert page.locator("#explore-as-rate").count() == 0, "a part has no population of its own"


def test_nothing_is_ranked(page: Page, here: str) -> None:
    opened(page, f"{here}explore/?measure=rec-all&area={WARDS[2]}&area={WARDS[0]}&area={WARDS[1]}&view=bars")
    assert [line[0] for line in rows(page)[1:]] == ["North & Quay", "South", "West Field"]


# --- the page


def test_areas_are_found_and_chosen_by_keyboard(tab: Tabs, address: str) -> None:
    page = opened(tab(1280), f"{address}explore/?measure=recorded-burglary&view=bars")
    page.get_by_text("Areas: 1 chosen").focus()
    if not page.locator("#explore-filter").is_visible():
        page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("bellin")
    boxes = page.locator(".explore__areas input[type=checkbox]:visible")
    assert boxes.count() == 1
    page.keyboard.press("Tab")
    tab_to(page, "document.activeElement.type", "checkbox")
    page.keyboard.press("Space")
    page.wait_for_url(lambda url: "E05013714" in url)
    assert page.evaluate("document.activeElement.id") == "explore-area-E05013714", "the focus stays"
    assert "Bellingham" in (page.locator(".explore__said").text_content() or "")
    assert page.locator(".explore__said").get_attribute("role") == "status"


@BOTH
@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(page: Page, here: str, view: str) -> None:
    for path in ("explore/", "embed/"):
        opened(page, here + path + VIEWS[view])
        page.locator("details").evaluate_all("all => all.forEach(d => (d.open = true))")
        assert read(page, SEEN).wrong == ()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@BOTH
def test_no_text_of_a_drawing_is_outside_it(page: Page, address: str) -> None:
    for query in (
        "?measure=recorded-burglary&area=E09000023&area=E05013714&length=12&view=line", "?measure=stops-by-object",
        "?measure=recorded-theft&view=map&as=rate", "?measure=figure-8", "?measure=recorded-knife-crime&view=line",
    ):  # fmt: skip
        opened(page, f"{address}explore/{query}")
        outside = page.evaluate(
            """() => [...document.querySelectorAll(".explore__svg")].flatMap((svg) => {
              const box = svg.getBoundingClientRect();
              return [...svg.querySelectorAll("text")].filter((t) => {
                const b = t.getBoundingClientRect();
                return b.left < box.left - 1 || b.right > box.right + 1 || b.top < box.top - 1 || b.bottom > box.bottom + 1;
              }).map((t) => t.textContent);
            })"""
        )
        assert outside == [], query


def test_without_script_the_page_leads_to_every_figure(tab: Tabs, here: str, site: Path) -> None:
    page = tab(1280, java_script_enabled=False)
    page.goto(f"{here}explore/")
    assert not page.locator("[data-explore]").is_visible()
    links = page.locator(".explore__links a")
    paths = {urlsplit(str(a.evaluate("a => a.href"))).path for a in links.all()}
    assert links.first.is_visible()
    slugs = {i["slug"] for i in json.loads((site / "api/index.json").read_text())["indicators"]}
    assert {f"/figures/{slug}/" for slug in slugs} == paths


def test_figures_that_cannot_be_loaded_leave_the_links(tab: Tabs, here: str) -> None:
    page = tab(1280)
    page.route("**/api/index.json", lambda route: route.abort())
    with page.expect_event("requestfailed"):
        page.goto(f"{here}explore/")
    assert page.locator(".explore__links a").first.is_visible()


def test_every_figure_leads_to_the_page(site: Path) -> None:
    for indicator in json.loads((site / "api/index.json").read_text())["indicators"]:
        text = unescape((site / f"figures/{indicator['slug']}/index.html").read_text())
        assert f"explore/?measure={indicator['slug']}" in text
    assert "../explore/" in (site / "figures/index.html").read_text()


def test_the_script_and_the_page_are_small(tab: Tabs, address: str, real_site: Path) -> None:
    assert len(SCRIPT.read_bytes()) <= OWN_LIMIT
    page = tab(1280)
    asked: list[str] = []
    page.on("request", lambda r: asked.append(r.url))
    opened(page, f"{address}explore/?measure=recorded-theft&view=map")
    paths = [urlsplit(a).path.lstrip("/") for a in asked]
    files = [real_site / (f"{p}index.html" if p.endswith("/") else p) for p in paths]
    assert sum(len(gzip.compress(f.read_bytes(), 6, mtime=0)) for f in files) <= PAGE_LIMIT
    assert all(urlsplit(a).hostname == "127.0.0.1" for a in asked)
