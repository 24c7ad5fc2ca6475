"""No mutation of an input gives a traceback, reads outside the project or touches the site in place."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from portal import config, packages, rules, site
from portal.problems import PortalError
from project import TINY, make_project

FILES = sorted(p.relative_to(TINY) for p in TINY.rglob("*") if p.suffix in (".csv", ".json", ".toml"))
QUIET = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
PIECES = st.one_of(
    st.binary(min_size=1, max_size=6),
    st.sampled_from([b",", b"\n", b'"', b"\0", b"\xff", b"{", b"}", b"[", b"null", b"1e999", b"NaN", b"-", b"../", b"\xef\xbb\xbf", b"2016-02-30", b"=1+1", b"<b>", "é".encode()]),
)  # fmt: skip


def checked(root: Path) -> None:
    """Read and check everything; only the one kind of error may come out."""
    try:
        site.check(root)
    except PortalError as error:
        assert error.problems
        assert all(p.file and p.message and p.fix for p in error.problems)


@contextmanager
def damaged(path: Path, content: bytes) -> Iterator[None]:
    """The file with other content, for as long as it is looked at."""
    good = path.read_bytes()
    try:
        path.write_bytes(content)
        yield
    finally:
        path.write_bytes(good)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_project(tmp_path_factory.mktemp("hostile") / "tiny")


@QUIET
@given(st.sampled_from(FILES), st.integers(0, 10_000), st.integers(0, 8), PIECES)
def test_any_damage_to_a_file_is_a_problem_or_harmless(
    project: Path, file: Path, at: int, cut: int, piece: bytes
) -> None:
    path = project / file
    good = path.read_bytes()
    at %= len(good)
    with damaged(path, good[:at] + piece + good[at + cut :]):
        checked(project)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda c: st.lists(c, max_size=3) | st.dictionaries(st.text(max_size=5), c, max_size=3),
    max_leaves=5,
)


@QUIET
@given(st.sampled_from([f for f in FILES if f.suffix == ".json"]), st.data())
def test_any_value_anywhere_in_a_descriptor_is_a_problem_or_harmless(
    project: Path, file: Path, data: st.DataObject
) -> None:
    path = project / file
    told = json.loads(path.read_text())
    place, key = _somewhere(told, data)
    place[key] = data.draw(JSON)
    with damaged(path, json.dumps(told).encode()):
        checked(project)


def _somewhere(told: object, data: st.DataObject) -> tuple[dict, object] | tuple[list, object]:  # type: ignore[type-arg]
    places = []

    def walk(value: object) -> None:
        for key, below in (
            value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        ):
            places.append((value, key))
            walk(below)

    walk(told)
    return data.draw(st.sampled_from(places))


@QUIET
@given(st.sampled_from([f for f in FILES if f.suffix == ".csv"]), st.data())
def test_any_text_in_any_cell_is_a_problem_or_harmless(
    project: Path, file: Path, data: st.DataObject
) -> None:
    path = project / file
    lines = path.read_text().splitlines()
    row = data.draw(st.integers(1, len(lines) - 1))
    cells = lines[row].split(",")
    cells[data.draw(st.integers(0, len(cells) - 1))] = data.draw(st.text(max_size=12))
    lines[row] = ",".join(cells)
    with damaged(path, ("\n".join(lines) + "\n").encode()):
        checked(project)


@pytest.mark.parametrize(
    "path",
    [
        "../../secret.csv",
        "/etc/passwd",
        "data/link.csv",
        "file:///etc/passwd",
        "http://127.0.0.1/x.csv",
        "data\\x.csv",
        "C:/x.csv",
        ["a", "b"],
        {"a": 1},
        None,
        "",
    ],
)
def test_no_file_is_read_outside_the_package(tiny: Path, path: object) -> None:
    secret = tiny.parent / "secret.csv"
    secret.write_text(
        "indicator,date,title,explanation,source,locator\nbikes,2018-01-01,SECRET,SECRET,report,x\n"
    )
    (tiny / "data_packages" / "figures" / "data" / "link.csv").symlink_to(secret)
    descriptor = tiny / "data_packages" / "figures" / "datapackage.json"
    told = json.loads(descriptor.read_text())
    next(r for r in told["resources"] if r["name"] == "breaks")["path"] = path
    descriptor.write_text(json.dumps(told))
    found, problems = packages.read_all(tiny, config.load(tiny).packages)
    assert "breaks" not in next(p for p in found if p.name == "figures").tables
    assert "not a file inside this package" in str(PortalError(problems))
    assert "SECRET" not in str(rules.check(found, config.load(tiny)))
