"""A whole quarterly update, rehearsed on the released 2016 figures: spreadsheet, mistakes, messages, release, rollback.

The new figures are made up, and stand nowhere but in this rehearsal.
"""

import csv
import json
import re
import shutil
from collections.abc import Callable
from datetime import date
from html import unescape
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import openpyxl
import pytest
from portal.cli import arguments, commands
from portal.data.packages import contract, describe_resource
from project import ROOT, make_project, tree_of

PACKAGES = (
    "sources", "geography", "glossary", "plan-2016-17", "figures-2016", "reporting-routes", "support-services", "releases",
)  # fmt: skip
FIRST_OF_DECEMBER_2016 = "1480584600"
HATE, LEWISHAM = "hate-crime-by-month", "E09000023"
Cells = list[Any]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A portal with the figures of the 2016 report and nothing newer, on 1 December 2016."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", FIRST_OF_DECEMBER_2016)
    root = make_project(tmp_path / "portal")
    shutil.rmtree(root / "data_packages")
    for name in PACKAGES:
        shutil.copytree(ROOT / "data_packages" / name, root / "data_packages" / name)
    home = root / "data_packages/releases"
    shutil.rmtree(home / "archives", ignore_errors=True)
    for table in (home / "data").glob("*.csv"):
        table.write_text(table.read_text().splitlines()[0] + "\n")
    settings = (ROOT / "site_src/portal.toml").read_text()
    told = f"packages = {json.dumps(PACKAGES)}"
    settings = re.sub(r"packages = \[.*?\]", told, settings, flags=re.DOTALL)
    (root / "site_src/portal.toml").write_text(re.sub(r"^headlines = .*\n", "", settings, flags=re.MULTILINE))
    only_known_indicators(root / "data_packages")
    only_known_days(root / "data_packages")
    return root


