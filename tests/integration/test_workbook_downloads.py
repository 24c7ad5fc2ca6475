"""Workbooks for download are accessible, equal in both formats and to the CSV, the same bytes twice, and can be imported."""

import csv
import io
import os
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import accessible_workbooks
import openpyxl
import pytest
from portal.core.settings import Settings
from portal.core.text import MARKERS
from portal.disclosure.clearing import ClearedContent
from portal.importers.spreadsheets.cells import SHORTHAND
from portal.opendata import records, workbook_files
from portal.opendata.api import PackageName
from portal.opendata.workbooks import DownloadWorkbook, TableSheet, figures_sheet, sheet_names
from portal.pages import open_data_workbooks
from portal.pages.open_data_files import OpenDataFiles
from portal.releases import history
from project import ROOT

Files = dict[str, bytes]


@pytest.fixture(scope="module")
def real(checked: tuple[Settings, ClearedContent]) -> tuple[Files, OpenDataFiles]:
    """Every workbook of this repository's packages, as a build makes them."""
    settings, cleared = checked
    past = history.NO_HISTORY
    now = records.current_records(cleared.content, past)
    slugs = {i.slug for i in cleared.content.indicators.values()}
    packages = tuple(PackageName(name, name) for name in settings.packages if name != "releases")
    inputs = OpenDataFiles(settings, cleared, past, slugs, packages, now)
    return dict(open_data_workbooks.workbooks(inputs)), inputs


@pytest.mark.thorough
def test_every_workbook_meets_every_point_that_a_program_can_check(real: tuple[Files, OpenDataFiles]) -> None:
    files, inputs = real
    found = {
        path: [*accessible_workbooks.missed(data, path.rpartition(".")[2])] for path, data in files.items()
    }
    assert {path: points for path, points in found.items() if points} == {}
    indicators, areas = len(inputs.catalogue.datasets), len(inputs.catalogue.areas)
    assert len(files) == 2 * (indicators + areas + len(inputs.packages))


def test_the_points_are_listed_in_the_documentation() -> None:
    page = (ROOT / "docs" / "reference" / "workbooks.md").read_text(encoding="utf-8")
    table = page.partition("| point |\n|---|\n")[2].partition("\n\n")[0]
    assert [line.strip("| ") for line in table.splitlines()] == list(accessible_workbooks.POINTS)


def test_both_formats_and_the_csv_have_the_same_figures(real: tuple[Files, OpenDataFiles]) -> None:
    files, inputs = real
    for dataset in inputs.catalogue.datasets:
        path = dataset.csv.removesuffix(".csv")
        xlsx, ods = (
            accessible_workbooks.read(files[f"{path}.{kind}"], kind).pages[-1].table
            for kind in ("xlsx", "ods")
        )
        assert xlsx == ods, path
        text_ = records.as_csv(dataset.figures, dataset.indicator.breakdown).decode()
        rows = list(csv.DictReader(io.StringIO(text_)))
        at = xlsx[0].index("Value")
        assert len(rows) == len(xlsx) - 1
        for row, written in zip(rows, xlsx[1:], strict=True):
            assert written[at] == (float(row["value"]) if row["value"] else f"[{row['status']}]"), path


def test_no_workbook_has_the_number_of_a_withheld_figure(real: tuple[Files, OpenDataFiles]) -> None:
    figure = next(r for r in real[1].now.values() if r.status == "c")
    kept = records.FigureRecord(**{**vars(figure), "value": 4})
    sheet = figures_sheet("Title", [kept], "")
    assert 4 not in sheet.rows[0]
    assert sheet.rows[0].count("[c]") == 2


def test_the_same_content_gives_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    code = (
        "import sys, hashlib; from decimal import Decimal; from portal.opendata import workbook_files as w; from portal.opendata.workbooks import *;"
        "t = TableSheet(name='Figures', title='T', notes=('This sheet has one table.',), columns=('A', 'Value'), rows=(('a', Decimal('1.5')), ('b', '[c]')), marks=(('[c]', 'withheld'),));"
        "b = DownloadWorkbook(title='T', cover=('x',), tables=(t,), publisher='P', language='en', day='');"
        "print([hashlib.sha256(write(b)).hexdigest() for write in (w.to_xlsx, w.to_ods)])"
    )
    seen = {
        subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone}, capture_output=True, text=True, check=True).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    }  # fmt: skip
    assert len(seen) == 1


