"""Tables that give a withheld count away: the attacker reads it off them, and the check does not let them pass.

That the attacker succeeds here shows that it is one to be afraid of where it finds nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest
from attacker.harvest import Key, public
from attacker.made_up import (
    BOROUGH,
    NORTH,
    OTHER,
    REST,
    SOUTH,
    WEST,
    Row,
    Tables,
    figure,
    indicator,
    wards,
    year,
)
from attacker.report import Leak, leaks
from portal.core.problems import PortalError
from portal.site import building
from project import TINY, make_project

SENSITIVE, PROTECTED = {"sensitive": "true"}, {"protected": "true"}


@dataclass(frozen=True)
class Case:
    """Tables, and the count that follows from them."""

    tables: Tables
    name: str
    area: str = NORTH
    part: str = ""
    start: str = "2024-01-01"
    end: str = "2024-12-31"

    @property
    def key(self) -> Key:
        return Key(self.name, self.area, self.part, self.start, self.end)


def one(rows: Sequence[Row], name: str = "a", **told: str) -> Tables:
    return Tables([indicator(name, **(told or SENSITIVE))], rows)


YEARS = (2021, 2022, 2023)
KNOWN = [
    row for n, y in enumerate(YEARS) for row in wards("a", 20 + n, 30 + n, 41 + n, 12, 103 + 3 * n, years=[y])
]
PARTS = ["Knives", "Guns", "Fire"]


def split(name: str, *values: object, y: int = 2024) -> list[Row]:
    return [year(name, BOROUGH, v, y, part) for part, v in zip(PARTS, values, strict=True)]


CASES = {
    "alone among wards": Case(one(wards("a", "c", 40, 50, 13, 110)), "a"),
    "alone, and protected": Case(one(wards("a", "c", 40, 50, 13, 110), **PROTECTED), "a"),
    "a zero": Case(one(wards("a", "c", 40, 50, 13, 103)), "a"),
    "too low to tell": Case(one(wards("a", "low", 40, 50, 13, 110)), "a"),
    "said not to be available": Case(one(wards("a", "x", 40, 50, 13, 110)), "a"),
    "a row left out": Case(one(wards("a", None, 40, 50, 13, 110)), "a"),
    "the row without a ward left out": Case(one(wards("a", 37, 40, 50, None, 130)), "a", REST),
    "a part left out": Case(
        Tables(
            [indicator("a", breakdown="type", **SENSITIVE)],
            [*split("a", 20, 21, 22, y=2023), year("a", BOROUGH, 63, 2023), *split("a", 20, 21, 3)[:2], year("a", BOROUGH, 44)],
        ), "a", BOROUGH, "Fire",
    ),
    "small without a ward": Case(one(wards("a", 30, 30, 49, 1, 110)), "a", REST),
    "two that can be nothing else": Case(one(wards("a", "c", "c", 50, 13, 63)), "a"),
    "two that are nearly all there is": Case(one(wards("a", "c", "c", 50, 13, 64)), "a"),
    "the fourth quarter": Case(
        one([
            *(figure("a", BOROUGH, v, f"2024-{m:02}-01", f"2024-{m + 2:02}-{d}") for v, m, d in ((20, 1, 31), (21, 4, 30), (22, 7, 30))),
            figure("a", BOROUGH, "c", "2024-10-01", "2024-12-31"), year("a", BOROUGH, 65),
        ]), "a", BOROUGH, start="2024-10-01",
    ),
    "the second half": Case(
        one([figure("a", BOROUGH, 40, "2024-01-01", "2024-06-30"), figure("a", BOROUGH, "c", "2024-07-01", "2024-12-31"), year("a", BOROUGH, 42)]),
        "a", BOROUGH, start="2024-07-01",
    ),
    "windows of a ward that overlap": Case(
        one([year("a", NORTH, 20), figure("a", NORTH, 29, "2024-02-01", "2025-01-31")]), "a", start="2024-02-01", end="2025-01-31",
    ),
    "part of a part": Case(
        Tables(
            [indicator("top"), indicator("mid", part_of="top"), indicator("rest", part_of="top"), indicator("a", part_of="mid", **SENSITIVE), indicator("b", part_of="mid")],
            [year(n, BOROUGH, v) for n, v in (("top", 200), ("mid", 40), ("rest", 160), ("a", "c"), ("b", 38))],
        ), "a", BOROUGH,
    ),
    "part of a part that has no figures": Case(
        Tables(
            [indicator("top"), indicator("mid", part_of="top"), indicator("rest", part_of="top"), indicator("a", part_of="mid", **SENSITIVE), indicator("b", part_of="mid")],
            [year(n, BOROUGH, v) for n, v in (("top", 200), ("rest", 160), ("a", "c"), ("b", 38))],
        ), "a", BOROUGH,
    ),
    "three levels": Case(
        Tables(
            [
                indicator("top"), indicator("one", part_of="top"), indicator("two", part_of="one"), indicator("a", part_of="two", **SENSITIVE),
                indicator("b", part_of="two"), indicator("d", part_of="one"), indicator("e", part_of="top"),
            ],
            [year(n, BOROUGH, v) for n, v in (("top", 300), ("one", 200), ("e", 100), ("two", 60), ("d", 140), ("a", "c"), ("b", 57))],
        ), "a", BOROUGH,
    ),
    "a sum that nobody declared": Case(
        Tables(
            [indicator("sum"), indicator("a", **SENSITIVE), indicator("b")],
            [
                *(year(n, NORTH, v + y % 10, y) for y in YEARS for n, v in (("a", 11), ("b", 40))),
                *(year("sum", NORTH, 51 + 2 * (y % 10), y) for y in YEARS),
                *(year(n, NORTH, v) for n, v in (("sum", 40), ("a", "c"), ("b", 33))),
            ],
        ), "a",
    ),
    "the same under another name": Case(
        Tables(
            [indicator("a", **SENSITIVE), indicator("again")],
            [*(year(n, NORTH, 15 + y % 10, y) for y in YEARS for n in ("a", "again")), year("a", NORTH, "c"), year("again", NORTH, 7)],
        ), "a",
    ),
    "the total stands elsewhere": Case(
        Tables(
            [indicator("a", breakdown="type", **PROTECTED), indicator("whole", **PROTECTED)],
            [
                *(row for n, y in enumerate(YEARS) for row in split("a", 20 + n, 30, 40, y=y)),
                *(year("whole", BOROUGH, 90 + n, y) for n, y in enumerate(YEARS)),
                *split("a", 65, 64, "c"), year("whole", BOROUGH, 131),
            ],
        ), "a", BOROUGH, "Fire",
    ),
    "a rate by ward": Case(Tables([indicator("a", unit="per-1000", **SENSITIVE)], [year("a", NORTH, "1.4")]), "a"),
    "a rate of nothing": Case(Tables([indicator("a", unit="per-1000", **SENSITIVE)], [year("a", NORTH, "0.0")]), "a"),
    "a rate beside its count": Case(
        Tables([indicator("a", **SENSITIVE), indicator("r", unit="per-1000", **SENSITIVE)], [year("a", NORTH, "c"), year("r", NORTH, "1.40")]), "a",
    ),
    "a rate that says nothing of itself": Case(
        Tables(
            [indicator("a", **SENSITIVE), indicator("r", unit="per-1000")],
            [
                *(year("a", NORTH, 15 + 5 * n, y) for n, y in enumerate(YEARS)), year("a", NORTH, "c"),
                *(year("r", NORTH, v, y) for v, y in zip(("3.00", "4.00", "5.00"), YEARS, strict=True)), year("r", NORTH, "1.40"),
            ],
        ), "a",
    ),
    "a percentage of a known whole": Case(
        Tables([indicator("whole", **SENSITIVE), indicator("a", unit="percent", **SENSITIVE)], [year("whole", BOROUGH, 100), year("a", NORTH, 7)]), "a",
    ),
    "a change from a known count": Case(
        Tables(
            [indicator("a", **SENSITIVE), indicator("change", unit="percent-change", **SENSITIVE)],
            [year("a", NORTH, 20, 2023), year("a", NORTH, "c"), year("change", NORTH, -65)],
        ), "a",
    ),
    "a change to a known count": Case(
        Tables(
            [indicator("a", **SENSITIVE), indicator("change", unit="percent-change", **SENSITIVE)],
            [year("a", NORTH, "c", 2023), year("a", NORTH, 14), year("change", NORTH, 100)],
        ), "a", start="2023-01-01", end="2023-12-31",
    ),
    "rounded to five": Case(
        Tables(
            [indicator("a", **SENSITIVE), indicator("b")],
            [*(year(n, NORTH, v, y) for y, *both in ((2020, 17, 15), (2021, 23, 25), (2022, 31, 30), (2023, 42, 40)) for n, v in zip("ab", both, strict=True)),
             year("a", NORTH, "c"), year("b", NORTH, 5)],
        ), "a",
    ),
    "plus a number": Case(
        Tables(
            [indicator("a", **SENSITIVE), indicator("b")],
            [*(year(n, NORTH, v, y) for y, v in ((2020, 17), (2021, 23), (2022, 31), (2023, 42)) for n, v in (("a", v), ("b", v + 100))),
             year("a", NORTH, "c"), year("b", NORTH, 107)],
        ), "a",
    ),
    "taken from a number": Case(
        Tables(
            [indicator("a", **SENSITIVE), indicator("b")],
            [*(year(n, NORTH, v, y) for y, v in ((2020, 17), (2021, 23), (2022, 31), (2023, 42)) for n, v in (("a", v), ("b", 100 - v))),
             year("a", NORTH, "c"), year("b", NORTH, 93)],
        ), "a",
    ),
    "the locator": Case(one([year("a", NORTH, "c", locator="Seven (7) offences in North and Quay")]), "a"),
    "the locator in one word": Case(one([year("a", NORTH, "c", locator="value: three")]), "a"),
    "sensitive by its title alone": Case(one([year("a", NORTH, 1)], title="Domestic abuse", short_title="Harm"), "a"),
    "sensitive by its short title": Case(one([year("a", BOROUGH, 3)], title="Offences of kind 9", short_title="Rape"), "a", BOROUGH),
    "saved by a spreadsheet": Case(one(wards("a", 3, 40, 50, 13, 106), sensitive="TRUE"), "a"),
    "saved as a number": Case(one(wards("a", 3, 40, 50, 13, 106), protected="1"), "a"),
    "another borough": Case(one([year("a", OTHER, 3)]), "a", OTHER),
}  # fmt: skip


def claim(kind: str, stated: str, **told: str) -> dict[str, str]:
    plain = {
        "id": "claim-a", "indicator": "a", "kind": kind, "area": NORTH, "period_start": "2024-01-01", "period_end": "2024-12-31",
        "stated": stated, "decimals": "0", "statement": "As printed.", "source": "returns", "locator": "Page 3",
    }  # fmt: skip
    return plain | told


def claimed(*claims: dict[str, str], **told: object) -> Case:
    rows = [year("a", NORTH, 20, 2023), year("a", NORTH, "c")]
    return Case(Tables([indicator("a", **SENSITIVE)], rows, claims, **told), "a")  # type: ignore[arg-type]


CASES |= {
    "a claim of a value": claimed(claim("value", "7")),
    "a claim of a change": claimed(claim("change-percent", "-65", base_period_start="2023-01-01", base_period_end="2023-12-31")),
    "a claim of a sum": claimed(claim("total", "27", period_start="2023-01-01")),
    "the words of a claim": claimed(claim("rank", "1", statement="There were seven offences in North & Quay.")),
    "the result of a target": claimed(targets=[{
        "id": "target-9", "indicator": "a", "title": "Cut it", "baseline": "2023", "baseline_value": "20", "unit": "count",
        "target_value": "10", "due": "2024-12", "result_value": "7", "source": "returns", "locator": "Table 1",
    }]),
}  # fmt: skip


@cache
def as_it_was() -> list[Leak]:
    """Return what the attacker finds in the tiny portal without any of these tables."""
    return leaks(public(TINY / "data_packages", 10, 5))


def made(case: Case, folder: Path) -> Path:
    return case.tables.put(make_project(folder))


@pytest.mark.parametrize("name", CASES)
def test_the_attacker_reads_the_count(name: str, tmp_path: Path) -> None:
    """From the data packages, which the site serves as they are."""
    case = CASES[name]
    found = leaks(public(made(case, tmp_path / "tiny") / "data_packages", 10, 5))
    assert case.key in {leak.key for leak in found}, "\n".join(map(str, found))
    assert case.key not in {leak.key for leak in as_it_was()}


# What stands in words may also be read wrongly, so that a warning that somebody has to accept is enough.
WORDS = {"the locator", "the locator in one word", "the words of a claim"}


@pytest.mark.parametrize("name", sorted(CASES.keys() - WORDS))
def test_the_check_does_not_let_it_pass(name: str, tmp_path: Path) -> None:
    with pytest.raises(PortalError):
        building.check(made(CASES[name], tmp_path / "tiny"))


@pytest.mark.parametrize("name", sorted(WORDS))
def test_the_check_at_least_warns_of_words(name: str, tmp_path: Path) -> None:
    """The same rows without the telling words have one warning less, or pass."""
    case = CASES[name].tables
    plain = replace(
        case,
        observations=[{**row, "locator": "Table 9"} for row in case.observations],
        claims=[{**row, "statement": "As printed."} for row in case.claims],
    )
    asked = building.project(plain.put(make_project(tmp_path / "plain")))
    try:
        whole = building.project(case.put(make_project(tmp_path / "told")))
    except PortalError:
        return
    assert len(building.warnings(whole)) > len(building.warnings(asked))


SOUND = {
    "two withheld": one(wards("a", "c", "c", 50, 13, 103)),
    "nothing to hide": one(wards("a", 20, 40, 50, 13, 123)),
    "a withheld ward without a total": one([year("a", NORTH, "c"), year("a", SOUTH, 40)]),
    "a rate of many": Tables([indicator("a", unit="per-1000")], [year("a", BOROUGH, "40.2")]),
    "several years": one([*KNOWN, *wards("a", "c", 40, "c", 13, 103)]),
    "two documents that agree": one([*wards("a", "c", "c", 50, 13, 103), year("a", WEST, 41, 2023)]),
}


@pytest.mark.parametrize("name", SOUND)
def test_the_attacker_does_not_find_what_is_not_there(name: str, tmp_path: Path) -> None:
    """And the check has nothing against it: it does not refuse everything."""
    root = SOUND[name].put(make_project(tmp_path / "tiny"))
    assert leaks(public(root / "data_packages", 10, 5)) == as_it_was()
    building.check(root)
