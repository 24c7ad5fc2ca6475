"""The desk by requests: what it lets in, what it refuses, and that it writes what the commands write."""

import http.client
import io
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from html import unescape
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import openpyxl
import pytest
from portal.cli import new_portal
from portal.cli.new_portal import NewPortal
from project import make_project, run, tree_of
from served_desk import Visitor, enter, served, served_anew
from workbook_files import OBSERVATIONS

NEW = ("bikes", "E09999999", "2020-07-01", "2021-06-30", None, 70, None, "report", "Table 2")
REVISED = ("bikes", "E09999999", "2018-07-01", "2019-06-30", None, 62, "r", "report", "Table 1")


def workbook(*rows: tuple[object, ...], head: tuple[str, ...] = OBSERVATIONS) -> bytes:
    """A workbook with a sheet of figures."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "observations"
    for row in (head, *rows):
        sheet.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_project(tmp_path_factory.mktemp("desk"))


@pytest.fixture(scope="module")
def address(root: Path) -> Iterator[str]:
    with served(root) as at:
        yield at


@pytest.fixture(scope="module")
def visitor(address: str) -> Visitor:
    return enter(address)


def data(root: Path) -> dict[str, bytes]:
    """The packages of a project."""
    return tree_of(root / "data_packages")


def another(visitor: Visitor, name: str) -> Visitor:
    """Open the desk in a second browser, with the address that the first one shows."""
    page = visitor.post("/another").body
    return enter(page[page.index("http://127.") :].partition("<")[0], name)


def test_the_address_works_once(address: str, visitor: Visitor) -> None:
    again = Visitor(address).get(urlsplit(address).path)
    assert again.status == 403
    assert "Set-Cookie" not in again.headers


def test_a_program_that_looks_at_the_address_does_not_use_it_up(tmp_path: Path) -> None:
    with served(make_project(tmp_path / "tiny")) as fresh:
        stranger, path = Visitor(fresh), urlsplit(fresh).path
        head = stranger.ask("HEAD", path)
        assert head.status == 200
        assert "Set-Cookie" not in head.headers
        assert stranger.get(path).status == 302


def test_nothing_is_shown_to_who_was_not_let_in(address: str, visitor: Visitor) -> None:
    stranger = Visitor(address)
    for path in ("/", "/bring-in", "/changes", "/tables", "/check", "/no-such-page", "/open/guess"):
        assert stranger.get(path).status == 403, path
    assert stranger.post("/bring-in").status == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "example.org"},
        {"Host": "127.0.0.1"},
        {"Host": ""},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ],
)
def test_a_request_that_is_not_from_the_desk_is_refused(visitor: Visitor, headers: dict[str, str]) -> None:
    assert visitor.get("/", **headers).status in (400, 403)
    assert visitor.post("/another", None, **headers).status in (400, 403)


@pytest.mark.parametrize("origin", ["https://example.org", "null", "", "http://127.0.0.1:1"])
def test_a_form_of_another_site_is_refused(visitor: Visitor, origin: str) -> None:
    assert visitor.post("/another", None, Origin=origin).status == 403


def test_a_form_without_the_token_of_its_session_is_refused(root: Path, visitor: Visitor) -> None:
    before = data(root)
    for token in ("", "guess", another(visitor, "Grace").token):
        assert visitor.post("/another", {"token": token}).status == 403
    assert data(root) == before


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "CONNECT"])
def test_other_methods_do_nothing(visitor: Visitor, method: str) -> None:
    assert visitor.ask(method, "/bring-in").status in (400, 403, 405, 501)


@pytest.mark.parametrize(
    "path",
    [
        "/look/../app.py", "/look/%2e%2e/app.py", "/look/css/../../app.py", "/look/..%2f..%2fapp.py", "/look//etc/passwd",
        "/bring-in/../../../etc", "/bring-in/%2e%2e%2f%2e%2e", "/bring-in/0123456789abcdef", "/tables/../releases",
        "/tables/figures/..%2f..%2fdatapackage", "/changes/0/undo", "/work/..",
    ],
)  # fmt: skip
def test_no_path_leads_outside(visitor: Visitor, path: str) -> None:
    answer = visitor.get(path)
    assert answer.status in (308, 400, 404, 405)
    assert "root:" not in answer.body


def test_every_page_has_a_strict_policy(visitor: Visitor, address: str) -> None:
    for path in ("/", "/bring-in", "/changes", "/look/desk.js", "/nothing"):
        headers = visitor.get(path).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"], path
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "Access-Control-Allow-Origin" not in headers
    cookie = enter_cookie(visitor)
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie


def enter_cookie(visitor: Visitor) -> str:
    """The cookie that a new browser gets."""
    page = visitor.post("/another").body
    at = page[page.index("http://127.") :].partition("<")[0]
    return Visitor(at).get(urlsplit(at).path).headers["Set-Cookie"]


def test_a_request_that_is_too_large_is_refused_before_it_is_read(root: Path, visitor: Visitor) -> None:
    before = sorted((root / "build/desk/drafts").glob("*"))
    answer = visitor.ask(
        "POST", "/bring-in", b"x", Content_Length=str(10**9), Content_Type="multipart/form-data; boundary=x"
    )
    assert answer.status == 413
    assert sorted((root / "build/desk/drafts").glob("*")) == before


@pytest.mark.parametrize(
    "name",
    [
        "../../evil.csv",
        "..\\..\\evil.csv",
        "/etc/passwd",
        "C:\\evil.csv",
        ".hidden",
        "a\x00b.csv",
        "con.csv/..",
        "x" * 400,
    ],
)
def test_a_name_that_leads_elsewhere_stays_in_the_desk(root: Path, visitor: Visitor, name: str) -> None:
    outside = {p for p in root.rglob("*") if "build" not in p.relative_to(root).parts}
    answer = visitor.read(visitor.drop("/bring-in", {name: b"a,b\n1,2\n"}))
    assert answer.status in (200, 400)
    assert {p for p in root.rglob("*") if "build" not in p.relative_to(root).parts} == outside
    for draft in (root / "build/desk/drafts").iterdir():
        assert all(p.parent == draft / "files" for p in draft.rglob("*") if p.parent != draft)


HOSTILE = {
    "bomb.xlsx": b"PK\x03\x04" + bytes(2_000),
    "script.csv": b'"<script>alert(1)</script>","=cmd|calc"\n1,2\n',
    "nulls.csv": bytes(5_000),
    "wide.csv": b"a," * 5_000 + b"\n",
    "half.ods": b"PK\x05\x06" + bytes(18),
    "picture.png": b"\x89PNG\r\n\x1a\n" + bytes(100),
    "page.html": b"<script>alert(1)</script>",
    "text.json": b'{"a": ' * 2_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_ends_in_words(root: Path, visitor: Visitor, name: str) -> None:
    before = data(root)
    answer = visitor.read(visitor.drop("/bring-in", {name: HOSTILE[name]}))
    assert answer.status == 200
    assert "<script>alert" not in answer.body
    assert "error in the program" not in answer.body
    assert data(root) == before


def test_what_the_desk_writes_is_what_the_command_writes(tmp_path: Path) -> None:
    by_clicks, by_command = make_project(tmp_path / "clicks"), make_project(tmp_path / "command")
    book = tmp_path / "figures.xlsx"
    book.write_bytes(workbook(NEW, REVISED))
    assert run(by_command, "import", "table", str(book), "--package", "figures", "--yes") == 0
    before = data(by_clicks)
    with served(by_clicks) as at:
        visitor = enter(at)
        page = visitor.read(visitor.drop("/bring-in", {"figures.xlsx": book.read_bytes()}))
        assert data(by_clicks) == before
        assert "<strong>1</strong> added" in page.body
        assert "<strong>1</strong> changed" in page.body
        form = page.body.partition('action="/bring-in/')[2]
        id_ = form[:16]
        assert visitor.post(f"/bring-in/{id_}/write", {"version": page.version}).to == "/changes"
        assert data(by_clicks) == data(by_command) != before
        changes = visitor.get("/changes")
        assert "Ada Prepares" in changes.body
        assert visitor.post("/changes/1/undo", {"version": changes.version}).to == "/changes"
    assert data(by_clicks) == before


def draft_of(body: str) -> str:
    """The id of the draft that a page shows."""
    return body.partition('action="/bring-in/')[2][:16]


def test_a_mistake_is_fixed_in_the_page(root: Path, visitor: Visitor) -> None:
    wrong = ("bike", "E09999999", "2021-07-01", "2022-06-30", None, "about 75", None, "report", "Table 2")
    page = visitor.read(visitor.drop("/bring-in", {"wrong.xlsx": workbook(NEW, wrong)}))
    assert "2 problems to put right" in page.body
    assert 'href="#cell-0-3-1"' in page.body
    assert 'id="cell-0-3-1"' in page.body
    assert 'aria-describedby="why-cell-0-3-1"' in page.body
    assert "Write this" not in page.body
    id_ = draft_of(page.body)
    page = visitor.read(visitor.post(f"/bring-in/{id_}", {"cell-0-3-1": "bikes", "cell-0-3-6": "about 75"}))
    assert "1 problem to put right" in page.body
    page = visitor.read(visitor.post(f"/bring-in/{id_}", {"cell-0-3-6": "75"}))
    assert "Write this" in page.body
    assert "<strong>2</strong> added" in page.body


def test_the_painted_copy_marks_each_mistake_and_can_be_brought_in_again(
    visitor: Visitor, root: Path
) -> None:
    wrong = ("bike", "E09999999", "2021-07-01", "2022-06-30", None, 75, None, "reprot", "Table 2")
    page = visitor.read(visitor.drop("/bring-in", {"paint.xlsx": workbook(NEW, wrong)}))
    id_ = draft_of(page.body)
    raw = visitor.get(f"/bring-in/{id_}/painted").raw
    sheet = openpyxl.load_workbook(io.BytesIO(raw))["observations"]
    painted = {c.coordinate for row in sheet.iter_rows() for c in row if c.comment}
    assert painted == {"A3", "H3"}
    assert "Did you mean bikes?" in sheet["A3"].comment.text
    assert sheet["A3"].fill.fgColor.rgb.endswith("FFE08A")
    again = visitor.read(visitor.drop("/bring-in", {"paint.xlsx": raw}))
    assert "2 problems to put right" in again.body


def test_a_question_is_a_choice_and_the_answer_is_kept(visitor: Visitor) -> None:
    doubtful = ("bikes", "E09999999", "07/01/2021", "2022-06-30", None, 75, None, "report", "Table 2")
    page = visitor.read(visitor.drop("/bring-in", {"dates.xlsx": workbook(doubtful)}))
    assert 'name="answer dates" value="day-first"' in page.body
    assert "cell C2" in page.body
    assert "Write this" not in page.body
    page = visitor.read(visitor.post(f"/bring-in/{draft_of(page.body)}", {"answer dates": "month-first"}))
    assert "2021-07-01" in page.body
    assert "Write this" in page.body


def test_two_browsers_do_not_overwrite_each_other(tmp_path: Path) -> None:
    root = make_project(tmp_path)
    with served(root) as at:
        first = enter(at)
        second = another(first, "Grace Signs")
        pages = [
            v.read(v.drop("/bring-in", {name: workbook(row)}))
            for v, name, row in ((first, "new.xlsx", NEW), (second, "old.xlsx", REVISED))
        ]
        ids = [draft_of(p.body) for p in pages]
        assert first.post(f"/bring-in/{ids[0]}/write", {"version": pages[0].version}).status == 302
        now = data(root)
        late = second.post(f"/bring-in/{ids[1]}/write", {"version": pages[1].version, "note": "typed words"})
        assert late.status == 409
        assert "typed words" in late.body
        assert data(root) == now
        again = second.read(second.get(f"/bring-in/{ids[1]}"))
        assert again.version != pages[1].version
        assert second.post(f"/bring-in/{ids[1]}/write", {"version": again.version}).status == 302
        text = (root / "data_packages/figures/data/observations.csv").read_text()
        assert "2021-06-30,,70," in text
        assert ",62,r,report" in text


def test_who_is_told_that_something_changed_can_open_the_page_again(visitor: Visitor) -> None:
    forms = {"/check/reasons": "/check", "/sign/prepared": "/sign", "/publish/release": "/publish", "/add/plan": "/add/plan", "/tables/sources/sources/new": "/tables/sources/sources/new"}  # fmt: skip
    for form, page in forms.items():
        stale = visitor.read(visitor.post(form, {"version": "old", "accept|x": "y", "name": "2027 Q1"}))
        assert "Something else changed" in stale.body, form
        again = re.search(r'class="button" href="([^"]+)">Open the page again', stale.body)
        assert again
        assert again[1] == page
        assert visitor.read(visitor.get(again[1])).status == 200


def test_what_was_brought_in_is_there_after_the_desk_was_killed(tmp_path: Path) -> None:
    root = make_project(tmp_path)
    with served(root) as at:
        visitor = enter(at)
        page = visitor.read(visitor.drop("/bring-in", {"new.xlsx": workbook(NEW)}))
    with served(root) as at:  # the first was killed
        visitor = enter(at)
        assert "new.xlsx" in visitor.get("/bring-in").body
        page = visitor.read(visitor.get(f"/bring-in/{draft_of(page.body)}"))
        assert "Write this" in page.body


def test_a_second_start_opens_the_desk_that_is_there(tmp_path: Path) -> None:
    root = make_project(tmp_path)
    with served(root) as at:
        enter(at)
        with served(root) as again:
            assert urlsplit(again).netloc == urlsplit(at).netloc
            enter(again)


def test_a_published_file_is_recognised(tmp_path: Path) -> None:
    root = make_project(tmp_path)
    head = "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Crime type,Last outcome category,Context"
    line = ",2024-12,Example Police,Example Police,-0.01,51.4,On or near A Street,E01000001,Exampleton 001A,Burglary,,"
    with served(root) as at:
        visitor = enter(at)
        page = visitor.read(
            visitor.drop("/bring-in", {"2024-12-example-street.csv": f"{head}\n{line}\n".encode()})
        )
        assert "Street crime from data.police.uk" in page.body


def test_a_type_of_crime_that_is_not_known_is_a_question_at_the_desk(tmp_path: Path) -> None:
    root = tmp_path / "exampleton"
    new_portal.begin(NewPortal("Safer Exampleton", "E07000099", "Exampleton", "A partnership"), root)
    head = "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Crime type,Last outcome category,Context"
    files = {}
    for month in ("2024-01", "2024-02", "2024-03"):
        kinds = ["Shoplifting"] * 9 + (["Stalking"] if month == "2024-02" else [])
        rows = [f",{month},Some,Some,,,,E01000001,Exampleton 001A,{k},," for k in kinds]
        files[f"{month}-some-street.csv"] = "\n".join([head, *rows, ""]).encode()
    with served(root) as at:
        visitor = enter(at)
        page = visitor.read(visitor.drop("/bring-in", files))
        assert "1 question" in page.body
        assert "“Stalking” (1 row), in February 2024" in page.body
        assert "Write this" not in page.body
        page = visitor.read(visitor.post(f"/bring-in/{draft_of(page.body)}", {"answer unknown-type": "yes"}))
        assert "1 question" not in page.body
        assert "Write this" in page.body
        written = visitor.post(f"/bring-in/{draft_of(page.body)}/write", {"version": page.version})
        assert written.status == 302
    figures = (root / "data_packages" / "street-crime" / "data" / "observations.csv").read_text()
    assert "street-shoplifting,E07000099,2024-01-01,2024-03-31,,27," in figures
    assert "street-all-crime" not in figures


def test_a_broken_table_does_not_stop_the_desk(tmp_path: Path) -> None:
    root = make_project(tmp_path)
    shutil.copy(root / "mkdocs.yml", root / "data_packages/figures/data/observations.csv")
    with served(root) as at:
        visitor = enter(at)
        assert "put right" in visitor.read(visitor.get("/")).body


def test_no_link_leads_nowhere(tmp_path: Path) -> None:
    root = make_project(tmp_path)
    with served(root) as at:
        visitor = enter(at)
        seen: dict[str, int] = {}
        wanted = ["/"]
        while wanted:
            path = wanted.pop()
            answer = visitor.read(visitor.get(path))
            seen[path] = answer.status
            assert len(seen) < 400, "each page leads to another one"
            links = {
                unescape(h).partition("#")[0] for h in re.findall(r'(?:href|src)="(/[^"]*)"', answer.body)
            }
            wanted += [h for h in links - seen.keys() if h and h.count("/") < 4 and h not in wanted]
        assert {path: status for path, status in seen.items() if status != 200} == {}
        assert len(seen) > 45


def test_the_first_page_does_without_what_reads_tables() -> None:
    slow = ("pandas", "numpy", "scipy", "frictionless", "mkdocs")
    program = f"import sys, portal.desk.app; print([m for m in {slow} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_progress_is_told_as_it_happens_and_leaves_threads_for_other_pages(tmp_path: Path) -> None:
    root = make_project(tmp_path)
    with served(root) as at:
        visitor = enter(at)
        going = visitor.post("/see").to
        assert going.startswith("/work/"), "building a site takes longer than a page waits"
        with ExitStack() as opened:
            answers = [opened.enter_context(closing(listening(visitor, f"{going}/events"))) for _ in range(6)]
            followed = [a for a in answers if a.status == 200]
            assert [a.status for a in answers if a not in followed] == [204, 204]
            assert visitor.get("/changes").status == 200
            told = followed[0].read().decode()
        events = [e for e in told.split("\n\n") if e.startswith("event: ")]
        assert events[-1] == "event: done\ndata:"
        steps = [json.loads(e.partition("data: ")[2]) for e in events[:-1]]
        assert len(steps) > 2
        assert all(later[: len(earlier)] == earlier for earlier, later in pairwise(steps))
        assert steps[-1][0] == "Copying the project"
        assert visitor.get(going).to == "/see"
        assert Visitor(at).get(f"{going}/events").status == 403


def listening(visitor: Visitor, path: str) -> http.client.HTTPResponse:
    """Ask for a page, and read none of it yet."""
    connection = http.client.HTTPConnection(visitor.host, timeout=120)
    connection.request("GET", path, headers={"Cookie": visitor.cookie})
    return connection.getresponse()


def test_a_desk_that_has_to_load_itself_lets_one_in_and_shows_its_pages(root: Path) -> None:
    with served_anew(root) as at:
        visitor = enter(at)
        assert "<h1>Correct something</h1>" in visitor.get("/correct").body
