"""What a reader can work out from published figures: by hand, and against every table that fits them."""

from dataclasses import fields
from datetime import date
from decimal import Decimal
from itertools import product
from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from portal.core.model import Area, Content, Indicator, Observation
from portal.core.problems import PortalError
from portal.core.settings import SmallCountSettings
from portal.core.vocabulary import AreaKind, Status
from portal.disclosure import clearing
from portal.disclosure.audit import Interval, PublishedFigure, exposed_only, intervals

MONTHS = tuple(range(1, 14))
FIRST_YEAR, SECOND_YEAR = MONTHS[:12], MONTHS[1:]


def known(key: str, atoms: tuple[object, ...] | str, value: float, **more: object) -> PublishedFigure:
    return PublishedFigure(key, tuple(atoms), value, value, **more)  # type: ignore[arg-type]


def hidden(key: str, atoms: tuple[object, ...] | str, width: int = 10) -> PublishedFigure:
    return PublishedFigure(key, tuple(atoms), None, None, width)


def ends(*published: PublishedFigure, free: frozenset[object] = frozenset()) -> list[tuple[float, float]]:
    return [(i.least, i.greatest) for i in intervals(published, free)]


def test_a_single_withheld_part_of_a_total_is_exposed() -> None:
    found = intervals([known("all", "abc", 40), known("b", "b", 12), known("c", "c", 21), hidden("a", "a")])
    assert [(i.published.key, i.least, i.greatest) for i in found] == [("a", 7, 7)]
    assert exposed_only(found) == found


def test_a_withheld_zero_is_exposed_like_any_other_count() -> None:
    assert ends(known("all", "ab", 12), known("b", "b", 12), hidden("a", "a")) == [(0, 0)]


def test_two_withheld_parts_share_what_is_left() -> None:
    figures = [known("all", "abc", 40), known("c", "c", 35), hidden("a", "a"), hidden("b", "b", width=5)]
    assert ends(*figures) == [(0, 5), (0, 5)]
    assert [i.published.key for i in exposed_only(intervals(figures))] == ["a"]  # 5 is enough for b


def test_nothing_bounds_a_part_of_a_withheld_total() -> None:
    figures = [hidden("all", "ab"), hidden("a", "a"), known("b", "b", 3)]
    assert ends(*figures) == [(3, inf), (0, inf)]
    assert not exposed_only(intervals(figures))


def test_margins_of_a_two_way_table_bound_its_cells() -> None:
    """Withheld: a b / d e of a 3 × 3 table; their rows leave 5 and 20, their columns 8 and 17."""
    margins = [known("row 1", "abc", 15), known("row 2", "def", 30), known("row 3", "ghi", 9)]
    margins += [known("column 1", "adg", 10), known("column 2", "beh", 20), known("column 3", "cfi", 24)]
    inside = [
        known("c", "c", 10),
        known("f", "f", 10),
        known("g", "g", 2),
        known("h", "h", 3),
        known("i", "i", 4),
    ]
    assert ends(*margins, *inside, *(hidden(k, k) for k in "abde")) == [(0, 5), (0, 5), (3, 8), (12, 17)]


def test_overlapping_years_give_a_month_away() -> None:
    years = [known("year 1", FIRST_YEAR, 20), known("year 2", SECOND_YEAR, 25), hidden("new month", (13,))]
    assert ends(*years) == [(5, 25)]
    assert ends(*years, known("old month", (1,), 3)) == [(8, 8)]


def test_a_month_that_is_zero_gives_away_the_month_that_follows() -> None:
    years = [known("year 1", FIRST_YEAR, 0), known("year 2", SECOND_YEAR, 4), hidden("new month", (13,), 0)]
    assert ends(*years) == [(4, 4)]


def test_a_withheld_year_is_given_away_by_the_change_to_it() -> None:
    change = known("change", (*"b", *"a"), 6, signs=(1, -1))
    assert ends(known("before", "a", 30), hidden("after", "b"), change) == [(36, 36)]


def test_a_percentage_of_a_published_count_exposes_the_other() -> None:
    percent = PublishedFigure("after, from +25.0%", ("b",), 40 * 1.2495, 40 * 1.2505)
    assert ends(known("before", "a", 40), percent, hidden("after", "b")) == [(50, 50)]


