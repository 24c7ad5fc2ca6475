"""Read the text of a document: docx, pdf, html, md or txt. A paragraph is a line, and a row of a table has tabs.

Documents come from anywhere, so sizes are judged before anything is unpacked, XML may declare no entities, and a PDF is
read by another process that can be stopped.
"""

import io
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from portal.core import input_files
from portal.core.problems import PortalError, Problem

LARGEST = 25_000_000  # bytes of a document
_LARGEST_PART, _LARGEST_RATIO, _MOST_PARTS = 50_000_000, 400, 5_000
_MOST_TEXT = 5_000_000  # characters; a long report has half a million
_SECONDS = 60  # for a PDF
_WORDS = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_BLOCKS = ("p", "li", "h1", "h2", "h3", "h4", "h5", "h6", "tr", "div", "section", "article", "blockquote", "dt", "dd", "figcaption", "caption", "br")  # fmt: skip
_AGAIN = "Open it, save it again as .docx, .html or .txt, and check that file."


def text_of(path: Path) -> str:
    """Return the text of a document.

    Raises:
        PortalError: the file is missing, of another kind, too large, damaged, locked or unsafe to read.
    """
    if faults := [*input_files.command_line_problems([path])]:
        raise PortalError(faults)
    read = READERS.get(path.suffix.lower())
    if read is None:
        raise _wrong(
            path,
            "This is not a kind of document that can be read.",
            f"Save it as one of these: {', '.join(READERS)}.",
        )
    if path.stat().st_size > LARGEST:
        raise _wrong(path, f"The document is larger than {LARGEST // 1_000_000} MB.", "Check a part of it, or save it without pictures.")  # fmt: skip
    try:
        text = read(path)
    except PortalError:
        raise
    except input_files.UnreadableError as fault:
        raise PortalError(
            [Problem(path.name, fault.row, code="file", message=fault.message, fix=fault.fix)]
        ) from None
    except Exception:  # whatever the libraries stumble over, the file is what is broken
        raise _wrong(path, "The document is damaged and cannot be read.", _AGAIN) from None
    if len(text) > _MOST_TEXT:
        raise _wrong(path, "The document has more text than can be checked.", "Check a part of it.")
    if not text.strip():
        raise _wrong(path, "There is no text in the document.", "If it is a scan, its pages are pictures: save it as a document with text.")  # fmt: skip
    return text


def _wrong(path: Path, message: str, fix: str) -> PortalError:
    return PortalError([Problem(path.name, code="file", message=message, fix=fix)])


