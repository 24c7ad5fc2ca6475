"""The packs for a meeting: their numbers, their questions, and their PDF files."""

import csv
import io
import re
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from pathlib import Path

import pikepdf
import pytest
import validators
from portal.analysis.questions import LATE, MOST, SILENT, Findings, raise_questions
from portal.core.text import MINUS
from portal.disclosure.clearing import ClearedContent
from portal.site import accessible_pdf, pdf_sheets
from project import ROOT, first, make_project, run
from selectolax.lexbor import LexborHTMLParser

MARKS = re.compile(r"\s*\[\w+\]")


def packs(site: Path) -> list[Path]:
    """Return the folder of each pack."""
    return [site / "wards" / "pack", *sorted((site / "wards").glob("*/pack"))]


def parsed(folder: Path) -> LexborHTMLParser:
    """Return the page of a pack."""
    return LexborHTMLParser((folder / "index.html").read_text())


def plain(text: str) -> str:
    """Return the number in a cell as the downloads write it."""
    return MARKS.sub("", text).replace(",", "").replace(MINUS, "-").strip()


def test_there_is_a_pack_for_the_borough_and_for_each_ward(real_site: Path) -> None:
    assert len(packs(real_site)) == 1 + 19
    for folder in packs(real_site):
        headings = [h.text().strip() for h in parsed(folder).css("h2")]
        assert headings[0] == "Questions to ask"
        for subject in ("Recorded crime", "Beside", "What became", "Stop and search", "Confidence", "Promises", "Revised", "Police team", "Questions without"):  # fmt: skip
            assert any(h.startswith(subject) for h in headings), (folder, subject)


def test_every_number_of_a_ward_pack_is_in_its_download(real_site: Path, real: ClearedContent) -> None:
    """A figure over 12 months is there as one row, or as the sum of the rows of its months."""
    titles = {i.slug: i.title for i in real.content.indicators.values()}
    compared = 0
    for folder in packs(real_site)[1:]:
        rows = list(csv.DictReader(io.StringIO((folder.parent / "figures.csv").read_text("utf-8-sig"))))
        by_title: dict[str, list[dict[str, str]]] = {}
        for row in rows:
            by_title.setdefault(row["indicator"], []).append(row)
        for line in parsed(folder).css("table.steady tbody tr"):
            link = line.css_first("th a")
            cell = line.css_first("td[data-label=Now]")
            if link is None or cell is None:
                continue
            slug = str(link.attributes["href"]).rstrip("/").rpartition("/")[2]
            own = [r for r in by_title.get(titles[slug], []) if r["value"]]
            sums = {r["period_end"]: float(r["value"]) for r in own if _months(r) == 12}
            for end in {r["period_end"] for r in own}:
                pieces = [r for r in own if _within_year(r, end) and _months(r) == 3]
                if sum(map(_months, pieces)) == 12:
                    sums.setdefault(end, sum(float(r["value"]) for r in pieces))
            shown = plain(cell.text())
            if not shown.isdigit():
                continue  # withheld, and told in words
            assert float(shown) in sums.values(), (folder, slug, shown)
            compared += 1
    assert compared > 19 * 10


