"""Find numbers in texts that could reveal a withheld figure: in its locator, a note, a claim, a report, a page or the settings.

The withheld figure itself is not known here. So every number that could be a count is a warning if it is in the row of a
withheld figure, or in a sentence that names its subject or place, in a text that names both, or after a sentence or a cell
that names both. A cell of a row that refers to the indicator need only name the place, and one of a row that refers to
the area as well need name neither. A figure whose row is left out is withheld too. Each warning can be accepted by name.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache, cached_property
from itertools import product

from portal.checks.counts_in_text import count_in, counts_in
from portal.checks.other_texts import SENTENCE_ENDS, texts_outside_tables
from portal.checks.sensitive_subjects import is_guarded
from portal.checks.valid_rows import ValidRow, ValidRows, rows
from portal.core import field_types
from portal.core.figure_key import FigureKey
from portal.core.problems import Problem
from portal.core.small_counts import could_identify
from portal.data import assembly
from portal.disclosure import missing_rows

# Parts whose names say too little where the subject is not named.
_COMMON_PARTS = ("other", "none", "total", "unknown")
# Texts of an indicator about itself, and the words for counts that are small enough to be withheld. “One” is often no count.
_OWN_TEXTS = ("definition", "caveat", "period_note")
_SMALL_WORDS = ("two", "three", "four", "five", "six", "seven", "eight", "nine")
_NOT_WHOLE = re.compile(r"\b\d+\.\d+|\b\d+\s?(?:%|per ?cent)")
# More than a number, a telephone number or a name: what a cell must have to go on about what another of its row names.
_PROSE = re.compile(r"[^\W\d_]{3,}\s|\s[^\W\d_]{3,}")
# Columns that name indicators, and the tables whose texts explain one figure, or all figures of an indicator and area.
_REFERENCES = ("indicator", "other_indicator", "indicators")
_ABOUT_ONE_FIGURE = ("reasons", "no_rates", "withdrawals", "accepted")
# Numbers that a plan wants to reach: no counts.
_GOALS = ("target_value",)
# Words of titles that do not say what an indicator is about.
_COMMON_WORDS = frozenset({
    "recorded", "by", "the", "police", "of", "in", "and", "a", "to", "with", "for", "all", "on", "that",
    "who", "which", "from",
})  # fmt: skip


def find_warnings(checked: ValidRows) -> Iterator[Problem]:
    """Yield a warning for each text about a withheld figure with a number that could be the figure; one for each cell."""
    guarded_indicators = {r["id"]: r for r in checked.rows("indicators", "indicators") if is_guarded(r)}
    hidden, left_out = _hidden_figures(checked) if guarded_indicators else ((), ())
    seen: set[tuple[str, int, str]] = set()
    for warning in (
        *_in_locators(checked, hidden),
        *_in_claims(checked, hidden),
        *_in_questions(checked, hidden),
        *_in_texts(checked, (*hidden, *left_out), guarded_indicators),
        *_in_own_texts(checked, hidden, guarded_indicators),
    ):
        cell = warning.file, warning.row, warning.field
        if cell not in seen:
            seen.add(cell)
            yield warning


def _hidden_figures(checked: ValidRows) -> tuple[Sequence[FigureKey], Sequence[FigureKey]]:
    """Return the guarded figures without a number or, beside others, without a row, and those of other wards without a row."""
    content = assembly.assemble(checked.packages)
    figures = [o for of_indicator in content.observations.values() for o in of_indicator]
    stand_ins = missing_rows.stand_ins(content, figures)
    hidden = [
        *(o.key for o in figures if o.value is None and could_identify(content.indicators[o.indicator])),
        *(o.key for o in stand_ins if o.status == missing_rows.LEFT_OUT),
    ]
    return hidden, list(missing_rows.unpublished_wards(content, figures))


def _day(day: date | None) -> str:
    """Return a day as it is in a cell; empty if it is not stated."""
    return day.isoformat() if day else ""


def _in_locators(checked: ValidRows, hidden: Sequence[FigureKey]) -> Iterator[Problem]:
    """Yield locators with a number, of withheld figures and of others of the same indicator and period."""
    withheld = {(k.indicator, _day(k.start), _day(k.end)) for k in hidden}
    for r in checked.rows("indicators", "observations"):
        if (r["indicator"], r["period_start"], r["period_end"]) not in withheld:
            continue
        if number := count_in(r["locator"], (r.part,)):
            figure = "A figure of the same period" if r["value"] else "The figure"
            message = f"{figure} is withheld, and {'this' if r['value'] else 'its'} locator says “{number}”."
            fix = "Remove the number. Accept it if it says where the figure is, not how large."
            name = ":".join(filter(None, (r["indicator"], r["area"], r["period_start"])))
            yield r.warning("locator", message, fix, f"number:{name}")


def _in_questions(checked: ValidRows, hidden: Sequence[FigureKey]) -> Iterator[Problem]:
    """Yield questions and answers with a number that are about an indicator with withheld figures, whatever they name."""
    withheld = {k.indicator for k in hidden}
    about = {
        r["question"]: r["indicator"]
        for r in checked.rows("meetings", "subjects")
        if r["question"] and r["indicator"] in withheld
    }
    for row in checked.rows("meetings", "questions"):
        for column in ("question", "answer"):
            if row["id"] in about and (number := count_in(row[column])):
                message = (
                    f"Figures of {about[row['id']]} are withheld, and this text about it says “{number}”."
                )
                fix = "Remove the number. Accept it if it is a different one."
                yield row.warning(column, message, fix, f"number:questions:{row['id']}:{column}")


def _in_claims(checked: ValidRows, hidden: Sequence[FigureKey]) -> Iterator[Problem]:
    """Yield claims with a number about the indicator and area of a withheld figure, for a period that includes it."""
    names = {r["code"]: r["name"] for r in checked.rows("geography", "areas")}
    for row in checked.rows("indicators", "claims"):
        beside = any(
            (k.indicator, k.area) == (row["indicator"], row["area"])
            and (not row["period_start"] or row["period_start"] <= _day(k.start) <= _day(k.end) <= row["period_end"])
            for k in hidden
        )  # fmt: skip
        if beside and (number := count_in(row["statement"], (names.get(row["area"], ""),))):
            message = (
                f"A figure of {row['indicator']} is withheld, and this statement about it says “{number}”."
            )
            fix = "Remove the number. Accept it if it is a different one."
            yield row.warning("statement", message, fix, f"number:claims:{row['id']}")


def _in_own_texts(
    checked: ValidRows, hidden: Sequence[FigureKey], guarded_indicators: Mapping[str, ValidRow]
) -> Iterator[Problem]:
    """Yield what an indicator says of itself with a number that is small enough to be withheld, whatever it names."""
    minimum = max(checked.settings.disclosure.ward_minimum, checked.settings.disclosure.borough_minimum)
    for indicator in dict.fromkeys(k.indicator for k in hidden):
        row = guarded_indicators[indicator]
        for column in _OWN_TEXTS:
            small = (n for n in counts_in(_NOT_WHOLE.sub("", row[column])) if _is_small(n, minimum))
            if number := next(small, ""):
                message = f"Figures of {indicator} are withheld, and this text about it says “{number}”."
                fix = "Remove the number. Accept it if it is a different one."
                yield row.warning(column, message, fix, _name(row, column))


def _is_small(number: str, minimum: int) -> bool:
    return int(number) < minimum if number.isdigit() else number.lower() in _SMALL_WORDS


def _name(row: ValidRow, column: str) -> str:
    """Return the name of a warning about a cell."""
    return f"number:{row.table.file.split('/')[-1]}:{row['id'] or row.number}:{column}"


@dataclass(frozen=True)
class _HiddenSubjects:
    """What withheld figures are about, as it can be named in a text: pairs of a subject and a place or part."""

    checked: ValidRows
    hidden: Sequence[FigureKey]
    guarded_indicators: Mapping[str, ValidRow]
    _seen: dict[tuple[str, frozenset[str]], tuple[tuple[str, str] | None, bool]] = field(default_factory=dict)

    @cached_property
    def subjects(self) -> Mapping[str, Mapping[str, str]]:
        """Return the indicators by place or part, and by title and short title, in plain letters."""
        names = {r["code"]: r["name"] for r in self.checked.rows("geography", "areas")}
        found: dict[str, dict[str, str]] = defaultdict(dict)
        for k in self.hidden:
            indicator = self.guarded_indicators[k.indicator]
            for title in (indicator["title"], indicator["short_title"]):
                for where in (k.part,) if k.part else (names.get(k.area, ""), k.area):
                    if where and title:
                        found[_plain(where)][_plain(title)] = k.indicator
        return found

    @cached_property
    def ends(self) -> Mapping[tuple[str, str], set[str]]:
        """Return the last days of the withheld figures without a part, by indicator and area."""
        ends: dict[tuple[str, str], set[str]] = defaultdict(set)
        for k in self.hidden:
            if not k.part:
                ends[k.indicator, k.area].add(_day(k.end))
        return ends

    def number_of_row(self, row: ValidRow, column: str, about: frozenset[str]) -> tuple[str, str] | None:
        """Return the same for a cell of a row that refers to the indicators `about`."""
        for indicator, area in product(about, (row["area"], *row["warning"].split(":"))):
            ends = self.ends.get((indicator, area), set())
            if ends and (not row["period_end"] or row["period_end"] in ends):
                return (indicator, number) if (number := count_in(row[column])) else None
        return self.number_in(row[column], about)

    @cached_property
    def _wheres(self) -> re.Pattern[str]:
        return _one_of(self.subjects)

    @cached_property
    def _places(self) -> re.Pattern[str]:
        return _one_of({_plain(r["name"]) for r in self.checked.rows("geography", "areas") if r["name"]})

    @cached_property
    def _parts(self) -> frozenset[str]:
        """Return the names of parts of breakdowns; they are often common words, such as “other”."""
        return frozenset(_plain(k.part) for k in self.hidden if k.part)

    def named_in(self, text: str, about: frozenset[str] = frozenset()) -> Iterator["_Named"]:
        """Yield each subject and place that a text names; it need not name the subject of the indicators `about`."""
        plain = _plain(text)
        found = sorted(set(self._wheres.findall(plain)))
        for where, title, indicator in ((w, *pair) for w in found for pair in self.subjects[w].items()):
            is_known = indicator in about and where not in _COMMON_PARTS
            if (is_titled := _is_named(title, plain)) or is_known:
                yield _Named(indicator, title, where, where in self._parts, is_known, is_titled)

    def number_in(self, text: str, about: frozenset[str] = frozenset()) -> tuple[str, str] | None:
        """Return the indicator that a text is about and the number that it says of it; None if it says none.

        A text is about the indicators `about`, even if it does not name them.
        """
        for named in self.named_in(text, about):
            is_next = False
            for sentence in SENTENCE_ENDS.split(text):
                near = _plain(sentence)
                follows = is_next and not self._is_elsewhere(near)
                is_next = named.is_whole_in(near)
                none = f"no {named.title}" if f"no {named.title}" in near else ""
                if (follows or named.is_in(near)) and (
                    number := none or count_in(_spaced(sentence), (named.where,))
                ):
                    return named.indicator, number
        return None

    def number_after(self, before: str, text: str, about: frozenset[str]) -> tuple[str, str] | None:
        """Return the same for a cell after another of its row, `before`, that names a subject and a place."""
        for named in (n for n in self.named_in(before, about) if n.is_whole_in(_plain(before))):
            for sentence in SENTENCE_ENDS.split(text):
                near, number = _plain(sentence), count_in(_spaced(sentence), (named.where,))
                if number and (named.where in near or not self._is_elsewhere(near)):
                    return named.indicator, number
        return None

    def numbers_of_cells(
        self, row: ValidRow, columns: Sequence[str], about: frozenset[str]
    ) -> dict[str, tuple[str, str] | None]:
        """Return the same for each cell of a row with text; a locator is not about what others of its row name."""
        found: dict[str, tuple[str, str] | None] = {}
        before = ""
        place = f"{row['area']}: " if row["area"] else ""  # which a locator need not repeat
        for column in columns:
            text = f"{place}{row[column]}" if column == "locator" else row[column]
            said, names_both = self._read(text, about)
            if not said and before and column != "locator" and _PROSE.search(row[column]):
                said = self.number_after(before, row[column], about)
            found[column] = said
            before = row[column] if names_both else before
        return found

    def numbers_beside(
        self, row: ValidRow, columns: Sequence[str], numbers: Sequence[str]
    ) -> dict[str, tuple[str, str] | None]:
        """Return the whole numbers in cells of their own, if a text of the row names a subject and a place."""
        nothing: frozenset[str] = frozenset()
        named = (n for c in columns if self._read(row[c], nothing)[1] for n in self.named_in(row[c]))
        indicator = next((n.indicator for n in named), "") if numbers else ""
        counts = [
            c
            for c in numbers
            if (n := field_types.number_or_none(row[c])) is not None and n >= 0 and n % 1 == 0
        ]
        return {c: (indicator, row[c]) for c in counts} if indicator else {}

    def _read(self, text: str, about: frozenset[str]) -> tuple[tuple[str, str] | None, bool]:
        """Return the number that a text says, and whether a text after it can be about the same; remember both."""
        if (text, about) not in self._seen:
            plain = _plain(text)
            names_both = any(n.is_whole_in(plain) for n in self.named_in(text, about))
            self._seen[text, about] = self.number_in(text, about), names_both
        return self._seen[text, about]

    def _is_elsewhere(self, near: str) -> bool:
        """Return True if a sentence names a place: those of withheld figures are read where they are named."""
        return bool(self._places.search(near))


@dataclass(frozen=True)
class _Named:
    """A subject and a place, or a part, that a text names; `is_known` if its row refers to the subject's indicator."""

    indicator: str
    title: str
    where: str
    is_part: bool
    is_known: bool
    is_titled: bool

    def is_in(self, near: str) -> bool:
        """Return True if a sentence of the text is about the two."""
        named = (self.where in near, _is_named(self.title, near))
        enough = all(named) if self.is_part else any(named)
        return (self.is_titled and enough) or (self.is_known and named[0])

    def is_whole_in(self, near: str) -> bool:
        """Return True if a sentence names the place and is about the subject, so that the next can be about them too."""
        return self.where in near and (_is_named(self.title, near) or (self.is_known and not self.is_part))


