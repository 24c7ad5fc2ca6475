"""The preview answers this computer alone, serves what a host would serve, and no request brings it down."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from portal.site import headers
from portal.site.preview import PreviewHandler, Server, is_public, name_of

Count = Callable[[str, object], None]


@pytest.fixture(scope="module")
def site(tiny_site: Path) -> Path:
    return (tiny_site / "build" / "site").resolve()


@pytest.fixture(scope="module")
def port(site: Path) -> Iterator[int]:
    """Where the tiny portal's site is served; nothing that is asked there may raise an error."""
    faults: list[object] = []

    class Strict(Server):
        def handle_error(self, request: object, client_address: object) -> None:
            faults.append(request)

    with Strict(("127.0.0.1", 0), partial(PreviewHandler, directory=str(site))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()
    assert faults == []


def send(port: int, request: bytes) -> tuple[int, dict[str, str], bytes]:
    """Send bytes as they are; return the status, the headers by their names in lower case, and the body."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(partial(connection.recv, 65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    return int(first.split()[1]), {n.lower(): v for n, _, v in (line.partition(": ") for line in lines)}, body


def ask(
    port: int, target: str | bytes, host: str = "127.0.0.1:{}", method: str = "GET", more: str = ""
) -> tuple[int, dict[str, str], bytes]:
    told = target if isinstance(target, bytes) else target.encode()
    rest = f" HTTP/1.1\r\nHost: {host.format(port)}\r\n{more}\r\n"
    return send(port, method.encode() + b" " + told + rest.encode())


@pytest.mark.parametrize("host", ["127.0.0.1:{}", "localhost:{}", "LOCALHOST:{}", "[::1]:{}"])
def test_this_computer_is_answered(port: int, site: Path, host: str) -> None:
    status, _, body = ask(port, "/", host)
    assert (status, body) == (200, (site / "index.html").read_bytes())


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "evil.example:{}", "127.0.0.1", "localhost:1", "127.0.0.1.evil.example:{}", "evil.example#127.0.0.1:{}",
        "user@127.0.0.1:{}", "localhost.:{}", "0.0.0.0:{}", "127.1:{}", "2130706433:{}", "127.0.0.1:{}0", "",
    ],
)  # fmt: skip
def test_a_name_of_another_that_leads_here_is_not_answered(
    port: int, host: str, record_property: Count
) -> None:
    status, found, body = ask(port, "/", host)
    assert status == 421
    assert b"Tiny" not in body
    assert "access-control-allow-origin" not in found
    record_property("counted hosts that the preview does not answer", 1)


def test_a_request_names_one_host(port: int) -> None:
    assert send(port, b"GET / HTTP/1.0\r\n\r\n")[0] == 400
    assert ask(port, "/", more="Host: evil.example\r\n")[0] == 400
    assert ask(port, "http://evil.example/")[0] == 400
    assert ask(port, f"http://127.0.0.1:{port}/")[0] == 400


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/%00", 400), ("/index.html%00.png", 400), ("/%ff", 400), (b"/\xff", 400), ("/%ed%a0%80", 400), ("/%", 400), ("/%2", 400),
        ("/%zz", 400), ("/%u0041", 400), ("/%c0%ae%c0%ae/", 400), ("/about%0d%0aSet-Cookie:%20x=1", 400), ("/..%2f", 400),
        ("/..%2f..%2f..%2f..%2fetc/passwd", 400), ("/../../../../etc/passwd", 400), ("/%2e%2e/%2e%2e/etc/passwd", 400),
        ("/about/..%5c..%5cx", 400), ("/about/./", 400), ("*", 400), ("index.html", 400),
        ("//etc/passwd", 404), ("/%2fetc/passwd", 404), ("/about//index.html", 404), ("/%252e%252e/", 404), ("/" + "x" * 300, 404),
        ("/" + "x/" * 3000, 404), ("/index.html/", 404), ("/é", 404), (b"/\xc3\xa9", 404), ("/nothing", 404), ("/assets/", 404),
        ("/" + "x" * 70_000, 414),
    ],
)  # fmt: skip
def test_no_address_brings_it_down(
    port: int, target: str | bytes, status: int, record_property: Count
) -> None:
    found = ask(port, target)
    assert found[0] == status
    assert b"root:" not in found[2]
    assert ask(port, "/")[0] == 200
    record_property("counted addresses that are malformed or lead out of the site", 1)


@pytest.mark.parametrize(
    "request_",
    [
        b"", b"\r\n\r\n", b"GET\r\n\r\n", b"\x00\xff\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET / x\r\n\r\n", b"\x16\x03\x01\x02\x00\x01",
        b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 200 + b"\r\n", b"GET / HTTP/1.1\r\nx: " + b"y" * 70_000 + b"\r\n\r\n",
    ],
)  # fmt: skip
def test_no_nonsense_brings_it_down(port: int, request_: bytes, record_property: Count) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request_)
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(partial(connection.recv, 65536), b""))
    assert not answer.startswith(b"HTTP/1.0 2")
    assert ask(port, "/")[0] == 200
    record_property("counted requests that are none", 1)


@pytest.mark.parametrize(
    "method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get", "X" * 1000]
)
def test_nothing_can_be_sent(port: int, method: str, record_property: Count) -> None:
    status, found, _ = ask(
        port, "/", method=method, more="Origin: https://evil.example\r\nContent-Length: 1\r\n"
    )
    assert status == 405
    assert not [name for name in found if name.startswith("access-control")]
    record_property("counted methods that the preview refuses", 1)


@pytest.mark.parametrize("target", ["/", "/about/", "/nothing", "/%00"])
def test_head_is_get_without_a_body(port: int, target: str) -> None:
    get, head = ask(port, target), ask(port, target, method="HEAD")
    assert (head[0], head[2]) == (get[0], b"")
    assert {n: v for n, v in head[1].items() if n != "date"} == {
        n: v for n, v in get[1].items() if n != "date"
    }


def test_every_file_has_the_security_headers_of_the_site(port: int, site: Path) -> None:
    rules = headers.parse((site / headers.FILE).read_text())
    names = [
        p.relative_to(site).as_posix()
        for p in site.rglob("*")
        if p.is_file() and is_public(p.relative_to(site).as_posix())
    ]
    assert len(names) > 200
    for name in names[::5]:
        status, found, body = ask(port, f"/{name}")
        assert (status, body) == (200, (site / name).read_bytes())
        wanted = {n.lower(): v for n, v in headers.of(rules, f"/{name}").items()}
        for left_out in ("strict-transport-security", "access-control-allow-origin"):
            wanted.pop(left_out, None)
            assert left_out not in found
        assert {**wanted, "cache-control": "no-store"}.items() <= found.items()


def test_an_address_in_other_letters_has_the_same_headers(port: int) -> None:
    plain, other = ask(port, "/about/"), ask(port, "/%61bout/?x=1#y")
    assert other[2] == plain[2]
    assert other[1]["x-frame-options"] == "DENY"


def test_what_is_refused_is_held_to_the_policy_too(port: int) -> None:
    for target in ("/nothing", "/%00", "/.git/config"):
        assert "default-src 'none'" in ask(port, target)[1][headers.POLICY.lower()]


HIDDEN = ("_headers", "_redirects", ".lock", ".git/config", "about/.htpasswd", ".well-known/.x")


def served(folder: Path, target: str) -> int:
    with Server(("127.0.0.1", 0), partial(PreviewHandler, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            return ask(server.server_address[1], target)[0]
        finally:
            server.shutdown()


def test_what_is_not_for_the_public_is_not_served(tmp_path: Path) -> None:
    for name in (*HIDDEN, ".well-known/security.txt", "about/_headers"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    for name in HIDDEN:
        assert served(tmp_path, f"/{name}") == 404, name
        assert served(tmp_path, "/" + "".join(f"%{ord(c):02x}" for c in name)) == 404, name
    assert served(tmp_path, "/.well-known/security.txt") == 200
    assert served(tmp_path, "/about/_headers") == 200, "only at the top it is for the host"


def test_a_link_does_not_lead_out_of_the_site(tmp_path: Path) -> None:
    site, outside = tmp_path / "site", tmp_path / "outside"
    for folder in (site / "a", outside):
        folder.mkdir(parents=True)
        (folder / "index.html").write_text("x")
    (site / "file").symlink_to(outside / "index.html")
    (site / "folder").symlink_to(outside)
    (site / "b").mkdir()
    (site / "b" / "index.html").symlink_to(outside / "index.html")
    (site / "circle").symlink_to("circle")
    (site / "within").symlink_to("a")
    os.mkfifo(site / "pipe")
    for name in ("file", "folder/", "folder/index.html", "b/", "b/index.html", "circle", "circle/x", "pipe"):
        assert served(site, f"/{name}") == 404, name
    assert served(site, "/within/") == 200
    (tmp_path / "link").symlink_to("site")
    assert served(tmp_path / "link", "/a/") == 200, "the link to the site in place"


@pytest.mark.parametrize(
    ("target", "name"),
    [("/", ""), ("/a/", "a/"), ("/a%20b?c", "a b"), ("/%C3%A9", "é"), ("/a#b", "a"), ("", None), ("a", None)],
)
def test_a_target_means_one_name(target: str, name: str | None) -> None:
    assert name_of(target) == name
