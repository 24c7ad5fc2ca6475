"""Spreadsheets: what is filled in comes back as it was meant, what is not clear is asked, and nothing breaks the reader."""

import io
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openpyxl.utils import get_column_letter
from portal.cli import commands
from portal.cli.arguments import PROBLEMS, USAGE
from portal.core import settings as config
from portal.core.problems import PortalError
from portal.data import packages
from portal.importers.spreadsheets import form_files, forms, ods, readings, spreadsheet, unpacking, workbooks
from portal.importers.spreadsheets.cells import settle
from portal.importers.spreadsheets.grid import Cell
from portal.importers.spreadsheets.readings import CellFault, CellQuestion, Column, ReadRow
from portal.importers.spreadsheets.spreadsheet import ImportQuestion
from project import ROOT, examples, tree_of
from workbook_files import (
    CACHED,
    ERROR,
    FORMULA,
    KINDS,
    NEW,
    OBSERVATIONS,
    QUIET,
    Raw,
    Styled,
    changed,
    new_row,
    observation,
    ods_cell,
    ods_of,
    planned,
    problems,
    rows_of,
    typed,
    written,
)

pytestmark = pytest.mark.usefixtures("read_once")


@pytest.fixture
def percents(tiny: Path) -> Path:
    """The tiny portal, in which the indicator bikes is a percentage."""
    path = tiny / "data_packages/figures/data/indicators.csv"
    path.write_text(path.read_text().replace("Bicycles stolen.,count", "Bicycles stolen.,percent"))
    return tiny


# --- there and back


def filled(root: Path, package: str, kind: str, folder: Path) -> Path:
    """The template of a package with the package's own rows in it."""
    told = config.load(root)
    found, _ = packages.read_all(root, told.packages)
    paths = form_files.write(forms.form(package, found, told), folder)
    path = next(p for p in paths if p.suffix == f".{kind}")
    tables = next(p for p in found if p.name == package).tables
    rows = {
        name: [[typed(f, r[f["name"]]) for f in t.schema.fields] for _, r in t.records]
        for name, t in tables.items()
    }
    if kind == "xlsx":
        book = openpyxl.load_workbook(path)
        for name, own in rows.items():
            for row in own:
                book[name].append(row)
        book.save(path)
        return path

    def insert(content: str) -> str:
        for name, own in rows.items():
            body = "".join(f"<table:table-row>{''.join(map(ods_cell, r))}</table:table-row>" for r in own)
            at = content.index("</table:table-row>", content.index(f'<table:table table:name="{name}">'))
            at += len("</table:table-row>")
            content = content[:at] + body + content[at:]
        return content

    return changed(path, "content.xml", insert)


def test_a_template_with_the_rows_of_its_package_changes_nothing(
    project: Path, tmp_path: Path, kind: str
) -> None:
    for package in (p for p in config.load(project).packages if p != "releases"):  # where no row is yet
        plan = planned(project, filled(project, package, kind, tmp_path / "made"), package, replaced=True)
        assert plan.files == {}, (package, plan.report)
        assert " 0 added, 0 changed, 0 removed" in "\n".join(plan.report)


def test_a_csv_of_the_package_changes_nothing(project: Path) -> None:
    for path in sorted(project.glob("data_packages/*/data/*.csv")):
        plan = planned(project, path, path.parts[-3], resource=path.stem, replaced=True)
        assert plan.files == {}, (path, plan.report)


@pytest.mark.thorough
def test_a_template_of_the_real_figures_changes_nothing(tmp_path: Path) -> None:
    plan = planned(ROOT, filled(ROOT, "figures-2016", "ods", tmp_path), "figures-2016")
    assert plan.files == {}, plan.report
    assert "observations: 0 added, 0 changed, 0 removed, 119 as before." in plan.report


def test_an_untouched_template_is_nothing_to_import(project: Path, tmp_path: Path, kind: str) -> None:
    told = config.load(project)
    found, _ = packages.read_all(project, told.packages)
    path = next(
        p for p in form_files.write(forms.form("figures", found, told), tmp_path) if p.suffix == f".{kind}"
    )
    plan = planned(project, path, replaced=True)
    assert plan.files == {}
    assert plan.report == ("No sheet has rows below the names of its columns.",)


def test_a_template_says_what_may_stand_where(project: Path, tmp_path: Path) -> None:
    assert commands.main(["--project", str(project), "template", "figures", "--folder", str(tmp_path)]) == 0
    book = openpyxl.load_workbook(tmp_path / "figures.xlsx")
    assert book.sheetnames == [
        "How to fill in",
        "indicators",
        "observations",
        "claims",
        "breaks",
        "targets",
        "Lists",
    ]
    sheet = book["observations"]
    assert tuple(c.value for c in sheet[1]) == OBSERVATIONS
    lists = {str(d.sqref).partition("2:")[0]: d.formula1 for d in sheet.data_validations.dataValidation}
    assert lists["G"] == '"p,r,c,x,z,low,e,b"'
    assert lists["A"].startswith('"thefts,bikes,calls,abuse')
    assert "Must be filled in." in sheet["A1"].comment.text
    assert [sheet.column_dimensions[c].number_format for c in "ACF"] == ["@", "yyyy-mm-dd", "General"]
    told = {(row[0], row[1]): row for row in book["How to fill in"].iter_rows(values_only=True)}
    assert told["observations", "value"][2:] == (
        "The figure; empty where the status says why",
        "no",
        "Only a number, without a sign or unit.",
        "120",
    )
    with zipfile.ZipFile(tmp_path / "figures.ods") as made:
        content = made.read("content.xml").decode()
    assert content.count("<table:content-validation ") == sum(
        len(s.data_validations.dataValidation) for s in book
    )
    assert content.count("<office:annotation>") == sum(len(list(book[s][1])) for s in book.sheetnames[1:-1])