def _one_of(names: Iterable[str]) -> re.Pattern[str]:
    """Return the pattern of whole words that are one of some names, the longest first."""
    longest_first = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    return re.compile(rf"(?<!\w)(?:{longest_first})(?!\w)")


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
    checked: ValidRows, hidden: Sequence[FigureKey], guarded_indicators: Mapping[str, ValidRow]
) -> Iterator[Problem]:
    """Yield texts in tables, descriptors, settings and pages with a number and the subject and place (or part) of a withheld figure.

    Yield numbers in cells of their own too, in a row whose text names both.
    """
    about = _HiddenSubjects(checked, hidden, guarded_indicators)
    if not about.subjects:
        return
    for resource, row, texts, numbers in _cells(checked):
        indicators = _indicators_of(resource, row).intersection(guarded_indicators)
        if indicators and resource in _ABOUT_ONE_FIGURE:
            found = {column: about.number_of_row(row, column, indicators) for column in texts}
        else:
            found = about.numbers_of_cells(row, texts, indicators)
            if not indicators:
                found |= about.numbers_beside(row, texts, numbers)
        for column, said in found.items():
            if said:
                named_by = "row" if column in numbers else "text"
                yield row.warning(column, *_said(*said, named_by), _name(row, column))
    for file, line, text in texts_outside_tables(checked):
        if said := about.number_in(text):
            yield Problem(file, line, "", "number", *_said(*said), f"number:{file}:{line}")


def _said(indicator: str, number: str, named_by: str = "text") -> tuple[str, str]:
    message = f"A figure of {indicator} is withheld, and this {named_by} names its place and says “{number}”."
    return message, "Remove the number. Accept it if it is a different one."


def _cells(checked: ValidRows) -> Iterator[tuple[str, ValidRow, Sequence[str], Sequence[str]]]:
    """Yield every row as its table, itself, and its columns with free text and with a number other than a goal or figure.

    A column that is added to a schema is among them. Cells without text or number are left out.
    """
    for package in checked.packages:
        for resource, table in package.tables.items():
            columns = [f["name"] for f in table.schema.fields if _is_free_text(f)]
            numbers = [f["name"] for f in table.schema.fields if f.get("type") == "number"]
            counts = [n for n in numbers if n not in _GOALS and resource != "observations"]
            for row in rows(table):
                yield resource, row, [c for c in columns if row[c]], [c for c in counts if row[c]]


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
