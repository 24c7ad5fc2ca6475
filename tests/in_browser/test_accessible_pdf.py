"""Printed pages meet PDF/UA-1: what Chromium leaves out is added, and nothing that a reader sees changes."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import page as validator
import pikepdf
import pytest
import validators
from portal.site import accessible_pdf, chromium, pdf_sheets
from pypdf import PdfReader

HARD = """<!doctype html><html lang="en-GB"><head><meta charset="utf-8"><title>Hard to tag</title>
<link rel="canonical" href="https://example.org/page/">
<style>ul { list-style-type: "– " } td { border: 1px solid } h2 { background: #def; border-top: 2px solid }</style></head>
<body><h1 id="top">Hard to tag</h1><h2>Lines and backgrounds</h2>
<p>One <strong>strong</strong> and one <em>stressed</em> word, <button>pressed</button>,
<a href="../words/#term" role="button">a word that explains itself</a>, and
<a href="../other/">a link that needs more than one line, since it says at length where it goes and why anyone
would want to go there at all</a>, <a href="#top">back to the top</a>, <a href="https://example.org/" aria-label="Start">x</a>.</p>
<ul><li>first <b>of</b> two</li><li><p>second</p><ul><li>inner</li></ul></li></ul><ol><li>numbered</li></ol>
<table><caption>Counts</caption><thead><tr><th scope="col">Area</th><th scope="col">Count</th></tr></thead>
<tbody><tr><th scope="row">Here</th><td>3</td></tr></tbody></table>
<figure><figcaption>A caption</figcaption><img alt="A square" width="30" height="30"
 src="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='30' height='30'%3E%3Crect width='30' height='30'/%3E%3C/svg%3E"></figure>
<svg width="50" height="20" aria-hidden="true"><path d="M0 0 L50 20" stroke="red"/><circle cx="9" cy="9" r="4"/></svg></body></html>
"""


def kinds(pdf: pikepdf.Pdf) -> Iterator[str]:
    """Yield the kind of each tag."""
    for element in accessible_pdf._elements(pdf.Root.StructTreeRoot):
        yield str(element.S)


def rules_broken(sheet: bytes) -> set[str]:
    """Return the rules of PDF/UA-1 that a PDF breaks."""
    return {f.rule_id for f in validator.validate_pdf_bytes(sheet, profile="ua1").failures}


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, dict[str, Any]]:
    """The page as Chromium prints it, and what the page says about itself."""
    path = tmp_path_factory.mktemp("pdf") / "index.html"
    path.write_text(HARD)
    about: dict[str, Any] = {}

    def work(browser: chromium.Chromium, page: Path) -> bytes:
        browser.open(page)
        about.update(browser.run(pdf_sheets._MAKE[pdf_sheets.PACK]))
        return browser.pdf()

    [(_, sheet)] = chromium.run_each([path], work)
    return sheet, about


def test_a_page_with_all_that_chromium_leaves_out_meets_the_standard(
    printed: tuple[bytes, dict[str, Any]],
) -> None:
    sheet, about = printed
    before = rules_broken(sheet)
    assert {"PDFUA1-CONTENT-TAGGING-001", "PDFUA1-LI-KIDS-001", "PDFUA1-LINK-CONTENTS-001", "PDFUA1-ID-PART-001"} <= before  # fmt: skip
    done = accessible_pdf.complete(sheet, **about)
    assert rules_broken(done) == set()
    assert accessible_pdf.complete(sheet, **about) == done
    text_of = [[p.extract_text() for p in PdfReader(io.BytesIO(s)).pages] for s in (sheet, done)]
    assert text_of[0] == text_of[1]


@pytest.mark.parametrize(
    ("change", "condition"),
    [
        (lambda pdf: setattr(next(accessible_pdf._elements(pdf.Root.StructTreeRoot)), "S", pikepdf.Name.Ruby), "09-007"),
        (lambda pdf: setattr(pdf.pages[0].Annots[0], "Subtype", pikepdf.Name.Strange), "28-006"),
    ],
)  # fmt: skip
def test_what_no_rule_covers_is_noticed_by_our_own_test(
    printed: tuple[bytes, dict[str, Any]],
    tmp_path: Path,
    change: Callable[[pikepdf.Pdf], None],
    condition: str,
) -> None:
    sheet, about = printed
    path = tmp_path / "sheet.pdf"
    path.write_bytes(accessible_pdf.complete(sheet, **about))
    assert list(validators.beyond_the_rules(path)) == []
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        change(pdf)
        pdf.save(path)
    [fault] = validators.beyond_the_rules(path)
    assert condition in fault


def test_the_title_the_language_and_the_words_of_links_are_those_of_the_page(
    printed: tuple[bytes, dict[str, Any]],
) -> None:
    sheet, about = printed
    with pikepdf.open(io.BytesIO(accessible_pdf.complete(sheet, **about))) as pdf:
        metadata = pdf.open_metadata()
        assert metadata["dc:title"] == "Hard to tag"
        assert metadata["pdfuaid:part"] == "1"
        assert str(pdf.Root.Lang) == "en-GB"
        words = {accessible_pdf._target(a): str(a.Contents) for a in pdf.pages[0].Annots}
        assert words["https://example.org/other/"].startswith("a link that needs more than one line, since")
        assert words["#top"] == "back to the top"
        assert words["https://example.org/"] == "Start"
        found = set(kinds(pdf))
    assert {"/LBody", "/TH", "/Caption"} <= found
    assert "/Form" not in found


def test_a_sheet_with_boxes_for_letters_does_not_say_that_it_meets_the_standard(tmp_path: Path) -> None:
    path = tmp_path / "index.html"
    path.write_text(
        "<html lang=en><title>Box</title><h1>A letter that no font has: \U0010fffd\ue123</h1></html>"
    )

    def work(browser: chromium.Chromium, page: Path) -> bytes:
        browser.open(page)
        return browser.pdf()

    [(_, sheet)] = chromium.run_each([path], work)
    with pikepdf.open(io.BytesIO(accessible_pdf.complete(sheet, "en", {}))) as pdf:
        assert "pdfuaid:part" not in pdf.open_metadata()
