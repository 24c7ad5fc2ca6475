"""Workbooks as many programs write them: what tables need is read, whatever else is in the file."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from openpyxl.chart import BarChart, Reference
from portal.core.problems import PortalError
from portal.importers.spreadsheets import workbooks
from project import SHARED
from workbook_files import Styled, added, changed, new_row, observation, planned, problems, shared, written

UPSTREAM = SHARED / "upstream" / "more"
MAIN, STRICT = (
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "http://purl.oclc.org/ooxml/spreadsheetml/main",
)
OFFICE, STRICT_OFFICE = (
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "http://purl.oclc.org/ooxml/officeDocument/relationships",
)


def strict(path: Path) -> Path:
    """The workbook as Strict Open XML, which other namespaces tell."""
    parts = ("xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/styles.xml", "_rels/.rels", "xl/_rels/workbook.xml.rels")  # fmt: skip
    for part in parts:
        changed(path, part, lambda s: s.replace(MAIN, STRICT).replace(OFFICE, STRICT_OFFICE))
    return path


def odd_parts(path: Path) -> Path:
    """Parts that no table needs, in encodings and with contents that would be refused in a sheet."""
    custom = '<?xml version="1.0" encoding="utf-16"?><x>Café</x>'.encode("utf-16")
    return added(
        path,
        {
            "customXml/item1.xml": custom,
            "xl/connections.xml": "<!DOCTYPE x><connections/>",
            "xl/pivotCache/pivotCacheDefinition1.xml": "<pivotCacheDefinition><broken",
            "xl/externalLinks/externalLink1.xml": "<externalLink>",
            "xl/vbaProject.bin": b"\0\1\2macros",
            "xl/media/image1.svg": "<!DOCTYPE svg><svg/>",
        },
    )


def odd_colours(path: Path) -> Path:
    """What gptables writes: a colour that is none, in the text and in the styles."""
    rich = '<r><rPr><color rgb="FFAUTOMATIC"/></rPr><t>Table 1</t></r>'
    shared(path, lambda s: s.replace("<t>Table 1</t>", rich))
    return changed(
        path,
        "xl/styles.xml",
        lambda s: s.replace("</fonts>", '<font><color rgb="FFAUTOMATIC"/></font></fonts>'),
    )


def charts(path: Path) -> Path:
    book = openpyxl.load_workbook(path)
    chart = BarChart()
    chart.add_data(Reference(book["S"], min_col=6, min_row=1, max_row=2))
    book["S"].add_chart(chart, "K2")
    book.create_chartsheet("Chart")
    book.save(path)
    return path


def utf16_sheet(path: Path) -> Path:
    """Some programs write the sheet itself in UTF-16."""
    import zipfile  # noqa: PLC0415

    with zipfile.ZipFile(path) as old:
        parts = {n: old.read(n) for n in old.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"].decode().partition("?>")
    text = '<?xml version="1.0" encoding="UTF-16"?>' + (sheet[2] or sheet[0])
    parts["xl/worksheets/sheet1.xml"] = text.encode("utf-16")
    path.unlink()
    return added(path, parts)


def windows_lines(path: Path) -> Path:
    return shared(path, lambda s: s.replace("<t>Table 1</t>", '<t xml:space="preserve">Table 1_x000D_\n</t>'))


def read_aloud(path: Path) -> Path:
    return shared(
        path,
        lambda s: s.replace("<t>Table 1</t>", '<t>Table 1</t><rPh sb="0" eb="1"><t>teburu</t></rPh>'),
    )


def absolute_targets(path: Path) -> Path:
    return changed(
        path,
        "xl/_rels/workbook.xml.rels",
        lambda s: s.replace('Target="worksheets/', 'Target="/xl/worksheets/'),
    )


def macros(path: Path) -> Path:
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    changed(
        path,
        "[Content_Types].xml",
        lambda s: s.replace(kind, "application/vnd.ms-excel.sheet.macroEnabled.main+xml"),
    )
    return path.rename(path.with_suffix(".xlsm"))


MADE: tuple[Callable[[Path], Path], ...] = (
    strict, odd_parts, odd_colours, charts, utf16_sheet, windows_lines, read_aloud, absolute_targets, macros, shared,
)  # fmt: skip


@pytest.mark.parametrize("make", MADE, ids=lambda f: f.__name__)
def test_a_workbook_is_read_whatever_program_wrote_it(
    project: Path, tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    told = observation(period_start=Styled(date(2020, 7, 1), "dd/mm/yyyy", "01/07/2020"))
    row = new_row(planned(project, make(written(tmp_path / "q.xlsx", {"S": told}))))
    assert (row["value"], row["locator"], row["period_start"]) == ("50", "Table 1", "2020-07-01")


@pytest.mark.parametrize(
    ("name", "raw", "words"),
    [
        ("flat.fods", b'<?xml version="1.0"?><office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"/>', "saved as one XML document"),
        ("2003.xml", b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>', "saved as one XML document"),
        ("q.gnumeric", b"\x1f\x8b\x08\x00rest", "Gnumeric"),
    ],
)  # fmt: skip
def test_what_other_programs_open_is_called_what_it_is(
    project: Path, tmp_path: Path, name: str, raw: bytes, words: str
) -> None:
    path = tmp_path / name
    path.write_bytes(raw)
    told = problems(project, path)
    assert words in told
    assert "save it again as .xlsx" in told


def test_a_numbers_document_says_how_to_export_it(project: Path, tmp_path: Path) -> None:
    path = added(tmp_path / "q.numbers", {"Index/Document.iwa": b"x", "preview.jpg": b"x"})
    assert "Apple Numbers document" in problems(project, path)


@pytest.mark.parametrize(
    "part", ["xl/worksheets/sheet1.xml", "xl/styles.xml", "xl/workbook.xml", "_rels/.rels"]
)
def test_declarations_in_a_part_that_is_read_are_refused_however_they_are_coded(
    tmp_path: Path, part: str
) -> None:
    path = written(tmp_path / "q.xlsx", {"S": observation()})
    changed(path, part, lambda s: '<!DOCTYPE x [<!ENTITY a "b">]>' + s.partition("?>")[2])
    with pytest.raises(PortalError, match="declarations that no spreadsheet needs"):
        workbooks.read(path)
    hidden = written(tmp_path / "u.xlsx", {"S": observation()})
    import zipfile  # noqa: PLC0415

    with zipfile.ZipFile(hidden) as old:
        parts: dict[str, bytes | str] = {n: old.read(n) for n in old.namelist()}
    raw = parts[part]
    content = raw.decode() if isinstance(raw, bytes) else ""
    parts[part] = ('<!DOCTYPE x [<!ENTITY a "b">]>' + content.partition("?>")[2]).encode("utf-16")
    hidden.unlink()
    with pytest.raises(PortalError, match="declarations that no spreadsheet needs"):
        workbooks.read(added(hidden, parts))


@pytest.mark.parametrize("path", sorted(UPSTREAM.rglob("*.xlsx")), ids=lambda p: p.name)
def test_published_workbooks_hold_what_openpyxl_reads(path: Path) -> None:
    """Real files of the ONS, Nomis, the GLA and TfL, cell by cell; openpyxl is the other reader."""
    book = openpyxl.load_workbook(path, data_only=True)
    for sheet in workbooks.read(path).sheets:
        wanted = {
            (c.row, c.column): c.value
            for row in book[sheet.name].iter_rows()
            for c in row
            if c.value is not None and str(c.value).strip()
        }
        found = {at: c for at, c in sheet.cells.items() if c.kind != "formula"}
        assert found.keys() == wanted.keys()
        for at, cell in found.items():
            if cell.kind == "number":
                assert float(cell.number) == pytest.approx(wanted[at], rel=1e-12)
            elif cell.kind == "text":
                assert cell.text == wanted[at]
