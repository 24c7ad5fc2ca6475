"""Sums that no table declares are found where chance does not explain them, and chance stops next to nothing."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from random import Random

import pytest
from portal.core.model import Content, Observation
from portal.core.settings import SmallCountSettings
from portal.core.vocabulary import AreaKind, Status
from portal.disclosure import undeclared_relations
from portal.site import building
from project import make_project

BOROUGH, LEAST = "E09999999", 10
POLICY = SmallCountSettings(ward_minimum=LEAST, borough_minimum=LEAST)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Content:
    return building.read(make_project(tmp_path_factory.mktemp("plain") / "tiny"))[1]


def made_up(
    plain: Content, seed: int, *, series: int, secret: int, years: int, wards: int = 0, planted: int = 0
) -> Content:
    """Unrelated counts, the first `secret` ones guarded; with `planted`, the last is the first and as many others."""
    rng = Random(seed)
    model = next(i for i in plain.indicators.values() if i.unit == "count")
    names = [f"i{n}" for n in range(series)]
    indicators = {
        i: replace(
            model, id=i, slug=i, title=f"Thing {n}", sensitive=n < secret, protected=False, part_of="", breakdown=""
        )
        for n, i in enumerate(names)
    }  # fmt: skip
    borough = plain.areas[BOROUGH]
    own = {f"W{n}": replace(borough, code=f"W{n}", kind=AreaKind.WARD, parent=BOROUGH) for n in range(wards)}
    where = [(a, y) for a in own or [BOROUGH] for y in range(2020 - years, 2020)]
    counts: dict[str, dict[tuple[str, int], int]] = {}
    for n, i in enumerate(names):
        usual = rng.lognormvariate(2.3, 0.8) if n < secret else rng.lognormvariate(4.5, 1.2)
        by_area = {a: usual * rng.lognormvariate(0, 0.4) for a in own or [BOROUGH]}
        counts[i] = {(a, y): max(0, int(rng.gauss(by_area[a], by_area[a] ** 0.5))) for a, y in where}
    if planted:
        terms = names[secret : secret + planted]
        counts[names[0]] |= {(a, y): 4 for a, y in where if y % 2}
        counts[names[-1]] = {w: sum(counts[i][w] for i in (names[0], *terms)) for w in where}
    observations = {
        i: tuple(_figure(i, *w, count, hidden=n < secret and count < LEAST) for w, count in counts[i].items())
        for n, i in enumerate(names)
    }
    return replace(
        plain, areas={BOROUGH: borough} | own, indicators=indicators, observations=observations,
        claims=(), targets=(), accepted=(),
    )  # fmt: skip


def _figure(indicator: str, area: str, year: int, count: int, *, hidden: bool) -> Observation:
    days, value = (date(year, 1, 1), date(year, 12, 31)), None if hidden else Decimal(count)
    return Observation("s", "l", indicator, area, *days, "", value, Status("c" if hidden else ""))


def stops(contents: Iterable[Content]) -> int:
    """How many findings stop these portals."""
    return sum(len(undeclared_relations.find_problems(c, POLICY)) for c in contents)


@pytest.mark.parametrize(("series", "years", "wards"), [(33, 1, 0), (33, 2, 0), (13, 3, 19)])
def test_unrelated_numbers_stop_next_to_nothing(plain: Content, series: int, years: int, wards: int) -> None:
    portals = [made_up(plain, seed, series=series, secret=3, years=years, wards=wards) for seed in range(4)]
    assert stops(portals) <= 1
    # They are not passed over in silence either: one warning for each indicator at most, which can be accepted.
    told = [w for c in portals for w in undeclared_relations.find_warnings(c, POLICY)]
    assert len({(id(w), w.name) for w in told}) <= 3 * len(portals)
    assert all(w.name.startswith("coincidence:i") and "by chance" in w.message for w in told)
    assert years > 1 or told


@pytest.mark.parametrize("terms", [1, 2, 3])
@pytest.mark.parametrize(("series", "years", "wards"), [(33, 10, 0), (13, 3, 19), (5, 1, 0)])
def test_a_sum_that_is_there_is_found(
    plain: Content, terms: int, series: int, years: int, wards: int
) -> None:
    if terms + 2 > series:
        pytest.skip("no room for the terms")
    for seed in range(3):
        content = made_up(plain, 100 + seed, series=series, secret=1, years=years, wards=wards, planted=terms)
        told = [p.name for p in undeclared_relations.find_problems(content, POLICY)]
        end = ":".join(["", f"i{series - 1}", *(f"i{1 + n}" for n in range(terms))])
        assert any(name.startswith("addends:i0:") and name.endswith(end) for name in told), told


def test_a_sum_is_found_although_one_of_many_places_was_revised(plain: Content) -> None:
    content = made_up(plain, 1, series=13, secret=1, years=3, wards=19, planted=2)
    last = content.observations["i12"]
    place = next(n for n, o in enumerate(content.observations["i0"]) if o.value is not None)
    revised = tuple(
        replace(o, value=(o.value or Decimal(0)) + 1) if n == place else o for n, o in enumerate(last)
    )
    content = replace(content, observations={**content.observations, "i12": revised})
    assert any(p.name.endswith(":i12:i1:i2") for p in undeclared_relations.find_problems(content, POLICY))


@pytest.mark.parametrize("beside", [2, 5, 8])
def test_where_few_counts_are_published_whatever_fits_stops(plain: Content, beside: int) -> None:
    content = made_up(plain, 5, series=beside + 1, secret=1, years=1, planted=1)
    told = [p.name for p in undeclared_relations.find_problems(content, POLICY)]
    assert f"addends:i0:{BOROUGH}:2019-01-01/2019-12-31:i{beside}:i1" in told


def test_where_the_name_says_it_too_it_stops_among_many(plain: Content) -> None:
    content = made_up(plain, 5, series=20, secret=1, years=1, planted=1)
    assert not [p for p in undeclared_relations.find_problems(content, POLICY) if p.name.endswith(":i19:i1")]
    named = {"i19": "Robbery", "i0": "Robbery of personal property"}
    indicators = {k: replace(i, title=named.get(k, i.title)) for k, i in content.indicators.items()}
    told = undeclared_relations.find_problems(replace(content, indicators=indicators), POLICY)
    assert any(p.name.endswith(":i19:i1") for p in told)
