"""A number with commas and no quotation marks, and “Unicode text”: every way into the portal reads or names them."""

import csv
import io
import re
from calendar import month_abbr
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from portal.core.problems import PortalError
from portal.data import damaged_tables, tables, wide_rows
from portal.importers import recognition
from portal.importers.shared import loose_tables, published_files
from project import TINY, ask, make_project
from workbook_files import KINDS, written

FILE = "data_packages/figures/data/observations.csv"
TABLE = {"area": ("Area",), "count": ("Count",), "month": ("Month",)}
COUNT: list[dict[str, Any]] = [{"name": "area", "type": "string"}, {"name": "count", "type": "integer"}, {"name": "month", "type": "string"}]  # fmt: skip
TWO = [*COUNT, {"name": "other", "type": "number"}]


def row(line: str) -> list[str]:
    return next(csv.reader(io.StringIO(line)))


Field = Mapping[str, Any] | None
SPLIT: dict[str, tuple[str, Sequence[Field], str]] = {
    "thousands": ("N,1,250,2024", COUNT, "Write 1250, without a comma."),
    "pounds": ("N,£1,250,2024", COUNT, "Write 1250, without a comma."),
    "millions": ("N,12,345,678,2024", COUNT, "Write 12345678, without a comma."),
    "decimals": ("N,1,250.5,2024,3", [*TWO[:1], TWO[3], *TWO[2:]], "Write 1250.5, without a comma."),
    "below zero": ("N,x,m,-1,250.5", TWO, "Write -1250.5, without a comma."),
    "typographic minus": ("N,x,m,−1,250", TWO, "Write -1250, without a comma."),
    "in brackets": ("N,x,m,(1,250)", TWO, "Write -1250, without a comma."),
    "at the end of the row": ("N,7,m,1,250", TWO, "Write 1250, without a comma."),
    "two in one row": ("N,1,250,m,3,400", TWO, "Write 1250 and 3400, without a comma."),
    "a space after the comma": ("N,1, 250,2024", COUNT, "Write 1250, without a comma."),
    "a comma at the end too": ("N,1,250,2024,", COUNT, "Write 1250, without a comma."),
    "one of two, not clear which": ("N,1,250,300", [COUNT[0], COUNT[1], COUNT[1]], "(1,250 or 250,300), and write it in digits alone"),
    "unknown columns": ("N,1,250,2024", [None] * 3, "Write 1250, without a comma."),
    "text with a comma": ("Lee, Green,7,2024", COUNT, 'Write "Lee, Green", with the quotation marks.'),
    "years": ("N,2018,2019,m", COUNT, "Find the comma in it that separates nothing"),
    "a group of two digits": ("N,1,25,m", COUNT, "Find the comma in it that separates nothing"),
    "a hundred cells": ("N," + "1," * 100 + "m", COUNT, "The row has"),
}  # fmt: skip


@pytest.mark.parametrize("case", SPLIT)
def test_a_row_that_is_too_wide_says_which_number_was_split(case: str) -> None:
    line, fields, told = SPLIT[case]
    fault = wide_rows.fault(row(line), fields)
    assert told in f"{fault and fault.message} {fault and fault.fix}"
    assert "empt" not in str(fault) and "remove" not in str(fault).lower()  # noqa: PT018 - advice that would make it worse


SHORT = [*COUNT, {"name": "note", "type": "string"}]
AMONG = {
    "cells left out at the end": ("N,1,250,2024", "Write 1250, without a comma."),
    "two numbers and no room": ("N,7,2024,a", ""),
    "a right row with three digits": ("N,1,250", ""),
    "a wrong row for another reason": ("N,x,250", ""),
}  # fmt: skip


@pytest.mark.parametrize("case", AMONG)
def test_a_split_number_is_named_in_a_row_that_is_not_too_wide(case: str) -> None:
    line, told = AMONG[case]
    month = {"name": "month", "type": "string", "constraints": {"pattern": "20[0-9]{2}"}}
    fields: Sequence[Field] = SHORT if "right" in case else [SHORT[0], SHORT[1], month, SHORT[3]]
    fault = wide_rows.split_among(row(line), fields)
    assert (told in fault.fix) if fault and told else not (fault or told)


def test_empty_cells_after_the_last_column_are_no_split_number() -> None:
    assert wide_rows.fault(row("N,125,2024,,"), COUNT) is None


def test_every_reader_names_the_number(tmp_path: Path) -> None:
    """The check, the import of a table, of published files and of statistics; also what Excel made of the file."""
    told = "1,250 has a comma between the thousands and no quotation marks"
    header, *lines = (TINY / FILE).read_text().splitlines()
    wide = lines[0].replace(",120,", ",1,250,")
    root = make_project(tmp_path / "tiny")
    (root / FILE).write_text("\n".join([header, wide, *lines[1:]]) + "\n")
    problems = ask(root, "check").stderr
    assert told in problems
    assert problems.count("Found:") == 1
    from_elsewhere = tmp_path / "dropped.csv"
    from_elsewhere.write_text(f"{header}\n{wide}\n")
    asked = ask(
        make_project(tmp_path / "other"), "import", "table", str(from_elsewhere), "--package", "figures"
    )
    assert told in asked.stderr
    assert "empty the column" not in asked.stderr
    published = tmp_path / "published.csv"
    published.write_text("Area,Count,Month\nN,1,250,2024\n")
    with pytest.raises(PortalError) as stopped:
        published_files.read(published, TABLE)
    assert told in stopped.value.problems[0].message
    with pytest.raises(PortalError) as stopped:
        loose_tables.read(published, lambda heads: "count" in heads, "a table")
    assert told in stopped.value.problems[0].message


