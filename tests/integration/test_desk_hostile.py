"""Hostile files and requests to the desk: nothing is let in, nothing is written, and the desk goes on answering."""

import contextlib
import io
import socket
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlencode

import pytest
from portal.desk import app
from project import make_project, tree_of
from served_desk import Answer, Visitor, enter, served
from test_desk_pages import NEW, draft_of, workbook

_ODS = "application/vnd.oasis.opendocument.spreadsheet"
_TYPE = "<?xml version='1.0'?><Types xmlns='http://schemas.openxmlformats.org/package/2006/content-types'/>"
_LAUGHS = "<!DOCTYPE x [<!ENTITY a 'ha'>" + "".join(f"<!ENTITY {b} '{f'&{a};' * 10}'>" for a, b in zip("abcdefgh", "bcdefghi", strict=True)) + "]>"  # fmt: skip
_OUTSIDE = "<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_project(tmp_path_factory.mktemp("hostile") / "project")


@pytest.fixture(scope="module")
def visitor(root: Path) -> Iterator[Visitor]:
    with served(root) as at:
        yield enter(at)


@pytest.fixture(autouse=True)
def unharmed(root: Path, visitor: Visitor) -> Iterator[None]:
    """Whatever is sent, no package changes, nothing appears outside `build`, and the desk answers afterwards."""
    before = tree_of(root / "data_packages")
    outside = {p for p in root.parent.rglob("*") if "build" not in p.relative_to(root.parent).parts}
    yield
    assert tree_of(root / "data_packages") == before
    assert {p for p in root.parent.rglob("*") if "build" not in p.relative_to(root.parent).parts} == outside
    assert visitor.get("/changes").status == 200


def packed(files: Mapping[str, bytes | str]) -> bytes:
    """A zip file; an underscore in a name means a slash."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in files.items():
            file.writestr(name.replace("_", "/"), content)
    return out.getvalue()


def sent(visitor: Visitor, *parts: bytes, wait: float = 20) -> bytes:
    """Send bytes as they are, and return what comes back until the desk closes or stops writing."""
    host, _, port = visitor.host.partition(":")
    with socket.create_connection((host, int(port)), timeout=wait) as link:
        answer = b""
        with contextlib.suppress(OSError):
            for part in parts:
                link.sendall(part)
            link.shutdown(socket.SHUT_WR)
            while more := link.recv(65536):
                answer += more
        return answer


def head(visitor: Visitor, line: str, **headers: str) -> bytes:
    """The head of a request with the cookie of the visitor."""
    own = {"Host": visitor.host, "Cookie": visitor.cookie, "Origin": f"http://{visitor.host}", **headers}
    lines = [line, *(f"{n.replace('_', '-')}: {v}" for n, v in own.items())]
    return "\r\n".join([*lines, "", ""]).encode()


BOMB = bytes(40_000_000)
_OFFICE = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
)
_REPEATED = (
    f"<office:document-content {_OFFICE}><office:body><office:spreadsheet><table:table table:name='S'>"
    "<table:table-row table:number-rows-repeated='1048576'><table:table-cell office:value-type='string' "
    "table:number-columns-repeated='16384'><text:p>x</text:p></table:table-cell></table:table-row>"
    "</table:table></office:spreadsheet></office:body></office:document-content>"
)


def book_with(sheet: str, **more: bytes | str) -> bytes:
    """A workbook whose only sheet has this XML, with more parts."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook())) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            if name != "xl/worksheets/sheet1.xml":
                new.writestr(name, old.read(name))
        new.writestr("xl/worksheets/sheet1.xml", sheet)
        for name, content in more.items():
            new.writestr(name.replace("_", "/"), content)
    return out.getvalue()


