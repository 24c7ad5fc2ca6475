"""Read periods as people write them: July 2017, Jul-17, 2016/17, Q1 2025, year ending March 2025."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from portal.core import periods
from portal.importers.spreadsheets.grid import Cell
from portal.importers.spreadsheets.readings import squeezed

_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december")  # fmt: skip
_MONTH = r"(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
_YEAR = r"((?:19|20)\d\d|['’]?\d\d)"
_PAIR = r"((?:19|20)\d\d) ?[/–-] ?((?:19|20)?\d\d)"
_TO = r" ?(?:-|–|to|until) ?"
_OF = r"(?: ?[-/,' ’] ?)"
_DAY = re.compile(
    r"\b(?:(?P<d1>\d{1,2})[/.](?P<m1>\d{1,2})[/.](?P<y1>(?:19|20)\d\d)|(?P<y2>(?:19|20)\d\d)-(?P<m2>\d\d)-(?P<d2>\d\d)"
    rf"|(?P<d3>\d{{1,2}})(?:st|nd|rd|th)? {_MONTH.replace('(jan', '(?P<m3>jan')},? (?P<y3>(?:19|20)\d\d))\b"
)


@dataclass(frozen=True)
class WrittenPeriod:
    """A period as far as a text states it.

    `start` is the first day and `months` the length; `month` or `quarter` without a start need a year from elsewhere.
    `year` is a calendar year, or the first of the two years of a financial year where `financial` is True. With
    `either` a quarter or a year can be counted in calendar or in financial years.
    """

    start: date | None = None
    months: int = 0
    month: int = 0
    quarter: int = 0
    year: int = 0
    financial: bool = False
    either: bool = False
    is_month: bool = False

    @property
    def is_whole(self) -> bool:
        """Return True if the text says everything but what a question settles."""
        return self.start is not None

    def days(self) -> tuple[date, date]:
        """Return the first and the last day of a whole period."""
        assert self.start  # noqa: S101
        return self.start, periods.month_end(self.start, self.months - 1)


def read(cell: Cell) -> WrittenPeriod | None:
    """Return the period that a cell states, or part of one; None if it states none."""
    if cell.kind == "date" and cell.day:
        if cell.day.day == 1 or cell.day == periods.month_end(cell.day, 0):
            return _month(cell.day.year, cell.day.month)
        return None
    if cell.kind == "number":
        if cell.number != cell.number.to_integral() or cell.percent is not False:
            return None
        year, month = divmod(int(cell.number), 100)
        if 1990 <= year <= 2100:
            return _iso_month(str(year), f"{month:02}")
        return _year(int(cell.number)) if 1990 <= cell.number <= 2100 else None
    return in_text(cell.text) if cell.kind == "text" else None


def in_text(words: str) -> WrittenPeriod | None:
    """Return the period that a text states, or part of one; None if it states none."""
    text = squeezed(words).casefold()
    text = re.sub(r" ?[\[(](?:p|r|e|b|provisional|revised|note \d+)[\])]", "", text)
    text = _with_months(re.sub(r"^(?:the )?(?:month|period)(?: of)? (?!end|to )", "", text))
    for form, build in _FORMS:
        if found := re.fullmatch(form, text):
            return build(*found.groups())
    return None


def has_day(words: str) -> bool:
    """Return True if a text has a day of a month, such as 31/03/2020."""
    return _DAY.search(words.casefold()) is not None


def _with_months(text: str) -> str:
    """Return a text with months for days that begin or end one: 01/04/2020 to 30/06/2020 is April 2020 to June 2020.

    Other days stay as they are, and so does a first day with words beside it: a year to 1 April ends with March.
    """
    found = list(_DAY.finditer(text))
    days = [_day(m) for m in found]
    if None in days or not 1 <= len(days) <= 2:
        return text
    starts = [d.day == 1 for d in days if d]
    ends = [d == periods.month_end(d, 0) for d in days if d]
    is_alone = len(days) == 1 and (ends[0] or (starts[0] and found[0][0] == text))
    if not is_alone and not (len(days) == 2 and starts[0] and ends[1]):
        return text
    for match, day in reversed(list(zip(found, days, strict=True))):
        if day:
            text = f"{text[: match.start()]}{_MONTHS[day.month - 1]} {day.year}{text[match.end() :]}"
    return text


def _day(match: re.Match[str]) -> date | None:
    numbers = {k: v for k, v in match.groupdict().items() if v}
    year = int(numbers.get("y1") or numbers.get("y2") or numbers["y3"])
    month = (
        int(numbers["m1"])
        if "m1" in numbers
        else int(numbers["m2"])
        if "m2" in numbers
        else _number(numbers["m3"])
    )
    day = int(numbers.get("d1") or numbers.get("d2") or numbers["d3"])
    try:
        return date(year, month, day)
    except ValueError:
        return None


def joined(parts: Iterable[WrittenPeriod]) -> WrittenPeriod | None:
    """Return the period that several texts state together, such as “FY2009/10” above “Apr”; None if they do not fit."""
    stated = list(parts)
    whole = [p for p in stated if p.is_whole and not (p.year and p.months == 12)]
    if whole:
        return whole[0] if all(p == whole[0] for p in whole) else None
    years = [p for p in stated if p.year]
    inner = [p for p in stated if not p.year]
    if len(years) > 1 and any(y != years[0] for y in years):
        return None
    if not inner:
        return years[0] if years else None
    part = inner[0]
    if not years or any(p != part for p in inner):
        return None if len(inner) > 1 else part
    year = years[0]
    if part.month:
        return _month(year.year + (year.financial and part.month < 4), part.month)
    return _quarter(part.quarter, year.year, year.financial)


def is_year_alone(cell: Cell) -> bool:
    """Return True if a cell states a year without its months, such as 2020 or 2019/20."""
    period = read(cell)
    return period is not None and period.year > 0 and period.months == 12


def settled(period: WrittenPeriod, financial: bool) -> WrittenPeriod:
    """Return a quarter counted in financial or in calendar years."""
    return _quarter(period.quarter, period.year, financial) if period.either else period


def lengthened(period: WrittenPeriod, months: int) -> WrittenPeriod:
    """Return the period of so many months that ends with the month of a period."""
    end = period.days()[1]
    return WrittenPeriod(periods.first_day(end, months), months)


def _month(year: int, month: int) -> WrittenPeriod:
    return WrittenPeriod(date(year, month, 1), 1, is_month=True)


def _year(year: int) -> WrittenPeriod:
    return WrittenPeriod(date(year, 1, 1), 12, year=year)


def _financial(first: str, second: str) -> WrittenPeriod | None:
    year = int(first)
    if int(second) % 100 != (year + 1) % 100:
        return None
    return WrittenPeriod(date(year, 4, 1), 12, year=year, financial=True)


def _quarter(number: int, year: int, financial: bool, either: bool = False) -> WrittenPeriod:
    if either:
        return WrittenPeriod(date(year, 3 * number - 2, 1), 3, quarter=number, year=year, either=True)
    month = 3 * number - 2 + (3 if financial else 0)
    return WrittenPeriod(date(year + (month > 12), (month - 1) % 12 + 1, 1), 3)


def _number(month: str) -> int:
    return next(n for n, name in enumerate(_MONTHS, 1) if name.startswith(month[:3]))


def _full(year: str) -> int:
    digits = int(year.strip("'’"))
    if digits > 99:
        return digits
    return digits + (2000 if 2000 + digits <= periods.today().year + 1 else 1900)


def _of_month(month: str, year: str) -> WrittenPeriod:
    return _month(_full(year), _number(month))


def _span(first: str, first_year: str | None, last: str, last_year: str) -> WrittenPeriod | None:
    end_year, start, end = _full(last_year), _number(first), _number(last)
    year = _full(first_year) if first_year else end_year - (start > end)
    months = (end_year - year) * 12 + end - start + 1
    return WrittenPeriod(date(year, start, 1), months) if months > 0 else None


def _ending(months: str | None, month: str, year: str) -> WrittenPeriod:
    length = {"quarter": 3, "month": 1, None: 12}.get(months) or int(re.sub(r"\D", "", str(months)) or 12)
    end = periods.month_end(date(_full(year), _number(month), 1), 0)
    return WrittenPeriod(periods.first_day(end, length), length)


def _iso_month(year: str, month: str) -> WrittenPeriod | None:
    if int(month) == (int(year) + 1) % 100:
        return None  # 2011-12 can be December 2011 or the year 2011/12
    return _month(int(year), int(month)) if 1 <= int(month) <= 12 else None


def _of_pair(number: str, first: str, second: str) -> WrittenPeriod | None:
    year = _financial(first, second)
    return _quarter(int(number), year.year, True) if year else None


def _of_short_pair(number: str | None, first: str, second: str) -> WrittenPeriod | None:
    """Return a quarter, or a year without a number, of a financial year such as 20-21."""
    year = _financial(f"20{first}", second)
    return _quarter(int(number), year.year, True) if year and number else year


def _with_its_months(
    number: str, first: str, last: str, stated: WrittenPeriod | None
) -> WrittenPeriod | None:
    """Return a quarter that names its months too; None if they are not those of a quarter with that number."""
    if stated is None or stated.start is None or stated.months != 3 or stated.start.month % 3 != 1:
        return None
    months = stated.start.month, (stated.start.month + 1) % 12 + 1
    numbers = (stated.start.month + 2) // 3, (stated.start.month + 2) // 3 - 1 or 4
    return stated if months == (_number(first), _number(last)) and int(number) in numbers else None


def _academic(first: str, second: str) -> WrittenPeriod | None:
    year = _financial(first, second)
    return WrittenPeriod(date(year.year, 9, 1), 12) if year else None


_FY = r"(?:fy|f/y|financial year|fin\.? year)"
_Q = r"(?:q|qtr|quarter) ?([1-4])"
_FORMS = (
    (rf"{_MONTH}{_OF}{_YEAR}", _of_month),
    (rf"{_MONTH}((?:19|20)?\d\d)", _of_month),
    (rf"((?:19|20)\d\d){_OF}{_MONTH}", lambda y, m: _of_month(m, y)),
    (r"((?:19|20)\d\d)-?(0[1-9]|1[0-2])", _iso_month),
    (r"((?:19|20)\d\d)m(0?[1-9]|1[0-2])", _iso_month),
    (r"(0?[1-9]|1[0-2])/((?:19|20)\d\d)", lambda m, y: _iso_month(y, m)),
    (rf".*?{_FY} ?{_PAIR}", _financial),
    (r"((?:19|20)\d\d) ?/ ?((?:19|20)?\d\d)(?: financial year)?", _financial),
    (rf"{_PAIR}(?: {_FY})?", lambda a, b: None if len(b) == 2 and 1 <= int(b) <= 12 else _financial(a, b)),
    (rf"(?:academic|school) year {_PAIR}", _academic),
    (rf"{_PAIR} (?:academic|school) year", _academic),
    (rf"{_Q},? ?(?:{_FY} ?)?{_PAIR}", _of_pair),
    (rf"(?:{_FY} ?)?{_PAIR},? ?{_Q}", lambda a, b, q: _of_pair(q, a, b)),
    (rf"{_Q},? ?(?:{_FY} ?)?(\d\d) ?[/–-] ?(\d\d)", _of_short_pair),
    (rf"{_FY} ?(\d\d) ?[/–-] ?(\d\d)", lambda a, b: _of_short_pair(None, a, b)),
    (rf"{_Q} ?[:(\[-] ?{_MONTH}{_TO}{_MONTH}{_OF}{_YEAR} ?[)\]]?", lambda q, a, b, y: _with_its_months(q, a, b, _span(a, None, b, y))),
    (rf"{_Q} ?[:(\[-] ?{_MONTH}{_TO}{_MONTH} ?[)\]]?,? ?(?:{_FY} ?)?{_PAIR}", lambda q, a, b, *pair: _with_its_months(q, a, b, _of_pair(q, *pair))),
    (rf"(?:{_FY} ?)?{_PAIR},? ?{_Q} ?[:(\[-] ?{_MONTH}{_TO}{_MONTH} ?[)\]]?", lambda a, b, q, first, last: _with_its_months(q, first, last, _of_pair(q, a, b))),
    (rf"{_Q}{_OF}?{_YEAR}", lambda q, y: _quarter(int(q), _full(y), False, either=True)),
    (rf"((?:19|20)\d\d){_OF}?{_Q}", lambda y, q: _quarter(int(q), int(y), False, either=True)),
    (rf"{_MONTH}(?:{_OF}{_YEAR})?{_TO}{_MONTH}{_OF}{_YEAR}", _span),
    (rf"(?:rolling )?(?:year|12 months|ye)(?: ending| ended| to)?( *)(?:in |31 |30 |28 |29 )?{_MONTH}{_OF}{_YEAR}", lambda _, m, y: _ending(None, m, y)),
    (rf"(quarter|\d+ months|month)(?: ending| ended| to) {_MONTH}{_OF}{_YEAR}", _ending),
    (r"(?:calendar year |cy ?)?((?:19|20)\d\d)(?: total)?", lambda y: _year(int(y))),
    (_MONTH, lambda m: WrittenPeriod(month=_number(m))),
    (_Q, lambda q: WrittenPeriod(quarter=int(q))),
)  # fmt: skip
