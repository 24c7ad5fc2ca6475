"""Ward figures: equal to the raw files, worded correctly, and the same wherever they appear."""

import csv
import json
import re
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from portal.analysis import changes_in_words, measures
from portal.charts import area_charts, sparklines
from portal.core.small_counts import is_guarded
from portal.disclosure.clearing import ClearedContent
from project import ROOT, SHARED, first, tree_of
from selectolax.lexbor import LexborHTMLParser

WARD_FILE = SHARED / "upstream" / "mps_ward" / "ward25_202403-202603.csv"
upstream = pytest.mark.skipif(
    not WARD_FILE.exists(), reason="the upstream files are not beside this repository"
)
YEAR, BEFORE = (date(2025, 4, 1), date(2026, 3, 31)), (date(2024, 4, 1), date(2025, 3, 31))
# Typed from the raw file: ward, major label, indicator, 12 months to March 2026 and the 12 months before.
BY_HAND = (
    ("E05013714", "Bellingham", "VIOLENCE AGAINST THE PERSON", "recorded-violence", 549, 513),
    ("E05013715", "Blackheath", "THEFT", "recorded-theft", 635, 567),
    ("E05013719", "Deptford", "BURGLARY", "recorded-burglary", 149, 133),
    ("E05013721", "Evelyn", "THEFT", "recorded-theft", 482, 247),
    ("E05013722", "Forest Hill", "POSSESSION OF WEAPONS", "recorded-weapons", 2, 7),
    ("E05013727", "Lewisham Central", "ROBBERY", "recorded-robbery", 75, 99),
    ("E05013730", "Rushey Green", "VIOLENCE AGAINST THE PERSON", "recorded-violence", 954, 796),
    ("E05013732", "Telegraph Hill", "SEXUAL OFFENCES", "recorded-sexual-offences", 46, 38),
)


@pytest.mark.parametrize(("code", "name", "major", "indicator", "now", "before"), BY_HAND)
def test_ward_figures_checked_by_hand(
    real: ClearedContent, code: str, name: str, major: str, indicator: str, now: int, before: int
) -> None:
    assert real.content.areas[code].name == name
    for (_, end), expected in ((YEAR, now), (BEFORE, before)):
        found = measures.window(real, indicator, code, end, 12)
        assert found is not None
        assert found.value == expected


@upstream
@pytest.mark.parametrize(("code", "name", "major", "indicator", "now", "before"), BY_HAND)
def test_the_figures_checked_by_hand_are_in_the_raw_file(
    code: str, name: str, major: str, indicator: str, now: int, before: int
) -> None:
    with WARD_FILE.open(newline="") as lines:
        own = [r for r in csv.DictReader(lines) if r["WardCode"] == code and r["MajorText"] == major]
    assert {r["WardName"] for r in own} == {name}
    months = [c for c in own[0] if c.isdigit()]
    assert (months[0], months[-1]) == ("202403", "202603")
    assert sum(int(r[m]) for r in own for m in months[-12:]) == now
    assert sum(int(r[m]) for r in own for m in months[-24:-12]) == before


def test_groups_add_up_to_all_recorded_crime(real: ClearedContent) -> None:
    groups = [i.id for i in real.content.indicators.values() if i.part_of == "recorded-all-offences"]
    assert len(groups) == 12
    for area in [f"E05{n:06}" for n in range(13714, 13733)]:
        for end in (YEAR[1], BEFORE[1]):
            parts = [measures.window(real, g, area, end, 12) for g in groups]
            whole = measures.window(real, "recorded-all-offences", area, end, 12)
            assert whole is not None
            assert sum(p.value or 0 for p in parts if p) == whole.value


def test_rates_name_their_population(real: ClearedContent) -> None:
    violence = real.content.indicators["recorded-violence"]
    found = measures.standing(real, violence, "E05013714")
    assert found is not None
    assert found.rate == measures.Rate(Decimal("47.1"), 11661, 2021)  # 549 × 1,000 / 11,661 = 47.08


def test_hate_crime_is_not_compared_across_the_new_recording_system(real: ClearedContent) -> None:
    for name in ("recorded-hate-crime", "recorded-domestic-abuse"):
        found = measures.standing(real, real.content.indicators[name], "E05013714")
        assert found is not None
        assert (found.earlier, found.change, found.no_change) == (None, None, "break")
        assert changes_in_words.change_in_words(found) == "not comparable: recording changed in March 2024"
        ends = {
            o.period_end
            for o in real.content.observations[name]
            if o.period_start and o.period_start < date(2024, 3, 1)
        }
        assert max(e for e in ends if e) < date(2024, 3, 1)


