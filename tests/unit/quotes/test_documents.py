"""Documents of every kind give the same text, and hostile or damaged ones end in a problem."""

import io
import zipfile
from pathlib import Path

import pytest
import quoted
from portal.core.problems import PortalError
from portal.quotes.checking import Judgement, check
from portal.quotes.documents import text_of

WORDS = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
PARAGRAPH = "Robbery rose to 1,092 in the year to June 2026."
ROW = ("Burglary", "1,601", "1,535", "-4.1%")


def docx(body: str, more: dict[str, bytes] | None = None, declared: str = "") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(
            "word/document.xml",
            f'<?xml version="1.0"?>{declared}<w:document {WORDS}><w:body>{body}</w:body></w:document>',
        )
        for name, data in (more or {}).items():
            archive.writestr(name, data)
    return out.getvalue()


def paragraph(text: str) -> str:
    """A paragraph whose text is cut into runs, as Word does."""
    runs = "".join(
        f'<w:r><w:t xml:space="preserve">{text[n : n + 7]}</w:t></w:r>' for n in range(0, len(text), 7)
    )
    return f"<w:p>{runs}<w:del><w:r><w:delText>deleted 5</w:delText></w:r></w:del></w:p>"


TABLE = "<w:tbl><w:tr>" + "".join(f"<w:tc>{paragraph(cell)}</w:tc>" for cell in ROW) + "</w:tr></w:tbl>"


def pdf(text: str, catalog: str = "/Type /Catalog /Pages 2 0 R") -> bytes:
    """A PDF of one page, written by hand."""
    stream = f"BT /F1 12 Tf 50 700 Td ({text}) Tj ET"
    objects = [
        f"<< {catalog} >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream", "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]  # fmt: skip
    out, places = b"%PDF-1.4\n", []
    for n, content in enumerate(objects, 1):
        places.append(len(out))
        out += f"{n} 0 obj\n{content}\nendobj\n".encode()
    table = "".join(f"{p:010} 00000 n \n" for p in places)
    return (
        out
        + f"xref\n0 6\n0000000000 65535 f \n{table}trailer << /Size 6 /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF".encode()
    )


DOCUMENTS = {
    "a.docx": docx(paragraph(PARAGRAPH) + TABLE),
    "a.html": f"<html><head><title>9 robberies</title><style>p{{margin:5px}}</style></head><body><nav>77 robberies</nav><p>Robbery\nrose to <b>1,092</b> in the year to June 2026.</p><table><tr>{''.join(f'<td>{c}</td>' for c in ROW)}</tr></table><script>88</script>".encode(),
    "a.md": f"# News\n\n{PARAGRAPH.replace('1,092', '**1,092**').replace('June 2026', '[June 2026](https://example.org/12)')}\n\n| what | before | now | change |\n|---|--:|--:|--:|\n| {' | '.join(ROW)} |\n".encode(),
    "a.txt": ("\ufeff" + PARAGRAPH + "\r\n" + "\t".join(ROW) + "\r\n").encode("utf-16"),
}  # fmt: skip


@pytest.mark.parametrize("name", DOCUMENTS)
def test_each_kind_of_document_gives_the_same_findings(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(DOCUMENTS[name])
    findings = check(text_of(tmp_path / name), quoted.figures(), quoted.ON)
    assert [(f.quoted, f.outcome) for f in findings] == [
        ("1,092", Judgement.RIGHT), ("1,601", Judgement.RIGHT), ("1,535", Judgement.RIGHT), ("-4.1%", Judgement.RIGHT),
    ]  # fmt: skip


def test_a_pdf_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(pdf(PARAGRAPH))
    (finding,) = check(text_of(tmp_path / "a.pdf"), quoted.figures(), quoted.ON)
    assert (finding.quoted, finding.outcome) == ("1,092", Judgement.RIGHT)


ENTITIES = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'
HOSTILE = {
    "kind.xyz": (b"x", "not a kind of document"),
    "empty.txt": (b"", "no text"),
    "binary.txt": (b"\x00\x01\x02" * 50, "is not text"),
    "old.docx": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "not a Word document"),
    "zip.docx": (docx("").replace(b"word/document.xml", b"word/documenx.xml"), "not a Word document"),
    "entities.docx": (docx("<w:p><w:r><w:t>&b;</w:t></w:r></w:p>", declared=ENTITIES), "declarations"),
    "broken.docx": (docx("<w:p>"), "damaged"),
    "cut.docx": (docx(paragraph(PARAGRAPH))[:200], "not a Word document"),
    "bomb.docx": (docx("", {"word/media/a.xml": b"\0" * 30_000_000}), "too large"),
    "deep.docx": (docx("<w:p>" * 5000 + "</w:p>" * 5000), "damaged"),
    "broken.pdf": (b"%PDF-1.4\nnothing", "damaged"),
    "loop.pdf": (pdf("x", "/Type /Catalog /Pages 1 0 R"), ""),
    "not.pdf": (b"hello", "damaged"),
    "empty.html": (b"<html><body><script>5</script></body></html>", "no text"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_documents_end_in_a_problem(tmp_path: Path, name: str) -> None:
    data, words = HOSTILE[name]
    (tmp_path / name).write_bytes(data)
    with pytest.raises(PortalError) as caught:
        text_of(tmp_path / name)
    (problem,) = caught.value.problems
    assert problem.file == name
    assert words in problem.message
    assert problem.fix


def test_a_missing_document_and_a_folder_end_in_a_problem(tmp_path: Path) -> None:
    (tmp_path / "folder.txt").mkdir()
    for path in (tmp_path / "missing.txt", tmp_path / "folder.txt"):
        with pytest.raises(PortalError):
            text_of(path)
