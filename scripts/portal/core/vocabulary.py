"""The closed sets of words in the tables of data packages, and those that the analysis answers with.

Every member equals its string, so that a cell of a table can be compared with it. `tests/unit/core/test_vocabulary.py` holds the
members to the lists in `data/schemas`.
"""

from collections.abc import Mapping
from enum import StrEnum


class Status(StrEnum):
    """What a figure is marked with: why there is no number, or how far to trust the one that is there."""

    PLAIN = ""
    PROVISIONAL = "p"
    REVISED = "r"
    ESTIMATED = "e"
    NOT_COMPARABLE = "b"
    WITHHELD = "c"
    NOT_AVAILABLE = "x"
    NOT_APPLICABLE = "z"
    LOW = "low"


# The statuses of a figure as people write them: the shorthand of government statistics, and words.
STATUS_WORDS: Mapping[str, str] = {
    "p": "p", "provisional": "p", "prov": "p",
    "r": "r", "revised": "r", "rev": "r",
    "e": "e", "estimate": "e", "estimated": "e", "est": "e",
    "b": "b", "break": "b", "break in series": "b",
    "c": "c", "confidential": "c", "withheld": "c", "suppressed": "c", "redacted": "c", "hidden to protect people": "c",
    "x": "x", "not available": "x", "unavailable": "x", "missing": "x",
    "z": "z", "not applicable": "z",
    "low": "low", "too low to show": "low",
}  # fmt: skip
# A figure with one of these has no number; the others mark a number.
WITHOUT_NUMBER = frozenset({Status.WITHHELD, Status.NOT_AVAILABLE, Status.NOT_APPLICABLE, Status.LOW})


class Unit(StrEnum):
    """What the numbers of an indicator or target are."""

    COUNT = "count"
    PERCENT = "percent"
    PER_1000 = "per-1000"
    PERCENT_CHANGE = "percent-change"
    POUNDS = "pounds"


# Units whose figures can be added up; percentages, rates and changes cannot.
ADDABLE_UNITS = frozenset({Unit.COUNT, Unit.POUNDS})


class PeriodType(StrEnum):
    """The kind of period that an indicator is published for."""

    ROLLING_MONTHS = "rolling-months"
    YEAR_TO = "year-to"
    MONTH = "month"
    CALENDAR_YEAR = "calendar-year"
    ACADEMIC_YEAR = "academic-year"
    NOT_STATED = "not-stated"


class Polarity(StrEnum):
    """Which direction of an indicator is good news."""

    LOWER_IS_BETTER = "lower-is-better"
    HIGHER_IS_BETTER = "higher-is-better"
    MORE_REPORTS_MAY_BE_GOOD = "more-reports-may-be-good"
    POLICE_ACTIVITY = "police-activity"
    NEUTRAL = "neutral"


class ChartKind(StrEnum):
    """How the figures of an indicator are drawn."""

    LINE = "line"
    BARS = "bars"
    PAIR = "pair"
    SMALL_MULTIPLES = "small-multiples"
    RANKED_BARS = "ranked-bars"
    AREAS = "areas"
    RECORDED = "recorded"
    NONE = "none"


class AreaKind(StrEnum):
    """The kind of an area. `REST` holds a borough's records that name no ward; a neighbourhood is a part of a ward."""

    POLICE_FORCE = "police-force"
    REGION = "region"
    BOROUGH = "borough"
    WARD = "ward"
    REST = "rest"
    NEIGHBOURHOOD = "neighbourhood"


class ClaimKind(StrEnum):
    """What a claim says about figures, and so how it is checked."""

    CHANGE_PERCENT = "change-percent"
    CHANGE_PERCENT_WITHOUT = "change-percent-without"
    TOTAL = "total"
    VALUE = "value"
    DIRECTION = "direction"
    RANK = "rank"
    COMPARISON = "comparison"


class ContactState(StrEnum):
    """How sure we are that a contact works. `NOTE` is advice without a contact."""

    CURRENT = "current"
    CHECK_FIRST = "check-first"
    HISTORIC = "historic"
    NOTE = "note"


class Nearness(StrEnum):
    """How closely a published indicator shows what a plan wanted to measure."""

    SAME = "same"
    CLOSE = "close"
    NONE = "none"
    NOT_A_COUNT = "not-a-count"


class UpdateKind(StrEnum):
    """How much a report says about an action: progress, only its name, or what led to it."""

    REPORT = "report"
    MENTION = "mention"
    BACKGROUND = "background"


class Progress(StrEnum):
    """How far an action had come when a report was written."""

    NOT_STARTED = "not-started"
    UNDER_WAY = "under-way"
    SUBSTANTIALLY_DONE = "substantially-done"
    DONE = "done"


class ChangeKind(StrEnum):
    """What a release did to a figure, a text or a page. `ROLLED`: a rolling window moved past the figure."""

    NEW = "new"
    REVISED = "revised"
    WITHDRAWN = "withdrawn"
    ROLLED = "rolled"
    WORDS = "words"
    PAGE_NEW = "page-new"
    PAGE_GONE = "page-gone"


class WithdrawalKind(StrEnum):
    """Why a figure was taken back: its number must never come back, or a corrected one can."""

    PROTECT = "protect"
    WRONG = "wrong"


class Direction(StrEnum):
    """What a statistical test says about a change; `UNTESTED` where there is no test."""

    ROSE = "rose"
    FELL = "fell"
    NO_CLEAR_CHANGE = "no clear change"
    UNTESTED = ""


class Outcome(StrEnum):
    """What the check of a claim against its own figures gave."""

    AGREES = "agrees"
    DIFFERS = "differs"
    UNCHECKED = "cannot be checked"


class TargetOutcome(StrEnum):
    """Whether a target was met."""

    MET = "met"
    MISSED = "missed"
    NOT_YET_DUE = "not yet due"
    UNCLEAR = "cannot be judged"


class NoChange(StrEnum):
    """Why two figures cannot be compared; `COMPARED` if they can."""

    COMPARED = ""
    BREAK = "break"
    NO_NUMBER = "hidden"
    NO_EARLIER = "none"


class Meaning(StrEnum):
    """What a clear change means for residents, by the polarity of the indicator."""

    WORSE = "worse"
    BETTER = "better"
    NEUTRAL = "neutral"
