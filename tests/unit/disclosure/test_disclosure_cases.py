"""Tables that would give a small count away, each added to the tiny portal, and the message that stops it."""

import csv
from collections.abc import Iterable
from pathlib import Path

import pytest
from portal.core.problems import PortalError
from portal.site import building

RECORDED, FIGURES = "data_packages/recorded/data/", "data_packages/figures/data/"
N, S, W, REST, B = "E05999991", "E05999992", "E05999993", "X09999999", "E09999999"
Row = dict[str, str]


def indicator(name: str, **more: str) -> Row:
    given = {
        "id": name, "slug": name, "title": name, "short_title": name, "topic": "recorded", "definition": "Definition.", "unit": "count",
        "unit_label": "offences", "period_type": "rolling-months", "polarity": "neutral", "chart": "none", "sensitive": "true",
        "protected": "false",
    }  # fmt: skip
    return given | more


def figure(name: str, area: str, value: str, year: int = 2019, **more: str) -> Row:
    """A figure of a year; a value that is no number is its status."""
    number = value.lstrip("-").replace(".", "").isdigit()
    given = {
        "indicator": name, "area": area, "period_start": f"{year}-01-01", "period_end": f"{year}-12-31", "source": "returns",
        "value": value if number else "", "status": "" if number else value, "locator": "Table 9",
    }  # fmt: skip
    return given | more


def wards(name: str, values: str, year: int = 2019, **more: str) -> list[Row]:
    """The figures of three wards, the records without a ward and the borough; - leaves one out."""
    areas = zip((N, S, W, REST, B), values.split(), strict=True)
    return [figure(name, area, v, year, **more) for area, v in areas if v != "-"]


def parts(name: str, values: str, **more: str) -> list[Row]:
    """The borough's figures by kind, and all together."""
    kinds = ("Race", "Faith", "Disability", "Age", "Sex", "")
    return [
        figure(name, B, v, type=k, **more) for k, v in zip(kinds, values.split(), strict=True) if v != "-"
    ]


def add(root: Path, name: str, rows: Iterable[Row]) -> None:
    path = root / name
    with path.open(newline="") as lines:
        columns = csv.DictReader(lines).fieldnames
    with path.open("a", newline="") as out:
        csv.DictWriter(out, columns or [], restval="", lineterminator="\n").writerows(rows)


def problems(root: Path) -> list[str]:
    try:
        building.check(root)
    except PortalError as error:
        return [f"{p.place}: {p.message}" for p in error.problems]
    return []


def tried(root: Path, indicators: list[Row], figures: list[Row], folder: str = RECORDED) -> list[str]:
    add(root, f"{folder}indicators.csv", indicators)
    add(root, f"{folder}observations.csv", figures)
    return problems(root)


h = [indicator("h")]
plain = {"sensitive": "false"}

