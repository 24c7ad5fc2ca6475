"""What others see when somebody shares a page, and the sheets in large print."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pikepdf
import pytest
from portal.site import building, pdf_sheets, social_images
from project import make_project, set_site
from selectolax.lexbor import LexborHTMLParser
from served import holding

ADDRESS = "https://safer.example/portal/"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny portal built with a public address."""
    root = make_project(tmp_path_factory.mktemp("shared") / "tiny")
    set_site(root, address=ADDRESS)
    return building.build(root, lambda step: None).folder.resolve()


def told(page: Path) -> dict[str, str]:
    """The Open Graph properties of a page."""
    metas = LexborHTMLParser(page.read_text()).css("head > meta[property]")
    return {str(n.attributes["property"]): str(n.attributes["content"]) for n in metas}


def size(png: Path) -> tuple[int, int]:
    head = png.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    return int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")


def test_a_page_about_figures_is_shared_with_its_finding_and_a_picture_of_its_chart(shared: Path) -> None:
    page = told(shared / "figures/thefts/index.html")
    caption = LexborHTMLParser((shared / "figures/thefts/index.html").read_text()).css_first("figcaption")
    assert caption is not None
    finding = caption.css_first(".chart__finding, .chart__headline")
    assert finding is not None
    assert page["og:description"] == finding.text().strip()
    assert page["og:url"] == f"{ADDRESS}figures/thefts/"
    assert page["og:image"] == f"{ADDRESS}figures/thefts/{social_images.NAME}"
    assert size(shared / "figures/thefts" / social_images.NAME) == (social_images.WIDTH, social_images.HEIGHT)
    assert size(shared / "figures/thefts" / social_images.NAME) == (
        int(page["og:image:width"]),
        int(page["og:image:height"]),
    )


def test_every_picture_that_a_page_names_is_there_and_no_other(shared: Path) -> None:
    named = set()
    for page in (p for p in shared.rglob("index.html") if "embed" not in p.relative_to(shared).parts):
        found = told(page)
        assert found["og:title"]
        assert found["og:image"].startswith(ADDRESS)
        named.add(urlsplit(found["og:image"]).path.removeprefix("/portal/"))
    assert named == {p.relative_to(shared).as_posix() for p in shared.rglob(social_images.NAME)}
    assert len(named) > 5


def test_a_page_that_helps_is_shared_as_if_it_were_the_site(shared: Path) -> None:
    pages = [shared / "help/index.html", *(shared / "report").rglob("index.html")]
    assert len(pages) > 3
    home = told(shared / "index.html")
    for page in pages:
        found = told(page)
        assert found["og:image"] == home["og:image"]
        assert found["og:description"] == home["og:description"]
        assert not re.search("abuse|hate|sexual", " ".join(found.values()), re.IGNORECASE), page


def test_without_an_address_no_picture_is_promised(real_site: Path) -> None:
    page = told(real_site / "figures/knife-crime/index.html")
    assert page["og:title"] == "Knife crime"
    assert "og:image" not in page
    assert not list(real_site.rglob(social_images.NAME))


def test_what_helps_people_in_need_is_there_in_large_print(real_site: Path) -> None:
    pages = [real_site / "help", *(p.parent for p in (real_site / "report").rglob("index.html"))]
    assert len(pages) > 8
    for page in pages:
        assert (page / pdf_sheets.LARGE).read_bytes().startswith(b"%PDF-")
        link = LexborHTMLParser((page / "index.html").read_text()).css_first(f'a[href="{pdf_sheets.LARGE}"]')
        assert link is not None
        assert link.text() == "This page in large print (PDF)"


def links(site: Path) -> set[str]:
    """Where the PDF files of a site lead, without fragments and without places in the same file."""
    found: set[str] = set()
    for path in site.rglob("*.pdf"):
        with pikepdf.open(path) as pdf:
            actions = [note.get("/A") for page in pdf.pages for note in page.get("/Annots", [])]
            found |= {str(a["/URI"]).partition("#")[0] for a in actions if a is not None and "/URI" in a}
    return found


def test_a_sheet_leads_to_the_published_site_and_never_into_the_folder_where_it_was_built(
    shared: Path, tiny_site: Path
) -> None:
    led = links(shared)
    assert f"{ADDRESS}report/emergency/" in led
    assert {a for a in led if a.startswith(ADDRESS)} <= {
        ADDRESS + p.parent.relative_to(shared).as_posix().removeprefix(".") + "/"
        for p in shared.rglob("index.html")
    } | {ADDRESS}
    assert {urlsplit(a).scheme for a in led} | {urlsplit(a).scheme for a in links(tiny_site)} <= {
        "https",
        "http",
        "tel",
        "mailto",
    }


@pytest.mark.browser
def test_a_sheet_is_printed_again_when_only_its_chart_changes(tmp_path: Path) -> None:
    """A figure that was taken back is in a chart and not in the page: the sheet of before would still show it."""
    site, cache = tmp_path / "site", tmp_path / "cache"
    (site / "assets/css").mkdir(parents=True)
    (site / "page").mkdir()
    (site / "page/index.html").write_text(
        '<!doctype html><html lang="en"><title>A page</title><h1>A page</h1><img src="../chart.svg?v=1" alt="">'
    )
    for number in (7_654_321, 7_123_456):
        (site / "chart.svg").write_text(
            f'<svg xmlns="http://www.w3.org/2000/svg" width="300" height="60"><text y="40">{number}</text></svg>'
        )
        assert pdf_sheets.print_all(site, {"page/large-print.pdf": "page/"}, cache) == []
        assert holding(site / "page", str(number))
    assert not holding(site / "page", "7654321")
    assert len([*cache.glob("*.pdf")]) == 2
