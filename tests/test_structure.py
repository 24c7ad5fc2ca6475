"""Imports point one way, and modules stay small."""

import ast

import pytest
from project import ROOT

SOURCES = {p.stem: p for p in (ROOT / "scripts" / "portal").glob("*.py") if p.stem != "__init__"}
# Each module may import only from those before it.
ORDER = (
    "problems", "config", "periods", "text", "tables", "packages", "model", "rules", "disclosure", "measures", "findings",
    "drawings", "charts", "pictures", "views", "page", "plan_pages", "figure_pages", "pages", "words", "tree", "coverage", "verify", "site", "preview", "cli",
)  # fmt: skip
ONLY = {"frictionless": {"tables"}, "selectolax": {"verify"}, "jinja2": {"tree"}, "scipy": {"measures"}}


def imported(module: str) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(SOURCES[module].read_text())):
        if isinstance(node, ast.Import):
            names |= {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module == "portal":
            names |= {f"portal.{a.name}" for a in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def test_every_module_has_its_place() -> None:
    assert set(SOURCES) == set(ORDER)


@pytest.mark.parametrize("module", ORDER)
def test_imports_point_one_way(module: str) -> None:
    own = {n.split(".")[1] for n in imported(module) if n.startswith("portal.")}
    assert own <= set(ORDER[: ORDER.index(module)])


@pytest.mark.parametrize("library", ONLY)
def test_a_library_has_one_home(library: str) -> None:
    assert {m for m in SOURCES if any(n.split(".")[0] == library for n in imported(m))} == ONLY[library]


def test_verify_reads_finished_files_and_not_the_pipeline() -> None:
    assert {n for n in imported("verify") if n.startswith("portal")} == {"portal.problems"}


@pytest.mark.parametrize("module", ORDER)
def test_modules_stay_under_500_lines(module: str) -> None:
    assert len(SOURCES[module].read_text().splitlines()) < 500


def test_no_place_is_named_in_the_scripts() -> None:
    for path in (ROOT / "scripts" / "portal").rglob("*"):
        if path.suffix in (".py", ".json"):
            assert "lewisham" not in path.read_text().lower(), path
