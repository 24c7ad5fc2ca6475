"""What `portal import table` accepts, `portal check` accepts; and a package's own table can be read back after Excel."""

import csv
import io
import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from portal.cli import commands
from portal.cli.arguments import PROBLEMS
from portal.core import periods
from portal.importers.spreadsheets import spreadsheet
from project import ROOT, ask, examples, make_project, tree_of
from workbook_files import KINDS, OBSERVATIONS, QUIET, observation, problems, written

FIGURES = "data_packages/figures/data/observations.csv"
ANSWERS = ("scale=as-written", "notes=read", "missing=x", "dates=day-first", "serials=1900", "decimals=stored", "percent=shown", "shown=stored")  # fmt: skip


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny portal, which each test leaves as it was."""
    return make_project(tmp_path_factory.mktemp("agrees") / "tiny")


def run(root: Path, path: Path, package: str, *more: str) -> int:
    """Import a file without being asked anything."""
    assumed = [word for answer in ANSWERS for word in ("--assume", answer)]
    return commands.main(
        ["--project", str(root), "import", "table", str(path), "--package", package, "--yes", *assumed, *more]
    )


def restored(root: Path, before: Mapping[str, bytes]) -> None:
    for name, content in before.items():
        path = root / "data_packages" / name
        if path.read_bytes() != content:
            path.write_bytes(content)


TODAY = periods.today()
NUMBERS = st.sampled_from([0, 1, 3, 5, 50, 61, -1, -50, 1228.5, 0.811, 10**9, 10**30, "", "x", "[c]", "low", "12%", "<5", "1.228,5"])  # fmt: skip
YEARS = st.sampled_from([(date(y, 7, 1), date(y + 1, 6, 30)) for y in (1850, 2016, 2019, 2020, 2021, 2204)] + [(date(2020, 7, 1), date(2020, 7, 31)), (date(2020, 7, 1), date(2019, 6, 30)), (TODAY, TODAY + timedelta(400))])  # fmt: skip
GOOD = (
    {"indicator": "bikes", "area": "E09999999", "period_start": date(2020, 7, 1), "period_end": date(2021, 6, 30), "value": 50},
    {"indicator": "bikes", "area": "E09999999", "period_start": date(2021, 7, 1), "period_end": date(2022, 6, 30), "value": 55},
    {"indicator": "calls", "area": "E09999999", "period_start": date(2020, 5, 1), "period_end": date(2020, 5, 31), "value": 30},
    {"indicator": "murders", "area": "E09999999", "period_start": date(2021, 4, 1), "period_end": date(2022, 3, 31), "value": 12},
)  # fmt: skip
CELLS = {
    "indicator": st.sampled_from(["thefts", "calls", "abuse", "advice", "rates", "murders", "none", "Bikes", ""]),
    "area": st.sampled_from(["E12999999", "e09999999", "E09000001", ""]),
    "type": st.sampled_from(["online", "phone", "burglary"]),
    "value": NUMBERS,
    "status": st.sampled_from(["p", "r", "c", "x", "z", "low", "e", "b", "y"]),
    "source": st.sampled_from(["report", "returns", "nobody"]),
    "locator": st.sampled_from(["", "<b>", "=1+1", "Table 2; page 3"]),
}  # fmt: skip
CHANGES = st.one_of(*(v.map(lambda x, n=n: {n: x}) for n, v in CELLS.items()), YEARS.map(lambda y: dict(zip(("period_start", "period_end"), y, strict=True))))  # fmt: skip
ROWS = st.tuples(st.sampled_from(GOOD), st.lists(CHANGES, max_size=2)).map(
    lambda told: (
        {"source": "report", "locator": "T"} | told[0] | {k: v for c in told[1] for k, v in c.items()}
    )
)


def test_what_import_accepts_check_accepts(
    project: Path, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Rows with all that can be wrong with one: signs, sizes, periods of the past and future, ids, statuses."""
    before = tree_of(project / "data_packages")
    tried, accepted = 0, 0

    @settings(QUIET, max_examples=examples(40))
    @given(st.sampled_from([*KINDS, "csv"]), st.lists(ROWS, min_size=1, max_size=3))
    def scenario(kind: str, rows: list[dict[str, object]]) -> None:
        nonlocal tried, accepted
        tried += 1
        sheet = [[*OBSERVATIONS], *([r.get(c) for c in OBSERVATIONS] for r in rows)]
        path = written(tmp_path / f"q.{kind}", {"S": sheet})
        done = run(project, path, "figures")
        assert done in (0, PROBLEMS)
        if done == 0:
            accepted += 1
            assert commands.main(["--project", str(project), "check"]) == 0
        restored(project, before)

    scenario()
    record_property("counted spreadsheets imported and then checked", accepted)
    assert accepted


