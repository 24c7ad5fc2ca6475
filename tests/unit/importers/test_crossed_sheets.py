"""Sheets as people have them: headings across, titles and totals around, marks beside figures, periods in words."""

import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from portal.core import settings as config
from portal.core.problems import PortalError
from portal.data import packages
from portal.importers.spreadsheets import columns, crosstabs, rows, spreadsheet, workbooks, written_periods
from portal.importers.spreadsheets.columns import WantedTable
from portal.importers.spreadsheets.spreadsheet import SpreadsheetJob
from project import ROOT, SHARED, copy_tiny, make_project
from workbook_files import QUIET, written

NAMES = ("sources", "geography", "figures", "recorded", "plan", "routes", "services", "glossary", "threads", "programme", "releases")  # fmt: skip
GIVEN = {"source": "report"}
NORTH, SOUTH, WEST = "E05999991", "E05999992", "E05999993"
BOROUGH, OTHER = "E09999999", "E09999998"
Figure = tuple[str, str, str, str, str, str, str]


@dataclass(frozen=True)
class Result:
    """What a sheet gave: figures, the cell that each says it is from, the keys of open questions, and faults."""

    figures: Mapping[Figure, str]
    doubts: frozenset[str]
    faults: tuple[str, ...]
    report: str


@cache
def tiny_packages() -> tuple[packages.Package, ...]:
    with tempfile.TemporaryDirectory() as folder:  # reading leaves a note of what was validated
        return packages.read_all(copy_tiny(Path(folder)), NAMES)[0]


def figures_package() -> packages.Package:
    return next(p for p in tiny_packages() if p.name == "figures")


def read(path: Path, given: Mapping[str, str], **answers: str) -> Result:
    """Read a file as an import does, without checking the package."""
    all_, own = tiny_packages(), figures_package()
    answered = {k.replace("_", "-"): v for k, v in answers.items()}
    book = workbooks.read(path)
    turned = crosstabs.unpivot(book, crosstabs.Known(all_, own, answered, {**GIVEN, **given}))
    told = "\n".join(turned.report)
    if turned.faults or turned.doubts:
        return Result({}, frozenset(turned.doubts), tuple(map(str, turned.faults)), told)
    layouts = columns.locate(turned.book, WantedTable(own, "observations"))
    reading = rows.read(turned.book, layouts, all_, own, answered)
    texts = [x.texts for x in reading.lines]
    names = ("indicator", "area", "period_start", "period_end", "type", "value", "status")
    figures = {tuple(t.get(n, "") for n in names): t.get("locator", "") for t in texts}
    faults = tuple(f.message for f in reading.faults)
    return Result(figures, frozenset(reading.doubts), faults, told)  # type: ignore[arg-type]


def figure(
    indicator: str, area: str, start: str, end: str, value: str, status: str = "", part: str = ""
) -> Figure:
    return (indicator, area, start, end, part, value, status)


def month(
    area: str, year: int, number: int, value: str, status: str = "", indicator: str = "calls"
) -> Figure:
    last = written_periods.in_text(f"{year}-{number:02}")
    assert last
    start, end = last.days()
    return figure(indicator, area, str(start), str(end), value, status)


JAN_FEB = {month(NORTH, 2020, 1, "12"), month(NORTH, 2020, 2, "9"), month(SOUTH, 2020, 1, "7"), month(SOUTH, 2020, 2, "8")}  # fmt: skip
BY_MONTH: list[list[object]] = [["Ward", "Jan 2020", "Feb 2020"], ["North & Quay", 12, 9], ["South", 7, 8]]
CALLS = {"indicator": "calls"}


def in_years(*spans: tuple[str, str]) -> set[Figure]:
    return {figure("calls", NORTH, s, e, str(n)) for n, (s, e) in enumerate(spans, 10)}


def across(*heads: object) -> list[list[object]]:
    """One ward with a figure under each heading: 10, 11 …"""
    return [["Ward", *heads], ["North & Quay", *range(10, 10 + len(heads))]]


