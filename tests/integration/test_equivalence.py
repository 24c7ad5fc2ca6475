"""Chart, drawing, table, sentence, CSV, JSON, JSON-LD, citation and embed carry the same numbers and withheld cells.

All is read back from the built sites and held against the packages: the real one, and the tiny one, which has every
kind of chart and every status.
"""

import csv
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from portal.analysis import claims, measures
from portal.charts import charts, sparklines
from portal.core.model import Indicator, Observation
from portal.core.text import MARKERS, MINUS
from portal.core.vocabulary import Status
from portal.disclosure.clearing import ClearedContent
from portal.opendata.records import anchor
from portal.site import building
from project import first
from selectolax.lexbor import LexborHTMLParser, LexborNode

Key = tuple[str, str, str, str]  # area, part, first and last day
Said = tuple[Decimal | None, str]  # a number or none, and its marker


@dataclass(frozen=True)
class Published:
    """A built site and the content it was built from."""

    folder: Path
    released: ClearedContent

    def page(self, path: str) -> LexborHTMLParser:
        return LexborHTMLParser((self.folder / path / "index.html").read_text())

    def told(self, path: str) -> Any:
        return json.loads((self.folder / path).read_text(), parse_float=Decimal)

    def rows(self, path: str) -> list[dict[str, str]]:
        with (self.folder / path).open(newline="") as lines:
            return list(csv.DictReader(lines))


@pytest.fixture(scope="module", params=["real", "tiny"])
def published(request: pytest.FixtureRequest) -> Published:
    if request.param == "tiny":
        root = request.getfixturevalue("tiny_site")
        return Published((root / "build/site").resolve(), building.check(root)[1])
    return Published(request.getfixturevalue("real_site"), request.getfixturevalue("real"))


def of(o: Observation) -> Key:
    start, end = ("" if d is None else d.isoformat() for d in (o.period_start, o.period_end))
    return o.area, o.part, start, end


def said(o: Observation) -> Said:
    return o.value, o.status


def cell(text: str) -> Said:
    """Parse a figure as people read it: a number, a marker, or both."""
    mark = re.search(r"\[(\w+)\]", text)
    plain = re.sub(r"\[\w+\]|[%,+ £]", "", text).replace(MINUS, "-")
    return Decimal(plain) if plain else None, mark[1] if mark else ""


def table(node: LexborNode | None) -> Counter[Said]:
    assert node is not None
    texts = [td.text(strip=True) for tr in node.css("tbody tr") for td in tr.css("td")]
    return Counter(cell(t) for t in texts if t != "–")


def drawn(figure: dict[str, Any]) -> list[Decimal]:
    """Return the values of a drawing, from the axis that has them."""
    traces = [
        t for t in figure["data"] if t.get("hoverinfo") != "skip"
    ]  # others show how far figures may change
    values = [v for t in traces for v in (t["x"] if t.get("orientation") == "h" else t["y"])]
    return sorted(Decimal(str(v)) for v in values if v is not None)


def marks(figure: dict[str, Any]) -> Counter[str]:
    """Return the markers in a drawing for figures without a value."""
    texts = " ".join(a["text"] for a in figure["layout"].get("annotations", ()))
    found = Counter(re.findall(r"\[(\w+)\]", texts))
    return Counter({mark: n for mark, n in found.items() if mark in ("c", "x", "z", "low")})


def shown_as_drawn(indicator: Indicator, figures: Iterable[Observation]) -> list[Observation]:
    """Return the figures that a chart draws as bars. Ranked bars show the totals only as text below."""
    return [o for o in figures if o.part or indicator.chart != "ranked-bars"]


def labels(figure: dict[str, Any]) -> Iterator[str]:
    """Yield the labels of bars."""
    for trace in figure["data"]:
        values = trace["x"] if trace.get("orientation") == "h" else trace["y"]
        yield from (t for t, v in zip(trace.get("text", ()), values, strict=False) if v is not None)


def test_every_figure_is_the_same_in_every_file(published: Published) -> None:
    released = published.released
    by_area: dict[str, Counter[tuple[str, Key, Said]]] = {}
    counted = 0
    for indicator in released.content.indicators.values():
        own = released.content.observations.get(indicator.id, ())
        wanted = {of(o): said(o) for o in own}
        slug = indicator.slug
        folder = f"figures/{slug}"
        assert from_csv(published, f"{folder}/{slug}.csv", indicator) == wanted, indicator.id
        assert from_json(published, f"{folder}/figures.json", slug) == wanted, indicator.id
        assert cited(published, f"{folder}/cite") == {anchor(*k): v for k, v in wanted.items()}, indicator.id
        for key, value in wanted.items():
            by_area.setdefault(key[0], Counter())[slug, key, value] += 1
        counted += len(wanted)
    assert counted > 15
    index = published.told("api/index.json")["areas"]
    assert len(index) == len(by_area)
    for area in index:
        path = area["json"].lstrip("./")
        found = Counter((f["indicator"], *_json(f)) for f in published.told(path)["figures"])
        assert found == by_area[area["code"]], area


