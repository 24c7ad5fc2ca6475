"""Single entries are added, changed and removed with a command; a wrong value is a problem and writes nothing."""

import csv
import tomllib
from pathlib import Path

import pytest
from portal.core import settings as config
from portal.core.problems import PortalError
from portal.editing import entries, planned_changes, reasons
from project import ROOT, edit, make_project, run, tree_of

SOURCE = {
    "title": "Third report", "short_title": "2022 report", "publisher": "Exampleton Council", "kind": "document",
    "published": "2022-05", "open_publication": "true", "note": "Made up.",
}  # fmt: skip
PLAN = {
    "title": "Plan of 2023", "slug": "plan-2023", "short_title": "2023 plan", "summary": "A plan.",
    "starts": "2023", "ends": "2025", "state": "current",
}  # fmt: skip
ROUTE = {
    "name": "Desk", "summary": "A desk.", "how": "Go to the desk.", "who": "Anyone.", "anonymous": "no",
    "suits": "in-person", "phone": "0800 000 0002", "state": "current", "checked_on": "2021-01", "checked_in": "A public page",
    "source": "report", "locator": "Table 1",
}  # fmt: skip
SERVICE = {
    "name": "Second line", "topic": "crime", "summary": "People to talk to.", "who": "Anyone.",
    "phone": "0800 000 0001", "state": "current", "checked_on": "2021-01", "checked_in": "A public page",
    "source": "report", "locator": "Table 1",
}  # fmt: skip
INDICATOR = {
    "title": "Shed thefts", "short_title": "Shed thefts", "topic": "crime", "definition": "Thefts from sheds.",
    "unit": "count", "unit_label": "offences", "period_type": "year-to", "polarity": "lower-is-better",
    "chart": "none", "sensitive": "false", "protected": "false",
}  # fmt: skip
CLAIM = {
    "id": "calls-of-may", "indicator": "calls", "kind": "value", "area": "E09999999", "period_start": "2020-05-01",
    "period_end": "2020-05-31", "stated": "1", "decimals": "0", "statement": "One call.", "source": "report",
    "locator": "Table 1",
}  # fmt: skip
STATUS = {
    "status": "done", "date": "2020-12-31", "title": "Paths lit", "text": "All paths were lit.",
    "reason": "The report says that all are lit.", "source": "report", "locator": "Table 2",
}  # fmt: skip


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_project(tmp_path / "tiny")


def packages_of(root: Path) -> dict[str, bytes]:
    """Everything that a command could change."""
    return {**tree_of(root / "data_packages"), "portal.toml": (root / "site_src/portal.toml").read_bytes()}


def rows_of(root: Path, file: str) -> list[dict[str, str]]:
    with (root / "data_packages" / file).open(newline="") as table:
        return list(csv.DictReader(table))


def given(cells: dict[str, str]) -> list[str]:
    return [f"{name}={text}" for name, text in cells.items()]


@pytest.mark.parametrize(
    ("kind", "cells", "file", "id_"),
    [
        ("source", SOURCE, "sources/data/sources.csv", "third-report"),
        ("route", ROUTE, "routes/data/routes.csv", "desk"),
        ("service", SERVICE, "services/data/services.csv", "second-line"),
        ("indicator", INDICATOR, "figures/data/indicators.csv", "shed-thefts"),
        ("claim", CLAIM, "figures/data/claims.csv", "calls-of-may"),
    ],
)
def test_an_entry_is_one_more_row_and_every_other_byte_stays(
    root: Path, kind: str, cells: dict[str, str], file: str, id_: str
) -> None:
    before = packages_of(root)
    package = [] if kind in ("source", "route", "service") else ["--package", "figures"]
    assert run(root, "add", kind, *given(cells), *package, "--yes") == 0
    after = packages_of(root)
    assert {n for n in after if after[n] != before.get(n)} == {file}
    assert after[file].startswith(before[file])
    last = rows_of(root, file)[-1]
    assert last["id"] == id_
    assert {n: last[n] for n in cells} == cells
    assert run(root, "check") == 0


def test_a_plan_is_a_package_that_can_be_filled(root: Path) -> None:
    assert run(root, "add", "plan", *given(PLAN), "--yes") == 0
    settings = tomllib.loads((root / "site_src/portal.toml").read_text())
    assert settings["packages"][-1] == "plan-2023"
    common = {"source": "report", "locator": "Table 3"}
    priority = {"title": "Safer parks", "summary": "Parks get safer.", "sensitive": "false", **common}
    assert run(root, "add", "priority", *given(priority), "--package", "plan-2023", "--yes") == 0
    action = {
        "priority": "safer-parks",
        "title": "Open a hut",
        "promise": "Open a hut.",
        "listed": "plan",
        **common,
    }
    assert run(root, "add", "action", *given(action), "--package", "plan-2023", "--yes") == 0
    assert rows_of(root, "plan-2023/data/actions.csv")[0]["number"] == "1"
    assert (
        run(root, "status", "plan-2023", "open-a-hut", *given({**STATUS, "status": "under-way"}), "--yes")
        == 0
    )
    assert run(root, "build") == 0


