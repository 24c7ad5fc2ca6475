"""True counts go through the importers' withholding onto a built site, and the attacker gets nothing back."""

import random
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from attacker.deduce import deduced, knowledge
from attacker.harvest import Key, Public, public
from attacker.made_up import BOROUGH, NORTH, PACKAGE, REST, SOUTH, WEST, Tables, add, indicator
from attacker.report import leaks
from attacker.rerun import possible, usual
from portal.core.model import Content, Observation
from portal.core.problems import PortalError
from portal.core.settings import SmallCountSettings
from portal.core.vocabulary import Status
from portal.disclosure import withholding
from portal.site import building
from project import is_thorough, make_project
from selectolax.lexbor import LexborHTMLParser

POLICY = SmallCountSettings(ward_minimum=10, borough_minimum=5)
TOWN, NO_WARD = "E09999998", "X09999998"
WARDS = tuple(f"E0599980{n}" for n in range(1, 6))
# True counts of five wards of another borough, and of records without a ward. The total is their sum.
BY_WARD = {
    "seven": (7, 15, 15, 15, 15, 15),
    "nines": (9, 9, 9, 9, 9, 12),
    "three-nines": (9, 9, 9, 50, 60, 20),
    "nearly-nines": (8, 9, 9, 50, 60, 20),
    "noughts": (0, 0, 0, 50, 60, 12),
    "all-noughts": (0, 0, 0, 0, 0, 0),
    "one-far-below": (7, 31, 33, 60, 61, 70),
    "two-nines": (9, 9, 50, 60, 70, 20),
    "one-and-two": (1, 2, 50, 60, 70, 20),
    "beside-ten": (9, 10, 11, 12, 13, 10),
    "far-apart": (5, 100, 200, 300, 1000, 50),
    "no-ward-small": (20, 30, 40, 50, 60, 3),
    "nothing-small": (20, 30, 40, 50, 60, 70),
}
# True counts of the parts of a borough's figure.
BY_PART = {
    "one-part": (2, 48, 64, 65, 66),
    "small-parts": (1, 1, 2, 3, 244),
    "fours": (4, 4, 4, 4, 228),
    "nothing-but-fours": (4, 4, 4, 4, 4),
    "none": (0, 0, 0, 0, 300),
}
# Numbers that occur nowhere else: where one is withheld, no file may have it.
UNIQUE = {"unique": (7, 417_731, 439_117, 451_991, 473_353, 490_957)}
_RANDOM = random.Random(13)
MIXED = {f"mixed-{n}": tuple(int(_RANDOM.expovariate(1 / 18)) for _ in range(6)) for n in range(12)}
OF_WARDS = BY_WARD | UNIQUE | MIXED
# Each in a year of its own, so that no number of one says anything of another.
SPAN = {name: (f"{y}-01-01", f"{y}-12-31") for y, name in enumerate([*OF_WARDS, *BY_PART], 1980)}

# Two sensitive groups and a plain one by ward, and their total: sums down and across.
GROUPS = ("group-one", "group-two", "group-three")
TABLE = ((7, 12, 30, 9, 41, 22), (15, 8, 44, 11, 3, 19), (120, 91, 140, 77, 101, 60))

Truth = Mapping[Key, int]


def by_ward(name: str, counts: tuple[int, ...]) -> Truth:
    places = (*WARDS, NO_WARD, TOWN)
    return {Key(name, a, "", *SPAN[name]): n for a, n in zip(places, (*counts, sum(counts)), strict=True)}


def of_own(name: str, *years: tuple[int, ...]) -> Truth:
    """Counts of the site's own wards, which have pages, ranks, rates and maps."""
    places = (NORTH, SOUTH, WEST, REST, BOROUGH)
    return {
        Key(name, a, "", f"{y}-01-01", f"{y}-12-31"): n
        for y, counts in enumerate(years, 2023)
        for a, n in zip(places, (*counts, sum(counts)), strict=True)
    }


def by_group() -> Truth:
    places, span = (*WARDS, NO_WARD, TOWN), ("1970-01-01", "1970-12-31")
    rows = [*TABLE, tuple(map(sum, zip(*TABLE, strict=True)))]
    return {
        Key(i, a, "", *span): n
        for i, row in zip((*GROUPS, "all-groups"), rows, strict=True)
        for a, n in zip(places, (*row, sum(row)), strict=True)
    }


def by_part(name: str, counts: tuple[int, ...]) -> Truth:
    parts = {Key(name, BOROUGH, f"Part {n}", *SPAN[name]): count for n, count in enumerate(counts)}
    return parts | {Key(name, BOROUGH, "", *SPAN[name]): sum(counts)}


TRUTHS = {n: by_ward(n, c) for n, c in OF_WARDS.items()} | {n: by_part(n, c) for n, c in BY_PART.items()}
TRUTHS["groups"] = by_group()
TRUTHS["own-wards"] = of_own("own-wards", (7, 31_741, 41_741, 51_741), (31_853, 8, 41_853, 51_853))


