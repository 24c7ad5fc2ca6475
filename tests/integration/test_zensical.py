"""Zensical, the successor of the theme, makes the same site of the same tree; what differs is in docs/explanation/renderers.md.

These tests need Zensical and fail without it: a move that nobody tries becomes impossible unseen.
"""

import json
import re
import shutil
import tomllib
from importlib import metadata
from pathlib import Path
from urllib.parse import urldefrag, urljoin

import pytest
from portal.checks import rules
from portal.cli import commands
from portal.cli.arguments import PROBLEMS
from portal.core.problems import PortalError
from portal.site import build_inputs, building, publishing, renderers, rendering
from project import ROOT, make_project, tree_of
from selectolax.lexbor import LexborHTMLParser
from test_attacks import ATTACKS, attacked

pytestmark = pytest.mark.thorough

Both = dict[str, dict[str, bytes]]
# What either theme brings for itself; no page of ours loads its scripts.
THEMES = ("assets/javascripts/", "assets/stylesheets/", "assets/images/favicon.png")


def quiet(step: str) -> None:
    pass


def both(root: Path, kept: Path) -> Both:
    """The files of a project's site as each renderer makes it."""
    found = {}
    for name in renderers.RENDERERS:
        live = building.build(root, quiet, renderer=name).folder
        assert publishing.intact(live) == ()
        found[name] = tree_of(Path(shutil.copytree(live, kept / name)))
    return found


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Both:
    """The tiny site as each renderer makes it, with a public address below that of another site."""
    folder = tmp_path_factory.mktemp("both")
    root = make_project(folder / "tiny")
    settings = root / "site_src" / "portal.toml"
    told = settings.read_text().replace("[site]", '[site]\naddress = "https://www.example.org/safer/"')
    settings.write_text(told)
    return both(root, folder)


def pages(files: dict[str, bytes]) -> dict[str, LexborHTMLParser]:
    return {name: LexborHTMLParser(data.decode()) for name, data in files.items() if name.endswith(".html")}


def words(page: LexborHTMLParser, part: str) -> str:
    return " ".join(node.text(separator=" ").strip() for node in page.css(part)).strip()


def links(name: str, page: LexborHTMLParser) -> list[str]:
    """Where the links of a page lead, however they are written, but for the theme's own link to skip, which is hidden."""
    here = f"https://here.example/safer/{name.removesuffix('index.html')}"
    told = [urldefrag(urljoin(here, n.attributes["href"] or "")) for n in page.css("a[href]:not(.md-skip)")]
    return [f"{t.url.removesuffix('.')}#{t.fragment}" for t in told]


def test_the_version_that_is_tried_is_the_one_that_is_pinned() -> None:
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    assert f"zensical=={renderers.PINNED}" in groups["dev"]
    assert metadata.version("zensical") == renderers.PINNED


def test_every_page_says_the_same_and_leads_to_the_same_places(sites: Both) -> None:
    usual, other = (pages(sites[name]) for name in renderers.RENDERERS)
    assert len(usual) > 50
    assert usual.keys() == other.keys()
    for name, page in usual.items():
        twin = other[name]
        for part in ("article", "title", "header.top", "aside.first", "footer", ".history"):
            assert words(page, part).split() == words(twin, part).split(), (name, part)
        assert links(name, page) == links(name, twin), name
        ids = [[n.attributes["id"] for n in p.css("[id]")] for p in (page, twin)]
        assert ids[0] == ids[1], name


def test_the_same_is_said_to_those_who_cannot_see_a_page(sites: Both) -> None:
    """Marks for screen readers, what a shared link shows, and the policy."""
    usual, other = (pages(sites[name]) for name in renderers.RENDERERS)
    for name, page in usual.items():
        told = [
            [
                *(n.attributes.get("aria-current") for n in p.css("header a")),
                *((n.attributes.get("name"), n.attributes.get("content")) for n in p.css("meta[name]")),
                *((n.attributes.get("property"), n.attributes.get("content")) for n in p.css("meta[property]")),
                *(n.attributes.get("content") for n in p.css("meta[http-equiv]")),
                *(n.attributes.get("href") for n in p.css("link[rel=canonical]")),
                *(n.attributes.get("lang") for n in p.css("html, article")),
                len(p.css("script")),
                *(n.text() for n in p.css("script[type]")),
            ]
            for p in (page, other[name])
        ]  # fmt: skip
        assert told[0] == told[1], name


