"""Read a cell as a date: as spreadsheets store it, and as people write it. If two dates are possible, ask."""

import calendar
import re
from dataclasses import replace
from datetime import date, timedelta

from portal.importers.spreadsheets.grid import Cell
from portal.importers.spreadsheets.numbers import plain
from portal.importers.spreadsheets.readings import CellFault, CellQuestion, Settled

_MONTHS = tuple(name.lower() for name in calendar.month_name[1:])
_WEEKDAYS = tuple(name.lower() for name in calendar.day_name)
_SERIALS = (18_000, 90_000)  # days from 1900 to somewhere between 1949 and 2146
_NO_DATE = "Write the whole date, year first, such as 2016-07-31."


def settle(cell: Cell, words: str) -> Settled:
    """Return the date of a cell as text, or a question or fault."""
    if cell.day:
        return cell.day.isoformat() if cell.shows_day else _month(cell.day)
    if cell.kind == "number" and cell.number == cell.number.to_integral():
        return _serial(int(cell.number))
    if not words.isascii():
        return _no_date(words)
    if cell.kind != "text":
        return CellFault(f"“{words or plain(cell.number)}” is not a date.", _NO_DATE)
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", words):
        return words if _iso(*map(int, words.split("-"))) else _no_date(words)
    if re.fullmatch(r"\d{5}", words):
        return _serial(int(words))
    day = day_in(words)
    return _no_date(words) if day is None else day


def loose(cell: Cell, words: str) -> Settled:
    """Return a date that can be only a year or a month: 2016, 2016-07 or 2016-07-31."""
    month = re.fullmatch(r"([a-z]{3,9})\.?,?[ -](\d{4})", words.lower(), re.ASCII)
    first = _named(1, month[1], int(month[2])) if month else None
    if first:
        return first[:7]
    settled = settle(cell, words)
    if isinstance(settled, CellFault):
        return replace(
            settled, fix="Write the year first: 2016-07-31, or 2016-07 or 2016 where no more is known."
        )
    return settled


def _no_date(words: str) -> CellFault:
    """Return why a text is not a date. No date is suggested, because an incomplete one can be read in several ways."""
    quoted = f"“{words}”" if len(words) <= 60 else f"“{words[:60]}…”"
    if re.fullmatch(r"\d{1,2}([/.-])\d{1,2}\1\d{2}", words):
        return CellFault(f"{quoted} has a year of two digits.", _NO_DATE)
    if re.fullmatch(r"\D*\d{1,4}\D+\d{1,2}\D+\d{1,4}\D*", words):
        return CellFault(f"{quoted} is not a date that exists.", _NO_DATE)
    return CellFault(f"{quoted} is not a whole date.", _NO_DATE)


def _month(day: date) -> Settled:
    """Return a question about a date that is shown without its day: someone may have typed a month."""
    last = date(day.year + day.month // 12, day.month % 12 + 1, 1) - timedelta(1)
    if day.day != 1:
        return day.isoformat()
    return CellQuestion(
        "months",
        f"The cell shows a month and contains its first day, {day}. Which day is meant?",
        {"first": (f"the first, {day}", day.isoformat()), "last": (f"the last, {last}", last.isoformat())},
    )


def _serial(number: int) -> Settled:
    """Return a question about a date that has lost its format: a number of days since 1900 or 1904."""
    if not _SERIALS[0] <= number <= _SERIALS[1]:
        return CellFault(f"“{number}” is not a date.", _NO_DATE)
    new = (date(1899, 12, 30) + timedelta(number)).isoformat()
    old = (date(1904, 1, 1) + timedelta(number)).isoformat()
    return CellQuestion(
        "serials",
        f"The cell contains the number {number} instead of a date. Which date is it?",
        {"1900": (f"{new}, as Excel counts", new), "1904": (f"{old}, as old Excel for Mac counted", old)},
    )


def day_in(words: str) -> Settled | None:
    """Return the ISO date of a text that is written in another way, a question if it can be two dates, or None."""
    stamp = re.fullmatch(r"(\d{4}-\d{2}-\d{2})[T ][\d:.]+Z?", words)
    if stamp:
        return stamp[1]
    parts = re.fullmatch(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})", words)
    if parts:
        return _in_order(int(parts[1]), int(parts[3]), int(parts[4]))
    year_first = re.fullmatch(r"(\d{4})[/.](\d{1,2})[/.](\d{1,2})", words)
    if year_first:
        return _iso(*map(int, year_first.groups()))
    named = re.fullmatch(
        r"(?:([a-z]{3,9}),? )?(\d{1,2})(?:st|nd|rd|th)?[ -]([a-z]{3,9})\.?,?[ -](\d{4})", words.lower()
    )
    if named:
        day = _named(int(named[2]), named[3], int(named[4]))
        return day if day and (not named[1] or _is_weekday(named[1], day)) else None
    turned = re.fullmatch(r"([a-z]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})", words.lower())
    return _named(int(turned[2]), turned[1], int(turned[3])) if turned else None


def _in_order(first: int, second: int, year: int) -> Settled | None:
    """Return the date of two numbers and a year; a question unless one can only be a day or both are the same."""
    day_first, month_first = _iso(year, second, first), _iso(year, first, second)
    if not day_first or not month_first or day_first == month_first:
        return day_first or month_first
    return CellQuestion(
        "dates",
        f"{first:02}/{second:02}/{year} can be two dates. Which one is it?",
        {
            "day-first": (f"the day comes first, {day_first}", day_first),
            "month-first": (f"the month comes first, {month_first}", month_first),
        },
    )


def _named(day: int, month: str, year: int) -> str | None:
    month = "sep" if month == "sept" else month
    number = next((n for n, name in enumerate(_MONTHS, 1) if len(month) > 2 and name.startswith(month)), 0)
    return _iso(year, number, day)


def _is_weekday(word: str, day: str) -> bool:
    """Return True if a word is the name of the weekday of a day, or short for it; any other word changes what is meant."""
    return _WEEKDAYS[date.fromisoformat(day).weekday()].startswith(word)


def _iso(year: int, month: int, day: int) -> str | None:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None
