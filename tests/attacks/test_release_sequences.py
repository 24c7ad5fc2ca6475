"""Releases, embargoes, corrections, withdrawals and rollbacks in any order let nothing out that must not be seen.

Every number occurs once, so that it can be looked for in all that the site serves.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from random import Random

import pytest
from portal.core import periods
from project import examples, make_project, run
from served import holding

FIGURES = "data_packages/figures/data/observations.csv"
EMBARGO = "2030-12-01T09:30"
NOW, AFTER = "1796083200", "1950000000"  # 1 December 2026, and in 2031


@dataclass
class Newsroom:
    """A portal, and what its numbers may do.

    `waits` are numbers of releases under embargo, `since` those that came after one, and `taken` those taken back.
    """

    root: Path
    chance: Random
    patch: pytest.MonkeyPatch
    is_waiting: bool = False
    fresh: set[int] = field(default_factory=set)
    waits: set[int] = field(default_factory=set)
    since: set[int] = field(default_factory=set)
    taken: set[int] = field(default_factory=set)
    done: list[str] = field(default_factory=list)

    def number(self) -> int:
        """Return a number that is nowhere yet, and note whether it can be seen now."""
        number = self.chance.randrange(7_100_000, 7_999_999)
        (self.since if self.is_waiting else self.fresh).add(number)
        return number

    def rows(self) -> list[str]:
        return (self.root / FIGURES).read_text().splitlines(keepends=True)

    def add(self) -> None:
        """Add a month."""
        last = max(re.findall(r"^calls,E09999999,(\d{4}-\d{2})-01", "".join(self.rows()), re.MULTILINE))
        first = periods.month_end(date.fromisoformat(f"{last}-28"), 1)
        self._write(
            [*self.rows(), f"calls,E09999999,{first:%Y-%m}-01,{first},,{self.number()},,report,Table 1\n"]
        )

    def revise(self) -> None:
        """Change one figure that has a number."""
        rows = self.rows()
        own = [
            n
            for n, r in enumerate(rows)
            if r.startswith("calls,E09999999") and ",,report" in r and ",c," not in r
        ]
        place = self.chance.choice(own)
        cells = rows[place].split(",")
        cells[5] = str(self.number())
        rows[place] = ",".join(cells)
        self._write(rows)

    def _write(self, rows: list[str]) -> None:
        (self.root / FIGURES).write_text("".join(rows))

    def release(self) -> None:
        """Release what is there; while another release waits, what came after it."""
        if run(self.root, "release", f"R{len(self.done)}", "--reason", "Why.", "--yes") == 0:
            self.since.clear()
            self.fresh.clear()

    def hold_back(self) -> None:
        """Release what is there under embargo."""
        done = run(
            self.root, "release", f"E{len(self.done)}", "--reason", "Why.", "--embargo", EMBARGO, "--yes"
        )
        if done == 0:
            self.waits |= self.fresh | self.since
            self.fresh, self.since, self.is_waiting = set(), set(), True

    def lift(self) -> None:
        """Let the time of every embargo come; nothing waits any longer."""
        self.patch.setenv("SOURCE_DATE_EPOCH", AFTER)
        self.is_waiting = False
        self.waits.clear()
        self.since.clear()

    def withdraw(self) -> None:
        """Take back one of the numbers that are there."""
        own = re.findall(r"^calls,E09999999,([\d-]+),([\d-]+),,(7\d{6}),", "".join(self.rows()), re.MULTILINE)
        if own:
            start, end, number = self.chance.choice(own)
            asked = [
                "--area",
                "E09999999",
                "--period",
                f"{start}/{end}",
                "--reason",
                "It was not ours.",
                "--others",
            ]
            if run(self.root, "withdraw", "calls", *asked, "--yes") == 0:
                self.taken.add(int(number))

    def go_back(self) -> None:
        """Restore an earlier release; what waits is dropped."""
        names = re.findall(
            r"^[^,]+,(\w+),",
            (self.root / "data_packages/releases/data/releases.csv").read_text(),
            re.MULTILINE,
        )
        name = self.chance.choice(names[1:] or ["None"])
        if run(self.root, "rollback", name, "--reason", "It was too early.", "--yes") == 0:
            self.waits |= self.since | self.fresh
            self.since, self.fresh, self.is_waiting = set(), set(), False

    def steps(self, number: int) -> Iterator[str]:
        """Do so many things, chosen by chance, and yield the name of each."""
        every = (
            self.add,
            self.add,
            self.revise,
            self.revise,
            self.release,
            self.hold_back,
            self.withdraw,
            self.go_back,
            self.lift,
        )
        weights = (3, 3, 2, 2, 4, 3, 3, 2, 1)
        for step in self.chance.choices(every, weights, k=number):
            self.done.append(step.__name__)
            step()
            yield step.__name__


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(examples(8)))
def test_nothing_that_waits_or_was_taken_back_is_ever_served(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", NOW)
    room = Newsroom(make_project(tmp_path / "tiny"), Random(seed), monkeypatch)
    room.release()
    for _ in room.steps(9):
        assert run(room.root, "build") in (0, 1), room.done
        site = room.root / "build/site"
        out = {
            n: found
            for n in sorted(room.waits | room.since | room.taken)
            if site.exists() and (found := holding(site, str(n)))
        }
        assert out == {}, room.done