def test_no_sensitive_ward_figure_is_for_less_than_a_year(real: ClearedContent) -> None:
    wards = {a.code for a in real.content.areas.values() if a.kind == "ward"}
    for name in (
        "recorded-hate-crime",
        "recorded-domestic-abuse",
        "recorded-sexual-offences",
        "recorded-all-offences",
    ):
        own = [o for o in real.content.observations[name] if o.area in wards]
        assert {
            (o.period_end.year - o.period_start.year) * 12 + o.period_end.month - o.period_start.month
            for o in own
            if o.period_end and o.period_start
        } == {11}
        spans = sorted({(o.period_start, o.period_end) for o in own})
        assert all(a[1] < b[0] for a, b in pairwise(spans) if a[1] and b[0])


@pytest.fixture(scope="module")
def pages(real_site: Path) -> dict[str, LexborHTMLParser]:
    return {
        p.parent.name: LexborHTMLParser(p.read_text()) for p in (real_site / "wards").glob("*/index.html")
    }


def rows(tree: LexborHTMLParser, table: str) -> dict[str, list[str]]:
    found = tree.css(f"div[aria-labelledby={table}] tbody tr")
    return {
        first(r, "th").text(strip=True): [c.text(strip=True) for c in r.css("td")]
        for r in found
        if r.css("td")
    }


def plain(cell: str) -> int:
    """The number in a cell, without the mark of a provisional figure."""
    return int(cell.removesuffix(" [p]").replace(",", ""))


def test_each_ward_page_shows_the_figures_of_its_download(
    real: ClearedContent, real_site: Path, pages: dict[str, LexborHTMLParser]
) -> None:
    titles = {i.short_title: i.title for i in real.content.indicators.values() if i.chart == "recorded"}
    ids = {i.short_title: i.id for i in real.content.indicators.values() if i.chart == "recorded"}
    wards = [a for a in real.content.areas.values() if a.kind == "ward" and a.valid_to is None]
    assert (
        len(pages) == len(wards) + 5
    )  # and those that compare them, show them on the map, show parts of them on two maps, and the whole pack
    for ward in wards:
        slug = re.sub("[^a-z]+", "-", ward.name.lower())
        with (real_site / "wards" / slug / "figures.csv").open(newline="") as lines:
            download = list(csv.DictReader(lines))
        assert {r["area_code"] for r in download} == {ward.code}
        shown = rows(pages[slug], "groups")
        assert len(shown) == 13
        for name, (now, before, _, rate, _) in shown.items():
            year = [r for r in download if r["indicator"] == titles[name]]
            told = [
                sum(
                    int(r["value"])
                    for r in year
                    if str(s) <= r["period_start"]
                    and r["period_end"] <= str(e)
                    and r["source"].endswith(("March 2026", "street level: July 2023 to March 2026"))
                )
                for s, e in (YEAR, BEFORE)
            ]
            assert [plain(now), plain(before)] == told, (slug, name)
            if (ward.code, ids[name]) in real.content.no_rates:
                assert rate == "not meaningful"
                continue
            population = real.content.populations[ward.code].population
            assert abs(float(rate) - told[0] * 1000 / population) <= 0.0501


def test_town_centres_have_no_rate_where_residents_are_the_wrong_measure(
    real: ClearedContent, real_site: Path, pages: dict[str, LexborHTMLParser]
) -> None:
    """The rate is in no sentence and no table, and each page says why."""
    of_wards = {k: v for k, v in real.content.no_rates.items() if real.content.areas[k[0]].kind == "ward"}
    assert {a for a, _ in of_wards} == {"E05013727", "E05013730"}
    for (area, indicator), told in of_wards.items():
        name = real.content.indicators[indicator].short_title
        found = measures.standing(real, real.content.indicators[indicator], area)
        assert found is not None
        assert found.latest.value is not None
        assert found.rate is None
        folder = f"wards/{re.sub('[^a-z]+', '-', real.content.areas[area].name.lower())}"
        population = real.content.populations[area].population
        barred = str(measures.rounded(Fraction(found.latest.value) * 1000 / population, 1))
        for page in (folder, f"{folder}/briefing", "wards", "wards/compare", f"figures/{indicator}"):
            path = real_site / page / "index.html"
            if not path.is_file():
                continue
            tree = LexborHTMLParser(path.read_text())
            own = real.content.areas[area].name if page in ("wards", f"figures/{indicator}") else name
            cells = [td.text() for tr in tree.css("tr") for td in tr.css("td") if own in tr.text()]
            assert barred not in cells, (page, name)
        assert told.reason in first(pages[folder.removeprefix("wards/")], "article").text()


