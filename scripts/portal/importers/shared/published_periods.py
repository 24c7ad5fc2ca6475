"""Figures of files that have periods of their own, such as years to a quarter's end, and not monthly counts."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from portal.core.vocabulary import Status
from portal.importers.shared.published_files import Finding


@dataclass(frozen=True)
class FigureOfPeriod:
    """One figure as a file has it. `value` is None where `status` says why there is no number."""

    series: str
    area: str
    start: date
    end: date
    value: Decimal | None
    locator: str
    part: str = ""
    status: Status = Status.PLAIN


@dataclass(frozen=True)
class FiguresOfPeriods:
    """The figures of a file for the areas of the portal. Counts may point to people: never write them as they are."""

    figures: tuple[FigureOfPeriod, ...]
    findings: tuple[Finding, ...]
