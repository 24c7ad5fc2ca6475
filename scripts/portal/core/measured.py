"""What is known about figures beyond their numbers: how much they vary, how far they are revised, and what became of offences."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from portal.core.citations import Cited


@dataclass(frozen=True)
class Dispersion(Cited):
    """The usual variation of an indicator's counts in a kind of area: their variance divided by their mean.

    Measured from `period_start` to `period_end`; `note` names the series if it was a different one.
    """

    indicator: str
    level: str
    dispersion: Decimal
    period_start: date
    period_end: date
    note: str


@dataclass(frozen=True)
class Revision(Cited):
    """How far later files of the same kind changed figures of the newest `months` months in a kind of area.

    `percent` is how far up or down at least 95% of them changed at most. `inside` is the share, in per cent, of figures
    in other files, which were not used for that, that changed no further.
    """

    indicator: str
    level: str
    months: int
    percent: Decimal
    inside: Decimal
    note: str


@dataclass(frozen=True)
class OutcomeOf:
    """An indicator that counts what became of offences, the indicator of these offences, and what their share can say."""

    indicator: str
    offences: str
    note: str
