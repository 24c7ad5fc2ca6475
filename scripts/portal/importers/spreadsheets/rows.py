"""Read the rows of sheets as texts for the tables of a package, and collect faults and questions."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from portal.checks.rules import REFERENCES, SOURCES
from portal.core.problems import Problem
from portal.data import damaged_tables
from portal.data.packages import Package
from portal.data.tables import Table
from portal.importers.spreadsheets import cells, marks, remarks, scales
from portal.importers.spreadsheets.columns import Layout, SheetRow
from portal.importers.spreadsheets.grid import Cell
from portal.importers.spreadsheets.merging import Unsure, key_of, records
from portal.importers.spreadsheets.readings import CellFault, CellQuestion, Column, ReadRow, Settled, squeezed
from portal.importers.spreadsheets.remarks import in_words, short
from portal.importers.spreadsheets.workbooks import Spot, Workbook

LEAVE_OUT = "leave-out"
_NO_ROWS = ("notes", "headers", "totals")  # questions about what is hardly a row of the table
# Columns whose numbers have the unit of their indicator.
_MEASURED = ("value", "stated", "target_value", "result_value", "baseline_value")


@dataclass
class ReadRows:
    """The results of reading rows: lines, faults, and questions with the places of their cells."""

    book: Workbook
    answers: Mapping[str, str]
    lines: list[SheetRow] = field(default_factory=list)
    faults: list[CellFault] = field(default_factory=list)
    spots: list[Spot] = field(default_factory=list)  # of the faults
    doubts: dict[str, list[tuple[CellQuestion, Problem]]] = field(default_factory=dict)
    unsure: set[Unsure] = field(default_factory=set)

    def answered(self, doubt: CellQuestion, spot: Spot) -> str:
        """Return the answer to a question; if there is none, record the question and return an empty text."""
        answer = self.answers.get(doubt.key) or self.answers.get(doubt.key.partition(":")[0], "")
        if answer in doubt.answers:
            return answer
        self.doubts.setdefault(doubt.key, []).append((doubt, self.book.problem(spot, "", "", "question")))
        return ""

    def settled(self, value: Settled, spot: Spot) -> str:
        """Return the text of a cell; record its question or fault."""
        if isinstance(value, str):
            return value
        if isinstance(value, CellFault):
            self.faults.append(value)
            self.spots.append(spot)
        elif answer := self.answered(value, spot):
            return value.answers[answer][1]
        self.unsure.add((spot.sheet, spot.row, spot.name))
        return ""


def read(
    book: Workbook,
    layouts: Iterable[Layout],
    packages: Iterable[Package],
    package: Package,
    answers: Mapping[str, str],
) -> ReadRows:
    """Read every row of every table, with its faults and questions."""
    reading, packages = ReadRows(book, answers), tuple(packages)
    kept = [r for p in packages if "indicators" in p.tables for _, r in p.tables["indicators"].records]
    units = {r["id"]: r.get("unit", "") for r in kept if "id" in r}
    labels = {r["id"]: r.get("unit_label", "") for r in kept if "id" in r}
    for layout in sorted(layouts, key=lambda x: x.resource != "indicators"):
        table = package.tables[layout.resource]
        titles = {c: _titles(packages, package, layout.resource, c) for c in layout.columns}
        reader = _Rows(reading, _without_hidden(reading, layout), table, units, labels, titles)
        for line in filter(None, map(reader.line, layout.rows)):
            reading.lines.append(line)
            if layout.resource == "indicators":
                units[line.texts.get("id", "")] = line.texts.get("unit", "")
                labels[line.texts.get("id", "")] = line.texts.get("unit_label", "")
    reading.lines = list(_of_one_scale(reading, package, units))
    return reading


def _without_hidden(reading: ReadRows, layout: Layout) -> Layout:
    """Return the layout without hidden columns, if that is the answer."""
    rows = frozenset(layout.rows)
    filled = {c for r, c in layout.sheet.cells if r in rows}
    kept = dict(layout.columns)
    for name, column in layout.columns.items():
        if column in layout.sheet.hidden_columns & filled:
            doubt = CellQuestion(
                "hidden-columns",
                f"The column {name} is hidden and has cells. Is it part of the table?",
                {"read": ("yes, read it", ""), LEAVE_OUT: ("no, leave it out", "")},
            )
            if reading.answered(doubt, Spot(layout.sheet.name, layout.header, column, name)) == LEAVE_OUT:
                del kept[name]
    absent = (*layout.absent, *(n for n in layout.columns if n not in kept))
    return replace(layout, columns=kept, absent=absent)


def _titles(
    packages: Iterable[Package], package: Package, resource: str, column: str
) -> Mapping[str, tuple[str, ...]]:
    """Map each id and title, in lower case, to the ids that a column can mean; empty if it refers to no table."""
    target = REFERENCES.get((package.kind, resource, column))
    target = SOURCES if column == "source" and package.kind != "sources" else target
    if target is None:
        return {}
    kind, other, key = target
    ids_by_title: dict[str, dict[str, None]] = {}
    for row in (
        r for p in packages if p.kind == kind and other in p.tables for _, r in p.tables[other].records
    ):
        for words in (row.get(key, ""), row.get("title", ""), row.get("name", "")):
            if words and row.get(key):
                ids_by_title.setdefault(words.casefold(), {})[row[key]] = None
    return {words: tuple(ids) for words, ids in ids_by_title.items()}


@dataclass(frozen=True)
class _Rows:
    """Reader of the rows of one sheet."""

    reading: ReadRows
    layout: Layout
    table: Table
    units: Mapping[str, str]
    labels: Mapping[str, str]
    titles: Mapping[str, Mapping[str, tuple[str, ...]]]

    @cached_property
    def _columns(self) -> dict[str, Column]:
        known = {c: self.table.values(c) - {""} for c in self.table.columns}
        return {
            f["name"]: Column(f, known.get(f["name"], frozenset()), self.titles.get(f["name"], {}))
            for f in self.table.schema.fields
        }

    @cached_property
    def _before(self) -> dict[tuple[str, ...], Mapping[str, str]]:
        """Return the rows of the package by their keys, without cells that have a problem."""
        table = self.table
        rows = zip(table.numbers, records(table), strict=True)
        return {key_of(table, r): {n: v for n, v in r.items() if (i, n) not in table.bad} for i, r in rows}

    def line(self, row: int) -> SheetRow | None:
        """Return the row as texts, or None if it is left out.

        Its key is read first, since what the package has under that key helps with the rest.
        """
        cells_of_row = [
            (c, x) for c in self.layout.columns.values() if (x := self.layout.sheet.cells.get((row, c)))
        ]
        if len(cells_of_row) == 1 and self._is_unsplit(cells_of_row[0][1].text):
            place, cell = cells_of_row[0]
            fix = "Separate its cells as in the other rows, and remove quotation marks around the whole row."
            fault = CellFault(f"The whole row is in one cell: “{short(squeezed(cell.text))}”.", fix)
            self.reading.settled(fault, Spot(self.layout.sheet.name, row, place))
            return None
        if self._is_left_out(row):
            return None
        texts: dict[str, str] = {}
        first = [
            c for c in (*self.table.schema.primary_key, "status", "unit", "kind") if c in self.layout.columns
        ]
        for column in dict.fromkeys((*first, *self.layout.columns)):
            before = self._before.get(key_of(self.table, texts), {}) if column not in first else {}
            unit = self._unit(texts) if column in _MEASURED else "other"
            figure = column == "value" and "status" in self.table.schema.names
            label = self.labels.get(texts.get("indicator", ""), "") if column in _MEASURED else ""
            read_row = ReadRow(unit, texts.get("status", ""), before.get(column, ""), figure, label)
            at = (row, self.layout.columns[column])
            value = cells.settle(self.layout.sheet.cells.get(at), self._columns[column], read_row)
            texts[column] = self.reading.settled(value, Spot(self.layout.sheet.name, *at, column))
        self._unmark(texts, Spot(self.layout.sheet.name, row, self.layout.columns.get("value", 0), "value"))
        return SheetRow(self.layout, row, texts)

    def _is_unsplit(self, words: str) -> bool:
        """Return True if a text is a whole row: it has as many separators of one kind as the table has columns, or nearly."""
        most = max(words.count(mark) for mark in ",;\t|")
        return most >= max(len(self.layout.columns) - 2, 3)

    def _unmark(self, texts: dict[str, str], spot: Spot) -> None:
        """Move what is written beside or instead of a figure to the columns for it: its status, and notes to the locator."""
        marked = marks.split(texts.get("value", ""))
        if marked is None:
            return
        texts["value"] = marked.number
        if marked.status and texts.get("status", "") not in ("", marked.status):
            message = f"The cell says [{marked.status}] and the status is {texts['status']}."
            self.reading.settled(CellFault(message, "Keep one of the two."), spot)
        texts["status"] = marked.status or texts.get("status", "")
        if marked.notes and "locator" in self.table.schema.names:
            said = texts.get("locator", "")
            fresh = [n for n in marked.notes if n not in said.split(", ")]  # a heading can have the same
            texts["locator"] = ", ".join(filter(None, (said, *fresh)))

    def _unit(self, texts: Mapping[str, str]) -> str:
        """Return the unit of a row's figures: from the row, from its claim, or from its indicator."""
        if texts.get("kind", "").startswith("change-percent"):
            return "percent-change"
        return texts.get("unit") or self.units.get(texts.get("indicator", ""), "")

    def _is_left_out(self, row: int) -> bool:
        """Return True if an answer leaves the row out, or if it may be a note and nobody has answered yet."""
        answers = [(d.key, self.reading.answered(d, s)) for d, s in self._doubts(row)]
        return any(answer == LEAVE_OUT or (key in _NO_ROWS and not answer) for key, answer in answers)

    def _doubts(self, row: int) -> Iterator[tuple[CellQuestion, Spot]]:
        """Yield the questions about a row: it may be a note, it is hidden, or it is struck through."""
        sheet = self.layout.sheet
        filled = [
            (c, n, sheet.cells[row, c]) for n, c in self.layout.columns.items() if (row, c) in sheet.cells
        ]
        spot = Spot(sheet.name, row)
        if self._repeats_header(row):
            yield _doubt("headers", "The row repeats the names of the columns. Is it a heading?"), spot
            return
        if words := self._total(filled):
            question = f"The row says “{words}”. Is it a sum of other rows that does not belong to the table?"
            yield _doubt("totals", question), spot
            return
        if words := self._note(row):
            yield (
                _doubt("notes", f"The row holds only “{words}”. Is it a note and no row of the table?"),
                spot,
            )
            return
        if row in sheet.hidden_rows:
            yield (
                _doubt("hidden-rows", "The row is hidden, perhaps by a filter. Is it part of the table?"),
                spot,
            )
        for column, name, cell in filled:
            at, words = Spot(sheet.name, row, column, name), short(in_words(cell))
            if cell.struck:
                yield _doubt("struck", f"“{words}” is struck through. Is the row still right?"), at
            if cell.hidden:
                question = f"“{words}” cannot be seen as it is: {cell.hidden}. Is the row to be read?"
                yield _doubt("hidden-cells", question), at

    def _repeats_header(self, row: int) -> bool:
        """Return True if most cells of a row say the names of their columns."""
        cells = self.layout.sheet.cells
        heads = [
            (squeezed(cells[row, c].text).casefold(), squeezed(cells[self.layout.header, c].text).casefold())
            for c in self.layout.columns.values()
            if (row, c) in cells and (self.layout.header, c) in cells
        ]
        return sum(a == b for a, b in heads) * 2 > len(self.layout.columns)

    def _total(self, filled: Sequence[tuple[int, str, Cell]]) -> str:
        """Return the word in the first cell of a row that says that it is a sum; nothing if the table knows the word."""
        if len(filled) < 2:
            return ""
        _, name, cell = min(filled, key=lambda f: f[0])
        words = squeezed(cell.text).rstrip(":").casefold()
        column = self._columns[name]
        is_known = words in column.titles or words in {v.casefold() for v in column.known}
        return squeezed(cell.text) if words in damaged_tables.TOTALS and not is_known else ""

    def _note(self, row: int) -> str:
        """Return the text of a row that is a note or names units; nothing if it may be a row of the table.

        A single text is a note if rows of the table have several cells. Two can be a row, unless cells that each row needs
        are empty.
        """
        filled = sorted((c, x) for (r, c), x in self.layout.sheet.cells.items() if r == row)
        columns = self.layout.columns
        if len(columns) < 3 or any(self._is_unsplit(x.text) for _, x in filled):
            return ""
        words = [in_words(x) for _, x in filled]
        if len(filled) == 1:
            keys = [k for k in self.table.schema.primary_key if k in columns]
            lone_key = len(keys) == 1 and filled[0][0] == columns[keys[0]]
            known = {key_of(self.table, r)[0] for r in records(self.table)} if lone_key else set()
            return "" if filled[0][1].kind != "text" or words[0] in known else short(words[0])
        needed = {c for n, c in columns.items() if self._columns[n].rules.get("required")}
        is_whole = needed <= {c for c, _ in filled}
        return "" if is_whole else short(damaged_tables.text_of_note(words, len(columns)))


