"""The journal of the desk: what was confirmed survives a crash at any moment, and can be undone byte for byte."""

import os
import random
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from portal.core import operating_system
from portal.core.problems import PortalError
from portal.desk.journal import Journal, StaleError
from project import ROOT

FILES = ("data_packages/a/data/one.csv", "data_packages/a/data/two.csv", "data_packages/b/data/new.csv")


def begin(root: Path) -> Journal:
    """A project with a list of releases and two tables."""
    for name in ("data_packages/a/data", "data_packages/b/data", "data_packages/releases/data", "site_src"):
        (root / name).mkdir(parents=True)
    (root / "data_packages/releases/data/releases.csv").write_text("id,name\n2026-q4,2026 Q4\n")
    (root / FILES[0]).write_bytes(b"id\r\n1\r\n")
    (root / FILES[1]).write_bytes(b"\xef\xbb\xbfid\n")
    (root / "site_src/portal.toml").write_text("")
    return Journal(root)


def content(root: Path) -> dict[str, bytes]:
    """Every file of the packages."""
    return {
        str(p.relative_to(root)): p.read_bytes()
        for p in sorted((root / "data_packages").rglob("*"))
        if p.is_file()
    }


def test_a_change_is_written_and_undone_byte_for_byte(tmp_path: Path) -> None:
    journal = begin(tmp_path)
    before = content(tmp_path)
    entry = journal.write(
        {tmp_path / FILES[0]: b"id\n1\n2\n", tmp_path / FILES[1]: None, tmp_path / FILES[2]: b"id\n"},
        "Brought in",
        "Ada",
    )
    assert entry is not None
    after = content(tmp_path)
    assert after[FILES[0]] == b"id\n1\n2\n"
    assert FILES[1] not in after
    assert after[FILES[2]] == b"id\n"
    undone = journal.undo(entry.number, "Grace")
    assert content(tmp_path) == before
    assert (undone.who, undone.undoes) == ("Grace", entry.number)
    journal.undo(undone.number, "Ada")
    assert content(tmp_path) == after


def test_nothing_is_recorded_where_nothing_changes(tmp_path: Path) -> None:
    journal = begin(tmp_path)
    assert journal.write({tmp_path / FILES[0]: (tmp_path / FILES[0]).read_bytes()}, "Again", "Ada") is None
    assert journal.entries() == ()


def test_a_form_made_before_another_change_writes_nothing(tmp_path: Path) -> None:
    journal = begin(tmp_path)
    seen = journal.version()
    journal.write({tmp_path / FILES[0]: b"id\n5\n"}, "First", "Ada", seen)
    now = content(tmp_path)
    with pytest.raises(StaleError):
        journal.write({tmp_path / FILES[0]: b"id\n6\n"}, "Second", "Grace", seen)
    with pytest.raises(StaleError):
        journal.undo(1, "Grace", seen)
    assert content(tmp_path) == now


def test_a_change_under_a_later_one_is_not_undone_first(tmp_path: Path) -> None:
    journal = begin(tmp_path)
    journal.write({tmp_path / FILES[0]: b"id\n5\n"}, "First", "Ada")
    journal.write({tmp_path / FILES[0]: b"id\n6\n"}, "Second", "Ada")
    with pytest.raises(PortalError, match="Undo that first"):
        journal.undo(1, "Ada")
    journal.undo(2, "Ada")
    journal.undo(1, "Ada")
    assert (tmp_path / FILES[0]).read_bytes() == b"id\r\n1\r\n"


def test_what_is_released_is_not_undone(tmp_path: Path) -> None:
    journal = begin(tmp_path)
    journal.write({tmp_path / FILES[0]: b"id\n5\n"}, "First", "Ada")
    (tmp_path / "data_packages/releases/data/releases.csv").write_text(
        "id,name\n2026-q4,2026 Q4\n2027-q1,2027 Q1\n"
    )
    assert journal.listed()[0].obstacle.startswith("It is part of a release")
    with pytest.raises(PortalError, match="part of a release"):
        journal.undo(1, "Ada")


class _Killed(BaseException):
    """The power goes."""


