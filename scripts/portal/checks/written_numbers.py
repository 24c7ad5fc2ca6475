"""Find numbers in texts that could reveal a withheld figure: in its locator, a note, a claim, a report, a page or the settings.

The withheld figure itself is not known here. So every number that could be a count is a warning if it is in the row of a
withheld figure, or in a sentence that names its subject or place, in a text that names both. A cell of a row that refers
to the indicator need only name the place, and one of a row that refers to the area as well need name neither. Each can
be accepted by name.
"""

import calendar
import html
import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import product

from portal.checks.sensitive_subjects import is_guarded
from portal.checks.valid_rows import ValidRow, ValidRows, rows
from portal.core import input_files
from portal.core.problems import Problem
from portal.core.settings import FILE as SETTINGS_FILE
from portal.core.settings import Settings

_NUMBER = re.compile(
    r"\b(\d[\d,]*|zero|nil|none|nought|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|"
    r"sixteen|seventeen|eighteen|nineteen|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[- ]\w+)?|(?:half a |a )?dozen|"
    r"a couple|a pair|(?:a )?single|once|twice|thrice|no (?:\w+ )?(?:offences?|crimes?|incidents?|cases?|reports?|victims?|people)|"
    r"chwech|chwe|saith|wyth|naw|dau|dwy|tair|pedwar|pedair|pump|deg|dim (?:trosedd(?:au)?|digwyddiad(?:au)?|achos(?:ion)?)|"
    r"(?-i:I{2,20}|I[VX]|VI{1,3}|XI{0,3}V?)|(?-i:i{2,3}|i[vx]|vi{1,3}|xi{1,3})|"
    r"(?:first|second|third|1st|2nd|3rd) (?:\w+ )?(?:offence|crime|incident|case|report|victim|person)|\d+(?:st|nd|rd|th)|"
    r"fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth)\b"
    r"|\|{3,}|([✓✔✗●○■□▪◆★☆•])(?:\s?\2)+",
    re.IGNORECASE,
)
_MONTH = "|".join(calendar.month_name[1:])
# Numbers that say where a figure is in its document, or which time, age or period it is about.
_NOT_COUNT = re.compile(
    r"\b(?:pages?|pp?\.|tables?|sheets?|rows?|columns?|cells?|(?-i:F)igures?|charts?|slides?|lines?|annex|section|chapter|part|appendix)\s*"
    rf"(?:[A-Z]?\d+[a-z]?(?:\s*(?:-|–|to|and|,)\s*\d+)*|[IVX]+\b)|\b(?:(?:\d{{1,2}}(?:st|nd|rd|th)?\s+(?:to|and)\s+)?\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?)?(?:{_MONTH})\b(?:\s+\d{{4}})?"
    r"|\b\d{4}(?:-\d\d){1,2}\b|\b(?:19|20)\d\d(?:/\d\d)?\b|\b(?:\d+\s+to\s+)?\d+\s+(?:months?|years?|days?)\b"
    r"|\baged?\s+\d+(?:\s+to\s+\d+)?|\b(?:under|over)\s+\d\d+|\bQ[1-4]\b|\b[A-Z]\d{8}\b",
    re.IGNORECASE,
)
# Parts whose names say too little where the subject is not named.
_COMMON_PARTS = ("other", "none", "total", "unknown")
# Columns that name indicators, and the tables whose texts explain one figure, or all figures of an indicator and area.
_REFERENCES = ("indicator", "other_indicator", "indicators")
_ABOUT_ONE_FIGURE = ("reasons", "no_rates", "withdrawals", "accepted")
_SENTENCE_ENDS = re.compile(r"(?<=[.!?;])\s+")
_TAG = re.compile(r"<[^>]*>")
# Files that the site serves as they are, and that people can read.
_TEXT_FILES = (".svg", ".txt", ".csv", ".json", ".html", ".xml", ".md")
# Words of titles that do not say what an indicator is about.
_COMMON_WORDS = frozenset({
    "recorded", "by", "the", "police", "of", "in", "and", "a", "to", "with", "for", "all", "on", "that",
    "who", "which", "from",
})  # fmt: skip


