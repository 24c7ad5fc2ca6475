"""No mutation of an input gives a traceback, reads outside the project or touches the site in place."""

import csv
import json
import os
import re
import select
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from portal.checks import rules
from portal.cli import commands
from portal.cli.arguments import OK, PROBLEMS
from portal.core import input_files
from portal.core import settings as config
from portal.core.problems import PortalError
from portal.data import packages, tables
from portal.site import building, written_pages
from project import ROOT, TINY, examples, make_project

Count = Callable[[str, object], None]
FILES = sorted(
    p.relative_to(TINY)
    for folder in ("data_packages", "site_src")
    for p in (TINY / folder).rglob("*")
    if p.suffix in (".csv", ".json", ".toml")
)
QUIET = settings(
    max_examples=examples(20), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
PIECES = st.one_of(
    st.binary(min_size=1, max_size=6),
    st.sampled_from([b",", b"\n", b'"', b"\0", b"\xff", b"{", b"}", b"[", b"null", b"1e999", b"NaN", b"-", b"../", b"\xef\xbb\xbf", b"2016-02-30", b"=1+1", b"<b>", "é".encode()]),
)  # fmt: skip


def checked(root: Path) -> None:
    """Read and check everything; only the one kind of error may come out."""
    try:
        building.check(root)
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
    project: Path, record_property: Count, file: Path, at: int, cut: int, piece: bytes
) -> None:
    record_property("counted files damaged", 1)
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
    project: Path, record_property: Count, file: Path, data: st.DataObject
) -> None:
    record_property("counted descriptors damaged", 1)
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
@given(
    st.sampled_from([f for f in FILES if f.suffix == ".csv" and (TINY / f).read_text().count("\n") > 1]),
    st.data(),
)
def test_any_text_in_any_cell_is_a_problem_or_harmless(
    project: Path, record_property: Count, file: Path, data: st.DataObject
) -> None:
    record_property("counted cells damaged", 1)
    path = project / file
    lines = path.read_text().splitlines()
    row = data.draw(st.integers(1, len(lines) - 1))
    cells = lines[row].split(",")
    cells[data.draw(st.integers(0, len(cells) - 1))] = data.draw(st.text(max_size=12))
    lines[row] = ",".join(cells)
    with damaged(path, ("\n".join(lines) + "\n").encode()):
        checked(project)


@QUIET
@given(st.sampled_from([f for f in FILES if f.suffix == ".csv"]), st.data())
def test_any_header_is_a_problem_or_harmless(
    project: Path, record_property: Count, file: Path, data: st.DataObject
) -> None:
    record_property("counted headers damaged", 1)
    path = project / file
    first, _, rest = path.read_text().partition("\n")
    names = first.split(",")
    piece = st.sampled_from([*names, *(f" {n}" for n in names), *(n.upper() for n in names), "", "x", "1"])
    header = data.draw(st.one_of(st.permutations(names), st.lists(piece, max_size=len(names) + 2)))
    with damaged(path, f"{','.join(header)}\n{rest}".encode()):
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


# --- templates

TEMPLATES = {p.name: p.read_text() for p in sorted((ROOT / "site_src" / "templates").iterdir())}
STATEMENTS = (
    "{{ nothing }}", "{{ page.nothing.more }}", "{{ 1 / 0 }}", "{{ 'a' + 1 }}", "{{ page() }}", "{{ 9 ** 9 ** 9 }}", "{{ 'a' * 9999999999 }}",
    "{{ ['a'] * 9999999999 }}", "{{ '%9999999999d' % 1 }}", "{{ '{:>9999999999}'.format(1) }}", "{{ 'a'.center(9999999999) }}",
    "{% for i in range(9999999999) %}x{% endfor %}", "{{ lipsum(99999) }}", "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{% include '../../../../etc/passwd' %}", "{% include '/etc/passwd' %}", "{% include 'link.md.jinja' %}", "{% import 'nothing' as x %}",
    "{% extends '../portal.toml' %}", "{% include 'page.md.jinja' %}", "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ page.__init__.__globals__ }}", "{{ to.__globals__ }}", "{{ self._TemplateReference__context }}", "{{ cycler.__init__.__globals__.os.popen('id') }}",
    "{% set x = page %}{% set x.path = 'y' %}", "{{ sources.clear() }}", "{{ it.list.append(1) }}", "{% for a in page %}{% endfor %}",
    "{{ page|nofilter }}", "{% if %}", "{% for %}", "{{", "{% endblock %}", "{{ (" + "(" * 3000 + "1" + ")" * 3001 + " }}",
    "{% for a in 'x' %}" * 40 + "{% endfor %}" * 40, "{{ 'x' | attr('__class__') }}", "{{ 5 | round('x') }}", "{{ page | tojson }}", "{% do x %}", "\0", "{{ '\\ud800' }}",
)  # fmt: skip
# What is cut out of a template or put in twice: a tag of its own, or some letters.
TAG = re.compile(r"\{[{%].*?[%}]\}", re.DOTALL)