CODED = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}


@pytest.mark.parametrize("encoding", CODED)
@pytest.mark.parametrize("separator", ["\t", ","])
def test_unicode_text_is_read_as_what_it_is(tmp_path: Path, encoding: str, separator: str) -> None:
    path = tmp_path / "Unicode text.txt"
    rows = [["Area", "Count", "Month"], ["Tre’r-gôr, £", "1,250", "2024-05"]]
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator).writerows(rows)
    path.write_bytes(CODED[encoding] + text.getvalue().encode(encoding))
    assert tables.read_rows(path, path.name) == (rows, ())
    assert published_files.read(path, TABLE).rows == (tuple(rows[1]),)
    assert recognition.recognise(path).why == "no format that can be imported has its headings"


@pytest.mark.parametrize("encoding", ["utf-32", "utf-8"])
def test_a_table_that_only_looks_like_utf_16_gets_no_command(tmp_path: Path, encoding: str) -> None:
    root = make_project(tmp_path / "tiny")
    mark = b"" if encoding == "utf-32" else b"\xff\xfe"
    (root / FILE).write_bytes(mark + (root / FILE).read_text().encode(encoding))
    told = ask(root, "check").stderr
    assert "save it as “CSV UTF-8”" in told
    assert "portal import" not in told


def test_a_table_of_a_package_in_utf_16_gets_the_command_that_reads_it(tmp_path: Path) -> None:
    root = make_project(tmp_path / "tiny")
    (root / FILE).write_bytes((root / FILE).read_text().encode("utf-16"))
    told = ask(root, "check").stderr
    assert "UTF-16, which spreadsheet programs call “Unicode text”" in told
    assert f"portal import table {FILE} --package figures --resource observations --replace" in told
    assert ask(root, "import", "table", str(root / FILE), "--package", "figures", "--resource", "observations", "--replace", "--yes").returncode == 0  # fmt: skip
    assert (root / FILE).read_text() == (TINY / FILE).read_text()


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize(("mark", "word"), [(";", "semicolons"), ("\t", "tabs"), ("|", "vertical bars")])
@pytest.mark.parametrize("file", [FILE, "data_packages/figures/data/indicators.csv", "data_packages/releases/data/accepted.csv"])  # fmt: skip
def test_a_table_of_a_package_with_other_separators_gets_the_command_that_reads_it(
    tmp_path: Path, file: str, mark: str, word: str, named: bool
) -> None:
    root = make_project(tmp_path / "tiny")
    out = io.StringIO()
    csv.writer(out, delimiter=mark).writerows(csv.reader((root / file).read_text().splitlines()))
    (root / file).write_text((f"sep={mark}\n" if named else "") + out.getvalue())
    told = ask(root, "check").stderr
    assert f"The columns are separated by {word}, not by commas." in told
    package, _, resource = file.removeprefix("data_packages/").removesuffix(".csv").split("/")
    command = ("table", file, "--package", package, "--resource", resource, "--replace")
    assert f"portal import {' '.join(command)}" in told
    assert ask(root, "import", "table", str(root / file), *command[2:], "--yes").returncode == 0
    assert (root / file).read_text() == (TINY / file).read_text()


def as_excel_in_germany(cell: str) -> str:
    """Write a cell as Excel in Germany does."""
    cell = re.sub(r"^(\d{4})-(\d\d)-(\d\d)$", r"\3.\2.\1", cell)
    cell = re.sub(r"^(-?\d+)\.(\d+)$", r"\1,\2", cell)
    return {"true": "WAHR", "false": "FALSCH"}.get(cell, cell)


@pytest.mark.parametrize("resource", ["claims", "indicators"])
def test_a_table_that_excel_in_germany_saved_comes_back_as_it_was(tmp_path: Path, resource: str) -> None:
    root = make_project(tmp_path / "tiny")
    path = root / f"data_packages/figures/data/{resource}.csv"
    before, out = path.read_text(), io.StringIO()
    rows = csv.reader(before.splitlines())
    csv.writer(out, delimiter=";").writerows([as_excel_in_germany(c) for c in row] for row in rows)
    path.write_text(out.getvalue())
    command = ("--package", "figures", "--resource", resource, "--replace", "--assume", "dates=day-first")
    asked = ask(root, "import", "table", str(path), *command, "--yes")
    assert (asked.returncode, path.read_text()) == (0, before), asked.stderr