STOPPED = {
    "one withheld ward": (h, wards("h", "c 40 50 15 112"), "that it is 7"),
    "zero": (h, wards("h", "c 40 50 15 105"), "that it is 0"),
    "low": (h, wards("h", "low 40 50 15 112"), "not shown (low), but from what else is published anybody can work out that it is 7"),
    "x": (h, wards("h", "x 40 50 15 112"), "not shown (x), but"),
    "z": (h, wards("h", "z 40 50 15 112"), "not shown (z), but"),
    "a ward left out": (h, wards("h", "- 40 50 15 112"), "left out, but from what else is published anybody can work out that it is 7"),
    "records without a ward left out": (h, wards("h", "30 40 50 - 123"), "no ward recorded, 12 months to December 2019: This count is left out"),
    "records without a ward under the minimum": (h, wards("h", "30 40 50 3 123"), "A count of 3 that must be protected is under 10"),
    "three wards of nine": (h, wards("h", "c c c 15 42"), "knowing that small counts are withheld, anybody can work out that it is 9"),
    "two wards that are small": (h, wards("h", "c c 50 15 81"), "that it is between 7 and 9"),
    "withheld with the rest, nearly nothing": (h, wards("h", "c 40 50 c 91"), "between 0 and 1"),
    "provisional and revised beside it": (
        h, [figure("h", N, "c"), figure("h", S, "40", status="p"), figure("h", W, "50", status="r"), figure("h", REST, "15", status="e"), figure("h", B, "112", status="p")],
        "that it is 7",
    ),
    "second of two years": (h, [*wards("h", "30 40 50 15 135"), *wards("h", "30 c 50 15 99", 2020)], "that it is 4"),
    "half of a year": (
        [indicator("h", protected="true", sensitive="false")],
        [figure("h", N, "25"), figure("h", N, "c", period_end="2019-06-30"), figure("h", N, "22", period_start="2019-07-01")],
        "that it is 3",
    ),
    "a quarter that is left out": (
        [indicator("h", protected="true", sensitive="false")],
        [figure("h", B, "25"), figure("h", B, "22", period_end="2019-09-30")],
        "3 months to December 2019: This count is left out",
    ),
    "three levels": (
        [indicator("top", **plain), indicator("mid", part_of="top", **plain), indicator("other", part_of="top", **plain), indicator("a", part_of="mid"), indicator("b", part_of="mid", **plain)],
        [figure("top", B, "200"), figure("mid", B, "40"), figure("other", B, "160"), figure("a", B, "c"), figure("b", B, "38")],
        "a: Exampleton, 12 months to December 2019: This count is withheld, but from what else is published anybody can work out that it is 2",
    ),
    "three levels without the middle": (
        [indicator("top", **plain), indicator("mid", part_of="top", **plain), indicator("other", part_of="top", **plain), indicator("a", part_of="mid"), indicator("b", part_of="mid", **plain)],
        [figure("top", B, "200"), figure("other", B, "160"), figure("a", B, "c"), figure("b", B, "38")],
        "that it is 2",
    ),
    "a part that is left out": (
        [indicator("top", **plain), indicator("a", part_of="top"), indicator("b", part_of="top", **plain)],
        [figure("top", B, "42"), figure("b", B, "40")],
        "a: Exampleton, 12 months to December 2019: This count is left out",
    ),
    "two undeclared parts": ([indicator("v", **plain), indicator("v1"), indicator("v2", **plain)], [figure("v", N, "40"), figure("v1", N, "c"), figure("v2", N, "33")], "v2 and v1 could add up to v; then it is 7"),
    "three undeclared parts": (
        [indicator("v", **plain), indicator("v1"), indicator("v2", **plain), indicator("v3", **plain)],
        [figure("v", N, "70"), figure("v1", N, "c"), figure("v2", N, "33"), figure("v3", N, "30")],
        "v2 and v3 and v1 could add up to v; then it is 7",
    ),
    "undeclared parts that fit another year": (
        [indicator("v", **plain), indicator("v1"), indicator("v2", **plain)],
        [figure("v", N, "40"), figure("v1", N, "c"), figure("v2", N, "33"), figure("v", N, "60", 2020), figure("v1", N, "20", 2020), figure("v2", N, "40", 2020)],
        "could add up to v",
    ),
    "the borough under another name": (
        [indicator("h"), indicator("all", **plain)], [*wards("h", "c 40 50 15 -"), figure("all", B, "112")], "all (112) could be the total of 4 figures",
    ),
    "the same figure under another name": (
        [indicator("h"), indicator("copy", **plain)],
        [figure("h", N, "c"), figure("copy", N, "7"), figure("h", S, "40"), figure("copy", S, "40")],
        "copy looks like the same figure, and says 7",
    ),
    "the same title": (
        [indicator("h", title="Harm"), indicator("copy", title="Harm, second table", **plain)], [figure("h", N, "c"), figure("copy", N, "7")], "copy looks like the same figure",
    ),
    "rate by ward": ([indicator("r", unit="per-1000")], [figure("r", N, "1.4")], "For wards, publish only counts"),
    "rate of none by ward": ([indicator("r", unit="per-1000")], [figure("r", N, "0")], "For wards, publish only counts"),
    "percentage by ward": ([indicator("r", unit="percent")], [figure("r", N, "7")], "For wards, publish only counts"),
    "change by ward": ([indicator("r", unit="percent-change")], [figure("r", N, "-65")], "For wards, publish only counts"),
    "percentage of a borough": ([indicator("h"), indicator("r", unit="percent")], [figure("h", B, "100"), figure("r", B, "3")], "can stand for a count under 5"),
    "change of a borough": (
        [indicator("h"), indicator("r", unit="percent-change")], [figure("h", B, "20", 2018), figure("r", B, "-80")], "can stand for a count under 5",
    ),
    "change beside a withheld count": (
        [indicator("h"), indicator("r", unit="percent-change")], [figure("h", B, "c"), figure("r", B, "10")], "the withheld count of h can be worked out",
    ),
    "change under another indicator that fits another year": (
        [indicator("h"), indicator("r", unit="percent-change", **plain)],
        [figure("h", N, "20", 2017), figure("h", N, "40", 2018), figure("h", N, "c"), figure("r", N, "100", 2018), figure("r", N, "-82.5")],
        "r looks like the change of this count",
    ),
    "change of the same name": (
        [indicator("h", title="Harm"), indicator("r", title="Change in harm", unit="percent-change", **plain)],
        [figure("h", N, "40", 2018), figure("h", N, "c"), figure("r", N, "-82.5")],
        "r looks like the change of this count",
    ),
    "change from a withheld count": (
        [indicator("h", title="Harm"), indicator("r", title="Change in harm", unit="percent-change", **plain)],
        [figure("h", N, "c", 2018), figure("h", N, "40"), figure("r", N, "471")],
        "r looks like the change of this count",
    ),
    "a change between two withheld counts": (
        [indicator("h", title="Harm"), indicator("r", title="Change in harm", unit="percent-change", **plain)],
        [figure("h", N, "c", 2018), figure("h", N, "c"), figure("r", N, "25")],
        "r looks like the change of this count",
    ),
    "rate without a population": ([indicator("r", unit="per-1000")], [figure("r", "E12999999", "1.4")], "population behind this rate is not known"),
    "overlapping windows": (
        h, [figure("h", N, "20"), figure("h", N, "29", period_start="2019-02-01", period_end="2020-01-31")], "overlaps the one up to 2019-12-31",
    ),
    "overlapping windows of records without a ward": (
        h, [figure("h", REST, "20"), figure("h", REST, "29", period_start="2019-02-01", period_end="2020-01-31")], "overlaps the one up to",
    ),
    "sensitive title": ([indicator("d", title="Domestic abuse", **plain)], [figure("d", N, "30")], "column sensitive: “domestic abuse” is a sensitive subject"),
    "sensitive title in other letters": ([indicator("d", title="RAPE offences", **plain)], [figure("d", N, "30")], "is a sensitive subject"),
    "sensitive short title": ([indicator("d", short_title="Hate-crime", **plain)], [figure("d", N, "30")], "is a sensitive subject"),
    "sensitive by its definition": ([indicator("d", definition="The number of rapes recorded.", **plain)], [figure("d", N, "30")], "is a sensitive subject"),
}  # fmt: skip

