"""What does not wait for the quarter, at the desk and by commands: corrections, embargoes, going back, taking back."""

import re
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest
from portal.core import periods
from portal.releases import rollback, withdrawal
from portal.releases.withdrawal import FigureSelection, WithdrawalRequest
from portal.site import building
from project import edit, make_project, run, tree_of
from served_desk import Answer, Visitor, enter, served

FIGURE = "bikes,E09999999,2018-07-01,2019-06-30,,61,,report,Table 1"
REVISED = "bikes,E09999999,2018-07-01,2019-06-30,,62,r,report,Table 1"
YEAR = periods.today().year + 5
REASON = "bikes,E09999999,2019-06-30,One was recorded late.,\n"


def page(visitor: Visitor, path: str) -> Answer:
    """A page with its result."""
    return visitor.read(visitor.get(path))


def send(visitor: Visitor, on: Answer, to: str, **form: str) -> Answer:
    """Send a form of a page, with the version that the page shows."""
    return visitor.read(visitor.post(to, {"version": on.version, **form}))


def action(answer: Answer, start: str) -> str:
    """Where the form of a page goes whose address starts like this."""
    found = re.search(rf'action="({start}/[^"]+)"', answer.body)
    assert found, answer.body
    return found[1]


def data(root: Path) -> dict[str, bytes]:
    """The packages."""
    return tree_of(root / "data_packages")


@cache
def released() -> Mapping[str, bytes]:
    """The packages after two releases, of which the second has a revised figure; made once."""
    with tempfile.TemporaryDirectory() as place:
        made = make_project(Path(place) / "project")
        assert run(made, "release", "2027 Q1", "--yes") == 0
        edit(made, FIGURE, REVISED)
        with (made / "data_packages/releases/data/reasons.csv").open("a") as file:
            file.write(REASON)
        assert run(made, "release", "2027 Q2", "--yes") == 0
        return data(made)


def two_releases(root: Path) -> Path:
    """A project with those packages."""
    made = make_project(root)
    for name, content in released().items():
        path = made / "data_packages" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return made


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return two_releases(tmp_path / "clicks")


@pytest.mark.thorough
def test_going_back_to_a_release_is_what_the_command_does(root: Path, tmp_path: Path) -> None:
    by_command = two_releases(tmp_path / "command")
    # What the command does before it builds the site.
    plan = rollback.put_back(building.project(by_command), "2027 Q1", "The revision was wrong.")
    building.roll_back(by_command, plan)
    before = data(root)
    with served(root) as at:
        ada = enter(at)
        assert '<option value="2027 Q1" selected>' in page(ada, "/rollback").body
        refused = ada.read(ada.post("/rollback", {"name": "2027 Q1", "reason": " "}))
        assert "needs a reason" in refused.body
        seen = ada.read(ada.post("/rollback", {"name": "2027 Q1", "reason": "The revision was wrong."}))
        assert "from 62 [r] to 61" in seen.body
        assert "The revision was wrong." in seen.body
        assert data(root) == before
        to = action(seen, "/rollback")
        assert send(ada, page(ada, "/check"), to).status == 200
        assert data(root) == data(by_command) != before
        changes = page(ada, "/changes").body
        assert "Went back to 2027 Q1: The revision was wrong." in changes
        # The preview is of other tables now.
        assert "Something else changed" in send(ada, seen, to).body