def test_a_good_row_is_accepted_by_both(project: Path, tmp_path: Path) -> None:
    before = tree_of(project / "data_packages")
    path = written(tmp_path / "q.xlsx", {"S": observation()})
    assert run(project, path, "figures") == 0
    assert commands.main(["--project", str(project), "check"]) == 0
    restored(project, before)


def test_a_count_below_zero_is_refused_at_its_cell(project: Path, tmp_path: Path) -> None:
    for kind in KINDS:
        for value in (-5, "-5", "−5", "(5)"):
            told = problems(project, written(tmp_path / f"q.{kind}", {"S": observation(value=value)}))
            assert f"q.{kind}, sheet S, cell F2\n" in told
        assert "-5 is less than 0, and this is a count." in problems(
            project, written(tmp_path / f"q.{kind}", {"S": observation(value=-5)})
        )


def test_an_update_of_a_day_to_come_is_refused_at_its_cell(project: Path, tmp_path: Path) -> None:
    head = ["id", "priority", "action", "date", "kind", "title", "text", "source", "locator"]
    day = TODAY + timedelta(30)
    row = [
        "update-9",
        "priority-1",
        "action-1-1",
        day,
        "report",
        "Posters",
        "Posters were up.",
        "report",
        "T",
    ]
    for ending in (*KINDS, "csv"):
        told = problems(project, written(tmp_path / f"q.{ending}", {"updates": [head, row]}), package="plan")
        assert f"{day} is in the future." in told
        assert ("row 2, column date" if ending == "csv" else "sheet updates, cell D2") in told


def test_the_docs_list_every_question_with_its_answers() -> None:
    told = (ROOT / "docs" / "reference" / "spreadsheets.md").read_text()
    listed = {m[1]: tuple(re.findall(r"`([^`]+)`", m[2])) for m in re.finditer(r"\| `([a-z-]+)` \|.*\| ([^|]*) \|\n", told)}  # fmt: skip
    assert listed == dict(spreadsheet.QUESTIONS)


# --- a package's own tables, as Excel with British settings saves them


def as_excel_saves(content: str) -> str:
    """Days in front and lines of Windows; commas after a title row, which Excel writes for all its columns."""
    rows = list(csv.reader(io.StringIO(content)))
    out = io.StringIO()
    days = [
        [re.sub(r"^(\d{4})-(\d\d)-(\d\d)$", r"\3/\2/\1", c) for c in row]
        for row in rows
    ]  # fmt: skip
    csv.writer(out).writerows(days)
    return out.getvalue()


@pytest.fixture
def portal(tiny: Path) -> Path:
    """The tiny portal with accepted warnings and reasons for corrections."""
    data = tiny / "data_packages/releases/data"
    (data / "accepted.csv").write_text(
        "warning,reason,accepted_on,accepted_by\ntarget:target-1,No document prints one.,2020-11-22,The board\n"
        "gap:bikes,Nobody counted.,2020-03-04,The board\n"
    )
    (data / "reasons.csv").write_text(
        "indicator,area,period_end,reason,release\nbikes,E09999999,2019-06-30,Counted twice.,\n"
        "thefts,E09999999,2020-06-30,Late reports.,\n"
    )
    return tiny