FINE = {
    "a sensitive subject that the definition only mentions": ([indicator("d", definition="Violence, stalking and hate crime.", **plain)], [figure("d", N, "30")]),
    "a change that does not fit another year": (
        [indicator("h"), indicator("r", unit="percent-change", **plain)],
        [figure("h", N, "20", 2017), figure("h", N, "40", 2018), figure("h", N, "c"), figure("r", N, "50", 2018), figure("r", N, "-82.5")],
    ),
    "two wards of which one must be larger": (h, wards("h", "c c 50 15 90")),
    "three small wards with room": (h, wards("h", "c c c 15 27")),
    "another year shows that the numbers do not add up": (
        [indicator("v", **plain), indicator("v1"), indicator("v2", **plain)],
        [figure("v", N, "40"), figure("v1", N, "c"), figure("v2", N, "33"), figure("v", N, "90", 2020), figure("v1", N, "20", 2020), figure("v2", N, "41", 2020)],
    ),
    "not available, and large": (h, wards("h", "x 40 50 15 400")),
    "a rate of a borough with many people": ([indicator("r", unit="per-1000")], [figure("r", B, "8.4")]),
    "money": ([indicator("d", title="Funding for domestic abuse services", unit="pounds", unit_label="pounds", **plain)], [figure("d", B, "30")]),
    "printed openly": ([indicator("d", title="Domestic abuse", **plain)], [figure("d", B, "3", source="report")]),
}  # fmt: skip


