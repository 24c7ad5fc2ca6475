"""A second process does the same as this one, and where it fails this one does the work."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from portal.core import processes
from portal.site import building
from project import make_project, tree_of


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if no other thread ran, which those of the tests do."""
    monkeypatch.setattr(processes, "AT_ONCE", 2)
    monkeypatch.setattr(threading, "active_count", lambda: 1)


def test_a_second_process_does_the_work() -> None:
    with processes.run_in_child(os.getpid) as asked:
        assert asked() != os.getpid()


def test_what_the_second_process_cannot_do_is_done_here() -> None:
    here = os.getpid()

    def only_here() -> int:
        if os.getpid() != here:
            raise ValueError
        return here

    with processes.run_in_child(only_here) as asked:
        assert asked() == here


@pytest.mark.parametrize("end", ["killed", "cannot be told"])
def test_a_second_process_that_ends_early_is_no_loss(end: str) -> None:
    here = os.getpid()

    def work() -> object:
        if os.getpid() == here:
            return "done here"
        if end == "killed":
            os.kill(os.getpid(), 9)
        return lambda: None  # which no pickle takes

    with processes.run_in_child(work) as asked:
        assert asked() == "done here"


def test_what_goes_wrong_in_both_is_raised_here() -> None:
    def wrong() -> None:
        raise KeyError("x")

    with processes.run_in_child(wrong) as asked, pytest.raises(KeyError, match="x"):
        asked()


def test_a_second_process_that_nobody_waits_for_ends_with_the_block(tmp_path: Path) -> None:
    def work() -> None:
        (tmp_path / "pid").write_text(str(os.getpid()))
        threading.Event().wait()

    def begun() -> Iterator[str]:
        while not (told := (tmp_path / "pid").read_text() if (tmp_path / "pid").exists() else ""):
            yield told
        yield told

    with processes.run_in_child(work):
        *_, pid = begun()
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid), 0)


@pytest.mark.parametrize("many", [1, 2, 101, processes._WAITING * 2 + 1])
def test_every_job_is_done_once_and_told_in_order(many: int, tmp_path: Path) -> None:
    done = tmp_path / "done"

    def square(n: int) -> int:
        with done.open("a") as out:
            out.write(f"{n}\n")
        return n * n

    assert processes.all_of([partial(square, n) for n in range(many)]) == [n * n for n in range(many)]
    assert sorted(map(int, done.read_text().split())) == list(range(many))


def test_both_processes_do_jobs(tmp_path: Path) -> None:
    begun = tmp_path / "begun"

    def together() -> int:
        with begun.open("a") as out:
            out.write(".")
        while begun.stat().st_size < 2:  # until the other one has begun
            pass
        return os.getpid()

    assert len(set(processes.all_of([together] * 2))) == 2


@pytest.mark.parametrize("end", ["killed", "cannot"])
def test_jobs_that_the_second_process_took_and_lost_are_done_here(end: str) -> None:
    here = os.getpid()
    reads, writes = os.pipe()

    def work() -> int:
        if os.getpid() == here:
            os.read(reads, 1)  # until the other one has taken a job
        else:
            os.write(writes, b"........")
            if end == "killed":
                os.kill(os.getpid(), 9)
            raise ValueError
        return os.getpid()

    assert processes.all_of([work] * 8) == [here] * 8


def test_with_another_thread_all_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "active_count", lambda: 2)
    with processes.run_in_child(os.getpid) as asked:
        assert asked() == os.getpid()
    assert set(processes.all_of([os.getpid] * 3)) == {os.getpid()}


def test_a_site_is_the_same_whether_one_process_made_it_or_two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_project(tmp_path / "tiny")
    command = [sys.executable, "-m", "portal", "--project", str(root), "build", "--fresh"]
    subprocess.run(command, check=True, capture_output=True)
    two = tree_of((root / "build/site").resolve())
    monkeypatch.setattr(processes, "AT_ONCE", 1)
    assert tree_of(building.build(root, lambda step: None, fresh=True).folder) == two
