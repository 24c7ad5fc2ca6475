"""Each step at the desk that writes rows writes the same bytes as its command."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from project import edit, make_project, run
from served_desk import Answer, Visitor, enter, served
from test_entries import INDICATOR, PLAN, SOURCE, STATUS, given, packages_of

FIGURE = "bikes,E09999999,2018-07-01,2019-06-30,,61,,report,Table 1"
REVISED = "bikes,E09999999,2018-07-01,2019-06-30,,62,r,report,Table 1"
TEAM = "Communications"


def filled(visitor: Visitor, on: str, cells: Mapping[str, str], **more: str) -> Answer:
    """Fill in the form of a page and send it."""
    form = visitor.read(visitor.get(on))
    assert all(f'id="field-{name}"' in form.body for name in cells)
    fields = {f"field-{name}": text for name, text in cells.items()}
    return visitor.read(visitor.post(on, {"version": form.version, **fields, **more}))


def reasoned(visitor: Visitor, name: str, text: str) -> Answer:
    """Type a reason on the page of the check."""
    form = visitor.read(visitor.get("/check"))
    assert f'name="{name}"' in form.body
    return visitor.read(visitor.post("/check/reasons", {"version": form.version, name: text, "team": TEAM}))


def last_row(visitor: Visitor, table: str, words: str) -> str:
    """Where the only row of a table with these words is changed."""
    found = re.findall(rf'href="({table}/\d+)"', visitor.get(f"{table}?q={words}").body)
    assert len(found) == 1
    return str(found[0])


def test_each_step_writes_what_its_command_writes(tmp_path: Path) -> None:
    by_clicks, by_command = make_project(tmp_path / "clicks"), make_project(tmp_path / "command")
    for made in (by_clicks, by_command):
        assert run(made, "release", "2027 Q1", "--yes") == 0
        edit(made, FIGURE, REVISED)
    assert packages_of(by_clicks) == packages_of(by_command)
    with served(by_clicks) as at:
        ada = enter(at)
        body = ada.read(ada.get("/check")).body
        warning = re.search(r'name="accept\|(target:[^"]+)"', body)
        assert warning
        figure = "reason|bikes|E09999999|2019-06-30"
        sources = "/tables/sources/sources"
        steps: tuple[tuple[Callable[[], Answer], tuple[str, ...]], ...] = (
            (lambda: filled(ada, f"{sources}/new", SOURCE), ("add", "source", *given(SOURCE))),
            (lambda: filled(ada, "/add/plan", PLAN), ("add", "plan", *given(PLAN))),
            (
                lambda: filled(ada, "/tables/figures/indicators/new", INDICATOR),
                ("add", "indicator", *given(INDICATOR), "--package", "figures"),
            ),
            (
                lambda: filled(ada, "/progress/plan/action-1-2", STATUS),
                ("status", "plan", "action-1-2", "done", *given({k: v for k, v in STATUS.items() if k != "status"})),
            ),
            (
                lambda: filled(ada, last_row(ada, sources, "Third"), {**SOURCE, "id": "third-report", "note": "Changed."}),
                ("change", "source", "third-report", "note=Changed."),
            ),
            (
                lambda: filled(ada, last_row(ada, sources, "Third"), {}, do="remove"),
                ("remove", "source", "third-report"),
            ),
            (
                lambda: reasoned(ada, f"accept|{warning[1]}", "No document gives one."),
                ("accept", warning[1], "--reason", "No document gives one.", "--by", TEAM),
            ),
            (
                lambda: reasoned(ada, figure, "One was recorded late."),
                ("reason", "One was recorded late.", "--indicator", "bikes", "--area", "E09999999", "--period", "2019-06-30"),
            ),
        )  # fmt: skip
        for click, command in steps:
            before = packages_of(by_clicks)
            said = click().body
            assert run(by_command, *command, "--yes") == 0, command
            assert packages_of(by_clicks) == packages_of(by_command) != before, (command[:2], said)
