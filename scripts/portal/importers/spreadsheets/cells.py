"""Read one cell of a spreadsheet for its column: the text for the table, a question, or a fault.

Changes that spreadsheets make to data are undone if a cell can be read in only one way. If it can be read in several,
the result is a `CellQuestion`, which the person who imports the file answers.
"""

import re
from dataclasses import replace

from portal.core import text
from portal.core.field_types import LOOSE_FORMS
from portal.core.vocabulary import STATUS_WORDS
from portal.data.damaged_tables import DECIMAL, is_either_number
from portal.importers.spreadsheets import dates, marks, numbers
from portal.importers.spreadsheets.grid import Cell
from portal.importers.spreadsheets.numbers import MOST_DECIMALS, plain
from portal.importers.spreadsheets.readings import CellFault, CellQuestion, Column, ReadRow, Settled, squeezed

_MARKS = frozenset({"n/a", "#n/a", "-", "–", "—", text.MINUS, ".", "..", "...", "…"})
_NOTHING = frozenset({"none", "nil"})  # which can mean zero
MISSING = _MARKS | _NOTHING | {
    "na", "null", "not available", "not applicable", "not known", "unknown", "withheld", "suppressed", "*",
}  # fmt: skip
# The shorthand of government statistics for missing figures; each is a value of the column status.
SHORTHAND = {mark: status for status in ("c", "x", "z", "low") for mark in (status, f"[{status}]")}
TELEPHONES = frozenset({"phone", "textphone"})
# As people write them, and as spreadsheets do in German, French, Spanish, Italian, Polish and Welsh.
_YES = dict.fromkeys(
    (
        "yes",
        "y",
        "true",
        "1",
        "wahr",
        "vrai",
        "verdadero",
        "vero",
        "prawda",
        "gwir",
        "ja",
        "oui",
        "sí",
        "sì",
        "tak",
    ),
    "true",
)
_NO = dict.fromkeys(
    ("no", "n", "false", "0", "falsch", "faux", "falso", "fałsz", "gau", "anwir", "nein", "non", "nie"),
    "false",
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1b\x7f]")
_ANYTHING = ReadRow()


def settle(cell: Cell | None, column: Column, row: ReadRow = _ANYTHING) -> Settled:
    """Return the text of a cell for its column; the earlier spelling is kept if it means the same."""
    if cell is None:
        return ""
    if fault := _unreadable(cell):
        return fault
    if cell.commas and column.field["type"] in ("number", "integer") and is_either_number(cell.text):
        return _with_commas(cell, column, row)
    words = squeezed(cell.text)
    if cell.kind == "text" and row.before and words == squeezed(row.before):
        return row.before
    if cell.kind == "text" and words.casefold() in MISSING | SHORTHAND.keys():
        missing = _missing(words, column, row)
        if missing is not None:
            return missing
    if column.name == "value" and row.figure and cell.kind == "text":
        marked = _marked(cell, words, column, row)
        if marked is not None:
            return marked
    match column.field["type"]:
        case "number" | "integer":
            return numbers.settle(cell, words, row)
        case "date":
            return dates.settle(cell, words)
        case "boolean":
            return _boolean(cell, words)
    return _text(cell, words, column)


def _unreadable(cell: Cell) -> CellFault | None:
    """Return why the content of a cell can be read for no column, or None."""
    if cell.kind == "error":
        return CellFault(
            f"The cell shows the error {cell.text}.", "Correct the formula, or write the value itself."
        )
    if cell.kind == "formula":
        fix = "Open the file in a spreadsheet program, save it there and import it again, or write the value itself."
        return CellFault("The cell has a formula whose result is not in the file.", fix)
    if _CONTROL.search(cell.text):
        return CellFault(
            "The cell contains a control character, which no table can have.", "Write the text again."
        )
    return None


def _with_commas(cell: Cell, column: Column, row: ReadRow) -> Settled:
    """Return a number of a CSV with semicolons, where a comma is before decimals; a question if it may not be."""
    texts = {
        "decimals": re.sub(r"\.(?=\d{3}(?!\d))", "", cell.text).replace(",", "."),
        "thousands": re.sub(r",(?=\d{3}(?!\d))", "", cell.text),
    }
    read = {a: settle(replace(cell, text=t, commas=""), column, row) for a, t in texts.items()}
    numbers_read = {a: number for a, number in read.items() if isinstance(number, str)}
    if cell.commas == DECIMAL or not numbers_read:
        return read["decimals"]
    return CellQuestion(
        "commas",
        f"“{squeezed(cell.text)}” is in a file with semicolons, whose programs can write a comma before decimals and a "
        "point between thousands. Which number is it?",
        {a: (f"{number}: commas are before {a}", number) for a, number in numbers_read.items()},
    )


# --- missing figures