Q1, Q2 = ("2020-01-01", "2020-03-31"), ("2020-04-01", "2020-06-30")
FY19, FY20 = ("2019-04-01", "2020-03-31"), ("2020-04-01", "2021-03-31")
CY19, CY20 = ("2019-01-01", "2019-12-31"), ("2020-01-01", "2020-12-31")
JAN, FEB = ("2020-01-01", "2020-01-31"), ("2020-02-01", "2020-02-29")
DAYS: list[list[Any]] = [
    ["North & Quay", *map(date.fromisoformat, JAN), 12],
    ["North & Quay", *map(date.fromisoformat, FEB), 9],
    ["South", *map(date.fromisoformat, JAN), 7],
    ["South", *map(date.fromisoformat, FEB), 8],
]
# name: rows, values given, answers, figures
VARIANTS: Mapping[str, tuple[Sequence[Sequence[object]], Mapping[str, str], Mapping[str, str], set[Figure]]] = {
    "months across": (BY_MONTH, CALLS, {}, JAN_FEB),
    "months down, areas across": ([["Month", "North & Quay", "South"], ["Jan-20", 12, 7], ["Feb-20", 9, 8]], CALLS, {}, JAN_FEB),
    "codes in place of names": ([["Ward code", "January 2020", "February 2020"], [NORTH, 12, 9], [SOUTH, 7, 8]], CALLS, {}, JAN_FEB),
    "code and name": ([["Ward code", "Ward name", "January 2020", "February 2020"], [NORTH, "North & Quay", 12, 9], [SOUTH, "South", 7, 8]], CALLS, {}, JAN_FEB),
    "no heading over the labels": ([["", "Jan 2020", "Feb 2020"], ["North & Quay", 12, 9], ["South", 7, 8]], CALLS, {}, JAN_FEB),
    "capitals and spaces": ([[" WARD ", "JAN 2020", "FEB 2020"], ["north  & quay", 12, 9], ["SOUTH ", 7, 8]], CALLS, {}, JAN_FEB),
    "title above, source below": ([["Calls by ward"], [], *BY_MONTH, [], ["Source: Exampleton Police"], ["Notes: provisional"]], CALLS, {}, JAN_FEB),
    "totals down": ([*BY_MONTH, ["Total", 19, 17]], CALLS, {}, JAN_FEB),
    "totals across": ([["Ward", "Jan 2020", "Feb 2020", "Total"], ["North & Quay", 12, 9, 21], ["South", 7, 8, 15]], CALLS, {}, JAN_FEB),
    "grand totals both ways": ([["Ward", "Jan 2020", "Feb 2020", "Grand Total"], ["North & Quay", 12, 9, 21], ["South", 7, 8, 15], ["All wards", 19, 17, 36]], CALLS, {}, JAN_FEB),
    "two tables below each other": ([["Ward", "Jan 2020"], ["North & Quay", 12], ["South", 7], [], ["Ward", "Feb 2020"], ["North & Quay", 9], ["South", 8]], CALLS, {}, JAN_FEB),
    "years above months": ([["", "2020", ""], ["Ward", "Jan", "Feb"], ["North & Quay", 12, 9], ["South", 7, 8]], CALLS, {}, JAN_FEB),
    "year in the corner": ([["Calendar year 2020", "Jan", "Feb"], ["North & Quay", 12, 9], ["South", 7, 8]], CALLS, {}, JAN_FEB),
    "financial year in the corner": ([["Network-wide FY2019/10".replace("10", "20"), "Jan", "Feb"], ["North & Quay", 12, 9], ["South", 7, 8]], CALLS, {}, JAN_FEB),
    "areas above months": ([["", "North & Quay", "", "South", ""], ["Measure", "Jan 2020", "Feb 2020", "Jan 2020", "Feb 2020"], ["Calls by month", 12, 9, 7, 8]], {}, {}, JAN_FEB),
    "months and areas down": ([["Ward", "Month", "Number"], ["North & Quay", "Jan 2020", 12], ["North & Quay", "Feb 2020", 9], ["South", "Jan 2020", 7], ["South", "Feb 2020", 8]], CALLS, {}, JAN_FEB),
    "first and last day": ([["Ward", "From", "To", "Number"], *DAYS], CALLS, {}, JAN_FEB),
    "first and last day below a year": ([["2020/21"], ["Ward", "From", "To", "Number"], *DAYS], CALLS, {}, JAN_FEB),
    "dates in words": ([["Ward", "Start date", "End date", "Number"], *([w, f"{s:%d %B %Y}", f"{e:%d/%m/%Y}", n] for w, s, e, n in DAYS)], CALLS, {}, JAN_FEB),
    "months from and to": ([["Ward", "From", "To", "Number"], ["North & Quay", "Jan 2020", "Mar 2020", 10], ["North & Quay", "Apr 2020", "Jun 2020", 11]], CALLS, {}, in_years(Q1, Q2)),
    "our names of the days, theirs of the rest": ([["Ward", "period_start", "period_end", "Count"], *DAYS], CALLS, {}, JAN_FEB),
    "first and last day, indicators across": ([["Ward", "Start", "End", "Calls", "Thefts"], ["South", *map(date.fromisoformat, JAN), 12, 9]], {}, {}, {month(SOUTH, 2020, 1, "12"), month(SOUTH, 2020, 1, "9", "", "thefts")}),
    "days that can be two dates": ([["Ward", "From", "To", "Number"], ["South", "01/02/2020", "29/02/2020", 8]], CALLS, {"dates": "day-first"}, {month(SOUTH, 2020, 2, "8")}),
    "indicator in a column": ([["Offence", "Ward", "Month", "Count"], ["Calls", "North & Quay", "Jan 2020", 12], ["Calls", "North & Quay", "Feb 2020", 9], ["Calls", "South", "Jan 2020", 7], ["Calls by month", "South", "Feb 2020", 8]], {}, {}, JAN_FEB),
    "source in a column": ([["Ward", "Jan 2020", "Feb 2020", "Source"], ["North & Quay", 12, 9, "report"], ["South", 7, 8, "report"]], CALLS, {}, JAN_FEB),
    "indicators across": ([["Ward", "Month", "Calls", "Thefts"], ["South", "Jan 2020", 12, 9]], {}, {}, {month(SOUTH, 2020, 1, "12"), month(SOUTH, 2020, 1, "9", "", "thefts")}),
    "dates as months": ([["Ward", date(2020, 1, 1), date(2020, 2, 1)], ["North & Quay", 12, 9], ["South", 7, 8]], CALLS, {}, JAN_FEB),
    "dates at the end of months": ([["Ward", date(2020, 1, 31), date(2020, 2, 29)], ["North & Quay", 12, 9], ["South", 7, 8]], CALLS, {}, JAN_FEB),
    "Jul-17": (across("Jul-17"), CALLS, {}, in_years(("2017-07-01", "2017-07-31"))),
    "July 2017": (across("July 2017"), CALLS, {}, in_years(("2017-07-01", "2017-07-31"))),
    "2020-01": (across("2020-01", "2020-02"), CALLS, {}, in_years(JAN, FEB)),
    "01/2020": (across("01/2020", "02/2020"), CALLS, {}, in_years(JAN, FEB)),
    "financial years": (across("2019/20", "2020/21"), CALLS, {}, in_years(FY19, FY20)),
    "financial years in full": (across("2019/2020", "FY 2020-21"), CALLS, {}, in_years(FY19, FY20)),
    "calendar years as numbers": (across(2019, 2020), CALLS, {}, in_years(CY19, CY20)),
    "calendar years as text": (across("2019", "2020"), CALLS, {}, in_years(CY19, CY20)),
    "quarters of calendar years": (across("Q1 2020", "Q2 2020"), CALLS, {"quarters": "calendar"}, in_years(Q1, Q2)),
    "quarters of financial years": (across("Q4 2019", "Q1 2020"), CALLS, {"quarters": "financial"}, in_years(("2020-01-01", "2020-03-31"), Q2)),
    "quarters that name their financial year": (across("2019/20 Q4", "Q1 2020/21"), CALLS, {}, in_years(Q1, Q2)),
    "quarters below financial years": ([["", "2019/20", "2020/21"], ["Ward", "Q4", "Q1"], ["North & Quay", 10, 11]], CALLS, {}, in_years(Q1, Q2)),
    "quarters as months": (across("Jan-Mar 2020", "Apr to Jun 2020"), CALLS, {}, in_years(Q1, Q2)),
    "year ending": (across("Year ending March 2020", "YE Mar 2021"), CALLS, {}, in_years(FY19, FY20)),
    "12 months to": (across("12 months to March 2020", "Rolling 12 months to Mar 2021"), CALLS, {}, in_years(FY19, FY20)),
    "quarter to": (across("Quarter to March 2020", "Quarter ending June 2020"), CALLS, {}, in_years(Q1, Q2)),
    "spans of months": (across("April 2019 - March 2020", "Apr 20 to Mar 21"), CALLS, {}, in_years(FY19, FY20)),
    "ends of quarters": (across("Mar 2020", "Jun 2020"), CALLS, {"spans": "ending"}, in_years(Q1, Q2)),
    "parts across": ([["Year", "Race", "Faith"], [2019, 31, "[c]"], [2020, 40, "[c]"]], {"indicator": "abuse", "area": BOROUGH}, {}, {figure("abuse", BOROUGH, *CY19, "31", "", "Race"), figure("abuse", BOROUGH, *CY19, "", "c", "Faith"), figure("abuse", BOROUGH, *CY20, "40", "", "Race"), figure("abuse", BOROUGH, *CY20, "", "c", "Faith")}),
    "parts down": ([["Kind", 2019, 2020], ["Race", 31, 40], ["Disability", "c", "12 [r]"]], {"indicator": "abuse", "area": "E09999999"}, {}, {figure("abuse", BOROUGH, *CY19, "31", "", "Race"), figure("abuse", BOROUGH, *CY20, "40", "", "Race"), figure("abuse", BOROUGH, *CY19, "", "c", "Disability"), figure("abuse", BOROUGH, *CY20, "12", "r", "Disability")}),
    "parts below years": ([["", "2019", "", "2020", ""], ["Borough", "Race", "Faith", "Race", "Faith"], ["Exampleton", 31, 9, 40, 8]], {"indicator": "abuse"}, {}, {figure("abuse", BOROUGH, *CY19, "31", "", "Race"), figure("abuse", BOROUGH, *CY19, "9", "", "Faith"), figure("abuse", BOROUGH, *CY20, "40", "", "Race"), figure("abuse", BOROUGH, *CY20, "8", "", "Faith")}),
    "other places and rates left out": ([["Ward", "Jan 2020", "Rate", "Feb 2020"], ["North & Quay", 12, 1.5, 9], ["Elsewhere", 1, 1, 1], ["South", 7, 1.1, 8]], CALLS, {"unknown": "leave-out"}, JAN_FEB),
    "volumes and rates below months": ([["Ward", "Jan 2020", "", "Feb 2020", ""], ["", "Vol", "Rate", "Vol", "Rate"], ["North & Quay", 12, 1.5, 9, 1.2], ["South", 7, 1.1, 8, "-"]], CALLS, {"unknown": "leave-out"}, JAN_FEB),
    "empty cells": ([["Ward", "Jan 2020", "Feb 2020"], ["North & Quay", 12, None], ["South", None, 8]], CALLS, {}, {month(NORTH, 2020, 1, "12"), month(SOUTH, 2020, 2, "8")}),
    "marks and notes": ([["Ward", "Jan 2020", "Feb 2020"], ["North & Quay", "228 [r]", "228 (p)"], ["South", "[x]", "1,228 [note 1]"]], CALLS, {}, {month(NORTH, 2020, 1, "228", "r"), month(NORTH, 2020, 2, "228", "p"), month(SOUTH, 2020, 1, "", "x"), month(SOUTH, 2020, 2, "1228")}),
    "marks in words": ([["Ward", "Jan 2020", "Feb 2020"], ["North & Quay", "228 (revised)", "228 [provisional]"], ["South", "[low]", "[z]"]], CALLS, {}, {month(NORTH, 2020, 1, "228", "r"), month(NORTH, 2020, 2, "228", "p"), month(SOUTH, 2020, 1, "", "low"), month(SOUTH, 2020, 2, "", "z")}),
    "ranges": ([["Ward", "Jan 2020", "Feb 2020"], ["North & Quay", "<5", 9], ["South", "5-9", "fewer than 5"]], CALLS, {"range": "c"}, {month(NORTH, 2020, 1, "", "c"), month(NORTH, 2020, 2, "9"), month(SOUTH, 2020, 1, "", "c"), month(SOUTH, 2020, 2, "", "c")}),
    "u and w": ([["Ward", "Jan 2020", "Feb 2020"], ["North & Quay", "[u]", "20 [u]"], ["South", "[w]", 0]], CALLS, {"mark": "x"}, {month(NORTH, 2020, 1, "", "x"), month(NORTH, 2020, 2, "", "x"), month(SOUTH, 2020, 1, "", "x"), month(SOUTH, 2020, 2, "0")}),
    "dashes": ([["Ward", "Jan 2020", "Feb 2020"], ["North & Quay", "-", "*"], ["South", "..", 0]], CALLS, {"missing": "x"}, {month(NORTH, 2020, 1, "", "x"), month(NORTH, 2020, 2, "", "x"), month(SOUTH, 2020, 1, "", "x"), month(SOUTH, 2020, 2, "0")}),
    "marks on headings": ([["Ward", "Jan 2020 [p]", "Feb 2020 [note 2]"], ["North & Quay [note 1]", 12, 9], ["South", 7, "[c]"]], CALLS, {}, {month(NORTH, 2020, 1, "12", "p"), month(NORTH, 2020, 2, "9"), month(SOUTH, 2020, 1, "7", "p"), month(SOUTH, 2020, 2, "", "c")}),
    "marks on headings and no figure": ([["Ward", "Month (r)", "Number"], ["North & Quay", "Jan 2020 (p)", 12], ["South", "Jan 2020 (p)", "[c]"], ["South", "Feb 2020", 8]], CALLS, {}, {month(NORTH, 2020, 1, "12", "p"), month(SOUTH, 2020, 1, "", "c"), month(SOUTH, 2020, 2, "8")}),
    "a status above its columns": ([["", "", "Provisional"], ["Ward", "Jan 2020", "Feb 2020"], ["North & Quay", 12, 9], ["South", 7, "[c]"]], CALLS, {}, {month(NORTH, 2020, 1, "12"), month(NORTH, 2020, 2, "9", "p"), month(SOUTH, 2020, 1, "7"), month(SOUTH, 2020, 2, "", "c")}),
    "a status below its columns": ([["Ward", "Jan 2020", "Feb 2020"], ["", "(revised)", "Provisional figures"], ["North & Quay", 12, 9], ["South", 7, 8]], CALLS, {}, {month(NORTH, 2020, 1, "12", "r"), month(NORTH, 2020, 2, "9", "p"), month(SOUTH, 2020, 1, "7", "r"), month(SOUTH, 2020, 2, "8", "p")}),
    "a status above the table": ([["Provisional data"], *BY_MONTH], CALLS, {}, {(*f[:6], "p") for f in JAN_FEB}),
    "lines in headings": ([["Ward\nname", "Jan\n2020", "Feb\n2020"], ["North & Quay", 12, 9], ["South", 7, 8]], CALLS, {}, JAN_FEB),
    "a ward of another time": ([["Ward", "Jan 2017"], ["Old Quay", 5]], CALLS, {}, {month("E05999981", 2017, 1, "5")}),
    "wards spelt otherwise": ([["Ward", "Jan 2020", "Feb 2020"], ["North and Quay Ward", 12, 9], ["South ward", 7, 8]], CALLS, {}, JAN_FEB),
    "names with their codes": ([["Ward", "Jan 2020", "Feb 2020"], [f"North & Quay ({NORTH})", 12, 9], [f"{SOUTH} - South", 7, 8]], CALLS, {}, JAN_FEB),
    "names once for all their rows": ([["Ward", "Month", "Number"], ["North & Quay", "Jan 2020", 12], [None, "Feb 2020", 9], ["South", "Jan 2020", 7], [None, "Feb 2020", 8]], CALLS, {"labels": "above"}, JAN_FEB),
    "a total without a name": ([*BY_MONTH, [None, 19, 17]], CALLS, {"labels": "leave-out"}, JAN_FEB),
    "a total with empty labels beside it": ([["Offence", "Ward", "Month", "Number"], *(["Calls", w, m, n] for w, m, n in (("North & Quay", "Jan 2020", 12), ("North & Quay", "Feb 2020", 9), ("South", "Jan 2020", 7), ("South", "Feb 2020", 8))), ["Total", None, None, 36]], {}, {}, JAN_FEB),
    "indicators above their wards": ([["Ward", "Jan 2020"], ["Calls"], ["North & Quay", 12], ["West Field", None], ["South", 7], ["Thefts"], ["North & Quay", 9], ["South", 8]], {}, {}, {month(NORTH, 2020, 1, "12"), month(SOUTH, 2020, 1, "7"), month(NORTH, 2020, 1, "9", "", "thefts"), month(SOUTH, 2020, 1, "8", "", "thefts")}),
    "wards above their indicators": ([["Measure", "Jan 2020"], ["North & Quay"], ["Calls", 12], ["Thefts", 9], ["South"], ["Calls", 7], ["Thefts", 8]], {}, {}, {month(NORTH, 2020, 1, "12"), month(SOUTH, 2020, 1, "7"), month(NORTH, 2020, 1, "9", "", "thefts"), month(SOUTH, 2020, 1, "8", "", "thefts")}),
    "years above their quarters": ([["Period", "Calls"], ["2019/20"], ["Q4", 10], ["2020/21"], ["Q1", 11]], {"area": NORTH}, {}, in_years(Q1, Q2)),
    "a title of words above wards": ([["Ward", "Jan 2020", "Feb 2020"], ["Inner wards"], ["North & Quay", 12, 9], ["Outer wards"], ["South", 7, 8]], CALLS, {}, JAN_FEB),
    "indicators named above tables": ([["Calls"], ["Ward", "Jan 2020"], ["South", 12], [], ["Thefts"], ["Ward", "Jan 2020"], ["South", 9]], {}, {}, {month(SOUTH, 2020, 1, "12"), month(SOUTH, 2020, 1, "9", "", "thefts")}),
    "tables beside each other": ([["Ward", "Jan 2020", None, "Ward", "Feb 2020"], ["North & Quay", 12, None, "North & Quay", 9], ["South", 7, None, "South", 8]], CALLS, {}, JAN_FEB),
    "a pivot table": ([["Sum of Count", "Column Labels"], ["Row Labels", "Jan 2020", "Feb 2020", "Grand Total"], ["North & Quay", 12, 9, 21], ["South", 7, 8, 15], ["Grand Total", 19, 17, 36]], CALLS, {}, JAN_FEB),
    "units below the headings": ([["Ward", "Jan 2020", "Feb 2020"], ["", "(number)", "(number)"], ["North & Quay", 12, 9], ["South", 7, 8]], CALLS, {}, JAN_FEB),
    "months as numbers": ([["Ward", 202001, 202002], ["North & Quay", 12, 9], ["South", 7, 8]], CALLS, {}, JAN_FEB),
    "first days as text": ([["Ward", "01/01/2020", "01/02/2020"], ["North & Quay", 12, 9], ["South", 7, 8]], CALLS, {}, JAN_FEB),
    "last days in words": (across("Month ending 31 January 2020", "Month ending 29 February 2020"), CALLS, {}, in_years(JAN, FEB)),
    "12 months to a day": (across("12 months ending 31/03/2020", "Year ending 31st March 2021"), CALLS, {}, in_years(FY19, FY20)),
    "quarters from day to day": (across("01/01/2020 - 31/03/2020", "1 April 2020 to 30 June 2020"), CALLS, {}, in_years(Q1, Q2)),
    "quarters with their months": (across("Q1 (Jan-Mar 2020)", "Quarter 1 (Apr-Jun) 2020/21"), CALLS, {}, in_years(Q1, Q2)),
    "short financial years": (across("FY19/20", "FY 20-21"), CALLS, {}, in_years(FY19, FY20)),
    "quarters of short financial years": (across("Q4 19-20", "Qtr 1 20/21"), CALLS, {}, in_years(Q1, Q2)),
    "two columns of months": ([["Ward", "Begin", "Finish", "Number"], ["North & Quay", "Jan 2020", "Mar 2020", 10], ["North & Quay", "Apr 2020", "Jun 2020", 11]], CALLS, {"from_to": "first-last"}, in_years(Q1, Q2)),
    "two columns of days": ([["Ward", "Begin", "Finish", "Number"], ["North & Quay", *map(date.fromisoformat, Q1), 10], ["North & Quay", *map(date.fromisoformat, Q2), 11]], CALLS, {"from_to": "first-last"}, in_years(Q1, Q2)),
    "totals of what is split": ([["Borough", "2019", "2020"], ["Exampleton", 10, 11]], {"indicator": "abuse"}, {"parts": "total"}, {figure("abuse", BOROUGH, *CY19, "10"), figure("abuse", BOROUGH, *CY20, "11")}),
}  # fmt: skip


