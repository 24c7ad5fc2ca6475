"""Verification finds each fault of a built site by itself, and nothing in a site that has none."""

import json
from pathlib import Path

import pytest
from portal.site import verification
from portal.site.verification import DATA

PAGE = "<!doctype html><html><head><title>{title}</title>{head}</head><body><h1>Page</h1>{body}</body></html>"
EXIT = "https://exit.example/"


def page(body: str = "", head: str = "", title: str = "Page") -> str:
    """Return a page without faults, apart from what it is given."""
    return PAGE.format(body=body, head=head, title=title)


def site(folder: Path, files: dict[str, str]) -> Path:
    """Write a site that has a home page and a page `about/`, and these files."""
    for name, text in {"index.html": page(), "about/index.html": page('<i id="place"></i>'), **files}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def messages(folder: Path, address: str = "", words: tuple[str, ...] = ()) -> list[str]:
    """Return what verification finds; pages in `help/` are private."""
    found = verification.verify(folder, frozenset({EXIT}), words, address, ("help/",))
    assert all(p.code == "verify" and p.file.startswith("(built) ") and p.fix for p in found)
    return [p.message for p in found]


GOOD = {
    "a link to a page": '<a href="about/">x</a>',
    "a link to a file": '<a href="about/index.html">x</a>',
    "a redirect": '<meta http-equiv="refresh" content="0; url=about/">',
    "a link to a place": '<a href="about/#place">x</a>',
    "a link to a place on the same page": '<a id="here" href="#here">x</a>',
    "a link from the root": '<a href="/about/">x</a>',
    "a link out that is named": f'<a href="{EXIT}">x</a>',
    "a telephone number": '<a href="tel:999">x</a>',
    "an address of email": '<a href="mailto:a@b.example">x</a>',
    "a picture with a description": '<img src="a.svg" alt="x">',
    "a picture for decoration": '<img src="a.svg" alt="">',
    "our script": '<script src="assets/js/portal.js"></script>',
    "a chart with its table": '<figure class="chart"><figcaption>x</figcaption></figure><table></table>',
    "a question mark": '<a href="about/?q=1">x</a>',
    "encoded letters": '<a href="%61bout/">x</a>',
}


@pytest.mark.parametrize("kind", GOOD)
def test_what_is_right_has_no_fault(tmp_path: Path, kind: str) -> None:
    files = {"index.html": page(GOOD[kind]), "a.svg": "<svg/>", "assets/js/portal.js": ""}
    assert messages(site(tmp_path, files)) == []


BAD = {
    '<a href="https://other.example/">x</a>': "leads to another host that the packages do not name",
    '<a href="//other.example/">x</a>': "leads to another host that the packages do not name",
    f'<a href="{EXIT}more">x</a>': "leads to another host that the packages do not name",
    '<a href="javascript:x()">x</a>': "leads to another host that the packages do not name",
    '<a href="nowhere/">x</a>': "leads nowhere",
    '<a href="../../about/">x</a>': "leads nowhere",
    '<a href="about/#nothing">x</a>': "leads to a place that is not on that page",
    '<a href="#nothing">x</a>': "leads to a place that is not on that page",
    '<meta http-equiv="refresh" content="0; url=nowhere/">': "leads nowhere",
    '<img src="missing.svg" alt="">': "loads missing.svg, which is not there",
    '<img src="https://other.example/a.svg" alt="">': "from another host",
    '<img src="a.svg">': "has no alternative text",
    '<figure><img src="a.svg" alt=" "></figure>': "in a figure has an empty alternative text",
    '<picture><source srcset="https://other.example/a.svg 2x"></picture>': "from another host",
    '<script src="a.svg"></script>': "is not one of the site's",
    "<script>x()</script>": "inline script",
    f'<script type="{DATA}">{{}}</script>': "inline script",
    '<p onclick="x()">x</p>': "active attribute onclick",
    '<p style="color: red">x</p>': "style attribute",
    "<style>p { color: red }</style>": "inline style sheet",
    '<object data="a.svg"></object>': "<object>",
    "<form></form>": "<form>",
    "<h1>Another</h1>": "2 main headings",
    '<i id="a"></i><i id="a"></i>': "The id a appears twice",
    '<figure class="chart"><figcaption>x</figcaption></figure>': "no sentence or no table",
    '<figure class="chart"><figcaption> </figcaption></figure><table></table>': "no sentence or no table",
}


