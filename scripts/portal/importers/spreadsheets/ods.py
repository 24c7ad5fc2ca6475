"""Read .ods: the sheets, their cells as they are stored and as they are shown, and the notes on them."""

import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any

from portal.importers.spreadsheets import visibility
from portal.importers.spreadsheets.grid import (
    MOST_COLUMNS,
    MOST_ROWS,
    Bounds,
    Cell,
    Place,
    Sheet,
    column_of,
    moved_digits,
    numeric,
    stored_number,
)
from portal.importers.spreadsheets.visibility import WHITE, FormattedArea

_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_CALC = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"
_DEEPEST_STYLE = 20
_NAMED_SHEET = re.compile(r"'(?:[^']|'')*'")
_AREA = re.compile(r"[^:]*\.\$?([A-Z]{1,3})\$?([0-9]{1,7})(?::(?:[^:.]*\.)?\$?([A-Z]{1,3})\$?([0-9]{1,7}))?")


class _Looks:
    """What each style says, with what it takes over from the styles that it is based on."""

    def __init__(self, styles: Mapping[str, Any]) -> None:
        self._styles = styles
        self._known: dict[str, Mapping[str, str]] = {}

    def of(self, name: str, depth: int = 0) -> Mapping[str, str]:
        """Return the properties of a style by their local names."""
        if name not in self._known:
            style = self._styles.get(name)
            look: dict[str, str] = {}
            if style is not None and depth < _DEEPEST_STYLE:
                look |= self.of(style.get(f"{_STYLE}parent-style-name", ""), depth + 1)
            for part in () if style is None else style:
                if part.tag != f"{_STYLE}map":
                    look |= {k.rpartition("}")[2]: v for k, v in part.attrib.items()}
            self._known[name] = look
        return self._known[name]

    def under_conditions(self, name: str, depth: int = 0) -> Iterator[str]:
        """Yield the styles that cells of a style get under conditions."""
        style = self._styles.get(name)
        if style is not None and depth < _DEEPEST_STYLE:
            yield from (m.get(f"{_STYLE}apply-style-name", "") for m in style.iter(f"{_STYLE}map"))
            yield from self.under_conditions(style.get(f"{_STYLE}parent-style-name", ""), depth + 1)

    def effect(self, applied: str, name: str) -> str:
        """Return why a number in a cell of a style cannot be seen as it is once another style is applied, or nothing."""
        look, (form, own_form) = self.of(applied), map(self._number_format, (applied, name))
        changes = form not in ("", own_form)
        if changes or _is_struck(look) or _unseen({**self.of(name), **look}):
            return visibility.CONDITIONAL
        return ""

    def _number_format(self, name: str) -> str:
        style = self._styles.get(name)
        return "" if style is None else style.get(f"{_STYLE}data-style-name", "")

    def own_effect(self, name: str) -> str:
        """Return why a number in a cell of a style cannot be seen under the conditions of this style, or nothing."""
        return next(filter(None, (self.effect(applied, name) for applied in self.under_conditions(name))), "")

    def effect_of_colour(self, colour: str, name: str) -> str:
        """Return why a number in a cell of a style cannot be seen on a colour that depends on it, or nothing."""
        return visibility.CONDITIONAL if _unseen({**self.of(name), "background-color": colour}) else ""


def _styles(document: Any, root: Any) -> dict[str, Any]:
    """Return every style by its name, those of this content last."""
    try:
        shared = list(document.styles.root._xml_element.iter(f"{_STYLE}style"))
    except (AttributeError, KeyError, ValueError):  # a file may do without this part
        shared = []
    styles = (*shared, *root.iter(f"{_STYLE}style"))
    displayed = ((s.get(f"{_STYLE}display-name"), s) for s in styles)  # which conditional formats use
    return {name: s for name, s in displayed if name} | {s.get(f"{_STYLE}name", ""): s for s in styles}


def _is_struck(look: Mapping[str, str]) -> bool:
    """Return True if text of this look is struck through."""
    kinds = (look.get("text-line-through-style", "none"), look.get("text-line-through-type", "none"))
    return any(k != "none" for k in kinds)


def _unseen(look: Mapping[str, str]) -> str:
    """Return why text of this look cannot be seen, or nothing."""
    size = re.fullmatch(r"([0-9.]+)pt", look.get("font-size", ""))
    behind = visibility.colour_of(look.get("background-color", "")) or WHITE
    # LibreOffice writes automatic text in white where the background is dark.
    return visibility.unseen(
        visibility.colour_of(look.get("color", "")), behind, float(size[1]) if size else 11
    )


def _position(look: Mapping[str, str]) -> str:
    """Return whether text of this look is raised or lowered; empty if it is neither."""
    place = (look.get("text-position", "").split() or [""])[0]
    if place == "super" or re.fullmatch(r"0*[1-9][0-9.]*%", place):
        return "superscript"
    return "subscript" if place == "sub" or re.fullmatch(r"-[0-9.]+%", place) else ""