def from_csv(published: Published, path: str, indicator: Indicator) -> Mapping[Key, Said]:
    names = ("area_code", indicator.breakdown, "period_start", "period_end")
    return {
        (r[names[0]], r.get(names[1], ""), r[names[2]], r[names[3]]): (
            Decimal(r["value"]) if r["value"] else None,
            r["status"],
        )
        for r in published.rows(path)
    }


def from_json(published: Published, path: str, slug: str) -> Mapping[Key, Said]:
    figures = published.told(path)["figures"]
    assert {f["indicator"] for f in figures} <= {slug}
    return dict(_json(f) for f in figures)


def _json(f: dict[str, Any]) -> tuple[Key, Said]:
    value = None if f["value"] is None else Decimal(f["value"])
    key = (f["area"], f["part"] or "", f["period"]["start"] or "", f["period"]["end"] or "")
    return key, (value, f["status"]["mark"] if f["status"] else "")


def cited(published: Published, path: str) -> Mapping[str, Said]:
    """Return each figure that is published now as the citation page shows it."""
    rows = published.page(path).css("tbody tr[id]")
    gone = ("no longer published", "the period moved on")
    now = [r for r in rows if not any(g in first(r, "td[data-label='Cite as']").text() for g in gone)]
    return {str(r.attributes["id"]): cell(first(r, "td[data-label=Number]").text()) for r in now}


def test_every_chart_is_the_same_in_every_form(published: Published) -> None:
    charted = 0
    for indicator in published.released.content.indicators.values():
        figures = measures.figures_of(published.released, indicator)
        wanted = Counter(map(said, figures))
        page = published.page(f"figures/{indicator.slug}")
        assert table(page.css_first("table.figures")) == wanted, indicator.id
        machines(published, page, indicator, figures)
        if not page.css("figure.chart"):
            continue
        charted += 1
        the_drawing(published, indicator, figures)
        embed = published.page(f"embed/{indicator.slug}")
        assert table(embed.css_first("table.figures")) == wanted, indicator.id
        sentence = finding(embed)
        newest = page.css_first(
            ".big strong"
        )  # has the figures of the sentence, which the page does not repeat
        if newest is None:
            assert finding(page) == sentence
        else:
            assert newest.text() in sentence
            assert not page.css("#chart-chart .chart__finding")
        the_sentence(published.released, indicator, figures, _as_written(published.released, sentence))
    assert charted >= 6


def finding(page: LexborHTMLParser) -> str:
    """Return the sentence of the first chart of a page: under its headline, or as its headline."""
    caption = first(page, "figure.chart figcaption")
    return (caption.css_first(".chart__finding") or first(caption, ".chart__headline")).text()


def the_drawing(published: Published, indicator: Indicator, figures: Iterable[Observation]) -> None:
    values = sorted(o.value for o in shown_as_drawn(indicator, figures) if o.value is not None)
    missing = Counter(o.status for o in figures if o.value is None)
    told = published.told(f"figures/{indicator.slug}/chart.json")
    for width in ("wide", "narrow"):
        assert drawn(told[width]) == values, indicator.id
        assert marks(told[width]) == missing, indicator.id
        for folder in ("figures", "embed"):
            svg = published.folder / folder / indicator.slug / f"chart-{width}.svg"
            written = "".join(unescape(t) for t in re.findall(r">([^<]+)<", svg.read_text()))
            for label in labels(told[width]):
                assert label in written, (indicator.id, label)


def machines(
    published: Published, page: LexborHTMLParser, indicator: Indicator, figures: Iterable[Observation]
) -> None:
    told = json.loads(first(page, 'script[type="application/ld+json"]').text(), parse_float=Decimal)
    found = [(o.get("value"), o.get("description", "")) for o in told["about"]]
    means = MARKERS
    assert found == [(o.value, means[o.status] if o.status else "") for o in figures], indicator.id
    single = {of(o) for o in published.released.content.observations.get(indicator.id, ())}
    links = [o.get("url", "").partition("#")[2] for o in told["about"]]
    assert links == [anchor(*of(o)) if of(o) in single else "" for o in figures]


def _as_written(released: ClearedContent, html: str) -> str:
    for term in released.content.terms:  # written out behind an abbreviation's first use
        html = html.replace(f" ({term.expansion})", "")
    return html


