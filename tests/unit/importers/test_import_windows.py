"""What an import does with earlier figures of 12 months: their overlap with new ones would give away a few months."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pandas as pd
import pytest
from portal.core.model import Break, Content, Observation
from portal.core.periods import first_day
from portal.core.vocabulary import Status
from portal.disclosure.clearing import ClearedContent
from portal.importers.police import derive
from portal.importers.police.derive import Origin, merged, spans
from portal.importers.shared.published_files import Counts

JULY = date(2024, 7, 31)


def figure(end: date, months: int = 12, **more: object) -> Observation:
    own = Observation("s", "l", "abuse", "W1", first_day(end, months), end, "", Decimal(30), Status.PLAIN)
    return replace(own, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("end", [date(2024, 6, 30), date(2024, 8, 31), date(2023, 8, 31), date(2025, 6, 30)])
def test_12_months_that_overlap_with_new_ones_are_taken_out(end: date) -> None:
    """From the 11 months that they share down to one."""
    assert merged((figure(end),), (figure(JULY),)) == (figure(JULY),)


@pytest.mark.parametrize(
    "kept",
    [
        figure(date(2023, 7, 31)),  # ends the day before the new one begins
        figure(date(2025, 7, 31)),  # begins the day after it ends
        figure(date(2024, 6, 30), area="W2"),
        figure(date(2024, 6, 30), indicator="thefts"),
        figure(date(2024, 6, 30), part="Race"),
        figure(date(2024, 6, 30), months=3),
    ],
)
def test_other_figures_stay(kept: Observation) -> None:
    assert merged((kept,), (figure(JULY),)) == (kept, figure(JULY))


def test_a_new_quarter_takes_no_12_months_out() -> None:
    year, quarter = figure(JULY), figure(date(2024, 9, 30), months=3)
    assert merged((year,), (quarter,)) == (year, quarter)


@pytest.mark.parametrize(
    ("value", "status", "wanted"),
    [("30", "", ""), ("30.0", "", ""), ("30", "p", ""), ("31", "", "r"), ("31", "p", "r")],
)
def test_only_another_number_is_marked_as_revised(value: str, status: str, wanted: str) -> None:
    (again,) = merged((figure(JULY, status=status),), (figure(JULY, value=Decimal(value)),))
    assert again.status == wanted


def test_quarters_that_overlap_with_a_new_one_are_taken_out() -> None:
    """Two sets of quarters of one area would not be one line."""
    quarter, before = figure(JULY, months=3), figure(date(2024, 4, 30), months=3)
    other = figure(date(2024, 6, 30), months=3)
    assert merged((before, other), (quarter,)) == (before, quarter)


MONTHS = [f"{y}-{m:02}" for y in (2022, 2023, 2024) for m in range(1, 13)]


def test_spans_end_with_the_last_month_or_whole_spans_away_from_a_published_end() -> None:
    assert next(spans(MONTHS, 12)) == ("2024-01", "2024-12")
    assert list(spans(MONTHS, 12, (), ["2023-03"])) == [("2023-04", "2024-03"), ("2022-04", "2023-03")]
    assert next(spans(MONTHS, 12, (), ["2030-03"])) == ("2023-04", "2024-03")


def test_a_published_end_counts_between_its_own_breaks_only() -> None:
    found = list(spans(MONTHS, 12, ["2023-06"], ["2024-07"]))
    assert found == [("2023-08", "2024-07"), ("2022-06", "2023-05")]


@pytest.mark.parametrize("value", ["30", "31"])
def test_a_figure_of_the_newest_months_stays_provisional(value: str) -> None:
    fresh = figure(JULY, value=Decimal(value), status=Status.PROVISIONAL)
    (again,) = merged((figure(JULY, status=Status.PROVISIONAL),), (fresh,))
    assert again.status == Status.PROVISIONAL


def test_spans_on_one_grid_skip_the_one_across_a_break() -> None:
    found = list(spans(MONTHS, 3, ["2023-06"], one_grid=True))
    assert ("2023-01", "2023-03") in found
    assert ("2023-04", "2023-06") not in found
    assert ("2023-07", "2023-09") in found


def test_a_newer_file_revises_published_years_of_a_district_that_end_in_other_months(
    real: ClearedContent,
) -> None:
    """Otherwise a year would stay as an older file had it, beside quarters of the newer file."""
    lewisham, indicator = real.area, "recorded-sexual-offences"
    months = [f"2021-{m:02}" for m in range(3, 13)] + ["2022-01", "2022-02", "2022-03"]
    frame = pd.DataFrame(
        [("sexual-offences", lewisham, m, 10) for m in months], columns=["series", "area", "month", "count"]
    )
    row = next(
        r
        for r in real.content.imports["recorded-crime"]
        if (r.format, r.indicator) == ("mps-borough", indicator)
    )

    def ends(content: Content) -> dict[date | None, Decimal | None]:
        found = derive.drafts(Counts(frame, ()), Origin((row,), "new"), content, lewisham)
        return {o.period_end: o.value for o in found if o.months == 12}

    february = date(2022, 2, 28)
    assert february in {o.period_end for o in real.content.observations[indicator] if o.months == 12}
    assert ends(real.content)[february] == 120
    cut = Break("s", "l", indicator, date(2021, 6, 1), "t", "e")
    assert february not in ends(replace(real.content, breaks=(*real.content.breaks, cut)))
    gap = frame[frame["month"] != "2021-07"]
    found = derive.drafts(Counts(gap, ()), Origin((row,), "new"), real.content, lewisham)
    assert not [o for o in found if o.months == 12]
