"""Every number in a pack equals a download, or follows from numbers of downloads.

The numbers are worked out here from the files that readers get, by code that shares nothing with the program.
"""

import csv
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, cached_property
from pathlib import Path

import pytest
from portal.disclosure.clearing import ClearedContent
from project import first
from selectolax.lexbor import LexborHTMLParser, LexborNode

MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
# Only a part of these searches is published, so that a rate would be too low.
WITHOUT_RATE = ("Stop and search month by month",)
NUMBER = r"\d[\d,]*(?:\.\d+)?"
# What a pack says in figures and no download has: days and months, units, and how long a period is.
NOT_A_FIGURE = re.compile(
    rf"(?:\d{{1,2}} )?(?:{'|'.join(MONTHS)}) \d{{4}}|12 months|1,000 people|100 offences|\d\d:\d\d|since \d{{4}}"
)


def month_end(words: str) -> date:
    """Return the last day of a month such as `March 2026`."""
    name, year = words.split()
    after = divmod(MONTHS.index(name) + 1, 12)
    return date(int(year) + after[0], after[1] + 1, 1) - timedelta(days=1)


def a_year_before(end: date) -> date:
    """Return the last day of the same month a year before."""
    return (end + timedelta(days=1)).replace(year=(end + timedelta(days=1)).year - 1) - timedelta(days=1)


def rounded(number: Decimal, places: int) -> Decimal:
    """Return a number rounded half up, as people round."""
    return number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


@dataclass(frozen=True)
class Downloads:
    """The files that a reader of the site can download."""

    site: Path

    @cached_property
    def index(self) -> dict:  # type: ignore[type-arg]
        return dict(json.loads((self.site / "api" / "index.json").read_text()))

    @cached_property
    def codes(self) -> dict[str, str]:
        """Return the code of each area by its name; the newest, if a name has two."""
        newest = sorted(self.index["areas"], key=lambda a: a["valid_to"] is None)
        return {a["name"]: a["code"] for a in newest}

    @cached_property
    def people(self) -> dict[str, int]:
        return {a["code"]: a["population"]["people"] for a in self.index["areas"] if a["population"]}

    @cached_property
    def titles(self) -> dict[str, str]:
        return {i["slug"]: i["title"] for i in self.index["indicators"]}

    @cached_property
    def without_rates(self) -> set[tuple[str, str]]:
        return {(i["slug"], code) for i in self.index["indicators"] for code in i["no_rates"]}

    @cache  # noqa: B019 - one for each session of tests
    def rows(self, code: str) -> dict[str, list[dict[str, str]]]:
        """Return the figures of an area that are not parts, by the title of their indicator."""
        found: dict[str, list[dict[str, str]]] = {}
        with (self.site / "open-data" / "areas" / f"{code}.csv").open() as file:
            for row in csv.DictReader(file):
                if not row["part"]:
                    found.setdefault(row["indicator"], []).append(row)
        return found

    def year(self, slug: str, code: str, end: date) -> Decimal | None:
        """Return the figure of 12 months: one row, or the sum of rows that follow each other; None if there is none."""
        wanted: dict[date, Decimal] = {}
        last = a_year_before(end)
        for row in self.rows(code).get(self.titles[slug], []):
            if not row["value"] or not row["period_start"]:
                continue
            start, stop = date.fromisoformat(row["period_start"]), date.fromisoformat(row["period_end"])
            if stop == end and start == last + timedelta(days=1):
                return Decimal(row["value"])
            if last < start and stop <= end:
                wanted[start] = Decimal(row["value"])
        pieces = sorted(wanted)
        return sum(wanted.values(), Decimal()) if len(pieces) in (4, 12) else None

    def rate(self, slug: str, code: str, end: date) -> Decimal | None:
        """Return the 12 months to `end` for every 1,000 people; None without the figure or the population."""
        count = self.year(slug, code, end)
        if count is None or code not in self.people or (slug, code) in self.without_rates:
            return None
        return rounded(count * 1000 / self.people[code], 1)


def number(text: str) -> Decimal | None:
    """Return the number in a cell without its marks; None if the cell has none."""
    found = re.match(rf"[−-]?{NUMBER}", text.strip())
    return Decimal(found[0].replace(",", "").replace("−", "-")) if found else None


def slug_of(node: LexborNode) -> str:
    """Return the indicator to which the link in a row leads."""
    return str(first(node, "a").attributes["href"]).rstrip("/").rpartition("/")[2]


@dataclass(frozen=True)
class Pack:
    """A pack with the code of its area."""

    page: LexborHTMLParser
    code: str
    name: str
    data: Downloads

    def rows(self, table: str) -> Iterator[tuple[LexborNode, list[str]]]:
        """Yield each row of a table with the text of its cells."""
        for row in self.page.css(f"table:has(#{table}) tbody tr"):
            yield row, [c.text().strip() for c in row.css("td")]