class Grower:
    """A process that grows pages with one template changed at a time."""

    def __init__(self, root: Path) -> None:
        self.root = root
        command = [sys.executable, str(ROOT / "tests" / "grown.py"), str(root)]
        self.child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def grow(self, file: str, text: str) -> list[list[object]]:
        """The problems that came up; anything worse fails the test."""
        assert self.child.stdin
        assert self.child.stdout
        self.child.stdin.write(json.dumps({"file": file, "text": text}) + "\n")
        self.child.stdin.flush()
        assert select.select([self.child.stdout], [], [], 60)[0], "it never ends"
        told = json.loads(self.child.stdout.readline())
        assert told["crash"] == ""
        assert told["outside"] == []
        for at, _, code, message, fix in told["problems"]:
            assert at
            assert code
            assert message
            assert fix
        return list(told["problems"])


@pytest.fixture(scope="module")
def grower(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grower]:
    root = make_project(tmp_path_factory.mktemp("templates") / "tiny")
    (root.parent / "secret").write_text("SECRET")
    made = Grower(root)
    made.grow(
        "help.md.jinja", TEMPLATES["help.md.jinja"]
    )  # it has checked the project by now, which refuses such links
    (root / "site_src" / "templates" / "link.md.jinja").symlink_to(root.parent / "secret")
    yield made
    made.child.kill()
    made.child.communicate()


@settings(QUIET, max_examples=examples(40))
@given(st.sampled_from(sorted(TEMPLATES)), st.data())
def test_any_damage_to_a_template_is_a_problem_or_harmless(
    grower: Grower, record_property: Count, file: str, data: st.DataObject
) -> None:
    record_property("counted templates damaged", 1)
    text = TEMPLATES[file]
    tags = [m.span() for m in TAG.finditer(text)] or [(0, 0)]
    start, end = data.draw(st.sampled_from(tags))
    start += data.draw(st.integers(0, end - start))
    piece = data.draw(st.sampled_from((*STATEMENTS, "", "{{ it", "|", "%}", ".", "(", "1", text[start:end])))
    grower.grow(file, text[:start] + piece + text[data.draw(st.sampled_from((start, end))) :])


@pytest.mark.parametrize("statement", STATEMENTS)
def test_what_a_template_must_not_do_is_a_problem_with_its_line(
    grower: Grower, statement: str, record_property: Count
) -> None:
    record_property("counted statements that templates must not use", 1)
    text = TEMPLATES["help.md.jinja"]
    found = grower.grow("help.md.jinja", f"{text}\n\n{statement}\n")
    if statement in ("\0", "{{ cycler.__init__.__globals__.os.popen('id') }}"):
        return
    assert len(found) == 1, found
    at, row, code, message, _ = found[0]
    assert code == "template"
    assert "SECRET" not in str(message)
    assert str(at).startswith("site_src/templates/"), found
    assert row in (0, text.count("\n") + 3) or not str(at).endswith("help.md.jinja"), found


def test_a_page_has_a_largest_size(grower: Grower) -> None:
    endless = "{% for a in it | string %}" * 4 + "{{ page }}" + "{% endfor %}" * 4
    assert "larger than any page may be" in str(grower.grow("help.md.jinja", f"# x\n{endless}"))


# --- formulas


@pytest.mark.parametrize(
    ("cell", "bad"),
    [
        ("=1+1", True), ("  =1+1", True), ("+44 20", True), ("@SUM(A1)", True), ("-1+cmd|' /C calc'!A0", True), ("\t=1", True), ("\rx", True),
        ("＝1+1", True), ("-x", True), ("-", True), ("-5", False), ("-5.5 ", False), ("- a list", False), ("-0.1 51.4 -0.2 51.5", False), ("a=b", False), ("", False), ("5", False),
    ],
)  # fmt: skip
def test_what_a_spreadsheet_runs_is_known(cell: str, bad: bool) -> None:
    assert rules.is_formula(cell) is bad