def find_warnings(checked: ValidRows) -> Iterator[Problem]:
    """Yield a warning for each text about a withheld figure with a number that could be the figure; one for each cell."""
    guarded_indicators = {r["id"]: r for r in checked.rows("indicators", "indicators") if is_guarded(r)}
    hidden = [
        r
        for r in checked.rows("indicators", "observations")
        if not r["value"] and r["indicator"] in guarded_indicators
    ]
    if not hidden:
        return
    seen: set[tuple[str, int, str]] = set()
    for warning in (
        *_in_locators(hidden),
        *_in_claims(checked, hidden),
        *_in_questions(checked, hidden),
        *_in_texts(checked, hidden, guarded_indicators),
    ):
        cell = warning.file, warning.row, warning.field
        if cell not in seen:
            seen.add(cell)
            yield warning


def _in_locators(hidden: Sequence[ValidRow]) -> Iterator[Problem]:
    for r in hidden:
        if number := _count_in(r["locator"], (r.part,)):
            message = f"The figure is withheld, and its locator says “{number}”."
            fix = "Remove the number. Accept it if it says where the figure is, not how large."
            name = ":".join(filter(None, (r["indicator"], r["area"], r["period_start"])))
            yield r.warning("locator", message, fix, f"number:{name}")


def _in_questions(checked: ValidRows, hidden: Sequence[ValidRow]) -> Iterator[Problem]:
    """Yield questions and answers with a number that are about an indicator with withheld figures, whatever they name."""
    withheld = {r["indicator"] for r in hidden}
    about = {
        r["question"]: r["indicator"]
        for r in checked.rows("meetings", "subjects")
        if r["question"] and r["indicator"] in withheld
    }
    for row in checked.rows("meetings", "questions"):
        for column in ("question", "answer"):
            if row["id"] in about and (number := _count_in(row[column])):
                message = (
                    f"Figures of {about[row['id']]} are withheld, and this text about it says “{number}”."
                )
                fix = "Remove the number. Accept it if it is a different one."
                yield row.warning(column, message, fix, f"number:questions:{row['id']}:{column}")


def _in_claims(checked: ValidRows, hidden: Sequence[ValidRow]) -> Iterator[Problem]:
    """Yield claims with a number about the indicator and area of a withheld figure, for a period that includes it."""
    names = {r["code"]: r["name"] for r in checked.rows("geography", "areas")}
    for row in checked.rows("indicators", "claims"):
        beside = any(
            (r["indicator"], r["area"]) == (row["indicator"], row["area"])
            and (not row["period_start"] or row["period_start"] <= r["period_start"] <= r["period_end"] <= row["period_end"])
            for r in hidden
        )  # fmt: skip
        if beside and (number := _count_in(row["statement"], (names.get(row["area"], ""),))):
            message = (
                f"A figure of {row['indicator']} is withheld, and this statement about it says “{number}”."
            )
            fix = "Remove the number. Accept it if it is a different one."
            yield row.warning("statement", message, fix, f"number:claims:{row['id']}")


def _count_in(text: str, names: Iterable[str] = ()) -> str:
    """Return the first number in a text that could be a count; empty if there is none. Numbers within `names` are ignored."""
    text = unicodedata.normalize("NFKC", text)  # raised, circled and full-width digits
    for name in sorted(filter(None, names), key=len, reverse=True):
        text = re.sub(re.escape(name), "", text, flags=re.IGNORECASE)
    match_ = _NUMBER.search(_NOT_COUNT.sub("", text))
    return match_[0] if match_ else ""


