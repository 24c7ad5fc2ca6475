"""Imports point one way, and modules stay small."""

import ast
from pathlib import Path

import pytest
from project import ROOT

FOLDER = ROOT / "scripts" / "portal"
SOURCES = {p.stem: p for p in FOLDER.glob("*.py") if p.stem != "__init__"}
IMPORTERS = {p.stem: p for p in (FOLDER / "importers").glob("*.py") if p.stem != "__init__"}
# Each module may import only from those before it.
ORDER = (
    "problems", "arguments", "significance", "forks", "disk", "periods", "text", "values", "inputs", "config", "gate", "damage", "tables", "descriptors", "packages", "citations", "plan_model", "model", "assembly", "places", "maps", "checked", "policy", "figure_rules", "plan_rules", "rules", "written_numbers", "doubts",
    "audit", "suppression", "left_out", "inference", "addends", "coincidence", "other_forms", "disclosure", "withholding", "protection", "archives", "differences", "reports", "releases", "rewriting", "mentions", "redaction", "exposure", "withdrawal", "embargo", "rollback", "history", "feed", "measures", "claims", "findings", "records", "bundles", "metadata", "api", "timeline", "drawings", "charts", "area_charts",
    "sparks", "chromium", "pictures", "sheets", "cards", "search", "progress", "plan_views", "views", "page", "redirects", "plan_pages", "local_pages", "release_pages", "figure_pages", "open_pages", "open_data", "pages", "words", "translations", "sandbox", "tree", "mkdocs_part", "render", "coverage",
    "verify", "publish", "headers", "reading", "renderers", "site", "release_words", "new", "preview", "cli",
)  # fmt: skip
# Importers are a side entrance: nothing of the build but the command imports them, and they know nothing of pages.
OF_IMPORTERS = ORDER[: ORDER.index("measures")]
ONLY = {
    "frictionless": {"gate"},
    "mkdocs": {"mkdocs_part"},
    "selectolax": {"verify", "headers", "reading", "search"},
    "jinja2": {"sandbox", "tree", "reports"},
    "lxml": {"importers.xlsx"},
    "odfdo": {"importers.ods", "importers.form_files"},
    "openpyxl": {"importers.xlsx", "importers.form_files"},
    "scipy": {"significance", "suppression", "audit"},
    "shapely": {"importers.boundaries", "importers.stop_and_search"},
}


def imported(module: str) -> set[str]:
    names: set[str] = set()
    path = FOLDER / f"{module.replace('.', '/')}.py"
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module in ("portal", "portal.importers"):
            names |= {f"{node.module}.{a.name}" for a in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def test_every_module_has_its_place() -> None:
    assert set(SOURCES) == set(ORDER)


@pytest.mark.parametrize("module", ORDER)
def test_imports_point_one_way(module: str) -> None:
    own = {n.split(".")[1] for n in imported(module) if n.startswith("portal.")}
    assert own - ({"importers"} if module == "cli" else set()) <= set(ORDER[: ORDER.index(module)])


@pytest.mark.parametrize("module", IMPORTERS)
def test_importers_know_nothing_of_pages(module: str) -> None:
    own = {n.split(".")[1] for n in imported(f"importers.{module}") if n.startswith("portal.")}
    assert own <= {*OF_IMPORTERS, "importers"}


@pytest.mark.parametrize("library", ONLY)
def test_a_library_has_one_home(library: str) -> None:
    modules = [*SOURCES, *(f"importers.{m}" for m in IMPORTERS)]
    assert {m for m in modules if any(n.split(".")[0] == library for n in imported(m))} == ONLY[library]


def test_verify_reads_finished_files_and_not_the_pipeline() -> None:
    assert {n for n in imported("verify") if n.startswith("portal")} == {"portal.forks", "portal.problems"}


@pytest.mark.parametrize("path", [*SOURCES.values(), *IMPORTERS.values()], ids=lambda p: p.stem)
def test_modules_stay_under_500_lines(path: Path) -> None:
    assert len(path.read_text().splitlines()) < 500


# What every portal shares. The pages, settings and packages of this one may say whose they are.
SHARED_PARTS = ("scripts", "site_src/templates", "site_src/theme", "site_src/assets", "site_src/synonyms.toml", "mkdocs.yml", "package.json")  # fmt: skip


def test_no_place_is_named_in_the_scripts_or_in_what_all_portals_share() -> None:
    """Not in the importers' maps either: they know labels of offences, and no label of a place."""
    found = [ROOT / part for part in SHARED_PARTS]
    files = [p for f in found for p in ([f] if f.is_file() else f.rglob("*")) if p.is_file()]
    texts = [p for p in files if "__pycache__" not in p.parts]
    assert len(texts) > 150
    for path in texts:
        assert "lewisham" not in path.read_text(encoding="utf-8").lower(), path
