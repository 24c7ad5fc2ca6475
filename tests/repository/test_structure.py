"""Imports go one way between rooms and never in a circle, and modules stay small."""

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
from project import ROOT

FOLDER = ROOT / "scripts" / "portal"
SOURCES = {
    ".".join(p.relative_to(FOLDER).with_suffix("").parts): p
    for p in sorted(FOLDER.rglob("*.py"))
    if p.stem not in ("__init__", "__main__")
}
# Each room may import only from itself and from those before it. The architecture page draws the same order.
ROOMS = (
    "core", "data", "disclosure", "checks", "releases", "analysis", "quotes", "charts", "opendata", "pages", "site", "editing",
    "importers.shared", "importers.fetching", "importers.geography", "importers.police", "importers", "importers.spreadsheets", "desk", "cli",
)  # fmt: skip
# Importers are a side entrance: they know nothing of charts, pages and the site, which know nothing of them.
NOT_FOR_IMPORTERS = ("quotes", "charts", "opendata", "pages", "site", "editing", "desk", "cli")
ONLY = {
    "frictionless": {"data.validation"},
    "mkdocs": {"site.mkdocs_pages"},
    "pikepdf": {"site.accessible_pdf"},
    "pypdf": {"quotes.pdf_text"},
    "selectolax": {
        "desk.seeing",
        "quotes.documents",
        "site.verification",
        "site.headers",
        "site.parsed_pages",
        "site.pdf_sheets",
        "site.reading_age",
        "site.search_index",
    },
    "flask": {"desk.app", *(m for m in SOURCES if m.startswith("desk.") and m.endswith("_pages"))},
    "jinja2": {
        "desk.app",
        "pages.templates",
        "site.staging",
        "site.template_functions",
        "releases.change_report",
    },
    "babel": {"pages.messages"},
    "lxml": {"importers.shared.published_workbooks", "importers.spreadsheets.xlsx", "quotes.documents"},
    "odfdo": {"importers.spreadsheets.ods", "importers.spreadsheets.form_files"},
    "openpyxl": {
        "desk.painting",
        "importers.shared.published_workbooks",
        "importers.spreadsheets.xlsx",
        "importers.spreadsheets.form_files",
    },
    "pyproj": {"importers.geography.boundaries"},
    "xlsxwriter": {"opendata.workbook_files"},
    "scipy": {
        "analysis.significance",
        "disclosure.suppression",
        "disclosure.audit",
        "disclosure.whole_numbers",
    },
    "shapely": {
        "importers.geography.boundaries",
        "importers.geography.neighbourhoods",
        "importers.geography.surroundings",
        "importers.police.stop_and_search",
    },
    "waitress": {"desk.serving"},
}


def room(module: str) -> str:
    """The folder that a module is in."""
    return module.rpartition(".")[0]


@cache
def imported(module: str) -> set[str]:
    """Everything that a module imports, wherever in it."""

    def names() -> Iterator[str]:
        for node in ast.walk(ast.parse(SOURCES[module].read_text())):
            if isinstance(node, ast.Import):
                yield from (a.name for a in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                parts = [f"{node.module}.{a.name}" for a in node.names]
                yield from (p if p.removeprefix("portal.") in SOURCES else str(node.module) for p in parts)

    return set(names())


def imported_modules(module: str) -> set[str]:
    """The modules of the portal that a module imports."""
    return {n.removeprefix("portal.") for n in imported(module) if n.startswith("portal.")} & set(SOURCES)


def test_every_module_is_in_a_room() -> None:
    assert {room(m) for m in SOURCES} == set(ROOMS)
    assert len(list(FOLDER.glob("*.py"))) <= 8


@pytest.mark.parametrize("module", SOURCES)
def test_imports_go_one_way_between_rooms(module: str) -> None:
    rooms = {room(m) for m in imported_modules(module)}
    assert rooms <= set(ROOMS[: ROOMS.index(room(module)) + 1])
    if module.startswith("importers"):
        assert not rooms & set(NOT_FOR_IMPORTERS)
    elif room(module) not in ("desk", "cli"):
        assert not [r for r in rooms if r.startswith("importers")]


def test_no_modules_import_each_other_in_a_circle() -> None:
    try:
        TopologicalSorter({m: imported_modules(m) for m in SOURCES}).prepare()
    except CycleError as error:
        pytest.fail(f"circle: {' -> '.join(error.args[1])}")


@pytest.mark.parametrize("library", ONLY)
def test_a_library_has_one_home(library: str) -> None:
    assert {m for m in SOURCES if any(n.split(".")[0] == library for n in imported(m))} == ONLY[library]


def test_verification_reads_finished_files_and_not_the_pipeline() -> None:
    assert imported_modules("site.verification") == {"core.problems"}


@pytest.mark.parametrize("path", SOURCES.values(), ids=lambda p: p.stem)
def test_modules_stay_under_500_lines(path: Path) -> None:
    assert len(path.read_text().splitlines()) < 500


# What every portal shares. The pages, settings and packages of this one may say whose they are.
SHARED_PARTS = ("scripts", "site_src/templates", "site_src/theme", "site_src/assets", "site_src/synonyms.toml", "mkdocs.yml", "package.json")  # fmt: skip


def test_no_place_is_named_in_the_scripts_or_in_what_all_portals_share() -> None:
    """Not in the importers' maps either: they know labels of offences, and no label of a place."""
    found = [ROOT / part for part in SHARED_PARTS]
    files = [p for f in found for p in ([f] if f.is_file() else f.rglob("*")) if p.is_file()]
    texts = [p for p in files if "__pycache__" not in p.parts and p.suffix != ".woff2"]
    assert len(texts) > 150
    for path in texts:
        assert "lewisham" not in path.read_text(encoding="utf-8").lower(), path


def test_each_class_has_a_name_of_its_own() -> None:
    """Two classes with one name make readers ask which is meant; names that begin with _ stay in their module."""
    names: dict[str, list[str]] = {}
    for module, path in SOURCES.items():
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                names.setdefault(node.name, []).append(module)
    assert {name: modules for name, modules in names.items() if len(modules) > 1} == {}
