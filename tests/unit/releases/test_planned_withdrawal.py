"""What taking a figure back would write, worked out from the tables and two releases; nothing is written."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from portal.core.problems import PortalError
from portal.releases import exposure, releasing, rollback, withdrawal
from portal.releases.comparison import Figure
from portal.releases.redaction import Redaction
from portal.releases.releasing import Project, ReleaseRequest
from portal.releases.withdrawal import FigureSelection, PlannedWithdrawal, WithdrawalRequest
from portal.site import building
from project import edit, make_project

TODAY = date(2026, 11, 29)
CALLS = FigureSelection("calls", "E09999999", "2020-04-30")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Two releases: the first with a figure of 7351, the second with 8462, which a text names since then."""
    root = make_project(tmp_path_factory.mktemp("plan") / "tiny")
    edit(root, "2020-04-30,,15,,report,Table 1", "2020-04-30,,7351,,report,Table 1")
    building.release(root, building.draft(building.project(root), ReleaseRequest("R1")))
    edit(root, "7351,,report,Table 1", "8462,,report,Table 1")
    building.release(root, building.draft(building.project(root), ReleaseRequest("R2", reason="An error.")))
    edit(root, "A new worker", "8462 calls: a worker", "data_packages/plan/data/updates.csv")
    return building.project(root)


def planned(project: Project, reason: str = "A person asked us.", wrong: bool = False) -> PlannedWithdrawal:
    return withdrawal.plan(project, WithdrawalRequest((CALLS,), reason, wrong), TODAY)


def test_a_figure_is_taken_out_of_the_tables_and_of_every_release_that_has_it(project: Project) -> None:
    plan = planned(project)
    assert plan.releases == ("R1", "R2")
    assert [(w.number, w.withdrawn_on, w.releases, w.kind) for w in plan.withdrawals] == [
        (1, TODAY, "r1;r2", "protect")
    ]
    written = {path.relative_to(project.settings.root).as_posix() for path in plan.files}
    home = "data_packages/releases"
    assert written >= {
        "data_packages/figures/data/observations.csv",
        f"{home}/data/withdrawals.csv", f"{home}/data/changes.csv", f"{home}/data/releases.csv",
        f"{home}/archives/r1.zip", f"{home}/archives/r2.zip",
    }  # fmt: skip
    assert not [p for p, data in plan.files.items() if b"7351" in data or b"8462" in data]
    # The list of releases comes last, so that a plan that is written in part still fits its archives.
    assert list(plan.files)[-1].name == "releases.csv"


def test_numbers_of_withdrawals_go_on_from_the_last(project: Project) -> None:
    before = replace(planned(project).withdrawals[0], number=7, indicator="rates")
    content = replace(project.content, withdrawals=(before,))
    plan = planned(replace(project, content=content))
    assert [w.number for w in plan.withdrawals] == [8]


@pytest.mark.parametrize("number", ["7351", "8,462"])
def test_a_reason_may_not_give_any_number_that_the_figure_had(project: Project, number: str) -> None:
    with pytest.raises(PortalError, match="The reason gives the number away"):
        planned(project, f"It was {number}.")
    assert planned(project, "It was 9,000.").withdrawals


def test_texts_with_the_number_are_named_and_others_are_not(project: Project) -> None:
    assert [place for place in planned(project).look if "updates" in place]
    assert not [place for place in planned(project).look if "observations" in place]


@pytest.mark.parametrize(
    ("name", "text", "is_named"),
    [
        ("pages/about/notes.md", "# Notes\n\nThere were 7351 calls.\n", True),
        ("assets/notes.txt", "7,351 calls\n", True),
        ("assets/map.svg", "<svg><text>7&#51;51 calls</text></svg>\n", True),
        ("assets/map.svg", '<svg><path d="M 7351 0"/></svg>\n', False),
        ("assets/fonts.css", "a { width: 7351px }\n", False),
    ],
)
def test_pages_and_assets_with_the_number_are_named(
    project: Project, name: str, text: str, is_named: bool
) -> None:
    path = project.settings.source_folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    try:
        assert [place for place in planned(project).look if path.name in place] == [f"site_src/{name}"] * is_named  # fmt: skip
    finally:
        path.unlink()


def test_another_figure_with_the_number_on_the_same_day_is_named(project: Project) -> None:
    calls = next(o for o in project.content.observations["calls"] if o.value == 8462)
    alike = replace(calls, indicator="advice")
    other = replace(alike, period_end=date(2021, 1, 31))
    figures = {**project.content.observations, "advice": (alike, other)}
    plan = planned(replace(project, content=replace(project.content, observations=figures)))
    assert len([place for place in plan.look if place.endswith("the same number")]) == 1


@pytest.mark.parametrize(
    ("area", "end", "is_named"),
    [
        ("E05999991", "2020-04-30", True),
        ("E09999999", "2020-04-29", True),
        ("E05999991", "2020-04-29", False),  # two differences make another figure
    ],
)
def test_a_release_that_has_the_number_under_a_former_name_is_named(
    project: Project, area: str, end: str, is_named: bool
) -> None:
    """The figure had another area or period when the releases were made."""
    then = releasing.opened(project, project.content.releases[-1]).contents
    former, name = "calls,E09999999,2020-04-01,2020-04-30,", "figures/data/observations.csv"
    table = then.files[name].decode().replace(former, f"calls,{area},2020-04-01,{end},")
    now = replace(then, files={**then.files, name: table.encode()})
    key: Figure = ("calls", area, "", "2020-04-01", end)
    out = Redaction({key: "c"}, {key: frozenset({Decimal(8462)})})
    named = [place for place in exposure.look(project, out, now, {"R2": then}) if "release" in place]
    assert [n.partition(":")[0] for n in named] == [
        "Calls by month, Exampleton, April 2020, in the release R2"
    ] * is_named


def test_the_pages_of_releases_and_of_citations_are_in_no_release(project: Project) -> None:
    pages = {"": "Home", "releases/r1/": "R1", "data/calls/cite/": "Cite", "data/calls/": "Calls"}
    assert releasing.contents(project, pages).pages == {"": "Home", "data/calls/": "Calls"}


def test_an_archive_that_shows_a_figure_withdrawn_from_it_is_a_problem(project: Project) -> None:
    taken = planned(project).withdrawals[0]

    def faults(**values: str) -> list[str]:
        content = replace(project.content, withdrawals=(replace(taken, **values),))  # type: ignore[arg-type]
        shown = [p.message for p in releasing.check(replace(project, content=content))]
        return [m for m in shown if "shows a withdrawn figure" in m]

    # To protect people, no archive may show it; a wrong number, only those from which it was withdrawn.
    assert len(faults(kind="protect")) == 2
    assert len(faults(kind="wrong", releases="r1")) == 1
    assert faults(kind="wrong", releases="") == []


def test_a_release_is_restored_by_its_name_or_id_and_without_its_contact_details(project: Project) -> None:
    plans = [rollback.put_back(project, name, "An error.") for name in ("R1", "r1")]
    assert [(p.release.name, p.contacts) for p in plans] == [("R1", False)] * 2
    with pytest.raises(PortalError, match="no release called “R3”"):
        rollback.put_back(project, "R3", "An error.")
    assert Path("data_packages/figures/data/observations.csv") in {
        p.relative_to(project.settings.root) for p in plans[0].files
    }
