"""A release says exactly what changed, is never rewritten, and can be put back."""

import csv
import json
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from html import unescape
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from portal.cli import commands
from portal.cli.arguments import PROBLEMS
from portal.core.model import Release
from portal.core.periods import today
from portal.core.problems import PortalError
from portal.releases import archives, change_report, comparison, embargo, releasing, rollback
from portal.releases.archives import Contents
from portal.releases.history import PastRelease, ReleaseHistory
from portal.releases.releasing import ReleaseRequest
from portal.site import building
from project import make_project, tree_of

FIGURES = "data_packages/figures/data/observations.csv"
RELEASES = "data_packages/releases"
ATOM = "{http://www.w3.org/2005/Atom}"


def run(root: Path, *arguments: str) -> int:
    return commands.main(["--project", str(root), *arguments])


def release(root: Path, name: str, **more: str) -> releasing.DraftRelease:
    project = building.project(root)
    draft = releasing.draft(project, ReleaseRequest(name, **more), building.addresses(project), today())
    draft.write()
    return draft


def edit(root: Path, old: str, new: str, file: str = FIGURES) -> None:
    text = (root / file).read_text()
    assert old in text
    (root / file).write_text(text.replace(old, new))


def revise(root: Path) -> None:
    """A revised figure, a withdrawn one, a new one, other words and a new page."""
    edit(root, "2019-07-01,2020-06-30,,161,p", "2019-07-01,2020-06-30,,163,")
    edit(root, "2020-04-01,2020-04-30,,15,", "2020-04-01,2020-04-30,,,x")
    edit(
        root,
        "calls,E09999999,2020-05-01",
        "calls,E09999999,2020-06-01,2020-06-30,,14,,report,Table 1\ncalls,E09999999,2020-05-01",
    )
    edit(root, "A new worker", "Another worker", "data_packages/plan/data/updates.csv")
    (root / "site_src/pages/about/more.md").write_text("# More\n\nMore.\n")


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny portal with one release; not to be changed."""
    root = make_project(tmp_path_factory.mktemp("released") / "tiny")
    release(root, "2020 Q2", note="The first one.")
    return root


@pytest.fixture
def released(first: Path, tmp_path: Path) -> Path:
    """The same, to be changed."""
    root = make_project(tmp_path / "tiny")
    target = root / RELEASES
    for path in (p for p in (first / RELEASES).rglob("*") if p.is_file()):
        (target / path.relative_to(first / RELEASES)).parent.mkdir(exist_ok=True)
        (target / path.relative_to(first / RELEASES)).write_bytes(path.read_bytes())
    return root


def kinds(root: Path) -> dict[str, list[str]]:
    project = building.project(root)
    report = change_report.report(releasing.changes(project, building.addresses(project)), project.content)
    return {kind: [str(line) for line in lines] for kind, _, lines in report.groups}


def test_every_kind_of_change_is_told_in_words(released: Path) -> None:
    revise(released)
    assert kinds(released) == {
        "new": ["Calls by month, Exampleton, June 2020: new, 14."],
        "revised": [
            "Thefts, Exampleton, 12 months to June 2020: from 161 [p] to 163. No reason is given yet."
        ],
        "withdrawn": [
            "Calls by month, Exampleton, April 2020: no longer published. No reason is given yet.",
        ],
        "words": ["plan/updates, update-2, column title: “A new worker” becomes “Another worker”."],
        "page-new": ["/about/more/: More."],
    }


def test_nothing_changed_is_nothing_told_and_no_release(released: Path) -> None:
    assert kinds(released) == {}
    with pytest.raises(PortalError, match="Nothing has changed"):
        release(released, "2020 Q3")


def test_a_changed_figure_needs_a_reason_and_the_closest_one_counts(released: Path) -> None:
    revise(released)
    with pytest.raises(PortalError) as caught:
        release(released, "2020 Q3")
    assert [p.code for p in caught.value.problems] == ["reason"] * 2
    assert "thefts, E09999999, up to 2020-06-30: from 161 to 163" in caught.value.problems[0].message
    with (released / RELEASES / "data/reasons.csv").open("a") as table:
        table.write(
            "calls,,,The line was down.,\n,,,The source changed.,\nthefts,,2020-06-30,Two more were found.,\n"
        )
    draft = release(released, "2020 Q3")
    told = {c.indicator: c.reason for c in draft.changes if comparison.needs_reason(c)}
    assert told == {"thefts": "Two more were found.", "calls": "The line was down."}
    with (released / RELEASES / "data/reasons.csv").open() as table:
        assert [r["release"] for r in csv.DictReader(table)] == ["2020-q3", "", "2020-q3"]


def test_a_reason_counts_once(released: Path) -> None:
    revise(released)
    release(released, "2020 Q3", reason="The source changed.")
    edit(released, ",,163,", ",,164,")
    with pytest.raises(PortalError, match="nothing says why"):
        release(released, "2020 Q4")


def test_a_figure_that_is_now_withheld_is_nowhere_repeated(released: Path) -> None:
    """Not in the log, nor in what an earlier release said of it, and the archives that show it must go."""
    edit(released, "2020-12-31,Disability,12,r", "2020-12-31,Disability,13,r")
    release(released, "2020 Q3", reason="One more.")
    edit(released, "2020-12-31,Disability,13,r", "2020-12-31,Disability,,c")
    told = [w.message for w in building.warnings(building.project(released)) if w.code == "released"]
    assert told[-1].startswith("A figure that is withheld now was published in the release 2020 Q3.")
    path = released / RELEASES / "data/releases.csv"
    path.write_text(
        "".join(
            f"{line}Too small.\n" if line.startswith("2020") else f"{line}\n"
            for line in path.read_text().splitlines()
        )
    )
    draft = release(released, "2020 Q4", reason="Too small to show.")
    hidden = next(c for c in draft.changes if c.kind == "withdrawn")
    assert (hidden.old, hidden.new, hidden.old_status, hidden.new_status) == ("", "", "r", "c")
    folder = building.build(released, lambda step: None).folder
    for file in (
        "releases/2020-q3/index.html",
        "releases/corrections/index.html",
        "figures/figure-1/index.html",
    ):
        text = unescape((folder / file).read_text())
        assert "now withheld, to protect people" in text
        assert "from 12" not in text
    rows = list(csv.DictReader((folder / "releases/2020-q3/changes.csv").open()))
    assert [(r["old"], r["new"]) for r in rows] == [("", "")]
    assert not (folder / "releases/2020-q3/release.zip").exists()
    assert "Too small." in unescape((folder / "releases/2020-q3/index.html").read_text())
    assert (folder / "releases/2020-q4/release.zip").exists()


def test_an_archive_holds_everything_and_is_the_same_twice(first: Path) -> None:
    project = building.project(first)
    path = releasing.archive_of(project, "2020-q2")
    with zipfile.ZipFile(path) as packed:
        told = json.loads(packed.read("datapackage.json"))
        for resource in told["resources"]:
            data = packed.read(resource["path"])
            assert resource["hash"] == f"sha256:{archives.sha256(data)}"
            assert resource["bytes"] == len(data)
            assert (first / resource["path"].replace("packages/", "data_packages/")).read_bytes() == data
        pages = json.loads(packed.read("pages.json"))
        rows = list(csv.DictReader(StringIO(packed.read("changes.csv").decode())))
    assert pages["figures/thefts/"] == "Thefts"
    assert sum(int(r["count"]) for r in rows if r["kind"] == "new") == 177
    release_ = project.content.releases[0]
    archive = releasing.opened(project, release_)
    assert archives.pack(archive.about, archive.contents, archive.changes) == path.read_bytes()


def test_a_released_archive_validates_with_frictionless_and_loads_with_pandas(
    first: Path, tmp_path: Path
) -> None:
    import pandas as pd  # noqa: PLC0415
    from frictionless import Package  # noqa: PLC0415

    with zipfile.ZipFile(releasing.archive_of(building.project(first), "2020-q2")) as packed:
        packed.extractall(tmp_path / "out")
    report = Package(str(tmp_path / "out/datapackage.json")).validate()
    assert report.valid, report.flatten(["type", "note"])
    table = pd.read_csv(tmp_path / "out/packages/figures/data/observations.csv")
    assert table.loc[table["indicator"] == "thefts", "value"].tolist() == [120, 161]


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "archive changed": (lambda home: (home / "archives/2020-q2.zip").write_bytes(b"PK"), "its checksum differs"),
    "archive gone": (lambda home: (home / "archives/2020-q2.zip").unlink(), "is not there"),
    "log shortened": (
        lambda home: (home / "data/changes.csv").write_text("".join((home / "data/changes.csv").read_text().splitlines(True)[:-1])),
        "are not those that were published",
    ),
    "log reworded": (
        lambda home: (home / "data/changes.csv").write_text((home / "data/changes.csv").read_text().replace("The source changed.", "Nothing to see.")),
        "are not those that were published",
    ),
    "release taken out": (
        lambda home: (home / "data/releases.csv").write_text("".join(line for line in (home / "data/releases.csv").read_text().splitlines(True) if not line.startswith("2020-q2"))),
        "is not the one that was there",
    ),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGE)
def test_the_record_cannot_be_changed_without_notice(released: Path, damage: str) -> None:
    revise(released)
    release(released, "2020 Q3", reason="The source changed.")
    building.check(released)
    do, message = DAMAGE[damage]
    do(released / RELEASES)
    with pytest.raises(PortalError) as caught:
        building.check(released)
    assert [
        p for p in caught.value.problems if message in p.message and p.file.startswith(RELEASES) and p.fix
    ]


def test_a_name_counts_once_and_old_archives_stay(released: Path) -> None:
    path = released / RELEASES / "archives/2020-q2.zip"
    before = path.read_bytes()
    revise(released)
    for name in ("2020 Q2", "2020-q2", "!!", "Corrections"):
        with pytest.raises(PortalError):
            release(released, name, reason="x")
    release(released, "2020 Q3", reason="x")
    assert path.read_bytes() == before


def test_a_release_that_was_cut_off_before_its_last_file_is_no_release(released: Path) -> None:
    revise(released)
    project = building.project(released)
    draft = releasing.draft(
        project, ReleaseRequest("2020 Q3", reason="x"), building.addresses(project), today()
    )
    for n in range(len(draft.files)):
        releasing.write(dict(list(draft.files.items())[:n]))
        assert [e.id for e in building.project(released).content.releases] == ["2020-q2"]
    edit(released, ",,163,", ",,165,")
    again = release(released, "2020 Q3", reason="y")
    told = building.project(released).content
    assert [e.id for e in told.releases] == ["2020-q2", "2020-q3"]
    assert [c for c in told.changes if c.release == "2020-q3"] == list(again.changes)


def test_the_data_of_an_earlier_release_are_put_back_and_the_log_says_so(released: Path) -> None:
    files = {
        p: p.read_bytes() for p in (released / "data_packages").rglob("*.csv") if "releases" not in p.parts
    }
    revise(released)
    release(released, "2020 Q3", reason="The source changed.")
    assert run(released, "rollback", "2020 Q2", "--yes") == PROBLEMS  # no reason
    assert run(released, "rollback", "2020 Q9", "--yes", "--reason", "x") == PROBLEMS
    assert run(released, "rollback", "2020 Q2", "--yes", "--reason", "The new ones were wrong.") == 0
    assert {p: p.read_bytes() for p in files} == files
    content = building.project(released).content
    assert [e.name for e in content.releases] == ["2020 Q2", "2020 Q3", "Return to 2020 Q2"]
    assert content.releases[-1].put_back == "2020-q2"
    back = [c for c in content.changes if c.release == "return-to-2020-q2" and comparison.needs_reason(c)]
    assert {(c.indicator, c.old, c.new, c.reason) for c in back} == {
        ("thefts", "163", "161", "The new ones were wrong."),
        ("calls", "", "", "The new ones were wrong."),  # of a figure that is gone, no number is repeated
    }
    page = unescape((released / "build/site/releases/corrections/index.html").read_text())
    assert "from 161 [p] to 163" in page
    assert "from 163 to 161 [p]" in page
    figure = unescape((released / "build/site/figures/thefts/index.html").read_text())
    assert "Changes to these figures" in figure
    assert figure.index("Return to 2020 Q2") < figure.index("from 161 [p] to 163")


def test_the_site_before_is_put_back_at_once(released: Path) -> None:
    building.build(released, lambda step: None)
    before = tree_of(released / "build/site")
    edit(released, "A new worker", "Another worker", "data_packages/plan/data/updates.csv")
    building.build(released, lambda step: None)
    assert tree_of(released / "build/site") != before
    assert run(released, "rollback") == 0
    assert tree_of(released / "build/site") == before


def test_earlier_totals_that_were_revised_since_are_no_contradiction(released: Path) -> None:
    """A figure that is gone does not fit those that were revised: nothing exact follows, and nothing stops."""
    file = "data_packages/recorded/data/observations.csv"
    edit(released, "rec-abuse,E09999999,2020-01-01,2020-12-31,88,,returns,Table 9\n", "", file)
    rows = [line for line in (released / file).read_text().splitlines() if line.startswith("rec-abuse,E0599999") and ",2020-01-01,2020-12-31," in line]  # fmt: skip
    for line in rows:
        cells = line.split(",")
        if cells[4]:
            edit(released, line, ",".join([*cells[:4], str(int(cells[4]) + 40), *cells[5:]]), file)
    building.check(released)


def test_what_is_new_has_a_feed_and_pages(first: Path, tmp_path: Path) -> None:
    root = make_project(tmp_path / "tiny")
    for path in (p for p in (first / RELEASES).rglob("*") if p.is_file()):
        (root / RELEASES / path.relative_to(first / RELEASES)).parent.mkdir(exist_ok=True)
        (root / RELEASES / path.relative_to(first / RELEASES)).write_bytes(path.read_bytes())
    with (root / RELEASES / "data/calendar.csv").open("a") as table:
        table.write("2020 Q2,2020-07-15,thefts,New figures for thefts.\n2030 Q4,2030-12-01,,The next ones.\n")
    revise(root)
    release(root, "2020 Q3", reason="The source changed.")
    folder = building.build(root, lambda step: None).folder
    feed = ET.parse(folder / "releases/feed.xml").getroot()
    entries = feed.findall(f"{ATOM}entry")
    assert [e.findtext(f"{ATOM}title") for e in entries] == ["2020 Q3", "2020 Q2"]
    assert len({e.findtext(f"{ATOM}id") for e in entries}) == 2
    for link in feed.iter(f"{ATOM}link"):
        assert (folder / "releases" / link.attrib["href"]).exists(), link.attrib
    page = unescape((folder / "releases/index.html").read_text())
    assert "1 new figure, 1 revised figure, 1 figure withdrawn, 1 change of words, 1 new page" in page
    assert "Not yet" in page
    assert "days late" in page
    with zipfile.ZipFile(folder / "releases/2020-q3/release.zip") as packed:
        assert b",163," in packed.read("packages/figures/data/observations.csv")
    changes = list(csv.DictReader((folder / "releases/2020-q3/changes.csv").open()))
    assert {r["kind"] for r in changes} == {"new", "revised", "withdrawn", "words", "page-new"}
    assert 'type="application/atom+xml"' in (folder / "index.html").read_text()
    assert "2020 Q3" in (folder / "index.html").read_text()


def test_the_diff_is_also_a_page_to_sign_and_json(
    released: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    revise(released)
    assert run(released, "diff", "--html", str(tmp_path / "d.html"), "--json", str(tmp_path / "d.json")) == 0
    told = capsys.readouterr().out
    assert "2 figures that were revised or withdrawn have no reason yet." in told
    page = (tmp_path / "d.html").read_text()
    assert "Signed off" in page
    assert "from 161 [p] to 163" in page
    assert "<script" not in page
    found = json.loads((tmp_path / "d.json").read_text())
    assert found["counts"] == {"new": 1, "revised": 1, "withdrawn": 1, "words": 1, "page-new": 1}
    assert found["since"] == "2020-q2"


FIGURE = st.tuples(
    st.sampled_from(["a", "b"]), st.sampled_from(["x", "y"]), st.sampled_from(["2020-01-31", "2020-02-29"])
)
CELL = st.one_of(
    st.tuples(st.integers(0, 99).map(str), st.sampled_from(["", "p"])), st.just(("", "c")), st.just(("", "x"))
)


def contents(figures: dict[tuple[str, str, str], tuple[str, str]]) -> Contents:
    header = "indicator,area,period_start,period_end,value,status,source,locator"
    rows = [f"{i},{a},{e[:8]}01,{e},{v},{s},s,l" for (i, a, e), (v, s) in figures.items()]
    key = ["indicator", "area", "period_start", "period_end"]
    told = {"resources": [{"name": "observations", "path": "o.csv", "schema": {"primaryKey": key}}]}
    return Contents(
        {"p/datapackage.json": json.dumps(told).encode(), "p/o.csv": "\n".join([header, *rows]).encode()}, {}
    )


def test_a_new_row_of_text_is_shown_without_its_key() -> None:
    def table(rows: str) -> Contents:
        resource = {"name": "notes", "path": "n.csv", "schema": {"primaryKey": ["id"]}}
        descriptor = json.dumps({"resources": [resource]}).encode()
        return Contents({"p/datapackage.json": descriptor, "p/n.csv": f"id,text\n{rows}".encode()}, {})

    (change,) = comparison.compare(table("n1,Old.\n"), table("n1,Old.\nn2,More.\n"))
    assert (change.kind, change.place, change.new) == ("words", "p/notes, n2", "More.")


@given(st.dictionaries(FIGURE, CELL), st.dictionaries(FIGURE, CELL))
def test_each_changed_figure_is_told_once_and_nothing_else(
    old: dict[tuple[str, str, str], tuple[str, str]], new: dict[tuple[str, str, str], tuple[str, str]]
) -> None:
    changes = [c for c in comparison.compare(contents(old), contents(new)) if c.kind != "words"]
    told = {(c.indicator, c.area, str(c.period_end)) for c in changes}
    assert len(told) == len(changes)
    for key in old.keys() | new.keys():
        before, after = old.get(key, ("", "")), new.get(key, ("", ""))
        if key not in told:
            assert before[0] == after[0]
        else:
            assert before[0] != after[0] or (key in old) != (key in new)
    assert not comparison.compare(contents(new), contents(new))
    assert sum(c.count for c in comparison.condensed(changes)) == len(changes)


@pytest.mark.parametrize(("old", "new"), [("12", "12.0"), ("12.0", "12"), ("12.50", "12.5"), ("0", "0.0")])
def test_the_same_number_with_other_decimals_is_no_revision(old: str, new: str) -> None:
    figure = ("thefts", "E1", "2024-07-31")
    before, after = contents({figure: (old, "")}), contents({figure: (new, "")})
    assert not [c for c in comparison.compare(before, after) if c.kind == "revised"]
    releases = [
        PastRelease(Release(n, n, date(2024, 8, 1), "", "", "", 1, "", ""), c)
        for n, c in (("first", before), ("second", after))
    ]
    assert [r.id for r in ReleaseHistory(tuple(releases)).changed.values()] == ["first"]


def test_another_number_is_a_revision() -> None:
    figure = ("thefts", "E1", "2024-07-31")
    before, after = contents({figure: ("12", "")}), contents({figure: ("12.1", "")})
    assert [c.kind for c in comparison.compare(before, after)] == ["revised"]


def test_a_count_under_the_minimum_is_never_released(released: Path) -> None:
    edit(released, "2020-12-31,Disability,12,r", "2020-12-31,Disability,2,r")
    with pytest.raises(PortalError) as caught:
        building.addresses(building.project(released))
    assert {p.code for p in caught.value.problems} == {"disclosure"}


def test_figures_that_are_in_no_release_are_told_after_a_build(released: Path) -> None:
    assert not [w for w in building.build(released, lambda step: None).warnings if w.name == "unreleased"]
    revise(released)
    told = [w.message for w in building.build(released, lambda step: None).warnings if w.name == "unreleased"]
    assert told == ["3 figures are new or changed since the release 2020 Q2, and in no release yet."]


# --- 12 months that move on

JULY, OCTOBER = ("2024-08-01", "2025-07-31"), ("2024-11-01", "2025-10-31")
JULY_BEFORE, OCTOBER_BEFORE = ("2023-08-01", "2024-07-31"), ("2023-11-01", "2024-10-31")
WARDS = {"W1": "ward", "W2": "ward", "B": "borough"}


def windows(*figures: tuple[str, tuple[str, str], str], sensitive: bool = True) -> Contents:
    """What a release publishes: figures by area and period; a value that is no number is a status."""
    columns = "indicator,area,period_start,period_end,value,status,source,locator"
    rows = [
        f"thefts,{area},{start},{end},{v if v.isdigit() else ''},{'' if v.isdigit() else v},s,l"
        for area, (start, end), v in figures
    ]
    files = {
        "p/data/observations.csv": "\n".join([columns, *rows]),
        "p/data/indicators.csv": f"id,sensitive,protected\nthefts,{str(sensitive).lower()},false",
        "p/data/areas.csv": "\n".join(["code,kind", *(f"{a},{kind}" for a, kind in WARDS.items())]),
    }
    keys = {
        "observations": ["indicator", "area", "period_start", "period_end"],
        "indicators": ["id"],
        "areas": ["code"],
    }
    resources = [
        {"name": n, "path": f"data/{n}.csv", "schema": {"primaryKey": key}} for n, key in keys.items()
    ]
    described = {"p/datapackage.json": json.dumps({"resources": resources})}
    return Contents({k: v.encode() for k, v in (files | described).items()}, {})


def became(old: Contents, new: Contents) -> dict[tuple[str, str], str]:
    """What became of each figure that was published, by area and last day."""
    return {(c.area, str(c.period_end)): c.kind for c in comparison.figures(old, new) if c.kind != "new"}


def test_later_12_months_move_the_older_ones_on() -> None:
    old = windows(("W1", JULY, "31"), ("W1", JULY_BEFORE, "c"), ("W2", JULY, "47"), ("W2", JULY_BEFORE, "52"))
    new = windows(
        ("W1", OCTOBER, "33"), ("W1", OCTOBER_BEFORE, "29"), ("W2", OCTOBER, "c"), ("W2", OCTOBER_BEFORE, "5")
    )
    found = list(comparison.figures(old, new))
    assert Counter(c.kind for c in found) == {"new": 4, "rolled": 4}
    assert not any(c.old for c in found)
    assert not any(map(comparison.needs_reason, found))


def test_quarters_that_end_in_other_months_replace_the_older_ones() -> None:
    old = windows(("W1", ("2025-01-01", "2025-03-31"), "31"), ("W1", ("2025-04-01", "2025-06-30"), "33"))
    new = windows(("W1", ("2025-02-01", "2025-04-30"), "30"), ("W1", ("2025-05-01", "2025-07-31"), "35"))
    assert set(became(old, new).values()) == {"rolled"}


@pytest.mark.parametrize(
    ("old", "new", "gone"),
    [
        pytest.param(
            [("W1", JULY, "31"), ("W2", JULY, "47")], [("W1", JULY, "31")], ("W2", JULY), id="row of a current window"
        ),
        pytest.param(
            [("W1", JULY, "31"), ("W2", JULY, "47")], [("W1", JULY, "31"), ("W2", JULY, "c")], ("W2", JULY), id="withheld",
        ),
        pytest.param(
            [("W1", JULY, "31"), ("W2", JULY, "47")], [("W1", JULY, "31"), ("W2", OCTOBER, "45")], ("W2", JULY),
            id="one ward alone",
        ),
        pytest.param(
            [("W1", JULY, "31"), ("W2", JULY, "47")], [("W1", OCTOBER, "33")], ("W2", JULY), id="no later window",
        ),
        pytest.param(
            [("W1", JULY, "31"), ("W1", JULY_BEFORE, "47")], [("W1", OCTOBER, "33")], ("W1", JULY_BEFORE), id="no overlap",
        ),
        pytest.param(
            [("W1", OCTOBER, "31")], [("W1", JULY, "33")], ("W1", OCTOBER), id="backwards",
        ),
        pytest.param(
            [("W1", JULY, "31"), ("W1", OCTOBER, "33")], [("W1", OCTOBER, "33")], ("W1", JULY), id="the later one was there",
        ),
        pytest.param(
            [("W1", ("2025-01-01", "2025-03-31"), "31")], [("W1", ("2025-02-01", "2025-05-31"), "33")],
            ("W1", ("2025-01-01", "2025-03-31")), id="another length",
        ),
    ],
)  # fmt: skip
def test_other_figures_that_leave_are_withdrawn(
    old: list[tuple[str, tuple[str, str], str]],
    new: list[tuple[str, tuple[str, str], str]],
    gone: tuple[str, tuple[str, str]],
) -> None:
    told = became(windows(*old), windows(*new))
    assert told.pop((gone[0], gone[1][1])) == "withdrawn"
    assert set(told.values()) <= {"rolled"}


def test_a_larger_area_may_keep_its_12_months_while_wards_move_on() -> None:
    old = windows(("W1", JULY, "31"), ("B", JULY, "470"))
    assert became(old, windows(("W1", OCTOBER, "33"), ("B", JULY, "470"))) == {("W1", JULY[1]): "rolled"}


def test_a_release_whose_periods_move_on_needs_no_reason_and_says_so(released: Path) -> None:
    for name in (FIGURES, "data_packages/figures/data/claims.csv"):
        edit(released, "2018-07-01,2019-06-30", "2018-10-01,2019-09-30", name)
        edit(released, "2019-07-01,2020-06-30", "2019-10-01,2020-09-30", name)
    assert kinds(released)["rolled"][:1] == [
        "Thefts: 2 figures, from 1 July 2018 to 30 June 2020: the period moved on, and other months are published instead."
    ]
    assert "withdrawn" not in kinds(released)
    release(released, "2020 Q3")
    assert run(released, "build") == 0
    page = (released / "build/site/releases/2020-q3/index.html").read_text()
    assert "the period moved on" in page
    assert "withdrawn" not in page


def test_a_figure_that_was_taken_out_comes_back_only_where_it_protects_nobody(released: Path) -> None:
    """Going back restores what nobody has to be protected from, and nothing of what was left out to protect people."""
    protected = ",false,true,,Recorded in a new way since 2018."
    for file, old, new in (
        (
            "data_packages/figures/data/indicators.csv",
            ",false,false,,Recorded in a new way since 2018.",
            protected,
        ),
        (FIGURES, "bikes,E09999999,2016-07-01,2017-06-30,,40,,report,Table 1\n", ""),
        (FIGURES, "calls,E09999999,2020-01-01,2020-01-31,,12,,report,Table 1\n", ""),
    ):
        edit(released, old, new, file)
    release(released, "2020 Q3", reason="Withdrawn by the police.")
    project = building.project(released)
    back = rollback.put_back(project, "2020 Q2", "They were right.")
    table = back.files[released / FIGURES].decode()
    assert "2020-01-31,,12," in table
    assert "2017-06-30,,40," not in table


def test_packages_that_are_no_longer_listed_follow_those_that_are(released: Path) -> None:
    files = (
        "plan/data/actions.csv",
        "gone/data/x.csv",
        "figures/data/x.csv",
        "also/data/x.csv",
        "figures/data/y.csv",
    )
    assert embargo.listed(building.project(released), files) == ("figures", "plan", "also", "gone")


def test_a_figure_last_changed_when_its_number_left_or_came_back(first: Path) -> None:
    content = building.project(first).content
    key = ("calls", "E1", "", "2020-01-01", "2020-01-31")

    def past(name: str, value: str | None) -> PastRelease:
        header = "indicator,area,period_start,period_end,type,value,status,source,locator\n"
        row = "" if value is None else f"calls,E1,2020-01-01,2020-01-31,,{value},,s,l\n"
        folder = first / "data_packages/figures"
        files = {
            f"f/{p.relative_to(folder).as_posix()}": p.read_bytes() for p in folder.rglob("*") if p.is_file()
        }
        files["f/data/observations.csv"] = (header + row).encode()
        return PastRelease(replace(content.releases[0], id=name), Contents(files, {}))

    def changed(*values: str | None) -> str:
        found = ReleaseHistory(tuple(past(f"r{n}", v) for n, v in enumerate(values)))
        return found.changed[key].id

    assert changed("5", "5", "5.0") == "r0"
    assert changed("5", "6", "6") == "r1"
    assert changed("5", None, None) == "r1"
    assert changed("5", None, "5", "5") == "r2"


@pytest.mark.parametrize(("length", "shown"), [(200, "“" + "x" * 200 + "”"), (201, "“" + "x" * 200 + "…”")])
def test_only_words_that_are_too_long_are_cut(length: int, shown: str) -> None:
    assert change_report._short("x" * length) == shown
