"""Columns at once and frictionless, cell by cell, give the same verdict; frictionless is the oracle."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from portal import packages, quick, tables
from portal.tables import Schema
from project import ROOT

FIELDS: tuple[dict[str, Any], ...] = (
    {
        "name": "id",
        "type": "string",
        "constraints": {"required": True, "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$"},
    },
    {"name": "n", "type": "integer", "constraints": {"minimum": 1, "maximum": 9}},
    {"name": "x", "type": "number", "constraints": {"minimum": 0}},
    {"name": "d", "type": "date"},
    {"name": "b", "type": "boolean", "constraints": {"required": True}},
    {"name": "e", "type": "string", "constraints": {"enum": ["p", "r", "c"]}},
    {"name": "t", "type": "string"},
)
NAMES = [f["name"] for f in FIELDS]
GOOD: dict[str, st.SearchStrategy[str]] = {
    "id": st.sampled_from(["a", "b", "a-b", "9"]),
    "n": st.sampled_from(["", "1", "9", "01"]),
    "x": st.sampled_from(["", "0", "1.5", "100", "1.50"]),
    "d": st.sampled_from(["", "2016-07-31", "2020-02-29"]),
    "b": st.sampled_from(["true", "false"]),
    "e": st.sampled_from(["", "p", "c"]),
    "t": st.sampled_from(["", "text", "a, b", 'a "b"', "é", "two\nlines", " "]),
}
ODD = st.sampled_from(["", " ", "A", "-", "0", "10", "1.0", "1e3", "NaN", "1,000", "-5", "+5", "٣", "2016-02-30", "31/07/2016", "True", "1", "yes", "P", "a-", "a\n", "Infinity", "2016-7-1", "0x1", "1_0", "20160731"])  # fmt: skip


def problems(path: Path, key: tuple[str, ...]) -> list[Any]:
    """What frictionless and the rule about numbers find, whatever the columns at once say."""
    schema = Schema(FIELDS, key)
    rows, fault = tables.rows_of(path, "t.csv")
    if rows is None:
        return list(fault)
    table, _ = tables.read(path, "t.csv", schema)
    assert table
    told = tables._number_problems("t.csv", table.frame, schema)
    return [
        *told,
        *tables._row_problems(path, "t.csv", rows[0], schema),
        *tables._header_problems("t.csv", rows[0], schema.names),
    ]


@st.composite
def table(draw: st.DrawFn) -> tuple[list[list[str]], bool]:
    """A table, and whether something odd was put into it."""
    count = draw(st.integers(0, 4))
    rows = [[draw(GOOD[n]) for n in NAMES] for _ in range(count)]
    odd = draw(st.integers(0, 3)) if rows else 0
    for _ in range(odd):
        rows[draw(st.integers(0, count - 1))][draw(st.integers(0, len(NAMES) - 1))] = draw(ODD)
    header = draw(
        st.sampled_from([NAMES, NAMES, NAMES, NAMES[::-1], NAMES[:-1], [*NAMES, "more"], [*NAMES[:-1], "id"]])
    )
    if rows and draw(st.integers(0, 5)) == 0:
        rows[-1] = draw(st.sampled_from([[], [""], [""] * len(NAMES), rows[-1][:-1], [*rows[-1], "more"]]))
    return [header, *rows], bool(odd)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("quick")


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(table(), st.sampled_from([(), ("id",), ("id", "n"), ("n",), ("x", "d")]))
def test_both_give_the_same_verdict(
    folder: Path, made: tuple[list[list[str]], bool], key: tuple[str, ...]
) -> None:
    rows, odd = made
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    path = folder / "t.csv"
    path.write_text(out.getvalue(), newline="")
    read = list(csv.reader(io.StringIO(out.getvalue(), newline="")))
    found = problems(path, key)
    if quick.clean(read, FIELDS, key):
        assert not found
    elif not odd and rows[0] in (NAMES, NAMES[::-1]) and len({len(r) for r in read}) == 1:
        assert found  # what is plainly right is not sent to frictionless


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_the_ends_of_lines_make_no_difference(tmp_path: Path, ending: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(ending.join([",".join(NAMES), "a,1,2,2020-01-01,true,p,x", ""]), newline="")
    assert not problems(path, ("id",))
    assert tables.read(path, "t.csv", Schema(FIELDS, ("id",)))[1] == ()


def test_every_real_table_is_decided_at_once(
    monkeypatch: pytest.MonkeyPatch, record_property: Callable[[str, object], None]
) -> None:
    """And frictionless, asked all the same, finds nothing in them."""
    from portal import config  # noqa: PLC0415

    names = config.load(ROOT).packages
    verdicts: list[bool] = []
    plain = quick.clean
    monkeypatch.setattr(quick, "clean", lambda *told: verdicts.append(plain(*told)) or False)
    _, found = packages.read_all(ROOT, names)
    assert found == ()
    assert all(verdicts)
    record_property("counted tables that columns at once and frictionless agree on", len(verdicts))
