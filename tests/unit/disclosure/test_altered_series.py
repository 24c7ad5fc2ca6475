"""A withheld count is found where readers see it rounded, shifted, as a share, or through sums that nearly always agree."""

from pathlib import Path

import pytest
from attacker.made_up import BOROUGH, NORTH, REST, SOUTH, Row, Tables, figure, indicator, wards, year
from project import make_project
from test_disclosure_cases import problems

SENSITIVE, PROTECTED = {"sensitive": "true"}, {"protected": "true"}
PLAIN = [indicator("a", **SENSITIVE), indicator("b")]
SPLIT = [indicator("a", breakdown="type", **PROTECTED)]


def both(own: tuple[int, ...], other: tuple[object, ...]) -> list[Row]:
    """Three years of both series in a ward, and a fourth in which the sensitive one is withheld."""
    years = range(2021, 2025)
    return [
        *(year("a", NORTH, v, y) for v, y in zip((*own, "c"), years, strict=True)),
        *(year("b", NORTH, v, y) for v, y in zip(other, years, strict=True)),
    ]


def parts(y: int, **values: object) -> list[Row]:
    return [year("a", BOROUGH, v, y, part.replace("total", "")) for part, v in values.items()]


def halves(*first: tuple[int, int, int, int]) -> list[Row]:
    """Groups by sex and by age in one breakdown, in three years, and a fourth in which one of them is withheld."""
    names = ("Male", "Female", "Young", "Old")
    return [
        row for n, v in enumerate(first) for row in parts(2021 + n, **dict(zip(names, v, strict=True)))
    ] + parts(2024, Male=33, Female=27, Young="c", Old=56)


AGREES_ONCE_NOT = [
    row for y in range(2015, 2024) for row in parts(y, Knives=20 + y % 4, Guns=30, Fire=9, total=59 + y % 4 - 2 * (y == 2016))
]  # fmt: skip
LEAKS = {
    "rounded to five": (PLAIN, both((17, 23, 31), (15, 25, 30, 5))),
    "rounded to ten": (PLAIN, both((17, 23, 31), (20, 20, 30, 10))),
    "plus a number": (PLAIN, both((17, 23, 31), (117, 123, 131, 107))),
    "a number less it": (PLAIN, both((17, 23, 31), (83, 77, 69, 93))),
    "a share of the borough": (
        [indicator("a", **SENSITIVE), indicator("s", unit="percent", title="Share of series a")],
        [year("a", NORTH, "c"), year("a", BOROUGH, 200), year("s", NORTH, "3.5")],
    ),
    "the rate of a part": (
        [*SPLIT, indicator("r", unit="per-1000", breakdown="type", title="Rate of series a")],
        [year("a", BOROUGH, "c", part="Fire"), year("r", BOROUGH, "0.25", part="Fire")],
    ),
    "the change of a part": (
        [*SPLIT, indicator("r", unit="percent-change", breakdown="type", title="Change in series a")],
        [year("a", BOROUGH, 8, 2023, "Fire"), year("a", BOROUGH, "c", part="Fire"), year("r", BOROUGH, -75, part="Fire")],
    ),
    "two sums since January": (
        [indicator("a", **SENSITIVE), indicator("b", title="Series a since January")],
        [
            figure("b", BOROUGH, 20, "2024-01-01", "2024-06-30"), figure("b", BOROUGH, 23, "2024-01-01", "2024-09-30"),
            figure("a", BOROUGH, "c", "2024-07-01", "2024-09-30"),
        ],
    ),
    "two rolling years": (
        [indicator("a", **SENSITIVE), indicator("b", title="Series a in 12 months")],
        [
            figure("b", BOROUGH, 103, "2023-12-01", "2024-11-30"), figure("b", BOROUGH, 100, "2024-01-01", "2024-12-31"),
            figure("a", BOROUGH, 6, "2023-12-01", "2023-12-31"), figure("a", BOROUGH, "c", "2024-12-01", "2024-12-31"),
        ],
    ),
    "parts that exceeded their total once": (SPLIT, [*AGREES_ONCE_NOT, *parts(2024, Knives=20, Guns=30, Fire="c", total=53)]),
    "two groupings of parts": (SPLIT, halves((30, 20, 15, 35), (31, 22, 16, 37), (32, 24, 17, 39))),
    "a ward left out of another source's total": (
        [indicator("a", **SENSITIVE)],
        [*wards("a", None, 40, 50, 13, None), year("a", BOROUGH, 110, source="report")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LEAKS)
def test_the_check_stops(name: str, tmp_path: Path) -> None:
    found = problems(Tables(*LEAKS[name]).put(make_project(tmp_path / "tiny")))
    assert any("This figure is withheld, but" in p or "This figure is left out, but" in p for p in found), (
        found
    )


SOUND = {
    "an unrelated series": (PLAIN, both((17, 23, 31), (15, 31, 22, 5))),
    "a constant": (PLAIN, both((17, 17, 17), (20, 20, 20, 20))),
    "a rounding of a large count": (PLAIN, both((170, 230, 310), (150, 250, 300, 50))),
    "parts of one whole": (SPLIT, [*halves((30, 20, 15, 35), (31, 25, 16, 37), (32, 24, 11, 39))]),
    "a total of another source that leaves enough": (
        [indicator("a", **SENSITIVE)],
        [year("a", SOUTH, 40), year("a", REST, 13), year("a", BOROUGH, 110, source="report")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SOUND)
def test_the_check_does_not_stop_at_what_does_not_fit(name: str, tmp_path: Path) -> None:
    assert not problems(Tables(*SOUND[name]).put(make_project(tmp_path / "tiny")))