def _doubt(key: str, question: str) -> CellQuestion:
    leave = {LEAVE_OUT: ("leave the row out", "")}
    keep = {"read": ("read it", "")}
    return CellQuestion(key, question, leave | keep if key in _NO_ROWS else keep | leave)


def _of_one_scale(reading: ReadRows, package: Package, units: Mapping[str, str]) -> Iterator[SheetRow]:
    """Yield the lines with figures on the scale of their series, if that is the answer."""
    table = package.tables.get("observations")
    figures = [
        x for x in reading.lines if x.layout.resource == "observations" and "value" in x.layout.columns
    ]
    doubts = scales.doubts(table, figures, units) if table is not None else {}
    for line in reading.lines:
        doubt, spot = doubts.get(id(line)), line.spot("value")
        if doubt is None:
            yield line
        elif answer := reading.answered(doubt, spot):
            yield replace(line, texts={**line.texts, "value": doubt.answers[answer][1]})
        else:
            reading.unsure.add((spot.sheet, spot.row, "value"))
            yield line


def preview(layouts: Iterable[Layout], package: Package) -> Iterator[str]:
    """Report the notes on cells, and which cells are struck through."""
    for layout in layouts:
        sheet = layout.sheet
        titles = [str(f.get("title", f["name"])) for f in package.tables[layout.resource].schema.fields]
        starts = tuple(f"{t}. {w}" for t in titles for w in ("Must be filled in.", "May be empty."))
        if not sheet.origins:  # else the cells are those of rows that were made from headings
            yield from remarks.lines(sheet, layout.header, starts)
