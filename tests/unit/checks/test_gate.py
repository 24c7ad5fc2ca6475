"""The check and the model read a cell alike, and whatever frictionless refuses, `portal check` refuses."""

import csv
import dataclasses
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from frictionless import Package as Upstream
from frictionless import Schema as UpstreamSchema
from frictionless import system
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from portal.cli.arguments import PROBLEMS
from portal.core import contacts, duties, field_types, measured, meetings, model, places, plans
from portal.core import settings as config
from portal.core.problems import Problem
from portal.core.remembered import Remembered
from portal.data import assembly, packages, tables, validation
from portal.data.tables import Schema
from project import ROOT, copy_tiny, examples, is_thorough

# Which class of the model holds the rows of a resource.
ROWS = {
    "outlines": model.Outline, "boundaries": model.Outline, "surroundings": model.Surrounding, "calendar": model.PromisedRelease, "releases": model.Release, "entries": model.ThreadEntry,
    "priorities": plans.Priority, "actions": plans.Action, "measures": plans.Measure, "updates": plans.Update,
    "connections": plans.Connection, "routes/connections": contacts.RouteConnection, "update_actions": plans.UpdateAction, "milestones": plans.Milestone, "statuses": plans.ActionStatus,
    "duties": duties.Duty, "evidence": duties.Evidence, "meetings": meetings.Meeting, "papers": meetings.Paper, "questions": meetings.Question, "subjects": meetings.MeetingSubject,
    "police_teams": meetings.PoliceTeam, "police_priorities": meetings.PolicePriority,
    "lsoas": places.Lsoa, "neighbourhoods": places.NeighbourhoodLsoa, "profiles": places.Profile, "dispersion": measured.Dispersion, "revisions": measured.Revision, "outcomes": measured.OutcomeOf, "disagreements": model.Disagreement, "withdrawals": model.WithdrawnFigure, "populations": model.Population, "services": contacts.Service, "accepted": model.AcceptedWarning,
}  # fmt: skip
SPELLINGS = (
    "true", "false", "TRUE", "FALSE", "True", "False", "1", "0", "yes", "no", "tRUE", " true", "true ", "t", "wahr", "VRAI", "-1", "2", "01", "007", "1.0", "1.50", "1.", ".5",
    "1,036", "1 036", "1_036", "1e9", "1E+5", "NaN", "nan", "inf", "-inf", "Infinity", "+5", "--5", "٣", "１２", "²", "½", "0x1F", "9" * 15, "9" * 16, "9" * 400, "0." + "1" * 40, " 5", "5 ",
    "2016-07-31", "2016-02-30", "2016-13-01", "2016-13", "2016-00", "2016-02", "2016", "0000", "0000-01-01", "31/07/2016", "2016-7-1", "20160731", "2016-W30-1", "٢٠١٦-٠٧-٣١", "2016-07-31T00:00", "2026-12-01T09:30", "2026-02-30T09:30",
    "a", "a-b", "A", "a-", "con", "aux", "nul", "com1", "E09000001", "SE13 6AA", "se13 6aa", "c", "x", "z", "low", " ", "\u00a0", "…",
)  # fmt: skip


def resources() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for kind in packages.kinds():
        for name, spec in packages.contract(kind)["resources"].items():
            yield kind, name, spec


def model_of(name: str, kind: str = "") -> type:
    singular = {"indicators": "Indicator", "dashboards": "Dashboard", "areas": "Area", "overlaps": "Overlap", "no_rates": "NoRate", "postcodes": "Postcode", "terms": "Term", "observations": "Observation", "claims": "Claim",
                "breaks": "Break", "targets": "Target", "imports": "Import", "changes": "ReleaseChange", "reasons": "ReasonForChange", "withdrawals": "WithdrawnFigure",
                "routes": "Route", "sources": "Source", "sections": "Section", "threads": "Thread"}  # fmt: skip
    return ROWS.get(f"{kind}/{name}") or ROWS.get(name) or getattr(model, singular[name])


