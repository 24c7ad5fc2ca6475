"""Write a workbook as .xlsx and .ods. The same content always gives the same bytes.

XlsxWriter writes .xlsx: gptables, which uses it, takes ten times as long for the figures of a portal. We write .ods as
text, because odfdo makes an object for each cell, which would double the time of a build. The tests read every file with
odfdo and LibreOffice.
"""

import hashlib
import io
import sys
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from portal.core import operating_system
from portal.opendata import workbooks
from portal.opendata.workbooks import Cell, DownloadWorkbook, WrittenSheet, sheets_of

_FIRST_DAY = "2000-01-01"  # the date of a workbook without a release, so that its bytes stay the same
_WIDEST, _NARROWEST = 60, 8  # letters


def to_xlsx(book: DownloadWorkbook) -> bytes:
    """Return a workbook for Excel."""
    import xlsxwriter  # noqa: PLC0415 - only builds need it

    out = io.BytesIO()
    file = xlsxwriter.Workbook(out, {"in_memory": True})
    day = datetime.fromisoformat(book.day or _FIRST_DAY)
    file.set_properties(
        {"title": book.title, "author": book.publisher, "company": book.publisher, "created": day}
    )
    font = {"font_name": "Arial", "font_size": 12}
    formats = {
        "title": file.add_format({**font, "bold": True, "font_size": 16}),
        "heading": file.add_format({**font, "bold": True, "text_wrap": True, "valign": "top"}),
        "text": file.add_format(font),
        "right": file.add_format({**font, "align": "right"}),
    }
    for sheet in sheets_of(book):
        _write_sheet(file.add_worksheet(sheet.name), sheet, formats)
    file.close()
    return out.getvalue()


def _write_sheet(written: Any, sheet: WrittenSheet, formats: Mapping[str, Any]) -> None:
    """Write the cells of a sheet, and mark its table so that a screen reader can say its headings."""
    for r, row in enumerate(sheet.rows):
        for c, cell in enumerate(row):
            if isinstance(cell, Decimal):
                written.write_number(r, c, float(cell), formats["right"])
            elif sheet.linked and c == 0 and sheet.heading is not None and r > sheet.heading:
                written.write_url(r, c, f"internal:'{cell}'!A1", formats["text"], cell)
            elif cell:
                style = "title" if r == 0 else "right" if cell.startswith("[") else "text"
                written.write_string(r, c, cell, formats[style])
    for c, width in enumerate(_widths(sheet)):
        written.set_column(c, c, width)
    if sheet.heading is None:
        return
    headings = [{"header": c, "header_format": formats["heading"]} for c in sheet.rows[sheet.heading]]
    last = max(len(sheet.rows) - 1, sheet.heading + 1)
    options = {"name": table_name(sheet), "columns": headings, "autofilter": False, "style": None}
    written.add_table(sheet.heading, 0, last, len(headings) - 1, options)
    written.freeze_panes(sheet.heading + 1, 0)


def table_name(sheet: WrittenSheet) -> str:
    """Return the name of a sheet's table, by which programs find it."""
    return "".join(c if c.isalnum() and c.isascii() else "_" for c in f"table_{sheet.name}")


def _widths(sheet: WrittenSheet) -> list[int]:
    """Return the width of each column in letters, by its headings and its first rows."""
    if sheet.heading is None:
        return [_WIDEST]
    seen = sheet.rows[sheet.heading : sheet.heading + 200]
    return [
        min(_WIDEST, max(_NARROWEST, *(len(str(row[c])) + 2 for row in seen))) for c in range(sheet.width)
    ]


# --- .ods

_SPACES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in (("office", "office"), ("table", "table"), ("text", "text"), ("style", "style"), ("meta", "meta"), ("manifest", "manifest"))
) + ' xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xlink="http://www.w3.org/1999/xlink"'  # fmt: skip
_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
_MANIFEST = (
    f'{_XML}<manifest:manifest {_SPACES} manifest:version="1.3">'
    f'<manifest:file-entry manifest:full-path="/" manifest:version="1.3" manifest:media-type="{_TYPE}"/>'
    + "".join(f'<manifest:file-entry manifest:full-path="{n}" manifest:media-type="text/xml"/>' for n in ("content.xml", "styles.xml", "meta.xml"))
    + "</manifest:manifest>"
)  # fmt: skip