def test_taking_a_figure_back_is_what_the_command_does(root: Path, tmp_path: Path) -> None:
    by_command = two_releases(tmp_path / "command")
    figure = {"indicator": "bikes", "area": "E09999999", "period": "2019-06-30"}
    asked = WithdrawalRequest(
        (FigureSelection("bikes", "E09999999", "2019-06-30"),), "It was of another area.", wrong=True
    )
    building.withdraw(by_command, withdrawal.plan(building.project(by_command), asked, periods.today()))
    with served(root) as at:
        ada = enter(at)
        # A change whose bytes have the number, and a preview of the site that has it.
        edit_of_note = page(ada, "/tables/figures/observations/6")
        fields = dict(zip(("indicator", "area", "period_start", "period_end", "type", "value", "status", "source", "locator"), REVISED.split(","), strict=True))  # fmt: skip
        send(ada, edit_of_note, "/tables/figures/observations/6", **{f"field-{k}": v for k, v in {**fields, "locator": "Table 9"}.items()})  # fmt: skip
        assert ada.post("/changes/1/undo", {"version": page(ada, "/changes").version}).status == 302
        assert any(b",62,r,report" in p.read_bytes() for p in (root / "build/desk").rglob("*") if p.is_file())
        before = data(root)
        given_away = ada.read(ada.post("/withdraw", {**figure, "reason": "It was 62.", "kind": "wrong"}))
        assert "gives the number away" in given_away.body
        unknown = ada.read(ada.post("/withdraw", {"indicator": "bike", "reason": "Wrong.", "kind": "wrong"}))
        assert "Did you mean bikes?" in unknown.body
        seen = ada.read(
            ada.post("/withdraw", {**figure, "reason": "It was of another area.", "kind": "wrong"})
        )
        assert "From the releases 2027 Q1, 2027 Q2." in seen.body
        assert data(root) == before
        done = send(ada, seen, action(seen, "/withdraw"))
        assert "The figures are taken back" in done.body
        assert data(root) == data(by_command) != before
        assert "Took back: " in page(ada, "/changes").body
        # Nothing that the desk keeps has the number any more, and nothing brings it back.
        kept = [
            p for p in (root / "build/desk").rglob("*") if p.is_file() and b",62,r,report" in p.read_bytes()
        ]
        assert kept == []
        assert ada.post("/changes/1/undo", {"version": page(ada, "/check").version or "x"}).status in (
            409,
            422,
        )


@pytest.mark.thorough
def test_a_release_waits_until_its_embargo_ends_or_is_lifted(root: Path, tmp_path: Path) -> None:
    edit(root, REVISED, REVISED.replace(",62,", ",63,"))
    reasons = root / "data_packages/releases/data/reasons.csv"
    reasons.write_text(reasons.read_text() + REASON.replace("One was", "Two were"))
    assert run(root, "release", "2027 Q3", "--embargo", f"{YEAR}-01-01T09:30", "--yes") == 0
    with served(root) as at:
        ada = enter(at)
        body = page(ada, "/publish").body
        assert re.search(rf'data-until="{YEAR}-01-01T09:30:00\+00:00">\d+ days, ', body)
        ada.read(ada.post("/publish/build"))
        assert not any(",63," in p.read_text() for p in (root / "build/site").rglob("*.csv"))
        # Ended only with a reason, and for good: the next build shows it too.
        publish = page(ada, "/publish")
        assert "The reason is missing" in send(ada, publish, "/publish/lift", **{"lift-reason": " "}).body
        lifted = send(ada, publish, "/publish/lift", **{"lift-reason": "The board decided it."})
        assert "The embargo has ended" in lifted.body
        assert "Everything is released" in lifted.body
        assert any(",63," in p.read_text() for p in (root / "build/site").rglob("*.csv"))
        assert "Ended the embargo of 2027 Q3: The board decided it." in page(ada, "/changes").body
        ada.read(ada.post("/publish/build"))
        assert any(",63," in p.read_text() for p in (root / "build/site").rglob("*.csv"))


def test_a_site_is_not_built_of_what_nobody_released(root: Path) -> None:
    with served(root) as at:
        ada = enter(at)
        edit(root, REVISED, REVISED.replace(",62,", ",64,"))
        assert "Not released yet" in ada.read(ada.post("/publish/build")).body
        assert not (root / "build/site").exists()


def test_a_correction_is_found_signed_and_named(root: Path) -> None:
    with served(root) as at:
        ada = enter(at)
        found = page(ada, "/correct?q=bikes+2019-06-30+62")
        link = re.search(r'href="(/tables/figures/observations/\d+)"', found.body)
        assert link
        # What an address says is not lost while the desk is still reading.
        assert 'value="61"' in page(ada, "/withdraw?indicator=bikes&area=E09999999&period=61").body
        assert '<li class="now"><h2>Find it' in page(ada, "/correct").body
        edit(root, REVISED, REVISED.replace(",62,", ",61,"))
        assert '<li class="now"><h2>Say why' in page(ada, "/correct").body
        send(ada, page(ada, "/check"), "/check/reasons", **{"reason|bikes|E09999999|2019-06-30": "A slip."})
        assert '<li class="now"><h2>Sign' in page(ada, "/correct").body
        send(ada, page(ada, "/sign"), "/sign/prepared")
        code = re.search(r'class="code">([0-9A-F-]+)<', page(ada, "/sign").body)
        assert code
        send(ada, page(ada, "/sign"), "/sign/signed", signer="Grace Signs", code=code[1])
        assert '<li class="now"><h2>Release and publish' in page(ada, "/correct").body
        assert 'value="Correction of ' in page(ada, "/publish?correction=yes").body
