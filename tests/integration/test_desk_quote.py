"""The page of the desk that checks a text says what `portal quote` says, and keeps nothing."""

import io
import json
import zipfile
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from project import make_project, run, tree_of
from selectolax.lexbor import LexborHTMLParser
from served_desk import Answer, Visitor, enter, served

TEXT = """Thefts in Exampleton

There were 161 thefts in Exampleton in the 12 months to June 2020.
There were 999 thefts in Exampleton in the 12 months to June 2020.
Our office has 7 chairs & <b>2</b> doors.
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_project(tmp_path_factory.mktemp("quote"))


@pytest.fixture(scope="module")
def visitor(root: Path) -> Iterator[Visitor]:
    with served(root) as address:
        yield enter(address)


def outcomes(answer: Answer) -> list[tuple[str, str]]:
    """Return each number on the page with what the desk says about it."""
    page = LexborHTMLParser(answer.body)
    return [
        (s.css("h3")[0].text(), s.css(".flag")[0].text().strip().lower()) for s in page.css("section.finding")
    ]


def docx(text: str) -> bytes:
    """Return a Word document with these paragraphs."""
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    words = "".join(
        f"<w:p><w:r><w:t>{line}</w:t></w:r></w:p>" for line in text.splitlines() if "&" not in line
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(
            "word/document.xml", f'<w:document xmlns:w="{space}"><w:body>{words}</w:body></w:document>'
        )
    return out.getvalue()


def test_a_pasted_text_gets_the_answers_of_the_command(root: Path, visitor: Visitor, tmp_path: Path) -> None:
    answer = visitor.read(visitor.post("/quote", {"text": TEXT}))
    assert answer.status == 200
    (tmp_path / "text.txt").write_text(TEXT)
    run(root, "quote", str(tmp_path / "text.txt"), "--json", str(tmp_path / "said.json"))
    said = json.loads((tmp_path / "said.json").read_text())
    assert sorted(outcomes(answer)) == sorted((f["quoted"], f["outcome"]) for f in said)
    assert outcomes(answer)[0] == ("999", "wrong")
    assert len(said) == 2
    text = " ".join(LexborHTMLParser(answer.body).text(separator=" ").split())
    for finding in said:
        assert " ".join(finding["message"].split()) in text
    assert TEXT in unescape(answer.body)
    assert "<b>2</b>" not in answer.body


@pytest.mark.parametrize("name", ["minutes.docx", "post.md", "..\\..\\release.txt", "../../x.html"])
def test_a_dropped_file_is_read_and_not_kept(root: Path, visitor: Visitor, name: str) -> None:
    before = tree_of(root / "data_packages")
    files = {p for p in root.rglob("*") if p.is_file()}
    content = docx(TEXT) if name.endswith("docx") else TEXT.replace("\n", "<p>").encode() if name.endswith("html") else TEXT.encode()  # fmt: skip
    answer = visitor.read(visitor.drop("/quote", {name: content}))
    assert ("999", "wrong") in outcomes(answer)
    assert ("161", "right") in outcomes(answer)
    assert tree_of(root / "data_packages") == before
    assert {p for p in root.rglob("*") if p.is_file()} == files


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("report.docx", b"PK not a document", "The file is not a Word document"),
        ("picture.png", b"x", "This is not a kind of document that can be read"),
        ("scan.txt", b"  ", "There is no text in the document"),
        ("locked.pdf", b"%PDF-1.4 broken", "The PDF is damaged"),
    ],
)
def test_a_file_that_cannot_be_read_is_said_on_the_page(
    visitor: Visitor, name: str, content: bytes, said: str
) -> None:
    answer = visitor.read(visitor.drop("/quote", {name: content}))
    assert said in unescape(answer.body)
    assert name in unescape(answer.body)
    assert "Traceback" not in answer.body


def test_nothing_and_a_wrong_day_are_said_and_what_was_typed_is_kept(visitor: Visitor) -> None:
    assert "There is nothing to check." in visitor.post("/quote", {"text": " "}).body
    answer = visitor.post("/quote", {"text": "There were 5 thefts.", "day": "yesterday"})
    assert "This is not a date." in answer.body
    assert "There were 5 thefts." in answer.body


def test_only_who_was_let_in_can_check(visitor: Visitor) -> None:
    stranger = Visitor(visitor.at)
    assert stranger.get("/quote").status == 403
    assert stranger.post("/quote", {"text": TEXT}).status == 403
    assert visitor.get("/quote/0123456789abcdef").status == 404
    assert visitor.get("/quote").status == 200
    assert 'href="/quote"' in visitor.get("/").body
