"""Put dates and periods into words, and count months."""

import calendar
import os
import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

MONTHS_OF_YEAR = 12


def day(value: date) -> str:
    """Return a date such as `15 September 2016`."""
    return f"{value.day} {calendar.month_name[value.month]} {value.year}"


def month(value: date) -> str:
    """Return a month such as `September 2016`."""
    return f"{calendar.month_name[value.month]} {value.year}"


def loose_date(value: str) -> str:
    """Return a date of any precision in words: `2016-09-15`, `2026-11` or `2014`."""
    parts = [int(p) for p in value.split("-")]
    match parts:
        case [y, m, d]:
            return day(date(y, m, d))
        case [y, m]:
            return month(date(y, m, 1))
    return value


@lru_cache(4096)  # every figure asks, for few different months
def _length(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1]


def months_between(start: date | None, end: date | None) -> int:
    """Return how many calendar months a period covers; 0 if it is not stated or not made of whole months."""
    if start is None or end is None:
        return 0
    whole = start.day == 1 and end.day == _length(end.year, end.month)
    return (end.year - start.year) * 12 + end.month - start.month + 1 if whole else 0


@lru_cache(4096)
def month_end(day_: date, months: int) -> date:
    """Return the last day of the month that is `months` after the month of a day; before it if negative."""
    year, number = divmod(day_.year * 12 + day_.month - 1 + months, 12)
    return date(year, number + 1, _length(year, number + 1))


def first_day(end: date, months: int) -> date:
    """Return the first day of the `months` months that end on `end`."""
    return month_end(end, -months) + timedelta(days=1)


@lru_cache(1 << 14)  # many figures share a period and appear on several pages
def label(period_type: str, start: date | None, end: date | None) -> str:
    """Return the period in words, such as `12 months to July 2016`.

    Only a period with the length of its type is named after it: 12 monthly figures added together are
    `12 months to December 2024`, not `January 2024`.
    """
    if start is None or end is None:
        return "Period not stated"
    kind = _kind(period_type, start, end)
    if kind == "calendar-year":
        return str(start.year)
    if kind == "academic-year":
        return f"{start.year}/{end.year % 100:02d} academic year"
    if kind == "year-to":
        return f"Year to {month(end)}"
    length = months_between(start, end)
    if length == 1:
        return month(start)
    return f"{length} months to {month(end)}" if length else f"{day(start)} to {day(end)}"


def short_label(period_type: str, start: date | None, end: date | None) -> str:
    """Return a short label for an axis or a column heading: `2016`, `Jul 2016`, `3 months to Jul 2016`."""
    if start is None or end is None:
        return ""
    kind = _kind(period_type, start, end)
    if kind == "calendar-year":
        return str(end.year)
    if kind == "academic-year":
        return f"{start.year}/{end.year % 100:02d}"
    length = months_between(start, end)
    last = f"{calendar.month_abbr[end.month]} {end.year}"
    if kind == "year-to" or length == 1:
        return last
    if length == 12:
        return f"to {last}"
    return f"{length} months to {last}" if length else label(period_type, start, end)


def _kind(period_type: str, start: date, end: date) -> str:
    """Return the type of period, or "rolling-months" if the dates do not fit the type."""
    begins = {"calendar-year": 1, "academic-year": 9, "year-to": start.month}
    fits = months_between(start, end) == 12 and begins.get(period_type) == start.month
    return period_type if fits else "rolling-months"


def inside_sentence(label: str) -> str:
    """Return a period's label as written inside a sentence."""
    return label[0].lower() + label[1:] if label.startswith(("Year to", "Period not")) else label


def duration(length: timedelta) -> str:
    """Return how long something takes, such as `2 days, 3 hours, 1 minute`; minutes are rounded up."""
    minutes = max(0, -(-length // timedelta(minutes=1)))
    parts = ((minutes // 1440, "day"), (minutes // 60 % 24, "hour"), (minutes % 60, "minute"))
    return ", ".join(f"{n} {word}{'' if n == 1 else 's'}" for n, word in parts if n) or "0 minutes"


def now() -> datetime:
    """Return the current time, or the time in SOURCE_DATE_EPOCH (seconds since 1970) if it is set."""
    seconds = os.environ.get("SOURCE_DATE_EPOCH", "")
    if re.fullmatch(r"[0-9]{1,11}", seconds):
        return datetime.fromtimestamp(int(seconds), UTC)
    return datetime.now(UTC)


def today() -> date:
    """Return today's date, as for `now`."""
    return now().date()


EARLIEST, YEARS_AHEAD = 1900, 10


def is_plausible_year(year: int) -> bool:
    """Return True if a portal can have data about this year; 2205 and 0212 are typing errors."""
    return EARLIEST <= year <= today().year + YEARS_AHEAD


def earliest_day(loose: str) -> date:
    """Return the first day that a date of any precision can be."""
    year, month_, day_ = [*map(int, loose.split("-")), 1, 1][:3]
    return date(year, month_, day_)


def last_day(loose: str) -> date:
    """Return the last day that a date of any precision can be."""
    parts = [int(p) for p in loose.split("-")]
    match parts:
        case [y, m, d]:
            return date(y, m, d)
        case [y, m]:
            return month_end(date(y, m, 1), 0)
    return date(parts[0], 12, 31)
