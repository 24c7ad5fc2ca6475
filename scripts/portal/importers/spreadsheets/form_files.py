"""Write a form as .xlsx and .ods: columns that keep text and dates as they are typed, drop-downs and notes."""

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

from portal.importers.spreadsheets.columns import HELP, LISTS
from portal.importers.spreadsheets.forms import Ask, SpreadsheetForm
from portal.importers.spreadsheets.grid import letters

ROWS = 2_000  # rows that have drop-downs
_IN_CELL = 250  # letters of a list that Excel keeps in the rule itself
_DAY = "2000-01-01T00:00:00Z"  # so that the same form is the same file
_WIDE = frozenset(
    {"definition", "statement", "explanation", "summary", "text", "promise", "how", "meaning", "note"}
)


def write(form: SpreadsheetForm, folder: Path) -> tuple[Path, ...]:
    """Write both files of a form into the folder, and return where they are."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {".xlsx": _xlsx(form), ".ods": _ods(form)}
    paths = tuple(folder / f"{form.package}{ending}" for ending in files)
    for path, content in zip(paths, files.values(), strict=True):
        path.write_bytes(_steady(content))
    return paths


def _steady(content: bytes) -> bytes:
    """Return the same zip without the time at which it was made."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(out, "w") as fresh:
        for member in archive.infolist():
            data = archive.read(member)
            if member.filename in ("docProps/core.xml", "meta.xml"):
                data = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*Z?", _DAY.encode(), data)
            plain = zipfile.ZipInfo(member.filename, (2000, 1, 1, 0, 0, 0))
            plain.compress_type = (
                zipfile.ZIP_STORED if member.filename == "mimetype" else zipfile.ZIP_DEFLATED
            )
            fresh.writestr(plain, data)
    return out.getvalue()


def _lists(form: SpreadsheetForm) -> dict[tuple[str, ...], str]:
    """Return the column of the helper sheet that holds each list of allowed values."""
    kept = dict.fromkeys(a.allowed for _, asks, _ in form.sheets for a in asks if a.allowed)
    return {allowed: letters(n) for n, allowed in enumerate(kept, 1)}


def _width(ask: Ask) -> int:
    return 60 if ask.name in _WIDE else max(12, min(40, len(ask.example) + 2, 40), len(ask.name) + 2)


# --- .xlsx


def _xlsx(form: SpreadsheetForm) -> bytes:
    from openpyxl import Workbook  # noqa: PLC0415
    from openpyxl.styles import Alignment, Font  # noqa: PLC0415

    book = Workbook()
    bold, wrapped = Font(bold=True), Alignment(wrap_text=True, vertical="top")
    help_sheet = book.active
    help_sheet.title = HELP
    for r, row in enumerate(form.help, 1):
        for c, words in enumerate(row, 1):
            cell = help_sheet.cell(r, c)
            cell.value, cell.number_format, cell.data_type = words, "@", "s"
            cell.alignment = wrapped if len(row) > 1 else Alignment()
            cell.font = bold if r == 1 or (len(row) > 1 and len(form.help[r - 2]) == 0) else Font()
    for column, width in zip("ABCDEF", (16, 20, 48, 12, 60, 40), strict=True):
        help_sheet.column_dimensions[column].width = width
    lists = _lists(form)
    for name, asks, _ in form.sheets:
        sheet = book.create_sheet(name)
        sheet.freeze_panes = "A2"
        for n, ask in enumerate(asks, 1):
            _xlsx_column(sheet, n, ask, lists)
    if lists:
        helper = book.create_sheet(LISTS)
        for allowed, column in lists.items():
            for r, words in enumerate(allowed, 1):
                helper[f"{column}{r}"].value = words
                helper[f"{column}{r}"].number_format = "@"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _xlsx_column(sheet: Any, n: int, ask: Ask, lists: Mapping[tuple[str, ...], str]) -> None:
    from openpyxl.comments import Comment  # noqa: PLC0415
    from openpyxl.styles import Font  # noqa: PLC0415
    from openpyxl.worksheet.datavalidation import DataValidation  # noqa: PLC0415

    letter = letters(n)
    head = sheet.cell(1, n, ask.name)
    head.font = Font(bold=True)
    head.comment = Comment(ask.note, "portal", height=120, width=320)
    column = sheet.column_dimensions[letter]
    column.width = _width(ask)
    column.number_format = {"date": "yyyy-mm-dd", "number": "General", "integer": "General"}.get(
        ask.field["type"], "@"
    )
    if not ask.allowed:
        return
    inside = ",".join(ask.allowed)
    simple = len(inside) < _IN_CELL and not any('"' in a or "," in a for a in ask.allowed)
    where = f"{LISTS}!${lists[ask.allowed]}$1:${lists[ask.allowed]}${len(ask.allowed)}"
    rule = DataValidation(
        type="list",
        formula1=f'"{inside}"' if simple else where,
        allow_blank=True,
        showErrorMessage=True,
        errorStyle="stop" if ask.strict else "warning",
        errorTitle=ask.name,
        error=ask.words[:220],
    )
    rule.add(f"{letter}2:{letter}{ROWS + 1}")
    sheet.add_data_validation(rule)


# --- .ods

