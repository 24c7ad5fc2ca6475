"""Which published figures are tried first when a number that is taken back could still be worked out."""

from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from typing import Any

from portal.core.model import Area, Content, Indicator, Observation
from portal.core.vocabulary import Status
from portal.releases import exposure

YEAR = (date(2019, 1, 1), date(2019, 12, 31))
DAYS = ("2019-01-01", "2019-12-31")
TAKEN = ("a", "B", "", *DAYS)


def made(kind: type, /, **values: object) -> Any:
    """A value of a class with these fields, and empty ones besides."""
    return kind(**({f.name: "" for f in fields(kind)} | values))


def figure(
    indicator: str, value: int | None = 5, area: str = "B", part: str = "", year: int = 2019
) -> Observation:
    period = (date(year, 1, 1), date(year, 12, 31))
    return Observation(
        "s", "l", indicator, area, *period, part, None if value is None else Decimal(value), Status("")
    )


def content(*figures: Observation) -> Content:
    empty: dict[str, Any] = {f.name: () for f in fields(Content)}
    indicators = {
        "total": made(Indicator, id="total", title="All"), "a": made(Indicator, id="a", title="Arson", part_of="total", period_type="calendar-year"),
        "b": made(Indicator, id="b", title="Burglary", part_of="total"), "other": made(Indicator, id="other", title="Other"),
    }  # fmt: skip
    known = {i: tuple(o for o in figures if o.indicator == i) for i in indicators}
    areas = {"B": made(Area, code="B", name="Exampleton")}
    return Content(**empty | {"indicators": indicators, "observations": known, "areas": areas})


def candidates(
    of: Content, gone: frozenset[tuple[str, ...]] = frozenset({TAKEN})
) -> list[tuple[str, str, str]]:
    return [(k[0], k[1], k[2]) for k in exposure._candidates(of, [TAKEN], gone)]  # type: ignore[arg-type]


def test_only_figures_of_the_same_family_with_a_number_are_tried_the_nearest_first() -> None:
    of = content(
        figure("a"), figure("b"), figure("b", part="Race"), figure("b", area="N"), figure("b", None, "S"), figure("total"), figure("other"),
    )  # fmt: skip
    found = candidates(of)
    assert found[0] == ("b", "B", "")
    assert set(found) == {("b", "B", ""), ("b", "B", "Race"), ("b", "N", ""), ("total", "B", "")}
    # Parts are tried before totals that are as near.
    assert exposure._distance(("b", "B", "Race", *DAYS), [("a", "B", "Race", *DAYS)]) == (1, False)
    assert exposure._distance(("b", "B", "", *DAYS), [TAKEN, ("b", "N", "", *DAYS)]) == (1, True)


def test_what_is_taken_back_already_is_not_tried_again() -> None:
    of = content(figure("a"), figure("b"), figure("total"))
    gone = frozenset({TAKEN, ("b", "B", "", *DAYS)})
    assert candidates(of, gone) == [("total", "B", "")]


def test_figures_that_are_taken_back_are_withheld_and_all_others_stay() -> None:
    of = content(figure("a"), figure("a", 7, year=2020), figure("b"))
    found = exposure._without(of, [TAKEN])
    assert [(o.value, o.status) for o in found.observations["a"]] == [(None, "c"), (Decimal(7), "")]
    assert found.observations["b"] == of.observations["b"]


def test_a_figure_is_named_without_its_number() -> None:
    of = content(figure("a"))
    assert exposure.in_words(of, TAKEN) == "Arson, Exampleton, 2019"
    assert exposure.in_words(of, ("gone", "X", "Race", *DAYS)) == "gone, X, Race, 12 months to December 2019"
    assert exposure._figure_of(replace(figure("a"), period_start=None)) == ("a", "B", "", "", DAYS[1])
    assert YEAR[1].isoformat() == DAYS[1]
