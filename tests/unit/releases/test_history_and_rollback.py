"""Which release first had and last changed a figure, and which figures an earlier release must not bring back."""

from dataclasses import fields, replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from archived import NEXT, YEAR, Row, figure, holding
from portal.core.model import Content, Indicator, Release, ReleaseChange, WithdrawnFigure
from portal.releases import archives, comparison, rollback
from portal.releases.archives import Contents
from portal.releases.history import PastRelease, ReleaseHistory
from portal.releases.identities import UNCHANGED, NamesNow
from portal.releases.releasing import Project
from portal.site import publishing

KEY = ("thefts", "B", "", *YEAR)


def made(kind: type, /, **values: object) -> Any:
    """A value of a class with these fields, and empty ones besides."""
    return kind(**({f.name: "" for f in fields(kind)} | values))


def past(name: str, contents: Contents, **more: str) -> PastRelease:
    return PastRelease(made(Release, id=name, name=name, **more), contents)


def history(*values: str | None) -> ReleaseHistory:
    return ReleaseHistory(
        tuple(past(f"R{n}", holding([figure(v)] if v else [])) for n, v in enumerate(values, 1))
    )


def test_the_first_release_of_a_figure_and_the_one_that_last_changed_it() -> None:
    for values, first, changed in (
        (("12", "12.0", "12"), "R1", "R1"),
        ((None, "12", "13"), "R2", "R3"),
        (("12", "c", "c"), "R1", "R2"),
        (("x", "z", "z"), "R1", "R2"),
        (("12", None, None), "R1", "R2"),
        (("12", None, "12"), "R1", "R3"),
        (("0", "0", "x"), "R1", "R3"),
    ):
        found = history(*values)
        assert (found.first[KEY].id, found.changed[KEY].id) == (first, changed), values


def test_a_release_has_the_slugs_of_indicators_with_figures_and_none_if_it_is_withdrawn() -> None:
    indicators = [{"id": "thefts", "slug": "theft"}, {"id": "fires", "slug": "fire"}]
    contents = holding([figure("12")], indicators=indicators)
    assert past("R", contents).slugs == {"thefts": "theft"}
    assert past("R", contents, withdrawn="A mistake.").slugs == {}


# --- what an earlier release must not bring back


def project(**values: object) -> Project:
    empty: dict[str, object] = {f.name: () for f in fields(Content)}
    careful = made(Indicator, id="harm", sensitive=True, protected=False)
    plain = made(Indicator, id="thefts", sensitive=False, protected=False)
    protected = made(Indicator, id="hate", sensitive=False, protected=True)
    indicators = {i.id: i for i in (careful, plain, protected)}
    content = Content(**empty | {"indicators": indicators} | values)  # type: ignore[arg-type]
    return Project(cast("Any", SimpleNamespace(root=Path())), (), content)


def withdrawn(kind: str) -> WithdrawnFigure:
    found: WithdrawnFigure = made(
        WithdrawnFigure, indicator="thefts", area="B", kind=kind,
        period_start=date(2019, 1, 1), period_end=date(2019, 12, 31),
    )  # fmt: skip
    return found


def left_out(indicator: str, kind: str = "withdrawn") -> ReleaseChange:
    found: ReleaseChange = made(
        ReleaseChange, indicator=indicator, area="B", kind=kind,
        period_start=date(2019, 1, 1), period_end=date(2019, 12, 31),
    )  # fmt: skip
    return found


def brought_back(project_: Project, then: Contents, now: Contents) -> dict[comparison.Figure, str]:
    """The numbers and statuses of the figures of an earlier release after going back to it."""
    found = rollback._without(then, rollback._hidden(project_, now), now)
    return {k: r["value"] or r["status"] for k, r in comparison.keyed(found).items()}


def test_a_figure_that_is_withheld_now_stays_withheld_and_others_come_back() -> None:
    then = holding([figure("12"), figure("14", area="N")])
    now = holding([figure("c"), figure("99", area="N")])
    assert brought_back(project(), then, now) == {KEY: "c", (*KEY[:1], "N", *KEY[2:]): "14"}


def test_a_figure_that_was_withdrawn_to_protect_people_stays_away() -> None:
    then, now = holding([figure("12")]), holding([figure("x")])
    assert brought_back(project(withdrawals=(withdrawn("protect"),)), then, now) == {KEY: "x"}
    assert brought_back(project(withdrawals=(withdrawn("protect"),)), then, holding()) == {}
    assert brought_back(project(withdrawals=(withdrawn("wrong"),)), then, now) == {KEY: "12"}


def test_a_figure_that_a_release_left_out_stays_away_if_its_small_counts_are_withheld() -> None:
    for indicator, is_kept_away in (("harm", True), ("hate", True), ("thefts", False)):
        then = holding([figure("12", indicator=indicator)])
        found = brought_back(project(changes=(left_out(indicator),)), then, holding())
        assert (found == {}) is is_kept_away, indicator
        # A change of another kind, or a figure that is back since then, hides nothing.
        assert brought_back(project(changes=(left_out(indicator, "revised"),)), then, holding())
        again = replace(then, files=dict(holding([figure("15", indicator=indicator)]).files))
        assert set(brought_back(project(changes=(left_out(indicator),)), then, again).values()) == {"12"}


