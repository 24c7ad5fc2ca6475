"""One cell of a spreadsheet and the column that it stands in: the text for the table, a question, or a problem.

What spreadsheets do to data is undone where there is only one way to read it. Where there are several, nothing is
guessed: that is a `Doubt`, which whoever imports must settle.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from portal import text
from portal.importers.workbooks import Cell
from portal.tables import Json
from portal.values import LOOSE_FORMS

_MARKS = frozenset({"n/a", "#n/a", "-", "–", "—", text.MINUS, ".", "..", "...", "…"})
MISSING = _MARKS | {
    "na", "none", "null", "nil", "not available", "not applicable", "not known", "unknown", "withheld", "suppressed", "*",
}  # fmt: skip
# The shorthand of government statistics for figures that are not there; each stands under status.
SHORTHAND = {mark: status for status in ("c", "x", "z", "low") for mark in (status, f"[{status}]")}
TELEPHONES = frozenset({"phone", "textphone"})
_YES = {"yes": "true", "y": "true", "true": "true", "1": "true"}
_NO = {"no": "false", "n": "false", "false": "false", "0": "false"}
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1b\x7f]")
_MOST_DECIMALS, _LARGEST = 10, 15  # of what a format shows, and powers of ten to which one is heeded
_SERIALS = (18_000, 90_000)  # days from 1900 to somewhere between 1949 and 2146


@dataclass(frozen=True)
class Column:
    """The field of a column, and the texts that the package already has in it."""

    field: Json
    known: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """The name of the column."""
        return str(self.field["name"])

    @property
    def rules(self) -> Json:
        """What constrains its cells."""
        found: Json = self.field.get("constraints", {})
        return found


@dataclass(frozen=True)
class Row:
    """What else is known of the row of a cell: the unit of its figure, its status, and the text that was there before."""

    unit: str = ""
    status: str = ""
    before: str = ""


@dataclass(frozen=True)
class Doubt:
    """A cell that can be read in several ways: for each answer what it means, and the text that comes of it."""

    key: str
    question: str
    answers: Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class Fault:
    """A cell that cannot be read: what stands there and what to do."""

    message: str
    fix: str


Settled = str | Doubt | Fault
_ANYTHING = Row()


def settle(cell: Cell | None, column: Column, row: Row = _ANYTHING) -> Settled:
    """The text of a cell for its column; what was there before stays as it was written where it means the same."""
    if cell is None:
        return ""
    if cell.kind == "error":
        return Fault(f"The cell shows the error {cell.text}.", "Mend the formula, or write the value itself.")
    if cell.kind == "formula":
        fix = "Open the file in a spreadsheet program, save it there and import it again, or write the value itself."
        return Fault("The cell has a formula whose result is not in the file.", fix)
    if _CONTROL.search(cell.text):
        return Fault("The cell holds a character that no table has.", "Write the text again.")
    words = squeezed(cell.text)
    if cell.kind == "text" and row.before and words == squeezed(row.before):
        return row.before
    if cell.kind == "text" and words.casefold() in MISSING | SHORTHAND.keys():
        found = _missing(words, column, row)
        if found is not None:
            return found
    match column.field["type"]:
        case "number" | "integer":
            return _number(cell, words, row)
        case "date":
            return _date(cell, words)
        case "boolean":
            return _boolean(cell, words)
    return _text(cell, words, column)


def squeezed(words: str) -> str:
    """Text without spaces around it, and with one plain space where there are several or unusual ones."""
    return re.sub(r"[\s\u00a0\u200b\ufeff]+", " ", words).strip()


# --- nothing there


def _missing(words: str, column: Column, row: Row) -> Settled | None:
    """A mark that says that there is nothing; None where the column may really hold such a text."""
    mark = words.casefold()
    if column.name == "value":
        if row.status:
            return ""
        if mark in SHORTHAND:
            return f"[{SHORTHAND[mark]}]"
        return Doubt(
            f"missing:{mark}",
            f"“{words}” stands where there is no figure. Why is there none?",
            {
                "x": ("it is not available", "[x]"),
                "z": ("it does not apply", "[z]"),
                "c": ("it is withheld to protect people", "[c]"),
            },
        )
    if mark in {str(v).casefold() for v in (*column.rules.get("enum", ()), *column.known)}:
        return None
    free = column.field["type"] == "string" and not {"enum", "pattern"} & column.rules.keys()
    return "" if mark in (_MARKS if free else MISSING - {"*"}) else None


# --- numbers


def _number(cell: Cell, words: str, row: Row) -> Settled:
    if cell.kind == "date":
        fix = "Format the cell as a number, and write the number again."
        return Fault(f"The spreadsheet has made a date of this cell: {cell.day}.", fix)
    if cell.kind == "boolean":
        return Fault(f"“{cell.text}” is not a number.", "Write the number.")
    if cell.kind == "text":
        return _written(words, row)
    stored = _plain(cell.number)
    if cell.percent:
        shown = _shown(cell.number * 100, cell.decimals)
        whole = _plain(cell.number * 100)
        if row.before and _same(row.before, cell.number * 100):
            return row.before
        if row.unit in ("percent", "percent-change"):
            return _rounded(shown, whole)
        return _percent(shown, stored)
    if row.before and _same(row.before, cell.number):
        return row.before
    return _rounded(_shown(cell.number, cell.decimals), stored)


def _percent(shown: str, stored: str) -> Settled:
    return Doubt(
        "percent",
        f"{shown}% stands where the figure is not a percentage. Which number is meant?",
        {
            "shown": (f"the number before the sign, {shown}", shown),
            "stored": (f"the share, {stored}", stored),
        },
    )


def _rounded(shown: str, stored: str) -> Settled:
    """The number as its format shows it, where that is all there is to it."""
    if Decimal(shown) == Decimal(stored):
        return shown
    if abs(Decimal(shown) - Decimal(stored)) <= max(Decimal(1), abs(Decimal(stored))) * Decimal("1e-9"):
        return shown
    return Doubt(
        "decimals",
        f"The cell shows {shown} and holds {stored}. Which one is meant?",
        {"shown": (f"as shown, {shown}", shown), "stored": (f"as stored, {stored}", stored)},
    )


def _shown(number: Decimal, decimals: int | None) -> str:
    """The number as a format shows it; a whole number is never given decimals."""
    if decimals is None or decimals > _MOST_DECIMALS or number.adjusted() > _LARGEST:
        return _plain(number)
    rounded = number.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return _plain(rounded) if rounded == rounded.to_integral() else f"{rounded:f}"


def _plain(number: Decimal) -> str:
    """The number without an exponent, a spare zero or a minus before zero."""
    told = f"{number:f}"
    told = told.rstrip("0").rstrip(".") if "." in told else told
    return "0" if told in ("-0", "") else told


def _same(before: str, number: Decimal) -> bool:
    try:
        return Decimal(before) == number
    except ArithmeticError:
        return False


def _written(words: str, row: Row) -> Settled:
    """A number that is written as text: without commas, signs of money, typographic minus and spaces."""
    told = words.replace(text.MINUS, "-").replace("–", "-")
    if row.unit in ("pounds", ""):
        told = re.sub(r"^(-?)£ ?", r"\1", told)
    percent = told.endswith("%")
    told = told.removesuffix("%").strip()
    if re.fullmatch(r"[+-]?\d{1,3}( \d{3})+(\.\d+)?", told):
        told = told.replace(" ", "")
    if _GROUPED.fullmatch(told):
        told = told.replace(",", "")
    elif re.fullmatch(r"[+-]?\d+,\d+", told):
        fix = f"Write {told.replace(',', '.')} or {told.replace(',', '')}."
        return Fault(f"“{words}” can be a number with decimals or one without.", fix)
    if len(told) > 30 or not _PLAIN.fullmatch(told):
        return words
    number = Decimal(told)
    places = len(told.partition(".")[2])
    if percent and row.unit not in ("percent", "percent-change"):
        return _percent(_shown(number, places), _plain(number / 100))
    return row.before if row.before and _same(row.before, number) else _shown(number, places)


# --- dates


def _date(cell: Cell, words: str) -> Settled:
    if cell.day:
        return cell.day.isoformat()
    if cell.kind == "number" and cell.number == cell.number.to_integral():
        return _serial(int(cell.number))
    found = _day(words) if cell.kind == "text" else None
    return words or _plain(cell.number) if found is None else found


def _serial(number: int) -> Settled:
    """A date that has lost its format is a count of days; which day it counts from cannot be seen."""
    if not _SERIALS[0] <= number <= _SERIALS[1]:
        return str(number)
    new = (date(1899, 12, 30) + timedelta(number)).isoformat()
    old = (date(1904, 1, 1) + timedelta(number)).isoformat()
    return Doubt(
        "serials",
        f"The number {number} stands where a date belongs. Which date is it?",
        {"1900": (f"{new}, as Excel counts", new), "1904": (f"{old}, as old Excel for Mac counted", old)},
    )


def _day(words: str) -> Settled | None:
    stamp = re.fullmatch(r"(\d{4}-\d{2}-\d{2})[T ][\d:.]+Z?", words)
    if stamp:
        return stamp[1]
    told = re.fullmatch(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})", words)
    if told:
        return _in_order(int(told[1]), int(told[3]), int(told[4]))
    year_first = re.fullmatch(r"(\d{4})[/.](\d{1,2})[/.](\d{1,2})", words)
    if year_first:
        return _iso(*map(int, year_first.groups()))
    named = re.fullmatch(
        r"(?:[a-z]+,? )?(\d{1,2})(?:st|nd|rd|th)?[ -]([a-z]{3,9})\.?,?[ -](\d{4})", words.lower()
    )
    if named:
        return _named(int(named[1]), named[2], int(named[3]))
    turned = re.fullmatch(r"([a-z]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})", words.lower())
    return _named(int(turned[2]), turned[1], int(turned[3])) if turned else None


def _in_order(first: int, second: int, year: int) -> Settled | None:
    """Two numbers and a year: certain where one of them can only be a day, or both are the same."""
    day_first, month_first = _iso(year, second, first), _iso(year, first, second)
    if not day_first or not month_first or day_first == month_first:
        return day_first or month_first
    return Doubt(
        "dates",
        f"{first:02}/{second:02}/{year} can be two dates. Which one is it?",
        {
            "day-first": (f"the day comes first, {day_first}", day_first),
            "month-first": (f"the month comes first, {month_first}", month_first),
        },
    )


def _named(day: int, month: str, year: int) -> str | None:
    names = [n for n in _MONTHS if month.startswith(n)]
    return _iso(year, _MONTHS.index(names[0]) + 1, day) if names else None


def _iso(year: int, month: int, day: int) -> str | None:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


# --- booleans and text


def _boolean(cell: Cell, words: str) -> str:
    told = (_plain(cell.number) if cell.kind == "number" else words).casefold()
    return {**_YES, **_NO}.get(told, words or _written_out(cell))


def _text(cell: Cell, words: str, column: Column) -> Settled:
    if cell.kind == "date":
        return _undated(cell, column)
    if cell.kind == "number":
        return _code(cell, column)
    if column.field.get("form") in LOOSE_FORMS and (found := _day(words)) is not None:
        return found
    enum = [str(v) for v in column.rules.get("enum", ())]
    if cell.kind == "boolean" and {"yes", "no"} <= set(enum):
        return "yes" if words == "true" else "no"
    if enum and words not in enum:
        told = words.casefold().strip("[]").replace(" ", "-")
        alike = [v for v in enum if v.casefold() == told]
        return alike[0] if alike else words
    return words


def _undated(cell: Cell, column: Column) -> Settled:
    """A cell of text of which the spreadsheet has made a date: 2026-11 becomes the first day of that month."""
    assert cell.day  # noqa: S101
    whole = cell.day.isoformat()
    short = whole[:7]
    told = whole if cell.shows_day else short
    for text_ in (told, whole):
        if text_ in column.known or re.search(column.rules.get("pattern", r"(?!)"), text_):
            return text_
    fix = "Format the cell as text, and write again what should stand there."
    return Fault(f"The spreadsheet has made a date of this cell: {cell.day}.", fix)


def _code(cell: Cell, column: Column) -> Settled:
    """A number in a column of text: a year, a code, a telephone number, which may have lost a zero at its beginning."""
    told = _written_out(cell)
    if not told.isdigit():
        return told
    if len(told) > 15:
        fix = "Format the cell as text, and write it again."
        return Fault(f"{told} is longer than the numbers that spreadsheets keep whole.", fix)
    alike = sorted(v for v in column.known if v.replace(" ", "").lstrip("0") == told.lstrip("0"))
    if len({v.replace(" ", "") for v in alike}) == 1 and told not in column.known:
        return alike[0]
    if column.name in TELEPHONES and 9 <= len(told) <= 10 and not told.startswith("0"):
        return Doubt(
            "zeros",
            f"The number {told} stands where a telephone number belongs. Has it lost a 0 at its beginning?",
            {"add": (f"yes, it is 0{told}", f"0{told}"), "keep": (f"no, it is {told}", told)},
        )
    return told


def _written_out(cell: Cell) -> str:
    """A cell that is not text, as it is shown."""
    if cell.kind == "number":
        shown = _shown(cell.number * 100, cell.decimals) + "%" if cell.percent else _plain(cell.number)
        if cell.decimals and cell.decimals <= _MOST_DECIMALS and not cell.percent:
            shown = f"{cell.number:.{cell.decimals}f}"
        return shown.zfill(cell.width) if cell.width else shown
    return cell.day.isoformat() if cell.day else cell.text
