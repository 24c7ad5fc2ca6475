"""Turn tables with headings across and down into one row for each figure, each with the cell that it comes from."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise

from portal.core.problems import Problem
from portal.core.text import listed
from portal.data.packages import Package
from portal.importers.spreadsheets import (
    columns,
    crossed_tables,
    dates,
    headings,
    marks,
    remarks,
    written_periods,
)
from portal.importers.spreadsheets import crossed_questions as questions
from portal.importers.spreadsheets.crossed_questions import MOST_SHOWN
from portal.importers.spreadsheets.crossed_tables import Block
from portal.importers.spreadsheets.grid import Cell, Place, Sheet, letters
from portal.importers.spreadsheets.headings import (
    AREA,
    FIGURES,
    FIRST_DAY,
    INDICATOR,
    LAST_DAY,
    PERIOD,
    STATUS,
    TOTAL,
    UNKNOWN,
    VALUE,
    HeadingMeaning,
    HeadingNames,
)
from portal.importers.spreadsheets.readings import CellFault, CellQuestion, squeezed
from portal.importers.spreadsheets.remarks import in_words, short
from portal.importers.spreadsheets.workbooks import Spot, Workbook
from portal.importers.spreadsheets.written_periods import WrittenPeriod

# Names of another table that a row has at least, and more than of figures, if it is the header of that.
_ENOUGH = 4


@dataclass
class Unpivoted:
    """A workbook whose crossed tables are long, with questions and what to report; faults stop the import."""

    book: Workbook
    report: list[str] = field(default_factory=list)
    doubts: dict[str, list[tuple[CellQuestion, Problem]]] = field(default_factory=dict)
    faults: list[Problem] = field(default_factory=list)
    only_totals: list[Problem] = field(default_factory=list)  # of sheets without another figure


@dataclass(frozen=True)
class Known:
    """What is known besides the file: the packages, the one that the figures go into, answers, and values given for it.

    `given` has values for columns that the sheet does not say. `sheet` is the one to look at, or nothing. `is_renamed` is
    True if headings or names are read as others, so that the sheet is none of a template.
    """

    packages: tuple[Package, ...]
    package: Package
    answers: Mapping[str, str]
    given: Mapping[str, str]
    sheet: str = ""
    is_renamed: bool = False

    @property
    def other_fields(self) -> frozenset[str]:
        """Return the fields of a figure whose text is taken as it is written."""
        fields = frozenset(self.package.tables[FIGURES].schema.names)
        return fields - {INDICATOR, AREA, VALUE, FIRST_DAY, LAST_DAY}


def unpivot(book: Workbook, known: Known) -> Unpivoted:
    """Return the workbook with each crossed table of figures as rows; sheets that have none stay as they are."""
    done = Unpivoted(book)
    if FIGURES not in known.package.tables:
        return done
    names = headings.vocabulary(known.packages, known.package)
    sheets = []
    tables = {s.name for s in book.sheets if s.name.casefold() in known.package.tables}
    for sheet in book.sheets:
        is_ours = sheet.name not in (columns.HELP, columns.LISTS) and (not tables or sheet.name in tables)
        wanted = (
            is_ours
            and not sheet.hidden
            and known.sheet in ("", columns.EVERY_SHEET, sheet.name)
            and not _is_long(sheet, known)
        )
        blocks = crossed_tables.find(sheet, names) if wanted else ()
        sheets.append(_Unpivoting(done, sheet, names, known).long(blocks) if blocks else sheet)
    if not any(s.origins or _is_long(before, known) for before, s in zip(book.sheets, sheets, strict=True)):
        done.faults += done.only_totals
    return replace(done, book=replace(book, sheets=tuple(sheets)))


def _is_long(sheet: Sheet, known: Known) -> bool:
    """Return True if a row of the sheet names the columns of the table of figures, or of another table.

    A stranger's sheet can have columns for the first and the last day too: it has not all columns that identify a row, or
    what is given has to be added to it. A template from which a column was removed has most of the others.
    """
    rows: dict[int, set[str]] = {}
    for (row, _), cell in sheet.cells.items():
        if cell.kind == "text":
            words = squeezed(cell.text).rstrip("*").strip().casefold().replace(" ", "_")
            rows.setdefault(row, set()).add(words)
    tables = known.package.tables
    figures = tables[FIGURES].schema
    others = [set(t.schema.names) for name, t in tables.items() if name != FIGURES]

    def is_ours(found: set[str]) -> bool:
        if not {FIRST_DAY, LAST_DAY} & found:
            return False
        if {*figures.primary_key, *known.given} <= found:
            return True
        is_mapped = known.is_renamed or bool(known.given)
        return not is_mapped and 2 * len(found & set(figures.names)) > len(figures.names)

    def is_of_another(found: set[str]) -> bool:
        least = max(_ENOUGH, len(found & set(figures.names)) + 1)
        return any(len(found & names) >= least for names in others)

    return any(is_ours(found) or is_of_another(found) for found in rows.values())


# --- what each figure is about


@dataclass(frozen=True)
class _Unpivoting:
    """A sheet while its tables are turned."""

    done: Unpivoted
    sheet: Sheet
    names: HeadingNames
    known: Known

    def long(self, blocks: Iterable[Block]) -> Sheet:
        """Return the sheet with a row for each figure."""
        names = self.known.package.tables[FIGURES].schema.names
        cells_: dict[Place, Cell] = {(1, n): Cell("text", name) for n, name in enumerate(names, 1)}
        origins: dict[Place, Place] = {}
        hidden: set[int] = set()
        strange: dict[Place, str] = {}
        totals, used, empty, row = set[Place](), set[int](), 0, 1
        whole, split = dict[str, Place](), set[str]()
        spread = crossed_tables.spread_out(self.sheet)
        asked: dict[int, bool] = {}
        for block in blocks:
            corner = list(self._corner(spread, block))
            used |= {*block.top, *block.rows, *(r for r, _ in block.sections)}
            stacks = {c: self._stack(spread, block, c) for c in block.figures}
            spans = self._spans(block, spread, stacks)
            for r in block.rows:
                about_row = self._labels(spread, block, r)
                for c in block.figures:
                    cell = self.sheet.cells.get((r, c))
                    meanings = [*about_row, *stacks[c]]
                    if any(m.dimension == TOTAL for _, m in meanings):
                        totals |= {p for p, m in meanings if m.dimension == TOTAL}
                        continue
                    if unknown := [p for p, m in meanings if m.dimension == UNKNOWN]:
                        strange |= {p: squeezed(spread[p].text) for p in unknown}
                        continue
                    about = {p: spread[p] for p, _ in (*meanings, *corner)}
                    if cell is None or self._are_left_out(about, asked):
                        empty += cell is None
                        continue
                    texts = self._texts(spread, block, (r, c), meanings, spans)
                    indicator = texts.get(INDICATOR, "")
                    if any(texts.get(name) for name in self.known.package.breakdowns):
                        split.add(indicator)
                    else:
                        whole.setdefault(indicator, (r, c))
                    row += 1
                    origins[row, 0] = (r, c)
                    if r in self.sheet.hidden_rows or c in self.sheet.hidden_columns:
                        hidden.add(row)
                    for n, name in enumerate(names, 1):
                        if name == "value":
                            cells_[row, n] = cell
                        elif texts.get(name):
                            cells_[row, n] = Cell("text", texts[name])
        self._ask_unknown(strange)
        self._ask_parts(whole, split)
        self._report(used, totals, empty, row - 1)
        return replace(
            self.sheet, cells=cells_, merged=(), hidden_rows=frozenset(hidden), hidden_columns=frozenset(),
            notes={}, origins=origins,
        )  # fmt: skip

    def _stack(
        self, spread: Mapping[Place, Cell], block: Block, column: int
    ) -> list[tuple[Place, HeadingMeaning]]:
        """Return what the headings above a column mean; a heading counts for empty cells to its right."""
        found: list[tuple[Place, HeadingMeaning]] = []
        for row in block.top:
            lowest = row == block.top[-1]
            place = (row, column)
            while not lowest and place not in spread and place[1] > min(block.figures):
                place = (row, place[1] - 1)
            if place in spread:
                meaning = self.names.meaning(spread[place])
                if meaning.dimension == STATUS and place[1] != column:
                    message = f"It is not clear which columns “{squeezed(spread[place].text)}” is about."
                    self._fault(
                        place, message, "Write it above each of its columns, or merge the cells above them."
                    )
                if lowest or meaning.dimension != UNKNOWN:
                    found.append((place, meaning))
        return found

    def _labels(
        self, spread: Mapping[Place, Cell], block: Block, row: int
    ) -> list[tuple[Place, HeadingMeaning]]:
        """Return what the labels of a row mean."""
        found = []
        for column, dimension in block.labels.items():
            cell = spread.get((row, column))
            if cell is None:
                if above := self._above(spread, block, (row, column), dimension):
                    found.append(above)
                continue
            meaning = self.names.meaning(cell)
            if dimension in (FIRST_DAY, LAST_DAY) and meaning.dimension != TOTAL:
                meaning = HeadingMeaning(dimension, (self._day(cell, (row, column), dimension),))
            elif dimension in self.known.other_fields and meaning.dimension != TOTAL:
                plain = cell.day.isoformat() if cell.day else f"{cell.number:f}"
                meaning = HeadingMeaning(dimension, (squeezed(cell.text) or plain,))
            elif dimension and meaning.dimension not in (dimension, TOTAL):
                meaning = HeadingMeaning(UNKNOWN)
            found.append(((row, column), meaning))
        return [*found, *self._of_sections(spread, block, row, [m for _, m in found])]

    def _of_sections(
        self, spread: Mapping[Place, Cell], block: Block, row: int, named: list[HeadingMeaning]
    ) -> Iterator[tuple[Place, HeadingMeaning]]:
        """Yield what the sections of a row add to its labels; nothing if these say everything that sections name."""
        period = written_periods.joined(m.period for m in named if m.period)
        said = {m.dimension for m in named if m.dimension != PERIOD or (period and period.is_whole)}
        if {*block.sections.values()} - {UNKNOWN} - said:
            sections = ((p, self.names.meaning(spread[p])) for p in block.sections_above(row))
            yield from ((p, m) for p, m in sections if m.dimension not in said)

    def _day(self, cell: Cell, place: Place, dimension: str) -> str:
        """Return the day of a cell as ISO text; empty if that is asked, or a fault.

        A month or year is taken for its first or last day, as its column says.
        """
        is_plain = (cell.day and not cell.shows_day) or (
            cell.kind == "text" and not written_periods.has_day(cell.text)
        )
        period = written_periods.read(cell) if is_plain else None
        if period is not None and period.is_whole and not period.either:
            return period.days()[0 if dimension == FIRST_DAY else 1].isoformat()
        settled = dates.settle(cell, squeezed(cell.text))
        if isinstance(settled, CellFault):
            self._fault(place, settled.message, settled.fix)
            return ""
        if isinstance(settled, CellQuestion):
            answer = self._answered(settled, place)
            return settled.answers[answer][1] if answer else ""
        return settled

    def _corner(self, spread: Mapping[Place, Cell], block: Block) -> Iterator[tuple[Place, HeadingMeaning]]:
        """Yield what is written where the name of the labels would be, such as “FY2009/10”, or alone in a row above the table."""
        for row in block.top:
            is_title = row != block.top[-1] and sum(r == row for r, _ in spread) == 1
            for column in block.labels:
                cell = spread.get((row, column))
                meaning = self.names.meaning(cell) if cell is not None else HeadingMeaning(UNKNOWN)
                if meaning.dimension == PERIOD or (
                    is_title and meaning.dimension not in (UNKNOWN, TOTAL, VALUE)
                ):
                    yield (row, column), meaning

    def _spans(
        self,
        block: Block,
        spread: Mapping[Place, Cell],
        stacks: Mapping[int, list[tuple[Place, HeadingMeaning]]],
    ) -> int:
        """Return how many months a heading that names a month stands for: 1, unless the months are 3 or 12 apart."""
        found = [m for s in stacks.values() for m in s]
        found += [m for r in block.rows for m in self._labels(spread, block, r)]
        months = sorted(
            {m.period.start for _, m in found if m.period and m.period.is_month and m.period.start}
        )
        gaps = {(b.year - a.year) * 12 + b.month - a.month for a, b in pairwise(months)}
        smallest = min(gaps, default=1)
        if smallest not in (3, 12):
            return 1
        place = next(p for p, m in found if m.period and m.period.is_month)
        doubt = questions.spans(smallest)
        answer = self._answered(doubt, place)
        return int(doubt.answers[answer][1]) if answer else 1

    def _texts(
        self,
        spread: Mapping[Place, Cell],
        block: Block,
        at: Place,
        meanings: list[tuple[Place, HeadingMeaning]],
        span: int,
    ) -> dict[str, str]:
        """Return the texts of a figure's row, without its value."""
        row, column = at
        texts = dict(self.known.given)
        texts |= {m.dimension: m.ids[0] for _, m in meanings if m.dimension in (FIRST_DAY, LAST_DAY)}
        corner = list(self._corner(spread, block))
        stated = [(p, m) for p, m in meanings if m.dimension == PERIOD]
        whole = written_periods.joined(m.period for _, m in stated if m.period)
        has_days = {FIRST_DAY, LAST_DAY} <= texts.keys()  # then a title does not say other days
        if (whole is None or not whole.is_whole) and (stated or not has_days):
            whole = written_periods.joined(
                m.period for _, m in (*stated, *corner) if m.period
            ) or self._from_to(stated, spread)
        if whole is not None and whole.either and stated:
            whole = written_periods.settled(whole, self._is_financial(stated[0][0], spread))
        if whole is not None and whole.is_whole:
            if whole.is_month and span > 1:
                whole = written_periods.lengthened(whole, span)
            days = dict(zip((FIRST_DAY, LAST_DAY), (d.isoformat() for d in whole.days()), strict=True))
            if any(texts.get(n) and texts[n] != day for n, day in days.items()) and stated:
                fix = "Name both columns of days, such as Start date and End date, or leave one out."
                self._fault(stated[0][0], "This period does not fit the day in another column.", fix)
            texts |= days
        elif stated or not has_days:
            place = stated[0][0] if stated else (row, column)
            what = "does not say the year" if whole else "says no period, or two that do not fit"
            self._fault(place, f"The heading {what}.", "Write the month or quarter with its year.")
        marked = list(self._marked([*meanings, *corner], spread, at))
        for dimension in (AREA, INDICATOR, *sorted(self.known.other_fields)):
            named = [(p, m) for p, m in (*meanings, *marked) if m.dimension == dimension and m.ids]
            self._id(texts, dimension, named or [(p, m) for p, m in corner if m.dimension == dimension])
        if whole is None or whole.year:
            self._check_year(texts, [p for p, _ in (*meanings, *(corner if whole else ()))], spread)
        stated_place = texts.get("locator") or f"sheet {self.sheet.name}"
        notes = dict.fromkeys(n for p, _ in (*meanings, *corner) for n in headings.notes_of(spread[p]))
        texts["locator"] = ", ".join((f"{stated_place}, cell {letters(column)}{row}", *notes))
        return texts

    def _marked(
        self, meanings: Iterable[tuple[Place, HeadingMeaning]], spread: Mapping[Place, Cell], at: Place
    ) -> Iterator[tuple[Place, HeadingMeaning]]:
        """Yield the statuses that marks in its headings give a figure; one beside a number needs a number."""
        has_number = crossed_tables.has_number(self.sheet.cells[at])
        for place, meaning in meanings:
            for mark in headings.marks_of(spread[place], meaning):
                if has_number or mark.ids[0] not in marks.BESIDE:
                    yield place, mark

    def _check_year(
        self, texts: Mapping[str, str], places: Iterable[Place], spread: Mapping[Place, Cell]
    ) -> None:
        """Add a fault if a year without months begins on another day than the published years of its indicator."""
        indicator = texts.get(INDICATOR, "")
        if fault := self.names.other_year(indicator, texts.get(FIRST_DAY, ""), texts.get(LAST_DAY, "")):
            for place in [p for p in places if written_periods.is_year_alone(spread[p])][:1]:
                self._fault(place, *fault)

    def _id(self, texts: dict[str, str], dimension: str, found: list[tuple[Place, HeadingMeaning]]) -> None:
        """Write the id that the headings name into the texts; two that differ, or a name of two areas, are faults."""
        if not found:
            return
        sets = [set(m.ids) for _, m in found]
        shared = [i for i in found[0][1].ids if all(i in s for s in sets)]
        if dimension == AREA and len(shared) > 1:
            shared = list(self.names.existing(shared, texts.get(FIRST_DAY, ""), texts.get(LAST_DAY, "")))
        if len(shared) == 1:
            texts[dimension] = shared[0]
        elif not shared:
            self._fault(
                found[-1][0], "Two headings of this figure name different things.", "Correct one of them."
            )
        else:
            fix = f"Write its code: {', '.join(shared)}."
            self._fault(found[0][0], f"The name can be several: {', '.join(shared)}.", fix)

    def _from_to(
        self, stated: list[tuple[Place, HeadingMeaning]], spread: Mapping[Place, Cell]
    ) -> WrittenPeriod | None:
        """Return the period from a month to a later one, if the only two labels of a row are months and nothing says what they are."""
        months = [(p, m.period) for p, m in stated if m.period and m.period.is_month and m.period.start]
        if len(months) != 2 or len(stated) != 2 or months[0][0][0] != months[1][0][0]:
            return None
        (place, first), (last_place, last) = months
        start, end = first.days()[0], last.days()[1]
        if not start < last.days()[0]:
            return None
        doubt = questions.from_to((letters(place[1]), letters(last_place[1])), start, end)
        if not self._answered(doubt, place):
            return first
        return WrittenPeriod(start, (end.year - start.year) * 12 + end.month - start.month + 1)

    def _above(
        self, spread: Mapping[Place, Cell], block: Block, place: Place, dimension: str
    ) -> tuple[Place, HeadingMeaning] | None:
        """Return what to read for an empty label below a filled one: pivot tables write a name once for all its rows."""
        row, column = place
        same = [c for c, d in block.labels.items() if d == dimension]
        filled = [r for r in block.rows if r < row and (r, column) in spread]
        if dimension not in (AREA, INDICATOR) or not filled or any((row, c) in spread for c in same):
            return None
        beside = [spread[row, c] for c in block.labels if (row, c) in spread]
        if any(self.names.meaning(cell).dimension == TOTAL for cell in beside):
            return None
        above = (filled[-1], column)
        doubt = questions.labels(dimension, squeezed(spread[above].text))
        is_above = self._answered(doubt, place) == "above"
        return (above, self.names.meaning(spread[above])) if is_above else (place, HeadingMeaning(TOTAL))

    def _ask_parts(self, whole: Mapping[str, Place], split: Iterable[str]) -> None:
        """Ask about indicators that are split, of which the sheet has figures without any part."""
        table = self.known.package.tables.get("indicators")
        rows = {r["id"]: r for _, r in table.records} if table else {}
        for indicator, place in whole.items():
            breakdown = rows.get(indicator, {}).get("breakdown", "")
            if not breakdown or indicator in split:
                continue
            self._answered(questions.parts(rows[indicator].get("title", indicator), breakdown), place)

    def _is_financial(self, place: Place, spread: Mapping[Place, Cell]) -> bool:
        return self._answered(questions.quarters(squeezed(spread[place].text)), place) == "financial"

    def _are_left_out(self, headings_: Mapping[Place, Cell], asked: dict[int, bool]) -> bool:
        """Return True if the figures of a heading that is struck through, or that nobody sees, are left out.

        `asked` has what was answered about each heading, because one counts for many figures.
        """
        for place, heading in headings_.items():
            if id(heading) not in asked:
                answers = [self._answered(d, place) for d in questions.unclear_headings(heading)]
                asked[id(heading)] = "leave-out" in answers
                if asked[id(heading)]:
                    words = short(in_words(heading))
                    self.done.report.append(f"Sheet {self.sheet.name}: figures of “{words}” are left out.")
        return any(asked[id(heading)] for heading in headings_.values())

    def _ask_unknown(self, strange: Mapping[Place, str]) -> None:
        if not strange:
            return
        some = questions.some_of(dict.fromkeys(strange.values()))
        if self._answered(questions.unknown(some), next(iter(strange))):
            self.done.report.append(f"Sheet {self.sheet.name}: figures of {some} are left out.")

    def _answered(self, doubt: CellQuestion, place: Place) -> str:
        answer = self.known.answers.get(doubt.key, "")
        if answer in doubt.answers:
            return answer
        spot = Spot(self.sheet.name, *place, "")
        self.done.doubts.setdefault(doubt.key, []).append(
            (doubt, self.done.book.problem(spot, "", "", "question"))
        )
        return ""

    def _fault(self, place: Place, message: str, fix: str) -> None:
        problem = self._problem(place, message, fix)
        if problem not in self.done.faults:
            self.done.faults.append(problem)

    def _problem(self, place: Place, message: str, fix: str) -> Problem:
        return self.done.book.problem(Spot(self.sheet.name, *place, ""), message, fix, "header")

    def _report(self, used: set[int], totals: set[Place], empty: int, count: int) -> None:
        name = self.sheet.name
        self.done.report.append(f"Sheet {name}: {count} figures are read from a table with headings across.")
        if totals:
            cells = self.sheet.cells
            words = dict.fromkeys(squeezed(cells[p].text) for p in sorted(totals) if p in cells)
            what = f": {listed(list(words))}" if words else ""
            self.done.report.append(f"Sheet {name}: totals are left out{what}.")
            if not count:
                message = f"No figure is read. Totals are left out{what}."
                fix = "If they are the published figures of an area, an indicator or a part, write its name alone there."
                self.done.only_totals.append(self._problem(min(totals), message, fix))
        if empty:
            self.done.report.append(f"Sheet {name}: {empty} empty cells give no figure.")
        self.done.report += remarks.lines(self.sheet)
        left = sorted({r for r, _ in self.sheet.cells} - used)
        if left:
            some = ((r, x) for (r, _), x in sorted(self.sheet.cells.items()) if x.kind == "text")
            texts = [squeezed(x.text) for r, x in some if r in left[:MOST_SHOWN]]
            shown = "; ".join(f"“{t[:50]}”" for t in texts[:MOST_SHOWN])
            self.done.report.append(
                f"Sheet {name}: titles and notes are left out, {len(left)} rows: {shown}."
            )