@pytest.fixture(scope="module")
def packs(real_site: Path) -> list[Pack]:
    data = Downloads(real_site)
    folders = [real_site / "wards" / "pack", *sorted((real_site / "wards").glob("*/pack"))]
    found = []
    for folder in folders:
        page = LexborHTMLParser((folder / "index.html").read_text())
        name = first(page, ".pack h1").text().removeprefix("Pack for a meeting: ").removesuffix(" ward")
        found.append(Pack(page, data.codes[name], name, data))
    return found


def test_counts_earlier_counts_changes_and_rates_follow_from_the_downloads(packs: list[Pack]) -> None:
    compared = dict.fromkeys(("now", "before", "difference", "percent", "rate", "not meaningful"), 0)
    for pack in packs:
        for table in ("groups", "others", "careful"):
            caption = pack.page.css_first(f"#{table}")
            if caption is None:
                continue
            for row, _ in pack.rows(table):
                cells = {c.attributes.get("data-label"): c.text().strip() for c in row.css("td")}
                slug, upto = slug_of(row), cells.get("Up to") or caption.text().rpartition("months to ")[2]
                end = month_end(str(upto))
                about = (pack.name, slug)
                now, before = (number(str(cells[c])) for c in ("Now", "Previous"))
                count = pack.data.year(slug, pack.code, end)
                assert now == count, about
                compared["now"] += now is not None
                if before is not None:
                    assert before == pack.data.year(slug, pack.code, a_year_before(end)), about
                    compared["before"] += 1
                shown, rate = str(cells["Per 1,000"]), pack.data.rate(slug, pack.code, end)
                assert number(shown) == rate, about
                assert (shown == "not meaningful") == ((slug, pack.code) in pack.data.without_rates), about
                compared["rate" if rate is not None else "not meaningful"] += 1
                check_change(str(cells[None]), now, before, compared, about)
    assert compared["now"] > 300
    assert min(compared.values()) > 0, compared


def check_change(
    words: str, now: Decimal | None, before: Decimal | None, compared: dict[str, int], about: object
) -> None:
    """Check a change in words: a difference, or a percentage within its range; other words have no number but dates."""
    if found := re.fullmatch(rf"({NUMBER}) (more|fewer)(?:, not tested| recorded)", words):
        assert now is not None
        assert before is not None
        assert number(found[1]) == (now - before if found[2] == "more" else before - now), about
        compared["difference"] += 1
    elif found := re.fullmatch(r"(up|down) (\d+)% \((−?\d+)% to (−?\d+)%\)", words):
        assert now is not None
        assert before
        change = abs(now - before) / before * 100
        assert (now > before) == (found[1] == "up"), about
        assert number(found[2]) == rounded(change, 0), about
        low, high = sorted(abs(number(found[n]) or Decimal()) for n in (3, 4))
        assert low <= change <= high, about
        compared["percent"] += 1
    else:
        assert not re.search(r"\d", NOT_A_FIGURE.sub("", words)), (about, words)


def test_rates_beside_other_places_follow_from_their_downloads(packs: list[Pack]) -> None:
    compared = unusual = ranges = 0
    wards = [p.code for p in packs[1:]]
    for pack in packs:
        caption = pack.page.css_first("#rates")
        if caption is None:
            continue
        rates = {first(r, "th").text().strip(): number(cells[0]) for r, cells in pack.rows("rates")}
        for words in (p.text() for p in pack.page.css(".pack > p")):
            if found := re.match(rf"(.+): ({NUMBER}) per 1,000 people is (high|low), and unusual", words):
                assert number(found[2]) == rates[found[1]], (pack.name, words)
                unusual += 1
        end = month_end(caption.text().rpartition("months to ")[2])
        head = [h.text() for h in first(pack.page, "table:has(#rates) thead tr").css("th")][1:]
        for row, cells in pack.rows("rates"):
            for place, shown in zip(head, cells, strict=True):
                if place == "All wards":
                    known = sorted(
                        r for w in wards if (r := pack.data.rate(slug_of(row), w, end)) is not None
                    )
                    ends = tuple(map(number, shown.split(" to ")))
                    assert ends == ((known[0], known[-1]) if len(known) > 1 else (None,)), (
                        pack.name,
                        slug_of(row),
                    )
                    ranges += len(known) > 1
                    continue
                code = pack.code if place == pack.name else pack.data.codes[place]
                assert number(shown) == pack.data.rate(slug_of(row), code, end), (
                    pack.name,
                    place,
                    slug_of(row),
                )
                compared += 1
    assert compared > 500
    assert ranges > 19 * 5
    assert unusual > 0