def test_every_other_file_is_the_same_but_those_of_the_theme(sites: Both) -> None:
    usual, other = (
        {n: d for n, d in sites[r].items() if not n.startswith((*THEMES, "pagefind/")) and not n.endswith((".html", ".pdf"))}
        for r in renderers.RENDERERS
    )  # fmt: skip
    assert usual.keys() - other.keys() == {"sitemap.xml.gz"}
    assert other.keys() - usual.keys() == set()
    assert {n for n, d in other.items() if usual[n] != d} == {
        "sitemap.xml",
        "manifest.json",
        "open-data/site.zip",
    }
    addresses = [re.findall("<loc>(.+)</loc>", files["sitemap.xml"].decode()) for files in (usual, other)]
    assert sorted(addresses[0]) == sorted(addresses[1])


def test_the_search_knows_the_same_pages(sites: Both) -> None:
    counts = [
        json.loads(sites[name]["pagefind/pagefind-entry.json"])["languages"]["en"]["page_count"]
        for name in renderers.RENDERERS
    ]
    assert counts[0] == counts[1] > 30


def test_two_builds_are_the_same_bytes(tiny: Path) -> None:
    first = tree_of(building.build(tiny, quiet, renderer="zensical").folder)
    assert tree_of(building.build(tiny, quiet, fresh=True, renderer="zensical").folder) == first


def test_attacks_in_tables_stay_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = make_project(tmp_path / "tiny")
    attacked(root, ATTACKS)
    others = {n: r for n, r in rules.RULES.items() if n not in ("markup", "formulas")}
    monkeypatch.setattr(rules, "RULES", others)
    usual, other = (pages(files) for files in both(root, tmp_path).values())
    for name, page in usual.items():
        assert words(page, "article").split() == words(other[name], "article").split(), name
        assert words(page, "title") == words(other[name], "title"), name


def test_a_site_of_the_other_renderer_is_another_site(built: Path) -> None:
    assert build_inputs.fingerprint(built) == build_inputs.fingerprint(built, renderers.USUAL)
    assert build_inputs.fingerprint(built) != build_inputs.fingerprint(built, "zensical")
    assert building.build(built, quiet, renderer="zensical").new
    assert not building.build(built, quiet, renderer="zensical").new
    assert building.build(built, quiet).new


def test_a_broken_link_is_told_with_its_page_and_stops_the_build(built: Path) -> None:
    before = (built / "build" / "site").readlink()
    page = built / "site_src" / "pages" / "about" / "index.md"
    page.write_text("# About\n\n[nowhere](nowhere/index.md)\n")
    with pytest.raises(PortalError) as caught:
        building.build(built, quiet, renderer="zensical")
    problem = caught.value.problems[0]
    assert (problem.code, problem.file) == ("zensical", "(made) about/index.md")
    assert problem.row
    assert "does not exist" in problem.message
    assert (built / "build" / "site").readlink() == before


def test_a_broken_theme_is_told(built: Path) -> None:
    with (built / "site_src" / "theme" / "main.html").open("a") as theme:
        theme.write("{{ broken( }}")
    with pytest.raises(PortalError, match=r"main\.html"):
        building.build(built, quiet, renderer="zensical")


def test_what_is_left_out_is_told(tmp_path: Path) -> None:
    laid = rendering.StagedSite(("index.md", "a/index.md"), {"a/x.csv": 1, "a/y.csv": 2}, "2020")
    (tmp_path / "index.html").touch()
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "y.csv").write_text("1")
    lost = [p.file for p in renderers._lost(laid, tmp_path)]
    assert lost == ["(made) a/index.md", "(made) a/x.csv", "(made) a/y.csv"]


def test_without_zensical_the_problem_says_how_to_get_it(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(renderers, "find_spec", lambda name: None)
    assert commands.main(["--project", str(tiny), "build", "--renderer", "zensical"]) == PROBLEMS
    assert f"pip install zensical=={renderers.PINNED}" in capsys.readouterr().err
    assert not (tiny / "build" / "site").exists()