def test_every_rate_of_a_pack_is_its_count_by_the_published_population(real_site: Path) -> None:
    """In the tables of figures each count is beside its rate; the table of rates repeats those of the same months."""
    people = {r["area"]: int(r["population"]) for r in _table("populations")}
    codes = {r["name"]: r["code"] for r in _table("areas") if not r["valid_to"]}
    rates: dict[str, dict[str, str]] = {}
    compared = 0
    for folder in packs(real_site):
        page = parsed(folder)
        name = first(page, "h1").text().removeprefix("Pack for a meeting: ").removesuffix(" ward")
        own = rates.setdefault(name, {})
        for row in page.css("table.stack.steady tbody tr"):
            count, shown = (plain(first(row, f"td[data-label='{x}']").text()) for x in ("Now", "Per 1,000"))
            if not count.isdigit() or not re.fullmatch(r"[\d.]+", shown):
                continue  # withheld, or a rate that is not meaningful here
            exact = Decimal(count) * 1000 / people[codes[name]]
            assert Decimal(shown) == exact.quantize(Decimal("0.1"), ROUND_HALF_UP), (folder, row.text())
            own[first(row, "th").text().strip()] = shown
            compared += 1
        for row in page.css("table.figures.steady tbody tr"):
            title, shown = first(row, "th").text().strip(), plain(first(row, "td").text())
            assert shown == own.get(title, shown), (folder, title)
    assert compared > 20 * 10
    for folder in packs(real_site)[1:]:  # the range is that of all wards that have a rate
        for row in parsed(folder).css("table.figures.steady tbody tr"):
            cells = [c.text().strip() for c in row.css("td")]
            title = first(row, "th").text().strip()
            of_wards = [Decimal(r[title]) for n, r in rates.items() if title in r and n != WHOLE]
            if " to " in cells[-1] and len(of_wards) >= 17:
                assert cells[-1] == f"{min(of_wards)} to {max(of_wards)}", (folder, title)


WHOLE = "Lewisham"


def _table(name: str) -> list[dict[str, str]]:
    """Return a table of the package of areas and people."""
    with (ROOT / "data_packages" / "geography" / "data" / f"{name}.csv").open(
        encoding="utf-8", newline=""
    ) as file:
        return list(csv.DictReader(file))


def _months(row: dict[str, str]) -> int:
    start, end = (date.fromisoformat(row[c]) for c in ("period_start", "period_end"))
    return (end.year - start.year) * 12 + end.month - start.month + 1


def _within_year(row: dict[str, str], end: str) -> bool:
    last = date.fromisoformat(end)
    start = date.fromisoformat(row["period_start"])
    months = (last.year - start.year) * 12 + last.month - start.month
    return row["period_end"] <= end and months < 12


def test_each_question_says_which_rule_raised_it_and_repeats_figures_of_the_pack(real_site: Path) -> None:
    asked = 0
    for folder in packs(real_site):
        page = parsed(folder)
        tables = " ".join(t.text(separator=" ") for t in page.css("table"))
        for item in page.css("ol.asks li"):
            assert "Why we ask: " in item.text()
            words = first(item, "strong").text()
            for number in re.findall(r"from ([\d,]+) to ([\d,]+)", words):
                assert all(n in tables for n in number), (folder, words)
            asked += 1
        assert len(page.css("ol.asks li")) <= MOST
    assert asked >= 20


def test_what_is_not_known_is_said_with_whom_to_ask(real_site: Path) -> None:
    for folder in packs(real_site):
        text = " ".join(first(parsed(folder), ".pack").text().split())
        assert "its priorities are not published here. Ask: the local police team." in text
        if folder != packs(real_site)[0]:
            name = (
                first(parsed(folder), "h1").text().removeprefix("Pack for a meeting: ").removesuffix(" ward")
            )
            assert re.search(
                rf"Stop and search over 12 months, {name}: (\d+|.*withheld.*|\[c\]) in 12 months to", text
            ), text


def test_packs_are_accessible_pdf_files_of_at_most_four_sheets(real_site: Path) -> None:
    printed = [f / pdf_sheets.PACK for f in packs(real_site) if (f / pdf_sheets.PACK).exists()]
    if not printed:
        pytest.skip("no Chromium printed the packs")
    assert len(printed) == 20
    for path in printed:
        with pikepdf.open(path) as pdf:
            assert len(pdf.pages) <= 4, path
            width, height = (round(float(pdf.pages[0].mediabox[n]) / 72 * 25.4) for n in (2, 3))
            assert (width, height) == (210, 297)
            assert tags_of(pdf) >= {"/H1", "/H2", "/Table", "/TH", "/TD", "/L", "/LI", "/LBody"}
    for path in (p.with_name(pdf_sheets.PACK_LARGE) for p in printed):
        with pikepdf.open(path) as pdf:
            assert tags_of(pdf) >= {"/H1", "/H2", "/Table"}


