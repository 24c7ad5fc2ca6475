"""What a list of changes says about each kind of change, how many there are, and which lack a reason."""

import json
from dataclasses import fields, replace
from datetime import date
from typing import Any

import pytest
from portal.core.model import Area, Content, Indicator, Release, ReleaseChange
from portal.core.vocabulary import ChangeKind
from portal.releases import change_report


def made(kind: type, /, **values: object) -> Any:
    """A value of a class with these fields, and empty ones besides."""
    return kind(**({f.name: "" for f in fields(kind)} | values))


def content(*releases: Release) -> Content:
    empty: dict[str, Any] = {f.name: () for f in fields(Content)}
    thefts = made(Indicator, id="thefts", title="Thefts", unit="pounds", period_type="rolling-months")
    area = made(Area, code="B", name="Exampleton")
    return Content(**empty | {"indicators": {"thefts": thefts}, "areas": {"B": area}, "releases": releases})


CONTENT = content()


def change(kind: str, old: str = "", new: str = "", *, status: str = "", **more: object) -> ReleaseChange:
    told: dict[str, object] = {
        "number": 0, "kind": ChangeKind(kind), "indicator": "thefts", "area": "B", "period_start": date(2019, 1, 1),
        "period_end": date(2019, 12, 31), "count": 1, "old": old, "new": new, "new_status": status,
    }  # fmt: skip
    found: ReleaseChange = made(ReleaseChange, **told | more)
    return found


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (change("new", new="12"), "new, £12"),
        (change("new", status="c"), "new, [c]"),
        (change("new", new="12", status="p"), "new, £12 [p]"),
        (change("new"), "new; the number was withdrawn later"),
        (change("new", count=1000), "1,000 new figures, from 1 January 2019 to 31 December 2019"),
        (change("new", count=2, period_start=None), "2 new figures, to 31 December 2019"),
        (change("new", count=2, period_start=None, period_end=None), "2 new figures"),
        (change("new", count=2, period_start=None, period_end=None, status="c"), "2 new figures, all withheld to protect people"),
        (change("rolled"), "the period moved on, and other months are published instead"),
        (change("rolled", count=2, period_end=None), "2 figures: the period moved on, and other months are published instead"),
        (change("withdrawn", status="c"), "now withheld, to protect people"),
        (change("revised", "12", "", status="c"), "now withheld, to protect people"),
        (change("withdrawn"), "no longer published"),
        (change("withdrawn", "12"), "it was £12; no longer published"),
        (change("withdrawn", "12", old_status="p"), "it was £12 [p]; no longer published"),
        (change("revised", "12", "13"), "from £12 to £13"),
        (change("revised", "0", "-3"), "from £0 to −£3"),
        (change("revised", "", "13"), "from not there to £13"),
        (change("revised", "12"), "revised; the number was withdrawn later"),
    ],
)  # fmt: skip
def test_what_happened_to_a_figure_in_words(given: ReleaseChange, words: str) -> None:
    assert change_report.became(given, CONTENT) == words


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (change("words", "Old", "New", place="p/terms"), "Thefts, Exampleton, 12 months to December 2019, p/terms: “Old” becomes “New”."),
        (change("words", "Old", place="p/terms", indicator=""), "p/terms: taken out: “Old”."),
        (change("words", new="New", place="p/terms", indicator=""), "p/terms: added: “New”."),
        (change("words", place="p/terms", indicator=""), "p/terms: 1 row."),
        (change("words", place="p/terms", indicator="", count=2), "p/terms: 2 rows."),
        (change("words", "p", "", place="p/terms", indicator="", count=2), "p/terms: 2 rows, from “p” to empty."),
        (change("words", new="x" * 200, place="t", indicator=""), f"t: added: “{'x' * 200}”."),
        (change("words", new="x" * 201, place="t", indicator=""), f"t: added: “{'x' * 200}…”."),
        (change("page-new", new="Help", place="help/"), "/help/: Help."),
        (change("page-gone", "Help", place="help/"), "/help/: Help."),
        (change("page-new", count=12, place=""), "The site: 12 pages."),
        (change("new", new="12", count=1), "Thefts, Exampleton, 12 months to December 2019: new, £12."),
        (change("new", new="12", area="X"), "Thefts, X, 12 months to December 2019: new, £12."),
        (change("new", new="12", area=""), "Thefts: new, £12."),
        (change("new", new="12", indicator="gone"), "gone, Exampleton, 12 months to December 2019: new, 12."),
        (change("new", count=2), "Thefts: 2 new figures, from 1 January 2019 to 31 December 2019."),
        (change("revised", "1", "2"), f"Thefts, Exampleton, 12 months to December 2019: from £1 to £2. {change_report.NO_REASON}"),
        (change("revised", "1", "2", reason="An error."), "Thefts, Exampleton, 12 months to December 2019: from £1 to £2. Why: An error."),
    ],
)  # fmt: skip
def test_a_change_in_one_line(given: ReleaseChange, words: str) -> None:
    assert str(change_report.line(given, CONTENT)) == words