@pytest.mark.parametrize("case", STOPPED)
def test_a_count_that_can_be_worked_out_stops_the_check(tiny: Path, case: str) -> None:
    indicators, figures, told = STOPPED[case]
    found = tried(tiny, indicators, figures)
    assert any(told in p for p in found), found


@pytest.mark.parametrize("case", FINE)
def test_what_gives_nothing_away_is_let_through(tiny: Path, case: str) -> None:
    assert not tried(tiny, *FINE[case])


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ("c c c c c 20", "that it is 4"),
        ("c c 30 30 30 97", "between 3 and 4"),
        ("c 20 20 30 30 102", "that it is 2"),
        ("- 20 20 30 30 102", "left out"),
        ("c c c c c 8", ""),
    ],
)
def test_parts_of_a_total(tiny: Path, values: str, told: str) -> None:
    known = parts("p", "10 10 10 10 10 50", period_start="2020-01-01", period_end="2020-12-31")
    found = tried(tiny, [indicator("p", breakdown="type")], [*parts("p", values), *known], FIGURES)
    assert any(told in p for p in found) if told else not found, found


def test_the_total_of_parts_under_another_name(tiny: Path) -> None:
    add(tiny, f"{RECORDED}indicators.csv", [indicator("s", **plain)])
    add(tiny, f"{RECORDED}observations.csv", [figure("s", B, "359")])
    found = tried(tiny, [indicator("p", breakdown="type")], parts("p", "65 64 228 c - -"), FIGURES)
    assert any("s (359) could be the total of 4 figures" in p for p in found), found


def test_claims_and_targets_state_no_withheld_count(tiny: Path) -> None:
    claims = [
        {"id": "c1", "kind": "value", "stated": "7", "base_period_start": "", "base_period_end": ""},
        {"id": "c3", "kind": "total", "stated": "27", "period_start": "2018-01-01", "base_period_start": "", "base_period_end": ""},
        {"id": "c2", "kind": "change-percent", "stated": "-65", "base_period_start": "2018-01-01", "base_period_end": "2018-12-31"},
    ]  # fmt: skip
    same = {"indicator": "h", "area": N, "period_start": "2019-01-01", "period_end": "2019-12-31", "decimals": "0", "statement": "It fell.", "source": "returns", "locator": "Page 3"}  # fmt: skip
    add(tiny, f"{FIGURES}claims.csv", [same | c for c in claims])
    target = {"id": "t", "indicator": "h", "title": "Cut it", "baseline": "the year 2018", "baseline_value": "20", "unit": "count", "target_value": "10", "due": "2019-12", "result_value": "7", "source": "returns", "locator": "Table 1"}  # fmt: skip
    add(tiny, f"{FIGURES}targets.csv", [target])
    found = tried(tiny, h, [figure("h", N, "c"), figure("h", N, "20", 2018), figure("h", S, "40")])
    assert [p.partition(": This")[0].partition(": The")[0].partition(": Readers")[0] for p in found] == [
        "claims: c1",
        "claims: c3",
        "claims: c2",
        "targets: t",
    ]


@pytest.mark.parametrize(
    ("sensitive", "unit", "source", "stops"),
    [
        ("true", "count", "returns", True),
        ("true", "count", "report", False),  # a report that was published openly prints the count
        ("true", "percent-change", "returns", False),  # a change is no count
        ("false", "count", "returns", False),
    ],
)
def test_a_small_result_of_a_target_stops_only_where_it_is_a_count_that_needs_protection(
    tiny: Path, sensitive: str, unit: str, source: str, stops: bool
) -> None:
    target = {"id": "t", "indicator": "h", "title": "Cut it", "baseline": "2018", "unit": unit, "target_value": "10", "due": "2019-12", "result_value": "3", "source": source, "locator": "Table 1"}  # fmt: skip
    add(tiny, f"{FIGURES}targets.csv", [target])
    found = tried(tiny, [indicator("h", sensitive=sensitive)], [figure("h", B, "40")])
    assert [p for p in found if "The result is a count of 3" in p] == found
    assert bool(found) is stops


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"baseline_value": "2"}, "The baseline is a count of 2"),
        ({"baseline_value": "20", "result_value": "-80"}, "The result is a count of 4"),
        ({"baseline_value": "20", "result_value": "-50"}, ""),
        ({"unit": "count", "target_value": "5", "title": "Less in North & Quay", "baseline_value": "9", "result_value": "7"}, "The result is a count of 7, but counts under 10"),
        ({"unit": "count", "target_value": "5", "title": "Less in Exampleton", "baseline_value": "9", "result_value": "7"}, ""),
    ],
)  # fmt: skip
def test_a_target_states_no_small_count_as_its_baseline_result_or_change(
    tiny: Path, more: Row, told: str
) -> None:
    target = {"id": "t", "indicator": "h", "title": "Cut it", "baseline": "2018", "unit": "percent-change", "target_value": "-20", "due": "2021", "source": "returns", "locator": "Table 1"}  # fmt: skip
    add(tiny, f"{FIGURES}targets.csv", [target | more])
    found = tried(tiny, h, [figure("h", B, "127")])
    assert any(told in p for p in found) if told else not found, found


