"""Recorded crime by Community Safety Partnership, from the Office for National Statistics and the Home Office.

The ONS publishes years to a quarter's end (“Police Force Area data tables”, tables C1 to C5), the Home Office counts by
quarter since 2002/03 (“Police recorded crime Community Safety Partnership open data tables”).
"""

import re
from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from portal.core.model import Area, Content
from portal.core.problems import PortalError, Problem, did_you_mean
from portal.core.text import listed
from portal.core.vocabulary import Status
from portal.importers.shared import loose_tables, published_files, published_workbooks
from portal.importers.shared.loose_tables import LooseTable, Row
from portal.importers.shared.published_files import Finding, stop
from portal.importers.shared.published_periods import FigureOfPeriod, FiguresOfPeriods

HEADINGS, GROUPS, NAMES = "police/csp.columns.csv", "police/csp_quarterly.groups.csv", "police/csp_names.csv"
_YEAR = re.compile(r"year ending (\w+) (\d{4})", re.IGNORECASE)
_NOTES = re.compile(r"\s*\[note \d+\]")
_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
# Shorthand of UK statistics for why there is no number.
_SHORTHAND = {
    "[x]": Status.NOT_AVAILABLE,
    "[u]": Status.NOT_AVAILABLE,
    "[u1]": Status.NOT_AVAILABLE,
    "[z]": Status.NOT_APPLICABLE,
    "[c]": Status.WITHHELD,
    "[low]": Status.LOW,
}
_QUARTERS = {
    "1": (4, 6),
    "2": (7, 9),
    "3": (10, 12),
    "4": (1, 3),
}  # of a financial year, which begins in April
_FINANCIAL_YEAR = re.compile(r"(20\d\d)\s?[/_–-]\s?((?:20)?\d\d)")
_QUARTER = re.compile(r"(?:q|quarter)?\s?([1-4])(?:\.0)?", re.IGNORECASE)
_DECIMALS = re.compile(r"\.0+$")
_QUARTERLY = {"financial year", "financial quarter", "csp name", "offence group", "offence count"}
_Quarter = tuple[str, date, date]  # a series, and the first and last day
RATE = "-rate"  # follows the series of a rate per 1,000 residents


@dataclass(frozen=True)
class _Table:
    """One table by partnership: its name, the year's last day, and whether it has rates."""

    name: str
    table: LooseTable
    end: date
    rates: bool


def read(paths: Sequence[Path], content: Content, borough: str) -> FiguresOfPeriods:
    """Return the recorded crime of the district `borough` from tables by Community Safety Partnership.

    Series: the groups of offences, such as `violence`, and with `-rate` per 1,000 residents where a table has them.
    A district of several partnerships is their sum; a district that shares its partnership with others has no figure
    of its own.

    Raises:
        PortalError: another kind of file, or no row of the district.
    """
    figures: dict[tuple[str, date, date], FigureOfPeriod] = {}
    findings: list[Finding] = []
    for path in paths:
        area = content.areas[borough]
        of_file, about = _quarterly(path, area) if _is_quarterly(path) else _yearly(path, area)
        findings += about
        figures |= {(f.series, f.start, f.end): f for f in of_file}
    return FiguresOfPeriods(tuple(figures.values()), tuple(findings))


def is_yearly(sheets: Mapping[str, Sequence[Row]]) -> bool:
    """Return True for a workbook of the ONS with tables by Community Safety Partnership."""
    return any(_tables(sheets))


def _is_yearly_header(row: Row) -> bool:
    return {"community safety partnership code", "local authority code"} <= set(row)


def is_quarterly_header(row: Row) -> bool:
    """Return True for the plain headings of the Home Office's quarterly table."""
    return set(row) >= _QUARTERLY


def _is_quarterly(path: Path) -> bool:
    if path.suffix.lower() == ".ods":
        return True
    if published_workbooks.is_workbook(path):
        return any(
            loose_tables.found(path.name, rows, is_quarterly_header)
            for rows in published_workbooks.sheets_of(path).values()
        )
    return True


