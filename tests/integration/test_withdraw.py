"""A figure that is taken back is in no file that the site serves, and cannot be found from a checksum either."""

import csv
import io
import re
import shutil
import zipfile
from html import unescape
from pathlib import Path

import pytest
from portal.core.problems import PortalError
from portal.releases import archives, releasing
from portal.site import building
from project import edit, make_project, run, tree_of
from served import holding, served

FIGURES = "data_packages/figures/data/observations.csv"
HOME = "data_packages/releases"
CALL = ("--area", "E09999999", "--period", "2020-04-30")
WHY = ("--reason", "A person asked us.")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three releases: a figure of 7351, then of 8462 with a reason that names both, then another change."""
    root = make_project(tmp_path_factory.mktemp("withdraw") / "tiny")
    edit(root, "2020-04-30,,15,,report,Table 1", "2020-04-30,,7351,,report,Table 1: 7351 calls")
    assert run(root, "release", "R1", "--yes") == 0
    edit(root, "7351,,report,Table 1: 7351 calls", "8462,,report,Table 1")
    assert run(root, "release", "R2", "--yes", "--reason", "It was 7,351 before.") == 0
    edit(root, "A new worker", "Another worker", "data_packages/plan/data/updates.csv")
    with (root / HOME / "data/accepted.csv").open("a") as table:
        table.write("jump:calls:E09999999:2020-04-01/2020-04-30,8462 is right.,2020-11-01,Communications\n")
    assert run(root, "release", "R3", "--yes") == 0
    assert run(root, "build") == 0
    return root


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    """The same, to be changed."""
    return Path(shutil.copytree(made, tmp_path / "tiny", symlinks=True))


@pytest.fixture(scope="module")
def after(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same after the figure was taken back."""
    root = Path(shutil.copytree(made, tmp_path_factory.mktemp("withdrawn") / "tiny", symlinks=True))
    assert run(root, "withdraw", "calls", *CALL, *WHY, "--yes") == 0
    return root


@pytest.fixture
def withdrawn(after: Path, tmp_path: Path) -> Path:
    """The same, to be changed."""
    return Path(shutil.copytree(after, tmp_path / "tiny", symlinks=True))


def test_nothing_that_the_site_serves_has_the_number(made: Path, withdrawn: Path) -> None:
    root = withdrawn
    for number in ("7351", "8462"):
        assert len(holding(made / "build/site", number)) > 5  # or the search finds nothing at all
    for number in ("7351", "8462"):
        assert holding(root / "build/site", number) == []
        assert not [p for p, data in tree_of(root / "data_packages").items() if number.encode() in data]
    kept = [f for f in (root / "build/sites").iterdir() if f.resolve() != (root / "build/site").resolve()]
    assert kept == []  # so that `portal rollback` brings none of them back
    assert run(root, "check") == 0
    assert run(root, "diff") == 0
    with pytest.raises(PortalError, match="Nothing has changed"):
        building.draft(whole := building.project(root), releasing.ReleaseRequest("R4"))
    assert whole.content.withdrawals[0].releases == "r1;r2;r3"


def renamed(root: Path, old: str, new: str) -> None:
    """Give an indicator another id in every table; its address and title stay."""
    for path in (p for p in (root / "data_packages").glob("*/data/*.csv") if p.parts[-3] != "releases"):
        pattern = rf"(?m)(^|,){old}(?=,)(?!,(Calls by|Murders))"
        path.write_text(re.sub(pattern, rf"\g<1>{new}", path.read_text()))


@pytest.mark.parametrize("named", ["helpline", "calls"])
def test_a_figure_goes_from_releases_that_have_it_under_an_earlier_id(root: Path, named: str) -> None:
    """The id was changed after the releases; either of the two names the figure."""
    renamed(root, "calls", "helpline")
    assert run(root, "withdraw", named, *CALL, *WHY, "--yes") == 0
    numbers = re.compile(rb"\b(7351|8462)\b")
    assert [name for name, data in served(root / "data_packages") if numbers.search(data)] == []
    assert run(root, "check") == 0