def only_known_days(folder: Path) -> None:
    """Leave out what was measured later, and say of what was published or checked later that it was in November."""
    for path in folder.glob("*/data/*.csv"):
        with path.open(newline="") as lines:
            reader = csv.DictReader(lines)
            header, rows = list(reader.fieldnames or ()), list(reader)
        rows = [row for row in rows if row.get("period_end", "") < "2016-12"]
        for row in rows:
            row |= {c: "2016-11" for c in ("published", "checked_on") if row.get(c, "") >= "2016-12"}
        with path.open("w", newline="") as lines:
            writer = csv.DictWriter(lines, header, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


def only_known_indicators(folder: Path) -> None:
    """Leave out what leads to figures that are not there yet."""
    with (folder / "figures-2016/data/indicators.csv").open(newline="") as lines:
        known = {"", *(row["id"] for row in csv.DictReader(lines))}
    for path in (*folder.glob("*/data/connections.csv"), *folder.glob("*/data/no_rates.csv"), *folder.glob("*/data/disagreements.csv"), *folder.glob("*/data/measures.csv")):  # fmt: skip
        with path.open(newline="") as lines:
            reader = csv.DictReader(lines)
            header, rows = list(reader.fieldnames or ()), list(reader)
        if path.stem == "measures":
            blank = {"indicator": "", "nearness": "not-a-count", "difference": "", "publisher": ""}
            rows = [row if row["indicator"] in known else row | blank for row in rows]
        else:
            rows = [row for row in rows if row["indicator"] in known]
        with path.open("w", newline="") as lines:
            writer = csv.DictWriter(lines, header, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


class Officer:
    """Who does the update: runs commands, and reads what they say."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.root, self._capsys = root, capsys

    def runs(self, *command: str, code: int = arguments.OK) -> str:
        """Run a command, which is to end with this code; return what it said."""
        self._capsys.readouterr()
        got = commands.main(["--project", str(self.root), *command])
        told = self._capsys.readouterr()
        said = told.out + told.err
        assert got == code, said
        assert "Traceback" not in said
        assert "fault" not in said
        return said

    def table(self, package: str, name: str) -> Path:
        return self.root / "data_packages" / package / "data" / f"{name}.csv"

    def rows(self, package: str, name: str) -> list[dict[str, str]]:
        with self.table(package, name).open(newline="") as lines:
            return list(csv.DictReader(lines))

    def changes(self, package: str, name: str, edit: Callable[[dict[str, str]], object]) -> None:
        """Change the rows of a table, as somebody does who opens it in an editor."""
        rows = self.rows(package, name)
        for row in rows:
            edit(row)
        self._writes(package, name, rows)

    def adds(self, package: str, name: str, *cells: dict[str, str]) -> None:
        self._writes(package, name, [*self.rows(package, name), *cells])

    def removes(self, package: str, name: str, *, where: dict[str, str]) -> None:
        rows = [r for r in self.rows(package, name) if not where.items() <= r.items()]
        self._writes(package, name, rows)

    def _writes(self, package: str, name: str, rows: list[dict[str, str]]) -> None:
        with self.table(package, name).open(newline="") as lines:
            header = next(csv.reader(lines))
        with self.table(package, name).open("w", newline="") as lines:
            writer = csv.DictWriter(lines, header, restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)

    def fills(self, *rows: Cells) -> str:
        """Fill in the template as a spreadsheet would hold it; return where it is."""
        book = openpyxl.load_workbook(self.root / "build/templates/figures-2016.xlsx")
        for row in rows:
            book["observations"].append(row)
        path = self.root / "update.xlsx"
        book.save(path)
        return str(path)

    def site(self, page: str) -> str:
        return unescape((self.root / "build/site" / page / "index.html").read_text())


def month(number: int, strand: str, value: object) -> Cells:
    last = {8: 31, 9: 30, 10: 31}[number]
    days = [date(2016, number, 1), date(2016, number, last)]
    return [HATE, LEWISHAM, *days, strand, value, None, "source-000", "Rehearsal"]


def year(indicator: str, value: object) -> Cells:
    return [
        indicator,
        LEWISHAM,
        date(2015, 8, 1),
        date(2016, 7, 31),
        None,
        value,
        None,
        "source-000",
        "Rehearsal",
    ]


@pytest.mark.thorough  # test_spreadsheet_to_pack.py, test_import.py, test_releases.py and test_plausibility.py do its parts
def test_a_quarterly_update_from_spreadsheet_to_rollback(
    project: Path, capsys: pytest.CaptureFixture[str], record_property: Callable[[str, object], None]
) -> None:
    officer = Officer(project, capsys)
    the_first_release(officer)
    before = {
        p: p.read_bytes() for p in (project / "data_packages").rglob("*.csv") if "releases" not in p.parts
    }
    the_spreadsheet(officer)
    record_property("counted mistakes of the rehearsal, each with its message", the_mistakes(officer))
    the_correction(officer)
    the_release(officer)
    the_rollback(officer, before)


def the_first_release(officer: Officer) -> None:
    said = officer.runs("release", "2016 Q3", "--note", "The figures of the 2016 report.", "--yes")
    assert "119 new figures" in said
    officer.adds(
        "releases",
        "calendar",
        {
            "release": "2016 Q4",
            "promised": "2016-11-15",
            "indicators": HATE,
            "note": "Hate crime up to October 2016.",
        },
    )
    officer.runs("build")
    assert "2016 Q3" in officer.site("releases")


def the_spreadsheet(officer: Officer) -> None:
    """New months and two revisions come in, with what spreadsheets do to them and two slips."""
    officer.runs("template", "figures-2016")
    slips = officer.fills(
        month(8, "Racial", 49), year("robery", " 829 "), year("gun-crime", "76*"),
    )  # fmt: skip
    before = officer.table("figures-2016", "observations").read_bytes()
    said = officer.runs(
        "import", "table", slips, "--package", "figures-2016", "--yes", code=arguments.PROBLEMS
    )
    assert "sheet observations, cell A3" in said
    assert "Did you mean robbery?" in said
    assert "sheet observations, cell F4" in said
    assert officer.table("figures-2016", "observations").read_bytes() == before
    good = officer.fills(
        month(8, "Racial", 480), month(10, "Racial", "51\N{NO-BREAK SPACE}"), *(month(m, "Homophobic", 10.0) for m in (8, 9, 10)),
        year("robbery", " 829 "), year("gun-crime", "76"), year("theft-and-handling", "7,810"), year("commercial-robbery", 976),
    )  # fmt: skip
    said = officer.runs("import", "table", good, "--package", "figures-2016", "--yes")
    assert "831 → 829" in said
    rows = {
        (r["indicator"], r["strand"], r["period_end"]): r["value"]
        for r in officer.rows("figures-2016", "observations")
    }
    assert rows[HATE, "Racial", "2016-10-31"] == "51"
    assert rows[HATE, "Homophobic", "2016-09-30"] == "10"
    assert rows["robbery", "", "2016-07-31"] == "829"
    assert rows["theft-and-handling", "", "2016-07-31"] == "7810"


def the_mistakes(officer: Officer) -> int:
    """One of every kind is made, and each is told in its place; errors stop the build and leave the site."""
    live = tree_of(officer.root / "build/site")
    officer.changes(
        "figures-2016",
        "indicators",
        lambda r: r.update(part_of="robbery") if r["id"] == "commercial-robbery" else None,
    )
    updates = officer.rows("plan-2016-17", "updates")
    officer.adds("plan-2016-17", "updates", {**updates[0], "id": "too-soon", "date": "2017-09-15"})
    targets(officer)
    helper = officer.rows("support-services", "services")[0]["id"]
    officer.changes(
        "support-services",
        "services",
        lambda r: r.update(checked_on="2016-05") if r["id"] == helper else None,
    )
    (officer.root / "site_src/pages/about/alone.md").write_text("# Alone\n\nNobody links here.\n")
    errors = officer.runs("build", code=arguments.PROBLEMS)
    expected = ["2017-09-15 is in the future."]
    assert errors.startswith("Checking")
    assert "1 problem:" in errors
    assert tree_of(officer.root / "build/site") == live
    officer.removes("plan-2016-17", "updates", where={"id": "too-soon"})
    warnings = officer.runs("build")
    expected += [
        "The parts add up to 976, more than their total of 829.",
        "52 is followed by 480, a larger jump than any before in this time series.",
        "There is a figure up to 2016-08-31 and one up to 2016-10-31, but none in between.",
        "The figure is 10 for 4 periods in a row.",
        "Recording changed on 2013-04-01, in the middle of this period.",
        "The target has no figure to measure it from",
        "No other page links to this one.",
        "Last checked in May 2016, more than 90 days ago.",
        f"2016 Q4 was promised for 2016-11-15, 16 days ago, with new figures of {HATE}.",
    ]
    for message in expected:
        assert message in errors + warnings, message
    assert "12 warnings. Warnings do not stop a build." in warnings, (
        warnings
    )  # two jumps of these are told twice
    said = officer.runs("release", "2016 Q4", "--yes", code=arguments.PROBLEMS)
    assert "3 problems:" in said
    assert "gun-crime, E09000023, up to 2016-07-31: from 75 to 76." in said
    return len(expected) + 2 + 1  # with the slips in the spreadsheet and the revisions without a reason


def targets(officer: Officer) -> None:
    """The package gets a table of targets, with one that lacks its baseline."""
    spec = contract("indicators")["resources"]["targets"]
    path = officer.root / "data_packages/figures-2016/datapackage.json"
    told = json.loads(path.read_text())
    told["resources"].append(describe_resource("targets", spec))
    path.write_text(json.dumps(told))
    header = ",".join(f["name"] for f in spec["schema"]["fields"])
    row = "cut-robbery,robbery,Cut robbery by a tenth,not printed,,percent-change,-10,2018,,,source-000,Rehearsal"
    officer.table("figures-2016", "targets").write_text(f"{header}\n{row}\n")


def the_correction(officer: Officer) -> None:
    """What was wrong is put right; what is right is accepted, and published with its reason."""
    good = officer.fills(month(8, "Racial", 48), month(9, "Racial", 44))
    officer.runs("import", "table", good, "--package", "figures-2016", "--yes")
    officer.changes(
        "figures-2016",
        "observations",
        lambda r: (
            r.update(value="76")
            if r["indicator"] == "commercial-robbery" and r["period_end"] == "2016-07-31"
            else None
        ),
    )
    (officer.root / "site_src/pages/about/alone.md").unlink()
    helper = officer.rows("support-services", "services")[0]["id"]
    officer.changes(
        "support-services",
        "services",
        lambda r: r.update(checked_on="2016-12") if r["id"] == helper else None,
    )
    officer.changes(
        "figures-2016", "targets", lambda r: r.update(baseline="the year to July 2015", baseline_value="826")
    )
    said = officer.runs("check")
    names = re.findall(r"Name: +(\S.*)", said)
    assert {n.split(":")[0] for n in names} == {"same", "break", "overdue"}
    for name in (n for n in names if not n.startswith("overdue")):
        officer.adds(
            "releases",
            "accepted",
            {
                "warning": name,
                "reason": "Compared with the source.",
                "accepted_on": "2016-12-01",
                "accepted_by": "Communications",
            },
        )
    assert "1 warning." in officer.runs("check")


def the_release(officer: Officer) -> None:
    officer.adds("releases", "reasons",
        {"indicator": "robbery", "reason": "Two records were counted twice."},
        {"indicator": "gun-crime", "reason": "One more was found."},
    )  # fmt: skip
    page, told = officer.root / "diff.html", officer.root / "diff.json"
    said = officer.runs("diff", "--html", str(page), "--json", str(told))
    assert "Robbery" in said
    assert "from 831 to 829. Why: Two records were counted twice." in said
    assert "from 831 to 829" in unescape(page.read_text())
    counts = json.loads(told.read_text())["counts"]
    assert (counts["new"], counts["revised"], counts.get("withdrawn", 0)) == (6, 2, 0)
    said = officer.runs("release", "2016 Q4", "--note", "Hate crime up to October.", "--yes")
    assert "The release 2016 Q4 is made." in said
    assert "overdue" not in officer.runs("build")
    assert "16 days late" in officer.site("releases")
    assert "Two records were counted twice." in officer.site("figures/robbery")
    assert "Two records were counted twice." in officer.site("releases/corrections")
    assert "Compared with the source." in officer.site("releases/unusual")
    assert entries(officer) == ["2016 Q4", "2016 Q3"]


def entries(officer: Officer) -> list[str | None]:
    feed = ET.parse(officer.root / "build/site/releases/feed.xml").getroot()
    return [
        e.findtext("{http://www.w3.org/2005/Atom}title")
        for e in feed.iter("{http://www.w3.org/2005/Atom}entry")
    ]


def the_rollback(officer: Officer, before: dict[Path, bytes]) -> None:
    kept = tree_of(officer.root / "data_packages/releases/archives")
    why = "The new months were counted in another way."
    officer.runs("rollback", "2016 Q3", "--yes", "--reason", why)
    contacts = {p for p in before if "support-services" in p.parts or "reporting-routes" in p.parts}
    assert {p: p.read_bytes() for p in before.keys() - contacts} == {
        p: before[p] for p in before.keys() - contacts
    }
    assert (
        "2016-12" in officer.table("support-services", "services").read_text()
    )  # contact details stay as they are
    assert entries(officer) == ["Return to 2016 Q3", "2016 Q4", "2016 Q3"]
    assert "831" in officer.site("figures/robbery")
    history = officer.site("figures/robbery").partition("Changes to these figures")[2]
    assert history.index("from 829 to 831") < history.index("from 831 to 829")
    assert why in officer.site("releases/corrections")
    assert kept.items() <= tree_of(officer.root / "data_packages/releases/archives").items()
    officer.runs("verify")