@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_a_sheet_of_any_form_gives_the_same_figures(name: str, kind: str, tmp_path: Path) -> None:
    sheet, told, answers, figures = VARIANTS[name]
    if kind == "csv" and any(isinstance(c, date) for row in sheet for c in row):
        pytest.skip("a CSV has no dates")
    result = read(written(tmp_path / f"t.{kind}", {"Sheet1": sheet}), told, **answers)
    assert (set(result.figures), result.doubts, result.faults) == (figures, frozenset(), ()), result.report
    for (*_, value, _), locator in result.figures.items():
        at = re.search(r"cell ([A-Z]+)(\d+)", locator)
        assert at
        cell = sheet[int(at[2]) - 1][ord(at[1]) - 65]
        assert value == "" or value in str(cell).replace(",", "")


@pytest.mark.parametrize(
    ("head", "label", "cell", "notes"),
    [
        ("Jan 2020", "South", "228 [note 1]", "note 1"),
        ("Jan 2020 [note 2]", "South [note 3]", "228 [note 1]", "note 3, note 2, note 1"),
        ("Jan 2020 [note 1]", "South", "[c] [note 1]", "note 1"),
    ],
)
def test_notes_of_a_figure_and_of_its_headings_are_kept(
    head: str, label: str, cell: str, notes: str, tmp_path: Path
) -> None:
    result = read(written(tmp_path / "t.xlsx", {"S": [["Ward", head], [label, cell]]}), CALLS)
    assert list(result.figures.values()) == [f"sheet S, cell B2, {notes}"]


