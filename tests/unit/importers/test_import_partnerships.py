"""Tables by partnership and the attitude survey: every figure worked out anew, and files that vary in their layout."""

import csv
import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from portal.core.problems import PortalError
from portal.core.vocabulary import Status
from portal.importers.police import csp, public_attitudes
from test_import_elsewhere import LONDON, MADE_UP, MORE, QUARTERLY, TOWN, area, content, real

pytestmark = pytest.mark.usefixtures("read_once")

YEARS = MORE / "ons_crime_tables" / "policeforceareatablesyedecember2024.xlsx"
SURVEY = MORE / "mopac_pas" / "PAS_borough_to_Q3_2023-24_iso.csv"
MARKS = {"[x]": "x", "[u]": "x", "[u1]": "x", "[z]": "z", "[c]": "c", "[low]": "low"}


def plain(words: object) -> str:
    return " ".join(re.sub(r"\[note \d+\]", "", str(words)).split()).casefold()


@real
@pytest.mark.parametrize("code", ["E09000023", "E07000008", "E06000022"])
def test_every_figure_of_the_partnership_tables_is_the_cell_of_its_column(code: str) -> None:
    """Read again with openpyxl alone: the row by the code of the authority, the column by what the locator says."""
    cells: dict[tuple[str, str], object] = {}
    book = load_workbook(YEARS, read_only=True)
    for sheet in book.worksheets:
        header: Sequence[object] = ()
        for row in sheet.iter_rows(values_only=True):
            if any(plain(c) == "local authority code" for c in row):
                header = row
            elif header and code in row:
                cells |= {(sheet.title.strip(), plain(h)): c for h, c in zip(header, row, strict=True)}
    got = csp.read([YEARS], content({code: area(code, "X", "borough")}), code).figures
    checked = 0
    for f in got:
        table, _, column = (part.strip() for part in f.locator.split(",", 2))
        cell = cells[table, plain(column.removeprefix("column "))]
        if f.value is None:
            assert str(cell) in MARKS or str(cell).startswith("-")
            continue
        exact = Decimal(str(cell).replace(",", ""))
        assert f.value == (
            exact.quantize(Decimal("0.1"), ROUND_HALF_EVEN) if f.series.endswith("-rate") else exact
        )
        checked += 1
    assert checked >= 40


@real
def test_every_figure_of_the_survey_is_the_share_of_its_row() -> None:
    """Read again with the csv module: shares by borough, measure and quarter, and those of London beside them."""
    measures = {"Trust MPS": "trust", "Treat everyone fairly": "fair", "Listen to concerns": "listen"}
    shares: dict[tuple[str, str, str], Decimal] = {}
    with SURVEY.open(encoding="utf-8-sig", newline="") as lines:
        for row in csv.DictReader(lines):
            series = measures.get(row["Measure"], "good-job" if "Good Job" in row["Measure"] else "")
            for place, cell in ((row["Borough"], row["Proportion"]), ("London", row["MPS"])):
                shares[series, place, row["Date"][:10]] = Decimal(round(float(cell) * 1000)) / 10
    names = {"E09000023": "Lewisham", "E09000027": "Richmond upon Thames", "E23000001": "London"}
    got = public_attitudes.read([SURVEY], content(LONDON), "E09000023").figures
    checked: dict[str, int] = defaultdict(int)
    for f in got:
        if f.series in ("good-job", *measures.values()) and f.area in names:
            key = f.series, names[f.area], f"{f.end:%Y-%m-%d}"
            if key in shares:
                assert f.value == shares[key], key
                checked[f.area] += 1
    assert min(checked[code] for code in ("E09000023", "E23000001")) >= 100


# --- the quarterly table of the Home Office, in other layouts


