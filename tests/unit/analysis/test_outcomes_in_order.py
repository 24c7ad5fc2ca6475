"""What became of offences: which areas have a share, in which order, and when there is none."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from types import SimpleNamespace

import pytest
from portal.analysis import outcomes
from portal.core.measured import OutcomeOf
from portal.core.model import Observation
from portal.core.vocabulary import Status
from portal.disclosure.clearing import ClearedContent
from test_measures import indicator, released

LINK = OutcomeOf("solved", "thefts", "Outcomes of offences recorded before.")


def year(of: str, area: str, value: int | None, end: int = 2020, status: str = "") -> Observation:
    number = None if value is None else Decimal(value)
    return Observation("s", "l", of, area, date(end - 1, 8, 1), date(end, 7, 31), "", number, Status(status or ("c" if value is None else "")))  # fmt: skip


def shares(*figures: Observation) -> list[tuple[str, str]]:
    """The place and the share of each area, in order."""
    names = {"B": "Exampleton", "Z": "Aardvark", "W": "Alder", "V": "Birch"}
    kinds = {"B": "borough", "Z": "borough", "W": "ward", "V": "ward"}
    by_indicator = {i: tuple(o for o in figures if o.indicator == i) for i in ("thefts", "solved")}
    areas = {c: SimpleNamespace(name=names[c], kind=kinds[c], code=c) for c in names}
    plain = released(areas=areas, indicators={i: indicator(id=i) for i in by_indicator}).content
    known = ClearedContent(replace(plain, observations=by_indicator), "B")
    return [
        (s.place, "" if s.percent is None else str(s.percent)) for s in outcomes.outcome_shares(known, LINK)
    ]


def pair(
    area: str, offences: int | None, solved: int | None, end: int = 2020
) -> tuple[Observation, Observation]:
    return year("thefts", area, offences, end), year("solved", area, solved, end)


def test_the_own_area_comes_first_then_others_then_wards() -> None:
    found = shares(*pair("W", 50, 4), *pair("V", 40, 5), *pair("Z", 1000, 61), *pair("B", 970, 1))
    assert found == [("Exampleton", "0.1"), ("Aardvark", "6.1"), ("Alder", "8.0"), ("Birch", "12.5")]


@pytest.mark.parametrize(
    ("offences", "solved", "share"), [(50, 0, "0.0"), (0, 0, ""), (None, 3, ""), (50, None, "")]
)
def test_without_offences_or_a_number_there_is_no_share(
    offences: int | None, solved: int | None, share: str
) -> None:
    assert shares(*pair("B", offences, solved)) == [("Exampleton", share)]


def test_only_areas_with_both_counts_for_the_newest_year_are_beside_each_other() -> None:
    figures = (*pair("B", 970, 10), *pair("Z", 50, 5, 2019), year("solved", "W", 3))
    assert [place for place, _ in shares(*figures)] == ["Exampleton"]