@pytest.mark.parametrize(
    ("cell", "key"),
    [("<5", "range:<5"), ("5-9", "range:5-9"), ("[u]", "mark:u"), ("-", "missing:-"), ("*", "missing:*")],
)
def test_what_is_no_figure_is_asked_and_never_read_as_0(cell: str, key: str, tmp_path: Path) -> None:
    path = written(tmp_path / "t.xlsx", {"S": [["Ward", "Jan 2020", "Feb 2020"], ["South", cell, 8]]})
    result = read(path, CALLS)
    assert result.doubts == {key}
    assert not [f for f in result.figures if f[5] == "0"]


@pytest.mark.parametrize("cell", ["[e]", "<5 [c]", "12 [c]", "12 [q]", "228*", "12k"])
def test_a_mark_that_cannot_be_read_is_a_fault(cell: str, tmp_path: Path) -> None:
    path = written(tmp_path / "t.xlsx", {"S": [["Ward", "Jan 2020", "Feb 2020"], ["South", 8, cell]]})
    assert len(read(path, CALLS).faults) == 1


@pytest.mark.parametrize(
    ("sheet", "key"),
    [
        (across("Q1 2020", "Q2 2020"), "quarters"),
        (across("Mar 2020", "Jun 2020"), "spans"),
        (across("Jan 2020", "Change"), "unknown"),
        ([*BY_MONTH, ["Elsewhere", 1, 2]], "unknown"),
        ([["Ward", "From", "To", "Count"], ["South", "01/02/2020", "29/02/2020", 8]], "dates"),
        ([["Ward", "Begin", "Finish", "Count"], ["South", "Jan 2020", "Mar 2020", 8]], "from-to"),
        ([*BY_MONTH, [None, 19, 17]], "labels"),
        ([["Ward", "Jan 2020"], ["Calls"], ["South", 1], ["Rain"], ["South", 2]], "unknown"),
        ([["Ward", "Jan 2020"], [f"North & Quay ({SOUTH})", 1]], "unknown"),
        (across("Q1 (May-Jul 2020)"), "unknown"),
        (across("12 months to 15/03/2020"), "unknown"),
        (across("year to 1 April 2020"), "unknown"),
        (across("Jan 2020 [u]"), "unknown"),
        ([["Ward", "Jan 2020"], ["South [u]", 1], ["West Field", 1]], "unknown"),
    ],
)
def test_what_a_heading_leaves_open_is_asked(sheet: list[list[object]], key: str, tmp_path: Path) -> None:
    assert read(written(tmp_path / "t.xlsx", {"S": sheet}), CALLS).doubts == {key}