def test_a_figure_that_has_another_name_now_stays_as_it_is_under_that() -> None:
    """The names that it has now, and those of each release, with which the list of changes is written."""
    names = {"r1": NamesNow({"old": "harm"}, {"B": "C"}), "r2": UNCHANGED}
    then = holding([figure("12", indicator="old"), figure("14", NEXT, indicator="old")])
    taken = replace(withdrawn("protect"), indicator="old", releases="r1")
    left = replace(left_out("old"), release="r2")
    now_withheld = holding(
        [figure("c", indicator="harm", area="C"), figure("14", NEXT, indicator="harm", area="C")]
    )
    now_gone = holding([figure("14", NEXT, indicator="harm", area="C")])
    own, next_ = ("old", "B", "", *YEAR), ("old", "B", "", *NEXT)
    for values, now, wanted in (
        ({}, now_withheld, {own: "c", next_: "14"}),
        ({}, now_gone, {own: "12", next_: "14"}),
        ({"withdrawals": (taken,)}, now_gone, {next_: "14"}),
        ({"changes": (left,)}, now_gone, {next_: "14"}),
    ):
        whole = project(**values)
        whole.__dict__["names"] = names
        found = rollback._without(then, rollback._hidden(whole, now), now, names["r1"])
        assert {k: r["value"] or r["status"] for k, r in comparison.keyed(found).items()} == wanted


def site(folder: Path, contents: Contents, **lists: str) -> Path:
    """The files of a site from which a rollback reads its figures."""
    files = {n.removeprefix("p/"): data for n, data in contents.files.items()}
    paths = {"open-data/packages/p.zip": archives.zipped(files)}
    paths |= {f"releases/{n.replace('_', '/')}.csv": text.encode() for n, text in lists.items()}
    for name, data in paths.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


@pytest.mark.parametrize(
    ("now", "log", "is_refused"),
    [
        ([figure("c", indicator="new")], "", True),
        ([figure("12", indicator="new")], "", False),
        ([], "", False),
        ([], "withdrawn,harm", True),  # it was left out to protect people
        ([], "rolled,harm", False),
        ([figure("13", indicator="new")], "withdrawn,harm", False),  # or is back since then
    ],
)
def test_a_site_with_figures_that_are_hidden_now_does_not_come_back(
    now: list[Row], log: str, is_refused: bool, tmp_path: Path
) -> None:
    """The id of the indicator is another since then."""
    before, today = (
        [{"id": i, "slug": "harm", "title": "Harm", "sensitive": "true"}] for i in ("harm", "new")
    )
    old = site(tmp_path / "old", holding([figure("12", indicator="harm")], indicators=before))
    header = "kind,indicator,area,part,period_start,period_end"
    lists = {"r2_changes": f"{header}\n{log},B,,{','.join(YEAR)}\n"} if log else {}
    live = site(tmp_path / "live", holding(now, indicators=today), **lists)
    assert bool([*publishing.given_away(old, live)]) is is_refused


def test_a_site_with_a_figure_that_is_listed_as_withdrawn_does_not_come_back(tmp_path: Path) -> None:
    old = site(tmp_path / "old", holding([figure("12")]))
    listed = f"number,indicator,area,part,period_start,period_end\n1,thefts,B,,{','.join(YEAR)}\n"
    assert [*publishing.given_away(old, site(tmp_path / "live", holding(), corrections_withdrawn=listed))]
    assert not [*publishing.given_away(old, site(tmp_path / "other", holding()))]


def test_a_release_that_is_not_there_is_told_apart_from_one_that_waits() -> None:
    first, waits = (made(Release, id=n.lower(), name=n) for n in ("First", "Waits"))
    content = project(releases=(first, waits))
    for name in ("Waits", "waits"):
        assert "is not public yet" in rollback._no_such(content, name, (first,)).message
    problem = rollback._no_such(content, "Frist", (first,))
    assert problem.message == "There is no release called “Frist”."
    assert "First" in problem.fix
    assert rollback._no_such(content, "Frist", ()).fix == "None was made yet."
    assert [*rollback._no_reason("")]
    assert [*rollback._no_reason("An error.")] == []


def test_a_release_with_other_packages_does_not_come_back() -> None:
    packages = tuple(
        SimpleNamespace(name=n, kind=k) for n, k in (("p", "indicators"), ("q", "plan"), ("r", "releases"))
    )
    now = replace(project(), packages=cast("Any", packages))
    (problem,) = rollback._other_packages(now, holding())
    assert "q is newer" in problem.message
    assert "gone" not in problem.message
    assert (
        "q is gone"
        in next(
            rollback._other_packages(replace(now, packages=()), replace(holding(), files={"q/x": b""}))
        ).message
    )
    assert [*rollback._other_packages(replace(now, packages=cast("Any", packages[::2])), holding())] == []
