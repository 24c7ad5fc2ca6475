"""Every figure of the sources is in the packages exactly, and the claims of the documents are judged correctly.

The tables below were typed from the documents a second time, apart from the packages.
"""

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from portal.analysis import claims, measures
from portal.cli import coverage
from portal.core.settings import Settings
from portal.disclosure.clearing import ClearedContent
from portal.pages.all_pages import PageInputs, all_pages
from portal.site import written_pages
from project import ROOT, SHARED
from selectolax.lexbor import LexborHTMLParser

R12, BEFORE = (date(2015, 8, 1), date(2016, 7, 31)), (date(2014, 8, 1), date(2015, 7, 31))
PAIRS = {
    "robbery": (826, 831, "0.6"), "violence-with-injury": (2659, 2831, "6.5"), "gun-crime": (91, 75, "-17.6"),
    "gun-discharges": (10, 13, "30.0"), "knife-crime": (408, 386, "-5.4"), "knife-injury-victims": (75, 71, "-5.3"),
    "domestic-abuse-offences": (2946, 3203, "8.7"), "rape": (233, 251, "7.7"), "other-sexual-offences": (398, 422, "6.0"),
    "domestic-violence-with-injury": (919, 1036, "12.7"), "violence-with-injury-priority-3": (2569, 3203, "8.7"),
    "theft-and-handling": (7584, 7810, "3.0"), "commercial-robbery": (74, 76, "2.7"),
}  # fmt: skip
FIVE_YEARS = {
    "serious-youth-violence": (269, 243, 275, 235, 236),
    "knife-crime-with-injury": (85, 65, 64, 71, 77),
}
YOUTH_OFFENDING = {
    "reoffending-rate": "10.4",
    "reoffending-frequency": "6.0",
    "reoffences-per-reoffender": "-3.9",
    "custody": "-27.5",
    "first-time-entrants": "19.2",
}
HATE = """
Vulnerable adult abuse 6 1 6 5 9 5 2 34
Disability 1 3 8 1 2 2 1 18
Vulnerable adults 0 8 9 3 2 2 0 24
Antisemitic 0 0 0 1 1 0 1 3
Racial 27 18 33 38 38 47 52 253
Islamophobic 1 0 0 2 2 0 5 10
Honour-based violence 0 1 3 0 0 0 1 5
Transgender 1 0 2 0 0 1 1 5
Homophobic 4 5 7 3 5 7 10 41
Forced marriage 0 0 1 0 1 0 2 4
Faith 1 0 1 3 3 0 7 15
"""
HATE_MONTHS, HATE_TOTAL = (41, 36, 70, 56, 63, 64, 82), 412
POLICE = {
    "Last 12 months": ("3687", "12.1", "-3.1", "1.9"),
    "Last 6 months": ("1940", "6.4", "11.0", "1.2"),
    "Last 3 months": ("1012", "3.3", "9.1", "-2.8"),
}
HUB = {"hub-activity": [23, 52, 39, 160], "hub-follow-up": [81, 77, 65, 56, 46]}
LEWISHAM, LONDON = "E09000023", "E12000007"


def value(
    real: ClearedContent,
    indicator: str,
    period: tuple[date | None, date | None] = (None, None),
    part: str = "",
    area: str = LEWISHAM,
) -> Decimal | None:
    found = [
        o.value
        for o in measures.series(real, indicator, area, part)
        if (o.period_start, o.period_end) == period
    ]
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("indicator", PAIRS)
def test_rolling_twelve_month_tables(real: ClearedContent, indicator: str) -> None:
    before, now, stated = PAIRS[indicator]
    assert value(real, indicator, BEFORE) == before
    assert value(real, indicator, R12) == now
    stated_claims = [
        v.claim
        for v in claims.verdicts(real, indicator)
        if v.claim.kind == "change-percent" and v.claim.period_start
    ]
    assert Decimal(stated) in {c.stated for c in stated_claims}


@pytest.mark.parametrize("indicator", FIVE_YEARS)
def test_five_year_table(real: ClearedContent, indicator: str) -> None:
    for year, expected in zip(range(2012, 2017), FIVE_YEARS[indicator], strict=True):
        assert value(real, indicator, (date(year - 1, 8, 1), date(year, 7, 31))) == expected


@pytest.mark.parametrize("indicator", YOUTH_OFFENDING)
def test_youth_offending_changes(real: ClearedContent, indicator: str) -> None:
    assert value(real, indicator) == Decimal(YOUTH_OFFENDING[indicator])