def test_the_same_template_is_the_same_file(project: Path, tmp_path: Path) -> None:
    told = config.load(project)
    found, _ = packages.read_all(project, told.packages)
    made = [form_files.write(forms.form("plan", found, told), tmp_path / n) for n in ("a", "b")]
    assert [p.read_bytes() for p in made[0]] == [p.read_bytes() for p in made[1]]


def test_a_template_of_no_package_is_a_problem(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["--project", str(project), "template", "figure"]) == PROBLEMS
    assert "Did you mean figures?" in capsys.readouterr().err


# --- where the table stands


@pytest.mark.parametrize("ending", [*KINDS, "csv"])
def test_titles_and_notes_above_the_header_are_passed_over(
    project: Path, tmp_path: Path, ending: str
) -> None:
    heads = [
        "Indicator",
        "AREA",
        "Period start",
        "Last day",
        "Type",
        " Value ",
        "Status",
        "source",
        "locator",
    ]
    sheet = [["Thefts of bicycles"], [], ["Prepared for the board", "", "Value"], heads, observation()[1]]
    plan = planned(project, written(tmp_path / f"q.{ending}", {"Bicycles": sheet}))
    assert new_row(plan) == {c: str(NEW.get(c, "")) for c in OBSERVATIONS}
    assert "observations: 1 added, 0 changed, 0 removed, 23 as before." in plan.report


def test_several_sheets_of_a_template_are_read_together(project: Path, tmp_path: Path, kind: str) -> None:
    breaks = [
        ["indicator", "date", "title", "explanation", "source", "locator"],
        ["bikes", date(2019, 3, 1), "New", "New way.", "report", "Table 2"],
    ]
    path = written(
        tmp_path / f"q.{kind}",
        {
            "How to fill in": [["indicator", "value"]],
            "Observations": observation(),
            "breaks": breaks,
            "Notes": [["Hello"]],
        },
    )
    plan = planned(project, path)
    assert sorted(p.stem for p in plan.files) == ["breaks", "observations"]
    assert "Sheet Notes is left out." in plan.report


def test_a_column_that_nobody_knows_is_a_problem_at_its_cell(
    project: Path, tmp_path: Path, kind: str
) -> None:
    head, row = observation()
    path = written(
        tmp_path / f"q.{kind}", {"Hate crime": [[*head[:5], "vale", *head[6:], ""], [*row, "stray"]]}
    )
    told = problems(project, path)
    assert f"q.{kind}, sheet Hate crime, cell F1" in told
    assert "Did you mean value?" in told
    assert f"q.{kind}, sheet Hate crime, cell J2\n  Found: The column J has cells but no name." in told


def test_a_header_that_is_not_there_twice_or_without_its_key_is_a_problem(
    project: Path, tmp_path: Path, kind: str
) -> None:
    path = tmp_path / f"q.{kind}"
    assert "No row of the first 40 names" in problems(
        project, written(path, {"observations": [["a"], ["b"]]})
    )
    assert "There is no filled sheet" in problems(project, written(path, {"S": []}))
    assert "is there twice" in problems(project, written(path, {"S": [["value", *observation()[0]]]}))
    assert "The column area is missing" in problems(
        project, written(path, {"S": [["indicator", "period_start", "value"]]})
    )


def test_equal_sheets_and_tables_have_to_be_named(project: Path, tmp_path: Path, kind: str) -> None:
    path = written(tmp_path / f"q.{kind}", {"One": observation(), "Two": observation(value=51)})
    assert "Several sheets fit equally well: One and Two." in problems(project, path)
    assert new_row(planned(project, path, sheet="Two"))["value"] == "51"
    assert "Did you mean Two?" in problems(project, path, sheet="Twoo")
    both = written(
        tmp_path / f"b.{kind}", {"S": [["indicator", "title", "source", "locator"], ["x", "y", "z", "w"]]}
    )
    assert "The header fits several tables of the package: breaks and targets." in problems(project, both)
    assert "has no table “break”" in problems(project, both, resource="break")
    assert "Did you mean figures?" in problems(project, both, package="figure")


def test_a_sheet_with_fewer_columns_keeps_what_the_package_has(
    project: Path, tmp_path: Path, kind: str
) -> None:
    sheet = [
        ["indicator", "area", "period start", "period end", "type", "value"],
        ["thefts", "E09999999", date(2019, 7, 1), date(2020, 6, 30), None, 170],
    ]
    plan = planned(project, written(tmp_path / f"q.{kind}", {"S": sheet}))
    assert rows_of(plan)[1] | {"value": "161"} == dict(
        zip(
            OBSERVATIONS,
            ["thefts", "E09999999", "2019-07-01", "2020-06-30", "", "161", "p", "report", "Table 1"],
            strict=True,
        )
    )
    assert "  changed: thefts, E09999999, 2019-07-01, 2020-06-30: value 161 → 170" in plan.report
    assert any("has no column status, source, locator" in line for line in plan.report)


# --- what spreadsheets do to data


