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
FILES: Mapping[str, Callable[[], bytes]] = {
    "bomb.xlsx": lambda: packed({"[Content_Types].xml": _TYPE, "xl_worksheets_sheet1.xml": BOMB}),
    "bomb.ods": lambda: packed({"mimetype": _ODS, "content.xml": BOMB}),
    "outside.xlsx": lambda: packed({"[Content_Types].xml": _TYPE, ".._.._.._evil.csv": "a,b\n1,2\n"}),
    "laughs.ods": lambda: packed({"mimetype": _ODS, "content.xml": f"{_LAUGHS}<x>&i;</x>"}),
    "reads.ods": lambda: packed({"mimetype": _ODS, "content.xml": f"{_OUTSIDE}<x>&a;</x>"}),
    "reads.xlsx": lambda: packed({"[Content_Types].xml": f"{_OUTSIDE}<Types>&a;</Types>", "xl_workbook.xml": f"{_OUTSIDE}<workbook>&a;</workbook>"}),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_a_file_made_to_harm_ends_in_words(visitor: Visitor, name: str) -> None:
    answer = visitor.read(visitor.drop("/bring-in", {name: FILES[name]()}))
    assert answer.status == 200
    assert "error in the program" not in answer.body
    assert "root:" not in answer.body
    assert "Write this" not in answer.body


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
    "a form without its token, for another method": lambda v: (head(v, "POST /changes HTTP/1.1", X_HTTP_Method_Override="DELETE", Content_Length="0"),),
}  # fmt: skip


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_made_to_harm_is_refused(visitor: Visitor, name: str) -> None:
    answer = sent(visitor, *REQUESTS[name](visitor))
    status = answer.split(b" ", 2)[1] if answer.startswith(b"HTTP/") else b""
    assert status in (b"", b"400", b"403", b"405", b"413", b"431"), answer[:300]
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
    for path in ("/entered/x?back=https://evil.example/", "/entered/x?back=//evil.example/progress/", "/entered/x?back=%0d%0aSet-Cookie:%20a=b", "/urgent/x?form=https://evil.example", "/publish/done/x?said=%3Cscript%3Ealert(1)%3C/script%3E", "/open/%00", "/changes/99999999999999999999999999/undo", "/tables/sources/sources/99999999999999999999"):  # fmt: skip
        answer = visitor.get(path)
        assert answer.status in (302, 403, 404, 405), path
        assert not answer.to or answer.to.startswith("/"), path
        assert not answer.to.startswith("//"), path
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