def _plain(path: Path) -> str:
    """Return a text file as it is; what other programs save as UTF-16 or Windows-1252 is understood too."""
    raw = input_files.read(path)
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16")
    if b"\0" in raw:
        raise _wrong(path, "The file is not text, although its name says so.", "Choose the right file.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


_LINK = re.compile(r"!?\[([^\]]{0,300})\]\([^)\s]{0,2000}(?: [^)]{0,300})?\)")
_RULE = re.compile(r"^[\s|:+=-]+$")


def _markdown(path: Path) -> str:
    """Return the text of Markdown without the addresses of its links and the rules of its tables."""
    lines = (_LINK.sub(r"\1", line) for line in _plain(path).splitlines())
    return "\n".join(
        re.sub(r"^#{1,6} |[*_`]{1,3}(?=\S)|(?<=\S)[*_`]{1,3}", "", line)
        for line in lines
        if not _RULE.match(line)
    )


def _html(path: Path) -> str:
    from selectolax.lexbor import LexborHTMLParser  # noqa: PLC0415 - most documents are of another kind

    tree = LexborHTMLParser(_plain(path))
    for node in tree.css("script, style, noscript, template, head, nav, svg"):
        node.decompose()
    body = tree.body
    if body is None:
        return ""
    # Marks of their own keep the line ends of the source apart from the ends of blocks.
    for node in body.css(", ".join(_BLOCKS)):
        node.insert_before("\ue000")
        node.insert_after("\ue000")
    for node in body.css("td, th"):
        node.insert_after("\ue001")
    lines = [" ".join(line.split()) for line in body.text().split("\ue000")]
    return "\n".join(re.sub(r"\s*\ue001\s*", "\t", line).strip("\t") for line in lines)


def _docx(path: Path) -> str:
    """Return the paragraphs and tables of a Word document, its footnotes at the end; deleted text is left out."""
    try:
        with zipfile.ZipFile(io.BytesIO(input_files.read(path))) as archive:
            _safe(path, archive)
            names = [
                n
                for n in ("word/document.xml", "word/footnotes.xml", "word/endnotes.xml")
                if n in archive.namelist()
            ]
            if not names or names[0] != "word/document.xml":
                raise _wrong(
                    path, "The file is a zip archive and not a Word document.", "Choose the right file."
                )
            return "\n".join(line for name in names for line in _blocks(_tree(path, archive.read(name))))
    except zipfile.BadZipFile:
        fix = "If it is an old Word document (.doc) or has a password, open it and save it as .docx without one."
        raise _wrong(path, "The file is not a Word document (.docx).", fix) from None


def _safe(path: Path, archive: zipfile.ZipFile) -> None:
    parts = archive.infolist()
    if any(p.flag_bits & 1 for p in parts):
        raise _wrong(path, "The document is locked with a password.", "Save a copy without the password.")
    large = [p for p in parts if p.file_size > 1_000_000]
    is_bomb = len(parts) > _MOST_PARTS or any(
        p.file_size > _LARGEST_RATIO * max(p.compress_size, 1)
        or (p.file_size > _LARGEST_PART and p.filename.endswith(".xml"))
        for p in large
    )
    if is_bomb:
        raise _wrong(path, "The document would become too large when it is unpacked.", "Check a part of it.")


def _tree(path: Path, xml: bytes) -> Any:
    from lxml import etree  # noqa: PLC0415 - most documents are of another kind

    if b"\0" in xml or b"<!DOCTYPE" in xml or b"<!ENTITY" in xml:
        raise _wrong(path, "The document has declarations that no Word document needs.", _AGAIN)
    return etree.fromstring(xml, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False))


def _blocks(root: Any) -> Iterator[str]:
    """Yield each paragraph that is in no table, and each row of a table with its cells separated by tabs."""
    for element in root.iter(f"{_WORDS}p", f"{_WORDS}tr"):
        above = {a.tag for a in element.iterancestors()}
        if element.tag == f"{_WORDS}tr" and f"{_WORDS}tr" not in above:
            yield "\t".join(" ".join("".join(map(_words, c.iter(f"{_WORDS}p"))).split()) for c in element.iterchildren(f"{_WORDS}tc"))  # fmt: skip
        elif element.tag == f"{_WORDS}p" and f"{_WORDS}tc" not in above:
            yield " ".join(_words(element).split(" "))


def _words(paragraph: Any) -> str:
    marks = {f"{_WORDS}tab": " ", f"{_WORDS}br": "\n", f"{_WORDS}cr": "\n", f"{_WORDS}noBreakHyphen": "-"}
    parts = (e.text or "" if e.tag == f"{_WORDS}t" else marks.get(e.tag, "") for e in paragraph.iter())
    return "".join(parts) + " "


def _pdf(path: Path) -> str:
    """Return the text of a PDF, read by another process."""
    command = [sys.executable, "-m", "portal.quotes.pdf_text", str(path.resolve())]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise _wrong(path, "The PDF takes too long to read.", _AGAIN) from None
    if done.returncode == 2:
        raise _wrong(path, "The PDF is locked with a password.", "Save a copy without the password.")
    if done.returncode:
        raise _wrong(path, "The PDF is damaged and cannot be read.", _AGAIN)
    return done.stdout.decode("utf-8", errors="replace")


READERS: Mapping[str, Callable[[Path], str]] = {
    ".docx": _docx, ".pdf": _pdf, ".html": _html, ".htm": _html, ".md": _markdown, ".txt": _plain,
}  # fmt: skip