@pytest.mark.parametrize(
    ("column", "value", "wanted"),
    [
        ("period_end", date(2021, 6, 30), "2021-06-30"),
        ("period_end", "30/06/2021", "2021-06-30"),
        ("period_end", "06/30/2021", "2021-06-30"),
        ("period_end", "30 June 2021", "2021-06-30"),
        ("period_end", "Wednesday 30th June 2021", "2021-06-30"),
        ("period_end", "Jun 30, 2021", "2021-06-30"),
        ("period_end", "2021-06-30 00:00:00", "2021-06-30"),
        ("period_end", "30.6.2021", "2021-06-30"),
        ("value", 36.0, "36"),
        ("value", 0.1 + 0.2, "0.3"),
        ("value", Styled(12.500000000000002, "0.0", "12.5"), "12.5"),
        ("value", Styled(1234.0, "#,##0", "1,234"), "1234"),
        ("value", "1,234", "1234"),
        ("value", "\u00a012 345 ", "12345"),
        ("value", "£1,234.50", "£1,234.50"),
        ("value", CACHED, "50"),
        ("locator", "  Table\u00a01\n", "Table 1"),
        ("locator", 7.0, "7"),
        ("locator", Styled(7, "000", "007"), "007"),
        ("value", "[x]", ""),
        ("indicator", " bikes ", "bikes"),
    ],
)  # fmt: skip
def test_what_is_certain_is_undone(
    project: Path, tmp_path: Path, kind: str, column: str, value: object, wanted: str
) -> None:
    path = written(tmp_path / f"q.{kind}", {"S": observation(**{column: value})})
    if column == "value" and wanted.startswith("£"):  # a count is no money
        assert "cell F2" in problems(project, path)
        return
    row = new_row(planned(project, path, assumed=("scale=as-written",)))
    assert row[column] == wanted
    assert row["status"] == ("x" if value == "[x]" else "")


@pytest.mark.parametrize("value", [Styled(0.125, "0.0%", "12.5%"), "12.5%", "12.50 %"])
def test_a_percentage_is_its_number_where_the_unit_is_percent(
    percents: Path, tmp_path: Path, kind: str, value: object
) -> None:
    row = new_row(planned(percents, written(tmp_path / f"q.{kind}", {"S": observation(value=value)})))
    assert Decimal(row["value"]) == Decimal("12.5")


def test_dates_of_old_excel_for_mac(project: Path, tmp_path: Path) -> None:
    path = written(tmp_path / "q.xlsx", {"S": observation(period_end=Styled(42915, "yyyy-mm-dd", ""))})
    changed(path, "xl/workbook.xml", lambda s: re.sub(r"<workbookPr\b", '<workbookPr date1904="1"', s))
    assert new_row(planned(project, path))["period_end"] == "2021-06-30"


def test_months_that_a_spreadsheet_made_into_days_are_months_again(
    project: Path, tmp_path: Path, kind: str
) -> None:
    targets: list[list[object]] = [["id", "due"], ["target-1", Styled(date(2020, 6, 1), "mmm-yy", "Jun-20")]]
    assert planned(project, written(tmp_path / f"q.{kind}", {"targets": targets})).files == {}
    targets[1][1] = Styled(date(2020, 6, 1), "dd/mm/yyyy", "01/06/2020")
    told = problems(project, written(tmp_path / f"q.{kind}", {"targets": targets}))
    assert "sheet targets, cell B2\n  Found: The spreadsheet has turned this cell into a date" in told


def test_a_telephone_number_gets_its_zero_and_spaces_back(project: Path, tmp_path: Path, kind: str) -> None:
    """0800 000 0000 became 8000000000, which is only certain because the package has that number."""
    sheet = [["id", "phone"], ["helpline-1", 8000000000]]
    assert planned(project, written(tmp_path / f"q.{kind}", {"services": sheet}), "services").files == {}


def test_booleans_and_choices_are_written_as_the_table_has_them(
    project: Path, tmp_path: Path, kind: str
) -> None:
    sheet = [["id", "sensitive", "polarity", "protected"], ["thefts", True, "Higher is better", "No"]]
    row = rows_of(planned(project, written(tmp_path / f"q.{kind}", {"indicators": sheet})))[0]
    assert (row["sensitive"], row["polarity"], row["protected"]) == ("true", "higher-is-better", "false")
    routes = [["id", "anonymous"], ["online-form", True]]
    assert planned(project, written(tmp_path / f"r.{kind}", {"routes": routes}), "routes").files == {}


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("value", ERROR, "The cell shows the error #REF!."),
        ("value", FORMULA, "The cell has a formula whose result is not in the file."),
        ("value", date(2019, 5, 9), "The spreadsheet has turned this cell into a date: 2019-05-09."),
        ("value", "1,5", "“1,5” has a comma before the decimals."),
        ("value", "lots", "“lots”"),
        ("value", True, "is not a number"),
        ("value", None, "There is no figure, and no status says why."),
        ("area", "E09999900", "“E09999900” is not among the areas."),
        ("period_end", "31/02/2019", "“31/02/2019”"),
        ("period_end", date(2017, 6, 30), "The period ends before it begins"),
        ("locator", date(2019, 5, 9), "The spreadsheet has turned this cell into a date: 2019-05-09."),
        ("locator", 12345678901234567890, "is longer than the numbers that spreadsheets keep whole"),
        ("locator", "<b>", "“<b>” contains HTML or Markdown."),
        ("source", "reprot", "Did you mean report?"),
    ],
)  # fmt: skip
def test_a_mistake_names_its_sheet_and_cell(
    project: Path, tmp_path: Path, kind: str, column: str, value: object, words: str
) -> None:
    path = written(tmp_path / f"q.{kind}", {"Hate crime": [["Title"], *observation(**{column: value})]})
    letter = get_column_letter(OBSERVATIONS.index(column) + 1)
    told = problems(project, path)
    assert f"q.{kind}, sheet Hate crime, cell {letter}3\n" in told
    assert words in told


def test_a_mistake_in_a_csv_names_its_row_and_column(project: Path, tmp_path: Path) -> None:
    told = problems(project, written(tmp_path / "q.csv", {"": observation(value="lots", source="reprot")}))
    assert "q.csv, row 2, column value\n" in told
    assert "q.csv, row 2, column source\n" in told


def test_all_mistakes_are_told_at_once(project: Path, tmp_path: Path, kind: str) -> None:
    head, row = observation(value=ERROR)
    more = [
        observation(period_start="03/04/2018")[1],
        observation(period_start=date(2017, 7, 1), period_end="soon")[1],
    ]
    more[0][OBSERVATIONS.index("source")] = "reprot"
    told = problems(project, written(tmp_path / f"q.{kind}", {"S": [head, row, *more]}))
    for cell in ("F2", "C3", "H3", "D4"):
        assert f"sheet S, cell {cell}\n" in told


