"""How many periods of an indicator an import keeps."""

from datetime import date
from decimal import Decimal

import pytest
from portal.core.model import Import, Observation
from portal.core.vocabulary import Status
from portal.importers.police import derive


def year_to(year: int, indicator: str = "stops", area: str = "E07000099", part: str = "") -> Observation:
    """Return a figure of a calendar year."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    return Observation(
        source="s", locator="l", indicator=indicator, area=area, period_start=first, period_end=last,
        part=part, value=Decimal(year), status=Status.PLAIN,
    )  # fmt: skip


def row(windows: int | None, series: str = "stops", indicator: str = "stops") -> Import:
    return Import("stop-and-search", series, indicator, "", "own", windows)


@pytest.mark.parametrize(("windows", "kept"), [(1, [2024]), (2, [2023, 2024]), (None, [2022, 2023, 2024])])
def test_only_the_newest_periods_stay(windows: int | None, kept: list[int]) -> None:
    figures = [year_to(y) for y in (2022, 2023, 2024)]
    assert [o.value for o in derive.within_windows(figures, [row(windows)])] == kept


def test_each_area_and_part_keeps_its_own_newest_period() -> None:
    figures = [year_to(2023), year_to(2024), year_to(2022, area="E05099001"), year_to(2021, part="Arrest")]
    assert list(derive.within_windows(figures, [row(1)])) == figures[1:]


def test_an_indicator_with_one_row_without_a_limit_keeps_everything() -> None:
    figures = [year_to(2023), year_to(2024)]
    assert list(derive.within_windows(figures, [row(1), row(None, "others")])) == figures


def test_figures_of_other_indicators_stay() -> None:
    figures = [year_to(2023, "other"), year_to(2024, "other")]
    assert list(derive.within_windows(figures, [row(1)])) == figures
