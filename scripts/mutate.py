"""Measure how many small faults the tests notice: change one operator or constant at a time and run the tests.

Run `python scripts/mutate.py [COUNT] [SEED]`. It draws COUNT mutants of each of the rooms `analysis`, `disclosure` and
`releases` (50 by default) with a fixed seed, and applies each to a copy of the code in a temporary folder. The working
tree is not changed. The score and the mutants that survived are written to docs/reference/mutations.md.

First it runs each room's quick tests once and records which test runs which line. A mutant then meets only the tests
that run its line, the quickest first, for at most 6 seconds of tests, and none whose fixtures take longer. It is killed if
one of them fails, or if they take far longer than without it. A mutant whose line no quick test runs survives. Some
survivors are equivalent to the original, and some are killed by slower tests.

It needs `fork`: every mutant runs in a child of a process that has loaded the libraries already.
"""

import ast
import os
import pickle
import random
import resource
import shutil
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "docs" / "reference" / "mutations.md"
# The quick tests of each room: files and folders in tests/.
TESTS = {
    "analysis": ("unit/analysis", "integration/test_outcomes.py"),
    "disclosure": ("unit/disclosure",),
    "releases": ("unit/releases", "unit/desk/test_signing.py"),
}
_COUNT, _SEED = 50, 15
_MOST_SECONDS = 6  # of the tests that one mutant meets
_CPU_SECONDS = 120  # processor time for the tests of one mutant, besides five times what they need without it
_LOADED_BEFORE = (
    "frictionless",
    "hypothesis",
    "jinja2",
    "pandas",
    "pytest",
    "scipy.optimize",
    "scipy.stats",
    "yaml",
)
_SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip
_NAMES = {"min": "max", "max": "min", "any": "all", "all": "any"}


class Mutant(NamedTuple):
    """One change.

    `file` is below `scripts/portal`; `lines` are the first and last line to look for among the lines that tests run;
    `before` and `after` are the text of the expression; `code` is the whole file after the change.
    """

    file: str
    lines: tuple[int, int]
    before: str
    after: str
    code: str


class Baseline(NamedTuple):
    """What a room's tests do without a mutant.

    `seconds` is the processor time of each test by its id, `tests_of` the ids of the tests that run each line of each
    file, and `setups` the processor time of all fixtures of a test file, in seconds.
    """

    seconds: Mapping[str, float]
    tests_of: Mapping[str, Mapping[int, Collection[str]]]
    setups: Mapping[str, float]


def places(room: str) -> Iterator[tuple[Path, int]]:
    """Yield every place of a room that can be mutated, as its file and its number in that file."""
    for path in sorted((ROOT / "scripts" / "portal" / room).glob("*.py")):
        yield from ((path, n) for n, _ in enumerate(_places(ast.parse(path.read_text("utf-8")))))


def mutant(path: Path, number: int) -> Mutant:
    """Return the mutant of a file at one place."""
    tree = ast.parse(path.read_text("utf-8"))
    node = list(_places(tree))[number]
    before, end = ast.unparse(node), node.end_lineno or node.lineno
    statements = [s for s in ast.walk(tree) if isinstance(s, ast.stmt) and node in ast.walk(s)]
    start = max(s.lineno for s in statements)
    _mutate(node)
    name = path.relative_to(ROOT / "scripts" / "portal").as_posix()
    return Mutant(name, (start, end), before, ast.unparse(node), ast.unparse(tree))


def _places(tree: ast.AST) -> Iterator[ast.expr]:
    """Yield the expressions that can be mutated, in a fixed order.

    Those of decorators and of `strict=True` are left out: `frozen=False` changes nothing that a test could see.
    """
    settings = {id(n) for one in _settings(tree) for n in ast.walk(one)}
    for node in ast.walk(tree):
        if id(node) in settings:
            continue
        compares = isinstance(node, ast.Compare) and type(node.ops[0]) in _SWAPS
        operates = isinstance(node, ast.BinOp | ast.BoolOp) and type(node.op) in _SWAPS
        negates = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
        counts = isinstance(node, ast.Constant) and isinstance(node.value, bool | int)
        calls = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _NAMES
        if isinstance(node, ast.expr) and (compares or operates or negates or counts or calls):
            yield node


