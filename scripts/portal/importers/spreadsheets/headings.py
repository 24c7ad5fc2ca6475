"""Find out what a heading or a label means: a period, an area, an indicator, a part, the figure itself, or a total."""

import re
from calendar import month_name
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from portal.core import field_types
from portal.core.text import listed
from portal.data.packages import Package
from portal.importers.spreadsheets import marks, written_periods
from portal.importers.spreadsheets.grid import Cell
from portal.importers.spreadsheets.readings import squeezed
from portal.importers.spreadsheets.written_periods import WrittenPeriod

PERIOD, AREA, INDICATOR, VALUE, TOTAL, UNKNOWN = "period", "area", "indicator", "value", "total", ""
FIRST_DAY, LAST_DAY = "period_start", "period_end"
FIGURES, STATUS = "observations", "status"
# What people call the column of labels.
_COLUMNS: Mapping[str, str] = {
    **dict.fromkeys(("area", "area name", "area code", "ward", "ward name", "ward code", "borough", "borough name", "borough code", "district", "local authority", "local authority name", "local authority code", "place", "code", "gss code", "geography", "geography code"), AREA),
    **dict.fromkeys(("period", "month", "quarter", "year", "date", "financial year", "month and year", "time period", "reporting period"), PERIOD),
    **dict.fromkeys(("indicator", "offence", "offence type", "offence group", "crime", "crime type", "measure", "category"), INDICATOR),
    **dict.fromkeys(("from", "from date", "date from", "start", "starts", "start date", "first day", "period from", "period start date", "start of period", "period beginning"), FIRST_DAY),
    **dict.fromkeys(("to", "to date", "date to", "end", "ends", "end date", "last day", "until", "period to", "period end date", "end of period", "period ending"), LAST_DAY),
}  # fmt: skip
_VALUES = frozenset({"value", "values", "count", "counts", "number", "no.", "no", "figure", "figures", "vol", "vol.", "volume", "offences", "crimes", "incidents", "n", "observation", "obs_value"})  # fmt: skip
_DAYS_OF_YEAR = (364, 365)  # from its first to its last day
_AREA_CODE = re.compile(r"\b[ensw]\d{8}\b")
_TOTAL = re.compile(
    r"(?:(?:grand|sub|overall|running|annual|year|borough|ward|column|row) ?-? ?)?totals?\b.*|all|all (?:wards|areas|boroughs|ages|months|quarters|years|groups|categories|types|offences|people|persons)\b.*|sum|.* total|average|mean|ytd|year to date",
)


@dataclass(frozen=True)
class HeadingMeaning:
    """What a heading means: its dimension, and the ids that it can be or the period that it states."""

    dimension: str
    ids: tuple[str, ...] = ()
    period: WrittenPeriod | None = None


@dataclass(frozen=True)
class HeadingNames:
    """The names that headings can have: of areas, indicators and parts, in lower case, and when each area existed.

    `years` has the months and days on which the published years of each indicator begin.
    """

    areas: Mapping[str, tuple[str, ...]]
    indicators: Mapping[str, tuple[str, ...]]
    parts: Mapping[str, tuple[tuple[str, str], ...]]
    labels: Mapping[str, str]
    lives: Mapping[str, tuple[date | None, date | None]]
    years: Mapping[str, frozenset[tuple[int, int]]]

    def column(self, cell: Cell | None) -> str:
        """Return what a column of labels with this heading holds: a dimension or a field; empty if it is not known."""
        words = _words(cell)
        return _COLUMNS.get(words) or self.labels.get(words, "")

    def meaning(self, cell: Cell) -> HeadingMeaning:
        """Return what a heading or label means; `UNKNOWN` if it is none of the names."""
        words = _words(cell)
        if codes := self._codes(words):
            return HeadingMeaning(AREA, codes)
        if words in self.indicators:
            return HeadingMeaning(INDICATOR, self.indicators[words])
        if (period := written_periods.read(cell)) is not None:
            return HeadingMeaning(PERIOD, period=period)
        if words in self.parts:
            names = self.parts[words]
            if len({column for column, _ in names}) == 1:
                return HeadingMeaning(names[0][0], (names[0][1],))
        if words in _VALUES:
            return HeadingMeaning(VALUE)
        if marks.status_alone(words):
            return HeadingMeaning(STATUS)  # `marks_of` says which; it is for figures with a number
        return HeadingMeaning(TOTAL if _TOTAL.fullmatch(words) else UNKNOWN)

    def _codes(self, words: str) -> tuple[str, ...]:
        """Return the codes of the areas with this name; a code beside the name decides, if it is a code of that name."""
        code = _AREA_CODE.search(words)
        name = code and words.replace(code[0], "").strip(" ()[]-–:,/")
        if not code or not name:
            return self.areas.get(words, ())
        both = self.areas.get(code[0], ())
        return both if set(both) <= set(self.areas.get(name, ())) else ()

    def existing(self, codes: Iterable[str], start: str, end: str) -> tuple[str, ...]:
        """Return the areas that existed for the whole of a period."""
        days = field_types.date_or_none(start), field_types.date_or_none(end)
        return tuple(c for c in codes if _lived(self.lives.get(c, (None, None)), *days))

    def other_year(self, indicator: str, first_day: str, last_day: str) -> tuple[str, str] | None:
        """Return what is wrong with a year that begins on another day than the published ones of an indicator, and what to do."""
        published, start, end = self.years.get(indicator), _day(first_day), _day(last_day)
        if (
            not (published and start and end and _is_year(start, end))
            or (start.month, start.day) in published
        ):
            return None
        known = listed([f"{day} {month_name[month]}" for month, day in sorted(published)])
        here = f"{start.day} {month_name[start.month]}"
        message = f"This year would begin on {here}, and the published years of {indicator} begin on {known}."
        fix = (
            "Look up which months it covers, and write them, such as “year to June 2020” or “July 2019 to June 2020”. Or write "
            f"the first and the last day in columns {FIRST_DAY} and {LAST_DAY}."
        )
        return message, fix