@dataclass(frozen=True)
class _HiddenSubjects:
    """What withheld figures are about, as it can be named in a text: pairs of a subject and a place or part."""

    checked: ValidRows
    hidden: Sequence[ValidRow]
    guarded_indicators: Mapping[str, ValidRow]

    @cached_property
    def subjects(self) -> Mapping[tuple[str, str], str]:
        """Return the indicator of each pair of a title, or short title, and a place or part, in plain letters."""
        names = {r["code"]: r["name"] for r in self.checked.rows("geography", "areas")}
        found: dict[tuple[str, str], str] = {}
        for r in self.hidden:
            indicator = self.guarded_indicators[r["indicator"]]
            for title in (indicator["title"], indicator["short_title"]):
                for where in (r.part,) if r.part else (names.get(r["area"], ""), r["area"]):
                    if where and title:
                        found[_plain(title), _plain(where)] = r["indicator"]
        return found

    @cached_property
    def ends(self) -> Mapping[tuple[str, str], set[str]]:
        """Return the last days of the withheld figures without a part, by indicator and area."""
        ends: dict[tuple[str, str], set[str]] = defaultdict(set)
        for r in self.hidden:
            if not r.part:
                ends[r["indicator"], r["area"]].add(r["period_end"])
        return ends

    def number_of_row(self, row: ValidRow, column: str, about: frozenset[str]) -> tuple[str, str] | None:
        """Return the same for a cell of a row that refers to the indicators `about`."""
        for indicator, area in product(about, (row["area"], *row["warning"].split(":"))):
            ends = self.ends.get((indicator, area), set())
            if ends and (not row["period_end"] or row["period_end"] in ends):
                return (indicator, number) if (number := _count_in(row[column])) else None
        return self.number_in(row[column], about)

    @cached_property
    def _wheres(self) -> re.Pattern[str]:
        wheres = "|".join(
            re.escape(where) for where in sorted({w for _, w in self.subjects}, key=len, reverse=True)
        )
        return re.compile(rf"(?<!\w)(?:{wheres})(?!\w)")

    @cached_property
    def _parts(self) -> frozenset[str]:
        """Return the names of parts of breakdowns; they are often common words, such as “other”."""
        return frozenset(_plain(r.part) for r in self.hidden if r.part)

    def number_in(self, text: str, about: frozenset[str] = frozenset()) -> tuple[str, str] | None:
        """Return the indicator that a text is about and the number that it says of it; None if it says none.

        A text is about the indicators `about`, even if it does not name them.
        """
        plain = _plain(text)
        wheres = set(self._wheres.findall(plain))
        for (title, where), indicator in self.subjects.items() if wheres else ():
            if where not in wheres:
                continue
            is_known = indicator in about and where not in _COMMON_PARTS
            is_titled = _is_named(title, plain)
            if not (is_known or is_titled):
                continue
            for sentence in _SENTENCE_ENDS.split(text):
                near = _plain(sentence)
                named = (where in near, _is_named(title, near))
                enough = all(named) if where in self._parts else any(named)
                if not ((is_titled and enough) or (is_known and named[0])):
                    continue
                none = f"no {title}" if f"no {title}" in near else ""
                if number := none or _count_in(_spaced(sentence), (where,)):
                    return indicator, number
        return None


def _plain(text: str) -> str:
    """Return a text in lower case, with one space between words, and “and” for “&”."""
    return _spaced(text).lower()


def _spaced(text: str) -> str:
    return " ".join(text.replace("&", " and ").split())


def _is_named(title: str, text: str) -> bool:
    """Return True if a text has a title, or all of its words that say what it is about."""
    words = _subject_words(title)
    return title in text or (bool(words) and all(w in text for w in words))


@cache
def _subject_words(title: str) -> tuple[str, ...]:
    return tuple(w for w in re.findall(r"\w+", title) if w not in _COMMON_WORDS)


