"""Figures for parts of wards: only what points to nobody, and all parts of a ward or none."""

from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from itertools import product

import pytest
from portal.core.model import Area, Content, Indicator, Observation, Population
from portal.core.places import NeighbourhoodLsoa
from portal.core.settings import SmallCountSettings
from portal.core.vocabulary import AreaKind, ChartKind, PeriodType, Polarity, Status, Unit
from portal.disclosure import clearing, inference, neighbourhoods
from portal.disclosure.neighbourhoods import FormerPart

POLICY = SmallCountSettings(ward_minimum=10, borough_minimum=5)
TOWN, WARD, OTHER = "E07000099", "E05099001", "E05099002"
EAST, WEST, WHOLE = "C05099001", "H05099001", "A05099002"
YEAR = date(2025, 4, 1), date(2026, 3, 31)


def area(code: str, kind: AreaKind, parent: str) -> Area:
    return Area("s", "l", code, code, kind, parent, None, None)


def indicator(name: str = "asb", **more: object) -> Indicator:
    empty = {f.name: "" for f in fields(Indicator)}
    kinds = {
        "unit": Unit.COUNT, "period_type": PeriodType.ROLLING_MONTHS, "polarity": Polarity.NEUTRAL, "chart": ChartKind.RECORDED,
        "sensitive": False, "protected": False,
    }  # fmt: skip
    return Indicator(**{**empty, **kinds, "id": name, "title": name, **more})  # type: ignore[arg-type]


def figure(code: str, value: int | None, **more: object) -> Observation:
    status = Status.PLAIN if value is not None else Status.WITHHELD
    o = Observation("s", "l", "asb", code, *YEAR, "", None if value is None else Decimal(value), status)
    return replace(o, **more)  # type: ignore[arg-type]


def content(*figures: Observation, people: int = 6_000, indicators: tuple[Indicator, ...] = ()) -> Content:
    kinds = {
        TOWN: (AreaKind.BOROUGH, ""), WARD: (AreaKind.WARD, TOWN), OTHER: (AreaKind.WARD, TOWN),
        EAST: (AreaKind.NEIGHBOURHOOD, WARD), WEST: (AreaKind.NEIGHBOURHOOD, WARD), WHOLE: (AreaKind.NEIGHBOURHOOD, OTHER),
    }  # fmt: skip
    empty: dict[str, object] = {f.name: {} if "Mapping" in str(f.type) else () for f in fields(Content)}
    known = {i.id: i for i in indicators or (indicator(),)}
    by_indicator: dict[str, list[Observation]] = {}
    for o in figures:
        by_indicator.setdefault(o.indicator, []).append(o)
    populations = {c: Population("s", "l", c, 2021, people, "Census") for c in (EAST, WEST, WHOLE)}
    return Content(
        **{
            **empty,
            "areas": {c: area(c, *k) for c, k in kinds.items()},
            "indicators": known,
            "observations": {i: tuple(own) for i, own in by_indicator.items()},
            "populations": populations,
        }  # type: ignore[arg-type]
    )


def words(*figures: Observation, **more: object) -> list[str]:
    return [p.message for p in clearing.forbidden_figures(content(*figures, **more), POLICY)]  # type: ignore[arg-type]


def test_two_parts_of_a_ward_that_are_large_enough_are_shown() -> None:
    assert words(figure(EAST, 40), figure(WEST, 10), figure(WHOLE, 3)) == []
    assert words(figure(EAST, None), figure(WEST, None)) == []


@pytest.mark.parametrize(
    ("figures", "message"),
    [
        ([figure(EAST, 40), figure(WEST, 9)], "under 10"),
        ([figure(EAST, 40), figure(WEST, None)], "withheld or left out"),
        ([figure(EAST, 40)], "withheld or left out"),
        ([figure(EAST, 40, period_start=date(2026, 1, 1)), figure(WEST, 40, period_start=date(2026, 1, 1))], "exactly 12 months"),
        ([figure(EAST, 40, part="Noise"), figure(WEST, 40, part="Noise")], "not split by type"),
        (
            [
                *(figure(c, 40) for c in (EAST, WEST)),
                *(figure(c, 41, period_start=date(2025, 7, 1), period_end=date(2026, 6, 30)) for c in (EAST, WEST)),
            ],
            "give away a few months",
        ),
    ],
)  # fmt: skip
def test_a_figure_that_says_too_much_is_refused(figures: list[Observation], message: str) -> None:
    assert any(message in found for found in words(*figures))