def _settings(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            yield from node.decorator_list
        elif isinstance(node, ast.keyword) and node.arg == "strict":
            yield node


def _mutate(node: ast.expr) -> None:
    match node:
        case ast.Compare():
            node.ops[0] = _SWAPS[type(node.ops[0])]()  # type: ignore[call-overload]
        case ast.BinOp() | ast.BoolOp():
            node.op = _SWAPS[type(node.op)]()  # type: ignore[assignment]
        case ast.UnaryOp():
            node.operand, node.op = ast.UnaryOp(ast.Not(), node.operand), ast.Not()
        case ast.Constant(value=bool()):
            node.value = not node.value
        case ast.Constant(value=int(number)):
            node.value = number + 1
        case ast.Call(func=ast.Name() as function):
            function.id = _NAMES[function.id]


class _Recorder:
    """A pytest plugin that notes the processor time of each test, and says to coverage which test is running.

    What a test's fixtures run belongs to every test of the file, because they can share a fixture.
    """

    def __init__(self, coverage: Any) -> None:
        self.coverage, self.since = coverage, 0.0
        self.seconds, self.setups = dict[str, float](), defaultdict[str, float](float)

    def pytest_runtest_setup(self, item: Any) -> None:
        """Note what the fixtures of a test run."""
        self.coverage.switch_context(item.nodeid.partition("::")[0])
        self.since = _processor_seconds()

    def pytest_runtest_call(self, item: Any) -> None:
        """Note the time of the fixtures for the file of the test, and what the test itself runs."""
        now = _processor_seconds()
        self.setups[item.nodeid.partition("::")[0]] += now - self.since
        self.since = now
        self.coverage.switch_context(item.nodeid)

    def pytest_runtest_teardown(self, item: Any) -> None:
        """Note the time of the test without its fixtures."""
        self.seconds[item.nodeid] = _processor_seconds() - self.since


def _processor_seconds() -> float:
    """Return the processor time of this process and those it has waited for: other programs do not change it."""
    return sum(os.times()[:4])


def baseline(room: str, folder: Path) -> Baseline | None:
    """Return what the quick tests of a room do in the copy of the code in `folder`; None if they fail."""
    result = folder / f"{room}.pickle"
    if _in_child(folder, lambda: _record(room, folder, result), None) != 0:
        return None
    found: Baseline = pickle.loads(result.read_bytes())  # noqa: S301 - written by our own child
    return found


def _record(room: str, folder: Path, result: Path) -> int:
    from coverage import Coverage  # noqa: PLC0415 - only here

    coverage = Coverage(data_file=None, include=[f"{folder}/scripts/portal/{room}/*"], config_file=False)
    recorder = _Recorder(coverage)
    coverage.start()
    code = _run_tests([f"tests/{name}" for name in TESTS[room]], recorder)
    coverage.stop()
    data = coverage.get_data()
    tests_of = {
        Path(name).relative_to((folder / "scripts" / "portal").resolve()).as_posix(): {
            line: {test for test in tests if test} for line, tests in data.contexts_by_lineno(name).items()
        }
        for name in data.measured_files()
    }
    result.write_bytes(pickle.dumps(Baseline(recorder.seconds, tests_of, recorder.setups)))
    return code


def tests_for(changed: Mutant, known: Baseline) -> list[str]:
    """Return the ids of the tests that run the lines of a mutant, up to `_MOST_SECONDS` in all.

    Files whose fixtures take longer than that are left out. Lines that run when the module is imported concern every
    test. A line that no quick test runs has none.
    """
    lines = known.tests_of.get(changed.file, {})
    first, last = changed.lines
    run = [tests for line, tests in lines.items() if first <= line <= last]
    names = {test for tests in run for test in tests}
    if run and not names:
        names = set(known.seconds)
    chosen = (t for t in known.seconds if t in names or t.partition("::")[0] in names)
    quick = (t for t in chosen if known.setups.get(t.partition("::")[0], 0) <= _MOST_SECONDS)
    ordered = sorted(quick, key=lambda test: known.seconds[test])
    until = accumulate(known.seconds[test] for test in ordered)
    return [test for test, seconds in zip(ordered, until, strict=True) if seconds <= _MOST_SECONDS]


def is_killed(changed: Mutant, folder: Path, known: Baseline) -> bool:
    """Return True if a quick test fails with the mutant in place of the original; `folder` holds the copy of the code."""
    tests = tests_for(changed, known)
    if not tests:
        return False
    path = folder / "scripts" / "portal" / changed.file
    original = path.read_text("utf-8")
    path.write_text(changed.code, "utf-8")
    limit = _CPU_SECONDS + 5 * int(sum(known.seconds[t] for t in tests))
    try:
        return _in_child(folder, lambda: _run_tests(tests), limit) != 0
    finally:
        path.write_text(original, "utf-8")


def _run_tests(tests: Sequence[str], *plugins: object) -> int:
    import pytest  # noqa: PLC0415 - loaded before the fork

    return int(pytest.main(["-n0", "-x", "-q", "-p", "no:cacheprovider", *tests], plugins=list(plugins)))


def _in_child(folder: Path, work: Any, cpu_seconds: int | None) -> int:
    """Return the exit code of work in a child process that uses the copy of the code; not 0 if it used too much time."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    code = 1
    try:
        if cpu_seconds:
            resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
        with Path(os.devnull).open("w") as nothing:
            os.dup2(nothing.fileno(), 1)
            os.dup2(nothing.fileno(), 2)
        os.chdir(folder)
        os.environ |= {"PYTHONPATH": str(folder / "scripts"), "PYTHONDONTWRITEBYTECODE": "1"}
        sys.path.insert(0, str(folder / "scripts"))
        sys.dont_write_bytecode = True
        code = work()
    finally:
        os._exit(code)


def report(chosen: Sequence[Mutant], survivors: Sequence[Mutant], total: int, seed: int) -> str:
    """Return the report in Markdown."""
    drawn, alive = (Counter(m.file.split("/")[0] for m in some) for some in (chosen, survivors))
    rows = [
        f"| `{r}` | {drawn[r]} | {drawn[r] - alive[r]} | {_percent(drawn[r] - alive[r], drawn[r])} | {', '.join(f'`{t}`' for t in TESTS[r])} |"
        for r in TESTS
    ]
    lines = [f"| `{m.file}` | {m.lines[1]} | `{_cell(m.before)}` | `{_cell(m.after)}` |" for m in survivors]
    killed = len(chosen) - len(survivors)
    return "\n".join([
        "# Mutations", "",
        "How many small faults the quick tests notice. Written by `scripts/mutate.py`; do not edit.", "",
        f"The tests killed {killed} of {len(chosen)} mutants ({_percent(killed, len(chosen))}), drawn from {total:,} with seed {seed}.",
        "A mutant that survives is not always a missing test: some are equivalent, and some are killed by slower tests.", "",
        "| Room | Mutants | Killed | Share | Tests |", "|---|--:|--:|--:|---|", *rows, "",
        "## Survivors", "", "| File | Line | Original | Mutant |", "|---|--:|---|---|", *lines, "",
    ])  # fmt: skip


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / max(whole, 1):.0f}%"


def _cell(code: str) -> str:
    return code.replace("|", "\\|").replace("`", "'").replace("\n", " ")


def copy_project(folder: Path) -> None:
    """Copy what the tests read into a folder."""
    for part in ("scripts", "tests", "site_src", "data_packages"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__", "build"))
    for part in ("mkdocs.yml", "pyproject.toml", "package.json", "package-lock.json"):
        shutil.copy(ROOT / part, folder / part)
    (folder / "node_modules").symlink_to((ROOT / "node_modules").resolve())


def main(count: int = _COUNT, seed: int = _SEED) -> None:
    """Draw `count` mutants of each room, test each and write the report."""
    for name in _LOADED_BEFORE:
        __import__(name)
    rng = random.Random(seed)  # noqa: S311 - a sample, not a secret
    everything = {room: list(places(room)) for room in TESTS}
    drawn = {r: [mutant(*p) for p in rng.sample(own, min(count, len(own)))] for r, own in everything.items()}
    chosen: list[Mutant] = []
    survivors: list[Mutant] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        copy_project(folder)
        known = {room: baseline(room, folder) for room in TESTS}
        # One of each room in turn, so that a run that is stopped early has measured all of them.
        for number in range(count):
            for room, mutants in drawn.items():
                without = known[room]
                if without is None:
                    sys.exit(f"The tests of {room} fail without a mutant.")
                if number >= len(mutants):
                    continue
                changed = mutants[number]
                killed = is_killed(changed, folder, without)
                chosen.append(changed)
                survivors += [] if killed else [changed]
                print(f"{len(chosen)} {'killed' if killed else 'SURVIVED'} {changed.file}:{changed.lines[1]} {changed.before} -> {changed.after}", flush=True)  # fmt: skip
                REPORT.write_text(
                    report(chosen, survivors, sum(map(len, everything.values())), seed), "utf-8"
                )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
