"""A withheld part is found where another part is the total, a subtotal or a second grouping of it."""

import pytest
from portal.core.model import Content, Observation
from portal.disclosure import part_sums, undeclared_relations
from test_other_names import POLICY, B, Cell, N, content, figure, tiny_content, year

__all__ = ["tiny_content"]
Figures = list[Observation]


def of(y: int = 2019, area: str = B, /, **parts: Cell) -> Figures:
    """The figures of a year by part; `total` is the row without a part."""
    names = {p: p.replace("_", " ").replace("total", "") for p in parts}
    return [figure("h", v, area, year(y), part=names[p]) for p, v in parts.items()]


NAMED_TOTAL = {"Knives": 20, "Guns": 21, "Fire": None}
FOUND = {
    "a total": (of(**NAMED_TOTAL, Total=44), "h, Total (44)"),
    "all": (of(**NAMED_TOTAL, All=44), "h, All (44)"),
    "all kinds": (of(**NAMED_TOTAL, All_kinds=44), "h, All kinds (44)"),
    "a total in Welsh": (of(**NAMED_TOTAL, Cyfanswm=44), "h, Cyfanswm (44)"),
    "a total of a ward": (of(2019, N, **NAMED_TOTAL, All=47), "h, All (47)"),
    "a total of which a part is left out": ([*of(Knives=20, Guns=21, All=44), *of(2018, Fire=9)], "h, All (44)"),
    "a total that leaves a larger part": (of(**NAMED_TOTAL, Overall=71), "h, Overall (71)"),
    "a total beside the total row, when it is withheld itself": (
        [*of(2018, Knives=25, Guns=30, Fire=12, All=67, total=67), *of(**NAMED_TOTAL, All=None, total=44)], "h (44) could be the total of 3 figures",
    ),
    "two parts joined": (of(**NAMED_TOTAL, Fire_and_guns=24), "h, Fire and guns (24)"),
    "two parts joined with a stroke": (of(**{**NAMED_TOTAL, "Guns/fire": 24}), "h, Guns/fire (24)"),
    "a part with two kinds": (of(Knives=30, Kitchen_knives=28, Other_knives=None, Guns=50), "h, Knives (30)"),
    "sexes beside ages": (of(Men=30, Women=20, Under_18=None, **{"18 or over": 47}), "h, Men and Women (50)"),
    "a subtotal in other words, by two years": (
        [*of(2017, Knives=25, Guns=30, Weapons=55), *of(2018, Knives=26, Guns=33, Weapons=59), *of(Knives=20, Guns=None, Weapons=23)], "h, Weapons (23)",
    ),
    "the total row less a subtotal in other words": (
        [
            *of(2017, Knives=25, Guns=30, Weapons=55, Fire=40, total=95), *of(2018, Knives=26, Guns=33, Weapons=59, Fire=45, total=104),
            *of(Knives=20, Guns=21, Weapons=41, Fire=None, total=44),
        ], "h (44) could be the total of 2 figures",
    ),
}  # fmt: skip
FINE = {
    "all others": of(**NAMED_TOTAL, All_other_offences=44),
    "other": of(**NAMED_TOTAL, Other=44),
    "a rest": of(**NAMED_TOTAL, Rest=44),
    "a total with room for two": of(Knives=20, Guns=None, Fire=None, All=144),
    "a total that another year contradicts": [*of(2018, Knives=25, Guns=30, Fire=12, All=90), *of(**NAMED_TOTAL, All=44)],
    "a subtotal that leaves a larger part": of(Knives=20, Guns=None, Knives_and_guns=43),
    "a part whose name others contain": of(Theft=50, Theft_from_a_person=30, Theft_from_a_vehicle=None, Other=40, total=170),
    "a part not recorded": of(Not_recorded=30, Offender_not_recorded=28, Victim_not_recorded=None),
    "ages that make fewer": of(Men=30, Women=20, Under_18=None, **{"18 or over": 22}),
    "one year that fits by chance": [*of(2018, Knives=25, Guns=30, Bombs=55, Fire=20), *of(Knives=20, Guns=None, Bombs=23, Fire=20)],
}  # fmt: skip


@pytest.mark.parametrize("case", FOUND)
def test_a_sum_among_the_parts_stops(tiny_content: Content, case: str) -> None:
    figures, told = FOUND[case]
    found = undeclared_relations.find_problems(content(tiny_content, *figures), POLICY)
    assert any(told in p.message for p in found), found
    assert all("part_of" not in p.fix for p in found if told in p.message)


@pytest.mark.parametrize("case", FINE)
def test_ordinary_parts_stop_nothing(tiny_content: Content, case: str) -> None:
    found = undeclared_relations.find_problems(content(tiny_content, *FINE[case]), POLICY)
    assert not [p for p in found if "could be the total" in p.message]


@pytest.mark.parametrize(
    ("name", "is_total"),
    [
        ("All", True), ("TOTAL", True), ("All ages", True), ("Grand total", True), ("Every kind", True), ("Both sexes together", True), ("Pob math", True),
        ("All other offences", False), ("Other", False), ("Any other group", False), ("Allergies", False), ("Not all recorded", False), ("", False),
    ],
)  # fmt: skip
def test_which_names_are_totals(name: str, is_total: bool) -> None:
    assert part_sums._is_total(name) is is_total
