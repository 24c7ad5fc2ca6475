"""Withheld counts that follow from measures whose names say how, without proof, and series with a period of no row."""

from dataclasses import replace

import pytest
from portal.core.model import Content, Observation, Population
from portal.disclosure import undeclared_relations
from portal.site import building
from project import make_project
from test_other_names import POLICY, REST, B, Cell, N, S, W, content, figure, series, year

Case = tuple[list[Observation], str]
KINDS = (("Knives", 20), ("Guns", 21), ("Fire", None))


def of_wards(h: Cell, x: Cell, *, at: str = N, total: Cell = None) -> list[Observation]:
    """The count of a withheld ward beside those of two others, and another figure of an area."""
    known = [figure("h", h), figure("h", 40, S), figure("h", 50, W)]
    return [*known, *([figure("h", total, B)] if total else []), figure("x", x, at)]


def undated(value: Cell, part: str = "") -> Observation:
    return replace(figure("x", value, part=part), period_start=None, period_end=None)


def kinds(**shares: str) -> list[Observation]:
    counts = [figure("h", v, B, part=p) for p, v in KINDS]
    return [*counts, *(figure("x", v, B, part=p) for p, v in shares.items())]


FOUND: dict[str, Case] = {
    "fewer than the year before": ([*series("h", 20, None), figure("x", 13)], "count:Fewer h than the year before"),
    "the difference to the year before": ([*series("h", 20, None), figure("x", 13)], "count:h, difference to the year before"),
    "a rise": ([*series("h", 20, None), figure("x", -13)], "count:Rise in h, number"),
    "a rise from a withheld count": ([*series("h", None, 20), figure("x", 13)], "count:Rise in h, number"),
    "a percentage of the year before": ([*series("h", 20, None), figure("x", 35)], "percent:h as a percentage of the year before"),
    "a percentage of a withheld count": ([*series("h", None, 20), figure("x", 286)], "percent:h as a percentage of the previous year"),
    "a gap": (of_wards(None, 33), "count:Gap in h to South"),
    "a gap without the other's name": (of_wards(None, -43), "count:h, gap to the next"),
    "an average of the wards": (of_wards(None, "32.33", at=B), "count:h, average of the wards"),
    "areas together": (of_wards(None, 47, at=B, total=130), "count:h in North and Quay and South"),
    "areas together, by a word of their names": (of_wards(None, 47, at=B, total=130), "count:h in North and South"),
    "outside an area": (of_wards(None, 123, at=B, total=130), "count:h outside North and Quay"),
    "all kinds but one": ([*kinds(), figure("h", 51, B), figure("x", 48, B)], "count:h except fire"),
    "shares of the other kinds": (kinds(Knives="45.5", Guns="47.7"), "percent:h by kind, share"),
    "shares of the other kinds, by the names of these": (kinds(Knives="45.5", Guns="47.7"), "percent:Weapons"),
    "a cost of each": ([*series("h", 20, None), figure("x", 3500)], "pounds:Shelter for h, £500 each"),
    "a rate for more people, as a count": ([figure("h", None), figure("x", 140)], "count:h per 100,000 residents"),
    "a count without a period": ([*series("h", 20, None), undated(7, "2019")], "count:h last year"),
    "a rate without a period": ([*series("h", 20, None), undated("0.7")], "per-1000:h rate"),
    "a change without a period": ([*series("h", 20, None), undated(-65, "Last year")], "percent-change:Change in h"),
}  # fmt: skip

UNRELATED: dict[str, Case] = {
    "a fall to a large number": ([*series("h", 40, None), figure("x", 13)], "count:Fewer h than the year before"),
    "a count of some of them": ([*series("h", 20, None), figure("x", 13)], "count:h with more than one victim"),
    "a count of young ones": (of_wards(None, 33), "count:h, victims below 18 or above 65"),
    "a count of the last year": ([*series("h", 20, None), figure("x", 13)], "count:h at home last year"),
    "a fall of something else": ([*series("h", 20, None), figure("x", 13)], "count:Fewer fires than the year before"),
    "a count without such words": ([*series("h", 20, None), figure("x", 13)], "count:h at home"),
    "a rise that did not fit before": ([*series("h", 30, 20, None), *series("x", 13, 13)], "count:Rise in h, number"),
    "a percentage that leaves a large number": ([*series("h", 20, None), figure("x", 85)], "percent:h as a percentage of the year before"),
    "a percentage of other people": ([*series("h", 20, None), figure("x", 35)], "percent:h, people who are satisfied"),
    "a gap that leaves a large number": (of_wards(None, 23), "count:Gap in h to South"),
    "a gap that does not fit another ward": ([*of_wards(None, 33), figure("x", 20, W)], "count:Gap in h to South"),
    "an average that leaves a large number": (of_wards(None, "38.33", at=B), "count:h, average of the wards"),
    "another area": (of_wards(None, 8, at=B), "count:h in South"),
    "a large number in areas together": (of_wards(None, 77, at=B), "count:h in North and Quay and South"),
    "all kinds but another": ([*kinds(), figure("h", 70, B), figure("x", 48, B)], "count:h except fire"),
    "shares of larger kinds": (kinds(Knives="25.5", Guns="26.7"), "percent:h by kind, share"),
    "percentages of the same kinds": (kinds(Knives="45.5", Guns="37.7"), "percent:Weapons"),
    "a percentage of one kind": (kinds(Knives="45.5"), "percent:Weapons"),
    "a sum that is no multiple of a cost": ([*series("h", 20, None), figure("x", 3650)], "pounds:Shelter for h, £500 each"),
    "a count without a period, of another year": ([*series("h", 20, None), undated(7, "2017")], "count:h in one year"),
    "a count without a period, of a published year": ([*series("h", 20, None), undated(20)], "count:h in one year"),
    "a change without a period, of published years": ([*series("h", 20, 40, None), undated(100)], "percent-change:Change in h"),
    "a change without a period, to a large number": ([*series("h", 20, None), undated(50)], "percent-change:Change in h"),
    "a rate without a period, of something else": ([*series("h", 20, None), undated("1.4")], "per-1000:Rate of fires"),
}  # fmt: skip