def read_one(folder: Path, field: dict[str, Any], cells: tuple[str, ...]) -> dict[str, list[Problem]]:
    """What the check says about each cell of a column, all in one table beside a column that is right."""
    path = folder / "t.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(
            [["row", field["name"]], *([str(n), c] for n, c in enumerate(cells))]
        )
    first = {"name": "row", "type": "string", "constraints": {"required": True}}
    _, problems = tables.read(path, "t.csv", Schema((first, field), ("row",)))
    return {c: [p for p in problems if p.row in (0, n)] for n, c in enumerate(cells, 2)}


COLUMNS = [(k, r, f) for k, r, spec in resources() for f in spec["schema"]["fields"]]


@pytest.mark.parametrize(
    ("kind", "resource", "field"), COLUMNS, ids=[f"{k}-{r}-{f['name']}" for k, r, f in COLUMNS]
)
def test_the_check_refuses_a_cell_or_the_model_reads_what_the_check_read(
    kind: str, resource: str, field: dict[str, Any], tmp_path: Path
) -> None:
    enum = tuple(field.get("constraints", {}).get("enum", ()))
    cells = (*SPELLINGS, *enum, *(c.upper() for c in enum))
    hint = get_type_hints(model_of(resource, kind)).get(field["name"])
    assert hint is not None, "the model has no such value"
    read, _ = assembly._reader_of(hint)
    plain = {"fields": [{k: field[k] for k in ("name", "type", "constraints") if k in field}]}
    upstream = UpstreamSchema.from_descriptor(plain).fields[0]
    accepted = 0
    for cell, found in read_one(tmp_path, field, cells).items():
        told, notes = upstream.read_cell(cell)
        if found:
            assert all(p.message and p.fix for p in found)
            assert all(str(field.get("constraints", {}).get("pattern", "\0")) not in str(p) for p in found)
            continue
        accepted += 1
        assert not notes, f"frictionless refuses {cell!r}"
        assert read(cell) == told, f"{cell!r} has two meanings"
        assert isinstance(read(cell), (str, int, Decimal, type(told)))
    assert accepted or "pattern" in field.get("constraints", {})


def test_every_pattern_has_words_and_an_example() -> None:
    portals = [rule for kind in packages.kinds() for rule in packages.contract(kind)["portal"].values()]
    patterned = [f for _, _, f in COLUMNS if "pattern" in f.get("constraints", {})]
    asked = [*patterned, *(rule for rule in portals if "pattern" in rule)]
    assert len(asked) > 40
    for field in asked:
        form = field_types.FORMS[field["form"]]
        assert not set("^$[]{}\\+*").intersection(form.advice)


@pytest.mark.parametrize("spelling", ["TRUE", "True", "1"])
def test_what_a_spreadsheet_makes_of_true_still_protects_people(tiny: Path, spelling: str) -> None:
    path = tiny / "data_packages" / "figures" / "data" / "indicators.csv"
    rows = list(csv.DictReader(io.StringIO(path.read_text())))
    guarded = {r["id"] for r in rows if r["sensitive"] == "true"}
    assert guarded
    for row in rows:
        row["sensitive"] = spelling if row["sensitive"] == "true" else "FALSE"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    found, problems = packages.read_all(tiny, config.load(tiny).packages)
    assert problems == ()
    content = assembly.assemble(found)
    assert {i.id for i in content.indicators.values() if i.sensitive} >= guarded


# --- frictionless as the oracle

FIELDS: tuple[dict[str, Any], ...] = (
    {"name": "id", "type": "string", "constraints": {"required": True, "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$"}},
    {"name": "n", "type": "integer", "constraints": {"minimum": 1, "maximum": 9}},
    {"name": "x", "type": "number", "constraints": {"minimum": 0}},
    {"name": "d", "type": "date"},
    {"name": "b", "type": "boolean", "constraints": {"required": True}},
    {"name": "e", "type": "string", "constraints": {"enum": ["p", "r", "c"]}},
    {"name": "t", "type": "string", "constraints": {"maxLength": 9}},
)  # fmt: skip
NAMES = [f["name"] for f in FIELDS]
GOOD: dict[str, st.SearchStrategy[str]] = {
    "id": st.sampled_from(["a", "b", "a-b", "9"]),
    "n": st.sampled_from(["", "1", "9", "01"]),
    "x": st.sampled_from(["", "0", "1.5", "100", "1.50"]),
    "d": st.sampled_from(["", "2016-07-31", "2020-02-29"]),
    "b": st.sampled_from(["true", "false", "TRUE", "0"]),
    "e": st.sampled_from(["", "p", "c"]),
    "t": st.sampled_from(["", "text", "a, b", 'a "b"', "é", "two\nlines", " "]),
}
ODD = st.sampled_from(["", " ", "A", "-", "0", "10", "1.0", "1e3", "NaN", "1,000", "-5", "+5", "٣", "2016-02-30", "31/07/2016", "yes", "P", "a-", "a\n", "Infinity", "2016-7-1", "0x1", "1_0", "20160731", "long enough to be refused"])  # fmt: skip