def sheet_of(rows: str, after: str = "") -> str:
    """The XML of a sheet with these rows."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'<worksheet xmlns="{main}"><sheetData>{rows}</sheetData>{after}</worksheet>'


FILES: Mapping[str, Callable[[], bytes]] = {
    "bomb.xlsx": lambda: packed({"[Content_Types].xml": _TYPE, "xl_worksheets_sheet1.xml": BOMB}),
    "bomb.ods": lambda: packed({"mimetype": _ODS, "content.xml": BOMB}),
    "outside.xlsx": lambda: packed({"[Content_Types].xml": _TYPE, ".._.._.._evil.csv": "a,b\n1,2\n"}),
    "laughs.ods": lambda: packed({"mimetype": _ODS, "content.xml": f"{_LAUGHS}<x>&i;</x>"}),
    "reads.ods": lambda: packed({"mimetype": _ODS, "content.xml": f"{_OUTSIDE}<x>&a;</x>"}),
    "deflated twice.xlsx": lambda: packed({"[Content_Types].xml": _TYPE, "xl_worksheets_sheet1.xml": packed({"x": BOMB}) * 30}),
    "a billion cells.ods": lambda: packed({"mimetype": _ODS, "content.xml": _REPEATED}),
    "far away.xlsx": lambda: book_with(sheet_of('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')),
    "all merged.xlsx": lambda: book_with(sheet_of('<row r="1"><c r="A1"><v>1</v></c></row>', '<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>' * 200)),
    "no such cell.xlsx": lambda: book_with(sheet_of('<row r="99999999999"><c r="ZZZZZZ99999999999999"><v>1</v></c></row>')),
    "deep.xlsx": lambda: book_with(sheet_of("<row>" * 100_000 + "</row>" * 100_000)),
    "many texts.xlsx": lambda: book_with(sheet_of(""), **{"xl_sharedStrings.xml": "<sst>" + "<si><t>x</t></si>" * 3_000_000 + "</sst>"}),
    "a number of a megabyte.xlsx": lambda: book_with(sheet_of(f'<row r="1"><c r="A1"><v>{"9" * 1_000_000}</v></c></row>')),
    "linked.xlsx": lambda: book_with(sheet_of(""), **{"xl_externalLinks_externalLink1.xml": f"{_OUTSIDE}<x>&a;</x>"}),
    "archives in archives.zip": lambda: packed({"a.zip": packed({"b.xlsx": packed({"c.csv": "indicator,area\n"})})}),
    "archives in archives.xlsx": lambda: packed({"a.xlsx": workbook()}),
    "a picture too.xlsx": lambda: b"GIF89a" + b"\0" * 100 + packed({"x": "y"}),
    "a document too.ods": lambda: b"%PDF-1.7\n" + packed({"mimetype": "application/pdf", "content.xml": "<x/>"}),
    "a page too.csv": lambda: b"<!doctype html><script>alert(1)</script>,b\n1,2\n",
    "a program.csv": lambda: b"MZ\x90\0\x03" + bytes(range(256)) * 400,
    "one line.csv": lambda: b"a," * 5_000_000,
    "a quote that never ends.csv": lambda: b'indicator,area\n"' + b"x\n" * 3_000_000,
    "NUL.csv": lambda: b"indicator,area\n\0\0\0,\0\n" * 1000,
    "wide characters.csv": lambda: "indicator,area\n\u202e\ud83d\ude00,x\n".encode("utf-16", "surrogatepass") * 3,
    "reads.xlsx": lambda: packed({"[Content_Types].xml": f"{_OUTSIDE}<Types>&a;</Types>", "xl_workbook.xml": f"{_OUTSIDE}<workbook>&a;</workbook>"}),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_a_file_made_to_harm_ends_in_words(visitor: Visitor, name: str) -> None:
    answer = visitor.read(visitor.drop("/bring-in", {name: FILES[name]()}))
    assert answer.status == 200
    assert "error in the program" not in answer.body
    assert "root:" not in answer.body
    assert "Write this" not in answer.body


NAMES = (
    "../../../evil.csv", "..\\..\\evil.csv", "/etc/passwd", "C:\\Windows\\evil.csv", "\\\\host\\share\\evil.csv", "....//evil.csv", "CON", "aux.csv",
    "evil.csv.", "evil.csv:stream", ".htaccess", "-rf", "x" * 5_000 + ".csv", "a;b|c`d$(e).csv", "%2e%2e%2fevil.csv", "evil\u202evsc.exe", "<img src=x onerror=alert(1)>.csv",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_name_of_a_file_leads_nowhere_and_is_only_shown(visitor: Visitor, root: Path, name: str) -> None:
    answer = visitor.read(visitor.drop("/bring-in", {name: b"indicator,area\n"}))
    assert answer.status in (200, 400, 422)
    assert "error in the program" not in answer.body
    assert "<img src=x" not in answer.body
    drafts = (root / "build/desk/drafts").resolve()
    kept = [p for p in drafts.rglob("*") if p.is_file()]
    assert all(p.name in ("draft.json", "plan.json") or p.parent.name == "files" for p in kept)
    assert not any(":" in p.name or "\\" in p.name or len(p.name) > 120 for p in kept)


BODIES: Mapping[str, bytes] = {
    "a header of 5 MB": b'--x\r\nContent-Disposition: form-data; name="file"; filename="' + b"a" * 5_000_000 + b'"\r\n\r\n1\r\n--x--\r\n',
    "100,000 headers": b"--x\r\n" + b"X-A: 1\r\n" * 100_000 + b"\r\n1\r\n--x--\r\n",
    "10,000 parts": b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * 10_000 + b"--x--\r\n",
    "no last edge": b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n1',
    "edges only": b"--x\r\n" * 200_000,
    "line ends only": b"\r" * 3_000_000,
    "a part in a part": b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\n--x--\r\n',
    "a name with line ends": b'--x\r\nContent-Disposition: form-data; name="file"; filename="a\r\nSet-Cookie: a=b\r\n.csv"\r\n\r\n1\r\n--x--\r\n',
    "coded otherwise": b'--x\r\nContent-Disposition: form-data; name="file"; filename*=utf-16\'\'%00%2e%2e%2f\r\nContent-Transfer-Encoding: base64\r\n\r\nPT0=\r\n--x--\r\n',
}  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
def test_a_form_of_files_made_to_harm_is_refused(visitor: Visitor, name: str) -> None:
    """None of them has the token, which is a part of the form, so nothing is ever kept."""
    answer = visitor.ask("POST", "/bring-in", BODIES[name], Content_Type="multipart/form-data; boundary=x")
    assert answer.status in (400, 403, 413, 422)
    assert "Set-Cookie" not in answer.headers


def test_a_body_that_is_shorter_than_it_says_brings_nothing_in(visitor: Visitor, root: Path) -> None:
    before = set((root / "build/desk/drafts").glob("*"))
    form = f'--x\r\nContent-Disposition: form-data; name="token"\r\n\r\n{visitor.token}\r\n--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\na,b\r\n'.encode()
    for length in (len(form) + 10, 10**9, 10**18):
        answer = sent(visitor, head(visitor, "POST /bring-in HTTP/1.1", Content_Length=str(length), Content_Type="multipart/form-data; boundary=x"), form)  # fmt: skip
        assert answer == b"" or answer.split(b" ", 2)[1] in (b"400", b"413")
    assert set((root / "build/desk/drafts").glob("*")) == before


def test_too_many_files_and_too_long_texts_are_refused(visitor: Visitor) -> None:
    assert visitor.drop("/bring-in", {f"{n}.csv": b"a,b\n1,2\n" for n in range(41)}).status == 422
    assert visitor.post("/check/reasons", {"accept|x": "x" * 4_100_000}).status == 413


REQUESTS: Mapping[str, Callable[[Visitor], tuple[bytes, ...]]] = {
    "a header of 1 MB": lambda v: (head(v, "GET / HTTP/1.1", X_Long="x" * 1_000_000),),
    "100,000 headers": lambda v: (head(v, "GET / HTTP/1.1", **{f"X_{n}": "1" for n in range(100_000)}),),
    "an address of 1 MB": lambda v: (head(v, f"GET /{'x' * 1_000_000} HTTP/1.1"),),
    "a host of another site": lambda v: (head(v, "GET / HTTP/1.1", Host=f"evil.example:{v.host.partition(':')[2]}"),),
    "a host that begins like ours": lambda v: (head(v, "GET / HTTP/1.1", Host=f"{v.host}.evil.example"),),
    "two hosts": lambda v: (head(v, "GET / HTTP/1.1", host="evil.example"),),
    "a form from an origin that begins like ours": lambda v: (head(v, "POST /another HTTP/1.1", Origin=f"http://{v.host}.evil.example", Content_Length="0"),),
    "a form from an origin with our name as its user": lambda v: (head(v, "POST /another HTTP/1.1", Origin=f"http://{v.host}@evil.example", Content_Length="0"),),
    "a change to a web socket": lambda v: (head(v, "GET / HTTP/1.1", Upgrade="websocket", Connection="Upgrade", Sec_WebSocket_Key="x3JJHMbDL1EzLkh9GBhXDw==", Sec_WebSocket_Version="13", Origin="http://evil.example", Sec_Fetch_Site="cross-site"),),
    "no protocol": lambda v: (b"GET /\r\n\r\n",),
    "no request at all": lambda v: (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 20 + b"\r\n\r\n",),
    "a header with a line break inside": lambda v: (head(v, "GET / HTTP/1.1", X_Split="a\r\n b\r\nCookie"),),
    "a body of two lengths": lambda v: (head(v, "POST /another HTTP/1.1", Content_Length="5", content_length="50"), b"token"),
    "a length below zero": lambda v: (head(v, "POST /another HTTP/1.1", Content_Length="-5"), b"token"),
    "no host": lambda v: (b"GET / HTTP/1.1\r\nCookie: " + v.cookie.encode() + b"\r\n\r\n",),
    "a host without a port": lambda v: (head(v, "GET / HTTP/1.1", Host="127.0.0.1"),),
    "a host with a dot at its end": lambda v: (head(v, "GET / HTTP/1.1", Host=v.host.replace(":", ".:")),),
    "a host with a user": lambda v: (head(v, "GET / HTTP/1.1", Host=f"evil.example@{v.host}"),),
    "a host as a number": lambda v: (head(v, "GET / HTTP/1.1", Host=v.host.replace("127.0.0.1", "2130706433")),),
    "a host with zeros": lambda v: (head(v, "GET / HTTP/1.1", Host=v.host.replace("127.0.0.1", "127.0.0.01")),),
    "a list of hosts": lambda v: (head(v, "GET / HTTP/1.1", Host=f"{v.host}, evil.example"),),
    "a host in the line of the request": lambda v: (head(v, f"GET http://{v.host}/ HTTP/1.1", Host="evil.example"),),
    "a host that another server forwards": lambda v: (head(v, "GET / HTTP/1.1", Host="evil.example", X_Forwarded_Host=v.host, Forwarded=f"host={v.host}"),),
    "a form from nowhere": lambda v: (head(v, "POST /another HTTP/1.1", Origin="null", Content_Length="0"),),
    "a form without an origin": lambda v: (head(v, "POST /another HTTP/1.1", Origin="", Content_Length="0"),),
    "a form from another port": lambda v: (head(v, "POST /another HTTP/1.1", Origin="http://127.0.0.1:1", Content_Length="0"),),
    "a form from a secure page": lambda v: (head(v, "POST /another HTTP/1.1", Origin=f"https://{v.host}", Content_Length="0"),),
    "a form from a page of the same site": lambda v: (head(v, "POST /another HTTP/1.1", Sec_Fetch_Site="same-site", Content_Length="0"),),
    "a page in a frame of another site": lambda v: (head(v, "GET / HTTP/1.1", Sec_Fetch_Site="cross-site", Sec_Fetch_Dest="iframe"),),
    "TRACE": lambda v: (head(v, "TRACE / HTTP/1.1"),),
    "CONNECT": lambda v: (head(v, "CONNECT evil.example:80 HTTP/1.1"),),
    "OPTIONS": lambda v: (head(v, "OPTIONS /another HTTP/1.1", Access_Control_Request_Method="POST"),),
    "PUT": lambda v: (head(v, "PUT /another HTTP/1.1", Content_Length="0"),),
    "a method of a proxy": lambda v: (head(v, "PROPFIND / HTTP/1.1"),),
    "another method in the address": lambda v: (head(v, "POST /another?_method=GET HTTP/1.1", Content_Length="0"),),
    "chunks of another name": lambda v: (head(v, "POST /another HTTP/1.1", Transfer_Encoding="xchunked"), b"0\r\n\r\n"),
    "chunks after something else": lambda v: (head(v, "POST /another HTTP/1.1", Transfer_Encoding="identity, chunked"), b"0\r\n\r\n"),
    "a chunk of a length that is none": lambda v: (head(v, "POST /another HTTP/1.1", Transfer_Encoding="chunked"), b"-1\r\nx\r\n0\r\n\r\n"),
    "a length with a plus": lambda v: (head(v, "POST /another HTTP/1.1", Content_Length="+5"), b"token"),
    "a length in other digits": lambda v: (head(v, "POST /another HTTP/1.1", Content_Length="0x5"), b"token"),
    "another cookie before ours": lambda v: (head(v, "GET / HTTP/1.1", Cookie=f"{v.cookie.partition('=')[0]}=guess; {v.cookie}"),),
    "our cookie in quotes with more": lambda v: (head(v, "GET / HTTP/1.1", Cookie=v.cookie.replace("=", '="', 1) + 'x"'),),
    "a cookie of 60,000 letters": lambda v: (head(v, "GET / HTTP/1.1", Cookie=f"{v.cookie.partition('=')[0]}={'a' * 60_000}"),),
    "a cookie of another desk": lambda v: (head(v, "GET / HTTP/1.1", Cookie=f"desk-1={v.cookie.partition('=')[2]}"),),
    "a form without its token, for another method": lambda v: (head(v, "POST /changes HTTP/1.1", X_HTTP_Method_Override="DELETE", Content_Length="0"),),
}  # fmt: skip


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_made_to_harm_is_refused(visitor: Visitor, name: str) -> None:
    answer = sent(visitor, *REQUESTS[name](visitor))
    status = answer.split(b" ", 2)[1] if answer.startswith(b"HTTP/") else b""
    assert status in (b"", b"400", b"403", b"405", b"413", b"431", b"501"), answer[:300]
    assert b"/open/" not in answer


def test_a_request_hidden_in_the_body_of_another_is_not_carried_out(visitor: Visitor) -> None:
    hidden = head(visitor, "POST /another HTTP/1.1", Content_Length="0")
    both = head(visitor, "POST /another HTTP/1.1", Content_Length="4", Transfer_Encoding="chunked")
    answer = sent(visitor, both, b"0\r\n\r\n" + hidden)
    assert answer.count(b"HTTP/1.") <= 2
    assert b"/open/" not in answer


def test_a_body_without_a_length_is_not_larger_than_others(visitor: Visitor) -> None:
    chunk = b"100000\r\n" + bytes(0x100000) + b"\r\n"
    chunks = (chunk for _ in range(app.LARGEST_REQUEST // 0x100000 + 20))
    answer = sent(visitor, head(visitor, "POST /bring-in HTTP/1.1", Transfer_Encoding="chunked", Content_Type="multipart/form-data; boundary=x"), *chunks)  # fmt: skip
    assert answer == b"" or b" 413 " in answer.partition(b"\r\n")[0]


def test_bodies_that_never_end_do_not_keep_others_waiting(visitor: Visitor) -> None:
    host, _, port = visitor.host.partition(":")
    start = head(visitor, "POST /bring-in HTTP/1.1", Content_Length="1000000", Content_Type="multipart/form-data; boundary=x")  # fmt: skip
    with contextlib.ExitStack() as opened:
        for _ in range(30):
            link = opened.enter_context(socket.create_connection((host, int(port)), timeout=20))
            link.sendall(start + b"--x\r\n")
        assert visitor.get("/changes").status == 200
        assert visitor.post("/another").status == 200


def test_no_address_of_a_page_leads_elsewhere(visitor: Visitor) -> None:
    for path in ("/entered/x?back=https://evil.example/", "/entered/x?back=//evil.example/progress/", "/entered/x?back=%0d%0aSet-Cookie:%20a=b", "/urgent/x?form=https://evil.example", "/publish/done/x?said=%3Cscript%3Ealert(1)%3C/script%3E", "/open/%00", "/look/../desk.js", "/look/%2e%2e/%2e%2e/app.py", "/look/..%5c..%5capp.py", "/look/%252e%252e/app.py", "/look//etc/passwd", "/preview/%2e%2e%2f%2e%2e%2fportal.toml", "/preview/..%c0%af..%c0%afportal.toml", "/public/%00index.html", "/preview/file:///etc/passwd", "//evil.example/", "/%2f%2fevil.example", "/bring-in/..%2f..%2fsigned", "/bring-in/%2e%2e", "/work/%0d%0aSet-Cookie:a=b", "/open/%0d%0aSet-Cookie:a=b", "/tables/..%2f..%2fsite_src/portal", "/changes/99999999999999999999999999/undo", "/tables/sources/sources/99999999999999999999"):  # fmt: skip
        answer = visitor.get(path)
        assert answer.status in (302, 308, 403, 404, 405), path
        to = answer.to.removeprefix(f"http://{visitor.host}")
        assert not to or to.startswith("/"), path
        assert not to.startswith("//"), path
        assert "Set-Cookie" not in answer.headers
        assert "<script>alert" not in visitor.read(answer).body


def test_the_token_of_a_browser_is_of_no_use_in_another(visitor: Visitor) -> None:
    other = Visitor(visitor.at, cookie="desk-1=guess", token=visitor.token)
    assert other.post("/another").status == 403
    other.cookie = visitor.cookie.partition("=")[0] + "=" + "A" * 43
    assert other.post("/another").status == 403


def test_a_form_that_is_sent_many_times_at_once_writes_once(tmp_path: Path) -> None:
    root = make_project(tmp_path / "twice")
    with served(root) as at:
        ada = enter(at)
        page = ada.read(ada.drop("/bring-in", {"new.xlsx": workbook(NEW)}))
        answers: list[Answer] = []
        body = urlencode({"token": ada.token, "version": page.version})

        def press() -> None:
            answers.append(ada.ask("POST", f"/bring-in/{draft_of(page.body)}/write", body))

        presses = [threading.Thread(target=press) for _ in range(6)]
        for one in presses:
            one.start()
        for one in presses:
            one.join()
        assert sorted(a.status for a in answers)[0] == 302
        assert [a.status for a in answers].count(302) == 1
        assert {a.status for a in answers} <= {302, 404, 409}
        assert (root / "data_packages/figures/data/observations.csv").read_text().count(
            "2021-06-30,,70,"
        ) == 1
        assert (
            ada.get("/changes").body.count("Brought in new.xlsx") == 2
        )  # its heading, and its button to undo it