def table(path: Path, *rows: Sequence[str]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as lines:
        csv.writer(lines).writerows(rows)
    return path


def made_up(**cells: str) -> list[list[str]]:
    """The made-up rows with the first row's cells replaced by name."""
    names = [h.replace(" ", "_").casefold() for h in QUARTERLY]
    first = [cells.get(name, cell) for name, cell in zip(names, MADE_UP[0], strict=True)]
    return [first, *MADE_UP[1:]]


def theft(path: Path) -> tuple[Decimal | None, str, date]:
    """Theft in the quarter of the first row, its status, and the first day of the quarter."""
    figures = [f for f in csp.read([path], content(), TOWN).figures if f.series == "theft"]
    return figures[0].value, figures[0].status, figures[0].start


@pytest.mark.parametrize(
    ("year", "quarter", "first"),
    [
        ("2025/26", "1", date(2025, 4, 1)),
        ("2025-26", "Q1", date(2025, 4, 1)),
        ("2025–26", "Quarter 1", date(2025, 4, 1)),
        ("2025_26", "1.0", date(2025, 4, 1)),
        ("2025/2026", "q1", date(2025, 4, 1)),
    ],
)
def test_a_quarter_is_read_however_it_is_written(
    year: str, quarter: str, first: date, tmp_path: Path
) -> None:
    rows = [[year, quarter, *r[2:]] if r[1] == "1" else r for r in MADE_UP]
    assert theft(table(tmp_path / "q.csv", QUARTERLY, *rows)) == (Decimal(150), Status.PLAIN, first)


def test_years_since_2002_are_read_with_columns_in_another_order_and_more_of_them(tmp_path: Path) -> None:
    heads = [*reversed(QUARTERLY), "Region", ""]
    old = [[f"{y}/{(y + 1) % 100:02}", *r[1:]] for y in range(2002, 2026) for r in MADE_UP]
    rows = [[*reversed(r), "South", "x"] for r in old]
    path = table(tmp_path / "q.csv", ["Title"], [""], ["Some notes, with commas"], heads, *rows)
    figures = [f for f in csp.read([path], content(), TOWN).figures if f.series == "theft"]
    assert [f.start.year for f in figures] == [*range(2002, 2026)]
    assert {f.value for f in figures} == {Decimal(150)}


@pytest.mark.parametrize("mark", ["[x]", "[z]", "[u]"])
def test_a_mark_is_no_count_and_takes_the_total_of_all_offences_with_it(mark: str, tmp_path: Path) -> None:
    path = table(tmp_path / "q.csv", QUARTERLY, *made_up(offence_count=mark))
    figures = {f.series: f for f in csp.read([path], content(), TOWN).figures if f.start == date(2025, 4, 1)}
    assert figures["theft"].value is None
    assert figures["all-offences"].value is None
    assert figures["theft"].status == MARKS[mark]


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({"financial_quarter": "April to June 2025"}, "April to June 2025"),
        ({"financial_quarter": "5"}, "“5” is not known"),
        ({"financial_year": "2025/27"}, "is not known"),
        ({"financial_year": "1999/00"}, "is not known"),
        ({"offence_group": "Total recorded crime"}, "Total recorded crime"),
        ({"offence_count": "n/a"}, "“n/a” is not a count"),
        ({"offence_count": "12.5"}, "“12.5” is not a count"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_row(
    cells: dict[str, str], words: str, tmp_path: Path
) -> None:
    with pytest.raises(PortalError) as caught:
        csp.read([table(tmp_path / "q.csv", QUARTERLY, *made_up(**cells))], content(), TOWN)
    assert words in caught.value.problems[0].message
    assert caught.value.problems[0].row == 2


@pytest.mark.parametrize("left_out", ["Financial Quarter", "CSP Name", "Offence Group", "Offence Count"])
def test_a_table_without_a_column_is_refused(left_out: str, tmp_path: Path) -> None:
    keep = [n for n, h in enumerate(QUARTERLY) if h != left_out]
    rows = [[r[n] for n in keep] for r in (QUARTERLY, *MADE_UP)]
    with pytest.raises(PortalError, match="No sheet has the columns"):
        csp.read([table(tmp_path / "q.csv", *rows)], content(), TOWN)


def test_a_column_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    rows = [[*r, r[-1]] for r in (QUARTERLY, *MADE_UP)]
    with pytest.raises(PortalError, match="is there twice"):
        csp.read([table(tmp_path / "q.csv", *rows)], content(), TOWN)


def test_a_quarter_in_two_sheets_is_not_counted_twice(tmp_path: Path) -> None:
    book = Workbook()
    for name in ("2025_26", "2025_26 revised"):
        sheet = book.create_sheet(name)
        for row in (QUARTERLY, *MADE_UP):
            sheet.append(row)
    book.save(path := tmp_path / "q.xlsx")
    with pytest.raises(PortalError, match="also in the sheet 2025_26, and would count twice"):
        csp.read([path], content(), TOWN)


# --- tables C1 to C5 of the Office for National Statistics, in other layouts

HEADS = ["Police Force Area name", "Community Safety Partnership code", "Community Safety Partnership name", "Local Authority code", "Local Authority name"]  # fmt: skip
PLACE = ["Exampleshire", "E22000099", "Exampleton", TOWN, "Exampleton"]


def sheets(path: Path, *tables: tuple[str, str, Sequence[str], Sequence[object], int]) -> Path:
    """A workbook of tables: name, title, columns of offences, cells, and how many rows are above the header."""
    book = Workbook()
    book.active.title = "Notes"
    for name, title, offences, cells, above in tables:
        sheet = book.create_sheet(name)
        for line in (title, "This sheet has one table.", *["[x] = not available"] * above):
            sheet.append([line])
        sheet.append([*HEADS, *offences])
        sheet.append(["Exampleshire", "", "", "", "", *[999] * len(cells)])  # of the force
        sheet.append([*PLACE, *cells])
    book.save(path)
    return path


C2 = "Table C2: Police recorded crime by Community Safety Partnership area, year ending March 2026 [note 1]"
C4 = "Table C4: Rate of police recorded crime per 1,000 population, year ending March 2026"
OFFENCES = ["Robbery [note 3]", "Theft\noffences"]


@pytest.mark.parametrize("above", [0, 4, 15])
def test_the_header_of_a_partnership_table_is_found_below_any_notes(above: int, tmp_path: Path) -> None:
    path = sheets(tmp_path / "c.xlsx", ("Table C2 ", C2, OFFENCES, [12, "[x]"], above))
    figures = {f.series: f for f in csp.read([path], content(), TOWN).figures}
    assert (figures["robbery"].value, figures["robbery"].end) == (Decimal(12), date(2026, 3, 31))
    assert (figures["theft"].value, figures["theft"].status) == (None, Status.NOT_AVAILABLE)


def test_missing_tables_columns_in_another_order_and_new_ones_leave_the_others(tmp_path: Path) -> None:
    path = sheets(
        tmp_path / "c.xlsx", ("C4", C4, ["Cyber offences", "Theft offences", "Robbery"], [1, 20.04, 0.25], 2)
    )
    figures = {f.series: f.value for f in csp.read([path], content(), TOWN).figures}
    assert figures == {"theft-rate": Decimal("20.0"), "robbery-rate": Decimal("0.2")}


def test_tables_of_changes_and_without_a_year_give_nothing(tmp_path: Path) -> None:
    change = "Table C3: Percentage change, year ending March 2025 compared with year ending March 2026"
    path = sheets(
        tmp_path / "c.xlsx",
        ("C3", change, OFFENCES, [3, 4], 2),
        ("C9", "Table of crime", OFFENCES, [5, 6], 2),
    )
    with pytest.raises(PortalError, match="No sheet is a table"):
        csp.read([path], content(), TOWN)


def test_a_count_with_decimals_is_refused(tmp_path: Path) -> None:
    path = sheets(tmp_path / "c.xlsx", ("C2", C2, OFFENCES, [12.5, 3], 2))
    with pytest.raises(PortalError, match=r"“12.5” is not a count"):
        csp.read([path], content(), TOWN)