def test_ward_pages_say_what_an_snb_member_needs(pages: dict[str, LexborHTMLParser]) -> None:
    page = first(pages["evelyn"], "article").text()
    assert "All recorded crime in Evelyn: up 38% (20% to 58%)" in page
    assert "1,433 offences in the 12 months to March 2026 (provisional), 1,039 the year before." in page
    assert (
        "All recorded crime, theft and theft without shoplifting rose. Nothing else clearly changed." in page
    )
    assert "do not name a ward" in page
    assert "Before May 2022" in page
    assert "Evelyn" in page
    clear = [li.text(strip=True) for li in pages["evelyn"].css("ul.changes li")]
    assert "Theft: up 95% (48% to 157%), from 247 to 482 [p]." in clear
    assert all("no clear change" not in c for c in clear)


def test_each_ward_page_has_the_charts_of_its_main_figures(
    real: ClearedContent, real_site: Path, pages: dict[str, LexborHTMLParser]
) -> None:
    """The drawing, its headline, its table and the table of the page agree."""
    drawn = bool(list(real_site.glob("figures/*/chart-wide.svg")))
    for view in area_charts.current_wards(real):
        slug = re.sub("[^a-z]+", "-", view.name.lower())
        glances = pages[slug].css("figure.glance")
        assert len(glances) == 2, slug
        table = rows(pages[slug], "groups")
        for glance, chart in zip(glances, area_charts.build_area_charts(real, view.code), strict=True):
            assert not is_guarded(chart.indicator)
            said = ". ".join(first(glance, f"figcaption .chart__{c}").text() for c in ("headline", "finding"))
            assert said.startswith(f"{chart.indicator.short_title} in {view.name}: ")
            if own := table.get(chart.indicator.short_title):
                assert f": {own[2]}. {own[0].removesuffix(' [p]')} offences" in said
                assert (" (provisional)" in said) == own[0].endswith("[p]")
                assert f", {own[1]} the year before." in said
            if drawn:
                path = real_site / "wards" / slug / str(first(glance, "img").attributes["src"])
                shown = re.findall(
                    r">([\d,]+)(?: \[p\])?</text>|>([\d,]+)(?: \[p\])?</tspan>", path.read_text()
                )
                cells = [row[1].removesuffix(" [p]") for row in chart.chart.table.rows]
                assert sorted(n for a, b in shown if (n := a or b) in cells) == sorted(cells), path


def test_the_first_sentence_of_a_ward_agrees_with_its_tables(
    real: ClearedContent, pages: dict[str, LexborHTMLParser]
) -> None:
    for area in area_charts.current_wards(real):
        page = pages[re.sub("[^a-z]+", "-", area.name.lower())]
        lead = first(page, "p.lead").text()
        clear = [
            s.indicator.short_title
            for i in area_charts.recorded_indicators(real)
            if (s := measures.standing(real, i, area.code))
            and s.change
            and s.change.direction in ("rose", "fell")
        ]
        assert all(name.lower() in lead.lower() for name in clear), lead
        assert ("No type of crime clearly rose or fell." in lead) == (not clear)


def test_a_chart_of_an_area_has_quarters_that_add_up_to_its_headline(real: ClearedContent) -> None:
    for area in area_charts.current_wards(real):
        _, kind = area_charts.build_area_charts(real, area.code)
        now = measures.standing(real, kind.indicator, area.code)
        assert now is not None
        values = [plain(row[1]) for row in kind.chart.table.rows]
        assert len(values) == 8
        assert sum(values[4:]) == now.latest.value
        assert now.earlier is not None
        assert sum(values[:4]) == now.earlier.value