def test_a_sheet_with_fewer_than_half_of_our_headings_is_asked_whether_it_has_totals(tmp_path: Path) -> None:
    """The indicator is split by type, and the sheet has no column for it."""
    head = ["Borough", "period_start", "period_end", "value"]
    path = written(tmp_path / "t.xlsx", {"S": [head, ["Exampleton", *map(date.fromisoformat, CY19), 31]]})
    assert read(path, {"indicator": "abuse"}).doubts == {"parts"}
    assert set(read(path, {"indicator": "abuse"}, parts="total").figures) == {
        figure("abuse", BOROUGH, *CY19, "31")
    }
    assert not read(path, CALLS).doubts


@pytest.mark.parametrize(
    "sheet",
    [
        [["Ward", "Jan", "Feb"], ["South", 1, 2]],
        [["Ward code", "Ward name", "Jan 2020", "Feb 2020"], [NORTH, "South", 1, 2]],
        [["Ward", "From", "Count"], ["South", "2020-02-01", 1]],
        [["Ward", "From", "To", "Count"], ["South", "2020-02-01", "30/02/2020", 1]],
        [["Ward", "From", "Finished", "Count"], ["South", "2019-07-01", "30/06/2020", 1]],
        [["Ward", "Jan 2020 (p)", "Feb 2020"], ["South (r)", 1, 2]],
        [["Ward", "Jan 2020 (p) (r)", "Feb 2020"], ["South", 1, 2]],
        [["Ward", "Jan 2020 (p)", "Feb 2020"], ["South", "1 [r]", 2]],
        [["", "Provisional"], ["Ward", "Jan 2020", "Feb 2020"], ["South", 1, 2]],
    ],
    ids=[
        "no year",
        "code and name differ",
        "no last day",
        "no date",
        "a last day that is not called so",
        "two marks",
        "two marks in a heading",
        "another mark beside the figure",
        "a status above an unknown number of columns",
    ],
)
def test_a_heading_that_cannot_be_right_is_a_problem(sheet: list[list[object]], tmp_path: Path) -> None:
    assert read(written(tmp_path / "t.xlsx", {"S": sheet}), CALLS).faults


