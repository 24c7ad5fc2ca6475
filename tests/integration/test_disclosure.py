"""What is withheld stays withheld: in the packages, in the audit, and on the finished site."""

import csv
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from portal.cli import commands
from portal.core.model import Content, Observation
from portal.core.problems import PortalError
from portal.core.remembered import Remembered
from portal.core.settings import SmallCountSettings, load
from portal.disclosure import clearing, inference, report, withholding
from portal.disclosure.clearing import ClearedContent
from portal.disclosure.inference import EarlierRelease
from portal.importers.police import derive, mps_dashboard
from portal.site import building
from project import ROOT, SHARED, make_project
from selectolax.lexbor import LexborHTMLParser

OBSERVATIONS = "data_packages/recorded/data/observations.csv"
DASHBOARD = SHARED / "upstream" / "mps_dashboard"
upstream = pytest.mark.skipif(
    not DASHBOARD.is_dir(), reason="the upstream files are not beside this repository"
)


def edited(project: Path, change: Callable[[str], str]) -> Path:
    path = project / OBSERVATIONS
    before = path.read_text()
    path.write_text(change(before))
    assert path.read_text() != before
    return project


def test_a_leaking_package_stops_the_build(built: Path) -> None:
    """A withheld ward beside a published sum of all wards."""
    before = (built / "build" / "site").resolve()
    edited(
        built,
        lambda t: t.replace(
            "rec-abuse,E05999992,2019-01-01,2019-12-31,,c", "rec-abuse,E05999992,2019-01-01,2019-12-31,12,"
        ),
    )
    with pytest.raises(PortalError, match="anybody can work out that it is between 0 and 4") as error:
        building.build(built, lambda step: None)
    assert "West Field, 12 months to December 2019" in str(error.value)
    assert (built / "build" / "site").resolve() == before


def test_overlapping_years_give_a_month_away(tiny: Path) -> None:
    """R12 at one month less R12 a quarter before is a quarter less the same quarter a year before."""
    row = "rec-abuse,E05999992,2020-01-01,2020-12-31,11,"
    edited(
        tiny,
        lambda t: (
            t.replace(row, row.replace(",11,", ",,c"))
            + "rec-abuse,E05999992,2020-04-01,2021-03-31,20,,returns,Table 9\nrec-abuse,E05999992,2021-01-01,2021-03-31,9,,returns,Table 9\n"
        ),
    )
    with pytest.raises(PortalError) as error:
        building.check(tiny)
    assert "must cover exactly 12 months" in str(error.value)


def past(
    content: Content, name: str, *changes: tuple[tuple[str, str], int | None], gone: str = ""
) -> EarlierRelease:
    """A release like the tiny portal, in which some figures of 2019 were others; None withholds one."""
    values = dict(changes)
    own = [
        o for o in content.observations["rec-abuse"] if str(o.period_start) == "2019-01-01" and o.area != gone
    ]
    figures = [
        replace(o, value=values[o.area], status="" if values[o.area] is not None else "c")
        if o.area in values
        else o  # type: ignore[index,arg-type]
        for o in own
    ]
    return EarlierRelease(name, tuple(figures), {})


def test_a_figure_that_an_earlier_release_published_is_told_and_does_not_stop_anything(tiny: Path) -> None:
    settings, content = building.read(tiny)
    known = inference.infer(content, settings.disclosure, [past(content, "2020 Q1", ("E05999992", 4))])
    assert not known.leaks
    assert {(k[1], name) for k, name in known.lost.items()} >= {("E05999992", "2020 Q1")}


