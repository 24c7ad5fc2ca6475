"""Numbers in other spellings, headings and totals among the rows, and whole rows in one cell: the advice harms no figure."""

import csv
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from portal.core import field_types, number_spellings
from portal.data import damaged_tables
from portal.importers.spreadsheets import cells, workbooks
from portal.importers.spreadsheets.grid import Cell
from portal.importers.spreadsheets.readings import CellQuestion, Column, ReadRow
from project import TINY, ask, make_project

FILE = "data_packages/figures/data/observations.csv"
HEADER = (TINY / FILE).read_text().splitlines()[0].split(",")
JUNE = ["calls", "E09999999", date(2020, 6, 1), date(2020, 6, 30), None, 25, None, "report", "Table 1"]
JULY = ["calls", "E09999999", date(2020, 7, 1), date(2020, 7, 31), None, 26, None, "report", "Table 1"]
READ = ["calls,E09999999,2020-06-01,2020-06-30,,25,,report,Table 1", "calls,E09999999,2020-07-01,2020-07-31,,26,,report,Table 1"]  # fmt: skip


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("(1,234)", "Write -1234 if it is less than 0"), ("25-", "Write -25 if"), ("£25-", "Write -25 if"), ("1'250", "Write 1250."), ("1’250’000", "Write 1250000."),
        ("1_250", "Write 1250."), ("½", "Write 0.5."), ("2¼", "Write 2.25."), ("25k", "write it in full"), ("1.2m", "write it in full"), ("£3bn", "write it in full"),
        ("50+", "the number itself if it is published"), ("£1,250", "Compare it with the source"), ("25", ""), ("1.234,56", ""), ("25 (24)", ""), ("2016-07", ""),
        ("c. 50", "e (estimated)"), ("~1,200", "e (estimated)"), ("approx. 50", "e (estimated)"), ("50 est.", "e (estimated)"), ("228 [note 1]", "the number alone"), ("228*", "the number alone"),
        ("5²", "the number alone"), ("<5", "Leave the cell empty"), ("fewer than 5", "Leave the cell empty"), ("5–9", "the number itself if it is published"), ("[c]", "write c under status"), ("2 thousand", "write it in full"),
    ],
)  # fmt: skip
def test_a_number_in_another_spelling_gets_the_number_that_is_meant(written: str, told: str) -> None:
    fault = number_spellings.fault(written)
    assert (told in fault.fix) if fault and told else not (fault or told)


@pytest.mark.parametrize("written", ["(120)", "c. 50", "228*"])
def test_the_check_gives_the_same_advice_as_an_import(written: str) -> None:
    fault = field_types.cell_fault(written, {"name": "value", "type": "number"})
    spelling = number_spellings.fault(written)
    assert fault is not None
    assert spelling is not None
    assert fault.fix == spelling.fix


def test_a_superscript_is_a_note_and_no_digit_of_another_script() -> None:
    told = [field_types.cell_fault(c, {"name": "value", "type": "number"}) for c in ("5²", "٥٢")]
    assert [f.fix[:28] for f in told if f] == ["Write the number alone. Put ", "Write the number with the di"]


SHEETS = {
    "a heading among the rows": ([HEADER, JUNE, HEADER, JULY], "headers"),
    "a second table below": ([HEADER, JUNE, [], [h.upper() for h in HEADER], JULY], "headers"),
    "a total below": ([HEADER, JUNE, JULY, ["Total", None, None, None, None, 51]], "totals"),
    "a total with all its cells": ([HEADER, JUNE, JULY, ["GRAND TOTAL:", *JULY[1:5], 51, *JULY[6:]]], "totals"),
    "a total that says all": ([HEADER, JUNE, JULY, ["All", None, None, None, None, 51]], "totals"),
    "a note in two cells": ([HEADER, JUNE, JULY, [], ["Note", "Figures are provisional"]], "notes"),
    "a source in two cells": ([HEADER, JUNE, JULY, ["Source:", "Police"]], "notes"),
    "a note with its number": ([HEADER, JUNE, JULY, [1, "Excludes robbery"]], "notes"),
    "units below the header": ([HEADER, [None, None, "(date)", "(date)", None, "(number)"], JUNE, JULY], "notes"),
}  # fmt: skip


@pytest.mark.parametrize("case", SHEETS)
def test_what_is_no_row_of_the_table_is_one_question_and_can_be_left_out(case: str, tmp_path: Path) -> None:
    rows, key = SHEETS[case]
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path := tmp_path / "sheet.xlsx")
    root = make_project(tmp_path / "tiny")
    before = (root / FILE).read_text()
    asked = ["import", "table", str(path), "--package", "figures", "--resource", "observations", "--yes"]
    told = ask(root, *asked).stderr
    assert "1 problem:" in told
    assert f"--assume {key}=leave-out" in told
    assert (root / FILE).read_text() == before
    assert ask(root, *asked, "--assume", f"{key}=leave-out").returncode == 0
    assert [
        line for line in (root / FILE).read_text().splitlines() if line not in before.splitlines()
    ] == READ


