"""What the desk publishes is, byte for byte, what the commands publish: an embargo that ends, a correction, an earlier release."""

import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from project import edit, make_project, run, tree_of
from served_desk import Answer, Visitor, enter, served
from test_desk_urgent import REASON, REVISED, YEAR, action, page, send, two_releases

WAITS, WRONG, RIGHT = ",62,", ",61,", ",64,"
TABLE = "data_packages/figures/data/observations.csv"
COLUMNS = ("indicator", "area", "period_start", "period_end", "type", "value", "status", "source", "locator")


@pytest.fixture(autouse=True)
def one_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no time pass between the clicks and the commands: the minute in which an embargo ends is written down."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(time.time())))


def with_target(root: Path) -> Path:
    """A project that publishes to a folder beside it."""
    settings = root / "site_src/portal.toml"
    settings.write_text(settings.read_text() + f'\n[targets]\nwebsite = "folder:{root.parent}/www"\n')
    return root


def twice(made: Path, folder: Path) -> tuple[Path, Path]:
    """Two copies of a project, each with a public site of its own: one for the desk, and one for the commands."""
    copies = []
    for name in ("clicks", "commands"):
        copy = Path(shutil.copytree(made, folder / name / "project", symlinks=True))
        copies.append(with_target(copy))
    return copies[0], copies[1]


def everything(root: Path) -> dict[str, dict[str, bytes]]:
    """All that was written: the tables and releases, who signed, the site that was built, and the public one."""
    folders = (root / "data_packages", root / "signed", root / "build/site", root.parent / "www/site")
    return {folder.name: tree_of(folder.resolve()) for folder in folders}


def assert_same(by_clicks: Path, by_commands: Path) -> None:
    """Every file is the same, and there are pages among them."""
    clicks, commands = everything(by_clicks), everything(by_commands)
    for kind, files in clicks.items():
        other = commands[kind]
        different = sorted(n for n in files.keys() | other.keys() if files.get(n) != other.get(n))
        assert different == [], kind
    assert "index.html" in clicks["site"]


@contextmanager
def at_the_desk(root: Path) -> Iterator[Visitor]:
    with served(root) as at:
        yield enter(at)


def publish(visitor: Visitor) -> Answer:
    """Publish to the only target by the page."""
    digest = re.search(r'name="digest" value="([0-9a-f]+)"', page(visitor, "/publish").body)
    assert digest
    done = visitor.read(visitor.post("/publish/target/website", {"digest": digest[1]}))
    assert "every file is there" in done.body
    return done


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with two releases, the second of which has a revised figure."""
    return two_releases(tmp_path_factory.mktemp("same") / "project")


def test_an_embargo_that_ends_early_is_published_alike(tmp_path: Path) -> None:
    made = make_project(tmp_path / "made")
    assert run(made, "release", "2027 Q1", "--yes") == 0
    edit(made, REVISED.replace(",62,r,", ",61,,"), REVISED)
    reasons = made / "data_packages/releases/data/reasons.csv"
    reasons.write_text(reasons.read_text() + REASON)
    assert run(made, "release", "2027 Q2", "--embargo", f"{YEAR}-01-01T09:30", "--yes") == 0
    by_clicks, by_commands = twice(made, tmp_path)
    assert run(by_commands, "embargo", "end", "--reason", "The board decided it.", "--yes") == 0
    assert run(by_commands, "build") == 0
    assert run(by_commands, "publish") == 0
    with at_the_desk(by_clicks) as ada:
        lifted = send(ada, page(ada, "/publish"), "/publish/lift", **{"lift-reason": "The board decided it."})
        assert "The embargo has ended" in lifted.body
        publish(ada)
    assert_same(by_clicks, by_commands)
    public = tree_of((by_clicks.parent / "www/site").resolve())
    assert any(WAITS.encode() in text for name, text in public.items() if name.endswith(".csv"))


@pytest.mark.thorough  # the test above does the same with one build, and tests/integration/test_desk_urgent.py without any
def test_a_correction_and_the_return_to_a_release_are_published_alike(released: Path, tmp_path: Path) -> None:
    by_clicks, by_commands = twice(released, tmp_path)
    right = REVISED.replace(WAITS, RIGHT)
    edit(by_commands, REVISED, right)
    command = (
        "reason",
        "Two were recorded late.",
        "--indicator",
        "bikes",
        "--area",
        "E09999999",
        "--period",
        "2019-06-30",
    )
    assert run(by_commands, *command, "--yes") == 0
    with at_the_desk(by_clicks) as ada:
        form = "/tables/figures/observations/6"
        cells = dict(zip(COLUMNS, right.split(","), strict=True))
        send(ada, page(ada, form), form, **{f"field-{name}": text for name, text in cells.items()})
        send(
            ada,
            page(ada, "/check"),
            "/check/reasons",
            **{"reason|bikes|E09999999|2019-06-30": "Two were recorded late."},
        )
        send(ada, page(ada, "/sign"), "/sign/prepared")
        code = re.search(r'class="code">([0-9A-F-]+)<', page(ada, "/sign").body)
        assert code
        send(ada, page(ada, "/sign"), "/sign/signed", signer="Grace Signs", code=code[1])
        signed = by_clicks / "build/desk/signed.json"
        assert run(by_commands, "release", "Correction", "--signed", str(signed), "--yes") == 0
        assert run(by_commands, "build") == 0
        assert run(by_commands, "publish") == 0
        done = send(ada, page(ada, "/publish?correction=yes"), "/publish/release", name="Correction")
        assert "is made, and the site is built" in done.body
        publish(ada)
        assert_same(by_clicks, by_commands)
        assert (by_clicks / "signed/correction.json").read_bytes() == (
            by_commands / "signed/correction.json"
        ).read_bytes()
        back = ("rollback", "2027 Q1", "--reason", "The returns were wrong.")
        assert run(by_commands, *back, "--yes") == 0
        assert run(by_commands, "publish") == 0
        asked = {"name": "2027 Q1", "reason": "The returns were wrong."}
        seen = ada.read(ada.post("/rollback", asked))
        assert send(ada, page(ada, "/check"), action(seen, "/rollback")).status == 200
        publish(ada)
    assert_same(by_clicks, by_commands)
    assert WRONG in (by_clicks / TABLE).read_text()
