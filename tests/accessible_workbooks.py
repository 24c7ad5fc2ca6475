"""Check a workbook against every point of the guidance on accessible spreadsheets that a program can check.

The points are those of the Analysis Function's “Releasing statistics in spreadsheets”. Both formats are read with other
libraries than those that wrote them: openpyxl and odfdo.
"""

import io
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import openpyxl
from odfdo import Document

Value = str | int | float | None
SHORTHAND = {"[c]", "[x]", "[z]", "[low]", "[p]", "[r]", "[e]", "[b]"}


@dataclass(frozen=True)
class Page:
    """A sheet as it was read back: its rows, the first row of its table counted from 0, and its name."""

    name: str
    rows: tuple[tuple[Value, ...], ...]
    top: int | None

    @property
    def table(self) -> tuple[tuple[Value, ...], ...]:
        return () if self.top is None else self.rows[self.top :]


@dataclass(frozen=True)
class Read:
    """A workbook as it was read back: its sheets, its metadata, and what its cells must not have."""

    pages: tuple[Page, ...]
    title: str
    creator: str
    merged: int
    hidden: int
    formulas: int
    names: tuple[str, ...]
    fonts: frozenset[tuple[str, float]]


def read(data: bytes, kind: str) -> Read:
    """Read a workbook of the kind `xlsx` or `ods`."""
    return _xlsx(data) if kind == "xlsx" else _ods(data)


def _xlsx(data: bytes) -> Read:
    book = openpyxl.load_workbook(io.BytesIO(data))
    pages, names = [], []
    for sheet in book.worksheets:
        tables = list(sheet.tables.values())
        assert len(tables) <= 1, sheet.title
        top = int(re.sub(r"\D", "", tables[0].ref.split(":")[0])) - 1 if tables else None
        names += [t.name for t in tables]
        pages.append(
            Page(sheet.title, tuple(_rounded(row) for row in sheet.iter_rows(values_only=True)), top)
        )
    cells = [
        c for s in book.worksheets for row in s.iter_rows(max_row=40) for c in row if c.value is not None
    ]
    return Read(
        tuple(pages), book.properties.title or "", book.properties.creator or "",
        sum(len(s.merged_cells.ranges) for s in book.worksheets),
        sum(s.sheet_state != "visible" or any(d.hidden for d in (*s.row_dimensions.values(), *s.column_dimensions.values())) for s in book.worksheets),
        sum(c.data_type == "f" for c in cells), tuple(names), frozenset((c.font.name, c.font.size) for c in cells),
    )  # fmt: skip


def _rounded(row: tuple[object, ...]) -> tuple[Value, ...]:
    return tuple(v.isoformat() if isinstance(v, datetime) else v for v in row)  # type: ignore[misc]


def _ods(data: bytes) -> Read:
    document = Document(io.BytesIO(data))
    content = zipfile.ZipFile(io.BytesIO(data)).read("content.xml").decode()
    styles = zipfile.ZipFile(io.BytesIO(data)).read("styles.xml").decode()
    tops = {
        m[1]: int(m[2]) - 1
        for m in re.finditer(r"table:target-range-address=\"'([^']+)'\.[A-Z]+(\d+):", content)
    }
    pages = []
    for table in document.body.tables:
        rows = [tuple(_value(c) for c in row) for row in table.get_values()]
        pages.append(Page(str(table.name), tuple(rows), tops.get(table.name)))
    family = re.search(r'fo:font-family="([^"]+)" fo:font-size="([\d.]+)pt"', styles)
    assert family
    names = tuple(re.findall(r'database-range table:name="([^"]+)"', content))
    return Read(
        tuple(pages), document.meta.title or "", document.meta.creator or "", content.count("-spanned="),
        content.count('visibility="collapse"') + content.count('display="false"'), content.count("table:formula"), names,
        frozenset({(family[1], float(family[2]))}),
    )  # fmt: skip


def _value(value: object) -> Value:
    if value is None or isinstance(value, str):
        return value or None
    number = float(value)  # type: ignore[arg-type]
    return int(number) if number.is_integer() else number


def _front(book: Read) -> bool:
    names = [p.name for p in book.pages]
    return names[:2] == ["Cover", "Contents"] and len(names) >= 3


def _contents(book: Read) -> bool:
    listed = [row[:2] for row in book.pages[1].table[1:]]
    return listed == [(p.name, p.rows[0][0]) for p in book.pages[2:]]


def _marks(book: Read) -> bool:
    used = {
        str(v) for p in book.pages for row in p.table for v in row if re.fullmatch(r"\[[a-z]{1,4}\]", str(v))
    }
    notes = next((p for p in book.pages if p.name == "Notes"), None)
    explained = {row[0] for row in notes.table[1:]} if notes else set()
    figures = [p for p in book.pages if p.name == "Figures"]
    return not figures or (used == explained and used <= SHORTHAND)


def _numbers(book: Read) -> bool:
    values = [
        row[p.table[0].index("Value")] for p in book.pages if p.name == "Figures" for row in p.table[1:]
    ]
    return all(isinstance(v, int | float) or v in SHORTHAND for v in values)


def _no_gap(page: Page) -> bool:
    return all(any(v is not None for v in row) for row in page.rows) and None not in (
        page.table[0] if page.table else ()
    )


def _explained(page: Page) -> bool:
    blank = any(v is None for row in page.table for v in row)
    return not blank or any("blank cell" in str(row[0]) for row in page.rows[: page.top])


POINTS: Mapping[str, Callable[[Read], bool]] = {
    "There is a cover, a list of sheets and at least one table": _front,
    "The list of sheets names every sheet after it, with its title": _contents,
    "Each sheet has a title in its first cell": lambda b: all(isinstance(p.rows[0][0], str) and p.rows[0][0] for p in b.pages),
    "Each sheet but the cover has one table, which is marked as one": lambda b: [p.top is None for p in b.pages] == [True, *[False] * (len(b.pages) - 1)],
    "A sheet with a table says above it how many tables it has": lambda b: all("one table" in str(p.rows[1][0]) for p in b.pages[1:]),
    "Tables have distinct names without spaces": lambda b: len(set(b.names)) == len(b.names) and all(re.fullmatch(r"\w+", n) for n in b.names),
    "Each column has a heading, and no two have the same": lambda b: all(len(set(p.table[0])) == len(p.table[0]) and all(p.table[0]) for p in b.pages[1:]),
    "No row or heading is blank, and blank cells are explained above the table": lambda b: all(_no_gap(p) and _explained(p) for p in b.pages),
    "No cells are merged": lambda b: not b.merged,
    "No sheet, row or column is hidden": lambda b: not b.hidden,
    "No cell has a formula": lambda b: not b.formulas,
    "Numbers are numbers, and where there is none a mark says why": _numbers,
    "The marks are those of the guidance, and the notes explain each": _marks,
    "Sheets have short, distinct names": lambda b: len({p.name.lower() for p in b.pages}) == len(b.pages) and all(len(p.name) <= 31 for p in b.pages),
    "The text is at least 12 points in a font without serifs": lambda b: all(name == "Arial" and size >= 12 for name, size in b.fonts),
    "The file has a title and an author in its metadata": lambda b: bool(b.title and b.creator),
}  # fmt: skip


def missed(data: bytes, kind: str) -> Iterator[str]:
    """Yield each point that a workbook misses."""
    book = read(data, kind)
    yield from (point for point, holds in POINTS.items() if not holds(book))