def test_the_name_of_a_breakdown_is_no_formula(tiny: Path) -> None:
    file = tiny / "data_packages" / "figures" / "datapackage.json"
    told = json.loads(file.read_text())
    told["portal"]["breakdowns"] = {"=cmd": "Kind"}
    file.write_text(json.dumps(told))
    with pytest.raises(PortalError, match="the column “=cmd” for a formula"):
        building.check(tiny)


def no_formulas(folder: Path) -> int:
    """How many cells the downloads in a folder have, none of which a spreadsheet runs."""
    cells = [
        (path, cell)
        for path in folder.rglob("*.csv")
        for row in csv.reader(path.open(newline=""))
        for cell in row
    ]
    assert [
        c for c in cells if c[1][:1] in tuple("=+-@\t\r") and not re.fullmatch(r"-?\d+(\.\d+)?|", c[1])
    ] == []
    return len(cells)


def test_no_download_has_a_formula(tiny_site: Path, real_site: Path, record_property: Count) -> None:
    assert no_formulas(tiny_site / "build" / "site") > 300
    found = no_formulas(real_site)
    assert found > 50_000
    record_property("counted cells of downloads that are no formulas", found)


# --- files that are too large, or none


def large(path: Path) -> None:
    with path.open("ab") as file:
        file.truncate(tables.LARGEST_FILE + 1)  # it has holes, and takes no room on the disk


