"""The Easy Read pages: every way to report and service in use, facts from the data only, short sentences, pictures."""

from pathlib import Path

import pytest
from browser import served
from playwright.sync_api import Browser
from portal.disclosure.clearing import ClearedContent
from portal.pages.easy_read import NEEDS, WAYS, EasyreadPage, easy_help, easy_report
from project import ROOT
from selectolax.lexbor import LexborHTMLParser

PAGES = ("report/easy-read/", "help/easy-read/")
PICTURES = ROOT / "site_src" / "assets" / "images" / "easy"


def contents(real: ClearedContent) -> tuple[EasyreadPage, EasyreadPage]:
    """The two pages, from the real data."""
    return easy_report("report/", real.content.routes), easy_help("help/", real.content.services)


def test_everything_in_use_is_there_once(real: ClearedContent) -> None:
    for page, rows in zip(contents(real), (real.content.routes, real.content.services), strict=True):
        shown = [c.about.id for part in page.parts for c in part.contacts]
        assert sorted(shown) == sorted(r.id for r in rows if r.state in ("current", "check-first"))


def test_what_is_said_about_a_contact_is_in_its_row(real: ClearedContent) -> None:
    for page in contents(real):
        for part in page.parts:
            for c in part.contacts:
                assert all(s in c.about.summary + " " + c.about.textphone for s in c.sentences)


def test_our_sentences_are_short() -> None:
    said = [s for *_, heading, sentences in (*WAYS, *NEEDS.values()) for s in (heading, *sentences)]
    assert max(len(s.split()) for s in said) <= 10
    assert all(s.count(",") + s.count(" and ") <= 1 for s in said)


@pytest.mark.parametrize("address", PAGES)
def test_every_part_has_a_picture_and_every_number_is_from_the_data(
    real: ClearedContent, real_site: Path, address: str
) -> None:
    html = LexborHTMLParser((real_site / address / "index.html").read_text())
    rows = html.css(".easy__row")
    assert len(rows) > 10
    for row in rows:
        (picture,) = row.css("img.easy__picture")
        assert picture.attributes["alt"] == "", "the words beside it say the same"
        assert (PICTURES / str(picture.attributes["src"]).rpartition("/")[2]).is_file()
        assert "".join(words.text() for words in row.css("p, li")).strip()
    known = {
        n.replace(" ", "") for c in (*real.content.routes, *real.content.services) for n in c.phone.split(";")
    }
    assert {str(a.attributes["href"]).removeprefix("tel:") for a in html.css("a[href^='tel:']")} <= known


def test_ordinary_pages_lead_there(real_site: Path) -> None:
    for page, address in (("", "report/easy-read/"), ("", "help/easy-read/"), ("report/", "easy-read/"), ("help/", "easy-read/"), ("report/police-101/", "report/easy-read/")):  # fmt: skip
        html = LexborHTMLParser((real_site / page / "index.html").read_text())
        assert html.css_first(f"article a[href$='{address}']"), page


@pytest.mark.browser
@pytest.mark.parametrize("address", PAGES)
@pytest.mark.parametrize("width", [320, 360, 1280])
def test_pictures_are_left_of_large_text(
    chromium: Browser, real_site: Path, address: str, width: int
) -> None:
    with served(real_site) as home, chromium.new_context(viewport={"width": width, "height": 800}) as context:
        page = context.new_page()
        page.goto(home + address)
        rows = page.evaluate("""() => [...document.querySelectorAll(".easy__row")].map((row) => {
          const [picture, text] = [...row.children].map((one) => one.getBoundingClientRect());
          return { beside: picture.right <= text.left && picture.top < text.bottom, size: parseFloat(getComputedStyle(row.querySelector("p")).fontSize) };
        })""")
        assert all(r["beside"] and r["size"] >= 22 for r in rows)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