@st.composite
def table(draw: st.DrawFn) -> tuple[list[list[str]], bool]:
    """A table, and whether something odd was put into it."""
    rows = [[draw(GOOD[n]) for n in NAMES] for _ in range(draw(st.integers(0, 4)))]
    odd = draw(st.integers(0, 3)) if rows else 0
    for _ in range(odd):
        rows[draw(st.integers(0, len(rows) - 1))][draw(st.integers(0, len(NAMES) - 1))] = draw(ODD)
    headers = [
        NAMES,
        NAMES,
        NAMES,
        NAMES[::-1],
        NAMES[:-1],
        [*NAMES, "more"],
        [*NAMES[:-1], "id"],
        ["", *NAMES],
    ]
    header = draw(st.sampled_from(headers))
    if rows and draw(st.integers(0, 5)) == 0:
        rows[-1] = draw(st.sampled_from([[], [""], [""] * len(NAMES), rows[-1][:-1], [*rows[-1], "more"]]))
        odd += 1
    return [header, *rows], bool(odd)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("gate")


@settings(
    max_examples=examples(200), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(table(), st.sampled_from([["id"], ["id", "n"], ["n"], ["x", "d"]]))
def test_a_table_that_frictionless_refuses_is_refused(
    folder: Path, made: tuple[list[list[str]], bool], key: list[str]
) -> None:
    rows, odd = made
    path = folder / "t.csv"
    with path.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    told = {"name": "t", "resources": [{"name": "t", "type": "table", "path": "t.csv", "encoding": "utf-8", "schema": {"fields": list(FIELDS), "primaryKey": key}}]}  # fmt: skip
    upstream = Upstream.from_descriptor(told, basepath=str(folder)).validate()
    _, problems = tables.read(path, "t.csv", Schema(FIELDS, tuple(key)))
    assert problems or upstream.valid
    if not odd and rows[0] == NAMES and upstream.valid:
        assert not problems  # what is plainly right is not refused


def upstream_refuses(descriptor: Path) -> bool:
    try:
        return not Upstream(str(descriptor)).validate().valid
    except Exception:
        return True


def problems_of(root: Path) -> tuple[Problem, ...]:
    return packages.read_all(root, config.load(root).packages)[1]


@cache
def of_the_real_packages() -> tuple[Problem, ...]:
    return problems_of(ROOT)


REAL = sorted(p.parent.name for p in (ROOT / "data_packages").glob("*/datapackage.json"))


@pytest.mark.parametrize("name", REAL)
def test_frictionless_and_the_check_agree_on_every_real_package(name: str) -> None:
    assert not upstream_refuses(ROOT / "data_packages" / name / "datapackage.json")
    assert not [p for p in of_the_real_packages() if p.file.startswith(f"data_packages/{name}/")]


BAD = sorted(p for p in (ROOT / "tests" / "bad").iterdir() if (p / "data_packages").is_dir())


def test_whatever_frictionless_refuses_among_the_broken_packages_the_check_refuses(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    refused = 0
    for case in BAD if is_thorough() else BAD[::3]:
        root = tmp_path / case.name
        copy_tiny(root)
        shutil.copytree(case, root, dirs_exist_ok=True)
        for name in (case / "remove.txt").read_text().split() if (case / "remove.txt").exists() else []:
            path = root / name
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        found = problems_of(root)
        touched = {p.name for p in (case / "data_packages").iterdir()}
        for descriptor in sorted(root.glob("data_packages/*/datapackage.json")):
            if descriptor.parent.name in touched and upstream_refuses(descriptor):
                refused += 1
                package = f"data_packages/{descriptor.parent.name}"
                assert [p for p in found if p.file.startswith(package)], (case.name, package)
        shutil.rmtree(root)
    assert refused > (20 if is_thorough() else 6)
    record_property("counted broken packages that frictionless refuses too", refused)


def changed(root: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    path = root / "data_packages" / "figures" / "datapackage.json"
    told = json.loads(path.read_text())
    change(told)
    path.write_text(json.dumps(told))
    return path


def of(told: dict[str, Any], name: str = "observations") -> dict[str, Any]:
    return next(r for r in told["resources"] if r["name"] == name)


def column(told: dict[str, Any], name: str, resource: str = "observations") -> dict[str, Any]:
    return next(f for f in of(told, resource)["schema"]["fields"] if f["name"] == name)


CHANGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "primary key of another column": lambda d: of(d)["schema"].update(primaryKey=["source"]),
    "primary key that is too short": lambda d: of(d)["schema"].update(primaryKey=["indicator", "area"]),
    "primary key of no column": lambda d: of(d)["schema"].update(primaryKey=["nothing"]),
    "primary key that is no list": lambda d: of(d)["schema"].update(primaryKey={"a": 1}),
    "no primary key": lambda d: of(d)["schema"].pop("primaryKey"),
    "foreign key that does not hold": lambda d: of(d)["schema"].update(foreignKeys=[{"fields": ["source"], "reference": {"resource": "indicators", "fields": ["id"]}}]),
    "foreign key to no resource": lambda d: of(d)["schema"].update(foreignKeys=[{"fields": ["indicator"], "reference": {"resource": "nothing", "fields": ["id"]}}]),
    "foreign key of no column": lambda d: of(d)["schema"].update(foreignKeys=[{"fields": ["nothing"], "reference": {"resource": "indicators", "fields": ["id"]}}]),
    "foreign key that is a number": lambda d: of(d)["schema"].update(foreignKeys=5),
    "licence without name and path": lambda d: d.update(licenses=[{}]),
    "licence that is a text": lambda d: d.update(licenses=["OGL"]),
    "licences that are a text": lambda d: d.update(licenses="OGL"),
    "licence whose name is a number": lambda d: d.update(licenses=[{"name": 3}]),
    "licence of a table": lambda d: of(d).update(licenses=[{}]),
    "contributor with a bad address": lambda d: d.update(contributors=[{"title": "A", "email": "nobody"}]),
    "source that is a text": lambda d: d.update(sources=["report"]),
    "created at no time": lambda d: d.update(created="yesterday"),
    "version that is a number": lambda d: d.update(version=1),
    "missing values": lambda d: of(d)["schema"].update(missingValues=["", "Table 1"]),
    "missing values that are a text": lambda d: of(d)["schema"].update(missingValues="x"),
    "missing values of a column": lambda d: column(d, "locator").update(missingValues=["Table 1"]),
    "longest text": lambda d: column(d, "locator")["constraints"].update(maxLength=3),
    "shortest text": lambda d: column(d, "locator")["constraints"].update(minLength=30),
    "unique": lambda d: column(d, "locator")["constraints"].update(unique=True),
    "pattern": lambda d: column(d, "locator")["constraints"].update(pattern="^[0-9]+$"),
    "pattern that is none": lambda d: column(d, "locator")["constraints"].update(pattern="("),
    "enum": lambda d: column(d, "locator")["constraints"].update(enum=["Table 2"]),
    "largest number": lambda d: column(d, "value").update(constraints={"maximum": 3}),
    "smallest number": lambda d: column(d, "value").update(constraints={"exclusiveMinimum": 1_000_000}),
    "required": lambda d: column(d, "value").update(constraints={"required": True}),
    "a constraint that is a text": lambda d: column(d, "locator")["constraints"].update(maxLength="a"),
    "format of dates": lambda d: column(d, "period_end").update(format="%d/%m/%Y"),
    "format of texts": lambda d: column(d, "locator").update(format="email"),
    "another type": lambda d: column(d, "value").update(type="string"),
    "no type that there is": lambda d: column(d, "value").update(type="figure"),
    "other words for true": lambda d: column(d, "sensitive", "indicators").update(trueValues=["false"], falseValues=["true"]),
    "a decimal comma": lambda d: column(d, "value").update(decimalChar=","),
    "columns in another order": lambda d: of(d)["schema"]["fields"].reverse(),
    "a column too many": lambda d: of(d)["schema"]["fields"].append({"name": "more", "type": "string"}),
    "a column twice": lambda d: of(d)["schema"]["fields"].append(column(d, "locator")),
    "a column without a name": lambda d: of(d)["schema"]["fields"].append({"type": "string"}),
    "a column too few": lambda d: of(d)["schema"]["fields"].pop(),
    "dialect": lambda d: of(d).update(dialect={"delimiter": ";"}),
    "dialect without header": lambda d: of(d).update(dialect={"header": False}),
    "dialect of another file": lambda d: of(d).update(dialect="dialect.json"),
    "dialect that is wrong": lambda d: of(d).update(dialect={"delimiter": 5}),
    "dialect of csv": lambda d: of(d).update(dialect={"csv": {"delimiter": ";"}}),
    "dialect of csv in csv": lambda d: of(d).update(dialect={"csv": {"csv": {"delimiter": ";"}}}),
    "dialect with comments": lambda d: of(d).update(dialect={"commentChar": "#"}),
    "dialect with rows of comments": lambda d: of(d).update(dialect={"commentRows": [2]}),
    "dialect with two header rows": lambda d: of(d).update(dialect={"headerRows": [1, 2]}),
    "dialect with a header in row 2": lambda d: of(d).update(dialect={"headerRows": [2]}),
    "dialect with rows that end in a semicolon": lambda d: of(d).update(dialect={"lineTerminator": ";"}),
    "dialect of a spreadsheet": lambda d: of(d).update(dialect={"excel": {"sheet": 2}}),
    "dialect with a word for nothing": lambda d: of(d).update(dialect={"nullSequence": "10"}),
    "schema with a reference": lambda d: of(d)["schema"].update({"$ref": "schema.json"}),
    "schema that is a reference": lambda d: of(d).update(schema={"$ref": "schema.json"}),
    "encoding of Western Europe": lambda d: of(d).update(encoding="iso-8859-1"),
    "no encoding": lambda d: of(d).pop("encoding"),
    "media type": lambda d: of(d).update(mediatype="application/vnd.ms-excel"),
    "profile of a table": lambda d: of(d).update(profile="https://example.invalid/profile.json"),
    "data in place of the path": lambda d: of(d).update(path=None, data=[{"indicator": "fig-one"}]),
    "path on another host": lambda d: of(d).update(path="https://example.invalid/observations.csv"),
    "path of a bucket": lambda d: of(d).update(path="s3://bucket/observations.csv"),
    "path with a wildcard": lambda d: of(d).update(path="data/*.csv"),
    "schema of another file": lambda d: of(d).update(schema="schema.json"),
    "schema of another host": lambda d: of(d).update(schema="https://example.invalid/schema.json"),
    "no schema": lambda d: of(d).pop("schema"),
    "encoding": lambda d: of(d).update(encoding="utf-16"),
    "format": lambda d: of(d).update(format="xlsx"),
    "number of bytes": lambda d: of(d).update(bytes=3),
    "checksum": lambda d: of(d).update(hash="sha256:" + "0" * 64),
    "number of rows": lambda d: of(d).update(rows=3),
    "data beside the path": lambda d: of(d).update(data=[]),
    "several paths": lambda d: of(d).update(path=["data/observations.csv", "data/breaks.csv"]),
    "compression": lambda d: of(d).update(compression="zip"),
    "name of a table that is a number": lambda d: of(d).update(name=3),
    "name of the package that is a number": lambda d: d.update(name=3),
    "profile of another host": lambda d: d.update({"$schema": "https://example.invalid/profile.json"}),
    "profile that is a number": lambda d: d.update({"$schema": 3}),
    "an old profile": lambda d: d.update(profile="fiscal-data-package"),
    "resources that are a table": lambda d: d.update(resources={}),
    "no resources": lambda d: d.update(resources=[]),
    "a resource that is a text": lambda d: d["resources"].append("observations"),
}  # fmt: skip


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """The tiny portal's settings and packages, which a check of packages needs."""
    return copy_tiny(tmp_path / "small")


@pytest.mark.parametrize("name", CHANGES)
def test_a_descriptor_that_says_something_false_is_refused(
    small: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("another host was asked")

    monkeypatch.setattr("requests.Session.request", never)
    changed(small, CHANGES[name])
    found = problems_of(small)
    assert found, "the check accepts it"
    assert all(p.file.startswith("data_packages/figures/") and p.message and p.fix for p in found)
    assert "Error" not in str(found)
    assert len(found) < 60


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.update(licenses=[{"name": "OGL-UK-3.0"}], homepage="https://example.org", keywords=["a"]),
        lambda d: column(d, "locator")["constraints"].update(maxLength=100, minLength=1),
        lambda d: of(d)["schema"].update(foreignKeys=[{"fields": ["indicator"], "reference": {"resource": "indicators", "fields": ["id"]}}]),
        lambda d: of(d).update(dialect={"delimiter": ",", "quoteChar": '"'}, description="Figures"),
        lambda d: of(d).update(dialect={"csv": {"delimiter": ",", "lineTerminator": "\r\n"}}, mediatype="text/csv"),
    ],
)  # fmt: skip
def test_what_a_package_may_add_is_accepted_by_both(
    small: Path, change: Callable[[dict[str, Any]], object]
) -> None:
    path = changed(small, change)
    assert not upstream_refuses(path)
    assert problems_of(small) == ()


def test_the_command_of_frictionless_and_the_check_agree(small: Path) -> None:
    def refused(descriptor: Path) -> bool:
        command = [sys.executable, "-m", "frictionless", "validate", str(descriptor), "--json"]
        return (
            subprocess.run(command, capture_output=True, check=False, cwd=descriptor.parent).returncode != 0
        )

    path = small / "data_packages" / "figures" / "datapackage.json"
    assert not refused(path)
    assert not problems_of(small)
    changed(small, CHANGES["foreign key that does not hold"])
    assert refused(path)
    assert problems_of(small)


# --- what passed before


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tables that frictionless is asked about, in a process that remembers none."""
    found: list[str] = []
    plain = validation.table_faults

    def watched(path: Path, *more: Any) -> Iterator[validation.ValidationError]:
        found.append(path.name)
        return plain(path, *more)

    monkeypatch.setattr(validation, "table_faults", watched)
    monkeypatch.setattr(Remembered, "_here", {})
    monkeypatch.delenv("CI", raising=False)
    return found


def forget(monkeypatch: pytest.MonkeyPatch, asked: list[str]) -> None:
    monkeypatch.setattr(Remembered, "_here", {})
    asked.clear()


def test_a_table_is_not_asked_about_twice(
    small: Path, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    problems_of(small)
    assert len(asked) > 20
    kept = small / "build" / "cache" / validation.FILE
    assert kept.is_file()
    forget(monkeypatch, asked)
    assert problems_of(small) == ()
    assert asked == []

    path = small / "data_packages" / "plan" / "data" / "updates.csv"
    path.write_text(path.read_text().replace("120 bicycles", "121 bicycles"))
    forget(monkeypatch, asked)
    problems_of(small)
    assert asked == ["updates.csv"]

    changed(small, lambda d: column(d, "locator", "breaks")["constraints"].update(maxLength=99))
    forget(monkeypatch, asked)
    problems_of(small)
    assert asked == ["breaks.csv"]


def test_a_table_is_asked_about_again_when_one_that_it_refers_to_changes(
    small: Path, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    key = [{"fields": ["indicator"], "reference": {"resource": "indicators", "fields": ["id"]}}]
    changed(small, lambda d: of(d)["schema"].update(foreignKeys=key))
    assert problems_of(small) == ()
    path = small / "data_packages" / "figures" / "data" / "indicators.csv"
    path.write_text(path.read_text().replace("Bicycle thefts", "Bicycles stolen"))
    forget(monkeypatch, asked)
    assert problems_of(small) == ()
    assert sorted(asked) == ["indicators.csv", "observations.csv"]


def test_continuous_integration_trusts_nothing_that_passed_before(
    small: Path, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    problems_of(small)
    count = len(asked)
    forget(monkeypatch, asked)
    monkeypatch.setenv("CI", "true")
    problems_of(small)
    assert len(asked) == count


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[1, 2]", b'{"a": 1}', b"[" * 9999, b"null"])
def test_a_damaged_memory_does_no_harm(
    small: Path, asked: list[str], content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = small / "build" / "cache" / validation.FILE
    kept.parent.mkdir(parents=True)
    kept.write_bytes(content)
    assert problems_of(small) == ()
    assert asked
    forget(monkeypatch, asked)
    problems_of(small)
    assert asked == []


def test_a_memory_that_cannot_be_written_does_no_harm(small: Path, asked: list[str]) -> None:
    (small / "build").write_text("no folder")
    assert problems_of(small) == ()
    assert asked


def test_a_table_that_was_refused_is_refused_again(small: Path, asked: list[str]) -> None:
    path = small / "data_packages" / "figures" / "data" / "observations.csv"
    path.write_text(path.read_text().replace(",161,", ",many,"))
    assert problems_of(small) == problems_of(small) != ()


@pytest.mark.parametrize("commas", [1, 2, 3, 6])
def test_a_table_whose_rows_all_end_in_more_commas_than_its_header_is_refused_each_time(
    small: Path, asked: list[str], commas: int
) -> None:
    """frictionless looked for the header in the first row that is as wide as most, and said nothing about the rows."""
    path = small / "data_packages" / "figures" / "data" / "observations.csv"
    header, *rows = path.read_text().splitlines()
    path.write_text("\n".join([header, *(row + "," * commas for row in rows)]))
    found = problems_of(small)
    assert len(found) == 1
    assert "empty rows, columns or cells at the end" in found[0].message
    assert problems_of(small) == found


def test_what_frictionless_alone_finds_in_a_table_is_told(
    small: Path, monkeypatch: pytest.MonkeyPatch, asked: list[str]
) -> None:
    monkeypatch.setattr(
        validation, "table_faults", lambda *_: iter([validation.ValidationError("blank-label", note="n")])
    )
    found = problems_of(small)
    assert found
    assert {p.message for p in found} == {"frictionless finds a mistake: n"}
    assert problems_of(small) == found


def test_without_frictionless_nothing_passes(tiny: Path) -> None:
    code = "import sys; sys.modules['frictionless'] = None; from portal.cli import commands; sys.exit(commands.main(sys.argv[1:]))"
    for command in ("check", "build"):
        done = subprocess.run(
            [sys.executable, "-c", code, "--project", str(tiny), command],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT / "scripts")},
        )
        assert done.returncode == PROBLEMS
        assert "frictionless, which checks every data package, is not installed" in done.stderr
        assert "make site" in done.stderr


def test_every_class_of_the_model_has_the_columns_of_its_table() -> None:
    for kind, name, spec in resources():
        columns = {f["name"] for f in spec["schema"]["fields"]}
        assert {f.name for f in dataclasses.fields(model_of(name, kind))} - {"part"} <= columns | {"part"}, (
            name
        )


def test_several_threads_validate_at_once_as_one_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The desk checks in several; frictionless keeps in one place for all of them whether it trusts a path."""
    monkeypatch.setattr(system, "trusted", False)  # the command of frictionless leaves it as it was told
    path = tmp_path / "t.csv"
    path.write_text("row\na\n")
    table = {"name": "t", "type": "table", "schema": {"fields": [{"name": "row", "type": "string"}]}}
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda _: list(validation.table_faults(path, table, {})), range(60)))
    finally:
        sys.setswitchinterval(before)
    assert found == [[]] * 60
    assert not system.trusted
