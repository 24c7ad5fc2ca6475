"""When the words of a target can mean the period of a withheld count."""

from dataclasses import replace
from datetime import date

import pytest
from portal.core.model import Observation
from portal.core.vocabulary import Status
from portal.disclosure import other_forms

HIDDEN = Observation("s", "l", "harm", "B", date(2019, 4, 1), date(2020, 3, 31), "", None, Status.WITHHELD)


@pytest.mark.parametrize(
    ("when", "can"),
    [
        ("2019", True),
        ("March 2020", True),
        ("2019-06-30", True),
        ("2018", False),
        ("21 June", False),
        ("the last year", True),  # without a number it can be any
        ("", True),
    ],
)
def test_words_can_mean_a_period_if_they_name_one_of_its_years_or_none(when: str, can: bool) -> None:
    assert other_forms.can_refer_to(when, HIDDEN) is can


def test_words_can_mean_a_count_whose_period_is_not_stated() -> None:
    assert other_forms.can_refer_to("2018", replace(HIDDEN, period_start=None, period_end=None))
