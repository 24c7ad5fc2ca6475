"""Measure how many small faults the tests notice: change one operator or constant at a time and run the tests.

Run `python scripts/mutate.py [COUNT] [SEED]`. It draws COUNT mutants of the rooms `analysis`, `disclosure` and
`releases` (60 by default) with a fixed seed, applies each to a copy of the code in a temporary folder, runs that room's
quick tests against the copy, and writes the score with the mutants that survived to docs/mutations.md. The working
tree is not changed.

A mutant that makes a test fail, or that makes the tests take more than ten minutes, is killed. One that passes all
quick tests survives. Some survivors are equivalent to the original, and some are killed only by slower tests.
"""

import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "docs" / "mutations.md"
# The quick tests of each room.
TESTS = {
    "analysis": ("test_measures.py", "test_significance.py"),
    "disclosure": ("test_audit.py", "test_suppression.py", "test_disclosure_cases.py"),
    "releases": ("test_releases.py",),
}
# Modules whose only tests need a built site.
_LEFT_OUT = ("progress.py",)
_COUNT, _SEED, _SECONDS = 60, 15, 600
_SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip
_NAMES = {"min": "max", "max": "min", "any": "all", "all": "any"}


class Mutant(NamedTuple):
    """One change: the file below `scripts/portal`, the line, the text of the statement before and after, the whole file."""

    file: str
    line: int
    before: str
    after: str
    code: str


def places(room: str) -> Iterator[tuple[Path, int]]:
    """Yield every place of a room that can be mutated, as its file and its number in that file."""
    for path in sorted((ROOT / "scripts" / "portal" / room).glob("*.py")):
        if path.name in _LEFT_OUT:
            continue
        yield from ((path, n) for n, _ in enumerate(_places(ast.parse(path.read_text("utf-8")))))


def mutant(path: Path, number: int) -> Mutant:
    """Return the mutant of a file at one place."""
    tree = ast.parse(path.read_text("utf-8"))
    node = list(_places(tree))[number]
    before = ast.unparse(node)
    _mutate(node)
    name = path.relative_to(ROOT / "scripts" / "portal").as_posix()
    return Mutant(name, node.lineno, before, ast.unparse(node), ast.unparse(tree))


def _places(tree: ast.AST) -> Iterator[ast.expr]:
    """Yield the expressions that can be mutated, in a fixed order."""
    for node in ast.walk(tree):
        compares = isinstance(node, ast.Compare) and type(node.ops[0]) in _SWAPS
        operates = isinstance(node, ast.BinOp | ast.BoolOp) and type(node.op) in _SWAPS
        negates = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
        counts = isinstance(node, ast.Constant) and isinstance(node.value, bool | int)
        calls = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _NAMES
        if isinstance(node, ast.expr) and (compares or operates or negates or counts or calls):
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


def is_killed(changed: Mutant, folder: Path) -> bool:
    """Return True if a quick test fails with the mutant in place of the original; `folder` holds the copy of the code."""
    path = folder / "scripts" / "portal" / changed.file
    original = path.read_text("utf-8")
    path.write_text(changed.code, "utf-8")
    tests = [str(folder / "tests" / name) for name in TESTS[changed.file.split("/")[0]]]
    environment = os.environ | {"PYTHONPATH": str(folder / "scripts"), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-n0", "-x", "-q", "-p", "no:cacheprovider", *tests]
    try:
        code = -1
        while code < 0:  # something else ended the tests: try again
            code = subprocess.run(
                command, cwd=folder, env=environment, capture_output=True, timeout=_SECONDS, check=False
            ).returncode
    except subprocess.TimeoutExpired:
        return True
    finally:
        path.write_text(original, "utf-8")
    return code != 0


def report(chosen: list[Mutant], survivors: list[Mutant], total: int, seed: int) -> str:
    """Return the report in Markdown."""
    drawn, alive = (Counter(m.file.split("/")[0] for m in some) for some in (chosen, survivors))
    rows = [f"| `{r}` | {drawn[r]} | {drawn[r] - alive[r]} | {', '.join(TESTS[r])} |" for r in TESTS]
    lines = [f"| `{m.file}` | {m.line} | `{_cell(m.before)}` | `{_cell(m.after)}` |" for m in survivors]
    killed = len(chosen) - len(survivors)
    return "\n".join([
        "# Mutations", "",
        "How many small faults the quick tests notice. Written by `scripts/mutate.py`; do not edit.", "",
        f"The tests killed {killed} of {len(chosen)} mutants ({100 * killed / max(len(chosen), 1):.0f}%), drawn from {total:,} with seed {seed}.",
        "A mutant that survives is not always a missing test: some are equivalent, and some are killed by slower tests.", "",
        "| Room | Mutants | Killed | Tests |", "|---|--:|--:|---|", *rows, "",
        "## Survivors", "", "| File | Line | Original | Mutant |", "|---|--:|---|---|", *lines, "",
    ])  # fmt: skip


def _cell(code: str) -> str:
    return code.replace("|", "\\|").replace("`", "'").replace("\n", " ")


def main(count: int = _COUNT, seed: int = _SEED) -> None:
    """Draw `count` mutants, test each and write the report."""
    everything = [place for room in TESTS for place in places(room)]
    drawn = random.Random(seed).sample(everything, min(count, len(everything)))  # noqa: S311
    chosen = [mutant(path, number) for path, number in drawn]
    survivors: list[Mutant] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("scripts", "tests", "site_src", "data_packages"):
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__", "build"))
        for part in ("mkdocs.yml", "pyproject.toml"):
            shutil.copy(ROOT / part, folder / part)
        (folder / "node_modules").symlink_to((ROOT / "node_modules").resolve())
        for room in TESTS:
            if is_killed(Mutant(f"{room}/__init__.py", 0, "", "", ""), folder):
                sys.exit(f"The tests of {room} fail without a mutant.")
        for number, changed in enumerate(chosen, 1):
            killed = is_killed(changed, folder)
            survivors += [] if killed else [changed]
            print(f"{number}/{len(chosen)} {'killed' if killed else 'SURVIVED'} {changed.file}:{changed.line} {changed.before} -> {changed.after}", flush=True)  # fmt: skip
            REPORT.write_text(report(chosen[:number], survivors, len(everything), seed), "utf-8")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
