"""An attacker who kept every release, and reads everything that is served of a site whose figures were taken back."""

import re
import shutil
from collections.abc import Callable, Iterable
from hashlib import sha256
from pathlib import Path

import pytest
from attacker.harvest import Key, Served, public
from attacker.made_up import NORTH, PACKAGE, Row, Tables, indicator, wards
from attacker.report import leaks
from portal.cli import commands
from portal.core.problems import PortalError
from portal.site import building
from project import make_project

START, END = "2024-01-01", "2024-12-31"
ALL = [row for n, y in enumerate((2021, 2022, 2023)) for row in wards("a", 20 + n, 30 + n, 41 + n, 12, 103 + 3 * n, years=[y])]  # fmt: skip
# A number that occurs nowhere else.
NUMBER = 654_321


def run(root: Path, *arguments: str) -> int:
    return commands.main(["--project", str(root), *arguments])


def made(folder: Path, rows: Iterable[Row], name: str = "a") -> Path:
    """The tiny portal with a sensitive indicator, and a first release of it."""
    root = Tables([indicator(name, sensitive="true")], rows).put(make_project(folder))
    assert run(root, "release", "First", "--yes") == 0
    return root


def edit(
    root: Path, pattern: str, new: str | Callable[[re.Match[str]], str], file: str = "observations.csv"
) -> None:
    path = root / PACKAGE / file
    before = path.read_text()
    after = re.sub(pattern, new, before, flags=re.MULTILINE)
    assert after != before
    path.write_text(after)


def row(area: str, value: object, name: str = "a") -> str:
    said = f",{value}," if isinstance(value, int) else f",,{value}"
    return f"{name},{area},{START},{END},{said},returns,Table 9"


def of(root: Path) -> list[str]:
    """What the attacker finds of the withheld ward, from the packages and the archives of releases."""
    found = leaks(public(root / "data_packages", 10, 5))
    return [str(leak) for leak in found if leak.key.area == NORTH and leak.key.start == START]


WITHHELD = [*ALL, *wards("a", "c", "c", 50, 13, 110)]


def revised(root: Path) -> None:
    """North follows from the first release with what is published now, and from neither alone."""
    edit(root, r"^a,E05999992,2024-01-01,2024-12-31,,,c,", "a,E05999992,2024-01-01,2024-12-31,,40,,")
    edit(root, r"^a,E05999993,2024-01-01,2024-12-31,,50,,", "a,E05999993,2024-01-01,2024-12-31,,90,r,")
    edit(root, r"^a,E09999999,2024-01-01,2024-12-31,.*\n", "")


def renamed(root: Path) -> None:
    """The same, and the indicator has another id now."""
    revised(root)
    edit(root, r"^a,", "b,")
    edit(root, r"^a,a,Series a,Series a,", "b,b,Series b,Series b,", "indicators.csv")


def in_all_tables(root: Path, old: str, new: str) -> None:
    for path in (p for p in (root / "data_packages").glob("*/data/*.csv") if p.parts[-3] != "releases"):
        path.write_text(re.sub(old, new, path.read_text(), flags=re.MULTILINE))


def recoded(root: Path) -> None:
    """The same, and a ward has another code now."""
    revised(root)
    in_all_tables(root, "E05999993", "E05999983")


def swapped(root: Path) -> None:
    """The same, and the ids of two indicators were swapped; the addresses and titles stay."""
    revised(root)
    for old, new in (("a", "z"), ("calls", "a"), ("z", "calls")):
        in_all_tables(root, rf"(^|,|;){old}(?=,)(?!,(Series|Calls by))", rf"\g<1>{new}")


def reworded(root: Path) -> None:
    """The same, and the indicator has another id, address and title; one of two figures that stay was revised."""
    revised(root)
    edit(root, r"^a,.*,202[123]-01-01,.*\n", "")
    edit(root, r"^a,", "b,")
    edit(root, r"^a,a,Series a,Series a,", "b,b,Harm,Harm,", "indicators.csv")


def filled_in(root: Path) -> None:
    """The total is gone, and the other ward is there."""
    edit(root, r"^a,E05999992,2024-01-01,2024-12-31,,,c,", "a,E05999992,2024-01-01,2024-12-31,,40,,")
    edit(root, r"^a,E09999999,2024-01-01,2024-12-31,.*\n", "")


@pytest.mark.parametrize("change", [revised, renamed, swapped, filled_in])
def test_what_follows_from_two_releases_is_not_let_through(
    change: Callable[[Path], None], tmp_path: Path
) -> None:
    root = made(tmp_path / "tiny", WITHHELD)
    assert of(root) == []
    change(root)
    assert of(root) != []
    with pytest.raises(PortalError):
        building.check(root)


@pytest.mark.parametrize("change", [recoded, reworded])
def test_what_follows_from_two_releases_with_other_names_is_not_let_through(
    change: Callable[[Path], None], tmp_path: Path
) -> None:
    """The attacker of these tests does not recognise the names, but a person would."""
    root = made(tmp_path / "tiny", WITHHELD)
    change(root)
    with pytest.raises(PortalError, match="from the release First, anybody can work out"):
        building.check(root)


