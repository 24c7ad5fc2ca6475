"""Worker processes give what one process gives, and report what goes wrong in them."""

import os
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

import pytest
from portal.core import processes
from portal.core.problems import PortalError, Problem
from portal.site import building
from project import make_project, tree_of


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processors, and no other thread, although the tests have some."""
    monkeypatch.setattr(processes, "WORKERS", 2)
    monkeypatch.setattr(threading, "active_count", lambda: 1)


@pytest.mark.parametrize("many", [0, 1, 2, 101, 2049])
def test_every_job_runs_once_and_the_results_are_in_order(many: int, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    ran.touch()

    def square(n: int) -> int:
        with ran.open("a") as out:
            out.write(f"{n}\n")
        return n * n

    assert processes.run_all([partial(square, n) for n in range(many)]) == [n * n for n in range(many)]
    assert sorted(map(int, ran.read_text().split())) == list(range(many))


def test_two_processes_share_the_jobs(tmp_path: Path) -> None:
    started = tmp_path / "started"

    def together() -> int:
        with started.open("a") as out:
            out.write(".")
        while started.stat().st_size < 2:  # until the other one has started
            pass
        return os.getpid()

    pids = set(processes.run_all([together] * 2))
    assert len(pids) == 2
    assert os.getpid() not in pids


def test_an_error_in_a_worker_is_raised_here() -> None:
    def wrong() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError, match="x"):
        processes.run_all([wrong] * 2)


def test_problems_that_a_worker_finds_are_raised_here() -> None:
    problems = Problem("a.csv", 2, "value", "code", "Wrong.", "Correct it."), Problem("b.csv")

    def wrong() -> None:
        raise PortalError(problems)

    with pytest.raises(PortalError) as caught:
        processes.run_all([wrong] * 2)
    assert caught.value.problems == problems


def test_a_worker_that_is_killed_is_a_problem() -> None:
    with pytest.raises(PortalError) as caught:
        processes.run_all([lambda: os.kill(os.getpid(), 9)] * 2)
    assert caught.value.problems[0].code == "worker"


def test_a_job_runs_beside_the_block(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"

    def work() -> int:
        there.touch()
        while not here.exists():  # until the block has run
            pass
        return os.getpid()

    with processes.beside(work) as finish:
        while not there.exists():  # until the job has started
            pass
        here.touch()
        assert finish() != os.getpid()
    assert processes.run_all([lambda: "again"] * 2) == ["again"] * 2


def test_what_goes_wrong_beside_a_block_is_raised_in_it() -> None:
    def wrong() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError, match="x"), processes.beside(wrong) as finish:
        finish()
    with pytest.raises(PortalError) as caught, processes.beside(lambda: os.kill(os.getpid(), 9)) as killed:
        killed()
    assert caught.value.problems[0].code == "worker"


def test_without_a_second_processor_a_job_runs_when_its_result_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(processes, "WORKERS", 1)
    ran: list[int] = []
    with processes.beside(lambda: ran.append(os.getpid())) as finish:
        assert not ran
        finish()
    assert ran == [os.getpid()]


def test_workers_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    program = f"""
import os, pathlib, time
from portal.core import processes
processes.WORKERS = 2
def work():
    pathlib.Path({str(tmp_path)!r}, str(os.getpid())).touch()
    time.sleep(600)
processes.run_all([work] * 2)
"""
    with subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.DEVNULL) as parent:
        until = time.monotonic() + 60
        while len(list(tmp_path.iterdir())) < 2 and time.monotonic() < until:
            time.sleep(0.01)
        pids = [int(p.name) for p in tmp_path.iterdir()]
        parent.kill()
    assert len(pids) == 2
    while any(is_running(pid) for pid in pids) and time.monotonic() < until:
        time.sleep(0.01)
    assert not any(is_running(pid) for pid in pids)


def is_running(pid: int) -> bool:
    """Return True unless a process has ended, whether or not its parent has taken note."""
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.parametrize(("name", "value"), [("WORKERS", 1), ("threads", 2)])
def test_where_forking_is_not_safe_all_is_done_here(
    monkeypatch: pytest.MonkeyPatch, name: str, value: int
) -> None:
    if name == "WORKERS":
        monkeypatch.setattr(processes, "WORKERS", value)
    else:
        monkeypatch.setattr(threading, "active_count", lambda: value)
    assert set(processes.run_all([os.getpid] * 3)) == {os.getpid()}


@pytest.mark.thorough
def test_a_site_is_the_same_whether_one_process_made_it_or_two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_project(tmp_path / "tiny")
    command = [sys.executable, "-m", "portal", "--project", str(root), "build", "--fresh"]
    subprocess.run(command, check=True, capture_output=True)
    two = tree_of((root / "build/site").resolve())
    monkeypatch.setattr(processes, "WORKERS", 1)
    assert tree_of(building.build(root, lambda step: None, fresh=True).folder) == two
