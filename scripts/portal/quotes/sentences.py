"""A sentence with everything that was found in it, and what its numbers say: the values that reading passes on."""

import re
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from portal.disclosure.clearing import ClearedContent
from portal.quotes import dates
from portal.quotes.dates import NamedPeriod
from portal.quotes.names import KnownNames, Mention
from portal.quotes.numbers import Quantity

LEVEL, DIFFERENCE, CHANGE, RATE, SHARE = "level", "difference", "change", "rate", "share"
UP = r"rose|risen|rise|rises|rising|increas\w+|up|grew|grown|growth|grow\w*|higher|more|jump\w*|soar\w*|surg\w+|climb\w*|gone up|went up|upturn|extra|additional|greater|uplift|worse\w*"
DOWN = r"fell|fallen|fall|falls|falling|drop\w*|decreas\w+|down|reduc\w+|lower|fewer|less|declin\w+|cut|cuts|plung\w+|slump\w*|went down|gone down|improv\w+|shrank|shrunk|dip\w*|decline|halv\w+"
MOVES = re.compile(rf"\b(?:(?P<up>{UP})|(?P<down>{DOWN}))\b", re.IGNORECASE)
CLAUSE = re.compile(
    r"[;.]|, (?:while|whereas|but|and|with)\b|\b(?:while|whereas|but|although|though)\b", re.IGNORECASE
)


@dataclass(frozen=True)
class NumberReading:
    """What a number says: its kind, the indicators it can be about, the area, the periods and the direction.

    `later` and `base` are the periods that the words can mean; empty if the text states none. `months` is the length of
    a period that ends with the newest figure. `per_days` is the days of an average (“91 a month”), 0 if it is none. `whole` are the indicators of the whole that a share is of. `other` is a
    subject or a place for which no figure is published.
    """

    quantity: Quantity
    kind: str
    indicators: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    later: tuple[dates.Span, ...] = ()
    base: tuple[dates.Span, ...] = ()
    months: int = 0
    direction: int = 0
    is_base: bool = False
    year_before: bool = False
    just_before: bool = False
    years_before: int = 1
    base_year: int = 0
    per_days: Fraction = Fraction(0)
    parts: tuple[tuple[str, str], ...] = ()
    whole: tuple[str, ...] = ()
    other: str = ""
    period_words: str = ""

    def fits(self, value: Fraction, days: int) -> bool:
        """Return True if the number can stand for a figure of a period of so many days, or for its average."""
        if not self.per_days:
            return self.quantity.fits(value)
        if not days:
            return False
        average, half = value / days * self.per_days, Fraction(0)
        if self.quantity.low == self.quantity.high:
            half = (
                max(Fraction(1, 2), self.quantity.value / 40)
                if self.quantity.value.denominator == 1
                else Fraction(1, 20)
            )
        return self.quantity.low - half <= average <= self.quantity.high + half


@dataclass
class Memory:
    """What the sentences before spoke of, for those that go on without naming it again."""

    indicators: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    later: NamedPeriod | None = None
    other: str = ""
    heading: bool = False
    columns: dict[int, NamedPeriod] = field(default_factory=dict)
    table: tuple[str, ...] = ()

    def forget(self) -> None:
        """Begin a new paragraph that no heading introduces."""
        self.indicators, self.areas, self.later, self.other, self.columns = (), (), None, "", {}
        self.table = ()


@dataclass(frozen=True)
class Sentence:
    """A sentence with what was found in it; `text` has spaces where its periods are."""

    text: str
    whole: str
    mentions: tuple[Mention, ...]
    periods: tuple[NamedPeriod, ...]
    quantities: tuple[Quantity, ...]
    row: bool

    def of(self, *kinds: str) -> tuple[Mention, ...]:
        return tuple(m for m in self.mentions if m.kind in kinds)


@dataclass(frozen=True)
class Context:
    """What a sentence is read with: the content, its names, what the text said before, and the day of the text."""

    released: ClearedContent
    words: KnownNames
    memory: Memory
    on: date


def clean(before: str) -> str:
    """Return words with single spaces, as if the periods that were cut out had not been there."""
    return re.sub(r"\s+", " ", before)


def next_number(s: Sentence, q: Quantity) -> int:
    """Return where the next number begins, or the end of the sentence."""
    return next((x.start for x in s.quantities if x.start >= q.end), len(s.text))