def test_outcomes_and_their_share_follow_from_the_downloads(packs: list[Pack], real: ClearedContent) -> None:
    indicators = real.content.indicators
    pairs = {
        indicators[link.offences].short_title: (
            indicators[link.offences].slug,
            indicators[link.indicator].slug,
        )
        for link in real.content.outcomes.values()
    }
    compared = 0
    for pack in packs:
        for row, (upto, offences, outcomes, share) in pack.rows("outcomes"):
            end = month_end(upto)
            base, part = (pack.data.year(slug, pack.code, end) for slug in pairs[first(row, "th").text()])
            assert (number(offences), number(outcomes)) == (base, part), pack.name
            assert number(share) == (rounded(part * 100 / base, 1) if part is not None and base else None), (
                pack.name
            )
            compared += part is not None
    assert compared > 20


def test_the_first_sentence_stops_and_the_survey_are_in_the_downloads(packs: list[Pack]) -> None:
    stops = answers = 0
    for pack in packs:
        lead = first(pack.page, ".pack .lead").text()
        found = re.match(rf"({NUMBER}) offences in the 12 months to (\w+ \d+)", lead)
        assert found, lead
        end = month_end(found[2])
        assert number(found[1]) == pack.data.year("recorded-all-offences", pack.code, end)
        if earlier := re.search(rf"previous 12 months: ({NUMBER})", lead):
            assert number(earlier[1]) == pack.data.year(
                "recorded-all-offences", pack.code, a_year_before(end)
            )
        for words in (i.text().strip() for i in pack.page.css(".pack li")):
            if found := re.match(rf"(Stop and search.*), (.+): ({NUMBER}).* in (\w+ \d+)", words):
                title, code = found[1], pack.data.codes[found[2]]
                [count] = [
                    Decimal(r["value"]) for r in pack.data.rows(code)[title] if r["period"] == found[4]
                ]
                assert number(found[3]) == count, words
                rate = re.search(rf"({NUMBER}) per 1,000 people", words)
                if title in WITHOUT_RATE or pack is not packs[0]:
                    assert not rate
                    stops += 1
                    continue
                assert rate, words
                assert number(rate[1]) == rounded(count * 1000 / pack.data.people[code], 1), words
                stops += 1
        caption = pack.page.css_first("#survey")
        for _, (now, earlier_answer) in pack.rows("survey"):
            assert caption is not None
            end = month_end(caption.text().rpartition(" to ")[2])
            for shown, upto in ((now, end), (earlier_answer, a_year_before(end))):
                values = {Decimal(r["value"]) for own in pack.data.rows(pack.code).values() for r in own if r["value"] and r["period_end"] == upto.isoformat() and r["unit"] == "per cent"}  # fmt: skip
                assert number(shown) is None or number(shown) in values, (pack.name, shown)
                answers += number(shown) is not None
    assert stops > 0
    assert answers > 0


def test_the_count_of_revised_figures_follows_from_the_releases(packs: list[Pack], real_site: Path) -> None:
    released = {r["id"]: date.fromisoformat(r["released_on"]) for r in packs[0].data.index["releases"]}
    for pack in packs:
        text = " ".join(first(pack.page, ".pack").text().split())
        found = re.search(r"(\d+) figures? (?:was|were) revised or withdrawn since (\d+) (\w+) (\d+)", text)
        since = date(int(found[4]), MONTHS.index(found[3]) + 1, int(found[2])) if found else date.min
        count = 0
        for path in real_site.glob("releases/*/changes.csv"):
            with path.open() as file:
                count += sum(
                    int(r["count"])
                    for r in csv.DictReader(file)
                    if r["area"] == pack.code and r["kind"] in ("revised", "withdrawn") and released[r["release"]] > since
                )  # fmt: skip
        assert found is None or int(found[1]) == count, pack.name


def test_nothing_else_in_a_pack_is_a_number(packs: list[Pack]) -> None:
    """Besides what the tests above read, a pack has only dates, units and what others wrote.

    Headlines of charts and the legend of the map repeat what their own pages say, where other tests hold them.
    """
    read: tuple[Callable[[str], str], ...] = (
        lambda text: re.sub(rf"{NUMBER} offences in the .*?\.(?= )", "", text, count=1),
        lambda text: re.sub(
            rf"Stop and search over 12 months, [^:]*: {NUMBER} in 12 months to \w+ \d+\.", "", text
        ),
        lambda text: re.sub(rf"Stop and search[^:]*: {NUMBER}.*?{NUMBER} per 1,000 people", "", text),
        lambda text: re.sub(rf"{NUMBER} per 1,000 people is (high|low), and unusual", "", text),
        lambda text: re.sub(r"\d+ figures? (?:was|were) revised or withdrawn since", "", text),
    )
    for pack in packs:
        body = LexborHTMLParser(first(pack.page, ".pack").html or "")
        for node in body.css("table, svg, .pack__pictures, ol.asks, .sources, li a"):
            node.decompose()
        text = " ".join(body.text(separator=" ").split())
        for step in read:
            text = step(text)
        left = re.findall(rf".{{0,40}}{NUMBER}.{{0,40}}", NOT_A_FIGURE.sub("", text))
        assert left == [], (pack.name, left)
