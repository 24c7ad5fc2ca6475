"""Releases, embargoes, corrections, withdrawals and rollbacks in any order let nothing out that must not be seen.

Every number occurs once, so that it can be looked for in all that the site serves.
"""

import csv
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from random import Random

import pytest
from portal.core import periods
from project import make_project, run
from served import holding

PACKAGES = "data_packages"
EMBARGO = "2030-12-01T09:30"
NOW, AFTER = "1796083200", "1950000000"  # 1 December 2026, and in 2031
AREA = "E09999999"
# An indicator of another package, which steps can change too; the ids of both change, but not their addresses.
SHOUTS = "shouts,shouts,Shouts by month,Shouts,crime,Shouts in the street.,count,shouts,month,neutral,line,,false,false,,,\n"
SLUGS = ("calls", "shouts")
Row = dict[str, str]


@dataclass
class Newsroom:
    """A portal, and what its numbers may do.

    `waits` are numbers of releases under embargo, `since` those that came after one, and `taken` those taken back or
    dropped before anybody saw them. `past` are the numbers that each figure ever had, by indicator and month.
    """

    root: Path
    chance: Random
    patch: pytest.MonkeyPatch
    is_waiting: bool = False
    fresh: set[int] = field(default_factory=set)
    waits: set[int] = field(default_factory=set)
    since: set[int] = field(default_factory=set)
    taken: set[int] = field(default_factory=set)
    past: dict[tuple[str, str], set[int]] = field(default_factory=lambda: defaultdict(set))
    done: list[str] = field(default_factory=list)

    def open(self) -> None:
        """Publish the first release, with a second package whose figures change too."""
        folder = self.root / PACKAGES / "recorded/data"
        with (folder / "indicators.csv").open("a") as out:
            out.write(SHOUTS)
        with (folder / "observations.csv").open("a") as out:
            out.writelines(
                f"shouts,{AREA},2020-0{m}-01,2020-0{m}-{28 + 3 * (m % 2)},{self.number('shouts', f'2020-0{m}-01')},,report,Table 1\n"
                for m in (1, 3)
            )
        self.release()

    def number(self, slug: str, start: str) -> int:
        """Return a number that is nowhere yet, and note whether it can be seen now."""
        number = self.chance.randrange(7_100_000, 7_999_999)
        (self.since if self.is_waiting else self.fresh).add(number)
        self.past[slug, start].add(number)
        return number

    def _table(self, slug: str) -> tuple[Path, str]:
        """Return the table of an indicator's figures and the id that it has now."""
        for path in sorted((self.root / PACKAGES).glob("*/data/indicators.csv")):
            for row in csv.DictReader(path.open(newline="")):
                if row["slug"] == slug:
                    return path.with_name("observations.csv"), row["id"]
        raise AssertionError(slug)

    def _figures(self, slug: str) -> tuple[Path, list[Row], list[Row]]:
        """Return the table of an indicator, its rows, and those with a number of this indicator."""
        path, name = self._table(slug)
        rows = list(csv.DictReader(path.open(newline="")))
        return path, rows, [r for r in rows if r["indicator"] == name and r["area"] == AREA and r["value"]]

    def _write(self, path: Path, rows: list[Row]) -> None:
        with path.open("w", newline="") as out:
            writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)

    def add(self) -> None:
        """Add a month."""
        slug = self.chance.choice(SLUGS)
        path, rows, own = self._figures(slug)
        if not own:
            return
        last = max(r["period_start"] for r in own)
        end = periods.month_end(date.fromisoformat(f"{last[:7]}-28"), 1)
        start = f"{end:%Y-%m}-01"
        number = str(self.number(slug, start))
        fresh = own[-1] | {"period_start": start, "period_end": str(end), "value": number, "status": ""}
        self._write(
            path,
            [
                *(r for r in rows if r["indicator"] != own[0]["indicator"] or r["period_start"] != start),
                fresh,
            ],
        )

    def revise(self) -> None:
        """Change one figure that has a number."""
        slug = self.chance.choice(SLUGS)
        path, rows, own = self._figures(slug)
        if own:
            row = self.chance.choice(own)
            self._drop(row["value"])
            row["value"] = str(self.number(slug, row["period_start"]))
            self._write(path, rows)

    def leave_out(self) -> None:
        """Take the last row of an indicator out of its table."""
        path, rows, own = self._figures(self.chance.choice(SLUGS))
        if len(own) > 1:
            row = max(own, key=lambda r: r["period_start"])
            self._drop(row["value"])
            self._write(path, [r for r in rows if r is not row])

    def _drop(self, value: str) -> None:
        """Note a number that is taken out; one that no release has must not be seen again."""
        number = int(value)
        if number in self.fresh | self.since:
            self.fresh.discard(number)
            self.since.discard(number)
            self.taken.add(number)

    def rename(self) -> None:
        """Give an indicator another id wherever a table names it; its address stays."""
        _, name = self._table(self.chance.choice(SLUGS))
        fresh = f"{name.split('-')[0]}-{len(self.done)}"
        for table in sorted((self.root / PACKAGES).glob("*/data/*.csv")):
            if table.parts[-3] != "releases":
                text = re.sub(rf"(?m)(^|,){name}(?=,)", rf"\g<1>{fresh}", table.read_text())
                own_address = f"{fresh},{fresh},"
                table.write_text(text.replace(own_address, f"{fresh},{name.split('-')[0]},"))

    def rename_package(self) -> None:
        """Give the package of an indicator another name, in its folder, its description and the settings."""
        path, _ = self._table(self.chance.choice(SLUGS))
        folder = path.parent.parent
        fresh = f"{folder.name.split('-')[0]}-{len(self.done)}"
        described, settings = folder / "datapackage.json", self.root / "site_src/portal.toml"
        described.write_text(
            described.read_text().replace(f'"name": "{folder.name}"', f'"name": "{fresh}"', 1)
        )
        settings.write_text(settings.read_text().replace(f'"{folder.name}"', f'"{fresh}"'))
        folder.rename(folder.with_name(fresh))

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
        """Take back one of the figures that are there; what it was before goes too."""
        slug = self.chance.choice(SLUGS)
        _, _, rows = self._figures(slug)
        own = [
            r for r in rows if self.past[slug, r["period_start"]]
        ]  # others are not unique, so cannot be looked for
        if not own:
            return
        row = self.chance.choice(own)
        period = f"{row['period_start']}/{row['period_end']}"
        asked = ["--area", AREA, "--period", period, "--reason", "It was not ours.", "--others"]
        if run(self.root, "withdraw", row["indicator"], *asked, "--yes") == 0:
            self.taken |= self.past[slug, row["period_start"]] | {int(row["value"])}

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
        weights = {
            self.add: 6, self.revise: 4, self.release: 5, self.hold_back: 3, self.withdraw: 3, self.go_back: 2, self.lift: 1,
            self.leave_out: 1, self.rename: 1, self.rename_package: 1,
        }  # fmt: skip
        for step in self.chance.choices(list(weights), list(weights.values()), k=number):
            self.done.append(step.__name__)
            step()
            yield step.__name__


def try_sequence(room: Newsroom) -> None:
    """Let steps follow each other by chance, build after each, and look for what must not be seen."""
    room.open()
    for _ in room.steps(9):
        assert run(room.root, "build") in (0, 1), room.done
        site = room.root / "build/site"
        out = {
            n: found
            for n in sorted(room.waits | room.since | room.taken)
            if site.exists() and (found := holding(site, str(n)))
        }
        assert out == {}, room.done


@pytest.mark.parametrize(
    "seed", [pytest.param(n, marks=pytest.mark.thorough if n > 0 else ()) for n in range(40)]
)
def test_nothing_that_waits_or_was_taken_back_is_ever_served(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without Chromium, so without sheets and preview pictures, which take most of the time."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", NOW)
    monkeypatch.setenv("PATH", "")
    try_sequence(Newsroom(make_project(tmp_path / "tiny"), Random(seed), monkeypatch))


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(3))
def test_nor_in_a_sheet_or_picture(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", NOW)
    try_sequence(Newsroom(make_project(tmp_path / "tiny"), Random(100 + seed), monkeypatch))
