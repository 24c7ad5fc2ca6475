"""Which places are similar to this one and which rates are unusual here, beside the reference script."""

import math
import sys
from dataclasses import replace

import pytest
from portal.analysis import funnels, similarity
from portal.analysis.questions import Findings, raise_questions
from portal.charts.area_charts import current_wards, recorded_indicators
from portal.charts.funnels import compared_in_words, funnel_chart
from portal.core.small_counts import is_guarded
from portal.disclosure.clearing import ClearedContent
from project import SHARED

REFERENCE = SHARED / "statistics"


def test_places_like_lewisham_are_those_that_the_method_gives(real: ClearedContent) -> None:
    found = similarity.similar_areas(real.content.profiles, real.area)
    assert [s.name for s in found] == ["Southwark", "Greenwich", "Lambeth", "Waltham Forest"]
    assert {s.of for s in found} == {15}  # four themes in all combinations
    others = similarity.ranked(real.content.profiles, real.area)
    assert "City of London" not in {s.name for s in others}  # too few people live there
    assert len(others) == 31


def test_similarity_knows_no_crime_and_no_size_of_numbers(real: ClearedContent) -> None:
    """The score of deprivation in other units, and every number of people doubled, change nothing."""
    scaled = tuple(
        replace(p, value=p.value * (7 if p.theme == "deprivation" else 2)) for p in real.content.profiles
    )
    before = similarity.ranked(real.content.profiles, real.area)
    assert [s.code for s in similarity.ranked(scaled, real.area)] == [s.code for s in before]
    themes = {p.theme for p in real.content.profiles}
    assert themes >= {"age", "ethnic-group", "deprivation", "population"} == set(similarity.COMPARED)


def test_numbers_of_people_for_rates_of_groups_do_not_change_who_is_similar(real: ClearedContent) -> None:
    without = tuple(p for p in real.content.profiles if p.theme in similarity.COMPARED)
    assert len(without) < len(real.content.profiles)
    assert similarity.ranked(without, real.area) == similarity.ranked(real.content.profiles, real.area)


def test_what_must_be_said_of_a_town_centre_is_said_wherever_its_rate_is_called_unusual(
    real: ClearedContent,
) -> None:
    found = [f for i in recorded_indicators(real) if (f := funnels.funnel_of(real, i, current_wards(real)))]
    centres = {n.area for n in real.content.no_rates.values()}
    unusual = [(f, p) for f in found for p in f.unusual]
    assert (
        {p.area.code for _, p in unusual if p.caveat} == {p.area.code for _, p in unusual} & centres != set()
    )
    for funnel, point in unusual:
        notes = " ".join(funnel_chart(funnel, "ward").notes)
        assert (f"{point.area.name}: many people come here" in notes) == bool(point.caveat)
        asked = raise_questions(Findings(place="x", lines=[], unusual=[(funnel.indicator, point)]))
        assert asked[0].question.endswith(f"Why?{f' {point.caveat}' if point.caveat else ''}")


@pytest.mark.skipif(not REFERENCE.is_dir(), reason="the reference script is not in ../shared/statistics")
def test_funnels_are_those_of_the_reference_script(
    real: ClearedContent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [str(REFERENCE), *sys.path])
    import overdispersion  # type: ignore[import-not-found]  # noqa: PLC0415

    wards, compared = current_wards(real), 0
    for indicator in recorded_indicators(real):
        funnel = funnels.funnel_of(real, indicator, wards)
        if funnel is None:
            continue
        counts, people = zip(*((p.count, p.population) for p in funnel.points), strict=True)
        _, z, _, between = overdispersion.funnel(counts, people)
        assert math.isclose(between, funnel.between, rel_tol=1e-9)
        assert all(math.isclose(a, p.z, rel_tol=1e-9) for a, p in zip(z, funnel.points, strict=True))
        compared += 1
    assert compared >= 12


def test_only_areas_outside_the_funnel_are_called_unusual(real: ClearedContent) -> None:
    wards = current_wards(real)
    seen = set()
    for indicator in recorded_indicators(real):
        if is_guarded(indicator) or not (funnel := funnels.funnel_of(real, indicator, wards)):
            continue
        chart = funnel_chart(funnel, "ward")
        for row, point in zip(
            chart.table.rows, sorted(funnel.points, key=lambda p: p.area.name), strict=True
        ):
            assert row[-1] == compared_in_words(point)
            assert ("unusual for a place like this" in row[-1]) == (abs(point.z) > funnels.UNUSUAL)
            assert row[1].replace(",", "") == str(point.figure.value)
        names = {p.area.name for p in funnel.unusual}
        assert all((p.area.name in chart.headline) == (p.area.name in names) for p in funnel.points)
        seen |= {bool(names)}
    assert seen == {True, False}


def test_few_areas_have_no_funnel(real: ClearedContent) -> None:
    indicator = next(i for i in recorded_indicators(real) if i.id == "recorded-violence")
    wards = current_wards(real)
    assert funnels.funnel_of(real, indicator, wards[: funnels.FEWEST])
    assert funnels.funnel_of(real, indicator, wards[: funnels.FEWEST - 1]) is None
    # Where a rate means little, there is no place for the ward in a funnel.
    thefts = next(i for i in recorded_indicators(real) if i.id == "recorded-theft")
    named = {p.area.code for p in funnels.funnel_of(real, thefts, wards).points}  # type: ignore[union-attr]
    assert named.isdisjoint(area for area, i in real.content.no_rates if i == "recorded-theft")