@pytest.mark.parametrize(("area", "stated", "stops"), [(N, "7", True), (N, "10", False), (B, "3", True), (B, "5", False)])  # fmt: skip
def test_a_claim_states_no_small_total(tiny: Path, area: str, stated: str, stops: bool) -> None:
    claim = {"id": "c", "indicator": "h", "kind": "total", "area": area, "period_start": "2018-01-01", "period_end": "2018-12-31", "stated": stated, "decimals": "0", "statement": "It was so.", "source": "returns", "locator": "Page 3"}  # fmt: skip
    add(tiny, f"{FIGURES}claims.csv", [claim])
    found = tried(tiny, h, [figure("h", B, "127")])
    assert any(f"The statement has a count of {stated}" in p for p in found) is stops, found


@pytest.mark.parametrize(
    ("locator", "number"),
    [("Seven (7) offences in North & Quay", "Seven"), ("value 40", "40"), ("Table 9, twenty-one cases", "twenty-one"),
     ("Table 9, page 3", ""), ("Hidden harm, South, months 2021-08 to 2022-07", ""), ("Sheet 2, row 14, 12 months to July 2019", "")],
)  # fmt: skip
def test_a_locator_does_not_say_the_number(tiny: Path, locator: str, number: str) -> None:
    rows = [
        figure("h", N, "c", locator=locator),
        figure("h", S, "c"),
        figure("h", W, "50"),
        figure("h", REST, "15"),
        figure("h", B, "105"),
    ]
    assert not tried(tiny, h, rows)
    told = [w for w in building.warnings(building.project(tiny)) if w.code == "number"]
    assert [f"its locator says “{number}”" in w.message for w in told] == [True] * bool(number)


def test_a_text_does_not_say_the_number(tiny: Path) -> None:
    rows = [
        indicator(
            "h",
            short_title="Harm",
            caveat="In 2019 there was much harm. Harm in North & Quay was 7. Harm in West Field was 50.",
        )
    ]
    assert not tried(tiny, rows, [figure("h", N, "c"), figure("h", W, "50")])
    told = [w for w in building.warnings(building.project(tiny)) if w.code == "number"]
    assert [w.message for w in told] == [
        "A figure of h is withheld, and this text names its place and says “7”."
    ]


def test_numbers_that_have_nothing_to_do_with_each_other_can_be_accepted(tiny: Path) -> None:
    case = STOPPED["two undeclared parts"]
    tried(tiny, case[0], case[1])
    with pytest.raises(PortalError) as stopped:
        building.check(tiny)
    (problem,) = stopped.value.problems
    row = {
        "warning": problem.name,
        "reason": "Three different things.",
        "accepted_on": "2021-01-01",
        "accepted_by": "A",
    }
    add(tiny, "data_packages/releases/data/accepted.csv", [row])
    building.check(tiny)
    assert not [w for w in building.warnings(building.project(tiny)) if w.code in ("disclosure", "spent")]


@pytest.mark.parametrize("name", ["ward_minimum", "borough_minimum"])
@pytest.mark.parametrize("least", [0, 1, 2])
def test_a_minimum_that_protects_nobody_is_refused(tiny: Path, name: str, least: int) -> None:
    path = tiny / "site_src/portal.toml"
    path.write_text(
        "\n".join(
            f"{name} = {least}" if line.startswith(name) else line for line in path.read_text().splitlines()
        )
    )
    assert [f"disclosure.{name}: The minimum is {least}" in p for p in problems(tiny)] == [True]
