"""Read one cell as its type. The check and the model use the same functions, so a cell has one meaning.

A reader takes the text of a cell that is not empty, and raises `ValueError` if the text is not of its type. Readers
accept less than the Data Package standard does: numbers are ASCII digits, without exponents, grouping or spaces.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from portal.core import number_spellings, periods, text
from portal.core.problems import Fault, did_you_mean, write_one_of
from portal.core.vocabulary import STATUS_WORDS, Unit

Json = Mapping[str, Any]
MOST_DIGITS = 15  # spreadsheets and JavaScript keep no more
BOOLEANS: Mapping[str, bool] = {
    **dict.fromkeys(("true", "True", "TRUE", "1"), True),
    **dict.fromkeys(("false", "False", "FALSE", "0"), False),
}
_INTEGER = re.compile(r"-?[0-9]+")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
# Signs and separators around a number that can be read in only one way; 1.228,5 and 12 34 are ambiguous.
_UNAMBIGUOUS = re.compile(r"[+\u2212-]?£?\s?([0-9]{1,3}([, \u00a0][0-9]{3})*|[0-9]+)(\.[0-9]+)?\s?%?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_YEAR = re.compile(r"[0-9]{4}")
_OTHER_ORDER = re.compile(r"([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})")
_LOOSE = re.compile(r"([0-9]{4})(-[0-9]{2})?(-[0-9]{2})?")
_FIRST_SERIAL = date(1899, 12, 30)  # day 0 of spreadsheet programs
_LONGEST_NAME = 120  # bytes: file systems allow 255, and the build adds endings
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])", re.IGNORECASE)


def read_boolean(cell: str) -> bool:
    """Read `true` or `false`, also as spreadsheet programs write them: `TRUE`, `1`."""
    if cell not in BOOLEANS:
        raise ValueError(cell)
    return BOOLEANS[cell]


def read_integer(cell: str) -> int:
    """Read a whole number of at most `MOST_DIGITS` digits."""
    return int(_check_form(_INTEGER, cell))


def read_number(cell: str) -> Decimal:
    """Read a number of at most `MOST_DIGITS` digits."""
    return Decimal(_check_form(_NUMBER, cell))


def _check_form(form: re.Pattern[str], cell: str) -> str:
    if not form.fullmatch(cell) or (len(cell) > MOST_DIGITS and sum(c.isdigit() for c in cell) > MOST_DIGITS):
        raise ValueError(cell[:MOST_DIGITS])
    return cell


@lru_cache(4096)  # many cells, few different days
def read_date(cell: str) -> date:
    """Read an ISO date that exists."""
    if not _DAY.fullmatch(cell):
        raise ValueError(cell)
    return date.fromisoformat(cell)


def is_date(cell: str) -> bool:
    """Return True if this is an ISO date that exists."""
    return _is_readable(read_date, cell)


def read_loose_date(cell: str) -> str:
    """Return a date of any precision, unchanged: a year, month or day that exists."""
    parts = _LOOSE.fullmatch(cell)
    if not parts:
        raise ValueError(cell)
    date.fromisoformat(f"{parts[1]}{parts[2] or '-01'}{parts[3] or '-01'}")
    return cell


def read_year(cell: str) -> int:
    """Read a year of four digits."""
    if not _YEAR.fullmatch(cell):
        raise ValueError(cell)
    return int(cell)


def number_or_none(cell: str) -> Decimal | None:
    """Read a number; None if the cell is empty."""
    return read_number(cell) if cell else None


def date_or_none(cell: str) -> date | None:
    """Read a date; None if the cell is empty."""
    return read_date(cell) if cell else None


def is_loose_date(cell: str) -> bool:
    """Return True if this is a year, a month or a day that exists."""
    return _is_readable(read_loose_date, cell)


def _is_readable(read: Callable[[str], Any], cell: str) -> bool:
    try:
        read(cell)
    except ValueError:
        return False
    return True


READERS: Mapping[str, Callable[[str], Any]] = {
    "string": str,
    "integer": read_integer,
    "number": read_number,
    "date": read_date,
    "boolean": read_boolean,
}


def is_storable(name: str) -> bool:
    """Return True if every operating system can store a file or folder of this name."""
    stem = name.partition(".")[0].rstrip()
    return (
        0 < len(name.encode()) <= _LONGEST_NAME
        and name.isprintable()
        and not re.search(r'[<>:"/\\|?*]', name)
        and not name.endswith((".", " "))
        and not _RESERVED.fullmatch(stem)
    )


def read_slug(cell: str) -> str:
    """Return a part of a web address, which must also be a valid file name."""
    if not is_storable(cell):
        raise ValueError(cell)
    return cell


@dataclass(frozen=True)
class CellForm:
    """The format of a column, in words and with an example; `read` checks what a pattern cannot."""

    words: str
    example: str
    read: Callable[[str], Any] = str

    @property
    def advice(self) -> str:
        """Return the sentence that says what to write."""
        return f"{self.words}, such as {self.example}."


# The formats of columns with a pattern. A field of a schema in `data/schemas` names its form.
FORMS: Mapping[str, CellForm] = {
    "slug": CellForm("Use lower-case letters, numbers and hyphens", "serious-youth-violence", read_slug),
    # The id of a row of another table; that it can be the name of a file is checked there.
    "id": CellForm("Use lower-case letters, numbers and hyphens", "serious-youth-violence"),
    "gss-code": CellForm("Write a GSS code, one capital letter and eight digits", "E09000001"),
    "postcode": CellForm("Write a full postcode in capitals with one space", "SE13 6AA"),
    "points": CellForm(
        "Write longitude and latitude in turn, with decimals and separated by spaces, for at least three points",
        "0.1 51.4 0.2 51.4 0.2 51.5",
    ),
    "any-date": CellForm("Write a day, month or year that exists, year first", "2016-09-15, 2016-09 or 2016", read_loose_date),
    "day-or-month": CellForm("Write a day or month that exists, year first", "2026-11-21 or 2026-11", read_loose_date),
    "month-or-year": CellForm("Write a month or year that exists, year first", "2016-03 or 2016", read_loose_date),
    "year": CellForm("Write a year with four digits", "2021", read_year),
    "time": CellForm("Write a time of day with four digits", "18:30"),
    "moment": CellForm(
        "Write a day that exists, a T and the time", "2026-12-01T09:30", lambda cell: read_date(cell.partition("T")[0])
    ),
    "checksum": CellForm("Leave the checksum as portal release wrote it, 64 digits and letters from a to f", "0a1b2c…"),
    "area-kinds": CellForm("Write kinds of area separated by semicolons, own first", "own;ward or ward;borough"),
    "needs": CellForm(
        "Say what it suits, separated by semicolons: danger-now, cannot-speak, deaf, tell-police, not-police, anonymous, "
        "any-hour, on-behalf, other-language, online or in-person",
        "anonymous;online",
    ),
    "state": CellForm("Write the state of the plan: current, past or last-known", "current"),
}  # fmt: skip
LOOSE_FORMS = frozenset(name for name, form in FORMS.items() if form.read is read_loose_date)


# Forms whose cells begin with a year.
FORMS_WITH_YEAR = LOOSE_FORMS | {"moment", "year"}


# Invisible characters: spaces without width, and marks that reverse the order of letters and digits. Marks that some
# languages need (U+200C to U+200F) are allowed.
_HIDDEN = re.compile("[\u200b\u2060-\u2064\ufeff\u202a-\u202e\u2066-\u2069]")


def hidden_character(text: str) -> str:
    """Return the code and name of the first invisible character in a text; empty if there is none."""
    found = _HIDDEN.search(text)
    return f"U+{ord(found[0]):04X} ({unicodedata.name(found[0]).lower()})" if found else ""


def cell_fault(cell: str, field: Json) -> Fault | None:
    """Return what is wrong with a cell and what to write instead, or None.

    `field` is a field of a Table Schema. This checks type, enum, pattern, minimum and maximum; frictionless checks the rest.
    """
    constraints = field.get("constraints", {})
    if not cell.strip():
        if cell == "" and not constraints.get("required"):
            return None
        if (
            cell
            and not constraints.get("required")
            and field["type"] == "string"
            and not {"enum", "pattern"} & constraints.keys()
        ):
            return None
        if not constraints.get("required"):
            return Fault("The cell contains only spaces.", "Empty it.")
        return Fault("The cell is empty.", f"Fill it in: {field.get('title', field['name'])}.")
    if found := hidden_character(cell):
        return Fault(
            f"The cell has an invisible character, {found}. People could read it in another way than programs do.",
            "Empty the cell and type the text again.",
        )
    try:
        value = READERS[field["type"]](cell)
        if "form" in field:
            FORMS[field["form"]].read(cell)
    except ValueError:
        return explain_fault(cell, field)
    allowed, pattern = constraints.get("enum"), constraints.get("pattern")
    if isinstance(allowed, list) and cell not in map(str, allowed) and value not in allowed:
        return explain_fault(cell, field)
    if isinstance(pattern, str) and not _matches(pattern, cell):
        return explain_fault(cell, field)
    minimum, maximum = (constraints.get(name) for name in ("minimum", "maximum"))
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        if isinstance(minimum, int | float) and value < minimum:
            return explain_fault(cell, field)
        if isinstance(maximum, int | float) and value > maximum:
            return explain_fault(cell, field)
    return None


def _matches(pattern: str, cell: str) -> bool:
    try:
        return re.fullmatch(pattern, cell, re.ASCII) is not None
    except (re.error, RecursionError):
        return True  # the package's own pattern; frictionless reports that it is invalid


def explain_fault(cell: str, field: Json) -> Fault:
    """Return an invalid cell as problems show it, and what to write instead."""
    rules = field.get("constraints", {})
    title = str(field.get("title", field["name"]))
    shown = f"“{cell}”" if len(cell) <= 60 else f"“{cell[:60]}…”"
    stripped = cell.strip()
    if stripped != cell and field["type"] != "string":
        if within := cell_fault(stripped, field):
            return Fault(shown, within.fix)
        return Fault(f"{shown} has spaces around it.", f"Write {stripped[:60]}.")
    if isinstance(rules.get("enum"), list):
        return Fault(shown, _choice_advice(cell[:100], [str(word) for word in rules["enum"]]))
    match field["type"]:
        case "number" | "integer" if "form" not in field:
            return Fault(shown, _number_advice(cell, field["type"], rules))
        case "date":
            return Fault(shown, date_advice(cell))
        case "boolean":
            return Fault(shown, "Write true or false.")
    if field.get("form") == "slug" and len(cell) > _LONGEST_NAME:
        return Fault(
            f"{shown} is too long for the name of a file.", f"Write {_LONGEST_NAME} letters or fewer."
        )
    if field.get("form") == "slug" and _RESERVED.fullmatch(stripped):
        return Fault(
            f"{shown} cannot be the name of a file on Windows.",
            f"Choose another name, such as {_plain_slug(stripped)}-1.",
        )
    if field.get("form") in LOOSE_FORMS and _OTHER_ORDER.fullmatch(stripped):
        return Fault(shown, date_advice(cell))
    if "form" in field:
        return Fault(shown, FORMS[field["form"]].advice)
    return Fault(shown, f"Write it as datapackage.json describes the column: {title}.")


def _plain_slug(name: str) -> str:
    return re.sub("[^a-z0-9-]", "", unicodedata.normalize("NFKC", name).lower())


def _choice_advice(word: str, allowed: list[str]) -> str:
    """Return which of the allowed words is meant: the same in brackets, or what the word for a status is short for."""
    inner = re.sub(r"^[\s\[(]+|[\s\])]+$", "", word).casefold()
    meant = STATUS_WORDS.get(inner) if "low" in allowed else None
    if meant is None and inner in allowed and inner != word.casefold():
        meant = inner
    if word in tuple(Unit) and Unit.COUNT in allowed:  # percent is not percent-change
        return f"{write_one_of(word, allowed)} Here, count means any number in the unit of the indicator."
    return f"Write {meant}." if meant in allowed else did_you_mean(word, allowed)


def _number_advice(cell: str, kind: str, rules: Json) -> str:
    plain = re.sub(r"[,%\s\u00a0£+]", "", cell).replace(text.MINUS, "-")
    if not _NUMBER.fullmatch(plain):
        if cell.strip().isdecimal():
            return "Write the number with the digits 0 to 9."
        if spelling := number_spellings.fault(cell.strip()):
            return spelling.fix
        return "Write a number. Where there is no figure, leave the cell empty and say why under status."
    if sum(c.isdigit() for c in plain) > MOST_DIGITS:
        return f"Write a number of at most {MOST_DIGITS} digits. Compare it with the source."
    if re.fullmatch(r"[+-]?[0-9]+,[0-9]+", cell.strip()) and not re.search(r",[0-9]{3}$", cell.strip()):
        return "Write the number with a decimal point, and no comma."
    if plain != cell and not _UNAMBIGUOUS.fullmatch(cell.strip()):
        return "Write only the number, with a decimal point and no other symbol."
    if plain != cell:
        return f"Write only the number, with no comma, percent sign or space: {plain}."
    if kind == "integer" and "." in plain:
        return "Write a whole number."
    if "minimum" in rules and Decimal(plain) < Decimal(str(rules["minimum"])):
        return f"Write a number of at least {rules['minimum']}."
    return f"Write a number of at most {rules.get('maximum')}."


def date_advice(cell: str) -> str:
    """Return what to write instead of an invalid date; both dates if either number could be the month."""
    keep = "Format the column as text so that it stays."
    match_ = _OTHER_ORDER.fullmatch(cell.strip())
    first, second, year = map(int, match_.groups()) if match_ else (0, 0, 0)
    readings = [f"{year:04d}-{m:02d}-{d:02d}" for d, m in ((first, second), (second, first))]
    match [d for d in dict.fromkeys(readings) if is_date(d)]:
        case [day_first, month_first]:
            return (
                f"Write the year first: {day_first} if {first} is the day, or {month_first} if {first} is the month. "
                f"Look it up in the source. {keep}"
            )
        case [only]:
            return f"Write the year first: {only}. {keep}"
    if re.fullmatch(r"[1-9][0-9]{4}(\.0+)?", cell.strip(), re.ASCII):
        day = _FIRST_SERIAL + timedelta(days=int(cell.strip()[:5]))
        if periods.is_plausible_year(day.year):
            return f"Write {day}, if that is the date in the source: spreadsheet programs count days like this. {keep}"
    return "Write a date that exists, year first, such as 2016-07-31."