def _tables(sheets: Mapping[str, Sequence[Row]]) -> Iterator[_Table]:
    """Yield the tables of counts and rates by partnership; tables of changes are left to the reader of both years."""
    for name, rows in sheets.items():
        title = _NOTES.sub("", rows[0][0]) if rows and rows[0] else ""
        years = _YEAR.findall(title)
        found = loose_tables.found(name, rows, _is_yearly_header)
        if (
            found is None
            or len(years) != 1
            or years[0][0].lower() not in _MONTHS
            or "change" in title.lower()
        ):
            continue
        month, year = _MONTHS.index(years[0][0].lower()) + 1, int(years[0][1])
        yield _Table(name, found, date(year, month, monthrange(year, month)[1]), "rate" in title.lower())


def _yearly(path: Path, area: Area) -> tuple[list[FigureOfPeriod], list[Finding]]:
    sheets = published_workbooks.sheets_of(path)
    tables = list(_tables(sheets))
    if not tables:
        message = "No sheet is a table of recorded crime by Community Safety Partnership."
        fix = "Use the “Police Force Area data tables” of the Office for National Statistics, which have tables C1 to C5."
        raise PortalError([Problem(path.name, code="file", message=message, fix=fix)])
    figures, findings = [], []
    for table in tables:
        of_table, about = _of_district(path.name, table, area, sheets)
        figures += of_table
        findings += about
    return figures, findings


def _of_district(
    file: str, table: _Table, area: Area, sheets: Mapping[str, Sequence[Row]]
) -> tuple[list[FigureOfPeriod], list[Finding]]:
    records = list(table.table.records())
    of_area = [(n, r) for n, r in records if r["local authority code"] == area.code]
    place = f"{table.name}"
    findings = []
    if not of_area and (of_area := _under_other_code(records, area)):
        other = of_area[0][1]["local authority code"]
        words = f"The tables have {area.name} under the code {other}, not {area.code}. A district gets a new code when its boundary changes. The rows with its name are used."
        findings.append(Finding("other-code", words, {}))
    if not of_area:
        shared = _shared(area, sheets)
        if shared:
            words = f"{place}: {area.name} shares the partnership {shared} with other districts, so there is no figure of its own. Nothing is imported from this table."
            return [], [Finding("shared", words, {})]
        known = [r["local authority code"] for _, r in records]
        message = f"There is no row of {area.name} ({area.code}) in {place}."
        stop(
            [
                Problem(
                    file,
                    0,
                    place,
                    "areas",
                    message,
                    did_you_mean(area.code, {k for k in known if k[:1] in "EW"}),
                )
            ]
        )
    if len(of_area) > 1 and table.rates:
        return [], [
            *findings,
            Finding(
                "several",
                f"{place}: {area.name} has {len(of_area)} partnerships, whose rates do not add up. They are left out.",
                {"partnerships": len(of_area)},
            ),
        ]
    figures = [_figure(table, of_area, heading, series, area) for heading, series in _headings(table)]
    missing = sum(f.value is None for f in figures)
    rows = ", ".join(str(n) for n, _ in of_area)
    words = f"{place}, row {rows}: {len(records)} rows, {len(figures)} figures of {area.name} for the year to {table.end:%B %Y}, {missing} of them not available."
    return figures, [
        *findings,
        Finding("table", words, {"rows": len(records), "figures": len(figures), "missing": missing}),
    ]


def _under_other_code(
    records: Sequence[tuple[int, dict[str, str]]], area: Area
) -> list[tuple[int, dict[str, str]]]:
    """Return the rows with the name of a district under one other code of the same kind; empty if there are several."""
    named = [
        (n, r)
        for n, r in records
        if r.get("local authority name", "").casefold() == area.name.casefold()
        and r["local authority code"][:3] == area.code[:3]
    ]
    return named if len({r["local authority code"] for _, r in named}) == 1 else []


def _headings(table: _Table) -> Iterator[tuple[str, str]]:
    """Yield each column of offences, as the table calls it, with its series. Of two rates the one by residents counts."""
    known = {loose_tables.plain(r["heading"]): r["series"] for r in published_files.mapped(HEADINGS)}
    for heading in map(loose_tables.plain, table.table.header):
        name = _NOTES.sub("", heading).replace(" (per 1,000 population)", "").strip()
        if name in known:
            yield heading, known[name] + (RATE if table.rates else "")