@pytest.mark.parametrize("year", ["2019/20", "2020-21", "FY20/21", "2020", "2020/21 (p)"])
def test_a_year_that_begins_on_another_day_than_the_published_ones_is_a_problem(
    year: str, tmp_path: Path
) -> None:
    rows_down: list[list[object]] = [["Ward", "Period", "Number"], ["South", year, 10]]
    from_to: list[list[object]] = [["Ward", "From", "To", "Number"], ["South", year, year, 10]]
    for n, sheet in enumerate((across(year), rows_down, from_to)):
        path = written(tmp_path / f"{n}.xlsx", {"S": sheet})
        (fault,) = read(path, {"indicator": "bikes"}).faults
        assert "begin on 1 July" in fault
        assert not read(path, {"indicator": "rates"}).faults  # has no published years


@pytest.mark.parametrize("words", ["year to June 2021", "July 2020 to June 2021", "April 2020 to March 2021"])
def test_a_year_that_says_its_months_is_read_as_it_says(words: str, tmp_path: Path) -> None:
    path = written(tmp_path / "t.xlsx", {"S": across(words)})
    period = written_periods.in_text(words)
    assert period is not None
    start, end = map(str, period.days())
    assert set(read(path, {"indicator": "bikes"}).figures) == {figure("bikes", NORTH, start, end, "10")}


def test_days_in_columns_are_taken_and_not_the_year_above_them(tmp_path: Path) -> None:
    head = ["Ward", "From", "To", "Number"]
    for start, end in (("2020-07-01", "2021-06-30"), FY20):
        path = written(tmp_path / "t.xlsx", {"S": [["2020/21"], head, ["North & Quay", start, end, 10]]})
        assert set(read(path, {"indicator": "bikes"}).figures) == {figure("bikes", NORTH, start, end, "10")}


def test_a_year_that_begins_as_the_published_ones_do_is_read(tmp_path: Path) -> None:
    path = written(tmp_path / "t.xlsx", {"S": [["Kind", 2021, 2022], ["Race", 31, 33]]})
    assert read(path, {"indicator": "abuse", "area": BOROUGH}).figures.keys() == {
        figure("abuse", BOROUGH, "2021-01-01", "2021-12-31", "31", "", "Race"),
        figure("abuse", BOROUGH, "2022-01-01", "2022-12-31", "33", "", "Race"),
    }


def test_a_sheet_with_totals_alone_is_a_problem_unless_another_has_figures(tmp_path: Path) -> None:
    totals = [["Ward", "Jan 2020"], ["Exampleton Total", 19]]
    alone = read(written(tmp_path / "t.xlsx", {"S": totals}), CALLS)
    assert any("Exampleton Total" in f for f in alone.faults)
    both = workbooks.read(written(tmp_path / "t.xlsx", {"S": totals, "T": BY_MONTH}))
    known = crosstabs.Known(tiny_packages(), figures_package(), {}, {**GIVEN, **CALLS})
    assert not crosstabs.unpivot(both, known).faults


def test_hidden_columns_of_a_crossed_table_are_asked_about(tmp_path: Path) -> None:
    path = written(tmp_path / "t.xlsx", {"S": BY_MONTH})
    book = openpyxl.load_workbook(path)
    book["S"].column_dimensions["C"].hidden = True
    book.save(path)
    assert read(path, CALLS).doubts == {"hidden-rows"}


@pytest.mark.parametrize(
    ("font", "cell", "key", "left"),
    [
        ({"strike": True}, "C1", "struck", "Feb 2020"), ({"strike": True}, "A2", "struck", "North & Quay"), ({"strike": True}, "B2", "struck", ""),
        ({"color": "FFFFFF"}, "C1", "hidden-cells", "Feb 2020"), ({"color": "FFFFFF"}, "A3", "hidden-cells", "South"),
    ],
)  # fmt: skip
def test_headings_that_are_struck_through_or_unseen_are_asked_about(
    font: Mapping[str, Any], cell: str, key: str, left: str, tmp_path: Path
) -> None:
    path = written(tmp_path / "t.xlsx", {"S": BY_MONTH})
    book = openpyxl.load_workbook(path)
    book["S"][cell].font = openpyxl.styles.Font(**font)
    book.save(path)
    assert read(path, CALLS).doubts == {key}
    assert set(read(path, CALLS, **{key: "read"}).figures) == JAN_FEB
    without = read(path, CALLS, **{key: "leave-out"})
    assert len(without.figures) == (2 if left else 3)
    assert (
        f"figures of “{left}” are left out" in without.report
        if left
        else f"cell {cell} is struck" in without.report
    )