def test_hate_crime_by_strand_and_month_with_totals(real: ClearedContent) -> None:
    stated = {
        (v.claim.part, v.claim.period_start, v.claim.period_end): v.claim.stated
        for v in claims.verdicts(real, "hate-crime-by-month")
    }
    ends = (31, 29, 31, 30, 31, 30, 31)
    months = [(date(2016, m, 1), date(2016, m, d)) for m, d in enumerate(ends, 1)]
    whole = (months[0][0], months[-1][1])
    lines = [re.fullmatch(r"(.+?) ([\d ]+)", line) for line in HATE.strip().splitlines()]
    for line in lines:
        assert line is not None
        strand, numbers = line[1], [int(n) for n in line[2].split()]
        assert [value(real, "hate-crime-by-month", m, strand) for m in months] == numbers[:7]
        assert stated[strand, *whole] == numbers[7]
    assert [stated["", *m] for m in months] == list(HATE_MONTHS)
    assert stated["", *whole] == HATE_TOTAL
    assert len(measures.series(real, "hate-crime-by-month")) == 77
    assert len(stated) == 19


def test_police_table_of_2022(real: ClearedContent) -> None:
    for window, (count, rate, change, london) in POLICE.items():
        assert value(real, "domestic-abuse-crimes", part=window) == Decimal(count)
        assert value(real, "domestic-abuse-rate", part=window) == Decimal(rate)
        assert value(real, "domestic-abuse-rate-change", part=window) == Decimal(change)
        assert value(real, "domestic-abuse-rate-change", part=window, area=LONDON) == Decimal(london)


@pytest.mark.parametrize("indicator", HUB)
def test_advisory_hub_table(real: ClearedContent, indicator: str) -> None:
    assert [o.value for o in measures.series(real, indicator)] == HUB[indicator]


def test_recomputation_finds_every_disagreement_and_no_false_one(real: ClearedContent) -> None:
    verdicts = claims.verdicts(real)
    differs = {
        (v.claim.indicator, v.claim.kind, v.claim.stated, v.recomputed)
        for v in verdicts
        if v.outcome == "differs"
    }
    assert differs == {
        ("violence-with-injury-priority-3", "change-percent", Decimal("8.7"), Decimal("24.7")),
        ("violence-with-injury", "value", Decimal("2569"), Decimal("2659")),
        ("violence-with-injury", "value", Decimal("3203"), Decimal("2831")),
        ("permanent-exclusions", "change-percent", Decimal("-84"), Decimal("-83")),
    }
    unchecked = [v.claim for v in verdicts if v.outcome == "cannot be checked"]
    assert all(c.period_start is None for c in unchecked)


def test_the_non_domestic_change_follows_from_two_tables(real: ClearedContent) -> None:
    found = [v for v in claims.verdicts(real) if v.claim.kind == "change-percent-without"]
    assert [(v.outcome, v.recomputed) for v in found if v.claim.period_start] == [("agrees", Decimal("3.2"))]


@pytest.mark.skipif(not SHARED.is_dir(), reason="the source documents are not beside this repository")
def test_the_tables_above_are_in_the_documents() -> None:
    text = (SHARED / "sources").glob("000_*.txt").__next__().read_text()
    for before, now, stated in PAIRS.values():
        assert re.search(rf"{before}\t{now if now != 1036 else '1.036'}\t+{re.escape(stated)}%", text), (
            before,
            now,
            stated,
        )
    for line in HATE.strip().splitlines():
        numbers = re.search(r"[\d ]+$", line)
        assert numbers
        assert numbers[0].strip().replace(" ", "\t") in text
    for name, years in (("Serious", zip(*FIVE_YEARS.values(), strict=True)),):
        for year, (a, b) in zip(range(2012, 2017), years, strict=True):
            assert f"{year}\t{a}\t{b}" in text, name
    slides = (SHARED / "sources").glob("003_*.txt").__next__().read_text()
    for count, rate, *_ in POLICE.values():
        assert count in slides
        assert rate in slides
    for expected in (*HUB["hub-activity"], *(f"{p}%" for p in HUB["hub-follow-up"])):
        assert f"\t{expected}" in slides


def test_areas_and_census(real: ClearedContent) -> None:
    wards = [a for a in real.content.areas.values() if a.kind == "ward"]
    old = [a.code for a in wards if a.valid_to == date(2022, 5, 4)]
    new = [a.code for a in wards if a.valid_from == date(2022, 5, 5)]
    assert old == [f"E05{n:06}" for n in range(437, 455)]
    assert new == [f"E05{n:06}" for n in range(13714, 13733)]
    assert [a.name for a in wards if a.code in new] == sorted(a.name for a in wards if a.code in new)


