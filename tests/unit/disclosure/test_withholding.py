"""What an import withholds: small counts, as few others as protect them, and what was withheld before."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import date
from decimal import Decimal

import pytest
from portal.core.model import Area, Content, Indicator, Observation
from portal.core.settings import SmallCountSettings
from portal.core.vocabulary import AreaKind, Status
from portal.disclosure.families import EarlierRelease
from portal.disclosure.withholding import Withheld, withhold

POLICY = SmallCountSettings(ward_minimum=10, borough_minimum=5)
WARDS = ("North", "South", "West")


def area(code: str, kind: AreaKind) -> Area:
    return Area("s", "l", code, code, kind, "" if kind == AreaKind.BOROUGH else "Borough", None, None)


def content(*, sensitive: bool = True, minimums: Mapping[str, object] | None = None) -> Content:
    """A borough with three wards and records without a ward, and one indicator."""
    empty: dict[str, object] = {f.name: () for f in fields(Content)}
    harm = {f.name: "" for f in fields(Indicator)} | {"id": "harm", "unit": "count", "sensitive": sensitive, "protected": False}  # fmt: skip
    areas = [area("Borough", AreaKind.BOROUGH), area("Rest", AreaKind.REST), *(area(w, AreaKind.WARD) for w in WARDS)]  # fmt: skip
    empty |= {
        "indicators": {"harm": Indicator(**harm)},  # type: ignore[arg-type]
        "areas": {a.code: a for a in areas},
        "sources": {},
        "minimums": minimums or {},
        "observations": {},
    }
    return Content(**empty)  # type: ignore[arg-type]


def count(place: str, value: int | None, year: int = 2023) -> Observation:
    status = Status.WITHHELD if value is None else Status.PLAIN
    number = None if value is None else Decimal(value)
    return Observation("s", "l", "harm", place, date(year, 1, 1), date(year, 12, 31), "", number, status)


def table(north: int, south: int, west: int, rest: int) -> list[Observation]:
    """The counts of each place and of the borough, which is their sum."""
    counts = dict(zip((*WARDS, "Rest"), (north, south, west, rest), strict=True))
    return [*(count(p, n) for p, n in counts.items()), count("Borough", sum(counts.values()))]


def hidden(found: Withheld) -> set[str]:
    """The places whose figures are withheld; each has no number and the status that says so."""
    empty = {o.area for o in found.observations if o.value is None}
    assert empty == {o.area for o in found.observations if o.status == Status.WITHHELD}
    return empty


def test_a_small_count_is_withheld_with_at_least_one_other_and_never_the_borough() -> None:
    for _ in range(10):  # the choice of the others is random
        found = withhold(table(7, 40, 50, 30), content(), POLICY)
        assert "North" in hidden(found)
        assert len(hidden(found)) >= 2
        assert "Borough" not in hidden(found)
        assert (found.cells, found.primary) == (5, 1)
        assert found.secondary == len(hidden(found)) - 1


def test_counts_at_the_minimum_stay_and_one_below_it_goes() -> None:
    assert hidden(withhold(table(10, 10, 10, 10), content(), POLICY)) == set()
    assert "North" in hidden(withhold(table(9, 10, 10, 10), content(), POLICY))


def test_a_zero_is_a_small_count() -> None:
    assert "West" in hidden(withhold(table(40, 50, 0, 30), content(), POLICY))


def test_counts_of_a_subject_that_needs_no_protection_stay() -> None:
    found = withhold(table(1, 2, 3, 4), content(sensitive=False), POLICY)
    assert hidden(found) == set()
    assert (found.cells, found.primary, found.secondary) == (0, 0, 0)


def test_what_was_withheld_before_stays_withheld_however_large_it_is() -> None:
    published = [count("South", None)]
    for _ in range(10):
        found = withhold(table(7, 400, 50, 30), content(), POLICY, published)
        assert {"North", "South"} <= hidden(found)


def archive(figures: Sequence[Observation]) -> EarlierRelease:
    return EarlierRelease("R1", tuple(figures), {})


def test_what_an_earlier_release_withheld_stays_withheld() -> None:
    released = [count("South", None), count("North", None)]
    found = withhold(table(7, 400, 50, 30), content(), POLICY, archives=[archive(released)])
    assert {"North", "South"} <= hidden(found)


def test_what_one_release_withheld_and_another_published_is_no_longer_kept() -> None:
    """Whoever has the second release knows the figure: withholding it again protects nobody, and costs a reader."""
    releases = [archive([count("South", None)]), archive([count("South", 400)])]
    assert hidden(withhold(table(70, 400, 50, 30), content(), POLICY, archives=releases)) == set()


def test_a_borough_whose_count_is_known_already_protects_nothing_by_being_withheld() -> None:
    """The borough was published: it cannot be withheld, so the wards protect each other."""
    figures = table(7, 40, 50, 30)
    found = withhold(figures[:-1], content(), POLICY, published=figures[-1:])
    assert "North" in hidden(found)
    assert len(hidden(found)) >= 2
    assert {o.area for o in found.observations} == {*WARDS, "Rest"}


def test_each_year_is_a_table_of_its_own() -> None:
    later = [Observation(**{**vars(o), "period_start": date(2024, 1, 1), "period_end": date(2024, 12, 31)}) for o in table(70, 40, 50, 30)]  # fmt: skip
    found = withhold([*table(7, 40, 50, 30), *later], content(), POLICY)
    assert {o.period_end for o in found.observations if o.value is None} == {date(2023, 12, 31)}


QUARTERS = [(date(2023, 1, 1), date(2023, 3, 31)), (date(2023, 4, 1), date(2023, 6, 30)), (date(2023, 7, 1), date(2023, 12, 31))]  # fmt: skip


def of_period(start: date, end: date, value: int) -> Observation:
    return Observation("s", "l", "harm", "Borough", start, end, "", Decimal(value), Status.PLAIN)


def ends_hidden(figures: Sequence[Observation]) -> set[tuple[date | None, date | None]]:
    found = withhold(figures, content(), POLICY)
    return {(o.period_start, o.period_end) for o in found.observations if o.value is None}


def test_a_small_count_of_a_part_of_a_year_takes_another_part_or_the_year_with_it() -> None:
    """Periods that fill a year add up to it: the small one is the year without the others."""
    year = of_period(date(2023, 1, 1), date(2023, 12, 31), 93)
    parts = [of_period(*p, n) for p, n in zip(QUARTERS, (40, 3, 50), strict=True)]
    gone = ends_hidden([year, *parts])
    assert QUARTERS[1] in gone
    assert len(gone) >= 2
    # With a gap, or where two of them overlap, nothing adds up and nothing else has to go.
    assert ends_hidden([year, *parts[:2]]) == {QUARTERS[1]}
    assert ends_hidden([year, *parts[1:]]) == {QUARTERS[1]}
    longer = of_period(date(2023, 1, 1), date(2023, 4, 30), 50)
    assert ends_hidden([year, longer, *parts[1:]]) == {QUARTERS[1]}


def test_a_year_of_small_parts_alone_is_withheld_with_them() -> None:
    year = of_period(date(2023, 1, 1), date(2023, 12, 31), 6)
    parts = [of_period(*p, n) for p, n in zip(QUARTERS, (2, 2, 2), strict=True)]
    gone = ends_hidden([year, *parts])
    assert set(QUARTERS) <= gone


def without_rest(north: int, south: int, west: int, borough: int, source: str = "s") -> list[Observation]:
    wards = [count(p, n) for p, n in zip(WARDS, (north, south, west), strict=True)]
    return [*wards, replace(count("Borough", borough), source=source)]


@pytest.mark.parametrize("borough", [97, 98])
def test_wards_are_protected_where_records_without_a_ward_are_not_published(borough: int) -> None:
    """The borough less its wards is nothing or next to nothing: one withheld ward would follow from the others."""
    for _ in range(5):
        gone = hidden(withhold(without_rest(7, 40, 50, borough), content(), POLICY))
        assert "North" in gone
        assert len(gone) >= 2


@pytest.mark.parametrize(("borough", "source"), [(92, "s"), (97, "another count")])
def test_a_borough_that_its_wards_cannot_add_up_to_takes_no_ward_with_it(borough: int, source: str) -> None:
    """It is less than its wards, or counted by someone else, so no count follows from it."""
    assert hidden(withhold(without_rest(7, 40, 50, borough, source), content(), POLICY)) == {"North"}
