"""Locate the tables of a package in a workbook: the sheet, the row of the header, and the column of each field."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from portal.core.problems import Fault, PortalError, Problem, did_you_mean
from portal.core.text import listed
from portal.data import damaged_tables, wide_rows
from portal.data.packages import Package
from portal.data.tables import Schema
from portal.importers.spreadsheets import written_periods
from portal.importers.spreadsheets.grid import Cell, Place, Sheet, letters
from portal.importers.spreadsheets.workbooks import DEEPEST_HEADER, Spot, Workbook

# Sheets that templates have beside the tables.
HELP, LISTS = "How to fill in", "Lists"
EVERY_SHEET = (
    "*"  # in place of the name of a sheet: all with the same headings; no sheet of Excel can have this name
)


@dataclass(frozen=True)
class Layout:
    """One table of the package in one sheet: the row of its header, the column of each field, and fields without one."""

    resource: str
    sheet: Sheet
    header: int
    columns: Mapping[str, int]
    absent: tuple[str, ...] = ()

    @property
    def rows(self) -> tuple[int, ...]:
        """Return the rows below the header in which a column of the table is filled."""
        wanted = set(self.columns.values())
        return tuple(sorted({r for r, c in self.sheet.cells if r > self.header and c in wanted}))


@dataclass(frozen=True)
class SheetRow:
    """One row of a sheet as texts for the table, and its place."""

    layout: Layout
    row: int
    texts: Mapping[str, str]

    def spot(self, field: str = "") -> Spot:
        """Return the cell of a field; the row if the sheet does not have the field."""
        return Spot(self.layout.sheet.name, self.row, self.layout.columns.get(field, 0), field)


@dataclass(frozen=True)
class WantedTable:
    """The table to look for: a package and, if the user named them, a resource and a sheet, or `EVERY_SHEET`."""

    package: Package
    resource: str = ""
    sheet: str = ""

    @property
    def schemas(self) -> Mapping[str, Schema]:
        """Return the schema of each resource that can be in the workbook."""
        tables = self.package.tables
        return {name: t.schema for name, t in tables.items() if self.resource in ("", name)}


def locate(book: Workbook, wanted: WantedTable) -> tuple[Layout, ...]:
    """Return every table of the package in the workbook.

    A sheet named after a table is that table. If there is none, the sheet whose header fits a table best is used.

    Raises: `PortalError` if there is no table, or if it is not clear which one a sheet is.
    """
    sheets = _sheets(book, wanted)
    if across := tuple(_across(book, sheets, wanted)):
        raise PortalError(across)
    named = {s.name: r for s in sheets for r in wanted.schemas if _key(s.name) == _key(r)}
    if named:
        sheets = tuple(s for s in sheets if s.name in named)
    fits = [
        (score, _Header(book, s, resource, row, wanted))
        for s in sheets
        for resource in ([named[s.name]] if s.name in named else wanted.schemas)
        for score, row in [_best(s, _names(wanted, resource))]
        if score
    ]
    if not named:
        most = max((score for score, _ in fits), default=0)
        fits = [f for f in fits if f[0] == most]
        is_clear = wanted.sheet == EVERY_SHEET and len({h.resource for _, h in fits}) == 1
        if len(fits) > 1 and not is_clear:
            raise PortalError([_undecided(book, [h for _, h in fits])])
    headers = [h for _, h in fits]
    problems = [p for h in headers for p in h.problems()]
    lost = [s.name for s in sheets if s.cells and s.name not in {h.sheet.name for h in headers}]
    problems += [_no_header(book, [name], wanted) for name in lost if named]
    problems += [_no_header(book, lost, wanted)] if lost and not named and not headers else []
    if not headers and not problems:
        message = "There is no filled sheet in the file."
        problems.append(Problem(book.file, code="sheet", message=message, fix="Fill in one of its sheets."))
    if problems:
        raise PortalError(problems)
    return tuple(h.layout() for h in headers)


def _sheets(book: Workbook, wanted: WantedTable) -> tuple[Sheet, ...]:
    """Return the sheet that the user named, or every visible sheet that is not for help.

    Raises: `PortalError` if only hidden sheets have a table.
    """
    if wanted.sheet in ("", EVERY_SHEET):
        sheets = tuple(s for s in book.sheets if s.name not in (HELP, LISTS))
        seen = tuple(s for s in sheets if not s.hidden)
        hidden = [s for s in sheets if s.hidden and _fits(s, wanted)]
        if hidden and not any(_fits(s, wanted) for s in seen):
            message = f"Only a hidden sheet has a table of the package: {listed([s.name for s in hidden])}."
            fix = f'Show the sheet and look at it, or add --sheet "{hidden[0].name}".'
            raise PortalError([book.problem(Spot(hidden[0].name), message, fix, "sheet")])
        return seen
    sheets = tuple(s for s in book.sheets if s.name == wanted.sheet)
    if not sheets:
        message = f"There is no sheet “{wanted.sheet}” in {book.file}."
        fix = did_you_mean(wanted.sheet, [s.name for s in book.sheets])
        raise PortalError([Problem("--sheet", code="sheet", message=message, fix=fix)])
    return sheets


def _fits(sheet: Sheet, wanted: WantedTable) -> bool:
    """Return True if a sheet has the header of a table."""
    return any(_best(sheet, _names(wanted, r))[0] != 0 for r in wanted.schemas)


_PERIOD = re.compile(
    r"((jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?[ '’/-]*(\d{4}|\d{2})?"
    r"|q[1-4][ /-]*((19|20)?\d{2}([/-]\d{2,4})?)?|(fy ?)?(19|20)\d{2}([/-](19|20)?\d{2})?|(19|20)\d{2}[-/ ]?(0[1-9]|1[0-2]|q[1-4]))",
    re.IGNORECASE,
)
_FEWEST_PERIODS = 2
_CROSSED = (
    "Keep the periods in columns, with a whole period in each heading, such as “year to September 2020”, a number in the "
    "cells below, and the names of indicators, areas or parts in the first column."
)


def _across(book: Workbook, sheets: Iterable[Sheet], wanted: WantedTable) -> Iterator[Problem]:
    """Read sheets in which each period has a column, where the table has a row for each."""
    tables = {r: s for r, s in wanted.schemas.items() if "period_start" in s.names}
    for sheet in sheets if tables else ():
        names = {n for r in tables for n in _names(wanted, r)}
        for row in range(1, DEEPEST_HEADER + 1):
            heads = {c: x for (r, c), x in sheet.cells.items() if r == row}
            across = sorted(c for c, x in heads.items() if _is_period(x))
            known = [c for c, x in heads.items() if x.kind == "text" and _key(x.text) in names]
            if len(across) >= _FEWEST_PERIODS and known and len(known) + len(across) >= len(heads) - 1:
                span = f"{letters(across[0])} to {letters(across[-1])}"
                message = f"The periods are in columns ({span}), where the table has a row for each period."
                fix = (
                    "Write one row for each period, with its first and last day under period_start and period_end and its"
                    f" figure under value, as `portal template {wanted.package.name}` has them."
                )
                fix += f" Or {_CROSSED[0].lower()}{_CROSSED[1:]}" if _has_figures(wanted) else ""
                yield book.problem(
                    Spot(sheet.name, row, across[0], letters(across[0])), message, fix, "header"
                )
                break


def _has_figures(wanted: WantedTable) -> bool:
    """Return True if tables with headings across can be read."""
    return "observations" in wanted.schemas


def _is_period(cell: Cell) -> bool:
    """Return True if the name of a column is a month, a quarter or a year."""
    if cell.kind == "number":
        return cell.number == cell.number.to_integral() and 1900 <= cell.number <= 2100
    return cell.kind == "date" or (cell.kind == "text" and _PERIOD.fullmatch(cell.text.strip()) is not None)


def _undecided(book: Workbook, headers: list["_Header"]) -> Problem:
    sheets = list(dict.fromkeys(h.sheet.name for h in headers))
    if len(sheets) > 1:
        message = f"Several sheets fit equally well: {listed(sheets)}."
        return Problem(
            book.file,
            code="sheet",
            message=message,
            fix=f'Add --sheet "{sheets[0]}", or another of them, or --sheet "{EVERY_SHEET}" for all.',
        )
    tables = [h.resource for h in headers]
    message = f"The header fits several tables of the package: {listed(tables)}."
    return Problem(
        book.file, code="sheet", message=message, fix=f"Add --resource {tables[0]}, or another of them."
    )


def _no_header(book: Workbook, sheets: list[str], wanted: WantedTable) -> Problem:
    """Return the problem that these sheets have no header; it says which one, where it is clear which table is meant."""
    for sheet in (s for s in book.sheets if s.name in sheets):
        if in_one := _header_in_one_cell(book, sheet, wanted):
            return in_one
    meant = [r for r in wanted.schemas if _key(r) in (_key(n) for n in (*sheets, wanted.resource))]
    fix = f"Write the names of the columns in one row above the rest, as `portal template {wanted.package.name}` does."
    if len(meant) == 1:
        fix = f"Write this row above the rest: {', '.join(wanted.schemas[meant[0]].names)}."
    cells = [c for s in book.sheets if s.name in sheets for c in s.cells.values()]
    if _has_figures(wanted) and any(map(written_periods.read, cells)):
        fix += f" Or {_CROSSED[0].lower()}{_CROSSED[1:]}"
    some = f"{listed(sheets[:5])} and {len(sheets) - 5} more" if len(sheets) > 5 else listed(sheets)
    where = "" if len(sheets) == 1 else f" of the sheets {some}"
    message = f"No row of the first {DEEPEST_HEADER}{where} names the columns of a table."
    return book.problem(Spot(sheets[0] if len(sheets) == 1 else ""), message, fix, "header")


def _header_in_one_cell(book: Workbook, sheet: Sheet, wanted: WantedTable) -> Problem | None:
    """Return the problem that a single cell has the names of the columns, or None."""
    for (row, column), cell in sorted(sheet.cells.items()):
        names = (s.names for s in wanted.schemas.values() if row <= DEEPEST_HEADER)
        if any(damaged_tables.is_header(cell.text, n) for n in names):
            are_whole_lines = book.kind == "csv" and all(c == column for _, c in sheet.cells)
            fix = "Write each of them, and each value in the rows below, in a cell of its own."
            fault = Fault("The names of the columns are all in one cell.", fix)
            fault = damaged_tables.QUOTED_LINES if are_whole_lines else fault
            return book.problem(Spot(sheet.name, row, column), *fault, "header")
    return None


# --- names of columns


def _key(name: str) -> str:
    """Return a name as it is compared: without capitals, and with spaces, lines and the star of required columns all alike; without the raised number of a note."""
    return re.sub(r"[\s_\-\u00a0]+", " ", name.strip().rstrip("*⁰¹²³⁴⁵⁶⁷⁸⁹")).strip().casefold()


def _names(wanted: WantedTable, resource: str) -> dict[str, str]:
    """Return the column that each name means: its name, its title if no other has it, and the label of a breakdown."""
    schema = wanted.schemas[resource]
    titles = Counter(_key(str(f.get("title", ""))) for f in schema.fields)
    labels = {_key(label): name for name, label in wanted.package.breakdowns.items() if name in schema.names}
    by_title = {
        _key(str(f["title"])): f["name"] for f in schema.fields if titles[_key(str(f.get("title", "")))] == 1
    }
    return {**by_title, **labels, **{_key(n): n for n in schema.names}}


def _header(sheet: Sheet, row: int) -> Iterator[tuple[int, str]]:
    """Return the texts of a row, each with its column."""
    heads = ((c, cell.text) for (r, c), cell in sheet.cells.items() if r == row and cell.kind == "text")
    return iter(sorted(heads))


def _best(sheet: Sheet, names: Mapping[str, str]) -> tuple[int, int]:
    """Return how many columns the best header row names, and which row that is; 0 where none names two."""
    rows: dict[int, set[str]] = {}
    for (row, _), cell in sheet.cells.items():
        if row <= DEEPEST_HEADER and cell.kind == "text" and _key(cell.text) in names:
            rows.setdefault(row, set()).add(names[_key(cell.text)])
    score, row = max(((len(c), -r) for r, c in rows.items()), default=(0, 0))
    return (score, -row) if score >= min(2, len(set(names.values()))) else (0, 0)


@dataclass(frozen=True)
class _Header:
    """A row that names columns, while it is looked at."""

    book: Workbook
    sheet: Sheet
    resource: str
    row: int
    wanted: WantedTable

    def layout(self) -> Layout:
        names = _names(self.wanted, self.resource)
        columns = {names[_key(t)]: c for c, t in _header(self.sheet, self.row)}
        absent = tuple(n for n in self.wanted.schemas[self.resource].names if n not in columns)
        return Layout(self.resource, self.sheet, self.row, columns, absent)

    def problems(self) -> Iterator[Problem]:
        schema, names = self.wanted.schemas[self.resource], _names(self.wanted, self.resource)
        heads = list(_header(self.sheet, self.row))
        times = Counter(names.get(_key(t), "") for _, t in heads)
        spare = [n for n in schema.names if n not in times]
        twice = [n for n, t in times.items() if n and t > 1]
        if len(twice) > 2 and len(twice) * 2 > len(times):
            message = "Two tables stand beside each other: the names of the columns are there twice."
            fix = "Put one of them below the other, or into a sheet of its own, without losing its rows."
            yield self._wrong((self.row, 0), "", message, fix)
            return
        for column, name in heads:
            ours = names.get(_key(name), "")
            if not ours:
                message = f"There is no column “{name.strip()[:60]}” in the table {self.resource}."
                fix = f"{did_you_mean(_key(name).replace(' ', '_'), spare)} Or remove the column."
                yield self._wrong((self.row, column), name, message, fix)
            elif times[ours] > 1:
                yield self._wrong(
                    (self.row, column), ours, f"The column {ours} is there twice.", "Keep one of the two."
                )
        for key in (k for k in schema.primary_key if k not in times):
            message = f"The column {key} is missing. It is needed to identify each row."
            required = any(
                f["name"] == key and f.get("constraints", {}).get("required") for f in schema.fields
            )
            fix = "Add it. Its cells can be empty where those of the table are."
            if required:
                fix = "Add it, with a cell in each row."
                if self.resource == "observations":
                    fix += f" If it is the same for all rows, add --set {key}=… instead."
            yield self._wrong((self.row, 0), key, message, fix)
        yield from self._unnamed({c for c, _ in heads})
        yield from self._merged({c for c, t in heads if _key(t) in names})

    def _unnamed(self, named: Iterable[int]) -> Iterator[Problem]:
        named = set(named)
        wide = dict(self._too_wide(max(named)))
        for row, fault in wide.items():
            yield self._wrong((row, 0), "", *fault)
        nameless: dict[int, int] = {}
        for row, column in sorted(self.sheet.cells, reverse=True):
            if row > self.row and row not in wide and column not in named:
                nameless[column] = row
        for column, row in sorted(nameless.items()):
            message = f"The column {letters(column)} has cells but no name."
            fix = (
                f"Write its name in row {self.row}. If the row moved to the right, for example because a text has a "
                "comma and no quotation marks, correct that. Empty the column only if it is not part of the table."
            )
            yield self._wrong((row, column), letters(column), message, fix)

    def _too_wide(self, last: int) -> Iterator[tuple[int, Fault]]:
        """Yield each row that numbers like 1,250, split at their commas, have moved beyond the last column."""
        names, heads = _names(self.wanted, self.resource), dict(_header(self.sheet, self.row))
        known = {str(f["name"]): f for f in self.wanted.schemas[self.resource].fields}
        fields = [known.get(names.get(_key(heads.get(c, "")), "")) for c in range(1, last + 1)]
        beyond: dict[int, int] = {}
        for row, column in self.sheet.cells:
            if row > self.row and column > last:
                beyond[row] = max(column, beyond.get(row, 0))
        for row, end in sorted(beyond.items()):
            cells = [self._written(self.sheet.cells.get((row, c))) for c in range(1, end + 1)]
            if fault := wide_rows.split_numbers(cells, fields):
                yield row, fault

    @staticmethod
    def _written(cell: Cell | None) -> str:
        if cell is None:
            return ""
        return f"{cell.number.normalize():f}" if cell.kind == "number" else cell.text

    def _merged(self, columns: Iterable[int]) -> Iterator[Problem]:
        wanted = set(columns)
        for top, left, bottom, right in self.sheet.merged:
            if bottom >= self.row and wanted & set(range(left, min(right, left + 1_000) + 1)):
                area = f"{letters(left)}{top}:{letters(right)}{bottom}"
                message = f"The cells {area} are merged, so that only the first of them holds something."
                fix = "Unmerge them and write what belongs in each."
                yield self._wrong((top, left), letters(left), message, fix)

    def _wrong(self, at: Place, column: str, message: str, fix: str) -> Problem:
        return self.book.problem(Spot(self.sheet.name, *at, column), message, fix, "header")
