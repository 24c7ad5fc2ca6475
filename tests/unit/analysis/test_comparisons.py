"""Which places are similar, and which rates are unusual: beside the reference script and by what must hold for any figures."""

import math
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from portal.analysis import funnels, similarity
from portal.core.places import Profile

AREAS = st.dictionaries(
    st.text("abcdefgh", min_size=1, max_size=4),
    st.tuples(st.integers(1, 5000), st.integers(500, 30000)),
    min_size=10,
    max_size=40,
)


def test_an_area_that_is_the_same_is_the_nearest() -> None:
    def profile(area: str, young: int, old: int) -> list[Profile]:
        measures = (("age", "young", young), ("age", "old", old), ("population", "all", young + old))
        return [Profile("s", "l", area, area, t, m, Decimal(v)) for t, m, v in measures]

    rows = [profile("ours", 10, 90), profile("twin", 10, 90), profile("near", 20, 80), profile("far", 90, 10)]
    found = similarity.ranked(tuple(p for row in rows for p in row), "ours")
    assert (found[0].code, found[0].rank, found[0].times) == ("twin", 1, 1)  # all have as many people
    assert found[-1].code == "far"
    assert similarity.ranked(tuple(rows[1]), "ours") == ()


@given(AREAS)
def test_an_area_is_outside_exactly_when_it_is_outside_the_drawn_limits(
    counts: dict[str, tuple[int, int]],
) -> None:
    rate, between, z = funnels.distances(counts)
    funnel = funnels.Funnel(None, (), rate, between)  # type: ignore[arg-type]
    for code, (count, people) in counts.items():
        low, high = funnel.limits(people)
        own = 1000 * count / people
        if not any(math.isclose(own, limit, rel_tol=1e-9) for limit in (low, high)):
            assert (abs(z[code]) > funnels.UNUSUAL) == (not low <= own <= high)


@given(AREAS, st.integers(2, 9))
def test_the_order_of_areas_and_their_names_decide_nothing(
    counts: dict[str, tuple[int, int]], times: int
) -> None:
    rate, between, z = funnels.distances(counts)
    turned = funnels.distances(dict(reversed(counts.items())))
    assert math.isclose(rate, turned[0])
    assert all(math.isclose(z[c], turned[2][c], rel_tol=1e-6, abs_tol=1e-9) for c in counts)
    assert between >= 0


def test_the_distances_of_an_example_are_those_of_the_reference_script() -> None:
    """Counts and residents of twelve made-up areas; the numbers are from `overdispersion.py`."""
    people = (12000, 11000, 15000, 9000, 14000, 10000, 13000, 8000, 12500, 11800, 7000, 9500)
    counts = (120, 95, 210, 60, 150, 80, 300, 45, 110, 130, 20, 90)
    rate, between, z = funnels.distances(
        dict(zip("abcdefghijkl", zip(counts, people, strict=True), strict=True))
    )
    assert math.isclose(rate, sum(counts) / sum(people))
    assert math.isclose(between, 0.2719142995706229, rel_tol=1e-9)
    wanted = (
        -0.20866409, -0.71560621, 0.97378493, -1.59128306, 0.03185362, -0.97510593,
        2.71784265, -2.15224693, -0.65505392, 0.12853976, -4.37955034, -0.39157031,
    )  # fmt: skip
    assert all(math.isclose(a, b, abs_tol=1e-7) for a, b in zip(z.values(), wanted, strict=True))


def test_areas_with_the_same_rate_are_in_the_middle_of_their_funnel() -> None:
    _, between, z = funnels.distances({f"a{n}": (10 * n, 1000 * n) for n in range(1, 13)})
    assert between == 0
    assert all(abs(distance) < 1e-9 for distance in z.values())


def test_limits_are_per_1000_people_and_never_below_none() -> None:
    funnel = funnels.Funnel(None, (), 0.01, 0.0)  # type: ignore[arg-type]
    low, high = funnel.limits(10_000, 2.0)  # 100 are expected, and two deviations of the logarithm are 0.2
    assert math.isclose(low, (100.5 * math.exp(-0.2) - 0.5) / 10, rel_tol=1e-9)
    assert math.isclose(high, (100.5 * math.exp(0.2) - 0.5) / 10, rel_tol=1e-9)
    assert funnel.limits(10, 3.0)[0] == 0


def test_similarity_standardises_measures_and_leaves_out_small_areas() -> None:
    def profile(area: str, score: str, people: int = 1000) -> list[Profile]:
        measures = (("deprivation", "score", score), ("population", "all", str(people)))
        return [Profile("s", "l", area, area, t, m, Decimal(v)) for t, m, v in measures]

    rows = [
        profile("ours", "10"),
        profile("a", "11"),
        profile("b", "14"),
        profile("c", "30"),
        profile("tiny", "10", 3),
    ]
    found = similarity.ranked(tuple(p for row in rows for p in row), "ours")
    assert [s.code for s in found] == ["a", "b", "c"]