@pytest.mark.parametrize("name", ["data/updates.csv", "datapackage.json"])
def test_a_file_that_is_too_large_is_not_read(
    tiny: Path, name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tiny / "data_packages" / "plan" / name
    large(path)
    opened = []

    def watched(self: Path, *given: object, **more: object) -> object:
        opened.append(self)
        return opening(self, *given, **more)

    opening: Callable[..., object] = Path.open
    monkeypatch.setattr(Path, "open", watched)
    for command in ("check", "build"):
        assert commands.main(["--project", str(tiny), command]) == PROBLEMS
        assert f"{name}\n  Found: The file has 100 MB. Files of more" in capsys.readouterr().err
    assert path not in opened


def test_what_is_no_file_is_not_waited_for(tiny: Path) -> None:
    path = tiny / "data_packages" / "plan" / "data" / "updates.csv"
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(PortalError, match="This is not a file"):
        building.check(tiny)


@pytest.mark.parametrize(
    "command",
    [
        "check",
        "import mps-ward FILE --source returns",
        "import boundaries FILE --source returns",
        "import table FILE --package plan --yes",
        "withdraw --list FILE --reason Why",
    ],
)
def test_a_pipe_in_place_of_any_file_is_not_waited_for(
    tiny: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tiny / "mkdocs.yml"
    if command != "check":
        path = tiny / "given.csv"
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    told = [str(path) if word == "FILE" else word for word in command.split()]
    assert commands.main(["--project", str(tiny), *told]) == PROBLEMS
    assert f"{path.name}\n  Found: This is not a file." in capsys.readouterr().err


def test_a_large_table_is_checked_in_little_memory(tiny: Path, record_property: Count) -> None:
    path = tiny / "data_packages" / "plan" / "data" / "updates.csv"
    words = "An officer spoke with people in the street. " * 40
    with path.open("a") as file:
        for n in range(3, 5_800):
            file.write(f"update-{n},priority-1,,2020-06-30,mention,Number {n},{words},report,Table 1\n")
    size = path.stat().st_size
    assert size > 10_000_000
    # On Linux, `ru_maxrss` of a new process begins with the memory of the one that started it. VmHWM does not.
    code = "import re, sys; from pathlib import Path; from portal.cli import commands; code = commands.main(sys.argv[1:]); print(code, *re.findall(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text()))"
    command = [sys.executable, "-c", code, "--project", str(tiny), "check"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    outcome, kilobytes = map(int, done.stdout.splitlines()[-1].split())
    assert outcome == OK, done.stderr
    assert kilobytes < 1_000_000
    record_property("counted kilobytes of memory for a table of 10 MB (max)", kilobytes)


# --- files that are none, links, and files that say what no file may say

PLACES = (
    "site_src/portal.toml", "site_src/synonyms.toml", "site_src/pages/about.md", "site_src/pages/new.md", "site_src/assets/css/new.css", "site_src/templates/help.md.jinja",
    "site_src/theme/new.html", "site_src/translations/so/help.md", "data_packages/plan/datapackage.json", "data_packages/plan/data/updates.csv", "data_packages/plan/data/spare.csv",
)  # fmt: skip


def a_pipe(path: Path, outside: Path) -> None:
    os.mkfifo(path)


def a_folder(path: Path, outside: Path) -> None:
    path.mkdir()


def a_socket(path: Path, outside: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        here = Path.cwd()
        os.chdir(path.parent)  # the name of a socket must be short
        try:
            one.bind(path.name)
        finally:
            os.chdir(here)


def a_device(path: Path, outside: Path) -> None:
    path.symlink_to("/dev/zero")


def a_circle(path: Path, outside: Path) -> None:
    path.symlink_to(path.name)


def a_link_to_nothing(path: Path, outside: Path) -> None:
    path.symlink_to("nothing-there")


def a_link_outside(path: Path, outside: Path) -> None:
    path.symlink_to(outside)


# Any other of the places may be a folder.
FILES_THAT_ARE_READ = (PLACES[0], PLACES[1], PLACES[8], PLACES[9])
HOSTILE = (a_pipe, a_folder, a_socket, a_device, a_circle, a_link_to_nothing, a_link_outside)


@pytest.mark.parametrize(
    ("place", "made"),
    [(p, m) for p in PLACES for m in HOSTILE if m is not a_folder or p in FILES_THAT_ARE_READ],
    ids=lambda told: told if isinstance(told, str) else told.__name__,
)
def test_what_is_no_plain_file_of_the_project_is_a_problem(
    tiny: Path, place: str, made: Callable[[Path, Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    path = tiny / place
    path.parent.mkdir(parents=True, exist_ok=True)
    outside = tiny.parent / "secret"
    outside.write_text("SECRET")
    path.unlink(missing_ok=True)
    made(path, outside)
    assert commands.main(["--project", str(tiny), "check"]) == PROBLEMS
    told = capsys.readouterr().err
    assert place in told
    assert "SECRET" not in told


@pytest.mark.parametrize("place", ["site_src/pages/more", "site_src/assets/more", "data_packages/plan/more", "data_packages/more"])  # fmt: skip
def test_a_folder_that_leads_outside_is_a_problem(tiny: Path, place: str) -> None:
    outside = tiny.parent / "outside"
    outside.mkdir()
    (outside / "secret.md").write_text("# SECRET")
    (tiny / place).symlink_to(outside)
    with pytest.raises(PortalError, match="points outside the project") as caught:
        building.check(tiny)
    assert any(p.file == place for p in caught.value.problems)


@pytest.mark.parametrize("place", ["site_src", "data_packages"])
def test_a_folder_of_the_project_that_lies_outside_is_not_read(tiny: Path, place: str) -> None:
    (tiny / place).rename(tiny.parent / "outside")
    (tiny / place).symlink_to(tiny.parent / "outside")
    with pytest.raises(PortalError, match="points outside the project"):
        building.check(tiny)


def test_a_link_inside_the_project_is_followed(tiny: Path) -> None:
    (tiny / "site_src" / "assets" / "same.css").symlink_to(
        next((tiny / "site_src" / "assets").rglob("*.css"))
    )
    building.check(tiny)


DEEP = 20_000


# Anchors (&) and aliases (*): nine lines that stand for 9 to the power of 8 values, and a list in a list, 60 times.
REPEATED_LISTS = b"a0: &a0 [x]\n" + b"".join(b"a%d: &a%d [%s]\n" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 9)) for n in range(1, 9))  # fmt: skip
REPEATED_SETTINGS = b"a0: &a0 {b: c}\n" + b"".join(b"a%d: &a%d {<<: [%s]}\n" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 9)) for n in range(1, 9))  # fmt: skip
LONG_CHAIN = b"a0: &a0 [x]\n" + b"".join(b"a%d: &a%d [*a%d]\n" % (n, n, n - 1) for n in range(1, 60))


@pytest.mark.parametrize(
    ("place", "content"),
    [
        ("site_src/portal.toml", b"a = " + b"[" * DEEP),
        ("site_src/portal.toml", b"a = " + b"[" * DEEP + b"]" * DEEP),
        ("site_src/portal.toml", b"[" + b".".join([b"a"] * DEEP) + b"]\nb = 1"),
        ("site_src/portal.toml", b"a = " + b"9" * 5000),
        ("site_src/portal.toml", b"a = " + b"9" * 400),
        ("site_src/portal.toml", b"a = 0x" + b"f" * 5000),
        ("site_src/portal.toml", b"a = 1e999"),
        ("site_src/portal.toml", b"a = nan"),
        ("site_src/portal.toml", b"\0"),
        ("site_src/portal.toml", b"a = '\xff'"),
        ("site_src/synonyms.toml", b"ignored = " + b"[" * DEEP),
        ("site_src/synonyms.toml", b"ignored = " + b"9" * 5000),
        ("site_src/pages/about.md", b"# \xff"),
        ("mkdocs.yml", b"a: " + b"[" * DEEP),
        ("mkdocs.yml", b"a: [1\nb: 2"),
        ("mkdocs.yml", b"a: \xff"),
        ("mkdocs.yml", b"a: \0"),
        ("mkdocs.yml", b"# " + b"a" * 1_000_001),
        ("mkdocs.yml", REPEATED_LISTS),
        ("mkdocs.yml", REPEATED_SETTINGS),
        ("mkdocs.yml", LONG_CHAIN),
        ("mkdocs.yml", b"a: &a [*a]"),
        ("mkdocs.yml", b"a: &a {b: {c: *a}}"),
        ("mkdocs.yml", b"a: *nowhere"),
        ("mkdocs.yml", b"a: {<<: 3}"),
        ("mkdocs.yml", b"a: {[1]: 2}"),
        ("mkdocs.yml", b"a: 2026-02-30"),
        ("mkdocs.yml", b"a: !!int word"),
        ("mkdocs.yml", b"a: !!bool word"),
        ("mkdocs.yml", b"a: !!timestamp word"),
        ("mkdocs.yml", b"a: !unknown 3"),
        ("mkdocs.yml", b"a: 1\n---\nb: 2"),
        ("mkdocs.yml", b"a: " + b"9" * 5000),
        ("mkdocs.yml", b"- a"),
        ("mkdocs.yml", b""),
        ("data_packages/plan/datapackage.json", b"[" * DEEP),
        ("data_packages/plan/datapackage.json", b'{"a":' * DEEP),
        ("data_packages/plan/datapackage.json", b'{"a":' * 100 + b"1" + b"}" * 100),
        ("data_packages/plan/datapackage.json", b'{"a": ' + b"9" * 5000 + b"}"),
        ("data_packages/plan/datapackage.json", b'{"a": ' + b"9" * 400 + b"}"),
        ("data_packages/plan/datapackage.json", b'{"a": 1e999}'),
        ("data_packages/plan/datapackage.json", b'{"a": NaN}'),
        ("data_packages/plan/datapackage.json", b'{"a": "\\ud800"}'),
        ("data_packages/plan/datapackage.json", b'{"\\u0000": 1}'),
        ("data_packages/plan/datapackage.json", b'{"a": "\0"}'),
        ("data_packages/plan/data/updates.csv", b"\0"),
        ("data_packages/plan/data/updates.csv", b"\xff\xfei\0d\0"),
        ("data_packages/plan/data/updates.csv", b"id\n" + b"9" * 200_000),
    ],
)  # fmt: skip
def test_what_no_file_may_say_is_one_problem(tiny: Path, place: str, content: bytes) -> None:
    path = tiny / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    with pytest.raises(PortalError) as caught:
        written_pages.read(config.load(tiny)) if path.suffix == ".md" else building.check(tiny)
    own = [p for p in caught.value.problems if p.file == place]
    assert len(own) == 1
    assert len(str(own[0])) < 600


@pytest.mark.parametrize(
    "more",
    [
        "extra: {a: &a [1, 2], b: *a, c: &c {d: 1}, e: {<<: *c}}",
        "extra: {a: !ENV HOME, b: !!python/name:os.getcwd }",
    ],
)
def test_settings_of_mkdocs_can_repeat_parts_and_use_the_tags_of_mkdocs(tiny: Path, more: str) -> None:
    with (tiny / "mkdocs.yml").open("a") as file:
        file.write(f"{more}\n")
    assert list(input_files.mkdocs_problems(tiny)) == []


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("theme: 3", "No theme name set"),
        ("theme: {name: nowhere}", "Unrecognised theme name"),
        ("plugins: [nowhere]", "not installed"),
        ("markdown_extensions: 3", "Invalid Markdown Extensions"),
        ("markdown_extensions: [{toc: {toc_depth: x}}]", "Failed to load extension 'toc'. ValueError"),
        ("extra_css: 3", "Expected type"),
        ("strict: maybe", "Expected type"),
        ("validation: {nav: {omitted_files: 3}}", "Sub-option 'omitted_files'"),
        ("hooks: [nowhere.py]", "isn't an existing file"),
        ("INHERIT: nowhere.yml", "does not exist"),
        ("unknown: 3", "Unrecognised configuration name"),
    ],
)
def test_a_setting_that_mkdocs_does_not_accept_stops_the_check(
    tiny: Path, setting: str, message: str
) -> None:
    path = tiny / "mkdocs.yml"
    settings_ = yaml.safe_load(path.read_text()) | yaml.safe_load(setting)
    path.write_text(yaml.safe_dump(settings_))
    with pytest.raises(PortalError) as caught:
        building.check(tiny)
    assert {p.file for p in caught.value.problems} == {"mkdocs.yml"}
    assert any(message in p.message for p in caught.value.problems)
    assert not [p for p in caught.value.problems if "File " in p.message]


def test_a_setting_that_only_a_template_reads_is_a_problem_with_its_template(tiny: Path) -> None:
    path = tiny / "mkdocs.yml"
    path.write_text(
        path.read_text().replace("  palette:\n    primary: custom\n    accent: custom", "  palette: 3")
    )
    with pytest.raises(PortalError, match=r"base\.html, line \d+.*\n.*setting in mkdocs\.yml"):
        building.build(tiny, lambda step: None)


@pytest.mark.parametrize(
    "name", ["con.md", "AUX", "nul.txt", "com1.csv", "lpt9", "a.", "a ", "a:b", "q?", "A.md"]
)
def test_a_name_that_windows_cannot_store_is_a_problem(tiny: Path, name: str) -> None:
    folder = tiny / "site_src" / "pages"
    folder.mkdir(exist_ok=True)
    (folder / "a.md").write_text("# A page\n")
    (folder / name).write_text("# Another page\n")
    with pytest.raises(PortalError, match="Windows") as caught:
        building.check(tiny)
    assert len(caught.value.problems) == 1


@pytest.mark.parametrize("name", ["con", "AUX", "../figures", "a/b", "a.", "", "figures ", "a\\b"])
def test_a_package_or_language_that_no_folder_can_be_called_is_a_problem(tiny: Path, name: str) -> None:
    path = tiny / "site_src" / "portal.toml"
    told = path.read_text().replace('packages = ["sources"', f'packages = [{json.dumps(name)}, "sources"')
    path.write_text(f"{told}\n[languages]\n{json.dumps(name)} = 'x'\n")
    with pytest.raises(PortalError, match="cannot be the name of a folder") as caught:
        config.load(tiny)
    assert {p.field for p in caught.value.problems} == {"packages", "languages"}


@pytest.mark.parametrize(
    ("settings_", "cells"),
    [
        ("javascript:alert(1)", "javascript:alert(1)"), ("data:text/html,x", "data:text/html,x"), ("http://example.org/", "http://example.org/"), ("https://user:pass@example.org/", "https://user@example.org/"),
        ("https://example.org/a b", "https://example.org/a b"), ("https://", "https://"), ("//example.org", "//example.org"), ("https://localhost/", "https://localhost"), ("https://127.0.0.1/", "https://1.2.3.4/"),
        ("https://exa_mple.org/", "https://-example.org/"), ("https://example..org/", "https://example.org/%zz"), ("https://example.org\n/", "https://example.org:x/"), ("https://example.org/#a", 'https://example.org/"'),
    ],
)  # fmt: skip
def test_what_is_no_https_address_is_never_linked(tiny: Path, settings_: str, cells: str) -> None:
    path = tiny / "site_src" / "portal.toml"
    good = path.read_text()
    word = json.dumps(settings_)
    told = re.sub(r"exit_to = .*", lambda _: f"exit_to = {word}\naddress = {word}\nlinks = [{word}]", good)
    path.write_text(told)
    with pytest.raises(PortalError) as caught:
        config.load(tiny)
    assert sorted(p.field for p in caught.value.problems) == ["site.address", "site.exit_to", "site.links"]
    path.write_text(good)
    routes = tiny / "data_packages" / "routes" / "data" / "routes.csv"
    quoted = '"' + cells.replace('"', '""') + '"'
    routes.write_text(routes.read_text().replace("https://example.org/form", quoted, 1))
    with pytest.raises(PortalError) as caught:
        building.check(tiny)
    assert {(p.row, p.field) for p in caught.value.problems} <= {(3, "url")} or "markup" in str(caught.value)