@pytest.mark.parametrize("cell", ["A1", "C1", "B2"])
def test_notes_of_a_crossed_table_are_shown_with_the_cell_of_the_file(cell: str, tmp_path: Path) -> None:
    path = written(
        tmp_path / "t.xlsx", {"Calls": [["Borough", "Jun 2020", "Jul 2020"], ["Exampleton", 11, 12]]}
    )
    book = openpyxl.load_workbook(path)
    book["Calls"][cell].comment = openpyxl.comments.Comment("do not publish", "A")
    book.save(path)
    told = imported(make_project(tmp_path / "tiny"), path, told=("indicator=calls", "source=report"))
    assert f"cell {cell} has a note: “do not publish”" in told


@pytest.mark.parametrize("raised", ["²", " ²", "¹,²"])
def test_raised_digits_in_headings_are_notes(raised: str, tmp_path: Path) -> None:
    rows: list[list[object]] = [
        [f"Ward{raised}", f"Jan 2020{raised}", "Feb 2020"],
        [f"North & Quay{raised}", 12, 9],
        ["South", 7, 8],
    ]
    result = read(written(tmp_path / "t.xlsx", {"S": rows}), CALLS)
    assert set(result.figures) == JAN_FEB
    assert result.figures[month(NORTH, 2020, 1, "12")].endswith("note 2")
    rows = [*rows[:1], [rows[1][0], "12²", 9], rows[2]]
    assert read(written(tmp_path / "t.xlsx", {"S": rows}), CALLS).faults


def test_headings_whose_periods_are_not_whole_are_told_what_a_whole_one_is(tmp_path: Path) -> None:
    rows = [["Indicator", "2020/21", None], [None, "Year to Sep", "Year to Dec"], ["Bicycle thefts", 45, 46]]
    path = written(tmp_path / "t.xlsx", {"S": rows})
    with pytest.raises(PortalError, match="a whole period in each heading, such as “year to September 2020”"):
        imported(make_project(tmp_path / "tiny"), path, told=("source=report",))


# --- a long table in any layout reads back to the same rows

AREAS = {NORTH: "North & Quay", SOUTH: "South", WEST: "West Field"}
values = st.one_of(st.integers(200, 900).map(str), st.sampled_from(["[c]", "[x]", "[low]", "[z]"]))


@st.composite
def tables(draw: st.DrawFn) -> dict[tuple[str, int], str]:
    areas = draw(st.lists(st.sampled_from(sorted(AREAS)), min_size=1, max_size=3, unique=True))
    first, count = draw(st.integers(1, 8)), draw(st.integers(2, 5))
    return {key: draw(values) for key in product(areas, range(first, min(first + count, 12)))}


def as_cell(text: str) -> object:
    return int(text) if text.isdigit() else text


