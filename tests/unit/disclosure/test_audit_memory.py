"""What the audit found is remembered only for exactly the same figures, and a damaged memory changes nothing."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from portal.core.problems import PortalError
from portal.core.remembered import Remembered
from portal.disclosure import audit, audit_memory
from portal.disclosure.audit import PublishedFigure

TOTAL = PublishedFigure("total", ("north", "south", "west"), 20, 20)
NORTH = PublishedFigure("north", ("north",), None, None, 5, under=5)
SOUTH = PublishedFigure("south", ("south",), None, None, 5, under=5)
WEST = PublishedFigure("west", ("west",), 12, 12)
TABLE = (TOTAL, NORTH, SOUTH, WEST)


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[PublishedFigure, ...]]:
    """The tables that are really audited, in a process that remembers none."""
    found: list[tuple[PublishedFigure, ...]] = []
    plain = audit.intervals

    def watched(published: tuple[PublishedFigure, ...], free: frozenset[str]) -> tuple[audit.Interval, ...]:
        found.append(tuple(published))
        return plain(published, free)

    monkeypatch.setattr(audit, "intervals", watched)
    monkeypatch.setattr(Remembered, "_here", {})
    monkeypatch.delenv("CI", raising=False)
    return found


def looked(
    published: tuple[PublishedFigure, ...], path: Path | None = None, free: str = ""
) -> tuple[audit.Interval, ...]:
    """Audit, and keep what was found for the next process."""
    memory = Remembered(path)
    try:
        return audit_memory.intervals(published, frozenset(free.split()), memory)
    finally:
        memory.keep()


def in_a_new_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Remembered, "_here", {})


def test_the_next_process_gets_the_same_answer_without_an_audit(
    tmp_path: Path, asked: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "cache" / "audited.json"
    first = looked(TABLE, file)
    assert [(i.published.key, i.least, i.greatest) for i in first] == [("north", 0, 8), ("south", 0, 8)]
    assert first[0].readings
    in_a_new_process(monkeypatch)
    assert looked(TABLE, file) == first
    assert (
        looked(tuple(replace(f, words=f"The {f.key}") for f in TABLE), file)[1].published.words == "The south"
    )
    assert len(asked) == 1


@pytest.mark.parametrize(
    "other",
    [
        (replace(TOTAL, low=21, high=21), NORTH, SOUTH, WEST),
        (replace(TOTAL, low=19), NORTH, SOUTH, WEST),
        (TOTAL, replace(NORTH, width=6), SOUTH, WEST),
        (TOTAL, replace(NORTH, under=9), SOUTH, WEST),
        (TOTAL, replace(NORTH, small=True), SOUTH, WEST),
        (TOTAL, replace(NORTH, low=3, high=3), SOUTH, WEST),
        (TOTAL, NORTH, SOUTH, replace(WEST, by_definition=True)),
        (replace(TOTAL, signs=(1, 1, -1)), NORTH, SOUTH, WEST),
        (replace(TOTAL, atoms=("north", "south")), NORTH, SOUTH, WEST),
        (TOTAL, NORTH, replace(SOUTH, atoms=("north",)), WEST),
        (TOTAL, NORTH, SOUTH),
        (TOTAL, SOUTH, NORTH, WEST),
    ],
)  # fmt: skip
def test_whatever_differs_is_audited_anew(
    other: tuple[PublishedFigure, ...], tmp_path: Path, asked: list[object]
) -> None:
    looked(TABLE, tmp_path / "audited.json")
    found = looked(other, tmp_path / "audited.json")
    assert len(asked) == 2
    assert [i.published for i in found] == [f for f in other if f.withheld]


def test_an_atom_that_may_be_negative_makes_another_table(tmp_path: Path, asked: list[object]) -> None:
    assert looked(TABLE, tmp_path / "audited.json") != looked(TABLE, tmp_path / "audited.json", "north")
    assert len(asked) == 2


@pytest.mark.parametrize(
    "damage",
    ["", "[]", "{", '{"a": ', "null", "text", '{"%": null}', '{"%": []}', '{"%": [[0, 8]]}', '{"%": [[0, 8, []]]}', '{"%": [["a", 8, []], [0, 8, []]]}', '{"%": 7}'],
)  # fmt: skip
def test_a_damaged_memory_is_no_memory(
    damage: str, tmp_path: Path, asked: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "audited.json"
    first = looked(TABLE, file)
    (digest,) = json.loads(file.read_text())
    file.write_text(damage.replace("%", digest))
    in_a_new_process(monkeypatch)
    assert looked(TABLE, file) == first
    assert len(asked) == 2
    assert list(json.loads(file.read_text())) == [digest]
    in_a_new_process(monkeypatch)
    assert looked(TABLE, file) == first
    assert len(asked) == 2, "what was damaged is replaced"


def test_continuous_integration_neither_reads_nor_writes_it(
    tmp_path: Path, asked: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "audited.json"
    looked(TABLE, file)
    monkeypatch.setenv("CI", "true")
    in_a_new_process(monkeypatch)
    before = file.read_bytes()
    looked(TABLE, file)
    looked((TOTAL, NORTH, SOUTH), file)
    assert len(asked) == 3
    assert file.read_bytes() == before


def test_a_contradiction_is_found_again_and_names_the_figures_as_they_are_called_now(
    tmp_path: Path, asked: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    impossible = (TOTAL, NORTH, SOUTH, replace(WEST, low=21, high=21))
    file = tmp_path / "audited.json"
    for _ in range(2):
        with pytest.raises(PortalError, match="cannot all be true"):
            looked(impossible, file)
        in_a_new_process(monkeypatch)
    assert len(asked) == 1
    with pytest.raises(PortalError, match="The whole borough"):
        looked((replace(TOTAL, words="The whole borough"), *impossible[1:]), file)
    assert len(asked) == 2