def test_a_status_comes_with_the_update_that_is_its_evidence(root: Path) -> None:
    words = [v for v in given(STATUS) if not v.startswith("status=")]
    assert run(root, "status", "plan", "action-1-2", "done", *words, "--yes") == 0
    update, status = rows_of(root, "plan/data/updates.csv")[-1], rows_of(root, "plan/data/statuses.csv")[-1]
    assert (update["id"], update["kind"], update["priority"]) == ("paths-lit", "report", "priority-1")
    assert (status["action"], status["status"], status["update"]) == ("action-1-2", "done", "paths-lit")
    assert "title" not in status


def test_an_update_can_come_without_a_status(root: Path) -> None:
    cells = {n: v for n, v in STATUS.items() if n not in ("status", "reason")}
    before = packages_of(root)["plan/data/statuses.csv"]
    assert run(root, "status", "plan", "action-1-3", *given(cells), "--yes") == 0
    assert packages_of(root)["plan/data/statuses.csv"] == before
    assert rows_of(root, "plan/data/updates.csv")[-1]["action"] == "action-1-3"


def test_a_change_and_a_removal_touch_one_row(root: Path) -> None:
    file = "routes/data/routes.csv"
    before = packages_of(root)[file].splitlines()
    assert (
        run(
            root,
            "change",
            "route",
            "online-form",
            "checked_on=2021-03",
            "check_note=",
            "state=current",
            "--yes",
        )
        == 0
    )
    after = packages_of(root)[file].splitlines()
    assert [n for n, (a, b) in enumerate(zip(before, after, strict=True)) if a != b] == [2]
    assert rows_of(root, file)[1]["checked_on"] == "2021-03"
    assert run(root, "add", "source", *given(SOURCE), "--yes") == 0
    assert run(root, "remove", "source", "third-report", "--yes") == 0
    assert "third-report" not in [r["id"] for r in rows_of(root, "sources/data/sources.csv")]