def sheets(file: str, raw: bytes) -> Iterator[Sheet]:
    """Yield each sheet of a workbook.

    Rows are read from the XML tree, because odfdo copies repeated rows, a million times if a file says so.

    Raises: any exception of odfdo if the file is damaged.
    """
    from odfdo import Document  # noqa: PLC0415

    document = Document(io.BytesIO(raw))
    root = document.content.root._xml_element
    looks = _Looks(_styles(document, root))
    bounds = Bounds(file)
    for table in root.iter(f"{_TABLE}table"):
        cells: dict[Place, Cell] = {}
        numbers: dict[Place, str] = {}
        merged: list[tuple[int, int, int, int]] = []
        hidden: set[int] = set()
        notes: dict[Place, str] = {}
        columns = tuple(_columns(table, looks))
        defaults = [s for s, _, times in columns for _ in range(times)]
        top = 1
        for row in table.iter(f"{_TABLE}table-row"):
            times = _times(row, "rows")
            filled, areas, row_notes = _row(row, top, defaults, looks)
            merged += areas
            notes |= row_notes
            for r in range(top, top + (times if filled else 0)):
                for first, repeated, cell, style in filled:
                    for c in range(first, first + repeated):
                        bounds.add(r, c, cell)
                        cells[r, c] = cell
                        if cell.kind == "number":
                            numbers[r, c] = style
                if _is_hidden(row) or _flat(row, looks):
                    hidden.add(r)
            top += times
        visibility.mark_conditional(cells, numbers, _conditional(table, looks))
        yield Sheet(
            table.get(f"{_TABLE}name", ""),
            cells,
            tuple(merged),
            frozenset(hidden),
            frozenset(_hidden_columns(columns)),
            looks.of(table.get(f"{_TABLE}style-name", "")).get("display") == "false",
            notes,
        )


def _conditional(table: Any, looks: _Looks) -> Iterator[FormattedArea]:
    """Yield the conditional formats of a table: those of the styles of its cells, then those with areas of their own."""
    yield FormattedArea(1, 1, MOST_ROWS, MOST_COLUMNS, (looks.own_effect,))
    for form in table.iter(f"{_CALC}conditional-format"):
        effects: list[Callable[[str], str]] = []
        for e in form.iter():
            if applied := e.get(f"{_CALC}apply-style-name"):
                effects.append(partial(looks.effect, applied))
            if colour := e.get(f"{_CALC}color"):
                effects.append(partial(looks.effect_of_colour, colour))
            if e.get(f"{_CALC}show-value") == "false":
                effects.append(lambda _: visibility.INSTEAD)
        places = _NAMED_SHEET.sub("", form.get(f"{_CALC}target-range-address", ""))
        for found in filter(None, map(_AREA.fullmatch, places.split())):
            left, top, right, bottom = found.groups()
            corners = int(top), column_of(left), int(bottom or top), column_of(right or left)
            yield FormattedArea(*corners, tuple(effects))


def _times(element: Any, of: str) -> int:
    return max(1, int(element.get(f"{_TABLE}number-{of}-repeated", "1")))


def _is_hidden(line: Any) -> bool:
    """Return True if a row or column is hidden, by itself or with a group that is folded."""
    if line.get(f"{_TABLE}visibility") in ("collapse", "filter"):
        return True
    groups = (f"{_TABLE}table-row-group", f"{_TABLE}table-column-group")
    return any(g.get(f"{_TABLE}display") == "false" for g in line.iterancestors(*groups))


def _flat(row: Any, looks: _Looks) -> bool:
    """Return True if a row has no height."""
    return _nothing(looks.of(row.get(f"{_TABLE}style-name", "")).get("row-height", ""))


def _nothing(length: str) -> bool:
    return re.fullmatch(r"0*\.?0*(cm|mm|in|pt|px)?", length) is not None and length != ""


def _columns(table: Any, looks: _Looks) -> Iterator[tuple[str, bool, int]]:
    """Yield the default style of each column, whether it is hidden, and for how many columns that is so."""
    left = MOST_COLUMNS + 1
    for column in table.iter(f"{_TABLE}table-column"):
        times = min(_times(column, "columns"), left)
        left -= times
        narrow = _nothing(looks.of(column.get(f"{_TABLE}style-name", "")).get("column-width", ""))
        hidden = _is_hidden(column) or narrow
        yield column.get(f"{_TABLE}default-cell-style-name", ""), hidden, times


def _hidden_columns(columns: Iterable[tuple[str, bool, int]]) -> Iterator[int]:
    at = 1
    for _, hidden, times in columns:
        if hidden:
            yield from range(at, at + times)
        at += times