def test_the_report_counts_changes_by_kind_those_without_a_reason_and_withdrawn_figures() -> None:
    changes = [
        change("new", new="1"), change("new", new="2"), change("new", status="c"), change("rolled"),
        change("revised", "1", "2"), change("revised", "2", "3", reason="An error."), change("withdrawn", "4"),
        change("withdrawn", "5", reason="An error."), change("page-new", new="Help", place="help/"),
    ]  # fmt: skip
    found = change_report.report(changes, CONTENT)
    kinds = [(g.kind, g.total, len(g.lines)) for g in found.groups]
    assert sorted(kinds) == [
        ("new", 3, 2), ("page-new", 1, 1), ("revised", 2, 2), ("rolled", 1, 1), ("withdrawn", 2, 2),
    ]  # fmt: skip
    assert (found.lacking, found.gone) == (2, 2)
    assert "3 new figures" in change_report.counted(found)
    assert "1 new page" in change_report.counted(found)
    text = change_report.as_text(found)
    assert "2 figures that were revised or withdrawn have no reason yet." in text
    assert "Earlier releases still show the 2 figures withdrawn." in text
    one = change_report.as_text(change_report.report(changes[4:7], CONTENT))
    assert "2 figures that were revised or withdrawn have no reason yet." in one
    assert "Earlier releases still show the figure withdrawn." in one
    assert "1 figure that was revised or withdrawn has no reason" in change_report.as_text(
        change_report.report(changes[4:6], CONTENT)
    )
    assert "Nothing has changed." in change_report.as_text(change_report.report([], CONTENT))


def test_a_long_list_shows_first_what_lacks_a_reason() -> None:
    known = [change("revised", str(n), str(n + 1), reason="An error.") for n in range(20)]
    text = change_report.as_text(change_report.report([*known, change("revised", "98", "99")], CONTENT))
    assert text.index("from £98 to £99") < text.index("from £0 to £1")
    assert "from £19 to £20" not in text
    assert "and 1 more" in text
    assert "more;" not in change_report.as_text(change_report.report(known, CONTENT))


def test_the_report_says_with_which_release_it_compares_and_its_json_has_every_change() -> None:
    assert change_report.since(()).startswith("Nothing has been released yet")
    first: Release = made(Release, id="r1", name="R1", released_on=date(2027, 1, 12))
    last = replace(first, id="r2", name="R2")
    assert change_report.since((first, last)) == "Compared with R2, released on 12 January 2027:"
    changes = [change("new", new="1"), change("new", new="2"), change("revised", "1", "2")]
    found = json.loads(change_report.as_json(changes, (first, last)))
    assert (found["since"], found["counts"]) == ("r2", {"new": 2, "revised": 1})
    assert [c["new"] for c in found["changes"]] == ["1", "2", "2"]
    assert not {"release", "number"} & set(found["changes"][0])
    assert json.loads(change_report.as_json([], ()))["since"] is None
