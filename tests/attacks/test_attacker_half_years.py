"""The attacker reads the tables that add quarters up: the same six months of three years, for each ward."""

import itertools
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from attacker.deduce import deduced, knowledge
from attacker.harvest import Figure, Key, Public, Served, public
from attacker.made_up import BOROUGH, NORTH, REST, SOUTH, WEST, Tables, indicator
from portal.analysis.same_months import same_six_months
from portal.core.model import Content, Observation
from portal.core.settings import SmallCountSettings
from portal.core.vocabulary import Status
from portal.disclosure import clearing, withholding
from portal.site import building
from project import make_project
from selectolax.lexbor import LexborHTMLParser

POLICY = SmallCountSettings(ward_minimum=10, borough_minimum=5)
PLACES = (NORTH, SOUTH, WEST, REST)
NAME = "halves"
# Eleven quarters, so that there are two whole years and the table of half years is made.
STARTS = [date(2023 + n // 4, 1 + 3 * (n % 4), 1) for n in range(11)]
ENDS = [date.fromordinal(s.toordinal() - 1) for s in [*STARTS[1:], date(2025, 10, 1)]]
USED = (
    1,
    2,
    5,
    6,
    9,
    10,
)  # the quarters of the newest six months and of the same months a year and two years earlier


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Content:
    """The tiny portal with an indicator that is protected, without figures."""
    root = make_project(tmp_path_factory.mktemp("halves") / "tiny")
    told = {"protected": "true"}
    return building.read(Tables([indicator(NAME, **told)], []).put(root))[1]


def truth(small: Mapping[tuple[str, int], int]) -> dict[Key, int]:
    """Counts by quarter of three wards and of records without a ward, and their sum; `small` are some of them."""
    found = {}
    for n, (start, end) in enumerate(zip(STARTS, ENDS, strict=True)):
        counts = {a: small.get((a, n), 40 + 7 * PLACES.index(a) + (5 * n) % 11) for a in PLACES}
        for a, count in {**counts, BOROUGH: sum(counts.values())}.items():
            found[Key(NAME, a, "", str(start), str(end))] = count
    return found


def published(content: Content, counts: Mapping[Key, int]) -> Content:
    drafts = [
        Observation("returns", "Table 9", NAME, k.area, date.fromisoformat(k.start), date.fromisoformat(k.end), "", Decimal(n), Status.PLAIN)
        for k, n in counts.items()
    ]  # fmt: skip
    shown = withholding.withhold(drafts, content, POLICY).observations
    return replace(content, observations={**content.observations, NAME: shown})


def half_years(content: Content) -> dict[Key, Figure]:
    """Every number of the table, as a figure of its own."""
    released = clearing.clear(content, POLICY, BOROUGH)
    table = same_six_months(released, content.indicators[NAME], (NORTH, SOUTH, WEST))
    found = {}
    for row in table.values():
        for o in row:
            assert o.value is not None
            key = Key(NAME, o.area, "", str(o.period_start), str(o.period_end))
            found[key] = Figure(key, Fraction(o.value), "")
    return found


def figures(content: Content) -> dict[Key, Figure]:
    keyed = {
        Key(NAME, o.area, o.part, str(o.period_start), str(o.period_end)): o
        for o in content.observations[NAME]
    }
    return {k: Figure(k, None if o.value is None else Fraction(o.value), o.status) for k, o in keyed.items()}


def site(content: Content, shown: Mapping[Key, Figure]) -> Public:
    rows = {NAME: {**indicator(NAME, protected="true"), "part_of": ""}}
    areas = {
        a.code: {"kind": str(a.kind), "parent": a.parent, "valid_from": "", "valid_to": "", "name": a.name}
        for a in content.areas.values()
    }
    return Public(Served({}), {"": shown}, rows, areas, {}, POLICY.ward_minimum, POLICY.borough_minimum)


@pytest.mark.parametrize("quarter", range(11))
@pytest.mark.parametrize("count", [0, 9])
def test_half_years_say_nothing_of_a_withheld_quarter(empty: Content, quarter: int, count: int) -> None:
    """The attacker gets the table as further figures, and finds the same as without it."""
    counts = truth({(NORTH, quarter): count})
    content = published(empty, counts)
    shown, table = figures(content), half_years(content)
    hidden = [k for k, f in shown.items() if f.value is None]
    assert hidden
    assert bool(table) == (not {STARTS[n].isoformat() for n in USED} & {k.start for k in hidden})
    before = deduced(knowledge(site(content, shown), shown, hidden))
    after = deduced(knowledge(site(content, shown | table), shown | table, hidden))
    assert [str(before[k]) for k in hidden] == [str(after[k]) for k in hidden]
    for k in hidden:
        assert after[k].values >= POLICY.ward_minimum
        assert after[k].small == (0, 9)


def test_the_attacker_would_see_a_half_year_with_a_withheld_quarter_in_it(empty: Content) -> None:
    """Otherwise it says little that it sees nothing."""
    counts = truth({(NORTH, 10): 4})
    withheld = {Key(NAME, a, "", str(STARTS[10]), str(ENDS[10])) for a in (NORTH, SOUTH)}
    shown = {
        k: Figure(k, None, "c") if k in withheld else Figure(k, Fraction(n), "") for k, n in counts.items()
    }
    quarters = sorted(k for k in counts if k.area == NORTH)[-2:]
    half = Key(NAME, NORTH, "", quarters[0].start, quarters[1].end)
    told = shown | {half: Figure(half, Fraction(sum(counts[k] for k in quarters)), "")}
    found = deduced(knowledge(site(empty, told), told, sorted(withheld)))
    assert found[quarters[1]].values == 1


def test_the_real_tables_are_sums_of_published_quarters_and_of_nothing_protected(real_site: Path) -> None:
    found = public(real_site, 10, 5)
    codes = {r["name"]: c for c, r in found.areas.items() if r["kind"] == "ward" and not r["valid_to"]}
    slugs = {r["slug"]: i for i, r in found.indicators.items()}
    quarters: dict[tuple[str, str], list[Figure]] = {}
    for k, f in found.now.items():
        if k.start and int(k.end[5:7]) - int(k.start[5:7]) in (2, -10) and k.start[:4] == k.end[:4]:
            quarters.setdefault((k.indicator, k.area), []).append(f)
    tables = 0
    for path in sorted(real_site.glob("figures/*/index.html")):
        page = LexborHTMLParser(path.read_text(encoding="utf-8"))
        for table in (t for t in page.css("table") if t.css_first("caption#ward-seasons")):
            tables += 1
            name = slugs[path.parent.name]
            assert not found.guarded(name)
            for row in table.css("tbody tr"):
                own = quarters[name, codes[row.css_first("th").text(strip=True)]]  # type: ignore[union-attr]
                pairs = {
                    (a.value or 0) + (b.value or 0)
                    for a, b in itertools.pairwise(sorted(own, key=lambda f: f.key.end))
                    if a.value is not None and b.value is not None
                }
                for cell in row.css("td"):
                    assert int(re.sub(r"\D", "", cell.text())) in pairs
    assert tables