def _in_texts(
    checked: ValidRows, hidden: Sequence[ValidRow], guarded_indicators: Mapping[str, ValidRow]
) -> Iterator[Problem]:
    """Yield texts in tables, descriptors, settings and pages with a number and the subject and place (or part) of a withheld figure."""
    about = _HiddenSubjects(checked, hidden, guarded_indicators)
    seen: dict[tuple[str, frozenset[str]], tuple[str, str] | None] = {}
    for resource, row, column in _cells(checked):
        indicators = _indicators_of(resource, row).intersection(guarded_indicators)
        cell = row[column], indicators
        if indicators and resource in _ABOUT_ONE_FIGURE:
            found = about.number_of_row(row, column, indicators)
        else:
            if cell not in seen:
                seen[cell] = about.number_in(*cell)
            found = seen[cell]
        if found:
            name = f"number:{row.table.file.split('/')[-1]}:{row['id'] or row.number}:{column}"
            yield row.warning(column, *_said(*found), name)
    for file, line, text in _other_texts(checked):
        if found := about.number_in(text):
            yield Problem(file, line, "", "number", *_said(*found), f"number:{file}:{line}")


def _said(indicator: str, number: str) -> tuple[str, str]:
    message = f"A figure of {indicator} is withheld, and this text names its place and says “{number}”."
    return message, "Remove the number. Accept it if it is a different one."


def _cells(checked: ValidRows) -> Iterator[tuple[str, ValidRow, str]]:
    """Yield every cell with free text, as its table, row and column; a column that is added to a schema is among them."""
    for package in checked.packages:
        for resource, table in package.tables.items():
            columns = [f["name"] for f in table.schema.fields if _is_free_text(f)]
            for row in rows(table):
                yield from ((resource, row, column) for column in columns if row[column])


def _indicators_of(resource: str, row: ValidRow) -> frozenset[str]:
    """Return the indicators that a row refers to, or whose own row it is."""
    if resource == "indicators":
        return frozenset((row["id"],))
    if resource == "accepted":
        return frozenset(row["warning"].split(":"))
    return frozenset(i for column in _REFERENCES for i in row[column].split(";") if i)


def _is_free_text(field: Mapping[str, object]) -> bool:
    """Return True if a column can have any words, so neither names nor choices."""
    limits = field.get("constraints", {})
    return (
        field.get("type") == "string"
        and isinstance(limits, Mapping)
        and not {"pattern", "enum"} & limits.keys()
    )


def _other_texts(checked: ValidRows) -> Iterator[tuple[str, int, str]]:
    """Yield the texts outside tables, as file, line and text: pages written by hand, settings and descriptors."""
    settings = checked.settings
    for path in sorted((settings.source_folder / "pages").rglob("*.md")):
        yield from _paragraphs(settings, path.relative_to(settings.root).as_posix())
    for path in sorted((settings.source_folder / "assets").rglob("*")):
        if path.suffix.lower() in _TEXT_FILES:
            for file, line, text in _paragraphs(settings, path.relative_to(settings.root).as_posix()):
                yield file, line, html.unescape(_TAG.sub(" ", text))
    yield from _paragraphs(settings, SETTINGS_FILE)
    for package in checked.packages:
        descriptor = settings.packages_folder.parent / package.file
        try:
            read = json.loads(
                input_files.decode(input_files.read(descriptor, settings.packages_folder.parent))
            )
        except (input_files.UnreadableError, ValueError):
            continue  # reported where it is read
        yield from ((package.file, 0, text) for text in _strings(read))


def _paragraphs(settings: Settings, file: str) -> Iterator[tuple[str, int, str]]:
    try:
        lines = input_files.decode(input_files.read(settings.root / file, settings.root)).splitlines()
    except input_files.UnreadableError:
        return  # reported where it is read
    start, heading = 0, ""
    for number, line in enumerate([*lines, ""]):
        if not line.strip():
            if paragraph := " ".join(lines[start:number]).strip():
                yield file, start + 1, f"{heading}{paragraph}"
            start = number + 1
        elif file.endswith(".md") and line.startswith("#"):
            # What follows is about what the heading names; a number in the heading is reported there.
            heading = f"{_NUMBER.sub('', line).strip('# ')}. "


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _strings(inner)
