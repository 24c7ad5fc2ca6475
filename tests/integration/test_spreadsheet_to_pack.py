"""A quarter goes from a spreadsheet through checks and a release with an embargo to the pack, feeds, calendar, workbooks and quotes."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import feedparser
import openpyxl
import pytest
from calendars import read_events
from portal.site import pdf_sheets
from project import ROOT, first, make_project, run
from pypdf import PdfReader
from selectolax.lexbor import LexborHTMLParser

# The figures of January to March 2021: thefts and drugs of each area; all crime is their sum.
QUARTER = {
    "E05999991": (27, 4), "E05999992": (13, 3), "E05999993": (17, 2), "E09999999": (57, 9),
    "E09999998": (41, 5), "E23999999": (350, 60),
}  # fmt: skip
SOUTH = "E05999992"
HEAD = ("indicator", "area", "period_start", "period_end", "value", "status", "source", "locator")
NOON = "1623672000"  # 14 June 2021, 12:00 UTC
TIME, AFTER = "2021-06-15T09:30", "1623745800"  # an hour after 9:30 in London
LOCATOR = "Sheet Q1"


def spreadsheet(path: Path) -> Path:
    """Write the quarter as a partnership would."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "observations"
    sheet.append(list(HEAD))
    for area, (thefts, drugs) in QUARTER.items():
        for indicator, value in (("rec-all", thefts + drugs), ("rec-thefts", thefts), ("rec-drugs", drugs)):
            sheet.append([indicator, area, "2021-01-01", "2021-03-31", value, "p", "returns", LOCATOR])
    book.save(path)
    return path


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The tiny portal after an import and a release whose embargo is over, built by the command `pack`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", NOON)
        root = make_project(tmp_path_factory.mktemp("quarter"), ROOT / "tests" / "meetings")
        calendar = root / "data_packages" / "releases" / "data" / "calendar.csv"
        calendar.write_text(f"{calendar.read_text()}2021 Q2,2021-06-15,rec-thefts,Thefts to March 2021\n")
        assert run(root, "release", "2021 Q1", "--yes") == 0
        file = spreadsheet(root / "quarter.xlsx")
        assert run(root, "import", "table", str(file), "--package", "recorded", "--yes") == 0
        assert run(root, "check") == 0
        assert run(root, "diff", "--json", str(root / "diff.json")) == 0
        assert run(root, "release", "2021 Q2", "--embargo", TIME, "--yes") == 0
        patch.setenv("SOURCE_DATE_EPOCH", AFTER)
        assert run(root, "pack", "south", "--folder", str(root / "out")) == 0
        yield root / "build" / "site"


def expected(indicator: str, area: str) -> int:
    """Return the 12 months to March 2021: the last three quarters before the spreadsheet, and the one in it."""
    text = (ROOT / "tests/tiny/data_packages/recorded/data/observations.csv").read_text()
    old = sum(
        int(r["value"]) for r in csv.DictReader(io.StringIO(text))
        if (r["indicator"], r["area"]) == (indicator, area) and "2020-04" <= r["period_start"] < "2021"
    )  # fmt: skip
    thefts, drugs = QUARTER[area]
    return old + {"rec-all": thefts + drugs, "rec-thefts": thefts, "rec-drugs": drugs}[indicator]


def test_the_pack_has_the_12_months_with_the_new_quarter(site: Path) -> None:
    page = LexborHTMLParser((site / "wards/south/pack/index.html").read_text())
    assert "Police figures to March 2021" in first(page, ".sheet__date").text()
    for name in ("rec-thefts", "rec-drugs"):
        row = next(r for r in page.css("table.steady tbody tr") if f"/{name}/" in str(r.html))
        assert first(row, "td[data-label=Now]").text().strip() == f"{expected(name, SOUTH)} [p]"
    assert (
        first(page, ".lead")
        .text()
        .startswith(f"{expected('rec-all', SOUTH)} offences in the 12 months to March 2021")
    )
    for sheet in (pdf_sheets.PACK, pdf_sheets.PACK_LARGE):
        printed = "".join(p.extract_text() for p in PdfReader(site.parents[1] / "out" / sheet.replace("pack", "pack-south", 1)).pages)  # fmt: skip
        assert f"{expected('rec-thefts', SOUTH)} [p]" in " ".join(printed.split())