def the_sentence(
    released: ClearedContent, indicator: Indicator, figures: Iterable[Observation], sentence: str
) -> None:
    """Check that every number in a sentence is a figure, or a change between figures."""
    figures = list(figures)
    finding = charts.build_chart(released, indicator).finding
    assert sentence == finding
    for name in (indicator.short_title, indicator.unit_label):
        finding = finding.replace(name, "")
    for part in sorted({o.part for o in figures}, key=len, reverse=True):
        finding = finding.replace(f"({part})", "").replace(f" as {part}", "")
    without_names = re.sub(r"\d+ of \d+ figures|\d+ months?|20\d\d(/\d\d)?", "", finding)
    numbers = {Decimal(n.replace(",", "")) for n in re.findall(r"\d[\d,]*(?:\.\d+)?", without_names)}
    verdicts = list(claims.verdicts(released, indicator.id))
    changes = {abs(v.recomputed) for v in verdicts if v.recomputed}
    changes |= {abs(v.claim.stated) for v in verdicts if v.claim.stated}
    is_recorded = indicator.chart == "recorded"
    compared = measures.yearly(released, indicator.id, released.area) if is_recorded else figures
    since = measures.change(indicator, compared[0], compared[-1])
    latest = measures.latest_change(released, indicator)
    changes |= {abs(c.percent) for c in (since, latest) if c and c.percent}
    ends = [end for c in (since, latest) if c and c.interval for end in c.interval]
    changes |= {max(measures.rounded(Fraction(abs(end)), 0), Decimal(1)) for end in ends}  # "under 1%"
    assert numbers <= {abs(o.value) for o in (*figures, *compared) if o.value is not None} | changes, (
        indicator.id
    )


def test_totals_are_the_sums_of_the_figures_in_the_download(published: Published) -> None:
    """Recompute the yearly figures of charts from the shorter periods in the CSV."""
    sums = 0
    for indicator in published.released.content.indicators.values():
        pieces = from_csv(published, f"figures/{indicator.slug}/{indicator.slug}.csv", indicator)
        for o in measures.figures_of(published.released, indicator):
            if of(o) not in pieces:
                found = tiled(pieces, of(o))
                values = [v for v, _ in found]
                assert o.value == (None if None in values else sum(v for v in values if v is not None))
                sums += 1
    assert sums > 1


def tiled(pieces: Mapping[Key, Said], whole: Key) -> list[Said]:
    """Return the figures that fill a period without gap or overlap, the longest first."""
    area, part, start, end = whole
    inside = sorted(
        (k for k in pieces if k[:2] == (area, part) and start <= k[2] and k[3] <= end), key=lambda k: (k[2], k[3])
    )  # fmt: skip
    chain = [inside[0]]
    for k in inside[1:]:
        if k[2] > chain[-1][3]:
            chain.append(k)
    assert (chain[0][2], chain[-1][3]) == (start, end)
    assert [day_after(a[3]) for a in chain[:-1]] == [b[2] for b in chain[1:]]
    return [pieces[k] for k in chain]


def day_after(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


def test_the_text_of_every_sparkline_matches_its_line(published: Published) -> None:
    """The text names the quarters, the line has their heights, and the download has them."""
    seen = 0
    for path in sorted(published.folder.glob("wards/*/index.html")):
        folder = path.parent
        if not (folder / "figures.csv").exists():
            continue
        download = published.rows(f"wards/{folder.name}/figures.csv")
        quarters = {r["value"] for r in download} | {""}
        for svg in LexborHTMLParser(path.read_text()).css("svg.spark"):
            label = str(svg.attributes["aria-label"]).partition(". Recording changed")[0]
            words = label.partition(": ")[2].split(", ")
            values = [
                None if w.startswith("no") else int(w.removesuffix(" [p]").replace(",", "")) for w in words
            ]
            assert {str(v) for v in values if v is not None} <= quarters
            path_ = first(svg, "path").attributes["d"] or ""
            heights = [float(y) for y in re.findall(r"[ML][\d.]+ ([\d.]+)", path_)]
            known = [v for v in values if v is not None]
            full, bottom = sparklines.HEIGHT - 2 * sparklines.EDGE, sparklines.HEIGHT - sparklines.EDGE
            assert heights == pytest.approx([bottom - full * v / max(*known, 1) for v in known], abs=0.051)
            seen += 1
    assert seen


@pytest.mark.parametrize("status", ["c", "x"])
def test_whichever_figure_is_withheld_the_chart_and_its_table_say_so(tiny_site: Path, status: str) -> None:
    released = building.check(tiny_site)[1]
    tried = 0
    for indicator in released.content.indicators.values():
        own = released.content.observations.get(indicator.id, ())
        for i, o in enumerate(own):
            hidden = replace(o, value=None, status=Status(status))
            with_it = {**released.content.observations, indicator.id: (*own[:i], hidden, *own[i + 1 :])}
            changed = replace(released, content=replace(released.content, observations=with_it))
            figures = measures.figures_of(changed, indicator)
            chart = charts.build_chart(changed, indicator)
            shown = shown_as_drawn(indicator, figures)
            missing = Counter(s.status for s in figures if s.value is None)
            for drawing in filter(None, (chart.wide, chart.narrow)):
                assert marks(drawing) == missing, (indicator.id, of(o))
                assert drawn(drawing) == sorted(s.value for s in shown if s.value is not None)
            cells = Counter(cell(c) for row in chart.table.rows for c in row[1:] if c != "–")
            assert cells == Counter(map(said, figures)), (indicator.id, of(o))
            tried += 1
    assert tried > 20