@pytest.mark.parametrize("body", BAD)
def test_each_fault_is_found(tmp_path: Path, body: str) -> None:
    (message,) = messages(site(tmp_path, {"index.html": page(body), "a.svg": "<svg/>"}))
    assert BAD[body] in message


def test_a_page_needs_a_title_and_a_heading(tmp_path: Path) -> None:
    found = messages(site(tmp_path, {"index.html": "<!doctype html><title> </title>"}))
    assert found == ["The page has no title.", "The page has 0 main headings."]


@pytest.mark.parametrize(
    ("data", "is_right"),
    [('{"a": "b"}', True), ("[]", False), ("{", False), ('{"a": "<b>"}', False), ('{"a": "b & c"}', False)],
)
def test_only_plain_data_can_be_a_script_in_the_head(tmp_path: Path, data: str, is_right: bool) -> None:
    script = f'<script type="{DATA}">{data}</script>'
    assert (messages(site(tmp_path, {"index.html": page(head=script)})) == []) == is_right


def test_links_from_the_root_are_read_below_the_public_address(tmp_path: Path) -> None:
    folder = site(tmp_path, {"index.html": page('<a href="/safer/about/">x</a>')})
    assert messages(folder, "https://www.example.org/safer/") == []
    assert "leads nowhere" in messages(folder, "https://www.example.org/")[0]


PRIVATE = {
    "its title": page(title="Domestic-abuse help"),
    "what a shared link shows": page(head='<meta property="og:title" content="Domestic abuse">'),
    "what a search engine shows": page(head='<meta name="description" content="domestic abuse">'),
    "a link to a place": page('<a id="domestic-abuse" href="#domestic-abuse">x</a>'),
}


@pytest.mark.parametrize("kind", PRIVATE)
def test_a_private_page_does_not_say_what_was_read(tmp_path: Path, kind: str) -> None:
    words = ("domestic abuse",)
    folder = site(tmp_path, {"help/index.html": PRIVATE[kind]})
    assert "gives away what was read" in " ".join(messages(folder, words=words))
    assert messages(folder, words=("hate",)) == []
    (folder / "help" / "index.html").rename(folder / "about" / "index.html")
    assert messages(folder, words=words) == [], "a page that is not private can say it"


def test_the_address_of_a_private_page_does_not_say_what_was_read(tmp_path: Path) -> None:
    folder = site(tmp_path, {"help/domestic-abuse/index.html": page()})
    assert messages(folder, words=("domestic abuse",)) == ["The address gives away what was read."]


def test_a_fault_of_many_pages_is_listed_once(tmp_path: Path) -> None:
    broken = page('<a href="/nowhere/">x</a>')
    folder = site(tmp_path, {f"{n}/index.html": broken for n in range(5)})
    (problem,) = verification.verify(folder, frozenset())
    assert problem.file == "(built) 0/index.html and 4 more pages"


def test_files_that_come_later_can_be_linked_to(tmp_path: Path) -> None:
    folder = site(tmp_path, {"index.html": page('<a href="later.pdf">x</a>')})
    pages = verification.read(folder)
    assert verification.verify(verification.listed(folder, pages, "later.pdf"), frozenset()) == ()
    assert len(verification.verify(verification.listed(folder, pages), frozenset())) == 1


def test_pages_that_nothing_links_to_are_listed(tmp_path: Path) -> None:
    moved = page(head='<meta http-equiv="refresh" content="0; url=../about/">')
    folder = site(
        tmp_path,
        {
            "index.html": page('<a href="about/#place">x</a>'),
            "about/index.html": page('<i id="place"></i><a href="../">x</a>'),
            "alone/index.html": page('<a href="./">itself</a>'),
            "old/index.html": moved,
            "404.html": page(),
            "data.json": json.dumps({}),
        },
    )
    assert messages(folder) == []
    assert verification.unlinked(verification.listed(folder, verification.read(folder))) == ("alone/",)