_STYLES = """
<number:text-style style:name="plain-text"><number:text-content/></number:text-style>
<number:date-style style:name="iso-date"><number:year number:style="long"/><number:text>-</number:text><number:month
 number:style="long"/><number:text>-</number:text><number:day number:style="long"/></number:date-style>
<style:style style:name="as-text" style:family="table-cell" style:parent-style-name="Default" style:data-style-name="plain-text"/>
<style:style style:name="as-date" style:family="table-cell" style:parent-style-name="Default" style:data-style-name="iso-date"/>
<style:style style:name="as-number" style:family="table-cell" style:parent-style-name="Default"/>
<style:style style:name="head" style:family="table-cell" style:parent-style-name="Default"><style:text-properties
 fo:font-weight="bold"/></style:style>
<style:style style:name="wrapped" style:family="table-cell" style:parent-style-name="Default"><style:table-cell-properties
 fo:wrap-option="wrap" style:vertical-align="top"/></style:style>
"""


def _ods(form: SpreadsheetForm) -> bytes:
    from odfdo import Document, Element  # noqa: PLC0415

    book = Document("spreadsheet")
    book.body.clear()
    widths: list[int] = []
    tables = list(_ods_tables(form, widths))
    styles: Any = book.content.get_element("//office:automatic-styles")
    columns = "".join(
        f'<style:style style:name="wide{w}" style:family="table-column"><style:table-column-properties'
        f' style:column-width="{w * 0.2:.1f}cm"/></style:style>'
        for w in sorted(set(widths))
    )
    for style in Element.from_tag(f"<office:x>{_STYLES}{columns}</office:x>").children:
        styles.append(style)
    rules = "".join(_ods_rules(form))
    if rules:
        book.body.append(Element.from_tag(f"<table:content-validations>{rules}</table:content-validations>"))
    for table in tables:
        book.body.append(Element.from_tag(table))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _ods_tables(form: SpreadsheetForm, widths: list[int]) -> Iterator[str]:
    """Yield the XML of each sheet; `widths` takes those of the columns."""

    def column(width: int, style: str) -> str:
        widths.append(width)
        return f'<table:table-column table:style-name="wide{width}" table:default-cell-style-name="{style}"/>'

    heads = "".join(column(w, "wrapped") for w in (16, 20, 48, 12, 60, 40))
    rows = ("".join(_ods_text(w, _ods_style(form, r)) for w in row) for r, row in enumerate(form.help))
    yield _ods_table(HELP, heads, (row or "<table:table-cell/>" for row in rows))
    for name, asks, _ in form.sheets:
        styles = [
            f"as-{t if (t := a.field['type']) in ('date',) else 'number' if t in ('number', 'integer') else 'text'}"
            for a in asks
        ]
        heads = "".join(column(_width(a), s) for a, s in zip(asks, styles, strict=True))
        top = "".join(_ods_text(a.name, "head", a.note) for a in asks)
        blank = "".join(
            f'<table:table-cell table:style-name="{s}"'
            + (f' table:content-validation-name="{name}-{a.name}"/>' if a.allowed else "/>")
            for a, s in zip(asks, styles, strict=True)
        )
        yield _ods_table(name, heads, (top,), blank)
    lists = list(_lists(form))
    if lists:
        deep = max(map(len, lists))
        rows = ("".join(_ods_text(a[r] if r < len(a) else "") for a in lists) for r in range(deep))
        yield _ods_table(LISTS, "".join(column(20, "as-text") for _ in lists), rows)


def _ods_style(form: SpreadsheetForm, row: int) -> str:
    """Return how a row of the sheet that explains the others looks: its sentences run on over the columns."""
    if row == 0 or (len(form.help[row]) > 1 and not form.help[row - 1]):
        return "head"
    return "wrapped" if len(form.help[row]) > 1 else "as-number"


def _ods_table(name: str, heads: str, rows: Iterator[str] | tuple[str, ...], blank: str = "") -> str:
    body = "".join(f"<table:table-row>{row}</table:table-row>" for row in rows)
    if blank:
        body += f'<table:table-row table:number-rows-repeated="{ROWS}">{blank}</table:table-row>'
    return f'<table:table table:name="{escape(name)}">{heads}{body}</table:table>'


def _ods_text(words: str, style: str = "", note: str = "") -> str:
    if not words:
        return "<table:table-cell/>"
    named = f' table:style-name="{style}"' if style else ""
    annotation = f"<office:annotation><text:p>{escape(note)}</text:p></office:annotation>" if note else ""
    return f'<table:table-cell{named} office:value-type="string">{annotation}<text:p>{escape(words)}</text:p></table:table-cell>'


def _ods_rules(form: SpreadsheetForm) -> Iterator[str]:
    lists = _lists(form)
    for name, asks, _ in form.sheets:
        for n, ask in enumerate(asks, 1):
            if not ask.allowed:
                continue
            column = lists[ask.allowed]
            where = f"of:cell-content-is-in-list([${LISTS}.${column}$1:.${column}${len(ask.allowed)}])"
            kind = "stop" if ask.strict else "warning"
            yield (
                f'<table:content-validation table:name="{name}-{ask.name}" table:condition="{where}"'
                f' table:allow-empty-cell="true" table:display-list="unsorted" table:base-cell-address="{name}.{letters(n)}2">'
                f'<table:error-message table:message-type="{kind}" table:display="true"><text:p>{escape(ask.words[:220])}</text:p>'
                "</table:error-message></table:content-validation>"
            )
