"""What is under embargo is in nothing that is served before its time, whatever is built, released or rolled back."""

import csv
import re
import shutil
import zipfile
from datetime import UTC, date, datetime
from html import unescape
from pathlib import Path

import pytest
from portal.core import settings
from portal.core.problems import PortalError
from portal.releases import embargo, releasing, withdrawal
from portal.releases.withdrawal import FigureSelection, WithdrawalRequest
from portal.site import building
from project import ROOT, edit, make_project, run, tree_of
from served import holding

FIGURES = "data_packages/figures/data/observations.csv"
UPDATES = "data_packages/plan/data/updates.csv"
SERVICES = "data_packages/services/data/services.csv"
HOME = "data_packages/releases"
TIME = "2030-12-01T09:30"
BEFORE, AT = "1922347799", "1922347800"  # a second before 09:30 on 1 December 2030 in London, and then
NEW = "7351"


def fresh(root: Path) -> None:
    """Leave what a clone of the repository has."""
    shutil.rmtree(root / "build")
    (root / "build").mkdir()
    (root / "build/cache").symlink_to(ROOT / "build/cache")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release that is public and built, and one that waits: a new figure, with a warning, a promise and notes on it."""
    root = make_project(tmp_path_factory.mktemp("embargo") / "tiny")
    edit(
        root, 'area = "E09999999"', 'area = "E09999999"\ntime_zone = "Europe/London"', "site_src/portal.toml"
    )
    (root / HOME / "data/calendar.csv").open("a").write("2030 Q4,2030-12-01,thefts,As promised.\n")
    assert run(root, "release", "2020 Q3", "--yes") == 0
    assert run(root, "build") == 0
    (root / "before").mkdir()
    for name, data in tree_of(root / "build/site").items():
        (root / "before" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "before" / name).write_bytes(data)
    row = "calls,E09999999,2020-05-01"
    edit(root, row, f"calls,E09999999,2020-06-01,2020-06-30,,{NEW},,report,Table 1\n{row}")
    (root / HOME / "data/calendar.csv").open("a").write(f"2031 Q1,2031-03-01,calls,More than {NEW}?\n")
    told = f"jump:calls:E09999999:2020-06-01/2020-06-30,It is {NEW}.,2020-11-28,Communications\n"
    (root / HOME / "data/accepted.csv").open("a").write(told)
    assert run(root, "release", "2020 Q4", "--note", f"{NEW} calls.", "--embargo", TIME, "--yes") == 0
    return root


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    """The same, to be changed."""
    return Path(shutil.copytree(made, tmp_path / "tiny", symlinks=True))


def hidden(root: Path) -> bool:
    """Return True if nothing that is served has the new figure, or the name of the release that waits."""
    site_ = root / "build/site"
    assert not holding(site_, NEW)
    assert "2020-q4" not in (site_ / "api/index.json").read_text()
    assert "2020 Q4" not in (site_ / "releases/feed.xml").read_text()
    return True


def test_a_waiting_release_whose_row_is_gone_stops_the_build(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    releases = root / HOME / "data/releases.csv"
    releases.write_text("".join(releases.read_text().splitlines(keepends=True)[:-1]))
    capsys.readouterr()
    assert run(root, "build") == 1
    said = " ".join(capsys.readouterr().err.split())
    assert f"under embargo until {TIME}, but releases.csv has no row with the id 2020-q4." in said
    assert "put it back from a copy" in said


def test_the_public_site_stays_as_it_is_and_the_new_one_is_beside_it(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(root, "build") == 0
    said = capsys.readouterr().out
    assert "2020 Q4 is under embargo until 1 December 2030, 09:30 GMT" in said
    assert "portal serve" in said
    before = tree_of(root / "before")
    now = tree_of(root / "build/site")
    changed = {n for n in before.keys() | now.keys() if before.get(n) != now.get(n)}
    promised = {"releases/index.html", "releases/calendar.ics"}  # promised days are public at once
    assert changed <= {*promised, "manifest.json", "open-data/site.zip"} | {
        n for n in changed if n.startswith("pagefind/")
    }
    page = unescape((root / "build/site/releases/index.html").read_text())
    assert "As promised." in page
    calendar = (root / "build/site/releases/calendar.ics").read_text()
    assert "2020 Q4" not in calendar
    for text in (page, calendar):
        assert "2031 Q1" in text  # a promised day is public, what is said of it waits
    assert hidden(root)
    assert holding(root / "build/waiting", NEW)


def test_a_fresh_clone_builds_the_public_site_and_lifts_it_at_its_time(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh(root)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", BEFORE)
    assert run(root, "build") == 0
    assert hidden(root)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", AT)
    assert run(root, "build") == 0
    assert holding(root / "build/site", NEW)
    assert "2020 Q4" in (root / "build/site/releases/feed.xml").read_text()
    assert "1 December 2030" in unescape((root / "build/site/releases/2020-q4/index.html").read_text())
    assert not (root / "build/waiting").exists()
    fresh(root)
    assert run(root, "build") == 0
    assert holding(root / "build/site", NEW)


@pytest.mark.thorough
def test_something_urgent_is_released_and_built_meanwhile(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(root, "A new worker", "Another worker", UPDATES)
    edit(root, "2019-07-01,2020-06-30,,161,p", "2019-07-01,2020-06-30,,9143,")
    capsys.readouterr()
    assert run(root, "release", "2020 Q3 correction", "--reason", "A slip.", "--yes") == 0
    said = capsys.readouterr().out
    assert "Compared with 2020 Q3," in said
    assert "9,143" in said
    assert "7,351" not in said
    assert "2020 Q4 is still under embargo" in said
    for clean in (False, True):
        if clean:
            fresh(root)
        assert run(root, "build") == 0
        assert hidden(root)
        assert holding(root / "build/site", "9143")
    assert run(root, "check") == 0
    whole = building.project(root)
    assert [e.id for e in whole.content.releases] == ["2020-q3", "2020-q3-correction", "2020-q4"]
    last = releasing.opened(whole, whole.content.releases[-1]).contents
    assert f",{NEW},".encode() in last.files["figures/data/observations.csv"]
    assert b",9143," in last.files["figures/data/observations.csv"]
    with zipfile.ZipFile(releasing.archive_of(whole, "2020-q3-correction")) as packed:
        assert not [n for n in packed.namelist() if NEW.encode() in packed.read(n)]
    monkeypatch.setenv("SOURCE_DATE_EPOCH", AT)
    assert run(root, "build") == 0
    for number in (NEW, "9143"):
        assert holding(root / "build/site", number)
    rows = list(csv.DictReader((root / "build/site/releases/2020-q4/changes.csv").open()))
    assert [(r["kind"], r["new"]) for r in rows if r["indicator"]] == [("new", NEW)]


def test_what_was_not_released_is_not_built_while_a_release_waits(root: Path) -> None:
    edit(root, "A new worker", "Another worker", UPDATES)
    assert run(root, "build") == 0
    assert "Another worker" not in (root / "build/site/plans/plan-2020/priority-2/index.html").read_text()
    assert hidden(root)


def test_contact_details_about_an_indicator_that_waits_wait_too(tmp_path: Path) -> None:
    """A renamed or new indicator is not public yet, so that a build stopped at what a way to report says of it."""
    root = make_project(tmp_path / "tiny")
    assert run(root, "release", "2020 Q3", "--yes") == 0
    for table in (root / "data_packages").glob("*/data/*.csv"):
        if table.parents[1].name != "releases":
            table.write_text(re.sub(r"(?m)(^|[,;])calls(?=[,;])", r"\1hotline", table.read_text()))
    arguments = ("--reason", "It has a new name.", "--embargo", TIME, "--yes")
    assert run(root, "release", "2020 Q4", *arguments) == 0
    shown = embargo.view(building.project(root))["routes/data/connections.csv"].decode()
    assert ",calls,Calls are" in shown
    assert "hotline" not in shown


def test_contact_details_never_wait(root: Path) -> None:
    edit(root, "0800 000 0000", "0800 111 1111", SERVICES)
    edit(root, "helpline-1,1,", "helpline-2,2,Other line,domestic-abuse,Another.,Anybody.,0800 222 2222,,,,,check-first,Check.,2021-01,A page,fresh,Table 1\nhelpline-1,1,", SERVICES)  # fmt: skip
    sources = root / "data_packages/sources/data/sources.csv"
    sources.open("a").write("fresh,A new list,List,Exampleton Council,document,2020-06-30,,,true,Made up.\n")
    assert run(root, "build") == 0
    page = unescape((root / "build/site/help/index.html").read_text())
    assert "0800 111 1111" in page
    assert "0800 222 2222" in page
    assert hidden(root)


@pytest.mark.parametrize("new", [f"{NEW[:-1]}2", ""])
def test_a_row_of_the_release_that_waits_cannot_be_urgent(
    root: Path, new: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if new:
        edit(root, f",{NEW},", f",{new},")
    else:
        rows = (root / FIGURES).read_text().splitlines(True)
        (root / FIGURES).write_text("".join(r for r in rows if NEW not in r))
    before = tree_of(root / "data_packages")
    assert run(root, "release", "Urgent", "--yes", "--reason", "x") == 1
    said = capsys.readouterr().err
    assert "the release that waits changes it too" in said
    assert "calls E09999999 2020-06-01" in said
    assert tree_of(root / "data_packages") == before
    assert run(root, "release", "2020 Q4 corrected", "--yes", "--reason", "x", "--embargo", TIME) == 0
    assert run(root, "build") == 0
    assert hidden(root)


@pytest.mark.thorough
def test_what_comes_after_a_release_that_waits_waits_too(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    edit(root, "2019-07-01,2020-06-30,,161,p", "2019-07-01,2020-06-30,,9143,")
    earlier = "2030-11-01T09:30"
    assert run(root, "release", "2021 Q1", "--reason", "x", "--embargo", earlier, "--yes") == 0
    edit(root, "A new worker", "Another worker", UPDATES)
    assert run(root, "release", "Urgent", "--yes") == 0
    assert [e.id for e in building.project(root).content.releases] == [
        "2020-q3",
        "urgent",
        "2020-q4",
        "2021-q1",
    ]
    monkeypatch.setenv("SOURCE_DATE_EPOCH", BEFORE)
    assert run(root, "build") == 0
    assert hidden(root)
    assert not holding(root / "build/site", "9143")
    assert "Another worker" in (root / "build/site/plans/plan-2020/priority-2/index.html").read_text()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", AT)
    assert run(root, "build") == 0
    assert holding(root / "build/site", "9143")


@pytest.mark.thorough
def test_going_back_gives_up_what_waits_and_brings_none_of_it_out(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    public = tree_of(root / HOME / "archives")["2020-q3.zip"]
    capsys.readouterr()
    assert run(root, "rollback", "2020 Q3", "--reason", "Too soon.") == 0  # nobody says yes
    said = capsys.readouterr().out
    assert "now cancelled: 2020 Q4" in said
    assert "Contact details" in said
    assert NEW in (root / FIGURES).read_text()
    assert run(root, "rollback", "2020 Q4", "--reason", "x", "--yes") == 1
    assert "not public yet" in capsys.readouterr().err
    assert run(root, "rollback", "2020 Q3", "--reason", "Too soon.", "--yes") == 0
    assert hidden(root)
    assert not holding(root / "build/site", NEW)
    assert NEW not in (root / FIGURES).read_text()
    assert tree_of(root / HOME / "archives") == {"2020-q3.zip": public}
    assert [e.id for e in building.project(root).content.releases] == ["2020-q3"]
    assert (root / "build/given-up/2020-q4.zip").is_file()


@pytest.mark.thorough
def test_going_back_past_a_public_release_leaves_contacts_unless_asked(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(root, "0800 000 0000", "0800 111 1111", SERVICES)
    edit(root, "A new worker", "Another worker", UPDATES)
    assert run(root, "release", "Urgent", "--yes") == 0
    capsys.readouterr()
    assert run(root, "rollback", "2020 Q3", "--reason", "Wrong.", "--yes") == 0
    said = capsys.readouterr().out
    assert "“Another worker” becomes “A new worker”" in said
    assert "0800 111 1111" in (root / SERVICES).read_text()
    assert "0800 111 1111" in unescape((root / "build/site/help/index.html").read_text())
    assert hidden(root)
    assert [e.id for e in building.project(root).content.releases] == [
        "2020-q3",
        "urgent",
        "return-to-2020-q3",
    ]
    assert run(root, "rollback", "2020 Q3", "--contacts", "--reason", "Wrong.", "--yes") == 0
    assert "0800 000 0000" in (root / SERVICES).read_text()


@pytest.mark.thorough
def test_lifting_by_hand_counts_once_and_is_never_rolled_back_to(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(root, "build", "--embargo-lifted") == 0
    assert holding(root / "build/site", NEW)
    assert "This applies to this build only" in capsys.readouterr().err
    assert run(root, "build") == 0
    assert hidden(root)
    assert run(root, "rollback") == 0  # the public site that was built before
    assert hidden(root)
    run(root, "rollback")
    assert hidden(root)


def test_a_first_release_under_embargo_leaves_no_site(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = make_project(tmp_path / "tiny")
    assert run(root, "release", "2020 Q3", "--embargo", TIME, "--yes") == 0
    assert run(root, "build") == 0
    assert "No release is public yet" in capsys.readouterr().out
    assert not (root / "build/site").exists()
    assert (root / "build/waiting/index.html").is_file()
    edit(root, "A new worker", "Another worker", UPDATES)
    assert run(root, "release", "Urgent", "--yes") == 1
    assert "Nothing is public yet" in capsys.readouterr().err


def test_the_public_list_of_withdrawn_figures_names_no_release_that_waits(root: Path) -> None:
    plan = withdrawal.plan(
        building.project(root),
        WithdrawalRequest((FigureSelection("calls", period="2020-02-29"),), "A person asked us."),
        date(2026, 11, 29),
    )
    building.withdraw(root, plan)
    whole = building.project(root)
    assert [w.releases for w in whole.content.withdrawals] == ["2020-q3;2020-q4"]
    listed = embargo.view(whole)["releases/data/withdrawals.csv"].decode()
    assert ",2020-q3\n" in listed
    assert "2020-q4" not in listed


@pytest.mark.thorough
def test_taking_a_figure_back_while_a_release_waits(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    edit(root, "A new worker", "Another worker", UPDATES)
    assert run(root, "release", "Urgent", "--yes") == 0
    one = ("calls", "--period", "2020-02-29", "--reason", "A person asked us.", "--yes")
    assert run(root, "withdraw", *one) == 0
    assert hidden(root)
    assert (
        run(root, "withdraw", "calls", "--period", "2020-06-30", "--reason", "Not yet checked.", "--yes") == 0
    )
    assert "Not yet checked." not in (root / "build/site/releases/corrections/index.html").read_text()
    assert hidden(root)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", AT)
    assert run(root, "build") == 0
    assert not [n for n in holding(root / "build/site", NEW) if "calls" in n]
    assert run(root, "check") == 0


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ("tomorrow", "is not a day and time"), ("2030-02-30T09:00", "is not a day and time"), ("2030-12-01", "is not a day and time"),
        ("2030-12-01T25:00", "is not a day and time"), ("2030-03-31T01:30", "the clocks go forward"), ("2020-12-01T09:30", "has passed"),
    ],
)  # fmt: skip
def test_an_embargo_that_is_no_time_to_come_is_told(
    root: Path, told: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(root, "A new worker", "Another worker", UPDATES)
    assert run(root, "release", "2021 Q1", "--yes", "--embargo", told) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("told", ["", "  "])
def test_an_embargo_from_an_empty_variable_never_means_at_once(
    root: Path, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(root, "A new worker", "Another worker", UPDATES)
    before = tree_of(root / "data_packages")
    with pytest.raises(SystemExit) as caught:
        run(root, "release", "2021 Q1", "--yes", "--embargo", told)
    assert caught.value.code == 2
    assert "--embargo: it is empty" in capsys.readouterr().err
    assert tree_of(root / "data_packages") == before


@pytest.mark.parametrize(
    ("told", "moment"),
    [
        ("2030-12-01T09:30", datetime(2030, 12, 1, 9, 30, tzinfo=UTC)),
        ("2030-06-03T09:30", datetime(2030, 6, 3, 8, 30, tzinfo=UTC)),
        ("2030-10-27T01:30", datetime(2030, 10, 27, 1, 30, tzinfo=UTC)),  # comes twice: the second time
        ("2030-10-27T00:59", datetime(2030, 10, 26, 23, 59, tzinfo=UTC)),
        ("2030-03-31T02:00", datetime(2030, 3, 31, 1, 0, tzinfo=UTC)),
    ],
)
def test_a_time_is_that_of_the_place_also_when_clocks_change(root: Path, told: str, moment: datetime) -> None:
    assert releasing.moment(settings.load(root), told) == moment


def test_a_list_of_releases_that_is_damaged_shows_nothing(root: Path) -> None:
    """Whoever reads the list in another way than the check must not take what waits for public."""
    path = root / HOME / "data/releases.csv"
    for old, new in ((TIME, ""), ("embargo", "embargoed")):
        text = path.read_text()
        path.write_text(text.replace(old, new))
        if "embargoed" in path.read_text():
            with pytest.raises(PortalError):
                building.build(root, lambda step: None)
        path.write_text(text)
    assert len(embargo.waiting(building.project(root))) == 1
