"""`portal fetch` against a server on this computer that behaves badly in every way that servers do."""

import csv
import io
import json
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from portal.cli import arguments, commands
from portal.core.problems import PortalError
from portal.importers.fetching import downloads, register
from portal.importers.fetching.downloads import Download, Limits
from project import make_project

BODY = b"Month,LSOA code\n" + b"2024-01,E01000001\n" * 4_000
Answer = Callable[["Server", BaseHTTPRequestHandler], None]


class Server:
    """A server whose answers a test chooses: one after another, the last again and again."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.requests: list[dict[str, str]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer.requests.append({"path": self.path, **{k.lower(): v for k, v in self.headers.items()}})
                answer = outer.answers.pop(0) if len(outer.answers) > 1 else outer.answers[0]
                answer(outer, self)
                self.close_connection = True

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.http.server_port}"

    @property
    def address(self) -> str:
        return f"http://{self.host}/file.csv"

    def stop(self) -> None:
        self.ended.set()
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    one = Server()
    yield one
    one.stop()


def send(status: int, body: bytes = b"", length: int | None = None, **headers: str) -> Answer:
    """An answer; with a `length` longer than the body the connection breaks off."""

    def answer(_: Server, handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body) if length is None else length))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def endless(_: Server, handler: BaseHTTPRequestHandler) -> None:
    """A body that does not say how long it is and does not end until the reader goes away."""
    handler.send_response(200)
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(b"x" * 65_536)
    except OSError:
        pass


def silent(server: Server, handler: BaseHTTPRequestHandler) -> None:
    """No answer until the test has ended."""
    server.ended.wait()


def ranges(tag: str, body: bytes = BODY) -> Answer:
    """A well-behaved server: it sends the rest of a file that has not changed, and says if nothing has."""

    def answer(server: Server, handler: BaseHTTPRequestHandler) -> None:
        asked = handler.headers.get("Range", "")
        if handler.headers.get("If-None-Match") == tag:
            send(304)(server, handler)
        elif asked and handler.headers.get("If-Range") == tag:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
            send(206, body[start:], ETag=tag, Content_Range=f"bytes {start}-{len(body) - 1}/{len(body)}")(
                server, handler
            )
        else:
            send(200, body, ETag=tag)(server, handler)

    return answer


def fetch(server: Server, cache: Path, **limits: float) -> tuple[Download, list[float]]:
    waited: list[float] = []
    chosen = Limits(int(limits.get("largest", 10_000_000)), limits.get("timeout", 5.0), 3, waited.append)
    return downloads.fetch(server.address, cache, frozenset({server.host}), chosen, "file.csv"), waited


def refusal(server: Server, cache: Path, **limits: float) -> str:
    with pytest.raises(PortalError) as caught:
        fetch(server, cache, **limits)
    (problem,) = caught.value.problems
    assert problem.fix
    assert "Traceback" not in str(problem)
    return problem.message


def test_a_file_is_kept_with_its_digest_and_asked_for_again_only_if_it_changed(
    server: Server, tmp_path: Path
) -> None:
    server.answers = [ranges('"v1"')]
    first, _ = fetch(server, tmp_path)
    assert (tmp_path / "file.csv").read_bytes() == BODY
    assert (first.size, first.changed) == (len(BODY), True)
    again, _ = fetch(server, tmp_path)
    assert server.requests[-1]["if-none-match"] == '"v1"'
    assert (again.changed, again.sha256) == (False, first.sha256)
    server.answers = [ranges('"v2"', BODY + b"2024-02,E01000002\n")]
    newer, _ = fetch(server, tmp_path)
    assert newer.changed
    assert (tmp_path / "file.csv").read_bytes().endswith(b"E01000002\n")


def test_a_server_that_sends_the_same_file_under_a_new_version_brings_nothing_new(
    server: Server, tmp_path: Path
) -> None:
    server.answers = [ranges('"v1"')]
    fetch(server, tmp_path)
    server.answers = [ranges('"v2"')]
    assert not fetch(server, tmp_path)[0].changed


def test_a_broken_download_goes_on_from_where_it_was(server: Server, tmp_path: Path) -> None:
    server.answers = [send(200, BODY[:30_000], len(BODY), ETag='"v1"'), ranges('"v1"')]
    found, waited = fetch(server, tmp_path)
    assert (tmp_path / "file.csv").read_bytes() == BODY
    assert found.size == len(BODY)
    assert server.requests[1]["range"] == "bytes=30000-"
    assert len(waited) == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file.csv", "file.csv.fetched.json"]


def test_a_part_of_an_older_version_is_never_joined_to_a_newer_one(server: Server, tmp_path: Path) -> None:
    newer = BODY.replace(b"2024-01", b"2024-02")
    server.answers = [send(200, BODY[:30_000], len(BODY), ETag='"v1"'), ranges('"v2"', newer)]
    fetch(server, tmp_path)
    assert (tmp_path / "file.csv").read_bytes() == newer


def test_a_part_that_the_server_no_longer_accepts_is_thrown_away(server: Server, tmp_path: Path) -> None:
    server.answers = [send(200, BODY[:30_000], len(BODY), ETag='"v1"'), send(416), ranges('"v1"')]
    fetch(server, tmp_path)
    assert (tmp_path / "file.csv").read_bytes() == BODY
    assert "range" not in server.requests[-1]


def test_a_part_without_a_version_is_not_continued(server: Server, tmp_path: Path) -> None:
    server.answers = [send(200, BODY[:30_000], len(BODY)), send(200, BODY)]
    fetch(server, tmp_path)
    assert "range" not in server.requests[-1]
    assert (tmp_path / "file.csv").read_bytes() == BODY


def test_a_connection_that_always_breaks_off_is_given_up(server: Server, tmp_path: Path) -> None:
    server.answers = [send(200, BODY[:300], len(BODY))]
    assert "broke off" in refusal(server, tmp_path)
    assert len(server.requests) == 3


def test_a_busy_server_is_waited_for_as_long_as_it_asks(server: Server, tmp_path: Path) -> None:
    server.answers = [send(503, Retry_After="7"), send(429, Retry_After="100000"), ranges('"v1"')]
    _, waited = fetch(server, tmp_path)
    assert waited == [7.0, 120.0]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (404, "no file at this address"),
        (410, "no file"),
        (403, "refuses"),
        (401, "refuses"),
        (418, "status 418"),
    ],
)
def test_a_refusal_is_said_once_in_words(server: Server, tmp_path: Path, status: int, words: str) -> None:
    server.answers = [send(status, b"<html>")]
    assert words in refusal(server, tmp_path)
    assert len(server.requests) == 1


def test_a_fault_of_the_server_is_tried_three_times(server: Server, tmp_path: Path) -> None:
    server.answers = [send(500)]
    assert "fault (500)" in refusal(server, tmp_path)
    assert len(server.requests) == 3


def test_a_silent_server_is_given_up(server: Server, tmp_path: Path) -> None:
    server.answers = [silent]
    assert "did not answer" in refusal(server, tmp_path, timeout=0.1)


@pytest.mark.parametrize("answer", [send(200, b"", 10**12), endless], ids=["announced", "endless"])
def test_a_file_that_is_too_large_is_not_kept(server: Server, tmp_path: Path, answer: Answer) -> None:
    server.answers = [answer]
    assert "more than 1 MB" in refusal(server, tmp_path, largest=1_000_000)
    assert not [p for p in tmp_path.iterdir() if p.stat().st_size > 1_000_000]


@pytest.mark.parametrize(
    ("body", "words"), [(b"", "empty"), (b"\n<!DOCTYPE html><title>Login</title>", "a web page")]
)
def test_an_answer_that_is_no_file_leaves_the_one_before_in_place(
    server: Server, tmp_path: Path, body: bytes, words: str
) -> None:
    server.answers = [ranges('"v1"')]
    fetch(server, tmp_path)
    server.answers = [send(200, body)]
    assert words in refusal(server, tmp_path)
    assert (tmp_path / "file.csv").read_bytes() == BODY


@pytest.mark.parametrize("target", ["http://127.0.0.1:1/x", "https://example.org/x", "file:///etc/passwd"])
def test_a_redirection_to_another_host_is_not_followed(server: Server, tmp_path: Path, target: str) -> None:
    server.answers = [send(302, Location=target)]
    with pytest.raises(PortalError) as caught:
        fetch(server, tmp_path)
    assert len(server.requests) == 1
    assert caught.value.problems[0].code == "fetch"


def test_a_server_that_is_not_there_is_a_problem(server: Server, tmp_path: Path) -> None:
    gone = Server()
    gone.stop()
    assert "cannot be reached" in refusal(gone, tmp_path)


@pytest.mark.parametrize(
    "address", ["http://data.police.uk/x", "ftp://data.police.uk/x", "https://example.org/x"]
)
def test_only_https_addresses_of_the_register_are_opened(address: str, tmp_path: Path) -> None:
    with pytest.raises(PortalError) as caught:
        downloads.fetch(address, tmp_path, register.hosts(register.entries()))
    assert "its host is not in the register" in caught.value.problems[0].message


def test_a_file_that_was_changed_in_the_cache_is_fetched_whole_again(server: Server, tmp_path: Path) -> None:
    server.answers = [ranges('"v1"')]
    fetch(server, tmp_path)
    (tmp_path / "file.csv").write_bytes(b"x" + BODY[1:])
    fetch(server, tmp_path)
    assert "if-none-match" not in server.requests[-1]
    assert (tmp_path / "file.csv").read_bytes() == BODY


def archive(names: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for name, data in names.items():
            packed.writestr(name, data)
    return out.getvalue()


def own_register(path: Path, server: Server, **cells: str) -> Path:
    row = {"id": "one", "kind": "file", "format": "police-street", "address": f"http://{server.host}/x", "per": "", "pick": "", "what": "A test"}  # fmt: skip
    with path.open("w", newline="") as lines:
        out = csv.DictWriter(lines, list(row))
        out.writeheader()
        out.writerow(row | cells)
    return path


def entry_of(server: Server, tmp_path: Path, **cells: str) -> register.Fetched:
    known = register.entries(own_register(tmp_path / "register.csv", server, **cells))
    values = {"month": "2024-01", "force": "exampleshire", "area": "E07000099"}
    return register.fetch(known["one"], values, tmp_path / "cache", known)


def test_an_archive_gives_the_files_of_the_force_and_nothing_outside_its_folder(
    server: Server, tmp_path: Path
) -> None:
    names = {
        "2024-01/2024-01-exampleshire-street.csv": BODY, "2024-01/2024-01-exampleshire-outcomes.csv": b"x",
        "2024-01/2024-01-elsewhere-street.csv": b"x", "../../2023-12-exampleshire-street.csv": BODY,
    }  # fmt: skip
    server.answers = [send(200, archive(names))]
    found = entry_of(server, tmp_path, kind="archive", pick="-street.csv")
    assert [p.name for p in found.files] == [
        "2023-12-exampleshire-street.csv",
        "2024-01-exampleshire-street.csv",
    ]
    assert {p.parent for p in found.files} == {tmp_path / "cache" / "one"}
    assert found.files[1].read_bytes() == BODY


def test_an_archive_without_the_force_does_not_pass_for_no_crime(server: Server, tmp_path: Path) -> None:
    server.answers = [send(200, archive({"2024-01/2024-01-elsewhere-street.csv": b"x"}))]
    with pytest.raises(PortalError) as caught:
        entry_of(server, tmp_path, kind="archive", pick="-street.csv")
    assert "not the same as no crime" in caught.value.problems[0].fix


def test_a_damaged_archive_is_a_problem(server: Server, tmp_path: Path) -> None:
    server.answers = [send(200, archive({"a-exampleshire-street.csv": BODY})[:-40])]
    with pytest.raises(PortalError) as caught:
        entry_of(server, tmp_path, kind="archive", pick="-street.csv")
    assert "damaged" in caught.value.problems[0].message


@pytest.mark.parametrize("shape", ["list", "table"])
def test_a_data_set_gives_its_newest_file_of_a_name(server: Server, tmp_path: Path, shape: str) -> None:
    files = [
        {
            "title": "Ward Level Crime (historical)",
            "url": f"http://{server.host}/old.csv",
            "last_modified": "2026-09-01",
        },
        {"title": "Ward level crime", "url": f"http://{server.host}/new.csv", "last_modified": "2026-10-01"},
        {"title": "Something else", "url": f"http://{server.host}/else.csv", "last_modified": "2026-11-01"},
    ]
    content = {"result": {"resources": files}} if shape == "list" else {"resources": dict(enumerate(files))}
    server.answers = [send(200, json.dumps(content).encode()), send(200, BODY)]
    found = entry_of(server, tmp_path, kind="package", pick="Ward Level Crime")
    assert server.requests[-1]["path"] == "/new.csv"
    assert found.files[0].read_bytes() == BODY


@pytest.mark.parametrize("body", [b"[]", b"{}", b"no json", b'{"resources": 4}', b'{"resources": []}'])
def test_a_description_that_is_none_is_a_problem(server: Server, tmp_path: Path, body: bytes) -> None:
    server.answers = [send(200, body)]
    with pytest.raises(PortalError):
        entry_of(server, tmp_path, kind="package", pick="Ward")


def test_the_newest_edition_of_a_data_set_is_found_through_its_descriptions(
    server: Server, tmp_path: Path
) -> None:
    editions = {
        "datasets": [
            {"uri": "/crime/tables/yearendingmarch2026"},
            {"uri": "/crime/tables/yearendingdecember2025"},
        ]
    }
    files = {"downloads": [{"file": "pfatablesyemarch2026.xlsx"}, {"file": "other.csv"}]}
    server.answers = [
        send(200, json.dumps(editions).encode()),
        send(200, json.dumps(files).encode()),
        send(200, BODY),
    ]
    found = entry_of(server, tmp_path, kind="editions", format="csp")
    assert [r["path"] for r in server.requests] == [
        "/x",
        "/crime/tables/yearendingmarch2026/data",
        "/file?uri=/crime/tables/yearendingmarch2026/pfatablesyemarch2026.xlsx",
    ]
    assert found.files[0].name == "one.xlsx"
    assert found.files[0].read_bytes() == BODY


@pytest.mark.parametrize(
    "answers",
    [
        [b"no json"],
        [b"[]"],
        [b'{"datasets": []}'],
        [b'{"datasets": [4]}'],
        [b'{"datasets": [{"uri": "//elsewhere.example/x"}]}'],
        [b'{"datasets": [{"uri": "/a/../../etc"}]}'],
        [b'{"datasets": [{"uri": "/a"}]}', b'{"downloads": [{"file": "../x.xlsx"}]}'],
        [b'{"datasets": [{"uri": "/a"}]}', b'{"downloads": [{"file": "x.exe"}]}'],
    ],
)
def test_a_description_of_editions_that_is_none_is_a_problem(
    server: Server, tmp_path: Path, answers: list[bytes]
) -> None:
    server.answers = [send(200, a) for a in answers]
    with pytest.raises(PortalError):
        entry_of(server, tmp_path, kind="editions", format="csp")
    assert len(server.requests) == len(answers)


LAYER = json.dumps(
    {"fields": [{"name": n} for n in ("PCDS", "WD25CD", "WD26CD", "LAD26CD", "DOTERM")]}
).encode()


def page(*postcodes: str, more: bool = False) -> bytes:
    cells = [{"PCDS": p, "WD26CD": "E05000001", "LAD26CD": "E07000099", "DOTERM": None} for p in postcodes]
    return json.dumps(
        {"features": [{"attributes": c} for c in cells], "exceededTransferLimit": more}
    ).encode()


def of_layer(server: Server, tmp_path: Path, *answers: bytes) -> register.Fetched:
    server.answers = [send(200, a) for a in answers]
    return entry_of(server, tmp_path, kind="service", format="postcodes", pick="PCDS;WD;LAD;DOTERM")


def test_the_rows_of_a_district_come_page_by_page_with_the_newest_wards(
    server: Server, tmp_path: Path
) -> None:
    found = of_layer(server, tmp_path, LAYER, page("EX1 1AA", "EX1 1AB", more=True), page("EX1 2AA"))
    assert found.files[0].read_text() == (
        "PCDS,WD26CD,LAD26CD,DOTERM\n"
        "EX1 1AA,E05000001,E07000099,\nEX1 1AB,E05000001,E07000099,\nEX1 2AA,E05000001,E07000099,\n"
    )
    assert "LAD26CD%3D%27E07000099%27" in server.requests[1]["path"]
    assert "resultOffset=2" in server.requests[2]["path"]
    assert found.download.changed
    again = of_layer(server, tmp_path, LAYER, page("EX1 1AA", "EX1 1AB", more=True), page("EX1 2AA"))
    assert again.download.sha256 == found.download.sha256


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ([b"no json"], "not the description"),
        ([b'{"error": {"code": 400}}'], "not the description"),
        ([b'{"fields": 3}'], "no column PCDS"),
        ([b'{"fields": [{"name": "PCDS"}, {"name": "OSWARD"}]}'], "It has: PCDS, OSWARD"),
        ([LAYER, b'{"features": 4}'], "no rows"),
        ([LAYER, b'{"features": [{"attributes": []}]}'], "no cells"),
        ([LAYER, page()], "no row of the district"),
        ([LAYER, page(more=True)], "page by page"),
        ([LAYER, page("EX1 1AA", more=True), page("EX1 1AA", more=True)], "page by page"),
        ([LAYER, page("EX1 1AA", more=True), b'{"error": {}}'], "not the description"),
    ],
)
def test_a_layer_that_answers_badly_is_a_problem_and_leaves_no_file(
    server: Server, tmp_path: Path, answers: list[bytes], words: str
) -> None:
    with pytest.raises(PortalError) as caught:
        of_layer(server, tmp_path, *answers)
    assert words in caught.value.problems[0].message
    assert caught.value.problems[0].fix
    assert not [*(tmp_path / "cache").glob("one-*.csv")]


def test_a_layer_is_not_asked_for_something_that_is_no_district(server: Server, tmp_path: Path) -> None:
    known = register.entries(own_register(tmp_path / "register.csv", server, kind="service", pick="PCDS;LAD"))
    with pytest.raises(PortalError):
        register.fetch(known["one"], {"area": "' OR 1=1 --"}, tmp_path / "cache", known)
    with pytest.raises(PortalError) as caught:
        register.fetch(known["one"], {}, tmp_path / "cache", known)
    assert "--area" in caught.value.problems[0].fix
    assert not server.requests


def test_a_value_that_an_address_needs_is_asked_for(server: Server, tmp_path: Path) -> None:
    known = register.entries(
        own_register(tmp_path / "register.csv", server, address="https://data.police.uk/{month}.zip")
    )
    with pytest.raises(PortalError) as caught:
        register.fetch(known["one"], {"month": ""}, tmp_path, known)
    assert "--month 2026-03" in caught.value.problems[0].fix


def test_the_register_is_complete_and_every_format_can_be_imported() -> None:
    from portal.importers import importing  # noqa: PLC0415

    for entry in register.entries().values():
        assert entry.format in importing.FORMATS
        assert entry.kind in ("file", "archive", "package", "editions", "service", "index")
        assert entry.address.startswith("https://")


def test_the_command_lists_fetches_and_imports_with_the_row_of_its_source(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = make_project(tmp_path / "tiny")
    own = own_register(tmp_path / "register.csv", server, format="postcodes", what="Postcodes of a test")
    command = ["--project", str(root), "fetch", "--register", str(own)]
    assert commands.main(command) == arguments.OK
    assert "Postcodes of a test" in capsys.readouterr().out
    wards = sorted(_wards(root))
    body = "pcds,wd25cd\n" + "".join(f"EX1 {n}AA,{code}\n" for n, code in enumerate(wards, 1))
    server.answers = [ranges('"v1"', body.encode())]
    assert commands.main([*command, "one", "--import"]) == arguments.OK
    assert "Nothing was written" in capsys.readouterr().out
    assert commands.main([*command, "one", "--import", "--again", "--yes"]) == arguments.OK
    sources = (root / "data_packages/sources/data/sources.csv").read_text()
    assert "Fetched on" in sources
    assert "Royal Mail data" in sources
    assert commands.main(["--project", str(root), "check"]) == arguments.OK
    assert commands.main([*command, "two"]) == arguments.PROBLEMS
    assert "not in the register" in capsys.readouterr().err


def _wards(root: Path) -> list[str]:
    with (root / "data_packages/geography/data/areas.csv").open(newline="") as lines:
        return [r["code"] for r in csv.DictReader(lines) if r["kind"] == "ward" and not r["valid_to"]]