def test_a_column_that_each_row_needs_is_asked_for_once_and_can_be_given(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    place = HEADER.index("source")
    for row in (HEADER, JUNE, JULY):
        book.active.append([*row[:place], *row[place + 1 :]])
    book.save(path := tmp_path / "sheet.xlsx")
    root = make_project(tmp_path / "tiny")
    asked = ["import", "table", str(path), "--package", "figures", "--resource", "observations", "--yes"]
    told = ask(root, *asked).stderr
    assert "1 problem:" in told
    assert "There is no column source, and each row needs it" in told
    assert "--set source=…" in told
    assert ask(root, *asked, "--set", "source=report").returncode == 0
    written = (root / FILE).read_text()
    assert [row.partition(",Table")[0] in written for row in READ] == [True, True]


REFUSED = {
    "a row with other separators": (f"{','.join(HEADER)}\n{READ[0].replace(',', ';')}\n", "The whole row is in one cell"),
    "a row in quotation marks": (f'{",".join(HEADER)}\n"{READ[0]}"\n{READ[1]}\n', "The whole row is in one cell"),
    "two tables beside each other": (f"{','.join([*HEADER, '', *HEADER])}\n{READ[0]},,{READ[1]}\n", "Two tables stand beside each other"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_would_lose_rows_is_refused_with_one_message(case: str, tmp_path: Path) -> None:
    content, told = REFUSED[case]
    path = tmp_path / "table.csv"
    path.write_text(content)
    root = make_project(tmp_path / "tiny")
    asked = ask(
        root, "import", "table", str(path), "--package", "figures", "--resource", "observations", "--yes"
    )
    assert asked.returncode == 1
    assert told in asked.stderr
    assert "1 problem:" in asked.stderr
    assert "leave-out" not in asked.stderr


ROWS = {
    ",".join(HEADER): "The row repeats the header.",
    "Total,,,,,281,,,": "it is the sum of other rows",
    f'"{READ[0]}",,,,,,,,': "The whole row is in one cell.",
    READ[0]: "",
    "Source: the police,,,,,,,,": "The row holds only “Source: the police”.",
    "total-notifiable-offences,E09999999,,,,1,,report,Table 1": "",
    "Note,Figures are provisional,,,,,,,": "The row holds only “Note Figures are provisional”.",
    "Source:,Police,,,,,,,": "The row holds only “Source: Police”.",
    "1,Excludes robbery,,,,,,,": "The row holds only “1 Excludes robbery”.",
    ",,(date),(date),,(number),,,": "The row holds only “(date) (date) (number)”.",
    "All,,,,,281,,,": "it is the sum of other rows",
    "thefts,E09999999,,,,,,,": "",
    ",,,,,,[c],,": "The row holds only “[c]”.",
}


@pytest.mark.parametrize("line", ROWS)
def test_the_check_says_what_a_row_is_instead_of_what_is_wrong_with_each_cell(line: str) -> None:
    fault = damaged_tables.row_fault(next(csv.reader([line])), HEADER)
    assert (ROWS[line] in fault.message) if fault and ROWS[line] else not (fault or ROWS[line])


def test_the_check_names_such_a_row_once(tmp_path: Path) -> None:
    root = make_project(tmp_path / "tiny")
    header, *rows = (root / FILE).read_text().splitlines()
    (root / FILE).write_text("\n".join([header, rows[0], header, *rows[1:], "Total,,,,,281,,,"]) + "\n")
    told = ask(root, "check").stderr
    assert "2 problems:" in told
    assert "The row repeats the header." in told
    assert "Delete this row." in told


FIELDS = {
    n: {"name": n, "type": t}
    for n, t in (("value", "number"), ("locator", "string"), ("verified", "boolean"))
}


@pytest.mark.parametrize(
    ("cells_", "read"),
    [
        (["45,5", "1228,75", "p. 4,5"], ["45.5", "1228.75", ""]),
        (["45,5 [r]", "12"], ["45.5 [r]", "12"]),
        (["45,5", "1,228"], [{"decimals": "45.5"}, {"decimals": "1.228", "thousands": "1228"}]),
        (["1.228", "7"], [{"decimals": "1228", "thousands": "1.228"}, "7"]),
        (["1.228,5", "7"], [{"decimals": "1228.5"}, "7"]),
        (["1,228 [r]"], [{"decimals": "1.228 [r]", "thousands": "1228 [r]"}]),
        (["1.5", "31.07.2016"], ["1.5", ""]),
    ],
)
def test_commas_of_a_csv_with_semicolons_are_read_if_they_are_certain_and_asked_if_not(
    cells_: list[str], read: list[object], tmp_path: Path
) -> None:
    (tmp_path / "t.csv").write_text("id;value\n" + "".join(f"a;{c}\n" for c in cells_))
    sheet = workbooks.read(tmp_path / "t.csv").sheets[0]
    column = Column(FIELDS["value"])
    found = [
        cells.settle(sheet.cells[r, 2], column, ReadRow("percent", figure=True))
        for r in range(2, len(cells_) + 2)
    ]
    said = [{a: t for a, (_, t) in f.answers.items()} if isinstance(f, CellQuestion) else f for f in found]
    assert [s for s, wanted in zip(said, read, strict=True) if wanted] == [
        wanted for wanted in read if wanted
    ]
    plain = cells.settle(sheet.cells[len(cells_) + 1, 2], Column(FIELDS["locator"]))
    assert plain == cells_[-1]


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        *((w, "true") for w in ("WAHR", "VRAI", "VERDADERO", "VERO", "PRAWDA", "GWIR", "TRUE")),
        *((w, "false") for w in ("FALSCH", "FAUX", "FALSO", "FAŁSZ", "GAU", "ANWIR", "FALSE")),
    ],
)
def test_yes_and_no_are_read_as_spreadsheets_of_other_countries_write_them(words: str, meant: str) -> None:
    assert cells.settle(Cell("text", words), Column(FIELDS["verified"])) == meant