def test_permanent_exclusions(real: ClearedContent) -> None:
    for year, expected in zip(range(2016, 2021), (63, 43, 19, 17, 11), strict=True):
        assert value(real, "permanent-exclusions", (date(year, 9, 1), date(year + 1, 8, 31))) == expected


def test_changes_printed_in_the_draft_of_2014(real: ClearedContent) -> None:
    expected = {
        "total-offences-2014": "-10.5", "violence-with-injury-2014": "2", "serious-acquisitive-crime-2014": "-8.8",
        "knife-enabled-crime-2014": "-1.4", "personal-robbery-2014": "-7", "criminal-damage-2014": "-7.5",
        "youth-marac-violence-2014": "-55", "skitching-2014": "-72", "responsible-retailers-2014": "32", "unreported-asb": "75",
    }  # fmt: skip
    for indicator, figure in expected.items():
        assert [o.value for o in measures.series(real, indicator)] == [Decimal(figure)], indicator
    assert [o.value for o in measures.series(real, "domestic-violence-2014")] == [10, 10]


def test_every_section_of_every_document_is_accounted_for(checked: tuple[Settings, ClearedContent]) -> None:
    settings, released = checked
    assert (ROOT / "docs" / "reference" / "coverage.md").read_text() == coverage.table(settings, released)
    assert {s.source for s in released.content.sections} == {"source-000", "source-001", "source-003"}


def test_pages_that_count_as_having_a_chart_have_one_as_built(
    real_site: Path, checked: tuple[Settings, ClearedContent]
) -> None:
    """Compare what `portal coverage` counts with the built pages."""
    if not list(real_site.glob("figures/*/chart-narrow.svg")):
        pytest.skip("no Chromium drew the charts")
    settings, released = checked
    found = coverage.charted(all_pages(settings, released, PageInputs(written=written_pages.read(settings))))
    assert {c.kind for c in found} >= {"home", "priority", "workstream", "action", "subject", "ward", "way to report"}  # fmt: skip
    for kind in found:
        built = {p: LexborHTMLParser((real_site / p / "index.html").read_text()) for p in kind.pages}
        has = "article svg.spark" if kind.kind == "home" else "figure.glance img"
        assert tuple(p for p, tree in built.items() if tree.css_first(has)) == kind.charted, kind.kind
        for path, tree in built.items():
            for image in tree.css("figure.glance img"):
                assert (real_site / path / str(image.attributes["src"])).is_file(), path
    assert next(c for c in found if c.kind == "home").charted


def test_measures_and_updates_are_counted_once(real: ClearedContent) -> None:
    for (title, counted), plan in zip(coverage.nearness(real.content), [p for p in real.content.plans if p.measures], strict=True):  # fmt: skip
        assert title == plan.title
        assert counted.total() == len(plan.measures)
        assert counted.keys() <= coverage.NEARNESS.keys()
    once, shown = coverage.updates(real.content)
    ids = {(p.slug, u.id) for p in real.content.plans for u in p.updates}
    assert once == len(ids) < shown


def test_no_change_is_computed_across_a_known_recording_change(real: ClearedContent) -> None:
    days = {
        "recorded-fraud": 1,
        "recorded-all-offences": 1,
        "recorded-violence": 4,
        "recorded-sexual-offences": 1,
        "recorded-public-order": 2,
    }
    for indicator, count in days.items():
        breaks = measures.breaks_of(real, indicator)
        assert len(breaks) == count
        first, *_, last = measures.figures_of(real, real.content.indicators[indicator])
        assert measures.change(real.content.indicators[indicator], first, last, breaks) is None
        assert all(b.source in real.content.sources for b in breaks)


def test_contradictions_that_are_not_claims_are_shown_with_both_locators(real: ClearedContent) -> None:
    found = {d.id: d for d in real.content.disagreements}
    assert len(found) == 9
    rate = found["rate-and-census"]
    assert (rate.source, rate.other_source) == ("source-003", "census-2021")
    assert round(3687 * 1000 / real.content.populations[real.area].population, 1) == 12.3
    syv = {
        o.period_end.year: o.value
        for o in real.content.observations["serious-youth-violence"]
        if o.period_end
    }
    assert (syv[2012], syv[2013], syv[2015], syv[2016]) == tuple(map(Decimal, (269, 243, 235, 236)))
