"""Read a cell as a number: as it is stored, as its format shows it, and as people write it."""

import re
from decimal import ROUND_HALF_UP, Decimal

from portal.core import number_spellings, text
from portal.importers.spreadsheets.grid import Cell
from portal.importers.spreadsheets.readings import CellFault, CellQuestion, ReadRow, Settled, squeezed

PERCENTAGES = frozenset({"percent", "percent-change"})
MOST_DECIMALS, _LARGEST = 10, 15  # of a format; and of powers of ten
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", re.ASCII)
_ONE_COMMA = re.compile(r"[+-]?\d{1,3},\d{3}", re.ASCII)  # which is three decimals in other countries
_GROUP_OF_ZEROS = re.compile(r"[+-]?[1-9]\d{0,2}\.000", re.ASCII)
_PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)", re.ASCII)
_SHOWN_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(E[+-]?\d{1,3})?", re.ASCII)
_INSTEAD = {
    "c": "no figure: it is withheld to protect people", "low": "no figure: it is too low to show, but not zero",
    "x": "no figure: it is not available",
}  # fmt: skip


def settle(cell: Cell, words: str, row: ReadRow) -> Settled:
    """Return the number of a cell as text, or a question or fault."""
    number = _settled(cell, words, row)
    if isinstance(number, str) and number.startswith("-") and row.unit == "count":
        fix = (
            "Correct the number. If it is a change from an earlier period, write the figures of both periods."
        )
        return CellFault(f"{number} is less than 0, and this is a count.", fix)
    return number


def _settled(cell: Cell, words: str, row: ReadRow) -> Settled:
    if cell.kind == "date":
        fix = "Format the cell as a number, and write the number again."
        return CellFault(f"The spreadsheet has turned this cell into a date: {cell.day}.", fix)
    if cell.kind == "boolean":
        return CellFault(f"“{cell.text}” is not a number.", "Write the number.")
    if cell.kind == "text":
        return _written(words, row)
    stored = plain(cell.number)
    whole = cell.number * 100 if cell.percent else cell.number
    if cell.shown is not None and (other := _otherwise(cell, whole, row)):
        return other
    if row.before and _same(row.before, whole):
        return row.before
    rounded = shown(whole, cell.decimals)
    if cell.percent and row.unit not in PERCENTAGES:
        return _percent(rounded, stored)
    return _rounded(rounded, plain(whole))


def _otherwise(cell: Cell, number: Decimal, row: ReadRow) -> CellQuestion | None:
    """Return a question if the cell shows something other than this number, unless it is only rounded."""
    shown = squeezed(cell.shown or "")
    read_number, sign = seen(shown, row), shown.endswith("%")
    if (
        read_number is not None
        and _alike(read_number, number, shown)
        and (cell.percent or not sign or row.unit in PERCENTAGES)
    ):
        return None
    answers = {"stored": (f"the number in the cell, {plain(cell.number)}", plain(cell.number))}
    if read_number is not None and not (sign and read_number == number):
        answers["shown"] = (f"the number that is shown, {plain(read_number)}", plain(read_number))
    if row.figure:
        answers |= {k: (words, f"[{k}]") for k, words in _INSTEAD.items()}
    said = f"The cell shows “{shown}”" if shown else "The cell shows nothing"
    return CellQuestion(
        f"shown:{shown}", f"{said} and contains {plain(cell.number)}. What is meant?", answers
    )


def seen(shown: str, row: ReadRow) -> Decimal | None:
    """Return the number that people read in a shown text, such as 1,234 in “£1,234” or “(5)”; None if it is not a number.

    The label of its unit can follow it, as in “12 offences”, and pounds can have their sign. Anything else can change what
    is meant: <5, 12*, 3k, 12 estimated.
    """
    digits = shown.replace(text.MINUS, "-").replace("–", "-").replace("\u202f", " ")
    digits = _without_pounds(digits.removesuffix("%").strip(), row)
    negative = re.fullmatch(r"\(([^()]*)\)", digits)
    digits = _without_pounds(f"-{negative[1].strip()}", row) if negative else digits
    unit = re.fullmatch(r"(\S*\d) ?(\D+)", digits)
    if unit and _is_label(unit[2].casefold(), row.label.casefold()):
        digits = unit[1]
    if _GROUPED.fullmatch(digits):
        digits = digits.replace(",", "")
    digits = digits.removesuffix(".")
    return Decimal(digits) if _SHOWN_NUMBER.fullmatch(digits) else None


def _without_pounds(digits: str, row: ReadRow) -> str:
    return re.sub(r"^(-?)£ ?", r"\1", digits) if row.unit in ("pounds", "") else digits


def _is_label(words: str, label: str) -> bool:
    """Return True if words are the label of a unit, its beginning or its end: offences, or crimes of crimes per 1,000 people."""
    return any(f"{label} ".startswith(f"{w} ") or f" {label}".endswith(f" {w}") for w in (words, f"{words}s"))


