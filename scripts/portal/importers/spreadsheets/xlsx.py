"""Read .xlsx and .xlsm: the sheets, their cells as they are stored and as they are shown, and the notes on them.

Only the parts that tables need are read. Charts, pivot tables, macros, links to other files and what programs add
besides are never looked at, and of themes only the colours, so nothing odd in them can keep a workbook from being
read. Elements are known by their local names, which are the same in Transitional and Strict Open XML.
"""

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from typing import Any, cast

from lxml import etree

from portal.importers.spreadsheets import grid, number_formats, unpacking, visibility
from portal.importers.spreadsheets.grid import MOST_COLUMNS, Bounds, Cell, Place, Sheet, moved_digits, numeric
from portal.importers.spreadsheets.visibility import BLACK, WHITE, Colour, FormattedArea, Palette

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_TRUE = ("1", "true", "on")
_TAGS = tuple(
    f"{{*}}{t}"
    for t in ("row", "c", "col", "mergeCell", "conditionalFormatting", "sheetFormatPr", "sheetView")
)
_LOWEST, _NARROWEST = 2, 0.5  # points and letters; less of a row or column is a line and no text


def sheets(file: str, raw: bytes) -> Iterator[Sheet]:
    """Read each sheet of cells in a workbook; raise whatever a damaged file leads to."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        book = _XlsxBook(file, archive)
        bounds = Bounds(file)
        for name, state, path in book.sheets:
            yield _Reader(book, bounds, path).sheet(name, state not in ("", "visible"))


def _name(element: Any) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _children(element: Any, name: str) -> Iterator[Any]:
    return (e for e in element if _name(e) == name)


def _child(element: Any, *path: str) -> Any:
    """Return the first element at a path of names below this one, or None."""
    for name in path:
        element = next(_children(element, name), None) if element is not None else None
    return element


def _all(element: Any, *path: str) -> list[Any]:
    """Return what is in the element at a path of names below this one; nothing where there is none."""
    parent = _child(element, *path)
    return [] if parent is None else [e for e in parent if _name(e)]


def _is_on(element: Any) -> bool:
    return element is not None and element.get("val", "1") in _TRUE


def _text(element: Any) -> str:
    """Return the text of a string or note, without how it is read aloud in Japanese; raised digits are marks."""
    parts = []
    for e in element.iter("{*}t"):
        if not any(_name(a) == "rPh" for a in e.iterancestors()):
            position = _child(e.getparent(), "rPr", "vertAlign")
            parts.append(moved_digits(e.text or "", "" if position is None else position.get("val", "")))
    return _unescaped("".join(parts))


def _unescaped(text: str) -> str:
    """Text in which characters that XML cannot hold are written out; the first is what a line ends with on Windows."""
    return _ESCAPED.sub(lambda m: chr(int(m[1], 16)), text.replace("_x000D_", ""))


def _struck_part(element: Any) -> bool:
    return any(_is_on(e) for e in element.iter("{*}strike"))


@dataclass(frozen=True)
class _RichText:
    """A text with what its parts look like: whether one is struck through, and their fonts."""

    words: str
    struck: bool
    fonts: tuple[Any, ...]

    @classmethod
    def of(cls, element: Any) -> "_RichText":
        """Read a shared or inline text."""
        return cls(_text(element), _struck_part(element), tuple(element.iter("{*}rPr")))


@dataclass(frozen=True)
class _Style:
    """How a cell looks: its number format, its colours, whether it is struck through, and why its text cannot be seen."""

    code: str = "General"
    struck: bool = False
    hidden: str = ""
    colour: Colour = BLACK
    behind: Colour = WHITE

    @cached_property
    def is_date(self) -> bool:
        from openpyxl.styles.numbers import is_date_format  # noqa: PLC0415

        return bool(is_date_format(self.code))


@dataclass(frozen=True)
class _ConditionalStyle:
    """What a conditional format makes of a cell: the colours that it sets, or why no colour lets people see the number."""

    colour: Colour | None = None
    behind: Colour | None = None
    hidden: str = ""

    def effect(self, style: _Style) -> str:
        """Return why a number in a cell of this style cannot be seen under the format, or nothing."""
        same = visibility.look_same(self.colour or style.colour, self.behind or style.behind)
        return self.hidden or (visibility.CONDITIONAL if same else "")


@dataclass(frozen=True)
class _XlsxBook:
    """The parts of a workbook that its sheets share."""

    file: str
    archive: zipfile.ZipFile

    @cached_property
    def _names(self) -> Mapping[str, str]:
        return {n.lower(): n for n in self.archive.namelist()}

    def part(self, path: str) -> bytes | None:
        """Return the bytes of a part, or None where the file does not have it."""
        name = self._names.get(path.lower().lstrip("/"))
        return unpacking.part(self.file, self.archive, name) if name else None

    def tree(self, path: str) -> Any:
        """Return the root of a part, or None."""
        content = self.part(path)
        if content is None:
            return None
        return etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))

    def related(self, path: str) -> Mapping[str, tuple[str, str]]:
        """Return the kind and path of each part that a part points to, by its id."""
        folder, name = posixpath.split(path)
        root = self.tree(posixpath.join(folder, "_rels", f"{name}.rels"))
        return {
            e.get("Id", ""): (e.get("Type", "").rpartition("/")[2], _joined(folder, e.get("Target", "")))
            for e in (() if root is None else root)
            if e.get("TargetMode") != "External"
        }

    @cached_property
    def path(self) -> str:
        """Return the path of the workbook itself."""
        return next((p for k, p in self.related("").values() if k == "officeDocument"), "xl/workbook.xml")

    @cached_property
    def _root(self) -> Any:
        root = self.tree(self.path)
        if root is None:
            raise ValueError("no workbook")
        return root

    @cached_property
    def epoch(self) -> datetime:
        """Return the day from which dates count."""
        from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH  # noqa: PLC0415

        properties = _child(self._root, "workbookPr")
        old = properties is not None and properties.get("date1904") in _TRUE
        return cast("datetime", MAC_EPOCH if old else WINDOWS_EPOCH)

    @cached_property
    def works_out_later(self) -> bool:
        """Return True if formulas are worked out on opening; XlsxWriter stores 0 as the result of each until then."""
        calculation = _child(self._root, "calcPr")
        return calculation is not None and calculation.get("fullCalcOnLoad") in _TRUE

    @property
    def sheets(self) -> Iterator[tuple[str, str, str]]:
        """Yield the name, state and path of each sheet of cells."""
        related = self.related(self.path)
        for e in _all(self._root, "sheets"):
            ids = [v for k, v in e.attrib.items() if k.startswith("{") and etree.QName(k).localname == "id"]
            kind, path = related.get(ids[0] if ids else "", ("", ""))
            if kind == "worksheet":
                yield e.get("name", ""), e.get("state", ""), path

    def _shared(self, kind: str) -> Any:
        path = next((p for k, p in self.related(self.path).values() if k == kind), "")
        return self.tree(path) if path else None

    @cached_property
    def strings(self) -> tuple[_RichText, ...]:
        """Return each shared text."""
        root = self._shared("sharedStrings")
        return () if root is None else tuple(map(_RichText.of, _children(root, "si")))

    @cached_property
    def _styles(self) -> Any:
        return self._shared("styles")

    @cached_property
    def _codes(self) -> Mapping[int, str]:
        from openpyxl.styles.numbers import BUILTIN_FORMATS  # noqa: PLC0415

        own_formats = {
            int(e.get("numFmtId", "0")): e.get("formatCode", "General") for e in _all(self._styles, "numFmts")
        }
        return {**BUILTIN_FORMATS, **own_formats}

    @cached_property
    def styles(self) -> tuple[_Style, ...]:
        """Return how the cells of each style look."""
        if self._styles is None:
            return ()
        fonts, fills = (_all(self._styles, n) for n in ("fonts", "fills"))
        return tuple(self._style(e, fonts, fills) for e in _all(self._styles, "cellXfs"))

    def _style(self, xf: Any, fonts: list[Any], fills: list[Any]) -> _Style:
        font, fill = (
            every[n] if 0 <= (n := int(xf.get(which, "0"))) < len(every) else None
            for which, every in (("fontId", fonts), ("fillId", fills))
        )
        code = self._codes.get(int(xf.get("numFmtId", "0")), "General")
        colour, behind = self._palette.colour(_child(font, "color")) or BLACK, self._background(fill)
        hidden = visibility.unseen(colour, behind, _points(font))
        return _Style(code, _is_on(_child(font, "strike")), hidden, colour, behind)

    @cached_property
    def _palette(self) -> Palette:
        from openpyxl.styles.colors import COLOR_INDEX  # noqa: PLC0415

        own = tuple(e.get("rgb", "") for e in _all(self._styles, "colors", "indexedColors"))
        try:
            scheme = _all(self._shared("theme"), "themeElements", "clrScheme")
        except Exception:  # whatever is wrong with the theme, the tables do not need it
            scheme = []
        theme = [next((c.get("lastClr") or c.get("val", "") for c in e if _name(c)), "") for e in scheme]
        theme[:4] = theme[1::-1] + theme[3:1:-1]  # the numbers begin with light, the theme with dark
        return Palette(own or tuple(COLOR_INDEX), tuple(theme) or visibility.OFFICE)

    def _background(self, fill: Any) -> Colour:
        pattern = _child(fill, "patternFill")
        if pattern is None or pattern.get("patternType") != "solid":
            return WHITE
        return self._palette.colour(_child(pattern, "fgColor")) or BLACK

    def hidden_part(self, text: _RichText, style: _Style) -> str:
        """Return why a part of the text of a cell cannot be seen, or nothing."""
        for font in text.fonts:
            colour = self._palette.colour(_child(font, "color")) or style.colour
            if visibility.unseen(colour, style.behind, _points(font)):
                return visibility.PART
        return ""

    @cached_property
    def _conditional(self) -> tuple[_ConditionalStyle, ...]:
        return tuple(map(self._conditional_style, _all(self._styles, "dxfs")))

    def _conditional_style(self, dxf: Any) -> _ConditionalStyle:
        fill, font = _child(dxf, "fill", "patternFill"), _child(dxf, "font", "color")
        fills = (self._palette.colour(_child(fill, name)) for name in ("bgColor", "fgColor"))
        behind = next(filter(None, fills), None)
        if fill is not None and fill.get("patternType") == "none":
            behind = WHITE
        colour = None if font is None else self._palette.colour(font) or BLACK
        changes = _child(dxf, "numFmt") is not None or _is_on(_child(dxf, "font", "strike"))
        return _ConditionalStyle(colour, behind, visibility.CONDITIONAL if changes else "")

    def effects(self, rule: Any) -> Iterator[_ConditionalStyle]:
        """Yield what a rule of a conditional format can make of a cell."""
        number = rule.get("dxfId") or ""
        if number.isdecimal() and int(number) < len(self._conditional):
            yield self._conditional[int(number)]
        yield from map(self._conditional_style, _children(rule, "dxf"))
        for e in rule:
            if _name(e) in ("iconSet", "dataBar") and e.get("showValue", "1") not in _TRUE:
                yield _ConditionalStyle(hidden=visibility.INSTEAD)
            if _name(e) in ("colorScale", "dataBar"):
                yield from (_ConditionalStyle(None, self._palette.colour(c)) for c in _children(e, "color"))


def _joined(folder: str, target: str) -> str:
    return (
        target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
    )


def _corners(area: str) -> tuple[int, int, int, int]:
    """Return the first row and column of an area and the last; the whole sheet where the area cannot be read."""
    from openpyxl.utils import range_boundaries  # noqa: PLC0415

    try:
        left, top, right, bottom = range_boundaries(area)
    except ValueError:
        left = top = right = bottom = None
    return top or 1, left or 1, bottom or 1_048_576, right or 16_384


def _points(font: Any) -> float:
    size = _child(font, "sz")
    return 11 if size is None else float(size.get("val", "11") or 11)


@dataclass
class _Reader:
    """Reads one sheet element by element, so that a large sheet is never in memory as a whole."""

    book: _XlsxBook
    bounds: Bounds
    path: str

    def sheet(self, name: str, hidden: bool) -> Sheet:
        """Read the sheet that the workbook calls `name`."""
        from openpyxl.utils import range_boundaries  # noqa: PLC0415

        content = self.book.part(self.path)
        if content is None:
            raise ValueError("no sheet")
        self._cells: dict[Place, Cell] = {}
        self._looks: dict[Place, _Style] = {}
        self._row, self._column = 0, 0
        self._hidden_rows: set[int] = set()
        self._hidden_columns: set[int] = set()
        merged: list[tuple[int, int, int, int]] = []
        conditional: list[FormattedArea] = []
        parsed = etree.iterparse(
            io.BytesIO(content), events=("start", "end"), tag=_TAGS, resolve_entities=False, no_network=True
        )
        rows_hidden = zeros_hidden = False
        for event, element in parsed:
            kind = _name(element)
            if event == "start":
                if kind == "row":
                    self._begin_row(element, rows_hidden)
                continue
            if kind == "c":
                self._cell(element)
            elif kind == "col":
                self._columns(element)
            elif kind == "sheetView":
                zeros_hidden = element.get("showZeros", "1") not in _TRUE
            elif kind == "sheetFormatPr":
                rows_hidden = element.get("zeroHeight") in _TRUE
                is_narrow = float(element.get("defaultColWidth") or 9) < _NARROWEST
                self._hidden_columns |= set(range(1, MOST_COLUMNS + 1)) if is_narrow else set()
            elif kind == "mergeCell":
                left, top, right, bottom = range_boundaries(element.get("ref"))
                merged.append((top, left, bottom, right))
            elif kind == "conditionalFormatting":
                conditional += self._areas(element)
            element.clear()
            while element.getprevious() is not None and kind in ("c", "row"):
                del element.getparent()[0]
        visibility.mark_conditional(self._cells, self._looks, conditional)
        if zeros_hidden:
            self._mark_zeros()
        return Sheet(
            name,
            self._cells,
            tuple(merged),
            frozenset(self._hidden_rows),
            frozenset(self._hidden_columns),
            hidden,
            self._notes(),
        )

    def _mark_zeros(self) -> None:
        self._cells |= {
            at: replace(cell, hidden=cell.hidden or "the sheet shows no zeros")
            for at, cell in self._cells.items()
            if cell.kind == "number" and cell.number == 0
        }

    def _begin_row(self, row: Any, hidden: bool) -> None:
        self._row = int(float(row.get("r"))) if row.get("r") else self._row + 1
        self._column = 0
        is_hidden = row.get("hidden")
        if is_hidden in _TRUE or (is_hidden is None and hidden) or float(row.get("ht", "15")) < _LOWEST:
            self._hidden_rows.add(self._row)

    def _columns(self, col: Any) -> None:
        last = min(int(col.get("max", "0")), MOST_COLUMNS)
        columns = set(range(int(col.get("min", "1")), last + 1))
        if col.get("hidden") in _TRUE or float(col.get("width", "9") or 9) < _NARROWEST:
            self._hidden_columns |= columns
        elif col.get("width"):
            self._hidden_columns -= columns

    def _cell(self, element: Any) -> None:
        from openpyxl.utils.cell import coordinate_to_tuple  # noqa: PLC0415

        if element.get("r"):
            row, self._column = coordinate_to_tuple(element.get("r"))
        else:
            row, self._column = self._row, self._column + 1
        number = int(element.get("s", "0"))
        style = self.book.styles[number] if number < len(self.book.styles) else _Style()
        cell = self._read(element, style)
        if cell:
            self.bounds.add(row, self._column, cell)
            self._cells[row, self._column] = cell
            if cell.kind == "number":
                self._looks[row, self._column] = style

    def _read(self, element: Any, style: _Style) -> Cell | None:
        kind = element.get("t", "n")
        value = getattr(_child(element, "v"), "text", None) or ""
        if kind == "inlineStr":
            inside = _child(element, "is")
            if inside is None:
                return None
            return self._words(_RichText.of(inside), style)
        has_formula = _child(element, "f") is not None
        if value == "0" and has_formula and self.book.works_out_later:
            return Cell("formula")
        if not value:
            bare = kind != "str" or _child(element, "v") is None
            return Cell("formula") if bare and has_formula else None
        match kind:
            case "s":
                return self._words(self.book.strings[int(value)], style)
            case "str":
                return self._words(_RichText(_unescaped(value), False, ()), style)
            case "e":
                return Cell("error", value)
            case "b":
                words = "true" if value in _TRUE else "false"
                return Cell("boolean", words, hidden=style.hidden, struck=style.struck)
            case "d":
                return _dated(datetime.fromisoformat(value), style)
        return self._number(grid.stored_number(value), style)

    def _words(self, text: _RichText, style: _Style) -> Cell | None:
        if not text.words.strip():
            return None
        hidden = style.hidden or ("its format shows no text" if number_formats.hides_text(style.code) else "")
        hidden = hidden or self.book.hidden_part(text, style)
        return Cell("text", text.words, hidden=hidden, struck=style.struck or text.struck)

    def _number(self, value: float, style: _Style) -> Cell:
        from openpyxl.utils.datetime import from_excel  # noqa: PLC0415

        if style.is_date:
            try:
                return _dated(from_excel(value, self.book.epoch), style)
            except (OverflowError, ValueError):
                return Cell("error", "#VALUE!")
        plain = numeric(value, None, False)
        formatted = number_formats.shown(plain.number, style.code) if plain.kind == "number" else None
        if formatted is None:
            return numeric(value, None, False, style.hidden, style.struck)
        hidden = style.hidden or ("its format shows it in white" if formatted.white else "")
        return numeric(value, formatted.text, formatted.percent, hidden, style.struck)

    def _areas(self, element: Any) -> Iterator[FormattedArea]:
        rules = _children(element, "cfRule")
        effects = tuple(e.effect for e in dict.fromkeys(e for rule in rules for e in self.book.effects(rule)))
        places = element.get("sqref") or getattr(_child(element, "sqref"), "text", "") or ""
        for area in places.split() if effects else ():
            yield FormattedArea(*_corners(area), effects)

    def _notes(self) -> Mapping[Place, str]:
        """Return the notes and comment threads of the sheet; a thread replaces the note that Excel writes for it."""
        from openpyxl.utils.cell import coordinate_to_tuple  # noqa: PLC0415

        related = list(self.book.related(self.path).values())
        notes: dict[Place, str] = {}
        for wanted, tag in (("comments", "comment"), ("threadedComment", "threadedComment")):
            threads: dict[Place, list[str]] = {}
            for path in [p for kind, p in related if kind == wanted]:
                root = self.book.tree(path)
                for e in () if root is None else root.iter(f"{{*}}{tag}"):
                    at = coordinate_to_tuple(e.get("ref", "A1"))
                    words = _text(e) or "".join(t.text or "" for t in e.iter("{*}text"))
                    threads.setdefault(at, []).append(words.strip())
            notes |= {at: " / ".join(filter(None, comments)) for at, comments in threads.items()}
        return {at: words for at, words in notes.items() if words}


def _dated(value: Any, style: _Style) -> Cell:
    if isinstance(value, (date, datetime)):
        day = value.date() if isinstance(value, datetime) else value
        shows = number_formats.names_day(style.code) or style.code == "General"
        return Cell("date", day=day, shows_day=shows, hidden=style.hidden, struck=style.struck)
    return Cell("text", str(value), hidden=style.hidden, struck=style.struck)