def test_the_marks_are_understood_when_a_spreadsheet_is_imported() -> None:
    instead = {f"[{mark}]" for mark in ("c", "x", "z", "low")}
    assert instead <= SHORTHAND.keys()
    assert {f"[{mark}]" for mark in MARKERS} == accessible_workbooks.SHORTHAND


def _book(number: str, title: str = "T") -> DownloadWorkbook:
    rows = (("a", Decimal(number)),)
    sheet = TableSheet(name="a", title="T", notes=("This sheet has one table.",), columns=("a", "b"), rows=rows)  # fmt: skip
    return DownloadWorkbook(title=title, cover=("x",), tables=(sheet,), publisher="P", language="en", day="")


def test_a_workbook_is_written_again_only_when_something_in_it_changes(tmp_path: Path) -> None:
    written = dict(workbook_files.both("x", _book("1.5"), tmp_path))
    for file in tmp_path.iterdir():
        file.write_bytes(b"as it was")
    assert dict(workbook_files.both("x", _book("1.5"), tmp_path)) == dict.fromkeys(written, b"as it was")
    for book in (_book("1.50"), _book("2"), _book("1.5", "U")):
        assert b"as it was" not in dict(workbook_files.both("x", book, tmp_path)).values()


def test_what_looks_like_a_formula_stays_text(tmp_path: Path) -> None:
    rows = (("=1+1", "@cmd", "-2", "+3", "{x}", "<b>&\"'"),)
    sheet = TableSheet(name="a", title="=T", notes=("This sheet has one table.",), columns=("a", "b", "c", "d", "e", "f"), rows=rows)  # fmt: skip
    book = DownloadWorkbook(title="=T", cover=("=x",), tables=(sheet,), publisher="P", language="en", day="")
    for path, data in workbook_files.both("x", book, tmp_path):
        read = accessible_workbooks.read(data, path.removeprefix("x."))
        assert read.formulas == 0
        assert read.pages[-1].table[1] == rows[0]


def test_names_of_sheets_are_short_and_distinct() -> None:
    names = sheet_names(["a" * 40, "a" * 41, "Notes", "cover"])
    assert len({n.lower() for n in names.values()}) == 4
    assert all(len(n) <= 31 for n in names.values())
    assert not {"notes", "cover"} & {n.lower() for n in names.values()}


@pytest.mark.thorough
@pytest.mark.skipif(shutil.which("soffice") is None, reason="needs LibreOffice")
def test_libreoffice_opens_both_formats_and_gives_back_the_same_values(
    real: tuple[Files, OpenDataFiles], tmp_path: Path
) -> None:
    files, inputs = real
    chosen = [d.csv.removesuffix(".csv") for d in inputs.catalogue.datasets if len(d.figures) < 400]
    for kind in ("ods", "xlsx"):
        folder, out = tmp_path / kind, tmp_path / f"{kind}-opened"
        folder.mkdir()
        for n, path in enumerate(chosen):
            (folder / f"{n}.{kind}").write_bytes(files[f"{path}.{kind}"])
        command = ["soffice", "--headless", f"-env:UserInstallation=file://{tmp_path}/profile", "--convert-to", "xlsx", "--outdir", str(out), *map(str, sorted(folder.iterdir()))]  # fmt: skip
        subprocess.run(command, check=True, capture_output=True, timeout=600)
        for n, path in enumerate(chosen):
            before = accessible_workbooks.read(files[f"{path}.{kind}"], kind).pages
            book = openpyxl.load_workbook(out / f"{n}.xlsx")
            after = {s.title: [tuple(r) for r in s.iter_rows(values_only=True)] for s in book.worksheets}
            for page in before:
                assert [_trim(r) for r in after[page.name]] == [_trim(r) for r in page.rows], (
                    path,
                    page.name,
                )


def _trim(row: tuple[object, ...]) -> list[object]:
    cells = list(row)
    while cells and cells[-1] is None:
        cells.pop()
    return cells