def _missing(words: str, column: Column, row: ReadRow) -> Settled | None:
    """Return the text for a cell that says that there is no value; None if the column can contain such a text."""
    mark = words.casefold()
    if column.name == "value":
        if row.status:
            # The reader of the row compares the two. “Not available” fits any status.
            stated = SHORTHAND.get(mark) or (STATUS_WORDS.get(mark) if mark != "not available" else "")
            return f"[{stated}]" if stated else ""
        if mark in SHORTHAND:
            return f"[{SHORTHAND[mark]}]"
        reasons = {
            "x": ("it is not available", "[x]"),
            "z": ("it does not apply", "[z]"),
            "c": ("it is withheld to protect people", "[c]"),
        }
        if mark in _NOTHING:
            question = f"“{words}” is there instead of a figure. Is it 0, or why is there no figure?"
            zero = {"0": ("none were counted, so it is 0", "0")}
            return CellQuestion(f"nothing:{mark}", question, zero | reasons)
        question = f"“{words}” is there instead of a figure. Why is there no figure?"
        return CellQuestion(f"missing:{mark}", question, reasons)
    if mark in {str(v).casefold() for v in (*column.rules.get("enum", ()), *column.known)}:
        return None
    free = column.field["type"] == "string" and not {"enum", "pattern"} & column.rules.keys()
    return "" if mark in (_MARKS if free else MISSING - {"*"}) else None


def _marked(cell: Cell, words: str, column: Column, row: ReadRow) -> Settled | None:
    """Return a figure with the marks and notes beside it, such as `228 [r]`; None if it has none.

    A range such as <5 is no figure: who imports it says why. It never becomes a number.
    """
    if marks.is_range(words):
        return CellQuestion(
            f"range:{words.casefold()}",
            f"“{words}” is there instead of a figure. Why is there no single number?",
            {
                "c": ("it is withheld to protect people", "[c]"),
                "low": ("it is too low to show, but not zero", "[low]"),
                "x": ("it is not available", "[x]"),
            },
        )
    marked = marks.split(words)
    if marked is None:
        return None
    notes = "".join(f" [{n}]" for n in marked.notes)
    if not marked.number and not marked.status and not marked.unclear:
        return CellFault(f"“{words}” has a note and no figure.", "Write the figure, or a mark such as [x].")
    if marked.unclear:
        return _unclear(marked, words, row, notes)
    if not marked.number:
        if marked.status in marks.BESIDE:
            fix = "Write the figure before the mark, or why there is none: [c], [x], [z] or [low]."
            return CellFault(f"“{words}” has a mark and no figure.", fix)
        return f"[{marked.status}]{notes}"
    if marks.is_range(marked.number) or marked.number.casefold() in MISSING:
        fix = "Write the mark alone, such as [c]. A range or a dash is not a figure."
        return CellFault(f"“{words}” is not a single number.", fix)
    if marked.status and marked.status not in marks.BESIDE:
        fix = f"Write the number alone, or [{marked.status}] alone."
        return CellFault(f"“{words}” has a number and a mark that there is none.", fix)
    number = numbers.settle(Cell("text", marked.number), marked.number, row)
    status = f" [{marked.status}]" if marked.status else ""
    return f"{number}{status}{notes}" if isinstance(number, str) else number


def _unclear(marked: marks.MarkedText, words: str, row: ReadRow, notes: str) -> Settled:
    """Return a question about a mark that no status of a figure says: [u] low reliability, [w] no one in the survey."""
    if marked.number:
        number = numbers.settle(Cell("text", marked.number), marked.number, row)
        if not isinstance(number, str):
            return number
        answers = {
            "e": ("keep the number, as an estimate", f"{number} [e]{notes}"),
            "x": ("no figure: it is not reliable enough", f"[x]{notes}"),
        }
    else:
        answers = {
            "x": ("it is not available", f"[x]{notes}"),
            "z": ("it does not apply", f"[z]{notes}"),
            "low": ("it is too low to show, but not zero", f"[low]{notes}"),
        }
    return CellQuestion(f"mark:{marked.unclear}", f"What does [{marked.unclear}] mean in “{words}”?", answers)


# --- booleans and text


def _boolean(cell: Cell, words: str) -> Settled:
    answer = (plain(cell.number) if cell.kind == "number" else words).casefold()
    stored = {**_YES, **_NO}.get(answer, words or _written_out(cell))
    shown = {**_YES, **_NO}.get(squeezed(cell.shown or "").casefold(), stored)
    return stored if shown == stored else _differs(cell, stored)


def _is_loose_date(column: Column) -> bool:
    """Return True if a column of text contains dates that can be only a year or a month."""
    pattern = column.rules.get("pattern", "")
    samples = (("2016-07", True), ("20160731", False), ("may", False))
    return bool(pattern) and all((re.search(pattern, s) is not None) == fits for s, fits in samples)


def _short_month(words: str) -> CellQuestion | None:
    """Return a question about a month as Excel shows it, such as Jan-21 for 2021-01; None if it is none."""
    short = re.fullmatch(r"([a-z]{3})-(\d{2})", words, re.ASCII | re.IGNORECASE)
    if short is None or (name := short[1].lower()) not in _MONTHS:
        return None
    months = {c: f"{c}{short[2]}-{_MONTHS.index(name) + 1:02}" for c in ("20", "19")}
    return CellQuestion(
        "centuries",
        f"“{words}” has a year of two digits. Which month is it?",
        {f"{c}00": (month, month) for c, month in months.items()},
    )