def as_excel_dates(content: str) -> str:
    """Write the days and months of a table as Excel in Britain does."""
    days = re.sub(r"(?<![\w-])(\d{4})-(\d\d)-(\d\d)(?![\w-])", r"\3/\2/\1", content)
    return re.sub(r"(?<![\w-])\d\d(\d\d)-(\d\d)(?![\w-])", lambda m: f"{month_abbr[int(m[2])]}-{m[1]}", days)


@pytest.mark.parametrize("resource", ["plan/updates", "plan/actions", "routes/routes", "sources/sources"])
def test_a_small_table_whose_dates_a_spreadsheet_has_changed_gets_the_command_that_restores_it(
    tmp_path: Path, resource: str
) -> None:
    root, (package, name) = make_project(tmp_path / "tiny"), resource.split("/")
    path = root / f"data_packages/{package}/data/{name}.csv"
    before = path.read_text()
    path.write_text(as_excel_dates(before))
    assert path.read_text() != before
    told = ask(root, "check").stderr
    assert "1 problem:" in told
    assert "A spreadsheet program has changed this file" in told
    command = ("--package", package, "--resource", name, "--replace")
    assert f"portal import table data_packages/{package}/data/{name}.csv {' '.join(command)}" in told
    answers = ("--assume", "dates=day-first", "--assume", "centuries=2000")
    assert ask(root, "import", "table", str(path), *command, *answers, "--yes").returncode == 0
    assert path.read_text() == before


def test_one_date_among_others_is_no_work_of_a_spreadsheet(tmp_path: Path) -> None:
    root = make_project(tmp_path / "tiny")
    path = root / "data_packages/plan/data/updates.csv"
    path.write_text(path.read_text().replace("2020-06-30", "30/06/2020", 1))
    told = ask(root, "check").stderr
    assert "Write the year first: 2020-06-30" in told
    assert "spreadsheet" not in told


def test_a_table_in_another_encoding_is_told_what_else_a_spreadsheet_did(tmp_path: Path) -> None:
    root = make_project(tmp_path / "tiny")
    path = root / "data_packages/releases/data/accepted.csv"
    text = path.read_text() + "some words,Rechecked – it is right,22/11/2020,A person"
    text = text.replace(",", ";")
    path.write_bytes(f"{text}\n".encode("cp1252"))
    told = ask(root, "check").stderr
    assert "another encoding than UTF-8. The columns are separated by semicolons" in told
    assert "save it as “CSV UTF-8”, and then run `portal import table" in told


@pytest.mark.parametrize(
    ("content", "separator"),
    [
        ("Ward;Jan;Feb\nNorth;3;4\n", ";"),
        ("Calls; by ward; 2020\nWard,Jan,Feb\nNorth,3,4\nSouth,5,6\n", ","),
        ("id;title\na;Crime, theft\nb;Drugs, arson\n", ";"),
        ("id,list\na,b;c\nd,e;f\n", ","),
        ("Ward\nNorth\n", ","),
        ("", ","),
        ("sep=|\nWard|Jan\nNorth|3\n", "|"),
    ],
)
def test_the_separator_of_a_file_is_the_one_that_makes_its_lines_even(content: str, separator: str) -> None:
    assert damaged_tables.separator_of(content) == separator


@pytest.mark.parametrize(("mark", "word"), [(":", "“:”"), (" ", "spaces"), (" / ", "“ / ”")])
def test_a_separator_that_nothing_reads_is_named(mark: str, word: str, tmp_path: Path) -> None:
    root = make_project(tmp_path / "tiny")
    (root / FILE).write_text((root / FILE).read_text().replace(",", mark))
    told = ask(root, "check").stderr
    assert f"1 problem:\n\n{FILE}\n  Found: The columns are separated by {word}, not by commas." in told


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\xff\xfea\x00,\x00b\x00\n\x00\x00", "not encoded as UTF-16"),
        (b"\xff\xfe", "The file is empty."),
        ("\ufeffa;b\n1;2\n".encode("utf-16-le"), "separated by semicolons"),
        ("\ufeffa\tb\n".encode("utf-32"), "saved as UTF-16 or UTF-32"),
        ("\ufeffa\tb\n".encode("utf-32-be"), "saved as UTF-16 or UTF-32"),
        (b"\xff\xfea,b\n1,2\n", "the rest is not UTF-16"),
    ],
)
def test_damaged_unicode_text_is_named(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    rows, (problem,) = tables.read_rows(path, "a.csv")
    assert rows is None
    assert told in problem.message


@pytest.mark.parametrize("kind", KINDS)
def test_a_spreadsheet_under_the_name_of_a_table_gets_the_command_that_reads_it(
    tmp_path: Path, kind: str
) -> None:
    root = make_project(tmp_path / "tiny")
    rows = list(csv.reader((root / FILE).open(newline="")))
    written(tmp_path / f"saved.{kind}", {"S": rows}).replace(root / FILE)
    told = ask(root, "check").stderr
    assert told.count("Found:") == 1
    assert "The file is a spreadsheet" in told
    assert f"portal import table {FILE} --package figures --resource observations --replace" in told
    assert ask(root, "import", "table", str(root / FILE), "--package", "figures", "--resource", "observations", "--replace", "--yes").returncode == 0  # fmt: skip
    assert (root / FILE).read_text() == (TINY / FILE).read_text()