def test_a_percentage_between_two_withheld_counts_ties_them() -> None:
    """12.5% more, rounded to one decimal, of a count under 20: only 8 and 16 give it."""
    atoms = ("b", "a")
    percent = [
        PublishedFigure("change at least", atoms, 0, None, signs=(1, -1.1245)),
        PublishedFigure("change at most", atoms, None, 0, signs=(1, -1.1255)),
        PublishedFigure("some", ("a",), 1, 15),
    ]
    assert ends(*percent, hidden("before", "a"), hidden("after", "b")) == [(8, 8), (9, 9)]


def test_a_rounded_rate_leaves_only_the_whole_counts_within() -> None:
    rate = PublishedFigure(
        "0.6 for each 1,000 of 17,002", ("a",), 0.55 * 17.002, 0.65 * 17.002
    )  # 9.35 to 11.05
    assert ends(rate, hidden("a", "a")) == [(10, 11)]


def test_half_counts_are_not_taken_as_safety() -> None:
    """Of three counts no two add up to more than 1: in fractions they could be 1.5 together, in fact only 1."""
    pairs = [PublishedFigure(pair, tuple(pair), 0, 1) for pair in ("ab", "bc", "ac")]
    assert ends(*pairs, hidden("all", "abc")) == [(0, 1)]


def test_an_earlier_release_exposes_a_figure_that_is_withheld_now() -> None:
    now = [known("all", "abc", 40), hidden("a", "a"), hidden("b", "b"), known("c", "c", 11)]
    assert ends(*now) == [(0, 29), (0, 29)]
    assert ends(*now, known("a", "a", 9)) == [(9, 9), (20, 20)]


def test_only_free_atoms_may_be_negative() -> None:
    figures = [known("all", "ab", 5), hidden("a", "a")]
    assert ends(*figures) == [(0, 5)]
    assert ends(*figures, free=frozenset("b")) == [(0, inf)]
    assert ends(*figures, free=frozenset("ab")) == [(-inf, inf)]


def test_nothing_withheld_and_nothing_published() -> None:
    assert intervals([]) == intervals([known("a", "a", 1)]) == ()
    assert ends(hidden("a", "a")) == [(0, inf)]


def test_width_of_an_interval_may_be_just_enough() -> None:
    figure = hidden("a", "a", 3)
    assert exposed_only([Interval(figure, 2, 5), Interval(figure, 2, 4)]) == (Interval(figure, 2, 4),)


@pytest.mark.parametrize(
    ("figures", "named", "spared"),
    [
        ([known("all", "ab", 40), known("a", "a", 30), known("b", "b", 11), known("c", "c", 5)], "all a b", "c"),
        ([known("all", "ab", 4), known("a", "a", 5), hidden("b", "b"), known("c", "c", 5)], "all a", "c"),
        ([known("a", "a", 4), known("a", "a", 5)], "a", ""),
        ([known("a", "a", -1)], "a", ""),
        ([known("a", "a", 2.5)], "a", ""),
        ([known("all", "abc", 9), PublishedFigure("part", ("a", "b"), 10, 12), hidden("a", "a"), known("d", "d", 1)], "all part", "d"),
        ([known("x", "ab", 1), known("y", "bc", 1), known("z", "ac", 1), hidden("a", "a")], "x y z", ""),
        ([known("twice", "a", 3, signs=(2,)), hidden("a", "a")], "twice", ""),
    ],
)  # fmt: skip
def test_figures_that_contradict_each_other_are_named(
    figures: list[PublishedFigure], named: str, spared: str
) -> None:
    with pytest.raises(PortalError) as stopped:
        intervals(figures)
    (problem,) = stopped.value.problems
    assert problem.code == "contradiction"
    assert problem.fix
    assert all(f"{name} (" in problem.message for name in named.split())
    assert not spared or f"{spared} (" not in problem.message


def test_a_message_names_figures_in_words() -> None:
    total = PublishedFigure("k", ("a", "b"), 4, 4, words="Thefts, all wards")
    rate = PublishedFigure("r", ("a",), 5.5, None, words="Thefts, from the rate")
    with pytest.raises(
        PortalError, match=r"Thefts, all wards \(4\); Thefts, from the rate \(5\.5 to any number\)"
    ):
        intervals([total, rate, hidden("b", "b")])


