"""mkdocs in two processes, which sees only the Markdown of a page, makes the bytes that plain mkdocs makes."""

import os
import shutil
import subprocess
import sys
import threading
import traceback
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown import Markdown
from portal.charts import charts
from portal.charts.grammar import Figure
from portal.core import processes
from portal.core.problems import PortalError
from portal.core.settings import load
from portal.pages import templates
from portal.pages.messages import ENGLISH
from portal.site import building, mkdocs_pages, rendering
from portal.site.rendering import StagedSite
from project import tree_of

# Each becomes a page of its own.
ELEMENTS = {
    "alone": "<table><tr><td>*a*\n\n# b\n\n[c](../)</td></tr></table>",
    "two in a block": "<div>\n<table><tr><td>a</td></tr></table>\n<table><tr><td>b &amp; c</td></tr></table>\n</div>\n\nMore.",
    "in a table": "<table><tr><td>\n<table><tr><td>a</td></tr></table>\n</td></tr></table>\n\nMore.",
    "in code": "```\n<table><tr><td>a</td></tr></table>\n```",
    "in code of another kind": "~~~\n<table><tr><td>a</td></tr></table>\n~~~",
    "in a paragraph": "Some words\n<table><tr><td>a *b*</td></tr></table>\nand more.",
    "a list in a list": "<ul>\n<li>a\n<ul>\n<li>*b*</li>\n</ul>\n</li>\n</ul>\n\nMore.",
    "one in another": "<details>\n<summary>a</summary>\n\n<dl>\n<dt>b</dt>\n\n</dl>\n</details>\n\n## More",
    "with words after it": "<aside>a</aside> *b*\n\n<nav>c</nav>\n- d\n- e",
    "in a list of Markdown": "- a\n\n<ul><li>b</li></ul>\n\n- c\n  <ul><li>d</li></ul>",
    "in an element of its kind": '<div class="a">\n<div>*b*</div>\n\n# c\n\n<div>d</div> </div> *e*\n\n<div>f</div>\n\n*g*',
    "with Markdown between elements of its kind": "<div>a</div>\n\n*b*\n\n<div>\n\n*c*\n\n</div>\n*d*",
    "with a tag in an attribute": '<div title="a > b </div>">*c*</div>\n\nMore *d*.',
    "with a tag in a comment": "<div><!-- </div> -->*a*</div>\n\nMore *b*.",
    "with a tag in upper case": "<div><DIV>*a*</DIV></div>\n\n<DIV>*b*</DIV>\n\n<div>*c*</DIV>\n\nMore *d*.",
    "with an end too many": "<div>*a*</div></div>\n\nMore *b*.\n\n</div>\n\n*c*",
    "with a table of Markdown after it": "<div>a</div>\n\n| a | b |\n|---|---|\n| *c* | d |",
    "with a name that only begins alike": "<details-x>*a*</details-x>\n\n<ul:x>*b*</ul:x>",
    "with the end of what is around it": "<p>\n<div></p>*a*</div>\n\n*b*\n\n<blockquote>\n<div>a</blockquote>\n\n*b*\n</div>\n",
    "with lines of spaces": "<div>\n    \n<pre>\n  \n</pre></div>",
    "in an attribute": '<img alt="\n<div>*a*</div>\n">\n\n*b*',
    "with half of an entity": "<div>R&#D;</div>\n\n*b*",
    "with a tab": "<div>\ta</div>\n\n*b*",
    "with a script that has no end": "<div><script></div>*a*\n\n*b*",
    "with a start on two lines": '<div\nclass="a">*b*</div>\n\n*c*',
    "empty": "<div/>\n\n*a*\n\n<div />*b*\n\n<div></div>",
    "indented inside": "<div>\n\n    <div>*a*</div>\n\n    *b*\n</div>\n    <div>c</div>",
    "with attributes of Markdown": "<div>a</div>\n{: #id }\n\nWords {: .b }",
    "without an end": "<table><tr><td>a</td></tr>\n\nMore.",
    "like a placeholder": '<table id="kept-0"></table>\n\n<table><tr><td>a</td></tr></table>',
    "with a link in Markdown": "<table><tr><td>a</td></tr></table>\n\n[home](../index.md)",
}


