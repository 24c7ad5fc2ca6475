"""Make a PDF from Chromium conform to PDF/UA-1 (ISO 14289-1), the standard for accessible PDF.

Chromium tags headings, tables, lists and pictures with their alternative text. It does not name the standard or the
title in the metadata, describe links, or mark lines and bullets as artifacts. It also uses some tags of PDF 2.0, and list
items without a body. `complete` adds and corrects these, and changes nothing that a reader sees.

The result depends on the fonts of the computer in one way: if no font has the characters of a script, such as Chinese,
Chromium prints boxes. Such a file does not meet the standard, and does not claim to.
"""

import io
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pikepdf
from pikepdf import Array, ContentStreamInstruction, Dictionary, Name, Operator, String

# Tags of PDF 2.0, each with its equivalent in PDF 1.7, on which PDF/UA-1 is based.
_ROLES = {
    "Aside": "Div",
    "DocumentFragment": "Div",
    "Em": "Span",
    "FENote": "Note",
    "Strong": "Span",
    "Sub": "Span",
    "Title": "P",
}
_STARTS_PATH, _GOES_ON = {"m", "re"}, {"m", "l", "c", "v", "y", "h", "re", "W", "W*"}
_PAINTS = {"S", "s", "f", "F", "f*", "B", "B*", "b", "b*"}
_SHOWS = {"Tj", "TJ", "'", '"', "Do", "sh", "INLINE IMAGE"}
_DRAWS = re.compile(
    rb"(?:^|\s)(?:"
    + b"|".join(re.escape(name.encode()) for name in sorted(_PAINTS | _SHOWS | {"EI"}))
    + rb")(?=\s|$)"
)
_TAG = re.compile(rb"^(?:[^\n]*[ >])?(BDC|BMC|EMC)\n", re.MULTILINE)
_ZEROS = re.compile(rb"<[0-9A-Fa-f\s]*00\s*00[0-9A-Fa-f\s]*>")  # glyph 0 can only be in such a text
_ARTIFACT = ContentStreamInstruction([Name.Artifact], Operator("BMC"))
_END = ContentStreamInstruction([], Operator("EMC"))


def complete(printed: bytes, language: str, links: Mapping[str, str]) -> bytes:
    """Return a tagged PDF with everything that PDF/UA-1 requires.

    `language` is the language of the page, such as `en-GB`. `links` maps each full address, or `#` and a name for links
    within the page, to the text of its link. The same input gives the same bytes.
    """
    with pikepdf.open(io.BytesIO(printed)) as pdf:
        with pdf.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as metadata:
            metadata["dc:title"] = str(pdf.docinfo["/Title"])
            metadata["dc:language"] = [language]
            if not any(_shows_missing_glyph(page) for page in pdf.pages):
                metadata["pdfuaid:part"] = "1"
        pdf.Root.Lang = String(language)
        pdf.Root.ViewerPreferences = Dictionary(DisplayDocTitle=True)
        tree = pdf.Root.StructTreeRoot
        tree.RoleMap = Dictionary({f"/{new}": Name(f"/{old}") for new, old in _ROLES.items()})
        for element in list(_elements(tree)):
            _correct(pdf, element)
        for page in pdf.pages:
            page.Tabs = Name.S
            page.Contents = pdf.make_stream(_marked(pdf, page))
            for annotation in page.get("/Annots", ()):
                if annotation.Subtype == Name.Link:
                    target = _target(annotation)
                    annotation.Contents = String(links.get(target) or target)
        file = io.BytesIO()
        pdf.save(file, deterministic_id=True)
    return file.getvalue()


def _elements(node: Any) -> Iterator[Any]:
    """Yield every element below a node of the structure tree, in reading order."""
    for kid in _kids(node):
        if isinstance(kid, Dictionary) and "/S" in kid:
            yield kid
            yield from _elements(kid)


def _kids(node: Any) -> list[Any]:
    kids = node.get("/K", Array())
    return list(kids) if isinstance(kids, Array) else [kids]