def _figure(
    table: _Table, own: Sequence[tuple[int, Mapping[str, str]]], heading: str, series: str, area: Area
) -> FigureOfPeriod:
    """Return one figure: the sum of the partnerships of the district, or why there is none."""
    cells = [r[heading].replace(",", "") for _, r in own]
    rows = ", ".join(str(n) for n, _ in own)
    locator = f"{table.name}, row {rows}, column {_title(table, heading)}"
    start = date(table.end.year - (table.end.month != 12), table.end.month % 12 + 1, 1)
    mark = next((_SHORTHAND[c] for c in cells if c in _SHORTHAND), None)
    value = None
    if mark is None:
        try:
            value = sum((Decimal(c) for c in cells), Decimal(0))
        except InvalidOperation:
            mark = Status.NOT_AVAILABLE
    if value is not None and (value < 0 or not value.is_finite()):
        value, mark = (
            None,
            Status.NOT_AVAILABLE,
        )  # corrections of earlier years can exceed the offences of a year
    if value is not None and not table.rates and value != value.to_integral_value():
        message = f"“{' and '.join(cells)}” is not a count."
        fix = "Use the workbook as it was published."
        stop([Problem(table.name, own[0][0], _title(table, heading), "cell", message, fix)])
    if value is not None and table.rates:
        value = value.quantize(Decimal("0.1"))
    return FigureOfPeriod(series, area.code, start, table.end, value, locator, status=mark or Status.PLAIN)


def _title(table: _Table, heading: str) -> str:
    return next(" ".join(h.split()) for h in table.table.header if loose_tables.plain(h) == heading)


def _shared(area: Area, sheets: Mapping[str, Sequence[Row]]) -> str:
    """Return the partnership that a district shares with others, from the list of combined local authorities."""
    for rows in sheets.values():
        combined = loose_tables.found(
            "", rows, lambda row: row[:2] == ["police force area name", "community safety partnership name"]
        )
        partnership = ""
        for _, row in combined.rows if combined else ():
            partnership = row[1] or partnership
            if len(row) > 2 and row[2] == area.code:
                return partnership
    return ""


def _quarterly(path: Path, area: Area) -> tuple[list[FigureOfPeriod], list[Finding]]:
    """Return the quarters of the Home Office's table, by group of offences; its areas have names and no codes."""
    groups = {loose_tables.plain(r["theirs"]): r["series"] for r in published_files.mapped(GROUPS)}
    sums: dict[_Quarter, int] = defaultdict(int)
    marked: dict[_Quarter, Status] = {}
    sheet_of: dict[tuple[date, date], str] = {}
    names: set[str] = set()
    unassigned: dict[str, int] = defaultdict(int)
    forces: set[str] = set()
    rows = 0
    problems: list[Problem] = []
    for sheet, number, row in _quarterly_rows(path):
        rows += 1
        names.add(row["csp name"])
        count = _DECIMALS.sub("", row["offence count"].replace(",", ""))
        if row["csp name"].casefold().startswith("unassigned") and re.fullmatch(r"-?\d+", count):
            unassigned[row.get("police force", "")] += int(count)
        if not _is_named(row["csp name"], area):
            continue
        forces.add(row.get("police force", ""))
        period, series = _quarter(row), groups.get(loose_tables.plain(row["offence group"]))
        if period and sheet_of.setdefault(period, sheet) != sheet:
            message = f"The quarter from {period[0]:%B %Y} is also in the sheet {sheet_of[period]}, and would count twice."
            stop([Problem(path.name, number, sheet, "twice", message, "Take one of the sheets out.")])
        if period and series and count in _SHORTHAND:
            marked |= {(s, *period): _SHORTHAND[count] for s in (series, "all-offences")}
            sums[series, *period] += 0
            sums["all-offences", *period] += 0
            continue
        if period is None or series is None or not re.fullmatch(r"-?\d+", count):
            column = (
                "offence count" if period and series else "offence group" if period else "financial quarter"
            )
            message = f"“{count}” is not a count." if period and series else f"“{row[column]}” is not known."
            fix = "Use the file as it was published."
            problems.append(Problem(path.name, number, f"{sheet}, {column}", "cell", message, fix))
            continue
        sums[series, *period] += int(count)
        if series != "fraud":
            sums["all-offences", *period] += int(count)
    stop(problems[:5] if sums or problems else [_not_among(path.name, area, names)])
    quarters = sorted({(s, e) for _, s, e in sums})
    words = f"{path.name}: {rows:,} rows, {len(names)} partnerships; {len(quarters)} quarters of {area.name}, {quarters[0][0]:%B %Y} to {quarters[-1][1]:%B %Y}."
    findings = [Finding("quarters", words, {"rows": rows, "quarters": len(quarters)})]
    left = sum(n for force, n in unassigned.items() if force in forces)
    if left:
        words = f"Offences of {listed(sorted(forces))} that are assigned to no partnership and count for none: {left:,}. Read the notes of the file: where a force has many, the counts of its partnerships are too low."
        findings.append(Finding("unassigned", words, {"offences": left}))
    if marked:
        words = f"Figures with a mark in place of a count, and totals with one of them: {len(marked)}. They are not available."
        findings.append(Finding("marked", words, {"figures": len(marked)}))
    figures = [_figure_of_quarter(area, key, n, marked.get(key)) for key, n in sorted(sums.items())]
    return figures, findings


