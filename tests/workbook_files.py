"""Spreadsheet files for the tests, written cell by cell, and what importing them leads to."""

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, settings
from portal.core import settings as config
from portal.core.problems import PortalError
from portal.importers.importing import PlannedImport
from portal.importers.spreadsheets import spreadsheet
from portal.importers.spreadsheets.spreadsheet import ImportQuestion, SpreadsheetJob
from project import examples, tree_of

KINDS = ("xlsx", "ods")
OBSERVATIONS = (
    "indicator",
    "area",
    "period_start",
    "period_end",
    "type",
    "value",
    "status",
    "source",
    "locator",
)
QUIET = settings(
    max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@dataclass(frozen=True)
class Styled:
    """A number or date with a format: as Excel writes it, and the text that LibreOffice keeps beside it."""

    value: object
    form: str
    shown: str


@dataclass(frozen=True)
class Raw:
    """A cell that only the other program of the two can write: the XML of a cell in each format."""

    xlsx: str
    ods: str


ERROR = Raw(
    't="e"><v>#REF!</v>',
    'office:value-type="string" office:string-value="" calcext:value-type="error"><text:p>#REF!</text:p>',
)
FORMULA = Raw("><f>SUM(A1:A2)</f>", 'table:formula="of:=SUM([.A1:.A2])">')
CACHED = Raw(
    "><f>SUM(A1:A2)</f><v>50</v>",
    'table:formula="of:=SUM([.A1:.A2])" office:value-type="float" office:value="50"><text:p>50</text:p>',
)


# --- files for the tests


def written(path: Path, sheets: Mapping[str, Iterable[Any]]) -> Path:
    """The sheets as a file of the kind that its name says; of a CSV the first."""
    rows = {name: [list(row) for row in sheet] for name, sheet in sheets.items()}
    if path.suffix == ".csv":
        with path.open("w", newline="", encoding="utf-8") as out:
            csv.writer(out, lineterminator="\n").writerows(next(iter(rows.values())))
    elif path.suffix == ".xlsx":
        _xlsx(path, rows)
    else:
        path.write_bytes(ods_of("".join(_ods_table(n, r) for n, r in rows.items())))
    return path


def _xlsx(path: Path, sheets: Mapping[str, list[list[object]]]) -> None:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    raws: dict[str, dict[str, str]] = {}
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for r, row in enumerate(rows, 1):
            for c, value in enumerate(row, 1):
                cell = sheet.cell(r, c)
                if isinstance(value, Raw):
                    raws.setdefault(name, {})[cell.coordinate] = value.xlsx
                    cell.value = 0
                elif isinstance(value, Styled):
                    cell.value, cell.number_format = value.value, value.form
                elif isinstance(value, str):
                    cell.value, cell.data_type = value, "s"
                else:
                    cell.value = value
    book.save(path)
    for n, name in enumerate(sheets, 1):
        for at, xml in raws.get(name, {}).items():
            part = f"xl/worksheets/sheet{n}.xml"
            changed(path, part, partial(re.sub, rf'<c r="{at}"[^>]*>.*?</c>', f'<c r="{at}" {xml}</c>'))


def changed(path: Path, part: str, change: Callable[[str], str]) -> Path:
    """The file with one part of its zip changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            told = old.read(name)
            new.writestr(name, change(told.decode()).encode() if name == part else told)
    path.write_bytes(out.getvalue())
    return path


NAMESPACES = " ".join(
    f'xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{u}:1.0"' for n, u in (("office", "office"), ("table", "table"), ("text", "text"), ("style", "style"))
) + ' xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'  # fmt: skip


def ods_of(tables: str, prolog: str = "", styles: str = "") -> bytes:
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?>{prolog}<office:document-content {NAMESPACES} office:version="1.3">'
        f"<office:automatic-styles>{styles}</office:automatic-styles><office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body>"
        "</office:document-content>"
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        new.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet", zipfile.ZIP_STORED)
        new.writestr("content.xml", content)
        new.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><manifest:file-entry manifest:full-path="/"'
            ' manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/></manifest:manifest>',
        )
    return out.getvalue()


def _ods_table(name: str, rows: list[list[object]]) -> str:
    body = "".join(f"<table:table-row>{''.join(map(ods_cell, row))}</table:table-row>" for row in rows)
    return f'<table:table table:name="{escape(name)}">{body}</table:table>'


def ods_cell(value: object) -> str:
    told = value.value if isinstance(value, Styled) else value
    shown = escape(
        value.shown if isinstance(value, Styled) else f"{told:.15g}" if type(told) is float else str(told)
    )
    if isinstance(value, Raw):
        return f"<table:table-cell {value.ods}</table:table-cell>"
    if value is None or value == "":
        return "<table:table-cell/>"
    if isinstance(told, bool):
        kind = f'boolean" office:boolean-value="{str(told).lower()}'
    elif isinstance(told, date):
        kind = f'date" office:date-value="{told}'
    elif isinstance(told, (int, float, Decimal)):
        kind = f'{"percentage" if shown.endswith("%") else "float"}" office:value="{told}'
    else:
        kind = "string"
    return f'<table:table-cell office:value-type="{kind}"><text:p>{shown}</text:p></table:table-cell>'


def typed(field: Mapping[str, str], text: str) -> object:
    """A cell as somebody types it and a spreadsheet keeps it."""
    if not text:
        return None
    match field["type"]:
        case "date":
            return date.fromisoformat(text)
        case "number" | "integer":
            return float(text)
        case "boolean":
            return text == "true"
    return text


# --- running


def no_answer(question: ImportQuestion) -> str:
    return ""


def planned(
    root: Path, path: Path, package: str = "figures", ask: spreadsheet.Ask = no_answer, **job: object
) -> PlannedImport:
    return spreadsheet.plan(SpreadsheetJob((path,), package, **job), config.load(root), ask)  # type: ignore[arg-type]


def problems(root: Path, path: Path, **job: object) -> str:
    """Everything that is wrong, as it is printed; nothing may have been written."""
    before = tree_of(root / "data_packages")
    with pytest.raises(PortalError) as error:
        planned(root, path, **job)  # type: ignore[arg-type]
    assert tree_of(root / "data_packages") == before
    return str(error.value)


def rows_of(plan: PlannedImport) -> list[dict[str, str]]:
    (text,) = plan.files.values()
    return list(csv.DictReader(io.StringIO(text)))


NEW = {
    "indicator": "bikes", "area": "E09999999", "period_start": "2020-07-01", "period_end": "2021-06-30",
    "value": 50, "source": "report", "locator": "Table 1",
}  # fmt: skip


def observation(**told: object) -> list[list[object]]:
    """The header of the table of figures and one new row, the cells of which are given."""
    row = NEW | told
    return [[*OBSERVATIONS], [row.get(c) for c in OBSERVATIONS]]


def new_row(plan: PlannedImport) -> dict[str, str]:
    return rows_of(plan)[-1]


def shared(path: Path, change: Callable[[str], str] = lambda s: s) -> Path:
    """The workbook with its texts in a part of their own, as Excel saves them; `change` is applied to that part."""
    texts: list[str] = []

    def moved(match: re.Match[str]) -> str:
        texts.append(match[2])
        return f'<c r="{match[1]}" t="s"><v>{len(texts) - 1}</v></c>'

    sheet = "xl/worksheets/sheet1.xml"
    changed(
        path,
        sheet,
        lambda s: re.sub(r'<c r="([A-Z]+\d+)"[^>]* t="inlineStr"><is>(.*?)</is></c>', moved, s),
    )
    relation = '<Relationship Id="rId77" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/>'
    changed(
        path,
        "xl/_rels/workbook.xml.rels",
        lambda s: s.replace("</Relationships>", f"{relation}</Relationships>"),
    )
    strings = "".join(f"<si>{t}</si>" for t in texts)
    part = f'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{change(strings)}</sst>'
    return added(path, {"xl/sharedStrings.xml": part})


def added(path: Path, parts: Mapping[str, str | bytes]) -> Path:
    """The file with more parts in its zip."""
    with zipfile.ZipFile(path, "a") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path