SHOWN = [*ALL, *wards("a", 37, NUMBER, 50, 13, NUMBER + 100), *wards("a", 38, 39, 51, 13, 141, years=[2025])]
FORMS = (f"{NUMBER}", f"{NUMBER:,}", f"{NUMBER / 4:.1f}", f"{NUMBER / 4:,.1f}", f"{NUMBER / 4:,.0f}")


def served(root: Path) -> list[str]:
    """The files of the built site in which the number is, as a count or for every 1,000 of the 4,000 people there."""
    return Served.of((root / "build" / "site").resolve()).places(*FORMS)


def test_a_figure_that_was_taken_back_is_in_no_file(tmp_path: Path) -> None:
    """The total goes with it, since the number would follow."""
    root = made(tmp_path / "tiny", SHOWN)
    assert run(root, "build") == 0
    shown = served(root)
    assert {p.partition("/")[0] for p in shown} >= {"figures", "open-data"}
    assert any("!/" in p for p in shown)
    assert any("wards/" in p for p in shown)
    before = digests(root / "data_packages/releases/archives")
    asked = ["--period", f"{START}/{END}", "--reason", "It could point to people.", "--yes", "--others"]
    assert run(root, "withdraw", "a", "--area", "E05999992", *asked) == 0
    assert run(root, "build") == 0
    assert served(root) == []
    # A digest of what was there would let anybody try numbers until it fits.
    gone = before.keys() - digests(root / "data_packages/releases/archives").keys()
    found = public((root / "build" / "site").resolve(), 10, 5)
    told = "\n".join([*found.served.texts.values(), *Served.of(root / "data_packages").texts.values()])
    assert [before[digest] for digest in gone if digest in told] == []
    taken = Key("a", "E05999992", "", START, END)
    assert all(figures[taken].value is None for figures in found.releases.values() if taken in figures)
    assert [str(leak) for leak in leaks(found) if leak.key.area == "E05999992"] == []


def digests(folder: Path) -> dict[str, str]:
    """The digest of each archive of a release and of each file in it."""
    files = Served.of(folder).files
    return {sha256(data).hexdigest(): path for path, data in files.items()}


def test_a_row_that_is_left_out_is_told_without_its_number(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In what will change, in what the release says of it, and in the pages; the archive of the first is another matter."""
    root = made(tmp_path / "tiny", SHOWN)
    edit(root, r"^a,(E05999992|E09999999),2024-01-01,2024-12-31,.*\n", "")
    capsys.readouterr()
    run(root, "diff", "--json", str(tmp_path / "diff.json"), "--html", str(tmp_path / "diff.html"))
    code = run(root, "release", "Second", "--reason", "A mistake.", "--yes")
    told = capsys.readouterr()
    for text in (told.out, told.err, *(p.read_text() for p in tmp_path.glob("diff.*"))):
        assert not any(form in text for form in FORMS)
    if code == 0:
        changes = (root / "data_packages/releases/data/changes.csv").read_text()
        assert not any(form in changes.replace(f"{NUMBER + 100}", "") for form in FORMS)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A portal of which a second release with a number that nobody has seen waits, while the first is public."""
    root = made(tmp_path_factory.mktemp("waiting") / "tiny", wards("a", 37, 40, 50, 13, 140))
    assert run(root, "build") == 0
    edit(root, r"^a,E05999992,(.*),40,", rf"a,E05999992,\1,{NUMBER},")
    edit(root, r"^a,E09999999,(.*),140,", rf"a,E09999999,\1,{NUMBER + 100},")
    embargo = ("--embargo", "2035-12-01T09:30")
    assert run(root, "release", "Second", "--reason", "More were found.", *embargo, "--yes") == 0
    run(root, "build")
    return root


@pytest.fixture
def waiting(first: Path, tmp_path: Path) -> Path:
    """A copy of it, to be changed."""
    return Path(shutil.copytree(first, tmp_path / "tiny", symlinks=True))


def test_what_waits_is_in_no_file(first: Path) -> None:
    """Neither the number, nor why it changed."""
    assert served(first) == []
    texts = Served.of((first / "build" / "site").resolve()).texts.values()
    assert not any("More were found." in text for text in texts)


def test_what_waits_is_in_no_file_of_a_fresh_copy(waiting: Path) -> None:
    """As where a machine builds that has never built it before."""
    (waiting / "build" / "site").unlink()
    if run(waiting, "build") == 0 and (waiting / "build" / "site").exists():
        assert served(waiting) == []


def test_what_waits_stays_so_when_another_release_is_made(waiting: Path) -> None:
    path = waiting / "data_packages/routes/data/routes.csv"
    path.write_text(path.read_text().replace("form@example.org", "forms@example.org"))
    run(waiting, "release", "Urgent", "--reason", "A new address.", "--yes")
    run(waiting, "build")
    assert served(waiting) == []


def test_what_waits_stays_so_when_an_earlier_release_is_put_back(waiting: Path) -> None:
    run(waiting, "rollback", "First", "--reason", "A mistake.", "--yes")
    run(waiting, "build")
    assert served(waiting) == []


def test_what_waits_is_in_neither_site_when_the_one_before_is_put_back(waiting: Path) -> None:
    run(waiting, "rollback", "--yes")
    assert served(waiting) == []