def _not_among(file: str, area: Area, names: Set[str]) -> Problem:
    message = f"There is no partnership {area.name} among the {len(names)} names of this file."
    fix = f"{did_you_mean(area.name, names)} If it is another name of the same district, add it to scripts/portal/importers/{NAMES}."
    return Problem(file, 0, "CSP Name", "areas", message, fix)


def _figure_of_quarter(area: Area, key: _Quarter, count: int, mark: Status | None) -> FigureOfPeriod:
    """Return the figure of a quarter; a sum below zero, from corrections of earlier quarters, is not available."""
    series, start, end = key
    status = mark or (Status.PLAIN if count >= 0 else Status.NOT_AVAILABLE)
    value = Decimal(count) if status == Status.PLAIN else None
    place = f"Partnership {area.name}, {start:%B %Y} to {end:%B %Y}"
    return FigureOfPeriod(series, area.code, start, end, value, place, status=status)


def _quarterly_rows(path: Path) -> Iterator[tuple[str, int, dict[str, str]]]:
    if path.suffix.lower() == ".ods":
        sheets: Iterator[tuple[str, Iterator[list[str]]]] = published_workbooks.ods_sheets(path)
    elif published_workbooks.is_workbook(path):
        sheets = ((name, iter(rows)) for name, rows in published_workbooks.sheets_of(path).items())
    else:
        sheets = iter([("", iter(loose_tables.rows_of(path)))])
    found = False
    for name, rows in sheets:
        header: list[str] = []
        for number, row in enumerate(rows, 1):
            cells = [loose_tables.plain(c) for c in row]
            if not header:
                header = cells if is_quarterly_header(cells) else []
                found = found or bool(header)
                twice = sorted(c for c in _QUARTERLY if header.count(c) > 1)
                if twice:
                    message = f"The column “{twice[0]}” is there twice."
                    fix = "Use the file as it was published."
                    raise PortalError([Problem(path.name, number, name, "column", message, fix)])
                if not header and number > loose_tables.TITLE_ROWS:
                    break
            elif any(cells):
                padded = [*row, *[""] * (len(header) - len(row))]
                yield name, number, {h: c.strip() for h, c in zip(header, padded, strict=False)}
    if not found:
        message = "No sheet has the columns Financial Year, Financial Quarter, CSP Name, Offence Group and Offence Count."
        fix = "Use the open data tables of the Home Office by Community Safety Partnership as they were published."
        raise PortalError([Problem(path.name, code="column", message=message, fix=fix)])


def _quarter(row: Mapping[str, str]) -> tuple[date, date] | None:
    """Return the first and last day of a quarter of a financial year such as 2025/26."""
    year = _FINANCIAL_YEAR.fullmatch(row["financial year"])
    quarter = _QUARTER.fullmatch(row["financial quarter"])
    if year is None or quarter is None or (int(year[1]) + 1 - int(year[2])) % 100:
        return None
    first, last = _QUARTERS[quarter[1]]
    calendar = int(year[1]) + (first == 1)
    return date(calendar, first, 1), date(calendar, last, monthrange(calendar, last)[1])


def _is_named(name: str, area: Area) -> bool:
    """Return True if a partnership's name is that of a district, for which publishers use several forms."""
    others = {r["theirs"]: r["district"] for r in published_files.mapped(NAMES)}
    return _plain_name(others.get(name, name)) == _plain_name(area.name)


def _plain_name(name: str) -> str:
    return name.casefold().replace("&", "and").replace("’", "'").strip()