Filled = tuple[int, int, Cell, str]


def _row(
    row: Any, top: int, defaults: Sequence[str], looks: _Looks
) -> tuple[list[Filled], list[tuple[int, int, int, int]], dict[Place, str]]:
    """Return the filled cells of a row, each with its column, how often it is repeated and its style, the merged areas that begin in it, and its notes."""
    filled: list[Filled] = []
    merged: list[tuple[int, int, int, int]] = []
    notes: dict[Place, str] = {}
    column = 1
    for element in row:
        if element.tag not in (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
            continue
        times = _times(element, "columns")
        style = element.get(f"{_TABLE}style-name") or row.get(f"{_TABLE}default-cell-style-name")
        style = style or (defaults[column - 1] if column <= len(defaults) else "")
        cell = _cell(element, looks.of(style), looks) if element.tag == f"{_TABLE}table-cell" else None
        if cell:
            filled.append((column, times, cell, style))
        rows_spanned, columns_spanned = (
            int(element.get(f"{_TABLE}number-{of}-spanned", "1")) for of in ("rows", "columns")
        )
        if rows_spanned > 1 or columns_spanned > 1:
            merged.append((top, column, top + rows_spanned - 1, column + columns_spanned - 1))
        for note in element.iter(f"{_OFFICE}annotation"):
            words = (_words(p, looks) for p in note.iter(f"{_TEXT}p", f"{_TEXT}h"))
            notes[top, column] = " ".join(words).strip()
        column += times
    return filled, merged, notes


def _cell(element: Any, look: Mapping[str, str], looks: _Looks) -> Cell | None:
    kind = element.get(f"{_OFFICE}value-type")
    shown = "\n".join(_words(p, looks) for p in element if p.tag == f"{_TEXT}p")
    if element.get(f"{_CALC}value-type") == "error":
        return Cell("error", shown)
    if kind is None or kind == "void":
        return Cell("formula") if element.get(f"{_TABLE}formula") is not None else None
    inside = (*(p for p in element if p.tag == f"{_TEXT}p"), *element.iter(f"{_TEXT}span"))
    parts = [looks.of(s.get(f"{_TEXT}style-name", "")) for s in inside]
    struck = _is_struck(look) or any(map(_is_struck, parts))
    behind = {k: v for k, v in look.items() if k == "background-color"}
    is_part_unseen = any(_unseen(behind | dict(part)) for part in parts)
    hidden = _unseen(look) or (visibility.PART if is_part_unseen else "")
    value = element.get(f"{_OFFICE}value", "")
    match kind:
        case "float" | "percentage" | "currency":
            content = shown if any(p.tag == f"{_TEXT}p" for p in element) else None
            return numeric(stored_number(value), content, kind == "percentage", hidden, struck)
        case "date":
            day = datetime.fromisoformat(element.get(f"{_OFFICE}date-value")).date()
            return Cell("date", day=day, shows_day=_shows_day(shown, day), hidden=hidden, struck=struck)
        case "boolean":
            content = element.get(f"{_OFFICE}boolean-value", "")
            return Cell("boolean", content, hidden=hidden, struck=struck)
    text = shown or element.get(f"{_OFFICE}string-value", "")
    if kind == "time" and re.fullmatch(r"[\d.,]+", shown.strip()):
        text = element.get(f"{_OFFICE}time-value", "")  # hours that are shown as 45 are not the number 45
    if text.strip() and not shown.strip():
        hidden = hidden or "its format shows no text"
    return Cell("text", text, hidden=hidden, struck=struck) if text.strip() else None


def _shows_day(shown: str, day: date) -> bool:
    """Return True if a text shows the day of a date, besides its month and year, each of which can be the same number."""
    numbers = [int(n) for n in re.findall(r"\d+", shown)]
    others = [day.year if day.year in numbers else day.year % 100]
    if not re.search(r"[^\W\d]{3}", shown):  # else the month is a name
        others.append(day.month)
    for number in others:
        if number in numbers:
            numbers.remove(number)
    return day.day in numbers


def _words(paragraph: Any, looks: _Looks, position: str = "") -> str:
    """Return the text of a paragraph, in which runs of spaces, tabs and new lines are elements; notes are left out."""
    position = _position(looks.of(paragraph.get(f"{_TEXT}style-name", ""))) or position
    parts = [moved_digits(paragraph.text or "", position)]
    for part in paragraph:
        if part.tag == f"{_TEXT}s":
            parts.append(" " * min(int(part.get(f"{_TEXT}c", "1")), 8))
        elif part.tag in (f"{_TEXT}tab", f"{_TEXT}line-break"):
            parts.append(" ")
        elif part.tag != f"{_OFFICE}annotation":
            parts.append(_words(part, looks, position))
        parts.append(moved_digits(part.tail or "", position))
    return "".join(parts)
