"""Start the desk: one for each project, on this computer only, and open it in the browser."""

import json
import os
import socket
import webbrowser
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from portal.core import file_system, operating_system
from portal.core.problems import PortalError, Problem
from portal.desk.journal import FOLDER, Journal
from portal.desk.safety import LOCK_AFTER, Door

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from waitress.server import BaseWSGIServer

    from portal.desk.app import DeskApp
    from portal.desk.context import Desk

_HOST = "127.0.0.1"
_THREADS = 8
_RUNNING = "running.json"
_FIRST = ("/open/", "/who", "/look/")  # the beginnings of the addresses of the first page


@dataclass(frozen=True)
class Start:
    """How to start: the port (0 for any that is free), whether to open a browser, and the seconds until it locks.

    `register` is a table of public addresses in place of the program's.
    """

    port: int = 0
    browser: bool = True
    lock_after: float = LOCK_AFTER
    register: Path | None = None


def run(root: Path, start: Start, ready: Callable[[str], None]) -> None:
    """Serve the desk until interrupted. If it is running already, open a browser at that one and return.

    `ready` is called with the address that lets one browser in.

    Raises:
        PortalError: the port cannot be used, or another desk of this project does not answer.
    """
    folder = root / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with file_system.exclusive_lock(folder / ".lock"), _listening(start.port) as listener:
            _serve(root, start, listener, ready)
    except BlockingIOError:
        _open(_running(folder), start, ready)


def _serve(root: Path, start: Start, listener: socket.socket, ready: Callable[[str], None]) -> None:
    door = Door(listener.getsockname()[1], start.lock_after, entered=lambda: _announce(root / FOLDER, door))
    for problem in Journal(root).recover():
        raise PortalError([problem])
    _announce(root / FOLDER, door)
    try:
        # The browser starts and connects while the pages are being loaded, which takes longest; it waits for its answer.
        _open(_address(door), start, ready)
        server = _made(root, start, listener, door)
        try:
            server.run()
        finally:
            server.close()
    finally:
        (root / FOLDER / _RUNNING).unlink(missing_ok=True)


def _made(root: Path, start: Start, listener: socket.socket, door: Door) -> "BaseWSGIServer":
    """Return the server with all pages of the desk."""
    from waitress.server import create_server  # noqa: PLC0415 - after the browser was opened

    from portal.desk import app, context  # noqa: PLC0415

    desk = context.make(root, door, start.register)
    return create_server(
        _opening(desk, app.create), sockets=[listener], threads=_THREADS, ident="", clear_untrusted_proxy_headers=True,
        max_request_body_size=app.LARGEST_REQUEST, channel_timeout=60,
    )  # fmt: skip


def _opening(desk: "Desk", create: "Callable[..., DeskApp]") -> "WSGIApplication":
    """Return an application that asks who is there at once, while the modules of the other pages are being loaded."""

    def load() -> "DeskApp":
        from portal.desk import pages  # noqa: PLC0415 - this takes longer than a person wants to wait for the first page

        whole = create(desk, pages.add_all)
        pages.warm(desk)
        return whole

    first = create(desk)
    loading = ThreadPoolExecutor(1).submit(load)

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> "Iterable[bytes]":
        is_first = str(environ.get("PATH_INFO", "")).startswith(_FIRST) and not loading.done()
        return (first if is_first else loading.result())(environ, start_response)

    return answer


@contextmanager
def _listening(port: int) -> Iterator[socket.socket]:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        try:
            if os.name != "nt":
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((_HOST, port))
        except (OSError, OverflowError):
            message = f"The port {port} is in use or not allowed."
            fix = "Leave out --port, and a free one is chosen."
            raise PortalError([Problem("portal desk", code="port", message=message, fix=fix)]) from None
        listener.listen(64)
        yield listener
    finally:
        listener.close()


def _address(door: Door) -> str:
    return f"http://{_HOST}:{door.port}/open/{door.token}"


def _announce(folder: Path, door: Door) -> None:
    """Leave the address that lets in the next browser where only this user can read it."""
    path = folder / _RUNNING
    operating_system.write_atomically(path, b"")
    path.chmod(0o600)
    with path.open("w", encoding="utf-8") as file:
        json.dump({"address": _address(door)}, file)


def _running(folder: Path) -> str:
    try:
        return str(json.loads((folder / _RUNNING).read_text(encoding="utf-8"))["address"])
    except (OSError, ValueError, KeyError):
        message = "The desk of this project is starting or stopping."
        raise PortalError(
            [Problem("portal desk", code="busy", message=message, fix="Try again in a moment.")]
        ) from None


def _open(address: str, start: Start, ready: Callable[[str], None]) -> None:
    ready(address)
    if start.browser:
        webbrowser.open(address)