def test_two_rows_for_the_same_thing_are_a_problem(project: Path, tmp_path: Path, kind: str) -> None:
    head, row = observation()
    told = problems(project, written(tmp_path / f"q.{kind}", {"S": [head, row, row]}))
    assert f"q.{kind}, sheet S, row 3\n  Found: An earlier row has the same indicator" in told


READ_HIDDEN = ("hidden-rows=read", "hidden-columns=read")


def test_merged_cells_are_a_problem_and_hidden_ones_are_mentioned(project: Path, tmp_path: Path) -> None:
    path = written(tmp_path / "q.xlsx", {"S": [["Title"], *observation()]})
    book = openpyxl.load_workbook(path)
    sheet = book["S"]
    sheet.merge_cells("A1:F1")
    sheet.row_dimensions[3].hidden = True
    sheet.column_dimensions["G"].hidden = True
    book.create_sheet("Other")
    sheet.sheet_state = "hidden"
    book.save(path)
    told = planned(project, path, sheet="S", assumed=READ_HIDDEN).report
    assert "Sheet S is hidden. It is read because --sheet names it." in told
    sheet.merge_cells("F3:F5")
    book.save(path)
    assert "sheet S, cell F3\n  Found: The cells F3:F5 are merged" in problems(project, path, sheet="S")


def test_merged_and_hidden_cells_of_ods(project: Path, tmp_path: Path) -> None:
    head, row = observation()
    cells_ = "".join(map(ods_cell, row))
    lines = "".join(f"<table:table-row>{''.join(map(ods_cell, r))}</table:table-row>" for r in (head,))
    hidden = '<table:table-column table:number-columns-repeated="6"/><table:table-column table:visibility="collapse"/>'
    body = f'<table:table table:name="S" table:style-name="t">{hidden}{lines}<table:table-row table:visibility="filter">{cells_}</table:table-row></table:table>'
    style = '<style:style style:name="t" style:family="table"><style:table-properties table:display="false"/></style:style>'
    path = tmp_path / "q.ods"
    path.write_bytes(ods_of(body, styles=style))
    told = "\n".join(planned(project, path, sheet="S", assumed=READ_HIDDEN).report)
    assert "Sheet S is hidden" in told
    path.write_bytes(
        ods_of(
            body.replace("<table:table-cell office", '<table:table-cell table:number-rows-spanned="2" office')
        )
    )
    assert "sheet S, cell A1\n  Found: The cells A1:A2 are merged" in problems(project, path, sheet="S")


def test_repeated_cells_of_ods_do_not_move_the_rows_below(tmp_path: Path) -> None:
    """A row counts once, however often one of its cells is repeated."""
    repeated = ods_cell("x").replace(
        "<table:table-cell", '<table:table-cell table:number-columns-repeated="3"'
    )
    rows = f"<table:table-row>{repeated}</table:table-row><table:table-row>{ods_cell('y')}</table:table-row>"
    (sheet,) = ods.sheets("q.ods", ods_of(f'<table:table table:name="S">{rows}</table:table>'))
    assert {place: cell.text for place, cell in sheet.cells.items()} == {
        (1, 1): "x", (1, 2): "x", (1, 3): "x", (2, 1): "y",
    }  # fmt: skip


# --- questions


QUESTIONS = [
    ("dates", "period_start", "07/01/2020", {"day-first": "2020-01-07", "month-first": "2020-07-01"}),
    ("serials", "period_end", 44377, {"1900": "2021-06-30", "1904": "2025-07-01"}),
    ("missing:n/a", "value", "n/a", {"x": "", "z": "", "c": ""}),
    ("nothing:nil", "value", "Nil", {"0": "0", "x": "", "z": "", "c": ""}),
    ("percent", "value", Styled(0.5, "0%", "50%"), {"shown": "50", "stored": "0.5"}),
    ("percent", "value", "50%", {"shown": "50", "stored": "0.5"}),
    ("decimals", "value", Styled(12.3456, "0.0", "12.3"), {"shown": "12.3", "stored": "12.3456"}),
]


@pytest.mark.parametrize(
    ("key", "column", "value", "answers"), QUESTIONS, ids=lambda v: v if isinstance(v, str) else ""
)
def test_what_is_not_certain_is_asked_once(
    tiny: Path, tmp_path: Path, kind: str, key: str, column: str, value: object, answers: Mapping[str, str]
) -> None:
    indicators = tiny / "data_packages/figures/data/indicators.csv"
    indicators.write_text(
        indicators.read_text().replace("year-to", "rolling-months").replace(",bars,", ",none,")
    )
    head, row = observation(**{column: value})
    other = observation(**{"period_end": date(2022, 6, 30), column: value})[1]
    if column == "period_end":
        other[2] = date(2015, 7, 1)
    path = written(tmp_path / f"q.{kind}", {"Hate crime": [head, row, other]})
    letter = get_column_letter(OBSERVATIONS.index(column) + 1)
    told = problems(tiny, path)
    assert f"sheet Hate crime, cell {letter}2 and 1 more" in told
    asked: list[ImportQuestion] = []
    for answer, wanted in answers.items():
        assert f"--assume {key}={answer}" in told
        if wanted == "2020-01-07":  # then the period is no whole number of months
            assert "2020-01-07 to 2021-06-30 is not of the kind" in problems(
                tiny, path, assumed=(f"{key}={answer}",)
            )
            continue
        if wanted == "2025-07-01":
            assert "2025-07-01 is not of the kind" in problems(tiny, path, assumed=(f"{key}={answer}",))
            continue

        def choose(question: ImportQuestion, answer: str = answer) -> str:
            asked.append(question)
            return answer

        sure = ("scale=as-written",)  # that a count has decimals is asked too
        given = planned(tiny, path, assumed=(f"{key}={answer}", *sure))
        for plan in (given, planned(tiny, path, ask=choose, assumed=sure)):
            made = [r for r in rows_of(plan) if r["locator"] == "Table 1" and r["source"] == "report"][-2:]
            assert made[0][column] == wanted
            assert made[0]["status"] == (answer if wanted == "" else "")
    assert {q.key for q in asked} == {key}
    assert set(asked[0].answers) == set(answers)


