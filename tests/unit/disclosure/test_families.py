"""Withheld counts that follow from the wards, parts or earlier numbers of other indicators of the same family."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest
from portal.core.model import AcceptedWarning, Content, Observation
from portal.core.remembered import Remembered
from portal.disclosure import clearing, earlier_relations
from portal.disclosure.inference import EarlierRelease, infer
from test_other_names import (
    POLICY,
    REST,
    B,
    Cell,
    N,
    S,
    W,
    content,
    figure,
    series,
    tiny_content,
    year,
)

__all__ = ["tiny_content"]
Figures = Sequence[Observation]


def family(plain: Content, figures: Figures, **part_of: str) -> Content:
    of = content(plain, *figures)
    return replace(
        of, indicators={k: replace(i, part_of=part_of.get(k, "")) for k, i in of.indicators.items()}
    )


def leaks(of: Content, *earlier: EarlierRelease) -> list[tuple[str, str, float, str]]:
    found = infer(of, POLICY, earlier).leaks
    return [(*x.interval.published.key[:2], x.interval.least, x.release) for x in found]  # type: ignore[index]


def by_ward(of: str, *values: Cell, y: int = 2019) -> list[Observation]:
    return [figure(of, v, a, year(y)) for v, a in zip(values, (N, S, W, REST), strict=True)]


def members(h: Cell, b: int, y: int = 2019, source: str = "returns") -> list[Observation]:
    """The two parts of the total t in the borough."""
    return [figure("h", h, B, year(y), source=source), figure("b", b, B, year(y), source=source)]


WARDS, PARTS = (
    by_ward("t", 50, 60, 70, 20),
    [figure("t", 30, B, part="Knives"), figure("t", 20, B, part="Guns")],
)
OF_TOTAL = {"h": "t", "b": "t"}
FOUND = {
    "wards of a total without a row": ([*WARDS, *members(None, 197)], OF_TOTAL, (B, 3)),
    "parts of a total without a row": ([*PARTS, *members(None, 47)], OF_TOTAL, (B, 3)),
    "wards of a total on two levels": (
        [*by_ward("top", 50, 60, 70, 20), figure("h", None, B), figure("b", 100, B), figure("c", 97, B), figure("mid", 90, B, year(2017))], {"h": "mid", "b": "mid", "mid": "top", "c": "top"}, (B, 3),
    ),
    "a ward of a total whose parts have no wards": (
        [*by_ward("h", None, 40, 50, 30), figure("h", 127, B), figure("x", 60, B), figure("y", 67, B)], {"x": "h", "y": "h"}, (N, 7),
    ),
    "a ward of a total that has a remainder": (
        [*by_ward("h", None, 40, 50, 30), figure("h", 127, B), figure("x", 60, B), figure("x", 50, B, year(2018)), figure("h", 90, B, year(2018))], {"x": "h"}, (N, 7),
    ),
    "another source that agrees in another year": (
        [*WARDS, *members(None, 197, source="report"), *by_ward("t", 50, 60, 70, 20, y=2018), *members(10, 190, 2018, "report")], OF_TOTAL, (B, 3),
    ),
}  # fmt: skip
FINE = {
    "nothing related": ([*WARDS, *members(None, 197)], {}),
    "wards without the records outside": ([*WARDS[:3], *members(None, 197)], OF_TOTAL),
    "another source": ([*WARDS, *members(None, 197, source="report")], OF_TOTAL),
    "wards that disagree in another year": (
        [*WARDS, *members(None, 197), *by_ward("t", 50, 60, 70, 20, y=2018), *members(12, 190, 2018)], OF_TOTAL,
    ),
    "wards that are fewer than a part": ([*WARDS, *members(None, 250)], OF_TOTAL),
    "parts that are not all": ([*PARTS, *members(None, 250)], OF_TOTAL),
}  # fmt: skip


@pytest.mark.parametrize("case", FOUND)
def test_wards_and_parts_of_a_total_count_for_what_it_is_made_of(tiny_content: Content, case: str) -> None:
    figures, part_of, (area, value) = FOUND[case]
    assert leaks(family(tiny_content, figures, **part_of)) == [("h", area, value, "")]


@pytest.mark.parametrize("case", FINE)
def test_figures_that_do_not_belong_together_or_contradict_say_nothing(
    tiny_content: Content, case: str
) -> None:
    figures, part_of = FINE[case]
    found = leaks(family(tiny_content, figures, **part_of))
    assert not found or case == "wards that disagree in another year"
    assert all(value != 3 or case.endswith("another year") for *_, value, _ in found)


# --- earlier releases


def release(of: Content) -> EarlierRelease:
    figures = tuple(o for own in of.observations.values() for o in own)
    return EarlierRelease("First", figures, of.indicators)


NOW = members(None, 57)
OTHER_TOTAL = [figure("t2", 90, B, year(2018))]


@pytest.mark.parametrize(
    ("figures", "part_of"),
    [
        (NOW, {}),  # the total is gone
        ([*NOW, figure("t", 70, B, year(2018))], {}),  # the total stays, without its parts
        ([*NOW, *OTHER_TOTAL], {"h": "t2", "b": "t2"}),
        ([*NOW, figure("t", 60, B)], {}),
    ],
)
def test_what_was_part_of_a_total_in_an_earlier_release_still_counts(
    tiny_content: Content, figures: Figures, part_of: dict[str, str]
) -> None:
    before = [figure("t", 60, B), figure("h", None, B), figure("b", None, B)]
    earlier = release(family(tiny_content, before, **OF_TOTAL))
    now = family(tiny_content, figures, **part_of)
    assert leaks(now) == []
    assert leaks(now, earlier) == [("h", B, 3, "First")]
    assert leaks(now, release(family(tiny_content, before))) == []


COPY, RATE = series("again", 15, 16, 17, 7), series("rate", "3.0", "3.2", "3.4", "1.4")
UNITS = {"rate": "per-1000:h per 1,000"}


@pytest.mark.parametrize(
    ("before", "beside", "told"),
    [
        (COPY, [], "again looks like the same figure"),
        (COPY, COPY[:3], "again looks like the same figure"),
        (COPY, series("again", 25, 26, 27, 30), "again looks like the same figure"),  # revised since
        (RATE, [], "rate looks like the rate of this count"),
        (COPY, COPY, ""),  # what is published now says so already
        (series("again", 15, 16, 21, 7), [], ""),
        (series("h", 15, 16, 17, 7), [], ""),  # the figure itself: a warning says so
    ],
)
def test_numbers_of_an_earlier_release_give_a_figure_away(
    tiny_content: Content, before: Figures, beside: Figures, told: str
) -> None:
    units = {k: v for k, v in UNITS.items() if any(o.indicator == k for o in before)}
    now = content(tiny_content, *series("h", 15, 16, 17, None), *beside, **units)
    earlier = release(content(tiny_content, *before, **units))
    found = earlier_relations.find_problems(
        now, POLICY, [earlier, replace(earlier, name="Second")], Remembered()
    )
    assert bool(found) == bool(told)
    if told:
        assert told in found[0].message
        assert "readers of earlier releases" in found[0].message
        assert "portal withdraw" in found[0].fix
    if told and not beside:
        stops = [p.name for p in clearing.problems(now, POLICY, [earlier])]
        assert found[0].name in stops
        why = ("unrelated", date(2020, 1, 1), "Alex")
        accepted = replace(now, accepted=tuple(AcceptedWarning(p.name, *why) for p in found))
        assert clearing.problems(accepted, POLICY, [earlier]) == ()
        warned = clearing.find_warnings(accepted, POLICY, [earlier])
        assert {p.name for p in found} <= {p.name for p in warned}


def test_every_number_that_a_figure_had_before_is_looked_at(tiny_content: Content) -> None:
    """The copy was revised twice: only the numbers of the first release, of which one stayed, are those of the figure."""
    now = content(tiny_content, *series("h", 15, 16, 17, None), *series("again", 25, 26, 27, 30))
    copies = ((15, 16, 17, 7), (15, 18, 19, 30), (20, 18, 19, 30))
    earlier = [release(content(tiny_content, *series("again", *values))) for values in copies]
    assert earlier_relations.find_problems(now, POLICY, earlier, Remembered())
    assert not earlier_relations.find_problems(now, POLICY, earlier[1:], Remembered())