def _alike(read_number: Decimal, number: Decimal, shown: str) -> bool:
    """Return True if a number is what is shown, or would be with fewer decimals."""
    if read_number == number:
        return True
    places = -int(read_number.as_tuple().exponent)
    return "E" not in shown and places >= 0 and abs(read_number - number) <= Decimal("0.5").scaleb(-places)


def _percent(shown: str, stored: str) -> Settled:
    return CellQuestion(
        "percent",
        f"The cell shows {shown}%, but the figure is not a percentage. Which number is meant?",
        {
            "shown": (f"the number before the sign, {shown}", shown),
            "stored": (f"the share, {stored}", stored),
        },
    )


def _rounded(shown: str, stored: str) -> Settled:
    """Return the number as its format shows it, or a question if the format hides decimals."""
    if Decimal(shown) == Decimal(stored):
        return shown
    if abs(Decimal(shown) - Decimal(stored)) <= max(Decimal(1), abs(Decimal(stored))) * Decimal("1e-9"):
        return shown
    return CellQuestion(
        "decimals",
        f"The cell shows {shown} and contains {stored}. Which one is meant?",
        {"shown": (f"as shown, {shown}", shown), "stored": (f"as stored, {stored}", stored)},
    )


def shown(number: Decimal, decimals: int | None) -> str:
    """Return the number as a format shows it; a whole number is never given decimals."""
    if decimals is None or decimals > MOST_DECIMALS or number.adjusted() > _LARGEST:
        return plain(number)
    rounded = number.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return plain(rounded) if rounded == rounded.to_integral() else f"{rounded:f}"


def plain(number: Decimal) -> str:
    """Return the number without an exponent, unneeded zeros or a minus before zero."""
    digits = f"{number:f}"
    digits = digits.rstrip("0").rstrip(".") if "." in digits else digits
    return "0" if digits in ("-0", "") else digits


def _same(before: str, number: Decimal) -> bool:
    try:
        return Decimal(before) == number
    except ArithmeticError:
        return False


def _written(words: str, row: ReadRow) -> Settled:
    """Return a number that is written as text, without commas, currency signs, typographic minus and spaces."""
    digits = words.replace(text.MINUS, "-").replace("–", "-")
    digits = _without_pounds(digits, row)
    percent = digits.endswith("%")
    digits = digits.removesuffix("%").strip()
    if re.fullmatch(r"[+-]?\d{1,3}( \d{3})+(\.\d+)?", digits):
        digits = digits.replace(" ", "")
    if _GROUPED.fullmatch(digits) and not (row.unit in PERCENTAGES and _ONE_COMMA.fullmatch(digits)):
        digits = digits.replace(",", "")
    if len(digits) > 30 or not _PLAIN.fullmatch(digits):
        return _no_number(words, digits)
    number = Decimal(digits)
    places = len(digits.partition(".")[2])
    if percent and row.unit not in PERCENTAGES:
        return _percent(shown(number, places), plain(number / 100))
    if row.before and _same(row.before, number):
        return row.before
    if row.unit == "count" and _GROUP_OF_ZEROS.fullmatch(digits):
        few, many = plain(number), digits.replace(".", "")
        message = (
            f"“{words}” can be {few}, or {many} with a point between the thousands. Which number is meant?"
        )
        return CellQuestion("points", message, {"decimals": (few, few), "thousands": (many, many)})
    whole = row.unit == "count" and number == number.to_integral()
    return plain(number) if whole or not number else f"{number:f}"  # 9.0 is as precise as it says


def _no_number(words: str, digits: str) -> CellFault:
    """Return why a text is not a number. Suggest a number only if the text can be read in only one way."""
    quoted = f"“{words}”" if len(words) <= 60 else f"“{words[:60]}…”"
    if re.fullmatch(r"[+-]?\d{1,3}(\.\d{3})*,\d+", digits):
        point, none = re.sub(r"\.", "", digits).replace(",", "."), re.sub(r"[.,]", "", digits)
        if "." in digits and not re.fullmatch(r".*,\d{3}", digits):
            fix = "Write it with a point before the decimals and nothing between the thousands"
            return CellFault(f"{quoted} has a comma before the decimals.", f"{fix}, as in 1234.5.")
        # Between thousands there are three digits, and a number does not begin with 0.
        both = bool(re.fullmatch(r"[+-]?[1-9].*,\d{3}", digits))
        why = "can be a number with decimals or one without" if both else "has a comma before the decimals"
        return CellFault(f"{quoted} {why}.", f"Write {point} or {none}." if both else f"Write {point}.")
    if re.fullmatch(r"[+-]?\d{1,3}(\.\d{3}){2,}", digits):
        fix = "Write it with nothing between the thousands, as in 1234567."
        return CellFault(f"{quoted} has points between the thousands.", fix)
    if other := number_spellings.fault(words):
        return CellFault(*other)
    fix = "Write the number in digits alone, with a point before decimals. If there is no figure, leave the cell empty and write why under status."
    return CellFault(f"{quoted} is not a number.", fix)
