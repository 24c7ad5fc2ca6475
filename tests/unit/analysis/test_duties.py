"""When duties fall due, and in which state they are."""

from datetime import date

import pytest
from portal.analysis.duties import DutyState, standing_of
from portal.core.duties import Duty, Evidence


def duty(every_months: int | None) -> Duty:
    """Return a duty with this interval."""
    return Duty("report", "Section 1", "plan", 1, "A plan", "Asks", "Us", "Often", every_months, "Us", "")


def shown(day: str, about: str = "plan") -> Evidence:
    """Return evidence with this date."""
    return Evidence("report", "Page 1", about, day, "Shown", "", "")


@pytest.mark.parametrize(
    ("every_months", "days", "today", "due", "state"),
    [
        (12, [], "2021-01-01", None, DutyState.NOT_PUBLISHED),
        (None, [], "2021-01-01", None, DutyState.NOT_PUBLISHED),
        (None, ["2001"], "2021-01-01", None, DutyState.NO_SET_DATE),
        (12, ["2020-04-15"], "2020-05-01", "2021-04-15", DutyState.UP_TO_DATE),
        (12, ["2020-04-15"], "2021-01-13", "2021-04-15", DutyState.DUE_SOON),  # 92 days before
        (12, ["2020-04-15"], "2021-01-12", "2021-04-15", DutyState.UP_TO_DATE),  # 93 days before
        (12, ["2020-04-15"], "2021-04-15", "2021-04-15", DutyState.DUE_SOON),  # on its last day
        (12, ["2020-04-15"], "2021-04-16", "2021-04-15", DutyState.PAST_DUE),
        (12, ["2020"], "2021-12-31", "2021-12-31", DutyState.DUE_SOON),  # a year counts from its last day
        (12, ["2020-02"], "2020-03-01", "2021-02-28", DutyState.UP_TO_DATE),
        (12, ["2020-02-29"], "2020-03-01", "2021-02-28", DutyState.UP_TO_DATE),
        (12, ["2021-02-28"], "2021-03-01", "2022-02-28", DutyState.UP_TO_DATE),
        (3, ["2020-11-30"], "2020-12-01", "2021-02-28", DutyState.DUE_SOON),
        (1, ["2020-01-31"], "2020-02-01", "2020-02-29", DutyState.DUE_SOON),
        (36, ["2020-06-30", "2017-01-01", "2019"], "2021-01-01", "2023-06-30", DutyState.UP_TO_DATE),
        (36, ["2019-06-30", "2019"], "2021-01-01", "2022-12-31", DutyState.UP_TO_DATE),  # 2019 may be later
    ],
)
def test_a_duty_falls_due_after_its_newest_evidence(
    every_months: int | None, days: list[str], today: str, due: str | None, state: DutyState
) -> None:
    evidence = [*(shown(d) for d in days), shown("2030-01-01", "another")]
    standing = standing_of(duty(every_months), evidence, date.fromisoformat(today))
    assert (standing.due, standing.state) == (date.fromisoformat(due) if due else None, state)
    assert len(standing.evidence) == len(days)
