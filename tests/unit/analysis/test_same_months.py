"""The same six months of three years in each ward."""

import csv
from collections import Counter
from dataclasses import replace
from datetime import date

import pytest
from portal.analysis.same_months import same_six_months
from portal.core.model import Break
from portal.disclosure.clearing import ClearedContent
from project import ROOT, SHARED

COUNTS = SHARED / "upstream/more/street_met_lewisham/police_uk_lsoa_month_counts_lewisham_derived.csv"
ASB, RUSHEY_GREEN = "anti-social-behaviour", "E05013730"


def wards_of(released: ClearedContent) -> list[str]:
    return [a.code for a in released.content.areas.values() if a.kind == "ward" and a.valid_to is None]


@pytest.mark.skipif(not COUNTS.is_file(), reason="the upstream files are not in ../shared/upstream/more")
def test_the_six_months_of_every_ward_are_those_of_the_file(real: ClearedContent) -> None:
    found = same_six_months(real, real.content.indicators[ASB], wards_of(real))
    with (ROOT / "data_packages/geography/data/lsoas.csv").open(encoding="utf-8") as lines:
        ward = {r["code"]: r["area"] for r in csv.DictReader(lines) if r["census"] == "2021"}
    by_hand: Counter[tuple[str, int]] = Counter()
    with COUNTS.open(encoding="utf-8") as lines:
        for r in csv.DictReader(lines):
            year, month = int(r["year"]), int(r["month"])
            if "anti" in r["category"].lower() and month not in range(4, 10):  # October to March
                by_hand[ward[r["lsoa_code"]], year - (month < 4)] += int(r["crime_count"])
    assert len(found) == 19
    for code, figures in found.items():
        assert [o.value for o in figures] == [by_hand[code, y] for y in (2023, 2024, 2025)], code
    assert [o.value for o in found[RUSHEY_GREEN]] == [305, 288, 316]
    assert (found[RUSHEY_GREEN][0].period_start, found[RUSHEY_GREEN][-1].period_end) == (
        date(2023, 10, 1),
        date(2026, 3, 31),
    )


def test_nothing_where_three_whole_years_are_known_or_not_three_halves(real: ClearedContent) -> None:
    for long_or_yearly in ("recorded-burglary", "recorded-hate-crime"):
        assert not same_six_months(real, real.content.indicators[long_or_yearly], wards_of(real))
    assert not same_six_months(real, real.content.indicators[ASB], [])


def test_a_break_between_the_halves_leaves_nothing(real: ClearedContent) -> None:
    cut = Break("s", "l", ASB, date(2025, 1, 1), "Counted anew", "They count otherwise now.")
    changed = replace(real.content, breaks=(*real.content.breaks, cut))
    assert not same_six_months(replace(real, content=changed), real.content.indicators[ASB], wards_of(real))