def observation(key: Key, count: int) -> Observation:
    start, end = date.fromisoformat(key.start), date.fromisoformat(key.end)
    return Observation(
        source="returns", locator="Table 9", indicator=key.indicator, area=key.area, period_start=start, period_end=end,
        part=key.part, value=Decimal(count), status=Status.PLAIN,
    )  # fmt: skip


def withheld(content: Content, truth: Truth) -> tuple[Observation, ...] | None:
    """What an importer would publish of true counts; None where it refuses."""
    try:
        return withholding.withhold(
            [observation(k, n) for k, n in truth.items()], content, POLICY
        ).observations
    except PortalError:
        return None


def hidden(found: tuple[Observation, ...] | None) -> frozenset[Key] | None:
    if found is None:
        return None
    return frozenset(
        Key(o.indicator, o.area, o.part, str(o.period_start), str(o.period_end)) for o in found if o.value is None
    )  # fmt: skip


def prepared(folder: Path) -> Path:
    """The tiny portal with a second borough of five wards, and the indicators without figures."""
    root = make_project(folder)
    row = {"source": "report", "locator": "Table 1"}
    wards = [{"code": c, "name": f"Ward {c[-1]}", "kind": "ward", "parent": TOWN, **row} for c in WARDS]
    rest = {"code": NO_WARD, "name": "Otherton, no ward recorded", "kind": "rest", "parent": TOWN, **row}
    add(root / "data_packages/geography/data/areas.csv", [*wards, rest])
    people = [{"area": c, "year": "2021", "population": "1800", "basis": "Census", "source": "returns", "locator": "Table 9"} for c in WARDS]  # fmt: skip
    add(root / "data_packages/geography/data/populations.csv", people)
    plain = [indicator(n, sensitive="true") for n in OF_WARDS]
    split = [indicator(n, protected="true", breakdown="type", period_type="calendar-year") for n in BY_PART]
    own = indicator("own-wards", sensitive="true")
    groups = [indicator(n, part_of="all-groups", sensitive=str(n != "group-three").lower()) for n in GROUPS]
    return Tables([*plain, *split, own, indicator("all-groups"), *groups], []).put(root)


@dataclass(frozen=True)
class Attacked:
    """A built site, the content of its packages before they had figures, and what the importer withheld of each."""

    folder: Path
    content: Content
    public: Public
    hidden: Mapping[str, frozenset[Key]]


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Attacked:
    root = prepared(tmp_path_factory.mktemp("attacked") / "tiny")
    content = building.read(root)[1]
    published = {name: withheld(content, truth) for name, truth in TRUTHS.items()}
    rows = [
        {
            "indicator": o.indicator, "area": o.area, "period_start": str(o.period_start), "period_end": str(o.period_end), "type": o.part,
            "value": "" if o.value is None else f"{o.value:f}", "status": o.status, "source": o.source, "locator": o.locator,
        }
        for own in published.values() for o in own or ()
    ]  # fmt: skip
    add(root / PACKAGE / "observations.csv", rows)
    # With figures there are charts.
    path = root / PACKAGE / "indicators.csv"
    charts = re.sub(r"^(own-wards,.*),none,", r"\1,recorded,", path.read_text(), flags=re.MULTILINE)
    path.write_text(charts.replace(",none,type,", ",ranked-bars,type,"))
    folder = building.build(root, lambda step: None).folder
    known = {name: found for name, own in published.items() if (found := hidden(own)) is not None}
    return Attacked(folder, content, public(folder, 10, 5), known)


@pytest.mark.thorough
def test_the_importer_does_not_just_refuse(attacked: Attacked) -> None:
    assert attacked.hidden.keys() == TRUTHS.keys()
    shown = {name for name, own in attacked.hidden.items() if any(k not in own for k in TRUTHS[name])}
    assert len(shown) >= len(TRUTHS) - 4
    assert attacked.hidden["nothing-small"] == frozenset()


def test_the_site_shows_what_the_importer_left(attacked: Attacked) -> None:
    now = attacked.public.now
    for name, own in attacked.hidden.items():
        shown = {k: now[k].value for k in TRUTHS[name]}
        assert {k for k, v in shown.items() if v is None} == own
        assert all(v == TRUTHS[name][k] for k, v in shown.items() if v is not None)


def test_nothing_leaks_from_what_is_served(attacked: Attacked) -> None:
    assert [str(leak) for leak in leaks(attacked.public)] == []


