"""The enums of the code have the members that the schemas of the tables allow."""

from enum import StrEnum

import pytest
from portal.core import vocabulary as v
from portal.data.packages import contract


def allowed(kind: str, resource: str, column: str) -> set[str]:
    """Return the values that the schema of a table allows in a column."""
    fields = contract(kind)["resources"][resource]["schema"]["fields"]
    return set(next(f for f in fields if f["name"] == column)["constraints"]["enum"])


@pytest.mark.parametrize(
    ("words", "kind", "resource", "column"),
    [
        (v.Unit, "indicators", "indicators", "unit"),
        (v.PeriodType, "indicators", "indicators", "period_type"),
        (v.Polarity, "indicators", "indicators", "polarity"),
        (v.ChartKind, "indicators", "indicators", "chart"),
        (v.AreaKind, "geography", "areas", "kind"),
        (v.ClaimKind, "indicators", "claims", "kind"),
        (v.ContactState, "routes", "routes", "state"),
        (v.ContactState, "services", "services", "state"),
        (v.Nearness, "plan", "measures", "nearness"),
        (v.UpdateKind, "plan", "updates", "kind"),
        (v.Progress, "plan", "statuses", "status"),
        (v.ChangeKind, "releases", "changes", "kind"),
        (v.WithdrawalKind, "releases", "withdrawals", "kind"),
    ],
)
def test_an_enum_has_the_values_that_the_schema_allows(
    words: type[StrEnum], kind: str, resource: str, column: str
) -> None:
    assert {str(w) for w in words} == allowed(kind, resource, column)


def test_a_figure_has_a_status_that_the_schema_allows_or_none() -> None:
    assert {str(s) for s in v.Status} == allowed("indicators", "observations", "status") | {""}
    assert not v.Status.PLAIN


def test_targets_have_units_of_indicators() -> None:
    assert allowed("indicators", "targets", "unit") <= {str(u) for u in v.Unit}