@pytest.fixture(scope="module")
def staged(tiny_site: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, StagedSite]:
    """A copy of the tiny portal whose `build/pages` also has one page for each of the elements."""
    root = tmp_path_factory.mktemp("staged") / "tiny"
    shutil.copytree(tiny_site, root, symlinks=True, ignore=shutil.ignore_patterns("site", "sites"))
    build = root / "build"
    for n, markdown in enumerate(ELEMENTS.values()):
        (build / "pages" / f"element-{n}").mkdir()
        (build / "pages" / f"element-{n}" / "index.md").write_text(f"# Element\n\n{markdown}\n")
    files = {
        p.relative_to(build / "pages").as_posix(): p for p in (build / "pages").rglob("*") if p.is_file()
    }
    pages = tuple(sorted(name for name in files if name.endswith("index.md")))
    sizes = {name: path.stat().st_size for name, path in files.items() if name not in pages}
    return root, StagedSite(pages, sizes, "2020")


@pytest.fixture(scope="module")
def plain(staged: tuple[Path, StagedSite], tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The site as plain mkdocs makes it."""
    root, site = staged
    made = tmp_path_factory.mktemp("plain") / "site"
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "-d", str(made), "-f", str(root / "build" / "mkdocs.yml")]  # fmt: skip
    subprocess.run(command, check=True, env={**os.environ, **rendering.environment(site)})
    return tree_of(made)


@pytest.mark.parametrize("workers", [1, 2])
def test_the_bytes_are_those_of_plain_mkdocs(
    staged: tuple[Path, StagedSite],
    plain: dict[str, bytes],
    workers: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(processes, "WORKERS", workers)
    monkeypatch.setattr(threading, "active_count", lambda: 1)
    monkeypatch.setattr(rendering, "_MANY", 10)
    root, site = staged
    environment = dict(os.environ)
    rendering.render(load(root), site, tmp_path / "site")
    assert os.environ == environment
    made = tree_of(tmp_path / "site")
    assert made.keys() == plain.keys()
    for n, kind in enumerate(ELEMENTS):
        assert made[f"element-{n}/index.html"] == plain[f"element-{n}/index.html"], kind
    assert [name for name in made if made[name] != plain[name]] == []
    assert list(tmp_path.iterdir()) == [tmp_path / "site"]


PARTS = (
    "<div>", "</div>", '<div class="a">', '<div title="</div>">', "<DIV>", "</DIV>", "<div/>", '<div id="kept-0"></div>',
    "<ul>", "</ul>", "<li>", "</li>", "<table>", "</table>", "<section>", "</section>", "<p>", "</p>", "<dl>\n\n<dt>a</dt>\n</dl>",
    "<details>\n<summary>a</summary>\n", "</details>", "<span>", "</span>", '<svg><title>a</title><path d="M0"/></svg>', "<br/>",
    "<!-- a -->", "<!--", "-->", "<style>", "</style>", "<pre>", "</pre>", "<textarea>", "</textarea>", "<h2>a</h2>", "<?php a ?>",
    "*a*", "# a", "## a", "- a", "1. a", "> a", "    ", "\t", "\n", "\n\n", "\n\n\n", "a", "---", "{: #a }", "[a](../)",
    "| a | b |\n|---|---|\n| c | d |", "`a`", "```\n", '"', "'", "<", ">", "&amp;", "\\",
)  # fmt: skip


@given(st.lists(st.sampled_from(PARTS), min_size=1, max_size=14).map("".join))
def test_markdown_without_its_elements_becomes_the_same_html(page: str) -> None:
    def converted(text: str) -> str:
        reader = Markdown(
            extensions=["attr_list", "tables", "toc"], extension_configs={"toc": {"toc_depth": "2-2"}}
        )
        return str(reader.convert(text))

    rest, elements = mkdocs_pages.without_elements(page)
    assert (mkdocs_pages.with_elements(converted(rest), elements) or converted(page)) == converted(page)


@pytest.mark.parametrize("line", ["<div>", "<div><!-- -->", "<ul>\n<div>"])
def test_the_time_to_take_elements_out_does_not_grow_with_their_square(line: str) -> None:
    """So many lines took half a minute when each start was searched for its end."""
    page = f"{line}\n" * 12_000
    assert mkdocs_pages.without_elements(page) == (page, [])


def test_with_settings_of_its_own_a_portal_gets_what_mkdocs_makes(built: Path) -> None:
    settings = built / "mkdocs.yml"
    settings.write_text(settings.read_text().replace("  - attr_list\n", "  - attr_list\n  - md_in_html\n"))
    page = built / "site_src" / "pages" / "about" / "index.md"
    page.write_text(page.read_text() + '\n<div markdown="1">\n*In Markdown*\n</div>\n')
    building.build(built, lambda step: None)
    assert "<em>In Markdown</em>" in (built / "build" / "site" / "about" / "index.html").read_text()


def test_an_error_in_a_drawing_is_not_blamed_on_the_template(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Figure:
        raise ZeroDivisionError("no width")

    for kind, functions in charts.CHARTS.items():
        if functions.draw:
            monkeypatch.setitem(charts.CHARTS, kind, functions._replace(draw=fail))
    with pytest.raises(ZeroDivisionError, match="no width"):
        building.build(built, lambda step: None, fresh=True)


def test_what_mkdocs_warns_about_stops_a_build(built: Path) -> None:
    page = built / "site_src" / "pages" / "about" / "index.md"
    page.write_text(page.read_text() + "\n[nowhere](nowhere.md)\n")
    before = (built / "build" / "site").readlink()
    with pytest.raises(PortalError) as caught:
        building.build(built, lambda step: None)
    (problem,) = caught.value.problems
    assert (problem.file, problem.code) == ("site_src", "mkdocs")
    assert "nowhere.md" in problem.message
    assert (built / "build" / "site").readlink() == before


def test_a_broken_theme_is_named(built: Path) -> None:
    with (built / "site_src" / "theme" / "main.html").open("a") as theme:
        theme.write("{{ broken( }}")
    with pytest.raises(PortalError, match=r"main\.html"):
        building.build(built, lambda step: None)


def test_projects_that_share_a_cache_compile_a_template_once_and_errors_name_their_own(
    tmp_path: Path,
) -> None:
    shared = tmp_path / "cache"
    shared.mkdir()

    def told(name: str, text: str) -> tuple[str, int]:
        """Return the file and line of the error that the template of a project ends in."""
        root = tmp_path / name
        (root / "build").mkdir(parents=True)
        (root / "build" / "cache").symlink_to(shared)
        path = root / templates.FOLDER / "x.md.jinja"
        path.parent.mkdir(parents=True)
        path.write_text(text)
        with pytest.raises(ZeroDivisionError) as caught:
            templates.environment(root, ENGLISH).get_template("x.md.jinja").render()
        last = traceback.extract_tb(caught.value.__traceback__)[-1]
        assert last.lineno
        return str(Path(last.filename).relative_to(root.resolve())), last.lineno

    own = f"{templates.FOLDER}/x.md.jinja"
    assert told("one", "a\n{{ 1 / 0 }}\n") == (own, 2)
    (kept,) = shared.iterdir()
    written = kept.stat().st_mtime_ns
    assert told("two", "a\n{{ 1 / 0 }}\n") == (own, 2)
    assert [kept.stat().st_mtime_ns] == [written]
    assert told("three", "{{ 1 / 0 }}\n") == (own, 1)  # another text under the same name
    assert list(shared.iterdir()) == [kept]
