"""What an urgent release takes from the tables of today while another one waits, and when a release is public."""

from dataclasses import fields, replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from archived import NEXT, Row, figure, holding, table
from portal.core.model import Content, Release
from portal.core.problems import Problem
from portal.releases import embargo
from portal.releases.archives import Contents
from portal.releases.releasing import Project

FIGURES = "p/data/observations.csv"
OLD, WAITS, URGENT = figure("12"), figure("14", NEXT), figure("13")


def merged(
    base: Contents, ours: Contents, theirs: Contents, contacts: frozenset[str] = frozenset()
) -> tuple[Contents, list[Problem]]:
    """The public contents with what changed since the waiting release, and what cannot be merged."""
    conflicts: list[Problem] = []
    return embargo._merged(base, ours, theirs, set(contacts), conflicts), conflicts


def rows(*figures: Row) -> bytes:
    return table("observations", figures)


def test_only_what_changed_since_the_waiting_release_becomes_public() -> None:
    """The waiting release brings the figure of 2020; the correction of 2019 goes out, and 2020 stays back."""
    found, conflicts = merged(holding([OLD, WAITS]), holding([URGENT, WAITS]), holding([OLD]))
    assert conflicts == []
    assert found.files[FIGURES] == rows(URGENT)


def test_a_row_that_is_added_or_removed_since_then_is_merged_too() -> None:
    more = figure("7", area="N")
    found, conflicts = merged(holding([OLD, WAITS]), holding([OLD, WAITS, more]), holding([OLD]))
    assert (conflicts, found.files[FIGURES]) == ([], rows(OLD, more))
    found, conflicts = merged(holding([OLD, more, WAITS]), holding([OLD, WAITS]), holding([OLD, more]))
    assert (conflicts, found.files[FIGURES]) == ([], rows(OLD))


def test_a_row_that_the_waiting_release_changes_as_well_is_a_conflict_with_its_place() -> None:
    found, conflicts = merged(holding([figure("14")]), holding([figure("15")]), holding([OLD]))
    assert [(p.file, p.row) for p in conflicts] == [("data_packages/p/data/observations.csv", 2)]
    assert "thefts B 2019-01-01 2019-12-31" in conflicts[0].message
    assert found.files[FIGURES] == rows(OLD)


def test_a_table_that_only_the_waiting_release_changes_stays_as_it_is_public() -> None:
    found, conflicts = merged(holding([OLD, WAITS]), holding([OLD, WAITS]), holding([OLD]))
    assert (conflicts, found.files[FIGURES]) == ([], rows(OLD))


def test_a_whole_file_is_added_or_taken_out_unless_the_waiting_release_changes_it() -> None:
    plain, more = holding([OLD]), holding([OLD], terms=[{"id": "t", "term": "T"}])
    terms = "p/data/terms.csv"
    found, conflicts = merged(plain, more, plain)
    assert terms in found.files
    assert conflicts == []
    found, conflicts = merged(more, plain, more)
    assert terms not in found.files
    assert conflicts == []
    waits = holding([OLD], terms=[{"id": "t", "term": "Later"}])
    _, conflicts = merged(waits, plain, more)
    assert [p.file for p in conflicts if p.file.endswith("terms.csv")] == [f"data_packages/{terms}"]


def renamed(contents: Contents) -> Contents:
    return replace(contents, files={n.replace("p/", "q/", 1): data for n, data in contents.files.items()})


def test_a_package_that_the_waiting_release_renames_keeps_its_name_in_public() -> None:
    base, theirs = renamed(holding([OLD, WAITS])), holding([OLD])
    found, conflicts = merged(base, renamed(holding([URGENT, WAITS])), theirs)
    assert conflicts == []
    assert found.files == {**theirs.files, FIGURES: rows(URGENT)}
    # A conflict is in the table of today.
    _, conflicts = merged(renamed(holding([figure("14")])), renamed(holding([figure("15")])), theirs)
    assert [p.file for p in conflicts] == ["data_packages/q/data/observations.csv"]
    # A package with nothing in common is another one.
    found, conflicts = merged(renamed(holding([WAITS])), renamed(holding([WAITS])), theirs)
    assert (conflicts, found.files) == ([], theirs.files)


def test_contact_details_are_always_those_of_today() -> None:
    found, conflicts = merged(
        holding([figure("14")]), holding([figure("15")]), holding([OLD]), frozenset({"p"})
    )
    assert (conflicts, found.files[FIGURES]) == ([], rows(figure("15")))


def test_accepted_warnings_are_merged_without_those_of_the_waiting_release() -> None:
    def accepted(*names: str) -> Contents:
        text = "warning,reason\n" + "".join(f"{n},Right.\n" for n in names)
        return holding([OLD], lists={"accepted.csv": text.encode()})

    found, _ = merged(accepted("old", "waits"), accepted("old", "waits", "urgent"), accepted("old"))
    assert found.lists["accepted.csv"] == b"warning,reason\nold,Right.\nurgent,Right.\n"


def test_the_pages_of_a_waiting_release_follow_what_the_urgent_one_does() -> None:
    was, now = {"a/": "A", "b/": "B"}, {"a/": "A2", "c/": "C"}
    then = {"a/": "A", "b/": "B", "d/": "D"}
    assert embargo._pages(was, now, then) == {"a/": "A2", "d/": "D", "c/": "C"}


# --- which releases are public


def release(name: str, until: str = "") -> Release:
    blank: dict[str, Any] = {f.name: "" for f in fields(Release)}
    return Release(**blank | {"id": name, "name": name, "embargo": until})


def project(*releases: Release) -> Project:
    empty: dict[str, Any] = {f.name: () for f in fields(Content)}
    settings = SimpleNamespace(site=SimpleNamespace(time_zone="Europe/London"), packages=("b", "a"))
    return Project(cast("Any", settings), (), replace(Content(**empty), releases=releases))


@pytest.mark.parametrize(
    ("seconds", "public"),
    [
        (1_798_711_199, ["first"]),  # 2026-12-31 09:59:59 in London
        (1_798_711_200, ["first", "second", "third"]),  # at ten, which is no longer before it
    ],
)
def test_a_release_is_public_from_the_moment_its_embargo_ends(
    monkeypatch: pytest.MonkeyPatch, seconds: int, public: list[str]
) -> None:
    """A release after one that waits has to wait too."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(seconds))
    made = project(
        release("first", "2026-12-01T10:00"), release("second", "2026-12-31T10:00"), release("third")
    )
    assert [r.id for r in embargo.public_releases(made)] == public
    assert [r.id for r in embargo.waiting(made)] == [
        n for n in ("first", "second", "third") if n not in public
    ]
    ends = embargo.until(made)
    assert (f"{ends:%Y-%m-%dT%H:%M}" if ends else "") == ("2026-12-31T10:00" if len(public) == 1 else "")


def test_the_end_of_several_embargoes_is_that_of_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1798711199")
    later = [release("second", "2026-12-31T10:00"), release("third", "2027-07-31T10:00")]
    for made in (project(*later), project(*reversed(later))):
        ends = embargo.until(made)
        assert ends
        assert f"{ends:%Y-%m-%dT%H:%M %Z}" == "2027-07-31T10:00 BST"


def test_packages_are_listed_in_the_order_of_the_settings_and_unknown_ones_last() -> None:
    assert embargo.listed(project(), ["z/x.csv", "a/x.csv", "b/x.csv", "b/y.csv"]) == ("b", "a", "z")
