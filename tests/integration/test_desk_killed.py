"""The desk is killed while it answers: what it said is done is done, nothing is half written, and it starts again."""

import http.client
import random
import threading
from pathlib import Path

import pytest
from portal.desk.journal import Journal
from project import make_project
from selectolax.lexbor import LexborHTMLParser
from served_desk import Visitor, enter, served
from test_desk_urgent import page, send

TABLE = "data_packages/sources/data/sources.csv"
ROW = "/tables/sources/sources/2"
KILLS = 12


class Undoer(threading.Thread):
    """A person who undoes the newest change again and again, so that each answer says that a change is written."""

    def __init__(self, visitor: Visitor, last: int) -> None:
        super().__init__(daemon=True)
        self.visitor, self.said = visitor, last
        self.unseen: list[int] = []
        self.written = threading.Condition()

    def run(self) -> None:
        try:
            while True:
                form = {"version": self.visitor.get("/changes").version}
                answer = self.visitor.post(f"/changes/{self.said}/undo", form)
                with self.written:
                    if answer.status != 302:
                        self.unseen.append(answer.status)
                        self.written.notify_all()
                        return
                    self.said += 1
                    self.written.notify_all()
        except (OSError, http.client.HTTPException):
            return  # it was killed

    def wait_for(self, number: int) -> None:
        """Wait until the desk said that a change is written."""
        with self.written:
            assert self.written.wait_for(lambda: self.said >= number or self.unseen, 120)


@pytest.mark.thorough  # tests/unit/desk/test_journal.py kills what writes, without the desk around it
def test_a_desk_that_is_killed_while_it_answers_loses_nothing_that_it_confirmed(tmp_path: Path) -> None:
    root = make_project(tmp_path / "killed")
    before = (root / TABLE).read_bytes()
    with served(root) as at:
        ada = enter(at)
        send(ada, page(ada, ROW), ROW, **{**_cells(ada), "field-note": "Changed at the desk."})
    states = (before, (root / TABLE).read_bytes())
    assert states[0] != states[1]
    chance, number = random.Random(18), 1
    for _ in range(KILLS):
        with served(root) as at:
            person = Undoer(enter(at), number)
            person.start()
            person.wait_for(number + chance.randrange(1, 6))
            for _ in range(chance.randrange(300_000)):
                pass  # somewhere in the next change
        person.join()
        assert person.unseen == []
        journal = Journal(root)
        assert journal.recover() == ()
        entries = [e.number for e in journal.entries()]
        assert entries == list(range(1, len(entries) + 1))
        assert entries[-1] in (person.said, person.said + 1)
        number = entries[-1]
        assert (root / TABLE).read_bytes() == states[number % 2]
    assert not list((root / "data_packages").rglob("*.part"))


def _cells(visitor: Visitor) -> dict[str, str]:
    """What the form of the row has."""
    form = LexborHTMLParser(page(visitor, ROW).body)
    cells = {}
    for field in form.css("[name^='field-']"):
        chosen = field.css_first("option[selected]")
        text = field.text() if field.tag == "textarea" else field.attributes.get("value")
        cells[str(field.attributes["name"])] = str((chosen.attributes.get("value") if chosen else text) or "")
    return cells