def test_a_figure_goes_from_releases_although_another_indicator_has_its_id_now(root: Path) -> None:
    renamed(root, "calls", "helpline")
    renamed(root, "murders", "calls")
    murders = [r for r in (root / FIGURES).read_text().splitlines() if r.startswith("calls,")]
    assert run(root, "withdraw", "calls", *CALL, *WHY, "--yes") == 1  # there are no murders of this month
    assert run(root, "withdraw", "helpline", *CALL, *WHY, "--yes") == 0
    numbers = re.compile(rb"\b(7351|8462)\b")
    assert [name for name, data in served(root / "data_packages") if numbers.search(data)] == []
    assert murders == [r for r in (root / FIGURES).read_text().splitlines() if r.startswith("calls,")]
    listed = building.project(root).content.withdrawals
    assert [(w.indicator, w.releases) for w in listed] == [("helpline", ""), ("calls", "r1;r2;r3")]


def test_a_number_does_not_come_back_under_another_id(
    withdrawn: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    renamed(withdrawn, "calls", "helpline")
    assert run(withdrawn, "check") == 0
    edit(withdrawn, "2020-04-30,,,c,", "2020-04-30,,7351,,")
    assert run(withdrawn, "check") == 1
    assert "observations.csv, row" in (said := capsys.readouterr().err)
    assert "was withdrawn on" in said
    # Whatever else has the id today is another figure.
    edit(withdrawn, "2020-04-30,,7351,,", "2020-04-30,,,c,")
    renamed(withdrawn, "murders", "calls")
    with (withdrawn / FIGURES).open("a") as table:
        table.write("calls,E09999999,2020-04-01,2020-04-30,,9,,report,Table 1\n")
    run(withdrawn, "check")
    assert "was withdrawn on" not in capsys.readouterr().err


def test_a_note_without_the_number_stays(after: Path) -> None:
    root = after
    for page in ("releases/corrections", "releases/r1", "releases/r2", "figures/calls", "figures/calls/cite"):
        text = unescape((root / f"build/site/{page}/index.html").read_text())
        assert "A person asked us." in text, page
    rows = list(csv.DictReader((root / "build/site/releases/corrections/withdrawn.csv").open()))
    assert [(r["indicator"], r["period_end"], r["kind"]) for r in rows] == [
        ("calls", "2020-04-30", "protect")
    ]
    with zipfile.ZipFile(root / "build/site/releases/r1/release.zip") as packed:
        told = packed.read("datapackage.json").decode()
    assert '"withdrawn_on"' in told
    assert '"period_end": "2020-04-30"' in told


def test_no_checksum_that_is_served_lets_the_number_be_guessed(made: Path, after: Path) -> None:
    """With the archive as it is now, somebody can pack it with each number there may be; none gives a known checksum."""
    root, before = after, building.project(made).content.releases
    known = set()
    for _, data in served(root / "build/site"):
        known |= set(re.findall(rb"\b[0-9a-f]{64}\b", data))
    whole = building.project(root)
    first = releasing.opened(whole, whole.content.releases[0])
    name = "figures/data/observations.csv"
    gone = b"calls,E09999999,2020-04-01,2020-04-30,,,c,"
    assert gone in first.contents.files[name]
    for number in (7351, 8462, *range(100)):
        for locator in (b"Table 1", b"Table 1: 7351 calls"):
            row = b"calls,E09999999,2020-04-01,2020-04-30,,%d,," % number
            table = first.contents.files[name].replace(gone, row)
            table = table.replace(row + b"report,Not shown", row + b"report," + locator)
            assert archives.sha256(table).encode() not in known
    old = {e.sha256.encode() for e in before}
    assert not old & known
    assert not [p for p, data in tree_of(root / "data_packages").items() if any(o in data for o in old)]


def test_the_chain_of_archives_is_whole_afterwards_and_still_guarded(withdrawn: Path) -> None:
    root = withdrawn
    whole = building.project(root)
    found = [releasing.opened(whole, e) for e in whole.content.releases]
    assert [a.about.before_sha256 for a in found[1:]] == [e.sha256 for e in whole.content.releases[:-1]]
    for release in whole.content.releases:
        with zipfile.ZipFile(releasing.archive_of(whole, release.id)) as packed:
            packed.extractall(root / "out" / release.id)
        from frictionless import Package  # noqa: PLC0415

        report = Package(str(root / f"out/{release.id}/datapackage.json")).validate()
        assert report.valid, report.flatten(["type", "note"])
    edit(root, "A person asked us.", "Nothing to see.", f"{HOME}/data/withdrawals.csv")
    building.project(root)  # words of the note may be improved
    (root / HOME / "archives/r2.zip").write_bytes(b"PK")
    with pytest.raises(PortalError, match="its checksum differs"):
        building.project(root)


def test_an_archive_with_the_number_is_not_put_back_without_notice(withdrawn: Path, made: Path) -> None:
    root = withdrawn
    for part in ("archives", "data"):
        for path in (made / HOME / part).iterdir():
            if path.name != "withdrawals.csv":
                (root / HOME / part / path.name).write_bytes(path.read_bytes())
    with pytest.raises(PortalError) as caught:
        building.project(root)
    assert any("shows a withdrawn figure" in p.message for p in caught.value.problems)


def test_taking_back_twice_changes_nothing_more(withdrawn: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = withdrawn
    before = tree_of(root / "data_packages")
    assert run(root, "withdraw", "calls", *CALL, *WHY, "--yes") == 0
    assert "Nothing to withdraw" in capsys.readouterr().out
    assert tree_of(root / "data_packages") == before


WRONG = {
    "the reason has the number": (("calls", *CALL, "--reason", "8,462 was wrong."), "gives the number away"),
    "the reason has an earlier number": (("calls", *CALL, "--reason", "Not 7351."), "gives the number away"),
    "no reason": (("calls", *CALL), "needs a reason"),
    "blank reason": (("calls", *CALL, "--reason", " "), "needs a reason"),
    "indicator": (("cals", *WHY), "No figure has the indicator"),
    "area": (("calls", "--area", "E09999998", *WHY), "has no figure of the area"),
    "period": (("calls", "--period", "2020-04-31", *WHY), "has no figure for the period"),
    "part": (("abuse", "--part", "race", *WHY), "has no part called"),
    "both": (("abuse", "--period", "2019-12-31", "--part", "Other", *WHY), "has no part called"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_is_told_and_changes_nothing(
    root: Path, case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = tree_of(root / "data_packages")
    arguments, message = WRONG[case]
    assert run(root, "withdraw", *arguments, "--yes") == 1
    assert message in capsys.readouterr().err
    assert tree_of(root / "data_packages") == before


@pytest.mark.parametrize(
    "arguments",
    [
        (), ("calls", "--list", "x.csv"), ("calls", "--wrong", "--protect"), ("calls", "--area", ""), ("calls", "--period", ""),
    ],
)  # fmt: skip
def test_wrong_usage_is_told(root: Path, arguments: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as caught:
        run(root, "withdraw", *arguments, *WHY)
    assert caught.value.code == 2


def test_a_fault_on_the_way_leaves_all_as_it_was(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from portal.core import operating_system  # noqa: PLC0415

    before, write, written = tree_of(root / "data_packages"), operating_system.write_atomically, []

    def fails(path: Path, content: bytes) -> None:
        written.append(path)
        if len(written) == 3:
            raise OSError(28, "No space left on device", str(path))
        write(path, content)

    monkeypatch.setattr(operating_system, "write_atomically", fails)
    assert run(root, "withdraw", "calls", *CALL, *WHY, "--yes") == 1
    assert tree_of(root / "data_packages") == before
    assert len(written) > 3


@pytest.mark.thorough
def test_a_list_takes_back_several_and_a_wrong_figure_may_be_corrected(root: Path) -> None:
    (root / "list.csv").write_text(
        "indicator,area,period_start,period_end,part\ncalls,E09999999,2020-04-01,2020-04-30,\n"
        "advice,E09999999,2020-01-01,2020-12-31,Used later\n"
    )
    assert run(root, "withdraw", "--list", str(root / "list.csv"), "--wrong", *WHY, "--yes") == 0
    assert holding(root / "build/site", "8462") == []
    assert not [n for n, data in served(root / "build/site") if b"46.5" in data and "plotly" not in n]
    table = (root / FIGURES).read_text()
    assert "2020-04-30,,,x," in table
    assert "Used later,,x," in table
    edit(root, "2020-04-30,,,x,", "2020-04-30,,8460,,")
    assert run(root, "check") == 0
    assert run(root, "release", "R4", "--yes") == 0
    assert run(root, "build") == 0
    assert holding(root / "build/site", "8460")


@pytest.mark.parametrize("listed", ["", "area\nE09999999\n", "indicator\n\n", "indicator,area\n,E09999999\n"])
def test_a_list_that_names_nothing_is_told(
    root: Path, listed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "list.csv").write_text(listed)
    assert run(root, "withdraw", "--list", str(root / "list.csv"), *WHY, "--yes") == 1
    assert "list.csv" in capsys.readouterr().err


@pytest.mark.thorough
def test_claims_and_targets_that_state_it_go_too(tmp_path: Path) -> None:
    """34.2 per cent more than 120 is 161, and 36 in all less the other months is 15."""
    root = make_project(tmp_path / "tiny")
    assert run(root, "release", "R1", "--yes") == 0
    assert run(root, "withdraw", "thefts", "--period", "2019-06-30", *WHY, "--yes") == 0
    assert run(root, "withdraw", "calls", "--period", "2020-04-30", *WHY, "--yes") == 0
    for name in ("data_packages/figures/data", "x"):
        folder = root / name
        if name == "x":
            with zipfile.ZipFile(root / HOME / "archives/r1.zip") as packed:
                packed.extractall(folder)
            folder /= "packages/figures/data"
        claims = [r["id"] for r in csv.DictReader((folder / "claims.csv").open())]
        assert claims == ["claim-4", "claim-5"]
        targets = [r["baseline_value"] for r in csv.DictReader((folder / "targets.csv").open())]
        assert targets == ["", ""]
    assert run(root, "check") == 0


def test_a_number_that_follows_from_others_is_told_with_what_else_must_go(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of the parts of a total, one alone cannot be hidden."""
    root = make_project(tmp_path / "tiny")
    assert run(root, "release", "R1", "--yes") == 0
    one = ("rec-thefts", "--area", "E05999991", "--period", "2019-03-31")
    capsys.readouterr()
    assert run(root, "withdraw", *one, *WHY) == 0  # nobody says yes
    said = capsys.readouterr().out
    assert "can still be worked out" in said
    assert "with --others:" in said
    assert run(root, "withdraw", *one, *WHY, "--others", "--yes") == 0
    gone = building.project(root).content.withdrawals
    assert len(gone) > 1
    assert {w.indicator for w in gone} <= {"rec-all", "rec-thefts", "rec-drugs"}


def test_where_small_counts_are_withheld_nothing_is_written_until_the_others_go(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = make_project(tmp_path / "tiny")
    assert run(root, "release", "R1", "--yes") == 0
    before = tree_of(root / "data_packages")
    one = ("rec-abuse", "--area", "E05999991", "--period", "2020-12-31", *WHY, "--yes")
    assert run(root, "withdraw", *one) == 1
    assert "portal withdraw" in capsys.readouterr().err
    assert tree_of(root / "data_packages") == before
    assert run(root, "withdraw", *one, "--others") == 0
    assert run(root, "check") == 0
    assert len(building.project(root).content.withdrawals) == 2


def test_the_number_does_not_come_back(
    made: Path, withdrawn: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not by hand, not by going back to a release that had it, nor to a site that is kept elsewhere."""
    root, old = withdrawn, (made / "build/site").resolve()
    shutil.copytree(old, root / "build/sites" / old.name)
    capsys.readouterr()
    assert run(root, "rollback") == 1
    assert "withheld by now" in capsys.readouterr().err
    assert run(root, "rollback", "R1", "--reason", "Back.", "--yes") == 0
    assert "2020-04-30,,,c," in (root / FIGURES).read_text()
    for number in ("7351", "8462"):
        assert holding(root / "build/site", number) == []
    edit(root, "2020-04-30,,,c,", "2020-04-30,,7351,,")
    assert run(root, "check") == 1
    assert "was withdrawn on" in capsys.readouterr().err


def test_the_advice_of_the_program_leads_to_it(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = "data_packages/recorded/data/observations.csv"
    rows = (root / file).read_text().splitlines()
    small = next(r for r in rows if r.startswith("rec-abuse,E0599999") and r.split(",")[4])
    edit(root, small, ",".join([*small.split(",")[:4], "3", *small.split(",")[5:]]), file)
    assert run(root, "check") == 1
    assert "portal withdraw rec-abuse" in capsys.readouterr().err


def test_a_row_that_is_left_out_is_told_without_its_number(root: Path) -> None:
    rows = (root / FIGURES).read_text().splitlines(True)
    (root / FIGURES).write_text("".join(r for r in rows if "2020-04-30" not in r))
    assert run(root, "release", "R4", "--yes", "--reason", "Left out.") == 0
    assert run(root, "build") == 0
    with zipfile.ZipFile(root / "build/site/releases/r4/release.zip") as packed:
        new = "".join(packed.read(n).decode() for n in packed.namelist())
    log = (root / HOME / "data/changes.csv").read_text()
    pages = ("releases/r4", "releases/r2", "releases/corrections", "figures/calls", "figures/calls/cite")
    texts = [new, *(r for r in log.splitlines() if r.startswith("r4"))]
    texts += [unescape((root / f"build/site/{p}/index.html").read_text()) for p in pages]
    texts += [p.read_text() for p in (root / "build/site/releases").glob("*/changes.csv")]
    for text in texts:
        for number in ("8462", "8,462"):
            assert number not in text.replace("8462 is right", ""), text[:200]
    assert "no longer published" in unescape((root / "build/site/releases/r4/index.html").read_text())


def test_a_withdrawn_archive_takes_the_numbers_of_its_changes_with_it(tmp_path: Path) -> None:
    """A single new figure stands in the list of changes, which is served beside the archive."""
    root = make_project(tmp_path / "tiny")
    edit(root, "murders,E09999999,2019-07-01,2020-06-30,,0", "murders,E09999999,2019-07-01,2020-06-30,,7351")
    assert run(root, "release", "R1", "--yes") == 0
    edit(root, "2020-06-30,,7351,,", "2020-06-30,,,x,")
    assert run(root, "release", "R2", "--yes", "--reason", "Not ours to publish.") == 0
    home = root / HOME / "data/releases.csv"
    rows = list(csv.DictReader(io.StringIO(home.read_text())))
    rows[0]["withdrawn"] = "It had a figure that is not ours."
    with home.open("w", newline="") as table:
        writer = csv.DictWriter(table, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    assert run(root, "build") == 0
    assert [
        n for n in holding(root / "build/site", "7351") if "/r1/" in n or "site.zip!releases/r1" in n
    ] == []