def test_a_figure_that_only_an_earlier_release_has_gives_a_withheld_one_away(tiny: Path) -> None:
    """The borough's row is gone and was revised with the rest: what release 1 says is a table of its own."""
    settings, content = building.read(tiny)
    before = past(content, "2020 Q1", ("E05999991", 50), ("E09999999", 100), ("X09999999", 15))
    own = [o for o in content.observations["rec-abuse"] if str(o.period_start) == "2019-01-01"]
    now = {"E05999991": 90, "E05999992": 28, "E05999993": None, "X09999999": 15}
    figures = [replace(o, value=now[o.area], status="" if now[o.area] else "c") for o in own if o.area in now]  # type: ignore[arg-type]
    content = replace(content, observations={"rec-abuse": tuple(figures)})
    assert not inference.infer(content, settings.disclosure).leaks
    (leak,) = inference.infer(content, settings.disclosure, [before]).leaks
    assert (leak.interval.least, leak.interval.greatest, leak.release) == (7, 7, "2020 Q1")
    with pytest.raises(PortalError, match="and from the release 2020 Q1, anybody can work out that it is 7"):
        clearing.clear(content, settings.disclosure, "", [before])


def test_a_family_found_protected_is_worked_out_again_as_soon_as_anything_about_it_changes(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, content = building.read(tiny)
    monkeypatch.setattr(Remembered, "_here", {})  # what other tests found in this process
    policy, memory = settings.disclosure, Remembered()
    archives = (past(content, "2020 Q1", ("E05999992", None)),)
    assert not list(inference.leaks(content, policy, archives, memory))

    def remembered(content: Content, policy: SmallCountSettings, *archives: EarlierRelease) -> set[bool]:
        return {bool(memory.get(family.digest)) for family in inference.families(content, policy, archives)}

    assert remembered(content, policy, *archives) == {True}
    abuse, area = content.indicators["rec-abuse"], content.areas["E05999992"]
    own = content.observations["rec-abuse"]
    changed = [
        replace(content, observations={**content.observations, "rec-abuse": own[1:]}),
        replace(
            content,
            observations={**content.observations, "rec-abuse": (replace(own[0], source="other"), *own[1:])},
        ),
        replace(
            content,
            indicators={**content.indicators, "rec-abuse": replace(abuse, protected=not abuse.protected)},
        ),
        replace(content, areas={**content.areas, area.code: replace(area, valid_from=date(2001, 1, 1))}),
        replace(content, minimums={**content.minimums, "rec-abuse": SmallCountSettings(40, 50)}),
    ]
    for other in changed:
        assert False in remembered(other, policy, *archives)
    assert remembered(content, replace(policy, ward_minimum=policy.ward_minimum + 1), *archives) == {False}
    assert False in remembered(content, policy)
    assert False in remembered(content, policy, past(content, "2020 Q1", ("E05999992", 4)))


def test_families_of_figures_are_audited_alone_as_with_the_others(tiny: Path) -> None:
    """Two indicators of which an earlier release gives a count away: alone, together, and where one is part of the other."""
    settings, content = building.read(tiny)
    abuse = content.indicators["rec-abuse"]
    own = [o for o in content.observations["rec-abuse"] if str(o.period_start) == "2019-01-01"]
    now = {"E05999991": 90, "E05999992": 28, "E05999993": None, "X09999999": 15}
    figures = [replace(o, value=now[o.area], status="" if now[o.area] else "c") for o in own if o.area in now]  # type: ignore[arg-type]
    before = past(content, "2020 Q1", ("E05999991", 50), ("E09999999", 100), ("X09999999", 15))
    others = tuple(replace(o, indicator="other") for o in before.observations)
    archive = replace(before, observations=(*before.observations, *others))

    def leaks(part_of: str, about: set[str] | None) -> set[tuple[str, float, float]]:
        indicators = {
            **content.indicators,
            "other": replace(abuse, id="other", slug="other", part_of=part_of),
        }
        both = {"rec-abuse": tuple(figures), "other": tuple(replace(o, indicator="other") for o in figures)}
        changed = replace(content, indicators=indicators, observations=both)
        found = inference.infer(changed, settings.disclosure, [archive], about=about).leaks
        return {(x.interval.published.key[0], x.interval.least, x.interval.greatest) for x in found}  # type: ignore[index]

    assert leaks("", None) == {("rec-abuse", 7, 7), ("other", 7, 7)}
    assert leaks("", {"rec-abuse"}) == {("rec-abuse", 7, 7)}
    assert leaks("", {"other"}) == {("other", 7, 7)}
    assert leaks("", {"other", "rec-abuse"}) == leaks("", None)
    assert leaks("", {"calls"}) == leaks("", set()) == set()
    whole = leaks("rec-abuse", None)
    assert whole
    assert leaks("rec-abuse", {"other"}) == leaks("rec-abuse", {"rec-abuse"}) == whole


def test_a_year_that_rolls_on_gives_no_small_month_away(tiny: Path) -> None:
    """Release 1 has the year to December, with 20; now there is the year to January, with 11 to 40."""
    settings, content = building.read(tiny)
    own = next(o for o in content.observations["rec-abuse"] if o.area == "E05999991")
    before = EarlierRelease("2020 Q1", (replace(own, value=10),), {})  # type: ignore[arg-type]
    rolled = replace(own, period_start=date(2019, 2, 1), period_end=date(2020, 1, 31))
    for value, leaks in ((10, False), (60, False)):
        figures = {"rec-abuse": (replace(rolled, value=value),)}  # type: ignore[arg-type]
        found = inference.infer(replace(content, observations=figures), settings.disclosure, [before]).leaks
        assert bool(found) == leaks


def test_an_indicator_with_another_id_keeps_its_past(tiny: Path) -> None:
    """Figures are followed by the address, the title, or, where both are others too, by the numbers."""
    done = commands.main(["--project", str(tiny), "release", "2020 Q1", "--yes"])
    assert done == 0
    for name in ("indicators", "observations"):
        path = tiny / f"data_packages/recorded/data/{name}.csv"
        path.write_text(
            path.read_text()
            .replace("rec-abuse", "harm")
            .replace("figure-9", "figure-99")
            .replace("Hidden harm recorded", "Harm")
        )
    (before,) = building.project(tiny).earlier
    assert {o.indicator for o in before.observations} >= {"harm"}
    assert before.indicators["harm"].id == "harm"
    assert "rec-abuse" not in before.indicators


def test_pages_charts_and_downloads_show_a_mark_and_no_number(real: ClearedContent, real_site: Path) -> None:
    content = real.content
    hidden = [o for own in content.observations.values() for o in own if o.status == "c"]
    for o in hidden:
        indicator, area = content.indicators[o.indicator], content.areas[o.area]
        folder = real_site / "figures" / indicator.slug
        with (folder / f"{indicator.slug}.csv").open(newline="") as lines:
            own = [
                r
                for r in csv.DictReader(lines)
                if r["area_code"] == o.area
                and r["period_end"] == str(o.period_end)
                and o.part in ("", *r.values())
            ]
        assert [(r["value"], r["status"]) for r in own if o.part or _no_part(r)] == [("", "c")]
        if indicator.breakdown:
            drawn = json.loads((folder / "chart.json").read_text())["wide"]["data"]
            across = indicator.chart == "ranked-bars"
            shown = [
                value
                for trace in drawn
                for words, value in zip(trace["customdata"], trace["x" if across else "y"], strict=True)
                if words.startswith(f"{o.part},") and words.endswith("[c]")
            ]
            assert shown == [None]
            assert _cell(folder, o.part) == "[c]"
        elif indicator.chart == "none":
            tree = LexborHTMLParser((folder / "index.html").read_text())
            rows = [r.text() for r in tree.css("table.figures tbody tr") if area.name in r.text()]
            assert any("[c]" in row for row in rows)


def _no_part(row: dict[str, str]) -> bool:
    return not any(row.get(b) for b in ("outcome", "object", "age", "ethnicity", "strand"))


def _cell(folder: Path, name: str) -> str:
    tree = LexborHTMLParser((folder / "index.html").read_text())
    rows = [r for r in tree.css("table.figures tbody tr") if r.css_first("th").text(strip=True) == name]
    return rows[0].css_first("td").text(strip=True)


@upstream
def test_real_hate_crime_and_domestic_abuse_by_ward(real: ClearedContent) -> None:
    """No ward needs suppression, records without a ward do; a stricter policy withholds wards too and stays safe."""
    settings = load(ROOT)
    counts = mps_dashboard.read(sorted(DASHBOARD.glob("*.csv")), real.content.areas)
    rows = tuple(
        r for r in real.content.imports["police-dashboard"] if r.series in ("hate-crime", "domestic-abuse")
    )
    drafts = derive.drafts(counts, derive.Origin(rows, "mps-dashboard"), real.content, settings.site.area)
    done = withholding.withhold(drafts, real.content, settings.disclosure)
    assert (done.cells, done.primary) == (228, 5)
    assert done.secondary >= 5
    assert min(int(o.value or 0) for o in drafts if real.content.areas[o.area].kind == "ward") == 13
    strict = SmallCountSettings(ward_minimum=25, borough_minimum=5)
    done = withholding.withhold(drafts, real.content, strict)
    assert done.primary > 12
    _safe(real.content, done.observations, drafts, strict)


@upstream
@pytest.mark.parametrize("least", [10, 17, 40])
def test_real_quarters_by_ward_could_be_hidden(real: ClearedContent, least: int) -> None:
    """Quarters by ward are never published. They are the hardest real table: a third of the counts is small."""
    counts = mps_dashboard.read(sorted(DASHBOARD.glob("*.csv")), real.content.areas)
    frame = counts.frame[(counts.frame["series"] == "hate-crime") & (counts.frame["month"] >= "2025-05")]
    row = next(r for r in real.content.imports["police-dashboard"] if r.series == "hate-crime")
    own = "E09000023"
    drafts = []
    for (area,), group in frame.groupby(["area"]):
        if area == own or real.content.areas[area].parent == own:
            some = next(iter(real.content.observations["recorded-hate-crime"]))
            drafts.append(
                replace(
                    some,
                    area=area,
                    value=int(group["count"].sum()),
                    status="",
                    part="",
                    source="mps-dashboard",
                )
            )
    assert row.indicator == drafts[0].indicator
    policy = SmallCountSettings(least, 5)
    done = withholding.withhold(tuple(drafts), real.content, policy)
    assert done.primary > 0
    _safe(real.content, done.observations, tuple(drafts), policy)


def _safe(
    content: Content,
    published: tuple[Observation, ...],
    true: tuple[Observation, ...],
    policy: SmallCountSettings,
) -> None:
    """No interval is too narrow, and each holds the true count."""
    by_indicator: dict[str, tuple[Observation, ...]] = {}
    for o in published:
        by_indicator[o.indicator] = (*by_indicator.get(o.indicator, ()), o)
    found = clearing.intervals(replace(content, observations=by_indicator), policy)
    counts = {o.key: o.value for o in true}
    assert found
    for i in found:
        assert i.greatest - i.least >= i.published.width
        assert i.least <= int(counts[i.published.key] or 0) <= i.greatest


def test_the_report_is_that_of_the_packages(real: ClearedContent) -> None:
    project = building.project(ROOT)
    told = report.report(project.content, project.settings.disclosure, project.earlier)
    assert (ROOT / "docs" / "reference" / "disclosure.md").read_text() == told.text
    assert not told.leaks
    assert re.search(r"[\d,]+ guarded counts, 146 withheld, 0 of them can be worked out", told.summary)


def test_a_package_may_be_stricter(tmp_path: Path) -> None:
    project = make_project(tmp_path / "tiny")
    path = project / "data_packages" / "recorded" / "datapackage.json"
    told = json.loads(path.read_text())
    told["portal"]["ward_minimum"] = 13
    path.write_text(json.dumps(told))
    with pytest.raises(PortalError, match="A count of 11 that must be protected is under 13"):
        building.check(project)


def test_a_release_keeps_what_its_indicators_were_part_of(tiny: Path) -> None:
    """Under the ids that they have now, also if they are part of nothing any more."""
    assert commands.main(["--project", str(tiny), "release", "2020 Q1", "--yes"]) == 0
    path = tiny / "data_packages/recorded/data/indicators.csv"
    path.write_text(path.read_text().replace(",false,rec-all,", ",false,,"))
    project = building.project(tiny)
    (before,) = project.earlier
    assert project.content.indicators["rec-drugs"].part_of == ""
    assert (before.indicators["rec-drugs"].part_of, before.indicators["rec-drugs"].id) == (
        "rec-all",
        "rec-drugs",
    )