@QUIET
@given(
    table=tables(),
    layout=st.sampled_from(["down", "across", "long", "two-rows"]),
    title=st.booleans(),
    total=st.booleans(),
)
def test_a_long_table_in_any_layout_reads_back_to_the_same_rows(
    table: dict[tuple[str, int], str], layout: str, title: bool, total: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:  # fmt: skip
    areas, months = list(dict.fromkeys(a for a, _ in table)), sorted({m for _, m in table})
    names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    sheet: list[list[object]]
    if layout == "across":
        sheet = [["Ward", *(f"{names[m - 1]} 2021" for m in months)]]
        sheet += [[AREAS[a], *(as_cell(table[a, m]) for m in months)] for a in areas]
    elif layout == "down":
        sheet = [["Month", *(AREAS[a] for a in areas)]]
        sheet += [[f"{names[m - 1]}-21", *(as_cell(table[a, m]) for a in areas)] for m in months]
    elif layout == "long":
        sheet = [["Ward", "Month", "Count"]]
        sheet += [[a, f"{names[m - 1]} 2021", as_cell(v)] for (a, m), v in table.items()]
    else:
        sheet = [["", *(x for a in areas for x in [AREAS[a], *[None] * (len(months) - 1)])]]
        sheet += [["Measure", *(f"2021-{m:02}" for _ in areas for m in months)]]
        sheet += [["Calls", *(as_cell(table[a, m]) for a in areas for m in months)]]
    if total and layout in ("across", "down"):
        sheet += [["Total", *[10**6] * (len(sheet[0]) - 1)]]
    if title:
        sheet = [["A title of this table"], [], *sheet, [], ["Source: somebody"]]
    path = written(tmp_path_factory.mktemp("pivot") / "t.xlsx", {"S": sheet})
    result = read(path, {"indicator": "calls"})
    expected = {
        month(a, 2021, m, v if v.isdigit() else "", "" if v.isdigit() else v.strip("[]"))
        for (a, m), v in table.items()
    }
    assert (set(result.figures), result.doubts, result.faults) == (expected, frozenset(), ()), sheet


# --- the whole import


def imported(root: Path, path: Path, *assumed: str, told: Iterable[str] = ()) -> str:
    job = SpreadsheetJob((path,), "figures", assumed=assumed, given=tuple(told))
    plan = spreadsheet.plan(job, config.load(root), lambda _: "")
    return "\n".join(plan.report) + "".join(plan.files.values())


def test_a_crossed_sheet_is_imported_with_its_locators(tmp_path: Path) -> None:
    root = make_project(tmp_path / "tiny")
    sheet = [
        ["Calls"],
        [],
        ["Borough", "Jun 2020", "Jul 2020"],
        ["Exampleton", 11, "12 [p]"],
        ["Total", 11, 12],
    ]
    path = written(tmp_path / "t.xlsx", {"Calls": sheet})
    told = imported(root, path, told=("indicator=calls", "source=report"))
    assert 'calls,E09999999,2020-06-01,2020-06-30,,11,,report,"sheet Calls, cell B4"' in told
    assert 'calls,E09999999,2020-07-01,2020-07-31,,12,p,report,"sheet Calls, cell C4"' in told
    assert "totals are left out: Total" in told


def test_what_a_sheet_does_not_say_is_one_problem_that_says_how_to_give_it(tmp_path: Path) -> None:
    root = make_project(tmp_path / "tiny")
    path = written(tmp_path / "t.xlsx", {"Calls": [["Borough", "Jun 2020"], ["Exampleton", 11]]})
    with pytest.raises(PortalError, match=r"sheet Calls\n.*no column source.*\n.*add --set source=…"):
        imported(root, path)
    with pytest.raises(PortalError, match="names no column of the figures"):
        imported(root, path, told=("indikator=calls",))


@pytest.mark.parametrize(
    ("kind", "place"),
    [("xlsx", "t.xlsx, sheet Calls, cell B2"), ("csv", "t.csv, row 2, column B")],
)
def test_periods_that_do_not_fit_the_indicator_are_one_problem_that_names_their_columns(
    kind: str, place: str, tmp_path: Path
) -> None:
    root = make_project(tmp_path / "tiny")
    sheet = [["Ward", "Jan 2020", "Feb 2020", "Mar 2020"], ["North & Quay", 1, 2, 3], ["South", 4, 5, 6]]
    path = written(tmp_path / f"t.{kind}", {"Calls": sheet})
    with pytest.raises(PortalError) as caught:
        imported(root, path, told=("indicator=bikes", "source=report"))
    assert [(p.place, p.message) for p in caught.value.problems] == [
        (
            place,
            "A period of 1 month is not of the kind year-to. This applies to columns B to D, rows 2 to 3.",
        )
    ]


def told_of(root: Path, path: Path) -> list[tuple[str, str]]:
    with pytest.raises(PortalError) as caught:
        imported(root, path, told=("indicator=murders", "source=report"))
    return [(p.place, p.message) for p in caught.value.problems]


def test_a_heading_without_its_year_is_told_once(tmp_path: Path) -> None:
    sheet = [["Ward", "Jan", "Feb", "Mar"], ["South", 1, 2, 3]]
    path = written(tmp_path / "t.xlsx", {"Calls": sheet})
    assert told_of(make_project(tmp_path / "tiny"), path) == [
        ("t.xlsx, sheet Calls, cell B1", "The heading does not say the year. The same applies to C1 and D1.")
    ]


def test_a_column_that_is_there_twice_gets_no_advice_about_rows(tmp_path: Path) -> None:
    years = ("Year to June 2020", "Year to June 2021", "Year to June 2021")
    sheet = [["Ward", *years], ["South", 1, 2, 3], ["West Field", 4, 5, 6]]
    path = written(tmp_path / "t.xlsx", {"Murders": sheet})
    assert told_of(make_project(tmp_path / "tiny"), path) == [
        (
            "t.xlsx, sheet Murders, cell D2",
            "The sheet has another figure of the same indicator, area, period and part. This applies to column D, rows 2 to 3.",
        )
    ]


@pytest.mark.parametrize(
    "content",
    ["Ward,Jun 2020\nSouth,4\nWest Field;5\n", "Ward;Jun 2020\nSouth;4\nWest Field,5\n", "Ward\tJun 2020\nSouth\t4\nWest Field,5\n"],
)  # fmt: skip
def test_a_row_with_another_separator_is_no_note(content: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(content)
    ((place, message),) = told_of(make_project(tmp_path / "tiny"), path)
    assert place == "t.csv, row 3"
    assert message.startswith("The whole row is in one cell: “West Field")


def test_a_note_that_ends_in_a_year_is_still_a_note(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("Borough,Jun 2020\nExampleton,4\nSource: the police; 2020\n")
    assert "calls,E09999999,2020-06-01,2020-06-30,,4," in imported(
        make_project(tmp_path / "tiny"), path, told=("indicator=calls", "source=report")
    )


@pytest.mark.parametrize("name", ["t.xls", "t.numbers"])
def test_other_programs_files_are_told_what_to_do(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
        if name.endswith("xls")
        else b"PK\x03\x04" + bytes(99)
    )
    with pytest.raises(PortalError, match=r"\.xlsx|CSV"):
        workbooks.read(path)


# --- real sheets

OFFICERS = SHARED / "upstream" / "more" / "officer_spreadsheets"
real = pytest.mark.skipif(not OFFICERS.is_dir(), reason="the published files are not here")


def is_number(value: object) -> bool:
    return isinstance(value, int | float)


@cache
def done_packages() -> tuple[packages.Package, ...]:
    return packages.read_all(ROOT, config.load(ROOT).packages)[0]


def turned(name: str, **given_: str) -> crosstabs.Unpivoted:
    """Turn a published file, with the names of this repository's packages, leaving out what it does not know."""
    read_ = done_packages()
    package = next(p for p in read_ if p.name == "figures-2016")
    known = crosstabs.Known(read_, package, {"unknown": "leave-out"}, {"source": "source-000", **given_})
    return crosstabs.unpivot(workbooks.read(OFFICERS / name), known)


@real
def test_a_nomis_download_has_months_down_and_areas_across() -> None:
    done = turned("nomis_2026_04_21_032722.xlsx", indicator="serious-youth-violence")
    assert not done.faults
    assert not done.doubts
    cells = openpyxl.load_workbook(OFFICERS / "nomis_2026_04_21_032722.xlsx")["Data"]
    areas = {
        row["name"] for p in done_packages() if p.kind == "geography" for _, row in p.tables["areas"].records
    }
    columns_ = [c for c in range(2, cells.max_column + 1) if cells.cell(8, c).value in areas]
    filled = [
        (r, c) for r in range(9, cells.max_row + 1) for c in columns_ if is_number(cells.cell(r, c).value)
    ]
    sheet = done.book.sheets[0]
    assert sorted(sheet.origins.values()) == sorted(filled)
    value = figures_package().tables["observations"].schema.names.index("value") + 1
    for (row, _), (r, c) in sheet.origins.items():
        assert float(sheet.cells[row, value].number) == float(cells.cell(r, c).value)
    assert "are left out" in "".join(done.report)


@real
def test_years_below_each_other_with_volumes_and_rates() -> None:
    done = turned("public-transport-crime-london.xlsx", area="E12000007", indicator="serious-youth-violence")
    assert not done.doubts
    assert done.book.sheets[1].origins == {}  # it has no name that the portal knows, and says so
    assert "“Bus”" in "".join(done.report)
