"""Find numbers in texts that could reveal a withheld figure: in its locator, a note, a claim or a report.

The withheld figure itself is not known here. So every number that could be a count is a warning if it is in the row of a
withheld figure, or in a sentence that names its subject and place. Each can be accepted by name.
"""

import calendar
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from portal.checks.figure_rules import is_true
from portal.checks.valid_rows import ValidRow, ValidRows
from portal.core.problems import Problem

_NUMBER = re.compile(
    r"\b(\d[\d,]*|zero|nil|none|nought|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|"
    r"sixteen|seventeen|eighteen|nineteen|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[- ]\w+)?)\b",
    re.IGNORECASE,
)
_MONTH = "|".join(calendar.month_name[1:])
# Numbers that say where a figure is in its document, or which time, age or period it is about.
_NOT_COUNT = re.compile(
    r"\b(?:pages?|pp?\.|tables?|sheets?|rows?|columns?|cells?|figures?|charts?|slides?|lines?|annex|section|chapter|part|appendix)\s*"
    rf"[A-Z]?\d+[a-z]?(?:\s*(?:-|–|to|and|,)\s*\d+)*|\b(?:\d{{1,2}}\s+)?(?:{_MONTH})\b(?:\s+\d{{4}})?"
    r"|\b\d{4}(?:-\d\d){1,2}\b|\b(?:19|20)\d\d(?:/\d\d)?\b|\b\d+\s+(?:months?|years?|days?)\b|\b(?:aged?|under|over)\s+\d+(?:\s+to\s+\d+)?"
    r"|\b\d+\s+to\s+\d+\b|\bQ[1-4]\b",
    re.IGNORECASE,
)


def find_warnings(checked: ValidRows) -> Iterator[Problem]:
    """Yield a warning for each text about a withheld figure with a number that could be the figure."""
    guarded_indicators = {
        r["id"]: r
        for r in checked.rows("indicators", "indicators")
        if is_true(r["sensitive"]) or is_true(r["protected"])
    }
    hidden = [
        r
        for r in checked.rows("indicators", "observations")
        if not r["value"] and r["indicator"] in guarded_indicators
    ]
    for r in hidden:
        if number := _count_in(r["locator"], (r.part,)):
            message = f"The figure is withheld, and its locator says “{number}”."
            fix = "Remove the number. Accept it if it says where the figure is, not how large."
            name = ":".join(filter(None, (r["indicator"], r["area"], r["period_start"])))
            yield r.warning("locator", message, fix, f"number:{name}")
    if hidden:
        yield from _in_claims(checked, hidden)
        yield from _in_texts(checked, hidden, guarded_indicators)
        yield from _in_questions(checked, hidden)


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
    for name in sorted(filter(None, names), key=len, reverse=True):
        text = text.replace(name, "")
    match_ = _NUMBER.search(_NOT_COUNT.sub("", text))
    return match_[0] if match_ else ""


def _in_texts(
    checked: ValidRows, hidden: Sequence[ValidRow], guarded_indicators: Mapping[str, ValidRow]
) -> Iterator[Problem]:
    """Yield sentences in any table with a number and the subject and place (or part) of a withheld figure."""
    names = {r["code"]: r["name"] for r in checked.rows("geography", "areas")}
    subjects: dict[tuple[str, str], str] = {}
    for r in hidden:
        title = (
            guarded_indicators[r["indicator"]]["short_title"] or guarded_indicators[r["indicator"]]["title"]
        )
        if where := r.part or names.get(r["area"], ""):
            subjects[title.lower(), where.lower()] = r["indicator"]
    for row, column, text in _texts(checked):
        lower = text.lower()
        for (title, where), indicator in subjects.items():
            if where in lower and title in lower:
                for sentence in re.split(r"(?<=[.!?;])\s+", text):
                    if where in sentence.lower() and (number := _count_in(sentence, (where,))):
                        message = f"A figure of {indicator} is withheld, and this text names its place and says “{number}”."
                        fix = "Remove the number. Accept it if it is a different one."
                        yield row.warning(column, message, fix, f"number:{row.table.file.split('/')[-1]}:{row['id'] or row.number}:{column}")  # fmt: skip
                        break


_TEXTS = (
    ("indicators", "indicators", ("definition", "caveat", "period_note")), ("indicators", "claims", ("statement",)),
    ("indicators", "targets", ("title", "why")), ("indicators", "breaks", ("explanation",)), ("plan", "updates", ("title", "text")),
    ("plan", "actions", ("title", "promise")), ("plan", "priorities", ("summary",)), ("plan", "measures", ("title",)),
    ("threads", "threads", ("summary",)), ("threads", "entries", ("note",)), ("sources", "sources", ("note",)),
    ("dashboards", "dashboards", ("shows", "published", "missing")), ("releases", "reasons", ("reason",)), ("releases", "calendar", ("note",)),
    ("duties", "duties", ("asks", "note")), ("duties", "evidence", ("title", "note")), ("meetings", "meetings", ("title", "note")),
    ("meetings", "papers", ("title",)), ("meetings", "questions", ("question", "answer")),
    ("meetings", "police_priorities", ("issue", "action")),
)  # fmt: skip


def _texts(checked: ValidRows) -> Iterator[tuple[ValidRow, str, str]]:
    """Yield every text that a page shows, with its row and column."""
    for kind, resource, columns in _TEXTS:
        for row in checked.rows(kind, resource):
            yield from ((row, column, row[column]) for column in columns if row[column])