def _correct(pdf: pikepdf.Pdf, element: Any) -> None:
    """Correct one tag.

    A list item gets a body. A button, which does nothing on paper, becomes a link or text. A figure of HTML becomes a
    division, because the picture in it has its own tag and alternative text.
    """
    kids, kind = _kids(element), element.S
    if kind == Name.Form:
        annotated = [k.Obj.Subtype for k in kids if isinstance(k, Dictionary) and "/Obj" in k]
        element.S = Name.Link if Name.Link in annotated else Name.Span
        del element.A
    if kind == Name.Figure and "/Alt" not in element and any(_elements(element)):
        element.S = Name.Div
    if kind != Name.LI:
        return
    has_place = [isinstance(k, Dictionary) and k.get("/S") in (Name.Lbl, Name.LBody) for k in kids]
    rest = [kid for kid, placed in zip(kids, has_place, strict=True) if not placed]
    if not rest:
        return
    body = pdf.make_indirect(Dictionary(Type=Name.StructElem, S=Name.LBody, P=element, K=Array(rest)))
    if "/Pg" in element:  # marked content is numbered by page
        body.Pg = element.Pg
    for kid in rest:
        if isinstance(kid, Dictionary) and "/S" in kid:
            kid.P = body
    element.K = Array([*(k for k, placed in zip(kids, has_place, strict=True) if placed), body])


def _marked(pdf: pikepdf.Pdf, page: pikepdf.Page) -> bytes:
    """Return the content of a page with everything drawn outside a tag marked as an artifact.

    Chromium writes the beginning and the end of a tag at the end of a line of their own, so what is inside a tag, nearly
    the whole page, need not be parsed.
    """
    content, parts, start, depth = _content(page), [], 0, 0
    for tag in _TAG.finditer(content):
        is_end = tag[1] == b"EMC"
        if depth == 0:
            parts.append(_as_artifacts(pdf, content[start : tag.start()]))
            start = tag.start()
        depth += -1 if is_end else 1
        if depth == 0:
            parts.append(content[start : tag.end()])
            start = tag.end()
    return b"".join((*parts, _as_artifacts(pdf, content[start:])))


def _content(page: pikepdf.Page) -> bytes:
    page.contents_coalesce()
    return page.Contents.read_bytes()


def _as_artifacts(pdf: pikepdf.Pdf, content: bytes) -> bytes:
    """Return content outside of every tag with everything drawn marked as an artifact."""
    if not _DRAWS.search(content):
        return content
    marked: list[Any] = []
    begins = 0
    for step in pikepdf.parse_content_stream(pdf.make_stream(content)):
        name = str(step.operator)
        if name in _STARTS_PATH and (not marked or str(marked[-1].operator) not in _GOES_ON):
            begins = len(marked)
        if name in _PAINTS:
            marked[begins:] = [_ARTIFACT, *marked[begins:], step, _END]
        elif name in _SHOWS:
            marked += [_ARTIFACT, step, _END]
        else:
            marked.append(step)
    return pikepdf.unparse_content_stream(marked) + b"\n"


def _shows_missing_glyph(page: pikepdf.Page) -> bool:
    """Return True if a page shows the box for a character that no font has, which is glyph 0 of a two-byte font."""
    content = _content(page)
    if b"(" not in content and not _ZEROS.search(content):
        return False
    fonts = page.Resources.get("/Font", Dictionary())
    two_bytes = False
    for step in pikepdf.parse_content_stream(page, "Tf Tj TJ"):
        if str(step.operator) == "Tf":
            two_bytes = fonts[str(step.operands[0])].Subtype == Name.Type0
            continue
        shown = step.operands[0]
        if not two_bytes:
            continue
        texts = [bytes(t) for t in (shown if isinstance(shown, Array) else [shown]) if isinstance(t, String)]
        if any(b"\0\0" in t and b"\0\0" in {t[n : n + 2] for n in range(0, len(t), 2)} for t in texts):
            return True
    return False


def _target(link: Any) -> str:
    """Return the target of a link: an address, or `#` and a name within the page."""
    action = link.get("/A", Dictionary())
    if "/URI" in action:
        return str(action.URI)
    return f"#{str(link.get('/Dest', action.get('/D', ''))).removeprefix('/')}"