def test_a_telephone_number_that_may_have_lost_a_zero_is_asked_about(
    project: Path, tmp_path: Path, kind: str
) -> None:
    path = written(tmp_path / f"q.{kind}", {"services": [["id", "phone"], ["helpline-1", 2079460000]]})
    told = problems(project, path, package="services")
    assert "--assume zeros=add (yes, it is 02079460000), or --assume zeros=keep" in told
    added = planned(project, path, "services", assumed=("zeros=add",))
    assert rows_of(added)[0]["phone"] == "02079460000"
    with pytest.raises(PortalError, match="with the first 0"):  # nobody can dial it without one
        planned(project, path, "services", assumed=("zeros=keep",))


def test_a_mark_beside_a_status_needs_no_question(project: Path, tmp_path: Path, kind: str) -> None:
    for mark in ("n/a", "-", "–", "..", "not available"):
        path = written(tmp_path / f"q.{kind}", {"S": observation(value=mark, status="z")})
        row = new_row(planned(project, path))
        assert (row["value"], row["status"]) == ("", "z")


@pytest.mark.parametrize("digits", ["٥٠", "5_0", "५०"])
def test_a_number_in_other_digits_inside_the_file_is_refused(
    project: Path, tmp_path: Path, kind: str, digits: str
) -> None:
    value = Raw(
        f"><v>{digits}</v>",
        f'office:value-type="float" office:value="{digits}"><text:p>{digits}</text:p>',
    )
    assert "damaged" in problems(project, written(tmp_path / f"q.{kind}", {"S": observation(value=value)}))


@pytest.mark.parametrize(
    ("value", "status"),
    [("[c]", "x"), ("c", "x"), ("withheld", "x"), ("suppressed", "x"), ("[x]", "c"), ("[low]", "c"), ("[low]", "z"), ("[z]", "x"), ("[c]", "p")],
)  # fmt: skip
def test_a_mark_that_contradicts_the_status_is_a_problem(
    project: Path, tmp_path: Path, value: str, status: str
) -> None:
    path = written(tmp_path / "q.xlsx", {"S": observation(value=value, status=status)})
    told = problems(project, path)
    assert f"and the status is {status}." in told
    assert "q.xlsx, sheet S, cell F2" in told


@pytest.mark.parametrize(("value", "status"), [("[c]", "c"), ("withheld", "c"), ("[x]", "not available")])
def test_a_mark_that_says_what_the_status_says_is_taken(
    project: Path, tmp_path: Path, value: str, status: str
) -> None:
    row = new_row(
        planned(project, written(tmp_path / "q.xlsx", {"S": observation(value=value, status=status)}))
    )
    assert (row["value"], row["status"]) == ("", "c" if status == "c" else "x")


def test_marks_that_mean_different_things_are_asked_about_one_by_one(
    project: Path, tmp_path: Path, kind: str
) -> None:
    head, row = observation(value="n/a")
    path = written(
        tmp_path / f"q.{kind}",
        {
            "S": [
                head,
                row,
                observation(value="-", period_start=date(2021, 7, 1), period_end=date(2022, 6, 30))[1],
            ]
        },
    )
    told = planned(project, path, assumed=("missing:n/a=z", "missing=x"))
    assert [r["status"] for r in rows_of(told)[-2:]] == ["z", "x"]


def test_an_answer_to_no_question_is_a_problem(project: Path, tmp_path: Path) -> None:
    path = written(tmp_path / "q.csv", {"": observation()})
    told = problems(project, path, assumed=("date=day-first", "dates=dayfirst"))
    assert "Did you mean dates?" in told
    assert "Write one of: day-first, month-first." in told


def test_the_terminal_is_asked_only_where_there_is_one(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path / "q.xlsx", {"Hate crime": observation(value="n/a")})
    command = ["--project", str(tiny), "import", "table", str(path), "--package", "figures"]
    assert commands.main(command) == PROBLEMS
    assert "--assume missing:n/a=x" in capsys.readouterr().err
    answers = iter(["7", "1", "y"])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda words: next(answers))
    assert commands.main(command) == 0
    told = capsys.readouterr().out
    assert "sheet Hate crime, cell F2: “n/a” is there instead of a figure." in told
    assert "Written: data_packages/figures/data/observations.csv" in told
    assert (
        (tiny / "data_packages/figures/data/observations.csv")
        .read_text()
        .endswith("2020-07-01,2021-06-30,,,x,report,Table 1\n")
    )


# --- what is written


def test_rows_stay_unless_the_sheet_is_said_to_be_the_whole_table(
    project: Path, tmp_path: Path, kind: str
) -> None:
    head = ["indicator", "date", "title", "explanation", "source", "locator"]
    path = written(
        tmp_path / f"q.{kind}",
        {"breaks": [head, ["bikes", date(2019, 1, 1), "Other", "Other.", "report", "Table 1"]]},
    )
    kept = planned(project, path)
    assert [r["date"] for r in rows_of(kept)] == ["2018-01-01", "2019-01-01"]
    assert (
        "  Rows of the package that are not in the sheet stay: 1. --replace would remove them." in kept.report
    )
    gone = planned(project, path, replaced=True)
    assert [r["date"] for r in rows_of(gone)] == ["2019-01-01"]
    assert "breaks: 1 added, 0 changed, 1 removed, 0 as before." in gone.report
    assert "  removed: bikes, 2018-01-01" in gone.report