@pytest.mark.parametrize("name", TRUTHS)
def test_who_knows_what_is_small_and_what_is_not_still_learns_no_count(attacked: Attacked, name: str) -> None:
    """A small count can still be any small one; another withheld one has at least as many values left."""
    truth, own = TRUTHS[name], attacked.hidden.get(name, frozenset())
    if not own:
        small = [k for k, n in truth.items() if n < attacked.public.minimum(k)]
        assert small == [] or name not in attacked.hidden
        return
    told = knowledge(attacked.public, attacked.public.now, own)
    labels = {k: truth[k] < told.minimum[k] for k in own if attacked.public.guarded(k.indicator)}
    assert any(labels.values())
    for k, found in deduced(told.with_labels(labels)).items():
        least = told.minimum[k]
        if labels.get(k):
            # A borough that is withheld as under 5 says by that alone that each of its wards is under 5.
            whole = replace(k, area=TOWN, part="")
            most = min(least, told.minimum[whole]) if labels.get(whole) else least
            assert found.small == (0, most - 1), f"{found}, in truth {truth[k]}"
        else:
            assert found.values >= least, f"{found}, in truth {truth[k]}"


RERUN = ("seven", pytest.param("three-nines", marks=pytest.mark.thorough), "one-far-below", "beside-ten")


@pytest.mark.parametrize("name", RERUN)
def test_who_runs_the_program_on_every_table_still_learns_no_small_count(
    attacked: Attacked, name: str
) -> None:
    """Small values of a small count are such with which the program can have published the same.

    Where it chooses at random, what it publishes most often is looked at, so that chance hardly decides over the test.
    """
    total = Key(name, TOWN, "", *SPAN[name])
    counts = {k: n for k, n in TRUTHS[name].items() if k != total}

    def publish(table: Mapping[Key, int]) -> frozenset[Key] | None:
        return hidden(withheld(attacked.content, {**table, total: sum(table.values())}))

    own = usual(publish, counts)
    small = next(k for k in sorted(own) if k in counts and counts[k] < 10)
    asked = (0, 3, 6, 9)
    found = possible(publish, counts, own, small, asked, tries=150)
    assert found == set(asked), f"{small}, in truth {counts[small]}"


@pytest.mark.parametrize("name", ["unique", "own-wards"])
def test_a_withheld_number_is_in_no_file(attacked: Attacked, name: str) -> None:
    """Neither as it is nor with commas, nor for every 1,000 people; what is published is found, so the search works."""
    for k, n in TRUTHS[name].items():
        if n >= 1000:
            people = attacked.public.populations.get(k.area, 0)
            rates = [f"{1000 * n / people:,.{d}f}" for d in (0, 1, 2)] if people else []
            forms = [f for form in (f"{n:,}", *rates) for f in (form, form.replace(",", ""))]
            found = attacked.public.served.places(*forms)
            assert (found == []) == (k in attacked.hidden[name]), (k, found)


def test_the_attacker_reads_files_of_every_kind(attacked: Attacked) -> None:
    """Otherwise it says little that a number is in none of them."""
    shown = [n for k, n in TRUTHS["own-wards"].items() if n > 1000 and k not in attacked.hidden["own-wards"]]
    forms = [form for n in shown for form in (f"{n}", f"{n:,}")]
    found = {p.rpartition("!/")[2] for p in attacked.public.served.places(*forms)}
    assert {p.rpartition(".")[2] for p in found} >= {"html", "csv", "json", "svg", "pdf"}
    assert {p.partition("/")[0] for p in found} >= {"figures", "wards", "embed", "open-data", "data"}


def test_no_number_is_worked_out_from_a_withheld_one(attacked: Attacked) -> None:
    """A row of a table that marks a figure as withheld has no change, rate or percentage of it."""
    for path in attacked.public.served.texts:
        if not path.endswith(".html"):
            continue
        for row in LexborHTMLParser(attacked.public.served.files[path].decode()).css("tr"):
            cells = [n.text(strip=True) for n in row.css("th,td")]
            if "[c]" in cells:
                told = [c for c in cells if re.search(r"\d%|^(up|down|rose|fell)\b|^[+−-]\d", c)]
                assert told == [], (path, cells)


def test_the_real_site_gives_nothing_away(real_site: Path) -> None:
    """Nor what it withholds, nor small counts in an earlier release that it still serves.

    What is published now is put together with the release that differs most from it, and in a thorough run with each.
    """
    found = public(real_site, 10, 5)
    assert len(found.hidden) > 20
    kinds = {
        "outcomes-hate-crime",
        "outcomes-domestic-abuse",
        "stops-in-12-months",
        "recorded-hate-crime-strands",
    }
    assert kinds <= {k.indicator for k in found.hidden}  # outcomes and stops by ward, hate crime by strand
    assert "anti-social-behaviour" in {k.indicator for k in found.now}
    differences = {r: sum(found.now.get(k) != f for k, f in own.items()) for r, own in found.releases.items()}
    compared: Collection[str] = (
        found.releases if is_thorough() else [max(differences, key=lambda r: differences[r])]
    )
    assert [str(leak) for leak in leaks(found, compared=compared)] == []