def test_a_part_with_too_few_residents_is_refused_and_a_whole_ward_is_not() -> None:
    found = words(figure(EAST, 40), figure(WEST, 40), figure(WHOLE, 40), people=4_999)
    assert len(found) == 2
    assert all("has 4,999 residents, and a part of a ward must have at least 5,000" in m for m in found)
    assert words(figure(EAST, 40), figure(WEST, 40), people=5_000) == []


@pytest.mark.parametrize(
    "guarded",
    [
        (indicator(sensitive=True),),
        (indicator(protected=True),),
        (indicator(), indicator("abuse", sensitive=True, part_of="asb")),
        (indicator(part_of="all"), indicator("all"), indicator("abuse", protected=True, part_of="all")),
    ],
)
def test_an_indicator_that_becomes_protected_must_take_its_neighbourhoods_back(
    guarded: tuple[Indicator, ...],
) -> None:
    problems = [
        *clearing.forbidden_figures(content(figure(EAST, 40), figure(WEST, 40), indicators=guarded), POLICY)
    ]
    about = [p for p in problems if "must be withdrawn" in p.message]
    assert len(about) == 1
    assert "portal withdraw" in about[0].fix


def test_a_small_part_takes_all_parts_of_its_ward_with_it_and_no_whole_ward() -> None:
    given = [figure(EAST, 40), figure(WEST, 9), figure(WHOLE, 2), figure(WARD, 49)]
    done = neighbourhoods.withhold(given, content(*given), POLICY)
    assert {o.area: o.value for o in done.observations} == {EAST: None, WEST: None, WHOLE: 2, WARD: 49}
    assert (done.small, done.beside) == (1, 1)
    assert words(*done.observations) == []


def test_what_was_withheld_before_stays_withheld() -> None:
    """Else a reader of both releases would know that the count is just over the minimum."""
    given = [figure(EAST, 40), figure(WEST, 10)]
    done = neighbourhoods.withhold(given, content(*given), POLICY, [figure(WEST, None)])
    assert all(o.value is None for o in done.observations)


@pytest.mark.parametrize("ward", range(0, 61, 3))
def test_a_reader_of_a_withheld_ward_learns_only_that_a_part_is_small(ward: int) -> None:
    """Every table with this ward that is withheld looks the same: a part can be any count that the ward allows."""
    looks: dict[tuple[int | None, ...], list[tuple[int, int]]] = {}
    for east, west in product(range(ward + 1), repeat=2):
        if east + west == ward:
            given = [figure(EAST, east), figure(WEST, west)]
            shown = neighbourhoods.withhold(given, content(*given), POLICY).observations
            looks.setdefault(tuple(None if o.value is None else int(o.value) for o in shown), []).append(
                (east, west)
            )
    hidden = looks.pop((None, None), [])
    assert all(len(tables) == 1 and min(tables[0]) >= 10 for tables in looks.values())
    assert {east for east, _ in hidden} >= set(range(min(ward, 9) + 1))
    assert {west for _, west in hidden} >= set(range(min(ward, 9) + 1))


LSOAS = {EAST: ("1", "2", "3"), WEST: ("4", "5", "6"), WHOLE: ("7", "8")}
LATER = (date(YEAR[0].year + 1, YEAR[0].month, 1), date(YEAR[1].year + 1, YEAR[1].month, YEAR[1].day))
SHIFTED = (date(YEAR[0].year, YEAR[0].month + 1, 1), date(YEAR[1].year, YEAR[1].month + 1, 30))


@pytest.mark.parametrize(
    ("lsoas", "period", "is_refused"),
    [
        ("123", YEAR, False),  # the same part
        ("12", YEAR, False),  # a part of it: the other parts of that time were published too
        ("123456", YEAR, False),  # both together, which is the ward
        ("1234", YEAR, True),  # less today's east it is a single LSOA
        ("1234", LATER, False),  # other months say nothing about these
        ("123", SHIFTED, True),  # a month less and a month more
        ("9", YEAR, False),  # elsewhere
    ],
)
def test_a_part_of_an_earlier_release_is_refused_where_it_gives_a_smaller_area_away(
    lsoas: str, period: tuple[date, date], is_refused: bool
) -> None:
    now = content(figure(EAST, 40), figure(WEST, 10), figure(WHOLE, 3))
    rows = tuple(NeighbourhoodLsoa("s", "l", e, code) for code, inside in LSOAS.items() for e in inside)
    now = replace(now, neighbourhoods=rows)
    part = FormerPart("asb", "Z05000001", "Old part", frozenset(lsoas), *period)
    earlier = inference.EarlierRelease("First", (), {}, (part,))
    found = [p for p in clearing.problems(now, POLICY, (earlier,)) if "Old part" in p.message]
    assert bool(found) == is_refused
    assert all(
        "The release First has" in p.message and "portal withdraw asb --area Z05000001" in p.fix
        for p in found
    )
