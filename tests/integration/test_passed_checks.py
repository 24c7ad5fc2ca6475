"""Files that passed the checks are not checked again, and anything that changes about them brings the checks back."""

import json
from datetime import date
from pathlib import Path

import pytest
from portal.core import periods
from portal.core.problems import PortalError
from portal.core.remembered import Remembered
from portal.core.settings import load
from portal.site import building, passed_checks
from portal.site.passed_checks import FILE

TABLE = "data_packages/recorded/data/observations.csv"


@pytest.fixture
def memory(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file with what passed; this process remembers nothing, and it is not continuous integration."""
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(Remembered, "_here", {})
    cache = tiny / "build" / "cache"
    cache.unlink()  # the folder that the tests share
    cache.mkdir()
    return cache / FILE


def warned(project: Path) -> list[str]:
    whole = building.project(project)
    building.allowed(whole)
    return [w.name for w in building.warnings(whole)]


def told_apart(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace the remembered warnings, so that a test sees whether they are used."""
    found = json.loads(memory.read_text())
    marked = {k: [{"file": "x", "name": f"remembered {k.partition(' ')[2]}"}] for k in found}
    memory.write_text(json.dumps(marked))
    monkeypatch.setattr(Remembered, "_here", {})


def test_the_same_files_are_checked_once(tiny: Path, memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = warned(tiny)
    kinds = {k.partition(" ")[2] for k in json.loads(memory.read_text())}
    assert kinds == {"", "cleared", "small counts"}
    assert warned(tiny) == first
    told_apart(memory, monkeypatch)
    assert warned(tiny) == ["remembered ", "remembered small counts"]


@pytest.mark.parametrize(
    "changed", [TABLE, "site_src/portal.toml", "mkdocs.yml", "data_packages/releases/datapackage.json"]
)
def test_a_byte_more_brings_every_check_back(
    tiny: Path, memory: Path, monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    first = warned(tiny)
    told_apart(memory, monkeypatch)
    path = tiny / changed
    path.write_bytes(path.read_bytes() + b"\n")
    try:
        assert warned(tiny) == first
    except PortalError as error:  # an empty row at the end of a table is a problem
        assert changed == TABLE
        assert "observations.csv" in str(error)


def test_another_day_brings_them_back(tiny: Path, memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = warned(tiny)
    told_apart(memory, monkeypatch)
    monkeypatch.setattr(periods, "today", lambda: date(2030, 1, 1))
    assert not [name for name in warned(tiny) if name.startswith("remembered")]
    assert first is not None


def test_continuous_integration_trusts_nothing_remembered(
    tiny: Path, memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = warned(tiny)
    told_apart(memory, monkeypatch)
    monkeypatch.setenv("CI", "true")
    assert warned(tiny) == first


def test_files_that_changed_while_they_were_checked_are_not_remembered(tiny: Path, memory: Path) -> None:
    settings = load(tiny)
    before = passed_checks.mark(settings)
    path = tiny / TABLE
    path.write_bytes(path.read_bytes().replace(b"rec-abuse", b"rec-abuse", 1) + b"\n")
    passed_checks.remember(settings, before, ())
    assert passed_checks.warnings(settings, before) is None
    assert not memory.exists()


@pytest.mark.parametrize(
    "text", ["", "[]", '{"%s": 7}', '{"%s": [{"file": "x", "unknown": 1}]}', '{"%s": ["x"]}']
)
def test_a_damaged_file_is_as_good_as_none(
    tiny: Path, memory: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    first = warned(tiny)
    memory.write_text(text.replace("%s", passed_checks.mark(load(tiny))))
    monkeypatch.setattr(Remembered, "_here", {})
    assert warned(tiny) == first


def test_what_fails_is_never_remembered(tiny: Path, memory: Path) -> None:
    path = tiny / TABLE
    path.write_text(
        path.read_text().replace(
            "rec-abuse,E05999992,2019-01-01,2019-12-31,,c", "rec-abuse,E05999992,2019-01-01,2019-12-31,12,"
        )
    )
    for _ in range(2):
        with pytest.raises(PortalError, match="anybody can work out"):
            warned(tiny)
