"""The Nu HTML Checker of the W3C finds no error of ours in any page.

It reads the same pages as test_every_page: in a thorough run all of them, else some of each kind.
"""

import json
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from project import ROOT
from test_every_page import addresses, chosen

CHECKER = ROOT / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"
# The frame that mkdocs-material writes before ours begins; nobody sees or reaches it.
THEME = ("Attribute “autocomplete” is only allowed when the input type is",)


def checked(folder: Path, pages: Sequence[Path]) -> list[str]:
    """The errors of some pages in a folder."""
    command = [
        "java",
        "-jar",
        str(CHECKER),
        "--format",
        "json",
        "--errors-only",
        "--skip-non-html",
        *map(str, pages),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    messages = json.loads(done.stderr)["messages"]
    return [f"{m['url'].rpartition(folder.name)[2]}: {m['message']}" for m in messages]


def test_no_page_has_an_error_of_ours(
    real_site: Path, record_property: Callable[[str, object], None]
) -> None:
    paths = chosen(addresses(real_site))
    pages = [real_site / path / ("" if path.endswith(".html") else "index.html") for path in paths]
    assert len(pages) > 110
    assert [e for e in checked(real_site, pages) if not any(t in e for t in THEME)] == []
    record_property("counted pages without an error of ours by the Nu HTML Checker", len(pages))


def test_the_checker_finds_what_is_wrong(tmp_path: Path) -> None:
    page = "<!doctype html><html lang=en><title>x</title><h1>x</h1><table><tr><td headers=nothing>x</table>"
    path = tmp_path / "index.html"
    path.write_text(page)
    assert any("headers" in e for e in checked(tmp_path, [path]))