def test_nothing_is_written_before_yes_and_the_file_is_replaced_whole(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path / "q.ods", {"S": observation()})
    command = ["--project", str(tiny), "import", "table", str(path), "--package", "figures"]
    before = tree_of(tiny / "data_packages")
    assert commands.main(command) == 0
    assert "Nothing was written. Add --yes" in capsys.readouterr().out
    assert tree_of(tiny / "data_packages") == before
    assert commands.main([*command, "--yes"]) == 0
    after = tree_of(tiny / "data_packages")
    assert {n for n in after if after[n] != before.get(n)} == {"figures/data/observations.csv"}
    assert commands.main([*command, "--yes"]) == 0
    assert "The tables already contain this. Nothing was written." in capsys.readouterr().out


def test_a_small_count_does_not_get_past_disclosure_control(project: Path, tmp_path: Path, kind: str) -> None:
    row = {
        "indicator": "rec-abuse",
        "area": "E09999999",
        "period_start": date(2020, 1, 1),
        "period_end": date(2020, 12, 31),
        "value": 3,
        "source": "returns",
        "locator": "T",
    }
    path = written(tmp_path / f"q.{kind}", {"S": [list(row), list(row.values())]})
    assert "that must be protected is under" in problems(project, path, package="recorded")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["table", "x.xlsx"], "required: --package"),
        (["mps-ward", "x.csv"], "required: --source"),
        (["table", "x.xlsx", "--package", "p", "--source", "s"], "--source does not go with the format table"),
        (["mps-ward", "x.csv", "--source", "s", "--sheet", "S", "--replace"], "--sheet, --replace does not go with"),
    ],
)  # fmt: skip
def test_options_that_do_not_fit_are_told(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as done:
        commands.main(["import", *arguments])
    assert done.value.code == USAGE
    assert words in capsys.readouterr().err


def test_one_file_at_a_time(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        commands.main(
            ["--project", str(project), "import", "table", "a.csv", "b.csv", "--package", "figures"]
        )
        == PROBLEMS
    )
    assert "one file at a time" in capsys.readouterr().err


# --- hostile files


def zipped(members: Mapping[str, bytes | str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in members.items():
            new.writestr(name, content)
    return out.getvalue()


ENTITIES = "<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'>" + "".join(f"<!ENTITY {b} '{f'&{a};' * 10}'>" for a, b in zip("abcdefghi", "bcdefghij", strict=True)) + "]>"  # fmt: skip
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500)
WRONG_FILES: Mapping[str, tuple[bytes, str]] = {
    "nothing": (b"", "empty"),
    "old.xls": (OLE, "old versions of Excel"),
    "locked.xlsx": (OLE + "EncryptedPackage".encode("utf-16-le"), "locked with a password"),
    "web.xls": (b"\xef\xbb\xbf <html><table><tr><td>1</td></tr></table></html>", "web page"),
    "flat.xml": (b"<?xml version='1.0'?><Workbook/>", "XML and not a spreadsheet"),
    "paper.pdf": (b"%PDF-1.7 ...", "PDF"),
    "archive.zip": (zipped({"a.csv": "a,b"}), "zip archive"),
    "text.odt": (zipped({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": "<a/>"}), "not a spreadsheet"),
    "binary.xlsb": (zipped({"[Content_Types].xml": "<a/>", "xl/workbook.bin": "x"}), "binary workbook"),
    "locked.ods": (zipped({"content.xml": "x", "META-INF/manifest.xml": "<m:encryption-data/>"}), "locked with a password"),
    "path.xlsx": (zipped({"[Content_Types].xml": "<a/>", "xl/a.xml": "<a/>", "../../x.xml": "<a/>"}), "point outside"),
    "slash.xlsx": (zipped({"/etc/passwd": "<a/>"}), "point outside"),
    "many.xlsx": (zipped({f"xl/{n}.xml": "" for n in range(1_200)}), "1,200 parts"),
    "bomb.xlsx": (zipped({"[Content_Types].xml": "<a/>", "xl/a.xml": bytes(24_000_000)}), "would be larger than"),
    "spread.xlsx": (zipped({f"xl/{n}.bin": b"ab" * 2_400_000 for n in range(12)}), "would be larger than"),
    "entities.xlsx": (zipped({"[Content_Types].xml": ENTITIES + "<a>&j;</a>", "xl/a.xml": "<a/>"}), "declarations"),
    "entities.ods": (ods_of("&j;", ENTITIES), "declarations"),
    "utf16.ods": (ods_of("").replace(b"", b""), "no filled sheet"),
    "coded.xlsx": (zipped({"[Content_Types].xml": "<?xml version='1.0' encoding='cp037'?><a/>", "xl/a.xml": "<a/>"}), "UTF-8"),
    "tags.xlsx": (zipped({"[Content_Types].xml": "<a/>", "xl/a.xml": "<c/><d k=''/>" * 1_100_000}), ""),
    "deep.ods": (ods_of("<table:table>" * 3_000), "damaged"),
    "far.ods": (ods_of(f'<table:table table:name="S"><table:table-row table:number-rows-repeated="1048576">{ods_cell("x")}</table:table-row></table:table>'), "beyond row"),
    "wide.ods": (ods_of('<table:table table:name="S"><table:table-row><table:table-cell table:number-columns-repeated="99999999" office:value-type="string"><text:p>x</text:p></table:table-cell></table:table-row></table:table>'), "beyond row"),
    "spaces.ods": (ods_of(f'<table:table table:name="S"><table:table-row><table:table-cell office:value-type="string"><text:p>{"<text:s text:c=" + chr(34) + "999999999" + chr(34) + "/>"}</text:p></table:table-cell></table:table-row></table:table>'), "no filled sheet"),
    "long.csv": (b"a,b\n" + b"x" * 40_000 + b",y\n", "more than 32,767 characters"),
    "rows.csv": (b"indicator,value\n" + b"a,1\n" * 60_000, "beyond row"),
    "latin.csv": ("indicator,value\nCafé,1\n".encode("latin-1"), "UTF-8"),
    "truncated.xlsx": (b"PK\x03\x04" + bytes(30), "cannot be unpacked"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG_FILES)
def test_a_file_that_is_no_table_is_a_problem_with_a_remedy(project: Path, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(WRONG_FILES[name][0])
    told = problems(project, path)
    assert WRONG_FILES[name][1] in told
    assert name in told
    assert "To do: " in told


def test_what_is_not_there_or_too_large_is_a_problem(project: Path, tmp_path: Path) -> None:
    assert "not there" in problems(project, tmp_path / "none.xlsx")
    with (tmp_path / "big.csv").open("wb") as big:
        big.truncate(unpacking.LARGEST_FILE + 1)
    assert "larger than 10 MB" in problems(project, tmp_path / "big.csv")


def hostile_xlsx(path: Path, rows: str, rest: str = "") -> Path:
    """A workbook whose only sheet is written by hand."""
    written(path, {"S": [["x"]]})
    return changed(
        path,
        "xl/worksheets/sheet1.xml",
        lambda s: re.sub(r"<sheetData>.*</sheetData>", f"<sheetData>{rows}</sheetData>{rest}", s),
    )


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("merged", lambda p: hostile_xlsx(p, "", '<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>')),
        ("linked", lambda p: hostile_xlsx(p, "", '<hyperlinks><hyperlink ref="A1:XFD1048576"/></hyperlinks>')),
        ("far", lambda p: hostile_xlsx(p, '<row r="99999999999"><c r="A99999999999"><v>1</v></c></row>')),
        ("cells", lambda p: hostile_xlsx(p, "<row>" + "<c/>" * 1_700_000 + "</row>")),
        ("infinite", lambda p: hostile_xlsx(p, '<row r="1"><c r="A1"><v>1e999</v></c></row>')),
        ("zeros", lambda p: p.write_bytes(zipped({"[Content_Types].xml": "<a/>", "xl/a.xml": bytes(100_000_000)})) and p),
        ("rows", lambda p: p.with_suffix(".ods").write_bytes(ods_of('<table:table table:name="S">' + "<table:table-row><table:table-cell/></table:table-row>" * 350_000 + "</table:table>")) and p.with_suffix(".ods")),
        ("filled", lambda p: p.with_suffix(".ods").write_bytes(ods_of(f'<table:table table:name="S"><table:table-row table:number-rows-repeated="2000">{ods_cell("x" * 30_000) * 190}</table:table-row></table:table>')) and p.with_suffix(".ods")),
    ],
)  # fmt: skip
def test_memory_stays_small(
    tmp_path: Path, name: str, make: Callable[[Path], Path], record_property: Callable[[str, object], None]
) -> None:
    path = make(tmp_path / f"{name}.xlsx")
    code = (
        "import re, sys\nfrom pathlib import Path\nfrom portal.importers.spreadsheets import workbooks\nfrom portal.core.problems import PortalError\n"
        "try:\n    workbooks.read(Path(sys.argv[1]))\nexcept PortalError as error:\n    print(error)\n"
        # On Linux, `ru_maxrss` of a new process begins with the memory of the one that started it. VmHWM does not.
        "print('peak', int(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1]) // 1024)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    peak = int(done.stdout.rsplit("peak ", 1)[1])
    record_property("counted megabytes that reading a hostile spreadsheet took (max)", peak)
    assert peak < 500


@pytest.fixture(scope="module")
def good(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, bytes]:
    """Each kind of file with the rows of a package."""
    folder = tmp_path_factory.mktemp("good")
    own = (project / "data_packages/figures/data/observations.csv").read_bytes()
    return {k: filled(project, "figures", k, folder).read_bytes() for k in KINDS} | {"csv": own}


def harmless(path: Path) -> None:
    """The file is read, or is a problem with a remedy; nothing else may come of it."""
    try:
        workbooks.read(path)
    except PortalError as error:
        assert error.problems
        assert all(p.file and p.message and p.fix for p in error.problems)


def test_no_damage_to_the_bytes_breaks_the_reader(
    good: Mapping[str, bytes], tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    tried = 0

    @settings(QUIET, max_examples=examples(150))
    @given(
        st.sampled_from([*good]),
        st.integers(0, 10**6),
        st.integers(0, 40),
        st.binary(max_size=8),
        st.booleans(),
    )
    def damage(kind: str, at: int, cut: int, piece: bytes, rest: bool) -> None:
        nonlocal tried
        tried += 1
        whole = good[kind]
        at %= len(whole)
        path = tmp_path / f"q.{kind}"
        path.write_bytes(whole[:at] + piece + (whole[at + cut :] if rest else b""))
        harmless(path)

    damage()
    record_property("counted damaged spreadsheets read", tried)


PARTS = {"xlsx": ("xl/worksheets/sheet3.xml", "xl/workbook.xml", "xl/styles.xml", "xl/sharedStrings.xml", "[Content_Types].xml"), "ods": ("content.xml", "styles.xml", "META-INF/manifest.xml")}  # fmt: skip
PIECES = st.sampled_from(["", "<", ">", '"', "&", "&a;", "\0", "-1", "99999999999", "1e999", "NaN", "<a>", "]]>", "<!--", "é", "true", "s", "A1:XFD1048576", "xmlns=''"])  # fmt: skip


def test_no_damage_inside_the_zip_breaks_the_reader(
    good: Mapping[str, bytes], tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    tried = 0

    @settings(QUIET, max_examples=examples(80))
    @given(
        st.sampled_from([(k, p) for k, parts in PARTS.items() for p in parts]),
        st.integers(0, 10**6),
        st.integers(0, 12),
        PIECES,
    )
    def damage(where: tuple[str, str], at: int, cut: int, piece: str) -> None:
        nonlocal tried
        tried += 1
        kind, part = where
        path = tmp_path / f"q.{kind}"
        path.write_bytes(good[kind])
        changed(path, part, lambda s: s[: at % len(s)] + piece + s[at % len(s) + cut :])
        harmless(path)

    damage()
    record_property("counted damaged spreadsheets read", tried)


ANYTHING = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=12),
    st.integers(-(10**18), 10**18), st.floats(allow_nan=False, allow_infinity=False), st.booleans(), st.none(),
    st.dates(date(1900, 3, 1)), st.sampled_from(["n/a", "-", "12%", "03/04/2016", "£5", "1,234", "−1", "=1+1", "<b>", "[c]", "31/07/2016"]),
    st.builds(lambda v, f: Styled(v, f, "12.5%" if "%" in f else "1"), st.floats(-1e12, 1e12), st.sampled_from(["0%", "0.0%", "0.00", "#,##0", "@", "General", "yyyy-mm-dd", "000"])),
)  # fmt: skip


def test_no_cell_gives_a_traceback(
    project: Path, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    tried = 0

    @settings(QUIET, max_examples=examples(25))
    @given(
        st.sampled_from(KINDS),
        st.dictionaries(st.sampled_from(OBSERVATIONS), ANYTHING, min_size=1, max_size=6),
    )
    @example("xlsx", {"value": 0.02904609801166483})  # more digits than a figure may have
    def cell(kind: str, told: Mapping[str, object]) -> None:
        nonlocal tried
        tried += 1
        path = written(tmp_path / f"q.{kind}", {"S": observation(**told)})
        before = tree_of(project / "data_packages")
        try:
            planned(project, path)
        except PortalError as error:
            assert all(p.file and p.message and p.fix for p in error.problems)
        assert tree_of(project / "data_packages") == before

    cell()
    record_property("counted spreadsheets of arbitrary cells imported", tried)


FIELDS = [
    Column({"name": "value", "type": "number"}), Column({"name": "n", "type": "integer", "constraints": {"minimum": 1}}),
    Column({"name": "d", "type": "date"}), Column({"name": "b", "type": "boolean"}), Column({"name": "phone", "type": "string"}, frozenset({"0800 000 0000"})),
    Column({"name": "s", "type": "string", "constraints": {"enum": ["yes", "no"]}}), Column({"name": "due", "type": "string", "constraints": {"pattern": r"^\d{4}(-\d{2})?$"}}),
]  # fmt: skip
CELLS = st.one_of(
    st.builds(Cell, st.just("text"), st.text(max_size=15)),
    st.builds(lambda n, p, d, w: Cell("number", number=n, percent=p, decimals=d, width=w), st.decimals(allow_nan=False, allow_infinity=False), st.booleans(), st.none() | st.integers(0, 30), st.integers(0, 9)),
    st.builds(lambda d, s: Cell("date", day=d, shows_day=s), st.dates(), st.booleans()),
    st.builds(Cell, st.sampled_from(["boolean", "error"]), st.sampled_from(["true", "false", "#REF!"])), st.just(Cell("formula")), st.none(),
)  # fmt: skip


def test_any_cell_is_text_a_question_or_a_problem(record_property: Callable[[str, object], None]) -> None:
    tried = 0

    @settings(QUIET, max_examples=examples(1_000))
    @given(
        CELLS,
        st.sampled_from(FIELDS),
        st.builds(
            ReadRow,
            st.sampled_from(["", "count", "percent", "pounds"]),
            st.sampled_from(["", "x"]),
            st.sampled_from(["", "12", "abc"]),
        ),
    )
    def cell(told: Cell | None, column: Column, row: ReadRow) -> None:
        nonlocal tried
        tried += 1
        found = settle(told, column, row)
        assert isinstance(found, (str, CellQuestion, CellFault))
        if isinstance(found, CellQuestion):
            known = spreadsheet.QUESTIONS[found.key.partition(":")[0]]
            assert set(found.answers) == set(known)

    cell()
    record_property("counted arbitrary cells of spreadsheets settled", tried)


@pytest.mark.parametrize(
    ("text", "unit", "wanted"),
    [
        ("£1,234.50", "pounds", "1234.50"), ("£ 5", "pounds", "5"), ("-£5", "pounds", "-5"), ("−17.6%", "percent-change", "-17.6"),
        ("+6.5%", "percent-change", "6.5"), ("1 234", "count", "1234"), ("12.50", "count", "12.50"), ("1,23", "count", None),
        ("1,234,567", "count", "1234567"), ("3,125", "count", "3125"), ("3,125", "percent-change", None), ("-3,125%", "percent", None),
        ("1,234,567", "percent-change", "1234567"), ("3,125.0", "percent-change", "3125.0"), ("12,34,567", "count", None), (".5", "percent", "0.5"),
    ],
)  # fmt: skip
def test_numbers_as_people_write_them(text: str, unit: str, wanted: str | None) -> None:
    found = settle(Cell("text", text), Column({"name": "value", "type": "number"}), ReadRow(unit))
    assert found == wanted if wanted else isinstance(found, CellFault)


def test_marks_for_nothing_in_other_columns() -> None:
    number = Column({"name": "stated", "type": "number"})
    words = Column({"name": "lead", "type": "string"}, frozenset({"–"}))
    assert [settle(Cell("text", m), number) for m in ("n/a", "–", "not available")] == ["", "", ""]
    assert [settle(Cell("text", m), words) for m in ("n/a", "–", "unknown")] == ["", "–", "unknown"]
    assert readings.squeezed(" a\u00a0 b\n") == "a b"
