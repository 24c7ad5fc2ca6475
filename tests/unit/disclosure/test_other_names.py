"""Withheld counts that follow from figures under another name: of another unit, of other months, or as a sum."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from portal.core.model import Content, Observation
from portal.core.settings import SmallCountSettings
from portal.core.vocabulary import ClaimKind, Status, Unit
from portal.disclosure import clearing, undeclared_relations
from portal.disclosure.inference import EarlierRelease, infer
from portal.site import building
from project import make_project

N, S, W, REST, B = "E05999991", "E05999992", "E05999993", "X09999999", "E09999999"
OTHER, REGION, FORCE = "E09999998", "E12999999", "E23999999"
POLICY = SmallCountSettings(ward_minimum=10, borough_minimum=5)
YEAR = (date(2019, 1, 1), date(2019, 12, 31))
Cell = int | str | None


@pytest.fixture(scope="module")
def tiny_content(tmp_path_factory: pytest.TempPathFactory) -> Content:
    return building.read(make_project(tmp_path_factory.mktemp("plain") / "tiny"))[1]


def year(n: int) -> tuple[date, date]:
    return date(n, 1, 1), date(n, 12, 31)


def figure(
    of: str,
    value: Cell,
    area: str = N,
    period: tuple[date, date] = YEAR,
    part: str = "",
    source: str = "returns",
) -> Observation:
    number = None if value is None else Decimal(value)
    status = Status.WITHHELD if value is None else Status.PLAIN
    return Observation(source, "l", of, area, *period, part, number, status)


def content(plain: Content, *figures: Observation, **units: str) -> Content:
    """The figures, those of h guarded; `units` gives the unit of other indicators, and a title after a colon."""
    model = next(i for i in plain.indicators.values() if i.unit == "count")
    indicators = {}
    for name in dict.fromkeys(o.indicator for o in figures):
        unit, _, title = units.get(name, "count").partition(":")
        indicators[name] = replace(
            model, id=name, slug=name, title=title or name, unit=Unit(unit), sensitive=name == "h", protected=title == "h in nine months",
            part_of="", breakdown="",
        )  # fmt: skip
    by_indicator = {i: tuple(o for o in figures if o.indicator == i) for i in indicators}
    return replace(
        plain, indicators=indicators, observations=by_indicator, claims=(), targets=(), accepted=()
    )


def series(of: str, *values: Cell, area: str = N) -> list[Observation]:
    """Figures of the years up to 2019."""
    return [figure(of, v, area, year(2020 - len(values) + n)) for n, v in enumerate(values)]


def months(of: str, *values: Cell) -> list[Observation]:
    ends = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    return [
        figure(of, v, B, (date(2019, n, 1), date(2019, n, ends[n - 1])))
        for n, v in enumerate(values, start=1)
    ]


def wards(*values: Cell, total: Cell = 127, of: str = "h") -> list[Observation]:
    """Figures of two wards, a third one, what has no ward, and the borough; those after the values given are 50 and 30."""
    known = dict(zip((N, S), values, strict=True)) | {W: 50, REST: 30, B: total}
    return [figure(of, v, area) for area, v in known.items() if area != B or total is not None]


TWO_YEARS, NINE_MONTHS = (date(2018, 1, 1), date(2019, 12, 31)), (date(2019, 1, 1), date(2019, 9, 30))
FOUND = {
    "a share of a public whole": (
        [*series("h", 20, 40, None), *series("all", 400, 500, 400), *series("x", "5.0", "8.0", "1.75")], {"x": "percent"}, "x looks like the share of this count in all",
    ),
    "a share by its name": (
        [figure("h", None), figure("all", 400), figure("x", "1.75")], {"x": "percent:h as a share of all", "all": "count:all"}, "x looks like the share of this count in all",
    ),
    "a strand's share of all strands": (
        [figure("h", 20, B), figure("h", None, B, part="Race"), figure("x", 15, B, part="Race")], {"x": "percent:h by kind, shares"}, "x, Race looks like the share",
    ),
    "a rate on another population": ([*series("h", 15, 25, None), *series("x", "3.75", "6.25", "1.75")], {"x": "per-1000"}, "a fixed multiple"),
    "a mean a month": ([*series("h", 12, 24, None), *series("x", 1, 2, "0.5833")], {}, "a fixed multiple"),
    "pounds a case": ([*series("h", 12, 24, None), *series("x", 3000, 6000, 1750)], {"x": "pounds"}, "a fixed multiple"),
    "the count as a percentage": ([*series("h", 12, 24, None), *series("x", 12, 24, 7)], {"x": "percent"}, "a fixed multiple"),
    "the same in every year": ([*series("h", 12, 24, None), *series("x", 12, 24, 7)], {}, "x looks like the same figure, and says 7"),
    "a total of it and another": ([*series("h", 12, 14, None), *series("y", 20, 31, 40), *series("x", 32, 45, 47)], {}, "y and h could add up to x; then it is 7"),
    "a rate on the residents": ([*series("h", 15, 30, None), *series("x", "3.0", "6.0", "1.4")], {"x": "per-1000"}, "x looks like the rate of this count"),
    "a rate by its name": ([figure("h", None), figure("x", "0.7")], {"x": "per-1000:h rate"}, "x looks like the rate of this count"),
    "a change since the year before": ([*series("h", 20, 40, 30, None), *series("x", 0, 100, -25, -77)[1:]], {"x": "percent-change"}, "x looks like the change of this count"),
    "a change by its name": ([*series("h", 20, None), figure("x", -65)], {"x": "percent-change:h change"}, "x looks like the change of this count"),
    "a rise in number": ([*series("h", 20, 25, 31, None), *series("x", 5, 6, -24)], {}, "the rise in number"),
    "two years together": ([*series("h", 40, None), figure("x", 47, period=TWO_YEARS)], {}, "x (47) could be the total of 2 figures"),
    "months of a year": ([*months("h", *[10] * 11, None), figure("x", 112, B)], {}, "x (112) could be the total of 12 figures"),
    "a year of months": ([figure("h", None, B), *months("x", *[1] * 3, *[0] * 9)], {"x": "count:h by month"}, "x looks like the same figure, and says 3"),
    "nine months of a year": ([figure("h", 25, B), figure("x", 22, B, NINE_MONTHS)], {"x": "count:h in nine months"}, "could leave a count of 3"),
    "parts of another": ([figure("h", None, B), figure("x", 3, B, part="Race"), figure("x", 1, B, part="Age")], {"x": "count:h by age"}, "says 4"),
    "wards of another": ([figure("h", None, B), figure("x", 3, N), figure("x", 1, REST)], {"x": "count:h by ward"}, "says 4"),
    "all wards but one": ([*wards(None, None), figure("x", 7), figure("x", 50, W), figure("x", 30, REST)], {}, "x looks like the same figure, and says 7"),
    "a larger ward by its name": ([*wards(None, None), figure("x", 40, S)], {"h": "count:Hidden cruelty", "x": "count:Hidden cruelty recorded"}, "x looks like the same figure, and says 40"),
    "a name in the plural": ([*wards(None, None), figure("x", 7)], {"h": "count:Hidden cruelty", "x": "count:Hidden cruelties"}, "x looks like the same figure, and says 7"),
    "a larger ward's share by its name": ([*wards(None, None), figure("x", "31.5", S)], {"x": "percent:h as a share of all"}, "x looks like the share of this count in h"),
    "months of the whole": ([*wards(None, 40, total=None), *months("x", *[10] * 11, 17)], {}, "x (127) could be the total of 4 figures"),
    "parts of the whole": ([*wards(None, 40, total=None), figure("x", 60, B, part="Race"), figure("x", 67, B, part="Age")], {}, "x (127) could be the total of 4 figures"),
    "boroughs of a police force": ([figure("h", None, B), figure("h", 50, OTHER), figure("h", 53, FORCE)], {}, "h (53) could be the total of 2 figures"),
}  # fmt: skip

UNRELATED = {
    "a share that does not fit": ([*series("h", 20, 40, None), *series("all", 400, 500, 400), *series("x", "5.0", "9.0", "1.75")], {"x": "percent"}),
    "a share that says too little": ([figure("h", None), figure("all", 4000), figure("x", "2")], {"x": "percent:h as a share of all", "all": "count:all"}),
    "a multiple that does not fit": ([*series("h", 12, 24, None), *series("x", 3000, 5000, 1750)], {"x": "pounds"}),
    "a multiple that says too little": ([*series("h", 120, 240, None), *series("x", 1, 2, 1)], {"x": "percent"}),
    "the same in one year only": ([*series("h", 12, 24, None), *series("x", 12, 25, 7)], {}),
    "a rate that does not fit": ([*series("h", 15, 30, None), *series("x", "3.0", "6.9", "1.4")], {"x": "per-1000"}),
    "a rate of another name": ([figure("h", None), figure("x", "0.7")], {"x": "per-1000:fires rate"}),
    "a change that does not fit": ([*series("h", 20, 40, 30, None), *series("x", 0, 100, 25, -77)[1:]], {"x": "percent-change"}),
    "a change of another name": ([*series("h", 20, None), figure("x", -65)], {"x": "percent-change:fires change"}),
    "a rise that does not fit": ([*series("h", 20, 25, 31, None), *series("x", 5, 7, -24)], {}),
    "two years that are far from it": ([*series("h", 40, None), figure("x", 470, period=TWO_YEARS)], {}),
    "months with a gap": ([*months("h", *[10] * 10, None), figure("x", 102, B)], {}),
    "nine months with room": ([figure("h", 25, B), figure("x", 19, B, NINE_MONTHS)], {"x": "count:h in nine months"}),
    "a larger ward of a name with more words": ([*wards(None, None), figure("x", 40, S)], {"h": "count:Hidden cruelty", "x": "count:Hidden cruelty at home"}),
    "months of a larger whole": ([*wards(None, 40, total=None), *months("x", *[20] * 12)], {}),
    "a force with other boroughs": ([figure("h", None, B), figure("h", 50, OTHER), figure("h", 530, FORCE)], {}),
}  # fmt: skip


@pytest.mark.parametrize("case", FOUND)
def test_a_count_that_follows_from_figures_under_another_name_is_found(
    tiny_content: Content, case: str
) -> None:
    figures, units, told = FOUND[case]
    found = undeclared_relations.find_problems(content(tiny_content, *figures, **units), POLICY)
    assert any(told in p.message for p in found), found


@pytest.mark.parametrize("case", UNRELATED)
def test_figures_that_do_not_fit_or_say_too_little_stop_nothing(tiny_content: Content, case: str) -> None:
    figures, units = UNRELATED[case]
    assert undeclared_relations.find_problems(content(tiny_content, *figures, **units), POLICY) == ()


def test_what_another_part_of_a_total_explains_is_no_sum_with_the_withheld_count(
    tiny_content: Content,
) -> None:
    """47 is 40 and 7, its published parts, so the withheld count need not be 7."""
    figures = [figure("h", None), figure("x", 47), figure("y", 40), figure("z", 7)]
    of = content(tiny_content, *figures)

    def sums(parts: str) -> list[str]:
        named = {i.id: replace(i, part_of="x" if i.id in parts else "") for i in of.indicators.values()}
        found = undeclared_relations.find_problems(replace(of, indicators=named), POLICY)
        return [p.message for p in found if "could add up to x; then it is 7" in p.message]

    assert sums("yz") == []
    assert sums("y") != []
    assert sums("") != []


def years_of_wards(*years: tuple[Cell, int]) -> list[Observation]:
    """Years with a count for the first ward, left out if it is None, and for the borough from another source."""
    known = {S: 40, W: 50, REST: 15}
    return [
        o
        for n, (first, total) in enumerate(years)
        for o in (
            *([] if first is None else [figure("h", first, N, year(2019 - n))]),
            *(figure("h", v, area, year(2019 - n)) for area, v in known.items()),
            figure("h", total, B, year(2019 - n), source="report"),
        )
    ]


@pytest.mark.parametrize(
    ("years", "is_known"),
    [
        ([(None, 112), (20, 125), (22, 127)], True),
        ([(None, 112), (20, 124), (22, 127)], False),  # the sources disagree in another year
        ([(None, 112)], False),  # nothing says whether they agree
    ],
)
def test_a_total_from_another_source_counts_where_both_agree_in_every_other_year(
    tiny_content: Content, years: list[tuple[Cell, int]], is_known: bool
) -> None:
    leaks = infer(content(tiny_content, *years_of_wards(*years)), POLICY).leaks
    assert [(i.interval.published.key[1], i.status) for i in leaks] == [(N, "left out")] * is_known  # type: ignore[index]


def test_an_earlier_total_still_counts_when_the_whole_is_divided_in_another_way(
    tiny_content: Content,
) -> None:
    """With the new part, the parts exceed the earlier total; 2 is what that leaves for the parts that it had."""
    before = (
        figure("h", 132, B),
        *(figure("h", v, B, part=p) for p, v in (("Aa", None), ("Bb", None), ("Cc", 100))),
    )
    now = [figure("h", v, B, part=p) for p, v in (("Aa", None), ("Bb", 30), ("Cc", 100), ("Dd", 20))]
    leaks = infer(content(tiny_content, *now), POLICY, (EarlierRelease("First", before, {}),)).leaks
    assert [(i.interval.published.key[2], i.interval.least, i.release) for i in leaks] == [("Aa", 2, "First")]  # type: ignore[index]


def test_a_borough_without_a_row_beside_its_region_is_left_out(tiny_content: Content) -> None:
    leaks = infer(content(tiny_content, figure("h", 50, OTHER), figure("h", 53, REGION)), POLICY).leaks
    assert [i.interval.published.key[1] for i in leaks] == [B]  # type: ignore[index]


def test_a_claim_without_a_period_can_be_about_any(tiny_content: Content) -> None:
    claim = replace(
        tiny_content.claims[0], kind=ClaimKind.VALUE,
        indicator="h", area=N, part="", period_start=None, period_end=None, stated=Decimal(70),
    )  # fmt: skip
    of = replace(content(tiny_content, figure("h", None)), claims=(claim,))
    assert [p.place for p in clearing.forbidden_figures(of, POLICY)] == [f"claims: {claim.id}"]
