"""A stranger's table at the desk: what each column is, guessed, said, remembered; and the same by the command."""

import io
import re
from collections.abc import Sequence
from datetime import date
from html import unescape
from pathlib import Path

import openpyxl
from project import make_project, run, tree_of
from served_desk import Answer, Visitor, enter, served

LONG = (
    ("Made by the crime team",),
    ("Offence desc", "BCU", "Mth", "Tot", "Remarks"),
    ("Bicycle crime", "Exampleton", "July 2020 to June 2021", 70, "checked"),
    ("Total", None, None, 70, None),
)
ACROSS = (
    ("Made by the crime team",),
    ("Offence desc", "BCU", "Jan-21", "Feb-21"),
    ("Phone calls", "Exampleton", 12, 13),
)


def workbook(*sheets: Sequence[Sequence[object]]) -> bytes:
    """A workbook with these rows, a sheet for each."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, rows in enumerate(sheets, 1):
        sheet = book.create_sheet(f"Sheet {number}")
        for row in rows:
            sheet.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def chosen(answer: Answer) -> dict[str, str]:
    """What each list of a page has selected."""
    found = {}
    for name, inside in re.findall(
        r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', answer.body, re.DOTALL
    ):
        picked = re.search(r'<option value="([^"]*)" selected', inside) or re.search(
            r'<option value="([^"]*)"', inside
        )
        found[unescape(name)] = unescape(picked[1]) if picked else ""
    return found


def drop(visitor: Visitor, name: str, *sheets: Sequence[Sequence[object]]) -> tuple[str, Answer]:
    """Bring tables in; return the address of their page, and the page."""
    page = visitor.read(visitor.drop("/bring-in", {name: workbook(*sheets)}))
    return "/bring-in/" + page.body.partition('action="/bring-in/')[2][:16], page


def write_both(visitor: Visitor, address: str, page: Answer) -> None:
    """Write the two rows that a page shows."""
    assert "<strong>2</strong> added" in page.body, re.sub(r"<[^>]+>|\s+", " ", page.body)
    assert visitor.post(f"{address}/write", {"version": page.version}).status == 302


def assert_two_years_of_bikes(root: Path, by_command: Path) -> None:
    """Check that the desk wrote what the command wrote: two years of stolen bicycles."""
    assert tree_of(root / "data_packages") == tree_of(by_command / "data_packages")
    rows = (root / "data_packages/figures/data/observations.csv").read_text()
    assert "bikes,E09999999,2020-07-01,2021-06-30,,70,,report," in rows
    assert "bikes,E09999999,2021-07-01,2022-06-30,,71,,report," in rows


def test_a_table_with_its_own_headings_is_read_as_a_person_says(tmp_path: Path) -> None:
    root = make_project(tmp_path / "clicks")
    with served(root) as at:
        ada = enter(at)
        address, first = drop(ada, "team.xlsx", LONG)
        assert "Say what each column is" in first.body
        assert "Write this" not in first.body
        page = ada.get(f"{address}/columns?package=figures")
        guessed = chosen(page)
        assert guessed["column BCU"] == "area"
        assert guessed["column Mth"] == "period"
        assert guessed["column Tot"] == "value"
        assert guessed["column Remarks"] == "leave-out"
        said = {**guessed, "package": "figures", "column Offence desc": "indicator", "given source": "report"}
        page = ada.read(ada.post(f"{address}/columns", said))
        assert chosen(page)["name Bicycle crime"] in ("bikes", "leave-out")
        page = ada.read(
            ada.post(f"{address}/columns", {**said, **chosen(page), "name Bicycle crime": "bikes"})
        )
        assert "Write this" in page.body, re.sub(r"<[^>]+>|\s+", " ", page.body)
        assert ada.post(f"{address}/write", {"version": page.version}).status == 302
        rows = (root / "data_packages/figures/data/observations.csv").read_text()
        assert "bikes,E09999999,2020-07-01,2021-06-30,,70,,report," in rows
        # The next table with these headings needs nothing to be said.
        later = [*LONG[:2], ("Bicycle crime", "Exampleton", "July 2021 to June 2022", 71, None)]
        _, page = drop(ada, "next.xlsx", later)
        assert "You said it for this table or for one like it." in page.body
        assert "Write this" in page.body


def test_a_table_across_is_read_as_the_command_reads_it(tmp_path: Path) -> None:
    root, by_command = make_project(tmp_path / "clicks"), make_project(tmp_path / "command")
    file = tmp_path / "across.xlsx"
    file.write_bytes(workbook(ACROSS))
    words = ("--read", "Offence desc=indicator", "--read", "BCU=area", "--read", "Phone calls=calls", "--set", "source=report")  # fmt: skip
    assert run(by_command, "import", "table", str(file), "--package", "figures", *words, "--yes") == 0
    with served(root) as at:
        ada = enter(at)
        address, _ = drop(ada, "across.xlsx", ACROSS)
        page = ada.get(f"{address}/columns?package=figures")
        assert set(chosen(page)) >= {"column Offence desc", "column BCU"}
        assert not any(name.startswith("column Jan") for name in chosen(page))
        said = {
            **chosen(page),
            "package": "figures",
            "column Offence desc": "indicator",
            "given source": "report",
        }
        page = ada.read(ada.post(f"{address}/columns", said))
        page = ada.read(ada.post(f"{address}/columns", {**said, "name Phone calls": "calls"}))
        assert "Write this" in page.body, re.sub(r"<[^>]+>|\s+", " ", page.body)
        assert ada.post(f"{address}/write", {"version": page.version}).status == 302
    assert tree_of(root / "data_packages") == tree_of(by_command / "data_packages")
    assert ",12,,report," in (root / "data_packages/figures/data/observations.csv").read_text()


def test_a_heading_of_many_columns_is_asked_once(tmp_path: Path) -> None:
    """A table of two figures for each month asks what each of the two is, and not once for each month."""
    rows = (
        ("FY2020/21", "Apr", None, "May", None),
        (None, "Vol", "Rate", "Vol", "Rate"),
        ("Phone calls", 12, 1.2, 13, 1.3),
        ("Bicycle crime", 14, 1.4, 15, 1.5),
    )
    with served(make_project(tmp_path / "project")) as at:
        ada = enter(at)
        address, _ = drop(ada, "two.xlsx", rows)
        page = ada.get(f"{address}/columns?package=figures")
        assert page.body.count('name="column Vol"') == 1
        assert page.body.count('name="column Rate"') == 1
        assert "2 columns have this heading" in page.body
        # A rate is not taken for the number that is beside it.
        assert chosen(page)["column Vol"] == "value"
        assert chosen(page)["column Rate"] == "leave-out"
        # Labels beside the figures can name an indicator or an area, and nothing is guessed that is not alike.
        assert 'name="name Phone calls"' in page.body
        assert "An indicator or an area" in page.body


def test_sheets_with_the_same_headings_are_said_at_once_and_read_as_the_command_reads_them(
    tmp_path: Path,
) -> None:
    head = ("Offence desc", "BCU", "Mth", "Tot")
    first = (head, ("Bicycle crime", "Exampleton", "July 2020 to June 2021", 70))
    second = (head, ("Cycle crime", "Exampleton", "July 2021 to June 2022", 71))
    notes = (("Notes", None), ("Made by the crime team", None))
    root, by_command = make_project(tmp_path / "clicks"), make_project(tmp_path / "command")
    file = tmp_path / "sheets.xlsx"
    file.write_bytes(workbook(first, second, notes))
    words = ("--read", "Offence desc=indicator", "--read", "BCU=area", "--read", "Mth=period", "--read", "Tot=value", "--read", "Bicycle crime=bikes", "--read", "Cycle crime=bikes", "--set", "source=report", "--sheet", "*")  # fmt: skip
    assert run(by_command, "import", "table", str(file), "--package", "figures", *words, "--yes") == 0
    with served(root) as at:
        ada = enter(at)
        address, _ = drop(ada, "sheets.xlsx", first, second, notes)
        page = ada.get(f"{address}/columns?package=figures")
        assert [n for n in chosen(page) if n.startswith("column ")] == [f"column {words}" for words in head]
        assert "2 columns have this heading" in page.body
        said = {**chosen(page), "package": "figures", "given source": "report", "column Offence desc": "indicator"}  # fmt: skip
        page = ada.read(ada.post(f"{address}/columns", said))
        # The names of both sheets are asked for on one page.
        names = [n for n in chosen(page) if n.startswith("name ")]
        assert sorted(names) == ["name Bicycle crime", "name Cycle crime"]
        page = ada.read(ada.post(f"{address}/columns", {**said, **dict.fromkeys(names, "bikes")}))
        write_both(ada, address, page)
    assert_two_years_of_bikes(root, by_command)


def test_a_table_with_first_and_last_days_is_read_as_the_command_reads_it(tmp_path: Path) -> None:
    rows = (
        ("Offence desc", "BCU", "Start date", "Finished", "Tot", "Remarks"),
        ("Bicycle crime", "Exampleton", date(2020, 7, 1), date(2021, 6, 30), 70, "checked"),
        ("Bicycle crime", "Exampleton", "1 July 2021", "30/06/2022", 71, None),
    )
    root, by_command = make_project(tmp_path / "clicks"), make_project(tmp_path / "command")
    file = tmp_path / "days.xlsx"
    file.write_bytes(workbook(rows))
    words = ("--read", "Offence desc=indicator", "--read", "BCU=area", "--read", "Finished=period_end", "--read", "Tot=value", "--read", "Remarks=", "--read", "Bicycle crime=bikes", "--set", "source=report")  # fmt: skip
    assert run(by_command, "import", "table", str(file), "--package", "figures", *words, "--yes") == 0
    with served(root) as at:
        ada = enter(at)
        address, _ = drop(ada, "days.xlsx", rows)
        page = ada.get(f"{address}/columns?package=figures")
        assert chosen(page)["column Start date"] == "period_start"
        assert chosen(page)["column Finished"] == "period_end"
        columns = {"column Offence desc": "indicator", "column Finished": "period_end"}
        said = {**chosen(page), "package": "figures", **columns, "given source": "report"}
        page = ada.read(ada.post(f"{address}/columns", said))
        page = ada.read(ada.post(f"{address}/columns", {**said, "name Bicycle crime": "bikes"}))
        write_both(ada, address, page)
    assert_two_years_of_bikes(root, by_command)


def test_two_columns_of_days_are_guessed_as_the_first_and_the_last(tmp_path: Path) -> None:
    head = ("Offence desc", "BCU", "Begun", "Finished", "Tot")
    days = (date(2020, 7, 1), date(2021, 6, 30))
    later = (date(2021, 7, 1), date(2022, 6, 30))
    with served(make_project(tmp_path / "project")) as at:
        ada = enter(at)
        for number, (first, last, guess) in enumerate(
            (
                (days, later, ("period_start", "period_end")),
                (days, later[::-1], ("period", "period")),  # nobody can say which is the first
            )
        ):
            rows = (
                head,
                ("Bicycle crime", "Exampleton", *first, 70),
                ("Bicycle crime", "Exampleton", *last, 71),
            )
            address, _ = drop(ada, f"{number}.xlsx", rows)
            guessed = chosen(ada.get(f"{address}/columns?package=figures"))
            assert (guessed["column Begun"], guessed["column Finished"]) == guess