def test_signs_and_atoms_go_together() -> None:
    with pytest.raises(ValueError, match="shorter"):
        intervals([PublishedFigure("change", ("a", "b"), 1, 1, signs=(1,))])


@st.composite
def systems(draw: st.DrawFn) -> tuple[tuple[PublishedFigure, ...], list[int]]:
    """Figures about a few atoms with their true values: exact, rounded, a difference, withheld; a total bounds all."""
    truth = draw(st.lists(st.integers(0, 4), min_size=2, max_size=4))
    atoms = tuple(range(len(truth)))
    figures = [PublishedFigure("all", atoms, sum(truth), sum(truth))]
    for key in range(draw(st.integers(1, 6))):
        own = tuple(draw(st.lists(st.sampled_from(atoms), min_size=1, max_size=4, unique=True)))
        signs = tuple(draw(st.lists(st.sampled_from([1, 1, 1, -1, 2]), min_size=len(own), max_size=len(own))))
        value = sum(s * truth[a] for a, s in zip(own, signs, strict=True))
        kind = draw(st.sampled_from(["exact", "rounded", "withheld", "withheld"]))
        slack = draw(st.sampled_from([0.4, 1, 1.6])) if kind == "rounded" else 0
        bounds = (None, None) if kind == "withheld" else (value - slack, value + slack)
        figures.append(PublishedFigure(key, own, *bounds, signs=signs))
    return tuple(draw(st.permutations(figures))), truth


def values_of(figure: PublishedFigure, tables: list[tuple[int, ...]]) -> list[int]:
    signs = figure.signs or (1,) * len(figure.atoms)
    return [sum(int(s) * t[a] for a, s in zip(figure.atoms, signs, strict=True)) for t in tables]  # type: ignore[call-overload]


@settings(deadline=None)
@given(systems())
def test_intervals_are_those_of_every_table_that_fits(
    case: tuple[tuple[PublishedFigure, ...], list[int]],
) -> None:
    figures, truth = case
    tables = list(product(range(sum(truth) + 1), repeat=len(truth)))
    for f in figures:
        if not f.withheld and f.low is not None and f.high is not None:
            fits = [f.low <= v <= f.high for v in values_of(f, tables)]
            tables = [t for t, fit in zip(tables, fits, strict=True) if fit]
    expected = [(min(v), max(v)) for v in (values_of(f, tables) for f in figures if f.withheld)]
    assert ends(*figures) == expected


@settings(deadline=None)
@given(systems(), st.data())
def test_publishing_more_never_widens_an_interval(
    case: tuple[tuple[PublishedFigure, ...], list[int]], data: st.DataObject
) -> None:
    figures, _ = case
    fewer = [f for f in figures if f.withheld or data.draw(st.booleans())]
    for less, more in zip(intervals(fewer), intervals(figures), strict=True):
        assert less.least <= more.least <= more.greatest <= less.greatest


def test_a_published_figure_below_zero_is_no_contradiction() -> None:
    """Two sources can differ so that a part is below zero; then the others may exceed their total by as much."""
    thefts = Indicator(
        **{f.name: "" for f in fields(Indicator)}  # type: ignore[arg-type]
        | {
            "id": "thefts",
            "unit": "count",
            "period_type": "rolling-months",
            "sensitive": False,
            "protected": True,
        }
    )
    values = {"": Decimal(5), "A": Decimal(-2), "B": None, "C": None}
    figures = tuple(
        Observation(
            "s", "l", "thefts", "E1", date(2023, 1, 1), date(2023, 12, 31), part, v, Status("" if v else "c")
        )
        for part, v in values.items()
    )
    empty: dict[str, object] = {f.name: () for f in fields(Content)}
    empty |= {
        "sources": {},
        "minimums": {},
        "indicators": {"thefts": thefts},
        "observations": {"thefts": figures},
    }
    empty["areas"] = {"E1": Area("s", "l", "E1", "Exampleton", AreaKind.BOROUGH, "", None, None)}
    found = clearing.intervals(Content(**empty), SmallCountSettings(10, 5))  # type: ignore[arg-type]
    assert [(i.least, i.greatest) for i in found] == [(0, 7), (0, 7)]
