"""Withheld counts that follow from what was worked out of them and other published figures, and figures that do not fit."""

from dataclasses import replace
from datetime import date

import pytest
from portal.core.model import Content, Observation
from portal.disclosure import undeclared_relations
from portal.site import building
from project import make_project
from test_other_names import POLICY, B, N, S, content, figure, series, year

TWO_YEARS, THREE_YEARS = (date(2018, 1, 1), date(2019, 12, 31)), (date(2017, 1, 1), date(2019, 12, 31))
Case = tuple[list[Observation], dict[str, str], str]
FOUND: dict[str, Case] = {
    "an index of the count": ([*series("h", 50, None), *series("x", 100, 14)], {"x": "percent:Index, 2018 = 100"}, "x looks like an index of this count"),
    "an index of counts that never changed": ([*series("h", 50, 50, None), *series("x", 100, 100, 14)], {"x": "count:h, index"}, "x looks like"),
    "an index by its name": ([*series("h", 50, None), *series("x", 100, 14)], {"x": "percent:h since 2018"}, "x looks like a fixed multiple of this count"),
    "an index with decimals": ([*series("h", 50, None), *series("x", "100.0", "14.0")], {"x": "percent:Mynegai"}, "an index of this count"),
    "a cost of so many pounds each": ([*series("h", 50, None), *series("x", 150_000, 21_000)], {"x": "pounds:Shelter"}, "x looks like a fixed multiple of this count"),
    "a cost in another area": ([figure("h", 50, S), figure("h", None), figure("x", 150_000, S), figure("x", 21_000)], {"x": "pounds:Shelter"}, "a fixed multiple"),
    "a cost with pence": ([*series("h", 32, None), *series("x", "3948.80", "863.80")], {"x": "pounds:Taxis"}, "a fixed multiple"),
    "a mean of two years": ([*series("h", 40, 30, None), figure("x", 35, period=(date(2017, 1, 1), date(2018, 12, 31))), figure("x", "18.5", period=TWO_YEARS)], {}, "x looks like the mean of this count over 2 periods"),
    "a mean of two years by its name": ([*series("h", 40, None), figure("x", "23.5", period=TWO_YEARS)], {"x": "count:h, mean"}, "the mean of this count over 2 periods"),
    "a mean of three years, rounded": ([*series("h", 41, 30, 36, None), figure("x", 36, period=(date(2016, 1, 1), date(2018, 12, 31))), figure("x", 24, period=THREE_YEARS)], {}, "over 3 periods"),
    "a moving mean under the last year": ([*series("h", 40, 30, 20, None), *series("x", 35, 25, "13.5")], {}, "over 2 periods"),
    "a moving mean by its name": ([*series("h", 40, None), *series("x", 50, "23.5")], {"x": "count:h, two-year average"}, "over 2 periods"),
    "the whole of a share": ([*series("h", 20, 40, None), *series("y", 5, 8, 3), *series("x", "25.0", "20.0", "42.9")], {"x": "percent"}, "x looks like the share that is, of this count, y"),
    "the whole of a share by its name": ([figure("h", None), figure("y", 3), figure("x", "42.9")], {"x": "percent:Share of h that is y"}, "of this count, y"),
}  # fmt: skip

UNRELATED: dict[str, tuple[list[Observation], dict[str, str]]] = {
    "an index of something else": ([*series("h", 50, None), *series("x", 100, 93)], {"x": "percent:Index of house prices, 2018 = 100"}),
    "an index that says too little": ([*series("h", 5000, None), *series("x", 100, 0)], {"x": "percent:Index, 2018 = 100"}),
    "a cost that is no multiple": ([*series("h", 50, None), *series("x", 150_000, 21_700)], {"x": "pounds:Shelter"}),
    "a cost that leaves a large number": ([*series("h", 50, None), *series("x", 150_000, 210_000)], {"x": "pounds:Shelter"}),
    "a count that is half of another": ([*series("h", 50, None), *series("x", 100, 14)], {}),
    "a mean that did not fit before": ([*series("h", 40, 30, None), figure("x", 36, period=(date(2017, 1, 1), date(2018, 12, 31))), figure("x", "18.5", period=TWO_YEARS)], {}),
    "a count of the same name": ([*series("h", 40, None), *series("x", 50, 22)], {"x": "count:h by others"}),
    "a mean of unknown periods": ([*series("h", 40, None), figure("x", "23.5", period=TWO_YEARS)], {}),
    "a mean that leaves a large number": ([*series("h", 40, 30, None), figure("x", 35, period=(date(2017, 1, 1), date(2018, 12, 31))), figure("x", 35, period=TWO_YEARS)], {}),
    "a share that did not fit before": ([*series("h", 20, 40, None), *series("y", 5, 8, 3), *series("x", "25.0", "22.0", "42.9")], {"x": "percent"}),
    "a share of a large whole": ([*series("h", 20, 40, None), *series("y", 5, 8, 3), *series("x", "25.0", "20.0", "4.0")], {"x": "percent"}),
}  # fmt: skip