def _is_year(start: date, end: date) -> bool:
    return (end - start).days in _DAYS_OF_YEAR


def _lived(life: tuple[date | None, date | None], start: date | None, end: date | None) -> bool:
    first, last = life
    return not (first and end and first > end) and not (last and start and last < start)


def _words(cell: Cell | None) -> str:
    """Return a heading as it is compared: without marks, lines and capitals."""
    if cell is None or cell.kind != "text":
        return ""
    words = squeezed(cell.text)
    if words.startswith("(") and words.endswith(")"):
        words = words[1:-1]
    marked = marks.split(words)
    is_clear = marked is not None and marked.number and not marked.unclear
    return (marked.number if marked and is_clear else words).casefold().rstrip(":*").strip()


def marks_of(cell: Cell, meaning: HeadingMeaning) -> Iterator[HeadingMeaning]:
    """Yield the statuses that a heading or marks in it give its figures, such as (p); none if the meaning keeps the marks."""
    words = squeezed(cell.text)
    if words not in meaning.ids:
        yield from (HeadingMeaning(STATUS, (status,)) for status in marks.statuses(words))


def notes_of(cell: Cell) -> tuple[str, ...]:
    """Return the notes that a heading refers to, such as “note 1” for Jul-20 [note 1]."""
    marked = marks.split(squeezed(cell.text))
    return marked.notes if marked else ()


def vocabulary(packages: Iterable[Package], package: Package) -> HeadingNames:
    """Return the names that headings of a package's figures can have."""
    areas: dict[str, dict[str, None]] = {}
    lives: dict[str, tuple[date | None, date | None]] = {}
    for home in (p for p in packages if p.kind == "geography" and "areas" in p.tables):
        for _, row in home.tables["areas"].records:
            for words in (row["code"], *_spellings(row["name"], row.get("kind", ""))):
                areas.setdefault(words.casefold(), {})[row["code"]] = None
            lives[row["code"]] = tuple(_day(row.get(n, "")) for n in ("valid_from", "valid_to"))  # type: ignore[assignment]
    indicators: dict[str, dict[str, None]] = {}
    for _, row in package.tables["indicators"].records if "indicators" in package.tables else ():
        for name in ("id", "title", "short_title"):
            if row.get(name):
                indicators.setdefault(squeezed(row[name]).casefold(), {})[row["id"]] = None
    parts: dict[str, dict[tuple[str, str], None]] = {}
    years: dict[str, set[tuple[int, int]]] = {}
    for _, row in package.tables[FIGURES].records if FIGURES in package.tables else ():
        for column in package.breakdowns:
            if row.get(column):
                parts.setdefault(squeezed(row[column]).casefold(), {})[column, row[column]] = None
        start, end = _day(row.get(FIRST_DAY, "")), _day(row.get(LAST_DAY, ""))
        if start and end and _is_year(start, end):
            years.setdefault(row.get(INDICATOR, ""), set()).add((start.month, start.day))
    columns = package.tables[FIGURES].schema.names if FIGURES in package.tables else ()
    labels = {name.replace("_", " "): name for name in columns} | {name: name for name in columns}
    labels |= {label.casefold(): name for name, label in package.breakdowns.items()}
    return HeadingNames(
        _frozen(areas),
        _frozen(indicators),
        {k: tuple(v) for k, v in parts.items()},
        labels,
        lives,
        {indicator: frozenset(days) for indicator, days in years.items()},
    )


def _spellings(name: str, kind: str) -> Iterator[str]:
    """Yield how people write the name of an area: with “and” for “&” or the other way round, and wards with that word."""
    plain = squeezed(name)
    spellings = {
        plain: None,
        plain.replace(" & ", " and "): None,
        re.sub(r" and ", " & ", plain, flags=re.IGNORECASE): None,
    }
    yield from spellings
    if kind == "ward":
        yield from (f"{words} ward" for words in spellings)


def _day(cell: str) -> date | None:
    return date.fromisoformat(cell) if field_types.is_date(cell) else None


def _frozen(names: Mapping[str, Mapping[str, None]]) -> dict[str, tuple[str, ...]]:
    return {words: tuple(ids) for words, ids in names.items()}
