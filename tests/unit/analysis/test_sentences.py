"""The sentence under a chart: which parts and figures it names, and what it says of each once."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from portal.analysis import sentences
from portal.analysis.sentences import ChartInput
from portal.core.model import Area, Observation
from portal.core.vocabulary import AreaKind, Status
from portal.disclosure.clearing import ClearedContent
from test_measures import indicator, released

HOME, OTHER = "E1", "E2"
NAMES = {HOME: "Abertawe", OTHER: "Barton"}


def figure(value: object, part: str = "", area: str = HOME, end: int = 2016) -> Observation:
    days = (date(end - 1, 8, 1), date(end, 7, 31))
    number = None if value is None else Decimal(str(value))
    status = Status.PLAIN if value is not None else Status.WITHHELD
    return Observation("s", "l", "thefts", area, *days, part, number, status)


def chart(*figures: Observation, **more: str) -> ChartInput:
    areas = {code: Area("s", "l", code, name, AreaKind.BOROUGH, "", None, None) for code, name in NAMES.items()}  # fmt: skip
    content = released(*figures, areas=areas).content
    own = indicator(**more)
    return ChartInput(ClearedContent(replace(content, indicators={own.id: own}), HOME), own, tuple(figures))


def kinds(*values: tuple[object, str]) -> list[Observation]:
    return [figure(value, part) for value, part in values]


@pytest.mark.parametrize(
    ("breakdown", "figures", "said"),
    [
        # Kinds of one thing are recorded as such, the largest first, of the total if there is one.
        (
            "type", kinds((69, ""), (7, "Faith"), (52, "Racial"), (10, "Homophobic")),
            "of 69 offences, 52 were recorded as Racial, 10 as Homophobic and 7 as Faith.",
        ),
        ("type", kinds((1, "Faith")), "1 offence was recorded as Faith."),
        ("type", kinds((2, "Faith")), "2 offences were recorded as Faith."),
        # What the records do not say is no kind.
        (
            "type", kinds((69, ""), (7, "Faith"), (52, "Racial"), (10, "Not stated")),
            "of 69 offences, 52 were recorded as Racial and 7 as Faith. For 10, it was not stated.",
        ),
        ("type", kinds((2, "Not stated")), "2 offences were recorded as Not stated."),
        # What is not a kind of anything is only listed.
        ("item", kinds((52, "Streets"), (10, "Shops")), "52 offences (Streets) and 10 (Shops)."),
        ("item", kinds((62, ""), (52, "Streets"), (10, "Shops")), "52 offences (Streets) and 10 (Shops), of 62 offences in all."),
        # They can be names, which keep their capital.
        ("result", kinds((60, "Muslim women"), (58, "Irish Travellers")), "60 offences (Muslim women) and 58 (Irish Travellers)."),
        # Nothing is "recorded as" an age.
        ("age", kinds((52, "10 to 17"), (10, "18 and over")), "52 offences (10 to 17) and 10 (18 and over)."),
        # A part without a number is counted, with the reason.
        ("type", kinds((52, "Racial"), (None, "Faith")), "52 offences were recorded as Racial. 1 of 2 figures is withheld"),
    ],
)  # fmt: skip
def test_the_largest_parts_are_named(breakdown: str, figures: list[Observation], said: str) -> None:
    found = sentences.describe_largest_parts(chart(*figures, breakdown=breakdown))
    assert found.startswith(f"Thefts in the 12 months to July 2016: {said}")


def test_the_largest_fall_is_named_beside_the_largest_rises() -> None:
    figures = kinds((-3, "A"), (200, "B"), (0, "C"), (-135.5, "D"))
    found = sentences.describe_largest_parts(chart(*figures, breakdown="type", unit="percent-change"))
    assert found.endswith(": +200% (B), 0% (C) and −135.5% (D).")


def test_an_estimate_is_called_so() -> None:
    estimate = replace(figure(12), status=Status.ESTIMATED)
    assert sentences.describe_latest(chart(estimate)).endswith("12 offences (estimated).")


def test_parts_of_several_areas_are_listed_and_have_no_total() -> None:
    figures = [figure(69), figure(52, "Racial"), figure(10, "Racial", OTHER)]
    found = sentences.describe_largest_parts(chart(*figures, breakdown="type"))
    assert found == "Thefts in the 12 months to July 2016: 52 offences (Racial, Abertawe) and 10 (Racial, Barton)."  # fmt: skip


def test_only_the_newest_period_is_described() -> None:
    figures = [figure(80, "Racial", end=2015), figure(52, "Racial")]
    found = sentences.describe_largest_parts_now(chart(*figures, breakdown="type"))
    assert found == "Thefts in the 12 months to July 2016: 52 offences were recorded as Racial."


def test_every_figure_is_named_with_what_tells_it_from_the_others() -> None:
    def said(*figures: Observation) -> str:
        return sentences.describe_all_figures(chart(*figures))

    assert said(figure(12)) == "Thefts in the 12 months to July 2016: 12 offences."
    assert said(figure(12), figure(1, area=OTHER)) == (
        "Thefts in the 12 months to July 2016: 12 offences in Abertawe and 1 offence in Barton."
    )
    assert said(figure(12, end=2015), figure(13)) == (
        "Thefts: 12 offences in the 12 months to July 2015 and 13 offences in the 12 months to July 2016."
    )
    assert said(figure(12, area=OTHER)) == "Thefts in Barton in the 12 months to July 2016: 12 offences."


def test_of_many_figures_only_the_newest_of_the_own_area_are_named() -> None:
    years = [figure(n, end=2000 + n) for n in range(1, 10)]
    assert sentences.describe_all_figures(chart(*years)) == (
        "Thefts in the 12 months to July 2009: 9 offences."
    )
    elsewhere = [replace(o, area=OTHER) for o in years]
    assert sentences.describe_all_figures(chart(*elsewhere)) == (
        "Thefts: 9 figures, 12 months to July 2001 to 12 months to July 2009. The table shows them all."
    )
    parts = [figure(n, f"Kind {n}") for n in range(1, 10)]
    assert "9 figures" in sentences.describe_all_figures(chart(*parts, breakdown="type"))
    assert "9 figures" not in sentences.describe_all_figures(chart(*parts[1:], breakdown="type"))
