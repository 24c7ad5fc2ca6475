"""What became of recorded offences: the shares on the site, recomputed from the file of the police."""

import csv
from decimal import ROUND_HALF_UP, Decimal

import pytest
from portal.analysis.outcomes import outcome_shares
from portal.disclosure.clearing import ClearedContent
from project import SHARED

FILE = SHARED / "upstream/mps_dashboard/MPS_MonthlyCrimeDashboard_OtherCrimeData_202108-202507_3boroughs.csv"
KNIFE = SHARED / "upstream/more/mps_dashboard/dashboard_other_knifeonly_202203-202602_3boroughs.csv"
of_file = pytest.mark.skipif(
    not (FILE.is_file() and KNIFE.is_file()), reason="the upstream files are not in ../shared/upstream"
)
SUBTYPES = {
    "outcomes-hate-crime": "Hate crime",
    "outcomes-domestic-abuse": "Domestic Abuse",
    "outcomes-knife-crime": "Knife Crime",
    "outcomes-victim-based": "TNO Victim Based",
    "outcomes-phone-theft": "Theft Person - Mobile phone",
}
PERCENT = {
    "outcomes-hate-crime": "10.8",
    "outcomes-domestic-abuse": "9.3",
    "outcomes-victim-based": "6.9",
    "outcomes-phone-theft": "0.1",
}


@pytest.fixture(scope="module")
def counted() -> dict[tuple[str, str, str], int]:
    """The records by area, subtype and measure, added up row by row: of the 12 months to July 2025, knife crime to January 2026."""
    sums: dict[tuple[str, str, str], int] = {}
    for path, first, last, of_knives in (
        (FILE, "2024-08-01", "2025-07-31", False),
        (KNIFE, "2025-02-01", "2026-01-31", True),
    ):
        with path.open(newline="", encoding="utf-8-sig") as lines:
            for published in csv.DictReader(lines):
                row = {k.lower().replace(" ", "_"): v for k, v in published.items()}
                of_knife_crime = row["crime_subtype"] == "Knife Crime"
                if first <= row["month_year"] <= last and of_knife_crime == of_knives:
                    key = (row["area_code"], row["crime_subtype"], row["measure"])
                    sums[key] = sums.get(key, 0) + int(row["count"])
    return sums


@of_file
@pytest.mark.parametrize("indicator", SUBTYPES)
def test_shares_are_those_of_the_file_in_every_area(
    real: ClearedContent, counted: dict[tuple[str, str, str], int], indicator: str
) -> None:
    shares = outcome_shares(real, real.content.outcomes[indicator])
    assert shares[0].area == real.area
    for share in shares:
        if real.content.areas[share.area].kind == "rest":
            continue
        offences, outcomes = (
            counted.get((share.area, SUBTYPES[indicator], m), 0) for m in ("Offences", "Positive Outcomes")
        )
        assert share.offences.value in (offences, None)
        assert share.outcomes.value in (outcomes, None)
        known = share.offences.value is not None and share.outcomes.value is not None
        wanted = (Decimal(100 * outcomes) / offences).quantize(Decimal("0.1"), ROUND_HALF_UP)
        assert share.percent == (wanted if known else None)


@of_file
@pytest.mark.parametrize(("indicator", "percent"), PERCENT.items())
def test_the_shares_of_the_borough(real: ClearedContent, indicator: str, percent: str) -> None:
    (own, *_) = outcome_shares(real, real.content.outcomes[indicator])
    assert own.percent == Decimal(percent)


def test_one_phone_theft_of_970_had_a_positive_outcome(real: ClearedContent) -> None:
    (own, *_) = outcome_shares(real, real.content.outcomes["outcomes-phone-theft"])
    assert own.outcomes.value == 1
    assert own.offences.value == 970


def test_small_outcomes_by_ward_are_withheld_and_have_no_share(real: ClearedContent) -> None:
    for indicator in ("outcomes-hate-crime", "outcomes-domestic-abuse"):
        of_wards = [
            s
            for s in outcome_shares(real, real.content.outcomes[indicator])
            if real.content.areas[s.area].kind == "ward"
        ]
        assert of_wards
        for share in of_wards:
            assert share.outcomes.value is None or share.outcomes.value >= 10
            assert (share.percent is None) == (None in (share.outcomes.value, share.offences.value))


@of_file
def test_the_total_of_the_dashboard_is_offences_with_and_without_a_victim(
    real: ClearedContent, counted: dict[tuple[str, str, str], int]
) -> None:
    (own,) = (o for o in real.content.observations["dashboard-all-offences"] if o.area == real.area)
    parts = [counted[real.area, f"TNO {kind}", "Offences"] for kind in ("Victim Based", "Non Victim Based")]
    assert own.value == sum(parts) == 29_532
