"""The archived page of each release: its figures as they were, each with a citation and an address that stays."""

import csv
import io
from collections.abc import Mapping
from pathlib import Path

import pytest
from portal.charts import svg
from portal.site import building, staging
from project import first, make_project, set_site
from selectolax.lexbor import LexborHTMLParser, LexborNode
from test_releases import edit, release, revise

ADDRESS = "https://example.org/"
Files = Mapping[str, bytes]


def written(root: Path) -> Files:
    """Return what mkdocs is given: pages, whose tables are HTML already, and downloads."""
    settings, released = building.check(root)
    pictures = svg.Pictures(root / svg.LIBRARY)
    return staging.write_files(staging.plan_site(settings, released), pictures, lambda _, data: data).files


@pytest.fixture(scope="module")
def revised(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """Write the tiny portal after two releases; the second revised a figure and withheld another."""
    root = make_project(tmp_path_factory.mktemp("archived") / "tiny")
    set_site(root, address=ADDRESS)
    release(root, "2020 Q2")
    revise(root)
    edit(root, "murders,E09999999,2019-07-01,2020-06-30,,0,", "murders,E09999999,2019-07-01,2020-06-30,,,c")
    release(root, "2020 Q3", reason="Two were found.")
    return written(root)


def page(files: Files, path: str) -> LexborHTMLParser:
    return LexborHTMLParser(files[f"{path}/index.md"].decode())


def row(files: Files, release: str, slug: str) -> LexborNode:
    return first(page(files, f"releases/{release}/figures"), f"tr#{slug}")


def test_each_release_keeps_its_figures_and_their_citation(revised: Files) -> None:
    then, now = (" ".join(row(revised, r, "thefts").text().split()) for r in ("2020-q2", "2020-q3"))
    assert "161 [p]" in then
    assert "163" in now
    assert "161" not in now
    assert "12 months to June 2020: 161 offences (provisional, " in then
    assert "Release 2020 Q2, " in then
    assert then.endswith("https://example.org/releases/2020-q2/figures/#thefts")


def test_pages_of_now_lead_to_each_release_and_back(revised: Files) -> None:
    figure = page(revised, "figures/thefts")
    found = [a.attributes["href"] for a in figure.css("a") if "/figures/#" in str(a.attributes["href"])]
    assert found == ["../../releases/2020-q3/figures/#thefts", "../../releases/2020-q2/figures/#thefts"]
    assert first(row(revised, "2020-q2", "thefts"), "th a").attributes["href"] == "../../../figures/thefts/"
    assert "(../../releases/2020-q2/figures/index.md)" in page(revised, "releases/2020-q2").text()
    line = first(page(revised, "releases/2020-q2"), ".cite__line").text()
    assert "Release 2020 Q2, " in line
    assert line.endswith(f" {ADDRESS}releases/2020-q2/")


def test_every_row_has_the_files_of_its_figures_and_as_many_as_it_says(revised: Files) -> None:
    for name in ("2020-q2", "2020-q3"):
        start = f"releases/{name}/"
        slugs = {p.removeprefix(start)[:-4] for p in revised if p.startswith(start) and p.endswith(".csv")}
        rows = page(revised, f"{start}figures").css("tbody tr[id]")
        assert {str(r.attributes["id"]) for r in rows} == slugs - {"changes"}
        for found in rows:
            cell = first(found, "td[data-label=Download]")
            assert all(str(a.attributes["href"]).removeprefix("../../../") in revised for a in cell.css("a"))
            text = revised[f"{start}{found.attributes['id']}.csv"].decode()
            assert cell.text().startswith(f"{len(list(csv.DictReader(io.StringIO(text))))} figure")


def test_what_is_withheld_now_is_not_on_the_page_of_an_earlier_release(revised: Files) -> None:
    """It was the newest figure of its indicator, which the page showed then: a count of 0."""
    then = row(revised, "2020-q2", "murders")
    assert first(then, "td[data-label='Newest figure then']").text().startswith("[c]")
    assert ": 0" not in first(then, "td.whole").text()
