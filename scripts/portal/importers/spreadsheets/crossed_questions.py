"""What a table with headings across leaves open: a question for each kind of doubt, with its answers."""

from collections.abc import Iterable, Iterator
from datetime import date

from portal.core.text import listed
from portal.importers.spreadsheets.grid import Cell
from portal.importers.spreadsheets.readings import CellQuestion
from portal.importers.spreadsheets.remarks import in_words, short

MOST_SHOWN = 8  # names or texts of a sheet that a message quotes


def spans(months: int) -> CellQuestion:
    """Ask what months are that stand 3 or 12 apart; an answer's text is the number of months of a figure."""
    words = "three" if months == 3 else "twelve"
    return CellQuestion(
        "spans",
        f"The months are {months} apart. Is each figure for one month, or for the {words} months that end with it?",
        {"month": ("for one month", "1"), "ending": (f"for {words} months", str(months))},
    )


def from_to(columns: tuple[str, str], start: date, end: date) -> CellQuestion:
    """Ask whether two months in a row are the first and the last of its period."""
    return CellQuestion(
        "from-to",
        f"The columns {columns[0]} and {columns[1]} have two months or days for each figure. Are they the first and the last of its period?",
        {"first-last": (f"yes, the period here is {start.isoformat()} to {end.isoformat()}", "")},
    )


def labels(dimension: str, above: str) -> CellQuestion:
    """Ask whether an empty label repeats the one above."""
    return CellQuestion(
        "labels",
        f"Rows with figures have no {dimension}, here below “{above}”. Is it the one above, or is it a total?",
        {
            "above": ("the one above", ""),
            "leave-out": ("a total or something else: leave these rows out", ""),
        },
    )


def unclear_headings(heading: Cell) -> Iterator[CellQuestion]:
    """Yield what to ask about a heading that is struck through, or that people cannot see."""
    words = short(in_words(heading))
    answers = {"read": ("read them", ""), "leave-out": ("leave them out", "")}
    if heading.struck:
        question = f"The heading “{words}” is struck through. Are its figures still right?"
        yield CellQuestion("struck", question, answers)
    if heading.hidden:
        question = (
            f"The heading “{words}” cannot be seen as it is: {heading.hidden}. Are its figures to be read?"
        )
        yield CellQuestion("hidden-cells", question, answers)


def parts(title: str, breakdown: str) -> CellQuestion:
    """Ask about an indicator that is split, of which a sheet has figures without any part."""
    return CellQuestion(
        "parts",
        f"“{title}” is split by {breakdown.replace('_', ' ')}, and the sheet does not name any part. Are its figures the totals of all parts?",
        {"total": ("yes, they are totals", "")},
    )


def quarters(words: str) -> CellQuestion:
    """Ask which year a quarter belongs to."""
    return CellQuestion(
        "quarters",
        f"“{words}” can be a quarter of the calendar year or of the financial year. Which one?",
        {
            "calendar": ("of the calendar year: Q1 is January to March", "calendar"),
            "financial": ("of the financial year: Q1 is April to June", "financial"),
        },
    )


def unknown(names: str) -> CellQuestion:
    """Ask whether figures under unknown names are left out."""
    return CellQuestion(
        "unknown",
        f"The portal has no area, indicator, part or period with the name {names}. Leave these figures out?",
        {"leave-out": ("yes, leave them out", "")},
    )


def some_of(names: Iterable[str]) -> str:
    """Return the first of some names in quotation marks, and how many more there are."""
    all_ = list(names)
    more = f" and {len(all_) - MOST_SHOWN} more" if len(all_) > MOST_SHOWN else ""
    return listed([f"“{n[:40]}”" for n in all_[:MOST_SHOWN]]) + more