SKIPPED: dict[str, tuple[Case, bool]] = {
    "the same figure": (([*series("h", 20, 31, 44, None), *series("x", 20, 31, 44, 7)], "count:Again"), True),
    "the same figure under the same name": (([*series("h", 20, 31, 44, None), *series("x", 20, 31, 44, 7)], "count:h again"), True),
    "a rate": (([*series("h", 20, 31, 44, None), *series("x", "2.0", "3.1", "4.4", "0.7")], "per-1000:Again"), True),
    "a change": (([*series("h", 20, 31, 20, None), *series("x", 55, "-35.5", -65)], "percent-change:Again"), True),
    "an index": (([*series("h", 20, 30, 40, None), *series("x", 100, 150, 200, 35)], "count:Index"), True),
    "pounds": (([*series("h", 20, 30, 40, None), *series("x", 1000, 1500, 2000, 350)], "pounds:Money"), True),
    "the same figure, large": (([*series("h", 20, 31, 44, None), *series("x", 20, 31, 44, 17)], "count:Again"), False),
    "a rate, large": (([*series("h", 20, 31, 44, None), *series("x", "2.0", "3.1", "4.4", "2.7")], "per-1000:Again"), False),
    "a change, large": (([*series("h", 20, 31, 20, None), *series("x", 55, "-35.5", 65)], "percent-change:Again"), False),
    "an index, large": (([*series("h", 20, 30, 40, None), *series("x", 100, 150, 200, 135)], "count:Index"), False),
    "another figure": (([*series("h", 20, 31, 44, None), *series("x", 20, 32, 44, 7)], "count:Again"), False),
    "nothing to compare": (([*series("h", 20, 31, 44, None), *series("x", 7)], "count:h again"), False),
}  # fmt: skip


@pytest.fixture(scope="module")
def tiny_content(tmp_path_factory: pytest.TempPathFactory) -> Content:
    return building.read(make_project(tmp_path_factory.mktemp("plain") / "tiny"))[1]


def problems(plain: Content, figures: list[Observation], x: str) -> list[str]:
    of = content(plain, *figures, x=x)
    people = {N: Population("s", "l", N, 2019, 10_000, "")}
    return [p.message for p in undeclared_relations.find_problems(replace(of, populations=people), POLICY)]


@pytest.mark.parametrize("case", FOUND)
def test_a_measure_whose_name_says_how_it_was_made_gives_a_withheld_count_away(
    tiny_content: Content, case: str
) -> None:
    found = problems(tiny_content, *FOUND[case])
    assert any("x looks like " in m or "x, " in m for m in found), found


@pytest.mark.parametrize("case", UNRELATED)
def test_a_measure_that_leaves_a_large_count_or_names_another_subject_stops_nothing(
    tiny_content: Content, case: str
) -> None:
    assert problems(tiny_content, *UNRELATED[case]) == []


@pytest.mark.parametrize("case", SKIPPED)
def test_a_series_that_agrees_elsewhere_gives_a_small_count_of_a_period_without_a_row_away(
    tiny_content: Content, case: str
) -> None:
    (figures, x), is_found = SKIPPED[case]
    found = problems(tiny_content, [o for o in figures if o.value is not None], x)
    assert all(m.startswith("This figure has no row, but x looks like") for m in found), found
    assert bool(found) == is_found


def test_a_period_of_other_months_than_the_series_has_is_not_missing(tiny_content: Content) -> None:
    figures = [figure("h", 20, period=year(2018)), *series("x", 20, 7)]
    assert problems(tiny_content, figures, "count:h again") != []
    quarter = [replace(o, period_end=o.period_end.replace(month=3)) for o in series("x", 20, 7) if o.period_end]  # fmt: skip
    assert problems(tiny_content, [figure("h", 20, period=year(2018)), *quarter], "count:h again") == []


def test_the_records_without_a_ward_count_in_the_average_where_they_are_published(
    tiny_content: Content,
) -> None:
    figures = [*of_wards(None, 32, at=B), figure("h", 31, REST)]
    assert problems(tiny_content, figures, "count:h, average of the wards") != []