@pytest.mark.parametrize("resource", ["accepted", "reasons"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_lists_of_the_releases_that_excel_saved_are_read_rightly(
    portal: Path, tmp_path: Path, resource: str, bom: str
) -> None:
    own = portal / f"data_packages/releases/data/{resource}.csv"
    right = own.read_bytes()
    saved = tmp_path / f"{resource}.csv"
    saved.write_text(bom + as_excel_saves(right.decode()), encoding="utf-8", newline="")
    assert run(portal, saved, "releases", "--resource", resource) == 0
    assert own.read_bytes() == right
    own.write_bytes(saved.read_bytes())  # where Excel saved the table itself
    assert run(portal, own, "releases", "--resource", resource) == 0
    assert own.read_bytes() == right


@pytest.mark.parametrize("package_file", ["figures/data/observations.csv", "figures/data/claims.csv", "plan/data/updates.csv", "sources/data/sources.csv"])  # fmt: skip
def test_a_table_of_a_package_that_excel_saved_is_read_rightly(portal: Path, package_file: str) -> None:
    own = portal / "data_packages" / package_file
    rows = list(csv.reader(io.StringIO(own.read_text())))
    own.write_text(as_excel_saves(own.read_text()), newline="")
    assert run(portal, own, own.parts[-3], "--resource", own.stem) == 0
    assert sorted(csv.reader(io.StringIO(own.read_text()))) == sorted(rows)


@pytest.mark.parametrize("above", ["Table 1,,,,,,,,\n", ",,,,,,,,\n", "Thefts,,,,,,,,\nPrepared for the board,,,,,,,,\n"])  # fmt: skip
def test_a_table_with_a_title_above_its_header_is_read(portal: Path, tmp_path: Path, above: str) -> None:
    own = portal / FIGURES
    right = own.read_text()
    titled = tmp_path / "observations.csv"
    titled.write_text(above + right)
    assert run(portal, titled, "figures") == 0
    assert own.read_text() == right
    own.write_text(above + right)
    assert run(portal, own, "figures") == 0
    assert sorted(csv.reader(io.StringIO(own.read_text()))) == sorted(csv.reader(io.StringIO(right)))


def test_a_table_without_its_header_says_which_one_it_had(
    portal: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = portal / FIGURES
    header, _, rest = own.read_text().partition("\n")
    bare = tmp_path / "observations.csv"
    bare.write_text(rest)
    for path in (bare, own):
        path.write_text(rest)
        assert run(portal, path, "figures") == PROBLEMS
        assert f"Write this row above the rest: {', '.join(header.split(','))}." in capsys.readouterr().err


REPLACE = ("--resource", "observations", "--replace")
AROUND = {
    "a comma at the end of each row": lambda text: text.replace("\n", ",\n").replace(",\n", "\n", 1),
    "blank lines between": lambda text: text.replace("\n", "\n\n"),
    "a carriage return more": lambda text: text.replace("\n", "\r\r\n"),
}  # fmt: skip


@pytest.mark.parametrize("value", ["44", pytest.param("45", marks=pytest.mark.thorough)])
@pytest.mark.parametrize("is_own", [True, pytest.param(False, marks=pytest.mark.thorough)])
@pytest.mark.parametrize("damage", AROUND)
def test_the_command_that_the_check_names_reads_the_damaged_table(
    portal: Path, tmp_path: Path, damage: str, is_own: bool, value: str
) -> None:
    own = portal / FIGURES
    right = own.read_text().replace(",44,", f",{value},", 1)
    own.write_text(AROUND[damage](right if is_own else own.read_text()), newline="")
    told = ask(portal, "check").stderr
    assert f"Run `portal import table {FIGURES} --package figures {' '.join(REPLACE)}`" in told
    path = own if is_own else tmp_path / "observations.csv"
    path.write_text(AROUND[damage](right), newline="")
    assert run(portal, path, "figures", *REPLACE) == 0
    assert own.read_text() == right
    assert ask(portal, "check").returncode == 0


def test_a_row_that_lost_its_end_is_not_written_as_if_it_were_right(portal: Path) -> None:
    own = portal / FIGURES.replace("observations", "indicators")
    rows = AROUND["blank lines between"](own.read_text()).rstrip("\n").rpartition("\n")
    own.write_text(f"{rows[0]}\n{rows[2].rstrip(',')}\n")
    damaged = own.read_bytes()
    assert "The row ends before this column" in ask(portal, "check").stderr
    assert run(portal, own, "figures", "--resource", "indicators", "--replace") == PROBLEMS
    assert own.read_bytes() == damaged


def test_rows_for_a_table_that_has_a_cell_too_many_do_not_cost_it_that_cell(
    portal: Path, tmp_path: Path
) -> None:
    own = portal / FIGURES
    own.write_text(own.read_text().rstrip("\n") + ", page 2\n")
    damaged = own.read_bytes()
    path = written(tmp_path / "q.xlsx", {"S": observation()})
    assert run(portal, path, "figures", "--resource", "observations") == PROBLEMS
    assert own.read_bytes() == damaged


@pytest.mark.parametrize(("mark", "after"), [(",", ""), ("\t", ""), (",", ";;;"), (";", ",,,")])
def test_lines_in_quotation_marks_are_named_alike_by_both(portal: Path, mark: str, after: str) -> None:
    own = portal / FIGURES
    lines = own.read_text().replace(",", mark).splitlines()
    own.write_text("".join(f'"{line}"{after}\n' for line in lines))
    told = "Found: Each line is in quotation marks, which makes it a single cell.\n  To do: Remove the quotation marks"
    checked = ask(portal, "check").stderr
    assert f"observations.csv, row 1\n  {told}" in checked
    assert "portal import" not in checked
    imported = ask(portal, "import", "table", str(own), "--package", "figures", *REPLACE)
    assert imported.returncode == PROBLEMS
    assert f"observations.csv, row 1\n  {told}" in imported.stderr


def test_a_table_that_cannot_be_read_loses_no_rows_to_another_file(portal: Path, tmp_path: Path) -> None:
    own = portal / FIGURES
    own.write_text(own.read_text().partition("\n")[2])
    damaged = own.read_bytes()
    path = written(tmp_path / "q.xlsx", {"S": observation()})
    assert run(portal, path, "figures", "--resource", "observations") == PROBLEMS
    assert run(portal, path, "figures") == PROBLEMS
    assert own.read_bytes() == damaged