def _text(cell: Cell, words: str, column: Column) -> Settled:
    if cell.kind == "date":
        return _undated(cell, column)
    if cell.kind in ("text", "number") and _is_loose_date(column):
        content = words or plain(cell.number)
        if re.search(column.rules["pattern"], content):
            return content
        return _short_month(content) or dates.loose(cell, content)
    if cell.kind == "number":
        return _code(cell, column)
    ids = column.titles.get(words.casefold(), ())
    if len(ids) == 1:
        return ids[0]
    if ids and words not in ids:
        fix = f"Write {ids[0]}." if len(ids) == 1 else f"Write one of: {', '.join(ids)}."
        return CellFault(f"“{words}” is not an id.", fix)
    if column.field.get("form") in LOOSE_FORMS and (day := dates.day_in(words)) is not None:
        return day
    enum = [str(v) for v in column.rules.get("enum", ())]
    if cell.kind == "boolean" and {"yes", "no"} <= set(enum):
        return "yes" if words == "true" else "no"
    if enum and words not in enum:
        content = words.casefold().strip("[]").replace(" ", "-")
        alike = [v for v in enum if v.casefold() == content]
        return alike[0] if alike else _in_words(words, enum)
    return words


# How people write the statuses of actions.
_PROGRESS = {
    **dict.fromkeys(("in progress", "ongoing", "on-going", "started", "underway", "on track"), "under-way"),
    **dict.fromkeys(("complete", "completed", "finished", "delivered", "achieved"), "done"),
    **dict.fromkeys(("to start", "to be started", "not begun", "planned"), "not-started"),
    **dict.fromkeys(("mostly done", "nearly done", "mostly complete"), "substantially-done"),
}


def _in_words(words: str, enum: list[str]) -> str:
    """Return the value of a list that a status in words means; the words as they are if none does."""
    key = words.casefold().strip("[]() .")
    meant = STATUS_WORDS.get(key) if "low" in enum else _PROGRESS.get(key)
    return meant if meant in enum else words


def _undated(cell: Cell, column: Column) -> Settled:
    """Return the text of a cell that the spreadsheet has turned into a date, as it does with 2026-11."""
    assert cell.day  # noqa: S101
    whole = cell.day.isoformat()
    short = whole[:7]
    likely = whole if cell.shows_day else short
    for text_ in (likely, whole):
        if text_ in column.known or re.search(column.rules.get("pattern", r"(?!)"), text_):
            return text_
    fix = "Format the cell as text and write the value again."
    return CellFault(f"The spreadsheet has turned this cell into a date: {cell.day}.", fix)


def _code(cell: Cell, column: Column) -> Settled:
    """Return a number in a column of text: a year, a code, or a telephone number that may have lost its first 0."""
    digits = _written_out(cell)
    if digits.isdigit() and len(digits) > 15:
        fix = "Format the cell as text, and write it again."
        return CellFault(f"{digits} is longer than the numbers that spreadsheets keep whole.", fix)
    if cell.shown is not None and squeezed(cell.shown).replace(",", "") not in (digits, plain(cell.number)):
        return _differs(cell, digits)
    if not digits.isdigit():
        return digits
    alike = sorted(v for v in column.known if v.replace(" ", "").lstrip("0") == digits.lstrip("0"))
    if len({v.replace(" ", "") for v in alike}) == 1 and digits not in column.known:
        return alike[0]
    if column.name in TELEPHONES and 9 <= len(digits) <= 10 and not digits.startswith("0"):
        return CellQuestion(
            "zeros",
            f"The telephone number {digits} does not begin with 0. Has the spreadsheet removed a 0?",
            {"add": (f"yes, it is 0{digits}", f"0{digits}"), "keep": (f"no, it is {digits}", digits)},
        )
    return digits


def _differs(cell: Cell, stored: str) -> CellQuestion:
    """Return a question about a cell, not of a figure, that shows something other than it contains."""
    shown = squeezed(cell.shown or "")
    answers = {
        "stored": (f"what the cell contains, {stored}", stored),
        "shown": (f"what is shown, {shown}", shown),
    }
    if not shown:
        answers["shown"] = ("nothing", "")
    said = f"The cell shows “{shown}”" if shown else "The cell shows nothing"
    return CellQuestion(f"shown:{shown}", f"{said} and contains {stored}. What is meant?", answers)


def _written_out(cell: Cell) -> str:
    """Return the content of a cell that is not text, as it is shown."""
    if cell.kind == "number":
        shown = numbers.shown(cell.number * 100, cell.decimals) + "%" if cell.percent else plain(cell.number)
        if cell.decimals and cell.decimals <= MOST_DECIMALS and not cell.percent:
            shown = f"{cell.number:.{cell.decimals}f}"
        return shown.zfill(cell.width) if cell.width else shown
    return cell.day.isoformat() if cell.day else cell.text
