"""The documentation is a site on its own, and a plain mkdocs build publishes none of it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import yaml
from project import ROOT

CONFIG = ROOT / "docs.yml"
KINDS = {"tutorial", "how-to", "reference", "explanation"}


def run_mkdocs(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
    )


def test_the_docs_build_without_a_warning_and_without_other_hosts(tmp_path: Path) -> None:
    built = run_mkdocs("--quiet", "--config-file", str(CONFIG), "--site-dir", str(tmp_path / "docs"))
    assert built.returncode == 0, built.stderr
    pages = list((tmp_path / "docs").rglob("index.html"))
    assert len(pages) == len(list((ROOT / "docs").rglob("*.md")))
    for page in pages:
        loaded = re.findall(
            r"<(?:script|img|link)[^>]*(?:src|href)=\"?(https?://[^\"\s>]+)", page.read_text()
        )
        assert loaded == [], page


def test_a_plain_mkdocs_build_stops_and_names_the_right_command(tmp_path: Path) -> None:
    refused = run_mkdocs("--site-dir", str(tmp_path / "site"))
    assert refused.returncode != 0
    assert "run-make-site-instead" in refused.stdout + refused.stderr
    assert not (tmp_path / "site").exists()


def test_every_page_is_sorted_as_one_kind() -> None:
    pages = [path.relative_to(ROOT / "docs") for path in (ROOT / "docs").rglob("*.md")]
    assert {path.parts[0] for path in pages if len(path.parts) > 1} == KINDS
    assert [str(path) for path in pages if len(path.parts) == 1] == ["index.md"]


def test_the_home_page_links_every_page_except_the_decisions() -> None:
    linked = set(re.findall(r"\]\(([\w/-]+\.md)\)", (ROOT / "docs" / "index.md").read_text()))
    pages = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    assert linked == {page for page in pages if "/decisions/" not in page} - {"index.md"}


def test_the_docs_use_no_plugin_but_search() -> None:
    assert yaml.safe_load(CONFIG.read_text())["plugins"] == ["search"]


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) < 150