def to_ods(book: DownloadWorkbook) -> bytes:
    """Return a workbook as an OpenDocument spreadsheet."""
    sheets = tuple(sheets_of(book))
    tables = "".join(map(_ods_table, sheets))
    ranges = "".join(map(_range, (s for s in sheets if s.heading is not None)))
    content = (
        f'{_XML}<office:document-content {_SPACES} office:version="1.3"><office:automatic-styles>'
        '<style:style style:name="title" style:family="table-cell"><style:text-properties fo:font-weight="bold" fo:font-size="16pt"/></style:style>'
        '<style:style style:name="head" style:family="table-cell"><style:text-properties fo:font-weight="bold"/></style:style>'
        '<style:style style:name="mark" style:family="table-cell"><style:paragraph-properties fo:text-align="end"/></style:style>'
        '<style:style style:name="wide" style:family="table-column"><style:table-column-properties style:column-width="5cm"/></style:style>'
        f"</office:automatic-styles><office:body><office:spreadsheet>{tables}"
        f"<table:database-ranges>{ranges}</table:database-ranges></office:spreadsheet></office:body></office:document-content>"
    )
    country = book.language.partition("-")[2] or ("GB" if book.language == "en" else "")
    styles = (
        f'{_XML}<office:document-styles {_SPACES} office:version="1.3"><office:styles><style:default-style style:family="table-cell">'
        f'<style:text-properties fo:font-family="Arial" fo:font-size="12pt" fo:language={quoteattr(book.language[:2])} fo:country={quoteattr(country)}/>'
        "</style:default-style></office:styles></office:document-styles>"
    )
    meta = (
        f'{_XML}<office:document-meta {_SPACES} office:version="1.3"><office:meta><dc:title>{escape(book.title)}</dc:title>'
        f"<meta:initial-creator>{escape(book.publisher)}</meta:initial-creator><dc:creator>{escape(book.publisher)}</dc:creator>"
        f"<meta:creation-date>{book.day or _FIRST_DAY}T00:00:00</meta:creation-date><dc:language>{escape(book.language)}</dc:language>"
        "</office:meta></office:document-meta>"
    )
    return _zipped(
        {
            "mimetype": _TYPE,
            "content.xml": content,
            "styles.xml": styles,
            "meta.xml": meta,
            "META-INF/manifest.xml": _MANIFEST,
        }
    )


def _range(sheet: WrittenSheet) -> str:
    """Mark the table of a sheet as a range of data with headings."""
    last, n = "", sheet.width
    while n:
        n, rest = divmod(n - 1, 26)
        last = chr(65 + rest) + last
    top = (sheet.heading or 0) + 1
    place = f"'{sheet.name}'.A{top}:'{sheet.name}'.{last}{len(sheet.rows)}"
    return f'<table:database-range table:name="{table_name(sheet)}" table:target-range-address={quoteattr(place)} table:contains-header="true"/>'


def _ods_table(sheet: WrittenSheet) -> str:
    body = []
    for n, row in enumerate(sheet.rows):
        style = (
            ' table:style-name="title"'
            if n == 0
            else ' table:style-name="head"'
            if n == sheet.heading
            else ""
        )
        linked = sheet.linked and sheet.heading is not None and n > sheet.heading
        cells = "".join(_ods_cell(cell, style, linked and c == 0) for c, cell in enumerate(row))
        body.append(f"<table:table-row>{cells}</table:table-row>")
    columns = f'<table:table-column table:style-name="wide" table:number-columns-repeated="{sheet.width}"/>'
    return f"<table:table table:name={quoteattr(sheet.name)}>{columns}{''.join(body)}</table:table>"


def _ods_cell(cell: Cell, style: str, linked: bool) -> str:
    if isinstance(cell, Decimal):
        return f'<table:table-cell office:value-type="float" office:value="{cell:f}"><text:p>{cell:f}</text:p></table:table-cell>'
    if not cell:
        return "<table:table-cell/>"
    words = "</text:p><text:p>".join(escape(line) for line in cell.split("\n"))
    if linked:
        words = f'<text:a xlink:href={quoteattr(f"#{cell}.A1")} xlink:type="simple">{words}</text:a>'
    shown = (
        f" office:string-value={quoteattr(cell)}" if linked else ""
    )  # some programs do not read the text inside a link
    mark = ' table:style-name="mark"' if cell.startswith("[") and not style else style
    return f'<table:table-cell{mark} office:value-type="string"{shown}><text:p>{words}</text:p></table:table-cell>'


def _zipped(parts: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in parts.items():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, text.encode(), compresslevel=6)
    return out.getvalue()


def both(path: str, book: DownloadWorkbook, folder: Path) -> Iterable[tuple[str, bytes]]:
    """Yield the paths, with their endings, and the bytes of a workbook in both formats.

    Files are cached in `folder`, under a digest of the workbook and of the code that writes it.
    """
    name = hashlib.sha256(_writers() + repr(book).encode()).hexdigest()[:24]
    for ending, write in (("xlsx", to_xlsx), ("ods", to_ods)):
        file = f"{name}.{ending}"
        yield f"{path}.{ending}", operating_system.made_once(folder / file, partial(write, book))


@cache
def _writers() -> bytes:
    """Return the source of the code that writes workbooks, and the versions of the libraries that it uses."""
    versions = f"{version('XlsxWriter')} {zlib.ZLIB_RUNTIME_VERSION} {sys.version_info[:2]}"
    return versions.encode() + b"".join(Path(file).read_bytes() for file in (__file__, workbooks.__file__))