def test_wards_are_listed_from_a_to_z_and_not_by_crime(real_site: Path) -> None:
    tree = LexborHTMLParser((real_site / "wards" / "index.html").read_text())
    names = list(rows(tree, "all-wards"))
    assert names == sorted(names)
    assert len(names) == 19
    links = [a.attributes["href"] for a in tree.css(".map--wide a")]
    table = [a.attributes["href"] for a in tree.css("div[aria-labelledby=all-wards] th a")]
    assert links == [h.removeprefix("../wards/") for h in table if h]


def test_the_briefing_is_one_page_of_paper(real_site: Path) -> None:
    sheets = sorted(real_site.glob("wards/*/briefing/briefing.pdf"))
    if not sheets:
        pytest.skip("no Chromium printed the sheets")
    assert len(sheets) == 19
    for sheet in sheets:
        assert len(re.findall(rb"/Type\s*/Page\b(?!s)", sheet.read_bytes())) == 1, sheet


def test_postcodes_find_their_ward(real: ClearedContent, real_site: Path) -> None:
    told = json.loads((real_site / "wards" / "postcodes.json").read_text())
    for p in real.content.postcodes:
        name, address = told["wards"][told["postcodes"][p.postcode[:-2]][p.postcode[-2:]]]
        assert name == real.content.areas[p.area].name
        assert (real_site / "wards" / address / "index.html").is_file()


@given(st.lists(st.none() | st.decimals(-(10**12), 10**12, places=1), min_size=2, max_size=9))
def test_a_sparkline_stays_inside_its_box_and_shows_each_value(values: list[Decimal | None]) -> None:
    told = sparklines.draw_sparkline(values, "any")
    points = [float(y) for y in re.findall(r"[ML][\d.]+ (-?[\d.]+)", told)]
    known = [v for v in values if v is not None]
    assert len(points) == (len(known) if len(known) > 1 else 0)
    assert all(sparklines.EDGE - 0.1 <= y <= sparklines.HEIGHT - sparklines.EDGE + 0.1 for y in points)
    for (a, b), (y, z) in zip(pairwise(known), pairwise(points), strict=False):
        assert (b - a) * Decimal(str(y - z)) >= 0  # a larger value is never lower


def test_a_sparkline_leaves_gaps_and_names_its_figures() -> None:
    told = sparklines.draw_sparkline([Decimal(3), None, Decimal(5), Decimal(1)], "3, none, 5 & 1")
    assert told.count("M") == 2
    assert "style=" not in told
    assert 'aria-label="3&#44; none&#44; 5 &#38; 1"' in told
    assert sparklines.draw_sparkline([None, Decimal(1)], "one") == ""


def test_pages_of_places_are_in_the_golden_tree() -> None:
    golden = tree_of(ROOT / "tests" / "golden")
    ward = golden["wards/south/index.md"].decode()
    assert "[c]" in golden["figures/figure-9/index.md"].decode().replace("&#91;c&#93;", "[c]")
    assert "Old Quay" in golden["wards/north-quay/index.md"].decode()
    assert "no clear change" in ward


def test_a_sparkline_is_cut_where_recording_changed() -> None:
    """Nothing is drawn across a recording change, and a value on its own is still visible."""
    told = sparklines.draw_sparkline([Decimal(n) for n in (3, 4, 90, 91)], "any", {2})
    drawn = re.findall(r'd="([^"]*)"', told)[0]
    assert [piece.count("L") for piece in drawn.split("M")[1:]] == [1, 1]
    alone = sparklines.draw_sparkline([Decimal(n) for n in (3, 4, 90)], "any", {2})
    assert re.findall(r'd="([^"]*)"', alone)[0].endswith("h1")


def test_no_trend_crosses_a_recording_change(real: ClearedContent) -> None:
    """On the home page hate crime and domestic abuse changed system in March 2024."""
    for indicator in ("recorded-hate-crime", "recorded-domestic-abuse", "recorded-violence"):
        figures = [
            o
            for o in measures.series(real, indicator, real.area, "")
            if o.period_start and o.period_end and (o.period_end - o.period_start).days < 93
        ]
        told = sparklines.draw_trend(real, figures)
        breaks = measures.breaks_of(real, indicator)
        cuts = sum(measures.broken(a, b, breaks) is not None for a, b in pairwise(figures))
        assert cuts
        assert re.findall(r' d="([^"]*)"', told)[0].count("M") == cuts + 1
        assert "Recording changed in " in told
