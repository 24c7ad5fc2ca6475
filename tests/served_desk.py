"""The desk of a project in a process of its own, and requests to it as a browser or somebody else would send them."""

import http.client
import multiprocessing
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from portal.cli import commands
from project import make_project, run

_COPIES = multiprocessing.get_context("forkserver")
_MOST_STEPS = 50  # pages to follow until there is a result


def made_with_target(folder: Path, *, released: bool = False) -> Path:
    """Make a copy of the tiny portal in a folder, with the folder `www` beside it as its public site.

    If `released`, it has one release and a site.
    """
    made = make_project(folder / "project")
    settings = made / "site_src/portal.toml"
    settings.write_text(settings.read_text() + f'\n[targets]\nwebsite = "folder:{folder}/www"\n')
    if released:
        assert run(made, "release", "2027 Q1", "--yes") == 0
        assert run(made, "build") == 0
    return made


@contextmanager
def served(root: Path, *options: str) -> Iterator[str]:
    """Start `portal desk`; yields the address that lets in one browser."""
    _load()
    said, says = _COPIES.Pipe(duplex=False)
    process = _COPIES.Process(target=_tell, args=(_arguments(root, *options), dict(os.environ), says))
    process.start()
    says.close()
    with said, os.fdopen(os.dup(said.fileno()), encoding="utf-8") as told:
        try:
            yield _address(told.readline())
        finally:
            process.kill()
            process.join()


@contextmanager
def served_anew(root: Path, *options: str) -> Iterator[str]:
    """Start `portal desk` in a process that has to load all of it; yields what `served` does."""
    command = [sys.executable, "-u", "-m", "portal", *_arguments(root, *options)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield _address(process.stdout.readline())
        finally:
            process.kill()


def _arguments(root: Path, *options: str) -> list[str]:
    return ["--project", str(root), "desk", "--no-browser", *options]


def _address(line: str) -> str:
    found = re.search(r"http://\S+", line)
    assert found, line
    return found[0]


@cache
def _load() -> None:
    """Start the process that loads the program once, for all desks of the tests, which are copies of it."""
    _COPIES.set_forkserver_preload(["loaded_desk"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent))  # up to Python 3.12 it does not know sys.path
        forkserver.ensure_running()


def _tell(arguments: list[str], environment: Mapping[str, str], says: Connection) -> None:
    """Run a command that writes what it says to another process."""
    os.environ.clear()
    os.environ.update(environment)
    os.dup2(says.fileno(), 1)
    sys.stdout = open(1, "w", encoding="utf-8", buffering=1, closefd=False)  # noqa: SIM115
    sys.exit(commands.main(arguments))


@dataclass(frozen=True)
class Answer:
    """The answer to a request."""

    status: int
    headers: Mapping[str, str]
    raw: bytes
    path: str

    @property
    def body(self) -> str:
        """The page as text."""
        return self.raw.decode("utf-8", "replace")

    @property
    def to(self) -> str:
        """Where it redirects to."""
        return self.headers.get("Location", "")

    @property
    def token(self) -> str:
        """The token of its forms."""
        found = re.search(r'name="token" value="([^"]+)"', self.body)
        return found[1] if found else ""

    @property
    def version(self) -> str:
        """The version of the packages in its forms."""
        found = re.search(r'name="version" value="([^"]+)"', self.body)
        return found[1] if found else ""


@dataclass
class Visitor:
    """A program that sends requests; by default the headers are those of a browser at the desk's own pages."""

    at: str
    cookie: str = ""
    token: str = ""

    @property
    def host(self) -> str:
        """The host and port of the desk."""
        return urlsplit(self.at).netloc

    def ask(self, method: str, path: str, body: bytes | str | None = None, **headers: str) -> Answer:
        """Send a request. A header with an underscore stands for one with a hyphen; an empty one is left out."""
        own = {"Host": self.host, "Cookie": self.cookie}
        if method == "POST":
            own |= {"Origin": f"http://{self.host}", "Content-Type": "application/x-www-form-urlencoded"}
        own |= {name.replace("_", "-"): text for name, text in headers.items()}
        connection = http.client.HTTPConnection(self.host, timeout=120)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            data = body.encode() if isinstance(body, str) else body
            for name, text in own.items():
                if text:
                    connection.putheader(name, text)
            if data is not None and "Content-Length" not in own:
                connection.putheader("Content-Length", str(len(data)))
            connection.endheaders(data)
            response = connection.getresponse()
            answer = Answer(response.status, dict(response.getheaders()), response.read(), path)
        finally:
            connection.close()
        return answer

    def get(self, path: str, **headers: str) -> Answer:
        """Get a page."""
        return self.ask("GET", path, **headers)

    def post(self, path: str, form: Mapping[str, str] | None = None, **headers: str) -> Answer:
        """Send a form, with the token of this visitor unless the form has another."""
        return self.ask("POST", path, urlencode({"token": self.token, **(form or {})}), **headers)

    def drop(self, path: str, files: Mapping[str, bytes]) -> Answer:
        """Send files as a browser does."""
        edge = "----a-boundary-that-no-file-has"
        parts = [f'--{edge}\r\nContent-Disposition: form-data; name="token"\r\n\r\n{self.token}\r\n'.encode()]
        for name, content in files.items():
            head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: application/octet-stream\r\n\r\n'
            parts += [head.encode(), content, b"\r\n"]
        body = b"".join([*parts, f"--{edge}--\r\n".encode()])
        return self.ask("POST", path, body, Content_Type=f"multipart/form-data; boundary={edge}")

    def read(self, answer: Answer) -> Answer:
        """Follow redirects and pages of progress until a page has a result.

        What a page of progress listens to ends when the work has ended. To ask again and again would slow the work down.
        """
        for _ in range(_MOST_STEPS):
            if answer.status != 302 and 'http-equiv="refresh"' not in answer.body:
                return answer
            if going := re.search(r'data-(?:events|waiting)="([^"]+)"', answer.body):
                self.get(going[1])
            answer = self.get(answer.to or answer.path)
        raise AssertionError(f"The desk never came to a result: {answer.path}\n{answer.body}")


def enter(address: str, name: str = "Ada Prepares") -> Visitor:
    """Go in with the address that lets in one browser, and say who is there."""
    visitor = Visitor(address)
    answer = visitor.get(urlsplit(address).path)
    assert answer.status == 302, answer
    visitor.cookie = answer.headers["Set-Cookie"].partition(";")[0]
    visitor.token = visitor.get("/who").token
    assert visitor.post("/who", {"name": name}).to == "/"
    return visitor