def _dying_at(step: int, before: bool) -> object:
    """A function that writes files, until the power goes at one of its calls."""
    real, calls = operating_system.write_atomically, iter(range(1_000))

    def write(path: Path, data: bytes) -> None:
        now = next(calls)
        if now == step and before:
            raise _Killed
        real(path, data)
        if now == step:
            raise _Killed

    return write


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("step", range(9))
def test_a_crash_at_any_write_leaves_all_or_nothing(
    step: int, before: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = begin(tmp_path)
    old = content(tmp_path)
    new = {FILES[0]: b"id\n7\n", FILES[1]: b"id\n8\n", FILES[2]: b"id\n9\n"}
    with monkeypatch.context() as dying:
        dying.setattr(operating_system, "write_atomically", _dying_at(step, before))
        with suppress(_Killed):
            journal.write({tmp_path / name: data for name, data in new.items()}, "All three", "Ada")
    again = Journal(tmp_path)
    assert again.recover() == ()
    confirmed = bool(again.entries())
    assert content(tmp_path) == (old | new if confirmed else old)
    if confirmed:
        again.undo(1, "Ada")
        assert content(tmp_path) == old


def test_recovery_leaves_alone_what_someone_changed_in_between(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = begin(tmp_path)
    both = {tmp_path / FILES[0]: b"id\n7\n", tmp_path / FILES[1]: b"id\n8\n"}
    with monkeypatch.context() as dying:
        # It is confirmed, and one of the two files is written.
        dying.setattr(operating_system, "write_atomically", _dying_at(6, True))
        with pytest.raises(_Killed):
            journal.write(both, "Both", "Ada")
    (tmp_path / FILES[1]).write_bytes(b"id\n9\n")
    problems = Journal(tmp_path).recover()
    assert [p.file for p in problems] == [FILES[1]]
    assert (tmp_path / FILES[0]).read_bytes() == b"id\n7\n"
    assert (tmp_path / FILES[1]).read_bytes() == b"id\n9\n"


WRITER = """
import sys
from contextlib import suppress
from pathlib import Path
from portal.desk.journal import Journal
root = Path(sys.argv[1])
journal = Journal(root)
journal.recover()
for n in range(int(sys.argv[2]), 10**6):
    journal.write({root / f: f"id\\n{n}\\n".encode() * 50 for f in sys.argv[3:]}, str(n), "Ada")
    print(n, flush=True)
"""


def test_killing_the_desk_at_random_moments_loses_nothing_confirmed(tmp_path: Path) -> None:
    journal = begin(tmp_path)
    chance = random.Random(18)
    confirmed = 0
    for _ in range(12):
        command = [sys.executable, "-c", WRITER, str(tmp_path), str(confirmed + 1), *FILES]
        with subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT / "scripts")},
        ) as process:
            assert process.stdout
            for _ in range(chance.randrange(1, 12)):
                confirmed = int(process.stdout.readline())
            for _ in range(chance.randrange(200_000)):
                pass  # somewhere in the next change
            process.kill()
            rest = process.stdout.read().split()
        confirmed = max([confirmed, *(int(n) for n in rest if n.isdigit())])
        assert journal.recover() == ()
        last = int(journal.entries()[-1].what)
        assert last in (confirmed, confirmed + 1)
        assert {(tmp_path / f).read_bytes() for f in FILES} == {f"id\n{last}\n".encode() * 50}
        confirmed = last
    for entry in reversed(journal.entries()):
        journal.undo(entry.number, "Ada")
    assert (tmp_path / FILES[0]).read_bytes() == b"id\r\n1\r\n"
    assert not (tmp_path / FILES[2]).exists()


@given(st.lists(st.tuples(st.sampled_from(FILES), st.one_of(st.none(), st.binary(max_size=20))), max_size=6))
def test_undoing_everything_backwards_restores_the_beginning(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[str, bytes | None]]
) -> None:
    root = tmp_path_factory.mktemp("journal")
    journal = begin(root)
    before = content(root)
    entries = [e for name, data in changes if (e := journal.write({root / name: data}, name, "Ada"))]
    for entry in reversed(entries):
        journal.undo(entry.number, "Ada")
    assert content(root) == before