def test_every_sheet_that_says_so_meets_pdf_ua(real_site: Path) -> None:
    """Only a page with letters of which this machine has no font may not say so."""
    verdict = validators.accessible_pdf(real_site)
    assert verdict.faults == ()
    found = [p.relative_to(real_site).as_posix() for p in real_site.rglob("*.pdf")]
    silent = [path for path in found if not validators.says_it_is_accessible(real_site / path)]
    if found:
        assert sum("/pack" in path for path in found) == 40
        assert set(silent) <= {"help/languages/large-print.pdf"}


def tags_of(pdf: pikepdf.Pdf) -> set[str]:
    """Return the tags of a PDF, after checking what a reader gets from them and no validator reads.

    It has the title of the pack and its language, the order of the tags, words for every picture, and every level of
    headings.
    """
    root = pdf.Root
    assert str(root.Lang).startswith("en")
    assert "Pack for a meeting" in str(pdf.open_metadata()["dc:title"])
    found: set[str] = set()
    levels: list[int] = []
    for element in accessible_pdf._elements(root.StructTreeRoot):
        kind = str(element.get("/S", ""))
        found.add(kind)
        if kind == "/Figure":
            assert len(str(element.get("/Alt", "")).split()) > 3, "a picture without words"
        if re.fullmatch(r"/H\d", kind):
            levels.append(int(kind[2:]))
    assert levels[0] == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))
    return found


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny portal with meetings, with its packs written by the command."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", "1614556800")  # 1 March 2021
        root = make_project(tmp_path_factory.mktemp("packs"), ROOT / "tests" / "meetings")
        assert run(root, "pack", "south", "whole", "--folder", str(root / "out")) == 0
        assert run(root, "pack", "nowhere") == 1
        return root


def test_the_command_writes_the_packs_that_were_asked_for(tiny: Path) -> None:
    assert sorted(p.name for p in (tiny / "out").iterdir()) == [
        "pack-south-large-print.pdf", "pack-south.pdf", "pack-whole-large-print.pdf", "pack-whole.pdf",
    ]  # fmt: skip


def test_a_pack_has_the_next_meeting_and_open_questions_of_its_ward(tiny: Path) -> None:
    site = tiny / "build" / "site" / "wards"
    south, west = (
        " ".join(first(parsed(site / w / "pack"), ".pack").text().split()) for w in ("south", "west-field")
    )
    assert "Next meeting: South ward panel, 20 May 2021, 19:00." in south
    assert "Why did thefts rise in South? (3 December 2020)" in south
    assert "Next meeting: Summer meeting; all welcome, 3 June 2021, 18:30 to 20:00, Town hall." in west
    assert "We know of no question about this ward that is still open." in west
    assert "since 3 December 2020, the last meeting that we know of" in south


def test_a_pack_has_the_police_team_of_its_ward_and_its_newest_priorities(tiny: Path) -> None:
    site = tiny / "build" / "site" / "wards"
    south, west, north = (
        " ".join(first(parsed(site / w / "pack"), ".pack").text().split())
        for w in ("south", "west-field", "north-quay")
    )
    assert "South team, 101, south@police.example. Checked on 15 February 2021." in south
    newer, older = "Speeding on the High Street (a priority since 1 February 2021)", "Thefts from sheds & garages (a priority since 2 November 2020): Patrols at night. (20 January 2021)"  # fmt: skip
    assert 0 < south.index(newer) < south.index(older)
    assert "Litter in the park" in west
    assert (
        "How to reach the police team of this ward is not published here. Ask: the local police team." in west
    )
    assert "its priorities are not published here. Ask: the local police team." in north
    assert "police.example" not in north


def test_rules_take_turns_and_find_nothing_in_nothing() -> None:
    nothing = Findings(place="Here", lines=(), unusual=())
    assert raise_questions(nothing) == ()
    late = [(f"Promise {n}", "May 2020") for n in range(5)]
    found = raise_questions(Findings(place="Here", lines=(), unusual=(), late=late, silent=2, promises=9))
    assert [q.rule for q in found] == [LATE, SILENT, LATE]
    assert found[0].question == "“Promise 0” was due by May 2020. When will it be done?"
    assert found[1].question.startswith("2 of 9 promises in our current plans have had no published update")