@pytest.fixture(scope="module")
def tiny_content(tmp_path_factory: pytest.TempPathFactory) -> Content:
    return building.read(make_project(tmp_path_factory.mktemp("plain") / "tiny"))[1]


@pytest.mark.parametrize("case", FOUND)
def test_what_was_worked_out_of_a_withheld_count_stops_the_check(tiny_content: Content, case: str) -> None:
    figures, units, told = FOUND[case]
    found = undeclared_relations.find_problems(content(tiny_content, *figures, **units), POLICY)
    assert any(told in p.message for p in found), found


@pytest.mark.parametrize("case", UNRELATED)
def test_what_does_not_fit_or_says_too_little_stops_nothing(tiny_content: Content, case: str) -> None:
    figures, units = UNRELATED[case]
    assert undeclared_relations.find_problems(content(tiny_content, *figures, **units), POLICY) == ()


def wards_of(
    plain: Content, counts: dict[int, list[int | None]], x: dict[int, list[int]], area: str = ""
) -> Content:
    """The counts of six wards in each year, and other figures: of each ward, or of one area."""
    codes = [f"E0599990{n}" for n in range(1, 7)]
    figures = [
        figure("h", v, a, year(y)) for y, row in counts.items() for a, v in zip(codes, row, strict=True)
    ]
    figures += [
        figure("x", v, a, year(y)) if not area else figure(f"x{n}", v, area, year(y))
        for y, row in x.items()
        for n, (a, v) in enumerate(zip(codes, row, strict=False))
    ]
    of = content(plain, *figures)
    named = {c: replace(plain.areas[N], code=c, name=f"Ward {c[-1]}") for c in codes}
    return replace(of, areas={**of.areas, **named})


RANKS: dict[str, tuple[list[int | None], list[int], bool]] = {
    "a rank": ([62, 20, None, 52, 50, 31], [1, 6, 3, 2, 4, 5], True),
    "a rank from the bottom": ([62, 20, None, 52, 50, 31], [6, 1, 4, 5, 3, 2], True),
    "a rank that leaves room": ([62, 20, None, 52, 30, 31], [1, 6, 3, 2, 5, 4], False),
    "a rank by something else": ([62, 20, None, 52, 50, 31], [1, 2, 3, 4, 5, 6], False),
    "a rank below all others": ([62, 20, None, 52, 50, 31], [1, 5, 6, 2, 3, 4], False),
}  # fmt: skip


@pytest.mark.parametrize("case", RANKS)
def test_a_rank_between_close_figures_gives_a_withheld_one_away(tiny_content: Content, case: str) -> None:
    counts, ranks, is_told = RANKS[case]
    of = wards_of(tiny_content, {2019: counts}, {2019: ranks})
    told = [p.message for p in undeclared_relations.find_problems(of, POLICY)]
    assert [m for m in told if "looks like the rank of this count" in m] == told[:1] * is_told
    assert bool(told) == is_told


THREE: dict[int, list[int | None]] = {
    2016: [20, 31, 14, 52, 50, 31],
    2017: [22, 35, 18, 47, 44, 30],
    2018: [27, 30, 12, 40, 61, 28],
    2019: [26, 33, None, 41, 58, 22],
}
SECTORS = {y: [sum(v or 7 for v in row[:3]), sum(v or 0 for v in row[3:])] for y, row in THREE.items()}  # fmt: skip


def test_three_wards_together_under_another_indicator_give_one_of_them_away(tiny_content: Content) -> None:
    told = undeclared_relations.find_problems(wards_of(tiny_content, THREE, SECTORS, B), POLICY)
    assert ["with Ward 1 and Ward 2 it could add up to x0; then it is 7." in p.message for p in told] == [
        True
    ]


def test_figures_of_a_borough_that_no_wards_add_up_to_stop_nothing(tiny_content: Content) -> None:
    other = {y: [n + y % 3 for n in row] for y, row in SECTORS.items()}
    assert undeclared_relations.find_problems(wards_of(tiny_content, THREE, other, B), POLICY) == ()
