"""Checks that think: each finds its kind of mistake in its place, and stays silent where nothing is wrong."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from html import unescape
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from portal.checks import plausibility, rules
from portal.checks.valid_rows import ValidRows
from portal.cli import commands
from portal.core import settings as config
from portal.core.problems import PortalError, Problem
from portal.data import packages
from portal.site import building
from project import make_project

TODAY = date(2020, 8, 1)
AREAS = "data_packages/geography/data/areas.csv"
OBSERVATIONS = "data_packages/figures/data/observations.csv"
POPULATIONS = "data_packages/geography/data/populations.csv"
RECORDED = "data_packages/recorded/data/observations.csv"
INDICATORS = "data_packages/figures/data/indicators.csv"
Edit = Callable[[Path], None]


def look(root: Path, today: date = TODAY) -> tuple[Problem, ...]:
    """What is doubtful in a project that breaks no rule."""
    settings = config.load(root)
    found, problems = packages.read_all(root, settings.packages)
    assert not (*problems, *rules.check(found, settings))
    return plausibility.find_warnings(ValidRows(found, settings), today)


def added(*rows: str, file: str = OBSERVATIONS) -> Edit:
    def edit(root: Path) -> None:
        with (root / file).open("a") as table:
            table.writelines(f"{row}\n" for row in rows)

    return edit


def replaced(old: str, new: str, file: str = OBSERVATIONS, then: Edit | None = None) -> Edit:
    def edit(root: Path) -> None:
        if then:
            then(root)
        text = (root / file).read_text()
        assert old in text
        (root / file).write_text(text.replace(old, new))

    return edit


def calls(*values: object, months: str = "") -> Edit:
    """Calls of another area for the months of 2021 that are given by their numbers."""

    def edit(root: Path) -> None:
        replaced("neutral,line,", "neutral,none,", "data_packages/figures/data/indicators.csv")(root)
        pairs = zip(map(int, months.split()), values, strict=True)
        added(*(f"calls,E12999999,2021-{m:02}-01,{_end(m)},,{v},,report,Table 1" for m, v in pairs))(root)

    return edit


def _end(month: int) -> str:
    last = {2: 28, 4: 30, 6: 30, 9: 30, 11: 30}.get(month, 31)
    return f"2021-{month:02}-{last}"


CASES: dict[str, tuple[Edit, str, str]] = {
    "parts over their total": (
        added("advice,E09999999,2020-01-01,2020-12-31,,1,,report,Table 1"), "", "",  # per cent are never added up
    ),
    "part of a total is larger than it": (
        replaced("rec-thefts,E09999999,2019-01-01,2019-03-31,37", "rec-thefts,E09999999,2019-01-01,2019-03-31,73", "data_packages/recorded/data/observations.csv"),
        "more than their total of",
        "sum:rec-all:E09999999:2019-01-01/2019-03-31",
    ),
    "parts do not make up the total": (
        added("murders,E09999999,2018-07-01,2019-06-30,,9,,report,Table 1"), "", "",
    ),
    "a digit too many": (calls(12, 11, 130, months="1 2 3"), "11 is followed by 130, a larger jump", "jump:calls:E12999999:2021-03-01/2021-03-31"),
    "a jump by the series' own history": (
        calls(100, 104, 98, 101, 99, 103, 190, months="1 2 3 4 5 6 7"), "103 is followed by 190, a larger jump", "jump:calls:E12999999:2021-07-01/2021-07-31",
    ),
    "a count that is not whole": (calls(12, "11.5", months="1 2"), "a count, and 11.5 is not a whole number", "fraction:calls:E12999999:2021-02-01/2021-02-28"),
    "a count with needless decimals": (calls(12, "11.0", months="1 2"), "", ""),
    "a missing month": (calls(14, 13, 15, 16, months="1 2 4 5"), "up to 2021-02-28 and one up to 2021-04-30, but none in between", "gap:calls:E12999999:2021-04-01/2021-04-30"),
    "the same for too long": (calls(52, 52, 52, 52, months="1 2 3 4"), "The figure is 52 for 4 periods in a row", "same:calls:E12999999:2021-04-01/2021-04-30"),
    "a period across a break": (
        replaced("bikes,2018-01-01", "bikes,2018-09-01", "data_packages/figures/data/breaks.csv"), "in the middle of this period", "break:bikes:E09999999:2018-07-01/2019-06-30",
    ),
    "a statement across a break": (
        added("thefts,2019-07-01,New system,New.,report,Table 1", file="data_packages/figures/data/breaks.csv"), "compares figures from before and after 2019-07-01", "break:claim-1",
    ),
    "a target without a baseline and result": (
        replaced("the 12 months to June 2019,120,percent-change,-20,2020-06,34.2,,", "the 12 months to June 2019,,percent-change,-20,2020-06,,Why,", "data_packages/figures/data/targets.csv"), "so nobody can say whether it was met", "target:target-1",
    ),
    "a target past its date without a result": (
        replaced("percent-change,-20,2020-06,34.2,,", "percent-change,-20,2020-06,,,", "data_packages/figures/data/targets.csv"), "due in June 2020. It has no result, and nothing says why.", "result:target-1",
    ),
    "a target to come without a result": (
        replaced("percent-change,-20,2020-06,34.2,,", "percent-change,-20,2020-08,,,", "data_packages/figures/data/targets.csv"), "", "",
    ),
    "a target without a baseline": (
        replaced("the 12 months to June 2019,120,", "the 12 months to June 2019,,", "data_packages/figures/data/targets.csv"), "no figure to measure it from.", "target:target-1",
    ),
    "two wards with one name": (
        added("E05999994,south ,ward,E09999999,2019-01-01,2020-01-01,report,Table 1", file=AREAS), "Another ward has this name at the same time: E05999992 in row 5.", "name:E05999994",
    ),
    "a ward that followed one with its name": (
        added("E05999994,Old Quay,ward,E09999999,2018-05-03,,report,Table 1", file=AREAS), "", "",
    ),
    "wards with one name in two boroughs": (
        added("E05999994,South,ward,E09999998,,,report,Table 1", file=AREAS), "", "",
    ),
    "areas without a population beside the own one": (
        replaced("E09999998,2021,9000,Census,returns,Table 9\n", "", POPULATIONS), "leave out Otherton. So do the charts of 2 more indicators.", "unseen:rec-all:E09999998",
    ),
    "an own area without a population": (
        replaced("E09999999,2021,12000,Census,returns,Table 9\n", "", POPULATIONS), "the population of Exampleton is missing. Without it they leave out Otherton and Example Police.", "unseen:rec-all:E09999998",
    ),
    "another area of pounds": (
        replaced("recorded.,count,", "recorded.,pounds,", "data_packages/recorded/data/indicators.csv"), "shows only Exampleton, because no rate can be worked out from pounds", "unseen:rec-all:E09999998",
    ),
    "a region in a chart of boroughs": (
        added("rec-all,E12999999,2019-01-01,2019-03-31,4000,,returns,Table 1", file=RECORDED), "It leaves out Exampleshire.", "unseen:rec-all:E12999999",
    ),
    "only figures of another area": (
        replaced(",line,,false", ",recorded,,false", INDICATORS, replaced("calls,E09999999", "calls,E09999998")), "there are only figures of Otherton", "unseen:calls:E09999998",
    ),
    "a chart of areas for years, where one has no newest year": (
        replaced(",none,,false", ",areas,,false", INDICATORS, added("murders,E09999998,2018-07-01,2019-06-30,,2,,report,Table 1")), "leaves out Otherton, whose figures are older", "unseen:murders:E09999998",
    ),
    "a chart of areas for one year": (
        replaced(",none,,false", ",areas,,false", INDICATORS, added("murders,E09999998,2019-07-01,2020-06-30,,2,,report,Table 1")), "", "",
    ),
    "per cent that are counted": (
        replaced("per cent,", "offences,", INDICATORS), "The unit is percent, and the title or unit_label says that something is counted.", "unit:advice",
    ),
    "per cent that are a rate": (
        replaced("Use of advice,Use of advice", "Use per 1000 people,Use of advice", INDICATORS, replaced("per cent,", "advice,", INDICATORS)), "says “per 1000”", "unit:advice",
    ),
    "a count of per cent": (replaced("Murders,Murders", "Murders,% of murders", INDICATORS), "The unit is count, and the title or unit_label says “%”.", "unit:murders"),
    "a count of a rate": (replaced("count,people", "count,people per 100000", INDICATORS), "says “per 100000”", "unit:murders"),
    "a rate of offences alone": (
        replaced("percent,per cent,", "per-1000,offences,", INDICATORS), "The unit is per-1000, and the title or unit_label says that something is counted.", "unit:advice",
    ),
    "a rate with its words": (replaced("percent,per cent,", "per-1000,offences per head,", INDICATORS), "", ""),
    "a count of rates that people pay": (replaced("Murders,Murders", "Rates in per centres,Murders", INDICATORS), "", ""),
    "figures of a ward that is no more": (
        added("murders,E05999981,2018-07-01,2019-06-30,,0,,report,Table 1", "murders,E05999981,2019-07-01,2020-06-30,,0,,report,Table 1"), "Old Quay existed until 2018-05-02, and this figure is for a later time. So is one more.", "former:E05999981",
    ),
    "figures of a ward from before it was made": (added("murders,E05999992,2016-07-01,2017-06-30,,0,,report,Table 1"), "", ""),
    "a promise not kept": (
        added("2020 Q2,2020-07-31,thefts;calls,", file="data_packages/releases/data/calendar.csv"), "was promised for 2020-07-31, 1 days ago, with new figures of calls", "overdue:2020 Q2:calls",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", [c for c in CASES if CASES[c][1]])
def test_each_kind_of_mistake_is_found_in_its_place(tiny: Path, case: str) -> None:
    edit, message, name = CASES[case]
    before = look(tiny)
    edit(tiny)
    fresh = [p for p in look(tiny) if p not in before]
    told = [p for p in fresh if message in p.message]
    assert told, fresh
    assert told[0].row
    assert told[0].fix
    assert told[0].name == name


@pytest.mark.parametrize("case", [c for c in CASES if not CASES[c][1]])
def test_what_is_right_is_not_doubted(tiny: Path, case: str) -> None:
    before = {p.code for p in look(tiny)}
    CASES[case][0](tiny)
    assert {p.code for p in look(tiny)} == before


def test_parts_of_a_breakdown_that_make_less_than_the_total_are_a_warning(tiny: Path) -> None:
    added("abuse,E12999999,2020-01-01,2020-12-31,,50,,returns,Table 1", *(
        f"abuse,E12999999,2020-01-01,2020-12-31,{part},{n},,returns,Table 1" for part, n in (("Race", 20), ("Faith", 25))
    ))(tiny)  # fmt: skip
    found = [p for p in look(tiny) if p.code == "sum"]
    assert [(p.message, p.name) for p in found] == [
        ("The parts add up to 45, less than their total of 50.", "sum:abuse:E12999999:2020-01-01/2020-12-31")
    ]
    descriptor = tiny / "data_packages/figures/datapackage.json"
    descriptor.write_text(
        descriptor.read_text().replace('"breakdowns"', '"overlapping": "abuse", "breakdowns"', 1)
    )
    assert not [p for p in look(tiny) if p.code == "sum"]


def test_a_contact_that_nobody_checked_for_90_days_is_told(tiny: Path) -> None:
    path = tiny / "data_packages/routes/data/routes.csv"
    checked = sorted({line.split(",")[-4] for line in path.read_text().splitlines()[1:]})
    month = (
        date.fromisoformat(f"{checked[-1]}-01") if len(checked[-1]) == 7 else date.fromisoformat(checked[-1])
    )
    assert not [p for p in look(tiny, month) if p.name.startswith("contact")]
    late = [p for p in look(tiny, date(month.year + 1, month.month, 1)) if p.name.startswith("contact")]
    assert late
    assert all("more than 90 days ago" in p.message for p in late)


@pytest.mark.parametrize("table", ["updates", "statuses"])
def test_an_update_of_a_day_to_come_stops_the_build(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    path = tiny / f"data_packages/plan/data/{table}.csv"
    path.write_text(path.read_text().replace("2020-", "2029-"))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1596240000")
    with pytest.raises(PortalError, match="is in the future") as caught:
        building.check(tiny)
    assert {p.code for p in caught.value.problems} == {"future"}


def test_warnings_are_listed_counted_and_stop_nothing(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    calls(52, 52, 52, 52, months="1 2 3 4")(tiny)
    assert commands.main(["--project", str(tiny), "check"]) == 0
    told = capsys.readouterr().err
    assert "row 28, column value\n  Found: The figure is 52 for 4 periods in a row." in told
    assert "same:calls:E12999999:2021-04-01/2021-04-30" in told


def test_a_warning_is_accepted_by_name_and_an_acceptance_that_fits_none_is_told(tiny: Path) -> None:
    calls(52, 52, 52, 52, months="1 2 3 4")(tiny)
    accepted = "data_packages/releases/data/accepted.csv"
    whole = building.project(tiny)
    names = {w.name for w in building.warnings(whole)}
    assert "same:calls:E12999999:2021-04-01/2021-04-30" in names
    added(
        "same:calls:*,It is a quota.,2021-05-01,Data team",
        "jump:thefts:*,Checked.,2021-05-01,Data team",
        file=accepted,
    )(tiny)
    after = {w.name for w in building.warnings(building.project(tiny))}
    assert names - after == {"same:calls:E12999999:2021-04-01/2021-04-30"}
    assert after - names == {"spent:jump:thefts:*"}


def test_accepted_warnings_are_published_with_their_reason(tmp_path: Path) -> None:
    root = make_project(tmp_path / "tiny")
    added(
        "same:calls:E12999999:2021-04-01/2021-04-30,It is a quota.,2021-05-01,Data team",
        file="data_packages/releases/data/accepted.csv",
    )(root)
    folder = building.build(root, lambda step: None).folder
    page = unescape((folder / "releases/unusual/index.html").read_text())
    assert "It is a quota." in page
    assert "Calls by month, Exampleshire, April 2021</th>" in page
    assert "the same number several times running" in page


def test_a_page_that_nothing_links_to_is_told_after_a_build(tiny: Path) -> None:
    (tiny / "site_src/pages/about/alone.md").write_text("# Alone\n\nNobody links here.\n")
    whole = building.build(tiny, lambda step: None)
    assert [w.name for w in whole.warnings if w.code == "unlinked"] == ["unlinked:about/alone/"]


@given(
    st.lists(
        st.integers(0, 10_000) | st.integers() | st.sampled_from([0, -1, 10**400]), min_size=2, max_size=12
    )
)
def test_a_series_of_any_counts_is_judged_without_a_fault(values: list[int]) -> None:
    changes: list[float] = []
    for a, b in pairwise(values):
        first, second = figure(a), figure(b)
        change = plausibility._change(first, second, True)
        plausibility._implausible(change, changes, plausibility._noise(first, second), True)
        changes.append(change)
    assert not any(plausibility._implausible(0.0, [0.0] * n, 0.1, True) for n in range(8))


def test_parts_are_compared_with_a_total_of_the_same_unit(tiny: Path) -> None:
    """Pounds are no part of a count, whatever their row says."""
    table = "data_packages/recorded/data/indicators.csv"
    replaced(
        "count,offences,rolling-months,neutral,recorded",
        "pounds,pounds,rolling-months,neutral,recorded",
        table,
    )(tiny)
    before = {p.name for p in look(tiny)}
    replaced(
        "rec-drugs,E09999999,2019-01-01,2019-03-31,5",
        "rec-drugs,E09999999,2019-01-01,2019-03-31,5000",
        "data_packages/recorded/data/observations.csv",
    )(tiny)
    assert not {n for n in {p.name for p in look(tiny)} - before if n.startswith("sum:")}


def figure(value: int) -> plausibility.Figure:
    return plausibility.Figure(None, TODAY, TODAY, Decimal(value))  # type: ignore[arg-type]