@pytest.mark.parametrize(
    ("words", "place", "fix"),
    [
        (("add", "source", *given(SOURCE | {"kind": "documnt"})), "new source, kind", "Did you mean document?"),
        (("add", "source", *given(SOURCE | {"published": "May 2022"})), "new source, published", "year first"),
        (("add", "source", *given(SOURCE | {"id": "report"})), "new source, id", ""),
        (("add", "source", *given(SOURCE | {"title": ""})), "new source, title", "Fill it in"),
        (("add", "source", "tilte=x"), "tilte", "Did you mean title?"),
        (("add", "source", "title"), "NAME=VALUE", "Write NAME=VALUE"),
        (("add", "source", "title=a", "title=b"), "title", "Give it once."),
        (("add", "sauce", "title=x"), "kind", "Did you mean source?"),
        (("add", "indicator", *given(INDICATOR)), "package", "figures"),
        (("add", "indicator", *given(INDICATOR), "--package", "figurs"), "package", "Did you mean figures?"),
        (("add", "route", *given(ROUTE | {"suits": "parties"})), "new way to report, suits", ""),
        (("add", "route", *given(ROUTE | {"source": "reprt"})), "new way to report, source", "Did you mean report?"),
        (("add", "service", *given(SERVICE | {"url": "javascript:alert(1)"})), "new support service, url", ""),
        (("add", "claim", *given(CLAIM | {"indicator": "cals"}), "--package", "figures"), "new claim, indicator", "Did you mean calls?"),
        (("add", "plan", *given(PLAN | {"slug": "Plan 2023"})), "new plan, slug", "lower-case"),
        (("add", "plan", *given(PLAN | {"slug": "figures"})), "new plan, slug", "Choose another"),
        (("add", "plan", *given(PLAN | {"state": "soon"})), "new plan", "current, past"),
        (("add", "plan", *given(PLAN | {"summary": ""})), "new plan, summary", "Write"),
        (("status", "plan", "action-1-2", *given(STATUS | {"status": "finished"})), "new status of action-1-2, status", "done"),
        (("status", "plan", "action-1-2", *given(STATUS | {"reason": ""})), "new status of action-1-2, reason", "Fill it in"),
        (("status", "plan", "action-9", *given(STATUS)), "action", "Did you mean"),
        (("status", "plan", "action-1-2", "done", "date=2020-12-31", "update=update-2", "reason=r", "source=report", "locator=l"), "new status of action-1-2, update", ""),
        (("change", "route", "online-from", "state=current"), "id", "Did you mean online-form?"),
        (("change", "route", "online-form", "state=check-first"), "way to report online-form", "There is nothing to do"),
        (("change", "route", "online-form", "state=open"), "way to report online-form, state", "current"),
        (("change", "plan", "plan", "state=past"), "kind", "datapackage.json"),
        (("remove", "source", "report"), "data_packages/", "Add it to the sources, or write returns if that is meant."),
        (("accept", "jump:nothing", "--reason", "r", "--by", "Team"), "accepted warning, warning", ""),
        (("accept", "jump:nothing", "--by", "Team"), "accepted warning, reason", "Write why"),
        (("reason", "Late records.", "--indicator", "calls"), "reason, indicator", "Import the revision first"),
        (("reason", " "), "reason, reason", "Write why"),
        (("reason", "Late records.", "--period", "2020"), "reason, period_end", "last day"),
    ],
    ids=lambda v: "-".join(v[:3]) if isinstance(v, tuple) else None,
)  # fmt: skip
def test_a_wrong_value_is_a_problem_and_nothing_is_written(
    root: Path, words: tuple[str, ...], place: str, fix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = packages_of(root)
    assert run(root, *words, "--yes") == 1
    told = capsys.readouterr().err
    assert place in told
    assert fix in told
    assert packages_of(root) == before
    assert not list((root / "build").glob("planned-*"))


def test_a_revised_figure_gets_its_reason_and_can_be_released(root: Path) -> None:
    assert run(root, "release", "R1", "--yes") == 0
    edit(root, "2020-04-30,,15,,report", "2020-04-30,,16,,report")
    assert run(root, "release", "R2", "--yes") == 1
    assert run(root, "reason", "Late records.", "--indicator", "thefts", "--yes") == 1
    assert (
        run(root, "reason", "Late records.", "--indicator", "calls", "--period", "2020-04-30", "--yes") == 0
    )
    assert run(root, "release", "R2", "--yes") == 0
    assert rows_of(root, "releases/data/reasons.csv")[-1]["release"] == "r2"


def test_a_warning_is_accepted_and_taken_back(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(root, "2020-04-30,,15,,report", "2020-04-30,,7351,,report")
    assert run(root, "check") == 0
    name = "jump:calls:E09999999:2020-04-01/2020-04-30"
    assert name in capsys.readouterr().err
    assert (
        run(root, "accept", name, "--reason", "The month had a storm.", "--by", "Communications", "--yes")
        == 0
    )
    row = rows_of(root, "releases/data/accepted.csv")[-1]
    assert (row["warning"], row["reason"], row["accepted_by"]) == (
        name,
        "The month had a storm.",
        "Communications",
    )
    assert run(root, "check") == 0
    assert name not in capsys.readouterr().err
    assert run(root, "accept", name, "--reason", "Again.", "--by", "Communications", "--yes") == 1
    assert run(root, "accept", name, "--remove", "--yes") == 0
    assert rows_of(root, "releases/data/accepted.csv") == []


def test_without_values_the_form_is_listed(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for kind in (*entries.KINDS, entries.PLAN):
        assert run(root, "add", kind) == 0
        told = capsys.readouterr().out
        assert "NAME=VALUE" in told
        assert all(name in told for name, _, _ in entries.form(kind))


def test_unrelated_problems_that_were_there_before_do_not_stop_a_change(root: Path) -> None:
    edit(root, "Somebody to talk to.", "", "data_packages/services/data/services.csv")
    assert run(root, "add", "source", *given(SOURCE), "--yes") == 0
    assert entries.add(root, "service", SERVICE).problems  # the same file has a problem


def test_a_change_that_was_planned_before_another_is_not_written(root: Path) -> None:
    first, second = (entries.add(root, "source", SOURCE | {"id": i}) for i in ("a", "b"))
    first.write()
    with pytest.raises(PortalError, match="was changed after"):
        second.write()
    assert [r["id"] for r in rows_of(root, "sources/data/sources.csv")][-1] == "a"


def test_line_endings_and_marks_of_a_spreadsheet_program_stay(root: Path) -> None:
    path = root / "data_packages/sources/data/sources.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    before = path.read_bytes()
    entries.add(root, "source", SOURCE).write()
    assert path.read_bytes().startswith(before)
    assert path.read_bytes().endswith(b"\r\n")


@pytest.mark.parametrize(
    "written",
    [
        'packages = ["a", "b"]\n',
        'packages = [\n  "a",\n  "b",\n]\n',
        'packages = [\n  "a",\n  "b"\n]\n[site]\n',
    ],
)
def test_the_list_of_packages_keeps_its_form(written: str) -> None:
    changed = entries.listed_package(written.encode(), "c", ("a", "b")).decode()
    assert tomllib.loads(changed)["packages"] == ["a", "b", "c"]
    assert changed.count("\n") == written.count("\n") + ("\n  " in written)


def test_a_list_of_packages_that_cannot_be_changed_safely_is_a_problem() -> None:
    with pytest.raises(PortalError, match="cannot be changed safely"):
        entries.listed_package(b'packages = ["a", # ] \n"b"]', "c", ("a", "b"))


@pytest.mark.thorough
def test_the_real_packages_take_a_source(tmp_path: Path) -> None:
    settings = config.load(ROOT)
    table = entries.open_table(settings, entries.KINDS["source"])
    planned = entries.add(ROOT, "source", SOURCE | {"id": "made-up"})
    assert planned.problems == ()
    assert planned.files[table.path].startswith(table.data)
    assert isinstance(planned, planned_changes.PlannedChange)
    assert reasons.explain(ROOT, "Late.", "no-such").problems
