"""The desk behind nginx, with the settings that the documentation gives."""

import base64
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from project import ROOT, make_project
from served_desk import Visitor, served

sys.path.insert(0, str(ROOT / "scripts"))
from need_programs import program

LOGIN = "Basic " + base64.b64encode(b"ada:secret").decode()


def free_port() -> int:
    """A port that nobody listens to."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def settings(folder: Path, desk: str, port: int) -> Path:
    """The settings of the documentation, without the certificate, in an nginx that any user may start."""
    page = (ROOT / "docs" / "how-to" / "desk-on-a-server.md").read_text()
    ours = page.partition("```nginx\n")[2].partition("```")[0]
    for there, here in (
        ("listen 443 ssl;", f"listen 127.0.0.1:{port};"),
        ("127.0.0.1:8090", desk),
        ("/etc/nginx/desk-users", f"{folder}/users"),
        ("https://desk.example.org", f"http://127.0.0.1:{port}"),
    ):
        assert there in ours
        ours = ours.replace(there, here)
    ours = re.sub(r" *(ssl_certificate|server_name|proxy_cookie_flags).*\n", "", ours)
    (folder / "users").write_text("ada:{PLAIN}secret\n")
    kept = "".join(
        f"{n}_temp_path {folder}/{n};" for n in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{user} daemon off; pid {folder}/pid; events {{}} http {{ access_log off; {kept}\n{ours}\n}}\n"
    )
    return folder / "nginx.conf"


@pytest.fixture
def visitor(tmp_path: Path) -> Iterator[Visitor]:
    """A visitor of the desk at the address of nginx; `at` still has the key that lets in one browser."""
    port = free_port()
    found = program("nginx")
    assert found, "scripts/need_programs.py says how to install it"
    with served(make_project(tmp_path / "project")) as address:
        conf = settings(tmp_path, urlsplit(address).netloc, port)
        command = [found, "-p", str(tmp_path), "-e", "stderr", "-c", str(conf)]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as child:
            try:
                for _ in range(100):
                    with socket.socket() as look:
                        if look.connect_ex(("127.0.0.1", port)) == 0:
                            break
                    assert child.poll() is None
                    time.sleep(0.05)
                yield Visitor(f"http://127.0.0.1:{port}{urlsplit(address).path}")
            finally:
                child.terminate()
                child.wait(10)


def test_a_team_works_at_the_desk_behind_its_own_login(visitor: Visitor) -> None:
    path = urlsplit(visitor.at).path
    assert visitor.get(path).status == 401, "without the login nothing is shown, and the key is not used up"
    inside = visitor.get(path, Authorization=LOGIN)
    assert (inside.status, inside.to) == (302, "/")
    visitor.cookie = inside.headers["Set-Cookie"].partition(";")[0]
    visitor.token = visitor.get("/who", Authorization=LOGIN).token
    named = visitor.post("/who", {"name": "Ada Prepares"}, Authorization=LOGIN)
    assert (named.status, named.to) == (302, "/")
    assert "You are Ada Prepares" in visitor.get("/", Authorization=LOGIN).body


def test_forms_of_other_sites_are_refused_behind_nginx_too(visitor: Visitor) -> None:
    inside = visitor.get(urlsplit(visitor.at).path, Authorization=LOGIN)
    visitor.cookie = inside.headers["Set-Cookie"].partition(";")[0]
    visitor.token = visitor.get("/who", Authorization=LOGIN).token
    for origin in ("https://elsewhere.example", "http://127.0.0.1:1", "null", ""):
        refused = visitor.post("/who", {"name": "Eve"}, Authorization=LOGIN, Origin=origin)
        assert refused.status == 403, origin
    assert visitor.get("/", Authorization=LOGIN).to == "/who", "nobody has given a name"