@pytest.mark.parametrize("path", ["wards/south", "figures/rec-thefts"])
def test_the_feed_of_the_ward_and_of_the_figure_has_the_release(site: Path, path: str) -> None:
    entries = feedparser.parse((site / path / "feed.xml").read_bytes()).entries
    assert [e.title for e in entries] == ["2021 Q2", "2021 Q1"]
    assert "new figure" in entries[0].summary
    assert entries[0].updated.startswith("2021-06-15T")


def test_the_calendar_has_the_promise_and_the_page_says_that_it_was_kept(site: Path) -> None:
    [event] = read_events((site / "releases/calendar.ics").read_bytes())
    assert event["DTSTART"].dt.isoformat() == "2021-06-15"
    row = first(LexborHTMLParser((site / "releases/index.html").read_text()), "table tbody tr")
    assert "15 June 2021, on time" in " ".join(row.text().split())


@pytest.mark.parametrize("book", ["figures/rec-thefts/rec-thefts", f"open-data/areas/{SOUTH}"])
def test_the_workbook_has_each_figure_with_its_place_in_the_spreadsheet(site: Path, book: str) -> None:
    sheets = openpyxl.load_workbook(site / f"{book}.xlsx").worksheets
    rows = [[str(c) for c in r] for r in sheets[-1].iter_rows(values_only=True)]
    [found] = [r for r in rows if "2021-03-31" in " ".join(r) and "South" in r and "Thefts recorded" in " ".join([*r, str(sheets[-1]["A1"].value)])]  # fmt: skip
    assert str(QUARTER[SOUTH][0]) in found
    assert LOCATOR in found
    with (site / f"{book}.csv").open() as file:
        [row] = [r for r in csv.DictReader(file) if r["area_code"] == SOUTH and r["period_end"] == "2021-03-31" and r["indicator"] == "Thefts recorded"]  # fmt: skip
    assert (row["value"], row["status"], row["locator"]) == (str(QUARTER[SOUTH][0]), "p", LOCATOR)


def test_the_earlier_release_keeps_what_it_said(site: Path) -> None:
    def newest(release: str) -> str:
        page = LexborHTMLParser((site / f"releases/{release}/figures/index.html").read_text())
        return " ".join(first(page, "tr#rec-thefts").text().split())

    assert "37" in newest("2021-q1")
    assert "57 [p]" in newest("2021-q2")
    assert "57" not in newest("2021-q1")


def test_the_diff_before_the_release_had_every_new_figure(site: Path) -> None:
    changes = json.loads((site.parents[1] / "diff.json").read_text())
    figures = [c for c in changes["changes"] if c["kind"] == "new"]
    assert sum(c["count"] for c in figures) == 3 * len(QUARTER)


def test_a_quote_of_the_new_figure_is_right_and_one_of_the_year_before_it_is_not(site: Path) -> None:
    root = site.parents[1]
    right = expected("rec-thefts", SOUTH)
    (root / "post.txt").write_text(
        f"In South there were {right} recorded thefts in the 12 months to March 2021."
    )
    assert run(root, "quote", str(root / "post.txt"), "--json", str(root / "post.json")) == 0
    (found,) = json.loads((root / "post.json").read_text())
    assert (found["quoted"], found["outcome"]) == (str(right), "right")
    (root / "post.txt").write_text(
        f"In South there were {right + 40} recorded thefts in the 12 months to March 2021."
    )
    assert run(root, "quote", str(root / "post.txt")) == 1
